import runpod


async def handler(job):
    return job


runpod.serverless.start({"handler": handler})

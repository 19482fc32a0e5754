import runpod


def handler(job):
    return len(job["input"]["text"])


runpod.serverless.start({"handler": handler})

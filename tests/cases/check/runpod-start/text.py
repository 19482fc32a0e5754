from runpod import serverless


def handler(job):
    return job


serverless.start({"handler": "handler"})

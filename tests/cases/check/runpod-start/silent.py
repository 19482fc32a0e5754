import runpod


def handler(job):
    return job

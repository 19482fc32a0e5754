import runpod as rp


def handle(job):
    return job


if __name__ == "__main__":
    rp.serverless.start({"handler": handler})

import runpod


def main():
    runpod.serverless.start({"handler": print})

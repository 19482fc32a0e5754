def main():
    import runpod

    runpod.serverless.start({"handler": main})

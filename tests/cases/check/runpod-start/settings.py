import runpod

settings = {"handler": print}
runpod.serverless.start(settings)

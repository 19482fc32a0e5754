import runpod

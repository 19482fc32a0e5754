import asyncio
import runpod
from jobs import *


def main():
    runpod.serverless.start({"handler": from_a_star})


main()

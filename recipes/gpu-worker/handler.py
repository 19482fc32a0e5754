import os
import sys

import runpod
from transformers import pipeline

sys.path.insert(0, "/opt/ramekin")
import check  # noqa: E402 of the image: what it was built for against what is here

MODEL = os.environ.get("MODEL", "distilbert/distilgpt2")
generate = None


def handler(job):
    global generate
    if generate is None:
        generate = pipeline("text-generation", model=MODEL, device="cuda")
    return generate(job["input"]["prompt"], max_new_tokens=32)[0]["generated_text"]


if __name__ == "__main__":
    check.register()
    runpod.serverless.start({"handler": handler})

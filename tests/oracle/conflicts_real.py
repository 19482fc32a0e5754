"""Real conflicts from the real index: what is said of them, and whether the ways out hold.

    python3 conflicts_real.py RAMEKIN [--show]

Each stack of STACKS cannot be satisfied because of the two or three lines that are named with it.
Planned are the stack, whose explanation must name these lines and a way out, and then the stack with
the first way out applied, which must resolve. With --show the texts are printed, to be read.
Skipped where the index cannot be reached.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

SKIP = 77
# (lines, the name that is blocked)
STACKS = [
    (["numpy>=2", "pandas<2.2", "scipy==1.10.1"], "numpy"),
    (["numpy>=2", "gradio==3.50.2", "fastapi"], "numpy"),
    (["torch==2.8.0", "torchvision==0.15.2"], "torch"),
    (["torch==2.3.1", "xformers==0.0.22"], "torch"),
    (["torch==2.6.1"], "torch"),
    (["tensorflow==2.15.0", "protobuf>=5"], "protobuf"),
    (["transformers==4.30.0", "huggingface-hub>=1.0"], "huggingface-hub"),
    (["transformers==4.44.0", "tokenizers>=0.20"], "tokenizers"),
    (["streamlit==1.20.0", "protobuf>=4", "altair>=5"], "altair"),
    (["fastapi==0.95.0", "pydantic>=2"], "pydantic"),
    (["bitsandbytes==0.45.0", "torch>=2.6,<2.7", "triton<3"], "triton"),
    (["opencv-python==4.13.0.92", "numpy<2"], "numpy"),
]


def plan(ramekin, work, lines):
    recipe = {
        "version": 1, "name": "real", "target": "env", "platforms": ["linux/amd64"], "python": "3.11.9",
        "libc": "glibc 2.36", "stages": [{"pip": {"name": "all", "install": lines}}],
    }  # fmt: skip
    with open(os.path.join(work, "ramekin.yaml"), "w", encoding="utf-8") as stream:
        json.dump(recipe, stream, indent=1)
    done = subprocess.run([ramekin, "plan", "ramekin.yaml"], cwd=work, check=False, capture_output=True, text=True)
    return done.returncode, done.stderr


def apply_way(lines, text):
    """The lines with the first way out; None where there is none."""
    changed = re.search(r"hint: change (\S+) to (\S+)", text)
    if changed and changed.group(1) in lines:
        return [changed.group(2) if line == changed.group(1) else line for line in lines]
    dropped = re.search(r"hint: leave out (\S+)", text)
    return [line for line in lines if line != dropped.group(1)] if dropped else None


def check(ramekin, work, lines, blocked):
    """The text, and what is wrong with it."""
    status, text = plan(ramekin, work, lines)
    if status != 1:
        return text, "exit %d" % status
    if "no version of %s satisfies" % blocked not in text:
        return text, "is not about %s" % blocked
    better = apply_way(lines, text)
    if not better:
        return text, "has no way out"
    status, _ = plan(ramekin, work, better)
    return text, None if status == 0 else "the way out %s does not resolve" % better


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ramekin")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        if plan(options.ramekin, work, ["six"])[0] != 0:
            print("the package index cannot be reached")
            return SKIP
        for lines, blocked in STACKS:
            text, wrong = check(options.ramekin, work, lines, blocked)
            bad += wrong is not None
            print("%s: %s" % (" ".join(lines), wrong or "a way out that holds"))
            if options.show or wrong:
                print(text)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

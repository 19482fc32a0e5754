"""How long it takes to explain a stage of a hundred and more distributions that cannot be satisfied.

    python3 conflict.py [--ramekin PROGRAM] [--rounds N]

Each row is a stack of nearly two hundred distributions and one line more that conflicts with it. It is
planned once to fill a cache, then with --offline: the same stack without the line, and with it. The
difference is what the smallest set of lines and the ways out cost. Medians of the rounds; nothing is
judged.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STACK = [
    "jupyterlab", "streamlit", "scikit-learn", "matplotlib", "sqlalchemy", "celery[redis]", "boto3",
    "httpx[http2]", "langchain", "openai", "datasets", "mlflow-skinny", "numpy>=2",
]  # fmt: skip
LINES = ["scipy==1.10.1", "protobuf>=8", "pyarrow==9.9.9"]


def plan(ramekin, work, items, *options):
    """Wall seconds and exit status."""
    recipe = {
        "version": 1, "name": "bench", "target": "env", "platforms": ["linux/amd64"], "python": "3.11.9",
        "libc": "glibc 2.36", "stages": [{"pip": items}],
    }  # fmt: skip
    path = os.path.join(work, "ramekin.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(recipe, stream)
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"))
    start = time.monotonic()
    done = subprocess.run([ramekin, "plan", *options, path], check=False, capture_output=True, env=environment)
    return time.monotonic() - start, done.returncode


def main():
    parser = argparse.ArgumentParser(description="What the explanation of a conflict costs.")
    parser.add_argument("--ramekin", default=os.path.join(HERE, "..", "..", "build", "src", "ramekin"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ramekin-bench-") as work:
        if plan(options.ramekin, work, STACK)[1] != 0:
            print("the package index cannot be reached")
            return 77
        print("%-18s %12s %12s %12s" % ("line", "cold s", "solvable s", "conflict s"))
        for line in LINES:
            cold, status = plan(options.ramekin, work, [*STACK, line])
            if status != 1:
                print("%-18s is no conflict (exit %d)" % (line, status))
                continue
            medians = [
                statistics.median(plan(options.ramekin, work, items, "--offline")[0] for _ in range(options.rounds))
                for items in (STACK, [*STACK, line])
            ]
            print("%-18s %12.3f %12.3f %12.3f" % (line, cold, *medians))
    return 0


sys.exit(main())

"""What check costs: cold and warm against the configured index, and facts per second of wheels.

    [RAMEKIN_BENCH_WHEELS=DIR] python3 check.py [--ramekin PROGRAM] [--facts PROGRAM] [--rounds N]
        [--stack NAME]... [--json FILE]

Every stack of lock.py is locked and checked with an empty cache (cold), once more (warm), and with the
cache but for what importing does (anew): what a check costs after any change, were the new wheel here
already. Rounds are interleaved. Printed: medians of wall and processor seconds and resident megabytes, the ratio of check's
wall time to that of lock in the same state, which check has to do as well, and how many bytes of the
wheels check had to read. Then, for wheels of DIR (as build.py keeps them), how fast one thread reads the
facts of Python sources and of shared objects, beside the time to inflate the same members. Nothing is
judged.
"""

import argparse
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from lock import BUILD, PYTHON, RECIPE, STACKS, Run

EFFORT = re.compile(r"(\d+) wheels?, (\S+ \S+) of (\S+ \S+) read")
UNITS = {"B": 1e-6, "bytes": 1e-6, "kB": 1e-3, "MB": 1, "GB": 1e3}
MODES = [("python", "statements"), ("native", "symbols, code")]
WHEELS = ["torch-*", "bitsandbytes-*", "transformers-*", "triton-*", "numpy-*", "nvidia_cublas*", "scipy-*"]


def megabytes(text):
    number, unit = text.split()
    return float(number) * UNITS[unit]


class Bench:
    def __init__(self, options, stack, work):
        self.options, self.stack, self.work = options, stack, work
        self.runs = {}
        self.effort = {}  # state → what check -v says
        with open(self.path("ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(RECIPE % (PYTHON, PYTHON + ".9", json.dumps(STACKS[stack])))

    def path(self, name):
        return os.path.join(self.work, name)

    def run(self, command, state):
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"), NO_COLOR="1")
        words = [self.options.ramekin, command, self.path("ramekin.yaml"), "--progress", "none"]
        words += ["-v", "--fail-on", "never"] if command == "check" else []
        log = self.path(command + ".log")
        run = Run(words, environment, log)
        with open(log, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
        if run.status != 0:
            print("%s %s ended with %d: %s" % (command, state, run.status, text[-1000:].strip()))
            return
        self.runs.setdefault((command, state), []).append(run)
        if command == "check":
            self.effort[state] = EFFORT.search(text)

    def measure(self):
        for _ in range(self.options.rounds):
            for command in ("lock", "check"):
                shutil.rmtree(self.path("cache"), ignore_errors=True)
                for state in ("cold", "warm") + (("anew",) if command == "check" else ()):
                    if state == "anew":
                        shutil.rmtree(self.path("cache/ramekin/imports"), ignore_errors=True)
                    if os.path.exists(self.path("ramekin.lock")):
                        os.unlink(self.path("ramekin.lock"))
                    self.run(command, state)

    def table(self):
        rows = []
        for (command, state), runs in sorted(self.runs.items()):
            row = {"stack": self.stack, "command": command, "state": state, "rounds": len(runs)}
            for figure in ("wall", "cpu", "megabytes"):
                row[figure] = statistics.median(getattr(run, figure) for run in runs)
            peer = self.runs.get(("lock", "warm" if state == "anew" else state))
            if command == "check" and peer:
                row["wall_ratio"] = row["wall"] / statistics.median(run.wall for run in peer)
            effort = self.effort.get(state) if command == "check" else None
            if effort:
                row["wheels"], row["read"], row["total"] = int(effort[1]), megabytes(effort[2]), megabytes(effort[3])
            rows.append(row)
        return rows


def show(rows):
    print("%-5s %-6s %-5s %8s %8s %7s %9s %7s %10s %10s %7s" % (
        "stack", "what", "state", "wall s", "cpu s", "MB", "wall/lock", "wheels", "read MB", "of MB", "share"))  # fmt: skip
    for row in rows:
        print("%-5s %-6s %-5s %8.3f %8.3f %7.1f %9s" % (
            row["stack"], row["command"], row["state"], row["wall"], row["cpu"], row["megabytes"],
            "%.2f" % row["wall_ratio"] if "wall_ratio" in row else ""), end="")  # fmt: skip
        if "total" in row:
            print(" %7d %10.3f %10.1f %6.2f%%" % (
                row["wheels"], row["read"], row["total"], 100 * row["read"] / max(row["total"], 1e-9)), end="")  # fmt: skip
        print()


def cost(program, mode, wheel, rounds):
    """The best round: seconds, megabytes, items."""
    runs = []
    for _ in range(rounds):
        done = subprocess.run([program, mode, wheel], check=True, capture_output=True, text=True)
        runs.append(tuple(float(word) for word in done.stdout.split()))
    return min(runs)


def facts(options, folder):
    rows = []
    print("%-28s %-7s %9s %8s %8s %13s %9s" % (
        "wheel", "facts", "MB", "MB/s", "inflate", "items/s", "time/infl"))  # fmt: skip
    for pattern in WHEELS:
        for wheel in sorted(glob.glob(os.path.join(folder, "*", pattern + ".whl")))[:1]:
            for mode, items in MODES:
                least = cost(options.facts, "inflate-" + mode, wheel, options.rounds)
                if least[1] < 0.1:
                    continue
                ours = cost(options.facts, mode, wheel, options.rounds)
                row = {"wheel": "-".join(os.path.basename(wheel).split("-")[:2]), "facts": mode, "items": items}
                row.update(megabytes=ours[1], seconds=ours[0], inflate_seconds=least[0], item_count=ours[2])
                rows.append(row)
                print("%-28s %-7s %9.1f %8.0f %8.0f %13.0f %9.2f" % (
                    row["wheel"], mode, ours[1], ours[1] / ours[0], least[1] / least[0], ours[2] / ours[0],
                    ours[0] / least[0]), flush=True)  # fmt: skip
    return rows


def main():
    parser = argparse.ArgumentParser(description="What check costs.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--facts", default=os.path.join(BUILD, "tests", "bench", "bench_facts"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stack", choices=sorted(STACKS), action="append")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON too")
    options = parser.parse_args()
    rows = []
    for stack in options.stack or STACKS:
        with tempfile.TemporaryDirectory(prefix="ramekin-bench-") as work:
            bench = Bench(options, stack, work)
            bench.measure()
            rows += bench.table()
    show(rows)
    folder = os.environ.get("RAMEKIN_BENCH_WHEELS")
    if folder:
        rows += facts(options, folder)
    else:
        print("RAMEKIN_BENCH_WHEELS is not set: no facts of wheels on this machine")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

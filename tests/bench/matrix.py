"""What comparing costs: a diff of two locks of 150 distributions, and a matrix of six rows.

    python3 matrix.py [--ramekin PROGRAM] [--rounds N] [--delay SECONDS] [--json FILE]

The diff is of two generated locks, read from their files: wall seconds of the process, the median of the
rounds. The matrix is resolved from empty caches over a loopback index, each of whose answers waits --delay
seconds as a distant one would: six rows, and the slowest of its rows alone, interleaved; printed is the
ratio of their medians. Six rows share most of what they ask for. Nothing is judged.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build")
sys.path.insert(0, os.path.join(HERE, "..", "server"))

from server import Server  # noqa: E402
from universe import Universe  # noqa: E402

ROWS = 6
SHARED = 80  # distributions that all rows have in one version
OWN = 15  # that each row has in a version of its own, as the libraries of a CUDA build
CHANGED = 40  # of the distributions that two locks share
COUNT = 150
ALONE = 5  # of them on one side alone
HEAD = "version: 1\nname: bench\nbase: python:3.11-slim-bookworm\npython: 3.11\nlibc: glibc 2.36\n"


def universe(delay):
    """A graph of three levels: a row's torch pins libraries of its own, the app requires the rest."""
    projects = {"torch": [], "app": []}
    for row in range(ROWS):
        version = "2.%d.0" % row
        pins = ["nvidia-part%d==12.%d.1" % (part, row) for part in range(OWN)]
        projects["torch"].append({"version": version, "requires": pins + ["shared0"]})
        projects["app"].append(
            {"version": "1.%d" % row, "requires": ["shared%d" % number for number in range(0, SHARED, 4)]}
        )
    for part in range(OWN):
        projects["nvidia-part%d" % part] = ["12.%d.1" % row for row in range(ROWS)]
    for number in range(SHARED):
        below = [] if number % 4 else ["shared%d" % (number + step) for step in (1, 2, 3)]
        projects["shared%d" % number] = [{"version": "%d.0" % version, "requires": below} for version in (1, 2, 3)]
    return Universe({"projects": projects, "faults": [{"path": "*", "stall": delay}]})


def recipe():
    rows = "".join('  row%d: {torch: 2.%d.0, app: "1.%d"}\n' % (row, row, row) for row in range(ROWS))
    return HEAD + (
        "matrix:\n%sstages:\n"
        "  - pip: {name: torch, install: [torch==$(torch)]}\n"
        "  - pip: {name: app, install: [app==$(app)]}\n" % rows
    )


def two_sides(work):
    """Recipes of two locks: most distributions are the same, some changed, some are of one side alone."""
    projects = {}
    for number in range(COUNT + ALONE):
        needs = ["package%d>=1" % other for other in (number + 1, number + 2) if number % 3 == 0]
        projects["package%d" % number] = [
            {"version": version, "requires": [] if number >= COUNT - ALONE else needs} for version in ("1.0", "2.0")
        ]
    for side in ("a", "b"):
        lines = []
        for number in range(COUNT):
            shown = number + ALONE if side == "b" and number >= COUNT - ALONE else number
            changed = side == "b" and number % (COUNT // CHANGED) == 0
            lines.append("package%d==%s\n" % (shown, "2.0" if changed else "1.0"))
        folder = os.path.join(work, side)
        os.mkdir(folder)
        with open(os.path.join(folder, "requirements.txt"), "w", encoding="utf-8") as stream:
            stream.writelines(lines)
        with open(os.path.join(folder, "ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(HEAD + "stages:\n  - pip: {requirements: requirements.txt}\n")
    return Universe({"projects": projects})


class Bench:
    def __init__(self, options, work):
        self.options = options
        self.work = work
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PIP_")
        }
        self.environment.update(
            XDG_CACHE_HOME=os.path.join(work, "cache"), PIP_CONFIG_FILE=os.devnull, NO_COLOR="1"
        )

    def run(self, arguments, folder, expected=0):
        """Wall seconds."""
        start = time.monotonic()
        done = subprocess.run(
            [self.options.ramekin, *arguments, "-q"], cwd=folder, env=self.environment, capture_output=True,
            check=False,
        )  # fmt: skip
        wall = time.monotonic() - start
        if done.returncode != expected:
            sys.exit("%s ended with %d: %s" % (arguments, done.returncode, done.stderr.decode()))
        return wall

    def serve(self, world):
        server = Server(world)
        server.__enter__()
        self.environment["PIP_INDEX_URL"] = server.index_url("simple")
        return server

    def diff(self):
        server = self.serve(two_sides(self.work))
        for side in ("a", "b"):
            self.run(["lock"], os.path.join(self.work, side))
        server.__exit__(None, None, None)
        sides = [os.path.join(self.work, side, "ramekin.lock") for side in ("a", "b")]
        walls = [self.run(["diff", *sides], self.work, 1) for _ in range(self.options.rounds * 5)]
        return {"what": "diff of two locks of %d" % COUNT, "seconds": statistics.median(walls)}

    def cold(self, what):
        shutil.rmtree(self.environment["XDG_CACHE_HOME"], ignore_errors=True)
        return self.run(["matrix", what], self.work)

    def matrix(self):
        server = self.serve(universe(self.options.delay))
        with open(os.path.join(self.work, "ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(recipe())
        one, all_rows = [], []
        for number in range(self.options.rounds):
            one.append(self.cold("ramekin.yaml#row%d" % (number % ROWS)))
            all_rows.append(self.cold("ramekin.yaml"))
        server.__exit__(None, None, None)
        one, all_rows = statistics.median(one), statistics.median(all_rows)
        return [
            {"what": "matrix of one cold row", "seconds": one},
            {"what": "matrix of %d cold rows" % ROWS, "seconds": all_rows, "ratio": all_rows / one},
        ]


def main():
    parser = argparse.ArgumentParser(description="What comparing costs.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before each answer of the index")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ramekin-bench-") as work:
        bench = Bench(options, work)
        rows = [bench.diff(), *bench.matrix()]
    for row in rows:
        ratio = "  %.2f of one" % row["ratio"] if "ratio" in row else ""
        print("%-28s %8.3f s%s" % (row["what"], row["seconds"], ratio))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

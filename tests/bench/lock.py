"""Locking side by side with uv and pip, in one run and against the configured package index.

    python3 lock.py [--ramekin PROGRAM] [--venv DIR] [--rounds N] [--stack NAME] [--json FILE]

Each program resolves the same requirements for the same Python, first with empty caches (cold), then
again (warm). Printed: the median of the rounds in wall seconds, processor seconds (user and system, of
the program and its children) and resident megabytes, and the ratio of each wall and processor time to
uv's. Rounds are interleaved, so that a slow minute of the network meets everyone. Nothing is judged.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build")
PYTHON = "3.11"
STACKS = {
    "L": ["torch==2.6.0", "transformers", "accelerate", "bitsandbytes"],
    "S": ["fastapi", "uvicorn[standard]", "runpod"],
    "M": [
        "jupyterlab", "streamlit", "scikit-learn", "matplotlib", "sqlalchemy", "celery[redis]", "boto3",
        "httpx[http2]", "langchain", "openai", "datasets", "mlflow-skinny",
    ],
}  # fmt: skip
RECIPE = """version: 1
name: bench
base: python:%s-slim-bookworm
python: %s
libc: glibc 2.36
stages:
  - pip: %s
"""


class Run:
    """What one finished process cost."""

    def __init__(self, command, environment, log):
        with open(log, "w", encoding="utf-8") as stream:
            start = time.monotonic()
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.status = process.returncode
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss / 1024
        self.log = log


class Bench:
    def __init__(self, options, stack, work):
        self.options = options
        self.stack = stack
        self.work = work
        self.items = STACKS[stack]
        self.runs = {}  # (program, state) -> [Run]
        with open(self.path("requirements.in"), "w", encoding="utf-8") as stream:
            stream.write("\n".join(self.items) + "\n")
        with open(self.path("ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(RECIPE % (PYTHON, PYTHON, json.dumps(self.items)))

    def path(self, name):
        return os.path.join(self.work, name)

    def environment(self):
        """Find-links of the machine would give one program files that another does not read."""
        environment = {name: value for name, value in os.environ.items() if name != "PIP_FIND_LINKS"}
        environment.update(XDG_CACHE_HOME=self.path("cache"), PIP_CACHE_DIR=self.path("cache/pip"))
        environment.update(UV_CACHE_DIR=self.path("cache/uv"), NO_COLOR="1")
        if "PIP_CERT" in os.environ:
            environment.setdefault("SSL_CERT_FILE", os.environ["PIP_CERT"])
        return environment

    def commands(self):
        tools = os.path.join(self.options.venv, "bin")
        platform_tag = "%s-manylinux_2_36" % platform.machine()
        uv = [os.path.join(tools, "uv"), "pip", "compile", "-q", "--python-version", PYTHON]
        uv += ["--python-platform", platform_tag, "--generate-hashes", "--no-build"]
        uv += self.index_option() + [self.path("requirements.in")]
        pip = [os.path.join(tools, "python"), "-m", "pip", "install", "--dry-run", "-q"]
        pip += ["--ignore-installed", "--report", self.path("report.json"), "-r", self.path("requirements.in")]
        return {
            "uv": uv + ["-o", self.path("uv.txt")],
            "pip": pip,
            "ramekin": [self.options.ramekin, "lock", self.path("ramekin.yaml"), "--progress", "none"],
        }

    def index_option(self):
        """uv does not read pip's configuration."""
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
            capture_output=True,
            text=True,
            check=False,
        )
        url = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip()
        return ["--index-url", url] if url else []

    def forget(self, name):
        for path in {"uv": ["uv.txt"], "pip": ["report.json"], "ramekin": ["ramekin.lock"]}[name]:
            if os.path.exists(self.path(path)):
                os.unlink(self.path(path))

    def run(self, name, state, command=None):
        log = self.path("%s-%s.log" % (name, state))
        run = Run(command or self.commands()[name], self.environment(), log)
        if run.status != 0:
            with open(log, encoding="utf-8", errors="replace") as stream:
                print("%s %s ended with %d: %s" % (name, state, run.status, stream.read()[-2000:].strip()))
            return None
        self.runs.setdefault((name, state), []).append(run)
        return run

    def measure(self):
        for number in range(self.options.rounds):
            for name, command in self.commands().items():
                if not os.path.exists(command[0]):
                    continue
                if name == "pip" and number >= self.options.pip_rounds:
                    continue
                shutil.rmtree(self.path("cache"), ignore_errors=True)
                self.forget(name)
                if not self.run(name, "cold"):
                    continue
                self.forget(name)
                self.run(name, "warm")
                if name == "ramekin":
                    self.run(name, "unchanged")
                    self.forget(name)
                    self.run(name, "offline", self.commands()[name] + ["--offline"])

    def distributions(self):
        """How many each program chose; they need not agree with uv, which has rules of its own."""
        counts = {}
        if os.path.exists(self.path("uv.txt")):
            with open(self.path("uv.txt"), encoding="utf-8") as stream:
                counts["uv"] = sum("==" in line and not line.startswith(" ") for line in stream)
        if os.path.exists(self.path("report.json")):
            with open(self.path("report.json"), encoding="utf-8") as stream:
                counts["pip"] = len(json.load(stream)["install"])
        if os.path.exists(self.path("ramekin.lock")):
            with open(self.path("ramekin.lock"), encoding="utf-8") as stream:
                counts["ramekin"] = len(json.load(stream)["files"])
        return counts

    def table(self):
        rows = []
        for (name, state), runs in sorted(self.runs.items()):
            row = {"stack": self.stack, "program": name, "state": state, "rounds": len(runs)}
            for figure in ("wall", "cpu", "megabytes"):
                row[figure] = statistics.median(getattr(run, figure) for run in runs)
            peer = self.runs.get(("uv", state))
            if peer and name != "uv":
                for figure in ("wall", "cpu"):
                    base = statistics.median(getattr(run, figure) for run in peer)
                    row[figure + "_ratio"] = row[figure] / base
            rows.append(row)
        return rows


def show(rows):
    print("%-5s %-8s %-10s %8s %8s %7s %9s %8s" % (
        "stack", "program", "state", "wall s", "cpu s", "MB", "wall/uv", "cpu/uv"))  # fmt: skip
    for row in rows:
        ratios = ["%.2f" % row[key] if key in row else "" for key in ("wall_ratio", "cpu_ratio")]
        print("%-5s %-8s %-10s %8.3f %8.3f %7.1f %9s %8s" % (
            row["stack"], row["program"], row["state"], row["wall"], row["cpu"], row["megabytes"],
            *ratios))  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description="Locking side by side with uv and pip.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--venv", default=os.path.join(BUILD, "venv"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pip-rounds", type=int, default=1, help="pip is slow; default: 1")
    parser.add_argument("--stack", choices=sorted(STACKS), action="append")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON too")
    options = parser.parse_args()
    if not os.path.exists(os.path.join(options.venv, "bin", "uv")):
        print("no uv in %s; tests/run.sh makes this folder" % options.venv)
        return 77
    rows = []
    for stack in options.stack or STACKS:
        with tempfile.TemporaryDirectory(prefix="ramekin-bench-") as work:
            bench = Bench(options, stack, work)
            bench.measure()
            counts = ", ".join("%s %d" % pair for pair in sorted(bench.distributions().items()))
            print("%s: %s\n  distributions: %s" % (stack, " ".join(bench.items), counts))
            rows += bench.table()
    show(rows)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())

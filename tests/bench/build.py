"""Images out of warm wheels, side by side with other ways to make them, in one run.

    RAMEKIN_BENCH_WHEELS=DIR python3 build.py [--ramekin PROGRAM] [--limit PROGRAM] [--venv DIR]
        [--base LAYOUT] [--stack S|M|L] [--rounds N] [--peer NAME] [--json FILE]

DIR holds the wheels of the stacks in folders S, M and L, of one small package more in `extra` and of
another torch in `torch`; what is missing is fetched once by pip from its configured index (L is 3.2 GB,
the other torch 1.1 GB; nothing is fetched where the disk has not twice that). The base is a docker-like
one with Python 3.11 (tests/e2e/make_base.sh).

Printed for every way: wall and processor seconds, peak memory and megabytes written (all programs of the
way together), megabytes and number of the layers it added; the least that the stack's layers cost on this
machine (every member inflated, its bytes and the compressed ones hashed, nothing written, as many threads
as processors); and how long ramekin takes to build again after a change. ramekin has digests of the wheels
and no layers when it starts; the others have wheels and no caches. Ways whose programs are not installed
are named and left out. Nothing is judged.
"""

import argparse
import glob
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
SITE = "usr/local/lib/python3.11/site-packages"
REFERENCE = "python:3.11-slim-bookworm"
STACKS = {
    "S": ["fastapi", "uvicorn[standard]", "runpod"],
    "M": ["transformers==4.46.3", "tokenizers", "numpy", "pandas", "scipy", "scikit-learn"],
    "L": ["torch==2.6.0", "transformers", "accelerate", "bitsandbytes==0.45.2"],
}
MORE = {"extra": ["six"], "torch": ["torch==2.5.1", "triton==3.1.0"]}
MEGABYTES = {"S": 50, "M": 100, "L": 3300, "extra": 1, "torch": 1150}
RECIPE = """version: 1
name: bench
base: %s
stages:
  - pip: {name: stack, install: %s}
  - files: {app.py: /app/app.py}
"""


class Cost:
    """What one or more finished programs cost together."""

    def __init__(self):
        self.wall = self.cpu = self.peak = self.written = 0.0

    def add(self, command, environment, log):
        with open(log, "a", encoding="utf-8") as stream:
            start = time.monotonic()
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
            _, status, usage = os.wait4(process.pid, 0)
            self.wall += time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu += usage.ru_utime + usage.ru_stime
        self.peak = max(self.peak, usage.ru_maxrss / 1024)
        self.written += usage.ru_oublock * 512 / 1e6
        if process.returncode != 0:
            with open(log, encoding="utf-8", errors="replace") as stream:
                print("%s ended with %d: %s" % (command[0], process.returncode, stream.read()[-1500:].strip()))
        return process.returncode == 0


def fetch_wheels(folder, name, items, dependencies):
    target = os.path.join(folder, name)
    if glob.glob(os.path.join(target, "*.whl")):
        return target
    os.makedirs(folder, exist_ok=True)
    room = shutil.disk_usage(folder).free / 1e6
    if room < 2 * MEGABYTES[name]:
        print("%s: %d MB free, %d MB wanted twice" % (name, room, MEGABYTES[name]))
        return None
    print("fetching the wheels of %s: about %d MB" % (name, MEGABYTES[name]))
    part = target + ".part"
    command = [sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:", "-d", part]
    command += ["--implementation", "cp", "--python-version", "3.11", "--platform", "manylinux2014_x86_64"]
    command += ["--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_24_x86_64"]
    command += ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux1_x86_64"]
    command += [] if dependencies else ["--no-deps"]
    if subprocess.run(command + items, check=False).returncode != 0:
        return None
    os.rename(part, target)
    return target


def read_blob(layout, digest):
    with open(os.path.join(layout, "blobs", *digest.split(":")), encoding="utf-8") as stream:
        return json.load(stream)


def layers_of(layout, tag="latest"):
    """Digest → size of the layers of an image in an OCI layout."""
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as stream:
        found = json.load(stream)["manifests"]
    named = [m for m in found if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == tag]
    document = read_blob(layout, (named or found)[0]["digest"])
    while "manifests" in document:
        document = read_blob(layout, document["manifests"][0]["digest"])
    return {layer["digest"]: layer["size"] for layer in document["layers"]}


class Bench:
    def __init__(self, options, stack, wheels, work):
        self.options, self.stack, self.work = options, stack, work
        self.wheels = wheels  # folders: of the stack, extra, torch
        self.base = options.base
        self.rows = []

    def path(self, *names):
        return os.path.join(self.work, *names)

    def fresh(self, *names):
        for name in names:
            shutil.rmtree(self.path(name), ignore_errors=True)

    def environment(self):
        environment = dict(os.environ, XDG_CACHE_HOME=self.path("cache"), UV_CACHE_DIR=self.path("uv-cache"))
        environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=" ".join(self.wheels.values()), NO_COLOR="1")
        environment.update(PIP_CACHE_DIR=self.path("pip-cache"), TMPDIR=self.work)
        return environment

    def row(self, way, state, costs, added):
        row = {"stack": self.stack, "way": way, "state": state, "rounds": len(costs)}
        for figure in ("wall", "cpu", "peak", "written"):
            row[figure] = statistics.median(getattr(cost, figure) for cost in costs)
        row["layers"] = len(added)
        row["megabytes"] = sum(added.values()) / 1e6
        self.rows.append(row)
        show(row)

    # ramekin

    def write_recipe(self, items, app="print('one')\n"):
        with open(self.path("ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(RECIPE % (REFERENCE, json.dumps(items)))
        with open(self.path("app.py"), "w", encoding="utf-8") as stream:
            stream.write(app)

    def ramekin(self, command, *more):
        words = [self.options.ramekin, command, self.path("ramekin.yaml"), "--progress", "none", "--force"]
        words += ["--substitute-base", "%s=oci:%s" % (REFERENCE, self.base)]
        return [word for word in words if command == "build" or word != "--force"] + list(more)

    def ramekin_build(self):
        cost = Cost()
        command = self.ramekin("build", "-o", "oci:" + self.path("out"))
        return cost if cost.add(command, self.environment(), self.path("log")) else None

    def lock(self):
        return Cost().add(self.ramekin("lock"), self.environment(), self.path("log"))

    def added(self):
        base = layers_of(self.base)
        return {digest: size for digest, size in layers_of(self.path("out")).items() if digest not in base}

    def forget_layers(self):
        """What is known of the wheels and the base stays."""
        for name in ("blobs", "blob-notes", "blob-names", "layer"):
            shutil.rmtree(self.path("cache", "ramekin", name), ignore_errors=True)
        self.fresh("out")

    def measure_ramekin(self):
        self.write_recipe(STACKS[self.stack])
        if not self.lock() or not self.ramekin_build():
            return
        costs = []
        for _ in range(self.options.rounds):
            self.forget_layers()
            costs.append(self.ramekin_build())
        self.row("ramekin", "no layers", costs, self.added())
        self.rebuild("nothing changed", [])
        self.rebuild("application file", [], "print('two')\n")
        self.rebuild("small package", MORE["extra"])
        if self.stack == "L" and "torch" in self.wheels:
            self.rebuild("torch changed", [], items=["torch==2.5.1"] + STACKS["L"][1:])

    def rebuild(self, state, more, app="print('one')\n", items=None):
        """The build of a changed recipe where the one before has just been built."""
        before = self.added()
        self.write_recipe((items or STACKS[self.stack]) + more, app)
        if (more or items) and not self.lock():
            return
        cost = self.ramekin_build()
        if cost:
            new = {digest: size for digest, size in self.added().items() if digest not in before}
            self.row("ramekin", state, [cost], new)

    # the others

    def tools(self):
        venv = os.path.join(self.options.venv, "bin")
        return {
            "uv": os.path.join(venv, "uv"),
            "pip": sys.executable,
            **{name: shutil.which(name) or "" for name in ("tar", "pigz", "crane", "umoci", "buildah")},
        }

    def install(self, program):
        tree = self.path("tree", SITE)
        common = ["--no-index", "--find-links", self.wheels[self.stack], "--target", tree, "-q"]
        if program == "pip":
            return [sys.executable, "-m", "pip", "install", "--no-compile"] + common + STACKS[self.stack]
        uv = [self.tools()["uv"], "pip", "install", "--python", sys.executable, "--link-mode", "copy"]
        return uv + ["--python-version", "3.11"] + common + STACKS[self.stack]

    def pack(self):
        tar = "tar -C '%s' --sort=name --mtime=@0 --owner=0 --group=0 -cf - ." % self.path("tree")
        return ["sh", "-c", "%s | pigz >'%s'" % (tar, self.path("layer.tar.gz"))]

    def ways(self):
        image = self.path("out")
        copy = ["cp", "-R", self.base, image]
        store = "buildah --root '%s' --runroot '%s' --storage-driver vfs" % (self.path("store"), self.path("run"))
        commit = "c=$(%s from oci:%s:latest) && %s copy -q $c '%s' / && %s commit -q $c oci:%s:latest" % (
            store, self.base, store, self.path("tree"), store, image,
        )  # fmt: skip
        crane = ["crane", "append", "-f", self.path("layer.tar.gz"), "-o", self.path("image.tar"), "-t", "bench:1"]
        insert = ["umoci", "insert", "--image", image + ":latest", self.path("tree", "usr"), "/usr"]
        return {
            "pip+pigz+crane": (["pip", "tar", "pigz", "crane"], [self.install("pip"), self.pack(), crane]),
            "uv+pigz+crane": (["uv", "tar", "pigz", "crane"], [self.install("uv"), self.pack(), crane]),
            "uv+umoci": (["uv", "umoci"], [self.install("uv"), copy, insert]),
            "uv+buildah": (["uv", "buildah"], [self.install("uv"), ["sh", "-c", commit]]),
        }

    def measure_peer(self, name, needed, commands):
        missing = [tool for tool in needed if not os.path.exists(self.tools()[tool])]
        if missing:
            print("%s: left out, there is no %s here" % (name, " and no ".join(missing)))
            return
        costs = []
        for _ in range(self.options.rounds if self.stack != "L" else 1):
            self.fresh("out", "tree", "store", "run", "uv-cache", "pip-cache")
            cost = Cost()
            if not all(cost.add(command, self.environment(), self.path("log")) for command in commands):
                return
            costs.append(cost)
        if name.endswith("crane"):
            added = {"layer": os.path.getsize(self.path("layer.tar.gz"))}
        else:  # they may have written the base's layers anew
            added = dict(list(layers_of(self.path("out")).items())[len(layers_of(self.base)) :])
        self.row(name, "no layers", costs, added)
        self.fresh("out", "tree", "store", "run", "uv-cache", "pip-cache")

    def measure_limit(self):
        wheels = sorted(glob.glob(os.path.join(self.wheels[self.stack], "*.whl")))
        seconds = []
        for _ in range(self.options.rounds):
            words = [self.options.limit, str(os.cpu_count()), *wheels]
            output = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
            seconds.append(float(output[0]))
        row = {"stack": self.stack, "way": "limit", "state": "inflate, 2 sha256", "wall": min(seconds)}
        row.update(wheels=float(output[1]), inflated=float(output[2]))
        self.rows.append(row)
        print("%s limit: %.2f s for %.0f MB of wheels, %.0f MB inflated" % (
            self.stack, row["wall"], row["wheels"], row["inflated"]))  # fmt: skip

    def measure(self):
        print(
            "%-2s %-15s %-17s %7s %7s %7s %9s %9s %7s"
            % ("", "way", "state", "wall s", "cpu s", "peak", "written", "layers MB", "layers")
        )
        self.measure_limit()
        self.measure_ramekin()
        for name, (needed, commands) in self.ways().items():
            if not self.options.peer or name in self.options.peer:
                self.measure_peer(name, needed, commands)
        self.compare()

    def compare(self):
        first = {row["way"]: row for row in reversed(self.rows) if row["state"] != "nothing changed"}
        cold = {row["way"]: row for row in self.rows if row["state"] == "no layers"}
        if "ramekin" not in cold:
            return
        ours = cold["ramekin"]["wall"]
        parts = ["%.2f times the limit" % (ours / first["limit"]["wall"])]
        parts += ["%s %.1f times ours" % (way, row["wall"] / ours) for way, row in cold.items() if way != "ramekin"]
        print("%s: %s" % (self.stack, "; ".join(parts)))


def show(row):
    print("%-2s %-15s %-17s %7.2f %7.2f %7.1f %9.1f %9.1f %7d" % (
        row["stack"], row["way"], row["state"], row["wall"], row["cpu"], row["peak"], row["written"],
        row["megabytes"], row["layers"]), flush=True)  # fmt: skip


def make_base(work):
    target = os.path.join(work, "base")
    made = subprocess.run(
        ["sh", os.path.join(HERE, "..", "e2e", "make_base.sh"), "docker", target],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        print("no base: " + (made.stdout + made.stderr).strip())
        return None
    return target


def measure(options, folder, work):
    rows = []
    base = options.base = options.base or make_base(work)
    if not base:
        return None
    for stack in options.stack or ["S", "M"]:
        wheels = {stack: fetch_wheels(folder, stack, STACKS[stack], True)}
        wheels["extra"] = fetch_wheels(folder, "extra", MORE["extra"], False)
        if stack == "L":
            wheels["torch"] = fetch_wheels(folder, "torch", MORE["torch"], False)
        if not wheels[stack]:
            continue
        with tempfile.TemporaryDirectory(prefix="bench-", dir=work) as inside:
            bench = Bench(options, stack, {name: path for name, path in wheels.items() if path}, inside)
            bench.measure()
            rows += bench.rows
    return rows


def main():
    parser = argparse.ArgumentParser(description="Images out of warm wheels, side by side with other ways.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--limit", default=os.path.join(BUILD, "tests", "bench", "bench_limit"))
    parser.add_argument("--venv", default=os.path.join(BUILD, "venv"))
    parser.add_argument("--base", metavar="LAYOUT", help="an OCI layout with Python 3.11, tagged latest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stack", choices=sorted(STACKS), action="append", help="default: S and M")
    parser.add_argument("--peer", action="append", help="only these ways beside ramekin")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON too")
    options = parser.parse_args()
    folder = os.environ.get("RAMEKIN_BENCH_WHEELS")
    if not folder:
        print("RAMEKIN_BENCH_WHEELS names no folder for wheels")
        return 77
    with tempfile.TemporaryDirectory(prefix="ramekin-bench-") as work:
        rows = measure(options, os.path.abspath(folder), work)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 77 if rows is None else 0


sys.exit(main())

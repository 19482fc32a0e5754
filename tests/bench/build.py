"""Images out of warm wheels, side by side with other ways to make them, in one run.

    RAMEKIN_BENCH_WHEELS=DIR python3 build.py [--ramekin PROGRAM] [--limit PROGRAM] [--venv DIR]
        [--base LAYOUT] [--stack S|M|L] [--rounds N] [--peer NAME|all] [--minutes N] [--json FILE]

DIR holds the wheels of the stacks in folders S, M and L, of one small package more in `extra` and of
another torch in `torch`; what is missing is fetched once by pip from its configured index (L is 3.2 GB,
the other torch 1.1 GB; nothing is fetched where the disk has not twice that). The base is a docker-like
one with Python 3.11 (tests/e2e/make_base.sh).

Printed for every way: wall and processor seconds, peak memory and megabytes written (all programs of the
way together), megabytes and number of the layers it added; the least that the stack's layers cost on this
machine (every member inflated, its bytes and the compressed ones hashed, nothing written, as many threads
as processors); and how long each takes to build again where nothing changed, after a change of the
application's file and with one small package more. ramekin has digests of the wheels and no layers when it
starts; the others have wheels and no caches, and keep their own caches for the builds after the first.
Every row is printed when it is known. Of uv and crane, where they are not installed, pip and go fetch a
pinned version; ways that lack a program, the room on disk or the time (--minutes for each program) are
named and left out. Nothing is judged.
"""

import argparse
import glob
import hashlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
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
CRANE = "github.com/google/go-containerregistry/cmd/crane@v0.15.2"
MEGABYTES = {"S": 50, "M": 100, "L": 3300, "extra": 1, "torch": 1150}
ROOM = {"S": 2000, "M": 4000, "L": 32000}  # megabytes of trees, caches and images of one peer
MINUTES = {"S": 5, "M": 10, "L": 25}
RECIPE = """version: 1
name: bench
base: %s
stages:
  - pip: {name: stack, install: %s}
  - files: {app.py: /app/app.py}
"""


def say(text):
    print(text, flush=True)


class Cost:
    """What one or more finished programs cost together."""

    def __init__(self, minutes):
        self.wall = self.cpu = self.peak = self.written = 0.0
        self.minutes = minutes  # of one program

    def add(self, command, environment, log):
        with open(log, "a", encoding="utf-8") as stream:
            start = time.monotonic()
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                start_new_session=True,
            )  # fmt: skip
            timer = threading.Timer(60 * self.minutes, os.killpg, [process.pid, signal.SIGKILL])
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            timer.cancel()
            self.wall += time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu += usage.ru_utime + usage.ru_stime
        self.peak = max(self.peak, usage.ru_maxrss / 1024)
        self.written += usage.ru_oublock * 512 / 1e6
        if process.returncode != 0:
            with open(log, encoding="utf-8", errors="replace") as stream:
                say("%s ended with %d: %s" % (command[0], process.returncode, stream.read()[-1500:].strip()))
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


def digest_of(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_blob(layout, value):
    text = json.dumps(value).encode()
    name = hashlib.sha256(text).hexdigest()
    with open(os.path.join(layout, "blobs", "sha256", name), "wb") as stream:
        stream.write(text)
    return {"digest": "sha256:" + name, "size": len(text)}


def copy_with_history(layout, target):
    """buildah's layer cache refuses a base whose configuration has no history."""
    shutil.copytree(layout, target)
    path = os.path.join(target, "index.json")
    with open(path, encoding="utf-8") as stream:
        index = json.load(stream)
    for entry in index["manifests"]:
        manifest = read_blob(target, entry["digest"])
        config = read_blob(target, manifest["config"]["digest"])
        config["history"] = [{"created_by": "base"} for _ in manifest["layers"]]
        manifest["config"].update(write_blob(target, config))
        entry.update(write_blob(target, manifest))
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(index, stream)


def find_tools(options):
    """Name → path of what the peers need; what can be fetched is."""
    tools = {name: shutil.which(name) for name in ("tar", "pigz", "crane", "umoci", "buildah", "go")}
    tools["pip"] = sys.executable
    tools["uv"] = os.path.join(options.venv, "bin", "uv")
    folder = os.path.abspath(options.tools)
    if not os.path.exists(tools["uv"]):
        tools["uv"] = os.path.join(folder, "venv", "bin", "uv")
    if not os.path.exists(tools["uv"]):
        wanted = os.path.join(HERE, "requirements.txt")
        subprocess.run([sys.executable, "-m", "venv", os.path.join(folder, "venv")], check=False)
        pip = os.path.join(folder, "venv", "bin", "pip")
        subprocess.run([pip, "install", "-q", "-r", wanted], check=False)
    if not tools["crane"]:
        tools["crane"] = os.path.join(folder, "crane")
        if not os.path.exists(tools["crane"]) and tools["go"]:
            environment = dict(os.environ, GOBIN=folder, CGO_ENABLED="0")
            subprocess.run([tools["go"], "install", CRANE], env=environment, check=False)
    return {name: path for name, path in tools.items() if path and os.path.exists(path)}


class Bench:
    def __init__(self, options, stack, wheels, work):
        self.options, self.stack, self.work = options, stack, work
        self.tools = find_tools(options)
        self.minutes = options.minutes or MINUTES[stack]
        self.wheels = wheels  # folders: of the stack, extra, torch
        self.base = options.base
        self.rows = []

    def path(self, *names):
        return os.path.join(self.work, *names)

    def fresh(self, *names):
        for name in names:
            shutil.rmtree(self.path(name), ignore_errors=True)
            if os.path.isfile(self.path(name)):
                os.unlink(self.path(name))

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
        cost = Cost(self.minutes)
        command = self.ramekin("build", "-o", "oci:" + self.path("out"))
        return cost if cost.add(command, self.environment(), self.path("log")) else None

    def lock(self):
        return Cost(self.minutes).add(self.ramekin("lock"), self.environment(), self.path("log"))

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

    def finds(self):
        return [word for path in self.wheels.values() for word in ("--find-links", path)]

    def install(self, program, items):
        tree = self.path("tree", SITE)
        common = ["--no-index", *self.finds(), "--target", tree, "-q"]
        if program == "pip":
            return [sys.executable, "-m", "pip", "install", "--no-compile"] + common + items
        uv = [self.tools["uv"], "pip", "install", "--python", sys.executable, "--link-mode", "copy"]
        return uv + ["--python-version", "3.11"] + common + items

    def place(self):
        """The application's file, as ramekin's recipe has it."""
        return ["install", "-D", "-m", "644", self.path("app.py"), self.path("tree", "app", "app.py")]

    def pack(self):
        tar = "tar -C '%s' --sort=name --mtime=@0 --owner=0 --group=0 -cf - ." % self.path("tree")
        return ["sh", "-c", "%s | pigz -n >'%s'" % (tar, self.path("layer.tar.gz"))]

    def crane(self, program, items):
        append = [self.tools["crane"], "append", "-f", self.path("layer.tar.gz"), "-t", "bench:1"]
        append += ["-o", self.path("image.tar")]
        return [self.install(program, items), self.place(), self.pack(), append]

    def umoci(self, program, items):
        copy = ["cp", "-R", self.base, self.path("out")]
        insert = ["umoci", "insert", "--image", self.path("out") + ":latest"]
        return [
            self.install(program, items), copy, insert + [self.path("tree", "usr"), "/usr"],
            insert + [self.path("app.py"), "/app/app.py"],
        ]  # fmt: skip

    def buildah(self, *words):
        storage = ["--root", self.path("store"), "--runroot", self.path("run")]
        return [self.tools["buildah"], *storage, "--storage-driver", self.driver(), *words]

    def driver(self):
        """overlay is quicker, but not to be had over another overlay."""
        command = [self.tools["buildah"], "--root", self.path("probe"), "--runroot", self.path("probe-run")]
        done = subprocess.run(command + ["--storage-driver", "overlay", "info"], capture_output=True, check=False)
        self.fresh("probe", "probe-run")
        return "overlay" if done.returncode == 0 else "vfs"

    def commit(self, program, items):
        store = " ".join("'%s'" % word for word in self.buildah())
        script = "c=$(%s from oci:%s:latest) && %s copy -q $c '%s' / && %s commit -q $c oci:%s:latest" % (
            store, self.base, store, self.path("tree"), store, self.path("out"),
        )  # fmt: skip
        return [self.install(program, items), self.place(), ["sh", "-c", script]]

    def cached(self, program, items):
        """A Containerfile under buildah's layer cache, the wheels in a volume."""
        if not os.path.exists(self.path("history")):
            copy_with_history(self.base, self.path("history"))
        finds = " ".join("--find-links /bench/%s" % name for name in self.wheels)
        with open(self.path("Containerfile"), "w", encoding="utf-8") as stream:
            stream.write("FROM oci:%s:latest\n" % self.path("history"))
            stream.write("RUN /bench/uv pip install -q --system --no-index --no-cache --link-mode copy %s %s\n" % (
                finds, " ".join("'%s'" % item for item in items)))  # fmt: skip
            stream.write("COPY app.py /app/app.py\n")
        with open(self.path(".dockerignore"), "w", encoding="utf-8") as stream:
            stream.write("*\n!app.py\n")
        mounts = {**self.wheels, "uv": self.tools["uv"]}
        volumes = [word for name, path in mounts.items() for word in ("-v", "%s:/bench/%s:ro" % (path, name))]
        bud = self.buildah("bud", "-q", "--layers", "--isolation", "chroot", *volumes)
        bud += ["-f", self.path("Containerfile"), "-t", "bench", self.work]
        return [bud, self.buildah("push", "-q", "bench", "oci:%s:latest" % self.path("out"))]

    def ways(self):
        """Name → programs, what makes the commands, and their first argument."""
        return {
            "pip+pigz+crane": (["pip", "tar", "pigz", "crane"], self.crane, "pip"),
            "uv+pigz+crane": (["uv", "tar", "pigz", "crane"], self.crane, "uv"),
            "uv+umoci": (["uv", "umoci"], self.umoci, "uv"),
            "uv+buildah": (["uv", "buildah"], self.commit, "uv"),
            "buildah layers": (["uv", "buildah"], self.cached, "uv"),
        }

    def peer_layers(self, name):
        if name.endswith("crane"):
            path = self.path("layer.tar.gz")
            return {digest_of(path): os.path.getsize(path)}
        # they may have written the base's layers anew
        return dict(list(layers_of(self.path("out")).items())[len(layers_of(self.base)) :])

    def peer_build(self, make, program, more, app):
        """None where a program failed."""
        self.fresh("out", "tree", "image.tar", "layer.tar.gz")
        self.write_recipe([], app)
        cost = Cost(self.minutes)
        done = all(
            cost.add(command, self.environment(), self.path("log"))
            for command in make(program, STACKS[self.stack] + more)
        )
        return cost if done else None

    def clean_peer(self):
        if "buildah" in self.tools and os.path.exists(self.path("store")):
            # what it has mounted goes first
            subprocess.run(self.buildah("rm", "--all"), capture_output=True, check=False)
        self.fresh("out", "tree", "store", "run", "uv-cache", "pip-cache", "image.tar", "layer.tar.gz", "history")

    def measure_peer(self, name, needed, make, program):
        missing = [tool for tool in needed if tool not in self.tools]
        room = shutil.disk_usage(self.work).free / 1e6
        if missing or room < ROOM[self.stack]:
            lack = "there is no %s here" % " and no ".join(missing)
            say("%s: left out, %s" % (name, lack if missing else "only %d MB are free" % room))
            return
        costs = []
        for _ in range(self.options.rounds if self.stack != "L" else 1):
            self.clean_peer()
            cost = self.peer_build(make, program, [], "print('one')\n")
            if not cost:
                return
            costs.append(cost)
        before = self.peer_layers(name)
        self.row(name, "no layers", costs, before)
        for state, more, app in (
            ("nothing changed", [], "print('one')\n"),
            ("application file", [], "print('two')\n"),
            ("small package", MORE["extra"], "print('two')\n"),
        ):
            cost = self.peer_build(make, program, more, app)
            if not cost:
                return
            now = self.peer_layers(name)
            self.row(name, state, [cost], {digest: size for digest, size in now.items() if digest not in before})
            before = now

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
        self.fresh("out", "cache")
        asked = self.options.peer or ["all"]
        for name, (needed, make, program) in self.ways().items():
            if name not in asked and "all" not in asked:
                continue
            try:
                self.measure_peer(name, needed, make, program)
            except (OSError, KeyError, ValueError, IndexError) as error:  # the next one may do better
                say("%s: %r" % (name, error))
            finally:
                self.clean_peer()
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
        with tempfile.TemporaryDirectory(prefix="bench", suffix="0", dir=work) as inside:
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
    parser.add_argument("--peer", action="append", help="only these ways beside ramekin, or all (default)")
    parser.add_argument("--minutes", type=float, help="that a program may take; default: 5 on S, 10 on M, 25 on L")
    parser.add_argument("--tools", default=os.path.join(BUILD, "bench"), help="where fetched programs are kept")
    parser.add_argument("--json", metavar="FILE", help="the rows as JSON too")
    options = parser.parse_args()
    folder = os.environ.get("RAMEKIN_BENCH_WHEELS")
    if not folder:
        print("RAMEKIN_BENCH_WHEELS names no folder for wheels")
        return 77
    # to buildah a path is an image's name: none of its parts begins or ends with the "_" of a random one
    with tempfile.TemporaryDirectory(prefix="ramekin-bench", suffix="0") as work:
        rows = measure(options, os.path.abspath(folder), work)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(rows, stream, indent=1)
    return 77 if rows is None else 0


sys.exit(main())

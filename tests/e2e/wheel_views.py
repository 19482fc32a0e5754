"""Wheels looked into by ranges, over servers that have ranges, have none, or lie.

    python3 wheel_views.py VIEWS_PRINT
"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "server"))

from server import Server  # noqa: E402
from universe import Universe  # noqa: E402

PROGRAM = sys.argv[1]
MIB = 1024 * 1024
RECIPE = """version: 1
name: test
base: python:3.11-slim
python: 3.11
libc: glibc 2.36
stages:
  - pip: [big, small]
"""
# Modules with two libraries between them, each larger than what is read and thrown away.
BIG = {"big/a%03d.py" % i: "a = %d\n" % i * 20 for i in range(200)}
BIG["big/lib.so"] = {"text": "", "size": MIB}
BIG.update({"big/m%03d.py" % i: "m = %d\n" % i * 20 for i in range(200)})
BIG["big/other.so"] = {"text": "", "size": MIB}
BIG.update({"big/z%03d.py" % i: "z = %d\n" % i * 20 for i in range(200)})
GOOD = [
    "big-1.0-py3-none-any.whl: 606 members, 601 wanted, 601 read",
    "small-1.0-py3-none-any.whl: 4 members, 1 wanted, 1 read",
]


def universe(faults=(), huge=0, text="1.0\n", **options):
    big = dict(BIG)
    if huge:
        big["big/huge.so"] = {"text": "", "size": huge}
    return Universe(
        {
            "indexes": {"simple": options},
            "projects": {
                "big": [{"version": "1.0", "files": dict(big, **{"big/__init__.py": text}), "tags": "py3-none-any"}],
                "small": ["1.0"],
            },
            "faults": list(faults),
        }
    )


class Run:
    """One look into the wheels, and what the server was asked for."""

    def __init__(self, server, work, *words):
        before = len(server.requests)
        environment = dict(
            os.environ,
            XDG_CACHE_HOME=os.path.join(work, "cache"),
            XDG_CONFIG_HOME=os.path.join(work, "config"),
            HOME=work,
            PIP_CONFIG_FILE="/dev/null",
            PIP_INDEX_URL=server.index_url(),
        )
        command = [PROGRAM, os.path.join(work, "ramekin.yaml"), *words]
        result = subprocess.run(command, env=environment, text=True, capture_output=True, check=False, timeout=60)
        self.lines = result.stdout.splitlines()
        self.status, self.stderr = result.returncode, result.stderr
        self.wheels = sorted(self.lines[:-1])
        words = self.lines[-1].split() if self.lines else ["read", "0", "of", "0"]
        self.read, self.total = int(words[1]), int(words[3])
        asked = [line for line in server.requests[before:] if "/files/" in line and ".metadata" not in line]
        self.ranges = [line for line in asked if "range=" in line]
        self.whole = [line for line in asked if "range=" not in line and line.startswith("GET")]


PROBLEMS = []


def expect(name, holds, run):
    if not holds:
        PROBLEMS.append("%s: %s\n%s%s\n" % (name, run.ranges[:4], "\n".join(run.lines), run.stderr))


def scene(faults=(), **options):
    """A server and a work folder with the recipe."""
    work = tempfile.TemporaryDirectory(prefix="views-")
    with open(os.path.join(work.name, "ramekin.yaml"), "w", encoding="utf-8") as stream:
        stream.write(RECIPE)
    return Server(universe(faults, **options)), work


def good():
    server, work = scene()
    with server, work:
        first = Run(server, work.name, ".py")
        expect("all are read", first.wheels == GOOD and first.status == 0, first)
        expect("the libraries are not", MIB // 10 < first.read < MIB and first.total > 2 * MIB, first)
        expect("neighbours come together", len(first.ranges) <= 8, first)
        again = Run(server, work.name, ".py")
        expect("the cache has them", again.wheels == GOOD and not again.ranges and again.read == 0, again)
        more = Run(server, work.name, ".py", ".so")
        expect("only the rest is asked for", len(more.ranges) == 1 and 2 * MIB <= more.read < 2.2 * MIB, more)
        offline = Run(server, work.name, ".py", ".so", "--offline")
        expect("offline", "603 wanted, 603 read" in offline.wheels[0], offline)
        expect("offline asks nobody", not offline.ranges and not offline.whole, offline)


def joined():
    """More brings than the cache has entries for are put together."""
    server, work = scene()
    with server, work:
        endings = ["a%03d.py" % i for i in range(12)]
        for ending in endings:
            Run(server, work.name, ending)
        again = Run(server, work.name, *endings)
        expect("put together", not again.ranges and "12 wanted, 12 read" in again.wheels[0], again)


def offline_first():
    server, work = scene()
    with server, work:
        Run(server, work.name, "none")
        cache = os.path.join(work.name, "cache", "ramekin")
        for bucket in ("directories", "extracts"):
            subprocess.run(["rm", "-rf", os.path.join(cache, bucket)], check=True)
        run = Run(server, work.name, ".py", "--offline")
        expect("unknown offline", all("nothing is fetched with --offline" in line for line in run.wheels), run)
        expect("no failure", run.status == 0, run)


def without_ranges():
    server, work = scene(ranges=False)
    with server, work:
        run = Run(server, work.name, ".py")
        expect("small ones are fetched", run.wheels == GOOD, run)
        again = Run(server, work.name, ".py")
        expect("once", again.wheels == GOOD and not again.whole, again)
    server, work = scene(ranges=False, huge=17 * MIB)
    with server, work:
        run = Run(server, work.name, ".py")
        expect("large ones are unknown", "unknown: its server sends no parts of files" in run.wheels[0], run)
        expect("the other is not", run.wheels[1:] == GOOD[1:], run)


def prefix_ranges():
    for size in (True, False):
        server, work = scene(ranges="prefix", form="html", size=size)
        with server, work:
            run = Run(server, work.name, ".py")
            expect("ranges from the end are not needed", run.wheels == GOOD and run.read < MIB, run)


LIES = [
    ("garbage for a range", {"body": {"garbage": 32768}, "status": 206, "headers": {"Content-Range": "bytes 0-32767/99999"}}),
    ("another part", {"headers": {"Content-Range": "bytes 0-32767/%d"}}),
    ("an empty part", {"body": "", "status": 206}),
    ("another file", {"body": {"garbage": 4000}}),
    ("an error", {"status": 500}),
    ("nothing", {"status": 404}),
    ("cut short", {"cut": 1000}),
    ("too much", {"append": "x" * 100}),
]  # fmt: skip


def lies():
    for name, fault in LIES:
        server, work = scene([dict(fault, path="/files/simple/big*.whl")], metadata="advertised")
        with server, work:
            run = Run(server, work.name, ".py")
            known = run.wheels and ": unknown: " in run.wheels[0]
            expect(name, run.status == 0 and known and run.wheels[1:] == GOOD[1:], run)


def late_lies():
    """The directory is right, what comes afterwards is not."""
    for name, fault in LIES:
        server, work = scene([dict(fault, path="/files/simple/big*.whl", skip=2)])
        with server, work:
            run = Run(server, work.name, ".py")
            known = "606 members" in run.wheels[0] and "601 read" not in run.wheels[0]
            expect("late: " + name, run.status == 0 and known, run)
            expect("late, other: " + name, run.wheels[1:] == GOOD[1:], run)


def changed():
    """The same address has another file on the next day."""
    server, work = scene()
    with server, work:
        Run(server, work.name, "a001.py")
        server.universe.by_name["simple"]["big-1.0-py3-none-any.whl"].content += b"more"
        run = Run(server, work.name, "m001.py")
        expect("another size", "0 read" in run.wheels[0] and "expected are" in run.wheels[0], run)
    server, work = scene()
    with server, work:
        Run(server, work.name, "a001.py")
        file = server.universe.by_name["simple"]["big-1.0-py3-none-any.whl"]
        file.content = file.content.replace(b"m = 1\n", b"m = 2\n")
        run = Run(server, work.name, "m001.py")
        expect("another content", "0 read" in run.wheels[0] and "checksum is wrong" in run.wheels[0], run)
        file.content = file.content.replace(b"m = 2\n" * 20, b"m = 1\n" * 20, 1)
        again = Run(server, work.name, "m001.py")
        expect("is not kept", "1 wanted, 1 read" in again.wheels[0], again)


def local():
    work = tempfile.TemporaryDirectory(prefix="views-")
    server = Server(universe())
    with server, work:
        folder = os.path.join(work.name, "links")
        os.mkdir(folder)
        for name, file in server.universe.by_name["simple"].items():
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(file.content)
        server.universe.projects["simple"].clear()
        with open(os.path.join(work.name, "ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(RECIPE.replace("pip: [big, small]", "pip: {install: [big, small], find_links: [./links]}"))
        run = Run(server, work.name, ".py", ".so")
        expect("local", "603 read" in run.wheels[0] and run.read == 0 and not run.ranges, run)


def main():
    for test in (good, joined, offline_first, without_ranges, prefix_ranges, lies, late_lies, changed, local):
        test()
    sys.stdout.write("".join(PROBLEMS))
    return 1 if PROBLEMS else 0


sys.exit(main())

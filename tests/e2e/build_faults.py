"""`ramekin build` under faults: it dies before, and in the middle of, its changes to the file system, the
disk is full from one of them on, it is killed at some moment, the cache can't be written, several builds
share one cache and one destination, and bytes of the cache flip. The layout at the destination names a
whole image or none, every blob in it and in the cache is what its name says, and the next run gives the
digest that an undisturbed one gives.

    python3 build_faults.py PRELOAD RAMEKIN [--points N]    N of the changes, evenly; 0: all
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import faults

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "server"))

from universe import Universe  # noqa: E402

RECIPE = """version: 1
name: faulty
base: python:3.11-slim
stages:
  - pip: {name: stack, install: [large, small, other]}
  - files: {app.py: /app/app.py}
"""
PROJECTS = {
    "large": [{"version": "1.0", "requires": ["small"], "compress": True,
               "files": {"large/data": {"size": 3000000}, "large/__init__.py": "print('large')\n"}}],
    "small": [{"version": "1.0", "entry_points": {"console_scripts": {"small": "small:main"}}}],
    "other": [{"version": "2.0", "files": {"other/more": {"size": 1500000}, "other/__init__.py": ""}}],
}  # fmt: skip


class Place:
    """A folder with a recipe, its lock, wheels and base; builds go to `out` with the cache `cache`."""

    def __init__(self, top, ramekin, preload):
        self.top, self.ramekin, self.preload = top, ramekin, preload
        self.cache, self.out = os.path.join(top, "cache"), os.path.join(top, "out")
        Universe({"projects": PROJECTS}).write(os.path.join(top, "wheels"))
        layout = os.path.join(HERE, "..", "cases", "base", "layout.py")
        subprocess.run([sys.executable, layout, os.path.join(top, "base")], check=True)
        self.write("ramekin.yaml", RECIPE)
        self.write("app.py", "print('app')\n")
        self.must(["lock"])

    def write(self, name, text):
        with open(os.path.join(self.top, name), "w", encoding="utf-8") as stream:
            stream.write(text)

    def environment(self):
        environment = {"XDG_CACHE_HOME": self.top, "PIP_NO_INDEX": "1", "NO_COLOR": "1"}
        environment["PIP_FIND_LINKS"] = os.path.join(self.top, "wheels")
        return environment

    def command(self, verb, *more):
        base = "python:3.11-slim=oci:" + os.path.join(self.top, "base")
        words = [self.ramekin, *verb, os.path.join(self.top, "ramekin.yaml"), "--substitute-base", base]
        return words + ["--progress", "none", "--cache-dir", self.cache, *more]

    def build_command(self):
        return self.command(["build"], "-o", "oci:" + self.out, "--jobs", "2")

    def build(self, at=0, fault="kill", preload=None, **options):
        preload = self.preload if preload is None else preload
        return faults.run(preload, self.build_command(), at, fault, environment=self.environment(), **options)

    def must(self, verb):
        result = faults.run("", self.command(verb), environment=self.environment())
        assert result.returncode == 0, result.stderr

    def forget(self):
        for folder in (self.cache, self.out):
            shutil.rmtree(folder, ignore_errors=True)


def digest_of(layout):
    """The digest that the tag of a layout names, or None; everything it names must be whole."""
    index = os.path.join(layout, "index.json")
    if not os.path.exists(index):
        return None
    with open(index, encoding="utf-8") as stream:
        manifests = json.load(stream)["manifests"]
    if not manifests:
        return None
    found = manifests[0]["digest"]
    wanted = [found]
    while wanted:
        name = wanted.pop()
        path = os.path.join(layout, "blobs", *name.split(":"))
        assert os.path.exists(path), "no blob " + name
        assert "sha256:" + faults.digest(path) == name, "damaged blob " + name
        if os.path.getsize(path) < 1 << 20:
            wanted += named_by(path)
    return found


def named_by(path):
    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except (UnicodeDecodeError, ValueError):
        return []
    children = document.get("manifests", []) + document.get("layers", [])
    children += [document["config"]] if "schemaVersion" in document and "config" in document else []
    return [child["digest"] for child in children]


def damaged(layout):
    """Blobs of a layout whose name is not their digest, named by the tag or not."""
    folder = os.path.join(layout, "blobs", "sha256")
    names = [name for name in faults.files_below(folder) if len(name) == 64]
    return [name for name in names if faults.digest(os.path.join(folder, name)) != name]


class Judge:
    def __init__(self, place):
        self.place = place
        self.problems = 0
        self.expected = None

    def complain(self, where, what):
        self.problems += 1
        print("%s: %s" % (where, what), file=sys.stderr)

    def look(self, where, may_be=(None,)):
        """What lies there after a fault."""
        place = self.place
        try:
            found = digest_of(place.out)
        except (AssertionError, OSError, ValueError) as error:
            self.complain(where, "the layout: %s" % error)
            return
        if found not in (self.expected, *may_be):
            self.complain(where, "the layout names %s" % found)
        for name in damaged(place.out):
            self.complain(where, "damaged blob %s at the destination" % name)
        for name in faults.damaged_blobs(place.cache):
            self.complain(where, "damaged blob %s in the cache" % name)

    def again(self, where):
        """The next run."""
        result = self.place.build(preload="")
        if result.returncode != 0:
            self.complain(where, "the next run: " + result.stderr)
            return
        self.look(where + ", next run", may_be=())

    def reference(self):
        place = self.place
        count_file = os.path.join(place.top, "count")
        result = place.build(count=count_file)
        assert result.returncode == 0, result.stderr
        self.expected = digest_of(place.out)
        assert self.expected
        with open(count_file, encoding="utf-8") as stream:
            return int(stream.read())

    def at_changes(self, count, points):
        chosen = range(1, count + 1)
        if 0 < points < count:
            chosen = sorted({1 + count * k // points for k in range(points)})
        for fault in ("kill", "tear", "full"):
            for at in chosen:
                self.at_change(at, fault)
        return len(chosen)

    def at_change(self, at, fault):
        where = "%s at change %d" % (fault, at)
        self.place.forget()
        result = self.place.build(at, fault)
        # Threads come to their changes in another order each time, so that there may be fewer.
        if fault == "full" and result.returncode != 0 and "No space left" not in result.stderr:
            self.complain(where, "status %d: %s" % (result.returncode, result.stderr))
        if fault != "full" and result.returncode != 0 and not faults.died(result):
            self.complain(where, "status %d: %s" % (result.returncode, result.stderr))
        self.look(where)
        if fault == "full":
            left = faults.files_below(self.place.out) + faults.files_below(self.place.cache)
            for name in left:
                if os.path.basename(name).startswith(".new-"):
                    self.complain(where, "left " + name)
        self.again(where)

    def at_moments(self, rounds):
        choice = random.Random(1)
        for number in range(rounds):
            self.place.forget()
            environment = dict(os.environ, **self.place.environment())
            process = subprocess.Popen(
                self.place.build_command(), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(choice.uniform(0, 0.3))
            process.kill()
            process.wait()
            self.look("killed, round %d" % number)
            self.again("killed, round %d" % number)

    def together(self, builds):
        self.place.forget()
        environment = dict(os.environ, **self.place.environment())
        running = [
            subprocess.Popen(
                self.place.build_command(), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            for _ in range(builds)
        ]
        for process in running:
            _, stderr = process.communicate()
            if process.returncode != 0:
                self.complain("%d builds at once" % builds, stderr)
        self.look("%d builds at once" % builds, may_be=())

    def flipped(self):
        """A byte of one file of the cache after the other."""
        place = self.place
        place.forget()
        place.build(preload="")
        for name in faults.files_below(place.cache):
            path = os.path.join(place.cache, name)
            if not os.path.exists(path) or os.path.getsize(path) == 0:
                continue
            shutil.rmtree(place.out, ignore_errors=True)
            flip(path)
            self.again("flipped a byte of " + name)

    def read_only(self):
        place = self.place
        place.forget()
        os.makedirs(place.cache)
        guard = ["bwrap", "--bind", "/", "/", "--ro-bind", place.cache, place.cache, "--dev-bind", "/dev", "/dev"]
        if not shutil.which("bwrap") or subprocess.run([*guard, "true"], check=False).returncode != 0:
            print("# no bwrap: the cache that can't be written is left out")
            return
        for state in ("empty", "full"):
            if state == "full":
                shutil.rmtree(place.out, ignore_errors=True)
                place.build(preload="")
                shutil.rmtree(place.out, ignore_errors=True)
            environment = dict(os.environ, **place.environment())
            result = subprocess.run(
                guard + place.build_command(), env=environment, text=True, capture_output=True, check=False
            )
            if result.returncode != 0:
                self.complain("%s cache that can't be written" % state, result.stderr)
            self.look("%s cache that can't be written" % state, may_be=())


def flip(path):
    with open(path, "r+b") as stream:
        stream.seek(os.path.getsize(path) // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 1]))


def main():
    parser = argparse.ArgumentParser(description="ramekin build under faults.")
    parser.add_argument("preload")
    parser.add_argument("ramekin")
    parser.add_argument("--points", type=int, default=25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ramekin-faults-") as top:
        place = Place(top, os.path.abspath(options.ramekin), os.path.abspath(options.preload))
        judge = Judge(place)
        count = judge.reference()
        points = judge.at_changes(count, options.points)
        judge.at_moments(10)
        judge.together(3)
        judge.read_only()
        judge.flipped()
    print("%d changes, faults at %d of them, %d problems" % (count, points, judge.problems))
    return 1 if judge.problems else 0


sys.exit(main())

"""Build checks of the shipped recipes of real stories, executed twice: by `ramekin build` in its sandbox, and by
buildah in the Dockerfile of the same recipe. Each item holds, each fails when its expectation is broken, and
both say the same of it.

    build_checks_real.py RAMEKIN [--work DIR] [--no-buildah] [--row RECIPE#ROW]...

The base is a local Python 3.11, torch comes from the default index. Items of the recipe itself come first, one
of every other kind is added. A broken item has to be told with its line and the program's words. For buildah the
recipe without checks is built once, from the wheels that ramekin has fetched; what an item adds to its
Dockerfile is then built on top of that image, and has to be all that it adds. About 25 GB of disk and ten
minutes a row. Exit 77: not root, no buildah, no disk, or the index can't be reached.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RECIPES = os.path.join(HERE, "..", "..", "recipes")
BASE = "python:3.11-slim-bookworm"
SKIPPED = 77
GIGABYTES = 18
MARK = "# Checks that need no GPU."  # above the last step of a Dockerfile

# What holds, what does not, and words of the program about that.
EVERY = [
    ("import: [torch, transformers]", "import: [torch, transformers.nothing]", "No module named 'transformers.nothing'"),
    ("cuda: 12.4", "cuda: 12.1", "12.4"),
    ("symbol: torch.nn:Linear", "symbol: torch.nn:Linier", "Linier"),
    ("absent: no-such-*", "absent: nvidia-cublas-*", "nvidia-cublas-cu12 12.4.5.8 is installed"),
    ("file: /usr/local/bin/torchrun", "file: /usr/local/bin/no-such", "/usr/local/bin/no-such"),
    ('python: "import torch; assert torch.version.cuda == \'12.4\'"',
     'python: "import torch; assert torch.version.cuda == \'12.1\'"', "AssertionError"),
    ('cmd: [python3, -c, "import torch.utils.cpp_extension"]', "cmd: [python3, -c, import triton.nothing]",
     "No module named 'triton.nothing'"),
]  # fmt: skip
ROWS = {
    "forced-triton#acknowledged": [
        ("version: [triton==2.3.1, bitsandbytes==0.45.0]", "version: [triton==3.2.0]", "version 2.3.1"),
        ("module: triton.ops.matmul_perf_model", "module: triton.ops.nothing", "triton.ops.nothing"),
        *EVERY,
    ],
    "forced-triton#fixed": [
        ('version: [triton==3.2.0, "bitsandbytes>=0.45.2"]', "version: [triton==2.3.1]", "version 3.2.0"),
        ("import: [bitsandbytes]", "module: triton.ops.matmul_perf_model", "triton.ops.matmul_perf_model"),
    ],
    "cuda-checks#fixed": [
        ("cuda: 12.4", 'cuda: "12.6"', "12.4"),
        ("import: [torch, transformers, bitsandbytes]", "import: [torch, transformers, bitsandbytes.nothing]",
         "No module named 'bitsandbytes.nothing'"),
        ("file: /app/handler.py", "file: /app/other.py", "/app/other.py"),
    ],
}  # fmt: skip


class Row:
    """One row of a recipe, with other build checks; everything of it lies in `top`."""

    def __init__(self, options, name, top):
        self.recipe, self.row = name.split("#")
        self.options, self.top, self.name = options, top, name
        self.folder = os.path.join(top, self.recipe)
        shutil.copytree(os.path.join(RECIPES, self.recipe), self.folder)
        with open(os.path.join(self.folder, "ramekin.yaml"), encoding="utf-8") as stream:
            text = stream.read()
        self.head, _, rest = text.partition("checks:\n")
        self.tail = re.sub(r"\A(?:(?:[ #].*)?\n)*", "", rest)  # what stands behind the checks

    def write(self, items):
        """Returns the line of each item."""
        head = self.head + ("checks:\n  build:\n" if items else "")
        body = "".join("    - %s\n" % item for item in items)
        with open(os.path.join(self.folder, "ramekin.yaml"), "w", encoding="utf-8") as stream:
            stream.write(head + body + self.tail)
        return [head.count("\n") + 1 + number for number in range(len(items))]

    def run(self, command, *more):
        command = [self.options.ramekin, command, "--progress", "plain", "--substitute-index", "cu124=main"]
        command += ["--substitute-base", "%s=oci:%s" % (BASE, self.options.base), "ramekin.yaml#" + self.row]
        done = subprocess.run([*command, *more], cwd=self.folder, check=False, capture_output=True, text=True)
        if re.search(r"could not connect|Could not resolve host", done.stderr):
            skip("the package index can not be reached")
        return done

    def sandbox(self, items):
        """Builds with these items: {line: what is said of the failing one}, and the exit status."""
        self.write(items)
        image = os.path.join(self.top, "image")
        self.run("lock")  # what is imported is decided into it
        done = self.run("build", "-o", "oci:" + image)
        written = os.path.exists(image)
        shutil.rmtree(image, ignore_errors=True)
        found = {}
        for part in re.split(r"(?m)^(?=ramekin\.yaml:\d+)", done.stderr):
            place = re.match(r"ramekin\.yaml:(\d+)(?::\d+)?: error: ", part)
            if place:
                found[int(place[1])] = found.get(int(place[1]), "") + part
        if done.returncode not in (0, 1) or written != (done.returncode == 0):
            raise SystemExit(done.stderr)
        return found, done

    def render(self, items):
        out = os.path.join(self.top, "out")
        shutil.rmtree(out, ignore_errors=True)
        self.write(items)
        self.run("lock")
        done = self.run("render", "--allow-substituted", "--force", "-o", out)
        if done.returncode:
            raise SystemExit(done.stderr)
        with open(os.path.join(out, "Dockerfile"), encoding="utf-8") as stream:
            return out, stream.read().splitlines()


class Buildah:
    """An image without checks, and what single items add to it."""

    def __init__(self, row):
        self.row, self.top = row, os.path.join(row.top, "buildah")
        os.makedirs(os.path.join(self.top, "wheels"))
        with open(os.path.join(self.top, "pip.conf"), "w", encoding="ascii") as stream:
            stream.write("[global]\nno-index = true\nfind-links = /wheels\n")
        folder, self.lines = row.render([])
        self.link_wheels()
        self.lines = self.lines[: self.lines.index(MARK)] if MARK in self.lines else self.lines
        text = "\n".join(self.lines) + "\n"
        assert text.count("FROM %s\n" % BASE) == 1, text
        done = self.build(folder, text.replace("FROM " + BASE, "FROM oci:" + row.options.base), "whole")
        if done.returncode:
            raise SystemExit(done.stdout[-4000:] + done.stderr[-4000:])

    def link_wheels(self):
        """The wheels of the lock, out of ramekin's cache."""
        cache = subprocess.run([self.row.options.ramekin, "cache", "dir"], check=True, capture_output=True, text=True)
        with open(os.path.join(self.row.folder, "ramekin.lock"), encoding="utf-8") as stream:
            text = stream.read()
        for name, digest in re.findall(r'"file": "([^"]+\.whl)", "sha256": "([0-9a-f]{64})"', text):
            source = os.path.join(cache.stdout.strip(), "blobs", digest[:2], digest[2:])
            target = os.path.join(self.top, "wheels", name)
            if os.path.exists(source) and not os.path.exists(target):
                try:
                    os.link(source, target)
                except OSError:
                    shutil.copy(source, target)

    def call(self, *arguments):
        command = ["buildah", "--root", os.path.join(self.top, "storage"), "--runroot", os.path.join(self.top, "run")]
        return subprocess.run([*command, *arguments], check=False, capture_output=True, text=True)

    def build(self, folder, text, tag):
        path = os.path.join(self.top, "Dockerfile")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return self.call(
            "bud", "--isolation", "chroot", "--layers=false", "--format", "oci", "--pull-never", "-t", tag,
            "--volume", os.path.join(self.top, "wheels") + ":/wheels:ro",
            "--volume", os.path.join(self.top, "pip.conf") + ":/etc/pip.conf:ro", "-f", path, folder,
        )  # fmt: skip

    def judge(self, item):
        """(whether it holds, what was printed)."""
        folder, lines = self.row.render([item])
        at = lines.index(MARK)
        added = lines[at:]
        assert lines[:at] == self.lines, (item, lines)
        done = self.build(folder, "\n".join(["FROM localhost/whole", *added]) + "\n", "one")
        self.call("rmi", "one")
        return done.returncode == 0, done.stdout + done.stderr

    def clean(self):
        self.call("rm", "--all")
        self.call("rmi", "--all", "--force")
        shutil.rmtree(self.top, ignore_errors=True)


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def judge_row(row, items):
    """How many things are wrong with a row."""
    wrong = []
    good, broken = [one[0] for one in items], [one[1] for one in items]
    told, done = row.sandbox(good)
    said = [(item, told.get(line, "")) for item, line in zip(good, row.write(good), strict=True)]
    if done.returncode:
        wrong.append("healthy: %s" % done.stderr)
    told, done = row.sandbox(broken)
    said += [(item, told.get(line, "")) for item, line in zip(broken, row.write(broken), strict=True)]
    said = dict(said)
    if done.returncode != 1:
        wrong.append("all items are broken, and the status is %d" % done.returncode)
    buildah = None if row.options.no_buildah else Buildah(row)
    print("%s\n    %-54s %-8s %-8s" % (row.name, "item", "sandbox", "buildah"))
    for holds, breaks, words in items:
        for item, expected in ((holds, True), (breaks, False)):
            first = not said[item]
            second, output = buildah.judge(item) if buildah else (first, said[item])
            bad = first != expected or second != expected
            if not expected:
                bad |= words not in said[item] or words not in output
            print("%s %-54s %-8s %-8s" % (
                "  !" if bad else "   ", item[:54], *("holds" if one else "fails" for one in (first, second)[: 2 if buildah else 1]),
                *([] if buildah else ["-"])),
                flush=True)  # fmt: skip
            if bad:
                wrong.append("%s\n%s\n%s" % (item, said[item], output[-3000:]))
    if buildah:
        buildah.clean()
    for one in wrong:
        print("    " + one.strip().replace("\n", "\n    "))
    return len(wrong)


def make_base(folder):
    said = subprocess.run([os.path.join(HERE, "make_base.sh"), "docker", folder], check=False, capture_output=True,
                          text=True)  # fmt: skip
    if said.returncode == SKIPPED:
        skip(said.stdout.strip())
    said.check_returncode()
    return folder


def main():
    parser = argparse.ArgumentParser(description="Build checks in the sandbox and under buildah.")
    parser.add_argument("ramekin", type=os.path.abspath)
    parser.add_argument("--row", action="append", choices=list(ROWS))
    parser.add_argument("--work", help="a folder with room")
    parser.add_argument("--no-buildah", action="store_true", help="the sandbox alone")
    options = parser.parse_args()
    if os.getuid() != 0 or not shutil.which("bwrap"):
        skip("root and bwrap are needed")
    if not options.no_buildah and not shutil.which("buildah"):
        skip("buildah is not installed")
    bad = 0
    if options.work:
        os.makedirs(options.work, exist_ok=True)
    # to buildah a path is an image's name: none of its parts begins or ends with the "_" of a random one
    with tempfile.TemporaryDirectory(prefix="checks", suffix="0", dir=options.work) as work:
        if shutil.disk_usage(work).free < GIGABYTES * 10**9:
            skip("less than %d GB of disk are free" % GIGABYTES)
        options.base = make_base(os.path.join(work, "base"))
        for name in options.row or ROWS:
            bad += judge_row(Row(options, name, os.path.join(work, name.replace("#", "-"))), ROWS[name])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

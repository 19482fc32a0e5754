"""Real stacks from the real index: what `ramekin plan` says is what pip would install.

    python3 real.py RAMEKIN [--stack "requirement requirement ..."]...

For each stack a recipe of one stage is planned and compared, name by name with version and file,
with `pip install --dry-run --report` of the pip that requirements.txt pins. Skipped where the index
cannot be reached or RAMEKIN_TEST_PYTHON is not set.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
SKIP = 77
STACKS = [
    "flask requests",
    "torch==2.6.0 transformers accelerate bitsandbytes==0.45.0",
    "diffusers[torch] gradio",
    "jupyterlab pandas<2 scikit-learn",
]
MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def make_pip(python, work):
    """A virtual environment with the pinned pip, and an empty one beside it; None without an index."""
    for folder, options in (("pip", []), ("empty", ["--without-pip"])):
        subprocess.run([python, "-m", "venv"] + options + [os.path.join(work, folder)], check=True)
    pip = os.path.join(work, "pip", "bin", "python")
    done = subprocess.run(
        [pip, "-m", "pip", "install", "-q", "-r", os.path.join(HERE, "requirements.txt")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return pip if done.returncode == 0 else None


def pip_set(pip, work, stack):
    """{name: (version, file)}, or pip's last line."""
    report = os.path.join(work, "report.json")
    empty = os.path.join(work, "empty", "bin", "python")
    done = subprocess.run(
        [pip, "-m", "pip", "--python", empty, "install", "--dry-run", "-q", "--report", report] + stack.split(),
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        return done.stderr.strip().splitlines()[-1:]
    with open(report, encoding="utf-8") as stream:
        items = json.load(stream)["install"]
    return {
        canonical(item["metadata"]["name"]): (
            item["metadata"]["version"],
            urllib.parse.unquote(os.path.basename(urllib.parse.urlsplit(item["download_info"]["url"]).path)),
        )
        for item in items
    }


def our_set(ramekin, work, stack, python):
    recipe = {
        "version": 1,
        "name": "real",
        "target": "env",
        "platforms": [MACHINES[platform.machine()]],
        "python": python,
        "libc": "glibc " + platform.libc_ver()[1],
        "stages": [{"pip": {"name": "all", "install": stack.split()}}],
    }
    path = os.path.join(work, "ramekin.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(recipe, stream)
    done = subprocess.run([ramekin, "plan", "--format", "json", path], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip().splitlines()[:3]
    stage = json.loads(done.stdout)["stages"][0]
    return {action["name"]: (action["version"], action["file"]) for action in stage["actions"]}


def show(ours, theirs):
    if isinstance(ours, list) or isinstance(theirs, list):
        print("  ours %s\n  pip  %s" % (ours, theirs))
        return
    for name in sorted(set(ours) | set(theirs)):
        if ours.get(name) != theirs.get(name):
            print("  %s: ours %s, pip %s" % (name, ours.get(name), theirs.get(name)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ramekin")
    parser.add_argument("--stack", action="append")
    options = parser.parse_args()
    python = os.environ.get("RAMEKIN_TEST_PYTHON")
    if not python or platform.machine() not in MACHINES:
        print("RAMEKIN_TEST_PYTHON is not set, or this machine is none of %s" % ", ".join(MACHINES))
        return SKIP
    version = subprocess.run([python, "-c", "import platform; print(platform.python_version())"],
                             check=True, capture_output=True, text=True).stdout.strip()  # fmt: skip
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        pip = make_pip(python, work)
        if not pip:
            print("the package index cannot be reached")
            return SKIP
        for stack in options.stack or STACKS:
            theirs, ours = pip_set(pip, work, stack), our_set(options.ramekin, work, stack, version)
            same = ours == theirs and isinstance(ours, dict)
            print("%s: %s" % (stack, "%d distributions, the same" % len(ours) if same else "differs"))
            if not same:
                bad += 1
                show(ours, theirs)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

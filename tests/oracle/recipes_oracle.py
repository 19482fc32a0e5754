"""The recipes against real pip on the real index: every row, stage by stage.

    python3 recipes_oracle.py [--ramekin PROGRAM] [--only TEXT]

Each row of CASES is planned by ramekin, then its stages are run as the `pip install` commands that a
person would write for them, with `--dry-run --report` and with what the earlier stages left in a
throw-away environment of the same Python. Compared are the distributions that a stage installs, in
their order: name, version, file name, sha256, and whether the user asked for it. Where pip finds no
solution ramekin must find none either.

Nothing is installed: after each stage the environment gets dist-info folders with the metadata that
pip's report has. The torch index is replaced by the default one on both sides (`--substitute-index`).
The scratch recipe names the exact version of the interpreter that pip runs in.

Needs RAMEKIN_TEST_PYTHON with the pip of requirements.txt and the configured index; else exit 77 and a reason.
"""

import argparse
import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SKIPPED = 77
HASH_SEEDS = 6
SUBSTITUTES = ["cu121", "cu124", "cu128"]

TORCH_26 = "torch==2.6.0"
VISION_021 = "torchvision>=0.21.0,<0.22.0"
REQUIREMENTS = "-r requirements.txt -c constraints.txt".split()
NUMERIC = "-c numeric.txt".split()
BNB_BOUNDS = ["transformers>=4.38,<=4.50", "accelerate>=0.28,<1.1"]

# (recipe, row, files to add, commands of its pip stages)
CASES = [
    ("recipes/forced-triton", "acknowledged", {}, [
        [TORCH_26, VISION_021],
        REQUIREMENTS,
        ["--force-reinstall", "--no-deps", "triton==2.3.1"],
    ]),
    ("recipes/forced-triton", "constrained", {}, [
        [TORCH_26, VISION_021],
        "-r requirements.txt -c constraints-triton.txt".split(),
    ]),
    ("recipes/forced-triton", "filed", {}, [
        [TORCH_26, VISION_021],
        ["--ignore-installed", "blinker", *REQUIREMENTS],
        ["--force-reinstall", "triton==2.3.1"],
    ]),
    ("recipes/forced-triton", "fixed", {}, [
        [TORCH_26, VISION_021],
        "-r requirements-fixed.txt -c constraints.txt".split(),
    ]),
    ("recipes/cuda-checks", "filed", {}, [
        [TORCH_26, "torchvision"],
        ["bitsandbytes==0.45.0", *REQUIREMENTS],
    ]),
    ("recipes/torch-bnb", "downgrade", {"numeric.txt": "numpy>=1.24,<2\nscipy>=1.11,<1.13\n"}, [
        ["torch==2.3.1", "torchvision", *NUMERIC],
        [*BNB_BOUNDS, "bitsandbytes==0.42.0", *NUMERIC],
        ["runpod", *NUMERIC],
    ]),
    ("recipes/torch-bnb", "upgrade", {"numeric.txt": "numpy>=1.24,<2\nscipy>=1.11,<1.13\n"}, [
        ["torch==2.7.1", "torchvision", *NUMERIC],
        [*BNB_BOUNDS, "bitsandbytes==0.45.5", *NUMERIC],
        ["runpod", *NUMERIC],
    ]),
    ("examples/serving", None, {}, [
        ["vllm"],
        ["gunicorn", "redis", "boto3", "psycopg[binary]"],
    ]),
    ("examples/training", None, {}, [
        ["torch==2.8.0"],
        "-r requirements.txt".split(),
        ["langchain", "langchain-community", "langchain-huggingface", "llama-index", "chromadb", "faiss-cpu",
         "pypdf"],
        ["fastapi[standard]", "uvicorn[standard]", "prometheus-client"],
    ]),
]  # fmt: skip


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def version_of(python):
    code = "import platform; print(platform.python_version())"
    done = subprocess.run([python, "-I", "-c", code], check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def find_python(series):
    """An interpreter of a series like "3.11" and its version; None where there is none."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    names = [os.environ.get("RAMEKIN_TEST_PYTHON"), sys.executable, shutil.which("python" + series)]
    names += sorted(glob.glob(os.path.join(root, "versions", series + ".*", "bin", "python3")))
    for name in names:
        version = version_of(name) if name and os.path.exists(name) else ""
        if version.startswith(series + "."):
            return name, version
    return None


class Pip:
    """The pinned pip, asked from inside throw-away environments."""

    def __init__(self, work):
        python = os.environ.get("RAMEKIN_TEST_PYTHON") or skip("RAMEKIN_TEST_PYTHON is not set")
        code = "import os, pip; print(os.path.dirname(pip.__file__))"
        found = subprocess.run([python, "-I", "-c", code], check=False, capture_output=True, text=True)
        if found.returncode != 0:
            skip("RAMEKIN_TEST_PYTHON has no pip")
        self.folder = os.path.join(work, "pip")
        os.makedirs(self.folder)
        os.symlink(found.stdout.strip(), os.path.join(self.folder, "pip"))
        self.work = work
        self.report = os.path.join(work, "report.json")
        self.order = os.path.join(work, "order.txt")

    def check(self, python):
        with open(os.path.join(HERE, "requirements.txt"), encoding="utf-8") as lines:
            wanted = re.search(r"(?m)^pip==(\S+)", lines.read()).group(1)
        with open(os.path.join(self.folder, "pip", "__init__.py"), encoding="utf-8") as text:
            if '"%s"' % wanted not in text.read():
                skip("the pip of RAMEKIN_TEST_PYTHON is not %s" % wanted)
        status, _, log = self.dry_run(python, self.work, ["--no-deps", "--retries", "0", "pip==" + wanted])
        if status != 0:
            skip("the package index can't be reached: " + (log.strip().splitlines() or ["?"])[-1])

    def dry_run(self, python, folder, arguments, hash_seed="0"):
        """(exit status, what would be installed in its order, what pip printed)"""
        for path in (self.report, self.order):
            if os.path.exists(path):
                os.unlink(path)
        command = [python, "-s", os.path.join(HERE, "dry_run.py"), self.folder, self.order]
        command += ["--report", self.report, "--cache-dir", os.path.join(self.work, "pip-cache"), "--quiet"]
        # Ranges of the wheels are enough for their metadata.
        command += ["--use-feature", "fast-deps", *arguments]
        environment = dict(os.environ, PYTHONHASHSEED=hash_seed, PIP_DISABLE_PIP_VERSION_CHECK="1")
        done = subprocess.run(command, check=False, cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        if done.returncode != 0:
            return done.returncode, [], done.stdout
        with open(self.report, encoding="utf-8") as stream:
            items = {canonical(item["metadata"]["name"]): item for item in json.load(stream)["install"]}
        with open(self.order, encoding="utf-8") as stream:
            return 0, [items[canonical(line.strip())] for line in stream], done.stdout


class Environment:
    """A virtual environment that has nothing but what `put` wrote."""

    def __init__(self, python, folder):
        self.folder = folder
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
        self.python = os.path.join(folder, "bin", "python")
        self.site = glob.glob(os.path.join(folder, "lib", "python3*", "site-packages"))[0]

    def put(self, item, keep_old):
        name = canonical(item["metadata"]["name"])
        for old in glob.glob(os.path.join(self.site, "*.dist-info")):
            if not keep_old and canonical(os.path.basename(old).split("-")[0]) == name:
                shutil.rmtree(old)
        stem = "-".join(file_of(item).split("-")[:2]) + ".dist-info"
        folder = os.path.join(self.site, stem)
        os.makedirs(folder, exist_ok=True)
        files = {"METADATA": metadata_text(item["metadata"]), "INSTALLER": "pip\n"}
        if item["requested"]:
            files["REQUESTED"] = ""
        files["RECORD"] = "".join("%s/%s,,\n" % (stem, file) for file in [*files, "RECORD"])
        for file, text in files.items():
            with open(os.path.join(folder, file), "w", encoding="utf-8") as stream:
                stream.write(text)


def metadata_text(metadata):
    fields = {"name": "Name", "version": "Version", "requires_python": "Requires-Python",
              "requires_dist": "Requires-Dist", "provides_extra": "Provides-Extra"}  # fmt: skip
    lines = ["Metadata-Version: 2.1"]
    for key, field in fields.items():
        value = metadata.get(key, [])
        lines += ["%s: %s" % (field, text) for text in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n"


def file_of(item):
    url = urllib.parse.urlsplit(item["download_info"]["url"])
    return urllib.parse.unquote(url.path.rsplit("/", 1)[1])


def pip_action(item):
    metadata = item["metadata"]
    sha256 = item["download_info"]["archive_info"]["hashes"]["sha256"]
    return (canonical(metadata["name"]), metadata["version"], file_of(item), sha256, item["requested"])


def our_action(action):
    return tuple(action[key] for key in ("name", "version", "file", "sha256", "requested"))


class Case:
    def __init__(self, options, pip, case, work):
        self.options, self.pip = options, pip
        self.recipe, self.row, files, self.commands = case
        self.title = self.recipe + ("#" + self.row if self.row else "")
        self.folder = os.path.join(work, re.sub(r"\W", "-", self.title))
        shutil.copytree(os.path.join(TOP, self.recipe), self.folder)
        for name, text in files.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as stream:
                stream.write(text)
        self.differences = []

    def name_interpreter(self):
        """Writes the exact versions of this machine into the scratch recipe."""
        path = os.path.join(self.folder, "ramekin.yaml")
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        series = re.search(r"(?m)^python: (\S+)", text).group(1)
        found = find_python(series)
        if found:
            text = re.sub(r"(?m)^python: .*", "python: " + found[1], text)
            text = re.sub(r"(?m)^libc: .*", "libc: glibc " + platform.libc_ver()[1], text)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        return found[0] if found else None

    def plan(self):
        command = [self.options.ramekin, "plan", "--format", "json", "--all"]
        for name in SUBSTITUTES:
            command += ["--substitute-index", name + "=main"]
        command += ["--cache-dir", os.path.join(self.pip.work, "cache")]
        command += ["ramekin.yaml" + ("#" + self.row if self.row else "")]
        started = time.monotonic()
        done = subprocess.run(command, check=False, cwd=self.folder, capture_output=True, text=True)
        self.seconds = time.monotonic() - started
        if not done.stdout.startswith("{"):
            self.differences.append("ramekin plan: exit %d\n%s" % (done.returncode, done.stderr))
            return None
        return [stage for stage in json.loads(done.stdout)["stages"] if stage["kind"] == "pip"]

    def compare_stage(self, stage, environment, command):
        label = "stage %s" % stage["name"]
        status, items, log = self.pip.dry_run(environment.python, self.folder, command)
        solved = stage["status"] == "solved"
        if status != 0 or not solved:
            if (status == 0) != solved:
                self.differences.append("%s: ramekin says %s, pip's exit status is %d\n%s"
                                        % (label, stage["status"], status, log))  # fmt: skip
            elif "ResolutionImpossible" not in log and "No matching distribution" not in log:
                self.differences.append("%s: pip failed for another reason\n%s" % (label, log))
            return False
        ours = [our_action(a) for a in stage["actions"] if a["action"] != "keep"]
        theirs = [pip_action(item) for item in items]
        if ours != theirs and not self.another_order(environment, command, ours, theirs):
            self.differences.append(label + "\n" + difference(ours, theirs))
        for item in items:
            environment.put(item, "--ignore-installed" in command)
        self.counts.append(len(theirs))
        return True

    def another_order(self, environment, command, ours, theirs):
        """In cycles pip's order depends on its hash seed: whether one of them gives ours."""
        if sorted(ours) != sorted(theirs):
            return False
        for seed in range(1, HASH_SEEDS + 1):
            _, items, _ = self.pip.dry_run(environment.python, self.folder, command, str(seed))
            if [pip_action(item) for item in items] == ours:
                return True
        return False

    def run(self):
        """Whether all is equal; None where it can't be compared."""
        python = self.name_interpreter()
        if not python:
            print("%-36s not compared: no Python of its series here" % self.title)
            return None
        self.counts = []
        stages = self.plan()
        started = time.monotonic()
        if stages is not None and len(stages) != len(self.commands):
            self.differences.append("%d stages, but %d commands" % (len(stages), len(self.commands)))
        elif stages is not None:
            environment = Environment(python, self.folder + ".env")
            for stage, command in zip(stages, self.commands):
                if not self.compare_stage(stage, environment, command):
                    self.counts.append("unsatisfiable")
                    break
        verdict = "differs" if self.differences else "equal"
        print("%-36s %-7s stages: %-26s ramekin %5.1f s, pip %5.1f s" % (
            self.title, verdict, ", ".join(map(str, self.counts)), self.seconds,
            time.monotonic() - started), flush=True)  # fmt: skip
        for text in self.differences:
            print("  " + text.replace("\n", "\n  "))
        return not self.differences


def difference(ours, theirs):
    lines = ["only ramekin: " + " ".join(map(str, entry)) for entry in ours if entry not in theirs]
    lines += ["only pip:     " + " ".join(map(str, entry)) for entry in theirs if entry not in ours]
    if not lines:
        lines = ["the order differs; ramekin, pip:", " ".join(entry[0] for entry in ours),
                 " ".join(entry[0] for entry in theirs)]  # fmt: skip
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description="Recipes against real pip on the real index.")
    parser.add_argument("--ramekin", default=os.path.join(TOP, "build", "src", "ramekin"))
    parser.add_argument("--only", default="", help="only the rows whose title has this text")
    options = parser.parse_args()
    options.ramekin = os.path.abspath(options.ramekin)
    with tempfile.TemporaryDirectory(prefix="ramekin-real-") as work:
        pip = Pip(work)
        pip.check(os.environ["RAMEKIN_TEST_PYTHON"])
        cases = [Case(options, pip, case, work) for case in CASES]
        results = [case.run() for case in cases if options.only in case.title]
    print("%d rows equal, %d differ, %d not compared" % (
        results.count(True), results.count(False), results.count(None)))  # fmt: skip
    return 1 if False in results or True not in results else 0


if __name__ == "__main__":
    sys.exit(main())

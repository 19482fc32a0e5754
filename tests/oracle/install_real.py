"""The merged tree against real pip over popular wheels of the real index.

    python3 install_real.py --driver install_driver [--python PYTHON] [--wheels DIR]

Three stages (everything; older and forced versions; an uninstall) in a docker-like layout, a virtual
environment and Debian's, compared as install_tree.py does. Skipped where the index can't be reached.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

from install_tree import SKIP, Case, Failure, Runner, find_pip

WHEELS = [
    "numpy==1.26.4", "pandas==2.2.3", "pydantic-core==2.27.2", "PyYAML==6.0.2", "requests==2.32.3", "setuptools==75.8.0", "wheel==0.45.1",
    "pip==25.0.1", "black==24.10.0", "jupyter-core==5.7.2", "ipykernel==6.29.5", "matplotlib==3.10.0", "scipy==1.15.1", "notebook==7.3.2",
    "opencv-python-headless==4.10.0.84", "protobuf==5.29.3", "grpcio==1.70.0", "cryptography==44.0.0", "lxml==5.3.0", "pillow==11.1.0",
    "tqdm==4.67.1", "sympy==1.13.1", "jupyterlab==4.3.5", "ruff==0.9.4", "psutil==6.1.1", "regex==2024.11.6",
]  # fmt: skip
OLDER = ["requests==2.31.0", "setuptools==69.5.1", "numpy==1.26.3", "tqdm==4.66.5"]


class RealWheel:
    """What Runner asks of a wheel."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.info = next(n.split("/")[0] for n in archive.namelist() if n.split("/")[0].endswith(".dist-info"))
            self.members = {self.info + "/WHEEL": (archive.read(self.info + "/WHEEL"), 0o644)}
            text = archive.read(self.info + "/METADATA").decode()
        self.name = re.search(r"^Name: (.*)$", text, re.M).group(1).strip()
        self.version = re.search(r"^Version: (.*)$", text, re.M).group(1).strip()


class RealCase(Case):
    def __init__(self, kind, top, python, wheels):
        super().__init__(1, top, python)
        while self.kind != kind:
            super().__init__(self.random.randrange(10**6), top, python)
        self.layout["python"] = self.layout["prefix"] + "/bin/python" + python
        self.wheelhouse = wheels
        self.wheels = {}
        self.infos = {}
        for path in glob.glob(wheels + "/*.whl"):
            wheel = RealWheel(path)
            self.wheels[wheel.name, wheel.version] = (wheel, path)


def download(python, target, names):
    command = [python, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "-d", target]
    return subprocess.run(command + names, check=False).returncode == 0


def run(runner, kind, wheels):
    case = RealCase(kind, runner.top, runner.python, wheels)
    runner.snapshot(case)
    runner.begin(case)
    common = ["install", "--no-compile", "--no-index", "--no-deps", "--find-links", wheels]
    stages = [common + WHEELS, common + ["--force-reinstall"] + OLDER + ["scipy"], ["uninstall", "--yes", "pillow", "opencv-python-headless"]]
    for arguments in stages:
        status, text = runner.run_pip(case, arguments)
        if status != 0:
            raise Failure("pip failed:\n" + text)
        runner.replay(case, arguments, text)
    runner.compare(case, kind)
    print("%s: %d paths are the same" % (kind, len(runner.driver.tree(case))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--python", default=os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable))
    parser.add_argument("--wheels", help="folder to keep the wheels in")
    options = parser.parse_args()
    os.umask(0o022)
    top = os.path.realpath(tempfile.mkdtemp(prefix="install-real."))
    try:
        wheels = os.path.abspath(options.wheels or os.path.join(top, "real-wheels"))
        if not (download(options.python, wheels, WHEELS) and download(options.python, wheels, OLDER)):
            print("skipped: the wheels could not be downloaded")
            sys.exit(SKIP)
        runner = Runner(options, find_pip(top, options.python), top)
        for kind in ("docker", "venv", "debian"):
            run(runner, kind, wheels)
        runner.close()
    except Failure as failure:
        print(failure)
        sys.exit(1)
    finally:
        shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()

"""The virtual environment that goes into an image against the one that Python's venv module makes.

    python3 venv_tree.py install_driver [PYTHON...]

Without PYTHON it is this one. Path, type, mode and content must be the same.
"""

import os
import shutil
import subprocess
import sys
import tempfile

from install_tree import Driver, walk


class Place:
    """What Driver.tree() asks of a case: the base is this machine's own root."""

    def __init__(self, root):
        self.root, self.base = root, ""


def differences(driver, python, folder):
    program = "import sys; print(sys._base_executable, '%d.%d.%d' % sys.version_info[:3])"
    interpreter, version = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    interpreter = os.path.join(os.path.dirname(interpreter), "python3")
    subprocess.run([interpreter, "-m", "venv", "--without-pip", folder], check=True)
    real = walk(folder)
    shutil.rmtree(folder)
    driver.command("begin", "/", "venv", folder, "/s", "/s", "/b", "/h", interpreter, "-", version.rsplit(".", 1)[0], "")
    driver.command("venv", folder, interpreter, version)
    ours = driver.tree(Place(folder))
    wrong = [path for path in sorted(set(real) | set(ours)) if real.get(path) != ours.get(path)]
    for path in wrong:
        print("Python %s: %s\n    venv: %s\n    ours: %s" % (version, path, real.get(path), ours.get(path)))
    return len(wrong)


def main():
    os.umask(0o022)
    driver = Driver(sys.argv[1])
    top = os.path.realpath(tempfile.mkdtemp(prefix="venv-tree."))
    try:
        wrong = sum(differences(driver, python, os.path.join(top, "venv")) for python in sys.argv[2:] or [sys.executable])
    finally:
        shutil.rmtree(top, ignore_errors=True)
    driver.close()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

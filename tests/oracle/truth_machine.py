"""The machine's side of import_truth.py and healthy_stacks.py: a base made of what is here, trees of real
wheels, and fresh interpreters that import. Nothing here knows what check says."""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build")
SKIP = 77
SPARE = 5  # gigabytes that stay free beside what wheels may take
ATTEMPTS = 3  # of pip, where the index fails
NOT_IMPORTED = {"bin", "share", "include", "etc"}
PROBE = """
import json, sys, traceback
module, out = sys.argv[1:]
sys.argv = ["-c"]
told = {"outcome": "works"}
try:
    __import__(module)
except BaseException as error:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<")]
    last = frames[-1] if frames else None
    told = {"outcome": "fails", "exception": type(error).__name__, "message": str(error).split("\\n")[0][:160]}
    told["where"] = [(f.filename.rsplit("site-packages/", 1)[-1], f.lineno) for f in frames]
with open(out, "w") as stream:
    json.dump(told, stream)
import os
os._exit(0)
"""
DESCRIBE = """
import json, platform, sys, sysconfig
print(json.dumps({"version": platform.python_version(), "executable": getattr(sys, "_base_executable", sys.executable),
                  "stdlib": sysconfig.get_path("stdlib")}))
"""


class Skip(Exception):
    pass


def find_python():
    """A CPython 3.11, which the recipes declare."""
    for name in (os.environ.get("RAMEKIN_TEST_PYTHON"), "python3.11", sys.executable):
        path = name and shutil.which(name)
        if path:
            asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            done = subprocess.run(asked, check=False, capture_output=True, text=True)
            if done.stdout.strip() == "3.11":
                return path
    raise Skip("no Python 3.11 is here")


def check_machine(folder, gigabytes):
    if platform.machine() != "x86_64":
        raise Skip("the wheels of the table are for x86_64")
    if os.path.exists("/proc/driver/nvidia"):
        raise Skip("a driver is installed here: imports would not be those of a build")
    here = folder_size(os.path.join(folder, "units")) / 1e9
    if shutil.disk_usage(folder).free / 1e9 < gigabytes + SPARE - here:
        raise Skip("less than %d GB of disk are free" % (gigabytes + SPARE))


def folder_size(folder):
    total = 0
    for top, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(top, name)).st_size for name in names)
    return total


def make_base(python, work):
    """A root file system that has this Python with nothing installed and the names of all libraries that the
    loader of this machine finds: what check is told the image is built on. Returns "rootfs:DIR"."""
    top = os.path.join(work, "base")
    shutil.rmtree(top, ignore_errors=True)
    asked = subprocess.run([python, "-c", DESCRIBE], check=True, capture_output=True, text=True)
    told = json.loads(asked.stdout)
    minor = "python" + told["version"].rsplit(".", 1)[0]
    for folder in ("bin", "lib/%s/site-packages" % minor, "include/" + minor):
        os.makedirs(os.path.join(top, "usr/local", folder))
    shutil.copy(os.path.realpath(told["executable"]), os.path.join(top, "usr/local/bin", minor))
    os.symlink(minor, os.path.join(top, "usr/local/bin/python3"))
    shutil.copy(os.path.join(told["stdlib"], "os.py"), os.path.join(top, "usr/local/lib", minor))
    with open(os.path.join(top, "usr/local/include", minor, "patchlevel.h"), "w", encoding="ascii") as stream:
        stream.write('#define PY_VERSION "%s"\n' % told["version"])
    os.makedirs(os.path.join(top, "etc"))
    shutil.copy("/etc/os-release", os.path.join(top, "etc"))
    add_libraries(top)
    return "rootfs:" + top


def add_libraries(top):
    folder = os.path.join(top, "usr/lib/x86_64-linux-gnu")
    os.makedirs(folder)
    os.symlink("usr/lib", os.path.join(top, "lib"))
    listed = subprocess.run(["/sbin/ldconfig", "-p"], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        found = re.match(r"\s+\S+ \(libc6,x86-64.*\) => (\S+)$", line)
        if not found:
            continue
        real = os.path.realpath(found[1])
        name, target = os.path.basename(found[1]), os.path.basename(real)
        if name == "libc.so.6":
            shutil.copy(real, os.path.join(folder, target))
        elif not os.path.exists(os.path.join(folder, target)):
            open(os.path.join(folder, target), "w", encoding="ascii").close()
        if name != target and not os.path.lexists(os.path.join(folder, name)):
            os.symlink(target, os.path.join(folder, name))


class Trees:
    """Site-packages folders made of wheels that pip unpacked once. When they take more than `gigabytes`,
    those that were not used for longest are removed."""

    def __init__(self, python, work, gigabytes):
        self.python, self.work, self.limit = python, work, gigabytes * 1e9
        self.pip = os.path.join(work, "pip", "bin", "python")
        self.sizes = {}

    def prepare(self):
        if not os.path.exists(self.pip):
            subprocess.run([self.python, "-m", "venv", os.path.join(self.work, "pip")], check=True)
        done = subprocess.run(
            [self.pip, "-m", "pip", "install", "-q", "-r", os.path.join(HERE, "requirements.txt")],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise Skip("the package index cannot be reached")
        units = os.path.join(self.work, "units")
        os.makedirs(units, exist_ok=True)
        for name in sorted(os.listdir(units)):
            if name.endswith(".part"):
                shutil.rmtree(os.path.join(units, name))
            else:
                self.sizes[name] = folder_size(os.path.join(units, name))

    def unit(self, name, version, needed):
        """The folder that holds one wheel, as pip installs it."""
        title = "%s-%s" % (name, version)
        folder = os.path.join(self.work, "units", title)
        if not os.path.isdir(folder):
            shutil.rmtree(folder + ".part", ignore_errors=True)
            command = ["--no-deps", "--no-compile", "--target", folder + ".part", "%s==%s" % (name, version)]
            self.run_pip(["install", *command])
            stamp(folder + ".part", title)
            os.rename(folder + ".part", folder)
            self.sizes[title] = folder_size(folder)
            self.shrink(needed)
        os.utime(folder)
        return folder

    def run_pip(self, arguments):
        command = [self.pip, "-m", "pip", *arguments, "-q", "--no-cache-dir", "--only-binary", ":all:"]
        for attempt in range(ATTEMPTS):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(attempt * 5)
        raise RuntimeError("pip: " + " ".join(done.stderr.strip().splitlines()[-2:]))

    def shrink(self, needed):
        """Removes what was not used for longest, and never what the case at hand needs."""
        keep = {"%s-%s" % pin for pin in needed.items()}
        units = os.path.join(self.work, "units")
        oldest = sorted(set(self.sizes) - keep, key=lambda title: os.stat(os.path.join(units, title)).st_mtime)
        while oldest and sum(self.sizes.values()) > self.limit:
            title = oldest.pop(0)
            shutil.rmtree(os.path.join(units, title))
            del self.sizes[title]

    def make(self, pins):
        """A virtual environment with these and nothing else."""
        folders = [self.unit(name, version, pins) for name, version in sorted(pins.items())]
        top = os.path.join(self.work, "tree")
        shutil.rmtree(top, ignore_errors=True)
        subprocess.run([self.python, "-m", "venv", "--without-pip", top], check=True)
        site = os.path.join(top, "lib", "python3.11", "site-packages")
        for folder in folders:
            for name in sorted(set(os.listdir(folder)) - NOT_IMPORTED):
                link(os.path.join(folder, name), os.path.join(site, name))
        return os.path.join(top, "bin", "python")


def stamp(folder, title):
    """Sources of two versions never have the same time: compiled code is kept by path, time and size."""
    when = 1_000_000_000 + int(hashlib.sha256(title.encode()).hexdigest()[:7], 16)
    for top, _, names in os.walk(folder):
        for name in names:
            os.utime(os.path.join(top, name), (when, when), follow_symlinks=False)


def link(source, target):
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(source):
            link(os.path.join(source, name), os.path.join(target, name))
        return
    if os.path.lexists(target):
        os.unlink(target)
    os.link(source, target)


def execute(python, module, work):
    """What Python does: {"outcome", "exception", "message", "where"}."""
    home = os.path.join(work, "home")
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)
    out = os.path.join(home, "told.json")
    environment = {"PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8"}
    environment["PYTHONPYCACHEPREFIX"] = os.path.join(work, "compiled")
    try:
        subprocess.run(
            [python, "-c", PROBE, module, out], cwd=home, env=environment, check=False, timeout=900,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with open(out, encoding="utf-8") as stream:
            return json.load(stream)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return {"outcome": "fails", "exception": "(the interpreter died)", "message": "", "where": []}

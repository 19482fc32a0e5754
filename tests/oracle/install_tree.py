"""The merged tree against real pip: awkward wheels, one to three stages, every path compared.

    python3 install_tree.py --driver install_driver [--python PYTHON] [--pip PIP_DIR] [--seed N] [--cases N]

makes N cases from seed N on. A case has a layout (virtual environment, docker-like, Debian, or one
whose purelib and platlib differ), a base with strays, links and maybe distributions, and stages of
`pip install` or `pip uninstall`; pip runs in place (install_zygote.py), install_driver over a copy of
the base. Afterwards path, type, mode and content (of links: target) must be the same. Without --pip
it is the pip that PYTHON has; the test is skipped where there is none.
"""

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIP = 77
NAMES = ["alpha", "Beta.b", "gamma_g", "Delta-D", "ns-one", "ns-two"]
VERSIONS = ["1.0", "1.1", "2.0+cpu"]
MODES = [0o100644] * 8 + [0o100600, 0o100755, 0o100700, 0o100555, 0o100654, 0, 0o644, 0o755, 0o120777, 0o104755]
PYTHONS = ["bin/python3", "bin/python3.11", "my bin/python3", "bin/" + "long" * 40 + "/python"]


def digest(data, algorithm="sha256"):
    return base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).decode().rstrip("=")


class Wheel:
    """A wheel in the making; `random` decides what is odd about it."""

    def __init__(self, rand, name, version, requires):
        self.random, self.name, self.version, self.requires = rand, name, version, requires
        self.file_name = re.sub(r"[-.]", "_", name) if rand.random() < 0.8 else name.replace("-", "_")
        self.info = "%s-%s.dist-info" % (self.file_name, version)
        self.data = "%s-%s.data" % (self.file_name, version)
        self.members = {}
        self.scripts = []
        self.fill()

    def chance(self, probability):
        return self.random.random() < probability

    def content(self):
        kind = self.random.randrange(6)
        if kind == 0:
            return b""
        if kind == 1:
            return b"shared"
        if kind == 2:
            return os.urandom(0) + bytes(self.random.randrange(256) for _ in range(200))
        return ("# %s %s\n" % (self.name, self.random.randrange(1000))).encode() * self.random.randrange(1, 40)

    def add(self, path, content=None, mode=None):
        parts = path.split("/")
        for i in range(1, len(parts)):
            if "/".join(parts[:i]) in self.members:
                return
        if any(known.startswith(path + "/") for known in self.members):
            return
        content = self.content() if content is None else content
        self.members[path] = (content, self.random.choice(MODES) if mode is None else mode)

    def entry_points(self):
        lines, names = [], ["run", "Tool.X", "café", "pip", "easy_install", "pip3.9", "pip3", "a-b_c", "easy_install-2.7"]
        for group in ("console_scripts", "gui_scripts", "other.group"):
            if self.chance(0.4):
                continue
            lines += ["[%s]" % group] + (["# comment", ""] if self.chance(0.3) else [])
            for name in self.random.sample(names, self.random.randrange(1, 4)):
                value = self.random.choice(["pkg:main", "pkg.cli:app.run", "pkg : main", "pkg:main [x]", "pkg:main[x, y]", "pkg:f # no"])
                if " : " in value and group != "other.group":
                    value = "pkg.mod:main"
                lines.append(self.random.choice(["%s = %s", "%s=%s", "  %s  =  %s  "]) % (name, value))
                self.scripts.append(name)
        return self.random.choice(["\n", "\r\n"]).join(lines) + "\n"

    def fill(self):
        pkg = self.file_name.lower()
        spots = [pkg + "/__init__.py", pkg + "/mod.py", pkg + "/sub/deep/x.py", pkg + "/data.bin", "ns/" + pkg + "/m.py", "ns/__init__.py",
                 "common.py", "common/shared.py", "single_%s.py" % pkg, pkg + ".pth", pkg + "/__pycache__/old.cpython-311.pyc",
                 pkg + "/wei,rd \"q\".txt", pkg + "/ünï.py", "zz-%s/only/here.txt" % pkg, "link/inside.py", ".hidden"]  # fmt: skip
        for path in self.random.sample(spots, self.random.randrange(2, 9)):
            self.add(path)
        keys = ["purelib/%s_pure.py" % pkg, "platlib/%s_plat.so" % pkg, "headers/%s.h" % pkg, "headers/sub/h.h", "data/share/doc/%s.txt" % pkg,
                "data/etc/common.conf", "data/bin/%s-data" % pkg, "data/lib64/odd-%s" % pkg, "purelib/common.py", "data/share/man/man1/x.1"]  # fmt: skip
        data = self.data if self.chance(0.9) else "Other-9.data"
        for key in self.random.sample(keys, self.random.choice([0, 0, 1, 2, 4])):
            self.add(data + "/" + key)
        if self.chance(0.5):
            self.add(self.info + "/entry_points.txt", self.entry_points().encode(), 0o100644)
        shebangs = [b"#!python\nprint(1)\n", b"#!python3 -u\nx", b"#!pythonw", b"#!/usr/bin/env python\n", b"\x7fELF\0bin", b"", b"#!python\r\nwin\r\n",
                    b"#!python\n" + b"y" * 70000, b" #!python\n"]  # fmt: skip
        for _ in range(self.random.choice([0, 0, 1, 3])):
            name = self.random.choice(self.scripts + ["script-" + pkg, "script.py", "common-script"])
            name += self.random.choice(["", "", "", ".exe", "-script.py", ".pya", ".sh"])
            self.add(data + "/scripts/" + name, self.random.choice(shebangs))
        for name in ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD.jws", "licenses/LICENSE", "top_level.txt"):
            if self.chance(0.07 if name.isupper() or "url" in name else 0.3):
                self.add(self.info + "/" + name)
        metadata = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (self.name, self.version)
        metadata += "".join("Requires-Dist: %s\n" % name for name in self.requires)
        self.add(self.info + "/METADATA", metadata.encode(), 0o100644)
        pure = self.random.choice(["Root-Is-Purelib: true\n", "Root-Is-Purelib: false\n", "root-is-purelib: TRUE\n", ""])
        self.add(self.info + "/WHEEL", ("Wheel-Version: 1.0\n%sTag: py3-none-any\n" % pure).encode())

    def record(self):
        rows = []
        for path, (content, _) in self.members.items():
            row = [path, "sha256=" + digest(content), str(len(content))]
            odd = self.random.randrange(40)
            if odd == 0:
                continue
            if odd == 1:
                row[1:] = ["", ""]
            if odd == 2:
                row[1] = "sha512=" + digest(content, "sha512")
            if odd == 3:
                row.append("more")
            if odd == 4:
                rows.append(row)
            if odd == 5:
                row[2] = ""
            rows.append(row)
        if self.chance(0.1):
            rows.append([self.file_name.lower() + "/gone.py", "sha256=" + digest(b"gone"), "4"])
        if self.chance(0.05):
            rows.append(["../../../share/elsewhere.txt", "", ""])
        if self.chance(0.1):
            rows.append([self.file_name.lower() + self.random.choice(["/sub/", "/sub/deep/.", "/sub"]), "", ""])
        if self.chance(0.9):
            rows.append([self.info + "/RECORD", "", ""])
        out = io.StringIO()
        csv.writer(out, lineterminator=self.random.choice(["\n", "\r\n"])).writerows(rows)
        return out.getvalue().encode()

    def write(self, folder):
        path = os.path.join(folder, "%s-%s-py3-none-any.whl" % (self.file_name, self.version))
        members = list(self.members.items())
        members.insert(self.random.randrange(len(members) + 1), (self.info + "/RECORD", (self.record(), 0o100644)))
        if self.chance(0.5):
            self.random.shuffle(members)
        stream = Unseekable(path) if self.chance(0.2) else open(path, "wb")
        with stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            folders = set()
            for name, (content, mode) in members:
                parent = os.path.dirname(name)
                if parent and parent not in folders and self.chance(0.2):
                    folders.add(parent)
                    archive.writestr(zipfile.ZipInfo(parent + "/"), b"")
                info = zipfile.ZipInfo(name)
                info.create_system = 3 if self.chance(0.95) else 0
                info.external_attr = mode << 16
                info.compress_type = zipfile.ZIP_DEFLATED if self.chance(0.8) else zipfile.ZIP_STORED
                with archive.open(info, "w", force_zip64=self.chance(0.1)) as member:
                    member.write(content)
            if self.chance(0.2):
                archive.writestr(zipfile.ZipInfo("empty-folder/"), b"")
        return path


class Unseekable(io.RawIOBase):
    """Makes zipfile write data descriptors."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)

    def flush(self):
        if not self.file.closed:
            self.file.flush()

    def close(self):
        self.file.close()
        super().close()


def layouts(root, python):
    """Where a Python at `root` installs, by name of the layout."""
    lib = "lib/python" + python
    return {
        "venv": {"venv": True, "prefix": root, "site": lib + "/site-packages", "headers": "include/site/python" + python},
        "docker": {"venv": False, "prefix": root + "/usr/local", "site": lib + "/site-packages", "headers": "include/python" + python},
        "debian": {"venv": False, "prefix": root + "/usr/local", "site": lib + "/dist-packages", "headers": "../include/python" + python},
        "split": {"venv": False, "prefix": root + "/usr", "site": lib + "/site-packages", "headers": "include/python" + python, "plat": "lib64/p"},
    }


class Case:
    def __init__(self, seed, top, python):
        self.random = random.Random(seed)
        self.root = os.path.join(top, "root")
        self.base = os.path.join(top, "base")
        self.wheelhouse = os.path.join(top, "wheels")
        for folder in (self.root, self.base, self.wheelhouse):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
        self.kind = self.random.choice(["venv", "docker", "debian", "split"])
        made = layouts(self.root, python)[self.kind]
        prefix = made["prefix"]
        self.layout = {
            "venv": made["venv"], "prefix": prefix, "data": prefix, "scripts": prefix + "/bin",
            "purelib": os.path.normpath(prefix + "/" + made["site"]), "platlib": os.path.normpath(prefix + "/" + made.get("plat", made["site"])),
            "headers": os.path.normpath(prefix + "/" + made["headers"]), "python": prefix + "/" + self.random.choice(PYTHONS[:2] * 5 + PYTHONS),
        }  # fmt: skip
        self.make_wheels()

    def chance(self, probability):
        return self.random.random() < probability

    def make_wheels(self):
        self.wheels = {}
        names = self.random.sample(NAMES, self.random.randrange(2, 5))
        for i, name in enumerate(names):
            for version in self.random.sample(VERSIONS, self.random.randrange(1, 3)):
                requires = [names[i + 1]] if i + 1 < len(names) and self.chance(0.3) else []
                wheel = Wheel(self.random, name, version, requires)
                self.wheels[name, version] = (wheel, wheel.write(self.wheelhouse))

    def strays(self):
        """What is in the base that no distribution lists."""
        site = self.layout["purelib"]
        os.makedirs(site, exist_ok=True)
        os.makedirs(self.layout["platlib"], exist_ok=True)
        os.makedirs(self.layout["scripts"], exist_ok=True)
        if self.kind == "venv":
            os.symlink("lib", self.root + "/lib64")
        spots = ["alpha/__pycache__/mod.cpython-311.pyc", "alpha/__pycache__/mod.cpython-39.pyc", "alpha/mod.pyc", "alpha/stray.txt",
                 "common.py", "common/shared.py", "beta_b/__init__.py", "ns/stray", "gamma_g/sub/deep/__pycache__/x.cpython-311.pyc",
                 "alpha/sub/stray", "ns_one/sub/deep/stray", "delta_d/sub/mine/stray", "zz-alpha/only/stray"]  # fmt: skip
        for spot in self.random.sample(spots, self.random.choice([0, 0, 1, 3])):
            write(site + "/" + spot, "stray", self.random.choice([0o644, 0o600, 0o755]))
        if self.chance(0.2):
            os.makedirs(self.root + "/real/place", exist_ok=True)
            os.symlink(os.path.relpath(self.root + "/real/place", site), site + "/link")
        if self.chance(0.2):
            write(self.root + "/real/target.txt", "target", 0o644)
            os.symlink(self.root + "/real/target.txt", self.layout["scripts"] + "/run")
        if self.chance(0.2) and not os.path.lexists(self.layout["prefix"] + "/share"):
            os.makedirs(self.root + "/real/share")
            os.symlink(os.path.relpath(self.root + "/real/share", self.layout["prefix"]), self.layout["prefix"] + "/share")
        if self.chance(0.1):
            os.makedirs(site + "/zz-alpha/only", exist_ok=True)

    def stage(self):
        """Arguments of a pip command."""
        installed = [name for name, _ in self.wheels]
        if self.chance(0.15):
            return ["uninstall", "--yes"] + self.random.sample(sorted(set(installed)), 1)
        arguments = ["install", "--no-compile", "--no-index", "--find-links", self.wheelhouse]
        for flag, probability in (("--force-reinstall", 0.25), ("--ignore-installed", 0.15), ("--upgrade", 0.3), ("--no-deps", 0.4)):
            if self.chance(probability):
                arguments.append(flag)
        chosen = {}
        for name, version in self.random.sample(sorted(self.wheels), min(len(self.wheels), self.random.randrange(1, 4))):
            chosen.setdefault(name, version)
        for name, version in chosen.items():
            path = self.wheels[name, version][1]
            arguments.append(path if self.chance(0.25) else "%s==%s" % (name, version) if self.chance(0.7) else name)
        return arguments


def write(path, text, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(text)
    os.chmod(path, mode)


def describe(path):
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        return ("link", "-", os.readlink(path))
    mode = "%o" % (found.st_mode & 0o7777)
    if stat.S_ISDIR(found.st_mode):
        return ("folder", mode, "-")
    with open(path, "rb") as content:
        return ("file", mode, hashlib.sha256(content.read()).hexdigest())


def walk(root):
    paths = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            paths[path] = describe(path)
    return paths


class Line:
    """A program that answers lines."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Failure(Exception):
    pass


class Driver(Line):
    def command(self, *fields):
        answer = self.ask("\t".join(field if field else "-" for field in fields))
        lines = []
        while answer != "ok\n":
            if not answer or answer.startswith("error "):
                raise Failure(answer.strip() or "the driver died")
            lines.append(answer.rstrip("\n").split("\t"))
            answer = self.process.stdout.readline()
        return lines

    def tree(self, case):
        paths = {}
        for path, kind, mode, content in self.command("list", case.root):
            if "base" in (mode, content):
                paths[path] = describe(case.base + path)
            else:
                paths[path] = (kind, mode, content)
        return paths


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


class Runner:
    def __init__(self, options, pip_dir, top):
        self.zygote = Line(options.python, "-I", "-S", os.path.join(HERE, "install_zygote.py"), pip_dir)
        hello = json.loads(self.zygote.process.stdout.readline())
        self.pip, self.python = hello["pip"], hello["python"]
        self.driver = Driver(options.driver)
        self.top = top

    def run_pip(self, case, arguments):
        """The exit status and what pip printed; self.installed is what it says it installs."""
        log = os.path.join(self.top, "log")
        report = os.path.join(self.top, "report")
        if arguments[0] == "install":
            arguments = arguments + ["--report", report]
        request = {"arguments": arguments, "log": log, "layout": case.layout}
        status = json.loads(self.zygote.ask(json.dumps(request)))["status"]
        with open(log, encoding="utf-8", errors="replace") as text:
            text = text.read()
        self.installed = {}
        if status == 0 and arguments[0] == "install":
            with open(report, encoding="utf-8") as items:
                for item in json.load(items)["install"]:
                    self.installed[canonical(item["metadata"]["name"])] = item
        return status, text

    def direct_url(self, path):
        with open(path, "rb") as content:
            sha256 = hashlib.sha256(content.read()).hexdigest()
        info = {"hash": "sha256=" + sha256, "hashes": {"sha256": sha256}}
        if tuple(map(int, self.pip.split(".")[:2])) < (23, 1):
            info = {}
        return json.dumps({"archive_info": info, "url": "file://" + urllib.parse.quote(path)}, sort_keys=True)

    def replay(self, case, arguments, text):
        """Does with the driver what the log says pip did."""
        found = {canonical(name): version for name, version in re.findall(r"Found existing installation: (\S+) (\S+)", text)}
        if arguments[0] == "uninstall":
            for name, version in found.items():
                self.uninstall(case, name, version)
            return
        order = re.search(r"Installing collected packages: (.*)", text)
        for spelled in order.group(1).split(", ") if order else []:
            name = canonical(spelled)
            if name in found and "--ignore-installed" not in arguments:
                self.uninstall(case, name, found[name])
            self.install(case, self.installed[name], spelled)

    def place(self, case, name, version):
        for folder in dict.fromkeys([case.layout["purelib"], case.layout["platlib"]]):
            for known, there in case.wheels:
                info = case.wheels[known, there][0].info
                if canonical(known) == name and there == version and info in case.infos.get(folder, set()):
                    return folder, info
        raise Failure("%s %s is not known as installed" % (name, version))

    def uninstall(self, case, name, version):
        folder, info = self.place(case, name, version)
        self.driver.command("uninstall", folder, info)
        case.infos[folder].discard(info)

    def wheel_of(self, case, item):
        name, version = canonical(item["metadata"]["name"]), item["metadata"]["version"]
        return next(case.wheels[n, v] for n, v in case.wheels if canonical(n) == name and v == version)

    def note(self, case, wheel):
        pure = b"true" in wheel.members[wheel.info + "/WHEEL"][0].lower()
        case.infos.setdefault(case.layout["purelib" if pure else "platlib"], set()).add(wheel.info)

    def install(self, case, item, name):
        wheel, path = self.wheel_of(case, item)
        url = self.direct_url(path) if item["is_direct"] else None
        self.driver.command("install", path, name, "1" if item["requested"] else "0", url)
        self.note(case, wheel)

    def run(self, seed):
        """Whether the case could be run; a difference is a Failure."""
        case = Case(seed, self.top, self.python)
        case.infos = {}
        case.strays()
        commands, stages = [], [case.stage() for _ in range(case.random.randrange(1, 4))]
        before = case.chance(0.3)
        if not before:
            self.snapshot(case)
        self.begin(case)
        for i, arguments in enumerate(stages):
            status, text = self.run_pip(case, arguments)
            commands.append("pip " + " ".join(arguments) + "\n" + text)
            if status != 0:
                self.expect_refusal(text)
                return False
            if before and i == 0:
                self.remember(case, arguments)
                self.snapshot(case)
                self.begin(case)
                continue
            try:
                self.replay(case, arguments, text)
            except Failure as failure:
                raise Failure("%s\n%s" % (failure, "\n".join(commands))) from None
        self.compare(case, "\n".join(commands))
        return True

    def expect_refusal(self, text):
        """Where pip fails there is nothing to compare; it has to be for a reason that cases are made for."""
        known = ("Could not find a version", "No matching distribution", "conflict", "Not a directory", "Is a directory", "File exists",
                 "ResolutionImpossible", "not installed", "IsADirectoryError", "NotADirectoryError", "FileExistsError", "no RECORD file", "RECORD file not found",
                 "Invalid script entry point", "does not match", "Directory not empty", "No such file or directory")  # fmt: skip
        if not any(word in text for word in known):
            raise Failure("pip failed:\n" + text)

    def remember(self, case, arguments):
        """What the first command installed belongs to the base."""
        if arguments[0] == "uninstall":
            return
        for item in self.installed.values():
            self.note(case, self.wheel_of(case, item)[0])

    def snapshot(self, case):
        target = case.base + case.root
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copytree(case.root, target, symlinks=True)

    def begin(self, case):
        layout = case.layout
        self.driver.command("begin", case.base, "venv" if layout["venv"] else "posix", layout["prefix"], layout["purelib"], layout["platlib"],
                            layout["scripts"], layout["headers"], layout["python"], "cpython-" + self.python.replace(".", ""), self.python, self.pip)  # fmt: skip

    def compare(self, case, commands):
        real, ours = walk(case.root), self.driver.tree(case)
        wrong = []
        for path in sorted(set(real) | set(ours)):
            if real.get(path) != ours.get(path):
                wrong.append("%s\n    pip:  %s\n    ours: %s" % (path, real.get(path), ours.get(path)))
        if wrong:
            raise Failure("%s layout\n%s\n%s" % (case.kind, commands, "\n".join(wrong[:20])))

    def close(self):
        self.zygote.close()
        self.driver.close()


def find_pip(top, python):
    """pip's package, as that Python has it, without its dist-info."""
    command = [python, "-c", "import os, pip; print(os.path.dirname(pip.__file__))"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return None
    target = os.path.join(top, "pip")
    os.makedirs(target)
    os.symlink(found.stdout.strip(), os.path.join(target, "pip"))
    return target


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--python", default=os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable), help="whose pip it is")
    parser.add_argument("--pip", help="folder that holds another pip")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--keep", action="store_true", help="leave the folder of the last case")
    options = parser.parse_args()
    os.umask(0o022)
    top = os.path.realpath(tempfile.mkdtemp(prefix="install-tree."))
    try:
        pip_dir = options.pip or find_pip(top, options.python)
        if not pip_dir:
            print("skipped: %s has no pip" % options.python)
            sys.exit(SKIP)
        runner = Runner(options, pip_dir, top)
        ran = wrong = 0
        for seed in range(options.seed, options.seed + options.cases):
            try:
                ran += runner.run(seed)
            except Failure as failure:
                wrong += 1
                print("seed %d: %s" % (seed, failure))
        runner.close()
        print("pip %s: %d cases, %d compared, %d differ" % (runner.pip, options.cases, ran, wrong))
        sys.exit(1 if wrong or ran < options.cases // 2 else 0)
    finally:
        if options.keep:
            print(top)
        else:
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Imports foretold by `ramekin check`, then really made on a machine without a GPU.

    python3 import_truth.py [--ramekin PROGRAM] [--python PYTHON] [--table FILE] [--work DIR]
        [--case PATTERN]... [--list] [--json FILE]

The table (import_truth.ini) names cases: distributions with their exact versions, and modules to import.
For every case a recipe of one stage that installs just these is checked first. Then pip puts each wheel
into a folder of its own (once for all cases), a virtual environment gets hard links to the case's, and a
fresh interpreter imports each module. No expected outcome is written down anywhere: what Python does is
what is compared with.

A module's line says what was foretold and what happened; where both fail, whether it is the same
exception in the same line. Wrong is a module that was foretold to work and fails, or the reverse; what
check called unknown is counted apart, as are cases of which the table says why the wheels' files do not
tell (`beyond`). Ends with 1 if anything is wrong, with 77 where the index cannot be reached, no Python
3.11 is there or a driver is installed.
"""

import argparse
import configparser
import fnmatch
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "..", "..", "build")
SKIP = 77
GIGABYTES = 15
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


class Skip(Exception):
    pass


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def read_table(path):
    """Case name → {"install": [pin], "force": [pin], "import": [module]}; sets are unfolded."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str
    with open(path, encoding="utf-8") as stream:
        parser.read_file(stream)
    sets = {
        name.split(None, 1)[1]: parser[name]["install"].split()
        for name in parser.sections()
        if name.startswith("set ")
    }
    cases = {}
    for name in parser.sections():
        kind, _, title = name.partition(" ")
        section = parser[name]
        if kind == "case":
            cases[title] = unfold(section, sets, {})
        elif kind == "matrix":
            for row in rows(section):
                shown = " ".join("%s %s" % pair for pair in row.items())
                cases[shown] = unfold(section, sets, row)
    return cases


def rows(section):
    """Every combination of a matrix: {distribution: version, or "none"}."""
    found = [{}]
    for axis in section["axes"].split():
        found = [dict(row, **{axis: version}) for row in found for version in section[axis].split()]
    return found


def unfold(section, sets, row):
    pins = {}
    for name in section.get("uses", "").split():
        add(pins, sets[name])
    for axis, version in row.items():
        if version == "none":
            pins.pop(axis, None)
        else:
            add(pins, sets.get("%s-%s" % (axis, version), ["%s==%s" % (axis, version)]))
    add(pins, section.get("install", "").split())
    for axis, version in row.items():  # a set may bring its own
        if version != "none":
            pins[axis] = version
        else:
            pins.pop(axis, None)
    add(pins, section.get("force", "").split())
    return {"pins": pins, "import": section["import"].split(), "beyond": section.get("beyond")}


def add(pins, items):
    for item in items:
        name, version = item.split("==")
        pins[canonical(name)] = version


class Trees:
    """Site-packages folders made of wheels that pip unpacked once."""

    def __init__(self, python, work):
        self.python, self.work = python, work
        self.pip = os.path.join(work, "pip", "bin", "python")

    def prepare(self):
        if not os.path.exists(self.pip):
            subprocess.run([self.python, "-m", "venv", os.path.join(self.work, "pip")], check=True)
        done = subprocess.run(
            [self.pip, "-m", "pip", "install", "-q", "-r", os.path.join(HERE, "requirements.txt")],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise Skip("the package index cannot be reached")

    def unit(self, name, version):
        """The folder that holds one wheel, as pip installs it."""
        folder = os.path.join(self.work, "units", "%s-%s" % (name, version))
        if os.path.isdir(folder):
            return folder
        part = folder + ".part"
        shutil.rmtree(part, ignore_errors=True)
        command = [self.pip, "-m", "pip", "install", "-q", "--no-cache-dir", "--no-deps", "--no-compile"]
        command += ["--only-binary", ":all:", "--target", part, "%s==%s" % (name, version)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError("pip: " + " ".join(done.stderr.strip().splitlines()[-1:]))
        os.rename(part, folder)
        return folder

    def make(self, pins):
        """A virtual environment with these and nothing else."""
        folders = [self.unit(name, version) for name, version in sorted(pins.items())]
        top = os.path.join(self.work, "tree")
        shutil.rmtree(top, ignore_errors=True)
        subprocess.run([self.python, "-m", "venv", "--without-pip", top], check=True)
        site = os.path.join(top, "lib", "python3.11", "site-packages")
        for folder in folders:
            for name in sorted(set(os.listdir(folder)) - NOT_IMPORTED):
                link(os.path.join(folder, name), os.path.join(site, name))
        return os.path.join(top, "bin", "python")


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
    environment = {"PATH": "/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        subprocess.run(
            [python, "-c", PROBE, module, out], cwd=home, env=environment, check=False, timeout=600,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with open(out, encoding="utf-8") as stream:
            return json.load(stream)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        return {"outcome": "fails", "exception": "(the interpreter died)", "message": "", "where": []}


def write_recipe(path, pins, modules):
    recipe = {
        "version": 1,
        "name": "truth",
        "base": "python:3.11-slim-bookworm",
        "python": "3.11",
        "libc": "glibc " + platform.libc_ver()[1],
        "stages": [{"pip": {"install": ["%s==%s" % pin for pin in sorted(pins.items())], "no_deps": True}}],
        "checks": {"build": [{"import": [module]} for module in modules]},
    }
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(recipe, stream, indent=1)


def foretell(ramekin, pins, modules, work):
    """What check says of each module: {module: {"outcome", "message", "where"}}."""
    folder = os.path.join(work, "recipe")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "ramekin.yaml")
    write_recipe(path, pins, modules)
    command = [ramekin, "check", "--format", "json", "--fail-on", "never", "--progress", "none", path]
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), NO_COLOR="1")
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError("check ended with %d: %s" % (done.returncode, done.stderr.strip()[:600])) from None
    return read_verdicts(document, modules)


RESULTS = {"holds": "works", "moved": "fails", "fails": "fails", "unknown": "unknown"}
PLACE = re.compile(r"([\w./+-]+\.py):(\d+)")


def findings_of(document):
    """All findings of a document of check that nothing acknowledges or ignores."""
    found = [finding for target in document["targets"] for finding in target["findings"]]
    return [f for f in found if not f.get("acknowledged") and not f.get("ignored")]


def read_verdicts(document, modules):
    """{module: {"outcome", "message", "where"}}; `where` is the last line of Python that is named."""
    told = {module: {"outcome": "unknown", "message": "check says nothing of it"} for module in modules}
    for target in document["targets"]:
        for item in target["checks"]:
            if item["kind"] == "import" and item["item"] in told:
                told[item["item"]] = {"outcome": RESULTS[item["result"]], "message": item.get("reason") or ""}
                told[item["item"]]["where"] = place(item, target["findings"])
    return told


def place(item, findings):
    for finding in findings:
        lines = [line for line in finding.get("evidence") or [] if PLACE.search(line)]
        if finding.get("at") == item.get("at") and lines:
            return ":".join(PLACE.findall(lines[-1])[-1])
    found = PLACE.findall(item.get("reason") or "")
    return ":".join(found[-1]) if found else None


class Tally:
    def __init__(self):
        self.counts = dict.fromkeys(("right", "wrong", "beyond", "unknown"), 0)
        self.lines = [0, 0]  # both fail: in the same line, in another
        self.rows = []

    def add(self, case, module, told, done, beyond=None):
        if told["outcome"] == "unknown":
            verdict = "unknown"
        else:
            verdict = "right" if told["outcome"] == done["outcome"] else "beyond" if beyond else "wrong"
        self.counts[verdict] += 1
        same = None
        if told["outcome"] == done["outcome"] == "fails":
            same = told.get("where") in ["%s:%d" % tuple(frame) for frame in done["where"]]
            self.lines[0 if same else 1] += 1
        self.rows.append(dict(case=case, module=module, told=told, done=done, verdict=verdict, same_line=same))
        self.show(self.rows[-1])

    def show(self, row):
        mark = {"right": "  ", "wrong": "! ", "beyond": "~ ", "unknown": "? "}[row["verdict"]]
        print("%s%-48s %-28s %-8s %s" % (
            mark, row["case"], row["module"], row["told"]["outcome"], in_words(row["done"])), flush=True)  # fmt: skip
        if row["verdict"] != "right" or row["same_line"] is False:
            print("    foretold: %s" % in_words(row["told"]), flush=True)

    def end(self):
        print("%(right)d right, %(wrong)d wrong, %(beyond)d beyond what files tell, %(unknown)d unknown" % self.counts, end="")
        print("; of the failures %d in the foretold line, %d in another" % tuple(self.lines))
        return 1 if self.counts["wrong"] else 0


def in_words(told):
    if told["outcome"] == "works":
        return "works"
    where = told.get("where")
    if isinstance(where, list):
        where = "%s:%d" % tuple(where[-1]) if where else None
    words = "%s: %s" % (told.get("exception") or told["outcome"], told.get("message") or "")
    return words + (" (%s)" % where if where else "")


def compare(options, cases, work):
    tally, trees = Tally(), Trees(options.python, work)
    trees.prepare()
    for name, case in cases.items():
        try:
            told = foretell(options.ramekin, case["pins"], case["import"], work)
            python = trees.make(case["pins"])
        except RuntimeError as error:
            print("! %s: %s" % (name, error), flush=True)
            tally.counts["wrong"] += 1
            continue
        for module in case["import"]:
            tally.add(name, module, told[module], execute(python, module, work), case["beyond"])
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(tally.rows, stream, indent=1)
    return tally.end()


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


def check_machine(folder):
    if platform.machine() != "x86_64":
        raise Skip("the wheels of the table are for x86_64")
    if os.path.exists("/proc/driver/nvidia"):
        raise Skip("a driver is installed here: imports would not be those of a build")
    if shutil.disk_usage(folder).free < GIGABYTES * 1e9:
        raise Skip("less than %d GB of disk are free" % GIGABYTES)


def main():
    parser = argparse.ArgumentParser(description="Imports foretold by ramekin check, then really made.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--python")
    parser.add_argument("--table", default=os.path.join(HERE, "import_truth.ini"))
    parser.add_argument("--work", help="keep wheels and caches here for the next run")
    parser.add_argument("--case", action="append", metavar="PATTERN", help="these cases alone")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--json", metavar="FILE", help="the table as JSON too")
    options = parser.parse_args()
    cases = read_table(options.table)
    if options.case:
        cases = {n: c for n, c in cases.items() if any(fnmatch.fnmatch(n, p) for p in options.case)}
    if options.list:
        print("\n".join(cases))
        return 0
    try:
        options.python = options.python or find_python()
        if options.work:
            os.makedirs(options.work, exist_ok=True)
            check_machine(options.work)
            return compare(options, cases, os.path.abspath(options.work))
        check_machine(tempfile.gettempdir())
        with tempfile.TemporaryDirectory() as work:
            return compare(options, cases, work)
    except Skip as reason:
        print(reason)
        return SKIP


if __name__ == "__main__":
    sys.exit(main())

"""Imports foretold by `ramekin check`, then really made on a machine without a GPU.

    python3 import_truth.py [--ramekin PROGRAM] [--python PYTHON] [--table FILE] [--work DIR]
        [--case PATTERN]... [--part N/M] [--again] [--disk GB] [--list] [--json FILE]

The table (import_truth.ini) names cases: distributions with their exact versions, and modules to import.
For every case a recipe of one stage that installs just these is checked first, over a base that is this
machine: its Python with nothing installed, and the libraries that its loader finds. Then pip puts each
wheel into a folder of its own (once for all cases), a virtual environment gets hard links to the case's,
and a fresh interpreter imports each module. No expected outcome is written down anywhere: what Python does
is what is compared with.

With --work (or $RAMEKIN_TRUTH_WORK) wheels, caches and what Python did are kept, so that a run that was cut
short goes on where it was, and one after a change of check takes only as long as check does; --again makes
the imports anew. Parts of one table run side by side in work folders of their own. Wheels take at most
--disk gigabytes.

A module's line says what was foretold and what happened; where both fail, whether it is the same
exception in the same line. Wrong is a module that was foretold to work and fails, or the reverse; what
check called unknown is counted apart, as are cases of which the table says why the wheels' files do not
tell (`beyond`), which has to be needed. Ends with 1 if anything is wrong or could not be run, with 77 where
the index cannot be reached, no Python 3.11 is there or a driver is installed.
"""

import argparse
import configparser
import fnmatch
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from truth_machine import BUILD, HERE, SKIP, Skip, Trees, check_machine, execute, find_python, make_base

VERDICTS = ("right", "wrong", "beyond", "unknown")


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
    case = {"pins": pins, "import": section["import"].split(), "beyond": section.get("beyond")}
    return dict(case, deep=section.getboolean("deep", False))


def add(pins, items):
    for item in items:
        name, version = item.split("==")
        pins[canonical(name)] = version


def write_recipe(path, base, pins, modules):
    recipe = {
        "version": 1,
        "name": "truth",
        "base": base,
        "python": "3.11",
        "stages": [{"pip": {"install": ["%s==%s" % pin for pin in sorted(pins.items())], "no_deps": True}}],
        "checks": {"build": [{"import": [module]} for module in modules]},
    }
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(recipe, stream, indent=1)


def foretell(options, case, work):
    """What check says of each module: {module: {"outcome", "message", "where"}}."""
    folder = os.path.join(work, "recipe")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "ramekin.yaml")
    write_recipe(path, options.base, case["pins"], case["import"])
    command = [options.ramekin, "check", "--format", "json", "--fail-on", "never", "--progress", "none"]
    command += ["--deep"] if case["deep"] else []
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), NO_COLOR="1")
    done = subprocess.run([*command, path], check=False, capture_output=True, text=True, env=environment)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError("check ended with %d: %s" % (done.returncode, done.stderr.strip()[:600])) from None
    return read_verdicts(document, case["import"])


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
        self.rows = []
        self.not_run = self.needless = 0

    def add(self, case, module, told, done, beyond=None):
        if told["outcome"] == "unknown":
            verdict = "unknown"
        else:
            verdict = "right" if told["outcome"] == done["outcome"] else "beyond" if beyond else "wrong"
        same = None
        if told["outcome"] == done["outcome"] == "fails":
            same = told.get("where") in ["%s:%d" % tuple(frame) for frame in done["where"]]
        self.rows.append(dict(case=case, module=module, told=told, done=done, verdict=verdict, same_line=same))
        self.show(self.rows[-1], beyond)

    def show(self, row, beyond):
        mark = {"right": "  ", "wrong": "! ", "beyond": "~ ", "unknown": "? "}[row["verdict"]]
        print("%s%-48s %-28s %-8s %s" % (
            mark, row["case"], row["module"], row["told"]["outcome"], in_words(row["done"])), flush=True)  # fmt: skip
        if row["verdict"] != "right" or row["same_line"] is False:
            print("    foretold: %s" % in_words(row["told"]), flush=True)
        if row["verdict"] == "beyond":
            print("    because: %s" % beyond, flush=True)

    def close_case(self, name, case):
        """An explanation that explains nothing is out of date."""
        own = [row for row in self.rows if row["case"] == name]
        if case["beyond"] and not any(row["verdict"] in ("beyond", "unknown") for row in own):
            print("! %s: the table explains what is foretold rightly: %s" % (name, case["beyond"]), flush=True)
            self.needless += 1

    def fail_case(self, name, error):
        print("! %s: %s" % (name, error), flush=True)
        self.not_run += 1

    def count(self, **wanted):
        return sum(all(row[key] == value for key, value in wanted.items()) for row in self.rows)

    def end(self):
        """The agreement table; 0 if nothing is wrong and all was run."""
        print("\n%-24s %8s %8s" % ("", "works", "fails"))
        for told in ("works", "fails", "unknown"):
            own = [row for row in self.rows if row["told"]["outcome"] == told]
            done = [sum(row["done"]["outcome"] == outcome for row in own) for outcome in ("works", "fails")]
            print("foretold: %-14s %8d %8d" % (told, *done))
        print(", ".join("%d %s" % (self.count(verdict=verdict), verdict) for verdict in VERDICTS), end="")
        print(" of %d imports in %d cases" % (len(self.rows), len({row["case"] for row in self.rows})), end="")
        print("; of the failures that were foretold %d in the very line, %d in another" % (
            self.count(same_line=True), self.count(same_line=False)))  # fmt: skip
        if self.not_run or self.needless:
            print("%d cases could not be run, %d explanations are out of date" % (self.not_run, self.needless))
        return 1 if self.count(verdict="wrong") or self.not_run or self.needless else 0


def in_words(told):
    if told["outcome"] == "works":
        return "works"
    where = told.get("where")
    if isinstance(where, list):
        where = "%s:%d" % tuple(where[-1]) if where else None
    words = "%s: %s" % (told.get("exception") or told["outcome"], told.get("message") or "")
    return words + (" (%s)" % where if where else "")


def outcome_file(options, case, work):
    """What Python did with the same wheels and modules is kept here."""
    asked = json.dumps([sorted(case["pins"].items()), case["import"], os.path.realpath(options.python)])
    return os.path.join(work, "done", hashlib.sha256(asked.encode()).hexdigest()[:24] + ".json")


def really(options, case, trees, work):
    """What Python does with each module, now or in an earlier run."""
    path = outcome_file(options, case, work)
    if os.path.exists(path) and not options.again:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    python = trees.make(case["pins"])
    done = {module: execute(python, module, work) for module in case["import"]}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w", encoding="utf-8") as stream:
        json.dump(done, stream)
    os.rename(path + ".part", path)
    return done


def compare(options, cases, work):
    tally, trees = Tally(), Trees(options.python, work, options.disk)
    trees.prepare()
    options.base = make_base(options.python, work)
    for name, case in cases.items():
        began = time.monotonic()
        try:
            told = foretell(options, case, work)
            spent = time.monotonic() - began
            done = really(options, case, trees, work)
        except RuntimeError as error:
            tally.fail_case(name, error)
            continue
        for module in case["import"]:
            tally.add(name, module, told[module], done[module], case["beyond"])
            tally.rows[-1]["seconds"] = round(spent, 1)
        tally.close_case(name, case)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(tally.rows, stream, indent=1)
    return tally.end()


def pick(options, cases):
    if options.case:
        cases = {n: c for n, c in cases.items() if any(fnmatch.fnmatch(n, p) for p in options.case)}
    if options.part:
        part, parts = map(int, options.part.split("/"))
        size = -(-len(cases) // parts)  # neighbours share wheels
        cases = dict(list(cases.items())[(part - 1) * size : part * size])
    return cases


def main():
    parser = argparse.ArgumentParser(description="Imports foretold by ramekin check, then really made.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--python")
    parser.add_argument("--table", default=os.path.join(HERE, "import_truth.ini"))
    parser.add_argument("--work", default=os.environ.get("RAMEKIN_TRUTH_WORK"), help="keep all here for the next run")
    parser.add_argument("--case", action="append", metavar="PATTERN", help="these cases alone")
    parser.add_argument("--part", metavar="N/M", help="the Nth of M parts of the cases")
    parser.add_argument("--again", action="store_true", help="make imports that an earlier run made")
    parser.add_argument("--disk", type=float, default=14, metavar="GB", help="what unpacked wheels may take")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--json", metavar="FILE", help="the table as JSON too")
    options = parser.parse_args()
    cases = pick(options, read_table(options.table))
    if options.list:
        print("\n".join(cases))
        return 0
    try:
        options.python = options.python or find_python()
        with tempfile.TemporaryDirectory() as scratch:
            work = os.path.abspath(options.work or scratch)
            os.makedirs(work, exist_ok=True)
            check_machine(work, options.disk)
            return compare(options, cases, work)
    except Skip as reason:
        print(reason)
        return SKIP


if __name__ == "__main__":
    sys.exit(main())

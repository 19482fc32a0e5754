"""What is said of stages that cannot be satisfied, checked by solving again.

    python3 conflicts_oracle.py DRIVER [--seed N] [--conflicts N] [--show]

Begins with one on which pip fails although there is a solution (pip_oracle.FIXED), and makes random small
universes from seed N on (as pip_oracle.py does) and stages of several requirements and constraints,
until N of them conflict. Of each conflict it is checked with resolve_driver, which is told nothing but
the lines:

- the lines that are named conflict without the others, and without any one of them they do not;
- the same of what earlier stages installed and is named beside the lines: without it means with any version
  of it that there is, and all that is not named is left out;
- each way out holds when it is applied: to all lines, or, where another conflict remains, to those
  that are named; and it gives the version that it promises;
- where a solution is said to exist that pip does not find, the pin that is named finds it.
"""

import argparse
import json
import random
import subprocess
import sys

from pip_oracle import FIXED, Maker, canonical

KEYS = {"r": "install", "c": "constraints"}


class Driver:
    def __init__(self, program):
        self.process = subprocess.Popen(
            [program, "--ways"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, case):
        """The last stage's outcome: a dict for a conflict, a list of what is installed, or a word."""
        self.process.stdin.write(json.dumps(case, separators=(",", ":")) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer[-1], len(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def make_case(seed):
    """One stage, or one after another that succeeds most of the time."""
    if seed % 2 == 0:
        return make_apart(seed)
    maker = Maker(seed)
    maker.with_sdists = False
    universe = maker.universe()
    indexes = ["simple", "other"] if maker.two else ["simple"]
    stages = []
    for count in maker.random.choice([[5], [4], [1, 4], [6]]):
        asked = maker.random.choice([indexes, indexes[-1:]]) if stages else indexes
        stage = {"indexes": asked, "install": [maker.requirement(exact=0.2) for _ in range(count)]}
        stage["constraints"] = [
            maker.requirement(extras=0) for _ in range(maker.random.choice([0, 1, 2, 3]) if count > 1 else 0)
        ]
        stages.append(stage)
    return {"universe": universe, "python": "3.11.2", "libc": "glibc 2.36", "stages": stages}


def make_apart(seed):
    """Two stages that ask an index each: what the second one installs requires what the first one did, of which
    its own index has little."""
    chance = random.Random(seed)
    below, above = ["base-%d" % i for i in range(3)], ["user-%d" % i for i in range(4)]
    versions = ["1.0", "2.0", "3.0"]

    def clause(names):
        return chance.choice(names) + chance.choice(["", "==%s", ">=%s", "<%s", "!=%s"]).replace("%s", chance.choice(versions))

    projects = {}
    for name in below + above:
        projects[name] = []
        for version in versions:
            lower = below[: below.index(name)] if name in below else below * 2 + above[: above.index(name)]
            release = {"version": version, "index": "other" if name in above else "simple"}
            release["requires"] = [clause(lower) for _ in range(chance.choice([0, 1, 2])) if lower]
            if name in below and chance.random() < 0.15:
                release["index"] = ["simple", "other"]
            projects[name].append(release)
    first = ["%s==%s" % (name, chance.choice(versions)) for name in chance.sample(below, 2)]
    last = [clause(above + above + below) for _ in range(chance.choice([2, 3, 4]))]
    stages = [
        {"indexes": ["simple"], "install": first, "constraints": []},
        {"indexes": ["other"], "install": last, "constraints": [clause(above) for _ in range(chance.choice([0, 0, 1]))]},
    ]
    universe = {"indexes": {"simple": {}, "other": {}}, "projects": projects}
    return {"universe": universe, "python": "3.11.2", "libc": "glibc 2.36", "stages": stages}


def with_lines(case, keep):
    """The case with these lines of its last stage: {("r", 0): text, ...}."""
    stage = dict(case["stages"][-1])
    for letter, key in KEYS.items():
        stage[key] = [keep[line] for line in sorted(keep) if line[0] == letter]
    return dict(case, stages=case["stages"][:-1] + [stage])


def all_lines(case):
    stage = case["stages"][-1]
    return {(letter, i): text for letter, key in KEYS.items() for i, text in enumerate(stage.get(key, []))}


def everywhere(universe, names):
    """The universe in which all indexes have every version of these projects."""
    projects = {
        project: [dict(release, index=["simple", "other"]) if canonical(project) in names else release for release in releases]
        for project, releases in universe["projects"].items()
    }
    return dict(universe, projects=projects)


def line_of(text):
    return text[0], int(text[1:])


class Check:
    """One conflict; `bad` says what does not hold."""

    def __init__(self, driver, case, conflict):
        self.driver = driver
        self.case = case
        self.conflict = conflict
        self.lines = all_lines(case)
        self.named = {line_of(text): self.lines[line_of(text)] for text in conflict["lines"]}
        self.bad = []
        # what is installed before the last stage
        self.before = driver.ask(dict(case, stages=case["stages"][:-1]))[0] if len(case["stages"]) > 1 else []

    def solve(self, lines):
        if not any(letter == "r" for letter, _ in lines):
            return []
        stages = len(self.case["stages"])
        answer, reached = self.driver.ask(with_lines(self.case, lines))
        return answer if isinstance(answer, list) or reached >= stages else "early"

    def solve_after(self, line):
        """All lines, when another version was installed just before."""
        before = {"indexes": ["simple", "other"], "install": [line], "no_deps": True}
        stages = self.case["stages"]
        answer, reached = self.driver.ask(dict(self.case, stages=stages[:-1] + [before, stages[-1]]))
        return answer if reached > len(stages) else "early"

    def check_set(self):
        if not isinstance(self.solve(self.named), dict):
            self.bad.append("the named lines do not conflict alone")
        for line in self.named:
            fewer = {key: text for key, text in self.named.items() if key != line}
            if isinstance(self.solve(fewer), dict):
                self.bad.append("without %s the named lines still conflict" % self.lines[line])

    def solve_relaxed(self, held):
        """The named lines, over these of the installed distributions alone; of the others every version that
        there is can be had. What holds them is that the stage does not ask the index that has others."""
        installed = dict(text.split("==") for text in self.before)
        stages = self.case["stages"]
        asked = stages[-1]["indexes"]
        for project, releases in self.case["universe"]["projects"].items():
            # nothing holds what was installed from an index that is asked
            version = installed.get(canonical(project))
            where = [release.get("index", "simple") for release in releases if release["version"] == version]
            origin = "simple" if any(index == "simple" or "simple" in index for index in where) else "other"
            if origin in asked:
                held = held + [canonical(project)]
        lines = ["%s==%s" % (name, version) for name, version in installed.items() if name in held]
        first = {"indexes": ["simple", "other"], "install": lines, "no_deps": True}
        last = with_lines(self.case, self.named)["stages"][-1]
        universe = everywhere(self.case["universe"], [name for name in installed if name not in held])
        case = dict(self.case, universe=universe, stages=([first] if lines else []) + [last])
        answer, reached = self.driver.ask(case)
        return answer if reached >= len(case["stages"]) else "early"

    def check_inherited(self):
        named = self.conflict["inherited"]
        if not isinstance(self.solve_relaxed(named), dict):
            self.bad.append("the named lines and installed distributions do not conflict alone")
        for name in named:
            if isinstance(self.solve_relaxed([other for other in named if other != name]), dict):
                self.bad.append("with other versions of %s the named lines still conflict" % name)

    def check_way(self, way):
        lines = dict(self.named if way["partial"] else self.lines)
        if way["kind"] == "drop":
            del lines[line_of(way["line"])]
        elif way["kind"] == "change":
            marker = lines[line_of(way["line"])].partition(";")
            lines[line_of(way["line"])] = way["text"] + "".join(marker[1:])
        elif way["kind"] == "add":
            lines["c", 1000] = way["text"]
        answer = self.solve(lines) if way["kind"] != "other" else self.solve_after(way["text"])
        if not isinstance(answer, list):
            self.bad.append("the way out %s does not hold" % way)
        elif way["gives"] and way["gives"].replace(" ", "==") not in answer:
            self.bad.append("the way out %s gives another version" % way)

    def run(self):
        if self.named:
            self.check_set()
        if self.named and len(self.case["stages"]) > 1:
            self.check_inherited()
        for way in self.conflict["ways"]:
            self.check_way(way)
        if self.conflict["solvable"] and not self.conflict["ways"]:
            self.bad.append("no pin finds the solution that is said to exist")


def show(seed, check):
    print("seed %d: %s" % (seed, json.dumps(check.conflict)))
    for name, releases in check.case["universe"]["projects"].items():
        for release in releases:
            print("   ", name, json.dumps(release))
    for stage in check.case["stages"]:
        print("  stage", json.dumps(stage))
    for text in check.bad:
        print("  WRONG:", text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conflicts", type=int, default=50)
    parser.add_argument("--show", action="store_true", help="show conflicts of which all holds too")
    options = parser.parse_args()
    driver = Driver(options.driver)
    counts = {"conflicts": 0, "wrong": 0, "ways": 0, "without": 0, "stopped": 0, "beyond": 0, "staged": 0, "inherited": 0}
    seed = options.seed
    beyond = dict(FIXED[0], python="3.11.2", libc="glibc 2.36")
    while counts["conflicts"] < options.conflicts:
        case = make_case(seed) if counts["conflicts"] else beyond
        answer, reached = driver.ask(case)
        if isinstance(answer, dict) and reached >= len(case["stages"]) and (answer["lines"] or answer["solvable"]):
            check = Check(driver, case, answer)
            check.run()
            counts["conflicts"] += 1
            counts["wrong"] += bool(check.bad)
            counts["ways"] += len(answer["ways"])
            counts["without"] += not answer["ways"]
            counts["stopped"] += answer["stopped"]
            counts["beyond"] += answer["solvable"]
            counts["staged"] += len(case["stages"]) > 1
            counts["inherited"] += bool(answer["inherited"])
            if check.bad or options.show:
                show(seed, check)
        seed += 1
    driver.close()
    print("%(conflicts)d conflicts, %(staged)d of them after another stage (%(inherited)d need what it installed), with %(ways)d ways out; %(without)d "
          "have none, %(stopped)d were stopped, in %(beyond)d pip finds no solution though there is one; "
          "%(wrong)d wrong" % counts)  # fmt: skip
    return 1 if counts["wrong"] or not counts["beyond"] or not counts["inherited"] else 0


if __name__ == "__main__":
    sys.exit(main())

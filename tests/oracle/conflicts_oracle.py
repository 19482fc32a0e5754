"""What is said of stages that cannot be satisfied, checked by solving again.

    python3 conflicts_oracle.py DRIVER [--seed N] [--conflicts N] [--show]

Begins with one on which pip fails although there is a solution (pip_oracle.FIXED), and makes random small
universes from seed N on (as pip_oracle.py does) and stages of several requirements and constraints,
until N of them conflict. Of each conflict it is checked with resolve_driver, which is told nothing but
the lines:

- the lines that are named conflict without the others, and without any one of them they do not;
- each way out holds when it is applied: to all lines, or, where another conflict remains, to those
  that are named; and it gives the version that it promises;
- where a solution is said to exist that pip does not find, the pin that is named finds it.
"""

import argparse
import json
import subprocess
import sys

from pip_oracle import FIXED, Maker

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


def with_lines(case, keep):
    """The case with these lines of its last stage: {("r", 0): text, ...}."""
    stage = dict(case["stages"][-1])
    for letter, key in KEYS.items():
        stage[key] = [keep[line] for line in sorted(keep) if line[0] == letter]
    return dict(case, stages=case["stages"][:-1] + [stage])


def all_lines(case):
    stage = case["stages"][-1]
    return {(letter, i): text for letter, key in KEYS.items() for i, text in enumerate(stage.get(key, []))}


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
    counts = {"conflicts": 0, "wrong": 0, "ways": 0, "without": 0, "stopped": 0, "beyond": 0, "staged": 0}
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
            if check.bad or options.show:
                show(seed, check)
        seed += 1
    driver.close()
    print("%(conflicts)d conflicts, %(staged)d of them after another stage, with %(ways)d ways out; %(without)d "
          "have none, %(stopped)d were stopped, in %(beyond)d pip finds no solution though there is one; "
          "%(wrong)d wrong" % counts)  # fmt: skip
    return 1 if counts["wrong"] or not counts["beyond"] else 0


if __name__ == "__main__":
    sys.exit(main())

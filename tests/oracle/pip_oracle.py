"""The resolver against real pip: random small universes, stages of `pip install`, compared after each.

    python3 pip_oracle.py --python PYTHON --pip PIP_DIR --driver resolve_driver [--seed N] [--cases N]

makes N cases from seed N on, behind those of FIXED, runs each stage with the pip of PIP_DIR (an unpacked wheel without its
dist-info, or a site-packages folder of the release that requirements.txt pins) against a loopback
index and with resolve_driver in memory, and compares actions, their order, the files taken and the
environment. Without --pip it is installed into a throw-away folder from the machine's index, and the
test is skipped where there is none. --record FILE writes cases on which both agree, with the answer,
as one JSON object a line: `resolve_driver --check` replays them without pip.

A case: {"universe": see ../server/universe.py, "digests", "python", "libc", "stages": [STAGE, ...]}.
A STAGE: {"install": [requirement, ...], "requirements": [line, ...], "constraints": [line, ...],
"indexes": [name, ...], and flags: no_deps, force_reinstall, ignore_installed, upgrade, eager, pre,
prefer_binary, require_hashes, only_binary, no_binary}. $BASE in a line is the server's address.
"""

import argparse
import glob
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "server"))

from server import Server  # noqa: E402
from universe import Universe, canonical  # noqa: E402

SKIP = 77
NAMES = ["alpha", "beta", "gamma", "delta", "Eps.ilon", "zeta", "eta-x", "theta", "iota", "kappa"]
VERSIONS = [
    "0.9", "1.0", "1.0.post1", "1.0+cpu", "1.0+cu124", "1.1a1", "1.1", "1.2.dev1", "1.2rc1", "1.2", "1.10",
    "2.0", "2.0+cpu", "2.0.0.1", "2.1", "3.0b1", "3.0", "1!0.5",
]  # fmt: skip
TAGS = [
    "py3-none-any", "py2.py3-none-any", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp311-cp311-linux_x86_64", "cp39-abi3-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_17_x86_64",
    "cp311-cp311-win_amd64", "cp311-none-manylinux_2_99_x86_64", "py3-none-manylinux1_x86_64",
    "py311-none-any", "cp311-cp311-musllinux_1_1_x86_64",
]  # fmt: skip
MARKERS = [
    'python_version >= "3.8"', 'python_version < "3.8"', 'sys_platform == "linux"', 'sys_platform == "win32"',
    'platform_machine == "x86_64" and python_version > "3"', 'os_name == "nt" or python_version >= "3.10"',
]  # fmt: skip


# Written by hand. In the first pip fails although zed 1.0, yard 2.0, vat 1.0 and queue 0.5 fit together:
# when yard 1.0 turns out not to fit, its backjump skips zed, whose name is among the causes while its
# requirements are not, and with it the version that would do. The second names that version.
SKIPPED = {
    "indexes": {"simple": {}},
    "projects": {
        "app": [{"version": "1.0"}],
        "zed": [{"version": "2.0", "requires": ["queue>=1"]}, {"version": "1.0"}],
        "yard": [{"version": "2.0", "requires": ["vat"]}, {"version": "1.0", "requires": ["zed>=5"]}],
        "vat": [{"version": "1.0", "requires": ["queue<1"]}],
        "queue": [{"version": "0.5"}, {"version": "1.0"}],
    },
}
FIXED = [
    {"universe": SKIPPED, "stages": [{"indexes": ["simple"], "install": ["app==1.0", "zed<3", "yard"], **more}]}
    for more in ({}, {"constraints": ["zed==1.0"]})
]


class Maker:
    """Cases from a seed; the same seed makes the same case."""

    def __init__(self, seed, small=False):
        self.random = random.Random(seed)
        self.names = self.random.sample(NAMES, self.random.randint(3, 4 if small else 8))
        self.extras = {name: self.random.sample(["x", "y", "Z_z"], self.random.randint(0, 2)) for name in self.names}
        self.versions = {name: self.random.sample(VERSIONS, self.random.randint(2, 4 if small else 7)) for name in self.names}
        self.harshness = self.random.choice([0.3, 0.6, 1.0])
        self.two = self.chance(0.35)
        self.with_sdists = self.chance(0.1)

    def chance(self, probability):
        return self.random.random() < probability

    def specifier(self, name, exact=0.25):
        roll = self.random.random() / self.harshness
        version = self.random.choice(self.versions[name] if self.chance(0.85) else VERSIONS)
        public = version.split("+")[0]
        if roll > 0.7:
            return ""
        if roll < exact:
            return "==" + self.random.choice([version, public])
        kinds = [">=" + public] * 6 + ["<" + public, "<=" + public, "!=" + public] * 2 + [">" + public]
        kinds += ["<=%s,>=0.9" % public, "===" + version, "~=" + ("1.0" if "." not in public else public)]
        kinds += ["==%s.*" % re.match(r"(\d+!)?\d+", public).group()]
        kinds += [">=%s,<%s" % tuple(self.random.sample(["0.9", "1.0", "2.0", "3.0", "1.2"], 2))]
        return self.random.choice(kinds)

    def requirement(self, exact=0.25, extras=0.2):
        name = self.random.choice(self.names)
        extra = ""
        if self.chance(extras):
            chosen = self.random.sample(["x", "y", "z-z", "none"], self.random.randint(1, 2))
            extra = "[%s]" % ",".join(chosen)
        return name + extra + self.specifier(name, exact)

    def requires(self, name, extras):
        clauses = []
        for _ in range(self.random.choice([0, 0, 1, 1, 2, 3])):
            clause = self.requirement(exact=0.08)
            if self.chance(0.15):
                clause += "; " + self.random.choice(MARKERS)
            elif extras and self.chance(0.35):
                clause += '; extra == "%s"' % self.random.choice(extras)
                if self.chance(0.2):
                    clause += " and " + self.random.choice(MARKERS)
            clauses.append(clause)
        if extras and self.chance(0.15):
            clauses.append('%s[%s]; extra == "%s"' % (name, extras[0], extras[-1]))
        return clauses

    def release(self, name, version):
        release = {"version": version}
        extras = [extra for extra in self.extras[name] if self.chance(0.9)]
        requires = self.requires(name, extras)
        if requires:
            release["requires"] = requires
        if extras:
            release["extras"] = extras
        if self.chance(0.08):
            key = self.random.choice(["requires_python", "page_requires_python"])
            release[key] = self.random.choice([">=3.12", ">=3.6", "<3.11", ">=3.8,!=3.9.*", "~=3.11"])
            if key == "requires_python" and self.chance(0.4):
                release["page_requires_python"] = ">=3"
        if self.chance(0.3):
            release["tags"] = self.random.sample(TAGS, self.random.randint(1, 3))
        if self.chance(0.06):
            release["build"] = self.random.choice(["1", "2a", "10"])
        if self.chance(0.1):
            release["yanked"] = self.random.choice([True, "broken"])
        if self.with_sdists and self.chance(0.3):
            release["sdist"] = "only" if self.chance(0.3) else True
        if self.two:
            where = self.random.choice(["simple", "other", ["simple", "other"], "simple"])
            if where != "simple":
                release["index"] = where
        return release

    def universe(self):
        projects = {}
        for name in self.names:
            seen = set()
            projects[name] = []
            for version in self.versions[name]:
                projects[name].append(self.release(name, version))
                if self.chance(0.05) and version not in seen:
                    twin = dict(projects[name][-1], build="7", tags="py3-none-any")
                    projects[name].append(twin)
                seen.add(version)
        indexes = {"simple": {}, "other": {}} if self.two else {"simple": {}}
        return {"indexes": indexes, "projects": projects}

    def url(self, universe):
        files = [(index, file) for index in universe.indexes for file in universe.files(index) if file.is_wheel]
        index, file = self.random.choice(files)
        return index, file, "$BASE/files/%s/%s" % (index, urllib.parse.quote(file.filename, safe=""))

    def root(self, universe):
        if not self.chance(0.05):
            return self.requirement(exact=0.2)
        _, file, url = self.url(universe)
        extra = "[x]" if self.chance(0.3) else ""
        return "%s%s @ %s" % (file.name, extra, url)

    def hashed(self, universe):
        """Pinned lines with digests, most of them right and complete."""
        lines = []
        for name in self.random.sample(self.names, self.random.randint(1, len(self.names))):
            files = [f for index in universe.indexes for f in universe.files(index)
                     if canonical(f.name) == canonical(name) and f.is_wheel]  # fmt: skip
            if not files:
                continue
            chosen = self.random.choice(files)
            same = [f for f in files if f.version == chosen.version]
            line = "%s==%s" % (name, chosen.version)
            if self.chance(0.1):
                line = name
            for file in self.random.sample(same, self.random.randint(1, len(same))):
                line += " --hash=sha256:" + file.hashes("sha256")["sha256"]
            if self.chance(0.05):
                line += " --hash=sha256:" + "0" * 64
            lines.append(line)
        return lines

    def constraints(self, universe):
        lines = []
        for _ in range(self.random.randint(1, 3)):
            name = self.random.choice(self.names)
            if self.chance(0.08):
                _, file, url = self.url(universe)
                lines.append("%s @ %s" % (file.name, url))
            else:
                lines.append(name + (self.specifier(name, exact=0.3) or "<3"))
                if self.chance(0.1):
                    lines[-1] += "; " + self.random.choice(MARKERS)
        return lines

    def stage(self, universe, last):
        stage = {"indexes": ["simple"]}
        if self.two:
            stage["indexes"] = self.random.choice([["simple"], ["simple", "other"], ["other", "simple"], ["other"]])
        if self.chance(0.05):
            stage["requirements"] = self.hashed(universe) or ["alpha"]
        else:
            stage["install"] = [self.root(universe) for _ in range(self.random.randint(1, 4))]
            if self.chance(0.2):
                stage["requirements"] = [self.root(universe) for _ in range(self.random.randint(1, 3))]
        if self.chance(0.2):
            stage["constraints"] = self.constraints(universe)
        for name, probability in (("no_deps", 0.07), ("force_reinstall", 0.1), ("pre", 0.06), ("upgrade", 0.2),
                                  ("prefer_binary", 0.05), ("require_hashes", 0.01)):  # fmt: skip
            if self.chance(probability):
                stage[name] = True
        if stage.get("upgrade") and self.chance(0.4):
            stage["eager"] = True
        if last and self.chance(0.08):
            stage["ignore_installed"] = True
        if self.with_sdists and self.chance(0.4):
            key = self.random.choice(["only_binary", "only_binary", "no_binary"])
            stage[key] = self.random.choice([":all:", self.random.choice(self.names)])
        return stage

    def case(self):
        description = self.universe()
        universe = Universe(description)
        count = self.random.choice([1, 1, 2, 3, 4])
        stages = [self.stage(universe, i == count - 1) for i in range(count)]
        case = {"universe": description, "stages": stages}
        if any("--hash" in line for stage in stages for line in stage.get("requirements", [])):
            case["digests"] = {file.filename: file.hashes("sha256")["sha256"] for file in universe.files()}
        return case


class Pip:
    """pip in forks of one process."""

    def __init__(self, python, pip_dir, work, hash_seed="0"):
        self.work = work
        environment = dict(os.environ, PYTHONHASHSEED=hash_seed)
        self.process = subprocess.Popen(
            [python, "-s", "-S", os.path.join(HERE, "zygote.py"), pip_dir],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        self.version = json.loads(self.process.stdout.readline())["python"]
        self.series = ".".join(self.version.split(".")[:2])

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def run(self, prefix, arguments):
        log = os.path.join(self.work, "log")
        request = {"prefix": prefix, "arguments": arguments, "log": log}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        status = json.loads(self.process.stdout.readline())["status"]
        with open(log, encoding="utf-8", errors="replace") as stream:
            return status, stream.read()

    def site(self, prefix):
        return os.path.join(prefix, "lib", "python" + self.series, "site-packages")

    def installed(self, prefix):
        """[(canonical name, version)] by dist-info."""
        found = []
        for folder in glob.glob(os.path.join(self.site(prefix), "*.dist-info")):
            with open(os.path.join(folder, "METADATA"), encoding="utf-8") as stream:
                text = stream.read()
            name = re.search(r"(?m)^Name: (.*)$", text).group(1)
            version = re.search(r"(?m)^Version: (.*)$", text).group(1)
            found.append((canonical(name), version))
        return sorted(found)


FLAGS = ["no_deps", "force_reinstall", "ignore_installed", "upgrade", "pre", "prefer_binary", "require_hashes"]


def pip_arguments(stage, server, work):
    arguments = ["--no-compile", "--no-cache-dir", "--no-build-isolation", "--no-warn-script-location",
                 "--root-user-action", "ignore", "--progress-bar", "off", "--retries", "0",
                 "--report", os.path.join(work, "report.json")]  # fmt: skip
    urls = [server.index_url(name) for name in stage["indexes"]]
    arguments += ["--index-url", urls[0]]
    for url in urls[1:]:
        arguments += ["--extra-index-url", url]
    for kind, option in (("constraints", "-c"), ("requirements", "-r")):
        if kind in stage:
            path = os.path.join(work, kind + ".txt")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write("".join(line + "\n" for line in stage[kind]).replace("$BASE", server.url))
            arguments += [option, path]
    arguments += ["--" + flag.replace("_", "-") for flag in FLAGS if stage.get(flag)]
    if stage.get("eager"):
        arguments += ["--upgrade-strategy", "eager"]
    for key in ("no_binary", "only_binary"):
        if key in stage:
            arguments += ["--" + key.replace("_", "-"), stage[key]]
    return arguments + [text.replace("$BASE", server.url) for text in stage.get("install", [])]


def pip_stage(pip, stage, server, prefix):
    """The two entries that resolve_driver prints for a solved stage, or one text; and pip's log."""
    before = dict(reversed(pip.installed(prefix)))
    if stage.get("ignore_installed"):
        before = {}
    report = os.path.join(pip.work, "report.json")
    if os.path.exists(report):
        os.unlink(report)
    status, log = pip.run(prefix, pip_arguments(stage, server, pip.work))
    if status != 0:
        return ["unsatisfiable"], log
    with open(report, encoding="utf-8") as stream:
        items = {canonical(item["metadata"]["name"]): item for item in json.load(stream)["install"]}
    order = re.search(r"(?m)^Installing collected packages: (.*)$", log)
    names = [canonical(name) for name in order.group(1).split(", ")] if order else []
    actions = [pip_action(items[name], before, server) for name in names]
    after = ["%s==%s" % (name, version) for name, version in pip.installed(prefix)]
    return [actions, sorted(after)], log


def pip_action(item, before, server):
    name, version = canonical(item["metadata"]["name"]), item["metadata"]["version"]
    old = before.get(name)
    action = "install" if old is None else "reinstall" if old == version else "change"
    path = urllib.parse.unquote(item["download_info"]["url"][len(server.url + "/files/") :])
    return "%s %s %s %s%s%s" % (action, name, version, path, " requested" if item["requested"] else "",
                                " direct" if item["is_direct"] else "")  # fmt: skip


def run_pip(pip, case, server):
    prefix = os.path.join(pip.work, "env")
    shutil.rmtree(prefix, ignore_errors=True)
    os.makedirs(pip.site(prefix))
    results, logs = [], []
    for stage in case["stages"]:
        entries, log = pip_stage(pip, stage, server, prefix)
        results += entries
        logs.append(log)
        if len(entries) == 1:
            break
    return results, logs


def ask_driver(driver, case):
    driver.stdin.write(json.dumps(case, separators=(",", ":")) + "\n")
    driver.stdin.flush()
    return driver.stdout.readline().rstrip("\n")


def plain(ours):
    """pip's report does not tell upgrades from downgrades; the environments before do."""
    return json.loads(re.sub(r'"(upgrade|downgrade) ', '"change ', ours))


def same_but_order(ours, theirs):
    """Whether only the order of installation differs."""
    return len(ours) == len(theirs) and all(
        a == b or (isinstance(a, list) and isinstance(b, list) and sorted(a) == sorted(b)) for a, b in zip(ours, theirs)
    )


HASH_SEEDS = 40


def some_pip_orders_so(options, pip_dir, work, case, ours):
    """In cycles pip's order depends on its hash seed: whether one of them gives ours. If none of so
    few does, it is enough that they differ among themselves."""
    orders = set()
    for hash_seed in range(1, HASH_SEEDS + 1):
        pip = Pip(options.python, pip_dir, work, str(hash_seed))
        with Server(Universe(case["universe"])) as server:
            theirs, _ = run_pip(pip, case, server)
        pip.close()
        if ours == theirs:
            return True
        orders.add(json.dumps(theirs))
    return len(orders) > 1


def builds_source(logs):
    return any("Preparing metadata" in log or "backend" in log or "metadata-generation-failed" in log
               for log in logs)  # fmt: skip


def install_pip(python, work):
    """The pinned pip in a folder, without its dist-info; None where there is no index."""
    target = os.path.join(work, "pip")
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", target,
         "-r", os.path.join(HERE, "requirements.txt")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        return None
    for folder in glob.glob(os.path.join(target, "*.dist-info")):
        shutil.rmtree(folder)
    return target


def compare(options, pip, pip_dir, driver, case):
    case["python"] = pip.version
    case["libc"] = "glibc " + platform.libc_ver()[1]
    with Server(Universe(case["universe"])) as server:
        theirs, logs = run_pip(pip, case, server)
    ours = ask_driver(driver, case)
    verdict = "differs"
    if plain(ours) == theirs:
        verdict = "agrees"
    elif builds_source(logs):
        verdict = "source"
    elif any("RecursionError" in log for log in logs):
        verdict = "crash"  # resolvelib's _has_route_to_root() walks a cycle that lost its root
    elif same_but_order(plain(ours), theirs) and some_pip_orders_so(options, pip_dir, pip.work, case, plain(ours)):
        verdict = "order"
    return verdict, case, ours, theirs, logs


def report(seed, case, ours, theirs, logs):
    print("seed %d differs" % seed)
    for name, releases in case["universe"]["projects"].items():
        for release in releases:
            print("   ", name, json.dumps(release))
    for stage in case["stages"]:
        print("  stage", json.dumps(stage))
    for index, entry in enumerate(theirs):
        print("  pip ", json.dumps(entry))
    for entry in json.loads(ours):
        print("  ours", json.dumps(entry))
    print("  " + "\n  ".join(logs[-1].strip().splitlines()[-12:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=os.environ.get("RAMEKIN_TEST_PYTHON"))
    parser.add_argument("--pip", help="folder that holds pip's package")
    parser.add_argument("--driver", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--record")
    parser.add_argument("--small", action="store_true", help="smaller universes")
    parser.add_argument("--quiet", action="store_true", help="count differences, do not show them")
    options = parser.parse_args()
    if not options.python:
        print("RAMEKIN_TEST_PYTHON is not set")
        return SKIP
    with tempfile.TemporaryDirectory() as work:
        pip_dir = options.pip or install_pip(options.python, work)
        if not pip_dir:
            print("pip of requirements.txt cannot be installed here")
            return SKIP
        return run(options, work, pip_dir)


def run(options, work, pip_dir):
    pip = Pip(options.python, pip_dir, work)
    driver = subprocess.Popen([options.driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    counts = {"agrees": 0, "order": 0, "source": 0, "crash": 0, "differs": 0}
    stages = solved = 0
    recorded = open(options.record, "w", encoding="utf-8") if options.record else None
    for seed in list(range(-len(FIXED), 0)) + list(range(options.seed, options.seed + options.cases)):
        case = dict(FIXED[seed]) if seed < 0 else Maker(seed, options.small).case()
        verdict, case, ours, theirs, logs = compare(options, pip, pip_dir, driver, case)
        counts[verdict] += 1
        stages += len(logs)
        solved += sum(1 for entry in theirs if entry != "unsatisfiable") // 2
        if verdict == "differs" and not options.quiet:
            report(seed, case, ours, theirs, logs)
        if verdict == "agrees" and recorded:
            recorded.write(json.dumps(dict(case, expected=ours), separators=(",", ":")) + "\n")
    driver.stdin.close()
    driver.wait()
    pip.close()
    print("%d cases from seed %d, %d stages, %d of them solved" % (options.cases, options.seed, stages, solved))
    print("%(agrees)d agree, %(order)d but for an order that varies with pip's hash seed, %(differs)d differ; in "
          "%(source)d pip builds a source distribution, in %(crash)d it crashes" % counts)  # fmt: skip
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What a `lock:` stage takes from a lock file is what the tool that wrote it takes: uv.lock against
`uv export`, pylock.toml against `pip install --dry-run`, `project:` against pip's own resolver; with
--poetry REQUIREMENT, which is installed first, poetry.lock against `poetry install --dry-run`.

Projects are made at random over a loopback index. usage: foreign_locks.py RAMEKIN [--cases N]"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable)
UV = str(pathlib.Path(PYTHON).parent / "uv")
MARKERS = ["sys_platform == 'win32'", "sys_platform == 'linux'", "python_version < '3.12'",
           "python_full_version >= '3.12.1'", "platform_machine == 'aarch64'",
           "sys_platform != 'win32' and platform_machine == 'x86_64'", "os_name == 'nt'"]  # fmt: skip
TARGETS = [("linux/amd64", "3.11.7"), ("linux/arm64", "3.12.4"), ("windows/amd64", "3.12.0")]
ENVIRONMENTS = {
    "linux/amd64": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix",
                    "platform_system": "Linux"},
    "linux/arm64": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix",
                    "platform_system": "Linux"},
    "windows/amd64": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt",
                      "platform_system": "Windows"},
}  # fmt: skip


def make_universe(rand):
    names = [f"p{i}" for i in range(14)]
    projects = {}
    for i, name in enumerate(names):
        releases = []
        for version in rand.sample(["1.0", "1.1", "2.0", "2.1", "3.0"], rand.randint(1, 3)):
            requires = []
            for other in rand.sample(names[i + 1 :], min(len(names) - i - 1, rand.randint(0, 3))):
                extra = "[x]" if rand.random() < 0.2 else ""
                marker = f" ; {rand.choice(MARKERS)}" if rand.random() < 0.4 else ""
                requires.append(f"{other}{extra}{marker}")
            if i + 1 < len(names):
                requires.append(f"{rand.choice(names[i + 1:])} ; extra == 'x'")
            releases.append({"version": version, "requires": requires, "extras": ["x"],
                             "index": ["simple", "other"] if name in ("p3", "p9") else "simple"})  # fmt: skip
        projects[name] = releases
    return {"indexes": {"simple": {}, "other": {}}, "projects": projects}


def listed(rand, names, count):
    def one(name):
        extra = "[x]" if rand.random() < 0.3 else ""
        return f"{name}{extra}" + (f" ; {rand.choice(MARKERS)}" if rand.random() < 0.3 else "")

    return [one(name) for name in rand.sample(names, count)]


def make_project(rand, names, index):
    other = index.replace("/simple", "/other")
    conflict = rand.random() < 0.5
    lines = [
        "[project]", 'name = "app"', 'version = "0.1"', 'requires-python = ">=3.11"',
        f"dependencies = {json.dumps(listed(rand, names, 4))}",
        "[project.optional-dependencies]",
        f"a = {json.dumps(listed(rand, names, 2))}",
        f"b = {json.dumps(listed(rand, names, 2) + ([] if conflict else ['app[a]']))}",
        "[dependency-groups]",
        f"dev = {json.dumps(listed(rand, names, 2))}",
        f"more = [{{include-group = \"dev\"}}, {json.dumps(listed(rand, names, 1)[0])}]",
        "[tool.uv.sources]", 'p3 = {index = "other"}', 'p9 = {index = "other"}',
        "[[tool.uv.index]]", 'name = "other"', f'url = "{other}"', "explicit = true",
        "[[tool.uv.index]]", 'name = "simple"', f'url = "{index}"', "default = true",
    ]  # fmt: skip
    if conflict:
        lines += ["[tool.uv]", 'conflicts = [[{extra = "a"}, {extra = "b"}]]']
        lines[-2:] = []
        lines.insert(lines.index("[tool.uv.sources]"), 'conflicts = [[{extra = "a"}, {extra = "b"}]]')
        lines.insert(lines.index('conflicts = [[{extra = "a"}, {extra = "b"}]]'), "[tool.uv]")
    return "\n".join(lines) + "\n"


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def taken(ramekin, platform, python, body):
    """Names and versions of the stage, or None and the reason."""
    libc = "libc: glibc 2.36\n" if platform.startswith("linux") else ""
    pathlib.Path("ramekin.yaml").write_text(
        f"version: 1\ntarget: env\nplatforms: [{platform}]\npython: {python}\n{libc}"
        f"stages:\n  - pip: {json.dumps(body)}\n")  # fmt: skip
    done = run([ramekin, "plan", "--format", "json"])
    if done.returncode != 0:
        return None, done.stderr
    return json.loads(done.stdout)["stages"][0]["environment"], ""


def evaluated(text, platform, python):
    """The lines of a requirements file that hold for a target, by pip's own packaging library."""
    from pip._vendor.packaging.markers import Marker
    environment = {**ENVIRONMENTS[platform], "python_version": ".".join(python.split(".")[:2]),
                   "python_full_version": python, "extra": ""}  # fmt: skip
    found = {}
    for line in text.splitlines():
        match = re.match(r"([\w.-]+)==(\S+)(?: ; (.*))?$", line)
        if match and (not match[3] or Marker(match[3]).evaluate(environment)):
            found[match[1]] = match[2]
    return found


def check_uv(ramekin, rand, platform, python):
    extras = rand.choice([[], ["a"], ["b"]])
    groups = rand.choice([[], ["dev"], ["more"]])
    words = [UV, "export", "-q", "--frozen", "--no-hashes", "--no-annotate", "--no-header",
             "--no-default-groups", "--no-emit-project"]  # fmt: skip
    words += [word for extra in extras for word in ("--extra", extra)]
    words += [word for group in groups for word in ("--group", group)]
    done = run(words)
    assert done.returncode == 0, done.stderr
    expected = evaluated(done.stdout, platform, python)
    found, why = taken(ramekin, platform, python, {"lock": "uv.lock", "extras": extras, "groups": groups})
    assert found == expected, f"uv.lock {platform} {extras} {groups}: {found} {why}\nuv: {expected}"
    pathlib.Path("pylock.toml").write_text(run(words + ["--format", "pylock.toml"]).stdout)
    found, why = taken(ramekin, platform, python, {"lock": "pylock.toml"})
    assert found == expected, f"pylock.toml {platform}: {found} {why}\nuv: {expected}"


def dry_run(words):
    done = run([PYTHON, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--report", "-",
                "--disable-pip-version-check", "--no-cache-dir", *words])  # fmt: skip
    assert done.returncode == 0, done.stderr
    items = json.loads(done.stdout)["install"]
    return {item["metadata"]["name"]: item["metadata"]["version"] for item in items}


def check_pip(ramekin):
    """On this machine's own Python pip reads the same pylock.toml, and the project's requirements."""
    code = "import sys, platform; print('%d.%d.%d' % sys.version_info[:3], platform.machine())"
    python, machine = run([PYTHON, "-c", code]).stdout.split()
    target = "linux/arm64" if machine == "aarch64" else "linux/amd64"
    expected = dry_run(["-r", "pylock.toml"])
    found, why = taken(ramekin, target, python, {"lock": "pylock.toml"})
    assert found == expected, f"pylock.toml: {found} {why}\npip: {expected}"
    body = {"project": ".", "groups": ["more"], "extra_indexes": ["other"]}
    recipe_index = os.environ["INDEX_URL"] + "/other/"
    os.environ["RAMEKIN_INDEX_OTHER"] = recipe_index
    found, why = taken_with_other(ramekin, target, python, body, recipe_index)
    expected = dry_run(["--extra-index-url", recipe_index, "--group", "more", *project_lines()])
    assert found == expected, f"project: {found} {why}\npip: {expected}"


def taken_with_other(ramekin, target, python, body, url):
    pathlib.Path("ramekin.yaml").write_text(
        f"version: 1\ntarget: env\nplatforms: [{target}]\npython: {python}\nlibc: glibc 2.36\n"
        f"indexes: {{other: \"{url}\"}}\nstages:\n  - pip: {json.dumps(body)}\n")  # fmt: skip
    done = run([ramekin, "plan", "--format", "json"])
    if done.returncode != 0:
        return None, done.stderr
    return json.loads(done.stdout)["stages"][0]["environment"], ""


def make_poetry_project(rand, names, index):
    """Tables of poetry, in a spelling that both of its lines read."""

    def entry(name, more=""):
        markers = f', markers = "{rand.choice(MARKERS)}"' if rand.random() < 0.3 else ""
        extras = ', extras = ["x"]' if rand.random() < 0.3 else ""
        return f'{name} = {{version = "*"{markers}{extras}{more}}}'

    chosen = rand.sample(names, 9)
    lines = [
        "[tool.poetry]", 'name = "app"', 'version = "0.1"', 'description = ""', "authors = []",
        "package-mode = false",
        "[tool.poetry.dependencies]", 'python = "^3.11"', *map(entry, chosen[:4]),
        *(entry(name, ", optional = true") for name in chosen[4:6]),
        "[tool.poetry.extras]", f'a = ["{chosen[4]}"]', f'b = ["{chosen[4]}", "{chosen[5]}"]',
        "[tool.poetry.group.dev.dependencies]", *map(entry, chosen[6:8]),
        "[tool.poetry.group.more]", "optional = true",
        "[tool.poetry.group.more.dependencies]", entry(chosen[8]),
        "[[tool.poetry.source]]", 'name = "here"', f'url = "{index}"',
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def check_poetry(ramekin, rand, poetry):
    code = "import sys, platform; print('%d.%d.%d' % sys.version_info[:3], platform.machine())"
    python, machine = run([poetry.replace("bin/poetry", "bin/python"), "-c", code]).stdout.split()
    target = "linux/arm64" if machine == "aarch64" else "linux/amd64"
    extras = rand.choice([[], ["a"], ["b"], ["a", "b"]])
    groups = rand.choice([[], ["dev"], ["more"], ["dev", "more"]])
    words = [poetry, "install", "--dry-run", "--no-ansi", "-n", "--without", "dev"]
    if "dev" in groups:
        words[-2:] = []
    words += [word for extra in extras for word in ("-E", extra)]
    words += ["--with", "more"] if "more" in groups else []
    done = run(words)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "Skipped" not in line]
    found = [re.search(r"- Installing (\S+) \((\S+)\)", line) for line in lines]
    expected = {match[1]: match[2] for match in found if match}
    body = {"lock": "poetry.lock", "extras": extras, "groups": groups}
    taken_, why = taken(ramekin, target, python, body)
    assert taken_ == expected, f"poetry.lock {extras} {groups}: {taken_} {why}\npoetry: {expected}"


def inside_poetry(ramekin, seed, poetry):
    rand = random.Random(seed)
    make_universe(rand)
    text = make_poetry_project(rand, [f"p{i}" for i in range(14)], os.environ["INDEX_URL"] + "/simple")
    pathlib.Path("pyproject.toml").write_text(text)
    locked = run([poetry, "lock", "-n", "--no-ansi"])
    if locked.returncode != 0:
        print(f"seed {seed}: poetry finds no solution")
        return
    for _ in range(3):
        check_poetry(ramekin, rand, poetry)


def install_poetry(requirement, folder):
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    done = run([f"{folder}/bin/pip", "install", "-q", requirement])
    if done.returncode != 0:
        print("poetry can't be had:", done.stderr)
        sys.exit(77)
    return f"{folder}/bin/poetry"


def project_lines():
    import tomllib
    return tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]["dependencies"]


def inside(ramekin, seed):
    rand = random.Random(seed)
    make_universe(rand)
    names = [f"p{i}" for i in range(14)]
    index = os.environ["INDEX_URL"] + "/simple"
    pathlib.Path("pyproject.toml").write_text(make_project(rand, names, index))
    locked = run([UV, "lock", "-q"])
    if locked.returncode != 0:
        print(f"seed {seed}: uv finds no solution")
        return
    for platform, python in TARGETS:
        check_uv(ramekin, rand, platform, python)
    check_pip(ramekin)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ramekin")
    parser.add_argument("--cases", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--poetry")
    parser.add_argument("--inside", type=int, default=None)
    args = parser.parse_args()
    if args.inside is not None:
        if args.poetry:
            inside_poetry(args.ramekin, args.inside, args.poetry)
        else:
            inside(args.ramekin, args.inside)
        return
    if not pathlib.Path(UV).exists():
        print("uv is not there")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        more = ["--poetry", install_poetry(args.poetry, folder)] if args.poetry else []
        sys.exit(1 if run_all(args, more) else 0)


def run_all(args, more):
    failed = 0
    for seed in range(args.seed, args.seed + args.cases):
        with tempfile.TemporaryDirectory() as folder:
            universe = pathlib.Path(folder, "universe.json")
            universe.write_text(json.dumps(make_universe(random.Random(seed))))
            environment = {**os.environ, "UV_CACHE_DIR": f"{folder}/uv", "XDG_CACHE_HOME": f"{folder}/cache",
                           "PIP_CONFIG_FILE": "/dev/null", "POETRY_CACHE_DIR": f"{folder}/poetry",
                           "POETRY_VIRTUALENVS_IN_PROJECT": "true"}  # fmt: skip
            inner = f'PIP_INDEX_URL="$INDEX_URL/simple" exec "$@"'
            done = subprocess.run(
                ["python3", str(HERE.parent / "server" / "server.py"), str(universe), "--", "sh", "-c", inner,
                 "sh", PYTHON, __file__, args.ramekin, "--inside", str(seed), *more],
                cwd=folder, env=environment, check=False)  # fmt: skip
            failed += done.returncode != 0
    print(f"{args.cases} projects, {failed} wrong")
    return failed


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What `ramekin export` writes is read by the packaging library and installed by pip and by uv: each
has to end with exactly what the lock says. usage: export_install.py RAMEKIN"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable)
UNIVERSE = {
    "indexes": {"simple": {}, "extra": {}},
    "projects": {
        "tinyserve": [{"version": "1.2.0", "requires": ["tinygreet>=1", "heavy"]}],
        "tinygreet": ["0.9", "1.0", "1.1"],
        "heavy": [{"version": "2.6.0+cu124", "index": "extra"}, {"version": "2.7.0"}],
    },
}
RECIPE = """
version: 1
name: tiny
base: scratch
python: {python}
libc: glibc 2.36
indexes: {{extra: "{index}/extra/"}}
stages:
  - pip: {{install: [heavy], index: extra}}
  - pip: {{install: [tinyserve]}}
  - pip: {{name: force, install: ["tinygreet==0.9"], no_deps: true,
          acknowledge: [{{dist: tinyserve, requires: "tinygreet>=1", why: wanted}}]}}
"""
WANTED = {"tinyserve": "1.2.0", "tinygreet": "0.9", "heavy": "2.6.0+cu124"}
PIP = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-cache-dir"]
UV = [str(pathlib.Path(PYTHON).parent / "uv"), "pip", "install", "-q", "--no-cache", "--no-config",
      "--python", PYTHON]


def installed(folder):
    names = [path.name[:-len(".dist-info")].split("-") for path in folder.glob("*.dist-info")]
    return {name.replace("_", "-"): version for name, version in names}


def ways(folder):
    """Each program with the file that it reads."""
    requirements = ["-r", str(folder / "requirements.lock")]
    pylock = ["-r", str(folder / "pylock.toml")]
    default = ["--index-url", os.environ["INDEX_URL"] + "/simple/"]
    yield "pip requirements", PIP + default + ["--no-deps", "--require-hashes"] + requirements
    yield "pip pylock", PIP + default + ["--no-deps"] + pylock
    yield "uv requirements", UV + default + ["--index-strategy", "unsafe-best-match", "--no-deps",
                                             "--require-hashes"] + requirements
    yield "uv pylock", UV + default + ["--preview"] + pylock


def check_with_packaging(folder):
    code = ("import sys, tomllib; from packaging.pylock import Pylock; "
            "Pylock.from_dict(tomllib.load(open(sys.argv[1], 'rb')))")
    subprocess.run([PYTHON, "-c", code, str(folder / "pylock.toml")], check=True)
    document = tomllib.loads((folder / "pylock.toml").read_text())
    return {package["name"]: package["version"] for package in document["packages"]}


def inside(ramekin):
    folder = pathlib.Path.cwd()
    python = subprocess.run([PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                            check=True, capture_output=True, text=True).stdout.strip()
    (folder / "ramekin.yaml").write_text(
        RECIPE.format(python=python, index=os.environ["INDEX_URL"]))
    for kind, name in (("requirements", "requirements.lock"), ("pylock", "pylock.toml")):
        subprocess.run([ramekin, "export", "-q", "--as", kind, "-o", name], check=True)
    problems = []
    if check_with_packaging(folder) != WANTED:
        problems.append("packaging reads something else from pylock.toml")
    for name, command in ways(folder):
        target = folder / name.replace(" ", "-")
        done = subprocess.run(command + ["--target", str(target)], capture_output=True, text=True)
        found = installed(target) if done.returncode == 0 else done.stderr
        print("%s: %s" % (name, "equal" if found == WANTED else found))
        if found != WANTED:
            problems.append(name)
    return 1 if problems else 0


def main():
    if sys.argv[1] == "--inside":
        return inside(sys.argv[2])
    missing = subprocess.run([PYTHON, "-c", "import packaging.pylock"], capture_output=True).returncode
    if missing or not os.path.exists(UV[0]):
        print("SKIP: packaging with pylock, pip and uv are not beside %s" % PYTHON)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        universe = pathlib.Path(folder) / "universe.json"
        universe.write_text(json.dumps(UNIVERSE))
        environment = dict(os.environ, XDG_CACHE_HOME=folder + "/cache", PIP_CONFIG_FILE=os.devnull)
        command = ["sh", "-c", 'PIP_INDEX_URL=$INDEX_URL/simple/ exec "$@"', "sh", sys.executable,
                   str(pathlib.Path(__file__).resolve()), "--inside", os.path.abspath(sys.argv[1])]
        server = [sys.executable, str(HERE.parent / "server" / "server.py"), str(universe), "--"]
        return subprocess.run(server + command, cwd=folder, env=environment).returncode


sys.exit(main())

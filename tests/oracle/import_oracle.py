#!/usr/bin/env python3
"""The plan of an imported recipe against what pip does with the Dockerfile's own lines.

Each Dockerfile below is imported, and the recipe planned, over a loopback index. Beside it the RUN
lines are run as they stand, one after another, by /bin/sh in a virtual environment with the pinned
pip first on PATH, in a folder with the files that COPY would bring. Both must end with the same
distributions in the same versions, and the recipe must have no `run:`.

usage: import_oracle.py RAMEKIN"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "server"))

from server import Server  # noqa: E402
from universe import Universe  # noqa: E402

PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable)
UNIVERSE = {
    "indexes": {"simple": {}, "extra": {}},
    "projects": {
        "heavy": [{"version": "2.6.0+cu124", "index": "extra", "requires": ["forge==3.2.0"]},
                  {"version": "2.6.0", "requires": ["forge==3.2.0"]},
                  {"version": "2.7.0", "requires": ["forge==3.3.0"]}],
        "forge": [{"version": "2.3.1"}, {"version": "3.2.0", "index": ["simple", "extra"]},
                  {"version": "3.3.0"}],
        "vision": [{"version": "0.21.0", "index": "extra", "requires": ["heavy==2.6.0"]},
                   {"version": "0.22.0", "requires": ["heavy==2.7.0"]}],
        "numbers": ["1.26.4", "2.0.0", "2.1.0"],
        "frames": [{"version": "2.2.0", "requires": ["numbers>=1.26"]},
                   {"version": "2.3.0", "requires": ["numbers>=2"]}],
        "serve": [{"version": "1.0", "requires": ["colour; extra == 'fancy'", "tiny>=1"],
                   "extras": ["fancy"]}, {"version": "1.1rc1", "requires": ["tiny>=1"]}],
        "colour": ["0.1.5", "0.2"],
        "tiny": ["0.9", "1.0", "1.1"],
        "gone": ["1.0"],
    },
}  # fmt: skip

FILES = {
    "requirements.txt": "frames\nserve[fancy]  # the server\n",
    "constraints.txt": "numbers<2\ncolour<0.2\n",
    "requirements/base.txt": "-c ../constraints.txt\nframes==2.2.0\n",
    "requirements/more.txt": "tiny<1.1\n",
}

# Each begins with FROM, which is written here.
DOCKERFILES = {
    "flavour and force": """
ARG HEAVY=2.6.0
COPY requirements.txt constraints.txt ./
RUN pip install --no-cache-dir heavy==${HEAVY} vision --index-url EXTRA/
RUN pip install -q -r requirements.txt -c constraints.txt && \\
    # it wants the old one
    pip install --force-reinstall --no-deps "forge==2.3.1"
""",
    "later step changes": """
ENV PIP_NO_CACHE_DIR=1
RUN python -m pip install heavy==2.6.0 gone
RUN pip3 install frames==2.2.0 'numbers<2' ; pip install --upgrade frames
RUN pip install vision
RUN pip uninstall -y gone
""",
    "files and extras": """
WORKDIR /app
COPY . .
RUN set -ex; pip install -r requirements/base.txt -r requirements/more.txt \\
 && pip install --upgrade --upgrade-strategy eager "serve[fancy]"
RUN pip install --pre -U serve
RUN pip install --extra-index-url EXTRA/ heavy
""",
    "conditions and settings": """
ARG KIND=gpu
RUN if [ "$KIND" = "gpu" ]; then pip install heavy==2.6.0+cu124 --extra-index-url EXTRA/; \\
    else pip install heavy; fi
RUN export PIP_ROOT_USER_ACTION=ignore && pip install --no-deps frames && PIP_QUIET=1 pip install tiny
RUN pip install --force-reinstall --no-deps tiny==0.9
""",
}


def run(command, **kwargs):
    return subprocess.run(command, check=True, text=True, capture_output=True, **kwargs)


def instructions(text):
    """Keyword and arguments, continued lines joined, comments inside left out."""
    lines = [line for line in text.splitlines() if not line.strip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def what_pip_does(folder, text, index):
    venv = folder / "venv"
    run([PYTHON, "-m", "venv", "--without-pip", str(venv)])
    site = run([PYTHON, "-c", "import os, pip; print(os.path.dirname(os.path.dirname(pip.__file__)))"])
    bin_dir = venv / "bin"
    # pip comes from beside the environment, so that it does not see itself installed there
    (folder / "piplib").mkdir()
    (folder / "piplib" / "pip").symlink_to(pathlib.Path(site.stdout.strip()) / "pip")
    for name in ("pip", "pip3"):
        path = bin_dir / name
        path.write_text('#!/bin/sh\nexec "%s/python" -m pip "$@"\n' % bin_dir)
        path.chmod(0o755)
    env = {"PATH": "%s:%s" % (bin_dir, os.environ["PATH"]), "HOME": str(folder), "LC_ALL": "C.UTF-8",
           "PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "PYTHONPATH": str(folder / "piplib"),
           "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # fmt: skip
    for keyword, arguments in instructions(text):
        if keyword in ("ARG", "ENV"):
            name, value = arguments.split("=", 1)
            env[name] = value
        elif keyword == "RUN":
            run(["/bin/sh", "-c", arguments], cwd=folder / "context", env=env)
    found = {}
    for path in venv.glob("lib/python*/site-packages/*.dist-info"):
        name, version = path.name[: -len(".dist-info")].rsplit("-", 1)
        found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return found


def what_ramekin_says(ramekin, folder, index):
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"),
           "PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.devnull, "LC_ALL": "C.UTF-8"}  # fmt: skip
    context = folder / "context"
    run([ramekin, "import", "-q", "Dockerfile", "-o", "ramekin.yaml"], cwd=context, env=env)
    recipe = (context / "ramekin.yaml").read_text()
    plan = json.loads(run([ramekin, "plan", "--format", "json"], cwd=context, env=env).stdout)
    return recipe, plan["stages"][-1]["environment"]


def compare(ramekin, name, body, server, version):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        index = server.index_url("simple")
        text = "FROM python:%s-slim-bookworm\n%s" % (version, body)
        text = text.replace("EXTRA/", server.index_url("extra"))
        for path, content in {**FILES, "Dockerfile": text}.items():
            file = folder / "context" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        recipe, said = what_ramekin_says(ramekin, folder, index)
        done = what_pip_does(folder, text, index)
        if "- run:" in recipe:
            return ["%s: something is kept as `run:`\n%s" % (name, recipe)]
        if said != done or not done:
            return ["%s: pip has %s, the plan has %s\n%s" % (name, done, said, recipe)]
    return []


def main():
    ramekin = os.path.abspath(sys.argv[1])
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    version = run([PYTHON, "-c", code]).stdout.strip()
    problems = []
    with Server(Universe(UNIVERSE)) as server:
        for name, body in DOCKERFILES.items():
            problems += compare(ramekin, name, body, server, version)
    print("\n".join(problems) or "%d Dockerfiles: the plan is what pip does" % len(DOCKERFILES))
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit("%s\n%s%s" % (error, error.stdout, error.stderr))

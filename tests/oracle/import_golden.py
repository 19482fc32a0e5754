#!/usr/bin/env python3
"""The plans of the imported golden Dockerfiles (tests/cases/import) against what pip, uv and the
shell do with their RUN lines as they stand.

Each file is imported and the recipe planned over a loopback index; beside it docker_machine.py runs
the RUN lines. Behind every RUN both must have the same distributions in the same versions, and in
the end each from the same index, with the same mark of what was asked for. Every golden Dockerfile
is judged here, or UNJUDGED says why it can't be.

usage: import_golden.py RAMEKIN [NAME...]"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "server")]

import docker_machine  # noqa: E402
from server import Server  # noqa: E402
from universe import Universe  # noqa: E402

PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable)
UV = pathlib.Path(PYTHON).parent / "uv"
GOLDEN = HERE.parent / "cases" / "import"
SKIP = 77
# What ramekin does itself, and says that it leaves out.
TOOLS = {"pip", "uv", "poetry"}

# Addresses as Dockerfiles write them, and the index of the universe that stands in.
ADDRESSES = {
    "https://download.pytorch.org/whl/cu124": "cu124",
    "https://download.pytorch.org/whl/cpu": "cpu",
    "https://packages.example.org/simple": "packages",
    "https://other.example.com/simple": "other",
    "https://third.example.net/simple": "third",
    "https://wheels.example.org/simple": "wheels",
}


# A build back end under a name that imports know: what is built of a project is of no interest here.
BACKEND = """
import os, tomllib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open("pyproject.toml", "rb") as stream:
        project = tomllib.load(stream)["project"]
    stem = "%s-%s" % (project["name"].replace("-", "_"), project["version"])
    lines = ["Metadata-Version: 2.1", "Name: " + project["name"], "Version: " + project["version"]]
    lines += ["Requires-Dist: " + line for line in project.get("dependencies", [])]
    for extra, wanted in project.get("optional-dependencies", {}).items():
        lines += ["Provides-Extra: " + extra]
        lines += ["Requires-Dist: %s; extra == '%s'" % (line, extra) for line in wanted]
    files = {"METADATA": "\\n".join(lines) + "\\n",
             "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    names = [stem + ".dist-info/" + name for name in [*files, "RECORD"]]
    files["RECORD"] = "".join(name + ",,\\n" for name in names)
    with zipfile.ZipFile(os.path.join(folder, stem + "-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(stem + ".dist-info/" + name, text)
    return stem + "-py3-none-any.whl"

build_editable = build_wheel
"""


def release(version, requires=(), index="simple", **more):
    files = {".dist-info/origin": index}
    return {"version": version, "requires": list(requires), "index": index, "files": files, **more}


def torch(label, index):
    local = "+" + label if label else ""
    code = {"torch/__init__.py": "__version__ = '2'\n", ".dist-info/origin": index}
    old = {"triton/__init__.py": "__version__ = '2.3.1'\n", "triton/ops.py": "", ".dist-info/origin": index}
    return {
        "torch": [release("2.6.0" + local, ["triton==3.2.0", "numpy"], index, files=code),
                  release("2.7.0" + local, ["triton==3.3.0", "numpy"], index, files=code)],
        "torchvision": [release("0.21.0" + local, ["torch==2.6.0", "pillow"], index),
                        release("0.22.0" + local, ["torch==2.7.0", "pillow"], index)],
        "torchaudio": [release("2.6.0" + local, ["torch==2.6.0"], index),
                       release("2.7.0" + local, ["torch==2.7.0"], index)],
        "triton": [release("2.3.1", (), index, files=old), release("3.2.0", (), index), release("3.3.0", (), index)],
        "pillow": [release("10.2.0", (), index)],
        "numpy": [release("1.26.4", (), index), release("2.1.2", (), index)],
    }  # fmt: skip


def universe():
    projects = {
        "pip": [{"version": "99.0", "entry_points": {"console_scripts": {"pip": "pip._internal.cli.main:main"}}}],
        "uv": ["99.0"],
        "setuptools": [release("80.0")], "wheel": [release("0.45.0")],
        "numpy": [release("1.26.4"), release("2.1.2"), release("2.2.6")],
        "scipy": [release("1.13.1", ["numpy<2.3,>=1.22"]), release("1.15.0", ["numpy>=2"])],
        "pandas": [release("2.1.4", ["numpy<2"]), release("2.2.0", ["numpy>=1.22"]), release("2.2.3", ["numpy>=1.23"]),
                   release("2.3.0", ["numpy>=2"])],
        "requests": [release("2.31.0", ["urllib3", "PySocks; extra == 'socks'"], extras=["socks"]),
                     release("2.32.3", ["urllib3", "PySocks; extra == 'socks'"], extras=["socks"])],
        "urllib3": [release("1.26.0"), release("2.2.0")],
        "PySocks": [release("1.7.1")],
        "flask": [release("2.0.3", ["Werkzeug>=2.0", "click"]), release("3.0.0", ["Werkzeug>=3.0", "click", "blinker"]),
                  release("3.1.0rc1", ["Werkzeug>=3.1", "click", "blinker"])],
        "Werkzeug": [release("2.0.3"), release("2.1.0"), release("3.0.1")],
        "click": [release("8.1.7")],
        "blinker": [release("1.7.0"), release("1.9.0")],
        "six": [release("1.16.0"), release("1.17.0")],
        "librosa": [release("0.10.2", ["numpy", "scipy"])],
        "fastapi": [release("0.115.0", ["starlette<0.39", "pydantic"]),
                    release("0.116.0", ["starlette<0.48"], extras=["standard"])],
        "starlette": [release("0.38.0"), release("0.47.0")],
        "pydantic": [release("2.9.0")],
        "build": [release("1.2")],
        "flake8": [release("6.0.0")],
        "gunicorn": [release("22.0.0", ["packaging"]), release("23.0.0", ["packaging"])],
        "packaging": [release("24.0")],
        "jupyterlab": [release("4.2.5", ["packaging"]), release("4.3.0", ["packaging"])],
        "ipywidgets": [release("8.1.5")],
        "bitsandbytes": [release("0.45.0", ["torch", "numpy"])],
        "xformers": [release("0.0.29", ["torch==2.6.0", "numpy"], "simple"),
                     release("0.0.29.post1", ["torch==2.6.0", "numpy"], "wheels"),
                     release("0.0.30", ["torch==2.7.0", "numpy"], "cu124")],
        "opencv-python": [release("4.10.0", ["numpy"])],
        "opencv-contrib-python": [release("4.10.0", ["numpy"])],
        "opencv-python-headless": [release("4.10.0", ["numpy"]), release("4.11.0", ["numpy"])],
        "transformers": [release("4.50.0", ["numpy", "requests"])],
        "runpod": [release("1.7.9", ["requests"])],
        "hatchling": [release("1.27.0", files={"hatchling/__init__.py": "", "hatchling/build.py": BACKEND})],
        "maturin": [release("1.8.0", files={"maturin/__init__.py": BACKEND})],
        "heavy": [release("2.6.0", ["forge==3.2.0"]), release("2.7.0", ["forge==3.3.0"])],
        "forge": [release("2.3.1"), release("3.2.0"), release("3.3.0")],
        "tiny": [release("1.0")],
    }  # fmt: skip
    for label, index in (("cu124", "cu124"), ("cpu", "cpu"), ("", "simple")):
        for name, releases in torch(label, index).items():
            projects.setdefault(name, [])
            have = {(one["version"], one["index"]) for one in projects[name]}
            projects[name] += [one for one in releases if (one["version"], one["index"]) not in have]
    projects["flask"] += [release("3.0.3", ["Werkzeug", "click"], "packages"), release("3.1.0", ["Werkzeug", "click"], "links")]
    projects["Werkzeug"] += [release("3.0.3", [], "other")]
    projects["click"] += [release("8.1.8", [], "third")]
    projects["itsdangerous"] = [release("2.2.0", [], "third")]
    indexes = {name: {} for name in ("simple", "links", *dict.fromkeys(ADDRESSES.values()))}
    return {"indexes": indexes, "projects": projects}


class Case:
    """files: written over those of the case; repositories: what `git clone` brings; replace: in the
    Dockerfile, before both read it; settings: values of ARG, which are variables of the recipe; run:
    how many commands are kept as `run:`, and kept: the distributions that they install;
    end: whether only the end is compared, as a builder's packages are elsewhere until then;
    marks: whether marks of what was asked for are compared; lock: whether `uv lock` makes a uv.lock of the files."""

    def __init__(self, files=None, repositories=None, replace=None, settings=({},), run=0, kept=(), lock=False, marks=True, end=False):
        self.files, self.repositories, self.replace = files or {}, repositories or {}, replace or {}
        self.settings, self.run, self.kept, self.lock = settings, run, kept, lock
        self.marks, self.end = marks, end


def hashed(world, *pins):
    """Lines of requirements with the digests of all files of these versions."""
    lines = []
    for pin in pins:
        name, version = pin.split("==")
        digests = sorted(file.hashes("sha256")["sha256"] for file in world.files() if file.project == name and file.version == version)
        assert digests, pin
        lines.append(" ".join([pin] + ["--hash=sha256:" + digest for digest in digests]))
    return "\n".join(lines) + "\n"


CASES = {
    "apt_pip": Case(),
    "check": Case(run=1, kept=["tiny"]),
    # Debian's /bin/sh does not know [[, and takes the condition for false
    "conditional": Case(replace={"ARG VARIANT": 'SHELL ["/bin/bash", "-c"]\nARG VARIANT'}, settings=({}, {"VARIANT": "cuda"})),
    "constraints": Case(replace={"https://links.example.org/page.html": "LINKSflask/"}, files={
        "requirements/base.txt": lambda world: hashed(world, "flask==3.0.3", "Werkzeug==3.0.3", "click==8.1.8"),
        "requirements/gpu.txt": lambda world: hashed(world, "itsdangerous==2.2.0"),
        "requirements/constraints.txt": "Werkzeug<3.1\n"}),
    "failures": Case(run=2),
    "fastapi": Case(),
    "forced": Case(files={"requirements.txt": "bitsandbytes==0.45.0\nflask\nopencv-python\n",
                          "constraints.txt": "flask<3\nWerkzeug<2.1\n"}),
    "heredoc": Case(run=1),
    "jupyter_ssh": Case(run=2),
    "multi_stage": Case(files={"requirements.txt": "flask==3.0.0\nscipy\n"}, run=1),
    # a shell takes what is not quoted for a redirection, and fails
    "old_env": Case(replace={"Werkzeug<2.1": "'Werkzeug<2.1'"}),
    # pip marks the project, which is not there, and plans what it requires
    "prefix_builder": Case(end=True),
    "project_builder": Case(marks=False),
    "project_editable": Case(run=1, marks=False),
    "runpod": Case(files={"builder/requirements.txt": "torch==2.6.0\ntorchaudio\nrequests>=2\n"}),
    "torch_cu124": Case(),
    "uv": Case(lock=True, files={"pyproject.toml": """[project]
name = "service"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["fastapi", "pandas<2.3"]
[dependency-groups]
dev = ["six"]
"""}),
    "uv_pip": Case(files={"requirements.txt": "pandas\nflask\n", "constraints.txt": "numpy<2\nflask<3\n"}),
    "uv_project": Case(lock=True, marks=False),
    # all wheels are asked for by their names
    "wheels_builder": Case(end=True, marks=False, replace={"/usr/src/app": "/src/app"}),
    # uv knows the addresses of PyTorch's indexes by itself
    "uv_pyproject": Case(replace={" --torch-backend=cpu": ""}),
    "venv": Case(),
}  # fmt: skip

UNJUDGED = {
    "background": "its scripts need programs that are not there",
    "base_environment": "it installs nothing with pip",
    "chomped": "it installs nothing with pip",
    "no_base": "it installs nothing with pip",
    "pip_settings": "half of its commands need an index, a secret or a source that is not there",
    "poetry_builder": "poetry installs; tests/oracle/foreign_locks.py compares it",
    "tools_left": "its files come from the net and from images that are not there",
    "unloadable": "much of it is wrong, and fails",
    "user_later": "it installs nothing with pip",
    "base_user": "conda is its Python, and mamba is kept as `run:`",
    "train_venv": "its torch comes from an index that a substitution names, which is kept as `run:`",
    "cmd_forms": "it installs nothing with pip",
    "downloads": "it installs nothing with pip",
    "comfyui": "its requirement files come with git, which plans don't read",
    "conda": "pip works in an environment of conda, which is kept as `run:`",
    "loops": "its scripts need programs that are not there",
    "poetry": "poetry installs; tests/oracle/foreign_locks.py compares it",
    "sources": "it builds from sources, which plans refuse",
}


def run(command, **kwargs):
    return subprocess.run(command, check=True, text=True, capture_output=True, **kwargs)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(root, environment):
    """name -> (version, index, asked for), of an environment of a root. uv marks all as asked for."""
    folder = root / docker_machine.Machine._inside(environment)
    found = {}
    for path in folder.glob("lib/python*/site-packages/*.dist-info"):
        metadata = (path / "METADATA").read_text().split("\n\n")[0]
        name = canonical(re.search("^Name: (.*)$", metadata, re.M)[1])
        version = re.search("^Version: (.*)$", metadata, re.M)[1]
        origin = path / "origin"
        pip = (path / "INSTALLER").read_text().strip() == "pip"
        if name not in TOOLS and origin.exists():
            found[name] = (version, origin.read_text(), (path / "REQUESTED").exists() if pip else None)
    return found


class Planned:
    """The plan, stage by stage, with the line of the Dockerfile that each stands for."""

    def __init__(self, recipe, plan, indexes):
        lines = recipe.split("\n")
        self.stages, self.packages = [], {}
        for stage in plan["stages"]:
            if stage["kind"] != "pip":
                continue
            said = re.search(r"# Dockerfile:(\d+)$", lines[int(stage["at"].rsplit(":", 1)[1]) - 1])
            self.stages.append((int(said[1]), stage["environment"]))
            for action in stage["actions"]:
                self.packages.pop(action["name"], None)
                if action["action"] != "remove":
                    index = indexes.get(action["index"], action["index"])
                    self.packages[action["name"]] = (action["version"], index, action["requested"])

    def forget_marks(self, names):
        for name in names:
            if name in self.packages:
                self.packages[name] = (*self.packages[name][:2], None)

    def after(self, one):
        """Names and versions behind an instruction; None: no pip stage is of it."""
        found = [stage for line, stage in self.stages if one.line <= line <= one.last]
        return found[-1] if found else None


class Judge:
    def __init__(self, ramekin, workshop, name, case, server, world, settings):
        self.ramekin, self.workshop, self.name, self.case = ramekin, workshop, name, case
        self.server, self.world, self.settings = server, world, settings
        self.problems, self.compared = [], 0

    def prepare(self, context):
        shutil.copytree(GOLDEN / self.name, context)
        for path, text in self.case.files.items():
            file = context / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text if isinstance(text, str) else text(self.world))
        if self.case.lock:
            env = {"PATH": os.environ["PATH"], "HOME": str(context.parent), "UV_NO_CONFIG": "1"}
            index = self.server.index_url("simple")
            run([UV, "lock", "-q", "--default-index", index, "--python", PYTHON], cwd=context, env=env)
        text = (context / "Dockerfile").read_text()
        for old, new in self.case.replace.items():
            text = text.replace(old, new.replace("LINKS", self.server.index_url("links")))
        (context / "Dockerfile").write_text(text)
        return text

    def plan(self, context):
        env = {"PATH": os.environ["PATH"], "HOME": str(context.parent), "LC_ALL": "C.UTF-8",
               "PIP_INDEX_URL": self.server.index_url("simple"), "PIP_CONFIG_FILE": os.devnull}  # fmt: skip
        run([self.ramekin, "import", "-q", "Dockerfile", "-o", "ramekin.yaml"], cwd=context, env=env)
        recipe = (context / "ramekin.yaml").read_text()
        runs = len(re.findall(r"^ *- run:", recipe, re.M))
        if runs != self.case.run:
            self.problems.append("%d commands are kept as `run:`, and %d must be" % (runs, self.case.run))
        if "{from: base}" in recipe:  # as its note says: no registry is asked here
            (context / "ramekin.yaml").write_text(recipe.replace("{from: base}", "3.11\nlibc: glibc 2.36"))
            recipe = (context / "ramekin.yaml").read_text()
        indexes = {"main": "simple", "cpu": "cpu", "cu124": "cu124"}
        for name, url in re.findall(r"([\w-]+): \"?(https?://[^\s\"}]+)", recipe):
            if url in ADDRESSES:
                indexes[name] = ADDRESSES[url]
        for name, index in indexes.items():
            if name != "main":
                env["RAMEKIN_INDEX_" + re.sub(r"\W", "_", name).upper()] = self.server.index_url(index)
        words = [word for setting in self.settings.items() for word in ("--var", "%s=%s" % setting)]
        plan = json.loads(run([self.ramekin, "plan", "--format", "json", *words], cwd=context, env=env).stdout)
        environment = re.search(r"^python:.*venv: ([^\s,}]+)", recipe, re.M)
        self.environment = environment[1] if environment else "/usr/local"
        return Planned(recipe, plan, indexes)

    def installed(self, root):
        found = installed(root, self.environment)
        return {name: one for name, one in found.items() if name not in self.case.kept}

    def after(self, planned):
        def compare(one, root):
            said = planned.after(one)
            self.root = root
            if said is None or self.case.end:
                return
            done = {name: version for name, (version, _, _) in self.installed(root).items()}
            self.compared += 1
            if done != said:
                self.problems.append("behind Dockerfile:%d pip has %s, the plan %s" % (one.line, done, said))

        return compare

    def safely(self):
        with tempfile.TemporaryDirectory() as temporary:
            try:
                return self.judge(pathlib.Path(temporary))
            except (RuntimeError, subprocess.CalledProcessError) as error:
                return ["%s: %s\n%s" % (self.name, error, getattr(error, "stderr", ""))]

    def judge(self, work):
        context = work / "context"
        text = self.prepare(context)
        planned = self.plan(context)
        index = self.server.index_url("simple")
        settings = {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index}
        machine = docker_machine.Machine(self.workshop, work, context, settings, self.after(planned))
        root = machine.build(text, self.settings)
        done = self.installed(root)
        planned.forget_marks(name for name, (_, _, mark) in done.items() if mark is None or not self.case.marks)
        if not self.case.marks:
            done = {name: (*one[:2], None) for name, one in done.items()}
        if done != planned.packages:
            self.problems.append("in the end pip has\n%s\nthe plan\n%s" % (done, planned.packages))
        if self.compared == 0 and not self.case.end:
            self.problems.append("nothing was compared")
        return ["%s %s: %s" % (self.name, self.settings or "", problem) for problem in self.problems]


def main():
    ramekin, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    if not docker_machine.usable():
        print("skipped: bubblewrap does not run here")
        return SKIP
    cases = {path.name for path in GOLDEN.iterdir() if (path / "Dockerfile").exists()}
    problems = ["%s: neither judged nor said why not" % name for name in sorted(cases - set(CASES) - set(UNJUDGED))]
    world = Universe(universe())
    with Server(world) as server, tempfile.TemporaryDirectory() as shared:
        addresses = [(url, server.index_url(index).rstrip("/")) for url, index in ADDRESSES.items()]
        repositories = {name: files for case in CASES.values() for name, files in case.repositories.items()}
        workshop = docker_machine.Workshop(pathlib.Path(shared), PYTHON, addresses, repositories)
        judges = [Judge(ramekin, workshop, name, case, server, world, settings)
                  for name, case in CASES.items() for settings in case.settings if not names or name in names]  # fmt: skip
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for found in pool.map(Judge.safely, judges):
                problems += found
    print("\n".join(problems) or "%d builds of %d Dockerfiles: behind every RUN the plan is what pip has" % (len(judges), len(CASES)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the RUN lines of a Dockerfile as they stand, in a folder that bubblewrap shows as the root.

A small builder for tests: it knows what FROM, ARG, ENV, WORKDIR, COPY, ADD, SHELL and RUN do to files
and environment. Python is the machine's own as a virtual environment in /usr/local, with the pinned
pip; programs that only bring things from elsewhere (apt-get, git, curl ...) are stubs. Addresses of
indexes are replaced by those of the loopback index before pip or uv sees them."""

import glob
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

STUBS = ("apt-get apt add-apt-repository wget curl unzip useradd groupadd adduser huggingface-cli hf ssh-keygen ldconfig "
         "addgroup chown flake8 jupyter service nvcc nvidia-smi make go npm playwright").split()  # fmt: skip
REWRITE = """import json, os, sys
table = json.load(open('/stubs/addresses.json'))
def rewritten(text):
    for old, new in table:
        text = text.replace(old, new)
    return text
for name, value in os.environ.items():
    if name.startswith(('PIP_', 'UV_')):
        os.environ[name] = rewritten(value)
"""
GIT = """#!/bin/sh
[ "$1" = clone ] || exit 0
for word in "$@"; do
  case $word in *://*) url=$word dest= ;; -*) ;; *) dest=$word ;; esac
done
name=$(basename "$url" .git)
mkdir -p "${dest:-$name}" && cp -r "/stubs/repositories/$name/." "${dest:-$name}/"
"""
UV = """#!/usr/bin/python3
%s
words = [rewritten(word) for word in sys.argv[1:]]
if '--system' in words:  # it does not look at environments, and /usr/local is one
    words.remove('--system')
    words += ['--python', '/usr/local/bin/python3']
os.execv('/stubs/uv-itself', ['uv', *words])
""" % REWRITE  # fmt: skip


class Instruction:
    def __init__(self, line, last, keyword, arguments):
        self.line, self.last, self.keyword, self.arguments = line, last, keyword.upper(), arguments
        self.heredocs = []


def parse(text):
    """Instructions in order: comments and continued lines taken away, heredocs apart."""
    lines, found, i = text.split("\n"), [], 0
    while i < len(lines):
        first, joined = i, ""
        if not lines[i].strip() or lines[i].lstrip().startswith("#"):
            i += 1
            continue
        while i < len(lines):
            piece = lines[i].rstrip()
            i += 1
            if joined and (not piece.strip() or piece.lstrip().startswith("#")):
                continue
            joined += piece[:-1] if piece.endswith("\\") else piece
            if not piece.endswith("\\"):
                break
        keyword, _, arguments = joined.strip().partition(" ")
        one = Instruction(first + 1, i, keyword, arguments.strip())
        names = re.findall(r"<<-?\s*(['\"]?)(\w+)\1", arguments) if one.keyword in ("RUN", "COPY", "ADD") else []
        for _, name in names:
            body = []
            while lines[i].strip() != name:
                body.append(lines[i])
                i += 1
            i += 1
            one.heredocs.append((name, "\n".join(body) + "\n"))
        one.last = i
        found.append(one)
    return found


def expand(text, scope):
    def value(match):
        name, default = match[1] or match[2], match[3]
        there = scope.get(name, "")
        return there if there or default is None else default

    return re.sub(r"\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})", value, text)


def words_of(text):
    return shlex.split(text)


def unquoted_pairs(arguments):
    """NAME=value …, or the old form NAME value."""
    first = arguments.split(None, 1)
    if "=" not in first[0]:
        return [(first[0], first[1] if len(first) > 1 else "")]
    return [tuple(word.split("=", 1)) if "=" in word else (word, None) for word in words_of(arguments)]


class Workshop:
    """What all machines share: stubs, the pinned pip, and the files of an image with Python.

    `python` is one with the pinned pip, and with uv beside it where that is to be used; `addresses`
    are pairs of an address and what stands in for it; `repositories` (name -> path -> text) are what
    `git clone` brings."""

    def __init__(self, folder, python, addresses, repositories):
        self.stubs, self.base = folder / "stubs", folder / "base"
        code = ("import os, pip, sys; print(os.path.dirname(pip.__file__), sys.base_prefix, "
                "'python%d.%d' % sys.version_info[:2], sep='\\n')")  # fmt: skip
        done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
        pip, self.prefix, program = done.stdout.split()
        self.uv = pathlib.Path(python).parent / "uv"
        self._make_stubs(pathlib.Path(pip), addresses, repositories)
        self._make_base(os.path.join(self.prefix, "bin", program))

    def _make_stubs(self, pip, addresses, repositories):
        stubs = self.stubs
        (stubs / "bin").mkdir(parents=True)
        (stubs / "lib").mkdir()
        for name in STUBS:
            self._program(stubs / "bin" / name, "#!/bin/sh\nexit 0\n")
        self._program(stubs / "bin" / "git", GIT)
        self._program(stubs / "bin" / "ln", '#!/bin/sh\n/usr/bin/ln "$@" 2>/dev/null || :\n')
        if self.uv.exists():
            self._program(stubs / "bin" / "uv", UV)
            (stubs / "uv-itself").write_text("")  # it is shown there
        shutil.copytree(pip, stubs / "lib" / "pip")
        main = stubs / "lib" / "pip" / "_internal" / "cli" / "main.py"
        # where every spelling of pip comes by: python -m pip, pip, the script of an environment
        text = main.read_text().replace(
            "        args = sys.argv[1:]\n",
            "        args = sys.argv[1:]\n"
            "    exec(open('/stubs/rewrite.py').read(), globals())\n"
            "    args = [rewritten(word) for word in args]\n")  # fmt: skip
        assert "rewritten(word)" in text, "the pinned pip's main() looks different"
        main.write_text(text)
        (stubs / "rewrite.py").write_text(REWRITE)
        (stubs / "addresses.json").write_text(json.dumps(addresses))
        for name, files in repositories.items():
            for path, text in files.items():
                file = stubs / "repositories" / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

    @staticmethod
    def _program(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def _make_base(self, python):
        base = self.base
        for folder in ("usr-local", "etc/ssh", "tmp", "root/.jupyter", "var", "opt", "srv", "home", "proc", "dev"):
            (base / folder).mkdir(parents=True)
        for name in ("bin", "lib", "lib64", "sbin"):
            (base / name).symlink_to("usr/" + name)
        (base / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (base / "etc" / "group").write_text("root:x:0:\n")
        (base / "etc" / "debian_version").write_text("12\n")
        (base / "etc" / "ssh" / "sshd_config").write_text("#PermitRootLogin no\n")
        subprocess.run([python, "-m", "venv", "--without-pip", str(base / "usr-local")], check=True)
        folder = base / "usr-local" / "bin"
        for name in ("pip", "pip3"):
            self._program(folder / name, '#!/bin/sh\nexec /usr/local/bin/python3 -m pip "$@"\n')
        for minor in range(8, 15):
            name = folder / ("python3.%d" % minor)
            if not name.is_symlink():
                name.symlink_to("python3")

    def binds(self):
        words = ["--ro-bind", "/usr", "/usr", "--ro-bind", str(self.stubs), "/stubs"]
        if self.uv.exists():
            words += ["--ro-bind", str(self.uv), "/stubs/uv-itself"]
        if not self.prefix.startswith("/usr"):
            words += ["--ro-bind", self.prefix, self.prefix]
        return words


class Machine:
    """Builds one Dockerfile. `after(instruction, root)` is called behind every RUN; `settings` is the
    environment that RUN has beside the Dockerfile's."""

    def __init__(self, workshop, work, context, settings, after):
        self.workshop, self.work, self.context = workshop, work, context
        self.settings, self.after, self.built = settings, after, {}

    def run(self, root, command, env, cwd, text=None):
        (root / cwd.lstrip("/")).mkdir(parents=True, exist_ok=True)
        words = ["bwrap", "--die-with-parent", "--bind", str(root), "/", *self.workshop.binds(),
                 "--bind", str(root / "usr-local"), "/usr/local", "--proc", "/proc", "--dev", "/dev",
                 "--chdir", cwd, *command]  # fmt: skip
        done = subprocess.run(words, env=env, input=text, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError("%s\n%s%s" % (command[-1], done.stdout, done.stderr))

    def build(self, text, arguments):
        """The root of the last stage. `arguments` are values of ARG."""
        self.arguments = arguments
        instructions = parse(text)
        stages, outer = [], {}
        for one in instructions:
            if one.keyword == "FROM":
                words = expand(one.arguments, outer).split()
                words = [word for word in words if not word.startswith("--")]
                stages.append((words[0], words[2] if len(words) > 2 else str(len(stages)), []))
            elif not stages and one.keyword == "ARG":
                for name, value in unquoted_pairs(one.arguments):
                    outer[name] = arguments.get(name, value or "")
            elif stages:
                stages[-1][2].append(one)
        self.stages = {name: (base, body) for base, name, body in stages}
        self.outer = outer
        return self._stage(stages[-1][1])[0]

    def _stage(self, name):
        if name in self.built:
            return self.built[name]
        base, body = self.stages[name]
        root = self.work / ("stage-" + name)
        if base in self.stages:
            below = self._stage(base)
            parent, env, cwd, shell = below
            env = dict(env)
        else:
            parent, cwd, shell = self.workshop.base, "/", ["/bin/sh", "-c"]
            env = {"PATH": "/stubs/bin:/usr/local/bin:/usr/bin:/bin"}
        shutil.copytree(parent, root, symlinks=True)
        scope = {}
        for one in body:
            if one.keyword == "ARG":
                for key, value in unquoted_pairs(one.arguments):
                    given = self.arguments.get(key, self.outer.get(key) if value is None else value)
                    scope[key] = expand(given or "", {**scope, **env})
            elif one.keyword == "ENV":
                seen = {**scope, **env}
                for key, value in unquoted_pairs(one.arguments):
                    env[key] = expand(value or "", seen)
            elif one.keyword == "WORKDIR":
                cwd = os.path.normpath(os.path.join(cwd, expand(one.arguments, {**scope, **env})))
                (root / cwd.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif one.keyword == "SHELL":
                shell = json.loads(one.arguments)
            elif one.keyword in ("COPY", "ADD"):
                self._copy(root, one, {**scope, **env}, cwd)
            elif one.keyword == "RUN":
                self._run(root, one, {**scope, **env}, cwd, shell)
        self.built[name] = (root, env, cwd, shell)
        return self.built[name]

    def _run(self, root, one, scope, cwd, shell):
        command = one.arguments
        mounts = []
        while command.startswith("--"):
            flag, _, command = command.partition(" ")
            mounts.append(flag)
            command = command.lstrip()
        bound = self._bind(root, cwd, mounts)
        env = {"HOME": "/root", "LC_ALL": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
               "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1", "PYTHONDONTWRITEBYTECODE": "1",
               "UV_NO_CONFIG": "1", "UV_CACHE_DIR": "/tmp/uv", "UV_LINK_MODE": "copy", **self.settings, **scope}  # fmt: skip
        env["PYTHONPATH"] = "/stubs/lib:" + scope.get("PYTHONPATH", "")
        if command.startswith("["):
            self.run(root, json.loads(command), env, cwd)
        elif re.match(r"<<-?\s*['\"]?\w+['\"]?\s*$", command):
            self.run(root, [*shell, one.heredocs[0][1]], env, cwd)
        else:
            script = command + "".join("\n%s%s" % (body, name) for name, body in one.heredocs)
            self.run(root, [*shell, script], env, cwd)
        for path in bound:
            path.unlink()
        self.after(one, root)

    def _bind(self, root, cwd, flags):
        """--mount=type=bind of files of the context: they lie there for the while."""
        bound = []
        for flag in flags:
            parts = dict(part.split("=", 1) for part in flag[len("--mount=") :].split(",") if "=" in part)
            if parts.get("type") != "bind" or "from" in parts:
                continue
            source = self.context / parts.get("source", parts.get("src", "."))
            target = root / os.path.join(cwd, parts.get("target", parts.get("dst", ""))).lstrip("/")
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
                bound.append(target)
        return bound

    def _copy(self, root, one, scope, cwd):
        flags = [word for word in one.arguments.split() if word.startswith("--")]
        words = [word for word in one.arguments.split() if not word.startswith("--")]
        if one.arguments.rstrip().endswith("]"):
            words = json.loads(one.arguments[one.arguments.index("[") :])
        words = [expand(word, scope) for word in words]
        origin = next((flag.split("=", 1)[1] for flag in flags if flag.startswith("--from=")), None)
        dest = os.path.join(cwd, words[-1])
        target = root / self._inside(dest)
        if one.heredocs:
            self._land(target, words[-1]).write_text(one.heredocs[0][1])
            return
        top = self.context
        if origin is not None:
            if origin not in self.stages:
                return  # an image: uv's own, busybox
            top = self._stage(origin)[0]
        for word in words[:-1]:
            if "://" in word:
                self._land(target, words[-1], os.path.basename(word)).write_text("")
                continue
            path = self._inside(word) if origin is not None else word.lstrip("/")
            for source in map(pathlib.Path, sorted(glob.glob(str(top / path)))):
                self._bring(source, target, words[-1], many=len(words) > 2)

    @staticmethod
    def _inside(path):
        path = os.path.normpath(path)
        path = "/usr-local" + path[len("/usr/local") :] if path.startswith("/usr/local") else path
        return path.lstrip("/")

    @staticmethod
    def _land(target, dest, name="file"):
        path = target / name if dest.endswith("/") or target.is_dir() else target
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _bring(self, source, target, dest, many):
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            return
        folder = dest.endswith("/") or many or target.is_dir() or dest in (".", "./")
        target = target / source.name if folder else target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target, follow_symlinks=False)


def usable():
    """Whether bubblewrap runs here."""
    try:
        done = subprocess.run(["bwrap", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
                              capture_output=True, check=False)  # fmt: skip
    except FileNotFoundError:
        return False
    return done.returncode == 0

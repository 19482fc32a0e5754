"""The scripts that `ramekin render --as script` writes are run with pip and with uv, from a loopback index:
what is locked is there afterwards and verify.py says so; what is off is named. Names and folders have blanks,
quotes and dollars. The PowerShell script is read by a second parser.

    env_script.py RAMEKIN    needs RAMEKIN_TEST_PYTHON with pip and uv beside it; else exit 77
"""

import glob
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON", sys.executable)
SERIES = "%d.%d" % sys.version_info[:2]
ODD = "it's $HOME `x` \u2019\u00fc \"q\""
UNIVERSE = {
    "indexes": {"simple": {}, "extra": {}},
    "projects": {
        "greet": [{"version": "1.0", "requires": ["heavy"], "files": {
            "greet/__init__.py": "import heavy\n", "greet/bin.py": "def main():\n    print('greet')\n"},
            "entry_points": {"console_scripts": {"greet": "greet.bin:main"}}}, "1.1"],
        "heavy": [{"version": "2.6.0+cu124", "index": "extra",
                   "files": {"heavy/__init__.py": "", "heavy/version.py": "x = 1\n"}},
                  {"version": "2.7.0", "files": {"heavy/__init__.py": "", "heavy/new.py": ""}}],
        "pinned": ["1.0", "2.0"], "gone": ["1.0"],
    },
}
RECIPE = """
version: 1
name: tiny
target: env
platforms: [linux/amd64, windows/amd64]
python: {python}
libc: glibc 2.17
indexes: {{extra: "{index}/extra/"}}
stages:
  # It's the "first", $(not) `a` command.
  - pip: {{name: first, install: [heavy], index: extra}}
  - pip: [greet==1.0, pinned, gone]
  - pip: {{name: force, install: ["pinned==1.0"], no_deps: true, force_reinstall: true}}
  - pip: {{name: local, install: ["./my wheels/own-1.0-py3-none-any.whl"]}}
  - pip: {{name: clean, remove: [gone]}}
checks:
  build:
    - import: [greet, own]
    - module: heavy.version
    - absent: [gone]
    - version: ["pinned<2"]
    - file: /venv/lib/python{python}/site-packages/greet/bin.py
"""


class Folder(unittest.TestCase):
    """Each test in a folder of its own, with the recipe rendered for both systems."""

    def setUp(self):
        self.top = pathlib.Path(tempfile.mkdtemp(dir=os.environ["WORK"])) / ODD
        shutil.copytree(RENDERED, self.top)
        self.linux = self.top / "out" / "linux-amd64"

    def tearDown(self):
        shutil.rmtree(self.top.parent)

    def install(self, *arguments, folder=None, **changes):
        environment = dict(os.environ, PYTHON=PYTHON, **changes)
        environment["PATH"] = "%s:%s" % (pathlib.Path(PYTHON).parent, os.environ["PATH"])
        return subprocess.run([str((folder or self.linux) / "install.sh"), *arguments], cwd=self.top,
                              env=environment, capture_output=True, text=True)

    def venv(self, name="the venv"):
        return self.top / name

    def inside(self, *command):
        return subprocess.run([str(self.venv() / "bin" / "python"), *command], capture_output=True, text=True)

    def check_whole(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("is complete", done.stderr)
        found = {path.name.partition("-")[0]: path.name.split("-")[1][:-len(".dist")]
                 for path in self.venv().glob("lib/python*/site-packages/*.dist-info")}
        found = {name: version for name, version in found.items() if name not in ("pip", "setuptools", "wheel")}
        self.assertEqual(found, {"greet": "1.0", "heavy": "2.6.0+cu124", "own": "1.0", "pinned": "1.0"})
        self.assertTrue((self.venv() / "bin" / "greet").exists())

    def verify(self, *arguments):
        return self.inside(str(self.linux / "verify.py"), *arguments)


class Installs(Folder):
    def test_pip_and_again(self):
        self.check_whole(self.install("the venv"))
        mark = (self.venv() / "ramekin-environment").read_text()
        again = self.install("the venv")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("is this environment already", again.stderr)
        self.assertNotIn("stage", again.stderr)
        path = self.venv() / "ramekin-environment"
        self.assertEqual(mark, path.read_text())
        path.write_text(mark.replace("complete", "begun"))
        (self.venv() / "stray").write_text("")
        self.check_whole(self.install("the venv"))
        self.assertFalse((self.venv() / "stray").exists())

    def test_uv(self):
        self.check_whole(self.install("--uv", "the venv"))

    def test_one_text(self):
        # Wheels of the recipe's folder are looked for where it is run.
        text = subprocess.run([RAMEKIN, "render", "--as", "script", "-q", "--locked", "--platform", "linux/amd64"],
                              cwd=RECIPE_FOLDER, check=True, capture_output=True, text=True).stdout
        environment = dict(os.environ, PATH="%s:%s" % (pathlib.Path(PYTHON).parent, os.environ["PATH"]))
        done = subprocess.run(["sh", "-s", "--", "--uv", str(self.venv())], input=text, cwd=RECIPE_FOLDER, env=environment,
                              capture_output=True, text=True)
        self.check_whole(done)


class Refusals(Folder):
    def test_other_content(self):
        self.venv().mkdir()
        (self.venv() / "mine").write_text("mine")
        done = self.install("the venv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds something else", done.stderr)
        self.assertEqual(os.listdir(self.venv()), ["mine"])

    def test_other_environment(self):
        self.venv().mkdir()
        (self.venv() / "ramekin-environment").write_text("0123 complete\n")
        done = self.install("the venv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds another environment", done.stderr)

    def test_other_machine(self):
        path = self.linux / "expect.json"
        path.write_text(path.read_text().replace('"platform": "linux/amd64"', '"platform": "macos/arm64"'))
        done = self.install("the venv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("it is locked for macos/arm64, and this is linux/amd64", done.stderr)
        self.assertFalse(self.venv().exists())

    def test_usage(self):
        for arguments, text in ((["--python"], "needs a command"), (["-x"], "no option -x"), (["a", "b"], "one folder")):
            done = self.install(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)


class Differences(Folder):
    def test_hash(self):
        for installer in ([], ["--uv"]):
            for path in (self.linux / "requirements").glob("01-*"):
                text = path.read_text()
                path.write_text(text.partition("sha256:")[0] + "sha256:" + 64 * "0" + "\n")
            done = self.install(*installer, "the venv")
            self.assertEqual(done.returncode, 1)
            self.assertIn("could not install", done.stderr)
            self.assertRegex(done.stderr.lower(), "hash|no matching distribution")
            # It was begun: with the right list it goes on from nothing.
            self.assertIn("begun", (self.venv() / "ramekin-environment").read_text())

    def test_what_verify_finds(self):
        self.check_whole(self.install("--uv", "the venv"))
        site = pathlib.Path(glob.glob(str(self.venv() / "lib" / "python*" / "site-packages"))[0])
        info = site / "greet-1.0.dist-info"
        metadata = (info / "METADATA").read_text()
        (info / "METADATA").write_text(metadata.replace("Version: 1.0", "Version: 1.1"))
        done = self.verify()
        self.assertEqual(done.returncode, 14, done.stderr)
        self.assertIn("expected: greet 1.0", done.stderr)
        (info / "METADATA").write_text(metadata)
        self.assertEqual(self.verify().returncode, 0)
        (site / "greet" / "bin.py").write_text("def main():\n    print('GREET')\n")
        done = self.verify()
        self.assertEqual(done.returncode, 14)
        self.assertIn("other content", done.stderr)
        (site / "greet" / "bin.py").unlink()
        done = self.verify()
        self.assertEqual(done.returncode, 14)
        self.assertIn("it is gone", done.stderr)
        (site / "greet" / "bin.py").write_text("def main():\n    print('greet')\n")
        (site / "stray-1.0.dist-info").mkdir()
        (site / "stray-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: stray\nVersion: 1.0\n")
        done = self.verify()
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"WARN others +stray 1\.0")

    def test_import(self):
        path = self.linux / "expect.json"
        expect = json.loads(path.read_text())
        expect["build"].append({"kind": "import", "at": "ramekin.yaml:9", "items": ["greet.absent"]})
        path.write_text(json.dumps(expect))
        done = self.install("--uv", "the venv")
        self.assertEqual(done.returncode, 1)
        self.assertIn("No module named 'greet.absent'", done.stderr)
        self.assertIn("ramekin.yaml:9", done.stderr)
        self.assertIn("is not what is expected", done.stderr)

    def test_gpu_is_asked_for_alone(self):
        self.check_whole(self.install("--uv", "the venv"))
        done = self.verify("--gpu", "--json")
        self.assertNotIn("distributions", done.stderr)
        steps = [step["id"] for step in json.loads(done.stdout)["steps"]]
        self.assertEqual(steps[:2], ["env", "driver"])
        self.assertEqual(self.verify("--nonsense").returncode, 64)


class PowerShell(Folder):
    """pwsh is in no package registry that tests reach: its grammar is, as a parser of its own."""

    def parse(self, path):
        if not importlib.util.find_spec("tree_sitter_powershell"):
            self.skipTest("tree-sitter-powershell is not beside RAMEKIN_TEST_PYTHON")
        import tree_sitter
        import tree_sitter_powershell

        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
        return parser.parse(path.read_bytes()).root_node

    def literals(self, node):
        if node.type == "verbatim_string_characters":
            yield node.text.decode()[1:-1].replace("''", "'")
        for child in node.children:
            yield from self.literals(child)

    def broken(self, node):
        if node.type == "ERROR" or node.is_missing:
            yield "%s at %s: %r" % (node.type, node.start_point, node.text[:80])
        for child in node.children:
            yield from self.broken(child)

    def test_parses(self):
        script = self.top / "out" / "windows-amd64" / "install.ps1"
        root = self.parse(script)
        self.assertEqual(list(self.broken(root)), [])
        self.assertFalse(root.has_error)
        found = list(self.literals(root))
        for word in ("01-first.txt", "--require-hashes", "--index-url", "gone"):
            self.assertIn(word, found)

    def test_one_text_parses(self):
        text = subprocess.run([RAMEKIN, "render", "--as", "script", "-q", "--locked", "--platform", "windows/amd64"],
                              cwd=RECIPE_FOLDER, check=True, capture_output=True).stdout
        path = self.top / "one.ps1"
        path.write_bytes(text)
        root = self.parse(path)
        self.assertEqual(list(self.broken(root)), [])
        script = (HERE.parent.parent / "src" / "emit" / "verify.py").read_text()
        self.assertIn(script, list(self.literals(root)))

    def test_a_broken_one_is_refused(self):
        path = self.top / "broken.ps1"
        path.write_text("$a = 'it's'\nif ($a { exit }\n")
        self.assertNotEqual(list(self.broken(self.parse(path))), [])


class Posix(Folder):
    def test_shells_read_it(self):
        script = str(self.linux / "install.sh")
        for command in (["sh", "-n"], ["bash", "-n"], ["shellcheck"]):
            if not shutil.which(command[0]):
                continue
            done = subprocess.run([*command, script], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def render(folder):
    folder.mkdir()
    (folder / "ramekin.yaml").write_text(RECIPE.format(python=SERIES, index=os.environ["INDEX_URL"]))
    (folder / "my wheels").mkdir()
    own = {"projects": {"own": [{"version": "1.0", "files": {"own/__init__.py": ""}}]}}
    (folder / "own.json").write_text(json.dumps(own))
    subprocess.run([sys.executable, str(HERE.parent / "server" / "universe.py"), "own.json", "--write", "my wheels"],
                   cwd=folder, check=True)
    subprocess.run([RAMEKIN, "render", "--as", "script", "-q", "-o", "out"], cwd=folder, check=True)


def main():
    global RAMEKIN, RENDERED, RECIPE_FOLDER
    if sys.argv[1] != "--inside":
        uv = pathlib.Path(PYTHON).parent / "uv"
        if not uv.exists() or not os.environ.get("RAMEKIN_TEST_PYTHON"):
            print("SKIP: pip and uv are not beside RAMEKIN_TEST_PYTHON")
            return 77
        with tempfile.TemporaryDirectory() as folder:
            universe = pathlib.Path(folder) / "universe.json"
            universe.write_text(json.dumps(UNIVERSE))
            environment = dict(os.environ, XDG_CACHE_HOME=folder + "/cache", UV_LINK_MODE="copy",
                               PIP_CONFIG_FILE=os.devnull, WORK=folder)
            command = ["sh", "-c", 'PIP_INDEX_URL=$INDEX_URL/simple/ UV_DEFAULT_INDEX=$INDEX_URL/simple/ exec "$@"', "sh",
                       PYTHON, str(pathlib.Path(__file__).resolve()), "--inside", os.path.abspath(sys.argv[1])]
            server = [sys.executable, str(HERE.parent / "server" / "server.py"), str(universe), "--"]
            return subprocess.run(server + command, cwd=folder, env=environment).returncode
    RAMEKIN = sys.argv[2]
    RECIPE_FOLDER = RENDERED = pathlib.Path(os.environ["WORK"]) / ("recipe of " + ODD)
    render(RENDERED)
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    return 0 if result.wasSuccessful() else 1


sys.exit(main())

"""Asks ramekin-eval and Python's `packaging` the same questions and compares the answers.

    packaging_oracle.py EVAL [--seed N] [--count N]     compare; exit 1 on a disagreement
    packaging_oracle.py EVAL --record FILE              compare, and write the corpus for replay

Questions are made from a seed: every operation gets `count` of them, half of what is made of good
parts is then damaged. Exit 77, with the reason, when the libraries are absent."""

import argparse
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON")
SKIPPED = 77


def wanted_version():
    with open(os.path.join(HERE, "requirements.txt"), encoding="utf-8") as lines:
        pins = dict(line.split()[0].split("==") for line in lines if "==" in line)
    return pins["packaging"]


def find_library():
    """Goes on in the interpreter of the tests, which has the pinned library."""
    if PYTHON and os.path.abspath(sys.executable) != os.path.abspath(PYTHON):
        if not os.path.exists(PYTHON):
            print("skipped: there is no %s (RAMEKIN_TEST_PYTHON)" % PYTHON)
            sys.exit(SKIPPED)
        os.execv(PYTHON, [PYTHON] + sys.argv)
    try:
        import packaging
    except ImportError:
        print("skipped: no RAMEKIN_TEST_PYTHON with the libraries of tests/oracle/requirements.txt")
        sys.exit(SKIPPED)
    version = getattr(packaging, "__version__", "0")
    if version != wanted_version():
        print("skipped: packaging is %s, not %s" % (version, wanted_version()))
        sys.exit(SKIPPED)


# What packaging answers ---------------------------------------------------------------------------


def text_or_none(value):
    return None if value is None else str(value)


def version_parse(q):
    version = Version(q["text"])
    return {
        "ok": True,
        "normal": str(version),
        "epoch": str(version.epoch),
        "release": [str(number) for number in version.release],
        "pre": None if version.pre is None else "%s%d" % version.pre,
        "post": text_or_none(version.post),
        "dev": text_or_none(version.dev),
        "local": version.local,
    }


def version_compare(q):
    a, b = Version(q["a"]), Version(q["b"])
    assert (a == b) == (hash(a) == hash(b))
    return (a > b) - (a < b)


def specifier_parse(q):
    specifiers = SpecifierSet(q["spec"])
    for specifier in specifiers:
        specifier.contains("1.0")  # a few spellings parse and can't be used afterwards
    return {"ok": True, "specifiers": sorted(str(specifier) for specifier in specifiers)}


def specifier_contains(q):
    return SpecifierSet(q["spec"]).contains(q["version"], prereleases=q["prereleases"])


def specifier_filter(q):
    return list(SpecifierSet(q["spec"]).filter(q["versions"], prereleases=q["prereleases"]))


def has_nul(nodes):
    if isinstance(nodes, str):
        return False
    if isinstance(nodes, tuple):
        return "\0" in nodes[0].value + nodes[2].value
    return any(has_nul(node) for node in nodes)


def make_marker(text):
    """ramekin knows no texts with a NUL in them, even written as an escape."""
    marker = Marker(text)
    if has_nul(marker._markers):
        raise ValueError
    return marker


def marker_parse(q):
    return {"ok": True, "normal": str(make_marker(q["marker"]))}


def marker_eval(q):
    return make_marker(q["marker"]).evaluate(q["env"])


def requirement_parse(q):
    requirement = Requirement(q["text"])
    if requirement.marker:
        make_marker(str(requirement.marker).replace("\\", "\\\\"))
    return {
        "ok": True,
        "name": requirement.name,
        "extras": sorted(requirement.extras),
        "specifiers": sorted(str(specifier) for specifier in requirement.specifier),
        "url": requirement.url,
        "marker": text_or_none(requirement.marker),
    }


def name_canonicalize(q):
    return canonicalize_name(q["name"])


def wheel_parse(q):
    name, version, build, tags = parse_wheel_filename(q["filename"])
    return {
        "ok": True,
        "name": name,
        "version": str(version),
        "build": "".join(map(str, build)),
        "tags": sorted(str(tag) for tag in tags),
    }


def linux_platforms(libc, arch):
    """What tags.platform_tags() yields on such a machine."""
    kind, _, number = libc.partition(" ")
    major, minor = map(int, number.split("."))
    archs = {"armv8l": ["armv8l", "armv7l"]}.get(arch, [arch])
    glibc = (major, minor) if kind == "glibc" else (-1, -1)
    _manylinux._get_glibc_version = lambda: _manylinux._GLibCVersion(*glibc)
    _manylinux._is_linux_armhf = _manylinux._is_linux_i686 = lambda executable: True
    _musllinux._get_musl_version = lambda executable: (
        _musllinux._MuslVersion(major, minor) if kind == "musl" else None
    )
    return (
        ["linux_" + arch for arch in archs]
        + list(_manylinux.platform_tags(archs))
        + list(_musllinux.platform_tags(archs))
    )


def foreign_platforms(platform, libc):
    """What a Mac or a PC with Windows yields."""
    if platform.startswith("windows/"):
        return {"amd64": ["win_amd64"], "arm64": ["win_arm64"]}[platform.partition("/")[2]]
    version = tuple(map(int, libc.partition(" ")[2].split(".")))
    return list(tags.mac_platforms(version, "arm64" if platform == "macos/arm64" else "x86_64"))


def tags_supported(q):
    python = q["python"]
    flags = python.lstrip("0123456789.")
    numbers = tuple(int(part) for part in python[: len(python) - len(flags)].split("."))[:2]
    if "platform" in q:
        platforms = foreign_platforms(q["platform"], q["libc"])
    else:
        platforms = linux_platforms(q["libc"], q["arch"])
    answers = {
        "Py_DEBUG": "d" in flags,
        "Py_GIL_DISABLED": "t" in flags,
        "WITH_PYMALLOC": 1,
        "Py_UNICODE_SIZE": 4,
    }
    tags._get_config_var = lambda name, warn=False: answers[name]
    interpreter = "cp%d%d" % numbers
    found = list(tags.cpython_tags(numbers, None, platforms))
    found += tags.compatible_tags(numbers, interpreter, platforms)
    return [str(tag) for tag in found]


ANSWERS = {
    "version.parse": version_parse,
    "version.compare": version_compare,
    "specifier.parse": specifier_parse,
    "specifier.contains": specifier_contains,
    "specifier.filter": specifier_filter,
    "marker.parse": marker_parse,
    "marker.eval": marker_eval,
    "requirement.parse": requirement_parse,
    "name.canonicalize": name_canonicalize,
    "wheel.parse": wheel_parse,
    "tags.supported": tags_supported,
    "tags.foreign": tags_supported,
}


def ask_packaging(question):
    try:
        return ANSWERS[question["op"]](question)
    except (ValueError, KeyError, AssertionError):
        return {"ok": False}


# Questions ----------------------------------------------------------------------------------------

NUMBERS = ["0", "1", "2", "3", "9", "10", "00", "01", "007", "2024", "20240101", "18446744073709551616", "9" * 40]
SEPARATORS = ["", "", ".", "-", "_"]
PRE = ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "A", "RC", "Alpha"]
LOCALS = ["cu124", "cpu", "1", "001", "cu121.1", "ubuntu-1", "A_b", "1a", "a1.0.x", "0", "00.a"]
NOISE = list(" \t.,;-_+!*()[]<>=~'\"@#vVaAbBrRcC0123459eE\\/\u00e9\u0130\u017f\u0660\u00a0\u2003\x1f\n\r")
SPACES = ["", "", "", "", " ", "\t", "\n", "\u00a0", "\x1c", "\u2003"]
OPS = ["==", "!=", "<=", ">=", "<", ">", "~=", "==="]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.one = self.random.choice
        self.recent = ["1.0"]

    def chance(self, part):
        return self.random.random() < part

    def damage(self, text, part=0.3):
        """Cuts, doubles, inserts or replaces a piece now and then."""
        while self.chance(part):
            at = self.random.randint(0, len(text))
            end = min(len(text), at + self.random.randint(0, 3))
            text = self.one(
                [
                    text[:at] + text[end:],
                    text[:at] + self.one(NOISE) + text[at:],
                    text[:at] + self.one(NOISE) + text[end:],
                    text[:at] + text[at:end] + text[at:],
                    text.upper(),
                ]
            )
        return text

    def number(self):
        return self.one(NUMBERS) if self.chance(0.3) else str(self.random.randint(0, 4))

    def release(self):
        return ".".join(self.number() for _ in range(self.one([1, 1, 2, 2, 2, 3, 3, 4])))

    def suffix(self, words):
        return self.one(SEPARATORS) + self.one(words) + self.one(SEPARATORS) + self.one(["", "0", "1", self.number()])

    def fresh_version(self, local):
        text = self.one(["", "", "", "", "v", "V"]) + (self.one(["1!", "0!", "2!"]) if self.chance(0.1) else "")
        text += self.release()
        if self.chance(0.35):
            text += self.suffix(PRE)
        if self.chance(0.3):
            text += self.one(["-" + self.number(), self.suffix(["post", "rev", "r", "POST"])])
        if self.chance(0.3):
            text += self.suffix(["dev", "DEV"])
        if local and self.chance(0.25):
            text += "+" + self.one(LOCALS)
        return text

    def version(self, local=True):
        """Often near to one made before, so that comparisons are close."""
        if self.chance(0.4):
            text = self.one(self.recent)
            if not local:
                text = text.partition("+")[0]
            if self.chance(0.5):
                text = text.partition("+")[0] + self.one(
                    ["", ".0", ".1", "a1", "rc0", ".post0", ".post1", ".dev0", ".dev1", "+1", "+cpu"][: 11 if local else 9]
                )
        else:
            text = self.fresh_version(local)
        self.recent = (self.recent + [text])[-12:]
        return text

    def clause(self):
        op = self.one(OPS)
        if op == "===":
            return op + self.one(SPACES) + self.one([self.version(), "foobar", "", "1.0.*", "\u00c9t\u00e9", "lolwat.x"])
        if op in ("==", "!=") and self.chance(0.35):
            version = self.one(["", "v"]) + self.release() + ".*"
        else:
            version = self.version(local=op in ("==", "!=") or self.chance(0.05))
        return op + self.one(SPACES) + version + self.one(SPACES)

    def spec(self):
        count = self.one([0, 1, 1, 1, 1, 2, 2, 3, 4])
        text = self.one([",", ",", ", ", " , "]).join(self.clause() for _ in range(count))
        return self.damage(text + self.one(["", "", "", ","]), 0.12)

    def env(self):
        """The variables of some machine; odd values now and then."""
        full = self.one(["3.8.10", "3.9.0", "3.10.12", "3.11.2", "3.12.0rc1", "3.13.0", "3.14.0a0+", "2.7.18"])
        env = {
            "implementation_name": self.one(["cpython", "pypy"]),
            "implementation_version": self.one([full.rstrip("+"), "7.3.13", "garbage"]),
            "os_name": self.one(["posix", "nt", "java"]),
            "platform_machine": self.one(["x86_64", "aarch64", "AMD64", ""]),
            "platform_python_implementation": self.one(["CPython", "PyPy"]),
            "platform_release": self.one(["6.1.0-13-amd64", "5.15", "10", ""]),
            "platform_system": self.one(["Linux", "Windows", "Darwin"]),
            "platform_version": self.one(["#1 SMP Debian", "10.0.19041", "1.0"]),
            "python_full_version": full,
            "python_version": ".".join(full.split(".")[:2]),
            "sys_platform": self.one(["linux", "win32", "darwin", "cygwin"]),
            "extra": self.one(["", "", "dev", "Foo_Bar", "foo-bar", "x..y"]),
        }
        if self.chance(0.15):
            env[self.one(list(env))] = self.one(["", "1.0.dev1", "linux", "3.1", "1.0+local", "=3.8", "a b", "1.2.*"])
        return env

    def quote(self, text):
        mark = self.one("\"\"\"'")
        return mark + text + mark

    def literal(self):
        values = ["3.8", "3.10", "3", "3.8.*", "2.7, 3.8", "3.8 3.9 3.10", "linux", "posix", "win32", "Linux", "CPython"]
        values += ["x86_64", "dev", "Foo.Bar", "foo_bar", "FOO--bar", "", "1.0.dev1", " 3.9 ", "=3.8", "3.11.0rc1", "6.1"]
        values += ["os_name", "extra", "extras", "it's", 'a"b', "a\\tb", "a\\d", "\\x41", "\\u00e9\\'", "\u00e9", "\\x22'"]
        return self.quote(self.one(values) if self.chance(0.9) else self.version())

    def variable(self):
        names = ["python_version"] * 5 + ["python_full_version"] * 3 + ["extra"] * 4 + ["sys_platform"] * 2
        names += ["os_name", "platform_machine", "platform_python_implementation", "platform_release", "platform_system"]
        names += ["platform_version", "implementation_name", "implementation_version", "os.name", "sys.platform"]
        names += ["platform.version", "platform.machine", "platform.python_implementation", "python_implementation"]
        if self.chance(0.03):
            names = ["extras", "dependency_groups", "platform.release", "nothing"]
        return self.one(names)

    def comparison(self):
        blank = self.one([" ", " ", " ", "", "\t", "  "])
        op = self.one(["==", "==", "!=", "<=", ">=", "<", ">", "~=", "===", " in ", " not in ", " not  in "])
        sides = self.one([(self.variable(), self.literal())] * 6 + [(self.literal(), self.variable())] * 3)
        if self.chance(0.04):
            sides = self.one([(self.literal(), self.literal()), (self.variable(), self.variable())])
        return sides[0] + blank + op + blank + sides[1]

    def marker(self, depth=0):
        text = self.comparison()
        for _ in range(self.one([0, 0, 0, 1, 1, 2])):
            other = self.marker(depth + 1) if depth < 3 and self.chance(0.4) else self.comparison()
            text += self.one([" and ", " or ", " and ", " or ", "and ", " or("])
            text += other + (")" if text.endswith("(") else "")
        while self.chance(0.2):
            text = self.one(["(", "( "]) + text + self.one([")", " )"])
        return self.damage(text, 0.06)

    def name(self):
        return self.one(["foo", "Foo.Bar", "a", "x_y", "A--b", "zope.interface", "foo_", "9lives", "torch", "py-", "\u00e9"])

    def requirement(self):
        blank = self.one(["", "", " ", "\t ", "\n"])
        text = self.one(["", "", "", " "]) + self.name() + blank
        if self.chance(0.3):
            extras = [self.one(["a", "Foo_Bar", "dev", "b.c", "x", "a"]) for _ in range(self.one([0, 1, 1, 2, 3]))]
            text += self.one(["[%s]", "[ %s ]"]) % self.one([",", ", ", " ,"]).join(extras)
        if self.chance(0.15):
            text += self.one(["@", " @ ", "@ "]) + self.one(
                ["https://example.org/foo-1.0.zip", "file:///a", "git+ssh://git@example.org/x@v1#egg=x", "a;b", ""]
            )
            text += self.one(["", " ", " ;", " ; ", ";"])
            if text.rstrip().endswith(";"):
                text += self.marker()
            return self.damage(text, 0.06)
        spec = self.spec().strip()
        text += blank + self.one(["%s", "%s", "%s", "(%s)", " ( %s )"]) % spec
        if self.chance(0.4):
            text += self.one(["", " "]) + ";" + self.marker()
        return self.damage(text, 0.06)

    def tags(self):
        def compress(words):
            return ".".join(self.one(words) for _ in range(self.one([1, 1, 1, 2, 3])))

        return "-".join(
            [
                compress(["py3", "py2", "cp312", "cp39", "CP38", "pp310", "_x", "\u00e9", "3py", "py3\u0660"]),
                compress(["none", "abi3", "cp312", "cp38m", "NONE", "\u00c9"]),
                compress(["any", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64", "win_amd64"]),
            ]
        )

    def wheel(self):
        name = self.one(["foo", "Foo_Bar", "zope.interface", "a__b", "", "\u00e9t\u00e9", "a-b", "x.__", "9"])
        parts = [name, self.version().replace("-", "_")]
        if self.chance(0.3):
            parts.append(self.one(["1", "2a", "010", "a1", "0", "1_x", "1\n2", ""]))
        return self.damage("-".join(parts + [self.tags()]), 0.08) + self.one([".whl"] * 12 + [".WHL", "", ".whl "])

    def any_name(self):
        text = "".join(self.one(["-", "_", ".", "a", "B", "foo", "9", "\u00c9", " ", "\u00df"]) for _ in range(self.random.randint(0, 8)))
        return self.one([text, self.name()])

    def prereleases(self):
        return self.one([None, None, True, False])

    def question(self, op):
        if op == "version.parse":
            return {"text": self.damage(self.one(SPACES) + self.version() + self.one(SPACES))}
        if op == "version.compare":
            return {"a": self.version(), "b": self.version()}
        if op == "specifier.parse":
            return {"spec": self.damage(self.spec(), 0.2)}
        if op == "specifier.contains":
            version = self.damage(self.version(), 0.04)
            return {"spec": self.spec(), "version": version, "prereleases": self.prereleases()}
        if op == "specifier.filter":
            versions = [self.damage(self.version(), 0.03) for _ in range(self.random.randint(0, 7))]
            return {"spec": self.spec(), "versions": versions, "prereleases": self.prereleases()}
        if op == "marker.parse":
            return {"marker": self.damage(self.marker(), 0.1)}
        if op == "marker.eval":
            return {"marker": self.marker(), "env": self.env()}
        if op == "requirement.parse":
            return {"text": self.requirement()}
        if op == "name.canonicalize":
            return {"name": self.any_name()}
        if op == "wheel.parse":
            return {"filename": self.wheel()}
        if op == "tags.foreign":
            return self.foreign()
        libc = self.one(["glibc 2.%d" % self.random.randint(0, 45), "musl 1.%d" % self.random.randint(0, 3), "glibc 3.1"])
        arch = self.one(["x86_64", "i686", "aarch64", "armv7l", "armv8l", "ppc64le", "s390x", "riscv64", "mips64"])
        python = "3.%d%s" % (self.random.randint(0, 16), self.one(["", "", "", "t", "d", "td"]))
        return {"python": python, "libc": libc, "arch": arch}

    def foreign(self):
        python = "3.%d%s" % (self.random.randint(0, 16), self.one(["", "", "", "t"]))
        platform = self.one(["macos/arm64", "macos/amd64", "macos/arm64", "macos/amd64", "windows/amd64", "windows/arm64"])
        minor = self.random.randint(4, 16)
        oldest = [] if platform == "macos/arm64" else ["macOS 10.%d" % minor]
        libc = self.one(["macOS 11.0", "macOS 12.3", "macOS 14.0", "macOS 26.1"] + oldest)
        return {"python": python, "libc": None if platform.startswith("windows") else libc, "platform": platform}

def make_questions(seed, count):
    maker = Maker(seed)
    for op in ANSWERS:
        for _ in range(max(1, count // 50) if op.startswith("tags.") else count):
            yield dict({"op": op}, **maker.question(op))


def answer_all(program, questions):
    text = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([program], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().splitlines()
    if len(answers) != len(questions):
        sys.exit("%d questions, %d answers" % (len(questions), len(answers)))
    return answers


def record(path, questions, answers):
    """Two lines each, the question and the answer as ramekin-eval writes it."""
    with open(path, "w", encoding="utf-8") as out:
        for question, answer in zip(questions, answers):
            if question["op"].startswith("tags.") and len(answer) > 12000:
                continue
            out.write(json.dumps(question, separators=(",", ":")) + "\n" + answer + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=440)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--record")
    options = parser.parse_args()
    questions = list(make_questions(options.seed, options.count))
    answers = answer_all(options.program, questions)
    wrong = 0
    for question, answer in zip(questions, answers):
        expected = ask_packaging(question)
        if json.loads(answer) == expected:
            continue
        wrong += 1
        if wrong <= 20:
            print("%s\n  packaging: %s\n  ramekin:   %s" % (json.dumps(question), json.dumps(expected), answer))
    refused = sum(answer == '{"ok": false}' for answer in answers)
    print("%d questions, %d refused by both, %d disagreements" % (len(questions), refused, wrong))
    if options.record and not wrong:
        record(options.record, questions, answers)
    sys.exit(1 if wrong else 0)


find_library()

import warnings  # noqa: E402

warnings.simplefilter("ignore")

from packaging import _manylinux, _musllinux, tags  # noqa: E402
from packaging.markers import Marker  # noqa: E402
from packaging.requirements import Requirement  # noqa: E402
from packaging.specifiers import SpecifierSet  # noqa: E402
from packaging.utils import canonicalize_name, parse_wheel_filename  # noqa: E402
from packaging.version import Version  # noqa: E402

main()

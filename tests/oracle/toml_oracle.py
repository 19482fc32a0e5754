"""The TOML reader against Python's tomllib: the same documents are refused, and what is read is equal.

`--suite` takes the official collection (github.com/toml-lang/toml-test, through Go's module cache),
whose documents must be read or refused as it says. `--random N` damages seed documents N times."""

import argparse
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile

try:
    import tomllib
except ImportError:
    sys.exit(77)

SEEDS = [
    b'a = 1\nb.c = "x\\u00e9"\n[t]\nk = [1, 2, {x = "y", z.w = 0x1F}]\n[t.u]\n"q q" = \'lit\'\n',
    b'[[p]]\nname = "a"\n[p.s]\nurl = "u"\n[[p.q]]\nv = 1\n[[p]]\nname = "b"\n[p.s]\nw = true\n',
    b'd = 2020-02-29T23:59:59.5Z\ne = 1979-05-27 07:32:00+01:30\nf = 10:00:00\ng = 1979-05-27\n',
    b'a = """\n x \\\n   y ""\\"" \\U0001F600"""\nb = \'\'\'it\'s\'\'\'\nc = -1_000.5e+3\nd = [\n 1, # c\n]\n',
    b'x = inf\ny = -nan\nz = +0\nw = 0o17\nv = 0b101\nu = 1e06\nt = false\r\n\r\n[ a . "b" ]\r\n',
    b'[a.b.c]\nx = 1\n[a]\ny = 2\n[a.d]\n[a.b]\nz = 3\n',
    b'apple.color = 1\napple.taste.sweet = true\n[apple.texture]\nsmooth = true\n',
]  # fmt: skip
PIECES = [b'"', b"'", b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b"\n", b"\r", b"#", b"_",
          b"\\", b"\\u0041", b"0", b"1", b"e", b"+", b"-", b":", b"T", b" ", b"\t", b"a", b"a.b", b'"""',
          b"'''", b"\xc3\xa9", b"\x7f", b"\x00", b"\xff", b"true", b"inf", b"a = 1\n", b"[a]\n",
          b"[[a]]\n", b"a.b = 1\n", b"2020-01-01", b"0x", b"z"]  # fmt: skip


def plain(text):
    return tomllib.loads("x = " + text)["x"]


def ours(tree):
    if isinstance(tree, dict):
        return plain(tree["\x01"]) if list(tree) == ["\x01"] else {k: ours(v) for k, v in tree.items()}
    return [ours(item) for item in tree] if isinstance(tree, list) else tree


def same(a, b):
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def python_reads(data):
    """What tomllib says, or None; and whether the two may differ."""
    try:
        tree = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        # Python has no leap seconds and no year 0
        loose = bool(re.search(rb":\d\d:60|0000-\d\d-\d\d|:60", data)) or isinstance(error, RecursionError)
        return None, loose or data.startswith(b"\xef\xbb\xbf")
    return tree, holds_nul(tree)


def holds_nul(tree):
    if isinstance(tree, dict):
        return any("\0" in key or holds_nul(value) for key, value in tree.items())
    if isinstance(tree, list):
        return any(map(holds_nul, tree))
    return isinstance(tree, str) and "\0" in tree


def dump(program, paths):
    lines = []
    for start in range(0, len(paths), 500):
        done = subprocess.run([program, *paths[start : start + 500]], capture_output=True, check=True)
        lines += done.stdout.decode().split("\n")[:-1]
    return [json.loads(line) for line in lines]


def compare(name, data, found, must=None):
    expected, loose = python_reads(data)
    if must is not None and (found is not None) != must and not loose:
        return f"{name}: {'refused' if must else 'read'}, against the collection"
    if loose:
        return None
    if (found is None) != (expected is None):
        return f"{name}: ours {'refuses' if found is None else 'reads'} it, tomllib does not: {data!r}"
    if found is not None and not same(ours(found), expected):
        return f"{name}: {ours(found)!r} against {expected!r}"
    return None


def collection():
    done = subprocess.run(["go", "mod", "download", "-json", "github.com/toml-lang/toml-test@v1.6.0"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode != 0:
        print("the collection can't be had:", done.stderr or done.stdout)
        sys.exit(77)
    return pathlib.Path(json.loads(done.stdout)["Dir"]) / "tests"


def run_suite(program):
    folder = collection()
    names = [n for n in (folder / "files-toml-1.0.0").read_text().split() if n.endswith(".toml")]
    found = dump(program, [str(folder / name) for name in names])
    return [compare(name, (folder / name).read_bytes(), tree, name.startswith("valid/"))
            for name, tree in zip(names, found, strict=True)]  # fmt: skip


def damage(random_, seeds):
    data = bytearray(random_.choice(seeds))
    for _ in range(random_.randint(1, 4)):
        at = random_.randint(0, len(data))
        match random_.randint(0, 3):
            case 0:
                del data[at : at + random_.randint(1, 5)]
            case 1:
                other = random_.choice(seeds)
                start = random_.randint(0, len(other))
                data[at:at] = other[start : start + random_.randint(1, 40)]
            case _:
                data[at:at] = random_.choice(PIECES)
    return bytes(data)


def run_random(program, count, seed, seeds):
    random_ = random.Random(seed)
    texts = [damage(random_, seeds) for _ in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, text in enumerate(texts):
            paths.append(f"{folder}/{i}")
            pathlib.Path(paths[-1]).write_bytes(text)
        found = dump(program, paths)
    return [compare(i, text, tree) for i, (text, tree) in enumerate(zip(texts, found, strict=True))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--suite", action="store_true")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    results = run_suite(args.program) if args.suite else []
    results += run_random(args.program, args.random, args.seed, SEEDS)
    problems = [r for r in results if r]
    for problem in problems[:20]:
        print(problem)
    print(f"{len(results)} documents, {len(problems)} wrong")
    sys.exit(1 if problems or not results else 0)


if __name__ == "__main__":
    main()

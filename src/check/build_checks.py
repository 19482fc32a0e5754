

import fnmatch
import importlib.machinery
import importlib.metadata
import os
import pkgutil
import re
import subprocess
import sys

try:
    from packaging.requirements import Requirement
except ImportError:
    try:
        from pip._vendor.packaging.requirements import Requirement
    except ImportError:
        Requirement = None


def plain(version):
    """As far as two spellings of one version are likely to differ."""
    return re.sub(r"(?<![0-9a-z])0+(?=[0-9])", "", version.lower()).replace("-", ".").replace("_", ".")


def version(items):
    for text in items:
        name = re.match(r"[A-Za-z0-9._-]+", text).group()
        found = importlib.metadata.version(name)
        if Requirement:
            good = Requirement(text).specifier.contains(found, prereleases=True)
        else:
            exact = text.partition("===")[2]
            good = plain(found) == plain(exact or LOCKED.get(text, ""))
        if not good:
            yield "%s is installed in version %s" % (text, found)


def numbers(text):
    return [int(part) for part in text.split(".")]


def allows(clause, found):
    """PEP 440 for versions that are numbers alone, as those of CUDA are; None: it is no such clause."""
    match = re.fullmatch(r"\s*([=!<>~]*)\s*([0-9]+(?:\.[0-9]+)*)(\.\*)?\s*", clause)
    if not match:
        return None
    operator, wanted, prefix = match.group(1), numbers(match.group(2)), match.group(3)
    have = numbers(found)
    length = max(len(have), len(wanted))
    a, b = (one + [0] * (length - len(one)) for one in (have, wanted))
    same = a[: len(wanted)] == wanted if prefix else a == b
    return {
        "": same,
        "==": same,
        "!=": not same,
        ">=": a >= b,
        "<=": a <= b,
        ">": a > b,
        "<": a < b,
        "~=": a >= b and a[: len(wanted) - 1] == wanted[:-1],
    }.get(operator)


def cuda(items):
    torch = find("torch")
    if torch is None:
        yield "torch is not installed"
        return
    text = open(os.path.join(os.path.dirname(torch.origin), "version.py")).read()
    line = re.search(r"^cuda\b[^=\n]*=\s*(.*)$", text, re.MULTILINE)
    found = line.group(1).strip("'\" ") if line else "None"
    for item in items:
        good = found == item
        if re.fullmatch(r"[0-9.]+", found):
            good = good or all(allows(clause, found) for clause in item.split(","))
        if not good:
            yield "torch is built for CUDA %s, not %s" % (found, item)


def absent(items):
    for one in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower()
        if any(fnmatch.fnmatchcase(name, item) for item in items):
            yield "%s %s is installed" % (name, one.version)


def file(items):
    return ["%s is not there" % item for item in items if not os.path.exists(item)]


def find(name):
    """The spec of a module, without importing what it lies in."""
    path, spec, full = sys.path, None, ""
    for part in name.split("."):
        full = full + "." + part if full else part
        spec = find_below(full, path)
        if spec is None:
            return None
        path = spec.submodule_search_locations or []
    return spec


def find_below(full, path):
    """As PathFinder does, which needs what a namespace lies in to be imported already."""
    portions = []
    for entry in path:
        finder = pkgutil.get_importer(entry)
        spec = finder.find_spec(full) if hasattr(finder, "find_spec") else None
        if spec is not None and spec.loader is not None:
            return spec
        portions += spec.submodule_search_locations or [] if spec is not None else []
    if not portions:
        return None
    spec = importlib.machinery.ModuleSpec(full, None, is_package=True)
    spec.submodule_search_locations = portions
    return spec


def module(items):
    return ["there is no module %s" % item for item in items if find(item) is None]


def run(*command):
    """Each in a process of its own: a crash in one hides nothing of the others."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        text = done.stdout.decode("utf-8", "replace").strip()
        yield "%s: exit status %d" % (text or command[0], done.returncode)


def imports(items):
    for item in items:
        yield from run(sys.executable, "-c", "import " + item)


def symbol(items):
    for item in items:
        name, attribute = item.split(":")
        code = "import operator, %s as m; operator.attrgetter(%r)(m)" % (name, attribute)
        yield from run(sys.executable, "-c", code)


def python(items):
    return run(sys.executable, "-c", items[0])


def cmd(items):
    return run(*items)


KINDS = {
    "version": version,
    "cuda": cuda,
    "absent": absent,
    "file": file,
    "module": module,
    "import": imports,
    "symbol": symbol,
    "python": python,
    "cmd": cmd,
}


def main():
    failed = 0
    for kind, place, items in CHECKS:
        try:
            problems = list(KINDS[kind](items))
        except Exception as error:
            problems = ["%s: %s" % (type(error).__name__, error)]
        for problem in problems:
            failed += 1
            print("%s: check %s failed: %s" % (place, kind, problem))
    sys.exit(1 if failed else 0)


main()



import fnmatch
import importlib.metadata
import os
import re
import subprocess
import sys

from installed import canonical, cuda_fits, cuda_of_torch, find_module, version_fits  # inlined


def version(items):
    for text in items:
        found = importlib.metadata.version(re.match(r"[A-Za-z0-9._-]+", text).group())
        if not version_fits(text, found, LOCKED.get(text)):
            yield "%s is installed in version %s" % (text, found)


def cuda(items):
    found = cuda_of_torch()
    if found is None:
        yield "torch is not installed"
        return
    for item in items:
        if not cuda_fits(item, found):
            yield "torch is built for CUDA %s, not %s" % (found, item)


def absent(items):
    for one in importlib.metadata.distributions():
        name = canonical(one.metadata["Name"] or "")
        if any(fnmatch.fnmatchcase(name, item) for item in items):
            yield "%s %s is installed" % (name, one.version)


def file(items):
    return ["%s is not there" % item for item in items if not os.path.exists(item)]


def module(items):
    return ["there is no module %s" % item for item in items if find_module(item) is None]


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

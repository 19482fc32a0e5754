"""stdlib_names.py PYTHON...: writes import_stdlib_names.h: the public names and submodules of the
standard library that not every minor version from 3.8 to 3.14 has, with the first and last that do.

Each PYTHON is asked itself, on Linux. What a version that no PYTHON is given for has otherwise than
the one before it comes from the stubs of typeshed in the mypy package, if it is importable. Modules
that some version lacks as a whole are in import_stdlib_table.h; what depends on the libraries that
Python was built with is left out, and what a module has only because it uses it."""

import ast
import importlib.util
import json
import os
import subprocess
import sys

FIRST, LAST = 8, 14
SYSTEM = {
    "builtins", "errno", "fcntl", "mmap", "os", "posix", "posixpath", "readline", "resource", "select",
    "signal", "socket", "sqlite3", "stat", "sys", "syslog", "termios", "time", "xxlimited", "zlib",
}  # fmt: skip
LIST = """
import contextlib, importlib, io, json, os, pkgutil, sys, sysconfig, types, warnings
warnings.simplefilter("ignore")
folder = sysconfig.get_path("stdlib")
LEFT_OUT = ("test", "idlelib", "lib2to3", "distutils", "turtledemo", "ensurepip", "pydoc_data", "antigravity",
            "this", "site", "sitecustomize", "config", "msilib", "turtle", "tkinter", "curses", "dbm", "pip",
            "setuptools", "pkg_resources", "wsgiref", "sre_parse", "sre_compile", "sre_constants")
tops = set(sys.builtin_module_names)
for place in (folder, os.path.join(folder, "lib-dynload")):
    tops |= {entry.split(".")[0] for entry in os.listdir(place) if entry.endswith((".py", ".so"))}
    tops |= {entry for entry in os.listdir(place) if os.path.isfile(os.path.join(place, entry, "__init__.py"))}
found, queue = {}, sorted(name for name in tops if name.isidentifier() and name[0] != "_" and name not in LEFT_OUT)
while queue:
    name = queue.pop(0)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            module = importlib.import_module(name)
    except BaseException:
        continue
    own = lambda value: callable(value) and getattr(value, "__module__", None) in (name, "_" + name)
    names = {key for key, value in vars(module).items() if own(value)} | set(getattr(module, "__all__", ()))
    found[name] = [key for key in names if key[0] != "_" and len(key) > 1]
    queue += [
        name + "." + sub.name for sub in pkgutil.iter_modules(getattr(module, "__path__", ()))
        if sub.name[0] != "_" and sub.name not in ("test", "tests")
    ]
json.dump([sys.version_info[1], found], sys.stdout)
"""
HAVE = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
have = []
for module, names in json.load(sys.stdin).items():
    try:
        there = importlib.import_module(module)
    except BaseException:
        continue
    have += [module] + ["%s.%s" % (module, name) for name in names if hasattr(there, name)]
json.dump(have, sys.stdout)
"""


def ask(python, code, given=None):
    command = [python, "-I", "-c", code]
    return json.loads(subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout)


def candidates(pythons):
    """{module: names}: those of any version, and, as a package may give them too, of its submodules."""
    names = {}
    for python in pythons:
        for module, own in ask(python, LIST)[1].items():
            if module.partition(".")[0] in SYSTEM:
                continue
            names.setdefault(module, set()).update(own)
            parent, _, last = module.rpartition(".")
            if parent:
                names.setdefault(parent, set()).update(own)
    return {module: sorted(own) for module, own in names.items()}


def holds(test, minor):
    """Whether a stub's test of the version or platform holds."""
    code = compile(ast.Expression(test), "stub", "eval")
    python = type("sys", (), {"version_info": (3, minor), "platform": "linux"})
    try:
        return bool(eval(code, {"sys": python}))
    except (AttributeError, NameError, TypeError):
        return True


def stub_names(body, minor):
    for node in body:
        if isinstance(node, ast.If):
            yield from stub_names(node.body if holds(node.test, minor) else node.orelse, minor)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names if alias.name != "*")


def stubs(modules, minor):
    """The dotted names that the stubs give these modules."""
    spec = importlib.util.find_spec("mypy")
    if not spec:
        sys.exit("nothing tells what 3.%d has: give its PYTHON or install mypy" % minor)
    folder = os.path.join(spec.submodule_search_locations[0], "typeshed", "stdlib")
    found = set()
    for module in modules:
        path = os.path.join(folder, *module.split("."))
        path = path + ".pyi" if os.path.exists(path + ".pyi") else os.path.join(path, "__init__.pyi")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                body = ast.parse(stream.read()).body
            found |= {"%s.%s" % (module, name) for name in stub_names(body, minor) if name[0] != "_"}
    return found


def main():
    pythons = sys.argv[1:]
    names = candidates(pythons)
    versions = {ask(p, "import sys; print(sys.version_info[1])"): set(ask(p, HAVE, json.dumps(names))) for p in pythons}
    for minor in range(FIRST, LAST + 1):
        if minor not in versions:
            before = versions[minor - 1]
            old, new = stubs(names, minor - 1), stubs(names, minor)
            versions[minor] = before - (old - new) | (new - old)
    rows = []
    for name in sorted(set().union(*versions.values())):
        have = [minor for minor in range(FIRST, LAST + 1) if name in versions[minor]]
        module = name.rpartition(".")[0]
        always = all(module in versions[minor] for minor in range(FIRST, LAST + 1))
        if module and always and len(have) < len(versions) and have[-1] - have[0] + 1 == len(have):
            rows.append('    {"%s", %d, %d},' % (name, have[0], have[-1]))
    with open("import_stdlib_names.h", "w", encoding="utf-8") as stream:
        stream.write("/* Written by stdlib_names.py; sorted by name. */\n#pragma once\n\n")
        stream.write('#include "check/import_stdlib_table.h"\n\n')
        stream.write("/* clang-format off */\nstatic const StdlibRow stdlib_names[] = {\n")
        stream.write("\n".join(rows))
        stream.write("\n};\n/* clang-format on */\n")


main()

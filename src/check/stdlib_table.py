"""stdlib_table.py PYTHON...: writes import_stdlib_table.h: the top-level names of the standard
library with the first and last minor version (3.8 to 3.14) that has them.

Each PYTHON is asked itself (sys.stdlib_module_names; before 3.10 its builtin modules and its lib
folder). Versions that no PYTHON is given for come from the lists of the isort package, if it is
importable, which were made in the same way."""

import importlib
import subprocess
import sys

FIRST, LAST = 8, 14
ASK = """
import os, sys, sysconfig
names = set(getattr(sys, "stdlib_module_names", ()))
if not names:
    folder = sysconfig.get_path("stdlib")
    names |= set(sys.builtin_module_names)
    for place in (folder, os.path.join(folder, "lib-dynload")):
        for entry in os.listdir(place):
            name = entry.split(".")[0]
            if name.isidentifier() and name not in ("test", "__phello__") and "site-packages" not in entry:
                if entry.endswith((".py", ".so")) or os.path.isfile(os.path.join(place, entry, "__init__.py")):
                    names.add(name)
print(sys.version_info[1], *sorted(names))
"""


def main():
    versions = {}
    for python in sys.argv[1:]:
        minor, *names = subprocess.run(
            [python, "-I", "-c", ASK], capture_output=True, text=True, check=True
        ).stdout.split()
        versions[int(minor)] = set(names)
    for minor in range(FIRST, LAST + 1):
        listed = set()
        try:
            listed = set(importlib.import_module("isort.stdlibs.py3%d" % minor).stdlib)
        except ImportError:
            pass
        if minor not in versions or minor < 10:
            versions[minor] = versions.get(minor, set()) | listed
        if not versions[minor]:
            sys.exit("no list for 3.%d" % minor)
    rows = []
    for name in sorted(set().union(*versions.values())):
        have = [minor for minor in range(FIRST, LAST + 1) if name in versions[minor]]
        # A name that came, went and came again would need two rows.
        rows.append('    {"%s", %d, %d},' % (name, have[0], have[-1]))
    with open("import_stdlib_table.h", "w", encoding="utf-8") as stream:
        stream.write("/* Written by stdlib_table.py; sorted by name. */\n#pragma once\n\n#include <glib.h>\n\n")
        stream.write("typedef struct {\n    const char *name;\n    guint8 first, last; /* minor versions of Python 3 */\n} StdlibRow;\n\n")
        stream.write("enum { STDLIB_FIRST = %d, STDLIB_LAST = %d };\n\n" % (FIRST, LAST))
        stream.write("/* clang-format off */\nstatic const StdlibRow stdlib_rows[] = {\n")
        stream.write("\n".join(rows))
        stream.write("\n};\n/* clang-format on */\n")


main()

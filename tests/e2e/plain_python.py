"""plain_python.py STDLIB: makes Debian's Python 3.11, moved to another prefix, install as CPython's own does:
without posix_local and deb_system, into site-packages."""

import os
import re
import sys


def edit(path, *changes):
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
        if not count:
            sys.exit("%s has nothing like %s" % (path, pattern))
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def main():
    stdlib = sys.argv[1]
    edit(
        os.path.join(stdlib, "sysconfig.py"),
        (r"    '(deb_system|posix_local)': \{.*?\n        \},\n", ""),
        (r", 'posix_local', 'deb_system'\)", ")"),
        (r"os\.environ\.get\('DEB_PYTHON_INSTALL_LAYOUT', 'posix_local'\)", "None"),
        (r"posix_local|deb_system", "posix_prefix"),
    )
    data = os.path.join(stdlib, "_sysconfigdata__x86_64-linux-gnu.py")
    if os.path.exists(data):
        edit(data, (r"'/usr(/(lib|include|bin|share)/|')", r"'/usr/local\1"))
    for name in ("EXTERNALLY-MANAGED", "sitecustomize.py", "_distutils_system_mod.py"):
        if os.path.lexists(os.path.join(stdlib, name)):
            os.remove(os.path.join(stdlib, name))
    # site.py, which knows dist-packages alone, is frozen into the interpreter
    with open(os.path.join(stdlib, "sitecustomize.py"), "w", encoding="utf-8") as stream:
        stream.write("import os, site\n\n")
        stream.write("site.addsitedir(os.path.join(os.path.dirname(__file__), 'site-packages'))\n")


main()

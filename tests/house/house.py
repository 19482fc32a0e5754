"""What the house tests share: the files of the tree, and how a test ends."""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def tree(*suffixes, under=""):
    """Paths, relative to the top and sorted, of the files that are or may be committed."""
    listing = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-co", "--exclude-standard", "-z", "--", under or "."],
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
    else:
        names = []
        for folder, folders, files in os.walk(os.path.join(TOP, under)):
            folders[:] = [name for name in folders if not name.startswith(("build", ".venv", "__"))]
            names += [os.path.relpath(os.path.join(folder, name), TOP) for name in files]
    names = {name for name in names if name and os.path.isfile(os.path.join(TOP, name))}
    return sorted(name for name in names if not suffixes or name.endswith(suffixes))


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as stream:
        return stream.read()


def without_comments(text):
    """C without comments and string contents; line numbers stay."""

    def blank(match):
        found = match.group(0)
        if found.startswith(("/*", "//")):
            return "\n" * found.count("\n")
        return found[0] + found[-1]

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def layers():
    """The table of src/meson.build: folder -> folders that it may include."""
    text = read("src/meson.build")
    table = re.search(r"^layers = \{(.*?)^\}", text, re.S | re.M).group(1)
    rows = re.findall(r"'(\w+)':\s*\[(.*?)\]", table, re.S)
    return {name: re.findall(r"'(\w+)'", allowed) for name, allowed in rows}


def finish(problems):
    for problem in problems:
        print(problem)
    print("%d problems" % len(problems))
    sys.exit(1 if problems else 0)

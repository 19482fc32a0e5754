"""What may not stand in the tree: hosts of package registries, paths of one machine, work left
undone, two files of one name, untidy ends of lines; and what must: every folder of src on its map,
every topic of cases in the build."""

import os
import re
import subprocess

from house import TOP, finish, read, tree

GOLDEN = ("tests/cases/", "tests/fuzz/corpus/", "tests/recipes/")
# The hosts are asked of the clients that are configured, so that none stands here.
ASK_HOSTS = r"""
{
  python3 -c 'from pip._internal.models.index import PyPI as p; print(p.netloc); print(p.file_storage_domain)'
  python3 -m pip config list | grep -oE 'https?://[^/"'"'"']+' | sed -E 's,.*/,,; s,.*@,,'
  grep -rhoE 'https?://[^/ ]+' /etc/apt/sources.list /etc/apt/sources.list.d | sed 's,.*/,,'
  npm config get registry | sed -E 's,https?://,,; s,/.*,,'
  go env GOPROXY | tr ',|' '\n\n' | grep -oE 'https?://[^/]+' | sed 's,.*/,,'
} 2>/dev/null
"""


def hosts():
    asked = subprocess.run(["sh", "-c", ASK_HOSTS], capture_output=True, text=True, check=False)
    names = {line.strip() for line in asked.stdout.splitlines()}
    return {name for name in names if "." in name and not name.startswith(("127.", "localhost"))}


def lines_matching(paths, pattern):
    for path in paths:
        for number, line in enumerate(read(path).splitlines(), 1):
            if pattern.search(line):
                yield "%s:%d: %s" % (path, number, line.strip()[:120])


def check_hosts(everything):
    names = hosts()
    if not names:
        return []
    pattern = re.compile("|".join(re.escape(name) for name in sorted(names)))
    found = ["registry host in " + hit for hit in lines_matching(everything, pattern)]
    log = subprocess.run(
        ["git", "-C", TOP, "log", "-500", "--format=%h %s%n%b"], capture_output=True, text=True, check=False
    )
    return found + ["registry host in message " + line for line in log.stdout.splitlines() if pattern.search(line)]


def check_paths(everything):
    pattern = re.compile(r"(^|[^A-Za-z0-9_.$/-])/(work|farm)/|/home/[a-z]+/|/\.pyenv/")
    return ["path of one machine in " + hit for hit in lines_matching(everything, pattern)]


def check_undone():
    pattern = re.compile(
        r"\b(TODO|FIXME|XXX)\b|\bnot (yet )?implemented|not yet supported|unimplemented", re.I
    )
    paths = [path for top in ("src", "stages", "recipes", "examples") for path in tree(under=top)]
    return ["left undone in " + hit for hit in lines_matching(paths, pattern)]


def check_names():
    problems, seen = [], {}
    for path in tree(".c", ".h", under="src"):
        name = os.path.basename(path)
        if name in seen:
            problems.append("%s and %s have one name" % (seen[name], path))
        seen[name] = path
    return problems


def check_ends(everything):
    problems = []
    for path in everything:
        text = read(path)
        if path.startswith(GOLDEN) or "\0" in text:
            continue
        if re.search(r"[ \t]$", text, re.M):
            problems.append(path + ": blanks at the end of a line")
        if text and not text.endswith("\n"):
            problems.append(path + ": no newline at the end")
        if path.endswith((".c", ".h", ".py", ".sh")) and "\t" in text:
            problems.append(path + ": a tab")
    return problems


def folders(path):
    place = os.path.join(TOP, path)
    return sorted(name for name in os.listdir(place) if os.path.isdir(os.path.join(place, name)))


def check_maps():
    readme = read("src/README.md") if os.path.exists(os.path.join(TOP, "src/README.md")) else ""
    problems = [
        "src/%s is not on the map src/README.md" % name for name in folders("src") if name + "/" not in readme
    ]
    listed = read("tests/cases/meson.build")
    for name in folders("tests/cases"):
        if tree(under="tests/cases/" + name) and "'%s'" % name not in listed:
            problems.append("tests/cases/%s is not in tests/cases/meson.build" % name)
    return problems


def main():
    everything = [path for path in tree() if not os.path.islink(os.path.join(TOP, path))]
    problems = check_hosts(everything) + check_paths(everything) + check_undone()
    problems += check_names() + check_ends(everything) + check_maps()
    finish(problems)


main()

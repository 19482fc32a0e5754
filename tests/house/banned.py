"""What may not be reached by accident.

A name that src/base/banned.h bans may be freed (#undef) only in the file that the heading above it
calls its door; libraries neither print nor exit."""

import os
import re

from house import finish, read, tree, without_comments

PRINTERS = {"src/base/log.c", "src/base/progress.c"}
PRINTING = re.compile(r"\b(stdout|stderr|perror|dprintf|putchar|g_message|g_warning|g_log_\w+)\b")
LEAVING = re.compile(r"\b(_?exit|quick_exit|abort)\s*\(")


def doors():
    """Banned name → file names of its door."""
    table, current = {}, []
    for line in read("src/base/banned.h").splitlines():
        heading = re.match(r"/\* Door: (.*)\*/", line)
        if heading:
            current = re.findall(r"\w+\.c", heading.group(1))
        name = re.match(r"#define (\w+)(\(\.\.\.\))? BANNED", line)
        if name:
            table[name.group(1)] = current
    return table


def main():
    table = doors()
    problems = []
    for path in tree(".c", ".h", under="src"):
        if path == "src/base/banned.h":
            continue
        lines = without_comments(read(path)).splitlines()
        for number, line in enumerate(lines, 1):
            where = "%s:%d" % (path, number)
            freed = re.match(r"\s*#\s*undef\s+(\w+)", line)
            if freed and freed.group(1) in table and os.path.basename(path) not in table[freed.group(1)]:
                problems.append("%s: %s is not its door" % (where, freed.group(1)))
            if path.startswith("src/cli/"):
                continue
            if path not in PRINTERS and PRINTING.search(line):
                problems.append("%s: a library does not print: %s" % (where, line.strip()))
            if LEAVING.search(line):
                problems.append("%s: a library does not exit: %s" % (where, line.strip()))
    finish(problems)


main()

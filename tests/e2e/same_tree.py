"""same_tree.py LEFT RIGHT [PATH…]: the file trees below LEFT and RIGHT are the same: paths, types,
permissions, link targets, contents. Not compared: the root folder
itself, byte code, what a builder leaves behind (caches,
mount points), times and owners, and the set-group-id bit of folders, which new folders inherit
where a base's folder has it (Debian's /usr/local)."""

import hashlib
import os
import stat
import sys

LEFT_BEHIND = {
    "/dev", "/proc", "/sys", "/run", "/tmp", "/root/.cache", "/root/.local", "/etc/hosts",
    "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/var/tmp",
}  # fmt: skip


def describe(path):
    status = os.lstat(path)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "link to " + os.readlink(path)
    if stat.S_ISDIR(status.st_mode):
        return "folder %04o" % (mode & ~stat.S_ISGID)
    if not stat.S_ISREG(status.st_mode):
        return "special %06o" % stat.S_IFMT(status.st_mode)
    with open(path, "rb") as stream:
        return "file %04o %s" % (mode, hashlib.file_digest(stream, "sha256").hexdigest())


def tree(root, places):
    found = {}
    for place in places:
        if place != "/" and os.path.lexists(root + place):
            found[place] = describe(root + place)
        for folder, folders, files in os.walk(root + place):
            here = folder[len(root) :]
            folders[:] = [
                name
                for name in folders
                if name != "__pycache__" and os.path.join(here, name) not in LEFT_BEHIND
            ]
            for name in folders + files:
                path = os.path.join(here, name)
                if path not in LEFT_BEHIND and not name.endswith(".pyc"):
                    found[path] = describe(root + path)
    return found


def main():
    left, right = (os.path.realpath(path) for path in sys.argv[1:3])
    places = sys.argv[3:] or ["/"]
    first, second = tree(left, places), tree(right, places)
    problems = 0
    for path in sorted(set(first) | set(second)):
        here, there = first.get(path, "absent"), second.get(path, "absent")
        if here != there:
            problems += 1
            if problems <= 30:
                print("%s: %s | %s" % (path, here, there))
    print("%d paths, %d differ" % (len(first), problems))
    return 1 if problems else 0


sys.exit(main())

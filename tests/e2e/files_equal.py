"""files_equal.py BASE RESULT PRINTED: what differs between the folders BASE and RESULT is what
files_print wrote to PRINTED: path, type, mode, owner, content or target."""

import hashlib
import os
import stat
import sys

# What a builder or useradd leaves that no image needs: backups, locks, logs of the build.
IGNORED = {
    "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-",
    "/etc/.pwd.lock", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/var/log/lastlog", "/var/log/faillog",
    "/run/.containerenv", "/etc/mtab",
}
FOLDERS = ("/proc", "/sys", "/dev", "/run/secrets")


def describe(path):
    st = os.lstat(path)
    mode = stat.S_IMODE(st.st_mode)
    kind, what = "other", "-"
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            kind, what = "file", hashlib.sha256(file.read()).hexdigest()
    elif stat.S_ISLNK(st.st_mode):
        kind, what, mode = "link", os.readlink(path), 0o777
    elif stat.S_ISDIR(st.st_mode):
        kind = "dir"
    return "%s %04o %d:%d %s" % (kind, mode, st.st_uid, st.st_gid, what)


def tree(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            inside = path[len(root):]
            if inside not in IGNORED and not inside.startswith(FOLDERS):
                found[inside] = describe(path)
        folders[:] = [name for name in folders if not os.path.join(folder, name)[len(root):].startswith(FOLDERS)]
    return found


def without_dates(root, path):
    """The day of the last password change, which useradd takes from the clock, is empty in ours."""
    with open(root + path) as file:
        lines = [line.split(":") for line in file.read().splitlines()]
    with open(sys.argv[1].rstrip("/") + path) as file:
        old = {line.split(":")[0] for line in file}
    for line in lines:
        if line[0] not in old:
            line[2] = ""
    text = "".join(":".join(line) + "\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def main():
    base, result = (os.path.realpath(path) for path in sys.argv[1:3])
    before, after = tree(base), tree(result)
    expected = dict(before)
    with open(sys.argv[3]) as file:
        for line in file.read().splitlines():
            if line.startswith("gone "):
                gone = line[5:]
                for path in list(expected):
                    if path == gone or path.startswith(gone + "/"):
                        del expected[path]
    with open(sys.argv[3]) as file:
        for line in file.read().splitlines():
            kind, mode, owner, what, path = line.split(" ", 4) if not line.startswith("gone ") else [None] * 5
            if kind:
                expected[path] = "%s %s %s %s" % (kind, mode, owner, what)
    if after.get("/etc/shadow") != before.get("/etc/shadow"):
        kind, mode, owner, _ = after["/etc/shadow"].split(" ")
        after["/etc/shadow"] = "%s %s %s %s" % (kind, mode, owner, without_dates(result, "/etc/shadow"))
    problems = []
    for path in sorted(set(expected) | set(after)):
        if expected.get(path) != after.get(path):
            problems.append("%s\n  ours:    %s\n  builder: %s" % (path, expected.get(path), after.get(path)))
    print("\n".join(problems) or "equal: %d paths changed" % sum(before.get(p) != after.get(p) for p in after))
    sys.exit(1 if problems else 0)


main()

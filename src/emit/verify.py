"""Compares a virtual environment with what was locked for it.

    verify.py             versions, files, modules and imports: all that needs no GPU
    verify.py --gpu       the driver, the devices, and what is computed on them, alone
    verify.py --machine   only whether this Python and this machine are those that it is locked for

    --deep   compare the digest of every file; else that of small ones, and the size of the others
    --json   one line of JSON on stdout too          --timeout SECONDS (of one import or code, 300)

Run it with the environment's own Python, 3.8 or newer; it needs nothing but the standard library. What is
expected stands in expect.json beside this file, how it is asked in check.py, which also travels with images
(ramekin-start-check(7)). Exit status: 0 all is as expected; as check.py's where it is not; 19 another Python
or machine; 64 usage.
"""

import base64
import hashlib
import importlib.metadata
import json
import os
import platform
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import check  # noqa: E402

MACHINE = 19
SMALL = 1 << 20
# What `python -m venv` and uv put there, and who installs; of no interest.
TOOLS = ("pip", "setuptools", "wheel", "uv")
SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def this_platform():
    # A 64-bit system tells of its processor; a 32-bit Python on it is none that is locked for.
    machine = MACHINES.get(platform.machine().lower(), platform.machine())
    return "%s/%s%s" % (SYSTEMS.get(sys.platform, sys.platform), machine,
                        "" if sys.maxsize > 2**32 else " with 32 bits")


def this_libc(wanted):
    """As "glibc 2.36" or "macOS 14.0"; None: unknown."""
    if wanted.startswith("macOS "):
        return "macOS " + platform.mac_ver()[0]
    name, version = platform.libc_ver()
    if not name and wanted.startswith("musl "):
        return None
    return "%s %s" % (name or "musl", version)


def check_machine(expect, state):
    wanted = expect["environment"]
    series = "%d.%d" % sys.version_info[:2]
    if series != ".".join(wanted["python"].split(".")[:2]):
        raise check.Unexpected("Python " + wanted["python"], "%s is %s" % (sys.executable, series))
    if sys.implementation.name != "cpython":
        raise check.Unexpected("CPython", sys.implementation.name)
    if this_platform() != wanted["platform"]:
        raise check.Unexpected(wanted["platform"], this_platform(), "lock the recipe for this platform too")
    libc = wanted.get("libc")
    found = this_libc(libc) if libc else None
    if found and (found.split()[0] != libc.split()[0] or check.as_number(found) < check.as_number(libc)):
        raise check.Unexpected(libc + " or newer", found)
    return "Python %s on %s" % (platform.python_version(), this_platform())


def installed():
    """Name: distribution, as they are found first; and the folder of the environment alone."""
    found = {}
    for one in importlib.metadata.distributions():
        name = one.metadata["Name"]
        if name:
            found.setdefault(check.canonical(name), one)
    return found


def check_others(expect, state):
    wanted = expect.get("distributions") or {}
    others = ["%s %s" % (name, one.version) for name, one in sorted(installed().items())
              if name not in wanted and name not in TOOLS]
    if others:
        raise check.Unexpected("nothing else", ", ".join(others[:5]) + (" ..." if others[5:] else ""),
                               "installed by something else; remove it, or add it to the recipe",
                               status=check.WARN)
    return "nothing else is installed"


def file_problem(path, wanted, size, deep):
    """What is wrong with a file of a RECORD; None: nothing."""
    try:
        found = os.stat(path).st_size
    except OSError:
        return "is gone"
    if size is not None and found != size:
        return "has %d bytes, not %d" % (found, size)
    if wanted is None or wanted.mode not in ("sha256", "sha384", "sha512") or (found > SMALL and not deep):
        return None
    digest = hashlib.new(wanted.mode)
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    text = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
    return None if text == wanted.value.rstrip("=") else "has other content"


def check_files(expect, state):
    """What RECORD lists is there. A file that two distributions list is the later one's: not judged."""
    owners = {}
    for name in expect.get("distributions") or {}:
        one = state["installed"].get(name)
        for entry in (one.files if one else None) or []:
            owners.setdefault(str(one.locate_file(entry)), []).append((name, entry))
    count = 0
    for path, listed in sorted(owners.items()):
        if len(listed) > 1 or path.endswith(".pyc"):
            continue
        name, entry = listed[0]
        problem = file_problem(path, entry.hash, entry.size, state["deep"])
        if problem:
            raise check.Unexpected("%s of %s as it was installed" % (entry, name), "it " + problem,
                                   "something wrote over it: remove the environment and install it anew")
        count += 1
    return "%d files" % count


def plain_steps(expect):
    return ([("machine", check_machine, MACHINE), ("distributions", check.check_distributions, 14),
             ("others", check_others, 14), ("files", check_files, 14)]
            + check.item_steps("build", expect, 15) + check.item_steps("runtime", expect, 15))


def gpu_steps(expect):
    return (list(check.GPU_STEPS) + [("compute", check.check_compute, 16),
                                     ("libraries", check.check_libraries, 17)]
            + check.item_steps("gpu", expect, 16) + [("storage", check.check_storage, 18)])


def parse(arguments):
    options = {"gpu": False, "machine": False, "deep": False, "json": False, "strict": False,
               "timeout": 300.0}
    words = list(arguments)
    while words:
        name = words.pop(0)
        if name == "--timeout" and words:
            options["timeout"] = float(words.pop(0))
        elif name in ("--gpu", "--machine", "--deep", "--json"):
            options[name[2:]] = True
        else:
            raise ValueError("unknown argument %s" % name)
    return options


def log(text):
    print(text, file=sys.stderr, flush=True)


def run_machine(expect):
    try:
        check_machine(expect, {})
    except check.Unexpected as problem:
        log("verify: it is locked for %s, and this is %s" % (problem.expected, problem.actual))
        return MACHINE
    return 0


def main(arguments):
    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    try:
        options = parse(arguments)
        expect, _ = check.load_expect(os.path.join(HERE, "expect.json"))
    except (OSError, ValueError) as error:
        log("verify: %s" % error)
        return check.USAGE
    if options["machine"]:
        return run_machine(expect)
    steps = gpu_steps(expect) if options["gpu"] else plain_steps(expect)
    state = {"installed": installed(), "deep": options["deep"]}
    results, code = check.run_steps(steps, expect, options, log, state)
    if options["json"]:
        print(json.dumps({"schema": "ramekin.check-result/1", "image": expect.get("image"),
                          "code": code, "steps": results}), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

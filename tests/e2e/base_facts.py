"""base_facts.py FACTS_PRINT [--path PATH] [--rootfs DIR] REFERENCE...: runs the Python of a root file
system in a chroot and compares what it says of itself with what facts_print reads of each reference.
Without --rootfs the first reference, rootfs:DIR, is the one that runs."""

import argparse
import json
import os
import platform
import subprocess
import sys

ARCHITECTURES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
ASK = r"""
import json, os, platform, sys, sysconfig
from pip._internal.locations import get_scheme
from pip._internal.metadata import get_default_environment
scheme = get_scheme("NAME")
distributions = {}
for found in get_default_environment().iter_all_distributions():
    name = found.canonical_name
    if name in distributions:
        continue
    distributions[name] = [str(found.version), os.path.normpath(str(found.location)), not found.local]
print(json.dumps({
    "python": platform.python_version(),
    "libc": " ".join(platform.libc_ver()),
    "machine": platform.machine(),
    "abi_flags": sys.abiflags,
    "interpreter": os.path.realpath(sys.executable),
    "purelib": scheme.purelib,
    "platlib": scheme.platlib,
    "scripts": scheme.scripts,
    "headers": os.path.dirname(scheme.headers),
    "data": scheme.data,
    "managed": os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
        and sys.prefix == sys.base_prefix,
    "distributions": distributions,
}))
"""


def ask(rootfs, path):
    """What the interpreter of the first pip on PATH says."""
    environment = {"PATH": path, "HOME": "/root", "LC_ALL": "C.UTF-8"}
    pip = subprocess.run(
        ["/usr/sbin/chroot", rootfs, "/bin/sh", "-c", "command -v pip"],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout.strip()
    inside = subprocess.run(
        ["/usr/sbin/chroot", rootfs, "/bin/sh", "-c", "head -n 1 " + pip],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout.strip()
    python = inside.removeprefix("#!").split()[0]
    answer = subprocess.run(
        ["/usr/sbin/chroot", rootfs, python, "-c", ASK], env=environment, check=True, capture_output=True,
    )
    return dict(json.loads(answer.stdout), shebang=python)


def read(program, reference):
    answer = subprocess.run(
        [program, reference, ARCHITECTURES[platform.machine()]], check=True, capture_output=True,
    )
    facts = json.loads(answer.stdout)
    distributions = {}
    for found in facts["distributions"]:
        name = found["name"].lower().replace("_", "-").replace(".", "-")
        distributions.setdefault(name, [found["version"], found["folder"], found["outside"]])
    return facts, dict(
        {key: facts.get(key) for key in facts}, distributions=distributions,
        managed=facts["managed"] is not None,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--path", default="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    parser.add_argument("--rootfs")
    parser.add_argument("references", nargs="+")
    arguments = parser.parse_args()
    rootfs = arguments.rootfs or arguments.references[0].removeprefix("rootfs:")
    expected = ask(os.path.abspath(rootfs), arguments.path)
    differences = 0
    for reference in arguments.references:
        facts, found = read(arguments.program, reference)
        for key, value in expected.items():
            if found.get(key) != value:
                print("%s: %s\n  runs: %s\n  read: %s" % (reference, key, value, found.get(key)))
                differences += 1
        if facts["os"] != "debian" or facts["dpkg"] < 50 or facts["warnings"]:
            print("%s: %s" % (reference, {k: facts[k] for k in ("os", "dpkg", "warnings")}))
            differences += 1
    sys.exit(differences > 0)


main()

"""Running a program that dies or runs out of disk at one of its changes to the file system."""

import hashlib
import os
import signal
import subprocess


def digest(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def files_below(folder):
    """Paths of all files below a folder, relative to it."""
    found = []
    for dir_path, _, names in os.walk(folder):
        found += [os.path.relpath(os.path.join(dir_path, name), folder) for name in names]
    return sorted(found)


def run(preload, command, at=0, fault="kill", count=None, **options):
    environment = dict(os.environ, LD_PRELOAD=preload, FAULT=fault, G_SLICE="always-malloc")
    environment.update(options.pop("environment", {}))
    if at:
        environment["FAULT_AT"] = str(at)
    if count:
        environment["FAULT_COUNT"] = count
    return subprocess.run(
        command, env=environment, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False, **options
    )


def died(result):
    return result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)


def damaged_blobs(cache):
    """Blobs whose name is not their digest: there may never be one."""
    folder = os.path.join(cache, "blobs")
    names = [name for name in files_below(folder) if len(name) == 65]
    return [name for name in names if digest(os.path.join(folder, name)) != name.replace("/", "")]

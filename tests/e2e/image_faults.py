"""Images written under faults: the writer dies before, and in the middle of, every change to the file
system, and the disk is full from every one of them on. What lies at the destination is whole or absent,
an older image there stays readable, and the next run writes what an undisturbed one does."""

import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile

import faults

PRELOAD, WRITE_IMAGE = sys.argv[1:3]
FORMS = ("oci:%s:v2", "oci-archive:%s", "docker-archive:%s", "layers:%s", "rootfs:%s")


def content(path):
    with open(path, "rb") as stream:
        return stream.read()


def make_layer(path, name, size):
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = size
        with open("/dev/zero", "rb") as zeros:
            archive.addfile(entry, zeros)
    return "%s=%s" % (path, hashlib.sha256(content(path)).hexdigest())


def tree(path):
    """What is at a path: the bytes of a file, or those of all files of a folder."""
    if not os.path.isdir(path):
        return content(path) if os.path.exists(path) else None
    return {name: content(os.path.join(path, name)) for name in faults.files_below(path) if ".new-" not in name}


def layout_problems(found):
    """Blobs that are not what they are called, and blobs that index.json leads to and are not there."""
    problems = [
        "half of " + name
        for name, text in found.items()
        if name.startswith("blobs/") and hashlib.sha256(text).hexdigest() != os.path.basename(name)
    ]
    seen = json.loads(found.get("index.json", b"{}")).get("manifests", [])
    while seen:
        name = "blobs/sha256/" + seen.pop()["digest"][7:]
        if name not in found:
            problems.append("missing " + name)
        elif found[name].startswith(b'{"schemaVersion"'):
            document = json.loads(found[name])
            seen += document["layers"] + [document["config"]]
    return problems


def layers_problems(found):
    if "layers.json" not in found:
        return []
    wanted = {layer["file"]: layer["digest"][7:] for layer in json.loads(found["layers.json"])["layers"]}
    return [
        "half of " + name
        for name, digest in wanted.items()
        if hashlib.sha256(found.get(name, b"")).hexdigest() != digest
    ]


def check(form, at, fault, start, layers, target, expected):
    """Runs into the fault over what `start` left, then again without one."""
    command = [WRITE_IMAGE, form % target, "linux/amd64", *layers]
    if start is not None:
        shutil.copytree(start, target) if os.path.isdir(start) else shutil.copy(start, target)
    result = faults.run(PRELOAD, command, at, fault)
    problems = []
    if fault != "full" and not faults.died(result):
        problems.append("it did not die: %d" % result.returncode)
    if fault == "full" and result.returncode == 0 and tree(target) != expected:
        problems.append("it did not notice")
    if fault == "full" and result.returncode not in (0, 2):
        problems.append("status %d: %s" % (result.returncode, result.stderr))
    found = tree(target)
    if isinstance(found, dict):
        problems += layout_problems(found) if form.startswith("oci:") else layers_problems(found)
    elif found not in (None, expected, start and content(start)):
        problems.append("half of an archive")
    if fault == "full" and os.path.isdir(target):
        problems += ["left " + name for name in faults.files_below(target) if ".new-" in name]
    again = faults.run(PRELOAD, command)
    if again.returncode != 0:
        problems.append("the next run: " + again.stderr)
    elif tree(target) != expected:
        problems.append("the next run wrote something else")
    return problems


def check_form(form, start, layers, top):
    target, count_file = os.path.join(top, "target"), os.path.join(top, "count")
    if start is not None:
        shutil.copytree(start, target) if os.path.isdir(start) else shutil.copy(start, target)
    command = [WRITE_IMAGE, form % target, "linux/amd64", *layers]
    result = faults.run(PRELOAD, command, count=count_file)
    assert result.returncode == 0, result.stderr
    expected, count, failed = tree(target), int(content(count_file)), 0
    remove(target)
    for fault in ("kill", "tear", "full"):
        for at in range(1, count + 1):
            for problem in check(form, at, fault, start, layers, target, expected):
                failed += 1
                print("%s: %s at %d: %s" % (form, fault, at, problem), file=sys.stderr)
            remove(target)
    return count, failed


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)


def main():
    changes = failed = 0
    with tempfile.TemporaryDirectory() as top:
        old = [make_layer(os.path.join(top, "old.tar"), "old", 700)]
        new = [make_layer(os.path.join(top, "%d.tar" % size), str(size), size) for size in (1000, 400000)]
        for form in FORMS:
            start = os.path.join(top, "start")
            result = faults.run("", [WRITE_IMAGE, form.replace(":v2", ":v1") % start, "linux/amd64", *old])
            assert result.returncode == 0, result.stderr
            for before in (None, start):
                count, wrong = check_form(form, before, new, top)
                changes, failed = changes + count, failed + wrong
            remove(start)
    print("%d changes, %d problems" % (changes, failed))
    return 1 if failed or changes < 50 else 0


sys.exit(main())

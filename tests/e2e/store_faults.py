"""The blob store under faults: it dies before, and in the middle of, every change to the file system,
and the disk is full from every one of them on. What lies in the cache or at the destination is whole,
what failed for want of room left nothing, and the next run succeeds."""

import os
import shutil
import sys
import tempfile

import faults

PRELOAD, STEPS, RAMEKIN = sys.argv[1:4]
WHOLE = {"a": b"a" * 10, "b": b"b" * 300000, "c": b"c" * 1000000}


def content(path):
    with open(path, "rb") as stream:
        return stream.read()


def placed(dest):
    """Names at the destination whose content is not what belongs there."""
    return [n for n in faults.files_below(dest) if n in WHOLE and content(os.path.join(dest, n)) != WHOLE[n]]


def check(work, at, fault):
    cache, dest = os.path.join(work, "cache"), os.path.join(work, "dest")
    os.makedirs(dest)
    result = faults.run(PRELOAD, [STEPS, cache, dest], at, fault)
    problems = []
    if fault != "full" and not faults.died(result):
        problems.append("it did not die: %d" % result.returncode)
    if fault == "full" and result.returncode != 0 and "No space left" not in result.stderr:
        problems.append("status %d: %s" % (result.returncode, result.stderr))
    problems += ["damaged blob " + name for name in faults.damaged_blobs(cache)]
    problems += ["half of " + name for name in placed(dest)]
    if fault == "full":
        problems += ["left " + n for n in faults.files_below(cache) + faults.files_below(dest) if ".new-" in n]
    again = faults.run(PRELOAD, [STEPS, cache, dest])
    if again.returncode != 0:
        problems.append("the next run: " + again.stderr)
    problems += ["missing " + name for name in WHOLE if not os.path.exists(os.path.join(dest, name))]
    problems += ["half of %s afterwards" % name for name in placed(dest)]
    after = faults.run("", [RAMEKIN, "cache", "check", "--cache-dir", cache])
    if after.returncode != 0:
        problems.append("cache check: " + after.stdout + after.stderr)
    return problems


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as top:
        cache, dest = os.path.join(top, "cache"), os.path.join(top, "dest")
        os.makedirs(dest)
        count_file = os.path.join(top, "count")
        faults.run(PRELOAD, [STEPS, cache, dest], count=count_file)
        count = int(content(count_file))
        assert count > 20, count
        for fault in ("kill", "tear", "full"):
            for at in range(1, count + 1):
                work = os.path.join(top, "work")
                for problem in check(work, at, fault):
                    failed += 1
                    print("%s at %d: %s" % (fault, at, problem), file=sys.stderr)
                shutil.rmtree(work)
    print("%d changes, %d problems" % (count, failed))
    return 1 if failed else 0


sys.exit(main())

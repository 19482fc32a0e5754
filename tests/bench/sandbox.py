"""What it costs to run a program in an image: unpacking it, opening its root again, and each start.

    python3 sandbox.py RAMEKIN SANDBOX_LOOP

Over the small image of the end-to-end test, as the caller and, for root, as an ordinary user too. Printed are
milliseconds of wall time: `unpack` the first opening of the root with an empty cache, `open` one with a full
one, `start` the median of two hundred runs of /bin/true in one root, `command` the median of whole runs of
`ramekin run`. Nothing is judged.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import sandbox_image  # noqa: E402

RAMEKIN, LOOP = (os.path.abspath(path) for path in sys.argv[1:3])
STARTS, COMMANDS, NOBODY = 200, 20, 65534


def timed(command):
    start = time.monotonic()
    subprocess.run(command, check=True)
    return (time.monotonic() - start) * 1000


def measure(user, runner, image, cache):
    become = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user, "--clear-groups"] if user else []
    loop = become + [LOOP, cache, image]

    def told(count):
        done = subprocess.run(loop + ["%d:%s" % (count, runner), "/bin/true"], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    first, again = told(1), told(STARTS)
    command = become + [RAMEKIN, "run", "-q", "--cache-dir", cache, "--runner", runner, image, "--", "/bin/true"]
    whole = statistics.median(timed(command) for _ in range(COMMANDS))
    print("%-6s %-6s %8.1f %8.1f %8.1f %8.1f" % (
        user or os.geteuid(), runner, first["open_ms"], again["open_ms"], again["median_ms"], whole))


def main():
    runners = [name for name in ("bwrap", "crun", "runc") if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")]
    work = tempfile.mkdtemp(prefix="sandbox.")
    os.chmod(work, 0o755)
    sandbox_image.write(work + "/image")
    print("%-6s %-6s %8s %8s %8s %8s" % ("user", "runner", "unpack", "open", "start", "command"))
    try:
        for user in [0, NOBODY] if os.geteuid() == 0 else [0]:
            for runner in runners:
                cache = tempfile.mkdtemp(dir=work)
                if user:
                    os.chown(cache, user, user)
                measure(user, runner, "oci:" + work + "/image", cache)
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", work], check=False)
        shutil.rmtree(work)


main()

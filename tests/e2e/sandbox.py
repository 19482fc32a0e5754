"""Programs in images: as root and as an ordinary user, with and without overlay, under each runner that is installed.

sandbox.py RAMEKIN SANDBOX_LOOP [--only NAME]"""

import json
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import sandbox_image

RAMEKIN, LOOP = (os.path.abspath(path) for path in sys.argv[1:3])
RUNNERS = [name for name in ("bwrap", "crun", "runc") if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
NOBODY = 65534
STARTS = 200

# Everything that a program can find out about where it is.
LOOK = r"""
env
echo "id $(id -u) $(id -g)"
echo "host $(uname -n)"
echo "net" $(while IFS=: read name rest; do case $name in *"|"*) ;; *) echo "$name" ;; esac; done </proc/net/dev)
echo "dev" $(ls /dev)
echo "tmp" $(ls -A /tmp)
echo "processes" $(ls /proc | while read name; do case $name in [0-9]*) echo x ;; esac; done)
read line </etc/passwd; echo "passwd $line"
echo "etc" $(ls /etc)
echo "data" $(cd /data; ls -d * */*)
echo "modes $(stat -c '%n %a' /locked /tmp /data/kept/again)"
echo "links $(stat -c %h /data/kept/new)"
echo "own $(stat -c '%u %g' /srv/app/own)"
cat /data/kept/new /data/opaque/new /data/gone; echo
[ -e /etc/resolv.conf ] && echo resolv
exit 7
"""


def temporary(test, owner=None):
    folder = tempfile.mkdtemp(prefix="sandbox.")
    test.addCleanup(remove, folder)
    os.chmod(folder, 0o755)
    if owner is not None:
        os.chown(folder, owner, owner)
    return folder


def remove(folder):
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
    shutil.rmtree(folder)


def listing(folder):
    """What is in a folder, and how it is."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(place, name)
            st = os.lstat(path)
            found[path] = (st.st_mode, st.st_uid, st.st_size, None if name in folders else st.st_mtime_ns)
    return found


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as stream:
        return len(stream.readlines())


def processes(mark):
    found = []
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/cmdline" % name, "rb") as stream:
                text = stream.read()
        except OSError:
            continue
        if name.isdigit() and int(name) != os.getpid() and mark.encode() in text:
            found.append(text.replace(b"\0", b" ").decode(errors="replace"))
    return found


class Sandbox(unittest.TestCase):
    def setUp(self):
        self.image = temporary(self)
        sandbox_image.write(self.image)
        self.temp = temporary(self)
        os.chmod(self.temp, 0o1777)
        self.caches = {}

    def users(self):
        return [0, NOBODY] if os.geteuid() == 0 else [os.geteuid()]

    def cache(self, user):
        if user not in self.caches:
            self.caches[user] = temporary(self, user)
        return self.caches[user]

    def words(self, user, *words):
        command = [RAMEKIN, "run", "-q", "--cache-dir", self.cache(user), *words]
        if user and os.geteuid() == 0:
            command = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user, "--clear-groups"] + command
        return command

    def run_it(self, user, *words, image=None, **more):
        at = words.index("--") if "--" in words else len(words)
        command = self.words(user, *words[:at], "oci:" + (image or self.image), *words[at:])
        more = dict({"capture_output": True, "text": True, "check": False, "timeout": 60}, **more)
        environment = {"PATH": os.environ["PATH"], "SECRET": "of the machine", "HOME": "/nowhere"}
        return subprocess.run(command, env=environment, cwd="/", **more)

    def sh(self, user, script, *words, **more):
        return self.run_it(user, *words, "--", "/bin/sh", "-c", script, **more)

    def everywhere(self):
        return [(user, overlay, runner) for user in self.users() for overlay in ([], ["--no-overlay"])
                for runner in RUNNERS]

    def told(self, user, overlay, runner):
        return self.subTest(user=user, overlay=not overlay, runner=runner)

    def test_what_a_program_sees(self):
        for user, overlay, runner in self.everywhere():
            with self.told(user, overlay, runner):
                done = self.sh(user, LOOK, "--runner", runner, *overlay)
                self.assertEqual(done.returncode, 7, done.stderr)
                lines = done.stdout.splitlines()
                environment = {line for line in lines[: lines.index("id 0 0")] if not line.startswith(("PWD=", "_="))}
                self.assertEqual(environment, {
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
                    "TZ=UTC", "SOURCE_DATE_EPOCH=315532800"})
                told = {line.split(" ", 1)[0]: line.split(" ", 1)[-1] for line in lines}
                self.assertEqual(told["host"], "ramekin")
                self.assertEqual(told["net"], "lo")
                self.assertLessEqual(set(told["dev"].split()), {
                    "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
                    "stdout", "tty", "urandom", "zero"})
                self.assertEqual(told["tmp"], "tmp")
                self.assertLessEqual(len(told["processes"].split()), 6)
                self.assertEqual(told["passwd"], "root:x:0:0:root:/root:/bin/sh")
                self.assertNotIn("hidden", told["etc"])
                self.assertEqual(told["data"], "gone kept kept/again kept/new kept/old link opaque opaque/new")
                self.assertIn("modes /locked 555\n/tmp 1777\n/data/kept/again 644\n", done.stdout)
                self.assertEqual(told["links"], "2")
                self.assertEqual(told["own"], "0 0" if user else "1000 1001")
                self.assertIn("of the middleof the middlea file now", done.stdout)
                self.assertNotIn("resolv", told)

    def test_writing(self):
        for user, overlay, runner in self.everywhere():
            with self.told(user, overlay, runner):
                self.sh(user, "true", *overlay)
                before = listing(self.cache(user) + "/trees")
                script = ("cd /; for p in /new /etc/passwd /data/kept/old /locked/new /tmp/new /var/tmp/new /run/new /dev/shm/new; do"
                          " (echo >>$p) 2>/dev/null && echo $p; done; ls /tmp /run /var/tmp >/dev/null")
                done = self.sh(user, script, "--runner", runner, *overlay)
                anywhere = ["/tmp/new", "/var/tmp/new", "/run/new", "/dev/shm/new"]
                own = [] if overlay else ["/new", "/etc/passwd", "/data/kept/old", "/locked/new"]
                self.assertEqual(done.stdout.split(), own + anywhere, done.stderr)
                self.assertEqual(listing(self.cache(user) + "/trees"), before)
                done = self.sh(user, "ls -d /new /tmp/new; read line </etc/passwd; echo $line", "--runner", runner, *overlay)
                self.assertEqual(done.stdout, "root:x:0:0:root:/root:/bin/sh\n")

    def test_configuration(self):
        image = temporary(self)
        sandbox_image.write(image, User="app", WorkingDir="/srv/app/new", Env=["PATH=/bin", "TZ=Mars", "OWN=1"],
                            Entrypoint=["/bin/sh", "-c", 'env; id -u; id -g; echo "$0 $*"; exit 3'], Cmd=["one", "two"])
        for user, overlay, runner in self.everywhere():
            if overlay:
                continue
            with self.told(user, overlay, runner):
                done = self.run_it(user, "--runner", runner, "-e", "OWN=2", "-e", "MORE=a=b", image=image)
                self.assertEqual(done.returncode, 3, done.stderr)
                for line in ("PATH=/bin", "TZ=Mars", "OWN=2", "MORE=a=b", "HOME=/srv/app", "PWD=/srv/app/new", "one two"):
                    self.assertIn(line, done.stdout.splitlines())
                ids = ["0", "0"] if user and runner == "runc" else ["1000", "1001"]
                self.assertEqual(done.stdout.splitlines()[-3:-1], ids)

    def test_status_and_streams(self):
        user = self.users()[-1]
        for runner in RUNNERS:
            with self.subTest(runner=runner):
                self.assertEqual(self.sh(user, "exit 0", "--runner", runner).returncode, 0)
                self.assertEqual(self.sh(user, "exit 255", "--runner", runner).returncode, 255)
                done = self.sh(user, "/bin/sh -c 'kill -9 $$'", "--runner", runner)
                self.assertEqual(done.returncode, 137)
                done = self.sh(user, "cat; echo err >&2", "--runner", runner, input="given\n")
                self.assertEqual((done.stdout, done.stderr), ("given\n", "err\n"))

    def test_what_is_not_there(self):
        user = self.users()[-1]
        for runner in RUNNERS:
            with self.subTest(runner=runner):
                done = self.run_it(user, "--runner", runner, "--", "nothing")
                self.assertEqual(done.returncode, 1)
                self.assertIn("the image has no program nothing", done.stderr)
                done = self.run_it(user, "--runner", runner, "--", "/etc/passwd")
                self.assertIn("no program /etc/passwd that may be executed", done.stderr)
        image = temporary(self)
        sandbox_image.write(image, User="somebody")
        done = self.run_it(user, "--", "true", image=image)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the image has no user 'somebody'", done.stderr)

    def test_no_runner(self):
        user = self.users()[-1]
        command = self.words(user, "--runner", "bwrap", "oci:" + self.image, "--", "/bin/true")
        command[0] = shutil.which(command[0])
        done = subprocess.run(command, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("bwrap: it is not installed (package bubblewrap)", done.stderr)

    def test_runner_that_fails(self):
        """The next one takes its place; of the only one it is said why."""
        user = self.users()[-1]
        folder = temporary(self)
        with open(folder + "/bwrap", "w", encoding="utf-8") as stream:
            stream.write("#!/bin/sh\necho no way >&2\nexit 1\n")
        os.chmod(folder + "/bwrap", 0o755)
        environment = {"PATH": folder + ":" + os.environ["PATH"]}
        command = self.words(user, "--runner", "bwrap", "oci:" + self.image, "--", "/bin/true")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing can run programs of the image here: bwrap: it could not make the sandbox", done.stderr)
        if set(RUNNERS) - {"bwrap"}:
            command = self.words(user, "oci:" + self.image, "--", "/bin/sh", "-c", "exit 9")
            self.assertEqual(subprocess.run(command, env=environment, check=False, stderr=subprocess.DEVNULL).returncode, 9)

    def test_limits(self):
        for user in self.users():
            for runner in RUNNERS if user == self.users()[-1] else RUNNERS[:1]:
                with self.subTest(user=user, runner=runner):
                    command = [LOOP, self.cache(user), "oci:" + self.image, "limits", runner]
                    if user and os.geteuid() == 0:
                        command = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user, "--clear-groups"] + command
                    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
                    self.assertEqual(done.stdout.splitlines(), [
                        "time: status 137 signal 9 timed out", "output: status 137 signal 9 exceeded, some lines",
                        "memory: failed", "lines: status 0: out a?b; out last", "folder: status 0: out bound",
                        "threads: apart"], done.stderr)

    def test_network(self):
        for user in self.users():
            for runner in RUNNERS:
                with self.subTest(user=user, runner=runner):
                    done = self.sh(user, "cat /proc/net/dev; cat /etc/hosts; echo >>/etc/hosts", "--network", "--runner", runner)
                    with open("/proc/net/dev", encoding="utf-8") as stream:
                        devices = {line.split(":")[0].strip() for line in stream if ":" in line}
                    for device in devices:
                        self.assertIn(device + ":", done.stdout)
                    with open("/etc/hosts", encoding="utf-8") as stream:
                        self.assertIn(stream.read(), done.stdout)
                    self.assertIn("hosts", done.stderr)

    def test_damaged_layer(self):
        user = self.users()[-1]
        tars = [sandbox_image.lowest(), sandbox_image.middle()]
        image = temporary(self)
        sandbox_image.write(image, tars)
        place = max((os.path.join(image, "blobs/sha256", name) for name in os.listdir(image + "/blobs/sha256")),
                    key=os.path.getsize)
        with open(place, "r+b") as stream:
            stream.seek(100000)
            stream.write(b"something else")
        done = self.run_it(user, "--", "true", image=image)
        self.assertEqual(done.returncode, 1)
        self.assertIn("sha256", done.stderr)
        trees = os.path.join(self.cache(user), "trees")
        self.assertEqual(os.listdir(trees) if os.path.exists(trees) else [], [])

    def test_terminal(self):
        user = self.users()[-1]
        for runner in RUNNERS:
            with self.subTest(runner=runner):
                command = self.words(user, "--runner", runner, "oci:" + self.image, "--", "/bin/sh", "-c",
                                     "test -t 0 && echo it is one; trap 'echo caught; exit 42' INT; echo ready;"
                                     " while :; do sleep 0.1; done")
                pid, fd = pty.fork()
                if pid == 0:
                    os.execvp(command[0], command)
                text = b""
                while b"ready" not in text:
                    text += os.read(fd, 1000)
                os.write(fd, b"\x03")
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.close(fd)
                self.assertIn(b"it is one", text)
                self.assertEqual(status, 42)

    def test_killed_at_any_time(self):
        mark = "4321.%d" % os.getpid()
        before = mounts()
        seconds = random.Random(1)
        for user, overlay, runner in self.everywhere():
            with self.told(user, overlay, runner):
                for attempt in range(6):
                    if attempt == 0:  # the cache is empty
                        self.caches.pop(user, None)
                    command = self.words(user, "--runner", runner, *overlay, "oci:" + self.image, "--", "/bin/sh", "-c",
                                         "sleep %s & sleep %s" % (mark, mark))
                    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                               env=dict(os.environ, TMPDIR=self.temp))
                    time.sleep(seconds.uniform(0, 0.12))
                    process.kill()
                    process.wait()
                for _ in range(100):
                    if not processes(mark):
                        break
                    time.sleep(0.02)
                self.assertEqual(processes(mark), [])
                self.assertEqual(mounts(), before)
                self.assertEqual(self.sh(user, "true", "--runner", runner, *overlay).returncode, 0)
                trees = os.listdir(os.path.join(self.cache(user), "trees"))
                self.assertEqual([name for name in trees if name.startswith(".")], [])
                self.assertLessEqual(set(os.listdir(self.cache(user))), {"trees", "layer-blob"})
                self.assertEqual(os.listdir(self.temp), [])

    def test_interrupted(self):
        """Keys of the terminal are the program's; a request to end is not, and ends everything."""
        user = self.users()[-1]
        mark = "8765.%d" % os.getpid()
        for number in (signal.SIGTERM, signal.SIGHUP):
            process = subprocess.Popen(self.words(user, "oci:" + self.image, "--", "/bin/sh", "-c", "echo ready; sleep " + mark),
                                       stdout=subprocess.PIPE)
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(number)
            self.assertEqual(process.wait(10), -number)
            self.assertEqual(process.stdout.read(), b"")
            process.stdout.close()
            self.assertEqual(processes(mark), [])

    def test_many_starts(self):
        """Two hundred runs in one root, then what is left of them."""
        before = mounts()
        for user in self.users():
            with self.subTest(user=user):
                self.sh(user, "true")
                listed = listing(self.cache(user))
                command = [LOOP, self.cache(user), "oci:" + self.image, str(STARTS), "/bin/true"]
                if user and os.geteuid() == 0:
                    command = ["setpriv", "--reuid=%d" % user, "--regid=%d" % user, "--clear-groups"] + command
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                told = json.loads(done.stdout)
                self.assertEqual((told["files"], told["mounts"], told["children"]), (0, 0, 0))
                self.assertEqual(mounts(), before)
                self.assertEqual(set(listing(self.cache(user))), set(listed))
                print("user %d: %s" % (user, done.stdout.strip()), file=sys.stderr)


if not RUNNERS:
    print("no bubblewrap, crun or runc is installed")
    sys.exit(77)
for ignored in (signal.SIGHUP, signal.SIGINT):  # under nohup, or behind "&": a program would inherit that
    signal.signal(ignored, signal.SIG_DFL)
del sys.argv[1:3]
unittest.main()

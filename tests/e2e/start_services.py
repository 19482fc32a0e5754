"""start_services.py SCRIPT: what stages/start-services.sh does as the first process of a container, under
bubblewrap with stand-ins for sshd and jupyter."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

SCRIPT = os.path.realpath(sys.argv[1])
KINDS = ("rsa", "ecdsa", "ed25519")
SSHD = '#!/bin/sh\necho "sshd $*" >>/run/log\n'
JUPYTER = '#!/bin/sh\necho "jupyter $* token=${JUPYTER_TOKEN-none}" >>/run/log\n'
NO_KEY = "start-services: no SSH: PUBLIC_KEY is empty\n"


class Container:
    """The folders of a new container over an image of empty host keys."""

    def __init__(self, work):
        self.root = tempfile.mkdtemp(dir=work)
        for folder in ("etc/ssh", "etc/profile.d", "root", "run", "sbin"):
            os.makedirs(self.path(folder))
        for name in ("passwd", "group"):
            shutil.copy("/etc/" + name, self.path("etc"))
        for kind in KINDS:
            self.write("etc/ssh/ssh_host_%s_key" % kind, "", 0o600)
        self.write("sbin/sshd", SSHD, 0o755)
        self.write("sbin/jupyter", JUPYTER, 0o755)

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, text, mode):
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as stream:
            return stream.read()

    def key(self, kind="ed25519"):
        return self.read("etc/ssh/ssh_host_%s_key" % kind)

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def words(self, command, settings, uid, extra=()):
        words = ["bwrap", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"]
        words += ["--ro-bind", SCRIPT, "/tmp/start", "--unshare-all", "--as-pid-1", "--uid", str(uid)]
        for folder, place in (("etc", "/etc"), ("root", "/root"), ("run", "/run"), ("sbin", "/usr/sbin")):
            words += ["--bind", self.path(folder), place]
        words += ["--clearenv", "--setenv", "PATH", "/usr/sbin:/usr/bin:/bin", *extra]
        for name, value in settings.items():
            words += ["--setenv", name, value]
        return [*words, "--", "/tmp/start", *command]

    def start(self, *command, uid=0, **settings):
        """Exit status and what was said."""
        done = subprocess.run(self.words(command, settings, uid), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60, check=False)  # fmt: skip
        return done.returncode, done.stdout.decode()

    def signal(self, number, *command):
        """Exit status after the signal to the first process."""
        reader, writer = os.pipe()
        extra = ["--json-status-fd", str(writer)]
        words = self.words(command, {}, 0, extra)
        with os.fdopen(reader) as status, subprocess.Popen(words, pass_fds=[writer], stderr=subprocess.PIPE) as running:
            os.close(writer)
            first = json.loads(status.readline())["child-pid"]
            running.stderr.readline()  # the script says that there is no SSH
            time.sleep(0.5)
            began = time.monotonic()
            os.kill(first, number)
            running.wait(20)
            expect("it ends at once", time.monotonic() - began < 5, True)
            return running.returncode


def expect(what, found, wanted):
    if found != wanted:
        sys.exit("%s: %r, and not %r" % (what, found, wanted))


def check_ssh(work):
    bare = Container(work)
    expect("no key", bare.start("echo", "ready"), (0, NO_KEY + "ready\n"))
    expect("nothing was started or made", (os.listdir(bare.path("run")), bare.key()), ([], ""))
    said = "start-services: no SSH: only root can start the server\nready\n"
    expect("no root", bare.start("echo", "ready", uid=1234, PUBLIC_KEY="ssh-key"), (0, said))

    one, two = Container(work), Container(work)
    expect("a key", one.start("echo", "ready", PUBLIC_KEY="ssh-key one@example.org"), (0, "ready\n"))
    expect("it is let in", one.read("root/.ssh/authorized_keys"), "ssh-key one@example.org\n")
    expect("the server", one.read("run/log"),
           "sshd -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no "
           "-o PermitRootLogin=prohibit-password\n")  # fmt: skip
    for kind in KINDS:
        expect("a host key", "PRIVATE KEY" in one.key(kind), True)
        expect("its mode", one.mode("etc/ssh/ssh_host_%s_key" % kind), 0o600)
    expect("what sessions see", "PATH='/usr/sbin:" in one.read("etc/profile.d/container.sh"), True)
    expect("who else sees it", one.mode("etc/profile.d/container.sh"), 0o600)
    first = one.key()
    one.start("true", PUBLIC_KEY="ssh-key one@example.org")
    expect("a container keeps its key", one.key(), first)
    expect("a key is let in once", one.read("root/.ssh/authorized_keys"), "ssh-key one@example.org\n")
    two.start("true", PUBLIC_KEY="ssh-key one@example.org")
    expect("two containers share no key", two.key() == first, False)


def check_jupyter(work):
    begin = "jupyter lab --no-browser --allow-root --ip=0.0.0.0 --port=8888 --ServerApp.root_dir=/run/work "
    for settings, end in (
        ({}, "--ServerApp.allow_origin= token=none\n"),
        ({"JUPYTER_TOKEN": "t", "JUPYTER_PASSWORD": "p"}, "--ServerApp.allow_origin= token=t\n"),
        ({"JUPYTER_PASSWORD": "p", "RUNPOD_POD_ID": "pod"},
         "--ServerApp.allow_origin=https://pod-8888.proxy.runpod.net token=p\n"),
    ):  # fmt: skip
        one = Container(work)
        one.start("sleep", "0.5", JUPYTER_PORT="8888", JUPYTER_DIR="/run/work", **settings)
        expect("jupyter", one.read("run/log"), begin + end)
        expect("its folder", os.path.isdir(one.path("run/work")), True)


def check_command(work):
    one = Container(work)
    expect("exit status", one.start("sh", "-c", "exit 7"), (7, NO_KEY))
    expect("the first process", one.start("sh", "-c", "echo $$"), (0, NO_KEY + "1\n"))
    expect("no such command", one.start("no-such-command")[0], 127)
    trap = 'trap "exit 9" TERM; sleep 60 & wait'
    expect("TERM reaches the command", one.signal(signal.SIGTERM, "sh", "-c", trap), 9)
    expect("TERM ends a container that waits", one.signal(signal.SIGTERM), 0)
    expect("INT too", one.signal(signal.SIGINT), 0)


def main():
    probe = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
    for program in ("bwrap", "ssh-keygen"):
        if not shutil.which(program):
            print(program, "is not installed")
            sys.exit(77)
    if subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("bubblewrap can't make a container here")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        check_ssh(work)
        check_jupyter(work)
        check_command(work)


main()

# ---- programs in processes of their own, side by side

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

PROCESSES = 4
MEMORY = 10**9  # of one process: importing torch takes about half of it
THREADS = 256   # of one process: numpy and scipy begin up to 64 each when they are imported
CGROUP = "/sys/fs/cgroup/"
# Of both versions of control groups: the limit, what is used, where what could be freed of it stands.
MEMORY_FILES = (("memory.max", "memory.current", "memory.stat", "inactive_file"),
                ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes",
                 "memory/memory.stat", "total_inactive_file"))
THREAD_FILES = (("pids.max", "pids.current"), ("pids/pids.max", "pids/pids.current"))


def kernel_number(path, word=None, index=0):
    """A number in a file of the kernel, on the line that begins with `word`; None: there is none."""
    try:
        with open(path) as file:
            lines = [line.split() for line in file]
        return next(int(line[index]) for line in lines if word in (None, line[0]))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


def cpus_here():
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for quota, period in (
            (kernel_number(CGROUP + "cpu.max"), kernel_number(CGROUP + "cpu.max", index=1)),
            (kernel_number(CGROUP + "cpu/cpu.cfs_quota_us"),
             kernel_number(CGROUP + "cpu/cpu.cfs_period_us"))):
        if quota and period and quota > 0:
            count = min(count, quota // period)
    return count or 1


def left_here(names):
    limit, used = (kernel_number(CGROUP + name) for name in names[:2])
    return None if limit is None or used is None else limit - used


def memory_here():
    free = [(kernel_number("/proc/meminfo", "MemAvailable:", 1) or 10**9) * 1024]
    for names in MEMORY_FILES:
        left = left_here(names)
        if left is not None:
            free.append(left + (kernel_number(CGROUP + names[2], names[3], 1) or 0))
    return min(free)


def threads_here():
    return min([left for left in map(left_here, THREAD_FILES) if left is not None] or [10**9])


def room_here():
    """How many processes at once: as CPUs, memory and threads of this container allow."""
    return max(1, min(PROCESSES, cpus_here(), memory_here() // MEMORY, threads_here() // THREADS))


def open_output():
    # A file, not a pipe: what a killed program left running can't keep us waiting.
    try:
        return tempfile.TemporaryFile()
    except OSError:  # nothing can be written
        return os.fdopen(os.memfd_create("output"), "w+b")


class Job:
    """A program. `alone`: it may use a device, so that no two such run at once. `gated`: it imports
    beside whatever runs, says {"imported": true, "ms": …}, and then waits for the end of its input;
    from there on it is alone."""

    def __init__(self, command, timeout, alone=False, gated=False):
        self.command, self.timeout = command, timeout
        self.alone, self.gated = alone, gated
        self.process = self.output = self.result = None
        self.since = self.deadline = self.took = 0.0

    def begin(self):
        self.output = open_output()
        self.go_from_here()
        try:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE if self.gated else subprocess.DEVNULL,
                stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True)
        except OSError as error:
            self.output.close()
            self.result = ({}, str(error), 127)

    def go_from_here(self):
        self.since = time.monotonic()
        self.deadline = self.since + self.timeout

    def is_at_gate(self):
        return self.gated and "imported" in self.said()

    def open_gate(self):
        self.took = self.said()["ms"] / 1000
        self.process.stdin.close()
        self.gated, self.alone = False, True
        self.go_from_here()

    def poll(self):
        """Whether it has ended."""
        status, text = self.process.poll(), None
        if status is None:
            if time.monotonic() < self.deadline or self.is_at_gate():
                return False
            self.kill()
            status, text = 124, "still running after %g seconds" % self.timeout
        self.took += time.monotonic() - self.since
        said = self.text()
        self.result = (read_json_lines(said), said if text is None else text, status)
        self.close()
        return True

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (AttributeError, OSError):  # Windows has no groups
            self.process.kill()
        self.process.wait()

    def close(self):
        self.output.close()
        if self.process.stdin:
            self.process.stdin.close()

    def said(self):
        """What it has said in lines of JSON so far."""
        if self.result:
            return self.result[0]
        return read_json_lines(self.text()) if self.process and hasattr(os, "pread") else {}

    def text(self):
        """The begin and the end of its output, without moving its place in the file."""
        limit, number = 65536, self.output.fileno()
        size = os.fstat(number).st_size
        if not hasattr(os, "pread"):
            self.output.seek(max(0, size - limit))
            data = self.output.read()
        else:
            data = os.pread(number, limit, 0)
            if size > limit:
                data += b"\n" * (size > 2 * limit) + os.pread(number, limit, max(limit, size - limit))
        return data.decode("utf-8", "replace").strip()


class Jobs:
    """Runs as many at once as there is room for: one of those that have to be alone, the others in
    their order beside it, and what is waited for. `waited` has the seconds of all waiting."""

    def __init__(self, room):
        self.room = room
        self.waiting, self.running = [], []
        self.waited, self.took, self.told = 0.0, {}, 0.0

    def add(self, job):
        if job.gated and (self.room == 1 or not hasattr(os, "pread")):
            job.gated, job.alone = False, True
        self.waiting.append(job)
        return job

    def wait(self, job, imported=False):
        """What it says in lines of JSON, its output and its exit status; or, when it has `imported`
        or ended, only the first."""
        begin = time.monotonic()
        while not job.result and not (imported and "imported" in job.said()):
            self.go_on(job)
            if not job.result:
                time.sleep(0.01)
        self.waited += time.monotonic() - begin
        took = job.said().get("ms", job.took * 1000) if imported else job.took * 1000
        self.took[job] = max(self.took.get(job, 0.0), took)
        return job.said() if imported else job.result

    def tell_took(self):
        """The milliseconds that those took which were waited for since the last call."""
        before, self.told = self.told, sum(self.took.values())
        return self.told - before

    def go_on(self, wanted=None):
        self.running = [job for job in self.running if not job.poll()]
        for job in sorted(self.waiting, key=lambda job: job is not wanted):
            if self.may_begin(job, wanted):
                self.waiting.remove(job)
                job.begin()
                self.running += [] if job.result else [job]
        for job in self.running:
            if not self.device_is_used() and job.is_at_gate():
                job.open_gate()

    def may_begin(self, job, wanted):
        if self.room == 1:
            return job is wanted and not self.running
        if job.alone:
            return not self.device_is_used()
        others = sum(not one.alone for one in self.running)
        kept = any(one.alone for one in self.running + self.waiting)
        # An import that hangs does not hold what is waited for.
        return others < self.room - (kept and job is not wanted)

    def device_is_used(self):
        return any(job.alone for job in self.running)

    def stop(self):
        for job in self.running:
            job.kill()
            job.close()
        self.waiting, self.running = [], []


def read_json_lines(text):
    """What lines of JSON say together: a program that died has said what it knew before."""
    found = {}
    for line in text.splitlines():
        try:
            value = json.loads(line) if line.startswith("{") else None
        except ValueError:
            continue
        found.update(value if isinstance(value, dict) else {})
    return found


def last_line(text, status):
    """What a program died of: the line of its exception, whose message may have more, or its last."""
    lines = [line for line in text.splitlines() if line.strip()]
    heads = [number for number, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    if heads:
        lines = [line for line in lines[heads[-1] + 1:] if not line.startswith(" ")][:1] or lines
    what = lines[-1].strip()[:300] if lines else "exit status %d" % status
    return "killed by signal %d: %s" % (-status, what) if status < 0 else what


def python_program(code, *arguments):
    return [sys.executable, "-c", code] + list(arguments)


GATED = """
import json, sys, time
begin = time.perf_counter()
import %s
%s
print(json.dumps({"imported": True, "ms": (time.perf_counter() - begin) * 1000}), flush=True)
sys.stdin.read()
%s
"""


def gated_program(module, code, before=""):
    """For a job that is `gated`; what it imports it imports first of all."""
    return python_program(GATED % (module, before.strip(), code.strip()))

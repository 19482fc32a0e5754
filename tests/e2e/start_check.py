"""The checks that travel with an image: every step passes where all is well and fails with its own
exit status where its expectation is broken.

start_check.py SCRIPT FAKE_CUDA   with the driver library of fake_cuda.c; needs no GPU
start_check.py SCRIPT --gpu       on a machine with a real one, and torch
"""

import ast
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPT, DRIVER = sys.argv[1:3]
REAL = DRIVER == "--gpu"
A40 = "12.4;NVIDIA A40,8.6,48"
HEALTHY = {"schema": "ramekin.expect/1", "image": "test", "gpu_needed": True, "min_cuda": "12.0",
           "distributions": {}, "runtime": [], "gpu": []}


def item(kind, *items):
    return [{"kind": kind, "at": "ramekin.yaml:7", "items": list(items)}]


class Harness(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        if not REAL:
            shutil.copy(DRIVER, os.path.join(self.folder, "libcuda.so.1"))
        shutil.copy(SCRIPT, os.path.join(self.folder, "check.py"))

    def environment(self, cuda=A40, **more):
        environment = dict(os.environ, RAMEKIN_CHECK_STATE=os.path.join(self.folder, "state"))
        if not REAL:
            environment.update(LD_LIBRARY_PATH=self.folder, FAKE_CUDA=cuda)
            if cuda is None:
                del environment["LD_LIBRARY_PATH"]
                del environment["FAKE_CUDA"]
        environment.update(more)
        return environment

    def expect(self, **changes):
        path = os.path.join(self.folder, "expect.json")
        with open(path, "w") as file:
            json.dump(dict(HEALTHY, **changes), file)

    def command(self, *arguments):
        return [sys.executable, os.path.join(self.folder, "check.py")] + list(arguments)

    def run_check(self, *arguments, cuda=A40, env=None, **changes):
        self.expect(**changes)
        return subprocess.run(self.command(*arguments), env=self.environment(cuda, **(env or {})),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check(self, code, says="", **changes):
        done = self.run_check("--json", **changes)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(says, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["code"], code)
        failed = [one for one in result["steps"] if one["status"] == "fail"]
        self.assertEqual(bool(failed), code != 0)
        return result


class StartCheck(Harness):
    def test_is_for_every_python(self):
        """Nothing in it is newer than 3.8."""
        with open(SCRIPT, encoding="utf-8") as file:
            ast.parse(file.read(), feature_version=(3, 8))

    def test_healthy(self):
        self.check(0, "PASS env", distributions={"pip": importlib.metadata.version("pip")},
                   runtime=item("import", "json") + item("module", "xml.dom") +
                   item("symbol", "json:JSONDecoder.decode") + item("file", "/dev/null") +
                   item("absent", "no-such-*") + item("cmd", "true"),
                   gpu=item("python", "import json\nprint(1)"), storage={"shm": 1, "disk": 1})

    def test_hidden_driver(self):
        if REAL:
            self.check(10, env={"CUDA_VISIBLE_DEVICES": ""})
            return
        self.check(10, "cannot open shared object file", cuda=None)
        self.check(10, "CUDA_ERROR_NO_DEVICE", cuda="error 100")
        self.check(10, "no device", cuda="12.4")
        self.check(10, "killed by signal 6", cuda="abort")

    def test_old_driver(self):
        self.check(11, "a driver for CUDA 99.1 or later", min_cuda="99.1")

    def test_count(self):
        self.check(10, "99 devices", min_gpus=99)

    def test_device_memory(self):
        self.check(13, "9000 GB of device memory", min_vram=9 * 10**12)
        if not REAL:  # boards have a little less than their name says
            self.check(0, min_vram=24 * 10**9, cuda="12.4;NVIDIA L4,8.9,23.1")

    def test_architectures(self):
        def library(*codes):
            return [{"library": "lib.so", "groups": [list(codes)]}]
        self.check(12, "lib.so has sm_10", arch=library("sm_10"))
        if REAL:
            return
        for codes, device, code in (
                (["sm_80"], "8.6", 0), (["sm_90"], "8.6", 12), (["sm_86"], "9.0", 12),
                (["sm_86"], "8.9", 0), (["sm_89"], "8.6", 12), (["sm_90a"], "9.0", 0),
                (["sm_90a"], "9.1", 12), (["compute_80"], "12.0", 0), (["sm_120f"], "12.1", 0),
                (["sm_100f"], "12.0", 12), (["sm_50", "sm_90"], "12.0", 12),
                (["compute_90a"], "12.0", 12), (["sm_120"], "12.0", 0)):
            with self.subTest(codes=codes, device=device):
                self.check(code, arch=library(*codes), cuda="12.8;GPU,%s,32" % device)
        self.check(12, arch=library("sm_86"), cuda="12.8;A,8.6,32;B,9.0,80")

    def test_distributions(self):
        self.check(14, "it is not installed", distributions={"no-such": "1"})
        self.check(14, "pip 0.0.1", distributions={"pip": "0.0.1"})

    def test_two_copies_and_stale_files(self):
        site = os.path.join(self.folder, "site")
        for version in "1.0", "2.0":
            info = os.path.join(site, "twice-%s.dist-info" % version)
            os.makedirs(info)
            with open(os.path.join(info, "METADATA"), "w") as file:
                file.write("Metadata-Version: 2.1\nName: Twice\nVersion: %s\n" % version)
            with open(os.path.join(info, "RECORD"), "w") as file:
                file.write("twice/kernel/a.py,,\n")
        os.makedirs(os.path.join(site, "twice", "kernel"))
        env = {"PYTHONPATH": site}
        first = importlib.metadata.distributions(path=[site])
        version = next(iter(first)).version
        self.check(14, "twice: 1.0, 2.0", distributions={"twice": version}, env=env)
        self.check(0, distributions={"twice": version}, ghosts=["twice"], env=env)
        open(os.path.join(site, "twice", "kernel", "b.py"), "w").close()
        self.check(14, "also b.py", distributions={"twice": version}, ghosts=["twice"], env=env,
                   closed_folders={"twice": ["twice/kernel"]})

    def test_items(self):
        for kind, value, code in (
                ("version", "pip==0.0.1", 14), ("absent", "p?p", 14), ("file", "/no/such", 14),
                ("cuda", "0.1", 14), ("module", "xml.nothing", 15), ("import", "no_such", 15),
                ("symbol", "json:nothing", 15), ("python", "raise SystemExit(3)", 15),
                ("cmd", "false", 15), ("cmd", "/no/such", 15)):
            with self.subTest(kind=kind, value=value):
                self.check(code, "ramekin.yaml:7", runtime=item(kind, value))
        self.check(15, "No module named 'no_such'", runtime=item("import", "no_such"))
        self.check(15, "FAIL runtime/python ValueError: first (expected", runtime=item(
            "python", "raise ValueError('first\\nsecond\\nthird')"))
        self.check(15, "killed by signal 11", runtime=item(
            "python", "import os\nos.kill(os.getpid(), 11)"))

    def test_namespaces_below_packages(self):
        """A module is found below folders without __init__.py, and nothing above it is imported."""
        for folder in "wide/deep", "whole/wide":
            os.makedirs(os.path.join(self.folder, folder))
            open(os.path.join(self.folder, folder, "there.py"), "w").close()
        with open(os.path.join(self.folder, "whole", "__init__.py"), "w") as file:
            file.write("raise ImportError")
        for name, code in (("wide.deep.there", 0), ("whole.wide.there", 0), ("wide.deep.gone", 15)):
            with self.subTest(name=name):
                self.check(code, runtime=item("module", name), env={"PYTHONPATH": self.folder})

    def install(self, code, version="2.6.0+cu124"):
        """A torch that stands before every other; the environment in which it does."""
        site = os.path.join(self.folder, "site")
        info = os.path.join(site, "torch-%s.dist-info" % version)
        os.makedirs(info, exist_ok=True)
        os.makedirs(os.path.join(site, "torch"), exist_ok=True)
        with open(os.path.join(info, "METADATA"), "w") as file:
            file.write("Metadata-Version: 2.1\nName: torch\nVersion: %s\n" % version)
        with open(os.path.join(site, "torch", "__init__.py"), "w") as file:
            file.write(code)
        return {"PYTHONPATH": site}

    @unittest.skipIf(REAL, "has a torch of its own")
    def test_broken_torch(self):
        wanted = {"distributions": {"torch": "2.6.0+cu124"}}
        for code, says in (
                ("raise ImportError('libtorch_cuda.so: undefined symbol: ncclCommShrink')\n",
                 "ImportError: libtorch_cuda.so: undefined symbol"),
                ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "killed by signal 11"),
                ("import time\ntime.sleep(60)\n", "still running after 1 seconds"),
                ("import os\nos._exit(0)\n", "torch said nothing of itself"),
                ("(\n", "SyntaxError")):
            with self.subTest(says=says):
                done = self.run_check("--timeout", "1" if "sleep" in code else "60",
                                      env=self.install(code), **wanted)
                self.assertEqual(done.returncode, 16, done.stderr)
                self.assertIn(says, done.stderr)
                self.assertIn("PASS distributions", done.stderr)
                self.assertIn("SKIP arch", done.stderr)

    @unittest.skipIf(REAL, "has a torch of its own")
    def test_torch_for_the_cpu(self):
        code = ("__version__ = '2.6.0+cpu'\n"
                "class version: cuda = None\n"
                "class _C: pass\n"
                "class cuda:\n"
                "    @staticmethod\n"
                "    def device_count(): return 0\n")
        wanted = {"distributions": {"torch": "2.6.0+cu124"}}
        self.check(16, "torch sees none", env=self.install(code), **wanted)
        self.check(14, "another torch stands before the installed one", env=self.install(code),
                   torch={"version": "2.6.0+cu124", "cuda": "12.4"}, **wanted)
        self.check(14, "2.7.0", env=self.install(code, "2.7.0"), **wanted)
        done = self.run_check("--warn", "--wrap", "sh", "-c", "echo up; exit 3",
                              env=self.install(code), **wanted)
        self.assertEqual((done.returncode, done.stdout), (3, "up\n"))

    @unittest.skipIf(REAL, "has a torch of its own")
    def test_without_torch(self):
        result = self.check(0, "SKIP compute")
        skipped = [one["id"] for one in result["steps"] if one["status"] == "skip"]
        self.assertEqual(skipped, ["arch", "distributions", "compute", "libraries", "storage"])
        self.check(14, "it is not installed", distributions={"torch": "2.6.0"},
                   env={"PYTHONPATH": self.folder, "PYTHONNOUSERSITE": "1"})

    def test_device_items(self):
        self.check(16, gpu=item("python", "raise SystemExit(3)"))
        if not REAL:
            self.check(10, "SKIP gpu/python", cuda="error 100",
                       gpu=item("python", "raise SystemExit(3)"))

    def test_hang(self):
        begin = time.monotonic()
        done = self.run_check("--timeout", "1", runtime=item(
            "python", "import subprocess\nsubprocess.run(['sleep', '60'])"))
        self.assertEqual(done.returncode, 15, done.stderr)
        self.assertIn("still running after 1 seconds", done.stderr)
        self.assertLess(time.monotonic() - begin, 20)
        if not REAL:
            done = self.run_check("--timeout", "1", cuda="hang")
            self.assertEqual(done.returncode, 10)
            self.assertIn("FAIL env            still running after 1 seconds", done.stderr)

    def test_storage(self):
        self.check(18, "docker run --shm-size", storage={"shm": 10**18})
        self.check(18, storage={"disk": 10**18})
        if os.getuid() != 0:
            self.check(18, storage={"writable": ["/no/such"]})

    def test_first_cause_decides(self):
        self.check(11, min_cuda="99.0", min_vram=9 * 10**12, distributions={"no-such": "1"})

    def test_warn_and_only(self):
        done = self.run_check("--warn", min_cuda="99.0")
        self.assertEqual(done.returncode, 0)
        self.assertIn("FAIL driver", done.stderr)
        done = self.run_check("--only", "storage", min_cuda="99.0")
        self.assertEqual(done.returncode, 0)

    def test_usage(self):
        for arguments in (["--nothing"], ["--wrap"], ["--timeout"], ["--timeout", "x"], ["word"],
                          ["--jobs", "0"], ["--jobs", "x"]):
            self.assertEqual(self.run_check(*arguments).returncode, 64, arguments)
        self.assertEqual(self.run_check(schema="other").returncode, 64)
        self.assertEqual(self.run_check("--expect", "/no/such").returncode, 64)
        self.assertEqual(self.run_check("--help").returncode, 0)

    def test_wrap(self):
        done = self.run_check("--wrap", "sh", "-c", "echo out; exit 7")
        self.assertEqual((done.returncode, done.stdout), (7, "out\n"))
        done = self.run_check("--wrap", "sh", "-c", "echo out", min_cuda="99.0")
        self.assertEqual((done.returncode, done.stdout), (11, ""))
        done = self.run_check("--warn", "--wrap", "echo", "--json", min_cuda="99.0")
        self.assertEqual((done.returncode, done.stdout), (0, "--json\n"))
        self.assertEqual(self.run_check("--wrap", "/no/such").returncode, 127)

    def test_wrap_passes_signals(self):
        self.expect()
        child = subprocess.Popen(
            self.command("--wrap", "sh", "-c", "trap 'exit 42' TERM; echo up; sleep 30 & wait"),
            env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(child.stdout.readline(), b"up\n")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(20), 42)
        child.stdout.close()

    def test_health(self):
        self.assertEqual(self.run_check("--health").returncode, 0)
        self.assertEqual(self.run_check("--health", min_cuda="99.0").returncode, 1)
        self.assertEqual(self.run_check(runtime=item("import", "no_such")).returncode, 15)
        spent = []
        for _ in range(5):  # the machine may be busy
            begin = time.monotonic()
            done = self.run_check("--health", runtime=item("import", "no_such"))
            self.assertEqual(done.returncode, 1)
            spent.append(time.monotonic() - begin)
        self.assertLess(min(spent), 1)
        self.assertEqual(self.run_check("--health").returncode, 0)  # of another expectation

    def test_damaged_state(self):
        with open(os.path.join(self.folder, "state"), "w") as file:
            file.write("{")
        self.assertEqual(self.run_check("--health").returncode, 0)

    def test_nothing_can_be_written(self):
        """As with a container whose root is read-only: no folder for temporary files."""
        with open(os.path.join(self.folder, "sitecustomize.py"), "w") as file:
            file.write("import tempfile\ntempfile._candidate_tempdir_list = lambda: ['/no/such']\n")
        self.expect(runtime=item("import", "json"), gpu_needed=False)
        state = "/dev/shm/ramekin-check-%d.json" % os.getuid()
        for arguments in [], ["--health"]:
            environment = self.environment(PYTHONPATH=self.folder)
            del environment["RAMEKIN_CHECK_STATE"]
            done = subprocess.run(self.command(*arguments), env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, done.stderr)
        if os.access("/dev/shm", os.W_OK):
            os.unlink(state)

    def test_fitness_hook(self):
        with open(os.path.join(self.folder, "runpod.py"), "w") as file:
            file.write("class serverless:\n"
                       "    register_fitness_check = staticmethod(lambda check: check())\n")
        code = "import check\ncheck.register()\nprint('fit')"
        for changes, says in ({}, "fit"), ({"min_cuda": "99.0"}, "RuntimeError: driver: "):
            self.expect(**changes)
            done = subprocess.run([sys.executable, "-c", code], cwd=self.folder, text=True,
                                  env=self.environment(), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            self.assertIn(says, done.stdout)


TORCH = """
import meeting
meeting.note("torch")
__version__ = "2.6.0+cu124"
class version: cuda = "12.4"
class _C: _cuda_getArchFlags = staticmethod(lambda: "sm_86")
class cuda:
    get_device_capability = staticmethod(lambda device: (7, 5))
    synchronize = staticmethod(lambda device: None)
    @staticmethod
    def device_count():
        meeting.be_alone()
        return 1
class full:
    def __init__(self, *arguments, **named): pass
    def __matmul__(self, other): return self
    def cpu(self): return self
equal = device = tensor = lambda *arguments, **named: True
"""
# Modules that leave notes for each other in the folder where they lie.
MEETING = """
import os, time
here = os.path.dirname(os.path.abspath(__file__))
def note(name):
    with open(os.path.join(here, "notes"), "a") as file:
        file.write(name + "\\n")
def read_notes():
    with open(os.path.join(here, "notes"), "a+") as file:
        file.seek(0)
        return file.read().split()
def wait_for(name):
    end = time.monotonic() + 20
    while name not in read_notes():
        assert time.monotonic() < end, "%s has not come" % name
        time.sleep(0.01)
def be_alone():
    os.close(os.open(os.path.join(here, "device"), os.O_CREAT | os.O_EXCL))
    time.sleep(0.2)
    os.unlink(os.path.join(here, "device"))
"""


@unittest.skipIf(REAL, "has modules that it makes up")
class SideBySide(Harness):
    def setUp(self):
        super().setUp()
        self.site = os.path.join(self.folder, "site")
        self.distributions = {}
        os.mkdir(self.site)
        self.module("meeting", MEETING)

    def module(self, name, code, version=None):
        with open(os.path.join(self.site, name + ".py"), "w") as file:
            file.write(code)
        if version:
            info = os.path.join(self.site, "%s-%s.dist-info" % (name, version))
            os.mkdir(info)
            with open(os.path.join(info, "METADATA"), "w") as file:
                file.write("Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version))
            self.distributions[name] = version

    def check_jobs(self, jobs, code, *arguments, **changes):
        """The steps, and the notes that were left."""
        notes = os.path.join(self.site, "notes")
        open(notes, "w").close()
        done = self.run_check("--json", "--jobs", str(jobs), *arguments, env={"PYTHONPATH": self.site},
                              distributions=self.distributions, **changes)
        self.assertEqual(done.returncode, code, done.stderr)
        with open(notes) as file:
            return json.loads(done.stdout)["steps"], file.read().split()

    def test_imports_meet(self):
        """Two imports that wait for each other; their results stand in the recipe's order."""
        self.module("one", "import meeting\nmeeting.note('one')\nmeeting.wait_for('two')\n"
                           "meeting.wait_for('code')\n")
        self.module("two", "import meeting\nmeeting.note('two')\nmeeting.wait_for('one')\nname = 1\n")
        items = item("import", "one") + item("python", "import meeting\nmeeting.note('code')") + \
            item("symbol", "two:name")
        steps, notes = self.check_jobs(3, 0, runtime=items)
        self.assertEqual([one["id"] for one in steps if "runtime" in one["id"]],
                         ["runtime/import", "runtime/python", "runtime/symbol"])
        steps, notes = self.check_jobs(1, 15, "--timeout", "1", runtime=items)
        self.assertEqual(sorted(notes), ["code", "one", "two"])

    def test_a_hanging_import_holds_no_other(self):
        """It ends alone, in its time; others are done long before."""
        self.module("hang", "import meeting\nmeeting.wait_for('quick')\nmeeting.note('hang')\n"
                            "import time\ntime.sleep(60)\n")
        self.module("slow", "import meeting\nmeeting.wait_for('hang')\nmeeting.note('slow')\n")
        self.module("quick", "import meeting\nmeeting.note('quick')\n")
        begin = time.monotonic()
        steps, notes = self.check_jobs(2, 15, "--timeout", "8", runtime=item("import", "hang") +
                                       item("import", "quick") + item("import", "slow"))
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual([one["status"] for one in steps if one["id"] == "runtime/import"],
                         ["fail", "pass", "pass"])
        self.assertEqual(notes, ["quick", "hang", "slow"])

    def test_devices_are_used_by_one_at_a_time(self):
        """Code that may use a device, and what computes on it. Importing what computes goes on beside
        it, and shows that it can be imported: nothing else does that again."""
        self.module("torch", TORCH + "meeting.wait_for('first')\n", "2.6.0+cu124")
        self.module("torchvision", "import meeting\nmeeting.note('vision')\nclass ops:\n"
                    "    nms = staticmethod(lambda *all: meeting.be_alone() or [1])\n", "1")
        self.module("touches", "import meeting\nmeeting.be_alone()\n")
        code = "import meeting\nmeeting.note('%s')\nmeeting.be_alone()\n%s"
        for jobs in 4, 2:
            with self.subTest(jobs=jobs):
                steps, notes = self.check_jobs(
                    jobs, 0, runtime=item("python", code % ("first", "")) + item(
                        "import", "torch", "torchvision"),
                    gpu=item("import", "torch", "touches") + item("cmd", sys.executable, "-c",
                                                                  code % ("second", "")))
                self.assertEqual([one["status"] for one in steps if one["id"] != "storage"],
                                 ["pass"] * (len(steps) - 1))
                self.assertEqual(sorted(notes), ["first", "second", "torch", "torch", "vision"])
        self.module("torch", TORCH)
        steps, notes = self.check_jobs(1, 0, runtime=item("import", "torch", "torchvision"))
        self.assertEqual(notes, ["torch", "vision", "torch"])

    def test_torch_that_hangs_on_the_device(self):
        self.module("torch", TORCH.replace("return 1", "time.sleep(60)").replace(
            "import meeting", "import meeting, time"), "2.6.0+cu124")
        steps, notes = self.check_jobs(4, 16, "--timeout", "3", runtime=item("import", "torch"),
                                       gpu=item("python", "import meeting\nmeeting.wait_for('torch')"))
        status = {one["id"]: one["status"] for one in steps}
        self.assertEqual(status, {"env": "pass", "driver": "pass", "devices": "pass", "arch": "pass",
                                  "distributions": "pass", "runtime/import": "pass", "compute": "fail",
                                  "libraries": "skip", "gpu/python": "pass", "storage": "skip"})

    def test_what_is_interrupted_leaves_nothing(self):
        self.module("hang", "import meeting, os, time\nmeeting.note('%d' % os.getpid())\n"
                            "meeting.note('hang')\ntime.sleep(60)\n")
        self.expect(runtime=item("import", "hang"))
        child = subprocess.Popen(self.command(), env=self.environment(PYTHONPATH=self.site),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sys.path.insert(0, self.site)
        self.addCleanup(sys.path.remove, self.site)
        import meeting
        meeting.here = self.site
        meeting.wait_for("hang")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(20), -signal.SIGTERM)
        with open(os.path.join(self.site, "notes")) as file:
            process = int(file.readline())
        self.assertRaises(ProcessLookupError, os.kill, process, 0)

    def test_room(self):
        """As many processes as CPUs and memory of the container allow."""
        sys.path.insert(0, self.folder)
        self.addCleanup(sys.path.remove, self.folder)
        sys.modules.pop("check", None)
        import check
        os.makedirs(os.path.join(self.folder, "memory"))
        check.CGROUP = self.folder + "/"
        limits = {"cpu.max": "max 100000", "memory.max": "max", "memory.current": "900000000",
                  "memory.stat": "anon 1\ninactive_file 500000000\n", "pids.max": "max",
                  "pids.current": "20"}
        check.os.sched_getaffinity = lambda process: range(64)
        meminfo = check.kernel_number("/proc/meminfo", "MemAvailable:", 1) * 1024
        for changes, room in (
                ({}, min(4, max(1, meminfo // 10**9))), ({"cpu.max": "150000 100000"}, 1),
                ({"memory.max": "2000000000"}, 1), ({"memory.max": "2600000000"}, 2),
                ({"cpu.max": "50000 100000"}, 1), ({"pids.max": "540"}, 2)):
            for name, text in dict(limits, **changes).items():
                with open(os.path.join(self.folder, name), "w") as file:
                    file.write(text + "\n")
            with self.subTest(changes=changes):
                self.assertEqual(check.room_here(), room)


@unittest.skipUnless(REAL, "needs a GPU and torch")
class WithTorch(Harness):
    """What only torch can tell."""

    def torch(self, **changes):
        import torch
        return dict({"distributions": {"torch": importlib.metadata.version("torch")},
                     "torch": {"version": torch.__version__, "cuda": torch.version.cuda}}, **changes)

    def test_torch(self):
        result = self.check(0, "PASS compute", **self.torch())
        self.assertEqual([one["status"] for one in result["steps"] if one["id"] == "arch"], ["pass"])

    def test_other_torch(self):
        self.check(14, "another torch", **self.torch(torch={"version": "0.1", "cuda": None}))
        self.check(14, "another torch", **self.torch(torch={"cuda": "1.0"}))

    def test_failing_kernel(self):
        code = "import torch\ntorch.zeros(2, device='cuda')[torch.tensor([9]).cuda()].sum().item()"
        self.check(16, **self.torch(gpu=item("python", code)))

    def test_device_code(self):
        code = "import torch\nassert torch.ones(3, device='cuda').sum().item() == 3"
        self.check(0, **self.torch(gpu=item("python", code)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])

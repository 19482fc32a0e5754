"""Start-up checks of an image: compares the machine that it runs on with what it was built for.

Knows nothing by itself: all that is expected stands in expect.json beside this file (schema
"ramekin.expect/1"), which ramekin made from the recipe, the lock and the files of the wheels.

    check.py                    run every step; text on stderr
    check.py --json             and one line of JSON on stdout
    check.py --wrap CMD ARG...  run every step, then become CMD where nothing failed
    check.py --health           for HEALTHCHECK: the last run's verdict, or the quick steps

    --warn    exit status 0 (and --wrap goes on) whatever fails     --strict  a warning is a failure
    --expect FILE    --only STEP[,STEP]    --timeout SECONDS (of one import or code, 300)
    --jobs NUMBER (processes at once; as CPUs and memory allow, 4 at most)

Exit status: 0 all is as expected, 10 no driver or no device, 11 driver too old, 12 no code for the
device, 13 too little device memory, 14 other distributions or files than were built, 15 import or
check failed, 16 computing on the device failed, 17 a library's own kernels failed, 18 storage,
64 usage.

Needs Python 3.8 and its standard library. Whatever touches the device does so in a process of its
own, one after another: the one that goes on to fork workers never has. Imports run beside each other.
"""

import importlib.metadata
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time

from installed import canonical, cuda_fits, cuda_of_torch, find_module, version_fits  # inlined
from start_check_jobs import Job, Jobs, gated_program, last_line, python_program, room_here  # inlined

PASS, WARN, FAIL, SKIP = "pass", "warn", "fail", "skip"
HERE = os.path.dirname(os.path.abspath(__file__))
USAGE = 64


class Unexpected(Exception):
    """What is not as it should be; `status` WARN for what may be harmless."""

    def __init__(self, expected, actual, hint=None, status=FAIL, code=None):
        super().__init__(actual)
        self.expected, self.actual, self.hint = expected, actual, hint
        self.status, self.code = status, code


class Skipped(Exception):
    pass


# ---- the driver, without any library but its own


DRIVER = r"""
import ctypes, json, sys
found = {"devices": []}
try:
    cuda = ctypes.WinDLL("nvcuda.dll") if sys.platform == "win32" else ctypes.CDLL("libcuda.so.1")
except OSError as error:
    found["error"] = str(error)
else:
    status = cuda.cuInit(0)
    if status:
        name = ctypes.c_char_p()
        cuda.cuGetErrorName(status, ctypes.byref(name))
        found["error"] = "cuInit: %s" % (name.value.decode() if name.value else status)
    number = ctypes.c_int(0)
    if cuda.cuDriverGetVersion(ctypes.byref(number)) == 0 and number.value:
        found["cuda"] = "%d.%d" % (number.value // 1000, number.value % 1000 // 10)
    if status == 0 and cuda.cuDeviceGetCount(ctypes.byref(number)) == 0:
        total = getattr(cuda, "cuDeviceTotalMem_v2", None) or cuda.cuDeviceTotalMem
        for index in range(number.value):
            device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
            name, memory = ctypes.create_string_buffer(256), ctypes.c_size_t()
            cuda.cuDeviceGet(ctypes.byref(device), index)
            cuda.cuDeviceGetName(name, 256, device)
            cuda.cuDeviceGetAttribute(ctypes.byref(major), 75, device)
            cuda.cuDeviceGetAttribute(ctypes.byref(minor), 76, device)
            total(ctypes.byref(memory), device)
            found["devices"].append({"name": name.value.decode("utf-8", "replace"),
                                     "capability": [major.value, minor.value],
                                     "memory": memory.value})
try:
    with open("/proc/driver/nvidia/version") as file:
        found["version"] = file.readline().strip()
except OSError:
    pass
print(json.dumps(found))
"""


def read_driver(state):
    if "driver" not in state:
        job = Job(python_program(DRIVER), min(state["timeout"], 60), alone=True)
        value, text, status = state["jobs"].wait(state["jobs"].add(job))
        state["driver"] = dict({"devices": []}, **value)
        if status:
            state["driver"]["error"] = last_line(text, status)
    return state["driver"]


DEVICE_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/nvhost-ctrl-gpu", "/dev/nvgpu")


def check_env(expect, state):
    driver = read_driver(state)
    files = [path for path in DEVICE_FILES if os.path.exists(path)]
    if driver.get("error") or not driver["devices"]:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", os.environ.get("NVIDIA_VISIBLE_DEVICES"))
        actual = driver.get("error") or "the driver shows no device"
        hint = "start the container with its GPUs (docker run --gpus all)"
        if expect.get("environment"):
            hint = "is NVIDIA's driver installed, and is there a GPU?"
        if files and visible in ("", "-1", "void", "none"):
            hint = "CUDA_VISIBLE_DEVICES or NVIDIA_VISIBLE_DEVICES hides them: %r" % visible
        elif not files and sys.platform != "win32":
            actual += "; no %s" % DEVICE_FILES[0]
        raise Unexpected("a driver and a device", actual, hint)
    return "%d device%s, driver for CUDA %s" % (
        len(driver["devices"]), "s" if len(driver["devices"]) != 1 else "",
        driver.get("cuda", "unknown"))


def as_number(text):
    """"12.4" → (12, 4)"""
    return tuple(int(part) for part in re.findall(r"\d+", str(text))[:2])


def need_device(state):
    if not read_driver(state)["devices"]:
        raise Skipped("no device")


def check_driver(expect, state):
    need_device(state)
    wanted, found = expect.get("min_cuda"), read_driver(state).get("cuda")
    if not wanted:
        raise Skipped("nothing is expected of the driver")
    if not found:
        raise Unexpected("a driver for CUDA %s" % wanted, "its version is unknown", status=WARN)
    if as_number(found) < as_number(wanted):
        raise Unexpected("a driver for CUDA %s or later" % wanted,
                         "the driver is for CUDA %s" % found,
                         "choose a machine with a newer driver (CUDA filter of the platform)")
    return "the driver is for CUDA %s, %s is needed" % (found, wanted)


def check_devices(expect, state):
    need_device(state)
    devices, memory = read_driver(state)["devices"], expect.get("min_vram")
    names = ", ".join(one["name"] for one in devices)
    count = expect.get("min_gpus", 1)
    if len(devices) < count:
        raise Unexpected("%d devices" % count, "%d: %s" % (len(devices), names), code=10)
    # Boards report a little less than their name says: what firmware keeps is not counted.
    small = [one for one in devices if memory and one["memory"] < memory * 0.92]
    if small:
        raise Unexpected("%.0f GB of device memory" % (memory / 1e9),
                         "%s has %.1f GB" % (small[0]["name"], small[0]["memory"] / 1e9))
    return names


def serves(code, major, minor):
    """Whether "sm_86", "sm_90a", "sm_120f" or "compute_90" serves a device; 2: by compiling PTX."""
    match = re.match(r"(sm|compute)_(\d+)(\d)([af]?)", code)
    if not match:
        return 0
    kind, of_major, of_minor, scope = match.groups()
    of = (int(of_major), int(of_minor))
    if scope == "a":
        fits = of == (major, minor)
    elif scope == "f" or kind == "sm":
        fits = of[0] == major and of[1] <= minor
    else:
        fits = of <= (major, minor)
    return fits and (1 if kind == "sm" else 2)


def check_arch(expect, state):
    need_device(state)
    libraries = expect.get("arch") or torch_architectures(expect, state)
    compiled = 0
    for device in read_driver(state)["devices"]:
        major, minor = device["capability"]
        for library in libraries:
            for group in library["groups"]:
                best = [serves(code, major, minor) for code in group]
                if not any(best):
                    raise Unexpected(
                        "code for compute capability %d.%d (%s)" % (major, minor, device["name"]),
                        "%s has %s" % (library["library"], " ".join(group)),
                        "choose another GPU, or a build of the library that has this one")
                compiled += 1 not in best
    text = "%s has code for every device" % ", ".join(one["library"] for one in libraries[:3])
    return text + (", %d parts of it compiled at load" % compiled if compiled else "")


def torch_architectures(expect, state):
    """What torch itself says that it was built for; needs no device."""
    if "torch" not in (expect.get("distributions") or {}):
        raise Skipped("no library's architectures are known")
    value = state["jobs"].wait(state["gated"]["torch"], imported=True)
    if not value.get("flags"):
        raise Skipped("torch does not say which it has")
    return [{"library": "torch", "groups": [value["flags"].split()]}]


# ---- what is installed


def check_distributions(expect, state):
    wanted = expect.get("distributions") or {}
    if not wanted:
        raise Skipped("none is expected")
    found = {}
    for one in importlib.metadata.distributions():
        name = one.metadata["Name"]
        if name:
            found.setdefault(canonical(name), []).append(one)
    for name, version in wanted.items():
        copies = found.get(name, [])
        if not copies:
            raise Unexpected("%s %s" % (name, version), "it is not installed",
                             "was something uninstalled, or is this another Python?")
        if copies[0].version != version:
            place = os.path.dirname(str(copies[0].locate_file("x")))
            raise Unexpected("%s %s" % (name, version),
                             "%s, in %s" % (copies[0].version, place),
                             "something was installed over it, or stands before it on sys.path "
                             "(PYTHONPATH, a volume)")
        same = [one for one in copies
                if os.path.realpath(str(one.locate_file("x")))
                == os.path.realpath(str(copies[0].locate_file("x")))]
        if len(same) > 1 and name not in (expect.get("ghosts") or []):
            raise Unexpected("%s once" % name,
                             "twice: %s" % ", ".join(sorted(one.version for one in same)),
                             "it was written over without uninstalling; stale files may remain")
    check_orphans(expect, found)
    return "%d distributions" % len(wanted)


def check_orphans(expect, found):
    """Folders whose every file is imported must hold what RECORD lists and nothing else."""
    for name, folders in (expect.get("closed_folders") or {}).items():
        if name not in found:
            continue
        root = str(found[name][0].locate_file(""))
        listed = {str(path) for path in found[name][0].files or []}
        for folder in folders:
            try:
                present = os.listdir(os.path.join(root, folder))
            except OSError:
                continue
            stale = [one for one in sorted(present)
                     if one.endswith(".py") and folder + "/" + one not in listed]
            if stale:
                raise Unexpected("files of %s alone in %s" % (name, folder),
                                 "also %s" % ", ".join(stale[:5]),
                                 "files of another version were left there: install it anew")


# ---- the recipe's own items


def item_version(items, state):
    for text in items:
        name = re.match(r"[A-Za-z0-9._-]+", text).group()
        found = importlib.metadata.version(name)
        # The lock satisfies what is asked for.
        good = version_fits(text, found, state["expect"].get("distributions", {}).get(canonical(name)))
        if good is None:
            raise Skipped("neither packaging nor pip is here to read %s" % text)
        if not good:
            raise Unexpected(text, found)


def item_cuda(items, state):
    found = cuda_of_torch()
    if found is None:
        raise Unexpected("torch for CUDA %s" % ", ".join(items), "torch is not installed")
    for item in items:
        if not cuda_fits(item, found):
            raise Unexpected("torch for CUDA %s" % item, "CUDA %s" % found)


def item_absent(items, state):
    import fnmatch
    for one in importlib.metadata.distributions():
        name = canonical(one.metadata["Name"] or "")
        if any(fnmatch.fnmatchcase(name, item) for item in items):
            raise Unexpected("no %s" % name, "%s is installed" % one.version)


def item_file(items, state):
    # Below the environment, where there is no image whose root is meant.
    top = sys.prefix if state["expect"].get("environment") else ""
    for item in items:
        if not os.path.exists(os.path.join(top, item)):
            raise Unexpected(item, "it is not there")


def item_module(items, state):
    for item in items:
        if find_module(item) is None:
            raise Unexpected("a module %s" % item, "there is none")


def import_program(item):
    return "import " + item, python_program("import " + item)


def symbol_program(item):
    name, attribute = item.split(":")
    return item, python_program(
        "import operator, importlib; m = importlib.import_module(%r); "
        "operator.attrgetter(%r)(m)" % (name, attribute))


def programs(item):
    """(what is expected, its command) of each process that an item needs."""
    kind, items = item["kind"], item["items"]
    if kind in ("import", "symbol"):
        return [(import_program if kind == "import" else symbol_program)(one) for one in items]
    if kind in ("python", "cmd"):
        return [("exit status 0", python_program(items[0]) if kind == "python" else items)]
    return []


ITEMS = {"version": (item_version, 14), "cuda": (item_cuda, 14), "absent": (item_absent, 14),
         "file": (item_file, 14), "module": (item_module, 15), "symbol": (None, 15),
         "import": (None, 15), "python": (None, 15), "cmd": (None, 15)}


class ItemCheck:
    """The function of a step that is an item of the list `group`."""

    def __init__(self, group, item):
        self.group, self.item = group, item

    def __call__(self, expect, state):
        if self.group == "gpu":
            need_device(state)
        function = ITEMS[self.item["kind"]][0]
        try:
            if function:
                function(self.item["items"], state)
            for expected, command in programs(self.item):
                self.run(expected, command, state)
        except Unexpected as problem:
            problem.hint = problem.hint or "the check stands in %s" % self.item["at"]
            raise
        first = " ".join(self.item["items"]).strip().splitlines()
        return "%s (%s)" % (first[0] if first else "", self.item["at"])

    def begin(self, state, left_out):
        """Begins what the step will need, to be done when its turn has come."""
        for _, command in programs(self.item):
            if tuple(command) not in left_out:
                self.job(command, state)

    def job(self, command, state):
        """One that was begun for another item is this one's too."""
        if tuple(command) not in state["begun"]:
            # Code may use a device, a port, or what the code before it in the recipe has left.
            alone = self.group == "gpu" or self.item["kind"] in ("python", "cmd")
            job = Job(command, state["timeout"], alone)
            state["begun"][tuple(command)] = state["jobs"].add(job)
        return state["begun"][tuple(command)]

    def run(self, expected, command, state):
        shown = state["shown"].get(tuple(command))
        if shown and "imported" in state["jobs"].wait(shown, imported=True):
            return
        value, text, status = state["jobs"].wait(self.job(command, state))
        if status:
            for line in text.splitlines():
                state["log"]("    | " + line[:200])
            raise Unexpected(expected, last_line(text, status))


# ---- computing


# Each imports a module, which takes seconds and shows that it can be imported, and then goes on when
# nothing else uses a device: (module, code, what it says of the module).
TORCH = ("torch", r"""
begin = time.perf_counter()
for index in range(torch.cuda.device_count()):
    device = torch.device("cuda", index)
    a = torch.full((64, 64), 2.0, device=device)
    assert torch.equal((a @ a).cpu(), torch.full((64, 64), 256.0)), "wrong product on %s" % device
    if torch.cuda.get_device_capability(device) >= (8, 0):
        b = a.to(torch.bfloat16)
        assert float((b @ b).sum()) == 64 * 64 * 256.0, "wrong bfloat16 product on %s" % device
    torch.cuda.synchronize(device)
print(json.dumps({"devices": torch.cuda.device_count(),
                  "product": int((time.perf_counter() - begin) * 1000)}))
""", """
print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda,
                  "flags": getattr(torch._C, "_cuda_getArchFlags", lambda: None)()}), flush=True)
""")

LIBRARIES = {
    "bitsandbytes": ("torch", r"""
import glob, os, bitsandbytes as bnb
number = os.environ.get("BNB_CUDA_VERSION")
folder = os.path.dirname(bnb.__file__)
there = [os.path.basename(one) for one in glob.glob(folder + "/libbitsandbytes_cuda*")]
if number and not any(one.startswith("libbitsandbytes_cuda%s." % number) for one in there):
    raise SystemExit("BNB_CUDA_VERSION=%s names no library; there are %s" % (
        number, ", ".join(sorted(there))))
bnb.nn.Linear4bit(64, 64).cuda()(torch.zeros(1, 64, device="cuda", dtype=torch.float16))
torch.cuda.synchronize()
"""),
    "torchvision": ("torchvision", r"""
import torch
boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]], device="cuda")
assert len(torchvision.ops.nms(boxes, torch.tensor([1.0, 0.5], device="cuda"), 0.5)) == 1
"""),
    "flash-attn": ("torch", r"""
if torch.cuda.get_device_capability() >= (8, 0):
    from flash_attn import flash_attn_func
    q = torch.zeros(1, 16, 1, 64, device="cuda", dtype=torch.float16)
    flash_attn_func(q, q, q)
    torch.cuda.synchronize()
"""),
    "xformers": ("torch", r"""
import xformers.ops
q = torch.zeros(1, 16, 1, 64, device="cuda", dtype=torch.float16)
xformers.ops.memory_efficient_attention(q, q, q)
torch.cuda.synchronize()
"""),
}


def gated_programs(steps, expect):
    """By name, those that the steps need where there is a device."""
    names = {name for name, _, _ in steps}
    installed = expect.get("distributions") or {}
    found = {"torch": TORCH} if names & {"arch", "compute"} and "torch" in installed else {}
    if "libraries" in names:
        found.update((name, LIBRARIES[name]) for name in LIBRARIES if name in installed)
    return found


def check_compute(expect, state):
    if "torch" not in (expect.get("distributions") or {}):
        raise Skipped("torch is not installed")
    need_device(state)
    value = state["jobs"].wait(state["gated"]["torch"], imported=True)
    wanted = expect.get("torch") or {}
    for key in ("cuda", "version"):
        found = value.get("cuda" if key == "cuda" else "torch")
        if "torch" in value and wanted.get(key) and found != wanted[key]:
            raise Unexpected("torch %s %s" % (key, wanted[key]), str(found),
                             "another torch stands before the installed one on sys.path", code=14)
    value, text, status = state["jobs"].wait(state["gated"]["torch"])
    if status:
        raise Unexpected("a product of two matrices", last_line(text, status))
    if "devices" not in value:
        raise Unexpected("a product of two matrices", "torch said nothing of itself")
    if value.get("devices") == 0:
        raise Unexpected("a device that torch can use", "torch sees none")
    return "torch %s, %d ms" % (value["torch"], value["product"])


def check_libraries(expect, state):
    installed = [name for name in LIBRARIES if name in (expect.get("distributions") or {})]
    if not installed:
        raise Skipped("no library with kernels that this script knows")
    need_device(state)
    for name in installed:
        value, text, status = state["jobs"].wait(state["gated"][name])
        if status:
            raise Unexpected("a kernel of %s runs" % name, last_line(text, status))
    return ", ".join(installed)


# ---- storage


def check_storage(expect, state):
    wanted = expect.get("storage") or {}
    if not wanted:
        raise Skipped("nothing is expected of it")
    for path in wanted.get("writable") or []:
        there = path
        while not os.path.isdir(there) and there != os.path.dirname(there):
            there = os.path.dirname(there)
        if not os.access(there, os.W_OK):
            raise Unexpected("%s can be written" % path, "%s can't" % there,
                             "mount the volume, or make it the user's own")
    for path, size in (("/dev/shm", wanted.get("shm")), ("/", wanted.get("disk"))):
        if not size:
            continue
        try:
            usage = shutil.disk_usage(path)
        except OSError as error:
            raise Unexpected("%s" % path, str(error))
        found = usage.total if path == "/dev/shm" else usage.free
        if found < size:
            raise Unexpected("%.1f GB in %s" % (size / 1e9, path), "%.1f GB" % (found / 1e9),
                             "docker run --shm-size" if path == "/dev/shm" else None)
    return "as expected"


# ---- steps


GPU_STEPS = (("env", check_env, 10), ("driver", check_driver, 11), ("devices", check_devices, 13),
             ("arch", check_arch, 12))


def all_steps(expect):
    """(id, function, code), in the order that tells causes before their effects."""
    gpu = bool(expect.get("gpu_needed"))
    steps = list(GPU_STEPS) if gpu else []
    steps.append(("distributions", check_distributions, 14))
    steps += item_steps("runtime", expect, 15)
    if gpu:
        steps.append(("compute", check_compute, 16))
        steps.append(("libraries", check_libraries, 17))
    steps += item_steps("gpu", expect, 16)
    steps.append(("storage", check_storage, 18))
    return steps


def item_steps(group, expect, code):
    return [("%s/%s" % (group, item["kind"]), ItemCheck(group, item),
             code if item["kind"] in ("python", "cmd") else ITEMS[item["kind"]][1])
            for item in expect.get(group) or []]


def begin_steps(steps, expect, state):
    """Begins the processes that the steps are known to need; each step waits for its own."""
    items = [function for _, function, _ in steps if isinstance(function, ItemCheck)]
    gated = gated_programs(steps, expect)
    left_out = {tuple(import_program(module)[1]) for module, *_ in gated.values()}
    for one in items:
        if one.group != "gpu":
            one.begin(state, left_out)
    asked = gated or any(one.group == "gpu" for one in items)
    devices = asked and read_driver(state)["devices"]
    for name, program in gated.items() if devices else ():
        job = Job(gated_program(*program), state["timeout"], gated=True)
        state["gated"][name] = state["jobs"].add(job)
        state["shown"].setdefault(tuple(import_program(program[0])[1]), job)
    for one in items:
        if devices or one.group != "gpu":
            one.begin(state, state["shown"])


def run_step(step, expect, state):
    name, function, code = step
    jobs = state["jobs"]
    jobs.go_on()
    begin, waited = time.monotonic(), jobs.waited
    result = {"id": name, "status": PASS, "code": 0}
    try:
        result["actual"] = function(expect, state)
    except Skipped as reason:
        result.update(status=SKIP, actual=str(reason))
    except Unexpected as problem:
        result.update(status=problem.status, code=problem.code or code, expected=problem.expected,
                      actual=problem.actual)
        if problem.hint:
            result["hint"] = problem.hint
    except Exception as error:
        result.update(status=FAIL, code=code, actual="%s: %s" % (type(error).__name__, error))
    result["ms"] = int((time.monotonic() - begin - jobs.waited + waited) * 1000 + jobs.tell_took())
    return result


def tell(result, log):
    text = "%-4s %-14s %s" % (result["status"].upper(), result["id"], result.get("actual") or "")
    if result.get("expected"):
        text += " (expected: %s)" % result["expected"]
    log("%s [%d ms]" % (text, result["ms"]))
    if result.get("hint"):
        log("     hint: %s" % result["hint"])


def run_steps(steps, expect, options, log, state=None):
    jobs = Jobs(options.get("jobs") or room_here())
    state = dict(state or {}, timeout=options["timeout"], log=log, expect=expect, jobs=jobs, begun={},
                 gated={}, shown={})
    results = []
    try:
        begin_steps(steps, expect, state)
        for step in steps:
            results.append(run_step(step, expect, state))
            tell(results[-1], log)
    finally:
        jobs.stop()
    bad = (FAIL, WARN) if options["strict"] else (FAIL,)
    codes = [one["code"] for one in results if one["status"] in bad]
    return results, codes[0] if codes else 0


# ---- what the last run found, for --health


def state_path():
    named = os.environ.get("RAMEKIN_CHECK_STATE")
    try:
        folder = tempfile.gettempdir()
    except OSError:
        folder = "/dev/shm"  # can be written where a container's root can't
    return named or os.path.join(folder, "ramekin-check-%d.json" % os.getuid())


def boot_id():
    try:
        with open("/proc/1/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def save_state(expect_text, code):
    path = state_path()
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(descriptor, "w") as file:
            json.dump({"code": code, "boot": boot_id(), "expect": hash_text(expect_text)}, file)
        os.replace(temporary, path)
    except OSError:
        pass


def load_state(expect_text):
    try:
        with open(state_path()) as file:
            state = json.load(file)
        if os.stat(state_path()).st_uid == os.getuid() and state["boot"] == boot_id() \
                and state["expect"] == hash_text(expect_text):
            return state
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def hash_text(text):
    import hashlib
    return hashlib.sha256(text.encode()).hexdigest()


def health(expect, expect_text, options, log):
    """Docker keeps every status but 0 and 1 for itself."""
    state = load_state(expect_text)
    if state is not None:
        gone = expect.get("gpu_needed") and not any(map(os.path.exists, DEVICE_FILES))
        return 1 if state["code"] or gone else 0
    quick = list(GPU_STEPS[:3]) if expect.get("gpu_needed") else []
    results, code = run_steps(quick, expect, options, log)
    return 1 if code else 0


# ---- for RunPod's serverless SDK


QUICK = ("env", "driver", "devices", "distributions")


def fitness(only=QUICK):
    """Raises RuntimeError where the image can't do its work on this machine."""
    results, code = run_all({"only": only}, lambda text: None)
    failed = [one for one in results if one["status"] == FAIL]
    if code:
        raise RuntimeError("; ".join("%s: %s" % (one["id"], one["actual"]) for one in failed))


def register(only=QUICK):
    """Call it before runpod.serverless.start(). A worker's start is paid for: the steps that take
    less than a second, or those of `only` (None: all)."""
    import runpod
    runpod.serverless.register_fitness_check(lambda: fitness(only))


# ---- command line


DEFAULTS = {"expect": os.path.join(HERE, "expect.json"), "timeout": 300.0, "only": None,
            "strict": False, "warn": False, "json": False, "health": False, "wrap": None, "jobs": None}


def load_expect(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    expect = json.loads(text)
    if expect.get("schema") != "ramekin.expect/1":
        raise ValueError("%s has the schema %r, not ramekin.expect/1" % (path, expect.get("schema")))
    return expect, text


def run_all(options, log):
    options = dict(DEFAULTS, **options)
    expect, text = load_expect(options["expect"])
    steps = all_steps(expect)
    if options["only"]:
        steps = [one for one in steps if one[0] in options["only"]
                 or one[0].split("/")[0] in options["only"]]
    results, code = run_steps(steps, expect, options, log)
    if not options["only"]:
        save_state(text, code)
    return results, code


def positive(text):
    if int(text) < 1:
        raise ValueError("--jobs needs a positive number")
    return int(text)


def parse(arguments):
    options = dict(DEFAULTS)
    words = list(arguments)
    while words:
        word = words.pop(0)
        name = word[2:]
        if word == "--wrap":
            if not words:
                raise ValueError("--wrap needs a command")
            options["wrap"], words = words, []
        elif word in ("--strict", "--warn", "--json", "--health"):
            options[name] = True
        elif word in ("--expect", "--only", "--timeout", "--jobs"):
            if not words:
                raise ValueError("%s needs a value" % word)
            value = words.pop(0)
            options[name] = {"expect": str, "timeout": float, "jobs": positive,
                             "only": lambda text: text.split(",")}[name](value)
        else:
            raise ValueError("unknown argument %s" % word)
    return options


class Stopped(BaseException):
    pass


def stop(number, frame):
    raise Stopped


def main(arguments):
    def log(text):
        print(text, file=sys.stderr, flush=True)

    if arguments in (["--help"], ["-h"]):
        print(__doc__.strip())
        return 0
    try:
        options = parse(arguments)
        expect, text = load_expect(options["expect"])
    except (OSError, ValueError) as error:
        log("check: %s" % error)
        return USAGE
    before = signal.signal(signal.SIGTERM, stop)
    try:
        if options["health"]:
            return health(expect, text, options, log)
        code = report(expect, options, log)
    except Stopped:
        # As if it had never been caught; the first process of a container does not die of it.
        signal.signal(signal.SIGTERM, before)
        os.kill(os.getpid(), signal.SIGTERM)
        return 128 + signal.SIGTERM
    if options["warn"]:
        code = 0
    if code == 0 and options["wrap"]:
        signal.signal(signal.SIGTERM, before)
        try:
            os.execvp(options["wrap"][0], options["wrap"])
        except OSError as error:
            log("check: %s: %s" % (options["wrap"][0], error))
            return 127 if isinstance(error, FileNotFoundError) else 126
    return code


def report(expect, options, log):
    begin = time.monotonic()
    results, code = run_all(options, log)
    ms = int((time.monotonic() - begin) * 1000)
    failed = sum(one["status"] == FAIL for one in results)
    log("%d step%s, %d failed [%d ms in all]" % (len(results), "s" * (len(results) != 1), failed, ms))
    if options["json"]:
        print(json.dumps({"schema": "ramekin.check-result/1", "image": expect.get("image"),
                          "code": code, "ms": ms, "steps": results}), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

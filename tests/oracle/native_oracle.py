"""Facts of shared objects against readelf: same needed libraries, run path, versions and symbols.

    python3 native_oracle.py DRIVER [FILE|FOLDER|WHEEL]...

Without names: the libraries of this system. With --real: wheels that pip brings from its index."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib/python3"]
REAL = ["numpy", "scipy", "pandas", "pydantic-core", "cryptography", "pyarrow", "opencv-python-headless",
        "xformers==0.0.29.post3", "bitsandbytes==0.45.1", "bitsandbytes==0.45.2", "onnxruntime"]
MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "aarch64", "RISC-V": "riscv64", "PowerPC64": "ppc64le"}


def readelf(*words):
    done = subprocess.run(["readelf", "-W", *words], capture_output=True, check=False,
                          env=dict(os.environ, LC_ALL="C"))
    return done.stdout.decode("utf-8", "surrogateescape").splitlines()


def expected(path):
    lines = set()
    for line in readelf("-h", path):
        machine = re.match(r"\s*Machine:\s+(.*)", line)
        if machine:
            lines.add("machine " + MACHINES.get(machine.group(1), "-"))
    paths = {}
    for line in readelf("-d", path):
        entry = re.match(r"\s*0x\w+ \((NEEDED|SONAME|RPATH|RUNPATH)\)\s+[^\[]*\[(.*)\]$", line)
        if entry and entry.group(1) in ("RPATH", "RUNPATH"):
            paths[entry.group(1).lower()] = entry.group(2)
        elif entry:
            lines.add("%s %s" % (entry.group(1).lower(), entry.group(2)))
    for kind in ("runpath", "rpath"):
        if kind in paths:
            lines.add("%s %s" % (kind, paths[kind]))
            break
    library = None
    section = ""
    for line in readelf("-V", path):
        if line.startswith("Version "):
            section = line
        if not section.startswith("Version needs"):
            continue
        entry = re.match(r"\s*(?:0x|0+)?\w+: Version: \d+\s+File: (\S+)\s+Cnt", line)
        if entry:
            library = entry.group(1)
        entry = re.match(r"\s*(?:0x|0+)?\w+:\s+Name: (\S+)\s+Flags", line)
        if entry:
            lines.add("need %s %s" % (library, entry.group(1)))
    for line in readelf("--dyn-syms", path):
        fields = re.match(r"\s*\d+: [0-9a-f]+\s+\S+ (\S+)\s+(<OS specific>: 10|\S+)\s+(\S+)\s+(?:\[[^\]]*\]\s+)?(\S+) (.*)", line)
        if not fields:
            continue
        kind, binding, visibility, place, name = fields.groups()
        if binding not in ("GLOBAL", "WEAK", "UNIQUE", "<OS specific>: 10") or kind in ("SECTION", "FILE"):
            continue
        if visibility in ("HIDDEN", "INTERNAL"):
            continue
        name = re.sub(r" \(\d+\)$", "", name)
        name = re.sub(r"^(.*)@@?<corrupt>$", r"\1", name)
        if not name:
            continue
        what = "undefined" if place == "UND" else "defined"
        lines.add("%s %s%s" % (what, name, " weak" if binding == "WEAK" else ""))
    return lines


def found(driver, path):
    done = subprocess.run([driver, "elf", path], capture_output=True, check=False)
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    # readelf leaves the version out where it is the symbol's own name
    lines = [re.sub(r"^(defined (\S+))@@\2$", r"\1", line) for line in lines]
    return {line for line in lines if not line.startswith("cxx11")}


def is_object(path):
    try:
        with open(path, "rb") as stream:
            head = stream.read(20)
    except OSError:
        return False
    return head[:6] == b"\x7fELF\x02\x01" and head[16:18] == b"\x03\x00"


def objects(names, scratch):
    for name in names:
        if name.endswith(".whl"):
            with zipfile.ZipFile(name) as wheel:
                for member in wheel.namelist():
                    if ".so" in os.path.basename(member):
                        target = os.path.join(scratch, "object.so")
                        with wheel.open(member) as source, open(target, "wb") as out:
                            shutil.copyfileobj(source, out, 1 << 20)
                        yield "%s: %s" % (os.path.basename(name), member), target
        elif os.path.isdir(name):
            for folder, folders, files in os.walk(name):
                folders.sort()
                for file in sorted(files):
                    path = os.path.join(folder, file)
                    if ".so" in file and not os.path.islink(path):
                        yield path, path
        else:
            yield name, name


def real_wheels(scratch):
    for requirement in REAL:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        if subprocess.run(command + ["-d", scratch, requirement], check=False).returncode != 0:
            print("needs the package index")
            sys.exit(77)
    return [os.path.join(scratch, name) for name in sorted(os.listdir(scratch))]


def main():
    driver, names = sys.argv[1], sys.argv[2:]
    if not shutil.which("readelf"):
        print("needs readelf")
        return 77
    bad = count = symbols = 0
    with tempfile.TemporaryDirectory() as scratch:
        if names == ["--real"]:
            os.mkdir(os.path.join(scratch, "wheels"))
            names = real_wheels(os.path.join(scratch, "wheels"))
        for name, path in objects(names or [f for f in FOLDERS if os.path.isdir(f)], scratch):
            if not is_object(path):
                continue
            want, have = expected(path), found(driver, path)
            if "none" in have and not any(line.startswith("needed") for line in want):
                continue
            count += 1
            symbols += sum(line.startswith(("defined", "undefined")) for line in want)
            if want != have:
                bad += 1
                print("%s differs" % name)
                for line in sorted(want - have)[:5]:
                    print("  readelf: %s" % line)
                for line in sorted(have - want)[:5]:
                    print("  ours:    %s" % line)
    print("%d shared objects, %d symbols, %d differ" % (count, symbols, bad))
    return 1 if bad or count == 0 else 0


sys.exit(main())

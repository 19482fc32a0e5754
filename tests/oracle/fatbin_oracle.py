"""Fat binaries against cuobjdump: the same number of cubins and of PTX, and the same architectures.

    python3 fatbin_oracle.py DRIVER [--cuobjdump PROGRAM] [WHEEL]...

Without wheels: some that pip brings from its index, with the cuobjdump of a triton wheel. cuobjdump
lists what lies in .nv_fatbin; what our scanner finds elsewhere in the file is shown as private."""

import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

TOOL = "triton==3.2.0"
REAL = ["bitsandbytes==0.42.0", "bitsandbytes==0.45.0", "bitsandbytes==0.46.0", "nvidia-nccl-cu12==2.21.5", "nvidia-cublas-cu12==12.4.5.8",
        "nvidia-cusparselt-cu12==0.6.2", "xformers==0.0.29.post3", "torchvision==0.21.0"]  # fmt: skip
PROGRAM = "triton/backends/nvidia/bin/cuobjdump"


def download(target, names):
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    return subprocess.run(command + ["-d", target] + names, check=False).returncode == 0


def listed(program, option, path):
    done = subprocess.run([program, option, path], capture_output=True, text=True, check=False)
    kinds = collections.Counter()
    for line in done.stdout.splitlines():
        name = re.match(r"(?:ELF|PTX) file\s+\d+: .*\.sm_(\d+)[af]?\.(?:cubin|ptx)$", line)
        if name:
            kinds[int(name.group(1))] += 1
    return kinds


def section(path):
    """Where .nv_fatbin lies, or None."""
    done = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=False)
    place = re.search(r" \.nv_fatbin\s+PROGBITS\s+\w+ (\w+) (\w+)", done.stdout)
    return (int(place.group(1), 16), int(place.group(2), 16)) if place else None


def scanned(driver, path):
    text = subprocess.run([driver, "fatbin", path], capture_output=True, text=True, check=True).stdout
    head, _, codes = text.partition(": ")
    words = head.split()
    return dict(zip(words[::2], map(int, words[1::2]))), set(codes.split())


def cut(path, place, target):
    with open(path, "rb") as source, open(target, "wb") as out:
        source.seek(place[0])
        left = place[1]
        while left:
            piece = source.read(min(left, 1 << 20))
            out.write(piece)
            left -= len(piece)


def check(driver, program, name, path, scratch):
    place = section(path)
    if not place:
        return True
    part = os.path.join(scratch, "section")
    cut(path, place, part)
    counts, codes = scanned(driver, part)
    whole, _ = scanned(driver, path)
    cubins, ptx = listed(program, "--list-elf", path), listed(program, "--list-ptx", path)
    plain = {re.sub("[af]$", "", code) for code in codes if not code.startswith("lto_")}
    wanted = {"sm_%d" % arch for arch in cubins} | {"compute_%d" % arch for arch in ptx}
    good = counts["cubins"] == sum(cubins.values()) and counts["ptx"] == sum(ptx.values()) and plain == wanted and counts["malformed"] == 0
    print("%s %s: %d containers, %d cubins, %d PTX, %d private%s" % (
        "ok" if good else "DIFFERS", name, counts["containers"], counts["cubins"], counts["ptx"], whole["containers"] - counts["containers"],
        "" if good else "; cuobjdump: %d, %d, %s, ours %s" % (sum(cubins.values()), sum(ptx.values()), sorted(wanted - plain), sorted(plain - wanted))))  # fmt: skip
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--cuobjdump")
    parser.add_argument("wheels", nargs="*")
    options = parser.parse_args()
    if not shutil.which("readelf"):
        print("needs readelf")
        return 77
    good, count = True, 0
    with tempfile.TemporaryDirectory() as scratch:
        program = options.cuobjdump
        if not program:
            tool = os.path.join(scratch, "tool")
            if not download(tool, [TOOL]):
                print("needs the package index")
                return 77
            with zipfile.ZipFile(os.path.join(tool, os.listdir(tool)[0])) as wheel:
                program = wheel.extract(PROGRAM, scratch)
            os.chmod(program, 0o755)
            shutil.rmtree(tool)
        wheels = options.wheels
        if not wheels:
            folder = os.path.join(scratch, "wheels")
            if not download(folder, REAL):
                print("needs the package index")
                return 77
            wheels = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                for member in archive.namelist():
                    if ".so" not in os.path.basename(member):
                        continue
                    path = archive.extract(member, os.path.join(scratch, "members"))
                    count += section(path) is not None
                    good &= check(options.driver, program, "%s %s" % (os.path.basename(wheel).split("-py")[0].split("-cp")[0], member), path, scratch)
                    os.remove(path)
    print("%d libraries with code for GPUs" % count)
    return 0 if good and count else 1


sys.exit(main())

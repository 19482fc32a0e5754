"""Our deflate encoder beside zlib -6, and layers spliced from zip files.

    python3 layer.py --layer PROGRAM [--rounds N] [FILE | ZIP ...]

Without files: a tar-like file of the sources of Python's library, the Python program itself, and a zip
file of the sources. Printed: megabytes a second (the best round) and sizes. Nothing is judged.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
import zlib


def sources():
    for folder, folders, names in os.walk(sysconfig.get_path("stdlib")):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.join(folder, name)


def samples(folder):
    text, archive = os.path.join(folder, "sources"), os.path.join(folder, "sources.zip")
    with open(text, "wb") as out, zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sources():
            with open(path, "rb") as stream:
                data = stream.read()
            out.write(data)
            packed.writestr(path.lstrip("/"), data)
    return [text, os.path.realpath(sys.executable), archive]


def best(program, mode, path, rounds):
    runs = []
    for _ in range(rounds):
        output = subprocess.run([program, mode, path], check=True, stdout=subprocess.PIPE).stdout.split()
        runs.append((float(output[0]), int(output[1]), int(output[2])))
    return min(runs)


def encode(program, path, rounds):
    seconds, size, packed = best(program, "encode", path, rounds)
    with open(path, "rb") as stream:
        data = stream.read()
    start = time.perf_counter()
    reference = len(zlib.compress(data, 6)) - 6
    peer = time.perf_counter() - start
    print(
        "encode %-20s %7.1f MB  ours %9d B %4.0f MB/s  zlib -6 %9d B %4.0f MB/s  size %+.2f %%"
        % (
            os.path.basename(path)[:20], size / 1e6, packed, size / seconds / 1e6,
            reference, size / peer / 1e6, 100 * packed / reference - 100,
        )
    )  # fmt: skip


def splice(program, path, rounds):
    seconds, size, packed = best(program, "splice", path, rounds)
    print(
        "splice %-20s %7.1f MB  layer %9d B %4.0f MB/s  zip file %9d B"
        % (os.path.basename(path)[:20], size / 1e6, packed, size / seconds / 1e6, os.path.getsize(path))
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layer", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for path in options.files or samples(folder):
            row = splice if zipfile.is_zipfile(path) else encode
            row(options.layer, path, options.rounds)


if __name__ == "__main__":
    main()

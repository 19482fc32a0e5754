"""Our deflate encoder beside zlib -6, and a layer of zip files' members in every format.

    python3 layer.py --layer PROGRAM [--rounds N] [FILE | ZIP ...]

Without files: a tar-like file of the sources of Python's library, the Python program itself, and a zip
file of the sources. Printed: megabytes a second (the best round), processor time and sizes. All zip
files together make one layer. Nothing is judged.
"""

import argparse
import os
import resource
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


def gzip_size(path):
    """Of what "gzip -6" makes of the file."""
    packer, size = zlib.compressobj(6, wbits=31), 0
    with open(path, "rb") as stream:
        while piece := stream.read(1 << 20):
            size += len(packer.compress(piece))
    return size + len(packer.flush())


def layers(program, paths, rounds, folder):
    """A layer of the zip files' members in every format, beside tar and gzip -6 of the same tar."""
    out = os.path.join(folder, "layer")
    print("layer of %d files, %.1f MB" % (len(paths), sum(map(os.path.getsize, paths)) / 1e6))
    reference = None
    for name in ("tar", "gzip", "gzip aside", "gzip-single", "estargz", "zstd"):
        kind, *aside = name.split()
        best = None
        for _ in range(rounds):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run([program, kind, out, *aside, *paths], check=True, stdout=subprocess.PIPE)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            words = done.stdout.split()
            run = (float(words[0]), cpu, int(words[1]), int(words[2]))
            best = min(best or run, run)
        reference = reference or gzip_size(out)
        seconds, cpu, size, packed = best
        print(
            "  %-12s %7.1f MB of tar  %9d B  %+.2f %% of gzip -6  %.3f s, cpu %.3f s, %4.0f MB/s"
            % (name, size / 1e6, packed, 100 * packed / reference - 100, seconds, cpu, size / seconds / 1e6)
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layer", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = options.files or samples(folder)
        for path in paths:
            if not zipfile.is_zipfile(path):
                encode(options.layer, path, options.rounds)
        zips = [path for path in paths if zipfile.is_zipfile(path)]
        if zips:
            layers(options.layer, zips, options.rounds, folder)


if __name__ == "__main__":
    main()

"""How fast Python source is read into trees, beside CPython's own parser in the same run: the standard
library of this Python, or the folders given. Reports, never judges."""

import ast
import os
import subprocess
import sys
import time
import warnings


def sources(folders):
    for folder in folders:
        for root, dirs, names in os.walk(folder):
            dirs.sort()
            for name in sorted(names):
                path = os.path.join(root, name)
                if name.endswith(".py") and os.path.isfile(path) and "\n" not in path:
                    yield path


def ours(program, paths, threads):
    text = "".join(path + "\n" for path in paths)
    done = subprocess.run(
        [program, str(threads)], input=text, stdout=subprocess.PIPE, text=True, check=True
    )
    return [float(word) for word in done.stdout.split()]


def cpython(paths):
    """MB/s over as many of the files as a second or two allow."""
    size, start = 0, time.process_time()
    for path in paths[:: max(1, len(paths) // 300)]:
        with open(path, "rb") as file:
            text = file.read()
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        size += len(text)
    return size / 1e6 / (time.process_time() - start)


def main():
    program, folders = sys.argv[1], sys.argv[2:] or [os.path.dirname(os.__file__)]
    warnings.simplefilter("ignore")
    paths = list(sources(folders))
    ours(program, paths, 1)  # warm files
    for threads in sorted({1, os.cpu_count() or 1}):
        files, refused, size, processor, wall, memory = ours(program, paths, threads)
        print(
            "%d thread%s: %d files (%d refused), %.1f MB in %.3f s: %.0f MB/s, %.0f MB/s of one core;"
            " trees take %.1f times their source"
            % (
                threads,
                "s" * (threads > 1),
                files,
                refused,
                size / 1e6,
                wall,
                size / 1e6 / wall,
                size / 1e6 / processor,
                memory / size,
            )
        )
    print("ast.parse of CPython %d.%d: %.1f MB/s" % (*sys.version_info[:2], cpython(paths)))


main()

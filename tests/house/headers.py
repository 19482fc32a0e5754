"""headers.py BUILD: every header of src compiles alone, twice in a row, with what its layer sees."""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys

from house import TOP, finish, layers, tree

KEPT = ("-I/", "-isystem", "-std=", "-W", "-D")


def flags(build):
    """The compiler and the common flags, from the first command meson wrote down."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as stream:
        command = shlex.split(json.load(stream)[0]["command"])
    kept = [word for word in command if word.startswith(KEPT) and "/view/" not in word]
    for entry in command:
        if entry.endswith("base/banned.h"):
            kept += ["-include", entry]
    # Every foreign library's include folder: only the include test judges who may use it.
    packages = ["glib-2.0", "gio-2.0", "yaml-0.1", "jansson", "libarchive", "libcurl"]
    found = subprocess.run(["pkg-config", "--cflags"] + packages, capture_output=True, text=True, check=False)
    compiler = command[1] if os.path.basename(command[0]) == "ccache" else command[0]
    return [compiler] + kept + shlex.split(found.stdout)


def main():
    build = sys.argv[1]
    common = flags(build)
    jobs = []
    for layer in layers():
        view = os.path.join(build, "src", "view", layer)
        for path in tree(".h", under="src/" + layer):
            if path != "src/base/banned.h":
                jobs.append((path, common + ["-I" + view, "-Werror", "-fsyntax-only", "-x", "c", "-"]))

    def compile_alone(job):
        path, command = job
        text = '#include "%s"\n' % os.path.relpath(path, "src") * 2
        done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=TOP, check=False)
        return "%s:\n%s" % (path, done.stderr) if done.returncode else None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [problem for problem in pool.map(compile_alone, jobs) if problem]
    print("%d headers" % len(jobs))
    finish(problems)


main()

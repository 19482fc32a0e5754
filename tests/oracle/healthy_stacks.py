"""Popular stacks that are in order: check finds no error in them, and they import.

    python3 healthy_stacks.py [--ramekin PROGRAM] [--python PYTHON] [--work DIR] [--stack NAME]...

Each folder of healthy/ is a recipe as people write them, with a requirements file of exact versions
(a hundred distributions and more) and the modules of what was asked for as checks. `ramekin check` must
end without a finding of error severity and without a module that it foretells to fail, once as the recipe
is and once over a base that is this machine, of which all files are known; then pip installs the requirements into a virtual environment and every module is imported in a fresh interpreter. A module
that does not import here is a fault of this folder, not of check. Skipped where the index cannot be
reached or disk is short.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from import_truth import findings_of, in_words, read_verdicts
from truth_machine import BUILD, HERE, SKIP, Skip, Trees, check_machine, execute, find_python, make_base

STACKS = os.path.join(HERE, "healthy")
DISK = 9  # gigabytes of the largest stack


def modules_of(recipe):
    """The modules that the recipe's checks import; it is written so that one line has one module."""
    with open(recipe, encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    start = lines.index("    - import:") + 1
    return [line.strip()[2:] for line in lines[start:] if line.startswith("        - ")]


def check(ramekin, recipe, work):
    command = [ramekin, "check", "--format", "json", "--fail-on", "never", "--progress", "none", recipe]
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), NO_COLOR="1")
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise RuntimeError("check ended with %d: %s" % (done.returncode, done.stderr.strip()[:600])) from None


def over_this_machine(folder, base, work):
    """The stack's recipe with a base that is known to the last file."""
    copy = os.path.join(work, "recipe")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    path = os.path.join(copy, "ramekin.yaml")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    text = re.sub(r"(?m)^base: .*", "base: " + base, text)
    text = re.sub(r"(?m)^python: .*", 'python: "3.11"', re.sub(r"(?m)^libc: .*\n", "", text))
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    return path


def install(trees, requirements, work):
    top = os.path.join(work, "stack")
    shutil.rmtree(top, ignore_errors=True)
    subprocess.run([trees.python, "-m", "venv", "--without-pip", top], check=True)
    python = os.path.join(top, "bin", "python")
    command = [trees.pip, "-m", "pip", "--python", python, "install", "-q", "--no-cache-dir", "--no-compile"]
    command += ["--no-deps", "--only-binary", ":all:", "-r", requirements]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError("pip: " + " ".join(done.stderr.strip().splitlines()[-2:]))
    return python


def judge(name, options, trees, work):
    """How many things are wrong with a stack."""
    folder = os.path.join(STACKS, name)
    recipe = os.path.join(folder, "ramekin.yaml")
    modules = modules_of(recipe)
    with open(os.path.join(folder, "requirements.txt"), encoding="utf-8") as stream:
        count = sum("==" in line for line in stream)
    errors, wrong, broken = 0, set(), 0
    for path in (recipe, over_this_machine(folder, options.base, work)):
        document = check(options.ramekin, path, work)
        for finding in findings_of(document):
            errors += finding["severity"] == "error"
            if finding["severity"] != "note":
                mark = "!" if finding["severity"] == "error" else " "
                print("%s %s: %s: %s: %s" % (
                    mark, name, finding["severity"], finding["code"], finding["message"]))  # fmt: skip
        told = read_verdicts(document, modules)
        for module in modules:
            if told[module]["outcome"] == "fails":
                wrong.add(module)
                print("! %s: %s is foretold to fail: %s" % (name, module, in_words(told[module])))
            elif told[module]["outcome"] == "unknown":
                print("? %s: %s: %s" % (name, module, in_words(told[module])))
    if not options.check_only:
        python = install(trees, os.path.join(folder, "requirements.txt"), work)
        for module in modules:
            done = execute(python, module, work)
            if done["outcome"] != "works":
                broken += 1
                print("! %s: %s does not import here: %s" % (name, module, in_words(done)))
    unknown = sum(told[module]["outcome"] == "unknown" for module in modules)
    print("%s: %d distributions, %d errors; of %d modules %d foretold to work, %d unknown%s" % (
        name, count, errors, len(modules), len(modules) - unknown - len(wrong), unknown,
        "" if options.check_only else ", %d imported" % (len(modules) - broken)), flush=True)  # fmt: skip
    return errors + len(wrong) + broken


def main():
    parser = argparse.ArgumentParser(description="No false alarm on healthy stacks.")
    parser.add_argument("--ramekin", default=os.path.join(BUILD, "src", "ramekin"))
    parser.add_argument("--python")
    parser.add_argument("--work", help="keep caches here for the next run")
    parser.add_argument("--stack", action="append", choices=sorted(os.listdir(STACKS)))
    parser.add_argument("--check-only", action="store_true", help="install and import nothing")
    options = parser.parse_args()
    bad = 0
    try:
        options.python = options.python or find_python()
        with tempfile.TemporaryDirectory() as scratch:
            work = os.path.abspath(options.work or scratch)
            os.makedirs(work, exist_ok=True)
            check_machine(work, DISK)
            trees = Trees(options.python, work, DISK)
            trees.prepare()
            options.base = make_base(options.python, work)
            for name in options.stack or sorted(os.listdir(STACKS)):
                bad += judge(name, options, trees, work)
    except Skip as reason:
        print(reason)
        return SKIP
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

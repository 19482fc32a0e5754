"""The CI snippets of examples/review: they are YAML, every script in them is a shell script, and what they
run of ramekin exists and does what they count on: run on a repository, they leave the comment."""

import os
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

ramekin = os.path.abspath(sys.argv[1])
top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

RECIPE = """version: 1
name: app
base: example.org/python:3.11
python: 3.11
libc: glibc 2.36
env: {MODE: %s}
"""


def load(name):
    with open(os.path.join(top, "examples/review", name), encoding="utf-8") as file:
        return yaml.safe_load(file)


def run(script, folder, **env):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env={**os.environ, **env},
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode != 0:
        sys.exit("failed: %s\n%s%s" % (script, done.stdout, done.stderr))
    return done.stdout


github = load("github.yml")
steps = [step["run"] for step in github["jobs"]["diff"]["steps"] if "run" in step]
gitlab = load("gitlab.yml")["recipe-diff"]["script"]
assert len(steps) == 2 and all(isinstance(line, str) for line in gitlab), (steps, gitlab)
with tempfile.TemporaryDirectory() as folder:
    work = os.path.join(folder, "work")
    os.makedirs(os.path.join(folder, "bin"))
    os.makedirs(work)
    os.symlink(ramekin, os.path.join(folder, "bin/ramekin"))
    for tool in "gh", "curl":  # they get the comment
        path = os.path.join(folder, "bin", tool)
        with open(path, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nprintf "%s " "$@" >>../calls\n')
        os.chmod(path, 0o755)
    env = {
        "PATH": os.path.join(folder, "bin") + ":" + os.environ["PATH"], "HOME": folder,
        "XDG_CACHE_HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "GITHUB_BASE_REF": "main", "NUMBER": "7",
        "GITHUB_STEP_SUMMARY": os.path.join(folder, "summary"), "REVIEW_TOKEN": "t", "CI_API_V4_URL": "u",
        "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_IID": "2",
    }  # fmt: skip
    with open(os.path.join(work, "ramekin.yaml"), "w", encoding="utf-8") as file:
        file.write(RECIPE % "slow")
    run("git init -q -b main . && git -c user.name=a -c user.email=a@example.org add -A && "
        "git -c user.name=a -c user.email=a@example.org commit -qm one && git update-ref refs/remotes/origin/main HEAD",
        work, **env)  # fmt: skip
    with open(os.path.join(work, "ramekin.yaml"), "w", encoding="utf-8") as file:
        file.write(RECIPE % "fast")
    env["CI_MERGE_REQUEST_DIFF_BASE_SHA"] = run("git rev-parse main", work, **env).strip()
    for script in steps + ["\n".join(gitlab)]:
        run(script, work, **env)
    for name in "work/comment.md", "summary":
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            assert "| env MODE | `slow` | `fast` |" in file.read(), name
    with open(os.path.join(folder, "calls"), encoding="utf-8") as file:
        calls = file.read()
    assert "pr comment 7 --edit-last --body-file comment.md" in calls and "body=<comment.md u/projects/1/merge_requests/2/notes" in calls, calls
print("both snippets leave their comment")

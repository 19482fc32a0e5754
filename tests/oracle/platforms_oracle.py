"""Windows and macOS targets: what `ramekin plan` takes is what pip would install there.

    platforms_oracle.py RAMEKIN                       real stacks from the configured index; exit 77 without it
    platforms_oracle.py RAMEKIN --universe FILE       from a loopback index of that universe

Compared name by name, version and file, with `pip install --dry-run --ignore-installed --only-binary=:all:
--platform ... --target ...` of the pip that requirements.txt pins, which gets the platform's markers from
foreign_pip.py; where pip finds nothing ramekin must find nothing either. For real stacks `uv pip compile
--python-platform` is asked too: it has a resolver of another kind, so its other choices are printed, not judged.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON")
SKIP = 77
# Platform of a recipe: tag for pip, platform for uv, and what markers say there.
PLATFORMS = {
    "windows/amd64": ("win_amd64", "x86_64-pc-windows-msvc", ("nt", "win32", "Windows", "AMD64")),
    "macos/arm64": ("macosx_14_0_arm64", "aarch64-apple-darwin", ("posix", "darwin", "Darwin", "arm64")),
    "macos/amd64": ("macosx_14_0_x86_64", "x86_64-apple-darwin", ("posix", "darwin", "Darwin", "x86_64")),
}
REAL = {
    "fastapi uvicorn[standard]": ["windows/amd64", "macos/arm64", "macos/amd64"],
    "pandas scikit-learn": ["windows/amd64", "macos/arm64"],
    "jupyterlab": ["windows/amd64", "macos/arm64"],
    "torch torchvision": ["windows/amd64", "macos/arm64"],
    "torch transformers accelerate": ["windows/amd64", "macos/arm64"],
    "torch==2.4.1 triton-windows<3.3 bitsandbytes==0.45.5": ["windows/amd64", "macos/arm64"],
}
LOOPBACK = {"server": list(PLATFORMS), "fast>=1.1": ["macos/arm64"], "winlib": ["windows/amd64", "macos/arm64"]}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def markers(platform):
    os_name, sys_platform, system, machine = PLATFORMS[platform][2]
    return {"implementation_name": "cpython", "implementation_version": "3.11.0", "os_name": os_name,
            "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "",
            "platform_system": system, "platform_version": "", "python_full_version": "3.11.0",
            "python_version": "3.11", "sys_platform": sys_platform}


def pip_set(work, stack, platform):
    """{name: (version, file)}, or pip's last line."""
    report = os.path.join(work, "report.json")
    command = [PYTHON, "-I", str(HERE / "foreign_pip.py"), json.dumps(markers(platform)), "install", "--dry-run", "-q",
               "--disable-pip-version-check", "--ignore-installed", "--only-binary=:all:", "--platform",
               PLATFORMS[platform][0], "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311",
               "--target", os.path.join(work, "target"), "--report", report, "--use-feature", "fast-deps"]
    done = subprocess.run(command + stack.split(), check=False, capture_output=True, text=True)
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["?"])[-1]
    with open(report, encoding="utf-8") as stream:
        items = json.load(stream)["install"]
    return {canonical(item["metadata"]["name"]): (item["metadata"]["version"], file_of(item)) for item in items}


def file_of(item):
    path = urllib.parse.urlsplit(item["download_info"]["url"]).path
    return urllib.parse.unquote(path.rsplit("/", 1)[1])


def our_set(ramekin, work, stack, platform):
    recipe = {"version": 1, "target": "env", "platforms": [platform], "python": "3.11",
              "stages": [{"pip": {"install": stack.split(), "only_binary": [":all:"]}}]}
    path = os.path.join(work, "ramekin.yaml")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(recipe, stream)
    done = subprocess.run([ramekin, "plan", "--format", "json", "--cache-dir", os.path.join(work, "cache"), path],
                          check=False, capture_output=True, text=True)  # fmt: skip
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["?"])[0]
    actions = json.loads(done.stdout)["stages"][0]["actions"]
    return {action["name"]: (action["version"], action["file"]) for action in actions}


def uv_set(work, stack, platform):
    """{name: version}; None without uv."""
    uv = pathlib.Path(PYTHON).parent / "uv"
    if not uv.exists():
        return None
    environment = dict(os.environ, MACOSX_DEPLOYMENT_TARGET="14.0")
    index = subprocess.run([PYTHON, "-m", "pip", "config", "get", "global.index-url"], check=False,
                           capture_output=True, text=True).stdout.strip()  # fmt: skip
    if index:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    command = [str(uv), "pip", "compile", "-q", "--no-header", "--no-annotate", "--no-config", "--only-binary", ":all:",
               "--python", PYTHON, "--python-version", "3.11", "--python-platform", PLATFORMS[platform][1], "-"]
    done = subprocess.run(command, input="\n".join(stack.split()) + "\n", check=False, capture_output=True, text=True,
                          env=environment)  # fmt: skip
    if done.returncode != 0:
        return {}
    lines = [line.split(";")[0].strip() for line in done.stdout.splitlines() if "==" in line]
    return {canonical(line.split("==")[0].split("[")[0]): line.split("==")[1] for line in lines}


def compare(ramekin, stack, platform, with_uv):
    with tempfile.TemporaryDirectory() as work:
        theirs, ours = pip_set(work, stack, platform), our_set(ramekin, work, stack, platform)
        uvs = uv_set(work, stack, platform) if with_uv else None
    solved = isinstance(ours, dict)
    same = ours == theirs if solved or isinstance(theirs, dict) else True
    what = "%d distributions" % len(ours) if solved else "nothing fits"
    print("%s for %s: %s" % (stack, platform, what + ", the same" if same else "differs"), flush=True)
    if not same and not (solved and isinstance(theirs, dict)):
        print("  ours %s\n  pip  %s" % (ours, theirs))
    elif not same:
        for name in sorted(set(ours) | set(theirs)):
            if ours.get(name) != theirs.get(name):
                print("  %s: ours %s, pip %s" % (name, ours.get(name), theirs.get(name)))
    for name in sorted(set(ours) | set(uvs)) if uvs and solved else []:
        mine = ours[name][0] if name in ours else None
        if mine != uvs.get(name):
            print("  uv chooses otherwise: %s %s, not %s" % (name, uvs.get(name), mine))
    return same


def reachable():
    done = subprocess.run([PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--retries", "0", "-d", tempfile.mkdtemp(),
                           "six"], check=False, capture_output=True)  # fmt: skip
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ramekin")
    parser.add_argument("--universe")
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    options.ramekin = os.path.abspath(options.ramekin)
    if not PYTHON or not os.path.exists(PYTHON):
        print("SKIP: RAMEKIN_TEST_PYTHON is not set")
        return SKIP
    if options.universe:
        environment = dict(os.environ, PIP_CONFIG_FILE=os.devnull)
        command = ["sh", "-c", 'PIP_INDEX_URL=$INDEX_URL/simple/ exec "$@"', "sh", sys.executable, __file__,
                   options.ramekin, "--inside"]
        server = [sys.executable, str(HERE.parent / "server" / "server.py"), options.universe, "--"]
        return subprocess.run(server + command, check=False, env=environment).returncode
    if not options.inside and not reachable():
        print("SKIP: the package index can't be reached")
        return SKIP
    stacks = LOOPBACK if options.inside else REAL
    results = [compare(options.ramekin, stack, platform, not options.inside)
               for stack in stacks for platform in stacks[stack]]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

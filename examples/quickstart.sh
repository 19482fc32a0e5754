#!/bin/sh
# From a fresh Debian 12 to an image that answers: installs what is missing, builds ramekin beside the
# source, locks, plans, renders and builds examples/quickstart/ramekin.yaml against the package index
# that pip is configured for, and runs what was built. Safe to run again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=${RAMEKIN_BUILD:-$top/build}
kitchen=$build/quickstart
export LC_ALL=C.UTF-8

say() {
  printf '\n== %s\n' "$*"
}

say "1 of 6: what it takes to build (Debian packages), and the build itself"
"$top/tests/install.sh" build
[ -f "$build/build.ninja" ] || meson setup "$build" "$top" >"$build.log" 2>&1 || {
  cat "$build.log" >&2
  exit 1
}
rm -f "$build.log"
ninja -C "$build" src/ramekin
ramekin=$build/src/ramekin
"$ramekin" --version

say "2 of 6: ramekin lock, which versions the stages take, exactly as pip would"
mkdir -p "$kitchen"
cp -R "$top/examples/quickstart/." "$kitchen/"
cd "$kitchen"
"$ramekin" lock

say "3 of 6: ramekin plan, what each stage does"
"$ramekin" plan

say "4 of 6: ramekin render, a Dockerfile in which every version is pinned"
"$ramekin" render -o out
cat out/Dockerfile

say "5 of 6: ramekin build, the image itself, without docker or pip"
# The recipe's base lies in a registry; a Debian of this machine's own making stands in for it here, with
# the same Python and libc. A copy of the recipe keeps the two locks apart.
"$top/tests/install.sh" demo
mkdir -p local
cp -R ramekin.yaml requirements.txt constraints.txt app local/
base=
if "$top/tests/e2e/make_base.sh" debian "$kitchen/base" >base.log 2>&1; then
  base=python:3.11-slim-bookworm=oci:$kitchen/base
  (
    cd local
    "$ramekin" lock --substitute-base "$base"
    "$ramekin" build --substitute-base "$base" -o oci:image
    echo "and once more, when nothing has changed:"
    "$ramekin" build --substitute-base "$base" -o oci:image
  )
else
  echo "left out: $(tail -n 1 base.log)"
fi

say "6 of 6: ramekin run, a program in the image: its service, asked from beside it"
# The sandbox has a network of its own, in which there is nothing but its "lo".
if [ -n "$base" ]; then
  "$ramekin" run oci:local/image -- sh -c '
    uvicorn app.main:app --port 8000 >/tmp/service.log 2>&1 &
    python3 - <<END || { cat /tmp/service.log; exit 1; }
import time, urllib.request
for attempt in range(150):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:8000/").read().decode())
        break
    except OSError:
        time.sleep(0.2)
else:
    raise SystemExit("the service does not answer")
END'
else
  echo "left out with the step before"
fi

say "done"
cat <<END
  the program     $ramekin
  the recipe      $kitchen/ramekin.yaml
  its lock        $kitchen/ramekin.lock
  the Dockerfile  $kitchen/out/Dockerfile
  the image       $kitchen/local/image, an OCI layout

Try next, after  cd $kitchen; PATH=$build/src:\$PATH
  ramekin plan --all              what stays as it is, too
  ramekin plan --format json      the same plan for scripts
  ramekin lock --upgrade anyio    move one distribution on, keep the rest
  ramekin init my.yaml            a commented recipe to start from
  ramekin run local -- python3    a Python with everything that the recipe installs
  docker build -t hello-api out   build the image from the Dockerfile (or: buildah bud out)
  ramekin build -n local          the layers of the image that ramekin writes itself
Change a version in ramekin.yaml, then lock and plan again. The recipes of $top/recipes show more.
END

#!/bin/sh
# From a fresh Debian 12 to a locked, planned and rendered image recipe: installs what is missing,
# builds ramekin beside the source, and works on examples/quickstart/ramekin.yaml against the package
# index that pip is configured for. Safe to run again.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=${RAMEKIN_BUILD:-$top/build}
kitchen=$build/quickstart
export LC_ALL=C.UTF-8

say() {
  printf '\n== %s\n' "$*"
}

say "1 of 4: what it takes to build (Debian packages), and the build itself"
"$top/tests/install.sh" build
[ -f "$build/build.ninja" ] || meson setup "$build" "$top" >"$build.log" 2>&1 || {
  cat "$build.log" >&2
  exit 1
}
rm -f "$build.log"
ninja -C "$build" src/ramekin
ramekin=$build/src/ramekin
"$ramekin" --version

say "2 of 4: ramekin lock, which versions the stages take, exactly as pip would"
mkdir -p "$kitchen"
cp -R "$top/examples/quickstart/." "$kitchen/"
cd "$kitchen"
"$ramekin" lock

say "3 of 4: ramekin plan, what each stage does"
"$ramekin" plan

say "4 of 4: ramekin render, a Dockerfile in which every version is pinned"
"$ramekin" render -o out
cat out/Dockerfile

say "done"
cat <<END
  the program     $ramekin
  the recipe      $kitchen/ramekin.yaml
  its lock        $kitchen/ramekin.lock
  the Dockerfile  $kitchen/out/Dockerfile

Try next, after  cd $kitchen; PATH=$build/src:\$PATH
  ramekin plan --all              what stays as it is, too
  ramekin plan --format json      the same plan for scripts
  ramekin lock --upgrade anyio    move one distribution on, keep the rest
  ramekin init my.yaml            a commented recipe to start from
  docker build -t hello-api out   build the image (or: buildah bud out)
Change a version in ramekin.yaml, then lock and plan again. The recipes of $top/recipes show more.
END

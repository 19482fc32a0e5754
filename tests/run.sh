#!/bin/sh
# run.sh [--all] [--update] [--build DIR]: brings a fresh Debian 12 to a tested ramekin.
#
# Installs what is missing, builds with warnings as errors, runs every test that needs no internet,
# runs the unit tests and cases again under the address and undefined-behaviour sanitizers, and
# closes with one line "N passed, N failed, N skipped". Safe to run again.
#   --all      also what is slow, what needs the real package index, and the benchmarks
#   --update   records the output of the golden cases anew instead of comparing it
#   --build    where to build (default: build beside the source; sanitizers: DIR-sanitize)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build
suites='quick e2e'
update=
while [ $# -gt 0 ]; do
  case $1 in
  --all) suites="$suites slow real bench" ;;
  --update) update=1 ;;
  --build)
    build=$2
    shift
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
  esac
  shift
done
export LC_ALL=C.UTF-8
cd "$top"

"$top/tests/install.sh" build test e2e

# configure DIR OPTION...: makes the build folder, or gives an existing one the options.
configure() {
  dir=$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    meson configure "$dir" -Dwerror=true "$@"
  else
    meson setup "$dir" "$top" -Dwerror=true "$@"
  fi
}

# The pinned pip, packaging and uv that tests compare with; tests that need them say so and skip
# when they could not be had.
peers() {
  venv=$build/venv
  cat "$top"/tests/*/requirements.txt >"$build/requirements.txt" 2>/dev/null || return 0
  cmp -s "$build/requirements.txt" "$venv/requirements.txt" && return 0
  echo "== making $venv for the programs to compare with"
  python3 -m venv --clear "$venv" &&
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$build/requirements.txt" &&
    cp "$build/requirements.txt" "$venv/requirements.txt" ||
    echo "warning: $venv is not complete; tests that need it will be skipped" >&2
}

# check DIR NAME MESON-ARGUMENT...: runs tests, keeps the log for the count.
logs=
check() {
  dir=$1 name=$2
  shift 2
  ! meson test -C "$dir" --no-rebuild --list "$@" | grep -q '^No suitable tests' || return 0
  rm -f "$dir/meson-logs/$name.json"
  meson test -C "$dir" --no-rebuild --print-errorlogs --logbase "$name" "$@" || true
  logs="$logs $dir/meson-logs/$name.json"
}

echo "== building in $build"
configure "$build"
ninja -C "$build"
peers
export RAMEKIN_TEST_PYTHON="$build/venv/bin/python"

if [ -n "$update" ]; then
  RAMEKIN=$build/src/ramekin exec "$top/tests/cases/run.sh" --update
fi

echo "== testing"
for suite in $suites; do
  check "$build" "$suite" --suite "$suite"
done

echo "== building and testing under the sanitizers in $build-sanitize"
configure "$build-sanitize" -Db_sanitize=address,undefined -Db_lundef=false
ninja -C "$build-sanitize"
export G_SLICE=always-malloc G_DEBUG=fatal-criticals
# GLib has no frame pointers: without the slow unwinder a leak has no stack to be known by.
export ASAN_OPTIONS=detect_leaks=1:fast_unwind_on_malloc=0
export LSAN_OPTIONS="suppressions=$top/tests/leaks.supp:print_suppressions=0"
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
check "$build-sanitize" sanitize --suite quick --no-suite house --timeout-multiplier 4

# shellcheck disable=SC2086 # a list of words
exec python3 "$top/tests/count.py" $logs

#!/bin/sh
# start_check_pythons.sh TEST SCRIPT FAKE_CUDA: the checks that travel, under every Python from 3.8 to
# 3.13 that this machine has: on PATH, or among pyenv's. Those that are not here are named.
set -eu
ran=''
absent=''
failed=''
pyenv=$(pyenv root 2>/dev/null || true)

# find_python MINOR: a program that is that Python.
find_python() {
  for one in "$(command -v "python3.$1" || true)" "${pyenv:-/nowhere}/versions/3.$1".*/bin/python3; do
    [ -x "$one" ] && "$one" -c "import sys; sys.exit(sys.version_info[:2] != (3, $1))" 2>/dev/null &&
      echo "$one" && return
  done
}

for minor in 8 9 10 11 12 13; do
  python=$(find_python $minor || true)
  if [ -z "$python" ]; then
    absent="$absent 3.$minor"
  elif "$python" "$1" "$2" "$3" >"${TMPDIR:-/tmp}/start-check-$$" 2>&1; then
    ran="$ran 3.$minor"
  else
    failed="$failed 3.$minor"
    cat "${TMPDIR:-/tmp}/start-check-$$"
  fi
  rm -f "${TMPDIR:-/tmp}/start-check-$$"
done
echo "passed under:${ran:- none}; failed under:${failed:- none}; not on this machine:${absent:- none}"
[ -z "$failed" ] || exit 1
[ -n "$ran" ] || exit 77

#!/bin/sh
# Shell scripts pass shellcheck, Python files compile.
set -eu
cd "$(dirname "$0")/../.."
command -v shellcheck >/dev/null || {
  echo "shellcheck is not installed"
  exit 77
}
scripts=$(git ls-files -co --exclude-standard -- '*.sh' .ci/run)
# shellcheck disable=SC2086 # names without blanks
shellcheck -x $scripts
git ls-files -co --exclude-standard -- '*.py' ':!tests/fuzz/corpus' | python3 -c '
import sys
for path in sys.stdin.read().split():
    compile(open(path, encoding="utf-8").read(), path, "exec")
'

#!/bin/sh
# replay.sh EVAL CORPUS: asks the questions of the corpus (odd lines) and compares with the answers
# recorded under them, which packaging_oracle.py found to be those of Python's `packaging`.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk 'NR % 2 == 1' "$2" | "$1" >"$work/found"
awk 'NR % 2 == 0' "$2" >"$work/expected"
[ -s "$work/expected" ] || {
  echo "$2 is empty" >&2
  exit 1
}
if ! cmp -s "$work/expected" "$work/found"; then
  diff "$work/expected" "$work/found" | head -20 >&2
  exit 1
fi
echo "$(wc -l <"$work/found") answers as recorded"

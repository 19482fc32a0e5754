#!/bin/sh
# temporary.sh PROGRAM...: unit tests leave the folder for temporary files as they found it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0
for program in "$@"; do
  TMPDIR=$folder "$program" >"$folder.log" 2>&1 || {
    cat "$folder.log"
    status=1
  }
  left=$(ls -A "$folder")
  [ -z "$left" ] || {
    echo "$program leaves $left"
    status=1
  }
done
rm -f "$folder.log"
exit "$status"

#!/bin/sh
# inline.sh SCRIPT PIECE...: a Python script with the text of PIECE in place of each line
# `from PIECE import …  # inlined`, since what goes into images is one file.
set -eu
script=$1
shift
for piece; do
  name=$(basename "$piece" .py)
  grep -q "^from $name import .*  # inlined\$" "$script" || {
    echo "inline.sh: $script does not take in $name" >&2
    exit 1
  }
done
awk -v pieces="$*" '
BEGIN {
    count = split(pieces, paths, " ")
    for (i = 1; i <= count; i++) {
        name = paths[i]
        gsub(/.*\/|\.py$/, "", name)
        path[name] = paths[i]
    }
}
/^from [a-z_]+ import .*  # inlined$/ {
    while ((getline line < path[$2]) > 0)
        print line
    next
}
{ print }' "$script"

#!/bin/sh
# source-digest.sh HEADER DEPFILE SOURCE LAYER...: a C header that names the state of the folders'
# sources, and what it was made from, for ninja.
set -eu
header=$1 depfile=$2 source=$3
shift 3
here=$PWD
cd "$source"
files() { find "$@" -name '*.[ch]' | LC_ALL=C sort; }
digest=$(files "$@" | xargs cat | sha256sum | cut -d ' ' -f 1)
printf '#pragma once\n#define SOURCE_DIGEST "%s"\n' "$digest" >"$here/$header"
(echo "$header: \\" && files "$@" | sed "s,.*,  $source/& \\\\,") >"$here/$depfile"

#!/bin/sh
# layer-view.sh DIR SOURCE LAYER...: makes DIR hold a link to each of the named folders of SOURCE, and
# nothing else. A library compiled with -I DIR can include "base/error.h" only if base is among them.
set -eu
dir=$1 source=$2
shift 2
rm -rf "$dir"
mkdir -p "$dir"
for layer; do
  ln -s "$source/$layer" "$dir/$layer"
done

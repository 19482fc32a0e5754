#!/bin/sh
# fill.sh: makes a cache of three blobs, of known sizes and times.
set -eu
cache=$XDG_CACHE_HOME/ramekin
blob() {
  digest=$(printf %s "$1" | sha256sum | cut -c 1-64)
  dir=$cache/blobs/$(echo "$digest" | cut -c 1-2)
  mkdir -p "$dir"
  printf %s "$1" >"$dir/$(echo "$digest" | cut -c 3-)"
  touch -a -d "$2" "$dir/$(echo "$digest" | cut -c 3-)"
}
blob "$(printf %1000d 1)" 2024-01-01T00:00:00Z
blob "$(printf %20000d 2)" 2025-06-30T12:34:56Z
blob three 2025-06-30T12:34:57Z

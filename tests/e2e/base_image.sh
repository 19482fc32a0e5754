#!/bin/sh
# A base in each form that skopeo and umoci write is the same image: its layers' diff_ids, and the tree
# with modes and owners that umoci unpacks; and what a folder is made into is that tree again.
set -eu

skip() {
  echo "$*"
  exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
for program in skopeo umoci; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
[ "$(id -u)" = 0 ] || skip "only root can unpack an image with its owners"
mkdir -p "$RAMEKIN_E2E"
work=$(mktemp -d "$RAMEKIN_E2E/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
case $(uname -m) in
x86_64) platform=linux/amd64 ;;
aarch64) platform=linux/arm64 ;;
*) skip "no base for this processor" ;;
esac

# print REFERENCE NAME: its layers in NAME.layers, its tree in NAME.tree; the second time from memory
print() {
  "$BASE_PRINT" "$1" "$platform" "$work/cache" >"$work/once"
  "$BASE_PRINT" "$1" "$platform" "$work/cache" >"$work/twice"
  cmp "$work/once" "$work/twice"
  sed '/^$/,$d' "$work/once" >"$work/$2.layers"
  sed '1,/^$/d' "$work/once" | LC_ALL=C sort >"$work/$2.tree"
}

# found DIR: the same lines of what lies in a folder
found() {
  (cd "$1" && find . -mindepth 1 \( -type f -printf '/%P f %m %U:%G %s\n' -o -type d -printf '/%P d %m %U:%G\n' \
    -o -type l -printf '/%P l 0 %U:%G %l\n' -o -printf '/%P o %m %U:%G\n' \)) | LC_ALL=C sort
}

same() {
  diff "$work/$1" "$work/$2" >"$work/diff" || {
    echo "$1 and $2 differ:"
    head -n 20 "$work/diff"
    exit 1
  }
}

diff_ids() {
  cut -d ' ' -f 2 "$work/$1.layers" >"$work/$1.diff_ids"
}

for kind in debian docker; do
  said=$("$here/make_base.sh" "$kind" "$work/$kind") || skip "$said"
  umoci unpack --image "$work/$kind:latest" "$work/bundle" >/dev/null 2>&1
  found "$work/bundle/rootfs" >"$work/unpacked.tree"
  print "oci:$work/$kind" folder
  same unpacked.tree folder.tree
  diff_ids folder

  skopeo copy -q "oci:$work/$kind:latest" "oci-archive:$work/oci.tar:one"
  skopeo copy -q "oci:$work/$kind:latest" "docker-archive:$work/docker.tar:base:one"
  gzip -1 -k "$work/oci.tar"
  gzip -1 -k "$work/docker.tar"
  for form in oci-archive:oci.tar docker-archive:docker.tar oci-archive:oci.tar.gz docker-archive:docker.tar.gz; do
    print "${form%%:*}:$work/${form#*:}" other
    same folder.tree other.tree
    diff_ids other
    same folder.diff_ids other.diff_ids
  done

  # a folder belongs to root, and devices are left out
  print "rootfs:$work/bundle/rootfs" rootfs
  grep -v ' o ' "$work/unpacked.tree" | sed -E 's/^(.* [fdl] [0-7]+) [0-9]+:[0-9]+/\1 0:0/' >"$work/plain.tree"
  grep -v ' o ' "$work/rootfs.tree" >"$work/read.tree"
  same plain.tree read.tree
  blob=$(cut -d ' ' -f 1 "$work/rootfs.layers" | cut -d : -f 2)
  mkdir "$work/again"
  tar -xzpf "$work/cache/blobs/$(echo "$blob" | cut -c 1-2)/$(echo "$blob" | cut -c 3-)" -C "$work/again"
  found "$work/again" >"$work/again.tree"
  same plain.tree again.tree
  rm -rf "$work/again" "$work/bundle" "$work"/*.tar*
done
echo "the same in every form"

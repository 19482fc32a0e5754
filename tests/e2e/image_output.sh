#!/bin/sh
# What the writers of images make, read by skopeo, umoci and buildah: digests stay, every way of
# reading gives the same tree, and layouts that others began can be added to.
set -eu
: "${WRITE_IMAGE:=build/tests/e2e/write_image}"
for program in skopeo umoci tar gzip python3; do
  command -v "$program" >/dev/null || {
    echo "$program is not installed"
    exit 77
  }
done
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
cd "$work"
export HOME="$work" XDG_RUNTIME_DIR="$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

same() { # same WHAT EXPECTED FOUND
  [ "$2" = "$3" ] || fail "$1: expected $2, found $3"
}

sha256() {
  sha256sum "$1" | cut -d' ' -f1
}

# manifest_digest OF: of the manifest or index as skopeo reads it
manifest_digest() {
  skopeo inspect --raw "$1" >raw.json
  echo "sha256:$(sha256 raw.json)"
}

# tree DIR: every path below it with type, mode, link target, number of names and content
tree() {
  (cd "$1" && find . -mindepth 1 -printf '%p %y %m %l %n\n' | sed -E 's/^(.* d [0-9]+ ).*/\1/' |
    LC_ALL=C sort && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
}

# Layers: names of every length, links of both kinds, modes, an empty file, one larger than buffers.
umask 022
long=$(printf 'n%.0s' $(seq 180))
mkdir -p one/usr/bin "one/usr/share/$long" one/etc/old/inner
printf 'a program\n' >one/usr/bin/tool
chmod 4755 one/usr/bin/tool
ln one/usr/bin/tool one/usr/bin/same
ln one/usr/bin/tool one/etc/third
ln -s usr/bin one/bin
printf 'x' >"one/usr/share/$long/$long"
printf 'ü' >'one/etc/größe'
: >one/etc/empty
python3 -c 'print("line\n" * 200000)' >one/etc/large
printf '1' >one/etc/old/inner/file
mkdir -p two/usr/bin two/etc two/opt
chmod 1777 two/opt
printf 'new' >two/usr/bin/tool
: >two/etc/.wh.old
: >two/etc/.wh.large
ln -s /etc/empty two/opt/link
reproducible="--sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --format=pax \
  --pax-option=delete=atime,delete=ctime"
# shellcheck disable=SC2086
for layer in one two; do
  (cd "$layer" && tar $reproducible -cf "../$layer.tar" -- *)
done
# several members, cut anywhere
split -b 100000 one.tar one.tar.part.
for part in one.tar.part.*; do
  gzip -nc "$part"
done >one.tar.gz
gzip -nk two.tar
set -- "one.tar.gz=$(sha256 one.tar)" "two.tar.gz=$(sha256 two.tar)"

# The same image in every form.
digest=$("$WRITE_IMAGE" oci:layout:v1 linux/amd64 "$@")
same "layout" "$digest" "$(manifest_digest oci:layout:v1)"
"$WRITE_IMAGE" oci-archive:oci.tar:v1 linux/amd64 "$@" >/dev/null
"$WRITE_IMAGE" docker-archive:docker.tar:example.org/app:v1 linux/amd64 "$@" >/dev/null
"$WRITE_IMAGE" rootfs:rootfs.tar linux/amd64 "$@" >/dev/null
"$WRITE_IMAGE" layers:layers linux/amd64 "$@" >/dev/null
same "archive" "$digest" "$(manifest_digest oci-archive:oci.tar:v1)"
same "docker archive as OCI" "$digest" "$(manifest_digest oci-archive:docker.tar:v1)"

# Bytes do not depend on umask, time zone or the folder for temporary files.
(umask 077 && mkdir other && TZ=Asia/Tokyo TMPDIR=$work/other LC_ALL=C.UTF-8 "$WRITE_IMAGE" \
  oci-archive:again.tar:v1 linux/amd64 "$@" >/dev/null)
cmp oci.tar again.tar || fail "the archive differs the second time"
"$WRITE_IMAGE" oci-archive:-:v1 linux/amd64 "$@" | head -c "$(stat -c %s oci.tar)" >pipe.tar
cmp oci.tar pipe.tar || fail "the archive differs in a pipe"

# Copies keep the digest.
skopeo copy -q oci:layout:v1 oci:copied:v1
same "copy of the layout" "$digest" "$(manifest_digest oci:copied:v1)"
skopeo copy -q oci-archive:oci.tar:v1 oci:unpacked:v1
same "copy of the archive" "$digest" "$(manifest_digest oci:unpacked:v1)"

# Docker's reading of the archive, by its name and as the only one.
for name in docker.tar:example.org/app:v1 docker.tar; do
  rm -rf loaded
  skopeo copy -q "docker-archive:$name" oci:loaded:v1
  same "diff_ids of docker-archive:$name" \
    "$(skopeo inspect --config --raw oci:layout:v1 | sha256sum)" \
    "$(skopeo inspect --config --raw oci:loaded:v1 | sha256sum)"
done

# Trees.
mkdir flat
tar -xpf rootfs.tar -C flat
tree flat >flat.txt
grep -q 'etc/old' flat.txt && fail "a whiteout was not obeyed"
grep -q '^./usr/bin/same f 4755  2$' flat.txt || fail "names of a removed file are not linked"
rootless=
[ "$(id -u)" = 0 ] || rootless=--rootless
for image in layout:v1 unpacked:v1 loaded:v1; do
  rm -rf bundle
  umoci unpack $rootless --image "$image" bundle >/dev/null
  tree bundle/rootfs >unpacked.txt
  diff -u flat.txt unpacked.txt || fail "the tree of $image is not that of rootfs:"
done
mkdir laid
for layer in layers/*.tar*; do
  (umask 0 && tar -xpf "$layer" -C laid)
done
[ "$(cat laid/usr/bin/tool)" = new ] || fail "layers: are not in order"
same "layers.json" "$(sha256 two.tar)" \
  "$(python3 -c 'import json; print(json.load(open("layers/layers.json"))["layers"][1]["diff_id"][7:])')"

# Several platforms, beside what is there.
several=$("$WRITE_IMAGE" oci:layout:multi linux/amd64,linux/arm64/v8 "$@")
same "index" "$several" "$(manifest_digest oci:layout:multi)"
same "the tag beside it" "$digest" "$(manifest_digest oci:layout:v1)"
for architecture in amd64 arm64; do
  same "platform" "\"$architecture\"" "$(skopeo inspect --config --override-arch "$architecture" \
    oci:layout:multi | python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin)["architecture"]))')"
done
skopeo copy -q --all oci:layout:multi dir:everything
"$WRITE_IMAGE" oci-archive:multi.tar:v1 linux/amd64,linux/arm64 "$@" >/dev/null
skopeo copy -q --all oci-archive:multi.tar:v1 dir:everything2

# A layout that another tool began, and its garbage collection after us.
umoci init --layout foreign
umoci new --image foreign:theirs
"$WRITE_IMAGE" oci:foreign:ours linux/amd64 "$@" >/dev/null
theirs=$(manifest_digest oci:foreign:theirs)
umoci gc --layout foreign >/dev/null
same "their image" "$theirs" "$(manifest_digest oci:foreign:theirs)"
skopeo copy -q oci:foreign:ours dir:ours
umoci tag --image foreign:ours again
"$WRITE_IMAGE" oci:foreign:ours linux/arm64 "$@" >/dev/null
same "tags" "again ours theirs" "$(umoci list --layout foreign | sort | xargs)"

# buildah makes a container of it and mounts it.
if [ "$(id -u)" = 0 ] && command -v buildah >/dev/null; then
  storage() {
    buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"
  }
  for image in oci:layout:v1 docker-archive:docker.tar; do
    container=$(storage from "$image")
    mount=$(storage mount "$container")
    tree "$mount" | grep -vE '^\./(dev|proc|sys|run)( |/)' >mounted.txt
    diff -u flat.txt mounted.txt || fail "buildah's tree of $image is not that of rootfs:"
    storage rm "$container" >/dev/null
  done
fi
echo "images out: ok"

#!/bin/sh
# podman takes the image by every road (an OCI layout, archives of both kinds), knows it by the same
# digest of its configuration, and shows the tree that umoci unpacks.
set -eu
skip() {
  echo "$*"
  exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
for program in podman umoci python3; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
[ "$(id -u)" = 0 ] || skip "only root can mount images"
: "${RAMEKIN:=$here/../../build/src/ramekin}"
work=$(mktemp -d "${TMPDIR:-/tmp}/podman.XXXXXX")
index=

pod() {
  podman --root "$work/store" --runroot "$work/run" --storage-driver vfs --events-backend none \
    --cgroup-manager cgroupfs "$@"
}

clean() {
  [ -z "$index" ] || kill "$index" 2>/dev/null || true
  pod image umount --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM
pod info >"$work/log" 2>&1 || skip "podman does not run here: $(tail -n 1 "$work/log")"

python3 "$here/../server/server.py" --environment "$work/index" "$here/service.json" &
index=$!
for _ in $(seq 100); do
  [ ! -f "$work/index" ] || break
  sleep 0.05
done
# shellcheck disable=SC1091 # made by the server
. "$work/index"
export HOME="$work/home" XDG_CACHE_HOME="$work/cache" PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL
cd "$work"
python3 "$here/../cases/base/layout.py" base
cat >ramekin.yaml <<END
version: 1
name: hello
base: oci:base
indexes:
  main: $INDEX_URL/simple/
stages:
  - pip: ["tinyserve[fancy]"]
  - files: [{content: "kitchen\n", dest: /etc/place, mode: "0640"}, {link: /etc/place, dest: /place}]
cmd: [tinyserve]
END
"$RAMEKIN" lock
umask 022
for layers in gzip gzip-single estargz zstd; do
  rm -rf out bundle archive.tar docker.tar
  sed -i '/^layers:/d' ramekin.yaml
  echo "layers: {compression: $layers}" >>ramekin.yaml
  "$RAMEKIN" lock -q >/dev/null
  "$RAMEKIN" build -o oci:out -o oci-archive:archive.tar -o docker-archive:docker.tar:example.org/hello:1
  wanted=$(python3 -c '
import json
index = json.load(open("out/index.json"))
name = index["manifests"][0]["digest"].replace(":", "/")
print(json.load(open("out/blobs/" + name))["config"]["digest"].partition(":")[2])')
  pod pull -q oci:out:latest >ids
  pod load -q -i archive.tar >>ids
  pod load -q -i docker.tar >>ids
  cat ids
  [ "$(pod images --all --no-trunc --quiet | sort -u)" = "sha256:$wanted" ] || {
    echo "podman knows another image than $wanted:" >&2
    pod images --all --no-trunc >&2
    exit 1
  }
  if [ "$layers" != zstd ]; then
    umoci unpack --image out:latest bundle >/dev/null
    python3 "$here/same_tree.py" bundle/rootfs "$(pod image mount "$wanted")"
  fi
  pod rmi --all --force >/dev/null
done

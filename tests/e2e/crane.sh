#!/bin/sh
# All stages as one layer (`-o layer:`), put over the base as `crane append` does it: the tree is that of
# the image which ramekin writes itself, and the layer has the digests that were printed.
set -eu
# shellcheck source=tests/e2e/buildah.sh
. "$(dirname "$0")/buildah.sh"
for program in go umoci skopeo; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done

append=$RAMEKIN_E2E/crane-append
if [ ! -x "$append" ] || [ -n "$(find "$here/crane" -newer "$append" -type f)" ]; then
  cd "$here/crane"
  timeout 120 go mod download 2>"$work/log" || skip "the modules cannot be had: $(tail -n 1 "$work/log")"
  CGO_ENABLED=0 go build -mod=readonly -o "$append" .
fi

start_index "$here/service.json"
base "$work/base"
cd "$work"
cat >ramekin.yaml <<END
version: 1
name: hello
base: oci:base
python: 3.11
indexes:
  main: $INDEX_URL/simple/
stages:
  - pip: ["tinyserve[fancy]"]
  - files: [{content: "kitchen\n", dest: /etc/place, mode: "0640"}, {link: /etc/place, dest: /place}]
END
ramekin lock
ramekin build -o oci:out
umoci unpack --image out:latest bundle >/dev/null
for name in all.tar all.tar.gz; do
  ramekin build -o "layer:$name" >digests
  "$append" base "$name" appended
  digest=$(awk '$2 == "diff_id" { print $1 }' digests)
  skopeo inspect --config oci:appended:latest | grep -q "$digest" || {
    echo "the layer in the image is not the one of $name" >&2
    exit 1
  }
  umoci unpack --image appended:latest layered >/dev/null
  python3 "$here/same_tree.py" bundle/rootfs layered/rootfs
  rm -rf appended layered
done

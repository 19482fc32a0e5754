#!/bin/sh
# One recipe, one digest: builds an image under other users, temporary folders, masks, time zones,
# locales, numbers of threads and caches, and compares the manifest's digest; then has independent
# programs read the image, and runs the service in it.
set -eu
# shellcheck source=tests/e2e/buildah.sh
. "$(dirname "$0")/buildah.sh"
for program in skopeo umoci bwrap setpriv; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done

start_index "$here/service.json"
base "$work/base"
cd "$work"
chmod 755 "$work"

# kitchen DIR FILE…: the recipe and its files in a folder of their own, made in the order given.
kitchen() {
  dir=$1
  shift
  mkdir -p "$dir/app/pages"
  for file in "$@"; do
    printf 'page %s\n' "$file" >"$dir/app/pages/$file"
  done
  cat >"$dir/app/hello.py" <<'END'
import os

from tinygreet import greet


def app(path):
    return "%s from %s\n" % (greet(path.strip("/")), os.environ["PLACE"])
END
  cat >"$dir/ramekin.yaml" <<END
version: 1
name: hello
base: oci:$work/base
python: 3.11
indexes:
  main: $INDEX_URL/simple/
stages:
  - pip: ["tinyserve[fancy]"]
  - files:
      - {src: app/, dest: /srv/app/}
      - {content: "kitchen\n", dest: /etc/place, mode: "0640"}
      - {link: /srv/app, dest: /app}
env:
  PLACE: the kitchen
workdir: /srv/app
cmd: [tinyserve, "hello:app"]
labels: {org.example.team: kitchen}
END
}

# digest WANTED COMMAND…: the command prints the digest that is wanted.
same() {
  what=$1
  shift
  found=$("$@" | cut -d ' ' -f 1)
  [ "$found" = "$digest" ] || {
    echo "$what: $found, not $digest" >&2
    exit 1
  }
}

kitchen one a b c
cd one
ramekin lock
digest=$(ramekin build -o oci:out | cut -d ' ' -f 1)
case $digest in
sha256:*) ;;
*)
  echo "no digest: $digest" >&2
  exit 1
  ;;
esac
same 'warm cache' ramekin build -o oci:again
same 'verified' ramekin verify oci:out .
same 'verified with a cold cache' ramekin verify --cache-dir "$work/fresh" oci:out .
same 'cold cache, one thread' ramekin build --cache-dir "$work/cold" --jobs 1 -o oci:jobs
same 'many threads' ramekin build --cache-dir "$work/cold8" --jobs 8 -o oci:jobs8
cp -R "$work/cold" "$work/copied"
same 'copied cache' ramekin build --cache-dir "$work/copied" -o oci:copied
mkdir -p "$work/tmp"
(
  umask 077
  export TMPDIR="$work/tmp" TZ=Asia/Kathmandu LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8
  same 'mask, time zone, locale' ramekin build --cache-dir "$work/masked" -o oci:masked
)
cd ..
kitchen two c a b
touch -d '2031-05-05 05:05' two/app/hello.py
cp one/ramekin.lock two/
chmod -R go+rX two base
mkdir -p other
chown 65534:65534 other two
cd two
same 'another user and order' setpriv --reuid 65534 --regid 65534 --clear-groups \
  env HOME="$work/other" ramekin build --cache-dir "$work/other/cache" -o oci:out
cd ../one

# The same image by every road, as others read it.
ramekin build -o oci-archive:image.tar -o docker-archive:docker.tar -o rootfs:rootfs.tar >/dev/null
[ "$(skopeo inspect --raw oci-archive:image.tar | sha256sum | cut -d ' ' -f 1)" = "${digest#sha256:}" ] || {
  echo "the archive holds another image" >&2
  exit 1
}
skopeo copy -q oci:out:latest dir:dir
skopeo copy -q docker-archive:docker.tar dir:from-docker
skopeo copy -q oci:out:latest docker-archive:made-by-skopeo.tar:hello:latest
umoci unpack --image out:latest bundle >/dev/null
root=bundle/rootfs
mkdir flat
tar -xf rootfs.tar -C flat
python3 "$here/same_tree.py" "$root" flat
# All stages as one layer, put over the base by somebody else.
ramekin build -o layer:all.tar.gz >layer.digests
gunzip -k all.tar.gz
[ "sha256:$(sha256sum <all.tar | cut -d ' ' -f 1)" = "$(awk '$2 == "diff_id" { print $1 }' layer.digests)" ] || {
  echo "layer: is not what its diff_id says" >&2
  exit 1
}
cp -R "$work/base" based
umoci raw add-layer --image based:latest all.tar
umoci unpack --image based:latest layered >/dev/null
python3 "$here/same_tree.py" "$root" layered/rootfs

# Every format and strategy leaves the same tree.
for layers in 'compression: gzip-single' 'compression: estargz' 'compression: zstd' 'strategy: stage' 'strategy: one'; do
  mkdir formats
  cp -R app ramekin.yaml ramekin.lock formats/
  echo "layers: {$layers}" >>formats/ramekin.yaml
  (cd formats && ramekin lock --offline && ramekin build --offline -o rootfs:rootfs.tar) >/dev/null
  mkdir formats/root
  tar -xf formats/rootfs.tar -C formats/root
  rm -f formats/root/.no.prefetch.landmark formats/root/stargz.index.json
  python3 "$here/same_tree.py" "$root" formats/root
  rm -rf formats
done

found="$(stat -c %a "$root/etc/place") $(readlink "$root/app") $(cat "$root/etc/place")"
[ "$found" = '640 /srv/app kitchen' ] || {
  echo "files are not as the recipe says" >&2
  exit 1
}

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
bwrap --bind "$root" / --proc /proc --dev /dev --unshare-all --share-net --die-with-parent --chdir /srv/app \
  --clearenv --setenv PATH /usr/local/bin:/usr/bin:/bin --setenv PLACE 'the kitchen' --setenv PORT "$port" \
  tinyserve hello:app >service.log 2>&1 &
service=$!
answer=$(curl -s --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/cook") || {
  cat service.log >&2
  exit 1
}
kill "$service"
echo "$answer" | grep -q 'cook.* from the kitchen' || {
  echo "the service says: $answer" >&2
  exit 1
}

# Nothing is made twice.
ramekin build --dry-run --format json -o oci:out >dry.json
python3 - <<'END'
import json
layers = json.load(open("dry.json"))["images"][0]["platforms"][0]["layers"]
states = {layer["state"] for layer in layers}
assert states <= {"base", "present"}, states
assert [layer["source"] for layer in layers[-3:]][-1] == "files", layers
END

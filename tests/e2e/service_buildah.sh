#!/bin/sh
# A small HTTP service from a rendered Dockerfile: built by buildah into a virtual environment, then
# run as its image says; its module imports and it answers a request. The whole tree is that of the
# image which ramekin writes itself, without a pip in the environment.
set -eu
# shellcheck source=tests/e2e/buildah.sh
. "$(dirname "$0")/buildah.sh"

start_index "$here/service.json"
base "$work/base"
cd "$work"
mkdir app
cat >app/hello.py <<'END'
import os

from tinygreet import greet


def app(path):
    return "%s from %s\n" % (greet(path.strip("/")), os.environ["PLACE"])
END
cat >ramekin.yaml <<END
version: 1
name: hello
base: oci:base
python: {version: 3.11, venv: /opt/venv}
indexes:
  main: $INDEX_URL/simple/
stages:
  - pip: ["tinyserve[fancy]"]
  - files: {app/: /srv/app/}
checks:
  build:
    - import: [tinyserve, tinygreet]
env:
  PLACE: the kitchen
  PATH: /opt/venv/bin:\$PATH
workdir: /srv/app
cmd: [tinyserve, "hello:app"]
END
ramekin lock
ramekin render -o out
build out hello

if command -v umoci >/dev/null; then
  container=$(image from hello)
  root=$(image mount "$container")
  ramekin build -o oci:built
  umoci unpack --image built:latest bundle >/dev/null
  python3 "$here/same_tree.py" "$root" bundle/rootfs
  [ ! -e "$root/opt/venv/bin/pip" ]
fi

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
container=$(image from hello)
command=$(image inspect --type image hello | python3 -c '
import json, sys
print(" ".join(json.load(sys.stdin)["OCIv1"]["config"]["Cmd"]))')
[ "$command" = "tinyserve hello:app" ] || {
  echo "the image's command is: $command" >&2
  exit 1
}
image run --isolation chroot --network host "$container" -- python -c 'import tinyserve, tinygreet, colour'
# shellcheck disable=SC2086 # the image's own words
image run --isolation chroot --network host --env "PORT=$port" "$container" -- $command \
  >service.log 2>&1 &
service=$!
answer=$(curl -s --retry 20 --retry-delay 1 --retry-connrefused "http://127.0.0.1:$port/cook") || {
  cat service.log >&2
  exit 1
}
echo "$answer"
[ "$answer" = "hello, cook from the kitchen" ]
curl -s "http://127.0.0.1:$port/stop" >/dev/null
wait "$service"

#!/bin/sh
# What `render --as bake` writes, read by buildx's own reader: the targets that it makes of the file are those
# of the file, also where a text holds what a template of a bake file begins with. Half a gigabyte of modules
# is fetched once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${RAMEKIN:=$here/../../build/src/ramekin}"
: "${RAMEKIN_E2E:=$here/../../build/e2e}"

skip() {
  echo "$*"
  exit 77
}

command -v go >/dev/null || skip 'go is not installed'
mkdir -p "$RAMEKIN_E2E"
work=$(mktemp -d "$RAMEKIN_E2E/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

reader=$RAMEKIN_E2E/bake-read
if [ ! -x "$reader" ] || [ -n "$(find "$here/bake" -newer "$reader" -type f)" ]; then
  cd "$here/bake"
  timeout 600 go mod download 2>"$work/log" || skip "the modules cannot be had: $(tail -n 1 "$work/log")"
  CGO_ENABLED=0 go build -mod=readonly -o "$reader" .
fi

cd "$work"
cat >ramekin.yaml <<'END'
version: 1
name: hello
base: python:3.11-slim-bookworm
python: 3.11
libc: glibc 2.36
platforms: [linux/amd64, linux/arm64]
matrix: {default: {mood: calm}, "two.0": {mood: fancy}, two-0: {mood: odd}}
secrets: {key: {file: "keys/${x}%{y}$z.txt"}}
stages:
  - run: {script: "echo made", secrets: [key], when: {mood: calm}}
env: {MOOD: $(mood)}
END
mkdir keys
# shellcheck disable=SC2016 # the name of a file
touch 'keys/${x}%{y}$z.txt'
"$RAMEKIN" render -q --as bake -o out
cd out
"$reader" docker-bake.json default >read.json
python3 - <<'END'
import json, os
read, written = (json.load(open(name)) for name in ("read.json", "docker-bake.json"))
assert sorted(read["target"]) == sorted(written["target"]) and len(read["target"]) == 6
for name, target in read["target"].items():
    theirs = {key: target[key] for key in ("context", "dockerfile", "platforms", "tags", "labels")}
    assert theirs == {key: written["target"][name][key] for key in theirs}, name
    assert os.path.isfile(os.path.join(target["context"], "Dockerfile"))
assert read["target"]["default-linux-amd64"]["secret"] == ["id=key,src=../keys/${x}%{y}$z.txt"]
print("6 targets")
END

#!/bin/sh
# run.sh [--update] [TOPIC|TOPIC/NAME]...: runs golden cases and prints TAP; see tests/README.md.
#
# A case is a folder TOPIC/NAME with a shell text `cmd`. It is run in a scratch copy of the folder,
# with nothing of the caller's environment but where ramekin is, and what it writes and how it ends
# are compared with the files stdout, stderr (absent: empty), exit (absent: 0) and, if there is one,
# tree (digests of all files afterwards). With a universe.json, in the case or its topic, a loopback
# index stands while it runs. --update writes these files instead.
set -eu
cases=$(cd "$(dirname "$0")" && pwd)
program=${RAMEKIN:-$cases/../../build/src/ramekin}
update=
if [ "${1-}" = --update ]; then
  update=1
  shift
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$work/bin"
[ ! -x "$program" ] || ln -s "$(realpath "$program")" "$work/bin/ramekin"

# list [TOPIC|TOPIC/NAME]...: the cases asked for, one a line.
list() {
  (cd "$cases" && find "${@:-.}" -name cmd -type f) | sed 's,^\./,,; s,/cmd$,,' | LC_ALL=C sort
}

# digests DIR: "sha256  path" of each file below DIR.
digests() {
  (cd "$1" && find . -type f -exec sha256sum {} +) | sed 's,  \./,  ,' | LC_ALL=C sort -k 2
}

# constant DIR <TEXT: ports and places that differ from run to run get names.
constant() {
  # shellcheck disable=SC2046 # host names hold no blanks
  set -- "$1" $(cat "$1/ports" 2>/dev/null || echo no-port no-port) no-tls no-tls
  sed -e "s,$2,INDEX,g" -e "s,$3,OTHER,g" -e "s,$4,TLS,g" -e "s,localhost:${4##*:},TLS_NAME,g" \
    -e "s,$5,TLS_CA,g" -e "s,$1/case,SCRATCH,g" -e "s,$1,SCRATCH/..,g"
}

# run CASE DIR: leaves DIR/out/{stdout,stderr,exit,tree}.
run() {
  topic=${1%%/*}
  mkdir "$2" "$2/out" "$2/home" "$2/cache" "$2/config" "$2/data"
  cp -R "$cases/$1" "$2/case"
  mv "$2/case/cmd" "$2/cmd"
  for part in stdout stderr exit tree universe.json; do
    rm -f "$2/case/$part"
  done
  universe=
  for place in "$1" "$topic"; do
    [ -n "$universe" ] || [ ! -f "$cases/$place/universe.json" ] ||
      universe=$cases/$place/universe.json
  done
  # The port of a closed service stands where no index does: no case can reach the internet.
  # shellcheck disable=SC2016 # expanded by the shell inside
  inner='echo "$INDEX_HOST $OTHER_HOST ${TLS_HOST-no-tls} ${TLS_CA-no-tls}" >"$SCRATCH/ports"
    PIP_INDEX_URL=$INDEX_URL/simple/ && export PIP_INDEX_URL && cd "$SCRATCH/case" && exec sh -eu ../cmd'
  set -- "$1" "$2" timeout 120 sh -c "$inner"
  if [ -n "$universe" ]; then
    dir=$2 name=$1
    shift 2
    set -- "$name" "$dir" python3 "$cases/../server/server.py" --log "$dir/requests" "$universe" -- "$@"
  fi
  dir=$2
  shift 2
  status=0
  env -i PATH="$work/bin:$PATH" SCRATCH="$dir" REQUESTS="$dir/requests" TOPIC="$cases/$topic" \
    HOME="$dir/home" XDG_CACHE_HOME="$dir/cache" XDG_CONFIG_HOME="$dir/config" \
    XDG_DATA_HOME="$dir/data" PIP_CONFIG_FILE=/dev/null LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1 \
    G_SLICE="${G_SLICE-}" G_DEBUG="${G_DEBUG-}" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
    LSAN_OPTIONS="${LSAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" PYTHONDONTWRITEBYTECODE=1 \
    INDEX_HOST=127.0.0.1:9 OTHER_HOST=127.0.0.1:9 INDEX_URL=http://127.0.0.1:9 \
    OTHER_URL=http://127.0.0.1:9 \
    "$@" </dev/null >"$dir/stdout" 2>"$dir/stderr" || status=$?
  constant "$dir" <"$dir/stdout" >"$dir/out/stdout"
  constant "$dir" <"$dir/stderr" >"$dir/out/stderr"
  echo "$status" >"$dir/out/exit"
  digests "$dir/case" >"$dir/out/tree"
}

# expected CASE PART: what the case's description says, with the default of what is absent.
expected() {
  if [ -f "$cases/$1/$2" ]; then
    cat "$cases/$1/$2"
  elif [ "$2" = exit ]; then
    echo 0
  fi
}

# record CASE DIR: writes what came out into the case's folder.
record() {
  for part in stdout stderr exit tree; do
    [ "$part" != tree ] || [ -f "$cases/$1/tree" ] || continue
    cp "$2/out/$part" "$cases/$1/$part"
  done
  [ -s "$cases/$1/stdout" ] || rm -f "$cases/$1/stdout"
  [ -s "$cases/$1/stderr" ] || rm -f "$cases/$1/stderr"
  [ "$(cat "$cases/$1/exit")" != 0 ] || rm -f "$cases/$1/exit"
}

# compare CASE DIR: prints what differs; fails if anything does.
compare() {
  same=0
  for part in stdout stderr exit tree; do
    [ "$part" != tree ] || [ -f "$cases/$1/tree" ] || continue
    expected "$1" "$part" >"$2/expected"
    diff -u --label "$part expected" --label "$part found" "$2/expected" "$2/out/$part" >"$2/diff" || {
      sed 's/^/# /' "$2/diff"
      same=1
    }
  done
  return $same
}

list "$@" >"$work/list"
count=$(wc -l <"$work/list")
if [ "$count" = 0 ]; then
  echo "Bail out! no such case: $*"
  exit 1
fi
echo "1..$count"
number=0 failed=0
while read -r case; do
  number=$((number + 1))
  run "$case" "$work/$number"
  if [ -n "$update" ]; then
    record "$case" "$work/$number"
    echo "ok $number $case"
  elif compare "$case" "$work/$number"; then
    echo "ok $number $case"
  else
    echo "not ok $number $case"
    failed=1
  fi
  rm -rf "${work:?}/$number"
done <"$work/list"
exit $failed

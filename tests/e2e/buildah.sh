# shellcheck shell=sh
# What the tests with buildah share; sourced. Sets $here and $work, which is removed at the end.

skip() {
  echo "$*"
  exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
for program in buildah mmdebstrap python3 curl; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
[ "$(id -u)" = 0 ] || skip "only root can make the base and build in a chroot"
: "${RAMEKIN:=$here/../../build/src/ramekin}"
: "${RAMEKIN_E2E:=$here/../../build/e2e}"
PATH=$(dirname "$RAMEKIN"):$PATH
mkdir -p "$RAMEKIN_E2E"
work=$(mktemp -d "$RAMEKIN_E2E/work.XXXXXX")
export PATH HOME="$work/home" XDG_CACHE_HOME="$work/cache" PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL

image() {
  buildah --storage-driver "$storage" --root "$work/storage" --runroot "$work/run" "$@"
}

clean() {
  [ -z "$index" ] || kill "$index" 2>/dev/null || true
  image rm --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

# overlay is quicker, but not to be had over another overlay
storage=overlay
index=
image info >/dev/null 2>&1 || {
  rm -rf "$work/storage" "$work/run"
  storage=vfs
}

# base DIR: a Debian 12 with Python as OCI layout; with BASE_KIND=docker its Python lies in /usr/local.
base() {
  said=$(RAMEKIN_E2E=$RAMEKIN_E2E "$here/make_base.sh" "${BASE_KIND:-debian}" "$1") || {
    status=$?
    [ "$status" != 77 ] || skip "$said"
    exit "$status"
  }
}

# build DIR TAG: builds DIR/Dockerfile; the base's path counts from the current folder.
build() {
  image bud --isolation chroot --network host --layers=false --format oci -t "$2" \
    -f "$1/Dockerfile" "$1" >"$work/bud.log" 2>&1 || {
    cat "$1/Dockerfile" "$work/bud.log" >&2
    return 1
  }
}

# start_index UNIVERSE: a loopback index until the test ends; sets $INDEX_URL.
start_index() {
  python3 "$here/../server/server.py" --environment "$work/index" "$1" &
  index=$!
  for _ in $(seq 100); do
    [ ! -f "$work/index" ] || break
    sleep 0.05
  done
  # shellcheck disable=SC1091 # made by the server
  . "$work/index"
}

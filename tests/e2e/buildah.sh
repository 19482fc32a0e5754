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

# base DIR: a Debian 12 with Python as OCI layout, made once and copied to DIR. The interpreter is not
# marked as externally managed, so that pip installs beside it.
base() {
  made=$RAMEKIN_E2E/base-$(cksum <"$here/buildah.sh" | tr ' ' -)
  (
    flock 9
    [ ! -d "$made" ] || exit 0
    tar=$RAMEKIN_E2E/base.tar
    # shellcheck disable=SC2016 # expanded by mmdebstrap
    mmdebstrap --quiet --mode=root --variant=minbase --include=python3,python3-pip,python3-venv \
      --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
      bookworm "$tar" >"$RAMEKIN_E2E/mmdebstrap.log" 2>&1 || exit 77
    python3 "$here/oci_layout.py" "$tar" "$made"
    rm -f "$tar"
  ) 9>"$RAMEKIN_E2E/lock" || {
    status=$?
    [ "$status" != 77 ] || skip "mmdebstrap made no base: $(tail -n 1 "$RAMEKIN_E2E/mmdebstrap.log")"
    exit "$status"
  }
  cp -R "$made" "$1"
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

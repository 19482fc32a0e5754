#!/bin/sh
# make_base.sh {debian|docker} DIR: a base image with Python as OCI layout, tagged latest, copied to DIR.
#
#   debian  Debian 12 with python3, pip and venv from its packages: /usr/lib/python3/dist-packages, one
#           layer that is not compressed. Not marked as externally managed, so that pip installs beside it.
#   docker  laid out as the python:3.11-slim image: a CPython 3.11 under /usr/local with its shared
#           library, its own standard library and site-packages with pip and setuptools, over a Debian 12
#           that has no Python; two layers, both gzip. Where there is no such CPython it is Debian's, moved
#           there and rid of Debian's own install schemes; that one has no shared library.
#
# Both run in a chroot or under bwrap: umoci unpack --image DIR:latest BUNDLE; chroot BUNDLE/rootfs python3.
# Made once (a minute) and kept in $RAMEKIN_BASES, or else $RAMEKIN_E2E or build/e2e; the second time is a
# copy. The CPython is the one of $RAMEKIN_CPYTHON (a prefix) or a 3.11 of pyenv. Exit 77 with one line on
# stdout where this machine can't make one.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kind=$1
target=$2
store=${RAMEKIN_BASES:-${RAMEKIN_E2E:-$here/../../build/e2e}}
path=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin

skip() {
  echo "$*"
  exit 77
}

# debootstrap PACKAGES TAR [OPTION…]
debootstrap() {
  packages=$1
  tar=$2
  shift 2
  mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" "$@" bookworm "$tar" \
    >"$work/log" 2>&1 || skip "mmdebstrap made no base: $(tail -n 1 "$work/log")"
}

debian() {
  # shellcheck disable=SC2016 # expanded by mmdebstrap
  debootstrap python3,python3-pip,python3-venv "$work/base.tar" \
    --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED'
  python3 "$here/oci_layout.py" "$1" "$work/base.tar"
}

find_cpython() {
  for prefix in ${RAMEKIN_CPYTHON:-"${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.11.*}; do
    if [ -x "$prefix/bin/python3.11" ] && [ -e "$prefix/lib/libpython3.11.so.1.0" ]; then
      echo "$prefix"
      return
    fi
  done
  return 1
}

# Copies a CPython to /usr/local of the root file system $1, and installs its own pip there.
install_cpython() {
  mkdir -p "$1/usr/local/bin" "$1/usr/local/lib" "$1/usr/local/include"
  cp -R "$cpython/include/python3.11" "$1/usr/local/include"
  cp "$cpython/bin/python3.11" "$cpython/bin/python3.11-config" "$1/usr/local/bin"
  cp -P "$cpython"/lib/libpython3* "$1/usr/local/lib"
  tar -C "$cpython/lib" -c --exclude=site-packages --exclude=__pycache__ --exclude=test \
    --exclude='config-*' --exclude='*.pyc' python3.11 | tar -C "$1/usr/local/lib" -x --no-same-owner
  sed -i "s|$cpython|/usr/local|g" "$1/usr/local/bin/python3.11-config" \
    "$1"/usr/local/lib/python3.11/_sysconfigdata*.py
  for link in python:python3 python3:python3.11 python3-config:python3.11-config; do
    ln -s "${link#*:}" "$1/usr/local/bin/${link%%:*}"
  done
  mkdir -p "$1/usr/local/lib/python3.11/site-packages"
  chroot "$1" ldconfig
  chroot "$1" env -i PATH=$path PYTHONDONTWRITEBYTECODE=1 python3 -m ensurepip --default-pip \
    >"$work/log" 2>&1 || skip "no pip in the docker-like base: $(tail -n 1 "$work/log")"
  find "$1/usr/local" -name __pycache__ -prune -exec rm -rf {} +
}

# Puts Debian's Python there instead.
install_moved_python() {
  debootstrap python3.11,python3-pip-whl,python3-setuptools-whl "$work/donor.tar"
  mkdir -p "$work/donor" "$1/usr/local/bin" "$1/usr/local/lib/python3.11/site-packages" "$1/wheels"
  tar -C "$work/donor" -xf "$work/donor.tar" --no-same-owner --wildcards ./usr/bin/python3.11 ./usr/lib/python3.11 \
    './usr/share/python-wheels'
  cp "$work/donor/usr/bin/python3.11" "$1/usr/local/bin"
  cp -R "$work/donor/usr/lib/python3.11" "$1/usr/local/lib"
  cp "$work/donor"/usr/share/python-wheels/*.whl "$1/wheels"
  python3 "$here/plain_python.py" "$1/usr/local/lib/python3.11"
  ln -s python3.11 "$1/usr/local/bin/python3"
  ln -s python3 "$1/usr/local/bin/python"
  # shellcheck disable=SC2016 # expanded inside
  chroot "$1" env -i PATH=$path PYTHONDONTWRITEBYTECODE=1 sh -c \
    'set -- /wheels/pip-*.whl; python3 "$1/pip" install --no-index --no-compile --root-user-action ignore --find-links /wheels pip setuptools' \
    >"$work/log" 2>&1 || skip "no pip in the docker-like base: $(tail -n 1 "$work/log")"
  rm -r "$1/wheels"
  find "$1/usr/local" -name __pycache__ -prune -exec rm -rf {} +
}

docker() {
  debootstrap ca-certificates,libbz2-1.0,libexpat1,libffi8,liblzma5,libncursesw6,libreadline8,libsqlite3-0,libssl3,libuuid1,zlib1g,libcrypt1,libnsl2,libtirpc3,netbase,tzdata \
    "$work/base.tar"
  mkdir "$work/rootfs"
  tar -C "$work/rootfs" -xpf "$work/base.tar" --exclude='./dev/*'
  if cpython=$(find_cpython); then
    install_cpython "$work/rootfs"
  else
    install_moved_python "$work/rootfs"
  fi
  tar -C "$work/rootfs" -cf "$work/python.tar" --sort=name --numeric-owner etc/ld.so.cache usr/local
  python3 "$here/oci_layout.py" --gzip --cmd python3 --env PATH="$path" --env LANG=C.UTF-8 \
    --env PYTHON_VERSION="$(chroot "$work/rootfs" python3 -c 'import platform; print(platform.python_version())')" \
    "$1" "$work/base.tar" "$work/python.tar"
}

make() {
  for program in mmdebstrap python3 flock; do
    command -v "$program" >/dev/null || skip "$program is not installed"
  done
  [ "$(id -u)" = 0 ] || skip "only root can make a base"
  work=$(mktemp -d "$store/make.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  "$kind" "$1"
}

case $kind in debian | docker) ;; *)
  sed -n 2p "$0" >&2
  exit 2
  ;;
esac
mkdir -p "$store"
made=$store/base-$kind-$(cat "$here/make_base.sh" "$here/oci_layout.py" "$here/plain_python.py" | cksum | tr ' ' -)
(
  flock 9
  [ -d "$made" ] || make "$made"
) 9>"$store/lock-$kind"
cp -R "$made" "$target"

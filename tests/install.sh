#!/bin/sh
# install.sh build|test|e2e|demo...: installs the packages of tests/packages.txt that carry one of these
# words and are missing. Needs root (or sudo) only when something is missing.
set -eu
list=$(dirname "$0")/packages.txt
missing=
for word; do
  # shellcheck disable=SC2013 # names are words
  for package in $(awk -v word="$word" '!/^#/ { for (i = 2; i <= NF; i++) if ($i == word) print $1 }' "$list"); do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' ||
      missing="$missing $package"
  done
done
[ -n "$missing" ] || exit 0

echo "== installing$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "these packages are missing, and only root can install them:$missing" >&2
    exit 1
  }
  as_root=sudo
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # both are lists of words
{
  $as_root apt-get -q update
  $as_root apt-get -q install -y --no-install-recommends $missing
}

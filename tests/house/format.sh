#!/bin/sh
# Every C file is as clang-format 14 writes it; other versions differ in details.
set -eu
cd "$(dirname "$0")/../.."
version=$(clang-format --version 2>/dev/null || true)
case $version in
*"version 14."*) ;;
*)
  echo "needs clang-format 14, found: ${version:-none}"
  exit 77
  ;;
esac
git ls-files -co --exclude-standard -- '*.c' '*.h' | xargs -r -n 40 -P 2 clang-format --dry-run -Werror

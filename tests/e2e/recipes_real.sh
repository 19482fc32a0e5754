#!/bin/sh
# The shipped recipes of the forced triton, the CUDA checks and a uv project, built from the real index over a
# local Python 3.11: what the image imports is what the recipe's story says. About 12 GB of disk and five
# minutes a row; the torch index is not asked, the default one has the same builds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${RAMEKIN:=$here/../../build/src/ramekin}"
: "${RAMEKIN_E2E:=$here/../../build/e2e}"

skip() {
  echo "$*"
  exit 77
}

command -v bwrap >/dev/null || skip 'bwrap is not installed'
mkdir -p "$RAMEKIN_E2E"
[ "$(df --output=avail -k "$RAMEKIN_E2E" | tail -n 1)" -gt 25000000 ] ||
  skip "less than 25 GB of disk are free"
work=$(mktemp -d "$RAMEKIN_E2E/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

said=$("$here/make_base.sh" docker "$work/base") || {
  status=$?
  [ "$status" != 77 ] || skip "$said"
  exit "$status"
}
for recipe in forced-triton cuda-checks uv-api; do
  cp -R "$here/../../recipes/$recipe" "$work/"
done
substitutes="--substitute-index cu124=main --substitute-base python:3.11-slim-bookworm=oci:$work/base"

# check FOLDER IMAGE CODE: builds the recipe into an image, and runs Python in it.
check() {
  cd "$work/${1%#*}"
  # shellcheck disable=SC2086 # a list of words
  "$RAMEKIN" build $substitutes "ramekin.yaml${1#"${1%#*}"}" -o "oci:$work/image" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    ! grep -q 'no index has\|could not connect' "$work/log" || skip 'the package index can not be reached'
    exit 1
  }
  tail -n 1 "$work/log"
  tag=${1#"${1%#*}"}
  tag=${tag#\#}
  "$RAMEKIN" run --cache-dir "$work/run" "oci:$work/image:${tag:-latest}" -- python3 -c "$2"
  rm -rf "$work/run" "$work/image"
}

check uv-api '
import os
from api.main import who
assert who()["service"] == "api"
assert "api:x:1000:1000::/home/app:" in open("/etc/passwd").read()
print("api of", os.environ["PYTHONPATH"])
'
check 'forced-triton#acknowledged' '
import importlib.metadata as m
import torch, transformers
assert torch.__version__ == "2.6.0+cu124", torch.__version__
assert m.version("triton") == "2.3.1" and m.version("bitsandbytes") == "0.45.0"
import triton.ops.matmul_perf_model
print("torch", torch.__version__, "with triton", m.version("triton"))
'
check 'forced-triton#fixed' '
import importlib.metadata as m
import torch, bitsandbytes
assert m.version("triton") == "3.2.0", m.version("triton")
assert torch.tensor([1.0, 2.0]).sum().item() == 3.0
print("torch", torch.__version__, "with triton", m.version("triton"))
'
check 'cuda-checks#fixed' '
import os, torch, transformers, bitsandbytes
assert torch.version.cuda == "12.4", torch.version.cuda
assert os.path.exists("/app/handler.py")
print("torch", torch.__version__, "cuda", torch.version.cuda)
'

#!/bin/bash
# The checks that travel, on a machine with a GPU and torch: healthy, and with each expectation broken.
#
#   gpu_start_check.sh SCRIPT [FOLDER]
#
# SCRIPT is check.py: build/src/plan/start_check.py, or where nothing is built what src/inline.sh makes of
# start_check.py, installed.py and start_check_jobs.py in src/plan. What it expects is written for the torch,
# the torchvision and the GPU of this machine, and changed in one place for each row. FOLDER has a check.py and
# an expect.json as ramekin wrote them for such a machine: they have to pass. Prints a row for each run with the
# exit status that was wanted and the one that came; 77 where there is no GPU or no torch. Every run imports
# torch several times; ROWS, a regular expression, leaves out rows whose title lacks it.
set -u
script=$(realpath "$1")
made=${2:+$(realpath "$2")}
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RAMEKIN_CHECK_STATE=$work/state
unset CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES
cp "$script" "$work/check.py"
wrong=0
rows=0

[ -e /dev/nvidiactl ] || [ -e /dev/dxg ] || {
  echo "no GPU is here"
  exit 77
}

# Expectations that this machine meets.
"$python" - >"$work/healthy.json" <<'END' || {
import importlib.metadata as m
import json
import torch
names = ["torch"] + ["torchvision"] * any(d.metadata["Name"] == "torchvision" for d in m.distributions())
major, minor = torch.cuda.get_device_capability()
print(json.dumps({
    "schema": "ramekin.expect/1", "image": "proof", "gpu_needed": True, "min_cuda": torch.version.cuda,
    "min_vram": 8 * 10**9, "min_gpus": 1, "storage": {"disk": 10**6},
    "torch": {"version": torch.__version__, "cuda": torch.version.cuda},
    "arch": [{"library": "torch", "groups": [torch._C._cuda_getArchFlags().split()]}],
    "distributions": {name: m.version(name) for name in names},
    "closed_folders": {"torch": ["torch/_inductor/kernel"]}, "ghosts": [],
    "runtime": [{"kind": "import", "at": "ramekin.yaml:9", "items": names},
                {"kind": "cuda", "at": "ramekin.yaml:10", "items": [torch.version.cuda]},
                {"kind": "symbol", "at": "ramekin.yaml:11", "items": ["torch.nn:Linear"]}],
    "gpu": [{"kind": "python", "at": "ramekin.yaml:13", "items": [
        "import torch\nassert torch.ones(3, device='cuda').sum().item() == 3"]}],
}))
END
  echo "no torch that uses a GPU is here"
  exit 77
}

# row TITLE STATUS WORDS CHANGE [OPTION…]: runs the check with the keys of CHANGE (JSON) over the healthy ones;
# WORDS have to stand in what it says. Variables of $environment are set.
environment=()
row() {
  local title=$1 wanted=$2 words=$3 change=$4 status mark=ok began=${EPOCHREALTIME/./}
  shift 4
  [[ $title =~ ${ROWS:-.} ]] || return 0
  CHANGE=$change "$python" -c 'import json, os, sys
print(json.dumps(dict(json.load(open(sys.argv[1])), **json.loads(os.environ["CHANGE"]))))' \
    "$work/healthy.json" >"$work/expect.json"
  env "${environment[@]}" "$python" "$work/check.py" "$@" >"$work/out" 2>"$work/said"
  status=$?
  [ -z "$words" ] || grep -qF -- "$words" "$work/out" "$work/said" || mark='no such words'
  [ "$status" = "$wanted" ] || mark='wrong status'
  tell "$wanted" "$status" "$mark" "$began" "$title"
}

tell() {
  rows=$((rows + 1))
  printf '%-6s %-6s %-13s %7d ms  %s\n' "$1" "$2" "$3" $(((${EPOCHREALTIME/./} - $4) / 1000)) "$5"
  grep -hE 'FAIL|fail' "$work/said" | grep -v '^ ' | cut -c1-170 | sed 's/^/         /'
  [ "$3" = ok ] && return
  wrong=$((wrong + 1))
  sed 's/^/         | /' "$work/said"
}

# stub NAME CODE: a package that stands before the machine's own.
stub() {
  mkdir -p "$work/stubs/$1/$1"
  printf '%b' "$2" >"$work/stubs/$1/$1/__init__.py"
  environment=("PYTHONPATH=$work/stubs/$1:${PYTHONPATH:-}")
}

item() {
  printf '{"%s": [{"kind": "%s", "at": "ramekin.yaml:21", "items": ["%s"]}]}' "$1" "$2" "$3"
}

"$python" -c 'import torch
print("torch %s, %s, %s" % (torch.__version__, torch.cuda.get_device_name(), torch._C._cuda_getArchFlags()))'
printf '%-6s %-6s %-13s %10s  %s\n' wanted actual '' '' row

row 'as it should be' 0 'PASS compute' '{}'
[ "$rows" = 0 ] || cp "$work/said" "$work/first"
row 'as it should be, one process at a time' 0 'PASS compute' '{}' --jobs 1
row '--health after it' 0 '' '{}' --health
row '--wrap hands the status on' 7 '' '{}' --wrap sh -c 'exit 7'
if [ -n "$made" ]; then
  began=${EPOCHREALTIME/./}
  "$python" "$made/check.py" --json >"$work/out" 2>"$work/said"
  status=$?
  tell 0 "$status" "$([ "$status" = 0 ] && echo ok || echo 'wrong status')" "$began" 'both files as ramekin wrote them'
fi

environment=(CUDA_VISIBLE_DEVICES=)
row 'devices hidden by CUDA_VISIBLE_DEVICES' 10 'CUDA_VISIBLE_DEVICES' '{}'
mkdir "$work/driver"
echo 'no library' >"$work/driver/libcuda.so.1"
environment=("LD_LIBRARY_PATH=$work/driver:${LD_LIBRARY_PATH:-}")
row 'a libcuda that is none' 10 'FAIL env' '{}'
environment=()
row 'more GPUs than there are' 10 'FAIL devices' '{"min_gpus": 99}'
row 'driver too old' 11 'FAIL driver' '{"min_cuda": "99.1"}'
row 'no code for this GPU' 12 'FAIL arch' '{"arch": [{"library": "lib.so", "groups": [["sm_50", "compute_999"]]}]}'
row 'device memory' 13 'FAIL devices' '{"min_vram": 9000000000000}'
row 'another version is installed' 14 'FAIL distributions' '{"distributions": {"torch": "0.1"}}'
row 'not installed at all' 14 'it is not installed' '{"distributions": {"no-such": "1"}}'
row 'torch of another CUDA' 14 'another torch' '{"torch": {"cuda": "1.0"}}'
row 'cuda: of the recipe' 14 'ramekin.yaml:21' "$(item runtime cuda 1.0)"
row 'missing module' 15 'ramekin.yaml:21' "$(item runtime import no_such_module)"
row 'missing submodule' 15 'ramekin.yaml:21' "$(item runtime module torch.no_such)"
row 'missing symbol' 15 'ramekin.yaml:21' "$(item runtime symbol torch:no_such)"
row 'import hangs' 15 'still running after 2 seconds' "$(item runtime python 'import time; time.sleep(60)')" --timeout 2 --only runtime
stub torch "raise ImportError('libtorch_cuda.so: undefined symbol')\n"
row 'torch does not import' 16 'undefined symbol' '{"runtime": [], "gpu": [], "arch": [{"library": "torch", "groups": [["compute_50"]]}], "distributions": {"torch": "'"$("$python" -c 'import importlib.metadata as m; print(m.version("torch"))')"'"}}'
environment=()
row 'kernel fails on the device' 16 'device-side assert' "$(item gpu python "import torch\\nx = torch.zeros(2, device='cuda')[torch.tensor([9]).cuda()].sum().item()")"
row 'assertion about the device' 16 'ramekin.yaml:21' "$(item gpu python "import torch\\nassert torch.cuda.get_device_capability() < (1, 0)")"

# A program with code for one other GPU alone: the driver has no kernel image for this one.
if command -v nvcc >/dev/null; then
  cat >"$work/other.cu" <<'END'
#include <cstdio>
__global__ void nothing() {}
int main() {
    nothing<<<1, 1>>>();
    cudaError_t error = cudaDeviceSynchronize();
    error = error ? error : cudaGetLastError();
    puts(cudaGetErrorString(error));
    return error != cudaSuccess;
}
END
  other=$("$python" -c 'import torch; print(80 if torch.cuda.get_device_capability()[0] != 8 else 90)')
  if nvcc -o "$work/other" -gencode "arch=compute_$other,code=sm_$other" "$work/other.cu" >"$work/log" 2>&1; then
    row "a program for sm_$other alone" 16 'FAIL gpu/cmd' "$(item gpu cmd "$work/other")"
  fi
fi

if grep -q '"torchvision"' "$work/healthy.json"; then
  stub torchvision "class ops:\n    @staticmethod\n    def nms(*args):\n        raise RuntimeError('no kernel image is available')\n"
  row 'kernels of torchvision' 17 'no kernel image' '{"runtime": []}'
  environment=()
fi
row 'shared memory' 18 'FAIL storage' '{"storage": {"shm": 1000000000000000}}'
row 'the first cause decides' 11 'FAIL storage' '{"min_cuda": "99.1", "storage": {"shm": 1000000000000000}}'
row '--health after a failure' 1 '' '{"min_cuda": "99.1"}' --health
row '--warn' 0 'FAIL driver' '{"min_cuda": "99.1"}' --warn
row 'unknown argument' 64 'check:' '{}' --nothing
row 'expect.json of another schema' 64 'check:' '{"schema": "other"}'

echo
[ ! -e "$work/first" ] || sed 's/^/    /' "$work/first"
echo "$rows rows, $wrong wrong"
[ "$wrong" = 0 ]

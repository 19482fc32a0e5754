#!/bin/sh
# The rendered Dockerfile of a recipe with three stages, the last forced, built by buildah: the
# distributions and files of the site directory are those that the plan tells, and the whole tree is
# that of the image which ramekin writes itself.
set -eu
# shellcheck source=tests/e2e/buildah.sh
. "$(dirname "$0")/buildah.sh"

start_index "$here/three_stages.json"
base "$work/base"
cd "$work"
cat >requirements.txt <<'END'
bitsandbytes==0.45.0
nvidia-a ; python_version < "4"
nvidia-b  # shares a file with nvidia-a
blinker
END
cat >constraints.txt <<'END'
torch>=2.6.0,<2.7.0
numpy<2
nvidia-a==1.0
END
cat >ramekin.yaml <<END
version: 1
name: three-stages
base: oci:base
indexes:
  main: $INDEX_URL/main/
  cu124: $INDEX_URL/cu124/
stages:
  - pip: {name: torch, install: [torch==2.6.0], index: cu124}
  # What the worker needs, under its constraints.
  - pip: {name: worker, requirements: requirements.txt, constraints: constraints.txt}
  - pip:
      name: triton
      install: [triton==2.3.1, nvidia-a==2.0]
      force_reinstall: true
      no_deps: true
      acknowledge:
        - {dist: torch, requires: triton==3.2.0, why: "bitsandbytes 0.45.0 imports triton.ops"}
ignore:
  - {finding: file-lost, match: nvidia-b, why: "an empty __init__.py"}
checks:
  build:
    - version: [triton==2.3.1, torch==2.6.0+cu124]
  runtime:
    - version: [triton==2.3.1]
healthcheck: generated
END
ramekin lock
ramekin plan --format json >plan.json
ramekin render -o out
build out worker
container=$(image from worker)
root=$(image mount "$container")
set -- "$root" plan.json "$here/three_stages.json"
if [ "${BASE_KIND:-debian}" = docker ]; then
  command -v umoci >/dev/null || skip 'umoci is not installed: the base was not compared'
  umoci unpack --image base:latest plain >/dev/null
  set -- "$@" plain/rootfs
fi
python3 "$here/site_equals_plan.py" "$@"

command -v umoci >/dev/null || skip 'umoci is not installed: the images were not compared'
ramekin build -o oci:built
umoci unpack --image built:latest bundle >/dev/null
python3 "$here/same_tree.py" "$root" bundle/rootfs

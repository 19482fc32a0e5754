#!/bin/sh
# Which changed distribution makes a command fail: one, two together, one that is gone, one that comes along,
# what can't be told; over a base of this machine's shell, whose tests look at what is installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${RAMEKIN:=$here/../../build/src/ramekin}"
: "${RAMEKIN_E2E:=$here/../../build/e2e}"
if [ -z "${INDEX_URL-}" ]; then
  command -v bwrap >/dev/null || command -v crun >/dev/null || command -v runc >/dev/null || {
    echo "no runner is installed"
    exit 77
  }
  mkdir -p "$RAMEKIN_E2E"
  work=$(mktemp -d "$RAMEKIN_E2E/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  chmod 755 "$work"
  export work RAMEKIN HOME="$work/home" XDG_CACHE_HOME="$work/cache" PIP_CONFIG_FILE=/dev/null
  unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL
  python3 "$here/../server/server.py" "$here/bisect.json" -- sh "$0"
  exit
fi

cd "$work"
python3 "$here/../cases/base/layout.py" base usr/bin/sh=@/bin/dash \
  lib/x86_64-linux-gnu/libc.so.6=@/lib/x86_64-linux-gnu/libc.so.6 \
  lib64/ld-linux-x86-64.so.2=@/lib64/ld-linux-x86-64.so.2
cat >ramekin.yaml <<END
version: 1
name: parts
base: oci:base
python: 3.11
indexes: {main: "$INDEX_URL/simple/"}
matrix:
  old: {pins: [a==1, b==1, c==1, d==1, e==1, gone==1, same==1]}
  new: {pins: [a==2, b==2, c==2, d==2, e==2, fresh==2, same==1]}
stages:
  - pip: {name: parts, install: [\$(pins)]}
  - files: [{content: "kitchen\n", dest: /etc/place}]
END

# have NAME VERSION: whether it is installed, in a shell without any other program.
# shellcheck disable=SC2016 # the shell of the sandbox expands it
have='cd /usr/local/lib/python3.11/site-packages; have() { [ -e "$1-$2.dist-info" ]; }; '

# bisect EXPECTED STATUS SCRIPT [OPTION]...
bisect() {
  expected=$1 status=$2 script=$3
  shift 3
  found=0
  "$RAMEKIN" bisect "$@" ramekin.yaml#old ramekin.yaml#new -- sh -c "$have$script" >said 2>log || found=$?
  if [ "$(sed -n 1p said)" != "$expected" ] || [ "$found" != "$status" ]; then
    echo "expected: $expected (exit $status)"
    echo "found (exit $found):"
    cat said log
    exit 1
  fi >&2
}

bisect 'b 1 -> 2 makes the command fail' 0 'have b 1'
grep -q '^step 1: 0 of 7 changes: good (exit 0)$' log
bisect 'a 1 -> 2, e 1 -> 2 make the command fail, together' 0 'have a 1 || have e 1'
bisect 'gone 1 (gone) makes the command fail' 0 'have gone 1'
bisect 'c 1 -> 2 makes the command fail' 0 'have d 1'
grep -q '^  along with it, by what they require: d 1 -> 2$' said
bisect 'the command does not succeed with ramekin.yaml#old as it is' 1 'exit 3'
bisect 'the command does not fail with the distributions of ramekin.yaml#new in ramekin.yaml#old: something else makes the difference' 1 'have same 1'
bisect 'one of these makes the command fail: a 1 -> 2, b 1 -> 2, c 1 -> 2, d 1 -> 2, e 1 -> 2' 1 \
  'if have a 2 && ! have e 2; then exit 125; fi; have c 1'
"$RAMEKIN" bisect -q --format json ramekin.yaml#old ramekin.yaml#new -- sh -c "${have}! have fresh 2" >result.json
python3 - <<'END'
import json
result = json.load(open("result.json"))
assert result["schema"] == "ramekin.bisect/1" and result["outcome"] == "found" and result["changes"] == 7
assert result["culprits"] == [{"name": "fresh", "before": None, "after": "2"}] == result["moved"]
assert result["steps"][0] == "step 1: 0 of 7 changes: good (exit 0)"
END
if "$RAMEKIN" bisect -q ramekin.yaml#old ramekin.yaml#old -- true 2>/dev/null; then exit 1; fi
echo "found what makes it fail"

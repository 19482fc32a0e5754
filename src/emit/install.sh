#!/bin/sh
#@head
# Made by ramekin.
#@end
#
#   install.sh [--uv] [--python COMMAND] [--gpu] [FOLDER]
#
# makes FOLDER (.venv), a virtual environment with exactly what is locked: stage by stage, each file by its
# digest. At last verify.py compares what is there with what is expected. A FOLDER that is this environment
# already is only compared; one that is something else is left alone.
#
#   --uv              uv installs instead of pip, and brings Python where there is none
#   --python COMMAND  the Python to take (or $PYTHON); else the first on PATH that fits
#   --gpu             do the checks that need a GPU too
set -eu

#@settings
series=3.11
identity=0
uv_refused=''
root=.
#@end

say() { printf 'install.sh: %s\n' "$1" >&2; }
fail() {
  say "error: $1"
  exit 1
}

#@here
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
#@end

installer=pip
python=${PYTHON:-}
gpu=
venv=
while [ $# -gt 0 ]; do
  case $1 in
  --uv) installer=uv ;;
  --gpu) gpu=yes ;;
  --python)
    [ $# -gt 1 ] || fail '--python needs a command'
    python=$2
    shift
    ;;
  -*) fail "there is no option $1; the first lines of this file say which there are" ;;
  *)
    [ -z "$venv" ] || fail 'one folder, please'
    venv=$1
    ;;
  esac
  shift
done
venv=${venv:-.venv}
case $venv in
/*) ;;
*) venv=$PWD/$venv ;;
esac
[ "$installer" = pip ] || [ -z "$uv_refused" ] || fail "$uv_refused; leave out --uv"
[ "$installer" = pip ] || command -v uv >/dev/null || fail 'uv is not on PATH'

mark=$venv/ramekin-environment
inside=$venv/bin/python

verify() {
  "$inside" "$here/verify.py" || return 1
  [ -z "$gpu" ] || "$inside" "$here/verify.py" --gpu
}

find_python() {
  reason="there is no Python $series on PATH; name one with --python, or let uv bring it with --uv"
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || continue
    reason=$("$command" "$here/verify.py" --machine 2>&1) && python=$command && return
  done
  fail "$reason"
}

make_venv() {
  if [ "$installer" = uv ]; then
    uv venv --allow-existing --python "${python:-$series}" "$venv" || fail 'uv could not make it'
  else
    "$python" -m venv "$venv" || fail "$python could not make it"
  fi
  reason=$("$inside" "$here/verify.py" --machine 2>&1) || fail "$reason"
}

stage() { say "stage $1"; }

# install LIST OPTION...: what requirements/LIST names, and nothing for its sake.
install() {
  list=$here/requirements/$1
  shift
  if [ "$installer" = uv ]; then
    # uv's own name for it is heeded above its environment variables.
    for word; do
      shift
      [ "$word" != --index-url ] || word=--default-index
      set -- "$@" "$word"
    done
    uv pip install --python "$inside" --no-deps "$@" -r "$list" || fail "uv could not install $list"
  else
    "$inside" -m pip --disable-pip-version-check install --no-deps "$@" -r "$list" ||
      fail "pip could not install $list"
  fi
}

# shellcheck disable=SC2317
remove() {
  if [ "$installer" = uv ]; then
    uv pip uninstall --python "$inside" "$@" || fail "uv could not remove $*"
  else
    "$inside" -m pip --disable-pip-version-check uninstall --yes "$@" || fail "pip could not remove $*"
  fi
}

state=
if [ -d "$venv" ] && [ -n "$(ls -A "$venv")" ]; then
  state=unknown
  [ ! -f "$mark" ] || state=$(cat "$mark")
elif [ -e "$venv" ] && [ ! -d "$venv" ]; then
  fail "$venv is not a folder"
fi
case $state in
'') ;;
"$identity complete")
  say "$venv is this environment already"
  verify || fail "$venv is no longer what was installed; remove it and run this again"
  exit 0
  ;;
"$identity begun")
  say "an earlier run did not finish $venv; it is made anew"
  rm -rf "$venv"
  ;;
*' complete' | *' begun') fail "$venv holds another environment; remove it, or name another folder" ;;
*) fail "$venv holds something else; name another folder" ;;
esac

if [ "$installer" = pip ] && [ -n "$python" ]; then
  find_python "$python"
elif [ "$installer" = pip ]; then
  find_python "python$series" python3 python
fi
mkdir -p "$venv"
echo "$identity begun" >"$mark"
make_venv
cd "$root"
#@stages
stage 'nothing'
install nothing.txt --require-hashes
remove nothing
#@end
verify || fail "$venv is not what is expected"
echo "$identity complete" >"$mark"
say "$venv is complete"

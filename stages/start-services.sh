#!/bin/sh
# start-services [COMMAND [ARGUMENT]...]: SSH for the keys in $PUBLIC_KEY, JupyterLab on $JUPYTER_PORT, then the
# command in this very process, so that it gets the signals. Without a command the container waits.
set -eu

say() {
  printf 'start-services: %s\n' "$*" >&2
}

# hook FILE: runs it if it is there.
hook() {
  if [ -x "$1" ]; then
    "$1"
  elif [ -f "$1" ]; then
    sh "$1"
  fi
}

# Sessions see what the container's environment says, PATH among it.
save_environment() {
  (
    umask 077
    unset HOME LOGNAME MAIL OLDPWD PWD SHELL SHLVL TERM USER _
    export -p >/etc/profile.d/container.sh
  )
}

# The image has empty files in their place: no two containers share a key.
make_host_keys() {
  for key in /etc/ssh/ssh_host_*_key; do
    [ ! -s "$key" ] || continue
    kind=${key#/etc/ssh/ssh_host_}
    rm -f "$key" "$key.pub"
    ssh-keygen -q -N '' -t "${kind%_key}" -f "$key"
  done
}

start_ssh() {
  [ -x /usr/sbin/sshd ] || return 0
  if [ -z "${PUBLIC_KEY-}" ]; then
    say 'no SSH: PUBLIC_KEY is empty'
    return 0
  fi
  if [ "$(id -u)" != 0 ]; then
    say 'no SSH: only root can start the server'
    return 0
  fi
  mkdir -p /root/.ssh /run/sshd
  chmod 700 /root/.ssh
  grep -qxF -e "$PUBLIC_KEY" /root/.ssh/authorized_keys 2>/dev/null ||
    printf '%s\n' "$PUBLIC_KEY" >>/root/.ssh/authorized_keys
  chmod 600 /root/.ssh/authorized_keys
  make_host_keys
  save_environment
  /usr/sbin/sshd -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no \
    -o PermitRootLogin=prohibit-password
}

# The token stands in the environment alone, where no list of processes shows it.
start_jupyter() {
  [ -n "${JUPYTER_PORT-}" ] || return 0
  if [ -z "${JUPYTER_TOKEN-}" ] && [ -n "${JUPYTER_PASSWORD-}" ]; then
    export JUPYTER_TOKEN="$JUPYTER_PASSWORD"
  fi
  origin=
  if [ -n "${RUNPOD_POD_ID-}" ]; then
    origin=https://$RUNPOD_POD_ID-$JUPYTER_PORT.proxy.runpod.net
  fi
  mkdir -p "${JUPYTER_DIR:=/root}"
  jupyter lab --no-browser --allow-root --ip=0.0.0.0 --port="$JUPYTER_PORT" \
    --ServerApp.root_dir="$JUPYTER_DIR" --ServerApp.allow_origin="$origin" &
}

hook /pre_start.sh
start_ssh
start_jupyter
hook /post_start.sh

if [ $# -gt 0 ]; then
  exec "$@"
fi
# The first process of a container dies of no signal that it does not catch.
trap 'exit 0' HUP INT TERM
while :; do
  sleep 3600 &
  wait $!
done

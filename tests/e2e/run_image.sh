#!/bin/sh
# run_image.sh DIR:TAG FOLDER [COMMAND…]: unpacks an image of an OCI layout into FOLDER, once, and runs the
# command, or the image's own, under bubblewrap as the image says: environment, working folder. The network
# is the machine's; $PORT is passed on.
set -eu
image=$1
folder=$2
shift 2
[ -d "$folder/rootfs" ] || {
  rootless=
  [ "$(id -u)" = 0 ] || rootless=--rootless
  # shellcheck disable=SC2086 # absent, or one word
  umoci unpack $rootless --image "$image" "$folder" >/dev/null
}
skopeo inspect --config "oci:$image" >"$folder/config.json"
exec python3 - "$folder" "$@" <<'END'
import json
import os
import sys

folder, command = sys.argv[1], sys.argv[2:]
config = json.load(open(folder + "/config.json"))["config"]
words = ["bwrap", "--bind", folder + "/rootfs", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
words += ["--unshare-all", "--share-net", "--die-with-parent", "--chdir", config.get("WorkingDir") or "/", "--clearenv"]
environment = dict(entry.split("=", 1) for entry in config.get("Env") or [])
if "PORT" in os.environ:
    environment["PORT"] = os.environ["PORT"]
for name, value in environment.items():
    words += ["--setenv", name, value]
words += ["--"] + (command or (config.get("Entrypoint") or []) + (config.get("Cmd") or []))
os.execvp(words[0], words)
END

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
# One word a line: what bwrap is told, then the command.
python3 - "$folder/config.json" "$@" >"$folder/words" <<'END'
import json
import os
import sys

config = json.load(open(sys.argv[1]))["config"]
words = ["--chdir", config.get("WorkingDir") or "/", "--clearenv"]
environment = dict(entry.split("=", 1) for entry in config.get("Env") or [])
if "PORT" in os.environ:
    environment["PORT"] = os.environ["PORT"]
for name, value in environment.items():
    words += ["--setenv", name, value]
command = sys.argv[2:] or (config.get("Entrypoint") or []) + (config.get("Cmd") or [])
print("\n".join(word.replace("\n", " ") for word in words + ["--"] + command))
END
# The words are arguments in the order of the lines.
set --
while IFS= read -r word; do
  set -- "$@" "$word"
done <"$folder/words"
exec bwrap --bind "$folder/rootfs" / --proc /proc --dev /dev --tmpfs /tmp --unshare-all --share-net \
  --die-with-parent "$@"

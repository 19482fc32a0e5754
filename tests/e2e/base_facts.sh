#!/bin/sh
# What we read from a base's files is what the Python inside reports when it runs: for a folder, an
# OCI layout and archive, a docker archive, and an image of several layers with a virtual environment.
set -eu
# shellcheck source=tests/e2e/buildah.sh
. "$(dirname "$0")/buildah.sh"

for program in skopeo umoci; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done
base "$work/base"
cd "$work"
skopeo copy -q oci:base:latest docker-archive:docker.tar:base:one
skopeo copy -q --format oci oci:base:latest oci-archive:oci.tar:one
cp -R base layered
umoci unpack --image base:latest bundle >/dev/null
python3 "$here/base_facts.py" "$FACTS_PRINT" rootfs:bundle/rootfs oci:base oci:base:latest \
  oci-archive:oci.tar:one docker-archive:docker.tar docker-archive:docker.tar:one

# a virtual environment over the system's packages, one of which goes, in a layer of its own
umoci unpack --image layered:latest bundle2 >/dev/null
chroot bundle2/rootfs python3 -m venv --system-site-packages /opt/venv
rm -rf bundle2/rootfs/usr/lib/python3/dist-packages/wheel*
ln -s /opt/venv bundle2/rootfs/opt/link
umoci repack --image layered:venv bundle2 >/dev/null
umoci config --image layered:venv --config.env PATH=/opt/link/bin:/usr/bin:/bin
python3 "$here/base_facts.py" "$FACTS_PRINT" --path /opt/link/bin:/usr/bin:/bin \
  --rootfs bundle2/rootfs oci:layered:venv
echo "facts agree"

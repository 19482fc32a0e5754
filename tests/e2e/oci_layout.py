"""oci_layout.py ROOTFS.tar DIR: an OCI layout of one layer, tagged latest, for this machine's kind of
processor. The folder appears whole or not at all."""

import hashlib
import json
import os
import platform
import shutil
import sys

MEDIA = "application/vnd.oci.image."
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def main():
    tar, target = sys.argv[1:]
    out = target + ".part"
    shutil.rmtree(out, ignore_errors=True)
    blobs = os.path.join(out, "blobs", "sha256")
    os.makedirs(blobs)

    def descriptor(path, kind):
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = os.path.getsize(path)
        os.rename(path, os.path.join(blobs, digest))
        return {"mediaType": MEDIA + kind, "digest": "sha256:" + digest, "size": size}

    def document(value, kind):
        path = os.path.join(out, "document")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(value, stream)
        return descriptor(path, kind)

    layer_path = os.path.join(out, "layer")
    shutil.copyfile(tar, layer_path)
    layer = descriptor(layer_path, "layer.v1.tar")
    config = {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA + "manifest.v1+json",
        "config": document(config, "config.v1+json"),
        "layers": [layer],
    }
    tagged = document(manifest, "manifest.v1+json")
    tagged["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    for name, value in (
        ("index.json", {"schemaVersion": 2, "manifests": [tagged]}),
        ("oci-layout", {"imageLayoutVersion": "1.0.0"}),
    ):
        with open(os.path.join(out, name), "w", encoding="utf-8") as stream:
            json.dump(value, stream)
    shutil.rmtree(target, ignore_errors=True)
    os.rename(out, target)


main()

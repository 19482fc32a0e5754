"""oci_layout.py [--gzip] [--env KEY=VALUE]... [--cmd WORD]... DIR LAYER.tar...: an OCI layout, tagged
latest, for this machine's kind of processor. The folder appears whole or not at all."""

import argparse
import gzip
import hashlib
import json
import os
import platform
import shutil

MEDIA = "application/vnd.oci.image."
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


def sha256(path):
    with open(path, "rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--cmd", action="append", default=[])
    parser.add_argument("target")
    parser.add_argument("tars", nargs="+")
    arguments = parser.parse_args()
    out = arguments.target + ".part"
    shutil.rmtree(out, ignore_errors=True)
    blobs = os.path.join(out, "blobs", "sha256")
    os.makedirs(blobs)

    def descriptor(path, kind):
        digest, size = sha256(path), os.path.getsize(path)
        os.rename(path, os.path.join(blobs, digest[7:]))
        return {"mediaType": MEDIA + kind, "digest": digest, "size": size}

    def document(value, kind):
        path = os.path.join(out, "document")
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(value, stream)
        return descriptor(path, kind)

    def layer(tar):
        path = os.path.join(out, "layer")
        with open(tar, "rb") as stream, open(path, "wb") as raw:
            if arguments.gzip:
                with gzip.GzipFile("", "wb", 6, raw, 0) as packed:
                    shutil.copyfileobj(stream, packed, 1 << 20)
            else:
                shutil.copyfileobj(stream, raw, 1 << 20)
        return descriptor(path, "layer.v1.tar" + ("+gzip" if arguments.gzip else ""))

    settings = {"Env": arguments.env or ENV}
    if arguments.cmd:
        settings["Cmd"] = arguments.cmd
    config = {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [sha256(tar) for tar in arguments.tars]},
        # buildah adds nothing to an image of several layers that has no history
        "history": [{"created_by": os.path.basename(tar)} for tar in arguments.tars],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA + "manifest.v1+json",
        "config": document(config, "config.v1+json"),
        "layers": [layer(tar) for tar in arguments.tars],
    }
    tagged = document(manifest, "manifest.v1+json")
    tagged["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    for name, value in (
        ("index.json", {"schemaVersion": 2, "manifests": [tagged]}),
        ("oci-layout", {"imageLayoutVersion": "1.0.0"}),
    ):
        with open(os.path.join(out, name), "w", encoding="utf-8") as stream:
            json.dump(value, stream)
    shutil.rmtree(arguments.target, ignore_errors=True)
    os.rename(out, arguments.target)


main()

"""layout.py DIR [--user NAME] [--env KEY=VALUE]... [PATH=TEXT]...: an OCI layout with the least that
looks like a Python 3.11 with pip 24.0 on glibc 2.36, and more files."""

import argparse
import hashlib
import io
import json
import os
import tarfile

SITE = "usr/local/lib/python3.11/site-packages/"
FILES = {
    "lib/x86_64-linux-gnu/libc.so.6": "GNU C Library (Debian) stable release version 2.36.\n",
    "usr/local/bin/python3.11": "x\0" "3.2.0\0" "3.11.7\0x",
    "usr/local/bin/pip": "#!/usr/local/bin/python3.11\n",
    "usr/local/lib/python3.11/os.py": "",
    SITE + "pip-24.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: pip\nVersion: 24.0\n",
    SITE + "pip-24.0.dist-info/INSTALLER": "pip\n",
    SITE + "pip-24.0.dist-info/RECORD": "pip/__init__.py,,\n",
}


def layer(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("usr/local/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.11"
        tar.addfile(link)
    return stream.getvalue()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--user", default="")
    parser.add_argument("--env", action="append", default=["PATH=/usr/local/bin:/usr/bin"])
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()
    blobs = os.path.join(arguments.dir, "blobs", "sha256")
    os.makedirs(blobs)

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as stream:
            stream.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    content = put(layer(FILES | dict(pair.split("=", 1) for pair in arguments.files)))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": arguments.env, "User": arguments.user},
        "rootfs": {"type": "layers", "diff_ids": [content["digest"]]},
    }
    manifest = {"schemaVersion": 2, "config": put(json.dumps(config).encode()), "layers": [content]}
    index = {"schemaVersion": 2, "manifests": [put(json.dumps(manifest).encode())]}
    with open(os.path.join(arguments.dir, "index.json"), "w", encoding="utf-8") as stream:
        json.dump(index, stream)
    with open(os.path.join(arguments.dir, "oci-layout"), "w", encoding="utf-8") as stream:
        json.dump({"imageLayoutVersion": "1.0.0"}, stream)


main()

"""layout.py DIR [--user NAME] [--arch NAME] [--env KEY=VALUE]... [--layers N] [--hostile KIND] [PATH=TEXT]...:
an OCI layout with the least that looks like a Python 3.11 with pip 24.0 on glibc 2.36, and more
files (a TEXT of "-> TARGET" is a link, one of "*N" has N zero bytes, one of "@FILE" is a program); or
one that is wrong in some way."""

import argparse
import hashlib
import io
import json
import os
import re
import tarfile
import zlib

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


# one more entry of the layer: path, type, link, size
ENTRIES = {
    "absolute": ("/etc/passwd", tarfile.REGTYPE, "", 0),
    "climbing": ("usr/../../etc/passwd", tarfile.REGTYPE, "", 0),
    "hard-link-out": ("usr/passwd", tarfile.LNKTYPE, "../etc/passwd", 0),
    "hard-link-to-nothing": ("usr/passwd", tarfile.LNKTYPE, "etc/nothing", 0),
    "twice": ("usr/local/bin/pip", tarfile.REGTYPE, "", 0),
    "bomb": ("usr/zeros", tarfile.REGTYPE, "", 70 << 30),
    "bare-whiteout": ("usr/.wh.", tarfile.REGTYPE, "", 0),
    # layers hold these: links that lead out of the tree are followed inside it
    "link-out": ("usr/out", tarfile.SYMTYPE, "../../../../etc", 0),
    "device": ("dev/null", tarfile.CHRTYPE, "", 0),
}


def layer(files, hostile):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            if text.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, text[3:]
                tar.addfile(member)
                continue
            data = bytes(int(text[1:])) if re.fullmatch("\\*[0-9]+", text) else text.encode()
            if text.startswith("@"):
                member.mode = 0o755
                with open(text[1:], "rb") as program:
                    data = program.read()
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("usr/local/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.11"
        tar.addfile(link)
        if hostile in ENTRIES:
            entry = tarfile.TarInfo(ENTRIES[hostile][0])
            entry.type, entry.linkname, entry.size = ENTRIES[hostile][1:]
            tar.addfile(entry, None if entry.size else io.BytesIO())
    return stream.getvalue()


def damage(blob, hostile):
    """What lies where the layer should."""
    if hostile == "wrong-digest":
        return blob[:-1] + b"x"
    if hostile == "truncated":
        return blob[: len(blob) // 2]
    return blob


def wrong_gzip(data):
    """Not compressed, and with a checksum and length of nothing."""
    deflate = zlib.compressobj(0, wbits=-15)
    return b"\x1f\x8b\x08" + bytes(7) + deflate.compress(data) + deflate.flush() + bytes(8)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    parser.add_argument("--user", default="")
    parser.add_argument("--env", action="append", default=["PATH=/usr/local/bin:/usr/bin"])
    parser.add_argument("--hostile", default="")
    parser.add_argument("--arch", default="amd64")
    parser.add_argument("--layers", type=int, default=1, help="so many, all but the first empty")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_intermixed_args()
    if sum(entry.startswith("PATH=") for entry in arguments.env) > 1:
        del arguments.env[0]
    blobs = os.path.join(arguments.dir, "blobs", "sha256")
    os.makedirs(blobs)

    def put(data, instead=None):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as stream:
            stream.write(data if instead is None else instead)
        return {"digest": "sha256:" + digest, "size": len(data)}

    library = {"amd64": "x86_64", "arm64": "aarch64"}[arguments.arch]
    own = {path.replace("x86_64", library): text for path, text in FILES.items()}
    files = own | dict(pair.split("=", 1) for pair in arguments.files)
    tar = layer(files, arguments.hostile)
    blob = wrong_gzip(tar) if arguments.hostile == "broken-gzip" else tar
    content = put(blob, damage(blob, arguments.hostile))
    diff_id = "sha256:" + hashlib.sha256(tar + b"x" * (arguments.hostile == "wrong-diff-id")).hexdigest()
    empty = [put(bytes(10240)) for _ in range(1, arguments.layers)]
    empty_ids = ["sha256:" + hashlib.sha256(bytes(10240)).hexdigest() for _ in empty]
    config = {
        "architecture": arguments.arch,
        "os": "linux",
        "config": {"Env": arguments.env, "User": arguments.user},
        "rootfs": {"type": "layers", "diff_ids": [diff_id] + empty_ids},
    }
    manifest = {"schemaVersion": 2, "config": put(json.dumps(config).encode()), "layers": [content] + empty}
    index = {"schemaVersion": 2, "manifests": [put(json.dumps(manifest).encode())]}
    with open(os.path.join(arguments.dir, "index.json"), "w", encoding="utf-8") as stream:
        json.dump(index, stream)
    with open(os.path.join(arguments.dir, "oci-layout"), "w", encoding="utf-8") as stream:
        json.dump({"imageLayoutVersion": "1.0.0"}, stream)


main()

"""A small image of this machine's own programs, in three layers, as an OCI layout.

write(folder, **config) makes it: dash as /bin/sh and some of coreutils with the libraries that they need, users in
/etc/passwd, and files that the upper layers hide, replace and link. The configuration is given in the keys of
image-spec ("User", "Env" …)."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

PROGRAMS = ["cat", "env", "id", "ls", "sleep", "stat", "touch", "true", "uname"]
PASSWD = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/srv/app:/bin/sh\n"
GROUP = "root:x:0:\napp:x:1001:\nvideo:x:44:\n"


def libraries(paths):
    """The libraries of the programs, by the names under which they are loaded."""
    found = set()
    for path in paths:
        text = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
        found |= {word for word in text.split() if word.startswith("/")}
    return sorted(found)


class Layer:
    def __init__(self):
        self.stream = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.stream, mode="w", format=tarfile.PAX_FORMAT)
        self.folders = set()

    def add(self, path, kind, text=b"", mode=0o644, target="", uid=0, gid=0):
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.linkname, info.uid, info.gid = kind, mode, target, uid, gid
        info.size, info.mtime = len(text), 1000000000
        self.tar.addfile(info, io.BytesIO(text))

    def folder(self, path, mode=0o755, **more):
        if path and path not in self.folders:
            self.folder(os.path.dirname(path))
            self.folders.add(path)
            self.add(path, tarfile.DIRTYPE, mode=mode, **more)

    def file(self, path, text=b"", mode=0o644, **more):
        self.folder(os.path.dirname(path))
        self.add(path, tarfile.REGTYPE, text if isinstance(text, bytes) else text.encode(), mode, **more)

    def copy(self, path, source):
        with open(source, "rb") as stream:
            self.file(path, stream.read(), 0o755)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self.add(path, tarfile.SYMTYPE, target=target, mode=0o777)

    def hard(self, path, target):
        self.add(path, tarfile.LNKTYPE, target=target)

    def device(self, path):
        self.folder(os.path.dirname(path))
        self.add(path, tarfile.CHRTYPE, mode=0o666)

    def finish(self):
        self.tar.close()
        return self.stream.getvalue()


def lowest():
    layer = Layer()
    layer.folder("tmp", 0o1777)
    layer.folder("var/tmp", 0o1777)
    for name in ("proc", "dev", "sys", "run", "root", "srv/app/empty"):
        layer.folder(name)
    programs = {"bin/sh": shutil.which("dash")}
    programs.update({"bin/" + name: shutil.which(name) for name in PROGRAMS})
    for path, source in programs.items():
        layer.copy(path, source)
    for source in libraries(programs.values()):
        layer.copy(source.lstrip("/"), source)
    layer.file("etc/passwd", PASSWD)
    layer.file("etc/group", GROUP)
    layer.file("etc/hidden", "of the lowest")
    layer.file("data/gone/file", "of the lowest")
    layer.file("data/opaque/old", "of the lowest")
    layer.file("data/kept/old", "of the lowest")
    layer.folder("locked", 0o555)
    layer.file("srv/app/own", "app's", uid=1000, gid=1001)
    layer.device("dev/nvidia0")
    return layer.finish()


def middle():
    layer = Layer()
    layer.file("etc/.wh.hidden")
    layer.file("data/.wh.gone")
    layer.file("data/opaque/new", "of the middle")
    layer.file("data/opaque/.wh..wh..opq")
    layer.file("data/kept/new", "of the middle")
    layer.hard("data/kept/again", "data/kept/new")
    return layer.finish()


def uppermost():
    layer = Layer()
    layer.file("data/gone", "a file now")
    layer.link("data/link", "../etc/passwd")
    layer.folder("locked", 0o555)
    layer.file("locked/file", "put into a folder that is read-only")
    return layer.finish()


def put(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    os.makedirs(folder + "/blobs/sha256", exist_ok=True)
    with open(folder + "/blobs/sha256/" + digest, "wb") as stream:
        stream.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def write(folder, tars=None, **config):
    tars = tars or [lowest(), middle(), uppermost()]
    layers = [dict(put(folder, tar), mediaType="application/vnd.oci.image.layer.v1.tar") for tar in tars]
    document = {"architecture": "amd64", "os": "linux", "config": config,
                "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]}}
    described = put(folder, json.dumps(document).encode())
    described["mediaType"] = "application/vnd.oci.image.config.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": described, "layers": layers}
    entry = dict(put(folder, json.dumps(manifest).encode()), mediaType=manifest["mediaType"])
    for name, value in (("oci-layout", {"imageLayoutVersion": "1.0.0"}),
                        ("index.json", {"schemaVersion": 2, "manifests": [entry]})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            json.dump(value, stream)

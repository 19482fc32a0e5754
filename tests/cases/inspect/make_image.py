"""make_image.py DIR TAG[,TAG] PLATFORM[,PLATFORM] [KEY=FILE]...: an OCI layout whose layers are not
there, with the texts of the files as labels recipe and lock. Beside it DIR.tar, what `docker save`
would write of the first platform."""

import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import zlib

TYPE = "application/vnd.oci.image."
target, tags, platforms = sys.argv[1:4]
blobs = {}


def pack(path):
    with open(path, "rb") as stream:
        text = stream.read()
    deflate = zlib.compressobj(0, zlib.DEFLATED, -15)
    raw = deflate.compress(text) + deflate.flush()
    trailer = zlib.crc32(text).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    return base64.b64encode(bytes([31, 139, 8, 0, 0, 0, 0, 0, 0, 255]) + raw + trailer).decode()


def blob(value, kind, **more):
    text = json.dumps(value, ensure_ascii=False).encode()
    digest = "sha256:" + hashlib.sha256(text).hexdigest()
    blobs["blobs/sha256/" + digest[7:]] = text
    return {"mediaType": TYPE + kind, "digest": digest, "size": len(text), **more}


def layer(number, size):
    return {"mediaType": TYPE + "layer.v1.tar+gzip", "size": size,
            "digest": "sha256:" + hashlib.sha256(b"layer %d" % number).hexdigest()}


labels = {"org.opencontainers.image.title": "an app", "dev.ramekin.format": "1", "evil": "\x1b[31mred\nline"}
labels.update(("dev.ramekin." + key, pack(path)) for key, path in (word.split("=") for word in sys.argv[4:]))
settings = {"User": "app", "WorkingDir": "/srv", "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "MODE=fast"],
            "Entrypoint": ["python", "-m", "app server"], "Cmd": ["--port", "8000"],
            "ExposedPorts": {"8000/tcp": {}, "9000/udp": {}}, "Volumes": {"/data": {}}, "StopSignal": "SIGINT",
            "Healthcheck": {"Test": ["CMD-SHELL", "curl -f localhost:8000"]}, "Labels": labels}
layers = [layer(1, 49012345), layer(2, 766715424), layer(3, 812)]
history = [{"created_by": "ADD rootfs.tar /"}, {"created_by": "ENV MODE=fast", "empty_layer": True},
           {"created_by": "wheel torch 2.6.0, which has a long name and is told of in many words"}, {"comment": "files"}]
manifests = []
for platform in platforms.split(","):
    system, architecture, *variant = platform.split("/")
    config = {"created": "2024-05-01T00:00:00Z", "os": system, "architecture": architecture, "config": settings,
              "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in layers]}, "history": history}
    if variant:
        config["variant"] = variant[0]
    document = {"schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json",
                "config": blob(config, "config.v1+json"), "layers": layers}
    manifests.append(blob(document, "manifest.v1+json", platform={"os": system, "architecture": architecture}))
root = manifests[0]
if len(manifests) > 1:
    attestation = blob({"schemaVersion": 2}, "manifest.v1+json", platform={"os": "unknown", "architecture": "unknown"})
    root = blob({"schemaVersion": 2, "mediaType": TYPE + "index.v1+json", "manifests": manifests + [attestation]},
                "index.v1+json")
names = [{"annotations": {"org.opencontainers.image.ref.name": tag}} if tag else {} for tag in tags.split(",")]
index = {"schemaVersion": 2, "manifests": [{**root, **name} for name in names]}
files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode(), **blobs}
for path, text in files.items():
    os.makedirs(os.path.dirname(os.path.join(target, path)), exist_ok=True)
    with open(os.path.join(target, path), "wb") as stream:
        stream.write(text)
saved = [{"Config": "blobs/sha256/" + json.loads(blobs["blobs/sha256/" + manifests[0]["digest"][7:]])["config"]["digest"][7:],
          "RepoTags": ["example.org/app:v1"], "Layers": ["blobs/sha256/" + one["digest"][7:] for one in layers]}]
with tarfile.open(target + ".tar", "w") as archive:
    for path, text in {**files, "manifest.json": json.dumps(saved).encode()}.items():
        entry = tarfile.TarInfo(path)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))

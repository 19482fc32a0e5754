"""contents.py DIR [TAG]: what the layers of an image in an OCI layout hold, a heading for each."""

import gzip
import io
import json
import sys
import tarfile


def blob(folder, descriptor):
    with open("%s/blobs/%s" % (folder, descriptor["digest"].replace(":", "/")), "rb") as stream:
        return stream.read()


def show(member):
    kind = {tarfile.DIRTYPE: "/", tarfile.SYMTYPE: " -> " + member.linkname}.get(member.type, "")
    owner = "" if (member.uid, member.gid) == (0, 0) else " %d:%d" % (member.uid, member.gid)
    print("  %04o%s %10d %s%s" % (member.mode, owner, member.mtime, member.name, kind))


def layers(folder, manifest):
    config = json.loads(blob(folder, manifest["config"]))
    print("created", config.get("created"))
    notes = [entry.get("created_by") for entry in config["history"] if not entry.get("empty_layer")]
    for note, layer in zip(notes, manifest["layers"]):
        print("layer", note or "of the base")
        data = blob(folder, layer)
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        if note and note.startswith("ramekin"):
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                for member in tar:
                    show(member)


def main():
    folder, tag = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    with open(folder + "/index.json", "rb") as stream:
        entries = json.load(stream)["manifests"]
    for entry in entries:
        name = entry.get("annotations", {}).get("org.opencontainers.image.ref.name")
        if tag not in (None, name):
            continue
        document = json.loads(blob(folder, entry))
        print("image", name)
        for each in document.get("manifests", []):
            print("platform", each["platform"]["os"], each["platform"]["architecture"])
            layers(folder, json.loads(blob(folder, each)))
        if "layers" in document:
            layers(folder, document)


main()

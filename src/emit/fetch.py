"""fetch.py URL DEST SHA256 MODE STRIP AUTH: one file by URL, checked; unpacked unless STRIP is "-".

"-" also stands for no digest and no authorization."""

import hashlib
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile
import urllib.request
import zipfile

url, dest, sha256, mode, strip, auth = sys.argv[1:]


def place(name):
    parts = [part for part in name.split("/") if part not in ("", ".")][int(strip) :]
    if ".." in parts:
        sys.exit("%s: %s leaves the folder" % (url, name))
    return os.path.join(dest, *parts) if parts else None


def write(name, source, bits):
    os.makedirs(os.path.dirname(name) or "/", exist_ok=True)
    with open(name, "wb") as out:
        shutil.copyfileobj(source, out)
    os.chmod(name, bits)


def unpack(data):
    is_zip = zipfile.is_zipfile(data)
    data.seek(0)
    if is_zip:
        with zipfile.ZipFile(data) as archive:
            for info in archive.infolist():
                name = place(info.filename)
                if name and not info.is_dir():
                    bits = 0o755 if info.external_attr >> 16 & 0o111 else 0o644
                    write(name, archive.open(info), bits)
        return
    with tarfile.open(fileobj=data) as archive:
        for info in archive:
            name = place(info.name)
            if name and info.isfile():
                write(name, archive.extractfile(info), 0o755 if info.mode & 0o111 else 0o644)
            elif name and info.issym():
                os.makedirs(os.path.dirname(name), exist_ok=True)
                os.symlink(info.linkname, name)


request = urllib.request.Request(url)
if auth != "-":
    token = pathlib.Path(auth).read_text().strip()
    request.add_unredirected_header("Authorization", "Bearer " + token)
with tempfile.TemporaryFile() as data:
    digest = hashlib.sha256()
    with urllib.request.urlopen(request) as answer:
        for block in iter(lambda: answer.read(1 << 20), b""):
            digest.update(block)
            data.write(block)
    if sha256 not in ("-", digest.hexdigest()):
        sys.exit("%s: sha256 is %s, expected %s" % (url, digest.hexdigest(), sha256))
    data.seek(0)
    if strip != "-":
        unpack(data)
    else:
        name = dest + os.path.basename(url.split("?")[0]) if dest.endswith("/") else dest
        write(name, data, int(mode, 8))

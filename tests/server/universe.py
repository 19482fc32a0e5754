"""Package universes: small worlds of distributions for tests, described by a JSON object.

Everything is made on the fly and depends on the description alone: the same universe gives the
same bytes, and so the same hashes, on every machine (members are stored, not compressed, and carry
a constant date).

    {
      "indexes": {"simple": {INDEX OPTIONS}, "cu124": {...}},      default: one index, "simple"
      "projects": {"torch": [RELEASE, ...], "nothing": []},        [] has an empty page
      "tls": true,                                                see server.py
      "faults": [FAULT, ...]                                       see server.py
    }

A RELEASE is a version text, or an object; every key but `version` may be absent:

    version          as the file name and METADATA spell it
    requires         list of Requires-Dist values
    extras           list of Provides-Extra values
    requires_python  Requires-Python, in METADATA and on the page
    tags             wheel tags, "py3-none-any" by default; a list makes one wheel for each
    build            build tag
    sdist            true: a source distribution as well; "only": no wheel
    sources          path -> text: more files of the source distribution
    index            name or list of names of the indexes that serve it; default: the first index
    yanked           true, or the reason
    upload_time      "2024-01-31T12:00:00Z"
    files            path -> text, or {"text", "mode": "0755", "link": target, "size": n bytes of filler};
                     default: NAME/__init__.py that holds the version. A path that starts with
                     ".data/" or ".dist-info/" is below the wheel's folder of that kind;
                     {"elf": {...}} is a shared object (elf.py)
    entry_points     group -> {name: "module:attribute"}
    name             the project's name as METADATA spells it (default: the key in `projects`)
    purelib          Root-Is-Purelib (default: the tags' platform is "any")
    compress         true: deflated members (their bytes then depend on the zlib of the machine)

and, for hostile releases:

    filename         replaces the file name on the page and in the address
    metadata         replaces the text of METADATA inside the wheel
    served_metadata  replaces the text of the .metadata file (the advertised hash follows it)
    record           replaces the text of RECORD; null: there is none
    lies             path in the zip -> {"method", "flags", "crc", "size", "packed": numbers of its headers,
                     "name": of its local header, "behind": text behind its compressed bytes,
                     "text": content of a second entry of the name}; all members are deflated then
    content          replaces the bytes of the whole file (text)
    hashes           replaces the advertised hashes, {"sha256": "00..."}
    page_requires_python, page_size   replace what the page says

INDEX OPTIONS, with their defaults:

    form             "auto" by what the client accepts, or "html", "json"
    metadata         "advertised" (PEP 658), "served" but not advertised, or "none"
    metadata_key     "core-metadata", or "dist-info-metadata"
    metadata_hash    true; false: "core-metadata" is `true`
    hash             "sha256", or another algorithm, or "none"
    ranges           true, false (the header is ignored), or "prefix" (ranges from the end are refused)
    size, upload_time   true: said by the JSON form
    absolute         false; true: addresses of files hold scheme, host and port
    files            "here", or "other": files are at the server's second port
    etag             false; true: pages carry one, and a match answers 304
    cache_control    null, or the header's text
    gzip             false; true: pages are compressed for clients that accept it
    valueless_yanked false; true: the HTML attribute has no value
    api_version      "1.1"
    auth             null, or "user:password", needed for pages and files of this index

Addresses: /INDEX/NAME/ is a project's page, /INDEX/ lists the projects, /links/INDEX/ is one page
with every file (for find-links), /files/INDEX/FILE is a file, with .metadata behind it its METADATA.

    python3 universe.py universe.json --write DIR [--index NAME]     writes the files into DIR
"""

import argparse
import base64
import functools
import hashlib
import html
import io
import json
import os
import re
import struct
import sys
import tarfile
import urllib.parse
import zipfile
import zlib

from elf import shared_object

DATE = (1980, 1, 1, 0, 0, 0)
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
INDEX_DEFAULTS = {
    "form": "auto",
    "metadata": "advertised",
    "metadata_key": "core-metadata",
    "metadata_hash": True,
    "hash": "sha256",
    "ranges": True,
    "size": True,
    "upload_time": True,
    "absolute": False,
    "files": "here",
    "etag": False,
    "cache_control": None,
    "gzip": False,
    "valueless_yanked": False,
    "api_version": "1.1",
    "auth": None,
}
RELEASE_KEYS = {
    "version", "requires", "extras", "requires_python", "tags", "build", "sdist", "index", "yanked",
    "upload_time", "files", "entry_points", "name", "purelib", "compress", "filename", "metadata",
    "served_metadata", "record", "lies", "content", "hashes", "page_requires_python", "page_size",
    "sources",
}  # fmt: skip


def canonical(name):
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


class File:
    """One file of a release: a wheel or a source distribution."""

    def __init__(self, project, release, tag):
        self.project = project
        self.release = release
        self.tag = tag  # None: a source distribution
        self.name = release.get("name", project)
        self.version = release["version"]
        self.stem = "%s-%s" % (re.sub(r"[-_.]+", "_", self.name), self.version.replace("-", "_"))

    @property
    def is_wheel(self):
        return self.tag is not None

    @property
    def filename(self):
        if "filename" in self.release:
            return self.release["filename"]
        if not self.is_wheel:
            return self.stem + ".tar.gz"
        build = "-%s" % self.release["build"] if "build" in self.release else ""
        return "%s%s-%s.whl" % (self.stem, build, self.tag)

    def metadata_text(self):
        release = self.release
        if "metadata" in release:
            return release["metadata"]
        lines = ["Metadata-Version: 2.1", "Name: " + self.name, "Version: " + self.version]
        if "requires_python" in release:
            lines.append("Requires-Python: " + release["requires_python"])
        lines += ["Provides-Extra: " + extra for extra in release.get("extras", [])]
        lines += ["Requires-Dist: " + clause for clause in release.get("requires", [])]
        return "\n".join(lines) + "\n"

    @functools.cached_property
    def served_metadata(self):
        return self.release.get("served_metadata", self.metadata_text()).encode()

    def _wheel_text(self):
        pure = self.release.get("purelib", self.tag.endswith("-any"))
        lines = ["Wheel-Version: 1.0", "Generator: universe", "Root-Is-Purelib: %s" % str(bool(pure)).lower()]
        for python in self.tag.split("-")[0].split("."):
            for abi in self.tag.split("-")[1].split("."):
                for platform in self.tag.split("-")[2].split("."):
                    lines.append("Tag: %s-%s-%s" % (python, abi, platform))
        if "build" in self.release:
            lines.append("Build: %s" % self.release["build"])
        return "\n".join(lines) + "\n"

    def _members(self):
        """(path, bytes, mode) in the order of the zip, RECORD last."""
        module = re.sub(r"[-_.]+", "_", self.name).lower()
        files = self.release.get("files")
        if files is None:
            files = {module + "/__init__.py": "__version__ = %r\n" % self.version}
        members = []
        for path, value in files.items():
            for kind in (".data/", ".dist-info/"):
                if path.startswith(kind):
                    path = self.stem + path
            value = {"text": value} if isinstance(value, str) else value
            mode, body = 0o100000 | int(value.get("mode", "0644"), 8), value.get("text", "")
            if "link" in value:
                mode, body = 0o120777, value["link"]
            data = shared_object(value["elf"]) if "elf" in value else body.encode()
            members.append((path, data + b"\0" * max(0, value.get("size", 0) - len(data)), mode))
        info = self.stem + ".dist-info/"
        members.append((info + "METADATA", self.metadata_text().encode(), 0o100644))
        members.append((info + "WHEEL", self._wheel_text().encode(), 0o100644))
        if "entry_points" in self.release:
            groups = [
                "[%s]\n%s" % (group, "".join("%s = %s\n" % entry for entry in entries.items()))
                for group, entries in self.release["entry_points"].items()
            ]
            members.append((info + "entry_points.txt", "\n".join(groups).encode(), 0o100644))
        rows = []
        for path, data, _ in members:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            field = '"%s"' % path.replace('"', '""') if re.search('[,"]', path) else path
            rows.append("%s,sha256=%s,%d\n" % (field, digest, len(data)))
        record = self.release.get("record", "".join(rows) + info + "RECORD,,\n")
        if record is None:
            return members
        return members + [(info + "RECORD", record.encode(), 0o100644)]

    def _lying_bytes(self):
        lies = {self.stem + path if path.startswith(".") else path: lie for path, lie in self.release["lies"].items()}
        members = []
        for path, data, mode in self._members():
            lie = lies.pop(path, {})
            members.append((path, data, mode, lie))
            if "text" in lie:
                members.append((path, lie["text"].encode(), mode, {}))
        if lies:
            raise ValueError("no such members: %s" % sorted(lies))
        out, directory = b"", b""
        for path, data, mode, lie in members:
            name = path.encode()
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = deflate.compress(data) + deflate.flush() + lie.get("behind", "").encode()
            header = struct.pack(
                "<HHHHHIII",
                20,
                lie.get("flags", 0),
                lie.get("method", 8),
                0,
                0x21,
                lie.get("crc", zlib.crc32(data)),
                lie.get("packed", len(packed)),
                lie.get("size", len(data)),
            )
            place = struct.pack("<HHHII", 0, 0, 0, mode << 16, len(out))
            directory += b"PK\1\2\x14\3" + header + struct.pack("<HH", len(name), 0) + place + name
            local = lie.get("name", path).encode()
            out += b"PK\3\4" + header + struct.pack("<HH", len(local), 0) + local + packed
        end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
        return out + directory + b"PK\5\6" + end

    def _wheel_bytes(self):
        if "lies" in self.release:
            return self._lying_bytes()
        out = io.BytesIO()
        method = zipfile.ZIP_DEFLATED if self.release.get("compress") else zipfile.ZIP_STORED
        with zipfile.ZipFile(out, "w", method) as archive:
            for path, data, mode in self._members():
                entry = zipfile.ZipInfo(path, DATE)
                entry.create_system = 3
                entry.external_attr = mode << 16
                entry.compress_type = method
                archive.writestr(entry, data)
        return out.getvalue()

    def _sdist_bytes(self):
        module = re.sub(r"[-_.]+", "_", self.name).lower()
        setup = "from setuptools import setup\nsetup(name=%r, version=%r, py_modules=[%r])\n" % (
            self.name,
            self.version,
            module,
        )
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path, text in (
                ("PKG-INFO", self.metadata_text()),
                ("setup.py", setup),
                (module + ".py", "__version__ = %r\n" % self.version),
                *self.release.get("sources", {}).items(),
            ):
                entry = tarfile.TarInfo("%s/%s" % (self.stem, path))
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
        plain = out.getvalue()
        stored = zlib.compressobj(0, zlib.DEFLATED, -15)
        return (
            b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
            + stored.compress(plain)
            + stored.flush()
            + zlib.crc32(plain).to_bytes(4, "little")
            + len(plain).to_bytes(4, "little")
        )

    @functools.cached_property
    def content(self):
        if "content" in self.release:
            return self.release["content"].encode()
        return self._wheel_bytes() if self.is_wheel else self._sdist_bytes()

    def hashes(self, algorithm):
        if "hashes" in self.release:
            return self.release["hashes"]
        if algorithm == "none":
            return {}
        return {algorithm: hashlib.new(algorithm, self.content).hexdigest()}


class Universe:
    def __init__(self, description):
        self.indexes = {
            name: dict(INDEX_DEFAULTS, **options)
            for name, options in description.get("indexes", {"simple": {}}).items()
        }
        self.faults = description.get("faults", [])
        self.tls = description.get("tls", False)
        first = next(iter(self.indexes))
        self.projects = {name: {} for name in self.indexes}  # index -> canonical name -> [File]
        self.by_name = {name: {} for name in self.indexes}  # index -> file name -> File
        for project, releases in description.get("projects", {}).items():
            if not releases:
                self.projects[first].setdefault(canonical(project), [])
            for release in releases:
                release = {"version": release} if isinstance(release, str) else release
                unknown = set(release) - RELEASE_KEYS
                if unknown:
                    raise ValueError("release of %s has unknown keys %s" % (project, sorted(unknown)))
                self._add(project, release, first)

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as stream:
            return cls(json.load(stream))

    def _add(self, project, release, first):
        tags = release.get("tags", "py3-none-any")
        tags = [tags] if isinstance(tags, str) else list(tags)
        if release.get("sdist"):
            tags = [None] if release["sdist"] == "only" else tags + [None]
        names = release.get("index", first)
        for index in [names] if isinstance(names, str) else names:
            for tag in tags:
                file = File(project, release, tag)
                self.projects[index].setdefault(canonical(project), []).append(file)
                self.by_name[index][file.filename] = file

    def files(self, index=None):
        """Every File of one index, or of all."""
        for name in [index] if index else self.indexes:
            yield from self.by_name[name].values()

    def write(self, folder, index=None):
        """Writes the files into `folder`, for --find-links or --no-index installs."""
        os.makedirs(folder, exist_ok=True)
        for file in self.files(index):
            with open(os.path.join(folder, file.filename), "wb") as stream:
                stream.write(file.content)

    def _address(self, index, file, here, other, depth):
        options = self.indexes[index]
        path = "files/%s/%s" % (index, urllib.parse.quote(file.filename, safe=""))
        if options["files"] == "other":
            return "%s/%s" % (other, path)
        return "%s/%s" % (here, path) if options["absolute"] else "../" * depth + path

    def _anchor(self, index, file, here, other, depth):
        options = self.indexes[index]
        release = file.release
        href = self._address(index, file, here, other, depth)
        hashes = file.hashes(options["hash"])
        if hashes:
            href += "#%s=%s" % next(iter(hashes.items()))
        text = ' href="%s"' % html.escape(href)
        requires = release.get("page_requires_python", release.get("requires_python"))
        if requires is not None:
            text += ' data-requires-python="%s"' % html.escape(requires)
        if file.is_wheel and options["metadata"] == "advertised":
            value = "true"
            if options["metadata_hash"]:
                value = "sha256=" + hashlib.sha256(file.served_metadata).hexdigest()
            text += ' data-%s="%s"' % (options["metadata_key"], value)
        yanked = release.get("yanked")
        if yanked and options["valueless_yanked"]:
            text += " data-yanked"
        elif yanked:
            text += ' data-yanked="%s"' % ("" if yanked is True else html.escape(yanked))
        return "<a%s>%s</a><br>\n" % (text, html.escape(file.filename))

    def html_page(self, index, project, here="", other="", depth=2):
        """PEP 503; `project` None: every file of the index on one page."""
        files = self.projects[index][project] if project else self.by_name[index].values()
        anchors = "".join(self._anchor(index, file, here, other, depth) for file in files)
        return (
            '<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="%s">'
            "<title>Links for %s</title></head><body>\n%s</body></html>\n"
            % (self.indexes[index]["api_version"], project or index, anchors)
        ).encode()

    def json_page(self, index, project, here="", other="", depth=2):
        """PEP 691, 700, 714."""
        options = self.indexes[index]
        rows = []
        for file in self.projects[index][project]:
            release = file.release
            row = {
                "filename": file.filename,
                "url": self._address(index, file, here, other, depth),
                "hashes": file.hashes(options["hash"]),
            }
            requires = release.get("page_requires_python", release.get("requires_python"))
            if requires is not None:
                row["requires-python"] = requires
            if file.is_wheel and options["metadata"] == "advertised":
                digest = {"sha256": hashlib.sha256(file.served_metadata).hexdigest()}
                row[options["metadata_key"]] = digest if options["metadata_hash"] else True
            if "yanked" in release:
                row["yanked"] = release["yanked"]
            if options["size"] and (options["hash"] != "none" or "page_size" in release):
                row["size"] = release.get("page_size") or len(file.content)
            if options["upload_time"] and "upload_time" in release:
                row["upload-time"] = release["upload_time"]
            rows.append(row)
        versions = sorted({file.version for file in self.projects[index][project]})
        page = {
            "meta": {"api-version": options["api_version"]},
            "name": project,
            "versions": versions,
            "files": rows,
        }
        return json.dumps(page, indent=1).encode()

    def root_page(self, index):
        anchors = "".join('<a href="%s/">%s</a>\n' % (name, name) for name in sorted(self.projects[index]))
        return ("<!DOCTYPE html>\n<html><body>\n%s</body></html>\n" % anchors).encode()


def main():
    parser = argparse.ArgumentParser(description="Writes the files of a package universe into a folder.")
    parser.add_argument("universe")
    parser.add_argument("--write", metavar="DIR", required=True)
    parser.add_argument("--index", help="only this index (default: all)")
    options = parser.parse_args()
    Universe.load(options.universe).write(options.write, options.index)


if __name__ == "__main__":
    sys.exit(main())

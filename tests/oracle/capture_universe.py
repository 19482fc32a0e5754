"""A universe (tests/server/universe.py) with the metadata that real wheels have.

    build/venv/bin/python capture_universe.py WANTED.json >universe.json

WANTED.json says what to copy:

    tags      patterns that a wheel's tags must match
    releases  {name: [version, ...]} releases by their exact versions
    ranges    {name: specifiers}: every final release that has a fitting wheel
    follow    patterns of names: what a copied release pins of them (==) is copied too
    local     {index: {label: {name: [version, ...]}}}: copies of these releases that stand on another
              index, under the local version "version+label" and with the same requirements
    shared    patterns of names whose releases stand on each of these indexes as well

A wheel of the universe has the name, version, tags, requirements, Python and page size of the real
one, and nothing inside. Run by hand, by a Python whose pip is configured for the index to copy from.
"""

import concurrent.futures
import email.parser
import fnmatch
import html.parser
import json
import sys
import urllib.parse

from pip._internal.models.index import PyPI
from pip._internal.network.lazy_wheel import dist_from_wheel_url
from pip._internal.network.session import PipSession
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename


class Links(html.parser.HTMLParser):
    def __init__(self, base):
        super().__init__()
        self.base, self.links = base, []

    def handle_starttag(self, tag, attrs):
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            self.links.append(urllib.parse.urldefrag(urllib.parse.urljoin(self.base, target)).url)


class Index:
    def __init__(self, patterns):
        self.session = PipSession(retries=3)
        self.patterns = patterns
        self.pages = {}

    def fits(self, tags):
        return any(fnmatch.fnmatch(str(tag), pattern) for tag in tags for pattern in self.patterns)

    def wheels(self, name):
        """{Version: [(address, file name)]} of the wheels that fit."""
        if name not in self.pages:
            base = urllib.parse.urljoin(PyPI.simple_url + "/", name + "/")
            answer = self.session.get(base, headers={"Accept": "text/html"})
            answer.raise_for_status()
            parser = Links(base)
            parser.feed(answer.text)
            found = {}
            for link in parser.links:
                file = urllib.parse.unquote(link.rsplit("/", 1)[1])
                try:
                    _, version, _, tags = parse_wheel_filename(file)
                except InvalidWheelFilename:
                    continue
                if self.fits(tags):
                    found.setdefault(version, []).append((link, file))
            self.pages[name] = found
        return self.pages[name]

    def metadata(self, name, link):
        answer = self.session.get(link + ".metadata")
        if answer.status_code == 200:
            return email.parser.Parser().parsestr(answer.text)
        return dist_from_wheel_url(name, link, self.session).metadata

    def release(self, name, version):
        files = self.wheels(name)[version]
        message = self.metadata(name, files[0][0])
        release = {"version": str(version), "tags": [file[:-4].split("-", 2)[2] for _, file in files]}
        for field, header in [("requires", "Requires-Dist"), ("extras", "Provides-Extra")]:
            if message.get_all(header):
                release[field] = [" ".join(value.split()) for value in message.get_all(header)]
        if message["Requires-Python"]:
            release["requires_python"] = message["Requires-Python"]
        head = self.session.head(files[0][0], headers={"Accept-Encoding": "identity"})
        release["page_size"] = int(head.headers["Content-Length"])
        return release


def wanted_releases(index, wanted):
    names = {(name, version) for name, versions in wanted["releases"].items() for version in versions}
    result = set()
    for name, text in names:
        result |= {(name, version) for version in index.wheels(name) if str(version) == text}
    for name, text in wanted["ranges"].items():
        specifiers = SpecifierSet(text)
        result |= {(name, version) for version in index.wheels(name) if version in specifiers and not version.is_prerelease}
    return result


def pins(release, patterns):
    for text in release.get("requires", []):
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        clauses = list(requirement.specifier)
        if len(clauses) == 1 and clauses[0].operator == "==" and any(fnmatch.fnmatch(name, p) for p in patterns):
            yield name, clauses[0].version


def capture(index, wanted):
    found, todo = {}, wanted_releases(index, wanted)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        while todo:
            order = sorted(todo, key=lambda item: (item[0], item[1]))
            for key, release in zip(order, pool.map(lambda item: index.release(*item), order)):
                found[key] = release
            follow = {pin for key in order for pin in pins(found[key], wanted["follow"])}
            todo = {(name, version) for name, text in follow for version in index.wheels(name)
                    if str(version) == text} - found.keys()  # fmt: skip
    return found


def universe(found, wanted):
    projects, everywhere = {}, ["simple", *wanted["local"]]
    for name, version in sorted(found, key=lambda item: (item[0], item[1])):
        shared = any(fnmatch.fnmatch(name, pattern) for pattern in wanted["shared"])
        release = dict(found[name, version], index=everywhere) if shared else found[name, version]
        projects.setdefault(name, []).append(release)
    for where, labels in wanted["local"].items():
        for label, names in labels.items():
            for name, versions in names.items():
                copies = [dict(r, version="%s+%s" % (r["version"], label), index=where)
                          for r in projects[name] if r["version"] in versions and "index" not in r]  # fmt: skip
                projects[name] += copies
    options = {"form": "json", "size": True}
    return {"indexes": {name: options for name in everywhere}, "projects": projects}


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        wanted = json.load(stream)
    result = universe(capture(Index(wanted["tags"]), wanted), wanted)
    lines = ['{"indexes": %s,' % json.dumps(result["indexes"]), ' "projects": {']
    for name, releases in result["projects"].items():
        rows = ",\n    ".join(json.dumps(release) for release in releases)
        lines.append('  "%s": [\n    %s],' % (name, rows))
    lines[-1] = lines[-1][:-1]
    print("\n".join(lines + [" }}"]))


main()

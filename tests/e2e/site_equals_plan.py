"""site_equals_plan.py ROOT plan.json universe.json [BASE]: the site directory below ROOT holds what the
plan's actions, done one after another as pip does them, leave there: the same distributions, paths
and contents. Byte code and what came with the base (of which
BASE is the tree where its Python has the same folders) are not compared."""

import base64
import glob
import hashlib
import json
import os
import re
import sys
import zipfile
from io import BytesIO

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "server"))

from universe import Universe, canonical  # noqa: E402

ANY = "written by pip"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def wheel_tree(file, site, scripts, prefix, requested):
    """Path → digest, or ANY, of what pip writes for a wheel."""
    tree = {}
    info = data = None
    archive = zipfile.ZipFile(BytesIO(file.content))
    for member in archive.infolist():
        top, _, rest = member.filename.partition("/")
        content = archive.read(member)
        if top.endswith(".data"):
            kind, _, path = rest.partition("/")
            places = {"scripts": scripts, "data": prefix, "purelib": site, "platlib": site}
            rewritten = kind == "scripts" and content.startswith(b"#!python")
            tree["%s/%s" % (places[kind], path)] = ANY if rewritten else digest(content)
            continue
        if top.endswith(".dist-info"):
            info = top
        tree["%s/%s" % (site, member.filename)] = digest(content)
    for name in ["RECORD", "INSTALLER"] + (["REQUESTED"] if requested else []):
        tree["%s/%s/%s" % (site, info, name)] = ANY
    for group, entries in file.release.get("entry_points", {}).items():
        if group in ("console_scripts", "gui_scripts"):
            tree.update({"%s/%s" % (scripts, name): ANY for name in entries})
    return tree


def expected_tree(plan, universe, site, scripts, prefix):
    tree, owned = {}, {}
    for stage in plan["stages"]:
        for action in stage["actions"]:
            name = canonical(action["name"])
            if action["action"] == "keep":
                continue
            for path in owned.pop(name, {}):
                tree.pop(path, None)
            if action["action"] == "remove":
                continue
            file = universe.by_name[action["index"]][action["file"]]
            if action["sha256"] != digest(file.content) or action["size"] != len(file.content):
                sys.exit("the plan's sha256 or size of %s is wrong" % action["file"])
            owned[name] = wheel_tree(file, site, scripts, prefix, action["requested"])
            tree.update(owned[name])
    return tree


def found_tree(root, places):
    tree = {}
    for place in places:
        for folder, folders, files in os.walk(root + place):
            if "__pycache__" in folders:
                folders.remove("__pycache__")
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as stream:
                    tree[path[len(root) :]] = digest(stream.read())
    return tree


def distributions(root, places):
    """Canonical name → version, the earlier place before the later one."""
    found = {}
    for place in places:
        here = {}
        for path in glob.glob("%s%s/*.dist-info/METADATA" % (root, place)) + glob.glob(
            "%s%s/*.egg-info/PKG-INFO" % (root, place)
        ):
            with open(path, encoding="utf-8") as stream:
                head = stream.read().split("\n\n")[0]
            fields = dict(re.findall(r"^(Name|Version): (.*)$", head, re.M))
            here[canonical(fields["Name"])] = fields["Version"]
        found = {**here, **found}
    return found


def check_records(root, site):
    """Every RECORD that pip wrote is true of its files."""
    for record in glob.glob("%s%s/*.dist-info/RECORD" % (root, site)):
        with open(record, encoding="utf-8", newline="") as stream:
            for row in stream.read().splitlines():
                path, kind, _ = row.rsplit(",", 2)
                place = os.path.normpath(os.path.join(root + site, path.strip('"')))
                if not kind or not os.path.exists(place):
                    continue  # a later stage may have taken a shared file
                with open(place, "rb") as content:
                    true = base64.urlsafe_b64encode(hashlib.sha256(content.read()).digest())
                if kind != "sha256=" + true.decode().rstrip("="):
                    yield "%s: changed after %s was written" % (path, os.path.basename(os.path.dirname(record)))


def compare(title, expected, found):
    problems = []
    for key in sorted(set(expected) | set(found)):
        left, right = expected.get(key), found.get(key)
        if left != right and not (left == ANY and right is not None):
            problems.append("%s: %s: the plan says %s, found %s" % (title, key, left, right))
    return problems


def main():
    root, plan_path, universe_path = sys.argv[1:4]
    with open(plan_path, encoding="utf-8") as stream:
        plan = json.load(stream)
    minor = ".".join(plan["python"].split(".")[:2])
    site = "/usr/local/lib/python%s/dist-packages" % minor
    if not os.path.isdir(root + site):
        site = site.replace("dist-", "site-")
    scripts, prefix = "/usr/local/bin", "/usr/local"
    expected = expected_tree(plan, Universe.load(universe_path), site, scripts, prefix)
    found = found_tree(root, [site, scripts, prefix + "/share/numpy"])
    for base in sys.argv[4:]:  # whose Python has the same folders
        own = found_tree(base, [site, scripts])
        found = {path: content for path, content in found.items() if path in expected or own.get(path) != content}
    problems = compare("file", expected, found)
    environment = {canonical(name): version for name, version in plan["stages"][-1]["environment"].items()}
    problems += compare("distribution", environment, distributions(root, [site, "/usr/lib/python3/dist-packages"]))
    problems += check_records(root, site)
    for problem in problems:
        print(problem)
    print("%d files, %d distributions, %d problems" % (len(expected), len(environment), len(problems)))
    return 1 if problems else 0


sys.exit(main())

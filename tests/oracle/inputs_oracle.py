"""Reads requirements and constraints files with inputs_driver and with pip's own parser and compares.

    inputs_oracle.py DRIVER [--seed N] [--count N]

Files are made from a seed out of good and bad lines; where pip refuses a file we must too, else every
requirement, hash and option must be the same. Exit 77, with the reason, when pip is absent."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

PYTHON = os.environ.get("RAMEKIN_TEST_PYTHON")
SKIPPED = 77
VARIABLES = {"A": "1.0", "URL": "https://example.org/simple", "EMPTY": "", "NAME_1": "foo"}

if PYTHON and os.path.abspath(sys.executable) != os.path.abspath(PYTHON):
    if not os.path.exists(PYTHON):
        print("skipped: there is no %s" % PYTHON)
        sys.exit(SKIPPED)
    os.execv(PYTHON, [PYTHON] + sys.argv)
try:
    import pip

    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "requirements.txt")) as pins:
        if "pip==" + pip.__version__ not in pins.read().split():
            raise ImportError("pip is " + pip.__version__)
    from optparse import Values

    from pip._internal.exceptions import PipError
    from pip._internal.index.collector import LinkCollector
    from pip._internal.index.package_finder import PackageFinder
    from pip._internal.models.link import Link
    from pip._internal.models.release_control import ReleaseControl
    from pip._internal.models.search_scope import SearchScope
    from pip._internal.models.selection_prefs import SelectionPreferences
    from pip._internal.network.session import PipSession
    from pip._internal.req.constructors import install_req_from_parsed_requirement
    from pip._internal.req.req_file import parse_requirements
    from pip._internal.req.req_install import check_invalid_constraint_type
    from pip._internal.utils.urls import path_to_url
    from pip._internal.vcs import is_url
    from pip._vendor.packaging.utils import canonicalize_name
except ImportError as reason:
    print("skipped: no pip of tests/oracle/requirements.txt (%s)" % reason)
    sys.exit(SKIPPED)


def link_url(link):
    """Always a URL; `name @ text` may hold anything."""
    if link is None or is_url(link.url):
        return link and link.url
    return path_to_url(os.path.abspath(link.url))


def describe(req):
    named = req.req
    return {
        "name": canonicalize_name(req.name) if req.name else None,
        "specifier": str(named.specifier) if named is not None else None,
        "extras": sorted(map(canonicalize_name, req.extras)),
        "marker": str(req.markers) if req.markers and named is not None else None,
        "link": link_url(req.link),
        "editable": req.editable,
        "hashes": sorted(
            "%s:%s" % (name, value.lower())
            for name, values in req.hash_options.items()
            for value in values
        ),
    }


def ask_pip(folder, name):
    session = PipSession()
    scope = SearchScope.create(find_links=[], index_urls=["DEFAULT"], no_index=False)
    finder = PackageFinder.create(
        link_collector=LinkCollector(session=session, search_scope=scope),
        selection_prefs=SelectionPreferences(allow_yanked=False, release_control=ReleaseControl()),
    )
    options = Values({"require_hashes": False, "no_require_hashes": False, "features_enabled": []})
    roots, constraints = [], []
    try:
        path = os.path.join(folder, name)
        for parsed in parse_requirements(
            path, session, finder=finder, options=options, constraint=name[0] == "c"
        ):
            req = install_req_from_parsed_requirement(parsed, user_supplied=True)
            if req.constraint and check_invalid_constraint_type(req):
                return {"ok": False, "why": check_invalid_constraint_type(req)}
            if req.link and req.link.is_file and not os.path.exists(req.link.file_path):
                if req.req is None or not req.req.url:
                    return {"ok": False, "why": "pip warns, and fails when it comes to the file"}
            (constraints if req.constraint else roots).append(req)
    except (PipError, UnicodeError, ValueError, LookupError) as error:
        return {"ok": False, "why": "%s: %s" % (type(error).__name__, error)}
    if options.require_hashes and options.no_require_hashes:
        return {"ok": False, "why": "both hash options"}
    urls = finder.search_scope.index_urls
    hashed = any(req.has_hash_options for req in roots + constraints)
    index = None if not urls or urls[0] == "DEFAULT" else urls[0]
    return {
        "ok": True,
        "roots": [describe(req) for req in roots],
        "constraints": [describe(req) for req in constraints],
        "index": index,
        "no_index": finder.search_scope.no_index,
        "extra": urls[1:],
        "find_links": [
            link if is_url(link) else os.path.abspath(link) for link in finder.find_links
        ],
        "only_binary": sorted(finder.format_control.only_binary),
        "no_binary": sorted(finder.format_control.no_binary),
        "all_releases": sorted(finder.release_control.all_releases),
        "only_final": sorted(finder.release_control.only_final),
        "prefer_binary": finder._candidate_prefs.prefer_binary,
        "require_hashes": options.require_hashes or (hashed and not options.no_require_hashes),
    }


def normal(answer, folder):
    """Our answer as pip would spell it."""
    for item in answer.get("roots", []) + answer.get("constraints", []):
        link = item["link"]
        item["hashes"].sort()
        item["extras"] = sorted(map(canonicalize_name, item["extras"]))
        if link is None:
            continue
        item["link"] = Link(link if is_url(link) else path_to_url(os.path.join(folder, link))).url
    for key in ("only_binary", "no_binary", "all_releases", "only_final"):
        answer[key].sort()
    return answer


NAMES = ["foo", "Foo_Bar", "a.b-c", "x1", "torch", "${NAME_1}", "-bad", "bad-", "a b", "é"]
VERSIONS = ["==1.0", ">=1,<2", "~=1.4.2", "== 1.*", "!=1.0", "===1.0+x", ">1.0+x", "=1", "<", "(>=1)",
            "==${A}", ">=${EMPTY}", "", "", "", ">=1,", "@", "==1.0.dev1"]
EXTRAS = ["", "", "", "[x]", "[x,y]", "[ X_1 , y]", "[]", "[", "[a b]"]
MARKERS = ["", "", "", "; python_version > '3'", ";python_version>='3.8' and os_name=='posix'",
           " ; extra == 'x'", "; bad", ";", "; python_version in '3.11'", "; (os_name == 'a')",
           ";sys_platform != \"win32\""]
LINKS = ["https://example.org/a-1.0-py3-none-any.whl", "https://example.org/a-1.0.tar.gz",
         "https://example.org/x%2By-1.0%2Bcu1-py3-none-any.whl#sha256=00", "./a-1.0-py3-none-any.whl",
         "a-1.0-py3-none-any.whl", "./a-1.0-py3-none-any.whl[x,y]", "dir/", "./dir", ".", "./nothing",
         "git+https://example.org/b.git@v1", "git+https://example.org/b.git#egg=b",
         "b @ git+https://example.org/b.git", "c @ https://example.org/c-1-py3-none-any.whl",
         "c@https://example.org/c.zip", "https://example.org/bad.whl", "requirements.txt", "sub/r.txt",
         "https://example.org/x.zip#egg=foo[bar]", "https://example.org/x.zip#egg=foo&subdirectory=y",
         "git+ssh://git@example.org/b.git", "b-1.0.tar.gz", "./b-1.0.tar.gz", "foo.zip", "./empty"]
OPTIONS = ["-i ${URL}", "--index-url https://example.org/1", "--extra-index-url https://example.org/2",
           "--extra-index-url=https://example.org/3", "--no-index", "-f wheels", "--find-links ./nowhere",
           "-f https://example.org/links", "--pre", "--prefer-binary", "--require-hashes",
           "--no-require-hashes", "--only-binary :all:", "--only-binary=Foo_Bar,x", "--no-binary :none:",
           "--no-binary foo", "--no-binary :all:,foo,:none:,bar", "--all-releases foo",
           "--only-final :all:", "--trusted-host example.org", "--use-feature fast-deps",
           "--use-feature nothing", "-r sub/r.txt", "--requirement sub/r.txt", "-c sub/c.txt",
           "-rsub/r.txt", "-r loop.txt", "-r missing.txt", "--hash sha256:00", "--no-such", "--pr",
           "--pre --no-index", "--re sub/r.txt", "--requir sub/c.txt", "-e dir", "-e ./dir[x]",
           "-e git+https://example.org/e.git#egg=e", "-e git+https://example.org/e.git", "-e foo",
           "-e e @ git+https://example.org/e.git", "-e 'e @ git+https://example.org/e.git'", "-x", "-",
           "--", "-r 'unclosed", "-C a=b", "--pypi-url https://example.org/4", "-i", "--no-index=1"]
SUFFIXES = ["", "", "", "", " --hash=sha256:AA", " --hash sha512:bb --hash=sha256:cc", " --hash=md5:00",
            " --hash=sha256", " --pre", " --config-settings k=v", " -C k", " --only-binary foo",
            " # comment", "  # a # b", "#no comment", " \\", "\\", " \\\n", " \\\n  --hash=sha256:dd",
            " \\\n# gone", " --global-option x", " -i https://example.org/5", "\t", "\r", " trailing"]


def line(rng):
    kind = rng.random()
    if kind < 0.5:
        text = rng.choice(NAMES[:6] if rng.random() < 0.85 else NAMES) + rng.choice(
            EXTRAS[:5] if rng.random() < 0.8 else EXTRAS)
        text += rng.choice(["", " "]) + rng.choice(VERSIONS) + rng.choice(MARKERS)
    elif kind < 0.68:
        text = rng.choice(LINKS) + rng.choice(["", "", rng.choice(MARKERS)])
    elif kind < 0.9:
        text = rng.choice(OPTIONS)
    else:
        text = rng.choice(["", "# comment", "  ", "\t# x", "#", "a\x0cb", "\\"])
    text = rng.choice(["", "", "", " ", "\t"]) + text + rng.choice(SUFFIXES)
    if rng.random() < 0.04 and text:
        at = rng.randrange(len(text))
        text = text[:at] + rng.choice("\"' ;#[]@=-\\,") + text[at + rng.randrange(2):]
    return text


def make_files(folder, rng, count):
    for name, text in {
        "a-1.0-py3-none-any.whl": "", "b-1.0.tar.gz": "", "dir/pyproject.toml": "", "empty/x": "",
        "wheels/x": "", "sub/wheels/x": "", "sub/r.txt": "nested==1\n-c c.txt\n-f wheels\n",
        "sub/c.txt": "limit<2\n", "loop.txt": "-r loop2.txt\n", "loop2.txt": "-r loop.txt\n",
    }.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    names = []
    for number in range(count):
        name = "%s%d.txt" % (rng.choice("rrc"), number)
        lines = [line(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as stream:
            stream.write(rng.choice(["\n", "\n", "\n", "\r\n"]).join(lines) + rng.choice(["", "\n"]))
        names.append(name)
    return names


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1500)
    arguments = parser.parse_args()
    driver = os.path.abspath(arguments.driver)
    for name in VARIABLES:
        os.environ[name] = VARIABLES[name]
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        names = make_files(folder, random.Random(arguments.seed), arguments.count)
        os.chdir(folder)
        lines = []
        for start in range(0, len(names), 500):
            lines += subprocess.run(
                [driver, folder] + names[start : start + 500], check=True, capture_output=True
            ).stdout.decode().splitlines()
        different = refused = 0
        for name, text in zip(names, lines):
            ours, theirs = normal(json.loads(text), folder), ask_pip(folder, name)
            refused += not theirs["ok"]
            wrong = [key for key in theirs if key != "why" and ours[key] != theirs[key]]
            if not theirs["ok"]:
                wrong = ["ok"] if ours["ok"] else []
            if wrong:
                different += 1
                with open(os.path.join(folder, name), encoding="utf-8", newline="") as stream:
                    print("%s %r" % (name, stream.read()))
                for key in wrong:
                    print("  %s: pip %r, ours %r" % (key, theirs[key], ours[key]))
                print("  pip: %s\n  ours: %s" % (theirs.get("why"), ours["mistakes"]))
    print("%d files, %d refused by pip, %d disagree" % (len(names), refused, different))
    sys.exit(different > 0)


main()

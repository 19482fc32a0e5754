"""Who includes whom: the table `layers` of src/meson.build holds for every #include of src, and each
foreign header has one home."""

import re

from house import finish, layers, read, tree

# Header → the files, or the folder, that may include it. `single`: and only one of them may.
HOMES = {
    "yaml.h": ["src/text/yaml.c"],
    "jansson.h": ["src/text/json.c"],
    "curl/": ["src/net/http.c"],
    "git2": ["src/net/git.c", "src/net/git_export.c"],
    "archive": ["src/archive/"],
    "isa-l": ["src/archive/"],
    "libdeflate.h": ["src/archive/inflate_small.c"],
    "zlib.h": ["src/archive/gzip_single.c"],
    "zstd.h": ["src/archive/zstd_write.c"],
    "openssl/": ["src/base/digest.c"],
    "gelf.h": ["src/"],
    "libelf.h": ["src/"],
}
SINGLE = {"gelf.h", "libelf.h"}
EVERYWHERE = re.compile(
    r"(glib(-unix|-object|/gstdio)?|gio/(gio|gunix\w+))\.h$"
    # libc
    r"|(assert|ctype|dirent|endian|errno|fcntl|float|ftw|glob|grp|inttypes|limits|locale|math|poll|pthread"
    r"|pwd|sched|signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|termios|time|unistd"
    r"|elf|(arpa|linux|net|netinet|sys)/\w+)\.h$"
)


def home(header):
    for start, places in HOMES.items():
        if header.startswith(start):
            return start, places
    return None, None


def main():
    table = layers()
    problems, users = [], {}
    for path in tree(".c", ".h", under="src"):
        folder = path.split("/")[1]
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            where, (mark, header) = "%s:%d" % (path, number), match.groups()
            if mark == '"':
                other = header.split("/")[0]
                if "/" not in header:
                    problems.append('%s: write "%s/%s"' % (where, folder, header))
                elif other not in table.get(folder, []):
                    problems.append("%s: %s may not include %s" % (where, folder, other))
                continue
            if EVERYWHERE.match(header):
                continue
            start, places = home(header)
            if start is None:
                problems.append("%s: <%s> has no home in tests/house/includes.py" % (where, header))
            elif not path.startswith(tuple(places)):
                problems.append("%s: <%s> is at home in %s" % (where, header, " ".join(places)))
            elif start in SINGLE:
                users.setdefault("libelf", set()).add(path)
    for header, paths in users.items():
        if len(paths) > 1:
            problems.append("%s has more than one home: %s" % (header, " ".join(sorted(paths))))
    finish(problems)


main()

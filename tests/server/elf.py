"""Small shared objects for generated wheels: what a dynamic loader reads, and code for GPUs.

    shared_object({"needed": ["libc.so.6"], "soname": "name", "rpath": "$ORIGIN", "runpath": "$ORIGIN",
                   "undefined": [["name", "library", "VERSION"], "name"],
                   "defined": [["name", "VERSION"], "name"], "unbound": ["name"], "data": ["name"],
                   "fatbin": [["sm_80", "sm_90a", "compute_90/8.4"]], "text": "..."})

Every undefined name is asked for by a relocation, but for those that are "unbound" as well: of a call, or of "data".
"""

import re
import struct


def _container(codes):
    entries = b""
    for code in codes:
        kind, arch, tail, major, minor = re.match(r"(sm|compute)_(\d+)([af]?)(?:/(\d+)\.(\d+))?$", code).groups()
        flags = {"": 0, "a": 0x100000, "f": 0x200000}[tail]
        entries += struct.pack("<HHIQIIHHIIIQQQ", 1 if kind == "compute" else 2, 0x101, 64, 8, 0, 0,
                               int(minor or 0), int(major or 0), int(arch), 0, 0, flags, 0, 0) + b"\0" * 8  # fmt: skip
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entries)) + entries


def shared_object(what):
    strings, dynamic = bytearray(b"\0"), []

    def text(value):
        strings.extend(value.encode() + b"\0")
        return len(strings) - len(value.encode()) - 1

    body = bytearray(64 + 2 * 56)

    def put(data):
        body.extend(b"\0" * (-len(body) % 8))
        body.extend(data)
        return len(body) - len(data)

    for name in what.get("needed", []):
        dynamic.append((1, text(name)))
    for tag, key in ((14, "soname"), (15, "rpath"), (29, "runpath")):
        if key in what:
            dynamic.append((tag, text(what[key])))
    undefined = [entry if isinstance(entry, list) else [entry, None, None] for entry in what.get("undefined", [])]
    symbols, versym, needs = bytes(24), [0], {}
    for name, library, version in undefined:
        symbols += struct.pack("<IBBHQQ", text(name), 0x12, 0, 0, 0, 0)
        index = needs.setdefault((library, version), len(needs) + 2) if version else 1
        versym.append(index)
    definitions = {}
    for entry in what.get("defined", []):
        name, version = entry if isinstance(entry, list) else (entry, None)
        symbols += struct.pack("<IBBHQQ", text(name), 0x12, 0, 1, 0, 0)
        versym.append(definitions.setdefault(version, len(needs) + len(definitions) + 2) if version else 1)
    dynamic += [(6, put(symbols)), (4, put(struct.pack("<II", 1, len(versym)) + bytes(4 * (len(versym) + 1))))]
    dynamic.append((0x6FFFFFF0, put(struct.pack("<%dH" % len(versym), *versym))))
    if needs:
        data = b""
        for number, ((library, version), index) in enumerate(needs.items(), 1):
            data += struct.pack("<HHIII", 1, 1, text(library), 16, 32 if number < len(needs) else 0)
            data += struct.pack("<IHHII", 0, 0, index, text(version), 0)
        dynamic += [(0x6FFFFFFE, put(data)), (0x6FFFFFFF, len(needs))]
    if definitions:
        data = b""
        for number, (version, index) in enumerate(definitions.items(), 1):
            data += struct.pack("<HHHHIII", 1, 0, index, 1, 0, 20, 28 if number < len(definitions) else 0)
            data += struct.pack("<II", text(version), 0)
        dynamic += [(0x6FFFFFFC, put(data)), (0x6FFFFFFD, len(definitions))]
    data = what.get("data", [])

    def relocations(wanted, kind):
        return b"".join(
            struct.pack("<QQq", 0, (number << 32) + kind, 0)
            for number, (name, _, _) in enumerate(undefined, 1)
            if name not in what.get("unbound", []) and (name in data) == wanted
        )

    calls, pointers = relocations(False, 7), relocations(True, 6)
    if calls:
        dynamic += [(23, put(calls)), (2, len(calls)), (20, 7)]
    if pointers:
        dynamic += [(7, put(pointers)), (8, len(pointers)), (9, 24)]
    dynamic += [(5, put(bytes(strings))), (10, len(strings)), (0, 0)]
    place = put(b"".join(struct.pack("<QQ", tag, value) for tag, value in dynamic))
    for codes in what.get("fatbin", []):
        put(_container(codes))
    put(what.get("text", "").encode() + b"\0")
    body[:64] = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    body[64:120] = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, len(body), len(body), 4096)
    body[120:176] = struct.pack("<IIQQQQQQ", 2, 6, place, place, place, 16 * len(dynamic), 16 * len(dynamic), 8)
    return bytes(body)

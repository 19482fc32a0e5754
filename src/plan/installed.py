# ---- what is installed

import importlib.machinery
import os
import pkgutil
import re
import sys


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def find_module(name):
    """The spec of a module, without importing what it lies in."""
    path, spec, full = sys.path, None, ""
    for part in name.split("."):
        full = full + "." + part if full else part
        spec = find_below(full, path)
        if spec is None and path is sys.path:
            spec = importlib.machinery.BuiltinImporter.find_spec(full)
        if spec is None:
            return None
        path = spec.submodule_search_locations or []
    return spec


def find_below(full, path):
    """As PathFinder does, which needs what a namespace lies in to be imported already."""
    portions = []
    for entry in path:
        finder = pkgutil.get_importer(entry)
        spec = finder.find_spec(full) if hasattr(finder, "find_spec") else None
        if spec is not None and spec.loader is not None:
            return spec
        portions += spec.submodule_search_locations or [] if spec is not None else []
    if not portions:
        return None
    spec = importlib.machinery.ModuleSpec(full, None, is_package=True)
    spec.submodule_search_locations = portions
    return spec


def cuda_of_torch():
    """The CUDA that torch is built for, "None" without one; None: there is no torch."""
    torch = find_module("torch")
    if torch is None:
        return None
    with open(os.path.join(os.path.dirname(torch.origin), "version.py")) as file:
        line = re.search(r"^cuda\b[^=\n]*=\s*(.*)$", file.read(), re.MULTILINE)
    return line.group(1).strip("'\" ") if line else "None"


def cuda_fits(item, found):
    """Whether a version of CUDA is "12.4" or in ">=12.4,<13"."""
    if found == item:
        return True
    return bool(re.fullmatch(r"[0-9.]+", found)) and \
        all(allows(clause, found) for clause in item.split(","))


def numbers(text):
    return [int(part) for part in text.split(".")]


def allows(clause, found):
    """PEP 440 for versions that are numbers alone; None: it is no such clause."""
    match = re.fullmatch(r"\s*([=!<>~]*)\s*([0-9]+(?:\.[0-9]+)*)(\.\*)?\s*", clause)
    if not match:
        return None
    operator, wanted, prefix = match.group(1), numbers(match.group(2)), match.group(3)
    have = numbers(found)
    length = max(len(have), len(wanted))
    a, b = (one + [0] * (length - len(one)) for one in (have, wanted))
    same = a[:len(wanted)] == wanted if prefix else a == b
    return {"": same, "==": same, "!=": not same, ">=": a >= b, "<=": a <= b, ">": a > b,
            "<": a < b, "~=": a >= b and a[:len(wanted) - 1] == wanted[:-1]}.get(operator)


def requirement_class():
    """What reads requirements; None: the image has nothing that does."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        try:
            from pip._vendor.packaging.requirements import Requirement
        except ImportError:
            return None
    return Requirement


def plain(version):
    """As far as two spellings of one version are likely to differ."""
    return re.sub(r"(?<![0-9a-z])0+(?=[0-9])", "", version.lower()).replace("-", ".").replace("_", ".")


def version_fits(text, found, locked):
    """Whether a version is what a requirement asks for. Where nothing reads requirements, `locked` is
    known to be; None: then there is nothing to tell it by."""
    reader = requirement_class()
    if reader:
        return reader(text).specifier.contains(found, prereleases=True)
    exact = re.match(r"[A-Za-z0-9._-]+(===?)([^,;*]+)$", text.replace(" ", ""))
    if exact and (exact.group(1) == "===" or not locked):
        locked = exact.group(2)
    return plain(found) == plain(locked) if locked else None

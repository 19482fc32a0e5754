#!/usr/bin/env python3
"""The script of build checks without the packaging library, against that library.
usage: build_checks.py SCRIPT"""

import importlib.metadata
import itertools
import sys

CLAUSES = ["12.4", "==12.4", "==12.4.0", "!=12.4", ">=12.4", "<=12.10", "<13", ">12.4", "~=12.0",
           "~=12.4.1", "==12.*", "!=12.*", " >= 12.4 "]
FOUND = ["11.8", "12", "12.0", "12.4", "12.4.1", "12.6", "12.10", "13.0"]


def main():
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        print("SKIP: no packaging library to compare with")
        return 77
    script = open(sys.argv[1]).read()
    assert script.rstrip().endswith("\nmain()")
    names = {"CHECKS": [], "LOCKED": {}}
    exec(script.rstrip()[: -len("main()")], names)
    wrong = 0
    for clause, found in itertools.product(CLAUSES, FOUND):
        wanted = clause if clause.strip()[0] in "=!<>~" else "==" + clause
        if names["cuda_fits"](clause, found) != SpecifierSet(wanted).contains(found):
            print("CUDA %s, %s: %s" % (found, clause, names["cuda_fits"](clause, found)))
            wrong += 1
    names["requirement_class"] = lambda: None
    version = importlib.metadata.version("packaging")
    names["LOCKED"] = {"packaging>=1": version, "packaging>=2": version + ".1"}
    for text, problems in (("packaging>=1", 0), ("packaging>=2", 1), ("packaging>=3", 1),
                           ("packaging===" + version, 0), ("packaging===0." + version, 1)):
        if len(list(names["version"]([text]))) != problems:
            print("version %s" % text)
            wrong += 1
    print("%d compared, %d wrong" % (len(CLAUSES) * len(FOUND) + 5, wrong))
    return 1 if wrong else 0


sys.exit(main())

"""count.py testlog.json...: adds up meson's test logs and prints what was skipped and what failed,
then one line "N passed, N failed, N skipped". A test that speaks TAP counts with its subtests. No
test at all is a failure."""

import json
import re
import sys

SUBTEST = re.compile(r"^(ok|not ok)\b\s*(?:\d+)?\s*(?:-\s*)?([^#]*)(?:#\s*(SKIP|TODO)\b\s*(.*))?", re.I)


def subtests(stdout):
    """(result, name, reason) of each TAP line; result is passed, failed or skipped."""
    for line in stdout.splitlines():
        match = SUBTEST.match(line)
        if not match:
            continue
        word, name, directive, reason = match.groups()
        result = "failed" if word.lower() == "not ok" else "passed"
        if directive and directive.upper() == "SKIP":
            result = "skipped"
        yield result, name.strip(), (reason or "").strip()


def last_line(test):
    """What a test that skipped itself as a whole said last."""
    text = (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")
    lines = [line for line in text.splitlines() if line.strip()]
    plan = re.match(r"1\.\.0\s*#\s*SKIP\b\s*(.*)", lines[0], re.I) if lines else None
    return plan.group(1) if plan else lines[-1].strip() if lines else "no reason given"


def count_test(test, totals, notes):
    rows = list(subtests(test.get("stdout") or ""))
    for result, name, reason in rows:
        totals[result] += 1
        if result != "passed":
            notes[result].append("%s: %s%s" % (test["name"], name, ": " + reason if reason else ""))
    failed_inside = any(result == "failed" for result, _, _ in rows)
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        totals["passed"] += not rows
    elif test["result"] == "SKIP":
        if not rows:
            totals["skipped"] += 1
            notes["skipped"].append("%s: %s" % (test["name"], last_line(test)))
    elif not failed_inside:
        totals["failed"] += 1
        notes["failed"].append("%s: %s" % (test["name"], test["result"].lower()))


def main():
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    notes = {"failed": [], "skipped": []}
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    count_test(json.loads(line), totals, notes)
        except FileNotFoundError:
            totals["failed"] += 1
            notes["failed"].append("no log: " + path)
    for kind in ("skipped", "failed"):
        for note in notes[kind]:
            print("%s  %s" % (kind, note))
    if sum(totals.values()) == 0:
        print("no test ran")
        totals["failed"] = 1
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    return 1 if totals["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

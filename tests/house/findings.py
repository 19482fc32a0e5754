"""Every finding has a golden case that shows it, and one that comes near to it and does not.

The cases of the second kind say so in their `cmd`:

    # without CODE [CODE...]
    # without CODE [CODE...]: HEADING

Nothing that the case prints then holds one of these codes, or nothing below the line "== HEADING" or
"# HEADING" of its output, up to the next such line. A note is not missing where notes are not shown.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases"
MARKER = re.compile(r"^# without ([a-z][a-z, -]*?)(?:: (.+))?$", re.MULTILINE)
HEADING = re.compile(r"^(?:==|#) (.*)$")


def severities():
    """The code of every finding, and its severity."""
    found = {}
    for path in sorted((ROOT / "src" / "base").glob("finding_pages_*.c")):
        found.update(re.findall(r'\{\s*"([a-z-]+)",\s*SEVERITY_([A-Z]+)', path.read_text()))
    return found


def told(text):
    """The codes that a golden text tells as findings, in words or in JSON (plan, SARIF)."""
    return set(re.findall(r"\[([a-z]+(?:-[a-z]+)*)\]", text)) | set(
        re.findall(r'"(?:code|ruleId)":\s*"([a-z-]+)"', text)
    )


def section(text, heading):
    """What is printed below the heading; None: there is none."""
    lines, found = [], False
    for line in text.splitlines():
        match = HEADING.match(line)
        if match and found:
            break
        if found:
            lines.append(line)
        found = found or bool(match and match.group(1) == heading)
    return "\n".join(lines) if found else None


def main():
    every = severities()
    positive, negative, bad = set(), set(), []
    for cmd in sorted(CASES.glob("*/*/cmd")):
        case = cmd.parent.relative_to(CASES)
        outputs = [path.read_text(errors="replace") for path in (cmd.parent / "stdout", cmd.parent / "stderr") if path.exists()]
        positive |= told("\n".join(outputs))
        for words, heading in MARKER.findall(cmd.read_text()):
            parts = [section(text, heading) for text in outputs] if heading else outputs
            parts = [part for part in parts if part is not None]
            if not any(part.strip() for part in parts):
                bad.append("%s: nothing is printed under %r" % (case, heading))
            for code in re.split(r"[, ]+", words):
                if code not in every:
                    bad.append("%s: there is no finding %r" % (case, code))
                elif code in told("\n".join(parts)):
                    bad.append("%s: the finding %s is told there" % (case, code))
                elif every[code] == "NOTE" and any("(-v shows" in part for part in parts):
                    bad.append("%s: the note %s may be among those that are not shown" % (case, code))
                negative.add(code)
    for code in sorted(every):
        if code not in positive:
            bad.append("no case shows the finding %s" % code)
        if code not in negative:
            bad.append("no case is marked `# without %s`" % code)
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

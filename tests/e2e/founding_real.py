"""`ramekin check` on the shipped recipes of real stories, over the real index, which nothing else has read
for it: what must be said of each row is said, no error besides, and the second run needs no network. Then
`ramekin matrix --check`, which shows what can be imported in which row, and the table of `ramekin diff`.

    founding_real.py RAMEKIN [RECIPE#ROW | RECIPE...]

The torch index is not asked: the default one has the same builds up to their labels. Printed for each row:
seconds of the first and of the second run, and how much of the wheels was read. Exit 77: the index can't be
reached.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RECIPES = os.path.join(HERE, "..", "..", "recipes")
SUBSTITUTES = ["cu121", "cu124", "cu128"]
MOST_READ = 250e6  # bytes of the gigabytes that the wheels have
SKIPPED = 77

# Row: the errors that there must be, and no others: (code, words of its message, evidence or hint).
ERRORS = {
    "forced-triton#acknowledged": [],
    "forced-triton#constrained": [
        ("unsatisfiable", [
            "triton==3.2.0 (required by torch 2.6.0)",
            "triton<3.0.0,>=2.1.0 (constraint)",
            "constraints-triton.txt:2",
            "requirements.txt:1",
            "change the constraint triton>=2.1.0,<3.0.0",
        ]),
    ],
    "forced-triton#filed": [
        ("breaks-requirement", ["torch 2.6.0", "triton==3.2.0", "it installs triton 2.3.1"]),
        ("protected-changed", ["triton 3.2.0", "by 2.3.1"]),
    ],
    "forced-triton#fixed": [],
    "cuda-checks#filed": [
        ("import-fails", [
            "`import bitsandbytes` fails, with a GPU and without",
            "No module named 'triton.ops'",
            "bitsandbytes/triton/int8_matmul_mixed_dequantize.py:12",
            "0 active drivers ([])",
            "triton/runtime/driver.py:8",
            "bitsandbytes 0.45.2",
        ]),
    ],
    "cuda-checks#vendored": [],
    "cuda-checks#fixed": [],
    "torch-bnb#downgrade": [
        ("gpu-unsupported", ["torch 2.3.1+cu121 has no code for RTX 5090", "compute capability 12.0"]),
    ],
    # Main's torch 2.7.1 stands in for that of CUDA 12.8.
    "torch-bnb#upgrade": [
        ("gpu-unsupported", ["torch 2.7.1+cu126 has no code for RTX 5090", "change 2.7.1 to 2.8.0"]),
        ("check-fails", ["cuda: 12.8", "built for CUDA 12.6"]),
    ],
    "train#golden": [
        ("unsatisfiable", [
            "torchaudio==2.8.2",
            "torch==2.8.0 (requested) and torch==2.0.1 (required by torchvision 0.15.2)",
        ]),
    ],
    "train#mended": [],
    "train#stable": [],
    "unsloth-windows#told": [
        ("unsatisfiable", [
            "no version of triton satisfies triton>=3.0.0 (required by unsloth 2024.9)",
            "change unsloth==2024.9 to unsloth==2024.12.12",
        ]),
    ],
    # Main's torch 2.4.1 for Windows, which stands in for that of CUDA 12.1, is built without CUDA.
    "unsloth-windows#filed": [
        ("import-fails", [
            "No module named 'triton.ops'",
            "bitsandbytes/triton/int8_matmul_mixed_dequantize.py:11",
            "triton-windows 3.2.0",
        ]),
        ("check-fails", ["cuda: 12.1", "built without CUDA"]),
    ],
    "unsloth-windows#option1": [("check-fails", ["cuda: 12.1"])],
    "unsloth-windows#option2": [
        ("import-fails", ["TypeError: must be called with a dataclass", "torch/_inductor/runtime/hints.py"]),
        ("check-fails", ["cuda: 12.1"]),
    ],
}  # fmt: skip

# Findings of less severity, or acknowledged ones, that there must be.
OTHERS = {
    "forced-triton#acknowledged": [
        ("breaks-requirement", ["triton==3.2.0", "bitsandbytes 0.45.0 imports triton.ops"]),
        ("import-deferred", ["triton_key", "torch/_inductor/codecache.py:207", "triton 2.3.1 is installed by"]),
    ],
    "forced-triton#filed": [("import-deferred", ["triton_key"])],
    "cuda-checks#vendored": [
        ("import-needs-driver", ["0 active drivers ([])", "moved to `gpu`", "dequantize_rowwise.py:18", "0.45.2"]),
    ],
    "torch-bnb#upgrade": [("wrong-cuda", ["CUDA 12.6"])],
}  # fmt: skip

# Items of `checks:` and what is found of them.
ITEMS = {
    "forced-triton#acknowledged": {"triton.ops.matmul_perf_model": "holds"},
    "cuda-checks#filed": {"bitsandbytes": "fails", "12.4": "holds", "transformers": "holds"},
    "cuda-checks#vendored": {"bitsandbytes": "moved", "torch": "holds"},
    "cuda-checks#fixed": {"bitsandbytes": "holds"},
    "torch-bnb#downgrade": {"torch._inductor.kernel.mm_common:mm_configs": "holds", "bitsandbytes": "holds"},
    "torch-bnb#upgrade": {"bitsandbytes": "holds"},
    "train#mended": {"torch": "holds", "transformers": "holds"},
    "train#stable": {"torch": "holds", "transformers": "holds"},
    "unsloth-windows#option1": {"bitsandbytes": "holds", "bitsandbytes.autograd._functions": "holds"},
}  # fmt: skip

# Rows beside what can be imported in them; None: the row can't be satisfied.
MATRICES = {
    "unsloth-windows": {
        "told": None,
        "filed": {"gpu: import bitsandbytes": "fails", "build: import bitsandbytes.autograd._functions": "fails"},
        "option1": {"gpu: import bitsandbytes": "holds", "build: import bitsandbytes.autograd._functions": "holds"},
        "option2": {"gpu: import bitsandbytes": "fails"},
    },
}

# Two sides, and what the lines of their diff must have in this order.
DIFFS = {
    ("train", "golden", "stable"): [
        r"golden: stage 'torch' can't be satisfied: .*torchaudio==2.8.2",
        r"then there is another conflict: .*torch==2.0.1 \(required by torchvision 0.15.2\)",
        r"\+ bitsandbytes +\(none\) -> 0.43.1 \(wheel, 119.8 MB\)",
        r"~ torch +==2.8.0.* -> 2.3.1 \(wheel, 779.2 MB\)",
        r"! torchaudio +==2.8.2 \(impossible.*\) -> \(none\)",
        r"~ torchvision +==0.15.2.* -> 0.18.1 \(wheel, 7.0 MB\)",
        r"~ transformers +==4.56.2.* -> 4.43.3 \(wheel, 9.4 MB\)",
        r"- unsloth +==2025.10.8.* -> \(none\)",
    ],
}

# Names that no finding of these rows may be about.
INNOCENT = {
    "forced-triton#fixed": ["triton", "bitsandbytes", "torch"],
    "cuda-checks#fixed": ["triton", "bitsandbytes", "torch"],
}


def run(ramekin, folder, cache, arguments):
    """The finished process and its seconds; ends the test where there is no network."""
    command = [ramekin, arguments[0], "--progress", "none", "--cache-dir", cache, *arguments[1:]]
    for name in SUBSTITUTES:
        command += ["--substitute-index", name + "=main"]
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, env={**os.environ, "COLUMNS": "1000"}
    )
    seconds = time.monotonic() - begun
    if re.search(r"could not connect|Could not resolve host", done.stderr) and not done.stdout:
        print("skipped: the package index can not be reached")
        sys.exit(SKIPPED)
    if not done.stdout:
        raise SystemExit(done.stderr)
    return done, seconds


def run_check(ramekin, folder, row, cache, offline):
    arguments = ["check", "-v", "--format", "json", "ramekin.yaml#" + row]
    done, seconds = run(ramekin, folder, cache, arguments + (["--offline"] if offline else []))
    return json.loads(done.stdout), done.stderr, seconds


def text_of(finding):
    parts = [finding["message"], finding["at"] or "", finding["hint"] or "", *finding.get("evidence", [])]
    return "\n".join([*parts, str(finding.get("ignored") or "")])


def matches(finding, code, words):
    return finding["code"] == code and all(word in text_of(finding) for word in words)


def judge(name, target):
    """What is wrong with the findings of a row."""
    findings = target["findings"]
    wrong = []
    errors = [one for one in findings if one["severity"] == "error" and not one.get("acknowledged")]
    for code, words in ERRORS[name]:
        found = [one for one in errors if matches(one, code, words)]
        if not found:
            wrong.append("no error %s with %s" % (code, words))
        errors = [one for one in errors if one not in found]
    wrong += ["an error too many: %s: %s" % (one["code"], one["message"]) for one in errors]
    for code, words in OTHERS.get(name, []):
        if not any(matches(one, code, words) for one in findings):
            wrong.append("no finding %s with %s" % (code, words))
    for item, result in ITEMS.get(name, {}).items():
        found = {one["result"] for one in target["checks"] if one["item"] == item}
        if found != {result}:
            wrong.append("the item %s: %s, not %s" % (item, sorted(found), result))
    for innocent in INNOCENT.get(name, []):
        wrong += [
            "%s is blamed: %s" % (innocent, one["message"])
            for one in findings
            if one["distribution"] == innocent and one["severity"] != "note"
        ]
    return wrong


def bytes_of(text):
    number, unit = text.split()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]


def read_bytes(said):
    found = re.search(r"wheels, (\S+ \S+) of (\S+ \S+) read", said)
    if not found or not bytes_of(found[2]):
        return 0, "nothing to read"
    return bytes_of(found[1]), "%s of %s" % found.groups()


def check_row(ramekin, name, work):
    recipe, row = name.split("#")
    folder = os.path.join(work, recipe + "-" + row)
    cache = os.path.join(work, "cache")
    shutil.copytree(os.path.join(RECIPES, recipe), folder)
    report, said, cold = run_check(ramekin, folder, row, cache, False)
    wrong = judge(name, report["targets"][0])
    count, read = read_bytes(said)
    if count > MOST_READ:
        wrong.append("%s read" % read)
    again, _, warm = run_check(ramekin, folder, row, cache, True)
    if again != report:
        wrong.append("the second run, without network, says something else")
    print("%s %-28s cold %6.1f s  warm %5.1f s  %s" % ("not ok" if wrong else "ok", name, cold, warm, read))
    for line in wrong:
        print("    " + line)
    sys.stdout.flush()
    shutil.rmtree(cache)
    return not wrong


def report(name, seconds, wrong):
    print("%s %-28s %6.1f s" % ("not ok" if wrong else "ok", name, seconds))
    for line in wrong:
        print("    " + line)
    sys.stdout.flush()
    return not wrong


def check_matrix(ramekin, recipe, work):
    folder = os.path.join(work, recipe)
    shutil.copytree(os.path.join(RECIPES, recipe), folder)
    done, seconds = run(ramekin, folder, folder + ".cache", ["matrix", "--check", "--format", "json"])
    wrong, rows = [], {row["row"]: row for row in json.loads(done.stdout)["rows"]}
    if list(rows) != list(MATRICES[recipe]):
        wrong.append("the rows are %s" % list(rows))
    for name, expected in MATRICES[recipe].items():
        row = rows.get(name, {})
        if row.get("resolves") != (expected is not None):
            wrong.append("%s resolves: %s" % (name, row.get("resolves")))
        verdicts = {one["item"]: one["verdict"] for one in row.get("checks", [])}
        for item, verdict in (expected or {}).items():
            if verdicts.get(item) != verdict:
                wrong.append("%s: %s: %s, not %s" % (name, item, verdicts.get(item), verdict))
    return report("matrix of " + recipe, seconds, wrong)


def check_diff(ramekin, sides, work):
    recipe, before, after = sides
    folder = os.path.join(work, "-".join(sides))
    shutil.copytree(os.path.join(RECIPES, recipe), folder)
    names = ["ramekin.yaml#" + row for row in (before, after)]
    done, seconds = run(ramekin, folder, folder + ".cache", ["diff", *names])
    wrong, at = [], 0
    for pattern in DIFFS[sides]:
        found = re.compile(pattern).search(done.stdout, at)
        if found:
            at = found.end()
        else:
            wrong.append("no line, here or later: " + pattern)
    if done.returncode != 1:
        wrong.append("it ends with %d" % done.returncode)
    return report("diff of %s#%s and #%s" % sides, seconds, wrong + (done.stdout.splitlines() if wrong else []))


def main():
    ramekin = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or [*ERRORS, *MATRICES, *(sides[0] for sides in DIFFS)]
    with tempfile.TemporaryDirectory() as work:
        good = [check_row(ramekin, name, work) for name in names if "#" in name]
        good += [check_matrix(ramekin, name, work) for name in MATRICES if name in names]
        good += [check_diff(ramekin, sides, work) for sides in DIFFS if sides[0] in names]
    sys.exit(not good or not all(good))


main()

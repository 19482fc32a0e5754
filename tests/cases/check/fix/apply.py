"""apply.py SARIF DIR: the files that its fixes change, changed, as a code review tool does it."""

import json
import pathlib
import sys
from urllib.parse import unquote

files = {}
for result in json.loads(pathlib.Path(sys.argv[1]).read_text())["runs"][0]["results"]:
    for fix in result.get("fixes", []):
        for change in fix["artifactChanges"]:
            path = unquote(change["artifactLocation"]["uri"])
            for one in change["replacements"]:
                region = one["deletedRegion"]
                assert region["startLine"] == region["endLine"], region
                files.setdefault(path, {})[(region["startLine"], region["startColumn"], region["endColumn"])] = one["insertedContent"]["text"]
for path, changes in sorted(files.items()):
    lines = pathlib.Path(path).read_text().split("\n")
    for (line, begin, end), text in sorted(changes.items(), reverse=True):
        lines[line - 1] = lines[line - 1][: begin - 1] + text + lines[line - 1][end - 1 :]
    (pathlib.Path(sys.argv[2]) / path).write_text("\n".join(lines))

"""pip for another platform, markers included.

    python -I foreign_pip.py MARKERS ARGUMENT...

`pip install --platform` chooses files by the tags of the platform that it is told, but asks markers of the
interpreter that it runs in (pip's documentation of --platform says so). MARKERS is a JSON object with the values
that they have on the platform instead.
"""

import json
import sys


def main():
    from pip._internal.cli.main import main as run_pip
    from pip._vendor.packaging import markers

    values = json.loads(sys.argv[1])
    markers.default_environment = lambda: dict(values)
    return run_pip(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

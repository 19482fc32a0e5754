"""check_shell.py FILE...: the shell text of every RUN in rendered Dockerfiles is what sh can read."""

import re
import subprocess
import sys


def instructions(text):
    """Logical lines, heredoc bodies left out."""
    lines = iter(text.split("\n==> ")[0].splitlines())
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        while line.endswith("\\"):
            line = line[:-1] + next(lines)
        yield line
        for end in re.findall(r"<<'(\w+)'", line) if line.startswith("COPY") else []:
            while next(lines) != end:
                pass


def main():
    runs = failed = 0
    for path in sys.argv[1:]:
        text = open(path, encoding="utf-8").read()
        for line in instructions(text):
            if not line.startswith("RUN "):
                continue
            command = re.sub(r"^(--\w+=\S+\s+)*", "", line[4:])
            done = subprocess.run(["sh", "-n", "-c", command])
            runs += 1
            if done.returncode:
                failed += 1
                print("%s: %s" % (path, command))
    print("%d RUN lines" % runs)
    sys.exit(1 if failed or runs == 0 else 0)


main()

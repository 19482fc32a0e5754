"""Dockerfiles read by ramekin and by BuildKit's own parser: the same instructions, words and heredocs.
Shell scripts read by ramekin, by mvdan.cc/sh and by bash: the same commands, and no more of them.

    dockerfile_oracle.py DRIVER [--cases N] [--seed N] [FILE...]

Reads the files given, those of BuildKit's own tests and N made at random from pieces that are hard
to read, as many texts with references and as many scripts. The Go program beside this file is built with the module
proxy; without Go or without the modules the test is skipped.
"""

import argparse
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

LINES = r"""
FROM a
FROM a:b AS c
from a As  B
FROM --platform=$X a
RUN echo a
RUN echo a \
RUN  echo  "a  b" 'c' \{BLANK}
  && b \
  # comment
# comment
   # comment \
#escape=`
# escape = \
# syntax = docker/dockerfile:1
# check=skip=all
  && c `

{BLANK}{BLANK}{BLANK}{BLANK}
RUN ["a", "b\n", "\u00e9\ud83d\ude00"]
RUN ["a", 1]
RUN ["a"
RUN ["a",]
RUN ["a"] b
RUN []{BLANK}
RUN [ "a" , "b" ]
CMD ["x", null]
ENTRYPOINT [ "a"]
RUN <<EOF
RUN <<-EOF
RUN cat <<'EOF' > x
RUN <<A <<B
RUN <<"E F"
RUN 3<<EOF
RUN << EOF
RUN <<<EOF
RUN cat <<EOF | sh && echo "<<A"
COPY <<EOF <<B /x/
COPY <<EOF /x
ADD a b
ADD --chown=a:b --link a b
COPY --from=x --chmod=644 ["a b", "c"]
COPY a
COPY --link=maybe a b
COPY --exclude=a --exclude=b c d
EOF
{TAB}EOF
A
B
E F
ENV A=b C="d e" F=g\ h
ENV A b c
ENV A
ENV A=$B${C:-d}
ENV A=b C
ENV A="b \
c" D='e\'
LABEL a.b="c" 'd'="e"
LABEL a b
ARG A
ARG A=b C D="e f"
ARG
ARG =a
HEALTHCHECK NONE
HEALTHCHECK --interval=5s CMD a b
HEALTHCHECK CMD ["a", "b"]
HEALTHCHECK x
HEALTHCHECK --retries=3 \
EXPOSE 80 443/tcp
EXPOSE
VOLUME ["a", "b"]
VOLUME a b
USER a
USER
WORKDIR /a b
SHELL ["/bin/bash", "-c"]
SHELL bash
STOPSIGNAL 9
MAINTAINER a b
ONBUILD RUN a
ONBUILD COPY a b
ONBUILD ONBUILD RUN a
ONBUILD FROM a
ONBUILD RUN <<EOF
ONBUILD
RUN --mount=type=cache,target=/x --network=none a
RUN --mount=type="cache,t" a --flag=x
RUN --unknown a
RUN -- a
RUN --network=none -- --a
FRM a
RUN\
RUN{TAB}a{TAB}b
RUN a\\
RUN a\\\
RUN a \{TAB}
é
RUN é{BLANK}{BLANK}{BLANK}
COPY "a b" c
{TAB}RUN x
RUN x #y
\
""".replace("{TAB}", "\t").replace("{BLANK}", " ").split("\n")

COMMANDS = [
    "pip install torch>=2.0,<3 'x>=1'", "pip install a>=1 --no-cache-dir", "apt-get update", "set -eux", "cd /x",
    "A=1 B='c d' env C=$D e", "export A=b", "python3.11 -m pip install -r x.txt 2>&1", "echo \"a $(b c) `d` ${e:-f g}\"",
    "cat <<EOF >/x/y\n$a `b`\nEOF\n", "cat <<-'E' | sh\n\t$(x\n\tE\n", "[ -f x ]", "[[ a == b* && ! -d c ]]",
    "curl -fsSL x | sh -s -- -y", "x=$(y z)", "((a=1))", "echo $((1+(2*3)))", "a=(b 'c d' $e)", "f() { g; h; }",
    "function f { g; }", "case $a in x|y) z;; (w) v ;; *) u; esac", "if a; then b; elif c; then d; else e; fi",
    "for i in a b $c; do d $i; done", "for i; do a; done", "while read -r l; do echo \"$l\"; done <x",
    "until a; do b; done", "{ a; b; } >c", "(a; b) 2>/dev/null", "! a", "time a", "a &", "echo a#b", "a #c && d\nb", "a\\ b \\\n c",
    "<x cat", ">y", "a &>z", "a <<<'b c'", "diff <(a b) <(c)", "echo $1 $@ $? $$ ${#a} ${a%%b} ${a[0]}",
    "wget -O- 'x' | tar xz -C /y", "true", "echo {", "echo }", "echo if then fi", "'a b'", "\"", "'", "(", ")", "fi", "do",
    "${", "$(", "&&", ";;", "}", "echo $'a'", "a;", "\n", "",
]
JOINTS = [" && ", " || ", "; ", " | ", "\n", " \\\n && ", " & ", " &&\n", " "]

PIECES = [
    "$NAME", "${NAME}", "${NAME:-x}", "${NONE:-x}", "${NONE-x y}", "${EMPTY:+x}", "${EMPTY+x}", "${NAME:+$NONE}",
    "${NONE:?no}", "${NAME?no}", "$", "${", "}", "${}", "${:x}", "$$", "$1", "$12a", "${1}", "'", '"', "\\", "\\\\",
    "\\$", '\\"', " ", "  ", "a", "b c", "'$NAME'", '"$NAME"', '"a\\b"', "${PATH#*/}", "${PATH##*/}", "${PATH%:*}",
    "${PATH%%:*}", "${PATH/bin/x}", "${PATH//bin/x}", "${FILE%.*}", "${FILE%%.*}", "${FILE#*.}", "${STAR/\\*/x}",
    "${STAR#a\\*}", "${STAR/?/x}", "${PATH//?s*/-}", "${NONE#x}", "${NAME/a}", "${NAME%\\x}", "${PATH/\\/usr/x}",
    "$BLANKS", '"$BLANKS"', "<", "<<", "<< EOF", "<<'E'", "é", "$é", "${NAME:#x}", "${NAME=x}", "${NAME//v/$NAME}",
    "${EMPTY//x/y}", "${NAME//*/y}", "${NAME//}", "${NAME/\"a\"/x}", "${PATH#\"*\"}", "${NAME:-${NONE:-$FILE}}",
]


def build(folder):
    """The Go program, or None and why not."""
    if not shutil.which("go"):
        return None, "there is no Go"
    program = os.path.join(folder, "oracle")
    for name in ("main.go", "go.mod", "go.sum"):
        shutil.copy(os.path.join(HERE, "dockerfile", name), folder)
    made = subprocess.run(["go", "build", "-o", program, "."], cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return None, made.stderr.strip().splitlines()[-1] if made.stderr else "go build failed"
    return program, ""


def upstream(folder):
    found = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit"],
        cwd=folder, capture_output=True, text=True, check=False,
    ).stdout.strip()
    return [path for path in glob.glob(found + "/**/*ockerfile*", recursive=True) if os.path.isfile(path)] if found else []


def write_cases(folder, count):
    paths = []
    for number in range(count):
        lines = random.choices(LINES, k=random.randint(1, 12))
        if random.random() < 0.5:
            lines.insert(0, "FROM a")
        text = random.choice(["\n", "\n", "\n", "\r\n"]).join(lines) + random.choice(["", "\n"])
        path = os.path.join(folder, "case%d" % number)
        with open(path, "w", encoding="utf-8", newline="") as stream:
            stream.write(random.choice(["", "", "", "\ufeff"]) + text)
        paths.append(path)
    return paths


def run(program, *arguments, text=None):
    done = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def same_file(ours, theirs):
    """A NUL in a string, which ramekin does not keep, counts as what stands for it; an instruction
    that is but a continuation is refused and not kept."""
    if "panic" in theirs:
        return True
    if ("refused" in theirs) != ("refused" in ours):
        return False
    wanted = json.loads(json.dumps(theirs.get("instructions")).replace("\\u0000", "\\ufffd"))
    wanted = [one for one in wanted or [] if one["name"]]
    return not wanted or (ours["instructions"] == wanted and ours["escape"] == theirs["escape"])


def same_text(ours, theirs):
    if theirs["refused"] or ours["refused"]:
        return ours["refused"] == theirs["refused"]
    if ours["result"] != theirs["result"]:
        return False
    # Its buffer of words is emptied by whatever follows an operator.
    return re.search(r"\$\{[^{}]*[-+?#%/:]", ours["text"]) or ours["words"] == theirs.get("words", [])


def same_script(ours, theirs):
    """What ramekin does not understand it says nothing about; bash takes more than mvdan.cc/sh."""
    if ours["refused"] or ours["commands"] == theirs["commands"]:
        return True
    return theirs["refused"] and not bash_refuses(theirs["text"])


def write_script():
    text = random.choice(COMMANDS)
    for _ in range(random.randint(0, 4)):
        text += random.choice(JOINTS) + random.choice(COMMANDS)
    return text


def bash_refuses(text):
    return subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False).returncode != 0


def compare_scripts(driver, program, count):
    scripts = [write_script() for _ in range(count)]
    ours, theirs = (run(one, "shell", text="\x1e".join(scripts)) for one in (driver, program))
    wrong = compare("scripts", ours, theirs, same_script)
    missed = [one for one, other in zip(ours, theirs) if one["refused"] and not other["refused"]]
    refused = [one for one in ours[:500] if not one["refused"] and bash_refuses(one["text"])]
    print("scripts: %d that mvdan.cc/sh reads are not understood" % len(missed))
    for one in missed[:5]:
        print("  %s: %r" % (one["reason"], one["text"]))
    print("scripts: %d of the first 500 are understood and refused by bash" % len(refused))
    for one in refused[:5]:
        print("  %r" % one["text"])
    return wrong + len(refused)


def compare(what, ours, theirs, same):
    wrong = [pair for pair in zip(ours, theirs) if not same(*pair)]
    refused = sum(1 for one in theirs if one.get("refused"))
    print("%s: %d compared, %d of them refused, %d differ" % (what, len(theirs), refused, len(wrong)))
    for one, other in wrong[:3]:
        if "instructions" in one and "instructions" in other:
            for mine, its in zip(one.pop("instructions"), other.pop("instructions")):
                if mine != its:
                    print("  ramekin  " + json.dumps(mine))
                    print("  buildkit " + json.dumps(its))
        print("  ramekin  " + json.dumps(one)[:1000])
        print("  buildkit " + json.dumps(other)[:1000])
        if "file" in one and os.path.isfile(one["file"]):
            with open(one["file"], encoding="utf-8", errors="replace") as stream:
                print("  text     %r" % stream.read()[:2000])
    return len(wrong) + abs(len(ours) - len(theirs))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("driver")
    options.add_argument("--cases", type=int, default=3000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("files", nargs="*")
    options = options.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        program, why = build(folder)
        if not program:
            print("skipped: " + why)
            sys.exit(77)
        files = options.files + upstream(folder) + write_cases(folder, options.cases)
        wrong = 0
        for begin in range(0, len(files), 500):
            some = files[begin : begin + 500]
            wrong += compare("files", run(options.driver, "file", *some), run(program, "file", *some), same_file)
        texts = "\n".join("".join(random.choices(PIECES, k=random.randint(1, 5))) for _ in range(options.cases))
        wrong += compare("texts", run(options.driver, "lex", text=texts), run(program, "lex", text=texts), same_text)
        wrong += compare_scripts(options.driver, program, options.cases)
    sys.exit(1 if wrong else 0)


main()

"""Trees of the Python parser against those of CPython's own `ast`: every node, name, text and line of
every source file in the folders and wheels given, or of the standard library of this Python. What
CPython's parser refuses has to be refused, what it reads has to be read, and what a file needs of
Python has to be right for the Python that runs this: try several."""

import argparse
import ast
import os
import random
import re
import subprocess
import sys
import tempfile
import warnings
import zipfile

VERSION = sys.version_info[:2]
TEXT_BYTES = 64 * 1024
PLAIN = re.compile(r'[^\x20-\x7e]|["\\]')
OPERATORS = {
    ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&", ast.LShift: "<<", ast.RShift: ">>",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.MatMult: "@", ast.Pow: "**", ast.UAdd: "+", ast.USub: "-", ast.Invert: "~",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Is: "is", ast.IsNot: "is-not", ast.In: "in", ast.NotIn: "not-in",
}  # fmt: skip


class Dump:
    """The form that python_dump.c prints."""

    def __init__(self, lines):
        self.lines = lines
        self.named_escapes = any(b"\\N{" in line for line in lines)
        self.out = []
        self.in_fstring = 0

    # --- expressions -----------------------------------------------------------------------

    def expr(self, e):
        if e is None:
            return "-"
        kind, rest = getattr(self, "e_" + type(e).__name__)(e)
        # before 3.12 places within f-strings were those of another text
        line = "?" if self.in_fstring and VERSION < (3, 12) else e.lineno
        return "(%s@%s%s)" % (kind, line, rest)

    def all(self, items):
        return "".join(" " + self.expr(e) for e in items)

    def e_Name(self, e):
        return "name", " " + e.id

    def e_Attribute(self, e):
        return "attribute", " %s %s" % (e.attr, self.expr(e.value))

    def e_Subscript(self, e):
        return "subscript", " %s %s" % (self.expr(e.value), self.expr(e.slice))

    def e_Slice(self, e):
        return "slice", self.all((e.lower, e.upper, e.step))

    def arguments(self, args, keywords):
        # values in the order of the source, as they are evaluated there
        mixed = [(a.lineno, a.col_offset, self.argument(a)) for a in args]
        for k in keywords:
            text = "**" if k.arg is None else k.arg + "="
            mixed.append((k.value.lineno, k.value.col_offset, text + self.expr(k.value)))
        if keywords and any(isinstance(a, ast.Starred) for a in args):
            mixed.sort(key=lambda m: m[:2])
        return "".join(" " + m[2] for m in mixed)

    def argument(self, a):
        return "*" + self.expr(a.value) if isinstance(a, ast.Starred) else self.expr(a)

    def e_Call(self, e):
        return "call", " " + self.expr(e.func) + self.arguments(e.args, e.keywords)

    def text(self, value):
        try:
            data = value.encode()
        except UnicodeEncodeError:
            return "?"
        if len(data) > TEXT_BYTES or b"\0" in data:
            return "?"
        return '"%s"' % PLAIN.sub(lambda m: "\\%02x" % ord(m.group()), data.decode("latin-1"))

    def source(self, e):
        if e.lineno == e.end_lineno:
            return self.lines[e.lineno - 1][e.col_offset : e.end_col_offset]
        lines = self.lines[e.lineno - 1 : e.end_lineno]
        lines[-1] = lines[-1][: e.end_col_offset]
        lines[0] = lines[0][e.col_offset :]
        return b"".join(lines)

    def e_Constant(self, e):
        value = e.value
        if value is None or value is True or value is False:
            return str(value), ""
        if value is Ellipsis:
            return "...", ""
        if isinstance(value, str):
            if self.named_escapes and b"\\N{" in self.source(e):
                return "string", " ?"
            return "string", " " + self.text(value)
        if isinstance(value, bytes):
            return "bytes", ""
        if self.in_fstring and VERSION < (3, 12):
            return "number", " ?"
        return "number", " " + self.source(e).decode()

    def fields(self, values):
        found = []
        for value in values:
            if type(value).__name__ in ("FormattedValue", "Interpolation"):
                found.append(self.expr(value.value))
                if value.format_spec:
                    found.extend(self.fields(getattr(value.format_spec, "values", ())))
        return found

    def e_JoinedStr(self, e):
        self.in_fstring += 1
        found = self.fields(e.values)
        self.in_fstring -= 1
        return "fstring", "".join(" " + text for text in found)

    e_TemplateStr = e_JoinedStr

    def e_Tuple(self, e):
        return "tuple", self.all(e.elts)

    def e_List(self, e):
        return "list", self.all(e.elts)

    def e_Set(self, e):
        return "set", self.all(e.elts)

    def e_Dict(self, e):
        return "dict", self.all(x for pair in zip(e.keys, e.values) for x in pair)

    def e_UnaryOp(self, e):
        if isinstance(e.op, ast.Not):
            return "not", " " + self.expr(e.operand)
        return "unary", " %s %s" % (OPERATORS[type(e.op)], self.expr(e.operand))

    def e_BinOp(self, e):
        # long chains lean to the left
        return "binary", " %s %s %s" % (
            OPERATORS[type(e.op)],
            self.expr(e.left),
            self.expr(e.right),
        )

    def e_BoolOp(self, e):
        return "and" if isinstance(e.op, ast.And) else "or", self.all(e.values)

    def e_Compare(self, e):
        rest = "".join(
            " %s %s" % (OPERATORS[type(op)], self.expr(value))
            for op, value in zip(e.ops, e.comparators)
        )
        return "compare", " " + self.expr(e.left) + rest

    def e_IfExp(self, e):
        return "conditional", self.all((e.body, e.test, e.orelse))

    def e_Lambda(self, e):
        return "lambda", " " + self.expr(e.body) + self.parameters(e.args)

    def comprehension(self, kind, items, e):
        rest = ""
        for clause in e.generators:
            rest += " async-for " if clause.is_async else " for "
            rest += "%s in %s" % (self.expr(clause.target), self.expr(clause.iter))
            rest += "".join(" if " + self.expr(test) for test in clause.ifs)
        return "comprehension", " " + kind + self.all(items) + rest

    def e_ListComp(self, e):
        return self.comprehension("list", (e.elt,), e)

    def e_SetComp(self, e):
        return self.comprehension("set", (e.elt,), e)

    def e_GeneratorExp(self, e):
        return self.comprehension("generator", (e.elt,), e)

    def e_DictComp(self, e):
        return self.comprehension("dict", (e.key, e.value), e)

    def e_Await(self, e):
        return "await", " " + self.expr(e.value)

    def e_Yield(self, e):
        return "yield", " " + self.expr(e.value) if e.value else ""

    def e_YieldFrom(self, e):
        return "yield-from", " " + self.expr(e.value)

    def e_Starred(self, e):
        return "starred", " " + self.expr(e.value)

    def e_NamedExpr(self, e):
        return "named", " %s %s" % (e.target.id, self.expr(e.value))

    def parameters(self, a):
        positional = list(a.posonlyargs) + list(a.args)
        defaults = [None] * (len(positional) - len(a.defaults)) + list(a.defaults)
        rest = ""
        for i, (arg, default) in enumerate(zip(positional, defaults)):
            rest += self.parameter("/" if i < len(a.posonlyargs) else "", arg, default)
        if a.vararg:
            rest += self.parameter("*", a.vararg, None)
        for arg, default in zip(a.kwonlyargs, a.kw_defaults):
            rest += self.parameter("!", arg, default)
        if a.kwarg:
            rest += self.parameter("**", a.kwarg, None)
        return rest

    def parameter(self, mark, arg, default):
        rest = " %s%s" % (mark, arg.arg)
        if arg.annotation:
            rest += ":" + self.expr(arg.annotation)
        if default:
            rest += "=" + self.expr(default)
        return rest

    # --- statements --------------------------------------------------------------------------

    def block(self, depth, label, body):
        if body and label:
            self.out.append(" " * (depth - 1) + label)
        for s in body:
            self.statement(depth, s)

    def statement(self, depth, s):
        name = type(s).__name__
        asynchronous = name.startswith("Async")
        kind, rest = getattr(self, "s_" + name[5 * asynchronous :])(s)
        self.out.append(
            "%s%s%s@%d-%d%s"
            % (" " * depth, "async-" * asynchronous, kind, s.lineno, s.end_lineno, rest)
        )
        if name != "Match":
            self.block(depth + 1, "", getattr(s, "body", ()))
        for handler in getattr(s, "handlers", ()):
            line = "%sexcept@%d" % (" " * depth, handler.lineno)
            line += " " + self.expr(handler.type) if handler.type else ""
            line += " as " + handler.name if handler.name else ""
            self.out.append(line)
            self.block(depth + 1, "", handler.body)
        for case in getattr(s, "cases", ()):
            self.case(depth + 1, case)
        self.block(depth + 1, "else", getattr(s, "orelse", ()))
        self.block(depth + 1, "finally", getattr(s, "finalbody", ()))

    def value(self, label, e):
        return " %s %s" % (label, self.expr(e)) if e else ""

    def s_Expr(self, s):
        return "expression", self.value("=", s.value)

    def s_Assign(self, s):
        return "assign", self.all(s.targets) + self.value("=", s.value)

    def s_AnnAssign(self, s):
        rest = self.all((s.target,)) + self.value(":", s.annotation) + self.value("=", s.value)
        return "annotated", rest

    def s_AugAssign(self, s):
        rest = " " + OPERATORS[type(s.op)] + self.all((s.target,)) + self.value("=", s.value)
        return "augmented", rest

    def aliases(self, names):
        return "".join(" " + a.name + (" as " + a.asname if a.asname else "") for a in names)

    def s_Import(self, s):
        return "import", self.aliases(s.names)

    def s_ImportFrom(self, s):
        rest = " .%d" % s.level if s.level else ""
        rest += " " + s.module if s.module else ""
        return "from", rest + self.aliases(s.names)

    def s_If(self, s):
        return "if", self.value("=", s.test)

    def s_While(self, s):
        return "while", self.value("=", s.test)

    def s_For(self, s):
        return "for", self.all((s.target,)) + self.value("=", s.iter)

    def s_With(self, s):
        rest = "".join(
            self.value("with", i.context_expr) + self.value("as", i.optional_vars) for i in s.items
        )
        return "with", rest

    def s_Try(self, s):
        return "try", ""

    def s_TryStar(self, s):
        return "try*", ""

    def decorators(self, s):
        return " " + s.name + "".join(self.value("@", e) for e in s.decorator_list)

    def s_FunctionDef(self, s):
        return "def", self.decorators(s) + self.value(":", s.returns) + self.parameters(s.args)

    def s_ClassDef(self, s):
        return "class", self.decorators(s) + self.arguments(s.bases, s.keywords)

    def s_Return(self, s):
        return "return", self.value("=", s.value)

    def s_Raise(self, s):
        return "raise", self.value("=", s.exc) + self.value(",", s.cause)

    def s_Assert(self, s):
        return "assert", self.value("=", s.test) + self.value(",", s.msg)

    def s_Delete(self, s):
        return "del", self.all(s.targets)

    def s_Global(self, s):
        return "global", "".join(" " + name for name in s.names)

    def s_Nonlocal(self, s):
        return "nonlocal", "".join(" " + name for name in s.names)

    def s_Pass(self, s):
        return "pass", ""

    def s_Break(self, s):
        return "break", ""

    def s_Continue(self, s):
        return "continue", ""

    def s_TypeAlias(self, s):
        return "type", " " + s.name.id + self.value("=", s.value)

    def s_Match(self, s):
        return "match", self.value("=", s.subject)

    def case(self, depth, case):
        captured, values = [], []
        irrefutable = self.pattern(case.pattern, captured, values) and not case.guard
        self.out.append(
            "%s%s%s :%s%s"
            % (
                " " * depth,
                "case-any" if irrefutable else "case",
                "".join(" " + c for c in captured),
                "".join(" " + v for v in values),
                self.value("if", case.guard),
            )
        )
        self.block(depth + 1, "", case.body)

    def pattern(self, p, captured, values):
        """Whether it matches anything."""
        name, whole = type(p).__name__, False
        if name == "MatchValue":
            values.append(self.expr(p.value))
        elif name == "MatchSingleton":
            values.append("(%s@%d)" % (p.value, p.lineno))
        elif name == "MatchAs":
            whole = p.pattern is None or self.pattern(p.pattern, captured, values)
            if p.name:
                captured.append("(name@%d %s)" % (self.name_line(p), p.name))
        elif name == "MatchStar":
            if p.name:
                captured.append("(name@%d %s)" % (p.lineno, p.name))
        elif name == "MatchMapping":
            for key, inner in zip(p.keys, p.patterns):
                values.append(self.expr(key))
                self.pattern(inner, captured, values)
            if p.rest:
                captured.append("(name@%d %s)" % (self.rest_line(p), p.rest))
        else:
            if name == "MatchClass":
                values.append(self.expr(p.cls))
            inner = p.patterns + (p.kwd_patterns if name == "MatchClass" else [])
            found = [self.pattern(i, captured, values) for i in inner]
            whole = name == "MatchOr" and found[-1]
        return whole

    def name_line(self, p):
        return p.end_lineno if p.pattern else p.lineno

    def rest_line(self, p):
        lines = range(p.lineno, p.end_lineno + 1)
        for line in reversed(lines):
            if b"**" in self.lines[line - 1]:
                return line
        return p.lineno


def module(text):
    """What CPython makes of it, and why it refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            return None, "%s: %s" % (type(error).__name__, error)
        except (RecursionError, MemoryError) as error:
            return None, type(error).__name__
    if VERSION < (3, 9):
        return "", None  # its trees have another form
    # as the parser counts: "\r" ends a line too, form feeds do not
    text = text[3:] if text.startswith(b"\xef\xbb\xbf") else text
    coding = re.match(rb"(?:[ \t\f]*(?:#.*)?\r?\n)?[ \t\f]*#.*?coding[:=][ \t]*(latin|iso)", text)
    if coding:
        text = text.decode("latin-1").encode()
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    dump = Dump([line + b"\n" for line in lines])
    dump.block(0, "", tree.body)
    return "\n".join(dump.out), None


def sources(folders):
    for folder in folders:
        if os.path.isfile(folder):
            yield folder
        for root, dirs, names in os.walk(folder):
            dirs.sort()
            for name in sorted(names):
                path = os.path.join(root, name)
                if name.endswith((".py", ".source")) and os.path.isfile(path) and "\n" not in path:
                    yield path


def dumps(driver, paths):
    """Each path, and where the answer about it is to be read before the next one is asked."""
    process = subprocess.Popen([driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for path in paths:
        process.stdin.write(os.fsencode(path) + b"\n")
        process.stdin.flush()
        yield path, process.stdout


def read_answer(stream):
    """The oldest 3.N that reads it, and the tree; or None, and why not."""
    head = stream.readline()
    assert head.startswith(b"= "), head
    size = int(head.split()[1])
    data = stream.read(size).decode()
    stream.readline()
    first, _, rest = data.partition("\n")
    if first.startswith("!"):
        return None, first
    return int(first[2:].split("@")[0]), rest


def difference(expected, found):
    for a, b in zip(expected.split("\n"), found.split("\n")):
        if a != b:
            at = next((i for i in range(min(len(a), len(b))) if a[i] != b[i]), min(len(a), len(b)))
            start = max(0, at - 60)
            return "\n    CPython: %s\n    here:    %s" % (a[start : at + 80], b[start : at + 80])
    return "\n    lengths %d and %d" % (len(expected), len(found))


TEXTS = re.compile(r' "[^"]*"| \?(?=\))')


def same(expected, found):
    """An escape by name is not known here: "?" stands for any text."""
    if expected == found or VERSION < (3, 9):
        return True
    if VERSION < (3, 12) and "(fstring@" in found:
        expected, found = loosen(expected), loosen(found)
    texts = [a if b == " ?" else b for a, b in zip(TEXTS.findall(found), TEXTS.findall(expected))]
    return TEXTS.sub("", expected) == TEXTS.sub("", found) and texts == TEXTS.findall(found)


LOOSE = re.compile(r"\(fstring@\d+")


def loosen(text):
    """Without lines and numbers within f-strings, which Pythons before 3.12 have wrong."""
    out, at = [], 0
    for match in LOOSE.finditer(text):
        if match.start() < at:
            continue
        depth, end, quoted = 1, match.end(), False
        while depth:
            c = text[end]
            if c == '"':
                quoted = not quoted
            elif not quoted:
                depth += (c == "(") - (c == ")")
            end += 1
        inner = re.sub(r"@\d+", "@?", text[match.end() : end])
        out.append(text[at : match.end()])
        out.append(re.sub(r"\(number@\? [^ )]+", "(number@? ?", inner))
        at = end
    return "".join(out) + text[at:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="only each N-th file")
    parser.add_argument("--library", action="store_true", help="the standard library too")
    parser.add_argument("--mutate", type=int, help="so many damaged pieces of the files instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wheels", help="a folder with wheels in it, or in its folders")
    options = parser.parse_args()
    sys.setrecursionlimit(20000)
    folders = list(options.folders)
    if options.library or not (folders or options.wheels is not None):
        folders.append(os.path.dirname(os.__file__))
    with tempfile.TemporaryDirectory() as scratch:
        if options.wheels is not None:
            if not unpack(options.wheels, scratch):
                print("no wheels in '%s' (RAMEKIN_BENCH_WHEELS)" % options.wheels)
                return 77
            folders.append(scratch)
        paths = list(dict.fromkeys(sources(folders)))[:: options.every]
        if options.mutate:
            paths = mutations(paths, options.mutate, options.seed, scratch)
        return compare(options.driver, paths)


WORDS = re.compile(rb"\w+|\s+|[^\w\s]")
STRANGE = rb"""( ) [ ] { } , : ; . ... -> = == != < > <= := + - ~ * ** / // @ | & ^ ! not in is and or if else
elif for while with as async await lambda yield from import def class return raise try except finally
del global pass break match case type print _ x 0 1.5 0x1 1j 1_0 01 'a' "b" b'c' r'd' f'{x}'
f"{x!r:>{y}}" None True \ # '""".split() + [b"\n", b"\t", b"\\\n"]


def mutated(rng, text):
    """A few lines in which tokens are gone, added, exchanged or strange."""
    lines = text.splitlines(True)
    start = rng.randrange(max(1, len(lines)))
    piece = b"".join(lines[start : start + rng.choice((1, 1, 2, 3, 12))])
    indent = re.match(rb"[ \t]*", piece).group()
    piece = re.sub(rb"(?m)^" + indent, b"", piece)
    words = WORDS.findall(piece)
    others = WORDS.findall(text[:4000]) + STRANGE
    for _ in range(rng.randint(0, 2)):
        if not words:
            break
        at, what = rng.randrange(len(words)), rng.randrange(4)
        if what == 0:
            del words[at]
        elif what == 1:
            words.insert(at, rng.choice(others))
        elif what == 2:
            words[at] = rng.choice(others)
        else:
            other = rng.randrange(len(words))
            words[at], words[other] = words[other], words[at]
    return b"".join(words)


def mutations(paths, count, seed, scratch):
    rng = random.Random(seed)
    made = []
    for i in range(count):
        with open(rng.choice(paths), "rb") as file:
            text = mutated(rng, file.read())
        made.append(os.path.join(scratch, "%d.py" % i))
        with open(made[-1], "wb") as file:
            file.write(text)
    return made


def unpack(folder, scratch):
    """The sources of every wheel, each wheel in a folder of its own; how many wheels."""
    count = 0
    for root, _, names in os.walk(folder or os.devnull):
        for name in names:
            if not name.endswith(".whl"):
                continue
            with zipfile.ZipFile(os.path.join(root, name)) as wheel:
                members = [m for m in wheel.namelist() if m.endswith(".py")]
                wheel.extractall(os.path.join(scratch, name), members)
            count += 1
    return count


def show(text):
    if len(text) < 1000:
        print("    " + text.decode("utf-8", "replace").replace("\n", "\n    "))


def compare(driver, paths):
    counts = {"trees equal": 0, "refused by both": 0, "for another Python": 0}
    wrong, size = 0, 0
    for path, stream in dumps(driver, paths):
        minor, found = read_answer(stream)
        with open(path, "rb") as file:
            text = file.read()
        size += len(text)
        expected, reason = module(text)
        if expected is None and minor is None:
            counts["refused by both"] += 1
        elif expected is None and minor > VERSION[1]:
            counts["for another Python"] += 1
        elif expected is None:
            wrong += 1
            print("%s: CPython refuses it (%s), here it is read (3.%d)" % (path, reason, minor))
            show(text)
        elif minor is None:
            wrong += 1
            print("%s: CPython reads it, here: %s" % (path, found))
            show(text)
        elif minor > VERSION[1]:
            wrong += 1
            print("%s: said to need 3.%d" % (path, minor))
        elif not same(expected, found):
            wrong += 1
            print("%s: other trees%s" % (path, difference(expected, found)))
        else:
            counts["trees equal"] += 1
    told = ", ".join("%d %s" % (count, what) for what, count in counts.items())
    print("Python %d.%d: %d files, %.1f MB: %s, %d wrong" % (*VERSION, len(paths), size / 1e6, told, wrong))
    return 1 if wrong or not paths else 0


if __name__ == "__main__":
    sys.exit(main())

"""Files of src have at most 900 lines, functions at most 80; prints how long they are."""

import statistics

from house import finish, read, tree

FILE_LINES = 900
FUNCTION_LINES = 80


def functions(lines):
    """(line, length) of each function: what stands between a brace in column 1 and its partner."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start - 1, number - start - 1
            start = None


def main():
    problems, files, lengths = [], [], []
    for path in tree(".c", ".h", under="src"):
        lines = read(path).splitlines()
        files.append(len(lines))
        if len(lines) > FILE_LINES:
            problems.append("%s: %d lines, at most %d" % (path, len(lines), FILE_LINES))
        for start, length in functions(lines):
            lengths.append(length)
            if length > FUNCTION_LINES:
                problems.append("%s:%d: a function of %d lines" % (path, start, length))
    lengths.sort()
    print("%d files, median %d lines, longest %d" % (len(files), statistics.median(files), max(files)))
    print(
        "%d functions, median %d lines, nine in ten up to %d, longest %d"
        % (len(lengths), statistics.median(lengths), lengths[len(lengths) * 9 // 10], lengths[-1])
    )
    finish(problems)


main()

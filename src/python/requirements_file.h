/* The lines of a requirements or constraints file as pip reads them: decoded (BOM, PEP 263), joined
 * at backslashes, without comments, ${VAR} expanded (pip's req_file.py: preprocess).
 *
 * Each byte of a line remembers where it stood in the file, so that a mistake anywhere in a joined
 * line is shown at its own place. */
#pragma once

#include "base/diags.h"

/* The file's text as UTF-8, under the same name. Errors: ERROR_INPUT for an encoding that is not
 * read or bytes that are not of the encoding. */
Source *requirements_file_decode(Source *file, GError **error);

typedef struct {
    char *text; /* valid UTF-8 without NUL; may have variables' values in it */
    size_t length;
    char *written; /* the same before ${VAR} was replaced */
    Span at;       /* the whole line, or the recipe's scalar; borrows its source */
    /* of a file's line: offset in the source of every byte of `text`; NULL for a recipe's scalar */
    guint32 *places;
    size_t line_start; /* offset in the source of the line `at.line` */
} RequirementLine;

/* A requirement that stands in a recipe. */
RequirementLine *requirement_line_new(const char *text, Span at);
void requirement_line_free(RequirementLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RequirementLine, requirement_line_free)
/* Where text[offset .. offset+length) stands. */
Span requirement_line_span(const RequirementLine *line, size_t offset, size_t length);

typedef struct {
    Source *source;                 /* decoded; borrowed */
    const char *const *environment; /* "KEY=value", or NULL */
    size_t position;
    size_t line_start; /* of the line that `position` is in */
    unsigned line;
} RequirementLines;

RequirementLines requirement_lines(Source *source, const char *const *environment);
/* The next line that is not empty; NULL at the end. Lines too long or with NUL characters go to
 * diags, set *ok to false and are skipped. */
RequirementLine *requirement_lines_next(RequirementLines *lines, Diags *diags, bool *ok);

/* What Python's str.strip() and \s take for white space. */
bool requirement_is_space(gunichar c);

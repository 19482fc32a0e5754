/* A text with a name and lines, and spans into it.
 *
 * Every value that came from a recipe, a requirement file or a constraints file keeps a Span, so
 * that any later error can show the line. A Span borrows its Source: whoever keeps a Span longer
 * than the document it points into takes a reference with source_ref(). Lines and columns count
 * from 1, columns and widths in characters (not bytes); line 0 means "nowhere". */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Source Source;

typedef struct {
    Source *source; /* borrowed; NULL: nowhere */
    unsigned line;
    unsigned column;
    unsigned width; /* characters; 0: unknown, shown as one */
} Span;

#define SPAN_NONE ((Span){NULL, 0, 0, 0})

/* A source named `name` (as the user wrote the path) that owns a copy of text[0..length). */
Source *source_new(const char *name, const char *text, size_t length);
/* Reads a file of at most `limit` bytes. `name` is what messages call it; NULL: `path`. Errors:
 * ERROR_INPUT when it is absent, is no file or is too large, ERROR_FAILED when it can't be read. */
Source *source_load(const char *path, const char *name, size_t limit, GError **error);
Source *source_ref(Source *source);
void source_unref(Source *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Source, source_unref)

const char *source_name(const Source *source);
/* A text with the name and the origin of `like`. */
Source *source_new_like(const Source *like, const char *text, size_t length);
/* What messages put before the name: "HEAD:" of a file of a git revision, "" of others. Addresses
 * in locks, plans and findings are without it. */
void source_set_origin(Source *source, const char *origin);
const char *source_origin(const Source *source);
const char *source_text(const Source *source, size_t *ret_length);
/* The text of line `line` without its line end, as pointer and length; NULL when there is no such
 * line. */
const char *source_line(const Source *source, unsigned line, size_t *ret_length);

Span span_at(Source *source, unsigned line, unsigned column, unsigned width);
/* The span of text[offset .. offset+length), cut at the end of its first line. */
Span span_of_bytes(Source *source, size_t offset, size_t length);
bool span_is_set(Span span);
/* "file:line", the short address used in locks, plans and findings; NULL for SPAN_NONE. Caller
 * frees. */
char *span_address(Span span);

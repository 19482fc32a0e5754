/* The smallest parts of a TOML document: strings, keys, numbers and dates. For toml.c only. */
#pragma once

#include "base/diags.h"

typedef struct {
    Source *source;
    Diags *diags;
    const char *at, *end; /* what is left */
    unsigned line;
    const char *mark; /* a place on the line whose column is known */
    unsigned mark_column;
    bool failed;
} TomlScan;

/* Text that is not UTF-8 or holds a NUL is a mistake. */
bool toml_scan_start(TomlScan *scan, Source *source, Diags *diags);
/* What stands between two places of the line that is read. */
Span toml_scan_span(TomlScan *scan, const char *from, const char *to);
/* Reports a mistake at [from, to) and stops the scan; the entry may be NULL. */
GError *toml_fail(TomlScan *scan, const char *from, const char *to, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* '\0' at the end. */
char toml_peek(const TomlScan *scan);
bool toml_skip_char(TomlScan *scan, char wanted);
void toml_skip_blanks(TomlScan *scan);
/* Blanks, comments and line ends; false after a mistake. */
bool toml_skip_lines(TomlScan *scan);
/* Blanks, a comment and the end of the line or of the text, which must follow. */
bool toml_skip_rest(TomlScan *scan);

/* One part of a key, bare or quoted. */
bool toml_scan_key(TomlScan *scan, GString *ret_text, Span *ret_at);
bool toml_scan_string(TomlScan *scan, GString *ret_text, Span *ret_at);
/* A number, a date or a truth value. */
bool toml_scan_plain(TomlScan *scan, GString *ret_text, Span *ret_at);

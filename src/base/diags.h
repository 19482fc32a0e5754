/* A list of mistakes, so that one run reports all of a file's.
 *
 * Functions that can go on after a mistake take `Diags *diags`, report into it, and say by their
 * return value whether what they made is usable. Everything else stops at the first error with
 * GError. */
#pragma once

#include "base/error.h"

typedef struct Diags Diags;

Diags *diags_new(void);
void diags_free(Diags *diags);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diags, diags_free)

/* Both return the entry (borrowed, for error_add_note and error_set_hint). An entry equal in place
 * and message to an earlier one is dropped: matrix rows decode the same lines again. */
GError *diags_error(Diags *diags, Span at, const char *format, ...) G_GNUC_PRINTF(3, 4);
GError *diags_warning(Diags *diags, Span at, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Takes `error`. */
void diags_take(Diags *diags, GError *error);

/* Empties the list after it was shown; what was in it is dropped if it comes again. */
void diags_forget(Diags *diags);

unsigned diags_errors(const Diags *diags);
unsigned diags_warnings(const Diags *diags);
/* The worst exit status of the entries: 0, 1 or 2. */
int diags_exit_status(const Diags *diags);
/* All entries, by file, line and column in the order of their files' first mention; at most
 * LIMIT_DIAGS_SHOWN are shown, the rest are counted. */
char *diags_format(const Diags *diags, bool colour);
char *diags_format_styled(const Diags *diags, ErrorStyle style);
/* The whole list as one error, for a caller that stops at the first: the sentence, and below it the
 * entries. FALSE always. */
gboolean diags_set_error(const Diags *diags, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

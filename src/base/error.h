/* The error of every fallible function: a GError of our domain that also carries where in the
 * user's input it arose, notes, a hint and its cause.
 *
 * GLib's contract holds: the function returns FALSE, NULL or -1 and sets *error; on success it
 * touches neither. The leaf sets an error, rooms above wrap it with a clause and, if they know one,
 * a span. Errors of foreign libraries never travel bare: the file that owns the foreign header
 * turns them into ours. `code` chooses the exit status and nothing else (1 = the input is
 * wrong or cannot be satisfied, 2 = could not find out). */
#pragma once

#include "base/source.h"

typedef enum {
    ERROR_INPUT,   /* recipe, requirement, constraint, lock, hostile file: exit 1 */
    ERROR_FAILED,  /* disk, missing program, internal: exit 2 */
    ERROR_USAGE,   /* command line: exit 2 */
    ERROR_NETWORK, /* could not be fetched: exit 2 */
    ERROR_VERIFY,  /* a download that is not what was promised: exit 2 */
} ErrorCode;

#define ERROR_DOMAIN (error_domain())
GQuark error_domain(void);

/* Sets *error and returns FALSE, so that `return error_set(...)` reads as one sentence. */
gboolean error_set(GError **error, ErrorCode code, Span at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Takes `cause` (not NULL), keeps its code, notes and hint; the new message is "<format>: <cause>".
 * `at` replaces the span only where the cause has none. Returns FALSE. */
gboolean error_wrap(GError **error, GError *cause, Span at, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* Turns `cause`, an error of a foreign domain (GFileError, GIOError …), into ours; takes it. */
gboolean error_take_foreign(GError **error, ErrorCode code, GError *cause, Span at,
                            const char *format, ...) G_GNUC_PRINTF(5, 6);
/* As error_set() for a failed system call: appends ": " and the text of errnum. */
gboolean error_set_errno(GError **error, ErrorCode code, int errnum, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Both do nothing when error is NULL. They are for errors of our domain only. */
void error_add_note(GError *error, Span at, const char *format, ...) G_GNUC_PRINTF(3, 4);
void error_set_hint(GError *error, const char *format, ...) G_GNUC_PRINTF(2, 3);
void error_set_span(GError *error, Span at);

Span error_span(const GError *error); /* SPAN_NONE for foreign errors */
const char *error_hint(const GError *error);
int error_exit_status(const GError *error);

typedef struct {
    bool colour;
    unsigned columns; /* lines are broken to fit, 0: they are not */
} ErrorStyle;

/* The text for people: "file:line:col: error: message", the excerpt with a caret, notes and hint,
 * ends with a newline. `severity` is "error", "warning" or "note". */
/* Passwords in URLs are masked, in the excerpt too. */
char *error_format(const GError *error, const char *severity, bool colour);
char *error_format_styled(const GError *error, const char *severity, ErrorStyle style);

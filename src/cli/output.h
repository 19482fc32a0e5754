/* The only place that prints: results to stdout, everything for people to stderr.
 *
 * Colour follows --color, else NO_COLOR, TERM and whether the stream is a terminal. A failed write
 * is noticed and turns the exit status into 2. */
#pragma once

#include "base/diags.h"
#include "base/finding.h"
#include "base/progress.h"
#include "cli/options.h"
#include "plan/layout.h"

typedef struct Output Output;

/* Borrows the options. */
Output *output_new(const Options *options);
void output_free(Output *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

/* stdout */
void output_result(Output *output, const char *text);
/* Hands on what was printed so far: before a file is written that it shows the changes of. */
void output_flush(Output *output);
void output_result_line(Output *output, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool output_result_colour(const Output *output);
/* A result in the two forms that --format chooses from; both return text to free. */
typedef struct {
    char *(*json)(const void *value, bool all);
    char *(*text)(const void *value, const TextStyle *style);
} ResultForms;
void output_form(Output *output, const ResultForms *forms, const void *value);
/* How a text is shown on stdout. */
TextStyle output_text_style(const Output *output);
/* What COLUMNS says, else those of the terminal that stdout is, else 80. */
unsigned output_columns(const Output *output);

/* stderr; the moving progress line is taken away first. -q silences notes and warnings. */
void output_note(Output *output, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Prints and frees `error`; its exit status. */
int output_error(Output *output, GError *error);
/* Prints everything in `diags`; its exit status. */
int output_diags(Output *output, const Diags *diags);
void output_finding(Output *output, const Finding *finding);
/* Text that is formatted already, ends with a newline. */
void output_people(Output *output, const char *text);

/* The higher of two exit statuses. */
int worse_status(int a, int b);

Progress *output_progress(Output *output);
/* What the process should exit with: `status`, or 2 when something could not be written. */
int output_finish(Output *output, int status);

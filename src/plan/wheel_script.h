/* What pip writes of its own when it installs a wheel, as text: the first line of scripts, wrappers
 * (wrapper_text() of plan/wheel_install.h) and RECORD. */
#pragma once

#include "plan/wheel_install.h"

/* What pip writes differs between its versions: whether "25.1.1" comes before major.minor. */
bool pip_is_older(const char *pip_version, unsigned major, unsigned minor);

/* Whether a script begins with "#!python", whose line pip replaces. */
bool script_is_rewritten(const char *text, size_t length);
/* The script with its first line replaced. */
GBytes *script_rewrite(GBytes *script, const InstallTarget *target);
/* The entry points for which wrappers are made, in pip's order: those of pip and easy_install are
 * made for the Python of the target whatever the wheel says. Returns EntryPoint, some of them
 * borrowed. */
GPtrArray *wrapper_entries(const WheelArchive *wheel, const InstallTarget *target);

/* The rows of the RECORD that is written. */
typedef struct RecordWriter RecordWriter;
RecordWriter *record_writer_new(void);
void record_writer_free(RecordWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecordWriter, record_writer_free)
/* `digest` ("sha256=…") and `size` as they stand in their columns; "" where there is none. */
void record_writer_add(RecordWriter *writer, const char *path, const char *digest,
                       const char *size);
/* The same of a file's content. */
void record_writer_add_bytes(RecordWriter *writer, const char *path, GBytes *bytes);
/* Sorted rows, as Python's csv module writes them. */
GBytes *record_writer_finish(RecordWriter *writer);
/* `path` as seen from the folder; both absolute and without links. */
char *path_relative(const char *path, const char *folder);

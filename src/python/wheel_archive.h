/* A wheel that lies on this machine, or is looked into elsewhere: its directory and what an
 * installer needs to know of it (PEP 427, binary distribution format; entry points specification).
 */
#pragma once

#include "python/record.h"
#include "python/wheel_view.h"

typedef struct {
    char *name;               /* "cli", as written */
    char *module, *attribute; /* "pkg.cli", "app.run" */
    bool gui;
} EntryPoint;

typedef struct {
    char *filename; /* of the wheel */
    char *path;     /* of the file */
    char *sha256;   /* hex; what names it in caches; believed */
    guint64 size;
    ZipSource source;
    ZipDirectory *directory;
    char *name, *version; /* as METADATA spells them */
    char *dist_info;      /* "torch-2.6.0.dist-info" */
    char *data_dir;       /* "torch-2.6.0.data": where it would be */
    bool root_is_purelib;
    GPtrArray *record;       /* RecordRow as in the wheel; NULL of a view */
    GPtrArray *entry_points; /* EntryPoint of console_scripts, then of gui_scripts */
    int fd;
    WheelView *view; /* NULL: a file */
} WheelArchive;

/* Opens the file and checks all that can be known without inflating: one dist-info that fits the
 * file name, Wheel-Version 1, METADATA, RECORD, valid entry points, no member that is encrypted,
 * absolute, escapes, has "\\" or NUL or empty or dot parts, no member twice, none below a path that
 * is a file, no ".wh." name, limits. ERROR_INPUT naming wheel and member. */
WheelArchive *wheel_archive_open(const char *path, const char *filename, const char *sha256,
                                 GError **error);
/* The same of a view, which outlives it: without source and record; name and version only where a
 * member's place depends on them (headers). Two members are read: WHEEL and entry_points.txt. Says
 * what the view says where that has no directory. */
WheelArchive *wheel_archive_from_view(WheelView *view, GError **error);
void wheel_archive_free(WheelArchive *wheel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WheelArchive, wheel_archive_free)
/* The parsed entry_points.txt; ERROR_INPUT as pip refuses. */
GPtrArray *entry_points_parse(const char *text, size_t length, GError **error);

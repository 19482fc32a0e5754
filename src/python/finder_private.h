/* What the finder's files share: finder.c (options, specifiers, refusals) and project.c (the files
 * and versions of a project). */
#pragma once

#include "python/finder.h"
#include "python/page_names.h"

struct Finder {
    const ResolveRequest *request;
    FormatControl format;
    bool prefer_binary, pre;
    Version *python;
    GHashTable *specs;    /* text → Spec */
    GHashTable *projects; /* canonical → Project */
    GHashTable *ranks;    /* RankedTags, as "py3-none-any.whl" */
    GHashTable *pythons;  /* Requires-Python text → accepted + 1 */
    int source_rank;
    GArray *found, *sorted; /* scratch space of project.c */
};

/* The last three parts of a wheel's name, ".whl" included; FALSE when it has fewer dashes. */
bool wheel_find_tags(const char *filename, TextKey *ret_tags);
/* The best rank of such tags, which stay where they are as long as the finder; -1: none fits. */
int finder_rank(Finder *finder, TextKey tags);
bool finder_accepts_python(Finder *finder, const char *requires_python);
bool finder_accepts_date(const Finder *finder, const IndexFile *file);
bool file_is_local(const IndexFile *file);
void project_free(gpointer data);
void project_scratch_init(Finder *finder);

/* How the names of a page's files are made up. Thousands of files share a few versions and tags:
 * they are numbered here once, versions are put in order, and the cache keeps the result with the
 * page, so that a later run neither splits names nor compares versions. */
#pragma once

#include "python/index.h"
#include "python/version.h"

/* A text that lies in another one, as the key of a table. */
typedef struct {
    const char *text;
    size_t length;
} TextKey;

guint text_key_hash(const void *key);
gboolean text_key_equal(const void *a, const void *b);

#define NAME_ODD G_MAXUINT32 /* of FileName.version: left to wheel_name_parse() */
#define RANK_NONE G_MAXUINT32

typedef struct {
    guint32 version; /* its number plus one; 0: the name is none of the project's files */
    guint32 tags;    /* of a wheel: their number plus one; 0: a source distribution */
} FileName;

/* A part of a name that files share, and the file that has it first. */
typedef struct {
    TextKey key; /* first: a table compares it; in the name of that file */
    guint32 file;
    guint32 rank;     /* of a version: its place among those of the page, newest first, which equal
                         ones share; RANK_NONE: it is no version */
    Version *version; /* NULL where it has not been parsed */
} NamePart;

typedef struct PageNames {
    FileName *files; /* by file of the page */
    NamePart *versions, *tags;
    guint n_versions, n_tags;
} PageNames;

/* Those of the page, made when they are first asked for; they belong to the page. `canonical` NULL:
 * a page of links of many projects, whose names are all odd. */
const PageNames *index_page_names(const IndexPage *page, const char *canonical);
PageNames *page_names_new(guint n_files, guint n_versions, guint n_tags);
void page_names_free(PageNames *names);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PageNames, page_names_free)

/* `files:` stages: what is put into the image from the build context, from a part, or as text. */
#pragma once

#include "text/decode.h"

/* Exactly one of src, content, link and dir is set. */
typedef struct {
    Text src;           /* relative to the recipe's folder; with `from`, absolute in that part */
    Text content;       /* the text of the file; that of `beside`, too */
    Text beside;        /* name of a file beside the stage definition, or text NULL */
    Text link;          /* target of a symbolic link at dest */
    Text dir;           /* an empty folder: its path; dest is not set */
    Text from;          /* name of a part, or text NULL */
    Text dest;          /* absolute; ending in "/": into that folder */
    Text mode;          /* octal, or text NULL: 0644, or 0755 where the source is executable */
    Text owner;         /* "uid[:gid]" or names, or text NULL: 0:0 */
    bool eol_lf;        /* CRLF becomes LF */
    bool append;        /* to the file that is there */
    GPtrArray *exclude; /* Text: globs below src */
    Span at;
} FilesEntry;

typedef struct FilesStage {
    GPtrArray *files; /* FilesEntry */
} FilesStage;

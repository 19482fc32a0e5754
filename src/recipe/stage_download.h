/* `download:` stages: single files by URL. */
#pragma once

#include "text/decode.h"

typedef struct {
    Text url;
    Text sha256; /* digits, or text NULL: left to the lock */
    Text dest;   /* absolute; ending in "/": into that folder */
    Text mode;
    bool unpack;   /* an archive whose content goes to dest */
    guint64 strip; /* leading folders of its entries to drop */
    Text auth;     /* id of a secret */
    Span at;
} Download;

typedef struct DownloadStage {
    GPtrArray *files; /* Download */
} DownloadStage;

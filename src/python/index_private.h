/* What the files of the index client share. */
#pragma once

#include "archive/zip.h"
#include "base/digest.h"
#include "python/index_arena.h"

typedef struct PageEntry PageEntry;
typedef struct FileFacts FileFacts;

typedef enum {
    SERVES_UNKNOWN,
    SERVES_YES,
    SERVES_NO,
} Serves;

/* What a file host was found to do; remembered for the process, `metadata` in the cache for a day.
 */
typedef struct {
    char *origin;
    Serves metadata; /* .metadata files that no page advertises */
    Serves ranges;
    Serves suffixes; /* "the last N bytes" */
} HostFacts;

struct IndexClient {
    HttpClient *http;
    Cache *cache;
    bool offline;
    Progress *progress;
    GHashTable *pages;   /* page key → PageEntry */
    GHashTable *files;   /* file key → FileFacts */
    GHashTable *hosts;   /* origin → HostFacts */
    GStringChunk *texts; /* of completed files of pages */
    bool limited, spent; /* an allowance is set; something was refused */
    unsigned documents_left;
    gint64 waiting_left; /* µs; while `limited` */
};

/* Whether one more document may be fetched; takes it off the allowance. */
bool index_client_may_fetch(IndexClient *client);
/* Runs transfers until *done, or until the allowance of waiting is used up. */
void index_client_wait(IndexClient *client, const bool *done);
/* What a document that is not had fails with, under an allowance. */
void index_client_refuse(IndexClient *client, const char *what, GError **error);

/* The path of a location on this machine (a path or a file: URL), or NULL. */
char *index_local_path(const char *url);
/* A folder of an index on this machine: its page of the project. */
IndexPage *index_local_page(const IndexLocation *location, const char *path, const char *canonical,
                            GError **error);
/* All files of a find-links folder or file on this machine, sorted by name. */
IndexPage *index_local_links(const IndexLocation *location, const char *path, GError **error);
/* The files of a page as the cache keeps them: reading them back costs a fraction of reading the
 * page, and the texts stay in `bytes`. NULL: damaged, or of another version. */
extern const char INDEX_STORE_TYPE[];
GBytes *index_store_encode(const IndexPage *page, const char *canonical);
IndexPage *index_store_decode(GBytes *bytes, const IndexLocation *location);
/* The files of `all` that fit the project; they stay the property of `all`. */
IndexPage *index_page_filter(const IndexPage *all, const char *canonical);

/* The facts of the host of `url`; belongs to the client. */
HostFacts *index_host(IndexClient *client, const char *url);
/* One miss is enough for SERVES_NO: asking in vain costs more than reading the wheel's tail. */
void index_host_set_metadata(IndexClient *client, HostFacts *host, Serves serves);
void host_facts_free(HostFacts *host);

/* A download that is hashed on the way and kept in an unnamed file, or not at all. */
typedef struct Download Download;
/* The download is whole and what was promised, or `error` says why not. */
typedef void (*DownloadCallback)(Download *download, const GError *error, void *data);
struct Download {
    int fd; /* -1: only hashed */
    Digest *digest;
    guint64 length;
    IndexClient *client;
    const char *url, *filename, *sha256; /* borrowed; sha256 may be NULL */
    size_t limit;
    bool asked_again; /* a wrong digest gets one more try */
    DownloadCallback callback;
    void *data;
};

/* Opens the file in the cache's folder, or where temporary files go. */
gboolean download_open(Download *download, const Cache *cache, GError **error);
void download_clear(Download *download);
/* An HttpSink; `data` is the Download. */
gboolean download_sink(void *data, guint64 offset, const void *bytes, size_t length,
                       GError **error);
/* The hex digest of what came; once. */
char *download_sha256(Download *download);
/* Fetches into the file; what is not of `sha256` is fetched once more, then ERROR_VERIFY. */
void download_start(Download *download);

/* PKG-INFO of the source distribution in an open file; NULL with ERROR_INPUT when there is none. */
GBytes *sdist_read_metadata(int fd, const char *filename, GError **error);
/* Whether what the metadata of a source distribution says holds for every wheel built from it (PEP
 * 643). */
bool sdist_metadata_is_static(const Metadata *metadata);

/* A wheel elsewhere, of which single members are read by ranges of bytes, or from a whole copy
 * where the server has no ranges. */
typedef struct RemoteZip RemoteZip;
/* Exactly one of both is not NULL; both die after the call. */
typedef void (*RemoteZipCallback)(GBytes *content, const GError *error, void *data);

/* Texts are borrowed. `sha256` may be NULL; it is checked when the whole file was read. */
RemoteZip *remote_zip_new(IndexClient *client, const char *url, const char *filename,
                          const char *sha256);
void remote_zip_free(RemoteZip *zip);
/* Reads the file `name` of the wheel's dist-info folder, after what was asked for before. */
void remote_zip_read(RemoteZip *zip, const char *name, size_t limit, RemoteZipCallback callback,
                     void *data);
/* The same from an open wheel file. */
GBytes *wheel_read_dist_info(const ZipDirectory *directory, const ZipSource *source,
                             const char *filename, const char *name, size_t limit, GError **error);
/* The name of the wheel's dist-info folder; there must be one, of the project's name. */
char *wheel_dist_info(const ZipDirectory *directory, const char *filename, GError **error);

void file_facts_free(FileFacts *facts);
/* The size of the file with that digest, known from reading it. */
void index_keep_size(IndexClient *client, const char *sha256, guint64 size);
void page_entry_free(PageEntry *entry);

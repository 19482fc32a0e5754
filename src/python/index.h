/* Package indexes: what files there are of a project, and what each file's metadata says.
 *
 * IndexLocation is where to ask; IndexPage the answer for one project; IndexFile one file of it.
 * The client caches pages with validators and facts of files by their sha256, sends requests in
 * parallel, and answers synchronously: index_client_want_*() starts work ahead of need,
 * index_client_get_*() waits. Specs: PEP 503, 592, 629, 658, 691, 700, 714; pip's reading of them
 * where they differ (valueless data-yanked is not yanked). */
#pragma once

#include "net/http.h"
#include "python/metadata.h"
#include "python/wheel_name.h"
#include "store/cache.h"

typedef enum {
    INDEX_SIMPLE,     /* URL/<name>/ */
    INDEX_FIND_LINKS, /* a folder of files, or one page of links for all names */
} IndexKind;

typedef struct {
    char *name; /* "main", "cu124", "extra1", "find-links1" …: what locks call it */
    IndexKind kind;
    char *url;       /* where requests go; file:// or a path for folders; may hold credentials */
    char **packages; /* globs of canonical names that are asked here alone, or NULL */
    bool only;       /* asked for `packages` alone */
    bool trusted_rendering; /* the recipe names this URL, so a Dockerfile may */
    bool ignored;           /* plain http from a host that nobody trusts: pip reads nothing there */
    char *substituted;      /* the index this one stands in for (--substitute-index), or NULL */
} IndexLocation;

IndexLocation *index_location_new(const char *name, IndexKind kind, const char *url);
void index_location_free(IndexLocation *location);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexLocation, index_location_free)

typedef enum {
    METADATA_UNADVERTISED,
    METADATA_OFFERED,
    METADATA_DENIED, /* core-metadata: false */
} MetadataOffer;

typedef struct {
    char *filename;        /* decoded */
    char *url;             /* absolute, without fragment; or a file:// URL */
    char *sha256;          /* hex, or NULL when the index gives none */
    char **hashes;         /* other digests as "md5=…", NULL-terminated, or NULL */
    char *requires_python; /* or NULL */
    char *yanked;          /* the reason, "" without one; NULL: not yanked */
    gint64 upload_time;    /* seconds since 1970; -1: unknown */
    gint64 size;           /* bytes; -1: unknown */
    MetadataOffer metadata_offer;
    char *metadata_sha256;         /* or NULL */
    const IndexLocation *location; /* NULL: direct URL or path of the user */
} IndexFile;

typedef struct {
    const IndexLocation *location;
    GPtrArray *files; /* in page order, see index_page_file(); empty when the project is absent */
    bool absent;      /* 404, 403, 410 or an empty folder */
    bool forbidden;   /* absent because of a 403, which may mean either */
    struct IndexArena *arena;   /* owns the files and their texts; NULL: a page of borrowed files */
    GPtrArray *parts;           /* IndexPage whose files are among these, or NULL */
    struct PageNames *names;    /* page_names.h; NULL: not made yet */
    struct StoredFiles *stored; /* the files as the cache keeps them; NULL: a page that was read */
} IndexPage;

/* A file of the page, which owns it. Those of a page from the cache are made when they are first
 * asked for, and `files` has NULL until then: most files of a page never matter. */
IndexFile *index_page_file(const IndexPage *page, guint index);
/* What the page says of the file, but for `hashes`, without making it; borrows the texts. */
void index_page_peek(const IndexPage *page, guint index, IndexFile *ret_file);

/* One page's bytes → files. `content_type` decides between JSON and HTML (sniffed when NULL); `url`
 * is what relative links are resolved against. `canonical` NULL: a find-links page. Links that are
 * no distribution archive are left out. Errors: ERROR_INPUT. Pure. */
IndexPage *index_page_parse(const char *url, const char *content_type, const char *text,
                            size_t length, const IndexLocation *location, const char *canonical,
                            GError **error);
void index_page_free(IndexPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexPage, index_page_free)

typedef struct IndexClient IndexClient;

/* Borrows all of them; they outlive the client. `offline` uses the cache alone, however old. */
IndexClient *index_client_new(HttpClient *http, Cache *cache, bool offline, Progress *progress);
void index_client_free(IndexClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexClient, index_client_free)

/* Starts fetching what will be asked for; never fails, never waits, and is free when already known.
 */
void index_client_want_page(IndexClient *client, const IndexLocation *location,
                            const char *canonical);
void index_client_want_metadata(IndexClient *client, const IndexFile *file);
void index_client_want_record(IndexClient *client, const IndexFile *file);

/* The page of a project (an absent project is a page with no files), or of a find-links location
 * (filtered by `canonical`). Belongs to the client. Errors: ERROR_NETWORK, ERROR_INPUT. */
const IndexPage *index_client_get_page(IndexClient *client, const IndexLocation *location,
                                       const char *canonical, GError **error);
/* Whether a page with files of the project is at hand, fetched, in the cache (however old) or on
 * this machine; asks nobody else. */
bool index_client_knows(IndexClient *client, const IndexLocation *location, const char *canonical);
/* The canonical names that were asked for so far, sorted; texts are the client's. */
GPtrArray *index_client_names(const IndexClient *client);
/* The file's core metadata: the PEP 658 file, else METADATA by ranged reads, else from the whole
 * file; of an sdist its static PKG-INFO. Name and version are checked against the file name.
 * Belongs to the client. ERROR_INPUT means that the file is unusable (pip would skip it), others
 * that we could not know. */
const Metadata *index_client_get_metadata(IndexClient *client, const IndexFile *file,
                                          GError **error);
/* RECORD of the wheel (RecordRow), from ranged reads. */
const GPtrArray *index_client_get_record(IndexClient *client, const IndexFile *file,
                                         GError **error);
/* Until it is lifted, at most so many pages and texts about files are fetched that neither the
 * client nor the cache has, and none is waited for once so much time went into waiting; what is
 * refused fails with ERROR_NETWORK, for now only. */
void index_client_set_allowance(IndexClient *client, unsigned documents, unsigned msec);
void index_client_lift_allowance(IndexClient *client);
/* Whether something was refused since it was set. */
bool index_client_is_spent(const IndexClient *client);
/* Sets file->size, and file->sha256 where the index gave none (reads the whole file then), for each
 * of the files, in parallel. */
gboolean index_client_complete_files(IndexClient *client, GPtrArray *files, GError **error);

/* A file the user named by URL or path; `base_dir` is what a relative path counts from. The
 * fragment may carry a hash. NULL with ERROR_INPUT when it is no wheel or sdist. */
IndexFile *index_file_from_user(const char *url_or_path, const char *base_dir, GError **error);
void index_file_free(IndexFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IndexFile, index_file_free)

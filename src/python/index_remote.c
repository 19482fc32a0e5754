#include "base/limits.h"
#include "python/index_private.h"
#include "python/name.h"

enum {
    TAIL_BYTES = 32 * 1024,
    SMALL_WHEEL_BYTES = 1024 * 1024, /* taken whole from servers without ranges, in memory */
    HEADER_SLACK = 512,              /* for the extra field of a member's local header */
    MAX_ROUNDS = 16,
};

typedef struct {
    guint64 offset;
    GBytes *bytes;
} Piece;

typedef struct {
    const char *name;
    size_t limit;
    RemoteZipCallback callback;
    void *data;
} Wish;

struct RemoteZip {
    IndexClient *client;
    const char *url, *filename, *sha256;
    bool sized;
    guint64 size;
    GArray *pieces;  /* Piece, as they came */
    Download whole;  /* fd -1: none */
    bool downloaded; /* the whole file is in `whole` */
    ZipDirectory *directory;
    bool missing; /* the last attempt lacks the bytes below */
    guint64 need_offset;
    size_t need_length;
    unsigned rounds;
    Wish wish;      /* the one being read; without a callback: none */
    GArray *wishes; /* Wish, the ones behind it */
};

static void clear_piece(void *data)
{
    g_bytes_unref(((Piece *)data)->bytes);
}

RemoteZip *remote_zip_new(IndexClient *client, const char *url, const char *filename,
                          const char *sha256)
{
    RemoteZip *zip = g_new0(RemoteZip, 1);
    zip->client = client;
    zip->url = url;
    zip->filename = filename;
    zip->sha256 = sha256;
    zip->whole.fd = -1;
    zip->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_array_set_clear_func(zip->pieces, clear_piece);
    zip->wishes = g_array_new(FALSE, FALSE, sizeof(Wish));
    return zip;
}

void remote_zip_free(RemoteZip *zip)
{
    if (!zip)
        return;
    g_array_unref(zip->pieces);
    g_array_unref(zip->wishes);
    download_clear(&zip->whole);
    zip_directory_free(zip->directory);
    g_free(zip);
}

/* The folder that `name` lies in if it is a dist-info folder at the top, as a length; else 0. */
static size_t dist_info_length(const char *name)
{
    const char *slash = strchr(name, '/');
    size_t length = slash ? (size_t)(slash - name) : 0;
    size_t suffix = strlen(".dist-info");
    return length > suffix && memcmp(slash - suffix, ".dist-info", suffix) == 0 ? length : 0;
}

/* As pip: the folder's name begins with the project's, its version may be spelled in any way. */
static gboolean check_dist_info(const char *folder, const char *filename, GError **error)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, error);
    if (!wheel)
        return FALSE;
    g_autofree char *canonical = name_canonicalize(folder);
    if (g_str_has_prefix(canonical, wheel->name))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE,
                     "%s: its folder %s belongs to another project than %s", filename, folder,
                     wheel->name);
}

char *wheel_dist_info(const ZipDirectory *directory, const char *filename, GError **error)
{
    size_t count;
    const ZipMember *members = zip_directory_members(directory, &count);
    g_autofree char *folder = NULL;
    for (size_t i = 0; i < count; i++) {
        size_t length = dist_info_length(members[i].name);
        if (length == 0 ||
            (folder && strlen(folder) == length && strncmp(folder, members[i].name, length) == 0))
            continue;
        if (folder) {
            error_set(error, ERROR_INPUT, SPAN_NONE, "%s: it has two folders %s and %.*s", filename,
                      folder, (int)length, members[i].name);
            return NULL;
        }
        folder = g_strndup(members[i].name, length);
    }
    if (!folder) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: it has no .dist-info folder", filename);
        return NULL;
    }
    return check_dist_info(folder, filename, error) ? g_steal_pointer(&folder) : NULL;
}

static const ZipMember *find_wanted(const ZipDirectory *directory, const char *filename,
                                    const char *name, GError **error)
{
    g_autofree char *folder = wheel_dist_info(directory, filename, error);
    if (!folder)
        return NULL;
    g_autofree char *path = g_strconcat(folder, "/", name, NULL);
    const ZipMember *member = zip_directory_find(directory, path);
    if (!member)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: it has no %s", filename, path);
    return member;
}

GBytes *wheel_read_dist_info(const ZipDirectory *directory, const ZipSource *source,
                             const char *filename, const char *name, size_t limit, GError **error)
{
    const ZipMember *member = find_wanted(directory, filename, name, error);
    g_autoptr(GError) cause = NULL;
    GBytes *content = member ? zip_member_read(source, member, limit, &cause) : NULL;
    if (cause)
        error_wrap(error, g_steal_pointer(&cause), SPAN_NONE, "%s", filename);
    return content;
}

/* The piece that holds the byte at `offset`, or NULL. */
static const Piece *find_piece(const RemoteZip *zip, guint64 offset)
{
    for (unsigned i = 0; i < zip->pieces->len; i++) {
        const Piece *piece = &g_array_index(zip->pieces, Piece, i);
        if (offset >= piece->offset && offset - piece->offset < g_bytes_get_size(piece->bytes))
            return piece;
    }
    return NULL;
}

/* Where the next piece behind `offset` begins, at most `end`. */
static guint64 gap_end(const RemoteZip *zip, guint64 offset, guint64 end)
{
    for (unsigned i = 0; i < zip->pieces->len; i++) {
        const Piece *piece = &g_array_index(zip->pieces, Piece, i);
        if (piece->offset > offset)
            end = MIN(end, piece->offset);
    }
    return end;
}

/* Whether all of [offset, offset + length) is here; notes the first gap otherwise. */
static bool has_range(RemoteZip *zip, guint64 offset, size_t length)
{
    guint64 at = offset, end = offset + length;
    while (at < end) {
        const Piece *piece = find_piece(zip, at);
        if (!piece) {
            zip->missing = true;
            zip->need_offset = at;
            zip->need_length = (size_t)(gap_end(zip, at, end) - at);
            return false;
        }
        at = piece->offset + g_bytes_get_size(piece->bytes);
    }
    return true;
}

/* A ZipReadFunc over the pieces. */
static gboolean read_pieces(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                            GError **error)
{
    RemoteZip *zip = data;
    if (!has_range(zip, offset, length))
        return error_set(error, ERROR_FAILED, SPAN_NONE, "not fetched yet");
    g_autofree char *buffer = g_malloc(length);
    for (size_t done = 0; done < length;) {
        const Piece *piece = find_piece(zip, offset + done);
        size_t skip = (size_t)(offset + done - piece->offset);
        gsize size;
        const char *bytes = g_bytes_get_data(piece->bytes, &size);
        size_t n = MIN(size - skip, length - done);
        memcpy(buffer + done, bytes + skip, n);
        done += n;
    }
    *ret_bytes = g_bytes_new_take(g_steal_pointer(&buffer), length);
    return TRUE;
}

static gboolean open_source(RemoteZip *zip, ZipSource *ret_source, GError **error)
{
    if (zip->downloaded)
        return zip_source_from_fd(zip->whole.fd, ret_source, error);
    *ret_source = (ZipSource){zip->size, read_pieces, zip};
    return TRUE;
}

static GBytes *try_read(RemoteZip *zip, GError **error)
{
    ZipSource source;
    zip->missing = false;
    if (!open_source(zip, &source, error))
        return NULL;
    if (!zip->directory)
        zip->directory = zip_directory_read(zip->filename, &source, error);
    if (!zip->directory)
        return NULL;
    const ZipMember *member = find_wanted(zip->directory, zip->filename, zip->wish.name, error);
    if (!member)
        return NULL;
    /* All of the member in one request, its local header included. */
    guint64 span = HEADER_SLACK + strlen(member->name) + member->compressed_size;
    span = MIN(span, source.size - member->offset);
    if (!zip->downloaded && span <= zip->wish.limit + HEADER_SLACK + LIMIT_PATH_BYTES &&
        !has_range(zip, member->offset, (size_t)span)) {
        error_set(error, ERROR_FAILED, SPAN_NONE, "not fetched yet");
        return NULL;
    }
    return wheel_read_dist_info(zip->directory, &source, zip->filename, zip->wish.name,
                                zip->wish.limit, error);
}

static void advance(RemoteZip *zip);

static void complete(RemoteZip *zip, GBytes *content, const GError *error)
{
    Wish wish = zip->wish;
    zip->wish = (Wish){0};
    wish.callback(content, error, wish.data);
    if (zip->wish.callback || zip->wishes->len == 0)
        return;
    zip->wish = g_array_index(zip->wishes, Wish, 0);
    g_array_remove_index(zip->wishes, 0);
    zip->rounds = 0;
    advance(zip);
}

static void fail_status(RemoteZip *zip, const HttpResponse *response)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *what = g_strdup_printf("cannot read %s", zip->filename);
    http_set_status_error(&error, response, what);
    complete(zip, NULL, error);
}

static void on_whole(Download *download, const GError *error, void *data)
{
    RemoteZip *zip = data;
    zip->downloaded = !error;
    if (error)
        complete(zip, NULL, error);
    else
        advance(zip);
}

static void start_whole(RemoteZip *zip)
{
    zip->whole = (Download){.fd = -1,
                            .client = zip->client,
                            .url = zip->url,
                            .filename = zip->filename,
                            .sha256 = zip->sha256,
                            .limit = LIMIT_WHEEL_BYTES,
                            .callback = on_whole,
                            .data = zip};
    download_start(&zip->whole);
}

static void add_piece(RemoteZip *zip, guint64 offset, GBytes *bytes)
{
    Piece piece = {offset, g_bytes_ref(bytes)};
    g_array_append_val(zip->pieces, piece);
}

/* A partial answer: its total is the size of the file, which must not change between answers. */
static void take_part(RemoteZip *zip, const HttpResponse *response)
{
    g_autoptr(GError) error = NULL;
    bool total = response->content_length >= 0;
    guint64 length = g_bytes_get_size(response->body);
    guint64 first = (guint64)response->range_first;
    if (!total || length == 0 || first + length > (guint64)response->content_length) {
        index_host(zip->client, zip->url)->ranges = SERVES_NO;
        start_whole(zip);
        return;
    }
    if (zip->sized && zip->size != (guint64)response->content_length) {
        error_set(&error, ERROR_VERIFY, SPAN_NONE, "%s changed while it was read", zip->filename);
        complete(zip, NULL, error);
        return;
    }
    if (!zip->sized && zip->sha256)
        index_keep_size(zip->client, zip->sha256, (guint64)response->content_length);
    zip->sized = true;
    zip->size = (guint64)response->content_length;
    add_piece(zip, first, response->body);
    advance(zip);
}

/* The whole of a small file from a server that has no ranges; a wrong one is fetched again. */
static void take_all(RemoteZip *zip, GBytes *body)
{
    gsize length;
    const void *bytes = g_bytes_get_data(body, &length);
    g_autofree char *sha256 = zip->sha256 ? digest_sha256(bytes, length) : NULL;
    if (sha256 && !g_str_equal(sha256, zip->sha256)) {
        start_whole(zip);
        return;
    }
    zip->sized = true;
    zip->size = length;
    add_piece(zip, 0, body);
    advance(zip);
}

static void ask_size(RemoteZip *zip);

static void on_part(const HttpResponse *response, const GError *error, void *data)
{
    RemoteZip *zip = data;
    HostFacts *host = index_host(zip->client, zip->url);
    if (error) {
        complete(zip, NULL, error);
    } else if (response->status == 206) {
        host->ranges = SERVES_YES;
        take_part(zip, response);
    } else if (response->status == 200 && !response->cut) {
        take_all(zip, response->body);
    } else if (response->status == 200) {
        host->ranges = SERVES_NO;
        start_whole(zip);
    } else if (response->status >= 400 && response->status < 500 && response->status != 404 &&
               response->status != 401 && !zip->sized) {
        host->suffixes = SERVES_NO;
        ask_size(zip);
    } else if (response->status == 416) {
        host->ranges = SERVES_NO;
        start_whole(zip);
    } else {
        fail_status(zip, response);
    }
}

static HttpRequest part_request(const RemoteZip *zip, size_t length)
{
    HttpRequest request = HTTP_REQUEST(zip->url, MAX(length, SMALL_WHEEL_BYTES));
    request.owner = zip->client;
    return request;
}

static void on_size(const HttpResponse *response, const GError *error, void *data)
{
    RemoteZip *zip = data;
    if (!error && response->status == 200 && response->content_length > 0) {
        zip->sized = true;
        zip->size = (guint64)response->content_length;
        advance(zip);
    } else {
        start_whole(zip);
    }
}

static void ask_size(RemoteZip *zip)
{
    HttpRequest request = HTTP_REQUEST(zip->url, 0);
    request.method = HTTP_HEAD;
    request.owner = zip->client;
    http_client_start(zip->client->http, &request, on_size, zip);
}

static void ask_tail(RemoteZip *zip)
{
    HttpRequest request = part_request(zip, TAIL_BYTES);
    request.range_suffix = TAIL_BYTES;
    http_client_start(zip->client->http, &request, on_part, zip);
}

static void ask_part(RemoteZip *zip)
{
    HttpRequest request = part_request(zip, zip->need_length);
    request.range_first = (gint64)zip->need_offset;
    request.range_last = (gint64)(zip->need_offset + zip->need_length - 1);
    http_client_start(zip->client->http, &request, on_part, zip);
}

static void advance(RemoteZip *zip)
{
    const HostFacts *host = index_host(zip->client, zip->url);
    g_autoptr(GError) error = NULL;
    if (!zip->downloaded && !zip->sized) {
        if (host->ranges == SERVES_NO)
            start_whole(zip);
        else if (host->suffixes == SERVES_NO)
            ask_size(zip);
        else
            ask_tail(zip);
        return;
    }
    g_autoptr(GBytes) content = try_read(zip, &error);
    if (content || !zip->missing)
        complete(zip, content, error);
    else if (++zip->rounds > MAX_ROUNDS || host->ranges == SERVES_NO)
        start_whole(zip);
    else
        ask_part(zip);
}

void remote_zip_read(RemoteZip *zip, const char *name, size_t limit, RemoteZipCallback callback,
                     void *data)
{
    Wish wish = {name, limit, callback, data};
    if (zip->wish.callback) {
        g_array_append_val(zip->wishes, wish);
        return;
    }
    zip->wish = wish;
    zip->rounds = 0;
    advance(zip);
}

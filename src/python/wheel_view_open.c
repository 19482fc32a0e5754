#include "base/limits.h"
#include "python/wheel_view_private.h"

enum {
    TAIL_BYTES = 32 * 1024,
    ROUNDS = 4,
    /* Fetched whole from servers without ranges. */
    SMALL_WHEEL_BYTES = 16 * 1024 * 1024,
};

typedef struct {
    GPtrArray *whole; /* views that have to be fetched whole */
    unsigned left;
    bool done;
} Batch;

typedef struct {
    Batch *batch;
    WheelView *view;
    SparseBuilder *builder;
    guint64 start; /* of what is here of the file's end */
    guint64 asked; /* bytes */
    unsigned rounds;
} Opening;

static void opening_end(Opening *opening)
{
    Batch *batch = opening->batch;
    batch->done = --batch->left == 0;
    sparse_builder_free(opening->builder);
    g_free(opening);
}

static void opening_fail(Opening *opening, const GError *error)
{
    wheel_view_set_problem(opening->view, error);
    opening_end(opening);
}

void wheel_view_give_up_ranges(WheelView *view, GPtrArray *whole)
{
    g_autoptr(GError) error = NULL;
    if (view->size > 0 && view->size <= SMALL_WHEEL_BYTES) {
        g_ptr_array_add(whole, view);
        return;
    }
    error_set(&error, ERROR_NETWORK, SPAN_NONE,
              "its server sends no parts of files, and all of it is %.1f MB",
              (double)view->size / 1e6);
    wheel_view_set_problem(view, error);
}

static gboolean check_part(const WheelView *view, const HttpResponse *response, guint64 first,
                           guint64 length, GError **error)
{
    guint64 total = (guint64)MAX(response->content_length, 0);
    if (total == 0)
        return error_set(error, ERROR_VERIFY, SPAN_NONE,
                         "its server does not say which part of the file it sent");
    if (view->size > 0 && total != view->size)
        return error_set(error, ERROR_VERIFY, SPAN_NONE,
                         "its server has a file of %" G_GUINT64_FORMAT
                         " bytes, expected are %" G_GUINT64_FORMAT,
                         total, view->size);
    guint64 found = g_bytes_get_size(response->body), at = (guint64)response->range_first;
    guint64 expected = first == G_MAXUINT64 ? total - MIN(length, total) : first;
    if (at != expected || found != MIN(length, total - MIN(at, total)))
        return error_set(error, ERROR_VERIFY, SPAN_NONE,
                         "its server sent another part of it than was asked for");
    return TRUE;
}

static gboolean check_whole(const WheelView *view, GBytes *body, GError **error)
{
    gsize length;
    const void *bytes = g_bytes_get_data(body, &length);
    g_autofree char *found = digest_sha256(bytes ? bytes : "", length);
    return g_str_equal(found, view->sha256) ||
           error_set(error, ERROR_VERIFY, SPAN_NONE,
                     "its server has another file: expected sha256 %s, found %s", view->sha256,
                     found);
}

PartResult wheel_view_take_part(WheelView *view, const HttpResponse *response, guint64 first,
                                guint64 length, guint64 *ret_offset, GError **error)
{
    HostFacts *host = index_host(view->views->client, view->url);
    view->views->received += g_bytes_get_size(response->body);
    if (response->status == 206) {
        if (!check_part(view, response, first, length, error))
            return PART_FAILED;
        host->ranges = SERVES_YES;
        *ret_offset = (guint64)response->range_first;
        view->size = (guint64)response->content_length;
        return PART_TAKEN;
    }
    if (response->status == 200 && !response->cut) {
        if (!check_whole(view, response->body, error))
            return PART_FAILED;
        *ret_offset = 0;
        view->size = g_bytes_get_size(response->body);
        return PART_TAKEN;
    }
    if (response->status == 200 || response->status == 416) {
        host->ranges = SERVES_NO;
        return PART_NO_RANGES;
    }
    http_set_status_error(error, response, "it cannot be read");
    return PART_FAILED;
}

static void ask(Opening *opening, guint64 first, guint64 length);

/* The directory begins further in front: all from there on has to come. */
static void ask_missing(Opening *opening, const ViewReader *reader)
{
    g_autoptr(GError) error = NULL;
    bool near = reader->offset < opening->start &&
                opening->start - reader->offset <= LIMIT_ZIP_DIRECTORY_BYTES + TAIL_BYTES;
    if (near && ++opening->rounds < ROUNDS) {
        ask(opening, reader->offset, opening->start - reader->offset);
        return;
    }
    error_set(&error, ERROR_INPUT, SPAN_NONE, "its directory is not at its end");
    opening_fail(opening, error);
}

static void try_parse(Opening *opening)
{
    WheelView *view = opening->view;
    ViewReader reader = {.view = view};
    ZipSource source = wheel_view_source(&reader);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) encoded = sparse_builder_encode(opening->builder);
    sparse_file_free(view->tail);
    view->tail = sparse_file_decode(encoded);
    view->directory = zip_directory_read(view->filename, &source, &error);
    if (view->directory) {
        wheel_view_save_tail(view, encoded);
        opening_end(opening);
    } else if (reader.missed) {
        ask_missing(opening, &reader);
    } else {
        opening_fail(opening, error);
    }
}

static void on_part(const HttpResponse *response, const GError *error, void *data)
{
    Opening *opening = data;
    WheelView *view = opening->view;
    g_autoptr(GError) problem = NULL;
    guint64 offset;
    if (error) {
        opening_fail(opening, error);
        return;
    }
    switch (
        wheel_view_take_part(view, response, opening->start, opening->asked, &offset, &problem)) {
    case PART_FAILED:
        opening_fail(opening, problem);
        return;
    case PART_NO_RANGES:
        wheel_view_give_up_ranges(view, opening->batch->whole);
        opening_end(opening);
        return;
    case PART_TAKEN:
        break;
    }
    if (!opening->builder || offset == 0) {
        sparse_builder_free(opening->builder);
        opening->builder = sparse_builder_new(view->size);
    }
    opening->start = offset;
    sparse_builder_add(opening->builder, offset, response->body);
    try_parse(opening);
}

/* `first` G_MAXUINT64: the last `length` bytes. */
static void ask(Opening *opening, guint64 first, guint64 length)
{
    const WheelViews *views = opening->view->views;
    HttpRequest request = HTTP_REQUEST(opening->view->url, (size_t)MAX(length, MIB));
    opening->start = first;
    opening->asked = length;
    if (first == G_MAXUINT64) {
        request.range_suffix = (gint64)length;
    } else {
        request.range_first = (gint64)first;
        request.range_last = (gint64)(first + length - 1);
    }
    request.owner = views;
    http_client_start(views->client->http, &request, on_part, opening);
}

static void open_one(Batch *batch, WheelView *view)
{
    g_autoptr(GError) error = NULL;
    if (!wheel_view_find_url(view, &error)) {
        wheel_view_set_problem(view, error);
        return;
    }
    if (index_host(view->views->client, view->url)->ranges == SERVES_NO) {
        wheel_view_give_up_ranges(view, batch->whole);
        return;
    }
    Opening *opening = g_new0(Opening, 1);
    opening->batch = batch;
    opening->view = view;
    batch->left++;
    guint64 length = view->size > 0 ? MIN(view->size, TAIL_BYTES) : TAIL_BYTES;
    ask(opening, view->size > 0 ? view->size - length : G_MAXUINT64, length);
}

static void refuse_offline(const GPtrArray *closed)
{
    for (guint i = 0; i < closed->len; i++) {
        g_autoptr(GError) error = NULL;
        error_set(&error, ERROR_NETWORK, SPAN_NONE,
                  "it was not looked into before, and nothing is fetched with --offline");
        wheel_view_set_problem(closed->pdata[i], error);
    }
}

void wheel_views_open_remote(WheelViews *views, const GPtrArray *closed, GPtrArray *whole)
{
    IndexClient *client = views->client;
    Batch batch = {.whole = whole};
    if (client->offline) {
        refuse_offline(closed);
        return;
    }
    progress_step(client->progress, "looking into %u %s", closed->len,
                  closed->len == 1 ? "wheel" : "wheels");
    for (guint i = 0; i < closed->len; i++) {
        const WheelView *view = closed->pdata[i];
        if (view->location)
            index_client_want_page(client, view->location, view->canonical);
    }
    for (guint i = 0; i < closed->len; i++)
        open_one(&batch, closed->pdata[i]);
    batch.done = batch.left == 0;
    http_client_wait(client->http, &batch.done);
    http_client_drop(client->http, views);
}

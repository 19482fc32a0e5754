#include "base/limits.h"
#include "python/wheel_view_private.h"

enum {
    GAP_BYTES = 256 * 1024,       /* read and thrown away rather than asked around */
    PART_BYTES = 8 * 1024 * 1024, /* of one request */
    /* Of a zip member: what its local header may have besides name and content. */
    SLACK_BYTES = 64 * 1024 + 24,
};

/* Members of one wheel that one bring may hold, as the cache takes them. */
#define LIMIT_EXTRACT_BYTES (96 * MIB)

/* A piece of a file, as wanted or as it came. */
typedef struct {
    guint64 first, end;
    GBytes *bytes; /* NULL: not here */
} Stretch;

typedef struct {
    GPtrArray *jobs;  /* Job */
    GPtrArray *whole; /* views whose server has no ranges */
    unsigned left;    /* requests */
    bool done;
} Bring;

typedef struct {
    Bring *bring;
    WheelView *view;
    GArray *wanted; /* Stretch, by offset: of members */
    GArray *parts;  /* Stretch, by offset: of requests */
} Job;

typedef struct {
    Job *job;
    guint part;
} Request;

static void clear_stretch(void *data)
{
    g_clear_pointer(&((Stretch *)data)->bytes, g_bytes_unref);
}

static GArray *stretches_new(void)
{
    GArray *stretches = g_array_new(FALSE, TRUE, sizeof(Stretch));
    g_array_set_clear_func(stretches, clear_stretch);
    return stretches;
}

static void job_free(void *data)
{
    Job *job = data;
    g_array_unref(job->wanted);
    g_array_unref(job->parts);
    g_free(job);
}

/* What is wanted */

static int compare_offsets(const void *a, const void *b)
{
    guint64 left = (*(const ZipMember *const *)a)->offset;
    guint64 right = (*(const ZipMember *const *)b)->offset;
    return (left > right) - (left < right);
}

static GPtrArray *members_by_offset(const ZipDirectory *directory)
{
    size_t count;
    const ZipMember *members = zip_directory_members(directory, &count);
    GPtrArray *order = g_ptr_array_sized_new((guint)count);
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        sorted = sorted && (i == 0 || members[i - 1].offset <= members[i].offset);
        g_ptr_array_add(order, (void *)&members[i]);
    }
    if (!sorted)
        g_ptr_array_sort(order, compare_offsets);
    return order;
}

static void add_wanted(Job *job, guint64 first, guint64 end)
{
    Stretch *last =
        job->wanted->len > 0 ? &g_array_index(job->wanted, Stretch, job->wanted->len - 1) : NULL;
    if (last && last->end == first) {
        last->end = end;
        return;
    }
    Stretch stretch = {first, end, NULL};
    g_array_append_val(job->wanted, stretch);
}

/* The members by offset, each up to the next one: only its local header says where it ends. */
static void add_members(Job *job, const GPtrArray *order, const bool *wanted,
                        const ZipMember *members)
{
    guint64 total = 0, start = zip_directory_start(job->view->directory);
    for (guint i = 0; i < order->len; i++) {
        const ZipMember *member = order->pdata[i];
        if (!wanted[member - members])
            continue;
        guint64 next =
            i + 1 < order->len ? ((const ZipMember *)order->pdata[i + 1])->offset : start;
        guint64 end = member->offset + ZIP_LOCAL_BYTES + strlen(member->name) +
                      member->compressed_size + SLACK_BYTES;
        end = MIN(end, next);
        if (end - member->offset > LIMIT_EXTRACT_BYTES - total)
            continue;
        total += end - member->offset;
        add_wanted(job, member->offset, end);
    }
}

static void add_part(Job *job, guint64 first, guint64 end)
{
    for (; first < end; first += PART_BYTES) {
        Stretch part = {first, MIN(end, first + PART_BYTES), NULL};
        g_array_append_val(job->parts, part);
    }
}

static void plan_parts(Job *job)
{
    guint64 first = 0, end = 0;
    for (guint i = 0; i < job->wanted->len; i++) {
        const Stretch *stretch = &g_array_index(job->wanted, Stretch, i);
        if (i > 0 && stretch->first - end <= GAP_BYTES) {
            end = stretch->end;
            continue;
        }
        add_part(job, first, end);
        first = stretch->first;
        end = stretch->end;
    }
    add_part(job, first, end);
}

static void add_job(Bring *bring, WheelView *view, const bool *wanted)
{
    size_t count;
    const ZipMember *members = zip_directory_members(view->directory, &count);
    g_autoptr(GPtrArray) order = members_by_offset(view->directory);
    Job *job = g_new0(Job, 1);
    job->bring = bring;
    job->view = view;
    job->wanted = stretches_new();
    job->parts = stretches_new();
    g_ptr_array_add(bring->jobs, job);
    add_members(job, order, wanted, members);
    plan_parts(job);
}

static void plan_view(Bring *bring, WheelView *view, WheelMemberWanted wanted, void *data)
{
    size_t count;
    if (!view->directory || view->path || view->unreachable)
        return;
    const ZipMember *members = zip_directory_members(view->directory, &count);
    g_autofree bool *missing = NULL;
    for (size_t i = 0; i < count; i++) {
        if (members[i].name[strlen(members[i].name) - 1] == '/' ||
            !wanted(data, view, &members[i]) || wheel_view_has(view, &members[i]))
            continue;
        if (!missing)
            missing = g_new0(bool, count);
        missing[i] = true;
    }
    if (missing)
        add_job(bring, view, missing);
}

/* Requests */

static void end_request(Request *request)
{
    Bring *bring = request->job->bring;
    bring->done = --bring->left == 0;
    g_free(request);
}

static void on_part(const HttpResponse *response, const GError *error, void *data)
{
    Request *request = data;
    Job *job = request->job;
    WheelView *view = job->view;
    Stretch *part = &g_array_index(job->parts, Stretch, request->part);
    g_autoptr(GError) problem = NULL;
    guint64 offset = 0;
    PartResult result = PART_FAILED;
    if (!error)
        result = wheel_view_take_part(view, response, part->first, part->end - part->first, &offset,
                                      &problem);
    if (result == PART_TAKEN) {
        part->bytes = g_bytes_new_from_bytes(response->body, (gsize)(part->first - offset),
                                             (gsize)(part->end - part->first));
    } else if (result == PART_NO_RANGES) {
        if (!g_ptr_array_find(job->bring->whole, view, NULL))
            wheel_view_give_up_ranges(view, job->bring->whole);
    } else {
        if (problem && problem->code == ERROR_VERIFY)
            wheel_view_forget(view);
        wheel_view_set_problem(view, error ? error : problem);
    }
    end_request(request);
}

static void start_part(Job *job, guint index)
{
    const WheelView *view = job->view;
    const Stretch *part = &g_array_index(job->parts, Stretch, index);
    Request *request = g_new(Request, 1);
    *request = (Request){job, index};
    HttpRequest http = HTTP_REQUEST(view->url, (size_t)(part->end - part->first));
    http.range_first = (gint64)part->first;
    http.range_last = (gint64)part->end - 1;
    http.owner = view->views;
    job->bring->left++;
    http_client_start(view->views->client->http, &http, on_part, request);
}

static void start_job(Job *job)
{
    WheelView *view = job->view;
    g_autoptr(GError) error = NULL;
    if (view->views->client->offline) {
        error_set(&error, ERROR_NETWORK, SPAN_NONE,
                  "not all of it was read before, and nothing is fetched with --offline");
        wheel_view_set_problem(view, error);
        return;
    }
    if (!wheel_view_find_url(view, &error)) {
        wheel_view_set_problem(view, error);
        return;
    }
    if (index_host(view->views->client, view->url)->ranges == SERVES_NO) {
        wheel_view_give_up_ranges(view, job->bring->whole);
        return;
    }
    for (guint i = 0; i < job->parts->len; i++)
        start_part(job, i);
}

/* What came */

/* [first, end) out of the parts that begin with parts[*from]; NULL: some of it did not come. */
static GBytes *collect(const Job *job, const Stretch *wanted, guint *from)
{
    g_autofree char *joined = NULL;
    for (guint64 at = wanted->first; at < wanted->end;) {
        while (*from < job->parts->len && g_array_index(job->parts, Stretch, *from).end <= at)
            ++*from;
        const Stretch *part =
            *from < job->parts->len ? &g_array_index(job->parts, Stretch, *from) : NULL;
        if (!part || !part->bytes || part->first > at)
            return NULL;
        guint64 end = MIN(part->end, wanted->end);
        if (at == wanted->first && end == wanted->end)
            return g_bytes_new_from_bytes(part->bytes, (gsize)(at - part->first),
                                          (gsize)(end - at));
        if (!joined)
            joined = g_malloc((gsize)(wanted->end - wanted->first));
        const char *bytes = g_bytes_get_data(part->bytes, NULL);
        memcpy(joined + (at - wanted->first), bytes + (at - part->first), (size_t)(end - at));
        at = end;
    }
    return g_bytes_new_take(g_steal_pointer(&joined), (gsize)(wanted->end - wanted->first));
}

static void keep_job(Job *job)
{
    g_autoptr(SparseBuilder) builder = sparse_builder_new(job->view->size);
    guint from = 0;
    bool any = false;
    for (guint i = 0; i < job->wanted->len; i++) {
        const Stretch *wanted = &g_array_index(job->wanted, Stretch, i);
        g_autoptr(GBytes) bytes = collect(job, wanted, &from);
        if (!bytes)
            continue;
        sparse_builder_add(builder, wanted->first, bytes);
        any = true;
    }
    if (any)
        wheel_view_keep(job->view, builder);
}

static void run(WheelViews *views, Bring *bring)
{
    IndexClient *client = views->client;
    for (guint i = 0; i < bring->jobs->len; i++) {
        const WheelView *view = ((const Job *)bring->jobs->pdata[i])->view;
        if (!view->url && view->location && !client->offline)
            index_client_want_page(client, view->location, view->canonical);
    }
    for (guint i = 0; i < bring->jobs->len; i++)
        start_job(bring->jobs->pdata[i]);
    bring->done = bring->left == 0;
    http_client_wait(client->http, &bring->done);
    http_client_drop(client->http, views);
    for (guint i = 0; i < bring->jobs->len; i++)
        keep_job(bring->jobs->pdata[i]);
    if (bring->whole->len > 0)
        wheel_views_fetch_whole(views, bring->whole);
}

static Bring *bring_new(void)
{
    Bring *bring = g_new0(Bring, 1);
    bring->jobs = g_ptr_array_new_with_free_func(job_free);
    bring->whole = g_ptr_array_new();
    return bring;
}

static void bring_free(Bring *bring)
{
    g_ptr_array_unref(bring->jobs);
    g_ptr_array_unref(bring->whole);
    g_free(bring);
}

gboolean wheel_views_bring(WheelViews *views, WheelMemberWanted wanted, void *data,
                           G_GNUC_UNUSED GError **error)
{
    Bring *bring = bring_new();
    for (guint i = 0; i < views->all->len; i++)
        plan_view(bring, views->all->pdata[i], wanted, data);
    if (bring->jobs->len > 0)
        run(views, bring);
    bring_free(bring);
    return TRUE;
}

static bool is_member(void *data, G_GNUC_UNUSED const WheelView *view, const ZipMember *member)
{
    return member == data;
}

void wheel_view_bring_alone(WheelView *view, const ZipMember *member)
{
    Bring *bring = bring_new();
    plan_view(bring, view, is_member, (void *)member);
    if (bring->jobs->len > 0)
        run(view->views, bring);
    bring_free(bring);
}

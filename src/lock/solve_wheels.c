#include "lock/solve_wheels.h"

#include "net/url.h"
#include "python/name.h"
#include "recipe/wheel_template.h"

enum {
    PAGES_MAX = 20,   /* versions that are tried for the newest */
    NEAREST = 3,      /* files that a message names */
    FILES_MAX = 5000, /* of a page, that are compared with the name */
};

/* The search for one wheel. */
typedef struct {
    Solve *solve;
    const Stage *stage;
    const PipWheel *wheel;
    char *canonical;
    TorchAbi *torch;
    const char *version; /* that is tried now; "*": any */
    GPtrArray *seen;     /* char *: names of the files on the pages so far */
    GPtrArray *places;   /* char *: the pages that were read */
    bool absent;         /* there is no such page */
    char *name;          /* the file name that was looked for first */
} Search;

/* Where the recipe asks for it. */
static Span place_of(const Search *search)
{
    return search->stage->definition ? search->stage->at : search->wheel->at;
}

/* Facts */

static const char *installed_version(const Search *search, const char *name, GError **error)
{
    g_autofree char *canonical = name_canonicalize(name);
    const InstalledDistribution *found = environment_find(search->solve->environment, canonical);
    if (found)
        return solve_installed_version(found);
    error_set(error, ERROR_INPUT, place_of(search),
              "its name depends on %s, and no %s is installed", name, name);
    if (error)
        error_set_hint(*error, "put the stage that installs %s before this one", name);
    return NULL;
}

/* The first `parts` numbers of a release, "2.6" of "2.6.0"; 0: all, without the local label. */
static char *release_text(const char *text, unsigned parts)
{
    g_autoptr(Version) version = version_parse(text, NULL);
    if (!version)
        return g_strdup(text);
    if (parts == 0)
        return version_public_text(version);
    const char *const *release = version_release(version);
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < parts && release[i]; i++)
        g_string_append_printf(out, "%s%s", i ? "." : "", release[i]);
    return g_string_free(out, FALSE);
}

static char *cuda_fact(const Search *search, WheelFact fact, GError **error)
{
    const char *cuda = torch_abi_cuda(search->torch, error);
    if (!cuda)
        return NULL;
    if (fact == FACT_CUDA_MAJOR)
        return g_strndup(cuda, strcspn(cuda, "."));
    g_auto(GStrv) parts = g_strsplit(cuda, ".", -1);
    return fact == FACT_CUDA ? g_strdup(cuda) : g_strjoinv("", parts);
}

static char *get_fact(void *data, WheelFact fact, const char *name, GError **error)
{
    const Search *search = data;
    const PythonTarget *target = search->solve->facts->target;
    const char *version = name ? installed_version(search, name, error) : search->version;
    if (!version)
        return NULL;
    switch (fact) {
    case FACT_VERSION:
        return name ? release_text(version, 0) : g_strdup(version);
    case FACT_MINOR:
        return release_text(version, 2);
    case FACT_MAJOR:
        return release_text(version, 1);
    case FACT_CUDA:
    case FACT_CUDA_MAJOR:
    case FACT_CUDA_DIGITS:
        return cuda_fact(search, fact, error);
    case FACT_CXX11ABI:
        return g_strdup(torch_abi_cxx11(search->torch, error));
    case FACT_PYTHON:
        return g_strdup_printf("cp%u%u%s", target->major, target->minor, target->abi_flags);
    case FACT_MACHINE:
    default:
        return g_strdup(target->machine);
    }
}

/* Pages */

static const IndexPage *read_page(Search *search, const char *url, GError **error)
{
    LockSession *session = search->solve->session;
    g_autofree char *name = g_strdup_printf("wheels of %s", search->canonical);
    IndexLocation *location = index_location_new(name, INDEX_FIND_LINKS, url);
    location->ignored = !trust_store_accepts_index(http_client_trust(session->http), url);
    g_ptr_array_add(search->places, url_redact(url));
    return index_client_get_page(session->client, session_take_location(session, location),
                                 search->canonical, error);
}

static unsigned count_dashes(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '-';
    return count;
}

/* The rank of the file for the target, or -1; "*" takes in no "-". */
static int rank_of(const Search *search, const char *pattern, const char *filename)
{
    if (count_dashes(pattern) != count_dashes(filename) ||
        !g_pattern_match_simple(pattern, filename))
        return -1;
    g_autoptr(WheelName) name = wheel_name_parse(filename, NULL);
    if (!name || !g_str_equal(name->name, search->canonical))
        return -1;
    return tag_set_rank(search->solve->tags, name);
}

static bool is_newer(const char *filename, const char *than)
{
    g_autoptr(WheelName) a = wheel_name_parse(filename, NULL);
    g_autoptr(WheelName) b = wheel_name_parse(than, NULL);
    int order = version_compare(a->version, b->version);
    return order ? order > 0 : wheel_name_compare_build(a, b) > 0;
}

/* The file of the page that the pattern means: the newest, then the best tag. */
static const IndexFile *find_file(Search *search, const IndexPage *page, const char *pattern)
{
    const IndexFile *best = NULL;
    int best_rank = 0;
    for (guint i = 0; i < page->files->len && i < FILES_MAX; i++) {
        const IndexFile *file = index_page_file(page, i);
        g_ptr_array_add(search->seen, g_strdup(file->filename));
        int rank = file->yanked ? -1 : rank_of(search, pattern, file->filename);
        if (rank < 0 || (best && is_newer(best->filename, file->filename)))
            continue;
        if (best && rank >= best_rank && !is_newer(file->filename, best->filename))
            continue;
        best = file;
        best_rank = rank;
    }
    return best;
}

/* *ret_file is NULL without an error: the page has no such file. */
static gboolean try_version(Search *search, const char *version, const IndexFile **ret_file,
                            GError **error)
{
    search->version = version;
    g_autofree char *name = wheel_template_fill(search->wheel->file.text, get_fact, search, error);
    if (!name)
        return FALSE;
    if (!search->name)
        search->name = g_strdup(name);
    g_autofree char *url = wheel_template_fill(search->wheel->page.text, get_fact, search, error);
    const IndexPage *page = url ? read_page(search, url, error) : NULL;
    search->absent = page && page->absent;
    *ret_file = page ? find_file(search, page, name) : NULL;
    return page != NULL;
}

/* The newest */

static Version *version_of_file(const IndexFile *file, const char *canonical)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(file->filename, NULL);
    if (wheel)
        return g_str_equal(wheel->name, canonical) ? version_ref(wheel->version) : NULL;
    return sdist_version(file->filename, canonical);
}

static int compare_newest(const void *a, const void *b)
{
    return version_compare(*(Version *const *)b, *(Version *const *)a);
}

static bool is_known(const GPtrArray *versions, const Version *version)
{
    for (guint i = 0; i < versions->len; i++)
        if (version_equal(versions->pdata[i], version))
            return true;
    return false;
}

static void add_versions(const Search *search, GPtrArray *versions, const IndexPage *page)
{
    gint64 newest = search->solve->exclude_newer;
    for (guint i = 0; i < page->files->len && i < FILES_MAX; i++) {
        IndexFile file;
        index_page_peek(page, i, &file);
        g_autoptr(Version) version = version_of_file(&file, search->canonical);
        if (!version || file.yanked || version_is_prerelease(version) ||
            (newest > 0 && file.upload_time > newest) || is_known(versions, version))
            continue;
        g_ptr_array_add(versions, g_steal_pointer(&version));
    }
}

/* What the stage's indexes have of the project, sources included: newest first. */
static GPtrArray *known_versions(const Search *search, const GPtrArray *locations, GError **error)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new_with_free_func((GDestroyNotify)version_unref);
    for (guint i = 0; i < locations->len; i++) {
        const IndexLocation *location = locations->pdata[i];
        if (location->only)
            continue;
        const IndexPage *page = index_client_get_page(search->solve->session->client, location,
                                                      search->canonical, error);
        if (!page)
            return NULL;
        add_versions(search, versions, page);
    }
    g_ptr_array_sort(versions, compare_newest);
    return g_steal_pointer(&versions);
}

static gboolean find_newest(Search *search, const GPtrArray *locations, const IndexFile **ret_file,
                            GError **error)
{
    if (!wheel_template_has_version(search->wheel->page.text))
        return try_version(search, "*", ret_file, error);
    g_autoptr(GPtrArray) versions = known_versions(search, locations, error);
    if (!versions)
        return FALSE;
    *ret_file = NULL;
    for (guint i = 0; i < versions->len && i < PAGES_MAX && !*ret_file; i++) {
        if (!try_version(search, version_text(versions->pdata[i]), ret_file, error))
            return FALSE;
    }
    return TRUE;
}

/* Refusals */

/* How many characters two names have in common at both ends. */
static size_t likeness(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b), front = 0, back = 0;
    while (front < MIN(m, n) && a[front] == b[front])
        front++;
    while (back < MIN(m, n) - front && a[m - 1 - back] == b[n - 1 - back])
        back++;
    return front + back;
}

static bool is_nearer(const char *a, const char *b, const char *wanted)
{
    size_t like_a = likeness(a, wanted), like_b = likeness(b, wanted);
    return like_a != like_b ? like_a > like_b : strcmp(a, b) > 0;
}

/* The files on the pages that are most like the one that is not there. */
static char *nearest_files(const Search *search)
{
    GString *text = g_string_new(NULL);
    for (unsigned round = 0; round < NEAREST && search->seen->len > 0; round++) {
        char **names = (char **)search->seen->pdata;
        guint best = 0;
        for (guint i = 1; i < search->seen->len; i++) {
            if (is_nearer(names[i], names[best], search->name))
                best = i;
        }
        g_string_append_printf(text, "%s%s", round ? ", " : "", names[best]);
        g_ptr_array_remove_index(search->seen, best);
    }
    return g_string_free(text, FALSE);
}

static void refuse(Search *search, LockStage *locked)
{
    GError *error = NULL;
    const char *name = search->wheel->dist;
    guint pages = search->places->len;
    if (search->name)
        error_set(&error, ERROR_INPUT, place_of(search), "stage '%s': there is no wheel %s",
                  search->stage->name, search->name);
    else
        error_set(&error, ERROR_INPUT, place_of(search),
                  "stage '%s': no index knows a version of %s", search->stage->name, name);
    g_autofree char *evidence = torch_abi_evidence(search->torch);
    if (evidence)
        error_add_note(error, SPAN_NONE, "%s", evidence);
    if (pages > 0)
        error_add_note(error, search->wheel->page.at, "looked at %s%s",
                       (const char *)search->places->pdata[0],
                       pages > 1        ? " and the pages of older versions"
                       : search->absent ? ", where there is no page"
                                        : "");
    g_autofree char *nearest = nearest_files(search);
    if (*nearest)
        error_add_note(error, SPAN_NONE, "nearest there: %s", nearest);
    else if (pages > 0)
        error_add_note(error, SPAN_NONE, "no wheel of %s is there", name);
    error_set_hint(error,
                   "take a torch, Python or version of %s that there is a wheel for, name another "
                   "page, or have a Dockerfile compile it over a base with nvcc: `pip: {install: "
                   "[%s], build: {%s: {isolation: false}}}`",
                   name, name, name);
    stage_set_conflict(locked, error);
}

/* A mistake of the user makes the stage one that can't be satisfied. */
static gboolean take_error(Search *search, LockStage *locked, GError *cause, GError **error)
{
    GError *wrapped = NULL;
    bool input = cause->code == ERROR_INPUT;
    bool said = error_hint(cause) != NULL;
    error_wrap(&wrapped, cause, place_of(search), "stage '%s' looks for a wheel of %s",
               search->stage->name, search->wheel->dist);
    if (!input) {
        g_propagate_error(error, wrapped);
        return FALSE;
    }
    if (!said)
        error_add_note(wrapped, search->wheel->file.at, "its file name is to be %s",
                       search->wheel->file.text);
    stage_set_conflict(locked, wrapped);
    return TRUE;
}

/* The whole */

static void add_requirement(Search *search, PipInputs *inputs, const IndexFile *file)
{
    const char *dir = recipe_file_dir(search->solve->recipe->file);
    g_autofree char *text =
        g_strdup_printf("%s @ %s%s%s", search->wheel->dist, file->url,
                        file->sha256 ? "#sha256=" : "", file->sha256 ? file->sha256 : "");
    pip_inputs_add_requirement(inputs, text, place_of(search), false, dir, search->solve->diags);
}

static gboolean find_one(Search *search, PipInputs *inputs, const GPtrArray *locations,
                         LockStage *locked, GError **error)
{
    const char *wanted = search->wheel->version.text;
    const IndexFile *file = NULL;
    GError *cause = NULL;
    gboolean done = wanted && *wanted ? try_version(search, wanted, &file, &cause)
                                      : find_newest(search, locations, &file, &cause);
    if (!done)
        return take_error(search, locked, cause, error);
    if (file)
        add_requirement(search, inputs, file);
    else
        refuse(search, locked);
    return TRUE;
}

gboolean solve_find_wheels(Solve *solve, guint index, LockStage *locked, GError **error)
{
    const Stage *stage = solve->recipe->stages->pdata[index];
    const GPtrArray *wheels = stage->body.pip->wheels;
    if (!wheels || wheels->len == 0)
        return TRUE;
    StageInputs *inputs = solve->inputs->pdata[index];
    g_autoptr(TorchAbi) torch = torch_abi_new(solve);
    g_autoptr(GPtrArray) locations = NULL;
    if (!sources_of_stage(&solve->sources, stage->body.pip, inputs->inputs, &locations, error))
        return FALSE;
    gboolean ok = TRUE;
    for (guint i = 0; ok && !locked->conflict && i < wheels->len; i++) {
        Search search = {
            .solve = solve,
            .stage = stage,
            .wheel = wheels->pdata[i],
            .torch = torch,
            .seen = g_ptr_array_new_with_free_func(g_free),
            .places = g_ptr_array_new_with_free_func(g_free),
        };
        search.canonical = name_canonicalize(search.wheel->dist);
        ok = find_one(&search, inputs->inputs, locations, locked, error);
        g_ptr_array_unref(search.seen);
        g_ptr_array_unref(search.places);
        g_free(search.name);
        g_free(search.canonical);
    }
    return ok;
}

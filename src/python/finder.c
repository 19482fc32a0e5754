#include "python/finder.h"

struct Finder {
    const ResolveRequest *request;
    FormatControl format;
    bool prefer_binary, pre;
    Version *python;
    GHashTable *specs;    /* text → Spec */
    GHashTable *projects; /* canonical → Project */
    GHashTable *ranks;    /* "py3-none-any" as in file names → rank + 2 */
    GHashTable *pythons;  /* Requires-Python text → accepted + 1 */
    int source_rank;
};

static void spec_free(gpointer data)
{
    Spec *spec = data;
    specifier_set_unref(spec->set);
    g_free(spec);
}

static void project_free(gpointer data)
{
    Project *project = data;
    for (guint i = 0; i < project->n_versions; i++)
        version_unref(project->versions[i]);
    g_free(project->versions);
    g_free(project->files);
    g_free(project->finals);
    g_free(project->offered);
    g_free(project->canonical);
    g_hash_table_unref(project->accepted);
    g_free(project);
}

static void format_names_merge(FormatControl *control, const FormatNames *names, bool only_binary)
{
    if (names->all)
        format_control_add(control, only_binary, ":all:");
    for (guint i = 0; names->names && i < names->names->len; i++)
        format_control_add(control, only_binary, names->names->pdata[i]);
}

static void format_control_merge(FormatControl *control, const FormatControl *other)
{
    format_names_merge(control, &other->no_binary, false);
    format_names_merge(control, &other->only_binary, true);
}

Finder *finder_new(const ResolveRequest *request)
{
    Finder *finder = g_new0(Finder, 1);
    finder->request = request;
    format_control_merge(&finder->format, &request->options->format);
    format_control_merge(&finder->format, &request->inputs->format);
    finder->prefer_binary = request->options->prefer_binary || request->inputs->prefer_binary;
    finder->pre = request->options->pre || request->inputs->pre;
    g_autofree char *python = g_strdup_printf("%u.%u.%u", request->target->major,
                                              request->target->minor, request->target->micro);
    finder->python = version_parse(python, NULL);
    finder->specs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, spec_free);
    finder->projects = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, project_free);
    finder->ranks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    finder->pythons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    finder->source_rank = (int)g_strv_length((char **)(void *)tag_set_list(request->tags));
    return finder;
}

void finder_free(Finder *finder)
{
    if (!finder)
        return;
    format_control_clear(&finder->format);
    g_hash_table_unref(finder->projects);
    g_hash_table_unref(finder->specs);
    g_hash_table_unref(finder->ranks);
    g_hash_table_unref(finder->pythons);
    version_unref(finder->python);
    g_free(finder);
}

bool finder_prereleases(const Finder *finder)
{
    return finder->pre;
}

/* packaging's Specifier.prereleases */
static bool specifier_names_prerelease(const Specifier *specifier)
{
    if (specifier->op == OP_NOT_EQUAL || (specifier->op == OP_EQUAL && specifier->wildcard))
        return false;
    if (specifier->op != OP_ARBITRARY)
        return version_is_prerelease(specifier->version);
    g_autoptr(Version) version = version_parse(specifier->operand, NULL);
    return version && version_is_prerelease(version);
}

static void spec_add_clause(Spec *spec, const Specifier *specifier)
{
    spec->any = true;
    spec->prereleases |= specifier_names_prerelease(specifier);
    switch (specifier->op) {
    case OP_EQUAL:
        *(specifier->wildcard ? &spec->upper : &spec->exact) = true;
        break;
    case OP_ARBITRARY:
        spec->exact = true;
        break;
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_COMPATIBLE:
        spec->upper = true;
        break;
    case OP_NOT_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
        break;
    }
}

const Spec *finder_spec(Finder *finder, const SpecifierSet *set)
{
    Spec *spec = g_hash_table_lookup(finder->specs, specifier_set_text(set));
    if (spec)
        return spec;
    spec = g_new0(Spec, 1);
    spec->set = specifier_set_ref(set);
    size_t count = 0;
    const Specifier *items = specifier_set_items(set, &count);
    for (size_t i = 0; i < count; i++)
        spec_add_clause(spec, &items[i]);
    g_hash_table_insert(finder->specs, (char *)specifier_set_text(spec->set), spec);
    return spec;
}

static bool location_names(const IndexLocation *location, const char *canonical)
{
    for (char **glob = location->packages; glob && *glob; glob++) {
        if (g_pattern_match_simple(*glob, canonical))
            return true;
    }
    return false;
}

GPtrArray *finder_locations(const Finder *finder, const char *canonical)
{
    const GPtrArray *all = finder->request->locations;
    GPtrArray *routed = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        if (location_names(all->pdata[i], canonical))
            g_ptr_array_add(routed, all->pdata[i]);
    }
    if (routed->len > 0)
        return routed;
    for (guint i = 0; i < all->len; i++) {
        if (!((const IndexLocation *)all->pdata[i])->only)
            g_ptr_array_add(routed, all->pdata[i]);
    }
    return routed;
}

void finder_want(Finder *finder, const char *canonical)
{
    if (g_hash_table_contains(finder->projects, canonical))
        return;
    g_autoptr(GPtrArray) locations = finder_locations(finder, canonical);
    for (guint i = 0; i < locations->len; i++)
        index_client_want_page(finder->request->client, locations->pdata[i], canonical);
}

/* The tags of a file name, which are its last three parts; NULL when it has fewer dashes. */
static const char *wheel_tags_part(const char *filename, size_t length)
{
    unsigned dashes = 0;
    for (size_t i = length; i > 0; i--) {
        if (filename[i - 1] == '-' && ++dashes == 3)
            return filename + i;
    }
    return NULL;
}

/* Ranks are remembered by the tags' text: thousands of files share a few of them. */
static int finder_rank(Finder *finder, const char *tags)
{
    gpointer known = g_hash_table_lookup(finder->ranks, tags);
    if (known)
        return GPOINTER_TO_INT(known) - 2;
    g_autofree char *filename = g_strdup_printf("x-0-%s", tags);
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, NULL);
    int rank = wheel ? tag_set_rank(finder->request->tags, wheel) : -1;
    g_hash_table_insert(finder->ranks, g_strdup(tags), GINT_TO_POINTER(rank + 2));
    return rank;
}

static bool finder_accepts_python(Finder *finder, const char *requires_python)
{
    if (!requires_python)
        return true;
    gpointer known = g_hash_table_lookup(finder->pythons, requires_python);
    if (known)
        return GPOINTER_TO_INT(known) - 1;
    g_autoptr(SpecifierSet) set = specifier_set_parse(requires_python, NULL);
    bool accepted = !set || specifier_set_contains(set, finder->python, PRERELEASES_DEFAULT);
    g_hash_table_insert(finder->pythons, g_strdup(requires_python),
                        GINT_TO_POINTER((int)accepted + 1));
    return accepted;
}

static bool file_is_local(const IndexFile *file)
{
    return g_str_has_prefix(file->url, "file:");
}

static bool finder_accepts_date(const Finder *finder, const IndexFile *file)
{
    gint64 limit = finder->request->options->exclude_newer;
    return limit < 0 || file_is_local(file) ||
           (file->upload_time >= 0 && file->upload_time < limit);
}

/* What LinkEvaluator.evaluate_link() does for a wheel, cheapest test first. */
static WheelName *finder_evaluate_wheel(Finder *finder, const char *canonical,
                                        const IndexFile *file, FoundFile *ret_found)
{
    const char *tags = wheel_tags_part(file->filename, strlen(file->filename));
    if (!tags)
        return NULL;
    int rank = finder_rank(finder, tags);
    if (rank < 0 || !finder_accepts_date(finder, file) ||
        !finder_accepts_python(finder, file->requires_python))
        return NULL;
    g_autoptr(WheelName) wheel = wheel_name_parse(file->filename, NULL);
    if (!wheel || !g_str_equal(wheel->name, canonical))
        return NULL;
    *ret_found = (FoundFile){file, 0, rank, true, file->yanked != NULL, NULL};
    return g_steal_pointer(&wheel);
}

static Version *finder_evaluate_source(Finder *finder, const char *canonical, const IndexFile *file,
                                       FoundFile *ret_found)
{
    if (!sdist_has_extension(file->filename) || !finder_accepts_date(finder, file) ||
        !finder_accepts_python(finder, file->requires_python))
        return NULL;
    Version *version = sdist_version(file->filename, canonical);
    *ret_found = (FoundFile){file, 0, finder->source_rank, false, file->yanked != NULL, NULL};
    return version;
}

/* A file with what it is sorted by. */
typedef struct {
    FoundFile found;
    Version *version;
    WheelName *wheel; /* only when it has a build tag */
    guint position;
} Entry;

static void entry_clear(gpointer data)
{
    Entry *entry = data;
    version_unref(entry->version);
    wheel_name_free(entry->wheel);
}

static void entries_add(Finder *finder, GArray *entries, const char *canonical,
                        const IndexFile *file, bool wheels, bool sources)
{
    Entry entry = {.position = entries->len};
    if (g_str_has_suffix(file->filename, ".whl")) {
        if (!wheels)
            return;
        entry.wheel = finder_evaluate_wheel(finder, canonical, file, &entry.found);
        if (!entry.wheel)
            return;
        entry.version = version_ref(entry.wheel->version);
        if (!*entry.wheel->build)
            g_clear_pointer(&entry.wheel, wheel_name_free);
    } else if (sources) {
        entry.version = finder_evaluate_source(finder, canonical, file, &entry.found);
    }
    if (entry.version)
        g_array_append_val(entries, entry);
}

/* pip sorts the files of folders by URL, backwards, and puts them before everything else. */
static int compare_urls_backwards(const void *a, const void *b)
{
    const IndexFile *const *x = a, *const *y = b;
    return strcmp((*y)->url, (*x)->url);
}

static gboolean files_collect(Finder *finder, const char *canonical, GPtrArray *ret_files,
                              GError **error)
{
    g_autoptr(GPtrArray) locations = finder_locations(finder, canonical);
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    for (guint i = 0; i < locations->len; i++)
        index_client_want_page(finder->request->client, locations->pdata[i], canonical);
    for (guint i = 0; i < locations->len; i++) {
        const IndexLocation *location = locations->pdata[i];
        const IndexPage *page =
            index_client_get_page(finder->request->client, location, canonical, error);
        if (!page)
            return FALSE;
        for (guint j = 0; j < page->files->len; j++) {
            IndexFile *file = page->files->pdata[j];
            bool folder = location->kind == INDEX_FIND_LINKS && file_is_local(file);
            g_ptr_array_add(folder ? ret_files : others, file);
        }
    }
    g_ptr_array_sort(ret_files, compare_urls_backwards);
    for (guint i = 0; i < others->len; i++)
        g_ptr_array_add(ret_files, others->pdata[i]);
    return TRUE;
}

static int compare_versions_newest_first(const void *a, const void *b)
{
    return version_compare(*(Version *const *)b, *(Version *const *)a);
}

static gboolean versions_are_equal(const void *a, const void *b)
{
    return version_equal(a, b);
}

/* Numbers the distinct versions, newest first. */
static void project_number_versions(Project *project, GArray *entries)
{
    g_autoptr(GHashTable) numbers = g_hash_table_new(version_hash, versions_are_equal);
    project->versions = g_new0(Version *, entries->len + 1);
    for (guint i = 0; i < entries->len; i++) {
        Version *version = g_array_index(entries, Entry, i).version;
        if (g_hash_table_add(numbers, version))
            project->versions[project->n_versions++] = version_ref(version);
    }
    qsort(project->versions, project->n_versions, sizeof *project->versions,
          compare_versions_newest_first);
    g_hash_table_remove_all(numbers);
    for (guint i = 0; i < project->n_versions; i++)
        g_hash_table_insert(numbers, project->versions[i], GUINT_TO_POINTER(i));
    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = &g_array_index(entries, Entry, i);
        entry->found.version = GPOINTER_TO_UINT(g_hash_table_lookup(numbers, entry->version));
    }
}

/* CandidateEvaluator._sort_key(), best first; of equals the one that came last is the best. */
static int compare_entries(const void *a, const void *b, void *data)
{
    const Entry *x = a, *y = b;
    const Finder *finder = data;
    if (x->found.yanked != y->found.yanked)
        return x->found.yanked - y->found.yanked;
    if (finder->prefer_binary && x->found.wheel != y->found.wheel)
        return y->found.wheel - x->found.wheel;
    if (x->found.version != y->found.version)
        return x->found.version < y->found.version ? -1 : 1;
    if (x->found.rank != y->found.rank)
        return x->found.rank < y->found.rank ? -1 : 1;
    if (x->wheel && y->wheel) {
        int order = wheel_name_compare_build(y->wheel, x->wheel);
        if (order)
            return order;
    } else if (x->wheel || y->wheel) {
        return x->wheel ? -1 : 1;
    }
    return x->position > y->position ? -1 : 1;
}

static int project_preferred(const Project *project, const ResolveRequest *request)
{
    const char *text =
        request->preferred ? g_hash_table_lookup(request->preferred, project->canonical) : NULL;
    g_autoptr(Version) version = text ? version_parse(text, NULL) : NULL;
    for (guint i = 0; version && i < project->n_versions; i++) {
        if (version_equal(project->versions[i], version))
            return (int)i;
    }
    return -1;
}

static Project *project_new(Finder *finder, const char *canonical, GArray *entries)
{
    Project *project = g_new0(Project, 1);
    project->canonical = g_strdup(canonical);
    project->accepted = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    project_number_versions(project, entries);
    g_array_sort_with_data(entries, compare_entries, finder);
    project->n_words = MAX(1, (project->n_versions + 63) / 64);
    project->finals = g_new0(guint64, project->n_words);
    project->offered = g_new0(guint64, project->n_words);
    project->n_files = entries->len;
    project->files = g_new0(FoundFile, entries->len + 1);
    for (guint i = 0; i < entries->len; i++) {
        project->files[i] = g_array_index(entries, Entry, i).found;
        if (!project->files[i].yanked)
            bits_set(project->offered, project->files[i].version);
    }
    for (guint i = 0; i < project->n_versions; i++) {
        if (!version_is_prerelease(project->versions[i]))
            bits_set(project->finals, i);
    }
    project->preferred = project_preferred(project, finder->request);
    return project;
}

Project *finder_project(Finder *finder, const char *canonical, GError **error)
{
    Project *project = g_hash_table_lookup(finder->projects, canonical);
    if (project)
        return project;
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    if (!files_collect(finder, canonical, files, error))
        return NULL;
    bool wheels = true, sources = true;
    format_control_allows(&finder->format, canonical, &wheels, &sources);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(entries, entry_clear);
    for (guint i = 0; i < files->len; i++)
        entries_add(finder, entries, canonical, files->pdata[i], wheels, sources);
    project = project_new(finder, canonical, entries);
    g_hash_table_insert(finder->projects, project->canonical, project);
    return project;
}

const guint64 *project_accepted(Project *project, const Spec *spec)
{
    guint64 *bits = g_hash_table_lookup(project->accepted, spec);
    if (bits)
        return bits;
    bits = g_new0(guint64, project->n_words);
    for (guint i = 0; i < project->n_versions; i++) {
        if (specifier_set_contains(spec->set, project->versions[i], PRERELEASES_YES))
            bits_set(bits, i);
    }
    g_hash_table_insert(project->accepted, (gpointer)spec, bits);
    return bits;
}

/* The glibc that a platform tag of the target's machine asks for, if that is all that is wrong. */
static char *platform_libc_problem(Finder *finder, const WheelName *wheel, const char *platform)
{
    const PythonTarget *target = finder->request->target;
    unsigned major = 0, minor = 0;
    char machine[32] = "";
    if (target->libc != LIBC_GLIBC ||
        sscanf(platform, "manylinux_%9u_%9u_%31s", &major, &minor, machine) != 3 ||
        !g_str_equal(machine, target->machine) ||
        !(major > target->libc_major ||
          (major == target->libc_major && minor > target->libc_minor)))
        return NULL;
    g_autofree char *linux_platform = g_strconcat("linux_", machine, NULL);
    char *platforms[] = {linux_platform, NULL};
    WheelName other = *wheel;
    other.platforms = platforms;
    if (tag_set_rank(finder->request->tags, &other) < 0)
        return NULL;
    return g_strdup_printf("needs glibc %u.%u, the target has glibc %u.%u", major, minor,
                           target->libc_major, target->libc_minor);
}

static Refusal wheel_refusal(Finder *finder, const WheelName *wheel, const char *tags,
                             char **ret_detail)
{
    for (char **platform = wheel->platforms; *platform; platform++) {
        *ret_detail = platform_libc_problem(finder, wheel, *platform);
        if (*ret_detail)
            return REFUSED_LIBC;
    }
    g_autofree char *stem = g_strndup(tags, strlen(tags) - strlen(".whl"));
    *ret_detail = g_strdup_printf("is built for %s", stem);
    return REFUSED_TAG;
}

static Refusal finder_refusal_of_any(Finder *finder, const IndexFile *file, char **ret_detail)
{
    if (!finder_accepts_date(finder, file)) {
        *ret_detail = g_strdup(file->upload_time < 0 ? "the index does not say when it was uploaded"
                                                     : "uploaded after the date of exclude_newer");
        return REFUSED_DATE;
    }
    if (!finder_accepts_python(finder, file->requires_python)) {
        *ret_detail = g_strdup_printf("requires Python %s, the target has %s",
                                      file->requires_python, version_text(finder->python));
        return REFUSED_PYTHON;
    }
    return REFUSED_NONE;
}

Refusal finder_refusal(Finder *finder, const char *canonical, const IndexFile *file,
                       char **ret_version, char **ret_detail)
{
    bool wheels = true, sources = true;
    format_control_allows(&finder->format, canonical, &wheels, &sources);
    *ret_detail = NULL;
    if (!g_str_has_suffix(file->filename, ".whl")) {
        g_autoptr(Version) version = sdist_version(file->filename, canonical);
        *ret_version = version ? g_strdup(version_text(version)) : NULL;
        if (sources)
            return finder_refusal_of_any(finder, file, ret_detail);
        *ret_detail = g_strdup("only wheels are allowed");
        return REFUSED_FORMAT;
    }
    g_autoptr(WheelName) wheel = wheel_name_parse(file->filename, NULL);
    *ret_version = wheel ? g_strdup(version_text(wheel->version)) : NULL;
    const char *tags = wheel_tags_part(file->filename, strlen(file->filename));
    if (!wheel || !wheels) {
        *ret_detail = g_strdup(wheel ? "wheels are not allowed" : "its name is no wheel's name");
        return REFUSED_FORMAT;
    }
    if (tags && finder_rank(finder, tags) < 0)
        return wheel_refusal(finder, wheel, tags, ret_detail);
    return finder_refusal_of_any(finder, file, ret_detail);
}

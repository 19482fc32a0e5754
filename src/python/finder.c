#include "python/finder_private.h"

static void spec_free(gpointer data)
{
    Spec *spec = data;
    specifier_set_unref(spec->set);
    g_free(spec);
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
    finder->ranks = g_hash_table_new_full(text_key_hash, text_key_equal, g_free, NULL);
    finder->pythons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    finder->source_rank = (int)g_strv_length((char **)(void *)tag_set_list(request->tags));
    project_scratch_init(finder);
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
    g_array_unref(finder->found);
    g_array_unref(finder->sorted);
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

const InstalledDistribution *request_find_relaxed(const ResolveRequest *request,
                                                  const char *canonical)
{
    for (guint i = 0; request->relaxed && i < request->relaxed->len; i++) {
        const InstalledDistribution *one = request->relaxed->pdata[i];
        if (g_str_equal(one->canonical, canonical))
            return one;
    }
    return NULL;
}

static GPtrArray *routed_locations(const Finder *finder, const char *canonical)
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

GPtrArray *finder_locations(const Finder *finder, const char *canonical)
{
    GPtrArray *locations = routed_locations(finder, canonical);
    const InstalledDistribution *relaxed = request_find_relaxed(finder->request, canonical);
    const IndexLocation *origin = relaxed && relaxed->file ? relaxed->file->location : NULL;
    if (origin && !g_ptr_array_find(locations, origin, NULL))
        g_ptr_array_add(locations, (gpointer)origin);
    return locations;
}

void finder_want(Finder *finder, const char *canonical)
{
    if (g_hash_table_contains(finder->projects, canonical))
        return;
    g_autoptr(GPtrArray) locations = finder_locations(finder, canonical);
    for (guint i = 0; i < locations->len; i++)
        index_client_want_page(finder->request->client, locations->pdata[i], canonical);
}

bool wheel_find_tags(const char *filename, TextKey *ret_tags)
{
    size_t length = strlen(filename);
    const char *dash = filename + length;
    for (unsigned dashes = 0; dashes < 3; dashes++) {
        dash = memrchr(filename, '-', (size_t)(dash - filename));
        if (!dash)
            return false;
    }
    *ret_tags = (TextKey){dash + 1, (size_t)(filename + length - dash) - 1};
    return true;
}

/* Tags with their rank, remembered by their text: thousands of files share a few of them. */
typedef struct {
    TextKey key; /* first: the table compares it; in the file name that had it first */
    int rank;
} RankedTags;

static int compute_rank(const Finder *finder, TextKey tags)
{
    const TagSet *set = finder->request->tags;
    if (!tag_set_may_rank(set, tags.text, tags.length - strlen(".whl")))
        return -1;
    g_autofree char *filename = g_strdup_printf("x-0-%.*s", (int)tags.length, tags.text);
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, NULL);
    return wheel ? tag_set_rank(set, wheel) : -1;
}

int finder_rank(Finder *finder, TextKey tags)
{
    RankedTags *known = g_hash_table_lookup(finder->ranks, &tags);
    if (known)
        return known->rank;
    known = g_new(RankedTags, 1);
    *known = (RankedTags){tags, compute_rank(finder, tags)};
    g_hash_table_add(finder->ranks, known);
    return known->rank;
}

bool finder_accepts_python(Finder *finder, const char *requires_python)
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

bool file_is_local(const IndexFile *file)
{
    return g_str_has_prefix(file->url, "file:");
}

bool finder_accepts_date(const Finder *finder, const IndexFile *file)
{
    gint64 limit = finder->request->options->exclude_newer;
    return limit < 0 || file_is_local(file) ||
           (file->upload_time >= 0 && file->upload_time < limit);
}

/* Platform tags that end with a machine or format, and what they ask of the system. */
static const struct {
    LibcKind kind;
    const char *prefix; /* two numbers and the machine follow */
    const char *least;  /* %s: a tag with that machine which every such system takes */
    const char *name;
} system_tags[] = {
    {LIBC_GLIBC, "manylinux_", "linux_%s", "glibc"},
    {LIBC_MACOS, "macosx_", "macosx_11_0_%s", "macOS"},
    {LIBC_MACOS, "macosx_", "macosx_10_9_%s", "macOS"},
};

static bool takes_platform(const Finder *finder, const WheelName *wheel, const char *least,
                           const char *machine)
{
    g_auto(GStrv) parts = g_strsplit(least, "%s", 2);
    g_autofree char *platform = g_strconcat(parts[0], machine, parts[1], NULL);
    char *platforms[] = {platform, NULL};
    WheelName other = *wheel;
    other.platforms = platforms;
    return tag_set_rank(finder->request->tags, &other) >= 0;
}

/* The glibc or macOS that a platform tag of the target's machine asks for, if that is all that is
 * wrong. */
static char *platform_libc_problem(Finder *finder, const WheelName *wheel, const char *platform)
{
    const PythonTarget *target = finder->request->target;
    for (size_t i = 0; i < G_N_ELEMENTS(system_tags); i++) {
        unsigned major = 0, minor = 0;
        char machine[32] = "";
        if (target->libc != system_tags[i].kind ||
            !g_str_has_prefix(platform, system_tags[i].prefix) ||
            sscanf(platform + strlen(system_tags[i].prefix), "%9u_%9u_%31s", &major, &minor,
                   machine) != 3 ||
            !(major > target->libc_major ||
              (major == target->libc_major && minor > target->libc_minor)) ||
            !takes_platform(finder, wheel, system_tags[i].least, machine))
            continue;
        return g_strdup_printf("needs %s %u.%u, the target has %s %u.%u", system_tags[i].name,
                               major, minor, system_tags[i].name, target->libc_major,
                               target->libc_minor);
    }
    return NULL;
}

static Refusal wheel_refusal(Finder *finder, const WheelName *wheel, TextKey tags,
                             char **ret_detail)
{
    for (char **platform = wheel->platforms; *platform; platform++) {
        *ret_detail = platform_libc_problem(finder, wheel, *platform);
        if (*ret_detail)
            return REFUSED_LIBC;
    }
    g_autofree char *stem = g_strndup(tags.text, tags.length - strlen(".whl"));
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
    if (!wheel || !wheels) {
        *ret_detail = g_strdup(wheel ? "wheels are not allowed" : "its name is no wheel's name");
        return REFUSED_FORMAT;
    }
    TextKey tags;
    if (wheel_find_tags(file->filename, &tags) && finder_rank(finder, tags) < 0)
        return wheel_refusal(finder, wheel, tags, ret_detail);
    return finder_refusal_of_any(finder, file, ret_detail);
}

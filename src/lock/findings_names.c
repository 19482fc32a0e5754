/* Names under which two indexes have different projects. pip pools indexes and takes the highest
 * version of a name, so that whoever may publish under it on the one decides about the other.
 *
 * Builds and mirrors of one project share versions with it; two indexes that have not one version
 * of a name in common have two projects, as far as their pages tell. */
#include "lock/findings.h"
#include "lock/session.h"
#include "python/wheel_name.h"

enum {
    SHOWN_VERSIONS = 3,
};

static Version *file_version(const char *filename, const char *canonical)
{
    if (!g_str_has_suffix(filename, ".whl"))
        return sdist_version(filename, canonical);
    WheelName *wheel = wheel_name_parse(filename, NULL);
    Version *version = wheel ? version_ref(wheel->version) : NULL;
    wheel_name_free(wheel);
    return version;
}

static int compare_versions(const void *a, const void *b)
{
    const Version *one = *(Version *const *)a, *other = *(Version *const *)b;
    return version_compare(other, one);
}

static void free_version(void *version)
{
    version_unref(version);
}

/* The versions that a page has, each once without its local part, the highest first: Version. Texts
 * of them are in `texts` (a set). NULL: the page is not at hand. */
static GPtrArray *list_versions(const Judge *judge, const IndexLocation *location,
                                const char *canonical, GHashTable *texts)
{
    IndexClient *client = judge->change->solve->session->client;
    const IndexPage *page = index_client_get_page(client, location, canonical, NULL);
    if (!page)
        return NULL;
    GPtrArray *versions = g_ptr_array_new_with_free_func(free_version);
    for (guint i = 0; i < page->files->len; i++) {
        IndexFile file;
        index_page_peek(page, i, &file);
        g_autoptr(Version) version = file_version(file.filename, canonical);
        char *text = version ? version_public_text(version) : NULL;
        if (text && g_hash_table_add(texts, text))
            g_ptr_array_add(versions, g_steal_pointer(&version));
    }
    g_ptr_array_sort(versions, compare_versions);
    return versions;
}

static bool have_common(GHashTable *texts, const GPtrArray *versions)
{
    for (guint i = 0; i < versions->len; i++) {
        g_autofree char *text = version_public_text(versions->pdata[i]);
        if (g_hash_table_contains(texts, text))
            return true;
    }
    return false;
}

/* "corp has 1.1, 1.0 and 4 older ones" */
static char *show_versions(const IndexLocation *location, const GPtrArray *versions)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%s has ", location->name);
    for (guint i = 0; i < versions->len && i < SHOWN_VERSIONS; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", version_text(versions->pdata[i]));
    if (versions->len > SHOWN_VERSIONS)
        g_string_append_printf(text, " and %u older", versions->len - SHOWN_VERSIONS);
    return g_string_free(text, FALSE);
}

static void add_shared(const Judge *judge, const Pin *pin, const IndexLocation *other,
                       const GPtrArray *own_versions, const GPtrArray *other_versions)
{
    const IndexLocation *won = pin->file->location;
    Finding *finding = judge_add(
        judge, "shared-name", judge_place_of(judge, pin->canonical),
        g_strdup_printf("%s %s of stage '%s' comes from the index %s; %s has a project of that "
                        "name too, with not one version in common, and the higher version wins",
                        pin->canonical, version_text(pin->version), judge->stage->name, won->name,
                        other->name));
    if (!pin->requested)
        finding->severity = SEVERITY_NOTE;
    finding->distribution = g_strdup(pin->canonical);
    finding->version = g_strdup(version_text(pin->version));
    char *lines[] = {show_versions(won, own_versions), show_versions(other, other_versions), NULL};
    finding->evidence = g_memdup2(lines, sizeof lines);
    finding->hint = g_strdup_printf("say which index is meant: `packages: [%s]` of an index asks "
                                    "that index alone",
                                    pin->canonical);
}

/* What is known of the other index; false: it has the same project, or nothing is known. */
static bool judge_rival(const Judge *judge, const Pin *pin, const IndexLocation *other)
{
    g_autoptr(GHashTable) own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) rest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) own_versions =
        list_versions(judge, pin->file->location, pin->canonical, own);
    g_autoptr(GPtrArray) versions = list_versions(judge, other, pin->canonical, rest);
    if (!own_versions || !versions || versions->len == 0 || have_common(own, versions))
        return false;
    add_shared(judge, pin, other, own_versions, versions);
    return true;
}

void judge_shared_name(const Judge *judge, const Pin *pin)
{
    for (guint i = 0; i < pin->rivals->len; i++) {
        const Rival *rival = pin->rivals->pdata[i];
        if (judge_rival(judge, pin, rival->location))
            return;
    }
}

/* A folder with an installed environment: a venv, or any folder with lib/pythonX.Y/site-packages.
 *
 * What people asked for (REQUESTED, by PEP 376 and pip) becomes the stages, and all versions are
 * constraints. Where nothing is marked so, or all is, what no other distribution requires counts.
 * pip, setuptools and wheel belong to the environment and are left out. */
#include "import/python_draft.h"

#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "lock/host_environment.h"
#include "python/metadata.h"
#include "python/name.h"
#include "text/json.h"

typedef struct {
    Draft *draft;
    const char *site;
    GPtrArray *pins;      /* ImportPin */
    GHashTable *required; /* canonical names that a distribution requires */
    GHashTable *found;    /* canonical name -> ImportPin, of pins */
    GPtrArray *unread;    /* char *: folders whose METADATA is none */
    GPtrArray *links;     /* char *: "name @ url" */
    const char *system;   /* "windows", "macos", or NULL: linux */
    const char *machine;
} Scan;

static char *load(const Scan *scan, const char *info, const char *name, size_t *ret_length)
{
    g_autofree char *path = g_build_filename(scan->site, info, name, NULL);
    char *text = NULL;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        !io_load(path, LIMIT_METADATA_BYTES, &text, ret_length, NULL))
        return NULL;
    return text;
}

/* Where it was installed from: false where that is neither an index nor the URL of a wheel. */
static bool take_origin(Scan *scan, const char *info, const Metadata *metadata, bool *ret_link)
{
    size_t length;
    g_autofree char *text = load(scan, info, "direct_url.json", &length);
    g_autoptr(Json) json = text ? json_parse(info, text, length, NULL) : NULL;
    const char *url = json_find_text(json, "url");
    *ret_link = false;
    if (!url || !g_utf8_validate(url, -1, NULL))
        return true;
    bool wheel = json_find(json, "archive_info") && g_str_has_suffix(url, ".whl") &&
                 (g_str_has_prefix(url, "https:") || g_str_has_prefix(url, "http:"));
    if (!wheel) {
        draft_note(scan->draft, NOTE_LOST, SPAN_NONE,
                   "%s %s was installed from %s: build a wheel of it and install that",
                   metadata->name, version_text(metadata->version), url);
        return false;
    }
    g_ptr_array_add(scan->links, g_strdup_printf("%s @ %s", metadata->name, url));
    *ret_link = true;
    return true;
}

/* Other systems than Linux show in the tags of wheels. */
static void note_system(Scan *scan, const char *info)
{
    size_t length;
    g_autofree char *text = load(scan, info, "WHEEL", &length);
    if (!text)
        return;
    if (strstr(text, "-macosx_"))
        scan->system = "macos";
    else if (strstr(text, "-win_") || strstr(text, "-win32"))
        scan->system = "windows";
    if (strstr(text, "aarch64") || strstr(text, "_arm64"))
        scan->machine = "arm64";
}

static void note_required(Scan *scan, const Metadata *metadata)
{
    for (guint i = 0; i < metadata->requires_dist->len; i++) {
        const Requirement *one = metadata->requires_dist->pdata[i];
        if (!one->marker || !marker_uses(one->marker, "extra"))
            g_hash_table_add(scan->required, g_strdup(one->canonical));
    }
}

/* What comes with an environment. */
static bool is_tool(const char *canonical)
{
    return g_str_equal(canonical, "pip") || g_str_equal(canonical, "setuptools") ||
           g_str_equal(canonical, "wheel");
}

/* An install that broke off leaves the folder of another version behind: the newest is taken. */
static void add_pin(Scan *scan, const char *canonical, const Version *version, bool requested)
{
    ImportPin *there = g_hash_table_lookup(scan->found, canonical);
    if (!there) {
        ImportPin *pin = import_pin_new(canonical, version_text(version), requested);
        g_ptr_array_add(scan->pins, pin);
        g_hash_table_insert(scan->found, pin->name, pin);
        return;
    }
    g_autoptr(Version) other = version_parse(there->version, NULL);
    bool newer = other && version_compare(version, other) > 0;
    draft_note(scan->draft, NOTE_ASSUMED, SPAN_NONE,
               "%s is there in versions %s and %s, and %s is taken: remove the .dist-info folder "
               "that is left over",
               canonical, there->version, version_text(version),
               newer ? version_text(version) : there->version);
    there->requested |= requested;
    if (newer) {
        g_free(there->version);
        there->version = g_strdup(version_text(version));
    }
}

static void take_distribution(Scan *scan, const char *info)
{
    size_t length;
    g_autofree char *text = load(scan, info, "METADATA", &length);
    g_autoptr(Metadata) metadata = text ? metadata_parse(text, length, NULL) : NULL;
    if (!metadata) {
        if (text) {
            draft_note(scan->draft, NOTE_LOST, SPAN_NONE, "the metadata of %s can't be read", info);
            g_ptr_array_add(scan->unread, g_strdup(info));
        }
        return;
    }
    g_autofree char *path = g_build_filename(scan->site, info, "REQUESTED", NULL);
    g_autofree char *canonical = name_canonicalize(metadata->name);
    bool requested = g_file_test(path, G_FILE_TEST_EXISTS), link = false;
    if (is_tool(canonical) || !take_origin(scan, info, metadata, &link))
        return; /* what it requires is a root of its own then */
    note_required(scan, metadata);
    note_system(scan, info);
    if (!link)
        add_pin(scan, canonical, metadata->version, requested);
}

/* Some tools mark all that they install. */
static bool marks_are_usable(const Scan *scan)
{
    bool all = true, needed = false, any = false;
    for (guint i = 0; i < scan->pins->len; i++) {
        const ImportPin *pin = scan->pins->pdata[i];
        all &= pin->requested;
        any |= pin->requested;
        needed |= g_hash_table_contains(scan->required, pin->name);
    }
    return any && !(all && needed);
}

static void decide_requested(Scan *scan)
{
    bool any = false;
    if (marks_are_usable(scan))
        return;
    for (guint i = 0; i < scan->pins->len; i++) {
        ImportPin *pin = scan->pins->pdata[i];
        pin->requested = !g_hash_table_contains(scan->required, pin->name);
        any |= pin->requested;
    }
    for (guint i = 0; !any && i < scan->pins->len; i++) /* they require each other */
        ((ImportPin *)scan->pins->pdata[i])->requested = true;
    draft_note(scan->draft, NOTE_ASSUMED, SPAN_NONE,
               "that what no other distribution requires is what was asked for");
}

static gboolean scan_site(Scan *scan, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(scan->site, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        if (g_str_has_suffix(names->pdata[i], ".dist-info"))
            take_distribution(scan, names->pdata[i]);
    }
    decide_requested(scan);
    return TRUE;
}

/* The Python */

/* "version = 3.11.7" or uv's "version_info = 3.11.7" of pyvenv.cfg. */
static char *python_of_config(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "pyvenv.cfg", NULL);
    g_autofree char *text = NULL;
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        !io_load(path, LIMIT_CONFIG_BYTES, &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i]; i++) {
        char *equals = strchr(lines[i], '=');
        if (!equals || !g_str_has_prefix(lines[i], "version"))
            continue;
        g_autofree char *python = import_minor_version(g_strstrip(equals + 1));
        if (python)
            return g_steal_pointer(&python);
    }
    return NULL;
}

/* "3.11" of ".../lib/python3.11/site-packages". */
static char *python_of_site(const char *site)
{
    g_autofree char *lib = g_path_get_dirname(site);
    g_autofree char *name = g_path_get_basename(lib);
    return g_str_has_prefix(name, "python") ? import_minor_version(name + strlen("python")) : NULL;
}

static void set_target(const Scan *scan, const char *python)
{
    DraftValue *keys = scan->draft->keys;
    if (!scan->system) {
        draft_python(scan->draft, python, NULL, SPAN_NONE);
        if (scan->machine)
            draft_append_text(keys, "platforms", "linux/arm64");
        return;
    }
    g_autofree char *platform =
        g_strdup_printf("%s/%s", scan->system, scan->machine ? scan->machine : "amd64");
    draft_set_plain(keys, "target", "env");
    draft_append_text(keys, "platforms", platform);
    draft_set_plain(keys, "python", python ? python : "3.12");
    if (!python)
        draft_note(scan->draft, NOTE_ASSUMED, SPAN_NONE, "Python 3.12");
}

static void add_links(const Scan *scan)
{
    if (scan->links->len == 0)
        return;
    DraftValue *body = draft_map();
    for (guint i = 0; i < scan->links->len; i++)
        draft_append_text(body, "install", scan->links->pdata[i]);
    draft_set_true(body, "no_deps");
    draft_stage_add(scan->draft->stages, "pip", body);
}

static gboolean draft_environment(Scan *scan, const char *folder, GError **error)
{
    if (!scan_site(scan, error))
        return FALSE;
    if (scan->pins->len == 0 && scan->links->len == 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s holds no installed distribution", folder);
        if (error && scan->unread->len > 0)
            error_add_note(*error, SPAN_NONE, "the METADATA of %u folders can't be read: %s ...",
                           scan->unread->len, (const char *)scan->unread->pdata[0]);
        if (error)
            error_set_hint(*error, "give the folder of a virtual environment, or one that has "
                                   "lib/pythonX.Y/site-packages");
        return FALSE;
    }
    g_autofree char *said = python_of_config(folder);
    g_autofree char *python = said ? g_steal_pointer(&said) : python_of_site(scan->site);
    set_target(scan, python);
    draft_pins(scan->draft, scan->pins);
    add_links(scan);
    g_autofree char *conda = g_build_filename(folder, "conda-meta", NULL);
    if (g_file_test(conda, G_FILE_TEST_IS_DIR))
        draft_note(scan->draft, NOTE_LOST, SPAN_NONE,
                   "packages of conda that are no Python distributions");
    return TRUE;
}

Draft *import_environment(const ImportInput *input, GError **error)
{
    g_autofree char *site = host_environment_site(input->path);
    Scan scan = {
        .draft = draft_new(),
        .site = site,
        .pins = g_ptr_array_new_with_free_func(import_pin_free),
        .required = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .found = g_hash_table_new(g_str_hash, g_str_equal),
        .unread = g_ptr_array_new_with_free_func(g_free),
        .links = g_ptr_array_new_with_free_func(g_free),
    };
    if (!draft_environment(&scan, input->path, error))
        g_clear_pointer(&scan.draft, draft_free);
    g_hash_table_unref(scan.found); /* whose keys are the pins' */
    g_ptr_array_unref(scan.unread);
    g_ptr_array_unref(scan.pins);
    g_hash_table_unref(scan.required);
    g_ptr_array_unref(scan.links);
    return scan.draft;
}

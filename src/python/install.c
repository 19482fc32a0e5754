#include "python/install.h"

#include "python/flavour.h"
#include "python/name.h"
#include "python/record.h"

void file_clash_free(FileClash *clash)
{
    if (!clash)
        return;
    g_free(clash->path);
    g_free(clash->loser);
    g_free(clash->winner);
    g_free(clash);
}

static void clash_destroy(void *data)
{
    file_clash_free(data);
}

static InstallEffects *effects_new(void)
{
    InstallEffects *effects = g_new0(InstallEffects, 1);
    effects->clashes = g_ptr_array_new_with_free_func(clash_destroy);
    effects->ghosts = g_ptr_array_new_with_free_func(g_free);
    effects->shadowed = g_ptr_array_new_with_free_func(g_free);
    effects->refused = g_ptr_array_new_with_free_func(g_free);
    return effects;
}

void install_effects_free(InstallEffects *effects)
{
    if (!effects)
        return;
    g_ptr_array_unref(effects->clashes);
    g_ptr_array_unref(effects->ghosts);
    g_ptr_array_unref(effects->shadowed);
    g_ptr_array_unref(effects->refused);
    g_free(effects);
}

/* Where a wheel's file goes: below site-packages, or by the key of its .data folder. NULL for a
 * path that pip refuses. */
static char *place_row(const Environment *environment, const InstalledDistribution *distribution,
                       const char *row)
{
    const char *slash = strchr(row, '/');
    const char *rest = slash ? strchr(slash + 1, '/') : NULL;
    bool data = slash && slash - row > 5 && strncmp(slash - 5, ".data", 5) == 0;
    if (!data)
        return g_canonicalize_filename(row, distribution->site_dir);
    if (!rest)
        return NULL;
    g_autofree char *headers = g_build_filename(environment->headers, distribution->name, NULL);
    const struct {
        const char *key, *folder;
    } keys[] = {
        {"purelib", environment->purelib}, {"platlib", environment->platlib},
        {"scripts", environment->scripts}, {"headers", headers},
        {"data", environment->data},
    };
    size_t length = (size_t)(rest - slash - 1);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strlen(keys[i].key) == length && strncmp(keys[i].key, slash + 1, length) == 0)
            return g_canonicalize_filename(rest + 1, keys[i].folder);
    }
    return NULL;
}

/* Fills in distribution->paths from its wheel's RECORD. An unusable RECORD lists nothing. */
static gboolean need_paths(const Environment *environment, InstalledDistribution *distribution,
                           IndexClient *client, GError **error)
{
    if (distribution->paths)
        return TRUE;
    g_autoptr(GError) cause = NULL;
    const GPtrArray *rows =
        distribution->file ? index_client_get_record(client, distribution->file, &cause) : NULL;
    if (cause && !g_error_matches(cause, ERROR_DOMAIN, ERROR_INPUT))
        return error_wrap(error, g_steal_pointer(&cause), SPAN_NONE,
                          "cannot tell which files %s has", distribution->name);
    installed_distribution_add_path(distribution, NULL, NULL);
    for (guint i = 0; rows && i < rows->len; i++) {
        const RecordRow *row = rows->pdata[i];
        g_autofree char *path = place_row(environment, distribution, row->path);
        if (path)
            installed_distribution_add_path(distribution, path, row->sha256);
    }
    installed_distribution_sort_paths(distribution);
    return TRUE;
}

static gboolean need_all_paths(const Environment *environment, IndexClient *client, GError **error)
{
    const GPtrArray *all = environment->distributions;
    for (guint i = 0; i < all->len; i++) {
        const InstalledDistribution *distribution = all->pdata[i];
        if (!distribution->paths && distribution->file)
            index_client_want_record(client, distribution->file);
    }
    for (guint i = 0; i < all->len; i++) {
        if (!need_paths(environment, all->pdata[i], client, error))
            return FALSE;
    }
    return TRUE;
}

/* Which distributions list a path. Byte-compiled files are left out: losing one costs nothing. */
typedef struct {
    Environment *environment;
    InstallEffects *effects;
    IndexClient *client;
    GHashTable *owners; /* path → GPtrArray of InstalledDistribution; NULL: not needed */
    GHashTable *only;   /* set of the canonical names whose files are looked at; NULL: all */
} Installation;

static void owners_destroy(void *data)
{
    g_ptr_array_unref(data);
}

static bool is_byte_code(const char *path)
{
    return g_str_has_suffix(path, ".pyc") || g_str_has_suffix(path, ".pyo");
}

static void add_owner(Installation *installation, const InstalledDistribution *distribution)
{
    for (guint i = 0; distribution->paths && i < distribution->paths->len; i++) {
        const char *path = distribution->paths->pdata[i];
        if (is_byte_code(path))
            continue;
        GPtrArray *owners = g_hash_table_lookup(installation->owners, path);
        if (!owners) {
            owners = g_ptr_array_sized_new(1);
            g_hash_table_insert(installation->owners, g_strdup(path), owners);
        }
        g_ptr_array_add(owners, (void *)distribution);
    }
}

static void drop_owner(Installation *installation, const InstalledDistribution *distribution)
{
    for (guint i = 0; distribution->paths && i < distribution->paths->len; i++) {
        GPtrArray *owners =
            g_hash_table_lookup(installation->owners, distribution->paths->pdata[i]);
        if (owners)
            g_ptr_array_remove(owners, (void *)distribution);
    }
}

static void add_clash(Installation *installation, const char *path,
                      const InstalledDistribution *loser, const InstalledDistribution *winner,
                      bool deleted, bool same_content)
{
    FileClash *clash = g_new(FileClash, 1);
    *clash = (FileClash){g_strdup(path), g_strdup(loser->canonical), g_strdup(winner->canonical),
                         deleted, same_content};
    g_ptr_array_add(installation->effects->clashes, clash);
}

static const char *digest_of(const InstalledDistribution *distribution, const char *path)
{
    guint low = 0, high = distribution->paths->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        int order = strcmp(path, distribution->paths->pdata[middle]);
        if (order == 0)
            return distribution->path_digests->pdata[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* `fresh` writes its files over whatever is there. */
static void write_paths(Installation *installation, const InstalledDistribution *fresh)
{
    for (guint i = 0; i < fresh->paths->len; i++) {
        const char *path = fresh->paths->pdata[i];
        const char *digest = fresh->path_digests->pdata[i];
        bool was_gone = g_hash_table_remove(installation->environment->gone, path);
        const GPtrArray *owners = g_hash_table_lookup(installation->owners, path);
        for (guint k = 0; owners && k < owners->len; k++) {
            const InstalledDistribution *other = owners->pdata[k];
            if (other != fresh && !was_gone && !g_str_equal(other->canonical, fresh->canonical))
                add_clash(installation, path, other, fresh, false,
                          digest && g_strcmp0(digest, digest_of(other, path)) == 0);
        }
    }
    add_owner(installation, fresh);
}

/* What `old` leaves behind when it is uninstalled and `fresh` (or nothing) is put in its place. */
static void lose_paths(Installation *installation, const InstalledDistribution *old,
                       const InstalledDistribution *fresh)
{
    for (guint i = 0; i < old->paths->len; i++) {
        const char *path = old->paths->pdata[i];
        const GPtrArray *owners = g_hash_table_lookup(installation->owners, path);
        if (!owners || owners->len == 0 ||
            g_hash_table_contains(installation->environment->gone, path))
            continue;
        if (fresh && g_ptr_array_find((GPtrArray *)owners, fresh, NULL))
            continue; /* written again */
        for (guint k = 0; k < owners->len; k++)
            add_clash(installation, path, owners->pdata[k], old, true, false);
        g_hash_table_add(installation->environment->gone, g_strdup(path));
    }
}

static int compare_clashes(const void *a, const void *b)
{
    const FileClash *x = *(FileClash *const *)a, *y = *(FileClash *const *)b;
    int order = strcmp(x->path, y->path);
    if (order == 0)
        order = strcmp(x->loser, y->loser);
    return order != 0 ? order : strcmp(x->winner, y->winner);
}

static char *describe(const InstalledDistribution *distribution)
{
    const Metadata *metadata = distribution->metadata;
    return g_strdup_printf("%s %s", distribution->name,
                           metadata ? version_text(metadata->version) : "?");
}

/* "torch-2.6.0.dist-info" of a wheel's file name. */
static char *dist_info_name(const IndexFile *file, const char *name, const char *version)
{
    g_auto(GStrv) parts = g_strsplit(file ? file->filename : "", "-", 3);
    if (g_strv_length(parts) == 3)
        return g_strdup_printf("%s-%s.dist-info", parts[0], parts[1]);
    g_autofree char *escaped = g_strdelimit(g_strdup(name), "-.", '_');
    return g_strdup_printf("%s-%s.dist-info", escaped, version);
}

static void requirement_destroy(void *data)
{
    requirement_free(data);
}

/* The index client's metadata does not outlive it; an environment's may. */
static Metadata *metadata_copy(const Metadata *metadata)
{
    Metadata *copy = g_new0(Metadata, 1);
    copy->name = g_strdup(metadata->name);
    copy->version = version_ref((Version *)metadata->version);
    copy->metadata_version = g_strdup(metadata->metadata_version);
    copy->requires_python = g_strdup(metadata->requires_python);
    copy->python = metadata->python ? specifier_set_ref(metadata->python) : NULL;
    copy->requires_dist = g_ptr_array_new_with_free_func(requirement_destroy);
    for (guint i = 0; i < metadata->requires_dist->len; i++)
        g_ptr_array_add(copy->requires_dist, requirement_copy(metadata->requires_dist->pdata[i]));
    copy->provides_extra = g_strdupv(metadata->provides_extra);
    copy->dynamic = g_strdupv(metadata->dynamic);
    return copy;
}

static InstalledDistribution *distribution_of_pin(const Environment *environment, const Pin *pin,
                                                  const char *stage)
{
    InstalledDistribution *fresh =
        installed_distribution_new(pin->name, metadata_copy(pin->metadata));
    bool pure = pin->file && g_str_has_suffix(pin->file->filename, "-any.whl");
    fresh->site_dir = g_strdup(pure ? environment->purelib : environment->platlib);
    fresh->dist_info = dist_info_name(pin->file, pin->name, version_text(pin->version));
    fresh->installer = g_strdup("pip");
    fresh->direct_url = g_strdup(pin->direct_url);
    fresh->has_record = true;
    fresh->file = pin->file;
    fresh->stage = g_strdup(stage);
    fresh->requested = pin->requested;
    return fresh;
}

/* What happens to the copy that pip sees. */
typedef enum {
    OLD_ABSENT,
    OLD_UNINSTALLED,
    OLD_REFUSED, /* pip stops with an error; we go on as if it had been replaced */
    OLD_STAYS,   /* ignore_installed, or it lies outside the environment */
} OldCopy;

static OldCopy judge_old(Installation *installation, const InstalledDistribution *old,
                         bool ignore_installed)
{
    InstallEffects *effects = installation->effects;
    if (!old)
        return OLD_ABSENT;
    if (ignore_installed)
        return OLD_STAYS;
    if (old->outside) {
        g_ptr_array_add(effects->shadowed, describe(old));
        return OLD_STAYS;
    }
    if (old->has_record)
        return OLD_UNINSTALLED;
    g_ptr_array_add(effects->refused, describe(old));
    return OLD_REFUSED;
}

/* A second dist-info of the name in a folder that pip writes to. */
static void note_ghosts(Installation *installation, const InstalledDistribution *fresh)
{
    const GPtrArray *all = installation->environment->distributions;
    for (guint i = 0; i < all->len; i++) {
        const InstalledDistribution *other = all->pdata[i];
        if (other != fresh && !other->outside && g_str_equal(other->canonical, fresh->canonical))
            g_ptr_array_add(installation->effects->ghosts, describe(other));
    }
}

/* A copy with the very same dist-info is written over: its RECORD is gone. */
static void forget_namesake(Installation *installation, const InstalledDistribution *fresh)
{
    const GPtrArray *all = installation->environment->distributions;
    for (guint i = 0; i < all->len; i++) {
        const InstalledDistribution *other = all->pdata[i];
        if (g_strcmp0(other->site_dir, fresh->site_dir) == 0 &&
            g_strcmp0(other->dist_info, fresh->dist_info) == 0) {
            if (installation->owners)
                drop_owner(installation, other);
            environment_remove(installation->environment, other);
            return;
        }
    }
}

static bool is_tracked(const Installation *installation, const char *canonical)
{
    return installation->owners &&
           (!installation->only || g_hash_table_contains(installation->only, canonical));
}

/* Puts `fresh` (may be NULL: an uninstall) in the place of the copy that pip sees. Takes it. */
static gboolean replace(Installation *installation, const char *canonical,
                        InstalledDistribution *fresh, bool ignore_installed, GError **error)
{
    Environment *environment = installation->environment;
    const InstalledDistribution *found = environment_find(environment, canonical);
    InstalledDistribution *old =
        found ? installed_distribution_ref((InstalledDistribution *)found) : NULL;
    OldCopy fate = judge_old(installation, old, ignore_installed);
    gboolean ok = TRUE;
    if (fate == OLD_UNINSTALLED || fate == OLD_REFUSED) {
        if (installation->owners)
            drop_owner(installation, old);
        environment_remove(environment, old);
    }
    if (fresh) {
        bool tracked = is_tracked(installation, canonical);
        forget_namesake(installation, fresh);
        environment_add(environment, fresh);
        ok = !tracked || need_paths(environment, fresh, installation->client, error);
        if (ok && tracked)
            write_paths(installation, fresh);
        note_ghosts(installation, fresh);
    }
    if (ok && installation->owners && fate == OLD_UNINSTALLED)
        lose_paths(installation, old, fresh);
    installed_distribution_free(old);
    return ok;
}

/* Reads every file list and notes who lists what. */
static gboolean begin_tracking(Installation *installation, GError **error)
{
    const GPtrArray *all = installation->environment->distributions;
    if (!need_all_paths(installation->environment, installation->client, error))
        return FALSE;
    installation->owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, owners_destroy);
    for (guint i = 0; i < all->len; i++)
        add_owner(installation, all->pdata[i]);
    return TRUE;
}

static bool replaces_something(const Environment *environment, const Solution *solution)
{
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->action != PIN_KEEP && environment_find(environment, pin->canonical))
            return true;
    }
    return false;
}

static void want_records(const Solution *solution, IndexClient *client)
{
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->action != PIN_KEEP && pin->file)
            index_client_want_record(client, pin->file);
    }
}

/* Stem → the first name that has it; a second one makes both names part of `only`. */
static void add_flavour(GHashTable *stems, GHashTable *only, const char *canonical)
{
    g_autofree char *stem = flavour_stem(canonical);
    const char *first = g_hash_table_lookup(stems, stem);
    if (!first) {
        g_hash_table_insert(stems, g_steal_pointer(&stem), (char *)canonical);
    } else if (!g_str_equal(first, canonical)) {
        g_hash_table_add(only, (char *)first);
        g_hash_table_add(only, (char *)canonical);
    }
}

/* The names of variants of one project of which the stage installs one or more. Their file lists
 * are worth reading even where nothing is replaced. NULL: none. */
static GHashTable *find_flavours(const Environment *environment, const Solution *solution)
{
    g_autoptr(GHashTable) stems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) only = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->action != PIN_KEEP && pin->file)
            add_flavour(stems, only, pin->canonical);
    }
    for (guint i = 0; i < environment->distributions->len; i++) {
        const InstalledDistribution *installed = environment->distributions->pdata[i];
        g_autofree char *stem = flavour_stem(installed->canonical);
        if (g_hash_table_contains(stems, stem))
            add_flavour(stems, only, installed->canonical);
    }
    return g_hash_table_size(only) > 0 ? g_steal_pointer(&only) : NULL;
}

/* As begin_tracking(), for the names of `only`. */
static gboolean begin_tracking_some(Installation *installation, const Solution *solution,
                                    GError **error)
{
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->action != PIN_KEEP && pin->file &&
            g_hash_table_contains(installation->only, pin->canonical))
            index_client_want_record(installation->client, pin->file);
    }
    installation->owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, owners_destroy);
    const GPtrArray *all = installation->environment->distributions;
    for (guint i = 0; i < all->len; i++) {
        InstalledDistribution *installed = all->pdata[i];
        if (!g_hash_table_contains(installation->only, installed->canonical))
            continue;
        if (!need_paths(installation->environment, installed, installation->client, error))
            return FALSE;
        add_owner(installation, installed);
    }
    return TRUE;
}

/* Hands the effects over, or throws them away after a failure. */
static gboolean finish(Installation *installation, gboolean ok, InstallEffects **ret_effects)
{
    g_clear_pointer(&installation->owners, g_hash_table_unref);
    g_clear_pointer(&installation->only, g_hash_table_unref);
    if (!ok) {
        install_effects_free(installation->effects);
        return FALSE;
    }
    g_ptr_array_sort(installation->effects->clashes, compare_clashes);
    *ret_effects = installation->effects;
    return TRUE;
}

gboolean install_apply(Environment *environment, const Solution *solution, const char *stage,
                       bool ignore_installed, IndexClient *client, InstallEffects **ret_effects,
                       GError **error)
{
    Installation installation = {environment, effects_new(), client, NULL, NULL};
    gboolean ok = TRUE;
    if (replaces_something(environment, solution)) {
        want_records(solution, client);
        ok = begin_tracking(&installation, error);
    } else if ((installation.only = find_flavours(environment, solution))) {
        ok = begin_tracking_some(&installation, solution, error);
    }
    for (guint i = 0; ok && i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (pin->action == PIN_KEEP)
            continue;
        ok = replace(&installation, pin->canonical, distribution_of_pin(environment, pin, stage),
                     ignore_installed, error);
    }
    return finish(&installation, ok, ret_effects);
}

gboolean install_remove(Environment *environment, const char *const *names, IndexClient *client,
                        InstallEffects **ret_effects, GError **error)
{
    Installation installation = {environment, effects_new(), client, NULL, NULL};
    gboolean ok = begin_tracking(&installation, error);
    for (guint i = 0; ok && names[i]; i++) {
        g_autofree char *canonical = name_canonicalize(names[i]);
        ok = replace(&installation, canonical, NULL, false, error);
    }
    return finish(&installation, ok, ret_effects);
}

static int compare_distributions(const void *a, const void *b)
{
    const InstalledDistribution *x = *(InstalledDistribution *const *)a;
    const InstalledDistribution *y = *(InstalledDistribution *const *)b;
    return strcmp(x->canonical, y->canonical);
}

static bool is_satisfied(const Requirement *requirement, const InstalledDistribution *found)
{
    return found &&
           (!found->metadata || specifier_set_contains(requirement->specifiers,
                                                       found->metadata->version, PRERELEASES_YES));
}

static void check_distribution(const Environment *environment, const MarkerEnvironment *markers,
                               const InstalledDistribution *distribution, GPtrArray *broken)
{
    const GPtrArray *requires =
        distribution->metadata ? distribution->metadata->requires_dist : NULL;
    for (guint i = 0; requires && i < requires->len; i++) {
        const Requirement *requirement = requires->pdata[i];
        if (requirement->marker && !marker_evaluate(requirement->marker, markers, ""))
            continue;
        const InstalledDistribution *found = environment_find(environment, requirement->canonical);
        if (is_satisfied(requirement, found))
            continue;
        BrokenRequirement *entry = g_new(BrokenRequirement, 1);
        *entry = (BrokenRequirement){distribution, requirement, found};
        g_ptr_array_add(broken, entry);
    }
}

GPtrArray *environment_check(const Environment *environment, const MarkerEnvironment *markers)
{
    g_autoptr(GPtrArray) visible = g_ptr_array_new();
    for (guint i = 0; i < environment->distributions->len; i++) {
        InstalledDistribution *distribution = environment->distributions->pdata[i];
        if (environment_find(environment, distribution->canonical) == distribution)
            g_ptr_array_add(visible, distribution);
    }
    g_ptr_array_sort(visible, compare_distributions);
    GPtrArray *broken = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < visible->len; i++)
        check_distribution(environment, markers, visible->pdata[i], broken);
    return broken;
}

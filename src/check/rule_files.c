/* Files of the image, by the directories of the wheels: what one distribution writes over
 * another's, what an installation leaves lying, what the base has that nobody installed, scripts
 * that start nothing. */
#include "check/rules.h"
#include "check/stale_modules.h"
#include "plan/overlaps.h"

#include <string.h>

/* Overlaps */

static void judge_overlaps(CheckRun *run)
{
    const GPtrArray *found = file_space_overlaps(run->space);
    g_autoptr(Overlaps) overlaps = overlaps_new();
    for (guint i = 0; i < found->len; i++) {
        const SpaceOverlap *one = found->pdata[i];
        const SpaceFile *loser = one->loser, *winner = one->winner;
        Overlap overlap = {loser->distribution, loser->version, winner->distribution,
                           winner->stage,       winner->path,   one->same};
        overlaps_note(overlaps, &overlap);
    }
    g_autoptr(GPtrArray) findings = overlaps_findings(overlaps, run->plan);
    g_ptr_array_extend_and_steal(run->findings, g_steal_pointer(&findings));
}

/* Stale files */

/* What remains of one distribution's earlier installations. */
typedef struct {
    const char *distribution, *version;
    GPtrArray *broken; /* char *: modules that can't be imported any more, and why */
    GPtrArray *mixed;  /* paths of modules in folders that the new one has files in */
    GPtrArray *other;  /* paths of the rest, but for its records */
    guint inside;      /* modules in folders that the new one has files in */
} Stale;

static void stale_free(void *data)
{
    Stale *stale = data;
    g_ptr_array_unref(stale->broken);
    g_ptr_array_unref(stale->mixed);
    g_ptr_array_unref(stale->other);
    g_free(stale);
}

static Stale *find_stale(GPtrArray *all, const SpaceFile *file)
{
    for (guint i = 0; i < all->len; i++) {
        Stale *stale = all->pdata[i];
        if (g_str_equal(stale->distribution, file->distribution) &&
            g_strcmp0(stale->version, file->version) == 0)
            return stale;
    }
    Stale *stale = g_new(Stale, 1);
    *stale = (Stale){file->distribution, file->version,     g_ptr_array_new_with_free_func(g_free),
                     g_ptr_array_new(),  g_ptr_array_new(), 0};
    g_ptr_array_add(all, stale);
    return stale;
}

static bool is_record(const SpaceFile *file)
{
    const char *slash = strchr(file->path, '/');
    return slash && slash - file->path > 10 &&
           (strncmp(slash - 10, ".dist-info", 10) == 0 || strncmp(slash - 9, ".egg-info", 9) == 0);
}

static bool is_module(const char *path)
{
    return *path != '/' && (g_str_has_suffix(path, ".py") || g_str_has_suffix(path, ".so"));
}

/* Folders in which the distribution's last installation has files. */
static GHashTable *fresh_folders(const FileSpace *space, GHashTable *projects)
{
    GHashTable *folders = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GPtrArray *files = file_space_files(space);
    size_t last = 0;
    const char *before = "";
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        const char *slash = strrchr(file->path, '/');
        size_t length = slash ? (size_t)(slash - file->path) : 0;
        if (file->stale || length == 0 || !file->distribution ||
            !g_hash_table_contains(projects, file->distribution) ||
            (length == last && strncmp(before, file->path, length) == 0))
            continue;
        g_hash_table_add(folders, g_strndup(file->path, length));
        before = file->path;
        last = length;
    }
    return folders;
}

static const StaleBreak *find_break(const GPtrArray *breaks, const SpaceFile *file)
{
    for (guint i = 0; i < breaks->len; i++) {
        const StaleBreak *found = breaks->pdata[i];
        if (found->file == file)
            return found;
    }
    return NULL;
}

static void add_stale_file(GPtrArray *all, const SpaceFile *file, const StaleBreak *found,
                           GHashTable *folders)
{
    Stale *stale = find_stale(all, file);
    g_autofree char *folder = g_path_get_dirname(file->path);
    bool inside = is_module(file->path) && g_hash_table_contains(folders, folder);
    stale->inside += inside;
    if (found)
        g_ptr_array_add(stale->broken,
                        g_strdup_printf("%s:%u imports %s, which %s of %s does not have",
                                        file->path, found->line, found->name, found->module->path,
                                        found->module->version));
    else if (inside)
        g_ptr_array_add(stale->mixed, (char *)file->path);
    else
        g_ptr_array_add(stale->other, (char *)file->path);
}

static GPtrArray *collect_stale(const FileSpace *space)
{
    const GPtrArray *files = file_space_files(space);
    GPtrArray *all = g_ptr_array_new_with_free_func(stale_free);
    g_autoptr(GHashTable) projects = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (file->stale && !is_record(file))
            g_hash_table_add(projects, (char *)file->distribution);
    }
    if (g_hash_table_size(projects) == 0)
        return all;
    g_autoptr(GHashTable) folders = fresh_folders(space, projects);
    g_autoptr(GPtrArray) breaks = stale_modules_find(space);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (file->stale && !is_record(file))
            add_stale_file(all, file, find_break(breaks, file), folders);
    }
    return all;
}

/* The last stage that installs the name, and what it installs. */
static const LockStage *last_install(const CheckRun *run, const char *name,
                                     const LockAction **ret_action)
{
    const GPtrArray *stages = run->target->stages;
    for (guint i = stages->len; i-- > 0;) {
        const LockStage *stage = stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            if (!action->file || g_str_equal(action->action, "keep") ||
                !g_str_equal(action->name, name))
                continue;
            *ret_action = action;
            return stage;
        }
    }
    return NULL;
}

/* The first lines of the lists, one after another, and how many more there are. */
static char **evidence_of(const GPtrArray *const *lists, size_t n_lists)
{
    GPtrArray *lines = g_ptr_array_new();
    guint count = 0;
    for (size_t i = 0; i < n_lists; i++) {
        for (guint k = 0; k < lists[i]->len && lines->len < FINDING_EVIDENCE; k++)
            g_ptr_array_add(lines, g_strdup(lists[i]->pdata[k]));
        count += lists[i]->len;
    }
    if (count > lines->len)
        g_ptr_array_add(lines, g_strdup_printf("and %u more", count - lines->len));
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}

/* Whether the findings of a stage list what remains of the copy. */
static bool is_told(const CheckRun *run, const Stale *stale)
{
    for (guint i = 0; i < run->target->stages->len; i++) {
        const LockStage *stage = run->target->stages->pdata[i];
        for (guint k = 0; k < stage->findings->len; k++) {
            const Finding *finding = stage->findings->pdata[k];
            if (g_str_equal(finding->code, "ghost-distribution") && finding->evidence &&
                g_strcmp0(finding->distribution, stale->distribution) == 0)
                return true;
        }
    }
    return false;
}

/* ", 3 of them modules in packages of 2.8.0; 1 can't be imported any more"; caller frees. */
static char *describe_modules(const Stale *stale, const char *version)
{
    GString *out = g_string_new(NULL);
    if (stale->inside > 0)
        g_string_append_printf(out, ", %u of them %s in packages of %s", stale->inside,
                               stale->inside == 1 ? "a module" : "modules", version);
    if (stale->broken->len > 0)
        g_string_append_printf(out, "; %u can't be imported any more", stale->broken->len);
    return g_string_free(out, FALSE);
}

/* Where the stage's own finding lists the files, only what it can't know is left to tell. */
static char *describe_told(const Stale *stale, const char *version)
{
    guint broken = stale->broken->len;
    return g_strdup_printf("%u %s of %s %s, which %s beside %s, can't be imported any more", broken,
                           broken == 1 ? "module" : "modules", stale->distribution,
                           stale->version ? stale->version : "the base's",
                           broken == 1 ? "stays" : "stay", version);
}

static char *describe_files(const Stale *stale, const char *version, const char *stage)
{
    g_autofree char *described = describe_modules(stale, version);
    return g_strdup_printf("stage '%s' writes %s %s over %s and leaves %u of its files%s", stage,
                           stale->distribution, version,
                           stale->version ? stale->version : "the base's",
                           stale->broken->len + stale->mixed->len + stale->other->len, described);
}

static void add_stale(CheckRun *run, const Stale *stale)
{
    const LockAction *action = NULL;
    const LockStage *stage = last_install(run, stale->distribution, &action);
    bool told = is_told(run, stale);
    if (!stage || (told && stale->broken->len == 0))
        return;
    char *message = told ? describe_told(stale, action->version)
                         : describe_files(stale, action->version, stage->name);
    Finding *finding = check_add_at(run, "stale-file", stage->at, message);
    finding->distribution = g_strdup(stale->distribution);
    finding->version = g_strdup(action->version);
    finding->found = g_strdup(stale->version);
    const GPtrArray *lists[] = {stale->broken, stale->mixed, stale->other};
    finding->evidence = evidence_of(lists, told ? 1 : G_N_ELEMENTS(lists));
    finding->hint = g_strdup("use `force_reinstall: true` instead of `ignore_installed`: it takes "
                             "the old copy away first");
    if (stale->broken->len + stale->mixed->len == 0)
        finding->severity = SEVERITY_NOTE;
}

static void judge_stale(CheckRun *run)
{
    g_autoptr(GPtrArray) all = collect_stale(run->space);
    for (guint i = 0; i < all->len; i++)
        add_stale(run, all->pdata[i]);
}

/* Orphans of the base */

/* Modules of the base that no RECORD lists, in a folder of which files are listed. */
static void judge_orphans(CheckRun *run)
{
    const GPtrArray *files = file_space_files(run->space);
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) orphans = g_ptr_array_new();
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        bool top = !strchr(file->path, '/');
        if (file->stage == G_MAXUINT && file->distribution && !top && *file->path != '/')
            g_hash_table_insert(owners, g_path_get_dirname(file->path), (char *)file->distribution);
    }
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        if (file->stage != G_MAXUINT || file->distribution || !is_module(file->path))
            continue;
        g_autofree char *folder = g_path_get_dirname(file->path);
        if (g_hash_table_contains(owners, folder))
            g_ptr_array_add(orphans, (char *)file->path);
    }
    if (orphans->len == 0)
        return;
    Finding *finding =
        check_add(run, "orphan-file", run->recipe->base.at,
                  g_strdup_printf("the base has %u %s inside packages of installed distributions "
                                  "that none of them lists",
                                  orphans->len, orphans->len == 1 ? "module" : "modules"));
    finding->evidence = evidence_of((const GPtrArray *const[]){orphans}, 1);
}

/* Scripts */

/* Whether a file of the folder is the module's: "name.py", "name.cpython-311-x86_64-linux-gnu.so".
 */
static bool has_module_file(const FileSpace *space, const char *folder, const char *name)
{
    g_autofree char *stem = g_strconcat(name, ".", NULL);
    g_autoptr(GPtrArray) names = file_space_list(space, folder);
    for (guint i = 0; names && i < names->len; i++) {
        const char *file = names->pdata[i];
        if (g_str_has_prefix(file, stem) && !g_str_has_suffix(file, "/"))
            return true;
    }
    return false;
}

/* Whether "pkg.cli" is surely not there: its package is, whole, and it is not in it. */
static bool is_absent(const FileSpace *space, const char *module)
{
    g_auto(GStrv) parts = g_strsplit(module, ".", -1);
    g_autoptr(GString) folder = g_string_new(NULL);
    for (guint i = 0; parts[i]; i++) {
        g_autofree char *path =
            i > 0 ? g_strconcat(folder->str, "/", parts[i], NULL) : g_strdup(parts[i]);
        if (i > 0 && !has_module_file(space, folder->str, parts[i]) &&
            !file_space_has_folder(space, path))
            return true;
        g_autofree char *init = g_strconcat(path, "/__init__.py", NULL);
        if (!file_space_find(space, init)) {
            /* Nothing is in a module; other parts of a namespace may lie elsewhere. */
            bool leaf = has_module_file(space, folder->str, parts[i]) &&
                        !file_space_has_folder(space, path);
            return leaf && parts[i + 1];
        }
        g_string_assign(folder, path);
    }
    return false;
}

static void judge_scripts(CheckRun *run)
{
    const GPtrArray *scripts = file_space_scripts(run->space);
    for (guint i = 0; i < scripts->len; i++) {
        const SpaceScript *script = scripts->pdata[i];
        const SpaceFile *file = script->script;
        const LockDistribution *owner = check_installed(run, file->distribution);
        if (!owner || !is_absent(run->space, script->module))
            continue;
        g_autofree char *place = check_place_of(run, owner);
        Finding *finding = check_add_at(
            run, "dangling-script", place,
            g_strdup_printf("%s of %s %s starts %s:%s, and no file of the image is that module",
                            file->path, file->distribution, file->version, script->module,
                            script->attribute));
        finding->distribution = g_strdup(file->distribution);
        finding->version = g_strdup(file->version);
    }
}

/* Wheels of which nothing is known */

static void judge_unknown(CheckRun *run)
{
    const GPtrArray *unknown = file_space_unknown(run->space);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    for (guint i = 0; i < unknown->len; i++) {
        const LockFile *file = unknown->pdata[i];
        g_autofree char *line =
            i < FINDING_EVIDENCE
                ? g_strdup_printf("%s: %s", file->file, file_space_problem(run->space, file))
                : NULL;
        if (line)
            g_strv_builder_add(lines, line);
    }
    if (unknown->len == 0)
        return;
    if (unknown->len > FINDING_EVIDENCE) {
        g_autofree char *more = g_strdup_printf("and %u more", unknown->len - FINDING_EVIDENCE);
        g_strv_builder_add(lines, more);
    }
    Finding *finding =
        check_add(run, "wheel-unread", SPAN_NONE,
                  g_strdup_printf("%u %s not be looked into: what depends on %s files is unknown",
                                  unknown->len, unknown->len == 1 ? "wheel could" : "wheels could",
                                  unknown->len == 1 ? "its" : "their"));
    finding->evidence = g_strv_builder_end(lines);
}

void rule_files(CheckRun *run)
{
    if (!run->space)
        return;
    judge_unknown(run);
    judge_overlaps(run);
    judge_stale(run);
    judge_orphans(run);
    if (file_space_unknown(run->space)->len == 0)
        judge_scripts(run);
}

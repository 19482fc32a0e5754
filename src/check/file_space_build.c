#include "base/limits.h"
#include "check/file_space_private.h"
#include "plan/stage_tree.h"

enum {
    WRITTEN_FILES = 4, /* INSTALLER, RECORD, and where they apply REQUESTED and direct_url.json */
};

/* Installing, as plan/wheel_install.c does to a tree */

static void put(FileSpace *space, SpaceInstall *install, const char *path, const ZipMember *member,
                const EntryPoint *script)
{
    SpaceEntry *entry = &install->entries[install->count++];
    entry->file = (SpaceFile){
        .path = path,
        .view = install->wheel->view,
        .member = member,
        .file = install->action->file,
        .distribution = install->action->name,
        .version = install->action->version,
        .stage = install->stage,
    };
    entry->install = install;
    entry->script = script;
    space_put(space, entry);
}

static const char *keep(FileSpace *space, char *take_path)
{
    g_autofree char *path = take_path;
    return g_string_chunk_insert(space->texts, space_path(space, path));
}

/* What lies in a .data folder; a member that pip would refuse is nowhere. */
static void place_member(FileSpace *space, SpaceInstall *install, const char *name,
                         const ZipMember *member)
{
    char *path = NULL;
    if (wheel_member_path(install->wheel, space->target, name, member->name, &path, NULL) && path)
        put(space, install, keep(space, path), member, NULL);
}

static bool is_record(const WheelArchive *wheel, const char *name)
{
    return g_str_has_prefix(name, wheel->dist_info) &&
           g_str_equal(name + strlen(wheel->dist_info), "/RECORD");
}

static void place_members(FileSpace *space, SpaceInstall *install)
{
    size_t count;
    const ZipMember *members = zip_directory_members(install->wheel->directory, &count);
    const char *pip_version = space->target->pip_version;
    unsigned passes = 1;
    for (size_t i = 0; i < count; i++) {
        const char *name = members[i].name;
        if (wheel_member_place(name) != PLACE_ROOT)
            passes = PLACE_SCRIPTS + 1;
        else if (name[strlen(name) - 1] != '/' && !is_record(install->wheel, name))
            put(space, install, name, &members[i], NULL);
    }
    if (passes == 1)
        return;
    g_autofree char *spelled = stage_tree_spelled_name(install->action, pip_version);
    for (unsigned pass = PLACE_DATA; pass < passes; pass++) {
        for (size_t i = 0; i < count; i++) {
            if (wheel_member_place(members[i].name) == pass)
                place_member(space, install, spelled, &members[i]);
        }
    }
}

static void put_scripts(FileSpace *space, SpaceInstall *install, const GPtrArray *scripts)
{
    const char *folder = space->target->scripts;
    for (guint i = 0; i < scripts->len; i++) {
        const EntryPoint *script = scripts->pdata[i];
        put(space, install, keep(space, g_build_filename(folder, script->name, NULL)), NULL,
            script);
    }
}

static void put_written(FileSpace *space, SpaceInstall *install)
{
    const LockAction *action = install->action;
    const struct {
        const char *name;
        bool applies;
    } files[WRITTEN_FILES] = {
        {"INSTALLER", true},
        {"direct_url.json", action->file->source != LOCK_SOURCE_INDEX},
        {"REQUESTED", action->requested},
        {"RECORD", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!files[i].applies)
            continue;
        char *path = g_strconcat(install->wheel->dist_info, "/", files[i].name, NULL);
        put(space, install, keep(space, path), NULL, NULL);
    }
}

static void write_wheel(FileSpace *space, SpaceInstall *install)
{
    size_t count;
    GPtrArray *scripts = wrapper_entries(install->wheel, space->target);
    zip_directory_members(install->wheel->directory, &count);
    install->entries = g_new0(SpaceEntry, count + scripts->len + WRITTEN_FILES);
    place_members(space, install);
    put_scripts(space, install, scripts);
    put_written(space, install);
    g_ptr_array_add(space->wrappers, scripts);
}

/* The wheel of a file, opened once; NULL: unknown. */
static const WheelArchive *need_wheel(FileSpace *space, const LockFile *file)
{
    gpointer found;
    if (g_hash_table_lookup_extended(space->wheels, file, NULL, &found))
        return found;
    g_autoptr(GError) error = NULL;
    WheelView *view = wheel_views_find(space->input.views, file->sha256);
    WheelArchive *wheel = view ? wheel_archive_from_view(view, &error) : NULL;
    g_hash_table_insert(space->wheels, (LockFile *)file, wheel);
    if (!wheel) {
        bool source = !g_str_has_suffix(file->file, ".whl");
        g_ptr_array_add(space->unknown, (LockFile *)file);
        g_hash_table_insert(space->problems, (LockFile *)file,
                            g_strdup(error ? error->message
                                     : source
                                         ? "it is built from source, and its files are made then"
                                         : "it was not looked into"));
    }
    return wheel;
}

/* As plan/stage_tree.c: what pip will see. */
static InstalledDistribution *note_installed(FileSpace *space, const SpaceInstall *install)
{
    const LockAction *action = install->action;
    const WheelArchive *wheel = install->wheel;
    InstalledDistribution *fresh = installed_distribution_new(action->name, NULL);
    bool pure = wheel ? wheel->root_is_purelib : g_str_has_suffix(action->file->file, "-any.whl");
    fresh->site_dir = g_strdup(pure ? space->target->purelib : space->target->platlib);
    fresh->dist_info =
        wheel ? g_strdup(wheel->dist_info)
              : g_strdup_printf("%s-%s.dist-info", action->file->name, action->file->version);
    fresh->has_record = true;
    fresh->requested = action->requested;
    environment_add(space->environment, installed_distribution_ref(fresh));
    return fresh;
}

static void install(FileSpace *space, const LockAction *action, unsigned stage)
{
    SpaceInstall *made = g_new0(SpaceInstall, 1);
    SpaceInstall *before = g_hash_table_lookup(space->last, action->name);
    if (before)
        before->behind = true;
    made->action = action;
    made->stage = stage;
    made->wheel = need_wheel(space, action->file);
    g_ptr_array_add(space->installs, made);
    g_hash_table_insert(space->last, action->name, made);
    if (made->wheel)
        write_wheel(space, made);
    made->distribution = note_installed(space, made);
    g_hash_table_insert(space->owners, made->distribution, made);
}

/* Uninstalling: by what the copy that pip sees has written, whoever's file is there now */

static void uninstall(FileSpace *space, const InstalledDistribution *old)
{
    SpaceInstall *made = g_hash_table_lookup(space->owners, old);
    for (size_t i = 0; made && i < made->count; i++)
        space_take_out(space, made->entries[i].file.path);
    for (guint i = 0; !made && old->paths && i < old->paths->len; i++)
        space_take_out(space, space_path(space, old->paths->pdata[i]));
    if (made)
        made->gone = true;
    environment_remove(space->environment, old);
}

static void uninstall_old(FileSpace *space, const char *name)
{
    const InstalledDistribution *old = environment_find(space->environment, name);
    if (old && !old->outside)
        uninstall(space, old);
}

/* Stages */

static bool ignores_installed(const FileSpace *space, unsigned stage)
{
    const Recipe *recipe = space->input.recipe;
    const Stage *body = recipe && stage < recipe->stages->len ? recipe->stages->pdata[stage] : NULL;
    return body && body->kind == STAGE_PIP && body->body.pip->ignore_installed;
}

void space_apply_stages(FileSpace *space)
{
    const GPtrArray *stages = space->input.target->stages;
    for (unsigned i = 0; i < MIN(stages->len, space->stages); i++) {
        const LockStage *stage = stages->pdata[i];
        bool ignores = ignores_installed(space, i);
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            bool removes = g_str_equal(action->action, "remove");
            if (g_str_equal(action->action, "keep") || (!removes && !action->file))
                continue;
            if (removes || !ignores)
                uninstall_old(space, action->name);
            if (!removes)
                install(space, action, i);
        }
    }
}

/* The base */

typedef struct {
    FileSpace *space;
    GHashTable *owners; /* path as RECORD has it → InstalledDistribution */
} BaseWalk;

static GHashTable *base_owners(const FileSpace *space)
{
    GHashTable *owners = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *all = space->environment->distributions;
    for (guint i = 0; i < all->len; i++) {
        const InstalledDistribution *distribution = all->pdata[i];
        for (guint k = 0; distribution->paths && k < distribution->paths->len; k++)
            g_hash_table_insert(owners, distribution->paths->pdata[k], (void *)distribution);
    }
    return owners;
}

static void add_base_file(BaseWalk *walk, const char *path, const char *folder)
{
    FileSpace *space = walk->space;
    const char *name = path + strlen(folder) + 1;
    if (g_str_has_suffix(name, ".pyc") || g_hash_table_contains(space->by_path, name))
        return;
    const InstalledDistribution *owner = g_hash_table_lookup(walk->owners, path);
    SpaceEntry *entry = g_new0(SpaceEntry, 1);
    char *kept = g_string_chunk_insert(space->texts, path);
    entry->file = (SpaceFile){.path = kept + strlen(folder) + 1, .stage = G_MAXUINT};
    if (owner) {
        entry->file.distribution = owner->canonical;
        entry->file.version = owner->metadata ? version_text(owner->metadata->version) : NULL;
    }
    g_ptr_array_add(space->entries, entry);
    space_put(space, entry);
}

/* `path` is `folder` or below it. */
static void walk_folder(BaseWalk *walk, const char *path, const char *folder, unsigned depth)
{
    const ImageRoot *base = walk->space->input.base;
    g_autoptr(GPtrArray) names = image_root_list(base, path);
    for (guint i = 0; names && i < names->len && depth < LIMIT_PATH_DEPTH; i++) {
        const char *name = names->pdata[i];
        g_autofree char *child = g_strconcat(path, "/", name, NULL);
        PathKind kind = image_root_stat(base, child, false, NULL);
        if (kind == PATH_FOLDER && !g_str_equal(name, "__pycache__"))
            walk_folder(walk, child, folder, depth + 1);
        else if (kind == PATH_FILE ||
                 (kind == PATH_LINK && image_root_stat(base, child, true, NULL) == PATH_FILE))
            add_base_file(walk, child, folder);
    }
}

void space_add_base(FileSpace *space)
{
    if (!space->input.base || !space->environment)
        return;
    BaseWalk walk = {space, base_owners(space)};
    const GPtrArray *folders = space->environment->path;
    for (guint i = 0; i < folders->len; i++)
        walk_folder(&walk, folders->pdata[i], folders->pdata[i], 0);
    g_hash_table_unref(walk.owners);
}

/* Owners: chown, COPY --chown, and entries of `files:` that have room for them.
 *
 * What `user:` makes comes after all stages, so files of that user are given its numbers. */
#include "import/docker_scene.h"

bool scene_is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' || length == 1);
}

bool scene_brings_below(const Scene *scene, const DraftStage *stage, const char *folder)
{
    bool any = false;
    for (guint i = 0; i < scene->paths->len; i++) {
        const ScenePath *path = scene->paths->pdata[i];
        if (path->stage == stage && !scene_is_below(path->path, folder))
            return false;
        any |= path->stage == stage;
    }
    return any && g_str_equal(stage->kind, "files");
}

/* "src: dest" for each becomes a list of entries. */
static DraftValue *list_form(const DraftValue *map)
{
    DraftValue *list = draft_list();
    for (guint i = 0; i < draft_count(map); i++) {
        DraftValue *entry = draft_map();
        draft_set_text(entry, "src", draft_key(map, i));
        draft_set_text(entry, "dest", draft_get_text(map, draft_key(map, i)));
        draft_add(list, entry);
    }
    return list;
}

DraftValue *scene_entry_of(Scene *scene, ScenePath *found)
{
    if (found->entry || !g_str_equal(found->kind, "files") || found->is_folder || !found->source)
        return found->entry;
    DraftValue *map = found->stage->body;
    if (!draft_is_map(map) || draft_get(map, "files"))
        return NULL;
    DraftValue *list = list_form(map);
    found->stage->body = list;
    for (guint i = 0; i < scene->paths->len; i++) {
        ScenePath *path = scene->paths->pdata[i];
        for (guint k = 0; path->stage == found->stage && k < draft_count(list); k++) {
            DraftValue *entry = draft_item(list, k);
            if (g_strcmp0(draft_get_text(entry, "src"), path->source) == 0 && !path->is_folder)
                path->entry = entry;
        }
    }
    draft_value_free(map);
    return found->entry;
}

void scene_own_stage(DraftStage *stage, const char *owner)
{
    if (draft_is_map(stage->body)) {
        DraftValue *list = list_form(stage->body);
        draft_value_free(stage->body);
        stage->body = list;
    }
    for (guint i = 0; i < draft_count(stage->body); i++)
        draft_set_text(draft_item(stage->body, i), "owner", owner);
}

/* Numbers of the user that the recipe makes; *ret_group is its own. NULL: another user. */
static const char *number_of(Scene *scene, const char *name, const char **ret_group, Span at)
{
    DraftValue *made = g_hash_table_lookup(scene->users, name);
    if (!made)
        return NULL;
    if (!draft_get(made, "uid")) {
        DraftValue *user = draft_get(scene->keys, "user");
        draft_set_plain(made, "uid", "1000");
        if (draft_is_map(user))
            draft_set_plain(user, "uid", "1000");
        draft_note(scene->draft, NOTE_ASSUMED, at,
                   "the user %s gets the number 1000, by which its files are named", name);
    }
    const char *group = draft_get_text(made, "gid");
    *ret_group = group ? group : draft_get_text(made, "uid");
    return draft_get_text(made, "uid");
}

char *scene_owner(Scene *scene, const char *owner, Span at)
{
    g_auto(GStrv) parts = g_strsplit(owner, ":", 2);
    const char *own = NULL;
    const char *user = parts[0] ? number_of(scene, parts[0], &own, at) : NULL;
    if (!user)
        return g_strdup(owner);
    if (!parts[1])
        return g_strdup(user);
    bool same = g_str_equal(parts[1], parts[0]) || *parts[1] == '\0';
    return g_strdup_printf("%s:%s", user, same ? own : parts[1]);
}

/* chown */

typedef struct {
    GPtrArray *stages, *entries; /* that get the owner */
} Owned;

/* What lies at a path, or below it; false: something of it has no room for an owner. */
static bool find_owned(Scene *scene, const char *path, bool recursive, Owned *owned)
{
    guint before = owned->stages->len + owned->entries->len;
    for (guint i = 0; i < scene->paths->len; i++) {
        ScenePath *item = scene->paths->pdata[i];
        bool meant = recursive ? scene_is_below(item->path, path) : g_str_equal(item->path, path);
        if (!meant)
            continue;
        bool part = g_str_equal(item->kind, "part");
        if ((!part && !g_str_equal(item->kind, "files")) || !item->stage)
            return false;
        bool whole = recursive && scene_brings_below(scene, item->stage, path) &&
                     !draft_get(item->stage->body, "files");
        DraftValue *entry =
            whole || (item->is_folder && !item->entry) ? NULL : scene_entry_of(scene, item);
        if (whole)
            g_ptr_array_add(owned->stages, item->stage);
        else if (!entry || draft_get(entry, "append") || draft_get(entry, "link"))
            return false;
        else
            g_ptr_array_add(owned->entries, entry);
    }
    return owned->stages->len + owned->entries->len > before;
}

/* The command with the numbers of a user that is not there yet. */
static StepResult keep_numbers(Scene *scene, const RunRead *run, const RunCommand *command,
                               guint at, const char *owner)
{
    g_autoptr(GString) text = g_string_new("chown");
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *word = i == at ? owner : run_argument(command, i);
        g_autofree char *plain = word ? scene_plain(scene, word) : NULL;
        if (!plain || strpbrk(plain, " \t'\"$`;&|<>()\\"))
            return STEP_KEEP;
        g_string_append_printf(text, " %s", plain);
    }
    scene_keep(scene, run, text->str, true, run->at);
    return STEP_DONE;
}

StepResult step_chown(Scene *scene, RunRead *run, const RunCommand *command)
{
    guint at = 1;
    bool recursive = false;
    for (; run_argument(command, at) && *run_argument(command, at) == '-'; at++) {
        const char *option = run_argument(command, at);
        if (!g_str_equal(option, "-R") && !g_str_equal(option, "--recursive"))
            return STEP_KEEP;
        recursive = true;
    }
    const char *value = run_argument(command, at);
    if (!value || step_redirects(command) || scene->when || command->arguments->len == at + 1)
        return STEP_KEEP;
    g_autofree char *given = scene_plain(scene, value);
    g_autofree char *owner = scene_owner(scene, given, run->at);
    g_autoptr(GPtrArray) stages = g_ptr_array_new(), entries = g_ptr_array_new();
    Owned owned = {stages, entries};
    for (guint i = at + 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        g_autofree char *slashed =
            text && !scene_has_mark(text) ? scene_path(scene, run->cwd, text) : NULL;
        g_autofree char *path = slashed ? g_canonicalize_filename(slashed, "/") : NULL;
        if (!path || !find_owned(scene, path, recursive, &owned))
            return g_str_equal(owner, given) ? STEP_KEEP
                                             : keep_numbers(scene, run, command, at, owner);
    }
    for (guint i = 0; i < stages->len; i++)
        scene_own_stage(stages->pdata[i], owner);
    for (guint i = 0; i < entries->len; i++)
        draft_set_text(entries->pdata[i], "owner", owner);
    return STEP_DONE;
}

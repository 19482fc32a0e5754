/* `files:` stages. */
#include "plan/stage_files_tree.h"

#include "base/io.h"
#include "dockerfile/glob.h"
#include "plan/context_files.h"
#include "plan/stage_tree_private.h"
#include "recipe/stage_files.h"

/* One entry of a stage at work. */
typedef struct {
    MergedTree *tree;
    const FilesEntry *entry;
    unsigned index;
    bool plain; /* COPY alone does it in the rendered Dockerfile */
    bool has_mode, has_owner;
    Attributes wanted; /* where the entry says so */
} Placing;

static unsigned mode_or(const Placing *placing, unsigned mode)
{
    return placing->has_mode ? placing->wanted.mode : mode;
}

static gboolean put_bytes(const Placing *placing, const char *path, unsigned mode,
                          GBytes *take_bytes, GError **error)
{
    return stage_tree_put_bytes(placing->tree, path, mode, placing->wanted.uid, placing->wanted.gid,
                                take_bytes, placing->index, placing->entry->at, error);
}

static gboolean put_link(const Placing *placing, const char *path, const char *target,
                         GError **error)
{
    TreeEntry *link = tree_entry_new(path, ENTRY_SYMLINK, 0777);
    link->target = g_strdup(target);
    link->uid = placing->wanted.uid;
    link->gid = placing->wanted.gid;
    return stage_tree_put(placing->tree, link, placing->index, placing->entry->at, error);
}

/* COPY gives folders that it has to make the owner of what goes into them; `mkdir -p`, by which
 * the rest goes, does not. */
static gboolean make_parents(const Placing *placing, const char *path, GError **error)
{
    if (!placing->has_owner || !placing->plain)
        return TRUE;
    Attributes made = {0755, placing->wanted.uid, placing->wanted.gid};
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *parent = g_strndup(path, (gsize)(slash - path));
        if (!stage_tree_make_folder(placing->tree, parent, made, false, placing->index,
                                    placing->entry->at, error))
            return FALSE;
    }
    return TRUE;
}

/* The folder that content goes into keeps its mode and owner where it is there. */
static gboolean make_target(const Placing *placing, const char *path, GError **error)
{
    Attributes made = {0755, placing->wanted.uid, placing->wanted.gid};
    return make_parents(placing, path, error) &&
           stage_tree_make_folder(placing->tree, path, made, false, placing->index,
                                  placing->entry->at, error);
}

/* Folders in it become as the source has them. */
static gboolean make_folder(const Placing *placing, const char *path, GError **error)
{
    Attributes made = {mode_or(placing, 0755), placing->wanted.uid, placing->wanted.gid};
    return stage_tree_make_folder(placing->tree, path, made, true, placing->index,
                                  placing->entry->at, error);
}

/* `dir:`, which changes what it says and no more. */
static gboolean add_dir(const Placing *placing, GError **error)
{
    const char *path = placing->entry->dir.text;
    Attributes made = {0755, 0, 0};
    merged_tree_folder_attributes(placing->tree, path, &made.mode, &made.uid, &made.gid);
    made.mode = mode_or(placing, made.mode);
    if (placing->has_owner)
        made = (Attributes){made.mode, placing->wanted.uid, placing->wanted.gid};
    return stage_tree_make_folder(placing->tree, path, made,
                                  placing->has_mode || placing->has_owner, placing->index,
                                  placing->entry->at, error);
}

/* As `sed 's/\r$//'`: one CR at the end of each line. */
static GBytes *without_carriage_returns(GBytes *take_bytes)
{
    gsize length;
    const char *text = g_bytes_get_data(take_bytes, &length);
    char *out = g_malloc(length + 1);
    gsize count = 0;
    for (gsize i = 0; i < length; i++) {
        if (text[i] == '\r' && (i + 1 == length || text[i + 1] == '\n'))
            continue;
        out[count++] = text[i];
    }
    g_bytes_unref(take_bytes);
    return g_bytes_new_take(out, count);
}

static GBytes *load_host_file(const Placing *placing, const ContextFile *file, GError **error)
{
    char *text;
    size_t length;
    GError *cause = NULL;
    if (!io_load(file->host_path, STAGE_FILE_BYTES, &text, &length, &cause)) {
        error_wrap(error, cause, placing->entry->at, "`eol` and `append` read the whole file");
        return NULL;
    }
    GBytes *bytes = g_bytes_new_take(text, length);
    return placing->entry->eol_lf ? without_carriage_returns(bytes) : bytes;
}

static gboolean put_host_file(const Placing *placing, const ContextFile *file, const char *path,
                              GError **error)
{
    unsigned mode = mode_or(placing, file->executable ? 0755 : 0644);
    if (placing->entry->eol_lf) {
        GBytes *bytes = load_host_file(placing, file, error);
        return bytes && put_bytes(placing, path, mode, bytes, error);
    }
    TreeEntry *entry = tree_entry_new(path, ENTRY_FILE, mode);
    entry->content = CONTENT_HOST;
    entry->host_path = g_strdup(file->host_path);
    entry->size = file->size;
    entry->uid = placing->wanted.uid;
    entry->gid = placing->wanted.gid;
    return stage_tree_put(placing->tree, entry, placing->index, placing->entry->at, error);
}

/* The globs of `exclude:` as find -name (no "/" but in a leading "**" and "/") and -path see them.
 */
typedef struct {
    Glob *glob;
    bool by_name;
} Exclusion;

static void exclusion_free(void *data)
{
    Exclusion *exclusion = data;
    glob_free(exclusion->glob);
    g_free(exclusion);
}

static GPtrArray *compile_exclusions(const FilesEntry *entry, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(exclusion_free);
    for (guint i = 0; entry->exclude && i < entry->exclude->len; i++) {
        const Text *text = entry->exclude->pdata[i];
        bool deep = g_str_has_prefix(text->text, "**/");
        Glob *glob = glob_new(deep ? text->text + 3 : text->text, GLOB_FIND, text->at, error);
        if (!glob)
            return NULL;
        Exclusion *exclusion = g_new(Exclusion, 1);
        *exclusion = (Exclusion){glob, deep || !strchr(text->text, '/')};
        g_ptr_array_add(list, exclusion);
    }
    return g_steal_pointer(&list);
}

static bool is_excluded(const GPtrArray *exclusions, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    for (guint i = 0; i < exclusions->len; i++) {
        const Exclusion *exclusion = exclusions->pdata[i];
        if (glob_matches(exclusion->glob, exclusion->by_name ? name : path))
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

static gboolean put_context_file(const Placing *placing, const ContextFile *file, const char *path,
                                 GError **error)
{
    switch (file->kind) {
    case ENTRY_FOLDER:
        return make_folder(placing, path, error);
    case ENTRY_SYMLINK:
        return put_link(placing, path, file->target, error);
    case ENTRY_FILE:
    case ENTRY_HARDLINK:
    case ENTRY_DEVICE:
    default:
        return put_host_file(placing, file, path, error);
    }
}

static gboolean put_root(const Placing *placing, const ContextFile *file, const char *path,
                         GError **error)
{
    return make_target(placing, path, error);
}

static gboolean put_folder(const Placing *placing, const ContextSource *source, const char *path,
                           GError **error)
{
    g_autoptr(GPtrArray) exclusions = compile_exclusions(placing->entry, error);
    if (!exclusions)
        return FALSE;
    const char *skipped = NULL; /* the last folder that was left out */
    for (guint i = 0; i < source->files->len; i++) {
        const ContextFile *file = source->files->pdata[i];
        if (skipped && is_below(file->path, skipped))
            continue;
        if (*file->path && is_excluded(exclusions, file->path)) {
            skipped = file->path;
            continue;
        }
        g_autofree char *place =
            *file->path ? g_build_filename(path, file->path, NULL) : g_strdup(path);
        if (!(*file->path ? put_context_file : put_root)(placing, file, place, error))
            return FALSE;
    }
    return TRUE;
}

static bool names_folder(const char *path)
{
    return g_str_has_suffix(path, "/");
}

/* COPY puts a folder's content into dest; "into" for a folder named without "/" means the folder
 * itself. */
static gboolean put_source(const Placing *placing, const ContextSource *source, GError **error)
{
    const FilesEntry *entry = placing->entry;
    const char *src = entry->src.text, *dest = entry->dest.text;
    bool into = names_folder(dest);
    if (source->is_folder) {
        bool content = !into || names_folder(src) || glob_has_wildcards(src);
        g_autofree char *path = g_build_filename(dest, content ? "" : source->name, NULL);
        return put_folder(placing, source, path, error);
    }
    into |= merged_tree_stat(placing->tree, dest, true) == PATH_FOLDER;
    g_autofree char *path = g_build_filename(dest, into ? source->name : NULL, NULL);
    return make_parents(placing, path, error) &&
           put_host_file(placing, source->files->pdata[0], path, error);
}

/* Adds to the file that is there, whose mode and owner stay unless the entry says otherwise. */
static gboolean append_bytes(const Placing *placing, GBytes *take_bytes, GError **error)
{
    g_autoptr(GBytes) added = take_bytes;
    const FilesEntry *entry = placing->entry;
    g_autofree char *path = merged_tree_resolve(placing->tree, entry->dest.text, true);
    if (!path || names_folder(entry->dest.text) ||
        merged_tree_stat(placing->tree, path, true) == PATH_FOLDER)
        return error_set(error, ERROR_INPUT, entry->dest.at,
                         "'append' needs a file, and %s is none", entry->dest.text);
    if (merged_tree_stat(placing->tree, path, true) == PATH_NONE)
        return put_bytes(placing, path, mode_or(placing, 0644), g_bytes_ref(added), error);
    g_autoptr(GBytes) old = stage_tree_read(placing->tree, path, entry->at, error);
    if (!old)
        return FALSE;
    Attributes kept = {0644, 0, 0};
    merged_tree_folder_attributes(placing->tree, path, &kept.mode, &kept.uid, &kept.gid);
    if (placing->has_owner)
        kept = (Attributes){kept.mode, placing->wanted.uid, placing->wanted.gid};
    g_autoptr(GByteArray) whole = g_byte_array_new();
    g_byte_array_append(whole, g_bytes_get_data(old, NULL), (guint)g_bytes_get_size(old));
    g_byte_array_append(whole, g_bytes_get_data(added, NULL), (guint)g_bytes_get_size(added));
    return stage_tree_put_bytes(placing->tree, path, mode_or(placing, kept.mode), kept.uid,
                                kept.gid, g_byte_array_free_to_bytes(g_steal_pointer(&whole)),
                                placing->index, entry->at, error);
}

static gboolean append_sources(const Placing *placing, const GPtrArray *sources, GError **error)
{
    for (guint i = 0; i < sources->len; i++) {
        const ContextSource *source = sources->pdata[i];
        if (source->is_folder)
            return error_set(error, ERROR_INPUT, placing->entry->src.at,
                             "'append' needs a file, and %s is a folder", placing->entry->src.text);
        GBytes *bytes = load_host_file(placing, source->files->pdata[0], error);
        if (!bytes || !append_bytes(placing, bytes, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_src(const Placing *placing, const BuildContext *context, GError **error)
{
    const FilesEntry *entry = placing->entry;
    g_autoptr(GPtrArray) sources =
        build_context_find(context, entry->src.text, entry->src.at, error);
    if (!sources)
        return FALSE;
    if (entry->append)
        return append_sources(placing, sources, error);
    if (sources->len > 1 && !names_folder(entry->dest.text)) {
        error_set(error, ERROR_INPUT, entry->dest.at, "%s names %u files, and %s no folder",
                  entry->src.text, sources->len, entry->dest.text);
        if (error)
            error_set_hint(*error, "end `dest` with '/'");
        return FALSE;
    }
    g_autoptr(GPtrArray) exclusions = compile_exclusions(entry, error);
    bool several = glob_has_wildcards(entry->src.text);
    if (several && !placing->plain && names_folder(entry->dest.text) &&
        !make_target(placing, entry->dest.text, error))
        return FALSE;
    for (guint i = 0; exclusions && i < sources->len; i++) {
        const ContextSource *source = sources->pdata[i];
        bool excluded = several && !source->is_folder && is_excluded(exclusions, source->name);
        if (!excluded && !put_source(placing, source, error))
            return FALSE;
    }
    return exclusions != NULL;
}

/* A text ends with a line break, as the file that the rendered Dockerfile copies. */
static gboolean add_content(const Placing *placing, GError **error)
{
    const FilesEntry *entry = placing->entry;
    const char *text = entry->content.text;
    if (names_folder(entry->dest.text))
        return error_set(error, ERROR_INPUT, entry->dest.at,
                         "'content' needs the path of a file, and %s is a folder's",
                         entry->dest.text);
    bool ends = *text == '\0' || g_str_has_suffix(text, "\n");
    g_autofree char *whole = g_strconcat(text, ends ? "" : "\n", NULL);
    GBytes *bytes = g_bytes_new(whole, strlen(whole));
    if (entry->eol_lf)
        bytes = without_carriage_returns(bytes);
    if (entry->append)
        return append_bytes(placing, bytes, error);
    if (!make_parents(placing, entry->dest.text, error)) {
        g_bytes_unref(bytes);
        return FALSE;
    }
    return put_bytes(placing, entry->dest.text, mode_or(placing, 0644), bytes, error);
}

static gboolean find_attributes(Placing *placing, GError **error)
{
    const FilesEntry *entry = placing->entry;
    placing->plain = !entry->eol_lf && !entry->append && (!entry->exclude || !entry->exclude->len);
    placing->has_mode = entry->mode.text != NULL;
    placing->has_owner = entry->owner.text != NULL;
    if (placing->has_mode)
        placing->wanted.mode = (unsigned)g_ascii_strtoull(entry->mode.text, NULL, 8) & 07777;
    if (!placing->has_owner)
        return TRUE;
    g_autoptr(Accounts) accounts = NULL;
    return stage_tree_accounts(placing->tree, entry->owner.at, &accounts, error) &&
           accounts_resolve_owner(accounts, entry->owner.text, entry->owner.at,
                                  &placing->wanted.uid, &placing->wanted.gid, error);
}

static gboolean refuse_part(const FilesEntry *entry, GError **error)
{
    error_set(error, ERROR_INPUT, entry->from.at, "files from the part '%s' need a builder",
              entry->from.text);
    if (error)
        error_set_hint(*error, "`ramekin render` writes a Dockerfile that has the part");
    return FALSE;
}

static gboolean add_entry(Placing *placing, const BuildContext *context, GError **error)
{
    const FilesEntry *entry = placing->entry;
    if (entry->from.text)
        return refuse_part(entry, error);
    if (!find_attributes(placing, error))
        return FALSE;
    if (entry->src.text)
        return add_src(placing, context, error);
    if (entry->content.text)
        return add_content(placing, error);
    if (entry->link.text)
        return put_link(placing, entry->dest.text, entry->link.text, error);
    return add_dir(placing, error);
}

gboolean tree_add_files(MergedTree *tree, const Recipe *recipe, const Stage *stage, unsigned index,
                        GError **error)
{
    const FilesStage *body = stage->body.files;
    g_autoptr(BuildContext) context = build_context_open(recipe_file_dir(recipe->file), error);
    if (!context)
        return FALSE;
    for (guint i = 0; i < body->files->len; i++) {
        Placing placing = {.tree = tree, .entry = body->files->pdata[i], .index = index};
        if (!add_entry(&placing, context, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_entry(const FilesEntry *entry, const BuildContext *context, const char *path,
                            GError **error)
{
    if (!entry->src.text || entry->from.text ||
        !build_context_takes(context, entry->src.text, path))
        return TRUE;
    error_set(error, ERROR_INPUT, entry->src.at,
              "%s, where the image is to go, would be in the image", path);
    if (error)
        error_set_hint(*error, "name it in .dockerignore, or write the image elsewhere");
    return FALSE;
}

gboolean tree_check_output(const Recipe *recipe, const char *output, GError **error)
{
    g_autofree char *dir = g_canonicalize_filename(recipe_file_dir(recipe->file), NULL);
    if (!is_below(output, dir))
        return TRUE;
    g_autoptr(BuildContext) context = build_context_open(dir, error);
    if (!context)
        return FALSE;
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        for (guint k = 0; stage->kind == STAGE_FILES && k < stage->body.files->files->len; k++) {
            if (!check_entry(stage->body.files->files->pdata[k], context, output + strlen(dir) + 1,
                             error))
                return FALSE;
        }
    }
    return TRUE;
}

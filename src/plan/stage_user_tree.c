/* What `user:` and `workdir:` leave in a merged tree, and what those and `files:` read of it. */
#include "base/limits.h"
#include "plan/stage_tree_private.h"
#include "recipe/config.h"
#include "recipe/stage_files.h"

/* What a new home folder is filled from; names that distributions have in it. */
#define SKELETON "/etc/skel"
#define LOGIN_DEFS "/etc/login.defs"

static const char *const skeleton_names[] = {
    ".bash_logout", ".bash_profile", ".bashrc", ".emacs", ".kshrc", ".profile", ".zshrc",
};

gboolean stage_tree_put(MergedTree *tree, TreeEntry *entry, unsigned index, Span at, GError **error)
{
    char *written = entry->path;
    entry->path = g_canonicalize_filename(written + strspn(written, "/"), "/");
    g_free(written);
    entry->layer = LAYER_OF_FILES;
    entry->stage = index;
    GError *cause = NULL;
    if (merged_tree_put(tree, entry, NULL, &cause))
        return TRUE;
    if (!span_is_set(error_span(cause)))
        error_set_span(cause, at);
    g_propagate_error(error, cause);
    return FALSE;
}

gboolean stage_tree_put_bytes(MergedTree *tree, const char *path, unsigned mode, guint64 uid,
                              guint64 gid, GBytes *take_bytes, unsigned index, Span at,
                              GError **error)
{
    TreeEntry *entry = tree_entry_new(path, ENTRY_FILE, mode);
    entry->content = CONTENT_BYTES;
    entry->bytes = take_bytes;
    entry->size = g_bytes_get_size(take_bytes);
    entry->uid = uid;
    entry->gid = gid;
    return stage_tree_put(tree, entry, index, at, error);
}

gboolean stage_tree_make_folder(MergedTree *tree, const char *path, Attributes made, bool forced,
                                unsigned index, Span at, GError **error)
{
    bool there = merged_tree_stat(tree, path, true) == PATH_FOLDER;
    if (there && !forced)
        return TRUE;
    g_autofree char *real = merged_tree_resolve(tree, path, true);
    if (!real)
        return error_set(error, ERROR_INPUT, at, "%s lies behind a loop of links", path);
    if (real[strspn(real, "/")] == '\0')
        return TRUE; /* the root stays the base's */
    TreeEntry *folder = tree_entry_new(real, ENTRY_FOLDER, made.mode);
    folder->uid = made.uid;
    folder->gid = made.gid;
    return stage_tree_put(tree, folder, index, at, error);
}

GBytes *stage_tree_read(const MergedTree *tree, const char *path, Span at, GError **error)
{
    GBytes *bytes = merged_tree_read(tree, path, STAGE_FILE_BYTES);
    if (!bytes)
        error_set(error, ERROR_INPUT, at,
                  "%s can't be changed: it is no file of at most %u MiB whose content can be read",
                  path, (unsigned)(STAGE_FILE_BYTES / MIB));
    return bytes;
}

gboolean stage_tree_accounts(const MergedTree *tree, Span at, Accounts **ret_accounts,
                             GError **error)
{
    g_autoptr(Accounts) accounts = g_new0(Accounts, 1);
    for (guint i = 0; i < ACCOUNT_FILE_COUNT; i++) {
        if (merged_tree_stat(tree, account_paths[i], true) == PATH_NONE)
            continue;
        g_autoptr(GBytes) bytes = stage_tree_read(tree, account_paths[i], at, error);
        if (!bytes)
            return FALSE;
        gsize length = g_bytes_get_size(bytes);
        const char *text = length ? g_bytes_get_data(bytes, NULL) : "";
        if (memchr(text, '\0', length))
            return error_set(error, ERROR_INPUT, at, "the image's %s is no text", account_paths[i]);
        accounts->text[i] = g_strndup(text, length);
    }
    *ret_accounts = g_steal_pointer(&accounts);
    return TRUE;
}

/* Making a user. */
typedef struct {
    MergedTree *tree;
    const RecipeUser *user;
    Accounts *accounts;
    unsigned index;
} Making;

static Attributes account_attributes(const Making *making, AccountFile file, const char *path)
{
    bool secret = file == ACCOUNT_SHADOW || file == ACCOUNT_GSHADOW;
    Attributes attributes = {secret ? 0640 : 0644, 0, 0};
    merged_tree_folder_attributes(making->tree, path, &attributes.mode, &attributes.uid,
                                  &attributes.gid);
    return attributes;
}

static gboolean save_accounts(const Making *making, GError **error)
{
    for (guint i = 0; i < ACCOUNT_FILE_COUNT; i++) {
        const char *text = making->accounts->text[i];
        if (!making->accounts->changed[i])
            continue;
        g_autofree char *path = merged_tree_resolve(making->tree, account_paths[i], true);
        const char *place = path ? path : account_paths[i];
        Attributes as = account_attributes(making, i, place);
        if (!stage_tree_put_bytes(making->tree, place, as.mode, as.uid, as.gid,
                                  g_bytes_new(text, strlen(text)), making->index, making->user->at,
                                  error))
            return FALSE;
    }
    return TRUE;
}

static guint64 number_of(const Text *text)
{
    return text->text ? g_ascii_strtoull(text->text, NULL, 10) : ACCOUNT_ANY;
}

/* groupadd for `gid` and `groups` where they are missing. */
static gboolean make_groups(const Making *making, GError **error)
{
    const RecipeUser *user = making->user;
    guint64 gid = number_of(&user->gid);
    if (user->gid.text && !accounts_has_gid(making->accounts, gid) &&
        !accounts_add_group(making->accounts, user->name, gid, user->gid.at, error))
        return FALSE;
    for (guint i = 0; user->groups && i < user->groups->len; i++) {
        const Text *group = user->groups->pdata[i];
        if (!accounts_find_group(making->accounts, group->text, NULL) &&
            !accounts_add_group(making->accounts, group->text, ACCOUNT_ANY, group->at, error))
            return FALSE;
    }
    return TRUE;
}

/* The octal value of a setting in login.defs(5). */
static bool find_setting(const char *text, const char *name, unsigned *ret)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool found = false;
    for (guint i = 0; lines[i]; i++) {
        const char *line = lines[i];
        size_t length = strlen(name);
        if (strncmp(line, name, length) != 0 || !g_ascii_isspace(line[length]))
            continue;
        guint64 value = g_ascii_strtoull(line + length, NULL, 8);
        *ret = (unsigned)value & 0777;
        found = true;
    }
    return found;
}

/* useradd: HOME_MODE, else what UMASK leaves of 0777. */
static unsigned home_mode(const MergedTree *tree)
{
    g_autoptr(GBytes) bytes = merged_tree_read(tree, LOGIN_DEFS, LIMIT_CONFIG_BYTES);
    gsize length = bytes ? g_bytes_get_size(bytes) : 0;
    g_autofree char *text = length ? g_strndup(g_bytes_get_data(bytes, NULL), length) : NULL;
    unsigned mode, umask_bits;
    if (text && find_setting(text, "HOME_MODE", &mode))
        return mode;
    if (text && find_setting(text, "UMASK", &umask_bits))
        return 0777 & ~umask_bits;
    return 0755;
}

static gboolean copy_skeleton(const Making *making, const char *home, guint64 uid, guint64 gid,
                              GError **error)
{
    g_autoptr(GPtrArray) names = merged_tree_list(making->tree, SKELETON);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *from = g_build_filename(SKELETON, names->pdata[i], NULL);
        if (merged_tree_stat(making->tree, from, true) != PATH_FILE)
            continue;
        GBytes *bytes = stage_tree_read(making->tree, from, making->user->at, error);
        if (!bytes)
            return FALSE;
        Attributes as = {0644, 0, 0};
        merged_tree_folder_attributes(making->tree, from, &as.mode, &as.uid, &as.gid);
        g_autofree char *path = g_build_filename(home, names->pdata[i], NULL);
        if (!stage_tree_put_bytes(making->tree, path, as.mode, uid, gid, bytes, making->index,
                                  making->user->at, error))
            return FALSE;
    }
    return TRUE;
}

/* A home that is there stays as it is. */
static gboolean make_home(const Making *making, const char *home, guint64 uid, guint64 gid,
                          GError **error)
{
    if (merged_tree_stat(making->tree, home, true) != PATH_NONE)
        return TRUE;
    Attributes made = {home_mode(making->tree), uid, gid};
    return stage_tree_make_folder(making->tree, home, made, false, making->index, making->user->at,
                                  error) &&
           copy_skeleton(making, home, uid, gid, error);
}

/* What would break a line of passwd. */
static gboolean check_field(const char *text, Span at, GError **error)
{
    return !strpbrk(text, ":\n") ||
           error_set(error, ERROR_INPUT, at, "'%s' can't be in a line of passwd", text);
}

static gboolean make_account(const Making *making, GError **error)
{
    const RecipeUser *user = making->user;
    g_autofree char *home =
        user->home ? g_strdup(user->home) : g_strdup_printf("/home/%s", user->name);
    const char *shell = user->shell ? user->shell : "/bin/bash";
    if (!check_field(home, user->at, error) || !check_field(shell, user->at, error))
        return FALSE;
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    for (guint i = 0; user->groups && i < user->groups->len; i++)
        g_ptr_array_add(groups, ((const Text *)user->groups->pdata[i])->text);
    g_ptr_array_add(groups, NULL);
    NewAccount account = {.name = user->name,
                          .home = home,
                          .shell = shell,
                          .uid = number_of(&user->uid),
                          .gid = number_of(&user->gid),
                          .groups = (const char *const *)groups->pdata,
                          .at = user->at};
    guint64 uid, gid;
    return accounts_add_user(making->accounts, &account, &uid, &gid, error) &&
           make_home(making, home, uid, gid, error);
}

static gboolean allow_sudo(const Making *making, GError **error)
{
    const RecipeUser *user = making->user;
    if (merged_tree_stat(making->tree, "/etc/sudoers.d", true) != PATH_FOLDER) {
        error_set(error, ERROR_INPUT, user->at, "`sudo: true` needs sudo, which the image lacks");
        if (error)
            error_set_hint(*error, "take a base that has it, or leave out `sudo`");
        return FALSE;
    }
    g_autofree char *path = g_build_filename("/etc/sudoers.d", user->name, NULL);
    g_autofree char *line = g_strdup_printf("%s ALL=(ALL) NOPASSWD:ALL\n", user->name);
    return stage_tree_put_bytes(making->tree, path, 0440, 0, 0, g_bytes_new(line, strlen(line)),
                                making->index, user->at, error);
}

static bool is_made(const RecipeUser *user)
{
    bool number = user->name[strspn(user->name, "0123456789:")] == '\0';
    return !number && !g_str_equal(user->name, "root") && !strchr(user->name, ':');
}

gboolean tree_add_user(MergedTree *tree, const Recipe *recipe, unsigned index, GError **error)
{
    const RecipeUser *user = recipe->config ? recipe->config->user : NULL;
    if (!user || !is_made(user))
        return TRUE;
    g_autoptr(Accounts) accounts = NULL;
    if (!stage_tree_accounts(tree, user->at, &accounts, error))
        return FALSE;
    Making making = {tree, user, accounts, index};
    bool exists = accounts_find_user(accounts, user->name, NULL, NULL);
    return make_groups(&making, error) && (exists || make_account(&making, error)) &&
           save_accounts(&making, error) && (!user->sudo || allow_sudo(&making, error));
}

gboolean tree_add_workdir(MergedTree *tree, const Recipe *recipe, unsigned index, GError **error)
{
    const Text *workdir = recipe->config ? &recipe->config->workdir : NULL;
    if (!workdir || !workdir->text)
        return TRUE;
    return stage_tree_make_folder(tree, workdir->text, (Attributes){0755, 0, 0}, false, index,
                                  workdir->at, error);
}

/* /lib and its like may be links to folders of the same name below /usr. */
static void add_wanted(GPtrArray *paths, const char *path)
{
    static const char *const merged[] = {"/bin/", "/lib/", "/lib64/", "/sbin/"};
    g_autofree char *plain = g_canonicalize_filename(path, "/");
    for (guint i = 0; i < G_N_ELEMENTS(merged); i++) {
        if (g_str_has_prefix(plain, merged[i]))
            g_ptr_array_add(paths, g_strconcat("/usr", plain, NULL));
    }
    g_ptr_array_add(paths, g_steal_pointer(&plain));
}

GPtrArray *tree_wanted_base_paths(const Recipe *recipe)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < ACCOUNT_FILE_COUNT; i++)
        g_ptr_array_add(paths, g_strdup(account_paths[i]));
    g_ptr_array_add(paths, g_strdup(LOGIN_DEFS));
    for (guint i = 0; i < G_N_ELEMENTS(skeleton_names); i++)
        g_ptr_array_add(paths, g_build_filename(SKELETON, skeleton_names[i], NULL));
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        for (guint j = 0; stage->kind == STAGE_FILES && j < stage->body.files->files->len; j++) {
            const FilesEntry *entry = stage->body.files->files->pdata[j];
            if (entry->append && entry->dest.text)
                add_wanted(paths, entry->dest.text);
        }
    }
    return paths;
}

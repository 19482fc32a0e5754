#include "plan/context_files.h"

#include "base/limits.h"
#include "base/sorted.h"
#include "dockerfile/glob.h"

#include <errno.h>
#include <sys/stat.h>

struct BuildContext {
    char *dir;
    IgnoreRules *rules; /* or NULL */
};

typedef struct {
    const BuildContext *context;
    Span at;
    ContextSource *source;
    guint64 count;
} Walk;

static void file_free(void *data)
{
    ContextFile *file = data;
    g_free(file->path);
    g_free(file->target);
    g_free(file->host_path);
    g_free(file);
}

void context_source_free(ContextSource *source)
{
    if (!source)
        return;
    g_free(source->name);
    g_ptr_array_unref(source->files);
    g_free(source);
}

static void source_free_func(void *data)
{
    context_source_free(data);
}

BuildContext *build_context_open(const char *dir, GError **error)
{
    g_autoptr(BuildContext) context = g_new0(BuildContext, 1);
    context->dir = g_strdup(dir);
    g_autofree char *path = g_build_filename(dir, ".dockerignore", NULL);
    struct stat st;
    if (lstat(path, &st) < 0 && errno == ENOENT)
        return g_steal_pointer(&context);
    g_autoptr(Source) source = source_load(path, ".dockerignore", LIMIT_CONFIG_BYTES, error);
    context->rules = source ? ignore_rules_parse(source, error) : NULL;
    return context->rules ? g_steal_pointer(&context) : NULL;
}

void build_context_free(BuildContext *context)
{
    if (!context)
        return;
    g_free(context->dir);
    ignore_rules_free(context->rules);
    g_free(context);
}

static char *on_host(const BuildContext *context, const char *path)
{
    return *path ? g_build_filename(context->dir, path, NULL) : g_strdup(context->dir);
}

static char *join(const char *folder, const char *name)
{
    return *folder && *name ? g_strconcat(folder, "/", name, NULL)
                            : g_strdup(*folder ? folder : name);
}

static gboolean set_problem(Span at, const char *path, const char *what, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(path, -1);
    return error_set(error, ERROR_INPUT, at, "%s %s", *valid ? valid : ".", what);
}

/* The target of the link at `host`; NULL with an error. */
static char *read_link(const char *host, GError **error)
{
    char buffer[LIMIT_PATH_BYTES + 1];
    ssize_t length = readlink(host, buffer, sizeof(buffer) - 1);
    if (length < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot read the link %s", host);
        return NULL;
    }
    return g_strndup(buffer, (gsize)length);
}

/* Resolving a source: parts that are still to be walked, and where we are. */
typedef struct {
    GPtrArray *rest; /* char *, the next one last */
    GPtrArray *done; /* char * */
    unsigned links;
} Resolve;

static void push_parts(Resolve *resolve, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (guint i = g_strv_length(parts); i > 0; i--)
        g_ptr_array_add(resolve->rest, g_strdup(parts[i - 1]));
}

/* One part: "..", or a name, which may be a link. */
static gboolean resolve_part(const BuildContext *context, Resolve *resolve, const char *part,
                             const char *src, Span at, GError **error)
{
    if (*part == '\0' || g_str_equal(part, "."))
        return TRUE;
    if (g_str_equal(part, "..")) {
        if (resolve->done->len == 1)
            return set_problem(at, src, "leads out of the recipe's folder", error);
        g_ptr_array_remove_index(resolve->done, resolve->done->len - 1);
        return TRUE;
    }
    g_ptr_array_add(resolve->done, g_strdup(part));
    g_ptr_array_add(resolve->done, NULL);
    g_autofree char *host = g_strjoinv("/", (char **)resolve->done->pdata);
    g_ptr_array_set_size(resolve->done, (gint)resolve->done->len - 1);
    struct stat st;
    if (lstat(host, &st) < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? set_problem(at, src, "is not in the recipe's folder", error)
                   : error_set_errno(error, ERROR_FAILED, errno, "cannot look at %s", host);
    if (!S_ISLNK(st.st_mode))
        return TRUE;
    g_autofree char *target = read_link(host, error);
    if (!target)
        return FALSE;
    if (*target == '/' || ++resolve->links > LIMIT_LINKS_FOLLOWED)
        return set_problem(at, src, "is a link that leads out of the recipe's folder", error);
    g_ptr_array_remove_index(resolve->done, resolve->done->len - 1);
    push_parts(resolve, target);
    return TRUE;
}

/* The path without links, "" for the folder itself. */
static char *resolve_source(const BuildContext *context, const char *src, Span at, GError **error)
{
    g_autoptr(GPtrArray) rest = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func(g_free);
    Resolve resolve = {rest, done, 0};
    g_ptr_array_add(done, g_strdup(context->dir));
    push_parts(&resolve, src);
    while (rest->len > 0) {
        g_autofree char *part = g_ptr_array_steal_index(rest, rest->len - 1);
        if (!resolve_part(context, &resolve, part, src, at, error))
            return NULL;
    }
    g_ptr_array_add(done, NULL);
    return g_strjoinv("/", (char **)done->pdata + 1);
}

static ContextFile *file_new(const char *path, EntryKind kind)
{
    ContextFile *file = g_new0(ContextFile, 1);
    file->path = g_strdup(path);
    file->kind = kind;
    return file;
}

static gboolean check_name(const Walk *walk, const char *path, const char *name, GError **error)
{
    if (!g_utf8_validate(name, -1, NULL))
        return set_problem(walk->at, path, "has a name that is not UTF-8", error);
    if (g_str_has_prefix(name, ".wh."))
        return set_problem(walk->at, path,
                           "can't be in an image: layers use names that begin with '.wh.' for what "
                           "they remove",
                           error);
    if (strlen(path) > LIMIT_PATH_BYTES)
        return set_problem(walk->at, path, "is too long a path", error);
    return TRUE;
}

static gboolean walk_folder(Walk *walk, const char *path, const char *below,
                            const IgnoreState *state, unsigned depth, GError **error);

/* A folder that is left out is entered all the same where an exception may be below it, and is
 * there only if something in it is. */
static gboolean add_folder(Walk *walk, const char *path, const char *below,
                           const IgnoreState *state, bool excluded, unsigned depth, GError **error)
{
    const IgnoreRules *rules = walk->context->rules;
    if (excluded && !ignore_rules_have_exceptions(rules))
        return TRUE;
    guint before = walk->source->files->len;
    g_ptr_array_add(walk->source->files, file_new(below, ENTRY_FOLDER));
    if (!walk_folder(walk, path, below, state, depth, error))
        return FALSE;
    if (excluded && walk->source->files->len == before + 1)
        g_ptr_array_remove_index(walk->source->files, before);
    return TRUE;
}

static gboolean add_link(Walk *walk, const char *host, const char *below, GError **error)
{
    g_autofree char *target = read_link(host, error);
    if (!target)
        return FALSE;
    if (!g_utf8_validate(target, -1, NULL))
        return set_problem(walk->at, host, "is a link whose target is not UTF-8", error);
    ContextFile *file = file_new(below, ENTRY_SYMLINK);
    file->target = g_steal_pointer(&target);
    g_ptr_array_add(walk->source->files, file);
    return TRUE;
}

static void add_regular(Walk *walk, char *take_host, const struct stat *st, const char *below)
{
    ContextFile *file = file_new(below, ENTRY_FILE);
    file->executable = (st->st_mode & S_IXUSR) != 0;
    file->size = (guint64)st->st_size;
    file->host_path = take_host;
    g_ptr_array_add(walk->source->files, file);
}

/* What is at `path` below the context, `below` below the source. */
static gboolean add_path(Walk *walk, const char *path, const char *below, const IgnoreState *parent,
                         unsigned depth, GError **error)
{
    const IgnoreRules *rules = walk->context->rules;
    g_autoptr(IgnoreState) state = rules && *path ? ignore_state_new(rules, parent, path) : NULL;
    bool excluded = state && ignore_state_excludes(state, NULL);
    g_autofree char *host = on_host(walk->context, path);
    struct stat st;
    if (lstat(host, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot look at %s", path);
    if (S_ISDIR(st.st_mode))
        return add_folder(walk, path, below, state, excluded, depth, error);
    if (excluded)
        return TRUE;
    if (++walk->count > LIMIT_IMAGE_ENTRIES)
        return set_problem(walk->at, path, "is one file too many", error);
    if (S_ISLNK(st.st_mode))
        return add_link(walk, host, below, error);
    if (!S_ISREG(st.st_mode))
        return set_problem(walk->at, path, "is neither a file, a folder nor a link", error);
    add_regular(walk, g_steal_pointer(&host), &st, below);
    return TRUE;
}

static gboolean walk_folder(Walk *walk, const char *path, const char *below,
                            const IgnoreState *state, unsigned depth, GError **error)
{
    if (depth > LIMIT_PATH_DEPTH)
        return set_problem(walk->at, path, "is too deep", error);
    g_autofree char *host = on_host(walk->context, path);
    g_autoptr(GPtrArray) names = sorted_dir(host, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *child = join(path, name);
        g_autofree char *child_below = join(below, name);
        if (!check_name(walk, child, name, error) ||
            !add_path(walk, child, child_below, state, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

static IgnoreState *state_above(const IgnoreRules *rules, const char *path)
{
    IgnoreState *state = NULL;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *upper = g_strndup(path, (gsize)(slash - path));
        IgnoreState *next = ignore_state_new(rules, state, upper);
        ignore_state_free(state);
        state = next;
    }
    return state;
}

static gboolean set_ignored(const BuildContext *context, const char *src, Span at, GError **error)
{
    Span rule = SPAN_NONE;
    g_autofree char *path = resolve_source(context, src, at, NULL);
    set_problem(at, src, "is left out by .dockerignore", error);
    if (error && path && ignore_rules_exclude(context->rules, path, &rule))
        error_add_note(*error, rule, "this pattern matches it");
    return FALSE;
}

/* `name` is what the source is called, which a link changes not. Without files where .dockerignore
 * leaves it out. */
static ContextSource *load_source(const BuildContext *context, const char *src, const char *name,
                                  Span at, GError **error)
{
    g_autofree char *path = resolve_source(context, src, at, error);
    if (!path)
        return NULL;
    g_autoptr(ContextSource) source = g_new0(ContextSource, 1);
    source->name = g_strdup(name);
    source->files = g_ptr_array_new_with_free_func(file_free);
    Walk walk = {context, at, source, 0};
    g_autoptr(IgnoreState) above = context->rules ? state_above(context->rules, path) : NULL;
    if (!add_path(&walk, path, "", above, 0, error))
        return NULL;
    if (source->files->len == 0)
        return g_steal_pointer(&source);
    source->is_folder = ((ContextFile *)source->files->pdata[0])->kind == ENTRY_FOLDER;
    return g_steal_pointer(&source);
}

/* Paths below `folder` that match the parts from `parts` on. */
static gboolean expand(const BuildContext *context, const char *folder, char *const *parts, Span at,
                       GPtrArray *found, GError **error)
{
    if (!*parts) {
        g_ptr_array_add(found, g_strdup(folder));
        return TRUE;
    }
    if (**parts == '\0' || g_str_equal(*parts, "."))
        return expand(context, folder, parts + 1, at, found, error);
    g_autoptr(Glob) glob = glob_new(*parts, GLOB_COPY, at, error);
    if (!glob)
        return FALSE;
    g_autofree char *host = on_host(context, folder);
    if (!g_file_test(host, G_FILE_TEST_IS_DIR))
        return TRUE;
    g_autoptr(GPtrArray) names = sorted_dir(host, LIMIT_FOLDER_NAMES, error);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = join(folder, names->pdata[i]);
        if (glob_matches(glob, names->pdata[i]) &&
            !expand(context, path, parts + 1, at, found, error))
            return FALSE;
    }
    return names != NULL;
}

static gboolean find_pattern(const BuildContext *context, const char *src, Span at,
                             GPtrArray *sources, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(src, "/", -1);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    if (!expand(context, "", parts, at, found, error))
        return FALSE;
    for (guint i = 0; i < found->len; i++) {
        const char *path = found->pdata[i];
        if (context->rules && !ignore_rules_have_exceptions(context->rules) &&
            ignore_rules_exclude(context->rules, path, NULL))
            continue;
        g_autofree char *name = g_path_get_basename(path);
        g_autoptr(ContextSource) source = load_source(context, path, name, at, error);
        if (!source)
            return FALSE;
        if (source->files->len > 0)
            g_ptr_array_add(sources, g_steal_pointer(&source));
    }
    return sources->len > 0 ||
           set_problem(at, src, "matches nothing in the recipe's folder", error);
}

GPtrArray *build_context_find(const BuildContext *context, const char *src, Span at, GError **error)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(source_free_func);
    if (glob_has_wildcards(src))
        return find_pattern(context, src, at, sources, error) ? g_steal_pointer(&sources) : NULL;
    g_autofree char *rooted = g_canonicalize_filename(src, "/");
    g_autofree char *name = rooted[1] ? g_path_get_basename(rooted) : g_strdup("");
    ContextSource *source = load_source(context, src, name, at, error);
    if (!source)
        return NULL;
    g_ptr_array_add(sources, source);
    if (source->files->len > 0)
        return g_steal_pointer(&sources);
    set_ignored(context, src, at, error);
    return NULL;
}

/* The first of the path's parts, as many as `pattern` has. */
static char *leading_parts(const char *path, const char *pattern)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    g_auto(GStrv) wanted = g_strsplit(pattern, "/", -1);
    guint length = g_strv_length(parts);
    for (guint i = g_strv_length(wanted); i < length; i++)
        g_clear_pointer(&parts[i], g_free);
    return g_strjoinv("/", parts);
}

bool build_context_takes(const BuildContext *context, const char *src, const char *path)
{
    if (context->rules && ignore_rules_exclude(context->rules, path, NULL))
        return false;
    g_autofree char *rooted = g_canonicalize_filename(src, "/");
    const char *plain = rooted + 1;
    if (*plain == '\0')
        return true;
    g_autofree char *head = leading_parts(path, plain);
    g_autoptr(Glob) glob = glob_new(plain, GLOB_COPY, SPAN_NONE, NULL);
    return glob && glob_matches(glob, head);
}

#include "emit/emitter.h"

#include "dockerfile/glob.h"

char *emitter_file_name(const Emitter *emitter, const char *suffix)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%02u-", emitter->number);
    for (const char *p = emitter->stage->name; *p; p++)
        g_string_append_c(out, g_ascii_isalnum(*p) || strchr("._-", *p) ? *p : '-');
    g_string_append(out, suffix);
    return g_string_free(out, FALSE);
}

static void add_file(Emitter *emitter, const char *path, const char *text, unsigned mode)
{
    for (guint i = 0; i < emitter->result->files->len; i++) {
        const EmittedFile *earlier = emitter->result->files->pdata[i];
        if (g_str_equal(earlier->path, path))
            return; /* a script of ours, used again */
    }
    EmittedFile *file = g_new(EmittedFile, 1);
    bool ends = !*text || g_str_has_suffix(text, "\n");
    *file = (EmittedFile){g_strdup(path), g_strconcat(text, ends ? NULL : "\n", NULL), mode};
    g_ptr_array_add(emitter->result->files, file);
}

/* A COPY to come. */
typedef struct {
    char *source; /* as COPY spells it; NULL: text */
    char *text;   /* heredoc */
    char *target; /* the file or folder, absolute */
    char *flags;  /* "--chmod=0755 " or "" */
    bool folder;
} Copy;

static void copy_free(void *data)
{
    Copy *copy = data;
    g_free(copy->source);
    g_free(copy->text);
    g_free(copy->target);
    g_free(copy->flags);
    g_free(copy);
}

static bool is_copied(const Emitter *emitter, const char *target)
{
    for (guint i = 0; emitter->copies && i < emitter->copies->len; i++) {
        const Copy *copy = emitter->copies->pdata[i];
        if (g_str_equal(copy->target, target))
            return true;
    }
    return false;
}

/* Takes nothing; a second copy to one place is the same file. */
static void add_copy(Emitter *emitter, const Copy *wanted)
{
    if (is_copied(emitter, wanted->target))
        return;
    if (!emitter->copies)
        emitter->copies = g_ptr_array_new_with_free_func(copy_free);
    Copy *copy = g_new(Copy, 1);
    *copy = (Copy){g_strdup(wanted->source), g_strdup(wanted->text), g_strdup(wanted->target),
                   g_strdup(wanted->flags), wanted->folder};
    g_ptr_array_add(emitter->copies, copy);
    emitter->copied_to_temp |= g_str_has_prefix(wanted->target, BUILD_TEMP "/");
}

void emitter_copy_generated_as(Emitter *emitter, const char *path, const char *text,
                               const char *flags, const char *target)
{
    if (emitter->options->heredocs) {
        add_copy(emitter,
                 &(Copy){.text = (char *)text, .target = (char *)target, .flags = (char *)flags});
        return;
    }
    add_file(emitter, path, text, 0644);
    const char *folder = emitter->options->folder;
    g_autofree char *source = g_strconcat(folder ? folder : "", path, NULL);
    add_copy(emitter, &(Copy){.source = source, .target = (char *)target, .flags = (char *)flags});
}

void emitter_copy_generated(Emitter *emitter, const char *path, const char *text,
                            const char *target)
{
    emitter_copy_generated_as(emitter, path, text, "", target);
}

/* COPY takes several files into one folder; a folder, or a file that changes its name, goes alone.
 */
static bool keeps_name(const Copy *copy)
{
    if (!copy->source || copy->folder || *copy->flags)
        return false;
    g_autofree char *from = g_path_get_basename(copy->source);
    g_autofree char *to = g_path_get_basename(copy->target);
    return g_str_equal(from, to);
}

static void write_copy(Emitter *emitter, const GPtrArray *sources, const char *target,
                       const char *flags)
{
    bool has_blank = strpbrk(target, " \t\"'\\") != NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint i = 0; i < sources->len; i++) {
        g_ptr_array_add(words, sources->pdata[i]);
        has_blank |= strpbrk(sources->pdata[i], " \t\"'\\") != NULL;
    }
    g_ptr_array_add(words, (char *)target);
    g_ptr_array_add(words, NULL);
    g_autofree char *list = words_exec((const char *const *)words->pdata);
    g_autofree char *plain = g_strjoinv(" ", (char **)words->pdata);
    dockerfile_instruction(emitter->writer, "COPY", "%s%s", flags, has_blank ? list : plain);
}

static void flush_group(Emitter *emitter, guint first)
{
    const Copy *head = emitter->copies->pdata[first];
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_ptr_array_add(sources, head->source);
    if (!keeps_name(head)) {
        write_copy(emitter, sources, head->target, head->flags);
        return;
    }
    g_autofree char *dir = g_path_get_dirname(head->target);
    g_autofree char *into = g_strconcat(dir, "/", NULL);
    for (guint i = first + 1; i < emitter->copies->len; i++) {
        Copy *other = emitter->copies->pdata[i];
        g_autofree char *other_dir = g_path_get_dirname(other->target);
        if (!keeps_name(other) || !g_str_equal(dir, other_dir))
            continue;
        g_ptr_array_add(sources, g_steal_pointer(&other->source));
    }
    write_copy(emitter, sources, into, head->flags);
    for (guint i = 1; i < sources->len; i++)
        g_free(sources->pdata[i]);
}

void emitter_flush_copies(Emitter *emitter)
{
    for (guint i = 0; emitter->copies && i < emitter->copies->len; i++) {
        const Copy *copy = emitter->copies->pdata[i];
        if (copy->text)
            dockerfile_heredoc_file(emitter->writer, copy->flags, copy->target, copy->text);
        else if (copy->source)
            flush_group(emitter, i);
    }
    g_clear_pointer(&emitter->copies, g_ptr_array_unref);
}

void emitter_run(Emitter *emitter, RunStep *run)
{
    emitter_flush_copies(emitter);
    if (emitter->copied_to_temp)
        run_step_command(run, "rm -rf " BUILD_TEMP);
    emitter->copied_to_temp = false;
    dockerfile_run(emitter->writer, run);
}

char *emitter_context_path(Emitter *emitter, const char *path, Span at, GError **error)
{
    if (g_path_is_absolute(path)) {
        error_set(error, ERROR_INPUT, at, "%s is not in the recipe's folder", path);
        return NULL;
    }
    /* A folder that stands for the root of the context shows what ".." would leave. */
    g_autofree char *rooted = g_canonicalize_filename(path, "/context");
    if (!g_str_equal(rooted, "/context") && !g_str_has_prefix(rooted, "/context/")) {
        error_set(error, ERROR_INPUT, at, "%s lies outside the recipe's folder", path);
        if (error)
            error_set_hint(*error, "a Dockerfile copies from its build context alone, which is the "
                                   "recipe's folder");
        return NULL;
    }
    const char *inside = rooted + strlen("/context");
    char *found = *inside ? g_strconcat(inside + 1, g_str_has_suffix(path, "/") ? "/" : NULL, NULL)
                          : g_strdup("./");
    g_autofree char *plain = *inside ? g_strdup(inside + 1) : g_strdup(".");
    if (g_hash_table_add(emitter->context, g_strdup(plain)))
        g_ptr_array_add(emitter->result->context, g_strdup(plain));
    return found;
}

bool emitter_is_folder(const Emitter *emitter, const char *path)
{
    g_autofree char *full = g_build_filename(recipe_file_dir(emitter->recipe->file), path, NULL);
    return g_file_test(full, G_FILE_TEST_IS_DIR);
}

gboolean emitter_copy_to_temp(Emitter *emitter, const char *path, Span at, char **ret_inside,
                              GError **error)
{
    g_autofree char *source = emitter_context_path(emitter, path, at, error);
    if (!source)
        return FALSE;
    bool several = glob_has_wildcards(path);
    g_autofree char *target = several
                                  ? g_strdup_printf(BUILD_TEMP "/matched-%08x/", g_str_hash(path))
                                  : g_build_filename(BUILD_TEMP, source, NULL);
    add_copy(emitter, &(Copy){.source = source,
                              .target = target,
                              .flags = (char *)"",
                              .folder = several || emitter_is_folder(emitter, path)});
    *ret_inside = g_steal_pointer(&target);
    return TRUE;
}

gboolean emitter_mount_secret(Emitter *emitter, RunStep *run, const char *id, Span at,
                              char **ret_file, GError **error)
{
    bool known = false;
    for (guint i = 0; i < emitter->recipe->secrets->len; i++) {
        const RecipeSecret *secret = emitter->recipe->secrets->pdata[i];
        known |= g_str_equal(secret->id, id);
    }
    if (!known)
        return error_set(error, ERROR_INPUT, at, "there is no secret \"%s\" in `secrets:`", id);
    run_step_mount(run, "type=secret,id=%s,required=true", id);
    if (g_hash_table_add(emitter->secrets, g_strdup(id)))
        g_ptr_array_add(emitter->result->secrets, g_strdup(id));
    *ret_file = g_strdup_printf("/run/secrets/%s", id);
    return TRUE;
}

/* What was declared where it happens belongs into the review of the Dockerfile too. */
static void comment_acknowledged(Emitter *emitter)
{
    const GPtrArray *list = emitter->stage->acknowledge;
    for (guint i = 0; list && i < list->len; i++) {
        const Acknowledge *item = list->pdata[i];
        g_autofree char *what =
            item->protect
                ? g_strdup_printf("changes %s, which is protected", item->protect)
                : g_strdup_printf("breaks %s, which requires %s", item->dist, item->requires);
        g_autofree char *why = g_strdelimit(g_strdup(item->why ? item->why : ""), "\n\r", ' ');
        g_autofree char *line = g_strdup_printf("Acknowledged: %s: %s", what, why);
        dockerfile_comment(emitter->writer, line);
    }
}

void emitter_stage_comment(Emitter *emitter)
{
    g_autofree char *comment = stage_comment(emitter->stage);
    dockerfile_comment(emitter->writer, comment && *comment ? comment : emitter->stage->name);
    comment_acknowledged(emitter);
}

char *emitter_value(const char *text, bool expand, Span at, GError **error)
{
    char *word = word_value(text, expand);
    if (!word)
        error_set(error, ERROR_INPUT, at, "a Dockerfile can't carry a value with a line break");
    return word;
}

char *emitter_shell_words(const GPtrArray *texts)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; texts && i < texts->len; i++) {
        const Text *text = texts->pdata[i];
        g_autofree char *word = word_shell(text->text);
        g_string_append_printf(out, "%s%s", i ? " " : "", word);
    }
    return g_string_free(out, FALSE);
}

char **emitter_strings(const GPtrArray *texts)
{
    guint count = texts ? texts->len : 0;
    char **strings = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++)
        strings[i] = ((const Text *)texts->pdata[i])->text;
    return strings;
}

char *emitter_env_prefix(const Emitter *emitter)
{
    GString *out = g_string_new(NULL);
    char **env = emitter->stage->env;
    for (guint i = 0; env && env[i]; i++) {
        const char *equals = strchr(env[i], '=');
        g_autofree char *value = word_shell(equals + 1);
        g_string_append_printf(out, "%.*s=%s ", (int)(equals - env[i]), env[i], value);
    }
    return g_string_free(out, FALSE);
}

/* Stages that bring files: of the recipe's folder, of a part, by URL, of a model hub. */
#include "dockerfile/glob.h"
#include "emit/build_scripts.h"
#include "emit/emitter.h"
#include "recipe/stage_download.h"
#include "recipe/stage_files.h"
#include "recipe/stage_model.h"

/* "--from=part --chown=1000:1000 --chmod=0755 " */
static char *copy_flags(const FilesEntry *entry)
{
    GString *out = g_string_new(NULL);
    if (entry->from.text)
        g_string_append_printf(out, "--from=%s ", entry->from.text);
    if (entry->owner.text)
        g_string_append_printf(out, "--chown=%s ", entry->owner.text);
    if (entry->mode.text)
        g_string_append_printf(out, "--chmod=%s ", entry->mode.text);
    return g_string_free(out, FALSE);
}

static void write_copy(Emitter *emitter, const char *flags, const char *source, const char *dest)
{
    const char *pair[] = {source, dest, NULL};
    g_autofree char *list = words_exec(pair);
    if (strpbrk(source, " \t\"'\\") || strpbrk(dest, " \t\"'\\"))
        dockerfile_instruction(emitter->writer, "COPY", "%s%s", flags, list);
    else
        dockerfile_instruction(emitter->writer, "COPY", "%s%s %s", flags, source, dest);
}

/* COPY puts a folder's content into dest; "into" for a folder named without "/" means the folder
 * itself. */
static char *copy_target(const Emitter *emitter, const FilesEntry *entry)
{
    const char *src = entry->src.text, *dest = entry->dest.text;
    bool into = g_str_has_suffix(dest, "/"), content = g_str_has_suffix(src, "/");
    if (!into || content || entry->from.text || !emitter_is_folder(emitter, src))
        return g_strdup(dest);
    g_autofree char *name = g_path_get_basename(src);
    return g_strconcat(dest, name, "/", NULL);
}

/* The file or folder that a COPY made, as a shell word. */
static char *made_word(const Emitter *emitter, const FilesEntry *entry)
{
    g_autofree char *target = copy_target(emitter, entry);
    bool names_file = g_str_has_suffix(target, "/") && !g_str_has_suffix(entry->src.text, "/") &&
                      !emitter_is_folder(emitter, entry->src.text);
    if (!names_file)
        return word_shell(target);
    g_autofree char *name = g_path_get_basename(entry->src.text);
    g_autofree char *path = g_strconcat(target, name, NULL);
    return word_shell(path);
}

static void add_exclusions(RunStep *run, const GPtrArray *globs, const char *folder)
{
    for (guint i = 0; i < globs->len; i++) {
        const char *glob = ((const Text *)globs->pdata[i])->text;
        bool anywhere = !strchr(glob, '/') || g_str_has_prefix(glob, "**/");
        g_autofree char *word = word_shell(g_str_has_prefix(glob, "**/") ? glob + 3 : glob);
        g_autofree char *path =
            g_strdup_printf("%s%s%s", folder, g_str_has_suffix(folder, "/") ? "" : "/", glob);
        g_autofree char *path_word = word_shell(path);
        if (anywhere)
            run_step_command(run, "find %s -mindepth 1 -name %s -prune -exec rm -rf '{}' +", folder,
                             word);
        else
            run_step_command(run, "find %s -path %s -prune -exec rm -rf '{}' +", folder, path_word);
    }
}

/* For chown, whose group stays where none is said; --chown of COPY takes the user's own, or for a
 * number the same one. */
static char *chown_owner(const FilesEntry *entry)
{
    const char *owner = entry->owner.text;
    if (strchr(owner, ':'))
        return g_strdup(owner);
    bool number = owner[strspn(owner, "0123456789")] == '\0';
    return g_strconcat(owner, ":", number ? owner : "", NULL);
}

static void add_owner_and_mode(RunStep *run, const FilesEntry *entry, const char *path)
{
    g_autofree char *owner = entry->owner.text ? chown_owner(entry) : NULL;
    if (owner)
        run_step_command(run, "chown %s%s %s", entry->link.text ? "-h " : "", owner, path);
    if (entry->mode.text && !entry->link.text)
        run_step_command(run, "chmod %s %s", entry->mode.text, path);
}

/* Into dest as COPY would: a folder that is there keeps its mode and owner, a new one gets the
 * owner, and a link gives way to a file. */
static void add_placing(RunStep *run, const FilesEntry *entry, const char *from, const char *target,
                        bool folder)
{
    g_autofree char *dest = word_shell(target);
    g_autofree char *parent = g_path_get_dirname(target);
    bool several = glob_has_wildcards(entry->src.text);
    bool into = (folder && !several) || g_str_has_suffix(target, "/");
    g_autofree char *place = word_shell(into ? target : parent);
    g_autofree char *owner = entry->owner.text ? chown_owner(entry) : NULL;
    if (owner && folder && into)
        run_step_command(run, "{ [ -d %s ] || { mkdir -p %s && chown %s %s; }; }", place, place,
                         owner, place);
    else
        run_step_command(run, "mkdir -p %s", place);
    if (several && !into)
        run_step_command(run, "cp -a --remove-destination %s* %s", from, dest);
    else if (folder)
        run_step_command(run, "find %s -mindepth 1 -maxdepth 1 -exec cp -a '{}' %s ';'", from,
                         dest);
    else
        run_step_command(run, "cp -a --remove-destination %s %s", from, dest);
}

/* What COPY has no words for happens below BUILD_TEMP, so that nothing else at dest is touched. */
static gboolean copy_through_temp(Emitter *emitter, const FilesEntry *entry, GError **error)
{
    g_autofree char *inside = NULL;
    if (!emitter_copy_to_temp(emitter, entry->src.text, entry->src.at, &inside, error))
        return FALSE;
    bool several = glob_has_wildcards(entry->src.text);
    bool folder = several || emitter_is_folder(emitter, entry->src.text);
    g_autofree char *from = word_shell(inside);
    g_autofree char *target = copy_target(emitter, entry);
    g_autofree char *dest = word_shell(target);
    g_autoptr(RunStep) run = run_step_new();
    if (folder && entry->exclude)
        add_exclusions(run, entry->exclude, from);
    if (entry->eol_lf)
        run_step_command(run, "find %s -type f -exec sed -i 's/\\r$//' '{}' +", from);
    g_autofree char *owner = entry->owner.text ? chown_owner(entry) : NULL;
    if (entry->append) {
        run_step_command(run, "cat %s%s >>%s", from, several ? "*" : "", dest);
        add_owner_and_mode(run, entry, dest);
    } else {
        if (entry->mode.text)
            run_step_command(run, "chmod -R %s %s", entry->mode.text, from);
        if (owner)
            run_step_command(run, "chown -R %s %s", owner, from);
        add_placing(run, entry, from, target, folder);
    }
    emitter_run(emitter, run);
    return TRUE;
}

static gboolean write_src(Emitter *emitter, const FilesEntry *entry, GError **error)
{
    bool plain = !entry->eol_lf && !entry->append && (!entry->exclude || entry->exclude->len == 0);
    if (!plain && !entry->from.text)
        return copy_through_temp(emitter, entry, error);
    g_autofree char *source =
        entry->from.text ? g_strdup(entry->src.text)
                         : emitter_context_path(emitter, entry->src.text, entry->src.at, error);
    if (!source)
        return FALSE;
    g_autofree char *flags = copy_flags(entry);
    g_autofree char *target = copy_target(emitter, entry);
    write_copy(emitter, flags, source, target);
    if (!entry->eol_lf)
        return TRUE;
    g_autofree char *made = made_word(emitter, entry);
    dockerfile_instruction(emitter->writer, "RUN", "find %s -type f -exec sed -i 's/\\r$//' '{}' +",
                           made);
    return TRUE;
}

static void write_link_or_dir(Emitter *emitter, const FilesEntry *entry)
{
    g_autoptr(RunStep) run = run_step_new();
    const char *place = entry->dir.text ? entry->dir.text : entry->dest.text;
    g_autofree char *path = word_shell(place);
    g_autofree char *parent_path = g_path_get_dirname(place);
    g_autofree char *parent = word_shell(parent_path);
    run_step_command(run, "mkdir -p %s", entry->dir.text ? path : parent);
    if (entry->link.text) {
        g_autofree char *target = word_shell(entry->link.text);
        run_step_command(run, "ln -sfn %s %s", target, path);
    }
    add_owner_and_mode(run, entry, path);
    dockerfile_run(emitter->writer, run);
}

static char *content_text(const FilesEntry *entry)
{
    if (!entry->eol_lf)
        return g_strdup(entry->content.text);
    g_auto(GStrv) lines = g_strsplit(entry->content.text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        size_t length = strlen(lines[i]);
        if (length > 0 && lines[i][length - 1] == '\r')
            lines[i][length - 1] = '\0';
    }
    return g_strjoinv("\n", lines);
}

static void write_content(Emitter *emitter, const FilesEntry *entry, guint rank)
{
    g_autofree char *text = content_text(entry);
    g_autofree char *base = g_path_get_basename(entry->dest.text);
    g_autofree char *suffix = g_strdup_printf("-%u-%s", rank + 1, base);
    g_autofree char *name = emitter_file_name(emitter, suffix);
    g_autofree char *path = g_build_filename("files", name, NULL);
    if (!entry->append) {
        g_autofree char *flags = copy_flags(entry);
        emitter_copy_generated_as(emitter, path, text, flags, entry->dest.text);
        emitter_flush_copies(emitter);
        return;
    }
    g_autofree char *temp = g_build_filename(BUILD_TEMP, name, NULL);
    emitter_copy_generated(emitter, path, text, temp);
    g_autoptr(RunStep) run = run_step_new();
    g_autofree char *dest = word_shell(entry->dest.text);
    run_step_command(run, "cat %s >>%s", temp, dest);
    add_owner_and_mode(run, entry, dest);
    emitter_run(emitter, run);
}

gboolean emit_files(Emitter *emitter, GError **error)
{
    const FilesStage *body = emitter->stage->body.files;
    for (guint i = 0; i < body->files->len; i++) {
        const FilesEntry *entry = body->files->pdata[i];
        if (entry->src.text && !write_src(emitter, entry, error))
            return FALSE;
        if (entry->content.text)
            write_content(emitter, entry, i);
        else if (entry->link.text || entry->dir.text)
            write_link_or_dir(emitter, entry);
    }
    return TRUE;
}

static char *downloaded_path(const Download *file)
{
    if (!g_str_has_suffix(file->dest.text, "/"))
        return g_strdup(file->dest.text);
    g_autofree char *url = g_strdup(file->url.text);
    char *query = strpbrk(url, "?#");
    if (query)
        *query = '\0';
    g_autofree char *name = g_path_get_basename(url);
    return g_strconcat(file->dest.text, name, NULL);
}

/* A plain file is fetched by the builder, which needs nothing in the image. */
static void write_add(Emitter *emitter, const Download *file)
{
    g_autofree char *path = downloaded_path(file);
    g_autofree char *url = word_shell(file->url.text);
    g_autofree char *dest = word_shell(path);
    dockerfile_instruction(emitter->writer, "ADD", "--chmod=%s %s %s",
                           file->mode.text ? file->mode.text : "0644", url, dest);
    if (!file->sha256.text)
        return;
    g_autofree char *line = g_strdup_printf("%s  %s", file->sha256.text, path);
    g_autofree char *word = word_shell(line);
    dockerfile_instruction(emitter->writer, "RUN", "echo %s | sha256sum --check", word);
}

static gboolean write_fetch(Emitter *emitter, const Download *file, GError **error)
{
    g_autoptr(RunStep) run = run_step_new();
    g_autofree char *secret = NULL;
    if (file->auth.text &&
        !emitter_mount_secret(emitter, run, file->auth.text, file->auth.at, &secret, error))
        return FALSE;
    emitter_copy_generated(emitter, "scripts/fetch.py", fetch_py, BUILD_TEMP "/fetch.py");
    g_autofree char *url = word_shell(file->url.text);
    g_autofree char *dest = word_shell(file->dest.text);
    g_autofree char *strip =
        file->unpack ? g_strdup_printf("%u", (unsigned)file->strip) : g_strdup("-");
    run_step_command(run, "%s " BUILD_TEMP "/fetch.py", emitter->python);
    run_step_argument(run, "%s", url);
    run_step_argument(run, "%s", dest);
    run_step_argument(run, "%s", file->sha256.text ? file->sha256.text : "-");
    run_step_argument(run, "%s", file->mode.text ? file->mode.text : "0644");
    run_step_argument(run, "%s %s", strip, secret ? secret : "-");
    emitter_run(emitter, run);
    return TRUE;
}

gboolean emit_download(Emitter *emitter, GError **error)
{
    const DownloadStage *body = emitter->stage->body.download;
    for (guint i = 0; i < body->files->len; i++) {
        const Download *file = body->files->pdata[i];
        if (!file->sha256.text)
            dockerfile_comment(emitter->writer,
                               "No digest is given, so whatever arrives is taken.");
        if (!file->unpack && !file->auth.text)
            write_add(emitter, file);
        else if (!write_fetch(emitter, file, error))
            return FALSE;
    }
    return TRUE;
}

/* ["a", "b"] is a list in Python too. */
static void append_patterns(GString *out, const char *name, const GPtrArray *globs)
{
    if (!globs || globs->len == 0)
        return;
    g_autofree char **strings = emitter_strings(globs);
    g_autofree char *list = words_exec((const char *const *)strings);
    g_string_append_printf(out, "    %s=%s,\n", name, list);
}

static char *python_string(const char *text)
{
    const char *one[] = {text, NULL};
    char *list = words_exec(one);
    size_t length = strlen(list);
    memmove(list, list + 1, length);
    list[length - 2] = '\0';
    return list;
}

gboolean emit_model(Emitter *emitter, GError **error)
{
    const ModelStage *body = emitter->stage->body.model;
    if (!*body->repo.text) {
        dockerfile_comment(emitter->writer, "Skipped: the repository is empty in this row.");
        return TRUE;
    }
    g_autoptr(RunStep) run = run_step_new();
    g_autofree char *secret = NULL;
    if (body->auth.text &&
        !emitter_mount_secret(emitter, run, body->auth.text, body->auth.at, &secret, error))
        return FALSE;
    g_autofree char *repo = python_string(body->repo.text);
    g_autofree char *dest = python_string(body->dest.text);
    g_autoptr(GString) code = g_string_new("from huggingface_hub import snapshot_download\n\n");
    g_string_append_printf(code, "snapshot_download(\n    repo_id=%s,\n", repo);
    if (body->revision.text && *body->revision.text) {
        g_autofree char *revision = python_string(body->revision.text);
        g_string_append_printf(code, "    revision=%s,\n", revision);
    }
    append_patterns(code, "allow_patterns", body->include);
    append_patterns(code, "ignore_patterns", body->exclude);
    g_string_append_printf(code, "    local_dir=%s,\n)\n", dest);
    g_autofree char *name = emitter_file_name(emitter, ".py");
    g_autofree char *path = g_build_filename("scripts", name, NULL);
    g_autofree char *script = g_build_filename(BUILD_TEMP, name, NULL);
    emitter_copy_generated(emitter, path, code->str, script);
    g_autofree char *folder = word_shell(body->dest.text);
    run_step_mount(run, "type=cache,target=/root/.cache/pip");
    run_step_command(run, "%s -m pip install --quiet --target " BUILD_TEMP "/hub huggingface_hub",
                     emitter->python);
    run_step_command(run, "%s%s%sPYTHONPATH=" BUILD_TEMP "/hub %s %s",
                     secret ? "HF_TOKEN=\"$(cat " : "", secret ? secret : "", secret ? ")\" " : "",
                     emitter->python, script);
    run_step_command(run, "rm -rf %s/.cache", folder);
    emitter_run(emitter, run);
    return TRUE;
}

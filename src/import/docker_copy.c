/* COPY and ADD: files, downloads, and what comes from other build stages. */
#include "import/docker_project.h"

#include "dockerfile/glob.h"

typedef struct {
    Scene *scene;
    const DockerInstruction *instruction;
    Span at;
    char *owner, *mode; /* or NULL */
    GPtrArray *exclude; /* char * */
} Copy;

static void refuse(const Copy *copy, const char *why)
{
    draft_note(copy->scene->draft, NOTE_LOST, copy->at, "%s: %s",
               docker_keyword_name(copy->instruction->keyword), why);
}

static void add_flags(const Copy *copy, DraftValue *entry)
{
    if (copy->mode)
        draft_set_text(entry, "mode", copy->mode);
    if (copy->owner)
        draft_set_text(entry, "owner", copy->owner);
    for (guint i = 0; i < copy->exclude->len; i++)
        draft_append_text(entry, "exclude", copy->exclude->pdata[i]);
}

/* Where a file lands: COPY's destination, "dest/" for several sources. */
static char *landing(const char *dest, const char *source)
{
    if (!g_str_has_suffix(dest, "/"))
        return g_strdup(dest);
    g_autofree char *base = g_path_get_basename(source);
    return g_build_filename(dest, base, NULL);
}

/* Sources of the recipe's folder */

/* As recipes write it: relative, a folder whose content is meant with "/" at its end. */
static char *source_path(const Scene *scene, const char *source)
{
    while (*source == '/' || g_str_has_prefix(source, "./"))
        source += *source == '/' ? 1 : 2;
    if (*source == '\0' || g_str_equal(source, "."))
        return g_strdup("./");
    bool folder = scene_is_context_folder(scene, source) && !g_str_has_suffix(source, "/");
    return g_strconcat(*source == '~' ? "./" : "", source, folder ? "/" : "", NULL);
}

static bool leaves_context(const char *source)
{
    g_auto(GStrv) parts = g_strsplit(source, "/", -1);
    return g_strv_contains((const char *const *)parts, "..");
}

static void remember(const Copy *copy, const char *source, const char *dest, DraftValue *entry,
                     DraftStage *stage)
{
    if (glob_has_wildcards(source)) {
        if (g_str_has_suffix(dest, "/")) {
            g_autofree char *folder = g_path_get_dirname(source);
            scene_add_path(copy->scene, g_strdup(dest),
                           g_strdup(g_str_equal(folder, ".") ? "./" : folder), true, NULL, "files",
                           stage);
        }
        return;
    }
    bool folder = scene_is_context_folder(copy->scene, source);
    char *path = folder ? g_strdup(dest) : landing(dest, source);
    g_autofree char *clean = g_strdup(source);
    size_t length = strlen(clean);
    if (length > 2 && clean[length - 1] == '/')
        clean[length - 1] = '\0';
    scene_add_path(copy->scene, path, g_steal_pointer(&clean), folder, entry, "files", stage);
}

static bool is_simple(const Copy *copy, const GPtrArray *sources)
{
    if (copy->mode || copy->owner || copy->exclude->len > 0 || copy->scene->when)
        return false;
    for (guint i = 0; i < sources->len; i++) {
        const char *source = sources->pdata[i];
        for (guint k = 0; k < i; k++) {
            if (g_str_equal(source, sources->pdata[k]))
                return false;
        }
        if (strstr(source, "$(") || g_str_equal(source, "name") || g_str_equal(source, "when") ||
            g_str_equal(source, "each") || g_str_equal(source, "layer") ||
            g_str_equal(source, "files"))
            return false;
    }
    return true;
}

static void copy_context(const Copy *copy, const GPtrArray *sources, const char *dest)
{
    if (is_simple(copy, sources)) {
        DraftValue *map = draft_map();
        DraftStage *stage = scene_stage(copy->scene, "files", map, copy->at);
        for (guint i = 0; i < sources->len; i++) {
            draft_set_text(map, sources->pdata[i], dest);
            remember(copy, sources->pdata[i], dest, NULL, stage);
        }
        return;
    }
    for (guint i = 0; i < sources->len; i++) {
        DraftValue *entry = draft_map();
        draft_set_text(entry, "src", sources->pdata[i]);
        draft_set_text(entry, "dest", dest);
        add_flags(copy, entry);
        DraftStage *stage = scene_file(copy->scene, entry, copy->at);
        remember(copy, sources->pdata[i], dest, sources->len == 1 ? entry : NULL, stage);
    }
}

/* ADD */

static bool is_url(const char *text)
{
    return g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://");
}

static bool is_archive(const char *path)
{
    static const char *const endings[] = {".tar",    ".tar.gz", ".tgz",     ".tar.bz2", ".tbz2",
                                          ".tar.xz", ".txz",    ".tar.zst", NULL};
    for (guint i = 0; endings[i]; i++) {
        if (g_str_has_suffix(path, endings[i]))
            return true;
    }
    return false;
}

static void add_url(const Copy *copy, const char *url, const char *dest)
{
    DraftValue *body = draft_map();
    draft_set_text(body, "url", url);
    const DockerFlag *checksum = docker_flag_find(copy->instruction, "checksum");
    if (checksum && checksum->value && g_str_has_prefix(checksum->value, "sha256:"))
        draft_set_text(body, "sha256", checksum->value + strlen("sha256:"));
    draft_set_text(body, "dest", dest);
    draft_set_text(body, "mode", copy->mode ? copy->mode : "0600");
    if (copy->owner)
        refuse(copy, "a download belongs to root; its owner is left out");
    DraftStage *stage = scene_stage(copy->scene, "download", body, copy->at);
    g_autofree char *name = g_strndup(url, strcspn(url, "?#"));
    scene_add_path(copy->scene, landing(dest, name), NULL, false, body, "download", stage);
}

static bool is_repository(const char *url)
{
    g_autofree char *path = g_strndup(url, strcspn(url, "#"));
    return g_str_has_prefix(url, "git@") || g_str_has_suffix(path, ".git");
}

/* Heredocs */

static void copy_heredoc(const Copy *copy, const DockerHeredoc *heredoc, const char *dest)
{
    g_autofree char *text = g_strdup(heredoc->body->text->str);
    if (heredoc->chomp) {
        char *chomped = scene_chomp(text);
        g_free(text);
        text = chomped;
    }
    char *content = heredoc->expand && strchr(text, '$') ? NULL : draft_escape(text);
    if (!content) {
        g_autoptr(Placed) word = placed_slice(heredoc->body, 0, heredoc->body->text->len);
        content = scene_word(copy->scene, word);
        /* quotes are text there, and the words' reader takes them away */
        if (!content || strpbrk(text, "'\"\\")) {
            g_free(content);
            content = NULL;
        }
    }
    if (!content) {
        refuse(copy, "the heredoc has variables whose values are not known");
        return;
    }
    DraftValue *entry = draft_map();
    g_autofree char *path = landing(dest, heredoc->name);
    draft_set_text(entry, "dest", path);
    draft_set_text(entry, "content", content);
    add_flags(copy, entry);
    DraftStage *stage = scene_file(copy->scene, entry, copy->at);
    scene_add_path(copy->scene, g_strdup(path), NULL, false, entry, "files", stage);
    g_free(content);
}

/* Other build stages and images */

static bool is_uv_image(const char *from)
{
    return strstr(from, "astral-sh/uv") != NULL || strstr(from, "astral/uv") != NULL;
}

/* Whether the path is where Python packages of a build stage lie, which its pip stages say better.
 */
static bool is_environment(const char *path)
{
    return strstr(path, "/site-packages") != NULL || g_str_has_suffix(path, "/.local") ||
           g_str_has_suffix(path, "/.venv") || g_str_has_suffix(path, "/venv");
}

static bool is_pip_only(const GPtrArray *stages)
{
    bool any = false;
    for (guint i = 0; i < stages->len; i++) {
        const DraftStage *stage = stages->pdata[i];
        any |= g_str_equal(stage->kind, "pip");
        if (g_str_equal(stage->kind, "run"))
            return false;
    }
    return any;
}

/* Reads the build stage as a scene of its own. */
static Scene *read_apart(Scene *scene, int number, GPtrArray *out)
{
    Scene *apart = scene_new_below(scene, out);
    apart->taking = true;
    scene_read_stage(apart, number);
    return apart;
}

/* Whether pip stages, and files that come along, are all that makes the folder. */
static bool is_all_said(const Scene *apart, const GPtrArray *stages, const char *folder)
{
    for (guint i = 0; i < stages->len; i++) {
        const DraftStage *stage = stages->pdata[i];
        static const char *const elsewhere[] = {"pip", "apt", "files", NULL};
        if (!g_strv_contains(elsewhere, stage->kind))
            return false;
    }
    for (guint i = 0; i < apart->paths->len; i++) {
        const ScenePath *path = apart->paths->pdata[i];
        bool inside = scene_is_below(path->path, folder),
             around = scene_is_below(folder, path->path);
        if (inside ? !scene_brings_below(apart, path->stage, folder) : around)
            return false;
    }
    return true;
}

static void take_stages(const Copy *copy, Scene *apart, GPtrArray *out, const char *folder)
{
    Scene *scene = copy->scene;
    for (guint i = 0; i < out->len; i++) {
        DraftStage *stage = out->pdata[i];
        bool code = scene_brings_below(apart, stage, folder);
        if (code && copy->owner)
            scene_own_stage(stage, copy->owner);
        if (code || g_str_equal(stage->kind, "pip") || scene_brings_project(apart, stage))
            g_ptr_array_add(scene->out, g_ptr_array_steal_index(out, i--));
    }
    for (guint i = 0; i < apart->projects->len; i++)
        scene_take_project(scene, apart->projects->pdata[i]);
}

/* Where a prefix of pip's, or a user's, lands in the image. */
static bool is_own_place(const char *source, const char *target)
{
    return g_str_has_suffix(source, "/.local") && g_str_has_suffix(target, "/.local");
}

/* A builder that makes an environment which is copied as a whole, alone or with the code beside it:
 * its pip stages are the image's. */
static bool take_environment(const Copy *copy, const char *from, const char *source,
                             const char *dest)
{
    Scene *scene = copy->scene;
    int number = build_stage_find(scene->stages, from, (guint)scene->number);
    if (number < 0 || scene->depth > 0 || scene->is_part)
        return false;
    g_autofree char *clean = g_canonicalize_filename(source, "/");
    g_autofree char *target = g_canonicalize_filename(dest, scene->workdir);
    g_autofree char *taken = g_strconcat("taken:", from, NULL);
    if (g_str_equal(clean, "/usr/local/bin") && g_hash_table_contains(scene->parts, taken)) {
        draft_note(scene->draft, NOTE_DROPPED, copy->at,
                   "the scripts of the packages come with the packages");
        return true;
    }
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(scene_free_stage);
    guint notes = scene->draft->notes->len;
    Scene *apart = read_apart(scene, number, out);
    const char *venv = apart->venv;
    bool same = g_str_equal(clean, target);
    bool whole = venv && g_str_equal(venv, clean) && is_pip_only(out);
    bool around = venv && !whole && scene_is_below(venv, clean) && is_pip_only(out) &&
                  is_all_said(apart, out, clean);
    bool place = !venv && is_pip_only(out) &&
                 ((same && is_environment(clean)) || is_own_place(clean, target));
    bool put = scene_take_place(scene, apart, out, clean, target);
    bool fits = ((whole || around) && same) || (place && !apart->place) || put;
    if (!fits)
        g_ptr_array_set_size(scene->draft->notes, (int)notes);
    if (fits) {
        bool left = false;
        for (guint i = 0; i < out->len; i++)
            left |= g_str_equal(((const DraftStage *)out->pdata[i])->kind, "apt");
        g_hash_table_add(scene->parts, g_steal_pointer(&taken));
        if (venv && !scene->venv)
            scene_set_venv(scene, venv);
        for (guint i = notes; put && i < scene->draft->notes->len; i++) {
            DraftNote *note = scene->draft->notes->pdata[i];
            if (note->kind == NOTE_KEPT)
                note->kind = NOTE_DROPPED; /* the builder's own, and it stays there */
        }
        if (!put)
            take_stages(copy, apart, out, clean);
        draft_note(scene->draft, NOTE_ASSUMED, copy->at,
                   "%s of build stage '%s' is what its pip stages install, which stand in the "
                   "recipe%s",
                   clean, from,
                   left ? "; the packages of its apt-get are left out, as they are not in the image"
                        : "");
    }
    scene_free(apart);
    return fits;
}

/* A file that a build stage has from the recipe's folder, and that no script of it names. */
static char *unchanged_source(const Copy *copy, const char *from, const char *path)
{
    Scene *scene = copy->scene;
    int number = build_stage_find(scene->stages, from, (guint)MAX(scene->number, 0));
    if (number < 0 || scene->depth > 0 || scene->is_part || glob_has_wildcards(path))
        return NULL;
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(scene_free_stage);
    guint notes = scene->draft->notes->len;
    Scene *apart = read_apart(scene, number, out);
    g_ptr_array_set_size(scene->draft->notes, (int)notes);
    const ScenePath *found = scene_path_find(apart, path);
    bool file = found && found->source && !found->is_folder && !found->entry;
    g_autofree char *name = g_path_get_basename(path);
    for (guint i = 0; file && i < out->len; i++) {
        const DraftStage *stage = out->pdata[i];
        const char *script = draft_is_map(stage->body) ? draft_get_text(stage->body, "script")
                                                       : draft_value_text(stage->body);
        file = !g_str_equal(stage->kind, "run") || (script && !strstr(script, name));
    }
    char *source = file ? g_strdup(found->source) : NULL;
    scene_free(apart);
    return source;
}

/* `pip install --user` and poetry put packages into folders that a recipe's pip stages do not. */
static void note_elsewhere(const Copy *copy, const char *name, const char *source)
{
    const DraftPart *part = draft_part(copy->scene->draft, name);
    const DraftValue *python = draft_get(part->keys, "python");
    const char *venv = draft_is_map(python) ? draft_get_text(python, "venv") : NULL;
    bool installs = false;
    for (guint i = 0; i < part->stages->len; i++)
        installs |= g_str_equal(((const DraftStage *)part->stages->pdata[i])->kind, "pip");
    if (installs && is_environment(source) && !strstr(source, "/site-packages") &&
        !(venv && scene_is_below(venv, source)))
        draft_note(copy->scene->draft, NOTE_LOST, copy->at,
                   "%s is empty in the part '%s': its pip stages install into the Python of its "
                   "base; let the recipe have them itself",
                   source, name);
}

static void copy_from(const Copy *copy, const char *from, const GPtrArray *sources,
                      const char *dest)
{
    Scene *scene = copy->scene;
    if (is_uv_image(from)) {
        draft_note(scene->draft, NOTE_DROPPED, copy->at,
                   "uv is not needed: ramekin installs what it would");
        scene->left_tools = true;
        return;
    }
    if (sources->len == 1 && take_environment(copy, from, sources->pdata[0], dest))
        return;
    g_autofree char *source =
        sources->len == 1 ? unchanged_source(copy, from, sources->pdata[0]) : NULL;
    if (source) {
        g_autoptr(GPtrArray) own = g_ptr_array_new();
        g_ptr_array_add(own, source);
        copy_context(copy, own, dest);
        return;
    }
    g_autofree char *part = scene_part(scene, from, copy->at);
    if (!part) {
        refuse(copy, "the image that it copies from is not known, or has no tag");
        return;
    }
    for (guint i = 0; i < sources->len; i++) {
        DraftValue *entry = draft_map();
        g_autofree char *absolute = scene_path(scene, "/", sources->pdata[i]);
        note_elsewhere(copy, part, absolute);
        draft_set_text(entry, "from", part);
        draft_set_text(entry, "src", absolute);
        draft_set_text(entry, "dest", dest);
        add_flags(copy, entry);
        DraftStage *stage = scene_file(scene, entry, copy->at);
        scene_add_path(scene, landing(dest, absolute), NULL, false, entry, "part", stage);
    }
}

/* All of it */

static void copy_other(const Copy *copy, GPtrArray *sources, const char *dest)
{
    Scene *scene = copy->scene;
    bool add = copy->instruction->keyword == DOCKER_ADD;
    for (guint i = 0; i < sources->len; i++) {
        const char *source = sources->pdata[i];
        bool archive = add && is_archive(source) && !is_url(source);
        if (!archive && !is_url(source) && !is_repository(source) && !leaves_context(source))
            continue;
        if (add && is_repository(source))
            refuse(copy, "a repository; write a `git:` stage with its commit");
        else if (add && is_url(source))
            add_url(copy, source, dest);
        else if (archive)
            refuse(copy, "an archive of the folder that is unpacked; put its content into the "
                         "folder and take that");
        else
            refuse(copy, "a path outside the folder of the recipe");
        g_ptr_array_remove_index(sources, i--);
    }
    for (guint i = 0; i < sources->len; i++) {
        char *path = source_path(scene, sources->pdata[i]);
        g_free(sources->pdata[i]);
        sources->pdata[i] = path;
    }
    if (sources->len > 0)
        copy_context(copy, sources, dest);
}

static void read_flags(Copy *copy)
{
    const DockerFlag *mode = docker_flag_find(copy->instruction, "chmod");
    const DockerFlag *owner = docker_flag_find(copy->instruction, "chown");
    bool octal =
        mode && mode->value && *mode->value && mode->value[strspn(mode->value, "01234567")] == '\0';
    if (octal)
        copy->mode = g_strconcat(strlen(mode->value) < 4 ? "0" : "", mode->value, NULL);
    else if (mode)
        refuse(copy, "--chmod is no number, and is left out");
    if (owner && owner->value && *owner->value) {
        g_autoptr(Placed) word = placed_new();
        placed_append(word, owner->value, strlen(owner->value), 0);
        g_autofree char *plain = scene_value(copy->scene, word);
        g_autofree char *number = plain ? scene_owner(copy->scene, plain, copy->at) : NULL;
        copy->owner = g_strcmp0(number, plain) != 0 ? g_steal_pointer(&number)
                                                    : scene_word(copy->scene, word);
    }
    for (guint i = 0; i < copy->instruction->flags->len; i++) {
        const DockerFlag *flag = copy->instruction->flags->pdata[i];
        if (g_str_equal(flag->name, "exclude") && flag->value)
            g_ptr_array_add(copy->exclude, flag->value);
        if (g_str_equal(flag->name, "parents"))
            refuse(copy, "--parents is left out: look where the files go");
    }
}

static void read_copy(Copy *copy, GPtrArray *words)
{
    Scene *scene = copy->scene;
    const char *last = words->pdata[words->len - 1];
    g_autofree char *dest = scene_path(scene, NULL, last);
    g_ptr_array_set_size(words, (int)words->len - 1);
    if (words->len > 1 && !g_str_has_suffix(dest, "/")) {
        char *folder = g_strconcat(dest, "/", NULL);
        g_free(dest);
        dest = folder;
    }
    for (guint i = 0, k = 0; i < words->len; i++) {
        if (!g_str_has_prefix(words->pdata[i], "<<") || k >= copy->instruction->heredocs->len)
            continue;
        copy_heredoc(copy, copy->instruction->heredocs->pdata[k++], dest);
        g_ptr_array_remove_index(words, i--);
    }
    const DockerFlag *flag = docker_flag_find(copy->instruction, "from");
    g_autofree char *from = NULL;
    if (flag && flag->value) {
        g_autoptr(Placed) word = placed_new();
        placed_append(word, flag->value, strlen(flag->value), 0);
        from = scene_value(scene, word);
    }
    if (words->len == 0)
        return;
    if (from)
        copy_from(copy, from, words, dest);
    else
        copy_other(copy, words, dest);
}

void scene_copy(Scene *scene, const DockerInstruction *instruction)
{
    Copy copy = {.scene = scene, .instruction = instruction, .at = scene_span(scene)};
    copy.exclude = g_ptr_array_new();
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    bool known = instruction->words->len >= 2;
    for (guint i = 0; known && i < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        char *text = g_str_has_prefix(word->text->str, "<<") ? g_strdup(word->text->str)
                                                             : scene_word_or_default(scene, word);
        known = text && *text && !(strchr(text, '$') && !strstr(text, "$("));
        g_ptr_array_add(words, text);
    }
    read_flags(&copy);
    if (known)
        read_copy(&copy, words);
    else
        refuse(&copy, "its paths are not known");
    g_free(copy.mode);
    g_free(copy.owner);
    g_ptr_array_unref(copy.exclude);
}

/* Drafts, and the recipe's text. */
#include "import/draft.h"

static void free_stage(void *stage)
{
    draft_stage_free(stage);
}

static void free_part(void *data)
{
    DraftPart *part = data;
    g_free(part->name);
    draft_value_free(part->keys);
    g_ptr_array_unref(part->stages);
    g_free(part);
}

static void free_note(void *data)
{
    DraftNote *note = data;
    g_free(note->text);
    g_free(note);
}

static void unref_source(void *source)
{
    source_unref(source);
}

Draft *draft_new(void)
{
    Draft *draft = g_new0(Draft, 1);
    draft->sources = g_ptr_array_new_with_free_func(unref_source);
    draft->keys = draft_map();
    draft->said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    draft->stages = g_ptr_array_new_with_free_func(free_stage);
    draft->parts = g_ptr_array_new_with_free_func(free_part);
    draft->notes = g_ptr_array_new_with_free_func(free_note);
    draft_set_plain(draft->keys, "version", "1");
    return draft;
}

void draft_free(Draft *draft)
{
    if (!draft)
        return;
    g_ptr_array_unref(draft->notes);
    g_ptr_array_unref(draft->parts);
    g_ptr_array_unref(draft->stages);
    g_hash_table_unref(draft->said);
    draft_value_free(draft->keys);
    g_free(draft->comment);
    g_ptr_array_unref(draft->sources);
    g_free(draft);
}

void draft_add_source(Draft *draft, Source *source)
{
    g_ptr_array_add(draft->sources, source_ref(source));
}

void draft_say(Draft *draft, const char *key, const char *comment)
{
    g_hash_table_replace(draft->said, g_strdup(key), g_strdup(comment));
}

/* Indexes */

/* "cu124" of ".../whl/cu124", for the wheel index of PyTorch. */
static char *builtin_index(const char *url)
{
    static const char prefix[] = "https://download.pytorch.org/whl/";
    if (!g_str_has_prefix(url, prefix))
        return NULL;
    const char *name = url + strlen(prefix);
    size_t length = strcspn(name, "/");
    const char *digits = g_str_has_prefix(name, "cu") ? name + 2 : name;
    bool cuda = digits > name && strspn(digits, "0123456789") == (size_t)(name + length - digits) &&
                length == strlen("cu124");
    const char *version = g_str_has_prefix(name, "rocm") ? name + 4 : name;
    bool rocm =
        version > name && strspn(version, "0123456789.") == (size_t)(name + length - version);
    bool cpu = length == 3 && strncmp(name, "cpu", 3) == 0;
    if (name[length + strspn(name + length, "/")] != '\0' || (!cuda && !rocm && !cpu))
        return NULL;
    return g_strndup(name, length);
}

/* "example" of "https://packages.example.org/simple": the host without its last label and what is
 * said of many hosts. */
static char *index_stem(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t length = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', length);
    if (at) {
        length -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    g_autofree char *name = g_strndup(host, strcspn(host, "/?#:"));
    g_auto(GStrv) labels = g_strsplit(name, ".", -1);
    guint count = g_strv_length(labels);
    bool number = strspn(name, "0123456789.") == strlen(name);
    const char *best = count >= 2 && !number ? labels[count - 2] : "index";
    return draft_image_name(best);
}

const char *draft_index(Draft *draft, const char *url)
{
    g_autofree char *builtin = builtin_index(url);
    if (builtin)
        return g_intern_string(builtin);
    DraftValue *indexes = draft_need_map(draft->keys, "indexes");
    g_autofree char *stem = index_stem(url);
    for (guint i = 1;; i++) {
        g_autofree char *name = i == 1 ? g_strdup(stem) : g_strdup_printf("%s-%u", stem, i);
        const char *there = draft_get_text(indexes, name);
        bool taken =
            g_str_equal(name, "main") || g_str_equal(name, "auto") || g_str_equal(name, "cpu");
        if (taken || (there && !g_str_equal(there, url)))
            continue;
        if (!there)
            draft_set_text(indexes, name, url);
        return g_intern_string(name);
    }
}

/* Stages, checks, notes */

DraftStage *draft_stage_new(const char *kind, DraftValue *body)
{
    DraftStage *stage = g_new0(DraftStage, 1);
    stage->kind = g_strdup(kind);
    stage->body = body;
    return stage;
}

DraftStage *draft_stage_add(GPtrArray *stages, const char *kind, DraftValue *body)
{
    DraftStage *stage = draft_stage_new(kind, body);
    g_ptr_array_add(stages, stage);
    return stage;
}

void draft_stage_free(DraftStage *stage)
{
    if (!stage)
        return;
    g_free(stage->kind);
    draft_value_free(stage->body);
    g_free(stage->comment);
    g_free(stage->origin);
    g_free(stage);
}

void draft_stage_say(DraftStage *stage, const char *comment)
{
    char *old = stage->comment;
    stage->comment = old ? g_strconcat(old, "\n", comment, NULL) : g_strdup(comment);
    g_free(old);
}

DraftPart *draft_part(Draft *draft, const char *name)
{
    for (guint i = 0; i < draft->parts->len; i++) {
        DraftPart *part = draft->parts->pdata[i];
        if (g_str_equal(part->name, name))
            return part;
    }
    DraftPart *part = g_new0(DraftPart, 1);
    part->name = g_strdup(name);
    part->keys = draft_map();
    part->stages = g_ptr_array_new_with_free_func(free_stage);
    g_ptr_array_add(draft->parts, part);
    return part;
}

static char *value_line(const DraftValue *value)
{
    GString *out = g_string_new(NULL);
    draft_value_write(value, out, (DraftPlace){0});
    return g_string_free(out, FALSE);
}

void draft_check(Draft *draft, const char *when, DraftValue *item)
{
    DraftValue *list = draft_need_list(draft_need_map(draft->keys, "checks"), when);
    g_autofree char *text = value_line(item);
    for (guint i = 0; i < draft_count(list); i++) {
        g_autofree char *other = value_line(draft_item(list, i));
        if (g_str_equal(text, other)) {
            draft_value_free(item);
            return;
        }
    }
    draft_add(list, item);
}

void draft_note(Draft *draft, NoteKind kind, Span at, const char *format, ...)
{
    DraftNote *note = g_new0(DraftNote, 1);
    note->kind = kind;
    note->at = at;
    va_list args;
    va_start(args, format);
    note->text = g_strdup_vprintf(format, args);
    va_end(args);
    g_ptr_array_add(draft->notes, note);
}

char *draft_image_name(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (g_ascii_isalnum(*p))
            g_string_append_c(out, g_ascii_tolower(*p));
        else if (out->len > 0 && out->str[out->len - 1] != '-')
            g_string_append_c(out, '-');
    }
    if (out->len > 0 && out->str[out->len - 1] == '-')
        g_string_truncate(out, out->len - 1);
    if (out->len == 0)
        g_string_append(out, "app");
    return g_string_free(out, FALSE);
}

/* Text */

static void write_comment(GString *out, unsigned indent, const char *comment)
{
    g_auto(GStrv) lines = g_strsplit(comment ? comment : "", "\n", -1);
    for (guint i = 0; comment && lines[i]; i++) {
        g_autofree char *line = draft_comment_text(lines[i]);
        g_string_append_printf(out, "%*s#%s%s\n", (int)indent, "", *line ? " " : "", line);
    }
}

static unsigned line_of(const GString *out)
{
    unsigned line = 1;
    for (size_t i = 0; i < out->len; i++)
        line += out->str[i] == '\n';
    return line;
}

static void write_stages(GString *out, unsigned indent, const GPtrArray *stages)
{
    unsigned line = line_of(out);
    size_t counted = out->len;
    g_string_append_printf(out, "%*sstages:\n", (int)indent, "");
    for (guint i = 0; i < stages->len; i++) {
        DraftStage *stage = stages->pdata[i];
        write_comment(out, indent + 2, stage->comment);
        for (; counted < out->len; counted++)
            line += out->str[counted] == '\n';
        stage->line = line;
        size_t begin = out->len;
        g_string_append_printf(out, "%*s- ", (int)indent + 2, "");
        draft_key_write(out, stage->kind);
        g_string_append_c(out, ':');
        DraftPlace place = {out->len - begin, indent + 6, 3, 0, stage->origin};
        draft_value_write(stage->body, out, place);
    }
}

static void write_keys(GString *out, unsigned indent, const Draft *draft, const DraftValue *map,
                       const char *const *keys)
{
    for (guint i = 0; keys[i]; i++) {
        const DraftValue *value = draft_get(map, keys[i]);
        if (!value)
            continue;
        size_t begin = out->len;
        g_string_append_printf(out, "%*s%s:", (int)indent, "", keys[i]);
        DraftPlace place = {out->len - begin, indent + 2, 0, 0, NULL};
        place.blocks = g_str_equal(keys[i], "checks") ? 2 : 0;
        place.comment = draft ? g_hash_table_lookup(draft->said, keys[i]) : NULL;
        draft_value_write(value, out, place);
    }
}

/* Keys that stand together, with an empty line between groups. NULL in a group's place: the parts
 * and the stages. */
/* clang-format off */
static const char *const head_keys[] = {"version", "name", "description", "target", "platforms", "base", "python", "libc", NULL};
static const char *const choice_keys[] = {"vars", "matrix", NULL};
static const char *const source_keys[] = {"indexes", "constraints", "overrides", "exclude", "resolve", "exclude_newer", "protect", "mirror", "secrets", "host", NULL};
static const char *const check_keys[] = {"checks", NULL};
static const char *const config_keys[] = {"env", "workdir", "user", "ports", "volumes", "labels", "annotations", "stop_signal", "healthcheck", "entrypoint", "cmd", NULL};
static const char *const last_keys[] = {"runpod", "layers", "bytecode", "ignore", NULL};
static const char *const part_keys[] = {"base", "python", "libc", "env", NULL};
/* clang-format on */

static void write_group(GString *out, const Draft *draft, const char *const *keys)
{
    size_t begin = out->len;
    write_keys(out, 0, draft, draft->keys, keys);
    if (out->len > begin && begin > 0)
        g_string_insert_c(out, (gssize)begin, '\n');
}

static void write_parts(GString *out, const Draft *draft)
{
    if (draft->parts->len > 0)
        g_string_append(out, "\nparts:\n");
    for (guint i = 0; i < draft->parts->len; i++) {
        const DraftPart *part = draft->parts->pdata[i];
        g_string_append(out, "  ");
        draft_key_write(out, part->name);
        g_string_append(out, ":\n");
        write_keys(out, 4, NULL, part->keys, part_keys);
        if (part->stages->len > 0)
            write_stages(out, 4, part->stages);
    }
}

char *draft_format(const Draft *draft)
{
    GString *out = g_string_new(NULL);
    write_comment(out, 0, draft->comment);
    write_keys(out, 0, draft, draft->keys, head_keys);
    write_group(out, draft, choice_keys);
    write_group(out, draft, source_keys);
    write_parts(out, draft);
    if (draft->stages->len > 0) {
        g_string_append_c(out, '\n');
        write_stages(out, 0, draft->stages);
    }
    write_group(out, draft, check_keys);
    write_group(out, draft, config_keys);
    write_group(out, draft, last_keys);
    return g_string_free(out, FALSE);
}

char *draft_format_notes(const Draft *draft)
{
    static const char *const words[] = {
        [NOTE_KEPT] = "kept",        [NOTE_DROPPED] = "left out", [NOTE_ASSUMED] = "assumed",
        [NOTE_LOST] = "not carried", [NOTE_HINT] = "hint",
    };
    GString *out = g_string_new(NULL);
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < draft->notes->len; i++) {
        const DraftNote *note = draft->notes->pdata[i];
        g_autofree char *at = span_address(note->at);
        char *line = g_strdup_printf("%s%s%s: %s\n", at ? at : "", at ? ": " : "",
                                     words[note->kind], note->text);
        if (g_hash_table_add(said, line)) /* takes it in any case */
            g_string_append(out, line);
    }
    return g_string_free(out, FALSE);
}

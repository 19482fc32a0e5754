#include "check/fix_edit.h"

void fix_edit_free(void *data)
{
    FixEdit *edit = data;
    if (!edit)
        return;
    g_free(edit->at);
    g_free(edit->before);
    g_free(edit->after);
    g_free(edit);
}

Span fix_edit_span(const FixEdit *edit)
{
    return span_of_bytes(edit->source, edit->start, edit->length);
}

static bool is_word_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '*';
}

/* Where `text` stands in the line as a word of its own, once; NULL: nowhere, or twice. */
static const char *find_once(const char *line, size_t length, const char *text)
{
    size_t size = strlen(text);
    const char *found = NULL;
    for (size_t i = 0; size > 0 && i + size <= length; i++) {
        bool begins = i == 0 || !is_word_char(text[0]) || !is_word_char(line[i - 1]);
        bool ends = i + size == length || !is_word_char(line[i + size]);
        if (!begins || !ends || strncmp(line + i, text, size) != 0)
            continue;
        if (found)
            return NULL;
        found = line + i;
    }
    return found;
}

static FixEdit *edit_at(Span at, const char *found, const char *before, const char *after)
{
    FixEdit *edit = g_new0(FixEdit, 1);
    edit->at = span_address(at);
    edit->source = at.source;
    edit->start = (size_t)(found - source_text(at.source, NULL));
    edit->length = strlen(before);
    edit->before = g_strdup(before);
    edit->after = g_strdup(after);
    return edit;
}

static FixEdit *replace_on_line(Span at, const char *before, const char *after)
{
    size_t length;
    const char *line = span_is_set(at) ? source_line(at.source, at.line, &length) : NULL;
    const char *found = line ? find_once(line, length, before) : NULL;
    return found ? edit_at(at, found, before, after) : NULL;
}

FixEdit *fix_edit_text(SourceBook *book, const char *address, const char *before, const char *after)
{
    return replace_on_line(source_book_find(book, address), before, after);
}

/* Variables */

/* The name in "$(name)" behind the requirement's name on the line; caller frees. */
static char *variable_of(Span at, const char *name)
{
    size_t length;
    const char *line = source_line(at.source, at.line, &length);
    g_autofree char *text = g_strndup(line, length);
    const char *begin = strstr(text, name);
    begin = begin ? strstr(begin, "$(") : NULL;
    const char *end = begin ? strchr(begin, ')') : NULL;
    return end ? g_strndup(begin + 2, (size_t)(end - begin - 2)) : NULL;
}

static const char *variable_value(const Recipe *recipe, const char *name)
{
    for (guint i = 0; i < recipe->vars->len; i++) {
        const Pair *pair = recipe->vars->pdata[i];
        if (g_str_equal(pair->key, name))
            return pair->value;
    }
    return NULL;
}

/* Whether the line begins, behind blanks, with the key. */
static bool has_key(const char *line, const char *key)
{
    while (*line == ' ')
        line++;
    return g_str_has_prefix(line, key) && line[strlen(key)] == ':';
}

/* The value behind "key:" where it stands on the line. */
static FixEdit *replace_value(Span at, const char *key, const char *value, const char *after)
{
    size_t length;
    const char *line = source_line(at.source, at.line, &length);
    g_autofree char *label = g_strconcat(key, ":", NULL);
    const char *end = line + length;
    const char *place = g_strstr_len(line, (gssize)length, label);
    while (place && place > line && is_word_char(place[-1]))
        place = g_strstr_len(place + 1, end - place - 1, label);
    const char *found = place ? find_once(place, (size_t)(end - place), value) : NULL;
    if (!found && place) /* the value stands more than once: the one right behind the key */
        found = g_strstr_len(place, end - place, value);
    return found ? edit_at(at, found, value, after) : NULL;
}

/* In the lines of the row, which begins with "row:", else in the first line that has the key. */
static FixEdit *edit_variable(const Recipe *recipe, Source *source, const char *name,
                              const char *value, const char *after)
{
    bool in_row = recipe->row == NULL;
    size_t length;
    for (unsigned line = 1; source_line(source, line, &length); line++) {
        g_autofree char *text = g_strndup(source_line(source, line, &length), length);
        g_autofree char *label = g_strconcat(name, ":", NULL);
        in_row |= recipe->row && has_key(text, recipe->row);
        if (!in_row || !strstr(text, label))
            continue;
        FixEdit *edit = replace_value(span_at(source, line, 1, 0), name, value, after);
        if (edit)
            return edit;
    }
    return NULL;
}

/* "2.6.0" of "==2.6.0"; NULL for anything but one exact version. Caller frees. */
static char *pinned_version(const char *requirement, size_t name_length)
{
    const char *rest = requirement + name_length;
    while (*rest == ' ')
        rest++;
    if (*rest == '[')
        rest = strchr(rest, ']') ? strchr(rest, ']') + 1 : rest;
    while (*rest == ' ' || *rest == '=')
        rest++;
    size_t length =
        strspn(rest, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+!-_");
    return length > 0 && rest[length] == '\0' ? g_strndup(rest, length) : NULL;
}

FixEdit *fix_edit_version(SourceBook *book, const Recipe *recipe, const char *address,
                          const char *requirement, const char *wanted)
{
    Span at = source_book_find(book, address);
    if (!span_is_set(at))
        return NULL;
    size_t name_length = strcspn(requirement, " [<>=!~;@");
    size_t head = strcspn(requirement, "<>=!~;@ ");
    g_autofree char *name = g_strndup(requirement, name_length);
    g_autofree char *version = pinned_version(requirement, name_length);
    int kept = version ? (int)(strlen(requirement) - strlen(version)) : 0;
    g_autofree char *after = version ? g_strdup_printf("%.*s%s", kept, requirement, wanted)
                                     : g_strdup_printf("%.*s==%s", (int)head, requirement, wanted);
    FixEdit *edit = replace_on_line(at, requirement, after);
    if (!edit && version)
        edit = replace_on_line(at, version, wanted);
    g_autofree char *variable = edit ? NULL : variable_of(at, name);
    const char *value = variable ? variable_value(recipe, variable) : NULL;
    if (value && version && g_str_equal(value, version))
        edit = edit_variable(recipe, at.source, variable, value, wanted);
    return edit;
}

/* Texts */

static int compare_edits(const void *a, const void *b)
{
    const FixEdit *one = *(FixEdit *const *)a, *other = *(FixEdit *const *)b;
    return one->start < other->start ? -1 : one->start > other->start;
}

static bool is_touched(const GPtrArray *edits, const FixEdit *edit)
{
    for (guint i = 0; i < edits->len; i++) {
        const FixEdit *other = edits->pdata[i];
        if (other->source == edit->source && edit->start < other->start + other->length &&
            other->start < edit->start + edit->length)
            return true;
    }
    return false;
}

void fix_edits_add(GPtrArray *edits, FixEdit *edit)
{
    if (!is_touched(edits, edit))
        g_ptr_array_add(edits, edit);
}

void fix_edits_take(GPtrArray *edits, FixEdit *edit)
{
    if (is_touched(edits, edit))
        fix_edit_free(edit);
    else
        g_ptr_array_add(edits, edit);
}

char *fix_edits_apply(const GPtrArray *edits, const Source *source)
{
    g_autoptr(GPtrArray) own = g_ptr_array_new();
    for (guint i = 0; i < edits->len; i++) {
        if (((const FixEdit *)edits->pdata[i])->source == source)
            g_ptr_array_add(own, edits->pdata[i]);
    }
    g_ptr_array_sort(own, compare_edits);
    size_t length, done = 0;
    const char *text = source_text(source, &length);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < own->len; i++) {
        const FixEdit *edit = own->pdata[i];
        if (edit->start < done)
            continue;
        g_string_append_len(out, text + done, (gssize)(edit->start - done));
        g_string_append(out, edit->after);
        done = edit->start + edit->length;
    }
    g_string_append_len(out, text + done, (gssize)(length - done));
    return g_string_free(out, FALSE);
}

GPtrArray *fix_edits_sources(const GPtrArray *edits)
{
    GPtrArray *sources = g_ptr_array_new();
    for (guint i = 0; i < edits->len; i++) {
        Source *source = ((const FixEdit *)edits->pdata[i])->source;
        if (!g_ptr_array_find(sources, source, NULL))
            g_ptr_array_add(sources, source);
    }
    return sources;
}

char *fix_edits_diff(const SourceBook *book, const GPtrArray *edits)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GPtrArray) sources = fix_edits_sources(edits);
    for (guint i = 0; i < sources->len; i++) {
        Source *source = sources->pdata[i];
        g_autofree char *path = source_book_path(book, source);
        g_autofree char *changed = fix_edits_apply(edits, source);
        g_autoptr(Source) after = source_new(path, changed, strlen(changed));
        g_string_append_printf(out, "--- %s\n+++ %s\n", path, path);
        size_t old_length, new_length;
        for (unsigned line = 1; source_line(source, line, &old_length); line++) {
            const char *old = source_line(source, line, &old_length);
            const char *new = source_line(after, line, &new_length);
            if (new &&old_length == new_length && memcmp(old, new, old_length) == 0)
                continue;
            g_string_append_printf(out, "@@ -%u +%u @@\n-%.*s\n+%.*s\n", line, line,
                                   (int)old_length, old, new ? (int)new_length : 0, new);
        }
    }
    return g_string_free(out, FALSE);
}

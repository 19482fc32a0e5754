#include "python/pyproject_poetry.h"

#include "python/poetry_constraint.h"

static const char *text_of(const Node *table, const char *key)
{
    const Node *node = table->kind == NODE_MAP ? node_find(table, key) : NULL;
    return node && node->kind == NODE_SCALAR ? node->text : NULL;
}

static bool is_true(const Node *table, const char *key)
{
    return g_strcmp0(text_of(table, key), "true") == 0;
}

static void append_extras(GString *text, const Node *table)
{
    const Node *extras = table->kind == NODE_MAP ? node_find(table, "extras") : NULL;
    if (!extras || extras->kind != NODE_LIST || extras->count == 0)
        return;
    for (unsigned i = 0; i < extras->count; i++)
        g_string_append_printf(text, "%s%s", i ? "," : "[",
                               extras->items[i]->text ? extras->items[i]->text : "");
    g_string_append_c(text, ']');
}

/* "python_full_version >= '3.8'" for each clause. */
static bool append_python(GString *marker, const char *constraint, GError **error)
{
    g_autofree char *clauses = poetry_constraint_clauses(constraint, error);
    if (!clauses)
        return false;
    g_auto(GStrv) parts = g_strsplit(clauses, ",", -1);
    for (size_t i = 0; parts[i]; i++) {
        size_t sign = strspn(parts[i], "<>=!~");
        if (sign > 0)
            g_string_append_printf(marker, "%spython_full_version %.*s '%s'",
                                   marker->len ? " and " : "", (int)sign, parts[i],
                                   parts[i] + sign);
    }
    return true;
}

static char *entry_marker(const Node *entry, GError **error)
{
    g_autoptr(GString) marker = g_string_new(NULL);
    const char *markers = text_of(entry, "markers"), *platform = text_of(entry, "platform");
    const char *python = text_of(entry, "python");
    if (markers)
        g_string_append_printf(marker, "(%s)", markers);
    if (platform)
        g_string_append_printf(marker, "%ssys_platform == '%s'", marker->len ? " and " : "",
                               platform);
    if (python && !append_python(marker, python, error))
        return NULL;
    return g_string_free(g_steal_pointer(&marker), FALSE);
}

/* "name @ URL", or a path of its own. */
static bool append_direct(GString *text, const Node *entry)
{
    const char *git = text_of(entry, "git"), *url = text_of(entry, "url");
    const char *path = text_of(entry, "path");
    if (path) {
        g_string_printf(text, "./%s", path);
        return true;
    }
    if (!git && !url)
        return false;
    const char *revision = text_of(entry, "rev");
    revision = revision                ? revision
               : text_of(entry, "tag") ? text_of(entry, "tag")
                                       : text_of(entry, "branch");
    g_string_append_printf(text, " @ %s%s%s%s", git ? "git+" : "", git ? git : url,
                           git && revision ? "@" : "", git && revision ? revision : "");
    return true;
}

static char *one_requirement(const char *name, const Node *entry, GError **error)
{
    g_autoptr(GString) text = g_string_new(name);
    g_autofree char *marker = entry_marker(entry, error);
    if (!marker)
        return NULL;
    append_extras(text, entry);
    const char *version = entry->kind == NODE_SCALAR ? entry->text : text_of(entry, "version");
    bool direct = append_direct(text, entry);
    if (!direct && version) {
        g_autofree char *clauses = poetry_constraint_clauses(version, error);
        if (!clauses)
            return NULL;
        g_string_append(text, clauses);
    }
    if (*marker)
        g_string_append_printf(text, " ; %s", marker);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool add_entry(GStrvBuilder *builder, const char *name, const Node *entry, bool optional,
                      GError **error)
{
    if (entry->kind == NODE_MAP && is_true(entry, "optional") && !optional)
        return true;
    GError *cause = NULL;
    g_autofree char *text = one_requirement(name, entry, &cause);
    if (!text)
        return error_wrap(error, cause, entry->at, "dependency '%s'", name);
    g_strv_builder_add(builder, text);
    return true;
}

char **poetry_requirements(const char *name, const Node *entry, bool optional, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    bool ok = true;
    if (entry->kind != NODE_LIST)
        ok = add_entry(builder, name, entry, optional, error);
    for (unsigned i = 0; ok && entry->kind == NODE_LIST && i < entry->count; i++) {
        const Node *item = entry->items[i];
        ok = item->kind == NODE_LIST
                 ? error_set(error, ERROR_INPUT, item->at, "dependency '%s' is no table", name)
                 : add_entry(builder, name, item, optional, error);
    }
    return ok ? g_strv_builder_end(builder) : NULL;
}

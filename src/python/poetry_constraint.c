#include "python/poetry_constraint.h"

#include <string.h>

/* The release with the part at `position` one higher and nothing behind it. */
static char *next_release(const Version *version, guint position)
{
    const char *const *release = version_release(version);
    g_autoptr(GString) text = g_string_new(NULL);
    if (!g_str_equal(version_epoch(version), "0"))
        g_string_append_printf(text, "%s!", version_epoch(version));
    guint count = g_strv_length((char **)release);
    for (guint i = 0; i <= position; i++) {
        guint64 part = i < count ? g_ascii_strtoull(release[i], NULL, 10) : 0;
        g_string_append_printf(text, "%s%" G_GUINT64_FORMAT, i ? "." : "",
                               part + (i == position ? 1 : 0));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The first part that is not 0, else the last that is written. */
static guint caret_position(const Version *version)
{
    const char *const *release = version_release(version);
    guint count = g_strv_length((char **)release);
    for (guint i = 0; i < count; i++) {
        if (strspn(release[i], "0") != strlen(release[i]))
            return i;
    }
    return count - 1;
}

static char *range_clauses(const char *text, bool caret, GError **error)
{
    g_autoptr(Version) version = version_parse(text, error);
    if (!version)
        return NULL;
    guint written = g_strv_length((char **)version_release(version));
    guint position = caret ? caret_position(version) : written > 1 ? 1 : 0;
    g_autofree char *next = next_release(version, position);
    return g_strdup_printf(">=%s,<%s", version_text(version), next);
}

/* One clause without blanks. */
static char *clause_text(const char *clause, GError **error)
{
    if (g_str_equal(clause, "*"))
        return g_strdup("");
    if (clause[0] == '^')
        return range_clauses(clause + 1, true, error);
    if (clause[0] == '~' && clause[1] != '=')
        return range_clauses(clause + 1, false, error);
    g_autofree char *text =
        strchr("<>=!~", clause[0])
            ? g_strdup_printf("%s%s", clause[0] == '=' && clause[1] != '=' ? "=" : "", clause)
            : g_strdup_printf("==%s", clause);
    g_autoptr(SpecifierSet) set = specifier_set_parse(text, error);
    return set ? g_steal_pointer(&text) : NULL;
}

/* "> = 1.0" is one clause, ">=1.0 <2" are two. */
static char **split_clauses(const char *text)
{
    g_autoptr(GStrvBuilder) clauses = g_strv_builder_new();
    while (*text) {
        text += strspn(text, ", \t");
        size_t sign = strspn(text, "<>=!~^");
        size_t blanks = strspn(text + sign, " \t");
        size_t length = strcspn(text + sign + blanks, ", \t");
        if (sign + length == 0)
            break;
        g_autofree char *clause =
            g_strdup_printf("%.*s%.*s", (int)sign, text, (int)length, text + sign + blanks);
        g_strv_builder_add(clauses, clause);
        text += sign + blanks + length;
    }
    return g_strv_builder_end(clauses);
}

static char *alternative_clauses(const char *text, GError **error)
{
    g_auto(GStrv) clauses = split_clauses(text);
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; clauses[i]; i++) {
        g_autofree char *one = clause_text(clauses[i], error);
        if (!one)
            return NULL;
        if (*one)
            g_string_append_printf(all, "%s%s", all->len ? "," : "", one);
    }
    return g_string_free(g_steal_pointer(&all), FALSE);
}

char *poetry_constraint_clauses(const char *text, GError **error)
{
    if (!strstr(text, "|"))
        return alternative_clauses(text, error);
    error_set(error, ERROR_INPUT, SPAN_NONE, "'%s' has alternatives, which a requirement can't say",
              text);
    return NULL;
}

bool poetry_constraint_allows(const char *text, const Version *version)
{
    g_auto(GStrv) alternatives = g_strsplit(text, "|", -1);
    for (size_t i = 0; alternatives[i]; i++) {
        if (i > 0 && !*g_strstrip(alternatives[i]))
            continue; /* between the two bars */
        g_autofree char *clauses = alternative_clauses(alternatives[i], NULL);
        g_autoptr(SpecifierSet) set = clauses ? specifier_set_parse(clauses, NULL) : NULL;
        if (!set || specifier_set_contains(set, version, PRERELEASES_YES))
            return true;
    }
    return false;
}

#include "lock/solve_words.h"

#define WAYS_SHOWN 3

/* As the user wrote it, without --hash and the like. */
static const char *line_text(const PipRequirement *line)
{
    bool plain = !line->requirement || !strstr(line->text, " --");
    return plain ? line->text : line->requirement->text;
}

/* "; numpy is 2.1.0 then", unless the way itself says so. */
static char *describe_gives(const Conflict *conflict, const WayOut *way)
{
    size_t length = strlen(conflict->name);
    bool same = way->kind == WAY_ADD
                    ? strncmp(way->text, conflict->name, length) == 0 && way->text[length] == '='
                    : way->kind == WAY_CHANGE && way->line->requirement &&
                          g_str_equal(way->line->requirement->canonical, conflict->name);
    if (!way->gives || same || length == 0)
        return g_strdup("");
    return g_strdup_printf("; %s is %s then", conflict->name, way->gives + length + 1);
}

static char *describe_way(const Conflict *conflict, const WayOut *way)
{
    g_autofree char *address = way->line ? span_address(way->line->at) : NULL;
    g_autofree char *at = address ? g_strdup_printf(" (%s)", address) : g_strdup("");
    const char *constraint = way->constraint ? "the constraint " : "";
    switch (way->kind) {
    case WAY_CHANGE:
        return g_strdup_printf("change %s%s to %s%s", constraint, line_text(way->line), way->text,
                               at);
    case WAY_DROP:
        return g_strdup_printf("leave out %s%s%s", constraint, line_text(way->line), at);
    case WAY_ADD:
        return g_strdup_printf("add the constraint %s", way->text);
    case WAY_WHEELS:
        return g_strdup_printf("`only_binary: [%s]` takes %s", way->text, way->gives);
    }
    return NULL;
}

/* One way out for each line, the best, and none that leaves another conflict if there are others.
 */
static bool is_shown(const GPtrArray *ways, guint index)
{
    const WayOut *way = ways->pdata[index];
    if (way->partial && !((const WayOut *)ways->pdata[0])->partial)
        return false;
    for (guint i = 0; i < index; i++) {
        const WayOut *other = ways->pdata[i];
        if (way->line && other->line == way->line)
            return false;
    }
    return true;
}

static void append_way(GString *text, const Conflict *conflict, const WayOut *way)
{
    g_autofree char *change = describe_way(conflict, way);
    g_autofree char *gives = way->kind == WAY_WHEELS ? g_strdup("") : describe_gives(conflict, way);
    g_string_append_printf(text, "%s%s%s%s", text->len ? "\nor " : "", change, gives,
                           way->partial ? "; other lines conflict as well" : "");
}

char *explain_ways(const Conflict *conflict)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned shown = 0;
    for (guint i = 0; i < conflict->ways->len && shown < WAYS_SHOWN; i++) {
        if (!is_shown(conflict->ways, i))
            continue;
        append_way(text, conflict, conflict->ways->pdata[i]);
        shown++;
    }
    return shown > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

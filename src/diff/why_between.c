#include "diff/why_between.h"

#include "diff/diff_private.h"
#include "text/jsonw.h"

enum {
    MIN_COLUMNS = 40,
};

void why_between_free(WhyBetween *between)
{
    if (!between)
        return;
    why_free(between->why_a);
    why_free(between->why_b);
    g_ptr_array_unref(between->causes);
    g_free(between->name);
    g_free(between);
}

static const DiffDistribution *find_change(const Diff *diff, const char *name)
{
    for (guint i = 0; name && i < diff->distributions->len; i++) {
        if (g_str_equal(diff_name(diff->distributions->pdata[i]), name))
            return diff->distributions->pdata[i];
    }
    return NULL;
}

/* Each once: what is brought along by something that it brings along ends the list. */
static void find_causes(WhyBetween *between)
{
    const DiffDistribution *at = between->change;
    while (at && at->owner) {
        at = find_change(between->diff, at->owner);
        if (!at || at == between->change || g_ptr_array_find(between->causes, at, NULL))
            return;
        g_ptr_array_add(between->causes, (void *)at);
    }
}

static const LockDistribution *installed_of(const DiffSide *side, const char *name)
{
    return lock_target_is_solved(side->target) ? diff_find(diff_environment(side->target), name)
                                               : NULL;
}

static Why *why_of(const DiffSide *side, const char *name)
{
    return side->flat ? NULL : why_new(side->label, side->target, NULL, name);
}

static const DiffRequest *find_request(const Diff *diff, const char *name)
{
    for (guint i = 0; i < diff->requests->len; i++) {
        const DiffRequest *request = diff->requests->pdata[i];
        if (g_str_equal(request->name, name))
            return request;
    }
    return NULL;
}

WhyBetween *why_between_new(const Diff *diff, const char *name)
{
    g_autoptr(WhyBetween) between = g_new0(WhyBetween, 1);
    between->diff = diff;
    between->name = g_strdup(name);
    between->change = find_change(diff, name);
    between->before = installed_of(&diff->a, name);
    between->after = installed_of(&diff->b, name);
    between->causes = g_ptr_array_new();
    between->why_a = why_of(&diff->a, name);
    between->why_b = why_of(&diff->b, name);
    find_causes(between);
    bool known = between->before || between->after || between->why_a || between->why_b ||
                 find_request(diff, name);
    return known ? g_steal_pointer(&between) : NULL;
}

/* For people */

static char *describe_change(const DiffDistribution *change)
{
    g_autofree char *before = diff_version_text(change, false);
    g_autofree char *after = diff_version_text(change, true);
    if (change->kind == DIFF_ADDED)
        return g_strdup_printf("%s %s is new", diff_name(change), after);
    if (change->kind == DIFF_REMOVED)
        return g_strdup_printf("%s %s is gone", diff_name(change), before);
    return g_strdup_printf("%s %s -> %s%s", diff_name(change), before, after,
                           change->older ? " (older)" : "");
}

static char *describe(const WhyBetween *between)
{
    if (between->change)
        return describe_change(between->change);
    if (between->diff->unsolved)
        return g_strdup_printf("%s can't be compared: a side can't be installed", between->name);
    if (between->after)
        return g_strdup_printf("%s %s is the same on both sides", between->name,
                               between->after->version);
    return g_strdup_printf("%s is on neither side in the end", between->name);
}

static void put_indented(Layout *layout, Tint tint, const char *text)
{
    layout_put(layout, TINT_NONE, "  ");
    layout_words(layout, tint, text, 2, 6);
}

static void put_causes(const WhyBetween *between, Layout *layout)
{
    const DiffDistribution *change = between->change;
    if (!change)
        return;
    put_indented(layout, TINT_NONE, change->cause ? change->cause : "why is not known");
    for (guint i = 0; i < between->causes->len; i++) {
        const DiffDistribution *one = between->causes->pdata[i];
        g_autofree char *what = describe_change(one);
        g_autofree char *text =
            g_strdup_printf("%s%s%s", what, one->cause ? ": " : "", one->cause ? one->cause : "");
        put_indented(layout, TINT_NONE, text);
    }
}

static void put_unsolved(const DiffSide *side, Layout *layout)
{
    const LockStage *stage = lock_target_failed(side->target);
    if (stage && stage->conflict)
        put_indented(layout, TINT_BAD, stage->conflict->message);
}

static void put_side(const WhyBetween *between, bool after, Layout *layout, const TextStyle *style)
{
    const DiffSide *side = after ? &between->diff->b : &between->diff->a;
    const Why *why = after ? between->why_b : between->why_a;
    const LockDistribution *installed = after ? between->after : between->before;
    const DiffRequest *request = find_request(between->diff, between->name);
    const char *lines = !request ? NULL : after ? request->after : request->before;
    g_autofree char *title = g_strdup_printf("in %s", side->label);
    g_string_append_c(layout->out, '\n');
    layout_words(layout, TINT_STRONG, title, 0, 4);
    put_unsolved(side, layout);
    if (why) {
        g_autofree char *text = why_format_text(why, style);
        g_string_append(layout->out, text);
        return;
    }
    g_autofree char *text =
        installed ? g_strdup_printf("%s is installed, nothing tells why", installed->version)
        : lines   ? g_strdup_printf("asked for as %s", lines)
                  : g_strdup("not there");
    put_indented(layout, TINT_NONE, text);
}

char *why_between_format_text(const WhyBetween *between, const TextStyle *style)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    g_autofree char *head = describe(between);
    layout_words(&layout, TINT_STRONG, head, 0, 4);
    put_causes(between, &layout);
    put_side(between, false, &layout, style);
    put_side(between, true, &layout, style);
    return g_string_free(layout.out, FALSE);
}

/* JSON */

static void write_version(JsonWriter *writer, const char *key, const LockDistribution *one)
{
    jsonw_string_member(writer, key, one ? one->version : NULL);
}

static void write_cause(JsonWriter *writer, const DiffDistribution *one)
{
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "name", diff_name(one));
    jsonw_string_member(writer, "change", diff_kind_name(one->kind));
    write_version(writer, "before", one->before);
    write_version(writer, "after", one->after);
    jsonw_string_member(writer, "cause", one->cause);
    jsonw_end_object(writer);
}

static void write_side(JsonWriter *writer, const char *key, const DiffSide *side, const Why *why)
{
    g_autofree char *text = why ? why_encode_json(why) : NULL;
    jsonw_key(writer, key);
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "name", side->label);
    jsonw_boolean_member(writer, "solved", lock_target_is_solved(side->target));
    jsonw_key(writer, "why");
    if (text)
        jsonw_raw(writer, g_strchomp(text));
    else
        jsonw_null(writer);
    jsonw_end_object(writer);
}

char *why_between_encode_json(const WhyBetween *between)
{
    const DiffDistribution *change = between->change;
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.why-between/1");
    jsonw_string_member(writer, "name", between->name);
    jsonw_string_member(writer, "change", change ? diff_kind_name(change->kind) : NULL);
    write_version(writer, "before", between->before);
    write_version(writer, "after", between->after);
    jsonw_string_member(writer, "cause", change ? change->cause : NULL);
    jsonw_key(writer, "causes");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < between->causes->len; i++)
        write_cause(writer, between->causes->pdata[i]);
    jsonw_end_array(writer);
    write_side(writer, "a", &between->diff->a, between->why_a);
    write_side(writer, "b", &between->diff->b, between->why_b);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

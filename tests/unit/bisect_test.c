#include "diff/bisect.h"
#include "test.h"

#include <string.h>

/* "name version [requirement…]": one distribution a text. */
static LockTarget *make_target(const char *const *texts)
{
    LockTarget *target = lock_target_new(NULL, "linux/amd64");
    LockStage *stage = lock_stage_new("pip#1", "pip", "ramekin.yaml:1");
    for (; *texts; texts++) {
        g_auto(GStrv) words = g_strsplit(*texts, " ", -1);
        LockDistribution *one = lock_distribution_new(words[0], words[1]);
        g_strfreev(one->requires);
        one->requires = g_strdupv(words + 2);
        g_ptr_array_add(stage->environment, one);
    }
    g_ptr_array_add(target->stages, stage);
    return target;
}

typedef struct {
    const BisectUnits *units;
    const char *const *bad;  /* names that are bad together */
    const char *const *skip; /* or NULL: with one of these alone nothing can be told */
    guint tries;
} World;

static bool has(const World *world, const bool *set, const char *name)
{
    for (guint i = 0; i < world->units->units->len; i++) {
        if (g_str_equal(g_array_index(world->units->units, BisectUnit, i).name, name))
            return set[i];
    }
    return false;
}

static gboolean try_set(void *data, const bool *set, BisectAnswer *ret_answer,
                        G_GNUC_UNUSED GError **error)
{
    World *world = data;
    bool bad = true;
    world->tries++;
    for (const char *const *name = world->bad; *name; name++)
        bad &= has(world, set, *name);
    *ret_answer = bad ? BISECT_BAD : BISECT_GOOD;
    for (const char *const *name = world->skip; name && *name; name += 2) {
        if (has(world, set, name[0]) && !has(world, set, name[1]))
            *ret_answer = BISECT_SKIP;
    }
    return TRUE;
}

static char *names_of(const BisectUnits *units, const bool *set)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < units->units->len; i++) {
        if (set[i])
            g_string_append_printf(text, "%s%s", text->len ? " " : "",
                                   g_array_index(units->units, BisectUnit, i).name);
    }
    return g_string_free(text, FALSE);
}

static const char *const old_side[] = {"a 1", "b 1",    "c 1 d<2", "d 1",        "e 1",
                                       "f 1", "gone 1", "h 1",     "same 1 h<2", NULL};
static const char *const new_side[] = {"a 2",        "b 2", "c 2 d>=2", "d 2",        "e 2",
                                       "f 2 new>=1", "h 2", "new 1",    "same 1 h<3", NULL};

typedef struct {
    const char *name;
    const char *bad[4];
    const char *skip[4]; /* pairs: nothing can be told of the first without the second */
    BisectOutcome outcome;
    const char *culprits, *moved;
} Row;

static const Row rows[] = {
    {"first", {"a"}, {NULL}, BISECT_FOUND, "a", "a"},
    {"last", {"new"}, {NULL}, BISECT_FOUND, "new", "new"},
    {"removed", {"gone"}, {NULL}, BISECT_FOUND, "gone", "gone"},
    {"comes along", {"d"}, {NULL}, BISECT_FOUND, "c", "c d"},
    {"brings along", {"f"}, {NULL}, BISECT_FOUND, "f", "f new"},
    {"two together", {"b", "h"}, {NULL}, BISECT_FOUND, "b h", "b h"},
    {"three together", {"a", "e", "gone"}, {NULL}, BISECT_FOUND, "a e gone", "a e gone"},
    {"nothing", {"same"}, {NULL}, BISECT_AFTER_WORKS, "", ""},
    {"from the start", {NULL}, {NULL}, BISECT_BEFORE_FAILS, "", ""},
    {"skipped around", {"e"}, {"b", "e"}, BISECT_UNTOLD, "b c d e", "b c d e"},
};

TEST(search)
{
    g_autoptr(LockTarget) before = make_target(old_side);
    g_autoptr(LockTarget) after = make_target(new_side);
    g_autoptr(BisectUnits) units = bisect_units_new(before, after);
    g_assert_cmpuint(units->units->len, ==, 9);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];
        World world = {units, row->bad, row->skip[0] ? row->skip : NULL, 0};
        BisectResult result;
        GError *error = NULL;
        g_assert_true(bisect_search(units, try_set, &world, &result, &error));
        g_autofree char *culprits = names_of(units, result.culprits);
        g_autofree char *moved = names_of(units, result.moved);
        assert_text(row->name, row->culprits, culprits);
        assert_text(row->name, row->moved, moved);
        g_assert_cmpint(result.outcome, ==, row->outcome);
        g_assert_cmpuint(result.steps, ==, world.tries);
        bisect_result_clear(&result);
    }
}

static gboolean fail_at_once(G_GNUC_UNUSED void *data, G_GNUC_UNUSED const bool *set,
                             G_GNUC_UNUSED BisectAnswer *ret_answer, GError **error)
{
    return error_set(error, ERROR_FAILED, SPAN_NONE, "no sandbox");
}

TEST(an_error_ends_it)
{
    g_autoptr(LockTarget) before = make_target(old_side);
    g_autoptr(LockTarget) after = make_target(new_side);
    g_autoptr(BisectUnits) units = bisect_units_new(before, after);
    BisectResult result;
    g_autoptr(GError) error = NULL;
    g_assert_false(bisect_search(units, fail_at_once, NULL, &result, &error));
    assert_text(NULL, "no sandbox", error->message);
}

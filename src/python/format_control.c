#include "python/name.h"
#include "python/pip_inputs.h"

static void names_clear(FormatNames *names)
{
    names->all = false;
    if (names->names)
        g_ptr_array_set_size(names->names, 0);
}

static bool names_find(const FormatNames *names, const char *canonical, guint *ret_index)
{
    return names->names &&
           g_ptr_array_find_with_equal_func(names->names, canonical, g_str_equal, ret_index);
}

static void names_remove(FormatNames *names, const char *canonical)
{
    guint index;
    if (names_find(names, canonical, &index))
        g_ptr_array_remove_index(names->names, index);
}

static void names_add(FormatNames *names, const char *canonical)
{
    if (!names->names)
        names->names = g_ptr_array_new_with_free_func(g_free);
    if (!names_find(names, canonical, NULL))
        g_ptr_array_add(names->names, g_strdup(canonical));
}

/* Index of the last ":all:", or -1. */
static int last_all(char **words)
{
    int last = -1;
    for (int i = 0; words[i]; i++) {
        if (g_str_equal(words[i], ":all:"))
            last = i;
    }
    return last;
}

/* One option's value: a name moves from `other` to `target`, ":all:" empties both and makes what
 * stands before it pointless, ":none:" empties `target`. Behind ":all:" names count only together
 * with a ":none:". */
static void add_value(FormatNames *target, FormatNames *other, const char *value)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    int all = last_all(words);
    /* pip stops at the first ":all:" that no ":none:" follows */
    if (all >= 0) {
        names_clear(other);
        names_clear(target);
        target->all = true;
        if (!g_strv_contains((const char *const *)words + all + 1, ":none:"))
            return;
    }
    for (int i = all + 1; words[i]; i++) {
        if (g_str_equal(words[i], ":none:")) {
            names_clear(target);
            continue;
        }
        g_autofree char *canonical = name_canonicalize(words[i]);
        names_remove(other, canonical);
        names_add(target, canonical);
    }
}

void format_control_add(FormatControl *control, bool only_binary, const char *value)
{
    add_value(only_binary ? &control->only_binary : &control->no_binary,
              only_binary ? &control->no_binary : &control->only_binary, value);
}

void format_control_allows(const FormatControl *control, const char *canonical, bool *ret_wheels,
                           bool *ret_sdists)
{
    *ret_wheels = *ret_sdists = true;
    if (names_find(&control->only_binary, canonical, NULL))
        *ret_sdists = false;
    else if (names_find(&control->no_binary, canonical, NULL))
        *ret_wheels = false;
    else if (control->only_binary.all)
        *ret_sdists = false;
    else if (control->no_binary.all)
        *ret_wheels = false;
}

static void names_free(FormatNames *names)
{
    g_clear_pointer(&names->names, g_ptr_array_unref);
    names->all = false;
}

void format_control_clear(FormatControl *control)
{
    names_free(&control->only_binary);
    names_free(&control->no_binary);
}

void release_control_add(ReleaseControl *control, bool only_final, const char *value)
{
    add_value(only_final ? &control->only_final : &control->all_releases,
              only_final ? &control->all_releases : &control->only_final, value);
}

Prereleases release_control_allows(const ReleaseControl *control, const char *canonical)
{
    if (names_find(&control->all_releases, canonical, NULL))
        return PRERELEASES_YES;
    if (names_find(&control->only_final, canonical, NULL))
        return PRERELEASES_NO;
    if (control->all_releases.all)
        return PRERELEASES_YES;
    return control->only_final.all ? PRERELEASES_NO : PRERELEASES_DEFAULT;
}

void release_control_clear(ReleaseControl *control)
{
    names_free(&control->all_releases);
    names_free(&control->only_final);
}

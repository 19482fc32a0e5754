#include "base/names.h"
#include "python/conflict.h"

enum {
    VARIED_CHARS = 48,     /* longer names are not varied */
    SHORT_NAME = 5,        /* shorter ones are a slip of one character apart at most */
    NEAR_EDITS = 2,        /* of longer ones */
    COMPARED_NAMES = 5000, /* of a huge graph, the first are enough */
};

static bool is_known(const World *world, const char *canonical)
{
    g_autoptr(GPtrArray) locations = finder_locations(world->finder, canonical);
    for (guint i = 0; i < locations->len; i++) {
        if (index_client_knows(world->request->client, locations->pdata[i], canonical))
            return true;
    }
    return false;
}

/* What is installed, and what this run has asked for and found. */
static char *nearest_met(const World *world, const char *name)
{
    g_autoptr(GPtrArray) asked = index_client_names(world->request->client);
    g_autoptr(GPtrArray) there = g_ptr_array_new();
    const Environment *installed = world->request->installed;
    for (guint i = 0; installed && i < installed->distributions->len; i++) {
        const InstalledDistribution *one = installed->distributions->pdata[i];
        g_ptr_array_add(there, one->canonical);
    }
    for (guint i = 0; i < MIN(asked->len, COMPARED_NAMES); i++)
        g_ptr_array_add(there, asked->pdata[i]);
    unsigned limit = strlen(name) <= SHORT_NAME ? 1 : NEAR_EDITS;
    guint installed_count = there->len - MIN(asked->len, COMPARED_NAMES);
    for (guint tries = 0; tries < 3; tries++) {
        const char *near =
            names_nearest_within(name, (const char *const *)there->pdata, there->len, limit);
        guint place = 0;
        if (!near)
            return NULL;
        while (there->pdata[place] != near)
            place++;
        if (!g_str_equal(near, name) && (place < installed_count || is_known(world, near)))
            return g_strdup(near);
        there->pdata[place] = NULL;
    }
    return NULL;
}

/* One slip of the keyboard: what follows `at` letters of the name is left out, doubled, swapped or
 * another letter. */
static char *vary(const char *name, size_t at, unsigned way, char letter)
{
    const char *rest = name + at;
    switch (way) {
    case 0: /* one letter too many */
        return g_strdup_printf("%.*s%s", (int)at, name, rest + 1);
    case 1: /* two swapped */
        return g_strdup_printf("%.*s%c%c%s", (int)at, name, rest[1], rest[0], rest + 2);
    case 2: /* a wrong one */
        return g_strdup_printf("%.*s%c%s", (int)at, name, letter, rest + 1);
    default: /* one missing */
        return g_strdup_printf("%.*s%c%s", (int)at, name, letter, rest);
    }
}

/* What earlier runs have found, as far as the cache tells: the cache has no list of its names. */
static char *nearest_cached(const World *world, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t length = strlen(name);
    if (length < 3 || length > VARIED_CHARS)
        return NULL;
    for (unsigned way = 0; way < 4; way++) {
        size_t last = way == 1 ? length - 1 : way == 3 ? length + 1 : length;
        for (size_t at = 0; at < last; at++) {
            for (const char *letter = letters; *letter; letter++) {
                g_autofree char *other = vary(name, at, way, *letter);
                if (!g_str_equal(other, name) && is_known(world, other))
                    return g_steal_pointer(&other);
                if (way < 2)
                    break;
            }
        }
    }
    return NULL;
}

void conflict_set_absent(World *world, Conflict *conflict)
{
    g_autoptr(GPtrArray) locations = finder_locations(world->finder, conflict->name);
    g_autoptr(GStrvBuilder) asked = g_strv_builder_new();
    for (guint i = 0; i < locations->len; i++) {
        const IndexLocation *location = locations->pdata[i];
        const IndexPage *page =
            index_client_get_page(world->request->client, location, conflict->name, NULL);
        bool empty = page && !page->absent && location->kind == INDEX_SIMPLE;
        const char *said = location->ignored
                               ? " (which is not read: plain http from a host that pip is not told "
                                 "to trust, see --trusted-host)"
                           : page && page->forbidden ? " (which answered 403)"
                           : empty ? " (whose page of it has no file that could be a release)"
                                   : "";
        g_autofree char *answer = g_strconcat(location->name, said, NULL);
        g_strv_builder_add(asked, answer);
    }
    conflict->asked = g_strv_builder_end(asked);
    conflict->message = g_strdup_printf("no index has %s", conflict->name);
    conflict->nearest = nearest_met(world, conflict->name);
    if (!conflict->nearest)
        conflict->nearest = nearest_cached(world, conflict->name);
}

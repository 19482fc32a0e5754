/* What lines of the user ask for, name by name: all that can be compared of a side that can't be
 * satisfied, with the lines that make it so. */
#include "diff/diff_private.h"

#include "plan/layout.h"
#include "python/requirement.h"

#include <string.h>

void diff_request_free(void *data)
{
    DiffRequest *request = data;
    g_free(request->name);
    g_free(request->before);
    g_free(request->after);
    g_free(request);
}

/* The canonical name that a line asks for; NULL: it is an option, or names a file. */
static char *name_of(const char *line)
{
    g_autoptr(Requirement) requirement = requirement_parse(line, NULL);
    return requirement ? g_strdup(requirement->canonical) : NULL;
}

static bool is_blocked(const LockStage *stage, const char *line)
{
    for (guint i = 0; stage && i < stage->conflict_lines->len; i++) {
        const LockConflictLine *one = stage->conflict_lines->pdata[i];
        if (!one->stage && g_strcmp0(one->line, line) == 0)
            return true;
    }
    for (guint i = 0; stage && i < stage->ways_out->len; i++) {
        const LockWayOut *way = stage->ways_out->pdata[i];
        if (g_strcmp0(way->line, line) == 0)
            return true;
    }
    return false;
}

static DiffRequest *get_request(Diff *diff, GHashTable *index, const char *name)
{
    DiffRequest *request = g_hash_table_lookup(index, name);
    if (request)
        return request;
    request = g_new0(DiffRequest, 1);
    request->name = g_strdup(name);
    g_hash_table_insert(index, request->name, request);
    g_ptr_array_add(diff->requests, request);
    return request;
}

static void add_line(DiffRequest *request, const char *line, bool after)
{
    char **text = after ? &request->after : &request->before;
    char *joined = *text ? g_strdup_printf("%s, %s", *text, line) : g_strdup(line);
    g_free(*text);
    *text = joined;
}

static void add_side(Diff *diff, GHashTable *index, bool after)
{
    const DiffSide *side = after ? &diff->b : &diff->a;
    const LockStage *unsolved = lock_target_failed(side->target);
    for (guint i = 0; i < side->target->stages->len; i++) {
        const LockStage *stage = side->target->stages->pdata[i];
        for (size_t k = 0; stage->pip_arguments && stage->pip_arguments[k]; k++) {
            const char *line = stage->pip_arguments[k];
            g_autofree char *name = name_of(line);
            if (!name)
                continue;
            DiffRequest *request = get_request(diff, index, name);
            add_line(request, line, after);
            *(after ? &request->blocked_after : &request->blocked_before) |=
                is_blocked(unsolved, line);
        }
    }
}

char *diff_asked_text(bool blocked, const DiffOffer *offer)
{
    static const char *const kinds[] = {"no index has it", "source", "wheel"};
    if (!blocked && !offer)
        return NULL;
    GString *text = g_string_new(blocked ? "impossible" : NULL);
    if (offer)
        g_string_append_printf(text, "%s%s", blocked ? ", " : "", kinds[offer->kind]);
    if (offer && offer->size > 0) {
        g_autofree char *size = layout_size(offer->size);
        g_string_append_printf(text, ", %s", size);
    }
    return g_string_free(text, FALSE);
}

static const DiffOffer *offer_of(const DiffSide *side, const char *lines)
{
    return side->offers && lines ? g_hash_table_lookup(side->offers, lines) : NULL;
}

static const LockDistribution *installed_of(const DiffSide *side, const char *name)
{
    return lock_target_is_solved(side->target) ? diff_find(diff_environment(side->target), name)
                                               : NULL;
}

static void find_installed(const Diff *diff, DiffRequest *request)
{
    request->installed_before = installed_of(&diff->a, request->name);
    request->installed_after = installed_of(&diff->b, request->name);
    request->offer_before = offer_of(&diff->a, request->before);
    request->offer_after = offer_of(&diff->b, request->after);
}

static int compare_requests(const void *a, const void *b)
{
    return strcmp((*(const DiffRequest *const *)a)->name, (*(const DiffRequest *const *)b)->name);
}

void diff_compare_requests(Diff *diff)
{
    g_autoptr(GHashTable) index = g_hash_table_new(g_str_hash, g_str_equal);
    add_side(diff, index, false);
    add_side(diff, index, true);
    for (guint i = 0; i < diff->requests->len; i++)
        find_installed(diff, diff->requests->pdata[i]);
    for (guint i = diff->requests->len; i-- > 0;) {
        const DiffRequest *request = diff->requests->pdata[i];
        bool blocked = request->blocked_before || request->blocked_after;
        if (!blocked && g_strcmp0(request->before, request->after) == 0)
            g_ptr_array_remove_index(diff->requests, i);
    }
    g_ptr_array_sort(diff->requests, compare_requests);
}

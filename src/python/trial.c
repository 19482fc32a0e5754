#include "python/trial.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

enum {
    /* All trials of one explanation together: under two seconds with two hundred distributions. */
    STEPS_OF_ALL = 10000,
    /* One trial, so that a search that goes astray leaves something for the others. */
    STEPS_OF_ONE = 2000,
    /* What it costs to begin one: a search that ends at once is not free. */
    STEPS_TO_BEGIN = 20,
    /* What all together may fetch, and for how long. */
    DOCUMENTS_OF_ALL = 500,
    FETCH_MSEC_OF_ALL = 3000,
};

static GPtrArray *array_copy(const GPtrArray *array)
{
    GPtrArray *copy = g_ptr_array_sized_new(array->len);
    for (guint i = 0; i < array->len; i++)
        g_ptr_array_add(copy, array->pdata[i]);
    return copy;
}

Lines lines_copy(const Lines *lines)
{
    return (Lines){array_copy(lines->roots), array_copy(lines->constraints),
                   lines->pins ? array_copy(lines->pins) : NULL};
}

void lines_clear(Lines *lines)
{
    g_clear_pointer(&lines->roots, g_ptr_array_unref);
    g_clear_pointer(&lines->constraints, g_ptr_array_unref);
    g_clear_pointer(&lines->pins, g_ptr_array_unref);
}

guint lines_count(const Lines *lines)
{
    return lines->roots->len + lines->constraints->len;
}

const PipRequirement *lines_get(const Lines *lines, guint index)
{
    guint roots = lines->roots->len;
    return index < roots ? lines->roots->pdata[index] : lines->constraints->pdata[index - roots];
}

static GPtrArray *lines_find(const Lines *lines, const PipRequirement *line, guint *ret_index)
{
    if (g_ptr_array_find(lines->roots, line, ret_index))
        return lines->roots;
    return g_ptr_array_find(lines->constraints, line, ret_index) ? lines->constraints : NULL;
}

bool lines_remove(Lines *lines, const PipRequirement *line)
{
    guint index = 0;
    GPtrArray *part = lines_find(lines, line, &index);
    if (part)
        g_ptr_array_remove_index(part, index);
    return part != NULL;
}

bool lines_replace(Lines *lines, const PipRequirement *line, const PipRequirement *by)
{
    guint index = 0;
    GPtrArray *part = lines_find(lines, line, &index);
    if (part)
        part->pdata[index] = (gpointer)by;
    return part != NULL;
}

GPtrArray *world_inherited(const World *world)
{
    GPtrArray *inherited = g_ptr_array_new();
    const ResolveRequest *request = world->request;
    const GPtrArray *all = request->installed ? request->installed->distributions : NULL;
    for (guint i = 0; all && i < all->len && !request->options->ignore_installed; i++) {
        const InstalledDistribution *one = all->pdata[i];
        if (one->stage && one->file && one->file->location &&
            !g_ptr_array_find((GPtrArray *)request->locations, one->file->location, NULL) &&
            environment_find(request->installed, one->canonical) == one)
            g_ptr_array_add(inherited, (gpointer)one);
    }
    return inherited;
}

void trials_begin(Trials *trials, const World *world)
{
    *trials = (Trials){.world = world, .steps_left = STEPS_OF_ALL, .since = clock_monotonic_usec()};
    index_client_set_allowance(world->request->client, DOCUMENTS_OF_ALL, FETCH_MSEC_OF_ALL);
}

void trials_end(Trials *trials, Conflict *conflict)
{
    index_client_lift_allowance(trials->world->request->client);
    log_debug("tried other lines: %u steps, %.2f s%s", STEPS_OF_ALL - trials->steps_left,
              (double)(clock_monotonic_usec() - trials->since) / 1e6,
              trials->unread ? ", not all could be fetched" : "");
    conflict->stopped = trials->stopped;
    conflict->unread = trials->unread;
}

static FormatControl format_with_binary(const FormatControl *format, const char *name)
{
    FormatControl copy = {{format->only_binary.all, g_ptr_array_new_with_free_func(g_free)},
                          {format->no_binary.all, g_ptr_array_new_with_free_func(g_free)}};
    const GPtrArray *only = format->only_binary.names, *no = format->no_binary.names;
    for (guint i = 0; only && i < only->len; i++)
        g_ptr_array_add(copy.only_binary.names, g_strdup(only->pdata[i]));
    for (guint i = 0; no && i < no->len; i++)
        g_ptr_array_add(copy.no_binary.names, g_strdup(no->pdata[i]));
    if (name)
        format_control_add(&copy, true, name);
    return copy;
}

/* Takes `array`. */
static GPtrArray *array_without(GPtrArray *array, const GPtrArray *others)
{
    for (guint i = 0; i < others->len; i++)
        g_ptr_array_remove(array, others->pdata[i]);
    return array;
}

static void trial_init(Trial *trial, const World *world, const TrialPlan *plan)
{
    trial->answer = TRIAL_OPEN;
    trial->request = *world->request;
    trial->options = *world->request->options;
    trial->inputs = *world->request->inputs;
    trial->options.require_hashes = world->require_hashes;
    trial->options.format = format_with_binary(&world->request->options->format, plan->binary);
    trial->inputs.roots = plan->lines->roots;
    trial->inputs.constraints = plan->lines->constraints;
    trial->request.options = &trial->options;
    trial->request.inputs = &trial->inputs;
    if (plan->without) {
        trial->relaxed = g_ptr_array_new();
        g_ptr_array_add(trial->relaxed, (gpointer)plan->without);
    } else if (plan->lines->pins) {
        trial->relaxed = array_without(world_inherited(world), plan->lines->pins);
    }
    trial->request.relaxed = trial->relaxed;
    trial->world = world_new(&trial->request);
    trial->world->first = plan->first;
}

static void trial_judge(Trial *trial)
{
    if (trial->causes)
        trial->answer = trial->causes->len > 0 ? TRIAL_CONFLICT : TRIAL_OPEN;
    else
        trial->answer = result_find_source(trial->result) ? TRIAL_SOURCE : TRIAL_SOLVED;
}

Trial *trial_run(Trials *trials, const TrialPlan *plan)
{
    Trial *trial = g_new0(Trial, 1);
    trial_init(trial, trials->world, plan);
    if (trials->steps_left <= STEPS_TO_BEGIN) {
        trials->stopped = true;
        return trial;
    }
    World *world = trial->world;
    trials->steps_left -= STEPS_TO_BEGIN;
    world->max_steps = MIN(trials->steps_left, STEPS_OF_ONE);
    g_autoptr(GError) error = NULL;
    if (search_run(world, &trial->result, &trial->causes, &error))
        trial_judge(trial);
    else if (index_client_is_spent(world->request->client) &&
             g_error_matches(error, ERROR_DOMAIN, ERROR_NETWORK))
        trials->stopped = trials->unread = true;
    trials->steps_left -= MIN(trials->steps_left, world->steps);
    trials->stopped |= trial->answer == TRIAL_OPEN && world->steps >= world->max_steps;
    return trial;
}

void trial_free(Trial *trial)
{
    if (!trial)
        return;
    g_clear_pointer(&trial->result, result_free);
    g_clear_pointer(&trial->causes, g_ptr_array_unref);
    world_free(trial->world);
    g_clear_pointer(&trial->relaxed, g_ptr_array_unref);
    format_control_clear(&trial->options.format);
    g_free(trial);
}

const Version *trial_version(const Trial *trial, const char *canonical)
{
    const Ident *ident = g_hash_table_lookup(trial->world->ident_table, canonical);
    if (!ident || !trial->result || ident->id >= trial->result->n ||
        !trial->result->connected[ident->id] || !trial->result->pins[ident->id])
        return NULL;
    return trial->result->pins[ident->id]->version;
}

#include "lock/inputs.h"
#include "lock/solve.h"

char **solve_own_constraints(const Stage *stage)
{
    static const char prefix[] = "PIP_CONSTRAINT=";
    for (size_t i = 0; stage->env && stage->env[i]; i++) {
        if (!g_str_has_prefix(stage->env[i], prefix))
            continue;
        g_auto(GStrv) words = g_strsplit_set(stage->env[i] + strlen(prefix), " \t\r\n", -1);
        g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
        for (size_t k = 0; words[k]; k++) {
            if (*words[k])
                g_strv_builder_add(paths, words[k]);
        }
        return g_strv_builder_end(paths);
    }
    return NULL;
}

bool solve_replaces_base_constraints(const Stage *stage)
{
    g_auto(GStrv) own = solve_own_constraints(stage);
    return own != NULL;
}

/* PipFileReader over facts->constraints. */
static Source *read_source(void *data, const char *path, GError **error)
{
    const BaseFacts *facts = data;
    for (guint i = 0; i < facts->constraints->len; i++) {
        const BaseConstraints *one = facts->constraints->pdata[i];
        if (!g_str_equal(one->path, path))
            continue;
        if (one->source)
            return source_ref(one->source);
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s of the base: %s", path, one->problem);
        return NULL;
    }
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s of the base was not read", path);
    return NULL;
}

/* pip reads them before anything that the command line says. */
static void move_to_front(GPtrArray *lines, guint from)
{
    for (guint i = from, first = 0; i < lines->len; i++, first++) {
        PipRequirement *line = g_ptr_array_steal_index(lines, i);
        line->of_base = true;
        g_ptr_array_insert(lines, (int)first, line);
    }
}

/* Whether it holds for the stage: its own environment may name others in their place. */
static bool is_applied(const BaseConstraints *one, char **own)
{
    return own ? g_strv_contains((const char *const *)own, one->path) : !one->included;
}

static void forget_unread(StageInputs *inputs, const char *path)
{
    for (guint i = 0; i < inputs->unread->len; i++) {
        if (g_str_equal(inputs->unread->pdata[i], path)) {
            g_ptr_array_remove_index(inputs->unread, i);
            return;
        }
    }
}

void solve_add_base_constraints(Solve *solve, guint stage, StageInputs *inputs)
{
    const BaseFacts *facts = solve->facts;
    const Stage *of = solve->recipe->stages->pdata[stage];
    g_auto(GStrv) replaced = solve_own_constraints(of);
    if (!facts->constraints)
        return;
    PipInputsOptions options = {read_source, (void *)facts, (const char *const *)of->env, "/"};
    GPtrArray *own = inputs->inputs->constraints, *roots = inputs->inputs->roots;
    guint before = own->len, roots_before = roots->len;
    for (guint i = 0; i < facts->constraints->len; i++) {
        const BaseConstraints *one = facts->constraints->pdata[i];
        if (!one->source)
            continue;
        size_t length;
        const char *text = source_text(one->source, &length);
        g_autofree char *input = g_strdup_printf("base-file %s", one->path);
        inputs_add(solve->target, input, text, length);
        if (!is_applied(one, replaced))
            continue;
        forget_unread(inputs, one->path);
        pip_inputs_add_file(inputs->inputs, one->path, SPAN_NONE, true, &options, solve->diags);
    }
    move_to_front(own, before);
    move_to_front(roots, roots_before); /* of an -r in them: to pip it is one more request */
}

GError *solve_base_constraints_refusal(const Solve *solve, guint stage)
{
    const BaseFacts *facts = solve->facts;
    const Stage *of = solve->recipe->stages->pdata[stage];
    if (!facts->constraints || solve_replaces_base_constraints(of))
        return NULL;
    for (guint i = 0; i < facts->constraints->len; i++) {
        const BaseConstraints *one = facts->constraints->pdata[i];
        if (!one->problem || one->included)
            continue;
        GError *error = NULL;
        error_set(&error, ERROR_INPUT, of->at,
                  "stage '%s' can't be satisfied: pip in the base can't open the constraints file "
                  "%s: %s",
                  of->name, one->path, one->problem);
        error_add_note(error, solve->recipe->base.at, "%s of the base names it",
                       facts->pip_config->constraints_place);
        error_set_hint(error, "turn it off for the stage: `env: {PIP_CONSTRAINT: /dev/null}`");
        return error;
    }
    return NULL;
}

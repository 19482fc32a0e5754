#include "lock/findings.h"

static void judge_constraints(Judge *judge, const BaseConstraints *constraints)
{
    bool replaced = solve_replaces_base_constraints(judge->stage);
    bool applied = constraints->source && !replaced;
    const char *doing = replaced  ? "the stage's own PIP_CONSTRAINT takes their place"
                        : applied ? "this lock does so too"
                                  : "this lock does not";
    Finding *finding =
        judge_add(judge, "base-configuration", g_strdup(judge->change->locked->at),
                  g_strdup_printf("pip in the base applies the constraints of %s; %s",
                                  constraints->path, doing));
    if (applied || replaced)
        finding->severity = SEVERITY_NOTE;
    else
        finding->hint = g_strdup("copy them beside the recipe and name the file in `constraints:`");
}

/* What the base's own pip is told, which no command of the recipe says. */
void judge_base(Judge *judge)
{
    const Solve *solve = judge->change->solve;
    const BaseFacts *facts = solve->facts;
    const PipConfig *config = facts->pip_config;
    for (guint i = 0; i < judge->change->index; i++) {
        if (((const Stage *)solve->recipe->stages->pdata[i])->kind == STAGE_PIP)
            return;
    }
    for (guint i = 0; facts->constraints && i < facts->constraints->len; i++)
        judge_constraints(judge, facts->constraints->pdata[i]);
    if (config && (config->index_url || config->extra_index_urls[0]))
        judge_add(judge, "base-configuration", g_strdup(judge->change->locked->at),
                  g_strdup("pip in the base asks other indexes than this lock"));
}

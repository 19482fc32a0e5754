#include "lock/findings.h"

/* What the base's own pip is told, which no command of the recipe says. */
void judge_base(Judge *judge)
{
    const Solve *solve = judge->change->solve;
    const PipConfig *config = solve->facts->pip_config;
    for (guint i = 0; i < judge->change->index; i++) {
        if (((const Stage *)solve->recipe->stages->pdata[i])->kind == STAGE_PIP)
            return;
    }
    for (size_t i = 0; config && config->constraints[i]; i++) {
        Finding *finding = judge_add(
            judge, "base-configuration", g_strdup(judge->change->locked->at),
            g_strdup_printf("pip in the base applies the constraints of %s, this lock does not",
                            config->constraints[i]));
        finding->hint = g_strdup("copy them beside the recipe and name the file in `constraints:`");
    }
    if (config && (config->index_url || config->extra_index_urls[0]))
        judge_add(judge, "base-configuration", g_strdup(judge->change->locked->at),
                  g_strdup("pip in the base asks other indexes than this lock"));
}

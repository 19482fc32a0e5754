#include "check/import_words.h"

enum {
    STEPS_SHOWN = 8,
};

const ImportStep *import_last_step(const ImportVerdict *verdict)
{
    return verdict->chain->len > 0 ? verdict->chain->pdata[verdict->chain->len - 1] : NULL;
}

char *import_step_words(const CheckRun *run, const ImportStep *step)
{
    const LockDistribution *owner =
        step->distribution ? check_installed(run, step->distribution) : NULL;
    return owner ? g_strdup_printf("%s:%u: %s (%s %s)", step->path, step->line, step->text,
                                   owner->name, owner->version)
                 : g_strdup_printf("%s:%u: %s", step->path, step->line, step->text);
}

void import_chain_words(const CheckRun *run, GStrvBuilder *lines, const GPtrArray *chain)
{
    guint head = chain->len > STEPS_SHOWN ? STEPS_SHOWN / 2 : chain->len;
    guint tail = chain->len > STEPS_SHOWN ? STEPS_SHOWN - head : 0;
    for (guint i = 0; i < chain->len; i++) {
        if (i == head && tail > 0) {
            g_autofree char *rest = g_strdup_printf("... %u more ...", chain->len - head - tail);
            g_strv_builder_add(lines, rest);
        }
        if (i >= head && i + tail < chain->len)
            continue;
        g_autofree char *line = import_step_words(run, chain->pdata[i]);
        g_strv_builder_add(lines, line);
    }
}

char *import_failure_words(const ImportVerdict *verdict)
{
    return verdict->message && *verdict->message
               ? g_strdup_printf("%s: %s", verdict->exception, verdict->message)
               : g_strdup(verdict->exception);
}

char *import_reason_words(const ImportVerdict *verdict)
{
    const ImportStep *step = import_last_step(verdict);
    g_autofree char *place =
        step ? g_strdup_printf(" (%s:%u)", step->path, step->line) : g_strdup("");
    if (verdict->outcome == IMPORT_UNKNOWN)
        return g_strdup_printf("%s%s", verdict->message ? verdict->message : "", place);
    g_autofree char *failure = import_failure_words(verdict);
    return g_strconcat(failure, place, NULL);
}

#include "check/import_words.h"

enum {
    STEPS_SHOWN = 8,
};

const ImportStep *import_last_step(const ImportVerdict *verdict)
{
    return verdict->chain->len > 0 ? verdict->chain->pdata[verdict->chain->len - 1] : NULL;
}

const ImportStep *import_first_step(const ImportVerdict *verdict)
{
    return verdict->chain->len > 0 ? verdict->chain->pdata[0] : NULL;
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
    bool long_way = chain->len > STEPS_SHOWN + 1;
    guint head = long_way ? STEPS_SHOWN / 2 : chain->len;
    guint tail = long_way ? STEPS_SHOWN - head : 0;
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

/* "triton" of "No module named 'triton.ops'", "cannot import name 'x' from 'triton.compiler'". */
static char *lacking_package(const char *message)
{
    static const char *const before[] = {"No module named '", "' from '"};
    for (size_t i = 0; message && i < G_N_ELEMENTS(before); i++) {
        const char *found = strstr(message, before[i]);
        if (found && (i > 0 || found == message)) {
            found += strlen(before[i]);
            return g_strndup(found, strcspn(found, ".'"));
        }
    }
    return NULL;
}

char *import_lacking_words(const CheckRun *run, const char *message, const char *but)
{
    g_autofree char *package = lacking_package(message);
    g_autofree char *path = package ? g_strdup_printf("%s/__init__.py", package) : NULL;
    const SpaceFile *file = path && run->space ? file_space_find(run->space, path) : NULL;
    const LockDistribution *owner =
        file && file->distribution ? check_installed(run, file->distribution) : NULL;
    if (!owner || !owner->stage || g_strcmp0(owner->name, but) == 0)
        return NULL;
    g_autofree char *place = check_place_of(run, owner);
    return g_strdup_printf("%s %s is installed by stage '%s'%s%s", owner->name, owner->version,
                           owner->stage, place ? ", " : "", place ? place : "");
}

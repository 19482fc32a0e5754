/* `arch:`: whether every extension has code for the GPUs. The findings on GPUs say what fails; here
 * is only said what is known. */
#include "check/verdict.h"
#include "recipe/config.h"

/* The finding about a GPU that decides the item, or NULL. */
static const Finding *find_refusal(const CheckRun *run)
{
    static const char *const codes[] = {"gpu-unsupported", "gpu-library", NULL};
    for (guint i = 0; i < run->findings->len; i++) {
        const Finding *finding = run->findings->pdata[i];
        if (g_strv_contains(codes, finding->code))
            return finding;
    }
    return NULL;
}

static bool names_gpus(const Recipe *recipe)
{
    const RecipeHost *host = recipe->config->host;
    return host && host->gpus && host->gpus->len > 0;
}

static bool torch_is_known(const CheckRun *run)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    return !check_installed(run, "torch") ||
           (torch && torch->native && torch->native->torch_arches);
}

static void decide_all(const Verdict *verdict, const Text *text)
{
    const CheckRun *run = verdict->run;
    const Finding *refusal = find_refusal(run);
    if (!names_gpus(run->recipe))
        verdict_unknown(verdict, verdict_item(text), g_strdup("`host:` names no GPUs"));
    else if (refusal)
        verdict_fails_silently(verdict, verdict_item(text), g_strdup(refusal->message));
    else if (!torch_is_known(run))
        verdict_unknown(verdict, verdict_item(text),
                        g_strdup("torch does not say for which GPUs it has code"));
    else if (run->deep)
        verdict_holds(verdict, verdict_item(text));
    else
        verdict_unknown(verdict, verdict_item(text),
                        g_strdup("torch has code for each; of other libraries it is unknown, "
                                 "--deep reads them"));
}

void verdict_arch(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++) {
        const Text *text = verdict->check->items->pdata[i];
        if (g_str_equal(text->text, "all"))
            decide_all(verdict, text);
        else
            verdict_unknown(verdict, verdict_item(text),
                            g_strdup("only `all`, the GPUs of `host:`, is decided here"));
    }
}

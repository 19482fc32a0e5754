/* Comments that answer findings: "# ramekin: ignore CODE: why", on the lines above an instruction
 * or inside of it. */
#include "check/lint_private.h"

#include "base/finding_pages.h"

typedef struct {
    char *code, *why;
    Span at;
    unsigned first, last; /* the lines that it covers */
    bool used;
} Ignore;

static void ignore_free(void *data)
{
    Ignore *ignore = data;
    g_free(ignore->code);
    g_free(ignore->why);
    g_free(ignore);
}

/* The instruction that the line is part of, or the next one below it; NULL: none. */
static const DockerInstruction *instruction_at(const Lint *lint, unsigned line)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        if (lint_instruction(lint, i)->last_line >= line)
            return lint_instruction(lint, i);
    }
    return NULL;
}

static Ignore *ignore_new(const Lint *lint, const GMatchInfo *match, unsigned line)
{
    const DockerInstruction *instruction = instruction_at(lint, line);
    int begin = 0, end = 0;
    g_match_info_fetch_pos(match, 1, &begin, &end);
    Ignore *ignore = g_new0(Ignore, 1);
    ignore->code = g_match_info_fetch(match, 1);
    ignore->why = g_match_info_fetch(match, 2);
    ignore->at = span_at(lint->file->source, line, (unsigned)begin + 1, (unsigned)(end - begin));
    ignore->first = instruction ? instruction->first_line : 0;
    ignore->last = instruction ? instruction->last_line : 0;
    return ignore;
}

static GPtrArray *collect(const Lint *lint)
{
    GPtrArray *ignores = g_ptr_array_new_with_free_func(ignore_free);
    g_autoptr(GRegex) regex =
        g_regex_new("^[ \\t]*#[ \\t]*ramekin:[ \\t]*ignore[ \\t]+([a-z-]+):[ \\t]*(\\S.*)$",
                    G_REGEX_OPTIMIZE, 0, NULL);
    size_t length;
    const char *text;
    for (unsigned i = 1; (text = source_line(lint->file->source, i, &length)); i++) {
        if (!g_strstr_len(text, (gssize)length, "ramekin:"))
            continue;
        g_autoptr(GMatchInfo) match = NULL;
        g_autofree char *line = g_strndup(text, length);
        if (g_regex_match(regex, line, 0, &match))
            g_ptr_array_add(ignores, ignore_new(lint, match, i));
    }
    return ignores;
}

static void apply(const Lint *lint, Ignore *ignore)
{
    for (guint i = 0; i < lint->findings->len; i++) {
        LintFinding *finding = lint->findings->pdata[i];
        if (finding->at.line < ignore->first || finding->at.line > ignore->last ||
            !g_str_equal(finding->finding->code, ignore->code))
            continue;
        ignore->used = true;
        if (!finding->ignored)
            finding->ignored = g_strdup(ignore->why);
    }
}

void lint_apply_ignores(Lint *lint)
{
    g_autoptr(GPtrArray) ignores = collect(lint);
    for (guint i = 0; i < ignores->len; i++)
        apply(lint, ignores->pdata[i]);
    for (guint i = 0; i < ignores->len; i++) {
        const Ignore *ignore = ignores->pdata[i];
        if (ignore->used)
            continue;
        bool known = finding_page_find(ignore->code) != NULL;
        LintFinding *finding = lint_add(
            lint, "docker-ignore-stale", ignore->at,
            known ? g_strdup_printf("the instruction below has no finding '%s'", ignore->code)
                  : g_strdup_printf("there is no finding '%s'", ignore->code),
            "a comment that answers nothing today hides a finding tomorrow",
            g_strdup("take the comment out"));
        if (known) {
            lint_rewrite(finding, "take the comment out");
            lint_cut_lines(lint, finding, ignore->at.line, ignore->at.line);
        }
    }
}

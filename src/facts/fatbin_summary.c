/* What a scan found, and which devices it serves. */
#include "facts/fatbin.h"

static void group_free(void *data)
{
    FatbinGroup *group = data;
    g_array_unref(group->codes);
    g_free(group);
}

FatbinSummary *fatbin_summary_new(void)
{
    FatbinSummary *summary = g_new0(FatbinSummary, 1);
    summary->groups = g_ptr_array_new_with_free_func(group_free);
    return summary;
}

void fatbin_summary_free(FatbinSummary *summary)
{
    if (!summary)
        return;
    g_ptr_array_unref(summary->groups);
    g_free(summary);
}

int fatbin_compare_codes(const void *a, const void *b)
{
    const FatbinCode *left = a, *right = b;
    const unsigned values[][2] = {
        {left->kind, right->kind},           {left->arch, right->arch},
        {left->scope, right->scope},         {left->ptx_major, right->ptx_major},
        {left->ptx_minor, right->ptx_minor},
    };
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        if (values[i][0] != values[i][1])
            return values[i][0] < values[i][1] ? -1 : 1;
    }
    return 0;
}

bool fatbin_code_serves(const FatbinCode *code, unsigned capability)
{
    unsigned major = code->arch / 10, minor = code->arch % 10;
    if (code->kind == FATBIN_LTO)
        return false;
    if (code->scope == ARCH_SPECIFIC)
        return code->arch == capability;
    if (code->kind == FATBIN_PTX && code->scope == ARCH_ANY)
        return code->arch <= capability;
    return major == capability / 10 && minor <= capability % 10;
}

/* Of one container: 0 not served, 1 by a cubin, 2 by PTX of *ret_ptx alone. */
static int group_serves(const FatbinGroup *group, unsigned capability, unsigned *ret_ptx)
{
    unsigned lowest = G_MAXUINT;
    for (guint i = 0; i < group->codes->len; i++) {
        const FatbinCode *code = &g_array_index(group->codes, FatbinCode, i);
        if (!fatbin_code_serves(code, capability))
            continue;
        if (code->kind == FATBIN_CUBIN)
            return 1;
        lowest = MIN(lowest, code->ptx_major * 10 + code->ptx_minor);
    }
    *ret_ptx = lowest;
    return lowest == G_MAXUINT ? 0 : 2;
}

guint64 fatbin_serves(const FatbinSummary *summary, unsigned capability, guint64 *ret_by_ptx,
                      unsigned *ret_ptx)
{
    guint64 served = 0, by_ptx = 0;
    unsigned highest = 0;
    for (guint i = 0; i < summary->groups->len; i++) {
        const FatbinGroup *group = summary->groups->pdata[i];
        unsigned ptx = 0;
        int how = group_serves(group, capability, &ptx);
        served += how ? group->containers : 0;
        by_ptx += how == 2 ? group->containers : 0;
        highest = how == 2 ? MAX(highest, ptx) : highest;
    }
    if (ret_by_ptx)
        *ret_by_ptx = by_ptx;
    if (ret_ptx)
        *ret_ptx = highest;
    return served;
}

/* Cubins first, then what the driver compiles. */
static int compare_shown(const void *a, const void *b)
{
    static const int order[] = {[FATBIN_CUBIN] = 0, [FATBIN_PTX] = 1, [FATBIN_LTO] = 2};
    const FatbinCode *left = a, *right = b;
    int by_kind = order[left->kind] - order[right->kind];
    return by_kind ? by_kind : fatbin_compare_codes(a, b);
}

char *fatbin_summary_text(const FatbinSummary *summary)
{
    static const char *const prefixes[] = {
        [FATBIN_CUBIN] = "sm_", [FATBIN_PTX] = "compute_", [FATBIN_LTO] = "lto_"};
    static const char *const suffixes[] = {
        [ARCH_ANY] = "", [ARCH_SPECIFIC] = "a", [ARCH_FAMILY] = "f"};
    g_autoptr(GArray) codes = g_array_new(FALSE, FALSE, sizeof(FatbinCode));
    for (guint i = 0; i < summary->groups->len; i++) {
        const FatbinGroup *group = summary->groups->pdata[i];
        g_array_append_vals(codes, group->codes->data, group->codes->len);
    }
    g_array_sort(codes, compare_shown);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *last = g_strdup("");
    for (guint i = 0; i < codes->len; i++) {
        const FatbinCode *code = &g_array_index(codes, FatbinCode, i);
        char *name =
            g_strdup_printf("%s%u%s", prefixes[code->kind], code->arch, suffixes[code->scope]);
        if (strcmp(name, last) != 0)
            g_string_append_printf(text, "%s%s", text->len ? " " : "", name);
        g_free(last);
        last = name;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What is known of two sides of a diff beside their targets. */
#include "cli/operand.h"

#include "cli/stages_dir.h"
#include "lock/base_facts.h"
#include "lock/fetch.h"
#include "lock/image_environment.h"

/* Read once: the other side's are the same. */
static void find_tables(Operand *operand, const Operand *other)
{
    operand->side.tables = operand->workspace ? operand->workspace->tables : other->side.tables;
    if (operand->side.tables)
        return;
    g_auto(GStrv) data = data_dirs_find();
    g_autoptr(Diags) diags = diags_new();
    operand->tables = host_tables_load((const char *const *)data, diags);
    operand->side.tables = operand->tables;
}

static const char *const *strings_or_null(const GPtrArray *strings)
{
    return strings->len > 0 ? (const char *const *)strings->pdata : NULL;
}

static LockSession *open_session(const Options *options)
{
    LockOptions lock_options = {
        .indexes = strings_or_null(options->indexes),
        .cache_dir = options->cache_dir,
        .offline = true,
    };
    return lock_session_new(&lock_options);
}

static void recall_torch(LockSession *session, Operand *operand)
{
    operand->torch = lock_session_recall_torch(session, operand->side.recipe, operand->side.target);
    operand->side.torch = operand->torch;
}

/* Whether dpkg's files of a side lie on this machine: the image's own, or its base's. */
static bool has_packages(const Operand *operand)
{
    const LockBase *base = &operand->side.target->base;
    return operand->side.image || operand->debian ||
           (operand->dir && base->facts == LOCK_FACTS_READ && base->reference &&
            base_form_is_readable(base_form(base->reference)));
}

static bool is_same_base(const Operand *a, const Operand *b)
{
    const char *digest = a->side.target->base.digest;
    return digest && g_strcmp0(digest, b->side.target->base.digest) == 0;
}

static void read_packages(const Invocation *invocation, Operand *operand)
{
    const LockTarget *target = operand->side.target;
    g_autoptr(Cache) cache = cache_new(invocation->options->cache_dir);
    if (!operand->debian)
        operand->debian = image_debian_packages(
            cache, operand->side.image ? operand->inspection->name : target->base.reference,
            operand->side.image ? NULL : operand->dir, target->platform, NULL);
    operand->side.debian = operand->debian;
}

void operands_complete(const Invocation *invocation, Operand *a, Operand *b)
{
    Operand *const operands[] = {a, b};
    g_autoptr(LockSession) session = open_session(invocation->options);
    bool packages = has_packages(a) && has_packages(b) && !is_same_base(a, b);
    for (size_t i = 0; i < G_N_ELEMENTS(operands); i++) {
        find_tables(operands[i], operands[1 - i]);
        recall_torch(session, operands[i]);
        if (packages)
            read_packages(invocation, operands[i]);
    }
}

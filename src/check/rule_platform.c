/* Whether the recipe's own words about its base agree with each other. What was read from the
 * base's files is compared when it is locked; this is for a base that nobody has read. */
#include "check/rules.h"
#include "image/reference.h"

/* The Python version that the tag of a `python` image promises: "3.11" of "3.11-slim-bookworm".
 * Caller frees. */
static char *promised_python(const ImageReference *reference)
{
    const char *path = reference->path;
    bool python = g_str_equal(path, "python") || g_str_equal(path, "library/python");
    if (!python || reference->host || !reference->tag || !g_ascii_isdigit(*reference->tag))
        return NULL;
    return g_strndup(reference->tag, strspn(reference->tag, "0123456789."));
}

/* Whether "3.11.2" begins with the parts of "3.11", or the other way round. */
static bool versions_agree(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    const char *shorter = a_length < b_length ? a : b, *longer = a_length < b_length ? b : a;
    size_t length = MIN(a_length, b_length);
    return strncmp(shorter, longer, length) == 0 &&
           (longer[length] == '\0' || longer[length] == '.');
}

typedef struct {
    const char *word; /* of a tag */
    const char *libc;
} TagLibc;

/* clang-format off */
static const TagLibc tag_libcs[] = {
    {"alpine",   "musl"},
    {"buster",   "glibc 2.28"},
    {"bullseye", "glibc 2.31"},
    {"bookworm", "glibc 2.36"},
    {"trixie",   "glibc 2.41"},
};
/* clang-format on */

static const char *promised_libc(const ImageReference *reference)
{
    g_auto(GStrv) words = g_strsplit_set(reference->tag ? reference->tag : "", "-_", -1);
    for (guint i = 0; words[i]; i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(tag_libcs); k++) {
            const char *word = tag_libcs[k].word;
            if (g_str_equal(words[i], word) ||
                (g_str_equal(word, "alpine") && g_str_has_prefix(words[i], word)))
                return tag_libcs[k].libc;
        }
    }
    return NULL;
}

static void judge_python(CheckRun *run, const ImageReference *reference)
{
    const RecipePython *python = &run->recipe->python;
    g_autofree char *promised = promised_python(reference);
    if (!promised || !python->version || versions_agree(promised, python->version))
        return;
    Finding *finding =
        check_add(run, "base-mismatch", python->at,
                  g_strdup_printf("the recipe says Python %s, the tag of its base %s says %s",
                                  python->version, run->recipe->base.reference, promised));
    finding->hint = g_strdup_printf("write `python: %s`, or name another base: wheels were chosen "
                                    "for Python %s",
                                    promised, python->version);
}

static void judge_libc(CheckRun *run, const ImageReference *reference)
{
    const char *promised = promised_libc(reference);
    const Text *libc = &run->recipe->libc;
    if (!promised || !libc->text || g_str_has_prefix(libc->text, promised))
        return;
    Finding *finding =
        check_add(run, "base-mismatch", libc->at,
                  g_strdup_printf("the recipe says %s, the tag of its base %s stands for %s",
                                  libc->text, run->recipe->base.reference, promised));
    finding->hint = g_strdup_printf("write the base's own, or name another base: wheels were "
                                    "chosen for %s",
                                    libc->text);
}

void rule_platform(CheckRun *run)
{
    const RecipeBase *base = &run->recipe->base;
    if (base->kind != BASE_IMAGE || run->target->base.facts == LOCK_FACTS_READ)
        return;
    g_autoptr(ImageReference) reference = image_reference_parse(base->reference, NULL);
    if (!reference)
        return;
    judge_python(run, reference);
    judge_libc(run, reference);
}

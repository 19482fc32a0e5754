#include "check/secret_text.h"
#include "test.h"

static const struct {
    const char *name, *text;
    const char *kind; /* a part of it, or NULL */
} rows[] = {
    /* clang-format off */
    {"nothing", "", NULL},
    {"word", "hf_home", NULL},
    {"hub token", "hf_abcdefghij0123456789ABCDEFGHIJ01", "Hugging Face"},
    {"inside a command", "hub login --token hf_abcdefghij0123456789ABCDEFGHIJ01 && true", "Hugging Face"},
    {"part of a word", "my_hf_abcdefghij0123456789ABCDEFGHIJ01", NULL},
    {"too short", "hf_abc123", NULL},
    {"placeholder", "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL},
    {"code host", "https://ghp_0123456789abcdefghij0123456789abcdef@example.org/x", "GitHub"},
    {"cloud key", "AKIAIOSFODNN7EXAMPLE", "AWS"},
    {"cloud word", "AKIABCDEFGHIJKLMNOPQ", NULL},
    {"variable", "${HF_TOKEN}", NULL},
    /* clang-format on */
};

TEST(forms)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *kind = secret_text_find(rows[i].text);
        if ((kind != NULL) != (rows[i].kind != NULL) || (kind && !strstr(kind, rows[i].kind)))
            g_error("%s: found %s", rows[i].name, kind ? kind : "nothing");
    }
}

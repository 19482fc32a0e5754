#include "check/secret_text.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *prefix;
    unsigned least; /* characters behind the prefix */
    const char *kind;
} SecretForm;

/* clang-format off */
static const SecretForm forms[] = {
    {"hf_",         30, "a token of the Hugging Face hub"},
    {"ghp_",        36, "a token of GitHub"},
    {"gho_",        36, "a token of GitHub"},
    {"ghs_",        36, "a token of GitHub"},
    {"github_pat_", 50, "a token of GitHub"},
    {"glpat-",      20, "a token of GitLab"},
    {"sk-ant-",     40, "an API key"},
    {"sk-proj-",    40, "an API key"},
    {"rpa_",        30, "an API key of RunPod"},
    {"xoxb-",       30, "a token of Slack"},
    {"AKIA",        16, "an access key of AWS"},
};
/* clang-format on */

static bool is_token_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

/* The length of what stands behind the prefix; 0: it is no credential of that form. */
static size_t form_length(const char *text, const SecretForm *form)
{
    size_t length = 0;
    while (is_token_char(text[length]))
        length++;
    bool varied = false; /* "hf_xxxxxxxxxx" stands for one */
    for (size_t i = 1; i < length; i++)
        varied |= g_ascii_isdigit(text[i]);
    return length >= form->least && varied ? length : 0;
}

const char *secret_text_locate(const char *text, size_t *ret_offset, size_t *ret_length)
{
    for (const char *p = text; *p; p++) {
        if (p > text && is_token_char(p[-1]))
            continue;
        for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
            size_t prefix = strlen(forms[i].prefix);
            size_t length =
                g_str_has_prefix(p, forms[i].prefix) ? form_length(p + prefix, &forms[i]) : 0;
            if (length == 0)
                continue;
            *ret_offset = (size_t)(p - text);
            *ret_length = prefix + length;
            return forms[i].kind;
        }
    }
    return NULL;
}

const char *secret_text_find(const char *text)
{
    size_t offset, length;
    return secret_text_locate(text, &offset, &length);
}

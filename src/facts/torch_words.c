#include "facts/torch_words.h"

#include <string.h>

enum {
    LINE_BYTES = 4096, /* of the run, which is cut there */
};

/* The text of `NAME = 'value'` or `NAME: Optional[str] = "value"` at the beginning of a line. */
static char *find_assigned(char *const *lines, const char *name)
{
    size_t n = strlen(name);
    for (; *lines; lines++) {
        const char *at = *lines;
        if (strncmp(at, name, n) != 0 || !strchr(": =", at[n]) || at[n] == '\0')
            continue;
        const char *equals = strchr(at, '=');
        if (!equals)
            continue;
        const char *open = equals + 1 + strspn(equals + 1, " \t");
        const char *close = *open == '\'' || *open == '"' ? strchr(open + 1, *open) : NULL;
        if (close && g_utf8_validate(open + 1, close - open - 1, NULL))
            return g_strndup(open + 1, (gsize)(close - open - 1));
    }
    return NULL;
}

void torch_version_parse(const char *text, size_t length, char **ret_version, char **ret_cuda)
{
    g_autofree char *copy = g_strndup(text, strnlen(text, length));
    g_auto(GStrv) lines = g_strsplit(copy, "\n", 1000);
    *ret_version = find_assigned(lines, "__version__");
    *ret_cuda = find_assigned(lines, "cuda");
}

struct TorchArchScanner {
    GString *run, *best;
};

TorchArchScanner *torch_arch_scanner_new(void)
{
    TorchArchScanner *scanner = g_new(TorchArchScanner, 1);
    scanner->run = g_string_new(NULL);
    scanner->best = g_string_new(NULL);
    return scanner;
}

void torch_arch_scanner_free(TorchArchScanner *scanner)
{
    if (!scanner)
        return;
    g_string_free(scanner->run, TRUE);
    g_string_free(scanner->best, TRUE);
    g_free(scanner);
}

/* What may stand in a run, whose bytes are gathered; other bytes end it. */
static bool may_be_inside(guint8 byte)
{
    return g_ascii_isdigit(byte) || byte == ' ' || byte == '_' || strchr("smcoputeaf", byte);
}

/* Length of "sm_90a" at `at`, 0: none. */
static size_t word_length(const char *at)
{
    size_t n = g_str_has_prefix(at, "sm_") ? 3 : g_str_has_prefix(at, "compute_") ? 8 : 0;
    size_t digits = n ? strspn(at + n, "0123456789") : 0;
    if (digits < 2 || digits > 3)
        return 0;
    n += digits;
    return at[n] == 'a' || at[n] == 'f' ? n + 1 : n;
}

/* The run of words that begins at `at`; 0: fewer than two. */
static size_t words_length(const char *at)
{
    size_t length = 0, words = 0;
    for (size_t n; (n = word_length(at + length)) > 0;) {
        length += n;
        words++;
        if (at[length] != ' ' || word_length(at + length + 1) == 0)
            break;
        length++;
    }
    return words > 1 ? length : 0;
}

static void end_run(TorchArchScanner *scanner)
{
    const char *text = scanner->run->str;
    for (const char *at = text; at < text + scanner->run->len;) {
        size_t length = strncmp(at, "sm_", 3) == 0 ? words_length(at) : 0;
        if (length > scanner->best->len) {
            g_string_truncate(scanner->best, 0);
            g_string_append_len(scanner->best, at, (gssize)length);
        }
        at += MAX(length, 1);
    }
    g_string_truncate(scanner->run, 0);
}

void torch_arch_scanner_feed(TorchArchScanner *scanner, const void *data, size_t length)
{
    const guint8 *bytes = data;
    for (size_t i = 0; i < length; i++) {
        if (scanner->run->len == 0) {
            const guint8 *first = memchr(bytes + i, 's', length - i);
            if (!first)
                return;
            i = (size_t)(first - bytes);
        }
        if (bytes[i] != '\0' && may_be_inside(bytes[i]) && scanner->run->len < LINE_BYTES)
            g_string_append_c(scanner->run, (char)bytes[i]);
        else
            end_run(scanner);
    }
}

bool torch_arch_scanner_finish(TorchArchScanner *scanner, GArray **ret_arches, GArray **ret_ptx)
{
    end_run(scanner);
    if (scanner->best->len == 0)
        return false;
    *ret_arches = g_array_new(FALSE, FALSE, sizeof(unsigned));
    *ret_ptx = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_auto(GStrv) words = g_strsplit(scanner->best->str, " ", -1);
    for (char **word = words; *word; word++) {
        unsigned arch = (unsigned)g_ascii_strtoull(strchr(*word, '_') + 1, NULL, 10);
        g_array_append_val(**word == 's' ? *ret_arches : *ret_ptx, arch);
    }
    g_string_truncate(scanner->best, 0);
    return true;
}

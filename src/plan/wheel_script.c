#include "plan/wheel_script.h"

#include "base/digest.h"

#include <string.h>

enum {
    SHEBANG_BYTES = 127, /* what the kernel reads of a first line */
};

/* Wrappers */

typedef struct {
    unsigned major, minor; /* of the first pip that writes it so */
    const char *text;      /* %1: module, %2: what is imported of it, %3: the callable */
} WrapperForm;

/* Newest first: SCRIPT_TEMPLATE of pip's distlib, later of pip's PipScriptMaker. */
static const WrapperForm wrapper_forms[] = {
    {26, 0,
     "import sys\n"
     "from %1 import %2\n"
     "if __name__ == '__main__':\n"
     "    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n"
     "    sys.exit(%3())\n"},
    {25, 2,
     "import sys\n"
     "from %1 import %2\n"
     "if __name__ == '__main__':\n"
     "    if sys.argv[0].endswith('.exe'):\n"
     "        sys.argv[0] = sys.argv[0][:-4]\n"
     "    sys.exit(%3())\n"},
    {0, 0,
     "# -*- coding: utf-8 -*-\n"
     "import re\n"
     "import sys\n"
     "from %1 import %2\n"
     "if __name__ == '__main__':\n"
     "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n"
     "    sys.exit(%3())\n"},
};

bool pip_is_older(const char *pip_version, unsigned major, unsigned minor)
{
    char *end;
    guint64 x = g_ascii_strtoull(pip_version, &end, 10);
    guint64 y = *end == '.' ? g_ascii_strtoull(end + 1, NULL, 10) : 0;
    return x < major || (x == major && y < minor);
}

static const char *wrapper_form(const char *pip_version)
{
    size_t i = 0;
    while (pip_version && pip_is_older(pip_version, wrapper_forms[i].major, wrapper_forms[i].minor))
        i++;
    return wrapper_forms[i].text;
}

/* Where the kernel can't use the interpreter's path as it is, a line that both sh and Python read.
 */
static void append_shebang(GString *text, const char *python)
{
    bool spaces = strchr(python, ' ') != NULL;
    if (!spaces && strlen(python) + 3 <= SHEBANG_BYTES) {
        g_string_append_printf(text, "#!%s\n", python);
        return;
    }
    const char *quote = spaces && *python != '"' ? "\"" : "";
    g_string_append_printf(text, "#!/bin/sh\n'''exec' %s%s%s \"$0\" \"$@\"\n' '''\n", quote, python,
                           quote);
}

char *wrapper_text(const EntryPoint *entry, const InstallTarget *target)
{
    GString *text = g_string_new(NULL);
    append_shebang(text, target->python);
    int first = (int)strcspn(entry->attribute, ".");
    for (const char *at = wrapper_form(target->pip_version); *at; at++) {
        if (at[0] != '%')
            g_string_append_c(text, *at);
        else if (*++at == '1')
            g_string_append(text, entry->module);
        else if (*at == '2')
            g_string_append_len(text, entry->attribute, first);
        else
            g_string_append(text, entry->attribute);
    }
    return g_string_free(text, FALSE);
}

static void named_entry_free(void *data)
{
    EntryPoint *entry = data;
    g_free(entry->name);
    g_free(entry->module);
    g_free(entry->attribute);
    g_free(entry);
}

static EntryPoint *find_console(const WheelArchive *wheel, const char *name)
{
    for (guint i = 0; i < wheel->entry_points->len; i++) {
        EntryPoint *entry = wheel->entry_points->pdata[i];
        if (!entry->gui && g_str_equal(entry->name, name))
            return entry;
    }
    return NULL;
}

static void add_named(GPtrArray *entries, const EntryPoint *like, char *take_name)
{
    EntryPoint *entry = g_new(EntryPoint, 1);
    *entry = (EntryPoint){take_name, g_strdup(like->module), g_strdup(like->attribute), false};
    g_ptr_array_add(entries, entry);
}

/* "1", "1.2": what pip's own names may end with. */
static bool is_version(const char *text, bool needs_minor)
{
    size_t major = strspn(text, "0123456789");
    if (major == 0)
        return *text == '\0' && !needs_minor;
    if (text[major] == '\0')
        return !needs_minor;
    size_t minor = text[major] == '.' ? strspn(text + major + 1, "0123456789") : 0;
    return minor > 0 && text[major + 1 + minor] == '\0';
}

/* Names that the wheel of pip or easy_install has for the Python that built it. */
static bool is_versioned(const EntryPoint *entry, bool pip, bool easy_install)
{
    if (entry->gui)
        return false;
    if (pip && g_str_has_prefix(entry->name, "pip") && is_version(entry->name + 3, false))
        return true;
    if (!easy_install || !g_str_has_prefix(entry->name, "easy_install"))
        return false;
    const char *rest = entry->name + strlen("easy_install");
    return *rest == '\0' || (*rest == '-' && is_version(rest + 1, true));
}

GPtrArray *wrapper_entries(const WheelArchive *wheel, const InstallTarget *target)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(named_entry_free);
    const EntryPoint *pip = find_console(wheel, "pip");
    const EntryPoint *easy = find_console(wheel, "easy_install");
    unsigned major = target->python_major, minor = target->python_minor;
    if (pip) {
        add_named(entries, pip, g_strdup("pip"));
        add_named(entries, pip, g_strdup_printf("pip%u", major));
        add_named(entries, pip, g_strdup_printf("pip%u.%u", major, minor));
    }
    if (easy) {
        add_named(entries, easy, g_strdup("easy_install"));
        add_named(entries, easy, g_strdup_printf("easy_install-%u.%u", major, minor));
    }
    for (guint i = 0; i < wheel->entry_points->len; i++) {
        const EntryPoint *entry = wheel->entry_points->pdata[i];
        if (!is_versioned(entry, pip != NULL, easy != NULL))
            add_named(entries, entry, g_strdup(entry->name));
    }
    return entries;
}

/* Scripts */

bool script_is_rewritten(const char *text, size_t length)
{
    static const char start[] = "#!python";
    return length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

GBytes *script_rewrite(GBytes *script, const InstallTarget *target)
{
    gsize length;
    const char *text = g_bytes_get_data(script, &length);
    const char *line = memchr(text, '\n', length);
    const char *rest = line ? line + 1 : text + length;
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)"#!", 2);
    g_byte_array_append(out, (const guint8 *)target->python, (guint)strlen(target->python));
    g_byte_array_append(out, (const guint8 *)"\n", 1);
    g_byte_array_append(out, (const guint8 *)rest, (guint)(text + length - rest));
    return g_byte_array_free_to_bytes(out);
}

/* RECORD */

typedef struct {
    const char *path, *digest, *size;
} Row;

struct RecordWriter {
    GArray *rows;
    GStringChunk *texts;
};

RecordWriter *record_writer_new(void)
{
    RecordWriter *writer = g_new(RecordWriter, 1);
    writer->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    writer->texts = g_string_chunk_new(16 * 1024);
    return writer;
}

void record_writer_free(RecordWriter *writer)
{
    if (!writer)
        return;
    g_array_unref(writer->rows);
    g_string_chunk_free(writer->texts);
    g_free(writer);
}

void record_writer_add(RecordWriter *writer, const char *path, const char *digest, const char *size)
{
    Row row = {g_string_chunk_insert(writer->texts, path),
               g_string_chunk_insert(writer->texts, digest),
               g_string_chunk_insert(writer->texts, size)};
    g_array_append_val(writer->rows, row);
}

static guint8 hex_value(char c)
{
    return (guint8)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Hex → urlsafe base64 without padding. */
static char *base64_of_hex(const char *hex)
{
    guint8 raw[DIGEST_SHA256_HEX / 2];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (guint8)(hex_value(hex[2 * i]) << 4 | hex_value(hex[2 * i + 1]));
    char *text = g_base64_encode(raw, sizeof raw);
    text[strcspn(text, "=")] = '\0';
    g_strdelimit(text, "+", '-');
    return g_strdelimit(text, "/", '_');
}

void record_writer_add_bytes(RecordWriter *writer, const char *path, GBytes *bytes)
{
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    g_autofree char *hex = digest_sha256(data ? data : "", length);
    g_autofree char *base64 = base64_of_hex(hex);
    g_autofree char *digest = g_strconcat("sha256=", base64, NULL);
    g_autofree char *size = g_strdup_printf("%" G_GSIZE_FORMAT, length);
    record_writer_add(writer, path, digest, size);
}

static int compare_rows(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    if (order == 0)
        order = strcmp(x->digest, y->digest);
    return order != 0 ? order : strcmp(x->size, y->size);
}

static void append_field(GString *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *at = text; *at; at++) {
        if (*at == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

GBytes *record_writer_finish(RecordWriter *writer)
{
    GString *out = g_string_new(NULL);
    g_array_sort(writer->rows, compare_rows);
    for (guint i = 0; i < writer->rows->len; i++) {
        const Row *row = &g_array_index(writer->rows, Row, i);
        append_field(out, row->path);
        g_string_append_c(out, ',');
        append_field(out, row->digest);
        g_string_append_c(out, ',');
        append_field(out, row->size);
        g_string_append(out, "\r\n");
    }
    return g_string_free_to_bytes(out);
}

char *path_relative(const char *path, const char *folder)
{
    size_t common = 0;
    for (size_t i = 0;; i++) {
        bool here = path[i] == '/' || path[i] == '\0', there = folder[i] == '/' || !folder[i];
        if (here && there)
            common = i;
        if (path[i] != folder[i] || path[i] == '\0')
            break;
    }
    GString *out = g_string_new(NULL);
    for (const char *at = folder + common; (at = strchr(at, '/')); at++) {
        if (at[1] != '\0')
            g_string_append(out, "../");
    }
    const char *rest = path + common;
    g_string_append(out, rest + (*rest == '/'));
    return g_string_free(out, FALSE);
}

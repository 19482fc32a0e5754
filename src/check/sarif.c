#include "check/sarif.h"

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static const char *level_of(Severity severity)
{
    return severity_name(severity); /* the same words */
}

void sarif_write_text(JsonWriter *json, const char *key, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    jsonw_key(json, key);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "text", valid);
    jsonw_end_object(json);
}

static void write_rule(JsonWriter *json, const FindingPage *page)
{
    g_autofree char *help = g_strdup_printf("%s\n\n%s\n\nFor example:\n\n%s\n%s", page->meaning,
                                            page->matters, page->example, page->way_out);
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "id", page->kind.code);
    sarif_write_text(json, "shortDescription", page->kind.title);
    sarif_write_text(json, "fullDescription", page->meaning);
    sarif_write_text(json, "help", help);
    jsonw_key(json, "defaultConfiguration");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "level", level_of(page->kind.severity));
    jsonw_end_object(json);
    jsonw_end_object(json);
}

static void write_driver(JsonWriter *json, const GPtrArray *pages)
{
    jsonw_key(json, "tool");
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_key(json, "driver");
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "name", "ramekin");
    jsonw_string_member(json, "semanticVersion", RAMEKIN_VERSION);
    jsonw_key(json, "rules");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < pages->len; i++)
        write_rule(json, pages->pdata[i]);
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_object(json);
}

GPtrArray *sarif_pages(const GPtrArray *codes)
{
    g_autoptr(GPtrArray) pages = finding_pages();
    GPtrArray *used = g_ptr_array_new();
    for (guint i = 0; i < pages->len; i++) {
        const FindingPage *page = pages->pdata[i];
        bool wanted = false;
        for (guint k = 0; !wanted && k < codes->len; k++)
            wanted = g_str_equal(codes->pdata[k], page->kind.code);
        if (wanted)
            g_ptr_array_add(used, (void *)page);
    }
    return used;
}

void sarif_begin(JsonWriter *json, const GPtrArray *pages)
{
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "$schema", SCHEMA);
    jsonw_string_member(json, "version", "2.1.0");
    jsonw_key(json, "runs");
    jsonw_begin_array(json, JSONW_BLOCK);
    jsonw_begin_object(json, JSONW_BLOCK);
    write_driver(json, pages);
    jsonw_string_member(json, "columnKind", "unicodeCodePoints");
    jsonw_key(json, "results");
    jsonw_begin_array(json, JSONW_BLOCK);
}

void sarif_end(JsonWriter *json)
{
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
    jsonw_end_object(json);
}

static guint rule_index(const GPtrArray *pages, const char *code)
{
    for (guint i = 0; i < pages->len; i++) {
        if (g_str_equal(((const FindingPage *)pages->pdata[i])->kind.code, code))
            return i;
    }
    return 0;
}

void sarif_write_rule_of(JsonWriter *json, const Finding *finding, const GPtrArray *pages)
{
    jsonw_string_member(json, "ruleId", finding->code);
    jsonw_unsigned_member(json, "ruleIndex", rule_index(pages, finding->code));
    jsonw_string_member(json, "level", level_of(finding->severity));
}

void sarif_write_artifact(JsonWriter *json, const char *path)
{
    g_autofree char *uri =
        g_path_is_absolute(path)
            ? g_filename_to_uri(path, NULL, NULL)
            : g_uri_escape_string(path, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, false);
    jsonw_key(json, "artifactLocation");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "uri", uri);
    jsonw_end_object(json);
}

void sarif_write_replacement(JsonWriter *json, Span begin, Span end, const char *after)
{
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_key(json, "deletedRegion");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "startLine", begin.line);
    jsonw_unsigned_member(json, "startColumn", begin.column);
    jsonw_unsigned_member(json, "endLine", end.line);
    jsonw_unsigned_member(json, "endColumn", end.column);
    jsonw_end_object(json);
    sarif_write_text(json, "insertedContent", after);
    jsonw_end_object(json);
}

void sarif_write_location(JsonWriter *json, const char *path, Span at)
{
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_key(json, "physicalLocation");
    jsonw_begin_object(json, JSONW_INLINE);
    sarif_write_artifact(json, path);
    jsonw_key(json, "region");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "startLine", at.line);
    jsonw_unsigned_member(json, "startColumn", MAX(at.column, 1));
    if (at.width > 0)
        jsonw_unsigned_member(json, "endColumn", MAX(at.column, 1) + at.width);
    jsonw_end_object(json);
    jsonw_end_object(json);
    jsonw_end_object(json);
}

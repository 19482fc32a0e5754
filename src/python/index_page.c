#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "python/index_arena.h"
#include "python/index_html.h"
#include "python/name.h"
#include "text/json_scan.h"

typedef struct {
    IndexPage *page;
    IndexArena *arena;
    const char *canonical;
    const char *base; /* what relative links are resolved against */
    GString *scratch;
} Builder;

/* 1970-01-01T00:00:00 in its most common spelling, without allocating; the rest is
 * clock_parse_date()'s. */
static gint64 parse_time(const char *text)
{
    static const short before_month[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    unsigned year, month, day, hour, minute, second;
    int end = 0;
    gint64 seconds;
    if (strlen(text) >= 20 &&
        sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u%n", &year, &month, &day, &hour, &minute, &second,
               &end) == 6 &&
        end == 19 && year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31) {
        const char *zone = text + end;
        if (*zone == '.')
            zone += 1 + strspn(zone + 1, "0123456789");
        if (g_str_equal(zone, "Z")) {
            unsigned years = month > 2 ? year : year - 1;
            gint64 days = 365 * (gint64)(year - 1970) + (years / 4 - 1969 / 4) -
                          (years / 100 - 1969 / 100) + (years / 400 - 1969 / 400) +
                          before_month[month - 1] + day - 1;
            return days * 86400 + hour * 3600 + minute * 60 + second;
        }
    }
    return clock_parse_date(text, &seconds) ? seconds : -1;
}

/* The file's decoded name: the tail of its URL where nothing is escaped, else a copy. */
static char *name_of_url(Builder *builder, char *url)
{
    size_t path = strcspn(url, "?");
    if (url[path] == '\0' && !strchr(url, '%')) {
        char *slash = strrchr(url, '/');
        return slash && slash[1] ? slash + 1 : NULL;
    }
    g_autofree char *name = url_filename(url);
    return name ? index_arena_text(builder->arena, name, strlen(name)) : NULL;
}

/* `#egg=NAME-VERSION` names a source archive whose own name says nothing ("v1.0.tar.gz"). */
static char *name_of_egg(Builder *builder, const char *filename, const char *fragment)
{
    static const char *const extensions[] = {".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"};
    const char *egg = fragment ? strstr(fragment, "egg=") : NULL;
    if (!egg || (egg > fragment && egg[-1] != '&'))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
        if (!g_str_has_suffix(filename, extensions[i]))
            continue;
        g_autofree char *stem = g_strndup(egg + 4, strcspn(egg + 4, "&"));
        if (!name_is_valid(stem))
            return NULL;
        g_autofree char *name = g_strconcat(stem, extensions[i], NULL);
        return index_arena_text(builder->arena, name, strlen(name));
    }
    return NULL;
}

/* Whether the last segment of the URL in builder->scratch may be a file of the project; decides
 * most links of other projects and kinds without keeping anything. */
static bool may_fit(const Builder *builder, const char *url, const char *fragment)
{
    size_t path = strcspn(url, "?");
    const char *slash = memrchr(url, '/', path);
    if (!slash || fragment || url[path] || memchr(slash, '%', path - (size_t)(slash - url)))
        return true;
    return index_filename_fits(slash + 1, builder->canonical);
}

/* A file for the link `href`, or NULL when it is none of the project. */
static IndexFile *add_link(Builder *builder, const char *href)
{
    g_autofree char *joined = NULL;
    if (!url_is_http(href)) {
        joined = url_join(builder->base, href);
        href = joined;
    }
    if (!href || strlen(href) > LIMIT_URL_BYTES)
        return NULL;
    const char *fragment = strchr(href, '#');
    g_autofree char *quoted = NULL;
    size_t length = fragment ? (size_t)(fragment - href) : strlen(href);
    fragment = fragment ? fragment + 1 : NULL;
    char *url = index_arena_text(builder->arena, href, length);
    if (!may_fit(builder, url, fragment && strstr(fragment, "egg=") ? fragment : NULL))
        return NULL;
    if (!url_is_quoted(url)) {
        quoted = url_quote(url);
        url = index_arena_text(builder->arena, quoted, strlen(quoted));
    }
    if (url_is_http(url) && !url_has_server(url)) {
        g_autofree char *shown = url_redact(url);
        log_debug("the link %s leads to no server and is left out", shown);
        return NULL;
    }
    char *filename = name_of_url(builder, url);
    char *egg = filename ? name_of_egg(builder, filename, fragment) : NULL;
    filename = egg ? egg : filename;
    if (!filename || !index_filename_fits(filename, builder->canonical))
        return NULL;
    IndexFile *file = index_arena_file(builder->arena);
    file->url = url;
    file->filename = filename;
    file->location = builder->page->location;
    if (!index_file_take_fragment(file, builder->arena, fragment)) {
        log_debug("the link to %s carries a broken sha256 and is left out", filename);
        return NULL;
    }
    return file;
}

static char *keep(Builder *builder, const char *text)
{
    return text ? index_arena_text(builder->arena, text, strlen(text)) : NULL;
}

/* The attributes of an anchor that matter; their order is that of the fields of ANCHOR_NAMES. */
enum {
    A_HREF,
    A_REQUIRES_PYTHON,
    A_YANKED,
    A_CORE_METADATA,
    A_DIST_INFO_METADATA,
    A_UPLOAD_TIME,
    A_COUNT,
};

#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct {
    const char *text;
    size_t length;
} ANCHOR_NAMES[A_COUNT] = {
    NAME("href"),
    NAME("data-requires-python"),
    NAME("data-yanked"),
    NAME("data-core-metadata"),
    NAME("data-dist-info-metadata"),
    NAME("data-upload-time"),
};
#undef NAME

static void note_attribute(HtmlAttribute *anchor, const HtmlAttribute *attribute)
{
    for (size_t i = 0; i < A_COUNT; i++) {
        /* the last one of a name counts, as for pip */
        if (attribute->name_length == ANCHOR_NAMES[i].length &&
            html_name_is(attribute->name, attribute->name_length, ANCHOR_NAMES[i].text))
            anchor[i] = *attribute;
    }
}

/* The decoded value in the builder's scratch text, which the next call overwrites; NULL when it is
 * absent or holds a NUL. */
static const char *value_of(Builder *builder, const HtmlAttribute *attribute)
{
    if (!attribute->value || memchr(attribute->value, '\0', attribute->value_length))
        return NULL;
    g_string_truncate(builder->scratch, 0);
    html_decode_value(builder->scratch, attribute->value, attribute->value_length);
    return builder->scratch->str;
}

/* PEP 658 and 714, in HTML: "true" or ALGORITHM=DIGEST; anything else but "false" is an offer too.
 */
static void take_html_offer(Builder *builder, IndexFile *file, const char *value)
{
    if (!value)
        return;
    file->metadata_offer = g_str_equal(value, "false") ? METADATA_DENIED : METADATA_OFFERED;
    if (g_str_has_prefix(value, "sha256="))
        file->metadata_sha256 = keep(builder, value + 7);
}

static void take_anchor(Builder *builder, const HtmlAttribute *anchor)
{
    const char *href = value_of(builder, &anchor[A_HREF]);
    IndexFile *file = href && *href ? add_link(builder, href) : NULL;
    if (!file)
        return;
    const char *python = value_of(builder, &anchor[A_REQUIRES_PYTHON]);
    file->requires_python = python && *python ? keep(builder, python) : NULL;
    /* Without a value the attribute says nothing to pip. */
    file->yanked = keep(builder, value_of(builder, &anchor[A_YANKED]));
    bool core = anchor[A_CORE_METADATA].value != NULL;
    take_html_offer(builder, file,
                    value_of(builder, &anchor[core ? A_CORE_METADATA : A_DIST_INFO_METADATA]));
    const char *time = value_of(builder, &anchor[A_UPLOAD_TIME]);
    file->upload_time = time ? parse_time(time) : -1;
    g_ptr_array_add(builder->page->files, file);
}

/* Whether "<base" stands anywhere; saves reading most pages twice. */
static bool has_base(const char *text, size_t length)
{
    const char *end = text + length;
    while ((text = memchr(text, '<', (size_t)(end - text)))) {
        text++;
        if (end - text >= 4 && html_name_is(text, 4, "base"))
            return true;
    }
    return false;
}

/* The first <base> with an href counts for the whole page, links before it included. */
static char *find_base(const char *url, const char *text, size_t length)
{
    if (!has_base(text, length))
        return NULL;
    HtmlReader reader;
    HtmlAttribute attribute;
    const char *name;
    size_t name_length;
    html_reader_init(&reader, text, length);
    while (html_next_tag(&reader, &name, &name_length)) {
        bool base = html_name_is(name, name_length, "base");
        g_autoptr(GString) href = NULL;
        HtmlStep step;
        while (base && (step = html_next_attribute(&reader, &attribute)) == HTML_ATTRIBUTE) {
            if (href || !attribute.value ||
                !html_name_is(attribute.name, attribute.name_length, "href"))
                continue;
            href = g_string_new(NULL);
            html_decode_value(href, attribute.value, attribute.value_length);
        }
        if (base && step == HTML_TAG_END && href)
            return url_join(url, href->str);
    }
    return NULL;
}

static void parse_html(Builder *builder, const char *text, size_t length)
{
    g_autofree char *base = find_base(builder->base, text, length);
    builder->base = base ? base : builder->base;
    HtmlReader reader;
    const char *name;
    size_t name_length;
    html_reader_init(&reader, text, length);
    while (html_next_tag(&reader, &name, &name_length)) {
        if (!html_name_is(name, name_length, "a"))
            continue;
        HtmlAttribute anchor[A_COUNT] = {0}, attribute;
        HtmlStep step;
        while ((step = html_next_attribute(&reader, &attribute)) == HTML_ATTRIBUTE)
            note_attribute(anchor, &attribute);
        if (step == HTML_TAG_END)
            take_anchor(builder, anchor);
    }
}

/* The fields of a file in JSON that matter. */
enum {
    J_URL,
    J_REQUIRES_PYTHON,
    J_YANKED,
    J_HASHES,
    J_CORE_METADATA,
    J_DIST_INFO_METADATA,
    J_SIZE,
    J_UPLOAD_TIME,
    J_COUNT,
};

static const char *const JSON_NAMES[J_COUNT] = {
    "url",           "requires-python",    "yanked", "hashes",
    "core-metadata", "dist-info-metadata", "size",   "upload-time",
};

static void read_fields(const ScanValue *item, ScanValue *fields)
{
    const char *state = NULL;
    ScanValue key, value;
    while (json_scan_pair(item, &state, &key, &value)) {
        for (size_t i = 0; i < J_COUNT; i++) {
            if (json_scan_is(&key, JSON_NAMES[i]))
                fields[i] = value; /* the last one counts, as for Python */
        }
    }
}

/* The text in the builder's scratch text, which the next call overwrites; NULL when it is none. */
static const char *text_of(Builder *builder, const ScanValue *value)
{
    g_string_truncate(builder->scratch, 0);
    return json_scan_text(value, builder->scratch) ? builder->scratch->str : NULL;
}

static gboolean take_json_hashes(Builder *builder, IndexFile *file, const ScanValue *hashes)
{
    const char *state = NULL;
    ScanValue key, value;
    while (json_scan_pair(hashes, &state, &key, &value)) {
        g_autoptr(GString) algorithm = g_string_new(NULL);
        const char *digest = text_of(builder, &value);
        if (!digest || !json_scan_text(&key, algorithm) ||
            !index_file_take_hash(file, builder->arena, algorithm->str, digest))
            return FALSE;
    }
    return TRUE;
}

static void take_json_offer(Builder *builder, IndexFile *file, const ScanValue *fields)
{
    bool core = fields[J_CORE_METADATA].kind > SCAN_NULL;
    const ScanValue *offer = &fields[core ? J_CORE_METADATA : J_DIST_INFO_METADATA];
    const char *state = NULL;
    ScanValue key, value;
    if (offer->kind <= SCAN_NULL)
        return;
    bool offered = offer->kind == SCAN_MAP || json_scan_is_true(offer);
    file->metadata_offer = offered ? METADATA_OFFERED : METADATA_DENIED;
    while (json_scan_pair(offer, &state, &key, &value)) {
        if (json_scan_is(&key, "sha256"))
            file->metadata_sha256 = keep(builder, text_of(builder, &value));
    }
}

static const char *file_problem(Builder *builder, IndexFile *file, const ScanValue *fields)
{
    const ScanValue *python = &fields[J_REQUIRES_PYTHON], *yanked = &fields[J_YANKED];
    const ScanValue *hashes = &fields[J_HASHES];
    if (json_scan_is_true(python) && python->kind != SCAN_TEXT)
        return "its requires-python is no text";
    if (hashes->kind > SCAN_NULL && hashes->kind != SCAN_MAP)
        return "its hashes are no object";
    if (!take_json_hashes(builder, file, hashes))
        return "its sha256 is none";
    if (json_scan_is_true(python))
        file->requires_python = keep(builder, text_of(builder, python));
    const char *reason = yanked->kind == SCAN_TEXT ? text_of(builder, yanked) : NULL;
    if (json_scan_is_true(yanked))
        file->yanked = keep(builder, reason ? reason : "");
    return NULL;
}

static void take_json_file(Builder *builder, const ScanValue *item)
{
    ScanValue fields[J_COUNT] = {0};
    read_fields(item, fields);
    const char *url = text_of(builder, &fields[J_URL]);
    IndexFile *file = url ? add_link(builder, url) : NULL;
    if (!file)
        return;
    const char *problem = file_problem(builder, file, fields);
    if (problem) {
        log_debug("%s is left out: %s", file->filename, problem);
        return;
    }
    gint64 size;
    if (json_scan_integer(&fields[J_SIZE], &size) && size >= 0)
        file->size = size;
    const char *time = text_of(builder, &fields[J_UPLOAD_TIME]);
    file->upload_time = time ? parse_time(time) : -1;
    take_json_offer(builder, file, fields);
    g_ptr_array_add(builder->page->files, file);
}

static ScanValue find_member(const ScanValue *map, const char *name)
{
    const char *state = NULL;
    ScanValue key, value, found = {0};
    while (json_scan_pair(map, &state, &key, &value)) {
        if (json_scan_is(&key, name))
            found = value;
    }
    return found;
}

static gboolean parse_json(Builder *builder, const char *name, const char *text, size_t length,
                           GError **error)
{
    ScanValue page, item;
    g_autoptr(GError) broken = NULL;
    if (!json_scan(name, text, length, &page, &broken))
        return error_set(error, ERROR_VERIFY, SPAN_NONE, "%s", broken->message);
    if (page.kind != SCAN_MAP)
        return error_set(error, ERROR_VERIFY, SPAN_NONE, "%s: the page is no JSON object", name);
    ScanValue meta = find_member(&page, "meta"), files = find_member(&page, "files");
    ScanValue stated = find_member(&meta, "api-version");
    const char *version = text_of(builder, &stated), *state = NULL;
    if (version && g_ascii_strtoull(version, NULL, 10) > 1)
        return error_set(error, ERROR_VERIFY, SPAN_NONE,
                         "%s: the index speaks version %s of the simple API; versions before 2 are "
                         "known",
                         name, version);
    if (files.kind != SCAN_ABSENT && files.kind != SCAN_LIST)
        return error_set(error, ERROR_VERIFY, SPAN_NONE, "%s: \"files\" is no list", name);
    while (json_scan_item(&files, &state, &item))
        take_json_file(builder, &item);
    return TRUE;
}

typedef enum {
    FORM_HTML,
    FORM_JSON,
    FORM_UNKNOWN,
} Form;

static Form sniff(const char *text, size_t length)
{
    size_t at = 0;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < length && g_ascii_isspace(text[at]))
        at++;
    if (at == length || text[at] == '<')
        return FORM_HTML;
    return text[at] == '{' ? FORM_JSON : FORM_UNKNOWN;
}

static Form find_form(const char *content_type, const char *text, size_t length)
{
    static const struct {
        const char *type;
        Form form;
    } types[] = {
        {"text/html", FORM_HTML},
        {"application/vnd.pypi.simple.v1+html", FORM_HTML},
        {"application/xhtml+xml", FORM_HTML},
        {"application/vnd.pypi.simple.v1+json", FORM_JSON},
        {"application/json", FORM_JSON},
    };
    g_autofree char *type = content_type ? g_ascii_strdown(content_type, -1) : g_strdup("");
    type[strcspn(type, "; \t")] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_str_equal(type, types[i].type))
            return types[i].form;
    }
    bool silent = *type == '\0' || g_str_equal(type, "text/plain");
    return silent ? sniff(text, length) : FORM_UNKNOWN;
}

/* The charset of a Content-Type unless it is UTF-8 or a part of it. */
static char *foreign_charset(const char *content_type)
{
    const char *at = content_type ? strstr(content_type, "charset=") : NULL;
    if (!at)
        return NULL;
    at += strlen("charset=");
    at += *at == '"' || *at == '\'' ? 1 : 0;
    g_autofree char *name = g_strndup(at, strcspn(at, "\"'; \t"));
    bool own = g_ascii_strcasecmp(name, "utf-8") == 0 || g_ascii_strcasecmp(name, "utf8") == 0 ||
               g_ascii_strcasecmp(name, "us-ascii") == 0 || g_ascii_strcasecmp(name, "ascii") == 0;
    return own || *name == '\0' ? NULL : g_steal_pointer(&name);
}

/* How many bytes at the beginning are ASCII, rounded down to a word. */
static size_t ascii_length(const char *text, size_t length)
{
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        guint64 word;
        memcpy(&word, text + at, 8);
        if (word & G_GUINT64_CONSTANT(0x8080808080808080))
            break;
    }
    return at;
}

/* g_utf8_validate() takes NUL for an error; here it is a character like others. */
static bool is_utf8(const char *text, size_t length)
{
    size_t plain = ascii_length(text, length);
    text += plain;
    length -= plain;
    while (length > 0) {
        const char *nul = memchr(text, '\0', length);
        size_t piece = nul ? (size_t)(nul - text) : length;
        if (!g_utf8_validate(text, (gssize)piece, NULL))
            return false;
        piece += nul ? 1 : 0;
        text += piece;
        length -= piece;
    }
    return true;
}

static gboolean set_no_page(GError **error, const char *name, const char *content_type)
{
    error_set(error, ERROR_VERIFY, SPAN_NONE, "%s: this is no page of links (Content-Type: %s)",
              name, content_type ? content_type : "none");
    if (error)
        error_set_hint(*error, "an index is named by the address below which every project has a "
                               "page; it often ends in /simple");
    return FALSE;
}

static gboolean parse_text(Builder *builder, const char *name, const char *content_type,
                           const char *text, size_t length, GError **error)
{
    g_autofree char *charset = foreign_charset(content_type), *converted = NULL;
    Form form = find_form(content_type, text, length);
    if (form == FORM_HTML && charset) {
        gsize size;
        converted = g_convert(text, (gssize)length, "UTF-8", charset, NULL, &size, NULL);
        if (!converted)
            return error_set(error, ERROR_VERIFY, SPAN_NONE, "%s: the page is not in %s", name,
                             charset);
        text = converted;
        length = size;
    }
    if (form == FORM_UNKNOWN)
        return set_no_page(error, name, content_type);
    if (!is_utf8(text, length))
        return error_set(error, ERROR_VERIFY, SPAN_NONE, "%s: the page is not UTF-8", name);
    if (form == FORM_JSON)
        return parse_json(builder, name, text, length, error);
    parse_html(builder, text, length);
    return TRUE;
}

IndexPage *index_page_parse(const char *url, const char *content_type, const char *text,
                            size_t length, const IndexLocation *location, const char *canonical,
                            GError **error)
{
    g_autoptr(IndexPage) page = g_new0(IndexPage, 1);
    page->location = location;
    page->files = g_ptr_array_new();
    page->arena = index_arena_new();
    g_autoptr(GString) scratch = g_string_sized_new(256);
    Builder builder = {page, page->arena, canonical, url, scratch};
    g_autofree char *name = url_redact(url);
    if (!parse_text(&builder, name, content_type, text, length, error))
        return NULL;
    return g_steal_pointer(&page);
}

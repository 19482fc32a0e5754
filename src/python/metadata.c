#include "python/metadata.h"
#include "python/name.h"

#include "base/limits.h"

typedef struct {
    const char *at, *end;
} Reader;

/* The next line without its end (LF, CRLF or CR); false at the end of the text. */
static bool next_line(Reader *reader, const char **ret_line, size_t *ret_length)
{
    if (reader->at >= reader->end)
        return false;
    const char *begin = reader->at, *at = begin;
    while (at < reader->end && *at != '\n' && *at != '\r')
        at++;
    *ret_line = begin;
    *ret_length = (size_t)(at - begin);
    if (at < reader->end && *at == '\r' && at + 1 < reader->end && at[1] == '\n')
        at++;
    reader->at = at < reader->end ? at + 1 : at;
    return true;
}

static bool is_continuation(const Reader *reader)
{
    return reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t');
}

/* The length of the field name before the colon, or -1 when the line is no header (RFC 5322). */
static gssize key_length(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (line[i] == ':')
            return (gssize)i;
        if (line[i] <= ' ' || line[i] == 0x7f || (guint8)line[i] >= 0x80)
            return -1;
    }
    return -1;
}

typedef enum {
    FIELD_NAME,
    FIELD_VERSION,
    FIELD_METADATA_VERSION,
    FIELD_REQUIRES_PYTHON,
    FIELD_REQUIRES_DIST,
    FIELD_PROVIDES_EXTRA,
    FIELD_DYNAMIC,
    FIELD_OTHER,
} Field;

static const char *const fields[] = {
    [FIELD_NAME] = "name",
    [FIELD_VERSION] = "version",
    [FIELD_METADATA_VERSION] = "metadata-version",
    [FIELD_REQUIRES_PYTHON] = "requires-python",
    [FIELD_REQUIRES_DIST] = "requires-dist",
    [FIELD_PROVIDES_EXTRA] = "provides-extra",
    [FIELD_DYNAMIC] = "dynamic",
};

static Field find_field(const char *key, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (strlen(fields[i]) == length && g_ascii_strncasecmp(fields[i], key, length) == 0)
            return (Field)i;
    return FIELD_OTHER;
}

/* The value with its folded lines as they stand (packaging refuses a line end inside most values),
 * without white space around it; NULL when it holds a NUL or is no UTF-8. */
static char *take_value(const char *begin, const char *end)
{
    if (!g_utf8_validate(begin, end - begin, NULL))
        return NULL;
    g_autofree char *value = g_strndup(begin, (size_t)(end - begin));
    return g_strdup(g_strstrip(value));
}

typedef struct {
    Metadata *metadata;
    char *version;
    GPtrArray *extras, *dynamic;
} Collector;

static bool add_requirement(Collector *collector, const char *value, GError **error)
{
    Requirement *requirement = requirement_parse(value, error);
    if (requirement == NULL)
        return false;
    g_ptr_array_add(collector->metadata->requires_dist, requirement);
    return true;
}

/* Of a field that may occur once, the first counts. */
static void set_once(char **field, char **value)
{
    if (*field == NULL)
        *field = g_steal_pointer(value);
}

static bool collect(Collector *collector, Field field, const char *begin, const char *end,
                    GError **error)
{
    g_autofree char *value = take_value(begin, end);
    Metadata *metadata = collector->metadata;
    if (value == NULL)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the field %s is no valid text",
                         fields[field]);
    switch (field) {
    case FIELD_NAME:
        set_once(&metadata->name, &value);
        break;
    case FIELD_VERSION:
        set_once(&collector->version, &value);
        break;
    case FIELD_METADATA_VERSION:
        set_once(&metadata->metadata_version, &value);
        break;
    case FIELD_REQUIRES_PYTHON:
        set_once(&metadata->requires_python, &value);
        break;
    case FIELD_REQUIRES_DIST:
        return add_requirement(collector, value, error);
    case FIELD_PROVIDES_EXTRA:
        g_ptr_array_add(collector->extras, g_steal_pointer(&value));
        break;
    case FIELD_DYNAMIC:
        g_ptr_array_add(collector->dynamic, g_ascii_strdown(value, -1));
        break;
    case FIELD_OTHER:
        break;
    }
    return true;
}

/* Headers end at a blank line or at the first line that is none. */
static bool collect_headers(Collector *collector, Reader *reader, GError **error)
{
    const char *line;
    size_t length;
    while (next_line(reader, &line, &length) && length > 0) {
        bool stray = *line == ' ' || *line == '\t' || strncmp(line, "From ", MIN(length, 5)) == 0;
        gssize key = key_length(line, length);
        if (key < 0 && !stray)
            break;
        const char *end = line + length, *more;
        while (is_continuation(reader) && next_line(reader, &more, &length))
            end = more + length;
        Field field = key < 0 ? FIELD_OTHER : find_field(line, (size_t)key);
        if (field != FIELD_OTHER && !collect(collector, field, line + key + 1, end, error))
            return false;
    }
    return true;
}

static char **take_texts(GPtrArray *texts)
{
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_steal(texts, NULL);
}

static bool finish(Collector *collector, GError **error)
{
    Metadata *metadata = collector->metadata;
    metadata->provides_extra = take_texts(collector->extras);
    metadata->dynamic = take_texts(collector->dynamic);
    if (metadata->name == NULL || !name_is_valid(metadata->name))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the field Name is %s",
                         metadata->name == NULL ? "missing" : "no project name");
    if (collector->version == NULL)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the field Version is missing");
    metadata->version = version_parse(collector->version, error);
    if (metadata->version == NULL)
        return false;
    if (metadata->requires_python != NULL)
        metadata->python = specifier_set_parse(metadata->requires_python, NULL);
    return true;
}

Metadata *metadata_parse(const char *text, size_t length, GError **error)
{
    if (length > LIMIT_METADATA_BYTES) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "the metadata is larger than %zu bytes",
                  (size_t)LIMIT_METADATA_BYTES);
        return NULL;
    }
    g_autoptr(Metadata) metadata = g_new0(Metadata, 1);
    metadata->requires_dist =
        g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))requirement_free);
    Collector collector = {.metadata = metadata,
                           .extras = g_ptr_array_new_with_free_func(g_free),
                           .dynamic = g_ptr_array_new_with_free_func(g_free)};
    Reader reader = {text, text + length};
    bool good = collect_headers(&collector, &reader, error) && finish(&collector, error);
    g_ptr_array_unref(collector.extras);
    g_ptr_array_unref(collector.dynamic);
    g_free(collector.version);
    return good ? g_steal_pointer(&metadata) : NULL;
}

void metadata_free(Metadata *metadata)
{
    if (metadata == NULL)
        return;
    g_free(metadata->name);
    version_unref(metadata->version);
    g_free(metadata->metadata_version);
    g_free(metadata->requires_python);
    specifier_set_unref(metadata->python);
    g_ptr_array_unref(metadata->requires_dist);
    g_strfreev(metadata->provides_extra);
    g_strfreev(metadata->dynamic);
    g_free(metadata);
}

bool metadata_has_extra(const Metadata *metadata, const char *extra)
{
    g_autofree char *wanted = name_canonicalize(extra);
    for (char **provided = metadata->provides_extra; *provided != NULL; provided++) {
        g_autofree char *canonical = name_canonicalize(*provided);
        if (strcmp(canonical, wanted) == 0)
            return true;
    }
    return false;
}

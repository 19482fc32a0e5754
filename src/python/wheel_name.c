#include "python/wheel_name.h"
#include "python/name.h"

#include "base/limits.h"

/* More tags than any real file name stands for; a product of three compressed sets grows fast. */
#define WHEEL_TAGS_MAX 65536u

static WheelName *refuse(GError **error, const char *filename, const char *why)
{
    error_set(error, ERROR_INPUT, SPAN_NONE, "invalid wheel file name '%.255s': %s", filename, why);
    return NULL;
}

static bool is_word(gunichar c)
{
    return c == '_' || g_unichar_isalnum(c);
}

/* PEP 427: what escaping leaves of a project name; letters of any script are let through. */
static bool is_escaped_name(const char *name)
{
    if (*name == '\0' || strstr(name, "__") != NULL)
        return false;
    for (; *name != '\0'; name = g_utf8_next_char(name))
        if (*name != '.' && !is_word(g_utf8_get_char(name)))
            return false;
    return true;
}

/* str.isidentifier(), near enough beyond ASCII. */
static bool is_identifier(const char *text)
{
    gunichar first = g_utf8_get_char(text);
    if (first != '_' && !g_unichar_isalpha(first))
        return false;
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        if (!is_word(c) && !g_unichar_ismark(c))
            return false;
    }
    return true;
}

/* The digits without leading zeros, then the rest of the line. */
static char *parse_build(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 4300)
        return NULL;
    size_t zeros = MIN(strspn(text, "0"), digits - 1);
    return g_strndup(text + zeros, strcspn(text, "\n") - zeros);
}

/* The members of one compressed set in lower case; NULL when one is empty. */
static char **split_tags(const char *text)
{
    g_auto(GStrv) tags = g_strsplit(text, ".", -1);
    bool whole = tags[0] != NULL;
    for (size_t i = 0; tags[i] != NULL; i++) {
        char *lower = g_utf8_strdown(tags[i], -1);
        whole &= *lower != '\0';
        g_free(tags[i]);
        tags[i] = lower;
    }
    return whole ? g_steal_pointer(&tags) : NULL;
}

static bool are_identifiers(const char *text)
{
    g_auto(GStrv) names = g_strsplit(text, ".", -1);
    for (size_t i = 0; names[i] != NULL; i++)
        if (!is_identifier(names[i]))
            return false;
    return true;
}

static bool parse_tags(WheelName *wheel, char *const *parts)
{
    wheel->pythons = split_tags(parts[0]);
    wheel->abis = split_tags(parts[1]);
    wheel->platforms = split_tags(parts[2]);
    if (wheel->pythons == NULL || wheel->abis == NULL || wheel->platforms == NULL)
        return false;
    guint64 product = (guint64)g_strv_length(wheel->pythons) * g_strv_length(wheel->abis) *
                      g_strv_length(wheel->platforms);
    return are_identifiers(parts[0]) && product <= WHEEL_TAGS_MAX;
}

WheelName *wheel_name_parse(const char *filename, GError **error)
{
    size_t length = strlen(filename);
    if (length > LIMIT_PATH_BYTES || !g_utf8_validate(filename, -1, NULL))
        return refuse(error, filename, "it is too long or no UTF-8");
    if (!g_str_has_suffix(filename, ".whl"))
        return refuse(error, filename, "it does not end in .whl");
    g_autofree char *stem = g_strndup(filename, length - 4);
    g_auto(GStrv) parts = g_strsplit(stem, "-", -1);
    unsigned count = g_strv_length(parts);
    if (count != 5 && count != 6)
        return refuse(error, filename, "it needs five or six parts joined by '-'");
    if (!is_escaped_name(parts[0]))
        return refuse(error, filename, "its first part is no project name");
    g_autoptr(WheelName) wheel = g_new0(WheelName, 1);
    wheel->name = name_canonicalize(parts[0]);
    wheel->version = version_parse(parts[1], NULL);
    if (wheel->version == NULL)
        return refuse(error, filename, "its second part is no version");
    wheel->build = count == 6 ? parse_build(parts[2]) : g_strdup("");
    if (wheel->build == NULL)
        return refuse(error, filename, "its build tag does not begin with a digit");
    if (!parse_tags(wheel, parts + count - 3))
        return refuse(error, filename, "its tags are empty, no identifiers or too many");
    return g_steal_pointer(&wheel);
}

static bool is_all_ascii(const char *text, size_t length)
{
    guint64 word, bits = 0;
    for (; length >= sizeof word; text += sizeof word, length -= sizeof word) {
        memcpy(&word, text, sizeof word);
        bits |= word;
    }
    for (; length > 0; text++, length--)
        bits |= (guint8)*text;
    return (bits & 0x8080808080808080u) == 0;
}

bool wheel_name_split(const char *filename, size_t length, WheelParts *ret_parts)
{
    if (length > LIMIT_PATH_BYTES || length < 4 || memcmp(filename + length - 4, ".whl", 4) != 0 ||
        !is_all_ascii(filename, length))
        return false;
    const char *dashes[4], *end = filename + length, *at = filename;
    for (size_t i = 0; i < G_N_ELEMENTS(dashes); i++) {
        dashes[i] = memchr(at, '-', (size_t)(end - at));
        if (!dashes[i])
            return false;
        at = dashes[i] + 1;
    }
    *ret_parts = (WheelParts){(size_t)(dashes[0] - filename), dashes[0] + 1,
                              (size_t)(dashes[1] - dashes[0]) - 1, dashes[1] + 1};
    return !memchr(at, '-', (size_t)(end - at));
}

bool wheel_name_is_of(const char *name, size_t length, const char *canonical)
{
    bool separated = false; /* the last canonical character was made by a separator */
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (c == '_' || c == '.') {
            if (c == '_' && i + 1 < length && name[i + 1] == '_')
                return false;
            if (!separated && *canonical++ != '-')
                return false;
            separated = true;
            continue;
        }
        if (!g_ascii_isalnum(c) || *canonical++ != g_ascii_tolower(c))
            return false;
        separated = false;
    }
    return length > 0 && *canonical == '\0';
}

void wheel_name_free(WheelName *wheel)
{
    if (wheel == NULL)
        return;
    g_free(wheel->name);
    version_unref(wheel->version);
    g_free(wheel->build);
    g_strfreev(wheel->pythons);
    g_strfreev(wheel->abis);
    g_strfreev(wheel->platforms);
    g_free(wheel);
}

int wheel_name_compare_build(const WheelName *a, const WheelName *b)
{
    size_t left = strspn(a->build, "0123456789"), right = strspn(b->build, "0123456789");
    if (left != right)
        return left < right ? -1 : 1;
    int order = memcmp(a->build, b->build, left);
    if (order == 0)
        order = strcmp(a->build + left, b->build + right);
    return (order > 0) - (order < 0);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void drop_repeated(GPtrArray *sorted)
{
    guint kept = 0;
    for (guint i = 0; i < sorted->len; i++) {
        char *text = g_ptr_array_index(sorted, i);
        if (kept > 0 && strcmp(g_ptr_array_index(sorted, kept - 1), text) == 0)
            g_free(text);
        else
            sorted->pdata[kept++] = text;
    }
    sorted->len = kept;
}

char **wheel_name_tags(const WheelName *wheel)
{
    GPtrArray *tags = g_ptr_array_new();
    for (char **python = wheel->pythons; *python != NULL; python++)
        for (char **abi = wheel->abis; *abi != NULL; abi++)
            for (char **platform = wheel->platforms; *platform != NULL; platform++)
                g_ptr_array_add(tags, g_strjoin("-", *python, *abi, *platform, NULL));
    g_ptr_array_sort(tags, compare_texts);
    drop_repeated(tags);
    g_ptr_array_add(tags, NULL);
    return (char **)g_ptr_array_free(tags, FALSE);
}

/* pip's table of archives, less wheels. Only ".tar" may be upper case in pip, and such names then
 * miss the table: so the comparison is exact. */
static const char *const extensions[] = {
    ".zip", ".tar.gz", ".tgz", ".tar",    ".tar.bz2",  ".tbz",
    ".txz", ".tar.xz", ".tlz", ".tar.lz", ".tar.lzma",
};

/* pip's splitext(): the last extension with a ".tar" in front of it. Returns where it begins, or
 * NULL. */
static const char *find_extension(const char *filename)
{
    const char *name = filename + strspn(filename, ".");
    const char *dot = strrchr(name, '.');
    if (dot == NULL)
        return NULL;
    if (dot - filename >= 4 && g_ascii_strncasecmp(dot - 4, ".tar", 4) == 0)
        dot -= 4;
    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++)
        if (strcmp(dot, extensions[i]) == 0)
            return dot;
    return NULL;
}

bool sdist_has_extension(const char *filename)
{
    return find_extension(filename) != NULL;
}

/* Where the version begins: behind the first dash whose left side, made canonical, is `canonical`.
 */
static const char *find_version(const char *stem, const char *end, const char *canonical)
{
    const char *expected = canonical;
    bool separated = false; /* the last canonical character was made by a separator */
    for (const char *at = stem; at < end; at++) {
        if (*at == '-' && *expected == '\0' && at > stem)
            return at + 1;
        if (*at == '-' || *at == '_' || *at == '.') {
            if (!separated && *expected++ != '-')
                return NULL;
            separated = true;
            continue;
        }
        if (*expected != g_ascii_tolower(*at) || *expected == '\0')
            return NULL;
        expected++;
        separated = false;
    }
    return NULL;
}

/* pip's "-py([123]\.?[0-9]?)$": a built archive for one Python, which is no source. */
static bool is_for_one_python(const char *version, size_t length)
{
    const char *tail = memrchr(version, '-', length), *end = version + length;
    if (tail == NULL || end - tail < 4 || strncmp(tail, "-py", 3) != 0 || tail[3] < '1' ||
        tail[3] > '3')
        return false;
    tail += 4;
    tail += tail < end && *tail == '.';
    tail += tail < end && g_ascii_isdigit(*tail);
    return tail == end;
}

const char *sdist_find_version(const char *filename, const char *canonical, size_t *ret_length)
{
    const char *extension = find_extension(filename);
    if (extension == NULL || strlen(filename) > LIMIT_PATH_BYTES)
        return NULL;
    if (strcmp(extension, ".zip") == 0 && strstr(filename, "macosx10") != NULL)
        return NULL;
    const char *version = find_version(filename, extension, canonical);
    if (version == NULL || is_for_one_python(version, (size_t)(extension - version)))
        return NULL;
    *ret_length = (size_t)(extension - version);
    return version;
}

Version *sdist_version(const char *filename, const char *canonical)
{
    size_t length;
    const char *version = sdist_find_version(filename, canonical, &length);
    if (version == NULL)
        return NULL;
    g_autofree char *text = g_strndup(version, length);
    return version_parse(text, NULL);
}

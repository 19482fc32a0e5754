#include "python/pip_config.h"

#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Sections in the order in which they override each other; `pip install` is what we stand in for.
 */
typedef enum {
    SECTION_DEFAULT, /* configparser's: goes into the other sections of its own file */
    SECTION_GLOBAL,
    SECTION_INSTALL,
    SECTION_ENVIRONMENT,
    SECTION_COUNT,
} Section;

typedef enum {
    OPTION_INDEX_URL,
    OPTION_EXTRA_INDEX_URL,
    OPTION_FIND_LINKS,
    OPTION_CONSTRAINT,
    OPTION_NO_INDEX,
    OPTION_TRUSTED_HOST,
    OPTION_CERT,
    OPTION_COUNT,
} Option;

static const char *const SECTION_NAMES[] = {"DEFAULT", "global", "install"};

static const struct {
    const char *name;
    Option option;
} OPTIONS[] = {
    {"index-url", OPTION_INDEX_URL},
    {"pypi-url", OPTION_INDEX_URL},
    {"find-links", OPTION_FIND_LINKS},
    {"extra-index-url", OPTION_EXTRA_INDEX_URL},
    {"no-index", OPTION_NO_INDEX},
    {"constraint", OPTION_CONSTRAINT},
    {"cert", OPTION_CERT},
    {"trusted-host", OPTION_TRUSTED_HOST},
};

/* One option's text, and where it was said: "/etc/pip.conf:3" or "the environment variable NAME".
 */
typedef struct {
    char *text; /* NULL: not said */
    char *place;
} Value;

typedef struct {
    Value values[SECTION_COUNT][OPTION_COUNT];
    bool sections[SECTION_COUNT];
} Values;

typedef struct {
    PipConfigRead read;
    void *data;
    const char *home;
    const char *const *environment;
    Values values;
} Loader;

static void value_set(Value *value, const char *text, const char *place)
{
    char *kept[] = {g_strdup(text), g_strdup(place)};
    g_free(value->text);
    g_free(value->place);
    *value = (Value){kept[0], kept[1]};
}

static void values_clear(Values *values)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        for (size_t j = 0; j < OPTION_COUNT; j++)
            value_set(&values->values[i][j], NULL, NULL);
    }
    *values = (Values){0};
}

static const char *find_variable(const Loader *loader, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; loader->environment && loader->environment[i]; i++) {
        const char *entry = loader->environment[i];
        if (strncmp(entry, name, length) == 0 && entry[length] == '=')
            return entry + length + 1;
    }
    return NULL;
}

static const char *find_set_variable(const Loader *loader, const char *name)
{
    const char *value = find_variable(loader, name);
    return value && *value ? value : NULL;
}

/* As pip: lower case, "_" as "-", without leading dashes. -1: an option that is not ours. */
static int find_option(const char *key)
{
    g_autofree char *name = g_ascii_strdown(key, -1);
    g_strdelimit(name, "_", '-');
    const char *plain = g_str_has_prefix(name, "--") ? name + 2 : name;
    for (size_t i = 0; i < G_N_ELEMENTS(OPTIONS); i++) {
        if (g_str_equal(OPTIONS[i].name, plain))
            return (int)OPTIONS[i].option;
    }
    return -1;
}

/* Where a configuration text is being read. */
typedef struct {
    const char *name;
    unsigned line;
    int section; /* -1: one that is not ours; -2: none yet */
    int option;  /* the one that indented lines belong to, or -1 */
    bool in_option;
    size_t indent; /* of the option's first line */
    Values values;
} Reader;

static gboolean refuse_line(const Reader *reader, GError **error, const char *reason)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s:%u: %s", reader->name, reader->line,
                     reason);
}

static gboolean read_section(Reader *reader, const char *line, GError **error)
{
    const char *close = strrchr(line, ']');
    if (!close || close == line + 1)
        return refuse_line(reader, error, "a section is written [name]");
    g_autofree char *name = g_strndup(line + 1, (gsize)(close - line - 1));
    reader->section = -1;
    reader->in_option = false;
    for (size_t i = 0; i < G_N_ELEMENTS(SECTION_NAMES); i++) {
        if (g_str_equal(name, SECTION_NAMES[i])) {
            reader->section = (int)i;
            reader->values.sections[i] = true;
        }
    }
    return TRUE;
}

static gboolean read_option(Reader *reader, const char *line, size_t indent, GError **error)
{
    size_t key_length = strcspn(line, "=:");
    if (line[key_length] == '\0' || key_length == 0)
        return refuse_line(reader, error, "an option is written name = value");
    if (reader->section == -2)
        return refuse_line(reader, error, "an option needs a [section] above it");
    g_autofree char *key = g_strndup(line, key_length);
    g_autofree char *value = g_strdup(line + key_length + 1);
    reader->option = find_option(g_strstrip(key));
    reader->in_option = true;
    reader->indent = indent;
    if (reader->section < 0 || reader->option < 0)
        return TRUE;
    Value *slot = &reader->values.values[reader->section][reader->option];
    if (slot->text)
        return refuse_line(reader, error, "the option is there twice");
    g_autofree char *place = g_strdup_printf("%s:%u", reader->name, reader->line);
    value_set(slot, g_strstrip(value), place);
    return TRUE;
}

static void continue_option(Reader *reader, const char *text)
{
    if (reader->section < 0 || reader->option < 0)
        return;
    char **slot = &reader->values.values[reader->section][reader->option].text;
    char *longer = g_strconcat(*slot ? *slot : "", "\n", text, NULL);
    g_free(*slot);
    *slot = longer;
}

/* One line as Python's RawConfigParser takes it: whole-line comments, deeper lines continue. */
static gboolean read_line(Reader *reader, const char *line, GError **error)
{
    g_autofree char *text = g_strstrip(g_strdup(line));
    size_t indent = strspn(line, " \t");
    if (*text == '\0' || *text == '#' || *text == ';')
        return TRUE;
    if (reader->in_option && indent > reader->indent) {
        continue_option(reader, text);
        return TRUE;
    }
    return *text == '[' ? read_section(reader, text, error)
                        : read_option(reader, text, indent, error);
}

static void merge(Values *into, Values *from)
{
    for (size_t section = SECTION_GLOBAL; section <= SECTION_INSTALL; section++) {
        for (size_t i = 0; from->sections[section] && i < OPTION_COUNT; i++) {
            const Value *own = &from->values[section][i];
            const Value *said = own->text ? own : &from->values[SECTION_DEFAULT][i];
            if (said->text)
                value_set(&into->values[section][i], said->text, said->place);
        }
    }
}

static gboolean read_text(Loader *loader, const char *name, const char *text, size_t length,
                          GError **error)
{
    if (memchr(text, '\0', length) || !g_utf8_validate(text, (gssize)length, NULL))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not UTF-8 text", name);
    Reader reader = {.name = name, .section = -2, .option = -1};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gboolean ok = TRUE;
    for (size_t i = 0; ok && lines[i]; i++) {
        reader.line++;
        ok = read_line(&reader, lines[i], error);
    }
    if (ok)
        merge(&loader->values, &reader.values);
    values_clear(&reader.values);
    return ok;
}

/* An absent or unreadable file says nothing, as for pip. */
static gboolean load_file(Loader *loader, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t length;
    return !loader->read(loader->data, path, &text, &length) ||
           read_text(loader, path, text, length, error);
}

static gboolean load_below(Loader *loader, const char *dir, const char *rest, GError **error)
{
    g_autofree char *path = g_build_filename(dir, rest, NULL);
    return load_file(loader, path, error);
}

static gboolean load_global(Loader *loader, GError **error)
{
    const char *dirs = find_set_variable(loader, "XDG_CONFIG_DIRS");
    g_auto(GStrv) list = g_strsplit(dirs ? dirs : "/etc/xdg", ":", -1);
    for (size_t i = 0; list[i]; i++) {
        if (*list[i] && !load_below(loader, list[i], "pip/pip.conf", error))
            return FALSE;
    }
    return load_file(loader, "/etc/pip.conf", error);
}

static gboolean load_user(Loader *loader, GError **error)
{
    const char *config = find_set_variable(loader, "XDG_CONFIG_HOME");
    if (!loader->home)
        return TRUE;
    g_autofree char *standard = g_build_filename(loader->home, ".config", NULL);
    return load_below(loader, loader->home, ".pip/pip.conf", error) &&
           load_below(loader, config ? config : standard, "pip/pip.conf", error);
}

/* sys.prefix/pip.conf: of the active environment, else of the usual prefixes. */
static gboolean load_site(Loader *loader, GError **error)
{
    const char *active = find_set_variable(loader, "VIRTUAL_ENV");
    if (active)
        return load_below(loader, active, "pip.conf", error);
    return load_file(loader, "/usr/pip.conf", error) &&
           load_file(loader, "/usr/local/pip.conf", error);
}

static gboolean load_files(Loader *loader, GError **error)
{
    const char *named = find_variable(loader, "PIP_CONFIG_FILE");
    if (named && g_str_equal(named, "/dev/null"))
        return TRUE;
    g_autofree char *text = NULL;
    size_t length;
    bool there = named && *named && loader->read(loader->data, named, &text, &length);
    return load_global(loader, error) && (there || load_user(loader, error)) &&
           load_site(loader, error) && (!there || read_text(loader, named, text, length, error));
}

static void take_environment(Loader *loader)
{
    for (size_t i = 0; loader->environment && loader->environment[i]; i++) {
        const char *entry = loader->environment[i], *equals = strchr(entry, '=');
        if (!equals || !g_str_has_prefix(entry, "PIP_"))
            continue;
        g_autofree char *key = g_strndup(entry + 4, (gsize)(equals - entry - 4));
        int option = find_option(key);
        if (option < 0)
            continue;
        g_autofree char *place = g_strdup_printf("the environment variable PIP_%s", key);
        value_set(&loader->values.values[SECTION_ENVIRONMENT][option], equals + 1, place);
    }
}

/* What wins; empty texts count as not said. */
static const Value *final_value(const Loader *loader, Option option)
{
    static const Value none = {NULL, NULL};
    const Value *found = &none;
    for (size_t section = SECTION_GLOBAL; section < SECTION_COUNT; section++) {
        const Value *value = &loader->values.values[section][option];
        found = value->text && *value->text ? value : found;
    }
    return found;
}

static const char *final_text(const Loader *loader, Option option)
{
    return final_value(loader, option)->text;
}

static char *final_place(const Loader *loader, Option option)
{
    return g_strdup(final_value(loader, option)->place);
}

/* A word of a find-links list or a path, "~" expanded. Caller frees. */
static char *expand_home(const Loader *loader, const char *path)
{
    bool at_home = loader->home && (g_str_has_prefix(path, "~/") || g_str_equal(path, "~"));
    return at_home ? g_strconcat(loader->home, path + 1, NULL) : g_strdup(path);
}

static char *final_path(const Loader *loader, Option option)
{
    const char *text = final_text(loader, option);
    return text ? expand_home(loader, text) : NULL;
}

static char **final_list(const Loader *loader, Option option)
{
    const char *text = final_text(loader, option);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\r\n\f\v", -1);
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    for (size_t i = 0; words[i]; i++) {
        if (words[i][0] == '\0')
            continue;
        g_autofree char *whole = option == OPTION_FIND_LINKS ? expand_home(loader, words[i]) : NULL;
        g_strv_builder_add(list, whole ? whole : words[i]);
    }
    return g_strv_builder_end(list);
}

static gboolean final_flag(const Loader *loader, Option option, bool *ret_value, GError **error)
{
    static const char *const yes[] = {"y", "yes", "t", "true", "on", "1", NULL};
    static const char *const no[] = {"n", "no", "f", "false", "off", "0", NULL};
    const char *text = final_text(loader, option);
    g_autofree char *lower = g_ascii_strdown(text ? text : "no", -1);
    bool value = g_strv_contains(yes, lower);
    if (!value && !g_strv_contains(no, lower))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "pip's configuration: no-index is '%s', which is neither true nor false",
                         text);
    *ret_value = value;
    return TRUE;
}

PipConfig *pip_config_read(PipConfigRead read, void *data, const char *home,
                           const char *const *environment, GError **error)
{
    Loader loader = {.read = read, .data = data, .home = home, .environment = environment};
    g_autoptr(PipConfig) config = g_new0(PipConfig, 1);
    take_environment(&loader);
    gboolean ok = load_files(&loader, error) &&
                  final_flag(&loader, OPTION_NO_INDEX, &config->no_index, error);
    config->index_url = g_strdup(final_text(&loader, OPTION_INDEX_URL));
    config->extra_index_urls = final_list(&loader, OPTION_EXTRA_INDEX_URL);
    config->find_links = final_list(&loader, OPTION_FIND_LINKS);
    config->constraints = final_list(&loader, OPTION_CONSTRAINT);
    config->index_url_place = final_place(&loader, OPTION_INDEX_URL);
    config->extra_index_urls_place = final_place(&loader, OPTION_EXTRA_INDEX_URL);
    config->constraints_place = final_place(&loader, OPTION_CONSTRAINT);
    config->cert_place = final_place(&loader, OPTION_CERT);
    config->trusted_hosts = final_list(&loader, OPTION_TRUSTED_HOST);
    config->cert = final_path(&loader, OPTION_CERT);
    values_clear(&loader.values);
    return ok ? g_steal_pointer(&config) : NULL;
}

/* Opens a path below the root without leaving it: the links of an image's files mean its own tree.
 */
static int open_inside(const char *root, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_IN_ROOT};
    if (g_str_equal(root, "/"))
        return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    AUTO_FD int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 ? -1 : (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
}

static gboolean read_inside(void *data, const char *path, char **ret_text, size_t *ret_length)
{
    AUTO_FD int fd = open_inside(data, path);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        (guint64)st.st_size > LIMIT_CONFIG_BYTES)
        return FALSE;
    g_autofree char *text = g_malloc0((size_t)st.st_size + 1);
    gssize length = io_read_at(fd, text, (size_t)st.st_size, 0, NULL);
    if (length < 0)
        return FALSE;
    *ret_text = g_steal_pointer(&text);
    *ret_length = (size_t)length;
    return TRUE;
}

PipConfig *pip_config_load(const char *root, const char *home, const char *const *environment,
                           GError **error)
{
    return pip_config_read(read_inside, (char *)root, home, environment, error);
}

void pip_config_free(PipConfig *config)
{
    if (!config)
        return;
    g_free(config->index_url);
    g_strfreev(config->extra_index_urls);
    g_strfreev(config->find_links);
    g_strfreev(config->constraints);
    g_free(config->index_url_place);
    g_free(config->extra_index_urls_place);
    g_free(config->constraints_place);
    g_free(config->cert_place);
    g_strfreev(config->trusted_hosts);
    g_free(config->cert);
    g_free(config);
}

const char *pip_builtin_index(void)
{
    return DEFAULT_INDEX;
}

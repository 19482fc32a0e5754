#include "python/pip_inputs.h"

#include "base/limits.h"
#include "python/pip_options.h"
#include "python/pip_requirement.h"

static void requirement_destroy(void *data)
{
    pip_requirement_free(data);
}

static void source_destroy(void *data)
{
    source_unref(data);
}

static void option_line_free(void *data)
{
    PipOptionLine *option = data;
    g_free(option->value);
    g_free(option);
}

static void route_free(void *data)
{
    PipRoute *route = data;
    g_free(route->url);
    g_ptr_array_unref(route->names);
    g_free(route);
}

PipInputs *pip_inputs_new(void)
{
    PipInputs *inputs = g_new0(PipInputs, 1);
    inputs->options = g_ptr_array_new_with_free_func(option_line_free);
    inputs->sources = g_ptr_array_new_with_free_func(source_destroy);
    inputs->roots = g_ptr_array_new_with_free_func(requirement_destroy);
    inputs->constraints = g_ptr_array_new_with_free_func(requirement_destroy);
    inputs->extra_index_urls = g_ptr_array_new_with_free_func(g_free);
    inputs->routes = g_ptr_array_new_with_free_func(route_free);
    inputs->find_links = g_ptr_array_new_with_free_func(g_free);
    inputs->trusted_hosts = g_ptr_array_new_with_free_func(g_free);
    return inputs;
}

void pip_inputs_free(PipInputs *inputs)
{
    if (!inputs)
        return;
    g_ptr_array_unref(inputs->options);
    g_ptr_array_unref(inputs->roots);
    g_ptr_array_unref(inputs->constraints);
    g_ptr_array_unref(inputs->sources);
    g_ptr_array_unref(inputs->extra_index_urls);
    g_ptr_array_unref(inputs->routes);
    g_ptr_array_unref(inputs->find_links);
    g_ptr_array_unref(inputs->trusted_hosts);
    g_free(inputs->index_url);
    format_control_clear(&inputs->format);
    release_control_clear(&inputs->release);
    g_free(inputs);
}

PipRoute *pip_inputs_route(PipInputs *inputs, const char *url, Span at)
{
    for (guint i = 0; i < inputs->routes->len; i++) {
        PipRoute *route = inputs->routes->pdata[i];
        if (g_str_equal(route->url, url))
            return route;
    }
    PipRoute *route = g_new(PipRoute, 1);
    *route = (PipRoute){g_strdup(url), g_ptr_array_new_with_free_func(g_free), at};
    g_ptr_array_add(inputs->routes, route);
    return route;
}

const PipOptionLine *pip_inputs_find_option(const PipInputs *inputs, const char *name,
                                            const char *value)
{
    for (guint i = inputs->options->len; i > 0; i--) {
        const PipOptionLine *option = inputs->options->pdata[i - 1];
        if (g_str_equal(option->name, name) && (!value || g_strcmp0(option->value, value) == 0))
            return option;
    }
    return NULL;
}

/* One file that is being read, and who included it. */
typedef struct Including {
    const char *path;     /* canonical */
    const char *name;     /* as messages call it */
    const char *includer; /* name of the file that included it, or NULL */
    const struct Including *parent;
    unsigned depth;
} Including;

typedef struct {
    PipInputs *inputs;
    const PipInputsOptions *options;
    const char *base_dir;
    Diags *diags;
    unsigned files;
} Reading;

/* What holds for the lines of one file. */
typedef struct {
    Reading *reading;
    const char *path; /* as joined */
    const char *name; /* as messages call it */
    bool constraint;
    const Including *including;
} File;

static bool read_file(Reading *reading, const char *path, Span at, bool constraint,
                      const Including *parent, const char *includer);

static bool is_remote(const char *path)
{
    return g_ascii_strncasecmp(path, "http:", 5) == 0 ||
           g_ascii_strncasecmp(path, "https:", 6) == 0 ||
           g_ascii_strncasecmp(path, "file:", 5) == 0;
}

/* "a/../b.txt" → "b.txt"; a relative path stays relative. */
static char *join_path(const char *containing_file, const char *path)
{
    g_autofree char *folder = g_path_get_dirname(containing_file);
    bool relative = !g_path_is_absolute(path) && !g_path_is_absolute(folder);
    g_autofree char *joined =
        g_path_is_absolute(path) ? g_strdup(path) : g_build_filename(folder, path, NULL);
    g_autofree char *canonical = g_canonicalize_filename(joined, "/");
    if (!relative || strstr(joined, "..")) /* could climb above the start */
        return relative ? g_steal_pointer(&joined) : g_steal_pointer(&canonical);
    return g_strdup(canonical + 1);
}

/* -r or -c on a line of its own. */
static bool include_file(const File *file, const RequirementLine *line, const LineOption *option)
{
    Span at = requirement_line_span(line, option->offset, option->length);
    if (is_remote(option->value)) {
        GError *entry =
            diags_error(file->reading->diags, at, "a requirements file is not read from a URL");
        error_set_hint(entry, "save it beside the recipe and include it by its path");
        return false;
    }
    g_autofree char *path = join_path(file->path, option->value);
    return read_file(file->reading, path, at, option->id == OPTION_CONSTRAINT, file->including,
                     file->name);
}

/* Options that pip's parser applies while it reads the line, whatever else stands there. */
static void apply_controls(PipInputs *inputs, const LineOptions *options)
{
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (option->id == OPTION_ONLY_BINARY || option->id == OPTION_NO_BINARY)
            format_control_add(&inputs->format, option->id == OPTION_ONLY_BINARY, option->value);
        if (option->id == OPTION_ALL_RELEASES || option->id == OPTION_ONLY_FINAL)
            release_control_add(&inputs->release, option->id == OPTION_ONLY_FINAL, option->value);
    }
}

/* A folder is looked for beside the file first, then where pip runs. */
static void add_find_links(const File *file, const char *value)
{
    Reading *reading = file->reading;
    g_autofree char *scheme = g_uri_parse_scheme(value);
    if (scheme) {
        g_ptr_array_add(reading->inputs->find_links, g_strdup(value));
        return;
    }
    g_autofree char *folder = g_path_get_dirname(file->path);
    g_autofree char *whole =
        g_canonicalize_filename(folder, reading->options->read ? reading->base_dir : NULL);
    g_autofree char *beside = g_canonicalize_filename(value, whole);
    bool there = reading->options->read || g_file_test(beside, G_FILE_TEST_EXISTS);
    g_ptr_array_add(reading->inputs->find_links,
                    there ? g_steal_pointer(&beside)
                          : g_canonicalize_filename(value, reading->base_dir));
}

static void apply_indexes(PipInputs *inputs, const LineOptions *options)
{
    const LineOption *index = line_options_find(options, OPTION_INDEX_URL, true);
    if (line_options_find(options, OPTION_NO_INDEX, false)) {
        inputs->no_index = true;
        g_clear_pointer(&inputs->index_url, g_free);
        g_ptr_array_set_size(inputs->extra_index_urls, 0);
    }
    if (inputs->no_index)
        return;
    if (index) {
        g_free(inputs->index_url);
        inputs->index_url = g_strdup(index->value);
        g_ptr_array_set_size(inputs->extra_index_urls, 0);
    }
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (option->id == OPTION_EXTRA_INDEX_URL)
            g_ptr_array_add(inputs->extra_index_urls, g_strdup(option->value));
    }
}

static void add_trusted_hosts(PipInputs *inputs, const LineOptions *options)
{
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (option->id == OPTION_TRUSTED_HOST)
            g_ptr_array_add(inputs->trusted_hosts, g_strdup(option->value));
    }
}

static void decide_hashes(PipInputs *inputs)
{
    inputs->require_hashes =
        inputs->require_hashes_seen || (inputs->hash_seen && !inputs->no_require_hashes_seen);
}

/* A line without a requirement (pip's handle_option_line). */
static bool handle_options(const File *file, const RequirementLine *line,
                           const LineOptions *options)
{
    PipInputs *inputs = file->reading->inputs;
    const LineOption *include = line_options_find(options, OPTION_REQUIREMENT, false);
    if (!include)
        include = line_options_find(options, OPTION_CONSTRAINT, false);
    if (include)
        return include_file(file, line, include);
    const LineOption *hash = line_options_find(options, OPTION_HASH, false);
    if (hash)
        diags_warning(file->reading->diags, requirement_line_span(line, hash->offset, hash->length),
                      "a --hash without a requirement is ignored");
    apply_indexes(inputs, options);
    const LineOption *links = line_options_find(options, OPTION_FIND_LINKS, false);
    if (links)
        add_find_links(file, links->value);
    add_trusted_hosts(inputs, options);
    if (line_options_find(options, OPTION_PRE, false)) {
        inputs->pre = true;
        inputs->release.all_releases.all = true;
    }
    inputs->prefer_binary |= line_options_find(options, OPTION_PREFER_BINARY, false) != NULL;
    inputs->require_hashes_seen |= line_options_find(options, OPTION_REQUIRE_HASHES, false) != NULL;
    inputs->no_require_hashes_seen |=
        line_options_find(options, OPTION_NO_REQUIRE_HASHES, false) != NULL;
    decide_hashes(inputs);
    return true;
}

static char **collect_hashes(const LineOptions *options)
{
    g_autoptr(GStrvBuilder) hashes = g_strv_builder_new();
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (option->id != OPTION_HASH)
            continue;
        g_autofree char *lower = g_ascii_strdown(option->value, -1);
        g_strv_builder_add(hashes, lower);
    }
    return g_strv_builder_end(hashes);
}

static bool applies_beside_requirement(OptionId id)
{
    return id == OPTION_HASH || id == OPTION_CONFIG_SETTINGS || id == OPTION_EDITABLE ||
           id == OPTION_ONLY_BINARY || id == OPTION_NO_BINARY || id == OPTION_ALL_RELEASES ||
           id == OPTION_ONLY_FINAL;
}

static void note_options(PipInputs *inputs, const RequirementLine *line, const LineOptions *options)
{
    bool beside = options->argument_length > 0;
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (beside && !applies_beside_requirement(option->id))
            continue;
        PipOptionLine *noted = g_new(PipOptionLine, 1);
        *noted = (PipOptionLine){option->name, g_strdup(option->value),
                                 requirement_line_span(line, option->offset, option->length)};
        g_ptr_array_add(inputs->options, noted);
    }
}

static void warn_ignored_options(const RequirementLine *line, const LineOptions *options,
                                 Diags *diags)
{
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (applies_beside_requirement(option->id))
            continue;
        GError *entry =
            diags_warning(diags, requirement_line_span(line, option->offset, option->length),
                          "pip ignores %s beside a requirement", option->name);
        error_set_hint(entry, "write it on a line of its own");
    }
}

/* Parses the requirement of a line, -e or not, with its hashes. */
static PipRequirement *line_requirement(const RequirementLine *line, const LineOptions *options,
                                        const PipRequirementContext *context, Diags *diags)
{
    const LineOption *editable = line_options_find(options, OPTION_EDITABLE, false);
    size_t length = options->argument_length;
    g_autofree char *argument = g_strchomp(g_strndup(line->text, length));
    PipRequirement *made;
    if (editable && length > 0)
        made = pip_requirement_parse_editable(line, argument, 0, strlen(argument), context, diags);
    else if (editable)
        made = pip_requirement_parse_editable(line, editable->value, editable->offset,
                                              editable->length, context, diags);
    else
        made = pip_requirement_parse(line, 0, length, context, diags);
    if (!made)
        return NULL;
    g_strfreev(made->hashes);
    made->hashes = editable ? g_new0(char *, 1) : collect_hashes(options);
    return made;
}

static void add_made(PipInputs *inputs, PipRequirement *made, bool constraint)
{
    inputs->hash_seen |= made->hashes[0] != NULL;
    decide_hashes(inputs);
    g_ptr_array_add(constraint ? inputs->constraints : inputs->roots, made);
}

static bool handle_line(const File *file, const RequirementLine *line)
{
    Reading *reading = file->reading;
    g_autoptr(LineOptions) options = line_options_parse(line, reading->diags);
    if (!options)
        return false;
    apply_controls(reading->inputs, options);
    note_options(reading->inputs, line, options);
    if (options->argument_length == 0 && !line_options_find(options, OPTION_EDITABLE, false))
        return handle_options(file, line, options);
    warn_ignored_options(line, options, reading->diags);
    PipRequirementContext context = {file->constraint, reading->base_dir, !reading->options->read};
    PipRequirement *made = line_requirement(line, options, &context, reading->diags);
    if (!made)
        return false;
    if (line->written != line->text && !g_str_equal(line->written, line->text)) {
        g_free(made->text);
        made->text = g_strdup(line->written);
    }
    add_made(reading->inputs, made, file->constraint);
    return true;
}

static bool check_recursion(Reading *reading, const char *path, Span at, const Including *parent)
{
    unsigned depth = parent ? parent->depth + 1 : 1;
    for (const Including *above = parent; above; above = above->parent) {
        if (!g_str_equal(above->path, path))
            continue;
        GError *entry = diags_error(reading->diags, at, "%s includes itself", above->name);
        error_set_hint(entry, above == parent ? "take the line out"
                                              : "take one of the lines out, or put what both need "
                                                "into a third file");
        if (above->includer)
            error_add_note(entry, SPAN_NONE, "%s was first included by %s", above->name,
                           above->includer);
        return false;
    }
    if (depth <= LIMIT_REQUIREMENTS_DEPTH && ++reading->files <= LIMIT_REQUIREMENTS_FILES)
        return true;
    diags_error(
        reading->diags, at,
        depth > LIMIT_REQUIREMENTS_DEPTH ? "requirements files include each other more than %u deep"
                                         : "more than %u requirements files are included",
        depth > LIMIT_REQUIREMENTS_DEPTH ? LIMIT_REQUIREMENTS_DEPTH : LIMIT_REQUIREMENTS_FILES);
    return false;
}

static Source *load_file(Reading *reading, const char *path, Span at, bool constraint)
{
    GError *error = NULL;
    const PipInputsOptions *options = reading->options;
    g_autoptr(Source) raw = options->read
                                ? options->read(options->read_data, path, &error)
                                : source_load(path, NULL, LIMIT_REQUIREMENTS_BYTES, &error);
    GError *wrapped = NULL;
    if (!raw) {
        error_wrap(&wrapped, error, at, "could not open the %s file",
                   constraint ? "constraints" : "requirements");
        diags_take(reading->diags, wrapped);
        return NULL;
    }
    Source *source = requirements_file_decode(raw, &error);
    if (!source) {
        diags_take(reading->diags, error);
        return NULL;
    }
    g_ptr_array_add(reading->inputs->sources, source);
    return source;
}

static bool read_file(Reading *reading, const char *path, Span at, bool constraint,
                      const Including *parent, const char *includer)
{
    g_autofree char *canonical = g_canonicalize_filename(path, NULL);
    if (!check_recursion(reading, canonical, at, parent))
        return false;
    Source *source = load_file(reading, path, at, constraint);
    if (!source)
        return false;
    const char *name = source_name(source);
    Including including = {canonical, name, includer, parent, parent ? parent->depth + 1 : 1};
    File file = {reading, path, name, constraint, &including};
    RequirementLines lines = requirement_lines(source, reading->options->environment);
    bool ok = true;
    RequirementLine *line;
    while ((line = requirement_lines_next(&lines, reading->diags, &ok))) {
        ok &= handle_line(&file, line);
        requirement_line_free(line);
    }
    return ok;
}

bool pip_inputs_add_file(PipInputs *inputs, const char *path, Span at, bool constraint,
                         const PipInputsOptions *options, Diags *diags)
{
    static const PipInputsOptions none = {NULL, NULL, NULL, NULL};
    g_autofree char *folder = g_path_get_dirname(path);
    if (!options)
        options = &none;
    g_autofree char *base_dir =
        g_canonicalize_filename(options->base_dir ? options->base_dir : folder, NULL);
    Reading reading = {inputs, options, base_dir, diags, 0};
    return read_file(&reading, path, at, constraint, NULL, NULL);
}

/* A recipe's item is one argument of pip's command line, with --hash as in a file. */
static bool check_item_options(const RequirementLine *line, const LineOptions *options,
                               Diags *diags)
{
    static const struct {
        OptionId id;
        const char *hint;
    } hints[] = {
        {OPTION_REQUIREMENT, "name the file by the key `requirements`"},
        {OPTION_CONSTRAINT, "name the file by the key `constraints`"},
        {OPTION_INDEX_URL, "name the index by the keys `indexes` and `index`"},
        {OPTION_EXTRA_INDEX_URL, "name the index by the keys `indexes` and `extra_indexes`"},
        {OPTION_FIND_LINKS, "the key is `find_links`"},
        {OPTION_NO_BINARY, "the key is `no_binary`"},
        {OPTION_ONLY_BINARY, "the key is `only_binary`"},
        {OPTION_PREFER_BINARY, "the key is `prefer_binary`"},
        {OPTION_REQUIRE_HASHES, "the key is `require_hashes`"},
        {OPTION_PRE, "the key is `pre`"},
    };
    for (guint i = 0; i < options->options->len; i++) {
        const LineOption *option = options->options->pdata[i];
        if (option->id == OPTION_HASH || option->id == OPTION_CONFIG_SETTINGS ||
            option->id == OPTION_EDITABLE)
            continue;
        GError *entry =
            diags_error(diags, requirement_line_span(line, option->offset, option->length),
                        "%s is no requirement", option->name);
        for (size_t k = 0; k < G_N_ELEMENTS(hints); k++) {
            if (hints[k].id == option->id)
                error_set_hint(entry, "%s", hints[k].hint);
        }
        return false;
    }
    return true;
}

bool pip_inputs_add_requirement(PipInputs *inputs, const char *text, Span at, bool constraint,
                                const char *base_dir, Diags *diags)
{
    g_autoptr(RequirementLine) line = requirement_line_new(text, at);
    if (line->length == 0 || line->length > LIMIT_REQUIREMENT_CHARS) {
        diags_error(diags, at,
                    line->length == 0 ? "an empty requirement"
                                      : "a requirement of more than 64 KiB");
        return false;
    }
    g_autoptr(LineOptions) options = line_options_parse(line, diags);
    if (!options || !check_item_options(line, options, diags))
        return false;
    if (options->argument_length == 0 && !line_options_find(options, OPTION_EDITABLE, false)) {
        diags_error(diags, line->at, "a --hash without a requirement");
        return false;
    }
    g_autofree char *folder = base_dir ? g_canonicalize_filename(base_dir, NULL) : NULL;
    PipRequirementContext context = {constraint, folder, folder != NULL};
    PipRequirement *made = line_requirement(line, options, &context, diags);
    if (!made)
        return false;
    add_made(inputs, made, constraint);
    return true;
}

static void add_includes(GStrvBuilder *paths, const RequirementLine *line, const char *path)
{
    g_autoptr(Diags) ignored = diags_new();
    g_autoptr(LineOptions) options = line_options_parse(line, ignored);
    const LineOption *include = options && options->argument_length == 0
                                    ? line_options_find(options, OPTION_REQUIREMENT, false)
                                    : NULL;
    if (options && options->argument_length == 0 && !include)
        include = line_options_find(options, OPTION_CONSTRAINT, false);
    if (!include || is_remote(include->value))
        return;
    g_autofree char *joined = join_path(path, include->value);
    g_strv_builder_add(paths, joined);
}

char **pip_file_includes(Source *source, const char *path)
{
    g_autoptr(Diags) ignored = diags_new();
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    RequirementLines lines = requirement_lines(source, NULL);
    bool ok = true;
    RequirementLine *line;
    while ((line = requirement_lines_next(&lines, ignored, &ok))) {
        add_includes(paths, line, path);
        requirement_line_free(line);
    }
    return g_strv_builder_end(paths);
}

#include "python/pip_requirement.h"

#include "python/name.h"
#include "python/wheel_name.h"

static const char *const url_schemes[] = {"http", "https", "file", "ftp"};
/* What pip's version control back ends answer to. */
static const char *const vcs_schemes[] = {
    "ssh",      "git",       "hg",       "bzr",
    "sftp",     "svn",       "git+http", "git+https",
    "git+ssh",  "git+git",   "git+file", "hg+file",
    "hg+http",  "hg+https",  "hg+ssh",   "hg+static-http",
    "bzr+http", "bzr+https", "bzr+ssh",  "bzr+sftp",
    "bzr+ftp",  "bzr+lp",    "bzr+file", "svn+ssh",
    "svn+http", "svn+https", "svn+svn",  "svn+file",
};
static const char *const vcs_names[] = {"git", "hg", "bzr", "svn"};

typedef struct {
    const RequirementLine *line;
    size_t offset, length; /* of the whole requirement in the line */
    const PipRequirementContext *context;
    Diags *diags;
} Place;

static Span place_span(const Place *place)
{
    return requirement_line_span(place->line, place->offset, place->length);
}

void pip_requirement_free(PipRequirement *requirement)
{
    if (!requirement)
        return;
    requirement_free(requirement->requirement);
    g_free(requirement->link);
    g_strfreev(requirement->hashes);
    g_strfreev(requirement->extras_wanted);
    g_free(requirement->text);
    g_free(requirement->base_dir);
    g_free(requirement);
}

/* The scheme of a URL in lower case as urlsplit() finds it, or NULL. */
static char *url_scheme(const char *text)
{
    size_t n = 0;
    while (g_ascii_isalnum(text[n]) || text[n] == '+' || text[n] == '-' || text[n] == '.')
        n++;
    return text[n] == ':' && g_ascii_isalpha(text[0]) ? g_ascii_strdown(text, (gssize)n) : NULL;
}

static bool is_listed(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; text && i < count; i++) {
        if (g_str_equal(list[i], text))
            return true;
    }
    return false;
}

static bool is_vcs_url(const char *text)
{
    g_autofree char *scheme = url_scheme(text);
    return is_listed(scheme, vcs_schemes, G_N_ELEMENTS(vcs_schemes));
}

static bool is_url(const char *text)
{
    g_autofree char *scheme = url_scheme(text);
    return is_listed(scheme, url_schemes, G_N_ELEMENTS(url_schemes)) ||
           is_listed(scheme, vcs_schemes, G_N_ELEMENTS(vcs_schemes));
}

static bool looks_like_path(const char *text)
{
    return strchr(text, '/') || text[0] == '.';
}

/* The last segment of a URL's path, decoded; or of a path as it is. */
static char *link_filename(const char *link, bool url)
{
    size_t length = url ? strcspn(link, "?#") : strlen(link);
    while (length > 0 && link[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && link[start - 1] != '/')
        start--;
    g_autofree char *name = g_strndup(link + start, length - start);
    char *decoded = url ? g_uri_unescape_string(name, "/") : NULL;
    return decoded ? decoded : g_steal_pointer(&name);
}

static bool is_archive(const char *filename)
{
    return g_str_has_suffix(filename, ".whl") || sdist_has_extension(filename);
}

/* "x.whl[a,b]" → "x.whl" and the extras; NULL without any. */
static char **split_extras(const char *text, char **ret_rest)
{
    size_t length = strlen(text);
    const char *open = strrchr(text, '[');
    *ret_rest = g_strdup(text);
    if (!open || open == text || text[length - 1] != ']' || open + 2 >= text + length)
        return NULL;
    (*ret_rest)[open - text] = '\0';
    g_strchomp(*ret_rest);
    g_autofree char *list = g_strndup(open + 1, (gsize)(text + length - open - 2));
    char **extras = g_strsplit(list, ",", -1);
    for (guint i = 0; extras[i]; i++)
        g_strstrip(extras[i]);
    return extras;
}

/* The value of egg= in a fragment. FALSE when it is no name. */
static bool find_egg(const Place *place, const char *link, char **ret_name)
{
    const char *p = link;
    *ret_name = NULL;
    while ((p = strstr(p, "egg=")) && (p == link || (p[-1] != '#' && p[-1] != '&')))
        p++;
    if (!p)
        return true;
    g_autofree char *name = g_strndup(p + 4, strcspn(p + 4, "&"));
    if (!name_is_valid(name)) {
        diags_error(place->diags, place_span(place), "'%s' in the egg= of the link is no name",
                    name);
        return false;
    }
    *ret_name = g_steal_pointer(&name);
    return true;
}

/* "torch 2.6.0" */
static bool lacks_operator(const char *text)
{
    const char *blank = strchr(text, ' ');
    g_autofree char *name = blank ? g_strndup(text, (gsize)(blank - text)) : NULL;
    g_autoptr(Version) version = blank ? version_parse(blank + 1, NULL) : NULL;
    return version && name_is_valid(name);
}

/* What is often written for a version, and what says it. */
static const char *find_way_out(const char *text)
{
    static const struct {
        const char *pattern, *way;
    } ways[] = {
        {"(===?|[<>!~]=|[<>])[ \\t]*($|[,;])",
         "a version stands behind each operator: ==1.0, or the name alone for any"},
        {"~=[ \\t]*[0-9]+[ \\t]*($|[,;])",
         "~=1.4 is at least 1.4 and below 2, so it takes two numbers; ==1.* is any release of 1"},
        {"([<>~]=|[<>])[^,;=]*\\.\\*",
         "`.*` goes with == and != alone: ==1.* is any release of 1, >=1 is that or later"},
        {"[0-9]\\.[xX]([^A-Za-z0-9]|$)", "==1.2.* is any release of 1.2"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (g_regex_match_simple(ways[i].pattern, text, 0, 0))
            return ways[i].way;
    }
    return NULL;
}

static void explain_bad_requirement(const char *text, GError *entry)
{
    const char *way = find_way_out(text);
    if (g_str_has_prefix(text, "${"))
        error_set_hint(entry, "a variable that the stage's `env:` does not set stays as it is "
                              "written");
    else if (lacks_operator(text))
        error_set_hint(entry, "a version stands behind an operator: %.*s==%s",
                       (int)strcspn(text, " "), text, strchr(text, ' ') + 1);
    else if (way && !strstr(text, "://"))
        error_set_hint(entry, "%s", way);
    else if (strchr(text, '/'))
        error_set_hint(entry,
                       "it looks like a path; write ./%s for a file beside the recipe, or "
                       "-r for a requirements file",
                       text[0] == '.' || text[0] == '/' ? "NAME.whl" : text);
    else if (strchr(text, '=') && !strpbrk(text, "~!<>") && !strstr(text, "=="))
        error_set_hint(entry, "= is no operator, did you mean ==?");
}

static Requirement *parse_specifier(const Place *place, const char *text)
{
    GError *error = NULL;
    Requirement *requirement = requirement_parse(text, &error);
    if (requirement)
        return requirement;
    if (!span_is_set(error_span(error)))
        error_set_span(error, place_span(place));
    if (!error_hint(error))
        explain_bad_requirement(text, error);
    diags_take(place->diags, error);
    return NULL;
}

/* "name==version" of a wheel's file name. */
static Requirement *requirement_of_wheel(const Place *place, const char *filename)
{
    GError *error = NULL;
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, &error);
    if (!wheel) {
        error_set_span(error, place_span(place));
        diags_take(place->diags, error);
        return NULL;
    }
    g_autofree char *text = g_strdup_printf("%s==%s", wheel->name, version_text(wheel->version));
    return parse_specifier(place, text);
}

/* Makes `text` agree with what was put into the requirement by hand. */
static void requirement_print(Requirement *requirement)
{
    GString *out = g_string_new(requirement->name);
    if (requirement->extras[0]) {
        g_autofree char *extras = g_strjoinv(",", requirement->extras);
        g_string_append_printf(out, "[%s]", extras);
    }
    if (requirement->url)
        g_string_append_printf(out, " @ %s", requirement->url);
    else
        g_string_append(out, specifier_set_text(requirement->specifiers));
    if (requirement->marker)
        g_string_append_printf(out, "%s; %s", requirement->url ? " " : "",
                               marker_text(requirement->marker));
    g_free(requirement->text);
    requirement->text = g_string_free(out, FALSE);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void put_extras(Requirement *requirement, char **extras)
{
    g_strfreev(requirement->extras);
    requirement->extras = g_strdupv(extras);
    qsort(requirement->extras, g_strv_length(extras), sizeof(char *), compare_strings);
}

/* What the link is of: the wheel's name and version, or the name in egg=. */
static bool name_link(const Place *place, PipRequirement *made, bool url)
{
    g_autofree char *filename = link_filename(made->link, url);
    made->needs_build = (url && is_vcs_url(made->link)) || !g_str_has_suffix(filename, ".whl");
    if (!made->needs_build) {
        made->requirement = requirement_of_wheel(place, filename);
        if (!made->requirement)
            return false;
    } else if (url) {
        g_autofree char *egg = NULL;
        if (!find_egg(place, made->link, &egg))
            return false;
        made->requirement = egg ? parse_specifier(place, egg) : NULL;
    }
    if (!made->requirement)
        return true;
    made->requirement->url = g_strdup(made->link);
    if (made->extras_wanted)
        put_extras(made->requirement, made->extras_wanted);
    requirement_print(made->requirement);
    return true;
}

static char *absolute_path(const Place *place, const char *path)
{
    return g_canonicalize_filename(path, place->context->base_dir ? place->context->base_dir : "/");
}

static bool is_project(const char *folder)
{
    g_autofree char *setup = g_build_filename(folder, "setup.py", NULL);
    g_autofree char *project = g_build_filename(folder, "pyproject.toml", NULL);
    return g_file_test(setup, G_FILE_TEST_IS_REGULAR) ||
           g_file_test(project, G_FILE_TEST_IS_REGULAR);
}

typedef enum {
    PATH_NO,
    PATH_YES,
    PATH_BAD,
} PathAnswer;

/* Whether the text names a file or folder rather than a project. */
static PathAnswer answer_path(const Place *place, const char *text)
{
    bool check = place->context->check_files && place->context->base_dir;
    g_autofree char *path = absolute_path(place, text);
    bool folder = check ? g_file_test(path, G_FILE_TEST_IS_DIR) : g_str_has_suffix(text, "/");
    if (looks_like_path(text) && (folder || g_str_equal(text, ".") || g_str_equal(text, ".."))) {
        if (!check || is_project(path))
            return PATH_YES;
        diags_error(place->diags, place_span(place),
                    "the folder '%s' holds no project: neither pyproject.toml nor setup.py", text);
        return PATH_BAD;
    }
    if (!is_archive(path))
        return PATH_NO;
    if (check && g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return PATH_YES;
    g_auto(GStrv) parts = g_strsplit(text, "@", 2);
    if (parts[1] && !looks_like_path(parts[0]))
        return PATH_NO; /* name @ url */
    if (!check)
        return PATH_YES;
    diags_error(place->diags, place_span(place), "the file '%s' does not exist", text);
    return PATH_BAD;
}

/* Fills in what a bare path says; PATH_NO leaves `made` alone. */
static PathAnswer read_path(const Place *place, const char *text, PipRequirement *made)
{
    g_autofree char *path = NULL;
    g_auto(GStrv) extras = split_extras(text, &path);
    PathAnswer answer = answer_path(place, path);
    if (answer != PATH_YES)
        return answer;
    made->link = g_steal_pointer(&path);
    made->extras_wanted = g_steal_pointer(&extras);
    return name_link(place, made, false) ? PATH_YES : PATH_BAD;
}

static bool read_specifier(const Place *place, const char *text, PipRequirement *made)
{
    made->requirement = parse_specifier(place, text);
    if (!made->requirement || !made->requirement->url)
        return made->requirement != NULL;
    made->link = g_strdup(made->requirement->url);
    g_autofree char *filename = link_filename(made->link, true);
    made->needs_build = is_vcs_url(made->link) || !g_str_has_suffix(filename, ".whl");
    return true;
}

/* "pip install requirements.txt" asks for a project of that name; hardly anybody means it. */
static void warn_file_name(const Place *place, const char *text)
{
    static const char *const suffixes[] = {".txt", ".in", ".toml", ".lock"};
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (!g_str_has_suffix(text, suffixes[i]))
            continue;
        GError *entry = diags_warning(place->diags, place_span(place),
                                      "'%s' is taken as the name of a package", text);
        error_set_hint(entry,
                       place->line->places ? "a file is included by -r %s"
                       : place->context->constraint
                           ? "in a list of constraints a file is an item of its own: {file: %s}"
                           : "a requirements file is named by `requirements: %s`",
                       text);
        return;
    }
}

static const char *constraint_problem(const PipRequirement *made)
{
    if (!made->requirement)
        return "a constraint must name a package";
    if (made->editable)
        return "a constraint can't be editable";
    if (made->requirement->extras[0] || made->extras_wanted)
        return "a constraint can't have extras";
    return NULL;
}

static PipRequirement *finish(const Place *place, PipRequirement *made)
{
    const char *problem = place->context->constraint ? constraint_problem(made) : NULL;
    if (problem) {
        GError *entry = diags_error(place->diags, place_span(place), "%s", problem);
        error_set_hint(entry, "pip takes a name and versions here, as in numpy<2");
        pip_requirement_free(made);
        return NULL;
    }
    made->at = place_span(place);
    made->base_dir = g_strdup(place->context->base_dir);
    if (!made->hashes)
        made->hashes = g_new0(char *, 1);
    return made;
}

/* Cuts the marker off: at ";", or at "; " behind a URL. Returns the text before it. */
static char *split_marker(const Place *place, const char *text, Marker **ret_marker, bool *ret_ok)
{
    const char *separator = is_url(text) ? "; " : ";";
    const char *found = strstr(text, separator);
    *ret_ok = true;
    if (!found)
        return g_strstrip(g_strdup(text));
    const char *marker = found + strlen(separator);
    while (g_ascii_isspace(*marker))
        marker++;
    if (*marker) {
        GError *error = NULL;
        *ret_marker = marker_parse(marker, &error);
        if (!*ret_marker) {
            size_t offset = place->offset + (size_t)(marker - text);
            error_set_span(error, requirement_line_span(place->line, offset, strlen(marker)));
            diags_take(place->diags, error);
            *ret_ok = false;
        }
    }
    return g_strstrip(g_strndup(text, (gsize)(found - text)));
}

static void put_marker(Requirement *requirement, const Marker *marker)
{
    if (!requirement || !marker)
        return;
    marker_unref(requirement->marker);
    requirement->marker = marker_ref((Marker *)marker);
    requirement_print(requirement);
}

PipRequirement *pip_requirement_parse(const RequirementLine *line, size_t offset, size_t length,
                                      const PipRequirementContext *context, Diags *diags)
{
    g_autofree char *text = g_strndup(line->text + offset, length);
    g_autofree char *trimmed = g_strchomp(g_strdup(text));
    Place whole = {line, offset, strlen(trimmed), context, diags};
    g_autoptr(Marker) marker = NULL;
    bool ok;
    g_autofree char *name = split_marker(&whole, text, &marker, &ok);
    Place place = {line, offset, strlen(name), context, diags};
    g_autoptr(PipRequirement) made = g_new0(PipRequirement, 1);
    made->text = g_steal_pointer(&trimmed);
    PathAnswer answer = PATH_NO;
    if (is_url(name)) {
        made->link = g_strdup(name);
        ok &= name_link(&place, made, true);
    } else if ((answer = read_path(&place, name, made)) == PATH_NO) {
        ok &= read_specifier(&place, name, made);
    }
    if (!ok || answer == PATH_BAD)
        return NULL;
    if (!made->link)
        warn_file_name(&place, name);
    put_marker(made->requirement, marker);
    return finish(&whole, g_steal_pointer(&made));
}

/* Where the disk can't be asked, a text that looks like a path is one. */
static bool is_folder(const Place *place, const char *path)
{
    if (!place->context->check_files || !place->context->base_dir)
        return looks_like_path(path) && !is_url(path);
    g_autofree char *absolute = absolute_path(place, path);
    return g_file_test(absolute, G_FILE_TEST_IS_DIR);
}

/* `name @ url`, a folder, or a version control URL. */
static bool read_editable(const Place *place, const char *value, PipRequirement *made)
{
    Requirement *named = requirement_parse(value, NULL);
    if (named && named->url) {
        made->requirement = named;
        made->link = g_strdup(named->url);
        return true;
    }
    requirement_free(named);
    g_autofree char *path = NULL;
    g_auto(GStrv) extras = split_extras(value, &path);
    bool folder = is_folder(place, path);
    if (folder || g_ascii_strncasecmp(path, "file:", 5) == 0) {
        made->link = g_steal_pointer(&path);
        made->extras_wanted = g_steal_pointer(&extras);
        return folder || name_link(place, made, true);
    }
    bool bare = false; /* "git:…" stands for "git+git:…" */
    for (size_t i = 0; i < G_N_ELEMENTS(vcs_names) && !bare; i++) {
        size_t n = strlen(vcs_names[i]);
        bare = g_ascii_strncasecmp(value, vcs_names[i], n) == 0 && value[n] == ':';
        if (bare)
            made->link = g_strdup_printf("%s+%s", vcs_names[i], value);
    }
    if (!bare)
        made->link = g_strdup(value);
    return name_link(place, made, true);
}

PipRequirement *pip_requirement_parse_editable(const RequirementLine *line, const char *value,
                                               size_t offset, size_t length,
                                               const PipRequirementContext *context, Diags *diags)
{
    Place place = {line, offset, length, context, diags};
    g_autoptr(PipRequirement) made = g_new0(PipRequirement, 1);
    made->editable = true;
    if (context->constraint) {
        diags_error(diags, place_span(&place), "a constraint can't be editable");
        return NULL;
    }
    if (!read_editable(&place, value, made))
        return NULL;
    made->needs_build = true;
    made->text = g_strdup_printf("-e %s", value);
    bool vcs = is_vcs_url(made->link);
    bool file = !is_url(made->link) || g_ascii_strncasecmp(made->link, "file:", 5) == 0;
    bool absent = file && !is_url(made->link) && !is_folder(&place, made->link);
    if ((!vcs && !file) || absent) {
        diags_error(diags, place_span(&place),
                    "'%s' can't be editable: it is neither a folder nor a version control URL",
                    value);
        return NULL;
    }
    if (vcs && !made->requirement) {
        GError *entry =
            diags_error(diags, place_span(&place), "the name of '%s' is unknown", value);
        error_set_hint(entry, "write NAME @ URL");
        return NULL;
    }
    return finish(&place, g_steal_pointer(&made));
}

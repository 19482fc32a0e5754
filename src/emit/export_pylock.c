/* pylock.toml, lock-version 1.0 (PEP 751; packaging.python.org, pylock-toml specification). */
#include "emit/export.h"

#include "base/escape.h"
#include "python/marker.h"

/* A basic string of TOML 1.0, whose escapes are JSON's but for DEL, which nothing here holds. */
static void append_field(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, "%s = ", key);
    escape_json(out, value);
}

static void append_line(GString *out, const char *key, const char *value)
{
    append_field(out, key, value);
    g_string_append_c(out, '\n');
}

/* size and hashes, which close an inline table. */
static void append_digest(GString *out, const LockFile *file)
{
    if (file->size)
        g_string_append_printf(out, ", size = %" G_GUINT64_FORMAT, file->size);
    if (file->sha256)
        g_string_append_printf(out, ", hashes = {sha256 = \"%s\"}", file->sha256);
}

static void append_index_file(GString *out, const LockFile *file, const char *url)
{
    bool wheel = g_str_has_suffix(file->file, ".whl");
    g_string_append(out, wheel ? "wheels = [{" : "sdist = {");
    append_field(out, "name", file->file);
    g_string_append(out, ", ");
    append_field(out, "url", url);
    append_digest(out, file);
    g_string_append(out, wheel ? "}]\n" : "}\n");
}

/* `key` says where: "url" or "path". */
static void append_archive(GString *out, const LockFile *file, const char *key, const char *where)
{
    g_string_append(out, "archive = {");
    append_field(out, key, where);
    append_digest(out, file);
    g_string_append(out, "}\n");
}

static void append_git(GString *out, const LockFile *file)
{
    g_string_append(out, "vcs = {type = \"git\", ");
    append_field(out, "url", file->source_name);
    g_string_append(out, ", ");
    append_field(out, "commit-id", file->commit);
    g_string_append(out, "}\n");
}

static void append_source(GString *out, const Plan *plan, const LockFile *file, const char *url)
{
    g_autofree char *index = NULL;
    switch (file->source) {
    case LOCK_SOURCE_INDEX:
        index = export_index_url(plan->recipe, file->source_name);
        if (index)
            append_line(out, "index", index);
        append_index_file(out, file, url);
        break;
    case LOCK_SOURCE_URL:
        append_archive(out, file, "url", file->source_name);
        break;
    case LOCK_SOURCE_PATH:
        append_archive(out, file, "path", file->source_name);
        break;
    case LOCK_SOURCE_GIT:
        append_git(out, file);
        break;
    }
}

static void append_package(GString *out, const Plan *plan, const LockFile *file, const char *url)
{
    g_string_append(out, "\n[[packages]]\n");
    append_line(out, "name", file->name);
    append_line(out, "version", file->version);
    if (file->requires_python)
        append_line(out, "requires-python", file->requires_python);
    append_source(out, plan, file, url);
}

/* For which machines it holds: those of the target. */
static gboolean append_environment(GString *out, const LockTarget *target, GError **error)
{
    static const char *const variables[] = {"sys_platform", "platform_machine", "python_version"};
    g_autoptr(PythonTarget) python =
        python_target_new(target->base.python, target->base.libc, target->platform, error);
    if (!python)
        return FALSE;
    g_autoptr(MarkerEnvironment) environment = marker_environment_new(python);
    g_autoptr(GString) marker = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(variables); i++)
        g_string_append_printf(marker, "%s%s == '%s'", i ? " and " : "", variables[i],
                               marker_environment_get(environment, variables[i]));
    g_string_append_printf(out, "environments = [\"%s\"]\n", marker->str);
    g_string_append_printf(out, "requires-python = \"==%u.%u.*\"\n", python->major, python->minor);
    return TRUE;
}

gboolean export_pylock(const Plan *plan, const char *source, const GPtrArray *urls, char **ret_text,
                       GError **error)
{
    g_autoptr(GPtrArray) files = export_files(plan);
    g_autoptr(GString) out = export_begin(plan, source, "https://peps.python.org/pep-0751/");
    g_string_append(out, "lock-version = \"1.0\"\ncreated-by = \"ramekin\"\n");
    if (!append_environment(out, plan->target, error))
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        if (file->source != LOCK_SOURCE_GIT && !file->sha256)
            return error_set(error, ERROR_INPUT, SPAN_NONE,
                             "the lock has no sha256 of %s %s, and a pylock.toml must have one",
                             file->name, file->version);
        append_package(out, plan, file, urls->pdata[i]);
    }
    *ret_text = g_strdup(out->str);
    return TRUE;
}

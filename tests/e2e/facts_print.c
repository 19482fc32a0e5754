/* facts_print REFERENCE PLATFORM: what base_facts_read() finds, as JSON on stdout. */
#include "lock/base_facts.h"
#include "text/jsonw.h"

#include <unistd.h>

static void write_distribution(JsonWriter *writer, const InstalledDistribution *distribution)
{
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "name", distribution->name);
    jsonw_string_member(writer, "version", version_text(distribution->metadata->version));
    jsonw_string_member(writer, "folder", distribution->site_dir);
    jsonw_string_member(writer, "installer", distribution->installer);
    jsonw_boolean_member(writer, "record", distribution->has_record);
    jsonw_boolean_member(writer, "outside", distribution->outside);
    jsonw_unsigned_member(writer, "paths", distribution->paths ? distribution->paths->len : 0);
    jsonw_end_object(writer);
}

static void write_environment(JsonWriter *writer, const Environment *environment)
{
    jsonw_string_member(writer, "prefix", environment->prefix);
    jsonw_string_member(writer, "purelib", environment->purelib);
    jsonw_string_member(writer, "platlib", environment->platlib);
    jsonw_string_member(writer, "scripts", environment->scripts);
    jsonw_string_member(writer, "headers", environment->headers);
    jsonw_string_member(writer, "data", environment->data);
    jsonw_string_member(writer, "shebang", environment->python);
    jsonw_key(writer, "distributions");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < environment->distributions->len; i++)
        write_distribution(writer, environment->distributions->pdata[i]);
    jsonw_end_array(writer);
}

static char *facts_text(const BaseFacts *facts)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "form", base_form_name(facts->form));
    jsonw_string_member(writer, "digest", facts->digest);
    jsonw_string_member(writer, "no_python", facts->no_python);
    jsonw_string_member(writer, "os", facts->os_id);
    jsonw_string_member(writer, "os_version", facts->os_version);
    jsonw_string_member(writer, "codename", facts->os_codename);
    jsonw_unsigned_member(writer, "dpkg", facts->dpkg_packages);
    jsonw_strings_member(writer, "env", (const char *const *)facts->env);
    jsonw_strings_member(writer, "warnings", (const char *const *)facts->warnings);
    if (facts->has_python) {
        g_autofree char *libc = python_target_libc_text(facts->target);
        jsonw_string_member(writer, "python", facts->target->full_version);
        jsonw_string_member(writer, "abi_flags", facts->target->abi_flags);
        jsonw_string_member(writer, "machine", facts->target->machine);
        jsonw_string_member(writer, "libc", libc);
        jsonw_string_member(writer, "interpreter", facts->interpreter);
        jsonw_string_member(writer, "pip", facts->pip_version);
        jsonw_string_member(writer, "managed", facts->externally_managed);
        jsonw_string_member(writer, "index",
                            facts->pip_config ? facts->pip_config->index_url : NULL);
        write_environment(writer, facts->environment);
    }
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    g_autofree char *here = g_get_current_dir();
    BaseRequest request = {.reference = argv[1], .base_dir = here, .platform = argv[2]};
    g_autoptr(GError) error = NULL;
    g_autoptr(BaseFacts) facts = base_facts_read(&request, &error);
    g_autofree char *text = facts ? facts_text(facts) : error_format(error, "error", false);
    ssize_t written = write(facts ? STDOUT_FILENO : STDERR_FILENO, text, strlen(text));
    return facts && written > 0 ? 0 : error_exit_status(error);
}

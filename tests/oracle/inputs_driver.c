/* inputs_driver FOLDER FILE...: what each requirements file says, one JSON object a line on stdout.
 * Relative paths count from FOLDER; a file whose name begins with "c" holds constraints. */
#include "python/pip_inputs.h"
#include "text/jsonw.h"

#include <unistd.h>

static void write_requirement(JsonWriter *writer, const PipRequirement *item)
{
    const Requirement *requirement = item->requirement;
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_string_member(writer, "name", requirement ? requirement->canonical : NULL);
    jsonw_string_member(writer, "specifier",
                        requirement ? specifier_set_text(requirement->specifiers) : NULL);
    jsonw_strings_member(
        writer, "extras",
        (const char *const *)(requirement ? requirement->extras : item->extras_wanted));
    jsonw_string_member(writer, "marker",
                        requirement && requirement->marker ? marker_text(requirement->marker)
                                                           : NULL);
    jsonw_string_member(writer, "link", item->link);
    jsonw_boolean_member(writer, "editable", item->editable);
    jsonw_strings_member(writer, "hashes", (const char *const *)item->hashes);
    jsonw_end_object(writer);
}

static void write_list(JsonWriter *writer, const char *key, const GPtrArray *list)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < list->len; i++)
        write_requirement(writer, list->pdata[i]);
    jsonw_end_array(writer);
}

static void write_texts(JsonWriter *writer, const char *key, const GPtrArray *list, bool all)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_COMPACT);
    if (all)
        jsonw_string(writer, ":all:");
    for (guint i = 0; list && i < list->len; i++)
        jsonw_string(writer, list->pdata[i]);
    jsonw_end_array(writer);
}

static char *inputs_text(const PipInputs *inputs, bool ok, const Diags *diags)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autofree char *mistakes = diags_format(diags, false);
    jsonw_begin_object(writer, JSONW_COMPACT);
    jsonw_boolean_member(writer, "ok", ok);
    jsonw_string_member(writer, "mistakes", mistakes);
    write_list(writer, "roots", inputs->roots);
    write_list(writer, "constraints", inputs->constraints);
    jsonw_string_member(writer, "index", inputs->index_url);
    jsonw_boolean_member(writer, "no_index", inputs->no_index);
    write_texts(writer, "extra", inputs->extra_index_urls, false);
    write_texts(writer, "find_links", inputs->find_links, false);
    const FormatControl *format = &inputs->format;
    const ReleaseControl *release = &inputs->release;
    write_texts(writer, "only_binary", format->only_binary.names, format->only_binary.all);
    write_texts(writer, "no_binary", format->no_binary.names, format->no_binary.all);
    write_texts(writer, "all_releases", release->all_releases.names, release->all_releases.all);
    write_texts(writer, "only_final", release->only_final.names, release->only_final.all);
    jsonw_boolean_member(writer, "prefer_binary", inputs->prefer_binary);
    jsonw_boolean_member(writer, "require_hashes", inputs->require_hashes);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

static char *read_one(const char *folder, const char *name, char **environment)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    PipInputsOptions options = {.environment = (const char *const *)environment,
                                .base_dir = folder};
    bool ok = pip_inputs_add_file(inputs, path, SPAN_NONE, name[0] == 'c', &options, diags);
    return inputs_text(inputs, ok, diags);
}

int main(int argc, char **argv)
{
    g_auto(GStrv) environment = g_get_environ();
    for (int i = 2; i < argc; i++) {
        g_autofree char *text = read_one(argv[1], argv[i], environment);
        g_autofree char *line = g_strconcat(text, "\n", NULL);
        if (write(STDOUT_FILENO, line, strlen(line)) < 0)
            return 2;
    }
    return 0;
}

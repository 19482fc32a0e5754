/* ramekin-eval: questions about versions, specifiers, markers, requirements, names, wheels and
 * tags, one JSON object a line on stdin, answered on stdout in the words of Python's `packaging`.
 * What can't be parsed is {"ok": false}. */
#include "base/limits.h"
#include "python/name.h"
#include "python/requirement.h"
#include "python/tag.h"
#include "python/wheel_name.h"
#include "text/json.h"
#include "text/jsonw.h"

#define LINE_MAX_BYTES (16 * MIB)

/* Writes the answer; false when there is none. */
typedef bool (*Answer)(const Json *question, JsonWriter *out);

static const char *find(const Json *question, const char *key)
{
    const char *text = json_find_text(question, key);
    return text != NULL ? text : "";
}

static void begin_ok(JsonWriter *out)
{
    jsonw_begin_object(out, JSONW_INLINE);
    jsonw_boolean_member(out, "ok", true);
}

static bool parse_version(const Json *question, JsonWriter *out)
{
    g_autoptr(Version) version = version_parse(find(question, "text"), NULL);
    if (version == NULL)
        return false;
    begin_ok(out);
    jsonw_string_member(out, "normal", version_text(version));
    jsonw_string_member(out, "epoch", version_epoch(version));
    jsonw_strings_member(out, "release", version_release(version));
    jsonw_string_member(out, "pre", version_pre(version));
    jsonw_string_member(out, "post", version_post(version));
    jsonw_string_member(out, "dev", version_dev(version));
    jsonw_string_member(out, "local", version_local(version));
    jsonw_end_object(out);
    return true;
}

static bool compare_versions(const Json *question, JsonWriter *out)
{
    g_autoptr(Version) a = version_parse(find(question, "a"), NULL);
    g_autoptr(Version) b = version_parse(find(question, "b"), NULL);
    if (a == NULL || b == NULL)
        return false;
    int order = version_compare(a, b);
    jsonw_integer(out, (order > 0) - (order < 0));
    return true;
}

static void write_clauses(JsonWriter *out, const SpecifierSet *set)
{
    g_autofree const char **clauses = specifier_set_clauses(set);
    jsonw_strings_member(out, "specifiers", clauses);
}

static bool parse_specifier(const Json *question, JsonWriter *out)
{
    g_autoptr(SpecifierSet) set = specifier_set_parse(find(question, "spec"), NULL);
    if (set == NULL)
        return false;
    begin_ok(out);
    write_clauses(out, set);
    jsonw_end_object(out);
    return true;
}

static Prereleases find_prereleases(const Json *question)
{
    bool allowed;
    if (!json_as_boolean(json_find(question, "prereleases"), &allowed))
        return PRERELEASES_DEFAULT;
    return allowed ? PRERELEASES_YES : PRERELEASES_NO;
}

static bool contains_version(const Json *question, JsonWriter *out)
{
    g_autoptr(SpecifierSet) set = specifier_set_parse(find(question, "spec"), NULL);
    if (set == NULL)
        return false;
    jsonw_boolean(out, specifier_set_contains_text(set, find(question, "version"),
                                                   find_prereleases(question)));
    return true;
}

static bool filter_versions(const Json *question, JsonWriter *out)
{
    g_autoptr(SpecifierSet) set = specifier_set_parse(find(question, "spec"), NULL);
    if (set == NULL)
        return false;
    const Json *versions = json_find(question, "versions");
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    for (size_t i = 0; i < json_length(versions); i++) {
        const char *text = json_text(json_item(versions, i));
        g_ptr_array_add(texts, (void *)(text != NULL ? text : ""));
    }
    g_ptr_array_add(texts, NULL);
    g_autoptr(GPtrArray) kept = specifier_set_filter_texts(set, (const char *const *)texts->pdata,
                                                           find_prereleases(question));
    jsonw_begin_array(out, JSONW_INLINE);
    for (guint i = 0; i < kept->len; i++)
        jsonw_string(out, g_ptr_array_index(kept, i));
    jsonw_end_array(out);
    return true;
}

static bool parse_marker(const Json *question, JsonWriter *out)
{
    g_autoptr(Marker) marker = marker_parse(find(question, "marker"), NULL);
    if (marker == NULL || !marker_is_printable(marker))
        return false;
    begin_ok(out);
    jsonw_string_member(out, "normal", marker_text(marker));
    jsonw_end_object(out);
    return true;
}

static bool evaluate_marker(const Json *question, JsonWriter *out)
{
    g_autoptr(Marker) marker = marker_parse(find(question, "marker"), NULL);
    if (marker == NULL)
        return false;
    g_autoptr(MarkerEnvironment) environment = marker_environment_new_empty();
    void *state = NULL;
    const char *key;
    const Json *value;
    while (json_next_pair(json_find(question, "env"), &state, &key, &value))
        if (json_text(value) != NULL)
            marker_environment_set(environment, key, json_text(value));
    bool result;
    if (!marker_try_evaluate(marker, environment, NULL, &result, NULL))
        return false;
    jsonw_boolean(out, result);
    return true;
}

static bool parse_requirement(const Json *question, JsonWriter *out)
{
    g_autoptr(Requirement) requirement = requirement_parse(find(question, "text"), NULL);
    if (requirement == NULL ||
        (requirement->marker != NULL && !marker_is_printable(requirement->marker)))
        return false;
    begin_ok(out);
    jsonw_string_member(out, "name", requirement->name);
    jsonw_strings_member(out, "extras", (const char *const *)requirement->extras);
    write_clauses(out, requirement->specifiers);
    jsonw_string_member(out, "url", requirement->url);
    jsonw_string_member(out, "marker",
                        requirement->marker != NULL ? marker_text(requirement->marker) : NULL);
    jsonw_end_object(out);
    return true;
}

static bool canonicalize_name(const Json *question, JsonWriter *out)
{
    g_autofree char *canonical = name_canonicalize(find(question, "name"));
    jsonw_string(out, canonical);
    return true;
}

static bool parse_wheel(const Json *question, JsonWriter *out)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(find(question, "filename"), NULL);
    if (wheel == NULL)
        return false;
    g_auto(GStrv) tags = wheel_name_tags(wheel);
    begin_ok(out);
    jsonw_string_member(out, "name", wheel->name);
    jsonw_string_member(out, "version", version_text(wheel->version));
    jsonw_string_member(out, "build", wheel->build);
    jsonw_strings_member(out, "tags", (const char *const *)tags);
    jsonw_end_object(out);
    return true;
}

static bool list_tags(const Json *question, JsonWriter *out)
{
    const char *platform = json_find_text(question, "platform");
    g_autoptr(PythonTarget) target =
        python_target_new(find(question, "python"), json_find_text(question, "libc"),
                          platform ? platform : "linux/amd64", NULL);
    if (target == NULL)
        return false;
    if (!platform) {
        g_free(target->machine);
        target->machine = g_strdup(find(question, "arch"));
    }
    g_autoptr(TagSet) tags = tag_set_new(target);
    jsonw_begin_array(out, JSONW_INLINE);
    for (const char *const *tag = tag_set_list(tags); *tag != NULL; tag++)
        jsonw_string(out, *tag);
    jsonw_end_array(out);
    return true;
}

static const struct {
    const char *op;
    Answer answer;
} operations[] = {
    {"version.parse", parse_version},
    {"version.compare", compare_versions},
    {"specifier.parse", parse_specifier},
    {"specifier.contains", contains_version},
    {"specifier.filter", filter_versions},
    {"marker.parse", parse_marker},
    {"marker.eval", evaluate_marker},
    {"requirement.parse", parse_requirement},
    {"name.canonicalize", canonicalize_name},
    {"wheel.parse", parse_wheel},
    {"tags.supported", list_tags},
    {"tags.foreign", list_tags},
};

static bool answer(const Json *question, JsonWriter *out)
{
    const char *op = find(question, "op");
    for (size_t i = 0; i < G_N_ELEMENTS(operations); i++)
        if (strcmp(operations[i].op, op) == 0)
            return operations[i].answer(question, out);
    return false;
}

static void answer_line(const char *line, size_t length)
{
    g_autoptr(Json) question = json_parse("question", line, length, NULL);
    g_autoptr(JsonWriter) out = jsonw_new();
    if (!answer(question, out)) {
        jsonw_begin_object(out, JSONW_INLINE);
        jsonw_boolean_member(out, "ok", false);
        jsonw_end_object(out);
    }
    g_autofree char *text = jsonw_finish(out, NULL);
    fputs(g_strchomp(text), stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    for (gssize length; (length = getline(&line, &size, stdin)) >= 0;) {
        if (length > 0 && line[length - 1] == '\n')
            length--;
        if (length > 0 && (size_t)length <= LINE_MAX_BYTES)
            answer_line(line, (size_t)length);
    }
    free(line);
    return 0;
}

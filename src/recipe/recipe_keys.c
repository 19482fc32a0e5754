/* The table of a recipe's keys, and what is made of it: the JSON schema and the manual. */
#include "base/finding_pages.h"
#include "python/target.h"
#include "recipe/context.h"
#include "recipe/definition.h"

static bool check_language(Decoder *decoder, const Node *node, const char *text)
{
    if (g_str_equal(text, "1"))
        return true;
    error_set_hint(
        decoder_error(decoder, node, "this ramekin knows recipes of version 1, not '%s'", text),
        "write version: 1; versions of packages stand in `stages:`");
    return false;
}

/* What a registry takes as a repository name and, lower-cased, as a tag. */
static bool check_recipe_name(Decoder *decoder, const Node *node, const char *text)
{
    bool ok = g_ascii_islower(text[0]) || g_ascii_isdigit(text[0]);
    for (const char *p = text; *p; p++)
        ok &= g_ascii_islower(*p) || g_ascii_isdigit(*p) || strchr("._-/", *p) != NULL;
    if (ok && g_ascii_isalnum(text[strlen(text) - 1]))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' can't be the name of an image", text),
                   "use lower-case letters, digits, '.', '_', '-' and '/'");
    return false;
}

static bool check_platform(Decoder *decoder, const Node *node, const char *text)
{
    static const char *const platforms[] = {"linux/amd64", "linux/arm64",   "macos/arm64",
                                            "macos/amd64", "windows/amd64", "windows/arm64"};
    for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++)
        if (g_str_equal(platforms[i], text))
            return true;
    GError *error = decoder_error(decoder, node, "there is no platform '%s'", text);
    error_set_hint(error, "one of linux/amd64, linux/arm64; with `target: env` also macos/arm64, "
                          "macos/amd64, windows/amd64, windows/arm64");
    if (g_str_has_prefix(text, "darwin/"))
        error_set_hint(error, "did you mean 'macos/%s'?", text + strlen("darwin/"));
    else
        decoder_suggest(error, text, platforms, G_N_ELEMENTS(platforms));
    return false;
}

static bool check_macos(Decoder *decoder, const Node *node, const char *text)
{
    g_autofree char *libc = g_strdup_printf("macOS %s", text);
    g_autoptr(PythonTarget) target = python_target_new("3.11", libc, "macos/amd64", NULL);
    if (target && (target->libc_major > 10 || (target->libc_major == 10 && target->libc_minor > 8)))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no version of macOS", text),
                   "write for example 14.0; 10.9 is the oldest");
    return false;
}

static bool check_libc(Decoder *decoder, const Node *node, const char *text)
{
    const char *version = g_str_has_prefix(text, "glibc ")  ? text + 6
                          : g_str_has_prefix(text, "musl ") ? text + 5
                                                            : "";
    size_t major = strspn(version, "0123456789");
    const char *minor = version[major] == '.' ? version + major + 1 : "";
    if (major > 0 && minor[0] && minor[strspn(minor, "0123456789.")] == '\0')
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no C library", text),
                   "write glibc 2.36 or musl 1.2");
    return false;
}

static bool check_finding(Decoder *decoder, const Node *node, const char *text)
{
    if (finding_kind_find(text))
        return true;
    g_autoptr(GPtrArray) pages = finding_pages();
    g_autofree const char **names = g_new0(const char *, pages->len);
    for (guint i = 0; i < pages->len; i++)
        names[i] = ((const FindingPage *)pages->pdata[i])->kind.code;
    GError *error = decoder_error(decoder, node, "there is no finding '%s'", text);
    decoder_suggest(error, text, names, pages->len);
    return false;
}

static const TextRule rule_language = check_language;
static const TextRule rule_recipe_name = check_recipe_name;
static const TextRule rule_platform = check_platform;
static const TextRule rule_libc = check_libc;
static const TextRule rule_macos = check_macos;
static const TextRule rule_finding = check_finding;

/* Keys that are read when the file is loaded. */
static bool decode_nothing(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    return true;
}

static void schema_vars(const Field *field, SchemaWriter *schema)
{
    Field named = *field;
    named.detail = &declaration_shape;
    type_named.schema(&named, schema);
}

static void schema_map(const Field *field, SchemaWriter *schema)
{
    schema_write_type(schema, "object");
}

static void schema_paths(const Field *field, SchemaWriter *schema)
{
    type_texts.schema(field, schema);
}

static const FieldType type_vars = {"map of names", decode_nothing, NULL, schema_vars};
static const FieldType type_matrix = {"map of rows, or of lists", decode_nothing, NULL, schema_map};
static const FieldType type_include = {"list of files", decode_nothing, NULL, schema_paths};

/* clang-format off */
static const Field index_fields[] = {
    {"url", &type_text, offsetof(RecipeIndex, url), FIELD_REQUIRED, "URL of the index", &rule_url},
    {"packages", &type_texts, offsetof(RecipeIndex, packages), 0, "Names or globs that are asked of this index alone, in every stage", &rule_distribution},
    {"only", &type_bool, offsetof(RecipeIndex, only), 0, "No other name is asked of it (default: false)", NULL},
    {"auth", &type_text, offsetof(RecipeIndex, auth), 0, "Id of the secret to send", &rule_name},
};
/* clang-format on */

static void finish_index(Decoder *decoder, const Node *node, void *target)
{
    const RecipeIndex *index = target;
    if (g_str_equal(index->name, "auto"))
        decoder_error(decoder, node, "an index can't be called 'auto'");
    if (index->only && !index->packages)
        error_set_hint(
            decoder_error(decoder, node_find_key(node, "only"), "'only' without 'packages'"),
            "name the packages that are asked of this index");
}

static const Shape index_shape = {
    .name = "index",
    .title = "`indexes:`",
    .size = sizeof(RecipeIndex),
    .fields = index_fields,
    .count = G_N_ELEMENTS(index_fields),
    .short_key = "url",
    .at_offset = offsetof(RecipeIndex, at),
    .name_offset = offsetof(RecipeIndex, name),
    .finish = finish_index,
};

/* clang-format off */
static const Field ignore_fields[] = {
    {"finding", &type_text, offsetof(RecipeIgnore, finding), FIELD_REQUIRED, "Code of the finding", &rule_finding},
    {"match", &type_text, offsetof(RecipeIgnore, match), 0, "Name or glob of the distribution or path it is about (default: all)", NULL},
    {"why", &type_text, offsetof(RecipeIgnore, why), FIELD_REQUIRED, "The reason", NULL},
};

static const Shape ignore_shape = {
    .name = "ignore", .title = "`ignore:`", .size = sizeof(RecipeIgnore),
    .fields = ignore_fields, .count = G_N_ELEMENTS(ignore_fields),
    .at_offset = offsetof(RecipeIgnore, at),
};

static const Field secret_fields[] = {
    {"env", &type_text, offsetof(RecipeSecret, env), 0, "Environment variable of the build that holds it", &rule_env_key},
    {"file", &type_text, offsetof(RecipeSecret, file), 0, "File that holds it", NULL},
};
/* clang-format on */

static void finish_secret(Decoder *decoder, const Node *node, void *target)
{
    const RecipeSecret *secret = target;
    if (!secret->env == !secret->file)
        error_set_hint(decoder_error(decoder, node, "a secret has one of 'env' and 'file'"),
                       "its value never stands in the recipe: %s: {env: VARIABLE}", secret->id);
}

static const Shape secret_shape = {
    .name = "secret",
    .title = "`secrets:`",
    .size = sizeof(RecipeSecret),
    .fields = secret_fields,
    .count = G_N_ELEMENTS(secret_fields),
    .at_offset = offsetof(RecipeSecret, at),
    .name_offset = offsetof(RecipeSecret, id),
    .finish = finish_secret,
};

static const char *const targets[] = {"image", "env", NULL};
static const char *const resolve_kinds[] = {"ordered", "together", NULL};

/* clang-format off */
static const Field recipe_fields[] = {
    {"version", &type_text, 0, FIELD_REQUIRED | FIELD_NO_SLOT, "Version of the language: 1", &rule_language},
    {"name", &type_text, offsetof(Recipe, name), 0, "Name of the image, and its default tag", &rule_recipe_name},
    {"description", &type_text, offsetof(Recipe, description), 0, "One sentence for people", NULL},
    {"target", &type_choice, offsetof(Recipe, target), 0, "What is made: an image, or a plain virtual environment (default: image)", targets},
    {"platforms", &type_texts, offsetof(Recipe, platforms), FIELD_LIST, "Platforms, each resolved on its own (default: linux/amd64)", &rule_platform},
    {"vars", &type_vars, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Variables and their defaults; --var NAME=VALUE overrides", NULL},
    {"matrix", &type_matrix, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Rows of variable values: a map of rows, or a map of lists with `exclude`", NULL},
    {"include", &type_include, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Files whose keys lie beneath those of this one", NULL},
    {"base", &type_base, offsetof(Recipe, base), 0, "What the image begins with: a reference, `scratch`, or a map", NULL},
    {"python", &type_python, offsetof(Recipe, python), 0, "The interpreter", NULL},
    {"libc", &type_value, offsetof(Recipe, libc), 0, "The C library, where the base can't be read: glibc 2.36", &rule_libc},
    {"macos", &type_value, offsetof(Recipe, macos), 0, "The oldest macOS that the environment is for (default: " MACOS_DEFAULT ")", &rule_macos},
    {"indexes", &type_named, offsetof(Recipe, indexes), FIELD_LIST, "Package indexes by name; `main`, `cpu`, `cuNNN` and `rocmN.N` are known", &index_shape},
    {"constraints", &type_file_or_lines, offsetof(Recipe, constraints), FIELD_LIST, "Constraints of every pip stage: a file, or a list of lines", NULL},
    {"overrides", &type_file_or_lines, offsetof(Recipe, overrides), FIELD_LIST, "Requirements that replace what distributions ask for", NULL},
    {"exclude", &type_file_or_lines, offsetof(Recipe, exclude), FIELD_LIST, "Names that are never installed", NULL},
    {"resolve", &type_either, offsetof(Recipe, resolve_together), 0, "Stages one after another, or all at once (default: ordered)", resolve_kinds},
    {"exclude_newer", &type_date, offsetof(Recipe, exclude_newer), 0, "Files uploaded later don't exist", NULL},
    {"protect", &type_names, offsetof(Recipe, protect), FIELD_LIST, "Names or globs that no later stage may change", NULL},
    {"stages", &type_stages, offsetof(Recipe, stages), FIELD_LIST, "What is done, in order", NULL},
    {"parts", &type_parts, offsetof(Recipe, parts), FIELD_LIST, "Helper images that files are taken from", NULL},
    {"checks", &type_shape, offsetof(Recipe, checks), 0, "What must hold", &checks_shape},
    {"ignore", &type_items, offsetof(Recipe, ignore), FIELD_LIST, "Findings judged harmless", &ignore_shape},
    {"secrets", &type_named, offsetof(Recipe, secrets), FIELD_LIST, "Secrets that builds and fetches need", &secret_shape},
};

static const KeyHint recipe_hints[] = {
    {"from", "did you mean 'base'?"},
    {"image", "did you mean 'base'?"},
    {"steps", "did you mean 'stages'?"},
    {"environment", "did you mean 'env'?"},
    {"variables", "did you mean 'vars'?"},
    {"args", "did you mean 'vars'?"},
    {"command", "did you mean 'cmd'?"},
    {"expose", "did you mean 'ports'?"},
    {"gpus", "GPUs are `host: {gpus: […]}`"},
    {"gpu", "GPUs are `host: {gpus: […]}`"},
    {"cuda", "CUDA comes with torch: `- torch: {version: …, cuda: …}`"},
    {"requirements", "requirement files are `- pip: {requirements: FILE}` in `stages:`"},
    {"pip", "a stage stands in the list `stages:`"},
    {"apt", "a stage stands in the list `stages:`"},
    {"files", "a stage stands in the list `stages:`"},
    {"run", "a stage stands in the list `stages:`"},
    {"index", "indexes are `indexes: {NAME: URL}`, and a stage names one"},
    {NULL, NULL},
};
/* clang-format on */

const Shape recipe_shape = {
    .name = "recipe",
    .title = "a recipe",
    .size = sizeof(Recipe),
    .fields = recipe_fields,
    .count = G_N_ELEMENTS(recipe_fields),
    .hints = recipe_hints,
    .more = &config_shape,
    .more_offset = offsetof(Recipe, config),
};

char *recipe_schema_json(void)
{
    return shape_schema_json(&recipe_shape, "ramekin recipe");
}

char *recipe_manual_scdoc(void)
{
    g_autofree char *recipe = shape_manual_scdoc(&recipe_shape);
    g_autofree char *definition = shape_manual_section(&definition_shape);
    return g_strconcat(recipe, definition, NULL);
}

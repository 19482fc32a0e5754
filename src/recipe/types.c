/* Text rules and small field types of the language. */
#include "recipe/config.h"
#include "recipe/context.h"
#include "recipe/recipe.h"

RecipeContext *recipe_context(Decoder *decoder)
{
    return decoder->context;
}

static bool check_name(Decoder *decoder, const Node *node, const char *text)
{
    bool ok = g_ascii_isalnum(text[0]);
    for (const char *p = text; *p; p++)
        ok &= g_ascii_isalnum(*p) || strchr("._-", *p) != NULL;
    if (!ok)
        error_set_hint(decoder_error(decoder, node, "'%s' can't be a name", text),
                       "use letters, digits, '.', '_' and '-', and begin with a letter or digit");
    return ok;
}

static bool check_env_key(Decoder *decoder, const Node *node, const char *text)
{
    if (variable_name_is_valid(text))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' can't be the name of a variable", text),
                   "use letters, digits and '_', and begin with a letter");
    return false;
}

bool path_escapes(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    int depth = 0;
    for (char **part = parts; *part; part++) {
        if (g_str_equal(*part, ".."))
            depth--;
        else if (**part && !g_str_equal(*part, "."))
            depth++;
        if (depth < 0)
            return true;
    }
    return false;
}

static bool check_context_path(Decoder *decoder, const Node *node, const char *text)
{
    GError *error;
    if (text[0] == '/')
        error = decoder_error(decoder, node, "'%s' is an absolute path", text);
    else if (text[0] == '~')
        error = decoder_error(decoder, node, "'%s' begins with '~', which is not expanded", text);
    else if (path_escapes(text))
        error = decoder_error(decoder, node, "'%s' leads out of the recipe's folder", text);
    else
        return true;
    error_set_hint(error, "paths count from the recipe's folder, which is the build context");
    return false;
}

static bool check_input_path(Decoder *decoder, const Node *node, const char *text)
{
    return text[0] == '/' || check_context_path(decoder, node, text);
}

static bool check_image_path(Decoder *decoder, const Node *node, const char *text)
{
    if (text[0] == '/' && !path_escapes(text))
        return true;
    GError *error = decoder_error(decoder, node, "'%s' is no absolute path in the image", text);
    const char *bare = text;
    while (g_str_has_prefix(bare, "./") || g_str_has_prefix(bare, "../"))
        bare = strchr(bare, '/') + 1;
    if (text[0] != '~' && text[0] != '/')
        error_set_hint(error, "write a path that begins with '/': /%s", bare);
    return false;
}

/* The length of the name that a requirement begins with. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    while (g_ascii_isalnum(text[length]) || (text[length] && strchr("._-*?", text[length])))
        length++;
    return length;
}

static bool check_distribution(Decoder *decoder, const Node *node, const char *text)
{
    size_t length = name_length(text);
    if (length > 0 && text[length] == '\0' && text[0] != '-')
        return true;
    GError *error = decoder_error(decoder, node, "'%s' is no name of a distribution", text);
    if (length > 0 && text[0] != '-')
        error_set_hint(error, "give the name alone: %.*s", (int)length, text);
    return false;
}

static bool check_url(Decoder *decoder, const Node *node, const char *text)
{
    const char *colon = strstr(text, "://");
    if (!colon || colon == text || strpbrk(text, " \t\n")) {
        error_set_hint(decoder_error(decoder, node, "'%s' is no URL", text),
                       "write https://host/path");
        return false;
    }
    size_t host = strcspn(colon + 3, "/");
    const char *at = memchr(colon + 3, '@', host);
    const char *password = memchr(colon + 3, ':', host);
    if (!at || !password || password > at)
        return true;
    error_set_hint(decoder_error(decoder, node, "a URL with a password in it"),
                   "declare the password in `secrets:` and name it in `auth:`");
    return false;
}

static bool check_mode(Decoder *decoder, const Node *node, const char *text)
{
    size_t digits = strspn(text, "01234567");
    if (digits >= 3 && digits <= 5 && text[digits] == '\0')
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no file mode", text),
                   "write three or four octal digits: 0755");
    return false;
}

static bool check_sha256(Decoder *decoder, const Node *node, const char *text)
{
    const char *hex = g_str_has_prefix(text, "sha256:") ? text + 7 : text;
    if (strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64)
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no sha256 digest", text),
                   "64 lower-case hexadecimal digits");
    return false;
}

const TextRule rule_name = check_name;
const TextRule rule_env_key = check_env_key;
const TextRule rule_context_path = check_context_path;
const TextRule rule_input_path = check_input_path;
const TextRule rule_image_path = check_image_path;
const TextRule rule_distribution = check_distribution;
const TextRule rule_url = check_url;
const TextRule rule_mode = check_mode;
const TextRule rule_sha256 = check_sha256;

bool config_env_is_secret(const char *name, const char *value)
{
    static const char *const endings[] = {"TOKEN", "SECRET", "PASSWORD", "_KEY"};
    g_autofree char *upper = g_ascii_strup(name, -1);
    if (value[0] == '\0' || value[0] == '$' || g_str_has_suffix(upper, "PUBLIC_KEY"))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(upper, endings[i]))
            return true;
    return false;
}

static const Field env_keys = {"env", &type_pairs, 0, 0, "", &rule_env_key};

static bool decode_env(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    if (!type_pairs.decode(decoder, &env_keys, node, slot))
        return false;
    bool ok = true;
    const GPtrArray *pairs = *(GPtrArray **)slot;
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        if (!config_env_is_secret(pair->key, pair->value))
            continue;
        GError *error =
            decoder_error(decoder, node_find_key(node, pair->key),
                          "'%s' looks like a secret, and the image would show it", pair->key);
        error_set_hint(error, "give it when the container starts; what a build needs goes under "
                              "`secrets:`");
        ok = false;
    }
    return ok;
}

static void clear_pairs(const Field *field, void *slot)
{
    type_pairs.clear(field, slot);
}

static void schema_pairs(const Field *field, SchemaWriter *schema)
{
    type_pairs.schema(field, schema);
}

static bool decode_env_assigned(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    g_autoptr(GPtrArray) pairs = NULL;
    bool ok = decode_env(decoder, field, node, &pairs);
    return type_assigned.decode(decoder, &env_keys, node, slot) && ok;
}

static void clear_assigned(const Field *field, void *slot)
{
    type_assigned.clear(field, slot);
}

static void clear_array(const Field *field, void *slot)
{
    g_clear_pointer((GPtrArray **)slot, g_ptr_array_unref);
}

/* Of a requirement only the name counts: definitions write `$(also)`. */
static bool decode_names(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    Field plain = *field;
    plain.detail = NULL;
    bool ok = type_texts.decode(decoder, &plain, node, slot);
    const GPtrArray *texts = *(GPtrArray **)slot;
    for (guint i = 0; i < texts->len; i++) {
        Text *text = texts->pdata[i];
        size_t length = name_length(text->text);
        if (length == 0 || text->text[0] == '-') {
            Node node_of = {.kind = NODE_SCALAR, .at = text->at};
            decoder_error(decoder, &node_of, "'%s' is no name of a distribution", text->text);
            ok = false;
        }
        text->text[length] = '\0';
    }
    return ok;
}

static void schema_names(const Field *field, SchemaWriter *schema)
{
    type_texts.schema(field, schema);
}

static bool value_matches(Decoder *decoder, const Node *wanted, const char *found)
{
    wanted = decoder_expand(decoder, wanted);
    if (wanted->kind == NODE_SCALAR)
        return g_str_equal(wanted->text, found);
    for (unsigned i = 0; i < wanted->count; i++) {
        if (wanted->items[i]->kind != NODE_SCALAR)
            decoder_error(decoder, wanted->items[i], "an item of 'when' is a text");
        else if (g_str_equal(decoder_expand(decoder, wanted->items[i])->text, found))
            return true;
    }
    return false;
}

static bool condition_holds(Decoder *decoder, const NodePair *pair)
{
    Scope *scope = recipe_context(decoder)->scope;
    const Node *found = scope_find(scope, pair->key->text);
    if (pair->value->kind == NODE_MAP) {
        decoder_error(decoder, pair->value, "a condition is a text or a list of texts");
        return true;
    }
    if (!found) {
        /* A row of the matrix need not give every variable. */
        if (scope_has(scope, pair->key->text))
            return false;
        GError *error =
            decoder_error(decoder, pair->key, "there is no variable '%s'", pair->key->text);
        scope_suggest(scope, error, pair->key->text);
        return true;
    }
    if (found->kind == NODE_LIST) {
        decoder_error(decoder, pair->key, "'%s' is a list, which 'when' can't compare",
                      pair->key->text);
        return true;
    }
    return value_matches(decoder, pair->value, found->text);
}

bool when_matches(Decoder *decoder, const Node *body)
{
    const Node *when = node_find(body, "when");
    if (!when || when->kind != NODE_MAP)
        return true;
    bool ok = true;
    for (unsigned i = 0; i < when->count; i++)
        ok &= condition_holds(decoder, &when->pairs[i]);
    return ok;
}

/* when_matches() does the work; here only the form is looked at. */
static bool decode_when(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    if (node->kind == NODE_MAP)
        return true;
    error_set_hint(decoder_error(decoder, node, "'when' is a map of variables and values, not %s",
                                 node_describe(node)),
                   "all must match: when: {cuda: [12.4, 12.6]}; there are no expressions");
    return false;
}

/* The list of stages reads it before any stage is decoded. */
static bool decode_each(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    return true;
}

static void schema_when(const Field *field, SchemaWriter *schema)
{
    schema_write_type(schema, "object");
}

/* clang-format off */
const FieldType type_env = {"map of texts", decode_env, clear_pairs, schema_pairs};
const FieldType type_env_assigned = {"map of texts", decode_env_assigned, clear_assigned, schema_pairs};
const FieldType type_names = {"list of names or globs", decode_names, clear_array, schema_names};
const FieldType type_when = {"map of conditions", decode_when, NULL, schema_when};
const FieldType type_each = {"map of one name and a list", decode_each, NULL, schema_when};
/* clang-format on */

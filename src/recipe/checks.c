#include "recipe/checks.h"

#include "recipe/context.h"
#include "recipe/index_names.h"

static bool check_symbol(Decoder *decoder, const Node *node, const char *text)
{
    const char *colon = strchr(text, ':');
    if (colon && colon > text && colon[1] && !strchr(colon + 1, ':'))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no symbol", text),
                   "write module:name, for example torch.compiler:reset");
    return false;
}

static bool check_module(Decoder *decoder, const Node *node, const char *text)
{
    bool ok = text[0] != '.' && !g_str_has_suffix(text, ".") && !strstr(text, "..");
    for (const char *p = text; *p; p++)
        ok &= g_ascii_isalnum(*p) || *p == '_' || *p == '.' || (*p & 0x80);
    if (!ok)
        error_set_hint(decoder_error(decoder, node, "'%s' is no module", text),
                       "write the name that stands behind `import`: PIL, not pillow");
    return ok;
}

static const TextRule rule_symbol = check_symbol;
static const TextRule rule_module = check_module;

/* clang-format off */
static const Field check_fields[] = {
    {"version", &type_texts, offsetof(Check, items), 0, "Requirements that the installed versions meet; without a local label any label fits", &rule_requirement},
    {"cuda", &type_texts, offsetof(Check, items), 0, "CUDA versions or specifiers that torch is built for", NULL},
    {"index", &type_pairs, offsetof(Check, pairs), 0, "Index that a distribution comes from", &rule_distribution},
    {"import", &type_texts, offsetof(Check, items), 0, "Modules that can be imported; one that needs a driver is moved to `gpu`", &rule_module},
    {"module", &type_texts, offsetof(Check, items), 0, "Modules that are there", &rule_module},
    {"symbol", &type_texts, offsetof(Check, items), 0, "Names that a module has, as module:name", &rule_symbol},
    {"absent", &type_texts, offsetof(Check, items), 0, "Names or globs that are not installed", &rule_distribution},
    {"file", &type_texts, offsetof(Check, items), 0, "Paths that are there", &rule_image_path},
    {"arch", &type_texts, offsetof(Check, items), 0, "`all`, or GPU architectures that every extension covers", NULL},
    {"wheels_only", &type_bool, offsetof(Check, flag), 0, "Nothing is built from source but what `build:` names", NULL},
    {"max_size", &type_size, offsetof(Check, bytes), 0, "The image is not larger than this", NULL},
    {"python", &type_value, offsetof(Check, value), FIELD_VERBATIM, "Code that ends without an exception", NULL},
    {"cmd", &type_argv, offsetof(Check, items), 0, "Command that ends with status 0", NULL},
    {"when", &type_when, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Variables and values that must all match", NULL},
};
/* clang-format on */

static const KeyHint check_hints[] = {
    {"imports", "did you mean 'import'?"},
    {"versions", "did you mean 'version'?"},
    {"run", "did you mean 'cmd' or 'python'?"},
    {"size", "did you mean 'max_size'?"},
    {NULL, NULL},
};

/* Several keys of a check share a slot: only the one that the item has is cleared. */
static void clear_check(Check *check)
{
    g_clear_pointer(&check->items, g_ptr_array_unref);
    g_clear_pointer(&check->pairs, g_ptr_array_unref);
    g_free(check->value.text);
}

static const Shape check_shape = {
    .name = "check",
    .title = "a check",
    .size = sizeof(Check),
    .fields = check_fields,
    .count = G_N_ELEMENTS(check_fields),
    .hints = check_hints,
    .at_offset = offsetof(Check, at),
};

const char *check_kind_name(CheckKind kind)
{
    return check_fields[kind].key;
}

void check_free(void *data)
{
    Check *check = data;
    if (check)
        clear_check(check);
    g_free(check);
}

/* The one key that says what is checked; reports none and several. */
static bool find_kind(Decoder *decoder, const Node *item, CheckKind *ret_kind)
{
    unsigned found = 0;
    for (unsigned i = 0; i < CHECK_KIND_COUNT; i++) {
        const Node *key = node_find_key(item, check_fields[i].key);
        if (!key)
            continue;
        *ret_kind = i;
        if (++found > 1) {
            error_set_hint(decoder_error(decoder, key, "a check has one key, and `when`"),
                           "begin the next check with '- '");
            return false;
        }
    }
    if (found == 1)
        return true;
    bool conditional = item->count == 1 && node_find(item, "when");
    if (item->count == 0 || conditional)
        decoder_error(decoder, item, "a check without anything to check");
    return conditional || item->count == 0 ? false : (*ret_kind = CHECK_KIND_COUNT, true);
}

/* "cu124" from a definition's parameter is the version 12.4, "auto" any. */
static void normalize_cuda(Check *check)
{
    for (guint i = 0; check->items && i < check->items->len; i++) {
        Text *text = check->items->pdata[i];
        bool any = g_str_equal(text->text, "auto");
        char *version = any ? g_strdup(">=1") : cuda_version_of_index(text->text);
        if (!version)
            continue;
        g_free(text->text);
        text->text = version;
    }
}

static bool add_check(Decoder *decoder, const Field *field, const Node *item, void *data)
{
    if (item->kind != NODE_MAP) {
        error_set_hint(decoder_error(decoder, item, "a check is a map with one key, not %s",
                                     node_describe(item)),
                       "for example `- import: [torch]`");
        return false;
    }
    CheckKind kind;
    if (!find_kind(decoder, item, &kind))
        return false;
    bool enabled = when_matches(decoder, item);
    Check *check = g_new0(Check, 1);
    bool ok = shape_decode(decoder, &check_shape, item, check);
    check->kind = kind;
    const Span use_site = recipe_context(decoder)->use_site;
    if (span_is_set(use_site))
        check->at = use_site;
    if (kind == CHECK_CUDA)
        normalize_cuda(check);
    if (enabled && ok)
        g_ptr_array_add(data, check);
    else
        check_free(check);
    return ok;
}

static bool decode_checks(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    GPtrArray *checks = g_ptr_array_new_with_free_func(check_free);
    *(GPtrArray **)slot = checks;
    if (node->kind == NODE_SCALAR)
        return decoder_mismatch(decoder, field, node, "a list of checks");
    return decoder_each_item(decoder, field, node, add_check, checks);
}

static void clear_checks(const Field *field, void *slot)
{
    g_clear_pointer((GPtrArray **)slot, g_ptr_array_unref);
}

static void schema_checks(const Field *field, SchemaWriter *schema)
{
    schema_write_type(schema, "array");
    jsonw_key(schema->json, "items");
    jsonw_begin_object(schema->json, JSONW_INLINE);
    schema_write_shape(schema, &check_shape);
    jsonw_end_object(schema->json);
}

const FieldType type_checks = {"list of checks", decode_checks, clear_checks, schema_checks};

/* clang-format off */
static const Field checks_fields[] = {
    {"build", &type_checks, offsetof(RecipeChecks, build), 0, "Need no device: decided by `check`, and by `build` in the sandbox", NULL},
    {"runtime", &type_checks, offsetof(RecipeChecks, runtime), 0, "Run when the container starts; need no device", NULL},
    {"gpu", &type_checks, offsetof(RecipeChecks, gpu), 0, "Run when the container starts, where a GPU is", NULL},
};
/* clang-format on */

const Shape checks_shape = {
    .name = "checks",
    .title = "`checks:`",
    .size = sizeof(RecipeChecks),
    .fields = checks_fields,
    .count = G_N_ELEMENTS(checks_fields),
};

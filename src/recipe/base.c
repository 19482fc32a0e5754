/* What an image begins with: `base:` and `python:`. */
#include "recipe/definition.h"

typedef struct {
    char *image, *digest, *debian, *ubuntu, *snapshot;
    GPtrArray *packages;
} BaseBody;

/* A registry reference needs a tag or a digest; layouts and archives on disk don't. */
static bool check_reference(Decoder *decoder, const Node *node, const char *text)
{
    static const char *const transports[] = {"oci:", "oci-archive:", "docker-archive:", "rootfs:"};
    for (size_t i = 0; i < G_N_ELEMENTS(transports); i++)
        if (g_str_has_prefix(text, transports[i]))
            return true;
    if (strpbrk(text, " \t\n") || strstr(text, "://") || text[0] == '/' || text[0] == ':') {
        error_set_hint(decoder_error(decoder, node, "'%s' is no image reference", text),
                       "write [HOST/]NAME:TAG, for example python:3.11-slim-bookworm");
        return false;
    }
    const char *name = strrchr(text, '/');
    name = name ? name + 1 : text;
    if (strchr(name, ':') || strchr(name, '@'))
        return true;
    const char *more = strstr(text, "python") ? "3.11-slim-bookworm" : "TAG";
    error_set_hint(decoder_error(decoder, node, "the base '%s' has no tag", text),
                   "without one it means `latest`, which is another image every week: write %s:%s",
                   text, more);
    return false;
}

static bool check_image(Decoder *decoder, const Node *node, const char *text)
{
    return check_reference(decoder, node, text);
}

static bool check_digest(Decoder *decoder, const Node *node, const char *text)
{
    bool ok = g_str_has_prefix(text, "sha256:") && strlen(text) == 71 &&
              strspn(text + 7, "0123456789abcdef") == 64;
    if (!ok)
        error_set_hint(decoder_error(decoder, node, "'%s' is no digest", text),
                       "sha256: and 64 lower-case hexadecimal digits");
    return ok;
}

static const TextRule rule_digest = check_digest;

/* clang-format off */
static const Field base_fields[] = {
    {"image", &type_text, offsetof(BaseBody, image), 0, "Image reference with a tag", NULL},
    {"digest", &type_text, offsetof(BaseBody, digest), 0, "Digest that the image must have", &rule_digest},
    {"debian", &type_text, offsetof(BaseBody, debian), 0, "Suite of Debian, taken from its archive", &rule_name},
    {"ubuntu", &type_text, offsetof(BaseBody, ubuntu), 0, "Suite of Ubuntu, taken from its archive", &rule_name},
    {"packages", &type_texts, offsetof(BaseBody, packages), 0, "Packages beyond the essential ones", NULL},
    {"snapshot", &type_text, offsetof(BaseBody, snapshot), 0, "Date of the archive", NULL},
};
/* clang-format on */

static void finish_base(Decoder *decoder, const Node *node, void *target)
{
    const BaseBody *body = target;
    int given = !!body->image + !!body->debian + !!body->ubuntu;
    if (given != 1)
        decoder_error(decoder, node, "a base has one of 'image', 'debian' and 'ubuntu'");
    else if (body->image && (body->packages || body->snapshot))
        error_set_hint(decoder_error(decoder, node, "a base 'image' has no packages of its own"),
                       "add packages with an `apt:` stage");
    else if (!body->image && body->digest)
        decoder_error(decoder, node_find_key(node, "digest"), "'digest' needs 'image'");
    else if (body->image && !body->digest)
        check_reference(decoder, decoder_expand(decoder, node_find(node, "image")), body->image);
}

const Shape base_shape = {
    .name = "base",
    .title = "`base:`",
    .size = sizeof(BaseBody),
    .fields = base_fields,
    .count = G_N_ELEMENTS(base_fields),
    .short_key = "image",
    .finish = finish_base,
};

static bool decode_base_map(Decoder *decoder, const Node *node, RecipeBase *base)
{
    BaseBody body = {NULL};
    bool ok = shape_decode(decoder, &base_shape, node, &body);
    base->kind = body.image ? BASE_IMAGE : BASE_DEBIAN;
    base->reference = g_steal_pointer(&body.image);
    base->digest = g_steal_pointer(&body.digest);
    base->distribution = g_strdup(body.debian ? "debian" : body.ubuntu ? "ubuntu" : NULL);
    base->suite = g_strdup(body.debian ? body.debian : body.ubuntu);
    base->snapshot = g_steal_pointer(&body.snapshot);
    base->packages = g_steal_pointer(&body.packages);
    shape_clear(&base_shape, &body);
    return ok;
}

static bool decode_base(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    RecipeBase *base = slot;
    base->at = node->at;
    if (node->kind == NODE_MAP)
        return decode_base_map(decoder, node, base);
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    base->kind = g_str_equal(text, "scratch") ? BASE_SCRATCH : BASE_IMAGE;
    if (base->kind == BASE_IMAGE)
        base->reference = g_strdup(text);
    return base->kind == BASE_SCRATCH || check_image(decoder, node, text);
}

static void clear_base(const Field *field, void *slot)
{
    RecipeBase *base = slot;
    g_free(base->reference);
    g_free(base->digest);
    g_free(base->distribution);
    g_free(base->suite);
    g_free(base->snapshot);
    g_clear_pointer(&base->packages, g_ptr_array_unref);
}

static void schema_base(const Field *field, SchemaWriter *schema)
{
    schema_write_shape(schema, &base_shape);
}

/* "3.11", "3.11.2" or "3.13t" */
static bool check_python(Decoder *decoder, const Node *node, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", -1);
    unsigned count = g_strv_length(parts);
    bool ok = count == 2 || count == 3;
    for (unsigned i = 0; ok && i < count; i++) {
        size_t digits = strspn(parts[i], "0123456789");
        const char *rest = parts[i] + digits;
        ok = digits > 0 && digits < 4 &&
             (*rest == '\0' || (i + 1 == count && g_str_equal(rest, "t")));
    }
    if (!ok)
        error_set_hint(decoder_error(decoder, node, "'%s' is no version of Python", text),
                       "write 3.11 or 3.11.2");
    return ok;
}

static const TextRule rule_python = check_python;

static bool decode_from(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    *(bool *)slot = g_str_equal(text, "base");
    if (!*(bool *)slot)
        decoder_error(decoder, node, "'from' is 'base', not '%s'", text);
    return *(bool *)slot;
}

static const FieldType type_from = {"base", decode_from, NULL, NULL};

static bool check_scheme(Decoder *decoder, const Node *node, const char *text)
{
    if (g_str_equal(text, "posix") || g_str_equal(text, "debian"))
        return true;
    decoder_error(decoder, node, "'scheme' is one of posix, debian, not '%s'", text);
    return false;
}

static const TextRule rule_scheme = check_scheme;

/* clang-format off */
static const Field python_fields[] = {
    {"version", &type_text, offsetof(RecipePython, version), 0, "Version of the interpreter; the base's must match", &rule_python},
    {"from", &type_from, offsetof(RecipePython, from_base), 0, "`base`: whatever the base has", NULL},
    {"venv", &type_text, offsetof(RecipePython, venv), 0, "Virtual environment to make and install into, without a pip of its own", &rule_image_path},
    {"prefix", &type_text, offsetof(RecipePython, prefix), 0, "Where packages go (default: /usr/local)", &rule_image_path},
    {"scheme", &type_text, offsetof(RecipePython, scheme), 0, "Folder names below the prefix: posix or debian (default: posix)", &rule_scheme},
};
/* clang-format on */

static void finish_python(Decoder *decoder, const Node *node, void *target)
{
    const RecipePython *python = target;
    if (python->version && python->from_base)
        decoder_error(decoder, node_find_key(node, "from"),
                      "'from' and 'version' exclude each other");
    if (python->venv && (python->prefix || python->scheme))
        decoder_error(decoder, node_find_key(node, "venv"),
                      "'venv' has its own layout; leave out 'prefix' and 'scheme'");
}

const Shape python_shape = {
    .name = "python",
    .title = "`python:`",
    .size = sizeof(RecipePython),
    .fields = python_fields,
    .count = G_N_ELEMENTS(python_fields),
    .short_key = "version",
    .at_offset = offsetof(RecipePython, at),
    .finish = finish_python,
};

static bool decode_python(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    if (node->kind == NODE_LIST)
        return decoder_mismatch(decoder, field, node, "a version or a map");
    return shape_decode(decoder, &python_shape, node, slot);
}

static void clear_python(const Field *field, void *slot)
{
    shape_clear(&python_shape, slot);
}

static void schema_python(const Field *field, SchemaWriter *schema)
{
    schema_write_shape(schema, &python_shape);
}

/* clang-format off */
static const Field part_fields[] = {
    {"base", &type_base, offsetof(RecipePart, base), FIELD_REQUIRED, "What it begins with", NULL},
    {"python", &type_python, offsetof(RecipePart, python), 0, "Its interpreter", NULL},
    {"stages", &type_stages, offsetof(RecipePart, stages), FIELD_LIST, "Its stages, in order", NULL},
    {"env", &type_env, offsetof(RecipePart, env), FIELD_LIST, "Environment of its stages", NULL},
};
/* clang-format on */

static const Shape part_shape = {
    .name = "part",
    .title = "`parts:`",
    .size = sizeof(RecipePart),
    .fields = part_fields,
    .count = G_N_ELEMENTS(part_fields),
    .at_offset = offsetof(RecipePart, at),
    .name_offset = offsetof(RecipePart, name),
};

static const Field parts_field = {"parts", &type_named, 0, 0, "", &part_shape};

/* What definitions bring to a part stays there: only files leave it. */
static bool decode_parts(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    RecipeContext *context = recipe_context(decoder);
    GPtrArray *outer = context->contributions;
    context->contributions = g_ptr_array_new_with_free_func(contribution_free);
    bool ok = type_named.decode(decoder, &parts_field, node, slot);
    g_ptr_array_unref(context->contributions);
    context->contributions = outer;
    return ok;
}

static void clear_parts(const Field *field, void *slot)
{
    type_named.clear(&parts_field, slot);
}

static void schema_parts(const Field *field, SchemaWriter *schema)
{
    type_named.schema(&parts_field, schema);
}

const FieldType type_base = {"image reference or map", decode_base, clear_base, schema_base};
const FieldType type_python = {"version or map", decode_python, clear_python, schema_python};
const FieldType type_parts = {"map of names", decode_parts, clear_parts, schema_parts};

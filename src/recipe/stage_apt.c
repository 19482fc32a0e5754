#include "recipe/stage_apt.h"

#include "recipe/stage_kinds.h"

static bool check_package(Decoder *decoder, const Node *node, const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    bool named = length >= 2 && g_ascii_isalnum(text[0]);
    const char *rest = text + length;
    if (named && *rest == ':')
        rest += 1 + strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (named && *rest == '=' && rest[1] && !strpbrk(rest, " \t"))
        rest += strlen(rest);
    if (named && *rest == '\0')
        return true;
    GError *error = decoder_error(decoder, node, "'%s' is no Debian package", text);
    if (text[0] == '-')
        error_set_hint(error, "options of apt-get are not needed: nothing asks, and lists are not "
                              "kept");
    else
        error_set_hint(error, "write name or name=version, one package an item");
    return false;
}

static const TextRule rule_package = check_package;

static bool decode_scripts(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    Field pairs = *field;
    pairs.detail = &rule_package;
    bool ok = type_pairs.decode(decoder, &pairs, node, slot);
    const GPtrArray *list = *(GPtrArray **)slot;
    for (guint i = 0; i < list->len; i++) {
        const Pair *pair = list->pdata[i];
        if (g_str_equal(pair->value, "ignore"))
            continue;
        decoder_error(decoder, node_find(node, pair->key), "'scripts' of a package is 'ignore'");
        ok = false;
    }
    return ok;
}

static void clear_scripts(const Field *field, void *slot)
{
    type_pairs.clear(field, slot);
}

static void schema_scripts(const Field *field, SchemaWriter *schema)
{
    type_pairs.schema(field, schema);
}

static const FieldType type_scripts = {"map of package: ignore", decode_scripts, clear_scripts,
                                       schema_scripts};

/* clang-format off */
static const Field source_fields[] = {
    {"ppa", &type_text, offsetof(AptSource, ppa), 0, "A personal archive: ppa:OWNER/NAME", NULL},
    {"uri", &type_text, offsetof(AptSource, uri), 0, "URL of an archive", &rule_url},
    {"suite", &type_text, offsetof(AptSource, suite), 0, "Suite of the archive", NULL},
    {"components", &type_texts, offsetof(AptSource, components), 0, "Components (default: main)", NULL},
    {"key", &type_text, offsetof(AptSource, key), 0, "File or fingerprint of the key that signs it", NULL},
};
/* clang-format on */

static void finish_source(Decoder *decoder, const Node *node, void *target)
{
    const AptSource *source = target;
    if (!source->ppa == !source->uri)
        decoder_error(decoder, node, "a source has either 'ppa' or 'uri'");
    else if (source->uri && !source->suite)
        decoder_error(decoder, node, "a source with 'uri' needs 'suite'");
}

static const Shape source_shape = {
    .name = "apt-source",
    .title = "`sources:`",
    .size = sizeof(AptSource),
    .fields = source_fields,
    .count = G_N_ELEMENTS(source_fields),
    .at_offset = offsetof(AptSource, at),
    .finish = finish_source,
};

/* clang-format off */
static const Field apt_fields[] = {
    {"packages", &type_texts, offsetof(AptStage, packages), FIELD_LIST, "Packages, each name or name=version", &rule_package},
    {"scripts", &type_scripts, offsetof(AptStage, scripts), 0, "Packages whose unknown maintainer script does not matter", NULL},
    {"sources", &type_items, offsetof(AptStage, sources), FIELD_LIST, "Further archives", &source_shape},
    {"recommends", &type_bool, offsetof(AptStage, recommends), 0, "Install recommended packages too (default: false)", NULL},
    {"snapshot", &type_date, offsetof(AptStage, snapshot), 0, "Date of the archive", NULL},
};

static const KeyHint apt_hints[] = {
    {"upgrade", "packages come from the base and one state of the archive; choose a newer base"},
    {"install", "did you mean 'packages'?"},
    {"update", "package lists are always current; leave it out"},
    {NULL, NULL},
};
/* clang-format on */

static const Shape body_shape = {
    .name = "apt-body",
    .title = "`apt:`",
    .size = sizeof(AptStage),
    .fields = apt_fields,
    .count = G_N_ELEMENTS(apt_fields),
    .hints = apt_hints,
};

const Shape apt_shape = {
    .name = "apt",
    .title = "`apt:`",
    .size = sizeof(Stage),
    .fields = stage_fields,
    .count = STAGE_FIELD_COUNT,
    .short_key = "packages",
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};

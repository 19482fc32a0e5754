#include "python/version.h"
#include "recipe/stage_kinds.h"
#include "recipe/wheel_template.h"

static const char *const strategies[] = {"only-if-needed", "eager", NULL};

/* `upgrade` is true, false or a list of names. */
static bool decode_upgrade(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    PipStage *pip = (PipStage *)((char *)slot - offsetof(PipStage, upgrade));
    if (node->kind != NODE_LIST)
        return type_bool.decode(decoder, field, node, slot);
    Field names = *field;
    names.detail = &rule_distribution;
    if (!type_texts.decode(decoder, &names, node, &pip->upgrade_names))
        return false;
    pip->upgrade = pip->upgrade_names->len > 0;
    return true;
}

static void clear_upgrade(const Field *field, void *slot)
{
    PipStage *pip = (PipStage *)((char *)slot - offsetof(PipStage, upgrade));
    g_clear_pointer(&pip->upgrade_names, g_ptr_array_unref);
}

static void schema_upgrade(const Field *field, SchemaWriter *schema)
{
    static const char *const types[] = {"boolean", "array", "string", NULL};
    jsonw_strings_member(schema->json, "type", types);
}

static const FieldType type_upgrade = {"true, false or a list of names", decode_upgrade,
                                       clear_upgrade, schema_upgrade};

/* pip's flag takes no names: `--ignore-installed blinker` installs blinker, ignoring everything. */
static bool decode_ignore_installed(Decoder *decoder, const Field *field, const Node *node,
                                    void *slot)
{
    bool names = node->kind == NODE_LIST;
    if (node->kind == NODE_SCALAR && node->text[0] && !strchr("tTfFyYnNoO01", node->text[0]))
        names = true;
    if (!names)
        return type_bool.decode(decoder, field, node, slot);
    GError *error = decoder_error(decoder, node, "'ignore_installed' is true or false, not names");
    error_add_note(error, SPAN_NONE,
                   "pip's --ignore-installed is a switch for the whole stage: a name behind it is "
                   "a package to install, and everything is written again without uninstalling");
    error_set_hint(error, "to install a package over the base's own copy, use `force_reinstall: "
                          "true` with `no_deps: true` in a stage of its own");
    return false;
}

static void schema_bool(const Field *field, SchemaWriter *schema)
{
    type_bool.schema(field, schema);
}

static const FieldType type_ignore_installed = {"true or false", decode_ignore_installed, NULL,
                                                schema_bool};

static bool check_index_name(Decoder *decoder, const Node *node, const char *text)
{
    if (!strstr(text, "://"))
        return true;
    error_set_hint(decoder_error(decoder, node, "an index is named, not given as URL"),
                   "declare it: indexes: {NAME: \"%s\"}, and write the name here", text);
    return false;
}

static const TextRule rule_index_name = check_index_name;

static bool check_format_name(Decoder *decoder, const Node *node, const char *text)
{
    if (g_str_equal(text, ":all:") || g_str_equal(text, ":none:"))
        return true;
    return rule_distribution(decoder, node, text);
}

static const TextRule rule_format_name = check_format_name;

static bool check_template(Decoder *decoder, const Node *node, const char *text)
{
    g_autofree char *problem = wheel_template_problem(text);
    if (!problem)
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is no template: %s", text, problem),
                   "facts are {version}, {python}, {machine}, {torch.cuda}, {torch.cuda_major}, "
                   "{torch.cuda_digits}, {torch.cxx11abi}, and of any distribution {NAME.version}, "
                   "{NAME.minor} and {NAME.major}");
    return false;
}

static bool check_wheel_file(Decoder *decoder, const Node *node, const char *text)
{
    if (g_str_has_suffix(text, ".whl") && !strchr(text, '/'))
        return check_template(decoder, node, text);
    decoder_error(decoder, node, "'%s' is no file name of a wheel", text);
    return false;
}

static bool check_wheel_page(Decoder *decoder, const Node *node, const char *text)
{
    if (g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://"))
        return check_template(decoder, node, text);
    decoder_error(decoder, node, "'%s' is no URL of a page", text);
    return false;
}

static bool check_wheel_version(Decoder *decoder, const Node *node, const char *text)
{
    g_autoptr(Version) version = *text ? version_parse(text, NULL) : NULL;
    if (!*text || version)
        return true;
    decoder_error(decoder, node, "'%s' is no version", text);
    return false;
}

static const TextRule rule_wheel_file = check_wheel_file;
static const TextRule rule_wheel_page = check_wheel_page;
static const TextRule rule_wheel_version = check_wheel_version;

/* clang-format off */
static const Field build_fields[] = {
    {"isolation", &type_bool, offsetof(PipBuild, isolation), FIELD_DEFAULT_ON, "Whether the build sees only its own requirements (default: true)", NULL},
    {"needs", &type_strings, offsetof(PipBuild, needs), FIELD_EMPTY_OK, "Requirements that the build needs beyond those it declares", &rule_requirement},
    {"env", &type_env_assigned, offsetof(PipBuild, env), 0, "Environment of the build", NULL},
    {"jobs", &type_text, offsetof(PipBuild, jobs), 0, "Number of compile jobs", NULL},
    {"cuda_arch", &type_text, offsetof(PipBuild, cuda_arch), 0, "GPU architectures to compile for", NULL},
    {"apt", &type_strings, offsetof(PipBuild, apt), FIELD_EMPTY_OK, "Debian packages of the build; they are not in the image", NULL},
};

static const Shape build_shape = {
    .name = "build", .title = "`build:`", .size = sizeof(PipBuild),
    .fields = build_fields, .count = G_N_ELEMENTS(build_fields),
    .at_offset = offsetof(PipBuild, at), .name_offset = offsetof(PipBuild, dist),
};

static const Field wheel_fields[] = {
    {"version", &type_value, offsetof(PipWheel, version), FIELD_EMPTY_OK, "Version of the wheel; empty: the newest that has one", &rule_wheel_version},
    {"file", &type_value, offsetof(PipWheel, file), FIELD_REQUIRED, "File name, with facts in braces and * for any characters without -", &rule_wheel_file},
    {"page", &type_value, offsetof(PipWheel, page), FIELD_REQUIRED, "URL of a page that links to the files, with facts in braces: an index's page of the project, or the assets of a release", &rule_wheel_page},
};

static const Shape wheel_shape = {
    .name = "wheel", .title = "`wheels:`", .size = sizeof(PipWheel),
    .fields = wheel_fields, .count = G_N_ELEMENTS(wheel_fields),
    .at_offset = offsetof(PipWheel, at), .name_offset = offsetof(PipWheel, dist),
};

static const Field pip_fields[] = {
    {"install", &type_texts, offsetof(PipStage, install), FIELD_LIST, "Requirements, as on pip's command line", &rule_install},
    {"requirements", &type_input_files, offsetof(PipStage, requirements), FIELD_LIST, "Requirement files (a list holds requirements, or {file: PATH}); a path that begins with / is inside the image", NULL},
    {"constraints", &type_input_files, offsetof(PipStage, constraints), FIELD_LIST, "Constraints of this stage", NULL},
    {"overrides", &type_input_files, offsetof(PipStage, overrides), FIELD_LIST, "Requirements that replace what distributions ask for", NULL},
    {"exclude", &type_input_files, offsetof(PipStage, exclude), FIELD_LIST, "Names that are never installed", NULL},
    {"index", &type_value, offsetof(PipStage, index), 0, "Name of the index that replaces the default one (pip's --index-url)", &rule_index_name},
    {"extra_indexes", &type_texts, offsetof(PipStage, extra_indexes), FIELD_LIST, "Names of further indexes (pip's --extra-index-url)", &rule_index_name},
    {"find_links", &type_texts, offsetof(PipStage, find_links), FIELD_LIST, "Pages or folders of files (pip's --find-links)", NULL},
    {"no_deps", &type_bool, offsetof(PipStage, no_deps), 0, "Install the named packages without what they require", NULL},
    {"force_reinstall", &type_bool, offsetof(PipStage, force_reinstall), 0, "Choose and install again the whole graph of the named packages", NULL},
    {"ignore_installed", &type_ignore_installed, offsetof(PipStage, ignore_installed), 0, "Ignore everything installed and write over it without uninstalling", NULL},
    {"upgrade", &type_upgrade, offsetof(PipStage, upgrade), 0, "Upgrade the named packages, or only those of a list (default: false)", NULL},
    {"upgrade_strategy", &type_either, offsetof(PipStage, upgrade_eager), 0, "What an upgrade does to what they require (default: only-if-needed)", strategies},
    {"pre", &type_bool, offsetof(PipStage, pre), 0, "Consider pre-releases", NULL},
    {"prefer_binary", &type_bool, offsetof(PipStage, prefer_binary), 0, "Prefer an older wheel to a newer source distribution", NULL},
    {"only_binary", &type_texts, offsetof(PipStage, only_binary), FIELD_LIST, "Names, or :all:, that are installed from wheels only", &rule_format_name},
    {"no_binary", &type_texts, offsetof(PipStage, no_binary), FIELD_LIST, "Names, or :all:, that are never installed from wheels", &rule_format_name},
    {"require_hashes", &type_bool, offsetof(PipStage, require_hashes), 0, "Every requirement needs a hash", NULL},
    {"extras", &type_texts, offsetof(PipStage, extras), FIELD_LIST, "Extras of the project or lock file", &rule_name},
    {"groups", &type_texts, offsetof(PipStage, groups), FIELD_LIST, "Dependency groups of the project or lock file; none is taken unless it is named here, but for default-groups of a pylock.toml", &rule_name},
    {"lock", &type_value, offsetof(PipStage, lock), 0, "A lock file of another tool (pylock.toml, uv.lock, poetry.lock): the stage installs what it names for the target, and nothing else", &rule_context_path},
    {"project", &type_value, offsetof(PipStage, project), 0, "Folder of a project: what its pyproject.toml requires is installed, and the project itself is not built", &rule_context_path},
    {"editable", &type_bool, offsetof(PipStage, project_editable), 0, "Install the project in place (default: false)", NULL},
    {"build", &type_named, offsetof(PipStage, build), FIELD_LIST, "Packages that may be built from source, and how", &build_shape},
    {"wheels", &type_named, offsetof(PipStage, wheels), FIELD_LIST, "Wheels whose file names follow from what is installed, by distribution", &wheel_shape},
    {"remove", &type_texts, offsetof(PipStage, remove), FIELD_LIST, "Names to uninstall", &rule_distribution},
};

static const Field acknowledge_fields[] = {
    {"dist", &type_text, offsetof(Acknowledge, dist), 0, "The distribution whose requirement breaks", &rule_distribution},
    {"requires", &type_text, offsetof(Acknowledge, requires), 0, "The requirement, as the distribution declares it", NULL},
    {"protect", &type_text, offsetof(Acknowledge, protect), 0, "A protected name that this stage may change", &rule_distribution},
    {"why", &type_text, offsetof(Acknowledge, why), FIELD_REQUIRED, "The reason; it stands in the lock, the labels and in diff", NULL},
};
/* clang-format on */

static void finish_acknowledge(Decoder *decoder, const Node *node, void *target)
{
    const Acknowledge *item = target;
    bool clause = item->dist && item->requires;
    if (item->protect ? !item->dist && !item->requires : clause)
        return;
    error_set_hint(decoder_error(decoder, node,
                                 "an acknowledgement names either a requirement or "
                                 "a protected package"),
                   "{dist: torch, requires: triton==3.2.0, why: …} or {protect: torch, why: …}");
}

static const Shape acknowledge_shape = {
    .name = "acknowledge",
    .title = "`acknowledge:`",
    .size = sizeof(Acknowledge),
    .fields = acknowledge_fields,
    .count = G_N_ELEMENTS(acknowledge_fields),
    .at_offset = offsetof(Acknowledge, at),
    .finish = finish_acknowledge,
};

/* clang-format off */
static const KeyHint pip_hints[] = {
    {"packages", "the requirements stand under `install`"},
    {"requirement", "did you mean 'requirements'?"},
    {"deps", "for pip's --no-deps write no_deps: true"},
    {"no_build_isolation", "write build: {NAME: {isolation: false}}"},
    {"no-build-isolation", "write build: {NAME: {isolation: false}}"},
    {"index_url", "declare the URL in `indexes:` and write index: NAME"},
    {"index-url", "declare the URL in `indexes:` and write index: NAME"},
    {"extra_index_url", "declare the URL in `indexes:` and write extra_indexes: [NAME]"},
    {"extra-index-url", "declare the URL in `indexes:` and write extra_indexes: [NAME]"},
    {"no_cache_dir", "no cache reaches the image; leave it out"},
    {"no-cache-dir", "no cache reaches the image; leave it out"},
    {"uninstall", "the names to uninstall stand under `remove`"},
    {"break_system_packages", "give the base a `python: {venv: /opt/venv}` instead"},
    {NULL, NULL},
};
/* clang-format on */

static bool is_listed(const GPtrArray *list)
{
    return list && list->len > 0;
}

/* A lock file is the whole set of a stage. */
static void refuse_beside_lock(Decoder *decoder, const Node *node)
{
    static const char *const others[] = {"install", "requirements", "project", "wheels", "upgrade"};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        const Node *key = node_find_key(node, others[i]);
        if (key)
            error_set_hint(decoder_error(decoder, key, "'%s' can't stand beside 'lock'", others[i]),
                           "a lock file names all that its stage installs: write another stage");
    }
}

static void finish_pip(Decoder *decoder, const Node *node, void *target)
{
    const PipStage *pip = target;
    if (!is_listed(pip->install) && !is_listed(pip->requirements) && !pip->lock.text &&
        !pip->project.text && !is_listed(pip->remove) && !is_listed(pip->wheels) &&
        node->kind == NODE_MAP && !node_find(node, "install"))
        error_set_hint(
            decoder_error(decoder, node, "`pip:` has nothing to do"),
            "give it `install`, `requirements`, `wheels`, `lock`, `project` or `remove`");
    if (is_listed(pip->extras) && !pip->lock.text && !pip->project.text)
        error_set_hint(decoder_error(decoder, node_find_key(node, "extras"),
                                     "'extras' needs 'project' or 'lock'"),
                       "extras of a package are written with it: \"name[extra]\"");
    if (is_listed(pip->groups) && !pip->lock.text && !pip->project.text)
        decoder_error(decoder, node_find_key(node, "groups"), "'groups' needs 'project' or 'lock'");
    if (pip->lock.text)
        refuse_beside_lock(decoder, node);
    if (pip->project_editable && !pip->project.text)
        decoder_error(decoder, node_find_key(node, "editable"), "'editable' needs 'project'");
    if (pip->upgrade_eager && !pip->upgrade)
        decoder_error(decoder, node_find_key(node, "upgrade_strategy"),
                      "'upgrade_strategy' needs 'upgrade'");
}

static const Shape body_shape = {
    .name = "pip-body",
    .title = "`pip:`",
    .size = sizeof(PipStage),
    .fields = pip_fields,
    .count = G_N_ELEMENTS(pip_fields),
    .hints = pip_hints,
    .finish = finish_pip,
};

/* clang-format off */
static const Field common_fields[] = {
    {"name", &type_text, offsetof(Stage, name), 0, "Label of the stage in reports and layers (default: pip#N)", &rule_name},
    {"when", &type_when, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Variables and values that must all match", NULL},
    {"each", &type_each, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "{NAME: LIST}: the stage once for every item, with $(NAME) for it", NULL},
    {"layer", &type_text, offsetof(Stage, layer), 0, "Name of the layer that holds what the stage makes", &rule_name},
    {"env", &type_env_assigned, offsetof(Stage, env), 0, "Environment of this stage; it never reaches the image", NULL},
    {"protect", &type_names, offsetof(Stage, protect), 0, "Names or globs that later stages must not change", NULL},
    {"acknowledge", &type_items, offsetof(Stage, acknowledge), 0, "Breaks that are meant", &acknowledge_shape},
};
/* clang-format on */

const Shape pip_shape = {
    .name = "pip",
    .title = "`pip:`",
    .size = sizeof(Stage),
    .fields = common_fields,
    .count = G_N_ELEMENTS(common_fields),
    .short_key = "install",
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};

#include "recipe/user_config.h"

#include "base/limits.h"
#include "text/decode.h"

struct UserConfig {
    GPtrArray *indexes, *mirrors; /* Pair */
    char **environment;
};

/* clang-format off */
static const Field config_fields[] = {
    {"indexes", &type_pairs, offsetof(UserConfig, indexes), FIELD_LIST, "Mirrors of package indexes by name", NULL},
    {"mirrors", &type_pairs, offsetof(UserConfig, mirrors), FIELD_LIST, "Mirrors of the archives of Debian and Ubuntu", NULL},
};
/* clang-format on */

static const Shape user_config_shape = {
    .name = "user-config",
    .title = "the user's configuration",
    .size = sizeof(UserConfig),
    .fields = config_fields,
    .count = G_N_ELEMENTS(config_fields),
};

static const char *find_variable(char **environment, const char *name)
{
    const char *value = g_environ_getenv(environment, name);
    return value && value[0] ? value : NULL;
}

/* NULL where there is neither XDG_CONFIG_HOME nor HOME. */
static char *config_path(char **environment)
{
    const char *config = find_variable(environment, "XDG_CONFIG_HOME");
    const char *home = find_variable(environment, "HOME");
    if (config && g_path_is_absolute(config))
        return g_build_filename(config, "ramekin", "config.yaml", NULL);
    return home ? g_build_filename(home, ".config", "ramekin", "config.yaml", NULL) : NULL;
}

static bool load_file(UserConfig *config, const char *path, Diags *diags)
{
    GError *error = NULL;
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_CONFIG_BYTES, &error);
    if (!source) {
        diags_take(diags, error);
        return false;
    }
    g_autoptr(NodeArena) arena = node_arena_new();
    const Node *root = yaml_parse(arena, source, diags);
    Decoder decoder = {diags, arena, NULL, NULL};
    return root && shape_decode(&decoder, &user_config_shape, root, config);
}

UserConfig *user_config_load(const char *const *environment, Diags *diags)
{
    g_autoptr(UserConfig) config = g_new0(UserConfig, 1);
    config->environment = g_strdupv((char **)environment);
    g_autofree char *path = config_path(config->environment);
    bool present = path && g_file_test(path, G_FILE_TEST_EXISTS);
    if (present && !load_file(config, path, diags))
        return NULL;
    return g_steal_pointer(&config);
}

void user_config_free(UserConfig *config)
{
    if (!config)
        return;
    g_strfreev(config->environment);
    shape_free(&user_config_shape, config);
}

static const char *find_url(const GPtrArray *pairs, const char *name)
{
    for (guint i = 0; pairs && i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        if (g_str_equal(pair->key, name))
            return pair->value;
    }
    return NULL;
}

const char *user_config_index_url(const UserConfig *config, const char *name)
{
    g_autofree char *variable = g_strconcat("RAMEKIN_INDEX_", name, NULL);
    for (char *p = variable; *p; p++)
        *p = g_ascii_isalnum(*p) ? g_ascii_toupper(*p) : '_';
    const char *value = find_variable(config->environment, variable);
    return value ? value : find_url(config->indexes, name);
}

const char *user_config_mirror_url(const UserConfig *config, const char *distribution)
{
    return find_url(config->mirrors, distribution);
}

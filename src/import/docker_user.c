/* Commands that make users and groups: `user:` of the recipe, which is made when all stages are
 * done. */
#include "import/docker_scene.h"

static const char *const user_values[] = {
    "-u", "--uid",    "-g", "--gid",     "-d",      "--home-dir", "--home", "-s", "--shell",
    "-G", "--groups", "-c", "--comment", "--gecos", "--ingroup",  "-b",     "-k", NULL};

static void set_user_key(DraftValue *user, const char *option, const char *value)
{
    static const char *const keys[][2] = {
        {"-u", "uid"},      {"--uid", "uid"}, {"-d", "home"},       {"--home-dir", "home"},
        {"--home", "home"}, {"-s", "shell"},  {"--shell", "shell"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!g_str_equal(keys[i][0], option))
            continue;
        if (g_str_equal(keys[i][1], "uid"))
            draft_set_plain(user, "uid", value);
        else
            draft_set_text(user, keys[i][1], value);
    }
    bool group = g_str_equal(option, "-g") || g_str_equal(option, "--gid");
    if (group && g_ascii_isdigit(*value))
        draft_set_plain(user, "gid", value);
    if (g_str_equal(option, "-G") || g_str_equal(option, "--groups")) {
        g_auto(GStrv) names = g_strsplit(value, ",", -1);
        for (guint i = 0; names[i]; i++)
            draft_append_text(user, "groups", names[i]);
    }
}

/* The last word that is no option nor its value; NULL: none, or not known. */
static const char *read_user_words(Scene *scene, const RunCommand *command, DraftValue *user)
{
    const char *name = NULL;
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return NULL;
        const char *equals = *text == '-' ? strchr(text, '=') : NULL;
        g_autofree char *option =
            equals ? g_strndup(text, (size_t)(equals - text)) : g_strdup(text);
        if (*text != '-') {
            name = text;
            continue;
        }
        if (!g_strv_contains(user_values, option) && g_ascii_isalpha(option[1]) && option[2]) {
            const char *last = option + strlen(option) - 1; /* "-mu 1000" */
            g_autofree char *letter = g_strdup_printf("-%c", *last);
            if (!g_strv_contains(user_values, letter))
                continue;
            g_free(option);
            option = g_steal_pointer(&letter);
        }
        if (!g_strv_contains(user_values, option))
            continue;
        const char *value = equals ? equals + 1 : run_argument(command, ++i);
        if (!value)
            return NULL;
        bool number = g_str_equal(option, "-u") || g_str_equal(option, "--uid") ||
                      g_str_equal(option, "-g") || g_str_equal(option, "--gid");
        g_autofree char *finished = number ? scene_finish(scene, value) : scene_plain(scene, value);
        set_user_key(user, option, finished);
    }
    return name;
}

/* Whether the key has a number, if it is there: a variable's counts. */
static bool is_number(const Scene *scene, const DraftValue *user, const char *key)
{
    const char *text = draft_get_text(user, key);
    guint64 number;
    return !text || g_str_has_prefix(text, "$(") ||
           g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &number, NULL);
}

static bool makes_final(const Scene *scene, const char *name)
{
    return scene->final_user && g_str_equal(scene->final_user, name);
}

/* `useradd NAME` of the user that the image runs as. */
static StepResult make_user(Scene *scene, const RunCommand *command)
{
    g_autoptr(DraftValue) user = draft_map();
    draft_set_text(user, "name", "");
    const char *name = read_user_words(scene, command, user);
    g_autofree char *plain = name ? scene_plain(scene, name) : NULL;
    if (!plain || !makes_final(scene, plain) || !is_number(scene, user, "uid") ||
        !is_number(scene, user, "gid"))
        return STEP_KEEP;
    draft_set_text(user, "name", plain); /* recipes take no variables there */
    g_hash_table_replace(scene->users, g_steal_pointer(&plain), g_steal_pointer(&user));
    return STEP_DONE;
}

/* `groupadd NAME` of that user's own group, which comes with it; a number is that of its option. */
static StepResult make_group(Scene *scene, const RunCommand *command)
{
    g_autoptr(DraftValue) unused = draft_map();
    const char *name = read_user_words(scene, command, unused);
    g_autofree char *plain = name ? scene_plain(scene, name) : NULL;
    return plain && makes_final(scene, plain) ? STEP_DONE : STEP_KEEP;
}

/* The user becomes a member; false: it is not the recipe's. */
static bool add_groups(Scene *scene, const char *user, const char *groups)
{
    g_autofree char *name = user ? scene_plain(scene, user) : NULL;
    g_autofree char *plain = groups ? scene_plain(scene, groups) : NULL;
    DraftValue *made = name ? g_hash_table_lookup(scene->users, name) : NULL;
    if (!made || !plain || *plain == '\0' || *plain == '-')
        return false;
    g_auto(GStrv) names = g_strsplit(plain, ",", -1);
    for (guint i = 0; names[i]; i++) {
        if (*names[i] && !draft_list_has(draft_get(made, "groups"), names[i]))
            draft_append_text(made, "groups", names[i]);
    }
    const DraftValue *final = draft_get(scene->keys, "user");
    if (draft_is_map(final) && g_strcmp0(draft_get_text(final, "name"), name) == 0)
        draft_set(scene->keys, "user", draft_value_copy(made));
    return true;
}

/* `usermod -aG GROUP USER`, `adduser USER GROUP`, `gpasswd -a USER GROUP`: what has two names and
 * no other option. */
static StepResult join_group(Scene *scene, const RunCommand *command)
{
    const char *first = run_argument(command, 1), *second = run_argument(command, 2),
               *third = run_argument(command, 3);
    guint count = command->arguments->len;
    bool joined = false;
    if (count == 4 && third && g_strcmp0(first, "-aG") == 0)
        joined = add_groups(scene, third, second);
    else if (count == 4 && third && g_strcmp0(first, "-a") == 0)
        joined = add_groups(scene, second, third);
    else if (count == 5 && g_strcmp0(first, "-a") == 0 && g_strcmp0(second, "-G") == 0)
        joined = add_groups(scene, run_argument(command, 4), third);
    else if (count == 3 && first && *first != '-' && g_str_equal(command->program, "adduser"))
        joined = add_groups(scene, first, second);
    return joined ? STEP_DONE : STEP_KEEP;
}

StepResult step_user(Scene *scene, RunRead *run, const RunCommand *command)
{
    static const char *const groups[] = {"groupadd", "addgroup", NULL};
    static const char *const members[] = {"usermod", "gpasswd", NULL};
    if (step_redirects(command) || scene->when || scene->is_part || !scene->final_user)
        return STEP_KEEP;
    if (g_strv_contains(groups, command->program))
        return make_group(scene, command);
    if (join_group(scene, command) == STEP_DONE)
        return STEP_DONE;
    return g_strv_contains(members, command->program) ? STEP_KEEP : make_user(scene, command);
}

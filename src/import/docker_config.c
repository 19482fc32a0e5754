/* Instructions that configure the image: keys of the recipe. */
#include "import/docker_scene.h"

#include "recipe/config.h"
#include "text/decode.h"

enum {
    MAX_PORTS = 64, /* of one range */
};

static char *first_word(Scene *scene, const DockerInstruction *instruction)
{
    return instruction->words->len > 0 ? scene_word_or_default(scene, instruction->words->pdata[0])
                                       : NULL;
}

static void lost(Scene *scene, const char *what, const char *why)
{
    draft_note(scene->draft, NOTE_LOST, scene_span(scene), "%s: %s", what, why);
}

/* ENV and LABEL */

/* ENV's own names stand as their values in what follows. */
static void remember_env(Scene *scene, const char *name, const Placed *word)
{
    char *value = scene_marked_value(scene, word);
    g_hash_table_replace(scene->env, g_strdup(name), value ? value : g_strdup(""));
}

static void read_env(Scene *scene, const DockerInstruction *instruction)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i + 1 < instruction->words->len; i += 2)
        g_ptr_array_add(values, scene_env_word(scene, instruction->words->pdata[i + 1]));
    for (guint i = 0; i + 1 < instruction->words->len; i += 2) {
        const char *name = ((const Placed *)instruction->words->pdata[i])->text->str;
        const char *value = values->pdata[i / 2];
        g_autofree char *what = g_strdup_printf("ENV %s", name);
        if (!value || !scene_is_env_name(name) || strpbrk(value, "\n"))
            lost(scene, what, "its value is not known, or nothing that a recipe can hold");
        else if (config_env_is_secret(name, value))
            lost(scene, what,
                 "a secret that every reader of the image could see; give it when the container "
                 "starts, or use `secrets:`");
        else
            draft_set_text(draft_need_map(scene->keys, "env"), name, value);
    }
    for (guint i = 0; i + 1 < instruction->words->len; i += 2) {
        const char *name = ((const Placed *)instruction->words->pdata[i])->text->str;
        remember_env(scene, name, instruction->words->pdata[i + 1]);
    }
}

static void read_labels(Scene *scene, const DockerInstruction *instruction)
{
    for (guint i = 0; i + 1 < instruction->words->len; i += 2) {
        g_autofree char *name = scene_value(scene, instruction->words->pdata[i]);
        g_autofree char *value = scene_word_alone(scene, instruction->words->pdata[i + 1]);
        if (!name || !value || *name == '\0')
            lost(scene, "LABEL", "its value is not known");
        else
            draft_set_text(draft_need_map(scene->keys, "labels"), name, value);
    }
}

static void read_maintainer(Scene *scene, const DockerInstruction *instruction)
{
    g_autofree char *value = first_word(scene, instruction);
    if (value)
        draft_set_text(draft_need_map(scene->keys, "labels"), "org.opencontainers.image.authors",
                       value);
}

/* Lists */

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    guint64 port = digits > 0 && digits < 6 ? g_ascii_strtoull(text, NULL, 10) : 0;
    return port > 0 && port < 65536 &&
           (*rest == '\0' || g_str_equal(rest, "/tcp") || g_str_equal(rest, "/udp"));
}

static void add_port(Scene *scene, const char *text)
{
    DraftValue *ports = draft_need_list(scene->keys, "ports");
    if (!draft_list_has(ports, text))
        draft_add(ports, draft_plain(text));
}

/* "8000-8010/tcp" is each of its ports; false: it is no range, or a long one. */
static bool add_port_range(Scene *scene, const char *text)
{
    const char *dash = strchr(text, '-');
    g_autofree char *low = dash ? g_strndup(text, (size_t)(dash - text)) : NULL;
    if (!low || low[strspn(low, "0123456789")] || !is_port(low) || !is_port(dash + 1))
        return false;
    unsigned first = (unsigned)strtoul(low, NULL, 10), last = (unsigned)strtoul(dash + 1, NULL, 10);
    if (last < first || last - first >= MAX_PORTS || last > 65535)
        return false;
    for (unsigned port = first; port <= last; port++) {
        g_autofree char *one =
            g_strdup_printf("%u%s", port, dash + 1 + strspn(dash + 1, "0123456789"));
        add_port(scene, one);
    }
    return true;
}

static void read_ports(Scene *scene, const DockerInstruction *instruction)
{
    for (guint i = 0; i < instruction->words->len; i++) {
        g_autofree char *text = scene_word_or_default(scene, instruction->words->pdata[i]);
        g_autofree char *value = scene_value(scene, instruction->words->pdata[i]);
        if (text && (is_port(text) || (strstr(text, "$(") && value && is_port(value))))
            add_port(scene, text);
        else if (!text || !add_port_range(scene, text))
            lost(scene, "EXPOSE", "its port is not known, or a range that is too long");
    }
}

static void read_volumes(Scene *scene, const DockerInstruction *instruction)
{
    for (guint i = 0; i < instruction->words->len; i++) {
        g_autofree char *text = scene_word_or_default(scene, instruction->words->pdata[i]);
        if (text && *text == '/')
            draft_append_text(scene->keys, "volumes", text);
        else
            lost(scene, "VOLUME", "its path is not known");
    }
}

/* Programs */

/* A script that is one command of plain words: what it starts. */
static DraftValue *plain_command(const DockerInstruction *instruction, const Placed *word)
{
    g_autoptr(ShellScript) script = shell_parse(placed_slice(word, 0, word->text->len));
    if (!script->understood || script->steps->len != 1 || script->commands->len != 1)
        return NULL;
    const ShellCommand *command = script->commands->pdata[0];
    if (command->assignments->len > 0 || command->redirects->len > 0 ||
        command->after != SHELL_LINK_NONE)
        return NULL;
    static const char *const builtins[] = {".", "source", "cd", "export", "set", "exec", ":", NULL};
    g_autoptr(DraftValue) list = draft_list();
    for (guint i = 0; i < command->words->len; i++) {
        g_autofree char *value = shell_word_value(command->words->pdata[i], NULL, NULL);
        bool wild = value && strpbrk(value, "*?[~") != NULL;
        if (!value || wild || (i == 0 && g_strv_contains(builtins, value)))
            return NULL;
        g_autofree char *escaped = draft_escape(value);
        draft_add_text(list, escaped);
    }
    return g_steal_pointer(&list);
}

/* The argument vector of exec or shell form; the words from `first` on. */
static DraftValue *read_command(Scene *scene, const DockerInstruction *instruction, guint first)
{
    if (!instruction->exec && instruction->words->len > first) {
        DraftValue *plain = plain_command(instruction, instruction->words->pdata[first]);
        if (plain)
            return plain;
    }
    DraftValue *list = draft_list();
    BuildScope scope = build_scope_at(scene->stages, scene->instruction);
    const GPtrArray *shell = build_scope_shell(&scope);
    for (guint i = 0; !instruction->exec && shell && i < shell->len; i++)
        draft_add_text(list, ((const Placed *)shell->pdata[i])->text->str);
    if (!instruction->exec && !shell) {
        draft_add_text(list, "/bin/sh");
        draft_add_text(list, "-c");
    }
    for (guint i = first; i < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        g_autofree char *escaped = draft_escape(word->text->str);
        draft_add_text(list, escaped);
    }
    return list;
}

static void read_program(Scene *scene, const DockerInstruction *instruction)
{
    bool entry = instruction->keyword == DOCKER_ENTRYPOINT;
    if (!entry && !instruction->exec && scene->number >= 0) {
        DraftValue *entrypoint = draft_get(scene->keys, "entrypoint");
        if (draft_count(entrypoint) > 0 &&
            g_str_equal(draft_value_text(draft_item(entrypoint, 0)), "/bin/sh"))
            return;
    }
    DraftValue *list = read_command(scene, instruction, 0);
    if (draft_count(list) == 0) {
        draft_value_free(list);
        draft_remove(scene->keys, entry ? "entrypoint" : "cmd");
        return;
    }
    draft_set(scene->keys, entry ? "entrypoint" : "cmd", list);
}

static void read_healthcheck(Scene *scene, const DockerInstruction *instruction)
{
    const char *kind = instruction->words->len > 0
                           ? ((const Placed *)instruction->words->pdata[0])->text->str
                           : "";
    if (g_ascii_strcasecmp(kind, "NONE") == 0) {
        draft_set_text(scene->keys, "healthcheck", "none");
        return;
    }
    DraftValue *map = draft_map();
    draft_set(map, "cmd", read_command(scene, instruction, 1));
    static const char *const keys[][2] = {{"interval", "interval"},
                                          {"timeout", "timeout"},
                                          {"start-period", "start_period"},
                                          {"retries", "retries"}};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const DockerFlag *flag = docker_flag_find(instruction, keys[i][0]);
        if (!flag || !flag->value)
            continue;
        guint64 number;
        bool known = g_str_equal(keys[i][0], "retries")
                         ? g_ascii_string_to_unsigned(flag->value, 10, 0, 1000000, &number, NULL)
                         : text_parse_duration(flag->value, &number);
        g_autofree char *what = g_strdup_printf("HEALTHCHECK --%s", keys[i][0]);
        if (known)
            draft_set_plain(map, keys[i][1], flag->value);
        else
            lost(scene, what, "its value is not known");
    }
    if (docker_flag_find(instruction, "start-interval"))
        lost(scene, "HEALTHCHECK --start-interval", "recipes have one interval");
    draft_set(scene->keys, "healthcheck", map);
}

/* WORKDIR, USER, the rest */

static void read_workdir(Scene *scene, const DockerInstruction *instruction)
{
    g_autofree char *text = first_word(scene, instruction);
    if (!text || strpbrk(text, "$")) {
        if (text && *text == '/' && g_str_has_prefix(strchr(text, '$'), "$(")) {
            draft_set_text(scene->keys, "workdir", text);
            g_free(scene->workdir);
            scene->workdir = scene_value(scene, instruction->words->pdata[0]);
            return;
        }
        lost(scene, "WORKDIR", "its path is not known");
        return;
    }
    char *path = g_canonicalize_filename(text, scene->workdir);
    g_free(scene->workdir);
    scene->workdir = path;
    draft_set_text(scene->keys, "workdir", path);
}

/* "NAME" or "NAME:GROUP", of letters that recipes take. */
static bool is_user(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("._-:", *p))
            return false;
    }
    return *text && *text != '-' && *text != ':';
}

static void read_user(Scene *scene, const DockerInstruction *instruction)
{
    g_autofree char *text = first_word(scene, instruction);
    g_autofree char *plain = text && strchr(text, '$')
                                 ? scene_value(scene, instruction->words->pdata[0])
                                 : g_strdup(text);
    g_clear_pointer(&scene->user, g_free);
    if (!plain || !is_user(plain)) {
        lost(scene, "USER", "its name is not known: it stays what it is in the base");
        draft_remove(scene->keys, "user");
        return;
    }
    scene->user = g_steal_pointer(&plain);
    g_autofree char *name = g_strndup(scene->user, strcspn(scene->user, ":"));
    const DraftValue *made = g_hash_table_lookup(scene->users, name);
    if (g_str_equal(name, "root") || g_str_equal(name, "0"))
        draft_remove(scene->keys, "user");
    else if (made)
        draft_set(scene->keys, "user", draft_value_copy(made));
    else
        draft_set_text(scene->keys, "user", text);
}

static void read_signal(Scene *scene, const DockerInstruction *instruction)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    g_autofree char *text =
        instruction->words->len > 0 ? scene_value(scene, instruction->words->pdata[0]) : NULL;
    g_autofree char *upper = text ? g_ascii_strup(text, -1) : g_strdup("?");
    bool named = g_str_has_prefix(upper, "SIG") || g_ascii_isdigit(*upper);
    g_autofree char *signal = g_strconcat(named ? "" : "SIG", upper, NULL);
    bool number = g_ascii_isdigit(*signal) && signal[strspn(signal, "0123456789")] != '\0';
    if (signal[strspn(signal, letters)] || number)
        lost(scene, "STOPSIGNAL", "its signal is not known");
    else
        draft_set_text(scene->keys, "stop_signal", signal);
}

static void read_onbuild(Scene *scene, const DockerInstruction *instruction)
{
    lost(scene, "ONBUILD",
         "it is for builds on top of this image, which a recipe knows nothing of");
}

static void read_unknown(Scene *scene, const DockerInstruction *instruction)
{
    lost(scene, "an unknown instruction", "no builder takes it");
}

void scene_config(Scene *scene, const DockerInstruction *instruction)
{
    static void (*const readers[])(Scene *, const DockerInstruction *) = {
        [DOCKER_CMD] = read_program,
        [DOCKER_ENTRYPOINT] = read_program,
        [DOCKER_ENV] = read_env,
        [DOCKER_EXPOSE] = read_ports,
        [DOCKER_HEALTHCHECK] = read_healthcheck,
        [DOCKER_LABEL] = read_labels,
        [DOCKER_MAINTAINER] = read_maintainer,
        [DOCKER_ONBUILD] = read_onbuild,
        [DOCKER_STOPSIGNAL] = read_signal,
        [DOCKER_USER] = read_user,
        [DOCKER_VOLUME] = read_volumes,
        [DOCKER_WORKDIR] = read_workdir,
        [DOCKER_UNKNOWN] = read_unknown,
    };
    if (instruction->keyword < G_N_ELEMENTS(readers) && readers[instruction->keyword])
        readers[instruction->keyword](scene, instruction);
}

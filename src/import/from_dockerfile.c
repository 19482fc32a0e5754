/* Dockerfiles: the chain of build stages that the image is made of, read instruction by
 * instruction; other build stages become parts where files are taken from them. */
#include "import/docker_base.h"
#include "import/docker_project.h"
#include "import/import.h"

enum {
    MAX_DEPTH = 16, /* build stages that are read inside each other */
};

void scene_free_stage(void *stage)
{
    draft_stage_free(stage);
}

static void free_path(void *data)
{
    ScenePath *path = data;
    g_free(path->path);
    g_free(path->source);
    g_free(path);
}

static void free_value(void *value)
{
    draft_value_free(value);
}

static Scene *scene_new(Draft *draft, const BuildStages *stages)
{
    Scene *scene = g_new0(Scene, 1);
    scene->draft = draft;
    scene->file = stages->file;
    scene->stages = stages;
    scene->env = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    scene->marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    scene->users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
    scene->projects = g_ptr_array_new_with_free_func(g_free);
    scene->placed = g_ptr_array_new();
    scene->parts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    scene->paths = g_ptr_array_new_with_free_func(free_path);
    scene->workdir = g_strdup("/");
    const char *name = source_name(stages->file->source);
    const char *slash = strrchr(name, '/');
    scene->name = slash ? slash + 1 : name;
    return scene;
}

Scene *scene_new_below(Scene *scene, GPtrArray *out)
{
    Scene *below = scene_new(scene->draft, scene->stages);
    below->context = g_strdup(scene->context);
    below->out = out;
    below->keys = draft_map();
    below->is_part = true;
    below->depth = scene->depth + 1;
    g_hash_table_unref(below->parts);
    below->parts = g_hash_table_ref(scene->parts);
    return below;
}

void scene_free(Scene *scene)
{
    if (scene->is_part)
        draft_value_free(scene->keys);
    g_free(scene->context);
    g_free(scene->workdir);
    g_free(scene->user);
    g_free(scene->final_user);
    g_free(scene->venv);
    g_free(scene->index);
    g_free(scene->extra);
    g_hash_table_unref(scene->env);
    g_hash_table_unref(scene->users);
    g_ptr_array_unref(scene->projects);
    g_ptr_array_unref(scene->placed);
    if (scene->wheels && scene->wheels->len > 0)
        draft_note(scene->draft, NOTE_LOST, SPAN_NONE,
                   "wheels of a builder that no command installs as they are");
    g_clear_pointer(&scene->wheels, g_ptr_array_unref);
    g_free(scene->place);
    g_hash_table_unref(scene->parts);
    g_hash_table_unref(scene->marks);
    g_ptr_array_unref(scene->paths);
    g_clear_pointer(&scene->when, draft_value_free);
    if (scene->archives)
        draft_note(scene->draft, NOTE_LOST, SPAN_NONE,
                   "an archive that add-apt-repository adds and nothing is installed from");
    g_clear_pointer(&scene->archives, draft_value_free);
    g_free(scene);
}

void scene_set_venv(Scene *scene, const char *path)
{
    g_free(scene->venv);
    scene->venv = g_strdup(path);
    const DraftValue *python = draft_get(scene->keys, "python");
    const char *version =
        draft_is_map(python) ? draft_get_text(python, "version") : draft_value_text(python);
    DraftValue *map = draft_map();
    if (version)
        draft_set_plain(map, "version", version);
    else
        draft_set_plain(map, "from", "base");
    draft_set_text(map, "venv", path);
    draft_set(scene->keys, "python", map);
}

/* FROM */

static void read_platform(Scene *scene, const BuildStage *stage)
{
    const DockerFlag *flag = docker_flag_find(stage->from, "platform");
    static const char *const known[] = {"linux/amd64", "linux/arm64", NULL};
    if (!flag || !flag->value || scene->is_part)
        return;
    if (g_strv_contains(known, flag->value))
        draft_append_text(scene->keys, "platforms", flag->value);
    else if (!strchr(flag->value, '$'))
        draft_note(scene->draft, NOTE_LOST, docker_flag_span(scene->file, stage->from, flag),
                   "the platform %s; recipes are for linux/amd64 and linux/arm64", flag->value);
}

static void read_from(Scene *scene, const BuildStage *stage)
{
    scene->instruction = stage->begin;
    g_autofree char *base = scene_word(scene, stage->image);
    g_autofree char *plain = scene_value(scene, stage->image);
    Span at = docker_word_span(scene->file, stage->image);
    base_read(scene->draft, scene->keys, base, plain, at, scene->is_part);
    read_platform(scene, stage);
}

/* Build stages */

static void read_instruction(Scene *scene, const DockerInstruction *instruction)
{
    if (instruction->keyword == DOCKER_COPY || instruction->keyword == DOCKER_ADD)
        scene_copy(scene, instruction);
    else if (instruction->keyword == DOCKER_RUN)
        scene_run(scene, instruction);
    else
        scene_config(scene, instruction);
}

static void read_body(Scene *scene, const BuildStage *stage)
{
    for (guint i = stage->begin + 1; i < stage->end; i++) {
        scene->instruction = i;
        read_instruction(scene, scene->file->instructions->pdata[i]);
    }
}

void scene_read_stage(Scene *scene, int number)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    guint limit = scene->stages->stages->len;
    for (int at = number; at >= 0 && chain->len < limit;) {
        BuildStage *stage = scene->stages->stages->pdata[at];
        g_ptr_array_insert(chain, 0, stage);
        at = stage->base_stage;
    }
    for (guint i = 0; i < chain->len; i++) {
        const BuildStage *stage = chain->pdata[i];
        if (i == 0 && stage->image)
            read_from(scene, stage);
        for (guint k = 0; k < scene->stages->stages->len; k++) {
            if (scene->stages->stages->pdata[k] == stage)
                scene->number = (int)k;
        }
        read_body(scene, stage);
    }
}

/* Parts */

static char *part_name(const char *from)
{
    const char *slash = strrchr(from, '/');
    g_autofree char *base = g_strdup(slash ? slash + 1 : from);
    base[strcspn(base, ":@")] = '\0';
    return draft_image_name(base);
}

static void finish_part(Scene *scene, DraftPart *part, Scene *apart)
{
    static const char *const keys[] = {"base", "python", "env", NULL};
    scene_name_projects(apart);
    for (guint i = 0; keys[i]; i++) {
        const DraftValue *value = draft_get(apart->keys, keys[i]);
        if (value)
            draft_set(part->keys, keys[i], draft_value_copy(value));
    }
}

char *scene_part(Scene *scene, const char *from, Span at)
{
    int number = build_stage_find(scene->stages, from, (guint)MAX(scene->number, 0));
    g_autofree char *name = NULL;
    if (number >= 0) {
        const BuildStage *stage = scene->stages->stages->pdata[number];
        name = stage->name ? draft_image_name(stage->name) : g_strdup_printf("stage-%d", number);
    } else {
        const char *slash = strrchr(from, '/');
        if (!strpbrk(slash ? slash : from, ":@") || strchr(from, '$'))
            return NULL;
        name = part_name(from);
    }
    if (g_hash_table_contains(scene->parts, name))
        return g_steal_pointer(&name);
    if (scene->depth >= MAX_DEPTH)
        return NULL;
    g_hash_table_add(scene->parts, g_strdup(name));
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(scene_free_stage);
    Scene *apart = scene_new_below(scene, out);
    if (number >= 0)
        scene_read_stage(apart, number);
    else
        draft_set_text(apart->keys, "base", from);
    DraftPart *part = draft_part(scene->draft, name);
    finish_part(scene, part, apart);
    while (out->len > 0)
        g_ptr_array_add(part->stages, g_ptr_array_steal_index(out, 0));
    scene_free(apart);
    if (!draft_get(part->keys, "base"))
        draft_set_text(part->keys, "base", "scratch");
    return g_steal_pointer(&name);
}

/* The whole */

static void find_final_user(Scene *scene)
{
    for (guint i = 0; i < scene->file->instructions->len; i++) {
        const DockerInstruction *instruction = scene->file->instructions->pdata[i];
        int number = build_stage_of(scene->stages, i);
        bool counts = instruction->keyword == DOCKER_USER && number >= 0 &&
                      ((const BuildStage *)scene->stages->stages->pdata[number])->in_image;
        if (!counts || instruction->words->len == 0)
            continue;
        scene->instruction = i;
        g_free(scene->final_user);
        scene->final_user = scene_value(scene, instruction->words->pdata[0]);
        if (scene->final_user)
            scene->final_user[strcspn(scene->final_user, ":")] = '\0';
    }
}

/* Build stages that nothing of the image comes from. */
static void note_unused(Scene *scene)
{
    for (guint i = 0; i < scene->stages->stages->len; i++) {
        const BuildStage *stage = scene->stages->stages->pdata[i];
        g_autofree char *name =
            stage->name ? draft_image_name(stage->name) : g_strdup_printf("stage-%u", i);
        g_autofree char *taken = g_strconcat("taken:", stage->name ? stage->name : "", NULL);
        if (stage->in_image || g_hash_table_contains(scene->parts, name) ||
            g_hash_table_contains(scene->parts, taken))
            continue;
        bool used = false;
        for (guint k = i + 1; k < scene->stages->stages->len; k++)
            used |= ((const BuildStage *)scene->stages->stages->pdata[k])->base_stage == (int)i;
        if (!used)
            draft_note(scene->draft, NOTE_DROPPED,
                       docker_instruction_span(scene->file, stage->from),
                       "build stage %s%s%s: nothing of it is in the image", stage->name ? "'" : "",
                       stage->name ? stage->name : name, stage->name ? "'" : "");
    }
}

/* "uv run X" and "poetry run X" start X of the environment, and neither is in the image. */
static void unwrap_program(Scene *scene, const char *key)
{
    static const char *const tools[] = {"uv", "poetry", NULL};
    const DraftValue *list = draft_get(scene->keys, key);
    guint count = draft_count(list);
    const char *program = count > 2 ? draft_value_text(draft_item(list, 0)) : NULL;
    if (!program || !g_strv_contains(tools, program) ||
        !g_str_equal(draft_value_text(draft_item(list, 1)), "run"))
        return;
    DraftValue *rest = draft_list();
    for (guint i = 2; i < count; i++) {
        const char *text = draft_value_text(draft_item(list, i));
        if (draft_count(rest) > 0 || *text != '-')
            draft_add_text(rest, text);
    }
    draft_note(scene->draft, NOTE_ASSUMED, SPAN_NONE,
               "`%s run` is taken off `%s:`; the program is found in the environment", program,
               key);
    draft_set(scene->keys, key, rest);
    const char *path = g_hash_table_lookup(scene->env, "PATH");
    g_autofree char *bin = scene->venv ? g_build_filename(scene->venv, "bin", NULL) : NULL;
    if (bin && (!path || !strstr(path, bin))) {
        DraftValue *env = draft_need_map(scene->keys, "env");
        const char *there = draft_get_text(env, "PATH");
        g_autofree char *longer = g_strdup_printf("%s:%s", bin, there ? there : "$PATH");
        draft_set_text(env, "PATH", longer);
    }
}

static void note_problems(Draft *draft, const Dockerfile *file)
{
    for (guint i = 0; i < file->problems->len; i++) {
        const GError *problem = file->problems->pdata[i];
        draft_note(draft, NOTE_LOST, error_span(problem), "no builder takes this: %s",
                   problem->message);
    }
}

static Draft *make_draft(const ImportInput *input, const BuildStages *stages)
{
    Draft *draft = draft_new();
    draft_add_source(draft, stages->file->source); /* decoded, where it was not UTF-8 */
    draft->comment = g_strdup_printf("Made by ramekin import from %s.", input->name);
    note_problems(draft, stages->file);
    Scene *scene = scene_new(draft, stages);
    scene->context = g_path_get_dirname(input->path);
    scene->out = draft->stages;
    scene->keys = draft->keys;
    find_final_user(scene);
    scene_read_stage(scene, (int)stages->stages->len - 1);
    scene_name_projects(scene);
    unwrap_program(scene, "entrypoint");
    unwrap_program(scene, "cmd");
    note_unused(scene);
    scene_free(scene);
    return draft;
}

Draft *import_dockerfile(const ImportInput *input, GError **error)
{
    g_autoptr(Dockerfile) file = dockerfile_parse(input->source, error);
    if (!file)
        return NULL;
    g_autoptr(BuildStages) stages = build_stages_new(file);
    const BuildStage *last =
        stages->stages->len > 0 ? stages->stages->pdata[stages->stages->len - 1] : NULL;
    if (!last) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no FROM", input->path);
        if (error)
            error_set_hint(*error, "a Dockerfile begins with FROM; --kind says what else it is");
        return NULL;
    }
    return make_draft(input, stages);
}

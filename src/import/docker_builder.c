/* What pip puts apart in a builder for a later COPY --from: `pip install --prefix=DIR`, copied over
 * the image's own Python, and the wheels of `pip wheel`, which the image installs. Both are the
 * same pip stages in the image. */
#include "import/docker_scene.h"

static const char *given(const PipCommand *pip, const char *name)
{
    for (guint i = 0; i < pip->options->len; i++) {
        const PipGiven *option = pip->options->pdata[i];
        if (g_str_equal(option->name, name))
            return option->value ? option->value : "";
    }
    return NULL;
}

char *scene_given_place(const Scene *scene, const RunRead *run, const PipCommand *pip)
{
    bool wheel = g_str_equal(pip->verb, "wheel");
    const char *value = given(pip, wheel ? "--wheel-dir" : "--prefix");
    if (!value && wheel)
        value = ".";
    if (!value)
        return NULL;
    g_autofree char *plain = scene_plain(scene, value);
    g_autofree char *slashed = scene_path(scene, run->cwd, plain);
    return g_canonicalize_filename(slashed, "/");
}

bool scene_may_place(const Scene *scene, const PipCommand *pip, const char *place)
{
    bool wheel = g_str_equal(pip->verb, "wheel");
    return scene->taking && !scene->venv &&
           (!scene->place || (wheel && scene->place_is_wheels && g_str_equal(scene->place, place)));
}

void scene_remember_place(Scene *scene, const PipCommand *pip, const char *place, guint first)
{
    g_free(scene->place);
    scene->place = g_strdup(place);
    scene->place_is_wheels = g_str_equal(pip->verb, "wheel");
    for (guint i = first; i < scene->out->len; i++)
        g_ptr_array_add(scene->placed, scene->out->pdata[i]);
}

static void move_placed(const Scene *apart, GPtrArray *out, GPtrArray *to)
{
    for (guint i = 0; i < out->len; i++) {
        if (g_ptr_array_find(apart->placed, out->pdata[i], NULL))
            g_ptr_array_add(to, g_ptr_array_steal_index(out, i--));
    }
}

bool scene_take_place(Scene *scene, Scene *apart, GPtrArray *out, const char *source,
                      const char *target)
{
    if (!apart->place || apart->placed->len == 0 || !g_str_equal(apart->place, source))
        return false;
    if (!apart->place_is_wheels) {
        if (!g_str_equal(target, scene->venv ? scene->venv : "/usr/local"))
            return false;
        move_placed(apart, out, scene->out);
        return true;
    }
    if (!scene->wheels)
        scene->wheels = g_ptr_array_new_with_free_func(scene_free_stage);
    move_placed(apart, out, scene->wheels);
    scene_add_path(scene, g_strdup(target), NULL, true, NULL, "wheels", NULL);
    return true;
}

bool scene_names_wheels(const Scene *scene, const RunRead *run, const char *text)
{
    static const char *const endings[] = {"/*", "/*.whl"};
    g_autofree char *folder = g_strdup(text);
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(folder, endings[i]))
            folder[strlen(folder) - strlen(endings[i])] = '\0';
    }
    g_autofree char *plain = scene_plain(scene, folder);
    g_autofree char *slashed = scene_path(scene, run->cwd, plain);
    g_autofree char *path = g_canonicalize_filename(slashed, "/");
    const ScenePath *found = scene_path_find(scene, path);
    return found && g_str_equal(found->kind, "wheels");
}

void scene_install_wheels(Scene *scene, bool no_deps)
{
    while (scene->wheels && scene->wheels->len > 0) {
        DraftStage *stage = g_ptr_array_steal_index(scene->wheels, 0);
        if (draft_is_map(stage->body) && !no_deps)
            draft_remove(stage->body, "no_deps"); /* what the wheels lack is installed then */
        g_ptr_array_add(scene->out, stage);
    }
}

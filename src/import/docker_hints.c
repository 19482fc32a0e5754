/* Hints to the shipped definitions, which do better what a command does. */
#include "import/docker_scene.h"

void scene_hint_ssh(Scene *scene, const char *name, Span at)
{
    if (g_str_equal(name, "openssh-server") && !scene->said_shell) {
        scene->said_shell = true;
        draft_note(scene->draft, NOTE_HINT, at,
                   "`- runpod-pod: {}` or `- jupyter-ssh: {}` installs and starts an SSH server, "
                   "with host keys made at the first start");
    }
}

static void hint_torch(Scene *scene, const DraftValue *install, Span at)
{
    for (guint i = 0; i < draft_count(install); i++) {
        const char *text = draft_value_text(draft_item(install, i));
        size_t length = strcspn(text, "=<>!~[; ");
        if (scene->said_torch || length != 5 || strncmp(text, "torch", 5) != 0)
            continue;
        scene->said_torch = true;
        draft_note(scene->draft, NOTE_HINT, at,
                   "`- torch: {version: …, cuda: …}` keeps later stages from replacing it");
    }
}

static const char *const tools[] = {"jupyter", "jupyterlab", "notebook", NULL};

static void hint_tools(Scene *scene, const DraftValue *install, Span at)
{
    for (guint i = 0; i < draft_count(install); i++) {
        g_autofree char *name = g_strdup(draft_value_text(draft_item(install, i)));
        name[strcspn(name, "=<>!~[; ")] = '\0';
        if (!g_strv_contains(tools, name))
            continue;
        draft_note(scene->draft, NOTE_HINT, at,
                   "`- jupyter-ssh: {}` or `- runpod-pod: {jupyter: 8888}` installs and starts it");
        return;
    }
}

void scene_hint_packages(Scene *scene, const DraftValue *install, Span at)
{
    hint_torch(scene, install, at);
    hint_tools(scene, install, at);
}

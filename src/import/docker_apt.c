/* apt-get and add-apt-repository: `apt:` stages. */
#include "import/docker_scene.h"

static bool is_package(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+.-");
    const char *rest = text + length;
    if (*rest == ':')
        rest += 1 + strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
    bool plain = *rest == '\0' || (*rest == '=' && rest[1] && !strpbrk(rest, " \t$"));
    return plain && length >= 2 && g_ascii_isalnum(*text) && text[length - 1] != '-';
}

/* Archives that add-apt-repository named stand in the scene until something is installed. */
static void take_sources(Scene *scene, DraftValue *body)
{
    if (scene->archives)
        draft_set(body, "sources", g_steal_pointer(&scene->archives));
}

static bool is_known_option(const char *text)
{
    static const char *const known[] = {"-y",
                                        "--yes",
                                        "--assume-yes",
                                        "-q",
                                        "-qq",
                                        "-yq",
                                        "-yqq",
                                        "-qqy",
                                        "-qy",
                                        "--quiet",
                                        "--no-install-recommends",
                                        "--fix-missing",
                                        "-f",
                                        "--fix-broken",
                                        "--allow-unauthenticated",
                                        "--allow-downgrades",
                                        "--allow-change-held-packages",
                                        "--no-upgrade",
                                        "--install-recommends",
                                        "--no-install-suggests",
                                        NULL};
    return g_strv_contains(known, text) || g_str_has_prefix(text, "--quiet=") ||
           g_str_has_prefix(text, "-q=");
}

/* What -o sets that changes how it is fetched, not what. */
static bool is_fetch_setting(const char *text)
{
    return text &&
           (g_str_has_prefix(text, "Acquire::") || g_str_has_prefix(text, "Dpkg::Options") ||
            g_str_has_prefix(text, "APT::Install-Suggests"));
}

static StepResult install(Scene *scene, RunRead *run, const RunCommand *command, guint first)
{
    g_autoptr(DraftValue) packages = draft_list();
    bool recommends = true;
    for (guint i = first; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return STEP_KEEP;
        if (g_str_equal(text, "-o")) {
            if (!is_fetch_setting(run_argument(command, ++i)))
                return STEP_KEEP;
        } else if (*text == '-') {
            if (!is_known_option(text))
                return STEP_KEEP;
            recommends = recommends && !g_str_equal(text, "--no-install-recommends");
        } else {
            g_autofree char *plain = scene_plain(scene, text);
            if (!is_package(plain))
                return STEP_KEEP;
            g_autofree char *name = scene_finish(scene, text);
            draft_add_text(packages, name);
        }
    }
    if (draft_count(packages) == 0)
        return STEP_DONE;
    for (guint i = 0; i < draft_count(packages); i++)
        scene_hint_ssh(scene, draft_value_text(draft_item(packages, i)), run->at);
    DraftValue *body = draft_map();
    draft_set(body, "packages", draft_value_copy(packages));
    if (recommends)
        draft_set_true(body, "recommends");
    take_sources(scene, body);
    if (draft_count(body) == 1) {
        draft_value_free(body);
        body = g_steal_pointer(&packages);
    }
    scene_stage(scene, "apt", body, run->at);
    return STEP_DONE;
}

/* Takes a package out of the last apt stage that has it, if that is of this RUN. */
static bool take_back(Scene *scene, const char *name, guint from)
{
    for (guint i = scene->out->len; i-- > from;) {
        const DraftStage *stage = scene->out->pdata[i];
        if (!g_str_equal(stage->kind, "apt"))
            continue;
        DraftValue *list =
            draft_is_list(stage->body) ? stage->body : draft_get(stage->body, "packages");
        if (draft_list_take(list, name))
            return true;
    }
    return false;
}

/* `apt-get purge` of what this RUN installed to build with. */
static StepResult purge(Scene *scene, RunRead *run, const RunCommand *command, guint first)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = first; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || (*text != '-' && !is_package(text)))
            return STEP_KEEP;
        if (*text != '-')
            g_ptr_array_add(names, (gpointer)text);
    }
    guint from = scene->out->len;
    for (guint i = 0; i < scene->out->len; i++) {
        const DraftStage *stage = scene->out->pdata[i];
        const char *colon = stage->origin ? strrchr(stage->origin, ':') : NULL;
        if (colon && g_ascii_strtoull(colon + 1, NULL, 10) >= run->instruction->first_line) {
            from = i;
            break;
        }
    }
    for (guint i = 0; i < names->len; i++) {
        if (!take_back(scene, names->pdata[i], from)) {
            if (i == 0)
                return STEP_KEEP;
            draft_note(scene->draft, NOTE_LOST, run->at,
                       "the package %s of the base is not taken out of it",
                       (const char *)names->pdata[i]);
        }
    }
    for (guint i = scene->out->len; i-- > from;) {
        const DraftStage *stage = scene->out->pdata[i];
        const DraftValue *list =
            draft_is_list(stage->body) ? stage->body : draft_get(stage->body, "packages");
        if (g_str_equal(stage->kind, "apt") && draft_count(list) == 0)
            g_ptr_array_remove_index(scene->out, i);
    }
    draft_note(scene->draft, NOTE_DROPPED, run->at,
               "packages that are installed and removed again: nothing is compiled in the image");
    return STEP_DONE;
}

StepResult step_apt(Scene *scene, RunRead *run, const RunCommand *command)
{
    static const char *const upkeep[] = {"update", "clean", "autoclean", "autoremove", NULL};
    static const char *const upgrades[] = {"upgrade", "dist-upgrade", "full-upgrade", NULL};
    static const char *const removals[] = {"purge", "remove", NULL};
    guint at = 1;
    while (run_argument(command, at) && *run_argument(command, at) == '-') {
        if (g_str_equal(run_argument(command, at), "-o"))
            at++;
        at++;
    }
    const char *verb = run_argument(command, at);
    for (guint i = 1; i < at; i++) {
        const char *text = run_argument(command, i);
        if (g_str_equal(text, "-o") ? !is_fetch_setting(run_argument(command, ++i))
                                    : !is_known_option(text))
            return STEP_KEEP;
    }
    if (!verb)
        return STEP_KEEP;
    bool purges = run_has_argument(command, "--purge");
    if (g_strv_contains(upkeep, verb) && !(purges && command->arguments->len > at + 3))
        return STEP_DONE;
    if (g_strv_contains(upgrades, verb)) {
        draft_note(scene->draft, NOTE_LOST, run->at,
                   "apt-get %s: packages come from the base and one state of the archive; choose a "
                   "newer base",
                   verb);
        return STEP_DONE;
    }
    if (g_strv_contains(removals, verb))
        return purge(scene, run, command, at + 1);
    return g_str_equal(verb, "install") ? install(scene, run, command, at + 1) : STEP_KEEP;
}

StepResult step_apt_source(Scene *scene, RunRead *run, const RunCommand *command)
{
    const char *found = NULL;
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text || (*text != '-' && !g_str_has_prefix(text, "ppa:")))
            return STEP_KEEP;
        found = *text == '-' ? found : text;
    }
    if (!found || scene_has_mark(found))
        return STEP_KEEP;
    DraftValue *source = draft_map();
    draft_set_text(source, "ppa", found);
    if (!scene->archives)
        scene->archives = draft_list();
    draft_add(scene->archives, source);
    return STEP_DONE;
}

#include "emit/script.h"

#include "emit/dockerfile_pins.h"

/* How the two shells write the same commands. */
typedef struct {
    const char *path; /* of the script */
    unsigned mode;
    const char *head;   /* %s: what it was made from */
    const char *python; /* of the environment */
    const char *go_on;  /* at the end of a line that goes on */
    const char *check;  /* after each command */
    const char *tail;
} Shell;

static const Shell posix = {
    .path = "install.sh",
    .mode = 0755,
    .head = "#!/bin/sh\n"
            "# Made by ramekin from %s; change the recipe, not this file.\n"
            "# usage: install.sh [VENV]   makes the virtual environment VENV (default: .venv) and "
            "installs into it\n"
            "set -eu\n"
            "venv=${1:-.venv}\n"
            "python=${PYTHON:-python3}\n"
            "[ -d \"$venv\" ] || \"$python\" -m venv \"$venv\"\n"
            "work=$(mktemp -d)\n"
            "trap 'rm -rf \"$work\"' EXIT\n",
    .python = "\"$venv/bin/python\"",
    .go_on = " \\\n    ",
    .check = "",
    .tail = "",
};

static const Shell powershell = {
    .path = "install.ps1",
    .mode = 0644,
    .head =
        "# Made by ramekin from %s; change the recipe, not this file.\n"
        "# usage: install.ps1 [-Venv DIR] [-Python COMMAND]   makes the virtual environment and "
        "installs into it\n"
        "param([string]$Venv = '.venv', [string]$Python = 'python')\n"
        "$ErrorActionPreference = 'Stop'\n"
        "if (-not (Test-Path $Venv)) { & $Python -m venv $Venv }\n"
        "$work = New-Item -ItemType Directory -Path (Join-Path "
        "([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName()))\n",
    .python = "& \"$Venv\\Scripts\\python.exe\"",
    .go_on = " `\n    ",
    .check = "if ($LASTEXITCODE) { exit $LASTEXITCODE }\n",
    .tail = "Remove-Item -Recurse $work\n",
};

typedef struct {
    const Shell *shell;
    GString *out;
} Script;

static void append_file(Script *script, const char *name, const char *text)
{
    if (script->shell == &posix)
        g_string_append_printf(script->out, "cat >\"$work/%s\" <<'EOF'\n%sEOF\n", name, text);
    else
        g_string_append_printf(script->out, "@'\n%s'@ | Set-Content -Encoding utf8 \"$work\\%s\"\n",
                               text, name);
}

static void append_comment(Script *script, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (*lines[i])
            g_string_append_printf(script->out, "# %s\n", g_strchomp(lines[i]));
}

/* In PowerShell, too, a quote inside single quotes is told apart; there it is doubled. */
static char *script_word(const Script *script, const char *text)
{
    if (script->shell == &posix)
        return word_shell(text);
    g_auto(GStrv) parts = g_strsplit(text, "'", -1);
    g_autofree char *inner = g_strjoinv("''", parts);
    return g_strdup_printf("'%s'", inner);
}

static void append_exact_group(Script *script, const Emitter *emitter, const GPtrArray *group,
                               guint rank)
{
    const LockAction *first = group->pdata[0];
    g_autoptr(GString) lines = g_string_new(NULL);
    bool reinstalls = false;
    for (guint i = 0; i < group->len; i++) {
        const LockAction *action = group->pdata[i];
        g_autofree char *line = pins_exact_line(action, ".");
        g_string_append_printf(lines, "%s\n", line);
        reinstalls |= g_str_equal(action->action, "reinstall");
    }
    g_autofree char *suffix = rank == 0 ? g_strdup(".txt") : g_strdup_printf(".%u.txt", rank + 1);
    g_autofree char *name = emitter_file_name(emitter, suffix);
    append_file(script, name, lines->str);
    g_string_append_printf(script->out, "%s -m pip install --no-deps", script->shell->python);
    if (reinstalls)
        g_string_append(script->out, " --force-reinstall");
    g_autofree char *url = first->file->source == LOCK_SOURCE_INDEX
                               ? recipe_index_url(emitter->recipe, first->file->source_name)
                               : NULL;
    if (url) {
        g_autofree char *word = script_word(script, url);
        g_string_append_printf(script->out, "%s--index-url %s", script->shell->go_on, word);
    }
    g_string_append(script->out, script->shell->go_on);
    g_string_append_printf(script->out, "-r \"$work%c%s\"\n%s",
                           script->shell == &posix ? '/' : '\\', name, script->shell->check);
}

static gboolean append_stage(Script *script, const Emitter *emitter, GError **error)
{
    const Stage *stage = emitter->stage;
    if (stage->kind != STAGE_PIP)
        return error_set(error, ERROR_INPUT, stage->at,
                         "a script for an environment has pip "
                         "stages only, not `%s:`",
                         stage_kind_name(stage->kind));
    g_autofree char *comment = stage_comment(stage);
    g_string_append_c(script->out, '\n');
    append_comment(script, comment && *comment ? comment : stage->name);
    g_autoptr(GPtrArray) groups = pins_groups(emitter);
    for (guint i = 0; i < groups->len; i++)
        append_exact_group(script, emitter, groups->pdata[i], i);
    const GPtrArray *names = stage->body.pip->remove;
    if (names && names->len > 0) {
        g_string_append_printf(script->out, "%s -m pip uninstall --yes", script->shell->python);
        for (guint i = 0; i < names->len; i++) {
            g_autofree char *word = script_word(script, ((const Text *)names->pdata[i])->text);
            g_string_append_printf(script->out, " %s", word);
        }
        g_string_append_printf(script->out, "\n%s", script->shell->check);
    }
    return TRUE;
}

gboolean script_emit(const Plan *plan, bool pins, EmittedFile **ret_script, GError **error)
{
    if (!pins)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "a script installs what is locked; --no-pins is for Dockerfiles");
    const Recipe *recipe = plan->recipe;
    bool windows = g_str_has_prefix(plan->target->platform, "windows/");
    Script script = {windows ? &powershell : &posix, g_string_new(NULL)};
    g_autoptr(GString) out = script.out;
    g_autofree char *name = g_path_get_basename(recipe_file_path(recipe->file));
    g_autofree char *from =
        g_strdup_printf("%s%s%s", name, recipe->row ? "#" : "", recipe->row ? recipe->row : "");
    g_auto(GStrv) head = g_strsplit(script.shell->head, "%s", 2);
    g_string_append_printf(out, "%s%s%s", head[0], from, head[1]);
    Emitter emitter = {.recipe = recipe, .target = plan->target};
    for (guint i = 0; i < recipe->stages->len && i < plan->target->stages->len; i++) {
        emitter.number = i + 1;
        emitter.stage = recipe->stages->pdata[i];
        emitter.locked = plan->target->stages->pdata[i];
        if (!append_stage(&script, &emitter, error))
            return FALSE;
    }
    g_string_append(out, script.shell->tail);
    EmittedFile *file = g_new(EmittedFile, 1);
    *file = (EmittedFile){g_strdup(script.shell->path), g_strdup(out->str), script.shell->mode};
    *ret_script = file;
    return TRUE;
}

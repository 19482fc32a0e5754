#include "cli/commands.h"

#include "base/names.h"

/* clang-format off */
static const OptionRow file_rows[] = {
    {"file", 'f', OPTION_VALUE, "RECIPE[#ROW]", offsetof(Options, recipe), 0,
     "the recipe, instead of ramekin.yaml here"},
    {0},
};

static const OptionRow recipe_rows[] = {
    {"var", 0, OPTION_LIST, "NAME=VALUE", offsetof(Options, vars), 0,
     "set a variable of the recipe; may be repeated"},
    {"platform", 0, OPTION_VALUE, "OS/ARCH", offsetof(Options, platform), 0,
     "work on this platform alone"},
    {"stage-path", 0, OPTION_LIST, "DIR", offsetof(Options, stage_path), 0,
     "look for stage definitions here too; may be repeated"},
    {0},
};

static const OptionRow resolve_rows[] = {
    {"index", 0, OPTION_LIST, "NAME=URL", offsetof(Options, indexes), 0,
     "reach the index NAME (main, cu124, …) at this mirror of the same files; the lock does not change"},
    {"substitute-index", 0, OPTION_LIST, "NAME=OTHER", offsetof(Options, substitutes), 0,
     "use another index in place of NAME; the lock says so, and render refuses it"},
    {"substitute-base", 0, OPTION_VALUE, "REF=oci:DIR", offsetof(Options, substitute_base), 0,
     "use another base image in place of REF; the lock says so, and render refuses it"},
    {"cert", 0, OPTION_VALUE, "FILE", offsetof(Options, cert), 0,
     "believe servers whose certificate these authorities signed (pip's --cert)"},
    {"trusted-host", 0, OPTION_LIST, "HOST[:PORT]", offsetof(Options, trusted_hosts), 0,
     "ask this host without checking its certificate; may be repeated"},
    {"offline", 0, OPTION_SWITCH, NULL, offsetof(Options, offline), 0,
     "use what the cache holds, however old, and no network"},
    {"cache-dir", 0, OPTION_VALUE, "DIR", offsetof(Options, cache_dir), 0,
     "keep downloads here instead of $XDG_CACHE_HOME/ramekin"},
    {"jobs", 'j', OPTION_VALUE, "N", offsetof(Options, jobs), 0,
     "have at most N requests under way, and make so many layers at once"},
    {"timeout", 0, OPTION_VALUE, "SECONDS", offsetof(Options, timeout), 0,
     "give a server up that sends nothing for so long (default 30)"},
    {0},
};

static const OptionRow common_rows[] = {
    {"progress", 0, OPTION_CHOICE, "auto|plain|json|none", offsetof(Options, progress), 0,
     "how work under way is shown on stderr"},
    {"color", 0, OPTION_CHOICE, "auto|always|never", offsetof(Options, colour), 0,
     "colour on a terminal (auto, without NO_COLOR), always, or never"},
    {"quiet", 'q', OPTION_SWITCH, NULL, offsetof(Options, quiet), 0,
     "say nothing but results and errors"},
    {"verbose", 'v', OPTION_SWITCH, NULL, offsetof(Options, verbose), 0,
     "say what is done and why"},
    {"help", 'h', OPTION_SWITCH, NULL, offsetof(Options, help), 0,
     "print this text"},
    {0},
};
/* clang-format on */

const OptionGroup options_file = {"File", file_rows};
const OptionGroup options_recipe = {"Recipe", recipe_rows};
const OptionGroup options_resolve = {"Indexes and network", resolve_rows};
const OptionGroup options_common = {"Common", common_rows};

static const Command *const commands[] = {
    &command_init,    &command_import,  &command_lock,   &command_plan,     &command_check,
    &command_diff,    &command_matrix,  &command_render, &command_build,    &command_run,
    &command_verify,  &command_export,  &command_why,    &command_outdated, &command_bisect,
    &command_explain, &command_inspect, &command_cache,  &command_help,     &command_completion,
};

const Command *const *commands_all(size_t *ret_count)
{
    *ret_count = G_N_ELEMENTS(commands);
    return commands;
}

bool command_takes_file(const Command *command)
{
    for (const OptionGroup *const *group = command->groups; *group; group++) {
        if (*group == &options_file)
            return true;
    }
    return false;
}

const Command *command_find(const char *name)
{
    /* The word that some users of other tools try first. */
    if (g_str_equal(name, "dockerfile"))
        return &command_render;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_str_equal(commands[i]->name, name))
            return commands[i];
    }
    return NULL;
}

const char *command_nearest(const char *name)
{
    const char *names[G_N_ELEMENTS(commands)];
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        names[i] = commands[i]->name;
    return names_nearest(name, names, G_N_ELEMENTS(names));
}

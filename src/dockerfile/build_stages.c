#include "dockerfile/build_stages.h"

enum {
    MAX_CHAIN = 64, /* stages that build on each other; what lies deeper is not known */
};

/* What a name is from an instruction on. */
typedef struct {
    guint instruction; /* the first that sees it */
    LexValue state;
    char *value;
    bool env;
} Value;

static void value_clear(void *data)
{
    g_free(((Value *)data)->value);
}

static GHashTable *variables_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
}

static void stage_free(void *data)
{
    BuildStage *stage = data;
    g_free(stage->name);
    g_free(stage->base);
    g_hash_table_unref(stage->variables);
    g_free(stage);
}

void build_stages_free(BuildStages *stages)
{
    if (!stages)
        return;
    g_ptr_array_unref(stages->stages);
    g_hash_table_unref(stages->globals);
    g_free(stages);
}

static const BuildStage *stage_at(const BuildStages *stages, int number)
{
    return stages->stages->pdata[number];
}

int build_stage_find(const BuildStages *stages, const char *name, guint limit)
{
    for (guint i = MIN(limit, stages->stages->len); i-- > 0;) {
        const BuildStage *stage = stages->stages->pdata[i];
        if (stage->name && g_ascii_strcasecmp(stage->name, name) == 0)
            return (int)i;
    }
    guint64 number;
    if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &number, NULL) && number < limit)
        return (int)number;
    return -1;
}

int build_stage_of(const BuildStages *stages, guint instruction)
{
    for (guint i = 0; i < stages->stages->len; i++) {
        const BuildStage *stage = stages->stages->pdata[i];
        if (instruction >= stage->begin && instruction < stage->end)
            return (int)i;
    }
    return -1;
}

BuildScope build_scope_at(const BuildStages *stages, guint instruction)
{
    const DockerInstruction *at = stages->file->instructions->pdata[instruction];
    int stage = at->keyword == DOCKER_FROM ? -1 : build_stage_of(stages, instruction);
    return (BuildScope){stages, stage, instruction};
}

/* The value that the instruction sees; NULL where nothing gave it one before. */
static const Value *value_at(GHashTable *variables, const char *name, guint instruction)
{
    const GArray *values = g_hash_table_lookup(variables, name);
    guint low = 0, high = values ? values->len : 0;
    while (low < high) { /* the first that is too late */
        guint middle = low + (high - low) / 2;
        if (g_array_index(values, Value, middle).instruction <= instruction)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &g_array_index(values, Value, low - 1) : NULL;
}

/* Builders set these without a declaration, or with one that has no default. */
static bool is_predefined(const char *name)
{
    static const char *const names[] = {
        "HTTP_PROXY",     "http_proxy", "HTTPS_PROXY",  "https_proxy",   "FTP_PROXY",
        "ftp_proxy",      "NO_PROXY",   "no_proxy",     "ALL_PROXY",     "all_proxy",
        "TARGETPLATFORM", "TARGETOS",   "TARGETARCH",   "TARGETVARIANT", "BUILDPLATFORM",
        "BUILDOS",        "BUILDARCH",  "BUILDVARIANT", "TARGETSTAGE",   NULL};
    return g_strv_contains(names, name) || g_str_has_prefix(name, "BUILDKIT_");
}

/* ret_unknown: nobody can tell; else NULL means that it is not set. */
static const Value *scope_find(const BuildScope *scope, const char *name, bool *ret_unknown)
{
    *ret_unknown = is_predefined(name);
    if (scope->stage < 0)
        return value_at(scope->stages->globals, name, scope->instruction);
    guint instruction = scope->instruction;
    int number = scope->stage;
    for (unsigned i = 0; i < MAX_CHAIN && number >= 0; i++) {
        const BuildStage *stage = stage_at(scope->stages, number);
        const Value *value = value_at(stage->variables, name, instruction);
        if (value)
            return value;
        if (stage->base_stage < 0 && stage->base && g_str_equal(stage->base, "scratch"))
            return NULL;
        number = stage->base_stage;
        instruction = G_MAXUINT;
    }
    *ret_unknown = true;
    return NULL;
}

LexValue build_scope_look_up(const void *data, const char *name, const char **ret_value)
{
    bool unknown;
    const Value *value = scope_find(data, name, &unknown);
    if (!value)
        return unknown ? LEX_UNKNOWN : LEX_UNSET;
    if (value->state == LEX_SET)
        *ret_value = value->value;
    return value->state;
}

bool build_scope_is_env(const BuildScope *scope, const char *name)
{
    bool unknown;
    const Value *value = scope_find(scope, name, &unknown);
    return value && value->env;
}

bool build_scope_declares(const BuildScope *scope, const char *name)
{
    bool unknown;
    return scope_find(scope, name, &unknown) != NULL;
}

char *build_scope_value(const BuildScope *scope, const Placed *word)
{
    LexStyle style = {.escape = scope->stages->file->escape};
    g_autoptr(LexResult) result =
        lex_text(word->text->str, style, build_scope_look_up, scope, NULL);
    return result ? g_steal_pointer(&result->text) : NULL;
}

const GPtrArray *build_scope_shell(const BuildScope *scope)
{
    guint end = scope->instruction;
    int number = scope->stage;
    for (unsigned i = 0; i < MAX_CHAIN && number >= 0; i++) {
        const BuildStage *stage = stage_at(scope->stages, number);
        for (guint k = MIN(end, stage->end); k-- > stage->begin;) {
            const DockerInstruction *instruction = scope->stages->file->instructions->pdata[k];
            if (instruction->keyword == DOCKER_SHELL && instruction->exec)
                return instruction->words;
        }
        number = stage->base_stage;
        end = G_MAXUINT;
    }
    return NULL;
}

/* Building them */

/* Takes `value`. What ENV set stays: ARG does not change it. */
static void set_value(const BuildScope *scope, GHashTable *variables, const char *name,
                      LexValue state, char *value, bool env)
{
    if (!env && scope->stage >= 0 && build_scope_is_env(scope, name)) {
        g_free(value);
        return;
    }
    GArray *values = g_hash_table_lookup(variables, name);
    if (!values) {
        values = g_array_new(FALSE, FALSE, sizeof(Value));
        g_array_set_clear_func(values, value_clear);
        g_hash_table_insert(variables, g_strdup(name), values);
    }
    Value added = {scope->instruction + 1, state, value, env};
    g_array_append_val(values, added);
}

/* "NAME": the value that stands before the first FROM, or whatever the build is given. */
static void declare_name(const BuildScope *scope, GHashTable *variables, const char *name)
{
    BuildScope globals = {scope->stages, -1, G_MAXUINT};
    bool unknown;
    const Value *value = scope->stage >= 0 ? scope_find(&globals, name, &unknown) : NULL;
    if (value)
        set_value(scope, variables, name, value->state, g_strdup(value->value), false);
    else
        set_value(scope, variables, name, LEX_UNKNOWN, NULL, false);
}

static void read_arg(const BuildScope *scope, GHashTable *variables,
                     const DockerInstruction *instruction)
{
    /* each name sees those before it on the line */
    BuildScope seen = *scope;
    seen.instruction++;
    for (guint i = 0; i < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        const char *equals = strchr(word->text->str, '=');
        if (!equals) {
            declare_name(scope, variables, word->text->str);
            continue;
        }
        size_t length = (size_t)(equals - word->text->str);
        g_autofree char *name = g_strndup(word->text->str, length);
        g_autoptr(Placed) text = placed_slice(word, length + 1, word->text->len - length - 1);
        char *value = build_scope_value(&seen, text);
        set_value(scope, variables, name, value ? LEX_SET : LEX_UNKNOWN, value, false);
    }
}

static void read_env(const BuildScope *scope, GHashTable *variables,
                     const DockerInstruction *instruction)
{
    for (guint i = 0; i + 1 < instruction->words->len; i += 2) {
        const Placed *name = instruction->words->pdata[i];
        char *value = build_scope_value(scope, instruction->words->pdata[i + 1]);
        set_value(scope, variables, name->text->str, value ? LEX_SET : LEX_UNKNOWN, value, true);
    }
}

static void read_from(BuildStages *stages, guint index, const DockerInstruction *from)
{
    BuildStage *stage = g_new0(BuildStage, 1);
    stage->from = from;
    stage->begin = index;
    stage->end = index + 1;
    stage->base_stage = -1;
    stage->variables = variables_new();
    const GPtrArray *words = from->words;
    if (words->len > 0) {
        BuildScope scope = {stages, -1, index};
        stage->image = words->pdata[0];
        stage->base = build_scope_value(&scope, stage->image);
    }
    if (words->len == 3)
        stage->name = g_ascii_strdown(((const Placed *)words->pdata[2])->text->str, -1);
    /* a number is an image's name here */
    if (stage->base && !g_ascii_isdigit(*stage->base))
        stage->base_stage = build_stage_find(stages, stage->base, stages->stages->len);
    g_ptr_array_add(stages->stages, stage);
}

static void mark_image(BuildStages *stages)
{
    int number = (int)stages->stages->len - 1;
    while (number >= 0) {
        BuildStage *stage = stages->stages->pdata[number];
        stage->in_image = true;
        number = stage->base_stage;
    }
}

BuildStages *build_stages_new(const Dockerfile *file)
{
    BuildStages *stages = g_new0(BuildStages, 1);
    stages->file = file;
    stages->stages = g_ptr_array_new_with_free_func(stage_free);
    stages->globals = variables_new();
    for (guint i = 0; i < file->instructions->len; i++) {
        const DockerInstruction *instruction = file->instructions->pdata[i];
        if (instruction->keyword == DOCKER_FROM) {
            read_from(stages, i, instruction);
            continue;
        }
        int number = (int)stages->stages->len - 1;
        BuildStage *stage = number >= 0 ? stages->stages->pdata[number] : NULL;
        GHashTable *variables = stage ? stage->variables : stages->globals;
        BuildScope scope = {stages, number, i};
        if (stage)
            stage->end = i + 1;
        if (instruction->keyword == DOCKER_ARG)
            read_arg(&scope, variables, instruction);
        else if (instruction->keyword == DOCKER_ENV && stage)
            read_env(&scope, variables, instruction);
    }
    mark_image(stages);
    return stages;
}

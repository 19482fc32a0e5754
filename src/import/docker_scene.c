/* Values, paths and stages of a scene. */
#include "import/docker_scene.h"

#include "recipe/config.h"
#include "recipe/vars.h"

/* A reference to an ARG while words are taken apart: \1NAME\2. To the base's environment: \3NAME\2,
 * or \3NAME:+word\2 with \4 for each "$" in the word.
 */
enum {
    MARK_ARG = '\1',
    MARK_END = '\2',
    MARK_BASE = '\3',
    MARK_DOLLAR = '\4',
};

/* What becomes of references to what is known when the recipe is locked or built alone. */
typedef enum {
    WORD_MARKED, /* marks stand for them */
    WORD_PLAIN,  /* an ARG's value, and marks for the base's environment */
    WORD_ALONE,  /* marks for an ARG; the base sets nothing */
} WordKind;

static const char *mark_of(const Scene *scene, char kind, const char *name)
{
    g_autofree char *mark = g_strdup_printf("%c%s%c", kind, name, MARK_END);
    const char *there = g_hash_table_lookup(scene->marks, mark);
    if (!there) {
        char *key = g_steal_pointer(&mark);
        g_hash_table_insert(scene->marks, key, key);
        there = key;
    }
    return there;
}

bool scene_has_mark(const char *marked)
{
    return strpbrk(marked, "\1\3") != NULL;
}

static bool can_be_marked(const char *value)
{
    return *value && !strpbrk(value, " \t\n\1\2\3\4");
}

/* What builders set: the recipe's platform is linux/amd64 until it says otherwise. */
static const char *platform_value(const char *name)
{
    static const char *const values[][2] = {
        {"TARGETARCH", "amd64"},          {"TARGETOS", "linux"},  {"TARGETPLATFORM", "linux/amd64"},
        {"BUILDPLATFORM", "linux/amd64"}, {"BUILDARCH", "amd64"}, {"BUILDOS", "linux"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (g_str_equal(values[i][0], name))
            return values[i][1];
    }
    return NULL;
}

static BuildScope scope_of(const Scene *scene)
{
    BuildScope scope = build_scope_at(scene->stages, scene->instruction);
    return scope;
}

/* Dockerfile words */

static LexValue look_up(const Scene *scene, const char *name, WordKind kind, const char **ret_value)
{
    BuildScope scope = scope_of(scene);
    const char *own = scope.stage >= 0 ? g_hash_table_lookup(scene->env, name) : NULL;
    if (own) {
        *ret_value = own;
        return LEX_SET;
    }
    const char *value = NULL;
    LexValue state = build_scope_look_up(&scope, name, &value);
    if (state == LEX_SET && !build_scope_is_env(&scope, name)) {
        bool marks = kind != WORD_PLAIN && can_be_marked(value);
        *ret_value = marks ? mark_of(scene, MARK_ARG, name) : value;
        return LEX_SET;
    }
    if (state == LEX_SET)
        *ret_value = value;
    if (state != LEX_UNKNOWN)
        return state;
    bool declared = build_scope_declares(&scope, name);
    const char *platform = platform_value(name);
    bool foreign = !platform && !declared && scope.stage >= 0;
    if (foreign && kind == WORD_ALONE)
        return LEX_UNSET;
    *ret_value = platform ? platform : foreign ? mark_of(scene, MARK_BASE, name) : "";
    return LEX_SET;
}

static LexValue look_up_marked(const void *data, const char *name, const char **ret_value)
{
    return look_up(data, name, WORD_MARKED, ret_value);
}

static LexValue look_up_plain(const void *data, const char *name, const char **ret_value)
{
    return look_up(data, name, WORD_PLAIN, ret_value);
}

static LexValue look_up_alone(const void *data, const char *name, const char **ret_value)
{
    return look_up(data, name, WORD_ALONE, ret_value);
}

static const char name_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

/* The word of "${NAME:-word}" for its mark, which refers to nothing but NAME and what is known
 * here; NULL: it does. Caller frees. */
static char *choice_word(const Scene *scene, const char *text, size_t length, const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    size_t name_length = strlen(name);
    bool others = false;
    for (const char *p = text; p < text + length; p++) {
        bool braced = p[0] == '$' && p[1] == '{';
        const char *own = p + 1 + braced;
        bool same = *p == '$' && strspn(own, name_letters) == name_length &&
                    strncmp(own, name, name_length) == 0 && (!braced || own[name_length] == '}');
        others |= *p == '$' && !same;
        if (same) {
            g_string_append_printf(out, braced ? "%c{%s}" : "%c%s", MARK_DOLLAR, name);
            p = own + name_length - 1 + braced;
        } else if (strchr("'\\`", *p)) {
            return NULL;
        } else if (*p != '"') {
            g_string_append_c(out, *p);
        }
    }
    if (!others)
        return g_strdup(out->str);
    LexStyle style = {.escape = scene->file->escape};
    g_autoptr(LexResult) result = lex_text(out->str, style, look_up_plain, scene, NULL);
    bool known = result && result->text && !strpbrk(result->text, "\1\2\3$}");
    return known ? g_steal_pointer(&result->text) : NULL;
}

/* Where the brace ends that text is behind; NULL: nowhere. */
static const char *brace_end(const char *text)
{
    unsigned depth = 1;
    for (const char *p = text; *p; p++) {
        depth += p[0] == '$' && p[1] == '{';
        depth -= *p == '}';
        if (depth == 0)
            return p;
    }
    return NULL;
}

/* The length of "${NAME:-word}" or "${NAME:+word}" where NAME is the base's; 0: it is something
 * else. *ret_mark stands for it; NULL: nothing can. */
static size_t read_choice(const Scene *scene, const char *text, char **ret_mark)
{
    size_t length = strncmp(text, "${", 2) == 0 ? strspn(text + 2, name_letters) : 0;
    const char *sign = text + 2 + length, *value = NULL;
    if (length == 0 || sign[0] != ':' || (sign[1] != '-' && sign[1] != '+'))
        return 0;
    g_autofree char *name = g_strndup(text + 2, length);
    const char *end = brace_end(sign + 2);
    if (!end || look_up(scene, name, WORD_MARKED, &value) != LEX_SET || *value != MARK_BASE)
        return 0;
    g_autofree char *word = choice_word(scene, sign + 2, (size_t)(end - sign) - 2, name);
    if (word)
        *ret_mark = g_strdup_printf("%c%s:%c%s%c", MARK_BASE, name, sign[1], word, MARK_END);
    return (size_t)(end + 1 - text);
}

/* The text with marks for what hangs on whether the base sets a name; NULL: that can't be said.
 * Caller frees. */
static char *mark_choices(const Scene *scene, const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool literal = strchr(text, '\'') != NULL; /* nothing is replaced in there */
    for (const char *p = text; *p; p++) {
        g_autofree char *mark = NULL;
        bool escaped = p > text && p[-1] == scene->file->escape;
        size_t length = *p == '$' && !literal && !escaped ? read_choice(scene, p, &mark) : 0;
        if (length > 0 && !mark)
            return NULL;
        if (length == 0)
            g_string_append_c(out, *p);
        else
            g_string_append(out, mark);
        p += length > 0 ? length - 1 : 0;
    }
    return g_strdup(out->str);
}

static char *read_word(const Scene *scene, const Placed *word, WordKind kind)
{
    static const LexLookup lookups[] = {look_up_marked, look_up_plain, look_up_alone};
    LexStyle style = {.escape = scene->file->escape};
    g_autofree char *text =
        kind == WORD_ALONE ? g_strdup(word->text->str) : mark_choices(scene, word->text->str);
    g_autoptr(LexResult) result = lex_text(text, style, lookups[kind], scene, NULL);
    return result ? g_steal_pointer(&result->text) : NULL;
}

/* Marks that patterns (${NAME%x}) took apart. */
static bool marks_are_whole(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == MARK_END)
            return false;
        if (*p != MARK_ARG && *p != MARK_BASE)
            continue;
        size_t length = strspn(++p, name_letters);
        bool choice = p[-1] == MARK_BASE && p[length] == ':';
        const char *end = choice ? strchr(p, MARK_END) : p + length;
        if (length == 0 || !end || *end != MARK_END)
            return false;
        p = end;
    }
    return true;
}

char *scene_marked_value(const Scene *scene, const Placed *word)
{
    return read_word(scene, word, WORD_PLAIN);
}

char *scene_value(const Scene *scene, const Placed *word)
{
    g_autofree char *text = read_word(scene, word, WORD_PLAIN);
    return text ? scene_plain(scene, text) : NULL;
}

/* With marks, where all of them are whole. */
static char *marked_word(const Scene *scene, const Placed *word)
{
    g_autofree char *text = read_word(scene, word, WORD_MARKED);
    return !text || marks_are_whole(text) ? g_steal_pointer(&text)
                                          : read_word(scene, word, WORD_PLAIN);
}

char *scene_word(Scene *scene, const Placed *word)
{
    g_autofree char *text = marked_word(scene, word);
    return text ? scene_finish(scene, text) : NULL;
}

char *scene_env_word(Scene *scene, const Placed *word)
{
    g_autofree char *text = marked_word(scene, word);
    for (const char *p = text ? strchr(text, '$') : NULL; p; p = strchr(p + 1, '$')) {
        if (g_ascii_isalnum(p[1]) || (p[1] && strchr("_{@*#?-$!", p[1])))
            return NULL; /* it would be a reference there */
    }
    return text ? scene_finish(scene, text) : NULL;
}

char *scene_word_alone(Scene *scene, const Placed *word)
{
    g_autofree char *text = read_word(scene, word, WORD_ALONE);
    return text && marks_are_whole(text) ? scene_finish(scene, text) : NULL;
}

static bool needs_base(const char *text)
{
    for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
        if (p[1] != '(' && p[1] != '$')
            return true;
        p += p[1] == '$';
    }
    return false;
}

char *scene_word_or_default(Scene *scene, const Placed *word)
{
    g_autofree char *text = scene_word(scene, word);
    if ((!text || needs_base(text)) && strstr(word->text->str, ":-")) {
        g_autofree char *alone = scene_word_alone(scene, word);
        if (alone && *alone)
            return g_steal_pointer(&alone);
    }
    return g_steal_pointer(&text);
}

/* Words of scripts */

static const char *script_name(const void *data, const RunScript *script, const char *name,
                               const char *value)
{
    const Scene *scene = data;
    if (value && build_scope_is_env(&script->scope, name))
        return value;
    if (value)
        return can_be_marked(value) ? mark_of(scene, MARK_ARG, name) : value;
    const char *own = g_hash_table_lookup(scene->env, name);
    if (own && !scene_has_mark(own))
        return own;
    const char *platform = build_scope_declares(&script->scope, name) ? platform_value(name) : NULL;
    if (platform)
        return platform;
    bool root = !scene->user || g_str_equal(scene->user, "root");
    return root && g_str_equal(name, "HOME") ? "/root" : NULL;
}

RunNames scene_names(const Scene *scene)
{
    return (RunNames){script_name, scene};
}

bool scene_declare(Scene *scene, const char *name, const char *value)
{
    DraftValue *vars = draft_get(scene->draft->keys, "vars");
    const char *there = draft_get_text(vars, name);
    if (there)
        return g_str_equal(there, value);
    if (!variable_name_is_valid(name))
        return false;
    g_autofree char *escaped = draft_escape(value);
    draft_set_plain(draft_need_map(scene->draft->keys, "vars"), name, escaped);
    return true;
}

static const char *arg_value(const Scene *scene, const char *name)
{
    BuildScope scope = scope_of(scene);
    const char *value = NULL;
    if (build_scope_look_up(&scope, name, &value) == LEX_SET)
        return value;
    scope.stage = -1;
    return build_scope_look_up(&scope, name, &value) == LEX_SET ? value : "";
}

/* `scene` NULL where nothing may be declared. */
static char *replace_marks(const Scene *scene, Scene *declaring, const char *marked)
{
    GString *out = g_string_new(NULL);
    for (const char *p = marked; *p; p++) {
        const char *end = *p == MARK_ARG || *p == MARK_BASE ? strchr(p, MARK_END) : NULL;
        if (!end) {
            if (declaring && p[0] == '$' && p[1] == '(')
                g_string_append_c(out, '$');
            if ((unsigned char)*p > MARK_DOLLAR)
                g_string_append_c(out, *p);
            continue;
        }
        g_autofree char *name = g_strndup(p + 1, (size_t)(end - p - 1));
        bool glued = g_ascii_isalnum(end[1]) || end[1] == '_';
        bool choice = strchr(name, ':') != NULL;
        if (*p == MARK_BASE)
            g_string_append_printf(out, glued || choice ? "${%s}" : "$%s",
                                   g_strdelimit(name, "\4", '$'));
        else if (declaring && scene_declare(declaring, name, arg_value(scene, name)))
            g_string_append_printf(out, "$(%s)", name);
        else
            g_string_append(out, arg_value(scene, name));
        p = end;
    }
    return g_string_free(out, FALSE);
}

char *scene_finish(Scene *scene, const char *marked)
{
    return replace_marks(scene, scene, marked);
}

char *scene_plain(const Scene *scene, const char *marked)
{
    return replace_marks(scene, NULL, marked);
}

bool scene_is_url(const char *text)
{
    bool web = g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://");
    if (!web || strpbrk(text, " \t\n$"))
        return false;
    const char *host = strstr(text, "://") + 3;
    size_t length = strcspn(host, "/");
    const char *at = memchr(host, '@', length), *colon = memchr(host, ':', length);
    return length > 0 && !(at && colon && colon < at);
}

bool scene_is_env_name(const char *name)
{
    return *name && !g_ascii_isdigit(*name) && name[strspn(name, name_letters)] == '\0';
}

void scene_set_env(Scene *scene, DraftValue *body, const char *setting, Span at)
{
    const char *equals = strchr(setting, '=');
    g_autofree char *name = g_strndup(setting, (size_t)(equals - setting));
    g_autofree char *value = scene_finish(scene, equals + 1);
    if (config_env_is_secret(name, value))
        draft_note(scene->draft, NOTE_LOST, at,
                   "%s: a secret that every reader of the recipe could see; a `run:` reads it from "
                   "`secrets:`",
                   name);
    else if (scene_is_env_name(name))
        draft_set_text(draft_need_map(body, "env"), name, value);
}

/* Paths */

char *scene_path(const Scene *scene, const char *cwd, const char *path)
{
    size_t length = strlen(path);
    bool folder = length == 0 || path[length - 1] == '/' || g_str_equal(path, ".") ||
                  g_str_has_suffix(path, "/.") || g_str_has_suffix(path, "/..") ||
                  g_str_equal(path, "..");
    g_autofree char *home =
        g_str_has_prefix(path, "~/") ? g_build_filename("/root", path + 2, NULL) : NULL;
    g_autofree char *absolute = g_canonicalize_filename(home    ? home
                                                        : *path ? path
                                                                : ".",
                                                        cwd ? cwd : scene->workdir);
    return g_strconcat(absolute, folder && absolute[1] ? "/" : "", NULL);
}

void scene_add_path(Scene *scene, char *path, char *source, bool is_folder, DraftValue *entry,
                    const char *kind, DraftStage *stage)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    ScenePath *added = g_new0(ScenePath, 1);
    *added = (ScenePath){path, source, is_folder, entry, kind, stage};
    g_ptr_array_add(scene->paths, added);
}

ScenePath *scene_path_find(const Scene *scene, const char *path)
{
    for (guint i = scene->paths->len; i-- > 0;) {
        ScenePath *item = scene->paths->pdata[i];
        if (g_str_equal(item->path, path))
            return item;
    }
    return NULL;
}

bool scene_is_context_folder(const Scene *scene, const char *source)
{
    if (g_str_has_suffix(source, "/") || g_str_equal(source, "."))
        return true;
    if (!scene->context)
        return false;
    g_autofree char *path = g_build_filename(scene->context, source, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

char *scene_source_of(const Scene *scene, const char *path)
{
    for (guint i = scene->paths->len; i-- > 0;) {
        const ScenePath *item = scene->paths->pdata[i];
        if (!item->source)
            continue;
        if (g_str_equal(item->path, path))
            return g_strdup(item->source);
        size_t length = strlen(item->path);
        bool below = item->is_folder && strncmp(path, item->path, length) == 0 &&
                     (path[length] == '/' || length == 1);
        if (!below)
            continue;
        const char *rest = path + length + (length > 1 ? 1 : 0);
        g_autofree char *joined = g_build_filename(item->source, rest, NULL);
        const char *text = joined;
        while (g_str_has_prefix(text, "./"))
            text += 2;
        return g_strdup(text);
    }
    return NULL;
}

bool scene_is_brought(const Scene *scene, const char *path)
{
    for (guint i = 0; i < scene->paths->len; i++) {
        const ScenePath *item = scene->paths->pdata[i];
        if (g_str_equal(item->kind, "part"))
            continue;
        if (g_str_equal(item->path, path) || (item->is_folder && scene_is_below(path, item->path)))
            return true;
    }
    return false;
}

bool scene_is_cloned(const Scene *scene, const char *path)
{
    for (guint i = scene->paths->len; i-- > 0;) {
        const ScenePath *item = scene->paths->pdata[i];
        size_t length = strlen(item->path);
        if (strncmp(item->path, path, length) == 0 && path[length] == '/')
            return !item->source && g_str_equal(item->kind, "git");
    }
    return false;
}

/* Stages */

Span scene_span(const Scene *scene)
{
    const DockerInstruction *instruction = scene->file->instructions->pdata[scene->instruction];
    return docker_instruction_span(scene->file, instruction);
}

/* Comments that speak to programs. */
static bool is_directive(const char *line)
{
    static const char *const words[] = {"syntax=",  "escape=", "check=",     "hadolint", "ramekin:",
                                        "syntax =", "vim:",    "shellcheck", NULL};
    for (guint i = 0; words[i]; i++) {
        if (g_str_has_prefix(line, words[i]))
            return true;
    }
    return strspn(line, "#-=*~_ ") == strlen(line);
}

/* The comment lines directly above, without "#"; NULL: none. */
static char *comment_above(Source *source, unsigned line)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    while (line > 1 && lines->len < 12) {
        size_t length;
        const char *text = source_line(source, --line, &length);
        g_autofree char *copy = g_strstrip(g_utf8_make_valid(text, (gssize)length));
        if (*copy != '#')
            break;
        const char *said = copy + strspn(copy, "# \t");
        if (!is_directive(said))
            g_ptr_array_insert(lines, 0, g_strdup(said));
    }
    if (lines->len == 0)
        return NULL;
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

/* The key that a short body stands for. */
static const char *short_key(const char *kind)
{
    static const char *const keys[][2] = {
        {"pip", "install"}, {"apt", "packages"}, {"run", "script"},
        {"files", "files"}, {"remove", "paths"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (g_str_equal(keys[i][0], kind))
            return keys[i][1];
    }
    return NULL;
}

static DraftValue *with_condition(const char *kind, DraftValue *body, const DraftValue *when)
{
    const char *key = short_key(kind);
    bool is_short = draft_value_text(body) || g_str_equal(kind, "files") ||
                    (key && !draft_get(body, key) && !g_str_equal(kind, "pip"));
    if (key && is_short) {
        DraftValue *map = draft_map();
        draft_set(map, key, body);
        body = map;
    }
    DraftValue *copy = draft_value_copy(when);
    draft_set(body, "when", copy);
    return body;
}

DraftStage *scene_stage(Scene *scene, const char *kind, DraftValue *body, Span at)
{
    if (scene->when)
        body = with_condition(kind, body, scene->when);
    DraftStage *stage = draft_stage_add(scene->out, kind, body);
    stage->origin = g_strdup_printf("%s:%u", scene->name, at.line);
    g_autofree char *comment = comment_above(scene->file->source, at.line);
    if (comment)
        draft_stage_say(stage, comment);
    return stage;
}

DraftStage *scene_file(Scene *scene, DraftValue *entry, Span at)
{
    const DockerInstruction *instruction = scene->file->instructions->pdata[scene->instruction];
    DraftStage *last = scene->out->len > 0 ? scene->out->pdata[scene->out->len - 1] : NULL;
    g_autofree char *prefix = g_strdup_printf("%s:", scene->name);
    bool same =
        last && !scene->when && g_str_equal(last->kind, "files") && last->origin &&
        g_str_has_prefix(last->origin, prefix) &&
        g_ascii_strtoull(last->origin + strlen(prefix), NULL, 10) >= instruction->first_line &&
        !draft_get_text(last->body, "src");
    if (same && draft_is_list(last->body)) {
        draft_add(last->body, entry);
        return last;
    }
    DraftValue *list = draft_list();
    draft_add(list, entry);
    return scene_stage(scene, "files", list, at);
}

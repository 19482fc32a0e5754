#include "dockerfile/parse.h"

#include "base/limits.h"
#include "base/names.h"
#include "dockerfile/lexer.h"
#include "dockerfile/parse_private.h"

/* clang-format off */
static const KeywordSpec specs[] = {
    [DOCKER_ADD]         = {"ADD",         ARGUMENTS_EXEC_LIST, true,
                            "chown chmod link? keep-git-dir? checksum unpack? exclude+"},
    [DOCKER_ARG]         = {"ARG",         ARGUMENTS_NAMES,     false, NULL},
    [DOCKER_CMD]         = {"CMD",         ARGUMENTS_EXEC_TEXT, false, ""},
    [DOCKER_COPY]        = {"COPY",        ARGUMENTS_EXEC_LIST, true,
                            "chown from chmod link? parents? exclude+"},
    [DOCKER_ENTRYPOINT]  = {"ENTRYPOINT",  ARGUMENTS_EXEC_TEXT, false, ""},
    [DOCKER_ENV]         = {"ENV",         ARGUMENTS_PAIRS,     false, ""},
    [DOCKER_EXPOSE]      = {"EXPOSE",      ARGUMENTS_LIST,      false, ""},
    [DOCKER_FROM]        = {"FROM",        ARGUMENTS_LIST,      false, "platform"},
    [DOCKER_HEALTHCHECK] = {"HEALTHCHECK", ARGUMENTS_HEALTH,    false,
                            "interval timeout start-period start-interval retries"},
    [DOCKER_LABEL]       = {"LABEL",       ARGUMENTS_PAIRS,     false, ""},
    [DOCKER_MAINTAINER]  = {"MAINTAINER",  ARGUMENTS_TEXT,      false, ""},
    [DOCKER_ONBUILD]     = {"ONBUILD",     ARGUMENTS_TRIGGER,   true,  ""},
    [DOCKER_RUN]         = {"RUN",         ARGUMENTS_EXEC_TEXT, true,
                            "mount+ network security device+"},
    [DOCKER_SHELL]       = {"SHELL",       ARGUMENTS_EXEC_TEXT, false, ""},
    [DOCKER_STOPSIGNAL]  = {"STOPSIGNAL",  ARGUMENTS_TEXT,      false, NULL},
    [DOCKER_USER]        = {"USER",        ARGUMENTS_TEXT,      false, ""},
    [DOCKER_VOLUME]      = {"VOLUME",      ARGUMENTS_EXEC_LIST, false, ""},
    [DOCKER_WORKDIR]     = {"WORKDIR",     ARGUMENTS_TEXT,      false, ""},
    [DOCKER_UNKNOWN]     = {NULL,          ARGUMENTS_NONE,      false, NULL},
};
/* clang-format on */

typedef struct {
    Dockerfile *file;
    const char *text;
    size_t length;
    size_t at;     /* where the next line begins */
    unsigned line; /* the number of the one before it */
    bool directives_done;
    char *seen_escape;
} Reader;

const KeywordSpec *keyword_spec(DockerKeyword keyword)
{
    return &specs[keyword];
}

const char *docker_keyword_name(DockerKeyword keyword)
{
    return specs[keyword].name;
}

static DockerKeyword keyword_find(const char *name, size_t length)
{
    for (DockerKeyword keyword = 0; keyword < DOCKER_UNKNOWN; keyword++) {
        if (strlen(specs[keyword].name) == length &&
            g_ascii_strncasecmp(specs[keyword].name, name, length) == 0)
            return keyword;
    }
    return DOCKER_UNKNOWN;
}

void docker_problem(Dockerfile *file, Span at, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *message = g_strdup_vprintf(format, list);
    va_end(list);
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, at, "%s", message);
    g_ptr_array_add(file->problems, error);
}

static void docker_flag_free(void *data)
{
    DockerFlag *flag = data;
    g_free(flag->name);
    g_free(flag->value);
    g_free(flag);
}

void docker_heredoc_free(void *data)
{
    DockerHeredoc *heredoc = data;
    g_free(heredoc->name);
    placed_free(heredoc->body);
    placed_free(heredoc->ending);
    g_free(heredoc);
}

void docker_instruction_free(DockerInstruction *instruction)
{
    if (!instruction)
        return;
    placed_free(instruction->line);
    g_ptr_array_unref(instruction->flags);
    g_ptr_array_unref(instruction->words);
    g_ptr_array_unref(instruction->heredocs);
    docker_instruction_free(instruction->trigger);
    g_free(instruction);
}

void dockerfile_free(Dockerfile *file)
{
    if (!file)
        return;
    source_unref(file->source);
    g_free(file->syntax);
    g_free(file->check);
    g_ptr_array_unref(file->instructions);
    g_ptr_array_unref(file->problems);
    g_array_unref(file->blank_lines);
    g_free(file);
}

const DockerFlag *docker_flag_find(const DockerInstruction *instruction, const char *name)
{
    for (guint i = 0; i < instruction->flags->len; i++) {
        const DockerFlag *flag = instruction->flags->pdata[i];
        if (g_str_equal(flag->name, name))
            return flag;
    }
    return NULL;
}

Span docker_flag_span(const Dockerfile *file, const DockerInstruction *instruction,
                      const DockerFlag *flag)
{
    return placed_span(instruction->line, file->source, flag->offset, flag->length);
}

Span docker_instruction_span(const Dockerfile *file, const DockerInstruction *instruction)
{
    return placed_span(instruction->line, file->source, 0, instruction->name);
}

Span docker_word_span(const Dockerfile *file, const Placed *word)
{
    return placed_span(word, file->source, 0, word->text->len);
}

/* Instructions: keyword, flags, arguments */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Reads one flag, from "--" to the blank behind it, from `at` on; where it ends. */
static size_t flag_read(Dockerfile *file, const GString *line, size_t at, GString *out,
                        bool *ret_quoted)
{
    char quote = '\0';
    *ret_quoted = false;
    for (; at < line->len && (quote || !is_blank(line->str[at])); at++) {
        char c = line->str[at];
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? '\0' : c;
            *ret_quoted = true;
            continue;
        }
        if (c == file->escape && ++at == line->len)
            break;
        g_string_append_c(out, line->str[at]);
    }
    return at;
}

/* Reads flags from `at` on; where the arguments begin. */
static size_t flags_parse(Dockerfile *file, DockerInstruction *instruction, size_t at)
{
    const GString *line = instruction->line->text;
    for (;;) {
        while (at < line->len && is_blank(line->str[at]))
            at++;
        if (!g_str_has_prefix(line->str + at, "--"))
            return at;
        g_autoptr(GString) text = g_string_new(NULL);
        bool quoted;
        size_t end = flag_read(file, line, at, text, &quoted);
        if (g_str_equal(text->str, "--"))
            return end;
        DockerFlag *flag = g_new0(DockerFlag, 1);
        const char *equals = strchr(text->str, '=');
        flag->name =
            g_strndup(text->str + 2, equals ? (size_t)(equals - text->str - 2) : text->len);
        flag->value = equals ? g_strdup(equals + 1) : NULL;
        flag->offset = at;
        flag->length = end - at;
        g_ptr_array_add(instruction->flags, flag);
        at = end;
    }
}

DockerInstruction *instruction_parse(Dockerfile *file, Placed *line, unsigned nesting)
{
    DockerInstruction *instruction = g_new0(DockerInstruction, 1);
    instruction->line = line;
    instruction->flags = g_ptr_array_new_with_free_func(docker_flag_free);
    instruction->words = g_ptr_array_new_with_free_func((GDestroyNotify)placed_free);
    instruction->heredocs = g_ptr_array_new_with_free_func(docker_heredoc_free);
    const char *text = line->text->str;
    while (text[instruction->name] && !is_blank(text[instruction->name]))
        instruction->name++;
    instruction->keyword = keyword_find(text, instruction->name);
    instruction->arguments = flags_parse(file, instruction, instruction->name);
    size_t begin = instruction->arguments, end = line->text->len;
    while (begin < end && is_blank(text[begin]))
        begin++;
    instruction->arguments = begin;
    g_autoptr(Placed) arguments = placed_slice(line, begin, end - begin);
    arguments_parse(file, instruction, arguments, specs[instruction->keyword].arguments, nesting);
    return instruction;
}

/* Lines */

/* The next line as it stands, without its end; false behind the last. */
static bool reader_next(Reader *reader, size_t *ret_start, size_t *ret_length)
{
    if (reader->at >= reader->length)
        return false;
    const char *start = reader->text + reader->at;
    const char *end = memchr(start, '\n', reader->length - reader->at);
    size_t all = end ? (size_t)(end - start) + 1 : reader->length - reader->at;
    *ret_start = reader->at;
    *ret_length = all;
    while (*ret_length > 0 && strchr("\r\n", start[*ret_length - 1]))
        (*ret_length)--;
    reader->at += all;
    reader->line++;
    return true;
}

/* How many bytes of white space the text begins with. */
static size_t leading_space(const char *text, size_t length)
{
    const char *p = text;
    while (p < text + length && lex_is_space(g_utf8_get_char(p)))
        p = g_utf8_next_char(p);
    return (size_t)(p - text);
}

static void set_escape(Reader *reader, const char *value, Span at)
{
    if (g_str_equal(value, "`") || g_str_equal(value, "\\"))
        reader->file->escape = *value;
    else
        docker_problem(reader->file, at, "the escape character is '\\' or '`', not '%s'", value);
}

/* "# name=value" in the lines before all others. */
static void read_directive(Reader *reader, size_t start, size_t length)
{
    if (reader->directives_done)
        return;
    g_autofree char *line = g_strndup(reader->text + start, length);
    g_autoptr(GRegex) regex =
        g_regex_new("^#\\s*([a-zA-Z][a-zA-Z0-9]*)\\s*=\\s*(.+?)\\s*$", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    reader->directives_done = true;
    if (!g_regex_match(regex, line, 0, &match))
        return;
    g_autofree char *raw = g_match_info_fetch(match, 1);
    g_autofree char *name = g_ascii_strdown(raw, -1);
    g_autofree char *value = g_match_info_fetch(match, 2);
    Span at = span_of_bytes(reader->file->source, start, length);
    char **slot = g_str_equal(name, "syntax")   ? &reader->file->syntax
                  : g_str_equal(name, "check")  ? &reader->file->check
                  : g_str_equal(name, "escape") ? &reader->seen_escape
                                                : NULL;
    if (!slot)
        return;
    reader->directives_done = false;
    if (*slot)
        docker_problem(reader->file, at, "the directive '%s' stands here twice", name);
    else if (slot == &reader->seen_escape)
        set_escape(reader, value, at);
    if (!*slot)
        *slot = g_steal_pointer(&value);
}

/* Cuts a continuation character, and the blanks behind it, off; whether there was one. */
static bool trim_continuation(const Reader *reader, const char *line, size_t *length)
{
    size_t end = *length;
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    char escape = reader->file->escape;
    if (end == 0 || line[end - 1] != escape || (end > 1 && line[end - 2] == escape))
        return false;
    *length = end - 1;
    return true;
}

static void read_continued(Reader *reader, Placed *line)
{
    size_t start, length;
    bool more = true;
    while (more && reader_next(reader, &start, &length)) {
        const char *text = reader->text + start;
        size_t space = leading_space(text, length);
        read_directive(reader, start, length);
        if (space < length && text[space] == '#')
            continue;
        if (space == length) {
            g_array_append_val(reader->file->blank_lines, reader->line);
            continue;
        }
        more = trim_continuation(reader, text, &length);
        placed_append(line, text, length, start);
    }
}

/* The bodies of what the instruction's line announces. */
static void read_heredocs(Reader *reader, DockerInstruction *instruction)
{
    GPtrArray *heredocs = heredocs_find(instruction->line);
    for (guint i = 0; i < heredocs->len; i++) {
        DockerHeredoc *heredoc = heredocs->pdata[i];
        size_t start, length;
        bool ended = false;
        while (!ended && reader_next(reader, &start, &length)) {
            const char *text = reader->text + start;
            size_t tabs = heredoc->chomp ? strspn(text, "\t") : 0;
            tabs = MIN(tabs, length);
            ended = length - tabs == strlen(heredoc->name) &&
                    memcmp(text + tabs, heredoc->name, length - tabs) == 0;
            placed_append(ended ? heredoc->ending : heredoc->body, text, reader->at - start, start);
        }
        if (!ended)
            docker_problem(reader->file, docker_instruction_span(reader->file, instruction),
                           "no line '%s' ends the heredoc", heredoc->name);
    }
    g_ptr_array_unref(instruction->heredocs);
    instruction->heredocs = heredocs;
}

static bool takes_heredocs(const DockerInstruction *instruction)
{
    if (instruction->keyword == DOCKER_ONBUILD && instruction->trigger)
        instruction = instruction->trigger;
    return specs[instruction->keyword].heredocs && !instruction->exec &&
           strstr(instruction->line->text->str, "<<");
}

/* Trims the joined line: blanks of ASCII, as they part words, and others at its ends. */
static void trim_line(Placed **line)
{
    const char *text = (*line)->text->str;
    size_t length = (*line)->text->len;
    size_t begin = leading_space(text, length), end = length;
    while (end > begin) {
        const char *before = g_utf8_prev_char(text + end);
        if (!lex_is_space(g_utf8_get_char(before)))
            break;
        end = (size_t)(before - text);
    }
    if (begin == 0 && end == length)
        return;
    Placed *trimmed = placed_slice(*line, begin, end - begin);
    placed_free(*line);
    *line = trimmed;
}

static void read_instruction(Reader *reader, Placed *line, unsigned first_line)
{
    Dockerfile *file = reader->file;
    trim_line(&line);
    if (line->text->len == 0) {
        docker_problem(file, span_at(file->source, first_line, 1, 1),
                       "a continued line that holds no instruction");
        placed_free(line);
        return;
    }
    DockerInstruction *instruction = instruction_parse(file, line, 0);
    instruction->first_line = first_line;
    if (takes_heredocs(instruction))
        read_heredocs(reader, instruction);
    instruction->last_line = reader->line;
    if (instruction->trigger) {
        instruction->trigger->first_line = first_line;
        instruction->trigger->last_line = reader->line;
    }
    instruction_check(file, instruction);
    g_ptr_array_add(file->instructions, instruction);
}

static gboolean read_all(Reader *reader, GError **error)
{
    size_t start, length;
    while (reader_next(reader, &start, &length)) {
        unsigned first_line = reader->line;
        size_t space = leading_space(reader->text + start, length);
        start += space;
        length -= space;
        read_directive(reader, start, length);
        if (length == 0 || reader->text[start] == '#')
            continue;
        bool more = trim_continuation(reader, reader->text + start, &length);
        Placed *line = placed_new();
        placed_append(line, reader->text + start, length, start);
        if (more)
            read_continued(reader, line);
        read_instruction(reader, line, first_line);
        if (reader->file->instructions->len > LIMIT_DOCKERFILE_INSTRUCTIONS)
            return error_set(error, ERROR_INPUT, span_at(reader->file->source, first_line, 1, 0),
                             "a Dockerfile has at most %u instructions",
                             LIMIT_DOCKERFILE_INSTRUCTIONS);
    }
    return TRUE;
}

static gboolean check_size(Source *source, GError **error)
{
    size_t length;
    const char *text = source_text(source, &length);
    if (length > LIMIT_DOCKERFILE_BYTES)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is larger than %zu bytes",
                         source_name(source), LIMIT_DOCKERFILE_BYTES);
    const char *nul = memchr(text, '\0', length);
    if (nul) {
        Span at = span_of_bytes(source, (size_t)(nul - text), 1);
        at.column = 0; /* the line is not shown */
        bool wide = g_str_has_prefix(text, "\xff\xfe") || g_str_has_prefix(text, "\xfe\xff");
        return error_set(error, ERROR_INPUT, at,
                         wide ? "the file is UTF-16, and builders read UTF-8"
                              : "a NUL character: this is no Dockerfile");
    }
    size_t start = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] != '\n')
            continue;
        if (i - start >= LIMIT_DOCKERFILE_LINE_BYTES)
            return error_set(error, ERROR_INPUT, span_of_bytes(source, start, 1),
                             "a line is longer than %zu bytes", LIMIT_DOCKERFILE_LINE_BYTES);
        start = i + 1;
    }
    return TRUE;
}

/* The source with "?" for every byte that is no UTF-8: places stay the same. */
static Source *with_valid_text(Source *source)
{
    size_t length;
    const char *text = source_text(source, &length);
    if (g_utf8_validate(text, (gssize)length, NULL))
        return source_ref(source);
    g_autofree char *copy = g_memdup2(text, length + 1);
    const char *end;
    for (char *p = copy; !g_utf8_validate(p, (gssize)(length - (size_t)(p - copy)), &end);) {
        p = copy + (end - copy);
        *p++ = '?';
    }
    return source_new(source_name(source), copy, length);
}

Dockerfile *dockerfile_parse(Source *source, GError **error)
{
    if (!check_size(source, error))
        return NULL;
    g_autoptr(Dockerfile) file = g_new0(Dockerfile, 1);
    file->source = with_valid_text(source);
    file->escape = '\\';
    file->instructions = g_ptr_array_new_with_free_func((GDestroyNotify)docker_instruction_free);
    file->problems = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
    file->blank_lines = g_array_new(FALSE, FALSE, sizeof(unsigned));
    Reader reader = {.file = file};
    reader.text = source_text(file->source, &reader.length);
    if (g_str_has_prefix(reader.text, "\xef\xbb\xbf"))
        reader.at = 3;
    gboolean ok = read_all(&reader, error);
    g_free(reader.seen_escape);
    if (!ok)
        return NULL;
    if (file->instructions->len == 0)
        docker_problem(file, span_at(file->source, 1, 1, 0), "there is no instruction in it");
    return g_steal_pointer(&file);
}

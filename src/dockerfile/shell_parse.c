/* The grammar: lists, pipelines, compound commands, simple commands. */
#include "dockerfile/shell_private.h"

#include "base/limits.h"

static bool parse_command(ShellParser *parser);

/* Blanks, comments, line breaks */

void shell_skip_blanks(ShellParser *parser)
{
    for (;;) {
        char c = shell_peek(parser, 0);
        if (c == ' ' || c == '\t')
            parser->at++;
        else if (c == '\\' && shell_peek(parser, 1) == '\n')
            parser->at += 2;
        else
            break;
    }
    bool at_start = parser->at == 0 || shell_is_meta(parser->text[parser->at - 1]);
    if (shell_peek(parser, 0) != '#' || !at_start)
        return;
    size_t begin = parser->at;
    while (parser->at < parser->end && parser->text[parser->at] != '\n')
        parser->at++;
    size_t length = parser->at - begin;
    g_array_append_val(parser->script->comments, begin);
    g_array_append_val(parser->script->comments, length);
}

/* Reads the lines of a heredoc from parser->at on. */
static bool read_heredoc(ShellParser *parser, ShellRedirect *redirect)
{
    g_autofree char *marker = shell_word_value(redirect->target, NULL, NULL);
    redirect->body = parser->at;
    while (parser->at < parser->end) {
        const char *line = parser->text + parser->at;
        const char *end = memchr(line, '\n', parser->end - parser->at);
        size_t length = end ? (size_t)(end - line) : parser->end - parser->at;
        size_t tabs = 0, begin = parser->at;
        while (redirect->chomp && tabs < length && line[tabs] == '\t')
            tabs++;
        parser->at += length + (end ? 1 : 0);
        size_t shown = length - tabs;
        if (shown > 0 && line[length - 1] == '\r')
            shown--;
        if (shown == strlen(marker) && memcmp(line + tabs, marker, shown) == 0) {
            redirect->body_length = begin - redirect->body;
            return true;
        }
    }
    return shell_fail(parser, "a heredoc does not end");
}

bool shell_line_break(ShellParser *parser)
{
    parser->at++;
    for (guint i = 0; i < parser->heredocs->len; i++) {
        if (!read_heredoc(parser, parser->heredocs->pdata[i]))
            return false;
    }
    g_ptr_array_set_size(parser->heredocs, 0);
    return true;
}

/* Blanks and line breaks: POSIX's linebreak. */
static bool skip_lines(ShellParser *parser)
{
    shell_skip_blanks(parser);
    while (shell_peek(parser, 0) == '\n') {
        if (!shell_line_break(parser))
            return false;
        shell_skip_blanks(parser);
    }
    return true;
}

/* Reserved words */

/* Whether the bare word `text` stands here. */
static bool at_word(const ShellParser *parser, const char *text)
{
    return shell_looking_at(parser, text) && shell_is_meta(shell_peek(parser, strlen(text)));
}

static bool take_word(ShellParser *parser, const char *text)
{
    if (!at_word(parser, text))
        return false;
    parser->at += strlen(text);
    return true;
}

static bool expect_word(ShellParser *parser, const char *text)
{
    return take_word(parser, text) || shell_fail(parser, "a compound command is not closed");
}

static bool at_closing(const ShellParser *parser)
{
    static const char *const words[] = {"then", "do", "done", "fi", "else", "elif", "esac", "}"};
    if (parser->at >= parser->end || shell_peek(parser, 0) == ')' ||
        shell_looking_at(parser, ";;") || shell_looking_at(parser, ";&"))
        return true;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (at_word(parser, words[i]))
            return true;
    }
    return false;
}

/* Simple commands */

static ShellCommand *command_new(ShellParser *parser)
{
    ShellCommand *command = g_new0(ShellCommand, 1);
    command->assignments = g_ptr_array_new_with_free_func(shell_word_free);
    command->words = g_ptr_array_new_with_free_func(shell_word_free);
    command->redirects = g_ptr_array_new_with_free_func(shell_redirect_free);
    command->depth = parser->depth;
    command->isolated = parser->isolated;
    command->conditional = parser->conditional;
    command->forgiven = parser->forgiven;
    command->offset = parser->at;
    g_ptr_array_add(parser->script->commands, command);
    return command;
}

static bool at_assignment(const ShellParser *parser)
{
    size_t length = 0;
    char c = shell_peek(parser, 0);
    if (!g_ascii_isalpha(c) && c != '_')
        return false;
    while (g_ascii_isalnum(shell_peek(parser, length)) || shell_peek(parser, length) == '_')
        length++;
    if (shell_peek(parser, length) == '+')
        length++;
    return shell_peek(parser, length) == '=';
}

/* At the "(" of NAME=(...). */
static bool parse_array(ShellParser *parser)
{
    parser->at++;
    for (;;) {
        if (!skip_lines(parser))
            return false;
        char c = shell_peek(parser, 0);
        if (c == ')')
            break;
        g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(shell_word_free);
        if (shell_is_meta(c))
            return shell_fail(parser, "an array is not closed");
        ShellWord *word = shell_word_parse(parser);
        if (!word)
            return false;
        g_ptr_array_add(words, word);
    }
    parser->at++;
    return true;
}

static bool parse_assignment(ShellParser *parser, ShellCommand *command)
{
    ShellWord *word = shell_word_parse(parser);
    if (!word)
        return false;
    g_ptr_array_add(command->assignments, word);
    if (shell_peek(parser, 0) != '(')
        return true;
    if (parser->text[parser->at - 1] != '=' || !parse_array(parser))
        return shell_fail(parser, "a parenthesis stands where none can");
    ShellPart part = {SHELL_OTHER, true, NULL};
    g_array_append_val(word->parts, part);
    word->length = parser->at - word->offset;
    return true;
}

static bool parse_simple_piece(ShellParser *parser, ShellCommand *command, bool *ret_end)
{
    shell_skip_blanks(parser);
    bool glued = command->words->len > 0 && !strchr(" \t\n", parser->text[parser->at - 1]);
    char c = shell_peek(parser, 0);
    if (shell_at_redirect(parser))
        return shell_redirect_parse(parser, command->redirects, glued);
    bool process = shell_looking_at(parser, "<(") || shell_looking_at(parser, ">(");
    if (shell_is_meta(c) && !process) {
        *ret_end = true;
        return c != '(' || shell_fail(parser, "a parenthesis stands where none can");
    }
    if (command->words->len == 0 && at_assignment(parser))
        return parse_assignment(parser, command);
    ShellWord *word = shell_word_parse(parser);
    if (!word)
        return false;
    g_ptr_array_add(command->words, word);
    command->length = parser->at - command->offset;
    return true;
}

/* "name ()" was read up to the parenthesis: the body follows. */
static bool parse_function(ShellParser *parser)
{
    parser->at++;
    shell_skip_blanks(parser);
    if (shell_peek(parser, 0) != ')')
        return shell_fail(parser, "a parenthesis stands where none can");
    parser->at++;
    bool saved = parser->conditional;
    parser->conditional = true;
    parser->depth++;
    bool ok = skip_lines(parser) && parse_command(parser);
    parser->depth--;
    parser->conditional = saved;
    return ok;
}

static bool at_function(ShellParser *parser, const ShellCommand *command)
{
    if (command->words->len != 1 || command->assignments->len > 0 || command->redirects->len > 0)
        return false;
    shell_skip_blanks(parser);
    return shell_peek(parser, 0) == '(';
}

static bool parse_simple(ShellParser *parser)
{
    if (parser->script->commands->len >= LIMIT_SHELL_COMMANDS)
        return shell_fail(parser, "it has too many commands");
    ShellCommand *command = command_new(parser);
    guint number = parser->script->commands->len - 1;
    for (bool end = false; !end;) {
        if (!parse_simple_piece(parser, command, &end))
            return false;
        if (at_function(parser, command)) {
            g_ptr_array_remove_index(parser->script->commands, number);
            return parse_function(parser);
        }
    }
    if (command->words->len + command->assignments->len + command->redirects->len == 0)
        return shell_fail(parser, "a command is missing");
    return true;
}

/* Compound commands */

/* A list in surroundings of its own, behind which `close` must stand. */
static bool parse_body(ShellParser *parser, bool isolated, bool conditional, bool forgiven)
{
    ShellParser saved = *parser;
    parser->depth++;
    parser->isolated = parser->isolated || isolated;
    parser->conditional = parser->conditional || conditional;
    parser->forgiven = parser->forgiven || forgiven;
    bool ok = shell_parse_list(parser);
    parser->depth = saved.depth;
    parser->isolated = saved.isolated;
    parser->conditional = saved.conditional;
    parser->forgiven = saved.forgiven;
    return ok;
}

static void add_range(GArray *branches, size_t begin, size_t end)
{
    size_t length = end - begin;
    g_array_append_val(branches, begin);
    g_array_append_val(branches, length);
}

static bool parse_branches(ShellParser *parser, GArray *branches)
{
    do {
        size_t begin = parser->at;
        if (!parse_body(parser, false, false, true))
            return false;
        add_range(branches, begin, parser->at);
        if (!expect_word(parser, "then"))
            return false;
        begin = parser->at;
        if (!parse_body(parser, false, true, false))
            return false;
        add_range(branches, begin, parser->at);
    } while (take_word(parser, "elif"));
    if (!take_word(parser, "else"))
        return true;
    add_range(branches, parser->at, parser->at);
    size_t begin = parser->at;
    if (!parse_body(parser, false, true, false))
        return false;
    add_range(branches, begin, parser->at);
    return true;
}

static bool parse_if(ShellParser *parser)
{
    g_autoptr(GArray) branches = g_array_new(FALSE, FALSE, sizeof(size_t));
    if (!parse_branches(parser, branches) || !expect_word(parser, "fi"))
        return false;
    if (parser->depth == 0) {
        g_clear_pointer(&parser->branches, g_array_unref);
        parser->branches = g_steal_pointer(&branches);
    }
    return true;
}

static bool parse_do(ShellParser *parser)
{
    return skip_lines(parser) && expect_word(parser, "do") &&
           parse_body(parser, false, true, false) && expect_word(parser, "done");
}

static bool parse_while(ShellParser *parser)
{
    return parse_body(parser, false, false, true) && parse_do(parser);
}

/* Goes behind "))". */
static bool skip_arithmetic(ShellParser *parser)
{
    unsigned depth = 0;
    for (; parser->at < parser->end; parser->at++) {
        char c = parser->text[parser->at];
        if (strchr("'\"`\\\n", c))
            return shell_fail(parser, "arithmetic with quotes in it");
        depth += c == '(';
        if (c == ')' && --depth == 0) {
            bool closed = parser->text[parser->at - 1] == ')';
            parser->at++;
            return closed || shell_fail(parser, "two parentheses that are no arithmetic");
        }
    }
    return shell_fail(parser, "a parenthesis is not closed");
}

/* Words up to the end of the line, which nobody looks at. */
static bool skip_words(ShellParser *parser)
{
    for (;;) {
        shell_skip_blanks(parser);
        if (shell_is_meta(shell_peek(parser, 0)))
            return true;
        ShellWord *word = shell_word_parse(parser);
        if (!word)
            return false;
        shell_word_free(word);
    }
}

static bool parse_for(ShellParser *parser)
{
    shell_skip_blanks(parser);
    if (shell_looking_at(parser, "((")) {
        if (!skip_arithmetic(parser))
            return false;
    } else {
        ShellWord *name = shell_is_meta(shell_peek(parser, 0)) ? NULL : shell_word_parse(parser);
        if (!name)
            return shell_fail(parser, "a loop has no variable");
        char *plain = shell_word_value(name, NULL, NULL);
        if (plain)
            g_ptr_array_add(parser->script->names, plain);
        shell_word_free(name);
        if (!skip_lines(parser))
            return false;
        if (take_word(parser, "in") && !skip_words(parser))
            return false;
    }
    shell_skip_blanks(parser);
    if (shell_peek(parser, 0) == ';')
        parser->at++;
    return parse_do(parser);
}

/* "pattern | pattern )" */
static bool skip_patterns(ShellParser *parser)
{
    if (shell_peek(parser, 0) == '(')
        parser->at++;
    for (;;) {
        if (!skip_words(parser))
            return false;
        char c = shell_peek(parser, 0);
        if (c != '|' && c != ')')
            return shell_fail(parser, "a branch of `case` has no ')'");
        parser->at++;
        if (c == ')')
            return true;
    }
}

static bool parse_case(ShellParser *parser)
{
    if (!skip_words(parser) || !skip_lines(parser))
        return false;
    while (!take_word(parser, "esac")) {
        if (parser->at >= parser->end)
            return shell_fail(parser, "a compound command is not closed");
        if (!skip_patterns(parser) || !parse_body(parser, false, true, false))
            return false;
        if (shell_looking_at(parser, ";;&"))
            parser->at += 3;
        else if (shell_looking_at(parser, ";;") || shell_looking_at(parser, ";&"))
            parser->at += 2;
        else if (!at_word(parser, "esac"))
            return shell_fail(parser, "a compound command is not closed");
        if (!skip_lines(parser))
            return false;
    }
    return true;
}

static bool parse_group(ShellParser *parser)
{
    return parse_body(parser, false, false, false) && expect_word(parser, "}");
}

/* The words of [[ ]], with the signs between them. */
static bool parse_test(ShellParser *parser)
{
    for (;;) {
        shell_skip_blanks(parser);
        if (take_word(parser, "]]"))
            return true;
        char c = shell_peek(parser, 0);
        if (parser->at >= parser->end || c == ';')
            return shell_fail(parser, "[[ is not closed");
        if (shell_is_meta(c)) {
            parser->at++;
            continue;
        }
        ShellWord *word = shell_word_parse(parser);
        if (!word)
            return false;
        shell_word_free(word);
    }
}

/* "function name" or "function name ()" */
static bool parse_named_function(ShellParser *parser)
{
    shell_skip_blanks(parser);
    ShellWord *name = shell_is_meta(shell_peek(parser, 0)) ? NULL : shell_word_parse(parser);
    if (!name)
        return shell_fail(parser, "a function has no name");
    shell_word_free(name);
    shell_skip_blanks(parser);
    if (shell_looking_at(parser, "()"))
        parser->at++;
    else if (shell_peek(parser, 0) == '(')
        return shell_fail(parser, "a parenthesis stands where none can");
    else
        parser->at--;
    bool saved = parser->conditional;
    parser->at++;
    parser->conditional = true;
    bool ok = skip_lines(parser) && parse_command(parser);
    parser->conditional = saved;
    return ok;
}

/* At "(". */
static bool parse_subshell(ShellParser *parser)
{
    if (shell_looking_at(parser, "(("))
        return skip_arithmetic(parser);
    parser->at++;
    if (!parse_body(parser, true, false, false))
        return false;
    if (shell_peek(parser, 0) != ')')
        return shell_fail(parser, "a parenthesis is not closed");
    parser->at++;
    return true;
}

static bool parse_redirects(ShellParser *parser)
{
    for (;;) {
        shell_skip_blanks(parser);
        if (!shell_at_redirect(parser))
            return true;
        /* the redirections of compound commands are read, and kept for their heredocs' sake */
        ShellCommand *command = command_new(parser);
        if (!shell_redirect_parse(parser, command->redirects, false))
            return false;
    }
}

static bool parse_command(ShellParser *parser)
{
    /* clang-format off */
    static const struct {
        const char *word;
        bool (*parse)(ShellParser *parser);
    } compounds[] = {
        {"if", parse_if},       {"while", parse_while}, {"until", parse_while},
        {"for", parse_for},     {"select", parse_for},  {"case", parse_case},
        {"{", parse_group},     {"[[", parse_test},     {"function", parse_named_function},
    };
    /* clang-format on */
    if (!shell_enter(parser))
        return false;
    if (at_word(parser, "!"))
        return shell_fail(parser, "a '!' stands where none can");
    bool (*parse)(ShellParser *) = shell_peek(parser, 0) == '(' ? parse_subshell : NULL;
    for (guint i = 0; !parse && i < G_N_ELEMENTS(compounds); i++) {
        if (take_word(parser, compounds[i].word))
            parse = compounds[i].parse;
    }
    bool compound = parse != NULL;
    bool ok = parse ? parse(parser) && parse_redirects(parser) : parse_simple(parser);
    shell_leave(parser);
    parser->compound = compound;
    return ok;
}

/* Lists */

static void set_links(ShellParser *parser, guint begin, guint end, ShellLink before,
                      ShellLink after)
{
    for (guint i = begin; i < end; i++) {
        ShellCommand *command = parser->script->commands->pdata[i];
        if (command->depth != parser->depth)
            continue;
        command->before = before;
        command->after = after;
    }
}

/* What stands between two commands, which is taken; SHELL_LINK_NONE: nothing of a list. */
static ShellLink take_link(ShellParser *parser)
{
    shell_skip_blanks(parser);
    static const struct {
        const char *sign;
        ShellLink link;
    } links[] = {{"&&", SHELL_LINK_AND},
                 {"||", SHELL_LINK_OR},
                 {"|&", SHELL_LINK_PIPE},
                 {"|", SHELL_LINK_PIPE},
                 {"&", SHELL_LINK_BACKGROUND}};
    for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
        if (shell_looking_at(parser, links[i].sign)) {
            parser->at += strlen(links[i].sign);
            return links[i].link;
        }
    }
    if (shell_looking_at(parser, ";;") || shell_looking_at(parser, ";&"))
        return SHELL_LINK_NONE;
    if (shell_peek(parser, 0) == ';') {
        parser->at++;
        return SHELL_LINK_THEN;
    }
    return shell_peek(parser, 0) == '\n' ? SHELL_LINK_THEN : SHELL_LINK_NONE;
}

/* Marks what became known behind the commands [begin, end): they are in a pipe or the background,
 * or their failure is forgiven. */
static void mark(ShellParser *parser, guint begin, guint end, ShellLink link)
{
    for (guint i = begin; i < end; i++) {
        ShellCommand *command = parser->script->commands->pdata[i];
        if (link == SHELL_LINK_PIPE || link == SHELL_LINK_BACKGROUND)
            command->isolated = true;
        if (link == SHELL_LINK_OR || link == SHELL_LINK_BACKGROUND)
            command->forgiven = true;
    }
}

/* Where the pieces of the list begin: the and-or list that grows and the pipeline in it. */
typedef struct {
    guint chain, pipeline, command;
    ShellLink before;
} ListState;

/* What was read from `offset` on, at the outermost level, as a step. */
static void add_step(ShellParser *parser, const ListState *state, size_t offset, size_t end,
                     ShellLink after)
{
    if (parser->depth > 0)
        return;
    ShellStep *step = g_new0(ShellStep, 1);
    step->offset = offset;
    step->length = end - offset;
    step->before = state->before;
    step->after = after;
    step->begin = state->command;
    step->end = parser->script->commands->len;
    step->compound = parser->compound;
    step->negated = parser->text[offset] == '!';
    step->branches = g_steal_pointer(&parser->branches);
    g_ptr_array_add(parser->script->steps, step);
}

/* The end of what stands before `at`, without blanks. */
static size_t end_before(const ShellParser *parser, size_t begin, size_t at)
{
    while (at > begin && strchr(" \t\n", parser->text[at - 1]))
        at--;
    return at;
}

static bool parse_piped(ShellParser *parser, const ListState *state)
{
    bool isolated = parser->isolated, conditional = parser->conditional,
         forgiven = parser->forgiven;
    bool negated = state->before != SHELL_LINK_PIPE && take_word(parser, "!");
    shell_skip_blanks(parser);
    if (take_word(parser, "time"))
        shell_skip_blanks(parser);
    parser->forgiven = forgiven || negated;
    parser->isolated = isolated || state->before == SHELL_LINK_PIPE;
    parser->conditional = conditional || state->before == SHELL_LINK_OR;
    bool ok = parse_command(parser);
    parser->isolated = isolated;
    parser->conditional = conditional;
    parser->forgiven = forgiven;
    return ok;
}

bool shell_parse_list(ShellParser *parser)
{
    const GPtrArray *commands = parser->script->commands;
    ListState state = {commands->len, commands->len, commands->len, SHELL_LINK_NONE};
    if (!skip_lines(parser))
        return false;
    while (!at_closing(parser)) {
        state.command = commands->len;
        size_t offset = parser->at;
        if (!parse_piped(parser, &state))
            return false;
        size_t end = end_before(parser, offset, parser->at);
        ShellLink link = take_link(parser);
        add_step(parser, &state, offset, end, link);
        set_links(parser, state.command, commands->len, state.before, link);
        if (link == SHELL_LINK_PIPE)
            mark(parser, state.pipeline, commands->len, link);
        else if (link == SHELL_LINK_OR || link == SHELL_LINK_BACKGROUND)
            mark(parser, state.chain, commands->len, link);
        if (link == SHELL_LINK_NONE)
            break;
        if (link != SHELL_LINK_PIPE)
            state.pipeline = commands->len;
        if (link == SHELL_LINK_THEN || link == SHELL_LINK_BACKGROUND)
            state.chain = commands->len;
        state.before = link;
        if (!skip_lines(parser))
            return false;
        bool needs_more =
            link == SHELL_LINK_AND || link == SHELL_LINK_OR || link == SHELL_LINK_PIPE;
        if (needs_more && at_closing(parser))
            return shell_fail(parser, "a command is missing");
    }
    return true;
}

#include "check/source_book.h"

#include "base/limits.h"

struct SourceBook {
    RecipeFile *file;
    GPtrArray *sources; /* Source: of the recipe, then those that were read here */
    guint of_recipe;    /* how many of them are the recipe's */
    GHashTable *absent; /* set of names that can't be read */
};

static void unref_source(void *source)
{
    source_unref(source);
}

SourceBook *source_book_new(RecipeFile *file)
{
    SourceBook *book = g_new0(SourceBook, 1);
    book->file = recipe_file_ref(file);
    book->sources = g_ptr_array_new_with_free_func(unref_source);
    book->absent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GPtrArray *own = recipe_file_sources(file);
    for (guint i = 0; i < own->len; i++)
        g_ptr_array_add(book->sources, source_ref(own->pdata[i]));
    book->of_recipe = book->sources->len;
    return book;
}

void source_book_free(SourceBook *book)
{
    if (!book)
        return;
    g_ptr_array_unref(book->sources);
    g_hash_table_unref(book->absent);
    recipe_file_unref(book->file);
    g_free(book);
}

static Source *find_source(SourceBook *book, const char *name)
{
    for (guint i = 0; i < book->sources->len; i++) {
        if (g_str_equal(source_name(book->sources->pdata[i]), name))
            return book->sources->pdata[i];
    }
    if (g_hash_table_contains(book->absent, name))
        return NULL;
    g_autofree char *path = g_canonicalize_filename(name, recipe_file_dir(book->file));
    Source *source = source_load(path, name, LIMIT_REQUIREMENTS_BYTES, NULL);
    if (source)
        g_ptr_array_add(book->sources, source);
    else
        g_hash_table_add(book->absent, g_strdup(name));
    return source;
}

Span source_book_find(SourceBook *book, const char *address)
{
    const char *colon = address ? strrchr(address, ':') : NULL;
    guint64 line = 0;
    if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 1, G_MAXINT, &line, NULL))
        return SPAN_NONE;
    g_autofree char *name = g_strndup(address, (size_t)(colon - address));
    Source *source = find_source(book, name);
    size_t length;
    if (!source || !source_line(source, (unsigned)line, &length))
        return SPAN_NONE;
    return span_at(source, (unsigned)line, 0, 0);
}

static bool is_name_char(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

/* Where the word stands in the line, names compared as indexes do; -1: nowhere. */
static long find_word(const char *line, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; size > 0 && i + size <= length; i++) {
        bool begins = i == 0 || !is_name_char(line[i - 1]);
        bool ends = i + size == length || !is_name_char(line[i + size]);
        bool same = begins && ends;
        for (size_t k = 0; same && k < size; k++) {
            char a = g_ascii_tolower(line[i + k]), b = g_ascii_tolower(word[k]);
            same = a == b || (strchr("-_.", a) && strchr("-_.", b));
        }
        if (same)
            return (long)i;
    }
    return -1;
}

static Span locate_word(Span at, const char *word)
{
    size_t length;
    const char *line = source_line(at.source, at.line, &length);
    const char *comment = memchr(line, '#', length);
    long place = word ? find_word(line, comment ? (size_t)(comment - line) : length, word) : -1;
    if (place < 0)
        return at;
    at.column = (unsigned)g_utf8_strlen(line, place) + 1;
    at.width = (unsigned)g_utf8_strlen(word, -1);
    return at;
}

/* The first character that is no indentation, so that the line is shown. */
static Span locate_begin(Span at)
{
    size_t length, blanks = 0;
    const char *line = source_line(at.source, at.line, &length);
    while (blanks < length && (line[blanks] == ' ' || line[blanks] == '\t'))
        blanks++;
    at.column = (unsigned)blanks + 1;
    return at;
}

Span source_book_locate(SourceBook *book, const Finding *finding)
{
    Span at = source_book_find(book, finding->at);
    if (!span_is_set(at))
        return at;
    at.column = finding->column;
    at.width = finding->width;
    g_autofree char *required =
        finding->requirement
            ? g_strndup(finding->requirement, strcspn(finding->requirement, " <>=!~;[("))
            : NULL;
    if (at.column == 0)
        at = locate_word(at, finding->distribution);
    if (at.column == 0)
        at = locate_word(at, required);
    return at.column == 0 ? locate_begin(at) : at;
}

char *source_book_path(const SourceBook *book, const Source *source)
{
    for (guint i = 0; i < book->of_recipe; i++) {
        if (book->sources->pdata[i] == source)
            return g_strdup(source_name(source));
    }
    const char *path = recipe_file_path(book->file);
    g_autofree char *folder = g_path_get_dirname(path);
    if (g_str_equal(folder, ".") || g_path_is_absolute(source_name(source)))
        return g_strdup(source_name(source));
    return g_build_filename(folder, source_name(source), NULL);
}

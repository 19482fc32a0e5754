#include "check/fix_edit.h"
#include "test.h"

static const char recipe_text[] =
    "version: 1\n"
    "base: scratch\n"
    "python: 3.11\n"
    "libc: glibc 2.36\n"
    "vars: {six: 1.16.0}\n"
    "matrix:\n"
    "  old: {torch: 2.6.0, bnb: 2.6.0}\n"
    "  new:\n"
    "    torch: 2.7.1\n"
    "    bnb: 0.45.0\n"
    "stages:\n"
    "  - pip: [torch==$(torch), bitsandbytes==$(bnb), six==$(six)]\n"
    "  - pip: [\"numpy == 1.26.4\", \"scipy>=1.11,<1.13\"]\n"
    "  - pip: {install: [attrs==23.1.0], name: attrs-23.1.0}\n"
    "  - pip: [\"idna[all]==3.7\", certifi, wheel==1.0.1, tool==1.0]\n";

static const struct {
    const char *name, *row, *address, *requirement, *wanted;
    const char *expected; /* line behind the edit, or NULL */
} rows[] = {
    /* clang-format off */
    {"row in one line", "old", "r.yaml:12", "torch==2.6.0", "2.8.0",
     "  old: {torch: 2.8.0, bnb: 2.6.0}"},
    {"same value twice", "old", "r.yaml:12", "bitsandbytes==2.6.0", "2.8.0",
     "  old: {torch: 2.6.0, bnb: 2.8.0}"},
    {"row in lines", "new", "r.yaml:12", "bitsandbytes==0.45.0", "0.45.2", "    bnb: 0.45.2"},
    {"blanks stay", "new", "r.yaml:13", "numpy == 1.26.4", "2.0.0",
     "  - pip: [\"numpy == 2.0.0\", \"scipy>=1.11,<1.13\"]"},
    {"range", "new", "r.yaml:13", "scipy>=1.11,<1.13", "1.14.0",
     "  - pip: [\"numpy == 1.26.4\", \"scipy==1.14.0\"]"},
    {"version twice", "new", "r.yaml:14", "attrs==23.1.0", "24.1.0",
     "  - pip: {install: [attrs==24.1.0], name: attrs-23.1.0}"},
    {"extras", "new", "r.yaml:15", "idna[all]==3.7", "3.8",
     "  - pip: [\"idna[all]==3.8\", certifi, wheel==1.0.1, tool==1.0]"},
    {"no version", "new", "r.yaml:15", "certifi", "2024.1.1",
     "  - pip: [\"idna[all]==3.7\", certifi==2024.1.1, wheel==1.0.1, tool==1.0]"},
    {"one within another", "new", "r.yaml:15", "tool==1.0", "1.1",
     "  - pip: [\"idna[all]==3.7\", certifi, wheel==1.0.1, tool==1.1]"},
    {"not there", "new", "r.yaml:15", "absent==1", "2", NULL},
    {"no such line", "new", "r.yaml:99", "tool==1.0", "2", NULL},
    {"no such file", "new", "absent.txt:1", "tool==1.0", "2", NULL},
    /* clang-format on */
};

static char *changed_line(const FixEdit *edit)
{
    g_autoptr(GPtrArray) edits = g_ptr_array_new();
    fix_edits_add(edits, (FixEdit *)edit);
    fix_edits_add(edits, (FixEdit *)edit);
    g_assert_cmpuint(edits->len, ==, 1);
    g_autofree char *text = fix_edits_apply(edits, edit->source);
    g_auto(GStrv) before = g_strsplit(recipe_text, "\n", -1);
    g_auto(GStrv) after = g_strsplit(text, "\n", -1);
    char *found = NULL;
    for (guint i = 0; before[i] && after[i]; i++) {
        if (g_str_equal(before[i], after[i]))
            continue;
        g_assert_null(found);
        found = g_strdup(after[i]);
    }
    return found;
}

static void check_row(size_t i)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_new("r.yaml", recipe_text, strlen(recipe_text));
    g_autoptr(RecipeFile) file = recipe_file_from_source(source, "r.yaml", diags);
    RecipeOptions options = {0};
    g_autoptr(Recipe) recipe = recipe_decode(file, rows[i].row, &options, diags);
    g_autofree char *said = diags_format(diags, false);
    assert_text(rows[i].name, "", said);
    g_autoptr(SourceBook) book = source_book_new(file);
    FixEdit *edit =
        fix_edit_version(book, recipe, rows[i].address, rows[i].requirement, rows[i].wanted);
    g_autofree char *line = edit ? changed_line(edit) : g_strdup("none");
    assert_text(rows[i].name, rows[i].expected ? rows[i].expected : "none", line);
    fix_edit_free(edit);
}

TEST(versions)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        check_row(i);
}

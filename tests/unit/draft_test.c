#include "import/draft.h"
#include "test.h"
#include "text/yaml.h"

/* What the recipe's reader finds under `key` of the text. */
static char *read_back(const char *text, const char *key)
{
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_new("r.yaml", text, strlen(text));
    const Node *root = yaml_parse(arena, source, diags);
    g_autofree char *problems = diags_format(diags, false);
    assert_text(text, "", problems);
    const Node *found = node_find(root, key);
    while (found && found->kind != NODE_SCALAR)
        found = found->kind == NODE_LIST ? found->items[0] : found->pairs[0].value;
    g_assert_nonnull(found);
    g_assert_false(node_is_absent(found) && *found->text == '\0');
    return g_strdup(found->text);
}

static const char *const texts[] = {
    "",
    " ",
    "a",
    "a b",
    " a",
    "a ",
    "yes",
    "No",
    "3.10",
    "1e5",
    "-",
    "--",
    "-u",
    "- a",
    "?",
    "? a",
    "key: value",
    "a:b",
    "a:",
    ":a",
    "a #b",
    "a#b",
    "#a",
    "[a]",
    "a]",
    "{a}",
    "a, b",
    "a,b",
    "&a",
    "*",
    "!a",
    "|",
    ">=1",
    "a>=1,<2",
    "'",
    "\"",
    "a'b\"c",
    "%a",
    "@a",
    "`a`",
    "~",
    "null",
    "=",
    "<<",
    "---",
    "...",
    "a\\b",
    "a\nb",
    "a\nb\n",
    "a\nb\n\n",
    "\na",
    " a\nb",
    "a\n\tb",
    "a\tb",
    "a\r\nb",
    "\x01",
    "\x7f",
    "\xc2\x80",
    "\xc2\xa0",
    "\xe2\x80\xa8",
    "\xef\xbb\xbf",
    "\xf0\x9f\x98\x80",
    "a\n\xe2\x80\xa9",
    "$(a)",
    "$$(a)",
    "https://example.org/simple#frag",
    "set -e\nif true; then\n    echo '#'\n\n    echo b  \nfi",
    "a\n  ",
    "x\n\n\n",
    "2024-01-01",
    "\xef\xbf\xbe",
    "echo a: b",
    "torch==2.6.0+cu124",
    "name[extra]==1",
    "/opt/venv/bin:$PATH",
    "a very long text that does not fit on any line of a recipe, because it has more than a "
    "hundred "
    "characters, and a comma",
};

static DraftValue *wrapped(const char *text, int how)
{
    DraftValue *value = draft_text(text);
    if (how == 1 || how == 3) {
        DraftValue *list = draft_list();
        draft_add(list, value);
        value = list;
    }
    if (how == 2 || how == 3) {
        DraftValue *map = draft_map();
        draft_set(map, "x", value);
        draft_set_text(map, "y",
                       "a text that makes the map longer than the line has room for, "
                       "so that it is written as a block");
        value = map;
    }
    return value;
}

TEST(texts_are_read_back)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (int how = 0; how < 4; how++) {
            g_autoptr(Draft) draft = draft_new();
            draft_set(draft->keys, "env", wrapped(texts[i], how));
            g_autofree char *text = draft_format(draft);
            g_autofree char *found = read_back(text, "env");
            assert_text(text, texts[i], found);
        }
    }
}

TEST(texts_in_stages_are_read_back)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        for (int how = 0; how < 4; how++) {
            g_autoptr(Draft) draft = draft_new();
            DraftStage *stage = draft_stage_add(draft->stages, "run", wrapped(texts[i], how));
            stage->origin = g_strdup("Dockerfile:1");
            g_autofree char *text = draft_format(draft);
            g_autofree char *found = read_back(text, "stages");
            assert_text(text, texts[i], found);
        }
    }
}

static DraftValue *pip_body(void)
{
    DraftValue *pip = draft_map();
    draft_append_text(pip, "install", "triton==2.3.1");
    draft_set_true(pip, "force_reinstall");
    draft_set_true(pip, "no_deps");
    draft_set_text(pip, "index", "cu124");
    return pip;
}

TEST(a_recipe)
{
    g_autoptr(Draft) draft = draft_new();
    draft->comment = g_strdup("From a Dockerfile.\n\nTo be read.");
    draft_set_text(draft_need_map(draft->keys, "env"), "A", "1");
    draft_set_text(draft->keys, "base", "python:3.11-slim");
    draft_set_plain(draft->keys, "python", "3.11");
    draft_say(draft, "python", "of the base's tag");
    draft_set_text(draft->keys, "name", "app");
    DraftValue *install = draft_list();
    draft_add_text(install, "numpy>=1,<2");
    draft_add_text(install, "requests");
    DraftStage *stage = draft_stage_add(draft->stages, "pip", install);
    draft_stage_say(stage, "What it needs");
    draft_stage_say(stage, "");
    stage->origin = g_strdup("Dockerfile:4");
    stage = draft_stage_add(draft->stages, "pip", pip_body());
    stage->origin = g_strdup("Dockerfile:5");
    draft_stage_add(draft->stages, "run", draft_text("set -e\nmake\n"));
    DraftPart *part = draft_part(draft, "builder");
    draft_set_text(part->keys, "base", "golang:1.22");
    draft_stage_add(part->stages, "run", draft_text("go build"));
    g_assert_true(draft_part(draft, "builder") == part);
    for (int i = 0; i < 2; i++) {
        DraftValue *check = draft_map();
        draft_append_text(check, "import", "numpy");
        draft_check(draft, "build", check);
    }
    g_autofree char *text = draft_format(draft);
    assert_text(NULL,
                "# From a Dockerfile.\n"
                "#\n"
                "# To be read.\n"
                "version: 1\n"
                "name: app\n"
                "base: python:3.11-slim\n"
                "python: 3.11  # of the base's tag\n"
                "\n"
                "parts:\n"
                "  builder:\n"
                "    base: golang:1.22\n"
                "    stages:\n"
                "      - run: go build\n"
                "\n"
                "stages:\n"
                "  # What it needs\n"
                "  #\n"
                "  - pip: [\"numpy>=1,<2\", requests]  # Dockerfile:4\n"
                "  - pip:  # Dockerfile:5\n"
                "      install: [triton==2.3.1]\n"
                "      force_reinstall: true\n"
                "      no_deps: true\n"
                "      index: cu124\n"
                "  - run: |\n"
                "      set -e\n"
                "      make\n"
                "\n"
                "checks:\n"
                "  build:\n"
                "    - import: [numpy]\n"
                "\n"
                "env: {A: \"1\"}\n",
                text);
}

static const struct {
    const char *url, *name;
} indexes[] = {
    {"https://download.pytorch.org/whl/cu124", "cu124"},
    {"https://download.pytorch.org/whl/cpu/", "cpu"},
    {"https://download.pytorch.org/whl/rocm6.2", "rocm6.2"},
    {"https://download.pytorch.org/whl/nightly/cu124", "pytorch"},
    {"https://download.pytorch.org/whl/", "pytorch-2"},
    {"https://packages.example.org/simple", "example"},
    {"https://other.example.org/simple", "example-2"},
    {"https://packages.example.org/simple", "example"},
    {"http://user:word@127.0.0.1:9/simple", "index"},
};

TEST(index_names)
{
    g_autoptr(Draft) draft = draft_new();
    for (size_t i = 0; i < G_N_ELEMENTS(indexes); i++)
        assert_text(indexes[i].url, indexes[i].name, draft_index(draft, indexes[i].url));
    g_assert_cmpuint(draft_count(draft_get(draft->keys, "indexes")), ==, 5);
}

TEST(notes)
{
    g_autoptr(Draft) draft = draft_new();
    g_autoptr(Source) source = source_new("Dockerfile", "a\nb\n", 4);
    draft_add_source(draft, source);
    draft_note(draft, NOTE_KEPT, span_at(source, 2, 1, 1), "as %s", "run");
    draft_note(draft, NOTE_LOST, SPAN_NONE, "all");
    g_autofree char *text = draft_format_notes(draft);
    assert_text(NULL, "Dockerfile:2: kept: as run\nnot carried: all\n", text);
    const DraftNote *last = draft->notes->pdata[1];
    g_assert_cmpuint(draft->notes->len, ==, 2);
    g_assert_cmpint(last->kind, ==, NOTE_LOST);
}

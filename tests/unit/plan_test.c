#include "lock/lock_chains.h"
#include "plan/plan.h"
#include "sample_lock.h"
#include "test.h"

static char *chains_text(const GPtrArray *chains)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < chains->len; i++) {
        const GPtrArray *chain = chains->pdata[i];
        g_string_append(text, i > 0 ? " | " : "");
        for (guint k = 0; k < chain->len; k++)
            g_string_append_printf(text, "%s%s", k > 0 ? " > " : "", (char *)chain->pdata[k]);
    }
    return g_string_free(text, FALSE);
}

TEST(chains)
{
    g_autoptr(Lock) lock = sample_lock();
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    static const struct {
        unsigned stage, action;
        const char *chains;
    } rows[] = {
        {0, 0, "ramekin.yaml:9 > torch 2.6.0"},
        {0, 1, "ramekin.yaml:9 > torch 2.6.0"},
        {0, 2, "ramekin.yaml:9"},
        {1, 1, "requirements.txt:1 > bitsandbytes 0.45.0"},
        {2, 0, "ramekin.yaml:12"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const PlanStage *stage = plan->stages->pdata[rows[i].stage];
        const PlanAction *action = stage->actions->pdata[rows[i].action];
        g_autofree char *text = chains_text(action->because);
        assert_text(NULL, rows[i].chains, text);
    }
}

static LockAction *bare_action(LockStage *stage, const char *name)
{
    LockAction *action = lock_action_new("install", name, "1");
    g_ptr_array_add(stage->actions, action);
    return action;
}

/* Each user line once, by its shortest way, nearest first; cycles end; the number is bounded. */
TEST(chains_of_many_lines)
{
    g_autoptr(LockTarget) target = lock_target_new(NULL, "linux/amd64");
    LockStage *stage = sample_stage(target, "s", "pip", "r:1");
    LockAction *a = bare_action(stage, "a"), *b = bare_action(stage, "b");
    LockAction *c = bare_action(stage, "c");
    sample_edge(a, "r:2", "a");
    sample_edge(a, "c", "a");
    sample_edge(b, "a", "b");
    sample_edge(b, "r:3", "b");
    sample_edge(c, "b", "c");
    sample_edge(c, "a", "c");
    sample_edge(c, "nowhere", "c");
    g_autoptr(GPtrArray) chains = lock_chains(stage);
    const char *const expected[] = {"r:2 | r:3 > b 1 > c 1", "r:3 | r:2 > a 1",
                                    "r:2 > a 1 | r:3 > b 1"};
    for (guint i = 0; i < 3; i++) {
        g_autofree char *text = chains_text(chains->pdata[i]);
        assert_text(NULL, expected[i], text);
    }
    for (unsigned i = 0; i < 20; i++) {
        g_autofree char *line = g_strdup_printf("r:%u", 10 + i);
        sample_edge(c, line, "c");
    }
    g_autoptr(GPtrArray) many = lock_chains(stage);
    g_assert_cmpuint(((GPtrArray *)many->pdata[2])->len, ==, LOCK_CHAINS);
    g_assert_cmpuint(((GPtrArray *)many->pdata[0])->len, ==, LOCK_CHAINS);
}

static const char document_start[] = "{\n"
                                     "  \"schema\": \"ramekin.plan/1\",\n"
                                     "  \"recipe\": null,\n"
                                     "  \"row\": null,\n"
                                     "  \"platform\": \"linux/amd64\",\n"
                                     "  \"python\": \"3.11\",\n"
                                     "  \"libc\": \"glibc 2.36\",\n"
                                     "  \"stages\": [\n"
                                     "    {\n"
                                     "      \"name\": \"torch\",\n"
                                     "      \"kind\": \"pip\",\n"
                                     "      \"at\": \"ramekin.yaml:9\",\n"
                                     "      \"status\": \"solved\",\n"
                                     "      \"actions\": [\n"
                                     "        {\n"
                                     "          \"action\": \"install\",\n"
                                     "          \"name\": \"triton\",\n"
                                     "          \"version\": \"3.2.0\",\n"
                                     "          \"from\": null,\n"
                                     "          \"index\": \"cu124\",\n"
                                     "          \"file\": \"triton-3.2.0-py3-none-any.whl\",\n"
                                     "          \"sha256\": "
                                     "\"22222222222222222222222222222222222222222222222222222222222"
                                     "22222\",\n"
                                     "          \"size\": 253100000,\n"
                                     "          \"requested\": false,\n"
                                     "          \"because\": [[\"ramekin.yaml:9\", \"torch "
                                     "2.6.0\"]]\n"
                                     "        },\n";

TEST(json)
{
    g_autoptr(Lock) lock = sample_lock();
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    size_t length;
    g_autofree char *text = plan_encode_json(plan, false, &length);
    g_assert_cmpuint(length, ==, strlen(text));
    if (!g_str_has_prefix(text, document_start))
        assert_text(NULL, document_start, text);
    g_assert_nonnull(strstr(text, "      \"environment\": {\n"
                                  "        \"bitsandbytes\": \"0.45.0\",\n"
                                  "        \"filelock\": \"3.18.0\",\n"
                                  "        \"torch\": \"2.6.0\",\n"
                                  "        \"triton\": \"2.3.1\"\n"
                                  "      }\n"));
    g_assert_true(g_str_has_suffix(text, "  \"layers\": []\n}\n"));
    g_assert_null(strstr(text, "\"keep\""));
    g_autofree char *everything = plan_encode_json(plan, true, NULL);
    g_assert_nonnull(strstr(everything, "\"action\": \"keep\""));
}

TEST(json_reads_back)
{
    g_autoptr(Lock) lock = sample_lock();
    LockStage *last = ((LockTarget *)lock->targets->pdata[0])->stages->pdata[2];
    last->status = STAGE_UNSATISFIABLE;
    last->explanation = g_strdup("no\nway");
    ((Finding *)last->findings->pdata[0])->chain = 3;
    LockConflictLine *line = g_new0(LockConflictLine, 1);
    *line = (LockConflictLine){NULL, g_strdup("numpy<2"), true, g_strdup("base")};
    g_ptr_array_add(last->conflict_lines, line);
    LockWayOut *way = g_new0(LockWayOut, 1);
    *way = (LockWayOut){.kind = g_strdup("drop"), .at = g_strdup("a:1"), .partial = true};
    g_ptr_array_add(last->ways_out, way);
    LockAction *removal = lock_action_new("remove", "filelock", "3.18.0");
    g_ptr_array_add(last->actions, removal);
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    PlanLayer *layer = g_new0(PlanLayer, 1);
    *layer = (PlanLayer){g_strdup("wheel torch 2.6.0"), -1, 766715424, -1};
    g_ptr_array_add(plan->layers, layer);
    size_t length;
    g_autofree char *text = plan_encode_json(plan, true, &length);
    GError *error = NULL;
    g_autoptr(Plan) back = plan_decode_json("plan.json", text, length, &error);
    assert_no_error(error);
    g_autofree char *again = plan_encode_json(back, true, NULL);
    assert_text(NULL, text, again);
    g_assert_nonnull(strstr(again, "\"conflict\": ["));
    g_assert_nonnull(strstr(again, "\"kind\": \"drop\""));
    g_assert_nonnull(strstr(again, "\"chain\": 3"));
    g_autofree char *shown =
        plan_format_text(plan, &(TextStyle){.all = true, .colour = false, .columns = 80});
    g_assert_nonnull(strstr(shown, "no\n  way"));
}

TEST(json_refuses)
{
    static const struct {
        const char *what, *with, *message;
    } rows[] = {
        {"plan/1", "plan/2", "schema: expected 'ramekin.plan/1'"},
        {"[[\"ramekin.yaml:9\", \"torch 2.6.0\"]]", "[[]]",
         "stages[0].actions[0].because: expected lists of texts"},
        {"\"solved\"", "\"done\"",
         "stages[0].status: expected one of solved, unsatisfiable, skipped"},
        {"\"requested\": false", "\"requested\": 0",
         "stages[0].actions[0].requested: expected true or false"},
        {"\"torch\": \"2.6.0\"", "\"torch\": 2", "stages[0].environment: expected a text"},
    };
    g_autoptr(Lock) lock = sample_lock();
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    g_autofree char *good = plan_encode_json(plan, false, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) parts = g_strsplit(good, rows[i].what, 2);
        g_assert_nonnull(parts[1]);
        g_autofree char *text = g_strjoinv(rows[i].with, parts);
        g_autoptr(GError) error = NULL;
        g_assert_null(plan_decode_json("p", text, strlen(text), &error));
        g_autofree char *expected = g_strdup_printf("p: %s", rows[i].message);
        assert_text(NULL, expected, error->message);
    }
}

static const char text_80[] =
    "plan for linux/amd64: Python 3.11, glibc 2.36, on python:3.11-slim-bookworm\n"
    "\n"
    "torch (pip, ramekin.yaml:9): 3 added, 1.02 GB\n"
    "  + torch 2.6.0          766.7 MB  ramekin.yaml:9\n"
    "  + triton 3.2.0         253.1 MB  for torch\n"
    "  + filelock 3.18.0       16.0 kB  for torch\n"
    "\n"
    "pip#1 (pip, ramekin.yaml:10): 1 added, 69.1 MB\n"
    "  + bitsandbytes 0.45.0   69.1 MB  requirements.txt:1\n"
    "\n"
    "triton (pip, ramekin.yaml:11): 1 downgraded, 168.0 MB\n"
    "  v triton 3.2.0 -> 2.3.1  168.0 MB  ramekin.yaml:12\n"
    "      undoes stage torch, which installed 3.2.0\n"
    "  error: ramekin.yaml:11: torch 2.6.0 (stage torch, ramekin.yaml:9) requires\n"
    "      triton==3.2.0, but this stage leaves triton 2.3.1 [breaks-requirement]\n"
    "      hint: keep triton 3.2.0, or declare the break with `acknowledge: [{dist:\n"
    "            torch, requires: triton==3.2.0, why: ...}]`\n"
    "\n"
    "3 stages, 4 distributions installed, 1 changed later, 1.26 GB to download\n"
    "1 error\n";

static const char finding_120[] = "  error: ramekin.yaml:11: torch 2.6.0 (stage torch, "
                                  "ramekin.yaml:9) requires triton==3.2.0, but "
                                  "this stage leaves triton\n"
                                  "      2.3.1 [breaks-requirement]\n"
                                  "      hint: keep triton 3.2.0, or declare the break with "
                                  "`acknowledge: [{dist: torch, requires: "
                                  "triton==3.2.0, why:\n"
                                  "            ...}]`\n";

static unsigned longest_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned longest = 0;
    for (guint i = 0; lines[i]; i++)
        longest = MAX(longest, (unsigned)g_utf8_strlen(lines[i], -1));
    return longest;
}

TEST(text)
{
    g_autoptr(Lock) lock = sample_lock();
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    g_autofree char *text =
        plan_format_text(plan, &(TextStyle){.all = false, .colour = false, .columns = 80});
    assert_text(NULL, text_80, text);
    g_autofree char *wide =
        plan_format_text(plan, &(TextStyle){.all = false, .colour = false, .columns = 120});
    g_assert_nonnull(strstr(wide, finding_120));
    g_assert_cmpuint(longest_line(wide), <=, 120);
    g_autofree char *narrow =
        plan_format_text(plan, &(TextStyle){.all = true, .colour = false, .columns = 40});
    g_assert_cmpuint(longest_line(narrow), <=, 60);
}

/* Colour adds escape sequences and nothing else. */
TEST(text_in_colour)
{
    g_autoptr(Lock) lock = sample_lock();
    g_autoptr(Plan) plan = plan_new(NULL, lock->targets->pdata[0]);
    g_autofree char *text =
        plan_format_text(plan, &(TextStyle){.all = false, .colour = true, .columns = 80});
    g_autoptr(GRegex) escape = g_regex_new("\033\\[[0-9]+m", 0, 0, NULL);
    g_autofree char *bare = g_regex_replace_literal(escape, text, -1, 0, "", 0, NULL);
    g_assert_cmpuint(strlen(bare), <, strlen(text));
    assert_text(NULL, text_80, bare);
}

/* Many small dependencies are one paragraph, unless everything is asked for. */
TEST(text_of_many)
{
    g_autoptr(LockTarget) target = lock_target_new("gpu", "linux/arm64");
    target->substituted = g_strsplit("cu124", ",", -1);
    LockStage *stage = sample_stage(target, "app", "pip", "r.yaml:3");
    for (unsigned i = 0; i < 9; i++) {
        g_autofree char *name = g_strdup_printf("dependency-%u", i);
        sample_edge(bare_action(stage, name), "app", name);
    }
    sample_edge(bare_action(stage, "app"), "r.yaml:3", "app");
    g_ptr_array_add(stage->findings,
                    finding_new("yanked", SPAN_NONE, g_strdup("\033[2Jgone: \"broken\"")));
    LockStage *next = sample_stage(target, "apt#1", "apt", "r.yaml:4");
    next->status = STAGE_SKIPPED;
    g_autoptr(Plan) plan = plan_new(NULL, target);
    g_autofree char *text =
        plan_format_text(plan, &(TextStyle){.all = false, .colour = false, .columns = 60});
    assert_text(NULL,
                "plan#gpu for linux/arm64\n"
                "substituted index: cu124\n"
                "\n"
                "app (pip, r.yaml:3): 10 added\n"
                "  + app 1            r.yaml:3\n"
                "  + 9 more for these: dependency-0 1, dependency-1 1,\n"
                "    dependency-2 1, dependency-3 1, dependency-4 1,\n"
                "    dependency-5 1, dependency-6 1, dependency-7 1,\n"
                "    dependency-8 1\n"
                "  warning: [2Jgone: \"broken\" [yanked]\n"
                "\n"
                "apt#1 (apt, r.yaml:4): not reached\n"
                "\n"
                "2 stages, 1 of them not solved\n"
                "1 warning\n",
                text);
    g_autofree char *all =
        plan_format_text(plan, &(TextStyle){.all = true, .colour = false, .columns = 60});
    g_assert_nonnull(strstr(all, "  + dependency-8 1            for app\n"));
}

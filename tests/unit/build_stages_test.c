/* Stages and scopes: what "${...}" in an ENV or COPY of the last instruction is there. */
#include "dockerfile/build_stages.h"
#include "test.h"

/* clang-format off */
static const struct {
    const char *text, *value; /* of the last instruction's last word; NULL: not known */
} rows[] = {
    {"ARG V=1\nFROM a:$V", "a:1"},
    {"FROM a:$V", "a:"},
    {"ARG V\nFROM a:$V", NULL},
    {"ARG V=1\nFROM a\nWORKDIR $V", NULL},
    {"ARG V=1\nFROM scratch\nWORKDIR /$V", "/"},
    {"ARG V=1\nFROM a\nARG V\nWORKDIR $V", "1"},
    {"ARG V=1\nFROM a\nARG V=2\nWORKDIR $V", "2"},
    {"FROM a\nARG V=2\nENV V=3\nWORKDIR $V", "3"},
    {"FROM a\nENV V=3\nARG V=2\nWORKDIR $V", "3"},
    {"FROM a\nENV V=1\nENV V=2 W=$V\nWORKDIR $W", "1"},
    {"FROM a\nARG V=1 W=$V\nWORKDIR $W", "1"},
    {"FROM a AS x\nENV V=1\nFROM x\nWORKDIR $V", "1"},
    {"FROM a AS x\nENV V=1\nFROM b\nWORKDIR $V", NULL},
    {"FROM scratch AS x\nENV V=1\nFROM scratch\nWORKDIR /$V", "/"},
    {"FROM a\nENV PATH=/x:$PATH\nWORKDIR $PATH", NULL},
    {"FROM a\nENV A=\"b c\" D=e\\ f\nWORKDIR \"$A$D\"", "b ce f"},
    {"FROM a\nARG TARGETARCH\nWORKDIR $TARGETARCH", NULL},
    {"FROM a\nENV A=1\nWORKDIR '$A'${A:+x}", "$Ax"},
};
/* clang-format on */

TEST(scopes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Source) source = source_new("Dockerfile", rows[i].text, strlen(rows[i].text));
        g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
        g_autoptr(BuildStages) stages = build_stages_new(file);
        guint last = file->instructions->len - 1;
        const DockerInstruction *instruction = file->instructions->pdata[last];
        BuildScope scope = build_scope_at(stages, last);
        g_autofree char *value =
            build_scope_value(&scope, instruction->words->pdata[instruction->words->len - 1]);
        if (g_strcmp0(value, rows[i].value) != 0)
            g_error("%s: %s", rows[i].text, value);
    }
}

TEST(stage_names)
{
    static const char text[] =
        "ARG B=Builder\nFROM a AS builder\nFROM ${B} AS two\nFROM two\nFROM x\n"
        "SHELL [\"bash\", \"-c\"]\nFROM 3\n";
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    g_autoptr(BuildStages) stages = build_stages_new(file);
    static const int bases[] = {-1, 0, 1, -1, -1};
    g_assert_cmpuint(stages->stages->len, ==, G_N_ELEMENTS(bases));
    for (guint i = 0; i < stages->stages->len; i++)
        g_assert_cmpint(((BuildStage *)stages->stages->pdata[i])->base_stage, ==, bases[i]);
    g_assert_cmpint(build_stage_find(stages, "TWO", 5), ==, 1);
    g_assert_cmpint(build_stage_find(stages, "two", 1), ==, -1);
    g_assert_cmpint(build_stage_find(stages, "3", 4), ==, 3);
    g_assert_cmpint(build_stage_find(stages, "4", 4), ==, -1);
}

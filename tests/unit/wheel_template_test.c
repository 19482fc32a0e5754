/* Templates of `wheels:`: which facts there are, and what comes of them. */
#include "recipe/wheel_template.h"
#include "test.h"

static char *get_fact(void *data, WheelFact fact, const char *name, GError **error)
{
    if (g_strcmp0(name, "absent") == 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "no %s", name);
        return NULL;
    }
    return g_strdup_printf("<%d %s>", fact, name ? name : "-");
}

TEST(problems)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        {"", NULL},
        {"plain-1.0-py3-none-any.whl", NULL},
        {"a-{version}+{torch.cuda}{torch.cuda_major}{torch.cuda_digits}{torch.cxx11abi}", NULL},
        {"{some-name.version}{a.minor}{b_c.major}{python}{machine}", NULL},
        {"{", "it has a brace without its partner"},
        {"}", "it has a brace without its partner"},
        {"{version", "it has a brace without its partner"},
        {"{a{version}}", "it has a brace without its partner"},
        {"{}", "there is no fact {}"},
        {"{.version}", "there is no fact {.version}"},
        {"{cuda}", "there is no fact {cuda}"},
        {"{minor}", "there is no fact {minor}"},
        {"{numpy.cuda}", "there is no fact {numpy.cuda}"},
        {"{torch2.cuda}", "there is no fact {torch2.cuda}"},
        {"{torch.python}", "there is no fact {torch.python}"},
        {"{a.b.version}", "there is no fact {a.b.version}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *problem = wheel_template_problem(cases[i].text);
        g_assert_cmpstr(problem, ==, cases[i].problem);
    }
}

TEST(fill)
{
    static const struct {
        const char *text, *filled;
    } cases[] = {
        {"", ""},
        {"a*b.whl", "a*b.whl"},
        {"{version}-{torch.version}", "<0 ->-<0 torch>"},
        {"cu{torch.cuda_major}x{a-b.minor}", "cu<4 torch>x<1 a-b>"},
        {"{python}{machine}{torch.cxx11abi}", "<7 -><8 -><6 torch>"},
        {"{a.version}{absent.version}", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *filled = wheel_template_fill(cases[i].text, get_fact, NULL, &error);
        g_assert_cmpstr(filled, ==, cases[i].filled);
        g_assert_true((error != NULL) == (cases[i].filled == NULL));
    }
    g_assert_true(wheel_template_has_version("a/v{version}/"));
    g_assert_false(wheel_template_has_version("a/{torch.version}/"));
}

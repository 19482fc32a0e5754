#include "recipe/wheel_template.h"

typedef struct {
    const char *name;
    WheelFact fact;
    bool torch; /* of torch alone */
    bool alone; /* without a distribution's name */
} FactRow;

/* clang-format off */
static const FactRow facts[] = {
    {"version", FACT_VERSION, false, true},
    {"python", FACT_PYTHON, false, true},
    {"machine", FACT_MACHINE, false, true},
    {"version", FACT_VERSION, false, false},
    {"minor", FACT_MINOR, false, false},
    {"major", FACT_MAJOR, false, false},
    {"cuda", FACT_CUDA, true, false},
    {"cuda_major", FACT_CUDA_MAJOR, true, false},
    {"cuda_digits", FACT_CUDA_DIGITS, true, false},
    {"cxx11abi", FACT_CXX11ABI, true, false},
};
/* clang-format on */

/* The row of "torch.minor" (`length` bytes), and how long the distribution's name is; or NULL. */
static const FactRow *find_fact(const char *text, size_t length, size_t *ret_name)
{
    const char *dot = memchr(text, '.', length);
    size_t name = dot ? (size_t)(dot - text) : 0;
    const char *fact = dot ? dot + 1 : text;
    size_t rest = length - (size_t)(fact - text);
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        const FactRow *row = &facts[i];
        if (row->alone != !dot || strlen(row->name) != rest ||
            strncmp(row->name, fact, rest) != 0 || (dot && name == 0) ||
            (row->torch && (name != 5 || strncmp(text, "torch", 5) != 0)))
            continue;
        *ret_name = name;
        return row;
    }
    return NULL;
}

char *wheel_template_problem(const char *text)
{
    for (const char *p = text; (p = strpbrk(p, "{}")); p++) {
        size_t length = strcspn(p + 1, "{}"), name;
        if (*p == '}' || p[1 + length] != '}')
            return g_strdup("it has a brace without its partner");
        if (!find_fact(p + 1, length, &name))
            return g_strdup_printf("there is no fact {%.*s}", (int)MIN(length, 80), p + 1);
        p += length + 1;
    }
    return NULL;
}

bool wheel_template_has_version(const char *text)
{
    return strstr(text, "{version}") != NULL;
}

char *wheel_template_fill(const char *text, WheelFactGet get, void *data, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        size_t length = *p == '{' ? strcspn(p + 1, "}") : 0, name_length;
        const FactRow *row = length ? find_fact(p + 1, length, &name_length) : NULL;
        if (!row) {
            g_string_append_c(out, *p);
            continue;
        }
        g_autofree char *name = row->alone ? NULL : g_strndup(p + 1, name_length);
        g_autofree char *value = get(data, row->fact, name, error);
        if (!value)
            return NULL;
        g_string_append(out, value);
        p += length + 1;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

#include "import/python_draft.h"

#include <string.h>

#include "base/io.h"
#include "base/limits.h"
#include "net/url.h"
#include "python/version.h"
#include "recipe/index_names.h"

static const char *const usual_pythons[] = {"3.12", "3.11", "3.13", "3.10", "3.14", "3.9", NULL};

/* A late patch release stands for the whole minor version. */
static bool allows(const SpecifierSet *allowed, const char *python)
{
    g_autofree char *text = g_strdup_printf("%s.9", python);
    g_autoptr(Version) version = version_parse(text, NULL);
    return !allowed || specifier_set_contains(allowed, version, PRERELEASES_YES);
}

static const char *usual_python(const SpecifierSet *allowed)
{
    for (size_t i = 0; usual_pythons[i]; i++) {
        if (allows(allowed, usual_pythons[i]))
            return usual_pythons[i];
    }
    return usual_pythons[0];
}

void draft_python(Draft *draft, const char *python, const SpecifierSet *allowed, Span at)
{
    bool assumed = !python;
    if (assumed)
        python = usual_python(allowed);
    g_autofree char *base = g_strdup_printf("python:%s-slim-bookworm", python);
    draft_set_text(draft->keys, "base", base);
    draft_say(draft, "base", "assumed; target: env instead makes an environment and no image");
    draft_set_plain(draft->keys, "python", python);
    draft_set_text(draft->keys, "libc", "glibc 2.36");
    draft_note(draft, NOTE_ASSUMED, SPAN_NONE, "the base image %s", base);
    if (assumed) {
        draft_say(draft, "python", "assumed");
        draft_note(draft, NOTE_ASSUMED, at, "Python %s", python);
    }
}

Pyproject *import_pyproject(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "pyproject.toml", NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return NULL;
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_IMPORT_BYTES, NULL);
    return source ? pyproject_read(source, diags) : NULL;
}

char *import_minor_version(const char *version)
{
    g_autoptr(Version) parsed = version_parse(version, NULL);
    const char *const *release = parsed ? version_release(parsed) : NULL;
    return release && release[0] && release[1] ? g_strdup_printf("%s.%s", release[0], release[1])
                                               : NULL;
}

char *import_python_version(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *file = g_build_filename(folder, ".python-version", NULL);
    g_autofree char *text = NULL;
    if (!g_file_test(file, G_FILE_TEST_IS_REGULAR) ||
        !io_load(file, LIMIT_CONFIG_BYTES, &text, NULL, NULL))
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    return import_minor_version(g_strstrip(text));
}

const char *import_wheel_label(const char *version)
{
    const char *plus = version ? strchr(version, '+') : NULL;
    return plus && index_name_is_builtin(plus + 1) && !g_str_equal(plus + 1, "main") ? plus + 1
                                                                                     : NULL;
}

bool import_is_torch_family(const char *canonical)
{
    static const char *const names[] = {"torch",     "torchvision", "torchaudio",
                                        "torchtext", "torchdata",   NULL};
    return g_strv_contains(names, canonical);
}

const char *import_index(Draft *draft, const char *url, Span at)
{
    g_autofree char *bare = url_strip_credentials(url);
    if (!g_str_equal(bare, url))
        draft_note(draft, NOTE_LOST, at,
                   "the credentials of an index: declare a secret and name it with `auth:`");
    return draft_index(draft, bare);
}

/* Pins */

ImportPin *import_pin_new(const char *name, const char *version, bool requested)
{
    ImportPin *pin = g_new(ImportPin, 1);
    *pin = (ImportPin){g_strdup(name), g_strdup(version), requested};
    return pin;
}

void import_pin_free(void *data)
{
    ImportPin *pin = data;
    g_free(pin->name);
    g_free(pin->version);
    g_free(pin);
}

static void add_protected(Draft *draft)
{
    static const char *const names[] = {"torch", "triton", "nvidia-*"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        draft_append_text(draft->keys, "protect", names[i]);
}

bool draft_labelled_pins(Draft *draft, const GPtrArray *pins)
{
    DraftValue *body = NULL;
    bool torch = false;
    for (guint i = 0; i < pins->len; i++) {
        const ImportPin *pin = pins->pdata[i];
        const char *label = import_wheel_label(pin->version);
        if (!label)
            continue;
        if (!body)
            body = draft_map();
        g_autofree char *text = g_strdup_printf("%s==%s", pin->name, pin->version);
        draft_append_text(body, "install", text);
        if (!draft_list_has(draft_get(body, "extra_indexes"), label))
            draft_append_text(body, "extra_indexes", label);
        torch |= g_str_equal(pin->name, "torch");
    }
    if (!body)
        return false;
    DraftStage *stage = draft_stage_add(draft->stages, "pip", body);
    draft_stage_say(stage, "Builds with a local label are in PyTorch's own index of wheels alone.");
    if (torch)
        add_protected(draft);
    return true;
}

void draft_pins(Draft *draft, const GPtrArray *pins)
{
    DraftValue *names = draft_list();
    for (guint i = 0; i < pins->len; i++) {
        const ImportPin *pin = pins->pdata[i];
        g_autofree char *text = g_strdup_printf("%s==%s", pin->name, pin->version);
        draft_append_text(draft->keys, "constraints", text);
        if (pin->requested && !import_wheel_label(pin->version))
            draft_add_text(names, pin->name);
    }
    if (pins->len > 0)
        draft_say(draft, "constraints", "exactly these versions, in every stage");
    draft_labelled_pins(draft, pins);
    if (draft_count(names) == 0) {
        draft_value_free(names);
        return;
    }
    DraftValue *body = draft_map();
    draft_set(body, "install", names);
    draft_stage_add(draft->stages, "pip", body);
}

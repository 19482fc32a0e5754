/* Requirement files and what `pip freeze` writes.
 *
 * A list of exact versions stays a file, which constrains every stage; other requirement files are
 * read where they lie. Torch of a special index gets a stage of its own, before all others. Only
 * where a line can't stay as it is (it needs a build) are the rest written into the recipe. */
#include "import/python_draft.h"

#include <string.h>

#include "base/limits.h"
#include "net/url.h"
#include "python/pip_inputs.h"
#include "recipe/index_names.h"

typedef struct {
    const ImportInput *input;
    Draft *draft;
    PipInputs *inputs;
    const char *label; /* of the index of PyTorch's wheels that is used; or NULL */
    bool exact;        /* every usable line is a pin */
    bool local;        /* a line names a place of one machine */
    bool builds;       /* a line can't stay as it is */
} Reading;

static const char *pinned_version(const PipRequirement *root)
{
    size_t count = 0;
    const Requirement *requirement = root->requirement;
    if (!requirement || requirement->url || root->link)
        return NULL;
    const Specifier *items = specifier_set_items(requirement->specifiers, &count);
    return count == 1 && items->op == OP_EQUAL && !items->wildcard ? items->operand : NULL;
}

static bool is_family(const PipRequirement *root)
{
    return root->requirement && import_is_torch_family(root->requirement->canonical);
}

static bool needs_build(const PipRequirement *root)
{
    return root->editable || root->needs_build;
}

/* "cu124" of a URL of PyTorch's index. */
static const char *label_of_url(const char *url)
{
    const char *name = url ? strstr(url, "download.pytorch.org/whl/") : NULL;
    if (!name)
        return NULL;
    g_autofree char *label = g_strdup(name + strlen("download.pytorch.org/whl/"));
    label[strcspn(label, "/")] = '\0';
    return index_name_is_builtin(label) ? g_intern_string(label) : NULL;
}

static const char *label_of_options(const PipInputs *inputs)
{
    const char *label = label_of_url(inputs->index_url);
    for (guint i = 0; !label && i < inputs->extra_index_urls->len; i++)
        label = label_of_url(inputs->extra_index_urls->pdata[i]);
    return label;
}

static void survey(Reading *reading)
{
    const GPtrArray *roots = reading->inputs->roots;
    bool torch = false;
    reading->builds = reading->local;
    reading->exact = roots->len > 0 && reading->inputs->options->len == 0;
    for (guint i = 0; i < roots->len; i++) {
        const PipRequirement *root = roots->pdata[i];
        const char *version = pinned_version(root);
        reading->builds |= needs_build(root);
        torch |= is_family(root);
        if (!version && !needs_build(root))
            reading->exact = false;
        if (is_family(root) && import_wheel_label(version))
            reading->label = g_intern_string(import_wheel_label(version));
    }
    if (torch && !reading->label)
        reading->label = label_of_options(reading->inputs);
}

static void note_builds(const Reading *reading)
{
    for (guint i = 0; i < reading->inputs->roots->len; i++) {
        const PipRequirement *root = reading->inputs->roots->pdata[i];
        if (needs_build(root))
            draft_note(reading->draft, NOTE_LOST, root->at,
                       "'%s' needs a build: build a wheel of it and install that, or bring the "
                       "code with a `git:` or `files:` stage",
                       root->text);
    }
}

/* Exact versions */

static GPtrArray *collect_pins(const Reading *reading)
{
    GPtrArray *pins = g_ptr_array_new_with_free_func(import_pin_free);
    for (guint i = 0; i < reading->inputs->roots->len; i++) {
        const PipRequirement *root = reading->inputs->roots->pdata[i];
        const char *version = pinned_version(root);
        if (version && !needs_build(root))
            g_ptr_array_add(pins, import_pin_new(root->requirement->canonical, version, true));
    }
    return pins;
}

static void import_exact(const Reading *reading)
{
    g_autoptr(GPtrArray) pins = collect_pins(reading);
    if (reading->builds) {
        draft_pins(reading->draft, pins);
        return;
    }
    if (draft_labelled_pins(reading->draft, pins)) {
        draft_set_text(reading->draft->keys, "constraints", reading->input->name);
        draft_say(reading->draft, "constraints", "exactly these versions, in every stage");
    }
    DraftValue *body = draft_map();
    draft_set_text(body, "requirements", reading->input->name);
    draft_stage_add(reading->draft->stages, "pip", body);
}

/* Others */

/* The requirement without a local label, which the index decides. */
static char *family_text(const PipRequirement *root)
{
    const char *version = pinned_version(root);
    size_t length = version ? strcspn(version, "+") : 0;
    if (!version || root->requirement->marker || root->requirement->extras[0])
        return g_strdup(root->requirement->text);
    return g_strdup_printf("%s==%.*s", root->requirement->name, (int)length, version);
}

static void add_family(const Reading *reading)
{
    const PipRequirement *torch = NULL;
    DraftValue *others = draft_list();
    for (guint i = 0; i < reading->inputs->roots->len; i++) {
        const PipRequirement *root = reading->inputs->roots->pdata[i];
        if (!is_family(root) || needs_build(root))
            continue;
        bool plain = pinned_version(root) && !root->requirement->marker;
        if (g_str_equal(root->requirement->canonical, "torch") && plain && !torch) {
            torch = root;
            continue;
        }
        g_autofree char *text = family_text(root);
        draft_add_text(others, text);
    }
    DraftValue *body = draft_map();
    bool definition = torch && !g_str_has_prefix(reading->label, "rocm");
    if (definition) {
        g_autofree char *text = family_text(torch);
        g_autofree char *cuda = cuda_version_of_index(reading->label);
        draft_set_plain(body, "version", strstr(text, "==") + 2);
        draft_set_plain(body, "cuda", cuda ? cuda : reading->label);
    } else if (torch) {
        g_autofree char *text = family_text(torch);
        draft_append_text(body, "install", text);
    }
    for (guint i = 0; i < draft_count(others); i++)
        draft_append_text(body, definition ? "also" : "install",
                          draft_value_text(draft_item(others, i)));
    if (!definition)
        draft_set_text(body, "index", reading->label);
    draft_value_free(others);
    draft_stage_add(reading->draft->stages, definition ? "torch" : "pip", body);
}

static void add_texts(DraftValue *body, const char *key, const GPtrArray *texts)
{
    for (guint i = 0; texts && i < texts->len; i++)
        draft_append_text(body, key, texts->pdata[i]);
}

static void add_formats(DraftValue *body, const char *key, const FormatNames *names)
{
    if (names->all)
        draft_append_text(body, key, ":all:");
    add_texts(body, key, names->names);
}

/* Places of files below the folder of the list count from there. */
static void add_find_links(const Reading *reading, DraftValue *body)
{
    g_autofree char *whole = g_canonicalize_filename(reading->input->path, NULL);
    g_autofree char *folder = g_path_get_dirname(whole);
    size_t length = strlen(folder);
    const GPtrArray *places = reading->inputs->find_links;
    for (guint i = 0; i < places->len; i++) {
        const char *place = places->pdata[i];
        bool inside = g_str_has_prefix(place, folder) && place[length] == '/';
        g_autofree char *shown = url_strip_credentials(inside ? place + length + 1 : place);
        draft_append_text(body, "find_links", shown);
    }
}

static void add_options(const Reading *reading, DraftValue *body)
{
    const PipInputs *inputs = reading->inputs;
    if (inputs->index_url)
        draft_set_text(body, "index", import_index(reading->draft, inputs->index_url, SPAN_NONE));
    for (guint i = 0; i < inputs->extra_index_urls->len; i++)
        draft_append_text(
            body, "extra_indexes",
            import_index(reading->draft, inputs->extra_index_urls->pdata[i], SPAN_NONE));
    add_find_links(reading, body);
    if (inputs->pre)
        draft_set_true(body, "pre");
    if (inputs->prefer_binary)
        draft_set_true(body, "prefer_binary");
    add_formats(body, "only_binary", &inputs->format.only_binary);
    add_formats(body, "no_binary", &inputs->format.no_binary);
    for (guint i = 0; i < inputs->constraints->len; i++) {
        const PipRequirement *line = inputs->constraints->pdata[i];
        if (line->requirement)
            draft_append_text(body, "constraints", line->requirement->text);
    }
}

static void note_hashes(const Reading *reading)
{
    for (guint i = 0; i < reading->inputs->roots->len; i++) {
        const PipRequirement *root = reading->inputs->roots->pdata[i];
        if (!root->hashes[0])
            continue;
        draft_note(reading->draft, NOTE_DROPPED, root->at,
                   "hashes of the lines that are written out; the lock has those of all files");
        return;
    }
}

/* All lines but those that need a build. */
static void add_inline(const Reading *reading)
{
    DraftValue *body = draft_map();
    for (guint i = 0; i < reading->inputs->roots->len; i++) {
        const PipRequirement *root = reading->inputs->roots->pdata[i];
        if (needs_build(root) || (reading->label && is_family(root)))
            continue;
        bool named = root->requirement && (root->requirement->url || !root->link);
        const char *text = named ? root->requirement->text : root->link;
        g_autofree char *escaped = draft_escape(text);
        draft_append_text(body, "install", escaped);
    }
    if (!draft_get(body, "install")) {
        draft_value_free(body);
        return;
    }
    add_options(reading, body);
    note_hashes(reading);
    draft_stage_add(reading->draft->stages, "pip", body);
}

static bool all_family(const Reading *reading)
{
    for (guint i = 0; i < reading->inputs->roots->len; i++) {
        if (!is_family(reading->inputs->roots->pdata[i]))
            return false;
    }
    return true;
}

static void import_open(const Reading *reading)
{
    if (reading->label)
        add_family(reading);
    if (reading->builds) {
        add_inline(reading);
        return;
    }
    if (reading->label && all_family(reading))
        return;
    DraftValue *body = draft_map();
    draft_set_text(body, "requirements", reading->input->name);
    draft_stage_add(reading->draft->stages, "pip", body);
}

/* "# This file is autogenerated by pip-compile with Python 3.11" */
static char *python_of_comments(const Source *source)
{
    static const char words[] = "with Python ";
    size_t length;
    const char *text = source_text(source, &length);
    g_autofree char *head = g_strndup(text, MIN(length, 2000));
    const char *found = strstr(head, words);
    if (!found)
        return NULL;
    found += strlen(words);
    g_autofree char *version = g_strndup(found, strspn(found, "0123456789."));
    return import_minor_version(version);
}

/* Whether a line is about a place on the machine that the list was made on. */
static bool is_local(const char *line)
{
    line += strspn(line, " \t");
    static const char *const starts[] = {"-e ", "-e=", "--editable", "./", "../", "/", "file:"};
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        if (g_str_has_prefix(line, starts[i]))
            return true;
    }
    const char *at = strstr(line, "@ ");
    at = at ? at + strspn(at, "@ ") : NULL;
    return at && (g_str_has_prefix(at, "file:") || at[0] == '/');
}

/* Those lines are blank for the reader, which would look for the places; they are noted. */
static char *mask_lines(const Reading *reading, Source *source)
{
    size_t length;
    const char *text = source_text(source, &length);
    char *masked = g_strndup(text, length);
    for (char *line = masked; *line;) {
        size_t size = strcspn(line, "\r\n");
        g_autofree char *copy = g_strndup(line, size);
        if (is_local(copy)) {
            draft_note(reading->draft, NOTE_LOST,
                       span_of_bytes(source, (size_t)(line - masked), size),
                       "'%s' is a place on one machine: build a wheel of it and install that, or "
                       "bring the code with a `git:` or `files:` stage",
                       g_strstrip(copy));
            memset(line, ' ', size);
        }
        line += size + strspn(line + size, "\r\n");
    }
    return masked;
}

/* PipFileReader */
static Source *read_masked(void *data, const char *path, GError **error)
{
    Reading *reading = data;
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_REQUIREMENTS_BYTES, error);
    if (!source)
        return NULL;
    guint before = reading->draft->notes->len;
    g_autofree char *masked = mask_lines(reading, source);
    if (reading->draft->notes->len == before)
        return g_steal_pointer(&source);
    reading->local = true;
    draft_add_source(reading->draft, source);
    return source_new(source_name(source), masked, strlen(masked));
}

static gboolean read_lines(Reading *reading, GError **error)
{
    g_autoptr(Diags) diags = diags_new();
    PipInputsOptions options = {read_masked, reading, NULL, NULL};
    bool ok = pip_inputs_add_file(reading->inputs, reading->input->path, SPAN_NONE, false, &options,
                                  diags);
    if (ok && diags_errors(diags) == 0)
        return TRUE;
    return diags_set_error(diags, error, "pip would not read %s", reading->input->path);
}

Draft *import_requirements(const ImportInput *input, GError **error)
{
    g_autoptr(Draft) draft = draft_new();
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    Reading reading = {.input = input, .draft = draft, .inputs = inputs};
    if (!read_lines(&reading, error))
        return NULL;
    for (guint i = 0; i < inputs->sources->len; i++)
        draft_add_source(draft, inputs->sources->pdata[i]);
    g_autofree char *said = python_of_comments(input->source);
    g_autofree char *python = said ? g_steal_pointer(&said) : import_python_version(input->path);
    draft_python(draft, python, NULL, SPAN_NONE);
    survey(&reading);
    if (reading.exact)
        import_exact(&reading);
    else
        import_open(&reading);
    note_builds(&reading);
    return g_steal_pointer(&draft);
}

#include "emit/bake.h"

#include "plan/image_settings.h"
#include "text/jsonw.h"

#define ALL_TARGETS "default"

void bake_target_free(void *data)
{
    BakeTarget *target = data;
    g_free(target->context);
    g_free(target->tag);
    g_free(target->recipe_dir);
    plan_free(target->plan);
    g_ptr_array_unref(target->secrets);
    g_free(target);
}

/* HCL JSON syntax, "Strings": a template begins with ${ or %{, and doubling the sign escapes it. */
static char *escape_template(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++) {
        bool begins = (*text == '$' || *text == '%') && text[1] == '{';
        g_string_append_c(out, *text);
        if (begins)
            g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

static void write_text(JsonWriter *writer, const char *text)
{
    g_autofree char *escaped = escape_template(text);
    jsonw_string(writer, escaped);
}

static void write_member(JsonWriter *writer, const char *key, const char *text)
{
    jsonw_key(writer, key);
    write_text(writer, text);
}

static void write_list(JsonWriter *writer, const char *key, const char *text)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_INLINE);
    write_text(writer, text);
    jsonw_end_array(writer);
}

/* Names of targets hold letters, digits, '_' and '-' alone; `seen` has those that are taken. */
static char *make_name(const BakeTarget *target, bool several, GHashTable *seen)
{
    const LockTarget *locked = target->plan->target;
    const char *row = locked->row ? locked->row : target->plan->recipe->name;
    g_autofree char *name = g_strconcat(row ? row : "image", several ? "-" : NULL,
                                        several ? locked->platform : NULL, NULL);
    for (char *p = name; *p; p++)
        *p = g_ascii_isalnum(*p) || *p == '_' ? *p : '-';
    g_autofree char *wanted = g_strdup(name);
    for (unsigned n = 2; g_str_equal(name, ALL_TARGETS) || g_hash_table_contains(seen, name); n++) {
        g_free(name);
        name = g_strdup_printf("%s-%u", wanted, n);
    }
    g_hash_table_add(seen, g_strdup(name));
    return g_steal_pointer(&name);
}

static GPtrArray *make_names(const GPtrArray *targets)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *first = NULL;
    bool several = false;
    for (guint i = 0; i < targets->len; i++) {
        const char *platform = ((const BakeTarget *)targets->pdata[i])->plan->target->platform;
        several |= first && !g_str_equal(first, platform);
        first = platform;
    }
    for (guint i = 0; i < targets->len; i++)
        g_ptr_array_add(names, make_name(targets->pdata[i], several, seen));
    return names;
}

/* "id=hub,env=HF_TOKEN"; a path counts from the folder that bake runs in. */
static char *describe_secret(const BakeTarget *target, const RecipeSecret *secret)
{
    if (secret->env)
        return g_strdup_printf("id=%s,env=%s", secret->id, secret->env);
    bool as_it_is = g_path_is_absolute(secret->file) || g_str_equal(target->recipe_dir, ".");
    g_autofree char *path = as_it_is ? g_strdup(secret->file)
                                     : g_build_filename(target->recipe_dir, secret->file, NULL);
    return g_strdup_printf("id=%s,src=%s", secret->id, path);
}

static void write_secrets(JsonWriter *writer, const BakeTarget *target)
{
    if (target->secrets->len == 0)
        return;
    const GPtrArray *known = target->plan->recipe->secrets;
    jsonw_key(writer, "secret");
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; i < known->len; i++) {
        const RecipeSecret *secret = known->pdata[i];
        if (!g_ptr_array_find_with_equal_func(target->secrets, secret->id, g_str_equal, NULL))
            continue;
        g_autofree char *text = describe_secret(target, secret);
        write_text(writer, text);
    }
    jsonw_end_array(writer);
}

/* What the image itself would say of its row. */
static void write_labels(JsonWriter *writer, const BakeTarget *target)
{
    const Plan *plan = target->plan;
    const struct {
        const char *key, *value;
    } labels[] = {
        {LABEL_ROW, plan->target->row},
        {LABEL_CUDA, plan->floors->cuda},
        {LABEL_MIN_CUDA, plan->floors->min_cuda},
        {LABEL_MIN_DRIVER, plan->floors->min_driver},
    };
    jsonw_key(writer, "labels");
    jsonw_begin_object(writer, JSONW_BLOCK);
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        if (labels[i].value)
            write_member(writer, labels[i].key, labels[i].value);
    }
    jsonw_end_object(writer);
}

static void write_target(JsonWriter *writer, const BakeTarget *target)
{
    jsonw_begin_object(writer, JSONW_BLOCK);
    write_member(writer, "context", target->context);
    write_member(writer, "dockerfile", "Dockerfile");
    write_list(writer, "platforms", target->plan->target->platform);
    write_list(writer, "tags", target->tag);
    write_labels(writer, target);
    write_secrets(writer, target);
    jsonw_end_object(writer);
}

EmittedFile *bake_emit(const GPtrArray *targets)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autoptr(GPtrArray) names = make_names(targets);
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_key(writer, "group");
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_key(writer, ALL_TARGETS);
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_texts_member(writer, "targets", names);
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    jsonw_key(writer, "target");
    jsonw_begin_object(writer, JSONW_BLOCK);
    for (guint i = 0; i < targets->len; i++) {
        jsonw_key(writer, names->pdata[i]);
        write_target(writer, targets->pdata[i]);
    }
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    EmittedFile *file = g_new(EmittedFile, 1);
    *file = (EmittedFile){g_strdup("docker-bake.json"), jsonw_finish(writer, NULL), 0644};
    return file;
}

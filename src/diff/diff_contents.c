/* What images hold beside Python distributions: Debian packages as dpkg's files list them, and what
 * the stages of two recipes bring of files, repositories, downloads, models and scripts. */
#include "diff/diff_private.h"

#include "base/digest.h"
#include "base/io.h"
#include "recipe/stage_apt.h"
#include "recipe/stage_download.h"
#include "recipe/stage_files.h"
#include "recipe/stage_git.h"
#include "recipe/stage_model.h"
#include "recipe/stage_remove.h"
#include "recipe/stage_run.h"

#include <string.h>

enum {
    SHOWN_DIGITS = 12,              /* of a digest */
    DIGEST_BYTES = 4 * 1024 * 1024, /* larger files are not in a revision either (git_export.h) */
};

void diff_thing_free(void *data)
{
    DiffThing *thing = data;
    g_free(thing->name);
    g_free(thing->before);
    g_free(thing->after);
    g_free(thing);
}

bool diff_thing_is_package(const DiffThing *thing)
{
    return g_str_equal(thing->what, "debian") || g_str_equal(thing->what, "apt");
}

char *diff_things_text(const Diff *diff, bool packages)
{
    unsigned counts[] = {[DIFF_ADDED] = 0, [DIFF_REMOVED] = 0, [DIFF_CHANGED] = 0};
    for (guint i = 0; i < diff->things->len; i++) {
        const DiffThing *thing = diff->things->pdata[i];
        counts[thing->kind] += diff_thing_is_package(thing) == packages;
    }
    return diff_counts_text(counts);
}

/* Lists of one side */

typedef struct {
    const char *what;
    char *name, *value;
} Thing;

static void thing_clear(void *data)
{
    Thing *thing = data;
    g_free(thing->name);
    g_free(thing->value);
}

static GArray *new_things(void)
{
    GArray *things = g_array_new(FALSE, FALSE, sizeof(Thing));
    g_array_set_clear_func(things, thing_clear);
    return things;
}

static void add_thing(GArray *things, const char *what, char *take_name, char *take_value)
{
    Thing thing = {what, take_name, take_value};
    g_array_append_val(things, thing);
}

static void add_debian(GArray *things, const GPtrArray *packages)
{
    for (guint i = 0; i < packages->len; i++) {
        const DebianPackage *package = packages->pdata[i];
        const DebianPackage *twin = i > 0 ? packages->pdata[i - 1] : NULL;
        bool second = twin && g_str_equal(twin->name, package->name);
        char *name = second ? g_strdup_printf("%s:%s", package->name, package->architecture)
                            : g_strdup(package->name);
        add_thing(things, "debian", name, g_strdup(package->version));
    }
}

static void add_apt(GArray *things, const AptStage *apt)
{
    for (guint i = 0; i < apt->packages->len; i++) {
        const char *text = ((const Text *)apt->packages->pdata[i])->text;
        const char *equals = strchr(text, '=');
        add_thing(things, "apt", g_strndup(text, equals ? (size_t)(equals - text) : strlen(text)),
                  g_strdup(equals ? equals + 1 : "any version"));
    }
}

static void add_git(GArray *things, const GitStage *git)
{
    const char *ref = git->commit.text ? git->commit.text
                      : git->tag.text  ? git->tag.text
                                       : git->branch.text;
    g_autoptr(GString) value = g_string_new(git->url.text);
    g_string_append_printf(value, " at %s", ref ? ref : "HEAD");
    g_string_append(value, git->submodules ? ", submodules" : "");
    g_string_append(value, git->lfs ? ", lfs" : "");
    for (guint i = 0; git->patches && i < git->patches->len; i++)
        g_string_append_printf(value, ", patch %s", ((const Text *)git->patches->pdata[i])->text);
    add_thing(things, "git", g_strdup(git->dest.text), g_strdup(value->str));
}

/* "/srv/model.bin" of /srv/ and what the last part of `from` is called. */
static char *destination(const char *dest, const char *from)
{
    if (!dest || !g_str_has_suffix(dest, "/"))
        return g_strdup(dest ? dest : from);
    g_autofree char *plain = g_strndup(from, strcspn(from, "?#"));
    g_autofree char *last = g_path_get_basename(plain);
    return g_strconcat(dest, last, NULL);
}

static void add_downloads(GArray *things, const DownloadStage *download)
{
    for (guint i = 0; i < download->files->len; i++) {
        const Download *file = download->files->pdata[i];
        const char *sha256 = file->sha256.text;
        char *value =
            g_strdup_printf("%s%s%.*s%s", file->url.text, sha256 ? " sha256:" : "", SHOWN_DIGITS,
                            sha256 ? sha256 : "", file->unpack ? ", unpacked" : "");
        add_thing(things, "download", destination(file->dest.text, file->url.text), value);
    }
}

static void append_texts(GString *out, const char *word, const GPtrArray *texts)
{
    for (guint i = 0; texts && i < texts->len; i++)
        g_string_append_printf(out, "%s%s", i ? " " : word, ((const Text *)texts->pdata[i])->text);
}

static void add_model(GArray *things, const ModelStage *model)
{
    g_autoptr(GString) value = g_string_new(model->revision.text);
    if (value->len == 0)
        g_string_append(value, "default revision");
    append_texts(value, ", with ", model->include);
    append_texts(value, ", without ", model->exclude);
    if (model->dest.text)
        g_string_append_printf(value, ", in %s", model->dest.text);
    add_thing(things, "model", g_strdup(model->repo.text), g_strdup(value->str));
}

static char *digest_text(const char *text)
{
    g_autofree char *digest = digest_sha256(text, strlen(text));
    return g_strdup_printf("sha256:%.*s", SHOWN_DIGITS, digest);
}

/* What the file is: of one of the recipe's folder the digest of its content; of a folder or of a
 * pattern only where it comes from. */
static char *source_text_of(const Recipe *recipe, const FilesEntry *entry)
{
    if (entry->content.text)
        return digest_text(entry->content.text);
    if (entry->link.text)
        return g_strdup_printf("link to %s", entry->link.text);
    if (entry->dir.text)
        return g_strdup("folder");
    if (entry->from.text)
        return g_strdup_printf("%s of part %s", entry->src.text, entry->from.text);
    g_autofree char *path = g_build_filename(recipe_file_dir(recipe->file), entry->src.text, NULL);
    g_autofree char *content = NULL;
    size_t length;
    bool small = io_load(path, DIGEST_BYTES, &content, &length, NULL);
    g_autofree char *digest = small ? digest_sha256(content, length) : NULL;
    return digest ? g_strdup_printf("%s sha256:%.*s", entry->src.text, SHOWN_DIGITS, digest)
                  : g_strdup(entry->src.text);
}

static void add_files(GArray *things, const Recipe *recipe, const FilesStage *files)
{
    for (guint i = 0; i < files->files->len; i++) {
        const FilesEntry *entry = files->files->pdata[i];
        g_autofree char *source = source_text_of(recipe, entry);
        g_autoptr(GString) value = g_string_new(source);
        if (entry->mode.text)
            g_string_append_printf(value, ", mode %s", entry->mode.text);
        if (entry->owner.text)
            g_string_append_printf(value, ", owner %s", entry->owner.text);
        if (entry->append)
            g_string_append(value, ", appended");
        const char *from = entry->src.text ? entry->src.text : "";
        char *name =
            entry->dir.text ? g_strdup(entry->dir.text) : destination(entry->dest.text, from);
        add_thing(things, "file", name, g_strdup(value->str));
    }
}

static void add_stage(GArray *things, const Recipe *recipe, const Stage *stage)
{
    switch (stage->kind) {
    case STAGE_APT:
        add_apt(things, stage->body.apt);
        break;
    case STAGE_FILES:
        add_files(things, recipe, stage->body.files);
        break;
    case STAGE_GIT:
        add_git(things, stage->body.git);
        break;
    case STAGE_DOWNLOAD:
        add_downloads(things, stage->body.download);
        break;
    case STAGE_MODEL:
        add_model(things, stage->body.model);
        break;
    case STAGE_RUN:
        add_thing(things, "run", g_strdup(stage->name), digest_text(stage->body.run->script.text));
        break;
    case STAGE_REMOVE:
        for (guint i = 0; i < stage->body.remove->paths->len; i++)
            add_thing(things, "remove",
                      g_strdup(((const Text *)stage->body.remove->paths->pdata[i])->text),
                      g_strdup("removed"));
        break;
    case STAGE_PIP:
    case STAGE_KIND_COUNT:
    default:
        break;
    }
}

static GArray *things_of(const DiffSide *side, bool debian, bool stages)
{
    GArray *things = new_things();
    if (debian)
        add_debian(things, side->debian);
    for (guint i = 0; stages && i < side->recipe->stages->len; i++)
        add_stage(things, side->recipe, side->recipe->stages->pdata[i]);
    return things;
}

/* Both sides */

/* The same thing may be there several times: what a place holds is told from the last one. */
static GHashTable *index_things(const GArray *things)
{
    GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < things->len; i++) {
        const Thing *thing = &g_array_index(things, Thing, i);
        g_hash_table_insert(index, g_strdup_printf("%s %s", thing->what, thing->name),
                            thing->value);
    }
    return index;
}

static void add_difference(Diff *diff, const Thing *thing, const char *before, const char *after)
{
    if (g_strcmp0(before, after) == 0)
        return;
    DiffThing *difference = g_new(DiffThing, 1);
    *difference =
        (DiffThing){!before  ? DIFF_ADDED
                    : !after ? DIFF_REMOVED
                             : DIFF_CHANGED,
                    thing->what, g_strdup(thing->name), g_strdup(before), g_strdup(after)};
    g_ptr_array_add(diff->things, difference);
}

static int place_of(const char *what)
{
    static const char *const order[] = {"debian", "apt",  "git", "download",
                                        "model",  "file", "run", "remove"};
    size_t place = 0;
    while (place < G_N_ELEMENTS(order) && !g_str_equal(order[place], what))
        place++;
    return (int)place;
}

static int compare_things(const void *a, const void *b)
{
    const DiffThing *left = *(const DiffThing *const *)a;
    const DiffThing *right = *(const DiffThing *const *)b;
    int order = place_of(left->what) - place_of(right->what);
    return order != 0 ? order : strcmp(left->name, right->name);
}

void diff_compare_things(Diff *diff)
{
    bool debian = diff->a.debian && diff->b.debian;
    bool stages = diff->a.recipe && diff->b.recipe;
    g_autoptr(GArray) a = things_of(&diff->a, debian, stages);
    g_autoptr(GArray) b = things_of(&diff->b, debian, stages);
    g_autoptr(GHashTable) in_a = index_things(a);
    g_autoptr(GHashTable) in_b = index_things(b);
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < a->len + b->len; i++) {
        const Thing *thing =
            i < a->len ? &g_array_index(a, Thing, i) : &g_array_index(b, Thing, i - a->len);
        char *key = g_strdup_printf("%s %s", thing->what, thing->name);
        const char *before = g_hash_table_lookup(in_a, key);
        const char *after = g_hash_table_lookup(in_b, key);
        if (g_hash_table_add(told, key))
            add_difference(diff, thing, before, after);
    }
    g_ptr_array_sort(diff->things, compare_things);
}

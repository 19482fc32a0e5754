#include "check/import_memory.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/packed.h"
#include "check/import_roots.h"
#include "check/library_load.h"
#include "check/source_digest.h"
#include "facts/python_parse.h"

#define BUCKET "imports"
#define MAGIC "ramekin imports 1\n"

/* Writing */

static void put_step(GByteArray *out, const ImportStep *step)
{
    packed_put_text(out, step->module);
    packed_put_text(out, step->path);
    packed_put_text(out, step->distribution);
    packed_put(out, step->line);
    packed_put_text(out, step->text);
}

static void put_verdict(GByteArray *out, const ImportVerdict *verdict)
{
    packed_put(out, verdict->outcome);
    packed_put_text(out, verdict->exception);
    packed_put_text(out, verdict->message);
    packed_put(out, verdict->driver);
    packed_put(out, verdict->chain->len);
    for (guint i = 0; i < verdict->chain->len; i++)
        put_step(out, verdict->chain->pdata[i]);
}

static void put_refusal(GByteArray *out, const LibraryRefusal *refusal)
{
    packed_put_text(out, refusal->loaded);
    packed_put_text(out, refusal->member);
    packed_put_text(out, refusal->distribution);
    packed_put_text(out, refusal->version);
    packed_put(out, g_strv_length(refusal->symbols));
    for (char **name = refusal->symbols; *name; name++)
        packed_put_text(out, *name);
    packed_put(out, refusal->missing);
    packed_put_text(out, refusal->symbol_version);
    packed_put_text(out, refusal->library);
    packed_put_text(out, refusal->owner);
    packed_put_text(out, refusal->owner_version);
    packed_put(out, refusal->root + 1); /* 0: none */
}

GByteArray *import_memory_encode(const CheckRun *run)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)MAGIC, strlen(MAGIC));
    packed_put(out, run->roots->len);
    for (guint i = 0; i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        put_verdict(out, root->build);
        put_verdict(out, root->run);
    }
    packed_put(out, run->found->len);
    for (guint i = 0; i < run->found->len; i++)
        put_verdict(out, ((const ImportFound *)run->found->pdata[i])->verdict);
    packed_put(out, run->deferred->len);
    for (guint i = 0; i < run->deferred->len; i++) {
        const ImportFailure *failure = run->deferred->pdata[i];
        packed_put_text(out, failure->exception);
        packed_put_text(out, failure->message);
        packed_put_text(out, failure->function);
        put_step(out, failure->at);
    }
    packed_put(out, run->refusals->len);
    for (guint i = 0; i < run->refusals->len; i++)
        put_refusal(out, run->refusals->pdata[i]);
    return out;
}

/* Reading */

static char *take_text(PackedInput *in)
{
    size_t length;
    const char *text = packed_take_text(in, &length);
    if (text && !g_utf8_validate(text, (gssize)length, NULL)) {
        in->failed = true;
        return NULL;
    }
    return text ? g_strndup(text, length) : NULL;
}

static char *take_needed(PackedInput *in)
{
    char *text = take_text(in);
    in->failed = in->failed || !text;
    return text;
}

static ImportStep *take_step(PackedInput *in)
{
    ImportStep *step = g_new0(ImportStep, 1);
    step->module = take_needed(in);
    step->path = take_needed(in);
    step->distribution = take_text(in);
    step->line = packed_take_below(in, G_MAXUINT);
    step->text = take_needed(in);
    return step;
}

static ImportVerdict *take_verdict(PackedInput *in)
{
    ImportVerdict *verdict = import_verdict_new();
    verdict->outcome = (ImportOutcome)packed_take_below(in, IMPORT_UNKNOWN + 1);
    verdict->exception = take_text(in);
    verdict->message = take_text(in);
    verdict->driver = packed_take_below(in, 2);
    guint steps = packed_take_count(in);
    for (guint i = 0; i < steps && !in->failed; i++)
        g_ptr_array_add(verdict->chain, take_step(in));
    bool told = verdict->outcome == IMPORT_WORKS || verdict->message;
    in->failed = in->failed || !told || (verdict->outcome == IMPORT_FAILS && !verdict->exception);
    return verdict;
}

static GPtrArray *take_failures(PackedInput *in)
{
    GPtrArray *failures = g_ptr_array_new_with_free_func(import_failure_free);
    guint count = packed_take_count(in);
    for (guint i = 0; i < count && !in->failed; i++) {
        ImportFailure *failure = g_new0(ImportFailure, 1);
        failure->exception = take_needed(in);
        failure->message = take_needed(in);
        failure->function = take_text(in);
        failure->at = take_step(in);
        g_ptr_array_add(failures, failure);
    }
    return failures;
}

static LibraryRefusal *take_refusal(PackedInput *in)
{
    LibraryRefusal *refusal = g_new0(LibraryRefusal, 1);
    refusal->loaded = take_needed(in);
    refusal->member = take_needed(in);
    refusal->distribution = take_needed(in);
    refusal->version = take_needed(in);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    guint count = packed_take_count(in);
    for (guint i = 0; i < count && !in->failed; i++) {
        g_autofree char *name = take_needed(in);
        g_strv_builder_add(names, name ? name : "");
    }
    refusal->symbols = g_strv_builder_end(names);
    refusal->missing = packed_take_below(in, G_MAXUINT);
    refusal->symbol_version = take_text(in);
    refusal->library = take_needed(in);
    refusal->owner = take_needed(in);
    refusal->owner_version = take_needed(in);
    refusal->root = packed_take_below(in, G_MAXUINT) - 1;
    in->failed = in->failed || count == 0;
    return refusal;
}

static GPtrArray *take_refusals(PackedInput *in)
{
    GPtrArray *refusals = g_ptr_array_new_with_free_func(library_refusal_free);
    guint count = packed_take_count(in);
    for (guint i = 0; i < count && !in->failed; i++)
        g_ptr_array_add(refusals, take_refusal(in));
    return refusals;
}

static void free_verdict(void *verdict)
{
    import_verdict_free(verdict);
}

/* As many as there should be. */
static GPtrArray *take_verdicts(PackedInput *in, guint count, guint worlds)
{
    GPtrArray *verdicts = g_ptr_array_new_with_free_func(free_verdict);
    in->failed = packed_take_count(in) != count || in->failed;
    for (guint i = 0; i < count * worlds && !in->failed; i++)
        g_ptr_array_add(verdicts, take_verdict(in));
    return verdicts;
}

static void fill_in(CheckRun *run, GPtrArray *verdicts)
{
    for (guint i = 0; i < run->roots->len; i++) {
        ImportRoot *root = run->roots->pdata[i];
        root->build = g_steal_pointer(&verdicts->pdata[2 * i]);
        root->run = g_steal_pointer(&verdicts->pdata[2 * i + 1]);
    }
}

bool import_memory_decode(GBytes *bytes, CheckRun *run)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    if (size < strlen(MAGIC) || memcmp(data, MAGIC, strlen(MAGIC)) != 0)
        return false;
    PackedInput in = {data + strlen(MAGIC), data + size, false};
    g_autoptr(GPtrArray) items = import_roots_items(run);
    g_autoptr(GPtrArray) verdicts = take_verdicts(&in, run->roots->len, 2);
    g_autoptr(GPtrArray) found = take_verdicts(&in, items->len, 1);
    g_autoptr(GPtrArray) deferred = take_failures(&in);
    g_autoptr(GPtrArray) refusals = take_refusals(&in);
    if (in.failed || in.at != in.end)
        return false;
    fill_in(run, verdicts);
    for (guint i = 0; i < items->len; i++)
        ((ImportFound *)items->pdata[i])->verdict = g_steal_pointer(&found->pdata[i]);
    run->found = g_steal_pointer(&items);
    run->deferred = g_steal_pointer(&deferred);
    g_ptr_array_unref(run->refusals);
    run->refusals = g_steal_pointer(&refusals);
    return true;
}

/* The key. Every text goes into the digest with its end, every list with its length. */

static void add_bytes(Digest *digest, const void *data, size_t length)
{
    guint64 size = length;
    digest_update(digest, &size, sizeof size);
    digest_update(digest, data, length);
}

static void add_text(Digest *digest, const char *text)
{
    add_bytes(digest, text ? text : "", text ? strlen(text) + 1 : 0);
}

static void add_number(Digest *digest, guint64 number)
{
    digest_update(digest, &number, sizeof number);
}

static void add_texts(Digest *digest, const char *const *texts)
{
    guint count = texts ? g_strv_length((char **)texts) : 0;
    add_number(digest, texts ? count + 1 : 0);
    for (guint i = 0; i < count; i++)
        add_text(digest, texts[i]);
}

static void add_roots(Digest *digest, const CheckRun *run)
{
    g_autoptr(GPtrArray) items = import_roots_items(run);
    add_number(digest, run->roots->len);
    for (guint i = 0; i < run->roots->len; i++) {
        const ImportRoot *root = run->roots->pdata[i];
        gsize length = 0;
        const void *text = root->text ? g_bytes_get_data(root->text, &length) : NULL;
        add_number(digest, root->kind);
        add_text(digest, root->name);
        add_texts(digest, (const char *const *)root->folders);
        add_bytes(digest, text ? text : "", length);
    }
    add_number(digest, items->len);
    for (guint i = 0; i < items->len; i++)
        add_text(digest, ((const ImportFound *)items->pdata[i])->text);
}

/* What Python reads: other files of a base are only there or not. */
static void add_base_file(Digest *digest, const FileSpace *space, const SpaceFile *file)
{
    bool read = g_str_has_suffix(file->path, ".py") || g_str_has_suffix(file->path, ".pth");
    g_autoptr(GBytes) bytes = read ? file_space_read(space, file, PY_MAX_BYTES, NULL) : NULL;
    gsize length = 0;
    const void *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    add_number(digest, bytes != NULL);
    add_bytes(digest, data ? data : "", length);
}

static void add_space(Digest *digest, const FileSpace *space)
{
    const GPtrArray *files = file_space_files(space), *unknown = file_space_unknown(space);
    add_number(digest, unknown->len);
    add_number(digest, files->len);
    for (guint i = 0; i < files->len; i++) {
        const SpaceFile *file = files->pdata[i];
        add_text(digest, file->path);
        add_text(digest, file->distribution);
        add_text(digest, file->view ? wheel_view_key(file->view) : NULL);
        add_text(digest, file->member ? file->member->name : NULL);
        if (file->member) {
            add_number(digest, file->member->crc32);
            add_number(digest, file->member->size);
        } else if (!file->view) {
            add_base_file(digest, space, file);
        }
    }
}

static void add_natives(Digest *digest, const CheckRun *run)
{
    add_number(digest, run->wheels->len);
    for (guint i = 0; i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        const GPtrArray *files = wheel->native ? wheel->native->files : NULL;
        add_text(digest, wheel->file->sha256);
        add_number(digest, files ? files->len + 1 : 0);
        add_number(digest, wheel->native && wheel->native->deep);
        for (guint k = 0; files && k < files->len; k++) {
            const NativeFile *file = files->pdata[k];
            const SharedObject *object = file->object;
            add_text(digest, file->member);
            add_texts(digest, object ? (const char *const *)object->needed : NULL);
        }
    }
    g_autoptr(GPtrArray) names = library_names(run);
    add_number(digest, run->deep);
    add_number(digest, run->image && image_files_are_open(run->image));
    add_number(digest, names->len);
    for (guint i = 0; i < names->len; i++)
        add_text(digest, names->pdata[i]);
}

/* The application's files: names of all, what is in those that Python reads. */
static void add_image(Digest *digest, const ImageFiles *image)
{
    const GPtrArray *entries = image ? image_files_entries(image) : NULL;
    add_number(digest, entries ? entries->len + 1 : 0);
    add_number(digest, image && image_files_have_more(image));
    for (guint i = 0; entries && i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        bool is_read = entry->kind == ENTRY_FILE && g_str_has_suffix(entry->path, ".py");
        g_autoptr(GBytes) bytes =
            is_read ? image_files_read(image, entry->path, PY_MAX_BYTES) : NULL;
        gsize length = 0;
        const void *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;
        add_text(digest, entry->path);
        add_text(digest, entry->target);
        add_number(digest, entry->kind);
        add_number(digest, entry->stage);
        add_number(digest, bytes != NULL);
        add_bytes(digest, data ? data : "", length);
    }
}

char *import_memory_key(const CheckRun *run, const ImportScene *scene)
{
    g_autoptr(Digest) digest = digest_new("sha256");
    if (!digest || !scene->space)
        return NULL;
    add_text(digest, MAGIC SOURCE_DIGEST);
    add_text(digest, scene->python);
    add_text(digest, scene->platform);
    add_number(digest, scene->partial);
    add_texts(digest, scene->env);
    add_roots(digest, run);
    add_image(digest, scene->image);
    add_space(digest, scene->space);
    add_natives(digest, run);
    return digest_finish(digest);
}

bool import_memory_load(Cache *cache, const char *key, CheckRun *run)
{
    g_autoptr(GBytes) bytes = key ? cache_load(cache, BUCKET, key) : NULL;
    return bytes && import_memory_decode(bytes, run);
}

void import_memory_save(Cache *cache, const char *key, const CheckRun *run)
{
    if (!key)
        return;
    g_autoptr(GByteArray) bytes = import_memory_encode(run);
    cache_save(cache, BUCKET, key, bytes->data, bytes->len);
}

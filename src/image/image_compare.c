#include "image/image_compare.h"

#include "base/auto.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>

/* Sides: 0 is the image, 1 its rebuild. */
enum {
    THEIRS,
    OURS,
};

static const char *const side_names[] = {"in the image", "in the rebuild"};

/* A layer that is being read. */
typedef struct {
    int fd;
    guint64 at, end;
    ArchiveReader *reader;
    const ArchiveEntry *entry; /* NULL at the end */
} Side;

static gssize read_side(void *data, void *buffer, size_t length, GError **error)
{
    Side *side = data;
    size_t wanted = MIN(length, side->end - side->at);
    gssize count = wanted > 0 ? io_read_at(side->fd, buffer, wanted, side->at, error) : 0;
    if (count > 0)
        side->at += (guint64)count;
    return count;
}

static gboolean open_side(Side *side, const ImageBlob *blob, GError **error)
{
    side->fd = blob->path ? open(blob->path, O_RDONLY | O_CLOEXEC) : -1;
    if (side->fd < 0)
        return error_set_errno(error, ERROR_FAILED, blob->path ? errno : ENOENT,
                               "cannot read the layer %s", blob->digest);
    side->at = blob->offset;
    side->end = blob->offset + blob->size;
    ArchiveInput input = {.read = read_side, .data = side};
    side->reader = archive_reader_new(blob->digest, &input, error);
    return side->reader != NULL;
}

static void close_side(Side *side)
{
    archive_reader_free(side->reader);
    if (side->fd >= 0)
        close(side->fd);
}

/* At most 200 characters, none of which moves a terminal's cursor. */
static char *shown(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    bool is_long = g_utf8_strlen(valid, -1) > 200;
    g_autofree char *cut = is_long ? g_utf8_substring(valid, 0, 200) : g_strdup(valid);
    for (char *p = cut; *p; p++) {
        if (g_ascii_iscntrl(*p))
            *p = '?';
    }
    return g_strconcat(cut, is_long ? "…" : NULL, NULL);
}

/* "WHAT: A in the image, B in the rebuild" */
static char *tell(const char *what, const char *theirs, const char *ours)
{
    g_autofree char *name = shown(what);
    g_autofree char *left = shown(theirs);
    g_autofree char *right = shown(ours);
    return g_strdup_printf("%s: %s %s, %s %s", name, left, side_names[THEIRS], right,
                           side_names[OURS]);
}

static char *tell_number(const char *path, const char *what, const char *format, guint64 theirs,
                         guint64 ours)
{
    g_autofree char *name = g_strdup_printf("/%s: %s", path, what);
    g_autofree char *left = NULL, *right = NULL;
    if (g_str_equal(format, "octal")) {
        left = g_strdup_printf("%04o", (unsigned)theirs);
        right = g_strdup_printf("%04o", (unsigned)ours);
    } else {
        left = g_strdup_printf("%" G_GUINT64_FORMAT, theirs);
        right = g_strdup_printf("%" G_GUINT64_FORMAT, ours);
    }
    return tell(name, left, right);
}

static const char *kind_name(EntryKind kind)
{
    static const char *const names[] = {
        [ENTRY_FILE] = "a file",           [ENTRY_FOLDER] = "a folder",
        [ENTRY_SYMLINK] = "a link",        [ENTRY_HARDLINK] = "a hard link",
        [ENTRY_DEVICE] = "a special file",
    };
    return names[kind];
}

/* What a header says of an entry; NULL: the same. */
static char *compare_headers(const ArchiveEntry *theirs, const ArchiveEntry *ours)
{
    const char *path = theirs->path;
    g_autofree char *name = g_strconcat("/", path, NULL);
    if (theirs->kind != ours->kind)
        return tell(name, kind_name(theirs->kind), kind_name(ours->kind));
    if (theirs->mode != ours->mode)
        return tell_number(path, "mode", "octal", theirs->mode, ours->mode);
    if (theirs->uid != ours->uid)
        return tell_number(path, "owner", "decimal", theirs->uid, ours->uid);
    if (theirs->gid != ours->gid)
        return tell_number(path, "group", "decimal", theirs->gid, ours->gid);
    if (theirs->kind == ENTRY_FILE && theirs->size != ours->size)
        return tell_number(path, "bytes", "decimal", theirs->size, ours->size);
    if (theirs->mtime != ours->mtime)
        return tell_number(path, "time", "decimal", (guint64)theirs->mtime, (guint64)ours->mtime);
    if (g_strcmp0(theirs->target, ours->target) == 0)
        return NULL;
    g_autofree char *link = g_strconcat(name, ": link to", NULL);
    return tell(link, theirs->target ? theirs->target : "", ours->target ? ours->target : "");
}

static gboolean digest_content(Side *side, char **ret_hex, GError **error)
{
    g_autoptr(Digest) digest = digest_new("sha256");
    g_autofree char *buffer = g_malloc(64 * KIB);
    for (;;) {
        gssize count = archive_reader_read(side->reader, buffer, 64 * KIB, error);
        if (count < 0)
            return FALSE;
        if (count == 0)
            break;
        digest_update(digest, buffer, (size_t)count);
    }
    *ret_hex = digest_finish(digest);
    return TRUE;
}

static gboolean compare_contents(Side *theirs, Side *ours, char **ret_difference, GError **error)
{
    g_autofree char *left = NULL, *right = NULL;
    if (!digest_content(theirs, &left, error) || !digest_content(ours, &right, error))
        return FALSE;
    if (g_str_equal(left, right))
        return TRUE;
    g_autofree char *name = g_strdup_printf("/%s: content", theirs->entry->path);
    g_autofree char *their_digest = g_strconcat("sha256:", left, NULL);
    g_autofree char *our_digest = g_strconcat("sha256:", right, NULL);
    *ret_difference = tell(name, their_digest, our_digest);
    return TRUE;
}

/* Entries that stand at the same place. */
static gboolean compare_entries(Side *theirs, Side *ours, char **ret_difference, GError **error)
{
    bool same = theirs->entry && ours->entry && g_str_equal(theirs->entry->path, ours->entry->path);
    if (!same) {
        bool only_theirs =
            !ours->entry || (theirs->entry && strcmp(theirs->entry->path, ours->entry->path) < 0);
        const Side *has = only_theirs ? theirs : ours;
        g_autofree char *name = shown(has->entry->path);
        *ret_difference =
            g_strdup_printf("/%s: only %s", name, side_names[only_theirs ? THEIRS : OURS]);
        return TRUE;
    }
    *ret_difference = compare_headers(theirs->entry, ours->entry);
    return *ret_difference || theirs->entry->kind != ENTRY_FILE ||
           compare_contents(theirs, ours, ret_difference, error);
}

static gboolean compare_sides(Side *theirs, Side *ours, char **ret_difference, GError **error)
{
    for (;;) {
        if (!archive_reader_next(theirs->reader, &theirs->entry, error) ||
            !archive_reader_next(ours->reader, &ours->entry, error))
            return FALSE;
        if (!theirs->entry && !ours->entry)
            return TRUE;
        if (!compare_entries(theirs, ours, ret_difference, error))
            return FALSE;
        if (*ret_difference)
            return TRUE;
    }
}

gboolean image_layer_difference(const ImageBlob *theirs, const ImageBlob *ours,
                                char **ret_difference, GError **error)
{
    Side sides[2] = {{.fd = -1}, {.fd = -1}};
    g_autofree char *difference = NULL;
    gboolean ok = open_side(&sides[THEIRS], theirs, error) &&
                  open_side(&sides[OURS], ours, error) &&
                  compare_sides(&sides[THEIRS], &sides[OURS], &difference, error);
    close_side(&sides[THEIRS]);
    close_side(&sides[OURS]);
    if (ok)
        *ret_difference = g_steal_pointer(&difference);
    return ok;
}

/* Configurations */

static char *compare_texts(const char *what, const char *theirs, const char *ours)
{
    if (g_strcmp0(theirs, ours) == 0)
        return NULL;
    return tell(what, theirs ? theirs : "nothing", ours ? ours : "nothing");
}

static char *joined(char *const *list)
{
    return list ? g_strjoinv(" ", (char **)list) : NULL;
}

static char *compare_lists(const char *what, char *const *theirs, char *const *ours)
{
    g_autofree char *left = joined(theirs);
    g_autofree char *right = joined(ours);
    return compare_texts(what, left, right);
}

static char *array_text(const GPtrArray *list)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(out, "%s%s", i ? " " : "", (const char *)list->pdata[i]);
    return g_string_free(out, FALSE);
}

static char *compare_arrays(const char *what, const GPtrArray *theirs, const GPtrArray *ours)
{
    g_autofree char *left = array_text(theirs);
    g_autofree char *right = array_text(ours);
    return compare_texts(what, left, right);
}

static char *compare_pairs(const GPtrArray *theirs, const GPtrArray *ours)
{
    const GPtrArray *sides[] = {theirs, ours};
    for (guint side = 0; side < G_N_ELEMENTS(sides); side++) {
        for (guint i = 0; i < sides[side]->len; i++) {
            const ImagePair *pair = sides[side]->pdata[i];
            g_autofree char *what = g_strconcat("label ", pair->key, NULL);
            char *found = compare_texts(what, image_pairs_find(theirs, pair->key),
                                        image_pairs_find(ours, pair->key));
            if (found)
                return found;
        }
    }
    return NULL;
}

static char *healthcheck_text(const ImageHealthcheck *check)
{
    if (!check)
        return NULL;
    g_autofree char *test = joined(check->test);
    return g_strdup_printf(
        "%s (%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ")",
        test ? test : "", check->interval, check->timeout, check->start_period, check->retries);
}

static char *compare_healthchecks(const ImageConfig *theirs, const ImageConfig *ours)
{
    g_autofree char *left = healthcheck_text(theirs->healthcheck);
    g_autofree char *right = healthcheck_text(ours->healthcheck);
    return compare_texts("healthcheck", left, right);
}

static char *history_text(const GPtrArray *history)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < history->len; i++) {
        const ImageHistory *step = history->pdata[i];
        g_string_append_printf(
            out, "%s%s|%s|%s|%s|%d", i ? "; " : "", step->created ? step->created : "",
            step->created_by ? step->created_by : "", step->author ? step->author : "",
            step->comment ? step->comment : "", step->empty_layer);
    }
    return g_string_free(out, FALSE);
}

static char *compare_histories(const ImageConfig *theirs, const ImageConfig *ours)
{
    g_autofree char *left = history_text(theirs->history);
    g_autofree char *right = history_text(ours->history);
    return compare_texts("history", left, right);
}

static char *compare_plain(const ImageConfig *theirs, const ImageConfig *ours)
{
    const struct {
        const char *what, *theirs, *ours;
    } rows[] = {
        {"architecture", theirs->architecture, ours->architecture},
        {"os", theirs->os, ours->os},
        {"variant", theirs->variant, ours->variant},
        {"created", theirs->created, ours->created},
        {"author", theirs->author, ours->author},
        {"user", theirs->user, ours->user},
        {"workdir", theirs->workdir, ours->workdir},
        {"stop_signal", theirs->stop_signal, ours->stop_signal},
    };
    char *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(rows) && !found; i++)
        found = compare_texts(rows[i].what, rows[i].theirs, rows[i].ours);
    return found;
}

char *image_config_difference(const ImageConfig *theirs, const ImageConfig *ours)
{
    char *found = compare_plain(theirs, ours);
    if (!found)
        found = compare_lists("env", theirs->env, ours->env);
    if (!found)
        found = compare_lists("entrypoint", theirs->entrypoint, ours->entrypoint);
    if (!found)
        found = compare_lists("cmd", theirs->cmd, ours->cmd);
    if (!found)
        found = compare_lists("shell", theirs->shell, ours->shell);
    if (!found)
        found = compare_arrays("ports", theirs->ports, ours->ports);
    if (!found)
        found = compare_arrays("volumes", theirs->volumes, ours->volumes);
    if (!found)
        found = compare_pairs(theirs->labels, ours->labels);
    if (!found)
        found = compare_healthchecks(theirs, ours);
    return found ? found : compare_histories(theirs, ours);
}

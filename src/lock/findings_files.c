#include "lock/findings.h"
#include "python/name.h"

/* Clashes of files */

static bool same_clash_group(const FileClash *a, const FileClash *b)
{
    return a->deleted == b->deleted && g_str_equal(a->loser, b->loser) &&
           g_str_equal(a->winner, b->winner);
}

static char *describe_clash(const Judge *judge, const FileClash *clash, unsigned count)
{
    const char *files = count == 1 ? "file" : "files";
    if (clash->deleted)
        return g_strdup_printf("stage '%s' uninstalls %s and with it %u %s that %s still lists",
                               judge->stage->name, clash->winner, count, files, clash->loser);
    return g_strdup_printf("stage '%s' writes %u %s of %s over those of %s, with another content",
                           judge->stage->name, count, files, clash->winner, clash->loser);
}

static char *hint_clash(const FileClash *clash)
{
    if (clash->deleted)
        return g_strdup_printf("install %s again afterwards (`install: [%s]`, `force_reinstall: "
                               "true`, `no_deps: true`)",
                               clash->loser, clash->loser);
    return g_strdup_printf("keep one of the two; what is written last, %s, wins", clash->winner);
}

static bool is_harmless(const FileClash *clash)
{
    return !clash->deleted && clash->same_content;
}

/* One finding for all clashes of the kind of `first`, which is the first of them. */
static void judge_clash_group(Judge *judge, const GPtrArray *clashes, guint first)
{
    const FileClash *clash = clashes->pdata[first];
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    unsigned count = 0;
    for (guint i = first; i < clashes->len; i++) {
        const FileClash *other = clashes->pdata[i];
        if (!is_harmless(other) && same_clash_group(clash, other) && count++ < FINDING_EVIDENCE)
            g_strv_builder_add(paths, other->path);
    }
    judge_count_rest(paths, count);
    Finding *finding =
        judge_add(judge, clash->deleted ? "file-lost" : "file-overlap",
                  judge_place_of(judge, clash->winner), describe_clash(judge, clash, count));
    finding->distribution = g_strdup(clash->loser);
    finding->hint = hint_clash(clash);
    finding->evidence = g_strv_builder_end(paths);
}

/* A file that a whole family of distributions brings (nvidia/__init__.py) clashes once for every
 * two of them; where the content is the same, one note tells of all such files. */
static void judge_harmless(const Judge *judge, const GPtrArray *clashes)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    unsigned count = 0;
    for (guint i = 0; i < clashes->len; i++) {
        const FileClash *clash = clashes->pdata[i];
        if (is_harmless(clash) && g_hash_table_add(seen, clash->path) && count++ < FINDING_EVIDENCE)
            g_strv_builder_add(paths, clash->path);
    }
    if (count == 0)
        return;
    judge_count_rest(paths, count);
    Finding *finding =
        judge_add(judge, "file-overlap", g_strdup(judge->change->locked->at),
                  g_strdup_printf(
                      "stage '%s' writes %u %s over another distribution's, with the same content",
                      judge->stage->name, count, count == 1 ? "file" : "files"));
    finding->severity = SEVERITY_NOTE;
    finding->evidence = g_strv_builder_end(paths);
}

static bool is_first_of_group(const GPtrArray *clashes, guint index)
{
    for (guint i = 0; i < index; i++) {
        if (!is_harmless(clashes->pdata[i]) &&
            same_clash_group(clashes->pdata[i], clashes->pdata[index]))
            return false;
    }
    return true;
}

void judge_clashes(Judge *judge)
{
    const GPtrArray *clashes = judge->change->effects->clashes;
    for (guint i = 0; i < clashes->len; i++) {
        const FileClash *clash = clashes->pdata[i];
        if (!is_harmless(clash) &&
            environment_find(judge->change->solve->environment, clash->loser) &&
            is_first_of_group(clashes, i))
            judge_clash_group(judge, clashes, i);
    }
    judge_harmless(judge, clashes);
}

/* Copies that remain */

/* The copy of a name that the stage wrote, or (with a version) the one that stays. */
static const InstalledDistribution *find_copy(const Judge *judge, const char *canonical,
                                              const char *version)
{
    const GPtrArray *all = judge->change->solve->environment->distributions;
    for (guint i = 0; i < all->len; i++) {
        const InstalledDistribution *copy = all->pdata[i];
        bool own = g_strcmp0(copy->stage, judge->stage->name) == 0;
        if (g_str_equal(copy->canonical, canonical) &&
            (version ? !own && g_str_equal(solve_installed_version(copy), version) : own))
            return copy;
    }
    return NULL;
}

static bool is_record(const InstalledDistribution *copy, const char *path)
{
    g_autofree char *records = g_build_filename(copy->site_dir, copy->dist_info, "", NULL);
    return g_str_has_prefix(path, records) || g_str_has_suffix(path, ".pyc");
}

/* The files of `copy` that `fresh` has not written over, by their lists: both are sorted. */
static char **stale_files(const InstalledDistribution *copy, const InstalledDistribution *fresh)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    unsigned count = 0;
    guint k = 0;
    for (guint i = 0; i < copy->paths->len; i++) {
        const char *path = copy->paths->pdata[i];
        while (k < fresh->paths->len && strcmp(fresh->paths->pdata[k], path) < 0)
            k++;
        bool written = k < fresh->paths->len && g_str_equal(fresh->paths->pdata[k], path);
        if (!written && !is_record(copy, path) && count++ < FINDING_EVIDENCE)
            g_strv_builder_add(lines, path);
    }
    if (count == 0)
        return NULL;
    judge_count_rest(lines, count);
    g_auto(GStrv) paths = g_strv_builder_end(lines);
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_autofree char *head = g_strdup_printf(
        "%u %s of %s %s that %s no longer has %s", count, count == 1 ? "file" : "files",
        copy->canonical, solve_installed_version(copy), solve_installed_version(fresh),
        count == 1 ? "remains and can be imported:" : "remain and can be imported:");
    g_strv_builder_add(all, head);
    g_strv_builder_addv(all, (const char **)paths);
    return g_strv_builder_end(all);
}

static void judge_ghost(Judge *judge, const char *text)
{
    g_autofree char *name = g_strndup(text, strcspn(text, " "));
    g_autofree char *canonical = name_canonicalize(name);
    const InstalledDistribution *seen =
        environment_find(judge->change->solve->environment, canonical);
    const InstalledDistribution *fresh = find_copy(judge, canonical, NULL);
    const InstalledDistribution *copy = find_copy(judge, canonical, text + strcspn(text, " ") + 1);
    Finding *finding = judge_add(
        judge, "ghost-distribution", judge_place_of(judge, canonical),
        g_strdup_printf("stage '%s' installs %s%s%s beside %s, which stays; pip reports the one "
                        "that its folder lists first, taken to be %s",
                        judge->stage->name, canonical, fresh ? " " : "",
                        fresh ? solve_installed_version(fresh) : "", text,
                        seen ? solve_installed_version(seen) : "neither"));
    finding->hint = g_strdup("`ignore_installed` uninstalls nothing: files of the old version "
                             "remain among those of the new one; use `force_reinstall`");
    finding->version = fresh ? g_strdup(solve_installed_version(fresh)) : NULL;
    finding->found = copy ? g_strdup(solve_installed_version(copy)) : NULL;
    if (copy && fresh && copy->paths && fresh->paths)
        finding->evidence = stale_files(copy, fresh);
    finding->distribution = g_steal_pointer(&canonical);
}

void judge_copies(Judge *judge)
{
    const InstallEffects *effects = judge->change->effects;
    for (guint i = 0; i < effects->ghosts->len; i++)
        judge_ghost(judge, effects->ghosts->pdata[i]);
    for (guint i = 0; i < effects->shadowed->len; i++) {
        const char *copy = effects->shadowed->pdata[i];
        g_autofree char *name = g_strndup(copy, strcspn(copy, " "));
        g_autofree char *canonical = name_canonicalize(name);
        Finding *finding = judge_add(
            judge, "outside-environment", judge_place_of(judge, canonical),
            g_strdup_printf("%s lies outside the environment: pip leaves it, and the new copy "
                            "hides it",
                            copy));
        finding->distribution = g_steal_pointer(&canonical);
    }
}

#include "python/conflict.h"
#include "python/hashes.h"

/* Files whose digests are said. */
#define DIGESTS_SAID 4

/* "sha256:…", or the first digest that the index gives, or NULL. */
static char *file_digest(const IndexFile *file)
{
    if (file->sha256)
        return g_strconcat("sha256:", file->sha256, NULL);
    char *digest = file->hashes && file->hashes[0] ? g_strdup(file->hashes[0]) : NULL;
    return digest ? g_strdelimit(digest, "=", ':') : NULL;
}

static void say_offered(Conflict *conflict, const Project *project, const Candidate *stopped)
{
    unsigned said = 0;
    for (guint i = 0; i < project->n_files && said < DIGESTS_SAID; i++) {
        const FoundFile *found = &project->files[i];
        const IndexFile *file = found_file(found);
        g_autofree char *digest = found->version == stopped->number ? file_digest(file) : NULL;
        if (!digest)
            continue;
        const char *index = file->location ? file->location->name : "the index";
        g_ptr_array_add(conflict->notes,
                        g_strdup_printf("%s has %s with %s", index, file->filename, digest));
        said++;
    }
}

/* A digest of another version or platform is the usual reason why none fits. */
static void say_whose(const World *world, Conflict *conflict, char **hashes)
{
    const Ident *ident = world->stopped_at;
    g_autoptr(GPtrArray) locations = finder_locations(world->finder, ident->canonical);
    for (guint i = 0; !hashes_is_empty(hashes) && i < locations->len; i++) {
        const IndexPage *page = index_client_get_page(world->request->client, locations->pdata[i],
                                                      ident->canonical, NULL);
        for (guint j = 0; page && j < page->files->len; j++) {
            const IndexFile *file = index_page_file(page, j);
            if (!hashes_file_has_digest(file) || !hashes_allow_file(hashes, file))
                continue;
            g_ptr_array_add(conflict->notes,
                            g_strdup_printf("a hash that is given is that of %s", file->filename));
            return;
        }
    }
}

void conflict_add_digests(World *world, Conflict *conflict)
{
    const Candidate *stopped = world->stopped_on;
    if (stopped->project)
        say_offered(conflict, stopped->project, stopped);
    for (guint i = 0; world->stopped && i < world->stopped->len; i++) {
        const Info *info = world->stopped->pdata[i];
        if (info->need->ident->base == world->stopped_at && info->need->root)
            say_whose(world, conflict, info->need->root->hashes);
    }
    const Constraint *constraint = world->stopped_at->constraint;
    if (constraint)
        say_whose(world, conflict, constraint->hashes);
}

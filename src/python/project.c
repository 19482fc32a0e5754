#include "python/finder_private.h"

/* A version as names of candidates spell it: files share a few of them, and each is parsed once. */
typedef struct {
    TextKey key;           /* first: the table compares it; in the name of a file */
    Version *version;      /* NULL: it is none */
    const IndexPage *page; /* whose versions are ranked, or NULL */
    guint32 rank;          /* there */
    guint order;           /* in which they came */
    guint number;          /* of the project's version */
} Spelling;

/* A file that is a candidate. */
typedef struct {
    const IndexPage *page;
    guint index; /* of the file in the page */
    int rank;
    Spelling *spelling;
    WheelName *wheel; /* only when it has a build tag */
    bool is_wheel, yanked;
} Found;

/* The project that is looked for, and what its last file said: neighbours often say the same. */
typedef struct {
    Finder *finder;
    const char *canonical;
    bool wheels, sources; /* what format control allows */
    GPtrArray *spellings;
    GHashTable *by_text;
    Spelling *spelling;
    TextKey name; /* of a wheel, found to be the project's */
    const char *python;
    bool python_accepted;
} Evaluation;

void project_free(gpointer data)
{
    Project *project = data;
    for (guint i = 0; i < project->n_versions; i++)
        version_unref(project->versions[i]);
    g_free(project->versions);
    g_free(project->files);
    g_free(project->finals);
    g_free(project->offered);
    g_free(project->canonical);
    g_hash_table_unref(project->accepted);
    g_free(project);
}

static void spelling_free(gpointer data)
{
    Spelling *spelling = data;
    version_unref(spelling->version);
    g_free(spelling);
}

static void found_clear(gpointer data)
{
    wheel_name_free(((Found *)data)->wheel);
}

static void evaluation_init(Evaluation *evaluation, Finder *finder, const char *canonical)
{
    *evaluation = (Evaluation){
        .finder = finder,
        .canonical = canonical,
        .wheels = true,
        .sources = true,
        .spellings = g_ptr_array_new_with_free_func(spelling_free),
        .by_text = g_hash_table_new(text_key_hash, text_key_equal),
        .python_accepted = true,
    };
    format_control_allows(&finder->format, canonical, &evaluation->wheels, &evaluation->sources);
}

static void evaluation_clear(Evaluation *evaluation)
{
    g_array_set_size(evaluation->finder->found, 0);
    g_array_set_size(evaluation->finder->sorted, 0);
    g_hash_table_unref(evaluation->by_text);
    g_ptr_array_unref(evaluation->spellings);
}

/* The spelling, or NULL when it is no version's. */
static Spelling *evaluation_spelling(Evaluation *evaluation, const char *text, size_t length)
{
    TextKey key = {text, length};
    Spelling *spelling = evaluation->spelling;
    if (!spelling || !text_key_equal(&spelling->key, &key))
        spelling = g_hash_table_lookup(evaluation->by_text, &key);
    if (!spelling) {
        g_autofree char *copy = g_strndup(text, length);
        spelling = g_new0(Spelling, 1);
        spelling->key = key;
        spelling->version = version_parse(copy, NULL);
        spelling->order = evaluation->spellings->len;
        g_ptr_array_add(evaluation->spellings, spelling);
        g_hash_table_add(evaluation->by_text, spelling);
    }
    evaluation->spelling = spelling;
    return spelling->version ? spelling : NULL;
}

static bool evaluation_accepts(Evaluation *evaluation, const IndexFile *file)
{
    if (!finder_accepts_date(evaluation->finder, file))
        return false;
    if (file->requires_python != evaluation->python) {
        evaluation->python = file->requires_python;
        evaluation->python_accepted = finder_accepts_python(evaluation->finder, evaluation->python);
    }
    return evaluation->python_accepted;
}

static bool evaluation_owns_name(Evaluation *evaluation, const char *filename, size_t length)
{
    TextKey name = {filename, length};
    if (text_key_equal(&evaluation->name, &name))
        return true;
    if (!wheel_name_is_of(filename, length, evaluation->canonical))
        return false;
    evaluation->name = name;
    return true;
}

/* A name that wheel_name_split() leaves alone. */
static Spelling *evaluate_odd_wheel(Evaluation *evaluation, const char *filename, Found *found)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, NULL);
    if (!wheel || !g_str_equal(wheel->name, evaluation->canonical))
        return NULL;
    const char *version = strchr(filename, '-') + 1;
    if (*wheel->build)
        found->wheel = g_steal_pointer(&wheel);
    return evaluation_spelling(evaluation, version, strcspn(version, "-"));
}

/* What LinkEvaluator.evaluate_link() does for a wheel, cheapest test first. */
static Spelling *evaluate_wheel(Evaluation *evaluation, const IndexFile *file, size_t length,
                                Found *found)
{
    const char *filename = file->filename;
    WheelParts parts;
    bool odd = !wheel_name_split(filename, length, &parts);
    TextKey tags = {odd ? NULL : parts.tags, odd ? 0 : length - (size_t)(parts.tags - filename)};
    if (odd && !wheel_find_tags(filename, &tags))
        return NULL;
    found->rank = finder_rank(evaluation->finder, tags);
    if (found->rank < 0 || !evaluation_accepts(evaluation, file))
        return NULL;
    if (odd)
        return evaluate_odd_wheel(evaluation, filename, found);
    if (!evaluation_owns_name(evaluation, filename, parts.name_length))
        return NULL;
    return evaluation_spelling(evaluation, parts.version, parts.version_length);
}

static Spelling *evaluate_source(Evaluation *evaluation, const IndexFile *file, Found *found)
{
    size_t length;
    if (!evaluation_accepts(evaluation, file))
        return NULL;
    const char *version = sdist_find_version(file->filename, evaluation->canonical, &length);
    found->rank = evaluation->finder->source_rank;
    return version ? evaluation_spelling(evaluation, version, length) : NULL;
}

static void evaluate_file(Evaluation *evaluation, const IndexPage *page, guint index,
                          const IndexFile *file)
{
    size_t length = strlen(file->filename);
    Found found = {.page = page, .index = index, .yanked = file->yanked != NULL};
    found.is_wheel = length >= 4 && memcmp(file->filename + length - 4, ".whl", 4) == 0;
    if (found.is_wheel ? !evaluation->wheels : !evaluation->sources)
        return;
    found.spelling = found.is_wheel ? evaluate_wheel(evaluation, file, length, &found)
                                    : evaluate_source(evaluation, file, &found);
    if (found.spelling)
        g_array_append_val(evaluation->finder->found, found);
}

/* A file in a folder. */
typedef struct {
    const IndexPage *page;
    guint index;
    const IndexFile *file;
} Local;

/* pip sorts the files of folders by URL, backwards, and puts them before everything else. */
static int compare_urls_backwards(const void *a, const void *b)
{
    const Local *x = a, *y = b;
    return strcmp(y->file->url, x->file->url);
}

static void evaluate_folders(Evaluation *evaluation, const GPtrArray *pages)
{
    g_autoptr(GArray) locals = g_array_new(FALSE, FALSE, sizeof(Local));
    for (guint i = 0; i < pages->len; i++) {
        const IndexPage *page = pages->pdata[i];
        for (guint j = 0; j < page->files->len; j++) {
            Local local = {page, j, index_page_file(page, j)};
            if (file_is_local(local.file))
                g_array_append_val(locals, local);
        }
    }
    g_array_sort(locals, compare_urls_backwards);
    for (guint i = 0; i < locals->len; i++) {
        const Local *local = &g_array_index(locals, Local, i);
        evaluate_file(evaluation, local->page, local->index, local->file);
    }
}

/* What is known of the parts of a page's names. */
typedef struct {
    const IndexPage *page;
    const PageNames *names;
    Spelling **spellings; /* by version */
    int *ranks;           /* by tags; RANK_UNKNOWN: not asked yet */
} NamedPage;

#define RANK_UNKNOWN G_MININT

static void named_page_init(NamedPage *named, const IndexPage *page, const char *canonical)
{
    const PageNames *names = index_page_names(page, canonical);
    *named = (NamedPage){page, names, g_new0(Spelling *, names->n_versions + 1),
                         g_new(int, names->n_tags + 1)};
    for (guint i = 0; i < names->n_tags; i++)
        named->ranks[i] = RANK_UNKNOWN;
}

static void named_page_clear(NamedPage *named)
{
    g_free(named->spellings);
    g_free(named->ranks);
}

static int named_page_rank(const NamedPage *named, Finder *finder, guint32 tags)
{
    int *rank = &named->ranks[tags];
    if (*rank == RANK_UNKNOWN)
        *rank = finder_rank(finder, named->names->tags[tags].key);
    return *rank;
}

static Spelling *named_page_spelling(const NamedPage *named, Evaluation *evaluation, guint32 number)
{
    const NamePart *part = &named->names->versions[number];
    if (named->spellings[number] || part->rank == RANK_NONE)
        return named->spellings[number];
    g_autofree char *text = part->version ? NULL : g_strndup(part->key.text, part->key.length);
    Version *version = part->version ? version_ref(part->version) : version_parse(text, NULL);
    if (!version)
        return NULL;
    Spelling *spelling = g_new0(Spelling, 1);
    *spelling = (Spelling){.key = part->key,
                           .version = version,
                           .page = named->page,
                           .rank = part->rank,
                           .order = evaluation->spellings->len};
    g_ptr_array_add(evaluation->spellings, spelling);
    named->spellings[number] = spelling;
    return spelling;
}

/* evaluate_file() by the numbers of the name's parts: of most files nothing else is looked at. */
static void evaluate_named(Evaluation *evaluation, const NamedPage *named, guint index, bool links)
{
    FileName name = named->names->files[index];
    Found found = {.page = named->page, .index = index, .is_wheel = name.tags > 0};
    bool odd = name.version == NAME_ODD;
    if (name.version == 0 || (!odd && !(found.is_wheel ? evaluation->wheels : evaluation->sources)))
        return;
    found.rank = found.is_wheel ? named_page_rank(named, evaluation->finder, name.tags - 1)
                                : evaluation->finder->source_rank;
    IndexFile file;
    if (found.rank < 0)
        return;
    index_page_peek(named->page, index, &file);
    if (links && file_is_local(&file))
        return;
    if (odd) {
        evaluate_file(evaluation, named->page, index, &file);
        return;
    }
    found.yanked = file.yanked != NULL;
    found.spelling = evaluation_accepts(evaluation, &file)
                         ? named_page_spelling(named, evaluation, name.version - 1)
                         : NULL;
    if (found.spelling)
        g_array_append_val(evaluation->finder->found, found);
}

static void evaluate_page(Evaluation *evaluation, const IndexPage *page, bool links)
{
    NamedPage named;
    named_page_init(&named, page, evaluation->canonical);
    for (guint i = 0; i < page->files->len; i++)
        evaluate_named(evaluation, &named, i, links);
    named_page_clear(&named);
}

static gboolean evaluate_locations(Evaluation *evaluation, const GPtrArray *locations,
                                   GError **error)
{
    IndexClient *client = evaluation->finder->request->client;
    g_autoptr(GPtrArray) pages = g_ptr_array_new();
    g_autoptr(GPtrArray) links = g_ptr_array_new();
    for (guint i = 0; i < locations->len; i++)
        index_client_want_page(client, locations->pdata[i], evaluation->canonical);
    for (guint i = 0; i < locations->len; i++) {
        const IndexLocation *location = locations->pdata[i];
        const IndexPage *page =
            index_client_get_page(client, location, evaluation->canonical, error);
        if (!page)
            return FALSE;
        g_ptr_array_add(pages, (gpointer)page);
        if (location->kind == INDEX_FIND_LINKS)
            g_ptr_array_add(links, (gpointer)page);
    }
    evaluate_folders(evaluation, links);
    for (guint i = 0; i < pages->len; i++) {
        const IndexLocation *location = locations->pdata[i];
        evaluate_page(evaluation, pages->pdata[i], location->kind == INDEX_FIND_LINKS);
    }
    return TRUE;
}

/* Newest first; of equals, "1.0" and "1.0.0", the one that came first names the version. */
static int compare_spellings(const void *a, const void *b)
{
    const Spelling *x = *(Spelling *const *)a, *y = *(Spelling *const *)b;
    int order = x->page && x->page == y->page ? (x->rank > y->rank) - (x->rank < y->rank)
                                              : version_compare(y->version, x->version);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Numbers the distinct versions of candidates, newest first. */
static void project_number_versions(Project *project, const GPtrArray *spellings)
{
    g_autoptr(GPtrArray) used = g_ptr_array_new();
    for (guint i = 0; i < spellings->len; i++) {
        if (((const Spelling *)spellings->pdata[i])->version)
            g_ptr_array_add(used, spellings->pdata[i]);
    }
    if (used->len > 0)
        qsort(used->pdata, used->len, sizeof *used->pdata, compare_spellings);
    project->versions = g_new0(Version *, used->len + 1);
    for (guint i = 0; i < used->len; i++) {
        Spelling *spelling = used->pdata[i];
        guint last = project->n_versions;
        if (last == 0 || !version_equal(project->versions[last - 1], spelling->version))
            project->versions[project->n_versions++] = version_ref(spelling->version);
        spelling->number = project->n_versions - 1;
    }
}

/* A found file's place in the order of preference; less is better. */
typedef struct {
    guint64 key;
    const Found *found; /* in an array that has the order of the pages */
} Place;

/* CandidateEvaluator._sort_key(), but for what compare_places() adds. */
static guint64 place_key(const Finder *finder, const Found *found)
{
    guint64 yanked = found->yanked;
    guint64 source = finder->prefer_binary && !found->is_wheel;
    return yanked << 63 | source << 62 | (guint64)found->spelling->number << 31 |
           (guint64)found->rank;
}

/* Best first: then the build tag decides, and of equals the one that came last is the best. */
static int compare_places(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    const WheelName *left = x->found->wheel, *right = y->found->wheel;
    int order = left && right ? wheel_name_compare_build(right, left) : !left - !right;
    if (order)
        return order;
    return x->found > y->found ? -1 : 1;
}

/* Pages go from old to new, so that their reverse is all but sorted. */
static void project_sort_files(Project *project, Finder *finder)
{
    GArray *found = finder->found, *sorted = finder->sorted;
    for (guint i = found->len; i > 0; i--) {
        const Found *item = &g_array_index(found, Found, i - 1);
        Place place = {place_key(finder, item), item};
        g_array_append_val(sorted, place);
    }
    g_array_sort(sorted, compare_places);
    project->n_files = found->len;
    project->files = g_new(FoundFile, found->len + 1);
    for (guint i = 0; i < found->len; i++) {
        const Found *item = g_array_index(sorted, Place, i).found;
        project->files[i] = (FoundFile){
            .page = item->page,
            .index = item->index,
            .version = item->spelling->number,
            .rank = item->rank,
            .wheel = item->is_wheel,
            .yanked = item->yanked,
        };
    }
}

static int project_preferred(const Project *project, const ResolveRequest *request)
{
    const char *text =
        request->preferred ? g_hash_table_lookup(request->preferred, project->canonical) : NULL;
    g_autoptr(Version) version = text ? version_parse(text, NULL) : NULL;
    for (guint i = 0; version && i < project->n_versions; i++) {
        if (version_equal(project->versions[i], version))
            return (int)i;
    }
    return -1;
}

static Project *project_new(const Evaluation *evaluation)
{
    Finder *finder = evaluation->finder;
    Project *project = g_new0(Project, 1);
    project->canonical = g_strdup(evaluation->canonical);
    project->accepted = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    project_number_versions(project, evaluation->spellings);
    project_sort_files(project, finder);
    project->n_words = MAX(1, (project->n_versions + 63) / 64);
    project->finals = g_new0(guint64, project->n_words);
    project->offered = g_new0(guint64, project->n_words);
    for (guint i = 0; i < project->n_files; i++) {
        if (!project->files[i].yanked)
            bits_set(project->offered, project->files[i].version);
    }
    for (guint i = 0; i < project->n_versions; i++) {
        if (!version_is_prerelease(project->versions[i]))
            bits_set(project->finals, i);
    }
    project->preferred = project_preferred(project, finder->request);
    return project;
}

void project_scratch_init(Finder *finder)
{
    finder->found = g_array_new(FALSE, FALSE, sizeof(Found));
    g_array_set_clear_func(finder->found, found_clear);
    finder->sorted = g_array_new(FALSE, FALSE, sizeof(Place));
}

Project *finder_project(Finder *finder, const char *canonical, GError **error)
{
    Project *project = g_hash_table_lookup(finder->projects, canonical);
    if (project)
        return project;
    g_autoptr(GPtrArray) locations = finder_locations(finder, canonical);
    Evaluation evaluation;
    evaluation_init(&evaluation, finder, canonical);
    if (evaluate_locations(&evaluation, locations, error))
        project = project_new(&evaluation);
    evaluation_clear(&evaluation);
    if (!project)
        return NULL;
    g_hash_table_insert(finder->projects, project->canonical, project);
    return project;
}

const guint64 *project_accepted(Project *project, const Spec *spec)
{
    guint64 *bits = g_hash_table_lookup(project->accepted, spec);
    if (bits)
        return bits;
    bits = g_new0(guint64, project->n_words);
    for (guint i = 0; i < project->n_versions; i++) {
        if (specifier_set_contains(spec->set, project->versions[i], PRERELEASES_YES))
            bits_set(bits, i);
    }
    g_hash_table_insert(project->accepted, (gpointer)spec, bits);
    return bits;
}

#include "lock/survey.h"

#include "lock/environment_cuda.h"
#include "lock/solve.h"
#include "python/finder.h"

/* How a pip stage asks its indexes; made once a stage. */
typedef struct {
    GPtrArray *locations;
    ResolveOptions options;
    ResolveRequest request;
    Finder *finder;
} Asking;

struct LockSurvey {
    Solve *solve;
    Lock *lock;         /* what `solve` would add to; stays empty */
    GPtrArray *askings; /* Asking by stage, NULL: not made yet */
};

static void asking_free(void *data)
{
    Asking *asking = data;
    if (!asking)
        return;
    finder_free(asking->finder);
    g_clear_pointer(&asking->locations, g_ptr_array_unref);
    solve_options_clear(&asking->options);
    g_free(asking);
}

void lock_survey_free(LockSurvey *survey)
{
    if (!survey)
        return;
    g_ptr_array_unref(survey->askings);
    g_clear_pointer(&survey->solve, solve_free);
    lock_free(survey->lock);
    g_free(survey);
}

LockSurvey *lock_survey_new(LockSession *session, const Recipe *recipe, const char *platform,
                            Diags *diags, GError **error)
{
    g_autoptr(LockSurvey) survey = g_new0(LockSurvey, 1);
    survey->askings = g_ptr_array_new_with_free_func(asking_free);
    g_ptr_array_set_size(survey->askings, (int)recipe->stages->len);
    survey->lock = lock_new();
    survey->solve = solve_new(session, recipe, platform, survey->lock, diags);
    if (!session_load_user_config(session, diags) || !solve_read_inputs(survey->solve) ||
        !solve_find_facts(survey->solve, platform, error))
        return NULL;
    if (!solve_constrain_by_base(survey->solve))
        return NULL;
    return g_steal_pointer(&survey);
}

/* The pip stage of a name, or G_MAXUINT. */
static guint find_stage(const LockSurvey *survey, const char *name)
{
    const GPtrArray *stages = survey->solve->recipe->stages;
    for (guint i = 0; i < stages->len; i++) {
        const Stage *stage = stages->pdata[i];
        if (stage->kind == STAGE_PIP && g_str_equal(stage->name, name))
            return i;
    }
    return G_MAXUINT;
}

/* Lines */

static void line_free(void *data)
{
    SurveyLine *line = data;
    g_free(line->at);
    g_free(line->text);
    g_free(line);
}

static void add_lines(const LockSurvey *survey, GPtrArray *lines, const GPtrArray *requirements,
                      const char *name, SurveyLineKind kind)
{
    for (guint i = 0; i < requirements->len; i++) {
        const PipRequirement *requirement = requirements->pdata[i];
        const Requirement *clause = requirement->requirement;
        if (!clause || !g_str_equal(clause->canonical, name) ||
            (clause->marker && survey->solve->markers &&
             !marker_evaluate(clause->marker, survey->solve->markers, "")))
            continue;
        SurveyLine *line = g_new0(SurveyLine, 1);
        line->kind = kind;
        line->at = span_address(requirement->at);
        line->text = requirement_clause(clause);
        g_ptr_array_add(lines, line);
    }
}

GPtrArray *lock_survey_lines(const LockSurvey *survey, const char *stage, const char *name)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    guint index = find_stage(survey, stage);
    if (index == G_MAXUINT)
        return lines;
    const StageInputs *inputs = survey->solve->inputs->pdata[index];
    add_lines(survey, lines, inputs->inputs->constraints, name, SURVEY_CONSTRAINT);
    add_lines(survey, lines, inputs->overrides->roots, name, SURVEY_OVERRIDE);
    return lines;
}

/* Files */

static void file_free(void *data)
{
    SurveyFile *file = data;
    g_free(file->version);
    g_free(file->file);
    g_free(file->index);
    g_free(file->refused);
    g_free(file->python);
    g_free(file->cuda);
    g_free(file);
}

/* Stages that are solved together ask the indexes of all of them. */
static gboolean add_locations(LockSurvey *survey, guint index, GPtrArray *locations, GError **error)
{
    Solve *solve = survey->solve;
    for (guint i = 0; i < solve->recipe->stages->len; i++) {
        const Stage *stage = solve->recipe->stages->pdata[i];
        if (stage->kind != STAGE_PIP || (i != index && !solve->recipe->resolve_together))
            continue;
        const StageInputs *inputs = solve->inputs->pdata[i];
        g_autoptr(GPtrArray) own = NULL;
        if (!sources_of_stage(&solve->sources, stage->body.pip, inputs->inputs, &own, error))
            return FALSE;
        for (guint k = 0; k < own->len; k++) {
            if (!g_ptr_array_find(locations, own->pdata[k], NULL))
                g_ptr_array_add(locations, own->pdata[k]);
        }
    }
    return TRUE;
}

static Asking *asking_of(LockSurvey *survey, guint index, GError **error)
{
    if (survey->askings->pdata[index])
        return survey->askings->pdata[index];
    Solve *solve = survey->solve;
    const Stage *stage = solve->recipe->stages->pdata[index];
    g_autoptr(GPtrArray) locations = g_ptr_array_new();
    if (!add_locations(survey, index, locations, error))
        return NULL;
    Asking *asking = g_new0(Asking, 1);
    asking->locations = g_steal_pointer(&locations);
    asking->options = solve_options(solve, stage->body.pip);
    asking->request = (ResolveRequest){
        .target = solve->facts->target,
        .tags = solve->tags,
        .markers = solve->markers,
        .inputs = ((const StageInputs *)solve->inputs->pdata[index])->inputs,
        .options = &asking->options,
        .locations = asking->locations,
        .installed = solve->environment,
        .client = solve->session->client,
        .progress = solve->session->options.progress,
    };
    asking->finder = finder_new(&asking->request);
    survey->askings->pdata[index] = asking;
    return asking;
}

/* NULL without *error: the stage asks no index. */
static Asking *find_asking(LockSurvey *survey, const char *stage, GError **error)
{
    guint index = find_stage(survey, stage);
    return index != G_MAXUINT && survey->solve->tags ? asking_of(survey, index, error) : NULL;
}

void lock_survey_want(LockSurvey *survey, const char *stage, const char *name)
{
    const Asking *asking = find_asking(survey, stage, NULL);
    if (asking)
        finder_want(asking->finder, name);
}

static void add_file(const Asking *asking, GPtrArray *files, const char *name,
                     const IndexFile *file)
{
    g_autofree char *version = NULL, *detail = NULL;
    Refusal refusal = finder_refusal(asking->finder, name, file, &version, &detail);
    if (!version)
        return;
    SurveyFile *entry = g_new0(SurveyFile, 1);
    entry->version = g_steal_pointer(&version);
    entry->file = g_strdup(file->filename);
    entry->index = g_strdup(file->location ? file->location->name : "");
    entry->wheel = g_str_has_suffix(file->filename, ".whl");
    entry->yanked = file->yanked != NULL;
    entry->origin = file;
    entry->size = -1;
    entry->elsewhere = refusal == REFUSED_TAG;
    if (refusal != REFUSED_NONE)
        entry->refused = g_strdup(detail ? detail : "can't be taken");
    else if (!entry->wheel)
        entry->refused = g_strdup("is a source distribution");
    g_ptr_array_add(files, entry);
}

typedef struct {
    Version *version;
    SurveyFile *file;
    guint position;
} Sorted;

static int compare_newest_first(const void *a, const void *b)
{
    const Sorted *left = a, *right = b;
    int order = version_compare(right->version, left->version);
    if (order != 0)
        return order;
    return left->position < right->position ? -1 : left->position > right->position;
}

static GPtrArray *sort_files(GPtrArray *files)
{
    g_autofree Sorted *sorted = g_new0(Sorted, files->len + 1);
    for (guint i = 0; i < files->len; i++) {
        SurveyFile *file = files->pdata[i];
        sorted[i] = (Sorted){version_parse(file->version, NULL), file, i};
    }
    qsort(sorted, files->len, sizeof *sorted, compare_newest_first);
    for (guint i = 0; i < files->len; i++) {
        files->pdata[i] = sorted[i].file;
        version_unref(sorted[i].version);
    }
    return files;
}

gboolean lock_survey_files(LockSurvey *survey, const char *stage, const char *name,
                           GPtrArray **ret_files, GError **error)
{
    GError *cause = NULL;
    const Asking *asking = find_asking(survey, stage, &cause);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
    g_autoptr(GPtrArray) locations =
        asking ? finder_locations(asking->finder, name) : g_ptr_array_new();
    for (guint i = 0; i < locations->len && !cause; i++) {
        const IndexPage *page = index_client_get_page(survey->solve->session->client,
                                                      locations->pdata[i], name, &cause);
        for (guint k = 0; page && k < page->files->len; k++)
            add_file(asking, files, name, index_page_file(page, k));
    }
    if (cause) {
        g_propagate_error(error, cause);
        return FALSE;
    }
    *ret_files = sort_files(g_steal_pointer(&files));
    return TRUE;
}

/* One index */

static Asking *first_asking(LockSurvey *survey, GError **error)
{
    const GPtrArray *stages = survey->solve->recipe->stages;
    for (guint i = 0; survey->solve->tags && i < stages->len; i++) {
        if (((const Stage *)stages->pdata[i])->kind == STAGE_PIP)
            return asking_of(survey, i, error);
    }
    error_set(error, ERROR_INPUT, SPAN_NONE, "the recipe has no pip stage");
    return NULL;
}

static bool is_for_platform(const TagSet *tags, const WheelName *wheel)
{
    for (char **platform = wheel->platforms; *platform; platform++) {
        g_autofree char *ending = g_strconcat("-", *platform, NULL);
        if (g_str_equal(*platform, "any"))
            return true;
        for (const char *const *tag = tag_set_list(tags); *tag; tag++) {
            if (g_str_has_suffix(*tag, ending))
                return true;
        }
    }
    return false;
}

/* "cp311", "py2.py3"; of a build for the free-threaded interpreter "cp313t". */
static char *python_of(const TagSet *tags, const char *filename)
{
    g_autoptr(WheelName) wheel = wheel_name_parse(filename, NULL);
    if (!wheel || !is_for_platform(tags, wheel))
        return NULL;
    const char *abi = wheel->abis[0];
    bool threads = abi && g_str_has_prefix(abi, "cp") && g_str_has_suffix(abi, "t");
    return threads ? g_strdup(abi) : g_strjoinv(".", wheel->pythons);
}

void lock_survey_want_index(LockSurvey *survey, const char *index, const char *name)
{
    const IndexLocation *location = sources_find_named(&survey->solve->sources, index, NULL);
    if (location && !location->ignored)
        index_client_want_page(survey->solve->session->client, location, name);
}

gboolean lock_survey_index(LockSurvey *survey, const char *index, const char *name,
                           GPtrArray **ret_files, GError **error)
{
    const Asking *asking = first_asking(survey, error);
    const IndexLocation *location =
        asking ? sources_find_named(&survey->solve->sources, index, error) : NULL;
    const IndexPage *page =
        location ? index_client_get_page(survey->solve->session->client, location, name, error)
                 : NULL;
    if (!page)
        return FALSE;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
    for (guint i = 0; i < page->files->len; i++)
        add_file(asking, files, name, index_page_file(page, i));
    for (guint i = 0; i < files->len; i++) {
        SurveyFile *file = files->pdata[i];
        file->python = file->wheel ? python_of(survey->solve->tags, file->file) : NULL;
    }
    *ret_files = sort_files(g_steal_pointer(&files));
    return TRUE;
}

/* From CUDA 13 on torch requires the runtime through the distribution cuda-toolkit, whose version
 * is that of CUDA. */
static char *cuda_of(IndexClient *client, const SurveyFile *file)
{
    const Metadata *metadata = index_client_get_metadata(client, file->origin, NULL);
    g_autoptr(GPtrArray) environment = g_ptr_array_new();
    g_autoptr(GPtrArray) owned =
        g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
    for (guint i = 0; metadata && i < metadata->requires_dist->len; i++) {
        const Requirement *requirement = metadata->requires_dist->pdata[i];
        const char *text = specifier_set_text(requirement->specifiers);
        bool toolkit = g_str_equal(requirement->canonical, "cuda-toolkit");
        if (g_str_has_prefix(text, "=="))
            g_ptr_array_add(owned, lock_distribution_new(toolkit ? "nvidia-cuda-runtime"
                                                                 : requirement->canonical,
                                                         text + 2));
    }
    g_ptr_array_add(owned, lock_distribution_new("torch", file->version));
    for (guint i = 0; i < owned->len; i++)
        g_ptr_array_add(environment, owned->pdata[i]);
    return environment_cuda(environment);
}

void lock_survey_describe(LockSurvey *survey, const GPtrArray *files)
{
    IndexClient *client = survey->solve->session->client;
    g_autoptr(GPtrArray) origins = g_ptr_array_new();
    g_autoptr(GError) ignored = NULL;
    for (guint i = 0; i < files->len; i++) {
        const SurveyFile *file = files->pdata[i];
        index_client_want_metadata(client, file->origin);
        if (file->origin->sha256)
            g_ptr_array_add(origins, (void *)file->origin);
    }
    index_client_complete_files(client, origins, &ignored);
    for (guint i = 0; i < files->len; i++) {
        SurveyFile *file = files->pdata[i];
        file->size = file->origin->size;
        file->cuda = cuda_of(client, file);
    }
}

void lock_survey_want_fit(LockSurvey *survey, const SurveyFile *file)
{
    index_client_want_metadata(survey->solve->session->client, file->origin);
}

void lock_survey_allow(LockSurvey *survey, unsigned documents, unsigned msec)
{
    index_client_set_allowance(survey->solve->session->client, documents, msec);
}

void lock_survey_lift(LockSurvey *survey)
{
    index_client_lift_allowance(survey->solve->session->client);
}

SurveyFit lock_survey_fit(LockSurvey *survey, const SurveyFile *file, const char *name,
                          const char *version)
{
    const Metadata *metadata =
        index_client_get_metadata(survey->solve->session->client, file->origin, NULL);
    SurveyFit fit = SURVEY_SILENT;
    for (guint i = 0; metadata && i < metadata->requires_dist->len; i++) {
        const Requirement *clause = metadata->requires_dist->pdata[i];
        if (!g_str_equal(clause->canonical, name) ||
            (clause->marker && survey->solve->markers &&
             !marker_evaluate(clause->marker, survey->solve->markers, "")))
            continue;
        if (!specifier_set_contains_text(clause->specifiers, version, PRERELEASES_YES))
            return SURVEY_UNFIT;
        fit = SURVEY_FITS;
    }
    return fit;
}

WheelViews *lock_survey_view(LockSurvey *survey, BlobStore *blobs, const char *name,
                             const GPtrArray *files, GError **error)
{
    g_autofree WheelWanted *wanted = g_new0(WheelWanted, files->len + 1);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < files->len; i++) {
        const IndexFile *origin = ((const SurveyFile *)files->pdata[i])->origin;
        wanted[i] = (WheelWanted){.filename = origin->filename,
                                  .sha256 = origin->sha256,
                                  .size = origin->size > 0 ? (guint64)origin->size : 0,
                                  .canonical = name,
                                  .location = origin->location};
        if (origin->sha256)
            g_ptr_array_add(all, &wanted[i]);
    }
    return wheel_views_open(survey->solve->session->client, blobs, all, error);
}

/* Looking ahead */

static void add_requests(LockSurvey *survey, GPtrArray *requests)
{
    const GPtrArray *stages = survey->solve->recipe->stages;
    for (guint i = 0; survey->solve->tags && i < stages->len; i++) {
        const Stage *stage = stages->pdata[i];
        if (stage->kind != STAGE_PIP || g_strcmp0(stage->body.pip->index.text, "auto") == 0)
            continue;
        const StageInputs *inputs = survey->solve->inputs->pdata[i];
        Asking *asking = asking_of(survey, i, NULL);
        if (!asking)
            continue;
        asking->request.overrides = inputs->overrides->roots;
        asking->request.exclude = (const char *const *)inputs->exclude;
        g_ptr_array_add(requests, &asking->request);
    }
}

void lock_surveys_look_ahead(const GPtrArray *surveys)
{
    g_autoptr(GPtrArray) requests = g_ptr_array_new();
    for (guint i = 0; i < surveys->len; i++)
        add_requests(surveys->pdata[i], requests);
    resolve_look_ahead(requests);
}

/* Dockerfiles. */
#include "dockerfile/build_stages.h"
#include "import/import.h"

static void import_from(Draft *draft, const BuildStages *stages)
{
    const BuildStage *last = stages->stages->pdata[stages->stages->len - 1];
    if (last->base && last->base_stage < 0)
        draft_set_text(draft->keys, "base", last->base);
    else
        draft_note(draft, NOTE_LOST, docker_instruction_span(stages->file, last->from),
                   "the base image is not known");
}

static void note_rest(Draft *draft, const Dockerfile *file)
{
    for (guint i = 0; i < file->instructions->len; i++) {
        const DockerInstruction *instruction = file->instructions->pdata[i];
        const char *name = docker_keyword_name(instruction->keyword);
        if (instruction->keyword != DOCKER_FROM)
            draft_note(draft, NOTE_LOST, docker_instruction_span(file, instruction), "%s",
                       name ? name : "an unknown instruction");
    }
}

Draft *import_dockerfile(const ImportInput *input, GError **error)
{
    g_autoptr(Dockerfile) file = dockerfile_parse(input->source, error);
    if (!file)
        return NULL;
    g_autoptr(BuildStages) stages = build_stages_new(file);
    if (stages->stages->len == 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no FROM", input->path);
        return NULL;
    }
    g_autoptr(Draft) draft = draft_new();
    draft_add_source(draft, input->source);
    import_from(draft, stages);
    note_rest(draft, file);
    return g_steal_pointer(&draft);
}

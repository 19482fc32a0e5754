/* A small lock made by hand: torch, requirements over it, and a forced triton that breaks torch. */
#pragma once

#include "lock/lock.h"

static const char *const sample_digests[] = {
    "1111111111111111111111111111111111111111111111111111111111111111",
    "2222222222222222222222222222222222222222222222222222222222222222",
    "3333333333333333333333333333333333333333333333333333333333333333",
    "4444444444444444444444444444444444444444444444444444444444444444",
    "5555555555555555555555555555555555555555555555555555555555555555",
};

static inline LockFile *sample_file(Lock *lock, const char *name, const char *version,
                                    unsigned digest, guint64 size, const char *index)
{
    LockFile *file = g_new0(LockFile, 1);
    file->name = g_strdup(name);
    file->version = g_strdup(version);
    file->file = g_strdup_printf("%s-%s-py3-none-any.whl", name, version);
    file->sha256 = g_strdup(sample_digests[digest]);
    file->size = size;
    file->source = LOCK_SOURCE_INDEX;
    file->source_name = g_strdup(index);
    return lock_take_file(lock, file);
}

static inline LockAction *sample_action(LockStage *stage, const char *what, const char *from,
                                        LockFile *file)
{
    LockAction *action = lock_action_new(what, file->name, file->version);
    action->from_version = g_strdup(from);
    action->file = file;
    g_ptr_array_add(stage->actions, action);
    return action;
}

static inline void sample_edge(LockAction *action, const char *from, const char *requirement)
{
    bool is_line = strchr(from, ':');
    action->requested |= is_line;
    g_ptr_array_add(action->edges, lock_edge_new(from, is_line, requirement));
}

static inline void sample_installed(LockStage *stage, const char *by, LockFile *file,
                                    const char *requires)
{
    LockDistribution *distribution = lock_distribution_new(file->name, file->version);
    distribution->stage = g_strdup(by);
    distribution->file = file;
    if (requires)
    distribution->requires = g_strsplit(requires, "|", -1);
    g_ptr_array_add(stage->environment, distribution);
}

static inline LockStage *sample_stage(LockTarget *target, const char *name, const char *kind,
                                      const char *at)
{
    LockStage *stage = lock_stage_new(name, kind, at);
    g_ptr_array_add(target->stages, stage);
    return stage;
}

typedef struct {
    LockFile *torch, *triton, *filelock, *bitsandbytes, *old_triton;
} SampleFiles;

static inline void sample_torch_stage(LockTarget *target, const SampleFiles *files)
{
    LockStage *stage = sample_stage(target, "torch", "pip", "ramekin.yaml:9");
    sample_edge(sample_action(stage, "install", NULL, files->triton), "torch", "triton==3.2.0");
    LockAction *filelock = sample_action(stage, "install", NULL, files->filelock);
    sample_edge(filelock, "torch", "filelock");
    sample_edge(filelock, "triton", "filelock");
    sample_edge(sample_action(stage, "install", NULL, files->torch), "ramekin.yaml:9",
                "torch==2.6.0");
    stage->pip_arguments = g_strsplit("torch==2.6.0", "|", -1);
    sample_installed(stage, "torch", files->filelock, NULL);
    sample_installed(stage, "torch", files->torch, "filelock|triton==3.2.0");
    sample_installed(stage, "torch", files->triton, NULL);
}

static inline void sample_requirements_stage(LockTarget *target, const SampleFiles *files)
{
    LockStage *stage = sample_stage(target, "pip#1", "pip", "ramekin.yaml:10");
    LockAction *action = sample_action(stage, "install", NULL, files->bitsandbytes);
    sample_edge(action, "requirements.txt:1", "bitsandbytes==0.45.0");
    sample_edge(sample_action(stage, "keep", NULL, files->torch), "bitsandbytes", "torch<3,>=2.0");
    sample_installed(stage, "pip#1", files->bitsandbytes, "torch<3,>=2.0");
    sample_installed(stage, "torch", files->filelock, NULL);
    sample_installed(stage, "torch", files->torch, "filelock|triton==3.2.0");
    sample_installed(stage, "torch", files->triton, NULL);
}

static inline Finding *sample_finding(void)
{
    Finding *finding = finding_new(
        "breaks-requirement", SPAN_NONE,
        g_strdup("torch 2.6.0 (stage torch, ramekin.yaml:9) requires triton==3.2.0, but this stage "
                 "leaves triton 2.3.1"));
    finding->at = g_strdup("ramekin.yaml:11");
    finding->distribution = g_strdup("torch");
    finding->version = g_strdup("2.6.0");
    finding->requirement = g_strdup("triton==3.2.0");
    finding->found = g_strdup("2.3.1");
    finding->hint = g_strdup("keep triton 3.2.0, or declare the break with `acknowledge: [{dist: "
                             "torch, requires: triton==3.2.0, why: ...}]`");
    return finding;
}

static inline void sample_triton_stage(LockTarget *target, const SampleFiles *files)
{
    LockStage *stage = sample_stage(target, "triton", "pip", "ramekin.yaml:11");
    sample_edge(sample_action(stage, "downgrade", "3.2.0", files->old_triton), "ramekin.yaml:12",
                "triton==2.3.1");
    g_ptr_array_add(stage->findings, sample_finding());
    sample_installed(stage, "pip#1", files->bitsandbytes, "torch<3,>=2.0");
    sample_installed(stage, "torch", files->filelock, NULL);
    sample_installed(stage, "torch", files->torch, "filelock|triton==3.2.0");
    sample_installed(stage, "triton", files->old_triton, NULL);
}

static inline LockTarget *sample_target(Lock *lock, const char *row, const SampleFiles *files)
{
    LockTarget *target = lock_target_new(row, "linux/amd64");
    LockInput *input = g_new0(LockInput, 1);
    input->name = g_strdup("recipe");
    input->sha256 = g_strdup(sample_digests[0]);
    g_ptr_array_add(target->inputs, input);
    target->base.reference = g_strdup("python:3.11-slim-bookworm");
    target->base.python = g_strdup("3.11");
    target->base.libc = g_strdup("glibc 2.36");
    target->base.scheme = g_strdup("posix");
    target->base.prefix = g_strdup("/usr/local");
    g_ptr_array_add(lock->targets, target);
    sample_torch_stage(target, files);
    sample_requirements_stage(target, files);
    sample_triton_stage(target, files);
    return target;
}

static inline Lock *sample_lock(void)
{
    Lock *lock = lock_new();
    SampleFiles files = {
        sample_file(lock, "torch", "2.6.0", 0, 766715424, "cu124"),
        sample_file(lock, "triton", "3.2.0", 1, 253100000, "cu124"),
        sample_file(lock, "filelock", "3.18.0", 2, 16000, "main"),
        sample_file(lock, "bitsandbytes", "0.45.0", 3, 69100000, "main"),
        sample_file(lock, "triton", "2.3.1", 4, 168000000, "main"),
    };
    sample_target(lock, NULL, &files);
    return lock;
}

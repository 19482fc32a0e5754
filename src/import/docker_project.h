/* Projects that a Dockerfile installs from their folder. */
#pragma once

#include "import/docker_scene.h"

typedef struct ImportProject ImportProject;

/* The project in a folder of the recipe's ("."). NULL: there is no pyproject.toml, only a build
 * could tell what it and these extras require, or a build makes more of it than its files. */
ImportProject *import_project_open(const Scene *scene, const char *source, char **extras);
void import_project_free(ImportProject *project);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportProject, import_project_free)

/* Names of its extras; caller frees. */
char **import_project_extras(const ImportProject *project);
/* Whether it names a build back end: what uv and poetry take for a package to be installed. */
bool import_project_is_package(const ImportProject *project);
/* The project is used from `image`, a folder of the image: its programs become files. */
void scene_place_project(Scene *scene, const RunRead *run, const ImportProject *project,
                         const char *image);
/* A folder with the code of one that was placed in another build stage. */
void scene_take_project(Scene *scene, const char *code);
/* At the end of a build stage: `env: {PYTHONPATH: …}` begins with the folders of all. */
void scene_name_projects(Scene *scene);
/* Whether code of a project that was placed lies there or below. */
bool scene_holds_project(const Scene *scene, const char *path);
/* Whether a `files:` stage brings such code, or a program of it. */
bool scene_brings_project(const Scene *scene, const DraftStage *stage);

#include "recipe/recipe.h"

#ifndef RECIPE_SCHEMA
#define RECIPE_SCHEMA "recipe.schema.json"
#endif

/* It locks and renders as it is; what most images need next stands in comments. */
static const char starter[] =
    "# yaml-language-server: $schema=" RECIPE_SCHEMA "\n"
    "# A recipe: what goes into the image, in order. The keys are in ramekin-recipe(5).\n"
    "#   ramekin lock      finds the exact versions and writes ramekin.lock\n"
    "#   ramekin plan      says what every stage will do\n"
    "#   ramekin render    writes a Dockerfile with every version pinned\n"
    "version: 1\n"
    "name: app\n"
    "\n"
    "base: python:3.11-slim-bookworm\n"
    "python: 3.11              # must be the base's\n"
    "libc: glibc 2.36          # the base's too: Debian 12\n"
    "\n"
    "# What the image must run on; too old a wheel for one of these GPUs is an error.\n"
    "# host: {gpus: [RTX 4090, A40], min_vram: 24 GB}\n"
    "\n"
    "stages:\n"
    "  # PyTorch from the wheels of one CUDA version. Later stages can't change it.\n"
    "  # - torch: {version: 2.6.0, cuda: 12.4, also: [torchvision]}\n"
    "\n"
    "  # A list stands for `install:`. A requirement file is\n"
    "  # - pip: {requirements: requirements.txt, constraints: constraints.txt}\n"
    "  - pip: [numpy]\n"
    "\n"
    "  # Files of this folder; a destination that ends in / is a folder.\n"
    "  # - files: {app/: /app/}\n"
    "\n"
    "checks:\n"
    "  build:                  # need no GPU\n"
    "    - import: [numpy]\n"
    "  # gpu:                  # run where the container starts\n"
    "  #   - python: |\n"
    "  #       import torch\n"
    "  #       assert torch.cuda.is_available()\n"
    "\n"
    "env: {PYTHONUNBUFFERED: \"1\"}\n"
    "cmd: [python, -c, \"import numpy; print(numpy.__version__)\"]\n";

const char *recipe_starter_text(void)
{
    return starter;
}

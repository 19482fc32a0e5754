#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_check[] = {
    {
        .kind = {"base-latest", SEVERITY_WARNING,
                 "the base is named by a tag that moves"},
        .meaning =
            "The base is named with the tag `latest`, and neither the recipe nor the lock has "
            "its digest.",
        .matters =
            "The image of next month stands on another system, with another Python or another "
            "C library than the one that wheels were chosen for, and nothing in the recipe has "
            "changed.",
        .example =
            "base: pytorch/pytorch:latest\n",
        .way_out =
            "Name a version, or the digest: `base: {image: NAME:TAG, digest: sha256:...}`. A "
            "base that lies on this machine (`oci:DIR`) is pinned by the lock.",
    },
    {
        .kind = {"base-mismatch", SEVERITY_WARNING,
                 "the recipe and the tag of its base contradict each other"},
        .meaning =
            "The base was not read, so that `python:` and `libc:` are taken from the recipe, "
            "and the tag of the base names another version: `python:3.10-slim` beside `python: "
            "3.11`, or `bookworm` beside another C library than its own.",
        .matters =
            "Wheels are chosen for what the recipe says. If the tag is right, they do not fit "
            "the image: modules for another Python are not found, and libraries for a newer C "
            "library do not load.",
        .example =
            "base: python:3.10-slim-bookworm\n"
            "python: 3.11\n",
        .way_out =
            "Correct the one that is wrong. `--substitute-base REF=oci:DIR` reads the real "
            "base, after which nothing has to be believed.",
    },
    {
        .kind = {"base-unpinned", SEVERITY_NOTE,
                 "nothing pins the base to one image"},
        .meaning =
            "The base is named by a tag, its digest is not in the recipe, and the base does "
            "not lie on this machine, so that the lock does not have it either.",
        .matters =
            "Tags are moved when a base is built anew. Two builds of one lock may then stand "
            "on two bases.",
        .example =
            "base: python:3.11-slim-bookworm\n",
        .way_out =
            "Name the digest, `base: {image: NAME:TAG, digest: sha256:...}`, or lock with the "
            "base on this machine.",
    },
    {
        .kind = {"check-fails", SEVERITY_ERROR,
                 "an item of `checks:` does not hold"},
        .meaning =
            "An item of `checks:` is decided from the lock and the wheels' own bytes, and does "
            "not hold. Nothing was executed.",
        .matters =
            "The same item would fail when the image is built or where it runs, after "
            "everything has been downloaded.",
        .example =
            "stages:\n"
            "  - torch: {version: 2.6.0, cuda: 12.4}\n"
            "  - pip: {install: [torch==2.7.1], upgrade: true}\n"
            "checks:\n"
            "  build: [{cuda: 12.4}]        # torch 2.7.1 of the default index has 12.6\n",
        .way_out =
            "Change the stage that brings what the item forbids (`ramekin why NAME` says "
            "which), or the item, if it asks for something else than what is wanted.",
    },
    {
        .kind = {"devel-base", SEVERITY_WARNING,
                 "the base has compilers that nothing uses"},
        .meaning =
            "The tag of the base says that it is a development image (`-devel`), and no stage "
            "builds from source or runs a script.",
        .matters =
            "The compilers, headers and static libraries of CUDA are several gigabytes of "
            "every pull. The CUDA libraries that torch uses come with its wheels.",
        .example =
            "base: nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04\n"
            "stages:\n"
            "  - torch: {version: 2.6.0, cuda: 12.4}\n",
        .way_out =
            "Take the `-runtime-` or `-base-` variant, or an image without CUDA. Where a stage "
            "needs a compiler once, put it into `parts:` and copy the result.",
    },
    {
        .kind = {"files-fail", SEVERITY_ERROR,
                 "a `files:` stage can not be followed"},
        .meaning =
            "What a `files:` stage names is not in the recipe's folder, is left out by "
            ".dockerignore, leads out of that folder, or can not be put where it should go.",
        .matters =
            "The image can not be made: the build ends at this stage.",
        .example =
            "- files: {handlr.py: /app/}          # the file is called handler.py\n",
        .way_out =
            "Correct the path, which counts from the recipe's folder, or the pattern in "
            ".dockerignore.",
    },
    {
        .kind = {"gpu-at-build", SEVERITY_WARNING,
                 "a script needs a GPU while the image is built"},
        .meaning =
            "The script of a `run:` stage runs `nvidia-smi`, or Python code that asks for a device "
            "(`torch.cuda.get_device_name()`, `.cuda()`) without asking first whether there is "
            "one. A command that may fail (`|| true`), a comment and a text that is only printed "
            "are not meant.",
        .matters =
            "No builder of images has a device: the command fails there, or silently takes "
            "another path (a library without CUDA kernels) than where the image runs.",
        .example =
            "- run: python -c 'import torch; assert torch.cuda.is_available()'\n",
        .way_out =
            "Move it to `checks: {gpu: [...]}`, which runs where the GPU is.",
    },
    {
        .kind = {"ignore-unused", SEVERITY_NOTE,
                 "an entry of `ignore:` covers nothing"},
        .meaning =
            "No row and platform of the recipe has a finding with the code of this entry and, "
            "where it has a `match:`, with a distribution or message that fits.",
        .matters =
            "The reason that was given for the entry is gone. It may hide a finding of the "
            "same code later on.",
        .example =
            "ignore:\n"
            "  - {finding: yanked, match: example, why: fixed in our fork}\n",
        .way_out =
            "Remove the entry, or correct its glob.",
    },
    {
        .kind = {"prediction-wrong", SEVERITY_WARNING,
                 "a build check ended otherwise than foretold"},
        .meaning =
            "`ramekin build` has run an item of `checks: build:` in the image, and it ended "
            "otherwise than the wheels' own bytes had foretold. What happened is what counts.",
        .matters =
            "Findings on other items may be wrong in the same way. Where it is no fault of "
            "the image, it is one of ramekin, and worth a report with the recipe.",
        .example =
            "checks:\n"
            "  build: [{import: [app]}]      # check: works; in the image: exit status 1\n",
        .way_out =
            "Look into the image with `ramekin build --on-failure shell` or `ramekin run`. "
            "Where the image is right, `ignore:` the finding with the reason.",
    },
    {
        .kind = {"runpod-base", SEVERITY_WARNING,
                 "the platform can not pull the base"},
        .meaning =
            "The base lies on this machine, or in a registry that never serves without "
            "credentials or outside of its network, and `runpod:` says where the image will "
            "run.",
        .matters =
            "Builds from GitHub on RunPod pull public bases alone; the build ends before its "
            "first step.",
        .example =
            "base: localhost:5000/team/base:3\n"
            "runpod: {type: serverless, handler: /app/handler.py}\n",
        .way_out =
            "Push the base to a public registry, or make the image with `ramekin build` and "
            "push the result: an endpoint can pull it with credentials.",
    },
    {
        .kind = {"runpod-build", SEVERITY_WARNING,
                 "a source distribution is compiled in the platform's build"},
        .meaning =
            "`runpod:` says where the image will run, and a stage lets pip build a source "
            "distribution whose archive holds sources for a compiler. With CUDA sources it is a "
            "warning, with others a note.",
        .matters =
            "A docker build from GitHub on RunPod ends after 30 minutes. A CUDA source can take "
            "minutes on a core, once for each GPU that it is compiled for. The archive proves how "
            "many there are; which of them the build compiles, and on how many cores, is not "
            "known before it is run.",
        .example =
            "stages:\n"
            "  - pip: {install: [kernels==1.2], build: {kernels: {jobs: 4}}}\n"
            "runpod: {type: serverless, handler: /app/handler.py}\n",
        .way_out =
            "Build the wheel once elsewhere with `pip wheel` and name it by path or URL; take a "
            "version that has a wheel; or make the image with `ramekin build` and push it. Fewer "
            "GPUs in `cuda_arch:` make a shorter build.",
    },
    {
        .kind = {"runpod-cuda", SEVERITY_ERROR,
                 "workers may get hosts whose driver is too old"},
        .meaning =
            "`allowedCudaVersions` of `runpod: hub` names a CUDA version of an older major version "
            "than the one that torch is built for. The platform takes the listed versions "
            "exactly, and puts workers on hosts of any of them.",
        .matters =
            "On such a host torch finds no usable driver: the worker fails, or computes on the "
            "CPU, today or on another day, as the scheduler chooses.",
        .example =
            "stages: [{torch: {version: 2.6.0, cuda: 12.4}}]\n"
            "runpod:\n"
            "  type: serverless\n"
            "  hub: {config: {allowedCudaVersions: [\"11.8\", \"12.4\"]}}\n",
        .way_out =
            "List the versions from the one that torch needs on, or leave the key out: it is then "
            "filled in from the lock.",
    },
    {
        .kind = {"runpod-gpu", SEVERITY_ERROR,
                 "workers may get GPUs on which the image does not run"},
        .meaning =
            "`gpuIds` or `gpuTypeId` of `runpod: hub` lets workers or tests run on a GPU for which "
            "the installed torch or an extension of it has no code, or that has less memory than "
            "`host: {min_vram}` asks for. A pool hands out any of its members. A warning for a "
            "name that no table has.",
        .matters =
            "The worker starts and fails at its first kernel (`no kernel image is available`), on "
            "those hosts alone.",
        .example =
            "stages: [{torch: {version: 2.6.0, cuda: 12.4}}]\n"
            "runpod:\n"
            "  type: serverless\n"
            "  hub: {config: {gpuIds: \"ADA_24,NVIDIA GeForce RTX 5090\"}}\n",
        .way_out =
            "Name pools whose members are all served, take single types out (`-NVIDIA ...`), or "
            "choose a build that has code for them. Left out, the key is filled in from `host:`.",
    },
    {
        .kind = {"runpod-handler", SEVERITY_WARNING,
                 "the worker has nothing to start"},
        .meaning =
            "`runpod:` says serverless, and no stage brings the file that `handler:` names; or "
            "there is neither a handler nor a command.",
        .matters =
            "The worker ends as soon as it starts, and the endpoint restarts it until it is "
            "marked unhealthy.",
        .example =
            "stages:\n"
            "  - files: {handler.py: /srv/}\n"
            "runpod: {type: serverless, handler: /app/handler.py}\n",
        .way_out =
            "Copy the handler to the path that `handler:` names, or correct the path.",
    },
    {
        .kind = {"runpod-platform", SEVERITY_ERROR,
                 "the platform can not run this image"},
        .meaning =
            "The image is made for another platform than linux/amd64, and `runpod:` says that "
            "it is meant for RunPod.",
        .matters =
            "No machine there can run it; the container ends with an exec format error.",
        .example =
            "platforms: [linux/arm64]\n"
            "runpod: {type: pod}\n",
        .way_out =
            "Write `platforms: [linux/amd64]`, or leave `runpod:` out of the rows that are for "
            "elsewhere.",
    },
    {
        .kind = {"runpod-ports", SEVERITY_WARNING,
                 "more ports than the platform serves"},
        .meaning =
            "A pod serves ten ports over HTTP, and `ports:` names more.",
        .matters =
            "The others can not be reached from outside.",
        .example =
            "runpod: {type: pod}\n"
            "ports: [8000, 8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8010]\n",
        .way_out =
            "Name those that are used, or let one program answer for several.",
    },
    {
        .kind = {"runpod-size", SEVERITY_WARNING,
                 "the image is larger than the platform builds"},
        .meaning =
            "What is known of the image's bytes is more than the 80 GB that a build from GitHub on "
            "RunPod may have: wheels and files unpacked, and the layers of the base as they are "
            "packed. What other stages bring comes on top.",
        .matters =
            "The build runs for its whole time and is refused at the end.",
        .example =
            "- files: {models/: /models/}          # 90 GB of weights\n"
            "runpod: {type: serverless, handler: /app/handler.py}\n",
        .way_out =
            "Put models on a network volume and load them from there, or make the image with "
            "`ramekin build` and push it to a registry.",
    },
    {
        .kind = {"runpod-start", SEVERITY_WARNING,
                 "the handler file starts no worker"},
        .meaning =
            "The file that `runpod: handler` names never calls `runpod.serverless.start()`, or calls "
            "it with no handler, with a text, or with a name that the file does not have. A file "
            "that imports other modules of the recipe's is not judged for a missing call.",
        .matters =
            "The worker ends as soon as it starts, or raises at its first line; the endpoint "
            "restarts it until it is marked unhealthy.",
        .example =
            "stages:\n"
            "  - files:\n"
            "      - {content: \"import runpod\", dest: /app/handler.py}\n"
            "runpod: {type: serverless, handler: /app/handler.py}\n",
        .way_out =
            "End the file with `runpod.serverless.start({\"handler\": handler})`, where `handler` "
            "is its function of one job.",
    },
    {
        .kind = {"runs-as-root", SEVERITY_NOTE,
                 "the image runs as root"},
        .meaning =
            "Neither the recipe nor its base names a user; where the base was not read, the "
            "recipe does not.",
        .matters =
            "What breaks out of the program has all rights inside the container, and writes "
            "files as root on mounted volumes.",
        .example =
            "base: python:3.11-slim-bookworm\n"
            "cmd: [python, -m, app]\n",
        .way_out =
            "`user: app` creates a user and runs as it. Some platforms expect root; then this "
            "note needs nothing.",
    },
    {
        .kind = {"secret-in-image", SEVERITY_ERROR,
                 "a credential would be in the image"},
        .meaning =
            "A value of `env:`, `labels:` or `annotations:`, or the script of a `run:` stage, "
            "holds a text that is a credential by its form: the prefix and length that its "
            "issuer documents.",
        .matters =
            "The configuration and history of an image can be read by everybody who can pull "
            "it, and stay in every layer that was pushed.",
        .example =
            "env: {HUB: hf_0123456789abcdefghijABCDEFGHIJ0123}\n",
        .way_out =
            "Withdraw the credential at its issuer. Declare it in `secrets:` for what needs it "
            "during the build, and give it to the container as an environment variable when it "
            "starts.",
    },
    {
        .kind = {"too-many-layers", SEVERITY_ERROR,
                 "the image has more layers than Docker mounts"},
        .meaning =
            "The layers of the base and one for each stage are more than 127, or the base alone "
            "leaves no room for those that `ramekin build` makes.",
        .matters =
            "`docker build` ends with `max depth exceeded`, after everything has been downloaded; "
            "`ramekin build` refuses to begin.",
        .example =
            "base: oci:grown-over-years            # 125 layers\n",
        .way_out =
            "Take a base of fewer layers, or flatten this one. `ramekin build` makes as many "
            "layers as `layers: {budget: ...}` says, whatever the number of stages.",
    },
    {
        .kind = {"torch-without-cuda", SEVERITY_ERROR,
                 "torch is built without CUDA, and the recipe wants GPUs"},
        .meaning =
            "The installed torch says in its own torch/version.py, or in the label of its "
            "version, that it is a build without CUDA, and `host:` names GPUs.",
        .matters =
            "`torch.cuda.is_available()` is false on any machine: the program runs on the "
            "processor, or fails when it moves the first tensor.",
        .example =
            "- pip: {install: [torch], index: cpu}\n",
        .way_out =
            "Take torch from a CUDA index: `- torch: {version: 2.6.0, cuda: 12.4}`, or `index: "
            "cu124` in the stage.",
    },
    {
        .kind = {"unsatisfiable", SEVERITY_ERROR,
                 "a stage can not be satisfied"},
        .meaning =
            "No choice of versions meets all that the stage asks for, so that neither it nor "
            "the later stages are known. The finding has a smallest set of lines that "
            "conflict, and the first change with which it works.",
        .matters =
            "pip would end with an error at this stage. Nothing can be locked, rendered or "
            "built.",
        .example =
            "constraints: [\"triton<3\"]\n"
            "stages:\n"
            "  - pip: [torch==2.6.0]        # requires triton==3.2.0\n",
        .way_out =
            "`ramekin plan` prints the whole explanation with every way out that was tried.",
    },
    {
        .kind = {"wrong-cuda", SEVERITY_WARNING,
                 "an index gives another build of torch than it stands for"},
        .meaning =
            "The stage that installs torch names an index of one CUDA version (`cu124`), and "
            "the torch that it gets says in its own torch/version.py, or in the label of its "
            "version, that it is built for another one or for none.",
        .matters =
            "Extensions that are chosen for the CUDA version of the index do not load, and "
            "drivers and GPUs that were counted on may not be enough.",
        .example =
            "- pip: {install: [torch==2.7.1], index: cu124}     # a mirror that serves other builds\n",
        .way_out =
            "Pin the version with its label (`torch==2.6.0+cu124`), and look at what stands in "
            "for the index: `--index`, `--substitute-index`, the user's configuration.",
    },
    {.meaning = NULL},
};
/* clang-format on */

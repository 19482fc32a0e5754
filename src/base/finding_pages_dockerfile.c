#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_dockerfile[] = {
    {
        .kind = {"docker-add", SEVERITY_NOTE,
                 "ADD where COPY does the same"},
        .meaning =
            "ADD copies files of the context that are no archive and no URL.",
        .matters =
            "ADD also unpacks archives and fetches URLs, so a reader has to find out that it "
            "does neither here, and a file that becomes an archive one day is unpacked.",
        .example =
            "ADD app/ /app/\n",
        .way_out =
            "Write COPY. Keep ADD for archives that are to be unpacked, and for URLs with "
            "`--checksum`.",
    },
    {
        .kind = {"docker-apt-prompt", SEVERITY_WARNING,
                 "apt asks a question that nobody answers"},
        .meaning =
            "`apt-get install` or an upgrade runs without `-y`, and nothing in the file answers "
            "for it.",
        .matters =
            "apt asks whether to go on wherever a package brings others along. A build has no "
            "terminal, so it gives up and the step fails.",
        .example =
            "RUN apt-get update && apt-get install git ffmpeg\n",
        .way_out =
            "Add `-y`, and `--no-install-recommends` if only the named packages are wanted.",
    },
    {
        .kind = {"docker-apt-update", SEVERITY_WARNING,
                 "apt-get update in a layer of its own"},
        .meaning =
            "A RUN does nothing but `apt-get update`; what installs packages stands in another "
            "one.",
        .matters =
            "A builder that has the layer from last month does not run it again. The install "
            "behind it then works with last month's lists: it takes old versions, or fails "
            "because the archive no longer has them.",
        .example =
            "RUN apt-get update\n"
            "RUN apt-get install -y git\n",
        .way_out =
            "Update, install and remove the lists in one RUN.",
    },
    {
        .kind = {"docker-apt-upgrade", SEVERITY_NOTE,
                 "all packages of the base are upgraded"},
        .meaning =
            "A RUN upgrades every package of the base image to what the archive has on the day "
            "of the build.",
        .matters =
            "The files of the base stay in its layers below the new ones, so the image grows, "
            "and the same file makes another image tomorrow.",
        .example =
            "RUN apt-get update && apt-get upgrade -y\n",
        .way_out =
            "Take a newer base: raise its tag or digest. Install single packages where a fix is "
            "urgent.",
    },
    {
        .kind = {"docker-base-unpinned", SEVERITY_WARNING,
                 "the base image can change without the file changing"},
        .meaning =
            "FROM names an image by `latest` or without a tag, which is a warning, or by a tag "
            "without a digest, which is a note.",
        .matters =
            "A tag is moved by whoever owns it. Another base brings another Python, other CUDA "
            "libraries and another libc, and the build that worked yesterday does not.",
        .example =
            "FROM nvidia/cuda:latest\n",
        .way_out =
            "Name a version, and the digest behind it: `FROM python:3.11-slim@sha256:…`. Update "
            "tools raise both together.",
    },
    {
        .kind = {"docker-bnb-cuda", SEVERITY_WARNING,
                 "BNB_CUDA_VERSION is written down"},
        .meaning =
            "ENV sets `BNB_CUDA_VERSION`. bitsandbytes then loads the library for that CUDA "
            "version instead of the one that fits torch.",
        .matters =
            "Where the wheel has no library of that number bitsandbytes warns and goes on without "
            "its CUDA code. Where it has one, two CUDA versions meet in one process. The variable is copied from one file to the "
            "next long after the reason for it is gone.",
        .example =
            "ENV BNB_CUDA_VERSION=126\n",
        .way_out =
            "Leave it unset. `ramekin check` of a recipe reads from the wheels which libraries "
            "there are.",
    },
    {
        .kind = {"docker-cache-kept", SEVERITY_NOTE,
                 "a cache stays in the image"},
        .meaning =
            "pip or uv installs without `--no-cache-dir` and without a cache mount, or apt's "
            "package lists are not removed in the RUN that fetched them. One finding stands for "
            "all steps.",
        .matters =
            "The cache of pip holds a second copy of every wheel: with torch and its CUDA "
            "libraries that is gigabytes that every pull transfers and nothing reads.",
        .example =
            "RUN pip install torch==2.6.0\n",
        .way_out =
            "`RUN --mount=type=cache,target=/root/.cache/pip pip install …` keeps the cache on "
            "the builder, where it makes the next build faster. `--no-cache-dir` keeps none. For "
            "apt: `rm -rf /var/lib/apt/lists/*` in the same RUN.",
    },
    {
        .kind = {"docker-comment", SEVERITY_WARNING,
                 "a comment takes the lines behind it along"},
        .meaning =
            "In a RUN over several lines a comment stands behind a command, and its line ends "
            "with a backslash.",
        .matters =
            "The builder joins continued lines into one, so the shell sees one comment that "
            "reaches to the end: none of the commands in the lines behind it is run, and the "
            "step succeeds. Only a line that begins with '#' is taken out by the builder.",
        .example =
            "RUN apt-get update # first \\\n"
            "    && apt-get install -y git\n",
        .way_out =
            "Put the comment on a line of its own, before the command.",
    },
    {
        .kind = {"docker-copy-early", SEVERITY_NOTE,
                 "all files are copied before pip runs"},
        .meaning =
            "`COPY . .` stands before a pip step that does not install the copied project itself.",
        .matters =
            "A layer is kept only as long as nothing above it changes. With all files copied "
            "first, a changed comment in any of them downloads and installs everything again.",
        .example =
            "COPY . .\n"
            "RUN pip install -r requirements.txt\n",
        .way_out =
            "Copy `requirements.txt` alone, run pip, then copy the rest.",
    },
    {
        .kind = {"docker-cuda-assert", SEVERITY_WARNING,
                 "an assertion on torch's CUDA version is a guess"},
        .meaning =
            "Python code in a RUN compares `torch.version.cuda` with a number. It is an error "
            "where the index that torch comes from in this file has another one, and a warning "
            "where nothing in the file chooses it.",
        .matters =
            "An assertion against the index of the same file can only fail. Without an index, "
            "the CUDA version is that of whatever torch wheel pip chooses on the day, and a new "
            "release of torch changes it.",
        .example =
            "RUN pip install torch==2.6.0 --index-url https://download.pytorch.org/whl/cu126\n"
            "RUN python -c \"import torch; assert torch.version.cuda == '12.4'\"\n",
        .way_out =
            "Choose the index and assert its version. A recipe says both in one place: `index: "
            "cu124` and `cuda: 12.4` under `checks:`.",
    },
    {
        .kind = {"docker-devel-base", SEVERITY_WARNING,
                 "the image keeps a compiler"},
        .meaning =
            "The last stage, or one that it builds on, starts from a `-devel` image.",
        .matters =
            "The compiler, headers and static libraries of CUDA are gigabytes in every pull. "
            "torch's wheels bring their own CUDA libraries, so most of such a base is never read "
            "where the image runs.",
        .example =
            "FROM nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04\n",
        .way_out =
            "Compile in a stage of its own and copy the result with `COPY --from` into one that "
            "starts from the `-runtime`, `-base` or `python:…-slim` image. Where code is "
            "compiled at run time, keep it and say why in a comment.",
    },
    {
        .kind = {"docker-download", SEVERITY_WARNING,
                 "a download is not verified"},
        .meaning =
            "curl, wget or ADD fetches a file and nothing compares its digest, or a script is "
            "run as it comes from the server.",
        .matters =
            "Servers are taken over, files are replaced, and an error page is a file too. What "
            "was fetched becomes part of the image, or ran as root in its build.",
        .example =
            "RUN curl -fsSL https://example.org/install.sh | sh\n",
        .way_out =
            "`ADD --checksum=sha256:… URL DEST`, or `echo 'SHA256  FILE' | sha256sum -c` in the "
            "same RUN. In a recipe, `download:` keeps the digest in the lock.",
    },
    {
        .kind = {"docker-extra-index", SEVERITY_WARNING,
                 "--extra-index-url does not choose the index"},
        .meaning =
            "torch is installed with the PyTorch index as `--extra-index-url`, without a version "
            "that only that index has.",
        .matters =
            "pip takes the highest version of all indexes together. A newer torch of the default "
            "index wins, built for another CUDA version. And a name that only the extra index "
            "should have can be registered by anybody on the other one.",
        .example =
            "RUN pip install torch --extra-index-url https://download.pytorch.org/whl/cu124\n",
        .way_out =
            "Install torch in a step of its own with `--index-url`, or name the build: "
            "`torch==2.6.0+cu124`.",
    },
    {
        .kind = {"docker-forced-dependency", SEVERITY_WARNING,
                 "a dependency that torch pins is forced to another version"},
        .meaning =
            "`--force-reinstall` installs triton or an nvidia package, of which each torch "
            "release requires one exact version.",
        .matters =
            "pip exits 0 and the image starts. `torch.compile`, and whatever else needs the "
            "version that was there, fails when it is first used. The next pip step whose graph "
            "reaches torch puts the old version back.",
        .example =
            "RUN pip install --force-reinstall \"triton==2.3.1\"\n",
        .way_out =
            "Raise the package that asked for the other version. `ramekin check` of a recipe "
            "finds the release that no longer needs it.",
    },
    {
        .kind = {"docker-git-unpinned", SEVERITY_WARNING,
                 "git takes whatever a branch is today"},
        .meaning =
            "`git clone`, a `git+` requirement or ADD of a repository names no tag and no "
            "commit, and nothing checks one out.",
        .matters =
            "Every build takes another state of the code, and a push by somebody else breaks it.",
        .example =
            "RUN git clone https://example.org/app.git /app\n",
        .way_out =
            "Name a commit: `git clone URL DIR && git -C DIR checkout COMMIT`, or `pip install "
            "'git+https://…@COMMIT'`. In a recipe, `git:` locks the commit.",
    },
    {
        .kind = {"docker-gpu-in-build", SEVERITY_ERROR,
                 "a build step needs a GPU"},
        .meaning =
            "A RUN calls `nvidia-smi`, or Python code that needs a device. Importing a package "
            "that looks for a GPU in some of its releases is a note. Commands whose failure is "
            "caught are left alone.",
        .matters =
            "`docker build` has neither driver nor device, on any machine. The step fails there "
            "although the image is right.",
        .example =
            "RUN python -c \"import torch; assert torch.cuda.is_available()\"\n",
        .way_out =
            "Check in the build what needs no GPU: versions, the CUDA version, importability. "
            "Ask for the device when the container starts. `ramekin check` of a recipe says "
            "which import needs a driver.",
    },
    {
        .kind = {"docker-ignore-file", SEVERITY_NOTE,
                 "all of the folder is copied, and nothing is left out"},
        .meaning =
            "`COPY . .` copies the build context, and there is no `.dockerignore` beside the "
            "Dockerfile.",
        .matters =
            "The history of git, virtual environments, model files and `.env` with its passwords "
            "become part of the image, and of what is sent to the builder.",
        .example =
            "COPY . /app\n",
        .way_out =
            "Write a `.dockerignore`, or copy what is needed by name.",
    },
    {
        .kind = {"docker-ignore-installed", SEVERITY_WARNING,
                 "--ignore-installed holds for everything"},
        .meaning =
            "`pip install --ignore-installed` is given. It is a switch of the whole command and "
            "takes no name: in `--ignore-installed blinker -r requirements.txt` the word "
            "`blinker` is one more requirement.",
        .matters =
            "Everything that the command resolves to is written again over what is there, and "
            "nothing is uninstalled: modules of the old version remain beside the new ones, with "
            "two sets of records. A torch of two releases fails at import with names that "
            "neither of them lacks.",
        .example =
            "RUN pip install --ignore-installed blinker -r requirements.txt\n",
        .way_out =
            "Give it in a step of its own, with `--no-deps`, for the one distribution that pip "
            "can't uninstall. Run the rest without it.",
    },
    {
        .kind = {"docker-ignore-stale", SEVERITY_NOTE,
                 "a comment ignores a finding that is not there"},
        .meaning =
            "A comment `# ramekin: ignore CODE: why` stands above an instruction that has no "
            "such finding, or names a code that does not exist.",
        .matters =
            "The reason for it is gone, and a finding of that code that comes back one day is "
            "hidden from the start.",
        .example =
            "# ramekin: ignore docker-devel-base: kernels are compiled at run time\n"
            "FROM nvidia/cuda:12.4.1-runtime-ubuntu22.04\n",
        .way_out =
            "Take the comment out, or correct the code in it.",
    },
    {
        .kind = {"docker-lost-state", SEVERITY_WARNING,
                 "what a RUN changes in its shell is lost"},
        .meaning =
            "The last command of a RUN is `cd`, `export`, or the activation of an environment.",
        .matters =
            "Every RUN is a shell of its own. The next instruction starts in the old folder, "
            "without the variable, with the old Python; pip then installs into another "
            "environment than the one that was meant.",
        .example =
            "RUN cd /app\n"
            "RUN . /opt/venv/bin/activate\n",
        .way_out =
            "WORKDIR for a folder, ENV for a variable, `ENV PATH=/opt/venv/bin:$PATH` for a "
            "virtual environment.",
    },
    {
        .kind = {"docker-maintainer", SEVERITY_NOTE,
                 "MAINTAINER is deprecated"},
        .meaning =
            "The instruction MAINTAINER names the author of the image.",
        .matters =
            "Builders warn of it. A label holds the same and can be asked for.",
        .example =
            "MAINTAINER Jane Doe <jane@example.org>\n",
        .way_out =
            "`LABEL org.opencontainers.image.authors=\"Jane Doe <jane@example.org>\"`.",
    },
    {
        .kind = {"docker-not-judged", SEVERITY_NOTE,
                 "nothing is said of what a RUN does"},
        .meaning =
            "The script of a RUN is not read: it is for a shell that is none of POSIX's kind, or "
            "has something in it that is not understood for certain.",
        .matters =
            "No other finding speaks of the script, whatever it installs. That it has none is no "
            "sign that it is right.",
        .example =
            "SHELL [\"pwsh\", \"-Command\"]\n"
            "RUN Invoke-WebRequest https://example.org/setup.exe -OutFile setup.exe\n",
        .way_out =
            "Nothing has to be changed. A script in the words that every POSIX shell reads is "
            "judged.",
    },
    {
        .kind = {"docker-overridden", SEVERITY_WARNING,
                 "an instruction has no effect"},
        .meaning =
            "A stage has two CMD, ENTRYPOINT or HEALTHCHECK, of which the last counts; or a CMD "
            "stands beside an ENTRYPOINT in shell form, which takes no arguments.",
        .matters =
            "Whoever reads the first believes that it is used.",
        .example =
            "CMD [\"python\", \"old.py\"]\n"
            "CMD [\"python\", \"new.py\"]\n",
        .way_out =
            "Keep the one that is meant. Write ENTRYPOINT as a JSON array where CMD gives its "
            "arguments.",
    },
    {
        .kind = {"docker-pip-unpinned", SEVERITY_WARNING,
                 "names are installed without a version"},
        .meaning =
            "`pip install` names distributions without `==`, and no constraints file bounds "
            "them. One finding lists those of the file. pip, setuptools and wheel themselves are "
            "left out.",
        .matters =
            "Every build takes what is the newest on its day. A release of any of them can break "
            "the image, and nobody can make yesterday's again.",
        .example =
            "RUN pip install transformers accelerate\n",
        .way_out =
            "Name versions, or bound them with `-c constraints.txt`. `ramekin lock` works out "
            "the whole graph, and `ramekin render` writes a Dockerfile with it.",
    },
    {
        .kind = {"docker-platform", SEVERITY_NOTE,
                 "FROM names a fixed platform"},
        .meaning =
            "`FROM --platform=` has a constant.",
        .matters =
            "A build for another platform takes files of this one, which fail where they run, or "
            "run in emulation. Where a base exists for one platform only, it is harmless.",
        .example =
            "FROM --platform=linux/amd64 python:3.11-slim\n",
        .way_out =
            "Give the platform to the build: `docker build --platform linux/amd64`. "
            "`$BUILDPLATFORM` is right for stages that make the same files everywhere.",
    },
    {
        .kind = {"docker-redirection", SEVERITY_ERROR,
                 "a version without quotes is a redirection"},
        .meaning =
            "In a shell, `>=` and `<` without quotes redirect: `pip install "
            "bitsandbytes>=0.43.0` asks for any bitsandbytes and writes pip's output into a file "
            "named `=0.43.0`.",
        .matters =
            "The newest version is installed, whatever the line seems to say, and since the log "
            "is in that file nothing shows it. With `<` the step fails, for want of a file of "
            "that name.",
        .example =
            "RUN pip install bitsandbytes>=0.43.0 --no-cache-dir\n",
        .way_out =
            "Quote each requirement that has `<` or `>` in it: `'bitsandbytes>=0.43.0'`.",
    },
    {
        .kind = {"docker-reinstall-undone", SEVERITY_WARNING,
                 "what was forced does not stay, or moves more than it names"},
        .meaning =
            "A later pip step may install another version over what `--force-reinstall` put "
            "there. Or, as a note, `--force-reinstall` is given without `--no-deps`, which "
            "chooses all that the named distributions require anew.",
        .matters =
            "pip repairs what a later step requires and does not say that it undoes an earlier "
            "one. And a reinstall that was meant for one distribution moves others, torch among "
            "them.",
        .example =
            "RUN pip install --force-reinstall --no-deps \"triton==2.3.1\"\n"
            "RUN pip install accelerate==1.2.1\n",
        .way_out =
            "Make the forced step the last one, with `--no-deps`, or hold the version in later "
            "steps: `-c constraints.txt`.",
    },
    {
        .kind = {"docker-secret", SEVERITY_WARNING,
                 "a secret stays in the image"},
        .meaning =
            "ENV, ARG or a label has a value under a name like a token's or a password's; or any "
            "instruction holds a token by its form or a password in a URL, which is an error; or "
            "a RUN sets a password with `chpasswd`, or logs in and leaves the token in a file. The "
            "value is masked in what ramekin prints. An ARG of a build stage that the image does "
            "not build on is a note.",
        .matters =
            "The image's configuration keeps ENV, its history keeps ARG and the text of every "
            "RUN. Whoever can pull the image has them, after they were overwritten too.",
        .example =
            "ENV HF_TOKEN=hf_…\n"
            "ARG GITHUB_TOKEN\n",
        .way_out =
            "Set it when the container runs. In a build: `RUN "
            "--mount=type=secret,id=hf_token,env=HF_TOKEN …`, which leaves no trace. Revoke what "
            "was published.",
    },
    {
        .kind = {"docker-shell-form", SEVERITY_NOTE,
                 "the program is not process 1"},
        .meaning =
            "CMD or ENTRYPOINT is in shell form, so that `/bin/sh -c` runs the program.",
        .matters =
            "`docker stop` and every orchestrator send a signal to process 1. A shell need not "
            "hand it on: the program is killed after the grace period, in the middle of a "
            "request.",
        .example =
            "CMD python -u handler.py\n",
        .way_out =
            "The JSON form: `CMD [\"python\", \"-u\", \"handler.py\"]`. Where variables are needed, a "
            "script that ends with `exec`.",
    },
    {
        .kind = {"docker-sudo", SEVERITY_NOTE,
                 "sudo in a build"},
        .meaning =
            "A RUN calls sudo. One finding stands for all.",
        .matters =
            "A build is root until USER says otherwise. An image with sudo, and a user who may "
            "use it, gives root to whatever runs in it.",
        .example =
            "RUN sudo apt-get install -y git\n",
        .way_out =
            "`USER root` before the step and `USER NAME` behind it.",
    },
    {
        .kind = {"docker-syntax", SEVERITY_ERROR,
                 "builders refuse the file"},
        .meaning =
            "The file is not what the Dockerfile reference describes: an instruction or flag "
            "that does not exist, a heredoc without an end, an argument that is missing. An "
            "empty line inside a continued instruction is a note.",
        .matters =
            "The build ends before it begins. Where older builders take it, newer ones need not.",
        .example =
            "FRM python:3.11-slim\n",
        .way_out =
            "See the message. A `# syntax=docker/dockerfile:1` line makes every builder read the "
            "file with the newest rules.",
    },
    {
        .kind = {"docker-torch-replaced", SEVERITY_WARNING,
                 "a later pip step may replace torch"},
        .meaning =
            "torch comes from an index of its own, and a later `pip install` of something that "
            "requires torch, or of a requirements file, names neither that index nor a "
            "constraint on torch. It is said once, at the first such step.",
        .matters =
            "pip takes the release of the default index that satisfies the new requirements: "
            "built for another CUDA version, with another gigabytes of libraries, and it exits "
            "0. What breaks, breaks where the image runs.",
        .example =
            "RUN pip install torch==2.6.0 --index-url https://download.pytorch.org/whl/cu124\n"
            "RUN pip install -r requirements.txt\n",
        .way_out =
            "Hold torch in the later steps: `-c constraints.txt` with `torch==2.6.0+cu124` in "
            "it, and `--extra-index-url` of that index. In a recipe, `protect: [torch]` makes it "
            "an error, and the lock shows what each step really does.",
    },
    {
        .kind = {"docker-unknown-stage", SEVERITY_ERROR,
                 "a stage is named that is not there"},
        .meaning =
            "`--from` names a stage by a number that no stage above has, or a stage that begins "
            "further down. A name that is nearly a stage's, and two stages of one name, are "
            "warnings.",
        .matters =
            "A name that no stage has is taken for an image, and pulled if somebody published "
            "one of that name.",
        .example =
            "FROM python:3.11-slim AS builder\n"
            "FROM python:3.11-slim\n"
            "COPY --from=bulder /app /app\n",
        .way_out =
            "Name a stage above, by its name rather than its number.",
    },
    {
        .kind = {"docker-unknown-variable", SEVERITY_WARNING,
                 "a variable is used where it is not set"},
        .meaning =
            "An ARG before the first FROM is used inside a stage that does not declare it again. "
            "In FROM itself a name that no ARG declares is an error.",
        .matters =
            "The reference is replaced by nothing: paths, versions and URLs are cut short, often "
            "without an error.",
        .example =
            "ARG TORCH=2.6.0\n"
            "FROM python:3.11-slim\n"
            "RUN pip install torch==${TORCH}\n",
        .way_out =
            "Repeat `ARG NAME`, without a value, behind FROM. Declare what FROM uses above the "
            "first one.",
    },
    {.meaning = NULL},
};
/* clang-format on */

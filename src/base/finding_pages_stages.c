#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_stages[] = {
    {
        .kind = {"acknowledge-stale", SEVERITY_ERROR,
                 "an acknowledged break does not happen"},
        .meaning =
            "An entry of `acknowledge:` names a broken requirement, or a change of a protected "
            "distribution, that does not happen in its stage: the distribution is not installed, "
            "requires something else, or gets what it requires.",
        .matters =
            "An entry that covers nothing today covers a real break tomorrow, and nobody would "
            "be told. It also means that the reason given with `why:` is gone, and often the "
            "workaround along with it can go.",
        .example =
            "- pip:\n"
            "    install: [triton==3.2.0]\n"
            "    acknowledge:\n"
            "      - {dist: torch, requires: triton==3.2.0, why: old kernels}\n",
        .way_out =
            "Remove the entry. If it was meant for another break, copy `dist` and `requires` "
            "from that finding: they must name a clause that is really violated after this "
            "stage.",
    },
    {
        .kind = {"assumed-inert", SEVERITY_NOTE,
                 "a stage is assumed not to change what pip sees"},
        .meaning =
            "The stage is no pip stage, and what it does is not looked into: it is taken for "
            "granted that it installs, changes and removes no Python distribution. A `files:` "
            "stage that copies from a part is noted for the same reason.",
        .matters =
            "A script that calls pip, or a package of the system that brings Python modules, "
            "changes what later stages start from. The plan then describes another image than "
            "the one that is built.",
        .example =
            "- run: make -C /opt/app install\n",
        .way_out =
            "Nothing, where the stage only does what it seems to do. Otherwise move what it "
            "installs with pip into a `pip:` stage of its own.",
    },
    {
        .kind = {"base-configuration", SEVERITY_WARNING,
                 "pip in the base is configured to do something else"},
        .meaning =
            "pip in the base image has a configuration or an environment of its own that names "
            "constraints or other package indexes. Constraints files of the base that can be read "
            "are applied, which a note says; the rest is not. Or the PIP_CONSTRAINT in the "
            "environment of a stage names a file of the image whose content is not known.",
        .matters =
            "A plain `pip install` in that image would choose other versions, or the same "
            "versions from other files. What is locked is what the recipe says, which may not be "
            "what the makers of the base meant.",
        .example =
            "base: example.org/vendor/pytorch:24.10   # holds a constraints file for pip\n"
            "stages:\n"
            "  - pip: [transformers]\n",
        .way_out =
            "Where it is a note, none is needed; `env: {PIP_CONSTRAINT: /dev/null}` frees a stage "
            "of the constraints that the image's environment names. Else copy the constraints "
            "file of the base beside the recipe and name it in `constraints:`. Name the index in "
            "`indexes:` if its files are the ones you want.",
    },
    {
        .kind = {"breaks-requirement", SEVERITY_ERROR,
                 "a stage breaks a requirement of an installed distribution"},
        .meaning =
            "After the stage, an installed distribution requires something that is not there or "
            "has another version. Either the stage changed what the distribution needs, or it "
            "installed the distribution without it. The finding belongs to the stage whose "
            "action caused the break, and is not repeated for later ones.",
        .matters =
            "pip prints such a conflict as a warning, after the fact, and goes on. The import "
            "fails, or a rarely used part does, where the image runs.",
        .example =
            "- pip: [torch==2.6.0]                # requires triton==3.2.0\n"
            "- pip: {install: [triton==2.3.1], force_reinstall: true}\n",
        .way_out =
            "Ask for a version that meets the clause, or for another version of the distribution "
            "that has it: `ramekin why NAME VERSION` says who stands in the way. If the break is "
            "meant, declare it in the stage with `acknowledge:`; the reason goes into the lock.",
    },
    {
        .kind = {"constraint-downgrade", SEVERITY_WARNING,
                 "a constraint on one distribution makes another one older"},
        .meaning =
            "A constraint on one distribution made the search take an older version of another, "
            "which requires something that the constraint forbids. Without that line the newer "
            "version would have been chosen. The finding says how many versions were tried and "
            "refused on the way down, and what is downloaded because of it.",
        .matters =
            "A constraint is written to hold one thing and silently moves another, often a much "
            "larger one: a bound on triton can replace torch by a release that is a year older, "
            "with all its CUDA libraries. pip prints nothing but that it looks at many versions.",
        .example =
            "constraints: [\"triton<3\"]          # torch 2.6.0 requires triton==3.2.0\n"
            "stages:\n"
            "  - pip: [torch==2.6.0]\n"
            "  - pip: [accelerate]              # torch goes down until triton fits\n",
        .way_out =
            "Drop or loosen the constraint. Or bound the distribution that moved as well "
            "(`constraints: [torch==2.6.0]`): then the two lines contradict each other, and that "
            "is said instead of a downgrade.",
    },
    {
        .kind = {"cuda-changed", SEVERITY_WARNING,
                 "a stage changes the CUDA version of torch"},
        .meaning =
            "A stage replaces torch by a build for another CUDA version than the one an earlier "
            "stage or the base brought. The CUDA version is read from the local label (`+cu124`) "
            "or from the requirements on the CUDA runtime. What is protected has the finding "
            "protected-changed instead.",
        .matters =
            "Extensions that were built for the other CUDA version stop loading, the driver that "
            "is needed changes, and GPUs that the old build served may not be served by the new "
            "one. A later stage that asks the default index is the usual cause.",
        .example =
            "- pip: {install: [torch==2.6.0], index: cu124}\n"
            "- pip: [\"torch>=2.7\"]              # from the default index: CUDA 12.6\n",
        .way_out =
            "Give the later stage the same index, or hold torch there: `constraints: "
            "[torch==2.6.0+cu124]`. `protect: [torch]` makes any such change an error.",
    },
    {
        .kind = {"file-lost", SEVERITY_ERROR,
                 "an uninstall deletes a file that another distribution lists"},
        .meaning =
            "The stage uninstalls a distribution whose list of files names a path that another "
            "installed distribution lists too. pip deletes the file and does not know that it is "
            "shared.",
        .matters =
            "The other distribution stays installed by its records and is broken on the disk: an "
            "import fails with a missing module.",
        .example =
            "- pip: [opencv-python, opencv-python-headless]   # both bring cv2/\n"
            "- pip: {remove: [opencv-python]}                 # takes cv2/ away\n",
        .way_out =
            "Never install the two together: `exclude:` keeps the unwanted one out from the "
            "start. Or install the one that lost files again afterwards, with `force_reinstall: "
            "true` and `no_deps: true`.",
    },
    {
        .kind = {"file-overlap", SEVERITY_WARNING,
                 "two distributions install one path with different content"},
        .meaning =
            "Two distributions install the same path. With different content it is a warning "
            "that names the one which is written last and so wins. With the same content it is "
            "one note for all such files of the stage. File lists are read where a stage replaces "
            "something, and of variants of one project (opencv-python and opencv-python-headless); "
            "other distributions that share a path are found by `check`, and when the image is "
            "built.",
        .matters =
            "The loser runs with files of the winner. Which one wins depends on the order of "
            "installation, so a small change elsewhere can turn it around.",
        .example =
            "- pip: [opencv-python, opencv-contrib-python]   # both bring cv2/\n",
        .way_out =
            "Keep one of the two; `exclude:` drops the other wherever it is asked for. A note "
            "about files with the same content needs nothing.",
    },
    {
        .kind = {"ghost-distribution", SEVERITY_WARNING,
                 "two versions of one distribution remain installed"},
        .meaning =
            "A stage installs a version beside one that stays: `ignore_installed: true` "
            "uninstalls nothing, so two sets of records of one distribution remain.",
        .matters =
            "pip reports only one of the two, whichever the file system lists first. Modules that the "
            "new version no longer has are "
            "still there and can be imported; removing the distribution later leaves the other "
            "copy behind.",
        .example =
            "- pip: [numpy==1.26.4]\n"
            "- pip: {install: [numpy==2.1.0], ignore_installed: true}\n",
        .way_out =
            "Use `force_reinstall: true`, which uninstalls first, or let pip upgrade in the "
            "ordinary way.",
    },
    {
        .kind = {"insecure-index", SEVERITY_WARNING,
                 "an index is not read because it is plain http and not trusted"},
        .meaning =
            "An index or a page of links is named by a plain http address on another machine, and "
            "nobody said that its host is to be trusted. pip prints a warning and goes on as if "
            "it were not there, and so does this lock.",
        .matters =
            "What the index was meant to bring comes from another one, as a rule in another "
            "version or without the GPU build, or is not found at all.",
        .example =
            "indexes: {mine: \"http://index.example.org/simple\"}\n"
            "stages:\n"
            "  - pip: {install: [torch], extra_indexes: [mine]}\n",
        .way_out =
            "Name its https address. Where there is none, trust the host: a line `--trusted-host "
            "index.example.org` in a requirements file holds for the build too; --trusted-host on "
            "the command line, PIP_TRUSTED_HOST and pip.conf hold for this machine.",
    },
    {
        .kind = {"mixed-cuda", SEVERITY_WARNING,
                 "wheels of two CUDA major versions are installed together"},
        .meaning =
            "After the stage, wheels of two CUDA major versions are installed together: a build "
            "of torch for one beside a library for the other, or two families of `nvidia-` "
            "wheels. The finding names them and belongs to the stage that brought the second "
            "family.",
        .matters =
            "Each process loads the libraries of the family that is found first. Where both are "
            "loaded, gigabytes are held twice; where one looks for its libraries by name, it may "
            "find the other's and fail with a missing symbol.",
        .example =
            "- pip: {install: [torch], index: cu124}\n"
            "- pip: [nvidia-cudnn-cu13]\n",
        .way_out =
            "Choose the builds of one major version. `ramekin why NAME` says who asks for the "
            "other family; what nobody needs any more is left over from an earlier stage and goes "
            "with `remove:`.",
    },
    {
        .kind = {"other-index", SEVERITY_WARNING,
                 "an index wins that the recipe gives no reason to expect"},
        .meaning =
            "Several indexes have the name, and the file comes from one that the recipe gives no "
            "reason to expect: the first index of the stage, or the one with builds for a device "
            "(`+cu124`), lost to a higher version elsewhere. pip pools all indexes and takes the "
            "highest version.",
        .matters =
            "torch from the default index is another build than torch from a CUDA index. And "
            "where a private index is pooled with a public one, whoever publishes a higher "
            "version under the name of a private project decides what is installed.",
        .example =
            "- pip:\n"
            "    install: [torch]\n"
            "    extra_indexes: [cu124]         # the default index has a higher version\n",
        .way_out =
            "Route the name: `indexes: {NAME: {url: ..., packages: [torch]}}` asks one index "
            "alone for it. Or name the index with `index:` and leave the others out, or pin the "
            "version with its label.",
    },
    {
        .kind = {"outside-environment", SEVERITY_WARNING,
                 "the replaced copy lies where pip does not uninstall"},
        .meaning =
            "The stage installs a new copy of a distribution whose old copy lies outside the "
            "environment that pip works in, as packages of the system below a virtual "
            "environment do. pip leaves the old copy where it is.",
        .matters =
            "The new copy is found first by the interpreter of the environment. Programs that "
            "use the system's interpreter, or another search path, still get the old one, and "
            "its bytes stay in the image.",
        .example =
            "python: {venv: /opt/venv}\n"
            "stages:\n"
            "  - pip: [requests]        # the base has python3-requests\n",
        .way_out =
            "Nothing, where everything runs in the environment. Otherwise leave the package of "
            "the system out of the base.",
    },
    {
        .kind = {"override-undone", SEVERITY_ERROR,
                 "a stage undoes a package that an earlier one forced"},
        .meaning =
            "An earlier stage forced a version against a declared requirement or a protection, "
            "and this stage replaces or removes it, because somebody in this stage asks for "
            "another version.",
        .matters =
            "The decision of the earlier stage has no effect on the image, although the recipe "
            "reads as if it had. This is the usual end of a `force_reinstall` that stands too "
            "early.",
        .example =
            "- pip: [torch==2.6.0]\n"
            "- pip: {install: [triton==2.3.1], no_deps: true}\n"
            "- pip: {install: [torch==2.6.0], force_reinstall: true}   # triton 3.2.0 again\n",
        .way_out =
            "Move the stage that forces the version behind this one, or keep its version here as "
            "well with `overrides:`.",
    },
    {
        .kind = {"patch-release", SEVERITY_WARNING,
                 "what is installed depends on a patch release of Python that nobody gave"},
        .meaning =
            "The recipe gives Python as X.Y, so that X.Y.0 is assumed, and an installed "
            "distribution has requirements whose markers ask for the patch release. For a late "
            "patch release they answer differently.",
        .matters =
            "The image may need a distribution that is not locked, or carry one that it does not "
            "need.",
        .example =
            "python: 3.11               # 3.11.0 is assumed\n"
            "stages:\n"
            "  - pip: [aiohttp]         # async-timeout only before 3.11.3\n",
        .way_out =
            "Write the full version that the base has, as in `python: 3.11.9`, or name a base "
            "whose files can be read here.",
    },
    {
        .kind = {"project-not-installed", SEVERITY_NOTE,
                 "a project's own code is not installed"},
        .meaning =
            "The stage takes what a project requires, from its lock file or its pyproject.toml. "
            "The project itself has a build system, and the tool that made the lock file would "
            "build and install it too. Nothing is built here.",
        .matters =
            "`import` of the project's own packages finds nothing unless something else brings "
            "the code, and its console scripts are not there.",
        .example =
            "- pip: {lock: uv.lock}   # the project is a package: [build-system] in pyproject.toml\n",
        .way_out =
            "Bring the code with a `files:` stage and name its folder in PYTHONPATH, or build a "
            "wheel (`uv build`, `pip wheel .`) and install that in a later stage.",
    },
    {
        .kind = {"protect-unmatched", SEVERITY_WARNING,
                 "what `protect:` names is never installed"},
        .meaning =
            "An entry of `protect:` in the recipe names no distribution that the base or any "
            "stage installs. Entries of stage definitions are not looked at: they name what might "
            "be there.",
        .matters =
            "Nothing is protected by it. A name that is misspelt, or that a project gave up, "
            "leaves the package open to every later stage while the recipe says otherwise.",
        .example =
            "protect: [pytorch]                 # the distribution is called torch\n",
        .way_out =
            "Correct the name, or remove the entry. `ramekin plan --all` lists what is installed.",
    },
    {
        .kind = {"protected-changed", SEVERITY_ERROR,
                 "a stage changes a protected distribution"},
        .meaning =
            "A stage changes the version or the index of a distribution that `protect:` names, "
            "or removes it. Protection holds against every stage after the one that declares it, "
            "and at the top level from the base on. The `torch` stage protects torch, triton and "
            "nvidia-* by itself.",
        .matters =
            "A later stage that replaces torch usually replaces the CUDA build by another one, "
            "at a cost of gigabytes and with other drivers needed.",
        .example =
            "- torch: {version: 2.6.0, cuda: 12.4}\n"
            "- pip: [accelerate, torchvision]     # may take another torch along\n",
        .way_out =
            "Hold the version in this stage with `constraints:`, or take the whole family from "
            "one index in one stage. If the change is meant, say so: `acknowledge: [{protect: "
            "NAME, why: ...}]`.",
    },
    {
        .kind = {"reinstall-moved", SEVERITY_WARNING,
                 "`force_reinstall` changes versions that nobody asked to change"},
        .meaning =
            "A stage with `force_reinstall: true` installs other versions of distributions that "
            "nobody asked to change. pip hides what is installed from the whole search then, so "
            "that everything which the named packages require is chosen anew, at its highest "
            "version.",
        .matters =
            "What earlier stages had settled moves without a word, and may no longer fit the "
            "packages that were not part of the command.",
        .example =
            "- pip: [torch==2.6.0, filelock==3.13.1]\n"
            "- pip: {install: [triton==2.3.1], force_reinstall: true}   # filelock moves too\n",
        .way_out =
            "Add `no_deps: true`, which replaces the named packages alone; or hold the others in "
            "`constraints:`. Where the version is another one than what is installed, "
            "`force_reinstall` is not needed at all.",
    },
    {
        .kind = {"shared-name", SEVERITY_WARNING,
                 "two indexes have different projects of one name"},
        .meaning =
            "Two of the indexes that the stage asks have a project of the name, and not one "
            "version in common: as far as their pages tell, these are two projects. pip pools the "
            "indexes and takes the highest version. A note where nobody named the project.",
        .matters =
            "Whoever publishes a higher version on the index that lost decides what is installed "
            "when the recipe is locked again, and may run code in the image: the usual way in is "
            "the name of a private project, registered on a public index. The lock itself has the "
            "file's digest and can not be changed so.",
        .example =
            "- pip:\n"
            "    install: [our-tools]\n"
            "    extra_indexes: [company]       # the default index has an our-tools too\n",
        .way_out =
            "Route the name: `indexes: {company: {url: ..., packages: [our-*]}}` asks that index "
            "alone for it.",
    },
    {
        .kind = {"source-distribution", SEVERITY_ERROR,
                 "only a source distribution satisfies the request"},
        .meaning =
            "The only file that satisfies the request is a source distribution, and the recipe "
            "does not name it in `build:`.",
        .matters =
            "Installing it runs the project's own build on whatever compilers the image has: "
            "slow, often impossible, and different from day to day. A project that was built by "
            "accident is a frequent cause of images without CUDA kernels.",
        .example =
            "- pip: [flash-attn==2.7.4]     # no wheel for this Python and torch\n",
        .way_out =
            "Pin a version that has a wheel for this platform and Python, or name a wheel by its "
            "URL. `ramekin why NAME VERSION` says what the index has of a version.",
    },
    {
        .kind = {"torch-replaced", SEVERITY_WARNING,
                 "a stage replaces torch though it does not ask for it"},
        .meaning =
            "A stage installs another version of torch although no line of it names torch: "
            "something that it does name requires that. The finding gives the chain. What is "
            "protected has the finding protected-changed instead, and another CUDA version has "
            "cuda-changed.",
        .matters =
            "torch is chosen once, for a GPU and a driver; its extensions are built for one "
            "version. A replacement adds gigabytes, and a build from another index is another "
            "build.",
        .example =
            "- pip: [torch==2.6.0]\n"
            "- pip: [torchaudio]                # newest one: requires a newer torch\n",
        .way_out =
            "Hold torch in the later stage, `constraints: [torch==2.6.0]`; what asks for the "
            "newer one is then chosen to fit, or the conflict is told. `protect: [torch]` makes "
            "any such change an error.",
    },
    {
        .kind = {"unknown-extra", SEVERITY_WARNING,
                 "a distribution does not provide the requested extra"},
        .meaning =
            "A request names an extra that the chosen version does not provide. pip ignores it, "
            "and so does the lock.",
        .matters =
            "The distributions that the extra stood for are not installed. The name is "
            "misspelled, or the project dropped the extra.",
        .example =
            "- pip: [\"uvicorn[standart]\"]\n",
        .way_out =
            "Correct the name of the extra, or ask directly for the distributions that are "
            "wanted.",
    },
    {
        .kind = {"unpinned-input", SEVERITY_WARNING,
                 "an input can change without the recipe changing"},
        .meaning =
            "A stage uses something that can change without the recipe changing: a branch or a "
            "tag of a repository, a download without `sha256:`, a revision of a model that is no "
            "full commit.",
        .matters =
            "Two builds of one recipe give two images, and what is fetched is not checked.",
        .example =
            "- git: {url: https://example.org/app.git, branch: main, dest: /opt/app}\n"
            "- download: {url: https://example.org/weights.bin, dest: /opt/weights.bin}\n",
        .way_out =
            "Name the full commit, give the digest of the download, or name the revision of the "
            "model by its commit.",
    },
    {
        .kind = {"yanked", SEVERITY_WARNING,
                 "a yanked file was chosen"},
        .meaning =
            "The chosen file was yanked: its project withdrew it, and the index still serves it. "
            "It is taken only because `==` or `===` names the version.",
        .matters =
            "A version is withdrawn because it is broken, unsafe or was published by mistake. "
            "The index may stop serving it, and the lock can then not be installed.",
        .example =
            "- pip: [example==1.4.2]    # yanked: wrong wheels\n",
        .way_out =
            "Ask for another version; `ramekin outdated` says what there is. If this one is "
            "needed, say so with `ignore:` and the reason.",
    },
    {.meaning = NULL},
};
/* clang-format on */

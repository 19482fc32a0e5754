#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_imports[] = {
    {
        .kind = {"import-deferred", SEVERITY_WARNING,
                 "a function imports what is not there"},
        .meaning =
            "A module that is loaded has a function which imports a module or a name that the "
            "installed versions do not have, and nothing around the statement catches the "
            "exception. Packages that are not installed at all are left out: a function that "
            "asks for one of them is as a rule meant to.",
        .matters =
            "The import of the package works, and so does everything until the function is "
            "called: `torch.compile` with a triton that was forced is the usual case.",
        .example =
            "- torch: {version: 2.6.0, cuda: 12.4}\n"
            "- pip: {install: [triton==2.3.1], no_deps: true}   # torch.compile imports triton_key\n",
        .way_out =
            "Install the version that the package requires, or another version of the package. "
            "Where the function is never called, say so with `ignore:`.",
    },
    {
        .kind = {"import-fails", SEVERITY_ERROR,
                 "an import fails wherever it is tried"},
        .meaning =
            "Importing a module ends with an exception, with a driver and a device at hand "
            "too. The statement that fails first in the order of execution is found from the "
            "files of the wheels alone, with the tests and except clauses around it; the "
            "evidence is the way from the import to it. What nobody names in `checks:` or "
            "starts is a warning.",
        .matters =
            "The program ends at its first line, in the build and where it runs.",
        .example =
            "- pip: [torch==2.6.0, bitsandbytes==0.42.0]        # imports triton.ops, gone in triton 3.2\n",
        .way_out =
            "Ask for another version of the distribution whose file fails, or of the one that "
            "it imports: `ramekin outdated` and `ramekin why` say what there is.",
    },
    {
        .kind = {"import-needs-driver", SEVERITY_WARNING,
                 "an import fails where there is no GPU"},
        .meaning =
            "Importing a module ends with an exception where no NVIDIA driver is, as in a "
            "build, and nothing says that it fails where there is one. An item of `checks: "
            "{build: ...}` that imports it is moved to `gpu`. Where the recipe does not import "
            "it in a build, this is a note.",
        .matters =
            "A build step that imports it fails, and tools that look at the code (tests, "
            "documentation, a warm-up in the build) fail with it. It works where the image "
            "runs.",
        .example =
            "- pip: [torch==2.6.0, bitsandbytes==0.45.0]\n"
            "# checks: {build: [{import: [bitsandbytes]}]}\n",
        .way_out =
            "Leave the import to `checks: {gpu: ...}`, or take a version that does not need a "
            "driver at import.",
    },
    {.meaning = NULL},
};
/* clang-format on */

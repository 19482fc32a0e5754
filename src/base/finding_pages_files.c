#include "base/finding_families.h"

/* clang-format off */
const FindingPage finding_pages_files[] = {
    {
        .kind = {"dangling-script", SEVERITY_NOTE,
                 "a console script starts a module that is not there"},
        .meaning =
            "A wheel's entry_points.txt declares a console script, pip writes its wrapper, and "
            "the module that the wrapper imports is in no file of the image, although its "
            "package is.",
        .matters =
            "The command ends with ModuleNotFoundError when it is started. Importing the "
            "package is not concerned.",
        .example =
            "[console_scripts]\n"
            "tool = pkg.cli:main          # the wheel has pkg/__init__.py, but no pkg/cli.py\n",
        .way_out =
            "Start the program in another way, or take another version of the distribution.",
    },
    {
        .kind = {"orphan-file", SEVERITY_NOTE,
                 "the base has modules in a package that nobody installed"},
        .meaning =
            "A folder of the base's site-packages holds modules that its distribution lists in "
            "RECORD, and beside them modules that no distribution lists: left over from another "
            "version, or copied there by hand.",
        .matters =
            "They are imported like the others, no upgrade removes them, and packages that "
            "import whatever lies in their folder fall over what belongs to another version.",
        .example =
            "base: oci:base               # made with pip install --ignore-installed\n",
        .way_out =
            "Take a base that was made cleanly, or remove the files in a stage: `- remove: "
            "[/usr/local/lib/python3.11/site-packages/pkg/old.py]`.",
    },
    {
        .kind = {"stale-file", SEVERITY_WARNING,
                 "files of an older version stay among those of the new one"},
        .meaning =
            "A stage installed a distribution over an older copy without uninstalling it "
            "(`ignore_installed`). Files that the older copy has and the new one has not are "
            "still there. Those that can't be imported any more are shown first, with the name that "
            "they miss and the module that has it no longer; then modules in folders that the new "
            "version has too. Without any of them it is a note. Where `ghost-distribution` lists "
            "the files, this names those alone that can't be imported any more.",
        .matters =
            "Python imports what lies there. torch 2.8.0 written over 2.3.1 keeps modules of "
            "2.3.1 that import names which 2.8.0 no longer has, and packages that import "
            "everything in a folder fail at once; pip goes on reporting one of the two versions "
            "and uninstalls the files of that one alone.",
        .example =
            "- pip: [torch==2.3.1]\n"
            "- pip: {install: [torch==2.8.0], ignore_installed: true}\n",
        .way_out =
            "Leave `ignore_installed` out: pip uninstalls what it replaces. `force_reinstall: "
            "true` writes everything anew and uninstalls first.",
    },
    {
        .kind = {"wheel-unread", SEVERITY_WARNING,
                 "a wheel could not be looked into"},
        .meaning =
            "The directory of a wheel could not be read: its server is out of reach or sends no "
            "parts of files, nothing is fetched with --offline, or the file is not what a wheel "
            "should be. The reason is given for each.",
        .matters =
            "Findings about files, imports and libraries of this wheel are missing. That nothing "
            "is said about it does not mean that nothing is wrong.",
        .example =
            "ramekin check --offline      # with a cache that does not have the wheel\n",
        .way_out =
            "Run the check where the index can be reached; afterwards the cache has what it "
            "needs.",
    },
    {.meaning = NULL},
};
/* clang-format on */

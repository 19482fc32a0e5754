/* Environment variables that the recipe's own Python files set in their own process:
 * `os.environ["NAME"] = "value"` and its relatives, wherever they stand in a file that `files:`
 * puts into the image. What the file would execute is not asked. */
#pragma once

#include "check/image_files.h"

typedef struct {
    char *name;
    char *value; /* NULL: no constant */
    char *path;  /* of the file, in the image */
    char *at; /* "handler.py:12", as seen from the recipe's folder; NULL: a text of the recipe's */
    char *text; /* of the line, trimmed */
    unsigned line;
    unsigned stage; /* index of the stage that puts it there */
    bool fallback;  /* only where nobody has set it: setdefault() */
} ScriptSetting;
void script_setting_free(void *setting);

/* ScriptSetting by path and line. Files that are no Python are left out. */
GPtrArray *script_settings_find(const ImageFiles *files, const char *recipe_dir);
/* Those of one text, for tests; `path` is its name. */
GPtrArray *script_settings_of(const char *path, const char *text, size_t length);

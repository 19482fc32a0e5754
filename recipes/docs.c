/* Writes what the field tables say: `docs schema` the JSON schema of recipes, `docs keys` the key
 * tables of ramekin-recipe(5). Runs at build time only. */
#include "recipe/recipe.h"

int main(int argc, char **argv)
{
    bool schema = argc == 2 && g_str_equal(argv[1], "schema");
    bool keys = argc == 2 && g_str_equal(argv[1], "keys");
    if (!schema && !keys) {
        fputs("usage: docs schema|keys\n", stderr);
        return 2;
    }
    g_autofree char *text = schema ? recipe_schema_json() : recipe_manual_scdoc();
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? 2 : 0;
}

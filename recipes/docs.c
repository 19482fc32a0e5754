/* Writes the JSON schema of recipes, from the field tables. Runs at build time only. */
#include "recipe/recipe.h"

int main(void)
{
    g_autofree char *text = recipe_schema_json();
    return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? 2 : 0;
}

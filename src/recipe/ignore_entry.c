#include "recipe/ignore_entry.h"

static bool covers(const RecipeIgnore *ignore, const Finding *finding)
{
    if (!g_str_equal(ignore->finding, finding->code))
        return false;
    return !ignore->match ||
           (finding->distribution &&
            g_pattern_match_simple(ignore->match, finding->distribution)) ||
           g_pattern_match_simple(ignore->match, finding->message);
}

const RecipeIgnore *recipe_find_ignore(const Recipe *recipe, const Finding *finding)
{
    for (guint i = 0; i < recipe->ignore->len; i++) {
        const RecipeIgnore *ignore = recipe->ignore->pdata[i];
        if (covers(ignore, finding))
            return ignore;
    }
    return NULL;
}

/* Which indexes a stage asks, in pip's order (design §6, §7; the recipe language, 1.2, 1.3).
 *
 * `index:` takes the place of the default index, as pip's --index-url; `extra_indexes:` are pooled
 * with it. The default index `main` is the recipe's, else what pip's configuration of this machine
 * says (its extra indexes are named extra1 …), else what pip has built in. Indexes with `packages:`
 * are asked for their names in every stage. */
#pragma once

#include "lock/session.h"
#include "python/pip_inputs.h"

typedef struct {
    LockSession *session;
    const Recipe *recipe;
    GPtrArray *find_links;  /* char *: URLs and paths of find-links so far, which number them */
    GPtrArray *substituted; /* char *: index names that another index stands in for */
} SourceContext;

/* *ret_locations borrows its IndexLocation from the session. `inputs` are the stage's, whose
 * requirement files may name indexes. Errors: ERROR_INPUT. */
gboolean sources_of_stage(SourceContext *context, const PipStage *stage, const PipInputs *inputs,
                          GPtrArray **ret_locations, GError **error);
/* The location of an index that no stage asks now, by the name under which a file was locked; it
 * belongs to the session. Errors: ERROR_INPUT. */
const IndexLocation *sources_find_named(SourceContext *context, const char *name, GError **error);

/* The files that findings point into, by the names that locks and findings give them: the recipe
 * with what it includes, and requirements and constraints files beside it. */
#pragma once

#include "base/finding.h"
#include "recipe/recipe.h"

typedef struct SourceBook SourceBook;

/* Takes a reference to the recipe's file. */
SourceBook *source_book_new(RecipeFile *file);
void source_book_free(SourceBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SourceBook, source_book_free)

/* The line that "file:line" names; its column is 0. SPAN_NONE for what is no address, or names a
 * file that can't be read. The source belongs to the book. */
Span source_book_find(SourceBook *book, const char *address);
/* The same with column and width of the finding: its own, else where the line has the text that it
 * is about. */
Span source_book_locate(SourceBook *book, const Finding *finding);
/* The path of the source from where ramekin was started; caller frees. */
char *source_book_path(const SourceBook *book, const Source *source);

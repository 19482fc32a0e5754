/* Values of a recipe that is being written, and their YAML.
 *
 * A value is a text, a plain word, a list or a map. Texts come out so that the recipe's own reader
 * and an editor with the JSON schema read exactly the same text again: quoted where YAML would see
 * something else, a literal block where there are several lines. A map keeps its order. Texts are
 * UTF-8 without NUL; "$(" in them means a variable (see draft_escape()). */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct DraftValue DraftValue;

/* Quoted where another reader of YAML takes it for a number, a date or a truth value. */
DraftValue *draft_text(const char *text);
/* For versions, numbers and truth values, which recipes have bare: 3.11, true. Quoted only where
 * YAML's syntax asks for it. */
DraftValue *draft_plain(const char *text);
DraftValue *draft_list(void);
DraftValue *draft_map(void);
void draft_value_free(DraftValue *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DraftValue, draft_value_free)

/* These take what they are given. A key that is there gets the new value in its old place. */
void draft_add(DraftValue *list, DraftValue *item);
void draft_set(DraftValue *map, const char *key, DraftValue *value);

void draft_add_text(DraftValue *list, const char *text);
void draft_set_text(DraftValue *map, const char *key, const char *text);
void draft_set_plain(DraftValue *map, const char *key, const char *text);
void draft_set_true(DraftValue *map, const char *key);
/* Adds the text to the list under `key`, which is made where there is none. */
void draft_append_text(DraftValue *map, const char *key, const char *text);
/* The list or map under `key`, made where there is none; borrowed. */
DraftValue *draft_need_list(DraftValue *map, const char *key);
DraftValue *draft_need_map(DraftValue *map, const char *key);
void draft_remove(DraftValue *map, const char *key);

const char *draft_key(const DraftValue *map, guint i); /* borrowed */
/* Borrowed; NULL: there is none. */
DraftValue *draft_get(const DraftValue *map, const char *key);
const char *draft_get_text(const DraftValue *map, const char *key);
guint draft_count(const DraftValue *value); /* of items or keys; 0 of a text */
DraftValue *draft_item(const DraftValue *list, guint i);
const char *draft_value_text(const DraftValue *value); /* NULL: no text */
/* Takes the text out of the list; false: it is not in it. */
bool draft_list_take(DraftValue *list, const char *text);
bool draft_is_list(const DraftValue *value);
bool draft_is_map(const DraftValue *value);
DraftValue *draft_value_copy(const DraftValue *value);
bool draft_list_has(const DraftValue *list, const char *text);

/* The text with "$(" written as "$$(": what stands in it is no variable. Caller frees. */
char *draft_escape(const char *text);

/* A line of a comment: what YAML takes in none is a blank in it. Caller frees. */
char *draft_comment_text(const char *text);

enum {
    DRAFT_COLUMNS = 100,
};

/* Appends the value behind "key:" or "-", with its blank or line break before and its line break
 * behind it; `column` is where the line stands, `indent` what blocks below it begin with, `comment`
 * (may be NULL) what is said behind it. `keys` maps with more keys than that are written as blocks.
 */
typedef struct {
    size_t column;
    unsigned indent;
    guint keys;
    unsigned blocks; /* levels that are blocks in any case */
    const char *comment;
} DraftPlace;
void draft_value_write(const DraftValue *value, GString *out, DraftPlace place);
/* A key, quoted where needed. */
void draft_key_write(GString *out, const char *key);

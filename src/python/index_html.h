/* A tokenizer for HTML pages of links: start tags and their attributes, read the way the parser
 * does that pip uses (HTML Living Standard §13.2.5 as far as tags, comments and raw text go).
 *
 * One pass, no recursion, no copies: names and values point into the page. A tag, comment or quote
 * that is never closed ends the page, as it does for pip; what a tag in front of it said counts. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    const char *at, *end;
    bool in_tag;  /* behind a tag's name, its attributes not all read */
    char raw[10]; /* name of the element whose text is not markup, or "" */
} HtmlReader;

typedef struct {
    const char *name; /* any case */
    size_t name_length;
    const char *value; /* undecoded; NULL: the attribute has none */
    size_t value_length;
} HtmlAttribute;

void html_reader_init(HtmlReader *reader, const char *text, size_t length);
/* The next start tag's name (any case), skipping the rest of the tag before; false at the end. */
bool html_next_tag(HtmlReader *reader, const char **ret_name, size_t *ret_length);
typedef enum {
    HTML_ATTRIBUTE,
    HTML_TAG_END,
    HTML_BROKEN, /* the page ended inside the tag, which does not count then */
} HtmlStep;
HtmlStep html_next_attribute(HtmlReader *reader, HtmlAttribute *ret_attribute);

/* Whether text[0..length) is `name`, which is lower case, in any case. */
bool html_name_is(const char *text, size_t length, const char *name);
/* Appends the attribute value with its character references decoded: numbers, and the names of HTML
 * 4 and `apos`; a rarer one stays as written. Never longer than the value. */
void html_decode_value(GString *out, const char *value, size_t length);

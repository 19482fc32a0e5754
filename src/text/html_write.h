/* HTML out: one page, in one form, from text that anybody may have written.
 *
 * Whatever is passed as a value or a text ends up as exactly that: the five characters that mean
 * something to HTML are escaped, in texts and in attributes alike, and what has no place in a page
 * becomes U+FFFD: control characters, noncharacters, bytes that are no UTF-8, and the marks that
 * turn the direction of text around, so that no version or path can pretend to be another. Names of
 * elements and attributes, and classes and ids, are constants or numbers of ours, never from
 * outside.
 *
 * Elements nest as they are begun and ended; one that HTML knows no end tag for (meta, br) gets
 * none. An element that stands for itself (a section, a row of a table) begins on a line of its
 * own, so that pages diff well; between others there is no blank that was not written. HTML Living
 * Standard, §13.1.2 and §13.1.3. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct HtmlWriter HtmlWriter;

/* Begins with the doctype. */
HtmlWriter *html_new(void);
void html_free(HtmlWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HtmlWriter, html_free)

/* The page, which ends with a newline; the writer may only be freed afterwards. Caller frees. */
char *html_finish(HtmlWriter *writer);

void html_begin(HtmlWriter *writer, const char *element);
/* Of the element begun last, before anything is in it; NULL: it has no such attribute. */
void html_attribute(HtmlWriter *writer, const char *name, const char *value);
void html_attribute_printf(HtmlWriter *writer, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void html_text(HtmlWriter *writer, const char *text); /* NULL: nothing */
void html_printf(HtmlWriter *writer, const char *format, ...) G_GNUC_PRINTF(2, 3);
void html_end(HtmlWriter *writer);

/* The element with its class (or NULL) and a text. */
void html_element(HtmlWriter *writer, const char *element, const char *class_name,
                  const char *text);
/* begin and class in one line of C. */
void html_begin_class(HtmlWriter *writer, const char *element, const char *class_name);
/* The <style> element: text of ours, which holds no end tag. */
void html_style(HtmlWriter *writer, const char *css);

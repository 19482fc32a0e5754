/* Text inside a JSON string. */
#pragma once

#include <glib.h>

/* Appends `text` in quotes, escaping only what RFC 8259 demands. It must be valid UTF-8. */
void escape_json(GString *out, const char *text);

/* The only caller of the clock. What it returns steers retries, cache freshness and progress; it
 * never reaches a lock, a plan or an image. */
#pragma once

#include <glib.h>

gint64 clock_now_seconds(void); /* since 1970-01-01 UTC */
gint64 clock_monotonic_usec(void);

/* "2024-06-01", "2024-06-01T12:00:00Z" (with fraction or offset) → seconds since 1970 UTC; a bare
 * date is its first second in UTC. Returns FALSE when the text is neither. No locale, no time zone
 * database. */
gboolean clock_parse_date(const char *text, gint64 *ret_seconds);
/* "2024-06-01T12:00:00Z" of seconds since 1970, for years up to 9999; caller frees. */
char *clock_format_utc(gint64 seconds);

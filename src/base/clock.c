#include "base/clock.h"

#undef g_get_real_time
#undef g_get_monotonic_time

gint64 clock_now_seconds(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

gint64 clock_monotonic_usec(void)
{
    return g_get_monotonic_time();
}

gboolean clock_parse_date(const char *text, gint64 *ret_seconds)
{
    g_autofree char *full =
        strlen(text) == 10 ? g_strconcat(text, "T00:00:00Z", NULL) : g_strdup(text);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(full, utc);
    if (!when)
        return FALSE;
    *ret_seconds = g_date_time_to_unix(when);
    return TRUE;
}

char *clock_format_utc(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
    if (!time)
        return g_strdup("1970-01-01T00:00:00Z");
    int year, month, day;
    g_date_time_get_ymd(time, &year, &month, &day);
    return g_strdup_printf("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
                           g_date_time_get_hour(time), g_date_time_get_minute(time),
                           g_date_time_get_second(time));
}

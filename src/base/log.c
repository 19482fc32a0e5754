#include "base/log.h"

static bool verbose_on;

void log_set_verbose(bool verbose)
{
    verbose_on = verbose;
}

void log_debug(const char *format, ...)
{
    if (!verbose_on)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "ramekin: %s\n", message);
}

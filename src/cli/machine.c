#include "cli/machine.h"

#include <glib.h>
#include <sys/utsname.h>

const char *machine_platform(void)
{
    static const char *const names[][2] = {{"x86_64", "linux/amd64"}, {"aarch64", "linux/arm64"}};
    struct utsname machine;
    for (size_t i = 0; uname(&machine) == 0 && i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(machine.machine, names[i][0]))
            return names[i][1];
    }
    return names[0][1];
}

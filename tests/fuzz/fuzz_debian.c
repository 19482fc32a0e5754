/* A list of Debian packages that an image holds. */
#include "fuzz.h"

#include "lock/debian_packages.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int all = 0; all < 2; all++) {
        g_autoptr(GPtrArray) packages = g_ptr_array_new_with_free_func(debian_package_free);
        debian_packages_parse(packages, (const char *)data, size, all != 0);
        for (guint i = 0; i < packages->len; i++) {
            const DebianPackage *package = packages->pdata[i];
            g_assert_cmpuint(strlen(package->name), >, 0);
            g_assert_cmpuint(strlen(package->version), >, 0);
        }
    }
    return 0;
}

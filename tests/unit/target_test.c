#include "python/target.h"
#include "test.h"

TEST(targets)
{
    static const struct {
        const char *python, *libc, *platform, *expected;
    } rows[] = {
        {"3.11", "glibc 2.36", "linux/amd64", "3.11.0 '' linux x86_64 glibc 2.36"},
        {"3.11.2", "musl 1.2", "linux/arm64/v8", "3.11.2 '' linux aarch64 musl 1.2"},
        {"3.13t", NULL, "linux/amd64", "3.13.0 't' linux x86_64 none"},
        {"3.13.0rc1td", NULL, "windows/amd64", "3.13.0rc1 'td' windows AMD64 none"},
        {"3.12", NULL, "macos/arm64", "3.12.0 '' macos arm64 macOS 14.0"},
        {"3.12", "macOS 10.13", "macos/amd64", "3.12.0 '' macos x86_64 macOS 10.13"},
        {"3.12", NULL, "windows/arm64", "3.12.0 '' windows ARM64 none"},
        {"3.12", "glibc 2.36", "macos/arm64", NULL},
        {"3.12", "glibc 2.36", "windows/amd64", NULL},
        {"3.12", "macOS 14.0", "linux/amd64", NULL},
        {"3.12", "macOS x", "macos/arm64", NULL},
        {"3", NULL, "linux/amd64", NULL},
        {"3.x", NULL, "linux/amd64", NULL},
        {"3.99999", NULL, "linux/amd64", NULL},
        {"3.11", "glibc", "linux/amd64", NULL},
        {"3.11", "uclibc 1.0", "linux/amd64", NULL},
        {"3.11", NULL, "plan9/amd64", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PythonTarget) made =
            python_target_new(rows[i].python, rows[i].libc, rows[i].platform, &error);
        g_assert_true((made == NULL) == (error != NULL));
        if (made == NULL) {
            assert_text(rows[i].python, rows[i].expected, NULL);
            continue;
        }
        g_autoptr(PythonTarget) target = python_target_copy(made);
        g_autofree char *libc = python_target_libc_text(target);
        g_autofree char *found =
            g_strdup_printf("%s '%s' %s %s %s", target->full_version, target->abi_flags,
                            target->system, target->machine, libc != NULL ? libc : "none");
        assert_text(rows[i].python, rows[i].expected, found);
    }
}

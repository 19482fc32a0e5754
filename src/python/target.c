#include "python/target.h"

typedef struct {
    const char *platform;
    const char *system;
    const char *machine;
} PlatformRow;

/* clang-format off */
static const PlatformRow platforms[] = {
    {"linux/amd64",    "linux",   "x86_64"},
    {"linux/arm64",    "linux",   "aarch64"},
    {"linux/386",      "linux",   "i686"},
    {"linux/arm",      "linux",   "armv7l"},
    {"linux/ppc64le",  "linux",   "ppc64le"},
    {"linux/s390x",    "linux",   "s390x"},
    {"linux/riscv64",  "linux",   "riscv64"},
    {"linux/loong64",  "linux",   "loongarch64"},
    {"macos/amd64",    "macos",   "x86_64"},
    {"macos/arm64",    "macos",   "arm64"},
    {"windows/amd64",  "windows", "AMD64"},
    {"windows/arm64",  "windows", "ARM64"},
    {"windows/386",    "windows", "x86"},
};
/* clang-format on */

/* A variant behind the architecture ("linux/arm64/v8", "linux/amd64/v3") changes no tag. */
static const PlatformRow *find_platform(const char *platform)
{
    for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++) {
        size_t length = strlen(platforms[i].platform);
        if (strncmp(platform, platforms[i].platform, length) == 0 &&
            (platform[length] == '\0' || platform[length] == '/'))
            return &platforms[i];
    }
    return NULL;
}

/* Small numbers only: tags are listed for every minor version below. */
static bool scan_number(const char **at, unsigned *ret_number)
{
    unsigned number = 0;
    const char *begin = *at;
    for (; g_ascii_isdigit(**at) && *at - begin < 3; (*at)++)
        number = number * 10 + (unsigned)(**at - '0');
    if (*at == begin || g_ascii_isdigit(**at))
        return false;
    *ret_number = number;
    return true;
}

/* "3.13.0rc1t": the numbers, what follows the micro, the ABI flags. */
static bool parse_python(PythonTarget *target, const char *text)
{
    const char *at = text;
    if (!scan_number(&at, &target->major) || *at++ != '.' || !scan_number(&at, &target->minor))
        return false;
    if (*at == '.') {
        at++;
        if (!scan_number(&at, &target->micro))
            return false;
        target->has_micro = true;
    }
    size_t suffix = strspn(at, "abrc0123456789+");
    size_t flags = strspn(at + suffix, "td");
    if (at[suffix + flags] != '\0' || flags > 2 || suffix > 16)
        return false;
    target->full_version = g_strdup_printf("%u.%u.%u%.*s", target->major, target->minor,
                                           target->micro, (int)suffix, at);
    target->abi_flags = g_strdup(at + suffix);
    return true;
}

static const struct {
    const char *prefix;
    LibcKind kind;
    const char *system;
} libc_kinds[] = {
    {"glibc ", LIBC_GLIBC, "linux"},
    {"musl ", LIBC_MUSL, "linux"},
    {"macOS ", LIBC_MACOS, "macos"},
};

static bool parse_libc(PythonTarget *target, const char *system, const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(libc_kinds); i++) {
        if (!g_str_has_prefix(text, libc_kinds[i].prefix) ||
            !g_str_equal(libc_kinds[i].system, system))
            continue;
        target->libc = libc_kinds[i].kind;
        const char *at = text + strlen(libc_kinds[i].prefix);
        return scan_number(&at, &target->libc_major) && *at++ == '.' &&
               scan_number(&at, &target->libc_minor) && (*at == '\0' || *at == '.');
    }
    return false;
}

PythonTarget *python_target_new(const char *python, const char *libc, const char *platform,
                                GError **error)
{
    g_autoptr(PythonTarget) target = g_new0(PythonTarget, 1);
    const PlatformRow *row = find_platform(platform);
    if (row == NULL) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "unknown platform '%s'", platform);
        return NULL;
    }
    if (!parse_python(target, python)) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "invalid Python version '%s': expected for example 3.11, 3.11.2 or 3.13t",
                  python);
        return NULL;
    }
    bool macos = g_str_equal(row->system, "macos");
    if (libc == NULL && macos)
        libc = "macOS " MACOS_DEFAULT;
    if (libc != NULL && !parse_libc(target, row->system, libc)) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "invalid libc '%s' for %s: expected for example %s", libc, row->platform,
                  macos ? "'macOS 14.0'" : "'glibc 2.36' or 'musl 1.2'");
        return NULL;
    }
    target->implementation = g_strdup("cpython");
    target->system = g_strdup(row->system);
    target->machine = g_strdup(row->machine);
    return g_steal_pointer(&target);
}

PythonTarget *python_target_copy(const PythonTarget *target)
{
    PythonTarget *copy = g_memdup2(target, sizeof(PythonTarget));
    copy->full_version = g_strdup(target->full_version);
    copy->implementation = g_strdup(target->implementation);
    copy->abi_flags = g_strdup(target->abi_flags);
    copy->system = g_strdup(target->system);
    copy->machine = g_strdup(target->machine);
    return copy;
}

void python_target_free(PythonTarget *target)
{
    if (target == NULL)
        return;
    g_free(target->full_version);
    g_free(target->implementation);
    g_free(target->abi_flags);
    g_free(target->system);
    g_free(target->machine);
    g_free(target);
}

char *python_target_libc_text(const PythonTarget *target)
{
    for (size_t i = 0; i < G_N_ELEMENTS(libc_kinds); i++)
        if (target->libc == libc_kinds[i].kind)
            return g_strdup_printf("%s%u.%u", libc_kinds[i].prefix, target->libc_major,
                                   target->libc_minor);
    return NULL;
}

#include "python/marker.h"
#include "test.h"

#include "base/limits.h"

static Marker *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    Marker *marker = marker_parse(text, &error);
    assert_no_error(g_steal_pointer(&error));
    return marker;
}

TEST(printed_markers)
{
    static const char *const rows[][2] = {
        {"os.name=='nt'", "os_name == \"nt\""},
        {"'3' < python_version", "\"3\" < python_version"},
        {"((extra == 'A_b'))", "extra == \"a-b\""},
        {"(os_name=='a' or os_name=='b')and(extra=='c')",
         "(os_name == \"a\" or os_name == \"b\") and extra == \"c\""},
        {"os_name not \t in 'a\"b'", "os_name not in 'a\"b'"},
        {"python_implementation == ''", "platform_python_implementation == \"\""},
        {"os_name == '\\x41\\d'", "os_name == \"A\\d\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Marker) marker = parse(rows[i][0]);
        assert_text(rows[i][0], rows[i][1], marker_text(marker));
    }
}

TEST(refused_markers)
{
    static const char *const rows[][2] = {
        {"", "expected a variable or a quoted text at character 1"},
        {"os_name", "expected one of"},
        {"os_name == 'a", "the quoted text does not end"},
        {"os_name == 'a\n'", "a text that Python can read"},
        {"nothing == 'a'", "expected a variable"},
        {"os_name not== 'a'", "expected 'in' after 'not'"},
        {"(os_name == 'a'", "no ')' follows"},
        {"os_name == 'a' xor os_name == 'b'", "expected 'and', 'or' or the end at character 16"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(marker_parse(rows[i][0], &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        if (strstr(error->message, rows[i][1]) == NULL)
            g_error("%s: %s", rows[i][0], error->message);
    }
    g_autofree char *deep = g_strnfill(LIMIT_MARKER_DEPTH + 1, '(');
    g_assert_null(marker_parse(deep, NULL));
}

TEST(evaluated_markers)
{
    static const struct {
        const char *marker;
        const char *extra;
        bool expected;
    } rows[] = {
        {"python_version >= '3.9'", "", true},
        {"'3.8' < python_version", "", true},
        {"python_version in '3.11 3.12'", "", true},
        {"'3.1' in python_version", "", true},
        {"python_full_version == '3.11.2'", "", true},
        {"python_version ~= '3.8'", "", true},
        {"platform_machine == 'x86_64' and sys_platform != 'win32'", "", true},
        {"os_name == 'nt' and extra == 'a' or os_name == 'posix'", "", true},
        {"os_name >= 'posix'", "", true},
        {"os_name > 'a'", "", false},
        {"extra == 'foo.bar'", "Foo_Bar", true},
        {"extra == 'foo.bar'", "", false},
        {"extra != 'foo'", "", true},
        {"platform_release >= '5'", "", false},
        {"os_name ~= '1.0'", "", false},
        {"'a' in extras or os_name == 'posix'", "", false},
    };
    g_autoptr(PythonTarget) target = python_target_new("3.11.2", "glibc 2.36", "linux/amd64", NULL);
    g_autoptr(MarkerEnvironment) environment = marker_environment_new(target);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Marker) marker = parse(rows[i].marker);
        if (marker_evaluate(marker, environment, rows[i].extra) != rows[i].expected)
            g_error("%s", rows[i].marker);
    }
}

TEST(other_systems)
{
    static const struct {
        const char *platform, *marker;
    } rows[] = {
        {"macos/arm64", "sys_platform == 'darwin' and platform_system == 'Darwin'"},
        {"macos/arm64", "os_name == 'posix' and platform_machine == 'arm64'"},
        {"macos/amd64", "platform_machine == 'x86_64' and sys_platform != 'linux'"},
        {"windows/amd64", "sys_platform == 'win32' and platform_system == 'Windows'"},
        {"windows/amd64", "os_name == 'nt' and platform_machine == 'AMD64'"},
        {"windows/arm64", "platform_machine == 'ARM64' and python_version == '3.11'"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PythonTarget) target = python_target_new("3.11", NULL, rows[i].platform, NULL);
        g_autoptr(MarkerEnvironment) environment = marker_environment_new(target);
        g_autoptr(Marker) marker = parse(rows[i].marker);
        if (!marker_evaluate(marker, environment, ""))
            g_error("%s: %s", rows[i].platform, rows[i].marker);
    }
}

TEST(environments_and_uses)
{
    g_autoptr(MarkerEnvironment) environment = marker_environment_new_empty();
    g_assert_true(marker_environment_set(environment, "python_full_version", "3.14.0a0+"));
    g_assert_false(marker_environment_set(environment, "extras", "a"));
    g_autoptr(Marker) marker = parse("python_full_version > '3.13' or os_name == extra");
    g_assert_true(marker_evaluate(marker, environment, NULL));
    g_assert_true(marker_uses(marker, "extra"));
    g_assert_false(marker_uses(marker, "sys_platform"));
    g_autoptr(Marker) broken = parse("os_name === 'posix'");
    g_autoptr(GError) error = NULL;
    bool value;
    g_assert_false(marker_try_evaluate(broken, environment, "", &value, &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    g_autoptr(Marker) quotes = parse("os_name == '\\x27\"'");
    g_assert_false(marker_is_printable(quotes));
    assert_text(NULL, "os_name == \"'\\x22\"", marker_text(quotes));
}

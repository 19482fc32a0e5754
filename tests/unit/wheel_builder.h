/* Small wheels from a text: one member a line, "PATH MODE CONTENT": the mode octal, with the file
 * type ("100644"; "-" for that), the content with C's escapes. A line that begins with "!" leaves
 * out a member that is otherwise added: METADATA, WHEEL and RECORD of demo 1.0. */
#pragma once

#include "archive/inflate.h"
#include "python/wheel_archive.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    GByteArray *bytes, *directory;
    unsigned members;
} WheelBuilder;

static inline void wheel_put(GByteArray *out, guint64 value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 byte = i < 8 ? (guint8)(value >> (8 * i)) : 0;
        g_byte_array_append(out, &byte, 1);
    }
}

static inline void wheel_put_common(GByteArray *out, const char *content, size_t length,
                                    const char *path)
{
    wheel_put(out, 20, 2);
    wheel_put(out, 0, 8);
    wheel_put(out, crc32_update(0, content, length), 4);
    wheel_put(out, length, 4);
    wheel_put(out, length, 4);
    wheel_put(out, strlen(path), 2);
    wheel_put(out, 0, 2);
}

static inline void wheel_add(WheelBuilder *builder, const char *path, unsigned mode,
                             const char *content)
{
    size_t length = strlen(content), offset = builder->bytes->len;
    wheel_put(builder->bytes, 0x04034b50, 4);
    wheel_put_common(builder->bytes, content, length, path);
    g_byte_array_append(builder->bytes, (const guint8 *)path, (guint)strlen(path));
    g_byte_array_append(builder->bytes, (const guint8 *)content, (guint)length);
    wheel_put(builder->directory, 0x02014b50, 4);
    wheel_put(builder->directory, 0x031e, 2);
    wheel_put_common(builder->directory, content, length, path);
    wheel_put(builder->directory, 0, 6);
    wheel_put(builder->directory, (guint64)mode << 16, 4);
    wheel_put(builder->directory, offset, 4);
    g_byte_array_append(builder->directory, (const guint8 *)path, (guint)strlen(path));
    builder->members++;
}

/* "\\n", "\\r", "\\377" and a backslash before anything else. */
static inline char *wheel_unescape(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at; at++) {
        if (*at != '\\' || at[1] == '\0') {
            g_string_append_c(out, *at);
        } else if (*++at >= '0' && *at <= '3' && at[1] && at[2]) {
            g_string_append_c(out, (char)((at[0] - '0') * 64 + (at[1] & 7) * 8 + (at[2] & 7)));
            at += 2;
        } else {
            g_string_append_c(out, *at == 'n' ? '\n' : *at == 'r' ? '\r' : *at);
        }
    }
    return g_string_free(out, FALSE);
}

static inline GBytes *wheel_build(const char *text)
{
    static const struct {
        const char *path, *content;
    } always[] = {
        {"demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: Demo\nVersion: 1.0\n"},
        {"demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"},
        {"demo-1.0.dist-info/RECORD", "demo-1.0.dist-info/RECORD,,\n"},
    };
    WheelBuilder builder = {g_byte_array_new(), g_byte_array_new(), 0};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);
        if (!words[0] || !*words[0] || *words[0] == '!')
            continue;
        g_autofree char *path = wheel_unescape(words[0]);
        bool has_mode = words[1] && !g_str_equal(words[1], "-");
        unsigned mode = has_mode ? (unsigned)strtoul(words[1], NULL, 8) : 0100644;
        g_autofree char *content = wheel_unescape(words[1] && words[2] ? words[2] : "");
        wheel_add(&builder, path, mode, content);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(always); i++) {
        g_autofree char *given = g_strconcat(always[i].path, " ", NULL);
        g_autofree char *left_out = g_strconcat("!", always[i].path, NULL);
        if (!strstr(text, given) && !strstr(text, left_out))
            wheel_add(&builder, always[i].path, 0100644, always[i].content);
    }
    size_t start = builder.bytes->len, size = builder.directory->len;
    g_byte_array_append(builder.bytes, builder.directory->data, builder.directory->len);
    g_byte_array_unref(builder.directory);
    wheel_put(builder.bytes, 0x06054b50, 4);
    wheel_put(builder.bytes, 0, 4);
    wheel_put(builder.bytes, builder.members, 2);
    wheel_put(builder.bytes, builder.members, 2);
    wheel_put(builder.bytes, size, 4);
    wheel_put(builder.bytes, start, 4);
    wheel_put(builder.bytes, 0, 2);
    return g_byte_array_free_to_bytes(builder.bytes);
}

/* Opens such a wheel as `filename`; its file is gone from its folder already. */
static inline WheelArchive *wheel_open_text(const char *filename, const char *text, GError **error)
{
    g_autoptr(GBytes) bytes = wheel_build(text);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("wheel-XXXXXX", &path, NULL);
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    g_assert_true(fd >= 0 && write(fd, data, length) == (gssize)length);
    close(fd);
    WheelArchive *wheel = wheel_archive_open(path, filename, "", error);
    unlink(path);
    return wheel;
}

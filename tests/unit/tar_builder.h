/* Small tar archives from a text: one entry a line, as "KIND PATH [ARGUMENT]". Kinds: d folder, f
 * file (the argument is its content, with C's escapes and ~ for NUL), l symbolic link, h hard link,
 * n device node. KIND,MODE,UID,GID (octal, decimal) instead of 0644 or 0755 of 0:0. */
#pragma once

#include <glib.h>

typedef struct {
    unsigned mode, uid, gid;
} TarOwner;

/* An entry with any content. */
static inline void tar_add_bytes(GByteArray *out, char type, TarOwner owner, const char *path,
                                 const char *target, const void *content, size_t size)
{
    char header[512] = {0};
    static const guint8 zeros[512] = {0};
    g_strlcpy(header, path, 100);
    g_snprintf(header + 100, 8, "%07o", owner.mode);
    g_snprintf(header + 108, 8, "%07o", owner.uid);
    g_snprintf(header + 116, 8, "%07o", owner.gid);
    g_snprintf(header + 124, 12, "%011o", (unsigned)size);
    g_snprintf(header + 136, 12, "%011o", 0);
    header[156] = type;
    if (target)
        g_strlcpy(header + 157, target, 100);
    memcpy(header + 257, "ustar\00000", 8);
    memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof header; i++)
        sum += (guint8)header[i];
    g_snprintf(header + 148, 8, "%06o", sum);
    g_byte_array_append(out, (const guint8 *)header, sizeof header);
    if (size == 0)
        return;
    g_byte_array_append(out, content, (guint)size);
    g_byte_array_append(out, zeros, (guint)((512 - size % 512) % 512));
}

static inline void tar_add_entry(GByteArray *out, char type, TarOwner owner, const char *path,
                                 const char *target, const char *content)
{
    size_t size = content ? strlen(content) : 0;
    g_autofree char *bytes = g_strndup(content ? content : "", size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = bytes[i] == '~' ? '\0' : bytes[i];
    tar_add_bytes(out, type, owner, path, target, bytes, size);
}

static inline TarOwner tar_owner(const char *kind)
{
    TarOwner owner = {kind[0] == 'd' ? 0755 : 0644, 0, 0};
    g_auto(GStrv) parts = g_strsplit(kind, ",", 4);
    if (g_strv_length(parts) == 4)
        owner = (TarOwner){(unsigned)g_ascii_strtoull(parts[1], NULL, 8),
                           (unsigned)g_ascii_strtoull(parts[2], NULL, 10),
                           (unsigned)g_ascii_strtoull(parts[3], NULL, 10)};
    return owner;
}

static inline GBytes *tar_build(const char *text)
{
    static const guint8 end[1024] = {0};
    GByteArray *out = g_byte_array_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);
        if (!words[0] || !words[1])
            continue;
        const char *argument = words[2] ? words[2] : "";
        g_autofree char *content = g_strcompress(argument);
        TarOwner owner = tar_owner(words[0]);
        switch (words[0][0]) {
        case 'd':
            tar_add_entry(out, '5', owner, words[1], NULL, NULL);
            break;
        case 'l':
            tar_add_entry(out, '2', owner, words[1], argument, NULL);
            break;
        case 'h':
            tar_add_entry(out, '1', owner, words[1], argument, NULL);
            break;
        case 'n':
            tar_add_entry(out, '3', owner, words[1], NULL, NULL);
            break;
        default:
            tar_add_entry(out, '0', owner, words[1], NULL, content);
        }
    }
    g_byte_array_append(out, end, sizeof end);
    return g_byte_array_free_to_bytes(out);
}

#include "emit/wheel_facts.h"

static const char fact_kind[] = "wheel"; /* "MEMBERS RAW_SIZE" */

void wheel_facts_save(BlobStore *blobs, const WheelArchive *wheel)
{
    gint64 members, raw_size;
    if (wheel_facts_load(blobs, wheel->sha256, &members, &raw_size))
        return;
    size_t count;
    const ZipMember *all = zip_directory_members(wheel->directory, &count);
    members = raw_size = 0;
    for (size_t i = 0; i < count; i++) {
        members += !g_str_has_suffix(all[i].name, "/");
        raw_size += (gint64)all[i].size;
    }
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT, members, raw_size);
    blob_store_save_fact(blobs, fact_kind, wheel->sha256, text);
}

bool wheel_facts_load(BlobStore *blobs, const char *sha256, gint64 *ret_members,
                      gint64 *ret_raw_size)
{
    g_autofree char *text = blob_store_load_fact(blobs, fact_kind, sha256);
    char *blank = text ? strchr(text, ' ') : NULL;
    guint64 members, raw_size;
    if (!blank)
        return false;
    *blank = '\0';
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &members, NULL) ||
        !g_ascii_string_to_unsigned(blank + 1, 10, 0, G_MAXINT64, &raw_size, NULL))
        return false;
    *ret_members = (gint64)members;
    *ret_raw_size = (gint64)raw_size;
    return true;
}

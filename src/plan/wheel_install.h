/* Installs wheels into a merged tree and takes distributions out of it, as the base's pip does
 * (pip's operations/install/wheel.py and req/req_uninstall.py): placement, modes, scripts,
 * wrappers, RECORD. */
#pragma once

#include "plan/merged_tree.h"
#include "plan/overlaps.h"
#include "python/environment.h"

typedef struct {
    InstallScheme scheme;
    /* folders, absolute inside the image */
    const char *prefix; /* in a virtual environment pip removes nothing outside of it */
    const char *purelib, *platlib, *scripts, *headers, *data;
    const char *python;    /* as the first line of scripts names it */
    const char *cache_tag; /* "cpython-311" */
    unsigned python_major, python_minor;
    const char *pip_version; /* of the base: decides the text of wrappers; NULL: the newest */
} InstallTarget;

/* Of an environment, whose strings it borrows. */
InstallTarget *install_target_new(const Environment *environment, const PythonTarget *python,
                                  const char *pip_version);
void install_target_free(InstallTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InstallTarget, install_target_free)

typedef struct {
    const WheelArchive *wheel;
    const char *headers_name; /* the name as the requirement spelled it; NULL: METADATA's */
    bool requested;
    const char *direct_url; /* direct_url.json's text, or NULL */
    unsigned stage;         /* index */
    Overlaps *overlaps;     /* learns what loses its place; or NULL */
} WheelInstall;

/* Writes the wheel over the tree. What an uninstall has to do first is the caller's business.
 * ERROR_INPUT naming wheel and member. Payload that is placed unchanged belongs to LAYER_OF_WHEEL,
 * everything else to LAYER_OF_INSTALLER. */
gboolean wheel_install(MergedTree *tree, const InstallTarget *target, const WheelInstall *install,
                       GError **error);
/* pip's uninstall of the distribution whose dist-info (or egg-info) is `dist_info` in the folder
 * `site_dir`: by its RECORD in the tree, byte-compiled twins and entry points included; folders in
 * which nothing else is go too. ERROR_INPUT when there is no RECORD. */
gboolean wheel_uninstall(MergedTree *tree, const InstallTarget *target, const char *site_dir,
                         const char *dist_info, GError **error);

/* The passes in which pip writes a wheel's members; of two that write one path the later wins. */
typedef enum {
    PLACE_ROOT,
    PLACE_DATA,
    PLACE_SCRIPTS,
} WheelPlace;
WheelPlace wheel_member_place(const char *member);

/* The text of a console script; `python` as the first line names it. */
char *wrapper_text(const EntryPoint *entry, const InstallTarget *target);
/* Where a member of the wheel goes: *ret_path is absolute, NULL for what is not installed as it is
 * (RECORD, a script whose entry point replaces it). ERROR_INPUT for an unknown scheme key or an
 * escape. */
gboolean wheel_member_path(const WheelArchive *wheel, const InstallTarget *target,
                           const char *headers_name, const char *member, char **ret_path,
                           GError **error);

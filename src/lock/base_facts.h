/* What a lock needs to know about its base: the interpreter, what is installed, and what the base's
 * own pip would do. Read from the base's files and image configuration; nothing is executed.
 *
 * A base that can't be read is described by the recipe instead (`python:`, `libc:`, `platform`):
 * such facts are "declared" and nothing is installed in it. Paths are absolute inside the base. */
#pragma once

#include "python/environment.h"
#include "python/pip_config.h"
#include "store/cache.h"

typedef enum {
    BASE_FORM_DECLARED, /* described by the recipe */
    BASE_FORM_SCRATCH,
    BASE_FORM_OCI,            /* oci:DIR[:TAG] */
    BASE_FORM_OCI_ARCHIVE,    /* oci-archive:FILE[:TAG] */
    BASE_FORM_DOCKER_ARCHIVE, /* docker-archive:FILE[:TAG] */
    BASE_FORM_ROOTFS,         /* rootfs:DIR */
    BASE_FORM_REGISTRY,       /* anything else */
} BaseForm;

/* How the recipe spells a base. */
BaseForm base_form(const char *reference);
/* "declared", "oci", "docker-archive" …: what locks call it. */
const char *base_form_name(BaseForm form);
/* Whether the base lies on this machine, so that base_facts_read() can read it. */
bool base_form_is_readable(BaseForm form);

/* A constraints file that pip in the base is configured to apply. */
typedef struct {
    char *path;    /* as the configuration names it */
    bool included; /* not the configuration names it but another one of them */
    bool looked_at;
    Source *source; /* called "base:PATH"; NULL: not read */
    char *problem;  /* why pip stops at it; NULL: it is read, or can't be known (a relative path, a
                       URL) */
} BaseConstraints;

typedef struct {
    BaseForm form;
    char *reference; /* as the recipe spells it; NULL: none was named */
    char *digest;    /* of the image's manifest, "sha256:…"; NULL: folder, scratch or declared */
    char *platform;  /* "linux/amd64" */
    bool has_python; /* FALSE: no interpreter was found; target, environment are NULL then */
    char *no_python; /* why none was found, or NULL */
    PythonTarget *target;
    Environment *environment;
    char *interpreter;        /* "/usr/local/bin/python3.11", links resolved; NULL when declared */
    char *pip_version;        /* of the pip in the environment, or NULL */
    char *externally_managed; /* path of EXTERNALLY-MANAGED (PEP 668), or NULL */
    PipConfig *pip_config;    /* pip.conf and PIP_* of the base; NULL when declared */
    GPtrArray *constraints;   /* BaseConstraints; NULL when declared */
    char **warnings;          /* what could not be known, one sentence each; never NULL */
    char *os_id, *os_version, *os_codename; /* of etc/os-release, or NULL */
    guint dpkg_packages;                    /* installed Debian packages; 0: no dpkg */
    char *user; /* whom the image runs as, "name", "uid" or with ":group"; NULL: root */
    char **env; /* "KEY=value" of the image's configuration, never NULL */
} BaseFacts;

typedef struct {
    const char *reference;
    const char *base_dir; /* the recipe's folder: relative paths count from it */
    const char *platform; /* "linux/amd64" */
    const char *python;   /* version that the recipe asks for, or NULL; another is ERROR_INPUT */
    Cache *cache;         /* remembers trees of images by their digests; or NULL */
    const char *role;     /* what errors call it; NULL: "the base" */
    Span at;              /* of `base:` */
    Span python_at;
} BaseRequest;

/* Errors: ERROR_INPUT for a base that is absent, malformed or of another platform or Python
 * version, ERROR_FAILED when it can't be read. Hostile or huge layers are ERROR_INPUT naming the
 * entry. A base without an interpreter is not an error: has_python is FALSE. */
BaseFacts *base_facts_read(const BaseRequest *request, GError **error);
/* Whether it is a user as an image's configuration names one: of a lock, or of a base. */
bool base_user_is_valid(const char *user);
/* Whether it may be conditions that NVIDIA's container runtime reads: one line of printable ASCII.
 */
bool base_gate_is_valid(const char *gate);
/* The digest of the base as it is now, without reading its layers; *ret_digest is NULL for forms
 * where that takes more than a small file. */
gboolean base_digest(const BaseRequest *request, char **ret_digest, GError **error);

typedef struct {
    const char *reference; /* or NULL */
    const char *python;    /* "3.11", "3.11.2", "3.13t" */
    const char *libc;      /* "glibc 2.36", "musl 1.2", or NULL where the platform has none */
    const char *platform;
    const char *prefix; /* NULL: the scheme's default */
    const char *scheme; /* "posix" or "debian"; NULL: posix */
    const char *venv;   /* folder of a virtual environment, or NULL */
    bool target_env;    /* `target: env`: the platform's own venv layout */
} BaseDeclaration;

/* Errors: ERROR_INPUT for a version, libc, platform or scheme that is not one. */
BaseFacts *base_facts_declared(const BaseDeclaration *declaration, GError **error);
/* The environment that `venv:` makes on a base that was read: empty, over the same interpreter; the
 * base's pip installs into it. */
void base_facts_use_venv(BaseFacts *facts, const char *venv);
void base_facts_free(BaseFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BaseFacts, base_facts_free)

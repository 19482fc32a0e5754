#include "import/docker_base.h"

#include "image/reference.h"

/* Suites and releases, as tags name them. */
/* clang-format off */
static const struct {
    const char *word, *libc, *python; /* `python`: that of the system, in its apt */
} systems[] = {
    {"buster", "glibc 2.28", "3.7"}, {"bullseye", "glibc 2.31", "3.9"},      {"bookworm", "glibc 2.36", "3.11"},
    {"trixie", "glibc 2.41", "3.13"},       {"ubuntu20.04", "glibc 2.31", "3.8"},
    {"ubuntu22.04", "glibc 2.35", "3.10"},  {"ubuntu24.04", "glibc 2.39", "3.12"},
    {"ubuntu2004", "glibc 2.31", "3.8"},    {"ubuntu2204", "glibc 2.35", "3.10"},
    {"ubuntu2404", "glibc 2.39", "3.12"},   {"ubi8", "glibc 2.28", NULL},
    {"ubi9", "glibc 2.34", NULL},           {"rockylinux8", "glibc 2.28", NULL},
    {"rockylinux9", "glibc 2.34", NULL},    {"focal", "glibc 2.31", "3.8"},
    {"jammy", "glibc 2.35", "3.10"},        {"noble", "glibc 2.39", "3.12"},
    {"ubuntu:20.04", "glibc 2.31", "3.8"},  {"ubuntu:22.04", "glibc 2.35", "3.10"},
    {"ubuntu:24.04", "glibc 2.39", "3.12"}, {"debian:11", "glibc 2.31", "3.9"},
    {"debian:12", "glibc 2.36", "3.11"},    {"debian:13", "glibc 2.41", "3.13"},
    {"alpine", "musl 1.2", NULL},
};
/* clang-format on */

/* "3.11" behind `prefix`, or NULL. */
static char *version_behind(const char *text, const char *prefix)
{
    for (const char *at = strstr(text, prefix); at; at = strstr(at, prefix)) {
        at += strlen(prefix);
        size_t length = strspn(at, "0123456789.");
        while (length > 0 && at[length - 1] == '.')
            length--;
        if (g_ascii_isdigit(*at) && memchr(at, '.', length) &&
            !g_strstr_len(at, (gssize)length, ".."))
            return g_strndup(at, length);
    }
    return NULL;
}

static const char *last_part(const char *reference)
{
    const char *slash = strrchr(reference, '/');
    return slash ? slash + 1 : reference;
}

static bool is_official_python(const char *reference)
{
    const char *name = last_part(reference);
    return g_str_has_prefix(name, "python:") ||
           (strstr(reference, "astral-sh/uv:") && strstr(name, "python"));
}

/* The version that the tag says; NULL: it says none. */
static char *python_of(const char *reference)
{
    const char *name = last_part(reference);
    if (g_str_has_prefix(name, "python:"))
        return version_behind(name, "python:");
    char *version = version_behind(name, "python");
    if (!version)
        version = version_behind(name, "py");
    return version;
}

/* The row of the system that the name tells; -1: it tells none. */
static int system_of(const char *reference)
{
    for (size_t i = 0; i < G_N_ELEMENTS(systems); i++) {
        if (strstr(reference, systems[i].word))
            return (int)i;
    }
    return -1;
}

/* "$(PY)" where that variable has this very value. */
static void set_version(Draft *draft, DraftValue *map, const char *key, const char *base,
                        const char *version)
{
    const DraftValue *vars = draft_get(draft->keys, "vars");
    const char *at = strstr(base, "$(");
    const char *end = at ? strchr(at, ')') : NULL;
    if (end) {
        g_autofree char *name = g_strndup(at + 2, (size_t)(end - at - 2));
        g_autofree char *reference = g_strdup_printf("$(%s)", name);
        if (g_strcmp0(draft_get_text(vars, name), version) == 0) {
            draft_set_plain(map, key, reference);
            return;
        }
    }
    draft_set_plain(map, key, version);
}

static bool has_tag(const char *reference)
{
    return strpbrk(last_part(reference), ":@") != NULL;
}

static void read_python(Draft *draft, DraftValue *keys, const char *base, const char *plain,
                        Span at, int system)
{
    g_autofree char *version = python_of(plain);
    const char *own = system >= 0 ? systems[system].python : NULL;
    if (version && (is_official_python(plain) || !own)) {
        set_version(draft, keys, "python", base, version);
        return;
    }
    DraftValue *python = draft_map();
    draft_set(keys, "python", python);
    if (version || own) {
        draft_set_plain(python, "version", version ? version : own);
        draft_set_text(python, "scheme", "debian");
        draft_note(draft, NOTE_ASSUMED, at,
                   version
                       ? "Python %s of %s is laid out as Debian does; say in `python:` if it is "
                         "another"
                       : "Python %s is the one that apt-get installs in %s; say in `python:` if "
                         "it is another",
                   version ? version : own, plain);
        return;
    }
    draft_set_plain(python, "from", "base");
    draft_note(draft, NOTE_ASSUMED, at,
               "the name %s does not tell its Python; `python: {from: base}` reads it from the "
               "image, else give the version",
               plain);
}

static void read_facts(Draft *draft, DraftValue *keys, const char *base, const char *plain, Span at)
{
    int system = system_of(plain);
    read_python(draft, keys, base, plain, at, system);
    if (system >= 0) {
        draft_set_text(keys, "libc", systems[system].libc);
    } else if (is_official_python(plain)) {
        /* Docker's python images without a suite: Debian 13 since August 2025 */
        draft_set_text(keys, "libc", "glibc 2.41");
        draft_note(draft, NOTE_ASSUMED, at,
                   "%s names no release of Debian, so its C library is taken to be that of Debian "
                   "13; say %s-bookworm for one that does not move",
                   plain, plain);
    } else {
        draft_note(draft, NOTE_ASSUMED, at,
                   "the name %s does not tell its C library; give it as `libc:` where the image "
                   "can't be read",
                   plain);
    }
}

void base_read(Draft *draft, DraftValue *keys, const char *base, const char *plain, Span at,
               bool part)
{
    if (!base || !plain || *plain == '\0' || strchr(plain, '$')) {
        draft_note(draft, NOTE_LOST, at, "the base image is not known: give it as `base:`");
        return;
    }
    if (g_str_equal(plain, "scratch")) {
        draft_set_text(keys, "base", plain);
        return;
    }
    g_autoptr(GError) error = NULL;
    ImageReference *reference = image_reference_parse(plain, &error);
    if (!reference) {
        draft_note(draft, NOTE_LOST, at, "%s; give the base as `base:`", error->message);
        return;
    }
    image_reference_free(reference);
    if (has_tag(plain)) {
        draft_set_text(keys, "base", base);
    } else {
        g_autofree char *latest = g_strconcat(base, ":latest", NULL);
        draft_set_text(keys, "base", latest);
        draft_note(draft, NOTE_ASSUMED, at,
                   "%s has no tag, which means `latest`: another image every week", plain);
    }
    if (!part)
        read_facts(draft, keys, base, plain, at);
}

/* Message digests over OpenSSL. Digests travel as lower-case hex text beside the name of their
 * algorithm ("sha256", "sha512" …), as index pages, RECORD and requirement files spell them. */
#pragma once

#include "base/error.h"

typedef struct Digest Digest;

enum {
    DIGEST_SHA256_HEX = 64,
};

/* `algorithm`: md5, sha1, sha224, sha256, sha384 or sha512; NULL for any other name. */
Digest *digest_new(const char *algorithm);
void digest_update(Digest *digest, const void *data, size_t length);
/* The hex text, owned by the caller; the digest may only be freed afterwards. */
char *digest_finish(Digest *digest);
void digest_free(Digest *digest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digest, digest_free)

/* Hex sha256 of a buffer, owned by the caller. */
char *digest_sha256(const void *data, size_t length);
/* Hex sha256 of a file's content. */
char *digest_sha256_file(const char *path, GError **error);
bool digest_is_sha256_hex(const char *text);

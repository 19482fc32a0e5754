/* Every limit on a size that comes from outside, in one place. Checked before memory is taken. */
#pragma once

#define KIB ((size_t)1024)
#define MIB (KIB * KIB)

#define LIMIT_DIAGS_SHOWN 20u

#define LIMIT_RECIPE_BYTES (4 * MIB)
#define LIMIT_RECIPE_STAGES 10000u /* of one row, uses of definitions counted */
#define LIMIT_YAML_DEPTH 32u
#define LIMIT_YAML_NODES 200000u
#define LIMIT_TOML_DEPTH 64u
#define LIMIT_TOML_NODES 2000000u
#define LIMIT_REQUIREMENTS_BYTES (16 * MIB)
#define LIMIT_REQUIREMENTS_DEPTH 64u
#define LIMIT_REQUIREMENTS_FILES 1000u /* read for one command, repetitions counted */
#define LIMIT_REQUIREMENT_CHARS (64 * KIB)
#define LIMIT_MARKER_DEPTH 64u

#define LIMIT_IMPORT_BYTES (16 * MIB)
#define LIMIT_DOCKERFILE_BYTES (1 * MIB)
#define LIMIT_DOCKERFILE_LINE_BYTES (64 * KIB) /* BuildKit's */
#define LIMIT_DOCKERFILE_INSTRUCTIONS 10000u
#define LIMIT_LEX_NESTING 32u
#define LIMIT_LEX_PATTERN_STEPS 4000000u
#define LIMIT_SHELL_NESTING 64u
#define LIMIT_SHELL_COMMANDS 20000u /* of one script */

#define LIMIT_JSON_BYTES (64 * MIB)
#define LIMIT_LOCK_BYTES (64 * MIB)
#define LIMIT_LOCK_DISTRIBUTIONS 1000000u
#define LIMIT_INDEX_PAGE_BYTES (64 * MIB)
#define LIMIT_CACHE_ENTRY_BYTES (256 * MIB)
#define LIMIT_FOLDER_NAMES 1000000u
#define LIMIT_URL_BYTES (16 * KIB)
#define LIMIT_METADATA_BYTES (4 * MIB)
#define LIMIT_RECORD_BYTES (64 * MIB)
#define LIMIT_ZIP_DIRECTORY_BYTES (64 * MIB)
#define LIMIT_ZIP_MEMBERS 1000000u
#define LIMIT_PATH_BYTES (4 * KIB)
#define LIMIT_WHEEL_BYTES (16ull * 1024 * MIB)
#define LIMIT_OBJECT_TABLES (512 * MIB) /* of one shared object, held at once */
#define LIMIT_OBJECT_SYMBOLS 8000000u
#define LIMIT_FATBIN_GROUPS 20000u
#define LIMIT_SDIST_BYTES (1024 * MIB)
#define LIMIT_SDIST_FILE_BYTES (4096 * MIB) /* all files of one, unpacked */
#define LIMIT_CONFIG_BYTES (1 * MIB)

#define LIMIT_HTTP_HEADER_BYTES (256 * KIB)
#define LIMIT_HTTP_ERROR_BYTES (64 * KIB)
#define LIMIT_HTTP_PAUSE_SECONDS 30u
#define LIMIT_LAYER_BYTES (64ull * 1024 * MIB) /* one layer, decompressed */
#define LIMIT_LAYERS 500u
#define LIMIT_IMAGE_ENTRIES 4000000u         /* of all layers */
#define LIMIT_IMAGE_DOCUMENT_BYTES (8 * MIB) /* index, manifest, configuration */
#define LIMIT_IMAGE_KEPT_BYTES (512 * MIB)   /* contents held in memory */
#define LIMIT_LINKS_FOLLOWED 40u
#define LIMIT_PATH_DEPTH 256u
#define LIMIT_XATTR_BYTES (4 * KIB) /* of one file, names and values */

#define LIMIT_HTTP_REDIRECTS 10u
#define LIMIT_HTTP_TRIES 4u
#define LIMIT_RESOLVE_ROUNDS 200000u

#include "tar_builder.h"
#include "test.h"

#include "base/digest.h"
#include "base/io.h"
#include "lock/base_facts.h"
#include "lock/base_tree.h"

#include <unistd.h>

static char *scratch_path(const char *name)
{
    return g_build_filename(g_get_user_cache_dir(), name, NULL);
}

static void write_file(const char *dir, const char *name, const char *data, size_t length)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    io_make_dirs(parent, NULL);
    io_save(path, data, length, &error);
    assert_no_error(g_steal_pointer(&error));
}

/* Stores a blob and returns its descriptor's inner text. */
static char *put_blob(const char *dir, const char *data, size_t length)
{
    g_autofree char *hex = digest_sha256(data, length);
    g_autofree char *name = g_strconcat("blobs/sha256/", hex, NULL);
    write_file(dir, name, data, length);
    return g_strdup_printf("\"digest\": \"sha256:%s\", \"size\": %zu", hex, length);
}

/* An OCI layout of the layers at `dir`; `env` is the inside of a JSON array. */
static void write_layout(const char *dir, const char *const *layers, const char *env)
{
    GString *descriptors = g_string_new(NULL), *ids = g_string_new(NULL);
    for (guint i = 0; layers[i]; i++) {
        g_autoptr(GBytes) tar = tar_build(layers[i]);
        gsize length;
        const char *data = g_bytes_get_data(tar, &length);
        g_autofree char *blob = put_blob(dir, data, length);
        g_string_append_printf(descriptors, "%s{%s}", i ? "," : "", blob);
        g_string_append_printf(ids, "%s\"%.71s\"", i ? "," : "", blob + 11);
    }
    g_autofree char *config =
        g_strdup_printf("{\"os\": \"linux\", \"architecture\": \"amd64\", \"config\": {\"Env\": "
                        "[%s], \"User\": \"app\"}, \"rootfs\": {\"diff_ids\": [%s]}}",
                        env, ids->str);
    g_autofree char *config_blob = put_blob(dir, config, strlen(config));
    g_autofree char *manifest =
        g_strdup_printf("{\"schemaVersion\": 2, \"config\": {%s}, \"layers\": [%s]}", config_blob,
                        descriptors->str);
    g_autofree char *manifest_blob = put_blob(dir, manifest, strlen(manifest));
    g_autofree char *index = g_strdup_printf("{\"manifests\": [{%s}]}", manifest_blob);
    write_file(dir, "index.json", index, strlen(index));
    g_string_free(descriptors, TRUE);
    g_string_free(ids, TRUE);
}

static BaseFacts *read_facts(const char *reference, const char *python, GError **error)
{
    BaseRequest request = {.reference = reference,
                           .base_dir = g_get_user_cache_dir(),
                           .platform = "linux/amd64",
                           .python = python};
    return base_facts_read(&request, error);
}

static char *print_facts(const BaseFacts *facts)
{
    if (!facts->has_python)
        return g_strdup_printf("no Python: %s\n", facts->no_python);
    g_autofree char *libc = python_target_libc_text(facts->target);
    const Environment *environment = facts->environment;
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%s%s %s %s\n%s pip=%s managed=%s\n", facts->target->full_version,
                           facts->target->abi_flags, libc ? libc : "-", environment->purelib,
                           environment->python, facts->pip_version ? facts->pip_version : "-",
                           facts->externally_managed ? "yes" : "no");
    for (guint i = 0; i < environment->distributions->len; i++) {
        const InstalledDistribution *distribution = environment->distributions->pdata[i];
        g_string_append_printf(out, "%s %s %s%s%s%s\n", distribution->name,
                               version_text(distribution->metadata->version),
                               distribution->installer ? distribution->installer : "-",
                               distribution->has_record ? "" : " no-record",
                               distribution->outside ? " outside" : "",
                               distribution->editable ? " editable" : "");
    }
    return g_string_free(out, FALSE);
}

#define GLIBC                                                                                      \
    "f lib/x86_64-linux-gnu/libc.so.6 GNU C Library (Debian) stable release version 2.36.\n"
#define META(name, version) "Metadata-Version: 2.1\\nName: " name "\\nVersion: " version "\\n"

static const struct {
    const char *name;
    const char *layers[3];
    const char *env;
    const char *expected;
} rows[] = {
    {"the official Python image",
     {GLIBC "f usr/local/bin/python3.11 x~3.2.0~3.11.7~x\n"
            "l usr/local/bin/python3 python3.11\nf usr/local/lib/python3.11/os.py\n"
            "f usr/local/bin/pip #!/usr/local/bin/python3.11\\n\n"
            "f usr/local/lib/python3.11/site-packages/pip-24.0.dist-info/METADATA " META(
                "pip", "24.0") "\nf "
                               "usr/local/lib/python3.11/site-packages/pip-24.0.dist-info/"
                               "INSTALLER pip\\n\n"
                               "f usr/local/lib/python3.11/site-packages/pip-24.0.dist-info/RECORD "
                               "pip/__init__.py,,\\n\n"},
     "\"PATH=/usr/local/bin:/usr/bin\"",
     "3.11.7 glibc 2.36 /usr/local/lib/python3.11/site-packages\n"
     "/usr/local/bin/python3.11 pip=24.0 managed=no\npip 24.0 pip\n"},
    {"a virtual environment over the system's packages",
     {GLIBC "f usr/bin/python3.12 x~3.12.1 x\nl usr/bin/python3 python3.12\n"
            "f usr/lib/python3.12/os.py\nf usr/lib/python3.12/EXTERNALLY-MANAGED x\n"
            "f usr/lib/python3.12/sysconfig.py posix_local\n"
            "f usr/lib/python3/dist-packages/six-1.16.dist-info/METADATA " META("six", "1.16") "\n",
      "f opt/venv/pyvenv.cfg home = /usr/bin\\ninclude-system-site-packages = True\\n\n"
      "l opt/venv/bin/python3 /usr/bin/python3\n"
      "f opt/venv/lib/python3.12/site-packages/six-1.17.dist-info/METADATA " META(
          "six", "1.17") "\nf opt/venv/lib/python3.12/site-packages/six-1.17.dist-info/RECORD\n"
                         "f opt/venv/lib/python3.12/site-packages/more.pth "
                         "# x\\nimport os\\n/srv/more\\nabsent\\n\n"
                         "f srv/more/m-1.egg-info " META("m", "1") "\n"},
     "\"PATH=/opt/venv/bin:/usr/bin\"",
     "3.12.1 glibc 2.36 /opt/venv/lib/python3.12/site-packages\n"
     "/opt/venv/bin/python3 pip=- managed=no\nsix 1.17 -\nm 1 - no-record\n"
     "six 1.16 - no-record outside\n"},
    {"a virtual environment tells what its Python does not",
     {GLIBC "f usr/bin/python3.12 x\nl usr/bin/python3 python3.12\n"
            "f usr/lib/python3.12/os.py\n",
      "f opt/venv/pyvenv.cfg home = /usr/bin\\nversion = 3.12.4\\n\n"
      "l opt/venv/bin/python3 /usr/bin/python3\n"},
     "\"PATH=/opt/venv/bin:/usr/bin\"",
     "3.12.4 glibc 2.36 /opt/venv/lib/python3.12/site-packages\n"
     "/opt/venv/bin/python3 pip=- managed=no\n"},
    {"as other tools write it",
     {GLIBC "f usr/bin/python3.12 x\nl usr/bin/python3 python3.12\n"
            "f usr/lib/python3.12/os.py\n",
      "f opt/venv/pyvenv.cfg home = /usr/bin\\nversion_info = 3.12.4.final.0\\n\n"
      "l opt/venv/bin/python3 /usr/bin/python3\n"},
     "\"PATH=/opt/venv/bin:/usr/bin\"",
     "3.12.4 glibc 2.36 /opt/venv/lib/python3.12/site-packages\n"
     "/opt/venv/bin/python3 pip=- managed=no\n"},
    {"one of another Python tells nothing",
     {GLIBC "f usr/bin/python3.12 x\nl usr/bin/python3 python3.12\n"
            "f usr/lib/python3.12/os.py\n",
      "f opt/venv/pyvenv.cfg home = /usr/bin\\nversion_info = 3.11.2.final.0\\n\n"
      "l opt/venv/bin/python3 /usr/bin/python3\n"},
     "\"PATH=/opt/venv/bin:/usr/bin\"",
     "3.12.0 glibc 2.36 /opt/venv/lib/python3.12/site-packages\n"
     "/opt/venv/bin/python3 pip=- managed=no\n"},
    {"conda, with a Python that no text gives away",
     {GLIBC
      "f opt/conda/bin/python3.13 x\nl opt/conda/bin/python python3.13\n"
      "f opt/conda/lib/python3.13/os.py\nd opt/conda/conda-meta\n"
      "f opt/conda/include/python3.13/patchlevel.h #define PY_VERSION \"3.13.0rc1\"\\n\n"
      "f opt/conda/lib/python3.13/_sysconfigdata__linux_x86_64-linux-gnu.py "
      "'Py_GIL_DISABLED': 0,\n"
      "f opt/conda/lib/python3.13/site-packages/dev-1.dist-info/METADATA " META(
          "dev", "1") ""
                      "\nf opt/conda/lib/python3.13/site-packages/dev-1.dist-info/direct_url.json "
                      "{\"url\": \"file:///src\", \"dir_info\": {\"editable\": true}}\n"},
     "\"PATH=/opt/conda/bin\"",
     "3.13.0rc1 glibc 2.36 /opt/conda/lib/python3.13/site-packages\n"
     "/opt/conda/bin/python pip=- managed=no\ndev 1 - no-record editable\n"},
    {"free-threaded, build details, musl",
     {"f lib/ld-musl-x86_64.so.1 x~1.2.4~\nf usr/local/bin/python3.14t x\n"
      "l usr/local/bin/python3 python3.14t\nf usr/local/lib/python3.14t/os.py\n"
      "f usr/local/lib/python3.14t/build-details.json {\"implementation\": {\"version\": "
      "{\"micro\": 3, \"releaselevel\": \"final\"}}}\n"},
     "",
     "3.14.3t musl 1.2 /usr/local/lib/python3.14t/site-packages\n"
     "/usr/local/bin/python3 pip=- managed=no\n"},
    {"no interpreter", {"f etc/x 1\n"}, "", "no Python: there is no python3 on its PATH\n"},
    {"a loop of links",
     {"l usr/bin/python3 python\nl usr/bin/python python3\n"},
     "",
     "no Python: there is no python3 on its PATH\n"},
    {"no standard library",
     {"f usr/bin/python3 x\n"},
     "",
     "no Python: the standard library of /usr/bin/python3 is not there\n"},
    {"a distribution that is not understood is left out",
     {GLIBC "f usr/local/bin/python3.11 ~3.11.7~\nl usr/local/bin/python3 python3.11\n"
            "f usr/local/lib/python3.11/os.py\n"
            "f usr/local/lib/python3.11/site-packages/a-1.dist-info/METADATA nonsense\n"
            "d usr/local/lib/python3.11/site-packages/b-1.dist-info\n"},
     "",
     "3.11.7 glibc 2.36 /usr/local/lib/python3.11/site-packages\n"
     "/usr/local/bin/python3 pip=- managed=no\n"},
};

TEST(images)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strdup_printf("image%zu", i);
        g_autofree char *dir = scratch_path(name);
        g_autofree char *reference = g_strconcat("oci:", name, NULL);
        write_layout(dir, rows[i].layers, rows[i].env);
        g_autoptr(GError) error = NULL;
        g_autoptr(BaseFacts) facts = read_facts(reference, NULL, &error);
        assert_no_error(g_steal_pointer(&error));
        g_autofree char *found = print_facts(facts);
        assert_text(rows[i].name, rows[i].expected, found);
        g_assert_cmpstr(facts->user, ==, "app");
        g_assert_nonnull(facts->warnings[0]); /* it runs as a user other than root */
        g_assert_true(g_str_has_prefix(facts->digest, "sha256:"));
    }
}

TEST(version_asked_for)
{
    g_autofree char *dir = scratch_path("asked");
    write_layout(dir, rows[0].layers, rows[0].env);
    static const struct {
        const char *python;
        bool ok;
    } asked[] = {
        {"3.11", true}, {"3.11.7", true}, {"3.11.8", false}, {"3.1", false}, {"3.11t", false}};
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(BaseFacts) facts = read_facts("oci:asked", asked[i].python, &error);
        g_assert_true((facts != NULL) == asked[i].ok);
        g_assert_true(facts || error->code == ERROR_INPUT);
    }
}

/* Damaged layouts: what is written over a file of a good one, and what is said. */
TEST(damage)
{
    static const struct {
        const char *file, *content, *message;
    } damages[] = {
        {"index.json", "{", "index.json"},
        {"index.json", "{\"manifests\": []}", "holds no image for linux/amd64"},
        {"index.json", "{\"manifests\": [{\"digest\": \"sha256:../../etc/passwd\"}]}",
         "index.json: manifests[0].digest is not a digest"},
        {"index.json",
         "{\"manifests\": [{\"digest\": "
         "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\", \"size\": "
         "2}]}",
         "has no file"},
        {"index.json",
         "{\"manifests\": [{\"digest\": "
         "\"sha256:0000000000000000000000000000000000000000000000000000000000000000\", \"size\": "
         "2, \"platform\": {\"os\": \"linux\", "
         "\"architecture\": \"arm64\"}}]}",
         "holds no image for linux/amd64"},
        {"index.json", "[1, 2]", "index.json is not a JSON object"},
        {NULL, "short", "has the digest"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autofree char *dir = scratch_path("damage");
        write_layout(dir, rows[0].layers, rows[0].env);
        const char *file = damages[i].file;
        g_autofree char *index_path = g_build_filename(dir, "index.json", NULL);
        g_autofree char *index = NULL;
        g_assert_true(g_file_get_contents(index_path, &index, NULL, NULL));
        g_autofree char *manifest =
            g_strdup_printf("blobs/sha256/%.64s", strstr(index, "sha256:") + 7);
        write_file(dir, file ? file : manifest, damages[i].content, strlen(damages[i].content));
        g_autoptr(GError) error = NULL;
        g_autoptr(BaseFacts) facts = read_facts("oci:damage", NULL, &error);
        g_assert_null(facts);
        if (!strstr(error->message, damages[i].message))
            g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, damages[i].message));
        g_assert_cmpint(error->code, ==, ERROR_INPUT);
    }
}

/* A layer whose bytes are not those of its digest is refused although it can be read; so are one
 * that is cut off and one whose tar is not that of the configuration. */
TEST(lying_layers)
{
    static const struct {
        const char *instead; /* layer; NULL: the first half of what it is */
        const char *message;
    } lies[] = {
        {"f a 1\nf b 2\n", "its digest is sha256:"},
        {"f a 1\n", "has 2048 bytes, but the manifest says 3072"},
        {NULL, "is damaged"},
    };
    const char *const layers[] = {"f a 1\nf c 2\n", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autofree char *dir = scratch_path("lying");
        write_layout(dir, layers, "");
        g_autoptr(GBytes) tar = tar_build(layers[0]);
        g_autoptr(GBytes) other =
            lies[i].instead ? tar_build(lies[i].instead) : g_bytes_new_from_bytes(tar, 0, 700);
        g_autofree char *hex = digest_sha256(g_bytes_get_data(tar, NULL), g_bytes_get_size(tar));
        g_autofree char *name = g_strconcat("blobs/sha256/", hex, NULL);
        write_file(dir, name, g_bytes_get_data(other, NULL), g_bytes_get_size(other));
        g_autoptr(GError) error = NULL;
        g_assert_null(read_facts("oci:lying", NULL, &error));
        if (!strstr(error->message, lies[i].message))
            assert_text(NULL, lies[i].message, error->message);
        g_assert_cmpint(error->code, ==, ERROR_INPUT);
    }
}

/* A tree comes from the cache when what is wanted of it is held there; else the layers are read,
 * and checked, again. A damaged entry is as none. */
TEST(cached_tree)
{
    const char *const layers[] = {"f etc/passwd root\nf srv/list one\n", NULL};
    static const char *const passwd[] = {"/etc/passwd", "/nothing", "/etc", NULL};
    static const char *const list[] = {"/srv/list", NULL};
    g_autofree char *dir = scratch_path("kept"), *cache_folder = scratch_path("cache");
    g_autoptr(Cache) cache = cache_new(cache_folder);
    BaseRequest request = {.reference = "oci:kept",
                           .base_dir = g_get_user_cache_dir(),
                           .platform = "linux/amd64",
                           .cache = cache};
    g_autoptr(GError) error = NULL;
    write_layout(dir, layers, "");
    g_autoptr(BaseTree) read = base_tree_open(&request, NULL, &error);
    assert_no_error(g_steal_pointer(&error));
    g_assert_null(image_root_read(read->root, "/srv/list", 100));
    /* the layer is gone: nothing but the cache knows the tree */
    g_autoptr(GBytes) tar = tar_build(layers[0]);
    g_autofree char *hex = digest_sha256(g_bytes_get_data(tar, NULL), g_bytes_get_size(tar));
    g_autofree char *blob = g_build_filename(dir, "blobs/sha256", hex, NULL);
    g_assert_cmpint(unlink(blob), ==, 0);
    g_autoptr(BaseTree) kept = base_tree_open(&request, passwd, &error);
    assert_no_error(g_steal_pointer(&error));
    g_autoptr(GBytes) users = image_root_read(kept->root, "/etc/passwd", 100);
    g_assert_cmpmem(g_bytes_get_data(users, NULL), g_bytes_get_size(users), "root", 4);
    g_assert_null(base_tree_open(&request, list, &error));
    g_assert_nonnull(strstr(error->message, "has no file 'blobs/sha256/"));
    g_clear_error(&error);
    /* it is there again: the larger tree has an entry of its own */
    write_layout(dir, layers, "");
    g_autoptr(BaseTree) more = base_tree_open(&request, list, &error);
    g_assert_cmpint(unlink(blob), ==, 0);
    g_autoptr(BaseTree) again = base_tree_open(&request, list, &error);
    assert_no_error(g_steal_pointer(&error));
    g_autoptr(GBytes) one = image_root_read(again->root, "/srv/list", 100);
    g_assert_nonnull(one);
    request.cache = NULL;
    g_assert_null(base_tree_open(&request, NULL, &error));
}

TEST(docker_archive)
{
    g_autoptr(GBytes) layer = tar_build("f a 1\n");
    g_autofree char *layer_text = g_strdup("x");
    g_autoptr(GBytes) archive = tar_build(
        "f manifest.json [{\"Config\": \"c.json\", \"RepoTags\": [\"base:one\"], \"Layers\": "
        "[\"l/layer.tar\"]}]\n"
        "f c.json {\"os\": \"linux\", \"architecture\": \"amd64\", \"rootfs\": {\"diff_ids\": "
        "[\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"]}}\n"
        "l l/layer.tar ../m/layer.tar\nf m/layer.tar\n");
    write_file(g_get_user_cache_dir(), "d.tar", g_bytes_get_data(archive, NULL),
               g_bytes_get_size(archive));
    static const struct {
        const char *reference, *message;
    } cases[] = {
        {"docker-archive:d.tar", NULL},
        {"docker-archive:d.tar:one", NULL},
        {"docker-archive:d.tar:base:one", NULL},
        {"docker-archive:d.tar:two", "holds no image named two"},
        {"docker-archive:e.tar", "cannot read"},
        {"oci-archive:d.tar", "has no file 'index.json'"},
        {"oci:d.tar", "is not a folder"},
        {"rootfs:nowhere", "cannot read the folder"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(BaseFacts) facts = read_facts(cases[i].reference, NULL, &error);
        if ((error != NULL) != (cases[i].message != NULL) ||
            (error && !strstr(error->message, cases[i].message)))
            g_test_message("%s: %s", cases[i].reference, error ? error->message : "no error");
        g_assert_true((error != NULL) == (cases[i].message != NULL));
        g_assert_true(!error || strstr(error->message, cases[i].message));
    }
}

TEST(declared)
{
    static const struct {
        BaseDeclaration declaration;
        const char *expected;
    } cases[] = {
        {{NULL, "3.11", "glibc 2.36", "linux/amd64", NULL, NULL, NULL, false},
         "/usr/local/lib/python3.11/site-packages"},
        {{NULL, "3.11", "glibc 2.36", "linux/amd64", NULL, "debian", NULL, false},
         "/usr/local/lib/python3.11/dist-packages"},
        {{NULL, "3.13t", "glibc 2.36", "linux/amd64", "/opt/python", "posix", NULL, false},
         "/opt/python/lib/python3.13t/site-packages"},
        {{NULL, "3.11", "glibc 2.36", "linux/amd64", NULL, NULL, "/opt/venv", false},
         "/opt/venv/lib/python3.11/site-packages"},
        {{NULL, "3.11", NULL, "windows/amd64", NULL, NULL, NULL, true}, "/venv/Lib/site-packages"},
        {{NULL, "3.11", "glibc 2.36", "linux/amd64", NULL, "odd", NULL, false}, NULL},
        {{NULL, "three", "glibc 2.36", "linux/amd64", NULL, NULL, NULL, false}, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(BaseFacts) facts = base_facts_declared(&cases[i].declaration, &error);
        assert_text("declared", cases[i].expected, facts ? facts->environment->purelib : NULL);
        g_assert_true(facts || error->code == ERROR_INPUT);
    }
}

TEST(forms)
{
    static const struct {
        const char *reference, *name;
        bool readable;
    } cases[] = {
        {"oci:x", "oci", true},
        {"oci-archive:x", "oci-archive", true},
        {"docker-archive:x", "docker-archive", true},
        {"rootfs:/", "rootfs", true},
        {"scratch", "scratch", true},
        {"python:3.11", "registry", false},
        {NULL, "declared", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        BaseForm form = base_form(cases[i].reference);
        assert_text(cases[i].reference, cases[i].name, base_form_name(form));
        g_assert_true(base_form_is_readable(form) == cases[i].readable);
    }
}

/* What needs a GPU or its driver, which no build has, and CUDA versions that are written down. */
#include "check/lint_private.h"

/* What in Python code needs a device, and how a message calls it. */
/* clang-format off */
static const struct {
    const char *text, *shown;
} device_calls[] = {
    {"assert torch.cuda.is_available()",    "torch.cuda.is_available()"},
    {"torch.cuda.get_device_name",          "torch.cuda.get_device_name()"},
    {"torch.cuda.get_device_capability",    "torch.cuda.get_device_capability()"},
    {"torch.cuda.get_device_properties",    "torch.cuda.get_device_properties()"},
    {"torch.cuda.current_device",           "torch.cuda.current_device()"},
    {"torch.cuda.mem_get_info",             "torch.cuda.mem_get_info()"},
    {"torch.cuda.synchronize",              "torch.cuda.synchronize()"},
    {"torch.cuda.init(",                    "torch.cuda.init()"},
    {".cuda()",                             ".cuda()"},
    {".to('cuda",                           ".to(\"cuda\")"},
    {".to(\"cuda",                          ".to(\"cuda\")"},
    {"device='cuda",                        "device=\"cuda\""},
    {"device=\"cuda",                       "device=\"cuda\""},
    {"nvmlInit(",                           "nvmlInit()"},
};
/* clang-format on */

/* Modules some of whose releases look for a device when they are imported. */
static const char *const device_modules[] = {"bitsandbytes", "unsloth", "vllm", "deepspeed", "awq"};

static bool may_fail(const RunCommand *command)
{
    return command->shell->forgiven || command->shell->conditional;
}

static bool has_device(const RunScript *script)
{
    return docker_flag_find(script->instruction, "device") != NULL;
}

static bool is_guarded(const char *code)
{
    return strstr(code, "if torch.cuda.is_available()") || strstr(code, "try:") ||
           strstr(code, "if not torch.cuda.is_available()");
}

static const char *find_call(const char *code)
{
    for (guint i = 0; i < G_N_ELEMENTS(device_calls); i++) {
        if (strstr(code, device_calls[i].text))
            return device_calls[i].shown;
    }
    return NULL;
}

/* "import NAME" or "from NAME": the module, or NULL. */
static const char *find_module(const char *code)
{
    for (guint i = 0; i < G_N_ELEMENTS(device_modules); i++) {
        g_autofree char *pattern =
            g_strdup_printf("(^|[;\\n,]|import )\\s*(import|from|,)?\\s*%s\\b", device_modules[i]);
        if (strstr(code, "import") && g_regex_match_simple(pattern, code, 0, 0))
            return device_modules[i];
    }
    return NULL;
}

static void check_python(Lint *lint, const RunCommand *command)
{
    Span at;
    g_autofree char *code = run_python_code(command, &at);
    if (!code || is_guarded(code))
        return;
    const char *call = find_call(code);
    const char *module = find_module(code);
    if (call)
        lint_add(lint, "docker-gpu-in-build", at,
                 g_strdup_printf("`%s` needs a GPU, and a build has none", call),
                 "the step fails in `docker build` and in the builders of CI, however right the "
                 "image is",
                 g_strdup("check versions and imports here; ask for the device when the container "
                          "starts"));
    else if (module)
        lint_add(lint, "docker-gpu-in-build", at,
                 g_strdup_printf("importing %s looks for a GPU in some releases, and a build has "
                                 "none",
                                 module),
                 "an import that works where the image runs can fail in `docker build`",
                 g_strdup("import it when the container starts; `ramekin check` of a recipe reads "
                          "the wheel and says which it is"))
            ->finding->severity = SEVERITY_NOTE;
}

static void check_gpu(Lint *lint, const RunCommand *command)
{
    if (may_fail(command) || has_device(command->script) || !command->program)
        return;
    if (g_str_equal(command->program, "nvidia-smi"))
        lint_add(lint, "docker-gpu-in-build", run_command_span(command),
                 g_strdup("nvidia-smi needs the driver, and a build has none"),
                 "the program comes with the driver of the host and is not there in `docker build`",
                 g_strdup("run it when the container starts, or `nvidia-smi || true`"));
    else
        check_python(lint, command);
}

static void for_each_command(Lint *lint, void (*visit)(Lint *lint, const RunCommand *command))
{
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        for (guint k = 0; k < script->commands->len; k++)
            visit(lint, script->commands->pdata[k]);
    }
}

void lint_gpu_in_build(Lint *lint)
{
    for_each_command(lint, check_gpu);
}

/* The CUDA version of an index: ".../whl/cu124" is "12.4". NULL: it tells none. */
static char *cuda_of_index(const char *url)
{
    const char *tail = url ? strrchr(url, '/') : NULL;
    if (!tail || !g_str_has_prefix(tail, "/cu"))
        return NULL;
    const char *digits = tail + 3;
    size_t length = strspn(digits, "0123456789");
    if (length != 3 || digits[length] != '\0')
        return NULL;
    return g_strdup_printf("%.2s.%c", digits, digits[2]);
}

/* What the file's pip commands say of torch's CUDA version; NULL: nothing, or two things. */
static char *cuda_of_file(const Lint *lint)
{
    g_autofree char *found = NULL;
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        for (guint k = 0; k <= pip->extra_indexes->len; k++) {
            const RunArgument *argument = k == 0 ? pip->index : pip->extra_indexes->pdata[k - 1];
            g_autofree char *version = cuda_of_index(argument ? argument->value : NULL);
            if (version && found && !g_str_equal(version, found))
                return NULL;
            if (version && !found)
                found = g_steal_pointer(&version);
        }
    }
    return g_steal_pointer(&found);
}

static void check_assertion(Lint *lint, const RunCommand *command)
{
    Span at;
    g_autofree char *code = run_python_code(command, &at);
    if (!code || may_fail(command))
        return;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GRegex) regex = g_regex_new(
        "torch\\.version\\.cuda\\s*(?:==|\\.startswith\\()\\s*['\"]([0-9]+(?:\\.[0-9]+)*)", 0, 0,
        NULL);
    if (!strstr(code, "assert") || !g_regex_match(regex, code, 0, &match))
        return;
    g_autofree char *wanted = g_match_info_fetch(match, 1);
    g_autofree char *known = cuda_of_file(lint);
    if (known && g_str_has_prefix(known, wanted))
        return;
    LintFinding *finding = lint_add(
        lint, "docker-cuda-assert", at,
        known
            ? g_strdup_printf("the assertion wants CUDA %s, and torch comes from an index of CUDA "
                              "%s",
                              wanted, known)
            : g_strdup_printf("the assertion wants CUDA %s, and nothing in this file chooses it",
                              wanted),
        known ? "the step fails"
              : "the CUDA version is that of the torch wheel that pip happens to choose; a new "
                "release changes it",
        known ? g_strdup_printf("torch.version.cuda == '%s'", known)
              : g_strdup("choose it: pip install torch==… --index-url "
                         "https://download.pytorch.org/whl/cu124"));
    if (known)
        finding->finding->severity = SEVERITY_ERROR;
}

void lint_cuda_assert(Lint *lint)
{
    for_each_command(lint, check_assertion);
}

void lint_bnb_cuda(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_action(lint, i);
        if (instruction->keyword != DOCKER_ENV)
            continue;
        BuildScope scope = build_scope_at(lint->stages, i);
        for (guint k = 0; k + 1 < instruction->words->len; k += 2) {
            const Placed *name = instruction->words->pdata[k];
            g_autofree char *value = build_scope_value(&scope, instruction->words->pdata[k + 1]);
            if (!g_str_equal(name->text->str, "BNB_CUDA_VERSION") || (value && !*value))
                continue;
            lint_add(
                lint, "docker-bnb-cuda", docker_word_span(lint->file, name),
                g_strdup_printf("BNB_CUDA_VERSION makes bitsandbytes load the library for CUDA "
                                "%s, whatever torch was built for",
                                value ? value : "of this number"),
                "where the wheel has no library of that number bitsandbytes warns and has no CUDA "
                "code, and where it has one two CUDA versions meet",
                g_strdup("leave it unset: bitsandbytes takes the version from torch"));
        }
    }
}

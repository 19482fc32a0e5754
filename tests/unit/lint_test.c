/* Lints: a Dockerfile behind "FROM a:1@sha256:..." and the codes that are found in it, with their
 * lines; what comes near and is right has none. */
#include "check/lint.h"
#include "test.h"

#define FROM "FROM a:1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"
#define TORCH                                                                                      \
    "RUN pip install --no-cache-dir torch==2.6.0 --index-url "                                     \
    "https://download.pytorch.org/whl/cu124\n"
#define PIP "RUN pip install --no-cache-dir "

/* clang-format off */
static const struct {
    const char *text, *found;
} rows[] = {
    {PIP "a>=1\n", "2:pip-unpinned 2:redirection"},
    {"ONBUILD " PIP "a>=1\n", "2:pip-unpinned 2:redirection"},
    {"ONBUILD RUN nvidia-smi\n", "2:gpu-in-build"},
    {"ONBUILD ENV API_TOKEN=abcdefghij0123\n", "2:secret"},
    {"ONBUILD ADD https://example.org/a.bin /a\n", "2:download"},
    {"ONBUILD ENV BNB_CUDA_VERSION=124\n", "2:bnb-cuda"},
    {TORCH "ONBUILD " PIP "-r r.txt\n", "3:torch-replaced"},
    {"ONBUILD " TORCH PIP "-r r.txt\n", ""},
    {"ONBUILD COPY r.txt /\nONBUILD " PIP "-r r.txt\n", ""},
    {"COPY . /app\nONBUILD " PIP "-r r.txt\n", "2:ignore-file"},
    {"ONBUILD ARG X\nONBUILD RUN echo $X $Y\n", ""},
    {PIP "a<2 b==1>=1\n", "2:redirection 2:redirection"},
    {PIP "'a>=1,<2' >=log\n", ""},
    {PIP "'a<2' 2>log >out </dev/null\n", ""},
    {PIP "a==1 >log\n", ""},
    {"RUN echo a>=1\n", ""},
    {"RUN conda install -y python>=3.10\n", "2:redirection"},
    {"ENV P=a>=1\nRUN for P in b c; do pip install --no-cache-dir $P; done\n", ""},
    {"RUN if pip install --no-cache-dir a>=1; then true; fi\n", "2:pip-unpinned 2:redirection"},
    {"RUN x=$(pip install --no-cache-dir a>=1)\n", "2:pip-unpinned 2:redirection"},
    {"RUN pip install --no-cache-dir \\\n  # why\n  a==1 \\\n  b>=2\n", "5:pip-unpinned 5:redirection"},
    {"RUN bash -lc 'pip install --no-cache-dir a>=1'\n", "2:pip-unpinned 2:redirection"},
    {"RUN sudo -H env X=1 python3.11 -m pip install --no-cache-dir a>=1\n", "2:sudo 2:pip-unpinned 2:redirection"},
    {"SHELL [\"pwsh\", \"-c\"]\n" PIP "a>=1\n", "3:not-judged"},
    {"RUN <<E\n#!/usr/bin/env python3\nprint(1)\nE\nRUN x=$'y'\n", "2:not-judged"},
    {"ENV A=\"b\nLABEL c='d\nCOPY ${e f /g\nRUN echo \"h\"\n", "2:syntax 3:syntax 4:syntax"},
    {"ENV A=\"b $C\" D=${E:?no} F=\\\"\nCOPY <<\"G\" /x\n$'h\nG\n", ""},
    {PIP "-I a==1\n", "2:ignore-installed"},
    {PIP "--no-deps --ignore-installed -r x\n", "2:ignore-installed"},
    {PIP "a \"b>1\" c==1 d~=1.0 'e<2' f[x] ./g h.whl https://example.org/i.whl\n", "2:pip-unpinned"},
    {PIP "-c c.txt a b\n", ""},
    {PIP "--upgrade pip setuptools wheel\n", ""},
    {"ENV PIP_CONSTRAINT=/c.txt\n" PIP "a\n", ""},
    {"RUN PIP_CONSTRAINT=/c.txt pip install --no-cache-dir a\n", ""},
    {"RUN uv pip install --no-cache a\n", "2:pip-unpinned"},
    {"RUN pip install a==1\n", "2:cache-kept"},
    {"ENV PIP_NO_CACHE_DIR=1\nRUN pip install a==1\n", ""},
    {"RUN pip install a==1 && rm -rf /root/.cache\n", ""},
    {TORCH PIP "-r r.txt\n", "3:torch-replaced"},
    {TORCH PIP "accelerate==1\n" PIP "peft==1\n", "3:torch-replaced"},
    {TORCH PIP "requests==2\n", ""},
    {TORCH PIP "-r r.txt -c c.txt\n", ""},
    {TORCH PIP "-r r.txt torch==2.6.0\n", ""},
    {TORCH PIP "--no-deps accelerate==1\n", ""},
    {TORCH PIP "--index-url https://download.pytorch.org/whl/cu124 torchvision==0.21\n", ""},
    {TORCH "RUN pip config set global.constraint /c.txt\n" PIP "-r r.txt\n", ""},
    {TORCH "COPY pip.conf /etc/pip.conf\n" PIP "-r r.txt\n", ""},
    {TORCH "RUN /opt/x/bin/pip install --no-cache-dir accelerate==1\n", ""},
    {"FROM b:1@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 AS t\n" TORCH
     FROM PIP "accelerate==1\n", ""},
    {PIP "torch==2 --extra-index-url https://download.pytorch.org/whl/cu124\n", "2:extra-index"},
    {PIP "torch==2+cu124 --extra-index-url https://download.pytorch.org/whl/cu124\n", ""},
    {PIP "x==2 --extra-index-url https://download.pytorch.org/whl/cu124\n", ""},
    {PIP "--force-reinstall triton==2.3.1\n", "2:forced-dependency"},
    {PIP "--force-reinstall a==1\n", "2:reinstall-undone"},
    {PIP "--force-reinstall --no-deps a==1\n", ""},
    {PIP "--force-reinstall --no-deps a==1\n" PIP "-r r.txt\n", "2:reinstall-undone"},
    {"RUN nvidia-smi\n", "2:gpu-in-build"},
    {"RUN nvidia-smi || true\nRUN if nvidia-smi; then true; fi\nRUN ! nvidia-smi\n", ""},
    {"RUN python -c 'import torch; torch.zeros(1).cuda()'\n", "2:gpu-in-build"},
    {"RUN python -c 'import torch; print(torch.__version__)'\n", ""},
    {"RUN python -c 'import torch\nif torch.cuda.is_available(): x.cuda()'\n", "2:not-judged 3:syntax"},
    {"RUN python <<E\nimport torch\nif torch.cuda.is_available():\n    x.cuda()\nE\n", ""},
    {"RUN python -c 'import os, vllm'\n", "2:gpu-in-build"},
    {"RUN python -c 'import vllm_helpers'\n", ""},
    {"RUN python -c \"import torch; assert torch.version.cuda == '12.4'\"\n", "2:cuda-assert"},
    {TORCH "RUN python -c \"import torch; assert torch.version.cuda.startswith('12.')\"\n", ""},
    {TORCH "RUN python -c \"import torch; assert torch.version.cuda == '11.8'\"\n", "3:cuda-assert"},
    {"ENV BNB_CUDA_VERSION=124\n", "2:bnb-cuda"},
    {"ENV BNB_CUDA_VERSION=\n", ""},
    {"ENV API_KEY=abc\n", "2:secret"},
    {"ENV API_KEY= MAX_TOKENS=1 PAD_TOKEN=x TOKEN=12 SECRET_FILE=/x PASSWORD=$FROM_BASE\n", ""},
    {"ARG TOKEN\nENV GITHUB_TOKEN=$TOKEN\n", "2:secret 3:secret"},
    {"RUN curl -u x:y -H 'token ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789' http://localhost\n", "2:secret"},
    {"RUN git clone https://example.org/x\n", "2:git-unpinned"},
    {"RUN git clone -b main https://example.org/x\n", "2:git-unpinned"},
    {"RUN git clone --branch=v1 https://example.org/x\nRUN git clone x && cd x && git checkout abc && ls\n", ""},
    {"RUN pip install --no-cache-dir 'x @ git+https://example.org/x@main'\n", "2:git-unpinned"},
    {"RUN pip install --no-cache-dir 'x @ git+https://user@example.org/x@v1#egg=x'\n", ""},
    {"RUN curl https://example.org/x | bash\n", "2:download"},
    {"RUN curl -o x https://example.org/x\nRUN wget https://example.org/y\n", "2:download"},
    {"RUN curl -o x https://example.org/x && sha256sum -c sums\nRUN curl -fs http://localhost:80\n", ""},
    {"ADD --checksum=sha256:0 https://example.org/x /x\nADD x.tar.gz /x\nADD https://example.org/x.git#v1 /y\n", ""},
    {"ADD https://example.org/x /x\n", "2:download"},
    {"RUN apt-get update\n", "2:apt-update"},
    {"RUN apt-get update && ./install.sh\n", ""},
    {"RUN apt-get update && apt-get install x && rm -rf /var/lib/apt/lists/*\n", "2:apt-prompt"},
    {"RUN apt-get update && apt-get install -qqy x && rm -rf /var/lib/apt/lists/*\n", ""},
    {"RUN apt-get update && apt-get install -y x\n", "2:cache-kept"},
    {"RUN apt-get update && apt-get -y upgrade && rm -rf /var/lib/apt/lists/*\n", "2:apt-upgrade"},
    {"RUN cd /x\n", "2:lost-state"},
    {"RUN cd /x && ls\nRUN (cd /x)\nRUN export A=1; env\nRUN cd\n", ""},
    {"RUN a # b \\\n  && c\n", "2:comment"},
    {"RUN a # b\n", ""},
    {"CMD a b\n", "2:shell-form"},
    {"CMD exec a\n", ""},
    {"ENTRYPOINT [\"a\"]\nCMD b\n", ""},
    {"ENTRYPOINT a\nCMD [\"b\"]\n", "2:shell-form 3:overridden"},
    {"CMD [\"a\"]\nCMD [\"b\"]\n", "2:overridden"},
    {"COPY . .\n" PIP "-r r.txt\n", "2:copy-early 2:ignore-file"},
    {"COPY . .\nRUN pip install --no-cache-dir .\n", "2:ignore-file"},
    {"MAINTAINER x\n", "2:maintainer"},
    {"COPY --from=5 a b\n", "2:unknown-stage"},
    {"COPY --from=registry.example.org/x:1 a b\n", ""},
    {"RUN $'a' && pip install a>=1\n", "2:not-judged"},
};
/* clang-format on */

TEST(lints)
{
    static const LintContext context = {.knows_ignore_file = true, .has_ignore_file = false};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(FROM, rows[i].text, NULL);
        g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
        g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
        g_autoptr(LintResult) result = dockerfile_lint(file, &context);
        g_autoptr(GString) found = g_string_new(NULL);
        for (guint k = 0; k < result->findings->len; k++) {
            const LintFinding *finding = result->findings->pdata[k];
            g_string_append_printf(found, "%s%u:%s", k > 0 ? " " : "", finding->at.line,
                                   finding->finding->code + strlen("docker-"));
        }
        assert_text(rows[i].text, rows[i].found, found->str);
    }
}

TEST(secrets_are_masked)
{
    static const LintContext context = {0};
    static const char text[] = FROM "ENV PASSWORD=\"s3 cret\" A=b\n"
                                    "RUN x https://u:hunter2@example.org\n";
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    g_autoptr(LintResult) result = dockerfile_lint(file, &context);
    const char *shown = source_text(result->source, NULL);
    g_assert_null(strstr(shown, "cret"));
    g_assert_null(strstr(shown, "hunter2"));
    g_assert_nonnull(strstr(shown, "A=b\nRUN x https://u:*******@example.org\n"));
}

TEST(findings_hold_no_secret)
{
    static const LintContext context = {0};
    static const char text[] =
        FROM "RUN pip install git+https://u:hunter2@example.org/x\n"
             "RUN pip install git+https://ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789@example.org/x\n";
    g_autoptr(Source) source = source_new("Dockerfile", text, strlen(text));
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    g_autoptr(LintResult) result = dockerfile_lint(file, &context);
    for (guint i = 0; i < result->findings->len; i++) {
        const Finding *finding = ((LintFinding *)result->findings->pdata[i])->finding;
        g_autofree char *all = g_strconcat(finding->message, finding->hint, NULL);
        g_assert_null(strstr(all, "hunter2"));
        g_assert_null(strstr(all, "ghp_"));
    }
}

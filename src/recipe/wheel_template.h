/* Templates of `wheels:`: file names and pages with facts in braces that are known when a stage is
 * locked: "{version}", "{torch.minor}". What a fact is worth, the caller knows; here is which there
 * are. A "*" in a file name stands for any characters without "-". */
#pragma once

#include "base/error.h"

/* {NAME.FACT} of an installed distribution, FACT one of these. */
typedef enum {
    FACT_VERSION,     /* {version}, of the wheel that is looked for; {NAME.version} "2.6.0" */
    FACT_MINOR,       /* {NAME.minor}: "2.6" */
    FACT_MAJOR,       /* {NAME.major}: "2" */
    FACT_CUDA,        /* {torch.cuda}: "12.4" */
    FACT_CUDA_MAJOR,  /* {torch.cuda_major}: "12" */
    FACT_CUDA_DIGITS, /* {torch.cuda_digits}: "124" */
    FACT_CXX11ABI,    /* {torch.cxx11abi}: "TRUE" or "FALSE" */
    FACT_PYTHON,      /* {python}: "cp311" */
    FACT_MACHINE,     /* {machine}: "x86_64" */
} WheelFact;

/* Why the text is no template: a sentence to free, or NULL. */
char *wheel_template_problem(const char *text);
/* Whether the template asks for {version}. */
bool wheel_template_has_version(const char *text);

/* `name` is the distribution's, or NULL. NULL with an error: the template can't be filled. */
typedef char *(*WheelFactGet)(void *data, WheelFact fact, const char *name, GError **error);
/* The text with every fact in its place; `text` has no problem. */
char *wheel_template_fill(const char *text, WheelFactGet get, void *data, GError **error);

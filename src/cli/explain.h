/* The findings as the body of ramekin-findings(7). */
#pragma once

/* One section a code, in scdoc; caller frees. */
char *explain_scdoc(void);

/* The machine that runs us, where programs of an image are to run on it. */
#pragma once

/* "linux/amd64"; of a processor that is not known here, too. */
const char *machine_platform(void);

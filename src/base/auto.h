/* Scope cleanup that GLib 2.74 lacks. `AUTO_FD int fd = open(...)` closes at the end of the
 * scope. */
#pragma once

#include <stdio.h>
#include <unistd.h>

static inline void close_fd_pointer(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void close_file_pointer(FILE **file)
{
    if (*file)
        fclose(*file);
}

#define AUTO_FD __attribute__((cleanup(close_fd_pointer)))
#define AUTO_FILE __attribute__((cleanup(close_file_pointer)))

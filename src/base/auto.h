/* Scope cleanup that GLib 2.74 lacks. `AUTO_FD int fd = open(...)` closes at the end of the scope;
 * hand over with g_steal_fd-like steal_fd(). */
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

/* Returns *fd and leaves -1 behind, so that the scope's cleanup does nothing. */
static inline int steal_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}

#define AUTO_FD __attribute__((cleanup(close_fd_pointer)))
#define AUTO_FILE __attribute__((cleanup(close_file_pointer)))

/* Loaded before a program (LD_PRELOAD) to let it die or run out of disk at one of its changes to
 * the file system: calls that create, write to regular files, name or rename are counted from 1.
 *
 *   FAULT_AT=N FAULT=kill   the process dies before its Nth change
 *   FAULT_AT=N FAULT=tear   the same; a write is done by half before
 *   FAULT_AT=N FAULT=full   from the Nth on nothing can be created or written: ENOSPC
 *   FAULT_COUNT=FILE        how many there were is written there at the end */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#undef getenv

static atomic_long count;
static long fault_at = -1;
static enum {
    KILL,
    TEAR,
    FULL
} fault;
static bool counting; /* not after main */

#define NEXT(name)                                                                                 \
    static __typeof__(&name) next;                                                                 \
    if (!next)                                                                                     \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void read_fault(void)
{
    const char *at = getenv("FAULT_AT"), *what = getenv("FAULT");
    fault_at = at ? strtol(at, NULL, 10) : -1;
    fault = what && strcmp(what, "full") == 0   ? FULL
            : what && strcmp(what, "tear") == 0 ? TEAR
                                                : KILL;
    counting = true;
}

__attribute__((destructor)) static void write_count(void)
{
    const char *path = getenv("FAULT_COUNT");
    counting = false;
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", (long)count);
    fclose(file);
}

/* Whether this change fails; `torn` is done before the process dies in the middle of it. */
static bool fails(bool takes_room, void (*torn)(void *data), void *data)
{
    if (!counting)
        return false;
    long number = atomic_fetch_add(&count, 1) + 1;
    if (fault_at < 1 || number < fault_at)
        return false;
    if (fault == FULL) {
        errno = ENOSPC;
        return takes_room;
    }
    if (fault == TEAR && torn)
        torn(data);
    kill(getpid(), SIGKILL);
    return true;
}

static bool is_regular(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

typedef struct {
    int fd;
    const void *bytes;
    size_t length;
    off_t offset; /* -1: where the file stands */
} Write;

static ssize_t real_write(const Write *what)
{
    NEXT(write);
    static __typeof__(&pwrite) next_at;
    if (!next_at)
        *(void **)&next_at = dlsym(RTLD_NEXT, "pwrite");
    if (what->offset >= 0)
        return next_at(what->fd, what->bytes, what->length, what->offset);
    return next(what->fd, what->bytes, what->length);
}

static void write_half(void *data)
{
    Write half = *(Write *)data;
    half.length /= 2;
    real_write(&half);
}

static ssize_t any_write(Write what)
{
    if (is_regular(what.fd) && fails(true, write_half, &what))
        return -1;
    return real_write(&what);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    return any_write((Write){fd, bytes, length, -1});
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return any_write((Write){fd, bytes, length, offset});
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    return any_write((Write){fd, bytes, length, offset});
}

ssize_t writev(int fd, const struct iovec *parts, int parts_count)
{
    NEXT(writev);
    return is_regular(fd) && fails(true, NULL, NULL) ? -1 : next(fd, parts, parts_count);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length,
                        unsigned flags)
{
    NEXT(copy_file_range);
    if (fails(true, NULL, NULL))
        return -1;
    return next(from, from_offset, to, to_offset, length, flags);
}

int rename(const char *from, const char *to)
{
    NEXT(rename);
    return fails(false, NULL, NULL) ? -1 : next(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    NEXT(renameat);
    return fails(false, NULL, NULL) ? -1 : next(from_dir, from, to_dir, to);
}

int link(const char *from, const char *to)
{
    NEXT(link);
    return fails(true, NULL, NULL) ? -1 : next(from, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    NEXT(linkat);
    return fails(true, NULL, NULL) ? -1 : next(from_dir, from, to_dir, to, flags);
}

int symlink(const char *target, const char *path)
{
    NEXT(symlink);
    return fails(true, NULL, NULL) ? -1 : next(target, path);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir);
    return fails(true, NULL, NULL) ? -1 : next(path, mode);
}

int unlink(const char *path)
{
    NEXT(unlink);
    return fails(false, NULL, NULL) ? -1 : next(path);
}

int ftruncate(int fd, off_t length)
{
    NEXT(ftruncate);
    return fails(false, NULL, NULL) ? -1 : next(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    return ftruncate(fd, (off_t)length);
}

static bool creates(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

static int any_open(int dir, const char *path, int flags, mode_t mode)
{
    NEXT(openat);
    return creates(flags) && fails(true, NULL, NULL) ? -1 : next(dir, path, flags, mode);
}

#define OPEN_BODY(dir)                                                                             \
    mode_t mode = 0;                                                                               \
    if (creates(flags)) {                                                                          \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode = va_arg(more, mode_t);                                                               \
        va_end(more);                                                                              \
    }                                                                                              \
    return any_open(dir, path, flags, mode)

int open(const char *path, int flags, ...)
{
    OPEN_BODY(AT_FDCWD);
}

int open64(const char *path, int flags, ...)
{
    OPEN_BODY(AT_FDCWD);
}

int openat(int dir, const char *path, int flags, ...)
{
    OPEN_BODY(dir);
}

int openat64(int dir, const char *path, int flags, ...)
{
    OPEN_BODY(dir);
}

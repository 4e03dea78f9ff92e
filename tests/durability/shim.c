/*
 * shim: a disk that fails when it is told to, for a server started with it in LD_PRELOAD.
 *
 * It stands before the C library's functions that write to files, and minds those below the folder
 * $MOTET_SHIM_DATA only. Before each call it reads the file $MOTET_SHIM_CONTROL, blank-separated
 * words, every one optional:
 *
 *   write=N   writing fails with errno N        sync=N    fsync and fdatasync fail with errno N
 *   room=N    after N more bytes the disk is full; serial=N must change for the count to begin anew
 *   delay=N   syncing takes N ms longer         hold=1    syncing waits until this word is gone;
 * the file $MOTET_SHIM_CONTROL.held tells that it does
 *
 * With $MOTET_SHIM_UNDO it keeps for each file below the data, under the same name in that folder,
 * what the file held where it was written since it was last synced, so that a power cut can be made
 * after the process is killed (disk.py). A record is four 64-bit numbers in the machine's order:
 * offset, length, bytes kept, size of the file before, then the bytes kept; a length of UINT64_MAX
 * is a truncation to the offset.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHIM_API __attribute__((visibility("default")))
#define NOT_SET (-1)

typedef struct {
        ssize_t (*write)(int, const void *, size_t);
        ssize_t (*pwrite64)(int, const void *, size_t, off64_t);
        int (*fsync)(int);
        int (*fdatasync)(int);
        int (*ftruncate64)(int, off64_t);
        int (*unlink)(const char *);
} Real;

/* What the control file asks for; NOT_SET: nothing. */
typedef struct {
        int64_t write_errno, sync_errno, room, serial, delay_ms, hold;
} Control;

typedef struct {
        uint64_t offset, length, kept, size;
} Record;

static Real real;
static const char *data_dir, *control_file, *undo_dir;
static pthread_mutex_t lock =
        PTHREAD_MUTEX_INITIALIZER; /* of the room used up, and of the undo files */
static int64_t room_used, room_serial = NOT_SET;

/* Before main() no other thread runs. */
__attribute__((constructor)) static void
find_real(void)
{
        *(void **)&real.write = dlsym(RTLD_NEXT, "write");
        *(void **)&real.pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
        *(void **)&real.fsync = dlsym(RTLD_NEXT, "fsync");
        *(void **)&real.fdatasync = dlsym(RTLD_NEXT, "fdatasync");
        *(void **)&real.ftruncate64 = dlsym(RTLD_NEXT, "ftruncate64");
        *(void **)&real.unlink = dlsym(RTLD_NEXT, "unlink");
        data_dir = getenv("MOTET_SHIM_DATA");
        control_file = getenv("MOTET_SHIM_CONTROL");
        undo_dir = getenv("MOTET_SHIM_UNDO");
}

/* Whose file it is */

/* Returns: the name of @path below the data, NULL when it is not there. */
static const char *
name_below(const char *path)
{
        size_t n = data_dir ? strlen(data_dir) : 0;

        return n > 0 && strncmp(path, data_dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* The same of an open file; @buffer holds it. */
static const char *
name_of(int fd, char *buffer, size_t size)
{
        char link[64];
        int n = snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t length = n > 0 ? readlink(link, buffer, size - 1) : -1;

        if (length < 0)
                return NULL;
        buffer[length] = '\0';
        return name_below(buffer);
}

/* What to do */

static int64_t
word_value(const char *text, const char *word)
{
        const char *at = strstr(text, word);
        int64_t value = 0;

        if (!at)
                return NOT_SET;
        for (at += strlen(word); *at >= '0' && *at <= '9'; at++)
                value = value * 10 + (*at - '0');
        return value;
}

static Control
read_control(void)
{
        char text[256] = "";
        int fd = control_file ? open(control_file, O_RDONLY | O_CLOEXEC) : -1;

        if (fd >= 0) {
                ssize_t n = read(fd, text, sizeof(text) - 1);
                text[n > 0 ? n : 0] = '\0';
                close(fd);
        }
        return (Control){
                .write_errno = word_value(text, "write="),
                .sync_errno = word_value(text, "sync="),
                .room = word_value(text, "room="),
                .serial = word_value(text, "serial="),
                .delay_ms = word_value(text, "delay="),
                .hold = word_value(text, "hold="),
        };
}

/* How many of @n bytes may be written; 0 with errno set when none. Called with the lock. */
static size_t
room_for(const Control *control, size_t n)
{
        if (control->write_errno != NOT_SET) {
                errno = (int)control->write_errno;
                return 0;
        }
        if (control->room == NOT_SET)
                return n;
        if (control->serial != room_serial) {
                room_serial = control->serial;
                room_used = 0;
        }

        int64_t left = control->room - room_used;
        if (left <= 0) {
                errno = ENOSPC;
                return 0;
        }
        return (int64_t)n < left ? n : (size_t)left;
}

static void
pause_ms(int64_t ms)
{
        const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

        nanosleep(&time, NULL);
}

static void
wait_while_held(void)
{
        char held[4096];

        (void)snprintf(held, sizeof(held), "%s.held", control_file);
        int fd = open(held, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        if (fd >= 0)
                close(fd);
        while (read_control().hold != NOT_SET)
                pause_ms(2);
        real.unlink(held);
}

/* Undoing */

static int
undo_open(const char *name)
{
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/%s", undo_dir, name);
        return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

/* The write-ahead log's index is shared memory: it does not outlive a power cut. */
static bool
is_undone(const char *name)
{
        return undo_dir && !strchr(name, '/') && !strstr(name, "-shm");
}

/* Keeps what is at @offset of @fd, up to @n bytes and the end of the file. Called with the lock. */
static void
undo_keep(int fd, const char *name, off64_t offset, size_t n, bool truncation)
{
        struct stat64 status;

        if (!is_undone(name) || fstat64(fd, &status) != 0)
                return;

        uint64_t size = (uint64_t)status.st_size, at = (uint64_t)offset;
        size_t kept = at < size ? (size_t)(size - at) : 0;
        if (!truncation && kept > n)
                kept = n;

        /* One write for the whole record: a killed process leaves it whole or leaves nothing. */
        size_t total = sizeof(Record) + kept;
        char *bytes = malloc(total);
        const Record record = {
                .offset = at, .length = truncation ? UINT64_MAX : n, .kept = kept, .size = size};
        int undo = undo_open(name);
        if (!bytes || undo < 0 ||
            pread64(fd, bytes + sizeof(record), kept, offset) != (ssize_t)kept)
                abort();
        memcpy(bytes, &record, sizeof(record));
        if (real.write(undo, bytes, total) != (ssize_t)total)
                abort();
        close(undo);
        free(bytes);
}

static void
undo_forget(const char *name)
{
        if (!is_undone(name))
                return;

        int undo = undo_open(name);
        if (undo < 0 || real.ftruncate64(undo, 0) != 0)
                abort();
        close(undo);
}

/* The functions themselves */

SHIM_API ssize_t
pwrite64(int fd, const void *bytes, size_t n, off64_t offset)
{
        char path[4096];
        const char *name = name_of(fd, path, sizeof(path));
        if (!name)
                return real.pwrite64(fd, bytes, n, offset);

        const Control control = read_control();
        ssize_t written = -1;
        pthread_mutex_lock(&lock);
        size_t room = room_for(&control, n);
        if (room > 0 || n == 0) {
                undo_keep(fd, name, offset, room, false);
                written = real.pwrite64(fd, bytes, room, offset);
        }
        if (written > 0)
                room_used += written;
        pthread_mutex_unlock(&lock);
        return written;
}

SHIM_API ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
        return pwrite64(fd, bytes, n, offset);
}

SHIM_API ssize_t
write(int fd, const void *bytes, size_t n)
{
        char path[4096];

        /* Also called by whoever is before us, before we were initialised. */
        if (!real.write)
                find_real();
        if (!name_of(fd, path, sizeof(path)))
                return real.write(fd, bytes, n);

        off64_t at = lseek64(fd, 0, SEEK_CUR);
        ssize_t written = pwrite64(fd, bytes, n, at);
        if (written > 0)
                lseek64(fd, at + written, SEEK_SET);
        return written;
}

SHIM_API int
ftruncate64(int fd, off64_t length)
{
        char path[4096];
        const char *name = name_of(fd, path, sizeof(path));
        if (!name)
                return real.ftruncate64(fd, length);

        const Control control = read_control();
        if (control.write_errno != NOT_SET) {
                errno = (int)control.write_errno;
                return -1;
        }
        pthread_mutex_lock(&lock);
        undo_keep(fd, name, length, 0, true);
        int result = real.ftruncate64(fd, length);
        pthread_mutex_unlock(&lock);
        return result;
}

SHIM_API int
ftruncate(int fd, off_t length)
{
        return ftruncate64(fd, length);
}

static int
sync_with(int (*sync_real)(int), int fd)
{
        char path[4096];
        const char *name = name_of(fd, path, sizeof(path));
        if (!name)
                return sync_real(fd);

        Control control = read_control();
        if (control.hold != NOT_SET)
                wait_while_held();
        if (control.delay_ms != NOT_SET)
                pause_ms(control.delay_ms);
        control = read_control();
        if (control.sync_errno != NOT_SET) {
                errno = (int)control.sync_errno;
                return -1;
        }

        pthread_mutex_lock(&lock);
        int result = sync_real(fd);
        if (result == 0)
                undo_forget(name);
        pthread_mutex_unlock(&lock);
        return result;
}

SHIM_API int
fsync(int fd)
{
        return sync_with(real.fsync, fd);
}

SHIM_API int
fdatasync(int fd)
{
        return sync_with(real.fdatasync, fd);
}

/* A file that is gone has nothing to undo; one made anew under its name begins with nothing. */
SHIM_API int
unlink(const char *path)
{
        const char *name = name_below(path);
        int result = real.unlink(path);

        if (result == 0 && name)
                undo_forget(name);
        return result;
}

/*
 * failing_calls: functions of this program that stand before those of the C library.
 */
/* The headers' own bodies of these functions would stand in the way. */
#undef _FORTIFY_SOURCE
#include "support/failing/failing_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STANDS_BEFORE __attribute__((visibility("default")))
/* ... and reads more arguments than its caller has given, which are whatever stands there. */
#define TAKES_ANY __attribute__((no_sanitize("address")))
#define REAL(name) ((__typeof__(&name))real(#name))

typedef enum {
        NEVER_INTERRUPTED, /* with any number, but is never interrupted */
        INTERRUPTIBLE,     /* ... and may be */
        MOVES_BYTES        /* ... and may do less than it was asked for */
} Kind;

/* Where the linker has put the program's code. */
extern const char __executable_start[], etext[];

#define ATTEMPTS_MAX 1000 /* what comes here would never end by itself */

/* Calls are counted in one thread only: the one that began. */
static struct {
        GThread *thread; /* NULL: none is */
        const char *only;
        int number;
        unsigned nth, n_made;
        bool has_failed;
} plan;

unsigned
failing_calls_each(int number, const char *only, void (*attempt)(void *data), void *data)
{
        for (unsigned nth = 1; nth < ATTEMPTS_MAX; nth++) {
                plan.only = only;
                plan.number = number;
                plan.nth = nth;
                plan.n_made = 0;
                plan.has_failed = false;
                attempt(data);
                g_assert_null(plan.thread);
                if (!plan.has_failed)
                        return nth - 1;
        }
        g_error("something fails again and again");
}

void
failing_calls_begin(void)
{
        plan.thread = g_thread_self();
}

bool
failing_calls_end(void)
{
        plan.thread = NULL;
        return plan.has_failed;
}

void
failing_calls_was_in_child(void)
{
        plan.has_failed = true;
}

static void *
real(const char *name)
{
        void *function = dlsym(RTLD_NEXT, name);

        g_assert_nonnull(function);
        return function;
}

/* Whether it is this program's own code, to which a call returns. */
static bool
is_of_program(const char *caller)
{
        return caller >= __executable_start && caller < etext;
}

/* Whether it is this call's turn. */
static bool
is_due(const char *name, Kind kind, const char *caller)
{
        if (!plan.thread || plan.thread != g_thread_self() || !is_of_program(caller) ||
            (plan.only && strcmp(plan.only, name) != 0) ||
            (plan.number == EINTR && kind < INTERRUPTIBLE) ||
            (plan.number == FAIL_SHORT && kind < MOVES_BYTES) || ++plan.n_made != plan.nth)
                return false;
        plan.has_failed = true;
        return true;
}

/* Returns: true if the call of @name fails, with errno set */
static bool
fails(const char *name, Kind kind, const char *caller)
{
        if (!is_due(name, kind, caller))
                return false;
        errno = plan.number;
        return true;
}

/* The same of a call that moves up to *@n bytes, which may be fewer then. */
static bool
moves_none(const char *name, size_t *n, const char *caller)
{
        if (!is_due(name, MOVES_BYTES, caller))
                return false;
        if (plan.number == FAIL_SHORT) {
                *n = MIN(*n, 1);
                return false;
        }
        errno = plan.number;
        return true;
}

#define FAILS(name, kind) fails(name, kind, __builtin_return_address(0))
#define MOVES_NONE(name, n) moves_none(name, n, __builtin_return_address(0))

/* Files */

STANDS_BEFORE int
open(const char *path, int flags, ...)
{
        mode_t mode = 0;

        if (flags & (O_CREAT | O_TMPFILE)) {
                va_list more;
                va_start(more, flags);
                mode = va_arg(more, mode_t);
                va_end(more);
        }
        return FAILS("open", NEVER_INTERRUPTED) ? -1 : REAL(open)(path, flags, mode);
}

STANDS_BEFORE int
openat(int folder, const char *path, int flags, ...)
{
        mode_t mode = 0;

        if (flags & (O_CREAT | O_TMPFILE)) {
                va_list more;
                va_start(more, flags);
                mode = va_arg(more, mode_t);
                va_end(more);
        }
        return FAILS("openat", NEVER_INTERRUPTED) ? -1 : REAL(openat)(folder, path, flags, mode);
}

STANDS_BEFORE ssize_t
read(int fd, void *bytes, size_t n)
{
        return MOVES_NONE("read", &n) ? -1 : REAL(read)(fd, bytes, n);
}

STANDS_BEFORE ssize_t
pread(int fd, void *bytes, size_t n, off_t offset)
{
        return MOVES_NONE("pread", &n) ? -1 : REAL(pread)(fd, bytes, n, offset);
}

STANDS_BEFORE ssize_t
write(int fd, const void *bytes, size_t n)
{
        return MOVES_NONE("write", &n) ? -1 : REAL(write)(fd, bytes, n);
}

STANDS_BEFORE int
fstat(int fd, struct stat *status)
{
        return FAILS("fstat", NEVER_INTERRUPTED) ? -1 : REAL(fstat)(fd, status);
}

STANDS_BEFORE int
lstat(const char *path, struct stat *status)
{
        return FAILS("lstat", NEVER_INTERRUPTED) ? -1 : REAL(lstat)(path, status);
}

STANDS_BEFORE int
stat(const char *path, struct stat *status)
{
        return FAILS("stat", NEVER_INTERRUPTED) ? -1 : REAL(stat)(path, status);
}

STANDS_BEFORE int
fchmod(int fd, mode_t mode)
{
        return FAILS("fchmod", NEVER_INTERRUPTED) ? -1 : REAL(fchmod)(fd, mode);
}

STANDS_BEFORE int
fchown(int fd, uid_t user, gid_t group)
{
        return FAILS("fchown", NEVER_INTERRUPTED) ? -1 : REAL(fchown)(fd, user, group);
}

STANDS_BEFORE int
fsync(int fd)
{
        return FAILS("fsync", NEVER_INTERRUPTED) ? -1 : REAL(fsync)(fd);
}

STANDS_BEFORE int
ftruncate(int fd, off_t length)
{
        return FAILS("ftruncate", NEVER_INTERRUPTED) ? -1 : REAL(ftruncate)(fd, length);
}

STANDS_BEFORE int
rename(const char *from, const char *to)
{
        return FAILS("rename", NEVER_INTERRUPTED) ? -1 : REAL(rename)(from, to);
}

STANDS_BEFORE int
unlink(const char *path)
{
        return FAILS("unlink", NEVER_INTERRUPTED) ? -1 : REAL(unlink)(path);
}

STANDS_BEFORE int
mkdir(const char *path, mode_t mode)
{
        return FAILS("mkdir", NEVER_INTERRUPTED) ? -1 : REAL(mkdir)(path, mode);
}

/* Processes */

STANDS_BEFORE int
pipe2(int ends[2], int flags)
{
        return FAILS("pipe2", NEVER_INTERRUPTED) ? -1 : REAL(pipe2)(ends, flags);
}

STANDS_BEFORE pid_t
fork(void)
{
        return FAILS("fork", NEVER_INTERRUPTED) ? -1 : REAL(fork)();
}

STANDS_BEFORE pid_t
waitpid(pid_t pid, int *status, int options)
{
        return FAILS("waitpid", INTERRUPTIBLE) ? -1 : REAL(waitpid)(pid, status, options);
}

STANDS_BEFORE TAKES_ANY int
prctl(int what, ...)
{
        unsigned long args[4];
        va_list more;

        va_start(more, what);
        for (size_t i = 0; i < G_N_ELEMENTS(args); i++)
                args[i] = va_arg(more, unsigned long);
        va_end(more);
        return FAILS("prctl", NEVER_INTERRUPTED)
                       ? -1
                       : REAL(prctl)(what, args[0], args[1], args[2], args[3]);
}

STANDS_BEFORE TAKES_ANY long
syscall(long number, ...)
{
        long args[6];
        va_list more;

        va_start(more, number);
        for (size_t i = 0; i < G_N_ELEMENTS(args); i++)
                args[i] = va_arg(more, long);
        va_end(more);
        return FAILS("syscall", NEVER_INTERRUPTED)
                       ? -1
                       : REAL(syscall)(number, args[0], args[1], args[2], args[3], args[4],
                                       args[5]);
}

STANDS_BEFORE int
initgroups(const char *user, gid_t group)
{
        return FAILS("initgroups", NEVER_INTERRUPTED) ? -1 : REAL(initgroups)(user, group);
}

STANDS_BEFORE int
setgroups(size_t n, const gid_t *groups)
{
        return FAILS("setgroups", NEVER_INTERRUPTED) ? -1 : REAL(setgroups)(n, groups);
}

STANDS_BEFORE int
setresgid(gid_t real_group, gid_t effective, gid_t saved)
{
        return FAILS("setresgid", NEVER_INTERRUPTED)
                       ? -1
                       : REAL(setresgid)(real_group, effective, saved);
}

STANDS_BEFORE int
setresuid(uid_t real_user, uid_t effective, uid_t saved)
{
        return FAILS("setresuid", NEVER_INTERRUPTED) ? -1
                                                     : REAL(setresuid)(real_user, effective, saved);
}

STANDS_BEFORE int
getrlimit(__rlimit_resource_t what, struct rlimit *limit)
{
        return FAILS("getrlimit", NEVER_INTERRUPTED) ? -1 : REAL(getrlimit)(what, limit);
}

STANDS_BEFORE int
setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
        return FAILS("setrlimit", NEVER_INTERRUPTED) ? -1 : REAL(setrlimit)(what, limit);
}

/* Threads: the one function by which core makes them. */
STANDS_BEFORE GThread *
g_thread_try_new(const char *name, GThreadFunc func, gpointer data, GError **error)
{
        if (!FAILS("g_thread_try_new", NEVER_INTERRUPTED))
                return REAL(g_thread_try_new)(name, func, data, error);
        g_set_error_literal(error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, g_strerror(errno));
        return NULL;
}

/* Sockets */

STANDS_BEFORE int
socket(int domain, int type, int protocol)
{
        return FAILS("socket", NEVER_INTERRUPTED) ? -1 : REAL(socket)(domain, type, protocol);
}

STANDS_BEFORE int
bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t n)
{
        return FAILS("bind", NEVER_INTERRUPTED) ? -1 : REAL(bind)(fd, address, n);
}

STANDS_BEFORE int
listen(int fd, int n)
{
        return FAILS("listen", NEVER_INTERRUPTED) ? -1 : REAL(listen)(fd, n);
}

STANDS_BEFORE int
connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t n)
{
        return FAILS("connect", NEVER_INTERRUPTED) ? -1 : REAL(connect)(fd, address, n);
}

STANDS_BEFORE int
accept4(int fd, __SOCKADDR_ARG address, socklen_t *n, int flags)
{
        return FAILS("accept4", INTERRUPTIBLE) ? -1 : REAL(accept4)(fd, address, n, flags);
}

STANDS_BEFORE int
getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
        return FAILS("getsockopt", NEVER_INTERRUPTED) ? -1
                                                      : REAL(getsockopt)(fd, level, name, value, n);
}

STANDS_BEFORE int
setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
        return FAILS("setsockopt", NEVER_INTERRUPTED) ? -1
                                                      : REAL(setsockopt)(fd, level, name, value, n);
}

STANDS_BEFORE int
getsockname(int fd, __SOCKADDR_ARG address, socklen_t *n)
{
        return FAILS("getsockname", NEVER_INTERRUPTED) ? -1 : REAL(getsockname)(fd, address, n);
}

STANDS_BEFORE ssize_t
recv(int fd, void *bytes, size_t n, int flags)
{
        return MOVES_NONE("recv", &n) ? -1 : REAL(recv)(fd, bytes, n, flags);
}

STANDS_BEFORE ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
        return FAILS("recvmsg", INTERRUPTIBLE) ? -1 : REAL(recvmsg)(fd, message, flags);
}

STANDS_BEFORE ssize_t
send(int fd, const void *bytes, size_t n, int flags)
{
        return MOVES_NONE("send", &n) ? -1 : REAL(send)(fd, bytes, n, flags);
}

STANDS_BEFORE ssize_t
sendto(int fd, const void *bytes, size_t n, int flags, __CONST_SOCKADDR_ARG address,
       socklen_t n_address)
{
        return FAILS("sendto", INTERRUPTIBLE)
                       ? -1
                       : REAL(sendto)(fd, bytes, n, flags, address, n_address);
}

STANDS_BEFORE int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
        return FAILS("poll", INTERRUPTIBLE) ? -1 : REAL(poll)(fds, n, timeout);
}

STANDS_BEFORE int
epoll_create1(int flags)
{
        return FAILS("epoll_create1", NEVER_INTERRUPTED) ? -1 : REAL(epoll_create1)(flags);
}

STANDS_BEFORE int
epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
        return FAILS("epoll_ctl", NEVER_INTERRUPTED) ? -1 : REAL(epoll_ctl)(epoll, what, fd, event);
}

STANDS_BEFORE int
eventfd(unsigned start, int flags)
{
        return FAILS("eventfd", NEVER_INTERRUPTED) ? -1 : REAL(eventfd)(start, flags);
}

/*
 * shim_torture: makes one call of a program fail, once, for a program started with it in
 * LD_PRELOAD.
 *
 * It stands before the C library's functions that may fail, and before malloc() and its like where
 * the caller is one that must bear NULL: OpenSSL, SQLite, libyaml, libidn, the C library and the
 * program itself. What GLib allocates never fails here: out of memory GLib ends the process, and
 * says so.
 *
 * A call is known by its site: the kind of call and who called whom, up to FRAMES_MAX callers. What
 * a kind of call may fail with are its faults, one after the other; SHORT does half of what was
 * asked for. The file $MOTET_TORTURE, made by torture.py, is shared memory: it says what is to fail
 * and holds every site that was seen (struct Shared).
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

#define SHIM_API __attribute__((visibility("default")))
#define FAULTS_MAX 4
#define FRAMES_MAX 16
#define FRAMES_OF_ALLOCATION 9 /* deeper ones differ in how the same thing came to be done */
#define OBJECTS_MAX 256
#define SITES_MAX 32768
#define KINDS_MAX 64
#define SHORT (-1)
#define MAGIC UINT64_C(0x6d6f746574313031)

typedef enum {
        ALLOCATE,
        MAP,
        THREAD,
        OPEN,
        CREATE,
        OPEN_FOLDER,
        READ_FOLDER,
        STATUS,
        READ_FILE,
        READ_OTHER,
        WRITE_FILE,
        WRITE_OTHER,
        SYNC,
        TRUNCATE,
        NAME,
        LOCK,
        CLOSE,
        NEW_DESCRIPTOR,
        SOCKET,
        BIND,
        CONNECT,
        ACCEPT,
        RECEIVE,
        SEND,
        SEND_DATAGRAM,
        SOCKET_OPTION,
        SHUT,
        WATCH,
        WAIT,
        RANDOM,
        RIGHTS,
        FORK,
        N_KINDS,
} Kind;

/* What a kind of call fails with, the first first; torture.py has the names in the same order. */
static const int faults[N_KINDS][FAULTS_MAX] = {
        [ALLOCATE] = {ENOMEM},
        [MAP] = {ENOMEM},
        [THREAD] = {EAGAIN},
        [OPEN] = {EMFILE, EIO},
        [CREATE] = {EMFILE, ENOSPC},
        [OPEN_FOLDER] = {EMFILE, EIO},
        [READ_FOLDER] = {EIO},
        [STATUS] = {EIO},
        [READ_FILE] = {EIO, SHORT, EINTR},
        [READ_OTHER] = {EINTR, EAGAIN},
        [WRITE_FILE] = {ENOSPC, EIO, SHORT, EINTR},
        [WRITE_OTHER] = {EINTR},
        [SYNC] = {EIO, ENOSPC},
        [TRUNCATE] = {EIO},
        [NAME] = {EIO, ENOSPC},
        [LOCK] = {ENOLCK, EINTR},
        [CLOSE] = {EIO},
        [NEW_DESCRIPTOR] = {EMFILE},
        [SOCKET] = {EMFILE, ENOBUFS},
        [BIND] = {EADDRINUSE},
        [CONNECT] = {ECONNREFUSED},
        [ACCEPT] = {EMFILE, ECONNABORTED, ENOMEM, EINTR},
        [RECEIVE] = {ECONNRESET, SHORT, EAGAIN, EINTR},
        [SEND] = {ECONNRESET, SHORT, EAGAIN, EINTR},
        [SEND_DATAGRAM] = {ENOBUFS, EAGAIN, EINTR},
        [SOCKET_OPTION] = {ENOBUFS},
        [SHUT] = {ENOTCONN},
        [WATCH] = {ENOMEM, ENOSPC},
        [WAIT] = {EINTR},
        [RANDOM] = {EINTR},
        [RIGHTS] = {EPERM},
        [FORK] = {EAGAIN},
};

typedef enum {
        REST,      /* nothing fails, and nobody looks */
        COUNT,     /* nothing fails; sites are noted */
        COUNTDOWN, /* the call that makes the countdown 0 fails; then REST */
        FRESH,     /* the first call at a site with a fault that did not happen fails; then REST */
} Mode;

typedef struct {
        uint64_t hash;
        uint32_t kind, seen, failed; /* failed: a bit a fault; all of them where nothing may fail */
        uint32_t n_frames;
        uint64_t frames
                [FRAMES_MAX]; /* number of the object, 16 bits, and where in it; the caller first */
} Site;

typedef struct {
        uint64_t magic, mode, countdown;
        uint64_t stride,
                offset; /* FRESH: only faults whose number, hash + which, is offset modulo stride */
        uint64_t kinds; /* a bit a kind: which may fail */
        uint64_t only;  /* FRESH: hash of the only site that may fail; 0: any */
        uint64_t n_calls, n_failed, n_sites, n_objects;
        uint64_t lock;
        uint64_t last_site, last_fault; /* what failed last */
        uint64_t calls[KINDS_MAX];
        char objects[OBJECTS_MAX][64];
        Site sites[SITES_MAX];
} Shared;

static Shared *shared;
static const void *objects[OBJECTS_MAX]; /* where each is mapped */
static uint64_t n_objects, object_numbers[OBJECTS_MAX];

/*
 * Who does not bear to fail: below g_vasprintf() and g_thread_new() GLib ends the process, and what
 * reads the tables of users crashes by itself (glibc 2.36).
 */
static const char *const exempt_names[] = {"g_vasprintf", "g_thread_new", "getpwnam",  "getpwuid",
                                           "initgroups",  "getpwnam_r",   "getpwuid_r"};
#define N_EXEMPT (sizeof(exempt_names) / sizeof(*exempt_names))
static struct {
        uintptr_t start, end;
} exempt[N_EXEMPT];
static __thread int inside __attribute__((tls_model("initial-exec")));

#define REAL(name) ((__typeof__(&name))real_of(&real_##name, #name))
#define DECLARE(name) static void *real_##name

static void *
real_of(void **real, const char *name)
{
        if (!*real) {
                inside++;
                *real = dlsym(RTLD_NEXT, name);
                inside--;
                if (!*real)
                        abort();
        }
        return *real;
}

DECLARE(open);
DECLARE(mmap);
DECLARE(close);
DECLARE(fstat);

static void
find_exempt(void)
{
        for (size_t i = 0; i < N_EXEMPT; i++) {
                const void *at = dlsym(RTLD_DEFAULT, exempt_names[i]);
                const ElfW(Sym) *symbol = NULL;
                Dl_info info;

                if (!at || !dladdr1(at, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
                        continue;
                exempt[i].start = (uintptr_t)at;
                exempt[i].end = (uintptr_t)at + symbol->st_size;
        }
}

__attribute__((constructor)) static void
begin(void)
{
        const char *path = getenv("MOTET_TORTURE");
        void *warm[2];

        inside++;
        /* What backtrace() loads, it loads before it is needed. */
        backtrace(warm, 2);
        find_exempt();
        int fd = path ? REAL(open)(path, O_RDWR | O_CLOEXEC) : -1;
        if (fd >= 0) {
                Shared *mapped =
                        REAL(mmap)(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                REAL(close)(fd);
                if (mapped == MAP_FAILED || mapped->magic != MAGIC)
                        abort();
                shared = mapped;
        }
        inside--;
}

/* Sites; all with the lock. */

static uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
        for (size_t i = 0; i < n; i++)
                hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
        return hash;
}

static uint64_t
object_number(const struct dl_find_object *found)
{
        for (uint64_t i = 0; i < n_objects; i++) {
                if (objects[i] == found->dlfo_map_start)
                        return object_numbers[i];
        }

        const char *path = found->dlfo_link_map->l_name, *slash = strrchr(path, '/');
        char name[64] = "";
        (void)snprintf(name, sizeof(name), "%s", slash ? slash + 1 : *path ? path : "(program)");
        uint64_t number = 0;
        while (number < shared->n_objects && strcmp(shared->objects[number], name) != 0)
                number++;
        if (number == OBJECTS_MAX || n_objects == OBJECTS_MAX)
                return OBJECTS_MAX - 1;
        if (number == shared->n_objects) {
                memcpy(shared->objects[number], name, sizeof(name));
                shared->n_objects++;
        }
        objects[n_objects] = found->dlfo_map_start;
        object_numbers[n_objects] = number;
        n_objects++;
        return number;
}

static void
name_frames(Site *site, void *const *addresses, int n)
{
        site->n_frames = 0;
        for (int i = 0; i < n && site->n_frames < FRAMES_MAX; i++) {
                struct dl_find_object found;

                if (_dl_find_object(addresses[i], &found) != 0)
                        continue;
                uint64_t at = (uint64_t)addresses[i] - (uint64_t)found.dlfo_map_start;
                site->frames[site->n_frames++] = object_number(&found) << 48 | at;
        }
        site->hash = hash_bytes(UINT64_C(14695981039346656037), &site->kind, sizeof(site->kind));
        for (uint32_t i = 0; i < site->n_frames; i++) {
                const char *name = shared->objects[site->frames[i] >> 48];
                uint64_t at = site->frames[i] << 16 >> 16;

                site->hash = hash_bytes(site->hash, name, strlen(name));
                site->hash = hash_bytes(site->hash, &at, sizeof(at));
        }
}

static bool
is_exempt(Kind kind, void *const *addresses, int n)
{
        for (int i = 0; (kind == ALLOCATE || kind == THREAD) && i < n; i++) {
                for (size_t j = 0; j < N_EXEMPT; j++) {
                        uintptr_t at = (uintptr_t)addresses[i];

                        if (at > exempt[j].start && at <= exempt[j].end)
                                return true;
                }
        }
        return false;
}

/* A sanitizer asks the C library for memory, too, and ends the process without. */
static bool
is_of_sanitizer(const Site *site)
{
        for (uint32_t i = 0; site->kind == ALLOCATE && i < site->n_frames; i++) {
                const char *name = shared->objects[site->frames[i] >> 48];

                if (strncmp(name, "libc.so", 7) != 0)
                        return strncmp(name, "libasan", 7) == 0;
        }
        return false;
}

/* Returns: NULL when the table is full, which faults.py refuses. */
static Site *
find_site(const Site *like, void *const *addresses, int n)
{
        for (uint64_t i = 0; i < SITES_MAX; i++) {
                Site *site = &shared->sites[(like->hash + i) % SITES_MAX];

                if (site->seen == 0) {
                        *site = *like;
                        site->failed = is_exempt(like->kind, addresses, n) || is_of_sanitizer(like)
                                               ? UINT32_MAX
                                               : 0;
                        shared->n_sites++;
                        return site;
                }
                if (site->hash == like->hash)
                        return site;
        }
        return NULL;
}

/* Returns: which of its faults @site is to fail with now, -1 with none. */
static int
choose_fault(const Site *site)
{
        const int *known = faults[site->kind];

        if (shared->only != 0 && shared->only != site->hash)
                return -1;

        for (int i = 0; i < FAULTS_MAX && known[i] != 0; i++) {
                if ((site->failed & 1u << i) == 0 &&
                    (site->hash + (uint64_t)i) % shared->stride == shared->offset)
                        return i;
        }
        return -1;
}

/* The same for a call that is counted, whatever happened at @site before: each of its faults in
 * turn, as more and more has failed. */
static int
next_fault(const Site *site)
{
        uint64_t n = 0;

        if (site->failed == UINT32_MAX)
                return -1;
        while (n < FAULTS_MAX && faults[site->kind][n] != 0)
                n++;
        return n > 0 ? (int)(shared->n_failed % n) : -1;
}

static int
decide(Site *site)
{
        if ((shared->kinds & UINT64_C(1) << site->kind) == 0 || shared->mode == COUNT ||
            shared->mode == REST)
                return 0;

        bool is_counting = shared->mode == COUNTDOWN;
        int which = is_counting ? next_fault(site) : choose_fault(site);
        if (which < 0 || (is_counting && --shared->countdown > 0))
                return 0;
        site->failed |= 1u << which;
        shared->last_site = (uint64_t)(site - shared->sites);
        shared->last_fault = (uint64_t)which;
        shared->n_failed++;
        shared->mode = REST;
        return faults[site->kind][which];
}

/*
 * Looking at all callers takes long. The first few, and how deep the stack is, tell well enough
 * whether this process came along here before; what is known of the place is looked up then. Called
 * with the lock. */
#define FRAMES_OF_KEY 6
#define OWN_FRAMES_MAX 5
#define KNOWN_MAX 65536

typedef struct {
        uintptr_t kind, stack, frames[FRAMES_OF_KEY], n;
} Key;

static struct {
        Key key;
        Site *site;
} known[KNOWN_MAX];

static _Unwind_Reason_Code
add_frame(struct _Unwind_Context *context, void *data)
{
        Key *key = data;

        key->frames[key->n++] = _Unwind_GetIP(context);
        return key->n < FRAMES_OF_KEY ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static bool
is_own(void *address)
{
        struct dl_find_object found, own;

        return _dl_find_object(address, &found) == 0 &&
               _dl_find_object((void *)(uintptr_t)&is_own, &own) == 0 &&
               found.dlfo_map_start == own.dlfo_map_start;
}

static Site *
site_of(const Key *key)
{
        uint64_t place = hash_bytes(UINT64_C(14695981039346656037), key, sizeof(*key)) % KNOWN_MAX;
        void *addresses[FRAMES_MAX + OWN_FRAMES_MAX];

        if (known[place].site && memcmp(&known[place].key, key, sizeof(*key)) == 0)
                return known[place].site;
        int n = backtrace(addresses, FRAMES_MAX + OWN_FRAMES_MAX), own = 0;
        /* A sanitizer's backtrace() may stand before ours. */
        for (int i = 0; i < n && i < OWN_FRAMES_MAX; i++)
                own = is_own(addresses[i]) ? i + 1 : own;
        n = n - own < FRAMES_MAX ? n - own : FRAMES_MAX;
        if (key->kind == ALLOCATE && n > FRAMES_OF_ALLOCATION)
                n = FRAMES_OF_ALLOCATION;
        Site like = {.kind = (uint32_t)key->kind};
        name_frames(&like, addresses + own, n);
        known[place].key = *key;
        known[place].site = find_site(&like, addresses + own, n);
        return known[place].site;
}

/* Counts the call. Returns: 0 to do it, an errno to fail with, SHORT to do half of it. */
static __attribute__((noinline)) int
meet(Kind kind)
{
        if (!shared || inside || shared->mode == REST)
                return 0;

        Key key = {.kind = kind, .stack = (uintptr_t)__builtin_frame_address(0)};
        int before = errno, fault = 0;
        inside++;
        _Unwind_Backtrace(add_frame, &key);
        while (__atomic_exchange_n(&shared->lock, 1, __ATOMIC_ACQUIRE) != 0)
                sched_yield();
        Site *site = site_of(&key);
        shared->n_calls++;
        shared->calls[kind]++;
        if (site) {
                site->seen++;
                fault = decide(site);
        }
        __atomic_store_n(&shared->lock, 0, __ATOMIC_RELEASE);
        inside--;
        errno = fault > 0 ? fault : before;
        return fault;
}

static inline __attribute__((always_inline)) bool
fails(Kind kind)
{
        return meet(kind) > 0;
}

/* Memory */

/* Whether who called from @address must bear that there is no memory. */
static bool
bears_null(const void *address)
{
        static const char *const bearing[] = {
                "libcrypto.so", "libssl.so", "libsqlite3.so", "libyaml", "libidn.so",  "libc.so",
                "libresolv.so", "ld-linux",  "legacy.so",     "mod_",    "libexpat.so"};
        struct dl_find_object found;

        if (_dl_find_object((void *)address, &found) != 0)
                return false;
        const char *path = found.dlfo_link_map->l_name, *slash = strrchr(path, '/');
        if (!*path)
                return true;
        for (size_t i = 0; slash && i < sizeof(bearing) / sizeof(*bearing); i++) {
                if (strncmp(slash + 1, bearing[i], strlen(bearing[i])) == 0)
                        return true;
        }
        return false;
}

#define NO_MEMORY()                                                                                \
        (shared && !inside && shared->mode != REST && bears_null(__builtin_return_address(0)) &&   \
         meet(ALLOCATE))

DECLARE(malloc);
SHIM_API void *
malloc(size_t n)
{
        return NO_MEMORY() ? NULL : REAL(malloc)(n);
}

DECLARE(calloc);
SHIM_API void *
calloc(size_t n, size_t size)
{
        return NO_MEMORY() ? NULL : REAL(calloc)(n, size);
}

DECLARE(realloc);
SHIM_API void *
realloc(void *block, size_t n)
{
        return n > 0 && NO_MEMORY() ? NULL : REAL(realloc)(block, n);
}

/* Calls that fail or do what they are for. */
#define MAY_FAIL(kind, failure, type, name, parameters, arguments)                                 \
        DECLARE(name);                                                                             \
        SHIM_API type name parameters                                                              \
        {                                                                                          \
                return fails(kind) ? failure : REAL(name) arguments;                               \
        }

SHIM_API void *
mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
        return fails(MAP) ? MAP_FAILED : REAL(mmap)(at, n, protection, flags, fd, offset);
}

MAY_FAIL(MAP, MAP_FAILED, void *, mmap64,
         (void *at, size_t n, int protection, int flags, int fd, off64_t offset),
         (at, n, protection, flags, fd, offset))
MAY_FAIL(MAP, -1, int, mlock, (const void *at, size_t n), (at, n))
MAY_FAIL(MAP, -1, int, mprotect, (void *at, size_t n, int protection), (at, n, protection))

DECLARE(mremap);
SHIM_API void *
mremap(void *at, size_t before, size_t n, int flags, ...)
{
        va_list more;

        va_start(more, flags);
        void *where = flags & MREMAP_FIXED ? va_arg(more, void *) : NULL;
        va_end(more);
        return fails(MAP) ? MAP_FAILED : REAL(mremap)(at, before, n, flags, where);
}

/* Threads and processes */

DECLARE(pthread_create);
SHIM_API int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
               void *data)
{
        int code = meet(THREAD);

        return code ? code : REAL(pthread_create)(thread, attributes, run, data);
}

MAY_FAIL(FORK, -1, pid_t, fork, (void), ())
MAY_FAIL(RIGHTS, -1, int, setresuid, (uid_t real, uid_t effective, uid_t saved),
         (real, effective, saved))
MAY_FAIL(RIGHTS, -1, int, setresgid, (gid_t real, gid_t effective, gid_t saved),
         (real, effective, saved))
MAY_FAIL(RIGHTS, -1, int, setgroups, (size_t n, const gid_t *groups), (n, groups))
MAY_FAIL(RIGHTS, -1, int, initgroups, (const char *user, gid_t group), (user, group))
MAY_FAIL(RIGHTS, -1, int, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit),
         (what, limit))
MAY_FAIL(RIGHTS, -1, int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
MAY_FAIL(RIGHTS, -1, int, fchmod, (int fd, mode_t mode), (fd, mode))
MAY_FAIL(RIGHTS, -1, int, chmod, (const char *path, mode_t mode), (path, mode))
MAY_FAIL(RANDOM, -1, ssize_t, getrandom, (void *bytes, size_t n, unsigned flags), (bytes, n, flags))
MAY_FAIL(RANDOM, -1, int, getentropy, (void *bytes, size_t n), (bytes, n))

/* Files */

#define MAY_FAIL_OPENING(name)                                                                     \
        SHIM_API int name(const char *path, int flags, ...)                                        \
        {                                                                                          \
                va_list more;                                                                      \
                                                                                                   \
                va_start(more, flags);                                                             \
                mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;            \
                va_end(more);                                                                      \
                return fails(flags & O_CREAT ? CREATE : OPEN) ? -1                                 \
                                                              : REAL(name)(path, flags, mode);     \
        }

DECLARE(open64);
MAY_FAIL_OPENING(open)
MAY_FAIL_OPENING(open64)
MAY_FAIL(OPEN, NULL, FILE *, fopen, (const char *path, const char *how), (path, how))
MAY_FAIL(OPEN, NULL, FILE *, fopen64, (const char *path, const char *how), (path, how))
MAY_FAIL(OPEN_FOLDER, NULL, DIR *, opendir, (const char *path), (path))
MAY_FAIL(READ_FOLDER, NULL, struct dirent *, readdir, (DIR * folder), (folder))
MAY_FAIL(READ_FOLDER, NULL, struct dirent64 *, readdir64, (DIR * folder), (folder))
MAY_FAIL(STATUS, -1, int, stat, (const char *path, struct stat *status), (path, status))
MAY_FAIL(STATUS, -1, int, stat64, (const char *path, struct stat64 *status), (path, status))
MAY_FAIL(STATUS, -1, int, lstat, (const char *path, struct stat *status), (path, status))
MAY_FAIL(STATUS, -1, int, lstat64, (const char *path, struct stat64 *status), (path, status))
MAY_FAIL(STATUS, -1, int, fstat64, (int fd, struct stat64 *status), (fd, status))
MAY_FAIL(STATUS, -1, int, access, (const char *path, int how), (path, how))
MAY_FAIL(STATUS, -1, int, statvfs, (const char *path, struct statvfs *status), (path, status))
MAY_FAIL(SYNC, -1, int, fsync, (int fd), (fd))
MAY_FAIL(SYNC, -1, int, fdatasync, (int fd), (fd))
MAY_FAIL(TRUNCATE, -1, int, ftruncate, (int fd, off_t n), (fd, n))
MAY_FAIL(TRUNCATE, -1, int, ftruncate64, (int fd, off64_t n), (fd, n))
MAY_FAIL(NAME, -1, int, rename, (const char *from, const char *to), (from, to))
MAY_FAIL(NAME, -1, int, unlink, (const char *path), (path))
MAY_FAIL(NAME, -1, int, mkdir, (const char *path, mode_t mode), (path, mode))
MAY_FAIL(NAME, -1, int, rmdir, (const char *path), (path))
MAY_FAIL(LOCK, -1, int, flock, (int fd, int how), (fd, how))

SHIM_API int
fstat(int fd, struct stat *status)
{
        return fails(STATUS) ? -1 : REAL(fstat)(fd, status);
}

/* The descriptor is gone either way: close(2). */
SHIM_API int
close(int fd)
{
        int result = REAL(close)(fd);

        return result == 0 && fails(CLOSE) ? -1 : result;
}

#define MAY_FAIL_CONTROLLING(name)                                                                 \
        DECLARE(name);                                                                             \
        SHIM_API int name(int fd, int what, ...)                                                   \
        {                                                                                          \
                va_list more;                                                                      \
                                                                                                   \
                va_start(more, what);                                                              \
                void *argument = va_arg(more, void *);                                             \
                va_end(more);                                                                      \
                bool locks = (what == F_SETLK || what == F_SETLKW) &&                              \
                             ((const struct flock *)argument)->l_type != F_UNLCK;                  \
                if (locks && fails(LOCK))                                                          \
                        return -1;                                                                 \
                if ((what == F_DUPFD || what == F_DUPFD_CLOEXEC) && fails(NEW_DESCRIPTOR))         \
                        return -1;                                                                 \
                return REAL(name)(fd, what, argument);                                             \
        }

MAY_FAIL_CONTROLLING(fcntl)
MAY_FAIL_CONTROLLING(fcntl64)

/* Reading and writing: what may go wrong depends on what is read and written. */

static mode_t
type_of(int fd)
{
        struct stat status;
        int before = errno;

        inside++;
        mode_t type = REAL(fstat)(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
        inside--;
        errno = before;
        return type;
}

/* Returns: how many of @n bytes to read or write, -1 to fail. */
static inline __attribute__((always_inline)) ssize_t
share_of(Kind kind, size_t n)
{
        int fault = meet(kind);

        if (fault > 0)
                return -1;
        return (ssize_t)(fault == SHORT && n > 1 ? n / 2 : n);
}

#define READING(fd)                                                                                \
        (S_ISREG(type_of(fd)) ? READ_FILE : S_ISSOCK(type_of(fd)) ? RECEIVE : READ_OTHER)
#define WRITING(fd) (S_ISREG(type_of(fd)) ? WRITE_FILE : S_ISSOCK(type_of(fd)) ? SEND : WRITE_OTHER)

#define MAY_BE_SHORT(kind, type, name, parameters, arguments)                                      \
        DECLARE(name);                                                                             \
        SHIM_API type name parameters                                                              \
        {                                                                                          \
                ssize_t share = share_of(kind, n);                                                 \
                                                                                                   \
                if (share < 0)                                                                     \
                        return -1;                                                                 \
                n = (size_t)share;                                                                 \
                return REAL(name) arguments;                                                       \
        }

MAY_BE_SHORT(READING(fd), ssize_t, read, (int fd, void *bytes, size_t n), (fd, bytes, n))
MAY_BE_SHORT(READ_FILE, ssize_t, pread, (int fd, void *bytes, size_t n, off_t at),
             (fd, bytes, n, at))
MAY_BE_SHORT(READ_FILE, ssize_t, pread64, (int fd, void *bytes, size_t n, off64_t at),
             (fd, bytes, n, at))
MAY_BE_SHORT(WRITING(fd), ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n))
MAY_BE_SHORT(WRITE_FILE, ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at),
             (fd, bytes, n, at))
MAY_BE_SHORT(WRITE_FILE, ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t at),
             (fd, bytes, n, at))
MAY_BE_SHORT(RECEIVE, ssize_t, recv, (int fd, void *bytes, size_t n, int flags),
             (fd, bytes, n, flags))
MAY_BE_SHORT(SEND, ssize_t, send, (int fd, const void *bytes, size_t n, int flags),
             (fd, bytes, n, flags))
MAY_FAIL(WRITING(fd), -1, ssize_t, writev, (int fd, const struct iovec *parts, int n),
         (fd, parts, n))

/* What _FORTIFY_SOURCE makes of two of them. */
ssize_t __pread_chk(int fd, void *bytes, size_t n, off_t at, size_t size);
ssize_t __read_chk(int fd, void *bytes, size_t n, size_t size);
MAY_BE_SHORT(READ_FILE, ssize_t, __pread_chk,
             (int fd, void *bytes, size_t n, off_t at, size_t size), (fd, bytes, n, at, size))
MAY_BE_SHORT(READING(fd), ssize_t, __read_chk, (int fd, void *bytes, size_t n, size_t size),
             (fd, bytes, n, size))

/* Sockets and what waits for them */

MAY_FAIL(SEND_DATAGRAM, -1, ssize_t, sendto,
         (int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to,
          socklen_t size),
         (fd, bytes, n, flags, to, size))
MAY_FAIL(SEND_DATAGRAM, -1, ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
         (fd, message, flags))
MAY_FAIL(SOCKET, -1, int, socket, (int domain, int type, int protocol), (domain, type, protocol))
MAY_FAIL(BIND, -1, int, bind, (int fd, const struct sockaddr *address, socklen_t n),
         (fd, address, n))
MAY_FAIL(BIND, -1, int, listen, (int fd, int n), (fd, n))
MAY_FAIL(CONNECT, -1, int, connect, (int fd, const struct sockaddr *address, socklen_t n),
         (fd, address, n))
MAY_FAIL(ACCEPT, -1, int, accept4, (int fd, struct sockaddr *address, socklen_t *n, int flags),
         (fd, address, n, flags))
MAY_FAIL(SOCKET_OPTION, -1, int, setsockopt,
         (int fd, int level, int name, const void *value, socklen_t n), (fd, level, name, value, n))
MAY_FAIL(SOCKET_OPTION, -1, int, getsockopt,
         (int fd, int level, int name, void *value, socklen_t *n), (fd, level, name, value, n))
MAY_FAIL(SOCKET_OPTION, -1, int, getsockname, (int fd, struct sockaddr *address, socklen_t *n),
         (fd, address, n))
MAY_FAIL(SHUT, -1, int, shutdown, (int fd, int how), (fd, how))
MAY_FAIL(WAIT, -1, int, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))
MAY_FAIL(WAIT, -1, int, epoll_wait, (int fd, struct epoll_event *events, int n, int timeout),
         (fd, events, n, timeout))
MAY_FAIL(NEW_DESCRIPTOR, -1, int, epoll_create1, (int flags), (flags))
MAY_FAIL(NEW_DESCRIPTOR, -1, int, eventfd, (unsigned value, int flags), (value, flags))
MAY_FAIL(NEW_DESCRIPTOR, -1, int, pipe2, (int fds[2], int flags), (fds, flags))
MAY_FAIL(NEW_DESCRIPTOR, -1, int, memfd_create, (const char *name, unsigned flags), (name, flags))

/* Taking a descriptor out of the set needs nothing and cannot fail. */
DECLARE(epoll_ctl);
SHIM_API int
epoll_ctl(int fd, int what, int watched, struct epoll_event *event)
{
        return what != EPOLL_CTL_DEL && fails(WATCH) ? -1
                                                     : REAL(epoll_ctl)(fd, what, watched, event);
}

/*
 * log: formats, escapes, cuts and rate-limits lines, and writes them to standard error, a file or
 * the journal.
 *
 * Source: sd-daemon(3) for priorities on standard error, systemd.io/JOURNAL_NATIVE_PROTOCOL for the
 * journal.
 */
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SOURCE_MAX 32 /* bytes of a source's name that tell it from others */
#define N_SOURCES 64  /* sources counted separately; the last slot is shared by the rest */
#define ESCAPE_MAX 8  /* bytes one escaped character needs at most, NUL included */
#define CUT_MARK "..."

typedef enum { TARGET_STDERR, TARGET_JOURNAL, TARGET_FILE } LogTarget;

typedef struct {
        char name[SOURCE_MAX];
        int64_t second;   /* the second @lines belongs to */
        unsigned lines;   /* written in it */
        unsigned dropped; /* not written, not yet told */
} LogSource;

typedef struct {
        GMutex lock;
        int level; /* atomic */
        LogTarget target;
        int fd; /* of the journal or the file */
        LogFunc func;
        void *func_data;
        LogClock clock;
        void *clock_data;
        unsigned lines_per_s;
        unsigned n_sources;
        unsigned n_dropping; /* sources with dropped > 0 */
        LogSource sources[N_SOURCES];
} LogSink;

static LogSink sink = {.level = MOTET_LOG_INFO, .fd = -1, .lines_per_s = LOG_LINES_PER_S};

static const struct {
        const char *name;
        int priority; /* syslog(3) */
} levels[] = {
        [MOTET_LOG_ERROR] = {"error", 3},
        [MOTET_LOG_WARN] = {"warn", 4},
        [MOTET_LOG_INFO] = {"info", 6},
        [MOTET_LOG_DEBUG] = {"debug", 7},
};

static int64_t
wall_now(void)
{
        return sink.clock ? sink.clock(sink.clock_data) : g_get_real_time();
}

/* Besides controls: line separators and what turns the direction of a terminal's text around. */
static bool
needs_escape(gunichar c)
{
        return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
               (c >= 0x2066 && c <= 0x2069);
}

/* Writes one character, escaped if need be. Returns: bytes of @in it was made from. */
static size_t
escape_char(const char *in, size_t n, char out[static ESCAPE_MAX])
{
        gunichar c = g_utf8_get_char_validated(in, (gssize)n);
        if (c == (gunichar)-1 || c == (gunichar)-2) {
                g_snprintf(out, ESCAPE_MAX, "\\x%02x", (unsigned char)*in);
                return 1;
        }

        size_t used = (size_t)(g_utf8_next_char(in) - in);
        if (!needs_escape(c)) {
                memcpy(out, in, used);
                out[used] = '\0';
        } else if (c < 0x100) {
                g_snprintf(out, ESCAPE_MAX, "\\x%02x", c);
        } else {
                g_snprintf(out, ESCAPE_MAX, "\\u%04x", c);
        }
        return used;
}

/* @text of @n bytes, escaped and cut to @size with its NUL; @cut: it was cut already. */
static void
escape_text(const char *text, size_t n, bool cut, char *out, size_t size)
{
        const size_t room = size - sizeof CUT_MARK;
        size_t at = 0, keep = 0; /* keep: where the mark goes if the text turns out too long */

        for (size_t i = 0; i < n;) {
                char one[ESCAPE_MAX];
                i += escape_char(text + i, n - i, one);
                size_t len = strlen(one);
                if (at + len >= size) {
                        cut = true;
                        break;
                }
                memcpy(out + at, one, len);
                at += len;
                if (at <= room)
                        keep = at;
        }
        if (cut) {
                memcpy(out + keep, CUT_MARK, sizeof CUT_MARK);
                return;
        }
        out[at] = '\0';
}

static void
write_all(int fd, const char *bytes, size_t n)
{
        while (n > 0) {
                ssize_t written = write(fd, bytes, n);
                if (written < 0 && errno == EINTR)
                        continue;
                /* A log that cannot be written has nobody to tell: the line is lost. */
                if (written <= 0)
                        return;
                bytes += written;
                n -= (size_t)written;
        }
}

static void
write_line(int fd, const char *prefix, const char *source, const char *text)
{
        char line[LOG_LINE_MAX + 2];

        int n = g_snprintf(line, sizeof line - 1, "%s%s: %s", prefix, source, text);
        size_t len = MIN((size_t)n, sizeof line - 2);
        line[len] = '\n';
        write_all(fd, line, len + 1);
}

/* sd-daemon(3): standard error is the journal's when $JOURNAL_STREAM names its device and inode. */
static bool
stderr_is_journal(void)
{
        const char *stream = g_getenv("JOURNAL_STREAM");
        struct stat st;
        char *end;

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;

        guint64 device = g_ascii_strtoull(stream, &end, 10);
        return *end == ':' && device == st.st_dev &&
               g_ascii_strtoull(end + 1, NULL, 10) == st.st_ino;
}

static void
write_stamped(int fd, MotetLogLevel level, const char *source, const char *text)
{
        char stamp[32], prefix[48];
        time_t now = (time_t)(wall_now() / G_USEC_PER_SEC);
        struct tm utc;

        gmtime_r(&now, &utc);
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
        g_snprintf(prefix, sizeof prefix, "%s %s ", stamp, levels[level].name);
        write_line(fd, prefix, source, text);
}

static void
write_stderr(MotetLogLevel level, const char *source, const char *text)
{
        if (stderr_is_journal()) {
                char prefix[8];
                g_snprintf(prefix, sizeof prefix, "<%d>", levels[level].priority);
                write_line(STDERR_FILENO, prefix, source, text);
                return;
        }
        write_stamped(STDERR_FILENO, level, source, text);
}

static void
write_journal(MotetLogLevel level, const char *source, const char *text)
{
        char fields[LOG_LINE_MAX + 256];
        int n = g_snprintf(fields, sizeof fields,
                           "PRIORITY=%d\nSYSLOG_IDENTIFIER=motetd\nMOTET_SOURCE=%.64s\n"
                           "MESSAGE=%s: %s\n",
                           levels[level].priority, source, source, text);
        size_t len = MIN((size_t)n, sizeof fields - 1);
        fields[len - 1] = '\n';

        if (send(sink.fd, fields, len, MSG_NOSIGNAL) < 0)
                write_stderr(level, source, text);
}

static void
emit(MotetLogLevel level, const char *source, const char *text)
{
        if (sink.func) {
                sink.func(level, source, text, sink.func_data);
                return;
        }
        switch (sink.target) {
        case TARGET_STDERR:
                write_stderr(level, source, text);
                break;
        case TARGET_JOURNAL:
                write_journal(level, source, text);
                break;
        case TARGET_FILE:
                write_stamped(sink.fd, level, source, text);
                break;
        }
}

static LogSource *
find_source(const char *name)
{
        for (unsigned i = 0; i < sink.n_sources; i++) {
                if (strncmp(sink.sources[i].name, name, SOURCE_MAX - 1) == 0)
                        return &sink.sources[i];
        }
        if (sink.n_sources == N_SOURCES)
                return &sink.sources[N_SOURCES - 1];

        LogSource *source = &sink.sources[sink.n_sources++];
        *source = (LogSource){.second = -1};
        g_strlcpy(source->name, sink.n_sources == N_SOURCES ? "other sources" : name, SOURCE_MAX);
        return source;
}

/* Whoever logs next, in a later second, tells what was dropped. */
static void
tell_dropped(int64_t second)
{
        for (unsigned i = 0; i < sink.n_sources && sink.n_dropping > 0; i++) {
                LogSource *source = &sink.sources[i];
                if (source->dropped == 0 || source->second == second)
                        continue;
                char text[64];
                g_snprintf(text, sizeof text, "%u more lines dropped", source->dropped);
                source->dropped = 0;
                sink.n_dropping--;
                emit(MOTET_LOG_WARN, source->name, text);
        }
}

static bool
may_write(const char *name)
{
        int64_t second = wall_now() / G_USEC_PER_SEC;

        tell_dropped(second);
        if (sink.lines_per_s == 0)
                return true;

        LogSource *source = find_source(name);
        if (source->second != second) {
                source->second = second;
                source->lines = 0;
        }
        if (source->lines < sink.lines_per_s) {
                source->lines++;
                return true;
        }
        if (source->dropped++ == 0)
                sink.n_dropping++;
        return false;
}

bool
motet_log_enabled(MotetLogLevel level)
{
        return (int)level <= g_atomic_int_get(&sink.level);
}

void
motet_log(MotetLogLevel level, const char *source, const char *format, ...)
{
        g_return_if_fail(source != NULL && format != NULL && level <= MOTET_LOG_DEBUG);

        if (!motet_log_enabled(level))
                return;

        char raw[LOG_LINE_MAX], text[LOG_LINE_MAX];
        va_list args;
        va_start(args, format);
        int n = g_vsnprintf(raw, sizeof raw, format, args);
        va_end(args);
        bool cut = n < 0 || (size_t)n >= sizeof raw;
        /* The line's own head (time, level, source) counts too. */
        escape_text(raw, strlen(raw), cut, text, sizeof text - SOURCE_MAX - 32);

        g_mutex_lock(&sink.lock);
        if (may_write(source))
                emit(level, source, text);
        g_mutex_unlock(&sink.lock);
}

void
log_set_level(MotetLogLevel level)
{
        g_atomic_int_set(&sink.level, (int)level);
}

bool
log_level_parse(const char *name, MotetLogLevel *level_out)
{
        for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
                if (g_strcmp0(name, levels[i].name) == 0) {
                        *level_out = (MotetLogLevel)i;
                        return true;
                }
        }
        return false;
}

static int
open_journal(const char *path, GError **error)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = -1;

        if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
                errno = ENAMETOOLONG;
        else
                fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
                return fd;

        int code = errno;
        if (fd >= 0)
                close(fd);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "log to the journal at %s: %s", path,
                    g_strerror(code));
        return -1;
}

static int
open_file(const char *path, GError **error)
{
        int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

        if (fd < 0)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "log to %s: %s", path,
                            g_strerror(errno));
        return fd;
}

static void
change_target(LogTarget target, int fd)
{
        g_mutex_lock(&sink.lock);
        if (sink.fd >= 0)
                close(sink.fd);
        sink.target = target;
        sink.fd = fd;
        g_mutex_unlock(&sink.lock);
}

bool
log_set_journal(const char *socket_path, GError **error)
{
        int fd = open_journal(socket_path, error);

        if (fd >= 0)
                change_target(TARGET_JOURNAL, fd);
        return fd >= 0;
}

static bool
log_set_file(const char *path, GError **error)
{
        int fd = open_file(path, error);

        if (fd >= 0)
                change_target(TARGET_FILE, fd);
        return fd >= 0;
}

bool
log_set_target(const char *target, GError **error)
{
        g_return_val_if_fail(target != NULL, false);

        if (strcmp(target, "journal") == 0)
                return log_set_journal(JOURNAL_SOCKET, error);
        if (g_path_is_absolute(target))
                return log_set_file(target, error);
        if (strcmp(target, "stderr") != 0) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "log target \"%s\" is neither stderr, journal nor an absolute path",
                            target);
                return false;
        }
        change_target(TARGET_STDERR, -1);
        return true;
}

void
log_set_func(LogFunc func, void *data)
{
        g_mutex_lock(&sink.lock);
        sink.func = func;
        sink.func_data = data;
        g_mutex_unlock(&sink.lock);
}

void
log_set_rate(unsigned lines_per_s)
{
        g_mutex_lock(&sink.lock);
        sink.lines_per_s = lines_per_s;
        g_mutex_unlock(&sink.lock);
}

void
log_set_clock(LogClock clock, void *data)
{
        g_mutex_lock(&sink.lock);
        sink.clock = clock;
        sink.clock_data = data;
        g_mutex_unlock(&sink.lock);
}

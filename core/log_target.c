/*
 * log_target: standard error, a file or the journal.
 *
 * Source: sd-daemon(3) for standard error that is the journal, no-color.org.
 */
#include "core/log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/denial.h"
#include "core/log_journal.h"
#include "core/log_render.h"

struct LogTarget {
        int refs; /* atomic */
        int fd;   /* standard error, a file, or a socket for the journal */
        LogStyle style;
        char *journal; /* (own) path of its socket; NULL: another target */
};

/* Standard error is the journal's when $JOURNAL_STREAM names its device and inode. */
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

static bool
stderr_has_colours(void)
{
        const char *no_color = g_getenv("NO_COLOR");

        return isatty(STDERR_FILENO) && !(no_color && *no_color) &&
               g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

static LogStyle
stderr_style(LogFormat format)
{
        bool is_journal = stderr_is_journal();

        if (format == LOG_FORMAT_JSON)
                return is_journal ? LOG_STYLE_PRIORITY_JSON : LOG_STYLE_JSON;
        if (is_journal)
                return LOG_STYLE_PRIORITY;
        return stderr_has_colours() ? LOG_STYLE_COLOUR : LOG_STYLE_PLAIN;
}

static LogTarget *
target_new(int fd, LogStyle style, const char *journal)
{
        LogTarget *target = g_new0(LogTarget, 1);

        target->refs = 1;
        target->fd = fd;
        target->style = style;
        target->journal = g_strdup(journal);
        return target;
}

static LogTarget *
journal_new(const LogOutput *output, GError **error)
{
        const char *path = output->journal_socket ? output->journal_socket : LOG_JOURNAL_SOCKET;
        int fd = log_journal_open(path, error);

        return fd < 0 ? NULL : target_new(fd, stderr_style(LOG_FORMAT_TEXT), path);
}

static LogTarget *
stderr_new(const LogOutput *output)
{
        /* A journal whose socket cannot be reached still reads standard error. */
        LogTarget *journal = output->format == LOG_FORMAT_AUTO && stderr_is_journal()
                                     ? journal_new(output, NULL)
                                     : NULL;

        return journal ? journal : target_new(STDERR_FILENO, stderr_style(output->format), NULL);
}

static LogTarget *
file_new(const LogOutput *output, GError **error)
{
        int fd = open(output->target, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

        if (fd < 0) {
                g_autofree char *why = denial_text(output->target, W_OK, errno);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "log to %s: %s", output->target,
                            why);
                return NULL;
        }
        return target_new(fd, output->format == LOG_FORMAT_JSON ? LOG_STYLE_JSON : LOG_STYLE_PLAIN,
                          NULL);
}

LogTarget *
log_target_new(const LogOutput *output, GError **error)
{
        bool is_path = g_path_is_absolute(output->target);
        bool is_journal = strcmp(output->target, "journal") == 0;

        if (!is_path && !is_journal && strcmp(output->target, "stderr") != 0) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "log target \"%s\" is neither stderr, journal nor an absolute path",
                            output->target);
                return NULL;
        }
        if (is_path && output->format != LOG_FORMAT_JOURNAL)
                return file_new(output, error);
        if (is_path || (is_journal &&
                        (output->format == LOG_FORMAT_TEXT || output->format == LOG_FORMAT_JSON))) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "log target \"%s\": the journal takes its own format only, and nobody "
                            "else does",
                            output->target);
                return NULL;
        }
        if (is_journal || output->format == LOG_FORMAT_JOURNAL)
                return journal_new(output, error);
        return stderr_new(output);
}

LogTarget *
log_target_ref(LogTarget *target)
{
        if (target)
                g_atomic_int_inc(&target->refs);
        return target;
}

void
log_target_unref(LogTarget *target)
{
        if (!target || !g_atomic_int_dec_and_test(&target->refs))
                return;
        if (target->fd != STDERR_FILENO)
                close(target->fd);
        g_free(target->journal);
        g_free(target);
}

/* A log that cannot be written has nobody to tell: the line is lost. */
static void
write_all(int fd, const char *bytes, size_t n, int patience_ms)
{
        while (n > 0) {
                struct pollfd ready = {.fd = fd, .events = POLLOUT};
                if (patience_ms >= 0 && poll(&ready, 1, patience_ms) == 0)
                        return;
                ssize_t written = write(fd, bytes, n);
                if (written < 0 && errno == EINTR)
                        continue;
                /* Whoever gave us the descriptor may have made it one that does not wait. */
                if (written < 0 && errno == EAGAIN && poll(&ready, 1, patience_ms) > 0)
                        continue;
                if (written <= 0)
                        return;
                bytes += written;
                n -= (size_t)written;
        }
}

void
log_target_write(const LogTarget *target, const LogRecord *record, int patience_ms)
{
        LogLine line;

        if (target && target->journal &&
            log_journal_write(target->fd, target->journal, record, patience_ms))
                return;
        log_render(record, target ? target->style : LOG_STYLE_PLAIN, &line);
        write_all(target && !target->journal ? target->fd : STDERR_FILENO, line.bytes, line.n,
                  patience_ms);
}

/*
 * log_journal: writes entries to systemd's journal in its native protocol.
 *
 * The socket is not connected: each entry names its address, so that a journal that was started
 * anew is found again.
 *
 * Source: systemd.io/JOURNAL_NATIVE_PROTOCOL
 */
#include "core/log_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log_render.h"

#define IDENTIFIER "motetd"
#define RETRY_MS 5

static bool
address_of(const char *path, struct sockaddr_un *address_out)
{
        *address_out = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) < sizeof address_out->sun_path) {
                memcpy(address_out->sun_path, path, strlen(path) + 1);
                return true;
        }
        errno = ENAMETOOLONG;
        return false;
}

/* Connecting tells whether somebody listens. Returns: false with errno set */
static bool
is_listened_to(const char *path)
{
        struct sockaddr_un address;

        if (!address_of(path, &address))
                return false;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return false;
        bool is_connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
        int number = errno;
        close(fd);
        errno = number;
        return is_connected;
}

int
log_journal_open(const char *path, GError **error)
{
        int fd = is_listened_to(path) ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
        int number = errno;

        if (fd < 0)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "log to the journal at %s: %s",
                            path, g_strerror(number));
        return fd;
}

/*
 * "NAME=value", or, when the value has a line feed, "NAME", a line feed, the length in 64 bits,
 * least significant byte first, and the value: no value can add a field.
 */
static void
append_field(LogLine *entry, const char *name, const char *value)
{
        size_t n = value ? strlen(value) : 0;

        if (!value)
                return;
        log_line_append(entry, name);
        if (memchr(value, '\n', n)) {
                char length[8];
                for (size_t i = 0; i < sizeof length; i++)
                        length[i] = (char)(uint8_t)((uint64_t)n >> (8 * i));
                log_line_append(entry, "\n");
                log_line_append_n(entry, length, sizeof length);
        } else {
                log_line_append(entry, "=");
        }
        log_line_append_n(entry, value, n);
        log_line_append(entry, "\n");
}

/* A file that cannot be changed any more, as the journal demands. Returns: -1 with errno set */
static int
seal(const char *entry, size_t n)
{
        int fd = memfd_create("motet-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        if (fd < 0)
                return -1;
        for (size_t at = 0; at < n;) {
                ssize_t written = write(fd, entry + at, n - at);
                if (written < 0 && errno != EINTR) {
                        close(fd);
                        return -1;
                }
                at += written > 0 ? (size_t)written : 0;
        }
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
                return fd;
        close(fd);
        return -1;
}

/* poll(2) does not tell when the receiver of a socket that is not connected has room. */
static bool
send_message(int fd, const struct msghdr *message, int patience_ms)
{
        int flags = MSG_NOSIGNAL | (patience_ms < 0 ? 0 : MSG_DONTWAIT);

        for (int waited_ms = 0;;) {
                if (sendmsg(fd, message, flags) >= 0)
                        return true;
                if (errno == EINTR)
                        continue;
                if (errno != EAGAIN || waited_ms >= patience_ms)
                        return false;
                poll(NULL, 0, RETRY_MS);
                waited_ms += RETRY_MS;
        }
}

static bool
send_sealed(int fd, struct msghdr *message, const char *entry, size_t n, int patience_ms)
{
        int sealed = seal(entry, n);
        union {
                struct cmsghdr head; /* for its alignment */
                char bytes[CMSG_SPACE(sizeof sealed)];
        } control = {0};

        if (sealed < 0)
                return false;
        message->msg_iov = NULL;
        message->msg_iovlen = 0;
        message->msg_control = &control;
        message->msg_controllen = sizeof control;
        struct cmsghdr *head = CMSG_FIRSTHDR(message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof sealed);
        memcpy(CMSG_DATA(head), &sealed, sizeof sealed);

        bool is_sent = send_message(fd, message, patience_ms);
        int number = errno;
        close(sealed);
        errno = number;
        return is_sent;
}

bool
log_journal_send(int fd, const char *path, const char *entry, size_t n, int patience_ms)
{
        struct sockaddr_un address;
        struct iovec data = {.iov_base = (void *)entry, .iov_len = n};
        struct msghdr message = {.msg_name = &address,
                                 .msg_namelen = sizeof address,
                                 .msg_iov = &data,
                                 .msg_iovlen = 1};

        if (!address_of(path, &address))
                return false;
        if (send_message(fd, &message, patience_ms))
                return true;
        return (errno == EMSGSIZE || errno == ENOBUFS) &&
               send_sealed(fd, &message, entry, n, patience_ms);
}

bool
log_journal_write(int fd, const char *path, const LogRecord *record, int patience_ms)
{
        const char priority[] = {(char)('0' + log_priority(record->level)), '\0'};
        char text[LOG_SOURCE_MAX + LOG_LINE_MAX + 2];
        LogLine entry;

        entry.n = 0;
        /* What is shown without asking for fields names its source, too. */
        g_strlcpy(text, record->source, LOG_SOURCE_MAX);
        g_strlcat(text, ": ", sizeof text);
        g_strlcat(text, record->text, sizeof text);
        append_field(&entry, "MESSAGE", text);
        append_field(&entry, "PRIORITY", priority);
        append_field(&entry, "SYSLOG_IDENTIFIER", IDENTIFIER);
        append_field(&entry, "MODULE", record->source);
        append_field(&entry, "HOST", record->about.host);
        append_field(&entry, "JID", record->about.jid);
        append_field(&entry, "SESSION", record->about.session);
        return log_journal_send(fd, path, entry.bytes, entry.n, patience_ms);
}

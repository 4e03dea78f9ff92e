/*
 * test_log_journal: the journal's native protocol, against a socket of the test's own.
 */
#include "core/log_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <motet/error.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log.h"

#define PATIENCE_MS 50

typedef struct {
        char *folder, *path;
        int journal; /* what the journal would read from */
        int fd;
} Fixture;

static void
listen_there(Fixture *f)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        g_strlcpy(address.sun_path, f->path, sizeof address.sun_path);
        f->journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(f->journal, (struct sockaddr *)&address, sizeof address), ==, 0);
}

static void
set_up(Fixture *f, const void *data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        f->folder = g_dir_make_tmp("motet-log-XXXXXX", NULL);
        f->path = g_build_filename(f->folder, "socket", NULL);
        listen_there(f);
        f->fd = log_journal_open(f->path, &error);
        g_assert_no_error(error);
        g_assert_cmpint(f->fd, >=, 0);
}

static void
tear_down(Fixture *f, const void *data)
{
        (void)data;
        close(f->fd);
        close(f->journal);
        g_unlink(f->path);
        g_rmdir(f->folder);
        g_free(f->path);
        g_free(f->folder);
}

/* Returns: bytes of the next entry, also when it came as a file; -1: none */
static ssize_t
receive(Fixture *f, char *entry, size_t size, bool *is_file_out)
{
        struct iovec data = {.iov_base = entry, .iov_len = size};
        union {
                struct cmsghdr head;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct msghdr message = {.msg_iov = &data,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof control};
        ssize_t n = recvmsg(f->journal, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        const struct cmsghdr *head = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
        int fd;

        *is_file_out = head != NULL;
        if (!head)
                return n;
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
        g_assert_cmpint(fcntl(fd, F_GET_SEALS), ==,
                        F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
        n = pread(fd, entry, size, 0);
        close(fd);
        return n;
}

static void
assert_bytes(const char *got, ssize_t n_got, const char *expected, size_t n)
{
        g_assert_cmpint(n_got, ==, (ssize_t)n);
        if (memcmp(got, expected, n) != 0)
                g_error("got %.*s, expected %s", (int)n_got, got, expected);
}

static void
assert_entry(Fixture *f, const char *expected, size_t n)
{
        char entry[8192];
        bool is_file;

        ssize_t got = receive(f, entry, sizeof entry, &is_file);
        g_assert_false(is_file);
        assert_bytes(entry, got, expected, n);
}

static void
test_fields(Fixture *f, const void *data)
{
        static const char expected[] = "MESSAGE=sasl: hello\nPRIORITY=6\nSYSLOG_IDENTIFIER=motetd\n"
                                       "MODULE=sasl\nHOST=a.example\nJID=b@a.example/c\n"
                                       "SESSION=0123\n";
        const LogRecord record = {.level = MOTET_LOG_INFO,
                                  .source = "sasl",
                                  .about = {"a.example", "b@a.example/c", "0123"},
                                  .text = "hello"};

        (void)data;
        g_assert_true(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
        assert_entry(f, expected, strlen(expected));
}

static void
test_what_is_unknown_is_left_out(Fixture *f, const void *data)
{
        static const char expected[] = "MESSAGE=loop: x\nPRIORITY=3\nSYSLOG_IDENTIFIER=motetd\n"
                                       "MODULE=loop\n";
        const LogRecord record = {.level = MOTET_LOG_ERROR, .source = "loop", .text = "x"};

        (void)data;
        g_assert_true(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
        assert_entry(f, expected, strlen(expected));
}

/* JOURNAL_NATIVE_PROTOCOL: a value with a line feed has its length before it: it adds no field. */
static void
test_a_line_feed_adds_no_field(Fixture *f, const void *data)
{
        static const char expected[] = "MESSAGE\n\x0e\0\0\0\0\0\0\0a: x\nMODULE=y1\nPRIORITY=7\n"
                                       "SYSLOG_IDENTIFIER=motetd\nMODULE=a\n"
                                       "JID\n\x03\0\0\0\0\0\0\0b\nc\n";
        const LogRecord record = {.level = MOTET_LOG_DEBUG,
                                  .source = "a",
                                  .about.jid = "b\nc",
                                  .text = "x\nMODULE=y1"};

        (void)data;
        g_assert_true(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
        assert_entry(f, expected, sizeof expected - 1);
}

/* The largest record still is one datagram, with everything that belongs to it. */
static void
test_the_longest_fits(Fixture *f, const void *data)
{
        g_autofree char *text = g_strnfill(LOG_LINE_MAX - 1, 'x');
        g_autofree char *source = g_strnfill(LOG_SOURCE_MAX - 1, 's');
        g_autofree char *host = g_strnfill(LOG_HOST_MAX - 1, 'h');
        g_autofree char *jid = g_strnfill(LOG_JID_MAX - 1, 'j');
        g_autofree char *session = g_strnfill(LOG_SESSION_MAX - 1, '0');
        const LogRecord record = {.level = MOTET_LOG_INFO,
                                  .source = source,
                                  .about = {host, jid, session},
                                  .text = text};
        g_autofree char *expected = g_strdup_printf(
                "MESSAGE=%s: %s\nPRIORITY=6\nSYSLOG_IDENTIFIER=motetd\nMODULE=%s\nHOST=%s\n"
                "JID=%s\nSESSION=%s\n",
                source, text, source, host, jid, session);

        (void)data;
        g_assert_true(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
        assert_entry(f, expected, strlen(expected));
}

/* JOURNAL_NATIVE_PROTOCOL: what is too large for a datagram comes as a sealed file. */
static void
test_large_entries_are_files(Fixture *f, const void *data)
{
        int size = 4096;
        size_t n = 64 * 1024;
        g_autofree char *large = g_strnfill(n, 'x');
        g_autofree char *got = g_malloc(2 * n);
        bool is_file;

        (void)data;
        g_assert_cmpint(setsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), ==, 0);
        g_assert_true(log_journal_send(f->fd, f->path, large, n, PATIENCE_MS));
        ssize_t n_got = receive(f, got, 2 * n, &is_file);
        g_assert_true(is_file);
        assert_bytes(got, n_got, large, n);
}

/* Nobody waits for a journal that does not read for longer than was said. */
static void
test_a_busy_journal_is_given_up(Fixture *f, const void *data)
{
        const LogRecord record = {.level = MOTET_LOG_INFO, .source = "a", .text = "x"};
        unsigned n = 0;

        (void)data;
        while (n < 100000 && log_journal_write(f->fd, f->path, &record, 0))
                n++;
        g_assert_cmpuint(n, >, 0);
        g_assert_cmpuint(n, <, 100000);
        g_assert_cmpint(errno, ==, EAGAIN);
        g_assert_false(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
}

/* A journal that was started anew is found again. */
static void
test_a_new_journal_is_found(Fixture *f, const void *data)
{
        static const char expected[] =
                "MESSAGE=a: x\nPRIORITY=6\nSYSLOG_IDENTIFIER=motetd\nMODULE=a\n";
        const LogRecord record = {.level = MOTET_LOG_INFO, .source = "a", .text = "x"};

        (void)data;
        close(f->journal);
        g_unlink(f->path);
        g_assert_false(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
        listen_there(f);
        g_assert_true(log_journal_write(f->fd, f->path, &record, PATIENCE_MS));
        assert_entry(f, expected, strlen(expected));
}

static void
test_missing_journal_is_an_error(Fixture *f, const void *data)
{
        g_autofree char *too_long = g_strnfill(200, '/');
        g_autoptr(GError) missing = NULL;
        g_autoptr(GError) long_name = NULL;

        (void)f;
        (void)data;
        g_assert_cmpint(log_journal_open("/nonexistent-folder/socket", &missing), ==, -1);
        g_assert_error(missing, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(missing->message, "/nonexistent-folder/socket"));
        g_assert_cmpint(log_journal_open(too_long, &long_name), ==, -1);
        g_assert_error(long_name, MOTET_ERROR, MOTET_ERROR_IO);
}

/* SECURITY-DEFAULTS R32: also in the journal a peer's text is escaped: it is shown on terminals. */
static void
test_lines_are_escaped(Fixture *f, const void *data)
{
        static const char expected[] = "MESSAGE=test: bad\\x0aPRIORITY=7\\x1b[0m\nPRIORITY=3\n"
                                       "SYSLOG_IDENTIFIER=motetd\nMODULE=test\n";
        const LogOutput output = {.target = "journal", .journal_socket = f->path};
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_true(log_set_output(&output, &error));
        g_assert_no_error(error);
        motet_error("bad\nPRIORITY=7\033[0m");
        assert_entry(f, expected, strlen(expected));
        g_assert_true(log_set_target("stderr", NULL));
}

#define ADD(path, func) g_test_add("/log_journal/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("fields", test_fields);
        ADD("what-is-unknown-is-left-out", test_what_is_unknown_is_left_out);
        ADD("a-line-feed-adds-no-field", test_a_line_feed_adds_no_field);
        ADD("the-longest-fits", test_the_longest_fits);
        ADD("large-entries-are-files", test_large_entries_are_files);
        ADD("a-busy-journal-is-given-up", test_a_busy_journal_is_given_up);
        ADD("a-new-journal-is-found", test_a_new_journal_is_found);
        ADD("missing-journal-is-an-error", test_missing_journal_is_an_error);
        ADD("lines-are-escaped", test_lines_are_escaped);
        return g_test_run();
}

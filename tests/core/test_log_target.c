/*
 * test_log_target: where lines go, by configuration and by what standard error is.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <motet/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/log.h"

#define NOON (INT64_C(1767268800) * G_USEC_PER_SEC) /* 2026-01-01T12:00:00Z */

typedef struct {
        char *folder, *path;
        int fd; /* of a journal */
} Fixture;

static void
set_up(Fixture *f, const void *data)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void)data;
        f->folder = g_dir_make_tmp("motet-log-XXXXXX", NULL);
        f->path = g_build_filename(f->folder, "place", NULL);
        g_strlcpy(address.sun_path, f->path, sizeof address.sun_path);
        f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(f->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
}

static void
tear_down(Fixture *f, const void *data)
{
        (void)data;
        close(f->fd);
        g_unlink(f->path);
        g_rmdir(f->folder);
        g_free(f->path);
        g_free(f->folder);
}

static const LogRecord hello = {
        .time = NOON, .level = MOTET_LOG_WARN, .source = "test", .text = "hello"};

static void
write_hello(const LogOutput *output)
{
        g_autoptr(GError) error = NULL;
        LogTarget *target = log_target_new(output, &error);

        g_assert_no_error(error);
        log_target_write(target, &hello, -1);
        log_target_unref(target);
}

static void
pretend_stderr_is_the_journal(void)
{
        struct stat st;

        g_assert_cmpint(fstat(STDERR_FILENO, &st), ==, 0);
        g_autofree char *stream =
                g_strdup_printf("%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
        g_setenv("JOURNAL_STREAM", stream, TRUE);
}

static void
assert_entry(Fixture *f, const char *expected)
{
        char entry[4096] = {0};

        g_assert_cmpint(recv(f->fd, entry, sizeof entry - 1, MSG_DONTWAIT), >, 0);
        g_assert_cmpstr(entry, ==, expected);
}

static const char hello_entry[] =
        "MESSAGE=test: hello\nPRIORITY=4\nSYSLOG_IDENTIFIER=motetd\nMODULE=test\n";

/* What @write_it writes to standard error in a process of its own. */
static void
assert_stderr(Fixture *f, void (*write_it)(Fixture *f), const char *pattern)
{
        if (g_test_subprocess()) {
                write_it(f);
                return;
        }
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr(pattern);
}

static void
write_auto_plain(Fixture *f)
{
        (void)f;
        g_unsetenv("JOURNAL_STREAM");
        write_hello(&(LogOutput){.target = "stderr"});
        write_hello(&(LogOutput){.target = "stderr", .format = LOG_FORMAT_TEXT});
}

static void
test_stderr_is_stamped(Fixture *f, const void *data)
{
        (void)data;
        assert_stderr(f, write_auto_plain,
                      "2026-01-01T12:00:00.000Z warn test: hello\n"
                      "2026-01-01T12:00:00.000Z warn test: hello\n*");
}

static void
write_json(Fixture *f)
{
        (void)f;
        g_unsetenv("JOURNAL_STREAM");
        write_hello(&(LogOutput){.target = "stderr", .format = LOG_FORMAT_JSON});
        pretend_stderr_is_the_journal();
        write_hello(&(LogOutput){.target = "stderr", .format = LOG_FORMAT_JSON});
}

static void
test_json_when_asked_for(Fixture *f, const void *data)
{
        (void)data;
        assert_stderr(f, write_json,
                      "{\"time\":\"2026-01-01T12:00:00.000000Z\",\"level\":\"warn\","
                      "\"module\":\"test\",\"message\":\"hello\"}\n<4>{*}\n*");
}

/* sd-daemon(3): what the journal reads from standard error has priorities, and its own time. */
static void
write_without_socket(Fixture *f)
{
        (void)f;
        pretend_stderr_is_the_journal();
        write_hello(&(LogOutput){.target = "stderr", .journal_socket = "/nonexistent-folder/s"});
        write_hello(&(LogOutput){.target = "stderr", .format = LOG_FORMAT_TEXT});
}

static void
test_stderr_of_the_journal_has_priorities(Fixture *f, const void *data)
{
        (void)data;
        assert_stderr(f, write_without_socket, "<4>test: hello\n<4>test: hello\n*");
}

/* The variable may be inherited by a program whose standard error was sent elsewhere. */
static void
write_with_foreign_variable(Fixture *f)
{
        g_setenv("JOURNAL_STREAM", "1:1", TRUE);
        write_hello(&(LogOutput){.target = "stderr", .journal_socket = f->path});
}

static void
test_stderr_of_something_else_is_stamped(Fixture *f, const void *data)
{
        (void)data;
        assert_stderr(f, write_with_foreign_variable,
                      "2026-01-01T12:00:00.000Z warn test: hello\n*");
}

static void
test_the_journal_is_found(Fixture *f, const void *data)
{
        (void)data;
        pretend_stderr_is_the_journal();
        write_hello(&(LogOutput){.target = "stderr", .journal_socket = f->path});
        assert_entry(f, hello_entry);
        g_unsetenv("JOURNAL_STREAM");
        write_hello(&(LogOutput){.target = "journal", .journal_socket = f->path});
        assert_entry(f, hello_entry);
        write_hello(&(LogOutput){
                .target = "stderr", .format = LOG_FORMAT_JOURNAL, .journal_socket = f->path});
        assert_entry(f, hello_entry);
}

/* A journal that went away does not take the lines with it. */
static void
lose_the_journal(Fixture *f)
{
        const LogOutput output = {.target = "journal", .journal_socket = f->path};
        LogTarget *target = log_target_new(&output, NULL);

        g_unsetenv("JOURNAL_STREAM");
        close(f->fd);
        g_unlink(f->path);
        log_target_write(target, &hello, -1);
        log_target_unref(target);
        f->fd = -1;
}

static void
test_lost_journal_falls_back_to_stderr(Fixture *f, const void *data)
{
        (void)data;
        assert_stderr(f, lose_the_journal, "2026-01-01T12:00:00.000Z warn test: hello\n*");
}

/* What standard error is a terminal of shows, without the line's end. */
static char *
write_to_terminal(void)
{
        int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        int saved = dup(STDERR_FILENO);
        char text[256] = {0};

        g_assert_cmpint(terminal, >=, 0);
        g_assert_cmpint(grantpt(terminal), ==, 0);
        g_assert_cmpint(unlockpt(terminal), ==, 0);
        int other = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
        g_assert_cmpint(dup2(other, STDERR_FILENO), ==, STDERR_FILENO);
        write_hello(&(LogOutput){.target = "stderr"});
        dup2(saved, STDERR_FILENO);

        g_assert_cmpint(read(terminal, text, sizeof text - 1), >, 0);
        close(other);
        close(terminal);
        close(saved);
        return g_strndup(text, strcspn(text, "\r\n"));
}

/* no-color.org: any value but none switches colours off. */
static void
test_terminals_have_colours(Fixture *f, const void *data)
{
        static const char plain[] = "2026-01-01T12:00:00.000Z warn test: hello";

        (void)f;
        (void)data;
        g_unsetenv("JOURNAL_STREAM");
        g_unsetenv("NO_COLOR");
        g_setenv("TERM", "xterm", TRUE);
        g_autofree char *coloured = write_to_terminal();
        g_assert_cmpstr(coloured, ==,
                        "\033[2m2026-01-01T12:00:00.000Z\033[0m \033[33mwarn\033[0m "
                        "test\033[2m\033[0m: hello");

        g_setenv("NO_COLOR", "", TRUE);
        g_autofree char *empty = write_to_terminal();
        g_assert_cmpstr(empty, ==, coloured);
        g_setenv("NO_COLOR", "1", TRUE);
        g_autofree char *refused = write_to_terminal();
        g_assert_cmpstr(refused, ==, plain);
        g_unsetenv("NO_COLOR");
        g_setenv("TERM", "dumb", TRUE);
        g_autofree char *dumb = write_to_terminal();
        g_assert_cmpstr(dumb, ==, plain);
}

static void
test_contradictions_are_refused(Fixture *f, const void *data)
{
        static const LogOutput outputs[] = {
                {.target = "relative/path"},
                {.target = "/tmp/x", .format = LOG_FORMAT_JOURNAL},
                {.target = "journal", .format = LOG_FORMAT_TEXT},
                {.target = "journal", .format = LOG_FORMAT_JSON},
        };

        (void)f;
        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(outputs); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_null(log_target_new(&outputs[i], &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
                g_assert_nonnull(strstr(error->message, outputs[i].target));
        }
}

/* Whoever gave us standard error may have made it one that does not wait: lines stay whole. */
static void
test_a_full_pipe_is_waited_for(Fixture *f, const void *data)
{
        int ends[2];
        g_autofree char *path = NULL;

        (void)f;
        (void)data;
        g_assert_cmpint(pipe2(ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
        path = g_strdup_printf("/dev/fd/%d", ends[1]);
        LogTarget *target = log_target_new(&(LogOutput){.target = path}, NULL);
        g_assert_nonnull(target);
        char filler[4096] = {0};
        while (write(ends[1], filler, sizeof filler) > 0)
                continue;

        log_target_write(target, &hello, 10);
        size_t n = 0;
        ssize_t got;
        while ((got = read(ends[0], filler, sizeof filler)) > 0)
                n += (size_t)got;
        g_assert_cmpuint(n % sizeof filler, ==, 0); /* nothing of a line that was given up */
        log_target_write(target, &hello, 10);
        g_assert_cmpint(read(ends[0], filler, sizeof filler), ==,
                        (ssize_t)strlen("2026-01-01T12:00:00.000Z warn test: hello\n"));
        log_target_unref(target);
        close(ends[0]);
        close(ends[1]);
}

#define ADD(path, func) g_test_add("/log_target/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("stderr-is-stamped", test_stderr_is_stamped);
        ADD("json-when-asked-for", test_json_when_asked_for);
        ADD("stderr-of-the-journal-has-priorities", test_stderr_of_the_journal_has_priorities);
        ADD("stderr-of-something-else-is-stamped", test_stderr_of_something_else_is_stamped);
        ADD("the-journal-is-found", test_the_journal_is_found);
        ADD("lost-journal-falls-back-to-stderr", test_lost_journal_falls_back_to_stderr);
        ADD("terminals-have-colours", test_terminals_have_colours);
        ADD("contradictions-are-refused", test_contradictions_are_refused);
        ADD("a-full-pipe-is-waited-for", test_a_full_pipe_is_waited_for);
        return g_test_run();
}

/*
 * program: a child process that speaks the protocol of ejabberd's external authentication.
 *
 * A question is two bytes of length, the greater one first, and so many bytes of text; an answer is
 * the two bytes of the length 2, and 0 or 1 in two bytes.
 */
#include "auth_external-private.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE (100 * G_TIME_SPAN_MILLISECOND)
#define GRACE_STEP (2 * G_TIME_SPAN_MILLISECOND)

struct Program {
        pid_t pid;
        int in;  /* its standard input; -1 once dismissed */
        int out; /* its standard output */
};

/* Starting */

/* What a process inherits is said, not left to chance: workers block signals, servers ignore
 * some. */
static int
spawn(const char *const *argv, int input, int output, pid_t *pid_out)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        /* The server is ready when it says so itself. */
        g_auto(GStrv) environment = g_environ_unsetenv(g_get_environ(), "NOTIFY_SOCKET");

        sigemptyset(&none);
        sigfillset(&all);
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
        posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        int failure = posix_spawn(pid_out, argv[0], &files, &attributes, (char *const *)argv,
                                  environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return failure;
}

static bool
open_pipe(int ends[2], GError **error)
{
        if (pipe2(ends, O_CLOEXEC) == 0)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "no pipe: %s", g_strerror(errno));
        return false;
}

static void
close_pipe(const int ends[2])
{
        close(ends[0]);
        close(ends[1]);
}

Program *
program_start(const char *const *argv, GError **error)
{
        int input[2], output[2];
        pid_t pid = 0;
        if (!open_pipe(input, error))
                return NULL;
        if (!open_pipe(output, error)) {
                close_pipe(input);
                return NULL;
        }

        int failure = spawn(argv, input[0], output[1], &pid);
        if (failure != 0) {
                close_pipe(input);
                close_pipe(output);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot be executed: %s",
                            g_strerror(failure));
                return NULL;
        }

        close(input[0]);
        close(output[1]);
        fcntl(input[1], F_SETFL, O_NONBLOCK);
        fcntl(output[0], F_SETFL, O_NONBLOCK);
        Program *program = g_new0(Program, 1);
        program->pid = pid;
        program->in = input[1];
        program->out = output[0];
        return program;
}

/* Asking */

/* Returns: > 0 when @fd is ready, 0 when it is not by @deadline */
static int
wait_for(int fd, short events, int64_t deadline)
{
        struct pollfd ready = {.fd = fd, .events = events};
        int64_t left = MAX(deadline - g_get_monotonic_time(), 0);
        int timeout_ms = (int)((left + G_TIME_SPAN_MILLISECOND - 1) / G_TIME_SPAN_MILLISECOND);

        return (int)TEMP_FAILURE_RETRY(poll(&ready, 1, timeout_ms));
}

/* A failure by which it can be told; PROGRAM_YES when there is none */
static ProgramAnswer
send_all(Program *program, const uint8_t *bytes, size_t n, int64_t deadline)
{
        while (n > 0) {
                if (wait_for(program->in, POLLOUT, deadline) <= 0)
                        return PROGRAM_SILENT;
                /* Worker threads block SIGPIPE, so that this fails instead. */
                ssize_t written = TEMP_FAILURE_RETRY(write(program->in, bytes, n));
                if (written < 0 && errno != EAGAIN)
                        return PROGRAM_ENDED;
                if (written > 0) {
                        bytes += written;
                        n -= (size_t)written;
                }
        }
        return PROGRAM_YES;
}

static ProgramAnswer
receive(Program *program, uint8_t *bytes, size_t n, int64_t deadline)
{
        while (n > 0) {
                if (wait_for(program->out, POLLIN, deadline) <= 0)
                        return PROGRAM_SILENT;
                ssize_t got = TEMP_FAILURE_RETRY(read(program->out, bytes, n));
                if (got == 0 || (got < 0 && errno != EAGAIN))
                        return PROGRAM_ENDED;
                if (got > 0) {
                        bytes += got;
                        n -= (size_t)got;
                }
        }
        return PROGRAM_YES;
}

ProgramAnswer
program_ask(Program *program, const char *question, size_t n, GTimeSpan timeout)
{
        int64_t deadline = g_get_monotonic_time() + timeout;
        const uint8_t length[2] = {(uint8_t)(n >> 8), (uint8_t)n};
        uint8_t answer[4];

        g_return_val_if_fail(n <= G_MAXUINT16, PROGRAM_CONFUSED);

        ProgramAnswer failure = send_all(program, length, sizeof length, deadline);
        if (failure == PROGRAM_YES)
                failure = send_all(program, (const uint8_t *)question, n, deadline);
        if (failure == PROGRAM_YES)
                failure = receive(program, answer, sizeof answer, deadline);
        if (failure != PROGRAM_YES)
                return failure;
        if (answer[0] != 0 || answer[1] != 2 || answer[2] != 0 || answer[3] > 1)
                return PROGRAM_CONFUSED;
        return answer[3] == 1 ? PROGRAM_YES : PROGRAM_NO;
}

bool
program_lasts(Program *program, GTimeSpan time)
{
        return wait_for(program->out, POLLIN, g_get_monotonic_time() + time) == 0;
}

/* Stopping */

void
program_dismiss(Program *program)
{
        if (program->in >= 0)
                close(program->in);
        program->in = -1;
}

static bool
has_ended(const Program *program)
{
        return TEMP_FAILURE_RETRY(waitpid(program->pid, NULL, WNOHANG)) != 0;
}

void
program_stop(Program *program)
{
        int64_t deadline = g_get_monotonic_time() + GRACE;

        if (!program)
                return;
        program_dismiss(program);
        close(program->out);

        bool ended = has_ended(program);
        while (!ended && g_get_monotonic_time() < deadline) {
                g_usleep(GRACE_STEP);
                ended = has_ended(program);
        }
        if (!ended) {
                kill(program->pid, SIGKILL);
                TEMP_FAILURE_RETRY(waitpid(program->pid, NULL, 0));
        }
        g_free(program);
}

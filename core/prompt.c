/*
 * prompt: passwords from a terminal or standard input, never from a command line.
 */
#include "core/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/control.h"

static char *
fail(GError **error, MotetError code, const char *name, const char *what)
{
        g_set_error(error, MOTET_ERROR, (int)code, "%s: %s", name, what);
        return NULL;
}

/* Byte by byte: what is behind the line is not ours. Returns: length, -1 on failure, @size when
 * it does not fit */
static ssize_t
read_bytes(int fd, char *buffer, size_t size)
{
        size_t n = 0;

        while (n < size) {
                ssize_t got = read(fd, buffer + n, 1);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -1;
                if (got == 0 || buffer[n] == '\n')
                        break;
                n++;
        }
        return (ssize_t)n;
}

static char *
take_line(const char *buffer, ssize_t n, const char *name, GError **error)
{
        if (n < 0)
                return fail(error, MOTET_ERROR_IO, name, g_strerror(errno));
        if (n == 0)
                return fail(error, MOTET_ERROR_USAGE, name, "it is empty");
        if ((size_t)n > PROMPT_SECRET_MAX)
                return fail(error, MOTET_ERROR_USAGE, name, "it is longer than 1023 bytes");
        if (memchr(buffer, '\0', (size_t)n) || !g_utf8_validate(buffer, n, NULL))
                return fail(error, MOTET_ERROR_USAGE, name, "it is not UTF-8 text");
        return g_strndup(buffer, (size_t)n);
}

char *
prompt_read_line(int fd, const char *name, GError **error)
{
        char buffer[PROMPT_SECRET_MAX + 1];
        ssize_t n = read_bytes(fd, buffer, sizeof buffer);
        char *line = take_line(buffer, n, name, error);

        OPENSSL_cleanse(buffer, sizeof buffer);
        return line;
}

static char *
ask_once(int tty, const char *question, const char *name, GError **error)
{
        dprintf(tty, "%s: ", question);
        char *answer = prompt_read_line(tty, name, error);
        dprintf(tty, "\n");
        return answer;
}

static char *
ask_twice(int tty, const char *name, GError **error)
{
        g_autofree char *first_question = g_strdup_printf("New %s", name);
        g_autofree char *second_question = g_strdup_printf("New %s again", name);
        char *first = ask_once(tty, first_question, name, error);
        char *second = first ? ask_once(tty, second_question, name, error) : NULL;
        bool is_same = first && second && strcmp(first, second) == 0;

        if (first && second && !is_same)
                fail(error, MOTET_ERROR_USAGE, name, "the two are not the same");
        control_wipe(second);
        if (is_same)
                return first;
        control_wipe(first);
        return NULL;
}

/* Signals wait until the terminal echoes again. */
char *
prompt_ask(const char *name, GError **error)
{
        struct termios shown, hidden;
        sigset_t held, before;
        int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

        if (tty < 0 || tcgetattr(tty, &shown) < 0) {
                if (tty >= 0)
                        close(tty);
                return fail(error, MOTET_ERROR_USAGE, name,
                            "there is no terminal to ask on: use --password-stdin");
        }
        sigemptyset(&held);
        sigaddset(&held, SIGINT);
        sigaddset(&held, SIGQUIT);
        sigaddset(&held, SIGTERM);
        sigaddset(&held, SIGTSTP);
        sigprocmask(SIG_BLOCK, &held, &before);
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(tty, TCSAFLUSH, &hidden);
        char *secret = ask_twice(tty, name, error);
        tcsetattr(tty, TCSAFLUSH, &shown);
        sigprocmask(SIG_SETMASK, &before, NULL);
        close(tty);
        return secret;
}

/*
 * control_client: the caller's side of the control socket, for motetctl.
 */
#include <errno.h>
#include <motet/error.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/control.h"
#include "core/descriptor.h"

#define CHUNK 4096

typedef void (*LineFunc)(void *data, bool is_error, const char *text);

static int
fail(GError **error, MotetError code, const char *path, const char *what)
{
        g_set_error(error, MOTET_ERROR, (int)code, "\"%s\": %s", path, what);
        return -1;
}

static int
open_socket(const char *path, GError **error)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (strlen(path) >= sizeof address.sun_path)
                return fail(error, MOTET_ERROR_MISSING, path,
                            "no server can answer at so long a path");
        memcpy(address.sun_path, path, strlen(path));

        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail(error, MOTET_ERROR_IO, path, g_strerror(errno));
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
                return fd;

        int number = errno;
        close(fd);
        if (number == ENOENT || number == ECONNREFUSED || number == ENOTDIR)
                return fail(error, MOTET_ERROR_MISSING, path, "no server answers there");
        if (number == EACCES)
                return fail(error, MOTET_ERROR_IO, path,
                            "not allowed: only root and the server's own user may give commands");
        return fail(error, MOTET_ERROR_IO, path, g_strerror(number));
}

/* A server that refuses may answer without having read: that is no failure to write. @handed (take)
 * goes with it; -1: none */
static void
send_request(int fd, const char *request, int handed)
{
        size_t n = strlen(request);

        while (n > 0) {
                ssize_t sent = descriptor_send(fd, request, n, handed);
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        break;
                request += sent;
                n -= (size_t)sent;
                if (handed >= 0)
                        close(g_steal_fd(&handed));
        }
        if (handed >= 0)
                close(handed);
}

static int
next_of(const ControlHands *hands)
{
        return hands ? hands->next(hands->data) : -1;
}

/* Returns: the exit code when @words are the last line, else -1. */
static int
take_line(char **words, LineFunc line, void *data)
{
        uint64_t code;

        if (!words[0] || !words[1] || words[2])
                return -1;
        if (strcmp(words[0], "exit") == 0)
                return g_ascii_string_to_unsigned(words[1], 10, 0, 255, &code, NULL) ? (int)code
                                                                                     : -1;
        line(data, strcmp(words[0], "err") == 0, words[1]);
        return -1;
}

/* Takes whole lines from the front of @text. Returns: as take_line() */
static int
take_lines(GString *text, LineFunc line, void *data)
{
        const char *end;
        int code = -1;

        while (code < 0 && (end = memchr(text->str, '\n', text->len)) != NULL) {
                size_t n = (size_t)(end - text->str) + 1;
                g_auto(GStrv) words = control_decode_words(text->str, n);
                g_string_erase(text, 0, (gssize)n);
                if (words)
                        code = take_line(words, line, data);
        }
        return code;
}

/* Waits for a part of the answer, handing over meanwhile what there is. Returns: false when no more
 * comes */
static bool
receive(int fd, const ControlHands *hands, GString *text)
{
        const int interval = hands ? CONTROL_HANDS_INTERVAL / G_TIME_SPAN_MILLISECOND : -1;
        struct pollfd server = {.fd = fd, .events = POLLIN};
        char chunk[CHUNK];
        int n_ready;

        while ((n_ready = poll(&server, 1, interval)) <= 0) {
                int handed = n_ready == 0 ? next_of(hands) : -1;
                if (n_ready < 0 && errno != EINTR)
                        return false;
                if (handed >= 0)
                        send_request(fd, "\n", handed);
        }
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n > 0)
                g_string_append_len(text, chunk, n);
        return n > 0 || (n < 0 && errno == EINTR);
}

static int
read_answer(int fd, const ControlHands *hands, LineFunc line, void *data)
{
        g_autoptr(GString) text = g_string_new(NULL);
        int code = -1;

        while (code < 0 && receive(fd, hands, text))
                code = take_lines(text, line, data);
        return code;
}

int
control_call_handing(const char *path, const char *const *words, const ControlHands *hands,
                     LineFunc line, void *data, GError **error)
{
        int fd = open_socket(path, error);
        if (fd < 0)
                return -1;

        char *request = control_encode_words(words);
        send_request(fd, request, next_of(hands));
        control_wipe(request);
        int code = read_answer(fd, hands, line, data);
        close(fd);
        if (code < 0)
                fail(error, MOTET_ERROR_IO, path, "the server went away without an answer");
        return code;
}

int
control_call(const char *path, const char *const *words, LineFunc line, void *data, GError **error)
{
        return control_call_handing(path, words, NULL, line, data, error);
}

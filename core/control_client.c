/*
 * control_client: the caller's side of the control socket, for motetctl.
 */
#include <errno.h>
#include <motet/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/control.h"

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

/* A server that refuses may answer without having read: that is no failure to write. */
static void
send_request(int fd, const char *request)
{
        size_t n = strlen(request);

        while (n > 0) {
                ssize_t sent = send(fd, request, n, MSG_NOSIGNAL);
                if (sent < 0 && errno == EINTR)
                        continue;
                if (sent <= 0)
                        return;
                request += sent;
                n -= (size_t)sent;
        }
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

static int
read_answer(FILE *stream, LineFunc line, void *data)
{
        char *text = NULL;
        size_t size = 0;
        ssize_t n;
        int code = -1;

        while (code < 0 && (n = getline(&text, &size, stream)) > 0) {
                g_auto(GStrv) words = control_decode_words(text, (size_t)n);
                if (words)
                        code = take_line(words, line, data);
        }
        free(text);
        return code;
}

int
control_call(const char *path, const char *const *words, LineFunc line, void *data, GError **error)
{
        int fd = open_socket(path, error);
        if (fd < 0)
                return -1;

        char *request = control_encode_words(words);
        send_request(fd, request);
        control_wipe(request);

        FILE *stream = fdopen(fd, "r");
        if (!stream) {
                close(fd);
                return fail(error, MOTET_ERROR_IO, path, "out of memory");
        }
        int code = read_answer(stream, line, data);
        fclose(stream);
        if (code < 0)
                fail(error, MOTET_ERROR_IO, path, "the server went away without an answer");
        return code;
}

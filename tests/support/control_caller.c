/*
 * control_caller: who asks a server of the same process by its control socket.
 */
#include "support/control_caller.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
control_caller_call(const char *path, const char *request, size_t n)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_cmpuint(strlen(path), <, sizeof address.sun_path);
        memcpy(address.sun_path, path, strlen(path));
        g_assert_cmpint(connect(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
        g_assert_cmpint(send(fd, request, n, MSG_NOSIGNAL), ==, (ssize_t)n);
        return fd;
}

char *
control_caller_hear(Loop *loop, int fd)
{
        GString *text = g_string_new(NULL);
        char buffer[4096];
        ssize_t n;

        while ((n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) != 0) {
                if (n > 0)
                        g_string_append_len(text, buffer, n);
                else if (errno == EAGAIN)
                        loop_turn(loop, true);
                else
                        break;
        }
        close(fd);
        return g_string_free(text, FALSE);
}

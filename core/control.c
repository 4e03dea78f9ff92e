/*
 * control: the server's side of the control socket.
 *
 * A connection's words are one command; its output is sent as the peer reads. A caller that goes
 * away does not stop its command, which may ask whether it is still there.
 */
#include "core/control.h"

#include <errno.h>
#include <motet/error.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/command.h"
#include "core/descriptor.h"

#define RETRY_AFTER G_TIME_SPAN_SECOND /* when there was no descriptor for a caller */
#define HANDED_MAX 16                  /* descriptors taken at once, of which the last is kept */
#define LAST_WORDS_MS 1000             /* how long control_free() waits for a caller to read */

struct Control {
        Server *server;
        Loop *loop;
        char *path;
        struct stat file; /* of the socket we made: only that one is removed in the end */
        LoopWatch watch;  /* of the listening socket */
        LoopTimer retry;  /* listens again when there may be descriptors again */
        List clients;     /* head of Client by link */
        unsigned n_clients;
};

typedef struct {
        List link;
        Control *control;
        LoopWatch watch;
        LoopTimer timer; /* until the request is complete */
        char *request;   /* of CONTROL_REQUEST_MAX bytes; wiped, it may hold a password */
        size_t n_request;
        int handed;       /* (own) the last descriptor it has handed over; -1: none */
        GString *answer;  /* not yet taken by the peer */
        bool is_running;  /* its command has not ended yet */
        bool is_answered; /* the answer is complete: closed when it is sent */
        bool is_gone;     /* no socket any more; freed when the command has ended */
} Client;

static void
drop_request(Client *client)
{
        if (client->request)
                OPENSSL_cleanse(client->request, CONTROL_REQUEST_MAX);
        g_clear_pointer(&client->request, g_free);
}

/* Takes @fd, or -1. */
static void
keep_handed(Client *client, int fd)
{
        if (client->handed >= 0)
                close(client->handed);
        client->handed = fd;
}

static void
client_close(Client *client)
{
        Control *control = client->control;

        loop_timer_cancel(control->loop, &client->timer);
        if (!client->is_gone) {
                loop_watch(control->loop, &client->watch, 0, NULL);
                close(client->watch.fd);
                keep_handed(client, -1);
                client->is_gone = true;
        }
        if (client->is_running)
                return;
        list_unlink(&client->link);
        control->n_clients--;
        drop_request(client);
        g_string_free(client->answer, TRUE);
        g_free(client);
}

/* Sends what the socket takes. Returns: false when the peer is gone */
static bool
flush(Client *client)
{
        GString *answer = client->answer;

        while (answer->len > 0) {
                ssize_t n = send(client->watch.fd, answer->str, answer->len,
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN;
                g_string_erase(answer, 0, n);
        }
        return true;
}

/* Sends, then waits for what is due next, or closes. */
static void
advance(Client *client)
{
        uint32_t events = client->answer->len > 0 ? EPOLLOUT : 0;

        if (client->is_gone)
                return;
        if (!client->is_running && !client->is_answered)
                events |= EPOLLIN;
        if (client->is_answered && client->answer->len == 0)
                client_close(client);
        else if (!loop_watch(client->control->loop, &client->watch, events, NULL))
                client_close(client);
}

static void
append_line(Client *client, const char *tag, const char *text)
{
        const char *const words[] = {tag, text, NULL};
        g_autofree char *line = control_encode_words(words);

        if (client->is_gone)
                return;
        g_string_append(client->answer, line);
        if (client->answer->len <= CONTROL_ANSWER_MAX)
                return;
        motet_warn("a caller on the control socket does not read its answer: cut off");
        client_close(client);
}

static void
tell_line(void *data, const char *text)
{
        Client *client = data;

        append_line(client, "out", text);
        if (!(client->watch.events & EPOLLOUT))
                advance(client);
}

static void
tell_end(void *data, int exit_code, const char *error_text)
{
        Client *client = data;
        g_autofree char *code = g_strdup_printf("%d", exit_code);

        if (error_text)
                append_line(client, "err", error_text);
        append_line(client, "exit", code);
        client->is_running = false;
        client->is_answered = true;
        if (client->is_gone) {
                client_close(client);
                return;
        }
        if (flush(client))
                advance(client);
        else
                client_close(client);
}

/* Who has hung up reads nothing any more; who only has nothing more to say may. */
static int64_t
count_unread(void *data)
{
        const Client *client = data;
        struct pollfd peer = {.fd = client->watch.fd};

        if (client->is_gone)
                return -1;
        if (poll(&peer, 1, 0) > 0 && (peer.revents & (POLLHUP | POLLERR)))
                return -1;
        return (int64_t)client->answer->len;
}

/* The bytes that bring them say nothing. */
static int
take_handed(void *data)
{
        Client *client = data;
        char bytes[64];
        int fd;

        for (unsigned i = 0; i < HANDED_MAX && !client->is_gone; i++) {
                if (descriptor_receive(client->watch.fd, bytes, sizeof bytes, &fd) <= 0)
                        break;
                if (fd >= 0)
                        keep_handed(client, fd);
        }
        return g_steal_fd(&client->handed);
}

static const CommandOwner command_owner = {
        .line = tell_line, .ended = tell_end, .unread = count_unread, .handed = take_handed};

static void
refuse(Client *client, int exit_code, const char *text)
{
        loop_timer_cancel(client->control->loop, &client->timer);
        drop_request(client);
        tell_end(client, exit_code, text);
}

static void
wipe_words(char **words)
{
        for (char **word = words; *word; word++)
                OPENSSL_cleanse(*word, strlen(*word));
        g_strfreev(words);
}

static void
run_request(Client *client, size_t n)
{
        char **words = control_decode_words(client->request, n);

        if (!words) {
                refuse(client, 64, "the request is malformed");
                return;
        }
        loop_timer_cancel(client->control->loop, &client->timer);
        drop_request(client);
        loop_watch(client->control->loop, &client->watch, 0, NULL);
        client->is_running = true;
        command_run(client->control->server, (const char *const *)words, &command_owner, client);
        wipe_words(words);
}

static void
read_request(Client *client)
{
        size_t space = CONTROL_REQUEST_MAX - client->n_request;
        char *start = client->request + client->n_request;
        int handed;
        ssize_t n = descriptor_receive(client->watch.fd, start, space, &handed);

        if (handed >= 0)
                keep_handed(client, handed);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                client_close(client);
                return;
        }

        const char *end = memchr(start, '\n', (size_t)n);
        client->n_request += (size_t)n;
        if (end)
                run_request(client, (size_t)(end - client->request) + 1);
        else if (client->n_request == CONTROL_REQUEST_MAX)
                refuse(client, 64, "the request is longer than 64 KiB");
}

static void
on_client(LoopWatch *watch, uint32_t events)
{
        Client *client = CONTAINER_OF(watch, Client, watch);

        if (events & EPOLLOUT) {
                if (flush(client))
                        advance(client);
                else
                        client_close(client);
                return;
        }
        /* Whoever has said all has hung up. */
        if (client->request)
                read_request(client);
        else
                client_close(client);
}

static void
on_request_timeout(LoopTimer *timer)
{
        refuse(CONTAINER_OF(timer, Client, timer), 64, "no request came in time");
}

static Client *
client_new(Control *control, int fd)
{
        Client *client = g_new0(Client, 1);

        client->control = control;
        client->handed = -1;
        client->watch.fd = fd;
        client->watch.func = on_client;
        client->timer.func = on_request_timeout;
        client->request = g_malloc0(CONTROL_REQUEST_MAX);
        client->answer = g_string_new(NULL);
        list_append(&control->clients, &client->link);
        control->n_clients++;
        return client;
}

/* Root and the server's own user may do with the server what they like anyway. */
static bool
is_allowed(int fd)
{
        struct ucred peer;
        socklen_t n = sizeof peer;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
                return false;
        return peer.uid == 0 || peer.uid == geteuid();
}

static void
listen_again(LoopTimer *timer)
{
        Control *control = CONTAINER_OF(timer, Control, retry);

        loop_watch(control->loop, &control->watch, EPOLLIN, NULL);
}

/* Without a descriptor to give it, a connection stays ready to be accepted: waiting for it
 * would be spinning. */
static void
pause_listening(Control *control, int number)
{
        if (number != EMFILE && number != ENFILE && number != ENOBUFS && number != ENOMEM)
                return;
        motet_warn("a command cannot be taken: %s", g_strerror(number));
        loop_watch(control->loop, &control->watch, 0, NULL);
        loop_timer_arm(control->loop, &control->retry, RETRY_AFTER);
}

static void
on_connection(LoopWatch *watch, uint32_t events)
{
        Control *control = CONTAINER_OF(watch, Control, watch);
        int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        (void)events;
        if (fd < 0) {
                pause_listening(control, errno);
                return;
        }

        bool is_full = control->n_clients >= CONTROL_CLIENTS_MAX;
        Client *client = client_new(control, fd);
        if (!is_allowed(fd)) {
                refuse(client, 77, "only root and the server's own user may give commands");
                return;
        }
        if (is_full) {
                refuse(client, 75, "too many commands are running: try again later");
                return;
        }
        loop_timer_arm(control->loop, &client->timer, CONTROL_REQUEST_TIME);
        advance(client);
}

/* Making the socket */

static bool
fail(GError **error, const char *path, const char *what)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "control socket \"%s\": %s", path, what);
        return false;
}

static bool
fill_address(struct sockaddr_un *address, const char *path, GError **error)
{
        if (strlen(path) >= sizeof address->sun_path)
                return fail(
                        error, path,
                        "its path is longer than 107 bytes: choose a shorter \"control_socket\"");
        *address = (struct sockaddr_un){.sun_family = AF_UNIX};
        memcpy(address->sun_path, path, strlen(path));
        return true;
}

/* Removes a socket that a server left behind; false when one answers there, or it is something
 * else. */
static bool
remove_stale(const struct sockaddr_un *address, GError **error)
{
        struct stat file;

        if (lstat(address->sun_path, &file) < 0)
                return errno == ENOENT || fail(error, address->sun_path, g_strerror(errno));
        if (!S_ISSOCK(file.st_mode))
                return fail(error, address->sun_path, "something else has that name: remove it");

        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fail(error, address->sun_path, g_strerror(errno));
        int number = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0;
        close(fd);
        if (number != ECONNREFUSED)
                return fail(error, address->sun_path,
                            number == 0 || number == EAGAIN
                                    ? "another server answers there: stop it first"
                                    : g_strerror(number));
        if (unlink(address->sun_path) < 0)
                return fail(error, address->sun_path, g_strerror(errno));
        return true;
}

static bool
bind_socket(int fd, const struct sockaddr_un *address, GError **error)
{
        mode_t mask = umask(0177); /* mode 0600 from the first moment on */
        int number = bind(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0;

        umask(mask);
        if (number != 0)
                return fail(error, address->sun_path, g_strerror(number));
        if (listen(fd, CONTROL_CLIENTS_MAX) < 0)
                return fail(error, address->sun_path, g_strerror(errno));
        return true;
}

Control *
control_new(Server *server, const char *path, GError **error)
{
        struct sockaddr_un address;

        if (!fill_address(&address, path, error) || !remove_stale(&address, error))
                return NULL;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
                fail(error, path, g_strerror(errno));
                return NULL;
        }

        Control *control = g_new0(Control, 1);
        control->server = server;
        control->loop = server_base(server)->loop;
        control->watch.fd = fd;
        control->watch.func = on_connection;
        control->retry.func = listen_again;
        list_init(&control->clients);
        if (!bind_socket(fd, &address, error)) {
                control_free(control);
                return NULL;
        }
        control->path = g_strdup(path);
        if (lstat(path, &control->file) < 0) {
                fail(error, path, g_strerror(errno));
                control_free(control);
                return NULL;
        }
        if (!loop_watch(control->loop, &control->watch, EPOLLIN, error)) {
                control_free(control);
                return NULL;
        }
        return control;
}

/* The server has stopped: the loop does not turn any more, so the rest is said here. */
static void
say_last_words(Client *client)
{
        struct pollfd wait = {.fd = client->watch.fd, .events = POLLOUT};

        while (!client->is_gone && client->answer->len > 0 && flush(client) &&
               client->answer->len > 0) {
                if (poll(&wait, 1, LAST_WORDS_MS) <= 0)
                        return;
        }
}

void
control_free(Control *control)
{
        struct stat file;

        if (!control)
                return;
        while (!list_is_empty(&control->clients)) {
                Client *client = CONTAINER_OF(control->clients.next, Client, link);
                g_assert(!client->is_running);
                say_last_words(client);
                client_close(client);
        }
        loop_timer_cancel(control->loop, &control->retry);
        loop_watch(control->loop, &control->watch, 0, NULL);
        close(control->watch.fd);
        if (control->path && lstat(control->path, &file) == 0 &&
            file.st_dev == control->file.st_dev && file.st_ino == control->file.st_ino)
                unlink(control->path);
        g_free(control->path);
        g_free(control);
}

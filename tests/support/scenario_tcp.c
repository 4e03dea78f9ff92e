/*
 * scenario_tcp: connections with OpenSSL's own client.
 */
#include "support/scenario_tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <motet/error.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/scenario_daemon.h"

#define TIMEOUT_US                                                                                 \
        (60 *                                                                                      \
         G_TIME_SPAN_SECOND) /* of anything the server should do: only a failure takes so long */
#define ALPN "\x0bxmpp-client"
#define N_ROUNDS 4 /* of the store: as many writes may follow from each other */

typedef struct {
        ScenarioDaemon *daemon;
        int fd;
        SSL *ssl;    /* NULL in clear */
        GString *in; /* received and not told yet */
        bool ended;
} Connection;

/* The server */

static void *
new_server(const ScenarioPlaces *places, GError **error)
{
        return scenario_daemon_new(places, error);
}

static void
free_server(void *server)
{
        scenario_daemon_free(server);
}

static bool
start(void *server, const ScenarioSetup *setup, GError **error)
{
        return scenario_daemon_start(server, setup, error);
}

static void
stop(void *server)
{
        scenario_daemon_stop(server);
}

static bool
await_end(void *server, GError **error)
{
        return scenario_daemon_await_end(server, error);
}

static bool
kill_server(void *server, GError **error)
{
        return scenario_daemon_kill(server, error);
}

static bool
reload(void *server, const ScenarioSetup *setup, GError **error)
{
        return scenario_daemon_reload(server, setup, error);
}

/* The accounts are read from the store, which works in order: what was to be written before is
 * written then. The server has read from all connections meanwhile, too. */
static bool
settle(void *server, GError **error)
{
        const char *const words[] = {"user", "list", NULL};
        g_autoptr(GString) output = g_string_new(NULL);

        for (int i = 0; i < N_ROUNDS; i++) {
                if (scenario_daemon_ask(server, words, output, error) < 0)
                        return false;
        }
        return true;
}

static int
command(void *server, char **words, GString *output, GError **error)
{
        return scenario_daemon_command(server, words, output, error);
}

static char *
get_log(void *server)
{
        return scenario_daemon_log(server);
}

/* Connections */

static bool
fail(GError **error, const char *what)
{
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_IO, what);
        return false;
}

/* Returns: false when nothing happened until @deadline. */
static bool
wait_for(const Connection *connection, short events, int64_t deadline)
{
        struct pollfd ready = {.fd = connection->fd, .events = events};
        int64_t left = deadline - g_get_monotonic_time();

        return left > 0 && poll(&ready, 1, (int)(left / 1000) + 1) != 0;
}

/* The events after which what OpenSSL could not do is to be tried again; 0 when it never will
 * be. */
static short
events_for(const Connection *connection, int result)
{
        switch (SSL_get_error(connection->ssl, result)) {
        case SSL_ERROR_WANT_READ:
                return POLLIN;
        case SSL_ERROR_WANT_WRITE:
                return POLLOUT;
        default:
                ERR_clear_error();
                return 0;
        }
}

/* Returns: bytes, 0 when there are none now; ended is set when there will be none. */
static size_t
read_some(Connection *connection, char *buffer, size_t size)
{
        if (connection->ssl) {
                size_t n = 0;
                int result = SSL_read_ex(connection->ssl, buffer, size, &n);
                if (result != 1 && events_for(connection, result) == 0)
                        connection->ended = true;
                return result == 1 ? n : 0;
        }

        ssize_t n = recv(connection->fd, buffer, size, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
                connection->ended = true;
        return n > 0 ? (size_t)n : 0;
}

static void
read_all(Connection *connection)
{
        char buffer[16384];
        size_t n;

        while (!connection->ended && (n = read_some(connection, buffer, sizeof buffer)) > 0)
                g_string_append_len(connection->in, buffer, (gssize)n);
}

/* Returns: bytes, 0 when none is taken now. */
static size_t
write_some(Connection *connection, const char *bytes, size_t n)
{
        if (connection->ssl) {
                size_t written = 0;
                int result = SSL_write_ex(connection->ssl, bytes, n, &written);
                if (result != 1 && events_for(connection, result) == 0)
                        connection->ended = true;
                return result == 1 ? written : 0;
        }

        ssize_t written = send(connection->fd, bytes, n, MSG_NOSIGNAL);
        if (written < 0 && errno != EAGAIN && errno != EINTR)
                connection->ended = true;
        return written > 0 ? (size_t)written : 0;
}

/* Reads meanwhile: a server that has closed reads no more, and says so. */
static void
send_bytes(void *data, const char *bytes, size_t n)
{
        Connection *connection = data;
        int64_t deadline = g_get_monotonic_time() + TIMEOUT_US;

        while (n > 0 && !connection->ended) {
                size_t written = write_some(connection, bytes, n);
                bytes += written;
                n -= written;
                if (written > 0)
                        continue;
                read_all(connection);
                if (!connection->ended && !wait_for(connection, POLLIN | POLLOUT, deadline))
                        return;
        }
}

static ScenarioRead
receive(void *data, GString *out, bool wait)
{
        Connection *connection = data;
        int64_t deadline = g_get_monotonic_time() + TIMEOUT_US;

        read_all(connection);
        while (wait && connection->in->len == 0 && !connection->ended &&
               wait_for(connection, POLLIN, deadline))
                read_all(connection);
        if (connection->in->len == 0)
                return connection->ended ? SCENARIO_READ_END : SCENARIO_READ_NOTHING;

        g_string_append_len(out, connection->in->str, (gssize)connection->in->len);
        g_string_truncate(connection->in, 0);
        return SCENARIO_READ_MORE;
}

static void
close_connection(void *data)
{
        Connection *connection = data;

        if (connection->ssl)
                SSL_free(connection->ssl);
        close(connection->fd);
        g_string_free(connection->in, TRUE);
        g_free(connection);
}

/* TLS */

static SSL *
new_ssl(const Connection *connection, const char *domain)
{
        g_autofree char *certificate = scenario_daemon_certificate(connection->daemon, domain);
        SSL_CTX *context = SSL_CTX_new(TLS_client_method());

        SSL_CTX_load_verify_file(context, certificate);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
        SSL *ssl = SSL_new(context);
        SSL_CTX_free(context);
        SSL_set_fd(ssl, connection->fd);
        SSL_set1_host(ssl, domain);
        SSL_set_tlsext_host_name(ssl, domain);
        return ssl;
}

static bool
handshake(Connection *connection, const char *domain, bool with_alpn, GError **error)
{
        int64_t deadline = g_get_monotonic_time() + TIMEOUT_US;
        int result;

        connection->ssl = new_ssl(connection, domain);
        if (with_alpn)
                SSL_set_alpn_protos(connection->ssl, (const unsigned char *)ALPN, sizeof ALPN - 1);
        while ((result = SSL_connect(connection->ssl)) != 1) {
                short events = events_for(connection, result);
                if (events == 0)
                        return fail(error, "TLS failed");
                if (!wait_for(connection, events, deadline))
                        return fail(error, "TLS takes too long");
        }
        return true;
}

static bool
secure(void *data, const char *domain, GError **error)
{
        Connection *connection = data;

        if (connection->ssl)
                return fail(error, "there is TLS already");
        return handshake(connection, domain, false, error);
}

static int
open_socket(uint16_t port, GError **error)
{
        const struct sockaddr_in address = {
                .sin_family = AF_INET,
                .sin_port = htons(port),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
                return fd;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "cannot connect to port %u: %s", port,
                    g_strerror(errno));
        close(fd);
        return -1;
}

static void *
connect_to(void *server, const char *domain, bool in_clear, GError **error)
{
        int fd = open_socket(scenario_daemon_port(server, !in_clear), error);
        if (fd < 0)
                return NULL;

        signal(SIGPIPE, SIG_IGN);
        Connection *connection = g_new0(Connection, 1);
        connection->daemon = server;
        connection->fd = fd;
        connection->in = g_string_new(NULL);
        if (!in_clear && !handshake(connection, domain, true, error)) {
                close_connection(connection);
                return NULL;
        }
        return connection;
}

const ScenarioTransport scenario_tcp = {
        .new = new_server,
        .free = free_server,
        .start = start,
        .stop = stop,
        .await_end = await_end,
        .kill = kill_server,
        .reload = reload,
        .settle = settle,
        .command = command,
        .log = get_log,
        .connect = connect_to,
        .close = close_connection,
        .secure = secure,
        .send = send_bytes,
        .receive = receive,
};

/*
 * bench_relay: the least a server can take: epoll_wait, recv, looking up who it is for, send. One
 * thread.
 *
 * It answers just enough XMPP for a load generator to take it for a server, and checks nothing: for
 * loopback only. What it forwards it does not change, so stanzas arrive without `from`. "ready" on
 * standard output: it listens. SIGTERM ends it.
 */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define EVENTS_MAX 256
#define DESCRIPTORS 65536
#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"

typedef struct {
        int port, tls_port, roster;
        char *certificate, *key, *host;
} Options;

/* What epoll names is a RelayConn, or one of these. */
typedef struct {
        int plain, tls, stop;
} Sources;

G_GNUC_PRINTF(1, 2)
static G_NORETURN void
fail(const char *format, ...)
{
        va_list list;

        va_start(list, format);
        g_autofree char *text = g_strdup_vprintf(format, list);
        va_end(list);
        fprintf(stderr, "bench_relay: %s\n", text);
        exit(EXIT_FAILURE);
}

static void
parse_options(Options *options, int argc, char **argv)
{
        const GOptionEntry entries[] = {
                {"port", 0, 0, G_OPTION_ARG_INT, &options->port,
                 "Port for streams that begin in clear", "N"},
                {"tls-port", 0, 0, G_OPTION_ARG_INT, &options->tls_port,
                 "Port for streams inside TLS", "N"},
                {"certificate", 0, 0, G_OPTION_ARG_FILENAME, &options->certificate,
                 "Certificate, PEM", "FILE"},
                {"key", 0, 0, G_OPTION_ARG_FILENAME, &options->key, "Its key, PEM", "FILE"},
                {"host", 0, 0, G_OPTION_ARG_STRING, &options->host, "Domain of the addresses",
                 "NAME"},
                {"roster", 0, 0, G_OPTION_ARG_INT, &options->roster, "Contacts in every roster",
                 "N"},
                G_OPTION_ENTRY_NULL};
        g_autoptr(GOptionContext) context = g_option_context_new(NULL);
        g_autoptr(GError) error = NULL;

        g_option_context_add_main_entries(context, entries, NULL);
        if (!g_option_context_parse(context, &argc, &argv, &error))
                fail("%s", error->message);
        if (argc > 1)
                fail("\"%s\" is not understood", argv[1]);
        if (!options->certificate != !options->key)
                fail("--certificate and --key go together");
        if (options->tls_port && !options->certificate)
                fail("--tls-port needs --certificate and --key");
        if (options->port < 1 || options->port > UINT16_MAX || options->tls_port < 0 ||
            options->tls_port > UINT16_MAX)
                fail("--port and --tls-port are from 1 to 65535, and --port is needed");
        if (options->roster < 0 || options->roster > 100000)
                fail("--roster is from 0 to 100000");
}

/* As core/tls.c has it, so that both seal with the same ciphers. */
static SSL_CTX *
context_new(const char *certificate, const char *key)
{
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());

        if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
            SSL_CTX_set_cipher_list(context, CIPHERS_1_2) != 1 ||
            SSL_CTX_set1_groups_list(context, GROUPS) != 1 ||
            SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
                fail("TLS: %s", ERR_error_string(ERR_get_error(), NULL));
        SSL_CTX_set_options(context,
                            SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        /* A record comes with one read instead of two. */
        SSL_CTX_set_read_ahead(context, 1);
        return context;
}

static int
listen_on(int port)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int on = 1;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
            bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
            listen(fd, BACKLOG) < 0)
                fail("port %d: %s", port, g_strerror(errno));
        return fd;
}

static int
catch_sigterm(void)
{
        sigset_t signals;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        signal(SIGPIPE, SIG_IGN);
        int fd = sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ? -1
                                                            : signalfd(-1, &signals, SFD_CLOEXEC);
        if (fd < 0)
                fail("signalfd: %s", g_strerror(errno));
        return fd;
}

static void
raise_descriptors(void)
{
        struct rlimit limit, wanted = {DESCRIPTORS, DESCRIPTORS};

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS)
                return;
        if (limit.rlim_max < DESCRIPTORS && setrlimit(RLIMIT_NOFILE, &wanted) == 0)
                return;
        wanted.rlim_cur = wanted.rlim_max = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &wanted);
}

static void
watch(const Relay *relay, int *source)
{
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

        if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, *source, &event) < 0)
                fail("epoll_ctl: %s", g_strerror(errno));
}

static void
accept_all(Relay *relay, int listener, bool is_tls)
{
        int on = 1;

        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
                        continue;
                if (fd < 0 && errno == EAGAIN)
                        return;
                /* It would be tried for ever, and the figures worth nothing. */
                if (fd < 0)
                        fail("accept with %" G_GUINT64_FORMAT " connections: %s",
                             relay->n_connections, g_strerror(errno));
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                relay_conn_open(relay, fd, is_tls);
        }
}

/* Until SIGTERM. */
static void
run(Relay *relay, Sources *sources)
{
        struct epoll_event events[EVENTS_MAX];

        for (;;) {
                int n = epoll_wait(relay->epoll, events, EVENTS_MAX, -1);

                for (int i = 0; i < n; i++) {
                        void *source = events[i].data.ptr;

                        if (source == &sources->plain)
                                accept_all(relay, sources->plain, false);
                        else if (source == &sources->tls)
                                accept_all(relay, sources->tls, true);
                        else if (source == &sources->stop)
                                return;
                        else
                                relay_conn_handle(relay, source, events[i].events);
                }
                relay_free_closed(relay);
        }
}

static void
clear(Relay *relay)
{
        while (relay->newest)
                relay_conn_close(relay, relay->newest, NULL);
        relay_free_closed(relay);
        g_ptr_array_unref(relay->fans);
        SSL_CTX_free(relay->tls);
        close(relay->epoll);
        g_free(relay);
}

int
main(int argc, char **argv)
{
        Options options = {0};

        parse_options(&options, argc, argv);
        raise_descriptors();
        Relay *relay = g_new0(Relay, 1);
        relay->host = options.host ? options.host : "localhost";
        relay->n_items = options.roster;
        relay->fans = g_ptr_array_new();
        relay->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (options.certificate)
                relay->tls = context_new(options.certificate, options.key);

        Sources sources = {.stop = catch_sigterm(), .plain = listen_on(options.port), .tls = -1};
        watch(relay, &sources.stop);
        watch(relay, &sources.plain);
        if (options.tls_port) {
                sources.tls = listen_on(options.tls_port);
                watch(relay, &sources.tls);
        }
        puts("ready");
        fflush(stdout);
        run(relay, &sources);
        if (relay->n_dropped > 0)
                fprintf(stderr, "bench_relay: %" G_GUINT64_FORMAT " messages were to nobody\n",
                        relay->n_dropped);
        clear(relay);
        g_free(options.certificate);
        g_free(options.key);
        g_free(options.host);
        return EXIT_SUCCESS;
}

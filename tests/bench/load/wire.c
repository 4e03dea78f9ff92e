/* wire: see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <openssl/err.h>

#define PORTS_PER_ADDRESS 20000
#define ADDRESSES 60000
#define IN_MAX (WIRE_READ_MIN - 20480) /* TLS may hold one record more */
#define OUT_MAX 131072

static WireStatus
give(Wire *wire, const char *data, size_t len)
{
        if (len == 0)
                return WIRE_OK;
        if (!wire->queue) {
                ssize_t n = send(wire->fd, data, len, MSG_NOSIGNAL);
                if (n < 0 && errno != EAGAIN)
                        return WIRE_FAILED;
                size_t taken = n > 0 ? (size_t)n : 0;
                if (taken == len)
                        return WIRE_OK;
                data += taken;
                len -= taken;
                wire->queue = g_byte_array_new();
        }
        if (wire->queue->len + len > WIRE_QUEUE_MAX) {
                errno = ENOBUFS;
                return WIRE_FAILED;
        }
        g_byte_array_append(wire->queue, (const guint8 *)data, (guint)len);
        if (wire->is_watched_out)
                return WIRE_OK;

        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = wire->owner};
        wire->is_watched_out = true;
        return epoll_ctl(wire->wires->epoll, EPOLL_CTL_MOD, wire->fd, &event) == 0 ? WIRE_OK
                                                                                   : WIRE_FAILED;
}

static WireStatus
give_out(Wire *wire)
{
        size_t len = wire->wires->out_len;
        wire->wires->out_len = 0;
        return give(wire, wire->wires->out, len);
}

static int
bio_read(BIO *bio, char *data, int size)
{
        Wires *wires = ((Wire *)BIO_get_data(bio))->wires;
        size_t n = MIN((size_t)size, wires->in_len - wires->in_at);

        BIO_clear_retry_flags(bio);
        if (n == 0) {
                BIO_set_retry_read(bio);
                return -1;
        }
        memcpy(data, wires->in + wires->in_at, n);
        wires->in_at += n;
        return (int)n;
}

static int
bio_write(BIO *bio, const char *data, int len)
{
        Wire *wire = BIO_get_data(bio);
        Wires *wires = wire->wires;

        BIO_clear_retry_flags(bio);
        if (wires->out_len + (size_t)len > OUT_MAX && give_out(wire) != WIRE_OK)
                return -1;
        memcpy(wires->out + wires->out_len, data, (size_t)len);
        wires->out_len += (size_t)len;
        return len;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
        (void)bio, (void)number, (void)pointer;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int
bio_create(BIO *bio)
{
        BIO_set_init(bio, 1);
        return 1;
}

static void
tls_init(Wires *wires)
{
        wires->tls = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(wires->tls, TLS1_3_VERSION);
        SSL_CTX_set_verify(wires->tls, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_mode(wires->tls, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_cache_mode(wires->tls, SSL_SESS_CACHE_OFF);
        SSL_CTX_set1_groups_list(wires->tls, "X25519:P-256");

        wires->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
        BIO_meth_set_read(wires->method, bio_read);
        BIO_meth_set_write(wires->method, bio_write);
        BIO_meth_set_ctrl(wires->method, bio_ctrl);
        BIO_meth_set_create(wires->method, bio_create);
}

void
wires_init(Wires *wires, const char *address, int port, const char *host)
{
        *wires = (Wires){.per_address = PORTS_PER_ADDRESS, .host = host};
        wires->to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        g_assert_cmpint(inet_pton(AF_INET, address, &wires->to.sin_addr), ==, 1);
        wires->epoll = epoll_create1(EPOLL_CLOEXEC);
        wires->in = g_malloc(IN_MAX);
        wires->out = g_malloc(OUT_MAX);
        tls_init(wires);
}

void
wires_clear(Wires *wires)
{
        close(wires->epoll);
        SSL_CTX_free(wires->tls);
        BIO_meth_free(wires->method);
        g_free(wires->in);
        g_free(wires->out);
}

void
wire_init(Wire *wire, Wires *wires, void *owner)
{
        *wire = (Wire){.wires = wires, .owner = owner, .fd = -1};
}

static bool
watch(Wire *wire, uint32_t events)
{
        struct epoll_event event = {.events = events, .data.ptr = wire->owner};
        wire->is_watched_out = events & EPOLLOUT;
        return epoll_ctl(wire->wires->epoll, EPOLL_CTL_ADD, wire->fd, &event) == 0;
}

bool
wire_take_fd(Wire *wire, int fd)
{
        wire->fd = fd;
        return watch(wire, EPOLLIN | EPOLLOUT);
}

bool
wire_open(Wire *wire)
{
        Wires *wires = wire->wires;
        uint32_t turn = (uint32_t)(wires->n_opened++ / wires->per_address % ADDRESSES);
        struct sockaddr_in from = {.sin_family = AF_INET};
        from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn);
        int yes = 1;

        wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (wire->fd < 0)
                return false;
        (void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        (void)setsockopt(wire->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        if (turn > 0 && bind(wire->fd, (const struct sockaddr *)&from, sizeof from) < 0)
                return false;
        if (connect(wire->fd, (const struct sockaddr *)&wires->to, sizeof wires->to) < 0 &&
            errno != EINPROGRESS)
                return false;
        return watch(wire, EPOLLOUT);
}

WireStatus
wire_connected(Wire *wire)
{
        int failure = 0;
        socklen_t len = sizeof failure;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = wire->owner};

        if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &failure, &len) < 0)
                return WIRE_FAILED;
        if (failure != 0) {
                errno = failure;
                return WIRE_FAILED;
        }
        wire->is_watched_out = false;
        return epoll_ctl(wire->wires->epoll, EPOLL_CTL_MOD, wire->fd, &event) == 0 ? WIRE_OK
                                                                                   : WIRE_FAILED;
}

static bool
is_waiting(SSL *ssl, int result)
{
        return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

/* Takes the next step of the handshake. */
static WireStatus
shake(Wire *wire)
{
        ERR_clear_error();
        int result = SSL_do_handshake(wire->ssl);
        bool is_sound = result == 1 || is_waiting(wire->ssl, result);
        wire->is_secured = result == 1;

        /* An alert goes out even when the handshake failed. */
        WireStatus status = give_out(wire);
        return is_sound ? status : WIRE_FAILED;
}

WireStatus
wire_secure(Wire *wire, const char *alpn)
{
        BIO *bio = BIO_new(wire->wires->method);
        wire->ssl = SSL_new(wire->wires->tls);
        if (!bio || !wire->ssl) {
                BIO_free(bio);
                return WIRE_FAILED;
        }
        BIO_set_data(bio, wire);
        SSL_set_bio(wire->ssl, bio, bio);
        SSL_set_tlsext_host_name(wire->ssl, wire->wires->host);
        if (alpn) {
                uint8_t protocols[256] = {(uint8_t)strlen(alpn)};
                memcpy(protocols + 1, alpn, protocols[0]);
                SSL_set_alpn_protos(wire->ssl, protocols, protocols[0] + 1u);
        }
        SSL_set_connect_state(wire->ssl);
        return shake(wire);
}

static WireStatus
read_some(Wire *wire, char *data, size_t space, size_t *len_out)
{
        ssize_t n = recv(wire->fd, data, space, 0);
        *len_out = n > 0 ? (size_t)n : 0;
        if (n == 0)
                return WIRE_END;
        return n > 0 || errno == EAGAIN ? WIRE_OK : WIRE_FAILED;
}

static WireStatus
read_records(Wire *wire, char *data, size_t space, size_t *len_out)
{
        size_t n;
        int result;

        ERR_clear_error();
        while ((result = SSL_read_ex(wire->ssl, data + *len_out, space - *len_out, &n)) == 1)
                *len_out += n;
        int why = SSL_get_error(wire->ssl, result);
        WireStatus status = give_out(wire);
        if (why == SSL_ERROR_ZERO_RETURN)
                return WIRE_END;
        return why == SSL_ERROR_WANT_READ ? status : WIRE_FAILED;
}

WireStatus
wire_read(Wire *wire, char *data, size_t space, size_t *len_out)
{
        if (!wire->ssl)
                return read_some(wire, data, space, len_out);

        Wires *wires = wire->wires;
        *len_out = 0;
        wires->in_at = 0;
        WireStatus status = read_some(wire, wires->in, IN_MAX, &wires->in_len);
        if (status == WIRE_OK && !wire->is_secured)
                status = shake(wire);
        if (status == WIRE_OK && wire->is_secured)
                status = read_records(wire, data, space, len_out);
        return status;
}

WireStatus
wire_send(Wire *wire, const char *data, size_t len)
{
        if (!wire->ssl)
                return give(wire, data, len);

        size_t n;
        ERR_clear_error();
        if (SSL_write_ex(wire->ssl, data, len, &n) != 1 || n != len)
                return WIRE_FAILED;
        return give_out(wire);
}

WireStatus
wire_flush(Wire *wire)
{
        g_autoptr(GByteArray) queue = g_steal_pointer(&wire->queue);
        if (queue) {
                WireStatus status = give(wire, (const char *)queue->data, queue->len);
                if (status != WIRE_OK || wire->queue)
                        return status;
        }

        struct epoll_event event = {.events = EPOLLIN, .data.ptr = wire->owner};
        wire->is_watched_out = false;
        return epoll_ctl(wire->wires->epoll, EPOLL_CTL_MOD, wire->fd, &event) == 0 ? WIRE_OK
                                                                                   : WIRE_FAILED;
}

char *
wire_reason(void)
{
        int failure = errno;
        unsigned long code = ERR_peek_last_error();
        if (code == 0 && failure == ENOBUFS)
                return g_strdup("the server does not read");
        if (code == 0)
                return g_strdup(g_strerror(failure));

        char text[256];
        ERR_error_string_n(code, text, sizeof text);
        return g_strdup_printf("TLS: %s", text);
}

void
wire_close(Wire *wire, bool is_abrupt)
{
        if (wire->ssl && wire->is_secured && !is_abrupt) {
                SSL_shutdown(wire->ssl);
                (void)give_out(wire);
        }
        g_clear_pointer(&wire->ssl, SSL_free);
        g_clear_pointer(&wire->queue, g_byte_array_unref);
        wire->is_secured = false;
        ERR_clear_error();
        if (wire->fd < 0)
                return;

        struct linger now = {.l_onoff = 1, .l_linger = 0};
        if (is_abrupt)
                (void)setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(wire->fd);
        wire->fd = -1;
}

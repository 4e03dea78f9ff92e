/*
 * conn_tls: TLS on a connection: handshake steps, opening and sealing of records.
 *
 * The SSL reads and writes through a BIO that has no buffer of its own: it reads from the slice of
 * bytes just received, which the loop's connections share, and appends to the connection's queue of
 * records. So a turn costs one recv and one send.
 *
 * Source: RFC 6120 section 5, RFC 8446.
 */
#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include <motet/conn.h>
#include <motet/log.h>

#include "core/conn_private.h"
#include "core/tls_error.h"

#define SEAL_FOR_ONE_SEND 65536

/* OpenSSL keeps a message of a handshake until it is whole, up to 131,396 bytes of a ClientHello;
   honest ones have less than 2,000. So a handshake may take as much as any other header of a
   stranger. */
#define HANDSHAKE_BYTES_MAX 10000u

/* The BIO */

static int
bio_create(BIO *bio)
{
        BIO_set_init(bio, 1);
        return 1;
}

static int
bio_read(BIO *bio, char *buffer, size_t n, size_t *n_out)
{
        MotetConn *conn = BIO_get_data(bio);
        ConnShared *shared = conn_shared(conn);

        BIO_clear_retry_flags(bio);
        if (shared->input_len == 0) {
                BIO_set_retry_read(bio);
                return 0;
        }
        size_t asked = n;
        n = MIN(n, shared->input_len);
        memcpy(buffer, shared->input, n);
        /* Of one record OpenSSL asks for the header and then for the rest, each until it has it. */
        if (!conn->record_short || buffer != conn->record_end)
                conn->record = buffer;
        conn->record_end = buffer + n;
        conn->record_short = n < asked;
        shared->input += n;
        shared->input_len -= n;
        *n_out = n;
        return 1;
}

static int
bio_write(BIO *bio, const char *bytes, size_t n, size_t *n_out)
{
        MotetConn *conn = BIO_get_data(bio);

        BIO_clear_retry_flags(bio);
        if (conn->sealed == NULL)
                conn->sealed = conn_buffer_take(conn);
        g_string_append_len(conn->sealed, bytes, (gssize)n);
        *n_out = n;
        return 1;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
        (void)bio, (void)number, (void)pointer;
        return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *
conn_tls_bio_method_new(void)
{
        BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "motet conn");

        if (method == NULL)
                return NULL;
        BIO_meth_set_create(method, bio_create);
        BIO_meth_set_read_ex(method, bio_read);
        BIO_meth_set_write_ex(method, bio_write);
        BIO_meth_set_ctrl(method, bio_ctrl);
        return method;
}

/* Failing */

static void
end_by_tls(MotetConn *conn, const char *during)
{
        g_autofree char *text = tls_error_text();

        motet_debug("%s: TLS %s: %s", conn->peer, during, text);
        /* The alert that says why, as far as the transport takes it. */
        conn_send_sealed(conn);
        conn_end(conn, CONN_END_ERROR, text);
}

/* The handshake */

static void
end_handshake(MotetConn *conn)
{
        if (conn->handshake == NULL)
                return;
        loop_job_cancel(conn->loop, &conn->handshake->step);
        g_clear_pointer(&conn->handshake, g_free);
        if (conn->ssl != NULL)
                SSL_set_app_data(conn->ssl, NULL);
        g_clear_pointer(&conn->alpn, g_free);
        conn->stepping = false;
}

static void
forget_record(MotetConn *conn)
{
        conn->record = conn->record_end = NULL;
        conn->record_short = false;
}

static void
become_secure(MotetConn *conn)
{
        ConnShared *shared = conn_shared(conn);
        const char *rest = shared->input;
        size_t n_rest = shared->input_len;

        shared->input_len = 0;
        forget_record(conn); /* of the handshake */
        end_handshake(conn);
        conn_disarm(conn, CONN_TIMER_HANDSHAKE);
        conn->tls = CONN_TLS_SECURE;
        loop_counters(conn->loop)->handshakes++;
        conn->sni = tls_sni(conn->ssl);
        loop_flush_later(conn->loop, &conn->job);
        conn->owner->secured(conn->data);
        /* A client may send its first records together with the end of its handshake. */
        if (conn->phase == CONN_OPEN && n_rest > 0)
                conn_tls_input(conn, rest, n_rest);
}

static void
step(MotetConn *conn)
{
        ConnShared *shared = conn_shared(conn);
        ssize_t n = conn->transport->receive(conn, shared->received, CONN_READ_SIZE);

        if (n < 0) {
                if (errno != EAGAIN && errno != EINTR)
                        conn_end_by_errno(conn, errno);
                return;
        }
        if (n == 0) {
                conn_end(conn, CONN_END_PEER, "closed by the peer during the TLS handshake");
                return;
        }
        conn->last_read = loop_now(conn->loop);
        loop_counters(conn->loop)->bytes_in += (size_t)n;
        conn->handshake->n_received += (size_t)n;
        shared->input = shared->received;
        shared->input_len = (size_t)n;
        ERR_clear_error();
        int result = SSL_do_handshake(conn->ssl);
        if (result != 1 && SSL_get_error(conn->ssl, result) != SSL_ERROR_WANT_READ) {
                shared->input_len = 0;
                end_by_tls(conn, "handshake");
                return;
        }
        conn_send_sealed(conn);
        if (result == 1 && conn->phase == CONN_OPEN)
                become_secure(conn);
        else if (conn->phase == CONN_OPEN && conn->handshake->n_received > HANDSHAKE_BYTES_MAX)
                conn_end(conn, CONN_END_ERROR, "the TLS handshake is too long");
        shared->input_len = 0;
}

static void
on_step(LoopJob *job)
{
        MotetConn *conn = CONTAINER_OF(job, ConnHandshake, step)->conn;

        conn_enter(conn);
        conn->stepping = false;
        if (conn->phase == CONN_OPEN)
                step(conn);
        conn_leave(conn);
}

void
conn_tls_queue_step(MotetConn *conn)
{
        conn->stepping = true;
        loop_slow(conn->loop, &conn->handshake->step);
}

/* Returns: (own) NULL, with OpenSSL's reason, when there is no memory. */
static BIO *
bio_new(MotetConn *conn)
{
        ConnShared *shared = conn_shared(conn);

        if (shared->bio_method == NULL)
                shared->bio_method = conn_tls_bio_method_new();
        return shared->bio_method == NULL ? NULL : BIO_new(shared->bio_method);
}

void
conn_tls_begin(MotetConn *conn)
{
        ERR_clear_error();
        BIO *bio = bio_new(conn);

        conn->ssl = tls_server_new_ssl(conn->handshake->server, conn->tls_name, conn->alpn);
        if (bio == NULL || conn->ssl == NULL) {
                g_autofree char *text =
                        ERR_peek_error() != 0
                                ? tls_error_text()
                                : g_strdup("no certificate for this domain and no default one");

                BIO_free(bio);
                conn_end(conn, CONN_END_ERROR, text);
                return;
        }
        BIO_set_data(bio, conn);
        SSL_set_bio(conn->ssl, bio, bio);
        conn->tls = CONN_TLS_HANDSHAKE;
}

/* Records */

/*
 * OpenSSL opens a record where it read it to, and gives that memory back to the heap as it is; or,
 * by SSL_OP_CLEANSE_PLAINTEXT, wipes all 16 KiB of it each time. Here it keeps it for as long as
 * there is input, and only what was read there is wiped, once it is delivered.
 */
static void
begin_opening(MotetConn *conn)
{
        SSL_clear_mode(conn->ssl, SSL_MODE_RELEASE_BUFFERS);
}

static void
wipe_record(MotetConn *conn)
{
        if (conn->record == NULL || SSL_pending(conn->ssl) > 0)
                return;
        explicit_bzero(conn->record, (size_t)(conn->record_end - conn->record));
        forget_record(conn);
}

/*
 * What is part of a record stays, as in that mode: OpenSSL before 3.0.14 and its like would give it
 * back behind a header whose record is still to come, and then use it (CVE-2024-4741).
 */
static void
end_opening(MotetConn *conn)
{
        if (conn->ssl == NULL)
                return;
        SSL_set_mode(conn->ssl, SSL_MODE_RELEASE_BUFFERS);
        if (conn->record == NULL && SSL_pending(conn->ssl) == 0)
                SSL_free_buffers(conn->ssl);
}

/* Records without plaintext (key updates, alerts, empty ones) cost work too: they are charged like
   plaintext once they are more than the overhead of honest ones. */
static void
charge_unpaid(MotetConn *conn, size_t n_sealed, size_t n_plain)
{
        /* A record that came in pieces looked like one without text until its end. */
        if (n_sealed <= n_plain) {
                conn->unpaid -= MIN(conn->unpaid, (uint32_t)(n_plain - n_sealed));
                return;
        }
        conn->unpaid += (uint32_t)(n_sealed - n_plain);
        if (conn->unpaid <= SSL3_RT_MAX_ENCRYPTED_LENGTH)
                return;
        conn_rate_charge(conn, conn->unpaid);
        conn->unpaid = 0;
}

/* RFC 8446 4.6.3: a peer may ask for a key update with every record; whoever does not read the
 * answers makes them pile up like any others. */
static void
check_answers(MotetConn *conn)
{
        if (conn->sealed == NULL)
                return;
        /* Sealing makes a full queue a little longer. */
        if (conn_queued(conn) > conn->queue_limit + SEAL_FOR_ONE_SEND)
                conn->overfull = true;
        loop_flush_later(conn->loop, &conn->job);
}

static void
reading_failed(MotetConn *conn, int result)
{
        switch (SSL_get_error(conn->ssl, result)) {
        case SSL_ERROR_WANT_READ:
                return;
        case SSL_ERROR_ZERO_RETURN:
                conn_end(conn, CONN_END_PEER, "closed by the peer");
                return;
        default:
                end_by_tls(conn, "record");
        }
}

void
conn_tls_input(MotetConn *conn, const char *bytes, size_t n)
{
        ConnShared *shared = conn_shared(conn);
        size_t n_plain = 0;

        shared->input = bytes;
        shared->input_len = n;
        begin_opening(conn);
        while (conn_may_read(conn)) {
                ERR_clear_error();
                int got = SSL_read(conn->ssl, shared->opened, sizeof shared->opened);

                if (got <= 0) {
                        reading_failed(conn, got);
                        break;
                }
                n_plain += (size_t)got;
                wipe_record(conn);
                conn_tell_received(conn, shared->opened, (size_t)got);
                /* Passwords come this way. */
                explicit_bzero(shared->opened, (size_t)got);
        }
        end_opening(conn);
        if (conn->phase == CONN_OPEN) {
                charge_unpaid(conn, n - shared->input_len, n_plain);
                if (shared->input_len > 0) {
                        conn->held = conn_buffer_take(conn);
                        g_string_append_len(conn->held, shared->input, (gssize)shared->input_len);
                }
                check_answers(conn);
        }
        shared->input_len = 0;
}

void
conn_tls_input_held(MotetConn *conn)
{
        GString *held = g_steal_pointer(&conn->held);

        conn_tls_input(conn, held->str, held->len);
        conn_buffer_drop(conn, &held);
}

static bool
seal_chunk(MotetConn *conn)
{
        size_t n = MIN(conn->out_counted - conn->out_sent, SSL3_RT_MAX_PLAIN_LENGTH);

        ERR_clear_error();
        int sealed = SSL_write(conn->ssl, conn->out->str + conn->out_sent, (int)n);
        if (sealed <= 0) {
                end_by_tls(conn, "record");
                return false;
        }
        conn->out_sent += (size_t)sealed;
        if (conn->out_sent == conn->out_counted)
                conn_drop_out(conn);
        return true;
}

bool
conn_tls_seal(MotetConn *conn)
{
        size_t enough = conn->overfull ? SIZE_MAX : SEAL_FOR_ONE_SEND;

        while (conn->out != NULL && (conn->sealed == NULL || conn->sealed->len < enough)) {
                if (!seal_chunk(conn))
                        return false;
        }
        if (conn->phase == CONN_FINISHING && conn->out == NULL && !conn->close_sent) {
                conn->close_sent = true;
                SSL_shutdown(conn->ssl);
        }
        return true;
}

void
conn_tls_clear(MotetConn *conn)
{
        end_handshake(conn);
        g_clear_pointer(&conn->ssl, SSL_free);
        conn_buffer_drop(conn, &conn->sealed);
        conn_buffer_drop(conn, &conn->held);
}

/* For the owner */

void
conn_starttls(MotetConn *conn, TlsServer *tls)
{
        if (conn->phase != CONN_OPEN)
                return;
        g_assert(conn->tls == CONN_TLS_NONE);

        conn->tls = CONN_TLS_PENDING;
        conn->handshake = g_new(ConnHandshake, 1);
        *conn->handshake = (ConnHandshake){.conn = conn, .step.func = on_step, .server = tls};
        conn_arm(conn, CONN_TIMER_HANDSHAKE, conn->handshake_timeout);
        loop_flush_later(conn->loop, &conn->job);
}

void
conn_set_tls_name(MotetConn *conn, const char *domain)
{
        conn->tls_name = domain;
}

void
conn_set_alpn(MotetConn *conn, const char *alpn)
{
        g_free(conn->alpn);
        conn->alpn = g_strdup(alpn);
}

const char *
conn_sni(const MotetConn *conn)
{
        return conn->sni;
}

bool
motet_conn_is_secure(const MotetConn *conn)
{
        g_return_val_if_fail(conn != NULL, false);

        return conn->tls == CONN_TLS_SECURE && conn->ssl != NULL;
}

const char *
motet_conn_tls_version(const MotetConn *conn)
{
        return motet_conn_is_secure(conn) ? SSL_get_version(conn->ssl) : NULL;
}

GBytes *
motet_conn_channel_binding(const MotetConn *conn, const char *type)
{
        return motet_conn_is_secure(conn) ? tls_channel_binding(conn->ssl, type) : NULL;
}

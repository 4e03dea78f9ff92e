/*
 * conn: one connection: reads within a byte rate, a bounded send queue with one send a turn, TLS,
 * and an orderly end.
 *
 * A conn never calls its owner from inside an owner's call: everything is told from the loop. Code
 * above never touches a descriptor.
 */
#pragma once

#include <motet/conn.h>

#include "core/loop.h"
#include "core/tls.h"

/** ConnEnd: why a connection ended. */
typedef enum {
        CONN_END_PEER,     /* the peer closed, cleanly or not */
        CONN_END_ERROR,    /* the socket or TLS failed */
        CONN_END_QUEUE,    /* the send queue passed its limit */
        CONN_END_TIMEOUT,  /* a write or the TLS handshake took too long */
        CONN_END_FINISHED, /* conn_finish() has sent everything */
} ConnEnd;

typedef struct {
        /** received: plaintext, valid during the call */
        void (*received)(void *data, const char *bytes, size_t n);
        /** secured: the TLS handshake is complete; what the client sent with its end follows in
         * received() */
        void (*secured)(void *data);
        /** ended: told once; from then on only conn_free() may be called. @text: details for the
         * log, owned by conn */
        void (*ended)(void *data, ConnEnd end, const char *text);
        /** overfull: the send queue just passed its limit; told once, before ended(CONN_END_QUEUE)
           at the end of the turn. The owner may append a last stream error with conn_send_last().
           May be NULL. */
        void (*overfull)(void *data);
        /** drained: once for each conn_await_drained(), which is not called where this is NULL. The
         * owner may send and free the connection. */
        void (*drained)(void *data);
} ConnOwner;

typedef struct {
        Loop *loop;
        const ConnOwner *owner; /* outlives the conn */
        void *data;
        int64_t write_timeout;     /* µs a send may make no progress; 0: none */
        int64_t handshake_timeout; /* µs; 0: none */
} ConnConfig;

/** conn_new_take_fd: (take) a connected, non-blocking socket; starts reading from the next turn on.
 * @peer: numeric address, copied */
MotetConn *conn_new_take_fd(const ConnConfig *config, int fd, const char *peer);
/**
 * conn_new_memory: no socket: what is sent is appended to @out once a turn, what
 * conn_memory_receive() is given is received in the next turn. For tests and simulations: the same
 * queues, limits and order as a socket.
 */
MotetConn *conn_new_memory(const ConnConfig *config, GString *out);
void conn_memory_receive(MotetConn *conn, const char *bytes, size_t n);
/** conn_memory_set_window: how many bytes the fake peer still takes; a slow reader in tests.
 * Default: SIZE_MAX */
void conn_memory_set_window(MotetConn *conn, size_t bytes);
/** conn_memory_end: the fake peer closes */
void conn_memory_end(MotetConn *conn);

/** conn_free: closes at once, telling nobody; allowed inside any function of its owner, in which no
 * other conn_ function may follow */
void conn_free(MotetConn *conn);

/** conn_out: (borrowed) the send buffer to append to, during the current call only; follow with
 * conn_sent(), or it is dropped */
GString *conn_out(MotetConn *conn);
/**
 * conn_sent: schedules the flush of what was appended since the last call, if it fits the queue's
 * limit
 *
 * Returns: false when it was dropped: when ended or finishing, or when it would pass the limit;
 * that ends the connection in this turn's flush stage (overfull(), one last send, CONN_END_QUEUE)
 */
bool conn_sent(MotetConn *conn);
/** conn_send: conn_out(), append, conn_sent() */
bool conn_send(MotetConn *conn, const char *bytes, size_t n);
/** conn_send_last: as conn_send(), from inside overfull(): not counted */
void conn_send_last(MotetConn *conn, const char *bytes, size_t n);
size_t conn_queued(const MotetConn *conn);
/** conn_set_queue_limit: the default is 1 MiB */
void conn_set_queue_limit(MotetConn *conn, size_t bytes);
/** conn_await_drained: drained() is called once, from a flush stage, when at most half of the
 * queue's limit waits: in this turn or the next when that is so already. Not once it ends or
 * finishes. */
void conn_await_drained(MotetConn *conn);

/**
 * conn_finish:
 *
 * Reads no more, sends the queue and TLS close-notify, shuts the socket for sending and waits until
 * the peer closes too, so that unread input does not make it lose our last bytes. Ends with
 * CONN_END_FINISHED then, or after @timeout µs. A memory connection does not wait.
 */
void conn_finish(MotetConn *conn, int64_t timeout);

/** conn_pause / conn_unpause: stop and go on reading; counted, so that several reasons may
 * overlap */
void conn_pause(MotetConn *conn);
void conn_unpause(MotetConn *conn);
/** conn_set_rate: token bucket on plaintext bytes read; beyond it reading pauses, and a TLS record
 * that goes beyond it is paid for afterwards. 0: none */
void conn_set_rate(MotetConn *conn, uint32_t bytes_per_s, uint32_t burst);

/**
 * conn_starttls:
 * @tls: (borrowed) outlives the connection
 *
 * Sends what is queued in clear, then handshakes as server. What is queued from now on waits for
 * the end of the handshake. What the peer sent in clear and was not told yet is taken for TLS, so
 * it ends the connection instead of being believed.
 */
void conn_starttls(MotetConn *conn, TlsServer *tls);
/** conn_set_tls_name: the domain to present when the client sends no SNI; borrowed until the
 * handshake is done; before conn_starttls() */
void conn_set_tls_name(MotetConn *conn, const char *domain);
/** conn_set_alpn: protocol required of a client that offers ALPN (RFC 7301), copied; NULL: none;
 * before conn_starttls() */
void conn_set_alpn(MotetConn *conn, const char *alpn);
/** conn_sni: Returns: (borrowed) the domain the client asked for with SNI; NULL */
const char *conn_sni(const MotetConn *conn);
int64_t conn_last_read(const MotetConn *conn);

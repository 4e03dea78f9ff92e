/*
 * conn_private: the insides of a connection, for conn.c and the files beside it.
 *
 * conn_socket.c and conn_memory.c move bytes, conn_tls.c seals and opens them, conn.c holds queues,
 * limits and the end. An idle connection holds this struct, its peer's address and, inside TLS, an
 * SSL: no buffer.
 */
#pragma once

#include "core/conn.h"

#define CONN_READ_SIZE 32768

typedef struct ConnTransport ConnTransport;

/* Moves bytes. receive and send return as recv() and send() do, with errno. */
struct ConnTransport {
        ssize_t (*receive)(MotetConn *conn, void *buffer, size_t n);
        ssize_t (*send)(MotetConn *conn, const void *bytes, size_t n);
        /** want: call conn_ready() when one of @events (EPOLLIN, EPOLLOUT) is so; 0: only on
         * errors */
        bool (*want)(MotetConn *conn, uint32_t events, GError **error);
        /** shut: nothing more is sent. Returns: whether the peer's end must be awaited, lest unread
         * input make it lose our last bytes */
        bool (*shut)(MotetConn *conn);
        void (*close)(MotetConn *conn);
};

typedef enum {
        CONN_OPEN,
        CONN_FINISHING, /* conn_finish(): sends what is queued */
        CONN_LINGERING, /* all is sent and shut: waits for the peer to close */
        CONN_ENDED,
} ConnPhase;

typedef enum {
        CONN_TLS_NONE,
        CONN_TLS_PENDING,   /* conn_starttls(): the queue is still to be sent in clear */
        CONN_TLS_HANDSHAKE, /* nothing queued is sent until it is complete */
        CONN_TLS_SECURE,
} ConnTlsPhase;

/* What the one timer of a connection is armed for. */
typedef enum {
        CONN_TIMER_WRITE,
        CONN_TIMER_HANDSHAKE,
        CONN_TIMER_FINISH,
} ConnTimerUse;

/* Shared by all connections of a loop. */
typedef struct {
        char received[CONN_READ_SIZE]; /* as read from the transport */
        char opened[SSL3_RT_MAX_PLAIN_LENGTH];
        GPtrArray *spare;       /* of GString: empty buffers for reuse */
        BIO_METHOD *bio_method; /* NULL until the first handshake */
        const char *input; /* what an SSL may read now: a slice of @received or of a conn's @held */
        size_t input_len;
} ConnShared;

typedef struct {
        MotetConn *conn;
        LoopTimer timer;
        uint32_t bytes_per_s, burst;
        int64_t level;   /* bytes that may be read now; less than 0 when a TLS record went beyond */
        int64_t updated; /* when @level was right */
} ConnRate;

/* Only from conn_starttls() to the end of the handshake. */
typedef struct {
        MotetConn *conn;
        LoopJob step;
        TlsServer *server;
        size_t n_received; /* bytes of the handshake so far */
} ConnHandshake;

struct MotetConn {
        Loop *loop;
        const ConnOwner *owner;
        void *data;
        const ConnTransport *transport;
        LoopWatch watch; /* socket: its descriptor */
        struct ConnMemory *memory;
        LoopJob job; /* in the flush stage: sends, goes on with held input, tells the transport what
                        to wait for */
        LoopTimer timer;
        GString *out;       /* not sent yet; NULL when there is none */
        size_t out_sent;    /* bytes at the front of @out that are sent already */
        size_t out_counted; /* bytes of @out accepted by conn_sent() */
        GString *sealed;    /* TLS records not sent yet; NULL when there are none */
        GString *held;      /* TLS records received while paused; NULL when there are none */
        SSL *ssl;
        char *record, *record_end; /* in OpenSSL's memory: what it was given of a record */
        ConnHandshake *handshake;
        ConnRate *rate;
        char *peer;
        char *sni;
        char *end_text;
        char *alpn; /* the SSL points at it; NULL after the handshake */
        const char *tls_name;
        int64_t last_read;
        int64_t write_timeout, handshake_timeout;
        size_t queue_limit;
        uint32_t unpaid; /* TLS bytes without text, charged once they pass a record */
        uint16_t pauses;
        ConnPhase phase : 8;
        ConnTlsPhase tls : 8;
        ConnTimerUse timer_use : 8;
        bool overfull : 1;      /* the queue passed its limit: ends with the next job */
        bool overfull_told : 1; /* the owner's overfull() was called */
        bool in_call : 1;       /* between conn_enter() and conn_leave() */
        bool freed : 1;         /* by the owner, in_call: conn_leave() frees the struct */
        bool sending : 1;       /* the transport took less than it was given: waits for EPOLLOUT */
        bool stepping : 1;      /* a handshake step is queued: input waits for it */
        bool hung_up : 1;       /* told by the transport while nothing was to be read */
        bool close_sent : 1;    /* TLS close-notify is sealed */
        bool record_short : 1;  /* it asked for more than @record has so far */
        bool drain_awaited : 1; /* the owner is told when the queue is half empty */
};

/* conn.c */

/** conn_init: everything but the transport's own part; conn_start() follows when that is set up */
void conn_init(MotetConn *conn, const ConnConfig *config, const ConnTransport *transport,
               const char *peer);
void conn_start(MotetConn *conn);
/** conn_ready: the transport's call, from the loop; the connection may be freed when it returns */
void conn_ready(MotetConn *conn, uint32_t events);
/** conn_end: releases everything and tells the owner, once. @text is copied */
void conn_end(MotetConn *conn, ConnEnd end, const char *text);
/** conn_end_by_errno: as receive or send of the transport failed */
void conn_end_by_errno(MotetConn *conn, int code);
/** conn_enter / conn_leave: around all work the loop starts, so that the owner may free the
 * connection inside; nothing may follow conn_leave() */
void conn_enter(MotetConn *conn);
void conn_leave(MotetConn *conn);

/** conn_may_read: open, not paused and within the rate */
bool conn_may_read(const MotetConn *conn);
/** conn_tell_received: plaintext, charged to the rate */
void conn_tell_received(MotetConn *conn, const char *bytes, size_t n);
void conn_arm(MotetConn *conn, ConnTimerUse use, int64_t delay);
void conn_disarm(MotetConn *conn, ConnTimerUse use);

/* conn_buffer.c */

ConnShared *conn_shared(const MotetConn *conn);
GString *conn_buffer_take(const MotetConn *conn);
/** conn_buffer_drop: (take) *@buffer, which may be NULL, and sets it to NULL */
void conn_buffer_drop(const MotetConn *conn, GString **buffer);

/* conn_send.c */

/** conn_flush: one send of what is queued, and what follows once all is sent */
void conn_flush(MotetConn *conn);
/** conn_send_sealed: one send. Returns: whether all went; false also when it ended the
 * connection */
bool conn_send_sealed(MotetConn *conn);
/** conn_drop_out: forgets what is queued and not sealed */
void conn_drop_out(MotetConn *conn);

/* conn_rate.c */

/** conn_rate_allowance: Returns: bytes that may be read now */
size_t conn_rate_allowance(const MotetConn *conn);
/** conn_rate_charge: @n bytes were read; beyond the rate conn_may_read() is false for a while */
void conn_rate_charge(MotetConn *conn, size_t n);
bool conn_rate_is_exceeded(const MotetConn *conn);
void conn_rate_clear(MotetConn *conn);

/* conn_tls.c */

BIO_METHOD *conn_tls_bio_method_new(void);
/** conn_tls_begin: the clear queue is sent */
void conn_tls_begin(MotetConn *conn);
/** conn_tls_queue_step: input is ready during a handshake */
void conn_tls_queue_step(MotetConn *conn);
/** conn_tls_input: records received */
void conn_tls_input(MotetConn *conn, const char *bytes, size_t n);
/** conn_tls_input_held: goes on with what was received while paused */
void conn_tls_input_held(MotetConn *conn);
/**
 * conn_tls_seal: moves queued plaintext into records, as much as is good for one send, and the
 * close-notify after the last when finishing.
 * Returns: false when it ended the connection
 */
bool conn_tls_seal(MotetConn *conn);
void conn_tls_clear(MotetConn *conn);

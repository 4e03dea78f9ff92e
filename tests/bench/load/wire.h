/*
 * wire: one TCP connection to the server, with TLS 1.3 or without, watched by an epoll set.
 *
 * Whatever arrives at once is received by one call, and whatever is sent at once goes out by one:
 * what TLS wants to read and write passes through buffers that all connections share. Every TLS
 * handshake is a full one, and the certificate is not looked at.
 */
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#define WIRE_QUEUE_MAX                                                                             \
        (1024 * 1024)       /* unsent bytes of a connection, above which the server does not read */
#define WIRE_READ_MIN 65536 /* what wire_read() needs room for */

/* What all connections have in common. */
typedef struct {
        int epoll;
        struct sockaddr_in to;
        const char *host; /* for SNI */
        SSL_CTX *tls;
        BIO_METHOD *method;
        uint64_t n_opened;
        unsigned per_address; /* connections from one source address, before the next one is used */
        char *in, *out;       /* between the socket and TLS */
        size_t in_at, in_len, out_len;
} Wires;

/* @address: IPv4, in numbers */
void wires_init(Wires *wires, const char *address, int port, const char *host);
void wires_clear(Wires *wires);

typedef struct {
        Wires *wires;
        void *owner; /* what the epoll set gives */
        int fd;      /* -1: closed */
        bool is_watched_out;
        bool is_secured;   /* the handshake is over */
        SSL *ssl;          /* NULL: no TLS */
        GByteArray *queue; /* what the socket did not take; NULL: nothing */
} Wire;

typedef enum {
        WIRE_OK,
        WIRE_END,    /* the server closed the connection */
        WIRE_FAILED, /* errno or OpenSSL's queue say why, see wire_reason() */
} WireStatus;

/** wire_init: a connection that is closed */
void wire_init(Wire *wire, Wires *wires, void *owner);
/** wire_open: starts connecting; EPOLLOUT tells the end of it. Source addresses in 127/8 are used
 * in turn. */
bool wire_open(Wire *wire);
/** wire_take_fd: the connection is @fd, which is connected and does not block */
bool wire_take_fd(Wire *wire, int fd);
/** wire_connected: after the first EPOLLOUT */
WireStatus wire_connected(Wire *wire);
/** wire_secure: starts TLS. @alpn: the protocol, at most 255 bytes; NULL: none */
WireStatus wire_secure(Wire *wire, const char *alpn);
/**
 * wire_read:
 * @space: at least WIRE_READ_MIN
 *
 * Takes what arrived, continuing the handshake when there is one.
 *
 * Returns: WIRE_OK also when there was nothing for the caller
 */
WireStatus wire_read(Wire *wire, char *data, size_t space, size_t *len_out);
/** wire_send: queues what the socket does not take */
WireStatus wire_send(Wire *wire, const char *data, size_t len);
/** wire_flush: after an EPOLLOUT */
WireStatus wire_flush(Wire *wire);
/** wire_reason: Returns: (owned) what went wrong just now */
char *wire_reason(void);
/** wire_close: @is_abrupt: by a reset, so that nothing of it stays in the kernel */
void wire_close(Wire *wire, bool is_abrupt);

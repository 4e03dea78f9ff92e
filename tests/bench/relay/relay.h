/*
 * relay: what a server that understands nothing would take: the bytes of a stanza go to the socket
 * of the address in its `to`.
 *
 * Three parts: relay.c waits and accepts, relay_conn.c reads and writes sockets, relay_talk.c finds
 * stanzas, forwards them and keeps up the appearance of a server.
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RELAY_STANZA_MAX (64 * 1024)
#define RELAY_READ_MAX (64 * 1024)
/* What may wait for a peer that does not read; beyond it, the connection is closed. */
#define RELAY_OUT_MAX (16 * 1024 * 1024)
#define RELAY_SLOTS 65536

typedef struct RelayConn RelayConn;

struct RelayConn {
        int fd;   /* -1: closed, and freed when the round is over */
        SSL *ssl; /* NULL: in clear */
        bool is_authenticated;
        bool is_available; /* has sent presence */
        bool is_ending;    /* close it when everything is sent */
        uint32_t events;   /* asked of epoll */
        uint32_t hash;     /* of jid */
        char *name;        /* account; NULL before authentication */
        char *jid;         /* full JID; NULL before binding */
        size_t jid_len;
        RelayConn *next;          /* in the slot of its jid */
        RelayConn *newer, *older; /* of all open ones; of the closed ones, older alone */
        char *rest; /* the beginning of a stanza whose end has not come; NULL: nothing */
        size_t rest_len;
        char *out; /* what the socket did not take yet; NULL: nothing */
        size_t out_start, out_len, out_size;
};

typedef struct {
        int epoll;
        SSL_CTX *tls; /* NULL: without a certificate */
        const char *host;
        int n_items;     /* in every roster */
        GPtrArray *fans; /* RelayConn of fan*, available */
        RelayConn *newest, *closed;
        uint64_t n_connections;
        uint64_t n_dropped; /* stanzas to nobody */
        RelayConn *slots[RELAY_SLOTS];
        char buffer[RELAY_STANZA_MAX + RELAY_READ_MAX];
} Relay;

/** relay_conn_open: takes @fd, a socket that does not block; @is_tls: inside TLS from the first
 * byte */
void relay_conn_open(Relay *relay, int fd, bool is_tls);
/** relay_conn_start_tls: what arrives from now on is TLS */
void relay_conn_start_tls(Relay *relay, RelayConn *conn);
/** relay_conn_handle: the socket is ready for @events */
void relay_conn_handle(Relay *relay, RelayConn *conn, uint32_t events);
/** relay_conn_send: in order, at once if the socket takes it. May close @conn; never frees it. */
void relay_conn_send(Relay *relay, RelayConn *conn, const char *data, size_t len);
/** relay_conn_end: closes @conn when everything is sent */
void relay_conn_end(Relay *relay, RelayConn *conn);
/** relay_conn_close: @reason: for standard error, or NULL */
void relay_conn_close(Relay *relay, RelayConn *conn, const char *reason);
/** relay_free_closed: between two rounds, when nothing points to them */
void relay_free_closed(Relay *relay);

/** relay_talk: does what the stanzas in @data ask. Returns: how much of it is done with */
size_t relay_talk(Relay *relay, RelayConn *conn, const char *data, size_t len);
/** relay_forget: @conn can no more be found by its address */
void relay_forget(Relay *relay, RelayConn *conn);

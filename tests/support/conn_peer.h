/*
 * conn_peer: an owner of a connection that writes down what it is told, and the far end.
 */
#pragma once

#include "core/conn_private.h"

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)

/* What it does when told is set by the test. */
typedef struct ConnPeer ConnPeer;
struct ConnPeer {
        Loop *loop;
        MotetConn *conn;
        GString *out;      /* memory transport: what the peer gets */
        GString *received; /* with '|' before each call */
        GString *told;     /* "o" for overfull, "e" for ended */
        ConnEnd end;
        char *end_text;
        int fd; /* socket transport: the far end; -1 */
        void (*on_received)(ConnPeer *peer);
        void (*on_overfull)(ConnPeer *peer);
        void (*on_ended)(ConnPeer *peer);
};

/** conn_peer_init_memory: a connection over the memory transport */
void conn_peer_init_memory(ConnPeer *peer);
/** conn_peer_init_socket: over one end of a pair of sockets */
void conn_peer_init_socket(ConnPeer *peer);
void conn_peer_clear(ConnPeer *peer);
/** conn_peer_receive: memory transport: @text comes from the far end */
void conn_peer_receive(ConnPeer *peer, const char *text);
/** conn_peer_send: @text is sent, and must find room */
void conn_peer_send(ConnPeer *peer, const char *text);
/** conn_peer_read: peer->out is what the far end of the socket got since the last call */
void conn_peer_read(ConnPeer *peer);
void conn_peer_assert_ended(const ConnPeer *peer, ConnEnd end);
void conn_peer_free_conn(ConnPeer *peer);

/*
 * client: one XMPP client of the load generator: connects, secures the stream, logs in, and gives
 * the work every stanza that arrives then. Thousands of them share one buffer; what is left of a
 * stanza that is not all there is kept aside.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "cut.h"
#include "options.h"
#include "scram.h"
#include "wire.h"

#define CLIENT_STANZA_MAX (1024 * 1024)

typedef enum {
        CLIENT_CLOSED,
        CLIENT_CONNECTING,
        CLIENT_SECURING, /* the TLS handshake is under way */
        CLIENT_FEATURES, /* our stream header is out */
        CLIENT_STARTTLS,
        CLIENT_SASL,
        CLIENT_BIND_FEATURES, /* the header after the login is out */
        CLIENT_BINDING,
        CLIENT_SESSION,
        CLIENT_ROSTER,
        CLIENT_READY,
        CLIENT_LEAVING, /* our end of the stream is out */
        CLIENT_LEFT,
        CLIENT_FAILED,
} ClientState;

typedef struct Client Client;

/* A stanza arrived for a client that is logged in. @stanza is gone afterwards. The callee may send
 * and leave. */
typedef void (*ClientFunc)(Client *client, const char *stanza, size_t len);

/* What all clients have in common. */
typedef struct {
        const Options *options;
        Wires wires;
        ScramKeys *keys;
        char *buffer; /* what arrives */
        size_t buffer_size;
        ClientFunc on_stanza; /* NULL: nobody cares */
        /* @client has failed, and is closed; NULL: then all do, see .failure */
        void (*on_failed)(Client *client, const char *why);
        void *work;    /* the work's own */
        char *failure; /* why the first of those that failed did */
} Clients;

struct Client {
        Clients *clients;
        unsigned index;    /* among all */
        const char *user;  /* the pattern that makes the account's name */
        unsigned number;   /* the number in it */
        unsigned resource; /* the number in that */
        ClientState state;
        Wire wire;
        Cut cut;
        char *rest; /* what arrived and is not a stanza yet; NULL: nothing */
        size_t rest_len;
        Scram scram;
        bool wants_session; /* the server insists on the session iq */
        char *jid;          /* as the server bound it */
        void *work;         /* the work's own, of this client */
};

void clients_init(Clients *clients, const Options *options);
void clients_clear(Clients *clients);

/** client_init: a client that is closed. @user: (borrowed) as in options_account() */
void client_init(Client *client, Clients *clients, const char *user, unsigned number);
/** client_open: starts to connect and log in */
void client_open(Client *client);
/** client_handle: its socket is ready for @events. Only its state and .failure tell what came of
 * it. */
void client_handle(Client *client, uint32_t events);
void client_send(Client *client, const char *text, size_t len);
/** client_send_text: as printf() */
void client_send_text(Client *client, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** client_start_stream: sends a stream header; a new stream begins */
void client_start_stream(Client *client);
/** client_secure: begins the TLS handshake; a new stream begins after it */
void client_secure(Client *client);
/** client_leave: ends the stream; the server's end of it makes it CLIENT_LEFT */
void client_leave(Client *client);
/** client_fail: as printf(). Closes the connection; the first reason of all is kept. */
void client_fail(Client *client, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** client_account: Returns: (owned) the account's name */
char *client_account(const Client *client);
void client_clear(Client *client);

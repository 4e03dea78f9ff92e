/*
 * load: the generator's client: one connection that logs in by SCRAM-SHA-1 and then counts the stanzas it receives.
 *
 * It speaks just enough XMPP to put load on any server: it looks for marks in the text instead of parsing XML, so
 * that what is measured is the server.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
        LOAD_CONNECTING,
        LOAD_FEATURES, /* our header is out */
        LOAD_CHALLENGE,
        LOAD_SUCCESS,
        LOAD_BIND_FEATURES,
        LOAD_BINDING,
        LOAD_READY,
        LOAD_DEAD,
} LoadState;

typedef struct LoadClient LoadClient;
struct LoadClient {
        int fd;
        LoadState state;
        unsigned user, resource;
        GString *in;      /* what was received and not used yet; NULL when nothing */
        char *first;      /* SCRAM client-first-message-bare */
        LoadClient *peer; /* to whom messages go; NULL for an idle session */
        int64_t sent_at;  /* when the message under way was sent, µs */
};

typedef struct {
        const char *host, *address, *password;
        uint16_t port;
        GHashTable *salted; /* "salt,iterations" -> salted password: PBKDF2 runs once an account */
        uint64_t n_received;
        GArray *latencies; /* of int64_t, µs */
        const char *failure;
} Load;

/** load_open: starts connecting. Source addresses in 127/8 are used in turn, so that ports last. */
bool load_open(Load *load, LoadClient *client, unsigned index);
/** load_readable: what arrived is used; a message received is answered with the next one to the peer */
void load_readable(Load *load, LoadClient *client);
/** load_send_message: one chat message from @client to its peer */
void load_send_message(Load *load, LoadClient *client);
void load_close(LoadClient *client);

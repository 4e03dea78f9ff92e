/*
 * client_kit: for tests: a client on a socket pair, whose other end says what a server would, in
 * the clear or over TLS.
 */
#pragma once

#include "client.h"

#define KIT_HEADER                                                                                 \
        "<?xml version='1.0'?><stream:stream id='1' xmlns:stream='http://etherx.jabber.org/"       \
        "streams' xmlns='jabber:client' version='1.0'>"
#define KIT_SASL                                                                                   \
        KIT_HEADER "<stream:features><mechanisms "                                                 \
                   "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>"                          \
                   "PLAIN</mechanism></mechanisms></stream:features>"
#define KIT_SUCCESS "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
#define KIT_BIND                                                                                   \
        KIT_HEADER "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>%s"           \
                   "</stream:features>"
#define KIT_BOUND                                                                                  \
        "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"              \
        "<jid>user7@localhost/x</jid></bind></iq>"
#define KIT_ROSTER "<iq id='roster' type='result'><query xmlns='jabber:iq:roster'/></iq>"
#define KIT_LOGIN_PLAIN "AHVzZXI3AGJlbmNo" /* "\0user7\0bench" */

typedef struct {
        Options options;
        Clients clients;
        Client client;
        int peer; /* the server's end */
        SSL *tls; /* the server's; NULL: none */
        SSL_CTX *context;
        GString *got; /* stanzas given to the work, a line each */
        size_t part;  /* bytes the server sends at once */
        bool is_over; /* leave when a stanza arrives */
} ClientKit;

/** client_kit_init: @words: options besides the port; the client has sent its stream header, or
 * begun its handshake */
void client_kit_init(ClientKit *f, const char *words);
void client_kit_clear(ClientKit *f);
/** client_kit_say: the server says @text, in parts of .part bytes; the client reads each as it
 * comes */
void client_kit_say(ClientKit *f, const char *text);
/** client_kit_heard: Returns: (owned) what the client said since, up to 64 KiB */
char *client_kit_heard(ClientKit *f);
void client_kit_assert_heard(ClientKit *f, const char *part);
/** client_kit_log_in: by PLAIN, as user7 */
void client_kit_log_in(ClientKit *f);
/** client_kit_start_tls: the server's side of it. @version: the highest; 0: any */
void client_kit_start_tls(ClientKit *f, int version);
/** client_kit_shake_hands: Returns: whether the handshake went through */
bool client_kit_shake_hands(ClientKit *f);

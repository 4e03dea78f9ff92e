/*
 * test_im: users of instant messaging in a test: with rosters, available, and contacts beyond our
 * host.
 *
 * The rest of the network is played by the test: what a server routes there is kept in order, what
 * comes from there is routed as a server connection would.
 */
#pragma once

#include <motet/service-roster.h>

#include "support/test_server.h"

#define NS_ROSTER "jabber:iq:roster"
#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

/* The nine states of RFC 6121 A.1, as bits of MotetRosterItem.state. */
enum {
        NONE = 0,
        TO = MOTET_ROSTER_TO,
        FROM = MOTET_ROSTER_FROM,
        BOTH = MOTET_ROSTER_BOTH,
        NONE_OUT = MOTET_ROSTER_PENDING_OUT,
        NONE_IN = MOTET_ROSTER_PENDING_IN,
        NONE_OUT_IN = MOTET_ROSTER_PENDING_OUT | MOTET_ROSTER_PENDING_IN,
        TO_IN = MOTET_ROSTER_TO | MOTET_ROSTER_PENDING_IN,
        FROM_OUT = MOTET_ROSTER_FROM | MOTET_ROSTER_PENDING_OUT,
};

/** test_im_state_name: Returns: (borrowed) a name for a test's path */
const char *test_im_state_name(unsigned state);

/** test_im_new: a server with storage, roster and presence */
TestServer *test_im_new(void);
/** test_im_forget: what @session was sent so far is of no interest */
void test_im_forget(MotetSession *session);
/** test_im_bind_interested: a bound session that has asked for its roster; forgotten so far */
MotetSession *test_im_bind_interested(TestServer *server, const char *full_jid);
/** test_im_bind_available: the same, with an empty presence */
MotetSession *test_im_bind_available(TestServer *server, const char *full_jid);
/** test_im_lose: the connection goes without a word */
void test_im_lose(TestServer *server, MotetSession *session);
/** test_im_state: what @account and @contact are to each other, MOTET_ROSTER_…; the account has a
 * session */
unsigned test_im_state(TestServer *server, const char *account, const char *contact);

/**
 * test_im_come_to:
 * @user: a session on our host that is interested
 * @contact: a bare address beyond our host; the network is connected
 *
 * Brings the two to one of the nine states, by what each of them says; the contact is called "R".
 * All is forgotten afterwards.
 */
void test_im_come_to(TestServer *server, MotetSession *user, const char *contact, unsigned state);
/** test_im_befriend: both of our host, who see each other's presence afterwards; forgotten so
 * far */
void test_im_befriend(MotetSession *a, MotetSession *b);

/** test_remote_connect: from now on the network takes what is routed to it; it is empty */
void test_remote_connect(TestServer *server);
/** test_remote_receive: a stanza comes from the network */
void test_remote_receive(TestServer *server, const char *xml);
/** test_remote_forget: what was routed so far is of no interest */
void test_remote_forget(void);
/** test_assert_remote: the next stanza routed to the network is like @xml */
#define test_assert_remote(xml) test_assert_remote_at(xml, __FILE__, __LINE__)
/** test_assert_remote_nothing: nothing more was routed to the network */
#define test_assert_remote_nothing() test_assert_remote_nothing_at(__FILE__, __LINE__)

void test_assert_remote_at(const char *xml, const char *file, int line);
void test_assert_remote_nothing_at(const char *file, int line);

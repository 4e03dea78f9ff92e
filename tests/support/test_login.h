/*
 * test_login: accounts, and a client's half of SASL, as a client sees it.
 */
#pragma once

#include <openssl/evp.h>

#include "support/test_client.h"

#define TEST_NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"

/* Content of `modules:` for test_login_server(); options of sasl may be appended to the second */
#define TEST_LOGIN_STORE "storage_memory:\nauth_internal:\n  options:\n    iterations: 4096\n"
#define TEST_LOGIN_IN_CLEAR TEST_LOGIN_STORE "sasl:\n  options:\n    allow_unencrypted: true\n"
#define TEST_LOGIN_ENCRYPTED TEST_LOGIN_STORE "tls:\nsasl:\n"

/**
 * test_login_server: with a certificate, and accounts of romeo ("montague") and juliet ("capulet")
 */
TestServer *test_login_server(const char *modules_yaml);
void test_add_user(TestServer *server, const char *jid, const char *password);

/** TestLine: a stream, with a socket or without */
typedef struct {
        MotetSession *session;
        TestClient *client; /* NULL: without */
} TestLine;

/** test_line_in_clear: a stream without a socket, opened */
TestLine test_line_in_clear(TestServer *server);
TestLine test_line_of(TestClient *client);
/** test_line_secure: a client inside TLS 1.3, its stream opened; for test_line_of() */
TestClient *test_line_secure(TestServer *server);
void test_line_send(const TestLine *line, const char *xml);
/** test_line_take: Returns: (own) what was received since */
char *test_line_take(const TestLine *line);

/** test_line_auth: sends <auth/> with @message, which is encoded; NULL: without initial response */
void test_line_auth(const TestLine *line, const char *mechanism, const char *message);
void test_line_plain(const TestLine *line, const char *authzid, const char *username,
                     const char *password);
void test_line_respond(const TestLine *line, const char *message);
/**
 * test_line_expect: Returns: (own) decoded text of what came, which must be SASL's element @name
 */
char *test_line_expect(const TestLine *line, const char *name);
/** test_assert_failure: a failure with @condition came, and nobody is logged in */
void test_assert_failure(const TestLine *line, const char *condition);
/** test_assert_logged_in: as @username, and the stream is to be opened again */
void test_assert_logged_in(const TestLine *line, const char *username);

/** TestPeer: a client's half of SCRAM */
typedef struct {
        const EVP_MD *md;
        const char *mechanism, *username, *password;
        const char *gs2_header; /* "n,," until changed */
        GBytes *binding;        /* (borrowed) or NULL */
        char *server_first, *final, *signature;
        GHashTable *attributes; /* of server_first */
} TestPeer;

TestPeer test_peer_of(const char *mechanism, const char *username, const char *password);
void test_peer_clear(TestPeer *peer);
char *test_peer_first(const TestPeer *peer);
void test_peer_take_challenge(TestPeer *peer, char *server_first);
/** test_peer_prove: makes final and signature out of the challenge */
void test_peer_prove(TestPeer *peer);
/** test_peer_begin: up to the challenge */
void test_peer_begin(TestPeer *peer, const TestLine *line);
/** test_peer_run: up to the answer to the proof, which is not taken */
void test_peer_run(TestPeer *peer, const TestLine *line);

void test_assert_logs_in(const TestLine *line, const char *mechanism, const char *username,
                         const char *password);
/** test_assert_wrong_password: tries one for romeo and is refused */
void test_assert_wrong_password(const TestLine *line);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestPeer, test_peer_clear)

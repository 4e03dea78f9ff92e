/*
 * test_client: a client behind a real socket, in clear or inside TLS, in the test's own process.
 *
 * For what a session without a socket cannot show: TLS and what depends on it. Functions end with
 * all work done.
 */
#pragma once

#include <openssl/types.h>

#include "support/test_server.h"

typedef struct TestClient TestClient;

/** test_server_certify: makes a certificate for @domain ("": the default) and puts it in force */
void test_server_certify(TestServer *server, const char *domain);

/** test_client_new: connected to a plain listener, as from the numeric address @peer */
TestClient *test_client_new(TestServer *server, const char *peer);
/**
 * test_client_new_direct: connected to a direct TLS listener that requires @alpn; the handshake is
 * yet to come
 */
TestClient *test_client_new_direct(TestServer *server, const char *alpn);
void test_client_free(TestClient *client);

/** test_client_session: Returns: (borrowed) the server's side; NULL when it was refused */
MotetSession *test_client_session(TestClient *client);
/**
 * test_client_handshake: @max_version TLS1_2_VERSION or TLS1_3_VERSION; @alpn: what to offer, NULL
 * for nothing. Returns: whether it succeeded
 */
bool test_client_handshake(TestClient *client, int max_version, const char *alpn);
/** test_client_handshake_with: the same with @context (borrowed) of many clients */
bool test_client_handshake_with(TestClient *client, SSL_CTX *context, const char *alpn);
/** test_client_binding: Returns: (own) channel binding data as the client sees it */
GBytes *test_client_binding(TestClient *client, const char *type);

void test_client_send(TestClient *client, const char *text);
/** test_client_take: Returns: (own) what was received since it was last taken */
char *test_client_take(TestClient *client);
/**
 * test_client_open: sends a stream header to @host. Returns: (own) what came: header and features
 */
char *test_client_open(TestClient *client, const char *host);
/**
 * test_client_starttls: opens a stream to @host, does STARTTLS, and opens the stream again.
 * Returns: (own) header and features
 */
char *test_client_starttls(TestClient *client, const char *host, int max_version);
/** test_client_is_closed: whether the server has closed the connection */
bool test_client_is_closed(TestClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestClient, test_client_free)

/*
 * test_sasl: what is offered, and logging in, with accounts of auth_internal.
 */
#include <openssl/ssl.h>

#include "support/test_login.h"

/* What is offered */

/* RFC 6120 6.3.4: in clear nothing is offered, and what is tried is refused */
static void
test_encryption_is_required(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_STORE "sasl:\n");
        TestLine line = {.session = test_server_connect(server)};
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(line.session, header);
        test_assert_sent(line.session, "<stream:features/>");
        test_line_plain(&line, "", "romeo", "montague");
        test_assert_failure(&line, "encryption-required");
        test_line_auth(&line, "SCRAM-SHA-256", "n,,n=romeo,r=abc");
        test_assert_failure(&line, "encryption-required");
}

static void
test_offer_in_clear(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        MotetSession *session = test_server_connect(server);
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(session, header);

        test_assert_sent(session,
                         "<stream:features><mechanisms xmlns='" TEST_NS_SASL "'>"
                         "<mechanism>SCRAM-SHA-512</mechanism><mechanism>SCRAM-SHA-256</mechanism>"
                         "<mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>");
}

/* Order; XEP-0440: types of channel binding next to it */
static void
test_offer_inside_tls13(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");

        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        g_assert_nonnull(strstr(
                features,
                "<mechanisms xmlns='" TEST_NS_SASL "'><mechanism>SCRAM-SHA-512-PLUS</mechanism>"
                "<mechanism>SCRAM-SHA-512</mechanism><mechanism>SCRAM-SHA-256-PLUS</mechanism>"
                "<mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1-PLUS</mechanism>"
                "<mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>"));
        g_assert_nonnull(strstr(
                features, "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
                          "<channel-binding type='tls-exporter'/>"
                          "<channel-binding type='tls-server-end-point'/></sasl-channel-binding>"));
}

/* RFC 9266 section 3: no tls-exporter in TLS 1.2 as we have it */
static void
test_offer_inside_tls12(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");

        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_2_VERSION);

        g_assert_nonnull(strstr(
                features, "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
                          "<channel-binding type='tls-server-end-point'/></sasl-channel-binding>"));
        g_assert_nonnull(strstr(features, "<mechanism>SCRAM-SHA-256-PLUS</mechanism>"));
}

static void
test_offer_of_option(void)
{
        g_autoptr(TestServer) server = test_login_server(
                TEST_LOGIN_STORE "tls:\nsasl:\n  options:\n    mechanisms: [PLAIN]\n");
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");

        g_autofree char *features = test_client_starttls(client, "example.org", TLS1_3_VERSION);

        g_assert_nonnull(strstr(features, "<mechanisms xmlns='" TEST_NS_SASL
                                          "'><mechanism>PLAIN</mechanism></mechanisms>"));
        /* XEP-0440 section 3, rule 5: no types without a mechanism that uses them */
        g_assert_null(strstr(features, "sasl-channel-binding"));
        TestLine line = test_line_of(client);
        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo,r=abc");
        test_assert_failure(&line, "invalid-mechanism");
}

/* RFC 6120 6.3.3: not after authentication */
static void
test_no_offer_after_login(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        test_assert_logs_in(&line, "SCRAM-SHA-1", "romeo", "montague");
        g_autofree char *header = test_session_header("example.org");

        test_session_receive(line.session, header);

        test_assert_sent(line.session, "<stream:features/>");
}

/* SCRAM */

static void
test_scram_logs_in(void)
{
        static const char *const names[] = {"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"};
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                TestLine line = test_line_in_clear(server);
                test_assert_logs_in(&line, names[i], "romeo", "montague");
                test_assert_logged_in(&line, "romeo");
        }
}

/* RFC 6120 6.4.2 and 6.4.3: without an initial response an empty challenge asks for it */
static void
test_scram_without_initial_response(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-256", "romeo", "montague");
        g_autofree char *first = test_peer_first(&peer);

        test_line_auth(&line, "SCRAM-SHA-256", NULL);
        g_autofree char *empty = test_line_expect(&line, "challenge");
        g_assert_cmpstr(empty, ==, "");
        test_line_respond(&line, first);
        test_peer_take_challenge(&peer, test_line_expect(&line, "challenge"));
        test_peer_prove(&peer);
        test_line_respond(&line, peer.final);

        g_free(test_line_expect(&line, "success"));
        test_assert_logged_in(&line, "romeo");
}

static void
test_scram_wrong_password(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_assert_wrong_password(&line);
}

/*
 * An unknown user gets as many steps, the same salt each time, the same number of rounds, the same
 * end (R7) */
static void
test_scram_unknown_user(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) first = test_peer_of("SCRAM-SHA-1", "tybalt", "x"),
                         second = test_peer_of("SCRAM-SHA-1", "tybalt", "x");

        test_peer_run(&first, &line);
        test_assert_failure(&line, "not-authorized");
        test_peer_run(&second, &line);
        test_assert_failure(&line, "not-authorized");

        const char *salt = g_hash_table_lookup(first.attributes, "s");
        g_assert_cmpstr(salt, ==, g_hash_table_lookup(second.attributes, "s"));
        g_assert_cmpuint(strlen(salt), ==, 24);
        g_assert_cmpstr(g_hash_table_lookup(first.attributes, "i"), ==, "4096");
        g_assert_cmpstr(g_hash_table_lookup(first.attributes, "r"), !=,
                        g_hash_table_lookup(second.attributes, "r"));
}

/* RFC 6120 6.3.7: the name is prepared */
static void
test_scram_prepares_the_name(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_assert_logs_in(&line, "SCRAM-SHA-1", "ROMEO", "montague");

        test_assert_logged_in(&line, "romeo");
}

static void
test_scram_impossible_name(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_line_auth(&line, "SCRAM-SHA-1", "n,,n=romeo@example.org,r=abc");
        test_assert_failure(&line, "not-authorized");
}

/* RFC 6120 6.3.8: nobody acts as somebody else (R8) */
static void
test_authzid(void)
{
        static const struct {
                const char *header;
                bool welcome;
        } cases[] = {
                {"n,a=romeo@example.org,", true},
                {"n,a=ROMEO@EXAMPLE.ORG,", true},
                {"n,a=juliet@example.org,", false},
                {"n,a=romeo@example.org/orchard,", false},
                {"n,a=romeo,", false},
                {"n,a=example.org,", false},
                {"n,a=romeo@elsewhere.example,", false},
        };
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                TestLine line = test_line_in_clear(server);
                g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
                peer.gs2_header = cases[i].header;
                if (cases[i].welcome) {
                        test_peer_run(&peer, &line);
                        g_free(test_line_expect(&line, "success"));
                        test_assert_logged_in(&line, "romeo");
                } else {
                        g_autofree char *first = test_peer_first(&peer);
                        test_line_auth(&line, "SCRAM-SHA-1", first);
                        test_assert_failure(&line, "invalid-authzid");
                }
        }
}

/* RFC 5802 5.1 and section 6 */
static void
test_scram_refused_first_messages(void)
{
        static const struct {
                const char *message, *condition;
        } cases[] = {
                {"n,,m=x,n=romeo,r=abc", "malformed-request"},
                {"p=tls-exporter,,n=romeo,r=abc", "not-authorized"},
                {"n,,n=romeo", "malformed-request"},
                {"n,,n=romeo,r=abc,", "malformed-request"},
                {"romeo", "malformed-request"},
        };
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                TestLine line = test_line_in_clear(server);
                test_line_auth(&line, "SCRAM-SHA-1", cases[i].message);
                test_assert_failure(&line, cases[i].condition);
        }
}

/* RFC 5802 section 6: "y" is no lie where nothing was offered */
static void
test_flag_y_without_plus_is_accepted(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
        peer.gs2_header = "y,,";

        test_peer_run(&peer, &line);

        g_free(test_line_expect(&line, "success"));
}

static void
test_scram_refused_final_messages(void)
{
        static const char *const wrong[] = {
                "c=biws,r=clientnonce,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "c=biws",
                "",
                "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        };
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                TestLine line = test_line_in_clear(server);
                g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
                test_peer_begin(&peer, &line);
                test_line_respond(&line, wrong[i]);
                test_assert_failure(&line, "malformed-request");
        }
}

/* XEP-0474 section 5.1 (R5) */
static void
test_downgrade_hash(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-256", "romeo", "montague");
        uint8_t digest[32];
        static const char list[] = "SCRAM-SHA-1\x1eSCRAM-SHA-256\x1eSCRAM-SHA-512";
        EVP_Digest(list, sizeof(list) - 1, digest, NULL, EVP_sha256(), NULL);
        g_autofree char *expected = g_base64_encode(digest, sizeof(digest));

        test_peer_begin(&peer, &line);

        g_assert_cmpstr(g_hash_table_lookup(peer.attributes, "h"), ==, expected);
}

static void
test_downgrade_hash_inside_tls(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_free(test_client_starttls(client, "example.org", TLS1_3_VERSION));
        TestLine line = test_line_of(client);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
        uint8_t digest[20];
        static const char list[] =
                "PLAIN\x1e"
                "SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1eSCRAM-SHA-256\x1eSCRAM-SHA-256-PLUS\x1e"
                "SCRAM-SHA-512\x1eSCRAM-SHA-512-PLUS\x1f"
                "tls-exporter\x1e"
                "tls-server-end-point";
        EVP_Digest(list, sizeof(list) - 1, digest, NULL, EVP_sha1(), NULL);
        g_autofree char *expected = g_base64_encode(digest, sizeof(digest));

        test_peer_begin(&peer, &line);

        g_assert_cmpstr(g_hash_table_lookup(peer.attributes, "h"), ==, expected);
}

static void
test_downgrade_hash_can_be_left_out(void)
{
        g_autoptr(TestServer) server =
                test_login_server(TEST_LOGIN_IN_CLEAR "    downgrade_protection: false\n");
        TestLine line = test_line_in_clear(server);
        g_auto(TestPeer) peer = test_peer_of("SCRAM-SHA-256", "romeo", "montague");

        test_peer_begin(&peer, &line);

        g_assert_null(g_hash_table_lookup(peer.attributes, "h"));
}

/* Channel binding */

/* Logs in, or tries to, with @mechanism inside TLS; @type: what the gs2-header names. */
static void
run_bound(TestServer *server, int version, const char *mechanism, const char *type, bool right_data,
          bool welcome)
{
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_free(test_client_starttls(client, "example.org", version));
        TestLine line = test_line_of(client);
        g_autoptr(GBytes) binding = right_data ? test_client_binding(client, type)
                                               : g_bytes_new("of somebody in between", 22);
        g_autofree char *header = g_strdup_printf("p=%s,,", type);
        g_auto(TestPeer) peer = test_peer_of(mechanism, "romeo", "montague");
        peer.gs2_header = header;
        peer.binding = binding;

        test_peer_run(&peer, &line);

        if (welcome) {
                g_free(test_line_expect(&line, "success"));
                test_assert_logged_in(&line, "romeo");
        } else {
                test_assert_failure(&line, "not-authorized");
        }
}

/* RFC 5802, RFC 5929 section 4, RFC 9266 */
static void
test_plus_logs_in(void)
{
        static const char *const names[] = {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS",
                                            "SCRAM-SHA-512-PLUS"};
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                run_bound(server, TLS1_3_VERSION, names[i], "tls-exporter", true, true);
                run_bound(server, TLS1_3_VERSION, names[i], "tls-server-end-point", true, true);
                run_bound(server, TLS1_2_VERSION, names[i], "tls-server-end-point", true, true);
        }
}

/* RFC 5929 section 3: not announced, but known to clients that ask for nothing else */
static void
test_plus_with_tls_unique(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);

        run_bound(server, TLS1_2_VERSION, "SCRAM-SHA-256-PLUS", "tls-unique", true, true);
        run_bound(server, TLS1_3_VERSION, "SCRAM-SHA-256-PLUS", "tls-unique", true, true);
        run_bound(server, TLS1_3_VERSION, "SCRAM-SHA-256-PLUS", "tls-unique", false, false);
}

static void
test_plus_with_other_binding_data(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);

        run_bound(server, TLS1_3_VERSION, "SCRAM-SHA-256-PLUS", "tls-exporter", false, false);
        run_bound(server, TLS1_3_VERSION, "SCRAM-SHA-256-PLUS", "tls-server-end-point", false,
                  false);
}

/*
 * RFC 5802 section 6: the flag and the mechanism belong together, and "y" betrays who removed -PLUS
 * from the offer
 */
static void
test_flags_inside_tls(void)
{
        static const struct {
                const char *mechanism, *header;
        } cases[] = {
                {"SCRAM-SHA-256", "y,,"},
                {"SCRAM-SHA-256", "p=tls-exporter,,"},
                {"SCRAM-SHA-256-PLUS", "n,,"},
                {"SCRAM-SHA-256-PLUS", "y,,"},
                {"SCRAM-SHA-256-PLUS", "p=unheard-of,,"},
        };
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
                g_free(test_client_starttls(client, "example.org", TLS1_3_VERSION));
                TestLine line = test_line_of(client);
                g_auto(TestPeer) peer = test_peer_of(cases[i].mechanism, "romeo", "montague");
                peer.gs2_header = cases[i].header;
                g_autofree char *first = test_peer_first(&peer);
                test_line_auth(&line, cases[i].mechanism, first);
                test_assert_failure(&line, "not-authorized");
        }
}

/* RFC 9266 section 3: not in TLS 1.2 */
static void
test_exporter_in_tls12_is_refused(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_free(test_client_starttls(client, "example.org", TLS1_2_VERSION));
        TestLine line = test_line_of(client);

        test_line_auth(&line, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=romeo,r=abc");

        test_assert_failure(&line, "not-authorized");
}

static void
test_flag_n_inside_tls_is_accepted(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_client_new(server, "192.0.2.1");
        g_free(test_client_starttls(client, "example.org", TLS1_3_VERSION));
        TestLine line = test_line_of(client);

        test_assert_logs_in(&line, "SCRAM-SHA-256", "romeo", "montague");

        test_assert_logged_in(&line, "romeo");
}

static void
test_plus_in_clear_is_no_mechanism(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_line_auth(&line, "SCRAM-SHA-256-PLUS", "p=tls-exporter,,n=romeo,r=abc");

        test_assert_failure(&line, "invalid-mechanism");
}

/* PLAIN */

static void
test_plain_logs_in(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_line_secure(server);
        TestLine line = test_line_of(client);

        test_line_plain(&line, "", "romeo", "montague");

        g_autofree char *sent = test_line_take(&line);
        g_assert_cmpstr(sent, ==, "<success xmlns='" TEST_NS_SASL "'/>");
        test_assert_logged_in(&line, "romeo");
}

static void
test_plain_with_own_authzid(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_line_secure(server);
        TestLine line = test_line_of(client);

        test_line_plain(&line, "romeo@example.org", "Romeo", "montague");

        g_free(test_line_expect(&line, "success"));
}

static void
test_plain_without_initial_response(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        g_autoptr(TestClient) client = test_line_secure(server);
        TestLine line = test_line_of(client);

        test_line_auth(&line, "PLAIN", NULL);
        g_free(test_line_expect(&line, "challenge"));
        test_line_send(&line, "<response xmlns='" TEST_NS_SASL "'>AHJvbWVvAG1vbnRhZ3Vl</response>");

        g_free(test_line_expect(&line, "success"));
}

static void
test_plain_refusals(void)
{
        static const struct {
                const char *authzid, *username, *password, *condition;
        } cases[] = {
                {"", "romeo", "capulet", "not-authorized"},
                {"", "tybalt", "montague", "not-authorized"},
                {"", "a@b", "montague", "not-authorized"},
                {"", "romeo", "mon\x07tague", "not-authorized"},
                {"juliet@example.org", "romeo", "montague", "invalid-authzid"},
                {"", "", "montague", "malformed-request"},
                {"", "romeo", "", "malformed-request"},
        };
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestClient) client = test_line_secure(server);
                TestLine line = test_line_of(client);
                test_line_plain(&line, cases[i].authzid, cases[i].username, cases[i].password);
                test_assert_failure(&line, cases[i].condition);
        }
}

/* PLAIN only inside TLS, also where SCRAM is allowed without */
static void
test_plain_in_clear(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestLine line = test_line_in_clear(server);

        test_line_plain(&line, "", "romeo", "montague");

        test_assert_failure(&line, "encryption-required");
}

/* SASLprep of the password: RFC 4013 section 3, I<soft hyphen>X is IX */
static void
test_plain_prepares_the_password(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_ENCRYPTED);
        test_add_user(server, "paris@example.org", "IX");
        g_autoptr(TestClient) client = test_line_secure(server);
        TestLine line = test_line_of(client);

        test_line_plain(&line, "", "paris", "I\xc2\xadX");

        g_free(test_line_expect(&line, "success"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sasl/offer/encryption-is-required", test_encryption_is_required);
        g_test_add_func("/sasl/offer/in-clear-when-allowed", test_offer_in_clear);
        g_test_add_func("/sasl/offer/inside-tls-1.3", test_offer_inside_tls13);
        g_test_add_func("/sasl/offer/inside-tls-1.2", test_offer_inside_tls12);
        g_test_add_func("/sasl/offer/as-the-option-says", test_offer_of_option);
        g_test_add_func("/sasl/offer/not-after-login", test_no_offer_after_login);
        g_test_add_func("/sasl/scram/logs-in", test_scram_logs_in);
        g_test_add_func("/sasl/scram/without-initial-response",
                        test_scram_without_initial_response);
        g_test_add_func("/sasl/scram/wrong-password", test_scram_wrong_password);
        g_test_add_func("/sasl/scram/unknown-user", test_scram_unknown_user);
        g_test_add_func("/sasl/scram/prepares-the-name", test_scram_prepares_the_name);
        g_test_add_func("/sasl/scram/impossible-name", test_scram_impossible_name);
        g_test_add_func("/sasl/scram/authzid", test_authzid);
        g_test_add_func("/sasl/scram/refused-first-messages", test_scram_refused_first_messages);
        g_test_add_func("/sasl/scram/flag-y-without-plus-is-accepted",
                        test_flag_y_without_plus_is_accepted);
        g_test_add_func("/sasl/scram/refused-final-messages", test_scram_refused_final_messages);
        g_test_add_func("/sasl/scram/downgrade-hash", test_downgrade_hash);
        g_test_add_func("/sasl/scram/downgrade-hash-inside-tls", test_downgrade_hash_inside_tls);
        g_test_add_func("/sasl/scram/downgrade-hash-can-be-left-out",
                        test_downgrade_hash_can_be_left_out);
        g_test_add_func("/sasl/plus/logs-in", test_plus_logs_in);
        g_test_add_func("/sasl/plus/tls-unique", test_plus_with_tls_unique);
        g_test_add_func("/sasl/plus/other-binding-data", test_plus_with_other_binding_data);
        g_test_add_func("/sasl/plus/flags-inside-tls", test_flags_inside_tls);
        g_test_add_func("/sasl/plus/exporter-in-tls-1.2-is-refused",
                        test_exporter_in_tls12_is_refused);
        g_test_add_func("/sasl/plus/flag-n-inside-tls-is-accepted",
                        test_flag_n_inside_tls_is_accepted);
        g_test_add_func("/sasl/plus/in-clear-is-no-mechanism", test_plus_in_clear_is_no_mechanism);
        g_test_add_func("/sasl/plain/logs-in", test_plain_logs_in);
        g_test_add_func("/sasl/plain/with-own-authzid", test_plain_with_own_authzid);
        g_test_add_func("/sasl/plain/without-initial-response",
                        test_plain_without_initial_response);
        g_test_add_func("/sasl/plain/refusals", test_plain_refusals);
        g_test_add_func("/sasl/plain/in-clear", test_plain_in_clear);
        g_test_add_func("/sasl/plain/prepares-the-password", test_plain_prepares_the_password);
        return g_test_run();
}

/*
 * tls: certificate files, settings, which certificate is presented, channel bindings.
 *
 * Source: RFC 9325, RFC 7301, RFC 9266, RFC 5929, SECURITY-DEFAULTS R1 and R3.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <motet/conn.h>
#include <motet/error.h>

#include "support/tls_pair.h"

#define DAY_S (24 * 3600)
#define ALPN "xmpp-client"

/* Settings: R1 */

static void
test_tls_1_1_is_refused(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, TLS1_1_VERSION);

        g_assert_cmpint(tls_pair_refuse(&pair), ==, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);

        g_assert_nonnull(pair.end_text);
        tls_pair_clear(&pair);
}

static void
check_cipher_refused(const char *ciphers)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, TLS1_2_VERSION);
        g_assert_cmpint(SSL_set_cipher_list(pair.ssl, ciphers), ==, 1);

        g_assert_cmpint(tls_pair_refuse(&pair), ==, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);

        tls_pair_clear(&pair);
}

static void
test_suites_without_aead_or_forward_secrecy_are_refused(void)
{
        check_cipher_refused("ECDHE-ECDSA-AES256-SHA384");
        check_cipher_refused("ECDHE-ECDSA-AES128-SHA");
        check_cipher_refused("AES256-GCM-SHA384");
        check_cipher_refused("DHE-RSA-AES256-GCM-SHA384");
}

static void
test_curves_are_the_named_three(void)
{
        const struct {
                const char *group;
                bool accepted;
        } cases[] = {
                {"X25519", true}, {"P-256", true}, {"P-384", true},
                {"P-521", false}, {"X448", false}, {"ffdhe2048", false},
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                TlsFiles files;
                TlsPair pair;
                tls_pair_init(&pair, &files);
                g_assert_cmpint(SSL_set1_groups_list(pair.ssl, cases[i].group), ==, 1);

                if (cases[i].accepted)
                        tls_pair_handshake(&pair);
                else
                        tls_pair_refuse(&pair);
                tls_pair_clear(&pair);
        }
}

static void
test_renegotiation_is_refused(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, TLS1_2_VERSION);
        tls_pair_handshake(&pair);

        g_assert_cmpint(SSL_renegotiate(pair.ssl), ==, 1);
        g_assert_false(tls_pair_connect(&pair));

        g_assert_cmpint(pair.refusal, ==, SSL_R_NO_RENEGOTIATION);
        g_assert_cmpuint(pair.n_secured, ==, 1);
        tls_pair_clear(&pair);
}

static void
check_no_resumption(int version)
{
        TlsFiles files;
        TlsPair first, second;
        tls_pair_init(&first, &files);
        SSL_set_max_proto_version(first.ssl, version);
        tls_pair_handshake(&first);
        g_autoptr(GString) out = g_string_new(NULL);
        conn_send(first.conn, "x", 1);
        loop_settle(first.loop);
        tls_pair_read(&first, out);
        SSL_SESSION *session = SSL_get1_session(first.ssl);

        tls_pair_init_in(&second, &files, first.loop);
        SSL_set_max_proto_version(second.ssl, version);
        SSL_set_session(second.ssl, session);
        tls_pair_handshake(&second);

        g_assert_cmpint(SSL_SESSION_has_ticket(session), ==, 0);
        g_assert_cmpint(SSL_session_reused(second.ssl), ==, 0);
        SSL_SESSION_free(session);
        tls_pair_clear_in(&second);
        tls_pair_clear(&first);
}

static void
test_sessions_are_not_resumed(void)
{
        check_no_resumption(TLS1_3_VERSION);
        check_no_resumption(TLS1_2_VERSION);
}

static int
provide_certificate(SSL *ssl, X509 **certificate_out, EVP_PKEY **key_out)
{
        bool *asked = SSL_get_app_data(ssl);

        (void)certificate_out, (void)key_out;
        *asked = true;
        return 0;
}

static void
test_no_client_certificate_is_asked_for(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        bool asked = false;
        SSL_set_app_data(pair.ssl, &asked);
        SSL_CTX_set_client_cert_cb(pair.context, provide_certificate);

        tls_pair_handshake(&pair);

        g_assert_false(asked);
        tls_pair_clear(&pair);
}

/* ALPN: RFC 7301 */

static void
offer(TlsPair *pair, const char *first, const char *second)
{
        g_autoptr(GString) list = g_string_new(NULL);

        g_string_append_c(list, (char)strlen(first));
        g_string_append(list, first);
        if (second != NULL) {
                g_string_append_c(list, (char)strlen(second));
                g_string_append(list, second);
        }
        SSL_set_alpn_protos(pair->ssl, (const unsigned char *)list->str, (unsigned)list->len);
}

static void
assert_alpn(TlsPair *pair, const char *expected)
{
        const unsigned char *chosen;
        unsigned len;

        SSL_get0_alpn_selected(pair->ssl, &chosen, &len);
        g_assert_cmpuint(len, ==, strlen(expected));
        g_assert_true(len == 0 || memcmp(chosen, expected, len) == 0);
}

static void
test_alpn_that_matches_is_chosen(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_set_alpn(pair.conn, ALPN);
        offer(&pair, "http/1.1", ALPN);

        tls_pair_handshake(&pair);

        assert_alpn(&pair, ALPN);
        tls_pair_clear(&pair);
}

/* A listener may be closed by a reload while a handshake it accepted goes on. */
static void
test_alpn_need_not_outlive_the_call(void)
{
        TlsFiles files;
        TlsPair pair;
        char *name = g_strdup(ALPN);
        tls_pair_init(&pair, &files);
        conn_set_alpn(pair.conn, name);
        g_free(name);
        offer(&pair, ALPN, NULL);

        tls_pair_handshake(&pair);

        assert_alpn(&pair, ALPN);
        tls_pair_clear(&pair);
}

/* RFC 7301 3.2: no_application_protocol; not even for a protocol of which ours is a part. */
static void
test_alpn_without_ours_is_refused(void)
{
        const char *const others[] = {"http/1.1", "xmpp-clien", "xmpp-client2"};

        for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
                TlsFiles files;
                TlsPair pair;
                tls_pair_init(&pair, &files);
                conn_set_alpn(pair.conn, ALPN);
                offer(&pair, others[i], NULL);

                g_assert_cmpint(tls_pair_refuse(&pair), ==,
                                SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
                tls_pair_clear(&pair);
        }
}

static void
test_client_without_alpn_is_accepted(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_set_alpn(pair.conn, ALPN);

        tls_pair_handshake(&pair);

        assert_alpn(&pair, "");
        tls_pair_clear(&pair);
}

static void
test_alpn_is_ignored_where_none_is_required(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        offer(&pair, "http/1.1", NULL);

        tls_pair_handshake(&pair);

        assert_alpn(&pair, "");
        tls_pair_clear(&pair);
}

/* Which certificate: SNI, else the stream's domain, else the default */

static void
check_choice(const char *sni, const char *name, bool with_default, const char *expected)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_files_make(&files, "b.example");
        tls_files_use(&files, "b.example", "b.example");
        tls_files_make(&files, "default.example");
        if (with_default)
                tls_files_use(&files, "", "default.example");
        conn_set_tls_name(pair.conn, name);
        if (sni != NULL)
                SSL_set_tlsext_host_name(pair.ssl, sni);

        tls_pair_handshake(&pair);

        tls_pair_assert_served(&pair, expected);
        tls_pair_clear(&pair);
}

static void
test_sni_chooses_the_certificate(void)
{
        check_choice("b.example", "a.example", true, "b.example");
        check_choice("B.Example", "a.example", true, "b.example");
        check_choice("b.example", NULL, true, "b.example");
}

static void
test_without_known_sni_the_domain_of_the_stream_chooses(void)
{
        check_choice(NULL, "b.example", true, "b.example");
        check_choice("unknown.example", "b.example", true, "b.example");
        check_choice(NULL, "unknown.example", true, "default.example");
        check_choice(NULL, NULL, true, "default.example");
}

static void
test_sni_is_told(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_tlsext_host_name(pair.ssl, "Unknown.Example");
        g_assert_null(conn_sni(pair.conn));

        tls_pair_handshake(&pair);

        g_assert_cmpstr(conn_sni(pair.conn), ==, "unknown.example");
        tls_pair_clear(&pair);
}

static void
test_no_certificate_at_all_ends(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        conn_set_tls_name(pair.conn, "unknown.example");

        tls_pair_refuse(&pair);

        tls_pair_clear(&pair);
}

/* Channel bindings */

static GBytes *
client_exporter(TlsPair *pair)
{
        unsigned char value[32];

        g_assert_cmpint(SSL_export_keying_material(pair->ssl, value, sizeof value,
                                                   "EXPORTER-Channel-Binding", 24, NULL, 0, 0),
                        ==, 1);
        return g_bytes_new(value, sizeof value);
}

/* RFC 9266 2: 32 bytes, the same on both sides, another for every connection. */
static void
test_exporter_is_the_same_on_both_sides(void)
{
        TlsFiles files;
        TlsPair pair, other;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);
        tls_pair_init_in(&other, &files, pair.loop);
        tls_pair_handshake(&other);

        g_autoptr(GBytes) ours = motet_conn_channel_binding(pair.conn, "tls-exporter");
        g_autoptr(GBytes) theirs = client_exporter(&pair);
        g_autoptr(GBytes) of_other = motet_conn_channel_binding(other.conn, "tls-exporter");

        g_assert_cmpuint(g_bytes_get_size(ours), ==, 32);
        g_assert_true(g_bytes_equal(ours, theirs));
        g_assert_false(g_bytes_equal(ours, of_other));
        tls_pair_clear_in(&other);
        tls_pair_clear(&pair);
}

/* RFC 9266 4.2: not offered before TLS 1.3. */
static void
test_exporter_is_not_offered_in_tls_1_2(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, TLS1_2_VERSION);
        tls_pair_handshake(&pair);

        g_assert_null(motet_conn_channel_binding(pair.conn, "tls-exporter"));
        g_autoptr(GBytes) end_point = motet_conn_channel_binding(pair.conn, "tls-server-end-point");

        g_assert_nonnull(end_point);
        tls_pair_clear(&pair);
}

static void
test_unknown_binding_type_has_no_value(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_pair_handshake(&pair);

        g_assert_null(motet_conn_channel_binding(pair.conn, "tls-other"));
        g_assert_null(motet_conn_channel_binding(pair.conn, ""));
        tls_pair_clear(&pair);
}

static void
check_unique(int version)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, version);
        tls_pair_handshake(&pair);
        unsigned char value[EVP_MAX_MD_SIZE];
        size_t len = SSL_get_finished(pair.ssl, value, sizeof value);

        g_autoptr(GBytes) ours = motet_conn_channel_binding(pair.conn, "tls-unique");
        g_autoptr(GBytes) theirs = g_bytes_new(value, len);

        g_assert_true(g_bytes_equal(ours, theirs));
        tls_pair_clear(&pair);
}

/* RFC 5929 3.1: the first Finished message, the client's. */
static void
test_unique_is_the_finished_message_of_the_client(void)
{
        check_unique(TLS1_2_VERSION);
        check_unique(TLS1_3_VERSION);
}

/* RFC 7627 1: without the extended master secret it does not bind. */
static void
test_unique_needs_the_extended_master_secret(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        SSL_set_max_proto_version(pair.ssl, TLS1_2_VERSION);
        SSL_set_options(pair.ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);

        tls_pair_handshake(&pair);

        g_assert_null(motet_conn_channel_binding(pair.conn, "tls-unique"));
        tls_pair_clear(&pair);
}

/* The client's own computation over what it was shown: @expected of its bytes. */
static void
check_end_point(EVP_PKEY *key, const EVP_MD *signed_by, const EVP_MD *expected)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_files_make_with(&files, "x.example", key, signed_by, 0, 90 * DAY_S);
        tls_files_use(&files, "a.example", "x.example");
        tls_pair_handshake(&pair);
        g_autoptr(X509) shown = SSL_get1_peer_certificate(pair.ssl);
        unsigned char *bytes = NULL;
        int n = i2d_X509(shown, &bytes);
        unsigned char value[EVP_MAX_MD_SIZE];
        unsigned len = 0;

        g_autoptr(GBytes) ours = motet_conn_channel_binding(pair.conn, "tls-server-end-point");

        if (expected == NULL) {
                g_assert_null(ours);
        } else {
                EVP_Digest(bytes, (size_t)n, value, &len, expected, NULL);
                g_autoptr(GBytes) theirs = g_bytes_new(value, len);
                g_assert_true(g_bytes_equal(ours, theirs));
        }
        OPENSSL_free(bytes);
        tls_pair_clear(&pair);
}

/* RFC 5929 4.1: the hash of the certificate's signature. */
static void
test_end_point_uses_the_hash_of_the_signature(void)
{
        g_autoptr(EVP_PKEY) ec = EVP_EC_gen("P-256");
        g_autoptr(EVP_PKEY) rsa = EVP_RSA_gen(2048);

        check_end_point(ec, EVP_sha256(), EVP_sha256());
        check_end_point(ec, EVP_sha384(), EVP_sha384());
        check_end_point(rsa, EVP_sha512(), EVP_sha512());
}

/* RFC 5929 4.1: MD5 and SHA-1 are replaced by SHA-256. */
static void
test_end_point_replaces_weak_hashes(void)
{
        g_autoptr(EVP_PKEY) ec = EVP_EC_gen("P-256");

        check_end_point(ec, EVP_sha1(), EVP_sha256());
}

/* RFC 5929 4.1: undefined where the signature has no hash of its own. */
static void
test_end_point_without_a_hash_has_no_value(void)
{
        g_autoptr(EVP_PKEY) ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

        check_end_point(ed25519, NULL, NULL);
}

/* Certificate files: R3 */

static void
test_expiry_is_known(void)
{
        TlsFiles files;
        tls_files_init(&files);
        int64_t now = g_get_real_time() / G_USEC_PER_SEC;

        int64_t expiry = tls_server_expiry(files.server, "a.example");

        g_assert_cmpint(expiry, >=, now + 90 * DAY_S - 60);
        g_assert_cmpint(expiry, <=, now + 90 * DAY_S + 60);
        g_assert_cmpint(tls_server_expiry(files.server, "unknown.example"), ==, 0);
        tls_files_clear(&files);
}

/* An error names @file and says @what; the certificate in force stays. */
static void
assert_refused(const TlsFiles *files, const char *name, const char *file, const char *what)
{
        g_autoptr(GError) error = NULL;
        int64_t expiry = tls_server_expiry(files->server, "a.example");

        g_assert_false(tls_files_load(files, "a.example", name, &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_TLS);
        g_assert_nonnull(strstr(error->message, file));
        g_assert_nonnull(strstr(error->message, what));
        g_assert_cmpint(tls_server_expiry(files->server, "a.example"), ==, expiry);
        g_assert_cmpuint(ERR_peek_error(), ==, 0);
}

static void
test_missing_files_are_named(void)
{
        TlsFiles files;
        tls_files_init(&files);
        tls_files_make(&files, "k.example");
        g_autofree char *key_file = tls_files_path(&files, "k.example", ".key");
        g_unlink(key_file);

        assert_refused(&files, "none.example", "none.example.crt", "correct the path");
        assert_refused(&files, "k.example", "k.example.key", "correct the path");

        tls_files_clear(&files);
}

static void
test_unreadable_file_says_what_to_do(void)
{
        TlsFiles files;
        tls_files_init(&files);
        tls_files_make(&files, "k.example");
        g_autofree char *key_file = tls_files_path(&files, "k.example", ".key");
        g_assert_cmpint(chmod(key_file, 0), ==, 0);
        g_assert_cmpint(chmod(files.dir, 0755), ==, 0);
        /* Root reads everything: be nobody meanwhile. */
        bool is_root = geteuid() == 0;
        g_assert_true(!is_root || seteuid(65534) == 0);

        assert_refused(&files, "k.example", "k.example.key", "let the server's user read it");

        g_assert_true(!is_root || seteuid(0) == 0);
        tls_files_clear(&files);
}

/* R3: no start with a key that others can read; a group may. */
static void
test_key_open_to_others_is_refused(void)
{
        TlsFiles files;
        tls_files_init(&files);
        tls_files_make(&files, "k.example");
        g_autofree char *key_file = tls_files_path(&files, "k.example", ".key");

        for (mode_t others = 1; others <= 7; others++) {
                g_assert_cmpint(chmod(key_file, 0600 | others), ==, 0);
                assert_refused(&files, "k.example", "k.example.key", "chmod o=");
        }
        g_assert_cmpint(chmod(key_file, 0640), ==, 0);
        tls_files_use(&files, "k.example", "k.example");

        tls_files_clear(&files);
}

static void
test_key_of_another_certificate_is_refused(void)
{
        TlsFiles files;
        tls_files_init(&files);
        tls_files_make(&files, "k.example");
        g_autofree char *key_file = tls_files_path(&files, "k.example", ".key");
        g_autoptr(EVP_PKEY) other = EVP_EC_gen("P-256");
        tls_files_write_key(key_file, other, NULL);

        assert_refused(&files, "k.example", "k.example.key", "does not belong to certificate");

        tls_files_clear(&files);
}

static void
test_encrypted_key_is_refused_without_asking(void)
{
        TlsFiles files;
        tls_files_init(&files);
        g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
        tls_files_make_with(&files, "k.example", key, EVP_sha256(), 0, 90 * DAY_S);
        g_autofree char *key_file = tls_files_path(&files, "k.example", ".key");
        tls_files_write_key(key_file, key, "passphrase");

        assert_refused(&files, "k.example", "k.example.key", "without a passphrase");

        tls_files_clear(&files);
}

static void
test_files_that_are_not_pem_are_refused(void)
{
        TlsFiles files;
        tls_files_init(&files);
        tls_files_make(&files, "k.example");
        g_autofree char *chain_file = tls_files_path(&files, "k.example", ".crt");
        g_autofree char *key_file = tls_files_path(&files, "k.example", ".key");

        g_assert_true(g_file_set_contents_full(key_file, "nonsense", -1,
                                               G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
        assert_refused(&files, "k.example", "k.example.key", "key");
        g_assert_true(g_file_set_contents(chain_file, "nonsense", -1, NULL));
        assert_refused(&files, "k.example", "k.example.crt", "no certificate in PEM form");
        g_assert_true(g_file_set_contents(chain_file, "", 0, NULL));
        assert_refused(&files, "k.example", "k.example.crt", "no certificate in PEM form");

        tls_files_clear(&files);
}

static void
append_to(const char *path, const char *text)
{
        FILE *file = fopen(path, "a");

        g_assert_nonnull(file);
        fputs(text, file);
        fclose(file);
}

static void
test_damaged_chain_is_refused(void)
{
        TlsFiles files;
        tls_files_init(&files);
        tls_files_make(&files, "k.example");
        g_autofree char *chain_file = tls_files_path(&files, "k.example", ".crt");
        append_to(chain_file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");

        assert_refused(&files, "k.example", "k.example.crt", "damaged");

        tls_files_clear(&files);
}

static void
test_whole_chain_is_presented(void)
{
        TlsFiles files;
        TlsPair pair;
        tls_pair_init(&pair, &files);
        tls_files_make(&files, "k.example");
        g_autofree char *chain_file = tls_files_path(&files, "k.example", ".crt");
        g_autofree char *other_file = tls_files_path(&files, "a.example", ".crt");
        g_autofree char *other = NULL;
        g_assert_true(g_file_get_contents(other_file, &other, NULL, NULL));
        append_to(chain_file, other);
        tls_files_use(&files, "a.example", "k.example");

        tls_pair_handshake(&pair);

        tls_pair_assert_served(&pair, "k.example");
        g_assert_cmpint(sk_X509_num(SSL_get_peer_cert_chain(pair.ssl)), ==, 2);
        tls_pair_clear(&pair);
}

/* R1: a key too weak for RFC 9325 is refused when it is loaded, not at the first handshake. */
static void
test_weak_key_is_refused(void)
{
        TlsFiles files;
        tls_files_init(&files);
        g_autoptr(EVP_PKEY) key = EVP_RSA_gen(1024);
        tls_files_make_with(&files, "k.example", key, EVP_sha256(), 0, 90 * DAY_S);

        assert_refused(&files, "k.example", "k.example.crt", "key too small");

        tls_files_clear(&files);
}

/* R3: new handshakes get the new certificate, established connections go on. */
static void
test_replaced_certificate_is_for_new_handshakes(void)
{
        TlsFiles files;
        TlsPair before, after;
        tls_pair_init(&before, &files);
        tls_pair_handshake(&before);
        tls_files_make(&files, "b.example");
        tls_files_use(&files, "a.example", "b.example");
        tls_pair_init_in(&after, &files, before.loop);
        g_autoptr(GBytes) bound = motet_conn_channel_binding(before.conn, "tls-server-end-point");

        tls_pair_handshake(&after);
        tls_pair_write(&before, "still here");
        loop_settle(before.loop);
        g_autoptr(GBytes) kept = motet_conn_channel_binding(before.conn, "tls-server-end-point");
        g_autoptr(GBytes) fresh = motet_conn_channel_binding(after.conn, "tls-server-end-point");

        tls_pair_assert_served(&before, "a.example");
        tls_pair_assert_served(&after, "b.example");
        g_assert_true(g_bytes_equal(bound, kept));
        g_assert_false(g_bytes_equal(bound, fresh));
        g_assert_cmpstr(before.received->str, ==, "still here");
        tls_pair_clear_in(&after);
        tls_pair_clear(&before);
}

/* R1: a context OpenSSL left something out of, here all that signs, is found before a client finds
 * it. */
static void
test_context_that_cannot_shake_hands_is_refused(void)
{
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        g_autoptr(GError) error = NULL;

        bool proven = tls_proof(context, &error);

        SSL_CTX_free(context);
        g_assert_false(proven);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_TLS);
        g_assert_cmpuint(ERR_peek_error(), ==, 0);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/tls/" path, func)
        ADD("tls-1.1-is-refused", test_tls_1_1_is_refused);
        ADD("suites-without-aead-or-forward-secrecy-are-refused",
            test_suites_without_aead_or_forward_secrecy_are_refused);
        ADD("curves-are-the-named-three", test_curves_are_the_named_three);
        ADD("renegotiation-is-refused", test_renegotiation_is_refused);
        ADD("sessions-are-not-resumed", test_sessions_are_not_resumed);
        ADD("no-client-certificate-is-asked-for", test_no_client_certificate_is_asked_for);
        ADD("alpn-that-matches-is-chosen", test_alpn_that_matches_is_chosen);
        ADD("alpn-need-not-outlive-the-call", test_alpn_need_not_outlive_the_call);
        ADD("alpn-without-ours-is-refused", test_alpn_without_ours_is_refused);
        ADD("client-without-alpn-is-accepted", test_client_without_alpn_is_accepted);
        ADD("alpn-is-ignored-where-none-is-required", test_alpn_is_ignored_where_none_is_required);
        ADD("sni-chooses-the-certificate", test_sni_chooses_the_certificate);
        ADD("without-known-sni-the-domain-of-the-stream-chooses",
            test_without_known_sni_the_domain_of_the_stream_chooses);
        ADD("sni-is-told", test_sni_is_told);
        ADD("no-certificate-at-all-ends", test_no_certificate_at_all_ends);
        ADD("exporter-is-the-same-on-both-sides", test_exporter_is_the_same_on_both_sides);
        ADD("exporter-is-not-offered-in-tls-1.2", test_exporter_is_not_offered_in_tls_1_2);
        ADD("unknown-binding-type-has-no-value", test_unknown_binding_type_has_no_value);
        ADD("unique-is-the-finished-message-of-the-client",
            test_unique_is_the_finished_message_of_the_client);
        ADD("unique-needs-the-extended-master-secret",
            test_unique_needs_the_extended_master_secret);
        ADD("end-point-uses-the-hash-of-the-signature",
            test_end_point_uses_the_hash_of_the_signature);
        ADD("end-point-replaces-weak-hashes", test_end_point_replaces_weak_hashes);
        ADD("end-point-without-a-hash-has-no-value", test_end_point_without_a_hash_has_no_value);
        ADD("expiry-is-known", test_expiry_is_known);
        ADD("missing-files-are-named", test_missing_files_are_named);
        ADD("unreadable-file-says-what-to-do", test_unreadable_file_says_what_to_do);
        ADD("key-open-to-others-is-refused", test_key_open_to_others_is_refused);
        ADD("key-of-another-certificate-is-refused", test_key_of_another_certificate_is_refused);
        ADD("encrypted-key-is-refused-without-asking",
            test_encrypted_key_is_refused_without_asking);
        ADD("files-that-are-not-pem-are-refused", test_files_that_are_not_pem_are_refused);
        ADD("damaged-chain-is-refused", test_damaged_chain_is_refused);
        ADD("whole-chain-is-presented", test_whole_chain_is_presented);
        ADD("weak-key-is-refused", test_weak_key_is_refused);
        ADD("context-that-cannot-shake-hands-is-refused",
            test_context_that_cannot_shake_hands_is_refused);
        ADD("replaced-certificate-is-for-new-handshakes",
            test_replaced_certificate_is_for_new_handshakes);
#undef ADD
        return g_test_run();
}

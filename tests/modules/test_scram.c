/*
 * test_scram: base64, the messages of PLAIN and SCRAM, and SCRAM's arithmetic, against published
 * vectors.
 *
 * These parts know neither sessions nor stores, so they are compiled in here instead of being
 * reached through the module.
 */
#include "modules/sasl/base64.c"
#include "modules/sasl/message.c"
#include "modules/sasl/scram.c"

#include <openssl/hmac.h>

static void
assert_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
        g_assert_cmpuint(a_len, ==, b_len);
        g_assert_cmpint(memcmp(a, b, a_len), ==, 0);
}

/* base64 */

static void
assert_decodes(const char *text, const char *bytes)
{
        g_auto(SaslMessage) message = {0};

        g_assert_true(base64_decode(text, &message));
        assert_bytes(message.bytes, message.n, bytes, strlen(bytes));
        g_assert_cmpint(message.bytes[message.n], ==, '\0');
}

static void
assert_no_base64(const char *text)
{
        SaslMessage message = {0};

        g_assert_false(base64_decode(text, &message));
        g_assert_null(message.bytes);
}

/* RFC 4648 section 10 */
static void
test_base64_vectors(void)
{
        assert_decodes("", "");
        assert_decodes("Zg==", "f");
        assert_decodes("Zm8=", "fo");
        assert_decodes("Zm9v", "foo");
        assert_decodes("Zm9vYg==", "foob");
        assert_decodes("Zm9vYmE=", "fooba");
        assert_decodes("Zm9vYmFy", "foobar");
}

/* RFC 4648 section 4: every digit of the alphabet */
static void
test_base64_alphabet(void)
{
        g_auto(SaslMessage) message = {0};

        g_assert_true(base64_decode(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", &message));
        g_autofree char *again = g_base64_encode((const guchar *)message.bytes, message.n);
        g_assert_cmpstr(again, ==,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

/* RFC 4648 3.2: padding is not optional */
static void
test_base64_without_padding_is_refused(void)
{
        assert_no_base64("Zg");
        assert_no_base64("Zg=");
        assert_no_base64("Zm9vY");
        assert_no_base64("=");
        assert_no_base64("==");
}

/* RFC 4648 3.3: padding stands at the end, and is at most two */
static void
test_base64_padding_elsewhere_is_refused(void)
{
        assert_no_base64("Z===");
        assert_no_base64("====");
        assert_no_base64("Zg==Zg==");
        assert_no_base64("Z=g=");
        assert_no_base64("=Zg=");
}

/* RFC 6120 6.4.2: no white space; RFC 4648 3.3: no other bytes, nor the URL-safe alphabet */
static void
test_base64_foreign_bytes_are_refused(void)
{
        assert_no_base64("Zm9v\n");
        assert_no_base64(" Zm9v");
        assert_no_base64("Zm 9v");
        assert_no_base64("Zm9-");
        assert_no_base64("Zm9_");
        assert_no_base64("Zm9\xc3\xa4==");
}

/* RFC 4648 3.5: bits that are no part of a byte are zero */
static void
test_base64_loose_bits_are_refused(void)
{
        assert_no_base64("Zh==");
        assert_no_base64("Zm9=");
}

/* PLAIN */

static bool
read_plain(const char *bytes, size_t n, PlainMessage *plain_out)
{
        SaslMessage message = {(char *)bytes, n};

        return plain_parse(&message, plain_out);
}

#define READ_PLAIN(literal, out) read_plain(literal, sizeof(literal) - 1, out)

/* RFC 4616 section 4, first example */
static void
test_plain_without_authzid(void)
{
        g_auto(PlainMessage) plain = {0};

        g_assert_true(READ_PLAIN("\0tim\0tanstaaftanstaaf", &plain));
        g_assert_null(plain.authzid);
        g_assert_cmpstr(plain.username, ==, "tim");
        g_assert_cmpstr(plain.password, ==, "tanstaaftanstaaf");
}

/* RFC 4616 section 4, second example */
static void
test_plain_with_authzid(void)
{
        g_auto(PlainMessage) plain = {0};

        g_assert_true(READ_PLAIN("Ursel\0Kurt\0xipj3plmq", &plain));
        g_assert_cmpstr(plain.authzid, ==, "Ursel");
        g_assert_cmpstr(plain.username, ==, "Kurt");
        g_assert_cmpstr(plain.password, ==, "xipj3plmq");
}

/*
 * RFC 4616 section 2: authcid and passwd are at least one character, and separated by one NUL each
 */
static void
test_plain_missing_parts_are_refused(void)
{
        PlainMessage plain = {0};

        g_assert_false(READ_PLAIN("", &plain));
        g_assert_false(READ_PLAIN("tim", &plain));
        g_assert_false(READ_PLAIN("\0tim", &plain));
        g_assert_false(READ_PLAIN("\0tim\0", &plain));
        g_assert_false(READ_PLAIN("\0\0secret", &plain));
}

/* RFC 4616 section 2: nothing follows the password */
static void
test_plain_trailing_bytes_are_refused(void)
{
        PlainMessage plain = {0};

        g_assert_false(READ_PLAIN("\0tim\0secret\0", &plain));
        g_assert_false(READ_PLAIN("\0tim\0secret\0more", &plain));
}

/* RFC 4616 section 2: all parts are UTF-8 */
static void
test_plain_bad_utf8_is_refused(void)
{
        PlainMessage plain = {0};

        g_assert_false(READ_PLAIN("\xff\0tim\0secret", &plain));
        g_assert_false(READ_PLAIN("\0t\xffm\0secret", &plain));
        g_assert_false(READ_PLAIN("\0tim\0secr\xff"
                                  "t",
                                  &plain));
}

/* Limits: a name and a password of 1023 bytes, and one byte more */
static void
test_plain_limits(void)
{
        for (size_t extra = 0; extra <= 1; extra++) {
                g_auto(PlainMessage) named = {0}, secret = {0};
                g_autoptr(GString) text = g_string_new(NULL);
                g_string_append_c(text, '\0');
                for (size_t i = 0; i < SASL_NAME_MAX + extra; i++)
                        g_string_append_c(text, 'x');
                g_string_append_len(text, "\0p", 2);
                g_assert_cmpint(read_plain(text->str, text->len, &named), ==, extra == 0);

                g_string_truncate(text, 0);
                g_string_append_len(text, "\0u\0", 3);
                for (size_t i = 0; i < MOTET_AUTH_PASSWORD_MAX + extra; i++)
                        g_string_append_c(text, 'x');
                g_assert_cmpint(read_plain(text->str, text->len, &secret), ==, extra == 0);
        }
}

/* SCRAM messages */

static bool
read_first(const char *text, ScramFirst *first_out)
{
        SaslMessage message = {(char *)text, strlen(text)};

        return scram_first_parse(&message, first_out);
}

static void
assert_no_first(const char *text)
{
        ScramFirst first = {0};

        g_assert_false(read_first(text, &first));
        g_assert_null(first.username);
}

/* RFC 5802 section 7, client-first-message with everything in it */
static void
test_first_message_parts(void)
{
        g_auto(ScramFirst) first = {0};

        g_assert_true(read_first("p=tls-exporter,a=juliet@example.org,n=ju=2Cli=3Det,r=abc,x=more",
                                 &first));
        g_assert_cmpint(first.binding, ==, 'p');
        g_assert_cmpstr(first.binding_type, ==, "tls-exporter");
        g_assert_cmpstr(first.authzid, ==, "juliet@example.org");
        g_assert_cmpstr(first.username, ==, "ju,li=et");
        g_assert_cmpstr(first.nonce, ==, "abc");
        g_assert_cmpuint(first.header_len, ==, strlen("p=tls-exporter,a=juliet@example.org,"));
}

static void
test_first_message_without_binding(void)
{
        g_auto(ScramFirst) no = {0}, yes = {0};

        g_assert_true(read_first("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", &no));
        g_assert_cmpint(no.binding, ==, 'n');
        g_assert_null(no.binding_type);
        g_assert_null(no.authzid);
        g_assert_true(read_first("y,,n=user,r=abc", &yes));
        g_assert_cmpint(yes.binding, ==, 'y');
}

/* RFC 5802 5.1: "m" must be understood, and nothing of it is */
static void
test_first_message_mandatory_extension_is_refused(void)
{
        assert_no_first("n,,m=future,n=user,r=abc");
        assert_no_first("n,,n=user,r=abc,m=future");
}

/* RFC 5802 section 7: saslname */
static void
test_first_message_bad_names_are_refused(void)
{
        assert_no_first("n,,n=,r=abc");
        assert_no_first("n,,n=a=b,r=abc");
        assert_no_first("n,,n=a=2c,r=abc");
        assert_no_first("n,,n=a=,r=abc");
        assert_no_first("n,a=,n=user,r=abc");
        assert_no_first("n,a=x=2,n=user,r=abc");
}

/* RFC 5802 section 7: the order and shape of attributes */
static void
test_first_message_bad_shapes_are_refused(void)
{
        assert_no_first("");
        assert_no_first("n");
        assert_no_first("n,");
        assert_no_first("n,,");
        assert_no_first("n,,n=user");
        assert_no_first("n,,r=abc,n=user");
        assert_no_first("n,,n=user,r=");
        assert_no_first("n,,n=user,r=abc,");
        assert_no_first("n,,n=user,r=abc,x");
        assert_no_first("n,,n=user,r=abc,x=");
        assert_no_first("n,,n=user,r=abc,1=x");
        assert_no_first("N,,n=user,r=abc");
        assert_no_first("p,,n=user,r=abc");
        assert_no_first("p=,,n=user,r=abc");
        assert_no_first("p=a_b,,n=user,r=abc");
        assert_no_first("n,user,n=user,r=abc");
        assert_no_first("n,,n=us\xff,r=abc");
}

/* RFC 5802 section 7: printable */
static void
test_first_message_bad_nonces_are_refused(void)
{
        assert_no_first("n,,n=user,r=a b");
        assert_no_first("n,,n=user,r=\xc3\xa4");
        assert_no_first("n,,n=user,r=a\x7f");
}

/* An embedded NUL must not hide what is behind it. */
static void
test_first_message_with_nul_is_refused(void)
{
        static const char text[] = "n,,n=user,r=abc\0,x=y";
        SaslMessage message = {(char *)text, sizeof(text) - 1};
        ScramFirst first = {0};

        g_assert_false(scram_first_parse(&message, &first));
}

/* Limits: SCRAM_NONCE_MAX, SASL_NAME_MAX, SASL_MESSAGE_MAX, and one more of each */
static void
test_first_message_limits(void)
{
        for (size_t extra = 0; extra <= 1; extra++) {
                g_auto(ScramFirst) a = {0}, b = {0}, c = {0};
                g_autofree char *nonce = g_strnfill(SCRAM_NONCE_MAX + extra, 'r');
                g_autofree char *long_nonce = g_strdup_printf("n,,n=user,r=%s", nonce);
                g_assert_cmpint(read_first(long_nonce, &a), ==, extra == 0);

                g_autofree char *name = g_strnfill(SASL_NAME_MAX + extra, 'n');
                g_autofree char *long_name = g_strdup_printf("n,,n=%s,r=abc", name);
                g_assert_cmpint(read_first(long_name, &b), ==, extra == 0);

                g_autofree char *value =
                        g_strnfill(SASL_MESSAGE_MAX + extra - strlen("n,,n=user,r=abc,x="), 'x');
                g_autofree char *long_message = g_strdup_printf("n,,n=user,r=abc,x=%s", value);
                g_assert_cmpint(read_first(long_message, &c), ==, extra == 0);
        }
}

static bool
read_final(const char *text, ScramFinal *final_out)
{
        SaslMessage message = {(char *)text, strlen(text)};

        return scram_final_parse(&message, final_out);
}

static void
assert_no_final(const char *text)
{
        ScramFinal final = {0};

        g_assert_false(read_final(text, &final));
        g_assert_null(final.nonce);
}

/* RFC 5802 section 7, client-final-message */
static void
test_final_message_parts(void)
{
        g_auto(ScramFinal) final = {0};

        g_assert_true(read_final("c=biws,r=abc,x=y,p=Zm9v", &final));
        assert_bytes(final.binding.bytes, final.binding.n, "n,,", 3);
        g_assert_cmpstr(final.nonce, ==, "abc");
        assert_bytes(final.proof.bytes, final.proof.n, "foo", 3);
        g_assert_cmpuint(final.unproved_len, ==, strlen("c=biws,r=abc,x=y"));
}

static void
test_final_message_bad_shapes_are_refused(void)
{
        assert_no_final("");
        assert_no_final("c=biws");
        assert_no_final("c=biws,r=abc");
        assert_no_final("c=biws,r=abc,");
        assert_no_final("c=biws,r=abc,p=");
        assert_no_final("c=biw,r=abc,p=Zm9v");
        assert_no_final("c=biws,r=abc,p=Zm9");
        assert_no_final("r=abc,c=biws,p=Zm9v");
        assert_no_final("c=biws,r=abc,m=x,p=Zm9v");
        assert_no_final("c=biws,r=a b,p=Zm9v");
        assert_no_final("c=,r=abc,p=Zm9v");
}

/* RFC 5802 section 7: the proof is the last attribute */
static void
test_final_message_trailing_bytes_are_refused(void)
{
        assert_no_final("c=biws,r=abc,p=Zm9v,");
        assert_no_final("c=biws,r=abc,p=Zm9v,x=y");
        assert_no_final("c=biws,r=abc,p=Zm9v,p=Zm9v");
}

/* Whole exchanges */

typedef struct {
        const char *hash;
        const char *client_nonce, *server_nonce;
        const char *salt;
        unsigned iterations;
        const char *proof, *signature;
} Vector;

static const Vector vectors[] = {
        /* RFC 5802 section 5 */
        {"SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92", 4096,
         "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
        /* RFC 7677 section 3 */
        {"SHA-256", "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
         "W22ZaJ0SNY7soEsUEjb6gQ==", 4096, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
         "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
        /* draft-melnikov-scram-sha-512, section 3 */
        {"SHA-512", "rOprNGfwEbeRWgbNEkqO", "02431b08-2f89-4bad-a4e6-80c0564ec865",
         "Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=", 4096,
         "Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1tnXN5/Wr6qm9xmaHt4A==",
         "BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+bcUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9kyY4kzmw="
         "="},
};

/* What is needed for one exchange of user "user", password "pencil". */
typedef struct {
        ScramHash hash;
        Scram scram;
        guchar *salt;
        uint8_t stored_key[EVP_MAX_MD_SIZE], server_key[EVP_MAX_MD_SIZE];
        MotetAuthKeys keys;
} Exchange;

static void
exchange_init(Exchange *exchange, const Vector *vector, const char *gs2_header, GBytes *binding)
{
        g_autoptr(GError) error = NULL;
        uint8_t salted[EVP_MAX_MD_SIZE], client_key[EVP_MAX_MD_SIZE];

        *exchange = (Exchange){0};
        g_assert_true(scram_hash_init(&exchange->hash, vector->hash, &error));
        g_assert_no_error(error);
        int len = (int)exchange->hash.len;
        gsize salt_len = 0;
        exchange->salt = g_base64_decode(vector->salt, &salt_len);
        PKCS5_PBKDF2_HMAC("pencil", -1, exchange->salt, (int)salt_len, (int)vector->iterations,
                          exchange->hash.md, len, salted);
        HMAC(exchange->hash.md, salted, len, (const uint8_t *)"Client Key", 10, client_key, NULL);
        EVP_Digest(client_key, exchange->hash.len, exchange->stored_key, NULL, exchange->hash.md,
                   NULL);
        HMAC(exchange->hash.md, salted, len, (const uint8_t *)"Server Key", 10,
             exchange->server_key, NULL);
        exchange->keys = (MotetAuthKeys){
                .salt = exchange->salt,
                .salt_len = salt_len,
                .iterations = vector->iterations,
                .stored_key = exchange->stored_key,
                .server_key = exchange->server_key,
                .key_len = exchange->hash.len,
                .usable = true,
        };

        g_auto(ScramFirst) first = {0};
        g_autofree char *text = g_strdup_printf("%sn=user,r=%s", gs2_header, vector->client_nonce);
        SaslMessage message = {text, strlen(text)};
        g_assert_true(scram_first_parse(&message, &first));
        scram_init(&exchange->scram, &exchange->hash, &message, &first, binding,
                   vector->server_nonce);
}

static void
exchange_clear(Exchange *exchange)
{
        scram_clear(&exchange->scram);
        scram_hash_clear(&exchange->hash);
        g_free(exchange->salt);
}

static ScramVerdict
finish_with(Exchange *exchange, const char *text, char **server_final_out)
{
        SaslMessage message = {(char *)text, strlen(text)};

        return scram_finish(&exchange->scram, &message, server_final_out);
}

static void
test_vector(gconstpointer data)
{
        const Vector *vector = data;
        Exchange exchange;
        exchange_init(&exchange, vector, "n,,", NULL);
        g_autofree char *first =
                g_strdup_printf("r=%s%s,s=%s,i=%u", vector->client_nonce, vector->server_nonce,
                                vector->salt, vector->iterations);
        g_autofree char *final = g_strdup_printf("c=biws,r=%s%s,p=%s", vector->client_nonce,
                                                 vector->server_nonce, vector->proof);
        g_autofree char *answer = g_strdup_printf("v=%s", vector->signature);
        g_autofree char *server_final = NULL;

        g_assert_cmpstr(scram_challenge(&exchange.scram, &exchange.keys, NULL), ==, first);
        g_assert_cmpint(finish_with(&exchange, final, &server_final), ==, SCRAM_OK);
        g_assert_cmpstr(server_final, ==, answer);

        exchange_clear(&exchange);
}

/* A right message with something changed; @keys_change: what is done to the keys first. */
static void
assert_verdict(const char *gs2_header, GBytes *binding, const char *final, bool usable,
               bool disabled, ScramVerdict expected)
{
        Exchange exchange;
        exchange_init(&exchange, &vectors[0], gs2_header, binding);
        exchange.keys.usable = usable;
        exchange.keys.disabled = disabled;
        g_autofree char *server_final = NULL;

        scram_challenge(&exchange.scram, &exchange.keys, NULL);
        g_assert_cmpint(finish_with(&exchange, final, &server_final), ==, expected);
        g_assert_cmpint(server_final != NULL, ==, expected == SCRAM_OK);

        exchange_clear(&exchange);
}

#define NONCE "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define PROOF "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="

/* RFC 5802 section 3: a wrong proof */
static void
test_wrong_proof_is_refused(void)
{
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE ",p=w0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", true,
                       false, SCRAM_REFUSED);
}

/* RFC 5802 section 7: a proof has the length of the hash */
static void
test_proof_of_other_length_is_malformed(void)
{
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Q==", true,
                       false, SCRAM_MALFORMED);
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4TsA", true,
                       false, SCRAM_MALFORMED);
}

/* RFC 5802 5.1: the nonce is repeated as a whole */
static void
test_other_nonce_is_malformed(void)
{
        assert_verdict("n,,", NULL, "c=biws,r=fyko+d2lbbFgONRv9qkxdawL,p=" PROOF, true, false,
                       SCRAM_MALFORMED);
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE "x,p=" PROOF, true, false, SCRAM_MALFORMED);
}

/* RFC 5802 section 6: c= repeats the gs2-header that was sent */
static void
test_other_gs2_header_is_refused(void)
{
        assert_verdict("n,,", NULL, "c=eSws,r=" NONCE ",p=" PROOF, true, false,
                       SCRAM_BINDING_DIFFERS);
        assert_verdict("y,,", NULL, "c=biws,r=" NONCE ",p=" PROOF, true, false,
                       SCRAM_BINDING_DIFFERS);
}

/* RFC 5802 section 6: and the channel binding data, all of it */
static void
test_other_binding_data_is_refused(void)
{
        g_autoptr(GBytes) binding = g_bytes_new("bound", 5);
        g_autofree char *none = g_base64_encode((const guchar *)"p=tls-exporter,,", 16);
        g_autofree char *other = g_base64_encode((const guchar *)"p=tls-exporter,,bouncy", 22);
        g_autofree char *changed = g_base64_encode((const guchar *)"p=tls-exporter,,bounD", 21);
        const char *const cases[] = {none, other, changed};

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *final = g_strdup_printf("c=%s,r=" NONCE ",p=" PROOF, cases[i]);
                assert_verdict("p=tls-exporter,,", binding, final, true, false,
                               SCRAM_BINDING_DIFFERS);
        }
}

/* Equal binding data goes on to the proof. */
static void
test_same_binding_data_is_accepted(void)
{
        g_autoptr(GBytes) binding = g_bytes_new("bound", 5);
        g_autofree char *encoded = g_base64_encode((const guchar *)"p=tls-exporter,,bound", 21);
        g_autofree char *final = g_strdup_printf("c=%s,r=" NONCE ",p=" PROOF, encoded);

        assert_verdict("p=tls-exporter,,", binding, final, true, false, SCRAM_REFUSED);
}

/* service-auth.h: invented keys match nothing, not even the right proof for them */
static void
test_unusable_keys_are_refused(void)
{
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE ",p=" PROOF, false, false, SCRAM_REFUSED);
}

/* RFC 6120 6.5.2: only who knows the password is told that the account is disabled */
static void
test_disabled_account_is_told_after_the_proof(void)
{
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE ",p=" PROOF, true, true, SCRAM_DISABLED);
        assert_verdict("n,,", NULL, "c=biws,r=" NONCE ",p=w0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", true, true,
                       SCRAM_REFUSED);
}

/* XEP-0474 section 5.3: the hash of its example */
static void
test_mechanisms_hash(void)
{
        static const char list[] = "SCRAM-SHA-1\x1e"
                                   "SCRAM-SHA-1-PLUS\x1f"
                                   "tls-exporter\x1e"
                                   "tls-server-end-point";
        ScramHash hash = {0};
        g_assert_true(scram_hash_init(&hash, "SHA-1", NULL));

        g_autofree char *encoded = scram_hash_base64(&hash, list, sizeof(list) - 1);
        g_assert_cmpstr(encoded, ==, "G6k/rBLDqgOhRRaCuuatSDFkJ08=");

        scram_hash_clear(&hash);
}

/* XEP-0474 section 5.1: it is the optional attribute h of server-first-message */
static void
test_mechanisms_hash_is_in_the_challenge(void)
{
        Exchange exchange;
        exchange_init(&exchange, &vectors[0], "n,,", NULL);

        g_assert_cmpstr(scram_challenge(&exchange.scram, &exchange.keys, "abcd"), ==,
                        "r=" NONCE ",s=QSXCR+Q6sek8bf92,i=4096,h=abcd");

        exchange_clear(&exchange);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/base64/published-vectors", test_base64_vectors);
        g_test_add_func("/base64/whole-alphabet", test_base64_alphabet);
        g_test_add_func("/base64/missing-padding-is-refused",
                        test_base64_without_padding_is_refused);
        g_test_add_func("/base64/misplaced-padding-is-refused",
                        test_base64_padding_elsewhere_is_refused);
        g_test_add_func("/base64/foreign-bytes-are-refused", test_base64_foreign_bytes_are_refused);
        g_test_add_func("/base64/loose-bits-are-refused", test_base64_loose_bits_are_refused);
        g_test_add_func("/plain/without-authzid", test_plain_without_authzid);
        g_test_add_func("/plain/with-authzid", test_plain_with_authzid);
        g_test_add_func("/plain/missing-parts-are-refused", test_plain_missing_parts_are_refused);
        g_test_add_func("/plain/trailing-bytes-are-refused", test_plain_trailing_bytes_are_refused);
        g_test_add_func("/plain/bad-utf8-is-refused", test_plain_bad_utf8_is_refused);
        g_test_add_func("/plain/limits", test_plain_limits);
        g_test_add_func("/scram/first/parts", test_first_message_parts);
        g_test_add_func("/scram/first/without-binding", test_first_message_without_binding);
        g_test_add_func("/scram/first/mandatory-extension-is-refused",
                        test_first_message_mandatory_extension_is_refused);
        g_test_add_func("/scram/first/bad-names-are-refused",
                        test_first_message_bad_names_are_refused);
        g_test_add_func("/scram/first/bad-shapes-are-refused",
                        test_first_message_bad_shapes_are_refused);
        g_test_add_func("/scram/first/bad-nonces-are-refused",
                        test_first_message_bad_nonces_are_refused);
        g_test_add_func("/scram/first/nul-is-refused", test_first_message_with_nul_is_refused);
        g_test_add_func("/scram/first/limits", test_first_message_limits);
        g_test_add_func("/scram/final/parts", test_final_message_parts);
        g_test_add_func("/scram/final/bad-shapes-are-refused",
                        test_final_message_bad_shapes_are_refused);
        g_test_add_func("/scram/final/trailing-bytes-are-refused",
                        test_final_message_trailing_bytes_are_refused);
        for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
                g_autofree char *path = g_strdup_printf("/scram/vector/%s", vectors[i].hash);
                g_test_add_data_func(path, &vectors[i], test_vector);
        }
        g_test_add_func("/scram/wrong-proof-is-refused", test_wrong_proof_is_refused);
        g_test_add_func("/scram/proof-of-other-length-is-malformed",
                        test_proof_of_other_length_is_malformed);
        g_test_add_func("/scram/other-nonce-is-malformed", test_other_nonce_is_malformed);
        g_test_add_func("/scram/other-gs2-header-is-refused", test_other_gs2_header_is_refused);
        g_test_add_func("/scram/other-binding-data-is-refused", test_other_binding_data_is_refused);
        g_test_add_func("/scram/same-binding-data-is-accepted", test_same_binding_data_is_accepted);
        g_test_add_func("/scram/unusable-keys-are-refused", test_unusable_keys_are_refused);
        g_test_add_func("/scram/disabled-is-told-after-the-proof",
                        test_disabled_account_is_told_after_the_proof);
        g_test_add_func("/scram/mechanisms-hash", test_mechanisms_hash);
        g_test_add_func("/scram/mechanisms-hash-is-in-the-challenge",
                        test_mechanisms_hash_is_in_the_challenge);
        return g_test_run();
}

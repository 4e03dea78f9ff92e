/*
 * fuzz_sasl: any bytes as base64, as a message of PLAIN, and as both messages of SCRAM.
 *
 * The first byte chooses; what is read is held against what the grammar promises.
 */
#include "modules/sasl/base64.c"
#include "modules/sasl/message.c"
#include "modules/sasl/scram.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What decodes encodes to the same text: there is one encoding of each message. */
static void
try_base64(const char *text)
{
        g_auto(SaslMessage) message = {0};

        if (!base64_decode(text, &message)) {
                g_assert_null(message.bytes);
                return;
        }
        g_autofree char *again = g_base64_encode((const guchar *)message.bytes, message.n);
        g_assert_cmpstr(again, ==, text);
}

static void
try_plain(const SaslMessage *message)
{
        g_auto(PlainMessage) plain = {0};

        if (!plain_parse(message, &plain))
                return;
        size_t authzid_len = plain.authzid ? strlen(plain.authzid) : 0;
        g_assert_cmpuint(authzid_len + strlen(plain.username) + strlen(plain.password) + 2, ==,
                         message->n);
        g_assert_true(plain.username[0] != '\0' && plain.password[0] != '\0');
}

/* The second half of an exchange with keys of zeros. */
static void
try_final(const ScramHash *hash, const SaslMessage *first_message, const ScramFirst *first,
          const SaslMessage *message)
{
        static const uint8_t zeros[EVP_MAX_MD_SIZE];
        MotetAuthKeys keys = {
                .salt = zeros,
                .salt_len = 16,
                .iterations = 4096,
                .stored_key = zeros,
                .server_key = zeros,
                .key_len = hash->len,
                .usable = true,
        };
        Scram scram;
        scram_init(&scram, hash, first_message, first, NULL, "server");
        scram_challenge(&scram, &keys, NULL);

        g_autofree char *server_final = NULL;
        g_assert_cmpint(scram_finish(&scram, message, &server_final), !=, SCRAM_OK);
        g_assert_null(server_final);
        scram_clear(&scram);
}

static void
try_scram(const SaslMessage *message)
{
        static ScramHash hash;
        if (!hash.md)
                g_assert_true(scram_hash_init(&hash, "SHA-256", NULL));

        g_auto(ScramFirst) first = {0};
        if (scram_first_parse(message, &first)) {
                g_assert_cmpuint(first.header_len, <, message->n);
                g_assert_true(g_str_has_prefix(message->bytes + first.header_len, "n="));
                g_assert_cmpint(first.binding == 'p', ==, first.binding_type != NULL);
                try_final(&hash, message, &first, message);
        }

        static const char known[] = "n,,n=user,r=client";
        SaslMessage known_message = {(char *)known, sizeof(known) - 1};
        g_auto(ScramFirst) known_first = {0};
        g_assert_true(scram_first_parse(&known_message, &known_first));
        try_final(&hash, &known_message, &known_first, message);

        g_auto(ScramFinal) final = {0};
        if (scram_final_parse(message, &final))
                g_assert_cmpuint(final.unproved_len, <, message->n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        if (n == 0)
                return 0;

        g_autofree char *text = g_strndup((const char *)bytes + 1, n - 1);
        g_autofree char *copy = g_malloc(n);
        memcpy(copy, bytes + 1, n - 1);
        copy[n - 1] = '\0';
        SaslMessage message = {copy, n - 1};

        switch (bytes[0] % 3) {
        case 0:
                try_base64(text);
                break;
        case 1:
                try_plain(&message);
                break;
        default:
                try_scram(&message);
                break;
        }
        return 0;
}

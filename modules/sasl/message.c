/*
 * message: the messages clients send in PLAIN and SCRAM, read exactly as their grammars say.
 *
 * Source: RFC 4616 section 2, RFC 5802 section 7.
 */
#include "sasl-private.h"

#include <string.h>

/* Whether @message can be a text: valid UTF-8 without NUL. */
static bool
is_text(const SaslMessage *message)
{
        return message->n <= SASL_MESSAGE_MAX &&
               g_utf8_validate_len(message->bytes, message->n, NULL);
}

bool
plain_parse(const SaslMessage *message, PlainMessage *plain_out)
{
        if (message->n > SASL_MESSAGE_MAX)
                return false;

        const char *end = message->bytes + message->n;
        const char *username = memchr(message->bytes, '\0', message->n);
        if (!username)
                return false;
        username++;
        const char *password = memchr(username, '\0', (size_t)(end - username));
        if (!password)
                return false;
        password++;

        size_t authzid_len = (size_t)(username - message->bytes) - 1;
        size_t username_len = (size_t)(password - username) - 1;
        size_t password_len = (size_t)(end - password);
        if (authzid_len > SASL_NAME_MAX || username_len == 0 || username_len > SASL_NAME_MAX ||
            password_len == 0 || password_len > MOTET_AUTH_PASSWORD_MAX)
                return false;
        /* Also finds a third NUL and whatever follows it. */
        if (!g_utf8_validate_len(message->bytes, authzid_len, NULL) ||
            !g_utf8_validate_len(username, username_len, NULL) ||
            !g_utf8_validate_len(password, password_len, NULL))
                return false;

        plain_out->authzid = authzid_len > 0 ? g_strndup(message->bytes, authzid_len) : NULL;
        plain_out->username = g_strndup(username, username_len);
        plain_out->password = g_strndup(password, password_len);
        return true;
}

void
plain_message_clear(PlainMessage *plain)
{
        g_clear_pointer(&plain->authzid, g_free);
        g_clear_pointer(&plain->username, g_free);
        g_clear_pointer(&plain->password, sasl_secret_free);
}

/* Each take_ function moves @at behind what it took, and only when it took something. */

static bool
take_char(const char **at, char c)
{
        if (**at != c)
                return false;
        (*at)++;
        return true;
}

/*
 * Takes "<name>=<value>", the value being everything up to a comma and not empty. Returns: (own)
 * NULL when it is not there.
 */
static char *
take_attribute(const char **at, char name)
{
        const char *text = *at;
        if (text[0] != name || text[1] != '=')
                return NULL;

        size_t n = strcspn(text + 2, ",");
        if (n == 0)
                return NULL;
        *at = text + 2 + n;
        return g_strndup(text + 2, n);
}

/* Takes any number of ",<letter>=<value>" but for ",p=", which ends a client-final-message. */
static bool
take_extensions(const char **at)
{
        while (**at == ',' && (*at)[1] != 'p') {
                const char *next = *at + 1;
                /*
                 * RFC 5802 5.1: "m" is an extension that must be understood, and is only legal in
                 * front of a user name.
                 */
                if (!g_ascii_isalpha(*next) || *next == 'm')
                        return false;
                g_autofree char *value = take_attribute(&next, *next);
                if (!value)
                        return false;
                *at = next;
        }
        return true;
}

/*
 * Decodes a saslname: =2C is a comma, =3D an equals sign, no other use of '=' is legal. Returns:
 * (own) NULL when it is none.
 */
static char *
decode_name(const char *name)
{
        g_autoptr(GString) decoded = g_string_new(NULL);

        for (const char *c = name; *c != '\0'; c++) {
                if (*c != '=') {
                        g_string_append_c(decoded, *c);
                } else if (strncmp(c, "=2C", 3) == 0 || strncmp(c, "=3D", 3) == 0) {
                        g_string_append_c(decoded, c[1] == '2' ? ',' : '=');
                        c += 2;
                } else {
                        return NULL;
                }
        }
        if (decoded->len > SASL_NAME_MAX)
                return NULL;
        return g_string_free(g_steal_pointer(&decoded), FALSE);
}

static char *
take_name(const char **at, char attribute)
{
        g_autofree char *encoded = take_attribute(at, attribute);

        return encoded ? decode_name(encoded) : NULL;
}

/* Takes "r=" and printable ASCII but for the comma. */
static char *
take_nonce(const char **at, size_t max)
{
        g_autofree char *nonce = take_attribute(at, 'r');
        if (!nonce || strlen(nonce) > max)
                return NULL;

        for (const char *c = nonce; *c != '\0'; c++)
                if (*c < 0x21 || *c > 0x7e)
                        return NULL;
        return g_steal_pointer(&nonce);
}

/* gs2-header: gs2-cbind-flag "," [ authzid ] "," */
static bool
take_gs2_header(const char **at, ScramFirst *first)
{
        first->binding = **at;
        if (first->binding == 'p') {
                first->binding_type = take_attribute(at, 'p');
                if (!first->binding_type)
                        return false;
                for (const char *c = first->binding_type; *c != '\0'; c++)
                        if (!g_ascii_isalnum(*c) && *c != '.' && *c != '-')
                                return false;
        } else if (!take_char(at, 'n') && !take_char(at, 'y')) {
                return false;
        }

        if (!take_char(at, ','))
                return false;
        if (**at != ',') {
                first->authzid = take_name(at, 'a');
                if (!first->authzid)
                        return false;
        }
        return take_char(at, ',');
}

bool
scram_first_parse(const SaslMessage *message, ScramFirst *first_out)
{
        if (!is_text(message))
                return false;

        g_auto(ScramFirst) first = {0};
        const char *at = message->bytes;
        if (!take_gs2_header(&at, &first))
                return false;
        first.header_len = (size_t)(at - message->bytes);

        /* A reserved-mext ("m=") is not a user name, so it ends here as it must. */
        first.username = take_name(&at, 'n');
        if (!first.username || !take_char(&at, ','))
                return false;
        first.nonce = take_nonce(&at, SCRAM_NONCE_MAX);
        if (!first.nonce || !take_extensions(&at) || *at != '\0')
                return false;

        *first_out = first;
        first = (ScramFirst){0};
        return true;
}

void
scram_first_clear(ScramFirst *first)
{
        g_clear_pointer(&first->binding_type, g_free);
        g_clear_pointer(&first->authzid, g_free);
        g_clear_pointer(&first->username, g_free);
        g_clear_pointer(&first->nonce, g_free);
}

static bool
take_base64(const char **at, char attribute, SaslMessage *message_out)
{
        char *encoded = take_attribute(at, attribute);
        bool is_base64 = encoded && base64_decode(encoded, message_out);

        /* A proof tells ClientKey to who has StoredKey. */
        sasl_secret_free(encoded);
        return is_base64;
}

bool
scram_final_parse(const SaslMessage *message, ScramFinal *final_out)
{
        if (!is_text(message))
                return false;

        g_auto(ScramFinal) final = {0};
        const char *at = message->bytes;
        if (!take_base64(&at, 'c', &final.binding) || !take_char(&at, ','))
                return false;
        final.nonce = take_nonce(&at, SASL_MESSAGE_MAX);
        if (!final.nonce || !take_extensions(&at))
                return false;

        final.unproved_len = (size_t)(at - message->bytes);
        if (!take_char(&at, ',') || !take_base64(&at, 'p', &final.proof) || *at != '\0')
                return false;

        *final_out = final;
        final = (ScramFinal){0};
        return true;
}

void
scram_final_clear(ScramFinal *final)
{
        sasl_message_clear(&final->binding);
        g_clear_pointer(&final->nonce, g_free);
        sasl_message_clear(&final->proof);
}

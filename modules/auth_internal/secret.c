/*
 * secret: random bytes of the host that decide what unknown users' salts look like; made once, kept
 * in the store.
 *
 * It must survive restarts: an unknown user whose salt changes with a restart could be told from a
 * known one.
 */
#include "auth_internal-private.h"

#include <motet/error.h>
#include <motet/task.h>
#include <openssl/crypto.h>
#include <string.h>

static void read_secret(MotetModule *self);

static void
give_up(Auth *auth, const GError *error)
{
        auth->secret_state = SECRET_MISSING;
        motet_warn("no login is possible before the host's secret is there: %s", error->message);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        (void)data;
        Auth *auth = motet_module_data(self);

        if (!error)
                auth->secret_state = SECRET_READY;
        else if (g_error_matches(error, MOTET_ERROR, MOTET_ERROR_EXISTS))
                read_secret(self);
        else
                give_up(auth, error);
}

/* Hexadecimal, so that the store stays readable. */
static GBytes *
encode_secret(const uint8_t *secret)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (size_t i = 0; i < SECRET_BYTES; i++)
                g_string_append_printf(text, "%02x", secret[i]);
        return g_string_free_to_bytes(g_steal_pointer(&text));
}

static bool
decode_secret(GBytes *document, uint8_t *secret_out)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(document, &n);
        if (n != (gsize)2 * SECRET_BYTES)
                return false;

        for (size_t i = 0; i < SECRET_BYTES; i++) {
                int high = g_ascii_xdigit_value(text[2 * i]);
                int low = g_ascii_xdigit_value(text[2 * i + 1]);
                if (high < 0 || low < 0)
                        return false;
                secret_out[i] = (uint8_t)(high << 4 | low);
        }
        return true;
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)data;
        Auth *auth = motet_module_data(self);

        if (error) {
                give_up(auth, error);
                return;
        }
        if (!value) {
                motet_random(self, auth->secret, SECRET_BYTES);
                g_autoptr(GBytes) document = encode_secret(auth->secret);
                MotetStoreChange change = {.key = "", .value = document, .create = true};
                motet_store_write(auth->store, "", &change, 1, 0, on_written, NULL);
                return;
        }
        if (!decode_secret(value, auth->secret)) {
                g_autoptr(GError) damaged =
                        g_error_new(MOTET_ERROR, MOTET_ERROR_STORE, "its document is damaged");
                give_up(auth, damaged);
                return;
        }
        auth->secret_state = SECRET_READY;
}

static void
read_secret(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        motet_store_read(auth->store, "", "", on_read, NULL);
}

void
secret_ask(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        if (auth->secret_state != SECRET_MISSING)
                return;
        auth->secret_state = SECRET_ASKED;
        read_secret(self);
}

/*
 * motd: tell each user the message of the day, once.
 *
 * Implements  no specification
 * Hooks       presence-initial
 * Storage     keyval "motd": the hash of the text that was told last
 * Options     text
 */
#include <motet/error.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-presence.h>
#include <motet/service-store.h>

#include <string.h>

typedef struct {
        MotetStore *store;
        GHashTable *logins; /* account -> Login (own): two clients that come at once are one */
} Motd;

/* While it is found out what the account was told, and written what it was told now. */
typedef struct {
        char *account;
        MotetSession *session; /* (own) */
} Login;

static void
login_free(void *data)
{
        Login *login = data;

        g_free(login->account);
        motet_session_unref(login->session);
        g_free(login);
}

static void
end(MotetModule *self, const Login *login)
{
        const Motd *motd = motet_module_data(self);

        g_hash_table_remove(motd->logins, login->account);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        const Login *login = data;

        if (error)
                motet_debug("%s will be told again: %s", login->account, error->message);
        end(self, login);
}

static void
tell(MotetModule *self, const Login *login, const char *text)
{
        MotetHost *host = motet_module_host(self);
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);

        motet_xml_set_attr(message, "from", motet_host_name(host));
        motet_xml_set_attr(message, "to", login->session->full_jid);
        motet_xml_add_with_text(message, "body", NULL, text);
        motet_route(host, message);
}

/* XML has no other control characters. */
static bool
is_sendable(const char *text)
{
        for (const char *c = text; *c; c++) {
                if (g_ascii_iscntrl(*c) && !strchr("\t\n\r", *c))
                        return false;
        }
        return g_utf8_validate(text, -1, NULL);
}

/* The message in force, NULL when there is none. A reload can bring one that load() would
 * refuse. */
static const char *
current_text(const MotetModule *self)
{
        const char *text = motet_option_string(self, "text");

        return text && is_sendable(text) ? text : NULL;
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        const Login *login = data;
        const Motd *motd = motet_module_data(self);
        const char *text = current_text(self);
        g_autofree char *hash =
                text ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1) : NULL;
        g_autoptr(GBytes) told = hash ? g_bytes_new(hash, strlen(hash)) : NULL;

        if (error)
                motet_debug("%s is told nothing: %s", login->account, error->message);
        if (error || !text || (value && g_bytes_equal(value, told)) ||
            !motet_session_is_connected(login->session)) {
                end(self, login);
                return;
        }

        tell(self, login, text);
        motet_store_set(motd->store, login->account, "", told, on_written, data);
}

static MotetResult
greet(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetPresenceChange *change = ev->data;
        const Motd *motd = motet_module_data(self);
        const char *account = change->session->username;

        if (!current_text(self) || g_hash_table_contains(motd->logins, account))
                return MOTET_CONTINUE;

        Login *login = g_new0(Login, 1);
        login->account = g_strdup(account);
        login->session = motet_session_ref(change->session);
        g_hash_table_insert(motd->logins, login->account, login);
        motet_store_read(motd->store, account, "", on_read, login);
        return MOTET_CONTINUE;
}

static void
motd_free(void *data)
{
        Motd *motd = data;

        g_hash_table_unref(motd->logins);
        g_free(motd);
}

static bool
load(MotetModule *self, GError **error)
{
        const char *text = motet_option_string(self, "text");
        MotetStore *store = motet_store_open(self, "motd", MOTET_STORE_KEYVAL, error);
        if (!store)
                return false;
        if (text && !is_sendable(text)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "text: has a control character");
                return false;
        }

        Motd *motd = g_new0(Motd, 1);
        motd->store = store;
        motd->logins = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, login_free);
        motet_module_set_data(self, motd, motd_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_INITIAL, greet, MOTET_PRIO_LATE),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "text",
                .type = MOTET_OPTION_STRING,
                .min = 1,
                .max = 16384,
                .help = "What each user is told once, when coming online; unset: nothing.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "motd",
        .summary = "Tell each user the message of the day, once",
        .depends = MOTET_LIST("presence"),
        .wants = MOTET_LIST("service:store:*"),
        .options = options,
        .hooks = hooks,
        .load = load,
};

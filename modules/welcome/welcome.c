/*
 * welcome: greet users of new accounts when they come online for the first time.
 *
 * Implements  no specification
 * Hooks       user-created, presence-initial
 * Storage     keyval "welcome": one document for each account that is yet to be greeted
 * Options     text
 */
#include <motet/error.h>
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-auth.h>
#include <motet/service-presence.h>
#include <motet/service-store.h>

#include <string.h>

typedef struct {
        MotetStore *store;
        GHashTable *logins; /* account -> Login (own): two clients that come at once are one */
} Welcome;

/* While it is found out whether the account is new, and written that it was greeted. */
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
        const Welcome *welcome = motet_module_data(self);

        g_hash_table_remove(welcome->logins, login->account);
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

/* The greeting in force, NULL when there is none. A reload can bring one that load() would
 * refuse. */
static const char *
current_text(const MotetModule *self)
{
        const char *text = motet_option_string(self, "text");

        return text && is_sendable(text) ? text : NULL;
}

/* Returns: (own) @text with $username and $host replaced */
static char *
fill_in(const char *text, const char *username, const char *host)
{
        GString *filled = g_string_new(text);

        /* In this order, since a user may be called "$host" but no host "$username". */
        g_string_replace(filled, "$host", host, 0);
        g_string_replace(filled, "$username", username, 0);
        return g_string_free(filled, FALSE);
}

static void
greet(MotetModule *self, const Login *login, const char *text)
{
        MotetHost *host = motet_module_host(self);
        g_autofree char *body = fill_in(text, login->account, motet_host_name(host));
        g_autoptr(MotetXml) message = motet_xml_new("message", MOTET_NS_CLIENT);

        motet_xml_set_attr(message, "from", motet_host_name(host));
        motet_xml_set_attr(message, "to", login->session->full_jid);
        motet_xml_add_with_text(message, "body", NULL, body);
        motet_route(host, message);
}

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        const Login *login = data;

        if (error)
                motet_debug("%s will be greeted again: %s", login->account, error->message);
        end(self, login);
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        const Login *login = data;
        const Welcome *welcome = motet_module_data(self);
        const char *text = current_text(self);

        if (error)
                motet_debug("%s is not greeted: %s", login->account, error->message);
        if (error || !value || !text || !motet_session_is_connected(login->session)) {
                end(self, login);
                return;
        }

        greet(self, login, text);
        motet_store_set(welcome->store, login->account, "", NULL, on_written, data);
}

static MotetResult
greet_new_user(MotetModule *self, MotetCustomEvent *ev)
{
        const MotetPresenceChange *change = ev->data;
        const Welcome *welcome = motet_module_data(self);
        const char *account = change->session->username;

        if (!current_text(self) || g_hash_table_contains(welcome->logins, account))
                return MOTET_CONTINUE;

        Login *login = g_new0(Login, 1);
        login->account = g_strdup(account);
        login->session = motet_session_ref(change->session);
        g_hash_table_insert(welcome->logins, login->account, login);
        motet_store_read(welcome->store, account, "", on_read, login);
        return MOTET_CONTINUE;
}

static void
on_marked(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        (void)data;
        if (error)
                motet_debug("a new user will not be greeted: %s", error->message);
}

static MotetResult
mark_new_user(MotetModule *self, MotetAccountEvent *ev)
{
        const Welcome *welcome = motet_module_data(self);
        g_autoptr(GBytes) mark = g_bytes_new_static("", 0);

        if (current_text(self))
                motet_store_set(welcome->store, ev->username, "", mark, on_marked, NULL);
        return MOTET_CONTINUE;
}

static void
welcome_free(void *data)
{
        Welcome *welcome = data;

        g_hash_table_unref(welcome->logins);
        g_free(welcome);
}

static bool
load(MotetModule *self, GError **error)
{
        const char *text = motet_option_string(self, "text");
        MotetStore *store = motet_store_open(self, "welcome", MOTET_STORE_KEYVAL, error);
        if (!store)
                return false;
        if (text && !is_sendable(text)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "text: has a control character");
                return false;
        }

        Welcome *welcome = g_new0(Welcome, 1);
        welcome->store = store;
        welcome->logins = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, login_free);
        motet_module_set_data(self, welcome, welcome_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_ACCOUNT(MOTET_EVENT_USER_CREATED, mark_new_user, MOTET_PRIO_NORMAL),
        MOTET_ON_CUSTOM(MOTET_EVENT_PRESENCE_INITIAL, greet_new_user, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {"text", MOTET_OPTION_STRING, NULL, 1, 16384, NULL,
         "What users of new accounts are told; unset: nothing."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "welcome",
        .summary = "Greet users of new accounts",
        .depends = MOTET_LIST("service:auth", "presence"),
        .wants = MOTET_LIST("service:store:*"),
        .options = options,
        .hooks = hooks,
        .load = load,
};

/*
 * mechanism: which mechanisms exist, which of them a stream is offered, and how that is announced.
 *
 * Source: RFC 6120 section 6.3.3; XEP-0440 (1.0.0) section 2; XEP-0474 (0.5.0) section 5.1.
 */
#include "sasl-private.h"

#include <motet/conn.h>
#include <motet/option.h>
#include <string.h>

#define XEP0474_SEPARATOR "\x1e"
#define XEP0474_SECTION "\x1f"

/* Index of .hash: SHA-1 0, SHA-256 1, SHA-512 2 (sasl.c fills Sasl.hashes so). Strongest first. */
static const Mechanism mechanisms[] = {
        {"SCRAM-SHA-512-PLUS", "SCRAM-SHA-512", 2, true},
        {"SCRAM-SHA-512", "SCRAM-SHA-512", 2, false},
        {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", 1, true},
        {"SCRAM-SHA-256", "SCRAM-SHA-256", 1, false},
        {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", 0, true},
        {"SCRAM-SHA-1", "SCRAM-SHA-1", 0, false},
        {"PLAIN", "PLAIN", -1, false},
};

static const char *const binding_types[] = {"tls-exporter", "tls-server-end-point"};

bool
mechanism_is_binding(const char *type)
{
        /*
         * COMPAT(slixmpp, 1.8): binds by tls-unique whatever is announced and whatever the TLS
         * version.
         */
        if (strcmp(type, "tls-unique") == 0)
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(binding_types); i++)
                if (strcmp(binding_types[i], type) == 0)
                        return true;
        return false;
}

const Mechanism *
mechanism_find(MotetModule *self, const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++)
                if (strcmp(mechanisms[i].name, name) == 0 &&
                    g_strv_contains(motet_option_list(self, "mechanisms"), mechanisms[i].option))
                        return &mechanisms[i];
        return NULL;
}

static bool
has_binding(MotetSession *session, const char *type)
{
        if (!session->conn)
                return false;
        /*
         * RFC 9266 4.2; computing it several times a login would cost as much as the rest of SCRAM.
         */
        if (strcmp(type, "tls-exporter") == 0)
                return g_strcmp0(motet_conn_tls_version(session->conn), "TLSv1.3") == 0;

        g_autoptr(GBytes) binding = motet_conn_channel_binding(session->conn, type);
        return binding != NULL;
}

static bool
has_any_binding(MotetSession *session)
{
        for (size_t i = 0; i < G_N_ELEMENTS(binding_types); i++)
                if (has_binding(session, binding_types[i]))
                        return true;
        return false;
}

/* Without keys nothing but a plain password can be verified. */
static bool
knows_keys(MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", &provider);

        return !auth || auth->keys;
}

/* @bound: whether the connection has a channel binding */
static bool
may_use(MotetModule *self, MotetSession *session, const Mechanism *mechanism, bool bound)
{
        if (!g_strv_contains(motet_option_list(self, "mechanisms"), mechanism->option))
                return false;
        if (mechanism->hash >= 0 && !knows_keys(self))
                return false;
        if (motet_session_is_secure(session))
                return !mechanism->plus || bound;
        return motet_option_bool(self, "allow_unencrypted") && mechanism->hash >= 0 &&
               !mechanism->plus;
}

bool
mechanism_is_offered(MotetModule *self, MotetSession *session, const Mechanism *mechanism)
{
        return may_use(self, session, mechanism, mechanism->plus && has_any_binding(session));
}

bool
mechanism_offers_plus(MotetModule *self, MotetSession *session)
{
        bool bound = has_any_binding(session);

        for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++)
                if (mechanisms[i].plus && may_use(self, session, &mechanisms[i], bound))
                        return true;
        return false;
}

/* Returns: (own) names (borrowed) of what @session is offered, strongest first */
static GPtrArray *
offered(MotetModule *self, MotetSession *session)
{
        GPtrArray *names = g_ptr_array_new();
        bool bound = has_any_binding(session);

        for (size_t i = 0; i < G_N_ELEMENTS(mechanisms); i++)
                if (may_use(self, session, &mechanisms[i], bound))
                        g_ptr_array_add(names, (char *)mechanisms[i].name);
        return names;
}

/*
 * Returns: (own) names (borrowed) of the connection's binding types; empty when no mechanism uses
 * them (XEP-0440 3, rule 5)
 */
static GPtrArray *
announced_bindings(MotetModule *self, MotetSession *session)
{
        GPtrArray *types = g_ptr_array_new();

        if (!mechanism_offers_plus(self, session))
                return types;
        for (size_t i = 0; i < G_N_ELEMENTS(binding_types); i++)
                if (has_binding(session, binding_types[i]))
                        g_ptr_array_add(types, (char *)binding_types[i]);
        return types;
}

void
mechanism_announce(MotetModule *self, MotetSession *session, MotetXml *features)
{
        g_autoptr(GPtrArray) names = offered(self, session);
        if (names->len == 0)
                return;

        MotetXml *list = motet_xml_add(features, "mechanisms", NS_SASL);
        for (guint i = 0; i < names->len; i++)
                motet_xml_add_with_text(list, "mechanism", NULL, names->pdata[i]);

        g_autoptr(GPtrArray) types = announced_bindings(self, session);
        if (types->len == 0)
                return;
        MotetXml *bindings = motet_xml_add(features, "sasl-channel-binding", NS_SASL_CB);
        for (guint i = 0; i < types->len; i++)
                motet_xml_set_attr(motet_xml_add(bindings, "channel-binding", NULL), "type",
                                   types->pdata[i]);
}

static int
compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
append_sorted(GString *out, GPtrArray *names)
{
        g_ptr_array_sort(names, compare_names);
        for (guint i = 0; i < names->len; i++) {
                if (i > 0)
                        g_string_append(out, XEP0474_SEPARATOR);
                g_string_append(out, names->pdata[i]);
        }
}

char *
mechanism_list_hash(MotetModule *self, MotetSession *session, const ScramHash *hash)
{
        g_autoptr(GPtrArray) names = offered(self, session);
        g_autoptr(GPtrArray) types = announced_bindings(self, session);
        g_autoptr(GString) text = g_string_new(NULL);

        append_sorted(text, names);
        if (types->len > 0) {
                g_string_append(text, XEP0474_SECTION);
                append_sorted(text, types);
        }
        return scram_hash_base64(hash, text->str, text->len);
}

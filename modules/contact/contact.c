/*
 * contact: tell who asks how to reach the people who run the server.
 *
 * Implements  XEP-0157 (1.1.1)
 * Hooks       none
 * Options     abuse, admin, feedback, sales, security, status, support
 */
#include <motet/error.h>
#include <motet/module.h>

/* Each an option. */
static const char *const kinds[] = {"abuse",    "admin",  "feedback", "sales",
                                    "security", "status", "support"};

/* RFC 3986 2: of printable ASCII alone. */
static bool
is_uri(const char *text)
{
        for (const char *c = text; *c; c++) {
                if (!g_ascii_isgraph(*c))
                        return false;
        }
        return g_uri_is_valid(text, G_URI_FLAGS_NONE, NULL);
}

static bool
load(MotetModule *self, GError **error)
{
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                for (const char *const *uri = motet_option_list(self, kinds[i]); *uri; uri++) {
                        if (is_uri(*uri))
                                continue;
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                                    "%s: \"%s\" is no URI, such as mailto:xmpp@example.org or "
                                    "xmpp:admin@example.org",
                                    kinds[i], *uri);
                        return false;
                }
        }
        return true;
}

static void
reconfigure(MotetModule *self)
{
        GError *error = NULL;

        if (!load(self, &error))
                motet_module_refuse(self, error);
}

static const MotetDiscoField fields[] = {
        {"abuse-addresses", MOTET_FIELD_LIST_MULTI, NULL, "abuse"},
        {"admin-addresses", MOTET_FIELD_LIST_MULTI, NULL, "admin"},
        {"feedback-addresses", MOTET_FIELD_LIST_MULTI, NULL, "feedback"},
        {"sales-addresses", MOTET_FIELD_LIST_MULTI, NULL, "sales"},
        {"security-addresses", MOTET_FIELD_LIST_MULTI, NULL, "security"},
        {"status-addresses", MOTET_FIELD_LIST_MULTI, NULL, "status"},
        {"support-addresses", MOTET_FIELD_LIST_MULTI, NULL, "support"},
        {0},
};

static const MotetDiscoForm forms[] = {
        {"http://jabber.org/network/serverinfo", fields},
        {0},
};

static const MotetOption options[] = {
        {"abuse", MOTET_OPTION_LIST, NULL, 1, 1023, NULL, "URIs to report abuse to."},
        {"admin", MOTET_OPTION_LIST, NULL, 1, 1023, NULL, "URIs of the administrators."},
        {"feedback", MOTET_OPTION_LIST, NULL, 1, 1023, NULL, "URIs for feedback of users."},
        {"sales", MOTET_OPTION_LIST, NULL, 1, 1023, NULL, "URIs for sales and marketing."},
        {"security", MOTET_OPTION_LIST, NULL, 1, 1023, NULL, "URIs to report weaknesses to."},
        {"status", MOTET_OPTION_LIST, NULL, 1, 1023, NULL,
         "URIs that tell whether the service works."},
        {"support", MOTET_OPTION_LIST, NULL, 1, 1023, NULL, "URIs where users are helped."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "contact",
        .summary = "Tell how to reach the people who run the server",
        .depends = MOTET_LIST("disco"),
        .specs = MOTET_LIST("XEP-0157@1.1.1"),
        .options = options,
        .load = load,
        .reconfigure = reconfigure,
        .forms = forms,
};

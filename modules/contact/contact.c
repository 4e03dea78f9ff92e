/*
 * contact: tell who asks how to reach the people who run the server.
 *
 * Implements  XEP-0157 (1.1.1)
 * Hooks       disco-info
 * Options     abuse, admin, feedback, sales, security, status, support
 */
#include <motet/error.h>
#include <motet/module.h>
#include <motet/service-disco.h>

#define NS_FORM "jabber:x:data"
#define FORM_TYPE "http://jabber.org/network/serverinfo"

/* Each an option, and with "-addresses" a field. */
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

/* Whether anything is to be told. */
static bool
has_any(const MotetModule *self)
{
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                for (const char *const *uri = motet_option_list(self, kinds[i]); *uri; uri++) {
                        if (is_uri(*uri))
                                return true;
                }
        }
        return false;
}

static void
add_field(const MotetModule *self, MotetXml *form, const char *kind)
{
        g_autofree char *var = g_strconcat(kind, "-addresses", NULL);
        MotetXml *field = NULL;

        for (const char *const *uri = motet_option_list(self, kind); *uri; uri++) {
                if (!is_uri(*uri))
                        continue;
                if (!field) {
                        field = motet_xml_add(form, "field", NULL);
                        motet_xml_set_attr(field, "var", var);
                        motet_xml_set_attr(field, "type", "list-multi");
                }
                motet_xml_add_with_text(field, "value", NULL, *uri);
        }
}

static MotetResult
tell(MotetModule *self, MotetCustomEvent *ev)
{
        MotetDiscoQuery *query = ev->data;

        if (query->account || query->node || !has_any(self))
                return MOTET_CONTINUE;

        MotetXml *form = motet_xml_add(query->query, "x", NS_FORM);
        motet_xml_set_attr(form, "type", "result");
        MotetXml *type = motet_xml_add(form, "field", NULL);
        motet_xml_set_attr(type, "var", "FORM_TYPE");
        motet_xml_set_attr(type, "type", "hidden");
        motet_xml_add_with_text(type, "value", NULL, FORM_TYPE);
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                add_field(self, form, kinds[i]);
        return MOTET_CONTINUE;
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

/* Too late to refuse the configuration: what is no URI is left out. */
static void
reconfigure(MotetModule *self)
{
        GError *error = NULL;

        if (!load(self, &error))
                motet_module_refuse(self, error);
}

static const MotetHook hooks[] = {
        MOTET_ON_CUSTOM(MOTET_EVENT_DISCO_INFO, tell, MOTET_PRIO_NORMAL),
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
        .hooks = hooks,
        .load = load,
        .reconfigure = reconfigure,
};

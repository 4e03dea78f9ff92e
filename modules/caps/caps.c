/*
 * caps: tell a hash of what the server offers with the stream, so that nobody has to ask again.
 *
 * Implements  XEP-0115 (1.6.0) sections 5.1 and 6.3, for the server's address
 * Hooks       stream-features, disco-info, config-reloaded
 * Options     node
 *
 * The hash is of the very answer that service discovery gives, so it is made anew when modules or
 * their options changed.
 */
#include <motet/error.h>
#include <motet/module.h>
#include <motet/service-disco.h>
#include <motet/session.h>

#include <string.h>

#define NS_CAPS "http://jabber.org/protocol/caps"
#define NS_FORM "jabber:x:data"

/* A part of the text that is hashed: what it is sorted by, and what is written. */
typedef struct {
        char *key;
        char *text;
} Part;

static void
part_free(void *data)
{
        Part *part = data;

        g_free(part->key);
        g_free(part->text);
        g_free(part);
}

static GPtrArray *
parts_new(void)
{
        return g_ptr_array_new_with_free_func(part_free);
}

/* Both strings (take). */
static void
parts_add(GPtrArray *parts, char *key, char *text)
{
        Part *part = g_new0(Part, 1);

        part->key = key;
        part->text = text;
        g_ptr_array_add(parts, part);
}

static int
compare_parts(const void *a, const void *b)
{
        const Part *const *x = a, *const *y = b;

        return strcmp((*x)->key, (*y)->key);
}

/* In the order of the bytes of their keys (i;octet). */
static void
append_sorted(GString *text, GPtrArray *parts)
{
        g_ptr_array_sort(parts, compare_parts);
        for (guint i = 0; i < parts->len; i++)
                g_string_append(text, ((const Part *)parts->pdata[i])->text);
}

static const char *
attr(const MotetXml *xml, const char *name)
{
        const char *value = motet_xml_attr(xml, name);

        return value ? value : "";
}

static void
append_identities(GString *text, const MotetXml *query)
{
        g_autoptr(GPtrArray) parts = parts_new();

        for (const MotetXml *x = motet_xml_child(query, "identity", MOTET_NS_DISCO_INFO); x;
             x = motet_xml_next(x, "identity", MOTET_NS_DISCO_INFO)) {
                const char *category = attr(x, "category"), *type = attr(x, "type");
                const char *lang = attr(x, "xml:lang"), *name = attr(x, "name");
                /* No text has the separator. */
                parts_add(parts, g_strjoin("\1", category, type, lang, name, NULL),
                          g_strdup_printf("%s/%s/%s/%s<", category, type, lang, name));
        }
        append_sorted(text, parts);
}

static void
append_features(GString *text, const MotetXml *query)
{
        g_autoptr(GPtrArray) parts = parts_new();

        for (const MotetXml *x = motet_xml_child(query, "feature", MOTET_NS_DISCO_INFO); x;
             x = motet_xml_next(x, "feature", MOTET_NS_DISCO_INFO))
                parts_add(parts, g_strdup(attr(x, "var")), g_strconcat(attr(x, "var"), "<", NULL));
        append_sorted(text, parts);
}

static char *
field_text(const MotetXml *field)
{
        g_autoptr(GPtrArray) values = parts_new();
        GString *text = g_string_new(attr(field, "var"));

        for (const MotetXml *x = motet_xml_child(field, "value", NS_FORM); x;
             x = motet_xml_next(x, "value", NS_FORM)) {
                const char *value = motet_xml_text(x);
                parts_add(values, g_strdup(value), g_strconcat(value, "<", NULL));
        }
        g_string_append_c(text, '<');
        append_sorted(text, values);
        return g_string_free(text, FALSE);
}

/* XEP-0115 5.4, rule 3.6: a form without a hidden FORM_TYPE is not part of it. Returns: (borrowed)
 * NULL for such */
static const char *
form_type(const MotetXml *form)
{
        for (const MotetXml *x = motet_xml_child(form, "field", NS_FORM); x;
             x = motet_xml_next(x, "field", NS_FORM)) {
                if (strcmp(attr(x, "var"), "FORM_TYPE") == 0 &&
                    strcmp(attr(x, "type"), "hidden") == 0)
                        return motet_xml_text(motet_xml_child(x, "value", NS_FORM));
        }
        return NULL;
}

static char *
form_text(const MotetXml *form, const char *type)
{
        g_autoptr(GPtrArray) fields = parts_new();
        GString *text = g_string_new(type);

        for (const MotetXml *x = motet_xml_child(form, "field", NS_FORM); x;
             x = motet_xml_next(x, "field", NS_FORM)) {
                if (strcmp(attr(x, "var"), "FORM_TYPE") != 0)
                        parts_add(fields, g_strdup(attr(x, "var")), field_text(x));
        }
        g_string_append_c(text, '<');
        append_sorted(text, fields);
        return g_string_free(text, FALSE);
}

static void
append_forms(GString *text, const MotetXml *query)
{
        g_autoptr(GPtrArray) parts = parts_new();

        for (const MotetXml *x = motet_xml_child(query, "x", NS_FORM); x;
             x = motet_xml_next(x, "x", NS_FORM)) {
                const char *type = form_type(x);
                if (type)
                        parts_add(parts, g_strdup(type), form_text(x, type));
        }
        append_sorted(text, parts);
}

/* XEP-0115 5.1. Returns: (own) */
static char *
hash_of(const MotetXml *query)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
        guint8 digest[20];
        gsize size = sizeof(digest);

        append_identities(text, query);
        append_features(text, query);
        append_forms(text, query);
        g_checksum_update(checksum, (const guchar *)text->str, (gssize)text->len);
        g_checksum_get_digest(checksum, digest, &size);
        return g_base64_encode(digest, size);
}

/* The hash in force, kept as the module's data. */
static const char *
current_hash(MotetModule *self)
{
        if (motet_module_data(self))
                return motet_module_data(self);

        MotetModule *provider = NULL;
        const MotetDiscoService *disco = motet_service(motet_module_host(self), "disco", &provider);
        g_autoptr(MotetXml) query = motet_xml_new("query", MOTET_NS_DISCO_INFO);
        MotetDiscoQuery asked = {.query = query};

        if (!disco)
                return NULL;
        disco->info(provider, &asked);
        motet_module_set_data(self, hash_of(query), g_free);
        return motet_module_data(self);
}

/* Only who has proved who it is learns what there is. */
static MotetResult
offer(MotetModule *self, MotetFeaturesEvent *ev)
{
        const char *hash =
                ev->session->type == MOTET_SESSION_C2S || ev->session->type == MOTET_SESSION_S2S_IN
                        ? current_hash(self)
                        : NULL;

        if (!hash)
                return MOTET_CONTINUE;

        MotetXml *caps = motet_xml_add(ev->features, "c", NS_CAPS);
        motet_xml_set_attr(caps, "hash", "sha-1");
        motet_xml_set_attr(caps, "node", motet_option_string(self, "node"));
        motet_xml_set_attr(caps, "ver", hash);
        return MOTET_CONTINUE;
}

/* XEP-0115 6.2: who sees a hash for the first time asks for "node#hash". */
static MotetResult
answer_node(MotetModule *self, MotetCustomEvent *ev)
{
        MotetDiscoQuery *query = ev->data;
        MotetModule *provider = NULL;
        const MotetDiscoService *disco = motet_service(motet_module_host(self), "disco", &provider);
        const char *hash = query->node && !query->account ? current_hash(self) : NULL;

        if (!disco || !hash)
                return MOTET_CONTINUE;

        g_autofree char *node = g_strconcat(motet_option_string(self, "node"), "#", hash, NULL);
        if (strcmp(node, query->node) != 0)
                return MOTET_CONTINUE;
        disco->info(provider, query);
        return MOTET_HANDLED;
}

static MotetResult
forget(MotetModule *self, MotetServerEvent *ev)
{
        (void)ev;
        motet_module_set_data(self, NULL, NULL);
        return MOTET_CONTINUE;
}

static bool
load(MotetModule *self, GError **error)
{
        const char *node = motet_option_string(self, "node");

        for (const char *c = node; *c; c++) {
                if (g_ascii_isgraph(*c) && *c != '#')
                        continue;
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "node: \"%s\" is no URI without fragment", node);
                return false;
        }
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_FEATURES("stream-features", offer, MOTET_PRIO_NORMAL),
        MOTET_ON_CUSTOM(MOTET_EVENT_DISCO_INFO, answer_node, MOTET_PRIO_NORMAL),
        MOTET_ON_SERVER("config-reloaded", forget, MOTET_PRIO_EARLY),
        {0},
};

static const MotetOption options[] = {
        {"node", MOTET_OPTION_STRING, "urn:motet", 1, 1023, NULL,
         "The URI that names this software in the hash's node."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "caps",
        .summary = "Tell a hash of what the server offers with the stream",
        .depends = MOTET_LIST("disco"),
        .specs = MOTET_LIST("XEP-0115@1.6.0"),
        .features = MOTET_LIST(NS_CAPS),
        .options = options,
        .hooks = hooks,
        .load = load,
};

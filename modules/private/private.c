/*
 * private: keep whatever XML the clients of an account want kept, for them alone.
 *
 * Implements  XEP-0049 (1.2)
 * Hooks       iq/self/jabber:iq:private:query, iq/bare/jabber:iq:private:query, user-deleted
 * Storage     map "private": "name namespace" -> a query with the elements of that name as text,
 *             "" -> all other keys, each ended by NUL
 * Options     max_bytes, max_keys
 *
 * The list of keys is there to count them without reading what they hold. It changes in one write
 * with the documents, and the sets of one account are carried out one after the other.
 */
#include "private-private.h"

#include <motet/jid.h>
#include <motet/router.h>
#include <motet/service-auth.h>

#include <string.h>

void
private_fail(MotetLater *request, const GError *reason)
{
        motet_debug("%s: %s", motet_jid_local(motet_later_from(request)), reason->message);
        motet_later_fail(request, NULL);
}

/* Getting */

char *
private_key(const MotetXml *element)
{
        return g_strconcat(motet_xml_name(element), " ", motet_xml_ns(element), NULL);
}

/* What is not there is an empty element, as the client asked for it. */
static MotetXml *
result_of_get(const MotetXml *iq, const MotetXml *stored)
{
        MotetXml *result = motet_iq_result(iq);

        if (stored) {
                motet_xml_add_copy(result, stored);
                return result;
        }
        const MotetXml *asked =
                motet_xml_child(motet_xml_child(iq, "query", NS_PRIVATE), NULL, NULL);
        MotetXml *query = motet_xml_add(result, "query", NS_PRIVATE);
        motet_xml_add(query, motet_xml_name(asked), motet_xml_ns(asked));
        return result;
}

static void
answer_get(MotetLater *request, GBytes *value)
{
        g_autoptr(MotetXml) stored = NULL;
        g_autoptr(GError) damage = NULL;

        if (value) {
                gsize n = 0;
                const char *text = g_bytes_get_data(value, &n);
                stored = motet_xml_parse(n > 0 ? text : "", (gssize)n, NULL, &damage);
        }
        if (damage) {
                motet_warn("%s: private XML is damaged: %s",
                           motet_jid_local(motet_later_from(request)), damage->message);
                private_fail(request, damage);
                return;
        }

        g_autoptr(MotetXml) result = result_of_get(motet_later_stanza(request), stored);
        motet_later_answer(request, result);
}

static void
on_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)self;
        if (error)
                private_fail(data, error);
        else
                answer_get(data, value);
}

static MotetResult
get(MotetModule *self, MotetStanzaEvent *ev)
{
        const Private *private = motet_module_data(self);
        g_autofree char *key = private_key(motet_xml_child(ev->payload, NULL, NULL));

        motet_store_read(private->store, motet_jid_local(ev->from), key, on_read,
                         motet_later_new(self, ev, STORE_WAIT));
        return MOTET_WAIT;
}

/* Requests */

/* Section 2.3: namespaces of the protocol itself, in which nothing private may be kept. */
static bool
is_reserved(const char *ns)
{
        return g_str_has_prefix(ns, "jabber:") || g_str_has_prefix(ns, "http://jabber.org/") ||
               strcmp(ns, "vcard-temp") == 0;
}

/* What is wrong with a request (sections 2.3 and 3), NONE when nothing is. */
static MotetCondition
check(const MotetXml *query, bool is_get, const char **text_out)
{
        unsigned n = motet_xml_n_children(query);

        if (is_get && n != 1) {
                *text_out = "a get asks for exactly one element";
                return MOTET_BAD_REQUEST;
        }
        if (n == 0) {
                *text_out = "a set needs an element to keep";
                return MOTET_NOT_ACCEPTABLE;
        }
        for (const MotetXml *x = motet_xml_child(query, NULL, NULL); x;
             x = motet_xml_next(x, NULL, NULL)) {
                if (*motet_xml_ns(x) == '\0' || is_reserved(motet_xml_ns(x))) {
                        *text_out = "an element needs a namespace of its own that is not reserved";
                        return MOTET_NOT_ACCEPTABLE;
                }
        }
        return MOTET_CONDITION_NONE;
}

static MotetResult
answer_owner(MotetModule *self, MotetStanzaEvent *ev)
{
        bool is_get = strcmp(motet_xml_attr(ev->stanza, "type"), "get") == 0;
        const char *text = NULL;

        MotetCondition wrong = check(ev->payload, is_get, &text);
        if (wrong)
                return motet_reply_error(ev, wrong, text);
        return is_get ? get(self, ev) : set_start(self, ev);
}

/* Section 2.3, whether there is such an account or not. */
static MotetResult
refuse_other(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);
}

/* The module */

/* What is still waiting is written neither; what was written is deleted with the account. */
static MotetResult
forget_account(MotetModule *self, MotetAccountEvent *ev)
{
        set_forget(motet_module_data(self), ev->username);
        return MOTET_CONTINUE;
}

static void
line_free(void *line)
{
        g_queue_free(line);
}

static void
private_free(void *data)
{
        Private *private = data;

        g_hash_table_unref(private->lines);
        g_free(private);
}

static bool
load(MotetModule *self, GError **error)
{
        static const MotetHook on_deletion =
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, forget_account, MOTET_PRIO_NORMAL);
        MotetStore *store = motet_store_open(self, "private", MOTET_STORE_MAP, error);
        if (!store)
                return false;

        /* Where no module deletes accounts there is no such event. */
        g_autoptr(GError) unknown = NULL;
        if (!motet_hook_add(self, &on_deletion, &unknown))
                motet_debug("%s", unknown->message);

        Private *private = g_new0(Private, 1);
        private->store = store;
        private->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, line_free);
        motet_module_set_data(self, private, private_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/self/" NS_PRIVATE ":query", answer_owner, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare/" NS_PRIVATE ":query", refuse_other, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {"max_bytes", MOTET_OPTION_SIZE, "128 KiB", 1024, 16 << 20, NULL,
         "Most that is kept under one name and namespace, as text."},
        {"max_keys", MOTET_OPTION_INT, "50", 1, 10000, NULL,
         "Names and namespaces under which an account may keep something."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "private",
        .summary = "Keep private XML for the clients of an account",
        .wants = MOTET_LIST("service:auth", "service:store:*"),
        .specs = MOTET_LIST("XEP-0049@1.2"),
        .features = MOTET_LIST(NS_PRIVATE),
        .account_features = MOTET_LIST(NS_PRIVATE),
        .options = options,
        .hooks = hooks,
        .load = load,
};

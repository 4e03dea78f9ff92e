/*
 * query: the client's requests, and what its resources are told of changes.
 *
 * Source: XEP-0191 section 3.
 */
#include "blocking-private.h"

#include <motet/router.h>
#include <motet/task.h>

#include <string.h>

static bool
is_of_type(const MotetStanzaEvent *ev, const char *type)
{
        return g_strcmp0(motet_xml_attr(ev->stanza, "type"), type) == 0;
}

/* Getting the list */

static int
compare_jids(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static MotetXml *
result_of_get(const MotetXml *iq, GHashTable *jids)
{
        MotetXml *result = motet_iq_result(iq);
        MotetXml *blocklist = motet_xml_add(result, "blocklist", NS_BLOCKING);
        guint n = 0;
        g_autofree char **sorted = (char **)g_hash_table_get_keys_as_array(jids, &n);

        if (n > 0)
                qsort(sorted, n, sizeof(*sorted), compare_jids);
        for (guint i = 0; i < n; i++)
                motet_xml_set_attr(motet_xml_add(blocklist, "item", NULL), "jid", sorted[i]);
        return result;
}

static void
answer_get(List *list, bool is_loaded, void *data)
{
        MotetLater *later = data;
        const MotetSession *session = motet_later_session(later);

        if (!list->lists) {
                motet_later_error(later, MOTET_SERVICE_UNAVAILABLE, NULL, NULL);
                return;
        }
        if (!is_loaded) {
                motet_later_fail(later, "the block list cannot be read");
                return;
        }

        Watch *watch = session ? motet_session_data(session, list->lists->self) : NULL;
        g_autoptr(MotetXml) result = result_of_get(motet_later_stanza(later), list->jids);
        if (watch)
                watch->is_awaited = true;
        motet_later_answer(later, result);
}

MotetResult
blocking_answer_list(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!ev->session || !ev->session->full_jid)
                return MOTET_CONTINUE;
        if (!is_of_type(ev, "get"))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "a block list is got");

        List *list = list_take(motet_module_data(self), ev->session->username);
        list_when_loaded(list, answer_get, motet_later_new(self, ev, BLOCKING_WAIT));
        list_release(list);
        return MOTET_WAIT;
}

/* Changing it */

/* Fills @items with prepared addresses, each once. Returns: what is wrong */
static MotetCondition
parse_items(const MotetXml *payload, GPtrArray *items)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

        for (const MotetXml *x = motet_xml_child(payload, NULL, NULL); x;
             x = motet_xml_next(x, NULL, NULL)) {
                const char *text = motet_xml_attr(x, "jid");
                g_autoptr(MotetJid) jid = motet_jid_new(text);

                if (!motet_xml_is(x, "item", NS_BLOCKING) || !text)
                        return MOTET_BAD_REQUEST;
                if (!jid)
                        return MOTET_JID_MALFORMED;
                if (g_hash_table_contains(seen, motet_jid_string(jid)))
                        continue;
                g_ptr_array_add(items, g_strdup(motet_jid_string(jid)));
                g_hash_table_add(seen, g_ptr_array_index(items, items->len - 1));
        }
        return MOTET_CONDITION_NONE;
}

MotetResult
blocking_answer_change(MotetModule *self, MotetStanzaEvent *ev)
{
        bool is_block = motet_xml_is(ev->payload, "block", NS_BLOCKING);
        g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);

        if (!ev->session || !ev->session->full_jid)
                return MOTET_CONTINUE;
        if (!is_of_type(ev, "set"))
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "a block list is set");

        MotetCondition wrong = parse_items(ev->payload, items);
        if (wrong)
                return motet_reply_error(ev, wrong, "an item has an address as its jid");
        if (is_block && items->len == 0)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "nobody to block");

        const Watch *watch = motet_session_data(ev->session, self);
        if (!watch || !watch->list->lists)
                return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, "the account goes");

        Change *change = g_new0(Change, 1);
        change->list = list_hold(watch->list);
        change->later = motet_later_new(self, ev, BLOCKING_WAIT);
        change->is_block = is_block;
        change->items = g_steal_pointer(&items);
        change_submit(change);
        return MOTET_WAIT;
}

void
blocking_push(const Change *change)
{
        MotetModule *self = change->list->lists->self;
        size_t n = 0;
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(self), change->list->account, &n);

        for (size_t i = 0; i < n; i++) {
                const Watch *watch = motet_session_data(sessions[i], self);
                if (!watch || !watch->is_awaited)
                        continue;

                g_autofree char *id = motet_random_id(self, 8);
                g_autoptr(MotetXml) push = motet_iq_new("set", NULL, sessions[i]->full_jid);
                motet_xml_set_attr(push, "id", id);
                MotetXml *payload =
                        motet_xml_add(push, change->is_block ? "block" : "unblock", NS_BLOCKING);
                for (guint j = 0; j < change->items->len; j++)
                        motet_xml_set_attr(motet_xml_add(payload, "item", NULL), "jid",
                                           change->items->pdata[j]);
                motet_session_send(sessions[i], push);
        }
}

/* A client could take it for a push of its server. */
MotetResult
blocking_refuse_forged_push(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);
}

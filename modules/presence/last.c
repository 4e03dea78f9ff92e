/*
 * last: what accounts that are away said when they left, and when that was.
 *
 * Kept in memory alone, for a bounded number of accounts: the one that is away for longest is
 * forgotten first.
 *
 * Source: RFC 6121 section 4.3.2, XEP-0203.
 */
#include "presence-private.h"

#include <motet/host.h>
#include <motet/task.h>

#include <string.h>

#define NS_DELAY "urn:xmpp:delay"
#define PRESENCE_MAX 4096 /* bytes; of a longer presence only the time is kept */

typedef struct {
        char *account;
        GList link; /* in Lasts.order */
        int64_t when;
        MotetXml *presence; /* (own) NULL: without a word */
} Last;

struct Lasts {
        GHashTable *by_account; /* account -> (own) Last */
        GQueue order;           /* away for longest first */
};

static void
last_free(void *data)
{
        Last *last = data;

        motet_xml_unref(last->presence);
        g_free(last->account);
        g_free(last);
}

Lasts *
lasts_new(void)
{
        Lasts *lasts = g_new0(Lasts, 1);

        lasts->by_account = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, last_free);
        g_queue_init(&lasts->order);
        return lasts;
}

void
lasts_free(Lasts *lasts)
{
        g_hash_table_unref(lasts->by_account);
        g_free(lasts);
}

static Lasts *
lasts_of(MotetModule *self)
{
        const Presence *presence = motet_module_data(self);

        return presence->lasts;
}

static void
forget(Lasts *lasts, Last *last)
{
        g_queue_unlink(&lasts->order, &last->link);
        g_hash_table_remove(lasts->by_account, last->account);
}

void
last_forget(MotetModule *self, const char *account)
{
        Lasts *lasts = lasts_of(self);
        Last *last = g_hash_table_lookup(lasts->by_account, account);

        if (last)
                forget(lasts, last);
}

static MotetXml *
keep(const MotetXml *presence)
{
        if (!presence || motet_xml_n_children(presence) == 0)
                return NULL;

        g_autofree char *text = motet_xml_string(presence, MOTET_NS_CLIENT);
        return strlen(text) <= PRESENCE_MAX ? motet_xml_copy(presence) : NULL;
}

void
last_note(MotetModule *self, const char *account, const MotetXml *presence)
{
        Lasts *lasts = lasts_of(self);
        guint max = (guint)motet_option_int(self, "max_last");

        last_forget(self, account);
        if (max == 0)
                return;

        Last *last = g_new0(Last, 1);
        last->account = g_strdup(account);
        last->link.data = last;
        last->when = motet_wall_now(self);
        last->presence = keep(presence);
        g_hash_table_insert(lasts->by_account, last->account, last);
        g_queue_push_tail_link(&lasts->order, &last->link);
        while (lasts->order.length > max)
                forget(lasts, lasts->order.head->data);
}

const MotetXml *
last_find(MotetModule *self, const char *account, int64_t *when_out)
{
        Lasts *lasts = lasts_of(self);
        const Last *last = g_hash_table_lookup(lasts->by_account, account);

        *when_out = last ? last->when : 0;
        return last ? last->presence : NULL;
}

/* Of an account or host of ours that is not @sender. */
static bool
is_delay_of_ours(MotetModule *self, const MotetXml *delay, const MotetJid *sender)
{
        g_autoptr(MotetJid) from = motet_jid_new(motet_xml_attr(delay, "from"));

        return from && motet_host_find(motet_module_server(self), motet_jid_domain(from)) &&
               strcmp(motet_jid_bare(from), motet_jid_bare(sender)) != 0;
}

void
last_remove_forged(MotetModule *self, MotetXml *presence, const MotetJid *sender)
{
        const MotetXml *next = NULL;

        for (const MotetXml *x = motet_xml_child(presence, "delay", NS_DELAY); x; x = next) {
                next = motet_xml_next(x, "delay", NS_DELAY);
                if (is_delay_of_ours(self, x, sender))
                        motet_xml_remove(presence, x);
        }
}

/* XEP-0082 */
static char *
stamp_of(int64_t when)
{
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when / G_TIME_SPAN_SECOND);

        return g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

MotetXml *
last_answer(MotetModule *self, const MotetJid *from, const char *to)
{
        int64_t when = 0;
        const MotetXml *said = last_find(self, motet_jid_local(from), &when);
        MotetXml *answer = said ? motet_xml_copy(said) : motet_xml_new("presence", MOTET_NS_CLIENT);

        motet_xml_set_attr(answer, "type", "unavailable");
        motet_xml_set_attr(answer, "from", motet_jid_bare(from));
        motet_xml_set_attr(answer, "to", to);
        if (when) {
                g_autofree char *stamp = stamp_of(when);
                MotetXml *delay = motet_xml_add(answer, "delay", NS_DELAY);
                motet_xml_set_attr(delay, "from", motet_jid_domain(from));
                motet_xml_set_attr(delay, "stamp", stamp);
        }
        return answer;
}

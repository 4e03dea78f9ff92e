/*
 * letter: one message that is kept.
 *
 * Source: XEP-0160 section 3, XEP-0203 section 2, XEP-0334 section 4.2.
 */
#include "offline-private.h"

#include <motet/host.h>
#include <motet/router.h>

#include <string.h>

#define NS_CHAT_STATES "http://jabber.org/protocol/chatstates"
#define NS_DELAY "urn:xmpp:delay"
#define NS_HINTS "urn:xmpp:hints"

/* XEP-0085 section 5.1: a chat state stands alone, or with the thread it belongs to. */
static bool
is_chat_state_alone(const MotetXml *stanza)
{
        if (!motet_xml_child(stanza, NULL, NS_CHAT_STATES))
                return false;

        for (const MotetXml *x = motet_xml_child(stanza, NULL, NULL); x;
             x = motet_xml_next(x, NULL, NULL)) {
                if (!motet_xml_is(x, "thread", MOTET_NS_CLIENT) &&
                    strcmp(motet_xml_ns(x), NS_CHAT_STATES) != 0 &&
                    strcmp(motet_xml_ns(x), NS_HINTS) != 0)
                        return false;
        }
        return true;
}

bool
letter_is_kept(MotetModule *self, const MotetXml *stanza)
{
        MotetModule *provider = NULL;
        const MotetMessageService *service =
                motet_service(motet_module_host(self), "message", &provider);
        MotetMessageType type = service->type(stanza);

        return (type == MOTET_MESSAGE_NORMAL || type == MOTET_MESSAGE_CHAT) &&
               !motet_xml_child(stanza, "no-store", NS_HINTS) && !is_chat_state_alone(stanza);
}

/* @sender: who may say so of themselves; NULL: nobody */
static bool
is_delay_of_ours(MotetModule *self, const MotetXml *delay, const MotetJid *sender)
{
        g_autoptr(MotetJid) from = motet_jid_new(motet_xml_attr(delay, "from"));

        return from && motet_host_find(motet_module_server(self), motet_jid_domain(from)) &&
               !(sender && strcmp(motet_jid_bare(from), motet_jid_bare(sender)) == 0);
}

void
letter_remove_forged_delays(MotetModule *self, MotetXml *stanza, const MotetJid *sender)
{
        const MotetXml *next = NULL;

        for (const MotetXml *x = motet_xml_child(stanza, "delay", NS_DELAY); x; x = next) {
                next = motet_xml_next(x, "delay", NS_DELAY);
                if (is_delay_of_ours(self, x, sender))
                        motet_xml_remove(stanza, x);
        }
}

Letter *
letter_new(MotetModule *self, const MotetStanzaEvent *ev, bool is_live)
{
        Letter *letter = g_new0(Letter, 1);
        g_autoptr(MotetXml) copy = motet_xml_copy(ev->stanza);

        letter_remove_forged_delays(self, copy, NULL);
        char *text = motet_xml_string(copy, MOTET_NS_CLIENT);

        letter->link.data = letter;
        letter->session = ev->session ? motet_session_ref(ev->session) : NULL;
        letter->stanza = motet_xml_ref(ev->stanza);
        letter->sender = motet_jid_ref(ev->from);
        letter->to = motet_jid_ref(ev->to);
        letter->is_live = is_live;
        letter->entry.when = motet_wall_now(self);
        letter->entry.with = motet_jid_bare(letter->sender);
        letter->entry.value = g_bytes_new_take(text, strlen(text));
        return letter;
}

void
letter_end(Letter *letter, MotetResult verdict)
{
        motet_resume(letter->wait, verdict);
        g_bytes_unref(letter->entry.value);
        motet_jid_unref(letter->sender);
        motet_jid_unref(letter->to);
        motet_xml_unref(letter->stanza);
        motet_session_unref(letter->session);
        g_free(letter);
}

/* A failure of ours that may pass: the sender is to try again (RFC 6120 8.3.2). */
void
letter_fail(Letter *letter)
{
        MotetHost *host = motet_module_host(letter->box->offline->self);

        if (motet_wait_is_live(letter->wait)) {
                g_autoptr(MotetXml) error = motet_stanza_error_of_type(
                        letter->stanza, motet_store_condition(letter->box->offline->self), "wait",
                        "it could not be kept");
                motet_reply_to(host, letter->session, error);
        }
        letter_end(letter, MOTET_HANDLED);
}

/* A token dies at its deadline, when the sender is told, and with the sender's session, when what
 * was sent is still to arrive. */
bool
letter_is_refused(const Letter *letter)
{
        return !motet_wait_is_live(letter->wait) &&
               (!letter->session || motet_session_is_connected(letter->session));
}

MotetXml *
letter_restore(MotetModule *self, const MotetStoreEntry *entry)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(entry->value, &n);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(entry->when / G_TIME_SPAN_SECOND);
        MotetXml *stanza = motet_xml_parse(n > 0 ? text : "", (gssize)n, MOTET_NS_CLIENT, &error);

        if (!stanza || !when) {
                motet_warn("a kept message is damaged and left out: %s",
                           error ? error->message : "it has no time");
                motet_xml_unref(stanza);
                return NULL;
        }

        g_autofree char *stamp = g_date_time_format(when, "%Y-%m-%dT%H:%M:%SZ");
        MotetXml *delay = motet_xml_add_with_text(stanza, "delay", NS_DELAY, "Offline Storage");
        motet_xml_set_attr(delay, "from", motet_host_name(motet_module_host(self)));
        motet_xml_set_attr(delay, "stamp", stamp);
        return stanza;
}

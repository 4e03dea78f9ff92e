/*
 * test_im: users of instant messaging in a test, and the rest of the network.
 */
#include "support/test_im.h"

#include <motet/router.h>
#include <motet/stanza.h>

/* What was routed to the network: one, since a test has one server at a time. */
static GPtrArray *routed;

const char *
test_im_state_name(unsigned state)
{
        static const char *const names[] = {
                [NONE] = "none",       [NONE_OUT] = "none-out",
                [NONE_IN] = "none-in", [NONE_OUT_IN] = "none-out-in",
                [TO] = "to",           [TO_IN] = "to-in",
                [FROM] = "from",       [FROM_OUT] = "from-out",
                [BOTH] = "both",
        };

        return names[state];
}

TestServer *
test_im_new(void)
{
        return test_server_new(MOTET_LIST("storage_memory", "roster", "presence"));
}

void
test_im_forget(MotetSession *session)
{
        g_free(test_session_take_sent(session));
}

MotetSession *
test_im_bind_interested(TestServer *server, const char *full_jid)
{
        MotetSession *session = test_server_bind(server, full_jid);

        test_session_receive(session, "<iq type='get' id='g'><query xmlns='" NS_ROSTER "'/></iq>");
        test_im_forget(session);
        return session;
}

MotetSession *
test_im_bind_available(TestServer *server, const char *full_jid)
{
        MotetSession *session = test_im_bind_interested(server, full_jid);

        test_session_receive(session, "<presence/>");
        test_im_forget(session);
        return session;
}

void
test_im_lose(TestServer *server, MotetSession *session)
{
        test_session_lose(session);
        test_server_settle(server);
}

unsigned
test_im_state(TestServer *server, const char *account, const char *contact)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service =
                motet_service(test_server_host(server), "roster", &provider);
        const MotetRoster *roster = service->cached(provider, account);
        g_assert_nonnull(roster);

        const MotetRosterItem *item = motet_roster_find(roster, contact);
        return item ? item->state : 0;
}

static MotetResult
take(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        /* As a server connection would write it. */
        MotetXml *written = motet_xml_copy(ev->stanza);
        motet_xml_set_attr(written, "to", motet_jid_string(ev->to));
        g_ptr_array_add(routed, written);
        return MOTET_HANDLED;
}

void
test_remote_forget(void)
{
        if (!routed)
                routed = g_ptr_array_new_with_free_func((GDestroyNotify)motet_xml_unref);
        g_ptr_array_set_size(routed, 0);
}

void
test_remote_connect(TestServer *server)
{
        static const MotetHook hook = MOTET_ON_STANZA("route/remote", take, MOTET_PRIO_NORMAL);

        test_remote_forget();
        test_server_hook(server, &hook);
}

static MotetXml *
parse(const char *xml)
{
        g_autoptr(GError) error = NULL;
        MotetXml *stanza = motet_xml_parse(xml, -1, MOTET_NS_CLIENT, &error);

        g_assert_no_error(error);
        return stanza;
}

void
test_remote_receive(TestServer *server, const char *xml)
{
        g_autoptr(MotetXml) stanza = parse(xml);

        motet_route(test_server_host(server), stanza);
        test_server_settle(server);
}

void
test_assert_remote_at(const char *xml, const char *file, int line)
{
        g_autoptr(MotetXml) expected = parse(xml);

        if (!routed || routed->len == 0)
                g_error("%s:%d: nothing was routed, expected %s", file, line, xml);
        g_autofree char *got = motet_xml_string(routed->pdata[0], MOTET_NS_CLIENT);
        if (!test_xml_like(expected, routed->pdata[0]))
                g_error("%s:%d: expected %s\nrouted %s", file, line, xml, got);
        g_ptr_array_remove_index(routed, 0);
}

void
test_assert_remote_nothing_at(const char *file, int line)
{
        g_autofree char *got = routed && routed->len > 0
                                       ? motet_xml_string(routed->pdata[0], MOTET_NS_CLIENT)
                                       : NULL;

        if (got)
                g_error("%s:%d: expected nothing\nrouted %s", file, line, got);
}

static void
say(MotetSession *user, const char *contact, const char *type)
{
        g_autofree char *stanza = g_strdup_printf("<presence to='%s' type='%s'/>", contact, type);

        test_session_receive(user, stanza);
}

static void
hear(TestServer *server, const MotetSession *user, const char *contact, const char *type)
{
        g_autofree char *stanza =
                g_strdup_printf("<presence from='%s' to='%s' type='%s'/>", contact,
                                motet_jid_bare(motet_session_jid(user)), type);

        test_remote_receive(server, stanza);
}

void
test_im_come_to(TestServer *server, MotetSession *user, const char *contact, unsigned state)
{
        g_autofree char *add = g_strdup_printf("<iq type='set' id='s'><query xmlns='" NS_ROSTER
                                               "'><item jid='%s' name='R'/></query></iq>",
                                               contact);

        test_session_receive(user, add);
        if (state & (MOTET_ROSTER_TO | MOTET_ROSTER_PENDING_OUT))
                say(user, contact, "subscribe");
        if (state & MOTET_ROSTER_TO)
                hear(server, user, contact, "subscribed");
        if (state & (MOTET_ROSTER_FROM | MOTET_ROSTER_PENDING_IN))
                hear(server, user, contact, "subscribe");
        if (state & MOTET_ROSTER_FROM)
                say(user, contact, "subscribed");
        test_remote_forget();
        test_im_forget(user);
        g_assert_cmphex(test_im_state(server, user->username, contact), ==,
                        state | MOTET_ROSTER_LISTED);
}

void
test_im_befriend(MotetSession *a, MotetSession *b)
{
        const char *jid_a = motet_jid_bare(motet_session_jid(a));
        const char *jid_b = motet_jid_bare(motet_session_jid(b));

        say(a, jid_b, "subscribe");
        say(b, jid_a, "subscribed");
        say(b, jid_a, "subscribe");
        say(a, jid_b, "subscribed");
        test_im_forget(a);
        test_im_forget(b);
}

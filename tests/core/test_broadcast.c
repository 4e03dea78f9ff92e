/*
 * Tests of broadcast: one stanza to the sessions of an account.
 */
#include "support/test_core.h"

#define ROMEO "romeo@example.org/orchard"

static MotetResult
note_elsewhere(MotetModule *self, MotetStanzaEvent *ev)
{
        test_core_note(self, "%s>%s", motet_jid_string(ev->from), motet_jid_string(ev->to));
        return MOTET_HANDLED;
}

static void
test_broadcast(void)
{
        static const MotetHook hooks[] = {MOTET_ON_STANZA("route/elsewhere", note_elsewhere, 0),
                                          {0}};
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *available = test_core_bind(core, "romeo", "orchard");
        MotetSession *interested = test_core_bind(core, "romeo", "balcony");
        MotetSession *both = test_core_bind(core, "romeo", "tomb");
        MotetSession *other = test_core_bind(core, "juliet", "tomb");
        g_autoptr(MotetXml) presence = motet_xml_new("presence", MOTET_NS_CLIENT);
        g_autoptr(MotetXml) xml = motet_xml_new("message", MOTET_NS_CLIENT);
        motet_xml_set_attr(xml, "from", "example.org");
        motet_session_set_presence(available, presence);
        motet_session_set_presence(both, presence);
        motet_session_set_presence(other, presence);
        motet_session_set_interested(interested, true);
        motet_session_set_interested(both, true);
        test_core_module(core, core->host, hooks);

        g_assert_cmpuint(motet_sessions_send_available(core->host, "romeo", xml), ==, 2);
        g_assert_cmpuint(motet_sessions_send_interested(core->host, "romeo", xml), ==, 2);
        g_assert_cmpuint(motet_sessions_send_available(core->host, "paris", xml), ==, 0);

        test_assert_sent(available, "<message from='example.org' to='" ROMEO "'/>");
        test_assert_sent_nothing(available);
        test_assert_sent(interested,
                         "<message from='example.org' to='romeo@example.org/balcony'/>");
        test_assert_sent_nothing(interested);
        test_assert_sent(both, "<message from='example.org' to='romeo@example.org/tomb'/>");
        test_assert_sent(both, "<message from='example.org' to='romeo@example.org/tomb'/>");
        test_assert_sent_nothing(other);
        test_core_assert_log(core, "example.org>romeo@example.org example.org>romeo@example.org "
                                   "example.org>paris@example.org");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/broadcast/broadcast", test_broadcast);
        return g_test_run();
}

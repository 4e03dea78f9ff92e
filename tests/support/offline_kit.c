/*
 * offline_kit: talking to juliet, who is not there.
 */
#include "support/offline_kit.h"

char *
offline_body(size_t n)
{
        return g_strnfill(n, 'x');
}

MotetSession *
offline_bind_romeo(TestServer *server)
{
        return test_im_bind_available(server, ROMEO "/orchard");
}

void
offline_say(MotetSession *from, const char *id)
{
        g_autofree char *xml = g_strdup_printf(
                "<message to='" JULIET "' type='chat' id='%s'><body>ay</body></message>", id);

        test_session_receive(from, xml);
}

void
offline_assert_kept_at(MotetSession *session, const char *id, int line)
{
        g_autofree char *xml =
                g_strdup_printf("<message from='" ROMEO "/orchard' to='" JULIET
                                "' type='chat' id='%s'><body>ay</body>" OFFLINE_DELAY "</message>",
                                id);

        test_assert_sent_at(session, xml, __FILE__, line);
}

void
offline_assert_refused_at(MotetSession *session, const char *id, int line)
{
        g_autofree char *xml = g_strdup_printf(
                "<message from='" JULIET "' to='*' type='error' id='%s'><error type='cancel'>"
                "<service-unavailable xmlns='" NS_STANZAS "'/></error></message>",
                id);

        test_assert_sent_at(session, xml, __FILE__, line);
}

MotetSession *
offline_come(TestServer *server, const char *resource)
{
        g_autofree char *jid = g_strdup_printf(JULIET "/%s", resource);
        MotetSession *juliet = test_server_bind(server, jid);

        test_session_receive(juliet, "<presence/>");
        test_assert_sent(juliet, "<presence from='*' to='*'/>");
        return juliet;
}

static void
note_count(MotetModule *self, const GError *error, uint64_t id, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(uint64_t *)data = id;
}

MotetStore *
offline_store(TestServer *server)
{
        return motet_store_open(test_server_owner(server), "offline", MOTET_STORE_ARCHIVE, NULL);
}

uint64_t
offline_n_stored(TestServer *server)
{
        uint64_t n = UINT64_MAX;

        motet_store_count(offline_store(server), "juliet", note_count, &n);
        test_server_settle(server);
        return n;
}

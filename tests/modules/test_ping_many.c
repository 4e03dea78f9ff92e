/*
 * Tests of the ping module when more users are silent than can be asked at a time.
 */
#include <motet/router.h>
#include <string.h>

#include "core/iq.h"
#include "support/test_server.h"

#define HOG "hog@example.org/desk"
#define BATCH 100

static void
ignore_reply(MotetModule *self, const MotetXml *reply, void *data)
{
        (void)self;
        (void)reply;
        (void)data;
}

/* As many requests as may be open are, to one who answers none. */
static void
fill_table(TestServer *server, GTimeSpan timeout)
{
        MotetModule *owner = test_server_owner(server);
        MotetHost *host = test_server_host(server);
        MotetSession *hog = test_server_bind(server, HOG);

        for (unsigned i = 0; i < IQ_MAX_OPEN; i++) {
                g_autoptr(MotetXml) iq = motet_iq_new("get", "example.org", HOG);
                motet_xml_add(iq, "query", "urn:x");
                motet_iq_send(owner, host, iq, timeout, ignore_reply, NULL, NULL);
                if (i % BATCH == 0)
                        test_server_settle(server);
        }
        test_server_settle(server);
        g_free(test_session_take_sent(hog));
}

/* R13: who was not asked is not closed for giving no answer; once there is room it is asked. */
static void
test_who_is_not_asked_stays(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("iq", "ping"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        fill_table(server, 600 * G_TIME_SPAN_SECOND);

        test_server_advance(server, 400 * G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(romeo));
        test_assert_sent_nothing(romeo);

        test_server_advance(server, 300 * G_TIME_SPAN_SECOND);
        g_autofree char *sent = test_session_take_sent(romeo);
        g_assert_nonnull(strstr(sent, "urn:xmpp:ping"));
        test_server_advance(server, 61 * G_TIME_SPAN_SECOND);
        g_assert_false(motet_session_is_connected(romeo));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ping-many/who-is-not-asked-stays", test_who_is_not_asked_stays);
        return g_test_run();
}

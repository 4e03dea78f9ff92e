/*
 * time: XEP-0202.
 */
#include "support/test_server.h"

#include <motet/task.h>
#include <stdlib.h>
#include <time.h>

#define GET(to) "<iq type='get' id='1' " to "><time xmlns='urn:xmpp:time'/></iq>"

static char *
stamp(TestServer *server)
{
        g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(
                motet_wall_now(test_server_owner(server)) / G_USEC_PER_SEC);

        return g_date_time_format(now, "%FT%TZ");
}

static void
check(const char *zone, const char *offset)
{
        setenv("TZ", zone, 1);
        tzset();
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("time"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *utc = stamp(server);
        g_autofree char *reply = g_strdup_printf("<iq type='result' id='1' from='example.org' "
                                                 "to='*'><time xmlns='urn:xmpp:time'>"
                                                 "<tzo>%s</tzo><utc>%s</utc></time></iq>",
                                                 offset, utc);

        test_session_receive(romeo, GET("to='example.org'"));

        test_assert_sent(romeo, reply);
}

/* XEP-0202 section 2 with XEP-0082 section 3.2; POSIX writes zones the other way round. */
static void
test_zones(void)
{
        check("UTC0", "+00:00");
        check("AAA-5:30", "+05:30");
        check("BBB+9:30", "-09:30");
        check("CCC+0:45", "-00:45");
        check("DDD-14", "+14:00");
        check("EEE+12", "-12:00");
}

/* It is the time of the server's clock. */
static void
test_clock(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("time"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        g_autofree char *before = stamp(server);

        test_server_advance(server, 25 * G_TIME_SPAN_HOUR);
        test_session_receive(romeo, GET(""));

        g_autofree char *after = stamp(server);
        g_autofree char *reply = g_strdup_printf("<iq type='result' id='1' to='*'>"
                                                 "<time xmlns='urn:xmpp:time'><tzo>*</tzo>"
                                                 "<utc>%s</utc></time></iq>",
                                                 after);
        g_assert_cmpstr(before, !=, after);
        test_assert_sent(romeo, reply);
}

static void
test_set(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("time"));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_receive(
                romeo, "<iq type='set' id='1' to='example.org'><time xmlns='urn:xmpp:time'/></iq>");

        test_assert_sent(romeo, "<iq type='error' id='1' from='*' to='*'><error type='modify'>"
                                "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                                "</error></iq>");
}

static void
test_feature(void)
{
        g_autoptr(TestServer) server = test_server_new(MOTET_LIST("time"));
        g_auto(GStrv) features = motet_host_features(test_server_host(server), false);

        g_assert_true(g_strv_contains((const char *const *)features, "urn:xmpp:time"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/time/the-server-tells-in-every-zone", test_zones);
        g_test_add_func("/time/it-is-the-server-s-clock", test_clock);
        g_test_add_func("/time/a-set-is-refused", test_set);
        g_test_add_func("/time/feature", test_feature);
        return g_test_run();
}

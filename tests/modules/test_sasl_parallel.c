/*
 * Tests of the sasl module against guessing on many streams at once: all are begun before the first
 * has failed.
 */
#include <string.h>

#include "support/test_login.h"

#define N_STREAMS 30
#define PER_MINUTE 10 /* by default */

static TestLine
begin(TestServer *server, TestPeer *peer)
{
        TestLine line = test_line_in_clear(server);

        test_peer_begin(peer, &line);
        return line;
}

/* R9: ten wrong passwords a minute are told to be wrong, however many are tried together. */
static void
test_limit_of_a_minute(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        TestPeer peers[N_STREAMS];
        TestLine lines[N_STREAMS];
        unsigned n_told = 0;

        for (int i = 0; i < N_STREAMS; i++) {
                peers[i] = test_peer_of("SCRAM-SHA-1", "romeo", "capulet");
                lines[i] = begin(server, &peers[i]);
        }
        for (int i = 0; i < N_STREAMS; i++) {
                test_peer_prove(&peers[i]);
                test_line_respond(&lines[i], peers[i].final);
                g_autofree char *answer = test_line_take(&lines[i]);
                n_told += strstr(answer, "<not-authorized") != NULL;
                test_peer_clear(&peers[i]);
        }

        g_assert_cmpuint(n_told, ==, PER_MINUTE);
}

/* R9: nor is it told that the next is right. */
static void
test_right_one_is_not_told_either(void)
{
        g_autoptr(TestServer) server = test_login_server(TEST_LOGIN_IN_CLEAR);
        g_auto(TestPeer) right = test_peer_of("SCRAM-SHA-1", "romeo", "montague");
        TestLine line = begin(server, &right);

        for (int i = 0; i < PER_MINUTE; i++) {
                TestLine other = test_line_in_clear(server);
                test_assert_wrong_password(&other);
        }
        test_peer_prove(&right);
        test_line_respond(&line, right.final);

        test_assert_failure(&line, "temporary-auth-failure");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sasl-parallel/limit-of-a-minute", test_limit_of_a_minute);
        g_test_add_func("/sasl-parallel/right-one-is-not-told-either",
                        test_right_one_is_not_told_either);
        return g_test_run();
}

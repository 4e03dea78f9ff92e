/*
 * blocking: XEP-0191: what contacts see of being blocked and unblocked.
 */
#include "support/test_block.h"

#define JULIET "juliet@example.org"
#define ROMEO "romeo@example.net"

/* What contacts see */

/* XEP-0191 3.3 and 3.4: told only if they may see the user; @to NULL: nobody is told. */
static void
check_contact(unsigned state, const char *blocked, const char *to)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *balcony = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, balcony, ROMEO, state);
        MotetSession *silent = test_server_bind(server, JULIET "/silent");
        test_session_receive(balcony, "<presence><show>away</show></presence>");
        test_remote_forget();
        test_im_forget(balcony);
        g_autofree char *gone = g_strdup_printf(
                "<presence from='" JULIET "/balcony' to='%s' type='unavailable'/>", to);
        g_autofree char *back = g_strdup_printf(
                "<presence from='" JULIET "/balcony' to='%s'><show>away</show></presence>", to);
        g_autofree char *probe =
                g_strdup_printf("<presence from='" JULIET "/balcony' to='%s' type='probe'/>", to);

        test_block_one(silent, "block", blocked);
        if (to && (state & FROM))
                test_assert_remote(gone);
        test_assert_remote_nothing();
        test_block_one(silent, "block", blocked);
        test_assert_remote_nothing();
        test_block_one(silent, "unblock", blocked);
        if (to && (state & FROM))
                test_assert_remote(back);
        if (to && (state & TO))
                test_assert_remote(probe);
        test_assert_remote_nothing();
        test_block_one(silent, "unblock", blocked);
        test_assert_remote_nothing();

        test_block_one(silent, "block", blocked);
        test_remote_forget();
        test_block_set(silent, "unblock", "");
        if (to && (state & FROM))
                test_assert_remote(back);
        if (to && (state & TO))
                test_assert_remote(probe);
        test_assert_remote_nothing();
        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, state | MOTET_ROSTER_LISTED);
}

static void
test_contacts(void)
{
        static const unsigned states[] = {NONE, NONE_OUT, TO, FROM, FROM_OUT, BOTH};

        for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
                check_contact(states[i], ROMEO, ROMEO);
                check_contact(states[i], ROMEO "/orchard", ROMEO "/orchard");
                check_contact(states[i], "example.net", ROMEO);
        }
        check_contact(BOTH, "example.com", NULL);
}

/* Who stays blocked by another item is shown nothing. */
static void
test_blocked_twice(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);
        test_block_one(juliet, "block", ROMEO);
        test_remote_forget();

        test_block_set(juliet, "block", "<item jid='example.net'/><item jid='" ROMEO "/orchard'/>");
        test_im_forget(juliet);
        test_assert_remote_nothing();
        test_block_one(juliet, "unblock", ROMEO);
        test_block_one(juliet, "unblock", ROMEO "/orchard");
        test_assert_remote_nothing();
        test_block_one(juliet, "unblock", "example.net");

        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "' type='probe'/>");
        test_assert_remote_nothing();
}

/* Who is blocked as a whole is told as a whole. */
static void
test_blocked_at_once(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);

        test_block_set(juliet, "block", "<item jid='" ROMEO "'/><item jid='" ROMEO "/orchard'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO
                           "' type='unavailable'/>");
        test_assert_remote_nothing();
        test_block_set(juliet, "unblock", "");

        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "'/>");
        test_assert_remote("<presence from='" JULIET "/balcony' to='" ROMEO "' type='probe'/>");
        test_assert_remote_nothing();
}

/* XEP-0191 3.3: the user stays offline for who is blocked, coming and going. */
static void
test_presence_is_kept_from_them(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);
        test_im_come_to(server, juliet, "nurse@example.net", FROM);
        test_block_one(juliet, "block", ROMEO);
        test_remote_forget();

        test_session_receive(juliet, "<presence><show>dnd</show></presence>");
        test_assert_remote("<presence from='*' to='nurse@example.net'><show>dnd</show></presence>");
        test_assert_remote_nothing();
        test_im_lose(server, juliet);
        test_assert_remote("<presence from='*' to='nurse@example.net' type='unavailable'/>");
        test_assert_remote_nothing();
        test_im_bind_available(server, JULIET "/balcony");

        test_assert_remote("<presence from='*' to='nurse@example.net'/>");
        test_assert_remote_nothing();
}

/* RFC 6121 2.5.2: removing who is blocked ends the subscriptions there too. */
static void
test_removing_a_blocked_contact(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, BOTH);
        test_block_one(juliet, "block", ROMEO);
        test_remote_forget();

        test_session_receive(juliet,
                             "<iq type='set' id='r'><query xmlns='" NS_ROSTER "'><item jid='" ROMEO
                             "' subscription='remove'/></query></iq>");

        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribe'/>");
        test_assert_remote("<presence from='" JULIET "' to='" ROMEO "' type='unsubscribed'/>");
        test_assert_remote_nothing();
}

/* Local contacts that come while they are blocked are seen after the unblocking. */
static void
test_local_contacts(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *nurse = test_im_bind_available(server, "nurse@example.org/x");
        test_im_befriend(juliet, nurse);

        test_block_one(juliet, "block", "nurse@example.org");
        test_assert_sent(nurse, "<presence type='unavailable' from='" JULIET "/balcony' to='*'/>");
        test_session_receive(nurse, "<presence><show>xa</show></presence>");
        test_assert_sent(nurse, "<presence from='nurse@example.org/x' to='*'><show>xa</show>"
                                "</presence>");
        test_assert_sent_nothing(juliet);
        test_session_receive(juliet, "<presence><show>dnd</show></presence>");
        test_im_forget(juliet);
        test_assert_sent_nothing(nurse);
        test_block_one(juliet, "unblock", "nurse@example.org");

        test_assert_sent(nurse, "<presence from='" JULIET "/balcony' to='*'><show>dnd</show>"
                                "</presence>");
        test_assert_sent(juliet, "<presence from='nurse@example.org/x' to='*'><show>xa</show>"
                                 "</presence>");
        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(nurse);
}

/* A request that cannot be answered is not shown again. */
static void
test_requests_are_forgotten(void)
{
        g_autoptr(TestServer) server = test_block_new();
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        test_im_come_to(server, juliet, ROMEO, TO_IN);
        test_im_come_to(server, juliet, "nurse@example.net", NONE_IN);

        test_block_one(juliet, "block", ROMEO);
        test_server_settle(server);

        g_assert_cmphex(test_im_state(server, "juliet", ROMEO), ==, TO | MOTET_ROSTER_LISTED);
        g_assert_cmphex(test_im_state(server, "juliet", "nurse@example.net"), ==,
                        NONE_IN | MOTET_ROSTER_LISTED);
        test_assert_remote_nothing();
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/blocked_contacts/contacts-see-the-user-go-and-come", test_contacts);
        g_test_add_func("/blocked_contacts/who-is-blocked-is-told-once", test_blocked_at_once);
        g_test_add_func("/blocked_contacts/who-stays-blocked-sees-nothing", test_blocked_twice);
        g_test_add_func("/blocked_contacts/presence-is-kept-from-who-is-blocked",
                        test_presence_is_kept_from_them);
        g_test_add_func("/blocked_contacts/removing-a-blocked-contact-ends-subscriptions",
                        test_removing_a_blocked_contact);
        g_test_add_func("/blocked_contacts/unblocked-contacts-are-seen-again", test_local_contacts);
        g_test_add_func("/blocked_contacts/requests-of-who-is-blocked-are-forgotten",
                        test_requests_are_forgotten);
        return g_test_run();
}

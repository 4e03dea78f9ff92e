/*
 * Tests of the restricted module: what accounts of that role may not do, and what they may.
 */
#include <motet/service-roster.h>

#include "support/test_im.h"

#define MODULES                                                                                    \
        "modules: {storage_memory: , auth_internal: {options: {iterations: 4096}}, roster: , "     \
        "presence: , message: , iq: , restricted: "
#define CHILD "child@example.org"
#define JULIET "juliet@example.org"
#define REMOTE "stranger@example.net"

static void
user(TestServer *server, const char *const *words)
{
        g_assert_cmpint(test_server_run_command(server, words, NULL), ==, 0);
}

/* A server with juliet, a member, and a restricted child */
static TestServer *
start(const char *options)
{
        g_autofree char *yaml = g_strdup_printf(MODULES "%s}", options);
        TestServer *server = test_server_new_config(yaml);

        test_remote_connect(server);
        user(server, MOTET_LIST("user", "add", CHILD, "secret"));
        user(server, MOTET_LIST("user", "add", JULIET, "capulet"));
        user(server, MOTET_LIST("user", "role", CHILD, "restricted"));
        return server;
}

static void
assert_forbidden_at(MotetSession *session, const char *stanza, const char *from, int line)
{
        g_autoptr(MotetXml) sent = motet_xml_parse(stanza, -1, MOTET_NS_CLIENT, NULL);
        g_assert_nonnull(sent);
        g_autofree char *expected = g_strdup_printf(
                "<%s type='error' id='1' from='%s' to='" CHILD "/x'><error type='auth'>"
                "<forbidden xmlns='" NS_STANZAS "'/></error></%s>",
                motet_xml_name(sent), from, motet_xml_name(sent));

        test_session_receive(session, stanza);
        test_assert_sent_at(session, expected, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_forbidden(session, stanza, from) assert_forbidden_at(session, stanza, from, __LINE__)

static void
test_nothing_begins_with_other_servers(void)
{
        static const char *const stanzas[] = {
                "<message id='1' to='" REMOTE "'><body>hi</body></message>",
                "<iq type='get' id='1' to='" REMOTE "'><query xmlns='urn:test'/></iq>",
                "<presence id='1' to='" REMOTE "'/>",
                "<presence id='1' type='subscribe' to='" REMOTE "'/>",
                "<presence id='1' type='subscribed' to='" REMOTE "'/>",
                "<presence id='1' type='probe' to='" REMOTE "'/>",
        };
        g_autoptr(TestServer) server = start("");
        MotetSession *child = test_im_bind_available(server, CHILD "/x");

        for (size_t i = 0; i < G_N_ELEMENTS(stanzas); i++)
                assert_forbidden(child, stanzas[i], REMOTE);
        test_assert_remote_nothing();
        g_assert_cmpuint(test_im_state(server, "child", REMOTE), ==, NONE);
}

/* RFC 6120 8.2.3: a request gets its answer, also from them. What there is can be ended. */
static void
test_answers_and_ends_go_out(void)
{
        static const char *const stanzas[] = {
                "<iq type='result' id='1' to='" REMOTE "'/>",
                "<iq type='error' id='1' to='" REMOTE
                "'><error type='cancel'><gone xmlns='" NS_STANZAS "'/></error></iq>",
                "<presence type='unavailable' to='" REMOTE "'/>",
        };
        g_autoptr(TestServer) server = start("");
        MotetSession *child = test_im_bind_available(server, CHILD "/x");

        for (size_t i = 0; i < G_N_ELEMENTS(stanzas); i++) {
                test_session_receive(child, stanzas[i]);
                g_autoptr(MotetXml) sent = motet_xml_parse(stanzas[i], -1, MOTET_NS_CLIENT, NULL);
                g_assert_nonnull(sent);
                motet_xml_set_attr(sent, "from", CHILD "/x");
                g_autofree char *expected = motet_xml_string(sent, MOTET_NS_CLIENT);
                test_assert_remote(expected);
        }
        test_assert_sent_nothing(child);
}

/* Contacts from before stay until they are ended. */
static void
test_subscriptions_from_before_can_be_ended(void)
{
        g_autoptr(TestServer) server = start("");
        user(server, MOTET_LIST("user", "role", CHILD, "member"));
        MotetSession *child = test_im_bind_interested(server, CHILD "/x");
        test_im_come_to(server, child, REMOTE, BOTH);
        user(server, MOTET_LIST("user", "role", CHILD, "restricted"));

        test_session_receive(child, "<presence type='unsubscribe' to='" REMOTE "'/>");
        test_session_receive(child, "<presence type='unsubscribed' to='" REMOTE "'/>");

        test_assert_remote("<presence type='unsubscribe' from='" CHILD "' to='" REMOTE "'/>");
        test_assert_remote("<presence type='unsubscribed' from='" CHILD "' to='" REMOTE "'/>");
        g_assert_cmpuint(test_im_state(server, "child", REMOTE) & BOTH, ==, NONE);
}

static void
test_users_of_this_server_can_be_reached(void)
{
        g_autoptr(TestServer) server = start("");
        MotetSession *child = test_im_bind_available(server, CHILD "/x");
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        test_session_receive(child, "<message to='" JULIET "'><body>hi</body></message>");
        test_assert_sent(juliet,
                         "<message from='" CHILD "/x' to='" JULIET "'><body>hi</body></message>");
        test_session_receive(child, "<presence to='" JULIET "/balcony'/>");
        test_assert_sent(juliet, "<presence from='" CHILD "/x' to='" JULIET "/balcony'/>");
}

/* They do not ask for contacts, also not here; whoever asked them can be asked back. */
static void
test_contacts_ask_first(void)
{
        g_autoptr(TestServer) server = start("");
        MotetSession *child = test_im_bind_available(server, CHILD "/x");
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        assert_forbidden(child, "<presence id='1' type='subscribe' to='" JULIET "'/>", JULIET);
        assert_forbidden(child, "<presence id='1' type='subscribe' to='" JULIET "/balcony'/>",
                         JULIET "/balcony");

        test_session_receive(juliet, "<presence type='subscribe' to='" CHILD "'/>");
        test_session_receive(child, "<presence type='subscribe' to='" JULIET "'/>");
        test_session_receive(child, "<presence type='subscribed' to='" JULIET "'/>");
        test_session_receive(juliet, "<presence type='subscribed' to='" CHILD "'/>");
        g_assert_cmpuint(test_im_state(server, "child", JULIET) & BOTH, ==, BOTH);
        g_assert_cmpuint(test_im_state(server, "juliet", CHILD) & BOTH, ==, BOTH);
}

static void
test_members_are_free(void)
{
        g_autoptr(TestServer) server = start("");
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        test_session_receive(juliet, "<message to='" REMOTE "'><body>hi</body></message>");
        test_assert_remote("<message from='" JULIET "/balcony' to='" REMOTE
                           "'><body>hi</body></message>");
        test_session_receive(juliet, "<presence type='subscribe' to='" REMOTE "'/>");
        test_assert_remote("<presence type='subscribe' from='" JULIET "' to='" REMOTE "'/>");
}

/* At once, for sessions that are there */
static void
test_role_changes_take_effect(void)
{
        g_autoptr(TestServer) server = start("");
        MotetSession *child = test_im_bind_available(server, CHILD "/x");

        user(server, MOTET_LIST("user", "role", CHILD, "member"));
        test_session_receive(child, "<message to='" REMOTE "'><body>hi</body></message>");
        test_assert_remote("<message from='" CHILD "/x' to='" REMOTE "'><body>hi</body></message>");
        user(server, MOTET_LIST("user", "role", CHILD, "restricted"));
        assert_forbidden(child, "<message id='1' to='" REMOTE "'><body>hi</body></message>",
                         REMOTE);
}

static void
test_permissions_lift_each_rule(void)
{
        g_autoptr(TestServer) remote = start("{permissions: {reach_remote: restricted}}");
        MotetSession *child = test_im_bind_available(remote, CHILD "/x");
        test_session_receive(child, "<message to='" REMOTE "'><body>hi</body></message>");
        test_assert_remote("<message from='" CHILD "/x' to='" REMOTE "'><body>hi</body></message>");
        assert_forbidden(child, "<presence id='1' type='subscribe' to='" REMOTE "'/>", REMOTE);
        g_clear_pointer(&remote, test_server_free);

        g_autoptr(TestServer) local = start("{permissions: {ask_contacts: restricted}}");
        child = test_im_bind_available(local, CHILD "/x");
        test_session_receive(child, "<presence type='subscribe' to='" JULIET "'/>");
        g_assert_cmpuint(test_im_state(local, "child", JULIET) & NONE_OUT, ==, NONE_OUT);
        test_im_forget(child);
        assert_forbidden(child, "<presence id='1' type='subscribe' to='" REMOTE "'/>", REMOTE);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/restricted/" path, func)
        ADD("nothing-begins-with-other-servers", test_nothing_begins_with_other_servers);
        ADD("answers-and-ends-go-out", test_answers_and_ends_go_out);
        ADD("subscriptions-from-before-can-be-ended", test_subscriptions_from_before_can_be_ended);
        ADD("users-of-this-server-can-be-reached", test_users_of_this_server_can_be_reached);
        ADD("contacts-ask-first", test_contacts_ask_first);
        ADD("members-are-free", test_members_are_free);
        ADD("role-changes-take-effect", test_role_changes_take_effect);
        ADD("permissions-lift-each-rule", test_permissions_lift_each_rule);
        return g_test_run();
}

/*
 * Tests of the message module: every row of RFC 6121 section 8.5, and what happens at its edges.
 */
#include <motet/service-message.h>
#include <motet/stanza.h>

#include "support/test_server.h"

#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

static TestServer *
start(void)
{
        return test_server_new(MOTET_LIST("storage_memory", "roster", "presence", "message"));
}

static MotetSession *
bind_available(TestServer *server, const char *jid, int priority)
{
        MotetSession *session = test_server_bind(server, jid);
        g_autofree char *presence =
                g_strdup_printf("<presence><priority>%d</priority></presence>", priority);

        test_session_receive(session, presence);
        return session;
}

static void
assert_refused(MotetSession *session, const char *from)
{
        g_autofree char *expected = g_strdup_printf(
                "<message type='error' id='m' from='%s' to='romeo@example.org/orchard'>"
                "<error type='cancel'><service-unavailable xmlns='" STANZAS "'/></error></message>",
                from);

        test_assert_sent(session, expected);
        test_assert_sent_nothing(session);
}

/* The matrix of RFC 6121 8.5.4. */

typedef enum { NOBODY, TO_A, TO_B, TO_BOTH, ERROR } Outcome;

/* priority: of juliet's resources a and b; GONE: not bound, IDLE: bound without presence */
enum { GONE = 1000, IDLE = 1001 };

typedef struct {
        const char *name;
        const char *to; /* "bare", or the resource addressed */
        const char *type;
        int a, b;
        Outcome outcome;
} Row;

static const Row rows[] = {
        /* 8.5.2.2: bare address, no available resources */
        {"bare/none/untyped", "bare", NULL, GONE, GONE, ERROR},
        {"bare/none/normal", "bare", "normal", GONE, GONE, ERROR},
        {"bare/none/chat", "bare", "chat", GONE, GONE, ERROR},
        {"bare/none/groupchat", "bare", "groupchat", GONE, GONE, ERROR},
        {"bare/none/headline", "bare", "headline", GONE, GONE, NOBODY},
        {"bare/none/error", "bare", "error", GONE, GONE, NOBODY},
        {"bare/none/unknown-type", "bare", "letter", GONE, GONE, ERROR},
        /* the same: bound, but not available */
        {"bare/idle/normal", "bare", "normal", IDLE, GONE, ERROR},
        {"bare/idle/chat", "bare", "chat", IDLE, GONE, ERROR},
        {"bare/idle/groupchat", "bare", "groupchat", IDLE, GONE, ERROR},
        {"bare/idle/headline", "bare", "headline", IDLE, GONE, NOBODY},
        {"bare/idle/error", "bare", "error", IDLE, GONE, NOBODY},
        /* 8.5.2.1.1: only resources with negative priority */
        {"bare/negative/normal", "bare", "normal", -1, -128, ERROR},
        {"bare/negative/chat", "bare", "chat", -1, -128, ERROR},
        {"bare/negative/groupchat", "bare", "groupchat", -1, -128, ERROR},
        {"bare/negative/headline", "bare", "headline", -1, -128, NOBODY},
        {"bare/negative/error", "bare", "error", -1, -128, NOBODY},
        /* one resource with non-negative priority */
        {"bare/one/untyped", "bare", NULL, 0, GONE, TO_A},
        {"bare/one/normal", "bare", "normal", 0, GONE, TO_A},
        {"bare/one/chat", "bare", "chat", 0, GONE, TO_A},
        {"bare/one/groupchat", "bare", "groupchat", 0, GONE, ERROR},
        {"bare/one/headline", "bare", "headline", 0, GONE, TO_A},
        {"bare/one/error", "bare", "error", 0, GONE, NOBODY},
        {"bare/one/unknown-type", "bare", "letter", 0, GONE, TO_A},
        {"bare/one-and-negative/normal", "bare", "normal", -1, 0, TO_B},
        {"bare/one-and-negative/chat", "bare", "chat", -1, 0, TO_B},
        {"bare/one-and-negative/headline", "bare", "headline", -1, 0, TO_B},
        {"bare/one-and-idle/chat", "bare", "chat", IDLE, 0, TO_B},
        /* more than one */
        {"bare/higher/normal", "bare", "normal", 5, 127, TO_B},
        {"bare/higher/chat", "bare", "chat", 127, 5, TO_A},
        {"bare/higher/groupchat", "bare", "groupchat", 127, 5, ERROR},
        {"bare/higher/headline", "bare", "headline", 127, 5, TO_BOTH},
        {"bare/higher/error", "bare", "error", 127, 5, NOBODY},
        {"bare/equal/normal", "bare", "normal", 3, 3, TO_BOTH},
        {"bare/equal/chat", "bare", "chat", 0, 0, TO_BOTH},
        {"bare/equal/groupchat", "bare", "groupchat", 3, 3, ERROR},
        {"bare/equal/headline", "bare", "headline", 3, 3, TO_BOTH},
        {"bare/equal/error", "bare", "error", 3, 3, NOBODY},
        /* 8.5.3.1: full address of a bound resource, whatever its priority */
        {"full/idle/normal", "a", "normal", IDLE, 0, TO_A},
        {"full/idle/chat", "a", "chat", IDLE, 0, TO_A},
        {"full/idle/groupchat", "a", "groupchat", IDLE, 0, TO_A},
        {"full/idle/headline", "a", "headline", IDLE, 0, TO_A},
        {"full/idle/error", "a", "error", IDLE, 0, TO_A},
        {"full/negative/normal", "a", "normal", -1, 0, TO_A},
        {"full/negative/chat", "a", "chat", -1, 0, TO_A},
        {"full/negative/groupchat", "a", "groupchat", -1, 0, TO_A},
        {"full/negative/headline", "a", "headline", -1, 0, TO_A},
        {"full/negative/error", "a", "error", -1, 0, TO_A},
        {"full/available/normal", "b", "normal", 0, 0, TO_B},
        {"full/available/chat", "b", "chat", 0, 0, TO_B},
        {"full/available/groupchat", "b", "groupchat", 0, 0, TO_B},
        {"full/available/headline", "b", "headline", 0, 0, TO_B},
        {"full/available/error", "b", "error", 0, 0, TO_B},
        /* 8.5.3.2.1: full address without such a resource */
        {"full-unmatched/none/untyped", "c", NULL, GONE, GONE, ERROR},
        {"full-unmatched/none/normal", "c", "normal", GONE, GONE, ERROR},
        {"full-unmatched/none/chat", "c", "chat", GONE, GONE, ERROR},
        {"full-unmatched/none/groupchat", "c", "groupchat", GONE, GONE, ERROR},
        {"full-unmatched/none/headline", "c", "headline", GONE, GONE, NOBODY},
        {"full-unmatched/none/error", "c", "error", GONE, GONE, NOBODY},
        {"full-unmatched/negative/normal", "c", "normal", -1, GONE, ERROR},
        {"full-unmatched/negative/chat", "c", "chat", -1, GONE, ERROR},
        {"full-unmatched/negative/groupchat", "c", "groupchat", -1, GONE, ERROR},
        {"full-unmatched/negative/headline", "c", "headline", -1, GONE, NOBODY},
        {"full-unmatched/negative/error", "c", "error", -1, GONE, NOBODY},
        {"full-unmatched/one/normal", "c", "normal", 0, GONE, ERROR},
        {"full-unmatched/one/chat", "c", "chat", 0, GONE, TO_A},
        {"full-unmatched/one/groupchat", "c", "groupchat", 0, GONE, ERROR},
        {"full-unmatched/one/headline", "c", "headline", 0, GONE, NOBODY},
        {"full-unmatched/one/error", "c", "error", 0, GONE, NOBODY},
        {"full-unmatched/many/normal", "c", "normal", 1, 1, ERROR},
        {"full-unmatched/many/chat", "c", "chat", 1, 2, TO_B},
        {"full-unmatched/many/groupchat", "c", "groupchat", 1, 1, ERROR},
        {"full-unmatched/many/headline", "c", "headline", 1, 1, NOBODY},
        {"full-unmatched/many/error", "c", "error", 1, 1, NOBODY},
};

static MotetSession *
bind_as(TestServer *server, const char *jid, int priority)
{
        if (priority == GONE)
                return NULL;
        return priority == IDLE ? test_server_bind(server, jid)
                                : bind_available(server, jid, priority);
}

/* What a session was sent because it and others became available. */
static void
forget(MotetSession *session)
{
        if (session)
                g_free(test_session_take_sent(session));
}

static void
check_receiver(MotetSession *session, bool gets, const char *expected)
{
        if (!session)
                return;
        if (gets)
                test_assert_sent(session, expected);
        test_assert_sent_nothing(session);
}

static void
test_row(const void *data)
{
        const Row *row = data;
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *a = bind_as(server, "juliet@example.org/a", row->a);
        MotetSession *b = bind_as(server, "juliet@example.org/b", row->b);
        bool is_bare = strcmp(row->to, "bare") == 0;
        g_autofree char *to =
                g_strconcat("juliet@example.org", is_bare ? NULL : "/", row->to, NULL);
        g_autofree char *type = row->type ? g_strdup_printf(" type='%s'", row->type) : g_strdup("");
        g_autofree char *stanza =
                g_strdup_printf("<message to='%s' id='m'%s><body>Hi</body></message>", to, type);
        g_autofree char *delivered = g_strdup_printf("<message from='romeo@example.org/orchard' "
                                                     "to='%s' id='m'%s><body>Hi</body></message>",
                                                     to, type);
        forget(a);
        forget(b);

        test_session_receive(romeo, stanza);

        check_receiver(a, row->outcome == TO_A || row->outcome == TO_BOTH, delivered);
        check_receiver(b, row->outcome == TO_B || row->outcome == TO_BOTH, delivered);
        if (row->outcome == ERROR)
                assert_refused(romeo, to);
        test_assert_sent_nothing(romeo);
}

/* RFC 6120 10.3.1: without an addressee a message is for the sender's own account. */
static void
test_no_addressee(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *a = bind_available(server, "juliet@example.org/a", 0);
        MotetSession *b = bind_available(server, "juliet@example.org/b", 1);
        forget(a);
        forget(b);

        test_session_receive(a, "<message id='m'><body>Note</body></message>");

        test_assert_sent(b,
                         "<message from='juliet@example.org/a' id='m'><body>Note</body></message>");
        test_assert_sent_nothing(a);
        test_assert_sent_nothing(b);
}

static unsigned n_kept;

static MotetResult
keep(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        (void)ev;
        n_kept++;
        return MOTET_HANDLED;
}

/* RFC 6121 8.5.2.2.1: a module that keeps messages takes what nobody can receive now; nothing is
 * refused then. */
static void
test_kept(void)
{
        static const MotetHook hook = MOTET_ON_STANZA("message/bare", keep, MOTET_PRIO_NORMAL - 50);
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        test_server_hook(server, &hook);
        n_kept = 0;

        test_session_receive(romeo, "<message to='juliet@example.org' type='chat' id='m'/>");

        g_assert_cmpuint(n_kept, ==, 1);
        test_assert_sent_nothing(romeo);
}

/* RFC 6121 8.5.2.1.1: what was delivered is not offered to those who keep messages. */
static void
test_delivered_is_not_kept(void)
{
        static const MotetHook hook = MOTET_ON_STANZA("message/bare", keep, MOTET_PRIO_NORMAL - 50);
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *juliet = bind_available(server, "juliet@example.org/a", 0);
        test_server_hook(server, &hook);
        forget(juliet);
        n_kept = 0;

        test_session_receive(romeo, "<message to='juliet@example.org' type='chat' id='m'/>");

        test_assert_sent(juliet, "<message from='romeo@example.org/orchard' "
                                 "to='juliet@example.org' type='chat' id='m'/>");
        g_assert_cmpuint(n_kept, ==, 0);
}

/* What other modules are told is what happens. */
static void
test_service_classifies(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_available(server, "juliet@example.org/a", 0);
        MotetModule *provider = NULL;
        const MotetMessageService *service =
                motet_service(test_server_host(server), "message", &provider);
        g_autoptr(MotetJid) bare = motet_jid_new("juliet@example.org");
        g_autoptr(MotetJid) absent = motet_jid_new("nurse@example.org");
        g_autoptr(GPtrArray) sessions = g_ptr_array_new();

        g_assert_cmpint(service->classify(provider, bare, MOTET_MESSAGE_CHAT, sessions), ==,
                        MOTET_MESSAGE_DELIVER);
        g_assert_cmpuint(sessions->len, ==, 1);
        g_assert_true(sessions->pdata[0] == juliet);
        g_assert_cmpint(service->classify(provider, absent, MOTET_MESSAGE_CHAT, NULL), ==,
                        MOTET_MESSAGE_STORE);
        g_assert_cmpint(service->classify(provider, absent, MOTET_MESSAGE_GROUPCHAT, NULL), ==,
                        MOTET_MESSAGE_REFUSE);
        g_assert_cmpint(service->classify(provider, absent, MOTET_MESSAGE_ERROR, NULL), ==,
                        MOTET_MESSAGE_DROP);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *path = g_strconcat("/message/", rows[i].name, NULL);
                g_test_add_data_func(path, &rows[i], test_row);
        }
        g_test_add_func("/message/no-addressee-is-the-own-account", test_no_addressee);
        g_test_add_func("/message/undeliverable-is-offered-to-who-keeps-it", test_kept);
        g_test_add_func("/message/delivered-is-not-offered-to-who-keeps-it",
                        test_delivered_is_not_kept);
        g_test_add_func("/message/service-classifies", test_service_classifies);
        g_test_message("%zu rows of section 8.5.4, messages", G_N_ELEMENTS(rows));
        return g_test_run();
}

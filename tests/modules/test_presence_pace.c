/*
 * Tests of the presence module with more to tell a newcomer than it reads: the answers to its
 * probes come as fast as they are read, and in the end it knows what it would know otherwise.
 */
#include <string.h>

#include "core/instance.h"
#include "core/module.h"
#include "support/module_folder.h"
#include "support/modules/faults.h"
#include "support/test_im.h"

#define JULIET "juliet@example.org"
#define QUEUE 65536
#define LIMITS "limits: {user: {send_queue: 64 KiB}}\n"
#define MODULES "storage_memory: , roster: , presence: "
#define CONFIG LIMITS "modules: {" MODULES "}"
#define N 10
#define LONG 9000

/* Contacts user0... of juliet, each with one resource; her send queue holds seven of them. */
typedef struct {
        TestServer *server;
        MotetSession *contacts[N];
        MotetSession *juliet; /* who came and read nothing yet */
} Crowd;

static void
say(MotetSession *session, const char *id, size_t bytes)
{
        g_autofree char *text = g_strnfill(bytes, 'x');
        g_autofree char *xml =
                g_strdup_printf("<presence id='%s'><status>%s</status></presence>", id, text);

        test_session_receive(session, xml);
}

static void
on_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        (void)session;
        (void)text;
        g_assert_cmpint(condition, ==, MOTET_CONDITION_NONE);
        *(bool *)data = true;
}

/* As test_im_bind_interested(), where the storage takes its time. */
static MotetSession *
come(TestServer *server, const char *full_jid)
{
        g_autoptr(MotetJid) jid = motet_jid_new(full_jid);
        MotetSession *session = test_server_login(server, motet_jid_bare(jid));
        bool is_bound = false;

        motet_session_bind(session, motet_jid_resource(jid), on_bound, &is_bound);
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_assert_true(is_bound);
        test_session_receive(session, "<iq type='get' id='g'><query xmlns='" NS_ROSTER "'/></iq>");
        test_server_advance(server, G_TIME_SPAN_SECOND);
        test_im_forget(session);
        return session;
}

static void
ask(TestServer *server, MotetSession *from, const MotetSession *to, const char *type)
{
        g_autofree char *xml = g_strdup_printf("<presence to='%s' type='%s'/>",
                                               motet_jid_bare(motet_session_jid(to)), type);

        test_session_receive(from, xml);
        test_server_advance(server, G_TIME_SPAN_SECOND);
}

static void
befriend(TestServer *server, MotetSession *a, MotetSession *b)
{
        ask(server, a, b, "subscribe");
        ask(server, b, a, "subscribed");
        ask(server, b, a, "subscribe");
        ask(server, a, b, "subscribed");
}

static void
crowd_fill(Crowd *crowd, size_t bytes)
{
        MotetSession *first = come(crowd->server, JULIET "/first");

        for (int i = 0; i < N; i++) {
                g_autofree char *jid = g_strdup_printf("user%d@example.org/desk", i);
                crowd->contacts[i] = come(crowd->server, jid);
                befriend(crowd->server, first, crowd->contacts[i]);
                say(crowd->contacts[i], "p", bytes);
        }
        test_im_lose(crowd->server, first);
}

static MotetSession *
come_without_reading(TestServer *server, const char *full_jid)
{
        MotetSession *session = test_server_bind(server, full_jid);

        test_session_set_window(session, 0);
        test_session_receive(session, "<presence/>");
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(session));
        return session;
}

static void
crowd_init(Crowd *crowd)
{
        crowd->server = test_server_new_config(CONFIG);
        crowd_fill(crowd, LONG);
        crowd->juliet = come_without_reading(crowd->server, JULIET "/balcony");
}

static void
crowd_clear(Crowd *crowd)
{
        test_server_free(crowd->server);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Crowd, crowd_clear)

static void
read_all(TestServer *server, MotetSession *session)
{
        test_session_set_window(session, SIZE_MAX);
        for (int i = 0; i < 10; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(session));
}

/*
 * Returns: (own) the presences of others that it was sent since it was last looked at, in order:
 * "user0/desk=p user1/desk=unavailable ", the id of those that are available
 */
static char *
told(MotetSession *session)
{
        g_autofree char *sent = test_session_take_sent(session);
        g_autofree char *xml = g_strconcat("<all>", sent, "</all>", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(MotetXml) all = motet_xml_parse(xml, -1, MOTET_NS_CLIENT, &error);
        GString *words = g_string_new(NULL);

        g_assert_no_error(error);
        for (const MotetXml *x = motet_xml_child(all, "presence", NULL); x;
             x = motet_xml_next(x, "presence", NULL)) {
                g_autoptr(MotetJid) from = motet_jid_new(motet_xml_attr(x, "from"));
                const char *resource = motet_jid_resource(from);
                const char *type = motet_xml_attr(x, "type");
                const char *id = motet_xml_attr(x, "id");
                if (motet_jid_equal(from, motet_session_jid(session)))
                        continue;
                g_string_append_printf(words, "%s%s%s=%s ", motet_jid_local(from),
                                       resource ? "/" : "", resource ? resource : "",
                                       type ? type : id);
        }
        return g_string_free(words, FALSE);
}

#define assert_told(session, words)                                                                \
        do {                                                                                       \
                g_autofree char *told_ = told(session);                                            \
                g_assert_cmpstr(told_, ==, words);                                                 \
        } while (0)

/* It reads all there is, and was told @words. */
#define assert_reads(server, session, words)                                                       \
        do {                                                                                       \
                read_all(server, session);                                                         \
                assert_told(session, words);                                                       \
        } while (0)

#define ALL                                                                                        \
        "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user4/desk=p user5/desk=p "           \
        "user6/desk=p user7/desk=p user8/desk=p user9/desk=p "
#define ALL_BUT_USER8                                                                              \
        "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user4/desk=p user5/desk=p "           \
        "user6/desk=p user7/desk=p user9/desk=p "

/*
 * Returns: (own) the names that need not be told any more of what @session is still owed of
 * @account, as they are handed to newer code
 */
static char **
names_told(TestServer *server, MotetSession *session, const char *account)
{
        MotetModule *module = test_server_module(server, "presence", test_server_host(server));
        g_autoptr(GBytes) state = module->info->save_session(module, session);
        g_assert_nonnull(state);
        g_autoptr(GVariant) saved = g_variant_ref_sink(
                g_variant_new_from_bytes(G_VARIANT_TYPE("(asa(sbas))"), state, FALSE));
        g_autoptr(GVariant) debts = g_variant_get_child_value(saved, 1);

        for (gsize i = 0; i < g_variant_n_children(debts); i++) {
                const char *of = NULL;
                g_auto(GStrv) names = NULL;
                g_variant_get_child(debts, i, "(&sb^as)", &of, NULL, &names);
                if (strcmp(of, account) == 0)
                        return g_steal_pointer(&names);
        }
        g_assert_not_reached();
}

/* R15, RFC 6121 4.3.1: what a peer did not read yet keeps the other answers back: they do not end
 * its login, and each comes once when it reads. */
static void
test_answers_do_not_end_the_login(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        g_assert_cmpuint(motet_session_queued(crowd.juliet), >, QUEUE / 2);
        g_assert_cmpuint(motet_session_queued(crowd.juliet), <=, QUEUE / 2 + LONG + 1000);
        assert_reads(crowd.server, crowd.juliet, ALL);
}

/* What fits half of the queue is there at once, and waits for nothing. */
static void
test_few_bytes_come_at_once(void)
{
        g_auto(Crowd) crowd = {0};
        crowd.server = test_server_new_config(CONFIG);
        crowd_fill(&crowd, QUEUE / 2 / N - 200);
        crowd.juliet = test_server_bind(crowd.server, JULIET "/balcony");

        test_session_set_window(crowd.juliet, 0);
        test_session_receive(crowd.juliet, "<presence/>");
        g_assert_cmpuint(motet_session_queued(crowd.juliet), >, (QUEUE / 2 / N - 200) * N);
        g_assert_cmpuint(motet_session_queued(crowd.juliet), <=, QUEUE / 2);
        test_session_set_window(crowd.juliet, SIZE_MAX);
        test_server_settle(crowd.server);

        assert_told(crowd.juliet, ALL);
}

/* "romeo/desk0=p romeo/desk1=p ", from number @from to below @to */
static void
append_each(GString *words, int from, int to, const char *name, const char *what)
{
        for (int i = from; i < to; i++)
                g_string_append_printf(words, "%s%d=%s ", name, i, what);
}

/* Returns: juliet, who came behind resources desk0... of romeo */
static MotetSession *
come_behind_resources(TestServer *server, int n)
{
        MotetSession *first = test_im_bind_interested(server, JULIET "/first");

        for (int i = 0; i < n; i++) {
                g_autofree char *jid = g_strdup_printf("romeo@example.org/desk%d", i);
                MotetSession *romeo = test_im_bind_interested(server, jid);
                if (i == 0)
                        test_im_befriend(first, romeo);
                say(romeo, "p", LONG);
                test_server_advance(server, G_TIME_SPAN_SECOND);
        }
        test_im_lose(server, first);
        return come_without_reading(server, JULIET "/balcony");
}

/* R15, RFC 6121 4.3.2: also the resources of one contact. */
static void
test_resources_of_one_contact(void)
{
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);
        MotetSession *juliet = come_behind_resources(server, 20);
        g_autoptr(GString) expected = g_string_new(NULL);

        append_each(expected, 0, 20, "romeo/desk", "p");
        assert_reads(server, juliet, expected->str);
}

/* R15: what is known of resources does not grow with those that come and go. */
static void
test_resources_that_are_gone(void)
{
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);
        MotetHost *host = test_server_host(server);
        MotetSession *juliet = come_behind_resources(server, N);
        g_autoptr(GString) expected = g_string_new(NULL);

        for (int i = 0; i < 4; i++) {
                g_autofree char *desk = g_strdup_printf("desk%d", i);
                test_im_lose(server, motet_sessions_find(host, "romeo", desk));
        }
        test_session_set_window(juliet, 20000);
        test_server_advance(server, G_TIME_SPAN_SECOND);

        g_auto(GStrv) names = names_told(server, juliet, "romeo");
        g_assert_cmpuint(g_strv_length(names), ==, 2);
        for (char **name = names; *name; name++)
                g_assert_nonnull(motet_sessions_find(host, "romeo", *name));
        append_each(expected, 0, 4, "romeo/desk", "p");
        append_each(expected, 0, 4, "romeo/desk", "unavailable");
        append_each(expected, 4, N, "romeo/desk", "p");
        assert_reads(server, juliet, expected->str);
}

/* R15, RFC 6121 4.2.2: also the user's own resources. */
static void
test_own_resources(void)
{
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);

        for (int i = 0; i < N; i++) {
                g_autofree char *jid = g_strdup_printf(JULIET "/desk%d", i);
                say(test_im_bind_interested(server, jid), "p", LONG);
                test_server_advance(server, G_TIME_SPAN_SECOND);
        }
        MotetSession *juliet = come_without_reading(server, JULIET "/balcony");
        MotetSession *last = motet_sessions_find(test_server_host(server), "juliet", "desk9");
        say(last, "q", 1);
        assert_reads(server, juliet,
                     "juliet/desk0=p juliet/desk1=p juliet/desk2=p juliet/desk3=p "
                     "juliet/desk9=q juliet/desk4=p juliet/desk5=p juliet/desk6=p "
                     "juliet/desk7=p juliet/desk8=p ");
}

#define N_REQUESTS 30

/* s<n>, or another letter, asks juliet, or takes that back */
static void
receive_from_stranger(TestServer *server, char letter, int n, const char *type, size_t bytes)
{
        g_autofree char *text = g_strnfill(bytes, 'x');
        g_autofree char *xml = g_strdup_printf("<presence from='%c%d@example.net' to='" JULIET
                                               "' type='%s'><status>%s</status></presence>",
                                               letter, n, type, text);

        test_remote_receive(server, xml);
        test_server_settle(server);
}

/* Returns: juliet, who came behind the requests of s10... */
static MotetSession *
come_behind_requests(TestServer *server)
{
        test_remote_connect(server);
        MotetSession *first = test_im_bind_interested(server, JULIET "/first");

        for (int i = 0; i < N_REQUESTS; i++)
                receive_from_stranger(server, 's', 10 + i, "subscribe", 3900);
        test_im_lose(server, first);
        return come_without_reading(server, JULIET "/balcony");
}

/* R15, RFC 6121 3.1.3: also the requests of strangers, who could keep her out otherwise. */
static void
test_requests(void)
{
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);
        MotetSession *juliet = come_behind_requests(server);
        g_autoptr(GString) expected = g_string_new(NULL);

        append_each(expected, 10, 10 + N_REQUESTS, "s", "subscribe");
        assert_reads(server, juliet, expected->str);
}

/* RFC 6121 3.1.3: a request that comes meanwhile is told at once, and once. */
static void
test_requests_that_come_meanwhile(void)
{
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);
        MotetSession *juliet = come_behind_requests(server);
        g_auto(GStrv) names = names_told(server, juliet, "");
        int n_told = 10 + (int)g_strv_length(names);
        g_autoptr(GString) expected = g_string_new(NULL);

        g_assert_cmpint(n_told, <, 10 + N_REQUESTS);
        receive_from_stranger(server, 't', 0, "subscribe", 1);

        append_each(expected, 10, n_told, "s", "subscribe");
        append_each(expected, 0, 1, "t", "subscribe");
        append_each(expected, n_told, 10 + N_REQUESTS, "s", "subscribe");
        assert_reads(server, juliet, expected->str);
}

/* R15: what is known of requests does not grow with those that are taken back. */
static void
test_requests_that_are_taken_back(void)
{
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);
        MotetSession *juliet = come_behind_requests(server);

        for (int i = 0; i < 2 * N_REQUESTS; i++) {
                receive_from_stranger(server, 't', i, "subscribe", 1);
                receive_from_stranger(server, 't', i, "unsubscribe", 1);
        }

        g_auto(GStrv) names = names_told(server, juliet, "");
        g_assert_cmpuint(g_strv_length(names), >, 0);
        g_assert_cmpuint(g_strv_length(names), <=, N_REQUESTS + 1);
}

/* R15, RFC 6121 4.3.2: also the last words of those who are away, whose rosters have to be read
 * first. */
static void
test_last_words(void)
{
        enum { N_AWAY = 40 };
        g_autoptr(TestServer) server = test_server_new_config(CONFIG);
        MotetSession *first = test_im_bind_interested(server, JULIET "/first");
        g_autofree char *text = g_strnfill(3900, 'x');
        g_autofree char *bye = g_strdup_printf(
                "<presence type='unavailable'><status>%s</status></presence>", text);
        g_autoptr(GString) expected = g_string_new(NULL);

        for (int i = 10; i < 10 + N_AWAY; i++) {
                g_autofree char *jid = g_strdup_printf("user%d@example.org/desk", i);
                MotetSession *contact = test_im_bind_interested(server, jid);
                test_im_befriend(first, contact);
                test_session_receive(contact, "<presence/>");
                test_session_receive(contact, bye);
                test_im_lose(server, contact);
        }
        append_each(expected, 10, 10 + N_AWAY, "user", "unavailable");
        test_im_lose(server, first);
        MotetSession *juliet = come_without_reading(server, JULIET "/balcony");

        assert_reads(server, juliet, expected->str);
}

/* RFC 6121 4.4.2: what a contact says meanwhile comes at once, and what it said before not behind
 * it. */
static void
test_newer_presence_is_told_once(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        say(crowd.contacts[8], "q", 1);
        say(crowd.contacts[8], "r", 1);
        say(crowd.contacts[0], "s", 1);
        assert_reads(crowd.server, crowd.juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user8/desk=q "
                     "user8/desk=r user0/desk=s user4/desk=p user5/desk=p user6/desk=p "
                     "user7/desk=p user9/desk=p ");
}

/* RFC 6121 4.5.2: who left meanwhile is not said to be there, and who came is told once. */
static void
test_who_leaves_and_comes_meanwhile(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        test_session_receive(crowd.contacts[7], "<presence type='unavailable'/>");
        test_im_lose(crowd.server, crowd.contacts[8]);
        MotetSession *more = test_im_bind_interested(crowd.server, "user9@example.org/bed");
        say(more, "b", 1);
        assert_reads(crowd.server, crowd.juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p "
                     "user7/desk=unavailable user8/desk=unavailable user9/bed=b user4/desk=p "
                     "user5/desk=p user6/desk=p user9/desk=p ");
}

/* RFC 6121 4.6.4: what a contact sent to her directly is newer, too. */
static void
test_directed_presence_is_not_overtaken(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        test_session_receive(crowd.contacts[7], "<presence to='" JULIET
                                                "/balcony' id='d'><show>chat</show></presence>");
        test_session_receive(crowd.contacts[8],
                             "<presence to='" JULIET "' id='e'><show>chat</show></presence>");
        assert_reads(crowd.server, crowd.juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p "
                     "user7/desk=d user8/desk=e user4/desk=p user5/desk=p "
                     "user6/desk=p user9/desk=p ");
}

/* RFC 6121 3.2 and 3.3, 2.5: nobody is seen whose presence she may not, or does not want to, see
 * any more. */
static void
test_ended_subscriptions(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        test_session_receive(crowd.contacts[7], "<presence to='" JULIET "' type='unsubscribed'/>");
        test_session_receive(crowd.juliet, "<presence to='user8@example.org' type='unsubscribe'/>");
        test_session_receive(
                crowd.juliet,
                "<iq type='set' id='s'><query xmlns='" NS_ROSTER
                "'><item jid='user9@example.org' subscription='remove'/></query></iq>");
        read_all(crowd.server, crowd.juliet);

        g_autofree char *words = told(crowd.juliet);
        g_assert_true(g_str_has_suffix(words, "user4/desk=p user5/desk=p user6/desk=p "));
        g_assert_null(strstr(words, "user7/desk=p"));
        g_assert_null(strstr(words, "user8/desk=p"));
        g_assert_null(strstr(words, "user9/desk=p"));
}

/* R26: who may not see a contact any more is told nothing of it, whatever her own roster says. */
static void
test_who_may_not_see_any_more(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);
        MotetHost *host = test_server_host(crowd.server);
        MotetRosterChanged changed = {
                .account = "user8",
                .contact = JULIET,
                .before = MOTET_ROSTER_BOTH,
                .after = MOTET_ROSTER_TO,
        };

        motet_fire_custom(test_server_module(crowd.server, "roster", host), host,
                          MOTET_EVENT_ROSTER_CHANGED, &changed);
        assert_reads(crowd.server, crowd.juliet, ALL_BUT_USER8);
}

static MotetResult
drop(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return g_strcmp0(motet_xml_attr(ev->stanza, "type"), "unsubscribe") == 0 ? MOTET_HANDLED
                                                                                 : MOTET_CONTINUE;
}

/* RFC 6121 3.3: whom she does not want to see any more she does not see, also when that contact's
 * server did not hear of it yet. */
static void
test_who_does_not_want_to_see_any_more(void)
{
        static const MotetHook hook = MOTET_ON_STANZA("presence/bare", drop, MOTET_PRIO_EARLY);
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);
        test_server_hook(crowd.server, &hook);

        test_session_receive(crowd.juliet, "<presence to='user8@example.org' type='unsubscribe'/>");
        assert_reads(crowd.server, crowd.juliet, ALL_BUT_USER8);
}

/* RFC 6121 4.5.3: who is not available any more is told nothing. */
static void
test_who_becomes_unavailable_is_told_no_more(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        test_session_receive(crowd.juliet, "<presence type='unavailable'/>");
        assert_reads(crowd.server, crowd.juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p ");
}

/* Once more available, everybody is told anew, and once. */
static void
test_who_comes_back_is_told_all(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);
        say(crowd.contacts[9], "q", 1);
        test_session_receive(crowd.juliet, "<presence type='unavailable'/>");

        test_session_receive(crowd.juliet, "<presence/>");
        read_all(crowd.server, crowd.juliet);

        g_autofree char *words = told(crowd.juliet);
        g_assert_true(g_str_has_prefix(words, "user0/desk=p user1/desk=p user2/desk=p "
                                              "user3/desk=p user9/desk=q "));
        for (int i = 0; i < N; i++) {
                g_autofree char *word = g_strdup_printf("user%d/desk=", i);
                const char *behind = words + strlen("user0/desk=p ") * 5;
                const char *at = strstr(behind, word);
                g_assert_nonnull(at);
                g_assert_null(strstr(at + 1, word));
        }
}

/* Nothing is kept for who is gone: the sanitizer looks. */
static void
test_who_goes_is_forgotten(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        test_im_lose(crowd.server, crowd.juliet);
        say(crowd.contacts[9], "q", 1);
        MotetSession *juliet = come_without_reading(crowd.server, JULIET "/balcony");
        assert_reads(crowd.server, juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user4/desk=p "
                     "user5/desk=p user6/desk=p user7/desk=p user8/desk=p user9/desk=q ");
}

/* Who asks itself waits for its turn like the others, and gets one answer. */
static void
test_probes_of_a_client(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        for (int i = 0; i < 20; i++)
                test_session_receive(crowd.juliet,
                                     "<presence to='user8@example.org' type='probe'/>");
        test_server_advance(crowd.server, G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(crowd.juliet));
        assert_reads(crowd.server, crowd.juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user4/desk=p "
                     "user5/desk=p user6/desk=p user7/desk=p user9/desk=p user8/desk=p ");
}

/* R15: contacts on another host of ours are told of as slowly, and what they say is told once. */
static void
test_contacts_on_another_host(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                LIMITS "hosts: {example.org: , example.net: }\nmodules: {" MODULES "}");
        MotetSession *first = test_im_bind_interested(server, JULIET "/first");
        MotetSession *contacts[N];

        for (int i = 0; i < N; i++) {
                g_autofree char *jid = g_strdup_printf("user%d@example.net/desk", i);
                contacts[i] = test_im_bind_interested(server, jid);
                test_im_befriend(first, contacts[i]);
                say(contacts[i], "p", LONG);
        }
        test_im_lose(server, first);
        MotetSession *juliet = come_without_reading(server, JULIET "/balcony");
        say(contacts[9], "q", 1);
        assert_reads(server, juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user9/desk=q "
                     "user4/desk=p user5/desk=p user6/desk=p user7/desk=p user8/desk=p ");
        test_session_set_window(juliet, 0);
        test_session_receive(juliet, "<presence type='unavailable'/><presence/>");
        test_session_receive(juliet, "<presence type='unavailable'/>");
        read_all(server, juliet);
        g_autofree char *words = told(juliet);
        g_assert_null(strstr(words, "user9/desk"));
}

/* XEP-0191 3.3, R15: who unblocks a whole domain is told of its users as slowly. */
static void
test_an_unblocked_domain(void)
{
        g_auto(Crowd) crowd = {0};
        crowd.server = test_server_new_config(LIMITS "modules: {" MODULES ", blocking: }");
        crowd_fill(&crowd, LONG);
        crowd.juliet = test_server_bind(crowd.server, JULIET "/balcony");
        test_session_receive(crowd.juliet, "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
                                           "<item jid='example.org'/></block></iq><presence/>");
        test_im_forget(crowd.juliet);

        test_session_set_window(crowd.juliet, 0);
        test_session_receive(crowd.juliet,
                             "<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>");
        test_server_advance(crowd.server, G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(crowd.juliet));
        assert_reads(crowd.server, crowd.juliet, ALL);
}

/* XEP-0191 3.3: who is blocked meanwhile is not heard of. */
static void
test_blocked_meanwhile(void)
{
        g_auto(Crowd) crowd = {0};
        crowd.server = test_server_new_config(LIMITS "modules: {" MODULES ", blocking: }");
        crowd_fill(&crowd, LONG);
        crowd.juliet = come_without_reading(crowd.server, JULIET "/balcony");

        test_session_receive(crowd.juliet, "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
                                           "<item jid='user8@example.org'/></block></iq>");
        assert_reads(crowd.server, crowd.juliet, ALL_BUT_USER8);
}

/* Storage that takes its time */

static void
set_delay(TestServer *server, GTimeSpan delay)
{
        const FaultsPlan plan = {.delay = delay};
        MotetModule *provider = NULL;
        const FaultsService *faults = motet_service(test_server_host(server), "faults", &provider);

        faults->set_plan(provider, &plan);
}

/* R15, RFC 6121 3.1.6: what waits for her roster to be written cannot be seen in the queue, and is
 * not piled up there either. */
static void
test_while_the_roster_is_written(void)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autofree char *ours =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {shipped, ours, NULL};
        g_autoptr(GError) error = NULL;
        g_autoptr(ModuleFolder) folder = module_folder_new(folders, &error);
        g_assert_no_error(error);
        g_autofree char *config = g_strdup_printf(LIMITS "modules_dir: %s\n"
                                                         "storage: {default: faulty}\n"
                                                         "modules: {" MODULES ", faulty_storage: }",
                                                  module_folder_path(folder));
        g_auto(Crowd) crowd = {0};
        crowd.server = test_server_new_config(config);
        crowd_fill(&crowd, LONG);
        crowd.juliet = come(crowd.server, JULIET "/balcony");
        MotetSession *chamber = come(crowd.server, JULIET "/chamber");
        test_session_set_window(crowd.juliet, 0);
        set_delay(crowd.server, 10 * G_TIME_SPAN_SECOND);

        test_session_receive(chamber, "<iq type='set' id='s'><query xmlns='" NS_ROSTER
                                      "'><item jid='nurse@example.net'/></query></iq>");
        test_session_receive(crowd.juliet, "<presence/>");
        for (int i = 0; i < 20; i++)
                test_server_advance(crowd.server, G_TIME_SPAN_SECOND);
        g_assert_true(motet_session_is_connected(crowd.juliet));
        g_assert_cmpuint(motet_session_queued(crowd.juliet), >, QUEUE / 2);
        assert_reads(crowd.server, crowd.juliet, ALL);
}

/* Other code in the middle */

static void
replace_presence(TestServer *server, ModuleFolder *folder)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(ReloadPlan) plan = plan_new();
        Server *core = test_server_core(server);

        g_assert_true(module_folder_renew(folder, "presence", &error));
        g_assert_true(modules_replace(server_modules(core), server_config(core), "presence", NULL,
                                      plan, &error));
        g_assert_no_error(error);
}

/* Newer code goes on where the older one was, and knows what need not be told any more. */
static void
test_newer_code_goes_on(void)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(ModuleFolder) folder =
                module_folder_new((const char *const[]){shipped, NULL}, &error);
        g_assert_no_error(error);
        g_autofree char *config = g_strdup_printf(LIMITS "modules_dir: %s\nmodules: {" MODULES "}",
                                                  module_folder_path(folder));
        g_auto(Crowd) crowd = {0};
        crowd.server = test_server_new_config(config);
        crowd_fill(&crowd, LONG);
        crowd.juliet = come_without_reading(crowd.server, JULIET "/balcony");
        say(crowd.contacts[8], "q", 1);

        replace_presence(crowd.server, folder);
        say(crowd.contacts[9], "r", 1);
        test_session_set_window(crowd.juliet, 20000);
        test_server_advance(crowd.server, G_TIME_SPAN_SECOND);
        replace_presence(crowd.server, folder);
        assert_reads(crowd.server, crowd.juliet,
                     "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user8/desk=q "
                     "user9/desk=r user4/desk=p user5/desk=p user6/desk=p user7/desk=p ");
}

/* State of version 1: the addresses that were told directly, a NUL behind each. */
static void
test_state_of_older_code(void)
{
        static const char saved[] = "romeo@example.net\0nurse@example.net";
        g_autoptr(TestServer) server = test_im_new();
        test_remote_connect(server);
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");
        MotetModule *module = test_server_module(server, "presence", test_server_host(server));
        g_autoptr(GBytes) state = g_bytes_new_static(saved, sizeof(saved));
        g_autoptr(GError) error = NULL;

        g_assert_cmpuint(module->info->state_oldest, ==, 1);
        module->restoring = 1;
        g_assert_true(module->info->restore_session(module, juliet, state, &error));
        module->restoring = 0;
        test_session_receive(juliet, "<presence type='unavailable'/>");
        test_server_settle(server);

        g_autofree char *sent = g_strdup_printf("<presence from='%s' type='unavailable' to='*'/>",
                                                juliet->full_jid);
        test_assert_remote(sent);
        test_assert_remote(sent);
        test_assert_remote_nothing();
}

/* Without the module nobody is told; it does not come back to what it was at. */
static void
test_disabled_in_the_middle(void)
{
        g_auto(Crowd) crowd = {0};
        crowd_init(&crowd);

        g_assert_true(test_server_reload(crowd.server,
                                         LIMITS "modules: {storage_memory: , roster: }", NULL));
        test_session_set_window(crowd.juliet, SIZE_MAX);
        test_server_advance(crowd.server, G_TIME_SPAN_SECOND);
        g_assert_true(test_server_reload(crowd.server, CONFIG, NULL));
        read_all(crowd.server, crowd.juliet);
        say(crowd.contacts[9], "q", 1);

        assert_told(crowd.juliet,
                    "user0/desk=p user1/desk=p user2/desk=p user3/desk=p user9/desk=q ");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/presence_pace/" path, func)
        ADD("answers-do-not-end-the-login", test_answers_do_not_end_the_login);
        ADD("few-bytes-come-at-once", test_few_bytes_come_at_once);
        ADD("resources-of-one-contact", test_resources_of_one_contact);
        ADD("resources-that-are-gone", test_resources_that_are_gone);
        ADD("own-resources", test_own_resources);
        ADD("requests", test_requests);
        ADD("requests-that-come-meanwhile", test_requests_that_come_meanwhile);
        ADD("requests-that-are-taken-back", test_requests_that_are_taken_back);
        ADD("last-words", test_last_words);
        ADD("newer-presence-is-told-once", test_newer_presence_is_told_once);
        ADD("who-leaves-and-comes-meanwhile", test_who_leaves_and_comes_meanwhile);
        ADD("directed-presence-is-not-overtaken", test_directed_presence_is_not_overtaken);
        ADD("ended-subscriptions", test_ended_subscriptions);
        ADD("who-may-not-see-any-more", test_who_may_not_see_any_more);
        ADD("who-does-not-want-to-see-any-more", test_who_does_not_want_to_see_any_more);
        ADD("who-becomes-unavailable-is-told-no-more",
            test_who_becomes_unavailable_is_told_no_more);
        ADD("who-comes-back-is-told-all", test_who_comes_back_is_told_all);
        ADD("who-goes-is-forgotten", test_who_goes_is_forgotten);
        ADD("probes-of-a-client", test_probes_of_a_client);
        ADD("contacts-on-another-host", test_contacts_on_another_host);
        ADD("an-unblocked-domain", test_an_unblocked_domain);
        ADD("blocked-meanwhile", test_blocked_meanwhile);
        ADD("while-the-roster-is-written", test_while_the_roster_is_written);
        ADD("newer-code-goes-on", test_newer_code_goes_on);
        ADD("state-of-older-code", test_state_of_older_code);
        ADD("disabled-in-the-middle", test_disabled_in_the_middle);
#undef ADD
        return g_test_run();
}

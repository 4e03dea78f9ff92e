/*
 * Tests of the private module: XEP-0049.
 */
#include <motet/service-store.h>
#include <motet/stanza.h>
#include <string.h>

#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
#define ALL "modules: {storage_memory: , iq: , private: }"
#define PREFS "<exodus xmlns='exodus:prefs'><nick>J</nick></exodus>"

static void
ask(MotetSession *session, const char *type, const char *to, const char *content)
{
        g_autofree char *address = to ? g_strdup_printf(" to='%s'", to) : g_strdup("");
        g_autofree char *iq = g_strdup_printf("<iq type='%s' id='p'%s>"
                                              "<query xmlns='jabber:iq:private'>%s</query></iq>",
                                              type, address, content);

        test_session_receive(session, iq);
}

static void
keep_at(MotetSession *session, const char *content, int line)
{
        ask(session, "set", NULL, content);
        test_assert_sent_at(session, "<iq type='result' id='p' to='*'/>", __FILE__, line);
}
#define keep(session, content) keep_at(session, content, __LINE__)

static void
assert_kept_at(MotetSession *session, const char *asked, const char *content, int line)
{
        g_autofree char *iq = g_strdup_printf("<iq type='result' id='p' to='*'>"
                                              "<query xmlns='jabber:iq:private'>%s</query></iq>",
                                              content);

        ask(session, "get", NULL, asked);
        test_assert_sent_at(session, iq, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_kept(session, asked, content) assert_kept_at(session, asked, content, __LINE__)

static void
assert_error_at(MotetSession *session, const char *from, const char *type, const char *condition,
                int line)
{
        g_autofree char *address = from ? g_strdup_printf(" from='%s'", from) : g_strdup("");
        g_autofree char *iq = g_strdup_printf("<iq type='error' id='p' to='*'%s><error type='%s'>"
                                              "<%s xmlns='" NS_STANZAS "'/></error></iq>",
                                              address, type, condition);

        test_assert_sent_at(session, iq, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_error(session, from, type, condition)                                               \
        assert_error_at(session, from, type, condition, __LINE__)

/* Section 2.3: what is set is got back, by any resource. */
static void
test_set_and_get(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        assert_kept(juliet, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
        keep(juliet, PREFS);

        assert_kept(juliet, "<exodus xmlns='exodus:prefs'/>", PREFS);
        MotetSession *second = test_server_bind(server, JULIET "/chamber");
        assert_kept(second, "<exodus xmlns='exodus:prefs'/>", PREFS);
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        assert_kept(romeo, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
}

/* What was there is replaced; what has another name or namespace is not. */
static void
test_replaced(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        keep(juliet, PREFS);
        keep(juliet, "<notes xmlns='exodus:prefs'>n</notes>");
        keep(juliet, "<exodus xmlns='other'>o</exodus>");

        keep(juliet, "<exodus xmlns='exodus:prefs' a='1'/>");

        assert_kept(juliet, "<exodus xmlns='exodus:prefs'/>",
                    "<exodus xmlns='exodus:prefs' a='1'/>");
        assert_kept(juliet, "<notes xmlns='exodus:prefs'/>",
                    "<notes xmlns='exodus:prefs'>n</notes>");
        assert_kept(juliet, "<exodus xmlns='other'/>", "<exodus xmlns='other'>o</exodus>");
}

/* Section 2.3: a set or result may contain several elements of one namespace. */
static void
test_several_elements(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        keep(juliet, "<a xmlns='x'>1</a><b xmlns='x'>2</b><a xmlns='x'>3</a><a xmlns='x'/>");

        assert_kept(juliet, "<a xmlns='x'/>", "<a xmlns='x'>1</a><a xmlns='x'>3</a>");
        assert_kept(juliet, "<b xmlns='x'/>", "<b xmlns='x'>2</b>");
}

/* An empty element deletes, and makes room. */
static void
test_empty_deletes(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: , private: {options: {max_keys: 1}}}");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        keep(juliet, PREFS);

        keep(juliet, "<exodus xmlns='exodus:prefs'/>");

        assert_kept(juliet, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
        keep(juliet, "<other xmlns='x'>o</other>");
        keep(juliet, "<other xmlns='x'/><third xmlns='x'>t</third>");
        assert_kept(juliet, "<third xmlns='x'/>", "<third xmlns='x'>t</third>");
}

/* Sections 2.3 and 3: the error rules. */

typedef struct {
        const char *name, *type, *content, *error_type, *condition;
} Row;

static const Row rows[] = {
        {"get-of-nothing", "get", "", "modify", "bad-request"},
        {"get-of-two", "get", "<a xmlns='x'/><a xmlns='y'/>", "modify", "bad-request"},
        {"set-of-nothing", "set", "", "modify", "not-acceptable"},
        {"set-of-text", "set", "text", "modify", "not-acceptable"},
        {"get-without-namespace", "get", "<a/>", "modify", "not-acceptable"},
        {"set-without-namespace", "set", "<a>1</a>", "modify", "not-acceptable"},
        {"set-of-no-namespace", "set", "<a xmlns=''>1</a>", "modify", "not-acceptable"},
        {"set-of-jabber", "set", "<a xmlns='jabber:client'>1</a>", "modify", "not-acceptable"},
        {"set-of-jabber.org", "set", "<a xmlns='http://jabber.org/protocol/muc'>1</a>", "modify",
         "not-acceptable"},
        {"set-of-vcard", "set", "<vCard xmlns='vcard-temp'><FN>H</FN></vCard>", "modify",
         "not-acceptable"},
        {"get-of-jabber", "get", "<a xmlns='jabber:iq:last'/>", "modify", "not-acceptable"},
        {"one-good-one-bad", "set", PREFS "<a>1</a>", "modify", "not-acceptable"},
};

static void
test_row(const void *data)
{
        const Row *row = data;
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        ask(juliet, row->type, NULL, row->content);

        assert_error(juliet, NULL, row->error_type, row->condition);
        assert_kept(juliet, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
}

/* Section 2.3; whether there is such an account makes no difference. (R26) */
static void
test_of_another(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        keep(juliet, PREFS);

        ask(romeo, "get", JULIET, "<exodus xmlns='exodus:prefs'/>");
        assert_error(romeo, JULIET, "auth", "forbidden");
        ask(romeo, "set", JULIET, "<exodus xmlns='exodus:prefs'>1</exodus>");
        assert_error(romeo, JULIET, "auth", "forbidden");
        ask(romeo, "get", "nobody@example.org", "<exodus xmlns='exodus:prefs'/>");
        assert_error(romeo, "nobody@example.org", "auth", "forbidden");

        assert_kept(juliet, "<exodus xmlns='exodus:prefs'/>", PREFS);
}

/* Limits (R16) */

/* An element that is stored as @n bytes. */
static char *
element_of(size_t n)
{
        const char *frame = "<query xmlns='jabber:iq:private'><a xmlns='x'></a></query>";
        g_autofree char *text = g_strnfill(n - strlen(frame), 'x');

        return g_strdup_printf("<a xmlns='x'>%s</a>", text);
}

/* So much is read only after a while (R12). */
static void
ask_slowly(TestServer *server, MotetSession *session, const char *content)
{
        ask(session, "set", NULL, content);
        for (int i = 0; i < 20; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
}

static void
test_max_bytes(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *fits = element_of(131072);
        g_autofree char *too_large = element_of(131073);

        ask_slowly(server, juliet, fits);
        test_assert_sent(juliet, "<iq type='result' id='p' to='*'/>");
        ask_slowly(server, juliet, too_large);
        assert_error(juliet, NULL, "modify", "not-acceptable");

        assert_kept(juliet, "<a xmlns='x'/>", fits);
}

static void
keep_numbered(MotetSession *session, int i)
{
        g_autofree char *element = g_strdup_printf("<a%d xmlns='x'>1</a%d>", i, i);

        ask(session, "set", NULL, element);
}

static void
test_max_keys(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        for (int i = 0; i < 50; i++) {
                keep_numbered(juliet, i);
                test_assert_sent(juliet, "<iq type='result' id='p' to='*'/>");
        }
        keep_numbered(juliet, 50);
        assert_error(juliet, NULL, "wait", "resource-constraint");
        keep_numbered(juliet, 0);
        test_assert_sent(juliet, "<iq type='result' id='p' to='*'/>");
        ask(juliet, "set", NULL, "<a1 xmlns='x'>2</a1><a50 xmlns='x'>2</a50>");
        assert_error(juliet, NULL, "wait", "resource-constraint");

        assert_kept(juliet, "<a1 xmlns='x'/>", "<a1 xmlns='x'>1</a1>");
        assert_kept(juliet, "<a50 xmlns='x'/>", "<a50 xmlns='x'/>");
        ask(juliet, "set", NULL, "<a1 xmlns='x'/><a50 xmlns='x'>2</a50>");
        test_assert_sent(juliet, "<iq type='result' id='p' to='*'/>");
}

/* Sets of several resources at once are counted one after the other. */
static void
test_keys_of_several_resources(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: , private: {options: {max_keys: 3}}}");
        MotetSession *sessions[6];
        unsigned n_kept = 0;
        for (int i = 0; i < 6; i++) {
                g_autofree char *jid = g_strdup_printf(JULIET "/%d", i);
                sessions[i] = test_server_bind(server, jid);
        }

        for (int i = 0; i < 6; i++) {
                g_autofree char *text = g_strdup_printf(
                        "<iq xmlns='jabber:client' type='set' id='p'><query "
                        "xmlns='jabber:iq:private'><a%d xmlns='x'>1</a%d></query></iq>",
                        i, i);
                conn_memory_receive(sessions[i]->conn, text, strlen(text));
        }
        test_server_settle(server);

        for (int i = 0; i < 6; i++) {
                g_autofree char *sent = test_session_take_sent(sessions[i]);
                n_kept += strstr(sent, "result") != NULL;
        }
        g_assert_cmpuint(n_kept, ==, 3);
}

/* Storage */

static void
count_items(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
            void *data)
{
        (void)self;
        (void)items;
        g_assert_no_error(error);
        *(size_t *)data = n;
}

static MotetStore *
open_store(TestServer *server)
{
        return motet_store_open(test_server_owner(server), "private", MOTET_STORE_MAP, NULL);
}

static size_t
n_stored(TestServer *server)
{
        size_t n = SIZE_MAX;

        motet_store_read_all(open_store(server), "juliet", count_items, &n);
        test_server_settle(server);
        return n;
}

/* Deleting the last one leaves nothing at all, and so does deleting the account. */
static void
test_nothing_is_left(void)
{
        static const char *const add[] = {"user", "add", JULIET, "capulet", NULL};
        static const char *const delete[] = {"user", "delete", JULIET, NULL};
        g_autoptr(TestServer) server =
                test_server_new_config("modules: {storage_memory: , private: , auth_internal: }");
        g_assert_cmpint(test_server_run_command(server, add, NULL), ==, 0);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        keep(juliet, PREFS);
        g_assert_cmpuint(n_stored(server), ==, 2);
        keep(juliet, "<exodus xmlns='exodus:prefs'/>");
        g_assert_cmpuint(n_stored(server), ==, 0);
        keep(juliet, PREFS);
        g_assert_cmpint(test_server_run_command(server, delete, NULL), ==, 0);
        test_server_settle(server);

        g_assert_cmpuint(n_stored(server), ==, 0);
}

static MotetSession *deleted; /* whom the handler below speaks for */

static MotetResult
keep_more(MotetModule *self, MotetAccountEvent *ev)
{
        static const char text[] = "<iq xmlns='jabber:client' type='set' id='p'><query "
                                   "xmlns='jabber:iq:private'>" PREFS "</query></iq>";

        (void)self;
        g_assert_cmpstr(ev->username, ==, "juliet");
        conn_memory_receive(deleted->conn, text, strlen(text));
        return MOTET_CONTINUE;
}

/* What a session still says while its account is deleted is not kept. */
static void
test_set_during_deletion(void)
{
        static const char *const add[] = {"user", "add", JULIET, "capulet", NULL};
        static const char *const delete[] = {"user", "delete", JULIET, NULL};
        g_autoptr(TestServer) server =
                test_server_new_config("modules: {storage_memory: , private: , auth_internal: }");
        g_assert_cmpint(test_server_run_command(server, add, NULL), ==, 0);
        deleted = test_server_bind(server, JULIET "/balcony");
        test_server_hook(server, &(MotetHook)MOTET_ON_ACCOUNT("user-deleting", keep_more,
                                                              MOTET_PRIO_NORMAL));
        test_server_hook(
                server, &(MotetHook)MOTET_ON_ACCOUNT("user-deleted", keep_more, MOTET_PRIO_NORMAL));

        g_assert_cmpint(test_server_run_command(server, delete, NULL), ==, 0);
        test_server_settle(server);

        g_assert_cmpuint(n_stored(server), ==, 0);
}

/* What cannot be stored did not happen, and the session lives on. */
static void
test_store_fails(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: {options: {max_bytes: 8 KiB}}, private: }");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *large = element_of(10000);
        keep(juliet, "<a xmlns='x'>1</a>");

        ask(juliet, "set", NULL, large);
        assert_error(juliet, NULL, "wait", "internal-server-error");

        assert_kept(juliet, "<a xmlns='x'/>", "<a xmlns='x'>1</a>");
        keep(juliet, "<b xmlns='x'>1</b>");
}

/* A damaged document is no reason to say there is none. */
static void
test_damaged(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autoptr(GBytes) value = g_bytes_new("<query", 6);
        motet_store_set(open_store(server), "juliet", "a x", value, NULL, NULL);

        ask(juliet, "get", NULL, "<a xmlns='x'/>");
        assert_error(juliet, NULL, "wait", "internal-server-error");
        keep(juliet, "<a xmlns='x'>1</a>");

        assert_kept(juliet, "<a xmlns='x'/>", "<a xmlns='x'>1</a>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/private/set-and-get", test_set_and_get);
        g_test_add_func("/private/replaced", test_replaced);
        g_test_add_func("/private/several-elements", test_several_elements);
        g_test_add_func("/private/empty-deletes", test_empty_deletes);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *path = g_strconcat("/private/refused/", rows[i].name, NULL);
                g_test_add_data_func(path, &rows[i], test_row);
        }
        g_test_add_func("/private/of-another-is-forbidden", test_of_another);
        g_test_add_func("/private/max-bytes", test_max_bytes);
        g_test_add_func("/private/max-keys", test_max_keys);
        g_test_add_func("/private/keys-of-several-resources", test_keys_of_several_resources);
        g_test_add_func("/private/nothing-is-left", test_nothing_is_left);
        g_test_add_func("/private/set-during-deletion-leaves-nothing", test_set_during_deletion);
        g_test_add_func("/private/store-fails", test_store_fails);
        g_test_add_func("/private/damaged", test_damaged);
        return g_test_run();
}

/*
 * Tests of the roster module: RFC 6121 section 2.
 */
#include <motet/service-roster.h>
#include <motet/stanza.h>

#include "support/test_server.h"

#define ROSTER "jabber:iq:roster"
#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define GET "<iq type='get' id='g'><query xmlns='" ROSTER "'/></iq>"

static TestServer *
start(void)
{
        return test_server_new(MOTET_LIST("storage_memory", "roster"));
}

static void
forget(MotetSession *session)
{
        g_free(test_session_take_sent(session));
}

/* A session that has asked for its roster. */
static MotetSession *
bind_interested(TestServer *server, const char *jid)
{
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, GET);
        forget(session);
        return session;
}

static void
set_item(MotetSession *session, const char *item)
{
        g_autofree char *iq = g_strdup_printf(
                "<iq type='set' id='s'><query xmlns='" ROSTER "'>%s</query></iq>", item);

        test_session_receive(session, iq);
}

static void
assert_pushed_at(MotetSession *session, const char *item, int line)
{
        g_autofree char *push = g_strdup_printf(
                "<iq type='set' id='*' to='%s'><query xmlns='" ROSTER "' ver='*'>%s</query></iq>",
                session->full_jid, item);

        test_assert_sent_at(session, push, __FILE__, line);
}
#define assert_pushed(session, item) assert_pushed_at(session, item, __LINE__)

static void
assert_set_at(MotetSession *session, int line)
{
        g_autofree char *result =
                g_strdup_printf("<iq type='result' id='s' to='%s'/>", session->full_jid);

        test_assert_sent_at(session, result, __FILE__, line);
}
#define assert_set(session) assert_set_at(session, __LINE__)

static void
assert_refused_from_at(MotetSession *session, const char *from, const char *type,
                       const char *condition, int line)
{
        g_autofree char *sender = from ? g_strdup_printf(" from='%s'", from) : g_strdup("");
        g_autofree char *error =
                g_strdup_printf("<iq type='error' id='s' to='%s'%s><error type='%s'>"
                                "<%s xmlns='" STANZAS "'/></error></iq>",
                                session->full_jid, sender, type, condition);

        test_assert_sent_at(session, error, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_refused_from(session, from, type, condition)                                        \
        assert_refused_from_at(session, from, type, condition, __LINE__)
#define assert_refused(session, type, condition) assert_refused_from(session, NULL, type, condition)

static void
assert_roster_at(MotetSession *session, const char *items, int line)
{
        g_autofree char *result =
                g_strdup_printf("<iq type='result' id='g' to='%s'><query xmlns='" ROSTER
                                "' ver='*'>%s</query></iq>",
                                session->full_jid, items);

        test_session_receive(session, GET);
        test_assert_sent_at(session, result, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_roster(session, items) assert_roster_at(session, items, __LINE__)

/* RFC 6121 2.2: a client that never stored anything gets an empty query, not an error. */
static void
test_empty(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        assert_roster(juliet, "");
}

/* RFC 6121 2.2: asking for the roster makes a resource interested; being bound does not. */
static void
test_interested(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        g_assert_false(juliet->interested);

        test_session_receive(juliet, GET);

        g_assert_true(juliet->interested);
}

/* The session's roster is the account's, the same for all its sessions (session.h). */
static void
test_session_field(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = bind_interested(server, "juliet@example.org/balcony");
        MotetSession *chamber = test_server_bind(server, "juliet@example.org/chamber");
        set_item(balcony,
                 "<item jid='romeo@example.net' name='R'><group>G</group><group>H</group></item>");

        g_assert_nonnull(balcony->roster);
        g_assert_true(balcony->roster == chamber->roster);
        const MotetRosterItem *item = motet_roster_find(chamber->roster, "romeo@example.net");
        g_assert_nonnull(item);
        g_assert_cmpstr(motet_roster_item_name(item), ==, "R");
        g_assert_cmpuint(item->n_groups, ==, 2);
        g_assert_cmpstr(motet_roster_item_group(item, 0), ==, "G");
        g_assert_cmpstr(motet_roster_item_group(item, 1), ==, "H");
        g_assert_cmpuint(item->state, ==, MOTET_ROSTER_LISTED);
        g_assert_null(motet_roster_find(chamber->roster, "nurse@example.net"));
}

/* RFC 6121 2.3.2: all interested resources are told, the one that asked included, and it gets its
 * result. */
static void
test_add(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = bind_interested(server, "juliet@example.org/balcony");
        MotetSession *chamber = bind_interested(server, "juliet@example.org/chamber");
        MotetSession *idle = test_server_bind(server, "juliet@example.org/idle");
        MotetSession *romeo = bind_interested(server, "romeo@example.org/orchard");
        const char *item = "<item jid='nurse@example.org' name='Nurse' "
                           "subscription='none'><group>Servants</group></item>";

        set_item(balcony,
                 "<item jid='nurse@example.org' name='Nurse'><group>Servants</group></item>");

        assert_pushed(balcony, item);
        assert_set(balcony);
        assert_pushed(chamber, item);
        test_assert_sent_nothing(balcony);
        test_assert_sent_nothing(chamber);
        test_assert_sent_nothing(idle);
        test_assert_sent_nothing(romeo);
        assert_roster(idle, item);
}

/* RFC 6121 2.3.2: who sets without having asked for the roster still gets a result, and no push. */
static void
test_add_without_interest(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        set_item(juliet, "<item jid='nurse@example.org'/>");

        assert_set(juliet);
        test_assert_sent_nothing(juliet);
}

/* RFC 6121 2.4: name and groups are replaced as a whole. */
static void
test_update(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");
        set_item(juliet, "<item jid='romeo@example.net' "
                         "name='Romeo'><group>A</group><group>B</group></item>");
        forget(juliet);

        set_item(juliet, "<item jid='romeo@example.net'><group>C</group></item>");

        assert_pushed(juliet,
                      "<item jid='romeo@example.net' subscription='none'><group>C</group></item>");
        assert_set(juliet);
        assert_roster(juliet,
                      "<item jid='romeo@example.net' subscription='none'><group>C</group></item>");
}

/* RFC 6121 2.1.2.2, 2.1.2.5: what a client says of the subscription, of ask and approved is
 * ignored. */
static void
test_claims(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");

        set_item(juliet, "<item jid='romeo@example.net' subscription='both' ask='subscribe' "
                         "approved='true'/>");

        assert_pushed(juliet, "<item jid='romeo@example.net' subscription='none'/>");
        assert_set(juliet);
}

/* RFC 7622 3: an address is kept as it is compared. */
static void
test_prepared(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");

        set_item(juliet, "<item jid='RoMeo@Example.NET'/>");
        set_item(juliet, "<item jid='romeo@example.net' name='R'/>");

        forget(juliet);
        assert_roster(juliet, "<item jid='romeo@example.net' name='R' subscription='none'/>");
}

/* Items come in order of their addresses, whatever the order of adding. */
static void
test_many(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        set_item(juliet, "<item jid='c@example.net'/>");
        set_item(juliet, "<item jid='a@example.net'/>");
        set_item(juliet, "<item jid='d@example.net'/>");
        set_item(juliet, "<item jid='b@example.net'/>");
        set_item(juliet, "<item jid='c@example.net' subscription='remove'/>");
        forget(juliet);

        assert_roster(juliet, "<item jid='a@example.net' subscription='none'/>"
                              "<item jid='b@example.net' subscription='none'/>"
                              "<item jid='d@example.net' subscription='none'/>");
}

/* RFC 6121 2.5 */
static void
test_remove(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *balcony = bind_interested(server, "juliet@example.org/balcony");
        MotetSession *chamber = bind_interested(server, "juliet@example.org/chamber");
        set_item(balcony, "<item jid='romeo@example.net' name='R'/>");
        forget(balcony);
        forget(chamber);

        set_item(balcony, "<item jid='romeo@example.net' subscription='remove'/>");

        assert_pushed(balcony, "<item jid='romeo@example.net' subscription='remove'/>");
        assert_set(balcony);
        assert_pushed(chamber, "<item jid='romeo@example.net' subscription='remove'/>");
        assert_roster(balcony, "");
}

/* RFC 6121 2.5.3 */
static void
test_remove_unknown(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");

        set_item(juliet, "<item jid='romeo@example.net' subscription='remove'/>");

        assert_refused(juliet, "cancel", "item-not-found");
}

/* RFC 6121 2.3.3 and 2.5.3: what is wrong is refused, and nobody is told anything. */

typedef struct {
        const char *name;
        const char *items;
        const char *type, *condition;
} BadSet;

static const BadSet bad_sets[] = {
        {"no-item", "", "modify", "bad-request"},
        {"two-items", "<item jid='a@example.net'/><item jid='b@example.net'/>", "modify",
         "bad-request"},
        {"item-of-another-namespace", "<item xmlns='urn:other' jid='a@example.net'/>", "modify",
         "bad-request"},
        {"no-jid", "<item name='Romeo'/>", "modify", "bad-request"},
        {"empty-jid", "<item jid=''/>", "modify", "jid-malformed"},
        {"malformed-jid", "<item jid='@example.net'/>", "modify", "jid-malformed"},
        {"jid-with-resource", "<item jid='romeo@example.net/orchard'/>", "modify", "bad-request"},
        {"own-jid", "<item jid='juliet@example.org'/>", "cancel", "not-allowed"},
        {"empty-group", "<item jid='a@example.net'><group/></item>", "modify", "not-acceptable"},
        {"group-twice",
         "<item jid='a@example.net'><group>A</group><group>B</group><group>A</group></item>",
         "modify", "bad-request"},
        {"removing-own-jid", "<item jid='juliet@example.org' subscription='remove'/>", "cancel",
         "not-allowed"},
        {"removing-malformed-jid", "<item jid='a@' subscription='remove'/>", "modify",
         "jid-malformed"},
        {"removing-two",
         "<item jid='a@example.net' subscription='remove'/><item jid='b@example.net'/>", "modify",
         "bad-request"},
};

static void
test_bad_set(const void *data)
{
        const BadSet *bad = data;
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");
        MotetSession *other = bind_interested(server, "juliet@example.org/chamber");

        set_item(juliet, bad->items);

        assert_refused(juliet, bad->type, bad->condition);
        test_assert_sent_nothing(other);
        assert_roster(juliet, "");
}

/* Limits */

static void
set_named(MotetSession *session, size_t name_bytes, size_t group_bytes)
{
        g_autofree char *name = g_strnfill(name_bytes, 'n');
        g_autofree char *group = g_strnfill(group_bytes, 'g');
        g_autofree char *item = g_strdup_printf(
                "<item jid='romeo@example.net' name='%s'><group>%s</group></item>", name, group);

        set_item(session, item);
}

/* RFC 6121 2.3.3 */
static void
test_longest_name(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        set_named(juliet, 1023, 1);
        assert_set(juliet);
        set_named(juliet, 1024, 1);
        assert_refused(juliet, "modify", "not-acceptable");
}

/* RFC 6121 2.3.3 */
static void
test_longest_group(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        set_named(juliet, 1, 1023);
        assert_set(juliet);
        set_named(juliet, 1, 1024);
        assert_refused(juliet, "modify", "not-acceptable");
}

static void
set_groups(MotetSession *session, unsigned n)
{
        g_autoptr(GString) item = g_string_new("<item jid='romeo@example.net'>");

        for (unsigned i = 0; i < n; i++)
                g_string_append_printf(item, "<group>%u</group>", i);
        g_string_append(item, "</item>");
        set_item(session, item->str);
}

static void
test_most_groups(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        set_groups(juliet, 20);
        assert_set(juliet);
        set_groups(juliet, 21);
        assert_refused(juliet, "modify", "not-acceptable");
}

/* R16 */
static void
test_most_items(void)
{
        g_autoptr(TestServer) server =
                test_server_new_yaml("roster:\n  options:\n    max_items: 2\nstorage_memory: {}\n");
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        set_item(juliet, "<item jid='a@example.net'/>");
        assert_set(juliet);

        set_item(juliet, "<item jid='b@example.net'/>");
        assert_set(juliet);
        set_item(juliet, "<item jid='c@example.net'/>");
        assert_refused(juliet, "wait", "resource-constraint");

        /* What is there already may be changed, and room be made. */
        set_item(juliet, "<item jid='b@example.net' name='B'/>");
        assert_set(juliet);
        set_item(juliet, "<item jid='a@example.net' subscription='remove'/>");
        assert_set(juliet);
        set_item(juliet, "<item jid='c@example.net'/>");
        assert_set(juliet);
}

static size_t
add_named(MotetSession *session, const char *jid, size_t name_bytes)
{
        g_autofree char *name = g_strnfill(name_bytes, 'n');
        g_autofree char *item = g_strdup_printf("<item jid='%s' name='%s'/>", jid, name);

        set_item(session, item);
        return sizeof(MotetRosterItem) + strlen(jid) + 1 + name_bytes + 1;
}

/* max_bytes: what the items take in memory */
static void
test_most_bytes(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(
                "roster:\n  options:\n    max_bytes: 64 KiB\nstorage_memory: {}\n");
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        size_t room = 65536;
        for (unsigned i = 0; i < 62; i++) {
                g_autofree char *jid = g_strdup_printf("%u@example.net", i);
                test_server_advance(server, G_TIME_SPAN_SECOND);
                room -= add_named(juliet, jid, 1023);
                assert_set(juliet);
        }
        const char *last = "last@example.net";
        size_t fitting = room - sizeof(MotetRosterItem) - strlen(last) - 2;

        add_named(juliet, last, fitting + 1);
        assert_refused(juliet, "wait", "resource-constraint");
        add_named(juliet, last, fitting);
        assert_set(juliet);

        /* What is there may still shrink, and give room to others. */
        add_named(juliet, "1@example.net", 1);
        assert_set(juliet);
        add_named(juliet, last, fitting + 1);
        assert_set(juliet);
}

/* Other accounts */

/* RFC 6121 2.3.3: the roster of another account is nobody's business, whether it exists or not.
 * (R26) */
static void
test_stranger(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");

        test_session_receive(romeo,
                             "<iq type='get' id='s' to='juliet@example.org'><query xmlns='" ROSTER
                             "'/></iq>");
        assert_refused_from(romeo, "juliet@example.org", "auth", "forbidden");
        test_session_receive(romeo,
                             "<iq type='set' id='s' to='juliet@example.org'><query xmlns='" ROSTER
                             "'><item jid='a@example.net'/></query></iq>");
        assert_refused_from(romeo, "juliet@example.org", "auth", "forbidden");
        test_session_receive(romeo,
                             "<iq type='get' id='s' to='nobody@example.org'><query xmlns='" ROSTER
                             "'/></iq>");
        assert_refused_from(romeo, "nobody@example.org", "auth", "forbidden");
        test_assert_sent_nothing(juliet);
}

/* RFC 6121 2.1.6: only the server pushes. (R25) */
static void
test_forged_push(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");

        test_session_receive(
                romeo, "<iq type='set' id='s' to='juliet@example.org/balcony'><query xmlns='" ROSTER
                       "'><item jid='a@example.net'/></query></iq>");

        assert_refused_from(romeo, "juliet@example.org/balcony", "cancel", "service-unavailable");
        test_assert_sent_nothing(juliet);
}

/* RFC 6121 2.1.4: addressed to the own account it is the same request. */
static void
test_own_address(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");

        test_session_receive(juliet,
                             "<iq type='get' id='g' to='juliet@example.org'><query xmlns='" ROSTER
                             "'/></iq>");

        test_assert_sent(juliet, "<iq type='result' id='g' to='juliet@example.org/balcony' "
                                 "from='juliet@example.org'>"
                                 "<query xmlns='" ROSTER "' ver='*'/></iq>");
}

/* Versions */

static char *
version_of(TestServer *server, const char *account)
{
        MotetModule *provider = NULL;
        const MotetRosterService *service =
                motet_service(test_server_host(server), "roster", &provider);

        return g_strdup(service->cached(provider, account)->version);
}

static void
get_with_version(MotetSession *session, const char *version)
{
        g_autofree char *iq = g_strdup_printf(
                "<iq type='get' id='g'><query xmlns='" ROSTER "' ver='%s'/></iq>", version);

        test_session_receive(session, iq);
}

/* RFC 6121 2.6.2: nothing is sent to a client that is up to date. */
static void
test_version_unchanged(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        set_item(juliet, "<item jid='romeo@example.net'/>");
        forget(juliet);
        g_autofree char *version = version_of(server, "juliet");

        get_with_version(juliet, version);

        test_assert_sent(juliet, "<iq type='result' id='g' to='juliet@example.org/balcony'/>");
        g_assert_true(juliet->interested);
}

/* RFC 6121 2.6.2: an old, an invented and an empty version get everything. */
static void
test_version_changed(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        set_item(juliet, "<item jid='romeo@example.net'/>");
        g_autofree char *old = version_of(server, "juliet");
        set_item(juliet, "<item jid='romeo@example.net' name='R'/>");
        forget(juliet);
        const char *versions[] = {old, "", "0", "invented"};

        for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
                get_with_version(juliet, versions[i]);
                test_assert_sent(juliet, "<iq type='result' id='g' to='juliet@example.org/balcony'>"
                                         "<query xmlns='" ROSTER "' ver='*'>"
                                         "<item jid='romeo@example.net' name='R' "
                                         "subscription='none'/></query></iq>");
        }
}

/* RFC 6121 2.6.3: a push carries the version that the roster has then. */
static void
test_version_pushed(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");

        set_item(juliet, "<item jid='romeo@example.net'/>");

        g_autofree char *version = version_of(server, "juliet");
        g_autofree char *push = g_strdup_printf(
                "<iq type='set' id='*' to='juliet@example.org/balcony'><query xmlns='" ROSTER
                "' ver='%s'><item jid='romeo@example.net' subscription='none'/></query></iq>",
                version);
        test_assert_sent(juliet, push);
}

/* RFC 6121 2.1.6: pushes are told apart by their ids. */
static void
test_push_ids(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");
        g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GRegex) pattern = g_regex_new("<iq[^>]*type=['\"]set['\"][^>]*>", 0, 0, NULL);
        g_autoptr(GRegex) id = g_regex_new("id=['\"]([^'\"]+)['\"]", 0, 0, NULL);

        for (unsigned i = 0; i < 10; i++) {
                set_item(juliet, "<item jid='romeo@example.net'/>");
                g_autofree char *sent = test_session_take_sent(juliet);
                g_autoptr(GMatchInfo) push = NULL;
                g_assert_true(g_regex_match(pattern, sent, 0, &push));
                g_autofree char *tag = g_match_info_fetch(push, 0);
                g_autoptr(GMatchInfo) match = NULL;
                g_assert_true(g_regex_match(id, tag, 0, &match));
                g_assert_true(g_hash_table_add(ids, g_match_info_fetch(match, 1)));
        }
}

/* RFC 6121 2.1.6, RFC 6120 8.2.3: the client's reply to a push is the end of it, whatever it
 * says. */
static void
test_push_replies(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = bind_interested(server, "juliet@example.org/balcony");
        set_item(juliet, "<item jid='romeo@example.net'/>");
        forget(juliet);

        test_session_receive(
                juliet,
                "<iq type='result' id='x'/>"
                "<iq type='result' id='x' to='juliet@example.org'/>"
                "<iq type='error' id='x'><error type='cancel'><service-unavailable xmlns='" STANZAS
                "'/></error></iq>"
                "<iq type='result' id='x'><query xmlns='" ROSTER
                "'><item jid='nurse@example.net'/></query></iq>");

        test_assert_sent_nothing(juliet);
        g_assert_true(motet_session_is_connected(juliet));
        assert_roster(juliet, "<item jid='romeo@example.net' subscription='none'/>");
}

/* RFC 6121 2.6.1 */
static void
test_feature(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_login(server, "juliet@example.org");
        g_free(test_session_take_sent(juliet));

        motet_session_restart(juliet);
        g_autofree char *header = test_session_header("example.org");
        test_session_receive(juliet, header);

        g_autofree char *features = test_session_take_sent(juliet);
        g_assert_nonnull(strstr(features, "urn:xmpp:features:rosterver"));
}

/* Keeping */

/* What was acknowledged is there again when all sessions of the account are gone and a new one
 * comes. */
static void
test_kept(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *juliet = test_server_bind(server, "juliet@example.org/balcony");
        set_item(juliet, "<item jid='romeo@example.net' name='&lt;R&gt; &amp; "
                         "J'><group>a&quot;b</group></item>");
        set_item(juliet, "<item jid='nurse@example.net'/>");
        g_autofree char *version = version_of(server, "juliet");
        test_session_lose(juliet);
        test_server_settle(server);
        MotetModule *provider = NULL;
        const MotetRosterService *service =
                motet_service(test_server_host(server), "roster", &provider);
        g_assert_null(service->cached(provider, "juliet"));

        MotetSession *again = test_server_bind(server, "juliet@example.org/chamber");

        assert_roster(again,
                      "<item jid='nurse@example.net' subscription='none'/>"
                      "<item jid='romeo@example.net' name='&lt;R&gt; &amp; J' subscription='none'>"
                      "<group>a&quot;b</group></item>");
        g_autofree char *kept = version_of(server, "juliet");
        g_assert_cmpstr(kept, ==, version);
}

/* RFC 6120 10.1: changes of several resources at once are made one after the other, and pushed in
 * one order. */
static void
test_many_at_once(void)
{
        g_autoptr(TestServer) server = start();
        MotetSession *a = bind_interested(server, "juliet@example.org/a");
        MotetSession *b = bind_interested(server, "juliet@example.org/b");

        test_session_receive(a, "<iq type='set' id='s'><query xmlns='" ROSTER
                                "'><item jid='1@example.net'/></query></iq>"
                                "<iq type='set' id='s'><query xmlns='" ROSTER
                                "'><item jid='2@example.net'/></query></iq>"
                                "<iq type='set' id='s'><query xmlns='" ROSTER
                                "'><item jid='1@example.net' subscription='remove'/></query></iq>");

        assert_pushed(b, "<item jid='1@example.net' subscription='none'/>");
        assert_pushed(b, "<item jid='2@example.net' subscription='none'/>");
        assert_pushed(b, "<item jid='1@example.net' subscription='remove'/>");
        assert_pushed(a, "<item jid='1@example.net' subscription='none'/>");
        assert_set(a);
        assert_pushed(a, "<item jid='2@example.net' subscription='none'/>");
        assert_set(a);
        assert_pushed(a, "<item jid='1@example.net' subscription='remove'/>");
        assert_set(a);
        assert_roster(a, "<item jid='2@example.net' subscription='none'/>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/roster/nothing-stored-is-empty", test_empty);
        g_test_add_func("/roster/asking-makes-interested", test_interested);
        g_test_add_func("/roster/sessions-share-one", test_session_field);
        g_test_add_func("/roster/added-is-pushed-to-the-interested", test_add);
        g_test_add_func("/roster/added-without-interest", test_add_without_interest);
        g_test_add_func("/roster/update-replaces-name-and-groups", test_update);
        g_test_add_func("/roster/client-does-not-set-subscriptions", test_claims);
        g_test_add_func("/roster/addresses-are-prepared", test_prepared);
        g_test_add_func("/roster/items-in-order", test_many);
        g_test_add_func("/roster/removed-is-pushed", test_remove);
        g_test_add_func("/roster/removing-what-is-not-there", test_remove_unknown);
        for (size_t i = 0; i < G_N_ELEMENTS(bad_sets); i++) {
                g_autofree char *path = g_strconcat("/roster/refused/", bad_sets[i].name, NULL);
                g_test_add_data_func(path, &bad_sets[i], test_bad_set);
        }
        g_test_add_func("/roster/limit/name", test_longest_name);
        g_test_add_func("/roster/limit/group", test_longest_group);
        g_test_add_func("/roster/limit/groups", test_most_groups);
        g_test_add_func("/roster/limit/items", test_most_items);
        g_test_add_func("/roster/limit/bytes", test_most_bytes);
        g_test_add_func("/roster/of-another-is-forbidden", test_stranger);
        g_test_add_func("/roster/forged-push-is-refused", test_forged_push);
        g_test_add_func("/roster/own-address-is-the-same", test_own_address);
        g_test_add_func("/roster/version/unchanged-is-empty", test_version_unchanged);
        g_test_add_func("/roster/version/changed-is-everything", test_version_changed);
        g_test_add_func("/roster/version/pushed", test_version_pushed);
        g_test_add_func("/roster/version/announced", test_feature);
        g_test_add_func("/roster/push-ids-differ", test_push_ids);
        g_test_add_func("/roster/push-replies-end-it", test_push_replies);
        g_test_add_func("/roster/kept-without-sessions", test_kept);
        g_test_add_func("/roster/many-at-once-in-order", test_many_at_once);
        return g_test_run();
}

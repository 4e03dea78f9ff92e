/*
 * Tests of the vcard module: XEP-0054.
 */
#include <motet/service-store.h>
#include <motet/stanza.h>
#include <string.h>

#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
#define ALL "modules: {storage_memory: , iq: , vcard: }"
#define CARD "<vCard xmlns='vcard-temp'><FN>Juliet</FN><N><FAMILY>Capulet</FAMILY></N></vCard>"
#define EMPTY "<vCard xmlns='vcard-temp'/>"

static void
ask(MotetSession *session, const char *type, const char *to, const char *card)
{
        g_autofree char *address = to ? g_strdup_printf(" to='%s'", to) : g_strdup("");
        g_autofree char *iq =
                g_strdup_printf("<iq type='%s' id='v'%s>%s</iq>", type, address, card);

        test_session_receive(session, iq);
}

static void
assert_card_at(MotetSession *session, const char *card, int line)
{
        g_autofree char *iq =
                g_strdup_printf("<iq type='result' id='v' to='*' from='*'>%s</iq>", card);

        test_assert_sent_at(session, iq, __FILE__, line);
}
#define assert_card(session, card) assert_card_at(session, card, __LINE__)

static void
assert_own_card_at(MotetSession *session, const char *card, int line)
{
        g_autofree char *iq = g_strdup_printf("<iq type='result' id='v' to='*'>%s</iq>", card);

        ask(session, "get", NULL, EMPTY);
        test_assert_sent_at(session, iq, __FILE__, line);
}
#define assert_own_card(session, card) assert_own_card_at(session, card, __LINE__)

static void
assert_error_at(MotetSession *session, const char *from, const char *type, const char *condition,
                int line)
{
        g_autofree char *address = from ? g_strdup_printf(" from='%s'", from) : g_strdup("");
        g_autofree char *iq = g_strdup_printf("<iq type='error' id='v' to='*'%s><error type='%s'>"
                                              "<%s xmlns='" NS_STANZAS "'/></error></iq>",
                                              address, type, condition);

        test_assert_sent_at(session, iq, __FILE__, line);
        test_assert_sent_nothing_at(session, __FILE__, line);
}
#define assert_error(session, from, type, condition)                                               \
        assert_error_at(session, from, type, condition, __LINE__)

static void
keep_card(MotetSession *session)
{
        ask(session, "set", NULL, CARD);
        test_assert_sent(session, "<iq type='result' id='v' to='*'/>");
}

/* Section 3.1: none yet, then the one that was set, then the next. */
static void
test_own_card(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");

        ask(juliet, "get", NULL, EMPTY);
        assert_error(juliet, NULL, "cancel", "item-not-found");
        keep_card(juliet);
        assert_own_card(juliet, CARD);
        ask(juliet, "set", JULIET, "<vCard xmlns='vcard-temp' version='3.0'><FN>J</FN></vCard>");
        test_assert_sent(juliet, "<iq type='result' id='v' from='" JULIET "' to='*'/>");
        ask(juliet, "get", JULIET, EMPTY);

        assert_card(juliet, "<vCard xmlns='vcard-temp' version='3.0'><FN>J</FN></vCard>");
        assert_own_card(test_server_bind(server, JULIET "/chamber"),
                        "<vCard xmlns='vcard-temp' version='3.0'><FN>J</FN></vCard>");
}

/* An empty vCard is none. */
static void
test_empty_card_deletes(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        keep_card(juliet);

        ask(juliet, "set", NULL, EMPTY);

        test_assert_sent(juliet, "<iq type='result' id='v' to='*'/>");
        ask(juliet, "get", NULL, EMPTY);
        assert_error(juliet, NULL, "cancel", "item-not-found");
}

/* Section 3.3: answered by the server, not by the client. */
static void
test_card_of_another(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        keep_card(juliet);

        ask(romeo, "get", JULIET, EMPTY);

        test_assert_sent(romeo, "<iq type='result' id='v' from='" JULIET "' to='" ROMEO
                                "/orchard'>" CARD "</iq>");
        test_assert_sent_nothing(juliet);
}

/* Section 3: vCards are world-readable. */
static void
test_card_for_the_network(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        keep_card(test_server_bind(server, JULIET "/balcony"));
        test_remote_connect(server);

        test_remote_receive(server, "<iq type='get' id='v' from='nurse@example.net/x' to='" JULIET
                                    "'>" EMPTY "</iq>");

        test_assert_remote("<iq type='result' id='v' from='" JULIET
                           "' to='nurse@example.net/x'>" CARD "</iq>");
}

/* Section 3.3: no vCard and no account look alike. (R7, R26) */
static void
test_no_card_and_no_account_look_alike(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: , iq: , vcard: , auth_internal: }");
        const char *const words[] = {"user", "add", JULIET, "capulet", NULL};
        g_assert_cmpint(test_server_run_command(server, words, NULL), ==, 0);
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");

        ask(romeo, "get", JULIET, EMPTY);
        assert_error(romeo, JULIET, "cancel", "service-unavailable");
        ask(romeo, "get", "nobody@example.org", EMPTY);
        assert_error(romeo, "nobody@example.org", "cancel", "service-unavailable");
}

/* Section 3.2: nobody sets another's; whether there is one makes no difference. */
static void
test_set_of_another(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        keep_card(juliet);

        ask(romeo, "set", JULIET, "<vCard xmlns='vcard-temp'><FN>Rosaline</FN></vCard>");
        assert_error(romeo, JULIET, "auth", "forbidden");
        ask(romeo, "set", "nobody@example.org", CARD);
        assert_error(romeo, "nobody@example.org", "auth", "forbidden");
        ask(romeo, "set", "example.org", CARD);
        assert_error(romeo, "example.org", "auth", "forbidden");

        assert_own_card(juliet, CARD);
}

/* A vCard of @n bytes as it is stored. */
static char *
card_of(size_t n)
{
        const char *frame = "<vCard xmlns='vcard-temp'><FN></FN></vCard>";
        g_autofree char *name = g_strnfill(n - strlen(frame), 'x');

        return g_strdup_printf("<vCard xmlns='vcard-temp'><FN>%s</FN></vCard>", name);
}

/* So much is read only after a while (R12). */
static void
ask_slowly(TestServer *server, MotetSession *session, const char *card)
{
        ask(session, "set", NULL, card);
        for (int i = 0; i < 20; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);
}

/* R16 */
static void
test_limit(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *fits = card_of(65536);
        g_autofree char *too_large = card_of(65537);

        ask_slowly(server, juliet, fits);
        test_assert_sent(juliet, "<iq type='result' id='v' to='*'/>");
        ask_slowly(server, juliet, too_large);
        assert_error(juliet, NULL, "modify", "not-acceptable");

        assert_own_card(juliet, fits);
}

/* RFC 6121 8.5.3.1: what is addressed to a client is the client's to answer. */
static void
test_full_address(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        keep_card(juliet);

        ask(romeo, "get", JULIET "/balcony", EMPTY);

        test_assert_sent(juliet, "<iq type='get' id='v' from='" ROMEO "/orchard' to='" JULIET
                                 "/balcony'>" EMPTY "</iq>");
        test_assert_sent_nothing(romeo);
}

/* The server's own vCard */

static char *
write_file(TestServer *server, const char *name, const char *text)
{
        char *path = g_build_filename(test_server_dir(server), name, NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        return path;
}

static char *
config_with(const char *path)
{
        return g_strdup_printf(
                "modules: {storage_memory: , iq: , vcard: {options: {host_vcard: %s}}}", path);
}

static void
test_host_card(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *path = write_file(server, "host.xml", CARD "\n");
        g_autofree char *config = config_with(path);

        ask(juliet, "get", "example.org", EMPTY);
        assert_error(juliet, "example.org", "cancel", "service-unavailable");
        g_assert_true(test_server_reload(server, config, NULL));
        ask(juliet, "get", "example.org", EMPTY);
        assert_card(juliet, CARD);
        g_assert_true(test_server_reload(server, ALL, NULL));
        ask(juliet, "get", "example.org", EMPTY);

        assert_error(juliet, "example.org", "cancel", "service-unavailable");
}

/* A reload with such a file is refused: the former stays. */
static void
test_bad_file_at_a_reload(void)
{
        static const char *const bad[] = {"", "vCard", "<vCard>", "<card xmlns='vcard-temp'/>",
                                          "<vCard xmlns='vcard'/>"};
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *path = write_file(server, "host.xml", CARD);
        g_autofree char *config = config_with(path);
        g_assert_true(test_server_reload(server, config, NULL));

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *name = g_strdup_printf("bad%zu.xml", i);
                g_autofree char *bad_path = write_file(server, name, bad[i]);
                g_autofree char *bad_config = config_with(bad_path);
                g_assert_false(test_server_reload(server, bad_config, NULL));
                ask(juliet, "get", "example.org", EMPTY);
                assert_card(juliet, CARD);
        }
}

static void
test_bad_file_at_the_start(void)
{
        g_autofree char *config = config_with("/nonexistent/host.xml");
        g_autofree char *refusal = test_server_refuse(config);

        g_assert_nonnull(strstr(refusal, "host_vcard"));
        g_assert_nonnull(strstr(refusal, "/nonexistent/host.xml"));
}

/* Storage */

static void
note_value(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(int *)data = value != NULL;
}

static MotetStore *
open_store(TestServer *server)
{
        return motet_store_open(test_server_owner(server), "vcard", MOTET_STORE_KEYVAL, NULL);
}

static bool
is_stored(TestServer *server)
{
        int found = -1;

        motet_store_read(open_store(server), "juliet", "", note_value, &found);
        test_server_settle(server);
        g_assert_cmpint(found, >=, 0);
        return found;
}

/* A deleted account leaves nothing. */
static void
test_deleted_account(void)
{
        static const char *const add[] = {"user", "add", JULIET, "capulet", NULL};
        static const char *const delete[] = {"user", "delete", JULIET, NULL};
        g_autoptr(TestServer) server =
                test_server_new_config("modules: {storage_memory: , vcard: , auth_internal: }");
        g_assert_cmpint(test_server_run_command(server, add, NULL), ==, 0);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        keep_card(juliet);
        g_assert_true(is_stored(server));

        g_assert_cmpint(test_server_run_command(server, delete, NULL), ==, 0);
        test_server_settle(server);

        g_assert_false(is_stored(server));
}

/* What cannot be stored did not happen, and the session lives on. */
static void
test_store_fails(void)
{
        g_autoptr(TestServer) server = test_server_new_config(
                "modules: {storage_memory: {options: {max_bytes: 8 KiB}}, vcard: }");
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autofree char *card = card_of(10000);
        keep_card(juliet);

        ask(juliet, "set", NULL, card);
        assert_error(juliet, NULL, "wait", "internal-server-error");

        assert_own_card(juliet, CARD);
}

/* A damaged vCard is no reason to say there is none. */
static void
test_damaged(void)
{
        g_autoptr(TestServer) server = test_server_new_config(ALL);
        MotetSession *juliet = test_server_bind(server, JULIET "/balcony");
        g_autoptr(GBytes) value = g_bytes_new("<vCard", 6);
        motet_store_set(open_store(server), "juliet", "", value, NULL, NULL);

        ask(juliet, "get", NULL, EMPTY);
        assert_error(juliet, NULL, "wait", "internal-server-error");
        keep_card(juliet);

        assert_own_card(juliet, CARD);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/vcard/own-card", test_own_card);
        g_test_add_func("/vcard/empty-card-deletes", test_empty_card_deletes);
        g_test_add_func("/vcard/card-of-another", test_card_of_another);
        g_test_add_func("/vcard/card-for-the-network", test_card_for_the_network);
        g_test_add_func("/vcard/no-card-and-no-account-look-alike",
                        test_no_card_and_no_account_look_alike);
        g_test_add_func("/vcard/set-of-another-is-forbidden", test_set_of_another);
        g_test_add_func("/vcard/limit", test_limit);
        g_test_add_func("/vcard/full-address-is-the-clients", test_full_address);
        g_test_add_func("/vcard/host-card", test_host_card);
        g_test_add_func("/vcard/bad-file-at-a-reload", test_bad_file_at_a_reload);
        g_test_add_func("/vcard/bad-file-at-the-start", test_bad_file_at_the_start);
        g_test_add_func("/vcard/deleted-account-leaves-nothing", test_deleted_account);
        g_test_add_func("/vcard/store-fails", test_store_fails);
        g_test_add_func("/vcard/damaged", test_damaged);
        return g_test_run();
}

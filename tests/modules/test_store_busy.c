/*
 * Tests of what peers are told when the storage fails, and when it has too much to do to take what
 * they ask for.
 *
 * Source: RFC 6120 8.3.3.6 (internal-server-error), 8.3.3.18 (resource-constraint: "resources
 * necessary to service the request"); both "wait".
 */
#include <motet/service-store.h>
#include <string.h>

#include "support/module_folder.h"
#include "support/modules/faults.h"
#include "support/test_server.h"

#define ORG "example.org"

/* A server whose storage can be made to fail, for all but accounts. */
typedef struct {
        ModuleFolder *folder;
        TestServer *server;
        MotetSession *romeo;
        int bound; /* how binding ended, a MotetCondition; -1: it has not */
} Fixture;

static void
on_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        Fixture *fixture = data;

        (void)session;
        (void)text;
        fixture->bound = (int)condition;
}

/* It waits for what the account keeps. */
static void
bind_romeo(Fixture *fixture)
{
        fixture->bound = -1;
        motet_session_bind(fixture->romeo, "orchard", on_bound, fixture);
        test_server_advance(fixture->server, G_TIME_SPAN_SECOND);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autofree char *ours =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {shipped, ours, NULL};

        (void)data;
        fixture->folder = module_folder_new(folders, NULL);
        g_autofree char *config = g_strdup_printf(
                "modules_dir: %s\n"
                "storage: {default: faulty, stores: {accounts: memory}}\n"
                "modules: {storage_memory: , faulty_storage: , bind: , roster: , presence: , "
                "message: , offline: , blocking: , private: , vcard: , last: , iq: }",
                module_folder_path(fixture->folder));
        fixture->server = test_server_new_config(config);
        fixture->romeo = test_server_login(fixture->server, "romeo@" ORG);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_server_free(fixture->server);
        module_folder_free(fixture->folder);
}

static void
fail_from_now_on(Fixture *fixture, bool is_full)
{
        const FaultsPlan plan = {.failures = 1000, .is_full = is_full};
        MotetModule *provider = NULL;
        const FaultsService *faults =
                motet_service(test_server_host(fixture->server), "faults", &provider);

        faults->set_plan(provider, &plan);
}

static void
assert_refused(Fixture *fixture, const char *stanza, const char *condition)
{
        g_autofree char *element =
                g_strdup_printf("<%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>", condition);

        test_session_receive(fixture->romeo, stanza);
        for (int i = 0; i < 3; i++)
                test_server_advance(fixture->server, G_TIME_SPAN_SECOND);
        g_autofree char *sent = test_session_take_sent(fixture->romeo);
        if (!strstr(sent, "type='error'") || !strstr(sent, "<error type='wait'>") ||
            !strstr(sent, element))
                g_error("%s\nis answered without %s: %s", stanza, condition, sent);
}

/* Each goes another way from the storage to the answer. */
static const char *const stanzas[] = {
        "<iq type='get' id='1'><query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query></iq>",
        "<iq type='set' id='2'><query xmlns='jabber:iq:private'><x xmlns='urn:x'/></query></iq>",
        "<iq type='get' id='3'><vCard xmlns='vcard-temp'/></iq>",
        "<iq type='set' id='4'><vCard xmlns='vcard-temp'><FN>R</FN></vCard></iq>",
        "<iq type='set' id='6'><query xmlns='jabber:iq:roster'><item jid='a@" ORG
        "'/></query></iq>",
        "<iq type='set' id='8'><block xmlns='urn:xmpp:blocking'><item jid='a@" ORG
        "'/></block></iq>",
        "<message to='juliet@" ORG "' type='chat'><body>soft</body></message>",
        "<presence to='juliet@" ORG "' type='subscribe'/>",
};

static void
test_what_is_told(Fixture *fixture, gconstpointer data)
{
        const char *condition = data;

        bind_romeo(fixture);
        g_assert_cmpint(fixture->bound, ==, MOTET_CONDITION_NONE);
        g_free(test_session_take_sent(fixture->romeo));
        fail_from_now_on(fixture, strcmp(condition, "resource-constraint") == 0);
        for (size_t i = 0; i < G_N_ELEMENTS(stanzas); i++)
                assert_refused(fixture, stanzas[i], condition);
}

/* What was told of one request says nothing of what comes after it. */
static void
test_a_full_queue_is_no_lasting_state(Fixture *fixture, gconstpointer data)
{
        const MotetModule *offline =
                test_server_module(fixture->server, "offline", test_server_host(fixture->server));

        (void)data;
        bind_romeo(fixture);
        g_free(test_session_take_sent(fixture->romeo));
        fail_from_now_on(fixture, true);
        assert_refused(fixture, stanzas[0], "resource-constraint");

        g_assert_cmpint(motet_store_condition(offline), ==, MOTET_INTERNAL_SERVER_ERROR);
        fail_from_now_on(fixture, false);
        assert_refused(fixture, stanzas[0], "internal-server-error");
}

static void
test_what_a_bind_is_refused_with(Fixture *fixture, gconstpointer data)
{
        bool is_full = strcmp(data, "resource-constraint") == 0;

        fail_from_now_on(fixture, is_full);
        bind_romeo(fixture);
        g_assert_cmpint(fixture->bound, ==,
                        is_full ? MOTET_RESOURCE_CONSTRAINT : MOTET_INTERNAL_SERVER_ERROR);
}

#define ADD(condition)                                                                             \
        g_test_add("/store-busy/what-is-told/" condition, Fixture, condition, set_up,              \
                   test_what_is_told, tear_down);                                                  \
        g_test_add("/store-busy/what-a-bind-is-refused-with/" condition, Fixture, condition,       \
                   set_up, test_what_a_bind_is_refused_with, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("internal-server-error");
        ADD("resource-constraint");
        g_test_add("/store-busy/a-full-queue-is-no-lasting-state", Fixture, NULL, set_up,
                   test_a_full_queue_is_no_lasting_state, tear_down);
        return g_test_run();
}

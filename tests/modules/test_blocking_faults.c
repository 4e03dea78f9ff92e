/*
 * Tests of the blocking module while its storage fails, and of what it lets others ask.
 */
#include "support/module_folder.h"
#include "support/modules/faults.h"
#include "support/offline_kit.h"

/* A server whose block lists are in a storage that can be made to fail. */
typedef struct {
        ModuleFolder *folder;
        TestServer *server;
} Faulty;

static void
faulty_init(Faulty *faulty)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autofree char *ours =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {shipped, ours, NULL};
        g_autoptr(GError) error = NULL;

        faulty->folder = module_folder_new(folders, &error);
        g_assert_no_error(error);
        g_autofree char *config = g_strdup_printf(
                "modules_dir: %s\n"
                "storage: {default: memory, stores: {blocking: faulty}}\n"
                "modules: {" OFFLINE_BASE ", offline: , blocking: , faulty_storage: }",
                module_folder_path(faulty->folder));
        faulty->server = test_server_new_config(config);
}

static void
faulty_clear(Faulty *faulty)
{
        test_server_free(faulty->server);
        module_folder_free(faulty->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Faulty, faulty_clear)

static void
set_failing(Faulty *faulty, bool fails)
{
        const FaultsPlan plan = {.failures = fails ? 1000 : 0};
        MotetModule *provider = NULL;
        const FaultsService *faults =
                motet_service(test_server_host(faulty->server), "faults", &provider);

        faults->set_plan(provider, &plan);
}

static void
pass(Faulty *faulty)
{
        for (int i = 0; i < 10; i++)
                test_server_advance(faulty->server, G_TIME_SPAN_SECOND);
}

static void
on_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        (void)session;
        (void)text;
        g_assert_cmpint(condition, ==, MOTET_CONDITION_NONE);
        *(bool *)data = true;
}

static MotetSession *
come(Faulty *faulty, const char *full_jid)
{
        g_autoptr(MotetJid) jid = motet_jid_new(full_jid);
        MotetSession *session = test_server_login(faulty->server, motet_jid_bare(jid));
        bool is_bound = false;

        motet_session_bind(session, motet_jid_resource(jid), on_bound, &is_bound);
        pass(faulty);
        g_assert_true(is_bound);
        return session;
}

static void
reload(Faulty *faulty, const char *blocking)
{
        g_autofree char *config =
                g_strdup_printf("modules_dir: %s\n"
                                "storage: {default: memory, stores: {blocking: faulty}}\n"
                                "modules: {" OFFLINE_BASE ", offline: , faulty_storage: %s}",
                                module_folder_path(faulty->folder), blocking);

        g_assert_true(test_server_reload(faulty->server, config, NULL));
        pass(faulty);
}

/* XEP-0191 3.3: what is perhaps blocked does not come through; presence that goes to many names
 * none of them, and is dropped without an answer, as it has none (RFC 6121 4.4). */
static void
test_presence_is_dropped_without_an_answer(void)
{
        g_auto(Faulty) faulty = {0};
        faulty_init(&faulty);
        MotetSession *juliet = come(&faulty, JULIET "/balcony");
        MotetSession *romeo = come(&faulty, ROMEO "/orchard");
        test_session_receive(juliet, "<presence/>");
        test_session_receive(romeo, "<presence/>");
        pass(&faulty);
        test_im_befriend(juliet, romeo);
        pass(&faulty);
        /* It runs and knows no list. */
        reload(&faulty, "");
        set_failing(&faulty, true);
        reload(&faulty, ", blocking: ");
        test_im_forget(juliet);
        test_im_forget(romeo);

        test_session_receive(romeo, "<presence><show>away</show></presence>");
        pass(&faulty);

        g_autofree char *told = test_session_take_sent(romeo);
        g_assert_null(strstr(told, "type='error'"));
        test_assert_sent_nothing(juliet);
        set_failing(&faulty, false);
        test_session_receive(romeo, "<presence><show>xa</show></presence>");
        pass(&faulty);
        test_assert_sent(juliet,
                         "<presence from='" ROMEO "/orchard' to='*'><show>xa</show></presence>");
}

/* Whoever asks is told that what the user has sent is not blocked, whatever the list says (XEP-0191
 * section 4, note). */
static void
test_own_messages_are_kept(void)
{
        g_auto(Faulty) faulty = {0};
        faulty_init(&faulty);
        MotetSession *balcony = come(&faulty, JULIET "/balcony");
        test_session_receive(balcony, "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>"
                                      "<item jid='example.org'/></block></iq>");
        pass(&faulty);
        test_session_receive(balcony, "<message to='" JULIET "' type='chat' id='m'>"
                                      "<body>ay</body></message>");
        pass(&faulty);
        test_im_forget(balcony);

        test_session_receive(balcony, "<presence/>");
        pass(&faulty);

        g_autofree char *sent = test_session_take_sent(balcony);
        g_assert_nonnull(strstr(sent, "id='m'"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/blocking_faults/presence-is-dropped-without-an-answer",
                        test_presence_is_dropped_without_an_answer);
        g_test_add_func("/blocking_faults/own-messages-are-kept", test_own_messages_are_kept);
        return g_test_run();
}

/*
 * Tests of the offline module while its storage fails for a time.
 */
#include "support/module_folder.h"
#include "support/modules/faults.h"
#include "support/offline_kit.h"

#define DELIVERED(id) "<message from='*' to='*' type='chat' id='" id "'><body>ay</body></message>"

/* A server whose offline messages are in a storage that can be made to fail. */
typedef struct {
        ModuleFolder *folder;
        TestServer *server;
        MotetSession *romeo;
} Faulty;

static Faulty
faulty_new(void)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autofree char *ours =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {shipped, ours, NULL};
        g_autoptr(GError) error = NULL;
        Faulty faulty = {.folder = module_folder_new(folders, &error)};
        g_assert_no_error(error);
        g_autofree char *config =
                g_strdup_printf("modules_dir: %s\n"
                                "storage: {default: memory, "
                                "stores: {offline: faulty}}\n"
                                "modules: {" OFFLINE_BASE ", offline: , faulty_storage: }",
                                module_folder_path(faulty.folder));

        faulty.server = test_server_new_config(config);
        faulty.romeo = offline_bind_romeo(faulty.server);
        return faulty;
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
say(Faulty *faulty, const char *id)
{
        offline_say(faulty->romeo, id);
        test_server_advance(faulty->server, G_TIME_SPAN_MILLISECOND);
}

/* RFC 6120 10.1: what could not be read is read later, and new messages come behind it. */
static void
test_reading_is_tried_again(void)
{
        g_auto(Faulty) faulty = faulty_new();
        say(&faulty, "m");
        set_failing(&faulty, true);

        MotetSession *juliet = offline_come(faulty.server, "balcony");
        test_server_advance(faulty.server, 10 * G_TIME_SPAN_SECOND);
        set_failing(&faulty, false);
        say(&faulty, "n");
        test_assert_sent_nothing(juliet);
        test_server_advance(faulty.server, 10 * G_TIME_SPAN_SECOND);

        offline_assert_kept(juliet, "m");
        offline_assert_kept(juliet, "n");
        say(&faulty, "o");
        test_assert_sent(juliet, DELIVERED("o"));
        test_assert_sent_nothing(juliet);
}

/* A box that cannot be read does not keep new messages back for ever. */
static void
test_reading_is_given_up(void)
{
        g_auto(Faulty) faulty = faulty_new();
        say(&faulty, "m");
        set_failing(&faulty, true);

        MotetSession *juliet = offline_come(faulty.server, "balcony");
        for (int i = 0; i < 100; i++)
                test_server_advance(faulty.server, G_TIME_SPAN_SECOND);
        say(&faulty, "n");
        test_assert_sent(juliet, DELIVERED("n"));
        set_failing(&faulty, false);
        say(&faulty, "o");
        test_assert_sent(juliet, DELIVERED("o"));

        test_assert_sent_nothing(juliet);
        MotetSession *second = offline_come(faulty.server, "chamber");
        test_server_advance(faulty.server, G_TIME_SPAN_SECOND);
        test_assert_sent(second, "<presence from='" JULIET "/balcony' to='*'/>");
        offline_assert_kept(second, "m");
}

/* RFC 6120 10.1: what cannot be put behind the others does not overtake them: its sender is told to
 * try again. */
static void
test_not_kept_is_refused(void)
{
        g_auto(Faulty) faulty = faulty_new();
        say(&faulty, "m");
        set_failing(&faulty, true);
        MotetSession *juliet = offline_come(faulty.server, "balcony");
        test_server_advance(faulty.server, G_TIME_SPAN_SECOND);

        say(&faulty, "n");

        test_assert_sent(faulty.romeo,
                         "<message from='" JULIET "' to='*' type='error' id='n'>"
                         "<error type='wait'><internal-server-error xmlns='" NS_STANZAS
                         "'/></error></message>");
        test_assert_sent_nothing(juliet);
        set_failing(&faulty, false);
        test_server_advance(faulty.server, 10 * G_TIME_SPAN_SECOND);
        offline_assert_kept(juliet, "m");
        test_assert_sent_nothing(juliet);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/offline_faults/reading-is-tried-again", test_reading_is_tried_again);
        g_test_add_func("/offline_faults/reading-is-given-up", test_reading_is_given_up);
        g_test_add_func("/offline_faults/what-is-not-kept-is-refused", test_not_kept_is_refused);
        return g_test_run();
}

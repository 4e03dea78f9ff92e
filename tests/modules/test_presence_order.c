/*
 * Tests of the presence module while a roster is being
 * written. */
#include "support/module_folder.h"
#include "support/test_im.h"

#define JULIET "juliet@example.org"

static ModuleFolder *
folder_new(void)
{
        g_autofree char *shipped = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "modules", NULL);
        g_autofree char *ours =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        const char *const folders[] = {shipped, ours, NULL};
        g_autoptr(GError) error = NULL;
        ModuleFolder *folder = module_folder_new(folders, &error);

        g_assert_no_error(error);
        return folder;
}

static char *
config_of(const ModuleFolder *folder, const char *delay)
{
        return g_strdup_printf(
                "modules_dir: %s\n"
                "storage: {default: memory, stores: {roster: delayed}}\n"
                "modules: {storage_memory: , delayed_storage: {options: {delay: %s}}, "
                "roster: , presence: }",
                module_folder_path(folder), delay);
}

static MotetSession *
come(TestServer *server, const char *jid)
{
        MotetSession *session = test_server_bind(server, jid);

        test_session_receive(session, "<presence/>");
        test_im_forget(session);
        return session;
}

/* RFC 6121 4.6.3: nobody appears to be available who is not: what a resource sends to the user's
 * others does not come after its end, though the roster is being written. */
static void
test_own_presence_does_not_wait(void)
{
        g_autoptr(ModuleFolder) folder = folder_new();
        g_autofree char *fast = config_of(folder, "0s");
        g_autofree char *slow = config_of(folder, "10s");
        g_autoptr(TestServer) server = test_server_new_config(fast);
        MotetSession *balcony = come(server, JULIET "/balcony");
        MotetSession *chamber = come(server, JULIET "/chamber");
        MotetSession *garden = come(server, JULIET "/garden");
        test_im_forget(chamber);
        g_assert_true(test_server_reload(server, slow, NULL));

        test_session_receive(garden, "<presence type='subscribe' to='romeo@example.net'/>");
        test_session_receive(balcony, "<presence to='" JULIET "'/>");
        test_im_lose(server, balcony);
        for (int i = 0; i < 30; i++)
                test_server_advance(server, G_TIME_SPAN_SECOND);

        test_assert_sent(chamber, "<presence from='" JULIET "/balcony' to='*'/>");
        test_assert_sent(chamber,
                         "<presence type='unavailable' from='" JULIET "/balcony' to='*'/>");
        test_assert_sent_nothing(chamber);
}

/* RFC 6121 4.5.2, 4.2.2: who is not available may ask and is not told of the end of what it saw;
 * once it is available it hears of itself first, and then of those who are there now. */
static void
test_asked_before_available(void)
{
        g_autoptr(TestServer) server = test_im_new();
        MotetSession *balcony = test_im_bind_available(server, JULIET "/balcony");
        MotetSession *garden = test_im_bind_available(server, JULIET "/garden");
        MotetSession *chamber = test_im_bind_interested(server, JULIET "/chamber");
        g_assert_nonnull(garden->presence);

        test_session_receive(chamber, "<presence type='probe' to='" JULIET "'/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/balcony' to='" JULIET "/chamber'/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/garden' to='" JULIET "/chamber'/>");
        test_im_lose(server, balcony);
        test_assert_sent_nothing(chamber);

        test_session_receive(chamber, "<presence/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/chamber' to='" JULIET "/chamber'/>");
        test_assert_sent(chamber, "<presence from='" JULIET "/garden' to='" JULIET "/chamber'/>");
        test_assert_sent_nothing(chamber);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/presence_order/own-presence-does-not-wait",
                        test_own_presence_does_not_wait);
        g_test_add_func("/presence_order/asked-before-available", test_asked_before_available);
        return g_test_run();
}

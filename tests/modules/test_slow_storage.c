/*
 * Tests of modules whose storage takes its time: what is acknowledged only then, what happens at
 * the deadline of who waits, and when somebody goes meanwhile.
 */
#include <motet/service-auth.h>
#include <motet/service-store.h>
#include <motet/stanza.h>
#include <unistd.h>

#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
#define PING "<iq type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>"
#define PONG "<iq type='result' id='ping' to='*'/>"
#define MESSAGE "<message to='" JULIET "' type='chat' id='m'><body>ay</body></message>"
#define DELAY "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='*'>*</delay>"
#define KEPT                                                                                       \
        "<message from='" ROMEO "/orchard' to='" JULIET                                            \
        "' type='chat' id='m'><body>ay</body>" DELAY "</message>"
#define CARD "<vCard xmlns='vcard-temp'><FN>J</FN></vCard>"
#define PREFS "<query xmlns='jabber:iq:private'><a xmlns='x'>1</a></query>"

/* A server whose modules under test use the slow storage. */
typedef struct {
        TestServer *server;
        char *folder; /* of all modules, those of the tests included */
} Slow;

static const char *const files[] = {
        "mod_storage_memory.so",
        "mod_roster.so",
        "mod_presence.so",
        "mod_message.so",
        "mod_iq.so",
        "mod_ping.so",
        "mod_offline.so",
        "mod_vcard.so",
        "mod_private.so",
        "mod_last.so",
        "mod_auth_internal.so",
        "mod_delayed_storage.so",
};

static char *
folder_new(void)
{
        char *folder = g_dir_make_tmp("motet-modules-XXXXXX", NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                const char *place = g_str_equal(files[i], "mod_delayed_storage.so") ? "test_modules"
                                                                                    : "modules";
                g_autofree char *target =
                        g_build_filename(g_getenv("MOTET_TEST_BUILD"), place, files[i], NULL);
                g_autofree char *link = g_build_filename(folder, files[i], NULL);
                g_assert_cmpint(symlink(target, link), ==, 0);
        }
        return folder;
}

static void
folder_free(char *folder)
{
        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autofree char *link = g_build_filename(folder, files[i], NULL);
                g_assert_cmpint(unlink(link), ==, 0);
        }
        g_assert_cmpint(rmdir(folder), ==, 0);
        g_free(folder);
}

static char *
config_of(const char *folder, const char *delay, const char *modules)
{
        return g_strdup_printf(
                "modules_dir: %s\n"
                "storage: {default: memory, stores: {offline: delayed, vcard: delayed, "
                "private: delayed, last: delayed}}\n"
                "modules: {storage_memory: , delayed_storage: {options: {delay: %s}}, roster: , "
                "presence: , message: , iq: , ping: %s}\n",
                folder, delay, modules);
}

static Slow
slow_new(const char *delay, const char *modules)
{
        Slow slow = {.folder = folder_new()};
        g_autofree char *config = config_of(slow.folder, delay, modules);

        slow.server = test_server_new_config(config);
        return slow;
}

static void
slow_clear(Slow *slow)
{
        test_server_free(slow->server);
        folder_free(slow->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Slow, slow_clear)

static void
wait_s(Slow *slow, int seconds)
{
        for (int i = 0; i < seconds; i++)
                test_server_advance(slow->server, G_TIME_SPAN_SECOND);
}

/* @from: " from='*'", or "" where the own account answers */
static void
assert_error_at(MotetSession *session, const char *kind, const char *id, const char *from,
                const char *error, int line)
{
        g_autofree char *xml = g_strdup_printf("<%s type='error' id='%s' to='*'%s><error type='%s "
                                               "xmlns='" NS_STANZAS "'/></error></%s>",
                                               kind, id, from, error, kind);

        test_assert_sent_at(session, xml, __FILE__, line);
}
#define TOO_LATE "wait'><resource-constraint"
#define REFUSED "cancel'><service-unavailable"
#define assert_error(session, kind, id, from, error)                                               \
        assert_error_at(session, kind, id, from, error, __LINE__)
#define assert_message_error(session, id, error)                                                   \
        assert_error(session, "message", id, " from='*'", error)

/* Offline messages */

/* The sender goes on when its message is on disk, and not before: 10 s for counting, 10 s for
 * writing. */
static void
test_sender_waits(void)
{
        g_auto(Slow) slow = slow_new("10s", ", offline: ");
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");

        test_session_receive(romeo, MESSAGE PING);
        wait_s(&slow, 19);
        test_assert_sent_nothing(romeo);
        wait_s(&slow, 2);

        test_assert_sent(romeo, PONG);
        test_assert_sent_nothing(romeo);
}

/* Who comes while a message is written gets it, before what is said later. */
static void
test_receiver_comes_meanwhile(void)
{
        g_auto(Slow) slow = slow_new("10s", ", offline: ");
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");
        MotetSession *second = test_server_bind(slow.server, ROMEO "/mantua");
        MotetSession *juliet = test_server_bind(slow.server, JULIET "/balcony");
        test_session_receive(romeo, MESSAGE);
        wait_s(&slow, 5);

        test_session_receive(juliet, "<presence/>");
        test_im_forget(juliet);
        test_session_receive(second, "<message to='" JULIET "' type='chat' id='n'/>");
        test_assert_sent_nothing(juliet);
        wait_s(&slow, 120);

        test_assert_sent(juliet, KEPT);
        test_assert_sent(juliet, "<message from='" ROMEO "/mantua' to='" JULIET
                                 "' type='chat' id='n'>" DELAY "</message>");
        test_assert_sent_nothing(juliet);
        test_session_receive(second, "<message to='" JULIET "' type='chat' id='o'/>");
        test_assert_sent(juliet, "<message from='*' to='*' type='chat' id='o'/>");
        test_assert_sent_nothing(romeo);
}

/* Who was told that it was not kept sends it again: it must not come twice. */
static void
test_deadline_of_a_message(void)
{
        g_auto(Slow) slow = slow_new("20s", ", offline: ");
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");

        test_session_receive(romeo, MESSAGE PING);
        wait_s(&slow, 31);
        assert_message_error(romeo, "m", TOO_LATE);
        test_assert_sent(romeo, PONG);
        wait_s(&slow, 60);
        MotetSession *juliet = test_server_bind(slow.server, JULIET "/balcony");
        test_session_receive(juliet, "<presence/>");
        wait_s(&slow, 60);

        test_assert_sent(juliet, "<presence from='*' to='*'/>");
        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(romeo);
}

/* The same, when it was still waiting for its place at the deadline. */
static void
test_deadline_before_writing(void)
{
        g_auto(Slow) slow = slow_new("40s", ", offline: ");
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");

        test_session_receive(romeo, MESSAGE);
        wait_s(&slow, 31);
        assert_message_error(romeo, "m", TOO_LATE);
        wait_s(&slow, 100);
        MotetSession *juliet = test_server_bind(slow.server, JULIET "/balcony");
        test_session_receive(juliet, "<presence/>");
        wait_s(&slow, 100);

        test_assert_sent(juliet, "<presence from='*' to='*'/>");
        test_assert_sent_nothing(juliet);
}

/* A sender who goes has sent it all the same. */
static void
test_sender_goes(void)
{
        g_auto(Slow) slow = slow_new("10s", ", offline: ");
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");

        test_session_receive(romeo, MESSAGE);
        motet_session_destroy(romeo);
        wait_s(&slow, 60);
        MotetSession *juliet = test_server_bind(slow.server, JULIET "/balcony");
        test_session_receive(juliet, "<presence/>");
        wait_s(&slow, 60);

        test_assert_sent(juliet, "<presence from='*' to='*'/>");
        test_assert_sent(juliet, KEPT);
        test_assert_sent_nothing(juliet);
}

static void
note_removed(MotetModule *self, MotetAuthStatus status, void *data)
{
        (void)self;
        g_assert_cmpint(status, ==, MOTET_AUTH_OK);
        *(bool *)data = true;
}

/* What is waiting when the receiver's account is deleted is refused. */
static void
test_account_goes(void)
{
        g_auto(Slow) slow = slow_new("10s", ", offline: , auth_internal: ");
        const char *const words[] = {"user", "add", JULIET, "capulet", NULL};
        MotetModule *provider = NULL;
        const MotetAuthService *auth =
                motet_service(test_server_host(slow.server), "auth", &provider);
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");
        bool is_removed = false;
        g_assert_cmpint(test_server_run_command(slow.server, words, NULL), ==, 0);

        test_session_receive(romeo, MESSAGE);
        test_assert_sent_nothing(romeo);
        auth->remove(provider, test_server_owner(slow.server), "juliet", NULL, note_removed,
                     &is_removed);
        wait_s(&slow, 1);

        assert_message_error(romeo, "m", REFUSED);
        wait_s(&slow, 120);
        g_assert_true(is_removed);
        test_assert_sent_nothing(romeo);
}

/* Requests */

typedef struct {
        const char *name, *modules, *request;
        const char *from; /* of an error */
} Row;

#define IQ(type, to, content) "<iq type='" type "' id='q'" to ">" content "</iq>"
#define TO_ROMEO " to='" ROMEO "'"
#define FROM_ROMEO " from='" ROMEO "'"
#define NO_CARD "<vCard xmlns='vcard-temp'/>"
#define NO_PREFS "<query xmlns='jabber:iq:private'><a xmlns='x'/></query>"
#define LAST "<query xmlns='jabber:iq:last'/>"

static const Row rows[] = {
        {"vcard-get", ", vcard: ", IQ("get", "", NO_CARD), ""},
        {"vcard-set", ", vcard: ", IQ("set", "", CARD), ""},
        {"vcard-of-another", ", vcard: ", IQ("get", TO_ROMEO, NO_CARD), FROM_ROMEO},
        {"private-get", ", private: ", IQ("get", "", NO_PREFS), ""},
        {"private-set", ", private: ", IQ("set", "", PREFS), ""},
        {"last", ", last: ", IQ("get", TO_ROMEO, LAST), FROM_ROMEO},
};

/* juliet, who sees romeo's presence; he was there and went. */
static MotetSession *
start_row(const Slow *slow)
{
        MotetSession *romeo = test_im_bind_available(slow->server, ROMEO "/orchard");
        MotetSession *juliet = test_im_bind_available(slow->server, JULIET "/balcony");

        test_im_befriend(romeo, juliet);
        test_im_lose(slow->server, romeo);
        test_im_forget(juliet);
        return juliet;
}

/* Answered at the deadline, once, and the session goes on. */
static void
test_deadline_of_a_request(const void *data)
{
        const Row *row = data;
        g_auto(Slow) slow = slow_new("40s", row->modules);
        MotetSession *juliet = start_row(&slow);

        test_session_receive(juliet, row->request);
        test_session_receive(juliet, PING);
        test_assert_sent_nothing(juliet);
        wait_s(&slow, 31);
        assert_error(juliet, "iq", "q", row->from, TOO_LATE);
        test_assert_sent(juliet, PONG);
        wait_s(&slow, 100);

        test_assert_sent_nothing(juliet);
}

/* Who asked and went is not answered. */
static void
test_who_asked_goes(const void *data)
{
        const Row *row = data;
        g_auto(Slow) slow = slow_new("10s", row->modules);
        MotetSession *juliet = start_row(&slow);

        test_session_receive(juliet, row->request);
        motet_session_destroy(juliet);
        wait_s(&slow, 60);

        test_assert_sent_nothing(juliet);
}

/* A module that stops leaves what waited for it to what is there without it. */
static void
test_module_stops(const void *data)
{
        const Row *row = data;
        g_auto(Slow) slow = slow_new("10s", row->modules);
        g_autofree char *without = config_of(slow.folder, "10s", "");
        MotetSession *juliet = start_row(&slow);

        test_session_receive(juliet, row->request);
        g_assert_true(test_server_reload(slow.server, without, NULL));
        assert_error(juliet, "iq", "q", row->from, REFUSED);
        wait_s(&slow, 60);

        test_assert_sent_nothing(juliet);
}

/* The same for messages: one is counted for, the other is being written, and a third is handed
 * out. */
static void
test_offline_stops(void)
{
        g_auto(Slow) slow = slow_new("10s", ", offline: ");
        g_autofree char *without = config_of(slow.folder, "10s", "");
        MotetSession *romeo = test_im_bind_available(slow.server, ROMEO "/orchard");
        MotetSession *second = test_im_bind_available(slow.server, ROMEO "/mantua");
        test_im_forget(romeo);
        test_session_receive(romeo, MESSAGE);
        wait_s(&slow, 15);
        test_session_receive(second, "<message to='nurse@example.org' type='chat' id='n'/>");
        MotetSession *juliet = test_server_bind(slow.server, JULIET "/balcony");
        test_session_receive(juliet, "<presence><priority>1</priority></presence>");
        test_im_forget(juliet);

        g_assert_true(test_server_reload(slow.server, without, NULL));

        assert_message_error(romeo, "m", REFUSED);
        assert_message_error(second, "n", REFUSED);
        wait_s(&slow, 60);
        test_assert_sent_nothing(juliet);
        test_assert_sent_nothing(romeo);
}

static void
add_rows(const char *what, GTestDataFunc func)
{
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *path = g_strdup_printf("/slow_storage/%s/%s", what, rows[i].name);
                g_test_add_data_func(path, &rows[i], func);
        }
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/slow_storage/sender-waits", test_sender_waits);
        g_test_add_func("/slow_storage/receiver-comes-meanwhile", test_receiver_comes_meanwhile);
        g_test_add_func("/slow_storage/deadline-of-a-message", test_deadline_of_a_message);
        g_test_add_func("/slow_storage/deadline-before-writing", test_deadline_before_writing);
        g_test_add_func("/slow_storage/sender-goes", test_sender_goes);
        g_test_add_func("/slow_storage/account-goes", test_account_goes);
        add_rows("deadline-of-a-request", test_deadline_of_a_request);
        add_rows("who-asked-goes", test_who_asked_goes);
        add_rows("module-stops", test_module_stops);
        g_test_add_func("/slow_storage/offline-stops", test_offline_stops);
        return g_test_run();
}

/*
 * Tests of each module going and coming back while users are online: nobody is disconnected, every
 * request gets one answer, and afterwards all is as it was.
 */
#include <motet/module.h>
#include <motet/stanza.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/command.h"
#include "core/session.h"
#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
#define NURSE "nurse@example.org"
#define N_USERS 3

/* What needs a socket, and what all that is kept would go with. */
static const char *const left_out[] = {"c2s", "storage_memory", "storage_sqlite", NULL};

/* A server with every other module of the build, and those of the tests at hand. */
typedef struct {
        char *folder;
        GPtrArray *modules; /* of names (own) */
        TestServer *server;
        MotetSession *users[N_USERS];
} Town;

/* One of everything that a client asks for. */
static const char *const requests[] = {
        "<iq type='get' id='%s'><query xmlns='jabber:iq:roster'/></iq>",
        "<iq type='set' id='%s'><query xmlns='jabber:iq:roster'><item jid='a@b' "
        "name='a'/></query></iq>",
        "<iq type='get' id='%s'><blocklist xmlns='urn:xmpp:blocking'/></iq>",
        "<iq type='set' id='%s'><block xmlns='urn:xmpp:blocking'><item jid='c@d'/></block></iq>",
        "<iq type='get' id='%s'><vCard xmlns='vcard-temp'/></iq>",
        "<iq type='set' id='%s'><vCard xmlns='vcard-temp'><FN>J</FN></vCard></iq>",
        "<iq type='get' id='%s'><query xmlns='jabber:iq:private'><a xmlns='x'/></query></iq>",
        "<iq type='set' id='%s'><query xmlns='jabber:iq:private'><a xmlns='x'>1</a></query></iq>",
        "<iq type='get' id='%s' to='" NURSE "'><query xmlns='jabber:iq:last'/></iq>",
        "<iq type='get' id='%s' to='example.org'><query xmlns='jabber:iq:last'/></iq>",
        "<iq type='get' id='%s' to='example.org'><query xmlns='jabber:iq:version'/></iq>",
        "<iq type='get' id='%s' to='example.org'><query xmlns='jabber:iq:register'/></iq>",
        "<iq type='get' id='%s' to='example.org'><time xmlns='urn:xmpp:time'/></iq>",
        "<iq type='get' id='%s' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='%s' to='example.org'><query "
        "xmlns='http://jabber.org/protocol/disco#info'/></iq>",
        "<iq type='get' id='%s' to='" NURSE
        "'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
        "<iq type='set' id='%s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
};

/* Who needs whom */

static bool
provides(const MotetModuleInfo *info, const char *what)
{
        if (!g_str_has_prefix(what, "service:"))
                return g_str_equal(info->name, what);

        for (const MotetServiceDecl *s = info->services; s && s->name; s++) {
                if (g_str_equal(s->name, what + strlen("service:")))
                        return true;
        }
        return false;
}

static const MotetModuleInfo *
info_of(TestServer *server, const char *name)
{
        MotetModule *module = test_server_module(server, name, test_server_host(server));

        if (!module)
                module = test_server_module(server, name, NULL);
        g_assert_nonnull(module);
        return motet_module_info(module);
}

static bool
needs_any(const Town *town, const MotetModuleInfo *info, GHashTable *gone)
{
        GHashTableIter iter;
        void *name;

        for (const char *const *what = info->depends; what && *what; what++) {
                g_hash_table_iter_init(&iter, gone);
                while (g_hash_table_iter_next(&iter, &name, NULL)) {
                        if (provides(info_of(town->server, name), *what))
                                return true;
                }
        }
        return false;
}

/* Returns: (own) @name and all that cannot run without it */
static GHashTable *
with_dependents(const Town *town, const char *name)
{
        GHashTable *gone = g_hash_table_new(g_str_hash, g_str_equal);
        guint before = 0;

        g_hash_table_add(gone, (char *)name);
        while (g_hash_table_size(gone) > before) {
                before = g_hash_table_size(gone);
                for (guint i = 0; i < town->modules->len; i++) {
                        char *other = town->modules->pdata[i];
                        if (needs_any(town, info_of(town->server, other), gone))
                                g_hash_table_add(gone, other);
                }
        }
        return gone;
}

/* @gone: NULL for none. Returns: (own) */
static char *
config_without(const Town *town, GHashTable *gone, const char *delay)
{
        GString *yaml = g_string_new(NULL);

        g_string_printf(yaml,
                        "modules_dir: %s\nlimits: {bind_timeout: 120s}\n"
                        "storage: {default: delayed}\nmodules: "
                        "{storage_memory: , delayed_storage: {options: {delay: %s}}",
                        town->folder, delay);
        for (guint i = 0; i < town->modules->len; i++) {
                const char *name = town->modules->pdata[i];
                bool hashes = g_str_equal(name, "auth_internal");
                if (!gone || !g_hash_table_contains(gone, name))
                        g_string_append_printf(yaml, ", %s: %s", name,
                                               hashes ? "{options: {iterations: 4096}}" : "");
        }
        g_string_append(yaml, "}\n");
        return g_string_free(yaml, FALSE);
}

/* A folder with both what is built to be used and what tests use */

static void
link_module(const Town *town, const char *place, const char *file)
{
        g_autofree char *target = g_build_filename(g_getenv("MOTET_TEST_BUILD"), place, file, NULL);
        g_autofree char *link = g_build_filename(town->folder, file, NULL);

        g_assert_cmpint(symlink(target, link), ==, 0);
}

static void
find_modules(Town *town)
{
        GDir *dir = g_dir_open(g_getenv("MOTET_TEST_MODULES"), 0, NULL);
        const char *file;

        g_assert_nonnull(dir);
        while ((file = g_dir_read_name(dir))) {
                if (!g_str_has_prefix(file, "mod_") || !g_str_has_suffix(file, ".so"))
                        continue;
                link_module(town, "modules", file);
                g_autofree char *name =
                        g_strndup(file + strlen("mod_"), strlen(file) - strlen("mod_.so"));
                if (!g_strv_contains(left_out, name))
                        g_ptr_array_add(town->modules, g_steal_pointer(&name));
        }
        g_dir_close(dir);
        link_module(town, "test_modules", "mod_delayed_storage.so");
}

static void
remove_folder(char *folder)
{
        GDir *dir = g_dir_open(folder, 0, NULL);
        const char *file;

        while ((file = g_dir_read_name(dir))) {
                g_autofree char *link = g_build_filename(folder, file, NULL);
                g_assert_cmpint(unlink(link), ==, 0);
        }
        g_dir_close(dir);
        g_assert_cmpint(rmdir(folder), ==, 0);
        g_free(folder);
}

/* Users */

static void
command(TestServer *server, const char *const *words)
{
        g_autofree char *output = NULL;
        int code = test_server_run_command(server, words, &output);

        g_test_message("%s", output);
        g_assert_cmpint(code, ==, 0);
}

/* How often @sent has @text */
static unsigned
count(const char *sent, const char *text)
{
        unsigned n = 0;

        for (const char *at = sent; (at = strstr(at, text)); at += strlen(text))
                n++;
        return n;
}

/* RFC 6120 8.2.3: each request gets one answer, whoever is there to give it. */
static void
ask_everything(MotetSession *session)
{
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_autofree char *id = g_strdup_printf("q%zu", i);
                g_auto(GStrv) parts = g_strsplit(requests[i], "%s", 2);
                g_autofree char *request = g_strjoinv(id, parts);
                g_autofree char *mark = g_strdup_printf("id='%s'", id);
                g_autofree char *sent = NULL;

                test_session_receive(session, request);
                sent = test_session_take_sent(session);
                if (count(sent, mark) != 1)
                        g_error("%s -> %s", request, sent);
                g_assert_true(motet_session_is_connected(session));
        }
}

static void
assert_nobody_left(const Town *town)
{
        for (unsigned i = 0; i < N_USERS; i++)
                g_assert_true(motet_session_is_connected(town->users[i]));
}

static void
use(const Town *town)
{
        MotetSession *const *users = town->users;

        /* Not faster than limits.user.stanzas_per_s. */
        test_server_advance(town->server, G_TIME_SPAN_SECOND);
        ask_everything(users[0]);
        test_session_receive(users[0],
                             "<message to='" JULIET "' type='chat'><body>1</body></message>"
                             "<message to='nobody@example.org'><body>2</body></message>"
                             "<presence><show>away</show></presence>"
                             "<presence to='" NURSE "' type='subscribe'/>"
                             "<presence to='" JULIET "/home'/>");
        test_session_receive(users[2], "<presence type='unavailable'/><presence/>");
        test_session_receive(users[1], " "); /* not idle */
        assert_nobody_left(town);
}

/* What users see of each other when all modules are there. */
static void
assert_all_is_well(MotetSession *const *users)
{
        for (unsigned i = 0; i < N_USERS; i++)
                test_im_forget(users[i]);
        test_session_receive(users[0], "<message to='" JULIET "' id='m' type='chat'/>"
                                       "<presence id='p'><show>dnd</show></presence>");
        g_autofree char *sent = test_session_take_sent(users[1]);
        g_assert_cmpuint(count(sent, "id='m'"), ==, 1);
        g_assert_cmpuint(count(sent, "<show>dnd</show>"), ==, 1);
        test_im_forget(users[0]);

        test_session_receive(users[0], "<iq type='get' id='v'><vCard xmlns='vcard-temp'/></iq>");
        test_assert_sent(users[0], "<iq type='result' id='v' to='*'><vCard xmlns='vcard-temp'>"
                                   "<FN>J</FN></vCard></iq>");
        test_session_receive(users[0], "<message to='c@d' id='b'/>");
        g_autofree char *blocked = test_session_take_sent(users[0]);
        g_assert_cmpuint(count(blocked, "<blocked "), ==, 1);
}

static void
reload(const Town *town, GHashTable *gone, const char *delay)
{
        g_autofree char *config = config_without(town, gone, delay);
        g_autofree char *output = NULL;
        bool is_done = test_server_reload(town->server, config, &output);

        g_test_message("%s", output);
        g_assert_true(is_done);
}

static void
town_init(Town *town)
{
        static const char *const accounts[N_USERS] = {ROMEO, JULIET, NURSE};

        town->folder = g_dir_make_tmp("motet-modules-XXXXXX", NULL);
        town->modules = g_ptr_array_new_with_free_func(g_free);
        find_modules(town);
        g_autofree char *config = config_without(town, NULL, "0s");
        town->server = test_server_new_config(config);
        for (unsigned i = 0; i < N_USERS; i++) {
                g_autofree char *jid = g_strconcat(accounts[i], "/home", NULL);
                command(town->server, MOTET_LIST("user", "add", accounts[i], "correct horse"));
                town->users[i] = test_im_bind_available(town->server, jid);
        }
        test_im_befriend(town->users[0], town->users[1]);
        use(town);
        assert_all_is_well(town->users);
}

static void
town_clear(Town *town)
{
        test_server_free(town->server);
        remove_folder(town->folder);
        g_ptr_array_unref(town->modules);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Town, town_clear)

static void
test_each(void)
{
        g_auto(Town) town = {0};
        town_init(&town);

        for (guint i = 0; i < town.modules->len; i++) {
                const char *name = town.modules->pdata[i];
                g_autoptr(GHashTable) gone = with_dependents(&town, name);

                reload(&town, gone, "0s");
                g_assert_null(test_server_module(town.server, name, test_server_host(town.server)));
                use(&town);
                reload(&town, NULL, "0s");

                use(&town);
                assert_all_is_well(town.users);
        }
}

/* New code for each */

/* A new file with the name of the former, as an upgrade brings it. */
static void
renew_file(const Town *town, const char *name)
{
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", town->folder, name);
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
        g_assert_cmpint(unlink(path), ==, 0);
        g_assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
        g_assert_cmpint(chmod(path, 0755), ==, 0);
}

static void
test_replace_each(void)
{
        g_auto(Town) town = {0};
        town_init(&town);

        for (guint i = 0; i < town.modules->len; i++) {
                const char *name = town.modules->pdata[i];
                MotetModule *before =
                        test_server_module(town.server, name, test_server_host(town.server));
                renew_file(&town, name);
                command(town.server, MOTET_LIST("module", "reload", name));

                g_assert_true(!before ||
                              test_server_module(town.server, name,
                                                 test_server_host(town.server)) != before);
                use(&town);
                assert_all_is_well(town.users);
        }
}

/* While requests wait for the store */

/* Each in a stream of its own, since the requests of one wait for each other. */
static void
ask_in_vain(MotetSession *const *streams)
{
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_auto(GStrv) parts = g_strsplit(requests[i], "%s", 2);
                g_autofree char *request = g_strjoinv("waits", parts);
                test_im_forget(streams[i]);
                test_session_receive(streams[i], request);
        }
}

static void
assert_each_answered_once(MotetSession *const *streams)
{
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_autofree char *sent = test_session_take_sent(streams[i]);
                if (count(sent, "id='waits'") != 1)
                        g_error("%s -> %s", requests[i], sent);
                g_assert_true(motet_session_is_connected(streams[i]));
        }
}

static void
wait_s(const Town *town, int seconds)
{
        for (int i = 0; i < seconds; i++)
                test_server_advance(town->server, G_TIME_SPAN_SECOND);
}

/* With a result, that is. */
static void
assert_each_answered_well(MotetSession *const *streams)
{
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_autofree char *sent = test_session_take_sent(streams[i]);
                if (count(sent, "id='waits'") != 1 || strstr(sent, "resource-constraint"))
                        g_error("%s -> %s", requests[i], sent);
                g_assert_true(motet_session_is_connected(streams[i]));
        }
}

typedef struct {
        bool has_ended;
        int code;
} Answer;

static void
take_line(void *data, const char *text)
{
        (void)data;
        g_test_message("%s", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Answer *answer = data;

        if (error_text)
                take_line(answer, error_text);
        answer->has_ended = true;
        answer->code = exit_code;
}

static const CommandOwner command_owner = {.line = take_line, .ended = take_end};

/* What waits for the store is answered by the code that was asked. */
static void
test_replace_while_requests_wait(void)
{
        g_auto(Town) town = {0};
        MotetSession *streams[G_N_ELEMENTS(requests)];
        town_init(&town);
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_autofree char *jid = g_strdup_printf(ROMEO "/%zu", i);
                streams[i] = test_server_bind(town.server, jid);
        }

        for (guint i = 0; i < town.modules->len; i++) {
                const char *name = town.modules->pdata[i];
                Answer answer = {0};
                reload(&town, NULL, "2s");
                ask_in_vain(streams);
                renew_file(&town, name);
                command_run(test_server_core(town.server), MOTET_LIST("module", "reload", name),
                            &command_owner, &answer);
                wait_s(&town, 12);

                g_test_message("%s: %d", name, answer.code);
                g_assert_true(answer.has_ended);
                g_assert_cmpint(answer.code, ==, 0);
                assert_each_answered_well(streams);
                reload(&town, NULL, "0s");
                wait_s(&town, 6);
                use(&town);
                assert_all_is_well(town.users);
        }
}

static void
test_requests_wait(void)
{
        g_auto(Town) town = {0};
        MotetSession *streams[G_N_ELEMENTS(requests)];
        town_init(&town);
        for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
                g_autofree char *jid = g_strdup_printf(ROMEO "/%zu", i);
                streams[i] = test_server_bind(town.server, jid);
        }

        for (guint i = 0; i < town.modules->len; i++) {
                g_autoptr(GHashTable) gone = with_dependents(&town, town.modules->pdata[i]);
                reload(&town, NULL, "5s");
                ask_in_vain(streams);

                reload(&town, gone, "5s");
                wait_s(&town, 40);

                assert_each_answered_once(streams);
                reload(&town, NULL, "0s");
                wait_s(&town, 6); /* what is loaded still came slowly */
                use(&town);
                assert_all_is_well(town.users);
        }
}

/* A subscription is asked for again rather than sent on without the server knowing of it (RFC
 * 6121 3.1.2). */
static void
test_subscription_waits(void)
{
        g_auto(Town) town = {0};
        town_init(&town);
        g_autoptr(GHashTable) gone = with_dependents(&town, "roster");
        reload(&town, NULL, "5s");
        for (unsigned i = 0; i < N_USERS; i++)
                test_im_forget(town.users[i]);
        test_session_receive(town.users[1],
                             "<presence to='" NURSE "' type='subscribe' id='waits'/>");

        reload(&town, gone, "5s");
        wait_s(&town, 40);

        test_assert_sent(town.users[1],
                         "<presence type='error' id='waits' from='" NURSE
                         "' to='*'><error type='cancel'>"
                         "<service-unavailable xmlns='" NS_STANZAS "'/></error></presence>");
        test_assert_sent_nothing(town.users[1]);
        test_assert_sent_nothing(town.users[2]);
}

/* A client whose bind was refused because the store did not answer in time tries again. */
static void
test_bind_again(void)
{
        g_auto(Town) town = {0};
        town_init(&town);
        const char *bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                           "<resource>again</resource></bind></iq>";
        reload(&town, NULL, "35s");
        MotetSession *session = test_server_login(town.server, ROMEO);

        test_session_receive(session, bind);
        wait_s(&town, 31);
        test_assert_sent(session, "<iq type='error' id='b' to='*'><error type='wait'>"
                                  "<resource-constraint xmlns='" NS_STANZAS "'/></error></iq>");
        test_session_receive(session, bind);
        wait_s(&town, 10);

        test_assert_sent(session, "<iq type='result' id='b' to='*'><bind "
                                  "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>" ROMEO
                                  "/again</jid></bind></iq>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/reload/each-module-goes-and-comes-back", test_each);
        g_test_add_func("/reload/each-module-is-replaced", test_replace_each);
        g_test_add_func("/reload/replaced-while-requests-wait", test_replace_while_requests_wait);
        g_test_add_func("/reload/while-requests-wait", test_requests_wait);
        g_test_add_func("/reload/while-a-subscription-waits", test_subscription_waits);
        g_test_add_func("/reload/bind-again-after-the-deadline", test_bind_again);
        return g_test_run();
}

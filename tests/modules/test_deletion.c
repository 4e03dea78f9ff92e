/*
 * Tests of deleting an account, with every module there is: nothing of it is left in any table of
 * any store, and its contacts' rosters are right.
 *
 * Modules are found in the folder, so one that stores something new is walked over without a word
 * here; what it stores it must be given in fill(), which fails when a store named below stays
 * empty.
 */
#include <dlfcn.h>
#include <motet/service-presence.h>
#include <motet/service-store.h>
#include <motet/stanza.h>

#include "support/test_im.h"

#define ROMEO "romeo@example.org"
#define JULIET "juliet@example.org"
#define NURSE "nurse@example.org"
#define TYBALT "tybalt@example.org"
#define REMOTE "mercutio@example.net"
#define REMOTE_ASKS "benvolio@example.net"

/* Ports and certificates, of which a server without sockets has none */
static const char *const left_out[] = {"c2s", "tls", NULL};

/* What a module that is there must have stored of romeo after fill() */
static const struct {
        const char *module, *store;
} stored_by[] = {
        {"auth_internal", "accounts"},
        {"roster", "roster"},
        {"offline", "offline"},
        {"vcard", "vcard"},
        {"private", "private"},
        {"blocking", "blocking"},
        {"last", "last"},
};

static bool
is_there(const char *module)
{
        g_autofree char *path =
                g_strdup_printf("%s/mod_%s.so", g_getenv("MOTET_TEST_MODULES"), module);

        return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Returns: (own) a configuration with every module of the folder, all stores at @storage */
static char *
config_with_all(const char *storage)
{
        g_autoptr(GString) yaml = g_string_new(NULL);
        GDir *dir = g_dir_open(g_getenv("MOTET_TEST_MODULES"), 0, NULL);
        const char *file;

        g_assert_nonnull(dir);
        g_string_printf(yaml, "storage: {default: %s}\nmodules:\n", storage);
        while ((file = g_dir_read_name(dir))) {
                g_autofree char *name = g_strdup(file);
                if (!g_str_has_prefix(file, "mod_") || !g_str_has_suffix(file, ".so"))
                        continue;
                name[strlen(name) - strlen(".so")] = '\0';
                if (!g_strv_contains(left_out, name + strlen("mod_")))
                        g_string_append_printf(yaml, "  %s:\n", name + strlen("mod_"));
                if (g_str_equal(file, "mod_auth_internal.so"))
                        g_string_append(yaml, "    options: {iterations: 4096}\n");
                if (g_str_equal(file, "mod_storage_sqlite.so"))
                        g_string_append(yaml, "    options: {file: data/test.sqlite, "
                                              "synchronous: normal}\n");
        }
        g_dir_close(dir);
        return g_string_free(g_steal_pointer(&yaml), FALSE);
}

static void
command(TestServer *server, const char *const *words)
{
        g_autofree char *output = NULL;

        if (test_server_run_command(server, words, &output) != 0)
                g_error("%s %s: %s", words[0], words[1], output);
}

static TestServer *
start(const char *storage)
{
        static const char *const accounts[] = {ROMEO, JULIET, NURSE, TYBALT};
        g_autofree char *yaml = config_with_all(storage);
        TestServer *server = test_server_new_config(yaml);

        test_remote_connect(server);
        for (size_t i = 0; i < G_N_ELEMENTS(accounts); i++)
                command(server, MOTET_LIST("user", "add", accounts[i], "correct horse"));
        return server;
}

/* Everything that can be stored for romeo, who is offline afterwards; juliet, whose session it
 * returns, has the same. */
static MotetSession *
fill(TestServer *server)
{
        static const char *const sets[] = {
                "<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>R</FN></vCard></iq>",
                "<iq type='set' id='p'><query xmlns='jabber:iq:private'><x xmlns='urn:test'>y</x>"
                "</query></iq>",
                "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='" TYBALT "'/>"
                "</block></iq>",
        };
        MotetSession *romeo = test_im_bind_available(server, ROMEO "/orchard");
        MotetSession *juliet = test_im_bind_available(server, JULIET "/balcony");

        test_im_befriend(romeo, juliet);
        test_session_receive(romeo, "<presence type='subscribe' to='" NURSE "'/>");
        test_im_come_to(server, romeo, REMOTE, BOTH);
        test_im_come_to(server, romeo, REMOTE_ASKS, NONE_IN);
        for (size_t i = 0; i < G_N_ELEMENTS(sets); i++) {
                test_session_receive(romeo, sets[i]);
                test_session_receive(juliet, sets[i]);
        }
        test_session_receive(romeo, "<presence type='unavailable'><status>Bye</status></presence>");
        test_session_receive(romeo, "</stream:stream>");
        test_session_receive(juliet,
                             "<message type='chat' to='" ROMEO "'><body>ay</body></message>");
        test_remote_forget();
        test_im_forget(juliet);
        return juliet;
}

/* SQLite: another connection to the file, through the library that the module brought */

typedef struct {
        void *library, *sqlite;
        int (*exec)(void *sqlite, const char *sql,
                    int (*row)(void *data, int n, char **values, char **names), void *data,
                    char **error);
        int (*close)(void *sqlite);
} Database;

static Database
database_open(TestServer *server)
{
        g_autofree char *path =
                g_build_filename(test_server_dir(server), "data", "test.sqlite", NULL);
        Database database = {.library = dlopen("libsqlite3.so.0", RTLD_NOW)};
        int (*open_file)(const char *, void **) = NULL;

        g_assert_nonnull(database.library);
        *(void **)&open_file = dlsym(database.library, "sqlite3_open");
        *(void **)&database.exec = dlsym(database.library, "sqlite3_exec");
        *(void **)&database.close = dlsym(database.library, "sqlite3_close");
        g_assert_cmpint(open_file(path, &database.sqlite), ==, 0);
        return database;
}

static void
database_close(Database *database)
{
        g_assert_cmpint(database->close(database->sqlite), ==, 0);
        dlclose(database->library);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Database, database_close)

static int
add_row(void *data, int n, char **values, char **names)
{
        GPtrArray *rows = data;

        (void)names;
        g_assert_cmpint(n, >=, 1);
        g_ptr_array_add(rows, g_strdup(values[0]));
        return 0;
}

/* Returns: (own) the first column of what @sql finds */
static GPtrArray *
rows_of(Database *database, const char *sql)
{
        GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);

        g_assert_cmpint(database->exec(database->sqlite, sql, add_row, rows, NULL), ==, 0);
        return rows;
}

static unsigned
count(Database *database, const char *sql)
{
        g_autoptr(GPtrArray) rows = rows_of(database, sql);

        g_assert_cmpuint(rows->len, ==, 1);
        return (unsigned)g_ascii_strtoull(rows->pdata[0], NULL, 10);
}

static bool
has_column(Database *database, const char *table, const char *column)
{
        g_autofree char *sql = g_strdup_printf(
                "SELECT count(*) FROM pragma_table_info('%s') WHERE name = '%s'", table, column);

        return count(database, sql) > 0;
}

/* Rows of @account in every table that knows accounts; entries hang on chains. */
static unsigned
n_rows(Database *database, const char *account)
{
        g_autoptr(GPtrArray) tables =
                rows_of(database, "SELECT name FROM sqlite_master WHERE type = 'table'");
        unsigned n = 0, n_tables = 0;

        for (guint i = 0; i < tables->len; i++) {
                if (!has_column(database, tables->pdata[i], "account"))
                        continue;
                g_autofree char *sql =
                        g_strdup_printf("SELECT count(*) FROM \"%s\" WHERE account = '%s'",
                                        (char *)tables->pdata[i], account);
                n += count(database, sql);
                n_tables++;
        }
        g_assert_cmpuint(n_tables, >=, 3);
        return n;
}

static unsigned
n_in_store(Database *database, const char *store, const char *account)
{
        unsigned n = 0;
        static const char *const tables[] = {"documents", "chains"};

        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
                g_autofree char *sql = g_strdup_printf(
                        "SELECT count(*) FROM %s AS t JOIN stores AS s ON t.store = s.id "
                        "WHERE s.name = '%s' AND t.account = '%s'",
                        tables[i], store, account);
                n += count(database, sql);
        }
        return n;
}

static void
assert_filled(Database *database)
{
        for (size_t i = 0; i < G_N_ELEMENTS(stored_by); i++) {
                if (is_there(stored_by[i].module) &&
                    n_in_store(database, stored_by[i].store, "romeo") == 0)
                        g_error("nothing of romeo was stored by %s", stored_by[i].module);
        }
}

static void
assert_nothing_left(Database *database)
{
        g_assert_cmpuint(n_rows(database, "romeo"), ==, 0);
        g_assert_cmpuint(count(database, "SELECT count(*) FROM entries WHERE chain NOT IN "
                                         "(SELECT id FROM chains)"),
                         ==, 0);
}

/* By an operator, while the user is away */
static void
test_nothing_is_left_in_sqlite(void)
{
        g_autoptr(TestServer) server = start("sqlite");
        fill(server);
        g_auto(Database) database = database_open(server);
        unsigned of_juliet = n_rows(&database, "juliet");
        assert_filled(&database);

        command(server, MOTET_LIST("user", "delete", ROMEO));

        assert_nothing_left(&database);
        g_assert_cmpuint(n_rows(&database, "juliet"), ==, of_juliet);
}

/* ... and while the user is there: what is stored when sessions end does not stay. */
static void
test_nothing_is_left_of_sessions(void)
{
        g_autoptr(TestServer) server = start("sqlite");
        fill(server);
        MotetSession *romeo = test_im_bind_available(server, ROMEO "/mantua");
        MotetSession *second = test_im_bind_available(server, ROMEO "/verona");
        test_im_forget(romeo);
        g_auto(Database) database = database_open(server);

        command(server, MOTET_LIST("user", "delete", ROMEO));

        assert_nothing_left(&database);
        test_assert_stream_error(romeo, "not-authorized");
        test_assert_stream_error(second, "not-authorized");
}

/* By the user: XEP-0077 3.2 */
static void
test_nothing_is_left_of_a_cancelled_account(void)
{
        g_autoptr(TestServer) server = start("sqlite");
        fill(server);
        MotetSession *romeo = test_im_bind_available(server, ROMEO "/mantua");
        test_im_bind_available(server, ROMEO "/verona");
        g_auto(Database) database = database_open(server);

        test_session_receive(
                romeo,
                "<iq type='set' id='r'><query xmlns='jabber:iq:register'><remove/></query></iq>");

        g_autofree char *sent = test_session_take_sent(romeo);
        g_assert_nonnull(strstr(sent, "<iq type='result' id='r' to='" ROMEO "/mantua'/>"));
        assert_nothing_left(&database);
}

/* What others do meanwhile does not bring it back. */
static void
test_nothing_arrives_after_deletion(void)
{
        g_autoptr(TestServer) server = start("sqlite");
        MotetSession *juliet = fill(server);
        g_auto(Database) database = database_open(server);

        command(server, MOTET_LIST("user", "delete", ROMEO));
        test_session_receive(juliet,
                             "<message type='chat' to='" ROMEO "'><body>?</body></message>");
        test_session_receive(juliet, "<presence type='subscribe' to='" ROMEO "'/>");
        test_remote_receive(server,
                            "<presence from='" REMOTE "' to='" ROMEO "' type='subscribe'/>");

        assert_nothing_left(&database);
}

/* Memory: every store whose name a module gave, in every shape */

static void
note_account(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
             void *data)
{
        bool *found = data;

        (void)self;
        g_assert_no_error(error);
        for (size_t i = 0; i < n; i++)
                *found |= strcmp(items[i].account, "romeo") == 0;
}

static bool
is_stored(TestServer *server, const char *store)
{
        static const MotetStoreShape shapes[] = {MOTET_STORE_KEYVAL, MOTET_STORE_MAP,
                                                 MOTET_STORE_ARCHIVE};
        bool found = false;

        for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
                MotetStore *opened =
                        motet_store_open(test_server_owner(server), store, shapes[i], NULL);
                g_assert_nonnull(opened);
                motet_store_accounts(opened, note_account, &found);
                test_server_settle(server);
        }
        return found;
}

static void
count_accounts(MotetModule *self, const GError *error, const MotetStoreItem *items, size_t n,
               void *data)
{
        (void)self;
        (void)items;
        g_assert_no_error(error);
        *(size_t *)data = n;
}

static size_t
n_noted(TestServer *server)
{
        MotetStore *store =
                motet_store_open(test_server_owner(server), "notes", MOTET_STORE_KEYVAL, NULL);
        size_t n = SIZE_MAX;

        motet_store_accounts(store, count_accounts, &n);
        test_server_settle(server);
        return n;
}

/* Returns: (own) the names of all stores that the modules write to */
static GPtrArray *
store_names(void)
{
        g_autoptr(TestServer) server = start("sqlite");
        fill(server);
        g_auto(Database) database = database_open(server);

        return rows_of(&database, "SELECT DISTINCT name FROM stores");
}

static void
test_nothing_is_left_in_memory(void)
{
        g_autoptr(GPtrArray) names = store_names();
        g_autoptr(TestServer) server = start("memory");
        unsigned n = 0;
        fill(server);
        for (guint i = 0; i < names->len; i++)
                n += is_stored(server, names->pdata[i]);
        g_assert_cmpuint(n, >=, 3);

        command(server, MOTET_LIST("user", "delete", ROMEO));

        for (guint i = 0; i < names->len; i++) {
                if (is_stored(server, names->pdata[i]))
                        g_error("%s has something of romeo still", (char *)names->pdata[i]);
        }
}

/* A module that stores something when a session ends, and knows nothing of deletions */
static MotetResult
keep_a_note(MotetModule *self, MotetSessionEvent *ev)
{
        MotetStore *store = motet_store_open(self, "notes", MOTET_STORE_KEYVAL, NULL);
        g_autoptr(GBytes) note = g_bytes_new_static("x", 1);

        motet_store_set(store, ev->session->username, "", note, NULL, NULL);
        return MOTET_CONTINUE;
}

static void
test_what_the_end_of_sessions_leaves_is_swept_up(void)
{
        static const MotetHook hook =
                MOTET_ON_SESSION("session-unbound", keep_a_note, MOTET_PRIO_NORMAL);
        g_autoptr(TestServer) server = start("memory");
        test_server_hook(server, &hook);
        MotetSession *romeo = test_im_bind_available(server, ROMEO "/mantua");
        MotetSession *tybalt = test_im_bind_available(server, TYBALT "/tomb");
        MotetSession *nurse = test_im_bind_available(server, NURSE "/kitchen");

        command(server, MOTET_LIST("user", "delete", ROMEO));
        g_assert_false(is_stored(server, "notes"));
        test_session_receive(tybalt, "</stream:stream>");
        test_session_receive(nurse, "<iq type='set' id='r'><query xmlns='jabber:iq:register'>"
                                    "<remove/></query></iq>");

        g_assert_false(motet_session_is_connected(romeo));
        g_assert_false(motet_session_is_connected(nurse));
        g_assert_cmpuint(n_noted(server), ==, 1);
}

/* The session in which an account is cancelled leaves when all else is gone; who has the name next
 * was not there. */
static void
test_made_anew_it_never_left(void)
{
        g_autoptr(TestServer) server = start("memory");
        MotetSession *nurse = test_im_bind_available(server, NURSE "/kitchen");
        MotetModule *provider = NULL;
        const MotetPresenceService *presence =
                motet_service(test_server_host(server), "presence", &provider);
        int64_t when = -1;

        test_session_receive(nurse, "<iq type='set' id='r'><query xmlns='jabber:iq:register'>"
                                    "<remove/></query></iq>");
        command(server, MOTET_LIST("user", "add", NURSE, "correct horse"));

        g_assert_null(presence->last(provider, "nurse", &when));
        g_assert_cmpint(when, ==, 0);
}

/* Contacts: XEP-0077 3.2, RFC 6121 3.2 and 3.3 */
static void
test_contacts_are_told(void)
{
        g_autoptr(TestServer) server = start("memory");
        MotetSession *juliet = fill(server);
        MotetSession *nurse = test_im_bind_available(server, NURSE "/kitchen");
        g_assert_cmpuint(test_im_state(server, "juliet", ROMEO) & BOTH, ==, BOTH);
        g_assert_cmpuint(test_im_state(server, "nurse", ROMEO), ==, NONE_IN);

        command(server, MOTET_LIST("user", "delete", ROMEO));

        g_assert_cmpuint(test_im_state(server, "juliet", ROMEO), ==, MOTET_ROSTER_LISTED);
        g_assert_cmpuint(test_im_state(server, "nurse", ROMEO), ==, 0);
        test_assert_remote("<presence type='unsubscribed' from='" ROMEO "' to='" REMOTE_ASKS "'/>");
        test_assert_remote("<presence type='unsubscribe' from='" ROMEO "' to='" REMOTE "'/>");
        test_assert_remote("<presence type='unsubscribed' from='" ROMEO "' to='" REMOTE "'/>");
        test_assert_remote_nothing();
        g_autofree char *told = test_session_take_sent(juliet);
        g_assert_nonnull(strstr(told, "subscription='none'"));
        g_assert_nonnull(strstr(told, "type='unsubscribe'"));
        g_assert_nonnull(strstr(told, "type='unsubscribed'"));
        g_assert_true(motet_session_is_connected(nurse));
}

/* Who sees the user learns that the sessions are gone, once. */
static void
test_contacts_see_the_end(void)
{
        g_autoptr(TestServer) server = start("memory");
        MotetSession *juliet = fill(server);
        test_im_bind_available(server, ROMEO "/mantua");
        test_im_forget(juliet);

        command(server, MOTET_LIST("user", "delete", ROMEO));

        g_autofree char *told = test_session_take_sent(juliet);
        const char *gone = "type='unavailable'";
        const char *first = strstr(told, gone);
        g_assert_nonnull(first);
        g_assert_null(strstr(first + 1, gone));
}

/* Nobody can make the account anew in the middle of it. */
static void
test_made_anew_it_is_empty(void)
{
        g_autoptr(TestServer) server = start("sqlite");
        MotetSession *juliet = fill(server);

        command(server, MOTET_LIST("user", "delete", ROMEO));
        command(server, MOTET_LIST("user", "add", ROMEO, "correct horse"));
        MotetSession *romeo = test_server_bind(server, ROMEO "/orchard");
        test_session_receive(romeo, "<iq type='get' id='g'><query xmlns='" NS_ROSTER "'/></iq>");
        test_assert_sent(romeo, "<iq type='result' id='g' to='*'><query xmlns='" NS_ROSTER
                                "' ver='*'/></iq>");
        test_session_receive(romeo, "<presence/>");
        test_assert_sent(romeo, "<presence from='" ROMEO "/orchard' to='" ROMEO "/orchard'/>");
        test_assert_sent_nothing(romeo);
        test_im_forget(juliet);
        test_session_receive(romeo, "<presence type='unavailable'/>");
        test_assert_sent_nothing(juliet);
}

/* The way out of damage: an account whose contacts cannot be read can be deleted. */
static void
test_without_a_roster(void)
{
        g_autoptr(TestServer) server =
                test_server_new(MOTET_LIST("storage_memory", "auth_internal", "roster"));
        command(server, MOTET_LIST("user", "add", ROMEO, "correct horse"));
        MotetStore *store =
                motet_store_open(test_server_owner(server), "roster", MOTET_STORE_MAP, NULL);
        g_autoptr(GBytes) damage = g_bytes_new_static("<item", 5);
        motet_store_set(store, "romeo", JULIET, damage, NULL, NULL);
        test_server_settle(server);
        g_assert_true(is_stored(server, "roster"));

        command(server, MOTET_LIST("user", "delete", ROMEO));

        g_assert_false(is_stored(server, "roster"));
        g_assert_false(is_stored(server, "accounts"));
}

/* A roster module that stops leaves no deletion behind that waits for it. */
static void
test_roster_stops_meanwhile(void)
{
        g_autoptr(TestServer) server =
                test_server_new(MOTET_LIST("storage_memory", "auth_internal", "roster"));
        command(server, MOTET_LIST("user", "add", ROMEO, "correct horse"));
        g_assert_true(
                test_server_reload(server, "modules: {storage_memory: , auth_internal: }", NULL));

        command(server, MOTET_LIST("user", "delete", ROMEO));

        g_assert_false(is_stored(server, "accounts"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/deletion/" path, func)
        ADD("nothing-is-left-in-sqlite", test_nothing_is_left_in_sqlite);
        ADD("nothing-is-left-of-sessions", test_nothing_is_left_of_sessions);
        ADD("nothing-is-left-of-a-cancelled-account", test_nothing_is_left_of_a_cancelled_account);
        ADD("nothing-arrives-afterwards", test_nothing_arrives_after_deletion);
        ADD("nothing-is-left-in-memory", test_nothing_is_left_in_memory);
        ADD("what-the-end-of-sessions-leaves-is-swept-up",
            test_what_the_end_of_sessions_leaves_is_swept_up);
        ADD("contacts-are-told", test_contacts_are_told);
        ADD("contacts-see-the-end", test_contacts_see_the_end);
        ADD("made-anew-it-is-empty", test_made_anew_it_is_empty);
        ADD("made-anew-it-never-left", test_made_anew_it_never_left);
        ADD("without-a-roster", test_without_a_roster);
        ADD("roster-is-off", test_roster_stops_meanwhile);
        return g_test_run();
}

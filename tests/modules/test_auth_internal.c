/*
 * test_auth_internal: accounts: the commands that change them, and the service "auth".
 */
#include <dlfcn.h>
#include <motet/event.h>
#include <motet/service-auth.h>
#include <motet/service-store.h>
#include <openssl/hmac.h>

#include "core/command.h"
#include "support/test_server.h"

#define OPTIONS "storage_memory:\nauth_internal:\n  options:\n    iterations: 4096\n"

static int
user(TestServer *server, const char *what, const char *jid, const char *password, char **output_out)
{
        const char *const words[] = {"user", what, jid, password, NULL};

        return test_server_run_command(server, words, output_out);
}

static TestServer *
server_with_romeo(const char *modules_yaml)
{
        TestServer *server = test_server_new_yaml(modules_yaml);

        g_assert_cmpint(user(server, "add", "romeo@example.org", "montague", NULL), ==, 0);
        return server;
}

/* Answers of the service */

typedef struct {
        unsigned n;
        MotetAuthStatus status;
        char *salt; /* base64 */
        char *stored_key;
        unsigned iterations;
        bool usable, disabled;
} Answer;

static void
answer_clear(Answer *answer)
{
        g_free(answer->salt);
        g_free(answer->stored_key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, answer_clear)

static void
note_status(MotetModule *caller, MotetAuthStatus status, void *data)
{
        Answer *answer = data;

        g_assert_nonnull(caller);
        answer->n++;
        answer->status = status;
}

static void
note_keys(MotetModule *caller, MotetAuthStatus status, const MotetAuthKeys *keys, void *data)
{
        Answer *answer = data;

        note_status(caller, status, data);
        g_assert_cmpint(keys != NULL, ==, status == MOTET_AUTH_OK);
        if (!keys)
                return;
        answer->salt = g_base64_encode(keys->salt, keys->salt_len);
        answer->stored_key = g_base64_encode(keys->stored_key, keys->key_len);
        answer->iterations = keys->iterations;
        answer->usable = keys->usable;
        answer->disabled = keys->disabled;
}

static const MotetAuthService *
service(TestServer *server, MotetModule **provider_out)
{
        const MotetAuthService *auth =
                motet_service(test_server_host(server), "auth", provider_out);

        g_assert_nonnull(auth);
        return auth;
}

static MotetAuthRequest *
ask_check(TestServer *server, const char *username, const char *password, Answer *answer)
{
        MotetModule *provider;
        const MotetAuthService *auth = service(server, &provider);

        return auth->check(provider, test_server_owner(server), username, password, note_status,
                           answer);
}

static MotetAuthStatus
check(TestServer *server, const char *username, const char *password)
{
        Answer answer = {0};

        ask_check(server, username, password, &answer);
        g_assert_cmpuint(answer.n, ==, 0);
        test_server_settle(server);
        g_assert_cmpuint(answer.n, ==, 1);
        return answer.status;
}

static Answer
ask_keys(TestServer *server, const char *username, const char *hash)
{
        MotetModule *provider;
        const MotetAuthService *auth = service(server, &provider);
        Answer answer = {0};

        auth->keys(provider, test_server_owner(server), username, hash, note_keys, &answer);
        g_assert_cmpuint(answer.n, ==, 0);
        test_server_settle(server);
        g_assert_cmpuint(answer.n, ==, 1);
        return answer;
}

static Answer
keys(TestServer *server, const char *username, const char *hash)
{
        Answer answer = ask_keys(server, username, hash);

        g_assert_cmpint(answer.status, ==, MOTET_AUTH_OK);
        return answer;
}

static void
test_check(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);

        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(server, "romeo", "Montague"), ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(check(server, "tybalt", "montague"), ==, MOTET_AUTH_FAILED);
}

/* A random salt of 16 bytes, for each account and hash its own */
static void
test_salts(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        user(server, "add", "juliet@example.org", "montague", NULL);
        g_auto(Answer) romeo = keys(server, "romeo", "SHA-256"),
                       juliet = keys(server, "juliet", "SHA-256");
        g_auto(Answer) romeo1 = keys(server, "romeo", "SHA-1");

        g_assert_cmpuint(strlen(romeo.salt), ==, 24);
        g_assert_cmpstr(romeo.salt, !=, juliet.salt);
        g_assert_cmpstr(romeo.stored_key, !=, juliet.stored_key);
        g_assert_cmpstr(romeo.salt, !=, romeo1.salt);
        g_assert_cmpuint(romeo.iterations, ==, 4096);
        g_assert_true(romeo.usable);
}

/*
 * What is invented for an unknown user looks like the rest and stays the same, but is good for
 * nothing
 */
static void
test_keys_of_unknown_users(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        static const char *const hashes[] = {"SHA-1", "SHA-256", "SHA-512"};

        for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
                g_auto(Answer) first = keys(server, "tybalt", hashes[i]),
                               again = keys(server, "tybalt", hashes[i]);
                g_auto(Answer) other = keys(server, "paris", hashes[i]),
                               known = keys(server, "romeo", hashes[i]);
                g_assert_false(first.usable);
                g_assert_false(first.disabled);
                g_assert_cmpstr(first.salt, ==, again.salt);
                g_assert_cmpstr(first.salt, !=, other.salt);
                g_assert_cmpuint(strlen(first.salt), ==, strlen(known.salt));
                g_assert_cmpuint(first.iterations, ==, known.iterations);
        }
}

typedef unsigned char *(*Hmac)(const EVP_MD *md, const void *key, int key_len,
                               const unsigned char *data, size_t n, unsigned char *out,
                               unsigned *n_out);

static int n_hmacs, failing_hmac; /* of any thread; the one that fails, 0: none */

/* Stands before OpenSSL's for the module too, which is opened by this program. */
__attribute__((visibility("default"))) unsigned char *
HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data, size_t n,
     unsigned char *out, unsigned *n_out)
{
        Hmac real;

        *(void **)&real = dlsym(RTLD_NEXT, "HMAC");
        if (g_atomic_int_add(&n_hmacs, 1) + 1 == g_atomic_int_get(&failing_hmac))
                return NULL;
        return real(md, key, key_len, data, n, out, n_out);
}

/* R7: when OpenSSL has no memory to invent salts with, nobody is told any: what is in memory
 * otherwise is not the server's to tell, and would be another one the next time. */
static void
test_keys_that_cannot_be_invented(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_auto(Answer) before = keys(server, "tybalt", "SHA-1");

        for (int number = 1; number <= 2; number++) {
                n_hmacs = 0;
                failing_hmac = number;
                g_auto(Answer) unknown = ask_keys(server, "tybalt", "SHA-1");
                n_hmacs = 0;
                g_auto(Answer) known = ask_keys(server, "romeo", "SHA-1");
                g_assert_cmpint(n_hmacs, ==, number);
                failing_hmac = 0;

                g_assert_cmpint(unknown.status, ==, MOTET_AUTH_ERROR);
                g_assert_null(unknown.salt);
                g_assert_cmpint(known.status, ==, MOTET_AUTH_ERROR);
                g_assert_null(known.salt);
        }
        g_auto(Answer) after = keys(server, "tybalt", "SHA-1");
        g_assert_cmpstr(after.salt, ==, before.salt);
}

/*
 * The salt of a name does not change when the account comes or goes in another way than by being
 * made
 */
static void
test_keys_of_deleted_users_are_invented(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_assert_cmpint(user(server, "delete", "romeo@example.org", NULL, NULL), ==, 0);

        g_auto(Answer) gone = keys(server, "romeo", "SHA-1");

        g_assert_false(gone.usable);
}

static void
test_exists(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        MotetModule *provider;
        const MotetAuthService *auth = service(server, &provider);
        Answer romeo = {0}, tybalt = {0}, host = {0};

        auth->exists(provider, test_server_owner(server), "romeo", note_status, &romeo);
        auth->exists(provider, test_server_owner(server), "tybalt", note_status, &tybalt);
        test_server_settle(server);

        g_assert_cmpint(romeo.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(tybalt.status, ==, MOTET_AUTH_FAILED);
        g_assert_cmpuint(romeo.n + tybalt.n + host.n, ==, 2);
}

static void
test_cancelled_requests_are_silent(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        MotetModule *provider;
        const MotetAuthService *auth = service(server, &provider);
        Answer answer = {0};

        MotetAuthRequest *request = ask_check(server, "romeo", "montague", &answer);
        auth->cancel(provider, request);
        auth->cancel(provider, NULL);
        test_server_settle(server);

        g_assert_cmpuint(answer.n, ==, 0);
}

/* Limit: max_checks passwords wait, and one more fails for the moment */
static void
test_checks_are_bounded(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS "    max_checks: 2\n");
        Answer answers[3] = {0};

        for (size_t i = 0; i < G_N_ELEMENTS(answers); i++)
                ask_check(server, "romeo", "montague", &answers[i]);
        g_assert_cmpuint(answers[2].n, ==, 0);
        test_server_settle(server);

        g_assert_cmpint(answers[0].status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(answers[1].status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(answers[2].status, ==, MOTET_AUTH_ERROR);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_OK);
}

/* Requests still open when the provider stops are answered. */
static void
test_switched_off_with_open_requests(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        Answer answer = {0};
        ask_check(server, "romeo", "montague", &answer);

        g_assert_true(test_server_reload(
                server, "modules:\n  storage_memory:\n  auth_internal:\n    enabled: false\n",
                NULL));

        g_assert_cmpuint(answer.n, ==, 1);
        g_assert_cmpint(answer.status, ==, MOTET_AUTH_ERROR);
}

/* Weaker keys are replaced when a plain password is at hand */
static void
test_keys_are_strengthened(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_assert_true(test_server_reload(server,
                                         "modules:\n  storage_memory:\n  auth_internal:\n    "
                                         "options:\n      iterations: 5000\n",
                                         NULL));
        g_auto(Answer) before = keys(server, "romeo", "SHA-512");
        g_assert_cmpuint(before.iterations, ==, 4096);

        g_assert_cmpint(check(server, "romeo", "wrong"), ==, MOTET_AUTH_FAILED);
        g_auto(Answer) after_wrong = keys(server, "romeo", "SHA-512");
        g_assert_cmpuint(after_wrong.iterations, ==, 4096);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_OK);

        g_auto(Answer) after = keys(server, "romeo", "SHA-512"),
                       after1 = keys(server, "romeo", "SHA-1");
        g_assert_cmpuint(after.iterations, ==, 5000);
        g_assert_cmpuint(after1.iterations, ==, 5000);
        g_assert_cmpstr(after.salt, !=, before.salt);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_OK);
}

#define N_UNKNOWN 200u

/* Returns: (own) the rounds of so many unknown users, in order, as text */
static char *
rounds_of_unknown(TestServer *server)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < N_UNKNOWN; i++) {
                g_autofree char *name = g_strdup_printf("nobody%u", i);
                g_auto(Answer) answer = keys(server, name, "SHA-256");
                g_assert_false(answer.usable);
                g_string_append_printf(text, "%u ", answer.iterations);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static unsigned
n_with(const char *rounds, const char *number)
{
        g_auto(GStrv) parts = g_strsplit(rounds, number, -1);

        return g_strv_length(parts) - 1;
}

#define RELOADED(options) "modules:\n  storage_memory:\n  auth_internal: {enabled: " options "}\n"

/*
 * R7: where the option was raised after accounts were made, unknown users' rounds are those that
 * accounts have, as often as they have them, and go up with them; a restart changes none.
 */
static void
test_rounds_of_unknown_users(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_assert_true(
                test_server_reload(server, RELOADED("true, options: {iterations: 5000}"), NULL));
        g_autofree char *old = rounds_of_unknown(server);
        g_assert_cmpuint(n_with(old, "4096"), ==, N_UNKNOWN);

        user(server, "add", "juliet@example.org", "capulet", NULL);
        g_autofree char *mixed = rounds_of_unknown(server), *again = rounds_of_unknown(server);
        g_assert_cmpstr(mixed, ==, again);
        /* Half of them: by a fair coin it is beyond these once in a hundred million runs. */
        g_assert_cmpuint(n_with(mixed, "4096"), >, 60);
        g_assert_cmpuint(n_with(mixed, "5000"), >, 60);

        g_assert_true(test_server_reload(server, RELOADED("false"), NULL));
        g_assert_true(
                test_server_reload(server, RELOADED("true, options: {iterations: 6000}"), NULL));
        g_autofree char *restarted = rounds_of_unknown(server);
        g_assert_cmpstr(restarted, ==, mixed);

        g_assert_cmpint(user(server, "delete", "romeo@example.org", NULL, NULL), ==, 0);
        g_autofree char *without = rounds_of_unknown(server);
        g_assert_cmpuint(n_with(without, "5000"), ==, N_UNKNOWN);
        g_assert_cmpint(check(server, "juliet", "capulet"), ==, MOTET_AUTH_OK);
        g_autofree char *raised = rounds_of_unknown(server);
        g_assert_cmpuint(n_with(raised, "6000"), ==, N_UNKNOWN);
}

static void
note_forgotten(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(bool *)data = true;
}

/* R7: what accounts look like is counted where it is not known: after an upgrade, or a kill. */
static void
test_accounts_are_counted(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        user(server, "add", "juliet@example.org", "capulet", NULL);
        g_assert_true(test_server_reload(server, RELOADED("false"), NULL));
        MotetStore *looks = motet_store_open(test_server_owner(server), "account_looks",
                                             MOTET_STORE_KEYVAL, NULL);
        bool is_forgotten = false;
        motet_store_set(looks, "", "", NULL, note_forgotten, &is_forgotten);
        test_server_settle(server);
        g_assert_true(is_forgotten);

        g_assert_true(
                test_server_reload(server, RELOADED("true, options: {iterations: 5000}"), NULL));
        test_server_settle(server);

        g_autofree char *counted = rounds_of_unknown(server);
        g_assert_cmpuint(n_with(counted, "4096"), ==, N_UNKNOWN);
}

/* Stronger keys of the old password never overwrite a new one. */
static void
test_strengthening_loses_against_a_new_password(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_assert_true(test_server_reload(server,
                                         "modules:\n  storage_memory:\n  auth_internal:\n    "
                                         "options:\n      iterations: 5000\n",
                                         NULL));
        Answer answer = {0};

        ask_check(server, "romeo", "montague", &answer);
        g_assert_cmpint(user(server, "password", "romeo@example.org", "capulet", NULL), ==, 0);

        g_assert_cmpint(check(server, "romeo", "capulet"), ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_FAILED);
}

/* Commands */

static void
test_add_existing(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_autofree char *output = NULL;

        g_assert_cmpint(user(server, "add", "romeo@example.org", "capulet", &output), ==, 73);

        g_assert_nonnull(strstr(output, "romeo"));
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_OK);
}

static void
test_commands_for_unknown_accounts(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);

        g_assert_cmpint(user(server, "delete", "tybalt@example.org", NULL, NULL), ==, 69);
        g_assert_cmpint(user(server, "password", "tybalt@example.org", "x", NULL), ==, 69);
        g_assert_cmpint(user(server, "disable", "tybalt@example.org", NULL, NULL), ==, 69);
        g_assert_cmpint(user(server, "enable", "tybalt@example.org", NULL, NULL), ==, 69);
        g_assert_cmpint(check(server, "tybalt", "x"), ==, MOTET_AUTH_FAILED);
}

static void
test_password_command(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);

        g_assert_cmpint(user(server, "password", "romeo@example.org", "benvolio", NULL), ==, 0);

        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_FAILED);
}

/* RFC 4013, RFC 7613: what can be no password; limits 1023 bytes and one more */
static void
test_illegal_passwords(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS);
        g_autofree char *longest = g_strnfill(MOTET_AUTH_PASSWORD_MAX, 'x');
        g_autofree char *too_long = g_strnfill(MOTET_AUTH_PASSWORD_MAX + 1, 'x');
        const char *const wrong[] = {"", "bell\x07", "\xc2\xad", too_long};

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_cmpint(user(server, "add", "romeo@example.org", wrong[i], NULL), ==, 64);
        g_assert_cmpint(check(server, "romeo", "x"), ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(user(server, "add", "romeo@example.org", longest, NULL), ==, 0);
        g_assert_cmpint(check(server, "romeo", longest), ==, MOTET_AUTH_OK);
}

static void
test_list(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        const char *const all[] = {"user", "list", NULL};
        const char *const one[] = {"user", "list", "example.org", NULL};
        g_autofree char *first = NULL, *second = NULL, *third = NULL;

        g_assert_cmpint(test_server_run_command(server, one, &first), ==, 0);
        g_assert_cmpstr(first, ==, "romeo@example.org\n");
        user(server, "add", "juliet@example.org", "capulet", NULL);
        g_assert_cmpint(test_server_run_command(server, all, &second), ==, 0);
        g_assert_cmpstr(second, ==, "juliet@example.org\nromeo@example.org\n");
        user(server, "delete", "romeo@example.org", NULL, NULL);
        g_assert_cmpint(test_server_run_command(server, one, &third), ==, 0);
        g_assert_cmpstr(third, ==, "juliet@example.org\n");
}

static void
test_disable_and_enable(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);

        user(server, "disable", "romeo@example.org", NULL, NULL);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_DISABLED);
        g_assert_cmpint(check(server, "romeo", "wrong"), ==, MOTET_AUTH_FAILED);
        user(server, "password", "romeo@example.org", "benvolio", NULL);
        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_DISABLED);
        g_auto(Answer) disabled = keys(server, "romeo", "SHA-1");
        g_assert_true(disabled.disabled && disabled.usable);

        user(server, "enable", "romeo@example.org", NULL, NULL);
        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_OK);
}

typedef struct {
        unsigned n_ended;
        int last_code;
} Ended;

static void
ignore_line(void *data, const char *text)
{
        (void)data;
        (void)text;
}

static void
note_end(void *data, int exit_code, const char *error_text)
{
        Ended *ended = data;

        (void)error_text;
        ended->n_ended++;
        ended->last_code = exit_code;
}

/* Limit: one change runs and a thousand wait; one more is refused at once. */
static void
test_changes_are_bounded(void)
{
        static const CommandOwner owner = {.line = ignore_line, .ended = note_end};
        const char *const words[] = {"user", "enable", "tybalt@example.org", NULL};
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS);
        Ended ended = {0};

        for (int i = 0; i < 1001; i++)
                command_run(test_server_core(server), words, &owner, &ended);
        g_assert_cmpuint(ended.n_ended, ==, 0);
        command_run(test_server_core(server), words, &owner, &ended);
        g_assert_cmpuint(ended.n_ended, ==, 1);
        g_assert_cmpint(ended.last_code, ==, 74);

        test_server_settle(server);
        g_assert_cmpuint(ended.n_ended, ==, 1002);
        g_assert_cmpint(ended.last_code, ==, 69);
}

/* Commands that wait when the module stops are answered. */
static void
test_switched_off_with_open_commands(void)
{
        static const CommandOwner owner = {.line = ignore_line, .ended = note_end};
        const char *const words[] = {"user", "add", "tybalt@example.org", "x", NULL};
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS);
        Ended ended = {0};
        command_run(test_server_core(server), words, &owner, &ended);
        command_run(test_server_core(server), words, &owner, &ended);

        g_assert_true(test_server_reload(
                server, "modules:\n  storage_memory:\n  auth_internal:\n    enabled: false\n",
                NULL));

        g_assert_cmpuint(ended.n_ended, ==, 2);
        g_assert_cmpint(ended.last_code, ==, 75);
}

/* Consequences */

static void
assert_ends_sessions(const char *what, const char *password, const char *condition)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        user(server, "add", "juliet@example.org", "capulet", NULL);
        MotetSession *bound = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *unbound = test_server_login(server, "romeo@example.org");
        MotetSession *other = test_server_bind(server, "juliet@example.org/balcony");

        g_assert_cmpint(user(server, what, "romeo@example.org", password, NULL), ==, 0);

        test_assert_stream_error(bound, condition);
        test_assert_stream_error(unbound, condition);
        g_assert_true(motet_session_is_connected(other));
}

/* R6; RFC 6120 4.9.3.12 and 4.9.3.16 */
static void
test_deletion_ends_sessions(void)
{
        assert_ends_sessions("delete", NULL, "not-authorized");
}

static void
test_disabling_ends_sessions(void)
{
        assert_ends_sessions("disable", NULL, "not-authorized");
}

static void
test_new_password_ends_sessions(void)
{
        assert_ends_sessions("password", "benvolio", "reset");
}

static GString *told;

static MotetResult
note_event(MotetModule *self, MotetAccountEvent *ev)
{
        (void)self;
        g_string_append_printf(told, "%s %s@%s\n", ev->event.name, ev->username,
                               motet_host_name(ev->event.host));
        return MOTET_CONTINUE;
}

static void
test_events(void)
{
        g_autoptr(TestServer) server = test_server_new_yaml(OPTIONS);
        told = g_string_new(NULL);
        static const char *const names[] = {MOTET_EVENT_USER_CREATED,     MOTET_EVENT_USER_DELETING,
                                            MOTET_EVENT_USER_DELETED,     MOTET_EVENT_USER_DISABLED,
                                            MOTET_EVENT_PASSWORD_CHANGED, MOTET_EVENT_ROLE_CHANGED};
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                test_server_hook(server, &(MotetHook)MOTET_ON_ACCOUNT(names[i], note_event,
                                                                      MOTET_PRIO_NORMAL));

        user(server, "add", "romeo@example.org", "montague", NULL);
        user(server, "add", "romeo@example.org", "again", NULL);
        user(server, "password", "romeo@example.org", "benvolio", NULL);
        user(server, "disable", "romeo@example.org", NULL, NULL);
        user(server, "enable", "romeo@example.org", NULL, NULL);
        user(server, "role", "romeo@example.org", "admin", NULL);
        user(server, "delete", "romeo@example.org", NULL, NULL);

        g_assert_cmpstr(told->str, ==,
                        "user-created romeo@example.org\npassword-changed romeo@example.org\n"
                        "user-disabled romeo@example.org\nrole-changed romeo@example.org\n"
                        "user-deleting romeo@example.org\nuser-deleted romeo@example.org\n");
        g_string_free(told, TRUE);
}

typedef struct {
        bool is_done;
        bool is_there;
} Found;

static void
note_written(MotetModule *self, const GError *error, void *data)
{
        (void)self;
        g_assert_no_error(error);
        *(bool *)data = true;
}

static void
note_read(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        Found *found = data;

        (void)self;
        g_assert_no_error(error);
        found->is_done = true;
        found->is_there = value != NULL;
}

static bool
is_stored(TestServer *server, MotetStore *store, const char *account)
{
        Found found = {0};

        motet_store_read(store, account, "", note_read, &found);
        test_server_settle(server);
        g_assert_true(found.is_done);
        return found.is_there;
}

/* Everything an account has goes with it, whichever module stored it; nothing of others does. */
static void
test_deletion_drops_all_data(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        user(server, "add", "juliet@example.org", "capulet", NULL);
        MotetStore *store =
                motet_store_open(test_server_owner(server), "notes", MOTET_STORE_KEYVAL, NULL);
        g_autoptr(GBytes) note = g_bytes_new_static("x", 1);
        bool written[2] = {false, false};
        motet_store_set(store, "romeo", "", note, note_written, &written[0]);
        motet_store_set(store, "juliet", "", note, note_written, &written[1]);
        test_server_settle(server);
        g_assert_true(written[0] && written[1]);

        user(server, "delete", "romeo@example.org", NULL, NULL);

        g_assert_false(is_stored(server, store, "romeo"));
        g_assert_true(is_stored(server, store, "juliet"));
        g_assert_cmpint(check(server, "juliet", "capulet"), ==, MOTET_AUTH_OK);
}

/* A damaged account cannot be used, and can be deleted. */
static void
test_damaged_account(void)
{
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        MotetStore *accounts =
                motet_store_open(test_server_owner(server), "accounts", MOTET_STORE_KEYVAL, NULL);
        g_autoptr(GBytes) damage = g_bytes_new_static("<account", 8);
        bool is_written = false;
        motet_store_set(accounts, "romeo", "", damage, note_written, &is_written);
        test_server_settle(server);
        g_assert_true(is_written);

        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_ERROR);
        g_assert_cmpint(user(server, "password", "romeo@example.org", "x", NULL), ==, 74);
        g_assert_cmpint(user(server, "delete", "romeo@example.org", NULL, NULL), ==, 0);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_FAILED);
}

static void
store_document(TestServer *server, const char *store, const char *account, const char *text)
{
        MotetStore *opened =
                motet_store_open(test_server_owner(server), store, MOTET_STORE_KEYVAL, NULL);
        g_autoptr(GBytes) document = g_bytes_new_static(text, strlen(text));
        bool is_written = false;

        motet_store_set(opened, account, "", document, note_written, &is_written);
        test_server_settle(server);
        g_assert_true(is_written);
}

/* R6: keys of fewer rounds than are allowed let nobody in; another password is the way out. */
static void
test_weak_account(void)
{
        static const char weak[] =
                "<account xmlns='urn:motet:account:1' disabled='true' role='admin'>"
                "<scram hash='SHA-1' iterations='1000' salt='QSXC' "
                "stored-key='6dlGYMOdZcOPutkcNY8U2g7vK9Y=' "
                "server-key='6dlGYMOdZcOPutkcNY8U2g7vK9Y='/></account>";
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        g_autofree char *role = NULL;
        store_document(server, "accounts", "romeo", weak);
        g_assert_cmpint(check(server, "romeo", "montague"), ==, MOTET_AUTH_ERROR);
        g_assert_cmpint(user(server, "enable", "romeo@example.org", NULL, NULL), ==, 74);

        g_assert_cmpint(user(server, "password", "romeo@example.org", "benvolio", NULL), ==, 0);

        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_DISABLED);
        g_assert_cmpint(user(server, "role", "romeo@example.org", NULL, &role), ==, 0);
        g_assert_cmpstr(role, ==, "admin\n");
        g_assert_cmpint(user(server, "enable", "romeo@example.org", NULL, NULL), ==, 0);
        g_assert_cmpint(check(server, "romeo", "benvolio"), ==, MOTET_AUTH_OK);
}

/* R7: what accounts look like stays stored, also when the module is loaded and ends without a stop
 * of the server, as for a command without one; until an account changes. */
static void
test_looks_are_kept(void)
{
        static const char stored[] = "<looks xmlns='urn:motet:accounts:1'>"
                                     "<look iterations='7000' salt='16' accounts='1'/></looks>";
        const char *const list[] = {"user", "list", NULL};
        g_autoptr(TestServer) server = server_with_romeo(OPTIONS);
        MotetStore *looks = motet_store_open(test_server_owner(server), "account_looks",
                                             MOTET_STORE_KEYVAL, NULL);
        g_assert_true(test_server_reload(server, RELOADED("false"), NULL));
        store_document(server, "account_looks", "", stored);

        for (int i = 0; i < 2; i++) {
                g_assert_true(test_server_reload(server, RELOADED("true"), NULL));
                test_server_settle(server);
                g_assert_cmpint(test_server_run_command(server, list, NULL), ==, 0);
                g_auto(Answer) unknown = keys(server, "tybalt", "SHA-1");
                g_assert_cmpuint(unknown.iterations, ==, 7000);
                g_assert_true(test_server_reload(server, RELOADED("false"), NULL));
                g_assert_true(is_stored(server, looks, ""));
        }

        g_assert_true(test_server_reload(server, RELOADED("true"), NULL));
        user(server, "disable", "romeo@example.org", NULL, NULL);
        g_assert_false(is_stored(server, looks, ""));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/auth_internal/service/check", test_check);
        g_test_add_func("/auth_internal/service/salts", test_salts);
        g_test_add_func("/auth_internal/service/keys-of-unknown-users", test_keys_of_unknown_users);
        g_test_add_func("/auth_internal/keys-that-cannot-be-invented-are-not-told",
                        test_keys_that_cannot_be_invented);
        g_test_add_func("/auth_internal/service/keys-of-deleted-users",
                        test_keys_of_deleted_users_are_invented);
        g_test_add_func("/auth_internal/service/exists", test_exists);
        g_test_add_func("/auth_internal/service/cancelled-requests-are-silent",
                        test_cancelled_requests_are_silent);
        g_test_add_func("/auth_internal/service/checks-are-bounded", test_checks_are_bounded);
        g_test_add_func("/auth_internal/service/switched-off-with-open-requests",
                        test_switched_off_with_open_requests);
        g_test_add_func("/auth_internal/service/keys-are-strengthened", test_keys_are_strengthened);
        g_test_add_func("/auth_internal/service/rounds-of-unknown-users",
                        test_rounds_of_unknown_users);
        g_test_add_func("/auth_internal/service/accounts-are-counted", test_accounts_are_counted);
        g_test_add_func("/auth_internal/service/strengthening-loses-against-a-new-password",
                        test_strengthening_loses_against_a_new_password);
        g_test_add_func("/auth_internal/command/add-existing", test_add_existing);
        g_test_add_func("/auth_internal/command/unknown-accounts",
                        test_commands_for_unknown_accounts);
        g_test_add_func("/auth_internal/command/password", test_password_command);
        g_test_add_func("/auth_internal/command/illegal-passwords", test_illegal_passwords);
        g_test_add_func("/auth_internal/command/list", test_list);
        g_test_add_func("/auth_internal/command/disable-and-enable", test_disable_and_enable);
        g_test_add_func("/auth_internal/command/changes-are-bounded", test_changes_are_bounded);
        g_test_add_func("/auth_internal/command/switched-off-with-open-commands",
                        test_switched_off_with_open_commands);
        g_test_add_func("/auth_internal/deletion-ends-sessions", test_deletion_ends_sessions);
        g_test_add_func("/auth_internal/disabling-ends-sessions", test_disabling_ends_sessions);
        g_test_add_func("/auth_internal/new-password-ends-sessions",
                        test_new_password_ends_sessions);
        g_test_add_func("/auth_internal/events", test_events);
        g_test_add_func("/auth_internal/deletion-drops-all-data", test_deletion_drops_all_data);
        g_test_add_func("/auth_internal/damaged-account", test_damaged_account);
        g_test_add_func("/auth_internal/weak-account", test_weak_account);
        g_test_add_func("/auth_internal/looks-are-kept", test_looks_are_kept);
        return g_test_run();
}

/*
 * Tests of auth_external, with a program that misbehaves when it is asked to.
 */
#include <motet/modtest.h>
#include <motet/module.h>
#include <motet/service-auth.h>
#include <string.h>

/* Answers: what was answered last, and how often. */
typedef struct {
        unsigned n;
        MotetAuthStatus status;
        MotetAuthRole role;
} Answers;

static void
on_answer(MotetModule *caller, MotetAuthStatus status, void *data)
{
        Answers *answers = data;

        (void)caller;
        answers->n++;
        answers->status = status;
}

static void
on_account(MotetModule *caller, MotetAuthStatus status, MotetAuthRole role, bool disabled,
           void *data)
{
        Answers *answers = data;

        g_assert_false(disabled);
        answers->role = role;
        on_answer(caller, status, data);
}

/* @options: further ones, such as ", timeout: 1s" */
static Modtest *
start(const char *options)
{
        g_autofree char *program = g_canonicalize_filename("test_program", NULL);
        g_autofree char *all =
                g_strdup_printf("{program: %s, arguments: [example.org]%s}", program, options);
        Modtest *test = modtest_new();

        modtest_enable(test, "auth_external", all);
        modtest_start(test);
        return test;
}

static const MotetAuthService *
service(Modtest *test, MotetModule **provider_out)
{
        const MotetAuthService *auth =
                motet_service(modtest_host(test, NULL), "auth", provider_out);

        g_assert_nonnull(auth);
        return auth;
}

/* A question that is not waited for. */
static MotetAuthRequest *
begin_check(Modtest *test, const char *user, const char *password, Answers *answers)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(test, &provider);

        return auth->check(provider, modtest_owner(test), user, password, on_answer, answers);
}

static MotetAuthStatus
check(Modtest *test, const char *user, const char *password)
{
        Answers answers = {0};

        begin_check(test, user, password, &answers);
        g_assert_cmpuint(answers.n, ==, 0);
        modtest_settle(test);
        g_assert_cmpuint(answers.n, ==, 1);
        return answers.status;
}

static MotetStatus
status(Modtest *test)
{
        return motet_module_status(modtest_module(test, "auth_external"), NULL);
}

/* Right and wrong passwords, with what separates the parts of a question in one of them. */
static void
test_check(void)
{
        g_autoptr(Modtest) test = start("");

        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(test, "romeo", "wherefore"), ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(check(test, "juliet", "\xf0\x9f\x8c\xb9"), ==, MOTET_AUTH_OK);
        g_assert_cmpint(check(test, "nobody", "x"), ==, MOTET_AUTH_FAILED);
        g_assert_cmpint(status(test), ==, MOTET_STATUS_OK);
}

static void
test_accounts(void)
{
        g_autoptr(Modtest) test = start(", admins: [juliet@example.org]");
        MotetModule *provider = NULL, *owner = modtest_owner(test);
        const MotetAuthService *auth = service(test, &provider);
        Answers romeo = {0}, juliet = {0}, nobody = {0}, is_there = {0};

        auth->account(provider, owner, "romeo", on_account, &romeo);
        auth->account(provider, owner, "juliet", on_account, &juliet);
        auth->account(provider, owner, "nobody", on_account, &nobody);
        auth->exists(provider, owner, "romeo", on_answer, &is_there);
        modtest_settle(test);

        g_assert_cmpint(romeo.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(romeo.role, ==, MOTET_ROLE_MEMBER);
        g_assert_cmpint(juliet.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(juliet.role, ==, MOTET_ROLE_ADMIN);
        g_assert_cmpint(nobody.status, ==, MOTET_AUTH_FAILED);
        g_assert_cmpuint(is_there.n, ==, 1);
        g_assert_cmpint(is_there.status, ==, MOTET_AUTH_OK);
        MotetSession *session = modtest_bind(test, "juliet@example.org/balcony");
        g_assert_cmpint(auth->role_of(provider, session), ==, MOTET_ROLE_ADMIN);
}

/* Until it runs again nobody waits; it is started after a pause that doubles. */
static void
assert_fails_and_recovers(const char *user, const char *problem)
{
        g_autoptr(Modtest) test = start(", timeout: 3s");

        g_assert_cmpint(check(test, user, "x"), ==, MOTET_AUTH_ERROR);
        g_assert_cmpint(status(test), ==, MOTET_STATUS_ERROR);
        modtest_assert_logged(test, problem);
        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_ERROR);

        modtest_advance(test, 2 * G_TIME_SPAN_SECOND);

        g_assert_cmpint(status(test), ==, MOTET_STATUS_OK);
        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_OK);
        g_assert_null(strstr(modtest_log(test), "wherefore"));
}

static void
test_silent(void)
{
        assert_fails_and_recovers("slow", "does not answer in time");
}

static void
test_ends(void)
{
        assert_fails_and_recovers("dies", "ends by itself");
}

static void
test_confused(void)
{
        assert_fails_and_recovers("babbles", "does not answer as it should");
}

/* That it ended while nobody asked it anything is nobody's loss. */
static void
test_ended_meanwhile(void)
{
        g_autoptr(Modtest) test = start("");

        g_assert_cmpint(check(test, "dies_later", "x"), ==, MOTET_AUTH_OK);

        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_OK);
        g_assert_cmpint(status(test), ==, MOTET_STATUS_OK);
}

/* The pause grows: 1, 2, 4 seconds. */
static void
test_pause_doubles(void)
{
        g_autoptr(Modtest) test = start("");

        for (unsigned pause = 1; pause <= 4; pause *= 2) {
                /* Not answered, so what failed before is not forgotten. */
                g_assert_cmpint(check(test, "dies", "x"), ==, MOTET_AUTH_ERROR);
                modtest_advance(test, pause * G_TIME_SPAN_SECOND - G_TIME_SPAN_MILLISECOND);
                g_assert_cmpint(check(test, "romeo", "x"), ==, MOTET_AUTH_ERROR);
                modtest_advance(test, G_TIME_SPAN_MILLISECOND);
        }
}

/* One of two that is down is a warning. */
static void
test_one_of_two(void)
{
        g_autoptr(Modtest) test = start(", instances: 2");
        modtest_advance(test, G_TIME_SPAN_SECOND);

        g_assert_cmpint(check(test, "dies", "x"), ==, MOTET_AUTH_ERROR);

        g_assert_cmpint(status(test), ==, MOTET_STATUS_WARNING);
        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_OK);
}

/* At the limit all are answered; one past it is refused for the moment. */
static void
test_waiting_is_bounded(void)
{
        g_autoptr(Modtest) test = start(", max_waiting: 2");
        Answers first = {0}, second = {0}, third = {0};

        begin_check(test, "romeo", "wherefore:art thou", &first);
        begin_check(test, "romeo", "wherefore:art thou", &second);
        begin_check(test, "romeo", "wherefore:art thou", &third);
        modtest_settle(test);

        g_assert_cmpint(first.status, ==, MOTET_AUTH_OK);
        g_assert_cmpint(second.status, ==, MOTET_AUTH_OK);
        g_assert_cmpuint(third.n, ==, 1);
        g_assert_cmpint(third.status, ==, MOTET_AUTH_ERROR);
}

/* Who cancels is not called; who waits while the module stops is. */
static void
test_cancelled(void)
{
        g_autoptr(Modtest) test = start("");
        MotetModule *provider = NULL;
        const MotetAuthService *auth = service(test, &provider);
        Answers cancelled = {0}, open = {0};

        auth->cancel(provider, begin_check(test, "romeo", "x", &cancelled));
        auth->cancel(provider, NULL);
        modtest_settle(test);
        begin_check(test, "romeo", "x", &open);
        modtest_disable(test, "auth_external");
        modtest_reload(test);

        g_assert_cmpuint(cancelled.n, ==, 0);
        g_assert_cmpuint(open.n, ==, 1);
        g_assert_cmpint(open.status, ==, MOTET_AUTH_ERROR);
}

/* Other options are in force at once; what cannot be executed is refused and changes nothing. */
static void
test_reconfigured(void)
{
        g_autoptr(Modtest) test = start("");
        g_autofree char *program = g_canonicalize_filename("test_program", NULL);
        g_autofree char *elsewhere =
                g_strdup_printf("{program: %s, arguments: [example.net]}", program);
        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_OK);

        modtest_enable(test, "auth_external", "{program: /nonexistent}");
        g_autofree char *refusal = modtest_reload_refusal(test);
        g_assert_nonnull(strstr(refusal, "/nonexistent cannot be executed"));
        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_OK);

        /* The program now serves another host, and knows nobody here. */
        modtest_enable(test, "auth_external", elsewhere);
        modtest_reload(test);
        g_assert_cmpint(check(test, "romeo", "wherefore:art thou"), ==, MOTET_AUTH_FAILED);
}

static void
test_refused(void)
{
        g_autoptr(Modtest) test = modtest_new();
        modtest_enable(test, "auth_external", NULL);

        g_autofree char *refusal = modtest_refusal(test);

        g_assert_nonnull(strstr(refusal, "the option \"program\" is not set"));
}

/* No keys, no SCRAM, whatever sasl may offer. */
static void
test_scram_is_not_offered(void)
{
        g_autofree char *program = g_canonicalize_filename("test_program", NULL);
        g_autofree char *options =
                g_strdup_printf("{program: %s, arguments: [example.org]}", program);
        g_autoptr(Modtest) test = modtest_new();
        modtest_enable(test, "auth_external", options);
        modtest_enable(test, "sasl", "{allow_unencrypted: true}");
        modtest_start(test);
        MotetSession *session = modtest_connect(test);

        modtest_send(session, "<?xml version='1.0'?><stream:stream to='example.org' version='1.0' "
                              "xmlns='jabber:client' "
                              "xmlns:stream='http://etherx.jabber.org/streams'>");

        g_autofree char *features = modtest_take_received(session);
        g_assert_nonnull(strstr(features, "<stream:features"));
        g_assert_null(strstr(features, "SCRAM"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/auth_external/passwords", test_check);
        g_test_add_func("/auth_external/accounts-and-roles", test_accounts);
        g_test_add_func("/auth_external/fails/silent", test_silent);
        g_test_add_func("/auth_external/fails/ends", test_ends);
        g_test_add_func("/auth_external/fails/confused", test_confused);
        g_test_add_func("/auth_external/fails/meanwhile", test_ended_meanwhile);
        g_test_add_func("/auth_external/fails/pause-doubles", test_pause_doubles);
        g_test_add_func("/auth_external/fails/one-of-two", test_one_of_two);
        g_test_add_func("/auth_external/requests/bounded", test_waiting_is_bounded);
        g_test_add_func("/auth_external/requests/cancelled", test_cancelled);
        g_test_add_func("/auth_external/options/changed", test_reconfigured);
        g_test_add_func("/auth_external/options/no-program", test_refused);
        g_test_add_func("/auth_external/scram-is-not-offered", test_scram_is_not_offered);
        return g_test_run();
}

/* The options of the load generator: what is left out, and what makes no sense. */
#include "options.h"

#include <string.h>

static bool
parse(Options *options, const char *words, GError **error)
{
        g_autofree char *line = g_strconcat("bench_xmpp ", words, NULL);
        g_auto(GStrv) argv = NULL;
        int argc;
        g_assert_true(g_shell_parse_argv(line, &argc, &argv, NULL));

        /* GOption takes away what it understood. */
        g_autofree char **given = g_memdup2(argv, (gsize)(argc + 1) * sizeof *argv);
        return options_parse(options, argc, given, error);
}

static void
assert_refused(const char *words, const char *named)
{
        Options options;
        g_autoptr(GError) error = NULL;

        g_assert_false(parse(&options, words, &error));
        g_assert_nonnull(error);
        if (!strstr(error->message, named))
                g_error("'%s' is refused by '%s', which does not name '%s'", words, error->message,
                        named);
        options_clear(&options);
}

static void
test_defaults(void)
{
        Options options;

        g_assert_true(parse(&options, "message --port 5222", NULL));

        g_assert_cmpint(options.sessions, ==, 100);
        g_assert_cmpint(options.pairs, ==, 50);
        g_assert_cmpint(options.security, ==, SECURITY_PLAIN);
        g_assert_cmpstr(options.mechanism, ==, "SCRAM-SHA-1");
        g_assert_true(options.roster);
        options_clear(&options);
}

static void
test_sessions_follow_from_the_work(void)
{
        Options options;

        g_assert_true(parse(&options, "presence --port 1 --contacts 7 --sessions 3", NULL));
        g_assert_cmpint(options.sessions, ==, 8);
        options_clear(&options);
        g_assert_true(parse(&options, "churn --port 1 --pairs 7 --sessions 3", NULL));
        g_assert_cmpint(options.sessions, ==, 7);
        options_clear(&options);
        g_assert_true(parse(&options, "iq --port 1 --pairs 7", NULL));
        g_assert_cmpint(options.sessions, ==, 7);
        options_clear(&options);
        g_assert_true(parse(&options, "arrive --port 1 --rate 7", NULL));
        g_assert_cmpint(options.sessions, ==, 100);
        options_clear(&options);
        g_assert_true(parse(&options, "message --port 1 --pairs 7 --sessions 14", NULL));
        options_clear(&options);
        assert_refused("message --port 1 --pairs 7 --sessions 13", "--sessions");
        assert_refused("iq --port 1 --pairs 7 --sessions 6", "--sessions");
}

static void
test_words_are_read(void)
{
        Options options;

        g_assert_true(parse(&options,
                            "login --port 1 --security direct --mechanism PLAIN --roster no "
                            "--user u%u.x --seconds 0.5",
                            NULL));

        g_assert_cmpint(options.security, ==, SECURITY_DIRECT);
        g_assert_false(options.roster);
        g_assert_cmpfloat(options.seconds, ==, 0.5);
        options_clear(&options);
}

static void
test_nonsense_is_refused(void)
{
        assert_refused("", "one work");
        assert_refused("login idle --port 1", "one work");
        assert_refused("dance --port 1", "dance");
        assert_refused("login", "--port");
        assert_refused("login --port 0", "--port");
        assert_refused("login --port 65536", "--port");
        assert_refused("login --port x", "x");
        assert_refused("login --port 1 --nix", "nix");
        assert_refused("login --port 1 --security tls", "--security");
        assert_refused("login --port 1 --mechanism MD5", "--mechanism");
        assert_refused("login --port 1 --roster maybe", "--roster");
        assert_refused("login --port 1 --address localhost", "--address");
        assert_refused("login --port 1 --host \"a'b\"", "--host");
        assert_refused("login --port 1 --user user", "--user");
        assert_refused("login --port 1 --user %u%u", "--user");
        assert_refused("login --port 1 --user 'u,%u'", "--user");
        assert_refused("login --port 1 --fan '%u%s'", "--fan");
        assert_refused("login --port 1 --hub 'a@b'", "--hub");
        assert_refused("login --port 1 --seconds nan", "--seconds");
        assert_refused("login --port 1 --seconds 0.09", "--seconds");
        assert_refused("login --port 1 --seconds 3601", "--seconds");
        assert_refused("login --port 1 --warmup -1", "--warmup");
        assert_refused("login --port 1 --sessions 1000001", "--sessions");
        assert_refused("login --port 1 --per-account 0", "--per-account");
        assert_refused("login --port 1 --pid -1", "--pid");
        assert_refused("pipeline --port 1 --depth 9", "--depth");
        assert_refused("rate --port 1 --rate 0", "--rate");
        assert_refused("storm --port 1", "--storm-port");
}

static void
test_a_number_becomes_an_account(void)
{
        g_autofree char *one = options_account("user%u", 12);
        g_autofree char *two = options_account("a%u.b", 0);
        g_autofree char *hub = options_account("hub", 12);

        g_assert_cmpstr(one, ==, "user12");
        g_assert_cmpstr(two, ==, "a0.b");
        g_assert_cmpstr(hub, ==, "hub");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/options/defaults", test_defaults);
        g_test_add_func("/options/sessions-follow-from-the-work",
                        test_sessions_follow_from_the_work);
        g_test_add_func("/options/words-are-read", test_words_are_read);
        g_test_add_func("/options/nonsense-is-refused", test_nonsense_is_refused);
        g_test_add_func("/options/a-number-becomes-an-account", test_a_number_becomes_an_account);
        return g_test_run();
}

/*
 * test_log_command: an operator changes what is logged while the server runs.
 */
#include "core/log_command.h"

#include <string.h>

#include "core/log.h"
#include "support/test_server.h"

static TestServer *
running_server(void)
{
        TestServer *server = test_server_new((const char *const[]){"iq", "ping", NULL});
        g_autoptr(GError) error = NULL;

        log_set_level(MOTET_LOG_INFO);
        log_set_rate(0);
        if (!server_base(test_server_core(server))->serving)
                server_start(test_server_core(server), &error);
        g_assert_no_error(error);
        return server;
}

static void
run(TestServer *server, const char *words, int code, const char *expected)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        g_autofree char *output = NULL;

        int got = test_server_run_command(server, (const char *const *)split, &output);
        if (!strstr(output, expected))
                g_error("\"%s\": \"%s\" is not in: %s", words, expected, output);
        g_assert_cmpint(got, ==, code);
}

static void
test_one_module(void)
{
        g_autoptr(TestServer) server = running_server();

        run(server, "log level ping debug", 0, "");
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_DEBUG);
        g_assert_cmpint(log_level_of("stream"), ==, MOTET_LOG_INFO);
        run(server, "log level", 0,
            "all              info   as configured\nping             debug  as commanded\n");
        run(server, "log level ping", 0, "ping             debug  as commanded\n");
        run(server, "log level stream", 0, "stream           info   as configured\n");

        run(server, "log level ping configured", 0, "");
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_INFO);
        run(server, "log level ping configured", 0, "");
        run(server, "log level ping error", 0, "");
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_ERROR);
}

static void
test_everybody(void)
{
        g_autoptr(TestServer) server = running_server();

        run(server, "log level error", 0, "");
        g_assert_cmpint(log_level_of("stream"), ==, MOTET_LOG_ERROR);
        run(server, "log level all debug", 0, "");
        g_assert_cmpint(log_level_of("stream"), ==, MOTET_LOG_DEBUG);
        run(server, "log level", 0, "all              debug  as commanded\n");
        run(server, "log level configured", 0, "");
        g_assert_cmpint(log_level_of("stream"), ==, MOTET_LOG_INFO);
}

/* Nobody has to remember to switch it off. */
static void
test_for_a_while(void)
{
        g_autoptr(TestServer) server = running_server();

        run(server, "log level ping debug --for 10m", 0, "");
        run(server, "log level --for 1h warn", 0, "");
        test_server_advance(server, 9 * G_TIME_SPAN_MINUTE);
        run(server, "log level", 0,
            "all              warn   as commanded, for 51m more\n"
            "ping             debug  as commanded, for 1m more\n");
        test_server_advance(server, G_TIME_SPAN_MINUTE - 1);
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_DEBUG);
        test_server_advance(server, 1);
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_WARN);
        test_server_advance(server, 50 * G_TIME_SPAN_MINUTE);
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_INFO);
}

/* What one command set ends alone. */
static void
test_others_go_on(void)
{
        g_autoptr(TestServer) server = running_server();

        run(server, "log level ping debug --for 1m", 0, "");
        run(server, "log level iq debug --for 2m", 0, "");
        test_server_advance(server, G_TIME_SPAN_MINUTE);

        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_INFO);
        g_assert_cmpint(log_level_of("iq"), ==, MOTET_LOG_DEBUG);
}

/* The later command counts, with its time or without one. */
static void
test_commanded_again(void)
{
        g_autoptr(TestServer) server = running_server();

        run(server, "log level ping debug --for 1m", 0, "");
        run(server, "log level ping warn --for 5m", 0, "");
        test_server_advance(server, 2 * G_TIME_SPAN_MINUTE);
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_WARN);
        run(server, "log level ping debug", 0, "");
        test_server_advance(server, 10 * G_TIME_SPAN_MINUTE);
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_DEBUG);
}

/* What is wrong changes nothing, and says what would be right. */
static void
test_mistakes(void)
{
        static const char *const mistakes[][2] = {
                {"log level pong debug", "neither a module nor a part of the core"},
                {"log level pimg debug", "did you mean \"ping\"?"},
                {"log level ping loud", "\"loud\" is none of error, warn, info, debug, configured"},
                {"log level ping debgu", "did you mean \"debug\"?"},
                {"log level debgu", "did you mean \"debug\"?"},
                {"log level nonsense", "neither a module nor a part of the core"},
                {"log level ping debug --for", "the option --for needs a value"},
                {"log level ping debug --for 10", "\"10\" is no time such as 10m"},
                {"log level ping debug --for 0s", "no time"},
                {"log level ping debug --for 8d", "no time"},
                {"log level ping --for 10m", "\"--for\" is for a level to be set"},
                {"log level ping configured --for 10m", "\"--for\" is for a level to be set"},
                {"log level ping debug now", "too many arguments"},
                {"log level ping debug --for 1m now", "too many arguments"},
        };
        g_autoptr(TestServer) server = running_server();

        for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++)
                run(server, mistakes[i][0], 64, mistakes[i][1]);
        run(server, "log level", 0, "all              info   as configured\n");
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_INFO);
}

/* The end of the server ends what was commanded; its timers with it. */
static void
test_the_end(void)
{
        TestServer *server = running_server();

        run(server, "log level ping debug --for 10m", 0, "");
        run(server, "log level error", 0, "");
        test_server_free(server);
        g_assert_cmpint(log_level_of("ping"), ==, MOTET_LOG_INFO);
        g_assert_cmpint(log_level_of(NULL), ==, MOTET_LOG_INFO);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/log_command/one-module", test_one_module);
        g_test_add_func("/log_command/everybody", test_everybody);
        g_test_add_func("/log_command/for-a-while", test_for_a_while);
        g_test_add_func("/log_command/others-go-on", test_others_go_on);
        g_test_add_func("/log_command/commanded-again", test_commanded_again);
        g_test_add_func("/log_command/mistakes", test_mistakes);
        g_test_add_func("/log_command/the-end", test_the_end);
        return g_test_run();
}

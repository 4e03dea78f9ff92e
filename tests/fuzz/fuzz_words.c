/*
 * fuzz_words: any bytes as the words behind a command, for a command that has every type of
 * argument.
 *
 * A line feed ends each word; the first byte is how many of the last are secrets.
 */
#include <motet/jid.h>
#include <stdint.h>
#include <string.h>

#include "core/command_args.h"
#include "fuzz/quiet.h"
#include "support/test_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const MotetArg args[] = {
        {"account", MOTET_ARG_JID, false},
        {"where", MOTET_ARG_ADDRESS, true},
        {"what", MOTET_ARG_STRING, true},
        {"password", MOTET_ARG_SECRET, true},
        {"other", MOTET_ARG_SECRET, true},
        {"--host", MOTET_ARG_HOST, true},
        {"--all", MOTET_ARG_FLAG, true},
        {"--for", MOTET_ARG_PERIOD, true, NULL, 1, 3600 * G_TIME_SPAN_SECOND},
        {"--max", MOTET_ARG_NUMBER, true, NULL, 2, 1000},
        {"--role", MOTET_ARG_WORD, true, MOTET_LIST("member", "admin")},
        {0},
};

static const MotetCommandDecl decl = {"test run", args, "Test", NULL, MOTET_FOR_SELF, NULL};

static const char *
value_of(GHashTable *values, const char *name)
{
        return g_hash_table_lookup(values, name);
}

/* What was found right is what the types promise. */
static void
check_values(GHashTable *values)
{
        g_autoptr(MotetJid) account = motet_jid_new(value_of(values, "account"));
        const char *role = value_of(values, "--role");
        const char *max = value_of(values, "--max");
        const char *period = value_of(values, "--for");

        g_assert_true(account && motet_jid_local(account) && !motet_jid_resource(account));
        g_assert_cmpstr(motet_jid_domain(account), ==, "example.org");
        g_assert_true(!role || strcmp(role, "member") == 0 || strcmp(role, "admin") == 0);
        if (max)
                g_assert_true(g_ascii_string_to_unsigned(max, 10, 2, 1000, NULL, NULL));
        if (period)
                g_assert_true(g_ascii_string_to_signed(period, 10, 1, 3600 * G_TIME_SPAN_SECOND,
                                                       NULL, NULL));
}

static void
check_allowed(GHashTable *values)
{
        const CommandCaller self = {.right = MOTET_FOR_SELF, .jid = "romeo@example.org"};
        const char *account = value_of(values, "account");
        const char *host = value_of(values, "--host");

        if (command_args_allow(&decl, values, &self, true, NULL)) {
                g_assert_cmpstr(account, ==, self.jid);
                g_assert_null(host);
        }
        g_autofree char *domain = command_args_domain(&decl, values);
        g_assert_cmpstr(domain, ==, "example.org");
}

static TestServer *server;

static void
stop(void)
{
        g_clear_pointer(&server, test_server_free);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autoptr(GHashTable) values =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(GError) error = NULL;

        if (n == 0)
                return 0;
        if (!server) {
                quiet_log(MOTET_LOG_DEBUG);
                server = test_server_new(NULL);
                g_assert_true(atexit(stop) == 0);
        }
        g_autofree char *text = g_strndup((const char *)bytes + 1, n - 1);
        g_auto(GStrv) words = g_strsplit(text, "\n", -1);
        bool good = command_args_read(test_server_core(server), &decl, (const char *const *)words,
                                      bytes[0] % 3, values, &error);
        g_assert_true(good == (error == NULL));
        if (good) {
                check_values(values);
                check_allowed(values);
        }
        return 0;
}

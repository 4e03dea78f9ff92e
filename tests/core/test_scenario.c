/*
 * Tests of the scenario runner itself: what is wrong with a file is named with its line, and a
 * server that does anything else than a scenario says makes it fail. The format is that of
 * tests/scenarios/README.md.
 */
#include <glib.h>
#include <motet/error.h>
#include <string.h>

#include "support/scenario_match.h"
#include "support/scenario_memory.h"
#include "support/scenario_run.h"
#include "support/scenario_tcp.h"

/* Reading */

typedef struct {
        const char *name;
        const char *text;
        const char *error; /* the message begins with this; NULL when it is good */
} Reading;

static const Reading readings[] = {
        {"one-statement", "account romeo@localhost\n", NULL},
        {"comments-and-blank-lines", "# one\n\naccount romeo@localhost\n  \n# two\n", NULL},
        {"trailing-spaces", "account romeo@localhost  \nromeo connects \n", NULL},
        {"no-line-feed-at-the-end", "account romeo@localhost\nromeo connects", NULL},
        {"nothing", "# only a comment\n", "x.scn:2: nothing happens"},
        {"unknown-statement", "account romeo@localhost\n\nromeo dances\n",
         "x.scn:3: not a statement: romeo dances"},
        {"a-word-too-many", "server stops now\n", "x.scn:1: not a statement: server stops now"},
        {"a-word-too-few", "account\n", "x.scn:1: not a statement: account"},
        {"upper-case-name", "account romeo@localhost\nRomeo connects\n",
         "x.scn:2: not a statement"},
        {"taken-name", "account server@localhost\nserver connects\n", "x.scn:2: not a statement"},
        {"command-without-quotes", "operator runs status\n", "x.scn:1: not a statement"},
        {"command-with-open-quotes", "operator runs \"status\n", "x.scn:1: not a statement"},
        {"options", "module ping {idle: 5s}\n", NULL},
        {"options-not-closed", "module ping {idle: 5s\n", "x.scn:1: not a statement"},
        {"tab", "account romeo@localhost\nromeo connects\nromeo sends\n\t<presence/>\n",
         "x.scn:4: a tab"},
        {"indented-below-nothing", "  <presence/>\n", "x.scn:1: indented"},
        {"block-where-none-belongs", "account romeo@localhost\nromeo connects\n  <presence/>\n",
         "x.scn:3: nothing can be indented below"},
        {"xml-missing", "account romeo@localhost\nromeo connects\nromeo sends\nromeo disconnects\n",
         "x.scn:3: XML is missing"},
        {"xml-not-well-formed",
         "account romeo@localhost\nromeo connects\nromeo sends\n  <presence>\n",
         "x.scn:3: the XML below is wrong"},
        {"text-beside-xml",
         "account romeo@localhost\nromeo connects\nromeo receives\n  <presence/>!\n",
         "x.scn:3: the lines below are not all XML"},
        {"raw-may-be-anything",
         "account romeo@localhost\nromeo connects\nromeo sends raw\n  <presence>\n", NULL},
        {"raw-text-missing", "account romeo@localhost\nromeo connects\nromeo sends raw\n",
         "x.scn:3: text is missing"},
        {"no-account", "romeo connects\n", "x.scn:1: there is no account for \"romeo\""},
        {"no-such-account", "account romeo@localhost\nromeo@example.org connects\n",
         "x.scn:2: there is no account for \"romeo@example.org\""},
        {"account-without-local-part", "account localhost\n",
         "x.scn:1: \"localhost\" is no account's address"},
        {"account-with-resource", "account romeo@localhost/orchard\n", "x.scn:1: "},
        {"account-twice", "account romeo@localhost\naccount romeo@localhost\n",
         "x.scn:2: the account \"romeo@localhost\" exists already"},
        {"speaks-before-connecting", "account romeo@localhost\nromeo sends\n  <presence/>\n",
         "x.scn:2: \"romeo\" has not connected before"},
        {"other-resource-has-not-connected",
         "account romeo@localhost\nromeo/a connects\nromeo/b disconnects\n",
         "x.scn:3: \"romeo/b\" has not connected before"},
        {"time", "clock advances 5m\n", NULL},
        {"time-without-unit", "clock advances 5\n", "x.scn:1: \"5\" is no time"},
        {"time-of-nothing", "clock advances 0s\n", "x.scn:1: \"0s\" is no time"},
        {"time-with-more", "clock advances 5min\n", "x.scn:1: \"5min\" is no time"},
        {"time-negative", "clock advances -5m\n", "x.scn:1: \"-5m\" is no time"},
};

static void
test_reading(const void *data)
{
        const Reading *reading = data;
        g_autoptr(GError) error = NULL;

        g_autoptr(Scenario) scenario = scenario_parse(reading->text, "x.scn", &error);

        if (!reading->error) {
                g_assert_no_error(error);
                g_assert_nonnull(scenario);
                return;
        }
        g_assert_null(scenario);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        if (!g_str_has_prefix(error->message, reading->error))
                g_error("expected %s\ngot %s", reading->error, error->message);
}

static void
test_missing_file(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_null(scenario_load("/nowhere/x.scn", &error));

        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(error->message, "/nowhere/x.scn"));
}

/* Blocks lose the indentation of their first line, keep what is deeper, and end with their last
 * line. */
static void
test_block_indentation(void)
{
        g_autoptr(Scenario) scenario = scenario_parse("account romeo@localhost\nromeo connects\n"
                                                      "romeo sends raw\n    a\n      b\n\n   c\n\n"
                                                      "romeo disconnects\n",
                                                      "x.scn", NULL);

        g_assert_nonnull(scenario);
        const ScenarioStep *step = g_ptr_array_index(scenario->steps, 2);
        g_assert_cmpstr(step->block, ==, "a\n  b\n\nc");
        g_assert_cmpuint(step->line, ==, 3);
        g_assert_cmpuint(scenario->steps->len, ==, 4);
}

/* A client's name is an address, or stands for one. */
static void
test_addresses(void)
{
        g_autoptr(Scenario) scenario = scenario_parse(
                "account romeo@localhost\naccount romeo@example.org\nromeo connects\n"
                "romeo/orchard connects\nromeo@example.org/x connects\nother connects as "
                "romeo@example.org/y\nthird logs in as romeo\n",
                "x.scn", NULL);
        static const char *const addresses[] = {"romeo@localhost/romeo", "romeo@localhost/orchard",
                                                "romeo@example.org/x", "romeo@example.org/y",
                                                "romeo@localhost"};

        g_assert_nonnull(scenario);
        for (unsigned i = 0; i < G_N_ELEMENTS(addresses); i++) {
                const ScenarioStep *step = g_ptr_array_index(scenario->steps, i + 2);
                g_assert_cmpstr(step->what, ==, addresses[i]);
        }
}

/* Matching */

typedef struct {
        const char *name, *expected, *got;
        bool at_least, like;
} Match;

static const Match matches[] = {
        {"same", "<a x='1'>t</a>", "<a x='1'>t</a>", false, true},
        {"attributes-in-any-order", "<a x='1' y='2'/>", "<a y='2' x='1'/>", false, true},
        {"other-name", "<a/>", "<b/>", false, false},
        {"other-namespace", "<a xmlns='urn:1'/>", "<a xmlns='urn:2'/>", false, false},
        {"other-value", "<a x='1'/>", "<a x='2'/>", false, false},
        {"attribute-missing", "<a x='1'/>", "<a/>", false, false},
        {"attribute-too-many", "<a/>", "<a x='1'/>", false, false},
        {"attribute-too-many-at-least", "<a/>", "<a x='1'/>", true, false},
        {"other-text", "<a>t</a>", "<a>u</a>", false, false},
        {"space-matters-in-text", "<a>t</a>", "<a> t</a>", false, false},
        {"space-around-elements-does-not", "<a> <b/> </a>", "<a><b/></a>", false, true},
        {"star-is-anything", "<a x='*'>*</a>", "<a x='1'>t</a>", false, true},
        {"star-is-not-nothing", "<a x='*'/>", "<a/>", false, false},
        {"star-text-is-not-nothing", "<a>*</a>", "<a/>", false, false},
        {"star-in-a-value", "<a x='r@h/*'/>", "<a x='r@h/1'/>", false, true},
        {"star-may-be-empty-in-a-value", "<a x='r@h*'/>", "<a x='r@h'/>", false, true},
        {"star-in-the-middle", "<a x='a*c'/>", "<a x='abbc'/>", false, true},
        {"star-in-the-middle-of-another", "<a x='a*c'/>", "<a x='abbd'/>", false, false},
        {"name-twice-the-same", "<a x='$n' y='$n'/>", "<a x='1' y='1'/>", false, true},
        {"name-twice-different", "<a x='$n' y='$n'/>", "<a x='1' y='2'/>", false, false},
        {"dollar-without-name", "<a x='$5'/>", "<a x='$5'/>", false, true},
        {"child-missing", "<a><b/></a>", "<a/>", false, false},
        {"child-too-many", "<a><b/></a>", "<a><b/><c/></a>", false, false},
        {"children-in-another-order", "<a><b/><c/></a>", "<a><c/><b/></a>", false, false},
        {"child-too-many-at-least", "<a><b/></a>", "<a><c/><b/></a>", true, true},
        {"deep-child-too-many-at-least", "<a><b/></a>", "<a><b><c/></b></a>", true, true},
        {"child-missing-at-least", "<a><b/><c/></a>", "<a><c/></a>", true, false},
        {"one-child-is-not-two", "<a><b/><b/></a>", "<a><b/></a>", true, false},
        {"error-text-may-be-left-out", "<iq xmlns='jabber:client' type='error'><error/></iq>",
         "<iq xmlns='jabber:client' type='error'><error><text "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>why</text></error></iq>",
         false, true},
        {"request-may-be-left-out-of-an-error",
         "<iq xmlns='jabber:client' type='error'><error/></iq>",
         "<iq xmlns='jabber:client' type='error'><q xmlns='urn:1'/><error/></iq>", false, true},
        {"two-errors-are-not-one", "<iq xmlns='jabber:client' type='error'><error/></iq>",
         "<iq xmlns='jabber:client' type='error'><error/><error/></iq>", false, false},
        {"result-may-not-have-more", "<iq xmlns='jabber:client' type='result'/>",
         "<iq xmlns='jabber:client' type='result'><q xmlns='urn:1'/></iq>", false, false},
};

static void
test_match(const void *data)
{
        const Match *match = data;
        g_autoptr(GHashTable) names = scenario_names_new();
        g_autoptr(MotetXml) expected = motet_xml_parse(match->expected, -1, NULL, NULL);
        g_autoptr(MotetXml) got = motet_xml_parse(match->got, -1, NULL, NULL);
        g_assert_true(expected && got);

        g_assert_true(scenario_like(expected, got, match->at_least, names) == match->like);

        if (!match->like)
                g_assert_cmpuint(g_hash_table_size(names), ==, 0);
}

static void
test_names_last(void)
{
        g_autoptr(GHashTable) names = scenario_names_new();
        g_autoptr(MotetXml) expected = motet_xml_parse("<a x='$n'/>", -1, NULL, NULL);
        g_autoptr(MotetXml) one = motet_xml_parse("<a x='&lt;1&gt;'/>", -1, NULL, NULL);
        g_autoptr(MotetXml) two = motet_xml_parse("<a x='2'/>", -1, NULL, NULL);

        g_assert_true(scenario_like(expected, one, false, names));
        g_assert_true(scenario_like(expected, one, false, names));
        g_assert_false(scenario_like(expected, two, false, names));
        g_autofree char *text = scenario_expand("<b y='$n'/>$ $5", names, NULL);
        g_assert_cmpstr(text, ==, "<b y='&lt;1&gt;'/>$ $5");
}

static void
test_expanding(void)
{
        g_autoptr(GHashTable) names = scenario_names_new();
        g_autofree char *text = scenario_expand("a$repeat(xy,3)b$repeat(z,0)", names, NULL);
        g_autofree char *most = scenario_expand("$repeat(ab,5000000)", names, NULL);
        static const char *const wrong[] = {"$nobody",         "$repeat(x)",
                                            "$repeat(x,-1)",   "$repeat(x,1",
                                            "$repeat(x,many)", "$repeat(ab,5000001)"};

        g_assert_cmpstr(text, ==, "axyxyxyb");
        g_assert_cmpuint(strlen(most), ==, 10000000);
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(GError) error = NULL;
                g_assert_null(scenario_expand(wrong[i], names, &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        }
}

/* Running */

#define ROMEO "account romeo@localhost\nromeo connects\n"
#define PING                                                                                       \
        "romeo sends\n  <iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>\n"
#define PONG "  <iq type='result' id='p' from='localhost' to='romeo@localhost/romeo'/>\n"

typedef struct {
        const char *name;
        const char *text;
        const char *error; /* the message begins with this; NULL when it passes */
        const char *also;  /* and has this in it; may be NULL */
} Running;

static const Running runnings[] = {
        {"as-it-is", ROMEO PING "romeo receives\n" PONG, NULL, NULL},
        {"another-stanza", ROMEO PING "romeo receives\n  <presence/>\n", "x.scn:5: romeo\n",
         "got       <iq type='result'"},
        {"a-stanza-too-many", ROMEO PING, "x.scn: at the end: romeo\n  expected  nothing else",
         "got       <iq type='result'"},
        {"a-stanza-where-nothing-is-expected", ROMEO PING "romeo receives nothing\n",
         "x.scn:5: romeo\n", "nothing else"},
        {"a-stanza-nobody-asked-for-before-losing-connection",
         ROMEO PING "romeo loses connection\n", "x.scn:5: romeo\n", "nothing else"},
        {"a-stanza-nobody-asked-for-before-disconnecting", ROMEO PING "romeo disconnects\n",
         "x.scn:5: romeo\n", "the end of the stream"},
        {"a-stanza-too-few", ROMEO PING "romeo receives\n" PONG "romeo receives\n" PONG,
         "x.scn:7: romeo\n", "nothing came"},
        {"another-order",
         ROMEO PING
         "romeo sends\n  <presence/>\nromeo receives\n  <presence from='*' to='*'/>\n" PONG,
         "x.scn:7: romeo\n", "got       <iq"},
        {"another-order-that-is-allowed",
         ROMEO PING "romeo sends\n  <presence/>\nromeo receives in any order\n"
                    "  <presence from='*' to='*'/>\n" PONG,
         NULL, NULL},
        {"another-stanza-in-any-order", ROMEO PING "romeo receives in any order\n  <presence/>\n",
         "x.scn:5: romeo\n", "<presence/>"},
        {"a-stanza-too-few-in-any-order", ROMEO PING "romeo receives in any order\n" PONG PONG,
         "x.scn:5: romeo\n", "nothing came"},
        {"not-even-at-least",
         ROMEO
         "romeo sends\n  <iq type='get' id='d' to='localhost'>"
         "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>\n"
         "romeo receives at least\n  <iq type='result' id='d' from='*' to='*'><query "
         "xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:nobody'/></query></iq>\n",
         "x.scn:5: romeo\n", "urn:nobody"},
        {"a-name-that-is-not-known", ROMEO "romeo sends\n  <message to='$who'/>\n",
         "x.scn:3: nothing is called $who yet", NULL},
        {"an-end-nobody-asked-for", ROMEO "romeo sends raw\n  <!-- -->\n",
         "x.scn: at the end: romeo\n", "restricted-xml"},
        {"another-end", ROMEO "romeo sends raw\n  <!-- -->\nromeo's stream ends with conflict\n",
         "x.scn:5: romeo\n  expected  conflict", "restricted-xml"},
        {"an-end-with-more-to-say", ROMEO "romeo sends raw\n  <!-- -->\nromeo's stream ends\n",
         "x.scn:5: romeo\n  expected  the end of the stream", "restricted-xml"},
        {"an-end-as-expected",
         ROMEO "romeo sends raw\n  <!-- -->\nromeo's stream ends with restricted-xml\n", NULL,
         NULL},
        {"no-end", ROMEO "romeo's stream ends\n", "x.scn:3: romeo\n", "nothing came"},
        {"connected-twice", ROMEO "romeo connects\n", "x.scn:3: romeo is connected already", NULL},
        {"spoke-after-the-end", ROMEO "romeo disconnects\nromeo sends\n  <presence/>\n",
         "x.scn:4: romeo is not connected", NULL},
        {"no-such-resource", "without module bind\n" ROMEO, "x.scn:3: romeo: no ", NULL},
        {"operator", "operator runs \"module list\"\noperator fails to run \"frobnicate\"\n", NULL,
         NULL},
        {"operator-prints-as-expected", ROMEO "operator runs \"user list\"\n  romeo@localhost*\n",
         NULL, NULL},
        {"operator-prints-something-else",
         ROMEO "operator runs \"user list\"\n  juliet@localhost*\n", "x.scn:3: motetctl\n",
         "romeo@localhost"},
        {"operator-fails", "operator runs \"frobnicate\"\n", "x.scn:1: exit code ", NULL},
        {"operator-does-not-fail", "operator fails to run \"module list\"\n",
         "x.scn:1: exit code 0", NULL},
        {"time-passes",
         "module ping {idle: 5s}\n" ROMEO "clock advances 4s\nromeo receives nothing\nclock "
         "advances 5s\nromeo receives\n  <iq type='get' id='*' from='localhost' "
         "to='romeo@localhost/romeo'><ping xmlns='urn:xmpp:ping'/></iq>\n",
         NULL, NULL},
        {"options-change",
         "without module ping\n" ROMEO "module ping\nserver reloads\n" PING "romeo receives\n" PONG,
         NULL, NULL},
        {"code-is-replaced", ROMEO "module ping is replaced\n" PING "romeo receives\n" PONG, NULL,
         NULL},
        {"code-of-nothing-is-replaced", ROMEO "module pong is replaced\n",
         "x.scn:3: there is no module \"pong\"", NULL},
        {"refused-in-memory", "module pong\n" ROMEO, "x.scn:2: the server was refused:\n",
         "no module \"pong\""},
        {"started-twice", ROMEO "server starts\n", "x.scn:3: the server runs already", NULL},
        {"stopped-twice", ROMEO "server stops\nserver stops\n", "x.scn:4: the server does not run",
         NULL},
        {"killed-in-memory", ROMEO "server is killed\n", "x.scn:3: cannot be killed here", NULL},
        {"tls-in-memory", "a opens a connection\na starts TLS\n", "x.scn:2: there is no TLS here",
         NULL},
};

static void
assert_runs(const Running *running, const ScenarioTransport *transport)
{
        g_autoptr(GError) error = NULL;
        const char *const sources[] = {g_getenv("MOTET_TEST_MODULES"), NULL};
        g_autoptr(ModuleFolder) modules = module_folder_new(sources, &error);
        g_autofree char *plugins_dir =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "plugins.d", NULL);
        const ScenarioPlaces places = {.modules = modules, .plugins_dir = plugins_dir};
        g_autoptr(Scenario) scenario = scenario_parse(running->text, "x.scn", &error);
        g_assert_no_error(error);

        bool has_passed = scenario_run(scenario, transport, &places, &error);

        if (!running->error) {
                g_assert_no_error(error);
                g_assert_true(has_passed);
                return;
        }
        g_assert_false(has_passed);
        if (!g_str_has_prefix(error->message, running->error) ||
            (running->also && !strstr(error->message, running->also)))
                g_error("expected %s … %s\ngot %s", running->error,
                        running->also ? running->also : "", error->message);
}

static void
test_running(const void *data)
{
        assert_runs(data, &scenario_memory);
}

/* Over TCP as well; what is missing would take a minute to be missed. */
static void
test_running_tcp(const void *data)
{
        assert_runs(data, &scenario_tcp);
}

static const Running tcp_runnings[] = {
        {"as-it-is", ROMEO PING "romeo receives\n" PONG, NULL, NULL},
        {"another-stanza", ROMEO PING "romeo receives\n  <presence/>\n", "x.scn:5: romeo\n",
         "---- the server's log\n"},
        {"a-stanza-too-many", ROMEO PING, "x.scn: at the end: romeo\n  expected  nothing else",
         "got       <iq type='result'"},
        {"a-stanza-where-nothing-is-expected", ROMEO PING "romeo receives nothing\n",
         "x.scn:5: romeo\n", "nothing else"},
        {"an-end-nobody-asked-for", ROMEO "romeo sends raw\n  <!-- -->\n",
         "x.scn: at the end: romeo\n", "restricted-xml"},
        {"refused-configuration", "module ping {idle: never}\n" ROMEO,
         "x.scn:2: motetd has exited instead of serving", "never"},
        {"refused-reload", ROMEO "module ping {idle: never}\nserver reloads\n",
         "x.scn:4: reload: ", "never"},
        {"time-is-real", ROMEO "clock advances 5m\n", "x.scn:3: time goes its own way here", NULL},
};

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(readings); i++) {
                g_autofree char *path = g_strconcat("/scenario/reading/", readings[i].name, NULL);
                g_test_add_data_func(path, &readings[i], test_reading);
        }
        g_test_add_func("/scenario/reading/missing-file", test_missing_file);
        g_test_add_func("/scenario/reading/block-indentation", test_block_indentation);
        g_test_add_func("/scenario/reading/addresses", test_addresses);
        for (size_t i = 0; i < G_N_ELEMENTS(matches); i++) {
                g_autofree char *path = g_strconcat("/scenario/match/", matches[i].name, NULL);
                g_test_add_data_func(path, &matches[i], test_match);
        }
        g_test_add_func("/scenario/match/names-last", test_names_last);
        g_test_add_func("/scenario/match/expanding", test_expanding);
        for (size_t i = 0; i < G_N_ELEMENTS(runnings); i++) {
                g_autofree char *path = g_strconcat("/scenario/run/", runnings[i].name, NULL);
                g_test_add_data_func(path, &runnings[i], test_running);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(tcp_runnings); i++) {
                g_autofree char *path = g_strconcat("/scenario/tcp/", tcp_runnings[i].name, NULL);
                g_test_add_data_func(path, &tcp_runnings[i], test_running_tcp);
        }
        return g_test_run();
}

/*
 * scenario_run: one step of a scenario after the other.
 */
#include "support/scenario_run.h"

#include <motet/error.h>
#include <motet/stanza.h>
#include <string.h>

#include "support/scenario_client.h"
#include "support/scenario_match.h"

#define DOMAIN "localhost" /* served in every scenario */

typedef struct {
        const Scenario *scenario;
        const ScenarioTransport *transport;
        void *server; /* (own) */
        bool serves;
        ScenarioSetup setup; /* all in it: (own) */
        GString *main;       /* setup.main */
        GHashTable *clients; /* name → ScenarioClient, both (own) */
        GHashTable *names;   /* what `$name` stands for */
} Run;

G_GNUC_PRINTF(2, 3)
static bool
fail(GError **error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MISSING, text);
        return false;
}

/* @got: NULL when nothing came. */
static bool
fail_unlike(ScenarioClient *client, const char *expected, const MotetXml *got, GError **error)
{
        g_autofree char *text =
                got ? motet_xml_string(got, MOTET_NS_CLIENT) : scenario_client_state(client);

        return fail(error, "%s\n  expected  %s\n  got       %s", scenario_client_name(client),
                    expected, text);
}

/* Clients */

static ScenarioClient *
client_of(Run *run, const ScenarioStep *step, GError **error)
{
        ScenarioClient *client = g_hash_table_lookup(run->clients, step->who);

        if (!client)
                fail(error, "%s is not connected", step->who);
        return client;
}

static bool
has_received_nothing(ScenarioClient *client, GError **error)
{
        const MotetXml *got = scenario_client_peek(client);

        return (!got && !scenario_client_has_ended(client)) ||
               fail_unlike(client, "nothing else", got, error);
}

/* Until all that was sent is handled, and what it led to has arrived. */
static bool
settle(Run *run, GError **error)
{
        GHashTableIter iter;
        void *client;

        g_hash_table_iter_init(&iter, run->clients);
        while (g_hash_table_iter_next(&iter, NULL, &client)) {
                if (scenario_client_has_acted(client))
                        scenario_client_settle(client);
        }
        if (run->serves && !run->transport->settle(run->server, error))
                return false;
        g_hash_table_iter_init(&iter, run->clients);
        while (g_hash_table_iter_next(&iter, NULL, &client))
                scenario_client_settle(client);
        return true;
}

static bool
nobody_has_received_anything(Run *run, GError **error)
{
        GHashTableIter iter;
        void *client;

        if (!settle(run, error))
                return false;
        g_hash_table_iter_init(&iter, run->clients);
        while (g_hash_table_iter_next(&iter, NULL, &client)) {
                if (!has_received_nothing(client, error))
                        return false;
        }
        return true;
}

/* What a server that stops says without being asked. */
static bool
is_farewell(const MotetXml *got)
{
        if (motet_xml_is(got, "error", MOTET_NS_STREAMS))
                return motet_xml_child(got, "system-shutdown", MOTET_NS_STREAM_ERRORS) != NULL;
        return motet_stanza_kind(got) == MOTET_STANZA_PRESENCE &&
               g_strcmp0(motet_xml_attr(got, "type"), "unavailable") == 0;
}

static bool
everybody_was_only_told_farewell(Run *run, GError **error)
{
        GHashTableIter iter;
        void *client;

        g_hash_table_iter_init(&iter, run->clients);
        while (g_hash_table_iter_next(&iter, NULL, &client)) {
                const MotetXml *got;
                while ((got = scenario_client_peek(client)) && is_farewell(got))
                        scenario_client_drop(client);
                if (got)
                        return fail_unlike(client, "nothing else", got, error);
        }
        return true;
}

/* The server */

static bool
start(Run *run, GError **error)
{
        if (run->serves)
                return fail(error, "the server runs already");
        if (!everybody_was_only_told_farewell(run, error))
                return false;
        g_hash_table_remove_all(run->clients);
        run->setup.main = run->main->str;
        if (!run->transport->start(run->server, &run->setup, error))
                return false;
        run->serves = true;
        return true;
}

static void
await_farewells(Run *run)
{
        GHashTableIter iter;
        void *client;

        g_hash_table_iter_init(&iter, run->clients);
        while (g_hash_table_iter_next(&iter, NULL, &client))
                scenario_client_is_closed(client);
}

static bool
stop(Run *run, GError **error)
{
        if (!run->serves)
                return fail(error, "the server does not run");
        if (!nobody_has_received_anything(run, error))
                return false;
        run->serves = false;
        run->transport->stop(run->server);
        await_farewells(run);
        return run->transport->await_end(run->server, error);
}

/* What was on its way when the server was killed counts for nothing. */
static bool
kill_server(Run *run, GError **error)
{
        if (!run->transport->kill)
                return fail(error, "cannot be killed here");
        if (!run->serves)
                return fail(error, "the server does not run");
        run->serves = false;
        g_hash_table_remove_all(run->clients);
        return run->transport->kill(run->server, error);
}

static bool
restart(Run *run, GError **error)
{
        return (!run->serves || stop(run, error)) && start(run, error);
}

static bool
reload(Run *run, GError **error)
{
        run->setup.main = run->main->str;
        return settle(run, error) && run->transport->reload(run->server, &run->setup, error);
}

static bool
advance(Run *run, const ScenarioStep *step, GError **error)
{
        char *unit = NULL;
        GTimeSpan n = (GTimeSpan)g_ascii_strtoull(step->what, &unit, 10);
        GTimeSpan one = *unit == 's'   ? G_TIME_SPAN_SECOND
                        : *unit == 'm' ? G_TIME_SPAN_MINUTE
                                       : G_TIME_SPAN_HOUR;

        if (!run->transport->advance)
                return fail(error, "time goes its own way here");
        run->transport->advance(run->server, n * one);
        return true;
}

static bool
operate(Run *run, const ScenarioStep *step, GError **error)
{
        g_autoptr(GString) output = g_string_new(NULL);
        g_auto(GStrv) words = g_strsplit(step->what, " ", -1);

        if (!settle(run, error))
                return false;
        int code = run->transport->command(run->server, words, output, error);
        if (code < 0)
                return false;
        if ((code == 0) != (step->verb == SCENARIO_OPERATOR))
                return fail(error, "exit code %d: %s", code, output->str);
        if (step->block && !scenario_lines_like(step->block, output->str))
                return fail(error, "motetctl\n  expected  %s\n  got       %s", step->block,
                            output->str);
        return true;
}

/* What a statement of its own says, motetctl must manage. */
static bool
command(Run *run, char **words, GError **error)
{
        g_autoptr(GString) output = g_string_new(NULL);
        int code = run->transport->command(run->server, words, output, error);

        return code == 0 || (code > 0 && fail(error, "exit code %d: %s", code, output->str));
}

/* Where the file is others', too, the code that runs is begun anew. */
static bool
replace(Run *run, const ScenarioStep *step, GError **error)
{
        char *words[] = {(char *)"module", (char *)"reload", step->what, NULL};

        return settle(run, error) &&
               (!run->transport->renew || run->transport->renew(run->server, step->what, error)) &&
               command(run, words, error);
}

static bool
add_account(Run *run, const ScenarioStep *step, GError **error)
{
        char *words[] = {(char *)"user", (char *)"add", step->what, NULL};

        return command(run, words, error);
}

/* Connecting */

static ScenarioClient *
connect_client(Run *run, const ScenarioStep *step, const char *domain, GError **error)
{
        bool in_clear = step->verb == SCENARIO_OPEN_IN_CLEAR;
        ScenarioClient *former = g_hash_table_lookup(run->clients, step->who);

        if (former) {
                fail(error, "%s is connected already", step->who);
                return NULL;
        }
        void *connection = run->transport->connect(run->server, domain, in_clear, error);
        if (!connection)
                return NULL;
        ScenarioClient *client = scenario_client_new(run->transport, connection, step->who, domain);
        g_hash_table_insert(run->clients, g_strdup(step->who), client);
        return client;
}

static bool
log_in(Run *run, const ScenarioStep *step, GError **error)
{
        g_autoptr(MotetJid) jid = motet_jid_new(step->what);
        ScenarioClient *client = connect_client(run, step, motet_jid_domain(jid), error);

        return client && scenario_client_log_in(client, motet_jid_local(jid), error) &&
               (step->verb != SCENARIO_CONNECT ||
                scenario_client_bind(client, motet_jid_string(jid), error));
}

static bool
start_tls(Run *run, ScenarioClient *client, GError **error)
{
        if (!run->transport->secure)
                return fail(error, "there is no TLS here");
        void *connection = scenario_client_connection(client);
        return connection ? run->transport->secure(connection, DOMAIN, error)
                          : fail_unlike(client, "TLS", NULL, error);
}

/* Ends */

static bool
expect_stream_error(ScenarioClient *client, const char *condition, GError **error)
{
        const MotetXml *got = scenario_client_await(client);

        if (!motet_xml_is(got, "error", MOTET_NS_STREAMS) ||
            !motet_xml_child(got, condition, MOTET_NS_STREAM_ERRORS))
                return fail_unlike(client, condition, got, error);
        scenario_client_drop(client);
        return true;
}

/* @in_form: with </stream:stream> before. */
static bool
expect_end(Run *run, ScenarioClient *client, bool in_form, GError **error)
{
        const MotetXml *got = scenario_client_await(client);

        if (got || !scenario_client_is_closed(client) ||
            scenario_client_has_stream_end(client) != in_form)
                return fail_unlike(client,
                                   in_form ? "the end of the stream" : "the end of the connection",
                                   scenario_client_peek(client), error);
        g_hash_table_remove(run->clients, scenario_client_name(client));
        return true;
}

static bool
disconnect(Run *run, ScenarioClient *client, GError **error)
{
        scenario_client_send(client, "</stream:stream>");
        return expect_end(run, client, true, error);
}

static bool
lose(Run *run, ScenarioClient *client, GError **error)
{
        if (!settle(run, error) || !has_received_nothing(client, error))
                return false;
        g_hash_table_remove(run->clients, scenario_client_name(client));
        /* So that the server has noticed before anything else happens. */
        return !run->serves || run->transport->settle(run->server, error);
}

/* Stanzas */

static bool
send_text(Run *run, ScenarioClient *client, const ScenarioStep *step, GError **error)
{
        g_autofree char *text = scenario_expand(step->block, run->names, error);

        if (!text)
                return false;
        scenario_client_send(client, text);
        return true;
}

static bool
receive_in_order(Run *run, ScenarioClient *client, const ScenarioStep *step, GError **error)
{
        bool at_least = step->verb == SCENARIO_RECEIVE_AT_LEAST;
        const MotetXml *want = motet_xml_child(step->stanzas, NULL, NULL);

        for (; want; want = motet_xml_next(want, NULL, NULL)) {
                const MotetXml *got = scenario_client_await(client);
                if (!got || !scenario_like(want, got, at_least, run->names)) {
                        g_autofree char *text = motet_xml_string(want, MOTET_NS_CLIENT);
                        return fail_unlike(client, text, got, error);
                }
                scenario_client_drop(client);
        }
        return true;
}

static char *
list_stanzas(const GPtrArray *stanzas)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < stanzas->len; i++) {
                g_autofree char *one = motet_xml_string(stanzas->pdata[i], MOTET_NS_CLIENT);
                g_string_append_printf(text, "%s%s", i ? "\n         or " : "", one);
        }
        return g_strdup(text->str);
}

static bool
receive_in_any_order(Run *run, ScenarioClient *client, const ScenarioStep *step, GError **error)
{
        g_autoptr(GPtrArray) wanted = g_ptr_array_new();
        const MotetXml *want = motet_xml_child(step->stanzas, NULL, NULL);

        for (; want; want = motet_xml_next(want, NULL, NULL))
                g_ptr_array_add(wanted, (void *)want);
        while (wanted->len > 0) {
                const MotetXml *got = scenario_client_await(client);
                unsigned i = 0;
                while (got && i < wanted->len &&
                       !scenario_like(wanted->pdata[i], got, false, run->names))
                        i++;
                if (!got || i == wanted->len) {
                        g_autofree char *text = list_stanzas(wanted);
                        return fail_unlike(client, text, got, error);
                }
                g_ptr_array_remove_index(wanted, i);
                scenario_client_drop(client);
        }
        return true;
}

/* Steps */

static bool
run_client_step(Run *run, ScenarioClient *client, const ScenarioStep *step, GError **error)
{
        switch (step->verb) {
        case SCENARIO_OPEN_STREAM:
                scenario_client_send_header(client, step->what ? step->what : DOMAIN);
                return true;
        case SCENARIO_START_TLS:
                return start_tls(run, client, error);
        case SCENARIO_SEND:
                return send_text(run, client, step, error);
        case SCENARIO_RECEIVE:
        case SCENARIO_RECEIVE_AT_LEAST:
                return receive_in_order(run, client, step, error);
        case SCENARIO_RECEIVE_ANY_ORDER:
                return receive_in_any_order(run, client, step, error);
        case SCENARIO_RECEIVE_NOTHING:
                return settle(run, error) && has_received_nothing(client, error);
        case SCENARIO_DISCONNECT:
                return disconnect(run, client, error);
        case SCENARIO_LOSE:
                return lose(run, client, error);
        case SCENARIO_STREAM_ENDS:
                return (!step->what || expect_stream_error(client, step->what, error)) &&
                       expect_end(run, client, true, error);
        case SCENARIO_CONNECTION_ENDS:
                return expect_end(run, client, false, error);
        default:
                g_assert_not_reached();
        }
}

static bool
run_server_step(Run *run, const ScenarioStep *step, GError **error)
{
        switch (step->verb) {
        case SCENARIO_ACCOUNT:
                return add_account(run, step, error);
        case SCENARIO_CONNECT:
        case SCENARIO_LOG_IN:
                return log_in(run, step, error);
        case SCENARIO_OPEN_CONNECTION:
        case SCENARIO_OPEN_IN_CLEAR:
                return connect_client(run, step, DOMAIN, error) != NULL;
        case SCENARIO_OPERATOR:
        case SCENARIO_OPERATOR_FAILS:
                return operate(run, step, error);
        case SCENARIO_STOP:
                return stop(run, error);
        case SCENARIO_START:
                return start(run, error);
        case SCENARIO_RESTART:
                return restart(run, error);
        case SCENARIO_KILL:
                return kill_server(run, error);
        case SCENARIO_RELOAD:
                return reload(run, error);
        case SCENARIO_REPLACE:
                return replace(run, step, error);
        case SCENARIO_ADVANCE:
                return advance(run, step, error);
        default:
                break;
        }
        ScenarioClient *client = client_of(run, step, error);
        return client && run_client_step(run, client, step, error);
}

/* Returns: whether @step is about the configuration, which the next start or reload puts in
 * force. */
static bool
configure(Run *run, const ScenarioStep *step)
{
        switch (step->verb) {
        case SCENARIO_HOST:
                g_ptr_array_add(run->setup.hosts, step->what);
                return true;
        case SCENARIO_MODULE:
                g_hash_table_remove(run->setup.disabled, step->what);
                g_hash_table_replace(run->setup.options, step->what,
                                     step->options ? step->options : (char *)"");
                return true;
        case SCENARIO_WITHOUT:
                g_hash_table_remove(run->setup.options, step->what);
                g_hash_table_add(run->setup.disabled, step->what);
                return true;
        case SCENARIO_MAIN:
                g_string_append_printf(run->main, "%s\n", step->block);
                return true;
        default:
                return false;
        }
}

/* The server starts before the first step that is about anything but its configuration. */
static bool
run_steps(Run *run, GError **error)
{
        bool has_begun = false;

        for (unsigned i = 0; i < run->scenario->steps->len; i++) {
                const ScenarioStep *step = g_ptr_array_index(run->scenario->steps, i);
                if (configure(run, step))
                        continue;
                if ((!has_begun && !start(run, error)) || !run_server_step(run, step, error)) {
                        g_prefix_error(error, "%s:%u: ", run->scenario->file, step->line);
                        return false;
                }
                has_begun = true;
        }
        return true;
}

static bool
end(Run *run, GError **error)
{
        if ((run->serves && !stop(run, error)) || !everybody_was_only_told_farewell(run, error)) {
                g_prefix_error(error, "%s: at the end: ", run->scenario->file);
                return false;
        }
        return true;
}

static void
run_init(Run *run)
{
        run->setup = (ScenarioSetup){
                .hosts = g_ptr_array_new(),
                .options = g_hash_table_new(g_str_hash, g_str_equal),
                .disabled = g_hash_table_new(g_str_hash, g_str_equal),
        };
        run->main = g_string_new(NULL);
        run->clients = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                             (GDestroyNotify)scenario_client_free);
        run->names = scenario_names_new();
}

static void
run_clear(Run *run)
{
        g_hash_table_unref(run->clients);
        g_hash_table_unref(run->names);
        g_hash_table_unref(run->setup.options);
        g_hash_table_unref(run->setup.disabled);
        g_ptr_array_unref(run->setup.hosts);
        g_string_free(run->main, TRUE);
        run->transport->free(run->server);
}

static void
add_log(Run *run, GError *error)
{
        g_autofree char *log = run->transport->log(run->server);

        if (*log) {
                g_autofree char *message =
                        g_strdup_printf("%s\n---- the server's log\n%s----", error->message, log);
                g_free(error->message);
                error->message = g_steal_pointer(&message);
        }
}

bool
scenario_run(const Scenario *scenario, const ScenarioTransport *transport,
             const ScenarioPlaces *places, GError **error)
{
        Run run = {.scenario = scenario, .transport = transport};
        GError *reason = NULL;

        run.server = transport->new (places, error);
        if (!run.server)
                return false;
        run_init(&run);
        if (!run_steps(&run, &reason) || !end(&run, &reason))
                add_log(&run, reason);
        run_clear(&run);
        if (reason)
                g_propagate_error(error, reason);
        return reason == NULL;
}

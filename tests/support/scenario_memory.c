/*
 * scenario_memory: a TestServer as a transport of scenarios.
 */
#include "support/scenario_memory.h"

#include <motet/error.h>
#include <string.h>

#include "support/scenario_client.h"
#include "support/scenario_shipped.h"
#include "support/test_server.h"

typedef struct {
        const ScenarioPlaces *places;
        TestServer *server; /* NULL while it does not run */
        char *unended;      /* (own) what modules had under way when it stopped; NULL: nothing */
        GPtrArray *connections; /* of Connection (borrowed) */
} Place;

typedef struct {
        Place *place;
        MotetSession *session; /* (borrowed) NULL once the server is gone */
} Connection;

/* Configuration */

static bool
is_left_out(const char *module)
{
        static const char *const names[] = {
                "c2s", "tls", "sasl", "storage_sqlite", "storage_memory", NULL};

        return g_strv_contains(names, module);
}

static void
add_shipped_modules(GString *yaml, const Place *place, const ScenarioSetup *setup)
{
        g_auto(GStrv) modules = scenario_shipped_modules(place->places);

        for (char **module = modules; *module; module++) {
                if (!is_left_out(*module) && !g_hash_table_contains(setup->options, *module) &&
                    !g_hash_table_contains(setup->disabled, *module))
                        g_string_append_printf(yaml, "  %s:\n", *module);
        }
}

/* Returns: (own) */
static char *
make_yaml(const Place *place, const ScenarioSetup *setup)
{
        g_autoptr(GString) yaml = g_string_new("hosts:\n  localhost:\n");
        GHashTableIter iter;
        void *module, *options;

        for (unsigned i = 0; i < setup->hosts->len; i++)
                g_string_append_printf(yaml, "  %s:\n", (const char *)setup->hosts->pdata[i]);
        g_string_append_printf(yaml, "%smodules_dir: %s\nmodules:\n  storage_memory:\n",
                               setup->main, module_folder_path(place->places->modules));
        add_shipped_modules(yaml, place, setup);
        g_hash_table_iter_init(&iter, setup->options);
        while (g_hash_table_iter_next(&iter, &module, &options)) {
                if (is_left_out(module))
                        continue;
                g_string_append_printf(yaml, "  %s:\n", (const char *)module);
                if (*(const char *)options)
                        g_string_append_printf(yaml, "    options: %s\n", (const char *)options);
        }
        return g_strdup(yaml->str);
}

/* The server */

static void *
new_place(const ScenarioPlaces *places, GError **error)
{
        Place *place = g_new0(Place, 1);

        (void)error;
        place->places = places;
        place->connections = g_ptr_array_new();
        return place;
}

static void
stop(void *data)
{
        Place *place = data;

        for (unsigned i = 0; i < place->connections->len; i++)
                ((Connection *)place->connections->pdata[i])->session = NULL;
        if (!place->server)
                return;
        place->unended = test_server_unended(place->server);
        module_folder_keep(place->places->modules);
        g_clear_pointer(&place->server, test_server_free);
}

static bool
await_end(void *data, GError **error)
{
        Place *place = data;
        g_autofree char *unended = g_steal_pointer(&place->unended);

        if (unended)
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MISSING, unended);
        return unended == NULL;
}

static void
free_place(void *data)
{
        Place *place = data;

        if (!place)
                return;
        stop(place);
        g_free(place->unended);
        g_ptr_array_unref(place->connections);
        g_free(place);
}

static bool
start(void *data, const ScenarioSetup *setup, GError **error)
{
        Place *place = data;
        g_autofree char *yaml = make_yaml(place, setup);
        g_autofree char *refusal = NULL;

        place->server = test_server_try(yaml, &refusal);
        if (!place->server)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "the server was refused:\n%s",
                            g_strchomp(refusal));
        return place->server != NULL;
}

static bool
reload(void *data, const ScenarioSetup *setup, GError **error)
{
        Place *place = data;
        g_autofree char *yaml = make_yaml(place, setup);
        g_autofree char *output = NULL;

        if (test_server_reload(place->server, yaml, &output))
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "reload: %s", output);
        return false;
}

static bool
renew(void *data, const char *module, GError **error)
{
        const Place *place = data;

        return module_folder_renew(place->places->modules, module, error);
}

static void
advance(void *data, GTimeSpan us)
{
        Place *place = data;

        test_server_advance(place->server, us);
        test_server_settle(place->server);
}

static bool
settle(void *data, GError **error)
{
        Place *place = data;

        (void)error;
        test_server_settle(place->server);
        return true;
}

/* What asks for a password is told the one of all accounts. */
static int
command(void *data, char **words, GString *output, GError **error)
{
        Place *place = data;
        g_autoptr(GPtrArray) all = g_ptr_array_new();
        g_autofree char *printed = NULL;
        bool needs_password = words[0] && words[1] && strcmp(words[0], "user") == 0 &&
                              (strcmp(words[1], "add") == 0 || strcmp(words[1], "password") == 0);

        if (!place->server) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                                    "nothing of a server in memory is there once it has stopped");
                return -1;
        }
        for (; *words; words++)
                g_ptr_array_add(all, *words);
        if (needs_password)
                g_ptr_array_add(all, (void *)SCENARIO_PASSWORD);
        g_ptr_array_add(all, NULL);
        int code =
                test_server_run_command(place->server, (const char *const *)all->pdata, &printed);
        g_string_append(output, printed);
        return code;
}

/* It goes where the log of this process goes. */
static char *
get_log(void *data)
{
        (void)data;
        return g_strdup("");
}

/* Connections */

static void *
connect_to(void *data, const char *domain, bool in_clear, GError **error)
{
        const MotetListen spec = {.address = "*", .type = MOTET_SESSION_C2S_UNAUTHED};
        Place *place = data;

        (void)domain;
        (void)in_clear;
        if (!place->server) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_IO, "nobody listens");
                return NULL;
        }
        Connection *connection = g_new0(Connection, 1);
        MotetServer *base = server_base(test_server_core(place->server));
        connection->place = place;
        connection->session = test_session_new_spec(base, &spec);
        g_ptr_array_add(place->connections, connection);
        return connection;
}

static void
close_connection(void *data)
{
        Connection *connection = data;

        g_ptr_array_remove(connection->place->connections, connection);
        if (connection->session) {
                test_session_lose(connection->session);
                test_session_free(connection->session);
        }
        g_free(connection);
}

static void
authenticate(void *data, const char *username)
{
        Connection *connection = data;

        if (!connection->session)
                return;
        motet_session_authenticate(connection->session, username);
        motet_session_restart(connection->session);
        test_server_settle(connection->place->server);
}

static void
send_bytes(void *data, const char *bytes, size_t n)
{
        Connection *connection = data;

        (void)n;
        if (connection->session)
                test_session_receive(connection->session, bytes);
}

static ScenarioRead
receive(void *data, GString *out, bool wait)
{
        Connection *connection = data;

        (void)wait;
        if (!connection->session)
                return SCENARIO_READ_END;
        g_autofree char *sent = test_session_take_sent(connection->session);
        if (*sent) {
                g_string_append(out, sent);
                return SCENARIO_READ_MORE;
        }
        return connection->session->conn ? SCENARIO_READ_NOTHING : SCENARIO_READ_END;
}

const ScenarioTransport scenario_memory = {
        .new = new_place,
        .free = free_place,
        .start = start,
        .stop = stop,
        .await_end = await_end,
        .reload = reload,
        .renew = renew,
        .advance = advance,
        .settle = settle,
        .command = command,
        .log = get_log,
        .connect = connect_to,
        .close = close_connection,
        .authenticate = authenticate,
        .send = send_bytes,
        .receive = receive,
};

/*
 * Tests of core/server.h and core/listens.h: starting whole or not at all, stopping, and reloading.
 */
#include "core/server.h"

#include <arpa/inet.h>
#include <motet/conn.h>
#include <motet/error.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test_server.h"

static MotetResult
note_event(MotetModule *self, MotetServerEvent *ev)
{
        GString *events = motet_module_data(self);

        g_string_append_printf(events, "%s %u;", ev->event.name,
                               (unsigned)((MotetServer *)ev->server)->serving);
        return MOTET_CONTINUE;
}

static void
hook_events(TestServer *server, GString *events)
{
        motet_module_set_data(test_server_owner(server), events, NULL);
        test_server_hook(server, &(MotetHook)MOTET_ON_SERVER("server-stopping", note_event,
                                                             MOTET_PRIO_NORMAL));
        test_server_hook(server, &(MotetHook)MOTET_ON_SERVER("config-reloaded", note_event,
                                                             MOTET_PRIO_NORMAL));
}

/* RFC 6120 4.9.3.19 */
static void
test_stopping_closes_every_stream(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        g_autoptr(GString) events = g_string_new(NULL);
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");
        MotetSession *stranger = test_server_open(server, "example.org");

        hook_events(server, events);
        server_stop(test_server_core(server));
        test_server_settle(server);

        g_assert_cmpstr(events->str, ==, "server-stopping 1;");
        test_assert_stream_error(romeo, "system-shutdown");
        test_assert_stream_error(stranger, "system-shutdown");
}

static void
test_stopping_twice_is_stopping_once(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        g_autoptr(GString) events = g_string_new(NULL);

        hook_events(server, events);
        server_stop(test_server_core(server));
        server_stop(test_server_core(server));
        test_server_settle(server);

        g_assert_cmpstr(events->str, ==, "server-stopping 1;");
}

/* A peer that neither closes nor reads does not keep the server: limits.close_timeout. */
static void
test_a_silent_peer_does_not_delay_the_stop_for_ever(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetServer *base = server_base(test_server_core(server));
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        test_session_set_window(romeo, 0);
        server_stop(test_server_core(server));
        test_server_settle(server);
        g_assert_cmpuint(base->n_streams, ==, 1);
        test_server_advance(server, base->limits.close_timeout + G_TIME_SPAN_SECOND);

        g_assert_cmpuint(base->n_streams, ==, 0);
}

/* Listeners */

static void
listen_on(TestServer *server, const char *address, uint16_t port)
{
        const MotetListen spec = {.address = address, .port = port, .type = MOTET_SESSION_C2S};
        g_autoptr(GError) error = NULL;

        motet_listen(test_server_owner(server), &spec, &error);
        g_assert_no_error(error);
}

static void
take_port(const MotetListen *spec, uint16_t port, void *data)
{
        uint16_t *ports = data;

        (void)spec;
        for (; *ports; ports++)
                ;
        *ports = port;
}

static int
connect_to(uint16_t port)
{
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(port),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_assert_cmpint(fd, >=, 0);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
                return fd;
        close(fd);
        return -1;
}

static void
test_a_listener_declared_while_serving_opens_at_once(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        uint16_t ports[2] = {0};

        listen_on(server, "127.0.0.1", 0);
        listens_foreach(server_listens(test_server_core(server)), take_port, ports);
        int fd = connect_to(ports[0]);
        test_server_settle(server);

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpuint(server_base(test_server_core(server))->n_streams, ==, 1);
        close(fd);
        test_server_settle(server);
        g_assert_cmpuint(server_base(test_server_core(server))->n_streams, ==, 0);
}

static void
test_a_listener_goes_with_its_module(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        uint16_t ports[2] = {0}, none[2] = {0};

        listen_on(server, "127.0.0.1", 0);
        listens_foreach(server_listens(test_server_core(server)), take_port, ports);
        instance_drop_all(test_server_owner(server));

        listens_foreach(server_listens(test_server_core(server)), take_port, none);
        g_assert_cmpuint(none[0], ==, 0);
        g_assert_cmpint(connect_to(ports[0]), ==, -1);
}

static void
test_stopping_closes_the_listeners(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        uint16_t ports[2] = {0};

        listen_on(server, "127.0.0.1", 0);
        listens_foreach(server_listens(test_server_core(server)), take_port, ports);
        server_stop(test_server_core(server));

        g_assert_cmpint(connect_to(ports[0]), ==, -1);
        listen_on(server, "127.0.0.1", ports[0]);
        g_assert_cmpint(connect_to(ports[0]), ==, -1);
}

static void
test_wrong_addresses_to_listen_on_are_refused(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        static const char *const addresses[] = {"localhost", "", "127.0.0", "::1%lo", "*4", NULL};

        for (const char *const *address = addresses; *address; address++) {
                const MotetListen spec = {.address = *address};
                g_autoptr(GError) error = NULL;
                g_assert_false(motet_listen(test_server_owner(server), &spec, &error));
                g_assert_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG);
        }
}

static void
test_a_port_in_use_is_named(void)
{
        g_autoptr(TestServer) first = test_server_new(NULL), second = test_server_new(NULL);
        uint16_t ports[2] = {0};
        g_autoptr(GError) error = NULL;

        listen_on(first, "127.0.0.1", 0);
        listens_foreach(server_listens(test_server_core(first)), take_port, ports);
        const MotetListen spec = {.address = "127.0.0.1", .port = ports[0]};
        bool is_listening = motet_listen(test_server_owner(second), &spec, &error);

        g_autofree char *port = g_strdup_printf("%u", ports[0]);
        g_assert_false(is_listening);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(error->message, port));
        g_assert_nonnull(strstr(error->message, "127.0.0.1"));
}

static void
test_listeners_open_all_or_none(void)
{
        g_autoptr(TestServer) first = test_server_new(NULL), second = test_server_new(NULL);
        Listens *listens = server_listens(test_server_core(second));
        uint16_t taken[2] = {0}, ports[3] = {0};
        g_autoptr(GError) error = NULL;

        listen_on(first, "127.0.0.1", 0);
        listens_foreach(server_listens(test_server_core(first)), take_port, taken);
        listen_on(second, "127.0.0.1", 0);
        listens_foreach(listens, take_port, ports);
        listens_close(listens);
        listen_on(second, "127.0.0.1", taken[0]);
        bool is_open = listens_open(listens, &error);

        g_assert_false(is_open);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_cmpint(connect_to(ports[0]), ==, -1);
}

static bool
listen_set(TestServer *server, uint16_t first, uint16_t second, bool direct_tls, GError **error)
{
        const MotetListen specs[] = {
                {.address = "127.0.0.1",
                 .port = first,
                 .direct_tls = direct_tls,
                 .type = MOTET_SESSION_C2S},
                {.address = "127.0.0.1", .port = second, .type = MOTET_SESSION_C2S},
        };

        return motet_listen_set(test_server_owner(server), specs, second ? 2 : 1, error);
}

static void
take_direct_tls(const MotetListen *spec, uint16_t port, void *data)
{
        (void)port;
        *(bool *)data = spec->direct_tls;
}

/* A module whose ports changed at a reload. */
static void
test_a_set_of_listeners_replaces_the_former(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        Listens *listens = server_listens(test_server_core(server));
        uint16_t both[3] = {0}, kept[3] = {0};
        bool is_direct_tls = false;

        listen_on(server, "127.0.0.1", 0);
        listen_on(server, "127.0.0.1", 0);
        listens_foreach(listens, take_port, both);
        instance_drop_all(test_server_owner(server));
        g_assert_true(listen_set(server, both[0], both[1], false, NULL));
        int stream = connect_to(both[0]);
        test_server_settle(server);
        g_assert_true(listen_set(server, both[1], 0, true, NULL));
        test_server_settle(server);

        listens_foreach(listens, take_port, kept);
        listens_foreach(listens, take_direct_tls, &is_direct_tls);
        g_assert_cmpuint(kept[0], ==, both[1]);
        g_assert_cmpuint(kept[1], ==, 0);
        g_assert_true(is_direct_tls);
        g_assert_cmpint(connect_to(both[0]), ==, -1);
        g_assert_cmpuint(server_base(test_server_core(server))->n_streams, ==, 1);
        close(stream);
}

static void
test_a_set_that_cannot_be_opened_changes_nothing(void)
{
        g_autoptr(TestServer) other = test_server_new(NULL), server = test_server_new(NULL);
        Listens *listens = server_listens(test_server_core(server));
        uint16_t taken[2] = {0}, before[2] = {0}, after[2] = {0};
        g_autoptr(GError) error = NULL;

        listen_on(other, "127.0.0.1", 0);
        listens_foreach(server_listens(test_server_core(other)), take_port, taken);
        listen_on(server, "127.0.0.1", 0);
        listens_foreach(listens, take_port, before);
        bool is_done = listen_set(server, 0, taken[0], false, &error);

        g_assert_false(is_done);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        listens_foreach(listens, take_port, after);
        g_assert_cmpuint(after[0], ==, before[0]);
        int fd = connect_to(before[0]);
        g_assert_cmpint(fd, >=, 0);
        close(fd);
}

/* Certificates and the folder of the data */

static Server *
make_real(const char *dir, bool serve, ConfigFindings *findings, GError **error)
{
        const ServerParams params = {
                .config = config_parse("hosts:\n  example.org:\n", -1, dir, findings),
                .serve = serve};

        return server_new(&params, findings, error);
}

static void
test_a_missing_certificate_is_found_when_serving(void)
{
        g_autofree char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        ConfigFindings findings;

        config_findings_init(&findings);
        Server *server = make_real(dir, true, &findings, NULL);

        g_assert_null(server);
        g_assert_cmpuint(findings.n_errors, ==, 1);
        g_autofree char *text = config_finding_string(g_ptr_array_index(findings.list, 0));
        g_assert_nonnull(strstr(text, "/certs/example.org.crt"));
        config_findings_clear(&findings);
        g_assert_cmpint(rmdir(dir), ==, 0);
}

/* A command that runs while the server is stopped may run before there is a certificate. */
static void
test_a_command_needs_no_certificate(void)
{
        g_autofree char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        g_autofree char *data_dir = g_build_filename(dir, "data", NULL);
        g_autofree char *control_socket = g_build_filename(dir, "motet.sock", NULL);
        ConfigFindings findings;
        g_autoptr(GError) error = NULL;

        config_findings_init(&findings);
        Server *server = make_real(dir, false, &findings, &error);
        g_assert_no_error(error);
        g_assert_nonnull(server);

        bool is_started = server_start(server, &error);
        g_assert_false(is_started);
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_TLS);
        g_assert_false(server_base(server)->serving);
        g_assert_cmpint(access(control_socket, F_OK), ==, -1);

        server_free(server);
        config_findings_clear(&findings);
        g_assert_cmpint(rmdir(data_dir), ==, 0);
        g_assert_cmpint(rmdir(dir), ==, 0);
}

/* Reloading */

static void
test_limits_apply_at_a_reload(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        g_autoptr(GString) events = g_string_new(NULL);

        hook_events(server, events);
        bool is_done = test_server_reload(server, "limits:\n  close_timeout: 9s\n", NULL);

        g_assert_true(is_done);
        g_assert_cmpint(server_base(test_server_core(server))->limits.close_timeout, ==,
                        9 * G_TIME_SPAN_SECOND);
        g_assert_cmpstr(events->str, ==, "config-reloaded 1;");
}

static void
assert_needs_restart(const char *config_yaml, const char *what)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        g_autoptr(GString) events = g_string_new(NULL);
        const Config *before = server_config(test_server_core(server));
        g_autofree char *refusal = NULL;

        hook_events(server, events);
        bool is_done = test_server_reload(server, config_yaml, &refusal);

        g_assert_false(is_done);
        if (!strstr(refusal, what) || !strstr(refusal, "needs a restart"))
                g_error("not about %s: %s", what, refusal);
        g_assert_true(server_config(test_server_core(server)) == before);
        g_assert_cmpstr(events->str, ==, "");
}

static void
test_what_cannot_change_needs_a_restart(void)
{
        assert_needs_restart("data_dir: elsewhere\n", "data_dir");
        assert_needs_restart("control_socket: other.sock\n", "control_socket");
        assert_needs_restart("modules_dir: /\n", "modules_dir");
        assert_needs_restart("user: nobody\n", "user");
        assert_needs_restart("storage:\n  default: sqlite\n", "storage");
        assert_needs_restart("storage:\n  default: memory\n  stores:\n    roster: sqlite\n",
                             "storage");
}

static void
test_a_wrong_configuration_is_not_applied(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        g_autofree char *refusal = NULL;

        bool is_done =
                test_server_reload(server, "limits:\n  close_timeout: 9s\nnonsense: 1\n", &refusal);

        g_assert_false(is_done);
        g_assert_nonnull(strstr(refusal, "nonsense"));
        g_assert_cmpint(server_base(test_server_core(server))->limits.close_timeout, ==,
                        5 * G_TIME_SPAN_SECOND);
}

static void
test_sessions_survive_a_reload(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetSession *romeo = test_server_bind(server, "romeo@example.org/orchard");

        g_assert_true(test_server_reload(server, "hosts:\n  example.org:\n  example.net:\n", NULL));

        g_assert_true(motet_session_is_connected(romeo));
        test_assert_sent_nothing(romeo);
        test_server_bind(server, "juliet@example.net/balcony");
}

/* Counted from the start, whatever is reloaded. */
static void
test_uptime(void)
{
        g_autoptr(TestServer) server = test_server_new(NULL);
        MotetServer *base = server_base(test_server_core(server));

        g_assert_cmpint(motet_server_uptime(base), ==, 0);
        test_server_advance(server, 90 * G_TIME_SPAN_SECOND);
        g_assert_true(test_server_reload(server, "hosts:\n  example.org:\n  example.net:\n", NULL));

        g_assert_cmpint(motet_server_uptime(base), ==, 90 * G_TIME_SPAN_SECOND);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/server/uptime-is-counted-from-the-start", test_uptime);
        g_test_add_func("/server/stopping-closes-every-stream", test_stopping_closes_every_stream);
        g_test_add_func("/server/stopping-twice-is-stopping-once",
                        test_stopping_twice_is_stopping_once);
        g_test_add_func("/server/a-silent-peer-does-not-delay-the-stop-for-ever",
                        test_a_silent_peer_does_not_delay_the_stop_for_ever);
        g_test_add_func("/server/a-listener-declared-while-serving-opens-at-once",
                        test_a_listener_declared_while_serving_opens_at_once);
        g_test_add_func("/server/a-listener-goes-with-its-module",
                        test_a_listener_goes_with_its_module);
        g_test_add_func("/server/stopping-closes-the-listeners",
                        test_stopping_closes_the_listeners);
        g_test_add_func("/server/wrong-addresses-to-listen-on-are-refused",
                        test_wrong_addresses_to_listen_on_are_refused);
        g_test_add_func("/server/a-port-in-use-is-named", test_a_port_in_use_is_named);
        g_test_add_func("/server/listeners-open-all-or-none", test_listeners_open_all_or_none);
        g_test_add_func("/server/a-set-of-listeners-replaces-the-former",
                        test_a_set_of_listeners_replaces_the_former);
        g_test_add_func("/server/a-set-that-cannot-be-opened-changes-nothing",
                        test_a_set_that_cannot_be_opened_changes_nothing);
        g_test_add_func("/server/a-missing-certificate-is-found-when-serving",
                        test_a_missing_certificate_is_found_when_serving);
        g_test_add_func("/server/a-command-needs-no-certificate",
                        test_a_command_needs_no_certificate);
        g_test_add_func("/server/limits-apply-at-a-reload", test_limits_apply_at_a_reload);
        g_test_add_func("/server/what-cannot-change-needs-a-restart",
                        test_what_cannot_change_needs_a_restart);
        g_test_add_func("/server/a-wrong-configuration-is-not-applied",
                        test_a_wrong_configuration_is_not_applied);
        g_test_add_func("/server/sessions-survive-a-reload", test_sessions_survive_a_reload);
        return g_test_run();
}

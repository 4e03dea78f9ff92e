/*
 * Tests of host: limits, hosts, whose hooks run where, features.
 */
#include "support/test_core.h"

static MotetResult
note_host(MotetModule *self, MotetSessionEvent *ev)
{
        test_core_note(self, "%s:%s:%s", self->info->name, ev->event.name,
                       ev->event.host ? ev->event.host->name : "-");
        return MOTET_CONTINUE;
}

static MotetResult
note_server(MotetModule *self, MotetServerEvent *ev)
{
        test_core_note(self, "%s:%s", self->info->name, ev->event.name);
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-bound", note_host, 0),
        MOTET_ON_SESSION("session-created", note_host, 0),
        MOTET_ON_SESSION("session-destroyed", note_host, 0),
        MOTET_ON_SERVER("server-started", note_server, 0),
        {0},
};

static void
fire_on(TestCore *core, MotetHost *host, const char *name)
{
        MotetSessionEvent ev = {.event = {.kind = MOTET_EVENT_SESSION, .host = host}};

        event_fire_now(host ? host->events : core->server.events, name, &ev.event);
}

static void
fire_started(TestCore *core)
{
        MotetServerEvent ev = {.event = {.kind = MOTET_EVENT_SERVER}, .server = &core->server};

        event_fire_now(core->server.events, "server-started", &ev.event);
}

/* R10 to R15 of the secure defaults. */
static void
test_default_limits(void)
{
        CoreLimits limits;

        limits_default(&limits);

        g_assert_cmpuint(limits.stranger.stanza_bytes, ==, 10000);
        g_assert_cmpuint(limits.user.stanza_bytes, ==, 262144);
        g_assert_cmpuint(limits.server.stanza_bytes, ==, 524288);
        g_assert_cmpuint(limits.stranger.depth, ==, 32);
        g_assert_cmpuint(limits.user.depth, ==, 64);
        g_assert_cmpuint(limits.stranger.elements, ==, 128);
        g_assert_cmpuint(limits.user.elements, ==, 2048);
        g_assert_cmpuint(limits.stranger.attributes, ==, 16);
        g_assert_cmpuint(limits.stranger.stanzas_per_s, ==, 10);
        g_assert_cmpuint(limits.user.stanzas_per_s, ==, 100);
        g_assert_cmpuint(limits.server.stanzas_per_s, ==, 500);
        g_assert_cmpuint(limits.user.send_queue, ==, 1048576);
        g_assert_cmpint(limits.handshake_timeout, ==, 10 * G_TIME_SPAN_SECOND);
        g_assert_cmpint(limits.login_timeout, ==, 30 * G_TIME_SPAN_SECOND);
        g_assert_cmpint(limits.bind_timeout, ==, 30 * G_TIME_SPAN_SECOND);
        g_assert_cmpint(limits.write_timeout, ==, 60 * G_TIME_SPAN_SECOND);
        g_assert_cmpint(limits.close_timeout, ==, 5 * G_TIME_SPAN_SECOND);
}

static void
collect_name(MotetHost *host, void *data)
{
        g_string_append_printf(data, "%s;", motet_host_name(host));
}

static void
test_hosts_are_found(void)
{
        g_autoptr(TestCore) core = test_core_new();
        g_autoptr(GString) names = g_string_new(NULL);

        g_assert_true(motet_host_find(&core->server, "example.org") == core->host);
        g_assert_true(motet_host_find(&core->server, "example.net") == core->other);
        g_assert_null(motet_host_find(&core->server, "example.com"));
        g_assert_true(motet_host_server(core->host) == &core->server);
        motet_server_hosts(&core->server, collect_name, names);
        g_assert_cmpstr(names->str, ==, "example.org;example.net;");
        host_free(core->other);

        g_assert_null(motet_host_find(&core->server, "example.net"));
}

/* A host-scoped instance: its own host, and the server's events. */
static void
test_hooks_of_a_host_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, core->host, hooks);

        fire_on(core, core->host, "session-bound");
        fire_on(core, core->other, "session-bound");
        fire_on(core, NULL, "session-created");
        fire_on(core, NULL, "session-destroyed");
        fire_started(core);

        test_core_assert_log(
                core,
                "test0:session-bound:example.org test0:session-created:- test0:server-started");
}

/* A server-scoped instance: every host, once each. */
static void
test_hooks_of_a_server_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        test_core_module(core, NULL, hooks);

        fire_on(core, core->host, "session-bound");
        fire_on(core, core->other, "session-bound");
        fire_on(core, NULL, "session-created");
        fire_on(core, NULL, "session-destroyed");
        fire_started(core);

        test_core_assert_log(
                core, "test0:session-bound:example.org test0:session-bound:example.net "
                      "test0:session-created:- test0:session-destroyed:- test0:server-started");
}

/* A host made later gets the hooks of server-scoped instances, those added at run time included. */
static void
test_hooks_on_a_later_host(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, NULL, hooks);
        g_assert_true(motet_hook_add(
                module, &(MotetHook)MOTET_ON_SESSION("session-unbound", note_host, 0), NULL));

        MotetHost *later = host_new(&core->server, "example.com");
        host_add_instance(later, module);
        host_add_instance(later, module);
        fire_on(core, later, "session-bound");
        fire_on(core, later, "session-unbound");
        fire_on(core, NULL, "session-created");

        test_core_assert_log(core,
                             "test0:session-bound:example.com test0:session-unbound:example.com "
                             "test0:session-created:-");
        g_assert_cmpuint(later->instances->len, ==, 1);
}

/* What load() hooks waits for load() to succeed. */
static void
test_hooks_added_while_loading(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        module->hooked = false;

        g_assert_true(motet_hook_add(
                module, &(MotetHook)MOTET_ON_SESSION("session-bound", note_host, 0), NULL));
        fire_on(core, core->host, "session-bound");
        test_core_assert_log(core, "");
        instance_add_hooks(module);
        fire_on(core, core->host, "session-bound");

        test_core_assert_log(core, "test0:session-bound:example.org");
}

static void
test_hooks_go_with_their_instance(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, NULL, hooks);

        test_core_stop(core, module);
        fire_on(core, core->host, "session-bound");
        fire_started(core);

        test_core_assert_log(core, "");
        g_assert_false(event_table_has(core->host->events, "session-bound"));
        g_assert_cmpuint(core->host->instances->len, ==, 0);
}

/* A host that goes takes its sessions along, telling them. */
static void
test_host_takes_its_sessions(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetSession *session = test_session_new(&core->server);
        test_core_module(core, NULL, hooks);
        test_session_open(session, "example.net");

        host_free(core->other);

        test_core_assert_log(core, "test0:session-destroyed:example.net");
        g_assert_null(session->conn);
        g_assert_cmpuint(core->server.n_streams, ==, 0);
}

static void
collect_identity(const char *category, const char *type, const char *name, void *data)
{
        g_string_append_printf(data, "%s/%s/%s;", category, type, name ? name : "");
}

static void
test_features_and_identities(void)
{
        static const MotetIdentity identities[] = {
                {.category = "server", .type = "im", .name = "motet"},
                {.category = "account", .type = "registered", .account = true},
                {0},
        };
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *one = test_core_module(core, core->host, NULL);
        MotetModule *two = test_core_module(core, core->host, NULL);
        MotetModule *stopped = test_core_module(core, core->host, NULL);
        MotetModuleInfo *info = (MotetModuleInfo *)one->info;
        info->features = MOTET_LIST("urn:c", "urn:a");
        info->identities = identities;
        info = (MotetModuleInfo *)two->info;
        info->features = MOTET_LIST("urn:b", "urn:a");
        info->account_features = MOTET_LIST("urn:x");
        info = (MotetModuleInfo *)stopped->info;
        info->features = MOTET_LIST("urn:gone");
        stopped->running = false;

        g_auto(GStrv) host = motet_host_features(core->host, false);
        g_auto(GStrv) account = motet_host_features(core->host, true);
        g_auto(GStrv) other = motet_host_features(core->other, false);
        g_autoptr(GString) seen = g_string_new(NULL);
        motet_host_identities(core->host, false, collect_identity, seen);
        motet_host_identities(core->host, true, collect_identity, seen);

        g_autofree char *joined = g_strjoinv(" ", host);
        g_assert_cmpstr(joined, ==, "urn:a urn:b urn:c");
        g_assert_cmpuint(g_strv_length(account), ==, 1);
        g_assert_cmpstr(account[0], ==, "urn:x");
        g_assert_cmpuint(g_strv_length(other), ==, 0);
        g_assert_cmpstr(seen->str, ==, "server/im/motet;account/registered/;");
}

/* Sessions that never found a host may outlive the last one. */
static void
test_clearing_takes_what_is_left(void)
{
        const MotetListen spec = {.address = "*", .type = MOTET_SESSION_C2S};
        TestCore *core = test_core_new();
        GString *out = g_string_new(NULL);

        g_assert_nonnull(session_accept_memory(&core->server, &spec, out));
        g_assert_nonnull(session_accept_memory(&core->server, &spec, out));
        test_core_free(core);

        g_assert_cmpuint(out->len, ==, 0);
        g_string_free(out, TRUE);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/host/default-limits", test_default_limits);
        g_test_add_func("/host/hosts-are-found", test_hosts_are_found);
        g_test_add_func("/host/hooks-of-a-host-module", test_hooks_of_a_host_module);
        g_test_add_func("/host/hooks-of-a-server-module", test_hooks_of_a_server_module);
        g_test_add_func("/host/hooks-on-a-later-host", test_hooks_on_a_later_host);
        g_test_add_func("/host/hooks-added-while-loading", test_hooks_added_while_loading);
        g_test_add_func("/host/hooks-go-with-their-instance", test_hooks_go_with_their_instance);
        g_test_add_func("/host/host-takes-its-sessions", test_host_takes_its_sessions);
        g_test_add_func("/host/features-and-identities", test_features_and_identities);
        g_test_add_func("/host/clearing-takes-what-is-left", test_clearing_takes_what_is_left);
        return g_test_run();
}

/*
 * test_core: the lower layers of a server for tests of their own.
 */
#include "support/test_core.h"

#include <string.h>

typedef struct {
        MotetModule instance;
        MotetModuleInfo info;
        char *name;
} TestModule;

TestCore *
test_core_new(void)
{
        TestCore *core = g_new0(TestCore, 1);

        server_base_init(&core->server, loop_new(true));
        router_init(&core->server);
        core->host = host_new(&core->server, "example.org");
        core->other = host_new(&core->server, "example.net");
        core->modules = g_ptr_array_new();
        core->log = g_string_new(NULL);
        return core;
}

void
test_core_free(TestCore *core)
{
        test_sessions_clear(&core->server);
        while (core->modules->len > 0)
                test_core_stop(core, core->modules->pdata[core->modules->len - 1]);
        g_ptr_array_unref(core->modules);
        while (core->server.hosts->len > 0)
                host_free(core->server.hosts->pdata[0]);
        router_clear(&core->server);
        server_base_clear(&core->server);
        g_string_free(core->log, TRUE);
        g_free(core);
}

MotetModule *
test_core_module(TestCore *core, MotetHost *host, const MotetHook *hooks)
{
        TestModule *module = g_new0(TestModule, 1);
        MotetModule *instance = &module->instance;

        module->name = g_strdup_printf("test%u", core->modules->len);
        module->info.name = module->name;
        module->info.scope = host ? MOTET_SCOPE_HOST : MOTET_SCOPE_SERVER;
        module->info.hooks = hooks;
        instance->info = &module->info;
        instance->server = &core->server;
        instance->host = host;
        instance->order = core->modules->len;
        instance->data = core;
        instance_init(instance);
        instance->running = true;
        g_ptr_array_add(core->modules, instance);

        if (host)
                host_add_instance(host, instance);
        for (unsigned i = 0; !host && i < core->server.hosts->len; i++)
                host_add_instance(core->server.hosts->pdata[i], instance);
        instance_add_hooks(instance);
        return instance;
}

void
test_core_stop(TestCore *core, MotetModule *module)
{
        TestModule *owned = (TestModule *)(void *)module;

        module->running = false;
        instance_drop_all(module);
        for (unsigned i = 0; i < core->server.hosts->len; i++)
                host_remove_instance(core->server.hosts->pdata[i], module);
        loop_settle(core->server.loop);
        instance_clear(module);
        g_assert_cmpuint(module->busy, ==, 0);
        g_ptr_array_remove(core->modules, module);
        g_free(owned->name);
        g_free(owned);
}

void
test_core_advance(TestCore *core, GTimeSpan us)
{
        loop_advance(core->server.loop, us);
        loop_settle(core->server.loop);
}

void
test_core_settle(TestCore *core)
{
        loop_settle(core->server.loop);
}

MotetSession *
test_core_login(TestCore *core, const char *username)
{
        MotetSession *session = test_session_new(&core->server);

        test_session_open(session, "example.org");
        motet_session_authenticate(session, username);
        motet_session_restart(session);
        test_session_open(session, "example.org");
        return session;
}

static void
assert_bound(MotetSession *session, MotetCondition condition, const char *text, void *data)
{
        (void)session;
        (void)text;
        (void)data;
        g_assert_cmpint(condition, ==, MOTET_CONDITION_NONE);
}

MotetSession *
test_core_bind(TestCore *core, const char *username, const char *resource)
{
        MotetSession *session = test_core_login(core, username);

        motet_session_bind(session, resource, assert_bound, NULL);
        loop_settle(core->server.loop);
        g_assert_nonnull(session->full_jid);
        return session;
}

TestCore *
test_core_of(const MotetModule *self)
{
        return self->data;
}

void
test_core_note(const MotetModule *self, const char *format, ...)
{
        GString *log = test_core_of(self)->log;
        va_list args;

        if (log->len > 0)
                g_string_append_c(log, ' ');
        va_start(args, format);
        g_string_append_vprintf(log, format, args);
        va_end(args);
}

char *
test_core_take_log(TestCore *core)
{
        char *words = g_strdup(core->log->str);

        g_string_truncate(core->log, 0);
        return words;
}

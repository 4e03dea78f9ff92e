/*
 * delta: a module of server scope, with hooks of hosts and of the server.
 */
#include <motet/module.h>

static MotetResult
on_created(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        motet_info("created");
        return MOTET_CONTINUE;
}

static MotetResult
on_opened(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        motet_info("opened %s", motet_host_name(ev->event.host));
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-created", on_created, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("stream-opened", on_opened, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "delta",
        .summary = "Watch all hosts",
        .scope = MOTET_SCOPE_SERVER,
        .hooks = hooks,
};

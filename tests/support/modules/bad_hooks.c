/*
 * bad_hooks: hooks an event nobody declares, and one with the handler of another payload.
 */
#include <motet/module.h>

static MotetResult
on_session(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-danced", on_session, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("server-started", on_session, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {.abi = MOTET_ABI, .name = "bad_hooks", .hooks = hooks};

/*
 * carol: hooks an event that delta hooks, and sorts before it.
 */
#include <motet/module.h>

static MotetResult
on_opened(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        motet_info("opened first");
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("stream-opened", on_opened, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "carol",
        .summary = "Watch before delta",
        .hooks = hooks,
};

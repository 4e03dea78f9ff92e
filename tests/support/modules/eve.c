/*
 * eve: hooks the event that alpha declares.
 */
#include <motet/module.h>

static MotetResult
on_greeted(MotetModule *self, MotetAccountEvent *ev)
{
        (void)self;
        motet_info("heard of %s", ev->username);
        return MOTET_CONTINUE;
}

static const MotetHook hooks[] = {
        MOTET_ON_ACCOUNT("greeted", on_greeted, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "eve",
        .summary = "Hear of greetings",
        .depends = MOTET_LIST("alpha"),
        .hooks = hooks,
};

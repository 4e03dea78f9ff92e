/*
 * alpha: a sound host-scoped module that logs its life, with options, a service and an event of its
 * own.
 */
#include <motet/module.h>

static bool
load(MotetModule *self, GError **error)
{
        (void)error;
        motet_info("load %s", motet_host_name(motet_module_host(self)));
        return true;
}

static void
reconfigure(MotetModule *self)
{
        motet_info("reconfigure %s %s", motet_host_name(motet_module_host(self)),
                   motet_option_string(self, "greeting"));
}

static void
unload(MotetModule *self)
{
        motet_info("unload %s", motet_host_name(motet_module_host(self)));
}

static MotetResult
on_started(MotetModule *self, MotetServerEvent *ev)
{
        (void)ev;
        motet_info("started %s", motet_host_name(motet_module_host(self)));
        return MOTET_CONTINUE;
}

static const char greeter[] = "alpha";

static const MotetServiceDecl services[] = {{"greeter", greeter}, {0}};
static const MotetEventDecl events[] = {{"greeted", MOTET_EVENT_ACCOUNT, "somebody was greeted"},
                                        {0}};
static const MotetOption options[] = {
        {"greeting", MOTET_OPTION_STRING, "hello", 1, 20, NULL, "What to say."},
        {"level", MOTET_OPTION_INT, "3", 1, 9, NULL, "How loud."},
        {0},
};
static const MotetHook hooks[] = {MOTET_ON_SERVER("server-started", on_started, MOTET_PRIO_NORMAL),
                                  {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "alpha",
        .summary = "Greet",
        .specs = MOTET_LIST("RFC0001"),
        .services = services,
        .events = events,
        .options = options,
        .hooks = hooks,
        .load = load,
        .reconfigure = reconfigure,
        .unload = unload,
};

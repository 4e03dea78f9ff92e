/*
 * bad_event: declares the event of alpha with a payload of its own.
 */
#include <motet/module.h>

static const MotetEventDecl events[] = {{"greeted", MOTET_EVENT_CUSTOM, "somebody was greeted"},
                                        {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI, .name = "bad_event", .summary = "Greet otherwise", .events = events};

/*
 * bad_words: a descriptor whose every table has something wrong.
 */
#include <motet/command.h>
#include <motet/module.h>

static GBytes *
save(MotetModule *self)
{
        (void)self;
        return NULL;
}

static MotetResult
on_session(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_CONTINUE;
}

static const MotetServiceDecl services[] = {{"Singing", "x"}, {"words", NULL}, {"words", "x"}, {0}};
static const MotetEventDecl events[] = {{"word-said", MOTET_EVENT_ACCOUNT, NULL},
                                        {"session-bound", MOTET_EVENT_ACCOUNT, "never"},
                                        {0}};
static const MotetOption options[] = {
        {"Loud", MOTET_OPTION_BOOL, "true", 0, 0, NULL, "Whether to shout."},
        {"level", MOTET_OPTION_INT, "10", 1, 9, NULL, "How loud."},
        {"quiet", MOTET_OPTION_BOOL, "true", 0, 0, NULL, NULL},
        {0},
};
static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-danced", on_session, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("server-started", on_session, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-bound", NULL, MOTET_PRIO_NORMAL),
        {0},
};
static const MotetArg say_args[] = {
        {"what", MOTET_ARG_STRING, true}, {"how", MOTET_ARG_WORD, false}, {0}};
static const MotetCommandDecl commands[] = {
        {"Say it", say_args, NULL, NULL},
        {"status", NULL, "Tell words", NULL},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "bad_words",
        .depends = MOTET_LIST("Alpha", "bad_words", "service:*"),
        .wants = MOTET_LIST("beta", "beta"),
        .features = MOTET_LIST("urn:words", "urn:words"),
        .services = services,
        .events = events,
        .options = options,
        .hooks = hooks,
        .commands = commands,
        .save = save,
        .state_oldest = 2,
        .restart_options = MOTET_LIST("levle"),
};

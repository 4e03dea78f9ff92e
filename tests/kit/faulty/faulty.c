/*
 * faulty: commit the fault that a request names.
 *
 * Implements  nothing
 * Hooks       iq/host/urn:example:faulty:leak, held, crash, freed, overflow, undefined, token,
 * critical
 * Options     none
 */
#include <limits.h>
#include <motet/module.h>
#include <motet/session.h>
#include <motet/stanza.h>
#include <motet/task.h>
#include <stdlib.h>

#define NS "urn:example:faulty"

static char *held;

static MotetResult
answer(MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);

        motet_session_send(ev->session, result);
        return MOTET_HANDLED;
}

/* A stanza nobody frees. */
static MotetResult
leak(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        motet_xml_add(motet_xml_new("lost", NS), "child", NULL);
        return answer(ev);
}

/* What a static variable holds is lost with the code of the module. */
static MotetResult
hold(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        held = g_malloc0(100);
        return answer(ev);
}

static MotetResult
overflow(MotetModule *self, MotetStanzaEvent *ev)
{
        char *bytes = malloc(16);
        volatile size_t n = 16;

        (void)self;
        bytes[n] = 'x';
        free(bytes);
        return answer(ev);
}

static MotetResult
crash(MotetModule *self, MotetStanzaEvent *ev)
{
        char *volatile nowhere = (char *)8;

        (void)self;
        *nowhere = 'x';
        return answer(ev);
}

static MotetResult
use_freed(MotetModule *self, MotetStanzaEvent *ev)
{
        char *bytes = calloc(16, 1);
        char *volatile again = bytes;

        (void)self;
        free(bytes);
        return again[3] ? MOTET_CONTINUE : answer(ev);
}

static MotetResult
overflow_integer(MotetModule *self, MotetStanzaEvent *ev)
{
        volatile int n = INT_MAX;

        (void)self;
        n = n + 1;
        return n ? answer(ev) : MOTET_CONTINUE;
}

/* The chain goes on at the deadline; the token is still held. */
static MotetResult
forget_token(MotetModule *self, MotetStanzaEvent *ev)
{
        motet_wait(self, &ev->event, G_TIME_SPAN_SECOND, MOTET_DEADLINE_CONTINUE);
        return MOTET_WAIT;
}

static MotetResult
misuse(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        motet_session_send(ev->session, NULL);
        return answer(ev);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/" NS ":leak", leak, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":held", hold, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":overflow", overflow, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":crash", crash, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":freed", use_freed, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":undefined", overflow_integer, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":token", forget_token, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/host/" NS ":critical", misuse, MOTET_PRIO_NORMAL),
        {.event = NULL},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "faulty",
        .summary = "Commit faults",
        .hooks = hooks,
};

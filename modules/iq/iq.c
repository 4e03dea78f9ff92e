/*
 * iq: deliver iq stanzas to connected resources, and answer for accounts what no module answers.
 *
 * Implements  RFC 6121 sections 8.5.1, 8.5.2.1.3, 8.5.2.2.3, 8.5.3.1 and 8.5.3.2.3, for iq
 * Hooks       iq/full, iq/bare
 * Options     none
 */
#include <motet/module.h>
#include <motet/router.h>

/*
 * RFC 6121 8.5.3.1 and 8.5.3.2.3: to the matching resource, else an error to the sender. Whether
 * the account exists makes no difference, so a stranger cannot find out (8.5.1). Results and errors
 * are never answered: they are dropped.
 */
static MotetResult
deliver(MotetModule *self, MotetStanzaEvent *ev)
{
        if (motet_deliver(motet_module_host(self), ev->to, ev->stanza))
                return MOTET_HANDLED;
        return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);
}

/*
 * RFC 6121 8.5.2.1.3: the server answers on behalf of the account, and never hands the stanza to a
 * resource. Modules that know the payload ran before; the same answer is given for accounts that do
 * not exist (8.5.1).
 */
static MotetResult
answer_for_account(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;
        return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/full", deliver, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("iq/bare", answer_for_account, MOTET_PRIO_LATE),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "iq",
        .summary = "Deliver iq stanzas to connected resources",
        .specs = MOTET_LIST("RFC6121"),
        .hooks = hooks,
};

/*
 * permitted: has permissions, and says whether who asks has the one that is asked about.
 */
#include <motet/module.h>
#include <motet/router.h>
#include <motet/session.h>

static MotetResult
answer(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!motet_may(self, ev->session, motet_xml_attr(ev->payload, "permission")))
                return motet_reply_error(ev, MOTET_FORBIDDEN, NULL);

        g_autoptr(MotetXml) result = motet_iq_result(ev->stanza);
        return motet_reply(ev, result);
}

static void
reconfigure(MotetModule *self)
{
        motet_info("%s was changed", motet_host_name(motet_module_host(self)));
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("iq/host/urn:test:may:q", answer, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {"count", MOTET_OPTION_INT, "5", 1, 10, NULL, "How many."},
        {0},
};

static const MotetPermission permissions[] = {
        {"look", MOTET_ROLE_RESTRICTED, "May look at things."},
        {"create", MOTET_ROLE_MEMBER, "May make things."},
        {"manage", MOTET_ROLE_ADMIN, "May change things of others."},
        {"purge", MOTET_ROLE_NOBODY, "May remove everything."},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "permitted",
        .summary = "Test permissions",
        .hooks = hooks,
        .options = options,
        .reconfigure = reconfigure,
        .permissions = permissions,
};

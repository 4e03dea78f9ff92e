/*
 * hoarder: keeps 1 MiB for each stream that is opened and lets go of it when a session is gone;
 * takes and gives back 1 MiB for each session that is made; for tests of what is measured.
 */
#include <motet/module.h>

#define MIB ((gsize)1024 * 1024)

static MotetResult
borrow(MotetModule *self, MotetSessionEvent *ev)
{
        g_autofree char *text = g_strnfill(MIB, 'x');

        (void)self;
        (void)ev;
        motet_debug("%s", text + MIB - 1);
        return MOTET_CONTINUE;
}

static MotetResult
keep(MotetModule *self, MotetSessionEvent *ev)
{
        GSList *hoard = motet_module_data(self);

        (void)ev;
        motet_module_set_data(self, g_slist_prepend(hoard, g_strnfill(MIB, 'x')), NULL);
        return MOTET_CONTINUE;
}

static MotetResult
let_go(MotetModule *self, MotetSessionEvent *ev)
{
        GSList *hoard = motet_module_data(self);

        (void)ev;
        if (!hoard)
                return MOTET_CONTINUE;
        g_free(hoard->data);
        motet_module_set_data(self, g_slist_delete_link(hoard, hoard), NULL);
        return MOTET_CONTINUE;
}

static void
unload(MotetModule *self)
{
        g_slist_free_full(motet_module_data(self), g_free);
}

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-created", borrow, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("stream-opened", keep, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-destroyed", let_go, MOTET_PRIO_NORMAL),
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "hoarder",
        .summary = "Keep more than needed",
        .scope = MOTET_SCOPE_SERVER,
        .hooks = hooks,
        .unload = unload,
};

/*
 * pending: a request while the accounts are asked, its stream parked.
 */
#include "register-private.h"

#define WAIT (60 * G_TIME_SPAN_SECOND)

static void
pending_free(void *data)
{
        Pending *pending = data;

        g_queue_unlink(&pending->state->pendings, &pending->link);
        g_free(pending->username);
        g_free(pending->network);
        g_free(pending);
}

Pending *
pending_new(MotetModule *self, MotetStanzaEvent *ev, const char *username)
{
        Pending *pending = g_new0(Pending, 1);

        pending->state = motet_module_data(self);
        pending->username = g_strdup(username);
        pending->link.data = pending;
        g_queue_push_tail_link(&pending->state->pendings, &pending->link);
        pending->later = motet_later_new(self, ev, WAIT);
        motet_later_set_data(pending->later, pending, pending_free);
        return pending;
}

void
pending_fail(Pending *pending)
{
        motet_later_fail(pending->later, "accounts cannot be changed now");
}

void
pending_cancel_all(MotetModule *self)
{
        const Register *state = motet_module_data(self);
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", &provider);

        for (const GList *link = state->pendings.head; auth && link; link = link->next)
                auth->cancel(provider, ((const Pending *)link->data)->request);
}

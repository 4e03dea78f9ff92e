/*
 * pending: a request while the accounts are asked, its stream parked.
 */
#include "register-private.h"

#include <motet/router.h>

#define WAIT (60 * G_TIME_SPAN_SECOND)

Pending *
pending_new(MotetModule *self, MotetStanzaEvent *ev, const char *username)
{
        Register *state = motet_module_data(self);
        Pending *pending = g_new0(Pending, 1);

        pending->self = self;
        pending->session = motet_session_ref(ev->session);
        pending->iq = motet_xml_ref(ev->stanza);
        pending->username = g_strdup(username);
        pending->wait = motet_wait(self, &ev->event, WAIT, MOTET_DEADLINE_REFUSE);
        pending->link.data = pending;
        g_queue_push_tail_link(&state->pendings, &pending->link);
        return pending;
}

/* @verdict: on the request, which the waiting handler answered or did not */
static void
pending_end(Pending *pending, MotetResult verdict)
{
        Register *state = motet_module_data(pending->self);

        g_queue_unlink(&state->pendings, &pending->link);
        motet_resume(pending->wait, verdict);
        motet_session_unref(pending->session);
        motet_xml_unref(pending->iq);
        g_free(pending->username);
        g_free(pending->network);
        g_free(pending);
}

void
pending_answer(Pending *pending, MotetXml *reply)
{
        if (motet_wait_is_live(pending->wait))
                motet_reply_to(motet_module_host(pending->self), pending->session, reply);
        pending_end(pending, MOTET_HANDLED);
}

void
pending_refuse(Pending *pending, MotetCondition condition, const char *type, const char *text)
{
        g_autoptr(MotetXml) error = motet_stanza_error_of_type(pending->iq, condition, type, text);

        pending_answer(pending, error);
}

void
pending_fail(Pending *pending)
{
        pending_refuse(pending, MOTET_INTERNAL_SERVER_ERROR, "wait",
                       "accounts cannot be changed now");
}

void
pending_drop_all(MotetModule *self)
{
        Register *state = motet_module_data(self);
        MotetModule *provider = NULL;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", &provider);

        while (state->pendings.head) {
                Pending *pending = state->pendings.head->data;
                if (auth)
                        auth->cancel(provider, pending->request);
                pending_end(pending, MOTET_CONTINUE);
        }
}

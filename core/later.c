/*
 * later: stanzas that are answered after their handler has returned.
 *
 * A MotetLater is a token of a parked chain with what its answer needs. The token alone decides
 * what happens to the chain; this only makes sure that nobody answers twice, and that what is held
 * goes with the module.
 */
#include <motet/router.h>

#include "core/host.h"
#include "core/session.h"

struct MotetLater {
        Owned owned;
        MotetWait *wait;       /* (own) resumed when this ends; a leftover frees it itself */
        MotetHost *host;       /* (own) */
        MotetSession *session; /* (own) NULL: it was routed */
        MotetXml *stanza;      /* (own) */
        MotetJid *from, *to;   /* (own) */
        void *data;
        GDestroyNotify data_free; /* NULL: none */
};

/* Lets go of everything but the token. */
static void
later_free(MotetLater *later)
{
        owned_remove(&later->owned);
        if (later->data_free)
                later->data_free(later->data);
        motet_session_unref(later->session);
        motet_xml_unref(later->stanza);
        motet_jid_unref(later->from);
        motet_jid_unref(later->to);
        host_unref(later->host);
        g_free(later);
}

static void
free_leftover(Owned *owned)
{
        later_free(CONTAINER_OF(owned, MotetLater, owned));
}

/* The token is dropped by itself, and its chain goes on. Unload may still end this. */
static void
drop_module(Owned *owned)
{
        MotetModule *owner = owned->owner;

        owned_remove(owned);
        owned_leave(owned, owner, free_leftover);
}

MotetLater *
motet_later_new(MotetModule *self, MotetStanzaEvent *ev, GTimeSpan timeout)
{
        g_return_val_if_fail(self && ev && timeout > 0, NULL);

        MotetWait *wait = motet_wait(self, &ev->event, timeout, MOTET_DEADLINE_REFUSE);
        if (!wait)
                return NULL;

        MotetLater *later = g_new0(MotetLater, 1);
        later->wait = wait;
        later->host = host_ref(ev->event.host);
        later->session = ev->session ? motet_session_ref(ev->session) : NULL;
        later->stanza = motet_xml_ref(ev->stanza);
        later->from = ev->from ? motet_jid_ref(ev->from) : NULL;
        later->to = ev->to ? motet_jid_ref(ev->to) : NULL;
        owned_add(&later->owned, self, drop_module);
        return later;
}

const MotetXml *
motet_later_stanza(const MotetLater *later)
{
        return later->stanza;
}

const MotetJid *
motet_later_from(const MotetLater *later)
{
        return later->from;
}

const MotetJid *
motet_later_to(const MotetLater *later)
{
        return later->to;
}

MotetHost *
motet_later_host(const MotetLater *later)
{
        return later->host;
}

MotetSession *
motet_later_session(const MotetLater *later)
{
        return later->session && !later->session->priv->destroyed ? later->session : NULL;
}

bool
motet_later_is_live(const MotetLater *later)
{
        return motet_wait_is_live(later->wait);
}

void
motet_later_set_data(MotetLater *later, void *data, GDestroyNotify free_func)
{
        g_return_if_fail(later && !later->data);

        later->data = data;
        later->data_free = free_func;
}

void *
motet_later_data(const MotetLater *later)
{
        return later->data;
}

static void
end(MotetLater *later, MotetResult verdict)
{
        MotetWait *wait = later->wait;

        later_free(later);
        motet_resume(wait, verdict);
}

void
motet_later_answer(MotetLater *later, MotetXml *reply)
{
        g_return_if_fail(later);

        /* Past its deadline it was answered already. */
        if (reply && motet_later_is_live(later))
                motet_reply_to(later->host, later->session, reply);
        end(later, MOTET_HANDLED);
}

void
motet_later_result(MotetLater *later)
{
        g_return_if_fail(later);
        g_autoptr(MotetXml) result = motet_iq_result(later->stanza);

        motet_later_answer(later, result);
}

void
motet_later_error(MotetLater *later, MotetCondition condition, const char *type, const char *text)
{
        g_return_if_fail(later && condition != MOTET_CONDITION_NONE);
        g_autoptr(MotetXml) error = motet_stanza_error_of_type(
                later->stanza, condition, type ? type : motet_condition_type(condition), text);

        motet_later_answer(later, error);
}

void
motet_later_fail(MotetLater *later, const char *text)
{
        g_return_if_fail(later);

        motet_later_error(later, server_failure_condition(later->host->server), "wait", text);
}

void
motet_later_continue(MotetLater *later)
{
        g_return_if_fail(later);

        end(later, MOTET_CONTINUE);
}

/*
 * session_data: what modules keep with a session: one pointer each; and the limits they may set.
 */
#include "core/session.h"

#include "core/list.h"

static void
free_slot(SessionSlot *slot)
{
        SessionSlot old = *slot;

        *slot = (SessionSlot){0};
        if (old.data && old.free_func)
                old.free_func(old.data);
}

void
session_free_slots(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        for (unsigned i = 0; i < priv->n_slots; i++)
                free_slot(&priv->slots[i]);
        g_clear_pointer(&priv->slots, g_free);
        priv->n_slots = 0;
}

/* The module goes: so does its data in every session. */
static void
drop_session_data(Owned *owned)
{
        MotetModule *owner = owned->owner;
        List *streams = &owner->server->streams;

        owned_remove(owned);
        for (List *link = streams->next; link != streams; link = link->next) {
                MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                if (owner->slot < priv->n_slots)
                        free_slot(&priv->slots[owner->slot]);
        }
}

void
motet_session_set_data(MotetSession *session, MotetModule *self, void *data,
                       GDestroyNotify free_func)
{
        MotetSessionPrivate *priv = session->priv;

        /* Nothing would free it later. */
        if ((priv->destroyed && !list_is_linked(&priv->link)) ||
            self->slot >= priv->server->slots->len) {
                if (data && free_func)
                        free_func(data);
                return;
        }
        if (self->slot >= priv->n_slots) {
                if (!data)
                        return;
                priv->slots = g_renew(SessionSlot, priv->slots, self->slot + 1);
                for (unsigned i = priv->n_slots; i <= self->slot; i++)
                        priv->slots[i] = (SessionSlot){0};
                priv->n_slots = self->slot + 1;
        }
        free_slot(&priv->slots[self->slot]);
        priv->slots[self->slot] = (SessionSlot){data, free_func};
        if (!self->session_data.owner)
                owned_add(&self->session_data, self, drop_session_data);
}

void *
motet_session_data(const MotetSession *session, MotetModule *self)
{
        return self->slot < session->priv->n_slots ? session->priv->slots[self->slot].data : NULL;
}

void
session_use_limits(MotetSession *session, const MotetSessionLimits *limits)
{
        session->priv->limits = *limits;
        if (!session->conn)
                return;
        conn_set_queue_limit(session->conn, limits->send_queue);
        conn_set_rate(session->conn, limits->bytes_per_s, limits->bytes_burst);
}

const MotetSessionLimits *
motet_session_limits(const MotetSession *session)
{
        return &session->priv->limits;
}

void
motet_session_set_limits(MotetSession *session, const MotetSessionLimits *limits)
{
        g_return_if_fail(limits->stanza_bytes && limits->depth && limits->elements &&
                         limits->attributes);
        g_return_if_fail(limits->namespaces && limits->name_bytes && limits->send_queue);
        g_return_if_fail(limits->bytes_per_s && limits->bytes_burst && limits->stanzas_per_s);

        session_use_limits(session, limits);
}

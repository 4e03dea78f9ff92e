/*
 * session_data: what modules keep with a session: one pointer each; and the limits they may set.
 */
#include "core/session.h"

#include "core/list.h"

void
session_free_slots(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        slots_clear(&priv->slots, &priv->n_slots);
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
                Slot slot;
                if (slots_take(&priv->slots, &priv->n_slots, owner->slot, &slot))
                        slot_free(&slot);
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
        slots_set(&priv->slots, &priv->n_slots, &(Slot){self->slot, data, free_func});
        if (data && !self->session_data.owner)
                owned_add(&self->session_data, self, drop_session_data);
}

void *
motet_session_data(const MotetSession *session, MotetModule *self)
{
        const MotetSessionPrivate *priv = session->priv;
        const Slot *slot = slots_find(priv->slots, priv->n_slots, self->slot);

        return slot ? slot->data : NULL;
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

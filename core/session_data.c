/*
 * session_data: what modules keep with a session: one pointer each; and the limits they may set.
 */
#include "core/session.h"

#include "core/list.h"

/* Few modules keep something with a session, so there is a slot for those alone. */
static SessionSlot *
find_slot(const MotetSessionPrivate *priv, const MotetModule *module)
{
        for (unsigned i = 0; i < priv->n_slots; i++) {
                if (priv->slots[i].number == module->slot)
                        return &priv->slots[i];
        }
        return NULL;
}

static void
free_slot(MotetSessionPrivate *priv, SessionSlot *slot)
{
        SessionSlot old = *slot;

        *slot = priv->slots[--priv->n_slots];
        if (old.free_func)
                old.free_func(old.data);
}

void
session_free_slots(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        while (priv->n_slots > 0)
                free_slot(priv, &priv->slots[priv->n_slots - 1]);
        g_clear_pointer(&priv->slots, g_free);
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
                SessionSlot *slot = find_slot(priv, owner);
                if (slot)
                        free_slot(priv, slot);
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
        SessionSlot *slot = find_slot(priv, self);
        if (slot)
                free_slot(priv, slot);
        if (!data)
                return;
        priv->slots = g_renew(SessionSlot, priv->slots, priv->n_slots + 1);
        priv->slots[priv->n_slots++] = (SessionSlot){self->slot, data, free_func};
        if (!self->session_data.owner)
                owned_add(&self->session_data, self, drop_session_data);
}

void *
motet_session_data(const MotetSession *session, MotetModule *self)
{
        const SessionSlot *slot = find_slot(session->priv, self);

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

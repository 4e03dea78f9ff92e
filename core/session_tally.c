/*
 * session_tally: how many sessions of which type have come how far, without ever walking them.
 */
#include "core/session.h"

static SessionStage
stage_of(const MotetSession *session)
{
        const MotetSessionPrivate *priv = session->priv;

        if (priv->bound && !session->conn)
                return SESSION_STAGE_DETACHED;
        if (priv->bound)
                return session->presence ? SESSION_STAGE_AVAILABLE : SESSION_STAGE_BOUND;
        if (session->username)
                return SESSION_STAGE_AUTHENTICATED;
        return priv->vhost ? SESSION_STAGE_OPENED : SESSION_STAGE_CONNECTED;
}

/* @place: 1 + type * SESSION_N_STAGES + stage */
static size_t *
tally_at(const MotetSessionPrivate *priv, unsigned place)
{
        unsigned stage = (place - 1) % SESSION_N_STAGES, type = (place - 1) / SESSION_N_STAGES;
        bool has_host = stage != SESSION_STAGE_CONNECTED;

        return has_host ? &priv->vhost->tally[type][stage] : &priv->server->tally[type][stage];
}

void
session_tally(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;
        unsigned place = 0;

        if (!priv->destroyed)
                place = 1 + (unsigned)session->type * SESSION_N_STAGES + stage_of(session);
        if (place == priv->tallied)
                return;
        if (priv->tallied != 0)
                (*tally_at(priv, priv->tallied))--;
        if (place != 0)
                (*tally_at(priv, place))++;
        priv->tallied = (uint8_t)place;
}

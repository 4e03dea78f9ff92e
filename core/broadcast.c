/*
 * broadcast: one stanza to many sessions of an account, serialised once.
 */
#include <motet/session.h>

#include "core/router.h"

static size_t
broadcast(MotetHost *host, const char *username, const MotetXml *stanza,
          bool (*wants)(const MotetSession *session))
{
        size_t n_sessions, n_sent = 0;
        MotetSession *const *sessions = motet_sessions_of(host, username, &n_sessions);

        for (size_t i = 0; i < n_sessions; i++) {
                if (wants(sessions[i]) &&
                    session_send_to(sessions[i], stanza, sessions[i]->full_jid))
                        n_sent++;
        }

        if (event_table_has_slot(host->events, EVENT_ROUTE_ELSEWHERE)) {
                g_autoptr(MotetJid) bare = motet_jid_new_parts(username, host->name, NULL);
                g_autoptr(MotetXml) held = motet_xml_ref(stanza);
                if (bare)
                        router_offer_elsewhere(host, bare, held);
        }
        return n_sent;
}

static bool
is_available(const MotetSession *session)
{
        return session->presence != NULL;
}

static bool
is_interested(const MotetSession *session)
{
        return session->interested;
}

size_t
motet_sessions_send_available(MotetHost *host, const char *username, const MotetXml *stanza)
{
        g_return_val_if_fail(host && username && stanza, 0);

        return broadcast(host, username, stanza, is_available);
}

size_t
motet_sessions_send_interested(MotetHost *host, const char *username, const MotetXml *stanza)
{
        g_return_val_if_fail(host && username && stanza, 0);

        return broadcast(host, username, stanza, is_interested);
}

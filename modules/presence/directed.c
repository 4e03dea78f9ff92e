/*
 * directed: whom a session sent its presence to directly, to be told when it is over.
 *
 * Source: RFC 6121 section 4.6.
 */
#include "presence-private.h"

bool
directed_add(MotetModule *self, MotetSession *session, const MotetJid *to)
{
        GHashTable *directed = motet_session_data(session, self);

        if (!directed) {
                directed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
                motet_session_set_data(session, self, directed, (GDestroyNotify)g_hash_table_unref);
        }
        if (g_hash_table_contains(directed, motet_jid_string(to)))
                return true;
        if (g_hash_table_size(directed) >= (guint)motet_option_int(self, "max_directed"))
                return false;

        g_hash_table_add(directed, g_strdup(motet_jid_string(to)));
        return true;
}

void
directed_remove(MotetModule *self, MotetSession *session, const MotetJid *to)
{
        GHashTable *directed = motet_session_data(session, self);

        if (directed)
                g_hash_table_remove(directed, motet_jid_string(to));
}

static bool
is_own_account(const MotetSession *session, const MotetJid *to)
{
        return motet_jid_is_bare(to) && g_strcmp0(motet_jid_local(to), session->username) == 0 &&
               strcmp(motet_jid_domain(to), session->host) == 0;
}

static bool
is_told_by_broadcast(const MotetSession *session, const MotetJid *to)
{
        const MotetRosterItem *item =
                session->roster ? motet_roster_find(session->roster, motet_jid_bare(to)) : NULL;

        return (item && (item->state & MOTET_ROSTER_FROM)) || is_own_account(session, to);
}

void
directed_end(MotetModule *self, MotetSession *session, const MotetXml *presence, bool was_available)
{
        GHashTable *directed = motet_session_data(session, self);
        if (!directed)
                return;

        g_autoptr(GHashTable) kept = g_hash_table_ref(directed);
        motet_session_set_data(session, self, NULL, NULL);

        GHashTableIter iter;
        void *key = NULL;
        g_hash_table_iter_init(&iter, kept);
        while (g_hash_table_iter_next(&iter, &key, NULL)) {
                g_autoptr(MotetJid) to = motet_jid_new(key);
                if (!was_available || !is_told_by_broadcast(session, to))
                        route_copy(self, presence, session->full_jid, key);
        }
}

/* Each address with the NUL behind it. */
GBytes *
directed_save(MotetModule *self, MotetSession *session)
{
        GHashTable *directed = motet_session_data(session, self);
        g_autoptr(GByteArray) state = g_byte_array_new();
        GHashTableIter iter;
        void *key = NULL;

        g_hash_table_iter_init(&iter, directed);
        while (g_hash_table_iter_next(&iter, &key, NULL))
                g_byte_array_append(state, key, (guint)strlen(key) + 1);
        return g_byte_array_free_to_bytes(g_steal_pointer(&state));
}

bool
directed_restore(MotetModule *self, MotetSession *session, GBytes *state, GError **error)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(state, &n);

        (void)error;
        for (gsize at = 0; at < n; at += strlen(text + at) + 1) {
                g_autoptr(MotetJid) to = motet_jid_new(text + at);
                if (to)
                        directed_add(self, session, to);
        }
        return true;
}

/*
 * kept: what the module keeps with a session, made when there is something to keep, and what newer
 * code of the module gets of it.
 *
 * A session of another host than the instance's has debts alone.
 */
#include "presence-private.h"

#define STATE_TYPE "(asa(sbas))"
#define NAMES_ALONE 1 /* state_version: the addresses told directly, a NUL behind each */

static void
kept_free(void *data)
{
        Kept *kept = data;

        g_clear_pointer(&kept->directed, g_hash_table_unref);
        debts_clear(kept);
        g_free(kept);
}

Kept *
kept_find(MotetModule *self, const MotetSession *session)
{
        return motet_session_data(session, self);
}

Kept *
kept_take(MotetModule *self, MotetSession *session)
{
        Kept *kept = kept_find(self, session);
        if (kept)
                return kept;

        kept = g_new0(Kept, 1);
        kept->self = self;
        g_queue_init(&kept->debts);
        motet_session_set_data(session, self, kept, kept_free);
        /* It is freed already when the session is gone. */
        return kept_find(self, session);
}

static void
add_names(GVariantBuilder *builder, GHashTable *names)
{
        GHashTableIter iter;
        void *name = NULL;

        g_variant_builder_open(builder, G_VARIANT_TYPE("as"));
        if (names)
                g_hash_table_iter_init(&iter, names);
        while (names && g_hash_table_iter_next(&iter, &name, NULL))
                g_variant_builder_add(builder, "s", name);
        g_variant_builder_close(builder);
}

GBytes *
kept_save(MotetModule *self, MotetSession *session)
{
        const Kept *kept = kept_find(self, session);
        if (!kept->directed && !kept->debts.head)
                return NULL;

        g_auto(GVariantBuilder) builder;
        g_variant_builder_init(&builder, G_VARIANT_TYPE(STATE_TYPE));
        add_names(&builder, kept->directed);
        g_variant_builder_open(&builder, G_VARIANT_TYPE("a(sbas)"));
        for (const GList *link = kept->debts.head; link; link = link->next) {
                const Debt *debt = link->data;
                g_variant_builder_open(&builder, G_VARIANT_TYPE("(sbas)"));
                g_variant_builder_add(&builder, "s", debt->account);
                g_variant_builder_add(&builder, "b", debt->is_for_available);
                add_names(&builder, debt->told);
                g_variant_builder_close(&builder);
        }
        g_variant_builder_close(&builder);
        g_autoptr(GVariant) state = g_variant_ref_sink(g_variant_builder_end(&builder));
        return g_variant_get_data_as_bytes(state);
}

static void
take_directed(MotetModule *self, MotetSession *session, const char *address)
{
        g_autoptr(MotetJid) to = motet_jid_new(address);

        if (to)
                directed_add(self, session, to);
}

static void
restore_names_alone(MotetModule *self, MotetSession *session, GBytes *state)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(state, &n);

        for (gsize at = 0; at < n; at += strlen(text + at) + 1)
                take_directed(self, session, text + at);
}

static void
restore_debt(MotetModule *self, MotetSession *session, GVariant *saved)
{
        g_autoptr(GVariantIter) told = NULL;
        const char *account = NULL, *resource = NULL;
        gboolean is_for_available = FALSE;

        g_variant_get(saved, "(&sbas)", &account, &is_for_available, &told);
        Debt *debt = debt_new(account, is_for_available);
        while (g_variant_iter_next(told, "&s", &resource))
                told_add(debt, resource);
        debt_take_over(self, session, debt);
}

bool
kept_restore(MotetModule *self, MotetSession *session, GBytes *state, GError **error)
{
        (void)error;
        if (motet_module_state_version(self) == NAMES_ALONE) {
                restore_names_alone(self, session, state);
                return true;
        }

        g_autoptr(GVariant) saved = g_variant_ref_sink(
                g_variant_new_from_bytes(G_VARIANT_TYPE(STATE_TYPE), state, FALSE));
        g_autoptr(GVariant) directed = g_variant_get_child_value(saved, 0);
        g_autoptr(GVariant) debts = g_variant_get_child_value(saved, 1);
        for (gsize i = 0; i < g_variant_n_children(directed); i++) {
                const char *address = NULL;
                g_variant_get_child(directed, i, "&s", &address);
                take_directed(self, session, address);
        }
        for (gsize i = 0; i < g_variant_n_children(debts); i++) {
                g_autoptr(GVariant) debt = g_variant_get_child_value(debts, i);
                restore_debt(self, session, debt);
        }
        return true;
}

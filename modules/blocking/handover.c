/*
 * handover: block lists in memory go over to newer code of the module, so that there is no moment
 * at which nobody knows them; and who is told of changes.
 */
#include "blocking-private.h"

#define STATE_TYPE "a(sas)" /* account -> addresses */

static void
add_list(GVariantBuilder *builder, const List *list)
{
        GHashTableIter iter;
        void *jid = NULL;

        g_variant_builder_open(builder, G_VARIANT_TYPE("(sas)"));
        g_variant_builder_add(builder, "s", list->account);
        g_variant_builder_open(builder, G_VARIANT_TYPE("as"));
        g_hash_table_iter_init(&iter, list->jids);
        while (g_hash_table_iter_next(&iter, &jid, NULL))
                g_variant_builder_add(builder, "s", jid);
        g_variant_builder_close(builder);
        g_variant_builder_close(builder);
}

GBytes *
handover_save(MotetModule *self)
{
        const Lists *lists = motet_module_data(self);
        g_auto(GVariantBuilder) builder;
        GHashTableIter iter;
        void *value = NULL;

        g_variant_builder_init(&builder, G_VARIANT_TYPE(STATE_TYPE));
        g_hash_table_iter_init(&iter, lists->by_account);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                const List *list = value;
                if (list->is_loaded)
                        add_list(&builder, list);
        }
        g_autoptr(GVariant) state = g_variant_ref_sink(g_variant_builder_end(&builder));
        return g_variant_get_data_as_bytes(state);
}

bool
handover_restore(MotetModule *self, GBytes *state, GError **error)
{
        Lists *lists = motet_module_data(self);
        g_autoptr(GVariant) all = g_variant_ref_sink(
                g_variant_new_from_bytes(G_VARIANT_TYPE(STATE_TYPE), state, FALSE));

        (void)error;
        for (gsize i = 0; i < g_variant_n_children(all); i++) {
                g_autofree const char **jids = NULL;
                const char *account = NULL;
                g_variant_get_child(all, i, "(&s^a&s)", &account, &jids);
                List *list = list_take(lists, account);
                list_fill(list, jids);
                list_release(list);
        }
        return true;
}

GBytes *
handover_save_session(MotetModule *self, MotetSession *session)
{
        const Watch *watch = motet_session_data(session, self);

        return g_bytes_new(&watch->is_awaited, sizeof watch->is_awaited);
}

bool
handover_restore_session(MotetModule *self, MotetSession *session, GBytes *state, GError **error)
{
        Watch *watch = motet_session_data(session, self);

        (void)error;
        if (watch)
                watch->is_awaited = *(const bool *)g_bytes_get_data(state, NULL);
        return true;
}

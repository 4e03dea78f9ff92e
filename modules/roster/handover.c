/*
 * handover: rosters in memory go over to newer code of the module, so that there is no moment at
 * which a session has none: its presence would be told to nobody.
 */
#include "roster-private.h"

#define STATE_TYPE "a(sa(say))" /* account -> its documents, as they are stored */

static void
add_document(GVariantBuilder *builder, const char *key, GBytes *document)
{
        gsize n = 0;
        const void *bytes = g_bytes_get_data(document, &n);

        g_variant_builder_open(builder, G_VARIANT_TYPE("(say)"));
        g_variant_builder_add(builder, "s", key);
        g_variant_builder_add_value(builder,
                                    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, n, 1));
        g_variant_builder_close(builder);
}

static void
add_account(GVariantBuilder *builder, const Account *account)
{
        g_autoptr(GBytes) version = g_bytes_new_static(account->version, strlen(account->version));

        g_variant_builder_open(builder, G_VARIANT_TYPE("(sa(say))"));
        g_variant_builder_add(builder, "s", account->name);
        g_variant_builder_open(builder, G_VARIANT_TYPE("a(say)"));
        add_document(builder, ROSTER_VERSION_KEY, version);
        for (guint i = 0; i < account->items->len; i++) {
                const MotetRosterItem *item = account->items->pdata[i];
                const char *contact = motet_roster_item_jid(item);
                g_autoptr(GBytes) document = item_document(item, account_request(account, contact));
                add_document(builder, contact, document);
        }
        g_variant_builder_close(builder);
        g_variant_builder_close(builder);
}

GBytes *
handover_save(MotetModule *self)
{
        const Rosters *rosters = motet_module_data(self);
        g_auto(GVariantBuilder) builder;
        GHashTableIter iter;
        void *value = NULL;

        g_variant_builder_init(&builder, G_VARIANT_TYPE(STATE_TYPE));
        g_hash_table_iter_init(&iter, rosters->accounts);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                const Account *account = value;
                if (account->is_loaded && !account->is_going)
                        add_account(&builder, account);
        }
        g_autoptr(GVariant) state = g_variant_ref_sink(g_variant_builder_end(&builder));
        return g_variant_get_data_as_bytes(state);
}

static void
take_account(Account *account, GVariant *documents)
{
        gsize n = g_variant_n_children(documents);
        g_autoptr(GArray) items = g_array_sized_new(FALSE, TRUE, sizeof(MotetStoreItem), (guint)n);

        for (gsize i = 0; i < n; i++) {
                g_autoptr(GVariant) document = g_variant_get_child_value(documents, i);
                g_autoptr(GVariant) value = g_variant_get_child_value(document, 1);
                MotetStoreItem item = {.value = g_variant_get_data_as_bytes(value)};
                g_variant_get_child(document, 0, "s", &item.key);
                g_array_append_val(items, item);
        }
        account_fill(account, (const MotetStoreItem *)(const void *)items->data, items->len);
        for (guint i = 0; i < items->len; i++) {
                MotetStoreItem *item = &g_array_index(items, MotetStoreItem, i);
                g_free((char *)item->key);
                g_bytes_unref(item->value);
        }
}

static void
unref_account(void *data)
{
        account_unref(data);
}

bool
handover_restore(MotetModule *self, GBytes *state, GError **error)
{
        Rosters *rosters = motet_module_data(self);
        g_autoptr(GVariant) accounts = g_variant_ref_sink(
                g_variant_new_from_bytes(G_VARIANT_TYPE(STATE_TYPE), state, FALSE));
        g_autoptr(GPtrArray) taken = g_ptr_array_new_with_free_func(unref_account);

        (void)error;
        for (gsize i = 0; i < g_variant_n_children(accounts); i++) {
                g_autoptr(GVariant) documents = NULL;
                const char *name = NULL;
                g_variant_get_child(accounts, i, "(&s@a(say))", &name, &documents);
                Account *account = account_take(rosters, name);
                take_account(account, documents);
                account->is_loaded = true;
                g_ptr_array_add(taken, account);
        }
        /* Those of sessions stay. */
        roster_adopt_all(self);
        return true;
}

/*
 * handover: what newer code of the module has to know of boxes: to whom one is being handed, what
 * of it was handed out and is not deleted yet, and who gets nothing past it. All else is stored.
 */
#include "offline-private.h"

#define BOX_TYPE "(stb(tt)b(ttb)sasa(tt)a(tt))"

static bool
is_worth(const Box *box)
{
        return box->session || box->behind->len > 0 || deletion_is_due(box);
}

static void
add_kept(GVariantBuilder *builder, const GArray *array)
{
        g_variant_builder_open(builder, G_VARIANT_TYPE("a(tt)"));
        for (guint i = 0; i < array->len; i++) {
                const Kept *kept = &g_array_index(array, Kept, i);
                g_variant_builder_add(builder, "(tt)", kept->id, kept->bytes);
        }
        g_variant_builder_close(builder);
}

static void
add_box(GVariantBuilder *builder, const Box *box)
{
        const char *catcher = box->session ? box->session->resource : NULL;

        g_variant_builder_open(builder, G_VARIANT_TYPE(BOX_TYPE));
        g_variant_builder_add(builder, "s", box->account);
        g_variant_builder_add(builder, "t", box->handed);
        g_variant_builder_add(builder, "b", box->is_prune_due || box->prunings.length > 0);
        g_variant_builder_add(builder, "(tt)", box->due.n, box->due.bytes);
        g_variant_builder_add(builder, "b", box->is_counted);
        g_variant_builder_add(builder, "(ttb)", box->n, box->bytes, box->is_partial);
        g_variant_builder_add(builder, "s", catcher ? catcher : "");
        g_variant_builder_open(builder, G_VARIANT_TYPE("as"));
        for (guint i = 0; i < box->behind->len; i++) {
                const MotetSession *session = box->behind->pdata[i];
                g_variant_builder_add(builder, "s", session->resource);
        }
        g_variant_builder_close(builder);
        add_kept(builder, box->copied);
        add_kept(builder, box->gone);
        g_variant_builder_close(builder);
}

GBytes *
handover_save(MotetModule *self)
{
        const Offline *offline = motet_module_data(self);
        g_auto(GVariantBuilder) builder;
        GHashTableIter iter;
        void *box = NULL;
        unsigned n = 0;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a" BOX_TYPE));
        g_hash_table_iter_init(&iter, offline->boxes);
        while (g_hash_table_iter_next(&iter, NULL, &box)) {
                if (!is_worth(box))
                        continue;
                add_box(&builder, box);
                n++;
        }
        if (n == 0)
                return NULL;
        g_autoptr(GVariant) state = g_variant_ref_sink(g_variant_builder_end(&builder));
        return g_variant_get_data_as_bytes(state);
}

static void
take_kept(GArray *array, GVariantIter *iter)
{
        Kept kept = {0};

        while (g_variant_iter_next(iter, "(tt)", &kept.id, &kept.bytes))
                g_array_append_val(array, kept);
}

static MotetSession *
find_session(const Box *box, const char *resource)
{
        return motet_sessions_find(motet_module_host(box->offline->self), box->account, resource);
}

static void
take_behind(Box *box, GVariantIter *iter)
{
        const char *resource = NULL;

        while (g_variant_iter_next(iter, "&s", &resource)) {
                MotetSession *session = find_session(box, resource);
                if (session)
                        g_ptr_array_add(box->behind, session);
        }
}

static void
take_box(Offline *offline, GVariant *saved)
{
        g_autoptr(GVariantIter) behind = NULL;
        g_autoptr(GVariantIter) copied = NULL;
        g_autoptr(GVariantIter) gone = NULL;
        const char *account = NULL, *catcher = NULL;
        gboolean is_due = FALSE, is_counted = FALSE, is_partial = FALSE;
        uint64_t handed = 0, n = 0, bytes = 0;
        Pruning due = {0};

        g_variant_get(saved, "(&stb(tt)b(ttb)&sasa(tt)a(tt))", &account, &handed, &is_due, &due.n,
                      &due.bytes, &is_counted, &n, &bytes, &is_partial, &catcher, &behind, &copied,
                      &gone);
        Box *box = box_take(offline, account);
        box->handed = handed;
        box->is_prune_due = is_due;
        box->due = due;
        box->is_counted = is_counted;
        box->is_partial = is_partial;
        box->n = n;
        box->bytes = bytes;
        if (*catcher)
                handout_take_over(box, find_session(box, catcher));
        take_behind(box, behind);
        take_kept(box->copied, copied);
        take_kept(box->gone, gone);
        if (deletion_is_due(box))
                deletion_try_later(box);
        box_settle(box);
}

bool
handover_restore(MotetModule *self, GBytes *state, GError **error)
{
        Offline *offline = motet_module_data(self);
        g_autoptr(GVariant) boxes = g_variant_ref_sink(
                g_variant_new_from_bytes(G_VARIANT_TYPE("a" BOX_TYPE), state, FALSE));

        (void)error;
        for (gsize i = 0; i < g_variant_n_children(boxes); i++) {
                g_autoptr(GVariant) saved = g_variant_get_child_value(boxes, i);
                take_box(offline, saved);
        }
        return true;
}

/*
 * chain: where each account's chain of archive entries ends.
 *
 * A table keyed by account costs a dirty page for every append. So the newest entry's id and the
 * number of entries of each chain are kept in memory and their rows written now and then ("saved"):
 * many in a round, a slice of it with each commit, so that no commit is long. When the round is
 * over, the id is saved up to which all rows are right. What was appended after that is found at
 * the end of the table of entries, which is how a start after a crash, or after another process
 * wrote, comes to know the same chains again; a row may be right beyond that id, which its head
 * tells. What deletes entries must save all in the same transaction, since deleted entries are not
 * found there.
 */
#include "storage_sqlite-private.h"

#define DIRTY_MAX 65536    /* chains, then a round begins */
#define UNSAVED_MAX 200000 /* entries, likewise: to be read at a start, which takes some 200 ms */
#define SLICE_MIN 64       /* chains saved with one commit */
#define CHAINS_MAX 131072  /* kept in memory: 20 MB, and as much again for what they remember */

void
chain_free(void *chain)
{
        recent_clear(&((Chain *)chain)->recent);
        g_free(chain);
}

static char *
chain_name(int64_t store, const char *account)
{
        return g_strdup_printf("%" G_GINT64_FORMAT " %s", store, account);
}

static bool
chain_add(Database *database, int64_t store, const char *account, Chain *chain, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAIN_ADD, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, account);
        if (!database_finish(database, cursor, error))
                return false;
        chain->id = sqlite3_last_insert_rowid(database->sqlite);
        return true;
}

/* Leaves @chain->id 0 when there is none. */
static bool
chain_load(Database *database, int64_t store, const char *account, Chain *chain, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAIN_FIND, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);
        cursor_bind_text(cursor, 2, account);

        int found = database_step(database, cursor, error);

        if (found > 0) {
                chain->id = sqlite3_column_int64(cursor, 0);
                chain->head = (uint64_t)sqlite3_column_int64(cursor, 1);
                chain->entries = (uint64_t)sqlite3_column_int64(cursor, 2);
                recent_load(&chain->recent, sqlite3_column_blob(cursor, 3),
                            (size_t)sqlite3_column_bytes(cursor, 3));
        }
        return found >= 0;
}

const Chain *
chain_known(const Database *database, int64_t store, const char *account)
{
        g_autofree char *name = chain_name(store, account);

        return g_hash_table_lookup(database->archive.chains, name);
}

bool
chain_find(Database *database, int64_t store, const char *account, bool create, Chain **chain_out,
           GError **error)
{
        g_autofree char *name = chain_name(store, account);
        Chain found = {0};

        *chain_out = g_hash_table_lookup(database->archive.chains, name);
        if (*chain_out != NULL)
                return true;
        if (!chain_load(database, store, account, &found, error))
                return false;
        if (found.id == 0 && !create)
                return true;
        if (found.id == 0 && !chain_add(database, store, account, &found, error))
                return false;
        *chain_out = g_memdup2(&found, sizeof found);
        g_hash_table_insert(database->archive.chains, g_steal_pointer(&name), *chain_out);
        return true;
}

void
chain_changed(Database *database, Chain *chain)
{
        if (!chain->dirty)
                g_ptr_array_add(database->archive.dirty, chain);
        chain->dirty = true;
}

static void
note_entry(Archive *archive, uint64_t id)
{
        archive->n_unsaved++;
        archive->n_new++;
        archive->last_id = MAX(archive->last_id, id);
}

void
chain_appended(Database *database, Chain *chain, uint64_t id)
{
        if (chain->head != 0 && chain->head < id)
                recent_push(&chain->recent, id - chain->head);
        chain->head = id;
        chain->entries++;
        note_entry(&database->archive, id);
        chain_changed(database, chain);
}

void
chain_cut(Chain *chain, uint64_t head)
{
        chain->head = head;
        recent_clear(&chain->recent);
}

bool
chain_delete(Database *database, int64_t store, const char *account, Chain *chain, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAIN_DELETE, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, chain->id);
        if (!database_finish(database, cursor, error))
                return false;

        g_autofree char *name = chain_name(store, account);

        g_ptr_array_remove_fast(database->archive.dirty, chain);
        g_ptr_array_remove_fast(database->archive.saving, chain);
        g_hash_table_remove(database->archive.chains, name);
        return true;
}

/* Reading them again */

static bool
read_id(Database *database, Statement statement, uint64_t *id_out, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, statement, error);
        int found = cursor != NULL ? database_step(database, cursor, error) : -1;

        *id_out = found > 0 ? (uint64_t)sqlite3_column_int64(cursor, 0) : 0;
        return found >= 0;
}

static bool
chain_by_id(Database *database, int64_t id, Chain **chain_out, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAIN_BY_ID, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, id);

        int found = database_step(database, cursor, error);

        if (found == 0)
                return database_damaged(database, error, "an archive entry belongs to nobody");
        if (found < 0 || !chain_find(database, sqlite3_column_int64(cursor, 0),
                                     cursor_text(cursor, 1), false, chain_out, error))
                return false;
        /* The index may say something else than the table. */
        if (*chain_out == NULL || (*chain_out)->id != id)
                return database_damaged(database, error, "an archive's chain is not in its index");
        return true;
}

/* What chain_appended() did when the entry was new, unless the row was saved after that. */
static bool
replay(Database *database, GHashTable *by_id, int64_t id, uint64_t entry, GError **error)
{
        Chain *chain = g_hash_table_lookup(by_id, &id);

        if (chain == NULL) {
                if (!chain_by_id(database, id, &chain, error))
                        return false;
                g_hash_table_insert(by_id, &chain->id, chain);
        }
        if (entry <= chain->head)
                note_entry(&database->archive, entry);
        else
                chain_appended(database, chain, entry);
        return true;
}

static bool
replay_after(Database *database, uint64_t saved, GError **error)
{
        g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_ENTRIES_AFTER, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, (int64_t)saved);

        int found;

        while ((found = database_step(database, cursor, error)) > 0) {
                if (!replay(database, by_id, sqlite3_column_int64(cursor, 1),
                            (uint64_t)sqlite3_column_int64(cursor, 0), error))
                        return false;
        }
        return found == 0;
}

static void
forget_all(Archive *archive)
{
        g_ptr_array_set_size(archive->dirty, 0);
        g_ptr_array_set_size(archive->saving, 0);
        g_hash_table_remove_all(archive->chains);
        archive->n_unsaved = archive->n_saving = archive->n_new = 0;
}

static gboolean
is_saved(gpointer name, gpointer value, gpointer data)
{
        const Chain *chain = value;

        (void)name;
        (void)data;
        return !chain->dirty && !chain->saving;
}

bool
chains_ready(Database *database, GError **error)
{
        Archive *archive = &database->archive;
        uint64_t saved, last;

        /* Here, where no chain is in use. */
        if (!archive->stale && g_hash_table_size(archive->chains) > CHAINS_MAX)
                g_hash_table_foreach_remove(archive->chains, is_saved, NULL);
        if (!archive->stale)
                return true;
        forget_all(archive);
        if (!read_id(database, STATEMENT_SAVED_READ, &saved, error) ||
            !read_id(database, STATEMENT_ENTRY_LAST, &last, error))
                return false;
        /*
         * Never lowered: an id stays taken when its entry is gone, and when the transaction that
         * took it failed.
         */
        archive->last_id = MAX(archive->last_id, MAX(saved, last));
        if (!replay_after(database, saved, error))
                return false;
        archive->stale = false;
        return true;
}

/* Saving */

static bool
chain_save(Database *database, Chain *chain, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAIN_SAVE, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, chain->id);
        sqlite3_bind_int64(cursor, 2, (int64_t)chain->head);
        sqlite3_bind_int64(cursor, 3, (int64_t)chain->entries);
        /* NULL when there are none. */
        sqlite3_bind_blob(cursor, 4, chain->recent.bytes, chain->recent.n_bytes, SQLITE_STATIC);
        return database_finish(database, cursor, error);
}

static bool
saved_write(Database *database, uint64_t id, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_SAVED_WRITE, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, (int64_t)id);
        return database_finish(database, cursor, error);
}

static int
by_row(const void *a, const void *b)
{
        const Chain *first = *(Chain *const *)a, *second = *(Chain *const *)b;

        return (first->id > second->id) - (first->id < second->id);
}

/* What is dirty now is to be saved: in order of their rows, so that each page is touched once. */
static void
begin_round(Archive *archive)
{
        GPtrArray *none = archive->saving;

        archive->saving = archive->dirty;
        archive->dirty = none;
        archive->saving_to = archive->last_id;
        archive->n_saving = archive->n_unsaved;
        g_ptr_array_sort(archive->saving, by_row);
        for (unsigned i = 0; i < archive->saving->len; i++) {
                Chain *chain = g_ptr_array_index(archive->saving, i);

                chain->dirty = false;
                chain->saving = true;
        }
}

/* Saves @n of the round, the last ones of the list, and ends it after the last. */
static bool
save_slice(Database *database, unsigned n, GError **error)
{
        Archive *archive = &database->archive;

        for (; n > 0 && archive->saving->len > 0; n--) {
                Chain *chain = g_ptr_array_index(archive->saving, archive->saving->len - 1);

                if (!chain_save(database, chain, error))
                        return false;
                chain->saving = false;
                g_ptr_array_set_size(archive->saving, (int)archive->saving->len - 1);
        }
        if (archive->saving->len > 0)
                return true;
        if (!saved_write(database, archive->saving_to, error))
                return false;
        archive->n_unsaved -= archive->n_saving;
        archive->n_saving = 0;
        return true;
}

bool
chains_save(Database *database, GError **error)
{
        Archive *archive = &database->archive;

        if (archive->saving->len > 0 && !save_slice(database, UINT_MAX, error))
                return false;
        begin_round(archive);
        return save_slice(database, UINT_MAX, error);
}

bool
chains_save_behind(Database *database, GError **error)
{
        Archive *archive = &database->archive;

        if (archive->stale)
                return true;
        if (archive->saving->len == 0 &&
            (archive->dirty->len > DIRTY_MAX || archive->n_unsaved > UNSAVED_MAX))
                begin_round(archive);

        /* More than become dirty meanwhile, or no round would be the last. */
        unsigned n = SLICE_MIN + 2 * archive->n_new;

        archive->n_new = 0;
        return archive->saving->len == 0 || save_slice(database, n, error);
}

/*
 * archive: appending to, reading and pruning an account's entries.
 *
 * All entries of all accounts are in one table in order of id, which is their time of arrival. An
 * account's own are found by following its chain from the newest backwards, so what is asked for
 * most, the latest, is found first.
 */
#include "storage_sqlite-private.h"

#include <string.h>

/* One entry as the chain is walked. */
typedef struct {
        uint64_t previous; /* 0: it is the oldest */
        int64_t chain;     /* whose it is */
        bool matches;      /* the query */
} Link;

/* Ids that match a query, as the chain is walked back: the last @max + 1 of them. */
typedef struct {
        GArray *ids; /* (own) of uint64_t: a ring once it is full */
        uint64_t n;  /* how many were found */
} Found;

static bool
query_matches(const MotetStoreQuery *query, uint64_t id, int64_t time, const char *party)
{
        if (query->before != 0 && id >= query->before)
                return false;
        if ((query->start != 0 && time < query->start) || (query->end != 0 && time > query->end))
                return false;
        return query->with == NULL || g_strcmp0(query->with, party) == 0;
}

/* Returns: 1, 0 when there is no such entry, -1 with @error */
static int
link_find(Database *database, uint64_t id, const MotetStoreQuery *query, Link *link_out,
          GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_ENTRY_LINK, error);

        if (cursor == NULL)
                return -1;
        sqlite3_bind_int64(cursor, 1, (int64_t)id);

        int found = database_step(database, cursor, error);

        if (found <= 0)
                return found;
        link_out->previous = (uint64_t)sqlite3_column_int64(cursor, 0);
        link_out->chain = sqlite3_column_int64(cursor, 3);
        link_out->matches =
                query_matches(query, id, sqlite3_column_int64(cursor, 1), cursor_text(cursor, 2));
        /* Also what keeps a walk from going round for ever. */
        if (link_out->previous < id)
                return 1;
        database_damaged(database, error, "an archive's chain is not in order");
        return -1;
}

static bool
link_read(Database *database, uint64_t id, const MotetStoreQuery *query, Link *link_out,
          GError **error)
{
        int found = link_find(database, id, query, link_out, error);

        if (found == 0)
                return database_damaged(database, error, "an archive entry is missing");
        return found > 0;
}

/* The chain of a request, NULL in @chain_out when it has none. */
static bool
request_chain(Database *database, const MotetStoreRequest *request, bool create, Chain **chain_out,
              GError **error)
{
        int64_t store;

        *chain_out = NULL;
        return chains_ready(database, error) &&
               database_store(database, request, create, &store, error) &&
               chain_find(database, store, request->account, create, chain_out, error);
}

/* Appending */

static bool
entry_add(Database *database, const Chain *chain, uint64_t id, const MotetStoreEntry *entry,
          GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_ENTRY_ADD, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, (int64_t)id);
        sqlite3_bind_int64(cursor, 2, chain->id);
        sqlite3_bind_int64(cursor, 3, (int64_t)chain->head);
        sqlite3_bind_int64(cursor, 4, entry->when);
        cursor_bind_text(cursor, 5, entry->with);
        cursor_bind_bytes(cursor, 6, entry->value);
        return database_finish(database, cursor, error);
}

bool
archive_append(Database *database, MotetStoreRequest *request, GError **error)
{
        Chain *chain;

        if (!request_chain(database, request, true, &chain, error))
                return false;

        uint64_t id = MAX((uint64_t)MAX(database->now, 0), database->archive.last_id + 1);

        if (id > INT64_MAX)
                return database_damaged(database, error, "an archive entry has the last id");
        if (!entry_add(database, chain, id, &request->entry, error))
                return false;
        chain_appended(database, chain, id);
        request->id = id;
        return true;
}

/* Reading */

/* All at once, what will be read one after the other. */
static void
read_ahead(Database *database, const Chain *chain, const MotetStoreQuery *query)
{
        bool any =
                query->before == 0 && query->start == 0 && query->end == 0 && query->with == NULL;
        uint64_t ids[RECENT_MAX];
        unsigned n = recent_ids(&chain->recent, chain->head, ids);

        while (n > 0 && ids[n - 1] <= query->after)
                n--;
        if (any && query->newest && query->max < n)
                n = query->max + 1;
        readahead_entries(database, ids, n);
}

/* The newest entry that may match: most are asked for by the page, each before one that is
 * known. */
static bool
find_start(Database *database, const Chain *chain, const MotetStoreQuery *query, uint64_t *id_out,
           GError **error)
{
        Link link = {0};

        *id_out = chain->head;
        if (query->before == 0 || query->before > chain->head)
                return true;

        int found = link_find(database, query->before, query, &link, error);

        if (found > 0 && link.chain == chain->id)
                *id_out = link.previous;
        return found >= 0;
}

static void
found_add(Found *found, const MotetStoreQuery *query, uint64_t id)
{
        uint64_t room = (uint64_t)query->max + 1;

        if (found->ids->len < room)
                g_array_append_val(found->ids, id);
        else
                g_array_index(found->ids, uint64_t, found->n % room) = id;
        found->n++;
}

/* When only the newest are wanted, no more than one more than these. */
static bool
collect(Database *database, const Chain *chain, const MotetStoreQuery *query, Found *found,
        GError **error)
{
        uint64_t id;

        if (!find_start(database, chain, query, &id, error))
                return false;
        if (id == chain->head)
                read_ahead(database, chain, query);
        while (id > query->after && (!query->newest || found->n <= query->max)) {
                Link link;

                if (!link_read(database, id, query, &link, error))
                        return false;
                if (link.matches)
                        found_add(found, query, id);
                id = link.previous;
        }
        return true;
}

static bool
add_entry(Database *database, MotetStoreRequest *request, uint64_t id, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_ENTRY_READ, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, (int64_t)id);

        int found = database_step(database, cursor, error);

        if (found < 0)
                return false;
        if (found == 0)
                return database_damaged(database, error, "an archive entry is missing");

        g_autoptr(GBytes) value = cursor_bytes(cursor, 2);

        motet_store_request_add_entry(request, &(MotetStoreEntry){
                                                       .id = id,
                                                       .when = sqlite3_column_int64(cursor, 0),
                                                       .with = cursor_text(cursor, 1),
                                                       .value = value,
                                               });
        return true;
}

bool
archive_query(Database *database, MotetStoreRequest *request, GError **error)
{
        const MotetStoreQuery *query = &request->query;
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
        Found found = {.ids = ids};
        Chain *chain;

        if (!request_chain(database, request, false, &chain, error) ||
            (chain != NULL && !collect(database, chain, query, &found, error)))
                return false;
        request->complete = found.n <= query->max;

        /* The oldest were found last. */
        uint64_t n = MIN(found.n, query->max);
        uint64_t end = query->newest ? n : found.n;

        for (uint64_t i = end; i > end - n; i--) {
                uint64_t id = g_array_index(ids, uint64_t, (i - 1) % ((uint64_t)query->max + 1));

                if (!add_entry(database, request, id, error))
                        return false;
        }
        return true;
}

bool
archive_count(Database *database, MotetStoreRequest *request, GError **error)
{
        Chain *chain;

        if (!request_chain(database, request, false, &chain, error))
                return false;
        request->id = chain != NULL ? chain->entries : 0;
        return true;
}

bool
archive_accounts(Database *database, MotetStoreRequest *request, GError **error)
{
        int64_t store;

        if (!chains_ready(database, error) ||
            !database_store(database, request, false, &store, error))
                return false;

        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAINS_OF_STORE, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, store);

        int found;

        while ((found = database_step(database, cursor, error)) > 0) {
                const char *account = cursor_text(cursor, 0);
                const Chain *chain = chain_known(database, store, account);

                /* The row may be behind; what is in memory is not. */
                if (chain != NULL ? chain->head != 0 : sqlite3_column_int64(cursor, 1) != 0)
                        motet_store_request_add_item(request, account, NULL, NULL);
        }
        return found == 0;
}

/* Deleting */

static bool
entry_delete(Database *database, uint64_t id, GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_ENTRY_DELETE, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, (int64_t)id);
        return database_finish(database, cursor, error);
}

/* Makes @older the entry before @newer; 0 for @newer is the end of the chain. */
static bool
relink(Database *database, Chain *chain, uint64_t newer, uint64_t older, GError **error)
{
        if (newer == 0) {
                chain_cut(chain, older);
                return true;
        }

        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_ENTRY_RELINK, error);

        if (cursor == NULL)
                return false;
        sqlite3_bind_int64(cursor, 1, (int64_t)newer);
        sqlite3_bind_int64(cursor, 2, (int64_t)older);
        return database_finish(database, cursor, error);
}

/* Deletes what matches, closing each gap when its older end is found. */
static bool
chain_prune(Database *database, Chain *chain, const MotetStoreQuery *query, GError **error)
{
        uint64_t id = chain->head, kept = 0;
        bool gap = false;

        chain_changed(database, chain);
        while (id > query->after) {
                Link link;

                if (!link_read(database, id, query, &link, error))
                        return false;
                if (link.matches) {
                        if (!entry_delete(database, id, error))
                                return false;
                        chain->entries -= chain->entries > 0;
                        gap = true;
                } else {
                        if (gap && !relink(database, chain, kept, id, error))
                                return false;
                        kept = id;
                        gap = false;
                }
                id = link.previous;
        }
        return !gap || relink(database, chain, kept, id, error);
}

bool
archive_prune(Database *database, MotetStoreRequest *request, GError **error)
{
        Chain *chain;

        if (!request_chain(database, request, false, &chain, error))
                return false;
        return chain == NULL || (chain_prune(database, chain, &request->query, error) &&
                                 chains_save(database, error));
}

static bool
stores_with_chain(Database *database, const MotetStoreRequest *request, GArray *stores,
                  GError **error)
{
        g_autoptr(Cursor) cursor = database_cursor(database, STATEMENT_CHAINS_OF_ACCOUNT, error);

        if (cursor == NULL)
                return false;
        cursor_bind_text(cursor, 1, request->host);
        cursor_bind_text(cursor, 2, request->account);

        int found;

        while ((found = database_step(database, cursor, error)) > 0) {
                int64_t store = sqlite3_column_int64(cursor, 0);

                g_array_append_val(stores, store);
        }
        return found == 0;
}

bool
archive_drop(Database *database, MotetStoreRequest *request, GError **error)
{
        static const MotetStoreQuery everything = {0};
        g_autoptr(GArray) stores = g_array_new(FALSE, FALSE, sizeof(int64_t));

        if (!chains_ready(database, error) || !stores_with_chain(database, request, stores, error))
                return false;
        for (unsigned i = 0; i < stores->len; i++) {
                int64_t store = g_array_index(stores, int64_t, i);
                Chain *chain;

                if (!chain_find(database, store, request->account, false, &chain, error))
                        return false;
                if (chain == NULL)
                        return database_damaged(database, error, "an archive's chain is missing");
                if (!chain_prune(database, chain, &everything, error) ||
                    !chain_delete(database, store, request->account, chain, error))
                        return false;
        }
        return stores->len == 0 || chains_save(database, error);
}

/*
 * batch: many requests in one transaction, so that they share one sync of the disk.
 *
 * They are executed in order of submission. A write of several steps has a savepoint of its own, so
 * that one that is refused (the document exists, the epoch is over) undoes itself and nobody else.
 * When the transaction as a whole cannot be committed, none of its writes happened, and what was
 * read in it may be what never came to be: it is read again.
 */
#include "storage_sqlite-private.h"

typedef bool (*Execute)(Database *database, MotetStoreRequest *request, GError **error);

static bool
list_accounts(Database *database, MotetStoreRequest *request, GError **error)
{
        return request->shape == MOTET_STORE_ARCHIVE ? archive_accounts(database, request, error)
                                                     : documents_accounts(database, request, error);
}

static bool
drop_account(Database *database, MotetStoreRequest *request, GError **error)
{
        return documents_drop(database, request, error) && archive_drop(database, request, error);
}

static const struct {
        Execute execute;
        bool writes;
        bool archive; /* may leave the chains in memory wrong when it fails */
} operations[] = {
        [MOTET_STORE_OP_READ] = {documents_read, false, false},
        [MOTET_STORE_OP_READ_ALL] = {documents_read_all, false, false},
        [MOTET_STORE_OP_ACCOUNTS] = {list_accounts, false, false},
        [MOTET_STORE_OP_WRITE] = {documents_write, true, false},
        [MOTET_STORE_OP_DROP_ACCOUNT] = {drop_account, true, true},
        [MOTET_STORE_OP_APPEND] = {archive_append, true, false},
        [MOTET_STORE_OP_QUERY] = {archive_query, false, false},
        [MOTET_STORE_OP_PRUNE] = {archive_prune, true, true},
        [MOTET_STORE_OP_COUNT] = {archive_count, false, false},
};

/*
 * Whether more than one statement changes something, so that failing half-way leaves something to
 * undo.
 */
static bool
needs_savepoint(const MotetStoreRequest *request)
{
        return operations[request->op].archive || (request->op == MOTET_STORE_OP_WRITE &&
                                                   (request->n_changes > 1 || request->epoch > 0));
}

static void
undo(Database *database, const MotetStoreRequest *request)
{
        /*
         * SQLite ends the whole transaction itself when the disk is full or fails; run_pass() sees
         * it.
         */
        if (sqlite3_get_autocommit(database->sqlite))
                return;
        if (!database_run(database, STATEMENT_ROLLBACK_TO, NULL) ||
            !database_run(database, STATEMENT_RELEASE, NULL)) {
                /* A part of it may be left, which must not be committed with the others. */
                database_roll_back(database);
                return;
        }
        g_hash_table_remove_all(database->stores);
        if (operations[request->op].archive)
                database->archive.stale = true;
}

static void
forget_results(MotetStoreRequest *request)
{
        g_clear_error(&request->error);
        g_clear_pointer(&request->value, g_bytes_unref);
        g_clear_pointer(&request->items, g_array_unref);
        g_clear_pointer(&request->entries, g_array_unref);
        request->complete = false;
        request->id = 0;
}

static void
execute(Database *database, MotetStoreRequest *request)
{
        bool guarded = needs_savepoint(request);
        g_autoptr(GError) error = NULL;

        if (guarded && !database_run(database, STATEMENT_SAVEPOINT, &request->error))
                return;

        bool done = operations[request->op].execute(database, request, &error);

        if (done && guarded)
                done = database_run(database, STATEMENT_RELEASE, &error);
        if (done)
                return;
        if (guarded)
                undo(database, request);
        /* What was read up to a damaged page is no answer. */
        forget_results(request);
        request->error = g_steal_pointer(&error);
}

/* A batch being executed. */
typedef struct {
        Database *database;
        MotetStoreRequest *first;
        GHashTable *spoilers; /* (own) requests that SQLite failed, not their own conditions */
        BatchOutcome *outcome;
} Batch;

static void
note_trouble(Batch *batch, const GError *error)
{
        if (batch->database->failed && batch->outcome->trouble == NULL)
                batch->outcome->trouble = g_strdup(error->message);
        batch->database->failed = false;
}

static void
execute_noting(Batch *batch, MotetStoreRequest *request)
{
        execute(batch->database, request);
        if (request->error == NULL)
                return;
        if (batch->database->failed)
                g_hash_table_add(batch->spoilers, request);
        note_trouble(batch, request->error);
}

/* Every request that has no error yet, in one transaction. */
static bool
write_pass(Batch *batch, GError **error)
{
        Database *database = batch->database;

        if (!database_begin(database, true, error))
                return false;
        for (MotetStoreRequest *request = batch->first; request != NULL; request = request->next) {
                if (request->error == NULL)
                        execute_noting(batch, request);
                if (sqlite3_get_autocommit(database->sqlite)) {
                        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_STORE,
                                            "the transaction was rolled back");
                        return false;
                }
        }
        return chains_save_behind(database, error) && database_commit(database, error);
}

/* Every request that only reads and has no error yet. */
static bool
read_pass(Batch *batch, GError **error)
{
        if (!database_begin(batch->database, false, error)) {
                database_roll_back(batch->database);
                return false;
        }
        for (MotetStoreRequest *request = batch->first; request != NULL; request = request->next) {
                if (request->error == NULL && !operations[request->op].writes)
                        execute_noting(batch, request);
        }
        /* Fails when something was found damaged, which who read it was told. */
        if (!database_run(batch->database, STATEMENT_COMMIT, NULL))
                database_roll_back(batch->database);
        return true;
}

/* As if nothing of it had been executed, but for what spoilt it. */
static void
roll_back(Batch *batch)
{
        database_roll_back(batch->database);
        database_forget(batch->database);
        for (MotetStoreRequest *request = batch->first; request != NULL; request = request->next) {
                if (!g_hash_table_contains(batch->spoilers, request))
                        forget_results(request);
        }
}

/* Refuses all that write, or all that do not, and have no error yet. */
static void
refuse(Batch *batch, bool writes, const GError *error)
{
        for (MotetStoreRequest *request = batch->first; request != NULL; request = request->next) {
                if (operations[request->op].writes == writes && request->error == NULL)
                        request->error = g_error_copy(error);
        }
}

static bool
any_writes(const MotetStoreRequest *first)
{
        for (const MotetStoreRequest *request = first; request != NULL; request = request->next) {
                if (operations[request->op].writes)
                        return true;
        }
        return false;
}

/* Returns: whether it was committed; otherwise it is as if nothing had been executed */
static bool
try_writing(Batch *batch, GError **error)
{
        /* Nothing is written over what a failed commit left before that is gone. */
        if (!leftover_remove(batch->database, error)) {
                note_trouble(batch, *error);
                return false;
        }
        if (write_pass(batch, error))
                return true;
        note_trouble(batch, *error);
        roll_back(batch);
        /* At once, so that nobody is told of the failure before it is one for good. */
        leftover_remove(batch->database, NULL);
        batch->database->failed = false;
        return false;
}

/* Returns: whether it was committed; otherwise all that write are refused and the others
 * untouched */
static bool
write_batch(Batch *batch)
{
        g_autoptr(GError) error = NULL;

        if (try_writing(batch, &error))
                return true;
        /* Once more without those that made it fail: a damaged page, a value that does not fit. */
        if (g_hash_table_size(batch->spoilers) > 0) {
                g_clear_error(&error);
                if (try_writing(batch, &error))
                        return true;
        }
        refuse(batch, true, error);
        return false;
}

void
batch_run(Database *database, MotetStoreRequest *first, int64_t now, BatchOutcome *outcome_out)
{
        g_autoptr(GHashTable) spoilers = g_hash_table_new(NULL, NULL);
        g_autoptr(GError) error = NULL;
        Batch batch = {database, first, spoilers, outcome_out};

        *outcome_out = (BatchOutcome){0};
        database->now = now;

        bool writes = any_writes(first);

        /* The sooner the better: not only when somebody writes. */
        if (!writes)
                leftover_remove(database, NULL);
        database->failed = false;
        outcome_out->wrote = writes && write_batch(&batch);
        if (outcome_out->wrote)
                return;
        if (!read_pass(&batch, &error)) {
                note_trouble(&batch, error);
                refuse(&batch, false, error);
        }
}

/*
 * leftover: what a commit that failed left in the write-ahead log.
 *
 * A commit appends frames (a page each, the last one marked) to the log and syncs it. When the sync
 * fails, SQLite rolls back: nobody sees the frames, and the next commit is written over them. But
 * until then they are whole in the file, behind the last good one. If the server is killed, whoever
 * opens the database next reads the log until the first frame that does not fit
 * (https://sqlite.org/walformat.html), finds them, and takes them for committed: a write that was
 * refused has come back. So they are removed before anybody is told that it failed.
 *
 * First they are overwritten, by a commit that changes one row of one page and does not sync. Its
 * only frame stands where their first one stood, and differs from it: it is marked, and theirs is
 * marked only when it was their only one, which then is gone. Each frame carries a sum over itself
 * and all before it, so their second one does not fit behind the new one, nor the third without the
 * second. The log is an ordinary file: what was written is seen after the process is killed, synced
 * or not.
 *
 * That can fail as well: no space is left, or the log begins anew, where SQLite syncs its head
 * first, whatever the level, because frames of the new log after a head of the old one could make a
 * power cut damage the database. (Which is why the level is not OFF.) Then the log is cut off
 * behind the last good frame. A log cut off under a head of the old one is harmless: the log begins
 * anew only when all that was in it is in the database, and synced there.
 *
 * When that fails too, writes are refused, and it is tried again before each batch. Reading goes
 * on: it never saw the frames.
 *
 * A power cut is another matter: only a sync decides what is there after it. So one is tried once
 * more, by a commit like the first. If it succeeds, what was refused is gone for good; it may also
 * succeed with a later commit, which syncs the whole log. As long as the disk syncs nothing at all,
 * nobody can know which of the frames and of what was written over them it holds.
 *
 * Other processes are no danger: the next commit is written over the frames whoever makes it, and
 * what is done to the log here is done with the lock for writing.
 */
#include "storage_sqlite-private.h"

#define LOG_HEAD 32
#define FRAME_HEAD 24
#define INDEX_REGION 32768
#define INDEX_VERSION 3007000

/* The beginning of the log's index in shared memory; numbers in the machine's order. */
typedef struct {
        uint32_t version, unused, changes;
        uint8_t is_there, big_endian;
        uint16_t page_size; /* 1: 65536 */
        uint32_t n_frames;  /* the good ones */
} IndexHead;

G_STATIC_ASSERT(G_STRUCT_OFFSET(IndexHead, n_frames) == 16);

static bool
overwrite(Database *database)
{
        bool written = database_set_sync(database, false, NULL) &&
                       database_run(database, STATEMENT_OVERWRITE, NULL);

        /* Without the level that was promised nothing may be committed, so it is not over yet. */
        return database_set_sync(database, database->full_sync, NULL) && written;
}

/* Where the good frames of the log end. Inside a write transaction, which keeps it so. */
static bool
log_end(Database *database, sqlite3_int64 *end_out)
{
        sqlite3_file *file = NULL;
        volatile void *region = NULL;

        if (sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
                    SQLITE_OK ||
            file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 2 ||
            file->pMethods->xShmMap(file, 0, INDEX_REGION, 0, &region) != SQLITE_OK ||
            region == NULL)
                return false;

        const volatile IndexHead *head = region;
        sqlite3_int64 page = head->page_size == 1 ? 65536 : head->page_size;

        *end_out = LOG_HEAD + head->n_frames * (FRAME_HEAD + page);
        return head->version == INDEX_VERSION && head->is_there != 0;
}

static bool
truncate_log(Database *database)
{
        sqlite3_file *log = NULL;
        sqlite3_int64 end, size;

        if (!log_end(database, &end) ||
            sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) !=
                    SQLITE_OK ||
            log == NULL || log->pMethods == NULL ||
            log->pMethods->xFileSize(log, &size) != SQLITE_OK)
                return false;
        return size <= end || log->pMethods->xTruncate(log, end) == SQLITE_OK;
}

static bool
cut_off(Database *database)
{
        if (!database_run(database, STATEMENT_BEGIN_WRITE, NULL))
                return false;

        bool cut = truncate_log(database);

        return database_run(database, STATEMENT_ROLLBACK, NULL) && cut;
}

bool
leftover_remove(Database *database, GError **error)
{
        if (!database->leftover)
                return true;

        bool failed = database->failed;

        if (!overwrite(database) && !cut_off(database)) {
                database->failed = true;
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_STORE,
                                    "what a failed commit left in the log cannot be removed");
                return false;
        }
        database->leftover = false;
        /* Against a power cut. What a failure of this one leaves changes nothing. */
        if (database->full_sync)
                database_run(database, STATEMENT_OVERWRITE, NULL);
        database->failed = failed;
        return true;
}

/*
 * storage_sqlite: keep documents and archives in one SQLite file.
 *
 * Implements  service "store:sqlite" (service-store.h)
 * Hooks       none
 * Options     file, synchronous, busy_timeout, batch_size, queue_limit, queue_size, check_at_start
 *
 * Requests queue up on the core thread. While no batch is in flight, one job on a worker takes what
 * has gathered (the batch) and executes it in one transaction; meanwhile the next batch gathers. So
 * under load many writes share one sync of the disk, and alone a write waits for nobody.
 */
#include "storage_sqlite-private.h"

#include <motet/log.h>
#include <motet/module.h>
#include <motet/task.h>

#define RETRY_DELAY (10 * G_TIME_SPAN_MILLISECOND) /* until a full worker pool is tried again */
#define TELL_INTERVAL G_TIME_SPAN_MINUTE           /* between two reports of trouble */

typedef struct {
        MotetStoreRequest *first, *last;
        unsigned n;
        size_t bytes; /* of what they write */
} Queue;

typedef enum {
        JOB_WAITING, /* nobody has run it yet */
        JOB_RUNNING, /* on a worker */
        JOB_ENDED,   /* its requests have their results, or unload took them */
} JobState;

/*
 * One batch on its way. Shared by the storage and by the pool, which may look at it when the
 * storage is gone: stopping waits for a running one and runs a waiting one itself; the worker that
 * comes late finds nothing to do.
 */
typedef struct {
        gatomicrefcount refs;
        GMutex lock; /* of @state */
        GCond ended;
        JobState state;
        Database *database;
        MotetStoreRequest *first;
        int64_t now;
        BatchOutcome outcome;
} Job;

typedef struct {
        MotetModule *self;
        Database *database;
        char *file;        /* (own) the one that is open */
        Queue queue;       /* not in a batch yet */
        Job *job;          /* (own) the batch in flight, NULL when there is none */
        bool scheduled;    /* start_batch() will be called */
        bool failing;      /* trouble was told, and not yet that it is over */
        bool reconfigured; /* options changed since they were applied */
        int64_t next_tell; /* µs, motet_now() scale: when trouble may be told again */
} Storage;

/* Jobs */

static Job *
job_new(Database *database, MotetStoreRequest *first, int64_t now)
{
        Job *job = g_new0(Job, 1);

        g_atomic_ref_count_init(&job->refs);
        g_mutex_init(&job->lock);
        g_cond_init(&job->ended);
        job->database = database;
        job->first = first;
        job->now = now;
        return job;
}

static Job *
job_ref(Job *job)
{
        g_atomic_ref_count_inc(&job->refs);
        return job;
}

static void
job_unref(void *data)
{
        Job *job = data;

        if (!g_atomic_ref_count_dec(&job->refs))
                return;
        g_mutex_clear(&job->lock);
        g_cond_clear(&job->ended);
        g_free(job->outcome.trouble);
        g_free(job);
}

/* Whether the caller is the one who runs @job. */
static bool
job_claim(Job *job)
{
        g_mutex_lock(&job->lock);

        bool mine = job->state == JOB_WAITING;

        if (mine)
                job->state = JOB_RUNNING;
        g_mutex_unlock(&job->lock);
        return mine;
}

/* Runs @job unless it was claimed before. On a worker; at the end on the core thread. */
static void
job_run(void *data)
{
        Job *job = data;

        if (!job_claim(job))
                return;
        batch_run(job->database, job->first, job->now, &job->outcome);
        g_mutex_lock(&job->lock);
        job->state = JOB_ENDED;
        g_cond_broadcast(&job->ended);
        g_mutex_unlock(&job->lock);
}

static void
job_join(Job *job)
{
        g_mutex_lock(&job->lock);
        while (job->state == JOB_RUNNING)
                g_cond_wait(&job->ended, &job->lock);
        g_mutex_unlock(&job->lock);
}

/* Queue */

/* What @request would write, without names. */
static size_t
request_bytes(const MotetStoreRequest *request)
{
        size_t n = request->entry.value != NULL ? g_bytes_get_size(request->entry.value) : 0;

        for (size_t i = 0; i < request->n_changes; i++) {
                if (request->changes[i].value != NULL)
                        n += g_bytes_get_size(request->changes[i].value);
        }
        return n;
}

/*
 * It still waits in line, so that requests of one account finish in order; but nothing is done for
 * it, and what it would have written is not kept.
 */
static void
request_refuse(MotetStoreRequest *request)
{
        request->error =
                g_error_new_literal(MOTET_ERROR, MOTET_ERROR_BUSY, "too many requests are waiting");
        g_clear_pointer(&request->entry.value, g_bytes_unref);
        for (size_t i = 0; i < request->n_changes; i++)
                g_clear_pointer(&request->changes[i].value, g_bytes_unref);
}

static void
queue_push(Queue *queue, MotetStoreRequest *request)
{
        request->next = NULL;
        if (queue->last != NULL)
                queue->last->next = request;
        else
                queue->first = request;
        queue->last = request;
        queue->n++;
        queue->bytes += request_bytes(request);
}

/* Cuts off the first @max requests. */
static MotetStoreRequest *
queue_take(Queue *queue, int64_t max)
{
        MotetStoreRequest *first = queue->first, *last = first;

        queue->n--;
        queue->bytes -= request_bytes(first);
        for (int64_t taken = 1; taken < max && last->next != NULL; taken++) {
                last = last->next;
                queue->n--;
                queue->bytes -= request_bytes(last);
        }
        queue->first = last->next;
        if (queue->first == NULL)
                queue->last = NULL;
        last->next = NULL;
        return first;
}

/* Batches */

static DatabaseConfig
read_options(const MotetModule *self)
{
        return (DatabaseConfig){
                .file = motet_option_string(self, "file"),
                .full_sync = g_str_equal(motet_option_string(self, "synchronous"), "full"),
                .check = motet_option_bool(self, "check_at_start"),
                .busy_timeout = motet_option_int(self, "busy_timeout"),
        };
}

/*
 * The log has a line when it begins to fail and one when it works again, not for every request in
 * between; and not for every request that finds the same damaged page.
 */
static void
tell_outcome(Storage *storage, const BatchOutcome *outcome)
{
        int64_t now = motet_now(storage->self);

        if (outcome->trouble != NULL && !storage->failing && now >= storage->next_tell) {
                motet_module_set_status(storage->self, MOTET_STATUS_ERROR, "%s: %s", storage->file,
                                        outcome->trouble);
                storage->failing = true;
                storage->next_tell = now + TELL_INTERVAL;
        } else if (outcome->trouble == NULL && outcome->wrote && storage->failing) {
                motet_module_set_status(storage->self, MOTET_STATUS_OK, NULL);
                storage->failing = false;
        }
}

/* No batch is in flight: the database is the core thread's. */
static void
apply_options(Storage *storage)
{
        g_autoptr(GError) error = NULL;
        DatabaseConfig config = read_options(storage->self);

        if (!database_set(storage->database, &config, &error))
                motet_warn("%s: %s", storage->file, error->message);
        storage->reconfigured = false;
}

static Job *
job_next(Storage *storage)
{
        MotetStoreRequest *first =
                queue_take(&storage->queue, motet_option_int(storage->self, "batch_size"));

        if (storage->reconfigured)
                apply_options(storage);
        return job_new(storage->database, first, motet_wall_now(storage->self));
}

/* Completing may submit the next requests, so the batch is over before. */
static void
finish_job(Storage *storage)
{
        Job *job = g_steal_pointer(&storage->job);
        MotetStoreRequest *request = job->first;

        tell_outcome(storage, &job->outcome);
        job_unref(job);
        while (request != NULL) {
                MotetStoreRequest *next = request->next;

                request->next = NULL;
                motet_store_complete(request);
                request = next;
        }
}

static void schedule_batch(Storage *storage);

static void
on_job_ended(MotetModule *self, void *data)
{
        Storage *storage = motet_module_data(self);

        g_assert(storage->job == data);
        finish_job(storage);
        schedule_batch(storage);
}

static void offload_batch(Storage *storage);

static void
retry_offload(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        (void)data;
        offload_batch(motet_module_data(self));
}

static void
offload_batch(Storage *storage)
{
        Job *job = job_ref(storage->job);

        /* When the pool is full the batch stays what it is, before all that came later. */
        if (!motet_offload(storage->self, job_run, on_job_ended, job, job_unref))
                motet_timer_add(storage->self, NULL, RETRY_DELAY, retry_offload, NULL);
}

static void
start_batch(MotetModule *self, void *data)
{
        (void)data;

        Storage *storage = motet_module_data(self);

        storage->scheduled = false;
        storage->job = job_next(storage);
        offload_batch(storage);
}

/* At the end of this turn, so that what others submit in it is in the same batch. */
static void
schedule_batch(Storage *storage)
{
        if (storage->scheduled || storage->job != NULL || storage->queue.first == NULL)
                return;
        storage->scheduled = true;
        motet_defer(storage->self, start_batch, NULL, NULL);
}

static void
submit(MotetModule *provider, MotetStoreRequest *request)
{
        Storage *storage = motet_module_data(provider);
        size_t bytes = request_bytes(request);

        if (storage->queue.n >= motet_option_int(provider, "queue_limit") ||
            storage->queue.bytes + bytes > (size_t)motet_option_int(provider, "queue_size"))
                request_refuse(request);
        queue_push(&storage->queue, request);
        schedule_batch(storage);
}

/* The module */

static bool
load(MotetModule *self, GError **error)
{
        DatabaseConfig config = read_options(self);
        Database *database = database_open(&config, error);

        if (database == NULL)
                return false;

        Storage *storage = g_new0(Storage, 1);

        storage->self = self;
        storage->database = database;
        storage->file = g_strdup(config.file);
        motet_module_set_data(self, storage, g_free);
        return true;
}

static void
reconfigure(MotetModule *self)
{
        Storage *storage = motet_module_data(self);

        storage->reconfigured = true;
}

/* The pool tells us nothing any more, but what was submitted is still carried out. */
static void
unload(MotetModule *self)
{
        Storage *storage = motet_module_data(self);

        while (storage->job != NULL || storage->queue.first != NULL) {
                if (storage->job == NULL)
                        storage->job = job_next(storage);
                job_run(storage->job);
                job_join(storage->job);
                finish_job(storage);
        }
        database_close(storage->database);
        g_free(storage->file);
}

static const MotetStoreBackend backend = {.submit = submit, .hosts = database_hosts};

static const MotetServiceDecl services[] = {
        {"store:sqlite", &backend},
        {0},
};

static const MotetOption options[] = {
        {
                .key = "file",
                .type = MOTET_OPTION_PATH,
                .fallback = "motet.sqlite",
                .help = "The database; it and its folder are created when missing.",
        },
        {
                .key = "synchronous",
                .type = MOTET_OPTION_ENUM,
                .fallback = "full",
                .values = MOTET_LIST("full", "normal"),
                .help = "full: what was acknowledged survives a power cut; normal: only a crash of "
                        "the "
                        "server, at less work for the disk.",
        },
        {
                .key = "busy_timeout",
                .type = MOTET_OPTION_DURATION,
                .fallback = "5s",
                .min = 0,
                .max = 60 * G_USEC_PER_SEC,
                .help = "How long to wait for another process that writes to the same file.",
        },
        {
                .key = "batch_size",
                .type = MOTET_OPTION_INT,
                .fallback = "512",
                .min = 1,
                .max = 10000,
                .help = "How many requests may share one commit.",
        },
        {
                .key = "queue_limit",
                .type = MOTET_OPTION_INT,
                .fallback = "20000",
                .min = 100,
                .max = 1000000,
                .help = "How many requests may wait; beyond, they fail.",
        },
        {
                .key = "queue_size",
                .type = MOTET_OPTION_SIZE,
                .fallback = "64 MiB",
                .min = 1024 * 1024,
                .max = 4LL * 1024 * 1024 * 1024,
                .help = "How much may wait to be written; beyond, writes fail.",
        },
        {
                .key = "check_at_start",
                .type = MOTET_OPTION_BOOL,
                .fallback = "false",
                .help = "Read the whole file for damage before using it.",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "storage_sqlite",
        .summary = "Keep documents and archives in one SQLite file",
        .scope = MOTET_SCOPE_SERVER,
        .services = services,
        .options = options,
        .replace = MOTET_REPLACE_AFTER,
        .load = load,
        .reconfigure = reconfigure,
        .unload = unload,
        .restart_options = MOTET_LIST("file", "check_at_start"),
        .guards = true,
        .needs = MOTET_LIST("write:file"), /* the log and the index beside it */
};

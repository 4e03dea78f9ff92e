/*
 * meter: how often the functions of modules are called, how long they take and how much memory,
 * while somebody wants to know.
 */
#include "core/meter.h"

#include <string.h>
#include <time.h>

#include "core/event.h"
#include "core/host.h"

struct Meter {
        unsigned id;       /* of this measurement, never 0 */
        GHashTable *index; /* MeterRow (borrowed from rows), by its names */
        GPtrArray *rows;
        MeterRow *top; /* whose time it is; NULL: core's */
        int64_t since; /* when it became that */
        bool counts_memory;
        HeapCount heap, rest; /* when it became that; core's */
};

static int64_t
now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Rows */

static void
row_free(void *data)
{
        MeterRow *row = data;

        g_free(row->module);
        g_free(row->host);
        g_free(row->what);
        g_free(row);
}

GPtrArray *
meter_rows_new(void)
{
        return g_ptr_array_new_with_free_func(row_free);
}

static void
row_add(MeterRow *row, const MeterRow *other)
{
        row->n_calls += other->n_calls;
        row->self_ns += other->self_ns;
        row->longest_ns = MAX(row->longest_ns, other->longest_ns);
        row->heap.allocated += other->heap.allocated;
        row->heap.freed += other->heap.freed;
}

static unsigned
row_hash(const void *data)
{
        const MeterRow *row = data;

        return g_str_hash(row->module) * 33 ^ (row->host ? g_str_hash(row->host) : 0) ^
               (row->what ? g_str_hash(row->what) : 0);
}

static int
row_equal(const void *a, const void *b)
{
        const MeterRow *left = a, *right = b;

        return strcmp(left->module, right->module) == 0 &&
               g_strcmp0(left->host, right->host) == 0 && g_strcmp0(left->what, right->what) == 0;
}

static MeterRow *
row_new(const MeterRow *key)
{
        MeterRow *row = g_new0(MeterRow, 1);

        row->module = g_strdup(key->module);
        row->host = g_strdup(key->host);
        row->what = g_strdup(key->what);
        return row;
}

MeterRow *
meter_find(const GPtrArray *rows, const char *module, const char *host, const char *what)
{
        const MeterRow key = {.module = (char *)module, .host = (char *)host, .what = (char *)what};

        for (guint i = 0; i < rows->len; i++) {
                if (row_equal(rows->pdata[i], &key))
                        return rows->pdata[i];
        }
        return NULL;
}

void
meter_sum(GPtrArray *sums, const GPtrArray *rows)
{
        for (guint i = 0; i < rows->len; i++) {
                const MeterRow *row = rows->pdata[i];
                MeterRow *sum = meter_find(sums, row->module, row->host, NULL);
                if (!sum) {
                        const MeterRow key = {.module = row->module, .host = row->host};
                        sum = row_new(&key);
                        g_ptr_array_add(sums, sum);
                }
                row_add(sum, row);
        }
}

/* Measuring */

void
meter_start(MotetServer *server)
{
        g_assert(!server->meter);

        Meter *meter = g_new0(Meter, 1);
        meter->id = ++server->n_meters;
        meter->index = g_hash_table_new(row_hash, row_equal);
        meter->rows = meter_rows_new();
        server->meter = meter;
        event_mark_hooks(server, true);
}

bool
meter_count_memory(MotetServer *server, GError **error)
{
        server->meter->counts_memory = heap_count_start(error);
        return server->meter->counts_memory;
}

void
meter_extend(const MotetServer *server)
{
        if (server->meter && server->meter->counts_memory)
                heap_count_extend();
}

/* What was allocated and freed until now was by who is on top. */
static void
settle_memory(Meter *meter)
{
        if (!meter->counts_memory)
                return;
        HeapCount now = heap_count();
        HeapCount *of = meter->top ? &meter->top->heap : &meter->rest;
        of->allocated += now.allocated - meter->heap.allocated;
        of->freed += now.freed - meter->heap.freed;
        meter->heap = now;
}

GPtrArray *
meter_stop(MotetServer *server, HeapCount *rest_out)
{
        Meter *meter = g_steal_pointer(&server->meter);
        GPtrArray *rows = meter->rows;

        settle_memory(meter);
        if (meter->counts_memory)
                heap_count_stop();
        event_mark_hooks(server, false);
        if (rest_out)
                *rest_out = meter->rest;
        g_hash_table_unref(meter->index);
        g_free(meter);
        return rows;
}

/* An instance that replaces another goes on in its row. */
static MeterRow *
row_of(Meter *meter, const MotetModule *instance, const char *what)
{
        const MeterRow key = {.module = (char *)instance->info->name,
                              .host = instance->host ? instance->host->name : NULL,
                              .what = (char *)what};
        MeterRow *row = g_hash_table_lookup(meter->index, &key);

        if (row)
                return row;
        row = row_new(&key);
        g_ptr_array_add(meter->rows, row);
        g_hash_table_add(meter->index, row);
        /* What measuring itself allocates is nobody's. */
        if (meter->counts_memory)
                meter->heap = heap_count();
        return row;
}

void
meter_enter(MeterFrame *frame, MotetModule *instance)
{
        Meter *meter = instance->server->meter;

        *frame = (MeterFrame){0};
        if (!meter)
                return;
        settle_memory(meter);
        frame->row = row_of(meter, instance, activity_here.what);
        frame->before = meter->top;
        frame->meter = meter->id;
        frame->begun = now_ns();
        if (meter->top)
                meter->top->self_ns += frame->begun - meter->since;
        meter->top = frame->row;
        meter->since = frame->begun;
}

void
meter_leave(const MeterFrame *frame, const MotetServer *server)
{
        Meter *meter = server->meter;

        if (!frame->row || !meter || meter->id != frame->meter)
                return;
        int64_t now = now_ns();
        settle_memory(meter);
        frame->row->n_calls++;
        frame->row->self_ns += now - meter->since;
        frame->row->longest_ns = MAX(frame->row->longest_ns, now - frame->begun);
        meter->top = frame->before;
        meter->since = now;
}

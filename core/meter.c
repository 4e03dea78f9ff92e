/*
 * meter: how often the functions of modules are called and how long they take, while somebody wants
 * to know.
 */
#include "core/meter.h"

#include <string.h>
#include <time.h>

#include "core/event.h"
#include "core/host.h"

struct Meter {
        unsigned id; /* of this measurement, never 0 */
        GPtrArray *rows;
        MeterRow *top; /* whose time it is; NULL: core's */
        int64_t since; /* when it became that */
};

static int64_t
now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void
meter_row_free(void *data)
{
        MeterRow *row = data;

        g_free(row->module);
        g_free(row->host);
        g_free(row);
}

void
meter_start(MotetServer *server)
{
        g_assert(!server->meter);

        Meter *meter = g_new0(Meter, 1);
        meter->id = ++server->n_meters;
        meter->rows = g_ptr_array_new_with_free_func(meter_row_free);
        server->meter = meter;
        event_mark_hooks(server, true);
}

GPtrArray *
meter_stop(MotetServer *server)
{
        Meter *meter = g_steal_pointer(&server->meter);
        GPtrArray *rows = meter->rows;

        event_mark_hooks(server, false);
        g_free(meter);
        return rows;
}

/* An instance that replaces another goes on in its row. */
static MeterRow *
row_of(Meter *meter, MotetModule *instance)
{
        const char *host = instance->host ? instance->host->name : NULL;

        if (instance->meter == meter->id)
                return instance->meter_row;
        instance->meter = meter->id;
        for (guint i = 0; i < meter->rows->len; i++) {
                MeterRow *row = g_ptr_array_index(meter->rows, i);
                if (strcmp(row->module, instance->info->name) == 0 &&
                    g_strcmp0(row->host, host) == 0)
                        return instance->meter_row = row;
        }
        MeterRow *row = g_new0(MeterRow, 1);
        row->module = g_strdup(instance->info->name);
        row->host = g_strdup(host);
        g_ptr_array_add(meter->rows, row);
        return instance->meter_row = row;
}

void
meter_enter(MeterFrame *frame, MotetModule *instance)
{
        Meter *meter = instance->server->meter;

        *frame = (MeterFrame){0};
        if (!meter)
                return;
        frame->row = row_of(meter, instance);
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
        frame->row->n_calls++;
        frame->row->self_ns += now - meter->since;
        frame->row->longest_ns = MAX(frame->row->longest_ns, now - frame->begun);
        meter->top = frame->before;
        meter->since = now;
}

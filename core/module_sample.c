/*
 * module_sample: what modules take of the core thread, from one second in each minute.
 *
 * Measuring always would cost every hook two looks at the clock.
 */
#include <string.h>

#include "core/list.h"
#include "core/module_private.h"

#define SAMPLE_EVERY (60 * G_TIME_SPAN_SECOND)
#define SAMPLE_SPAN G_TIME_SPAN_SECOND

typedef struct ModuleSamples {
        Modules *modules;
        LoopTimer timer;
        GPtrArray *rows; /* (own) of MeterRow, of all samples together */
        int64_t span;    /* µs, of all samples together */
} ModuleSamples;

static MeterRow *
find_row(const ModuleSamples *samples, const char *module, const char *host)
{
        for (guint i = 0; i < samples->rows->len; i++) {
                MeterRow *row = g_ptr_array_index(samples->rows, i);
                if (strcmp(row->module, module) == 0 && g_strcmp0(row->host, host) == 0)
                        return row;
        }
        return NULL;
}

static void
add_row(ModuleSamples *samples, const MeterRow *measured)
{
        MeterRow *row = find_row(samples, measured->module, measured->host);

        if (!row) {
                row = g_new0(MeterRow, 1);
                row->module = g_strdup(measured->module);
                row->host = g_strdup(measured->host);
                g_ptr_array_add(samples->rows, row);
        }
        row->n_calls += measured->n_calls;
        row->self_ns += measured->self_ns;
        row->longest_ns = MAX(row->longest_ns, measured->longest_ns);
}

/* One that was broken off for somebody who measures on purpose is left out. */
static void
add_sample(void *data, GPtrArray *rows, const GError *error)
{
        ModuleSamples *samples = data;

        if (error)
                return;
        samples->span += SAMPLE_SPAN;
        for (guint i = 0; i < rows->len; i++)
                add_row(samples, g_ptr_array_index(rows, i));
}

static void
take_sample(LoopTimer *timer)
{
        ModuleSamples *samples = CONTAINER_OF(timer, ModuleSamples, timer);

        if (!samples->modules->top)
                module_top_sample(samples->modules, SAMPLE_SPAN, add_sample, samples);
        loop_timer_arm(samples->modules->server->loop, timer, SAMPLE_EVERY);
}

void
modules_sample(Modules *modules)
{
        if (modules->samples)
                return;
        ModuleSamples *samples = g_new0(ModuleSamples, 1);
        samples->modules = modules;
        samples->timer.func = take_sample;
        samples->rows = g_ptr_array_new_with_free_func(meter_row_free);
        modules->samples = samples;
        loop_timer_arm(modules->server->loop, &samples->timer, SAMPLE_EVERY);
}

void
module_samples_free(Modules *modules)
{
        ModuleSamples *samples = g_steal_pointer(&modules->samples);

        if (!samples)
                return;
        loop_timer_cancel(modules->server->loop, &samples->timer);
        g_ptr_array_unref(samples->rows);
        g_free(samples);
}

int64_t
modules_sampled(const Modules *modules)
{
        return modules->samples ? modules->samples->span : 0;
}

bool
modules_sample_of(const Modules *modules, const MotetModule *instance, MeterRow *row_out)
{
        const char *host = instance->host ? instance->host->name : NULL;
        const MeterRow *row =
                modules->samples ? find_row(modules->samples, instance->info->name, host) : NULL;

        *row_out = row ? *row : (MeterRow){0};
        return row != NULL;
}

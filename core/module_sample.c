/*
 * module_sample: what modules take of the core thread, from one second in each minute.
 *
 * Measuring always would cost every hook two looks at the clock.
 */
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

/* One that was broken off for somebody who measures on purpose is left out. */
static void
add_sample(void *data, GPtrArray *rows, const HeapCount *rest, const GError *error)
{
        ModuleSamples *samples = data;

        (void)rest;
        if (error)
                return;
        samples->span += SAMPLE_SPAN;
        meter_sum(samples->rows, rows);
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
        samples->rows = meter_rows_new();
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
        const MeterRow *row = modules->samples ? meter_find(modules->samples->rows,
                                                            instance->info->name, host, NULL)
                                               : NULL;

        *row_out = row ? *row : (MeterRow){0};
        return row != NULL;
}

/*
 * commands_module_top: module top: which module, and which of its hooks, takes the time and the
 * memory.
 */
#include <inttypes.h>
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/meter.h"
#include "core/module_choice.h"
#include "core/plan.h"

#define FOR_DEFAULT (5 * G_TIME_SPAN_SECOND)
#define FOR_LEAST (100 * G_TIME_SPAN_MILLISECOND)
#define FOR_MOST G_TIME_SPAN_MINUTE

/* What was asked for. */
typedef struct {
        MotetCommand *command;
        const MotetHost *host; /* NULL: all */
        int64_t span;          /* µs */
        bool by_hooks, with_memory, as_json;
} Top;

static int
compare_rows(gconstpointer a, gconstpointer b)
{
        const MeterRow *left = *(MeterRow *const *)a, *right = *(MeterRow *const *)b;

        if (left->self_ns != right->self_ns)
                return left->self_ns < right->self_ns ? 1 : -1;
        int by_name = strcmp(left->module, right->module);
        return by_name != 0 ? by_name : g_strcmp0(left->what, right->what);
}

static int64_t
span_of(const MotetCommand *command, GError **error)
{
        const char *text = motet_command_arg(command, "--for");
        int64_t span = FOR_DEFAULT;

        if (text && (!config_parse_duration(text, &span) || span < FOR_LEAST || span > FOR_MOST)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "\"%s\" is no time from 100ms to 60s, such as 5s", text);
                return 0;
        }
        return span;
}

static bool
read_words(Top *top, MotetCommand *command, GError **error)
{
        *top = (Top){
                .command = command,
                .by_hooks = motet_command_arg(command, "--hooks") != NULL,
                .with_memory = motet_command_arg(command, "--memory") != NULL,
                .as_json = motet_command_arg(command, "--json") != NULL,
        };
        top->span = span_of(command, error);
        return top->span > 0 && module_choice_host(command, &top->host, error);
}

static ModuleWeight
weight_of(const Top *top, const MeterRow *row)
{
        ModuleWeight weight;

        modules_weigh(server_modules(command_server(top->command)), row->module, row->host,
                      &weight);
        return weight;
}

/* More may have been freed than allocated. */
static int64_t
kept(const HeapCount *heap)
{
        return (int64_t)(heap->allocated - heap->freed);
}

/* As text */

static void
print_head(const Top *top)
{
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_printf(line, "%-16s %-24s %10s %13s %7s %12s", "module", "host", "calls", "spent",
                        "share", "longest");
        if (top->with_memory)
                g_string_append_printf(line, " %14s %14s", "allocated", "kept");
        if (top->by_hooks)
                g_string_append(line, "  called for");
        else
                g_string_append_printf(line, " %10s %6s", "mapped", "holds");
        motet_command_print(top->command, "%s", line->str);
}

static void
print_row(const Top *top, const MeterRow *row)
{
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_printf(line, "%-16s %-24s %10" PRIu64 " %10.3f ms %5.1f %% %9.3f ms", row->module,
                        row->host ? row->host : "all hosts", row->n_calls,
                        (double)row->self_ns / 1e6,
                        100.0 * (double)row->self_ns / ((double)top->span * 1e3),
                        (double)row->longest_ns / 1e6);
        if (top->with_memory)
                g_string_append_printf(line, " %12" PRIu64 " B %12" PRId64 " B",
                                       row->heap.allocated, kept(&row->heap));
        if (top->by_hooks) {
                g_string_append_printf(line, "  %s", row->what);
        } else {
                ModuleWeight weight = weight_of(top, row);
                g_string_append_printf(line, " %6zu KiB %6u", weight.mapped / 1024, weight.n_owned);
        }
        motet_command_print(top->command, "%s", line->str);
}

static void
print_text(const Top *top, const GPtrArray *rows, const HeapCount *rest)
{
        print_head(top);
        for (guint i = 0; i < rows->len; i++)
                print_row(top, rows->pdata[i]);
        if (top->with_memory)
                motet_command_print(top->command,
                                    "outside of modules: %" PRIu64 " B allocated, %" PRId64
                                    " B kept",
                                    rest->allocated, kept(rest));
}

/* As JSON */

static void
append_heap(GString *json, const HeapCount *heap)
{
        g_string_append_printf(json, "\"allocated\": %" PRIu64 ", \"kept\": %" PRId64,
                               heap->allocated, kept(heap));
}

static void
append_row(const Top *top, GString *json, const MeterRow *row)
{
        g_string_append(json, "{\"module\": ");
        plan_json_text(json, row->module);
        g_string_append(json, ", \"host\": ");
        plan_json_text(json, row->host);
        g_string_append_printf(json,
                               ", \"calls\": %" PRIu64 ", \"spent_ns\": %" PRId64
                               ", \"longest_ns\": %" PRId64,
                               row->n_calls, row->self_ns, row->longest_ns);
        if (top->with_memory) {
                g_string_append(json, ", ");
                append_heap(json, &row->heap);
        }
        if (top->by_hooks) {
                g_string_append(json, ", \"called_for\": ");
                plan_json_text(json, row->what);
        } else {
                ModuleWeight weight = weight_of(top, row);
                g_string_append_printf(json, ", \"mapped\": %zu, \"holds\": %u", weight.mapped,
                                       weight.n_owned);
        }
        g_string_append_c(json, '}');
}

static void
print_json(const Top *top, const GPtrArray *rows, const HeapCount *rest)
{
        g_autoptr(GString) json = g_string_new(NULL);

        g_string_printf(json, "{\"measured_us\": %" PRId64 ", \"rows\": [", top->span);
        for (guint i = 0; i < rows->len; i++) {
                g_string_append(json, i == 0 ? "" : ", ");
                append_row(top, json, rows->pdata[i]);
        }
        g_string_append_c(json, ']');
        if (top->with_memory) {
                g_string_append(json, ", \"outside\": {");
                append_heap(json, rest);
                g_string_append_c(json, '}');
        }
        g_string_append_c(json, '}');
        motet_command_print(top->command, "%s", json->str);
}

static void
leave_out_other_hosts(const MotetHost *host, GPtrArray *rows)
{
        for (guint i = rows->len; host && i-- > 0;) {
                const MeterRow *row = rows->pdata[i];
                if (row->host && strcmp(row->host, host->name) != 0)
                        g_ptr_array_remove_index_fast(rows, i);
        }
}

/* The words are read anew: a host may have gone meanwhile. */
static void
tell(void *data, GPtrArray *measured, const HeapCount *rest, const GError *failure)
{
        MotetCommand *command = data;
        g_autoptr(GPtrArray) sums = meter_rows_new();
        GError *error = failure ? g_error_copy(failure) : NULL;
        Top top;

        if (!error && read_words(&top, command, &error)) {
                if (!top.by_hooks)
                        meter_sum(sums, measured);
                GPtrArray *rows = top.by_hooks ? measured : sums;
                leave_out_other_hosts(top.host, rows);
                g_ptr_array_sort(rows, compare_rows);
                if (top.as_json)
                        print_json(&top, rows, rest);
                else
                        print_text(&top, rows, rest);
        }
        motet_command_finish(command, error);
}

void
commands_module_top(MotetModule *self, MotetCommand *command)
{
        GError *error = NULL;
        Top top;

        (void)self;
        if (!commands_require_running(command))
                return;
        if (!read_words(&top, command, &error) ||
            !modules_measure(server_modules(command_server(command)), top.span, top.with_memory,
                             tell, command, &error))
                motet_command_finish(command, error);
}

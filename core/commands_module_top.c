/*
 * commands_module_top: module top: which module takes the time.
 */
#include <inttypes.h>
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/meter.h"
#include "core/module_choice.h"

#define FOR_DEFAULT (5 * G_TIME_SPAN_SECOND)
#define FOR_LEAST (100 * G_TIME_SPAN_MILLISECOND)
#define FOR_MOST G_TIME_SPAN_MINUTE

static int
compare_rows(gconstpointer a, gconstpointer b)
{
        const MeterRow *left = *(MeterRow *const *)a, *right = *(MeterRow *const *)b;

        if (left->self_ns != right->self_ns)
                return left->self_ns < right->self_ns ? 1 : -1;
        return strcmp(left->module, right->module);
}

static void
print_row(MotetCommand *command, const MeterRow *row, int64_t span_ns)
{
        ModuleWeight weight;

        modules_weigh(server_modules(command_server(command)), row->module, row->host, &weight);
        motet_command_print(
                command, "%-16s %-24s %10" PRIu64 " %10.3f ms %5.1f %% %9.3f ms %6zu KiB %6u",
                row->module, row->host ? row->host : "all hosts", row->n_calls,
                (double)row->self_ns / 1e6, 100.0 * (double)row->self_ns / (double)span_ns,
                (double)row->longest_ns / 1e6, weight.mapped / 1024, weight.n_owned);
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

static void
print_rows(void *data, GPtrArray *rows, const GError *error)
{
        MotetCommand *command = data;
        const MotetHost *host = NULL;

        if (error) {
                motet_command_finish(command, g_error_copy(error));
                return;
        }
        module_choice_host(command, &host, NULL);
        g_ptr_array_sort(rows, compare_rows);
        motet_command_print(command, "%-16s %-24s %10s %13s %7s %12s %10s %6s", "module", "host",
                            "calls", "spent", "share", "longest", "mapped", "holds");
        for (guint i = 0; i < rows->len; i++) {
                const MeterRow *row = g_ptr_array_index(rows, i);
                if (!host || !row->host || strcmp(row->host, host->name) == 0)
                        print_row(command, row, span_of(command, NULL) * 1000);
        }
        motet_command_finish(command, NULL);
}

void
commands_module_top(MotetModule *self, MotetCommand *command)
{
        const MotetHost *host = NULL;
        GError *error = NULL;

        (void)self;
        if (!commands_require_running(command))
                return;
        int64_t span = span_of(command, &error);
        if (!span || !module_choice_host(command, &host, &error) ||
            !modules_measure(server_modules(command_server(command)), span, print_rows, command,
                             &error))
                motet_command_finish(command, error);
}

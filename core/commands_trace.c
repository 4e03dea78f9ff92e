/*
 * commands_trace: trace: shows what passes for an account, as it passes, until the time is over or
 * nobody reads any more.
 */
#include <inttypes.h>
#include <motet/error.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/config_print.h"
#include "core/trace.h"

#define TIME_DEFAULT (60 * G_TIME_SPAN_SECOND)
#define TIME_MAX G_TIME_SPAN_HOUR
#define LOOK G_TIME_SPAN_SECOND  /* between two looks whether somebody reads */
#define UNREAD_MAX (1024 * 1024) /* bytes; lines beyond are left out, and counted */

typedef struct {
        TraceWatch watch;
        LoopTimer timer;
        MotetServer *server;
        MotetCommand *command;
        int64_t end;
        uint64_t n_left_out;
} Tracing;

static void
tell_left_out(Tracing *tracing)
{
        if (tracing->n_left_out > 0)
                motet_command_print(tracing->command,
                                    "%" PRIu64 " lines left out: they were not read in time",
                                    tracing->n_left_out);
        tracing->n_left_out = 0;
}

static void
take_line(TraceWatch *watch, const char *text)
{
        Tracing *tracing = CONTAINER_OF(watch, Tracing, watch);
        int64_t unread = command_unread(tracing->command);

        if (unread < 0)
                return;
        if (unread > UNREAD_MAX) {
                tracing->n_left_out++;
                return;
        }
        tell_left_out(tracing);
        motet_command_print(tracing->command, "%s", text);
}

static void
end(Tracing *tracing)
{
        trace_remove(tracing->server, &tracing->watch);
        loop_timer_cancel(tracing->server->loop, &tracing->timer);
        if (command_unread(tracing->command) >= 0)
                tell_left_out(tracing);
        motet_command_finish(tracing->command, NULL);
        g_free(tracing);
}

static void
look(LoopTimer *timer)
{
        Tracing *tracing = CONTAINER_OF(timer, Tracing, timer);
        int64_t left = tracing->end - loop_now(tracing->server->loop);

        if (left <= 0 || command_unread(tracing->command) < 0)
                end(tracing);
        else
                loop_timer_arm(tracing->server->loop, timer, MIN(left, LOOK));
}

void
commands_trace_end_all(MotetServer *server)
{
        for (TraceWatch *watch; (watch = trace_first(server));)
                end(CONTAINER_OF(watch, Tracing, watch));
}

static void
run_trace(MotetModule *self, MotetCommand *command)
{
        int64_t time = motet_command_number(command, "--for");

        (void)self;
        if (!commands_require_running(command))
                return;
        Tracing *tracing = g_new0(Tracing, 1);
        tracing->server = server_base(command_server(command));
        tracing->command = command;
        tracing->watch.address = motet_command_arg(command, "--jid");
        tracing->watch.line = take_line;
        tracing->timer.func = look;
        tracing->end = loop_now(tracing->server->loop) + (time > 0 ? time : TIME_DEFAULT);
        if (tracing->server->stopping || !trace_add(tracing->server, &tracing->watch)) {
                g_free(tracing);
                motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_CANCELLED,
                                                          "%u traces are running already, or the "
                                                          "server is stopping: try again later",
                                                          TRACE_WATCHES_MAX));
                return;
        }
        g_autofree char *text =
                config_print_integer(CONFIG_DURATION, time > 0 ? time : TIME_DEFAULT);
        motet_command_print(command, "watching %s for %s", tracing->watch.address, text);
        loop_timer_arm(tracing->server->loop, &tracing->timer, 0);
}

static const MotetArg trace_args[] = {
        {"--jid", MOTET_ARG_ADDRESS, false},
        {"--for", MOTET_ARG_PERIOD, true, .min = G_TIME_SPAN_SECOND, .max = TIME_MAX},
        {0},
};

const MotetCommandDecl trace_commands[] = {
        {"trace", trace_args,
         "show the stanzas of an account or session, and which modules handle them, for a minute "
         "or --for",
         run_trace},
        {0},
};

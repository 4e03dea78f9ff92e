/*
 * commands_status: status, metrics.
 */
#include <inttypes.h>
#include <unistd.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/health.h"
#include "core/metrics.h"
#include "core/status.h"

#define EXIT_DEGRADED 1

static char *
expiry_text(int64_t expiry, int64_t now)
{
        int64_t left = expiry - now;

        if (expiry == 0)
                return g_strdup("no certificate");
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(expiry);
        g_autofree char *day = date ? g_date_time_format(date, "%F") : NULL;
        g_autofree char *rest = certificate_days_text(left);
        if (left <= 0)
                return g_strdup_printf("certificate EXPIRED on %s", day ? day : "a day unknown");
        return g_strdup_printf("certificate valid until %s, %s left", day ? day : "the end of time",
                               rest);
}

static void
print_hosts(MotetCommand *command, const Status *status)
{
        for (guint i = 0; i < status->hosts->len; i++) {
                const StatusHost *host = &g_array_index(status->hosts, StatusHost, i);
                g_autofree char *expiry = expiry_text(host->expiry, status->now);
                motet_command_print(command, "host %s: %zu sessions, %s", host->name,
                                    host->n_sessions, expiry);
                if (host->trouble)
                        motet_command_print(command, "host %s: the certificate is not renewed: %s",
                                            host->name, host->trouble);
        }
        for (guint i = 0; i < status->listeners->len; i++) {
                const StatusListener *listener =
                        &g_array_index(status->listeners, StatusListener, i);
                motet_command_print(command, "listening on %s port %u%s", listener->address,
                                    listener->port, listener->direct_tls ? " (TLS)" : "");
        }
}

static void
print_sessions(MotetCommand *command, const Status *status)
{
        const size_t *stages = status->stages;
        size_t bound = stages[SESSION_STAGE_BOUND] + stages[SESSION_STAGE_AVAILABLE];

        motet_command_print(command,
                            "sessions: %zu connected, %zu bound of them, %zu available of those, "
                            "%zu kept without a connection",
                            status->n_streams - stages[SESSION_STAGE_DETACHED], bound,
                            stages[SESSION_STAGE_AVAILABLE], stages[SESSION_STAGE_DETACHED]);
        motet_command_print(command,
                            "last minute: %" PRIu64 " messages in, %" PRIu64 " out, %" PRIu64
                            " logins, %" PRIu64 " connections",
                            status->minute.messages_in, status->minute.messages_out,
                            status->minute.authenticated, status->minute.accepted);
}

static char *
time_text(int64_t us)
{
        if (us == INT64_MAX)
                return g_strdup("more than 8 s");
        if (us >= G_TIME_SPAN_MILLISECOND)
                return g_strdup_printf("%" PRId64 ".%" PRId64 " ms", us / 1000, us % 1000 / 100);
        return g_strdup_printf("%" PRId64 " us", us);
}

static void
print_quantiles(MotetCommand *command, const char *what, const char *waiting, uint64_t n_waiting,
                const Histogram *histogram)
{
        g_autofree char *half = time_text(histogram_quantile(histogram, 50));
        g_autofree char *most = time_text(histogram_quantile(histogram, 99));

        if (histogram_count(histogram) == 0)
                motet_command_print(command, "%s: %" PRIu64 " %s, none in the last minute", what,
                                    n_waiting, waiting);
        else
                motet_command_print(command,
                                    "%s: %" PRIu64 " %s; of %" PRIu64
                                    " in the last minute half took at most %s, 99 %% at most %s",
                                    what, n_waiting, waiting, histogram_count(histogram), half,
                                    most);
}

static void
print_process(MotetCommand *command, const Status *status)
{
        const ProcessUsage *usage = &status->usage;

        motet_command_print(command,
                            "memory %" PRIu64 " KiB, descriptors %" PRIu64 " of %" PRIu64
                            ", processor %" PRId64 " s",
                            usage->resident / 1024, usage->descriptors, usage->descriptors_max,
                            usage->cpu / G_TIME_SPAN_SECOND);
        print_quantiles(command, "storage", "requests wait", status->store_queue,
                        &status->minute.store);
        print_quantiles(command, "loop", "jobs on workers", status->n_offloaded,
                        &status->minute.turns);
}

static void
print_rest(MotetCommand *command, const Status *status)
{
        for (guint i = 0; i < status->modules->len; i++)
                motet_command_print(command, "%s",
                                    g_array_index(status->modules, StatusModule, i).line);
        for (guint i = 0; i < status->changed->len; i++)
                motet_command_print(command,
                                    "module %s: its file is another one than runs: \"module "
                                    "reload\" puts it in force",
                                    (const char *)g_ptr_array_index(status->changed, i));
        for (guint i = 0; i < status->levels->len; i++) {
                const StatusLevel *level = &g_array_index(status->levels, StatusLevel, i);
                if (level->left > 0)
                        motet_command_print(command, "log level of %s: %s, for %" PRId64 " s more",
                                            level->source, level->level,
                                            level->left / G_TIME_SPAN_SECOND);
                else
                        motet_command_print(command, "log level of %s: %s, as commanded",
                                            level->source, level->level);
        }
        motet_command_print(command, "%s",
                            status->reload_text ? status->reload_text : "no reload so far");
}

static void
print_lines(MotetCommand *command, const GPtrArray *lines)
{
        for (guint i = 0; i < lines->len; i++)
                motet_command_print(command, "%s", (const char *)g_ptr_array_index(lines, i));
}

/* Returns: (own) "to its files (Landlock 6)" */
static char *
bounds_text(const char *what, const char *mechanism, const char *lack)
{
        return lack ? g_strdup_printf("not to its %s (%s)", what, lack)
                    : g_strdup_printf("to its %s (%s)", what, mechanism);
}

/* Returns: (own) what became of calls that it gave up */
static char *
refusals_text(const ConfineState *confined)
{
        if (!confined->calls)
                return g_strdup("no call is refused");
        if (confined->programs_for)
                return g_strdup_printf("refused calls are not counted, as module %s starts "
                                       "programs",
                                       confined->programs_for);
        if (confined->refused == CONFIG_CONFINE_ABORT)
                return g_strdup("a refused call ends the server");
        return g_strdup_printf("%" PRIu64 " call%s refused so far", confined->n_refused,
                               confined->n_refused == 1 ? "" : "s");
}

static void
print_confined(MotetCommand *command, const ConfineState *confined)
{
        g_autofree char *landlock = g_strdup_printf("Landlock %u", confined->files);
        g_autofree char *files = bounds_text("files", landlock, confined->files_lack);
        g_autofree char *calls = bounds_text("calls", "seccomp", confined->calls_lack);
        g_autofree char *refusals = refusals_text(confined);

        if (confined->refused == CONFIG_CONFINE_OFF)
                motet_command_print(command, "not confined: \"confine: {refused: off}\"");
        else
                motet_command_print(command, "confined: %s, %s; %s", files, calls, refusals);
}

static void
print_text(MotetCommand *command, const Status *status)
{
        g_autofree char *health = health_line(status->troubles);

        motet_command_print(command, "%s", health);
        motet_command_print(command, "motetd " MOTET_VERSION ", process %d, %s for %" PRId64 " s",
                            (int)getpid(), status->is_stopping ? "stopping, running" : "running",
                            status->uptime / G_TIME_SPAN_SECOND);
        motet_command_print(command, "%zu streams, %u module instances", status->n_streams,
                            status->n_instances);
        if (status->is_safe)
                motet_command_print(command, "safe mode: only modules shipped with the server run");
        print_confined(command, &status->confined);
        print_lines(command, status->absent);
        print_sessions(command, status);
        print_process(command, status);
        print_lines(command, status->slow);
        print_hosts(command, status);
        print_rest(command, status);
}

static void
run_status(MotetModule *self, MotetCommand *command)
{
        (void)self;

        if (!commands_require_running(command))
                return;

        g_auto(Status) status = {0};
        status_init(&status, command_server(command));
        if (motet_command_arg(command, "--json")) {
                g_autofree char *json = status_json(&status);
                motet_command_print(command, "%s", json);
        } else {
                print_text(command, &status);
        }
        if (status.troubles->len > 0)
                command_set_code(command, EXIT_DEGRADED);
        motet_command_finish(command, NULL);
}

static void
print_line(void *data, const char *line)
{
        motet_command_print(data, "%s", line);
}

static void
run_metrics(MotetModule *self, MotetCommand *command)
{
        (void)self;

        if (!commands_require_running(command))
                return;
        metrics_print(command_server(command), print_line, command);
        motet_command_finish(command, NULL);
}

static const MotetArg status_args[] = {{"--json", MOTET_ARG_FLAG, true}, {0}};

const MotetCommandDecl status_commands[] = {
        {"metrics", NULL, "print what is counted, as OpenMetrics text", run_metrics},
        {"status", status_args,
         "say what the server serves and holds, and whether it is well (exit 1: it is not)",
         run_status},
        {0},
};

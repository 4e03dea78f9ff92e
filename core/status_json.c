/*
 * status_json: the same for programs. Members are only ever added.
 */
#include <inttypes.h>
#include <unistd.h>

#include "core/config_confine.h"
#include "core/plan.h"
#include "core/status.h"

static void
append_name(GString *json, const char *name)
{
        char last = json->str[json->len - 1];

        g_string_append(json, last == '{' || last == '[' ? "" : ", ");
        if (name)
                g_string_append_printf(json, "\"%s\": ", name);
}

static void
append_text(GString *json, const char *name, const char *text)
{
        append_name(json, name);
        plan_json_text(json, text);
}

static void
append_number(GString *json, const char *name, int64_t value)
{
        append_name(json, name);
        g_string_append_printf(json, "%" PRId64, value);
}

static void
append_bool(GString *json, const char *name, bool value)
{
        append_name(json, name);
        g_string_append(json, value ? "true" : "false");
}

static void
open_value(GString *json, const char *name, char bracket)
{
        append_name(json, name);
        g_string_append_c(json, bracket);
}

/* null: beyond what is measured, or nothing was */
static void
append_quantile(GString *json, const char *name, const Histogram *histogram, unsigned percent)
{
        int64_t us = histogram_quantile(histogram, percent);

        if (histogram_count(histogram) > 0 && us != INT64_MAX)
                append_number(json, name, us);
        else
                append_text(json, name, NULL);
}

static void
append_hosts(GString *json, const Status *status)
{
        open_value(json, "hosts", '[');
        for (guint i = 0; i < status->hosts->len; i++) {
                const StatusHost *host = &g_array_index(status->hosts, StatusHost, i);
                open_value(json, NULL, '{');
                append_text(json, "name", host->name);
                append_number(json, "sessions", (int64_t)host->n_sessions);
                append_number(json, "certificate_expiry", host->expiry);
                append_text(json, "certificate_trouble", host->trouble);
                g_string_append_c(json, '}');
        }
        g_string_append_c(json, ']');
}

static void
append_listeners(GString *json, const Status *status)
{
        open_value(json, "listeners", '[');
        for (guint i = 0; i < status->listeners->len; i++) {
                const StatusListener *listener =
                        &g_array_index(status->listeners, StatusListener, i);
                open_value(json, NULL, '{');
                append_text(json, "address", listener->address);
                append_number(json, "port", listener->port);
                append_bool(json, "direct_tls", listener->direct_tls);
                g_string_append_c(json, '}');
        }
        g_string_append_c(json, ']');
}

static void
append_levels(GString *json, const Status *status)
{
        open_value(json, "log_levels", '[');
        for (guint i = 0; i < status->levels->len; i++) {
                const StatusLevel *level = &g_array_index(status->levels, StatusLevel, i);
                open_value(json, NULL, '{');
                append_text(json, "source", level->source);
                append_text(json, "level", level->level);
                append_number(json, "seconds_left", level->left / G_TIME_SPAN_SECOND);
                g_string_append_c(json, '}');
        }
        g_string_append_c(json, ']');
}

static void
append_modules(GString *json, const Status *status)
{
        open_value(json, "module_status", '[');
        for (guint i = 0; i < status->modules->len; i++) {
                const StatusModule *module = &g_array_index(status->modules, StatusModule, i);
                open_value(json, NULL, '{');
                append_text(json, "module", module->name);
                append_text(json, "host", module->host);
                append_text(json, "status", module_status_word(module->status));
                append_text(json, "text", module->text);
                g_string_append_c(json, '}');
        }
        g_string_append_c(json, ']');
}

static void
append_texts(GString *json, const char *name, const GPtrArray *texts)
{
        open_value(json, name, '[');
        for (guint i = 0; i < texts->len; i++)
                append_text(json, NULL, g_ptr_array_index(texts, i));
        g_string_append_c(json, ']');
}

static void
append_sessions(GString *json, const Status *status)
{
        static const char *const stages[SESSION_N_STAGES] = {
                "connected", "opened", "authenticated", "bound", "available", "detached"};

        open_value(json, "sessions", '{');
        for (unsigned stage = 0; stage < SESSION_N_STAGES; stage++)
                append_number(json, stages[stage], (int64_t)status->stages[stage]);
        g_string_append_c(json, '}');
}

static void
append_minute(GString *json, const MinuteCounts *minute)
{
        open_value(json, "minute", '{');
        append_number(json, "us", minute->time);
        append_number(json, "messages_in", (int64_t)minute->messages_in);
        append_number(json, "messages_out", (int64_t)minute->messages_out);
        append_number(json, "logins", (int64_t)minute->authenticated);
        append_number(json, "connections", (int64_t)minute->accepted);
        append_number(json, "log_lines_lost", (int64_t)minute->log_lost);
        g_string_append_c(json, '}');
}

static void
append_store(GString *json, const Status *status)
{
        const Histogram *store = &status->minute.store;

        open_value(json, "store", '{');
        append_number(json, "queue", (int64_t)status->store_queue);
        append_number(json, "requests", (int64_t)histogram_count(store));
        append_number(json, "failures", (int64_t)status->minute.store_failures);
        append_quantile(json, "p50_us", store, 50);
        append_quantile(json, "p99_us", store, 99);
        g_string_append_c(json, '}');
}

static void
append_process(GString *json, const ProcessUsage *usage)
{
        open_value(json, "process", '{');
        append_number(json, "pid", getpid());
        append_number(json, "memory", (int64_t)usage->resident);
        append_number(json, "descriptors", (int64_t)usage->descriptors);
        append_number(json, "descriptors_max", (int64_t)usage->descriptors_max);
        append_number(json, "cpu_us", usage->cpu);
        g_string_append_c(json, '}');
}

static void
append_reload(GString *json, const ServerReload *reload)
{
        if (reload->when == 0) {
                append_text(json, "last_reload", NULL);
                return;
        }
        open_value(json, "last_reload", '{');
        append_number(json, "when", reload->when / G_USEC_PER_SEC);
        append_bool(json, "done", reload->is_done);
        g_string_append_c(json, '}');
}

/* calls_refused is null where they are not counted. */
static void
append_confined(GString *json, const ConfineState *confined)
{
        open_value(json, "confined", '{');
        append_text(json, "refused", config_confine_word(confined->refused));
        append_bool(json, "files", confined->files > 0);
        append_number(json, "landlock", confined->files);
        append_text(json, "files_lack", confined->files_lack);
        append_bool(json, "calls", confined->calls);
        append_text(json, "calls_lack", confined->calls_lack);
        if (confined->programs_for)
                append_text(json, "calls_refused", NULL);
        else
                append_number(json, "calls_refused", (int64_t)confined->n_refused);
        g_string_append_c(json, '}');
}

char *
status_json(const Status *status)
{
        GString *json = g_string_new("{");

        append_bool(json, "healthy", status->troubles->len == 0);
        append_texts(json, "troubles", status->troubles);
        append_text(json, "version", MOTET_VERSION);
        append_number(json, "now", status->now);
        append_number(json, "uptime_us", status->uptime);
        append_bool(json, "stopping", status->is_stopping);
        append_sessions(json, status);
        append_number(json, "streams", (int64_t)status->n_streams);
        append_minute(json, &status->minute);
        append_store(json, status);
        append_number(json, "offloaded", status->n_offloaded);
        append_process(json, &status->usage);
        append_number(json, "module_instances", status->n_instances);
        append_modules(json, status);
        append_texts(json, "modules_changed", status->changed);
        append_bool(json, "safe_mode", status->is_safe);
        append_texts(json, "modules_left_out", status->absent);
        append_texts(json, "modules_slow", status->slow);
        append_hosts(json, status);
        append_listeners(json, status);
        append_levels(json, status);
        append_reload(json, &status->reload);
        append_confined(json, &status->confined);
        g_string_append_c(json, '}');
        return g_string_free(json, FALSE);
}

/*
 * metrics: what core counts. etc/metrics.md explains each; a test keeps both equal.
 */
#include "core/metrics.h"

#include <string.h>

#include "core/certificates.h"
#include "core/health.h"
#include "core/log.h"
#include "core/process.h"
#include "core/server_private.h"

enum {
        BUILD,
        HEALTHY,
        SESSIONS,
        CONNECTIONS,
        HANDSHAKES,
        AUTHENTICATED,
        STANZAS,
        NETWORK,
        TURNS,
        STORE,
        STORE_QUEUE,
        STORE_FAILURES,
        OFFLOADED,
        OFFLOAD_REFUSED,
        CERTIFICATE,
        MODULES,
        SAMPLED,
        MODULE_TIME,
        MODULE_CALLS,
        MODULE_MAPPED,
        MODULE_HOLDS,
        MODULE_STATUS,
        MODULE_SLOW,
        RELOADS,
        LOG_LOST,
        CALLS_REFUSED,
        CPU,
        RESIDENT,
        VIRTUAL,
        DESCRIPTORS,
        DESCRIPTORS_MAX,
        START,
        N_FAMILIES,
};

static const MetricsFamily families[N_FAMILIES] = {
        [BUILD] = {"motet_build", METRICS_INFO, NULL, "Version that runs"},
        [HEALTHY] = {"motet_healthy", METRICS_GAUGE, NULL,
                     "1 when nothing needs an operator, 0 when status says what does"},
        [SESSIONS] = {"motet_sessions", METRICS_GAUGE, NULL,
                      "Streams there are, by how far they have come"},
        [CONNECTIONS] = {"motet_connections", METRICS_COUNTER, NULL,
                         "Connections that were made to the server"},
        [HANDSHAKES] = {"motet_tls_handshakes", METRICS_COUNTER, NULL, "TLS handshakes that ended"},
        [AUTHENTICATED] = {"motet_sessions_authenticated", METRICS_COUNTER, NULL,
                           "Sessions that logged in"},
        [STANZAS] = {"motet_stanzas", METRICS_COUNTER, NULL,
                     "Top-level elements received from peers and sent to them"},
        [NETWORK] = {"motet_network_bytes", METRICS_COUNTER, "bytes",
                     "Bytes on the wire, TLS included"},
        [TURNS] = {"motet_loop_turn_seconds", METRICS_HISTOGRAM, "seconds",
                   "How long turns of the core thread took in which something was done"},
        [STORE] = {"motet_store_request_seconds", METRICS_HISTOGRAM, "seconds",
                   "How long requests to the storage took, waiting included"},
        [STORE_QUEUE] = {"motet_store_queue", METRICS_GAUGE, NULL,
                         "Requests to the storage without a result yet"},
        [STORE_FAILURES] = {"motet_store_failures", METRICS_COUNTER, NULL,
                            "Requests that the storage could not carry out"},
        [OFFLOADED] = {"motet_offload_queue", METRICS_GAUGE, NULL,
                       "Jobs that wait for a worker thread or run on one"},
        [OFFLOAD_REFUSED] = {"motet_offload_refused", METRICS_COUNTER, NULL,
                             "Jobs refused because limits.offload_queue of them waited"},
        [CERTIFICATE] = {"motet_certificate_expiry_timestamp_seconds", METRICS_GAUGE, "seconds",
                         "When the certificate in force ends, since 1970"},
        [MODULES] = {"motet_modules", METRICS_GAUGE, NULL, "Instances of modules that run"},
        [SAMPLED] = {"motet_sampled_seconds", METRICS_COUNTER, "seconds",
                     "Time in which modules were measured"},
        [MODULE_TIME] = {"motet_module_sampled_seconds", METRICS_COUNTER, "seconds",
                         "Time of the core thread that modules took meanwhile"},
        [MODULE_CALLS] = {"motet_module_sampled_calls", METRICS_COUNTER, NULL,
                          "Calls of modules meanwhile"},
        [MODULE_MAPPED] = {"motet_module_mapped_bytes", METRICS_GAUGE, "bytes",
                           "Memory mapped for the files of modules"},
        [MODULE_HOLDS] = {"motet_module_holds", METRICS_GAUGE, NULL,
                          "Hooks, timers, requests and other things modules have registered"},
        [MODULE_STATUS] = {"motet_module_status", METRICS_GAUGE, NULL,
                           "How modules say they fare: 0 ok, 1 warning, 2 error"},
        [MODULE_SLOW] = {"motet_module_slow_calls", METRICS_COUNTER, NULL,
                         "Calls of modules in which everybody waited for 100 ms or more"},
        [RELOADS] = {"motet_reloads", METRICS_COUNTER, NULL, "Reloads of the configuration"},
        [LOG_LOST] = {"motet_log_lines_lost", METRICS_COUNTER, NULL,
                      "Lines of the log that what takes it was too slow for"},
        [CALLS_REFUSED] = {"motet_calls_refused", METRICS_COUNTER, NULL,
                           "Calls of the kernel that the server had given up"},
        [CPU] = {"process_cpu_seconds", METRICS_COUNTER, "seconds", "Processor time used"},
        [RESIDENT] = {"process_resident_memory_bytes", METRICS_GAUGE, "bytes", "Memory used"},
        [VIRTUAL] = {"process_virtual_memory_bytes", METRICS_GAUGE, "bytes", "Memory mapped"},
        [DESCRIPTORS] = {"process_open_fds", METRICS_GAUGE, NULL, "File descriptors in use"},
        [DESCRIPTORS_MAX] = {"process_max_fds", METRICS_GAUGE, NULL,
                             "File descriptors there may be"},
        [START] = {"process_start_time_seconds", METRICS_GAUGE, "seconds",
                   "When the server began to serve, since 1970"},
};

const MetricsFamily *
metrics_families(size_t *n_out)
{
        *n_out = N_FAMILIES;
        return families;
}

static void
begin(MetricsText *text, unsigned which)
{
        metrics_text_begin(text, &families[which]);
}

static void
print_value(MetricsText *text, unsigned which, uint64_t value)
{
        begin(text, which);
        metrics_text_sample(text, NULL, value);
}

static void
print_split(MetricsText *text, const char *label, const char *word, uint64_t value)
{
        const MetricsLabel labels[] = {{label, word}, {0}};

        metrics_text_sample(text, labels, value);
}

static void
print_pair(MetricsText *text, unsigned which, const char *label, const char *a, uint64_t of_a,
           const char *b, uint64_t of_b)
{
        begin(text, which);
        print_split(text, label, a, of_a);
        print_split(text, label, b, of_b);
}

/* Sessions */

static const char *const stages[SESSION_N_STAGES] = {
        [SESSION_STAGE_CONNECTED] = "connected",         [SESSION_STAGE_OPENED] = "opened",
        [SESSION_STAGE_AUTHENTICATED] = "authenticated", [SESSION_STAGE_BOUND] = "bound",
        [SESSION_STAGE_AVAILABLE] = "available",         [SESSION_STAGE_DETACHED] = "detached",
};

/* A client is one before it has logged in, too: the stage tells. */
static const struct {
        MotetSessionType type;
        const char *name;
} types[] = {
        {MOTET_SESSION_C2S, "client"},
        {MOTET_SESSION_S2S_IN, "server_in"},
        {MOTET_SESSION_S2S_OUT, "server_out"},
        {MOTET_SESSION_COMPONENT, "component"},
};

static size_t
tallied(const SessionTally tally, MotetSessionType type, unsigned stage)
{
        size_t n = tally[type][stage];

        return type == MOTET_SESSION_C2S ? n + tally[MOTET_SESSION_C2S_UNAUTHED][stage] : n;
}

/* @host NULL: of none yet. Clients are told also when there are none, others only when there
 * are. */
static void
print_tally(MetricsText *text, const SessionTally tally, const char *host)
{
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                for (unsigned stage = 0; stage < SESSION_N_STAGES; stage++) {
                        size_t n = tallied(tally, types[i].type, stage);
                        bool is_possible = (stage == SESSION_STAGE_CONNECTED) == !host;
                        if (!is_possible || (n == 0 && types[i].type != MOTET_SESSION_C2S))
                                continue;
                        const MetricsLabel labels[] = {{"type", types[i].name},
                                                       {"stage", stages[stage]},
                                                       {host ? "host" : NULL, host},
                                                       {0}};
                        metrics_text_sample(text, labels, n);
                }
        }
}

static void
print_sessions(MetricsText *text, const MotetServer *base)
{
        begin(text, SESSIONS);
        print_tally(text, base->tally, NULL);
        for (guint i = 0; i < base->hosts->len; i++) {
                const MotetHost *host = g_ptr_array_index(base->hosts, i);
                print_tally(text, host->tally, host->name);
        }
}

/* Traffic */

static void
print_direction(MetricsText *text, const char *direction,
                const uint64_t counts[MOTET_STANZA_IQ + 1])
{
        static const char *const kinds[] = {
                [MOTET_STANZA_NONE] = "other",
                [MOTET_STANZA_MESSAGE] = "message",
                [MOTET_STANZA_PRESENCE] = "presence",
                [MOTET_STANZA_IQ] = "iq",
        };

        for (unsigned kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
                const MetricsLabel labels[] = {
                        {"kind", kinds[kind]}, {"direction", direction}, {0}};
                metrics_text_sample(text, labels, counts[kind]);
        }
}

static void
print_traffic(MetricsText *text, const MotetServer *base)
{
        const ServerCounters *counters = &base->counters;
        const LoopCounters *transport = loop_counters(base->loop);

        print_pair(text, CONNECTIONS, "result", "accepted", counters->accepted, "refused",
                   counters->refused + transport->refused);
        print_pair(text, HANDSHAKES, "result", "success", transport->handshakes, "failure",
                   transport->handshakes_failed);
        print_value(text, AUTHENTICATED, counters->authenticated);
        begin(text, STANZAS);
        print_direction(text, "in", counters->stanzas_in);
        print_direction(text, "out", counters->stanzas_out);
        print_pair(text, NETWORK, "direction", "in", transport->bytes_in, "out",
                   transport->bytes_out);
}

/* Work */

static void
print_work(MetricsText *text, const MotetServer *base)
{
        const ServerCounters *counters = &base->counters;
        const LoopCounters *transport = loop_counters(base->loop);

        begin(text, TURNS);
        metrics_text_histogram(text, NULL, &transport->turns);
        begin(text, STORE);
        metrics_text_histogram(text, (const MetricsLabel[]){{"op", "read"}, {0}},
                               &counters->store_reads);
        metrics_text_histogram(text, (const MetricsLabel[]){{"op", "write"}, {0}},
                               &counters->store_writes);
        print_value(text, STORE_QUEUE, counters->store_queue);
        print_value(text, STORE_FAILURES, counters->store_failures);
        print_value(text, OFFLOADED, loop_n_offloaded(base->loop));
        print_value(text, OFFLOAD_REFUSED, transport->offload_refused);
}

/* What runs */

static void
count_instance(MotetModule *instance, void *data)
{
        uint64_t *n = data;

        (void)instance;
        (*n)++;
}

static void
print_certificates(MetricsText *text, const MotetServer *base)
{
        begin(text, CERTIFICATE);
        for (guint i = 0; i < base->hosts->len; i++) {
                const MotetHost *host = g_ptr_array_index(base->hosts, i);
                int64_t expiry = tls_server_expiry(base->tls, host->name);
                if (expiry > 0)
                        print_split(text, "host", host->name, (uint64_t)expiry);
        }
}

/* One sample of a family for each instance. */
typedef struct {
        MetricsText *text;
        const Modules *modules;
        unsigned which;
} Instances;

static void
print_instance(MotetModule *instance, void *data)
{
        const Instances *of = data;
        const char *host = instance->host ? instance->host->name : NULL;
        const MetricsLabel labels[] = {
                {"module", instance->info->name}, {host ? "host" : NULL, host}, {0}};
        ModuleWeight weight;
        MeterRow row;

        modules_sample_of(of->modules, instance, &row);
        modules_weigh(of->modules, instance->info->name, host, &weight);
        if (of->which == MODULE_TIME)
                metrics_text_micros(of->text, labels, row.self_ns / 1000);
        else if (of->which == MODULE_CALLS)
                metrics_text_sample(of->text, labels, row.n_calls);
        else if (of->which == MODULE_MAPPED)
                metrics_text_sample(of->text, labels, weight.mapped);
        else if (of->which == MODULE_HOLDS)
                metrics_text_sample(of->text, labels, weight.n_owned);
        else if (of->which == MODULE_STATUS)
                metrics_text_sample(of->text, labels, (uint64_t)instance->status);
        else
                metrics_text_sample(
                        of->text, labels,
                        activity_n_slow(instance->server->owners, instance->info->name, host));
}

static void
print_modules(MetricsText *text, Modules *modules)
{
        begin(text, SAMPLED);
        metrics_text_micros(text, NULL, modules_sampled(modules));
        for (unsigned which = MODULE_TIME; which <= MODULE_SLOW; which++) {
                Instances of = {text, modules, which};
                begin(text, which);
                modules_foreach(modules, print_instance, &of);
        }
}

static void
print_server(MetricsText *text, Server *server)
{
        const MotetServer *base = server_base(server);
        uint64_t n_modules = 0;

        modules_foreach(server_modules(server), count_instance, &n_modules);
        print_certificates(text, base);
        print_value(text, MODULES, n_modules);
        print_modules(text, server_modules(server));
        print_pair(text, RELOADS, "result", "success", server->reload.n_done, "failure",
                   server->reload.n_refused);
        print_value(text, LOG_LOST, log_n_lost());
        print_value(text, CALLS_REFUSED, confine_state(server->confine).n_refused);
}

static void
print_process(MetricsText *text, Server *server)
{
        const Loop *loop = server_base(server)->loop;
        ProcessUsage usage = process_usage();

        begin(text, CPU);
        metrics_text_micros(text, NULL, usage.cpu);
        print_value(text, RESIDENT, usage.resident);
        print_value(text, VIRTUAL, usage.virtual);
        print_value(text, DESCRIPTORS, usage.descriptors);
        print_value(text, DESCRIPTORS_MAX, usage.descriptors_max);
        begin(text, START);
        metrics_text_micros(text, NULL, loop_wall_now(loop) - server_uptime(server));
}

void
metrics_print(Server *server, MetricsPrint print, void *data)
{
        const MotetServer *base = server_base(server);
        g_autoptr(GPtrArray) troubles = health_troubles(server);
        MetricsText text = {.print = print, .data = data};

        begin(&text, BUILD);
        print_split(&text, "version", MOTET_VERSION, 1);
        print_value(&text, HEALTHY, troubles->len == 0);
        print_sessions(&text, base);
        print_traffic(&text, base);
        print_work(&text, base);
        print_server(&text, server);
        print_process(&text, server);
        metrics_module_print(server, &text);
        metrics_text_end(&text);
}

/*
 * check_limits: whether the system lets the server hold as many connections as it is meant to.
 *
 * How many that is says limits.connections, or a number that any server should manage. The range of
 * ports for outgoing connections is not looked at: clients come in, and all of theirs share one
 * port of ours.
 *
 * Source: proc(5), sysctl of net/core, net/ipv4 and fs in the kernel's documentation; bytes of a
 * session as measured by tests/bench.
 */
#include <inttypes.h>

#include "core/check.h"
#include "core/check_system.h"

#define MIB (1024 * 1024)

enum {
        USUAL_CONNECTIONS = 10000,
        OTHER_FILES = 64,          /* what is open beside connections */
        SESSION_BYTES = 23 * 1024, /* 18 in the server with TLS, 5 in the kernel */
        BACKLOG_MIN = 128,         /* what kernels had for long */
        BACKLOG_MAX = 4096,        /* beyond, it is not the backlog that is slow */
        BACKLOG_SHARE = 10,        /* one in so many comes within a second of a restart */
};

typedef struct {
        CheckContext *context;
        uint64_t connections;
        const ConfigNode *node; /* of limits.connections; NULL: not set */
} Goal;

G_GNUC_PRINTF(3, 4)
static void
found(const Goal *goal, FindingId id, const char *format, ...)
{
        const Config *config = goal->context->config;
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        config_findings_add(goal->context->findings, id,
                            goal->node ? goal->node->file : config->file,
                            goal->node ? goal->node->line : 0, goal->node ? goal->node->column : 0,
                            "%" PRIu64 " connections: %s", goal->connections, text);
}

static bool
read_sysctl(const Goal *goal, const char *name, unsigned index, uint64_t *out)
{
        return check_system_sysctl(goal->context->root, name, index, out);
}

static uint64_t
round_up(uint64_t value)
{
        uint64_t power = 1024;

        while (power < value)
                power *= 2;
        return power;
}

/* One in ten is kept in reserve (listener.c). */
static uint64_t
descriptors_needed(const Goal *goal)
{
        return (goal->connections + OTHER_FILES) * 10 / 9 + 1;
}

static void
check_descriptors(const Goal *goal, const CheckSystem *system)
{
        uint64_t needed = descriptors_needed(goal), wanted = round_up(needed);

        if (system->descriptors >= needed)
                return;
        found(goal, FINDING_LIMITS_DESCRIPTORS,
              "%" PRIu64 " file descriptors are needed, %s allows %" PRIu64, needed,
              system->descriptors_source, system->descriptors);
        if (system->unit)
                config_findings_hint(goal->context->findings, "set LimitNOFILE=%" PRIu64 " in %s",
                                     wanted, system->unit);
        else
                config_findings_hint(goal->context->findings,
                                     "ulimit -Hn %" PRIu64 " where the server is started", wanted);
}

static void
require_sysctl(const Goal *goal, FindingId id, const char *name, uint64_t needed, const char *what)
{
        uint64_t value;

        if (!read_sysctl(goal, name, 0, &value) || value >= needed)
                return;
        found(goal, id, "%s is %" PRIu64 ", %s", name, value, what);
        config_findings_hint(goal->context->findings, "sysctl -w %s=%" PRIu64, name,
                             MAX(needed, round_up(needed)));
}

static void
check_backlog(const Goal *goal)
{
        uint64_t needed = CLAMP(goal->connections / BACKLOG_SHARE, BACKLOG_MIN, BACKLOG_MAX);

        require_sysctl(goal, FINDING_LIMITS_BACKLOG, "net.core.somaxconn", needed,
                       "so few may wait when all come back after a restart");
}

static void
check_tcp_memory(const Goal *goal)
{
        uint64_t low, pressure, most;

        if (!read_sysctl(goal, "net.ipv4.tcp_mem", 0, &low) ||
            !read_sysctl(goal, "net.ipv4.tcp_mem", 1, &pressure) ||
            !read_sysctl(goal, "net.ipv4.tcp_mem", 2, &most) || most >= goal->connections)
                return;
        found(goal, FINDING_LIMITS_TCP_MEMORY,
              "net.ipv4.tcp_mem ends at %" PRIu64 " pages, less than one a connection", most);
        config_findings_hint(goal->context->findings,
                             "sysctl -w net.ipv4.tcp_mem=\"%" PRIu64 " %" PRIu64 " %" PRIu64 "\"",
                             goal->connections / 2, goal->connections * 3 / 4, goal->connections);
}

static void
check_memory(const Goal *goal, const CheckSystem *system)
{
        uint64_t needed = goal->connections * SESSION_BYTES;

        if (system->memory == 0 || system->memory >= needed)
                return;
        found(goal, FINDING_LIMITS_MEMORY, "about %" PRIu64 " MiB are needed, %" PRIu64 " MiB %s",
              (needed - 1) / MIB + 1, system->memory / MIB, system->memory_source);
        config_findings_hint(goal->context->findings,
                             "%" PRIu64 " connections fit; set limits.connections",
                             system->memory / SESSION_BYTES);
}

void
check_limits(CheckContext *context)
{
        const Config *config = context->config;
        const ConfigNode *root = config->roots->len > 0 ? config->roots->pdata[0] : NULL;
        unsigned set = config->limits.connections;
        const Goal goal = {
                .context = context,
                .connections = set > 0 ? set : USUAL_CONNECTIONS,
                .node = config_node_entry(config_node_entry(root, "limits"), "connections"),
        };
        uint64_t needed = descriptors_needed(&goal);
        CheckSystem system;

        check_system_read(context->root, config->control_socket, &system);
        check_descriptors(&goal, &system);
        require_sysctl(&goal, FINDING_LIMITS_OPEN_FILES, "fs.nr_open", needed,
                       "the most that LimitNOFILE= can ask for");
        require_sysctl(&goal, FINDING_LIMITS_OPEN_FILES, "fs.file-max", needed,
                       "the most that all processes together may have open");
        check_backlog(&goal);
        require_sysctl(&goal, FINDING_LIMITS_CONNTRACK, "net.netfilter.nf_conntrack_max",
                       goal.connections + goal.connections / 4, "the packet filter drops the rest");
        check_tcp_memory(&goal);
        check_memory(&goal, &system);
        check_system_clear(&system);
}

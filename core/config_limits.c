/*
 * config_limits: one table row a limit, with the range an operator may choose from.
 *
 * Source: RFC 6120 section 13.12 (a stanza of 10 000 bytes is always accepted).
 */
#include "core/config_limits.h"

#include <string.h>

#include "core/config_print.h"
#include "core/config_value.h"
#include "core/xml_parser.h"

typedef struct {
        const char *key; /* NULL ends a table */
        const char *help;
        ConfigUnit unit;
        size_t offset, width; /* of the member, 4 or 8 bytes */
        int64_t range[2];
} LimitRow;

#define ROW(type_, member_, unit_, min_, max_, help_)                                              \
        {                                                                                          \
#member_, help_, unit_, offsetof(type_, member_),                                  \
                        sizeof(((type_ *)NULL)->member_),                                          \
                {                                                                                  \
                        min_, max_                                                                 \
                }                                                                                  \
        }

static const LimitRow peer_rows[] = {
        ROW(MotetSessionLimits, stanza_bytes, CONFIG_SIZE, 10000, 64 << 20,
            "The longest stanza; beyond, the stream is closed."),
        ROW(MotetSessionLimits, depth, CONFIG_NUMBER, 8, 256,
            "How deep elements may be nested in a stanza."),
        ROW(MotetSessionLimits, elements, CONFIG_NUMBER, 32, 1000000,
            "How many elements a stanza may have; of attributes, twice as many."),
        ROW(MotetSessionLimits, attributes, CONFIG_NUMBER, 8, 1024,
            "How many attributes an element may have."),
        ROW(MotetSessionLimits, namespaces, CONFIG_NUMBER, 8, 1024,
            "How many namespaces a stanza may declare."),
        ROW(MotetSessionLimits, name_bytes, CONFIG_SIZE, 128, 4096,
            "The longest name of an element or attribute, with its namespace."),
        ROW(MotetSessionLimits, send_queue, CONFIG_SIZE, 16 << 10, 1 << 30,
            "What may wait for a peer that reads slowly; beyond, its stream is closed."),
        ROW(MotetSessionLimits, bytes_per_s, CONFIG_SIZE, 1000, 1 << 30,
            "What is read in a second; beyond the burst, reading pauses."),
        ROW(MotetSessionLimits, bytes_burst, CONFIG_SIZE, 10000, 1 << 30,
            "What is read at once before the rate counts."),
        ROW(MotetSessionLimits, stanzas_per_s, CONFIG_NUMBER, 1, 1000000,
            "Stanzas that are read in a second; beyond, reading pauses."),
        {0},
};

static const LimitRow core_rows[] = {
        ROW(CoreLimits, handshake_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR,
            "From the connection to the end of its TLS handshake."),
        ROW(CoreLimits, login_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR,
            "From the connection to the login."),
        ROW(CoreLimits, bind_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR,
            "From the login to the address of the session."),
        ROW(CoreLimits, write_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR,
            "How long a peer may take nothing of what waits for it."),
        ROW(CoreLimits, close_timeout, CONFIG_DURATION, 100 * G_TIME_SPAN_MILLISECOND,
            G_TIME_SPAN_MINUTE, "How long a stream that is being closed may last."),
        ROW(CoreLimits, offload_queue, CONFIG_NUMBER, 16, 1000000,
            "Jobs that may wait for a worker thread; beyond, they fail."),
        ROW(CoreLimits, connections, CONFIG_NUMBER, 1, 10000000,
            "Connections held at a time; unset, as many as file descriptors allow."),
        ROW(CoreLimits, resource_bytes, CONFIG_SIZE, 16, 1023,
            "The longest resource that a client may ask for."),
        ROW(CoreLimits, blocked_timeout, CONFIG_DURATION, 0, G_TIME_SPAN_HOUR,
            "How long a module may keep everybody waiting; then the server aborts and blames it. "
            "0s: "
            "for ever."),
        ROW(CoreLimits, module_crashes, CONFIG_NUMBER, 0, 100,
            "So many crashes a module is blamed for within module_crash_period; then the next "
            "start "
            "leaves it out. 0: never."),
        ROW(CoreLimits, module_crash_period, CONFIG_DURATION, G_TIME_SPAN_SECOND,
            365 * G_TIME_SPAN_DAY, "In which crashes of a module are counted together."),
        {0},
};

static const struct {
        const char *key;
        size_t offset;
} peers[] = {
        {"stranger", offsetof(CoreLimits, stranger)},
        {"user", offsetof(CoreLimits, user)},
        {"server", offsetof(CoreLimits, server)},
};

static const char *const peer_keys[] = {
        "stanza_bytes", "depth",       "elements",    "attributes",    "namespaces", "name_bytes",
        "send_queue",   "bytes_per_s", "bytes_burst", "stanzas_per_s", NULL,
};
static const char *const core_keys[] = {
        "stranger",
        "user",
        "server",
        "handshake_timeout",
        "login_timeout",
        "bind_timeout",
        "write_timeout",
        "close_timeout",
        "offload_queue",
        "connections",
        "resource_bytes",
        "blocked_timeout",
        "module_crashes",
        "module_crash_period",
        NULL,
};

static void
read_rows(const ConfigNode *map, const LimitRow *rows, void *members, ConfigFindings *findings)
{
        for (const LimitRow *row = rows; row->key; row++) {
                const ConfigNode *node = config_node_entry(map, row->key);
                char *member = (char *)members + row->offset;
                int64_t value;

                if (!node || !config_value_integer(node, row->unit, row->range, &value, findings))
                        continue;
                uint32_t narrow = (uint32_t)value; /* the rows' ranges fit */
                memcpy(member, row->width == sizeof narrow ? (void *)&narrow : (void *)&value,
                       row->width);
        }
}

/* Returns: (borrowed) the first of two limits that is given; NULL when the defaults hold */
static const ConfigNode *
given(const ConfigNode *map, const char *one, const char *other)
{
        const ConfigNode *node = config_node_entry(map, one);

        return node ? node : config_node_entry(map, other);
}

/* Given, in a peer's own map, so that the place can be told. */
static void
check_peer(const ConfigNode *map, const MotetSessionLimits *peer, ConfigFindings *findings)
{
        const ConfigNode *node = given(map, "stanza_bytes", "send_queue");
        size_t longest = xml_parser_longest_written(peer);

        if (!node || longest <= peer->send_queue)
                return;
        config_findings_add(findings, FINDING_CONFIG_QUEUE_TOO_SMALL, node->file, node->line,
                            node->column,
                            "a stanza of stanza_bytes may be half as long again when it is sent, "
                            "%zu bytes, which is larger than send_queue: who is sent such a stanza "
                            "would be disconnected",
                            longest);
}

/* Whatever waits for a disk now and then must not end the server. */
static void
check_blocked(const ConfigNode *map, const CoreLimits *limits, ConfigFindings *findings)
{
        const ConfigNode *node = config_node_entry(map, "blocked_timeout");

        if (!node || limits->blocked_timeout == 0 || limits->blocked_timeout >= G_TIME_SPAN_SECOND)
                return;
        config_findings_add(findings, FINDING_CONFIG_OUT_OF_RANGE, node->file, node->line,
                            node->column,
                            "blocked_timeout must be 1s or longer, or 0s for no time-out");
}

static void
check_core(const ConfigNode *map, const CoreLimits *limits, ConfigFindings *findings)
{
        check_blocked(map, limits, findings);
        const ConfigNode *node = given(map, "handshake_timeout", "login_timeout");
        if (node && limits->handshake_timeout > limits->login_timeout)
                config_findings_add(findings, FINDING_CONFIG_CONTRADICTION, node->file, node->line,
                                    node->column,
                                    "handshake_timeout is larger than login_timeout: the login is "
                                    "over before the handshake may be");
}

void
config_limits_read(const ConfigNode *node, CoreLimits *limits, ConfigFindings *findings)
{
        if (!config_value_map(node, "a map of limits", findings))
                return;
        config_value_keys(node, core_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
        read_rows(node, core_rows, limits, findings);
        for (size_t i = 0; i < G_N_ELEMENTS(peers); i++) {
                const ConfigNode *map = config_node_entry(node, peers[i].key);
                if (!map || !config_value_map(map, "a map of limits", findings))
                        continue;
                config_value_keys(map, peer_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
                char *members = (char *)limits + peers[i].offset;
                read_rows(map, peer_rows, members, findings);
                check_peer(map, (const MotetSessionLimits *)(void *)members, findings);
        }
        check_core(node, limits, findings);
}

static int64_t
member_of(const LimitRow *row, const void *members)
{
        const char *member = (const char *)members + row->offset;
        uint32_t narrow;
        int64_t wide;

        if (row->width == sizeof narrow) {
                memcpy(&narrow, member, sizeof narrow);
                return narrow;
        }
        memcpy(&wide, member, sizeof wide);
        return wide;
}

typedef struct {
        void (*func)(const char *key, const char *before, const char *after, void *data);
        void *data;
} DiffTarget;

static void
diff_rows(const LimitRow *rows, const char *prefix, const void *before, const void *after,
          const DiffTarget *target)
{
        for (const LimitRow *row = rows; row->key; row++) {
                int64_t former = member_of(row, before), value = member_of(row, after);
                if (former == value)
                        continue;
                g_autofree char *key = g_strconcat(prefix, row->key, NULL);
                g_autofree char *old = config_print_integer(row->unit, former);
                g_autofree char *text = config_print_integer(row->unit, value);
                target->func(key, old, text, target->data);
        }
}

void
config_limits_diff(const CoreLimits *before, const CoreLimits *after,
                   void (*func)(const char *key, const char *before, const char *after, void *data),
                   void *data)
{
        const DiffTarget target = {func, data};

        for (size_t i = 0; i < G_N_ELEMENTS(peers); i++) {
                g_autofree char *prefix = g_strconcat(peers[i].key, ".", NULL);
                diff_rows(peer_rows, prefix, (const char *)before + peers[i].offset,
                          (const char *)after + peers[i].offset, &target);
        }
        diff_rows(core_rows, "", before, after, &target);
}

typedef struct {
        void (*func)(const ConfigLimit *limit, void *data);
        void *data;
} Walk;

static void
walk_rows(const LimitRow *rows, const char *of, const void *members, const Walk *walk)
{
        for (const LimitRow *row = rows; row->key; row++) {
                const ConfigLimit limit = {of,
                                           row->key,
                                           row->help,
                                           row->unit,
                                           row->range[0],
                                           row->range[1],
                                           member_of(row, members)};
                walk->func(&limit, walk->data);
        }
}

void
config_limits_foreach(const CoreLimits *limits, void (*func)(const ConfigLimit *limit, void *data),
                      void *data)
{
        const Walk walk = {func, data};

        walk_rows(core_rows, NULL, limits, &walk);
        for (size_t i = 0; i < G_N_ELEMENTS(peers); i++)
                walk_rows(peer_rows, peers[i].key, (const char *)limits + peers[i].offset, &walk);
}

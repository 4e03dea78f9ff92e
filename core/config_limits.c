/*
 * config_limits: one table row a limit, with the range an operator may choose from.
 *
 * Source: RFC 6120 section 13.12 (a stanza of 10 000 bytes is always accepted).
 */
#include "core/config_limits.h"

#include <string.h>

#include "core/config_value.h"

typedef struct {
        const char *key; /* NULL ends a table */
        ConfigUnit unit;
        size_t offset, width; /* of the member, 4 or 8 bytes */
        int64_t range[2];
} LimitRow;

#define ROW(type_, member_, unit_, min_, max_)                                                     \
        {                                                                                          \
#member_, unit_, offsetof(type_, member_), sizeof(((type_ *)NULL)->member_),       \
                {                                                                                  \
                        min_, max_                                                                 \
                }                                                                                  \
        }

static const LimitRow peer_rows[] = {
        ROW(MotetSessionLimits, stanza_bytes, CONFIG_SIZE, 10000, 64 << 20),
        ROW(MotetSessionLimits, depth, CONFIG_NUMBER, 8, 256),
        ROW(MotetSessionLimits, elements, CONFIG_NUMBER, 32, 1000000),
        ROW(MotetSessionLimits, attributes, CONFIG_NUMBER, 8, 1024),
        ROW(MotetSessionLimits, namespaces, CONFIG_NUMBER, 8, 1024),
        ROW(MotetSessionLimits, name_bytes, CONFIG_SIZE, 128, 4096),
        ROW(MotetSessionLimits, send_queue, CONFIG_SIZE, 16 << 10, 1 << 30),
        ROW(MotetSessionLimits, bytes_per_s, CONFIG_SIZE, 1000, 1 << 30),
        ROW(MotetSessionLimits, bytes_burst, CONFIG_SIZE, 10000, 1 << 30),
        ROW(MotetSessionLimits, stanzas_per_s, CONFIG_NUMBER, 1, 1000000),
        {0},
};

static const LimitRow core_rows[] = {
        ROW(CoreLimits, handshake_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR),
        ROW(CoreLimits, login_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR),
        ROW(CoreLimits, bind_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR),
        ROW(CoreLimits, write_timeout, CONFIG_DURATION, G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR),
        ROW(CoreLimits, close_timeout, CONFIG_DURATION, 100 * G_TIME_SPAN_MILLISECOND,
            G_TIME_SPAN_MINUTE),
        ROW(CoreLimits, offload_queue, CONFIG_NUMBER, 16, 1000000),
        ROW(CoreLimits, resource_bytes, CONFIG_SIZE, 16, 1023),
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
        "stranger",     "user",          "server",        "handshake_timeout", "login_timeout",
        "bind_timeout", "write_timeout", "close_timeout", "offload_queue",     "resource_bytes",
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

void
config_limits_read(const ConfigNode *node, CoreLimits *limits, ConfigFindings *findings)
{
        if (!config_value_map(node, "a map of limits", findings))
                return;
        config_value_keys(node, core_keys, findings);
        read_rows(node, core_rows, limits, findings);
        for (size_t i = 0; i < G_N_ELEMENTS(peers); i++) {
                const ConfigNode *map = config_node_entry(node, peers[i].key);
                if (!map || !config_value_map(map, "a map of limits", findings))
                        continue;
                config_value_keys(map, peer_keys, findings);
                read_rows(map, peer_rows, (char *)limits + peers[i].offset, findings);
        }
}

/*
 * check_listen: whether the server can listen where it should, and whom a taken port belongs to.
 *
 * Each port is bound for a moment and not listened on, which keeps nobody else from it.
 *
 * Source: ip(7) and ipv6(7) (bind), capabilities(7), proc(5) (net/tcp, fd).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/address.h"
#include "core/check.h"
#include "core/check_endpoints.h"
#include "core/check_system.h"
#include "core/check_unit.h"
#include "core/listener.h"

#define PORT_START "net.ipv4.ip_unprivileged_port_start"
#define BIND "CAP_NET_BIND_SERVICE"
#define LISTENING "0A"

enum {
        USUAL_PORT_START = 1024,
        TABLE_MAX_BYTES = 16 * 1024 * 1024,
        LOCAL_FIELD = 1, /* of a line of net/tcp */
        STATE_FIELD = 3,
        INODE_FIELD = 9,
};

typedef struct {
        CheckContext *context;
        const CheckUnit *unit, *socket_unit;
        struct ucred server; /* pid 0: none runs */
        uint64_t port_start;
} Look;

static void
found(const Look *look, const CheckEndpoint *endpoint, FindingId id, const char *text)
{
        config_findings_add(look->context->findings, id, endpoint->node->file, endpoint->node->line,
                            endpoint->node->column, "module \"%s\": address %s port %u: %s",
                            endpoint->module, endpoint->address, endpoint->port, text);
}

/* Returns: (own) what stands between spaces, for g_strfreev() */
static char **
fields_of(const char *line)
{
        g_auto(GStrv) parts = g_strsplit(line, " ", -1);
        g_autoptr(GStrvBuilder) fields = g_strv_builder_new();

        for (char **part = parts; *part; part++) {
                if (**part)
                        g_strv_builder_add(fields, *part);
        }
        return g_strv_builder_end(fields);
}

/* proc(5): the sockets that listen on @port, by their inodes. */
static void
add_inodes(const char *table, uint16_t port, GHashTable *inodes)
{
        g_autofree char *text = NULL;
        gsize len;

        if (!g_file_get_contents(table, &text, &len, NULL) || len > TABLE_MAX_BYTES)
                return;
        g_autofree char *suffix = g_strdup_printf(":%04X", port);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                g_auto(GStrv) fields = fields_of(*line);
                if (g_strv_length(fields) > INODE_FIELD &&
                    strcmp(fields[STATE_FIELD], LISTENING) == 0 &&
                    g_str_has_suffix(fields[LOCAL_FIELD], suffix))
                        g_hash_table_add(inodes,
                                         g_strdup_printf("socket:[%s]", fields[INODE_FIELD]));
        }
}

/* Whether the running server holds @port; also when nobody may know. */
static bool
is_held_by_server(const Look *look, uint16_t port)
{
        g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *folder = g_strdup_printf("/proc/%d/fd", (int)look->server.pid);
        const char *name;

        if (look->server.pid <= 0)
                return false;
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        if (!dir)
                return true;
        add_inodes("/proc/net/tcp", port, inodes);
        add_inodes("/proc/net/tcp6", port, inodes);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder, name, NULL);
                g_autofree char *target = g_file_read_link(path, NULL);
                if (target && g_hash_table_contains(inodes, target))
                        return true;
        }
        return false;
}

/* Returns: 0 or errno */
static int
try_to_bind(const CheckEndpoint *endpoint)
{
        const Address *where = &endpoint->where;
        int on = 1, code = 0;
        int fd = socket(where->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return errno;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
            (where->any.sa_family == AF_INET6 &&
             setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
            bind(fd, &where->any, address_length(where)) < 0)
                code = errno;
        close(fd);
        return code;
}

static bool
has_word(const CheckUnitSetting *setting, const char *word)
{
        return setting && strstr(setting->value, word) != NULL;
}

/* systemd.socket(5), ListenStream=: "0.0.0.0:5222", "[::]:5222", and "5222" for the latter. */
static bool
is_handed_over(const Look *look, const CheckEndpoint *endpoint)
{
        const CheckUnitSetting *streams = check_unit_setting(look->socket_unit, "ListenStream");

        if (!streams)
                return false;
        g_autofree char *address = address_text(&endpoint->where.any);
        g_autofree char *wanted = endpoint->where.any.sa_family == AF_INET6
                                          ? g_strdup_printf("[%s]:%u", address, endpoint->port)
                                          : g_strdup_printf("%s:%u", address, endpoint->port);
        g_autofree char *port = g_strdup_printf("%u", endpoint->port);
        g_auto(GStrv) words = g_strsplit_set(streams->value, " \t", -1);
        const char *const *all = (const char *const *)words;
        return g_strv_contains(all, wanted) ||
               (strcmp(address, "::") == 0 && g_strv_contains(all, port));
}

/* Whether the user that the unit names may bind low ports; root hands the right on by itself. */
static bool
unit_may_bind(const CheckUnit *unit)
{
        const CheckUnitSetting *user = check_unit_setting(unit, "User");
        const CheckUnitSetting *bound = check_unit_setting(unit, "CapabilityBoundingSet");

        if (bound && !has_word(bound, BIND))
                return false;
        return !user || strcmp(user->value, "root") == 0 || strcmp(user->value, "") == 0 ||
               has_word(check_unit_setting(unit, "AmbientCapabilities"), BIND);
}

static void
report_privileged(const Look *look, const CheckEndpoint *endpoint)
{
        bool has_unit = check_unit_is_for(look->unit, look->context->config->file);

        found(look, endpoint, FINDING_LISTEN_PRIVILEGED_PORT,
              has_unit ? "the unit does not let the server open it"
                       : "only root, or a service that systemd gives the right, may open it");
        config_findings_hint(look->context->findings,
                             "systemctl edit motet, below [Service]: AmbientCapabilities=" BIND
                             " and CapabilityBoundingSet=" BIND);
}

static void
try_endpoint(const Look *look, const CheckEndpoint *endpoint)
{
        bool has_unit = check_unit_is_for(look->unit, look->context->config->file);
        int code = try_to_bind(endpoint);

        /* A wildcard that the kernel does not have is left out by who listens. */
        if (code == EAFNOSUPPORT && strcmp(endpoint->address, "::") == 0)
                return;
        if (is_handed_over(look, endpoint))
                return;
        if (endpoint->port > 0 && endpoint->port < look->port_start &&
            (has_unit ? !unit_may_bind(look->unit) : code == EACCES)) {
                report_privileged(look, endpoint);
                return;
        }
        if (code == 0 || code == EACCES)
                return;
        if (code == EADDRINUSE) {
                if (!is_held_by_server(look, endpoint->port))
                        found(look, endpoint, FINDING_LISTEN_IN_USE,
                              "another program listens there");
                return;
        }
        found(look, endpoint, FINDING_LISTEN_NO_SUCH_ADDRESS,
              code == EADDRNOTAVAIL ? "this machine does not have that address" : g_strerror(code));
}

static bool
is_wildcard(const Address *address)
{
        return address->any.sa_family == AF_INET ? address->ip4.sin_addr.s_addr == htonl(INADDR_ANY)
                                                 : IN6_IS_ADDR_UNSPECIFIED(&address->ip6.sin6_addr);
}

/* IPv4 and IPv6 never clash: what listens on "::" takes no IPv4 (listener.c). */
static bool
do_clash(const CheckEndpoint *a, const CheckEndpoint *b)
{
        if (a->port == 0 || a->port != b->port || a->where.any.sa_family == AF_UNSPEC ||
            a->where.any.sa_family != b->where.any.sa_family)
                return false;
        if (is_wildcard(&a->where) || is_wildcard(&b->where))
                return true;
        return a->where.any.sa_family == AF_INET
                       ? a->where.ip4.sin_addr.s_addr == b->where.ip4.sin_addr.s_addr
                       : IN6_ARE_ADDR_EQUAL(&a->where.ip6.sin6_addr, &b->where.ip6.sin6_addr);
}

static void
look_for_clashes(const Look *look, const GPtrArray *endpoints, guint index)
{
        const CheckEndpoint *endpoint = g_ptr_array_index(endpoints, index);

        for (guint i = 0; i < index; i++) {
                const CheckEndpoint *other = g_ptr_array_index(endpoints, i);
                if (!do_clash(endpoint, other))
                        continue;
                g_autofree char *text =
                        g_strdup_printf("clashes with address %s port %u of module \"%s\"",
                                        other->address, other->port, other->module);
                found(look, endpoint, FINDING_LISTEN_CLASH, text);
                return;
        }
}

static bool
is_told(const ConfigFindings *findings, const ConfigFinding *finding)
{
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *other = g_ptr_array_index(findings->list, i);
                if (other->id == finding->id && other->line == finding->line &&
                    other->column == finding->column && strcmp(other->file, finding->file) == 0)
                        return true;
        }
        return false;
}

/* A module whose options are refused listens nowhere: nothing can be said of its ports, least of
 * all that all is well. */
static void
report_unread(CheckContext *context, const ConfigFindings *unread)
{
        for (guint i = 0; i < unread->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(unread->list, i);
                if (!is_told(context->findings, finding))
                        config_findings_add(context->findings, FINDING_LISTEN_UNKNOWN,
                                            finding->file, finding->line, finding->column,
                                            "where it would listen is not known: %s",
                                            finding->text);
        }
}

void
check_listen(CheckContext *context)
{
        g_auto(CheckUnit) unit = {0};
        g_auto(CheckUnit) socket_unit = {0};
        Look look = {.context = context, .unit = &unit, .socket_unit = &socket_unit};
        ConfigFindings unread;

        config_findings_init(&unread);
        g_autoptr(GPtrArray) endpoints = check_endpoints(context, &unread);
        report_unread(context, &unread);
        config_findings_clear(&unread);
        check_unit_read(context->root, &unit);
        check_unit_read_socket(context->root, &socket_unit);
        check_unit_server(context->config->control_socket, &look.server);
        if (!check_system_sysctl(context->root, PORT_START, 0, &look.port_start))
                look.port_start = USUAL_PORT_START;
        for (guint i = 0; i < endpoints->len; i++) {
                const CheckEndpoint *endpoint = g_ptr_array_index(endpoints, i);
                g_autoptr(GError) error = NULL;
                if (!listener_check_address(endpoint->address, &error)) {
                        found(&look, endpoint, FINDING_LISTEN_BAD_ADDRESS, error->message);
                        continue;
                }
                look_for_clashes(&look, endpoints, i);
                try_endpoint(&look, endpoint);
        }
}

/*
 * c2s: listen for clients, with STARTTLS and with TLS from the first byte.
 *
 * Implements  RFC 6120 section 3 (ports), XEP-0368 (1.1.0) sections 2 and 4
 * Hooks       none
 * Options     ports, direct_tls_ports, interfaces
 */
#include <errno.h>
#include <motet/conn.h>
#include <motet/module.h>
#include <motet/option.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ALPN_CLIENT "xmpp-client" /* XEP-0368 section 4 */

/* A kernel without IPv6 is no reason not to start when the wildcard is all that was asked for. */
static bool
is_left_out(const char *address)
{
        if (strcmp(address, "::") != 0)
                return false;

        int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
                close(fd);
                return false;
        }
        return errno == EAFNOSUPPORT;
}

static void
add_specs(GArray *specs, const char *address, const char *const *ports, bool direct_tls)
{
        for (; *ports; ports++) {
                guint64 port = 0;
                bool is_number =
                        g_ascii_string_to_unsigned(*ports, 10, 0, G_MAXUINT16, &port, NULL);
                g_assert(is_number);
                const MotetListen spec = {
                        .address = address,
                        .port = (uint16_t)port,
                        .direct_tls = direct_tls,
                        .alpn = direct_tls ? ALPN_CLIENT : NULL,
                        .type = MOTET_SESSION_C2S_UNAUTHED,
                };
                g_array_append_val(specs, spec);
        }
}

/* Listens where the options say, and nowhere else. */
static bool
listen_as_configured(MotetModule *self, GError **error)
{
        g_autoptr(GArray) specs = g_array_new(FALSE, FALSE, sizeof(MotetListen));
        const char *const *address = motet_option_list(self, "interfaces");

        for (; *address; address++) {
                if (is_left_out(*address)) {
                        motet_warn("this machine has no IPv6: not listening on ::");
                        continue;
                }
                add_specs(specs, *address, motet_option_list(self, "ports"), false);
                add_specs(specs, *address, motet_option_list(self, "direct_tls_ports"), true);
        }
        return motet_listen_set(self, (const MotetListen *)(void *)specs->data, specs->len, error);
}

static void
reconfigure(MotetModule *self)
{
        GError *error = NULL;

        if (!listen_as_configured(self, &error))
                motet_module_refuse(self, error);
}

static const MotetOption options[] = {
        {
                .key = "ports",
                .type = MOTET_OPTION_INTS,
                .fallback = "[5222]",
                .min = 0,
                .max = G_MAXUINT16,
                .help = "ports for streams that begin in clear and go on with STARTTLS; 0: any "
                        "free one",
        },
        {
                .key = "direct_tls_ports",
                .type = MOTET_OPTION_INTS,
                .fallback = "[5223]",
                .min = 0,
                .max = G_MAXUINT16,
                .help = "ports for streams inside TLS from the first byte; 0: any free one",
        },
        {
                .key = "interfaces",
                .type = MOTET_OPTION_ADDRESSES,
                .fallback = "[\"*\", \"::\"]",
                .values = MOTET_LIST("*"),
                .help = "numeric addresses to listen on; \"*\": every IPv4, \"::\": every IPv6 "
                        "address",
        },
        {0},
};

static const MotetRule rules[] = {
        {.text = "no client can log in", .kind = MOTET_RULE_NEEDS, .module = "sasl"},
        {.text = "no client can get its address", .kind = MOTET_RULE_NEEDS, .module = "bind"},
        {
                .text = "clients cannot use TLS on its ports",
                .kind = MOTET_RULE_NEEDS,
                .unless = "ports",
                .was = "[]",
                .module = "tls",
        },
        {
                .text = "it listens on no port",
                .kind = MOTET_RULE_NOT_VALUE,
                .when = "direct_tls_ports",
                .is = "[]",
                .option = "ports",
                .value = "[]",
        },
        {
                .text = "it listens on no address",
                .kind = MOTET_RULE_NOT_VALUE,
                .option = "interfaces",
                .value = "[]",
        },
        {
                .text = "a port cannot begin in clear and in TLS",
                .kind = MOTET_RULE_DISJOINT,
                .option = "ports",
                .value = "direct_tls_ports",
        },
        {0},
};

static const MotetListenDecl listens[] = {
        {"ports", "interfaces", "_xmpp-client._tcp"},
        {"direct_tls_ports", "interfaces", "_xmpps-client._tcp"},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "c2s",
        .summary = "Listen for clients",
        .scope = MOTET_SCOPE_SERVER,
        .specs = MOTET_LIST("RFC6120", "XEP-0368@1.1.0"),
        .options = options,
        .load = listen_as_configured,
        .reconfigure = reconfigure,
        .rules = rules,
        .listens = listens,
        .guards = true, /* without it nobody is served */
};

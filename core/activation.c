/*
 * activation: sockets that the service manager opened before it started the server.
 */
#include "core/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <motet/error.h>

#include "core/address.h"

#define MAX_FDS 1024u

/* One socket. */
typedef struct {
        int fd;
        char *name; /* of its unit, or as FileDescriptorName= says */
        Address address;
        bool is_used;
} Handed;

struct Activation {
        GPtrArray *all; /* (own) of Handed */
};

/* Words */

bool
activation_parse(const ActivationWords *words, pid_t self, unsigned *n_out, char ***names_out,
                 GError **error)
{
        guint64 pid, n = 0;
        g_auto(GStrv) names = NULL;

        if (words->pid && !g_ascii_string_to_unsigned(words->pid, 10, 1, G_MAXINT, &pid, NULL)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "LISTEN_PID is no number of a process: the service manager sets it");
                return false;
        }
        bool is_for_us = words->pid && (pid_t)pid == self && words->fds;
        if (is_for_us && !g_ascii_string_to_unsigned(words->fds, 10, 0, MAX_FDS, &n, NULL)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "LISTEN_FDS is no number from 0 to %u: the service manager sets it",
                            MAX_FDS);
                return false;
        }
        if (n > 0 && words->names)
                names = g_strsplit(words->names, ":", (gint)MAX_FDS + 1);
        if (names && g_strv_length(names) != n) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "LISTEN_FDNAMES has %u names for %" G_GUINT64_FORMAT
                            " descriptors: the service manager sets both",
                            g_strv_length(names), n);
                return false;
        }
        *n_out = (unsigned)n;
        *names_out = g_steal_pointer(&names);
        return true;
}

/* Descriptors */

static void
handed_free(void *data)
{
        Handed *handed = data;

        if (handed->fd >= 0)
                close(handed->fd);
        g_free(handed->name);
        g_free(handed);
}

static bool
has_option(int fd, int level, int option, int wanted)
{
        int value = 0;
        socklen_t length = sizeof value;

        return getsockopt(fd, level, option, &value, &length) == 0 && value == wanted;
}

/* What is wrong with @handed, and what helps; NULL: nothing, and its address is known. */
static const char *
examine(Handed *handed)
{
        socklen_t length = sizeof handed->address;
        int fd = handed->fd;

        if (!has_option(fd, SOL_SOCKET, SO_TYPE, SOCK_STREAM) ||
            !has_option(fd, SOL_SOCKET, SO_ACCEPTCONN, 1) ||
            getsockname(fd, &handed->address.any, &length) < 0 ||
            (handed->address.any.sa_family != AF_INET && handed->address.any.sa_family != AF_INET6))
                return "is no TCP socket that listens: its unit needs ListenStream= with an "
                       "address and a port, and Accept=no";
        /* Here "::" is every IPv6 address and no other. */
        if (handed->address.any.sa_family == AF_INET6 &&
            !has_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
                return "listens for IPv4 too: its unit needs BindIPv6Only=ipv6-only, and another "
                       "ListenStream= for IPv4";
        return NULL;
}

/* Who waits for a connection to accept would stop everybody. Nor is it for programs that are
 * started. */
static bool
prepare(int fd)
{
        int flags = fcntl(fd, F_GETFL);

        return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
               fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool
take(Activation *activation, int fd, const char *name, GError **error)
{
        Handed *handed = g_new0(Handed, 1);

        handed->fd = fd;
        handed->name = g_strdup(name ? name : "unknown");
        g_ptr_array_add(activation->all, handed);
        if (!prepare(fd)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "LISTEN_FDS speaks of descriptor %d, which cannot be used: %s", fd,
                            g_strerror(errno));
                handed->fd = -1;
                return false;
        }
        const char *problem = examine(handed);
        if (!problem)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                    "descriptor %d (\"%s\") of the service manager %s", fd, handed->name, problem);
        return false;
}

Activation *
activation_read(int first, GError **error)
{
        g_autoptr(Activation) activation = g_new0(Activation, 1);
        g_auto(GStrv) names = NULL;
        unsigned n = 0;
        const ActivationWords words = {
                .pid = g_getenv("LISTEN_PID"),
                .fds = g_getenv("LISTEN_FDS"),
                .names = g_getenv("LISTEN_FDNAMES"),
        };

        activation->all = g_ptr_array_new_with_free_func(handed_free);
        bool is_good = activation_parse(&words, getpid(), &n, &names, error);
        g_unsetenv("LISTEN_PID");
        g_unsetenv("LISTEN_FDS");
        g_unsetenv("LISTEN_FDNAMES");
        for (unsigned i = 0; is_good && i < n; i++)
                is_good = take(activation, first + (int)i, names ? names[i] : NULL, error);
        return is_good ? g_steal_pointer(&activation) : NULL;
}

void
activation_free(Activation *activation)
{
        if (!activation)
                return;
        g_ptr_array_unref(activation->all);
        g_free(activation);
}

/* Use */

int
activation_find(Activation *activation, const char *address, uint16_t port)
{
        Address wanted;

        if (port == 0 || !address_parse(address, port, &wanted))
                return -1;
        for (guint i = 0; i < activation->all->len; i++) {
                Handed *handed = g_ptr_array_index(activation->all, i);
                if (!address_equal(&handed->address, &wanted))
                        continue;
                handed->is_used = true;
                return handed->fd;
        }
        return -1;
}

bool
activation_is_used(const Activation *activation, GError **error)
{
        for (guint i = 0; i < activation->all->len; i++) {
                const Handed *handed = g_ptr_array_index(activation->all, i);
                if (handed->is_used)
                        continue;
                g_autofree char *address = address_text(&handed->address.any);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "the service manager listens on address %s port %u (\"%s\") for us, "
                            "but no module does: add address and port to a module's options, or "
                            "take them out of the socket unit",
                            address, address_port(&handed->address), handed->name);
                return false;
        }
        return true;
}

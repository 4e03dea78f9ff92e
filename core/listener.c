/*
 * listener: accepting, and what to do when accepting fails.
 */
#include "core/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <motet/error.h>
#include <motet/log.h>

#include "core/address.h"

/* More than any system allows: net.core.somaxconn decides, where operators look for it. */
#define BACKLOG 65535
#define ACCEPTS_PER_TURN 16
#define WARNING_INTERVAL (10 * G_USEC_PER_SEC)
#define REST_AFTER_FAILURE G_USEC_PER_SEC
#define RESERVE 10 /* one descriptor in so many is not for connections */

struct Listener {
        Loop *loop;
        ListenerFunc func;
        void *data;
        LoopWatch watch;
        LoopTimer rest; /* armed: not accepting for a while */
        int spare;  /* given up to accept and close a connection when no other descriptor is left;
                      -1: none */
        int max_fd; /* the first descriptor that is kept in reserve */
        int64_t warned; /* when the last failure was logged; 0: never */
        char *name;     /* "address 0.0.0.0 port 5222" */
        uint16_t port;
};

bool
listener_check_address(const char *address, GError **error)
{
        Address parsed;

        if (address != NULL && address_parse(address, 0, &parsed))
                return true;
        g_set_error(
                error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                "\"%s\" is no address to listen on: give a numeric one, \"*\" for every IPv4 or "
                "\"::\" for every IPv6 address",
                address != NULL ? address : "");
        return false;
}

static int
open_spare(void)
{
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
warn_sometimes(Listener *listener, const char *text)
{
        int64_t now = loop_now(listener->loop);

        if (listener->warned != 0 && now - listener->warned < WARNING_INTERVAL)
                return;
        listener->warned = now;
        motet_warn("%s: %s", listener->name, text);
}

static void
rest(Listener *listener)
{
        loop_watch(listener->loop, &listener->watch, 0, NULL);
        loop_timer_arm(listener->loop, &listener->rest, REST_AFTER_FAILURE);
}

static void
on_rested(LoopTimer *timer)
{
        Listener *listener = CONTAINER_OF(timer, Listener, rest);
        g_autoptr(GError) error = NULL;

        if (loop_watch(listener->loop, &listener->watch, EPOLLIN, &error))
                return;
        warn_sometimes(listener, error->message);
        loop_timer_arm(listener->loop, &listener->rest, REST_AFTER_FAILURE);
}

static int
accept_one(const Listener *listener, Address *peer_out)
{
        socklen_t length = sizeof *peer_out;

        return accept4(listener->watch.fd, &peer_out->any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/*
 * A connection that cannot be accepted stays in the backlog and keeps the socket ready: it would be
 * reported for ever. It gets the spare descriptor and is closed, which also tells the peer.
 * Returns: whether that worked
 */
static bool
refuse_one(Listener *listener)
{
        Address peer;

        warn_sometimes(listener,
                       "out of file descriptors: refusing connections; raise LimitNOFILE");
        if (listener->spare >= 0)
                close(listener->spare);
        int fd = accept_one(listener, &peer);
        int code = errno;
        if (fd >= 0) {
                close(fd);
                loop_counters(listener->loop)->refused++;
        }
        listener->spare = open_spare();
        return fd >= 0 || code == EAGAIN;
}

/*
 * Descriptors are given out the lowest first, so the number of a new one tells how many are taken.
 * The last ones are for the files and sockets that those who are in need.
 */
static int
first_reserved(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
                return INT_MAX;
        return (int)(limit.rlim_cur - limit.rlim_cur / RESERVE);
}

static void
hand_over(Listener *listener, int fd, const Address *peer)
{
        g_autofree char *text = address_text(&peer->any);
        int on = 1;

        /* Queued stanzas go out in one send: waiting to fill a segment only delays them. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        listener->func(listener->data, fd, text);
}

static bool
is_out_of_descriptors(int code)
{
        return code == EMFILE || code == ENFILE;
}

/* Returns: false to stop for this turn */
static bool
accept_failed(Listener *listener, int code)
{
        if (code == EAGAIN)
                return false;
        /* accept(2): errors of the new connection, already pending on it, are no errors of the
         * listener. */
        if (code == EINTR || code == ECONNABORTED || code == EPROTO || code == ENETDOWN ||
            code == ENOPROTOOPT || code == EHOSTDOWN || code == ENONET || code == EHOSTUNREACH ||
            code == ENETUNREACH || code == EPERM)
                return true;
        if (is_out_of_descriptors(code) && refuse_one(listener))
                return true;
        if (!is_out_of_descriptors(code))
                warn_sometimes(listener, g_strerror(code));
        rest(listener);
        return false;
}

static void
on_listener_ready(LoopWatch *watch, uint32_t events)
{
        Listener *listener = CONTAINER_OF(watch, Listener, watch);

        (void)events;
        /* Who waits in the listen queue costs nothing, and is served in the order of coming. */
        if (loop_is_behind(listener->loop))
                return;
        for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
                Address peer;
                int fd = accept_one(listener, &peer);

                if (fd >= listener->max_fd) {
                        warn_sometimes(listener, "nine in ten file descriptors are taken: refusing "
                                                 "connections; raise LimitNOFILE");
                        close(fd);
                        loop_counters(listener->loop)->refused++;
                } else if (fd >= 0) {
                        hand_over(listener, fd, &peer);
                } else if (!accept_failed(listener, errno)) {
                        return;
                }
        }
}

static void
set_open_error(const Listener *listener, int code, GError **error)
{
        const char *advice = "";

        if (code == EADDRINUSE) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO,
                            "%s is in use by another program: stop it or choose another port",
                            listener->name);
                return;
        }
        if (code == EACCES)
                advice = ": a port below 1024 needs CAP_NET_BIND_SERVICE; or choose another port";
        else if (code == EADDRNOTAVAIL)
                advice = ": this machine does not have that address";
        g_set_error(error, MOTET_ERROR, code == EACCES ? MOTET_ERROR_DENIED : MOTET_ERROR_IO,
                    "cannot listen on %s: %s%s", listener->name, g_strerror(code), advice);
}

/* Returns: 0 or errno */
static int
open_socket(Listener *listener, const Address *address)
{
        int on = 1;
        int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return errno;
        listener->watch.fd = fd;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
                return errno;
        /* So that "*" and "::" can both be listened on, whatever the system's default. */
        if (address->any.sa_family == AF_INET6 &&
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
                return errno;
        if (bind(fd, &address->any, address_length(address)) < 0 || listen(fd, BACKLOG) < 0)
                return errno;

        return 0;
}

/* The same on the socket @handed, which listens already and goes on doing so when this one is
 * closed. */
static int
use_socket(Listener *listener, int handed)
{
        listener->watch.fd = fcntl(handed, F_DUPFD_CLOEXEC, 0);
        return listener->watch.fd < 0 ? errno : 0;
}

/* Returns: 0 or errno */
static int
learn_port(Listener *listener)
{
        Address bound;
        socklen_t length = sizeof bound;

        if (getsockname(listener->watch.fd, &bound.any, &length) < 0)
                return errno;
        listener->port = address_port(&bound);
        return 0;
}

Listener *
listener_new(Loop *loop, const ListenerPlace *place, ListenerFunc func, void *data, GError **error)
{
        Address parsed;

        if (!listener_check_address(place->address, error) ||
            !address_parse(place->address, place->port, &parsed))
                return NULL;

        g_autoptr(Listener) listener = g_new(Listener, 1);
        *listener = (Listener){
                .loop = loop,
                .func = func,
                .data = data,
                .watch = {.func = on_listener_ready, .fd = -1},
                .rest.func = on_rested,
                .spare = open_spare(),
                .max_fd = first_reserved(),
        };
        g_autofree char *text = address_text(&parsed.any);
        listener->name = g_strdup_printf("address %s port %u", text, place->port);

        int code = listener->spare < 0 ? errno : 0;
        if (code == 0)
                code = place->handed < 0 ? open_socket(listener, &parsed)
                                         : use_socket(listener, place->handed);
        if (code == 0)
                code = learn_port(listener);
        if (code != 0) {
                set_open_error(listener, code, error);
                return NULL;
        }
        if (!loop_watch(loop, &listener->watch, EPOLLIN, error))
                return NULL;
        return g_steal_pointer(&listener);
}

void
listener_free(Listener *listener)
{
        if (listener == NULL)
                return;
        loop_timer_cancel(listener->loop, &listener->rest);
        loop_watch(listener->loop, &listener->watch, 0, NULL);
        if (listener->watch.fd >= 0)
                close(listener->watch.fd);
        if (listener->spare >= 0)
                close(listener->spare);
        g_free(listener->name);
        g_free(listener);
}

uint16_t
listener_port(const Listener *listener)
{
        return listener->port;
}

/*
 * notify: telling systemd how the service fares, by its datagram protocol.
 */
#include "core/notify.h"

#include <errno.h>
#include <motet/log.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_AGAIN G_TIME_SPAN_SECOND
#define UNSENT_MAX 16u

struct Notify {
        Loop *loop;
        bool is_wanted; /* somebody listens */
        int fd;         /* -1: not made yet */
        struct sockaddr_un address;
        socklen_t address_len;
        LoopTimer watchdog;
        int64_t interval; /* µs between two signs of life; 0: none asked for */
        GQueue unsent;    /* (own) of char *: what the system had no room for, the first first */
        LoopTimer again;
};

/* sd_notify(3): an absolute path, or "@" and a name in the abstract namespace. */
static bool
read_address(Notify *notify, const char *path)
{
        size_t n = strlen(path);

        if ((path[0] != '/' && path[0] != '@') || n < 2 || n >= sizeof notify->address.sun_path)
                return false;
        notify->address.sun_family = AF_UNIX;
        memcpy(notify->address.sun_path, path, n);
        if (path[0] == '@')
                notify->address.sun_path[0] = '\0';
        notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
        return true;
}

/* Never waits: a manager that does not read must not stop the server. Returns: 0 or errno */
static int
send_now(Notify *notify, const char *state)
{
        ssize_t sent;

        if (notify->fd < 0)
                notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (notify->fd < 0)
                return errno;
        do {
                sent = sendto(notify->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
                              (const struct sockaddr *)&notify->address, notify->address_len);
        } while (sent < 0 && errno == EINTR);
        return sent < 0 ? errno : 0;
}

/* Whether what fails with @code may go well later. */
static bool
is_passing(int code)
{
        return code == ENOBUFS || code == ENOMEM || code == EAGAIN || code == EMFILE ||
               code == ENFILE;
}

/* A lost READY=1 would have the service killed for not starting (systemd.service(5),
 * TimeoutStartSec=). */
static void
send_unsent(LoopTimer *timer)
{
        Notify *notify = CONTAINER_OF(timer, Notify, again);

        while (!g_queue_is_empty(&notify->unsent)) {
                int code = send_now(notify, g_queue_peek_head(&notify->unsent));
                if (is_passing(code)) {
                        loop_timer_arm(notify->loop, timer, SEND_AGAIN);
                        return;
                }
                if (code != 0)
                        motet_debug("cannot notify the service manager: %s", g_strerror(code));
                g_free(g_queue_pop_head(&notify->unsent));
        }
}

void
notify_send(Notify *notify, const char *state)
{
        if (!notify->is_wanted)
                return;
        if (g_queue_get_length(&notify->unsent) >= UNSENT_MAX) {
                motet_debug("the service manager is not told: %s", state);
                return;
        }
        g_queue_push_tail(&notify->unsent, g_strdup(state));
        send_unsent(&notify->again);
}

void
notify_reloading(Notify *notify)
{
        g_autofree char *state = g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
                                                 g_get_monotonic_time());

        notify_send(notify, state);
}

static void
send_sign_of_life(LoopTimer *timer)
{
        Notify *notify = CONTAINER_OF(timer, Notify, watchdog);

        (void)send_now(notify, "WATCHDOG=1");
        loop_timer_arm(notify->loop, timer, notify->interval);
}

/* The timer fires only while the loop turns, so a stuck loop is a missing sign of life. */
static void
start_watchdog(Notify *notify)
{
        const char *usec = g_getenv("WATCHDOG_USEC");
        const char *pid = g_getenv("WATCHDOG_PID");
        guint64 timeout, meant;

        if (!usec || !g_ascii_string_to_unsigned(usec, 10, 2, G_MAXINT64, &timeout, NULL))
                return;
        if (pid && (!g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT, &meant, NULL) ||
                    (pid_t)meant != getpid()))
                return;
        notify->interval = (int64_t)(timeout / 2);
        notify->watchdog.func = send_sign_of_life;
        loop_timer_arm(notify->loop, &notify->watchdog, notify->interval);
}

Notify *
notify_new(Loop *loop)
{
        Notify *notify = g_new0(Notify, 1);
        const char *path = g_getenv("NOTIFY_SOCKET");

        notify->loop = loop;
        notify->fd = -1;
        g_queue_init(&notify->unsent);
        notify->again.func = send_unsent;
        if (!path)
                return notify;
        if (!read_address(notify, path)) {
                motet_warn("NOTIFY_SOCKET is no usable address: the service manager hears nothing");
                return notify;
        }
        notify->is_wanted = true;
        start_watchdog(notify);
        return notify;
}

void
notify_free(Notify *notify)
{
        if (!notify)
                return;
        loop_timer_cancel(notify->loop, &notify->watchdog);
        loop_timer_cancel(notify->loop, &notify->again);
        g_queue_clear_full(&notify->unsent, g_free);
        if (notify->fd >= 0)
                close(notify->fd);
        g_free(notify);
}

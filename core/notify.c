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

struct Notify {
        Loop *loop;
        int fd; /* -1: nobody listens */
        struct sockaddr_un address;
        socklen_t address_len;
        LoopTimer watchdog;
        int64_t interval; /* µs between two signs of life; 0: none asked for */
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

void
notify_send(Notify *notify, const char *state)
{
        if (notify->fd < 0)
                return;
        if (sendto(notify->fd, state, strlen(state), MSG_NOSIGNAL,
                   (const struct sockaddr *)&notify->address, notify->address_len) < 0)
                motet_debug("cannot notify the service manager: %s", g_strerror(errno));
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

        notify_send(notify, "WATCHDOG=1");
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
        if (!path)
                return notify;
        if (!read_address(notify, path)) {
                motet_warn("NOTIFY_SOCKET is no usable address: the service manager hears nothing");
                return notify;
        }
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (notify->fd < 0)
                motet_warn("cannot reach the service manager: %s", g_strerror(errno));
        else
                start_watchdog(notify);
        return notify;
}

void
notify_free(Notify *notify)
{
        if (!notify)
                return;
        loop_timer_cancel(notify->loop, &notify->watchdog);
        if (notify->fd >= 0)
                close(notify->fd);
        g_free(notify);
}

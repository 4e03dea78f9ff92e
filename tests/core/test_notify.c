/*
 * Tests of core/notify.h against a socket as systemd's.
 *
 * Source: sd_notify(3).
 */
#include "core/notify.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
        Loop *loop;
        char *dir, *path;
        int fd;
} Fixture;

static void
bind_to(Fixture *fixture, const char *name, size_t n)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        memcpy(address.sun_path, name, n);
        fixture->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        g_assert_cmpint(bind(fixture->fd, (const struct sockaddr *)&address,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
                        ==, 0);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->loop = loop_new(true);
        fixture->dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        fixture->path = g_build_filename(fixture->dir, "notify", NULL);
        bind_to(fixture, fixture->path, strlen(fixture->path));
        g_setenv("NOTIFY_SOCKET", fixture->path, TRUE);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_unsetenv("NOTIFY_SOCKET");
        g_unsetenv("WATCHDOG_USEC");
        g_unsetenv("WATCHDOG_PID");
        close(fixture->fd);
        unlink(fixture->path);
        rmdir(fixture->dir);
        g_free(fixture->path);
        g_free(fixture->dir);
        loop_free(fixture->loop);
}

/* The next datagram, NULL when there is none. */
static char *
hear(const Fixture *fixture)
{
        char buffer[512];
        ssize_t n = recv(fixture->fd, buffer, sizeof buffer, 0);

        return n < 0 ? NULL : g_strndup(buffer, (size_t)n);
}

static void
test_a_state_is_one_datagram(Fixture *fixture, gconstpointer data)
{
        g_autoptr(Notify) notify = notify_new(fixture->loop);

        (void)data;
        notify_send(notify, "READY=1\nSTATUS=serving");
        g_autofree char *heard = hear(fixture);
        g_autofree char *more = hear(fixture);

        g_assert_cmpstr(heard, ==, "READY=1\nSTATUS=serving");
        g_assert_null(more);
}

/* systemd.service(5), Type=notify-reload: RELOADING=1 with MONOTONIC_USEC. */
static void
test_reloading_tells_the_time(Fixture *fixture, gconstpointer data)
{
        g_autoptr(Notify) notify = notify_new(fixture->loop);

        (void)data;
        notify_reloading(notify);
        g_autofree char *heard = hear(fixture);

        g_assert_true(g_str_has_prefix(heard, "RELOADING=1\nMONOTONIC_USEC="));
}

static void
test_the_abstract_namespace_is_understood(Fixture *fixture, gconstpointer data)
{
        g_autofree char *name = g_strdup_printf("@motet-test-%d", (int)getpid());

        (void)data;
        close(fixture->fd);
        g_setenv("NOTIFY_SOCKET", name, TRUE);
        name[0] = '\0';
        bind_to(fixture, name, 1 + strlen(name + 1));
        g_autoptr(Notify) notify = notify_new(fixture->loop);
        notify_send(notify, "READY=1");
        g_autofree char *heard = hear(fixture);

        g_assert_cmpstr(heard, ==, "READY=1");
}

/* sd_watchdog_enabled(3): a sign of life at half of the time given. */
static void
test_the_watchdog_is_fed_at_half_its_time(Fixture *fixture, gconstpointer data)
{
        g_autofree char *pid = g_strdup_printf("%d", (int)getpid());

        (void)data;
        g_setenv("WATCHDOG_USEC", "20000000", TRUE);
        g_setenv("WATCHDOG_PID", pid, TRUE);
        Notify *notify = notify_new(fixture->loop);
        loop_advance(fixture->loop, 9990000);
        g_autofree char *early = hear(fixture);
        loop_advance(fixture->loop, 20000);
        g_autofree char *first = hear(fixture);
        loop_advance(fixture->loop, 10010000);
        g_autofree char *second = hear(fixture);
        g_autofree char *third = hear(fixture);
        notify_free(notify);

        g_assert_null(early);
        g_assert_cmpstr(first, ==, "WATCHDOG=1");
        g_assert_cmpstr(second, ==, "WATCHDOG=1");
        g_assert_null(third);
}

static void
assert_no_watchdog(Fixture *fixture, const char *usec, const char *pid)
{
        g_setenv("WATCHDOG_USEC", usec, TRUE);
        if (pid)
                g_setenv("WATCHDOG_PID", pid, TRUE);
        Notify *notify = notify_new(fixture->loop);
        loop_advance(fixture->loop, 60 * G_TIME_SPAN_SECOND);
        g_autofree char *heard = hear(fixture);
        notify_free(notify);

        g_assert_null(heard);
}

static void
test_a_watchdog_of_another_process_is_ignored(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_no_watchdog(fixture, "20000000", "1");
        assert_no_watchdog(fixture, "20000000", "x");
}

static void
test_a_watchdog_without_sense_is_ignored(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_no_watchdog(fixture, "", NULL);
        assert_no_watchdog(fixture, "0", NULL);
        assert_no_watchdog(fixture, "1s", NULL);
        assert_no_watchdog(fixture, "-5", NULL);
}

static void
test_without_a_manager_nothing_happens(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_unsetenv("NOTIFY_SOCKET");
        g_autoptr(Notify) alone = notify_new(fixture->loop);
        notify_send(alone, "READY=1");
        g_setenv("NOTIFY_SOCKET", "relative/path", TRUE);
        g_autoptr(Notify) misled = notify_new(fixture->loop);
        notify_send(misled, "READY=1");
        g_autofree char *heard = hear(fixture);

        g_assert_null(heard);
}

/* unix(7): the queue of a datagram socket is short. A manager that does not read holds up nobody,
 * and hears all in order. */
static void
test_a_manager_that_does_not_read_holds_up_nobody(Fixture *fixture, gconstpointer data)
{
        g_autoptr(Notify) notify = notify_new(fixture->loop);
        g_autofree char *filler = NULL;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        (void)data;
        memcpy(address.sun_path, fixture->path, strlen(fixture->path));
        while (sendto(fd, "full", 4, 0, (const struct sockaddr *)&address, sizeof address) > 0)
                continue;
        close(fd);
        notify_send(notify, "READY=1");
        notify_send(notify, "STATUS=serving");
        while ((filler = hear(fixture))) {
                g_assert_cmpstr(filler, ==, "full");
                g_clear_pointer(&filler, g_free);
        }
        loop_advance(fixture->loop, G_TIME_SPAN_SECOND);
        g_autofree char *first = hear(fixture);
        g_autofree char *second = hear(fixture);
        g_autofree char *third = hear(fixture);

        g_assert_cmpstr(first, ==, "READY=1");
        g_assert_cmpstr(second, ==, "STATUS=serving");
        g_assert_null(third);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/notify/a-state-is-one-datagram", test_a_state_is_one_datagram);
        ADD("/notify/reloading-tells-the-time", test_reloading_tells_the_time);
        ADD("/notify/the-abstract-namespace-is-understood",
            test_the_abstract_namespace_is_understood);
        ADD("/notify/the-watchdog-is-fed-at-half-its-time",
            test_the_watchdog_is_fed_at_half_its_time);
        ADD("/notify/a-watchdog-of-another-process-is-ignored",
            test_a_watchdog_of_another_process_is_ignored);
        ADD("/notify/a-watchdog-without-sense-is-ignored",
            test_a_watchdog_without_sense_is_ignored);
        ADD("/notify/a-manager-that-does-not-read-holds-up-nobody",
            test_a_manager_that_does_not_read_holds_up_nobody);
        ADD("/notify/without-a-manager-nothing-happens", test_without_a_manager_nothing_happens);
        return g_test_run();
}

/* crowd: see crowd.h. */
#include "crowd.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define STALL_US (60 * G_USEC_PER_SEC) /* without any progress a run has failed */
#define EVENTS_A_TURN 256

void
crowd_init(Crowd *crowd, const Options *options)
{
        unsigned per_account = (unsigned)options->per_account;

        *crowd = (Crowd){.n = (unsigned)options->sessions};
        clients_init(&crowd->clients, options);
        crowd->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        struct epoll_event event = {.events = EPOLLIN};
        epoll_ctl(crowd->clients.wires.epoll, EPOLL_CTL_ADD, crowd->timer, &event);
        crowd->each = g_new(Client, crowd->n);
        for (unsigned i = 0; i < crowd->n; i++) {
                client_init(&crowd->each[i], &crowd->clients, options->user, i / per_account);
                crowd->each[i].index = i;
                crowd->each[i].resource = i % per_account;
        }
}

void
crowd_clear(Crowd *crowd)
{
        for (unsigned i = 0; i < crowd->n; i++)
                client_clear(&crowd->each[i]);
        g_free(crowd->each);
        close(crowd->timer);
        clients_clear(&crowd->clients);
}

bool
crowd_fail(Crowd *crowd, const char *format, ...)
{
        va_list list;
        va_start(list, format);
        g_autofree char *why = g_strdup_vprintf(format, list);
        va_end(list);
        if (!crowd->clients.failure)
                crowd->clients.failure = g_steal_pointer(&why);
        return false;
}

static void
arm(Crowd *crowd, int64_t until)
{
        if (crowd->armed == until)
                return;
        struct itimerspec time = {.it_value = {.tv_sec = until / G_USEC_PER_SEC,
                                               .tv_nsec = until % G_USEC_PER_SEC * 1000}};
        timerfd_settime(crowd->timer, TFD_TIMER_ABSTIME, &time, NULL);
        crowd->armed = until;
}

static void
stop_timer(Crowd *crowd)
{
        uint64_t n_ended;
        crowd->armed = 0;
        (void)!read(crowd->timer, &n_ended, sizeof n_ended);
}

static void
handle(Crowd *crowd, Client *client, uint32_t events)
{
        ClientState before = client->state;

        client_handle(client, events);
        if (client->state == before)
                return;
        bool is_ready = before < CLIENT_READY && client->state == CLIENT_READY;
        bool is_left = client->state == CLIENT_LEFT;
        crowd->n_ready += is_ready;
        crowd->n_left += is_left;
        if (crowd->on_change && (is_ready || is_left))
                crowd->on_change(client);
}

bool
crowd_turn(Crowd *crowd, int64_t until)
{
        struct epoll_event events[EVENTS_A_TURN];
        int64_t now = g_get_monotonic_time();

        if (crowd->clients.failure)
                return false;
        if (until > now)
                arm(crowd, until);
        int n = epoll_wait(crowd->clients.wires.epoll, events, EVENTS_A_TURN, until > now ? -1 : 0);
        if (n < 0 && errno != EINTR)
                return crowd_fail(crowd, "epoll: %s", g_strerror(errno));

        for (int i = 0; i < n; i++) {
                Client *client = events[i].data.ptr;
                if (!client) {
                        stop_timer(crowd);
                        continue;
                }
                handle(crowd, client, events[i].events);
                crowd->last_input = now;
        }
        return !crowd->clients.failure;
}

bool
crowd_run_until(Crowd *crowd, int64_t until)
{
        while (g_get_monotonic_time() < until) {
                if (!crowd_turn(crowd, until))
                        return false;
        }
        return true;
}

bool
crowd_log_in(Crowd *crowd)
{
        unsigned at_once = (unsigned)crowd->clients.options->logins_at_once, n_ready = 0;
        int64_t deadline = g_get_monotonic_time() + STALL_US;

        while (crowd->n_ready < crowd->n) {
                while (crowd->n_opened < crowd->n && crowd->n_opened - crowd->n_ready < at_once)
                        client_open(&crowd->each[crowd->n_opened++]);
                if (!crowd_turn(crowd, deadline))
                        return false;
                if (crowd->n_ready > n_ready)
                        deadline = g_get_monotonic_time() + STALL_US;
                else if (g_get_monotonic_time() >= deadline)
                        return crowd_fail(crowd, "timed out with %u of %u sessions logged in",
                                          crowd->n_ready, crowd->n);
                n_ready = crowd->n_ready;
        }
        return true;
}

bool
crowd_settle(Crowd *crowd, int64_t quiet_us)
{
        int64_t deadline = g_get_monotonic_time() + STALL_US;

        crowd->last_input = g_get_monotonic_time();
        while (g_get_monotonic_time() < crowd->last_input + quiet_us) {
                if (!crowd_turn(crowd, crowd->last_input + quiet_us))
                        return false;
                if (g_get_monotonic_time() > deadline)
                        return crowd_fail(crowd, "the server does not become quiet");
        }
        return true;
}

bool
crowd_leave(Crowd *crowd)
{
        unsigned n_leaving = 0, n_left = crowd->n_left = 0;
        for (unsigned i = 0; i < crowd->n_opened; i++) {
                if (crowd->each[i].state != CLIENT_READY)
                        continue;
                client_leave(&crowd->each[i]);
                n_leaving++;
        }

        int64_t deadline = g_get_monotonic_time() + STALL_US;
        while (crowd->n_left < n_leaving) {
                if (!crowd_turn(crowd, deadline))
                        return false;
                if (crowd->n_left > n_left)
                        deadline = g_get_monotonic_time() + STALL_US;
                else if (g_get_monotonic_time() >= deadline)
                        return crowd_fail(crowd, "timed out with %u of %u sessions ended",
                                          crowd->n_left, n_leaving);
                n_left = crowd->n_left;
        }
        return true;
}

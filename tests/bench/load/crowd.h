/* crowd: all the clients of a run and the loop that drives them: one thread, one epoll set, one
 * timer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client.h"

typedef struct {
        Clients clients;
        Client *each;
        unsigned n, n_opened, n_ready, n_left; /* so far */
        int timer;
        int64_t armed;      /* when the timer ends; 0: it does not run */
        int64_t last_input; /* when a client was last ready for something */
        /* A client became CLIENT_READY or CLIENT_LEFT. NULL: nobody cares. */
        void (*on_change)(Client *client);
} Crowd;

/* Makes @options->sessions clients, accounts and resources as --user and --per-account say. */
void crowd_init(Crowd *crowd, const Options *options);
void crowd_clear(Crowd *crowd);

/**
 * crowd_turn: waits until something happens, but not longer than @until (µs, monotonic), and
 * handles it.
 *
 * Returns: false when something went wrong: .clients.failure says what. So do all here.
 */
bool crowd_turn(Crowd *crowd, int64_t until);
bool crowd_run_until(Crowd *crowd, int64_t until);
/** crowd_log_in: until all are CLIENT_READY */
bool crowd_log_in(Crowd *crowd);
/** crowd_settle: until nothing arrived for @quiet_us */
bool crowd_settle(Crowd *crowd, int64_t quiet_us);
/** crowd_leave: all that are logged in end their streams; until the server ended them too */
bool crowd_leave(Crowd *crowd);
/** crowd_fail: as printf(). Returns: false */
bool crowd_fail(Crowd *crowd, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Tests of task: what modules do in time, later, and elsewhere.
 */
#include <string.h>

#include <motet/task.h>

#include "support/test_core.h"

static void
note_timer(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        g_assert_true(self->server->current == self);
        test_core_note(self, "%s", (const char *)data);
}

static void
test_clock(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        int64_t now = motet_now(module), wall = motet_wall_now(module);

        test_core_advance(core, 1234567);

        g_assert_cmpint(motet_now(module) - now, ==, 1234567);
        g_assert_cmpint(motet_wall_now(module) - wall, ==, 1234567);
}

static void
fill_with_letters(void *buffer, size_t n)
{
        memset(buffer, 0xab, n);
}

/* Random numbers are handed in. */
static void
test_random(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        g_autofree char *one = motet_random_id(module, 16);
        g_autofree char *two = motet_random_id(module, 16);
        uint8_t bytes[3] = {0};
        g_assert_cmpuint(strlen(one), ==, 32);
        g_assert_cmpuint(strspn(one, "0123456789abcdef"), ==, 32);
        g_assert_cmpstr(one, !=, two);

        core->server.random = fill_with_letters;
        motet_random(module, bytes, 2);
        g_autofree char *three = motet_random_id(module, 2);

        g_assert_cmpuint(bytes[0], ==, 0xab);
        g_assert_cmpuint(bytes[1], ==, 0xab);
        g_assert_cmpuint(bytes[2], ==, 0);
        g_assert_cmpstr(three, ==, "abab");
}

static void
test_timer_fires_once(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        motet_timer_add(module, NULL, 10000, note_timer, "a");

        test_core_advance(core, 9999);
        test_core_assert_log(core, "");
        test_core_advance(core, 1001);
        test_core_assert_log(core, "a");
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "");
}

static void
test_timer_is_cancelled(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetTimer *timer = motet_timer_add(module, NULL, 10000, note_timer, "a");

        motet_timer_cancel(timer);
        motet_timer_cancel(NULL);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "");
}

static void
test_timer_is_rearmed(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetTimer *timer = motet_timer_add(module, NULL, 10000, note_timer, "a");

        test_core_advance(core, 9000);
        motet_timer_rearm(timer, 10000);
        test_core_advance(core, 9000);
        test_core_assert_log(core, "");
        test_core_advance(core, 2000);

        test_core_assert_log(core, "a");
}

static void
rearm_thrice(MotetModule *self, MotetTimer *timer, void *data)
{
        unsigned *n = data;

        test_core_note(self, "%u", ++*n);
        if (*n < 3)
                motet_timer_rearm(timer, 1000);
}

static void
test_timer_rearms_itself(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        unsigned n = 0;
        motet_timer_add(module, NULL, 1000, rearm_thrice, &n);

        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "1 2 3");
}

static void
cancel_self(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)data;
        test_core_note(self, "x");
        motet_timer_rearm(timer, 1000);
        motet_timer_cancel(timer);
        motet_timer_cancel(timer);
        motet_timer_rearm(timer, 1000);
}

static void
test_timer_cancels_itself(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        motet_timer_add(module, NULL, 1000, cancel_self, NULL);

        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "x");
}

static void
test_timer_goes_with_its_session(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *session = test_session_new(&core->server);
        motet_timer_add(module, session, 10000, note_timer, "a");
        motet_timer_add(module, session, 10000, note_timer, "b");
        motet_timer_add(module, NULL, 10000, note_timer, "c");

        motet_session_destroy(session);
        g_assert_null(motet_timer_add(module, session, 10000, note_timer, "d"));
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "c");
}

static void
test_timer_goes_with_its_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *session = test_session_new(&core->server);
        motet_timer_add(module, session, 10000, note_timer, "a");
        motet_timer_add(module, NULL, 10000, note_timer, "b");

        test_core_stop(core, module);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "");
}

static void
stop_own_module(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)timer;
        (void)data;
        test_core_note(self, "stop");
        self->running = false;
        instance_drop_all(self);
}

static void
test_timer_stops_its_own_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        motet_timer_add(module, NULL, 1000, stop_own_module, NULL);
        motet_timer_add(module, NULL, 2000, note_timer, "never");

        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "stop");
        g_assert_cmpuint(module->busy, ==, 0);
}

/* Deferring */

static void
note_deferred(MotetModule *self, void *data)
{
        test_core_note(self, "%s", (const char *)data);
}

static void
test_defer(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);

        motet_defer(module, note_deferred, g_strdup("a"), g_free);
        motet_defer(module, note_deferred, g_strdup("b"), g_free);
        test_core_assert_log(core, "");
        test_core_settle(core);

        test_core_assert_log(core, "a b");
}

static void
test_deferred_call_goes_with_its_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);

        motet_defer(module, note_deferred, g_strdup("a"), g_free);
        test_core_stop(core, module);

        test_core_assert_log(core, "");
}

/* Offloading */

typedef struct {
        GThread *worker;
        unsigned n_freed;
} Work;

static void
work(void *data)
{
        Work *self = data;

        self->worker = g_thread_self();
}

static void
done(MotetModule *self, void *data)
{
        const Work *finished = data;

        g_assert_nonnull(finished->worker);
        g_assert_true(finished->worker != g_thread_self());
        test_core_note(self, "done:%u", self->busy);
}

static void
work_free(void *data)
{
        ((Work *)data)->n_freed++;
}

static void
test_offload(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        Work job = {0};

        g_assert_true(motet_offload(module, work, done, &job, work_free));
        g_assert_cmpuint(module->busy, ==, 1);
        test_core_settle(core);

        test_core_assert_log(core, "done:2");
        g_assert_cmpuint(job.n_freed, ==, 1);
        g_assert_cmpuint(module->busy, ==, 0);
}

/* The module stops: done is not called, the data is freed, and its code is needed until then. */
static void
test_offload_of_a_module_that_stops(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        Work job = {0};

        g_assert_true(motet_offload(module, work, done, &job, work_free));
        module->running = false;
        instance_drop_all(module);
        g_assert_cmpuint(module->busy, ==, 1);
        test_core_settle(core);

        test_core_assert_log(core, "");
        g_assert_cmpuint(job.n_freed, ==, 1);
        g_assert_cmpuint(module->busy, ==, 0);
}

typedef struct {
        GMutex gate;
        gint n_freed;
} Gate;

static void
wait_at_gate(void *data)
{
        Gate *gate = data;

        g_mutex_lock(&gate->gate);
        g_mutex_unlock(&gate->gate);
}

static void
count_gate(void *data)
{
        g_atomic_int_inc(&((Gate *)data)->n_freed);
}

/* limits.offload_queue waiting jobs, and one more. */
static void
test_offload_queue_is_bounded(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        Gate gate = {0};
        gint n_accepted = 0;
        loop_set_offload_limit(core->server.loop, 3);
        g_mutex_init(&gate.gate);
        g_mutex_lock(&gate.gate);

        /* The workers may take some off the queue before they stop at the gate. */
        while (motet_offload(module, wait_at_gate, NULL, &gate, count_gate))
                g_assert_cmpint(++n_accepted, <, 1000);
        g_assert_cmpint(n_accepted, >=, 3);
        g_assert_cmpint(gate.n_freed, ==, 1);
        g_assert_cmpuint(module->busy, ==, (unsigned)n_accepted);
        g_mutex_unlock(&gate.gate);
        test_core_settle(core);

        g_assert_cmpint(gate.n_freed, ==, n_accepted + 1);
        g_assert_cmpuint(module->busy, ==, 0);
        g_mutex_clear(&gate.gate);
}

/* Periodic timers */

static void
test_periodic_timer_fires_each_period(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetTimer *timer = motet_timer_every(module, NULL, 10000, note_timer, "a");

        test_core_advance(core, 9999);
        test_core_assert_log(core, "");
        test_core_advance(core, 1);
        test_core_assert_log(core, "a");
        test_core_advance(core, 30000);
        test_core_assert_log(core, "a a a");
        motet_timer_cancel(timer);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "");
}

/* Not one period from now, but from then. */
static void
test_periodic_timer_is_rearmed(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetTimer *timer = motet_timer_every(module, NULL, 10000, note_timer, "a");

        motet_timer_rearm(timer, 3000);
        test_core_advance(core, 3000);
        test_core_assert_log(core, "a");
        test_core_advance(core, 9999);
        test_core_assert_log(core, "");
        test_core_advance(core, 1);

        test_core_assert_log(core, "a");
}

static void
cancel_third(MotetModule *self, MotetTimer *timer, void *data)
{
        unsigned *n = data;

        test_core_note(self, "%u", ++*n);
        if (*n == 3)
                motet_timer_cancel(timer);
}

static void
test_periodic_timer_cancels_itself(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        unsigned n = 0;
        motet_timer_every(module, NULL, 10000, cancel_third, &n);

        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "1 2 3");
}

static void
test_periodic_timer_goes_with_its_session(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetSession *session = test_session_new(&core->server);
        motet_timer_every(module, session, 10000, note_timer, "a");

        test_core_advance(core, 10000);
        g_autoptr(MotetSession) hold = motet_session_ref(session);
        motet_session_destroy(session);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "a");
        g_assert_null(motet_timer_every(module, hold, 10000, note_timer, "b"));
}

static void
test_periodic_timer_goes_with_its_module(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        motet_timer_every(module, NULL, 10000, note_timer, "a");

        test_core_stop(core, module);
        test_core_advance(core, G_TIME_SPAN_SECOND);

        test_core_assert_log(core, "");
}

static void
fill_with_sevens(void *buffer, size_t n)
{
        memset(buffer, 0, n);
        *(uint8_t *)buffer = 7;
}

/* A random moment of the period, and whole periods from then on. */
static void
test_periodic_timer_is_spread(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *module = test_core_module(core, core->host, NULL);
        MotetTimer *timer = motet_timer_every(module, NULL, 10000, note_timer, "a");
        core->server.random = fill_with_sevens;

        motet_timer_spread(timer);
        test_core_advance(core, 7);
        test_core_assert_log(core, "");
        test_core_advance(core, 1);
        test_core_assert_log(core, "a");
        test_core_advance(core, 9999);
        test_core_assert_log(core, "");
        test_core_advance(core, 1);

        test_core_assert_log(core, "a");
}

#define STALL_PERIOD (2 * G_TIME_SPAN_MILLISECOND)

typedef struct {
        int64_t start;
        int64_t last; /* which period it fired in last */
        unsigned n;
} Stalled;

static void
stall(MotetModule *self, MotetTimer *timer, void *data)
{
        Stalled *stalled = data;
        int64_t period = (motet_now(self) - stalled->start) / STALL_PERIOD;

        g_assert_cmpint(period, >, stalled->last);
        stalled->last = period;
        if (++stalled->n == 1)
                g_usleep(20 * STALL_PERIOD);
        if (stalled->n == 5)
                motet_timer_cancel(timer);
}

/* What went by while the server stood still is not made up for: at most one call falls into a
 * period, under the clock of the machine. */
static void
test_periodic_timer_skips_what_it_missed(void)
{
        static const MotetModuleInfo info = {.name = "test"};
        MotetServer server;
        MotetModule module = {.info = &info, .server = &server, .running = true};
        Stalled stalled = {0};

        server_base_init(&server, loop_new(false));
        instance_init(&module);
        stalled.start = motet_now(&module);
        motet_timer_every(&module, NULL, STALL_PERIOD, stall, &stalled);
        while (stalled.n < 5)
                loop_turn(server.loop, true);

        g_assert_cmpint(stalled.last, >=, 20);
        instance_clear(&module);
        server_base_clear(&server);
}

/* What one module asked of another would be cut off, whichever of the two stopped. */
static void
test_errand_is_under_way_for_both(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *caller = test_core_module(core, core->host, NULL);
        MotetModule *provider = test_core_module(core, core->host, NULL);

        MotetErrand *errand = motet_errand_new(caller, provider);
        g_assert_cmpuint(instance_underway(caller), ==, 1);
        g_assert_cmpuint(instance_underway(provider), ==, 1);
        motet_errand_free(errand);

        g_assert_cmpuint(instance_underway(caller), ==, 0);
        g_assert_cmpuint(instance_underway(provider), ==, 0);
}

/* The other one goes on, and gives it back later. */
static void
test_errand_outlives_either(void)
{
        g_autoptr(TestCore) core = test_core_new();
        MotetModule *caller = test_core_module(core, core->host, NULL);
        MotetModule *provider = test_core_module(core, core->host, NULL);
        MotetModule *other = test_core_module(core, core->host, NULL);
        MotetErrand *first = motet_errand_new(caller, provider);
        MotetErrand *second = motet_errand_new(provider, other);

        test_core_stop(core, caller);
        g_assert_cmpuint(instance_underway(provider), ==, 2);
        motet_errand_free(first);
        test_core_stop(core, other);
        g_assert_cmpuint(instance_underway(provider), ==, 1);
        motet_errand_free(second);

        g_assert_cmpuint(instance_underway(provider), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/task/clock", test_clock);
        g_test_add_func("/task/random", test_random);
        g_test_add_func("/task/timer-fires-once", test_timer_fires_once);
        g_test_add_func("/task/timer-is-cancelled", test_timer_is_cancelled);
        g_test_add_func("/task/timer-is-rearmed", test_timer_is_rearmed);
        g_test_add_func("/task/timer-rearms-itself", test_timer_rearms_itself);
        g_test_add_func("/task/timer-cancels-itself", test_timer_cancels_itself);
        g_test_add_func("/task/timer-goes-with-its-session", test_timer_goes_with_its_session);
        g_test_add_func("/task/timer-goes-with-its-module", test_timer_goes_with_its_module);
        g_test_add_func("/task/timer-stops-its-own-module", test_timer_stops_its_own_module);
        g_test_add_func("/task/periodic-timer-fires-each-period",
                        test_periodic_timer_fires_each_period);
        g_test_add_func("/task/periodic-timer-is-rearmed", test_periodic_timer_is_rearmed);
        g_test_add_func("/task/periodic-timer-cancels-itself", test_periodic_timer_cancels_itself);
        g_test_add_func("/task/periodic-timer-goes-with-its-session",
                        test_periodic_timer_goes_with_its_session);
        g_test_add_func("/task/periodic-timer-goes-with-its-module",
                        test_periodic_timer_goes_with_its_module);
        g_test_add_func("/task/periodic-timer-is-spread", test_periodic_timer_is_spread);
        g_test_add_func("/task/periodic-timer-skips-what-it-missed",
                        test_periodic_timer_skips_what_it_missed);
        g_test_add_func("/task/defer", test_defer);
        g_test_add_func("/task/deferred-call-goes-with-its-module",
                        test_deferred_call_goes_with_its_module);
        g_test_add_func("/task/errand-is-under-way-for-both", test_errand_is_under_way_for_both);
        g_test_add_func("/task/errand-outlives-either", test_errand_outlives_either);
        g_test_add_func("/task/offload", test_offload);
        g_test_add_func("/task/offload-of-a-module-that-stops",
                        test_offload_of_a_module_that_stops);
        g_test_add_func("/task/offload-queue-is-bounded", test_offload_queue_is_bounded);
        return g_test_run();
}

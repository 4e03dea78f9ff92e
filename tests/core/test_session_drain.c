/*
 * Tests of session_drain: who is called when the queue of a session has drained.
 */
#include "support/test_core.h"

#define QUEUE 1000

/* A session whose peer reads nothing, and the module that asks about it. */
typedef struct {
        TestCore *core;
        MotetModule *module;
        MotetSession *session;
} Slow;

static void
slow_init(Slow *slow)
{
        slow->core = test_core_new();
        slow->module = test_core_module(slow->core, slow->core->host, NULL);
        slow->session = test_core_bind(slow->core, "romeo", "orchard");
        MotetSessionLimits limits = *motet_session_limits(slow->session);
        limits.send_queue = QUEUE;
        motet_session_set_limits(slow->session, &limits);
        test_core_advance(slow->core, G_TIME_SPAN_SECOND);
        test_session_set_window(slow->session, 0);
}

static void
slow_clear(Slow *slow)
{
        test_core_free(slow->core);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Slow, slow_clear)

static void
fill(Slow *slow, size_t bytes)
{
        g_autofree char *text = g_strnfill(bytes, ' ');

        g_assert_true(conn_send(slow->session->conn, text, bytes));
        test_core_advance(slow->core, G_TIME_SPAN_SECOND);
        g_assert_cmpuint(motet_session_queued(slow->session), ==, bytes);
}

/* The peer reads so much. */
static void
read_some(Slow *slow, size_t bytes)
{
        test_session_set_window(slow->session, bytes);
        test_core_advance(slow->core, G_TIME_SPAN_SECOND);
}

static void
note(MotetModule *self, MotetSession *session)
{
        g_assert_true(motet_session_is_connected(session));
        g_assert_cmpuint(motet_session_queued(session), <=, QUEUE / 2);
        g_string_append_c(test_core_of(self)->log, '1');
}

static void
note_two(MotetModule *self, MotetSession *session)
{
        (void)session;
        g_string_append_c(test_core_of(self)->log, '2');
}

#define assert_called(slow, calls) g_assert_cmpstr((slow)->core->log->str, ==, calls)

/* R15: with half of the queue used, and with one byte more. */
static void
test_half_is_drained_and_one_byte_more_is_not(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        fill(&slow, QUEUE / 2 + 2);

        g_assert_true(motet_session_await_drained(slow.session, slow.module, note));
        read_some(&slow, 1);
        assert_called(&slow, "");
        read_some(&slow, 1);
        assert_called(&slow, "1");
        read_some(&slow, SIZE_MAX);

        assert_called(&slow, "1");
}

/* Never before return, and without anything that waits soon afterwards. */
static void
test_who_has_room_is_called_soon(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);

        g_assert_true(motet_session_await_drained(slow.session, slow.module, note));
        assert_called(&slow, "");
        test_core_settle(slow.core);
        assert_called(&slow, "1");
        fill(&slow, QUEUE / 2);
        motet_session_await_drained(slow.session, slow.module, note);
        test_core_settle(slow.core);

        assert_called(&slow, "11");
}

static void
test_asking_twice_is_asking_once(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        fill(&slow, QUEUE);

        for (int i = 0; i < 3; i++)
                g_assert_true(motet_session_await_drained(slow.session, slow.module, note));
        motet_session_await_drained(slow.session, slow.module, note_two);
        read_some(&slow, SIZE_MAX);

        assert_called(&slow, "12");
}

static void
fill_and_ask(MotetModule *self, MotetSession *session)
{
        g_autofree char *text = g_strnfill(QUEUE, ' ');

        note(self, session);
        g_assert_true(conn_send(session->conn, text, QUEUE / 2 + 1));
        g_assert_true(motet_session_await_drained(session, self, fill_and_ask));
}

/* Once a turn, so that others get theirs in between. */
static void
test_who_fills_it_goes_on_when_that_is_read(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);

        motet_session_await_drained(slow.session, slow.module, fill_and_ask);
        test_core_settle(slow.core);
        assert_called(&slow, "1");
        read_some(&slow, 2);
        assert_called(&slow, "11");
        read_some(&slow, QUEUE / 2 - 1);
        assert_called(&slow, "11");
        read_some(&slow, 2);

        assert_called(&slow, "111");
}

/* A limit that is raised makes room, too. */
static void
test_a_raised_limit_drains(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        fill(&slow, QUEUE / 2 + 1);
        motet_session_await_drained(slow.session, slow.module, note_two);
        test_core_settle(slow.core);
        assert_called(&slow, "");

        MotetSessionLimits limits = *motet_session_limits(slow.session);
        limits.send_queue = QUEUE + 2;
        motet_session_set_limits(slow.session, &limits);
        test_core_settle(slow.core);

        assert_called(&slow, "2");
}

static void
test_who_stops_is_not_called(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        MotetModule *other = test_core_module(slow.core, slow.core->host, NULL);
        fill(&slow, QUEUE);
        motet_session_await_drained(slow.session, slow.module, note);
        motet_session_await_drained(slow.session, other, note_two);

        test_core_stop(slow.core, slow.module);
        read_some(&slow, SIZE_MAX);

        assert_called(&slow, "2");
}

/* The newest one. */
static void
stop_other(MotetModule *self, MotetSession *session)
{
        const TestCore *core = test_core_of(self);
        MotetModule *newest = core->modules->pdata[core->modules->len - 1];

        note(self, session);
        newest->running = false;
        instance_drop_all(newest);
}

/* What is about to be called goes with its module, too. */
static void
test_who_is_stopped_by_another_is_not_called(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        MotetModule *other = test_core_module(slow.core, slow.core->host, NULL);
        fill(&slow, QUEUE);
        motet_session_await_drained(slow.session, slow.module, stop_other);
        motet_session_await_drained(slow.session, other, note_two);

        read_some(&slow, SIZE_MAX);

        assert_called(&slow, "1");
}

static void
destroy(MotetModule *self, MotetSession *session)
{
        note(self, session);
        motet_session_destroy(session);
}

/* Nothing dies under who is called, and nobody is called about what is gone. */
static void
test_who_is_called_may_destroy(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        fill(&slow, QUEUE);
        motet_session_await_drained(slow.session, slow.module, destroy);
        motet_session_await_drained(slow.session, slow.module, note_two);

        read_some(&slow, SIZE_MAX);

        assert_called(&slow, "1");
        g_assert_false(motet_session_await_drained(slow.session, slow.module, note));
}

static void
test_the_end_of_a_session_calls_nobody(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        fill(&slow, QUEUE);
        motet_session_await_drained(slow.session, slow.module, note);

        motet_session_close(slow.session, MOTET_CONDITION_NONE, NULL);
        g_assert_false(motet_session_await_drained(slow.session, slow.module, note_two));
        read_some(&slow, SIZE_MAX);
        test_session_lose(slow.session);

        assert_called(&slow, "");
}

/* A session that is kept without its connection has nothing that could drain. */
static MotetResult
keep(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_HANDLED;
}

static void
test_without_a_connection_nothing_drains(void)
{
        static const MotetHook hooks[] = {MOTET_ON_SESSION("pre-session-unbind", keep, 0), {0}};
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        test_core_module(slow.core, slow.core->host, hooks);
        fill(&slow, QUEUE);
        motet_session_await_drained(slow.session, slow.module, note);

        test_session_lose(slow.session);
        test_core_advance(slow.core, G_TIME_SPAN_HOUR);

        g_assert_null(slow.session->conn);
        g_assert_nonnull(slow.session->full_jid);
        assert_called(&slow, "");
        g_assert_false(motet_session_await_drained(slow.session, slow.module, note));
}

/* Who passes the limit is ended: that is no moment to send more. */
static void
test_an_overfull_queue_calls_nobody(void)
{
        g_auto(Slow) slow = {0};
        slow_init(&slow);
        motet_session_await_drained(slow.session, slow.module, note);
        g_autofree char *text = g_strnfill(QUEUE + 1, ' ');

        g_assert_false(conn_send(slow.session->conn, text, QUEUE + 1));
        test_core_settle(slow.core);

        assert_called(&slow, "");
        g_assert_false(motet_session_is_connected(slow.session));
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/session_drain/" path, func)
        ADD("half-is-drained-and-one-byte-more-is-not",
            test_half_is_drained_and_one_byte_more_is_not);
        ADD("who-has-room-is-called-soon", test_who_has_room_is_called_soon);
        ADD("asking-twice-is-asking-once", test_asking_twice_is_asking_once);
        ADD("who-fills-it-goes-on-when-that-is-read", test_who_fills_it_goes_on_when_that_is_read);
        ADD("a-raised-limit-drains", test_a_raised_limit_drains);
        ADD("who-stops-is-not-called", test_who_stops_is_not_called);
        ADD("who-is-stopped-by-another-is-not-called",
            test_who_is_stopped_by_another_is_not_called);
        ADD("who-is-called-may-destroy", test_who_is_called_may_destroy);
        ADD("the-end-of-a-session-calls-nobody", test_the_end_of_a_session_calls_nobody);
        ADD("without-a-connection-nothing-drains", test_without_a_connection_nothing_drains);
        ADD("an-overfull-queue-calls-nobody", test_an_overfull_queue_calls_nobody);
#undef ADD
        return g_test_run();
}

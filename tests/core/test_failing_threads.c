/*
 * Worker threads that the system does not allow, each in turn: work is refused while there is none,
 * done by those there are otherwise, and what is missing is made with the next work.
 */
#include <motet/error.h>
#include <string.h>

#include "core/loop.h"
#include "core/process.h"
#include "support/failing/failing_calls.h"
#include "support/test_server.h"

typedef struct {
        GThread *core;
        unsigned n_worked, n_done;
} Work;

typedef struct {
        unsigned n_refused, n_attempts;
} Counts;

static void
work(void *data)
{
        Work *job = data;

        g_assert_true(g_thread_self() != job->core);
        g_atomic_int_inc(&job->n_worked);
}

static void
done(void *data)
{
        Work *job = data;

        g_assert_true(g_thread_self() == job->core);
        job->n_done++;
}

/* A loop of its own each time, whose pool has not begun. */
static void
try_to_offload(void *data)
{
        Counts *counts = data;
        Work job = {.core = g_thread_self()};
        g_autoptr(Loop) loop = loop_new(false);

        failing_calls_begin();
        bool is_taken = loop_offload(loop, work, done, &job);
        failing_calls_end();
        loop_settle(loop);
        g_assert_cmpuint(job.n_done, ==, is_taken);
        g_assert_cmpuint((unsigned)g_atomic_int_get(&job.n_worked), ==, is_taken);
        g_assert_cmpuint(loop_counters(loop)->offload_refused, ==, !is_taken);
        g_assert_cmpuint(loop_n_offloaded(loop), ==, 0);
        counts->n_refused += !is_taken;
        counts->n_attempts++;

        g_assert_true(loop_offload(loop, work, done, &job));
        loop_settle(loop);
        g_assert_cmpuint(job.n_done, ==, is_taken + 1);
}

/* R9: without the first thread the work is refused, and nothing is left of it; with fewer than
 * wanted it is done; the next work makes the thread that is missing. */
static void
test_each_thread_in_turn(void)
{
        g_autoptr(Loop) loop = loop_new(false);
        Counts counts = {0};

        unsigned n_failed = failing_calls_each(EAGAIN, "g_thread_try_new", try_to_offload, &counts);

        g_assert_cmpuint(n_failed, ==, loop_n_workers(loop));
        g_assert_cmpuint(counts.n_attempts, ==, n_failed + 1);
        g_assert_cmpuint(counts.n_refused, ==, 1);
}

static int
add_account(TestServer *server, char **output_out)
{
        static const char *const words[] = {"user", "add", "juliet@example.org", "capulet", NULL};

        return test_server_run_command(server, words, output_out);
}

static void
try_to_add_account(void *data)
{
        Counts *counts = data;
        g_autoptr(TestServer) server = test_server_new_yaml(
                "storage_memory:\nauth_internal: {options: {iterations: 4096}}\n");
        g_autofree char *told = NULL, *told_again = NULL;

        failing_calls_begin();
        int code = add_account(server, &told);
        bool has_failed = failing_calls_end();
        counts->n_attempts++;
        if (!has_failed) {
                g_assert_cmpint(code, ==, 0);
                return;
        }
        g_assert_cmpint(code, ==, 74);
        g_assert_nonnull(strstr(told, "too much work is queued: try again later"));
        counts->n_refused++;
        g_assert_cmpint(add_account(server, &told_again), ==, 0);
}

/* Who asks for what needs a worker is told to come again, and then it is done. */
static void
test_an_account_is_made_the_next_time(void)
{
        Counts counts = {0};

        failing_calls_each(EAGAIN, "g_thread_try_new", try_to_add_account, &counts);

        g_assert_cmpuint(counts.n_refused, ==, 1);
}

static void
try_to_begin(void *data)
{
        Counts *counts = data;
        g_autoptr(GError) error = NULL;

        failing_calls_begin();
        bool may_begin = process_can_make_threads(&error);
        failing_calls_end();
        counts->n_refused += !may_begin;
        g_assert_true(may_begin == (error == NULL));
        if (may_begin)
                return;
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(error->message, "no thread can be made: "));
        g_assert_nonnull(strstr(error->message, "raise TasksMax="));
}

/* A server that cannot have any is not started, and says what to raise. */
static void
test_no_thread_at_the_start_is_told(void)
{
        Counts counts = {0};

        g_assert_cmpuint(failing_calls_each(EAGAIN, "g_thread_try_new", try_to_begin, &counts), ==,
                         1);
        g_assert_cmpuint(counts.n_refused, ==, 1);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/failing-threads/each-worker-in-turn", test_each_thread_in_turn);
        g_test_add_func("/failing-threads/an-account-is-made-the-next-time",
                        test_an_account_is_made_the_next_time);
        g_test_add_func("/failing-threads/none-at-the-start-is-told",
                        test_no_thread_at_the_start_is_told);
        return g_test_run();
}

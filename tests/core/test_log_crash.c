/*
 * Last words of a process that ends by a signal (core/log_crash.h). What a whole server says, and
 * whom it blames, is in tests/scenarios/test_crash.
 */
#include "core/log_crash.h"

#include <string.h>
#include <unistd.h>

#include "core/loop_pool.h"

/* More than a process that is ended takes to be gone. */
#define TIME_TO_DIE (200 * G_TIME_SPAN_MILLISECOND)

static int is_speaking, is_crashing; /* atomic */

static void
wait_for(const int *flag)
{
        while (!g_atomic_int_get(flag))
                g_usleep(1000);
}

static void
say(const char *line)
{
        G_GNUC_UNUSED ssize_t n = write(STDERR_FILENO, line, strlen(line));
}

static void
say_slowly(const char *line)
{
        if (!g_atomic_int_get(&is_speaking)) {
                g_atomic_int_set(&is_speaking, 1);
                wait_for(&is_crashing);
                g_usleep(TIME_TO_DIE);
        }
        say(line);
}

static void *
crash_meanwhile(void *number)
{
        wait_for(&is_speaking);
        g_atomic_int_set(&is_crashing, 1);
        raise(GPOINTER_TO_INT(number));
        return NULL;
}

static void
crash_twice(int second)
{
        log_crash_catch(say_slowly);
        g_thread_unref(g_thread_new("second", crash_meanwhile, GINT_TO_POINTER(second)));
        raise(SIGABRT);
}

/* core/log_crash.h: what it was, and how it came there, is told whatever other threads do
 * meanwhile. */
static void
test_a_second_crash_lets_the_first_speak(void)
{
        if (g_test_subprocess()) {
                crash_twice(SIGABRT);
                return;
        }

        g_test_trap_subprocess(NULL, 0, 0);

        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*aborted*outside any module*#0 *");
}

static void
test_nor_does_one_by_another_signal_end_it(void)
{
        if (g_test_subprocess()) {
                crash_twice(SIGFPE);
                return;
        }

        g_test_trap_subprocess(NULL, 0, 0);

        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*aborted*outside any module*#0 *");
}

static void
fault_again(const char *line)
{
        say(line);
        raise(SIGSEGV);
}

/* signal-safety(7): a stack that was written over may be why; saying so must not go on for ever. */
static void
test_a_fault_while_speaking_ends_the_process(void)
{
        if (g_test_subprocess()) {
                log_crash_catch(fault_again);
                raise(SIGABRT);
                return;
        }

        g_test_trap_subprocess(NULL, G_USEC_PER_SEC * 120, 0);

        g_test_trap_assert_failed();
        g_assert_false(g_test_trap_reached_timeout());
        g_test_trap_assert_stderr("*aborted*outside any module*");
}

#define FRAME 4096

/* Ends by the guard behind the stack alone. */
static unsigned
use_up(volatile char *above)
{
        volatile char frame[FRAME];

        frame[0] = (char)(above[0] + 1);
        return frame[0] == above[0] ? 0 : use_up(frame) + (unsigned)frame[FRAME - 1];
}

static void
use_up_stack(void *unused)
{
        volatile char first = 0;

        (void)unused;
        use_up(&first);
}

static void
crash_on(LoopPool *pool)
{
        log_crash_catch(say);
        if (!pool)
                use_up_stack(NULL);
        g_assert_true(loop_pool_push(pool, use_up_stack, NULL, 1));
        loop_pool_free(pool);
}

static void
assert_stack_is_told(void)
{
        g_test_trap_subprocess(NULL, 0, 0);

        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*crashed: an invalid address (SIGSEGV)*#0 *#30 *");
}

/* sigaltstack(2): without a stack of its own the handler could not run, and the process would end
 * without a word. */
static void
test_a_stack_that_is_used_up_is_told(void)
{
        if (g_test_subprocess())
                crash_on(NULL);
        else
                assert_stack_is_told();
}

static void
test_and_on_a_worker(void)
{
        if (g_test_subprocess())
                crash_on(loop_pool_new(1));
        else
                assert_stack_is_told();
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/log_crash/a-second-crash-lets-the-first-speak",
                        test_a_second_crash_lets_the_first_speak);
        g_test_add_func("/log_crash/nor-does-one-by-another-signal-end-it",
                        test_nor_does_one_by_another_signal_end_it);
        g_test_add_func("/log_crash/a-fault-while-speaking-ends-the-process",
                        test_a_fault_while_speaking_ends_the_process);
        g_test_add_func("/log_crash/a-stack-that-is-used-up-is-told",
                        test_a_stack_that_is_used_up_is_told);
        g_test_add_func("/log_crash/and-on-a-worker", test_and_on_a_worker);
        return g_test_run();
}

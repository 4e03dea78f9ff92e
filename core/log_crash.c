/*
 * log_crash: last words of a process that ends by a signal of its own fault.
 *
 * Afterwards the signal takes the way it would have taken without us: to a sanitizer, or to the end.
 *
 * Source: signal-safety(7), sigaction(2).
 */
#include "core/log_crash.h"

#include <glib.h>
#include <signal.h>

#define STACK_SIZE (64 * 1024)

static const struct {
        int number;
        const char *what;
} crashes[] = {
        {SIGABRT, "aborted: a broken invariant, no memory left, or the watchdog (SIGABRT)"},
        {SIGSEGV, "crashed: an invalid address (SIGSEGV)"},
        {SIGBUS, "crashed: an invalid address (SIGBUS)"},
        {SIGFPE, "crashed: an illegal computation (SIGFPE)"},
        {SIGILL, "crashed: an illegal instruction (SIGILL)"},
};

/* Part of the log's sink. */
static struct {
        void (*last_words)(const char *what);
        struct sigaction before[G_N_ELEMENTS(crashes)];
        int is_dying;           /* atomic */
        char stack[STACK_SIZE]; /* that the handler runs on, in the thread that installed it */
} catcher;

static void
on_crash(int number, siginfo_t *info, void *context)
{
        (void)context;

        for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++) {
                if (crashes[i].number != number)
                        continue;
                sigaction(number, &catcher.before[i], NULL);
                if (g_atomic_int_compare_and_exchange(&catcher.is_dying, 0, 1))
                        catcher.last_words(crashes[i].what);
        }
        /* What the processor complains of happens again on return; what was sent does not. */
        if (info->si_code <= 0)
                raise(number);
}

/* The stack may be what there is no more of. A sanitizer has made one already. */
static void
make_stack(void)
{
        const stack_t stack = {.ss_sp = catcher.stack, .ss_size = sizeof catcher.stack};
        stack_t now;

        if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE))
                sigaltstack(&stack, NULL);
}

void
log_crash_catch(void (*last_words)(const char *what))
{
        struct sigaction action = {.sa_sigaction = on_crash,
                                   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

        catcher.last_words = last_words;
        sigemptyset(&action.sa_mask);
        make_stack();
        for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++)
                sigaction(crashes[i].number, &action, &catcher.before[i]);
}

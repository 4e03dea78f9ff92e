/*
 * at_end: in a build for gcov, what a process counted is written also when it ends by _exit() or by
 * a signal; the C library writes it in exit() only.
 *
 * The handlers are there before the server's own, which puts them back when it has told of a crash.
 */
#include <gcov.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What counts is not counted: who has become another user could not write it. */
#define UNCOUNTED __attribute__((no_profile_instrument_function))

/* Visible: GLib calls it where a test means a program to end. */
__attribute__((visibility("default"))) UNCOUNTED void
_exit(int code)
{
        __gcov_dump();
        for (;;)
                syscall(SYS_exit_group, code);
}

UNCOUNTED static void
on_signal(int number, siginfo_t *info, void *context)
{
        (void)context;
        __gcov_dump();
        signal(number, SIG_DFL);
        /* What the processor complains of happens again on return; what was sent does not. */
        if (info->si_code <= 0)
                raise(number);
}

__attribute__((constructor)) UNCOUNTED static void
catch_signals(void)
{
        static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
        const struct sigaction action = {.sa_sigaction = on_signal,
                                         .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
                sigaction(numbers[i], &action, NULL);
}

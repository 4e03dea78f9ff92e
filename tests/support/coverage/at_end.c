/*
 * at_end: in a build for gcov, what a process counted is written also when it ends by _exit() or by a
 * signal; the C library writes it in exit() only.
 *
 * The handlers are there before the server's own, which puts them back when it has told of a crash.
 */
#include <gcov.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

void
_exit(int code)
{
        __gcov_dump();
        for (;;)
                syscall(SYS_exit_group, code);
}

static void
on_signal(int number, siginfo_t *info, void *context)
{
        (void)context;
        __gcov_dump();
        signal(number, SIG_DFL);
        /* What the processor complains of happens again on return; what was sent does not. */
        if (info->si_code <= 0)
                raise(number);
}

__attribute__((constructor)) static void
catch_signals(void)
{
        static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
        const struct sigaction action = {.sa_sigaction = on_signal,
                                         .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
                sigaction(numbers[i], &action, NULL);
}

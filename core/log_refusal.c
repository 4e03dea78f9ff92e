/*
 * log_refusal: the handler of SIGSYS.
 *
 * Source: signal-safety(7), seccomp(2): the number is in si_syscall, what the call returns in the
 * register that the calling convention gives to it.
 */
#include "core/log_refusal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/activity.h"

#define BITS 64

/* Part of the log's sink. */
static struct {
        int fd;                                    /* atomic; -1: nobody is told */
        uint64_t told[LOG_REFUSAL_NUMBERS / BITS]; /* atomic; a bit for each number */
        uint64_t n;                                /* atomic; calls, of any number */
} refused = {.fd = -1};

static void
set_result(ucontext_t *context, long result)
{
#if defined(__x86_64__)
        context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
        context->uc_mcontext.regs[0] = (unsigned long long)result;
#else
#error "which register has the result of a call?"
#endif
}

static bool
is_first(int number)
{
        unsigned place = number >= 0 && number < LOG_REFUSAL_NUMBERS ? (unsigned)number
                                                                     : LOG_REFUSAL_NUMBERS - 1;
        uint64_t bit = UINT64_C(1) << (place % BITS);

        return !(__atomic_fetch_or(&refused.told[place / BITS], bit, __ATOMIC_RELAXED) & bit);
}

static void
put_word(char *word, const char *text)
{
        size_t n = text ? strnlen(text, LOG_REFUSAL_WORD - 1) : 0;

        if (n > 0)
                memcpy(word, text, n);
}

static void
tell(int number)
{
        const Activity at = activity_here;
        LogRefusal refusal = {.number = number};
        int fd = __atomic_load_n(&refused.fd, __ATOMIC_RELAXED);

        if (fd < 0 || !is_first(number))
                return;
        put_word(refusal.module, at.owner ? at.owner->module : NULL);
        put_word(refusal.what, at.owner ? at.what : NULL);
        /* What finds no room is not told: nobody reads it then. */
        G_GNUC_UNUSED ssize_t written = write(fd, &refusal, sizeof refusal);
}

static void
on_refused(int number, siginfo_t *info, void *context)
{
        int code = errno;

        (void)number;
        __atomic_fetch_add(&refused.n, 1, __ATOMIC_RELAXED);
        tell(info->si_syscall);
        set_result(context, -EPERM);
        errno = code;
}

void
log_refusal_deny(int fd)
{
        struct sigaction action = {.sa_sigaction = on_refused,
                                   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART};

        __atomic_store_n(&refused.fd, fd, __ATOMIC_RELAXED);
        sigemptyset(&action.sa_mask);
        sigaction(SIGSYS, &action, NULL);
}

uint64_t
log_refusal_count(void)
{
        return __atomic_load_n(&refused.n, __ATOMIC_RELAXED);
}

/*
 * log_crash: last words of a process that ends by a signal of its own fault.
 *
 * Afterwards the signal takes the way it would have taken without us: to a sanitizer, or to the
 * end.
 *
 * Source: signal-safety(7), sigaction(2), backtrace(3): what loads a library is done before it is
 * needed.
 */
#include "core/log_crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/activity.h"

#define STACK_SIZE (64 * 1024)
#define MAX_FRAMES 40
#define TEXT_SIZE 512
#define SPEECH_SECONDS 5 /* that one thread's last words have before another one ends the process */

struct LogCrashStack {
        char bytes[STACK_SIZE];
};

static const struct {
        int number;
        const char *what;
} crashes[] = {
        {SIGABRT, "aborted: a broken invariant, no memory left, or the watchdog (SIGABRT)"},
        {SIGSEGV, "crashed: an invalid address (SIGSEGV)"},
        {SIGBUS, "crashed: an invalid address (SIGBUS)"},
        {SIGFPE, "crashed: an illegal computation (SIGFPE)"},
        {SIGILL, "crashed: an illegal instruction (SIGILL)"},
        {SIGSYS, "crashed: a call that the kernel refuses to it (SIGSYS)"},
};

/* Part of the log's sink. */
static struct {
        void (*last_words)(const char *line);
        struct sigaction before[G_N_ELEMENTS(crashes)];
        int blame_fd;        /* atomic; -1: none */
        pid_t speaker;       /* atomic; the thread whose last words these are; 0: none yet */
        LogCrashStack stack; /* that the handler runs on, in the thread that installed it */
} catcher = {.blame_fd = -1};

/* Text without the C library's, which may allocate. What finds no room is cut. */
typedef struct {
        size_t n;
        char text[TEXT_SIZE];
} Words;

static void
add(Words *words, const char *text)
{
        size_t n = MIN(strlen(text), sizeof words->text - 1 - words->n);

        memcpy(words->text + words->n, text, n);
        words->n += n;
        words->text[words->n] = '\0';
}

static void
add_number(Words *words, uint64_t number, unsigned base)
{
        char digits[24];
        size_t at = sizeof digits;

        digits[--at] = '\0';
        do {
                digits[--at] = "0123456789abcdef"[number % base];
                number /= base;
        } while (number > 0);
        add(words, digits + at);
}

static void
tell_what(const char *what, const siginfo_t *info, const Activity *at)
{
        Words words = {0};

        if (at->blocked_ms > 0) {
                add(&words, "aborted: nobody was served for ");
                add_number(&words, at->blocked_ms / 1000, 10);
                add(&words, " s, which is limits.blocked_timeout (SIGABRT)");
        } else {
                add(&words, what);
        }
        if (info->si_signo == SIGSYS) {
                add(&words, ", number ");
                add_number(&words, (uint64_t)(unsigned)info->si_syscall, 10);
        }
        add(&words, at->owner ? ", in module " : ", outside any module");
        if (at->owner) {
                add(&words, at->owner->module);
                add(&words, at->owner->host ? " on " : "");
                add(&words, at->owner->host ? at->owner->host : "");
                add(&words, ", at ");
                add(&words, at->what ? at->what : "code");
        }
        catcher.last_words(words.text);
}

static const char *
or_dash(const char *text)
{
        return text && *text ? text : "-";
}

static void
blame(const Activity *at)
{
        int fd = __atomic_load_n(&catcher.blame_fd, __ATOMIC_RELAXED);
        struct timespec now;
        struct stat file;
        Words words = {0};

        if (!at->owner || fd < 0 || fstat(fd, &file) < 0 || file.st_size > LOG_CRASH_BLAMES_MAX)
                return;
        clock_gettime(CLOCK_REALTIME, &now);
        add_number(&words, (uint64_t)MAX(now.tv_sec, 0), 10);
        const char *const fields[] = {at->owner->module, at->owner->host, at->owner->file,
                                      at->what};
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                add(&words, " ");
                add(&words, or_dash(fields[i]));
        }
        words.n = MIN(words.n, sizeof words.text - 2);
        add(&words, "\n");
        /* What cannot be written has no other place to go to. */
        G_GNUC_UNUSED ssize_t written = write(fd, words.text, words.n);
}

static void
tell_frame(unsigned number, void *address)
{
        Words words = {0};
        Dl_info place;

        add(&words, "  #");
        add_number(&words, number, 10);
        add(&words, " ");
        if (dladdr(address, &place) && place.dli_fname) {
                const char *slash = strrchr(place.dli_fname, '/');
                add(&words, slash ? slash + 1 : place.dli_fname);
                add(&words, "(");
                add(&words, place.dli_sname ? place.dli_sname : "");
                add(&words, "+0x");
                add_number(&words,
                           (uintptr_t)address -
                                   (uintptr_t)(place.dli_sname ? place.dli_saddr : place.dli_fbase),
                           16);
                add(&words, ")");
        }
        add(&words, " [0x");
        add_number(&words, (uintptr_t)address, 16);
        add(&words, "]");
        catcher.last_words(words.text);
}

/* The last thing that is told: a stack that was written over may end it. Inlined, as speak(): which
 * frames are ours must not depend on the compiler. */
static G_ALWAYS_INLINE inline void
tell_how(void)
{
        void *frames[MAX_FRAMES];
        int n = backtrace(frames, MAX_FRAMES);

        /* Without ourselves. */
        for (int i = 2; i < n; i++)
                tell_frame((unsigned)(i - 2), frames[i]);
}

/* Who is asked to abort by somebody else while all goes well is not to blame. */
static bool
is_own_fault(const siginfo_t *info, const Activity *at)
{
        bool is_sent = info->si_code == SI_USER && info->si_pid != getpid();

        return !is_sent || at->slow == at->serial + 1;
}

static G_ALWAYS_INLINE inline void
speak(int number, const siginfo_t *info)
{
        Activity at;

        /* Who watches may write meanwhile. What was being changed is told as far as it is. */
        activity_read(&activity_here, &at);
        for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++) {
                if (crashes[i].number == number)
                        tell_what(crashes[i].what, info, &at);
        }
        if (is_own_fault(info, &at))
                blame(&at);
        tell_how();
}

static void
let_speak(void)
{
        struct timespec left = {.tv_sec = SPEECH_SECONDS};

        while (nanosleep(&left, &left) < 0 && errno == EINTR)
                ;
}

static void
restore(int number)
{
        for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++) {
                if (crashes[i].number == number)
                        sigaction(number, &catcher.before[i], NULL);
        }
}

/* Until all is said the handler stays, so that a second thread that crashes comes here and
 * waits. */
static void
on_crash(int number, siginfo_t *info, void *context)
{
        const pid_t self = gettid();
        pid_t speaker = 0;

        (void)context;
        if (__atomic_compare_exchange_n(&catcher.speaker, &speaker, self, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
                speak(number, info);
        else if (speaker != self)
                let_speak();
        restore(number);
        /* What the processor complains of happens again on return; what was sent does not, nor does
         * a call. */
        if (info->si_code <= 0 || number == SIGSYS)
                raise(number);
}

/* The stack may be what there is no more of. A sanitizer has made one already. */
static bool
has_stack(void)
{
        stack_t now;

        return sigaltstack(NULL, &now) < 0 || !(now.ss_flags & SS_DISABLE);
}

static void
use_stack(LogCrashStack *stack)
{
        sigaltstack(&(stack_t){.ss_sp = stack->bytes, .ss_size = sizeof stack->bytes}, NULL);
}

/* Not cleared: pages that nobody touches cost nothing. */
LogCrashStack *
log_crash_stack_new(void)
{
        if (has_stack())
                return NULL;
        LogCrashStack *stack = g_malloc(sizeof *stack);
        use_stack(stack);
        return stack;
}

void
log_crash_stack_free(LogCrashStack *stack)
{
        if (!stack)
                return;
        sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
        g_free(stack);
}

void
log_crash_catch(void (*last_words)(const char *line))
{
        struct sigaction action = {.sa_sigaction = on_crash,
                                   .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
        void *frame;

        /* The first call loads the library that knows how to unwind. */
        backtrace(&frame, 1);
        catcher.last_words = last_words;
        sigemptyset(&action.sa_mask);
        if (!has_stack())
                use_stack(&catcher.stack);
        for (size_t i = 0; i < G_N_ELEMENTS(crashes); i++)
                sigaction(crashes[i].number, &action, &catcher.before[i]);
}

void
log_crash_blame_to(int fd)
{
        __atomic_store_n(&catcher.blame_fd, fd, __ATOMIC_RELAXED);
}

void
log_crash_fill_but_faults(sigset_t *set)
{
        static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};

        sigfillset(set);
        for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
                sigdelset(set, faults[i]);
}

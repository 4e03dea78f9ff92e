/*
 * Tests of core/confine_calls.h and core/log_refusal.h. What is given up does not come back, so
 * each is in a process of its own.
 *
 * Source: SECURITY-DEFAULTS R29.
 */
#include "core/confine_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/confine_list.h"
#include "core/log_refusal.h"

enum { GOOD = 42, X32 = 0x40000000 };

/* The program, step by step */

#if defined(__x86_64__)
#define HERE AUDIT_ARCH_X86_64
#else
#define HERE AUDIT_ARCH_AARCH64
#endif

/* Returns: the verdict */
static uint32_t
judge(const GArray *code, const struct seccomp_data *asked)
{
        uint32_t a = 0;

        for (guint at = 0; at < code->len; at++) {
                const struct sock_filter *step = &g_array_index(code, struct sock_filter, at);
                bool is_true = false;
                switch (step->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        g_assert_cmpuint(step->k, <=, sizeof *asked - sizeof a);
                        memcpy(&a, (const char *)asked + step->k, sizeof a);
                        continue;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= step->k;
                        continue;
                case BPF_JMP | BPF_JA:
                        at += step->k;
                        continue;
                case BPF_RET | BPF_K:
                        return step->k;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        is_true = a == step->k;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        is_true = a >= step->k;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        is_true = a > step->k;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        is_true = (a & step->k) != 0;
                        break;
                default:
                        g_error("an unknown step: %x", step->code);
                }
                at += is_true ? step->jt : step->jf;
        }
        g_error("the program has no end");
}

static uint32_t
judge_call(const GArray *code, uint32_t architecture, unsigned number)
{
        const struct seccomp_data asked = {.nr = (int)number, .arch = architecture};

        return judge(code, &asked);
}

static const ConfineCall *
find_row(unsigned number)
{
        size_t n;
        const ConfineCall *list = confine_list(&n);

        for (size_t i = 0; i < n; i++) {
                if (list[i].number == number)
                        return &list[i];
        }
        return NULL;
}

/* R29: what is on the list is allowed, and nothing else, whatever its number. */
static void
test_each_number_gets_what_its_row_says(void)
{
        const ConfineCalls calls = {0};
        g_autoptr(GArray) code = confine_calls_program(&calls);

        for (unsigned number = 0; number <= CONFINE_NEWEST + 100; number++) {
                const ConfineCall *row = find_row(number);
                uint32_t verdict = judge_call(code, HERE, number);
                if (number > CONFINE_NEWEST || (row && row->rule == CONFINE_ABSENT))
                        g_assert_cmphex(verdict, ==, SECCOMP_RET_ERRNO | ENOSYS);
                else if (!row || row->rule == CONFINE_REFUSE || row->rule == CONFINE_PROGRAM)
                        g_assert_cmphex(verdict, ==, SECCOMP_RET_TRAP);
                else if (row->rule == CONFINE_ALLOW)
                        g_assert_cmphex(verdict, ==, SECCOMP_RET_ALLOW);
        }
        g_assert_cmpuint(code->len, <, BPF_MAXINSNS);
}

/* The same numbers mean other calls elsewhere: i386 and x32 are ways around a list. */
static void
test_other_architectures_are_refused(void)
{
        const ConfineCalls calls = {0};
        g_autoptr(GArray) code = confine_calls_program(&calls);

        g_assert_cmphex(judge_call(code, AUDIT_ARCH_I386, SYS_read), ==, SECCOMP_RET_KILL_PROCESS);
        g_assert_cmphex(judge_call(code, AUDIT_ARCH_ARM, SYS_read), ==, SECCOMP_RET_KILL_PROCESS);
        g_assert_cmphex(judge_call(code, HERE, X32 | SYS_read), ==, SECCOMP_RET_ERRNO | ENOSYS);
        g_assert_cmphex(judge_call(code, HERE, UINT32_MAX), ==, SECCOMP_RET_ERRNO | ENOSYS);
}

static void
test_the_list_has_each_number_once(void)
{
        size_t n;
        const ConfineCall *list = confine_list(&n);

        for (size_t i = 0; i < n; i++) {
                g_assert_true(find_row(list[i].number) == &list[i]);
                g_assert_cmpuint(list[i].number, <=, CONFINE_NEWEST);
        }
        g_assert_cmpstr(confine_list_name(SYS_execve), ==, "execve");
        g_assert_null(confine_list_name(CONFINE_NEWEST + 1));
}

/* Children */

/* Runs @body confined; what is refused fails with EPERM. Returns: what it returns, or -signal */
static int
run_confined(const ConfineCalls *calls, int told, int (*body)(void))
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                log_refusal_deny(told);
                if (!confine_calls_enforce(calls, NULL))
                        _exit(1);
                _exit(body());
        }
        g_assert_cmpint(pid, >, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int
good_if(bool is_good)
{
        return is_good ? GOOD : 2;
}

static bool
is_refused(long result)
{
        return result == -1 && errno == EPERM;
}

static int
execute(void)
{
        char *const argv[] = {(char *)"/bin/true", NULL};

        return good_if(is_refused(execve(argv[0], argv, argv + 1)));
}

static int
execute_by_descriptor(void)
{
        char *const argv[] = {(char *)"/bin/true", NULL};
        int fd = open(argv[0], O_PATH | O_CLOEXEC);

        return good_if(fd >= 0 &&
                       is_refused(syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH)));
}

static int
open_sockets(void)
{
        bool is_good = is_refused(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) &&
                       is_refused(socket(38 /* AF_ALG */, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) &&
                       is_refused(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0)) &&
                       is_refused(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));

        return good_if(is_good && socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 &&
                       socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 &&
                       socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 &&
                       socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) >= 0);
}

static int
reach_others(void)
{
        return good_if(is_refused(kill(getppid(), 0)) && is_refused(kill(-1, 0)) &&
                       kill(getpid(), 0) == 0 &&
                       is_refused(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0)) &&
                       is_refused(syscall(SYS_tgkill, getppid(), getppid(), 0)));
}

static int
trace(void)
{
        return good_if(is_refused(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)));
}

static int
leave_the_namespace(void)
{
        return good_if(is_refused(unshare(CLONE_NEWUSER)) &&
                       is_refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)) &&
                       is_refused(chroot("/")) && is_refused(syscall(SYS_bpf, 0, NULL, 0)) &&
                       is_refused(syscall(SYS_setuid, 0)));
}

/* The unit's MemoryDenyWriteExecute. */
static int
make_code(void)
{
        const int private = MAP_PRIVATE | MAP_ANONYMOUS;
        void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, private, -1, 0);
        bool is_good = both == MAP_FAILED && errno == EPERM;
        void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, private, -1, 0);

        return good_if(is_good && data != MAP_FAILED &&
                       is_refused(mprotect(data, 4096, PROT_READ | PROT_EXEC)) &&
                       mprotect(data, 4096, PROT_READ) == 0);
}

static int
set_what_is_asked_for(void)
{
        struct rlimit limit;
        char *input = (char *)"x";

        return good_if(getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
                       is_refused(setrlimit(RLIMIT_NOFILE, &limit)) &&
                       is_refused(prctl(PR_SET_SECUREBITS, 0)) && prctl(PR_SET_NAME, "name") == 0 &&
                       is_refused(ioctl(STDIN_FILENO, TIOCSTI, input)));
}

/* R29: each is refused, and what stands beside it in the same test is not. */
static void
test_what_is_not_on_the_list_is_refused(void)
{
        static int (*const tries[])(void) = {
                execute,   execute_by_descriptor, open_sockets,          reach_others,
                make_code, leave_the_namespace,   set_what_is_asked_for,
        };
        const ConfineCalls calls = {0};

        for (size_t i = 0; i < G_N_ELEMENTS(tries); i++)
                g_assert_cmpint(run_confined(&calls, -1, tries[i]), ==, GOOD);
        /* A search for leaks traces its own process. */
        if (!confine_list_is_for_sanitizer())
                g_assert_cmpint(run_confined(&calls, -1, trace), ==, GOOD);
}

static void *
return_good(void *data)
{
        return data;
}

static bool
runs_thread(void)
{
        pthread_t thread;
        void *result = NULL;

        return pthread_create(&thread, NULL, return_good, &result) == 0 &&
               pthread_join(thread, &result) == 0 && result == &result;
}

static bool
finds_names(void)
{
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
        struct addrinfo *found = NULL;

        if (getaddrinfo("localhost", "5222", &hints, &found) != 0)
                return false;
        freeaddrinfo(found);
        return true;
}

/* What the server and its libraries do while it runs: threads, names, and code that is loaded. */
static int
work(void)
{
        void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);

        return good_if(runs_thread() && finds_names() && library && dlclose(library) == 0 &&
                       memfd_create("x", MFD_CLOEXEC) >= 0 && raise(SIGURG) == 0);
}

static void
test_what_the_server_does_goes_on(void)
{
        const ConfineCalls calls = {0};

        g_assert_cmpint(run_confined(&calls, -1, work), ==, GOOD);
}

static int
open_alg(void)
{
        int fd = socket(38 /* AF_ALG */, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        return good_if((fd >= 0 || errno != EPERM) &&
                       is_refused(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)));
}

/* A module that says so gets its family, and no other. */
static void
test_families_that_are_needed_are_allowed(void)
{
        const ConfineCalls calls = {.n_families = 1, .families = {38}};

        g_assert_cmpint(run_confined(&calls, -1, open_alg), ==, GOOD);
}

static int
start_program(void)
{
        char *const argv[] = {(char *)"/bin/true", NULL};
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
                execve(argv[0], argv, argv + 1);
                _exit(1);
        }
        return good_if(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 &&
                       is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)) !=
                               confine_list_is_for_sanitizer() &&
                       is_refused(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) &&
                       is_refused(unshare(CLONE_NEWUSER)));
}

/* R28: "no exec but where a module declares it". The program has no handler, and lives all the
 * same. */
static void
test_programs_run_where_a_module_declares_it(void)
{
        const ConfineCalls calls = {.programs = true};

        g_assert_cmpint(run_confined(&calls, -1, start_program), ==, GOOD);
}

static int
be_refused_often(void)
{
        for (int i = 0; i < 1000; i++) {
                if (!is_refused(syscall(SYS_reboot, 0)))
                        return 2;
        }
        return good_if(is_refused(unshare(CLONE_NEWNET)) && log_refusal_count() == 1001);
}

/* R29, "logged and denied in production": each call is told once, and counted each time. */
static void
test_refused_calls_are_told_once(void)
{
        const ConfineCalls calls = {0};
        LogRefusal told[4];
        int ends[2];

        g_assert_cmpint(pipe2(ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
        g_assert_cmpint(run_confined(&calls, ends[1], be_refused_often), ==, GOOD);

        g_assert_cmpint(read(ends[0], told, sizeof told), ==, 2 * sizeof *told);
        g_assert_cmpint(told[0].number, ==, SYS_reboot);
        g_assert_cmpint(told[1].number, ==, SYS_unshare);
        g_assert_cmpstr(told[0].module, ==, "");
        close(ends[0]);
        close(ends[1]);
}

static void *
try_in_thread(void *data)
{
        return is_refused(unshare(CLONE_NEWNET)) ? data : NULL;
}

/* "a broken promise is fatal in tests": without the handler the signal ends the process. */
static void
test_without_a_handler_a_refused_call_is_the_end(void)
{
        const ConfineCalls calls = {0};
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                signal(SIGSYS, SIG_DFL);
                if (confine_calls_enforce(&calls, NULL))
                        unshare(CLONE_NEWNET);
                _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static pthread_barrier_t confined;

static void *
wait_and_try(void *data)
{
        pthread_barrier_wait(&confined);
        return try_in_thread(data);
}

/* TSYNC: threads that are there already are confined, too. */
static void
test_all_threads_are_confined(void)
{
        const ConfineCalls calls = {0};
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                pthread_t thread;
                void *result = NULL;
                pthread_barrier_init(&confined, NULL, 2);
                if (pthread_create(&thread, NULL, wait_and_try, &confined) != 0)
                        _exit(3);
                log_refusal_deny(-1);
                if (!confine_calls_enforce(&calls, NULL))
                        _exit(1);
                pthread_barrier_wait(&confined);
                pthread_join(thread, &result);
                _exit(good_if(result == &confined));
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, GOOD);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/confine-calls/each-number-gets-what-its-row-says",
                        test_each_number_gets_what_its_row_says);
        g_test_add_func("/confine-calls/other-architectures-are-refused",
                        test_other_architectures_are_refused);
        g_test_add_func("/confine-calls/the-list-has-each-number-once",
                        test_the_list_has_each_number_once);
        g_test_add_func("/confine-calls/what-is-not-on-the-list-is-refused",
                        test_what_is_not_on_the_list_is_refused);
        g_test_add_func("/confine-calls/what-the-server-does-goes-on",
                        test_what_the_server_does_goes_on);
        g_test_add_func("/confine-calls/families-that-are-needed-are-allowed",
                        test_families_that_are_needed_are_allowed);
        g_test_add_func("/confine-calls/programs-run-where-a-module-declares-it",
                        test_programs_run_where_a_module_declares_it);
        g_test_add_func("/confine-calls/refused-calls-are-told-once",
                        test_refused_calls_are_told_once);
        g_test_add_func("/confine-calls/without-a-handler-a-refused-call-is-the-end",
                        test_without_a_handler_a_refused_call_is_the_end);
        g_test_add_func("/confine-calls/all-threads-are-confined", test_all_threads_are_confined);
        return g_test_run();
}

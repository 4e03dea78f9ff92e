/*
 * confine_calls: the list as a program for seccomp.
 *
 * Numbers are looked for by halves, as most kernels remember which calls are allowed whatever their
 * arguments (since 5.11), and others take seven comparisons.
 */
#include "core/confine_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <motet/error.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/confine_list.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define NEW_NAMESPACES                                                                             \
        (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
         CLONE_NEWPID | CLONE_NEWNET)
/* Of the 64 bits of an argument; the kernel takes those that are looked at from these. */
#define LOW(argument_) (offsetof(struct seccomp_data, args) + 8 * (argument_))
#define HIGH(argument_) (LOW(argument_) + 4)

typedef struct {
        GArray *code; /* of struct sock_filter */
        const ConfineCalls *calls;
        ConfineRule rules[CONFINE_NEWEST + 1];
        unsigned starts[CONFINE_NEWEST +
                        1]; /* where a rule begins that is not that of the call before */
        unsigned n_starts;
} Writer;

static void
put(Writer *writer, uint16_t code, uint32_t k, unsigned if_true, unsigned if_false)
{
        g_assert(if_true <= UINT8_MAX && if_false <= UINT8_MAX);
        const struct sock_filter step = {code, (uint8_t)if_true, (uint8_t)if_false, k};

        g_array_append_val(writer->code, step);
}

static void
give(Writer *writer, uint32_t verdict)
{
        put(writer, BPF_RET | BPF_K, verdict, 0, 0);
}

static void
refuse(Writer *writer)
{
        give(writer,
             writer->calls->programs ? SECCOMP_RET_ERRNO | EPERM : (uint32_t)SECCOMP_RET_TRAP);
}

static void
load(Writer *writer, size_t offset)
{
        put(writer, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Is what was loaded @value, the call is allowed; otherwise it goes on. */
static void
allow_if(Writer *writer, uint32_t value)
{
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
        give(writer, SECCOMP_RET_ALLOW);
}

static void
refuse_if_any(Writer *writer, uint32_t bits)
{
        put(writer, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
        refuse(writer);
}

/* Rules that look at arguments. Each ends every way there is. */

static void
write_socket(Writer *writer)
{
        load(writer, LOW(0));
        allow_if(writer, AF_UNIX);
        allow_if(writer, AF_INET);
        allow_if(writer, AF_INET6);
        for (unsigned i = 0; i < writer->calls->n_families; i++)
                allow_if(writer, writer->calls->families[i]);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0);
        refuse(writer);
        /* Which addresses the machine has is asked there (getaddrinfo(3)), and nothing else. */
        load(writer, LOW(2));
        allow_if(writer, NETLINK_ROUTE);
        refuse(writer);
}

static void
write_clone(Writer *writer)
{
        load(writer, LOW(0));
        refuse_if_any(writer, NEW_NAMESPACES);
        /* A search for leaks looks at the process from another one. */
        if (!writer->calls->programs && !confine_list_is_for_sanitizer()) {
                put(writer, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
                refuse(writer);
        }
        give(writer, SECCOMP_RET_ALLOW);
}

static void
write_words(Writer *writer, unsigned argument, const uint32_t *words)
{
        load(writer, LOW(argument));
        for (; *words; words++)
                allow_if(writer, *words);
        refuse(writer);
}

static void
write_signal(Writer *writer)
{
        if (writer->calls->programs) {
                give(writer, SECCOMP_RET_ALLOW);
                return;
        }
        load(writer, LOW(0));
        allow_if(writer, (uint32_t)getpid());
        refuse(writer);
}

static void
write_map(Writer *writer)
{
        load(writer, LOW(2));
        put(writer, BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC, 0, 0);
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1);
        refuse(writer);
        give(writer, SECCOMP_RET_ALLOW);
}

static void
write_protect(Writer *writer)
{
        load(writer, LOW(2));
        refuse_if_any(writer, PROT_EXEC);
        give(writer, SECCOMP_RET_ALLOW);
}

/* Of this process, without a new limit: both halves of the pointer are 0. */
static void
write_limit(Writer *writer)
{
        load(writer, LOW(2));
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
        refuse(writer);
        load(writer, HIGH(2));
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
        refuse(writer);
        load(writer, LOW(0));
        allow_if(writer, 0);
        allow_if(writer, (uint32_t)getpid());
        refuse(writer);
}

static void
allow_or_refuse(Writer *writer, bool is_allowed)
{
        if (is_allowed)
                give(writer, SECCOMP_RET_ALLOW);
        else
                refuse(writer);
}

static void
write_rule(Writer *writer, ConfineRule rule)
{
        switch (rule) {
        case CONFINE_REFUSE:
        case CONFINE_ALLOW:
                allow_or_refuse(writer, rule == CONFINE_ALLOW);
                return;
        case CONFINE_ABSENT:
                give(writer, SECCOMP_RET_ERRNO | ENOSYS);
                return;
        case CONFINE_PROGRAM:
                allow_or_refuse(writer, writer->calls->programs);
                return;
        case CONFINE_SANITIZER:
                allow_or_refuse(writer, confine_list_is_for_sanitizer());
                return;
        case CONFINE_SOCKET:
                write_socket(writer);
                return;
        case CONFINE_CLONE:
                write_clone(writer);
                return;
        case CONFINE_PRCTL:
                write_words(writer, 0, confine_prctls);
                return;
        case CONFINE_IOCTL:
                write_words(writer, 1, confine_ioctls);
                return;
        case CONFINE_SIGNAL:
                write_signal(writer);
                return;
        case CONFINE_MAP:
                write_map(writer);
                return;
        case CONFINE_PROTECT:
                write_protect(writer);
                return;
        case CONFINE_LIMIT:
                write_limit(writer);
                return;
        }
        g_assert_not_reached();
}

/* The rules of starts[first] up to, and without, starts[end], for a number that is among them. */
static void
write_search(Writer *writer, unsigned first, unsigned end)
{
        if (end - first == 1) {
                write_rule(writer, writer->rules[writer->starts[first]]);
                return;
        }
        unsigned middle = first + (end - first) / 2;
        guint at = writer->code->len;

        put(writer, BPF_JMP | BPF_JGE | BPF_K, writer->starts[middle], 1, 0);
        put(writer, BPF_JMP | BPF_JA, 0, 0, 0);
        write_search(writer, middle, end);
        /* The other half may be farther than a condition can jump. */
        g_array_index(writer->code, struct sock_filter, at + 1).k = writer->code->len - (at + 2);
        write_search(writer, first, middle);
}

static void
find_rules(Writer *writer)
{
        size_t n;
        const ConfineCall *list = confine_list(&n);

        for (size_t i = 0; i < n; i++)
                writer->rules[list[i].number] = list[i].rule;
        for (unsigned i = 0; i <= CONFINE_NEWEST; i++) {
                if (i == 0 || writer->rules[i] != writer->rules[i - 1])
                        writer->starts[writer->n_starts++] = i;
        }
}

GArray *
confine_calls_program(const ConfineCalls *calls)
{
        g_autofree Writer *writer = g_new0(Writer, 1);

        writer->code = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));
        writer->calls = calls;
        find_rules(writer);
        load(writer, offsetof(struct seccomp_data, arch));
        put(writer, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
        give(writer, SECCOMP_RET_KILL_PROCESS);
        load(writer, offsetof(struct seccomp_data, nr));
        /* x32 has its calls beyond, as have later kernels. */
        put(writer, BPF_JMP | BPF_JGT | BPF_K, CONFINE_NEWEST, 0, 1);
        give(writer, SECCOMP_RET_ERRNO | ENOSYS);
        write_search(writer, 0, writer->n_starts);
        return writer->code;
}

bool
confine_calls_enforce(const ConfineCalls *calls, GError **error)
{
        g_autoptr(GArray) code = confine_calls_program(calls);
        const struct sock_fprog program = {(unsigned short)code->len,
                                           (struct sock_filter *)code->data};
        /* What one thread learns from how another's code was guessed is the same process's: the
           slower code that seccomp would bring with it (Spectre 4) protects nothing here. */
        const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
                long failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
                if (failed == 0)
                        return true;
                if (failed > 0)
                        errno = EBUSY; /* that thread has a list of its own */
        }
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "seccomp: %s", g_strerror(errno));
        return false;
}

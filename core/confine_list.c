/*
 * confine_list: the calls of the kernel, by what they are for. What has no row is refused.
 */
#include "core/confine_list.h"

#include <asm/ioctls.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <sys/syscall.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FOR_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
        __has_feature(memory_sanitizer)
#define FOR_SANITIZER true
#endif
#endif
#ifndef FOR_SANITIZER
#define FOR_SANITIZER false
#endif

/* From 424 on a call has one number everywhere; the headers of the build may be older than the C
 * library that the server runs with. */
enum {
        CALL_pidfd_open = 434,
        CALL_clone3 = 435,
        CALL_close_range = 436,
        CALL_openat2 = 437,
        CALL_faccessat2 = 439,
        CALL_epoll_pwait2 = 441,
        CALL_futex_waitv = 449,
        CALL_cachestat = 451,
        CALL_fchmodat2 = 452,
        CALL_map_shadow_stack = 453,
        CALL_futex_wake = 454,
        CALL_futex_wait = 455,
        CALL_futex_requeue = 456,
        CALL_mseal = 462,
};

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* names of memory, which later C libraries give */
#endif
#define TERMIOS2_GET 0x802c542a /* TCGETS2, which the header cannot say by itself */

#define ROW(name_, rule_)                                                                          \
        {                                                                                          \
                SYS_##name_, CONFINE_##rule_, #name_                                               \
        }
#define NEW(name_, rule_)                                                                          \
        {                                                                                          \
                CALL_##name_, CONFINE_##rule_, #name_                                              \
        }

const uint32_t confine_prctls[] = {
        PR_SET_NAME,
        PR_GET_NAME,
        PR_GET_DUMPABLE,
        PR_GET_SECCOMP,
        PR_GET_NO_NEW_PRIVS,
        PR_SET_VMA,
#if FOR_SANITIZER
        PR_SET_DUMPABLE,
        PR_SET_PTRACER,
        PR_SET_PDEATHSIG,
#endif
        0,
};

/* How large a terminal is and what waits in a socket; nothing that pushes input or configures. */
const uint32_t confine_ioctls[] = {
        TCGETS,  TERMIOS2_GET, TIOCGWINSZ,   FIONREAD,    FIONBIO,
        FIOCLEX, FIONCLEX,     SIOCGIFINDEX, SIOCGIFNAME, 0,
};

static const ConfineCall rows[] = {
        /* Bytes in and out: what a message costs. */
        ROW(read, ALLOW),
        ROW(write, ALLOW),
        ROW(readv, ALLOW),
        ROW(writev, ALLOW),
        ROW(pread64, ALLOW),
        ROW(pwrite64, ALLOW),
        ROW(preadv, ALLOW),
        ROW(pwritev, ALLOW),
        ROW(preadv2, ALLOW),
        ROW(pwritev2, ALLOW),
        ROW(sendto, ALLOW),
        ROW(sendmsg, ALLOW),
        ROW(sendmmsg, ALLOW),
        ROW(recvfrom, ALLOW),
        ROW(recvmsg, ALLOW),
        ROW(recvmmsg, ALLOW),
        ROW(sendfile, ALLOW),
        ROW(splice, ALLOW),
        ROW(copy_file_range, ALLOW),
        ROW(lseek, ALLOW),
        ROW(close, ALLOW),
        NEW(close_range, ALLOW),

        /* Waiting. */
        ROW(epoll_create1, ALLOW),
        ROW(epoll_ctl, ALLOW),
        ROW(epoll_pwait, ALLOW),
        NEW(epoll_pwait2, ALLOW),
        ROW(ppoll, ALLOW),
        ROW(pselect6, ALLOW),
        ROW(eventfd2, ALLOW),
        ROW(timerfd_create, ALLOW),
        ROW(timerfd_settime, ALLOW),
        ROW(timerfd_gettime, ALLOW),
        ROW(signalfd4, ALLOW),
        ROW(inotify_init1, ALLOW),
        ROW(inotify_add_watch, ALLOW),
        ROW(inotify_rm_watch, ALLOW),
        ROW(pipe2, ALLOW),
        ROW(futex, ALLOW),
        NEW(futex_waitv, ALLOW),
        NEW(futex_wake, ALLOW),
        NEW(futex_wait, ALLOW),
        NEW(futex_requeue, ALLOW),

        /* Sockets. Asking for a name opens one of NETLINK. */
        ROW(socket, SOCKET),
        ROW(socketpair, SOCKET),
        ROW(bind, ALLOW),
        ROW(listen, ALLOW),
        ROW(accept, ALLOW),
        ROW(accept4, ALLOW),
        ROW(connect, ALLOW),
        ROW(shutdown, ALLOW),
        ROW(getsockname, ALLOW),
        ROW(getpeername, ALLOW),
        ROW(getsockopt, ALLOW),
        ROW(setsockopt, ALLOW),

        /* Files: which ones is Landlock's part. */
        ROW(openat, ALLOW),
        NEW(openat2, ABSENT),
        ROW(newfstatat, ALLOW),
        ROW(fstat, ALLOW),
        ROW(statx, ALLOW),
        ROW(statfs, ALLOW),
        ROW(fstatfs, ALLOW),
        ROW(faccessat, ALLOW),
        NEW(faccessat2, ALLOW),
        ROW(readlinkat, ALLOW),
        ROW(getdents64, ALLOW),
        ROW(getcwd, ALLOW),
        ROW(mkdirat, ALLOW),
        ROW(unlinkat, ALLOW),
        ROW(renameat, ALLOW),
        ROW(renameat2, ALLOW),
        ROW(linkat, ALLOW),
        ROW(symlinkat, ALLOW),
        ROW(fchmod, ALLOW),
        ROW(fchmodat, ALLOW),
        NEW(fchmodat2, ALLOW),
        ROW(fchown, ALLOW),
        ROW(fchownat, ALLOW),
        ROW(utimensat, ALLOW),
        ROW(umask, ALLOW),
        ROW(truncate, ALLOW),
        ROW(ftruncate, ALLOW),
        ROW(fallocate, ALLOW),
        ROW(fadvise64, ALLOW),
        NEW(cachestat, ABSENT),
        ROW(flock, ALLOW),
        ROW(fcntl, ALLOW),
        ROW(ioctl, IOCTL),
        ROW(fsync, ALLOW),
        ROW(fdatasync, ALLOW),
        ROW(sync_file_range, ALLOW),
        ROW(dup, ALLOW),
        ROW(dup3, ALLOW),

        /* Memory: modules are mapped while the server runs; secrets are locked. */
        ROW(brk, ALLOW),
        ROW(mmap, MAP),
        ROW(mprotect, PROTECT),
        ROW(pkey_mprotect, PROTECT),
        ROW(munmap, ALLOW),
        ROW(mremap, ALLOW),
        ROW(madvise, ALLOW),
        ROW(mincore, ALLOW),
        ROW(msync, ALLOW),
        ROW(mlock, ALLOW),
        ROW(mlock2, ALLOW),
        ROW(munlock, ALLOW),
        ROW(memfd_create, ALLOW),
        ROW(membarrier, ALLOW),
        NEW(map_shadow_stack, ALLOW),
        NEW(mseal, ALLOW),

        /* Threads and this process. A C library that is told that there is no clone3 uses clone,
           whose flags are seen. */
        ROW(clone, CLONE),
        NEW(clone3, ABSENT),
        ROW(wait4, ALLOW),
        ROW(waitid, ALLOW),
        ROW(exit, ALLOW),
        ROW(exit_group, ALLOW),
        ROW(set_tid_address, ALLOW),
        ROW(set_robust_list, ALLOW),
        ROW(get_robust_list, ALLOW),
        ROW(rseq, ALLOW),
        ROW(sched_yield, ALLOW),
        ROW(sched_getaffinity, ALLOW),
        ROW(sched_getattr, ALLOW),
        ROW(sched_getparam, ALLOW),
        ROW(sched_getscheduler, ALLOW),
        ROW(sched_get_priority_max, ALLOW),
        ROW(sched_get_priority_min, ALLOW),
        ROW(getpriority, ALLOW),
        ROW(getpid, ALLOW),
        ROW(getppid, ALLOW),
        ROW(gettid, ALLOW),
        ROW(getpgid, ALLOW),
        ROW(getsid, ALLOW),
        ROW(getuid, ALLOW),
        ROW(geteuid, ALLOW),
        ROW(getgid, ALLOW),
        ROW(getegid, ALLOW),
        ROW(getresuid, ALLOW),
        ROW(getresgid, ALLOW),
        ROW(getgroups, ALLOW),
        ROW(capget, ALLOW),
        ROW(prlimit64, LIMIT),
        ROW(getrlimit, ALLOW),
        ROW(getrusage, ALLOW),
        ROW(times, ALLOW),
        ROW(sysinfo, ALLOW),
        ROW(uname, ALLOW),
        ROW(getcpu, ALLOW),
        ROW(prctl, PRCTL),
        ROW(getrandom, ALLOW),
        NEW(pidfd_open, ABSENT),
        ROW(pidfd_send_signal, ABSENT),
        ROW(io_uring_setup, ABSENT),
        ROW(io_uring_enter, ABSENT),
        ROW(io_uring_register, ABSENT),

        /* Signals. */
        ROW(rt_sigaction, ALLOW),
        ROW(rt_sigprocmask, ALLOW),
        ROW(rt_sigreturn, ALLOW),
        ROW(rt_sigpending, ALLOW),
        ROW(rt_sigtimedwait, ALLOW),
        ROW(rt_sigsuspend, ALLOW),
        ROW(sigaltstack, ALLOW),
        ROW(restart_syscall, ALLOW),
        ROW(kill, SIGNAL),
        ROW(tgkill, SIGNAL),
        ROW(rt_sigqueueinfo, SIGNAL),
        ROW(rt_tgsigqueueinfo, SIGNAL),

        /* Time. */
        ROW(clock_gettime, ALLOW),
        ROW(clock_getres, ALLOW),
        ROW(clock_nanosleep, ALLOW),
        ROW(gettimeofday, ALLOW),
        ROW(nanosleep, ALLOW),
        ROW(setitimer, ALLOW),
        ROW(getitimer, ALLOW),
        ROW(timer_create, ALLOW),
        ROW(timer_settime, ALLOW),
        ROW(timer_gettime, ALLOW),
        ROW(timer_getoverrun, ALLOW),
        ROW(timer_delete, ALLOW),

        /* Other programs. */
        ROW(execve, PROGRAM),
        ROW(chdir, PROGRAM),
        ROW(fchdir, PROGRAM),
        ROW(setsid, PROGRAM),
        ROW(setpgid, PROGRAM),
        ROW(ptrace, SANITIZER),

        /* Refused; here for their names. */
        ROW(execveat, REFUSE),
        ROW(setuid, REFUSE),
        ROW(setgid, REFUSE),
        ROW(setreuid, REFUSE),
        ROW(setregid, REFUSE),
        ROW(setresuid, REFUSE),
        ROW(setresgid, REFUSE),
        ROW(setgroups, REFUSE),
        ROW(capset, REFUSE),
        ROW(setns, REFUSE),
        ROW(unshare, REFUSE),
        ROW(mount, REFUSE),
        ROW(umount2, REFUSE),
        ROW(pivot_root, REFUSE),
        ROW(chroot, REFUSE),
        ROW(bpf, REFUSE),
        ROW(perf_event_open, REFUSE),
        ROW(userfaultfd, REFUSE),
        ROW(process_vm_readv, REFUSE),
        ROW(process_vm_writev, REFUSE),
        ROW(personality, REFUSE),
        ROW(keyctl, REFUSE),
        ROW(add_key, REFUSE),
        ROW(request_key, REFUSE),
        ROW(init_module, REFUSE),
        ROW(finit_module, REFUSE),
        ROW(kexec_load, REFUSE),
        ROW(reboot, REFUSE),
        ROW(name_to_handle_at, REFUSE),
        ROW(open_by_handle_at, REFUSE),
        ROW(mknodat, REFUSE),
        ROW(setrlimit, REFUSE),
        ROW(tkill, REFUSE),
        ROW(seccomp, REFUSE),
        ROW(shmat, REFUSE),

#ifdef __x86_64__
        /* Older ways to ask for the same, which other processors never had. */
        ROW(open, ALLOW),
        ROW(creat, ALLOW),
        ROW(stat, ALLOW),
        ROW(lstat, ALLOW),
        ROW(access, ALLOW),
        ROW(readlink, ALLOW),
        ROW(getdents, ALLOW),
        ROW(mkdir, ALLOW),
        ROW(rmdir, ALLOW),
        ROW(unlink, ALLOW),
        ROW(rename, ALLOW),
        ROW(link, ALLOW),
        ROW(symlink, ALLOW),
        ROW(chmod, ALLOW),
        ROW(chown, ALLOW),
        ROW(utime, ALLOW),
        ROW(utimes, ALLOW),
        ROW(futimesat, ALLOW),
        ROW(dup2, ALLOW),
        ROW(pipe, ALLOW),
        ROW(poll, ALLOW),
        ROW(select, ALLOW),
        ROW(epoll_create, ALLOW),
        ROW(epoll_wait, ALLOW),
        ROW(eventfd, ALLOW),
        ROW(signalfd, ALLOW),
        ROW(inotify_init, ALLOW),
        ROW(time, ALLOW),
        ROW(alarm, ALLOW),
        ROW(pause, ALLOW),
        ROW(getpgrp, ALLOW),
        ROW(arch_prctl, ALLOW),
        ROW(fork, PROGRAM),
        ROW(vfork, PROGRAM),
        ROW(iopl, REFUSE),
        ROW(ioperm, REFUSE),
        ROW(modify_ldt, REFUSE),
        ROW(mknod, REFUSE),
#endif
};

const ConfineCall *
confine_list(size_t *n_out)
{
        *n_out = G_N_ELEMENTS(rows);
        return rows;
}

const char *
confine_list_name(unsigned number)
{
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                if (rows[i].number == number)
                        return rows[i].name;
        }
        return NULL;
}

bool
confine_list_is_for_sanitizer(void)
{
        return FOR_SANITIZER;
}

/*
 * confine_calls: from now on this process asks the kernel for nothing but what is on the list
 * (core/confine_list.h).
 *
 * What is refused raises SIGSYS in the thread that asked: core/log_refusal.h makes the call fail
 * with EPERM and tells of it, core/log_crash.h ends the process.
 *
 * Source: SECURITY-DEFAULTS R29; seccomp(2).
 */
#pragma once

#include <linux/filter.h>
#include <motet/types.h>

#define CONFINE_FAMILIES_MAX 8

typedef struct {
        /* A module starts programs, which inherit the list and know of no handler: what is refused
           fails with EPERM, without a word. */
        bool programs;
        unsigned n_families;
        uint32_t families[CONFINE_FAMILIES_MAX]; /* of sockets, beside unix, inet, inet6, netlink */
} ConfineCalls;

/** confine_calls_program: Returns: (own) of struct sock_filter: the list as the kernel wants it.
 * For confine_calls_enforce(), and for tests */
GArray *confine_calls_program(const ConfineCalls *calls);
/** confine_calls_enforce: for all threads, and for good; MOTET_ERROR_IO when the kernel cannot */
bool confine_calls_enforce(const ConfineCalls *calls, GError **error);

/*
 * confine_list: which calls of the kernel a confined server makes, and what is refused of them.
 *
 * Source: SECURITY-DEFAULTS R29; the group @system-service of systemd.exec(5), less what needs
 * rights and what nobody here asks for.
 */
#pragma once

#include <motet/types.h>

/* The last call that was looked at: later ones are answered with ENOSYS, as by a kernel that does
 * not have them. */
#define CONFINE_NEWEST 462

typedef enum {
        CONFINE_REFUSE = 0, /* not on the list */
        CONFINE_ALLOW,
        CONFINE_ABSENT,   /* ENOSYS without a word: who calls it knows another way */
        CONFINE_PROGRAM,  /* only where a module starts programs */
        CONFINE_SOCKET,   /* of families that are named */
        CONFINE_CLONE,    /* a thread; a process where a module starts programs; no namespaces */
        CONFINE_PRCTL,    /* requests that are named */
        CONFINE_IOCTL,    /* the same */
        CONFINE_SIGNAL,   /* to this process; to all where a module starts programs */
        CONFINE_MAP,      /* memory that is not both written and executed */
        CONFINE_PROTECT,  /* memory does not become executable */
        CONFINE_LIMIT,    /* limits are asked for, not set */
        CONFINE_SANITIZER /* only in a build with a sanitizer, which looks for leaks with it */
} ConfineRule;

typedef struct {
        unsigned number;
        ConfineRule rule;
        const char *name;
} ConfineCall;

/** confine_list: Returns: (borrowed) the rows, in no order, each number once; forever */
const ConfineCall *confine_list(size_t *n_out);
/** confine_list_name: Returns: (borrowed) "execve"; NULL when the call has no row */
const char *confine_list_name(unsigned number);
/** confine_list_is_for_sanitizer: whether this build has what a sanitizer needs on the list */
bool confine_list_is_for_sanitizer(void);

/* What CONFINE_PRCTL and CONFINE_IOCTL let through; they end with 0. */
extern const uint32_t confine_prctls[], confine_ioctls[];

/*
 * confine: what a server that serves may still do to the machine: open the files that its
 * configuration names and what libraries read, and ask the kernel for what is on the list.
 *
 * Files first, before a module's code runs and before there is a second thread; calls when it is
 * about to serve. What the kernel does not have is a warning, not a refusal to start.
 *
 * Source: SECURITY-DEFAULTS R29.
 */
#pragma once

#include "core/config.h"
#include "core/loop.h"

typedef struct Confine Confine;

/** ConfineState: what is in force. */
typedef struct {
        ConfigConfine refused; /* off: nothing is, and the rest is 0 */
        unsigned files;        /* the version of Landlock that confines the files; 0: none does */
        bool calls;
        const char *files_lack, *calls_lack; /* (borrowed) why not; NULL */
        const char *programs_for; /* (borrowed) the module for which programs are started: refused
                                     calls are not counted; NULL */
        uint64_t n_refused;       /* calls so far */
} ConfineState;

/**
 * confine_new:
 * @wanted: of ModuleWanted, what runs
 *
 * Returns: (own) the files confined already, from now on for good; NULL where the configuration
 * says so
 */
Confine *confine_new(Loop *loop, const Config *config, const GPtrArray *wanted);
/** confine_take_calls: from now on, for all threads; what is refused afterwards is told from the
 * loop. @confine may be NULL */
void confine_take_calls(Confine *confine);
/** confine_free: what was given up does not come back; refused calls are not told any more */
void confine_free(Confine *confine);
/**
 * confine_check: whether what @config and @wanted need is allowed to who was confined by another
 * configuration; findings say what needs a restart. @confine may be NULL
 */
void confine_check(const Confine *confine, const Config *config, const GPtrArray *wanted,
                   ConfigFindings *findings);
/** confine_state: Returns: what @confine, which may be NULL, holds its process to */
ConfineState confine_state(const Confine *confine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Confine, confine_free)

/*
 * quarantine: which modules crashes were blamed on, kept from one run of the server to the next,
 * and which of them are to be left out for it.
 *
 * The file lies in data_dir, is bounded, and each line stands for itself: what is damaged is passed
 * over. Who crashes adds a line (log_crash.h).
 */
#pragma once

#include <sys/stat.h>

#include "core/host.h"

#define QUARANTINE_FILE "module-crashes"
/* Crashes that are remembered, the newest; more than the most that limits.module_crashes may be. */
#define QUARANTINE_MAX 256

/** Blame: one crash. */
typedef struct {
        int64_t when; /* s since 1970 */
        char *module;
        char *host; /* NULL: of server scope */
        char *file; /* which build it was, quarantine_build(); NULL: not known */
        char *what; /* at what */
} Blame;

typedef struct Quarantine Quarantine;

/** quarantine_read: Returns: (own) what is known in @data_dir; nothing when there is no file, or
 * none that this process may read */
Quarantine *quarantine_read(const char *data_dir);
/** quarantine_free: nobody is blamed from now on; NULL is a no-op */
void quarantine_free(Quarantine *quarantine);
/**
 * quarantine_open:
 * @now: s since 1970
 *
 * For a server that serves, whose data_dir nobody else uses: reads the file anew, tells of lines
 * that make no sense, forgets what no longer counts, and has crashes added to it from now on.
 */
bool quarantine_open(Quarantine *quarantine, const CoreLimits *limits, int64_t now, GError **error);
/** quarantine_holds: whether @module, as built @file, is to be left out: limits.module_crashes of
 * it happened within limits.module_crash_period, whenever that was */
bool quarantine_holds(const Quarantine *quarantine, const char *module, const char *file,
                      const CoreLimits *limits);
/** quarantine_last: @n_out: how many crashes there are. Returns: (borrowed) the last one; NULL:
 * none */
const Blame *quarantine_last(const Quarantine *quarantine, const char *module, const char *file,
                             unsigned *n_out);
/**
 * quarantine_forget:
 * @n_out: how many crashes of @module there were
 *
 * Forgets them, in the file as well.
 */
bool quarantine_forget(Quarantine *quarantine, const char *module, unsigned *n_out, GError **error);

/** quarantine_build: Returns: (own) a word that is another one for another build of a module's
 * file */
char *quarantine_build(const struct stat *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Quarantine, quarantine_free)

/*
 * module_absence: modules that are enabled and left out all the same: in quarantine, in safe mode,
 * or in need of one that is.
 */
#pragma once

#include "core/module_private.h"

/** ModuleAbsence: one module that is left out. */
typedef struct {
        char *name;
        char *why; /* what an operator is to know, and what undoes it */
} ModuleAbsence;

typedef struct ModuleAbsences ModuleAbsences;

/** module_absences_free: NULL is a no-op */
void module_absences_free(ModuleAbsences *absences);

/**
 * module_absence_apply:
 * @wanted: of ModuleWanted, all that are enabled; those that are left out are taken out of it
 *
 * A finding tells each, and a module that goes on although crashes were blamed on it, since without
 * it the server would let in what it keeps away.
 */
void module_absence_apply(Modules *modules, const Config *config, GPtrArray *wanted,
                          ConfigFindings *findings);
/** module_absence_commit: what was left out by the last module_absence_apply() is so from now on */
void module_absence_commit(Modules *modules);

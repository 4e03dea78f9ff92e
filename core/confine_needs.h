/*
 * confine_needs: what a configuration and the modules it enables need of the machine, beside what
 * every server needs: files, folders, programs, families of sockets.
 *
 * Source: MotetModuleInfo.needs (include/motet/module.h).
 */
#pragma once

#include "core/config.h"
#include "core/confine_calls.h"
#include "core/confine_files.h"

/* One file or folder. */
typedef struct {
        char *what;   /* (own) which setting names it: "log.target", "vcard.file" */
        char *path;   /* (own) absolute */
        bool is_file; /* its folder is needed: it may be replaced, or have others beside it */
        unsigned rights;
        const char *place; /* the file of the configuration that says so */
        unsigned line;     /* 0: none */
} ConfineNeed;

typedef struct {
        GPtrArray *files; /* (own) of ConfineNeed */
        ConfineCalls calls;
        char *programs_for; /* (own) the first module that starts programs; NULL: none does */
} ConfineNeeds;

/** confine_needs_read: @wanted: of ModuleWanted, with options that were found good */
void confine_needs_read(ConfineNeeds *needs, const Config *config, const GPtrArray *wanted);
void confine_needs_clear(ConfineNeeds *needs);
/** confine_needs_check: whether the words of @info make sense; findings say which do not */
bool confine_needs_check(const MotetModuleInfo *info, ConfigFindings *findings);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ConfineNeeds, confine_needs_clear)

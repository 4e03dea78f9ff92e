/*
 * module_private: what the files of the module loader share: which modules are open, and their
 * instances.
 */
#pragma once

#include "core/host.h"
#include "core/module.h"
#include "core/module_graph.h"
#include "core/module_object.h"

struct Modules {
        MotetServer *server;
        GPtrArray *objects;     /* (own) of ModuleObject */
        GPtrArray *instances;   /* (own) of MotetModule, running, in load order */
        GPtrArray *lingering;   /* (own) of MotetModule, stopped, with work left */
        Quarantine *quarantine; /* (own) NULL: no module is blamed for anything */
        char **shipped;         /* (own) safe mode: the only ones that run; NULL: it is not */
        /* (own) NULL: none; what is left out, and what would be by the configuration looked at
         * last */
        struct ModuleAbsences *absences, *planned_absences;
        struct ModuleTop *top;         /* (own) who measures; NULL: nobody */
        struct ModuleIdle *idle;       /* (own) who waits for a module to be idle; NULL: nobody */
        struct ModuleSamples *samples; /* (own) NULL: none are taken */
        GPtrArray *devs;               /* of ModuleDev (module_dev.h); NULL: none */
};

/** module_plan: Returns: (own) of ModuleWanted, what shall run, in load order; opens what is not
 * open yet */
GPtrArray *module_plan(Modules *modules, const Config *config, ConfigFindings *findings);
/** module_read_options: and permissions. @host NULL: of server scope. Returns: (own) also when
 * findings were added */
OptionValues *module_read_options(const ModuleWanted *wanted, const char *host,
                                  const Config *config, ConfigFindings *findings);
/** module_close_unused: closes objects that have no instance */
void module_close_unused(Modules *modules);

/** module_instance_new: @options (take). Returns: (own) not started */
MotetModule *module_instance_new(Modules *modules, ModuleObject *object, MotetHost *host,
                                 OptionValues *options);
/** ModuleState: what an instance hands to newer code of its own. */
typedef struct {
        uint32_t version;
        GBytes *state;       /* (own) NULL: none */
        GPtrArray *sessions; /* (own) of what it keeps with each, NULL: none */
} ModuleState;

/** module_state_save: Returns: (own) of a running instance, which goes on as before */
ModuleState *module_state_save(MotetModule *instance);
void module_state_free(ModuleState *state);
/** module_state_restore: for module_instance_start() */
bool module_state_restore(MotetModule *instance, const ModuleState *state, GError **error);

/** module_instance_start: loads it, restores @state (NULL: none) and puts its hooks in force; on
 * failure it is left as it was before, to be ended */
bool module_instance_start(Modules *modules, MotetModule *instance, const ModuleState *state,
                           GError **error);
/** module_instance_end: (take) stops it when it runs and takes it apart; kept in lingering while
 * it is busy */
void module_instance_end(Modules *modules, MotetModule *instance);
/** module_instance_reconfigure: tells it that its options are others; false when it refuses them */
bool module_instance_reconfigure(MotetModule *instance, GError **error);
/** module_status_clear: @instance has ended: it says nothing any more */
void module_status_clear(MotetModule *instance);
/** module_free_lingering: frees those that are busy no more */
void module_free_lingering(Modules *modules);
/** module_sweep: frees what lingers no more and closes what nothing runs of */
void module_sweep(Modules *modules);
/** module_top_cancel: tells who measures that the server stops */
void module_top_cancel(Modules *modules);
/** module_top_sample: while nobody measures: as modules_measure(), until somebody does on
 * purpose */
void module_top_sample(Modules *modules, int64_t span, ModulesMeasured func, void *data);
/** module_samples_free: ends what modules_sample() began */
void module_samples_free(Modules *modules);
/** module_idle_cancel: tells who waits for a module to be idle that it will not be */
void module_idle_cancel(Modules *modules);
/** module_place: Returns: (borrowed) the name of its host, or "all hosts" */
const char *module_place(const MotetModule *instance);

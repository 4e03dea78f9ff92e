/*
 * module: shared objects, their descriptors, and instances on hosts: loading in dependency order,
 * stopping, replacing.
 */
#pragma once

#include <motet/module.h>

#include "core/config.h"
#include "core/instance.h"
#include "core/meter.h"
#include "core/plan.h"
#include "core/quarantine.h"

typedef struct Modules Modules;
typedef struct ModuleObject ModuleObject;

Modules *modules_new(MotetServer *server);
/** modules_free: stops what still runs; waits for the work its instances have on worker threads */
void modules_free(Modules *modules);

/**
 * modules_check:
 *
 * Opens what @config enables and is not open yet, reads descriptors and checks ABI, names, events,
 * dependencies, conflicts, cycles and options, without running module code. Changes nothing that
 * runs.
 */
bool modules_check(Modules *modules, const Config *config, ConfigFindings *findings);
/** modules_set_quarantine: (take) modules that it holds are left out from now on, where they
 * start */
void modules_set_quarantine(Modules *modules, Quarantine *quarantine);
/** modules_quarantine: Returns: (borrowed) NULL: none */
Quarantine *modules_quarantine(Modules *modules);
/** modules_be_safe: from now on only modules run that are in the list that lies beside them, of
 * those shipped with the server. Returns: false with @error when there is no such list */
bool modules_be_safe(Modules *modules, const Config *config, GError **error);
bool modules_are_safe(const Modules *modules);
/** modules_foreach_absent: calls @func for each module that is enabled and left out, since the last
 * modules_apply() */
void modules_foreach_absent(const Modules *modules,
                            void (*func)(const char *name, const char *why, void *data),
                            void *data);
/** modules_absence: Returns: (borrowed) why @name is left out; NULL: it is not */
const char *modules_absence(const Modules *modules, const char *name);
/** modules_forget: closes what modules_check() opened and nothing runs of */
void modules_forget(Modules *modules);
/**
 * modules_plan:
 * @config: passed modules_check()
 *
 * Adds to @plan what modules_apply() would do: starts in load order, changed options, stops in
 * reverse load order, and files that are newer than what runs; options that a module takes up
 * only at its start need a restart. Changes nothing that runs.
 */
void modules_plan(Modules *modules, const Config *config, ReloadPlan *plan);
/** ModulesBeforeStop: all that could fail has been done; what goes still runs */
typedef void (*ModulesBeforeStop)(void *data);
/**
 * modules_apply:
 * @config: passed modules_check(); a MotetHost exists for each of its hosts
 * @before_stop: may be NULL
 *
 * Brings the instances to what @config says: loads what is new, then reconfigures what changed,
 * then stops what is gone. When a load fails or new options are refused, all is undone in reverse
 * order: at the first start nothing runs then, at a reload the former state does.
 */
bool modules_apply(Modules *modules, const Config *config, ModulesBeforeStop before_stop,
                   void *data, GError **error);
/**
 * modules_when_idle:
 * @host: the name of a host; NULL: all
 * @patience: µs
 * @func: called once, perhaps before return, at a moment when nothing of the module is under way
 *   there; with @error (MOTET_ERROR_CANCELLED) when there was none, or somebody waits already
 */
void modules_when_idle(Modules *modules, const char *name, const char *host, int64_t patience,
                       void (*func)(void *data, const GError *error), void *data);
/**
 * modules_replace:
 * @config: what is in force
 * @host: the name of a host; NULL: wherever it runs
 * @plan: gets what was done, a line an instance
 *
 * Runs a module with the code that is in its file now, and with the state of the older code; when
 * the file is the same, with the same code anew. What is under way of it is cut off: call it from
 * modules_when_idle(). All instances or none: when one cannot be replaced, the older code goes on
 * (with MOTET_REPLACE_AFTER: is started again).
 *
 * Returns: false with MOTET_ERROR_MISSING when it does not run there, MOTET_ERROR_MODULE, or what
 * its load or restore says
 */
bool modules_replace(Modules *modules, const Config *config, const char *name, const char *host,
                     ReloadPlan *plan, GError **error);
/**
 * modules_replace_by:
 * @object: open, and in the list of open modules
 *
 * modules_replace() with the code of @object, wherever that comes from.
 */
bool modules_replace_by(Modules *modules, const Config *config, const char *name, const char *host,
                        ModuleObject *object, ReloadPlan *plan, GError **error);
/** ModulesMeasured: @rows of MeterRow, to be sorted at will; @rest: memory outside of modules; with
 * @error when the server stops */
typedef void (*ModulesMeasured)(void *data, GPtrArray *rows, const HeapCount *rest,
                                const GError *error);
/** modules_measure: measures all modules for @span µs, then calls @func. Returns: false with
 * MOTET_ERROR_CANCELLED when somebody else does, or why memory cannot be counted */
bool modules_measure(Modules *modules, int64_t span, bool with_memory, ModulesMeasured func,
                     void *data, GError **error);
/** modules_sample: from now on measures for one second in each minute, as long as nobody else
 * does */
void modules_sample(Modules *modules);
/** modules_sampled: Returns: µs that were measured so */
int64_t modules_sampled(const Modules *modules);
/** modules_sample_of: @row_out: (borrowed) what was measured so of @instance. Returns: false with
 * all 0 when it did nothing meanwhile */
bool modules_sample_of(const Modules *modules, const MotetModule *instance, MeterRow *row_out);
/** ModuleWeight: what is known of an instance's memory. */
typedef struct {
        size_t mapped;    /* bytes of its file, shared by all its instances */
        unsigned n_owned; /* hooks, timers, requests and other things it has registered */
} ModuleWeight;
/** modules_weigh: @host: the name of a host; NULL: of server scope */
void modules_weigh(const Modules *modules, const char *name, const char *host,
                   ModuleWeight *weight_out);
/** module_status_word: Returns: (borrowed) "ok", "warning", "error" */
const char *module_status_word(MotetStatus status);
/** module_status_line: Returns: (own) "module ping on example.org: error: …" */
char *module_status_line(const MotetModule *instance);
/** modules_stop: stops all instances in reverse load order */
void modules_stop(Modules *modules);
/** modules_foreach: calls @func for every running instance in load order */
void modules_foreach(Modules *modules, void (*func)(MotetModule *instance, void *data), void *data);
/** modules_find: Returns: (borrowed) the running instance of @name on @host (NULL: of server
 * scope), NULL when there is none */
MotetModule *modules_find(Modules *modules, const char *name, const MotetHost *host);
/** modules_info: Returns: (borrowed) the descriptor of an open module, NULL when it is not open */
const MotetModuleInfo *modules_info(Modules *modules, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Modules, modules_free)

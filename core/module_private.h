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
        GPtrArray *objects;   /* (own) of ModuleObject */
        GPtrArray *instances; /* (own) of MotetModule, running, in load order */
        GPtrArray *lingering; /* (own) of MotetModule, stopped, with work left */
};

/** module_plan: Returns: (own) of ModuleWanted, what shall run, in load order; opens what is not
 * open yet */
GPtrArray *module_plan(Modules *modules, const Config *config, ConfigFindings *findings);
/** module_read_options: @host NULL: of server scope. Returns: (own) also when findings were
 * added */
OptionValues *module_read_options(const ModuleWanted *wanted, const char *host,
                                  const Config *config, ConfigFindings *findings);
/** module_close_unused: closes objects that have no instance */
void module_close_unused(Modules *modules);

/** module_instance_new: @options (take). Returns: (own) not started */
MotetModule *module_instance_new(Modules *modules, ModuleObject *object, MotetHost *host,
                                 OptionValues *options);
/** module_instance_start: loads it and puts its hooks in force; on failure it is left as it was
 * before, to be ended */
bool module_instance_start(Modules *modules, MotetModule *instance, GError **error);
/** module_instance_end: (take) stops it when it runs and takes it apart; kept in lingering while
 * it is busy */
void module_instance_end(Modules *modules, MotetModule *instance);
/** module_free_lingering: frees those that are busy no more */
void module_free_lingering(Modules *modules);
/** module_place: Returns: (borrowed) the name of its host, or "all hosts" */
const char *module_place(const MotetModule *instance);

/*
 * module: shared objects, their descriptors, and instances on hosts: loading in dependency order,
 * stopping, replacing.
 */
#pragma once

#include <motet/module.h>

#include "core/config.h"
#include "core/instance.h"

typedef struct Modules Modules;

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
/**
 * modules_apply:
 * @config: passed modules_check(); a MotetHost exists for each of its hosts
 * @plan_out: gets a line a change; may be NULL
 *
 * Brings the instances to what @config says: loads what is new, then stops what is gone, then
 * reconfigures what changed. When a load fails, all loaded before it is stopped again: at the first
 * start nothing runs then, at a reload the former state does.
 */
bool modules_apply(Modules *modules, const Config *config, GString *plan_out, GError **error);
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

/*
 * module_graph: which modules need which, whether all that is needed is there, and in which order
 * they load.
 */
#pragma once

#include "core/config.h"
#include "core/module_object.h"

/** ModuleWanted: one enabled module and where it shall run. */
typedef struct {
        const ConfigModule *config; /* its place in the configuration */
        ModuleObject *object;
        /* (own, the array alone) names in config order, NULL-terminated; empty for server scope */
        const char **hosts;
} ModuleWanted;

/** module_wanted_is_on: whether it runs for @host: server scope does for each */
bool module_wanted_is_on(const ModuleWanted *wanted, const char *host);
void module_wanted_free(ModuleWanted *wanted);

/**
 * module_graph_check:
 * @wanted: of ModuleWanted
 *
 * Finds missing dependencies, conflicts, services provided twice on a host, and hooks that are not
 * legal given the events of all.
 */
void module_graph_check(const GPtrArray *wanted, ConfigFindings *findings);

/** module_graph_has_needs: whether all that @module depends on is among @wanted, wherever it
 * runs */
bool module_graph_has_needs(const GPtrArray *wanted, const ModuleWanted *module);

/**
 * module_rules_check:
 * @wanted: of ModuleWanted, with options that were found good
 *
 * Finds what the modules' own rules (MotetRule) and the storage that is named ask for and the
 * configuration does not say.
 */
void module_rules_check(const GPtrArray *wanted, const Config *config, ConfigFindings *findings);

/**
 * module_graph_sort:
 *
 * Brings @wanted in load order: what a module depends on or wants comes before it, ties by name. A
 * cycle is a finding.
 */
void module_graph_sort(GPtrArray *wanted, ConfigFindings *findings);

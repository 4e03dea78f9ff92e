/*
 * module: which modules a configuration wants, and whether they can run as it says. Their instances
 * live in module_instance.c and are changed by module_apply.c.
 */
#include "core/module.h"

#include <motet/error.h>
#include <string.h>

#include "core/confine_needs.h"
#include "core/host_forms.h"
#include "core/module_absence.h"
#include "core/module_dev.h"
#include "core/permission.h"

Modules *
modules_new(MotetServer *server)
{
        Modules *modules = g_new0(Modules, 1);

        modules->server = server;
        modules->objects = g_ptr_array_new_with_free_func((GDestroyNotify)module_object_close);
        modules->instances = g_ptr_array_new();
        modules->lingering = g_ptr_array_new();
        return modules;
}

/* Objects */

static ModuleObject *
find_object(const Modules *modules, const char *name)
{
        for (guint i = 0; i < modules->objects->len; i++) {
                ModuleObject *object = g_ptr_array_index(modules->objects, i);
                if (strcmp(object->name, name) == 0)
                        return object;
        }
        return NULL;
}

/* A copy that a developer's session has left behind is busy to its end, and starts no more. */
static ModuleObject *
find_installed(const Modules *modules, const char *name)
{
        for (guint i = 0; i < modules->objects->len; i++) {
                ModuleObject *object = g_ptr_array_index(modules->objects, i);
                if (strcmp(object->name, name) == 0 && !object->copy)
                        return object;
        }
        return NULL;
}

static ModuleObject *
open_object(Modules *modules, const Config *config, const char *name, GError **error)
{
        ModuleObject *object = module_dev_object(modules, name);

        if (!object)
                object = find_installed(modules, name);
        if (object)
                return object;
        object = module_object_open(config->modules_dir, name, error);
        if (object)
                g_ptr_array_add(modules->objects, object);
        return object;
}

void
module_close_unused(Modules *modules)
{
        for (guint i = modules->objects->len; i-- > 0;) {
                ModuleObject *object = g_ptr_array_index(modules->objects, i);
                if (object->n_instances == 0)
                        g_ptr_array_remove_index(modules->objects, i);
        }
}

void
module_sweep(Modules *modules)
{
        module_free_lingering(modules);
        module_close_unused(modules);
}

void
modules_forget(Modules *modules)
{
        module_sweep(modules);
}

/* Checking */

static const ConfigNode *
options_of_host(const ConfigModule *module, const char *host)
{
        for (guint i = 0; host && module->host_options && i < module->host_options->len; i++) {
                const ConfigEntry *entry = g_ptr_array_index(module->host_options, i);
                if (strcmp(entry->key, host) == 0)
                        return entry->value;
        }
        return NULL;
}

OptionValues *
module_read_options(const ModuleWanted *wanted, const char *host, const Config *config,
                    ConfigFindings *findings)
{
        const MotetModuleInfo *info = wanted->object->info;
        OptionValues *values =
                option_values_new(info->options, wanted->object->name, wanted->config->options,
                                  options_of_host(wanted->config, host), config, findings);

        return permission_values_add(values, info, wanted->config->permissions, config, findings);
}

static void
check_options(const ModuleWanted *wanted, const Config *config, ConfigFindings *findings)
{
        const MotetModuleInfo *info = wanted->object->info;

        if (!option_table_check(info->options, info->name, findings) ||
            !permission_table_check(info->permissions, info->name, findings) ||
            !host_forms_check(info, findings) || !confine_needs_check(info, findings)) {
                config_findings_hint(findings, "the module is wrong there, not the configuration: "
                                               "get another version of it, or disable it");
                return;
        }
        if (!wanted->hosts[0])
                option_values_free(module_read_options(wanted, NULL, config, findings));

        /* The common options are the same for each host: only what differs is checked again. */
        for (unsigned i = 0; wanted->hosts[i]; i++) {
                if (i == 0 || options_of_host(wanted->config, wanted->hosts[i]))
                        option_values_free(
                                module_read_options(wanted, wanted->hosts[i], config, findings));
        }
}

static void
check_scope(const ModuleWanted *wanted, ConfigFindings *findings)
{
        const ConfigModule *module = wanted->config;

        if (wanted->object->info->scope != MOTET_SCOPE_SERVER)
                return;
        if (module->hosts || (module->host_options && module->host_options->len > 0))
                config_findings_add(findings, FINDING_CONFIG_MODULE_SCOPE, module->place.file,
                                    module->place.line, module->place.column,
                                    "module \"%s\" runs once for all hosts: remove \"hosts\" and "
                                    "\"host_options\"",
                                    module->name);
}

static ModuleWanted *
wanted_new(const Config *config, const ConfigModule *module, ModuleObject *object)
{
        g_autoptr(GPtrArray) hosts = g_ptr_array_new();

        for (guint i = 0; object->info->scope == MOTET_SCOPE_HOST && i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (!module->hosts ||
                    g_strv_contains((const char *const *)module->hosts, host->name))
                        g_ptr_array_add(hosts, host->name);
        }
        g_ptr_array_add(hosts, NULL);

        ModuleWanted *wanted = g_new0(ModuleWanted, 1);
        wanted->config = module;
        wanted->object = object;
        wanted->hosts = (const char **)g_ptr_array_free(g_steal_pointer(&hosts), FALSE);
        return wanted;
}

GPtrArray *
module_plan(Modules *modules, const Config *config, ConfigFindings *findings)
{
        GPtrArray *wanted = g_ptr_array_new_with_free_func((GDestroyNotify)module_wanted_free);

        for (guint i = 0; i < config->modules->len; i++) {
                const ConfigModule *module = g_ptr_array_index(config->modules, i);
                g_autoptr(GError) error = NULL;
                if (!module->enabled)
                        continue;
                ModuleObject *object = open_object(modules, config, module->name, &error);
                if (object)
                        g_ptr_array_add(wanted, wanted_new(config, module, object));
                else
                        config_findings_add(findings,
                                            g_error_matches(error, MOTET_ERROR, MOTET_ERROR_MISSING)
                                                    ? FINDING_CONFIG_UNKNOWN_MODULE
                                                    : FINDING_CONFIG_UNUSABLE_MODULE,
                                            module->place.file, module->place.line,
                                            module->place.column, "%s", error->message);
        }
        module_absence_apply(modules, config, wanted, findings);
        module_graph_sort(wanted, findings);
        return wanted;
}

bool
modules_check(Modules *modules, const Config *config, ConfigFindings *findings)
{
        unsigned errors_before = findings->n_errors;
        g_autoptr(GPtrArray) wanted = module_plan(modules, config, findings);

        for (guint i = 0; i < wanted->len; i++) {
                check_scope(g_ptr_array_index(wanted, i), findings);
                check_options(g_ptr_array_index(wanted, i), config, findings);
        }
        module_graph_check(wanted, findings);
        module_rules_check(wanted, config, findings);

        if (findings->n_errors == errors_before)
                return true;
        module_close_unused(modules);
        return false;
}

void
modules_foreach(Modules *modules, void (*func)(MotetModule *instance, void *data), void *data)
{
        for (guint i = 0; i < modules->instances->len; i++)
                func(g_ptr_array_index(modules->instances, i), data);
}

const MotetModuleInfo *
modules_info(Modules *modules, const char *name)
{
        const ModuleObject *object = find_object(modules, name);

        return object ? object->info : NULL;
}

MotetModule *
modules_find(Modules *modules, const char *name, const MotetHost *host)
{
        for (guint i = 0; i < modules->instances->len; i++) {
                MotetModule *instance = g_ptr_array_index(modules->instances, i);
                if (instance->host == host && strcmp(instance->info->name, name) == 0)
                        return instance;
        }
        return NULL;
}

void
modules_stop(Modules *modules)
{
        module_idle_cancel(modules);
        module_top_cancel(modules);
        module_samples_free(modules);
        while (modules->instances->len > 0)
                module_instance_end(modules, g_ptr_array_index(modules->instances,
                                                               modules->instances->len - 1));
        module_free_lingering(modules);
}

void
modules_free(Modules *modules)
{
        if (!modules)
                return;
        modules_stop(modules);
        while (modules->lingering->len > 0) {
                loop_turn(modules->server->loop, true);
                module_free_lingering(modules);
        }
        module_absences_free(modules->absences);
        module_absences_free(modules->planned_absences);
        quarantine_free(modules->quarantine);
        g_strfreev(modules->shipped);
        g_ptr_array_unref(modules->lingering);
        g_ptr_array_unref(modules->instances);
        g_ptr_array_unref(modules->objects);
        g_free(modules);
}

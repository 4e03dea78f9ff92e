/*
 * module_stand_in: code from elsewhere in the place of an installed module.
 */
#include "core/module_stand_in.h"

#include <motet/error.h>
#include <string.h>

#include "core/config_module.h"
#include "core/module_private.h"
#include "core/server_private.h"

static bool
check(const Server *server, GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        modules_check(server->modules, server->config, &findings);
        g_autofree char *wrong = config_findings_first_error(&findings);
        if (wrong)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "%s", wrong);
        config_findings_clear(&findings);
        return !wrong;
}

static bool
apply(const Server *server, GError **error)
{
        return check(server, error) &&
               modules_apply(server->modules, server->config, NULL, NULL, error);
}

static bool
runs(const Server *server, const char *name, const char *host)
{
        const GPtrArray *instances = server->modules->instances;

        for (guint i = 0; i < instances->len; i++) {
                const MotetModule *instance = g_ptr_array_index(instances, i);
                if (strcmp(instance->info->name, name) == 0 &&
                    (!host || !instance->host || strcmp(instance->host->name, host) == 0))
                        return true;
        }
        return false;
}

void
module_stand_in_tell(Server *server)
{
        server_fire(server, "config-reloaded");
}

/* In quarantine or in safe mode. */
static bool
check_present(const Server *server, const char *name, GError **error)
{
        const char *why = modules_absence(server->modules, name);

        if (!why)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "module %s is left out: %s", name, why);
        return false;
}

bool
module_stand_in_start(Server *server, const char *name, const char *host, ModuleObject *object,
                      GError **error)
{
        g_autoptr(ReloadPlan) plan = plan_new();

        config_module_override(server->config, name, host, true);
        if (!check(server, error))
                return false;
        if (runs(server, name, host) &&
            !modules_replace_by(server->modules, server->config, name, host, object, plan, error))
                return false;
        if (!modules_apply(server->modules, server->config, NULL, NULL, error) ||
            !check_present(server, name, error))
                return false;
        module_stand_in_tell(server);
        return true;
}

/* Bringing back */

/* When the installed code cannot take over from what stood in: it begins without its state. */
static bool
begin_anew(const Server *server, const char *name, GError **error)
{
        config_module_override(server->config, name, NULL, false);
        bool is_stopped = apply(server, error);
        config_module_restore(server->config, name);
        return is_stopped && apply(server, error);
}

static bool
runs_copy(const Server *server, const char *name)
{
        const GPtrArray *instances = server->modules->instances;

        for (guint i = 0; i < instances->len; i++) {
                const MotetModule *instance = g_ptr_array_index(instances, i);
                const ModuleObject *object = instance->loaded;
                if (object->copy && strcmp(instance->info->name, name) == 0)
                        return true;
        }
        return false;
}

static bool
run_installed(const Server *server, const char *name, GError **error)
{
        g_autoptr(ReloadPlan) plan = plan_new();
        g_autoptr(GError) why = NULL;

        if (!apply(server, error))
                return false;
        if (!runs_copy(server, name) ||
            modules_replace(server->modules, server->config, name, NULL, plan, &why))
                return true;
        motet_warn("%s; it begins anew", why->message);
        return begin_anew(server, name, error);
}

/* Without an installed module that could run it is off, whatever the files say. */
static void
turn_off(const Server *server, const char *name, const char *path, const GError *why)
{
        g_autoptr(GError) error = NULL;

        motet_error("module %s is off, the installed one cannot run: %s", name, why->message);
        config_module_override(server->config, name, NULL, false);
        if (apply(server, &error))
                return;
        config_module_restore(server->config, name);
        motet_error("module %s goes on with the code of \"%s\": %s", name, path, error->message);
}

void
module_stand_in_end(Server *server, const char *name, const char *path)
{
        g_autoptr(GError) error = NULL;

        config_module_restore(server->config, name);
        if (!run_installed(server, name, &error))
                turn_off(server, name, path, error);
        module_stand_in_tell(server);
}

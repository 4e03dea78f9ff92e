/*
 * module_choice: the module and the host that an operator names, and what was meant when there is
 * none of that name.
 */
#include "core/module_choice.h"

#include <motet/error.h>
#include <motet/jid.h>
#include <string.h>

#include "core/command.h"
#include "core/module_object.h"
#include "core/suggest.h"

static int
compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **
module_choice_names(const Config *config)
{
        g_auto(GStrv) installed = module_object_names(config->modules_dir);
        GPtrArray *names = g_ptr_array_new();

        for (char **name = installed; *name; name++)
                g_ptr_array_add(names, g_strdup(*name));
        for (guint i = 0; i < config->modules->len; i++) {
                const ConfigModule *module = g_ptr_array_index(config->modules, i);
                if (!g_strv_contains((const char *const *)installed, module->name))
                        g_ptr_array_add(names, g_strdup(module->name));
        }
        g_ptr_array_sort(names, compare_names);
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}

bool
module_choice_known(const Config *config, const char *name, GError **error)
{
        g_auto(GStrv) names = module_choice_names(config);

        if (g_strv_contains((const char *const *)names, name))
                return true;
        const char *near = suggest_nearest(name, (const char *const *)names);
        if (near)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "there is no module \"%s\"; did you mean \"%s\"?", name, near);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "there is no module \"%s\": \"module list --all\" lists all of them",
                            name);
        return false;
}

char *
module_choice_served(const Config *config, const char *text, GError **error)
{
        g_autofree char *name = motet_jid_prepare_domain(text);
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (g_strcmp0(host->name, name) == 0)
                        return g_steal_pointer(&name);
                g_ptr_array_add(names, host->name);
        }
        g_ptr_array_add(names, NULL);
        const char *near = suggest_nearest(text, (const char *const *)names->pdata);
        if (near)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "this server does not serve \"%s\"; did you mean \"%s\"?", text, near);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "this server does not serve \"%s\"", text);
        return NULL;
}

bool
module_choice_check(const MotetCommand *command, const char *name, GError **error)
{
        return module_choice_known(server_config(command_server(command)), name, error);
}

bool
module_choice_host(const MotetCommand *command, const MotetHost **host_out, GError **error)
{
        const char *text = motet_command_arg(command, "--host");
        Server *server = command_server(command);

        *host_out = NULL;
        if (!text)
                return true;
        g_autofree char *name = module_choice_served(server_config(server), text, error);
        if (name)
                *host_out = motet_host_find(server_base(server), name);
        return name != NULL;
}

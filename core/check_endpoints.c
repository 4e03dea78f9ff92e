/*
 * check_endpoints: where the enabled modules would listen (MotetListenDecl), without running them.
 */
#include "core/check_endpoints.h"

#include <string.h>

#include "core/module_private.h"

static void
endpoint_free(void *data)
{
        CheckEndpoint *endpoint = data;

        g_free(endpoint->module);
        g_free(endpoint->address);
        g_free(endpoint->service);
        g_free(endpoint);
}

static void
add_endpoint(const ModuleWanted *module, const MotetListenDecl *decl, const char *address,
             const char *port, GPtrArray *endpoints)
{
        CheckEndpoint *endpoint = g_new0(CheckEndpoint, 1);
        guint64 number = 0;

        g_ascii_string_to_unsigned(port, 10, 0, G_MAXUINT16, &number, NULL);
        endpoint->port = (uint16_t)number;
        endpoint->module = g_strdup(module->object->name);
        endpoint->address = g_strdup(address);
        endpoint->service = g_strdup(decl->service);
        endpoint->node = config_node_entry(module->config->options, decl->ports);
        if (!endpoint->node)
                endpoint->node = &module->config->place;
        if (!address_parse(address, endpoint->port, &endpoint->where))
                endpoint->where.any.sa_family = AF_UNSPEC;
        g_ptr_array_add(endpoints, endpoint);
}

static void
add_errors(const ConfigFindings *known, ConfigFindings *unread)
{
        for (guint i = 0; unread && i < known->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(known->list, i);
                if (!config_finding_is_warning(finding))
                        config_findings_add(unread, finding->id, finding->file, finding->line,
                                            finding->column, "%s", finding->text);
        }
}

/* @host NULL: of server scope. */
static void
add_module(const CheckContext *context, const ModuleWanted *module, const char *host,
           GPtrArray *endpoints, ConfigFindings *unread)
{
        const MotetListenDecl *decl = module->object->info->listens;
        ConfigFindings known;

        config_findings_init(&known);
        OptionValues *values = module_read_options(module, host, context->config, &known);
        for (; known.n_errors == 0 && decl && decl->ports; decl++) {
                const char *const *addresses = option_values_list(values, decl->addresses);
                for (; addresses && *addresses; addresses++) {
                        const char *const *ports = option_values_list(values, decl->ports);
                        for (; ports && *ports; ports++)
                                add_endpoint(module, decl, *addresses, *ports, endpoints);
                }
        }
        add_errors(&known, unread);
        option_values_free(values);
        config_findings_clear(&known);
}

GPtrArray *
check_endpoints(CheckContext *context, ConfigFindings *unread)
{
        GPtrArray *endpoints = g_ptr_array_new_with_free_func(endpoint_free);
        ConfigFindings known;

        config_findings_init(&known);
        g_autoptr(GPtrArray) wanted = module_plan(context->modules, context->config, &known);
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                if (!module->object->info->listens)
                        continue;
                if (module->object->info->scope == MOTET_SCOPE_SERVER)
                        add_module(context, module, NULL, endpoints, unread);
                for (const char *const *host = module->hosts; *host; host++)
                        add_module(context, module, *host, endpoints, unread);
        }
        config_findings_clear(&known);
        return endpoints;
}

/*
 * check_backends: asking those who keep data, without loading them.
 */
#include "core/check_backends.h"

#include <string.h>

#include "core/module_private.h"

#define STORE "store:"

static void
ask_backend(CheckContext *context, const ModuleWanted *module, const MotetServiceDecl *service,
            CheckBackendFunc func)
{
        const MotetStoreBackend *backend = service->api;
        MotetModule probe = {.info = module->object->info};
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) names = NULL;
        ConfigFindings known;

        config_findings_init(&known);
        probe.options = module_read_options(module, NULL, context->config, &known);
        if (known.n_errors == 0) {
                if (backend->hosts)
                        names = backend->hosts(&probe, &error);
                func(context, service->name + strlen(STORE), names, error);
        }
        option_values_free(probe.options);
        config_findings_clear(&known);
}

void
check_backends(CheckContext *context, CheckBackendFunc func)
{
        ConfigFindings known;

        config_findings_init(&known);
        g_autoptr(GPtrArray) wanted = module_plan(context->modules, context->config, &known);
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                const MotetServiceDecl *service = module->object->info->services;
                for (; service && service->name; service++) {
                        if (g_str_has_prefix(service->name, STORE))
                                ask_backend(context, module, service, func);
                }
        }
        config_findings_clear(&known);
}

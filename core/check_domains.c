/*
 * check_domains: names under which data are kept, against the names that are served. What is wrong
 * with the names of the configuration was found when it was read (config_domain.c).
 */
#include <motet/jid.h>
#include <string.h>

#include "core/check.h"
#include "core/check_backends.h"
#include "core/check_child.h"

static bool
is_served(const Config *config, const char *name)
{
        for (guint i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                if (strcmp(host->name, name) == 0)
                        return true;
        }
        return false;
}

static void
judge_name(const CheckContext *context, const char *name)
{
        g_autofree char *prepared = motet_jid_prepare_domain(name);
        const char *data_dir = context->config->data_dir;

        if (is_served(context->config, name))
                return;
        if (g_strcmp0(prepared, name) == 0) {
                config_findings_add(context->findings, FINDING_DOMAINS_NOT_SERVED, data_dir, 0, 0,
                                    "something is kept for \"%s\", which is not served", name);
                return;
        }
        config_findings_add(context->findings, FINDING_DOMAINS_STORED_NAME, data_dir, 0, 0,
                            "something is kept for \"%s\", a name that is never looked up", name);
        if (prepared)
                config_findings_hint(context->findings, "it should be kept for \"%s\"", prepared);
}

/* A backend that cannot be asked now is not a matter of domains. */
static void
judge_names(CheckContext *context, const char *name, char *const *hosts, const GError *error)
{
        (void)name, (void)error;
        for (char *const *host = hosts; host && *host; host++)
                judge_name(context, *host);
}

static void
look_at_stored_names(CheckContext *context)
{
        check_backends(context, judge_names);
}

void
check_domains(CheckContext *context)
{
        check_as_user(context, look_at_stored_names);
}

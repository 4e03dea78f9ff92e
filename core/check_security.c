/*
 * check_security: modes, the user, what modules say of risky settings, and how the server and the
 * unit confine it.
 *
 * TLS is not looked at: its versions and ciphers are those of tls.c, and no setting lowers them.
 *
 * Source: systemd.exec(5), systemd.resource-control(5).
 */
#include <pwd.h>
#include <string.h>

#include "core/check.h"
#include "core/check_modes.h"
#include "core/check_unit.h"
#include "core/confine_files.h"
#include "core/module_private.h"

/* Risks */

static bool
is_set_to(const OptionValues *values, const char *option, const char *value)
{
        g_autofree char *text = option_values_print(values, option);

        return g_strcmp0(text, value) == 0;
}

static bool
is_below(const OptionValues *values, const char *option, const char *number)
{
        g_autofree char *text = option_values_print(values, option);
        int64_t value, least;

        return g_ascii_string_to_signed(number, 10, INT64_MIN, INT64_MAX, &least, NULL) && text &&
               g_ascii_string_to_signed(text, 10, INT64_MIN, INT64_MAX, &value, NULL) &&
               value < least;
}

/* @host NULL: of server scope. */
static bool
is_taken(const CheckContext *context, const ModuleWanted *module, const MotetRisk *risk,
         const char *host)
{
        ConfigFindings known;

        config_findings_init(&known);
        OptionValues *values = module_read_options(module, host, context->config, &known);
        bool taken = known.n_errors == 0 &&
                     (risk->below ? is_below(values, risk->option, risk->below)
                                  : is_set_to(values, risk->option, risk->value)) &&
                     (!risk->other || is_set_to(values, risk->other, risk->being));
        option_values_free(values);
        config_findings_clear(&known);
        return taken;
}

static void
report_risk(CheckContext *context, const ModuleWanted *module, const MotetRisk *risk,
            const char *hosts)
{
        static const FindingId ids[] = {
                [MOTET_RISK_STRANGERS] = FINDING_SECURITY_STRANGERS,
                [MOTET_RISK_IN_CLEAR] = FINDING_SECURITY_IN_CLEAR,
                [MOTET_RISK_GUESSING] = FINDING_SECURITY_GUESSING,
        };
        const ConfigNode *node = config_node_entry(module->config->options, risk->option);

        if (!node)
                node = &module->config->place;
        config_findings_add(context->findings, ids[risk->kind], node->file, node->line,
                            node->column, "module \"%s\": %s: %s is %s%s%s%s", module->object->name,
                            risk->text, risk->option, risk->below ? "less than " : "",
                            risk->below ? risk->below : risk->value, *hosts ? " on " : "", hosts);
}

static void
look_at_risk(CheckContext *context, const ModuleWanted *module, const MotetRisk *risk)
{
        g_autoptr(GString) hosts = g_string_new(NULL);
        unsigned n = 0, n_taken = 0;

        if (!module->hosts[0]) {
                if (module->object->info->scope == MOTET_SCOPE_SERVER &&
                    is_taken(context, module, risk, NULL))
                        report_risk(context, module, risk, "");
                return;
        }
        for (; module->hosts[n]; n++) {
                if (!is_taken(context, module, risk, module->hosts[n]))
                        continue;
                n_taken++;
                g_string_append_printf(hosts, "%s%s", hosts->len ? ", " : "", module->hosts[n]);
        }
        if (n_taken > 0)
                report_risk(context, module, risk, n_taken == n ? "" : hosts->str);
}

static void
look_at_risks(CheckContext *context)
{
        ConfigFindings known;

        config_findings_init(&known);
        g_autoptr(GPtrArray) wanted = module_plan(context->modules, context->config, &known);
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                const MotetRisk *risk = module->object->info->risks;
                for (; risk && risk->text; risk++)
                        look_at_risk(context, module, risk);
        }
        config_findings_clear(&known);
}

/* The user */

static void
look_at_user(CheckContext *context)
{
        const Config *config = context->config;
        const ConfigNode *root = config->roots->len > 0 ? config->roots->pdata[0] : NULL;
        const ConfigNode *node = config_node_entry(root, "user");
        struct ucred server;

        if (config->user && node && !getpwnam(config->user))
                config_findings_add(context->findings, FINDING_SECURITY_NO_USER, node->file,
                                    node->line, node->column,
                                    "there is no user \"%s\" on this machine", config->user);
        if (check_unit_server(config->control_socket, &server) && server.uid == 0)
                config_findings_add(context->findings, FINDING_SECURITY_ROOT, config->file, 0, 0,
                                    "the running server (process %d) runs as root",
                                    (int)server.pid);
}

/* What the server gives up by itself */

static void
look_at_confinement(CheckContext *context)
{
        const Config *config = context->config;
        const ConfigNode *root = config->roots->len > 0 ? config->roots->pdata[0] : NULL;
        const ConfigNode *node = config_node_entry(config_node_entry(root, "confine"), "refused");

        if (config->confine == CONFIG_CONFINE_OFF && node)
                config_findings_add(context->findings, FINDING_SECURITY_UNCONFINED, node->file,
                                    node->line, node->column,
                                    "confine.refused is off: the server may open every file and "
                                    "make every call that its user may");
        else if (config->confine != CONFIG_CONFINE_OFF && !*context->root &&
                 confine_files_version() == 0)
                config_findings_add(context->findings, FINDING_SECURITY_UNCONFINED, config->file, 0,
                                    0,
                                    "this kernel or container has no Landlock: the server can "
                                    "open every file that its user may");
}

/* The unit */

/* How the unit that comes with the server confines it. */
static const char *const sandbox[] = {
        "DevicePolicy=closed",
        "KeyringMode=private",
        "LimitCORE=0",
        "LockPersonality=yes",
        "MemoryDenyWriteExecute=yes",
        "NoNewPrivileges=yes",
        "PrivateDevices=yes",
        "PrivateMounts=yes",
        "PrivateTmp=yes",
        "ProcSubset=pid",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHome=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "ProtectProc=invisible",
        "ProtectSystem=strict",
        "RemoveIPC=yes",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "SystemCallArchitectures=native",
        "UMask=0077",
};

static bool
is_yes(const char *value)
{
        return g_ascii_strcasecmp(value, "yes") == 0 || g_ascii_strcasecmp(value, "true") == 0 ||
               g_ascii_strcasecmp(value, "on") == 0 || strcmp(value, "1") == 0;
}

static bool
is_as_good(const char *value, const char *wanted)
{
        return strcmp(value, wanted) == 0 || (strcmp(wanted, "yes") == 0 && is_yes(value));
}

static void
report_unit(CheckContext *context, const CheckUnit *unit, const char *name, const char *wanted)
{
        const CheckUnitSetting *setting = check_unit_setting(unit, name);

        if (setting)
                config_findings_add(context->findings, FINDING_SECURITY_UNIT_SANDBOX, setting->file,
                                    0, 0, "%s=%s confines less than %s=%s", name, setting->value,
                                    name, wanted);
        else
                config_findings_add(context->findings, FINDING_SECURITY_UNIT_SANDBOX, unit->file, 0,
                                    0, "%s is not set", name);
        config_findings_hint(context->findings, "systemctl edit motet, below [Service]: %s=%s",
                             name, wanted);
}

/* None, or the one that ports below 1024 need. */
static bool
are_few_capabilities(const CheckUnitSetting *setting)
{
        return setting && (!*setting->value || strcmp(setting->value, "CAP_NET_BIND_SERVICE") == 0);
}

/* A list of what is allowed; one of what is forbidden begins with "~". */
static bool
is_list_of_allowed(const CheckUnitSetting *setting)
{
        return setting && *setting->value && *setting->value != '~';
}

static void
look_at_sandbox(CheckContext *context, const CheckUnit *unit)
{
        for (size_t i = 0; i < G_N_ELEMENTS(sandbox); i++) {
                const char *wanted = strchr(sandbox[i], '=') + 1;
                g_autofree char *name = g_strndup(sandbox[i], (size_t)(wanted - 1 - sandbox[i]));
                const CheckUnitSetting *setting = check_unit_setting(unit, name);
                if (!setting || !is_as_good(setting->value, wanted))
                        report_unit(context, unit, name, wanted);
        }
        if (!are_few_capabilities(check_unit_setting(unit, "CapabilityBoundingSet")))
                report_unit(context, unit, "CapabilityBoundingSet", "");
        if (check_unit_setting(unit, "AmbientCapabilities") &&
            !are_few_capabilities(check_unit_setting(unit, "AmbientCapabilities")))
                report_unit(context, unit, "AmbientCapabilities", "");
        if (!is_list_of_allowed(check_unit_setting(unit, "SystemCallFilter")))
                report_unit(context, unit, "SystemCallFilter", "@system-service");
        if (!is_list_of_allowed(check_unit_setting(unit, "RestrictAddressFamilies")))
                report_unit(context, unit, "RestrictAddressFamilies",
                            "AF_INET AF_INET6 AF_UNIX AF_NETLINK");
}

static void
look_at_unit_user(CheckContext *context, const CheckUnit *unit)
{
        const CheckUnitSetting *user = check_unit_setting(unit, "User");
        const CheckUnitSetting *dynamic = check_unit_setting(unit, "DynamicUser");

        if ((user && *user->value && strcmp(user->value, "root") != 0 &&
             strcmp(user->value, "0") != 0) ||
            (dynamic && is_yes(dynamic->value)) || context->config->user)
                return;
        config_findings_add(context->findings, FINDING_SECURITY_ROOT,
                            user ? user->file : unit->file, 0, 0,
                            "the unit starts the server as root, and no user to become is set");
        config_findings_hint(context->findings,
                             "systemctl edit motet, below [Service]: User=motet");
}

static void
look_at_unit(CheckContext *context)
{
        g_auto(CheckUnit) unit = {0};

        check_unit_read(context->root, &unit);
        if (!check_unit_is_for(&unit, context->config->file))
                return;
        look_at_sandbox(context, &unit);
        look_at_unit_user(context, &unit);
}

void
check_security(CheckContext *context)
{
        check_modes(context);
        look_at_risks(context);
        look_at_user(context);
        look_at_confinement(context);
        look_at_unit(context);
}

/*
 * commands_reload: reload, with its plan for humans and for programs.
 */
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/commands.h"

static void
print_plan(MotetCommand *command, const ReloadPlan *plan, bool restarts_only)
{
        for (guint i = 0; i < plan->changes->len; i++) {
                const PlanChange *change = g_ptr_array_index(plan->changes, i);
                g_autofree char *line = plan_change_string(change);
                if (!restarts_only || change->needs_restart)
                        motet_command_print(command, "%s", line);
        }
}

static void
print_findings(MotetCommand *command, const ConfigFindings *findings)
{
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                motet_command_print(command, "%s", text);
        }
}

static void
print_json(MotetCommand *command, const ReloadPlan *plan, const ConfigFindings *findings,
           bool is_good, const GError *error)
{
        bool is_dry = motet_command_arg(command, "--dry-run") != NULL;
        g_autoptr(GString) json = g_string_new(NULL);

        g_string_append_printf(json, "{\"refused\": %s, \"applied\": %s, \"changes\": ",
                               is_good ? "false" : "true", is_good && !is_dry ? "true" : "false");
        plan_append_json(plan, json);
        g_string_append(json, ", \"findings\": [");
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *text = config_finding_string(g_ptr_array_index(findings->list, i));
                g_string_append(json, i == 0 ? "" : ", ");
                plan_json_text(json, text);
        }
        g_string_append(json, "], \"error\": ");
        plan_json_text(json, error ? error->message : NULL);
        g_string_append_c(json, '}');
        motet_command_print(command, "%s", json->str);
}

static void
print_outcome(MotetCommand *command, const ReloadPlan *plan, const ConfigFindings *findings,
              bool is_good, const GError *error)
{
        bool is_dry = motet_command_arg(command, "--dry-run") != NULL;

        if (motet_command_arg(command, "--json")) {
                print_json(command, plan, findings, is_good, error);
                return;
        }
        print_findings(command, findings);
        print_plan(command, plan, !is_good && !is_dry);
        if (is_good && plan->changes->len == 0)
                motet_command_print(command, "nothing to change");
}

static GError *
describe_refusal(const ConfigFindings *findings, GError *error, bool is_dry)
{
        const char *what = is_dry ? "a reload would be refused" : "nothing was changed";

        if (!error)
                return g_error_new(MOTET_ERROR, MOTET_ERROR_CONFIG,
                                   "%s: %u errors in the configuration", what, findings->n_errors);
        g_prefix_error(&error, "%s: ", what);
        return error;
}

bool
commands_reload(MotetCommand *command, GError **error)
{
        bool is_dry = motet_command_arg(command, "--dry-run") != NULL;
        Server *server = command_server(command);
        g_autoptr(ReloadPlan) plan = plan_new();
        ConfigFindings findings;
        GError *failure = NULL;

        config_findings_init(&findings);
        bool is_good = is_dry ? server_reload_dry(server, plan, &findings, &failure)
                              : server_reload(server, plan, &findings, &failure);
        config_findings_sort(&findings);
        print_outcome(command, plan, &findings, is_good, failure);
        if (!is_good)
                g_propagate_error(error, describe_refusal(&findings, failure, is_dry));
        config_findings_clear(&findings);
        return is_good;
}

static void
run_reload(MotetModule *self, MotetCommand *command)
{
        GError *error = NULL;

        (void)self;
        if (!commands_require_running(command))
                return;
        commands_reload(command, &error);
        motet_command_finish(command, error);
}

static const MotetArg reload_args[] = {
        {"--dry-run", MOTET_ARG_FLAG, true}, {"--json", MOTET_ARG_FLAG, true}, {0}};

const MotetCommandDecl reload_commands[] = {
        {"reload", reload_args,
         "apply the configuration as it is now, whole or not at all; or say what that would change",
         run_reload},
        {0},
};

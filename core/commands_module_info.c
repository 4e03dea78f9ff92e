/*
 * commands_module_info: module info: what one module needs, does and is set to.
 */
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/module_choice.h"
#include "core/module_object.h"
#include "core/permission.h"

#define LABEL "%-14s"

static void
print_words(MotetCommand *command, const char *label, const char *const *words)
{
        if (!words || !*words)
                return;
        g_autofree char *joined = g_strjoinv(", ", (char **)words);
        motet_command_print(command, LABEL " %s", label, joined);
}

static void
print_needs(MotetCommand *command, const MotetModuleInfo *info)
{
        print_words(command, "needs", info->depends);
        print_words(command, "uses", info->wants);
        print_words(command, "conflicts", info->conflicts);
        print_words(command, "specifications", info->specs);
        print_words(command, "features", info->features);
        print_words(command, "of accounts", info->account_features);
        for (const MotetServiceDecl *service = info->services; service && service->name; service++)
                motet_command_print(command, LABEL " %s", "provides", service->name);
        for (const MotetEventDecl *event = info->events; event && event->name; event++)
                motet_command_print(command, LABEL " %s: %s", "tells", event->name, event->moment);
        for (const MotetCommandDecl *decl = info->commands; decl && decl->name; decl++) {
                g_autofree char *usage = command_usage(decl);
                motet_command_print(command, LABEL " %s", "command", usage);
        }
}

static const char *
describe_replacing(const MotetModuleInfo *info)
{
        if (info->replace == MOTET_REPLACE_NEVER)
                return "only by a restart of the server";
        return info->save || info->save_session ? "with its state" : "it begins anew";
}

static void
print_descriptor(MotetCommand *command, const ModuleObject *object)
{
        const MotetModuleInfo *info = object->info;
        bool is_server = info->scope == MOTET_SCOPE_SERVER;

        motet_command_print(command, LABEL " %s %s", "module", info->name,
                            info->version ? info->version : MOTET_VERSION);
        if (info->summary)
                motet_command_print(command, LABEL " %s", "does", info->summary);
        motet_command_print(command, LABEL " %s", "license", info->license ? info->license : "MIT");
        motet_command_print(command, LABEL " %s", "runs",
                            is_server ? "once for the server" : "once for each host");
        motet_command_print(command, LABEL " %s%s", "file", object->path,
                            object->copy ? " (a copy of it: see \"module dev\")"
                            : module_object_has_changed(object)
                                    ? " (a new one: \"module reload\" puts it in force)"
                                    : "");
        motet_command_print(command, LABEL " %s", "is replaced", describe_replacing(info));
        print_needs(command, info);
}

/* What it is set to */

typedef struct {
        MotetCommand *command;
        const char *name;
        const MotetHost *host;       /* NULL: all */
        const MotetModuleInfo *info; /* of whose options are told */
        const ModuleObject *object;  /* of the last instance found */
} Told;

static const char *
help_of(const MotetModuleInfo *info, const char *key)
{
        const size_t n = strlen(PERMISSION_PREFIX);

        for (const MotetOption *option = info->options; option && option->key; option++) {
                if (strcmp(option->key, key) == 0)
                        return option->help;
        }
        for (const MotetPermission *row = info->permissions; row && row->name; row++) {
                if (strncmp(key, PERMISSION_PREFIX, n) == 0 && strcmp(row->name, key + n) == 0)
                        return row->help;
        }
        return "";
}

static void
print_option(const char *key, const char *value, void *data)
{
        const Told *told = data;

        motet_command_print(told->command, "  %s: %s", key, value ? value : "unset");
        motet_command_print(told->command, "      # %s", help_of(told->info, key));
}

static bool
is_meant(const Told *told, const MotetModule *instance)
{
        return strcmp(instance->info->name, told->name) == 0 &&
               (!told->host || !instance->host || instance->host == told->host);
}

static void
find_object(MotetModule *instance, void *data)
{
        Told *told = data;

        if (is_meant(told, instance))
                told->object = instance->loaded;
}

static void
print_instance(MotetModule *instance, void *data)
{
        Told *told = data;

        if (!is_meant(told, instance))
                return;
        motet_command_print(told->command, LABEL " %s", "on",
                            instance->host ? instance->host->name : "all hosts");
        if (instance->status != MOTET_STATUS_OK || instance->status_text)
                motet_command_print(told->command, LABEL " %s%s%s", "says",
                                    module_status_word(instance->status),
                                    instance->status_text ? ": " : "",
                                    instance->status_text ? instance->status_text : "");
        told->info = instance->info;
        option_values_foreach(instance->options, print_option, told);
}

static void
tell_stopped(const Told *told, const Config *config, GError **error)
{
        const ConfigModule *module = config_module(config, told->name);
        g_autoptr(ModuleObject) object = module_object_open(config->modules_dir, told->name, error);

        if (!object)
                return;
        print_descriptor(told->command, object);
        const char *absence =
                modules_absence(server_modules(command_server(told->command)), told->name);
        if (absence)
                motet_command_print(told->command, LABEL " %s", "left out", absence);
        motet_command_print(told->command, LABEL " %s", "on",
                            absence           ? "no host: it is left out"
                            : !module         ? "no host: it is not configured"
                            : module->enabled ? "no host of these"
                                              : "no host: it is disabled");
        for (const MotetOption *option = object->info->options; option && option->key; option++) {
                motet_command_print(told->command, "  %s: %s", option->key,
                                    option->fallback ? option->fallback : "unset");
                motet_command_print(told->command, "      # %s", option->help);
        }
        for (const MotetPermission *row = object->info->permissions; row && row->name; row++) {
                const MotetOption option = permission_option(row);
                motet_command_print(told->command, "  %s%s: %s", PERMISSION_PREFIX, option.key,
                                    option.fallback);
                motet_command_print(told->command, "      # %s", option.help);
        }
}

void
commands_module_info(MotetModule *self, MotetCommand *command)
{
        Server *server = command_server(command);
        Told told = {.command = command, .name = motet_command_arg(command, "module")};
        GError *error = NULL;

        (void)self;
        if (module_choice_check(command, told.name, &error) &&
            module_choice_host(command, &told.host, &error)) {
                modules_foreach(server_modules(server), find_object, &told);
                if (told.object) {
                        print_descriptor(command, told.object);
                        modules_foreach(server_modules(server), print_instance, &told);
                } else {
                        tell_stopped(&told, server_config(server), &error);
                }
        }
        motet_command_finish(command, error);
}

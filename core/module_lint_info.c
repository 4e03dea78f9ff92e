/*
 * module_lint_info: a descriptor and its tables against what include/motet says of them.
 */
#include "core/module_lint.h"

#include <motet/command.h>
#include <string.h>

#include "core/command_table.h"
#include "core/config_module.h"
#include "core/confine_needs.h"
#include "core/event_names.h"
#include "core/host_forms.h"
#include "core/module_object.h"
#include "core/permission.h"

typedef struct {
        const char *path;
        const MotetModuleInfo *info;
        ConfigFindings *findings;
} Lint;

static void tell(const Lint *lint, FindingId id, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void
tell(const Lint *lint, FindingId id, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        config_findings_add(lint->findings, id, lint->path, 0, 0, "%s", text);
}

static bool
is_empty(const char *text)
{
        return !text || !text[0];
}

static void
check_name(const Lint *lint)
{
        const char *name = lint->info->name;
        g_autofree char *file = g_path_get_basename(lint->path);

        if (is_empty(name) || !config_module_is_name(name)) {
                tell(lint, FINDING_MODULE_NAME,
                     "calls itself \"%s\": .name is lower-case letters, digits and underscores, at "
                     "most 64",
                     name ? name : "");
                return;
        }
        g_autofree char *wanted = g_strdup_printf("mod_%s.so", name);
        if (strcmp(file, wanted) != 0)
                tell(lint, FINDING_MODULE_NAME, "calls itself \"%s\": its file must be named %s",
                     name, wanted);
}

static void
check_description(const Lint *lint)
{
        const MotetModuleInfo *info = lint->info;

        if (is_empty(info->summary))
                tell(lint, FINDING_MODULE_UNDESCRIBED,
                     "has no .summary: one line of what it is for, for `motetctl module list`");
        if (is_empty(info->version))
                tell(lint, FINDING_MODULE_UNVERSIONED,
                     "has no .version, so that of the server is shown");
        if (is_empty(info->license))
                tell(lint, FINDING_MODULE_UNVERSIONED, "has no .license, so MIT is shown");
}

/* A word of .depends and others: a module, or "service:" and what one provides. */
static bool
is_word(const char *word)
{
        if (!g_str_has_prefix(word, "service:"))
                return config_module_is_name(word);
        const char *name = word + strlen("service:");
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-:");
        return n > 0 && (!name[n] || (strcmp(name + n, "*") == 0 && name[n - 1] == ':'));
}

static void
check_dependencies(const Lint *lint, const char *field, const char *const *words)
{
        for (unsigned i = 0; words && words[i]; i++) {
                if (!is_word(words[i]))
                        tell(lint, FINDING_MODULE_TABLE,
                             "%s has \"%s\", which is neither the name of a module nor "
                             "\"service:\" and the name of a service",
                             field, words[i]);
                if (g_strcmp0(words[i], lint->info->name) == 0)
                        tell(lint, FINDING_MODULE_TABLE, "%s names the module itself", field);
                for (unsigned j = 0; j < i; j++) {
                        if (strcmp(words[i], words[j]) == 0)
                                tell(lint, FINDING_MODULE_TABLE, "%s has \"%s\" twice", field,
                                     words[i]);
                }
        }
}

static void
check_texts(const Lint *lint, const char *field, const char *const *texts)
{
        for (unsigned i = 0; texts && texts[i]; i++) {
                if (!texts[i][0])
                        tell(lint, FINDING_MODULE_TABLE, "%s has an empty text", field);
                for (unsigned j = 0; j < i; j++) {
                        if (strcmp(texts[i], texts[j]) == 0)
                                tell(lint, FINDING_MODULE_TABLE, "%s has \"%s\" twice", field,
                                     texts[i]);
                }
        }
}

static void
check_services(const Lint *lint)
{
        const MotetServiceDecl *services = lint->info->services;

        for (unsigned i = 0; services && services[i].name; i++) {
                g_autofree char *word = g_strconcat("service:", services[i].name, NULL);
                if (!is_word(word) || g_str_has_suffix(word, "*"))
                        tell(lint, FINDING_MODULE_TABLE, "\"%s\" is no name for a service",
                             services[i].name);
                if (!services[i].api)
                        tell(lint, FINDING_MODULE_TABLE,
                             "the service \"%s\" has no .api, the functions it is called by",
                             services[i].name);
                for (unsigned j = 0; j < i; j++) {
                        if (strcmp(services[i].name, services[j].name) == 0)
                                tell(lint, FINDING_MODULE_TABLE, "provides \"%s\" twice",
                                     services[i].name);
                }
        }
        for (const MotetIdentity *row = lint->info->identities; row && row->category; row++) {
                if (is_empty(row->type))
                        tell(lint, FINDING_MODULE_TABLE, "the identity \"%s\" has no .type",
                             row->category);
        }
}

/* Options */

/* What the loader says of tables that say how the module is set, with the file they are from. */
static void
check_options(const Lint *lint)
{
        const MotetModuleInfo *info = lint->info;
        const char *name = info->name ? info->name : "";
        g_autofree char *place = g_strdup_printf("module %s, ", name);
        ConfigFindings found;

        config_findings_init(&found);
        option_table_check(info->options, name, &found);
        permission_table_check(info->permissions, name, &found);
        host_forms_check(info, &found);
        confine_needs_check(info, &found);
        for (guint i = 0; i < found.list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(found.list, i);
                bool is_default = g_str_has_prefix(finding->file, place);
                tell(lint, FINDING_MODULE_OPTION, "%s%s%s",
                     is_default ? finding->file + strlen(place) : "", is_default ? ": " : "",
                     finding->text);
        }
        config_findings_clear(&found);
}

static void
check_key(const Lint *lint, const char *field, const char *key)
{
        const MotetOption *row = lint->info->options;

        while (key && row && row->key) {
                if (strcmp(row->key, key) == 0)
                        return;
                row++;
        }
        if (key)
                tell(lint, FINDING_MODULE_OPTION, "%s names \"%s\", which is no option of it",
                     field, key);
}

/* Tables that name options. */
static void
check_keys(const Lint *lint)
{
        const MotetModuleInfo *info = lint->info;

        for (unsigned i = 0; info->restart_options && info->restart_options[i]; i++)
                check_key(lint, ".restart_options", info->restart_options[i]);
        for (const MotetRule *rule = info->rules; rule && rule->text; rule++) {
                check_key(lint, ".rules", rule->when);
                check_key(lint, ".rules", rule->unless);
                if (!rule->module)
                        check_key(lint, ".rules", rule->option);
        }
        for (const MotetRisk *risk = info->risks; risk && risk->text; risk++) {
                check_key(lint, ".risks", risk->option);
                check_key(lint, ".risks", risk->other);
        }
        for (const MotetListenDecl *listen = info->listens; listen && listen->ports; listen++) {
                check_key(lint, ".listens", listen->ports);
                check_key(lint, ".listens", listen->addresses);
        }
}

/* Events */

static void
declare_events(EventNames *names, const MotetModuleInfo *info)
{
        for (const MotetEventDecl *event = info->events; event && event->name; event++)
                event_names_declare(names, event->name, event->kind, NULL);
}

static void
declare_events_in(EventNames *names, const char *folder)
{
        g_auto(GStrv) modules = module_object_names(folder);

        for (char **name = modules; *name; name++) {
                g_autoptr(ModuleObject) object = module_object_open(folder, *name, NULL);
                if (object)
                        declare_events(names, object->info);
        }
}

static void
check_events(const Lint *lint, EventNames *names)
{
        const MotetEventDecl *events = lint->info->events;

        for (unsigned i = 0; events && events[i].name; i++) {
                g_autoptr(GError) error = NULL;
                if (!event_names_declare(names, events[i].name, events[i].kind, &error))
                        tell(lint, FINDING_MODULE_EVENT, "%s", error->message);
                if (is_empty(events[i].moment))
                        tell(lint, FINDING_MODULE_UNDESCRIBED,
                             "the event \"%s\" has no .moment: when it is fired, and what "
                             "MOTET_HANDLED means there",
                             events[i].name);
                for (unsigned j = 0; j < i; j++) {
                        if (strcmp(events[i].name, events[j].name) == 0)
                                tell(lint, FINDING_MODULE_EVENT, "declares the event \"%s\" twice",
                                     events[i].name);
                }
        }
}

static void
check_hooks(const Lint *lint, EventNames *names)
{
        const MotetHook *hook = lint->info->hooks;
        g_autofree char *folder = g_path_get_dirname(lint->path);
        bool has_looked = false;

        for (; hook && hook->event; hook++) {
                g_autoptr(GError) error = NULL;
                if (!hook->fn.stanza)
                        tell(lint, FINDING_MODULE_TABLE, "the hook on \"%s\" has no handler",
                             hook->event);
                if (!event_names_intern(names, hook->event) && !has_looked) {
                        declare_events_in(names, folder);
                        declare_events_in(names, MOTET_MODULES_DIR);
                        has_looked = true;
                }
                if (!event_names_intern(names, hook->event))
                        tell(lint, FINDING_MODULE_UNKNOWN_EVENT,
                             "hooks \"%s\", which neither the server nor a module in %s or %s "
                             "declares",
                             hook->event, folder, MOTET_MODULES_DIR);
                else if (!event_names_check(names, hook->event, hook->kind, &error))
                        tell(lint, FINDING_MODULE_EVENT, "%s", error->message);
        }
}

/* Commands */

static bool
is_command_name(const char *name)
{
        g_auto(GStrv) words = g_strsplit(name, " ", -1);

        for (char **word = words; *word; word++) {
                size_t n = strspn(*word, "abcdefghijklmnopqrstuvwxyz0123456789-");
                if (n == 0 || (*word)[n] || (*word)[0] == '-')
                        return false;
        }
        return words[0];
}

static void
check_argument(const Lint *lint, const MotetCommandDecl *command, const MotetArg *arg,
               bool *has_optional)
{
        bool is_option = g_str_has_prefix(arg->name, "--");

        if (*has_optional && !is_option && !arg->optional)
                tell(lint, FINDING_MODULE_TABLE,
                     "the argument %s of \"%s\" must be given, behind one that need not be",
                     arg->name, command->name);
        if (arg->type == MOTET_ARG_WORD && (!arg->words || !arg->words[0]))
                tell(lint, FINDING_MODULE_TABLE, "the argument %s of \"%s\" has no .words",
                     arg->name, command->name);
        if ((arg->type == MOTET_ARG_NUMBER || arg->type == MOTET_ARG_PERIOD) &&
            (arg->min < 0 || arg->min > arg->max))
                tell(lint, FINDING_MODULE_TABLE, "the argument %s of \"%s\" has no range",
                     arg->name, command->name);
        if (!is_option && arg->optional)
                *has_optional = true;
}

static void
check_command(const Lint *lint, const MotetCommandDecl *command, const GArray *of_core)
{
        bool has_optional = false;

        if (!is_command_name(command->name))
                tell(lint, FINDING_MODULE_TABLE,
                     "\"%s\" is no name for a command: words of lower-case letters, digits and "
                     "hyphens",
                     command->name);
        if (!command->run)
                tell(lint, FINDING_MODULE_TABLE, "the command \"%s\" has no .run", command->name);
        if (is_empty(command->help))
                tell(lint, FINDING_MODULE_UNDESCRIBED,
                     "the command \"%s\" has no .help: one line for `motetctl help`",
                     command->name);
        for (const MotetArg *arg = command->args; arg && arg->name; arg++)
                check_argument(lint, command, arg, &has_optional);
        for (guint i = 0; i < of_core->len; i++) {
                const CommandPlace *place = &g_array_index(of_core, CommandPlace, i);
                if (strcmp(place->decl->name, command->name) == 0)
                        tell(lint, FINDING_MODULE_TABLE,
                             "the command \"%s\" is one of the server itself: call it otherwise",
                             command->name);
        }
}

static void
check_commands(const Lint *lint)
{
        const MotetCommandDecl *commands = lint->info->commands;
        g_autoptr(GArray) of_core = command_table_new(NULL, 0);

        for (unsigned i = 0; commands && commands[i].name; i++) {
                check_command(lint, &commands[i], of_core);
                for (unsigned j = 0; j < i; j++) {
                        if (strcmp(commands[i].name, commands[j].name) == 0)
                                tell(lint, FINDING_MODULE_TABLE, "has the command \"%s\" twice",
                                     commands[i].name);
                }
        }
}

/* What newer code gets of older. */
static void
check_state(const Lint *lint)
{
        const MotetModuleInfo *info = lint->info;

        if (!info->save != !info->restore)
                tell(lint, FINDING_MODULE_TABLE, "has %s without %s",
                     info->save ? ".save" : ".restore", info->save ? ".restore" : ".save");
        if (!info->save_session != !info->restore_session)
                tell(lint, FINDING_MODULE_TABLE, "has %s without %s",
                     info->save_session ? ".save_session" : ".restore_session",
                     info->save_session ? ".restore_session" : ".save_session");
        if (info->state_oldest > info->state_version)
                tell(lint, FINDING_MODULE_TABLE,
                     ".state_oldest is later than .state_version: it would not understand its own "
                     "state");
        if ((unsigned)info->scope > MOTET_SCOPE_SERVER)
                tell(lint, FINDING_MODULE_TABLE, ".scope is none there is");
}

void
module_lint_info(const char *path, const MotetModuleInfo *info, ConfigFindings *findings)
{
        const Lint lint = {path, info, findings};
        EventNames *names = event_names_new();

        check_name(&lint);
        check_description(&lint);
        check_dependencies(&lint, ".depends", info->depends);
        check_dependencies(&lint, ".wants", info->wants);
        check_dependencies(&lint, ".conflicts", info->conflicts);
        check_texts(&lint, ".specs", info->specs);
        check_texts(&lint, ".features", info->features);
        check_texts(&lint, ".account_features", info->account_features);
        check_services(&lint);
        check_options(&lint);
        check_keys(&lint);
        check_events(&lint, names);
        check_hooks(&lint, names);
        check_commands(&lint);
        check_state(&lint);
        event_names_free(names);
}

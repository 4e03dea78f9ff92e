/*
 * manual: the help, and answering for help without a server.
 */
#include "core/manual.h"

#include <inttypes.h>
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/command_args.h"
#include "core/config.h"
#include "core/config_print.h"

#define USAGE_WIDTH 34

static const char *
who_may(const MotetCommandDecl *decl)
{
        switch (decl->right) {
        case MOTET_FOR_OPERATOR:
                break;
        case MOTET_FOR_ADMIN:
                return "an administrator of the host may do that, too";
        case MOTET_FOR_SELF:
                return "everybody may do that with their own account";
        }
        return NULL;
}

char *
manual_argument(const MotetArg *arg)
{
        g_autofree char *words = arg->words ? g_strjoinv(", ", (char **)arg->words) : NULL;
        g_autofree char *min = config_print_integer(CONFIG_DURATION, arg->min);
        g_autofree char *max = config_print_integer(CONFIG_DURATION, arg->max);

        switch (arg->type) {
        case MOTET_ARG_JID:
                return g_strdup("an account's address, such as romeo@example.org");
        case MOTET_ARG_ADDRESS:
                return g_strdup("an account's address, with or without a resource");
        case MOTET_ARG_HOST:
                return g_strdup("a domain that is served");
        case MOTET_ARG_SECRET:
                return g_strdup("asked for, or one line of standard input with --password-stdin");
        case MOTET_ARG_PERIOD:
                return g_strdup_printf("a time such as 90s or 10m, from %s to %s", min, max);
        case MOTET_ARG_NUMBER:
                if (arg->max == G_MAXINT64)
                        return g_strdup("a number");
                return g_strdup_printf("a number from %" PRId64 " to %" PRId64, arg->min, arg->max);
        case MOTET_ARG_WORD:
                return g_strdup_printf("one of %s", words);
        case MOTET_ARG_FLAG:
        case MOTET_ARG_STRING:
                break;
        }
        return NULL;
}

static void
print_argument(const MotetArg *arg, ManualPrint print, void *data)
{
        g_autofree char *name =
                command_args_is_option(arg) ? g_strdup(arg->name) : g_ascii_strup(arg->name, -1);
        g_autofree char *what = manual_argument(arg);
        g_autofree char *line = g_strdup_printf("  %-12s %s", name, what ? what : "");

        if (what)
                print(data, line);
}

static void
print_one(const CommandPlace *place, ManualPrint print, void *data)
{
        g_autofree char *usage = command_usage(place->decl);
        g_autofree char *line = g_strdup_printf("usage: motetctl %s", usage);
        const char *right = who_may(place->decl);

        print(data, line);
        print(data, "");
        print(data, place->decl->help ? place->decl->help : "");
        for (const MotetArg *arg = place->decl->args; arg && arg->name; arg++)
                print_argument(arg, print, data);
        if (right)
                print(data, right);
        if (!place->info)
                return;
        g_autofree char *module = g_strdup_printf("of module %s", place->info->name);
        print(data, module);
}

static void
print_row(const CommandPlace *place, ManualPrint print, void *data)
{
        g_autofree char *usage = command_usage(place->decl);
        const char *help = place->decl->help ? place->decl->help : "";
        g_autofree char *line = g_strdup_printf("%-*s %s", USAGE_WIDTH, usage, help);
        g_autofree char *below = g_strdup_printf("%-*s %s", USAGE_WIDTH, "", help);

        if (strlen(usage) <= USAGE_WIDTH) {
                print(data, line);
                return;
        }
        print(data, usage);
        print(data, below);
}

static bool
begins_with(const MotetCommandDecl *decl, const char *start)
{
        size_t n = strlen(start);

        return strncmp(decl->name, start, n) == 0 &&
               (decl->name[n] == ' ' || decl->name[n] == '\0');
}

/* Returns: how many commands begin with @start */
static guint
print_all(const GArray *table, const char *start, ManualPrint print, void *data)
{
        guint n = 0;

        for (guint i = 0; i < table->len; i++) {
                const CommandPlace *place = &g_array_index(table, CommandPlace, i);
                if (start && !begins_with(place->decl, start))
                        continue;
                n++;
                print_row(place, print, data);
        }
        return n;
}

bool
manual_help(const GArray *table, const char *const *words, ManualPrint print, void *data,
            GError **error)
{
        g_autoptr(GError) unknown = NULL;
        unsigned n;

        if (!words[0]) {
                print_all(table, NULL, print, data);
                return true;
        }
        g_autofree char *start = g_strjoinv(" ", (char **)words);
        const CommandPlace *place = command_table_find(table, words, &n, &unknown);
        bool is_exact = place && strcmp(place->decl->name, start) == 0;
        if (is_exact) {
                print_one(place, print, data);
                return true;
        }
        if (print_all(table, start, print, data) > 0)
                return true;
        if (unknown)
                g_propagate_error(error, g_steal_pointer(&unknown));
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "there is no command \"%s\", but there is \"%s\"", start,
                            place->decl->name);
        return false;
}

/* Without a server */

static int
compare_infos(gconstpointer a, gconstpointer b)
{
        return strcmp((*(const MotetModuleInfo *const *)a)->name,
                      (*(const MotetModuleInfo *const *)b)->name);
}

void
manual_modules_init(ManualModules *modules, const char *dir, const char *const *names)
{
        modules->objects = g_ptr_array_new_with_free_func((GDestroyNotify)module_object_close);
        modules->infos = g_ptr_array_new();
        for (; *names; names++) {
                ModuleObject *object = module_object_open(dir, *names, NULL);
                if (!object)
                        continue;
                g_ptr_array_add(modules->objects, object);
                g_ptr_array_add(modules->infos, (gpointer)object->info);
        }
        g_ptr_array_sort(modules->infos, compare_infos);
}

void
manual_modules_clear(ManualModules *modules)
{
        g_ptr_array_unref(modules->infos);
        g_ptr_array_unref(modules->objects);
}

static void
init_enabled(ManualModules *modules, const char *file)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_load(file, &findings);
        config_findings_clear(&findings);
        for (guint i = 0; config && i < config->modules->len; i++) {
                const ConfigModule *module = g_ptr_array_index(config->modules, i);
                if (module->enabled)
                        g_ptr_array_add(names, module->name);
        }
        g_ptr_array_add(names, NULL);
        manual_modules_init(modules, config ? config->modules_dir : "",
                            (const char *const *)names->pdata);
}

bool
manual_answer(const char *file, const char *const *words, ManualPrint print, void *data,
              GError **error)
{
        bool is_help = strcmp(words[0], "help") == 0;
        bool is_script = strcmp(words[0], "completion") == 0 && g_strcmp0(words[1], "bash") == 0 &&
                         !words[2];
        ManualModules modules;
        bool is_answered = true;

        if (!is_help && !is_script)
                return false;
        init_enabled(&modules, file);
        g_autoptr(GArray) table = command_table_new(
                (const MotetModuleInfo *const *)modules.infos->pdata, modules.infos->len);
        g_autofree char *script = is_script ? manual_completion(table) : NULL;
        if (is_script)
                print(data, script);
        else
                is_answered = manual_help(table, words + 1, print, data, error);
        manual_modules_clear(&modules);
        return is_answered;
}

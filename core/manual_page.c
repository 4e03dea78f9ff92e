/*
 * manual_page: sections of the manual pages, in the language of man(7).
 */
#include <inttypes.h>
#include <motet/option.h>
#include <string.h>

#include "core/command.h"
#include "core/command_args.h"
#include "core/config_print.h"
#include "core/manual.h"
#include "core/permission.h"

/* Appends @text as itself: roff has a meaning for backslashes, for dashes, and for what begins a
 * line. */
static void
append_text(GString *page, const char *text)
{
        if (*text == '.' || *text == '\'')
                g_string_append(page, "\\&");
        for (; *text; text++) {
                if (*text == '\\')
                        g_string_append(page, "\\e");
                else if (*text == '-')
                        g_string_append(page, "\\-");
                else if (*text == '\n')
                        g_string_append_c(page, ' ');
                else
                        g_string_append_c(page, *text);
        }
}

static void
append_argument(GString *page, const MotetArg *arg)
{
        g_autofree char *what = manual_argument(arg);
        g_autofree char *name =
                command_args_is_option(arg) ? g_strdup(arg->name) : g_ascii_strup(arg->name, -1);

        if (!what)
                return;
        g_string_append(page, ".br\n\\fI");
        append_text(page, name);
        g_string_append(page, "\\fR: ");
        append_text(page, what);
        g_string_append_c(page, '\n');
}

char *
manual_commands(const GArray *table)
{
        GString *page = g_string_new(NULL);

        for (guint i = 0; i < table->len; i++) {
                const CommandPlace *place = &g_array_index(table, CommandPlace, i);
                g_autofree char *usage = command_usage(place->decl);
                g_string_append(page, ".TP\n\\fB");
                append_text(page, place->decl->name);
                g_string_append(page, "\\fR");
                append_text(page, usage + strlen(place->decl->name));
                g_string_append_c(page, '\n');
                append_text(page, place->decl->help ? place->decl->help : "");
                if (place->info)
                        g_string_append_printf(page, " (module %s)", place->info->name);
                g_string_append_c(page, '\n');
                for (const MotetArg *arg = place->decl->args; arg && arg->name; arg++)
                        append_argument(page, arg);
        }
        return g_string_free(page, FALSE);
}

static const char *
type_name(MotetOptionType type)
{
        switch (type) {
        case MOTET_OPTION_BOOL:
                return "true or false";
        case MOTET_OPTION_INT:
                return "a number";
        case MOTET_OPTION_SIZE:
                return "a size";
        case MOTET_OPTION_DURATION:
                return "a time";
        case MOTET_OPTION_STRING:
                return "text";
        case MOTET_OPTION_ENUM:
                return "a word";
        case MOTET_OPTION_LIST:
                return "a list";
        case MOTET_OPTION_INTS:
                return "a list of numbers";
        case MOTET_OPTION_PATH:
                return "a file";
        case MOTET_OPTION_JID:
                return "an address";
        case MOTET_OPTION_DOMAIN:
                return "a domain";
        case MOTET_OPTION_ADDRESS:
                return "a numeric IP address";
        case MOTET_OPTION_JIDS:
                return "a list of addresses";
        case MOTET_OPTION_DOMAINS:
                return "a list of domains";
        case MOTET_OPTION_ADDRESSES:
                return "a list of numeric IP addresses";
        case MOTET_OPTION_SECRET:
                return "a secret";
        }
        return "a value";
}

static void
append_range(GString *page, const MotetOption *option)
{
        ConfigUnit unit = option->type == MOTET_OPTION_DURATION ? CONFIG_DURATION
                          : option->type == MOTET_OPTION_SIZE   ? CONFIG_SIZE
                                                                : CONFIG_NUMBER;

        if (option->min == 0 && option->max == 0)
                return;
        g_autofree char *min = config_print_integer(unit, option->min);
        g_autofree char *max = config_print_integer(unit, option->max);
        g_autofree char *range = g_strdup_printf(", %s to %s", min, max);
        append_text(page, range);
}

static void
append_option(GString *page, const MotetOption *option)
{
        g_string_append(page, ".TP\n\\fB");
        append_text(page, option->key);
        g_string_append(page, "\\fR (");
        append_text(page, type_name(option->type));
        append_range(page, option);
        if (option->values) {
                g_autofree char *values = g_strjoinv(", ", (char **)option->values);
                g_string_append(page, ": ");
                append_text(page, values);
        }
        g_string_append(page, option->fallback ? "; default " : "; no default");
        append_text(page, option->fallback ? option->fallback : "");
        g_string_append(page, ")\n");
        append_text(page, option->help ? option->help : "");
        g_string_append_c(page, '\n');
}

static void
append_permission(GString *page, const MotetPermission *permission)
{
        g_autofree char *key = g_strconcat(PERMISSION_PREFIX, permission->name, NULL);
        MotetOption option = permission_option(permission);

        option.key = key;
        append_option(page, &option);
}

char *
manual_options(const MotetModuleInfo *const *infos, unsigned n)
{
        GString *page = g_string_new(NULL);

        for (unsigned i = 0; i < n; i++) {
                g_string_append_printf(page, ".SS %s\n", infos[i]->name);
                append_text(page, infos[i]->summary ? infos[i]->summary : "");
                g_string_append(page, ".\n");
                for (const MotetOption *option = infos[i]->options; option && option->key; option++)
                        append_option(page, option);
                for (const MotetPermission *row = infos[i]->permissions; row && row->name; row++)
                        append_permission(page, row);
        }
        return g_string_free(page, FALSE);
}

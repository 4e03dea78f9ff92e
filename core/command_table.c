/*
 * command_table: all commands there are, core's own and those that modules declare, by name.
 */
#include "core/command_table.h"

#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/suggest.h"

static void
add_places(GArray *places, const MotetCommandDecl *decl, const MotetModuleInfo *info)
{
        for (; decl && decl->name; decl++) {
                const CommandPlace place = {decl, info};
                g_array_append_val(places, place);
        }
}

static void
add_instance(MotetModule *instance, void *data)
{
        GArray *places = data;

        /* Instances of one module follow each other. */
        if (places->len > 0 &&
            g_array_index(places, CommandPlace, places->len - 1).info == instance->info)
                return;
        add_places(places, instance->info->commands, instance->info);
}

static int
compare_places(gconstpointer a, gconstpointer b)
{
        return strcmp(((const CommandPlace *)a)->decl->name, ((const CommandPlace *)b)->decl->name);
}

static GArray *
table_of_core(void)
{
        GArray *places = g_array_new(FALSE, FALSE, sizeof(CommandPlace));

        for (const MotetCommandDecl *const *table = commands_of_core; *table; table++)
                add_places(places, *table, NULL);
        return places;
}

GArray *
command_table_of(Server *server)
{
        GArray *places = table_of_core();

        modules_foreach(server_modules(server), add_instance, places);
        g_array_sort(places, compare_places);
        return places;
}

GArray *
command_table_new(const MotetModuleInfo *const *infos, unsigned n)
{
        GArray *places = table_of_core();

        for (unsigned i = 0; i < n; i++)
                add_places(places, infos[i]->commands, infos[i]);
        g_array_sort(places, compare_places);
        return places;
}

void
command_list(Server *server,
             void (*func)(const MotetCommandDecl *decl, const char *module, void *data), void *data)
{
        g_autoptr(GArray) places = command_table_of(server);

        for (guint i = 0; i < places->len; i++) {
                const CommandPlace *place = &g_array_index(places, CommandPlace, i);
                func(place->decl, place->info ? place->info->name : NULL, data);
        }
}

/* Finding */

/* Returns: how many of @words are the name of @decl; 0 when they are not. */
static unsigned
match_length(const MotetCommandDecl *decl, const char *const *words)
{
        g_auto(GStrv) parts = g_strsplit(decl->name, " ", -1);
        unsigned n = 0;

        for (; parts[n]; n++) {
                if (!words[n] || strcmp(parts[n], words[n]) != 0)
                        return 0;
        }
        return n;
}

/* The command meant is looked for among names of as many words as each has. */
static GError *
unknown_command(const GArray *places, const char *const *words)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        unsigned n_words = g_strv_length((char **)words);

        for (guint i = 0; i < places->len; i++)
                g_ptr_array_add(names, (gpointer)g_array_index(places, CommandPlace, i).decl->name);
        g_ptr_array_add(names, NULL);

        for (unsigned n = MIN(n_words, 3); n > 0; n--) {
                g_autoptr(GString) start = g_string_new(words[0]);
                for (unsigned i = 1; i < n; i++)
                        g_string_append_printf(start, " %s", words[i]);
                const char *near = suggest_nearest(start->str, (const char *const *)names->pdata);
                if (near)
                        return g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                           "there is no command \"%s\"; did you mean \"%s\"?",
                                           start->str, near);
        }
        return g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                           "there is no command \"%s\": \"help\" lists all of them",
                           n_words ? words[0] : "");
}

const CommandPlace *
command_table_find(const GArray *table, const char *const *words, unsigned *n_words_out,
                   GError **error)
{
        const CommandPlace *found = NULL;

        *n_words_out = 0;
        for (guint i = 0; i < table->len; i++) {
                const CommandPlace *place = &g_array_index(table, CommandPlace, i);
                unsigned n = match_length(place->decl, words);
                if (n <= *n_words_out)
                        continue;
                *n_words_out = n;
                found = place;
        }
        if (!found)
                g_propagate_error(error, unknown_command(table, words));
        return found;
}

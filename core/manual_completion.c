/*
 * manual_completion: the completion of the shell: a script that knows every word of every command.
 */
#include <string.h>

#include "core/command_args.h"
#include "core/manual.h"

/* What comes before the words of the commands. Options of the tool itself may stand anywhere. */
static const char before[] =
        "# Completion of motetctl for bash, made from its table of commands.\n"
        "_motetctl()\n"
        "{\n"
        "        local current=${COMP_WORDS[COMP_CWORD]} words='' candidates='' i\n"
        "\n"
        "        if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then\n"
        "                mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
        "                return\n"
        "        fi\n"
        "        for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "                case ${COMP_WORDS[i]} in\n"
        "                --config) ((i++)) ;;\n"
        "                -*) ;;\n"
        "                *) words+=${words:+ }${COMP_WORDS[i]} ;;\n"
        "                esac\n"
        "        done\n"
        "        case $words in\n";

static const char after[] =
        "        esac\n"
        "        mapfile -t COMPREPLY < <(compgen -W \"$candidates\" -- \"$current\")\n"
        "}\n"
        "complete -F _motetctl motetctl";

static const char tool_options[] = "--config --password-stdin --version --help";

/* Places: words that may be behind others. */
typedef struct {
        char *start;     /* (own) "user": words given so far */
        GString *words;  /* (own) that may be next */
        bool is_command; /* further words are its arguments */
} Stop;

static void
stop_free(void *data)
{
        Stop *stop = data;

        g_free(stop->start);
        g_string_free(stop->words, TRUE);
        g_free(stop);
}

static Stop *
find_stop(GPtrArray *stops, const char *start, size_t n)
{
        for (guint i = 0; i < stops->len; i++) {
                Stop *stop = g_ptr_array_index(stops, i);
                if (strlen(stop->start) == n && strncmp(stop->start, start, n) == 0)
                        return stop;
        }
        Stop *stop = g_new0(Stop, 1);
        stop->start = g_strndup(start, n);
        stop->words = g_string_new(NULL);
        g_ptr_array_add(stops, stop);
        return stop;
}

static void
add_word(Stop *stop, const char *word, size_t n)
{
        g_autofree char *padded = g_strdup_printf(" %s ", stop->words->str);
        g_autofree char *wanted = g_strdup_printf(" %.*s ", (int)n, word);

        if (strstr(padded, wanted))
                return;
        if (stop->words->len > 0)
                g_string_append_c(stop->words, ' ');
        g_string_append_len(stop->words, word, (gssize)n);
}

static void
add_command(GPtrArray *stops, const MotetCommandDecl *decl)
{
        const char *name = decl->name;

        for (const char *word = name; word;) {
                const char *space = strchr(word, ' ');
                size_t before_word = word == name ? 0 : (size_t)(word - name) - 1;
                add_word(find_stop(stops, name, before_word), word,
                         space ? (size_t)(space - word) : strlen(word));
                word = space ? space + 1 : NULL;
        }

        Stop *own = find_stop(stops, name, strlen(name));
        own->is_command = true;
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                if (command_args_is_option(arg))
                        add_word(own, arg->name, strlen(arg->name));
                for (const char *const *word = arg->words; word && *word; word++)
                        add_word(own, *word, strlen(*word));
        }
}

/* The longest first: "user list" before "user", were that a command as well. */
static int
compare_stops(gconstpointer a, gconstpointer b)
{
        const Stop *x = *(const Stop *const *)a, *y = *(const Stop *const *)b;
        size_t n_x = strlen(x->start), n_y = strlen(y->start);

        return n_x != n_y ? (n_x < n_y ? 1 : -1) : strcmp(x->start, y->start);
}

char *
manual_completion(const GArray *table)
{
        g_autoptr(GPtrArray) stops = g_ptr_array_new_with_free_func(stop_free);
        GString *script = g_string_new(before);

        for (guint i = 0; i < table->len; i++)
                add_command(stops, g_array_index(table, CommandPlace, i).decl);
        add_word(find_stop(stops, "", 0), tool_options, strlen(tool_options));
        g_ptr_array_sort(stops, compare_stops);
        for (guint i = 0; i < stops->len; i++) {
                const Stop *stop = g_ptr_array_index(stops, i);
                g_string_append_printf(script, "        '%s'", stop->start);
                if (stop->is_command)
                        g_string_append_printf(script, " | '%s '*", stop->start);
                g_string_append_printf(script, ") candidates='%s' ;;\n", stop->words->str);
        }
        g_string_append(script, after);
        return g_string_free(script, FALSE);
}

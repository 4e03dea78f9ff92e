/*
 * log_command: "log level": shows levels of the log, and changes them for a while.
 */
#include "core/log_command.h"

#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/config_log.h"
#include "core/config_print.h"
#include "core/list.h"
#include "core/log.h"
#include "core/server_private.h"
#include "core/suggest.h"

#define EVERYBODY "all"
#define AS_CONFIGURED "configured"
#define TIME_MAX (7 * G_TIME_SPAN_DAY)

typedef struct {
        LoopTimer timer; /* armed when it is for a while */
        LogCommands *commands;
        char *source; /* (own) NULL: everybody */
} Commanded;

struct LogCommands {
        Loop *loop;
        GPtrArray *list; /* (own) of Commanded, one a source */
};

/* What was asked for. */
typedef struct {
        const char *source; /* NULL: everybody */
        const char *level;  /* NULL: only show */
        int64_t time;       /* µs; 0: no end */
} Request;

static const char *const levels[] = {"error", "warn", "info", "debug", AS_CONFIGURED, NULL};

static void
commanded_free(void *data)
{
        Commanded *commanded = data;

        loop_timer_cancel(commanded->commands->loop, &commanded->timer);
        log_command_level(commanded->source, LOG_LEVEL_UNSET);
        g_free(commanded->source);
        g_free(commanded);
}

LogCommands *
log_commands_new(Loop *loop)
{
        LogCommands *commands = g_new0(LogCommands, 1);

        commands->loop = loop;
        commands->list = g_ptr_array_new_with_free_func(commanded_free);
        return commands;
}

void
log_commands_free(LogCommands *commands)
{
        if (!commands)
                return;
        g_ptr_array_unref(commands->list);
        g_free(commands);
}

static Commanded *
find(const LogCommands *commands, const char *source)
{
        for (guint i = 0; i < commands->list->len; i++) {
                Commanded *commanded = g_ptr_array_index(commands->list, i);
                if (g_strcmp0(commanded->source, source) == 0)
                        return commanded;
        }
        return NULL;
}

static void
forget(LogCommands *commands, const char *source)
{
        Commanded *commanded = find(commands, source);
        /* What is passed may be the entry's own, which goes. */
        g_autofree char *name = g_strdup(source);

        if (!commanded)
                return;
        g_ptr_array_remove(commands->list, commanded);
        motet_info("%s: logged at %s again, as configured", name ? name : EVERYBODY,
                   log_level_name(log_level_of(name)));
}

static void
end_of_time(LoopTimer *timer)
{
        Commanded *commanded = CONTAINER_OF(timer, Commanded, timer);

        forget(commanded->commands, commanded->source);
}

static bool
command_level(LogCommands *commands, const Request *request, MotetLogLevel level, GError **error)
{
        Commanded *commanded = find(commands, request->source);

        if (!log_command_level(request->source, (int)level)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "%u modules have a level of their own already: set some to "
                            "\"" AS_CONFIGURED "\"",
                            LOG_LEVELS_MAX);
                return false;
        }
        if (!commanded) {
                commanded = g_new0(Commanded, 1);
                commanded->commands = commands;
                commanded->source = g_strdup(request->source);
                commanded->timer.func = end_of_time;
                g_ptr_array_add(commands->list, commanded);
        }
        loop_timer_cancel(commands->loop, &commanded->timer);
        if (request->time > 0)
                loop_timer_arm(commands->loop, &commanded->timer, request->time);
        motet_info("%s: logged at %s, as commanded", request->source ? request->source : EVERYBODY,
                   log_level_name(level));
        return true;
}

void
log_commands_foreach(const LogCommands *commands,
                     void (*func)(void *data, const char *source, const char *level, int64_t left),
                     void *data)
{
        for (guint i = 0; i < commands->list->len; i++) {
                const Commanded *commanded = g_ptr_array_index(commands->list, i);
                int64_t left = loop_timer_is_armed(&commanded->timer)
                                       ? commanded->timer.deadline - loop_now(commands->loop)
                                       : 0;
                func(data, commanded->source ? commanded->source : EVERYBODY,
                     log_level_name(log_level_of(commanded->source)), left);
        }
}

/* Reading the words */

static bool
fail(GError **error, const char *word, const char *what, const char *near)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "\"%s\" is %s%s%s%s", word, what,
                    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return false;
}

static bool
read_time(const char *text, int64_t *time_out, GError **error)
{
        if (config_parse_duration(text, time_out) && *time_out > 0 && *time_out <= TIME_MAX)
                return true;
        return fail(error, text, "no time such as 10m, at most 7d", NULL);
}

static bool
read_source(const Config *config, const char *word, const char **source_out, GError **error)
{
        g_autofree const char **sources = config_log_sources(config);

        if (strcmp(word, EVERYBODY) == 0)
                return true;
        *source_out = word;
        if (g_strv_contains(sources, word) && strlen(word) < LOG_SOURCE_MAX)
                return true;
        return fail(error, word, "neither a module nor a part of the core",
                    suggest_nearest(word, sources));
}

/* @words: what stands besides --for: [MODULE] [LEVEL]; a single word may be either. */
static bool
read_words(const Config *config, const char *const *words, unsigned n, Request *request,
           GError **error)
{
        unsigned i = 0;

        if (n == 2 ||
            (n == 1 && !g_strv_contains(levels, words[0]) && !suggest_nearest(words[0], levels))) {
                if (!read_source(config, words[i++], &request->source, error))
                        return false;
        }
        if (i == n)
                return true;
        request->level = words[i];
        if (g_strv_contains(levels, words[i]))
                return true;
        return fail(error, words[i], "none of error, warn, info, debug, " AS_CONFIGURED,
                    suggest_nearest(words[i], levels));
}

static bool
read_request(const Config *config, const MotetCommand *command, Request *request, GError **error)
{
        const char *words[] = {motet_command_arg(command, "module"),
                               motet_command_arg(command, "level")};
        const char *time = motet_command_arg(command, "--for");
        unsigned n = words[1] ? 2 : words[0] ? 1 : 0;

        if (time && !read_time(time, &request->time, error))
                return false;
        if (!read_words(config, words, n, request, error))
                return false;
        if (request->time > 0 && (!request->level || strcmp(request->level, AS_CONFIGURED) == 0))
                return fail(error, "--for", "for a level to be set", NULL);
        return true;
}

/* Showing */

static void
print_level(MotetCommand *command, const LogCommands *commands, const char *source)
{
        const Commanded *commanded = find(commands, source);
        g_autofree char *how = g_strdup("as configured");

        if (commanded && loop_timer_is_armed(&commanded->timer)) {
                int64_t left = commanded->timer.deadline - loop_now(commands->loop);
                int64_t seconds = MAX(left, 0) / G_TIME_SPAN_SECOND;
                g_autofree char *text =
                        config_print_integer(CONFIG_DURATION, seconds * G_TIME_SPAN_SECOND);
                g_free(how);
                how = g_strdup_printf("as commanded, for %s more", text);
        } else if (commanded) {
                g_free(how);
                how = g_strdup("as commanded");
        }
        motet_command_print(command, "%-16s %-6s %s", source ? source : EVERYBODY,
                            log_level_name(log_level_of(source)), how);
}

static int
compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
print_levels(MotetCommand *command, const LogCommands *commands, const Config *config)
{
        g_autoptr(GPtrArray) sources = g_ptr_array_new();
        const LogLevels *configured = &config->log_levels;

        for (unsigned i = 0; i < configured->n_of; i++)
                g_ptr_array_add(sources, (gpointer)configured->of[i].source);
        for (guint i = 0; i < commands->list->len; i++) {
                const Commanded *commanded = g_ptr_array_index(commands->list, i);
                if (commanded->source &&
                    log_levels_of(configured, commanded->source) == LOG_LEVEL_UNSET)
                        g_ptr_array_add(sources, commanded->source);
        }
        g_ptr_array_sort(sources, compare_names);
        print_level(command, commands, NULL);
        for (guint i = 0; i < sources->len; i++)
                print_level(command, commands, g_ptr_array_index(sources, i));
}

const MotetArg log_level_args[] = {
        {"module", MOTET_ARG_STRING, true},
        {"level", MOTET_ARG_STRING, true},
        {"--for", MOTET_ARG_STRING, true},
        {0},
};

void
log_command_level_run(MotetModule *self, MotetCommand *command)
{
        Server *server = command_server(command);
        Request request = {0};
        GError *error = NULL;
        MotetLogLevel level;

        (void)self;
        if (!server->base.serving) {
                error = g_error_new(MOTET_ERROR, MOTET_ERROR_MISSING, "no server is running");
        } else if (read_request(server->config, command, &request, &error)) {
                if (!request.level && request.source)
                        print_level(command, server->log_commands, request.source);
                else if (!request.level)
                        print_levels(command, server->log_commands, server->config);
                else if (log_level_parse(request.level, &level))
                        command_level(server->log_commands, &request, level, &error);
                else
                        forget(server->log_commands, request.source);
        }
        motet_command_finish(command, error);
}

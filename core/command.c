/*
 * command: finding and running operator commands; the same code whether asked over the control
 * socket or in process.
 */
#include "core/command.h"

#include <motet/error.h>
#include <motet/jid.h>
#include <openssl/crypto.h>
#include <string.h>

#include "core/command_args.h"
#include "core/command_table.h"
#include "core/meter.h"

struct MotetCommand {
        Owned owned; /* by the instance it runs in; by nobody for core's own */
        Server *server;
        const CommandOwner *owner;
        void *data;
        char *name;         /* "user add" */
        GHashTable *values; /* (own) argument's name -> value, as checked */
        char **hosts; /* (own) prepared names it still runs on after the current one; NULL: none */
        unsigned next_host; /* index in hosts */
        int code;           /* command_set_code() */
};

static void
wipe_free(void *text)
{
        if (text)
                OPENSSL_cleanse(text, strlen(text));
        g_free(text);
}

Server *
command_server(const MotetCommand *command)
{
        return command->server;
}

/* Running */

static MotetCommand *
command_new(Server *server, const MotetCommandDecl *decl, const CommandOwner *owner, void *data)
{
        MotetCommand *command = g_new0(MotetCommand, 1);

        command->server = server;
        command->owner = owner;
        command->data = data;
        command->name = g_strdup(decl->name);
        command->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wipe_free);
        return command;
}

static void
command_free(MotetCommand *command)
{
        owned_remove(&command->owned);
        g_hash_table_unref(command->values);
        g_strfreev(command->hosts);
        g_free(command->name);
        g_free(command);
}

void
command_set_code(MotetCommand *command, int exit_code)
{
        command->code = exit_code;
}

/* Takes @command. */
static void
end(MotetCommand *command, const GError *error)
{
        command->owner->ended(command->data, error ? motet_error_exit_code(error) : command->code,
                              error ? error->message : NULL);
        command_free(command);
}

static void
command_drop(Owned *owned)
{
        g_autoptr(GError) error = g_error_new(MOTET_ERROR, MOTET_ERROR_CANCELLED,
                                              "the module that runs this command is stopping");

        end(CONTAINER_OF(owned, MotetCommand, owned), error);
}

/* The instance that runs @name for @host (NULL: of server scope), and its declaration. */
typedef struct {
        const char *name;
        const MotetHost *host;
        MotetModule *instance;
        const MotetCommandDecl *decl;
} Search;

static void
search_instance(MotetModule *instance, void *data)
{
        Search *search = data;

        if (search->instance || instance->host != search->host)
                return;
        for (const MotetCommandDecl *decl = instance->info->commands; decl && decl->name; decl++) {
                if (strcmp(decl->name, search->name) != 0)
                        continue;
                search->instance = instance;
                search->decl = decl;
        }
}

/* Returns: false when no module has the command there. */
static bool
start_on(MotetCommand *command, const MotetHost *host)
{
        Search search = {.name = command->name, .host = host};

        modules_foreach(server_modules(command->server), search_instance, &search);
        if (!search.instance)
                return false;

        command->owned.underway = true;
        owned_add(&command->owned, search.instance, command_drop);
        InstanceCall before = instance_enter(search.instance, "command");
        MeterFrame frame;
        meter_enter(&frame, search.instance);
        search.decl->run(search.instance, command);
        meter_leave(&frame, search.instance->server);
        instance_leave(search.instance, before);
        return true;
}

/* Goes on with the next host that has the command. Returns: false when there is none left */
static bool
start_on_next(MotetCommand *command)
{
        while (command->hosts && command->hosts[command->next_host]) {
                const char *name = command->hosts[command->next_host++];
                const MotetHost *host = motet_host_find(server_base(command->server), name);
                if (host && start_on(command, host))
                        return true;
        }
        return false;
}

static char **
names_of_hosts(Server *server, const CommandCaller *caller)
{
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        const GPtrArray *hosts = server_base(server)->hosts;

        if (caller->right != MOTET_FOR_OPERATOR) {
                g_strv_builder_add(names, strchr(caller->jid, '@') + 1);
                return g_strv_builder_end(names);
        }
        for (guint i = 0; i < hosts->len; i++)
                g_strv_builder_add(names, ((const MotetHost *)g_ptr_array_index(hosts, i))->name);
        return g_strv_builder_end(names);
}

static void
start(MotetCommand *command, const CommandPlace *place, const CommandCaller *caller)
{
        if (!place->info) {
                place->decl->run(NULL, command);
                return;
        }

        g_autofree char *domain = command_args_domain(place->decl, command->values);
        bool is_started;
        if (place->info->scope == MOTET_SCOPE_SERVER) {
                is_started = start_on(command, NULL);
        } else if (domain) {
                is_started =
                        start_on(command, motet_host_find(server_base(command->server), domain));
        } else {
                command->hosts = names_of_hosts(command->server, caller);
                is_started = start_on_next(command);
        }
        if (is_started)
                return;

        g_autoptr(GError) error = g_error_new(MOTET_ERROR, MOTET_ERROR_MISSING,
                                              "no module on %s has the command \"%s\"",
                                              domain ? domain : "this server", command->name);
        end(command, error);
}

static void
print_secrets(const MotetCommandDecl *decl, const CommandOwner *owner, void *data)
{
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                g_autofree char *line = g_strdup_printf("secret %s", arg->name);
                if (arg->type == MOTET_ARG_SECRET)
                        owner->line(data, line);
        }
        owner->ended(data, 0, NULL);
}

void
command_run_as(Server *server, const CommandCaller *caller, const char *const *words,
               const CommandOwner *owner, void *data)
{
        bool is_question = words[0] && strcmp(words[0], COMMAND_ASK) == 0;
        const char *const *given = is_question ? words + 1 : words;
        g_autoptr(GArray) places = command_table_of(server);
        g_autoptr(GError) error = NULL;
        unsigned n_words;

        const CommandPlace *place = command_table_find(places, given, &n_words, &error);
        if (!place) {
                owner->ended(data, motet_error_exit_code(error), error->message);
                return;
        }

        MotetCommand *command = command_new(server, place->decl, owner, data);
        unsigned n_secrets = is_question ? 0 : command_args_count(place->decl, true);
        bool runs_on_a_host = place->info && place->info->scope == MOTET_SCOPE_HOST;
        if (!command_args_read(server, place->decl, given + n_words, n_secrets, command->values,
                               &error) ||
            !command_args_allow(place->decl, command->values, caller, runs_on_a_host, &error)) {
                end(command, error);
        } else if (is_question) {
                command_free(command);
                print_secrets(place->decl, owner, data);
        } else {
                start(command, place, caller);
        }
}

void
command_run(Server *server, const char *const *words, const CommandOwner *owner, void *data)
{
        static const CommandCaller operator= {.right = MOTET_FOR_OPERATOR};

        command_run_as(server, &operator, words, owner, data);
}

int64_t
command_unread(const MotetCommand *command)
{
        return command->owner->unread ? command->owner->unread(command->data) : 0;
}

int
command_take_handed(const MotetCommand *command)
{
        return command->owner->handed ? command->owner->handed(command->data) : -1;
}

const char *
motet_command_arg(const MotetCommand *command, const char *name)
{
        return g_hash_table_lookup(command->values, name);
}

int64_t
motet_command_number(const MotetCommand *command, const char *name)
{
        const char *value = motet_command_arg(command, name);

        return value ? g_ascii_strtoll(value, NULL, 10) : 0;
}

void
motet_command_print(MotetCommand *command, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        command->owner->line(command->data, text);
}

void
motet_command_finish(MotetCommand *command, GError *error)
{
        g_autoptr(GError) taken = error;

        owned_remove(&command->owned);
        if (!taken && start_on_next(command))
                return;
        end(command, taken);
}

/*
 * command: finding and running operator commands; the same code whether asked over the control
 * socket or in process.
 */
#include "core/command.h"

#include <motet/error.h>
#include <motet/jid.h>
#include <openssl/crypto.h>
#include <string.h>

#include "core/commands.h"
#include "core/suggest.h"

struct MotetCommand {
        Owned owned; /* by the instance it runs in; by nobody for core's own */
        Server *server;
        const CommandOwner *owner;
        void *data;
        char *name;         /* "user add" */
        GHashTable *values; /* (own) argument's name -> value, as checked */
        char **hosts; /* (own) prepared names it still runs on after the current one; NULL: none */
        unsigned next_host; /* index in hosts */
};

/* A command's place: where it was declared. */
typedef struct {
        const MotetCommandDecl *decl;
        const MotetModuleInfo *info; /* NULL: core's own */
} Place;

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

/* Collecting */

static void
add_places(GArray *places, const MotetCommandDecl *decl, const MotetModuleInfo *info)
{
        for (; decl && decl->name; decl++) {
                const Place place = {decl, info};
                g_array_append_val(places, place);
        }
}

static void
add_instance(MotetModule *instance, void *data)
{
        GArray *places = data;

        /* Instances of one module follow each other. */
        if (places->len > 0 && g_array_index(places, Place, places->len - 1).info == instance->info)
                return;
        add_places(places, instance->info->commands, instance->info);
}

static int
compare_places(gconstpointer a, gconstpointer b)
{
        return strcmp(((const Place *)a)->decl->name, ((const Place *)b)->decl->name);
}

static GArray *
all_places(Server *server)
{
        GArray *places = g_array_new(FALSE, FALSE, sizeof(Place));

        add_places(places, core_commands, NULL);
        modules_foreach(server_modules(server), add_instance, places);
        g_array_sort(places, compare_places);
        return places;
}

void
command_list(Server *server,
             void (*func)(const MotetCommandDecl *decl, const char *module, void *data), void *data)
{
        g_autoptr(GArray) places = all_places(server);

        for (guint i = 0; i < places->len; i++) {
                const Place *place = &g_array_index(places, Place, i);
                func(place->decl, place->info ? place->info->name : NULL, data);
        }
}

char *
command_usage(const MotetCommandDecl *decl)
{
        GString *text = g_string_new(decl->name);

        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                g_autofree char *name =
                        arg->name[0] == '-' ? g_strdup(arg->name) : g_ascii_strup(arg->name, -1);
                if (arg->type != MOTET_ARG_SECRET)
                        g_string_append_printf(text, arg->optional ? " [%s]" : " %s", name);
        }
        return g_string_free(text, FALSE);
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

/* Returns: (borrowed) the command with the most of the first words, NULL: none */
static const Place *
find_place(const GArray *places, const char *const *words, unsigned *n_words_out)
{
        const Place *found = NULL;

        *n_words_out = 0;
        for (guint i = 0; i < places->len; i++) {
                const Place *place = &g_array_index(places, Place, i);
                unsigned n = match_length(place->decl, words);
                if (n <= *n_words_out)
                        continue;
                *n_words_out = n;
                found = place;
        }
        return found;
}

/* The command meant is looked for among names of as many words as each has. */
static GError *
unknown_command(const GArray *places, const char *const *words)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        unsigned n_words = g_strv_length((char **)words);

        for (guint i = 0; i < places->len; i++)
                g_ptr_array_add(names, (gpointer)g_array_index(places, Place, i).decl->name);
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

/* Arguments */

static MotetHost *
find_host(Server *server, const char *name, GError **error)
{
        MotetHost *host = motet_host_find(server_base(server), name);

        if (!host)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            "this server does not serve \"%s\"", name);
        return host;
}

static char *
check_jid(Server *server, const char *text, GError **error)
{
        g_autoptr(MotetJid) jid = motet_jid_new(text);

        if (!jid || !motet_jid_local(jid) || motet_jid_resource(jid)) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "\"%s\" is no account's address: give one such as romeo@example.org",
                            text);
                return NULL;
        }
        if (!find_host(server, motet_jid_domain(jid), error))
                return NULL;
        return g_strdup(motet_jid_string(jid));
}

static char *
check_host(Server *server, const char *text, GError **error)
{
        g_autofree char *name = motet_jid_prepare_domain(text);

        if (!name) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "\"%s\" is no domain", text);
                return NULL;
        }
        if (!find_host(server, name, error))
                return NULL;
        return g_steal_pointer(&name);
}

static char *
check_value(Server *server, const MotetArg *arg, const char *text, GError **error)
{
        switch (arg->type) {
        case MOTET_ARG_JID:
                return check_jid(server, text, error);
        case MOTET_ARG_HOST:
                return check_host(server, text, error);
        case MOTET_ARG_SECRET:
                if (*text)
                        return g_strdup(text);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "the %s is empty", arg->name);
                return NULL;
        case MOTET_ARG_STRING:
                break;
        }
        return g_strdup(text);
}

static bool
fail_usage(const MotetCommandDecl *decl, const char *what, GError **error)
{
        g_autofree char *usage = command_usage(decl);

        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "%s; usage: %s", what, usage);
        return false;
}

static unsigned
count_args(const MotetCommandDecl *decl, bool secret)
{
        unsigned n = 0;

        for (const MotetArg *arg = decl->args; arg && arg->name; arg++)
                n += (arg->type == MOTET_ARG_SECRET) == secret;
        return n;
}

/* Fills @values from @words: first what is not secret, then what is. @n_secrets: how many
 * secrets are at the end of them. */
static bool
read_args(Server *server, const MotetCommandDecl *decl, const char *const *words,
          unsigned n_secrets, GHashTable *values, GError **error)
{
        unsigned n_words = g_strv_length((char **)words);
        unsigned n_plain = n_words - MIN(n_words, n_secrets);
        unsigned next_plain = 0, next_secret = n_plain;

        if (n_plain > count_args(decl, false))
                return fail_usage(
                        decl,
                        count_args(decl, true)
                                ? "too many arguments (a password is never one: it is asked for, "
                                  "or read with --password-stdin)"
                                : "too many arguments",
                        error);
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                bool is_secret = arg->type == MOTET_ARG_SECRET;
                unsigned *next = is_secret ? &next_secret : &next_plain;
                if (is_secret && n_secrets == 0)
                        continue;
                if (*next >= (is_secret ? n_words : n_plain)) {
                        g_autofree char *what =
                                g_strdup_printf("the argument %s is missing", arg->name);
                        if (arg->optional)
                                continue;
                        return fail_usage(decl, what, error);
                }
                char *value = check_value(server, arg, words[(*next)++], error);
                if (!value)
                        return false;
                g_hash_table_insert(values, g_strdup(arg->name), value);
        }
        return true;
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

/* Takes @command. */
static void
end(MotetCommand *command, const GError *error)
{
        command->owner->ended(command->data, error ? motet_error_exit_code(error) : 0,
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

        owned_add(&command->owned, search.instance, command_drop);
        MotetModule *before = instance_enter(search.instance);
        search.decl->run(search.instance, command);
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
names_of_hosts(Server *server)
{
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        const GPtrArray *hosts = server_base(server)->hosts;

        for (guint i = 0; i < hosts->len; i++)
                g_strv_builder_add(names, ((const MotetHost *)g_ptr_array_index(hosts, i))->name);
        return g_strv_builder_end(names);
}

/* The domain that decides where a host-scoped command runs; NULL when it was left out. */
static char *
domain_of(const MotetCommandDecl *decl, GHashTable *values)
{
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                const char *value = g_hash_table_lookup(values, arg->name);
                if (!value || (arg->type != MOTET_ARG_JID && arg->type != MOTET_ARG_HOST))
                        continue;
                const char *at = strchr(value, '@');
                return g_strdup(at ? at + 1 : value);
        }
        return NULL;
}

static void
start(MotetCommand *command, const Place *place)
{
        if (!place->info) {
                place->decl->run(NULL, command);
                return;
        }

        g_autofree char *domain = domain_of(place->decl, command->values);
        bool is_started;
        if (place->info->scope == MOTET_SCOPE_SERVER) {
                is_started = start_on(command, NULL);
        } else if (domain) {
                is_started =
                        start_on(command, motet_host_find(server_base(command->server), domain));
        } else {
                command->hosts = names_of_hosts(command->server);
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
command_run(Server *server, const char *const *words, const CommandOwner *owner, void *data)
{
        bool is_question = words[0] && strcmp(words[0], COMMAND_ASK) == 0;
        const char *const *given = is_question ? words + 1 : words;
        g_autoptr(GArray) places = all_places(server);
        g_autoptr(GError) error = NULL;
        unsigned n_words;

        const Place *place = find_place(places, given, &n_words);
        if (!place) {
                error = unknown_command(places, given);
                owner->ended(data, motet_error_exit_code(error), error->message);
                return;
        }

        MotetCommand *command = command_new(server, place->decl, owner, data);
        unsigned n_secrets = is_question ? 0 : count_args(place->decl, true);
        if (!read_args(server, place->decl, given + n_words, n_secrets, command->values, &error)) {
                end(command, error);
        } else if (is_question) {
                command_free(command);
                print_secrets(place->decl, owner, data);
        } else {
                start(command, place);
        }
}

const char *
motet_command_arg(const MotetCommand *command, const char *name)
{
        return g_hash_table_lookup(command->values, name);
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

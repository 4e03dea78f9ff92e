/*
 * command_args: the words behind a command's name, checked against its declaration.
 */
#include "core/command_args.h"

#include <inttypes.h>
#include <motet/error.h>
#include <motet/jid.h>
#include <string.h>

#include "core/command.h"
#include "core/config.h"
#include "core/config_print.h"
#include "core/suggest.h"

bool
command_args_is_option(const MotetArg *arg)
{
        return g_str_has_prefix(arg->name, "--");
}

char *
command_usage(const MotetCommandDecl *decl)
{
        GString *text = g_string_new(decl->name);

        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                g_autofree char *name =
                        g_ascii_strup(command_args_is_option(arg) ? arg->name + 2 : arg->name, -1);
                if (arg->type == MOTET_ARG_FLAG)
                        g_string_append_printf(text, " [%s]", arg->name);
                else if (command_args_is_option(arg))
                        g_string_append_printf(text, arg->optional ? " [%s %s]" : " %s %s",
                                               arg->name, name);
                else if (arg->type != MOTET_ARG_SECRET)
                        g_string_append_printf(text, arg->optional ? " [%s]" : " %s", name);
        }
        return g_string_free(text, FALSE);
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
check_address(Server *server, const MotetArg *arg, const char *text, GError **error)
{
        g_autoptr(MotetJid) jid = motet_jid_new(text);

        if (!jid || !motet_jid_local(jid) ||
            (arg->type == MOTET_ARG_JID && motet_jid_resource(jid))) {
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
check_period(const MotetArg *arg, const char *text, GError **error)
{
        int64_t us;

        if (config_parse_duration(text, &us) && us >= arg->min && us <= arg->max)
                return g_strdup_printf("%" PRId64, us);
        g_autofree char *min = config_print_integer(CONFIG_DURATION, arg->min);
        g_autofree char *max = config_print_integer(CONFIG_DURATION, arg->max);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "\"%s\" is no time such as 10m, from %s to %s", text, min, max);
        return NULL;
}

static char *
check_number(const MotetArg *arg, const char *text, GError **error)
{
        uint64_t number;

        if (g_ascii_string_to_unsigned(text, 10, (uint64_t)arg->min, (uint64_t)arg->max, &number,
                                       NULL))
                return g_strdup_printf("%" PRIu64, number);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                    "\"%s\" is no number from %" PRId64 " to %" PRId64, text, arg->min, arg->max);
        return NULL;
}

static char *
check_word(const MotetArg *arg, const char *text, GError **error)
{
        if (g_strv_contains(arg->words, text))
                return g_strdup(text);

        g_autofree char *words = g_strjoinv(", ", (char **)arg->words);
        const char *near = suggest_nearest(text, arg->words);
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "\"%s\" is none of %s%s%s%s", text,
                    words, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return NULL;
}

static char *
check_value(Server *server, const MotetArg *arg, const char *text, GError **error)
{
        switch (arg->type) {
        case MOTET_ARG_JID:
        case MOTET_ARG_ADDRESS:
                return check_address(server, arg, text, error);
        case MOTET_ARG_HOST:
                return check_host(server, text, error);
        case MOTET_ARG_PERIOD:
                return check_period(arg, text, error);
        case MOTET_ARG_NUMBER:
                return check_number(arg, text, error);
        case MOTET_ARG_WORD:
                return check_word(arg, text, error);
        case MOTET_ARG_SECRET:
                if (*text)
                        return g_strdup(text);
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "the %s is empty", arg->name);
                return NULL;
        case MOTET_ARG_STRING:
        case MOTET_ARG_FLAG:
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

unsigned
command_args_count(const MotetCommandDecl *decl, bool secret)
{
        unsigned n = 0;

        for (const MotetArg *arg = decl->args; arg && arg->name; arg++)
                n += !command_args_is_option(arg) && (arg->type == MOTET_ARG_SECRET) == secret;
        return n;
}

/* Options */

static bool
fail_option(const MotetCommandDecl *decl, const char *name, GError **error)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                if (command_args_is_option(arg))
                        g_ptr_array_add(names, (gpointer)arg->name);
        }
        g_ptr_array_add(names, NULL);
        const char *near = suggest_nearest(name, (const char *const *)names->pdata);
        g_autofree char *what =
                near ? g_strdup_printf("there is no option \"%s\"; did you mean \"%s\"?", name,
                                       near)
                     : g_strdup_printf("there is no option \"%s\"", name);
        return fail_usage(decl, what, error);
}

static bool
read_option(Server *server, const MotetCommandDecl *decl, const char *name, const char *text,
            GHashTable *values, GError **error)
{
        const MotetArg *arg = decl->args;

        while (arg->name && strcmp(arg->name, name) != 0)
                arg++;
        if (!arg->name)
                return fail_option(decl, name, error);

        bool is_flag = arg->type == MOTET_ARG_FLAG;
        g_autofree char *what = g_strdup_printf("the option %s %s", name,
                                                is_flag ? "has no value" : "needs a value");
        if (is_flag != (text == NULL))
                return fail_usage(decl, what, error);
        char *value = check_value(server, arg, text ? text : arg->name, error);
        if (value)
                g_hash_table_insert(values, g_strdup(arg->name), value);
        return value != NULL;
}

static bool
is_flag_of(const MotetCommandDecl *decl, const char *name)
{
        for (const MotetArg *arg = decl->args; arg->name; arg++) {
                if (arg->type == MOTET_ARG_FLAG && strcmp(arg->name, name) == 0)
                        return true;
        }
        return false;
}

static bool
has_options(const MotetCommandDecl *decl)
{
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                if (command_args_is_option(arg))
                        return true;
        }
        return false;
}

/* Takes the options out of the first @n of @words. Returns: (own) the other words, all borrowed, as
 * many as *@n_out behind which the rest follows; NULL with @error */
static GPtrArray *
read_options(Server *server, const MotetCommandDecl *decl, const char *const *words, unsigned n,
             unsigned *n_out, GHashTable *values, GError **error)
{
        g_autoptr(GPtrArray) rest = g_ptr_array_new();

        for (unsigned i = 0; words[i]; i++) {
                if (i >= n || !has_options(decl) || !g_str_has_prefix(words[i], "--")) {
                        g_ptr_array_add(rest, (gpointer)words[i]);
                        continue;
                }
                const char *equals = strchr(words[i], '=');
                g_autofree char *name = equals ? g_strndup(words[i], (gsize)(equals - words[i]))
                                               : g_strdup(words[i]);
                const char *text = equals ? equals + 1 : NULL;
                if (!equals && !is_flag_of(decl, name) && i + 1 < n) {
                        i++;
                        n_out[0]--;
                        text = words[i];
                }
                n_out[0]--;
                if (!read_option(server, decl, name, text, values, error))
                        return NULL;
        }
        g_ptr_array_add(rest, NULL);
        return g_steal_pointer(&rest);
}

/* What had to be given and was not. */
static bool
check_missing(const MotetCommandDecl *decl, GHashTable *values, bool secrets, GError **error)
{
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                bool is_due = arg->type != MOTET_ARG_SECRET || secrets;
                g_autofree char *what = g_strdup_printf(
                        "the %s %s is missing", command_args_is_option(arg) ? "option" : "argument",
                        arg->name);
                if (!arg->optional && is_due && !g_hash_table_contains(values, arg->name))
                        return fail_usage(decl, what, error);
        }
        return true;
}

static bool
fail_too_many(const MotetCommandDecl *decl, GError **error)
{
        return fail_usage(decl,
                          command_args_count(decl, true)
                                  ? "too many arguments (a password is never one: it is asked for, "
                                    "or read with --password-stdin)"
                                  : "too many arguments",
                          error);
}

bool
command_args_read(Server *server, const MotetCommandDecl *decl, const char *const *words,
                  unsigned n_secrets, GHashTable *values, GError **error)
{
        unsigned n_given = g_strv_length((char **)words);
        unsigned n_plain = n_given - MIN(n_given, n_secrets);
        g_autoptr(GPtrArray) rest =
                read_options(server, decl, words, n_plain, &n_plain, values, error);

        if (!rest)
                return false;
        if (n_plain > command_args_count(decl, false))
                return fail_too_many(decl, error);

        unsigned n_words = rest->len - 1, next_plain = 0, next_secret = n_plain;
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                bool is_secret = arg->type == MOTET_ARG_SECRET;
                unsigned *next = is_secret ? &next_secret : &next_plain;
                if (command_args_is_option(arg) || (is_secret && n_secrets == 0) ||
                    *next >= (is_secret ? n_words : n_plain))
                        continue;
                char *value = check_value(server, arg, rest->pdata[(*next)++], error);
                if (!value)
                        return false;
                g_hash_table_insert(values, g_strdup(arg->name), value);
        }
        return check_missing(decl, values, n_secrets > 0, error);
}

static bool
names_a_host(const MotetArg *arg)
{
        return arg->type == MOTET_ARG_JID || arg->type == MOTET_ARG_ADDRESS ||
               arg->type == MOTET_ARG_HOST;
}

static char *
domain_of(const char *address)
{
        const char *at = strchr(address, '@');
        const char *domain = at ? at + 1 : address;

        return g_strndup(domain, strcspn(domain, "/"));
}

char *
command_args_domain(const MotetCommandDecl *decl, GHashTable *values)
{
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                const char *value = g_hash_table_lookup(values, arg->name);
                if (value && names_a_host(arg))
                        return domain_of(value);
        }
        return NULL;
}

static char *
bare_of(const char *address)
{
        return g_strndup(address, strcspn(address, "/"));
}

/* Whether all addresses and domains among @values are those of @jid, and how many there are. */
static bool
is_about(const MotetCommandDecl *decl, GHashTable *values, const char *jid, bool same_host,
         unsigned *n_out)
{
        g_autofree char *own = same_host ? domain_of(jid) : g_strdup(jid);

        *n_out = 0;
        for (const MotetArg *arg = decl->args; arg && arg->name; arg++) {
                const char *value = g_hash_table_lookup(values, arg->name);
                if (!value || !names_a_host(arg))
                        continue;
                g_autofree char *about = same_host ? domain_of(value) : bare_of(value);
                (*n_out)++;
                if (strcmp(about, own) != 0)
                        return false;
        }
        return true;
}

bool
command_args_allow(const MotetCommandDecl *decl, GHashTable *values, const CommandCaller *caller,
                   bool runs_on_a_host, GError **error)
{
        unsigned n;

        if (caller->right == MOTET_FOR_OPERATOR)
                return true;
        if (caller->right == MOTET_FOR_ADMIN && decl->right != MOTET_FOR_OPERATOR &&
            is_about(decl, values, caller->jid, true, &n) && (n > 0 || runs_on_a_host))
                return true;
        if (decl->right == MOTET_FOR_SELF && is_about(decl, values, caller->jid, false, &n) &&
            n > 0)
                return true;
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_DENIED, "%s may not do that", caller->jid);
        return false;
}

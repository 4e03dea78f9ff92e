/*
 * newcomers: tell other modules, and the operator, when an account is used for the first time.
 *
 * Implements  nothing but itself
 * Fires       first-login
 * Hooks       session-bound, user-deleted
 * Storage     keyval "newcomers": seconds since 1970 of the first login
 * Options     remembered
 * Commands    newcomers list, newcomers forget
 *
 * An example of a module with an event and commands of its own, and of one whose code is replaced
 * without losing what it has in memory: the accounts that came last.
 */
#include <motet/command.h>
#include <motet/error.h>
#include <motet/jid.h>
#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/service-store.h>
#include <motet/session.h>
#include <motet/task.h>

#include <string.h>

/* Account payload, on the account's host: its first login is durable; HANDLED is ignored. */
#define EVENT_FIRST_LOGIN "first-login"

typedef struct {
        MotetStore *store;
        GQueue recent; /* of Newcomer (own), the last one first */
} Newcomers;

typedef struct {
        char *account;
        int64_t when; /* seconds since 1970 */
} Newcomer;

static void
newcomer_free(void *data)
{
        Newcomer *newcomer = data;

        g_free(newcomer->account);
        g_free(newcomer);
}

/* No more than the operator allows: the oldest are forgotten. */
static void
shorten(MotetModule *self)
{
        Newcomers *state = motet_module_data(self);

        while (g_queue_get_length(&state->recent) > motet_option_int(self, "remembered"))
                newcomer_free(g_queue_pop_tail(&state->recent));
}

static void
remember(MotetModule *self, const char *account, int64_t when)
{
        Newcomers *state = motet_module_data(self);
        Newcomer *newcomer = g_new0(Newcomer, 1);

        newcomer->account = g_strdup(account);
        newcomer->when = when;
        g_queue_push_head(&state->recent, newcomer);
        shorten(self);
}

static void
forget(MotetModule *self, const char *account)
{
        Newcomers *state = motet_module_data(self);

        for (GList *link = state->recent.head, *next; link; link = next) {
                Newcomer *newcomer = link->data;
                next = link->next;
                if (strcmp(newcomer->account, account) == 0) {
                        newcomer_free(newcomer);
                        g_queue_delete_link(&state->recent, link);
                }
        }
}

/* Logins */

/* A login whose time is being written, when it is the first. */
typedef struct {
        char *account;
        int64_t when;
} Login;

static void
login_free(Login *login)
{
        g_free(login->account);
        g_free(login);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Login, login_free)

static void
on_written(MotetModule *self, const GError *error, void *data)
{
        g_autoptr(Login) login = data;

        if (g_error_matches(error, MOTET_ERROR, MOTET_ERROR_EXISTS))
                return; /* it was not the first */
        if (error) {
                motet_warn("whether %s is new cannot be told: %s", login->account, error->message);
                return;
        }
        motet_info("%s@%s is used for the first time", login->account,
                   motet_host_name(motet_module_host(self)));
        remember(self, login->account, login->when);
        motet_fire_account(self, motet_module_host(self), EVENT_FIRST_LOGIN, login->account);
}

/*
 * The write that must not find anything is the question, too: of two logins at the same moment one
 * is the first.
 */
static MotetResult
note_login(MotetModule *self, MotetSessionEvent *ev)
{
        const Newcomers *state = motet_module_data(self);
        Login *login = g_new0(Login, 1);

        login->account = g_strdup(ev->session->username);
        login->when = motet_wall_now(self) / G_TIME_SPAN_SECOND;

        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, login->when);
        g_autoptr(GBytes) value = g_bytes_new(text, strlen(text));
        const MotetStoreChange change = {.key = "", .value = value, .create = true};
        motet_store_write(state->store, login->account, &change, 1, 0, on_written, login);
        return MOTET_CONTINUE;
}

/* What was written is deleted with the account. */
static MotetResult
forget_account(MotetModule *self, MotetAccountEvent *ev)
{
        forget(self, ev->username);
        return MOTET_CONTINUE;
}

/* Commands */

static void
run_list(MotetModule *self, MotetCommand *command)
{
        const Newcomers *state = motet_module_data(self);
        int64_t now = motet_wall_now(self) / G_TIME_SPAN_SECOND;
        int64_t since = motet_command_number(command, "--since") / G_TIME_SPAN_SECOND;
        int64_t most = motet_command_number(command, "--limit");

        for (const GList *link = state->recent.head; link; link = link->next) {
                const Newcomer *newcomer = link->data;
                g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(newcomer->when);
                if (since > 0 && newcomer->when < now - since)
                        break;
                g_autofree char *time = when ? g_date_time_format_iso8601(when) : g_strdup("-");
                motet_command_print(command, "%s  %s@%s", time, newcomer->account,
                                    motet_host_name(motet_module_host(self)));
                if (--most == 0)
                        break;
        }
        motet_command_finish(command, NULL);
}

static void
on_forgotten(MotetModule *self, const GError *error, void *data)
{
        MotetCommand *command = data;

        if (!error) {
                g_autoptr(MotetJid) jid = motet_jid_new(motet_command_arg(command, "jid"));
                forget(self, motet_jid_local(jid));
        }
        motet_command_finish(command, error ? g_error_copy(error) : NULL);
}

/* The core has checked that it is an address of this host. */
static void
run_forget(MotetModule *self, MotetCommand *command)
{
        const Newcomers *state = motet_module_data(self);
        g_autoptr(MotetJid) jid = motet_jid_new(motet_command_arg(command, "jid"));

        motet_store_set(state->store, motet_jid_local(jid), "", NULL, on_forgotten, command);
}

/* Replacing the code: "<seconds> <account>" a line, the oldest first. */

static GBytes *
save(MotetModule *self)
{
        const Newcomers *state = motet_module_data(self);
        GString *text = g_string_new(NULL);

        for (const GList *link = state->recent.tail; link; link = link->prev) {
                const Newcomer *newcomer = link->data;
                g_string_append_printf(text, "%" G_GINT64_FORMAT " %s\n", newcomer->when,
                                       newcomer->account);
        }
        return g_string_free_to_bytes(text);
}

static bool
restore(MotetModule *self, GBytes *saved, GError **error)
{
        gsize n = 0;
        const char *text = g_bytes_get_data(saved, &n);
        g_autofree char *copy = g_strndup(text ? text : "", n);
        g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);

        for (char **line = lines; *line && **line; line++) {
                char *account = NULL;
                int64_t when = g_ascii_strtoll(*line, &account, 10);
                if (account == *line || *account != ' ' || account[1] == '\0') {
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE,
                                    "this is no saved line: %s", *line);
                        return false;
                }
                remember(self, account + 1, when);
        }
        return true;
}

/* The module */

static void
newcomers_free(void *data)
{
        Newcomers *state = data;

        g_queue_clear_full(&state->recent, newcomer_free);
        g_free(state);
}

static bool
load(MotetModule *self, GError **error)
{
        static const MotetHook on_deletion =
                MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, forget_account, MOTET_PRIO_NORMAL);
        MotetStore *store = motet_store_open(self, "newcomers", MOTET_STORE_KEYVAL, error);
        if (!store)
                return false;

        /* Where no module deletes accounts there is no such event. */
        g_autoptr(GError) unknown = NULL;
        if (!motet_hook_add(self, &on_deletion, &unknown))
                motet_debug("%s", unknown->message);

        Newcomers *state = g_new0(Newcomers, 1);
        state->store = store;
        g_queue_init(&state->recent);
        motet_module_set_data(self, state, newcomers_free);
        return true;
}

static const MotetEventDecl events[] = {
        {EVENT_FIRST_LOGIN, MOTET_EVENT_ACCOUNT,
         "an account was used for the first time, which is durable; ignored"},
        {0},
};

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-bound", note_login, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "remembered",
                .type = MOTET_OPTION_INT,
                .fallback = "100",
                .min = 1,
                .max = 10000,
                .help = "Newcomers that `newcomers list` can show.",
        },
        {0},
};

static const MotetArg list_args[] = {
        {.name = "host", .type = MOTET_ARG_HOST},
        {.name = "--since",
         .type = MOTET_ARG_PERIOD,
         .optional = true,
         .min = G_TIME_SPAN_SECOND,
         .max = 3650 * G_TIME_SPAN_DAY},
        {.name = "--limit", .type = MOTET_ARG_NUMBER, .optional = true, .min = 1, .max = 10000},
        {0},
};

static const MotetArg forget_args[] = {
        {.name = "jid", .type = MOTET_ARG_JID},
        {0},
};

static const MotetCommandDecl commands[] = {
        {"newcomers list", list_args, "List accounts that were used for the first time, last first",
         run_list, .right = MOTET_FOR_ADMIN},
        {"newcomers forget", forget_args, "Let the next login of an account be its first",
         run_forget, .right = MOTET_FOR_ADMIN},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "newcomers",
        .version = "1.0",
        .summary = "Tell when an account is used for the first time",
        .license = "MIT",
        .wants = MOTET_LIST("service:auth", "service:store:*"),
        .events = events,
        .options = options,
        .hooks = hooks,
        .commands = commands,
        .load = load,
        .reconfigure = shorten,
        .save = save,
        .restore = restore,
        .state_version = 1,
        .state_oldest = 1,
};

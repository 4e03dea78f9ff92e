/*
 * commands_session: session list, show, close; user sessions: the streams there are.
 */
#include <inttypes.h>
#include <motet/error.h>
#include <string.h>

#include "core/command.h"
#include "core/commands.h"
#include "core/list.h"
#include "core/log_escape.h"
#include "core/plan.h"
#include "core/session.h"

#define LIST_DEFAULT 100
#define LIST_MAX 1000
#define REASON_MAX 1000 /* bytes */
#define TEXT_MAX 4096   /* bytes of an address or a name, escaped for a terminal */

/* What is asked for. */
typedef struct {
        const char *host;    /* NULL: any */
        const char *address; /* bare: of an account, full: one session; NULL: any */
        const char *id;      /* of a stream; NULL: any */
} Choice;

static bool
is_chosen(const MotetSession *session, const Choice *choice)
{
        const MotetSessionPrivate *priv = session->priv;

        if (choice->host && (!priv->vhost || strcmp(priv->vhost->name, choice->host) != 0))
                return false;
        if (choice->id && g_strcmp0(priv->id, choice->id) != 0)
                return false;
        if (!choice->address)
                return true;
        return priv->jid && (strcmp(motet_jid_string(priv->jid), choice->address) == 0 ||
                             strcmp(motet_jid_bare(priv->jid), choice->address) == 0);
}

/* Returns: the next session behind @number that is chosen, NULL when there is none */
static MotetSession *
next_session(const MotetServer *server, const Choice *choice, uint64_t number)
{
        for (List *link = server->streams.next; link != &server->streams; link = link->next) {
                MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                if (priv->number > number && is_chosen(&priv->session, choice))
                        return &priv->session;
        }
        return NULL;
}

/* Returns: (own) of MotetSession: up to @max of those chosen, in order of their coming */
static GPtrArray *
collect(const MotetServer *server, const Choice *choice, uint64_t after, guint max)
{
        GPtrArray *found = g_ptr_array_new_with_free_func((GDestroyNotify)motet_session_unref);

        for (List *link = server->streams.next; link != &server->streams && found->len < max;
             link = link->next) {
                MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                if (priv->number > after && is_chosen(&priv->session, choice))
                        g_ptr_array_add(found, motet_session_ref(&priv->session));
        }
        return found;
}

static const char *
state_of(const MotetSession *session)
{
        const MotetSessionPrivate *priv = session->priv;

        if (priv->closing)
                return "closing";
        if (!session->conn)
                return "detached";
        if (priv->handshaking)
                return "handshake";
        if (!session->username)
                return "login";
        if (!priv->bound)
                return "binding";
        return session->presence ? "available" : "connected";
}

static const char *
type_of(const MotetSession *session)
{
        switch (session->type) {
        case MOTET_SESSION_C2S_UNAUTHED:
        case MOTET_SESSION_C2S:
                return "client";
        case MOTET_SESSION_S2S_IN:
                return "server, incoming";
        case MOTET_SESSION_S2S_OUT:
                return "server, outgoing";
        case MOTET_SESSION_COMPONENT:
                return "component";
        }
        return "unknown";
}

/* Returns: (own) "2026-03-01T12:00:00Z" */
static char *
since_text(const MotetSession *session)
{
        const Loop *loop = session->priv->server->loop;
        int64_t wall = loop_wall_now(loop) - (loop_now(loop) - session->priv->accepted);
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(wall / G_TIME_SPAN_SECOND);

        return date ? g_date_time_format(date, "%FT%TZ") : g_strdup("unknown");
}

static int64_t
idle_seconds(const MotetSession *session)
{
        return MAX(motet_session_idle(session), 0) / G_TIME_SPAN_SECOND;
}

/* Returns: (own) "45s", "12m", "3h", "9d" */
static char *
idle_text(const MotetSession *session)
{
        int64_t s = idle_seconds(session);

        if (s < 120)
                return g_strdup_printf("%" PRId64 "s", s);
        if (s < 2 * 3600)
                return g_strdup_printf("%" PRId64 "m", s / 60);
        if (s < 2 * 86400)
                return g_strdup_printf("%" PRId64 "h", s / 3600);
        return g_strdup_printf("%" PRId64 "d", s / 86400);
}

static const char *
security_of(const MotetSession *session)
{
        const char *version = session->conn ? motet_conn_tls_version(session->conn) : NULL;

        return version ? version : motet_session_is_secure(session) ? "yes" : "no";
}

static const char *
peer_of(const MotetSession *session)
{
        return session->conn ? motet_conn_peer(session->conn) : "-";
}

/* Returns: (own) for a terminal: a resource may hold what turns a line around */
static char *
address_text(const MotetSession *session)
{
        const MotetJid *jid = session->priv->jid;
        const char *text = jid ? motet_jid_string(jid) : "-";
        char *out = g_malloc(TEXT_MAX);

        log_escape(text, strlen(text), false, out, TEXT_MAX);
        return out;
}

/* Listing */

static void
print_row(MotetCommand *command, const MotetSession *session)
{
        g_autofree char *address = address_text(session);
        g_autofree char *since = since_text(session);
        g_autofree char *idle = idle_text(session);

        motet_command_print(command, "%-40s %-9s %-20s %5s %-7s %-15s %7zu %s", address,
                            state_of(session), since, idle, security_of(session), peer_of(session),
                            motet_session_queued(session),
                            session->priv->id ? session->priv->id : "-");
}

static void
append_pair(GString *json, const char *name, const char *value)
{
        g_string_append_printf(json, ", \"%s\": ", name);
        plan_json_text(json, value);
}

static void
print_json_row(MotetCommand *command, const MotetSession *session, bool is_last)
{
        const MotetSessionPrivate *priv = session->priv;
        g_autoptr(GString) json = g_string_new(NULL);
        g_autofree char *since = since_text(session);

        g_string_append_printf(json, " {\"number\": %" PRIu64, priv->number);
        append_pair(json, "id", priv->id);
        append_pair(json, "jid", priv->jid ? motet_jid_string(priv->jid) : NULL);
        append_pair(json, "host", priv->vhost ? priv->vhost->name : NULL);
        append_pair(json, "type", type_of(session));
        append_pair(json, "state", state_of(session));
        append_pair(json, "since", since);
        g_string_append_printf(json, ", \"idle_s\": %" PRId64, idle_seconds(session));
        append_pair(json, "tls", session->conn ? motet_conn_tls_version(session->conn) : NULL);
        g_string_append_printf(json, ", \"secure\": %s",
                               motet_session_is_secure(session) ? "true" : "false");
        append_pair(json, "from", session->conn ? motet_conn_peer(session->conn) : NULL);
        g_string_append_printf(json, ", \"queue\": %zu}%s", motet_session_queued(session),
                               is_last ? "" : ",");
        motet_command_print(command, "%s", json->str);
}

static void
print_sessions(MotetCommand *command, const GPtrArray *sessions, uint64_t next)
{
        bool as_json = motet_command_arg(command, "--json") != NULL;

        if (as_json)
                motet_command_print(command, "{\"sessions\": [");
        else if (sessions->len > 0)
                motet_command_print(command, "%-40s %-9s %-20s %5s %-7s %-15s %7s %s", "ADDRESS",
                                    "STATE", "SINCE", "IDLE", "TLS", "FROM", "QUEUE", "ID");
        for (guint i = 0; i < sessions->len; i++) {
                const MotetSession *session = g_ptr_array_index(sessions, i);
                if (as_json)
                        print_json_row(command, session, i + 1 == sessions->len);
                else
                        print_row(command, session);
        }
        if (as_json && next > 0)
                motet_command_print(command, "], \"after\": %" PRIu64 "}", next);
        else if (as_json)
                motet_command_print(command, "], \"after\": null}");
        else if (next > 0)
                motet_command_print(command, "there are more: --after %" PRIu64, next);
}

static void
list(MotetCommand *command, const Choice *choice)
{
        const MotetServer *server = server_base(command_server(command));
        int64_t limit = motet_command_number(command, "--limit");
        uint64_t after = (uint64_t)motet_command_number(command, "--after"), next = 0;

        if (!commands_require_running(command))
                return;
        g_autoptr(GPtrArray) found =
                collect(server, choice, after, limit > 0 ? (guint)limit : LIST_DEFAULT);
        if (found->len > 0) {
                const MotetSession *last = g_ptr_array_index(found, found->len - 1);
                if (next_session(server, choice, last->priv->number))
                        next = last->priv->number;
        }
        print_sessions(command, found, next);
        motet_command_finish(command, NULL);
}

static void
run_list(MotetModule *self, MotetCommand *command)
{
        const Choice choice = {.host = motet_command_arg(command, "--host"),
                               .address = motet_command_arg(command, "--jid")};

        (void)self;
        list(command, &choice);
}

static void
run_user_sessions(MotetModule *self, MotetCommand *command)
{
        const Choice choice = {.address = motet_command_arg(command, "jid")};

        (void)self;
        list(command, &choice);
}

/* Finding those that are named */

/* Returns: (own) NULL when the command has ended, saying why */
static GPtrArray *
find_named(MotetCommand *command)
{
        const char *word = motet_command_arg(command, "session");
        const MotetServer *server = server_base(command_server(command));
        g_autoptr(MotetJid) jid = strchr(word, '@') ? motet_jid_new(word) : NULL;
        const Choice choice = {.address = jid ? motet_jid_string(jid) : NULL,
                               .id = jid ? NULL : word};

        if (!commands_require_running(command))
                return NULL;
        if (strchr(word, '@') && !jid) {
                motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                                          "\"%s\" is no address", word));
                return NULL;
        }
        g_autoptr(GPtrArray) found = collect(server, &choice, 0, G_MAXUINT);
        if (found->len > 0)
                return g_steal_pointer(&found);
        motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_MISSING,
                                                  "there is no session of \"%s\": \"session "
                                                  "list\" shows all",
                                                  word));
        return NULL;
}

static void
print_fact(MotetCommand *command, const char *name, const char *value)
{
        char text[TEXT_MAX];

        if (!value)
                return;
        log_escape(value, strlen(value), false, text, sizeof text);
        motet_command_print(command, "%-10s %s", name, text);
}

static void
show(MotetCommand *command, const MotetSession *session)
{
        const MotetSessionPrivate *priv = session->priv;
        g_autofree char *since = since_text(session);
        g_autofree char *idle = idle_text(session);
        const char *reading = priv->reading_paused ? "paused: it waits for an answer, or sends too "
                                                     "much"
                                                   : "yes";

        print_fact(command, "address", priv->jid ? motet_jid_string(priv->jid) : "-");
        print_fact(command, "id", priv->id);
        print_fact(command, "type", type_of(session));
        print_fact(command, "host", priv->vhost ? priv->vhost->name : NULL);
        print_fact(command, "state", state_of(session));
        print_fact(command, "since", since);
        print_fact(command, "idle", idle);
        print_fact(command, "tls", security_of(session));
        print_fact(command, "from", peer_of(session));
        print_fact(command, "language", priv->lang);
        motet_command_print(command, "%-10s %zu of %u bytes", "queue",
                            motet_session_queued(session), priv->limits.send_queue);
        print_fact(command, "reading", session->conn ? reading : "no connection");
        if (session->presence)
                motet_command_print(command, "%-10s %d", "priority", session->priority);
}

static void
run_show(MotetModule *self, MotetCommand *command)
{
        g_autoptr(GPtrArray) found = find_named(command);

        (void)self;
        if (!found)
                return;
        for (guint i = 0; i < found->len; i++) {
                if (i > 0)
                        motet_command_print(command, "%s", "");
                show(command, g_ptr_array_index(found, i));
        }
        motet_command_finish(command, NULL);
}

static void
run_close(MotetModule *self, MotetCommand *command)
{
        const char *reason = motet_command_arg(command, "--reason");
        g_autoptr(GPtrArray) found = NULL;

        (void)self;
        if (reason && strlen(reason) > REASON_MAX) {
                motet_command_finish(command,
                                     g_error_new(MOTET_ERROR, MOTET_ERROR_USAGE,
                                                 "a reason has at most %d bytes", REASON_MAX));
                return;
        }
        found = find_named(command);
        for (guint i = 0; found && i < found->len; i++) {
                MotetSession *session = g_ptr_array_index(found, i);
                g_autofree char *address = address_text(session);
                bool was_closing = session->priv->closing;
                motet_session_close(session, MOTET_POLICY_VIOLATION,
                                    reason ? reason : "closed by an administrator");
                motet_command_print(command, "%s %s", address,
                                    was_closing ? "was closing already" : "closed");
        }
        if (found)
                motet_command_finish(command, NULL);
}

static const MotetArg list_args[] = {
        {"--host", MOTET_ARG_HOST, true},
        {"--jid", MOTET_ARG_ADDRESS, true},
        {"--limit", MOTET_ARG_NUMBER, true, .min = 1, .max = LIST_MAX},
        {"--after", MOTET_ARG_NUMBER, true, .min = 0, .max = G_MAXINT64},
        {"--json", MOTET_ARG_FLAG, true},
        {0},
};
static const MotetArg user_args[] = {
        {"jid", MOTET_ARG_JID, false},
        {"--limit", MOTET_ARG_NUMBER, true, .min = 1, .max = LIST_MAX},
        {"--after", MOTET_ARG_NUMBER, true, .min = 0, .max = G_MAXINT64},
        {"--json", MOTET_ARG_FLAG, true},
        {0},
};
static const MotetArg show_args[] = {{"session", MOTET_ARG_STRING, false}, {0}};
static const MotetArg close_args[] = {
        {"session", MOTET_ARG_STRING, false}, {"--reason", MOTET_ARG_STRING, true}, {0}};

const MotetCommandDecl session_commands[] = {
        {"session close", close_args,
         "end a session, named by its id or address, or all of an account", run_close},
        {"session list", list_args, "list the sessions there are, 100 at a time, the oldest first",
         run_list, .right = MOTET_FOR_ADMIN},
        {"session show", show_args, "tell all of one session, or of all of an account", run_show},
        {"user sessions", user_args, "list the sessions of an account", run_user_sessions,
         .right = MOTET_FOR_SELF},
        {0},
};

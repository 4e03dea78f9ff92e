/*
 * limits: bound what strangers and accounts may hold: connections, sessions, rates.
 *
 * Implements  RFC 6120 sections 13.12 (denial of service) and 7.7.2.2 (resource constraint)
 * Hooks       session-created, session-authenticated, session-destroyed, pre-session-bind,
 *             session-bound
 * Options     strangers_per_address, strangers_per_second, strangers, sessions_per_account,
 *             unbound_per_account, stranger_bytes_per_s, stranger_burst, stranger_stanzas_per_s,
 *             user_bytes_per_s, user_burst, user_stanzas_per_s
 */
#include "limits-private.h"

#include <motet/conn.h>
#include <motet/event.h>
#include <motet/option.h>
#include <motet/stanza.h>
#include <motet/task.h>

/* The option's value, or @otherwise when it is 0. */
static uint32_t
override(MotetModule *self, const char *key, uint32_t otherwise)
{
        int64_t value = motet_option_int(self, key);

        return value > 0 ? (uint32_t)value : otherwise;
}

static void
override_rates(MotetModule *self, MotetSession *session, const char *bytes, const char *burst,
               const char *stanzas)
{
        MotetSessionLimits limits = *motet_session_limits(session);

        limits.bytes_per_s = override(self, bytes, limits.bytes_per_s);
        limits.bytes_burst = override(self, burst, limits.bytes_burst);
        limits.stanzas_per_s = override(self, stanzas, limits.stanzas_per_s);
        motet_session_set_limits(session, &limits);
}

static MotetResult
refuse(MotetSessionEvent *ev, MotetCondition condition, const char *text)
{
        ev->condition = condition;
        ev->text = text;
        return MOTET_HANDLED;
}

static void
drop_stranger(void *stranger)
{
        stranger_free(stranger);
}

static MotetResult
count_stranger(MotetModule *self, MotetSessionEvent *ev)
{
        MotetSession *session = ev->session;
        Strangers *strangers = ((Limits *)motet_module_data(self))->strangers;
        Stranger *stranger = NULL;
        StrangerLimits limits = {
                .per_address = (unsigned)motet_option_int(self, "strangers_per_address"),
                .per_second = (unsigned)motet_option_int(self, "strangers_per_second"),
        };

        if (session->type == MOTET_SESSION_S2S_OUT || !session->conn)
                return MOTET_CONTINUE;

        const char *peer = motet_conn_peer(session->conn);
        switch (strangers_add(strangers, &limits, session, peer, motet_now(self), &stranger)) {
        case STRANGER_TOO_MANY:
                motet_debug("%s: too many connections without login", peer);
                return refuse(ev, MOTET_POLICY_VIOLATION, "too many connections from your address");
        case STRANGER_TOO_FAST:
                motet_debug("%s: connects too often", peer);
                return refuse(ev, MOTET_POLICY_VIOLATION,
                              "too many new connections from your address");
        case STRANGER_WELCOME:
                break;
        }
        motet_session_set_data(session, self, stranger, drop_stranger);
        override_rates(self, session, "stranger_bytes_per_s", "stranger_burst",
                       "stranger_stanzas_per_s");

        /*
         * Without further words: under a flood a stream error each would keep the sockets that are
         * to be freed.
         */
        MotetSession *surplus =
                strangers_surplus(strangers, (unsigned)motet_option_int(self, "strangers"));
        if (surplus)
                motet_session_destroy(surplus);
        return MOTET_CONTINUE;
}

/*
 * RFC 6120 7.7.2.2 speaks of resources: without one a stream counts for nobody, but costs as much.
 * Where the server is slow many may wait for theirs who did no wrong: they are told to come again.
 * What binds none is closed by the core after limits.bind_timeout.
 */
static void
count_unbound(MotetModule *self, MotetSession *session)
{
        const Limits *limits = motet_module_data(self);
        unsigned max = (unsigned)motet_option_int(self, "unbound_per_account");
        g_autofree char *address = g_strconcat(session->username, "@", session->host, NULL);
        Unbound *unbound = unbound_add(limits->unbound, address, max);

        if (unbound) {
                motet_session_set_data(session, self, unbound, unbound_free);
                return;
        }
        motet_session_debug(session, "%s has too many streams without a resource", address);
        motet_session_close(session, MOTET_RESOURCE_CONSTRAINT,
                            "too many streams of this account have no resource");
}

static MotetResult
no_more_stranger(MotetModule *self, MotetSessionEvent *ev)
{
        MotetSession *session = ev->session;

        motet_session_set_data(session, self, NULL, NULL);
        if (session->type != MOTET_SESSION_C2S)
                return MOTET_CONTINUE;
        override_rates(self, session, "user_bytes_per_s", "user_burst", "user_stanzas_per_s");
        if (session->username)
                count_unbound(self, session);
        return MOTET_CONTINUE;
}

/* Who is bound, or gone, counts as neither any more. */
static MotetResult
forget(MotetModule *self, MotetSessionEvent *ev)
{
        motet_session_set_data(ev->session, self, NULL, NULL);
        return MOTET_CONTINUE;
}

/* RFC 6120 7.7.2.2: the server may limit the connected resources of an account. */
static MotetResult
bound_sessions(MotetModule *self, MotetSessionEvent *ev)
{
        size_t n = 0;

        motet_sessions_of(motet_session_host(ev->session), ev->session->username, &n);
        if (n < (size_t)motet_option_int(self, "sessions_per_account"))
                return MOTET_CONTINUE;
        return refuse(ev, MOTET_RESOURCE_CONSTRAINT, "this account has too many sessions");
}

static void
limits_free(void *data)
{
        Limits *limits = data;

        g_assert(g_hash_table_size(limits->unbound) == 0);
        g_hash_table_unref(limits->unbound);
        strangers_free(limits->strangers);
        g_free(limits);
}

static bool
load(MotetModule *self, GError **error)
{
        Limits *limits = g_new(Limits, 1);

        (void)error;
        *limits = (Limits){.strangers = strangers_new(), .unbound = unbound_table_new()};
        motet_module_set_data(self, limits, limits_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_SESSION("session-created", count_stranger, MOTET_PRIO_EARLY),
        MOTET_ON_SESSION("session-authenticated", no_more_stranger, MOTET_PRIO_EARLY),
        MOTET_ON_SESSION("session-bound", forget, MOTET_PRIO_NORMAL),
        MOTET_ON_SESSION("session-destroyed", forget, MOTET_PRIO_NORMAL),
        /* Last, so that nothing waits between counting and binding. */
        MOTET_ON_SESSION("pre-session-bind", bound_sessions, MOTET_PRIO_LATE),
        {0},
};

#define RATE_MAX (1024 * 1024 * 1024)

static const MotetOption options[] = {
        {
                .key = "strangers_per_address",
                .type = MOTET_OPTION_INT,
                .fallback = "50",
                .min = 1,
                .max = 1000000,
                .help = "connections without login from one address (IPv6: /64)",
        },
        {
                .key = "strangers_per_second",
                .type = MOTET_OPTION_INT,
                .fallback = "20",
                .min = 1,
                .max = 1000000,
                .help = "new connections in a second from one address (IPv6: /64)",
        },
        {
                .key = "strangers",
                .type = MOTET_OPTION_INT,
                .fallback = "4096",
                .min = 1,
                .max = 1000000,
                .help = "connections without login in all; beyond, the oldest is dropped",
        },
        {
                .key = "sessions_per_account",
                .type = MOTET_OPTION_INT,
                .fallback = "20",
                .min = 1,
                .max = 10000,
                .help = "resources of one account connected at a time",
        },
        {
                .key = "unbound_per_account",
                .type = MOTET_OPTION_INT,
                .fallback = "20",
                .min = 1,
                .max = 10000,
                .help = "streams of one account that are logged in and have no resource yet",
        },
        {
                .key = "stranger_bytes_per_s",
                .type = MOTET_OPTION_SIZE,
                .fallback = "0",
                .min = 0,
                .max = RATE_MAX,
                .help = "bytes a second read before login; 0: what `limits` in the main file says",
        },
        {
                .key = "stranger_burst",
                .type = MOTET_OPTION_SIZE,
                .fallback = "0",
                .min = 0,
                .max = RATE_MAX,
                .help = "bytes read at once before login; 0: what `limits` in the main file says",
        },
        {
                .key = "stranger_stanzas_per_s",
                .type = MOTET_OPTION_INT,
                .fallback = "0",
                .min = 0,
                .max = 1000000,
                .help = "elements a second read before login; 0: what `limits` in the main file "
                        "says",
        },
        {
                .key = "user_bytes_per_s",
                .type = MOTET_OPTION_SIZE,
                .fallback = "0",
                .min = 0,
                .max = RATE_MAX,
                .help = "bytes a second read from a client; 0: what `limits` in the main file says",
        },
        {
                .key = "user_burst",
                .type = MOTET_OPTION_SIZE,
                .fallback = "0",
                .min = 0,
                .max = RATE_MAX,
                .help = "bytes read at once from a client; 0: what `limits` in the main file says",
        },
        {
                .key = "user_stanzas_per_s",
                .type = MOTET_OPTION_INT,
                .fallback = "0",
                .min = 0,
                .max = 1000000,
                .help = "stanzas a second read from a client; 0: what `limits` in the main file "
                        "says",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "limits",
        .summary = "Bound what strangers and accounts may hold",
        .scope = MOTET_SCOPE_SERVER,
        .specs = MOTET_LIST("RFC6120"),
        .options = options,
        .hooks = hooks,
        .load = load,
        .guards = true,
};

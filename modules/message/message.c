/*
 * message: deliver messages to the resources of accounts.
 *
 * Implements  RFC 6121 sections 5 and 8.5
 * Hooks       message/self, message/bare, message/full
 * Provides    service "message" (service-message.h)
 * Options     none
 *
 * What nobody can receive now is left to hooks between NORMAL and LATE, where a module that keeps
 * messages has its place; at LATE it is refused.
 */
#include <motet/module.h>
#include <motet/router.h>
#include <motet/service-message.h>
#include <motet/session.h>
#include <motet/stanza.h>

/* The rows of Table 1 in RFC 6121 8.5.4: how the message is addressed, and whether a resource is
 * ready for it. */
typedef enum { TO_BARE, TO_FULL_MATCHED, TO_FULL_UNMATCHED, N_ADDRESSES } Address;
typedef enum { NONE_READY, SOME_READY, N_READINESS } Readiness;

typedef enum {
        STORE,
        REFUSE,
        DROP,
        MATCHED, /* the resource it is addressed to */
        BEST,    /* those of the highest non-negative priority */
        ALL,     /* those of non-negative priority */
} Choice;

/*
 * RFC 6121 Table 1 with its choices made: an error is never answered, a headline that reaches
 * nobody is dropped, and of several resources those of the highest priority get a message
 * (8.5.2.1.1). An account that does not exist looks like one without resources.
 */
/* clang-format off */
static const Choice table[N_ADDRESSES][N_READINESS][MOTET_N_MESSAGE_TYPES] = {
        /*                                     normal   chat     groupchat headline error */
        [TO_BARE][NONE_READY] =               {STORE,   STORE,   REFUSE,   DROP,    DROP},
        [TO_BARE][SOME_READY] =               {BEST,    BEST,    REFUSE,   ALL,     DROP},
        [TO_FULL_MATCHED][NONE_READY] =       {MATCHED, MATCHED, MATCHED,  MATCHED, MATCHED},
        [TO_FULL_MATCHED][SOME_READY] =       {MATCHED, MATCHED, MATCHED,  MATCHED, MATCHED},
        [TO_FULL_UNMATCHED][NONE_READY] =     {REFUSE,  STORE,   REFUSE,   DROP,    DROP},
        [TO_FULL_UNMATCHED][SOME_READY] =     {REFUSE,  BEST,    REFUSE,   DROP,    DROP},
};
/* clang-format on */

static MotetMessageType
type_of(const MotetXml *stanza)
{
        static const char *const names[MOTET_N_MESSAGE_TYPES] = {
                [MOTET_MESSAGE_NORMAL] = "normal",       [MOTET_MESSAGE_CHAT] = "chat",
                [MOTET_MESSAGE_GROUPCHAT] = "groupchat", [MOTET_MESSAGE_HEADLINE] = "headline",
                [MOTET_MESSAGE_ERROR] = "error",
        };
        const char *type = motet_xml_attr(stanza, "type");

        for (int i = 0; i < MOTET_N_MESSAGE_TYPES; i++) {
                if (g_strcmp0(type, names[i]) == 0)
                        return (MotetMessageType)i;
        }

        /* RFC 6121 5.2.2: no type and an unknown one are "normal". */
        return MOTET_MESSAGE_NORMAL;
}

/* The highest non-negative priority of an available resource, -1 when there is none. */
static int
best_priority(MotetSession *const *sessions, size_t n)
{
        int best = -1;

        for (size_t i = 0; i < n; i++) {
                if (sessions[i]->presence)
                        best = MAX(best, sessions[i]->priority);
        }
        return best;
}

static void
add_available(MotetSession *const *sessions, size_t n, int min_priority, GPtrArray *out)
{
        for (size_t i = 0; out && i < n; i++) {
                if (sessions[i]->presence && sessions[i]->priority >= min_priority)
                        g_ptr_array_add(out, sessions[i]);
        }
}

static MotetMessageVerdict
classify(MotetModule *self, const MotetJid *to, MotetMessageType type, GPtrArray *out)
{
        MotetHost *host = motet_module_host(self);
        const char *resource = motet_jid_resource(to);
        MotetSession *match =
                resource ? motet_sessions_find(host, motet_jid_local(to), resource) : NULL;
        Address address = !resource ? TO_BARE : match ? TO_FULL_MATCHED : TO_FULL_UNMATCHED;
        size_t n = 0;
        MotetSession *const *sessions = motet_sessions_of(host, motet_jid_local(to), &n);
        int best = best_priority(sessions, n);

        switch (table[address][best >= 0 ? SOME_READY : NONE_READY][type]) {
        case STORE:
                return MOTET_MESSAGE_STORE;
        case REFUSE:
                return MOTET_MESSAGE_REFUSE;
        case MATCHED:
                if (out)
                        g_ptr_array_add(out, match);
                return MOTET_MESSAGE_DELIVER;
        case BEST:
                add_available(sessions, n, best, out);
                return MOTET_MESSAGE_DELIVER;
        case ALL:
                add_available(sessions, n, 0, out);
                return MOTET_MESSAGE_DELIVER;
        case DROP:
        default:
                return MOTET_MESSAGE_DROP;
        }
}

/* A session that is closing takes nothing: the message would be lost if nobody else got it. */
static bool
send_to_all(const GPtrArray *sessions, const MotetXml *stanza)
{
        bool taken = false;

        for (guint i = 0; i < sessions->len; i++)
                taken = motet_session_send(sessions->pdata[i], stanza) || taken;
        return taken;
}

static MotetResult
deliver(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetMessageType type = type_of(ev->stanza);
        g_autoptr(GPtrArray) sessions = g_ptr_array_new();

        switch (classify(self, ev->to, type, sessions)) {
        case MOTET_MESSAGE_DELIVER:
                return send_to_all(sessions, ev->stanza) ? MOTET_HANDLED : MOTET_CONTINUE;
        case MOTET_MESSAGE_STORE:
                return MOTET_CONTINUE;
        case MOTET_MESSAGE_REFUSE:
                return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);
        case MOTET_MESSAGE_DROP:
        default:
                return MOTET_HANDLED;
        }
}

static MotetResult
deliver_to_resource(MotetModule *self, MotetStanzaEvent *ev)
{
        /* Also a resource that is elsewhere matches (RFC 6121 8.5.3.1). */
        if (motet_deliver(ev->event.host, ev->to, ev->stanza))
                return MOTET_HANDLED;

        return deliver(self, ev);
}

static MotetResult
refuse(MotetModule *self, MotetStanzaEvent *ev)
{
        (void)self;

        return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);
}

static const MotetHook hooks[] = {
        MOTET_ON_STANZA("message/self", deliver, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("message/bare", deliver, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("message/full", deliver_to_resource, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("message/self", refuse, MOTET_PRIO_LATE),
        MOTET_ON_STANZA("message/bare", refuse, MOTET_PRIO_LATE),
        MOTET_ON_STANZA("message/full", refuse, MOTET_PRIO_LATE),
        {0},
};

static const MotetMessageService service = {.type = type_of, .classify = classify};

static const MotetServiceDecl services[] = {{"message", &service}, {0}};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "message",
        .summary = "Deliver messages to the resources of accounts",
        .specs = MOTET_LIST("RFC6121"),
        .services = services,
        .hooks = hooks,
};

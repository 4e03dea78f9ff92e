/*
 * sasl: authenticate clients with SCRAM or PLAIN, and slow down who guesses.
 *
 * Implements  RFC 6120 section 6; RFC 4616; RFC 5802; RFC 7677; RFC 5929, RFC 9266 (channel
 *             bindings); XEP-0440 (1.0.0); XEP-0474 (0.5.0)
 * Hooks       stream-features, pre-stream, stream/urn:ietf:params:xml:ns:xmpp-sasl:auth, :response,
 *             :abort, user-deleted, user-disabled, password-changed
 * Options     mechanisms, allow_unencrypted, downgrade_protection, max_failures_per_stream,
 *             max_failures_per_minute, max_failures_per_hour, max_addresses
 */
#include "sasl-private.h"

#include <motet/conn.h>
#include <motet/event.h>
#include <motet/metrics.h>
#include <motet/option.h>
#include <motet/task.h>
#include <string.h>

static const char *const hash_names[N_HASHES] = {"SHA-1", "SHA-256", "SHA-512"};

/* Whether @session is a client that has to authenticate. */
static bool
is_stranger(const MotetSession *session)
{
        return session->type == MOTET_SESSION_C2S_UNAUTHED && !session->username;
}

static MotetResult
offer_mechanisms(MotetModule *self, MotetFeaturesEvent *ev)
{
        if (is_stranger(ev->session))
                mechanism_announce(self, ev->session, ev->features);
        return MOTET_CONTINUE;
}

/* The running exchange of @session, or NULL. */
static Negotiation *
running(MotetModule *self, MotetSession *session)
{
        Negotiation *negotiation = motet_session_data(session, self);

        return negotiation && negotiation->mechanism ? negotiation : NULL;
}

/*
 * What is no message of SASL ends a running exchange; what looks like one and is none is refused.
 */
static MotetResult
refuse_strays(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetSession *session = ev->session;
        if (!is_stranger(session))
                return MOTET_CONTINUE;

        if (g_strcmp0(motet_xml_ns(ev->stanza), NS_SASL) != 0) {
                Negotiation *negotiation = running(self, session);
                if (!negotiation)
                        return MOTET_CONTINUE;
                negotiation_fail(negotiation, "malformed-request", "not part of the exchange");
                return motet_session_is_connected(session) ? MOTET_CONTINUE : MOTET_HANDLED;
        }

        const char *name = motet_xml_name(ev->stanza);
        if (strcmp(name, "auth") == 0 || strcmp(name, "response") == 0 ||
            strcmp(name, "abort") == 0)
                return MOTET_CONTINUE;
        negotiation_fail(negotiation_of(self, session), "malformed-request", NULL);
        return MOTET_HANDLED;
}

/*
 * Decodes the text of @element; @empty_as: how a message of no bytes is written there. Fails the
 * exchange when it cannot.
 */
static bool
read_message(Negotiation *negotiation, const MotetXml *element, const char *empty_as,
             SaslMessage *message_out)
{
        const char *text = motet_xml_text(element);

        if (motet_xml_n_children(element) > 0) {
                negotiation_fail(negotiation, "malformed-request", NULL);
                return false;
        }
        if (!base64_decode(strcmp(text, empty_as) == 0 ? "" : text, message_out)) {
                negotiation_fail(negotiation, "incorrect-encoding", NULL);
                return false;
        }
        return true;
}

static void
refuse_later(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        Negotiation *negotiation = data;
        MotetWait *wait = g_steal_pointer(&negotiation->wait);

        negotiation_fail(negotiation, "temporary-auth-failure",
                         "too many failures from this address");
        motet_resume(wait, MOTET_HANDLED);
}

/* Parks @negotiation when its peer guessed too often. Returns: whether it did */
static bool
slow_down(Negotiation *negotiation, MotetEvent *event)
{
        MotetModule *self = negotiation->self;
        MotetSession *session = negotiation->session;
        Sasl *sasl = motet_module_data(self);
        GuessLimits limits;

        guess_limits(self, &limits);
        GTimeSpan delay = guesses_delay(sasl->guesses, &limits, motet_conn_peer(session->conn),
                                        motet_now(self));
        if (delay == 0)
                return false;
        negotiation->wait = motet_wait(self, event, delay + REFUSAL_MARGIN, MOTET_DEADLINE_REFUSE);
        motet_timer_add(self, session, delay, refuse_later, negotiation);
        return true;
}

/* Returns: the mechanism @element asks for, or NULL: then the exchange was failed */
static const Mechanism *
choose_mechanism(Negotiation *negotiation, const MotetXml *element)
{
        MotetModule *self = negotiation->self;
        MotetSession *session = negotiation->session;
        const char *name = motet_xml_attr(element, "mechanism");
        bool secure = motet_session_is_secure(session);

        if (!secure && !motet_option_bool(self, "allow_unencrypted")) {
                negotiation_fail(negotiation, "encryption-required", NULL);
                return NULL;
        }
        const Mechanism *mechanism = name ? mechanism_find(self, name) : NULL;
        if (mechanism && mechanism_is_offered(self, session, mechanism))
                return mechanism;

        bool needs_tls = mechanism && !secure && !mechanism->plus;
        negotiation_fail(negotiation, needs_tls ? "encryption-required" : "invalid-mechanism",
                         NULL);
        return NULL;
}

static MotetResult
on_auth(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_stranger(ev->session))
                return MOTET_CONTINUE;

        Negotiation *negotiation = negotiation_of(self, ev->session);
        if (negotiation->mechanism) {
                negotiation_fail(negotiation, "malformed-request", "an exchange is running");
                return MOTET_HANDLED;
        }
        const Mechanism *mechanism = choose_mechanism(negotiation, ev->stanza);
        if (!mechanism)
                return MOTET_HANDLED;
        if (slow_down(negotiation, &ev->event))
                return MOTET_WAIT;

        negotiation->mechanism = mechanism;
        /*
         * RFC 6120 6.4.2: without an initial response the client is asked for it; "=" is one of no
         * bytes.
         */
        if (motet_xml_text(ev->stanza)[0] == '\0' && motet_xml_n_children(ev->stanza) == 0) {
                negotiation_challenge(negotiation, "");
                return MOTET_HANDLED;
        }
        g_auto(SaslMessage) message = {0};
        if (!read_message(negotiation, ev->stanza, "=", &message))
                return MOTET_HANDLED;
        return exchange_step(negotiation, &ev->event, &message);
}

static MotetResult
on_response(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_stranger(ev->session))
                return MOTET_CONTINUE;

        Negotiation *negotiation = negotiation_of(self, ev->session);
        if (!negotiation->mechanism) {
                negotiation_fail(negotiation, "malformed-request", "no exchange is running");
                return MOTET_HANDLED;
        }
        g_auto(SaslMessage) message = {0};
        if (!read_message(negotiation, ev->stanza, "", &message))
                return MOTET_HANDLED;
        return exchange_step(negotiation, &ev->event, &message);
}

static MotetResult
on_abort(MotetModule *self, MotetStanzaEvent *ev)
{
        if (!is_stranger(ev->session))
                return MOTET_CONTINUE;

        Negotiation *negotiation = negotiation_of(self, ev->session);
        negotiation_fail(negotiation, negotiation->mechanism ? "aborted" : "malformed-request",
                         NULL);
        return MOTET_HANDLED;
}

/* An exchange that began with the old keys must not end in a login. */
static MotetResult
on_account_changed(MotetModule *self, MotetAccountEvent *ev)
{
        Sasl *sasl = motet_module_data(self);

        for (GList *l = sasl->negotiations.head; l; l = l->next) {
                Negotiation *negotiation = l->data;
                if (g_strcmp0(negotiation->username, ev->username) == 0)
                        negotiation->stale = true;
        }
        return MOTET_CONTINUE;
}

static const MotetMetric results = {
        .name = "exchanges",
        .help = "Authentications that ended",
        .type = MOTET_METRIC_COUNTER,
        .label = "result",
        .values = MOTET_LIST("success", "failure"),
};

static void
sasl_free(void *data)
{
        Sasl *sasl = data;

        for (size_t i = 0; i < N_HASHES; i++)
                scram_hash_clear(&sasl->hashes[i]);
        guesses_free(sasl->guesses);
        g_free(sasl);
}

static bool
load(MotetModule *self, GError **error)
{
        Sasl *sasl = g_new0(Sasl, 1);

        g_queue_init(&sasl->negotiations);
        sasl->guesses = guesses_new();
        for (size_t i = 0; i < N_HASHES; i++) {
                if (!scram_hash_init(&sasl->hashes[i], hash_names[i], error)) {
                        sasl_free(sasl);
                        return false;
                }
        }
        sasl->results = motet_metric_add(self, &results, error);
        if (!sasl->results) {
                sasl_free(sasl);
                return false;
        }
        motet_module_set_data(self, sasl, sasl_free);
        return true;
}

static const MotetHook hooks[] = {
        MOTET_ON_FEATURES("stream-features", offer_mechanisms, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("pre-stream", refuse_strays, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("stream/" NS_SASL ":auth", on_auth, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("stream/" NS_SASL ":response", on_response, MOTET_PRIO_NORMAL),
        MOTET_ON_STANZA("stream/" NS_SASL ":abort", on_abort, MOTET_PRIO_NORMAL),
        MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DELETED, on_account_changed, MOTET_PRIO_NORMAL),
        MOTET_ON_ACCOUNT(MOTET_EVENT_USER_DISABLED, on_account_changed, MOTET_PRIO_NORMAL),
        MOTET_ON_ACCOUNT(MOTET_EVENT_PASSWORD_CHANGED, on_account_changed, MOTET_PRIO_NORMAL),
        {0},
};

static const MotetOption options[] = {
        {
                .key = "mechanisms",
                .type = MOTET_OPTION_LIST,
                .fallback = "[SCRAM-SHA-512, SCRAM-SHA-256, SCRAM-SHA-1, PLAIN]",
                .values = MOTET_LIST("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"),
                .help = "mechanisms to offer, each SCRAM also with channel binding (-PLUS); PLAIN "
                        "only inside TLS",
        },
        {
                .key = "allow_unencrypted",
                .type = MOTET_OPTION_BOOL,
                .fallback = "false",
                .help = "offer SCRAM without TLS too; for networks that are encrypted otherwise",
        },
        {
                .key = "downgrade_protection",
                .type = MOTET_OPTION_BOOL,
                .fallback = "true",
                .help = "let clients notice that somebody removed mechanisms or bindings from the "
                        "offer (XEP-0474)",
        },
        {
                .key = "max_failures_per_stream",
                .type = MOTET_OPTION_INT,
                .fallback = "3",
                .min = 1,
                .max = 6,
                .help = "failed authentications after which a stream is closed",
        },
        {
                .key = "max_failures_per_minute",
                .type = MOTET_OPTION_INT,
                .fallback = "10",
                .min = 1,
                .max = 100000,
                .help = "wrong passwords from one address (IPv6: /64) in a minute before it is "
                        "refused",
        },
        {
                .key = "max_failures_per_hour",
                .type = MOTET_OPTION_INT,
                .fallback = "100",
                .min = 1,
                .max = 1000000,
                .help = "wrong passwords from one address (IPv6: /64) in an hour before it is "
                        "refused",
        },
        {
                .key = "max_addresses",
                .type = MOTET_OPTION_INT,
                .fallback = "10000",
                .min = 1,
                .max = 1000000,
                .help = "addresses whose failures are remembered; then the longest quiet one is "
                        "forgotten",
        },
        {0},
};

static const MotetRule rules[] = {
        {
                .text = "allow_unencrypted does nothing while the module \"tls\" requires TLS",
                .kind = MOTET_RULE_VALUE,
                .when = "allow_unencrypted",
                .is = "true",
                .module = "tls",
                .option = "required",
                .value = "false",
        },
        {
                .text = "nobody can log in without a mechanism",
                .kind = MOTET_RULE_NOT_VALUE,
                .option = "mechanisms",
                .value = "[]",
        },
        {0},
};

static const MotetRisk risks[] = {
        {
                .text = "clients may log in without TLS",
                .kind = MOTET_RISK_IN_CLEAR,
                .option = "allow_unencrypted",
                .value = "true",
        },
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "sasl",
        .summary = "Authenticate clients with SCRAM or PLAIN",
        .depends = MOTET_LIST("service:auth"),
        .specs = MOTET_LIST("RFC6120", "RFC4616", "RFC5802", "RFC5929", "RFC7677", "RFC9266",
                            "XEP-0440@1.0.0", "XEP-0474@0.5.0"),
        .options = options,
        .hooks = hooks,
        .load = load,
        .rules = rules,
        .risks = risks,
        .guards = true,
};

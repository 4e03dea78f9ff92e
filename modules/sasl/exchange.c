/*
 * exchange: the steps of PLAIN and SCRAM between a client and the service "auth".
 *
 * Source: RFC 4616 section 2; RFC 5802 sections 3, 5 and 6; RFC 6120 sections 6.3.8 and 6.5.
 */
#include "sasl-private.h"

#include <motet/conn.h>
#include <motet/event.h>
#include <motet/jid.h>
#include <motet/option.h>
#include <motet/task.h>
#include <string.h>

#define AUTH_TIMEOUT (20 * G_TIME_SPAN_SECOND)
#define SERVER_NONCE_BYTES 18

/*
 * RFC 6120 6.3.8: an authorization identity other than one's own address is not ours to grant.
 * @authzid NULL: none was given
 */
static bool
may_act_as(Negotiation *negotiation, const char *authzid)
{
        if (!authzid)
                return true;

        g_autoptr(MotetJid) wanted = motet_jid_new(authzid);
        g_autoptr(MotetJid) own =
                motet_jid_new_parts(negotiation->username, negotiation->session->host, NULL);
        return wanted && motet_jid_equal(wanted, own);
}

/*
 * RFC 5802 5.1: the name is prepared by SASLprep; then it becomes a localpart. Returns: (own) NULL
 * when it cannot be one
 */
static char *
prepare_username(const char *username)
{
        g_autofree char *prepared = motet_jid_prepare_password(username);

        return prepared ? motet_jid_prepare_local(prepared) : NULL;
}

/* Sets negotiation->username. Returns: whether the exchange may go on; otherwise it was failed */
static bool
accept_names(Negotiation *negotiation, const char *username, const char *authzid)
{
        negotiation->username = prepare_username(username);
        if (!negotiation->username) {
                negotiation_fail(negotiation, "not-authorized", NULL);
                return false;
        }
        if (!may_act_as(negotiation, authzid)) {
                negotiation_fail(negotiation, "invalid-authzid", NULL);
                return false;
        }
        return true;
}

/*
 * Called first when the auth service answered. Returns: (own) the token to resume at the end;
 * whether there is still somebody to answer is in @alive_out.
 */
static MotetWait *
service_answered(Negotiation *negotiation, bool *alive_out)
{
        MotetWait *wait = g_steal_pointer(&negotiation->wait);

        negotiation->request = NULL;
        motet_timer_cancel(g_steal_pointer(&negotiation->patience));
        *alive_out = motet_wait_is_live(wait) && motet_session_is_connected(negotiation->session);
        return wait;
}

static void
tell_checked(Negotiation *negotiation, MotetAuthStatus status)
{
        if (status == MOTET_AUTH_OK && !negotiation->stale)
                negotiation_succeed(negotiation, NULL);
        else if (status == MOTET_AUTH_DISABLED)
                negotiation_fail(negotiation, "account-disabled", NULL);
        else if (status == MOTET_AUTH_ERROR)
                negotiation_fail(negotiation, "temporary-auth-failure", NULL);
        else
                negotiation_guessed_wrong(negotiation);
}

static void
on_checked(MotetModule *self, MotetAuthStatus status, void *data)
{
        (void)self;
        Negotiation *negotiation = data;
        bool alive = false;
        MotetWait *wait = service_answered(negotiation, &alive);

        if (!alive)
                negotiation_end_exchange(negotiation);
        else if (negotiation_may_learn(negotiation))
                tell_checked(negotiation, status);
        motet_resume(wait, MOTET_HANDLED);
}

static void
on_keys(MotetModule *self, MotetAuthStatus status, const MotetAuthKeys *keys, void *data)
{
        Negotiation *negotiation = data;
        bool alive = false;
        MotetWait *wait = service_answered(negotiation, &alive);

        if (!alive) {
                negotiation_end_exchange(negotiation);
        } else if (status != MOTET_AUTH_OK) {
                negotiation_fail(negotiation, "temporary-auth-failure", NULL);
        } else {
                g_autofree char *hash = NULL;
                if (motet_option_bool(self, "downgrade_protection"))
                        hash = mechanism_list_hash(self, negotiation->session,
                                                   negotiation->scram.hash);
                negotiation->step = STEP_FINAL;
                negotiation_challenge(negotiation,
                                      scram_challenge(&negotiation->scram, keys, hash));
        }
        motet_resume(wait, MOTET_HANDLED);
}

/* RFC 6120 6.5.11: too much is to be done before this login, which is to be tried again later. */
static void
give_up(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        Negotiation *negotiation = data;
        MotetWait *wait = g_steal_pointer(&negotiation->wait);

        negotiation->patience = NULL;
        negotiation_fail(negotiation, "temporary-auth-failure", "this takes too long");
        motet_resume(wait, MOTET_HANDLED);
}

/*
 * Parks the stream until the auth service answers. Returns: the service, or NULL when it is gone:
 * then the exchange was failed
 */
static const MotetAuthService *
wait_for_auth(Negotiation *negotiation, MotetEvent *event, MotetModule **provider_out)
{
        MotetModule *self = negotiation->self;
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", provider_out);

        /* Without keys there is no SCRAM: another provider came since it was offered. */
        if (!auth || (negotiation->mechanism->hash >= 0 && !auth->keys)) {
                negotiation_fail(negotiation, "temporary-auth-failure", NULL);
                return NULL;
        }
        negotiation->wait =
                motet_wait(self, event, AUTH_TIMEOUT + REFUSAL_MARGIN, MOTET_DEADLINE_REFUSE);
        negotiation->patience =
                motet_timer_add(self, negotiation->session, AUTH_TIMEOUT, give_up, negotiation);
        return auth;
}

static MotetResult
step_plain(Negotiation *negotiation, MotetEvent *event, const SaslMessage *message)
{
        g_auto(PlainMessage) plain = {0};
        if (!plain_parse(message, &plain)) {
                negotiation_fail(negotiation, "malformed-request", NULL);
                return MOTET_HANDLED;
        }
        if (!accept_names(negotiation, plain.username, plain.authzid))
                return MOTET_HANDLED;

        char *password = motet_jid_prepare_password(plain.password);
        if (!password || password[0] == '\0' || strlen(password) > MOTET_AUTH_PASSWORD_MAX) {
                sasl_secret_free(password);
                negotiation_guessed_wrong(negotiation);
                return MOTET_HANDLED;
        }

        MotetModule *provider = NULL;
        const MotetAuthService *auth = wait_for_auth(negotiation, event, &provider);
        if (auth)
                negotiation->request =
                        auth->check(provider, negotiation->self, negotiation->username, password,
                                    on_checked, negotiation);
        sasl_secret_free(password);
        return auth ? MOTET_WAIT : MOTET_HANDLED;
}

/*
 * The rules of RFC 5802 section 6 on the gs2-cbind-flag. Returns: (static) why it is wrong, NULL
 * when it is right
 */
static const char *
binding_flag_error(Negotiation *negotiation, const ScramFirst *first, GBytes *binding)
{
        if (negotiation->mechanism->plus) {
                if (first->binding != 'p')
                        return "a -PLUS mechanism needs channel binding";
                return binding ? NULL : "channel binding of this type is not supported";
        }
        if (first->binding == 'p')
                return "channel binding needs a -PLUS mechanism";
        /*
         * "y": the client would have used -PLUS, but saw none. We offered it, so somebody in
         * between removed it.
         */
        if (first->binding == 'y' && mechanism_offers_plus(negotiation->self, negotiation->session))
                return "channel binding is supported here: the list of mechanisms was changed on "
                       "its way";
        return NULL;
}

static MotetResult
step_scram_first(Negotiation *negotiation, MotetEvent *event, const SaslMessage *message)
{
        MotetModule *self = negotiation->self;
        Sasl *sasl = motet_module_data(self);
        g_auto(ScramFirst) first = {0};
        if (!scram_first_parse(message, &first)) {
                negotiation_fail(negotiation, "malformed-request", NULL);
                return MOTET_HANDLED;
        }

        g_autoptr(GBytes) binding = NULL;
        if (first.binding == 'p' && mechanism_is_binding(first.binding_type))
                binding =
                        motet_conn_channel_binding(negotiation->session->conn, first.binding_type);
        const char *wrong = binding_flag_error(negotiation, &first, binding);
        if (wrong) {
                negotiation_fail(negotiation, "not-authorized", wrong);
                return MOTET_HANDLED;
        }
        if (!accept_names(negotiation, first.username, first.authzid))
                return MOTET_HANDLED;

        MotetModule *provider = NULL;
        const MotetAuthService *auth = wait_for_auth(negotiation, event, &provider);
        if (!auth)
                return MOTET_HANDLED;

        g_autofree char *nonce = motet_random_id(self, SERVER_NONCE_BYTES);
        const ScramHash *hash = &sasl->hashes[negotiation->mechanism->hash];
        scram_init(&negotiation->scram, hash, message, &first, binding, nonce);
        negotiation->request =
                auth->keys(provider, self, negotiation->username, hash->name, on_keys, negotiation);
        return MOTET_WAIT;
}

static MotetResult
step_scram_final(Negotiation *negotiation, const SaslMessage *message)
{
        g_autofree char *server_final = NULL;

        if (!negotiation_may_learn(negotiation))
                return MOTET_HANDLED;
        switch (scram_finish(&negotiation->scram, message, &server_final)) {
        case SCRAM_OK:
                if (negotiation->stale)
                        negotiation_guessed_wrong(negotiation);
                else
                        negotiation_succeed(negotiation, server_final);
                break;
        case SCRAM_MALFORMED:
                negotiation_fail(negotiation, "malformed-request", NULL);
                break;
        case SCRAM_BINDING_DIFFERS:
                negotiation_fail(negotiation, "not-authorized",
                                 "the channel binding does not match");
                break;
        case SCRAM_REFUSED:
                negotiation_guessed_wrong(negotiation);
                break;
        case SCRAM_DISABLED:
                negotiation_fail(negotiation, "account-disabled", NULL);
                break;
        }
        return MOTET_HANDLED;
}

MotetResult
exchange_step(Negotiation *negotiation, MotetEvent *event, const SaslMessage *message)
{
        if (negotiation->mechanism->hash < 0)
                return step_plain(negotiation, event, message);
        if (negotiation->step == STEP_INITIAL)
                return step_scram_first(negotiation, event, message);
        return step_scram_final(negotiation, message);
}

/*
 * negotiation: one stream on its way to being authenticated: its state, and the answers it gets.
 *
 * Source: RFC 6120 sections 6.4 and 6.5.
 */
#include "sasl-private.h"

#include <motet/conn.h>
#include <motet/event.h>
#include <motet/option.h>
#include <motet/task.h>
#include <string.h>

static const MotetAuthService *
auth_service(Negotiation *negotiation, MotetModule **provider_out)
{
        return motet_service(motet_module_host(negotiation->self), "auth", provider_out);
}

void
negotiation_end_exchange(Negotiation *negotiation)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = auth_service(negotiation, &provider);

        if (negotiation->request && auth)
                auth->cancel(provider, negotiation->request);
        negotiation->request = NULL;
        negotiation->mechanism = NULL;
        negotiation->step = STEP_INITIAL;
        negotiation->stale = false;
        g_clear_pointer(&negotiation->username, g_free);
        scram_clear(&negotiation->scram);
}

static void
negotiation_free(void *data)
{
        Negotiation *negotiation = data;
        Sasl *sasl = motet_module_data(negotiation->self);

        negotiation_end_exchange(negotiation);
        g_queue_unlink(&sasl->negotiations, &negotiation->link);
        /*
         * The stream went away while it was parked: the token does nothing any more, but wants to
         * be freed. Or the module stops: then nobody here answers.
         */
        if (negotiation->wait)
                motet_resume(negotiation->wait, MOTET_CONTINUE);
        g_free(negotiation);
}

Negotiation *
negotiation_of(MotetModule *self, MotetSession *session)
{
        Negotiation *negotiation = motet_session_data(session, self);
        if (negotiation)
                return negotiation;

        Sasl *sasl = motet_module_data(self);
        negotiation = g_new0(Negotiation, 1);
        negotiation->self = self;
        negotiation->session = session;
        negotiation->link.data = negotiation;
        g_queue_push_tail_link(&sasl->negotiations, &negotiation->link);
        motet_session_set_data(session, self, negotiation, negotiation_free);
        return negotiation;
}

void
negotiation_challenge(Negotiation *negotiation, const char *message)
{
        g_autoptr(MotetXml) challenge = motet_xml_new("challenge", NS_SASL);
        g_autofree char *encoded = g_base64_encode((const guchar *)message, strlen(message));

        motet_xml_add_text(challenge, encoded, -1);
        motet_session_send(negotiation->session, challenge);
}

void
negotiation_fail(Negotiation *negotiation, const char *condition, const char *text)
{
        MotetSession *session = negotiation->session;
        g_autoptr(MotetXml) failure = motet_xml_new("failure", NS_SASL);

        motet_xml_add(failure, condition, NULL);
        if (text) {
                MotetXml *element = motet_xml_add_with_text(failure, "text", NULL, text);
                motet_xml_set_attr(element, "xml:lang", "en");
        }
        motet_session_send(session, failure);
        ((Sasl *)motet_module_data(negotiation->self))->results[1]++;
        motet_session_debug(session, "%s: %s%s%s",
                            session->conn ? motet_conn_peer(session->conn) : "closed", condition,
                            text ? ": " : "", text ? text : "");
        negotiation_end_exchange(negotiation);

        /* RFC 6120 6.4.5: some retries, then the stream ends. */
        negotiation->failures++;
        if (negotiation->failures >= motet_option_int(negotiation->self, "max_failures_per_stream"))
                motet_session_close(session, MOTET_POLICY_VIOLATION,
                                    "too many failed authentications");
}

void
guess_limits(MotetModule *self, GuessLimits *limits_out)
{
        limits_out->per_minute = (unsigned)motet_option_int(self, "max_failures_per_minute");
        limits_out->per_hour = (unsigned)motet_option_int(self, "max_failures_per_hour");
        limits_out->max_addresses = (unsigned)motet_option_int(self, "max_addresses");
}

bool
negotiation_may_learn(Negotiation *negotiation)
{
        MotetModule *self = negotiation->self;
        const Sasl *sasl = motet_module_data(self);
        const char *peer = motet_conn_peer(negotiation->session->conn);
        GuessLimits limits;

        guess_limits(self, &limits);
        if (!guesses_are_used_up(sasl->guesses, &limits, peer, motet_now(self)))
                return true;
        negotiation_fail(negotiation, "temporary-auth-failure",
                         "too many failures from this address");
        return false;
}

void
negotiation_guessed_wrong(Negotiation *negotiation)
{
        MotetModule *self = negotiation->self;
        MotetSession *session = negotiation->session;
        Sasl *sasl = motet_module_data(self);

        if (session->conn) {
                GuessLimits limits;
                guess_limits(self, &limits);
                guesses_add(sasl->guesses, &limits, motet_conn_peer(session->conn),
                            motet_now(self));
                motet_session_info(session, "login of %s@%s from %s failed", negotiation->username,
                                   session->host, motet_conn_peer(session->conn));
        }
        negotiation_fail(negotiation, "not-authorized", NULL);
}

void
negotiation_succeed(Negotiation *negotiation, const char *message)
{
        MotetModule *self = negotiation->self;
        MotetSession *session = negotiation->session;
        g_autofree char *username = g_steal_pointer(&negotiation->username);

        g_autofree char *peer = g_strdup(motet_conn_peer(session->conn));
        const char *mechanism = negotiation->mechanism->name;

        motet_session_set_data(session, self, NULL, NULL);
        ((Sasl *)motet_module_data(self))->results[0]++;
        motet_session_authenticate(session, username);
        motet_session_info(session, "%s@%s logged in from %s with %s", username, session->host,
                           peer, mechanism);

        g_autoptr(MotetXml) success = motet_xml_new("success", NS_SASL);
        if (message) {
                g_autofree char *encoded =
                        g_base64_encode((const guchar *)message, strlen(message));
                motet_xml_add_text(success, encoded, -1);
        }
        motet_session_send(session, success);
        motet_session_restart(session);
}

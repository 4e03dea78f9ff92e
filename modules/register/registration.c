/*
 * registration: strangers: what they are asked for, and how they come to an account.
 *
 * Source: XEP-0077 sections 3.1, 3.1.1 and 5.
 */
#include "register-private.h"

#include <motet/conn.h>
#include <motet/jid.h>
#include <motet/router.h>
#include <motet/task.h>
#include <openssl/crypto.h>
#include <string.h>

#define NS_FEATURE "http://jabber.org/features/iq-register"
#define NS_OOB "jabber:x:oob"

void
password_free(char *password)
{
        if (password)
                OPENSSL_cleanse(password, strlen(password));
        g_free(password);
}

char *
password_take(const MotetModule *self, const MotetXml *query, const char **text_out)
{
        const char *text = motet_xml_text(motet_xml_child(query, "password", NS_REGISTER));
        char *password = motet_jid_prepare_password(text);

        if (!password || password[0] == '\0' || strlen(password) > MOTET_AUTH_PASSWORD_MAX)
                *text_out = "this password cannot be used";
        else if (g_utf8_strlen(password, -1) < motet_option_int(self, "min_password_length"))
                *text_out = "this password is too short";
        else
                return password;
        password_free(password);
        return NULL;
}

/* Returns: (borrowed) service "auth" when it can make accounts, and this module may */
static const MotetAuthService *
open_accounts(MotetModule *self, MotetModule **provider_out)
{
        const MotetAuthService *auth = motet_service(motet_module_host(self), "auth", provider_out);

        return auth && auth->create && motet_option_bool(self, "allow_registration") ? auth : NULL;
}

static bool
is_stranger(const MotetSession *session)
{
        return session->type == MOTET_SESSION_C2S_UNAUTHED && !session->username;
}

MotetResult
registration_offer(MotetModule *self, MotetFeaturesEvent *ev)
{
        MotetModule *provider = NULL;
        bool is_open = open_accounts(self, &provider) || motet_option_string(self, "web_address");

        if (is_open && is_stranger(ev->session) && motet_session_is_secure(ev->session))
                motet_xml_add(ev->features, "register", NS_FEATURE);
        return MOTET_CONTINUE;
}

/* XEP-0077 section 5: accounts are made elsewhere. */
static MotetResult
redirect(MotetModule *self, const MotetStanzaEvent *ev)
{
        const char *address = motet_option_string(self, "web_address");
        g_autofree char *text = g_strdup_printf("To register, visit %s", address);
        g_autoptr(MotetXml) reply = motet_iq_result(ev->stanza);
        MotetXml *query = motet_xml_add(reply, "query", NS_REGISTER);

        motet_xml_add_with_text(query, "instructions", NULL, text);
        motet_xml_add_with_text(motet_xml_add(query, "x", NS_OOB), "url", NULL, address);
        return motet_reply(ev, reply);
}

static MotetResult
ask_for_fields(MotetModule *self, const MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) reply = motet_iq_result(ev->stanza);
        MotetXml *query = motet_xml_add(reply, "query", NS_REGISTER);

        motet_xml_add_with_text(query, "instructions", NULL,
                                motet_option_string(self, "instructions"));
        motet_xml_add(query, "username", NULL);
        motet_xml_add(query, "password", NULL);
        return motet_reply(ev, reply);
}

static void
on_created(MotetModule *self, MotetAuthStatus status, void *data)
{
        Register *state = motet_module_data(self);
        Pending *pending = data;

        pending->request = NULL;
        if (status == MOTET_AUTH_OK) {
                MotetSession *session = motet_later_session(pending->later);
                motet_info("%s@%s registered from %s", pending->username,
                           motet_host_name(motet_module_host(self)), pending->network);
                /* Noted on the stream: one is enough. */
                if (session)
                        motet_session_set_data(session, self, state, NULL);
                motet_later_result(pending->later);
                return;
        }

        networks_give_back(state->networks, pending->network);
        if (status == MOTET_AUTH_EXISTS)
                motet_later_error(pending->later, MOTET_CONFLICT, "cancel",
                                  "this username is taken");
        else
                pending_fail(pending);
}

static MotetAuthRole
role_of_new(const MotetModule *self)
{
        return strcmp(motet_option_string(self, "role"), "restricted") == 0 ? MOTET_ROLE_RESTRICTED
                                                                            : MOTET_ROLE_MEMBER;
}

/* Makes the account when its network may have one more. */
static MotetResult
create(MotetModule *self, MotetStanzaEvent *ev, const char *username, const char *password)
{
        Register *state = motet_module_data(self);
        MotetModule *provider = NULL;
        const MotetAuthService *auth = open_accounts(self, &provider);
        g_autofree char *network = motet_address_network(motet_conn_peer(ev->session->conn));
        const NetworkLimits limits = {
                .accounts = (unsigned)motet_option_int(self, "max_accounts"),
                .attempts = (unsigned)motet_option_int(self, "max_attempts"),
                .networks = (unsigned)motet_option_int(self, "max_networks"),
        };

        if (!networks_take(state->networks, &limits, network, motet_now(self))) {
                motet_info("%s registers too often", network);
                g_autoptr(MotetXml) error =
                        motet_stanza_error_of_type(ev->stanza, MOTET_RESOURCE_CONSTRAINT, "wait",
                                                   "too many registrations from your network");
                return motet_reply(ev, error);
        }

        Pending *pending = pending_new(self, ev, username);
        pending->network = g_steal_pointer(&network);
        pending->request = auth->create(provider, self, username, password, role_of_new(self),
                                        on_created, pending);
        return MOTET_WAIT;
}

static MotetResult
register_account(MotetModule *self, MotetStanzaEvent *ev, const MotetXml *query)
{
        const char *wanted = motet_xml_text(motet_xml_child(query, "username", NS_REGISTER));
        g_autofree char *username = *wanted ? motet_jid_prepare_local(wanted) : NULL;
        const char *text = NULL;

        if (motet_xml_child(query, "remove", NS_REGISTER))
                return motet_reply_error(ev, MOTET_UNEXPECTED_REQUEST, "log in to cancel");
        if (motet_session_data(ev->session, self))
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, "one account was made already");
        if (!username)
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, "this is no username");
        text = name_refusal(username, motet_option_list(self, "reserved_names"));
        if (text)
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, text);

        char *password = password_take(self, query, &text);
        if (!password)
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, text);
        MotetResult verdict = create(self, ev, username, password);
        password_free(password);
        return verdict;
}

static bool
is_to_us(const MotetStanzaEvent *ev)
{
        const char *to = motet_xml_attr(ev->stanza, "to");
        g_autoptr(MotetJid) jid = to ? motet_jid_new(to) : NULL;

        return !to || (jid && strcmp(motet_jid_string(jid), ev->session->host) == 0);
}

MotetResult
registration_answer(MotetModule *self, MotetStanzaEvent *ev)
{
        const MotetXml *query = motet_xml_child(ev->stanza, "query", NS_REGISTER);
        const char *type = motet_xml_attr(ev->stanza, "type");
        bool is_get = g_strcmp0(type, "get") == 0;
        MotetModule *provider = NULL;

        if (!is_stranger(ev->session) || !query || !(is_get || g_strcmp0(type, "set") == 0))
                return MOTET_CONTINUE;
        if (!motet_xml_attr(ev->stanza, "id") || motet_xml_n_children(ev->stanza) != 1)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, NULL);
        if (!motet_session_is_secure(ev->session))
                return motet_reply_error(ev, MOTET_POLICY_VIOLATION, "only inside TLS");
        if (!is_to_us(ev))
                return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE, NULL);

        if (is_get && motet_option_string(self, "web_address"))
                return redirect(self, ev);
        if (!open_accounts(self, &provider))
                return motet_reply_error(ev, MOTET_SERVICE_UNAVAILABLE,
                                         "accounts are made by the operator");
        return is_get ? ask_for_fields(self, ev) : register_account(self, ev, query);
}

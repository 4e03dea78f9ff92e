/*
 * account: users who change their password or cancel their account.
 *
 * Source: XEP-0077 sections 3.1 to 3.3.
 */
#include "register-private.h"

#include <motet/jid.h>
#include <motet/router.h>
#include <string.h>

static const MotetAuthService *
accounts_of(MotetModule *self, MotetModule **provider_out)
{
        return motet_service(motet_module_host(self), "auth", provider_out);
}

static MotetResult
tell_registered(const MotetStanzaEvent *ev)
{
        g_autoptr(MotetXml) reply = motet_iq_result(ev->stanza);
        MotetXml *query = motet_xml_add(reply, "query", NS_REGISTER);

        motet_xml_add(query, "registered", NULL);
        motet_xml_add_with_text(query, "username", NULL, ev->session->username);
        motet_xml_add(query, "password", NULL);
        return motet_reply(ev, reply);
}

static void
on_removed(MotetModule *self, MotetAuthStatus status, void *data)
{
        Pending *pending = data;

        pending->request = NULL;
        if (status == MOTET_AUTH_FAILED) {
                motet_later_error(pending->later, MOTET_REGISTRATION_REQUIRED, "auth", NULL);
                return;
        }
        if (status != MOTET_AUTH_OK) {
                pending_fail(pending);
                return;
        }

        MotetSession *session = motet_later_session(pending->later);
        G_GNUC_UNUSED g_autoptr(MotetSession) held = session ? motet_session_ref(session) : NULL;
        motet_info("%s@%s was cancelled by its user", pending->username,
                   motet_host_name(motet_module_host(self)));
        motet_later_result(pending->later);
        /* What more this stream brings is handled from the loop: there will be none. */
        if (session)
                motet_session_close(session, MOTET_NOT_AUTHORIZED, "the account was deleted");
}

static MotetResult
cancel_account(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = accounts_of(self, &provider);

        if (motet_xml_n_children(ev->payload) != 1)
                return motet_reply_error(ev, MOTET_BAD_REQUEST, "remove stands alone");
        if (!auth || !auth->remove || !motet_option_bool(self, "allow_cancel"))
                return motet_reply_error(ev, MOTET_NOT_ALLOWED,
                                         "accounts are deleted by the operator");

        Pending *pending = pending_new(self, ev, ev->session->username);
        pending->request =
                auth->remove(provider, self, pending->username, ev->session, on_removed, pending);
        return MOTET_WAIT;
}

static void
on_changed(MotetModule *self, MotetAuthStatus status, void *data)
{
        Pending *pending = data;

        pending->request = NULL;
        if (status == MOTET_AUTH_FAILED) {
                motet_later_error(pending->later, MOTET_REGISTRATION_REQUIRED, "auth", NULL);
                return;
        }
        if (status != MOTET_AUTH_OK) {
                pending_fail(pending);
                return;
        }

        motet_info("%s@%s changed the password", pending->username,
                   motet_host_name(motet_module_host(self)));
        motet_later_result(pending->later);
}

/* What is wrong with a wish for another password, NONE when nothing is. */
static MotetCondition
check_change(MotetModule *self, const MotetStanzaEvent *ev, const char **text_out)
{
        const char *wanted = motet_xml_text(motet_xml_child(ev->payload, "username", NS_REGISTER));
        const char *password =
                motet_xml_text(motet_xml_child(ev->payload, "password", NS_REGISTER));
        g_autofree char *username = *wanted ? motet_jid_prepare_local(wanted) : NULL;

        if (!motet_option_bool(self, "allow_password_change")) {
                *text_out = "passwords are changed by the operator";
                return MOTET_NOT_ALLOWED;
        }
        if (!motet_session_is_secure(ev->session)) {
                *text_out = "only inside TLS";
                return MOTET_NOT_AUTHORIZED;
        }
        if (!*wanted || !*password) {
                *text_out = "a username and a password are needed";
                return MOTET_BAD_REQUEST;
        }
        if (g_strcmp0(username, ev->session->username) != 0) {
                *text_out = "users change their own password";
                return MOTET_BAD_REQUEST;
        }
        return MOTET_CONDITION_NONE;
}

static MotetResult
change_password(MotetModule *self, MotetStanzaEvent *ev)
{
        MotetModule *provider = NULL;
        const MotetAuthService *auth = accounts_of(self, &provider);
        const char *text = NULL;
        MotetCondition wrong = check_change(self, ev, &text);

        if (wrong)
                return motet_reply_error(ev, wrong, text);
        if (!auth || !auth->set_password)
                return motet_reply_error(ev, MOTET_NOT_ALLOWED, NULL);
        char *password = password_take(self, ev->payload, &text);
        if (!password)
                return motet_reply_error(ev, MOTET_NOT_ACCEPTABLE, text);

        Pending *pending = pending_new(self, ev, ev->session->username);
        pending->request = auth->set_password(provider, self, pending->username, password,
                                              ev->session, on_changed, pending);
        password_free(password);
        return MOTET_WAIT;
}

MotetResult
account_answer(MotetModule *self, MotetStanzaEvent *ev)
{
        /* Users of other hosts have no account here. */
        if (!ev->session || strcmp(ev->session->host, motet_host_name(ev->event.host)) != 0)
                return MOTET_CONTINUE;
        if (g_strcmp0(motet_xml_attr(ev->stanza, "type"), "get") == 0)
                return tell_registered(ev);
        if (motet_xml_child(ev->payload, "remove", NS_REGISTER))
                return cancel_account(self, ev);
        return change_password(self, ev);
}

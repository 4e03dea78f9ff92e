/*
 * login: sessions of accounts: what role each has, and ending all of one account.
 *
 * The role is read at login, while the client goes on to bind a resource, which waits for it; from
 * then on it is at hand, and follows what operators change.
 */
#include "auth_internal-private.h"

#include <motet/event.h>
#include <motet/task.h>

#define ROLE_WAIT (30 * G_TIME_SPAN_SECOND)

/* Login: an authenticated session. */
typedef struct {
        MotetModule *self;
        MotetSession *session; /* borrowed: it owns this */
        GList link;            /* in Auth.unbound until it is in the table of sessions */
        MotetAuthRole role;    /* RESTRICTED until is_known */
        bool is_known;
        bool is_bound;
        MotetAuthRequest *asking; /* NULL when nobody is asked */
        MotetWait *wait;          /* (own) a bind that waits for the role */
} Login;

static void
leave_unbound(Login *login)
{
        Auth *auth = motet_module_data(login->self);

        if (!login->is_bound)
                g_queue_unlink(&auth->unbound, &login->link);
        login->is_bound = true;
}

static void
login_free(void *data)
{
        Login *login = data;

        leave_unbound(login);
        request_cancel(login->self, login->asking);
        if (login->wait)
                motet_resume(login->wait, MOTET_CONTINUE);
        g_free(login);
}

static void
on_account(MotetModule *self, MotetAuthStatus status, MotetAuthRole role, bool disabled, void *data)
{
        Login *login = data;

        (void)self;
        (void)disabled;
        login->asking = NULL;
        login->is_known = status != MOTET_AUTH_ERROR;
        login->role = status == MOTET_AUTH_OK ? role : MOTET_ROLE_RESTRICTED;
        if (!login->wait)
                return;
        if (login->is_known)
                motet_resume(g_steal_pointer(&login->wait), MOTET_CONTINUE);
        else
                motet_resume_refuse(g_steal_pointer(&login->wait), MOTET_INTERNAL_SERVER_ERROR,
                                    "the account cannot be read");
}

static void
ask_role(Login *login)
{
        if (!login->asking)
                login->asking = request_account(login->self, login->self, login->session->username,
                                                on_account, login);
}

/* Returns: (borrowed) that of @session, made when it was not noted yet */
static Login *
login_of(MotetModule *self, MotetSession *session)
{
        Auth *auth = motet_module_data(self);
        Login *login = motet_session_data(session, self);
        if (login)
                return login;

        login = g_new0(Login, 1);
        login->self = self;
        login->session = session;
        login->link.data = login;
        g_queue_push_tail_link(&auth->unbound, &login->link);
        motet_session_set_data(session, self, login, login_free);
        ask_role(login);
        return login;
}

MotetResult
login_note(MotetModule *self, MotetSessionEvent *ev)
{
        if (ev->session->username)
                login_of(self, ev->session);
        return MOTET_CONTINUE;
}

MotetResult
login_await_role(MotetModule *self, MotetSessionEvent *ev)
{
        Login *login = login_of(self, ev->session);
        if (login->is_known)
                return MOTET_CONTINUE;

        ask_role(login);
        /* Of a bind before this one, which was refused at its deadline. */
        if (login->wait)
                motet_resume(login->wait, MOTET_CONTINUE);
        login->wait = motet_wait(self, &ev->event, ROLE_WAIT, MOTET_DEADLINE_REFUSE);
        return MOTET_WAIT;
}

MotetResult
login_note_bound(MotetModule *self, MotetSessionEvent *ev)
{
        leave_unbound(login_of(self, ev->session));
        return MOTET_CONTINUE;
}

void
login_adopt(MotetSession *session, void *self)
{
        leave_unbound(login_of(self, session));
}

MotetAuthRole
login_role(MotetModule *self, const MotetSession *session)
{
        const Login *login = motet_session_data(session, self);

        return login ? login->role : MOTET_ROLE_RESTRICTED;
}

static void
set_role(Login *login, MotetAuthRole role)
{
        login->role = role;
        login->is_known = true;
}

void
login_set_role(MotetModule *self, const char *username, MotetAuthRole role)
{
        Auth *auth = motet_module_data(self);
        size_t n = 0;
        MotetSession *const *bound = motet_sessions_of(motet_module_host(self), username, &n);

        for (size_t i = 0; i < n; i++) {
                Login *login = motet_session_data(bound[i], self);
                if (login)
                        set_role(login, role);
        }
        for (GList *l = auth->unbound.head; l; l = l->next) {
                Login *login = l->data;
                if (g_strcmp0(login->session->username, username) == 0)
                        set_role(login, role);
        }
}

void
login_close_all(MotetModule *self, const char *username, const MotetSession *except,
                MotetCondition condition, const char *text)
{
        Auth *auth = motet_module_data(self);
        size_t n = 0;
        MotetSession *const *bound = motet_sessions_of(motet_module_host(self), username, &n);

        for (size_t i = 0; i < n; i++) {
                if (bound[i] != except)
                        motet_session_close(bound[i], condition, text);
        }
        for (GList *l = auth->unbound.head; l; l = l->next) {
                const Login *login = l->data;
                if (g_strcmp0(login->session->username, username) == 0)
                        motet_session_close(login->session, condition, text);
        }
}

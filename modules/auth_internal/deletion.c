/*
 * deletion: an account goes, and with it everything stored for it in any store.
 *
 * The roster is brought into memory first, so that who handles user-deleting can end the
 * subscriptions in it (RFC 6121 2.5.2) before it is gone. From that event on the account does not
 * exist for anybody who asks. What modules stored meanwhile, when its sessions ended for instance,
 * is swept up by dropping a second time.
 */
#include "auth_internal-private.h"

#include <motet/event.h>
#include <motet/service-roster.h>
#include <motet/task.h>

static void
end_sessions(MotetModule *self, const Change *change)
{
        login_close_all(self, change->username, change->except, MOTET_NOT_AUTHORIZED,
                        "the account was deleted");
}

/* The session in which the user asked; also when it failed halfway: modules took the account for
 * gone. */
static void
answer(MotetModule *self, Change *change, GError *error)
{
        change_answer(self, change, error);
        if (change->except)
                motet_session_close(change->except, MOTET_NOT_AUTHORIZED,
                                    "the account was deleted");
}

static void
end(MotetModule *self)
{
        Auth *auth = motet_module_data(self);

        auth->deleting = NULL;
        change_finish(self, NULL);
}

static void
on_swept(MotetModule *self, const GError *error, void *data)
{
        const Change *change = data;

        if (error)
                motet_warn("account %s is deleted, but something of it may be left: %s",
                           change->username, error->message);
        end(self);
}

static void
sweep(MotetModule *self, void *data)
{
        const Change *change = data;

        motet_store_drop_account(self, change->username, on_swept, data);
}

static void
on_dropped(MotetModule *self, const GError *error, void *data)
{
        Change *change = data;

        if (error) {
                answer(self, change, g_error_copy(error));
                end(self);
                return;
        }
        if (change->before.iterations)
                looks_changed(self, change->username, &change->before, NULL);
        motet_fire_account(self, motet_module_host(self), MOTET_EVENT_USER_DELETED,
                           change->username);
        /* Also those that logged in with keys from before. */
        end_sessions(self, change);
        answer(self, change, NULL);
        /* After the sessions have left. */
        motet_defer(self, sweep, change, NULL);
}

static void
go_on(MotetModule *self, void *data)
{
        Auth *auth = motet_module_data(self);
        Change *change = data;

        auth->deleting = change->username;
        motet_fire_account(self, motet_module_host(self), MOTET_EVENT_USER_DELETING,
                           change->username);
        end_sessions(self, change);
        looks_change_begins(self);
        motet_store_drop_account(self, change->username, on_dropped, change);
}

/* Waiting for the roster. */
typedef struct {
        MotetModule *self;
        Change *change; /* NULL once it went on */
} RosterWait;

static void
on_roster(MotetModule *self, MotetRosterStatus status, const MotetRoster *roster, void *data)
{
        RosterWait *wait = data;

        (void)roster;
        /* Deleting must work on damaged data too: it is the way out. */
        if (status == MOTET_ROSTER_FAILED)
                motet_warn("the contacts of %s cannot be read and are not told that it is deleted",
                           wait->change->username);
        go_on(self, g_steal_pointer(&wait->change));
}

/* Without an answer when the roster module stops. */
static void
roster_wait_free(void *data)
{
        RosterWait *wait = data;
        const Auth *auth = motet_module_data(wait->self);

        if (wait->change && !auth->is_stopping)
                motet_defer(wait->self, go_on, wait->change, NULL);
        g_free(wait);
}

void
deletion_start(MotetModule *self, Change *change)
{
        MotetModule *provider = NULL;
        const MotetRosterService *roster =
                motet_service(motet_module_host(self), "roster", &provider);

        if (!roster) {
                go_on(self, change);
                return;
        }

        RosterWait *wait = g_new0(RosterWait, 1);
        wait->self = self;
        wait->change = change;
        roster->read(provider, self, change->username, on_roster, wait, roster_wait_free);
}

void
deletion_forget(MotetModule *self)
{
        MotetModule *provider = NULL;
        const MotetRosterService *roster =
                motet_service(motet_module_host(self), "roster", &provider);

        if (roster)
                roster->forget(provider, self);
}

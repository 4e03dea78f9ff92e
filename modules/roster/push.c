/*
 * push: telling interested resources of changes, and what they answer.
 *
 * A push is serialised once for all resources, so it has one id for all; what is open is counted by
 * session, and bounded. An answer that is an error, or that does not come, changes nothing: the
 * client has its roster wrong until it asks again. The log says so once a session.
 *
 * Source: RFC 6121 section 2.1.6.
 */
#include "roster-private.h"

#include <motet/router.h>
#include <motet/stanza.h>
#include <motet/task.h>

#define PUSH_WAIT (60 * G_TIME_SPAN_SECOND)
#define PUSHES_MAX 16 /* open to one session; beyond, the oldest counts as not answered */
#define ID_BYTES 8

/* Push: one that one session was sent. */
typedef struct {
        Hold *hold;
        GList in_hold; /* in Hold.pushes */
        GList in_all;  /* in Rosters.pushes */
        int64_t deadline;
        char id[2 * ID_BYTES + 1];
} Push;

static void
push_free(Push *push)
{
        Rosters *rosters = motet_module_data(push->hold->self);

        g_queue_unlink(&rosters->pushes, &push->in_all);
        g_queue_unlink(&push->hold->pushes, &push->in_hold);
        g_free(push);
}

void
push_forget_all(Hold *hold)
{
        while (hold->pushes.head)
                push_free(hold->pushes.head->data);
}

static void
blame(Hold *hold, const char *what)
{
        if (!hold->is_blamed)
                motet_session_info(hold->session,
                                   "%s %s a roster push: what it shows may be out of date",
                                   hold->session->full_jid, what);
        hold->is_blamed = true;
}

static void
pass_deadlines(MotetModule *self, MotetTimer *timer, void *data)
{
        Rosters *rosters = motet_module_data(self);
        int64_t now = motet_now(self);

        (void)data;
        while (rosters->pushes.head) {
                Push *push = rosters->pushes.head->data;
                if (push->deadline > now) {
                        motet_timer_rearm(timer, push->deadline - now);
                        return;
                }
                blame(push->hold, "does not answer");
                push_free(push);
        }
        rosters->is_timed = false;
}

static void
expect_answer(Hold *hold, const char *id)
{
        MotetModule *self = hold->self;
        Rosters *rosters = motet_module_data(self);
        Push *push = g_new0(Push, 1);

        if (hold->pushes.length >= PUSHES_MAX) {
                blame(hold, "does not answer");
                push_free(hold->pushes.head->data);
        }
        push->hold = hold;
        push->in_hold.data = push;
        push->in_all.data = push;
        push->deadline = motet_now(self) + PUSH_WAIT;
        g_strlcpy(push->id, id, sizeof(push->id));
        g_queue_push_tail_link(&hold->pushes, &push->in_hold);

        g_queue_push_tail_link(&rosters->pushes, &push->in_all);
        if (!rosters->is_timed)
                motet_timer_add(self, NULL, PUSH_WAIT, pass_deadlines, NULL);
        rosters->is_timed = true;
}

static void
expect_answers(Account *account, const char *id)
{
        MotetModule *self = account->rosters->self;
        size_t n = 0;
        MotetSession *const *sessions =
                motet_sessions_of(motet_module_host(self), account->name, &n);

        for (size_t i = 0; i < n; i++) {
                Hold *hold = motet_session_data(sessions[i], self);
                if (hold && sessions[i]->interested && motet_session_is_connected(sessions[i]))
                        expect_answer(hold, id);
        }
}

void
roster_push(Account *account, const char *contact, const MotetRosterItem *item)
{
        MotetModule *self = account->rosters->self;
        g_autofree char *id = motet_random_id(self, ID_BYTES);
        g_autoptr(MotetXml) push = motet_xml_new("iq", MOTET_NS_CLIENT);

        motet_xml_set_attr(push, "type", "set");
        motet_xml_set_attr(push, "id", id);
        MotetXml *query = motet_xml_add(push, "query", MOTET_NS_ROSTER);
        motet_xml_set_attr(query, "ver", account->version);
        if (item) {
                item_add_to(query, item);
        } else {
                MotetXml *removed = motet_xml_add(query, "item", NULL);
                motet_xml_set_attr(removed, "jid", contact);
                motet_xml_set_attr(removed, "subscription", "remove");
        }
        motet_sessions_send_interested(motet_module_host(self), account->name, push);
        expect_answers(account, id);
}

static Push *
find_push(const Hold *hold, const char *id)
{
        for (const GList *link = hold->pushes.head; link; link = link->next) {
                Push *push = link->data;
                if (strcmp(push->id, id) == 0)
                        return push;
        }
        return NULL;
}

MotetResult
push_take_answer(MotetModule *self, MotetStanzaEvent *ev)
{
        const char *type = motet_xml_attr(ev->stanza, "type");
        const char *id = motet_xml_attr(ev->stanza, "id");
        Hold *hold = ev->session ? motet_session_data(ev->session, self) : NULL;
        bool is_error = motet_stanza_is_error(ev->stanza);

        if (!hold || !id || !(is_error || g_strcmp0(type, "result") == 0))
                return MOTET_CONTINUE;

        Push *push = find_push(hold, id);
        if (!push)
                return MOTET_CONTINUE;
        if (is_error)
                blame(hold, "refuses");
        push_free(push);
        return MOTET_HANDLED;
}

/*
 * sim_check: what must hold.
 */
#include "core/list.h"
#include "core/sessions.h"
#include "sim/sim_client.h"

enum { HEAP_MAX = 512 * 1024 }; /* bytes the server may hold more than when nobody had come */

/* At any time */

/* Who does not log in, and who does not bind, is gone after some time, whatever it reads. */
static void
check_patience(SimWorld *world, const MotetSessionPrivate *priv)
{
        const CoreLimits *limits = &world->base->limits;
        int64_t age = loop_now(world->base->loop) - priv->accepted;
        int64_t patience = limits->close_timeout + G_TIME_SPAN_SECOND + limits->login_timeout +
                           (priv->session.username ? limits->bind_timeout : 0);

        if (!priv->bound && !priv->closing && age > patience)
                sim_fail(world, "somebody is there without a resource since %" G_GINT64_FORMAT " s",
                         age / G_TIME_SPAN_SECOND);
}

static void
check_session(SimWorld *world, const MotetSession *session)
{
        const MotetSessionPrivate *priv = session->priv;

        if (session->full_jid && (!session->username || !session->host || !session->resource))
                sim_fail(world, "%s is connected without a name of its own", session->full_jid);
        if ((session->presence || session->interested) && !session->full_jid)
                sim_fail(world, "a session is available or interested and not connected");
        if (priv->bound &&
            motet_sessions_find(priv->vhost, session->username, session->resource) != session)
                sim_fail(world, "%s is bound and not in the table", session->full_jid);
        if (session->conn && motet_session_queued(session) > (size_t)priv->limits.send_queue + 4096)
                sim_fail(world, "%zu bytes wait for %s", motet_session_queued(session),
                         session->full_jid);
        check_patience(world, priv);
}

void
sim_check_server(SimWorld *world)
{
        size_t n_bound = 0;

        for (List *link = world->base->streams.next; link != &world->base->streams;
             link = link->next) {
                const MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                check_session(world, &priv->session);
                n_bound += priv->bound;
        }
        if (n_bound != sessions_count(world->base->sessions))
                sim_fail(world, "%zu sessions are bound, the table has %zu", n_bound,
                         sessions_count(world->base->sessions));
}

/* A value that is kept is a register: each read must see a write that was not followed, as far as
 * anybody can tell, by another one before the read began. */

/* @write: NULL: as it was in the beginning */
static bool
was_overwritten(const SimWorld *world, const SimWrite *write, unsigned account, SimThing thing,
                uint64_t asked)
{
        uint64_t since = write ? write->answered : 0;

        if (write && (write->answered == 0 || write->is_unsure))
                since = write->sent;
        for (unsigned i = 0; i < world->writes->len; i++) {
                const SimWrite *other = &g_array_index(world->writes, SimWrite, i);
                bool is_end = other->value == 0;
                if (other->account != account || other->thing != thing || other == write ||
                    other->failed || other->answered == 0 || other->answered >= asked ||
                    other->sent <= since)
                        continue;
                /* One that was not answered may be carried out late, but not for an account that is
                 * gone. */
                if (!write || (write->answered != 0 && !write->is_unsure) || is_end)
                        return true;
        }
        return false;
}

/* Nothing, or no value: it was never written, or the account ended. */
static bool
may_be_none(const SimWorld *world, unsigned account, SimThing thing, uint64_t asked)
{
        if (!was_overwritten(world, NULL, account, thing, asked))
                return true;
        for (unsigned i = 0; i < world->writes->len; i++) {
                const SimWrite *write = &g_array_index(world->writes, SimWrite, i);
                if (write->account == account && write->thing == thing && write->value == 0 &&
                    !was_overwritten(world, write, account, thing, asked))
                        return true;
        }
        return false;
}

void
sim_check_read(SimWorld *world, unsigned account, SimThing thing, unsigned value, uint64_t asked)
{
        const char *whose = sim_account(account);

        if (value == 0) {
                if (!may_be_none(world, account, thing, asked))
                        sim_fail(world,
                                 "a read of %s tells nothing, which was acknowledged to be "
                                 "something",
                                 whose);
                return;
        }
        if (value > world->writes->len) {
                sim_fail(world, "a read tells %u, which nobody wrote", value);
                return;
        }
        const SimWrite *write = &g_array_index(world->writes, SimWrite, value - 1);
        if (write->account != account || write->thing != thing)
                sim_fail(world, "a read of %s tells what is another's: %u", whose, value);
        if (write->failed && !write->is_unsure && write->answered < asked)
                sim_fail(world, "a read tells %u, which was refused", value);
        if (was_overwritten(world, write, account, thing, asked))
                sim_fail(world, "a read of %s tells %u, which was acknowledged to be another",
                         whose, value);
}

/* In the end */

void
sim_check_replies(SimWorld *world)
{
        for (unsigned i = 0; i < world->clients->len; i++) {
                const SimClient *client = world->clients->pdata[i];
                if (!sim_client_is_open(client) || client->is_broken)
                        continue;
                for (unsigned k = 0; k < client->requests->len; k++) {
                        const SimRequest *request = &g_array_index(client->requests, SimRequest, k);
                        if (request->kind != SIM_REQUEST_PEER && request->n_replies == 0 &&
                            request->end <= client->n_delivered)
                                sim_fail(world, "client %u: request r%u was never answered",
                                         client->number, k);
                }
        }
}

/* Nobody can be told of a headline or an error that reaches nobody. */
static bool
is_accounted_for(const SimWorld *world, const SimMessage *message)
{
        const SimClient *sender = message->sender;
        bool is_here = message->account != SIM_REMOTE;

        if (message->end > sender->n_delivered || message->n_received > 0 || message->bounced)
                return true;
        if (message->type == SIM_ERROR || (is_here && message->type == SIM_HEADLINE))
                return true;
        if (is_here && world->was_cut[message->account])
                return true;
        /* What was kept of who is blocked by the time it could be delivered is dropped. */
        if (is_here && sim_was_blocked(world, message->account, sender->account, message->sent))
                return true;
        /* Nobody was there any more to be told. */
        return sender->was_cut || sender->is_leaving || sender->is_broken || sender->has_ended;
}

void
sim_check_messages(SimWorld *world)
{
        for (unsigned i = 0; i < world->messages->len; i++) {
                const SimMessage *message = &g_array_index(world->messages, SimMessage, i);
                if (!is_accounted_for(world, message))
                        sim_fail(world, "message %u of client %u for %s is lost", i,
                                 message->sender->number, sim_account(message->account));
        }
}

static bool
is_available(const SimWorld *world, const char *full_jid)
{
        for (unsigned i = 0; i < world->clients->len; i++) {
                const SimClient *client = world->clients->pdata[i];
                const MotetSession *session = client->session;
                if (session && session->full_jid && session->presence && session->priv->bound &&
                    g_str_equal(session->full_jid, full_jid))
                        return true;
        }
        return false;
}

/* Returns: (borrowed) who of @account came last and knows its contacts; NULL: nobody */
static const SimClient *
informed(const SimWorld *world, unsigned account)
{
        for (unsigned i = world->clients->len; i-- > 0;) {
                const SimClient *client = world->clients->pdata[i];
                if (client->account == account)
                        return client->is_informed && sim_client_is_open(client) ? client : NULL;
        }
        return NULL;
}

static bool
is_of(const SimChange *change, unsigned one, unsigned other)
{
        return (change->one == one && change->other == other) ||
               (change->one == other && change->other == one);
}

static bool
never_arrived(const SimChange *change)
{
        return change->client && change->arrived == 0 && !sim_client_is_open(change->client);
}

/* Two changes may cross: an answer to the first is taken for one to the second, as RFC 6121 numbers
 * nothing. They do not when the second arrived long after all was done for the first. */
static bool
may_cross(const SimChange *first, const SimChange *second)
{
        if (!first->client || !second->client)
                return true;
        return ABS(second->arrived - first->arrived) < 2 * G_TIME_SPAN_MINUTE;
}

/* Whether what the two are to each other is the same for both by what RFC 6121 promises. */
static bool
is_certain(const SimWorld *world, unsigned one, unsigned other)
{
        if (sim_was_blocked(world, one, other, G_MAXUINT64))
                return false;
        for (unsigned i = 0; i < world->changes->len; i++) {
                const SimChange *first = &g_array_index(world->changes, SimChange, i);
                if (!is_of(first, one, other) || never_arrived(first))
                        continue;
                if (sim_was_blocked(world, one, other, first->said))
                        return false;
                for (unsigned k = i + 1; k < world->changes->len; k++) {
                        const SimChange *second = &g_array_index(world->changes, SimChange, k);
                        if (is_of(second, one, other) && !never_arrived(second) &&
                            may_cross(first, second))
                                return false;
                }
        }
        return true;
}

/* RFC 6121 3: what one may see of the other is what the other shows. */
static void
check_subscriptions(SimWorld *world)
{
        for (unsigned i = 0; i < SIM_ACCOUNTS; i++) {
                for (unsigned k = 0; k < SIM_ACCOUNTS; k++) {
                        const SimClient *one = informed(world, i);
                        const SimClient *other = informed(world, k);
                        if (!one || !other || i == k || !is_certain(world, i, k))
                                continue;
                        bool sees = (one->subscriptions[k] & SIM_TO) != 0;
                        bool shows = (other->subscriptions[i] & SIM_FROM) != 0;
                        if (sees != shows)
                                sim_fail(world, "%s is %ssubscribed to %s, which says it is %s",
                                         sim_account(i), sees ? "" : "not ", sim_account(k),
                                         shows ? "so" : "not so");
                }
        }
}

static bool
ever_blocked(const SimWorld *world, unsigned one, unsigned other)
{
        return world->blocks[one][other].was_attempted || world->blocks[other][one].was_attempted;
}

static void
check_view(SimWorld *world, const SimClient *client, const SimClient *other)
{
        const SimClient *one = informed(world, client->account);
        unsigned account = other->account;
        bool is_there = is_available(world, other->full_jid);
        bool seen = g_hash_table_contains(client->view, other->full_jid);

        if (!one || !is_certain(world, client->account, account))
                return;
        bool is_shown = account == client->account || (one->subscriptions[account] & SIM_TO);
        /* Also who is available to nobody else may have said so to some. */
        bool is_told = other->addressed[client->account] && other->session->priv->bound;
        /* What is said by who is blocked is not heard, and so not taken back for who heard of it
         * before. */
        bool was_blocked = ever_blocked(world, client->account, account);
        if (seen && !is_there && !is_told && !was_blocked)
                sim_fail(world, "client %u sees %s, which is not there", client->number,
                         other->full_jid);
        /* Who told somebody that it is unavailable is so for them. */
        if (!seen && is_there && is_shown && !other->addressed[client->account] &&
            !(was_blocked && world->was_unguarded))
                sim_fail(world, "client %u does not see %s", client->number, other->full_jid);
        if (seen && !is_shown && !other->addressed[client->account] && !was_blocked)
                sim_fail(world, "client %u sees %s, to which it is not subscribed", client->number,
                         other->full_jid);
}

void
sim_check_contacts(SimWorld *world)
{
        check_subscriptions(world);
        for (unsigned i = 0; i < world->clients->len; i++) {
                const SimClient *client = world->clients->pdata[i];
                if (!sim_client_can_speak(client) || client->went_away ||
                    !client->session->presence)
                        continue;
                for (unsigned k = 0; k < world->clients->len; k++) {
                        const SimClient *other = world->clients->pdata[k];
                        if (other->resource != client->resource && other->session)
                                check_view(world, client, other);
                }
        }
}

static void
check_instance(MotetModule *instance, void *data)
{
        SimWorld *world = data;
        const char *name = instance->info->name;
        unsigned n_underway = instance_underway(instance);
        unsigned n_owned = sim_n_owned(instance);
        unsigned n_before = sim_n_owned_before(world, instance);

        if (n_underway > 0)
                sim_fail(world, "%s has %u things under way in the end", name, n_underway);
        if (n_owned != n_before)
                sim_fail(world, "%s has registered %u things in the end, %u in the beginning", name,
                         n_owned, n_before);
}

static void
check_nobody(SimWorld *world)
{
        if (!list_is_empty(&world->base->streams))
                sim_fail(world, "there are streams in the end");
        if (sessions_count(world->base->sessions) != 0)
                sim_fail(world, "there are sessions in the table in the end");
}

static void
check_references(SimWorld *world)
{
        for (unsigned i = 0; i < world->clients->len; i++) {
                const SimClient *client = world->clients->pdata[i];
                if (client->session && client->session->priv->refs != 1)
                        sim_fail(world, "somebody holds the session of client %u in the end",
                                 client->number);
        }
        for (unsigned i = 0; i < world->strangers->len; i++) {
                if (!sim_stranger_is_free(world->strangers->pdata[i]))
                        sim_fail(world, "somebody holds the session of stranger %u in the end", i);
        }
}

/* Whatever was armed when nobody had come yet is a period of its own; whatever was armed since
 * belonged to somebody. For one second in each minute there is one more, while what modules take is
 * measured. */
static void
check_timers(SimWorld *world)
{
        size_t n = loop_n_timers(world->base->loop);

        for (unsigned i = 0; n != world->n_timers && i < 2; i++) {
                sim_advance(world, 2 * G_TIME_SPAN_SECOND);
                n = loop_n_timers(world->base->loop);
        }
        if (n != world->n_timers)
                sim_fail(world, "%zu timers are armed in the end, %u were in the beginning", n,
                         world->n_timers);
}

void
sim_check_end(SimWorld *world)
{
        check_nobody(world);
        if (!list_is_empty(&world->base->waits))
                sim_fail(world, "somebody waits in the end");
        check_references(world);
        check_timers(world);
        modules_foreach(server_modules(world->server), check_instance, world);
        if (world->heap > world->heap_then + HEAP_MAX)
                sim_fail(world, "the server holds %" G_GUINT64_FORMAT " bytes more in the end",
                         world->heap - world->heap_then);
}

void
sim_check_stopped(SimWorld *world)
{
        check_nobody(world);
        for (unsigned i = 0; i < world->clients->len; i++) {
                const SimClient *client = world->clients->pdata[i];
                if (client->session && !client->was_cut && !client->is_slow && !client->is_broken &&
                    !client->saw_end)
                        sim_fail(world, "client %u was not told that the server stops",
                                 client->number);
        }
}

/*
 * sim_hear: what a client does on its own: answering the server, and taking note of what it hears.
 */
#include "sim/sim_client.h"

#include <string.h>

static unsigned
number_in(const char *text)
{
        return (unsigned)g_ascii_strtoull(text, NULL, 10);
}

/* Replies */

static unsigned
name_of_friend(const MotetXml *query)
{
        const MotetXml *item = motet_xml_child(query, "item", NULL);

        for (; item; item = motet_xml_next(item, "item", NULL)) {
                const char *name = motet_xml_attr(item, "name");
                if (g_strcmp0(motet_xml_attr(item, "jid"), SIM_FRIEND) == 0)
                        return name ? number_in(name) : 0;
        }
        return 0;
}

static unsigned
value_of(SimThing thing, const MotetXml *iq)
{
        const MotetXml *child = motet_xml_child(iq, NULL, NULL);
        const MotetXml *value = NULL;

        if (!child)
                return 0;
        if (thing == SIM_ROSTER_NAME)
                return name_of_friend(child);
        value = thing == SIM_PRIVATE ? motet_xml_child(child, "value", "urn:sim:value")
                                     : motet_xml_child(child, "FN", NULL);
        return value ? number_in(motet_xml_text(value)) : 0;
}

static void
note_subscriptions(SimClient *client, const MotetXml *iq)
{
        const MotetXml *query = motet_xml_child(iq, "query", "jabber:iq:roster");
        const MotetXml *item = query ? motet_xml_child(query, "item", NULL) : NULL;

        if (!query)
                return;
        memset(client->subscriptions, 0, sizeof client->subscriptions);
        client->is_informed = true;
        for (; item; item = motet_xml_next(item, "item", NULL)) {
                const char *state = motet_xml_attr(item, "subscription");
                unsigned account = sim_account_of(motet_xml_attr(item, "jid"));
                bool is_both = g_strcmp0(state, "both") == 0;
                if (account == SIM_REMOTE)
                        continue;
                client->subscriptions[account] =
                        (is_both || g_strcmp0(state, "to") == 0 ? SIM_TO : 0u) |
                        (is_both || g_strcmp0(state, "from") == 0 ? SIM_FROM : 0u);
        }
}

static void
note_read(SimClient *client, const SimRequest *request, const MotetXml *iq)
{
        const MotetXml *error = motet_xml_child(iq, "error", NULL);

        if (!motet_stanza_is_error(iq)) {
                sim_check_read(client->world, client->account, request->thing,
                               value_of(request->thing, iq), request->sent);
                if (request->thing == SIM_ROSTER_NAME)
                        note_subscriptions(client, iq);
        } else if (error && motet_xml_child(error, "item-not-found", NULL)) {
                sim_check_read(client->world, client->account, request->thing, 0, request->sent);
        }
}

/* One that comes too late for who waits, or from a module that is being stopped, may have been done
 * all the same. */
static void
note_written(SimClient *client, const SimRequest *request, const MotetXml *iq)
{
        SimWrite *write = &g_array_index(client->world->writes, SimWrite, request->other);
        const MotetXml *error = motet_xml_child(iq, "error", NULL);

        write->answered = client->world->step;
        write->failed = motet_stanza_is_error(iq);
        if (write->failed)
                write->is_unsure = client->world->changed >= request->sent ||
                                   (error && g_strcmp0(motet_xml_attr(error, "type"), "wait") == 0);
}

static void
note_blocking(SimClient *client, const SimRequest *request, bool is_error)
{
        SimWorld *world = client->world;
        unsigned account = client->account;
        unsigned other = request->other;
        SimBlock *block = &world->blocks[account][other];

        if (request->kind == SIM_REQUEST_BLOCK) {
                block->n_open--;
                block->answered = world->step;
        } else if (!is_error && block->n_open == 0 && block->answered < request->sent) {
                block->is_possible = false;
                block->ended = world->step;
        }
        if (request->kind == SIM_REQUEST_UNBLOCK) {
                world->n_unblocking[account][other]--;
                world->unblocked[account][other] = world->step;
        } else if (!is_error && world->n_unblocking[account][other] == 0 &&
                   world->unblocked[account][other] < request->sent &&
                   world->changed < request->sent && sim_is_on(world, "blocking")) {
                client->blocks[other] = true;
        }
}

/* A peer's answer to who was there before under the same name. */
static bool
is_for_former(const SimClient *client, unsigned number)
{
        const SimWorld *world = client->world;
        unsigned former = number / SIM_REQUESTS_MAX;
        unsigned i = number % SIM_REQUESTS_MAX;

        if (former >= client->number)
                return false;
        const SimClient *other = world->clients->pdata[former];
        return other->account == client->account && other->resource == client->resource &&
               i < other->requests->len &&
               g_array_index(other->requests, SimRequest, i).kind == SIM_REQUEST_PEER;
}

static void
hear_reply(SimClient *client, const MotetXml *iq)
{
        SimWorld *world = client->world;
        const char *id = motet_xml_attr(iq, "id");
        unsigned number = id && id[0] == 'r' ? number_in(id + 1) : G_MAXUINT;
        unsigned i = number % SIM_REQUESTS_MAX;

        if (is_for_former(client, number))
                return;
        if (number / SIM_REQUESTS_MAX != client->number || i >= client->requests->len) {
                sim_fail(world, "client %u is answered what it did not ask: id %s", client->number,
                         id ? id : "(none)");
                return;
        }
        SimRequest *request = &g_array_index(client->requests, SimRequest, i);
        if (++request->n_replies > 1)
                sim_fail(world, "client %u: request %s is answered twice", client->number, id);
        if (request->kind == SIM_REQUEST_WRITE)
                note_written(client, request, iq);
        else if (request->kind == SIM_REQUEST_READ)
                note_read(client, request, iq);
        else if (request->kind == SIM_REQUEST_BLOCK || request->kind == SIM_REQUEST_UNBLOCK)
                note_blocking(client, request, motet_stanza_is_error(iq));
}

static void
hear_iq(SimClient *client, const MotetXml *iq)
{
        const char *type = motet_xml_attr(iq, "type");
        const char *id = motet_xml_attr(iq, "id");
        const char *from = motet_xml_attr(iq, "from");

        if (strcmp(type, "result") == 0 || strcmp(type, "error") == 0) {
                hear_reply(client, iq);
                return;
        }
        if (client->is_leaving || client->is_broken)
                return;
        /* Another client's question may stay without an answer, the server's not. */
        bool is_of_peer = motet_xml_child(iq, "q", "urn:sim") != NULL;
        if (is_of_peer && sim_below(client->world, 4) == 0)
                return;
        if (from)
                sim_client_write(client, "<iq type='result' id='%s' to='%s'/>", id, from);
        else
                sim_client_write(client, "<iq type='result' id='%s'/>", id);
}

/* Messages */

/* An id is "m<number>", and "e<number>" of what is an error from the start. */
static SimMessage *
message_of(SimClient *client, const char *id)
{
        unsigned number = id && (id[0] == 'm' || id[0] == 'e') ? number_in(id + 1) : G_MAXUINT;

        if (number < client->world->messages->len)
                return &g_array_index(client->world->messages, SimMessage, number);
        sim_fail(client->world, "client %u hears a message that nobody sent: id %s", client->number,
                 id ? id : "(none)");
        return NULL;
}

static void
note_bounce(SimClient *client, SimMessage *message, unsigned number)
{
        SimWorld *world = client->world;

        if (message->sender != client)
                sim_fail(world, "client %u hears that a message of client %u failed",
                         client->number, message->sender->number);
        if (message->bounced)
                sim_fail(world, "message %u is refused twice", number);
        if (message->type == SIM_ERROR)
                sim_fail(world, "message %u is an error, and answered by one", number);
        message->bounced = true;
}

/* What came before there was this connection, for another one of the same name. */
static bool
is_older(const SimClient *client, const MotetXml *xml)
{
        const MotetXml *delay = motet_xml_child(xml, "delay", "urn:xmpp:delay");
        g_autoptr(GDateTime) when =
                delay ? g_date_time_new_from_iso8601(motet_xml_attr(delay, "stamp"), NULL) : NULL;

        return when && g_date_time_to_unix(when) <= client->bound_at / G_TIME_SPAN_SECOND;
}

/* RFC 6120 10.1: from one to one. What was kept for an address that was not there may come to
 * another; a headline is not kept, and so does not wait for what is. */
static void
note_order(SimClient *client, const SimMessage *message, unsigned number, const MotetXml *xml)
{
        unsigned what = message->type == SIM_CHAT || message->type == SIM_NORMAL
                                ? is_older(client, xml)
                                : 2 + (message->type == SIM_ERROR);
        unsigned target = (unsigned)(message->resource + 1);
        void *key =
                GUINT_TO_POINTER((target * SIM_CLIENTS_MAX + message->sender->number) * 4 + what);
        unsigned last = GPOINTER_TO_UINT(g_hash_table_lookup(client->heard, key));

        if (last > number)
                sim_fail(client->world, "client %u hears message %u of client %u after %u",
                         client->number, number, message->sender->number, last - 1);
        g_hash_table_insert(client->heard, key, GUINT_TO_POINTER(number + 1));
}

static void
hear_message(SimClient *client, const MotetXml *xml)
{
        SimWorld *world = client->world;
        const char *id = motet_xml_attr(xml, "id");
        const char *from = motet_xml_attr(xml, "from");
        SimMessage *message = message_of(client, id);

        if (!message)
                return;
        unsigned number = (unsigned)(message - (SimMessage *)(void *)world->messages->data);
        if (motet_stanza_is_error(xml) && id[0] == 'm') {
                note_bounce(client, message, number);
                return;
        }
        message->n_received++;
        if (message->account != client->account)
                sim_fail(world, "client %u of %s hears message %u, which is for another",
                         client->number, sim_account(client->account), number);
        if (g_strcmp0(from, message->sender->full_jid) != 0)
                sim_fail(world, "message %u of %s says it is from %s", number,
                         message->sender->full_jid, from);
        /* The user's own resources are never blocked from each other. */
        if (client->blocks[message->sender->account] && message->sender->account != client->account)
                sim_fail(world, "client %u hears message %u of %s, whom it blocks", client->number,
                         number, from);
        note_order(client, message, number, xml);
}

static void
hear_presence(SimClient *client, const MotetXml *presence)
{
        const char *type = motet_xml_attr(presence, "type");
        const char *from = motet_xml_attr(presence, "from");

        if (!from)
                return;
        /* RFC 6121 4.5.2: the end of a resource is told to those that are available. Who asked
         * before it was so learned what was then; it hears of itself before it is told who is there
         * now. */
        if (!type && !client->is_announced && strcmp(from, client->full_jid) == 0) {
                g_hash_table_remove_all(client->view);
                client->is_announced = true;
        }
        if (!type)
                g_hash_table_add(client->view, g_strdup(from));
        else if (strcmp(type, "unavailable") == 0)
                g_hash_table_remove(client->view, from);
}

void
sim_client_hear(SimClient *client, const MotetXml *stanza)
{
        switch (motet_stanza_kind(stanza)) {
        case MOTET_STANZA_IQ:
                hear_iq(client, stanza);
                return;
        case MOTET_STANZA_MESSAGE:
                hear_message(client, stanza);
                return;
        case MOTET_STANZA_PRESENCE:
                hear_presence(client, stanza);
                return;
        case MOTET_STANZA_NONE:
                return;
        }
}

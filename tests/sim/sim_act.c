/*
 * sim_act: what happens in a step.
 */
#include "sim/sim_client.h"

#include <string.h>

enum { TEXT_MAX = 3000 }; /* bytes */

/* Returns: (borrowed) some client for which @is_fit; NULL: there is none */
static SimClient *
some(SimWorld *world, bool (*is_fit)(const SimClient *client))
{
        unsigned n = world->clients->len;
        unsigned first = n > 0 ? sim_below(world, n) : 0;

        for (unsigned i = 0; i < n; i++) {
                SimClient *client = world->clients->pdata[(first + i) % n];
                if (is_fit(client))
                        return client;
        }
        return NULL;
}

/* Messages */

static const char *
type_attribute(SimType type)
{
        switch (type) {
        case SIM_CHAT:
                return " type='chat'";
        case SIM_HEADLINE:
                return " type='headline'";
        case SIM_ERROR:
                return " type='error'";
        case SIM_NORMAL:
        case SIM_N_TYPES:
        default:
                return "";
        }
}

static SimType
some_type(SimWorld *world)
{
        unsigned dice = sim_below(world, 10);

        return dice < 6 ? SIM_CHAT : dice < 8 ? SIM_NORMAL : dice < 9 ? SIM_HEADLINE : SIM_ERROR;
}

static char *
some_text(SimWorld *world)
{
        bool is_long = sim_below(world, 8) == 0;

        return g_strnfill(is_long ? sim_below(world, TEXT_MAX) : sim_below(world, 10), 'x');
}

static void
send_message(SimWorld *world, SimClient *client)
{
        unsigned number = world->messages->len;
        const SimClient *peer = some(world, sim_client_can_speak);
        SimMessage message = {
                .sender = client, .type = some_type(world), .resource = -1, .sent = world->step};
        g_autofree char *to = NULL;
        g_autofree char *text = some_text(world);

        if (sim_below(world, 2) == 0) {
                message.account = peer->account;
                message.resource = (int)peer->resource;
                to = g_strdup(peer->full_jid);
        } else {
                message.account = sim_below(world, 12) == 0 ? (unsigned)SIM_REMOTE
                                                            : sim_below(world, SIM_ACCOUNTS);
                to = g_strdup(sim_account(message.account));
        }
        sim_client_write(client, "<message%s id='%c%u' to='%s'><body>%s</body>%s</message>",
                         type_attribute(message.type), message.type == SIM_ERROR ? 'e' : 'm',
                         number, to, text,
                         message.type == SIM_ERROR
                                 ? "<error type='cancel'><gone "
                                   "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                                 : "");
        message.end = client->n_written;
        g_array_append_val(world->messages, message);
}

/* Presence */

static void
send_presence(SimWorld *world, SimClient *client)
{
        const char *whose = sim_account(sim_below(world, SIM_ACCOUNTS));

        switch (sim_below(world, 6)) {
        case 0:
                client->went_away = true;
                sim_client_write(client, "<presence type='unavailable'/>");
                return;
        case 1:
                sim_client_write(client, "<presence><priority>-1</priority></presence>");
                return;
        case 2:
                client->addressed[sim_account_of(whose)] = true;
                sim_client_write(client, "<presence to='%s'%s/>", whose,
                                 sim_below(world, 3) == 0 ? " type='unavailable'" : "");
                return;
        default:
                sim_client_write(client, "<presence><priority>%u</priority></presence>",
                                 sim_below(world, 6));
        }
}

static void
change_subscription(SimWorld *world, SimClient *client)
{
        static const char *const types[] = {"subscribe", "subscribed", "unsubscribe",
                                            "unsubscribed", "probe"};
        unsigned other = sim_below(world, SIM_ACCOUNTS + 1);
        unsigned type = sim_below(world, G_N_ELEMENTS(types));

        sim_client_write(client, "<presence type='%s' to='%s'/>", types[type], sim_account(other));
        if (strcmp(types[type], "probe") != 0)
                sim_note_contacts(world, client, client->account, other);
}

static void
remove_contact(SimWorld *world, SimClient *client)
{
        unsigned id = sim_client_request(client, SIM_REQUEST_ANSWERED, 0, 0);
        unsigned other = sim_below(world, SIM_ACCOUNTS);

        sim_client_write(client,
                         "<iq type='set' id='r%u'><query xmlns='jabber:iq:roster'>"
                         "<item jid='%s' subscription='remove'/></query></iq>",
                         id, sim_account(other));
        sim_note_contacts(world, client, client->account, other);
        sim_client_requested(client, id);
}

static void
block(SimWorld *world, SimClient *client)
{
        bool is_end = sim_below(world, 2) == 0;
        unsigned other = sim_below(world, SIM_ACCOUNTS);
        unsigned id = sim_client_request(client, is_end ? SIM_REQUEST_UNBLOCK : SIM_REQUEST_BLOCK,
                                         0, other);
        const char *name = is_end ? "unblock" : "block";

        if (!is_end) {
                SimBlock *blocked = &world->blocks[client->account][other];
                blocked->is_possible = true;
                blocked->was_attempted = true;
                blocked->n_open++;
        } else {
                world->n_unblocking[client->account][other]++;
                for (unsigned i = 0; i < world->clients->len; i++) {
                        SimClient *each = world->clients->pdata[i];
                        if (each->account == client->account)
                                each->blocks[other] = false;
                }
        }
        sim_client_write(client,
                         "<iq type='set' id='r%u'><%s xmlns='urn:xmpp:blocking'>"
                         "<item jid='%s'/></%s></iq>",
                         id, name, sim_account(other), name);
        sim_client_requested(client, id);
}

/* What is kept */

static void
write_thing(SimWorld *world, SimClient *client)
{
        SimThing thing = sim_below(world, SIM_N_THINGS);
        unsigned index = world->writes->len;
        const SimWrite write = {.account = client->account,
                                .thing = thing,
                                .value = index + 1,
                                .sent = world->step};
        unsigned id = sim_client_request(client, SIM_REQUEST_WRITE, thing, index);

        g_array_append_val(world->writes, write);
        if (thing == SIM_PRIVATE)
                sim_client_write(client,
                                 "<iq type='set' id='r%u'><query xmlns='jabber:iq:private'>"
                                 "<value xmlns='urn:sim:value'>%u</value></query></iq>",
                                 id, write.value);
        else if (thing == SIM_VCARD)
                sim_client_write(client,
                                 "<iq type='set' id='r%u'><vCard xmlns='vcard-temp'>"
                                 "<FN>%u</FN></vCard></iq>",
                                 id, write.value);
        else
                sim_client_write(client,
                                 "<iq type='set' id='r%u'><query xmlns='jabber:iq:roster'>"
                                 "<item jid='" SIM_FRIEND "' name='%u'/></query></iq>",
                                 id, write.value);
        sim_client_requested(client, id);
}

static void
read_thing(SimWorld *world, SimClient *client)
{
        static const char *const questions[SIM_N_THINGS] = {
                [SIM_PRIVATE] = ("<query xmlns='jabber:iq:private'>"
                                 "<value xmlns='urn:sim:value'/></query>"),
                [SIM_VCARD] = "<vCard xmlns='vcard-temp'/>",
                [SIM_ROSTER_NAME] = "<query xmlns='jabber:iq:roster'/>",
        };
        SimThing thing = sim_below(world, SIM_N_THINGS);
        unsigned id = sim_client_request(client, SIM_REQUEST_READ, thing, 0);

        sim_client_write(client, "<iq type='get' id='r%u'>%s</iq>", id, questions[thing]);
        sim_client_requested(client, id);
}

static void
ask_server(SimWorld *world, SimClient *client)
{
        static const char *const payloads[] = {
                "<ping xmlns='urn:xmpp:ping'/>",
                "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                "<query xmlns='jabber:iq:version'/>",
                "<query xmlns='jabber:iq:last'/>",
                "<blocklist xmlns='urn:xmpp:blocking'/>",
                "<nothing xmlns='urn:sim:unknown'/>",
        };
        unsigned id = sim_client_request(client, SIM_REQUEST_ANSWERED, 0, 0);
        const char *payload = payloads[sim_below(world, G_N_ELEMENTS(payloads))];
        unsigned account = sim_below(world, SIM_ACCOUNTS + 1);

        switch (sim_below(world, 4)) {
        case 0:
                sim_client_write(client, "<iq type='get' id='r%u'>%s</iq>", id, payload);
                break;
        case 1:
                sim_client_write(client, "<iq type='get' id='r%u' to='%s'>%s</iq>", id,
                                 sim_host(account), payload);
                break;
        case 2:
                sim_client_write(client, "<iq type='set' id='r%u' to='remote.example'>%s</iq>", id,
                                 payload);
                break;
        default:
                sim_client_write(client, "<iq type='get' id='r%u' to='%s'>%s</iq>", id,
                                 sim_account(account), payload);
        }
        sim_client_requested(client, id);
}

static void
ask_peer(SimWorld *world, SimClient *client)
{
        const SimClient *peer = some(world, sim_client_can_speak);
        unsigned id = sim_client_request(client, SIM_REQUEST_PEER, 0, 0);

        sim_client_write(client, "<iq type='get' id='r%u' to='%s'><q xmlns='urn:sim'/></iq>", id,
                         peer->full_jid);
        sim_client_requested(client, id);
}

static void
speak(SimWorld *world)
{
        static void (*const deeds[])(SimWorld * world, SimClient * client) = {
                ask_server,    ask_peer,       write_thing,         write_thing,
                write_thing,   read_thing,     read_thing,          read_thing,
                send_presence, send_presence,  send_message,        send_message,
                send_message,  send_message,   send_message,        send_message,
                block,         remove_contact, change_subscription, change_subscription,
        };
        SimClient *client = some(world, sim_client_can_speak);

        if (!client)
                return;
        unsigned n = 1 + sim_below(world, 4);
        for (unsigned i = 0; i < n; i++)
                deeds[sim_below(world, G_N_ELEMENTS(deeds))](world, client);
}

/* The network */

static void
carry(SimWorld *world)
{
        SimClient *client = some(world, sim_client_is_open);

        if (!client)
                return;
        size_t n = sim_below(world, 3) == 0 ? client->wire->len : 1 + sim_below(world, 400);
        sim_client_deliver(client, n);
}

static void
change_window(SimWorld *world)
{
        SimClient *client = some(world, sim_client_is_open);

        if (!client)
                return;
        size_t bytes =
                client->is_slow && sim_below(world, 2) == 0 ? SIZE_MAX : sim_below(world, 2000);
        sim_note(world, "client %u may read %zu bytes", client->number, bytes);
        sim_client_set_window(client, bytes);
}

/* In the middle of anything: also of its header, of a stanza, of the end of its stream. */
static void
cut(SimWorld *world)
{
        SimClient *client = some(world, sim_client_is_open);

        if (!client)
                return;
        if (client->wire->len > 0)
                sim_client_deliver(client, sim_below(world, (unsigned)client->wire->len));
        sim_client_cut(client);
}

static void
break_stream(SimWorld *world, SimClient *client)
{
        sim_client_write(client, "<message to='%s'><body></message>", sim_account(0));
        client->is_broken = true;
        /* What is for it may be lost: its stream ends when that is read. */
        world->was_cut[client->account] = true;
}

static void
end_something(SimWorld *world)
{
        SimClient *client = some(world, sim_client_can_speak);
        unsigned dice = sim_below(world, 6);

        if (!world->plan.is_calm && dice < 2)
                cut(world);
        else if (!world->plan.is_calm && client && dice == 2)
                break_stream(world, client);
        else if (client)
                sim_client_leave(client);
}

static unsigned
count_open(const SimWorld *world)
{
        unsigned n = 0;

        for (unsigned i = 0; i < world->clients->len; i++)
                n += sim_client_is_open(world->clients->pdata[i]);
        return n;
}

static void
come(SimWorld *world)
{
        unsigned account = sim_below(world, SIM_ACCOUNTS);

        if (count_open(world) < 8 && world->clients->len < SIM_CLIENTS_MAX - SIM_ACCOUNTS &&
            !world->is_removing[account])
                sim_client_new(world, account);
}

static void
meet_stranger(SimWorld *world)
{
        unsigned n = world->strangers->len;

        if (n == 0 || (n < 20 && sim_below(world, 3) == 0))
                sim_stranger_new(world);
        else
                sim_stranger_act(world->strangers->pdata[sim_below(world, n)]);
}

/* What seldom happens. */
static void
disturb(SimWorld *world)
{
        switch (sim_below(world, 8)) {
        case 0:
                sim_reload(world, false);
                return;
        case 1:
        case 2:
                sim_replace(world);
                return;
        case 3:
        case 4:
        case 5:
                sim_change_disk(world);
                return;
        case 6:
                if (!world->plan.is_calm)
                        sim_remove(world, sim_below(world, SIM_ACCOUNTS));
                return;
        default:
                sim_advance(world, sim_below(world, 900) * G_TIME_SPAN_SECOND);
        }
}

void
sim_act(SimWorld *world)
{
        unsigned dice = sim_below(world, 100);

        if (dice < 8)
                come(world);
        else if (dice < 35)
                speak(world);
        else if (dice < 76)
                carry(world);
        else if (dice < 80)
                change_window(world);
        else if (dice < 83)
                end_something(world);
        else if (dice < 86)
                meet_stranger(world);
        else if (dice < 88)
                disturb(world);
        else if (dice < 89)
                sim_advance(world, sim_below(world, 90) * G_TIME_SPAN_SECOND);
        else
                sim_advance(world, sim_below(world, 200) * G_TIME_SPAN_MILLISECOND);
}

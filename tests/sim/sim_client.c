/*
 * sim_client: a client's connection: how it comes, speaks, reads and goes.
 */
#include "sim/sim_client.h"

#include <string.h>

#include "support/test_session.h"

/* What comes from the server is not limited by the client. */
static const MotetSessionLimits limits = {
        .stanza_bytes = 16 * 1024 * 1024,
        .depth = 1000,
        .elements = 1000000,
        .attributes = 1000,
        .namespaces = 10000,
        .name_bytes = 10000,
};

bool
sim_client_is_open(const SimClient *client)
{
        return !client->has_ended;
}

bool
sim_client_can_speak(const SimClient *client)
{
        return sim_client_is_open(client) && client->phase == SIM_BOUND && !client->is_leaving &&
               !client->is_broken;
}

void
sim_client_write(SimClient *client, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        g_string_append(client->wire, text);
        client->n_written += strlen(text);
        sim_note(client->world, "client %u writes %s", client->number, text);
}

unsigned
sim_client_request(SimClient *client, SimRequestKind kind, SimThing thing, unsigned other)
{
        const SimRequest request = {.kind = kind,
                                    .thing = thing,
                                    .other = other,
                                    .end = G_MAXUINT64,
                                    .sent = client->world->step};

        g_array_append_val(client->requests, request);
        g_assert(client->requests->len <= SIM_REQUESTS_MAX);
        return client->number * SIM_REQUESTS_MAX + client->requests->len - 1;
}

void
sim_client_requested(SimClient *client, unsigned id)
{
        g_array_index(client->requests, SimRequest, id % SIM_REQUESTS_MAX).end = client->n_written;
}

/* Reading */

static void
on_opened(void *data, MotetXml *header, const char *content_ns)
{
        (void)data;
        (void)content_ns;
        motet_xml_unref(header);
}

static void
hear_error(SimClient *client, const MotetXml *error)
{
        const char *name = motet_xml_name(motet_xml_child(error, NULL, NULL));

        sim_note(client->world, "client %u: its stream fails: %s", client->number, name);
        /* What did not fit into its queue is gone. */
        if (strcmp(name, "policy-violation") == 0)
                client->world->was_cut[client->account] = true;
}

static void
hear_binding(SimClient *client, const MotetXml *iq)
{
        const char *type = motet_xml_attr(iq, "type");

        if (strcmp(type, "result") != 0) {
                sim_client_leave(client);
                return;
        }
        const MotetXml *bind = motet_xml_child(iq, "bind", NULL);
        const char *jid = bind ? motet_xml_text(motet_xml_child(bind, "jid", NULL)) : "";
        if (strcmp(jid, client->full_jid) != 0)
                sim_fail(client->world, "client %u wants to be %s and is %s", client->number,
                         client->full_jid, jid);
        client->phase = SIM_BOUND;
        client->bound_at = loop_wall_now(client->world->base->loop);
}

static void
on_element(void *data, MotetXml *element)
{
        SimClient *client = data;
        g_autoptr(MotetXml) xml = element;

        if (motet_xml_is(xml, "error", MOTET_NS_STREAMS))
                hear_error(client, xml);
        else if (motet_xml_is(xml, "features", MOTET_NS_STREAMS))
                client->is_next = true;
        else if (g_strcmp0(motet_xml_attr(xml, "id"), "bind") == 0)
                hear_binding(client, xml);
        else
                sim_client_hear(client, xml);
}

static void
on_closed(void *data)
{
        SimClient *client = data;

        client->has_ended = true;
        client->saw_end = true;
}

static void
on_failed(void *data, MotetCondition condition, const char *text)
{
        SimClient *client = data;

        sim_fail(client->world, "client %u is sent what is no stream: %s: %s", client->number,
                 motet_condition_name(condition), text);
}

static const XmlSink sink = {
        .opened = on_opened,
        .element = on_element,
        .closed = on_closed,
        .failed = on_failed,
};

/* The server gave it up: it did not read, or did not answer. What was for it may be lost. */
static void
notice_end(SimClient *client)
{
        if (client->has_ended || !client->session || client->session->conn)
                return;
        sim_note(client->world, "client %u: the connection ends", client->number);
        client->has_ended = true;
        client->world->was_cut[client->account] = true;
}

static void
write_header(SimClient *client)
{
        g_autofree char *header = test_session_header(sim_host(client->account));

        sim_client_write(client, "%s", header);
}

/* Nobody speaks SASL here: what it would have said to the server is known. */
static void
authenticate(SimClient *client)
{
        SimWorld *world = client->world;
        g_autofree char *username = g_strndup(client->full_jid, strcspn(client->full_jid, "@"));

        if (!motet_session_is_connected(client->session) || world->is_removing[client->account]) {
                sim_client_cut(client);
                return;
        }
        sim_enter(world);
        motet_session_authenticate(client->session, username);
        motet_session_restart(client->session);
        sim_leave(world);
        xml_parser_reset(client->parser);
        client->phase = SIM_KNOWN;
        write_header(client);
}

static void
go_on(SimClient *client)
{
        client->is_next = false;
        if (client->has_ended || client->is_leaving || client->is_broken)
                return;
        if (client->phase == SIM_ARRIVING) {
                authenticate(client);
        } else if (client->phase == SIM_KNOWN) {
                client->phase = SIM_BINDING;
                sim_client_write(client,
                                 "<iq type='set' id='bind'>"
                                 "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                                 "<resource>c%u</resource></bind></iq>",
                                 client->resource);
        }
}

void
sim_client_read(SimClient *client)
{
        g_autofree char *bytes = NULL;

        if (client->was_cut || !client->session)
                return;
        if (client->out->len > 0) {
                size_t n = client->out->len;
                bytes = g_memdup2(client->out->str, n);
                g_string_truncate(client->out, 0);
                sim_note(client->world, "client %u reads %.*s", client->number, (int)n, bytes);
                xml_parser_feed(client->parser, bytes, n);
        }
        if (client->is_next)
                go_on(client);
        notice_end(client);
}

/* Life */

/* Seldom under the name of another connection of the account. */
static unsigned
choose_resource(SimWorld *world, unsigned account)
{
        unsigned number = world->clients->len;

        if (world->plan.is_calm || number == 0 || sim_below(world, 6) > 0)
                return number;
        const SimClient *other = world->clients->pdata[sim_below(world, number)];
        return other->account == account ? other->resource : number;
}

static SimClient *
client_new(SimWorld *world, unsigned account)
{
        SimClient *client = g_new0(SimClient, 1);

        client->world = world;
        client->number = world->clients->len;
        client->account = account;
        client->resource = choose_resource(world, account);
        client->full_jid = g_strdup_printf("%s/c%u", sim_account(account), client->resource);
        client->wire = g_string_new(NULL);
        client->requests = g_array_new(FALSE, FALSE, sizeof(SimRequest));
        client->view = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        client->heard = g_hash_table_new(NULL, NULL);
        client->parser = xml_parser_new(world->pool, &sink, client, &limits);
        g_ptr_array_add(world->clients, client);
        return client;
}

SimClient *
sim_client_new(SimWorld *world, unsigned account)
{
        const MotetListen spec = {.address = "*", .type = MOTET_SESSION_C2S};
        SimClient *client = client_new(world, account);
        const List *before = world->base->streams.prev;

        sim_enter(world);
        client->out = g_string_new(NULL);
        session_accept_memory(world->base, &spec, client->out);
        sim_leave(world);
        if (world->base->streams.prev == before) {
                client->has_ended = true;
                return NULL;
        }
        client->session = motet_session_ref(
                &CONTAINER_OF(world->base->streams.prev, MotetSessionPrivate, link)->session);
        write_header(client);
        return client;
}

void
sim_client_release(void *data, void *unused)
{
        SimClient *client = data;

        (void)unused;
        g_clear_pointer(&client->session, motet_session_unref);
}

void
sim_client_free(void *data)
{
        SimClient *client = data;

        g_string_free(client->out, TRUE);
        xml_parser_free(client->parser);
        g_string_free(client->wire, TRUE);
        g_array_unref(client->requests);
        g_hash_table_unref(client->view);
        g_hash_table_unref(client->heard);
        g_free(client->full_jid);
        g_free(client);
}

static void
note_arrival(const SimClient *client)
{
        const SimWorld *world = client->world;

        for (unsigned i = 0; i < world->changes->len; i++) {
                SimChange *change = &g_array_index(world->changes, SimChange, i);
                if (change->client == client && change->arrived == 0 &&
                    change->end <= client->n_delivered)
                        change->arrived = loop_now(world->base->loop);
        }
}

void
sim_client_deliver(SimClient *client, size_t n)
{
        n = MIN(n, client->wire->len);
        if (n == 0)
                return;
        sim_enter(client->world);
        if (client->session->conn)
                conn_memory_receive(client->session->conn, client->wire->str, n);
        sim_leave(client->world);
        g_string_erase(client->wire, 0, (gssize)n);
        client->n_delivered += n;
        note_arrival(client);
        sim_note(client->world, "client %u: %zu bytes arrive", client->number, n);
}

void
sim_client_set_window(SimClient *client, size_t bytes)
{
        client->is_slow = bytes != SIZE_MAX;
        sim_enter(client->world);
        if (client->session->conn)
                conn_memory_set_window(client->session->conn, bytes);
        sim_leave(client->world);
}

void
sim_client_cut(SimClient *client)
{
        sim_note(client->world, "client %u is cut off", client->number);
        client->was_cut = true;
        client->has_ended = true;
        client->world->was_cut[client->account] = true;
        sim_enter(client->world);
        if (client->session->conn)
                conn_memory_end(client->session->conn);
        sim_leave(client->world);
}

void
sim_client_leave(SimClient *client)
{
        sim_client_write(client, "</stream:stream>");
        client->is_leaving = true;
}

/*
 * scenario_client: a client's half of a stream.
 *
 * Whether the server has handled what a client sent is asked with a request that no module knows:
 * it is answered in order, by an error (RFC 6120 8.4, 10.1).
 */
#include "support/scenario_client.h"

#include <motet/error.h>
#include <motet/stanza.h>
#include <string.h>

#include "core/xml_parser.h"

#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define QUESTION_ID "scenario-"
#define STREAM_END "</stream:stream>"

/* Of a client: nothing a server sends may be too large. */
static const MotetSessionLimits limits = {
        .stanza_bytes = 16 * 1024 * 1024,
        .depth = 256,
        .elements = 1000000,
        .attributes = 1000,
        .namespaces = 1000,
        .name_bytes = 65536,
};

struct ScenarioClient {
        const ScenarioTransport *transport;
        void *connection; /* (own) NULL once it has ended */
        char *name, *domain;
        XmlPool *pool;
        XmlParser *parser;
        GQueue elements;   /* of MotetXml (own): what came, oldest first */
        bool logged_in;    /* the server answers questions */
        bool acted;        /* something was sent that may not be handled yet */
        bool stream_ended; /* by </stream:stream> */
        bool said_end;     /* the same, by us */
        bool ended;        /* the connection */
        bool silent;       /* nothing came within the time */
        char *failure;     /* (own) what is wrong with what came */
        unsigned n_asked;
};

/* What the parser tells */

static void
on_opened(void *data, MotetXml *header, const char *content_ns)
{
        ScenarioClient *client = data;
        g_autoptr(MotetXml) owned = header;

        client->stream_ended = false;
        if (!motet_xml_is(owned, "stream", MOTET_NS_STREAMS) ||
            strcmp(content_ns, MOTET_NS_CLIENT) != 0)
                client->failure = g_strdup("the stream header is wrong");
}

/* RFC 6120 5.4.3.3, 6.4.6: what the server says next begins with a header. */
static void
on_element(void *data, MotetXml *element)
{
        ScenarioClient *client = data;

        g_queue_push_tail(&client->elements, element);
        if (motet_xml_is(element, "proceed", NS_TLS) || motet_xml_is(element, "success", NS_SASL))
                xml_parser_reset(client->parser);
}

/* RFC 6120 4.4: who is told the end says it too. */
static void
on_closed(void *data)
{
        ScenarioClient *client = data;

        client->stream_ended = true;
        if (!client->said_end)
                client->transport->send(client->connection, STREAM_END, strlen(STREAM_END));
}

static void
on_failed(void *data, MotetCondition condition, const char *text)
{
        ScenarioClient *client = data;

        (void)condition;
        client->failure = g_strdup_printf("the server's XML is wrong: %s", text);
}

static const XmlSink sink = {
        .opened = on_opened,
        .element = on_element,
        .closed = on_closed,
        .failed = on_failed,
};

ScenarioClient *
scenario_client_new(const ScenarioTransport *transport, void *connection, const char *name,
                    const char *domain)
{
        ScenarioClient *client = g_new0(ScenarioClient, 1);

        client->transport = transport;
        client->connection = connection;
        client->name = g_strdup(name);
        client->domain = g_strdup(domain);
        client->pool = xml_pool_new(1, 1);
        client->parser = xml_parser_new(client->pool, &sink, client, &limits);
        g_queue_init(&client->elements);
        return client;
}

void
scenario_client_free(ScenarioClient *client)
{
        if (!client)
                return;
        g_clear_pointer(&client->connection, client->transport->close);
        g_queue_clear_full(&client->elements, (GDestroyNotify)motet_xml_unref);
        xml_parser_free(client->parser);
        xml_pool_free(client->pool);
        g_free(client->failure);
        g_free(client->domain);
        g_free(client->name);
        g_free(client);
}

const char *
scenario_client_name(const ScenarioClient *client)
{
        return client->name;
}

void *
scenario_client_connection(ScenarioClient *client)
{
        return client->connection;
}

/* Sending and reading */

void
scenario_client_send(ScenarioClient *client, const char *text)
{
        client->acted = true;
        client->said_end = g_str_has_suffix(text, STREAM_END);
        if (client->connection)
                client->transport->send(client->connection, text, strlen(text));
}

void
scenario_client_send_header(ScenarioClient *client, const char *domain)
{
        g_autofree char *header = g_strdup_printf(
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                "xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>",
                domain);

        scenario_client_send(client, header);
}

static void
read_once(ScenarioClient *client, bool wait)
{
        g_autoptr(GString) bytes = g_string_new(NULL);

        switch (client->transport->receive(client->connection, bytes, wait)) {
        case SCENARIO_READ_MORE:
                xml_parser_feed(client->parser, bytes->str, bytes->len);
                return;
        case SCENARIO_READ_END:
                /* The server waits until its client closes too. */
                g_clear_pointer(&client->connection, client->transport->close);
                client->ended = true;
                return;
        case SCENARIO_READ_NOTHING:
                client->silent = true;
                return;
        }
}

static bool
can_read(const ScenarioClient *client)
{
        return !client->ended && !client->silent && !client->failure;
}

const MotetXml *
scenario_client_await(ScenarioClient *client)
{
        client->silent = false;
        while (g_queue_is_empty(&client->elements) && !client->stream_ended && can_read(client))
                read_once(client, true);
        return g_queue_peek_head(&client->elements);
}

const MotetXml *
scenario_client_peek(ScenarioClient *client)
{
        client->silent = false;
        while (can_read(client))
                read_once(client, false);
        return g_queue_peek_head(&client->elements);
}

void
scenario_client_drop(ScenarioClient *client)
{
        motet_xml_unref(g_queue_pop_head(&client->elements));
}

bool
scenario_client_is_closed(ScenarioClient *client)
{
        client->silent = false;
        while (can_read(client))
                read_once(client, true);
        return client->ended && !client->failure;
}

bool
scenario_client_has_ended(const ScenarioClient *client)
{
        return client->stream_ended || client->ended || client->failure;
}

bool
scenario_client_has_stream_end(const ScenarioClient *client)
{
        return client->stream_ended;
}

bool
scenario_client_has_acted(const ScenarioClient *client)
{
        return client->acted;
}

char *
scenario_client_state(const ScenarioClient *client)
{
        if (client->failure)
                return g_strdup(client->failure);
        if (client->stream_ended)
                return g_strdup("the stream has ended");
        return g_strdup(client->ended ? "the connection has ended" : "nothing came");
}

/* Questions */

/* The answer, wherever it is among what came: the rest stays. */
static bool
take_answer(ScenarioClient *client, const char *id)
{
        for (GList *link = client->elements.head; link; link = link->next) {
                MotetXml *element = link->data;
                if (motet_stanza_kind(element) != MOTET_STANZA_IQ ||
                    g_strcmp0(motet_xml_attr(element, "id"), id) != 0)
                        continue;
                motet_xml_unref(element);
                g_queue_delete_link(&client->elements, link);
                return true;
        }
        return false;
}

void
scenario_client_settle(ScenarioClient *client)
{
        g_autofree char *id = g_strdup_printf(QUESTION_ID "%u", ++client->n_asked);
        g_autofree char *question = g_strdup_printf(
                "<iq type='get' id='%s' to='%s'><question xmlns='urn:scenario'/></iq>", id,
                client->domain);

        if (!client->logged_in || client->stream_ended || client->ended)
                return;
        scenario_client_send(client, question);
        client->silent = false;
        while (!take_answer(client, id) && !client->stream_ended && can_read(client))
                read_once(client, true);
        client->acted = false;
}

/* Logging in */

static bool
fail(const ScenarioClient *client, const MotetXml *got, const char *what, GError **error)
{
        g_autofree char *text =
                got ? motet_xml_string(got, MOTET_NS_CLIENT) : scenario_client_state(client);

        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "%s: no %s: %s", client->name, what,
                    text);
        return false;
}

static bool
expect(ScenarioClient *client, const char *name, const char *ns, GError **error)
{
        const MotetXml *got = scenario_client_await(client);

        if (!motet_xml_is(got, name, ns))
                return fail(client, got, name, error);
        scenario_client_drop(client);
        return true;
}

static bool
open_stream(ScenarioClient *client, GError **error)
{
        scenario_client_send_header(client, client->domain);
        return expect(client, "features", MOTET_NS_STREAMS, error);
}

static bool
authenticate(ScenarioClient *client, const char *username, GError **error)
{
        if (client->transport->authenticate) {
                client->transport->authenticate(client->connection, username);
                xml_parser_reset(client->parser);
                return true;
        }

        g_autoptr(GString) message = g_string_new(NULL);
        g_string_append_c(message, '\0');
        g_string_append(message, username);
        g_string_append_c(message, '\0');
        g_string_append(message, SCENARIO_PASSWORD);
        g_autofree char *encoded =
                g_base64_encode((const unsigned char *)message->str, message->len);
        g_autofree char *auth =
                g_strdup_printf("<auth xmlns='" NS_SASL "' mechanism='PLAIN'>%s</auth>", encoded);
        scenario_client_send(client, auth);
        return expect(client, "success", NS_SASL, error);
}

bool
scenario_client_log_in(ScenarioClient *client, const char *username, GError **error)
{
        if (!open_stream(client, error) || !authenticate(client, username, error) ||
            !open_stream(client, error))
                return false;
        client->logged_in = true;
        client->acted = false;
        return true;
}

bool
scenario_client_bind(ScenarioClient *client, const char *full_jid, GError **error)
{
        const char *resource = strchr(full_jid, '/') + 1;
        g_autofree char *escaped = g_markup_escape_text(resource, -1);
        g_autofree char *request =
                g_strdup_printf("<iq type='set' id='" QUESTION_ID "bind'><bind xmlns='" NS_BIND
                                "'><resource>%s</resource></bind></iq>",
                                escaped);

        scenario_client_send(client, request);
        const MotetXml *got = scenario_client_await(client);
        const MotetXml *bind = got ? motet_xml_child(got, "bind", NS_BIND) : NULL;
        const MotetXml *jid = bind ? motet_xml_child(bind, "jid", NS_BIND) : NULL;
        if (strcmp(motet_xml_text(jid), full_jid) != 0)
                return fail(client, got, "such resource", error);
        scenario_client_drop(client);
        client->acted = true;
        return true;
}

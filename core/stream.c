/*
 * stream: headers, features, errors and ends.
 *
 * Source: RFC 6120 section 4.
 */
#include "core/stream.h"

#include <string.h>

#include <motet/log.h>

#include "core/trace.h"
#include "core/xml.h"

#define STREAM_ID_BYTES 16
#define LANG_MAX 35 /* RFC 5646 4.4.1: what a receiver should have room for */

static void
append_attr(GString *out, const char *name, const char *value)
{
        g_string_append_printf(out, " %s='", name);
        xml_escape_append(out, value);
        g_string_append_c(out, '\'');
}

/*
 * RFC 6120 4.7.1: `from` is a domain of ours, also when the peer asked for one that is not.
 * 4.9.1.2: it goes out before any error.
 */
static void
send_header(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;
        GString *out = conn_out(session->conn);
        const char *from = session->host;

        if (!from && priv->server->hosts->len > 0)
                from = ((MotetHost *)priv->server->hosts->pdata[0])->name;
        if (!priv->id)
                priv->id = host_random_id(priv->server, STREAM_ID_BYTES);

        g_string_append(out, "<?xml version='1.0'?><stream:stream");
        append_attr(out, "xmlns", priv->content_ns);
        append_attr(out, "xmlns:stream", MOTET_NS_STREAMS);
        append_attr(out, "id", priv->id);
        if (from)
                append_attr(out, "from", from);
        if (priv->peer_from)
                append_attr(out, "to", priv->peer_from);
        g_string_append(out, " version='1.0' xml:lang='en'>");
        priv->header_sent = true;
        conn_sent(session->conn);
}

static void
append_error(GString *out, MotetCondition condition, const char *text)
{
        g_string_append_printf(out, "<stream:error><%s xmlns='%s'/>",
                               motet_condition_stream_name(condition), MOTET_NS_STREAM_ERRORS);
        if (text) {
                g_string_append(out, "<text xmlns='" MOTET_NS_STREAM_ERRORS "' xml:lang='en'>");
                xml_escape_append(out, text);
                g_string_append(out, "</text>");
        }
        g_string_append(out, "</stream:error>");
}

void
stream_error(MotetSession *session, MotetCondition condition, const char *text)
{
        motet_session_debug(session, "%s: closing with %s%s%s", motet_conn_peer(session->conn),
                            motet_condition_stream_name(condition), text ? ": " : "",
                            text ? text : "");
        if (!session->priv->header_sent)
                send_header(session);
        append_error(conn_out(session->conn), condition, text);
        conn_sent(session->conn);
        stream_end(session);
}

void
stream_end(MotetSession *session)
{
        if (!session->priv->header_sent)
                send_header(session);
        g_string_append(conn_out(session->conn), "</stream:stream>");
        conn_sent(session->conn);
}

void
stream_restart(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;

        session->notopen = true;
        priv->header_sent = false;
        g_clear_pointer(&priv->id, g_free);
        g_clear_pointer(&priv->peer_from, g_free);
        xml_parser_reset(priv->parser);
}

/* Feature elements carry their own namespaces; <features/> must have the prefix `stream` that old
 * clients look for. */
static void
send_features(MotetSession *session)
{
        MotetSessionPrivate *priv = session->priv;
        g_autoptr(MotetXml) features = motet_xml_new("features", MOTET_NS_STREAMS);
        MotetFeaturesEvent ev = {
                .event = {.kind = MOTET_EVENT_FEATURES, .host = priv->vhost},
                .session = session,
                .features = features,
        };

        event_fire_now(priv->vhost->events, "stream-features", &ev.event);
        if (!motet_session_is_connected(session))
                return;

        g_autoptr(GString) text = g_string_new("<stream:features>");
        for (const MotetXml *feature = motet_xml_child(features, NULL, NULL); feature;
             feature = motet_xml_next(feature, NULL, NULL)) {
                g_autofree char *string = motet_xml_string(feature, priv->content_ns);
                g_string_append(text, string);
        }
        g_string_append(text, "</stream:features>");
        conn_send(session->conn, text->str, text->len);
}

/* After stream-opened. */
static void
answer_header(MotetEvent *event, MotetResult verdict)
{
        MotetSessionEvent *ev = (MotetSessionEvent *)event;

        if (event->run->end == EVENT_END_CANCELLED || !motet_session_is_connected(ev->session))
                return;
        if (verdict == MOTET_HANDLED) {
                motet_session_close(ev->session,
                                    ev->condition ? ev->condition : MOTET_POLICY_VIOLATION,
                                    ev->text);
                return;
        }
        send_header(ev->session);
        send_features(ev->session);
}

/* RFC 6120 4.7.5: two numbers, compared as numbers; without any the peer speaks what came before
 * XMPP 1.0. */
static bool
is_version_supported(const char *version)
{
        if (!version || !g_ascii_isdigit(version[0]))
                return false;

        const char *dot = version + strspn(version, "0123456789");
        if (*dot != '.' || !g_ascii_isdigit(dot[1]) || dot[1 + strspn(dot + 1, "0123456789")])
                return false;
        return version[strspn(version, "0")] != '.';
}

/* The address in attribute @name of a header, which must be one if it is there. */
static bool
parse_address(const MotetXml *header, const char *name, MotetJid **jid_out)
{
        const char *text = motet_xml_attr(header, name);

        *jid_out = motet_jid_new(text);
        return !text || *jid_out;
}

/* Returns: MOTET_CONDITION_NONE when @header opens a stream; then @host_out is whose. */
static MotetCondition
check_header(MotetSession *session, const MotetXml *header, const char *content_ns,
             MotetHost **host_out, const char **text_out)
{
        MotetSessionPrivate *priv = session->priv;
        g_autoptr(MotetJid) to = NULL;
        g_autoptr(MotetJid) from = NULL;

        *text_out = NULL;
        if (strcmp(motet_xml_ns(header), MOTET_NS_STREAMS) != 0)
                return MOTET_INVALID_NAMESPACE;
        if (strcmp(motet_xml_name(header), "stream") != 0)
                return MOTET_BAD_REQUEST;
        if (strcmp(content_ns, priv->content_ns) != 0)
                return MOTET_INVALID_NAMESPACE;
        bool is_from_good = parse_address(header, "from", &from);
        if (is_from_good && from)
                priv->peer_from = g_strdup(motet_jid_string(from));

        if (!parse_address(header, "to", &to) || !to || motet_jid_local(to) ||
            motet_jid_resource(to)) {
                *text_out = "the stream header needs the domain in its `to`";
                return MOTET_IMPROPER_ADDRESSING;
        }
        *host_out = motet_host_find(priv->server, motet_jid_domain(to));
        if (!*host_out)
                return MOTET_HOST_UNKNOWN;
        if ((*host_out)->going)
                return MOTET_HOST_GONE;
        if (!is_version_supported(motet_xml_attr(header, "version")))
                return MOTET_UNSUPPORTED_VERSION;

        /* Certificate, features and account belong to the host of the first header: 4.9.3.12, an
         * action of stream negotiation that this peer is not authorized for. */
        if (priv->vhost && priv->vhost != *host_out) {
                *text_out = "a stream cannot move to another domain";
                return MOTET_NOT_AUTHORIZED;
        }
        if (!priv->jid)
                return is_from_good ? MOTET_CONDITION_NONE : MOTET_IMPROPER_ADDRESSING;
        /* RFC 6120 4.9.3.9 */
        if (!is_from_good || (from && strcmp(motet_jid_bare(from), motet_jid_bare(priv->jid)) != 0))
                return MOTET_INVALID_FROM;
        return MOTET_CONDITION_NONE;
}

static void
opened(void *data, MotetXml *header, const char *content_ns)
{
        MotetSession *session = data;
        MotetSessionPrivate *priv = session->priv;
        G_GNUC_UNUSED g_autoptr(MotetXml) owned = header;
        MotetHost *host = NULL;
        const char *text;

        if (!motet_session_is_connected(session))
                return;
        g_clear_pointer(&priv->peer_from, g_free);
        MotetCondition condition = check_header(session, header, content_ns, &host, &text);
        if (condition != MOTET_CONDITION_NONE) {
                motet_session_close(session, condition, text);
                return;
        }

        const char *lang = motet_xml_attr(header, "xml:lang");
        g_free(priv->lang);
        priv->lang = lang && strlen(lang) <= LANG_MAX ? g_strdup(lang) : NULL;
        g_free(priv->id);
        priv->id = host_random_id(priv->server, STREAM_ID_BYTES);
        if (!priv->vhost)
                priv->vhost = host_ref(host);
        session->host = host->name;
        session->notopen = false;
        session_tally(session);

        MotetSessionEvent ev = {
                .event = {.kind = MOTET_EVENT_SESSION, .host = host},
                .session = session,
        };
        event_fire(host->events, "stream-opened", &ev.event, answer_header, NULL, 0);
}

static void
element(void *data, MotetXml *xml)
{
        MotetSession *session = data;
        MotetSessionPrivate *priv = session->priv;

        if (!motet_session_is_connected(session)) {
                motet_xml_unref(xml);
                return;
        }
        session_charge_stanza(session);
        if (motet_xml_is(xml, "error", MOTET_NS_STREAMS)) {
                const MotetXml *condition = motet_xml_child(xml, NULL, MOTET_NS_STREAM_ERRORS);
                motet_session_debug(session, "%s: peer says %s", motet_conn_peer(session->conn),
                                    condition ? motet_xml_name(condition) : "error");
                motet_xml_unref(xml);
                motet_session_close(session, MOTET_CONDITION_NONE, NULL);
        } else {
                if (G_UNLIKELY(priv->server->trace))
                        trace_received(session, xml);
                priv->server->receive(session, xml);
        }
}

static void
closed(void *data)
{
        MotetSession *session = data;

        session->priv->peer_closed = true;
        if (session->priv->ended)
                session_finish(session);
        else
                motet_session_close(session, MOTET_CONDITION_NONE, NULL);
}

static void
failed(void *data, MotetCondition condition, const char *text)
{
        MotetSession *session = data;

        /* What comes after our own end is not worth a word, but nothing more will be understood. */
        if (session->priv->ended)
                session_finish(session);
        else
                motet_session_close(session, condition, text);
}

static void
received(void *data, const char *bytes, size_t n)
{
        g_autoptr(MotetSession) session = motet_session_ref(data);

        xml_parser_feed(session->priv->parser, bytes, n);
}

static void
secured(void *data)
{
        MotetSession *session = data;

        session->priv->handshaking = false;
}

static const char *
end_word(ConnEnd end)
{
        switch (end) {
        case CONN_END_PEER:
                return "peer closed";
        case CONN_END_ERROR:
                return "failed";
        case CONN_END_QUEUE:
                return "peer does not read";
        case CONN_END_TIMEOUT:
                return "timed out";
        case CONN_END_FINISHED:
                return "finished";
        }
        g_assert_not_reached();
}

static void
ended(void *data, ConnEnd end, const char *text)
{
        g_autoptr(MotetSession) session = motet_session_ref(data);

        motet_session_debug(session, "%s: connection %s%s%s", motet_conn_peer(session->conn),
                            end_word(end), text ? ": " : "", text ? text : "");
        session_lost(session);
}

static void
overfull(void *data)
{
        MotetSession *session = data;
        g_autoptr(GString) last = g_string_new(NULL);

        if (session->priv->ended || !session->priv->header_sent)
                return;
        append_error(last, MOTET_POLICY_VIOLATION, "too much is waiting to be read");
        g_string_append(last, "</stream:stream>");
        conn_send_last(session->conn, last->str, last->len);
}

static void
drained(void *data)
{
        g_autoptr(MotetSession) session = motet_session_ref(data);

        session_drained(session);
}

void
stream_set_receive(MotetServer *server, StreamReceive receive)
{
        server->receive = receive;
}

const ConnOwner stream_conn_owner = {
        .received = received,
        .secured = secured,
        .ended = ended,
        .overfull = overfull,
        .drained = drained,
};

const XmlSink stream_xml_sink = {
        .opened = opened,
        .element = element,
        .closed = closed,
        .failed = failed,
};

/*
 * test_session: fake peers over connections without sockets.
 */
#include "support/test_session.h"

#include <string.h>

#include "core/list.h"
#include "core/xml_tree.h"

#define STREAM_END "</stream:stream>"

typedef struct {
        MotetSession *session; /* (own) */
        MotetServer *server;
        GString *sent;
        size_t taken; /* bytes of @sent already looked at */
} Peer;

static GPtrArray *peers; /* of Peer */

static Peer *
peer_of(const MotetSession *session)
{
        for (unsigned i = 0; peers && i < peers->len; i++) {
                Peer *peer = peers->pdata[i];
                if (peer->session == session)
                        return peer;
        }
        g_error("no session of test_session_new()");
}

MotetSession *
test_session_new_spec(MotetServer *server, const MotetListen *spec)
{
        Peer *peer = g_new0(Peer, 1);
        List *before = server->streams.prev;

        peer->server = server;
        peer->sent = g_string_new(NULL);
        MotetSession *session = session_accept_memory(server, spec, peer->sent);
        /* Refused, and destroyed at once. */
        if (server->streams.prev == before) {
                g_string_free(peer->sent, TRUE);
                g_free(peer);
                return NULL;
        }
        MotetSession *last =
                &CONTAINER_OF(server->streams.prev, MotetSessionPrivate, link)->session;
        peer->session = motet_session_ref(last);
        if (!peers)
                peers = g_ptr_array_new();
        g_ptr_array_add(peers, peer);
        loop_settle(server->loop);
        return session;
}

MotetSession *
test_session_new(MotetServer *server)
{
        const MotetListen spec = {.address = "*", .type = MOTET_SESSION_C2S};

        return test_session_new_spec(server, &spec);
}

MotetSession *
test_session_last(MotetServer *server)
{
        for (unsigned i = peers ? peers->len : 0; i > 0; i--) {
                Peer *peer = peers->pdata[i - 1];
                if (peer->server == server)
                        return peer->session;
        }
        return NULL;
}

void
test_session_free(MotetSession *session)
{
        Peer *peer = peer_of(session);

        motet_session_destroy(session);
        loop_settle(peer->server->loop);
        motet_session_unref(session);
        g_string_free(peer->sent, TRUE);
        g_ptr_array_remove(peers, peer);
        g_free(peer);
        if (peers->len == 0)
                g_clear_pointer(&peers, g_ptr_array_unref);
}

void
test_sessions_clear(MotetServer *server)
{
        for (unsigned i = peers ? peers->len : 0; i > 0; i--) {
                Peer *peer = peers->pdata[i - 1];
                if (peer->server == server)
                        test_session_free(peer->session);
        }
}

void
test_session_receive(MotetSession *session, const char *xml)
{
        Peer *peer = peer_of(session);

        if (session->conn)
                conn_memory_receive(session->conn, xml, strlen(xml));
        loop_settle(peer->server->loop);
}

char *
test_session_header(const char *host)
{
        return g_strdup_printf(
                "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                "xmlns:stream='http://etherx.jabber.org/streams' to='%s' version='1.0'>",
                host);
}

void
test_session_open(MotetSession *session, const char *host)
{
        g_autofree char *header = test_session_header(host);

        test_session_receive(session, header);
        g_free(test_session_take_sent(session));
        g_assert_false(session->notopen);
}

void
test_session_lose(MotetSession *session)
{
        if (session->conn)
                conn_memory_end(session->conn);
        loop_settle(peer_of(session)->server->loop);
}

void
test_session_set_window(MotetSession *session, size_t bytes)
{
        conn_memory_set_window(session->conn, bytes);
        loop_settle(peer_of(session)->server->loop);
}

char *
test_session_take_sent(MotetSession *session)
{
        Peer *peer = peer_of(session);
        char *sent;

        loop_settle(peer->server->loop);
        sent = g_strdup(peer->sent->str + peer->taken);
        peer->taken = peer->sent->len;
        return sent;
}

/* Taking what was sent apart: the server writes no comments, so a tag ends at the first '>' outside
 * quotes. */

static const char *
tag_end(const char *tag)
{
        char quote = 0;

        for (const char *c = tag; *c; c++) {
                if (quote)
                        quote = *c == quote ? 0 : quote;
                else if (*c == '\'' || *c == '"')
                        quote = *c;
                else if (*c == '>')
                        return c + 1;
        }
        return NULL;
}

static const char *
element_end(const char *text)
{
        unsigned depth = 0;

        for (const char *c = strchr(text, '<'); c; c = strchr(c, '<')) {
                const char *end = tag_end(c);
                if (!end)
                        return NULL;
                if (c[1] == '/')
                        depth--;
                else if (end[-2] != '/')
                        depth++;
                if (depth == 0)
                        return end;
                c = end;
        }
        return NULL;
}

static bool
is_header(const char *text)
{
        return g_str_has_prefix(text, "<?xml") || g_str_has_prefix(text, "<stream:stream");
}

/* Returns: (own) the next token and moves behind it; NULL when there is none that is whole. */
static char *
next_token(Peer *peer, bool skip_headers)
{
        loop_settle(peer->server->loop);
        const char *text = peer->sent->str + peer->taken;
        while (g_str_has_prefix(text, "<?xml") || (skip_headers && is_header(text)))
                text = tag_end(text);
        const char *end = is_header(text) || g_str_has_prefix(text, STREAM_END) ? tag_end(text)
                                                                                : element_end(text);
        if (!*text || !end)
                return NULL;

        peer->taken = (size_t)(end - peer->sent->str);
        return g_strndup(text, (gsize)(end - text));
}

/* @error_out: (own) set when NULL is returned. */
static MotetXml *
parse(const char *text, char **error_out)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *wrapped = g_strdup_printf(
                "<wrap xmlns='jabber:client' xmlns:stream='%s'>%s</wrap>", MOTET_NS_STREAMS, text);
        g_autoptr(MotetXml) xml = motet_xml_parse(wrapped, -1, NULL, &error);

        if (xml && motet_xml_n_children(xml) == 1)
                return g_steal_pointer(&xml);
        *error_out = g_strdup_printf("not one element: %s: %s", text, error ? error->message : "");
        return NULL;
}

static bool
text_like(const char *expected, const char *sent)
{
        return strcmp(expected, "*") == 0 ? *sent != '\0' : strcmp(expected, sent) == 0;
}

static const XmlAttr *
find_attr(const MotetXml *xml, const XmlAttr *wanted)
{
        for (const XmlAttr *attr = xml->attrs; attr; attr = attr->next) {
                if (strcmp(attr->name, wanted->name) == 0 && strcmp(attr->ns, wanted->ns) == 0)
                        return attr;
        }
        return NULL;
}

static bool
attrs_like(const MotetXml *expected, const MotetXml *sent)
{
        for (const XmlAttr *attr = expected->attrs; attr; attr = attr->next) {
                const XmlAttr *found = find_attr(sent, attr);
                if (!found ||
                    (strcmp(attr->value, "*") != 0 && strcmp(attr->value, found->value) != 0))
                        return false;
        }
        for (const XmlAttr *attr = sent->attrs; attr; attr = attr->next) {
                if (!find_attr(expected, attr))
                        return false;
        }
        return true;
}

static bool
is_error_text(const MotetXml *xml)
{
        return motet_xml_is(xml, "text", MOTET_NS_STANZA_ERRORS) ||
               motet_xml_is(xml, "text", MOTET_NS_STREAM_ERRORS);
}

bool
test_xml_like(const MotetXml *expected, const MotetXml *sent)
{
        if (!motet_xml_is(sent, motet_xml_name(expected), motet_xml_ns(expected)) ||
            !attrs_like(expected, sent) ||
            !text_like(motet_xml_text(expected), motet_xml_text(sent)))
                return false;

        bool is_error_reply =
                motet_stanza_kind(expected) != MOTET_STANZA_NONE && motet_stanza_is_error(expected);
        const MotetXml *want = motet_xml_child(expected, NULL, NULL);
        const MotetXml *have = motet_xml_child(sent, NULL, NULL);
        while (want || have) {
                if (want && have && test_xml_like(want, have))
                        want = motet_xml_next(want, NULL, NULL);
                else if (!have || !(is_error_text(have) || is_error_reply))
                        return false;
                have = motet_xml_next(have, NULL, NULL);
        }
        return true;
}

static char *
check_like(const MotetSession *session, const char *expected, const char *sent)
{
        char *wrong = NULL;
        g_autoptr(MotetXml) want = parse(expected, &wrong);
        g_autoptr(MotetXml) have = want ? parse(sent, &wrong) : NULL;

        if (!have ||
            test_xml_like(motet_xml_child(want, NULL, NULL), motet_xml_child(have, NULL, NULL)))
                return wrong;
        return g_strdup_printf("%s: expected %s\nsent %s",
                               session->full_jid ? session->full_jid : "session", expected, sent);
}

char *
test_check_header(MotetSession *session, const char *xml)
{
        g_autofree char *token = next_token(peer_of(session), false);

        if (!token || !is_header(token))
                return g_strdup_printf("no stream header but %s", token ? token : "nothing");
        g_autofree char *closed = g_strdup_printf("%s" STREAM_END, token);
        return check_like(session, xml, closed);
}

char *
test_check_sent(MotetSession *session, const char *xml)
{
        g_autofree char *token = next_token(peer_of(session), true);

        if (!token || strcmp(token, STREAM_END) == 0)
                return g_strdup_printf("expected %s\nsent %s", xml, token ? token : "nothing");
        return check_like(session, xml, token);
}

char *
test_check_sent_nothing(MotetSession *session)
{
        g_autofree char *sent = test_session_take_sent(session);

        return *sent ? g_strdup_printf("expected nothing\nsent %s", sent) : NULL;
}

char *
test_check_closed(MotetSession *session)
{
        g_autofree char *token = next_token(peer_of(session), true);

        if (g_strcmp0(token, STREAM_END) != 0)
                return g_strdup_printf("expected the end of the stream\nsent %s",
                                       token ? token : "nothing");
        char *more = test_check_sent_nothing(session);
        if (!more && motet_session_is_connected(session))
                more = g_strdup("the session is not closed");
        return more;
}

char *
test_check_stream_error(MotetSession *session, const char *condition)
{
        g_autofree char *error = g_strdup_printf("<stream:error><%s xmlns='%s'/></stream:error>",
                                                 condition, MOTET_NS_STREAM_ERRORS);
        char *wrong = test_check_sent(session, error);

        return wrong ? wrong : test_check_closed(session);
}

/* @wrong: (take) */
static void
fail_if(char *wrong, const char *file, int line)
{
        if (wrong)
                g_error("%s:%d: %s", file, line, wrong);
}

void
test_assert_header_at(MotetSession *session, const char *xml, const char *file, int line)
{
        fail_if(test_check_header(session, xml), file, line);
}

void
test_assert_sent_at(MotetSession *session, const char *xml, const char *file, int line)
{
        fail_if(test_check_sent(session, xml), file, line);
}

void
test_assert_sent_nothing_at(MotetSession *session, const char *file, int line)
{
        fail_if(test_check_sent_nothing(session), file, line);
}

void
test_assert_closed_at(MotetSession *session, const char *file, int line)
{
        fail_if(test_check_closed(session), file, line);
}

void
test_assert_stream_error_at(MotetSession *session, const char *condition, const char *file,
                            int line)
{
        fail_if(test_check_stream_error(session, condition), file, line);
}

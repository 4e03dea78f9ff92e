/*
 * trace: watching what passes for an account: its stanzas, and which module's hook handled each.
 */
#include "core/trace.h"

#include <inttypes.h>
#include <motet/jid.h>
#include <string.h>

#include "core/list.h"
#include "core/log_escape.h"
#include "core/session.h"

#define CHILDREN_MAX 8u /* of an element, that are named */
#define NAME_BYTES 200u /* shown of a name with its namespace */
#define WORD_BYTES 80u  /* shown of a type or an id */
#define ADDRESS_BYTES 400u

struct Trace {
        List watches; /* head of TraceWatch */
        unsigned n;
};

/* Those whom something concerns. */
typedef struct {
        TraceWatch *watches[TRACE_WATCHES_MAX];
        unsigned n;
} Hits;

bool
trace_add(MotetServer *server, TraceWatch *watch)
{
        if (!server->trace) {
                server->trace = g_new0(Trace, 1);
                list_init(&server->trace->watches);
        }
        if (server->trace->n >= TRACE_WATCHES_MAX)
                return false;
        server->trace->n++;
        list_append(&server->trace->watches, &watch->link);
        return true;
}

void
trace_remove(MotetServer *server, TraceWatch *watch)
{
        list_unlink(&watch->link);
        if (--server->trace->n == 0)
                g_clear_pointer(&server->trace, g_free);
}

TraceWatch *
trace_first(const MotetServer *server)
{
        return server->trace ? CONTAINER_OF(server->trace->watches.next, TraceWatch, link) : NULL;
}

/* Finding whom it concerns */

static bool
is_of(const MotetJid *jid, const char *address)
{
        return jid && (strcmp(motet_jid_string(jid), address) == 0 ||
                       strcmp(motet_jid_bare(jid), address) == 0);
}

static bool
is_of_account(const MotetAccountEvent *ev, const char *address)
{
        const char *at = strchr(address, '@');

        g_assert(at);
        size_t n = (size_t)(at - address);
        return ev->event.host && strlen(ev->username) == n &&
               strncmp(ev->username, address, n) == 0 && strcmp(at + 1, ev->event.host->name) == 0;
}

static bool
concerns(MotetEvent *ev, const char *address)
{
        const MotetStanzaEvent *stanza = (MotetStanzaEvent *)ev;
        const MotetSession *session = NULL;

        switch (ev->kind) {
        case MOTET_EVENT_STANZA:
                if (is_of(stanza->from, address) || is_of(stanza->to, address))
                        return true;
                session = stanza->session;
                break;
        case MOTET_EVENT_SESSION:
                session = ((MotetSessionEvent *)ev)->session;
                break;
        case MOTET_EVENT_FEATURES:
                session = ((MotetFeaturesEvent *)ev)->session;
                break;
        case MOTET_EVENT_ACCOUNT:
                return is_of_account((MotetAccountEvent *)ev, address);
        case MOTET_EVENT_SERVER:
        case MOTET_EVENT_CUSTOM:
                break;
        }
        return session && is_of(session->priv->jid, address);
}

static void
add_hit(Hits *hits, TraceWatch *watch)
{
        hits->watches[hits->n++] = watch;
}

static void
find_of_session(const MotetSession *session, Hits *hits)
{
        const Trace *trace = session->priv->server->trace;

        for (List *link = trace->watches.next; link != &trace->watches; link = link->next) {
                TraceWatch *watch = CONTAINER_OF(link, TraceWatch, link);
                if (is_of(session->priv->jid, watch->address))
                        add_hit(hits, watch);
        }
}

static void
find_of_event(const Trace *trace, MotetEvent *ev, Hits *hits)
{
        for (List *link = trace->watches.next; link != &trace->watches; link = link->next) {
                TraceWatch *watch = CONTAINER_OF(link, TraceWatch, link);
                if (concerns(ev, watch->address))
                        add_hit(hits, watch);
        }
}

static bool
still_watches(const MotetServer *server, const TraceWatch *watch)
{
        const Trace *trace = server->trace;

        for (List *link = trace ? trace->watches.next : NULL; trace && link != &trace->watches;
             link = link->next) {
                if (CONTAINER_OF(link, TraceWatch, link) == watch)
                        return true;
        }
        return false;
}

/* Saying it */

static void
append_escaped(GString *line, const char *text, size_t max)
{
        char escaped[ADDRESS_BYTES];

        log_escape(text, strlen(text), false, escaped, MIN(max, sizeof escaped));
        g_string_append(line, escaped);
}

/* The time, and whose stream it is: "12:00:00.000000 juliet@example.org/balcony ". */
static GString *
begin(const MotetServer *server, const MotetJid *jid)
{
        GString *line = g_string_sized_new(256);
        int64_t now = loop_wall_now(server->loop);
        int64_t second = now / G_TIME_SPAN_SECOND;

        g_string_append_printf(line, "%02d:%02d:%02d.%06d ", (int)(second / 3600 % 24),
                               (int)(second / 60 % 60), (int)(second % 60),
                               (int)(now % G_TIME_SPAN_SECOND));
        append_escaped(line, jid ? motet_jid_string(jid) : "-", ADDRESS_BYTES);
        return line;
}

static void
append_name(GString *line, const MotetXml *xml, const char *default_ns)
{
        const char *ns = motet_xml_ns(xml);
        g_autofree char *name = strcmp(ns, default_ns) == 0
                                        ? g_strdup(motet_xml_name(xml))
                                        : g_strdup_printf("{%s}%s", ns, motet_xml_name(xml));

        g_string_append_c(line, ' ');
        append_escaped(line, name, NAME_BYTES);
}

static void
append_attr(GString *line, const MotetXml *xml, const char *name)
{
        const char *value = motet_xml_attr(xml, name);

        if (!value)
                return;
        g_string_append_printf(line, " %s=", name);
        append_escaped(line, value, WORD_BYTES);
}

/* What is measured may hold a secret, and is not left in memory. */
static size_t
size_of(const MotetXml *xml, const char *default_ns)
{
        g_autofree char *text = motet_xml_string(xml, default_ns);
        size_t n = strlen(text);

        explicit_bzero(text, n);
        return n;
}

static void
tell_element(const MotetSession *session, const MotetXml *xml, const char *way)
{
        const char *ns = session->priv->content_ns;
        Hits hits = {.n = 0};
        unsigned n = 0;

        find_of_session(session, &hits);
        if (hits.n == 0)
                return;
        g_autoptr(GString) line = begin(session->priv->server, session->priv->jid);
        g_string_append_printf(line, " %s", way);
        append_name(line, xml, ns);
        append_attr(line, xml, "type");
        append_attr(line, xml, "id");
        for (const MotetXml *child = motet_xml_child(xml, NULL, NULL); child;
             child = motet_xml_next(child, NULL, NULL)) {
                if (++n <= CHILDREN_MAX)
                        append_name(line, child, ns);
        }
        if (n > CHILDREN_MAX)
                g_string_append_printf(line, " and %u more", n - CHILDREN_MAX);
        g_string_append_printf(line, " %zu bytes", size_of(xml, ns));
        for (unsigned i = 0; i < hits.n; i++)
                hits.watches[i]->line(hits.watches[i], line->str);
}

void
trace_received(const MotetSession *session, const MotetXml *element)
{
        tell_element(session, element, "in");
}

void
trace_sent(const MotetSession *session, const MotetXml *element)
{
        tell_element(session, element, "out");
}

static const char *
verdict_name(MotetResult verdict)
{
        switch (verdict) {
        case MOTET_CONTINUE:
                return "continue";
        case MOTET_HANDLED:
                return "handled";
        case MOTET_WAIT:
                return "wait";
        }
        return "?";
}

static const MotetJid *
jid_of(const MotetEvent *ev)
{
        switch (ev->kind) {
        case MOTET_EVENT_STANZA:
                return ((const MotetStanzaEvent *)ev)->from;
        case MOTET_EVENT_SESSION:
                return ((const MotetSessionEvent *)ev)->session->priv->jid;
        case MOTET_EVENT_FEATURES:
                return ((const MotetFeaturesEvent *)ev)->session->priv->jid;
        case MOTET_EVENT_ACCOUNT:
        case MOTET_EVENT_SERVER:
        case MOTET_EVENT_CUSTOM:
                break;
        }
        return NULL;
}

MotetResult
trace_call(const MotetHook *hook, MotetModule *self, MotetEvent *ev)
{
        const MotetServer *server = self->server;
        Hits hits = {.n = 0};

        find_of_event(server->trace, ev, &hits);
        if (hits.n == 0)
                return event_call(hook, self, ev);

        /* Before: the handler may take the event apart. */
        g_autoptr(GString) line = begin(server, jid_of(ev));
        g_string_append(line, " hook ");
        append_escaped(line, hook->event, NAME_BYTES);
        int64_t start = g_get_monotonic_time();
        MotetResult verdict = event_call(hook, self, ev);
        g_string_append_printf(line, " %s %s %" PRId64 " µs", self->info->name,
                               verdict_name(verdict), g_get_monotonic_time() - start);
        for (unsigned i = 0; i < hits.n; i++) {
                if (still_watches(server, hits.watches[i]))
                        hits.watches[i]->line(hits.watches[i], line->str);
        }
        return verdict;
}

/*
 * log_session: whom a line is about: the session whose event is being handled, or the one that is
 * named.
 */
#include "core/log_session.h"

#include <motet/jid.h>
#include <stdarg.h>

#include "core/host.h"
#include "core/log.h"

static const MotetSession *
session_of(const MotetEvent *event)
{
        switch (event->kind) {
        case MOTET_EVENT_STANZA:
                return ((const MotetStanzaEvent *)event)->session;
        case MOTET_EVENT_SESSION:
                return ((const MotetSessionEvent *)event)->session;
        case MOTET_EVENT_FEATURES:
                return ((const MotetFeaturesEvent *)event)->session;
        case MOTET_EVENT_SERVER:
        case MOTET_EVENT_ACCOUNT:
        case MOTET_EVENT_CUSTOM:
                break;
        }
        return NULL;
}

static void
fill_from_session(const MotetSession *session, LogFields *about)
{
        const MotetJid *jid = motet_session_jid(session);

        about->host = session->host;
        about->jid = jid ? motet_jid_string(jid) : NULL;
        about->session = motet_session_id(session);
}

static void
fill_from_context(LogFields *about, void *data)
{
        const MotetServer *server = data;
        const MotetEvent *event = server->event;
        const MotetSession *session = event ? session_of(event) : NULL;

        if (session)
                fill_from_session(session, about);
        if (!about->host && event && event->host)
                about->host = event->host->name;
        if (!about->host && server->current && server->current->host)
                about->host = server->current->host->name;
}

void
log_session_attach(MotetServer *server)
{
        log_set_context(fill_from_context, server);
}

void
log_session_detach(MotetServer *server)
{
        log_clear_context(server);
}

void
motet_log_session(MotetLogLevel level, const char *source, const MotetSession *session,
                  const char *format, ...)
{
        LogFields about = {0};
        va_list args;

        g_return_if_fail(source && format && level <= MOTET_LOG_DEBUG);
        if (session)
                fill_from_session(session, &about);
        va_start(args, format);
        log_write(level, source, session ? &about : NULL, format, args);
        va_end(args);
}

/*
 * stream: RFC 6120 section 4: headers, restarts, features, errors and the end of a stream.
 *
 * Between the connection's bytes and the session: implements ConnOwner and XmlSink for a session,
 * and hands each complete element of an open stream to router_receive() through the callback given
 * to stream_set_receive().
 */
#pragma once

#include "core/session.h"

extern const ConnOwner stream_conn_owner;
extern const XmlSink stream_xml_sink;

/** StreamReceive: (take) a complete element of an open stream */
typedef void (*StreamReceive)(MotetSession *session, MotetXml *element);
void stream_set_receive(MotetServer *server, StreamReceive receive);

/** stream_restart: forgets the stream; the next bytes must be a new header */
void stream_restart(MotetSession *session);
/** stream_error: sends our header if it is not out yet, <stream:error/> and the end tag */
void stream_error(MotetSession *session, MotetCondition condition, const char *text);
/** stream_end: sends our header if it is not out yet, and our end tag */
void stream_end(MotetSession *session);

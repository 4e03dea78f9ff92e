/*
 * log_session: whom a line is about: the session whose event is being handled, or the one that is
 * named.
 */
#pragma once

#include <motet/types.h>

/** log_session_attach: lines said on this thread are about what @server is doing */
void log_session_attach(MotetServer *server);
/** log_session_detach: before @server goes */
void log_session_detach(MotetServer *server);

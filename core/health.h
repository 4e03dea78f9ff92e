/*
 * health: what needs an operator while the server runs.
 */
#pragma once

#include "core/server.h"

/** health_troubles: Returns: (own) texts, one for each thing that is not as it should be, for
 * g_ptr_array_unref(); none: healthy */
GPtrArray *health_troubles(Server *server);
/** health_line: Returns: (own) all of @troubles on one line; "healthy" when there are none */
char *health_line(const GPtrArray *troubles);

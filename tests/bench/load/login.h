/* login: the steps from the stream's features to a client that is available. */
#pragma once

#include <stddef.h>

#include "client.h"

/** login_step: @stanza: what the server said while @client logs in; the next step is taken, or the
 * client fails */
void login_step(Client *client, const char *stanza, size_t len);

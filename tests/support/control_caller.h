/*
 * control_caller: who asks a server of the same process by its control socket.
 */
#pragma once

#include "core/loop.h"

/** control_caller_call: connects and sends @n bytes of @request. Returns: the descriptor */
int control_caller_call(const char *path, const char *request, size_t n);
/** control_caller_hear: turns @loop until the server closes; closes @fd. Returns: (own) all it
 * said */
char *control_caller_hear(Loop *loop, int fd);

/*
 * check_child: looking at something as the user that the server runs as.
 */
#pragma once

#include "core/check.h"

/**
 * check_as_user:
 *
 * Calls @run in a process that is the user the server becomes, where this one is root and
 * context->as_user is set, and takes over its findings; else, or when there is no such user, calls
 * it here.
 */
void check_as_user(CheckContext *context, void (*run)(CheckContext *context));

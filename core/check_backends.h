/*
 * check_backends: asking those who keep data, without loading them.
 */
#pragma once

#include <motet/service-store.h>

#include "core/check.h"
#include "core/module_graph.h"

/**
 * CheckBackendFunc:
 * @name: of the backend, as storage.default has it
 * @hosts: (borrowed) for which hosts it keeps something; NULL: it cannot be asked, and @error says
 *   why, or is NULL when it keeps nothing beyond the server
 */
typedef void (*CheckBackendFunc)(CheckContext *context, const char *name, char *const *hosts,
                                 const GError *error);

/** check_backends: calls @func for each backend of the enabled modules whose options are good */
void check_backends(CheckContext *context, CheckBackendFunc func);

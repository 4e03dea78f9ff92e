/*
 * quiet: what is said in the log is formatted and escaped as ever, and shown to nobody.
 */
#pragma once

#include "core/log.h"

static void
quiet_ignore(MotetLogLevel level, const char *source, const char *text, void *data)
{
        (void)level, (void)source, (void)text, (void)data;
}

/** quiet_log: from now on; @level: what is said at all */
static inline void
quiet_log(MotetLogLevel level)
{
        log_set_func(quiet_ignore, NULL);
        log_set_level(level);
}

/*
 * critical: what GLib calls critical or an error ends a fuzz target by abort(3), which a fuzzer
 * sees and keeps the input of.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

static void
on_line(const char *domain, GLogLevelFlags level, const char *text, void *data)
{
        (void)data;
        if (!(level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)))
                return;
        fprintf(stderr, "%s: %s\n", domain ? domain : "critical", text);
        abort();
}

/* A fuzzer's main() is not ours. */
__attribute__((constructor)) static void
catch_lines(void)
{
        g_log_set_default_handler(on_line, NULL);
}

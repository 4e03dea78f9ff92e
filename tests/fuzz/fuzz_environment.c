/*
 * fuzz_environment: any bytes in what the service manager hands over (sd_notify(3)).
 *
 * Lines: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID; one that is empty is not set.
 */
#include <stdint.h>
#include <string.h>

#include "core/notify.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autofree char *text = g_strndup((const char *)bytes, n);
        g_auto(GStrv) lines = g_strsplit(text, "\n", G_N_ELEMENTS(names));
        unsigned n_lines = g_strv_length(lines);
        Loop *loop = loop_new(true);

        quiet_log(MOTET_LOG_DEBUG);
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
                if (i < n_lines && *lines[i])
                        g_setenv(names[i], lines[i], TRUE);
                else
                        g_unsetenv(names[i]);
        }
        Notify *notify = notify_new(loop);
        notify_send(notify, "READY=1");
        notify_reloading(notify);
        notify_free(notify);
        loop_free(loop);
        return 0;
}

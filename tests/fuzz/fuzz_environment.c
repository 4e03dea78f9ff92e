/*
 * fuzz_environment: any bytes in what the service manager hands over (sd_notify(3),
 * sd_listen_fds(3)).
 *
 * Lines: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES; one
 * that is empty is not set. The descriptors of the latter are not taken, only counted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/activation.h"
#include "core/notify.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};

static Loop *loop; /* of all inputs */

static void
stop(void)
{
        g_clear_pointer(&loop, loop_free);
}

#define SELF 4321 /* the process that the descriptors are for */

static void
count_descriptors(char *const *lines, size_t n_lines)
{
        const char *words[3] = {NULL};
        g_auto(GStrv) handed = NULL;
        g_autoptr(GError) error = NULL;
        unsigned n = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(words) && i < n_lines; i++)
                words[i] = *lines[i] ? lines[i] : NULL;
        const ActivationWords all = {words[0], words[1], words[2]};
        if (activation_parse(&all, SELF, &n, &handed, &error))
                g_assert_true(!handed || g_strv_length(handed) == n);
        else
                g_assert_nonnull(error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autofree char *text = g_strndup((const char *)bytes, n);
        g_auto(GStrv) lines = g_strsplit(text, "\n", G_N_ELEMENTS(names) + 3);
        unsigned n_lines = g_strv_length(lines);

        if (!loop) {
                quiet_log(MOTET_LOG_DEBUG);
                loop = loop_new(true);
                g_assert_true(atexit(stop) == 0);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
                if (i < n_lines && *lines[i])
                        g_setenv(names[i], lines[i], TRUE);
                else
                        g_unsetenv(names[i]);
        }
        if (n_lines > G_N_ELEMENTS(names))
                count_descriptors(lines + G_N_ELEMENTS(names), n_lines - G_N_ELEMENTS(names));
        Notify *notify = notify_new(loop);
        notify_send(notify, "READY=1");
        notify_reloading(notify);
        notify_free(notify);
        g_assert_cmpuint(loop_n_timers(loop), ==, 0);
        return 0;
}

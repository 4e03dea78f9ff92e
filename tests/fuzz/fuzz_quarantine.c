/*
 * fuzz_quarantine: any bytes as the file of crashes that modules were blamed for.
 */
#include "core/quarantine.h"

#include <stdint.h>
#include <string.h>

#include "fuzz/place.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What was read says when and who, whichever module is asked for. */
static void
ask(const Quarantine *quarantine, const CoreLimits *limits)
{
        static const char *const modules[] = {"alpha", "b", "", "-"};
        unsigned n;

        for (size_t i = 0; i < G_N_ELEMENTS(modules); i++) {
                const Blame *last = quarantine_last(quarantine, modules[i], "1.0-2", &n);
                g_assert_cmpint(last != NULL, ==, n > 0);
                g_assert_true(!last || (last->when > 0 && last->what));
                if (quarantine_holds(quarantine, modules[i], "1.0-2", limits))
                        g_assert_cmpuint(n, >=, limits->module_crashes);
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        const CoreLimits limits = {.module_crashes = 3,
                                   .module_crash_period = 10 * G_TIME_SPAN_MINUTE};
        g_autofree char *path = g_build_filename(place_dir(), QUARANTINE_FILE, NULL);
        g_autoptr(GError) error = NULL;
        unsigned n_before, n_after;

        quiet_log(MOTET_LOG_DEBUG);
        g_assert_true(g_file_set_contents_full(path, (const char *)bytes, (gssize)n,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        g_autoptr(Quarantine) quarantine = quarantine_read(place_dir());
        ask(quarantine, &limits);
        g_assert_true(quarantine_open(quarantine, &limits, 1000000, &error));
        ask(quarantine, &limits);
        quarantine_last(quarantine, "alpha", NULL, &n_before);
        /* What was kept is in the file, as another run will find it. */
        g_autoptr(Quarantine) again = quarantine_read(place_dir());
        quarantine_last(again, "alpha", NULL, &n_after);
        g_assert_cmpuint(n_before, ==, n_after);
        g_assert_true(quarantine_forget(quarantine, "alpha", &n_after, &error));
        g_assert_cmpuint(n_before, ==, n_after);
        g_assert_null(quarantine_last(quarantine, "alpha", NULL, &n_after));
        return 0;
}

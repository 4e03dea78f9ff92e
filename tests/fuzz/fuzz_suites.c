/*
 * fuzz_suites: any bytes as the list of what servers should offer, suites.yaml.
 */
#include <stdint.h>

#include "core/check.h"
#include "fuzz/place.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static Config *config; /* of all inputs */

static void
drop_config(void)
{
        g_clear_pointer(&config, config_free);
}

static void
make_config(void)
{
        ConfigFindings findings;
        g_autofree char *text = g_strdup_printf("hosts:\n  example.org:\n"
                                                "modules_dir: %s\n",
                                                place_dir());

        config_findings_init(&findings);
        config = config_parse(text, -1, place_dir(), &findings);
        g_assert_cmpuint(findings.n_errors, ==, 0);
        config_findings_clear(&findings);
        g_assert_true(atexit(drop_config) == 0);
}

static void
print(ConfigFindings *findings)
{
        config_findings_sort(findings);
        for (guint i = 0; i < findings->list->len; i++) {
                g_autofree char *line = config_finding_string(g_ptr_array_index(findings->list, i));
                g_assert_true(g_utf8_validate(line, -1, NULL));
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        g_autofree char *file = g_build_filename(place_dir(), "suites.yaml", NULL);
        ConfigFindings findings;

        if (!config) {
                quiet_log(MOTET_LOG_DEBUG);
                make_config();
        }
        g_assert_true(g_file_set_contents_full(file, (const char *)bytes, (gssize)n,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        config_findings_init(&findings);
        MotetServer nothing = {0};
        CheckContext context = {.config_file = "motet.yaml",
                                .root = "",
                                .config = config,
                                .modules = modules_new(&nothing),
                                .findings = &findings};
        check_features(&context);
        print(&findings);
        modules_free(context.modules);
        config_findings_clear(&findings);
        return 0;
}

/*
 * fuzz_config: any bytes as a main file, and as the options of a module that has every type of
 * option.
 */
#include <stdint.h>
#include <string.h>

#include "core/config.h"
#include "core/config_yaml.h"
#include "fuzz/place.h"
#include "fuzz/told.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const MotetOption table[] = {
        {.key = "flag", .type = MOTET_OPTION_BOOL, .fallback = "true", .help = "x"},
        {.key = "count",
         .type = MOTET_OPTION_INT,
         .fallback = "5",
         .min = -1,
         .max = 10,
         .help = "x"},
        {.key = "room", .type = MOTET_OPTION_SIZE, .fallback = "64 KiB", .help = "x"},
        {.key = "wait", .type = MOTET_OPTION_DURATION, .fallback = "30s", .help = "x"},
        {.key = "name",
         .type = MOTET_OPTION_STRING,
         .fallback = "Motet",
         .min = 1,
         .max = 8,
         .help = "x"},
        {.key = "mode",
         .type = MOTET_OPTION_ENUM,
         .values = MOTET_LIST("fast", "slow"),
         .help = "x"},
        {.key = "words", .type = MOTET_OPTION_LIST, .help = "x"},
        {.key = "some", .type = MOTET_OPTION_LIST, .values = MOTET_LIST("x", "y"), .help = "x"},
        {.key = "ports", .type = MOTET_OPTION_INTS, .min = 1, .max = 65535, .help = "x"},
        {.key = "file", .type = MOTET_OPTION_PATH, .help = "x"},
        {.key = "password", .type = MOTET_OPTION_SECRET, .help = "x"},
        {.key = "pin", .type = MOTET_OPTION_SECRET, .min = 4, .max = 6, .help = "x"},
        {0},
};

#define SECRET "correct horse battery"

/* With a secret in a file and as a credential, both "word". Returns: (borrowed) the folder */
static const char *
secret_dir(void)
{
        static bool is_made;

        if (!is_made) {
                g_autofree char *file = g_build_filename(place_dir(), "word", NULL);
                g_assert_true(g_file_set_contents_full(file, SECRET "\n", -1,
                                                       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
                g_setenv("CREDENTIALS_DIRECTORY", place_dir(), TRUE);
                is_made = true;
        }
        return place_dir();
}

/* Every finding can be printed, stands in the file, and repeats no secret of another one. */
static void
print_findings(ConfigFindings *findings, const uint8_t *bytes, size_t n)
{
        config_findings_sort(findings);
        for (unsigned i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = findings->list->pdata[i];
                g_autofree char *line = config_finding_string(finding);
                g_assert_true(g_utf8_validate(line, -1, NULL));
                g_assert_true(!told_in((const uint8_t *)line, strlen(line), SECRET) ||
                              told_in(bytes, n, SECRET));
                g_assert_cmpuint(finding->line, <=, n + 2);
                g_assert_cmpuint(finding->column, <=, n + 2);
        }
}

static void
try_main_file(const uint8_t *bytes, size_t n)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config =
                config_parse((const char *)bytes, (gssize)n, "/etc/motet", &findings);
        g_assert_true(findings.n_errors > 0 || config->hosts->len > 0);
        print_findings(&findings, bytes, n);
        config_findings_clear(&findings);
}

static void
try_options(const uint8_t *bytes, size_t n)
{
        const Config places = {.dir = (char *)secret_dir(), .data_dir = (char *)"/var/lib/motet"};
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(ConfigNode) node = config_yaml_parse((const char *)bytes, n, "m.yaml", &findings);
        OptionValues *values = option_values_new(table, "probe", node, NULL, &places, &findings);
        g_assert_true(option_values_equal(values, values));
        option_values_free(values);
        print_findings(&findings, bytes, n);
        config_findings_clear(&findings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        try_main_file(bytes, n);
        try_options(bytes, n);
        return 0;
}

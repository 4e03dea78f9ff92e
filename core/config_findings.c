/*
 * config_findings: the list of what is wrong with a configuration.
 */
#include "core/config.h"

#include <string.h>

enum { TEXT_MAX = 500 };

static void
finding_free(void *data)
{
        ConfigFinding *finding = data;

        g_free(finding->file);
        g_free(finding->text);
        g_free(finding);
}

void
config_findings_init(ConfigFindings *findings)
{
        findings->list = g_ptr_array_new_with_free_func(finding_free);
        findings->n_errors = 0;
}

void
config_findings_clear(ConfigFindings *findings)
{
        g_clear_pointer(&findings->list, g_ptr_array_unref);
        findings->n_errors = 0;
}

/* A finding is one line on a terminal or in a log, whatever text of the file it repeats. */
static char *
printable(const char *text)
{
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        GString *line = g_string_new(NULL);

        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                if (line->len > TEXT_MAX) {
                        g_string_append(line, "…");
                        break;
                }
                if (g_unichar_iscntrl(c))
                        g_string_append_printf(line, "\\x%02x", (unsigned)c);
                else
                        g_string_append_unichar(line, c);
        }
        return g_string_free(line, FALSE);
}

void
config_findings_add(ConfigFindings *findings, bool warning, const char *file, unsigned line,
                    unsigned column, const char *format, ...)
{
        ConfigFinding *finding = g_new0(ConfigFinding, 1);
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        finding->file = g_filename_display_name(file);
        finding->line = line;
        finding->column = column;
        finding->warning = warning;
        finding->text = printable(text);
        g_ptr_array_add(findings->list, finding);
        if (!warning)
                findings->n_errors++;
}

static int
compare_numbers(unsigned a, unsigned b)
{
        return (a > b) - (a < b);
}

static int
compare_findings(const void *a, const void *b)
{
        const ConfigFinding *left = *(ConfigFinding *const *)a;
        const ConfigFinding *right = *(ConfigFinding *const *)b;

        int order = strcmp(left->file, right->file);
        if (order == 0)
                order = compare_numbers(left->line, right->line);
        if (order == 0)
                order = compare_numbers(left->column, right->column);
        return order ? order : strcmp(left->text, right->text);
}

void
config_findings_sort(ConfigFindings *findings)
{
        g_ptr_array_sort(findings->list, compare_findings);
        for (unsigned i = findings->list->len; i-- > 1;) {
                const ConfigFinding *finding = findings->list->pdata[i];
                if (compare_findings(&findings->list->pdata[i - 1], &findings->list->pdata[i]) != 0)
                        continue;
                findings->n_errors -= !finding->warning;
                g_ptr_array_remove_index(findings->list, i);
        }
}

char *
config_finding_string(const ConfigFinding *finding)
{
        const char *kind = finding->warning ? "warning" : "error";

        if (finding->line == 0)
                return g_strdup_printf("%s: %s: %s", finding->file, kind, finding->text);
        return g_strdup_printf("%s:%u:%u: %s: %s", finding->file, finding->line, finding->column,
                               kind, finding->text);
}

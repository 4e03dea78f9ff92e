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
        g_free(finding->hint);
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

bool
config_finding_is_warning(const ConfigFinding *finding)
{
        return finding_kind(finding->id)->warning;
}

void
config_findings_add(ConfigFindings *findings, FindingId id, const char *file, unsigned line,
                    unsigned column, const char *format, ...)
{
        ConfigFinding *finding = g_new0(ConfigFinding, 1);
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        finding->id = id;
        finding->file = g_filename_display_name(file);
        finding->line = line;
        finding->column = column;
        finding->text = printable(text);
        g_ptr_array_add(findings->list, finding);
        if (!config_finding_is_warning(finding))
                findings->n_errors++;
}

void
config_findings_hide(ConfigFindings *findings)
{
        ConfigFinding *finding = g_ptr_array_index(findings->list, findings->list->len - 1);

        finding->hidden = true;
}

void
config_findings_hint(ConfigFindings *findings, const char *format, ...)
{
        va_list arguments;

        g_assert(findings->list->len > 0);
        ConfigFinding *last = findings->list->pdata[findings->list->len - 1];
        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_free(last->hint);
        last->hint = printable(text);
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
        if (order == 0)
                order = compare_numbers(left->id, right->id);
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
                findings->n_errors -= !config_finding_is_warning(finding);
                g_ptr_array_remove_index(findings->list, i);
        }
}

char *
config_finding_string(const ConfigFinding *finding)
{
        const char *severity = finding_severity(finding->id);
        GString *string = g_string_new(finding->file);

        if (finding->line > 0)
                g_string_append_printf(string, ":%u:%u", finding->line, finding->column);
        g_string_append_printf(string, ": %s: %s", severity, finding->text);
        if (finding->hint)
                g_string_append_printf(string, "; %s", finding->hint);
        g_string_append_printf(string, " [%s]", finding_kind(finding->id)->name);
        return g_string_free(string, FALSE);
}

char *
config_findings_first_error(ConfigFindings *findings)
{
        config_findings_sort(findings);
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = findings->list->pdata[i];
                if (!config_finding_is_warning(finding))
                        return config_finding_string(finding);
        }
        return NULL;
}

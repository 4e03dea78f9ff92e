/*
 * check_print: findings as text, with what the file says there, or as JSON.
 */
#include "core/check_print.h"

#include <string.h>

#include "core/config_yaml.h"
#include "core/plan.h"

enum { WIDTH = 100 }; /* characters of a line of a file that are shown */

/* The files that findings are in, each read once. */
typedef struct {
        char *name;
        char **lines; /* NULL: cannot be shown */
} Source;

static void
source_set(Source *source, const char *name)
{
        g_autofree char *text = NULL;
        gsize len;

        if (g_strcmp0(source->name, name) == 0)
                return;
        g_free(source->name);
        g_clear_pointer(&source->lines, g_strfreev);
        source->name = g_strdup(name);
        if (!g_file_get_contents(name, &text, &len, NULL) || len > CONFIG_FILE_MAX)
                return;
        g_autofree char *valid = g_utf8_make_valid(text, (gssize)len);
        source->lines = g_strsplit(valid, "\n", -1);
}

static void
source_clear(Source *source)
{
        g_free(source->name);
        g_strfreev(source->lines);
}

/* Tabs and what a terminal would obey become spaces. */
static void
append_shown(GString *line, gunichar c)
{
        g_string_append_unichar(line, g_unichar_iscntrl(c) ? ' ' : c);
}

/* The line of @finding, from @start on when it is long, and a caret under its column. */
static void
print_source(const ConfigFinding *finding, const Source *source, CheckPrint print, void *data)
{
        g_autoptr(GString) line = g_string_new("  ");
        g_autoptr(GString) caret = g_string_new("  ");
        unsigned n_lines = source->lines ? g_strv_length(source->lines) : 0;
        unsigned start = finding->column > WIDTH ? finding->column - WIDTH / 2 : 1;
        unsigned column = 1;

        if (finding->line == 0 || finding->line > n_lines)
                return;
        const char *at = source->lines[finding->line - 1];
        for (; *at && column < start + WIDTH; at = g_utf8_next_char(at), column++) {
                gunichar c = g_utf8_get_char(at);
                if (column < start)
                        continue;
                append_shown(line, c);
                if (column < finding->column && !g_unichar_iszerowidth(c))
                        g_string_append(caret, g_unichar_iswide(c) ? "  " : " ");
        }
        if (line->len == 2)
                return;
        g_string_append_c(caret, '^');
        print(data, line->str);
        print(data, caret->str);
}

static void
print_finding(const ConfigFinding *finding, const Source *source, CheckPrint print, void *data)
{
        g_autoptr(GString) head = g_string_new(finding->file);

        if (finding->line > 0)
                g_string_append_printf(head, ":%u:%u", finding->line, finding->column);
        g_string_append_printf(head, ": %s: %s [%s]", finding_severity(finding->id), finding->text,
                               finding_kind(finding->id)->name);
        print(data, head->str);
        if (!finding->hidden)
                print_source(finding, source, print, data);
        if (finding->hint) {
                g_autofree char *hint = g_strdup_printf("  %s", finding->hint);
                print(data, hint);
        }
}

static void
print_summary(const ConfigFindings *findings, const Config *config, CheckPrint print, void *data)
{
        unsigned n_errors = findings->n_errors, n_warnings = 0, n_modules = 0;
        g_autoptr(GString) line = g_string_new(NULL);

        for (guint i = 0; i < findings->list->len; i++) {
                const FindingKind *kind = finding_kind(
                        ((const ConfigFinding *)g_ptr_array_index(findings->list, i))->id);
                n_warnings += kind->warning && !kind->note;
        }
        for (guint i = 0; config && i < config->modules->len; i++)
                n_modules += ((const ConfigModule *)g_ptr_array_index(config->modules, i))->enabled;
        if (n_errors > 0)
                g_string_append_printf(line, "%u error%s", n_errors, n_errors == 1 ? "" : "s");
        else
                g_string_append(line, "no errors");
        if (n_warnings > 0)
                g_string_append_printf(line, ", %u warning%s", n_warnings,
                                       n_warnings == 1 ? "" : "s");
        if (config && n_errors == 0)
                g_string_append_printf(line, " (%u module%s on %u host%s)", n_modules,
                                       n_modules == 1 ? "" : "s", config->hosts->len,
                                       config->hosts->len == 1 ? "" : "s");
        print(data, line->str);
}

void
check_print_text(const ConfigFindings *findings, const Config *config, CheckPrint print, void *data)
{
        Source source = {0};

        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                if (finding->line > 0)
                        source_set(&source, finding->file);
                print_finding(finding, &source, print, data);
        }
        source_clear(&source);
        print_summary(findings, config, print, data);
}

static void
append_member(GString *json, const char *name, const char *value)
{
        g_string_append_printf(json, ", \"%s\": ", name);
        plan_json_text(json, value);
}

void
check_print_json(const ConfigFindings *findings, CheckPrint print, void *data)
{
        print(data, "[");
        for (guint i = 0; i < findings->list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings->list, i);
                g_autoptr(GString) json = g_string_new("  {\"id\": ");

                plan_json_text(json, finding_kind(finding->id)->name);
                append_member(json, "severity", finding_severity(finding->id));
                append_member(json, "file", finding->file);
                g_string_append_printf(json, ", \"line\": %u, \"column\": %u", finding->line,
                                       finding->column);
                append_member(json, "message", finding->text);
                append_member(json, "hint", finding->hint);
                g_string_append(json, i + 1 < findings->list->len ? "}," : "}");
                print(data, json->str);
        }
        print(data, "]");
}

/*
 * check_explain: what a finding means, for `motetctl explain`.
 */
#include <motet/error.h>
#include <string.h>

#include "core/check.h"

enum { COLUMNS = 78 };

G_GNUC_PRINTF(3, 4)
static void
print_line(CheckPrint print, void *data, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *line = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        print(data, line);
}

/* Prints @text in lines of a terminal's width. */
static void
print_wrapped(const char *text, CheckPrint print, void *data)
{
        g_auto(GStrv) words = g_strsplit(text, " ", -1);
        g_autoptr(GString) line = g_string_new(NULL);

        for (char **word = words; *word; word++) {
                if (line->len > 0 && line->len + 1 + strlen(*word) > COLUMNS) {
                        print(data, line->str);
                        g_string_truncate(line, 0);
                }
                g_string_append_printf(line, "%s%s", line->len > 0 ? " " : "", *word);
        }
        print(data, line->str);
}

static void
print_all(CheckPrint print, void *data)
{
        for (unsigned id = 0; id < N_FINDINGS; id++) {
                const FindingKind *kind = finding_kind((FindingId)id);
                print_line(print, data, "%-30s %-8s %s", kind->name,
                           finding_severity((FindingId)id), kind->title);
        }
}

bool
check_explain(const char *name, CheckPrint print, void *data, GError **error)
{
        const FindingKind *kind = name ? finding_kind_find(name) : NULL;

        if (!name) {
                print_all(print, data);
                return true;
        }
        if (!kind) {
                const char *near = finding_kind_nearest(name);
                g_autofree char *hint = near ? g_strdup_printf("did you mean \"%s\"?", near)
                                             : g_strdup("motetctl explain lists all");
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE, "there is no finding \"%s\"; %s",
                            name, hint);
                return false;
        }
        const char *severity = kind->note ? "note" : kind->warning ? "warning" : "error";
        print_line(print, data, "%s (%s): %s", kind->name, severity, kind->title);
        print(data, "");
        print_wrapped(kind->explanation, print, data);
        return true;
}

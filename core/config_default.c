/*
 * config_default: the defaults of the main file, or of one module, as YAML that reads back as the
 * same.
 */
#include <string.h>

#include "core/config_tell.h"
#include "core/permission.h"

/* What is printed, line by line. */
typedef struct {
        CheckPrint print;
        void *data;
        char **before; /* (own) the parts of the key before; NULL: none */
} Page;

G_GNUC_PRINTF(3, 4)
static void
print_line(const Page *page, unsigned depth, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_autofree char *line = g_strdup_printf("%*s%s", (int)depth * 2, "", text);
        page->print(page->data, line);
}

/* What is unset cannot be written: a comment says that it could be. */
static void
print_setting(const Page *page, unsigned depth, const Setting *setting, const char *key)
{
        g_autofree char *type = setting_type_text(&setting->option);
        const char *help = setting->option.help, *fallback = setting->fallback;
        size_t n = strlen(help);
        bool has_end = n > 0 && help[n - 1] == '.';

        print_line(page, depth, "# %s%s %c%s.", help, has_end ? "" : ".", g_ascii_toupper(type[0]),
                   type + 1);
        if (!fallback)
                print_line(page, depth, "# %s:", key);
        else
                print_line(page, depth, "%s: %s", key, fallback[0] ? fallback : "\"\"");
}

/* The sections that @parts are in and those before were not. Returns: how deep @parts is */
static unsigned
open_sections(Page *page, char **parts)
{
        unsigned depth = 0;
        bool same = page->before != NULL;

        for (; parts[depth + 1]; depth++) {
                same = same && page->before[depth] &&
                       strcmp(page->before[depth], parts[depth]) == 0;
                if (!same)
                        print_line(page, depth, "%s:", parts[depth]);
        }
        return depth;
}

static void
print_main(Page *page, const GPtrArray *settings)
{
        for (guint i = 0; i < settings->len; i++) {
                const Setting *setting = settings->pdata[i];
                g_auto(GStrv) parts = g_strsplit(setting->key, ".", -1);

                if (setting->is_of_a_name)
                        continue;
                if (setting->option.type == MOTET_OPTION_DOMAINS) {
                        print_line(page, 0, "# %s At least one must be named.",
                                   setting->option.help);
                        print_line(page, 0, "%s:", setting->key);
                        print_line(page, 1, "example.org:");
                } else {
                        unsigned depth = open_sections(page, parts);
                        print_setting(page, depth, setting, parts[depth]);
                }
                g_strfreev(page->before);
                page->before = g_steal_pointer(&parts);
        }
}

/* Where a module's key stands; NULL: in no section. */
static const char *
section_of(const char *key)
{
        if (strcmp(key, "enabled") == 0 || strcmp(key, "hosts") == 0)
                return NULL;
        return g_str_has_prefix(key, PERMISSION_PREFIX) ? "permissions" : "options";
}

static void
print_module(const Page *page, const GPtrArray *settings, const MotetModuleInfo *info)
{
        const char *section = NULL;

        print_line(page, 0, "# %s: %s", info->name, info->summary ? info->summary : "");
        for (guint i = 0; i < settings->len; i++) {
                const Setting *setting = settings->pdata[i];
                const char *key = setting->key + strlen(info->name) + 1;
                const char *place = section_of(key);

                if (setting->host)
                        continue;
                if (place && g_strcmp0(place, section) != 0)
                        print_line(page, 0, "%s:", place);
                section = place;
                print_setting(page, place ? 1 : 0, setting, setting->option.key);
        }
}

void
config_print_defaults(const GPtrArray *settings, const MotetModuleInfo *info, CheckPrint print,
                      void *data)
{
        Page page = {print, data, NULL};

        if (info)
                print_module(&page, settings, info);
        else
                print_main(&page, settings);
        g_strfreev(page.before);
}

/*
 * setting: everything that can be set, in the main file and by modules: what it is, what it is set
 * to and where.
 */
#include "core/setting.h"

#include <motet/error.h>
#include <string.h>

#include "core/config_print.h"
#include "core/module_object.h"
#include "core/permission.h"

static void
setting_free(void *data)
{
        Setting *setting = data;

        g_free(setting->key);
        g_free(setting->module);
        g_free(setting->host);
        g_free(setting->fallback);
        g_free(setting->value);
        g_free(setting->file);
        g_free(setting);
}

GPtrArray *
settings_new(void)
{
        return g_ptr_array_new_with_free_func(setting_free);
}

Setting *
settings_add(GPtrArray *settings, const char *key, const MotetOption *option)
{
        Setting *setting = g_new0(Setting, 1);

        setting->key = g_strdup(key);
        setting->option = *option;
        g_ptr_array_add(settings, setting);
        return setting;
}

void
settings_source_init(SettingsSource *source, const Config *config, Modules *modules)
{
        *source = (SettingsSource){
                config, modules,
                g_ptr_array_new_with_free_func((GDestroyNotify)module_object_close)};
}

void
settings_source_clear(SettingsSource *source)
{
        g_clear_pointer(&source->opened, g_ptr_array_unref);
}

/* What a module that was never started says of its options may be anything. */
static bool
is_sound(const MotetModuleInfo *info, GError **error)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        bool sound = option_table_check(info->options, info->name, &findings) &&
                     permission_table_check(info->permissions, info->name, &findings);
        if (!sound)
                g_set_error(
                        error, MOTET_ERROR, MOTET_ERROR_MODULE,
                        "the options or permissions of module %s are not sound: \"check\" says why",
                        info->name);
        config_findings_clear(&findings);
        return sound;
}

const MotetModuleInfo *
settings_source_info(SettingsSource *source, const char *module, GError **error)
{
        const MotetModuleInfo *info =
                source->modules ? modules_info(source->modules, module) : NULL;

        if (info)
                return is_sound(info, error) ? info : NULL;
        for (guint i = 0; i < source->opened->len; i++) {
                const ModuleObject *object = g_ptr_array_index(source->opened, i);
                if (strcmp(object->name, module) == 0)
                        return is_sound(object->info, error) ? object->info : NULL;
        }
        ModuleObject *object = module_object_open(source->config->modules_dir, module, error);
        if (!object)
                return NULL;
        g_ptr_array_add(source->opened, object);
        return is_sound(object->info, error) ? object->info : NULL;
}

/* "an integer, 1 to 10": @kind, and the range when there is one */
static char *
ranged(const char *kind, const MotetOption *option, ConfigUnit unit)
{
        g_autofree char *low = config_print_integer(unit, option->min);
        g_autofree char *high = config_print_integer(unit, option->max);

        if (option->min == 0 && option->max == 0)
                return g_strdup(kind);
        return g_strdup_printf("%s, %s to %s", kind, low, high);
}

static char *
bytes_text(const char *kind, const MotetOption *option)
{
        if (option->min == 0 && option->max == 0)
                return g_strdup(kind);
        return g_strdup_printf("%s of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " bytes", kind,
                               option->min, option->max);
}

static char *
words_text(const char *kind, const MotetOption *option)
{
        g_autofree char *words = option->values ? g_strjoinv(", ", (char **)option->values) : NULL;

        return words ? g_strconcat(kind, words, NULL) : NULL;
}

static char *
address_text(const char *kind, const MotetOption *option)
{
        g_autofree char *words = words_text(", or ", option);

        return g_strconcat(kind, words, NULL);
}

char *
setting_type_text(const MotetOption *option)
{
        switch (option->type) {
        case MOTET_OPTION_BOOL:
                return g_strdup("true or false");
        case MOTET_OPTION_INT:
                return ranged("an integer", option, CONFIG_NUMBER);
        case MOTET_OPTION_SIZE:
                return ranged("a size", option, CONFIG_SIZE);
        case MOTET_OPTION_DURATION:
                return ranged("a duration", option, CONFIG_DURATION);
        case MOTET_OPTION_STRING:
                return bytes_text("text", option);
        case MOTET_OPTION_ENUM:
                return words_text("one of ", option);
        case MOTET_OPTION_LIST:
                return option->values ? words_text("a list of some of ", option)
                                      : bytes_text("a list of texts", option);
        case MOTET_OPTION_INTS:
                return ranged("a list of integers", option, CONFIG_NUMBER);
        case MOTET_OPTION_PATH:
                return g_strdup("a path");
        case MOTET_OPTION_JID:
                return g_strdup("an address such as admin@example.org");
        case MOTET_OPTION_DOMAIN:
                return g_strdup("a domain");
        case MOTET_OPTION_ADDRESS:
                return address_text("a numeric IP address", option);
        case MOTET_OPTION_JIDS:
                return g_strdup("a list of addresses such as admin@example.org");
        case MOTET_OPTION_DOMAINS:
                return g_strdup("a list of domains");
        case MOTET_OPTION_ADDRESSES:
                return address_text("a list of numeric IP addresses", option);
        case MOTET_OPTION_SECRET:
                return g_strdup("a secret: text, {file: PATH} or {credential: NAME}");
        }
        g_assert_not_reached();
}

char *
setting_path_text(char *path_take, const Config *config)
{
        size_t n = strlen(config->dir);

        if (!path_take || strncmp(path_take, config->dir, n) != 0 || path_take[n] != '/')
                return path_take;
        char *rest = g_strdup(path_take + n + 1);
        g_free(path_take);
        return rest;
}

char *
setting_origin_text(const Setting *setting)
{
        if (!setting->file)
                return g_strdup("default");
        return g_strdup_printf("%s:%u", setting->file, setting->line);
}

char *
setting_value_text(const Setting *setting)
{
        GString *line = g_string_new(NULL);

        if (!setting->value)
                return g_string_free(g_string_append(line, "unset"), FALSE);
        if (!*setting->value)
                return g_string_free(g_string_append(line, "\"\""), FALSE);
        for (const char *c = setting->value; *c; c = g_utf8_next_char(c)) {
                gunichar character = g_utf8_get_char(c);
                if (character == '\n')
                        g_string_append(line, "\\n");
                else if (g_unichar_iscntrl(character))
                        g_string_append_printf(line, "\\x%02x", (unsigned)character);
                else
                        g_string_append_unichar(line, character);
        }
        return g_string_free(line, FALSE);
}

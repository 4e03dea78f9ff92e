/*
 * config_tell: what can be set, what it is set to, and what it is unless it is set.
 */
#include "core/config_tell.h"

#include <motet/error.h>
#include <string.h>

#include "core/module_choice.h"
#include "core/permission.h"
#include "core/suggest.h"

#define LABEL "%-9s"

/* One question under way. */
typedef struct {
        SettingsSource *source;
        const ConfigQuestion *question;
        CheckPrint print;
        void *data;
} Telling;

G_GNUC_PRINTF(2, 3)
static void
print_line(const Telling *telling, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_autofree char *line = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        telling->print(telling->data, line);
}

/* Whether @key is @name or stands below it. */
static bool
is_below(const char *key, const char *name)
{
        size_t n = strlen(name);

        return strncmp(key, name, n) == 0 && (key[n] == '\0' || key[n] == '.');
}

/* A module that cannot be opened has no settings to tell of; `check` says why. */
static void
add_all_modules(const Telling *telling, GPtrArray *settings, const char *host)
{
        g_auto(GStrv) names = module_choice_names(telling->source->config);

        for (char **name = names; *name; name++) {
                const MotetModuleInfo *info = settings_source_info(telling->source, *name, NULL);
                if (info)
                        settings_add_module(settings, telling->source->config, info, host);
        }
}

static bool
fail_unknown(const GPtrArray *settings, const Config *config, const char *name, GError **error)
{
        g_auto(GStrv) modules = module_choice_names(config);
        g_autoptr(GPtrArray) words = g_ptr_array_new();

        for (guint i = 0; i < settings->len; i++) {
                const Setting *setting = settings->pdata[i];
                g_ptr_array_add(words, setting->key);
                if (!strchr(name, '.'))
                        g_ptr_array_add(words, (gpointer)setting->option.key);
        }
        for (char **module = modules; *module; module++)
                g_ptr_array_add(words, *module);
        g_ptr_array_add(words, NULL);
        const char *near = suggest_nearest(name, (const char *const *)words->pdata);
        if (near)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "there is no setting \"%s\"; did you mean \"%s\"?", name, near);
        else
                g_set_error(
                        error, MOTET_ERROR, MOTET_ERROR_USAGE,
                        "there is no setting \"%s\": \"config default\" lists those of the main "
                        "file, \"config default MODULE\" those of a module",
                        name);
        return false;
}

/* Show */

static bool
is_running(const Config *config, const Setting *setting)
{
        const ConfigModule *module =
                setting->module ? config_module(config, setting->module) : NULL;

        return !setting->module || (module && module->enabled);
}

/* Of a module that does not run only the switch is in force, unless it is asked for. */
static bool
is_shown(const Telling *telling, const Setting *setting)
{
        const char *name = telling->question->name;
        const Config *config = telling->source->config;

        if (name)
                return is_below(setting->key, name);
        return is_running(config, setting) || (config_module(config, setting->module) &&
                                               g_str_has_suffix(setting->key, ".enabled"));
}

static void
show_text(const Telling *telling, const Setting *setting)
{
        g_autofree char *place = setting->host
                                         ? g_strconcat(setting->key, " on ", setting->host, NULL)
                                         : g_strdup(setting->key);
        g_autofree char *value = setting_value_text(setting);
        g_autofree char *origin = setting_origin_text(setting);

        print_line(telling, "%-32s %-24s %s", place, value, origin);
}

static void
append_member(GString *json, const char *name, const char *value)
{
        g_string_append_printf(json, ", \"%s\": ", name);
        plan_json_text(json, value);
}

static void
show_json(const Telling *telling, const Setting *setting, bool is_last)
{
        g_autoptr(GString) json = g_string_new("  {\"key\": ");

        plan_json_text(json, setting->key);
        append_member(json, "host", setting->host);
        if (setting->option.type == MOTET_OPTION_SECRET)
                g_string_append_printf(json, ", \"set\": %s", setting->value ? "true" : "false");
        else
                append_member(json, "value", setting->value);
        append_member(json, "file", setting->file);
        g_string_append_printf(json, ", \"line\": %u", setting->line);
        g_string_append(json, is_last ? "}" : "},");
        telling->print(telling->data, json->str);
}

static bool
show(const Telling *telling, GError **error)
{
        const ConfigQuestion *question = telling->question;
        const Config *config = telling->source->config;
        g_autoptr(GPtrArray) settings = settings_new(), shown = g_ptr_array_new();
        g_autofree char *host = NULL;

        if (question->host) {
                host = module_choice_served(config, question->host, error);
                if (!host)
                        return false;
        }
        settings_add_main(settings, config, true);
        add_all_modules(telling, settings, host);
        for (guint i = 0; i < settings->len; i++)
                if (is_shown(telling, settings->pdata[i]))
                        g_ptr_array_add(shown, settings->pdata[i]);
        if (shown->len == 0)
                return fail_unknown(settings, config, question->name, error);

        if (question->json)
                telling->print(telling->data, "[");
        for (guint i = 0; i < shown->len; i++) {
                if (question->json)
                        show_json(telling, shown->pdata[i], i + 1 == shown->len);
                else
                        show_text(telling, shown->pdata[i]);
        }
        if (question->json)
                telling->print(telling->data, "]");
        return true;
}

/* Describe */

static char *
place_text(const Telling *telling, const Setting *setting)
{
        const Config *config = telling->source->config;
        const char *rest = strchr(setting->key, '.');

        if (!setting->module)
                return g_strdup_printf("in %s", config->file);
        if (g_str_has_prefix(rest + 1, PERMISSION_PREFIX))
                return g_strdup_printf("in %s/%s.yaml, below permissions", config->plugins_dir,
                                       setting->module);
        bool is_option = strcmp(rest + 1, "enabled") != 0 && strcmp(rest + 1, "hosts") != 0;
        return g_strdup_printf("in %s/%s.yaml%s%s", config->plugins_dir, setting->module,
                               is_option ? ", below options" : "",
                               is_option && setting->scope == MOTET_SCOPE_HOST
                                       ? "; for one host below host_options and its name"
                                       : "");
}

static void
describe_one(const Telling *telling, const Setting *setting)
{
        g_autofree char *type = setting_type_text(&setting->option);
        g_autofree char *place = place_text(telling, setting);

        print_line(telling, "%s: %s", setting->key, setting->option.help);
        print_line(telling, LABEL " %s", "value", type);
        print_line(telling, LABEL " %s", "default",
                   setting->fallback ? setting->fallback : "unset");
        print_line(telling, LABEL " %s", "stands", place);
        print_line(telling, LABEL " %s", "changed",
                   setting->needs_restart ? "by a restart" : "by a reload");
}

/* "limits.user.depth" whole, a module's own "max_items" alone, or any name in the place of one in
 * capitals */
static bool
is_meant(const Setting *setting, const char *name)
{
        if (strcmp(setting->key, name) == 0)
                return true;
        if (setting->module && strcmp(setting->option.key, name) == 0)
                return true;
        if (!setting->is_of_a_name)
                return false;
        const char *first = setting->key + strcspn(setting->key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        const char *end = first + strcspn(first, ".");
        size_t n = strlen(name), n_before = (size_t)(first - setting->key), n_after = strlen(end);

        return n > n_before + n_after && strncmp(name, setting->key, n_before) == 0 &&
               strcmp(name + n - n_after, end) == 0;
}

static bool
describe(const Telling *telling, GError **error)
{
        const char *name = telling->question->name;
        g_autoptr(GPtrArray) settings = settings_new();
        bool is_found = false;

        settings_add_main(settings, telling->source->config, false);
        add_all_modules(telling, settings, NULL);
        for (guint i = 0; i < settings->len; i++) {
                const Setting *setting = settings->pdata[i];
                if (setting->host || !is_meant(setting, name))
                        continue;
                if (is_found)
                        telling->print(telling->data, "");
                describe_one(telling, setting);
                is_found = true;
        }
        return is_found || fail_unknown(settings, telling->source->config, name, error);
}

/* Default */

static bool
tell_defaults(const Telling *telling, GError **error)
{
        const char *name = telling->question->name;
        const Config *config = telling->source->config;
        g_autoptr(GPtrArray) settings = settings_new();
        const MotetModuleInfo *info = NULL;

        if (name) {
                if (!module_choice_known(config, name, error))
                        return false;
                info = settings_source_info(telling->source, name, error);
                if (!info)
                        return false;
                settings_add_module(settings, config, info, NULL);
        } else {
                settings_add_main(settings, config, false);
        }
        config_print_defaults(settings, info, telling->print, telling->data);
        return true;
}

bool
config_tell(SettingsSource *source, const ConfigQuestion *question, CheckPrint print, void *data,
            GError **error)
{
        const Telling telling = {source, question, print, data};

        switch (question->what) {
        case CONFIG_SHOW:
                return show(&telling, error);
        case CONFIG_DESCRIBE:
                return describe(&telling, error);
        case CONFIG_DEFAULT:
                return tell_defaults(&telling, error);
        }
        g_assert_not_reached();
}

static bool
tell_loaded(const Config *config, const ConfigQuestion *question, CheckPrint print, void *data,
            ConfigFindings *findings, GError **error)
{
        MotetServer nothing = {0};
        g_autoptr(Modules) modules = modules_new(&nothing);
        g_auto(SettingsSource) source;

        settings_source_init(&source, config, modules);
        if (question->what == CONFIG_SHOW)
                modules_check(modules, config, findings);
        if (question->what == CONFIG_SHOW && findings->n_errors > 0) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "a configuration with errors is not in force");
                return false;
        }
        return config_tell(&source, question, print, data, error);
}

bool
config_tell_file(const char *file, const ConfigQuestion *question, CheckPrint print, void *data,
                 ConfigFindings *findings, GError **error)
{
        g_autoptr(Config) config = config_load(file, findings);

        if (!config && question->what == CONFIG_SHOW) {
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_CONFIG,
                            "there is no configuration that could be shown");
                return false;
        }
        if (!config) {
                g_autofree char *path = g_canonicalize_filename(file, NULL);
                g_autofree char *dir = g_path_get_dirname(path);
                ConfigFindings known;

                config_findings_init(&known);
                config = config_parse("", 0, dir, &known);
                config_findings_clear(&known);
        }
        return tell_loaded(config, question, print, data, findings, error);
}

/* The words */

static bool
fail_word(const char *word, const char *what, const char *const *known, GError **error)
{
        const char *near = suggest_nearest(word, known);
        g_autofree char *list = g_strjoinv(", ", (char **)known);

        if (near)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "config has no %s \"%s\"; did you mean \"%s\"?", what, word, near);
        else
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_USAGE,
                            "config has no %s \"%s\"; there are: %s", what, word, list);
        return false;
}

static bool
fail_text(const char *text, GError **error)
{
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_USAGE, text);
        return false;
}

/* Returns: how many of @words were understood; 0 with @error */
static unsigned
read_option(const char *const *words, ConfigQuestion *question, GError **error)
{
        static const char *const options[] = {"--host", "--json", NULL};
        bool has_value = g_str_has_prefix(words[0], "--host=");

        if (question->what != CONFIG_SHOW)
                return fail_text("only config show has options", error);
        if (strcmp(words[0], "--json") == 0) {
                question->json = true;
                return 1;
        }
        if (!has_value && strcmp(words[0], "--host") != 0)
                return fail_word(words[0], "option", options, error);
        if (!has_value && !words[1])
                return fail_text("the option --host needs a value", error);
        question->host = has_value ? words[0] + strlen("--host=") : words[1];
        return has_value ? 1 : 2;
}

bool
config_question_read(const char *const *words, ConfigQuestion *question, GError **error)
{
        static const char *const verbs[] = {[CONFIG_SHOW] = "show",
                                            [CONFIG_DESCRIBE] = "describe",
                                            [CONFIG_DEFAULT] = "default",
                                            NULL};
        unsigned verb = 0;

        *question = (ConfigQuestion){0};
        if (!words[0])
                return fail_text("usage: config show [NAME] [--host HOST] [--json], config default "
                                 "[MODULE], config describe OPTION",
                                 error);
        while (verbs[verb] && strcmp(verbs[verb], words[0]) != 0)
                verb++;
        if (!verbs[verb])
                return fail_word(words[0], "command", verbs, error);
        question->what = (ConfigTold)verb;
        for (words++; *words;) {
                if (g_str_has_prefix(*words, "--")) {
                        unsigned n = read_option(words, question, error);
                        if (n == 0)
                                return false;
                        words += n;
                } else if (question->name) {
                        return fail_text("too many arguments: one name is enough", error);
                } else {
                        question->name = *words++;
                }
        }
        if (question->what == CONFIG_DESCRIBE && !question->name)
                return fail_text("usage: config describe OPTION", error);
        return true;
}

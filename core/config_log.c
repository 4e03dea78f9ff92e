/*
 * config_log: level, levels of single modules, target, format and rate of the log.
 */
#include "core/config_log.h"

#include <string.h>

#include "core/config_module.h"
#include "core/config_value.h"
#include "core/suggest.h"

static const char *const keys[] = {"level", "modules", "target", "format", "lines_per_s", NULL};
/* In order of MotetLogLevel and LogFormat. */
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"auto", "journal", "text", "json", NULL};

static bool
read_word(const ConfigNode *node, const char *const *words, int *index_out,
          ConfigFindings *findings)
{
        const char *word;

        if (!config_value_word(node, words, &word, findings))
                return false;
        for (int i = 0; words[i]; i++) {
                if (words[i] == word)
                        *index_out = i;
        }
        return true;
}

static void
read_modules(Config *config, const ConfigNode *map, ConfigFindings *findings)
{
        if (!config_value_map(map, "a map from modules to levels", findings))
                return;
        for (unsigned i = 0; map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                int level = 0;
                if (read_word(entry->value, levels, &level, findings) &&
                    !log_levels_set(&config->log_levels, entry->key, level))
                        config_findings_add(findings, FINDING_CONFIG_OUT_OF_RANGE, map->file,
                                            entry->line, entry->column,
                                            "at most %u levels of single modules, with names of at "
                                            "most %u bytes",
                                            LOG_LEVELS_MAX, LOG_SOURCE_MAX - 1);
        }
}

static void
read_target(Config *config, const ConfigNode *node, ConfigFindings *findings)
{
        const char *text;

        if (!config_value_text(node, "stderr, journal or a path", &text, findings))
                return;
        bool is_word = g_str_equal(text, "stderr") || g_str_equal(text, "journal");
        char *target = NULL;
        if (is_word)
                target = g_strdup(text);
        else if (!config_value_path(node, config->dir, &target, findings))
                return;
        g_free(config->log_target);
        config->log_target = target;
}

static void
read_format(Config *config, const ConfigNode *node, ConfigFindings *findings)
{
        int format = 0;

        if (!read_word(node, formats, &format, findings))
                return;
        config->log_format = (LogFormat)format;
        bool to_journal = g_str_equal(config->log_target, "journal");
        bool to_file = g_path_is_absolute(config->log_target);
        if ((to_file && format == LOG_FORMAT_JOURNAL) ||
            (to_journal && (format == LOG_FORMAT_TEXT || format == LOG_FORMAT_JSON)))
                config_findings_add(findings, FINDING_CONFIG_CONTRADICTION, node->file, node->line,
                                    node->column, "format %s cannot be written to the target %s",
                                    formats[format], config->log_target);
}

void
config_log_read(Config *config, const ConfigNode *map, ConfigFindings *findings)
{
        static const int64_t range[2] = {0, 1000000};
        int level = 0;

        if (!config_value_map(map, "a map with level, modules, target, format and lines_per_s",
                              findings))
                return;
        config_value_keys(map, keys, FINDING_CONFIG_UNKNOWN_KEY, findings);

        const ConfigNode *node = config_node_entry(map, "level");
        if (node && read_word(node, levels, &level, findings))
                log_levels_set(&config->log_levels, NULL, level);
        node = config_node_entry(map, "modules");
        if (node)
                read_modules(config, node, findings);
        node = config_node_entry(map, "target");
        if (node)
                read_target(config, node, findings);
        node = config_node_entry(map, "format");
        if (node)
                read_format(config, node, findings);
        node = config_node_entry(map, "lines_per_s");
        if (node)
                config_value_integer(node, CONFIG_NUMBER, range, &config->log_lines_per_s,
                                     findings);
}

const char **
config_log_sources(const Config *config)
{
        static const char *const core[] = {MOTET_LOG_SOURCES "glib", "main"};
        GPtrArray *names = g_ptr_array_new();

        for (size_t i = 0; i < G_N_ELEMENTS(core); i++)
                g_ptr_array_add(names, (gpointer)core[i]);
        for (guint i = 0; i < config->modules->len; i++)
                g_ptr_array_add(names,
                                ((ConfigModule *)g_ptr_array_index(config->modules, i))->name);
        g_ptr_array_add(names, NULL);
        return (const char **)g_ptr_array_free(names, FALSE);
}

void
config_log_check(const Config *config, const ConfigNode *map, ConfigFindings *findings)
{
        const ConfigNode *modules = map ? config_node_entry(map, "modules") : NULL;
        g_autofree const char **sources = config_log_sources(config);

        for (unsigned i = 0; modules && modules->entries && i < modules->entries->len; i++) {
                const ConfigEntry *entry = modules->entries->pdata[i];
                if (g_strv_contains(sources, entry->key))
                        continue;
                const char *near = suggest_nearest(entry->key, sources);
                config_findings_add(findings, FINDING_CONFIG_UNKNOWN_KEY, modules->file,
                                    entry->line, entry->column,
                                    "neither a module nor a part of the core is called \"%s\"",
                                    entry->key);
                if (near)
                        config_findings_hint(findings, "did you mean \"%s\"?", near);
        }
}

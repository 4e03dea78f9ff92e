/*
 * config_confine: the part `confine:` of the main file.
 */
#include "core/config_confine.h"

#include <string.h>

#include "core/config_value.h"
#include "core/confine_list.h"

static const char *const keys[] = {"refused", "also", NULL};

const char *const config_confine_words[] = {
        [CONFIG_CONFINE_DENY] = "deny",
        [CONFIG_CONFINE_ABORT] = "abort",
        [CONFIG_CONFINE_OFF] = "off",
        NULL,
};

static void
read_refused(Config *config, const ConfigNode *node, ConfigFindings *findings)
{
        const char *word;

        if (!config_value_word(node, config_confine_words, &word, findings))
                return;
        for (int i = 0; config_confine_words[i]; i++) {
                if (strcmp(config_confine_words[i], word) == 0)
                        config->confine = (ConfigConfine)i;
        }
}

static void
read_also(Config *config, const ConfigNode *node, ConfigFindings *findings)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

        if (node->kind != CONFIG_LIST) {
                config_value_unexpected(node, "a list of files and folders", findings);
                return;
        }
        for (guint i = 0; i < node->items->len; i++) {
                const ConfigNode *item = g_ptr_array_index(node->items, i);
                g_autofree char *path = NULL;
                if (config_value_path(item, config->dir, &path, findings))
                        config_value_add_once(paths, path, item, findings);
        }
        g_strfreev(config->confine_also);
        config->confine_also = config_value_take_list(paths);
}

void
config_confine_read(Config *config, const ConfigNode *map, ConfigFindings *findings)
{
        if (!config_value_map(map, "a map with refused and also", findings))
                return;
        config_value_keys(map, keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
        const ConfigNode *refused = config_node_entry(map, "refused");
        if (refused)
                read_refused(config, refused, findings);
        const ConfigNode *also = config_node_entry(map, "also");
        if (also)
                read_also(config, also, findings);
}

ConfigConfine
config_confine_default(void)
{
        return confine_list_is_for_sanitizer() ? CONFIG_CONFINE_ABORT : CONFIG_CONFINE_DENY;
}

const char *
config_confine_word(ConfigConfine confine)
{
        return config_confine_words[confine];
}

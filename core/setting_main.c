/*
 * setting_main: the settings of the main file. Defaults are read from a configuration in which
 * nothing is set, so that they cannot differ from what the server does.
 */
#include <string.h>

#include "core/config_confine.h"
#include "core/config_limits.h"
#include "core/config_print.h"
#include "core/setting.h"

#define UNIT(duration_) ((duration_) ? CONFIG_DURATION : CONFIG_NUMBER)

typedef struct {
        MotetOption option; /* .fallback is not used */
        bool needs_restart;
        size_t offset;                        /* in Config, of a char * or int64_t */
        char *(*print)(const Config *config); /* NULL: what is at offset */
} Row;

/* What is being added. */
typedef struct {
        GPtrArray *settings;
        const Config *config, *defaults;
        bool named;
} Adding;

static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"auto", "journal", "text", "json", NULL};

static char *
print_hosts(const Config *config)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (guint i = 0; i < config->hosts->len; i++)
                g_ptr_array_add(names, ((ConfigHost *)config->hosts->pdata[i])->name);
        g_ptr_array_add(names, NULL);
        return names->len > 1 ? config_print_list((const char *const *)names->pdata) : NULL;
}

static char *
print_level(const Config *config)
{
        return g_strdup(log_level_name((MotetLogLevel)config->log_levels.level));
}

static char *
print_format(const Config *config)
{
        return g_strdup(formats[config->log_format]);
}

static char *
print_confine(const Config *config)
{
        return g_strdup(config_confine_word(config->confine));
}

static char *
print_confine_also(const Config *config)
{
        static const char *const none[] = {NULL};

        return config_print_list(config->confine_also ? (const char *const *)config->confine_also
                                                      : none);
}

#define TEXT(key_, type_, member_, restart_, help_)                                                \
        {                                                                                          \
                {.key = key_, .type = type_, .help = help_}, restart_, offsetof(Config, member_),  \
                        NULL                                                                       \
        }

/* In the order of the main file. */
static const Row rows[] = {
        {{.key = "hosts", .type = MOTET_OPTION_DOMAINS, .help = "The domains that are served."},
         false,
         0,
         print_hosts},
        TEXT("certificates.folder", MOTET_OPTION_PATH, certificates_dir, false,
             "Where certificates and their keys are looked for, by the names inside them."),
        {{.key = "certificates.look_every",
          .type = MOTET_OPTION_DURATION,
          .min = G_TIME_SPAN_SECOND,
          .max = G_TIME_SPAN_HOUR,
          .help = "How often renewed certificates are looked for."},
         false,
         offsetof(Config, certificates_period),
         NULL},
        TEXT("plugins_dir", MOTET_OPTION_PATH, plugins_dir, false,
             "The folder of drop-ins, one file a module."),
        TEXT("modules_dir", MOTET_OPTION_PATH, modules_dir, true,
             "The folder of the modules themselves."),
        TEXT("data_dir", MOTET_OPTION_PATH, data_dir, true,
             "Where everything durable is kept; default paths of modules are relative to it."),
        TEXT("control_socket", MOTET_OPTION_PATH, control_socket, true,
             "Where motetctl finds the running server."),
        TEXT("user", MOTET_OPTION_STRING, user, true,
             "Whom to become when started as root; unset, root is refused."),
        {{.key = "confine.refused",
          .type = MOTET_OPTION_ENUM,
          .values = config_confine_words,
          .help = "What becomes of a call of the system that a confined server may not make: it "
                  "fails "
                  "and is logged, or ends the server; off: the server is not confined."},
         true,
         0,
         print_confine},
        {{.key = "confine.also",
          .type = MOTET_OPTION_LIST,
          .help = "Files and folders that the confined server may use, beside those that are "
                  "named by other settings."},
         true,
         0,
         print_confine_also},
        {{.key = "log.level",
          .type = MOTET_OPTION_ENUM,
          .values = levels,
          .help = "What is logged: the level and those before it."},
         false,
         0,
         print_level},
        TEXT("log.target", MOTET_OPTION_STRING, log_target, false,
             "Where the log goes: stderr, journal, or the path of a file."),
        {{.key = "log.format",
          .type = MOTET_OPTION_ENUM,
          .values = formats,
          .help = "How lines are written; auto: fields under systemd, else text."},
         false,
         0,
         print_format},
        {{.key = "log.lines_per_s",
          .type = MOTET_OPTION_INT,
          .max = 1000000,
          .help = "Lines of one module in a second; beyond, they are counted only. 0: no limit."},
         false,
         offsetof(Config, log_lines_per_s),
         NULL},
        TEXT("storage.default", MOTET_OPTION_STRING, storage_default, true,
             "The backend that keeps what is not named under stores."),
        {{0}, false, 0, NULL},
};

static const MotetOption host_certificate = {
        .key = "hosts.HOST.certificate",
        .type = MOTET_OPTION_PATH,
        .help = "The certificate of this host; unset, it is looked for in certificates.folder."};
static const MotetOption host_key = {
        .key = "hosts.HOST.key", .type = MOTET_OPTION_PATH, .help = "The key of that certificate."};
static const MotetOption module_level = {.key = "log.modules.MODULE",
                                         .type = MOTET_OPTION_ENUM,
                                         .values = levels,
                                         .help = "What is logged of one module."};
static const MotetOption store_backend = {.key = "storage.stores.STORE",
                                          .type = MOTET_OPTION_STRING,
                                          .help = "The backend that keeps this store."};

static char *
print_row(const Row *row, const Config *config)
{
        const char *member = (const char *)config + row->offset;
        int64_t number;
        char *text;

        if (row->print)
                return row->print(config);
        if (row->option.type >= MOTET_OPTION_STRING) {
                memcpy(&text, member, sizeof text);
                return g_strdup(text);
        }
        memcpy(&number, member, sizeof number);
        return config_print_integer(UNIT(row->option.type == MOTET_OPTION_DURATION), number);
}

static const ConfigEntry *
find_entry(const ConfigNode *map, const char *key)
{
        for (guint i = 0; map && map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                if (strcmp(entry->key, key) == 0)
                        return entry;
        }
        return NULL;
}

/* Where @key, under the sections @one and @two (or NULL), is set. */
static void
set_origin(Setting *setting, const Config *config, const char *one, const char *two,
           const char *key)
{
        const ConfigNode *map = config->roots->len > 0 ? config->roots->pdata[0] : NULL;

        if (one)
                map = config_node_entry(map, one);
        if (two)
                map = config_node_entry(map, two);
        const ConfigEntry *entry = find_entry(map, key);
        if (!entry)
                return;
        setting->file = g_strdup(map->file);
        setting->line = entry->line;
}

static void
add_row(const Adding *adding, const Row *row)
{
        Setting *setting = settings_add(adding->settings, row->option.key, &row->option);
        g_auto(GStrv) parts = g_strsplit(row->option.key, ".", 2);

        setting->needs_restart = row->needs_restart;
        setting->value = print_row(row, adding->config);
        setting->fallback = print_row(row, adding->defaults);
        if (row->option.type == MOTET_OPTION_PATH)
                setting->fallback = setting_path_text(setting->fallback, adding->config);
        set_origin(setting, adding->config, parts[1] ? parts[0] : NULL, NULL,
                   parts[1] ? parts[1] : parts[0]);
}

static Setting *
add_named(const Adding *adding, const MotetOption *option, const char *name, const char *value)
{
        g_auto(GStrv) parts = g_strsplit(option->key, ".", 3);
        g_autofree char *key = g_strjoin(".", parts[0], name ? name : parts[1], parts[2], NULL);
        Setting *setting = settings_add(adding->settings, name ? key : option->key, option);

        setting->is_of_a_name = name == NULL;
        setting->value = g_strdup(value);
        return setting;
}

static void
add_host_file(const Adding *adding, const MotetOption *option, const ConfigHost *host,
              const char *value)
{
        Setting *setting = add_named(adding, option, host->name, value);
        const ConfigNode *node = config_node_entry(host->node, strrchr(option->key, '.') + 1);

        if (!node)
                return;
        setting->file = g_strdup(node->file);
        setting->line = node->line;
}

static void
add_hosts(const Adding *adding)
{
        if (!adding->named) {
                add_named(adding, &host_certificate, NULL, NULL);
                add_named(adding, &host_key, NULL, NULL);
                return;
        }
        for (guint i = 0; i < adding->config->hosts->len; i++) {
                const ConfigHost *host = adding->config->hosts->pdata[i];
                add_host_file(adding, &host_certificate, host, host->certificate);
                add_host_file(adding, &host_key, host, host->key);
        }
}

/* "log.modules.NAME": the name is the last part */
static void
add_below(const Adding *adding, const MotetOption *option, const char *name, const char *value,
          bool needs_restart)
{
        g_auto(GStrv) parts = g_strsplit(option->key, ".", 3);
        g_autofree char *key = g_strjoin(".", parts[0], parts[1], name ? name : parts[2], NULL);
        Setting *setting = settings_add(adding->settings, key, option);

        setting->is_of_a_name = name == NULL;
        setting->value = g_strdup(value);
        setting->needs_restart = needs_restart;
        if (name)
                set_origin(setting, adding->config, parts[0], parts[1], name);
}

static void
add_levels(const Adding *adding)
{
        const LogLevels *set = &adding->config->log_levels;

        if (!adding->named)
                add_below(adding, &module_level, NULL, NULL, false);
        for (unsigned i = 0; adding->named && i < set->n_of; i++) {
                int level = log_levels_of(set, set->of[i].source);
                add_below(adding, &module_level, set->of[i].source,
                          log_level_name((MotetLogLevel)level), false);
        }
}

static int
compare_names(const void *a, const void *b)
{
        return strcmp(a, b);
}

static void
add_stores(const Adding *adding)
{
        GHashTable *stores = adding->config->storage;
        g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(stores), compare_names);

        if (!adding->named)
                add_below(adding, &store_backend, NULL, NULL, true);
        for (const GList *link = names; adding->named && link; link = link->next)
                add_below(adding, &store_backend, link->data,
                          g_hash_table_lookup(stores, link->data), true);
}

static char *
print_limit(const ConfigLimit *limit)
{
        return limit->value < limit->min ? NULL : config_print_integer(limit->unit, limit->value);
}

static void
add_limit(const ConfigLimit *limit, void *data)
{
        static const MotetOptionType types[] = {[CONFIG_NUMBER] = MOTET_OPTION_INT,
                                                [CONFIG_SIZE] = MOTET_OPTION_SIZE,
                                                [CONFIG_DURATION] = MOTET_OPTION_DURATION};
        const Adding *adding = data;
        const MotetOption option = {.key = limit->key,
                                    .type = types[limit->unit],
                                    .min = limit->min,
                                    .max = limit->max,
                                    .help = limit->help};
        g_autofree char *key = limit->of ? g_strjoin(".", "limits", limit->of, limit->key, NULL)
                                         : g_strjoin(".", "limits", limit->key, NULL);
        Setting *setting = settings_add(adding->settings, key, &option);

        setting->value = print_limit(limit);
        set_origin(setting, adding->config, "limits", limit->of, limit->key);
}

/* Of the limits that were added last, from @first on: those of the default are the same ones. */
static void
take_default(const ConfigLimit *limit, void *data)
{
        GPtrArray *rest = data;
        Setting *setting = g_ptr_array_index(rest, 0);

        setting->fallback = print_limit(limit);
        g_ptr_array_remove_index(rest, 0);
}

static void
add_limits(Adding *adding)
{
        guint first = adding->settings->len;
        g_autoptr(GPtrArray) added = g_ptr_array_new();

        config_limits_foreach(&adding->config->limits, add_limit, adding);
        for (guint i = first; i < adding->settings->len; i++)
                g_ptr_array_add(added, adding->settings->pdata[i]);
        config_limits_foreach(&adding->defaults->limits, take_default, added);
}

void
settings_add_main(GPtrArray *settings, const Config *config, bool named)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) defaults = config_parse("", 0, config->dir, &findings);
        config_findings_clear(&findings);
        Adding adding = {settings, config, defaults, named};

        for (const Row *row = rows; row->option.key; row++) {
                add_row(&adding, row);
                if (row->print == print_hosts)
                        add_hosts(&adding);
        }
        add_stores(&adding);
        add_levels(&adding);
        add_limits(&adding);
}

/*
 * confine_needs: paths of the main file, options that are paths, and the words of descriptors.
 */
#include "core/confine_needs.h"

#include <motet/module.h>
#include <string.h>

#include "core/module_private.h"

#define READ "read:"
#define WRITE "write:"
#define SOCKET "socket:"
#define PROGRAMS "programs"
#define FAMILY_MAX 255

static void
need_free(void *data)
{
        ConfineNeed *need = data;

        g_free(need->what);
        g_free(need->path);
        g_free(need);
}

/* Returns: (borrowed) to be placed; @path NULL: nothing is needed, and there is nothing to place */
static ConfineNeed *
add(ConfineNeeds *needs, const char *what, const char *path, bool is_file, unsigned rights)
{
        ConfineNeed *need = g_new0(ConfineNeed, 1);

        need->what = g_strdup(what);
        need->path = g_strdup(path);
        need->is_file = is_file;
        need->rights = rights;
        g_ptr_array_add(needs->files, need);
        return need;
}

/* The main file */

static void
add_host(ConfineNeeds *needs, const ConfigHost *host)
{
        if (!host->certificate)
                return;
        g_autofree char *certificate = g_strdup_printf("hosts.%s.certificate", host->name);
        g_autofree char *key = g_strdup_printf("hosts.%s.key", host->name);

        add(needs, certificate, host->certificate, true, CONFINE_READ);
        if (host->key)
                add(needs, key, host->key, true, CONFINE_READ);
}

static void
add_main(ConfineNeeds *needs, const Config *config)
{
        add(needs, "the main file", config->file, true, CONFINE_READ);
        /* `motetctl module enable` has the server write drop-ins. */
        add(needs, "plugins_dir", config->plugins_dir, false, CONFINE_READ | CONFINE_WRITE);
        add(needs, "modules_dir", config->modules_dir, false, CONFINE_READ);
        add(needs, "data_dir", config->data_dir, false, CONFINE_READ | CONFINE_WRITE);
        add(needs, "control_socket", config->control_socket, true, CONFINE_SOCKETS);
        add(needs, "certificates.folder", config->certificates_dir, false, CONFINE_READ);
        for (guint i = 0; i < config->hosts->len; i++)
                add_host(needs, g_ptr_array_index(config->hosts, i));
        if (g_path_is_absolute(config->log_target))
                add(needs, "log.target", config->log_target, true, CONFINE_READ | CONFINE_WRITE);
        unsigned also =
                CONFINE_READ | CONFINE_WRITE | (needs->calls.programs ? CONFINE_EXECUTE : 0);
        for (char **path = config->confine_also; path && *path; path++)
                add(needs, "confine.also", *path, false, also);
        for (guint i = 0; i < needs->files->len; i++)
                ((ConfineNeed *)g_ptr_array_index(needs->files, i))->place = config->file;
}

/* Modules */

/* Of one module, with its options on one host. */
typedef struct {
        ConfineNeeds *needs;
        const ModuleWanted *module;
        const Config *config;
        const OptionValues *values;
} Reader;

static void
add_of_module(const Reader *reader, const char *key, const char *path, bool is_file,
              unsigned rights)
{
        const ConfigNode *place = &reader->module->config->place;
        g_autofree char *what = g_strdup_printf("%s.%s", reader->module->config->name, key);
        ConfineNeed *need = add(reader->needs, what, path, is_file, rights);

        need->place = place->file;
        need->line = place->line;
}

/* A secret in a file of its own is read again with each reload. */
static void
add_secret(const Reader *reader, const char *key, const ConfigNode *options)
{
        const ConfigNode *node = config_node_entry(options, key);
        const ConfigNode *file = node ? config_node_entry(node, "file") : NULL;

        if (!file || !file->text)
                return;
        g_autofree char *path = g_canonicalize_filename(file->text, reader->config->dir);
        add_of_module(reader, key, path, true, CONFINE_READ);
}

static void
add_secrets(const Reader *reader, const char *key)
{
        const ConfigModule *module = reader->module->config;

        add_secret(reader, key, module->options);
        for (guint i = 0; module->host_options && i < module->host_options->len; i++)
                add_secret(reader, key,
                           ((ConfigEntry *)g_ptr_array_index(module->host_options, i))->value);
}

static void
add_options(const Reader *reader)
{
        const MotetOption *row = reader->module->object->info->options;
        unsigned rights = CONFINE_READ | (reader->needs->calls.programs ? CONFINE_EXECUTE : 0);

        for (; row && row->key; row++) {
                const char *path = row->type == MOTET_OPTION_PATH
                                           ? option_values_text(reader->values, row->key)
                                           : NULL;
                if (row->type == MOTET_OPTION_SECRET)
                        add_secrets(reader, row->key);
                if (!path)
                        continue;
                add_of_module(reader, row->key, path, false, rights);
                add_of_module(reader, row->key, path, true, CONFINE_READ);
        }
}

/* @what: an absolute path, or the key of an option that is one, whose folder is meant. */
static void
add_named(const Reader *reader, const char *what, unsigned rights)
{
        const char *path = *what == '/' ? what : option_values_text(reader->values, what);

        if (!path)
                return;
        add_of_module(reader, what, path, false, rights);
        if (*what != '/')
                add_of_module(reader, what, path, true, rights);
}

static void
add_family(ConfineCalls *calls, const char *number)
{
        int64_t family;

        if (config_parse_int(number, &family) && calls->n_families < CONFINE_FAMILIES_MAX)
                calls->families[calls->n_families++] = (uint32_t)family;
}

static void
add_words(const Reader *reader)
{
        const char *const *word = reader->module->object->info->needs;

        for (; word && *word; word++) {
                if (g_str_has_prefix(*word, READ))
                        add_named(reader, *word + strlen(READ), CONFINE_READ);
                else if (g_str_has_prefix(*word, WRITE))
                        add_named(reader, *word + strlen(WRITE), CONFINE_READ | CONFINE_WRITE);
                else if (g_str_has_prefix(*word, SOCKET))
                        add_family(&reader->needs->calls, *word + strlen(SOCKET));
        }
}

/* @host NULL: of server scope. */
static void
read_module(ConfineNeeds *needs, const ModuleWanted *module, const char *host, const Config *config)
{
        ConfigFindings known;

        config_findings_init(&known);
        OptionValues *values = module_read_options(module, host, config, &known);
        const Reader reader = {needs, module, config, values};

        add_options(&reader);
        add_words(&reader);
        option_values_free(values);
        config_findings_clear(&known);
}

static bool
starts_programs(const MotetModuleInfo *info)
{
        return info->needs && g_strv_contains(info->needs, PROGRAMS);
}

void
confine_needs_read(ConfineNeeds *needs, const Config *config, const GPtrArray *wanted)
{
        *needs = (ConfineNeeds){.files = g_ptr_array_new_with_free_func(need_free)};

        for (guint i = 0; i < wanted->len && !needs->programs_for; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                if (starts_programs(module->object->info))
                        needs->programs_for = g_strdup(module->config->name);
        }
        needs->calls.programs = needs->programs_for != NULL;
        add_main(needs, config);
        for (guint i = 0; i < wanted->len; i++) {
                const ModuleWanted *module = g_ptr_array_index(wanted, i);
                if (!module->hosts[0])
                        read_module(needs, module, NULL, config);
                for (unsigned j = 0; module->hosts[j]; j++)
                        read_module(needs, module, module->hosts[j], config);
        }
}

void
confine_needs_clear(ConfineNeeds *needs)
{
        g_clear_pointer(&needs->files, g_ptr_array_unref);
        g_clear_pointer(&needs->programs_for, g_free);
}

/* Descriptors */

static bool
is_path_option(const MotetModuleInfo *info, const char *key)
{
        for (const MotetOption *row = info->options; row && row->key; row++) {
                if (strcmp(row->key, key) == 0)
                        return row->type == MOTET_OPTION_PATH;
        }
        return false;
}

static bool
is_word(const MotetModuleInfo *info, const char *word)
{
        int64_t family;

        if (strcmp(word, PROGRAMS) == 0)
                return true;
        if (g_str_has_prefix(word, SOCKET))
                return config_parse_int(word + strlen(SOCKET), &family) && family > 0 &&
                       family <= FAMILY_MAX;
        const char *what = g_str_has_prefix(word, READ)    ? word + strlen(READ)
                           : g_str_has_prefix(word, WRITE) ? word + strlen(WRITE)
                                                           : NULL;
        return what && (*what == '/' || is_path_option(info, what));
}

bool
confine_needs_check(const MotetModuleInfo *info, ConfigFindings *findings)
{
        g_autofree char *place = g_strdup_printf("module %s", info->name);
        unsigned n_before = findings->n_errors;
        unsigned n_families = 0;

        for (const char *const *word = info->needs; word && *word; word++) {
                if (!is_word(info, *word))
                        config_findings_add(findings, FINDING_CONFIG_UNUSABLE_MODULE, place, 0, 0,
                                            ".needs has \"%s\", which is none of \"programs\", "
                                            "\"read:\" and \"write:\" with an absolute path or an "
                                            "option that is a path, and \"socket:\" with the "
                                            "number of a family",
                                            *word);
                n_families += g_str_has_prefix(*word, SOCKET) ? 1 : 0;
        }
        if (n_families > CONFINE_FAMILIES_MAX)
                config_findings_add(findings, FINDING_CONFIG_UNUSABLE_MODULE, place, 0, 0,
                                    ".needs has %u families of sockets: at most %d", n_families,
                                    CONFINE_FAMILIES_MAX);
        return findings->n_errors == n_before;
}

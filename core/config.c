/*
 * config: the main file and the drop-ins, read as a whole so that one run lists every mistake.
 */
#include "core/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/config_confine.h"
#include "core/config_domain.h"
#include "core/config_limits.h"
#include "core/config_log.h"
#include "core/config_module.h"
#include "core/config_value.h"
#include "core/config_yaml.h"
#include "core/denial.h"

#define CERTIFICATES_PERIOD (5 * G_TIME_SPAN_SECOND)

static const char *const main_keys[] = {
        "hosts",          "certificates", "plugins_dir", "modules_dir", "data_dir",
        "control_socket", "user",         "confine",     "log",         "storage",
        "limits",         "modules",      NULL,
};
static const char *const host_keys[] = {"certificate", "key", NULL};
static const char *const certificates_keys[] = {"folder", "look_every", NULL};
static const char *const storage_keys[] = {"default", "stores", NULL};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigModule, config_module_free)

static void
config_host_free(ConfigHost *host)
{
        g_free(host->name);
        g_free(host->certificate);
        g_free(host->key);
        g_free(host);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConfigHost, config_host_free)

/* Returns: (own) at most CONFIG_FILE_MAX + 1 bytes, so that a larger file is noticed; NULL with
 * errno. */
static GString *
read_descriptor(int fd)
{
        g_autoptr(GString) text = g_string_new(NULL);
        struct stat status;

        if (fstat(fd, &status) < 0)
                return NULL;
        if (!S_ISREG(status.st_mode)) {
                errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
                return NULL;
        }
        while (text->len <= CONFIG_FILE_MAX) {
                char buffer[16384];
                ssize_t n = read(fd, buffer, sizeof buffer);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return NULL;
                if (n == 0)
                        break;
                g_string_append_len(text, buffer, n);
        }
        return g_steal_pointer(&text);
}

/* Returns: (own) NULL with a finding. */
static GString *
read_file(const char *path, ConfigFindings *findings)
{
        /* O_NONBLOCK: opening a pipe must not wait for its other end. */
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        GString *text = fd < 0 ? NULL : read_descriptor(fd);
        int error = errno;

        if (fd >= 0)
                close(fd);
        if (!text) {
                g_autofree char *why = denial_text(path, R_OK, error);
                config_findings_add(findings, FINDING_CONFIG_UNREADABLE, path, 0, 0,
                                    "cannot be read: %s", why);
        }
        return text;
}

/* @path_take and the tree belong to @config from then on. */
static ConfigNode *
add_tree(Config *config, char *path_take, const GString *text, ConfigFindings *findings)
{
        g_ptr_array_add(config->files, path_take);
        ConfigNode *root = config_yaml_parse(text->str, text->len, path_take, findings);
        if (root)
                g_ptr_array_add(config->roots, root);
        return root;
}

static void
found_at(const ConfigNode *map, const ConfigEntry *entry, FindingId id, ConfigFindings *findings,
         const char *text)
{
        config_findings_add(findings, id, map->file, entry->line, entry->column, "\"%s\" %s",
                            entry->key, text);
}

static const ConfigHost *
find_host(const Config *config, const char *name)
{
        for (unsigned i = 0; i < config->hosts->len; i++) {
                const ConfigHost *host = config->hosts->pdata[i];
                if (g_str_equal(host->name, name))
                        return host;
        }
        return NULL;
}

static void
read_certificate(const Config *config, ConfigHost *host, ConfigFindings *findings)
{
        const ConfigNode *certificate = config_node_entry(host->node, "certificate");
        const ConfigNode *key = config_node_entry(host->node, "key");

        if (!certificate != !key) {
                const ConfigNode *given = certificate ? certificate : key;
                config_findings_add(findings, FINDING_CONFIG_CERTIFICATE_PAIR, given->file,
                                    given->line, given->column,
                                    "certificate and key belong together, %s is missing",
                                    certificate ? "key" : "certificate");
        }
        if (certificate)
                config_value_path(certificate, config->dir, &host->certificate, findings);
        if (key)
                config_value_path(key, config->dir, &host->key, findings);
}

static void
read_host(Config *config, const ConfigNode *map, const ConfigEntry *entry, ConfigFindings *findings)
{
        const ConfigNode place = {.file = map->file, .line = entry->line, .column = entry->column};
        g_autofree char *name = config_domain_read(entry->key, &place, findings);
        bool good = config_value_map(entry->value, "a map with certificate and key, or nothing",
                                     findings);

        if (good)
                config_value_keys(entry->value, host_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
        if (!name)
                return;
        if (find_host(config, name)) {
                found_at(map, entry, FINDING_DOMAINS_DUPLICATE, findings,
                         "is the same host as one above");
                return;
        }
        g_autoptr(ConfigHost) host = g_new0(ConfigHost, 1);
        host->name = g_steal_pointer(&name);
        host->node = entry->value;
        read_certificate(config, host, findings);
        g_ptr_array_add(config->hosts, g_steal_pointer(&host));
}

static void
read_hosts(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        const ConfigNode *map = config_node_entry(root, "hosts");

        if (!map) {
                config_findings_add(findings, FINDING_CONFIG_MISSING_KEY, config->file, 0, 0,
                                    "the key \"hosts\" is missing");
                return;
        }
        if (map->kind != CONFIG_MAP || map->entries->len == 0) {
                config_value_unexpected(map, "a map with at least one host", findings);
                return;
        }
        for (unsigned i = 0; i < map->entries->len; i++)
                read_host(config, map, map->entries->pdata[i], findings);
}

static void
read_path(const Config *config, const ConfigNode *root, const char *key, char **path,
          ConfigFindings *findings)
{
        const ConfigNode *node = config_node_entry(root, key);

        if (!node)
                return;
        char *value;
        if (config_value_path(node, config->dir, &value, findings)) {
                g_free(*path);
                *path = value;
        }
}

static void
read_certificates(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        static const int64_t range[2] = {G_TIME_SPAN_SECOND, G_TIME_SPAN_HOUR};
        const ConfigNode *map = config_node_entry(root, "certificates");

        if (!map || !config_value_map(map, "a map with folder and look_every", findings))
                return;
        config_value_keys(map, certificates_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
        read_path(config, map, "folder", &config->certificates_dir, findings);
        const ConfigNode *period = config_node_entry(map, "look_every");
        if (period)
                config_value_integer(period, CONFIG_DURATION, range, &config->certificates_period,
                                     findings);
}

static void
read_control_socket(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        enum { ROOM = sizeof((struct sockaddr_un){0}.sun_path) };
        const ConfigNode *node = config_node_entry(root, "control_socket");

        read_path(config, root, "control_socket", &config->control_socket, findings);
        if (strlen(config->control_socket) >= ROOM)
                config_findings_add(
                        findings, FINDING_CONFIG_SOCKET_PATH, config->file, node ? node->line : 0,
                        node ? node->column : 0,
                        "control_socket: the path of a unix socket has at most %d bytes: %s",
                        ROOM - 1, config->control_socket);
}

static void
read_user(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        const ConfigNode *node = config_node_entry(root, "user");
        const char *name;

        if (!node || !config_value_text(node, "a user name", &name, findings))
                return;
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
        if (n == 0 || n > 31 || name[n] || name[0] == '-' || g_ascii_isdigit(name[0]))
                config_value_unexpected(node, "a user name", findings);
        else if (g_str_equal(name, "root"))
                config_findings_add(findings, FINDING_CONFIG_ROOT, node->file, node->line,
                                    node->column, "the server does not run as root");
        else
                config->user = g_strdup(name);
}

static bool
read_name(const ConfigNode *node, const char *what, const char **name_out, ConfigFindings *findings)
{
        if (!config_value_text(node, what, name_out, findings))
                return false;
        if (config_module_is_name(*name_out))
                return true;
        config_value_unexpected(node, what, findings);
        return false;
}

static void
read_stores(Config *config, const ConfigNode *map, ConfigFindings *findings)
{
        if (!config_value_map(map, "a map from stores to backends", findings))
                return;
        for (unsigned i = 0; map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                const char *backend;
                if (!config_module_is_name(entry->key))
                        found_at(map, entry, FINDING_CONFIG_BAD_NAME, findings,
                                 "is no name of a store: lower-case letters, digits and _");
                else if (read_name(entry->value, "the name of a backend", &backend, findings))
                        g_hash_table_insert(config->storage, g_strdup(entry->key),
                                            g_strdup(backend));
        }
}

static void
read_storage(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        const ConfigNode *map = config_node_entry(root, "storage");
        const char *backend;

        if (!map || !config_value_map(map, "a map with default and stores", findings))
                return;
        config_value_keys(map, storage_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
        const ConfigNode *fallback = config_node_entry(map, "default");
        if (fallback && read_name(fallback, "the name of a backend", &backend, findings)) {
                g_free(config->storage_default);
                config->storage_default = g_strdup(backend);
        }
        const ConfigNode *stores = config_node_entry(map, "stores");
        if (stores)
                read_stores(config, stores, findings);
}

static void
read_module(Config *config, const ConfigEntry *entry, ConfigFindings *findings)
{
        ConfigModule *module = config_module_read(config, entry->key, entry->value, findings);

        module->place.line = entry->line;
        module->place.column = entry->column;
        g_ptr_array_add(config->modules, module);
}

static void
read_modules(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        const ConfigNode *map = config_node_entry(root, "modules");

        if (!map || !config_value_map(map, "a map from modules to their settings", findings))
                return;
        for (unsigned i = 0; map->entries && i < map->entries->len; i++) {
                const ConfigEntry *entry = map->entries->pdata[i];
                if (!config_module_is_name(entry->key))
                        found_at(map, entry, FINDING_CONFIG_BAD_NAME, findings,
                                 "is no name of a module: lower-case letters, digits and _");
                else
                        read_module(config, entry, findings);
        }
}

static void
read_main(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        if (!config_value_map(root, "a map", findings))
                return;
        config_value_keys(root, main_keys, FINDING_CONFIG_UNKNOWN_KEY, findings);
        read_hosts(config, root, findings);
        read_certificates(config, root, findings);
        read_path(config, root, "plugins_dir", &config->plugins_dir, findings);
        read_path(config, root, "modules_dir", &config->modules_dir, findings);
        read_path(config, root, "data_dir", &config->data_dir, findings);
        read_control_socket(config, root, findings);
        read_user(config, root, findings);
        const ConfigNode *confine = config_node_entry(root, "confine");
        if (confine)
                config_confine_read(config, confine, findings);
        const ConfigNode *log = config_node_entry(root, "log");
        if (log)
                config_log_read(config, log, findings);
        read_storage(config, root, findings);
        const ConfigNode *limits = config_node_entry(root, "limits");
        if (limits)
                config_limits_read(limits, &config->limits, findings);
        read_modules(config, root, findings);
}

/*
 * Of a text that cannot be read the place of the control socket is read all the same, where it
 * stands before the mistake: a server that runs with an older one must be found.
 */
static const ConfigNode *
read_main_text(Config *config, const GString *text, ConfigFindings *findings)
{
        const ConfigNode *root = add_tree(config, g_strdup(config->file), text, findings);

        if (root) {
                read_main(config, root, findings);
                return root;
        }
        config->is_cut = true;
        g_autoptr(ConfigNode) head = config_yaml_parse_head(text->str, text->len, config->file);
        ConfigFindings silence;
        config_findings_init(&silence);
        if (head && head->kind == CONFIG_MAP)
                read_control_socket(config, head, &silence);
        config_findings_clear(&silence);
        return NULL;
}

static Config *
config_new(const char *file, const char *dir)
{
        Config *config = g_new0(Config, 1);

        config->file = g_strdup(file);
        config->dir = g_strdup(dir);
        config->certificates_dir = g_build_filename(dir, "certs", NULL);
        config->certificates_period = CERTIFICATES_PERIOD;
        config->plugins_dir = g_build_filename(dir, "plugins.d", NULL);
        config->modules_dir = g_strdup(MOTET_MODULES_DIR);
        config->data_dir = g_build_filename(dir, "data", NULL);
        config->control_socket = g_build_filename(dir, "motet.sock", NULL);
        config->confine = config_confine_default();
        config->log_levels.level = MOTET_LOG_INFO;
        config->log_lines_per_s = LOG_LINES_PER_S;
        config->log_target = g_strdup("stderr");
        config->storage_default = g_strdup("sqlite");
        config->storage = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        limits_default(&config->limits);
        config->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)config_host_free);
        config->modules = g_ptr_array_new_with_free_func((GDestroyNotify)config_module_free);
        config->roots = g_ptr_array_new_with_free_func((GDestroyNotify)config_node_free);
        config->files = g_ptr_array_new_with_free_func(g_free);
        return config;
}

void
config_free(Config *config)
{
        if (!config)
                return;
        g_ptr_array_unref(config->hosts);
        g_ptr_array_unref(config->modules);
        g_ptr_array_unref(config->roots);
        g_ptr_array_unref(config->files);
        g_hash_table_unref(config->storage);
        g_free(config->storage_default);
        g_free(config->log_target);
        g_free(config->user);
        g_strfreev(config->confine_also);
        g_free(config->control_socket);
        g_free(config->data_dir);
        g_free(config->modules_dir);
        g_free(config->plugins_dir);
        g_free(config->certificates_dir);
        g_free(config->dir);
        g_free(config->file);
        g_free(config);
}

static void
load_drop_in(Config *config, const char *name, ConfigFindings *findings)
{
        g_autofree char *path = g_build_filename(config->plugins_dir, name, NULL);
        g_autofree char *module = g_strndup(name, strlen(name) - strlen(".yaml"));

        if (!config_module_is_name(module)) {
                config_findings_add(findings, FINDING_CONFIG_IGNORED_FILE, path, 0, 0,
                                    "ignored: a drop-in is named <module>.yaml, in lower-case "
                                    "letters, digits and _");
                return;
        }
        g_autoptr(GString) text = read_file(path, findings);
        if (!text)
                return;
        ConfigNode *root = add_tree(config, g_strdup(path), text, findings);
        const ConfigModule *other = config_module(config, module);
        if (other) {
                config_findings_add(findings, FINDING_CONFIG_DUPLICATE_MODULE, path, 0, 0,
                                    "%s is configured already in %s, line %u", module,
                                    other->place.file, other->place.line);
                return;
        }
        if (root)
                g_ptr_array_add(config->modules,
                                config_module_read(config, module, root, findings));
}

static int
compare_names(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns: (own) names in order, NULL with a finding or when there is no folder. */
static GPtrArray *
list_drop_ins(const Config *config, const ConfigNode *named, ConfigFindings *findings)
{
        const unsigned line = named ? named->line : 0, column = named ? named->column : 0;
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = g_dir_open(config->plugins_dir, 0, &error);
        const int code = errno;
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        const char *name;

        if (!dir) {
                /* The default folder need not be there: one file may say everything. */
                if (named || !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
                        const char *confined = denial_advice(config->plugins_dir, R_OK, code);
                        config_findings_add(findings, FINDING_CONFIG_PLUGINS_DIR, config->file,
                                            line, column, "plugins_dir: %s%s%s",
                                            confined ? config->plugins_dir : error->message,
                                            confined ? ": " : "", confined ? confined : "");
                }
                return NULL;
        }
        for (errno = 0; (name = g_dir_read_name(dir)); errno = 0)
                if (name[0] != '.' && g_str_has_suffix(name, ".yaml"))
                        g_ptr_array_add(names, g_strdup(name));
        /* Half of the modules would be another server: readdir(3) tells the end from a failure by
         * errno. */
        if (errno != 0) {
                config_findings_add(findings, FINDING_CONFIG_PLUGINS_DIR, config->file, line,
                                    column, "plugins_dir: %s cannot be read: %s",
                                    config->plugins_dir, g_strerror(errno));
                return NULL;
        }
        g_ptr_array_sort(names, compare_names);
        return g_steal_pointer(&names);
}

static void
load_drop_ins(Config *config, const ConfigNode *root, ConfigFindings *findings)
{
        const ConfigNode *named = root ? config_node_entry(root, "plugins_dir") : NULL;
        g_autoptr(GPtrArray) names = list_drop_ins(config, named, findings);

        if (!names)
                return;
        for (unsigned i = 0; i < names->len; i++)
                load_drop_in(config, names->pdata[i], findings);
}

Config *
config_load(const char *file, ConfigFindings *findings)
{
        g_autofree char *path = g_canonicalize_filename(file, NULL);
        g_autofree char *dir = g_path_get_dirname(path);
        g_autoptr(GString) text = read_file(path, findings);

        if (!text)
                return NULL;
        Config *config = config_new(path, dir);
        const ConfigNode *root = read_main_text(config, text, findings);
        load_drop_ins(config, root, findings);
        config_log_check(config, root ? config_node_entry(root, "log") : NULL, findings);
        config_findings_sort(findings);
        return config;
}

Config *
config_parse(const char *text, gssize len, const char *dir, ConfigFindings *findings)
{
        g_autofree char *path = g_build_filename(dir, "motet.yaml", NULL);
        g_autoptr(GString) whole = len < 0 ? g_string_new(text) : g_string_new_len(text, len);
        Config *config = config_new(path, dir);

        const ConfigNode *root = read_main_text(config, whole, findings);
        config_log_check(config, root ? config_node_entry(root, "log") : NULL, findings);
        config_findings_sort(findings);
        return config;
}

const ConfigModule *
config_module(const Config *config, const char *name)
{
        for (unsigned i = 0; i < config->modules->len; i++) {
                const ConfigModule *module = config->modules->pdata[i];
                if (g_str_equal(module->name, name))
                        return module;
        }
        return NULL;
}

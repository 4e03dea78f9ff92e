/*
 * check_unit: the unit with its drop-ins, and who holds the control socket.
 *
 * Source: systemd.unit(5) (where units and their drop-ins are), systemd.syntax(7) (lines), unix(7)
 * (SO_PEERCRED).
 */
#include "core/check_unit.h"

#include <string.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
        const char *name, *section;
} Kind;

static const Kind service_kind = {"motet.service", "[Service]"};
static const Kind socket_kind = {"motet.socket", "[Socket]"};

enum { FILE_MAX_BYTES = 64 * 1024 };

/* The first that has the unit is the one that counts; drop-ins of all do. */
static const char *const unit_dirs[] = {
        "/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system", "/lib/systemd/system",
};

/* A further line adds to these, an empty one takes back what was said. */
static const char *const lists[] = {
        "AmbientCapabilities",     "CapabilityBoundingSet", "ExecStart", "ListenStream",
        "RestrictAddressFamilies", "SystemCallFilter",      NULL,
};

static void
setting_free(void *data)
{
        CheckUnitSetting *setting = data;

        g_free(setting->value);
        g_free(setting->file);
        g_free(setting);
}

static void
take_setting(CheckUnit *unit, const char *name, const char *value, const char *path)
{
        const CheckUnitSetting *had = g_hash_table_lookup(unit->settings, name);
        CheckUnitSetting *setting = g_new0(CheckUnitSetting, 1);
        bool adds = had && *had->value && *value && g_strv_contains(lists, name);

        setting->value = adds ? g_strdup_printf("%s %s", had->value, value) : g_strdup(value);
        setting->file = g_strdup(path);
        g_hash_table_replace(unit->settings, g_strdup(name), setting);
}

static void
take_line(CheckUnit *unit, const Kind *kind, char *line, bool *is_section, const char *path)
{
        line = g_strstrip(line);
        if (*line == '[')
                *is_section = strcmp(line, kind->section) == 0;
        char *equals = strchr(line, '=');
        if (!*is_section || !equals || *line == '#' || *line == ';')
                return;
        *equals = '\0';
        take_setting(unit, g_strchomp(line), g_strchug(equals + 1), path);
}

static bool
read_unit_file(const char *path, const Kind *kind, CheckUnit *unit)
{
        g_autofree char *text = NULL;
        bool is_section = false;
        gsize len;

        if (!g_file_get_contents(path, &text, &len, NULL) || len > FILE_MAX_BYTES)
                return false;
        for (char *at = text; (at = strstr(at, "\\\n"));)
                memcpy(at, "  ", 2);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                take_line(unit, kind, *line, &is_section, path);
        return true;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/* From the least to the most important folder: a file of the same name replaces another. */
static void
read_drop_ins(const char *root, const Kind *kind, CheckUnit *unit)
{
        g_autoptr(GHashTable) paths =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        GHashTableIter iter;
        gpointer key;

        for (size_t i = G_N_ELEMENTS(unit_dirs); i-- > 0;) {
                g_autofree char *folder =
                        g_strconcat(root, unit_dirs[i], "/", kind->name, ".d", NULL);
                g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
                const char *name;
                while (dir && (name = g_dir_read_name(dir)))
                        if (g_str_has_suffix(name, ".conf"))
                                g_hash_table_replace(paths, g_strdup(name),
                                                     g_build_filename(folder, name, NULL));
        }
        g_hash_table_iter_init(&iter, paths);
        while (g_hash_table_iter_next(&iter, &key, NULL))
                g_ptr_array_add(names, key);
        g_ptr_array_sort(names, compare_names);
        for (guint i = 0; i < names->len; i++)
                read_unit_file(g_hash_table_lookup(paths, names->pdata[i]), kind, unit);
}

static void
read_unit(const char *root, const Kind *kind, CheckUnit *unit)
{
        *unit = (CheckUnit){
                .settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, setting_free)};
        for (size_t i = 0; i < G_N_ELEMENTS(unit_dirs); i++) {
                g_autofree char *path = g_strconcat(root, unit_dirs[i], "/", kind->name, NULL);
                if (!read_unit_file(path, kind, unit))
                        continue;
                read_drop_ins(root, kind, unit);
                unit->file = g_steal_pointer(&path);
                return;
        }
}

void
check_unit_read(const char *root, CheckUnit *unit)
{
        read_unit(root, &service_kind, unit);
}

void
check_unit_read_socket(const char *root, CheckUnit *unit)
{
        read_unit(root, &socket_kind, unit);
}

void
check_unit_clear(CheckUnit *unit)
{
        g_free(unit->file);
        g_clear_pointer(&unit->settings, g_hash_table_unref);
}

const CheckUnitSetting *
check_unit_setting(const CheckUnit *unit, const char *name)
{
        return g_hash_table_lookup(unit->settings, name);
}

bool
check_unit_is_for(const CheckUnit *unit, const char *config_file)
{
        const CheckUnitSetting *start = check_unit_setting(unit, "ExecStart");

        if (!unit->file || !start)
                return false;
        g_auto(GStrv) words = g_strsplit_set(start->value, " \t", -1);
        return g_strv_contains((const char *const *)words, config_file);
}

bool
check_unit_server(const char *path, struct ucred *out)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct ucred credentials = {0};
        socklen_t len = sizeof credentials;

        if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
                return false;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return false;
        bool is_there = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) == 0;
        close(fd);
        if (is_there)
                *out = credentials;
        return is_there;
}

/*
 * check_system: /proc, and what the unit allows.
 *
 * Source: proc(5), systemd.exec(5) (LimitNOFILE=), systemd.resource-control(5) (MemoryMax=).
 */
#include "core/check_system.h"

#include <string.h>
#include <sys/resource.h>

#include "core/check_unit.h"

enum { FILE_MAX_BYTES = 64 * 1024 };

/* Returns: (own) NULL when there is no such file, or a larger one than can be meant */
static char *
read_small(const char *path)
{
        char *text = NULL;
        gsize len;

        if (!g_file_get_contents(path, &text, &len, NULL))
                return NULL;
        if (len > FILE_MAX_BYTES)
                g_clear_pointer(&text, g_free);
        return text;
}

static bool
parse_number(const char *text, uint64_t *out)
{
        guint64 value;

        if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &value, NULL))
                return false;
        *out = value;
        return true;
}

bool
check_system_sysctl(const char *root, const char *name, unsigned index, uint64_t *out)
{
        g_autofree char *relative = g_strdelimit(g_strdup(name), ".", '/');
        g_autofree char *path = g_strconcat(root, "/proc/sys/", relative, NULL);
        g_autofree char *text = read_small(path);

        if (!text)
                return false;
        g_auto(GStrv) numbers = g_strsplit_set(g_strstrip(text), " \t", -1);
        return index < g_strv_length(numbers) && parse_number(numbers[index], out);
}

/* "soft:hard", "number" or "infinity": the hard one, to which the server raises the soft one. */
static bool
parse_limit(const char *text, uint64_t *out)
{
        const char *colon = strchr(text, ':');
        const char *hard = colon ? colon + 1 : text;

        if (strcmp(hard, "infinity") != 0)
                return parse_number(hard, out);
        *out = G_MAXUINT64;
        return true;
}

/* Bytes, with a factor of 1024, or per cent of @whole. */
static bool
parse_memory(const char *text, uint64_t whole, uint64_t *out)
{
        static const char units[] = "KMGT";
        size_t n = strlen(text);
        const char *unit = n > 1 ? strchr(units, text[n - 1]) : NULL;
        bool is_percent = n > 1 && text[n - 1] == '%';
        g_autofree char *digits = g_strndup(text, n - (unit || is_percent ? 1 : 0));
        uint64_t value, factor = 1;

        if (n == 0 || !parse_number(digits, &value))
                return false;
        for (const char *u = units; unit && u <= unit; u++)
                factor *= 1024;
        if (is_percent) {
                *out = value >= 100 ? whole : whole / 100 * value;
                return true;
        }
        return !__builtin_mul_overflow(value, factor, out);
}

/* The running server */

/* "Max open files            1024                 524288               files" */
static bool
read_process_limit(const char *root, pid_t pid, uint64_t *out)
{
        static const char title[] = "Max open files";
        g_autofree char *path = g_strdup_printf("%s/proc/%d/limits", root, (int)pid);
        g_autofree char *text = read_small(path);
        const char *at = text ? strstr(text, title) : NULL;

        if (!at)
                return false;
        at += strlen(title);
        at += strspn(at, " ");
        g_autofree char *soft = g_strndup(at, strcspn(at, " "));
        if (strcmp(soft, "unlimited") != 0)
                return parse_number(soft, out);
        *out = G_MAXUINT64;
        return true;
}

static void
read_descriptors(const char *root, const char *socket, const CheckUnit *unit, CheckSystem *system)
{
        const CheckUnitSetting *no_file = check_unit_setting(unit, "LimitNOFILE");
        struct ucred server;
        struct rlimit own;

        if (check_unit_server(socket, &server) &&
            read_process_limit(root, server.pid, &system->descriptors)) {
                system->descriptors_source = g_strdup("the running server's own limit");
        } else if (no_file && parse_limit(no_file->value, &system->descriptors)) {
                system->descriptors_source = g_strdup_printf("LimitNOFILE of %s", no_file->file);
        } else if (getrlimit(RLIMIT_NOFILE, &own) == 0) {
                system->descriptors = own.rlim_max;
                system->descriptors_source = g_strdup("the hard limit of this shell");
        } else {
                system->descriptors = G_MAXUINT64;
                system->descriptors_source = g_strdup("nothing");
        }
}

/* "MemTotal:       16316412 kB" */
static uint64_t
read_machine_memory(const char *root)
{
        static const char title[] = "MemTotal:";
        g_autofree char *path = g_strconcat(root, "/proc/meminfo", NULL);
        g_autofree char *text = read_small(path);
        const char *at = text ? strstr(text, title) : NULL;
        uint64_t kib;

        if (!at)
                return 0;
        at += strlen(title);
        at += strspn(at, " ");
        g_autofree char *digits = g_strndup(at, strcspn(at, " "));
        return parse_number(digits, &kib) ? kib * 1024 : 0;
}

void
check_system_read(const char *root, const char *socket, CheckSystem *system)
{
        g_auto(CheckUnit) unit = {0};
        uint64_t most;

        check_unit_read(root, &unit);
        const CheckUnitSetting *memory = check_unit_setting(&unit, "MemoryMax");
        *system = (CheckSystem){.unit = g_strdup(unit.file)};
        read_descriptors(root, socket, &unit, system);
        system->memory = read_machine_memory(root);
        system->memory_source = "is what the machine has";
        if (memory && parse_memory(memory->value, system->memory, &most) &&
            (system->memory == 0 || most < system->memory)) {
                system->memory = most;
                system->memory_source = "is what MemoryMax of the unit allows";
        }
}

void
check_system_clear(CheckSystem *system)
{
        g_free(system->unit);
        g_free(system->descriptors_source);
}

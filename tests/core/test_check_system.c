/*
 * Tests of core/check_system.h: what /proc and the unit are read as, well written or not.
 */
#include "core/check_system.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/check_kit.h"

#define UNIT "/root/etc/systemd/system/motet.service"
#define MEMINFO "/root/proc/meminfo"

static CheckSystem
read_system(const CheckKit *kit)
{
        CheckSystem system;

        check_system_read(kit->root, "/nowhere/motet.sock", &system);
        return system;
}

static void
put_unit(const CheckKit *kit, const char *line)
{
        g_autofree char *text =
                g_strdup_printf("[Service]\nExecStart=/usr/sbin/motetd\n%s\n", line);

        check_kit_put(kit, UNIT, text);
}

static void
assert_memory(const CheckKit *kit, uint64_t memory)
{
        CheckSystem system = read_system(kit);

        g_assert_cmpuint(system.memory, ==, memory);
        check_system_clear(&system);
}

static void
assert_descriptors(const CheckKit *kit, uint64_t descriptors, const char *source)
{
        CheckSystem system = read_system(kit);

        g_assert_cmpuint(system.descriptors, ==, descriptors);
        g_assert_nonnull(strstr(system.descriptors_source, source));
        check_system_clear(&system);
}

/* proc(5) */
static void
test_memory_is_what_the_machine_has(CheckKit *kit, gconstpointer data)
{
        (void)data;
        assert_memory(kit, 0);
        check_kit_put(kit, MEMINFO, "MemTotal:       16316412 kB\nMemFree: 1 kB\n");
        assert_memory(kit, UINT64_C(16316412) * 1024);
        check_kit_put(kit, MEMINFO, "MemTotal:       much\n");
        assert_memory(kit, 0);
        check_kit_put(kit, MEMINFO, "MemFree: 1 kB\n");
        assert_memory(kit, 0);
}

/* systemd.resource-control(5): a number with a suffix to the base 1024, or per cent. */
static void
test_memory_is_less_where_the_unit_says_so(CheckKit *kit, gconstpointer data)
{
        static const struct {
                const char *line;
                uint64_t memory;
        } rows[] = {
                {"MemoryMax=1000", 1000},
                {"MemoryMax=3K", 3 * 1024},
                {"MemoryMax=2M", 2 * 1024 * 1024},
                {"MemoryMax=1G", UINT64_C(1) << 30},
                {"MemoryMax=1T", UINT64_C(2) << 30}, /* more than there is */
                {"MemoryMax=25%", (UINT64_C(2) << 30) / 100 * 25},
                {"MemoryMax=200%", UINT64_C(2) << 30},
                {"MemoryMax=infinity", UINT64_C(2) << 30},
                {"MemoryMax=", UINT64_C(2) << 30},
                {"MemoryMax=18446744073709551615T", UINT64_C(2) << 30},
        };

        (void)data;
        check_kit_put(kit, MEMINFO, "MemTotal: 2097152 kB\n");
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                put_unit(kit, rows[i].line);
                assert_memory(kit, rows[i].memory);
        }
        check_kit_put(kit, MEMINFO, "");
        put_unit(kit, "MemoryMax=2M");
        assert_memory(kit, 2 * 1024 * 1024);
}

/* systemd.exec(5): the hard limit counts, to which the server raises its own. */
static void
test_descriptors_are_what_the_unit_gives(CheckKit *kit, gconstpointer data)
{
        struct rlimit own;

        (void)data;
        put_unit(kit, "LimitNOFILE=4096");
        assert_descriptors(kit, 4096, "LimitNOFILE of ");
        put_unit(kit, "LimitNOFILE=1024:524288");
        assert_descriptors(kit, 524288, "LimitNOFILE of ");
        put_unit(kit, "LimitNOFILE=infinity");
        assert_descriptors(kit, G_MAXUINT64, "LimitNOFILE of ");
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &own), ==, 0);
        put_unit(kit, "LimitNOFILE=many");
        assert_descriptors(kit, own.rlim_max, "the hard limit of this shell");
}

/* proc(5): the limits of the process that listens on the control socket. */
static void
test_a_running_server_has_its_own_limit(CheckKit *kit, gconstpointer data)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        g_autofree char *socket_path = check_kit_path(kit, "/motet.sock");
        g_autofree char *limits = g_strdup_printf("/root/proc/%d/limits", (int)getpid());
        static const struct {
                const char *text;
                uint64_t descriptors; /* 0: those of the unit */
        } rows[] = {
                {"Max open files            1024                 4096                files\n",
                 1024},
                {"Max open files            unlimited            unlimited           files\n",
                 G_MAXUINT64},
                {"Max open files            few\n", 0},
                {"Max processes             1024\n", 0},
        };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)data;
        memcpy(address.sun_path, socket_path, strlen(socket_path));
        g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
        g_assert_cmpint(listen(fd, 1), ==, 0);
        put_unit(kit, "LimitNOFILE=7");
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                CheckSystem system;
                check_kit_put(kit, limits, rows[i].text);
                check_system_read(kit->root, socket_path, &system);
                g_assert_cmpuint(system.descriptors, ==,
                                 rows[i].descriptors ? rows[i].descriptors : 7);
                check_system_clear(&system);
        }
        close(fd);
}

/* sysctl.conf(5): some hold several numbers. */
static void
test_sysctls_are_numbers(CheckKit *kit, gconstpointer data)
{
        g_autofree char *large = g_strnfill(64 * 1024 + 1, '1');
        uint64_t value = 0;

        (void)data;
        g_assert_false(check_system_sysctl(kit->root, "net.core.x", 0, &value));
        check_kit_put(kit, "/root/proc/sys/net/core/x", "4096\t131072\t6291456\n");
        g_assert_true(check_system_sysctl(kit->root, "net.core.x", 0, &value));
        g_assert_cmpuint(value, ==, 4096);
        g_assert_true(check_system_sysctl(kit->root, "net.core.x", 2, &value));
        g_assert_cmpuint(value, ==, 6291456);
        g_assert_false(check_system_sysctl(kit->root, "net.core.x", 3, &value));
        check_kit_put(kit, "/root/proc/sys/net/core/x", "many\n");
        g_assert_false(check_system_sysctl(kit->root, "net.core.x", 0, &value));
        check_kit_put(kit, "/root/proc/sys/net/core/x", large);
        g_assert_false(check_system_sysctl(kit->root, "net.core.x", 0, &value));
}

#define ADD(path, func)                                                                            \
        g_test_add("/check-system/" path, CheckKit, NULL, check_kit_set_up, func,                  \
                   check_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("memory-is-what-the-machine-has", test_memory_is_what_the_machine_has);
        ADD("memory-is-less-where-the-unit-says-so", test_memory_is_less_where_the_unit_says_so);
        ADD("descriptors-are-what-the-unit-gives", test_descriptors_are_what_the_unit_gives);
        ADD("a-running-server-has-its-own-limit", test_a_running_server_has_its_own_limit);
        ADD("sysctls-are-numbers", test_sysctls_are_numbers);
        return g_test_run();
}

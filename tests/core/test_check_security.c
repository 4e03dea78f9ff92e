/*
 * Tests of check security: modes and owners, the user, risky settings, and the unit's sandbox.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check_kit.h"

#define UNIT "/root/etc/systemd/system/motet.service"

static void
set_mode(const CheckKit *kit, const char *path, mode_t mode)
{
        g_autofree char *full = check_kit_path(kit, path);

        g_assert_cmpint(g_chmod(full, mode), ==, 0);
}

/* Modes */

static void
test_files_of_ones_own_are_good(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, "/plugins.d/ping.yaml", "enabled: true\n");
        set_mode(kit, "/motet.yaml", 0644);
        set_mode(kit, "/plugins.d", 0755);

        check_kit_assert(kit, "security", "");
}

static void
test_files_that_others_may_write(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, "/plugins.d/ping.yaml", "enabled: true\n");
        set_mode(kit, "/motet.yaml", 0620);
        set_mode(kit, "/plugins.d/ping.yaml", 0602);
        set_mode(kit, "/plugins.d", 0770);

        check_kit_assert(kit, "security", "security.writable security.writable security.writable");
        check_kit_assert_told(kit,
                              "DIR/motet.yaml: error: may be written by its group (mode 0620)");
        check_kit_assert_told(kit, "ping.yaml: error: may be written by everybody (mode 0602)");
        check_kit_assert_told(kit, "  chmod go-w DIR/plugins.d\n");
}

/* In a folder like /tmp a file that is there cannot be replaced by others. */
static void
test_a_sticky_folder_is_good(CheckKit *kit, gconstpointer data)
{
        (void)data;
        set_mode(kit, "/plugins.d", 01777);
        check_kit_assert(kit, "security", "");
}

static void
test_a_file_of_somebody_else(CheckKit *kit, gconstpointer data)
{
        g_autofree char *path = check_kit_path(kit, "/motet.yaml");

        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root can give files away");
                return;
        }
        g_assert_cmpint(chown(path, 12345, 0), ==, 0);
        check_kit_assert(kit, "security", "security.owner");
        check_kit_assert_told(kit, "motet.yaml: error: belongs to 12345, who may change it");
}

static void
test_data_that_others_may_enter(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, "/data/file", "");
        check_kit_assert(kit, "security", "");

        set_mode(kit, "/data", 0710);
        check_kit_assert(kit, "security", "security.data-exposed");
        check_kit_assert_told(kit, "DIR/data: warning: is open to its group (mode 0710)");
        set_mode(kit, "/data", 0701);
        check_kit_assert(kit, "security", "security.data-exposed");
        check_kit_assert_told(kit, "is open to everybody");
}

static void
test_a_log_that_everybody_may_read(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "log:\n  target: log.txt\n", NULL);
        check_kit_put(kit, "/log.txt", "");
        set_mode(kit, "/log.txt", 0640);
        check_kit_assert(kit, "security", "");

        set_mode(kit, "/log.txt", 0644);
        check_kit_assert(kit, "security", "security.log-exposed");
}

/* Also with the sticky bit: others may be there before the server is. */
static void
test_a_control_socket_where_others_may_write(CheckKit *kit, gconstpointer data)
{
        g_autofree char *folder = check_kit_path(kit, "/run");

        (void)data;
        check_kit_use(kit, "control_socket: run/motet.sock\n", NULL);
        g_assert_cmpint(g_mkdir(folder, 0755), ==, 0);
        check_kit_assert(kit, "security", "");

        set_mode(kit, "/run", 01777);
        check_kit_assert(kit, "security", "security.control-folder");
}

/* The user */

static void
test_a_user_that_does_not_exist(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "user: nobody-has-this-name\n", NULL);
        check_kit_assert(kit, "security", "security.no-user");
        check_kit_assert_told(kit, "motet.yaml:4:7: error: there is no user");
}

/* R29: what takes away the server's own confinement is told, with its line. */
static void
test_a_server_that_does_not_confine_itself(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "confine: {refused: off}\n", NULL);
        check_kit_assert(kit, "security", "security.unconfined");
        check_kit_assert_told(kit, "motet.yaml:4:20: warning: confine.refused is off");
        check_kit_use(kit, "confine: {refused: abort}\n", NULL);
        check_kit_assert(kit, "security", "");
}

/* Risks */

/* R30 */
static void
test_open_registration(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "", "register", "enabled: true\noptions:\n  allow_registration: true\n",
                      NULL);
        check_kit_assert(kit, "security", "security.strangers");
        check_kit_assert_told(kit, "register.yaml:3:23: warning: module \"register\": anybody can "
                                   "make an account: allow_registration is true [");

        /* They are sent elsewhere then. */
        check_kit_use(kit, "", "register",
                      "enabled: true\noptions:\n  allow_registration: true\n"
                      "  web_address: https://example.org/\n",
                      NULL);
        check_kit_assert(kit, "security", "");
        check_kit_use(kit, "", "register", "enabled: false\noptions:\n  allow_registration: true\n",
                      NULL);
        check_kit_assert(kit, "security", "");
}

static void
test_registration_that_is_open_on_one_host(CheckKit *kit, gconstpointer data)
{
        g_autofree char *text = g_strdup_printf("hosts:\n  a.example:\n  b.example:\n"
                                                "modules_dir: %s\n",
                                                g_getenv("MOTET_TEST_MODULES"));

        (void)data;
        check_kit_put(kit, "/motet.yaml", text);
        check_kit_put(kit, "/plugins.d/register.yaml",
                      "enabled: true\nhost_options:\n  b.example:\n    allow_registration: true\n");
        check_kit_assert(kit, "security", "security.strangers");
        check_kit_assert_told(kit, "allow_registration is true on b.example [");
}

static void
test_streams_in_clear(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "", "sasl", "enabled: true\noptions:\n  allow_unencrypted: true\n",
                      "tls", "enabled: true\noptions:\n  required: false\n", NULL);
        check_kit_assert(kit, "security", "security.in-clear security.in-clear");
        check_kit_assert_told(kit, "clients may log in without TLS");
        check_kit_assert_told(kit, "clients may go on without TLS");
}

/* R6: 10,000 rounds and no word, one less and a warning; 4096 is for keys from elsewhere. */
static void
test_few_rounds(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "", "auth_internal", "enabled: true\noptions:\n  iterations: 10000\n",
                      "storage_memory", "enabled: true\n", NULL);
        check_kit_assert(kit, "security", "");

        check_kit_use(kit, "", "auth_internal", "enabled: true\noptions:\n  iterations: 9999\n",
                      NULL);
        check_kit_assert(kit, "security", "security.guessing");
        check_kit_assert_told(kit,
                              "auth_internal.yaml:3:15: warning: module \"auth_internal\": new "
                              "passwords are hashed with fewer rounds than they should be: "
                              "iterations is less than 10000 [");
}

/* The unit */

/* The unit that comes with the server, for this configuration, without the lines of @left_out. */
static void
put_unit(const CheckKit *kit, const char *left_out, const char *more)
{
        g_autofree char *path =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "etc/systemd/motet.service", NULL);
        g_autoptr(GString) unit = g_string_new(NULL);
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (left_out && g_str_has_prefix(*line, left_out) &&
                    (*line)[strlen(left_out)] == '=')
                        continue;
                if (strcmp(*line, "[Install]") == 0)
                        g_string_append_printf(unit, "%s\n", more);
                g_string_append_printf(unit, "%s\n", *line);
        }
        g_string_replace(unit, "/etc/motet/motet.yaml", kit->config, 0);
        check_kit_put(kit, UNIT, unit->str);
}

static void
test_the_unit_that_comes_with_the_server_is_good(CheckKit *kit, gconstpointer data)
{
        (void)data;
        put_unit(kit, NULL, "");
        check_kit_assert(kit, "security", "");
}

/* Each line counts: what is no part of the sandbox is listed here. (R29, R37) */
static void
test_each_line_of_the_sandbox_counts(CheckKit *kit, gconstpointer data)
{
        static const char *const sandbox[] = {"DevicePolicy",
                                              "KeyringMode",
                                              "LimitCORE",
                                              "LockPersonality",
                                              "MemoryDenyWriteExecute",
                                              "NoNewPrivileges",
                                              "PrivateDevices",
                                              "PrivateMounts",
                                              "PrivateTmp",
                                              "ProcSubset",
                                              "ProtectClock",
                                              "ProtectControlGroups",
                                              "ProtectHome",
                                              "ProtectHostname",
                                              "ProtectKernelLogs",
                                              "ProtectKernelModules",
                                              "ProtectKernelTunables",
                                              "ProtectProc",
                                              "ProtectSystem",
                                              "RemoveIPC",
                                              "RestrictAddressFamilies",
                                              "RestrictNamespaces",
                                              "RestrictRealtime",
                                              "RestrictSUIDSGID",
                                              "SystemCallArchitectures",
                                              "SystemCallFilter",
                                              "UMask",
                                              "CapabilityBoundingSet"};

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(sandbox); i++) {
                g_autofree char *text = g_strdup_printf("%s is not set", sandbox[i]);
                put_unit(kit, sandbox[i], "");
                check_kit_assert(kit, "security", "security.unit-sandbox");
                check_kit_assert_told(kit, text);
        }
}

static void
test_a_drop_in_that_weakens_the_sandbox(CheckKit *kit, gconstpointer data)
{
        (void)data;
        put_unit(kit, NULL, "");
        check_kit_put(kit, UNIT ".d/weak.conf",
                      "[Service]\nProtectSystem=full\nCapabilityBoundingSet=CAP_SYS_ADMIN\n");
        check_kit_assert(kit, "security", "security.unit-sandbox security.unit-sandbox");
        check_kit_assert_told(kit,
                              "motet.service.d/weak.conf: warning: ProtectSystem=full confines "
                              "less than ProtectSystem=strict");
        check_kit_assert_told(kit, "systemctl edit motet, below [Service]: ProtectSystem=strict");
}

/* systemd.syntax(7): true and yes are the same; low ports need one capability. */
static void
test_other_ways_to_say_the_same(CheckKit *kit, gconstpointer data)
{
        (void)data;
        put_unit(kit, NULL,
                 "PrivateTmp=true\nProtectHome=1\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"
                 "AmbientCapabilities=CAP_NET_BIND_SERVICE\n");
        check_kit_assert(kit, "security", "");
}

/* systemd.exec(5): a list of what is forbidden lets through what is new. */
static void
test_lists_say_what_is_allowed(CheckKit *kit, gconstpointer data)
{
        static const char *const lines[] = {
                "SystemCallFilter=\nSystemCallFilter=~@clock",
                "SystemCallFilter=",
                "RestrictAddressFamilies=\nRestrictAddressFamilies=~AF_PACKET",
                "AmbientCapabilities=CAP_CHOWN",
        };

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
                put_unit(kit, NULL, lines[i]);
                check_kit_assert(kit, "security", "security.unit-sandbox");
        }
}

static void
test_a_unit_with_a_user(CheckKit *kit, gconstpointer data)
{
        static const char *const good[] = {"DynamicUser=yes", "DynamicUser=on", "User=motet"};
        static const char *const bad[] = {"DynamicUser=no", "User=0", "User="};

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                put_unit(kit, "User", good[i]);
                check_kit_assert(kit, "security", "");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                put_unit(kit, "User", bad[i]);
                check_kit_assert(kit, "security", "security.root");
        }
}

static void
test_a_unit_that_runs_as_root(CheckKit *kit, gconstpointer data)
{
        (void)data;
        put_unit(kit, "User", "");
        check_kit_assert(kit, "security", "security.root");
        put_unit(kit, NULL, "User=root");
        check_kit_assert(kit, "security", "security.root");

        /* It becomes another user then. */
        check_kit_use(kit, "user: nobody\n", NULL);
        check_kit_assert(kit, "security", "");
}

static void
test_a_unit_for_another_configuration_does_not_matter(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, UNIT, "[Service]\nExecStart=/usr/sbin/motetd --config /other.yaml\n");
        check_kit_assert(kit, "security", "");
}

#define ADD(path, func)                                                                            \
        g_test_add("/check-security/" path, CheckKit, NULL, check_kit_set_up, func,                \
                   check_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("files-of-ones-own-are-good", test_files_of_ones_own_are_good);
        ADD("files-that-others-may-write", test_files_that_others_may_write);
        ADD("a-sticky-folder-is-good", test_a_sticky_folder_is_good);
        ADD("a-file-of-somebody-else", test_a_file_of_somebody_else);
        ADD("data-that-others-may-enter", test_data_that_others_may_enter);
        ADD("a-log-that-everybody-may-read", test_a_log_that_everybody_may_read);
        ADD("a-control-socket-where-others-may-write",
            test_a_control_socket_where_others_may_write);
        ADD("a-server-that-does-not-confine-itself", test_a_server_that_does_not_confine_itself);
        ADD("a-user-that-does-not-exist", test_a_user_that_does_not_exist);
        ADD("open-registration", test_open_registration);
        ADD("registration-that-is-open-on-one-host", test_registration_that_is_open_on_one_host);
        ADD("streams-in-clear", test_streams_in_clear);
        ADD("few-rounds", test_few_rounds);
        ADD("the-unit-that-comes-with-the-server-is-good",
            test_the_unit_that_comes_with_the_server_is_good);
        ADD("each-line-of-the-sandbox-counts", test_each_line_of_the_sandbox_counts);
        ADD("a-drop-in-that-weakens-the-sandbox", test_a_drop_in_that_weakens_the_sandbox);
        ADD("other-ways-to-say-the-same", test_other_ways_to_say_the_same);
        ADD("lists-say-what-is-allowed", test_lists_say_what_is_allowed);
        ADD("a-unit-with-a-user", test_a_unit_with_a_user);
        ADD("a-unit-that-runs-as-root", test_a_unit_that_runs_as_root);
        ADD("a-unit-for-another-configuration-does-not-matter",
            test_a_unit_for_another_configuration_does_not_matter);
        return g_test_run();
}

/*
 * Tests of check storage: the folder of data, its files, its room, and backends that are asked.
 */
#include "core/check_storage.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check_kit.h"

#define MIB (1024u * 1024u)

static void
test_a_folder_that_will_be_made_is_good(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "data_dir: a/b/c\n", NULL);
        check_kit_assert(kit, "storage", "");
}

static void
test_a_folder_that_is_there_is_good(CheckKit *kit, gconstpointer data)
{
        g_autofree char *inner = check_kit_path(kit, "/data/inner");

        (void)data;
        check_kit_put(kit, "/data/file", "");
        g_assert_cmpint(g_mkdir(inner, 0), ==, 0);
        check_kit_assert(kit, "storage", "");
}

static void
test_a_file_in_place_of_the_folder(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_put(kit, "/data", "");
        check_kit_assert(kit, "storage", "storage.no-folder");
        check_kit_assert_told(kit, "DIR/data: error: is no folder");
}

/* Nobody, not even root, makes a folder there. */
static void
test_a_folder_that_cannot_be_made(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "data_dir: motet.yaml/data\n", NULL);
        check_kit_assert(kit, "storage", "storage.no-folder");
        check_kit_assert_told(kit, "  install -d -m 0700 DIR/motet.yaml/data\n");
}

/* Runs the check as the user nobody, as motetctl does for root. Returns: false when it cannot */
static bool
run_as_nobody(CheckKit *kit, void (*print)(void *data, const char *line))
{
        const CheckParams params = {.config_file = kit->config,
                                    .root = kit->root,
                                    .names = (const char *const[]){"storage", NULL},
                                    .as_user = true};

        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return false;
        }
        g_string_truncate(kit->output, 0);
        check_run(&params, print, kit, &kit->error);
        g_assert_no_error(kit->error);
        return true;
}

static void
take_line(void *data, const char *line)
{
        CheckKit *kit = data;

        g_string_append_printf(kit->output, "%s\n", line);
}

/* What root may write says nothing of the user the server runs as. */
static void
test_it_is_asked_as_the_user_of_the_server(CheckKit *kit, gconstpointer data)
{
        g_autofree char *folder = check_kit_path(kit, "/data");
        g_autofree char *file = check_kit_path(kit, "/data/motet.sqlite");
        struct stat nobody;

        (void)data;
        check_kit_use(kit, "user: nobody\n", NULL);
        check_kit_put(kit, "/data/motet.sqlite", "");
        g_assert_cmpint(g_chmod(kit->dir, 0711), ==, 0);
        if (!run_as_nobody(kit, take_line))
                return;
        check_kit_assert_told(kit, "DIR/data: error: cannot be written: Permission denied "
                                   "[storage.not-writable]\n  chown nobody DIR/data\n");

        /* A tool that ran as root left a file behind. */
        g_assert_cmpint(chown(folder, 65534, 65534), ==, 0);
        run_as_nobody(kit, take_line);
        check_kit_assert_told(kit, "DIR/data/motet.sqlite: error: cannot be written");

        g_assert_cmpint(chown(file, 65534, 65534), ==, 0);
        run_as_nobody(kit, take_line);
        check_kit_assert_told(kit, "no errors (0 modules");
        g_assert_cmpint(stat(file, &nobody), ==, 0);
        g_assert_cmpuint(nobody.st_uid, ==, 65534);
}

/* The line that makes it gives it to whom it is for. */
static void
test_a_folder_that_its_user_cannot_make(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "user: nobody\ndata_dir: of/motet\n", NULL);
        g_assert_cmpint(g_chmod(kit->dir, 0711), ==, 0);
        if (!run_as_nobody(kit, take_line))
                return;
        check_kit_assert_told(kit, "DIR/of/motet: error: does not exist, and the server may not "
                                   "make it [storage.no-folder]\n"
                                   "  install -d -m 0700 -o nobody DIR/of/motet\n");
}

/* Runs the check in this process by somebody who is neither root nor the server's user. */
static void
run_as_somebody_else(CheckKit *kit)
{
        const CheckParams params = {.config_file = kit->config,
                                    .root = kit->root,
                                    .names = (const char *const[]){"storage", NULL}};

        g_string_truncate(kit->output, 0);
        g_assert_cmpint(seteuid(65533), ==, 0);
        check_run(&params, take_line, kit, &kit->error);
        g_assert_cmpint(seteuid(0), ==, 0);
        g_assert_no_error(kit->error);
}

/* What he may not look at is not called wrong. */
static void
test_who_may_not_look_is_told_so(CheckKit *kit, gconstpointer data)
{
        g_autofree char *folder = check_kit_path(kit, "/data");
        g_autofree char *drop_ins = check_kit_path(kit, "/plugins.d");

        (void)data;
        if (geteuid() != 0) {
                g_test_skip("only root becomes another user");
                return;
        }
        check_kit_put(kit, "/data/motet.sqlite", "");
        g_assert_cmpint(g_chmod(kit->dir, 0755), ==, 0);
        g_assert_cmpint(g_chmod(kit->config, 0644), ==, 0);
        g_chmod(drop_ins, 0755);
        g_assert_cmpint(g_chmod(folder, 0700), ==, 0);
        run_as_somebody_else(kit);
        check_kit_assert_told(kit, "DIR/data: warning: is closed to who runs this check "
                                   "[storage.not-asked]\n  run it as root\n");

        g_assert_cmpint(g_chmod(folder, 0755), ==, 0);
        run_as_somebody_else(kit);
        check_kit_assert_told(kit, "DIR/data: error: cannot be written: Permission denied");
        g_assert_null(strstr(kit->output->str, "chown"));
}

/* Room */

static void
assert_room(CheckKit *kit, uint64_t bytes, uint64_t inodes, const char *expected)
{
        const struct statvfs system = {.f_frsize = 1,
                                       .f_blocks = bytes == G_MAXUINT64 ? 0 : 1u << 30,
                                       .f_bavail = bytes == G_MAXUINT64 ? 0 : bytes,
                                       .f_files = inodes == G_MAXUINT64 ? 0 : 1000000,
                                       .f_favail = inodes};
        g_autoptr(GString) found = g_string_new(NULL);
        ConfigFindings findings, known;

        config_findings_init(&findings);
        config_findings_init(&known);
        g_autoptr(Config) config = config_load(kit->config, &known);
        CheckContext context = {.config = config, .findings = &findings};
        check_storage_room(&context, &system);
        for (guint i = 0; i < findings.list->len; i++) {
                const ConfigFinding *finding = g_ptr_array_index(findings.list, i);
                g_string_append_printf(found, "%s%s (%s)", i ? ", " : "",
                                       finding_kind(finding->id)->name, finding->text);
        }
        config_findings_clear(&known);
        config_findings_clear(&findings);
        g_assert_cmpstr(found->str, ==, expected);
}

static void
test_room_at_its_limits(CheckKit *kit, gconstpointer data)
{
        (void)data;
        assert_room(kit, 512 * MIB, 1000, "");
        assert_room(kit, 512 * MIB - 1, 1000, "storage.space (511 MiB are free)");
        assert_room(kit, 16 * MIB, 1000, "storage.space (16 MiB are free)");
        assert_room(kit, 16 * MIB - 1, 1000, "storage.full (15 MiB are free)");
        assert_room(kit, 512 * MIB, 999, "storage.inodes (999 more files can be made)");
        assert_room(kit, G_MAXUINT64, 1000, "");
        /* File systems that make inodes as they need them have none to count. */
        assert_room(kit, 512 * MIB, G_MAXUINT64, "");
}

/* Backends */

static void
test_a_damaged_file_of_data(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "storage:\n  default: sqlite\n", "storage_sqlite", "enabled: true\n",
                      NULL);
        check_kit_assert(kit, "storage", "");

        check_kit_put(kit, "/data/motet.sqlite",
                      "this is no database, whatever its name says, and long enough to be read");
        check_kit_assert(kit, "storage", "storage.unreadable");
        check_kit_assert_told(kit, "motet.sqlite");
}

/* A backend that is not used may be as damaged as it likes. */
static void
test_a_backend_that_is_not_named_does_not_matter(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "storage:\n  default: memory\n", "storage_sqlite", "enabled: true\n",
                      "storage_memory", "enabled: true\n", NULL);
        check_kit_put(kit, "/data/motet.sqlite", "this is no database, whatever its name says");
        check_kit_assert(kit, "storage", "storage.volatile");
}

/* One that keeps the rosters alone matters as much; and memory loses what it is given on
 * purpose. */
static void
test_a_backend_of_one_store_matters(CheckKit *kit, gconstpointer data)
{
        (void)data;
        check_kit_use(kit, "storage:\n  default: sqlite\n  stores: {roster: memory}\n",
                      "storage_sqlite", "enabled: true\n", "storage_memory", "enabled: true\n",
                      NULL);
        check_kit_assert(kit, "storage", "");
        check_kit_use(kit, "storage: {default: memory, stores: {motd: memory, roster: sqlite}}\n",
                      "storage_sqlite", "enabled: true\n", "storage_memory", "enabled: true\n",
                      NULL);
        check_kit_put(kit, "/data/motet.sqlite",
                      "this is no database, whatever its name says, and long enough to be read");
        check_kit_assert(kit, "storage", "storage.unreadable storage.volatile");
}

#define ADD(path, func)                                                                            \
        g_test_add("/check-storage/" path, CheckKit, NULL, check_kit_set_up, func,                 \
                   check_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("a-folder-that-will-be-made-is-good", test_a_folder_that_will_be_made_is_good);
        ADD("a-folder-that-is-there-is-good", test_a_folder_that_is_there_is_good);
        ADD("a-file-in-place-of-the-folder", test_a_file_in_place_of_the_folder);
        ADD("a-folder-that-cannot-be-made", test_a_folder_that_cannot_be_made);
        ADD("it-is-asked-as-the-user-of-the-server", test_it_is_asked_as_the_user_of_the_server);
        ADD("a-folder-that-its-user-cannot-make", test_a_folder_that_its_user_cannot_make);
        ADD("who-may-not-look-is-told-so", test_who_may_not_look_is_told_so);
        ADD("room-at-its-limits", test_room_at_its_limits);
        ADD("a-damaged-file-of-data", test_a_damaged_file_of_data);
        ADD("a-backend-that-is-not-named-does-not-matter",
            test_a_backend_that_is_not_named_does_not_matter);
        ADD("a-backend-of-one-store-matters", test_a_backend_of_one_store_matters);
        return g_test_run();
}

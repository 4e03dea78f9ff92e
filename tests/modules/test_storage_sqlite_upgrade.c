/*
 * storage_sqlite: files of earlier versions are brought up to date, and keep what is in them.
 */
#include "support/store_other.h"

#include <glib/gstdio.h>
#include <string.h>

/* As version 1 made it. */
static const char version_1[] =
        "PRAGMA journal_mode = WAL;"
        "CREATE TABLE stores (id INTEGER PRIMARY KEY, host TEXT NOT NULL, name TEXT NOT NULL,"
        " UNIQUE (host, name)) STRICT;"
        "CREATE TABLE documents (store INTEGER NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL,"
        " value BLOB NOT NULL, PRIMARY KEY (store, account, key)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE epochs (store INTEGER NOT NULL, account TEXT NOT NULL,"
        " epoch INTEGER NOT NULL, PRIMARY KEY (store, account)) WITHOUT ROWID, STRICT;"
        "CREATE TABLE chains (id INTEGER PRIMARY KEY, store INTEGER NOT NULL, account TEXT NOT"
        " NULL, head INTEGER NOT NULL, entries INTEGER NOT NULL, UNIQUE (store, account)) STRICT;"
        "CREATE TABLE entries (id INTEGER PRIMARY KEY, chain INTEGER NOT NULL,"
        " previous INTEGER NOT NULL, time INTEGER NOT NULL, party TEXT, value BLOB NOT NULL)"
        " STRICT;"
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;"
        "PRAGMA application_id = 1836020837; PRAGMA user_version = 1;";

/* Of romeo's three entries the chain's row knows two, as after a crash. */
static const char content_1[] =
        "INSERT INTO stores VALUES (1, 'example.org', 'kit_map'), (2, 'example.org', "
        "'kit_archive');"
        "INSERT INTO documents VALUES (1, 'romeo', 'key', CAST('text' AS BLOB));"
        "INSERT INTO epochs VALUES (1, 'juliet', 7);"
        "INSERT INTO chains VALUES (1, 2, 'romeo', 11, 2), (2, 2, 'juliet', 0, 0);"
        "INSERT INTO entries VALUES (10, 1, 0, 1, NULL, CAST('a' AS BLOB)),"
        " (11, 1, 10, 2, NULL, CAST('b' AS BLOB)), (12, 1, 11, 3, NULL, CAST('c' AS BLOB)),"
        " (13, 2, 0, 3, 'romeo@example.org', CAST('hers' AS BLOB));"
        "INSERT INTO meta VALUES ('archive_saved', 11);";

static void
assert_text(char *text, const char *expected)
{
        g_assert_cmpstr(text, ==, expected);
        g_free(text);
}

static void
make_version_1(const StorePlace *place)
{
        g_autofree char *folder = g_path_get_dirname(place->file);

        g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
        store_other_tamper(place, version_1);
        store_other_tamper(place, content_1);
}

static void
check_content(StoreKit *kit, const char *his)
{
        const MotetStoreChange change = {.key = "key"};

        assert_text(store_kit_read(kit, kit->map, "romeo", "key"), "text");
        g_assert_cmpint(store_kit_write(kit, kit->map, "juliet", &change, 1, 6), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_STORE));
        assert_text(store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 9, .newest = true}),
                    his);
        assert_text(store_kit_query(kit, "juliet", &(MotetStoreQuery){.max = 9}), "hers ");
        assert_text(store_kit_list(kit, kit->archive, NULL, true), "juliet romeo ");
}

static void
test_from_1(void)
{
        g_autoptr(StorePlace) place = store_place_new();

        make_version_1(place);

        g_autoptr(StoreKit) kit = store_place_open(place, ", check_at_start: true");

        check_content(kit, "a b c ");
        store_kit_append(kit, "romeo", 4, NULL, "d");
        check_content(kit, "a b c d ");
        g_clear_pointer(&kit, store_kit_stop);

        kit = store_place_open(place, ", check_at_start: true");
        check_content(kit, "a b c d ");

        g_autoptr(StoreOther) other = store_other_open(place);

        g_assert_cmpint(store_other_number(other, "PRAGMA user_version"), ==, 2);
}

/* An upgrade that cannot be made changes nothing. */
static void
test_refused(void)
{
        g_autoptr(StorePlace) place = store_place_new();

        make_version_1(place);
        store_other_tamper(place, "ALTER TABLE chains ADD COLUMN recent TEXT");

        g_autofree char *refusal = store_place_refuse(place, "");

        g_assert_nonnull(strstr(refusal, place->file));

        g_autoptr(StoreOther) other = store_other_open(place);

        g_assert_cmpint(store_other_number(other, "PRAGMA user_version"), ==, 1);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/storage_sqlite_upgrade/version-1-keeps-what-is-in-it", test_from_1);
        g_test_add_func("/storage_sqlite_upgrade/what-cannot-be-upgraded-is-left", test_refused);
        return g_test_run();
}

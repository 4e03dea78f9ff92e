/*
 * storage_sqlite: the promises of a store, and surviving the server.
 */
#include "support/store_other.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * The file of each test is in the server's own folder and goes with it. Without a sync for every
 * commit, which no test can see.
 */
static const char config[] =
        STORE_PLACE_CONFIG "modules: {storage_sqlite: {options: {synchronous: normal}}, iq: }\n";

/* The same in transactions of one request each. */
static const char single[] = STORE_PLACE_CONFIG
        "modules: {storage_sqlite: {options: {batch_size: 1, synchronous: normal}}, iq: }\n";

static void
assert_text(char *text, const char *expected)
{
        g_assert_cmpstr(text, ==, expected);
        g_free(text);
}

/* Surviving */

static void
test_survives(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) first = store_place_open(place, "");
        uint64_t last;

        store_kit_set(first, first->map, "romeo", "key", "text");
        store_kit_set(first, first->keyval, "romeo", "", "document");
        store_kit_append(first, "romeo", 1, NULL, "a");
        store_kit_append(first, "juliet", 1, NULL, "hers");
        last = store_kit_append(first, "romeo", 2, NULL, "b");
        g_clear_pointer(&first, store_kit_stop);

        g_autoptr(StoreKit) second = store_place_open(place, "");

        assert_text(store_kit_list(second, second->archive, NULL, true), "juliet romeo ");
        assert_text(store_kit_read(second, second->map, "romeo", "key"), "text");
        assert_text(store_kit_read(second, second->keyval, "romeo", ""), "document");
        /* The clock is back where the first server began. */
        g_assert_cmpuint(store_kit_append(second, "romeo", 3, NULL, "c"), >, last);
        assert_text(store_kit_query(second, "romeo", &(MotetStoreQuery){.max = 9}), "a b c ");
        g_assert_cmpuint(store_kit_count(second, "romeo"), ==, 3);
}

static void
test_epoch_survives(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) first = store_place_open(place, "");
        const MotetStoreChange change = {.key = "key"};

        g_assert_cmpint(store_kit_write(first, first->map, "romeo", &change, 1, 7), ==, 0);
        g_clear_pointer(&first, store_kit_stop);

        g_autoptr(StoreKit) second = store_place_open(place, "");

        g_assert_cmpint(store_kit_write(second, second->map, "romeo", &change, 1, 6), ==,
                        STORE_KIT_ERROR(MOTET_ERROR_STORE));
}

/* An id stays taken, also when its entry is gone and the clock is back. */
static void
test_ids_survive(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) first = store_place_open(place, "");
        uint64_t last;

        test_server_advance(first->server, 10 * G_TIME_SPAN_SECOND);
        store_kit_append(first, "romeo", 1, NULL, "a");
        last = store_kit_append(first, "romeo", 1, NULL, "b");
        store_kit_drop(first, "romeo");
        g_clear_pointer(&first, store_kit_stop);

        g_autoptr(StoreKit) second = store_place_open(place, "");

        g_assert_cmpuint(store_kit_append(second, "romeo", 1, NULL, "c"), >, last);
}

/* service-store.h: what was submitted is carried out, also when all stop. */
static void
test_stopping_carries_out(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autoptr(StoreKit) first = store_place_open(place, ", batch_size: 7");
        g_autoptr(GBytes) value = store_kit_bytes("text");
        const MotetStoreEntry entry = {.when = 1, .value = value};

        for (unsigned i = 0; i < 500; i++) {
                g_autofree char *key = g_strdup_printf("%u", i);

                motet_store_set(first->map, "romeo", key, value, NULL, NULL);
                motet_store_append(first->archive, "romeo", &entry, NULL, NULL);
        }
        g_clear_pointer(&first, store_kit_stop);

        g_autoptr(StoreKit) second = store_place_open(place, "");

        assert_text(store_kit_read(second, second->map, "romeo", "0"), "text");
        assert_text(store_kit_read(second, second->map, "romeo", "499"), "text");
        g_assert_cmpuint(store_kit_count(second, "romeo"), ==, 500);
}

/* The same while a batch is on a worker. */
static void
test_stopping_joins_the_worker(void)
{
        for (unsigned round = 0; round < 20; round++) {
                g_autoptr(StorePlace) place = store_place_new();
                g_autoptr(StoreKit) first = store_place_open(place, ", batch_size: 50");
                g_autoptr(GBytes) value = store_kit_bytes("text");
                Loop *loop = test_server_host(first->server)->server->loop;

                for (unsigned i = 0; i < 200; i++) {
                        g_autofree char *key = g_strdup_printf("%u", i);

                        motet_store_set(first->map, "romeo", key, value, NULL, NULL);
                        if (i % 100 == 0)
                                loop_turn(loop, false);
                }
                g_clear_pointer(&first, store_kit_stop);

                g_autoptr(StoreKit) second = store_place_open(place, "");

                for (unsigned i = 0; i < 200; i += 50) {
                        g_autofree char *key = g_strdup_printf("%u", i);

                        assert_text(store_kit_read(second, second->map, "romeo", key), "text");
                }
        }
}

/* A killed process */

#define CHILD "MOTET_TEST_STORE_FILE"

/* In the child: writes for ever, and says of each write when it is acknowledged. */
G_NORETURN static void
write_for_ever(const char *file)
{
        StorePlace place = {.file = (char *)file};
        g_autoptr(StoreKit) kit = store_place_open(&place, "");

        for (unsigned i = 0;; i++) {
                g_autofree char *text = g_strdup_printf("%u", i);

                g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", text, text), ==, 0);
                store_kit_append(kit, i % 2 != 0 ? "romeo" : "juliet", i, NULL, text);
                if (i % 50 == 49)
                        store_kit_prune(kit, "juliet", &(MotetStoreQuery){.end = i / 2});
                printf("%u\n", i);
                fflush(stdout);
        }
}

static GPid
spawn_child(const StorePlace *place, int *output_out)
{
        char *const argv[] = {(char *)"/proc/self/exe", NULL};
        g_auto(GStrv) env = g_environ_setenv(g_get_environ(), CHILD, place->file, TRUE);
        g_autoptr(GError) error = NULL;
        GPid pid;

        g_spawn_async_with_pipes(NULL, (char **)argv, env, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                 &pid, NULL, output_out, NULL, &error);
        g_assert_no_error(error);
        return pid;
}

/* Returns: the last number the child acknowledged before it was killed */
static unsigned
kill_after(GPid pid, int output, unsigned enough)
{
        FILE *lines = fdopen(output, "r");
        char line[64];
        unsigned last = 0;
        bool killed = false;

        g_assert_nonnull(lines);
        while (fgets(line, sizeof line, lines) != NULL) {
                /* One cut short by the kill was not said. */
                if (strchr(line, '\n') == NULL)
                        break;
                last = (unsigned)g_ascii_strtoull(line, NULL, 10);
                if (last >= enough && !killed)
                        killed = kill(pid, SIGKILL) == 0;
        }
        fclose(lines);
        g_assert_true(killed);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        return last;
}

/* What was acknowledged survives the death of the process, and the archive is whole. */
static void
test_survives_kill(void)
{
        for (unsigned enough = 60; enough < 200; enough += 65) {
                g_autoptr(StorePlace) place = store_place_new();
                int output;
                GPid pid = spawn_child(place, &output);
                unsigned last = kill_after(pid, output, enough);
                g_autoptr(StoreKit) kit = store_place_open(place, ", check_at_start: true");
                g_autoptr(GString) odd = g_string_new(NULL);
                g_autofree char *entries = NULL;

                for (unsigned i = 0; i <= last; i++) {
                        g_autofree char *text = g_strdup_printf("%u", i);

                        assert_text(store_kit_read(kit, kit->map, "romeo", text), text);
                        if (i % 2 != 0)
                                g_string_append_printf(odd, "%u ", i);
                }
                entries = store_kit_query(kit, "romeo", &(MotetStoreQuery){.max = 100000});
                g_assert_true(g_str_has_prefix(entries, odd->str));
                g_clear_pointer(&entries, g_free);
                entries = store_kit_query(kit, "juliet", &(MotetStoreQuery){.max = 100000});
                g_auto(GStrv) hers = g_strsplit(entries, " ", -1);
                /* One piece more than entries: behind the last space is nothing. */
                g_assert_cmpuint(store_kit_count(kit, "juliet"), ==, g_strv_length(hers) - 1);
                store_kit_append(kit, "juliet", 1, NULL, "after");
        }
}

/* What a power cut would leave: the files as they are while the server runs. */
static void
copy_files(const StorePlace *from, const StorePlace *to)
{
        static const char *const suffixes[] = {"", "-wal"};
        g_autofree char *folder = g_path_get_dirname(to->file);

        g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *source = g_strconcat(from->file, suffixes[i], NULL);
                g_autofree char *target = g_strconcat(to->file, suffixes[i], NULL);
                g_autofree char *bytes = NULL;
                gsize n;

                g_assert_true(g_file_get_contents(source, &bytes, &n, NULL));
                g_assert_true(g_file_set_contents(target, bytes, (gssize)n, NULL));
        }
}

static void
append_to_range(StoreKit *kit, unsigned from, unsigned to)
{
        g_autoptr(GBytes) value = store_kit_bytes("text");
        const MotetStoreEntry entry = {.when = 1, .value = value};

        for (unsigned i = from; i < to; i++) {
                g_autofree char *account = g_strdup_printf("user%u", i);

                motet_store_append(kit->archive, account, &entry, NULL, NULL);
                if (i % 1000 == 999)
                        test_server_settle(kit->server);
        }
        test_server_settle(kit->server);
}

static void
append_to_each(StoreKit *kit, unsigned n_accounts)
{
        append_to_range(kit, 0, n_accounts);
}

static void
check_each(StoreKit *kit, unsigned n_accounts, unsigned n_twice)
{
        for (unsigned i = 0; i < n_accounts; i += 97) {
                g_autofree char *account = g_strdup_printf("user%u", i);

                g_assert_cmpuint(store_kit_count(kit, account), ==, i < n_twice ? 2 : 1);
                assert_text(store_kit_query(kit, account, &(MotetStoreQuery){.max = 9}),
                            i < n_twice ? "text text " : "text ");
        }
}

/* What a start finds in a copy of the files; @saved_out: of the rows of chains, how many tell
 * something. */
static StoreKit *
open_copy(const StorePlace *place, const StorePlace *copy, int64_t *saved_out, bool *over_out)
{
        copy_files(place, copy);

        g_autoptr(StoreOther) other = store_other_open(copy);

        *saved_out = store_other_number(other, "SELECT count(*) FROM chains WHERE head > 0");
        *over_out = store_other_number(other, "SELECT count(*) FROM meta"
                                              " WHERE key = 'archive_saved'") > 0;
        return store_place_open(copy, "");
}

/* Chains are saved when there are more than 65536, some with each commit; the copies are of the
 * middle and of the end. */
static void
test_saved_behind(void)
{
        const unsigned n_accounts = 66000, n_twice = 3000, n_most = 45000;
        g_autoptr(StorePlace) place = store_place_new(), middle = store_place_new(),
                              end = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, ", synchronous: normal");
        int64_t n_saved;
        bool is_over;

        append_to_each(kit, n_accounts);
        append_to_each(kit, n_twice);
        check_each(kit, n_accounts, n_twice);

        g_autoptr(StoreKit) after = open_copy(place, middle, &n_saved, &is_over);

        g_assert_cmpint(n_saved, >, 0);
        g_assert_cmpint(n_saved, <, 65536);
        g_assert_false(is_over);
        check_each(after, n_accounts, n_twice);
        store_kit_append(after, "user0", 1, NULL, "more");
        assert_text(store_kit_query(after, "user0", &(MotetStoreQuery){.max = 9}),
                    "text text more ");
        g_clear_pointer(&after, store_kit_stop);

        append_to_range(kit, n_twice, n_most);
        after = open_copy(place, end, &n_saved, &is_over);

        g_assert_cmpint(n_saved, >, 65536);
        g_assert_true(is_over);
        check_each(after, n_accounts, n_most);
}

/* What deletes entries saves all, also in the middle of a round. */
static void
test_prune_in_a_round(void)
{
        const unsigned n_accounts = 66000;
        g_autoptr(StorePlace) place = store_place_new(), copy = store_place_new();
        g_autoptr(StoreKit) kit = store_place_open(place, ", synchronous: normal");
        int64_t n_saved;
        bool is_over;

        append_to_each(kit, n_accounts);
        append_to_range(kit, 0, 1000);
        store_kit_prune(kit, "user5", &(MotetStoreQuery){0});
        store_kit_drop(kit, "user6");

        g_autoptr(StoreKit) after = open_copy(place, copy, &n_saved, &is_over);

        g_assert_cmpint(n_saved, ==, n_accounts - 2);
        g_assert_true(is_over);
        g_assert_cmpuint(store_kit_count(after, "user5"), ==, 0);
        g_assert_cmpuint(store_kit_count(after, "user6"), ==, 0);
        g_assert_cmpuint(store_kit_count(after, "user7"), ==, 2);
        g_assert_cmpuint(store_kit_count(after, "user65999"), ==, 1);
}

/* The file */

static void
test_modes(void)
{
        g_autoptr(StorePlace) place = store_place_new();
        g_autofree char *folder = g_path_get_dirname(place->file);
        mode_t mask = umask(0);
        g_autoptr(StoreKit) kit = store_place_open(place, "");
        struct stat status;

        umask(mask);
        g_assert_cmpint(store_kit_set(kit, kit->map, "romeo", "key", "text"), ==, 0);
        g_assert_cmpint(stat(place->file, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 0777, ==, 0600);
        g_assert_cmpint(stat(folder, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 0777, ==, 0700);
}

int
main(int argc, char **argv)
{
        const char *file = g_getenv(CHILD);

        if (file != NULL)
                write_for_ever(file);
        g_test_init(&argc, &argv, NULL);
        store_kit_add("storage_sqlite", config);
        store_kit_add("storage_sqlite/single", single);
        g_test_add_func("/storage_sqlite/all-survives-the-server", test_survives);
        g_test_add_func("/storage_sqlite/epochs-survive-the-server", test_epoch_survives);
        g_test_add_func("/storage_sqlite/entry-ids-survive-the-server", test_ids_survive);
        g_test_add_func("/storage_sqlite/stopping-carries-out-what-waits",
                        test_stopping_carries_out);
        g_test_add_func("/storage_sqlite/stopping-joins-the-worker",
                        test_stopping_joins_the_worker);
        g_test_add_func("/storage_sqlite/what-was-acknowledged-survives-a-kill",
                        test_survives_kill);
        g_test_add_func("/storage_sqlite/chains-saved-behind-survive", test_saved_behind);
        g_test_add_func("/storage_sqlite/pruning-in-a-round-of-saving-saves-all",
                        test_prune_in_a_round);
        g_test_add_func("/storage_sqlite/files-are-for-the-server-alone", test_modes);
        return g_test_run();
}

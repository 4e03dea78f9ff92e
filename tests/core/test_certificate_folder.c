/*
 * Tests of core/certificate_folder.h: which files are found, how far the walk goes, and which
 * changes it notices.
 */
#include "core/certificate_folder.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/certificate_maker.h"

typedef struct {
        CertificateMaker maker;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        certificate_maker_init(&fixture->maker, 0);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        certificate_maker_clear(&fixture->maker);
}

static void
touch(Fixture *fixture, const char *name)
{
        certificate_maker_write(&fixture->maker, name, "");
}

/* @expected: names relative to the folder, with spaces between */
static void
assert_found(Fixture *fixture, const char *expected)
{
        g_auto(CertificateFolder) folder;
        g_autoptr(GString) found = g_string_new(NULL);
        size_t prefix = strlen(fixture->maker.dir) + 1;

        certificate_folder_init(&folder);
        certificate_folder_walk(&folder, fixture->maker.dir);
        for (guint i = 0; i < folder.files->len; i++)
                g_string_append_printf(found, "%s%s", i > 0 ? " " : "",
                                       (const char *)g_ptr_array_index(folder.files, i) + prefix);
        g_assert_cmpstr(found->str, ==, expected);
        g_assert_cmpuint(folder.problems->len, ==, 0);
}

/* Returns: (own) */
static char *
state_of(Fixture *fixture)
{
        g_auto(CertificateFolder) folder;

        certificate_folder_init(&folder);
        certificate_folder_walk(&folder, fixture->maker.dir);
        return g_strdup(g_checksum_get_string(folder.state));
}

static void
test_files_are_known_by_their_endings(Fixture *fixture, gconstpointer data)
{
        (void)data;
        touch(fixture, "a.pem");
        touch(fixture, "b.crt");
        touch(fixture, "c.cer");
        touch(fixture, "d.cert");
        touch(fixture, "e.key");
        touch(fixture, "f.csr");
        touch(fixture, "g.json");
        touch(fixture, "h.pem.bak");
        touch(fixture, "README");
        touch(fixture, ".hidden.pem");

        assert_found(fixture, "a.pem b.crt c.cer d.cert e.key");
}

/* As deep as Caddy's certificates/AUTHORITY/DOMAIN/ below a folder of one's own. */
static void
test_folders_are_walked_to_a_depth(Fixture *fixture, gconstpointer data)
{
        (void)data;
        touch(fixture, "1/2/3/at.pem");
        touch(fixture, "1/2/3/4/beyond.pem");
        touch(fixture, "1/a.pem");
        touch(fixture, ".git/x.pem");

        assert_found(fixture, "1/2/3/at.pem 1/a.pem");
}

/* certbot: live/DOMAIN/cert.pem is a link to ../../archive/DOMAIN/cert7.pem. */
static void
test_links_are_followed(Fixture *fixture, gconstpointer data)
{
        g_autofree char *elsewhere = g_dir_make_tmp("motet-certs-XXXXXX", NULL);
        g_autofree char *target = g_build_filename(elsewhere, "x7", NULL);

        (void)data;
        g_assert_true(g_file_set_contents(target, "", 0, NULL));
        certificate_maker_link(&fixture->maker, "live/a/cert.pem", target);
        certificate_maker_link(&fixture->maker, "live/a/void.pem", "nowhere");

        assert_found(fixture, "live/a/cert.pem");
        g_unlink(target);
        g_rmdir(elsewhere);
}

static void
test_a_link_that_leads_back_is_followed_once(Fixture *fixture, gconstpointer data)
{
        (void)data;
        touch(fixture, "a/a.pem");
        certificate_maker_link(&fixture->maker, "a/back", "..");
        certificate_maker_link(&fixture->maker, "b", "a");

        assert_found(fixture, "a/a.pem");
}

static unsigned
n_found_of(Fixture *fixture, unsigned *n_problems_out)
{
        g_auto(CertificateFolder) folder;

        certificate_folder_init(&folder);
        certificate_folder_walk(&folder, fixture->maker.dir);
        *n_problems_out = folder.problems->len;
        return folder.files->len;
}

static void
touch_many(Fixture *fixture, unsigned n, const char *ending)
{
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *name = g_strdup_printf("%u%s", i, ending);
                touch(fixture, name);
        }
}

static void
test_files_are_bounded(Fixture *fixture, gconstpointer data)
{
        unsigned n_problems;

        (void)data;
        touch_many(fixture, CERTIFICATE_FOLDER_FILES, ".pem");
        g_assert_cmpuint(n_found_of(fixture, &n_problems), ==, CERTIFICATE_FOLDER_FILES);
        g_assert_cmpuint(n_problems, ==, 0);

        touch(fixture, "more.pem");
        g_assert_cmpuint(n_found_of(fixture, &n_problems), ==, CERTIFICATE_FOLDER_FILES);
        g_assert_cmpuint(n_problems, ==, 1);
}

static void
test_entries_are_bounded(Fixture *fixture, gconstpointer data)
{
        unsigned n_problems;

        (void)data;
        touch_many(fixture, CERTIFICATE_FOLDER_ENTRIES, ".txt");
        n_found_of(fixture, &n_problems);
        g_assert_cmpuint(n_problems, ==, 0);

        touch(fixture, "more.txt");
        n_found_of(fixture, &n_problems);
        g_assert_cmpuint(n_problems, ==, 1);
}

static void
test_a_folder_that_is_not_there_is_a_problem(Fixture *fixture, gconstpointer data)
{
        g_auto(CertificateFolder) folder;
        g_autofree char *path = certificate_maker_path(&fixture->maker, "none");

        (void)data;
        certificate_folder_init(&folder);
        certificate_folder_walk(&folder, path);

        g_assert_cmpuint(folder.files->len, ==, 0);
        g_assert_cmpuint(folder.problems->len, ==, 1);
        g_assert_nonnull(strstr(g_ptr_array_index(folder.problems, 0), path));
}

static void
test_a_folder_that_cannot_be_read_says_what_to_do(Fixture *fixture, gconstpointer data)
{
        g_auto(CertificateFolder) folder;
        g_autofree char *path = certificate_maker_path(&fixture->maker, "live");

        (void)data;
        touch(fixture, "live/a.pem");
        touch(fixture, "b.pem");
        g_assert_cmpint(chmod(fixture->maker.dir, 0755), ==, 0);
        g_assert_cmpint(chmod(path, 0), ==, 0);
        /* Root reads everything: be nobody meanwhile. */
        bool is_root = geteuid() == 0;
        g_assert_true(!is_root || seteuid(65534) == 0);
        certificate_folder_init(&folder);
        certificate_folder_walk(&folder, fixture->maker.dir);
        g_assert_true(!is_root || seteuid(0) == 0);
        g_assert_cmpint(chmod(path, 0700), ==, 0);

        g_assert_cmpuint(folder.files->len, ==, 1);
        g_assert_cmpuint(folder.problems->len, ==, 1);
        g_assert_nonnull(strstr(g_ptr_array_index(folder.problems, 0), "let the server's user"));
}

/* Changes */

static void
assert_changed(Fixture *fixture, char **state, bool expected)
{
        g_autofree char *now = state_of(fixture);

        g_assert_cmpint(strcmp(now, *state) != 0, ==, expected);
        g_free(*state);
        *state = g_steal_pointer(&now);
}

static void
set_time(Fixture *fixture, const char *name, time_t seconds)
{
        g_autofree char *path = certificate_maker_path(&fixture->maker, name);
        const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

        g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static void
test_every_way_of_replacing_a_file_is_a_change(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = certificate_maker_path(&fixture->maker, "a.pem");
        g_autofree char *other = certificate_maker_path(&fixture->maker, "other");

        (void)data;
        certificate_maker_write(&fixture->maker, "a.pem", "one");
        g_autofree char *state = state_of(fixture);
        assert_changed(fixture, &state, false);

        certificate_maker_write(&fixture->maker, "a.pem", "longer");
        assert_changed(fixture, &state, true);
        set_time(fixture, "a.pem", 1000000000);
        assert_changed(fixture, &state, true);
        certificate_maker_write(&fixture->maker, "other", "lonker");
        set_time(fixture, "other", 1000000000);
        g_assert_cmpint(g_rename(other, path), ==, 0);
        assert_changed(fixture, &state, true);
        g_assert_cmpint(chmod(path, 0640), ==, 0);
        assert_changed(fixture, &state, true);
        touch(fixture, "b.pem");
        assert_changed(fixture, &state, true);
        g_assert_cmpint(g_unlink(path), ==, 0);
        assert_changed(fixture, &state, true);
        assert_changed(fixture, &state, false);
}

static void
test_a_link_that_is_switched_is_a_change(Fixture *fixture, gconstpointer data)
{
        (void)data;
        touch(fixture, "archive/cert1.txt");
        touch(fixture, "archive/cert2.txt");
        certificate_maker_link(&fixture->maker, "live/cert.pem", "../archive/cert1.txt");
        g_autofree char *state = state_of(fixture);

        certificate_maker_link(&fixture->maker, "live/cert.pem", "../archive/cert2.txt");

        assert_changed(fixture, &state, true);
}

static void
test_what_is_no_certificate_may_change(Fixture *fixture, gconstpointer data)
{
        (void)data;
        touch(fixture, "a.pem");
        g_autofree char *state = state_of(fixture);

        touch(fixture, "renewal.log");

        assert_changed(fixture, &state, false);
}

static void
test_a_file_noted_by_name_is_watched(Fixture *fixture, gconstpointer data)
{
        g_autofree char *path = certificate_maker_path(&fixture->maker, "key");
        char *states[3] = {NULL};

        (void)data;
        for (unsigned i = 0; i < G_N_ELEMENTS(states); i++) {
                g_auto(CertificateFolder) folder;
                certificate_folder_init(&folder);
                certificate_folder_note(&folder, path);
                states[i] = g_strdup(g_checksum_get_string(folder.state));
                g_assert_cmpuint(folder.files->len, ==, 0);
                if (i == 1)
                        touch(fixture, "key");
        }

        g_assert_cmpstr(states[0], ==, states[1]);
        g_assert_cmpstr(states[1], !=, states[2]);
        for (unsigned i = 0; i < G_N_ELEMENTS(states); i++)
                g_free(states[i]);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/certificate-folder/files-are-known-by-their-endings",
            test_files_are_known_by_their_endings);
        ADD("/certificate-folder/folders-are-walked-to-a-depth",
            test_folders_are_walked_to_a_depth);
        ADD("/certificate-folder/links-are-followed", test_links_are_followed);
        ADD("/certificate-folder/a-link-that-leads-back-is-followed-once",
            test_a_link_that_leads_back_is_followed_once);
        ADD("/certificate-folder/files-are-bounded", test_files_are_bounded);
        ADD("/certificate-folder/entries-are-bounded", test_entries_are_bounded);
        ADD("/certificate-folder/a-folder-that-is-not-there-is-a-problem",
            test_a_folder_that_is_not_there_is_a_problem);
        ADD("/certificate-folder/a-folder-that-cannot-be-read-says-what-to-do",
            test_a_folder_that_cannot_be_read_says_what_to_do);
        ADD("/certificate-folder/every-way-of-replacing-a-file-is-a-change",
            test_every_way_of_replacing_a_file_is_a_change);
        ADD("/certificate-folder/a-link-that-is-switched-is-a-change",
            test_a_link_that_is_switched_is_a_change);
        ADD("/certificate-folder/what-is-no-certificate-may-change",
            test_what_is_no_certificate_may_change);
        ADD("/certificate-folder/a-file-noted-by-name-is-watched",
            test_a_file_noted_by_name_is_watched);
        return g_test_run();
}

/*
 * Files when a call of the system fails: each in turn, once. What is done is done whole or not at
 * all and with an error; what is interrupted, or moves a byte at a time, is done all the same.
 */
#include <fcntl.h>
#include <ftw.h>
#include <motet/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/certificate.h"
#include "core/config.h"
#include "core/elf_file.h"
#include "core/module_copy.h"
#include "core/module_new.h"
#include "core/module_switch.h"
#include "core/option_secret.h"
#include "core/quarantine.h"
#include "support/failing/failing_calls.h"
#include "support/tls_pair.h"

typedef struct {
        TlsFiles files; /* a.example.crt, a.example.key */
        char *dir;      /* a folder of its own */
        char *config_file;
        GString *told;      /* lines for who asked */
        unsigned n_refused; /* attempts that ended with an error */
} Fixture;

static char *
path_of(const Fixture *fixture, const char *name)
{
        return g_build_filename(fixture->dir, name, NULL);
}

static void
put(const Fixture *fixture, const char *name, const char *text)
{
        g_autofree char *path = path_of(fixture, name);

        g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                               NULL));
}

/* Returns: (own) NULL: there is none */
static char *
text_of(const Fixture *fixture, const char *name)
{
        g_autofree char *path = path_of(fixture, name);
        char *text = NULL;

        g_file_get_contents(path, &text, NULL, NULL);
        return text;
}

static unsigned
n_entries(const Fixture *fixture, const char *name)
{
        g_autofree char *path = path_of(fixture, name);
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        unsigned n = 0;

        while (dir && g_dir_read_name(dir))
                n++;
        return n;
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file, (void)type, (void)place;
        return remove(path);
}

static void
remove_all(const Fixture *fixture, const char *name)
{
        g_autofree char *path = path_of(fixture, name);

        nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        g_autofree char *modules =
                g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules", NULL);
        g_autofree char *yaml = g_strdup_printf(
                "hosts:\n  a.example: {certificate: a.example.crt, key: a.example.key}\n"
                "modules_dir: %s\n",
                modules);

        (void)data;
        tls_files_init(&fixture->files);
        tls_files_make(&fixture->files, "a.example");
        fixture->dir = g_build_filename(fixture->files.dir, "own", NULL);
        g_assert_cmpint(mkdir(fixture->dir, 0700), ==, 0);
        g_autofree char *plugins = path_of(fixture, "plugins.d");
        g_assert_cmpint(mkdir(plugins, 0700), ==, 0);
        put(fixture, "motet.yaml", yaml);
        fixture->config_file = path_of(fixture, "motet.yaml");
        fixture->told = g_string_new(NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        remove_all(fixture, "");
        g_free(fixture->dir);
        g_free(fixture->config_file);
        g_string_free(fixture->told, TRUE);
        tls_files_clear(&fixture->files);
}

static void
tell(void *data, const char *line)
{
        g_string_append_printf(((Fixture *)data)->told, "%s\n", line);
}

/* The switch of a module */

#define FORMER "# greets\nenabled: true # here\n"
#define CHANGED "# greets\nenabled: false # here\n"

static bool
agree(void *data, GError **error)
{
        (void)data, (void)error;
        return true;
}

static bool
disagree(void *data, GError **error)
{
        (void)data;
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_CONFIG, "not like that");
        return false;
}

static bool
turn(Fixture *fixture, bool enable, bool (*apply)(void *data, GError **error), GError **error)
{
        const ModuleSwitch what = {
                .config_file = fixture->config_file, .name = "alpha", .enable = enable};
        const ModuleSwitchOwner owner = {.apply = apply, .line = tell, .data = fixture};

        g_string_truncate(fixture->told, 0);
        return module_switch_run(&what, &owner, error);
}

static void
try_to_switch(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GError) error = NULL;

        put(fixture, "plugins.d/alpha.yaml", FORMER);
        failing_calls_begin();
        bool is_done = turn(fixture, false, agree, &error);
        failing_calls_end();
        g_autofree char *now = text_of(fixture, "plugins.d/alpha.yaml");

        g_assert_cmpstr(now, ==, is_done ? CHANGED : FORMER);
        g_assert_true(is_done == !error);
        g_assert_cmpuint(n_entries(fixture, "plugins.d"), ==, 1);
        fixture->n_refused += !is_done;
}

/* The former file or the new one, never a part of one, and nothing beside it. */
static void
test_a_drop_in_is_changed_whole_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EIO, NULL, try_to_switch, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 5);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_switch, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_switch, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

static void
try_to_put_back(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GError) error = NULL;

        put(fixture, "plugins.d/alpha.yaml", FORMER);
        failing_calls_begin();
        bool is_done = turn(fixture, false, disagree, &error);
        failing_calls_end();
        g_autofree char *now = text_of(fixture, "plugins.d/alpha.yaml");

        g_assert_false(is_done);
        g_assert_nonnull(error);
        if (strcmp(now, FORMER) != 0) {
                g_assert_cmpstr(now, ==, CHANGED);
                g_assert_nonnull(strstr(fixture->told->str, "alpha.yaml"));
                fixture->n_refused++;
        }
        g_assert_cmpuint(n_entries(fixture, "plugins.d"), ==, 1);
}

/* A change that is refused, and cannot be taken back: who asked is told. */
static void
test_a_drop_in_that_stays_changed_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(ENOSPC, NULL, try_to_put_back, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 3);
}

static void
try_to_remove_new(void *data)
{
        Fixture *fixture = data;
        g_autoptr(GError) error = NULL;

        remove_all(fixture, "plugins.d/alpha.yaml");
        failing_calls_begin();
        bool is_done = turn(fixture, true, disagree, &error);
        failing_calls_end();

        g_assert_false(is_done);
        if (n_entries(fixture, "plugins.d") > 0)
                g_assert_nonnull(strstr(fixture->told->str, "cannot be changed"));
}

static void
test_a_new_drop_in_that_stays_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EACCES, "unlink", try_to_remove_new, fixture);
        g_assert_cmpuint(n_entries(fixture, "plugins.d"), ==, 0);
}

/* The copy of a module */

static void
try_to_copy(void *data)
{
        Fixture *fixture = data;
        g_autofree char *path = path_of(fixture, "mod_a.so");
        g_autofree char *folder = path_of(fixture, "copies");
        g_autoptr(GError) error = NULL;
        ModuleCopySource source = {.fd = open(path, O_RDONLY | O_CLOEXEC), .path = path};

        g_assert_cmpint(fstat(source.fd, &source.file), ==, 0);
        failing_calls_begin();
        g_autofree char *copy = module_copy_make(&source, folder, &error);
        failing_calls_end();
        close(source.fd);

        g_assert_true((copy != NULL) == (error == NULL));
        if (copy) {
                g_autofree char *text = NULL;
                g_assert_true(g_file_get_contents(copy, &text, NULL, NULL));
                g_assert_cmpstr(text, ==, "a module");
                module_copy_remove(copy);
        }
        g_assert_cmpuint(n_entries(fixture, "copies"), ==, 0);
        fixture->n_refused += !copy;
}

/* What is mapped into the server is the whole file, or nothing is left of the copy. */
static void
test_a_module_is_copied_whole_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "mod_a.so", "a module");
        failing_calls_each(EIO, NULL, try_to_copy, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 5);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_copy, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_copy, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

/* The files of a new module */

static void
try_to_make(void *data)
{
        Fixture *fixture = data;
        g_autofree char *dir = path_of(fixture, "made");
        g_autofree char *templates =
                g_build_filename(g_getenv("MOTET_TEST_SOURCE"), "etc", "module", NULL);
        const ModuleNew what = {.name = "made", .dir = dir, .templates = templates};
        g_autoptr(GError) error = NULL;

        remove_all(fixture, "made");
        failing_calls_begin();
        bool is_done = module_new_write(&what, tell, fixture, &error);
        failing_calls_end();

        g_assert_true(is_done == !error);
        g_autofree char *code = text_of(fixture, "made/made.c");
        g_autofree char *last = text_of(fixture, "made/.github/workflows/test.yml");
        g_assert_true((code != NULL) == is_done);
        g_assert_true((last != NULL) == is_done);
        fixture->n_refused += !is_done;
}

static void
test_a_module_is_made_whole_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(ENOSPC, NULL, try_to_make, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 20);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_make, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_make, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

/* Modules that crashed */

#define CRASHES "1700000000 alpha a.example - event\n1700000001 beta - - event\n"

static void
try_to_open_quarantine(void *data)
{
        Fixture *fixture = data;
        const CoreLimits limits = {.module_crashes = 3, .module_crash_period = G_MAXINT64};
        g_autoptr(GError) error = NULL;
        unsigned n = 0, n_left = 0;

        put(fixture, QUARANTINE_FILE, CRASHES);
        failing_calls_begin();
        g_autoptr(Quarantine) quarantine = quarantine_read(fixture->dir);
        bool is_open = quarantine_open(quarantine, &limits, 1700000002, &error);
        bool is_done = is_open && quarantine_forget(quarantine, "alpha", &n, &error);
        failing_calls_end();

        g_assert_true(is_done == !error);
        g_autoptr(Quarantine) after = quarantine_read(fixture->dir);
        if (is_done)
                g_assert_null(quarantine_last(after, "alpha", NULL, &n_left));
        fixture->n_refused += !is_done;
}

/* At worst crashes are forgotten, and that is told; the list is never taken for another one. */
static void
test_a_list_of_crashes_that_fails_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EIO, NULL, try_to_open_quarantine, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 5);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, "pread", try_to_open_quarantine, fixture);
        failing_calls_each(FAIL_SHORT, "pread", try_to_open_quarantine, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

/* What is read */

static void
try_to_read_secret(void *data)
{
        Fixture *fixture = data;
        static const MotetOption option = {.key = "token", .type = MOTET_OPTION_SECRET};
        const Config config = {.dir = fixture->dir};
        g_autofree char *path = path_of(fixture, "token");
        ConfigNode text = {.kind = CONFIG_SCALAR, .text = path, .file = "a.yaml", .line = 1};
        ConfigEntry entry = {.key = (char *)"file", .value = &text};
        g_autoptr(GPtrArray) entries = g_ptr_array_new();
        ConfigNode map = {.kind = CONFIG_MAP, .entries = entries, .file = "a.yaml", .line = 1};
        ConfigFindings findings;
        char *secret = NULL;

        g_ptr_array_add(entries, &entry);
        config_findings_init(&findings);
        failing_calls_begin();
        bool is_read = option_secret_read(&option, &map, &config, &secret, &findings);
        failing_calls_end();

        g_assert_cmpstr(secret, ==, is_read ? "open sesame" : NULL);
        g_assert_true(is_read == (findings.list->len == 0));
        option_secret_free(secret);
        config_findings_clear(&findings);
        fixture->n_refused += !is_read;
}

/* Never a part of one: it would be taken for another secret. */
static void
test_a_secret_is_read_whole_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "token", "open sesame\n");
        failing_calls_each(EIO, NULL, try_to_read_secret, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 4);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_read_secret, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_read_secret, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

static void
try_to_read_certificate(void *data)
{
        Fixture *fixture = data;
        g_autofree char *chain = g_build_filename(fixture->files.dir, "a.example.crt", NULL);
        g_autofree char *key = g_build_filename(fixture->files.dir, "a.example.key", NULL);
        g_autoptr(GError) error = NULL;

        failing_calls_begin();
        g_autoptr(Certificate) certificate = certificate_read(chain, key, &error);
        failing_calls_end();

        if (!certificate)
                g_assert_nonnull(strstr(error->message, "it is looked at again"));
        fixture->n_refused += !certificate;
}

static void
test_a_certificate_that_cannot_be_read_is_looked_at_again(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EIO, NULL, try_to_read_certificate, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 6);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_read_certificate, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_read_certificate, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

static void
try_to_load(void *data)
{
        Fixture *fixture = data;
        ConfigFindings findings;

        put(fixture, "plugins.d/alpha.yaml", FORMER);
        config_findings_init(&findings);
        failing_calls_begin();
        g_autoptr(Config) config = config_load(fixture->config_file, &findings);
        failing_calls_end();

        bool is_good = config && findings.n_errors == 0;
        if (is_good)
                g_assert_true(config_module(config, "alpha")->enabled);
        fixture->n_refused += !is_good;
        config_findings_clear(&findings);
}

/* A drop-in that cannot be read is not one that is not there. */
static void
test_a_configuration_is_read_whole_or_not(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EIO, NULL, try_to_load, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 8);

        fixture->n_refused = 0;
        failing_calls_each(EINTR, NULL, try_to_load, fixture);
        failing_calls_each(FAIL_SHORT, NULL, try_to_load, fixture);
        g_assert_cmpuint(fixture->n_refused, ==, 0);
}

static void
try_to_read_object(void *data)
{
        Fixture *fixture = data;
        g_autofree char *path = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "test_modules",
                                                 "mod_alpha.so", NULL);
        g_autoptr(GError) error = NULL;

        failing_calls_begin();
        g_autoptr(ElfFile) file = elf_file_open(path, &error);
        failing_calls_end();

        g_assert_true((file != NULL) == (error == NULL));
        if (file)
                g_assert_nonnull(elf_file_export(file, "motet_module"));
        fixture->n_refused += !file;
}

static void
test_an_object_that_cannot_be_read_is_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        failing_calls_each(EIO, NULL, try_to_read_object, fixture);
        g_assert_cmpuint(fixture->n_refused, >=, 2);
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/failing-files/a-drop-in-is-changed-whole-or-not",
            test_a_drop_in_is_changed_whole_or_not);
        ADD("/failing-files/a-drop-in-that-stays-changed-is-told",
            test_a_drop_in_that_stays_changed_is_told);
        ADD("/failing-files/a-new-drop-in-that-stays-is-told",
            test_a_new_drop_in_that_stays_is_told);
        ADD("/failing-files/a-module-is-copied-whole-or-not", test_a_module_is_copied_whole_or_not);
        ADD("/failing-files/a-module-is-made-whole-or-not", test_a_module_is_made_whole_or_not);
        ADD("/failing-files/a-list-of-crashes-that-fails-is-told",
            test_a_list_of_crashes_that_fails_is_told);
        ADD("/failing-files/a-secret-is-read-whole-or-not", test_a_secret_is_read_whole_or_not);
        ADD("/failing-files/a-certificate-that-cannot-be-read-is-looked-at-again",
            test_a_certificate_that_cannot_be_read_is_looked_at_again);
        ADD("/failing-files/a-configuration-is-read-whole-or-not",
            test_a_configuration_is_read_whole_or_not);
        ADD("/failing-files/an-object-that-cannot-be-read-is-told",
            test_an_object_that_cannot_be_read_is_told);
        return g_test_run();
}

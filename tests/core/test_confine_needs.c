/*
 * Tests of core/confine_needs.h: which files, programs and sockets a configuration asks for.
 *
 * Source: SECURITY-DEFAULTS R29.
 */
#include "core/confine_needs.h"

#include <glib/gstdio.h>
#include <motet/module.h>
#include <string.h>

#include "core/module_graph.h"

static const MotetOption options[] = {
        {"file", MOTET_OPTION_PATH, "kept.db", 0, 0, NULL, "Where it keeps something."},
        {"picture", MOTET_OPTION_PATH, NULL, 0, 0, NULL, "What it shows."},
        {"token", MOTET_OPTION_SECRET, NULL, 0, 0, NULL, "What it knows."},
        {0},
};

/* A configuration with the module "guest", enabled on one host. */
typedef struct {
        Config *config;
        ConfigFindings findings;
        MotetModuleInfo info;
        ModuleObject object;
        ModuleWanted wanted;
        const char *hosts[2];
        GPtrArray *all; /* of ModuleWanted */
        ConfineNeeds needs;
} Case;

static void
case_init(Case *c, const char *main, const char *guest, const char *const *words)
{
        g_autofree char *text = g_strdup_printf("hosts:\n  example.org:\n%s"
                                                "modules:\n  guest:\n    enabled: true\n%s",
                                                main, guest);

        memset(c, 0, sizeof *c);
        config_findings_init(&c->findings);
        c->config = config_parse(text, -1, "/etc/motet", &c->findings);
        g_assert_cmpuint(c->findings.n_errors, ==, 0);
        c->info = (MotetModuleInfo){.name = "guest", .options = options, .needs = words};
        c->object.name = (char *)"guest";
        c->object.info = &c->info;
        c->hosts[0] = "example.org";
        c->wanted = (ModuleWanted){config_module(c->config, "guest"), &c->object, c->hosts};
        c->all = g_ptr_array_new();
        g_ptr_array_add(c->all, &c->wanted);
        confine_needs_read(&c->needs, c->config, c->all);
}

static void
case_clear(Case *c)
{
        confine_needs_clear(&c->needs);
        g_ptr_array_unref(c->all);
        config_free(c->config);
        config_findings_clear(&c->findings);
}

/* Returns: what is asked for of @path by @what, of its folder when @is_file; 0: nothing */
static unsigned
rights(const Case *c, const char *what, const char *path, bool is_file)
{
        unsigned all = 0;

        for (guint i = 0; i < c->needs.files->len; i++) {
                const ConfineNeed *need = g_ptr_array_index(c->needs.files, i);
                if (strcmp(need->what, what) == 0 && strcmp(need->path, path) == 0 &&
                    need->is_file == is_file)
                        all |= need->rights;
        }
        return all;
}

/* R29: "Landlock for the data, certificate and log directories". */
static void
test_the_main_file_names_files(void)
{
        const unsigned both = CONFINE_READ | CONFINE_WRITE;
        Case c;

        case_init(&c,
                  "data_dir: /srv/data\ncertificates: {folder: /srv/certs}\n"
                  "log: {target: /srv/log/motet.log}\ncontrol_socket: /run/motet/motet.sock\n"
                  "confine: {also: [/srv/more]}\n",
                  "", NULL);

        g_assert_cmpuint(rights(&c, "data_dir", "/srv/data", false), ==, both);
        g_assert_cmpuint(rights(&c, "certificates.folder", "/srv/certs", false), ==, CONFINE_READ);
        g_assert_cmpuint(rights(&c, "log.target", "/srv/log/motet.log", true), ==, both);
        g_assert_cmpuint(rights(&c, "control_socket", "/run/motet/motet.sock", true), ==,
                         CONFINE_SOCKETS);
        g_assert_cmpuint(rights(&c, "plugins_dir", "/etc/motet/plugins.d", false), ==, both);
        g_assert_cmpuint(rights(&c, "confine.also", "/srv/more", false), ==, both);
        case_clear(&c);
}

static void
test_certificates_of_hosts_are_read(void)
{
        g_autoptr(GPtrArray) none = g_ptr_array_new();
        g_auto(ConfineNeeds) needs = {0};
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config =
                config_parse("hosts:\n  example.org: {certificate: /a/crt.pem, key: /b/key.pem}\n",
                             -1, "/etc/motet", &findings);
        confine_needs_read(&needs, config, none);
        config_findings_clear(&findings);
        const Case c = {.needs = needs};

        g_assert_cmpuint(rights(&c, "hosts.example.org.certificate", "/a/crt.pem", true), ==,
                         CONFINE_READ);
        g_assert_cmpuint(rights(&c, "hosts.example.org.key", "/b/key.pem", true), ==, CONFINE_READ);
}

/* Without a word of the module they are read, whatever they are for. */
static void
test_options_that_are_paths_are_read(void)
{
        Case c;

        case_init(&c, "", "    options: {file: /srv/guest/db, picture: /srv/pictures/a.png}\n",
                  NULL);
        g_assert_cmpuint(rights(&c, "guest.file", "/srv/guest/db", false), ==, CONFINE_READ);
        g_assert_cmpuint(rights(&c, "guest.file", "/srv/guest/db", true), ==, CONFINE_READ);
        g_assert_cmpuint(rights(&c, "guest.picture", "/srv/pictures/a.png", true), ==,
                         CONFINE_READ);
        g_assert_false(c.needs.calls.programs);
        case_clear(&c);
}

static void
test_options_that_differ_for_a_host_count(void)
{
        Case c;

        case_init(&c, "", "    host_options: {example.org: {picture: /srv/there/b.png}}\n", NULL);
        g_assert_cmpuint(rights(&c, "guest.picture", "/srv/there/b.png", true), ==, CONFINE_READ);
        case_clear(&c);
}

static void
test_words_of_a_module(void)
{
        static const char *const words[] = {"write:file", "read:/var/lib/lists", "socket:40", NULL};
        Case c;

        case_init(&c, "", "    options: {file: /srv/guest/db}\n", words);
        g_assert_cmpuint(rights(&c, "guest.file", "/srv/guest/db", true), ==,
                         CONFINE_READ | CONFINE_WRITE);
        g_assert_cmpuint(rights(&c, "guest./var/lib/lists", "/var/lib/lists", false), ==,
                         CONFINE_READ);
        g_assert_cmpuint(c.needs.calls.n_families, ==, 1);
        g_assert_cmpuint(c.needs.calls.families[0], ==, 40);
        g_assert_null(c.needs.programs_for);
        case_clear(&c);
}

/* R28: what an option names may then be started, and what is beside it not. */
static void
test_a_module_that_starts_programs(void)
{
        static const char *const words[] = {"programs", NULL};
        Case c;

        case_init(&c, "confine: {also: [/srv/python]}\n", "    options: {picture: /srv/bin/draw}\n",
                  words);
        g_assert_true(c.needs.calls.programs);
        g_assert_cmpstr(c.needs.programs_for, ==, "guest");
        g_assert_cmpuint(rights(&c, "guest.picture", "/srv/bin/draw", false), ==,
                         CONFINE_READ | CONFINE_EXECUTE);
        g_assert_cmpuint(rights(&c, "confine.also", "/srv/python", false), ==,
                         CONFINE_READ | CONFINE_WRITE | CONFINE_EXECUTE);
        g_assert_cmpuint(rights(&c, "guest.picture", "/srv/bin/draw", true), ==, CONFINE_READ);
        case_clear(&c);
}

/* It is read again with each reload. */
static void
test_files_of_secrets_are_read(void)
{
        g_autofree char *file = NULL;
        int fd = g_file_open_tmp("motet-test-XXXXXX", &file, NULL);
        g_autofree char *guest = g_strdup_printf("    options: {token: {file: %s}}\n", file);
        Case c;

        case_init(&c, "", guest, NULL);
        g_assert_cmpuint(rights(&c, "guest.token", file, true), ==, CONFINE_READ);
        case_clear(&c);
        g_assert_true(g_close(fd, NULL));
        g_assert_cmpint(g_remove(file), ==, 0);
}

static unsigned
n_wrong(const char *const *words)
{
        const MotetModuleInfo info = {.name = "guest", .options = options, .needs = words};
        ConfigFindings findings;

        config_findings_init(&findings);
        bool is_good = confine_needs_check(&info, &findings);
        unsigned n = findings.n_errors;
        config_findings_clear(&findings);
        g_assert_true(is_good == (n == 0));
        return n;
}

static void
test_words_that_make_no_sense_are_refused(void)
{
        static const char *const good[] = {"programs", "read:/a", "write:file", "socket:38", NULL};
        static const char *const bad[] = {"exec",     "read:a/b", "write:token", "write:missing",
                                          "socket:x", "socket:0", "socket:256",  "",
                                          "write:",   NULL};

        g_assert_cmpuint(n_wrong(good), ==, 0);
        g_assert_cmpuint(n_wrong(bad), ==, 9);
}

/* At the limit, and one past it. */
static void
test_families_are_bounded(void)
{
        static const char *const most[] = {"socket:40", "socket:41", "socket:42",
                                           "socket:43", "socket:44", "socket:45",
                                           "socket:46", "socket:47", NULL};
        static const char *const more[] = {"socket:40", "socket:41", "socket:42", "socket:43",
                                           "socket:44", "socket:45", "socket:46", "socket:47",
                                           "socket:48", NULL};
        Case c;

        g_assert_cmpuint(n_wrong(most), ==, 0);
        g_assert_cmpuint(n_wrong(more), ==, 1);
        case_init(&c, "", "", more);
        g_assert_cmpuint(c.needs.calls.n_families, ==, CONFINE_FAMILIES_MAX);
        case_clear(&c);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/confine-needs/the-main-file-names-files", test_the_main_file_names_files);
        g_test_add_func("/confine-needs/certificates-of-hosts-are-read",
                        test_certificates_of_hosts_are_read);
        g_test_add_func("/confine-needs/options-that-are-paths-are-read",
                        test_options_that_are_paths_are_read);
        g_test_add_func("/confine-needs/options-that-differ-for-a-host-count",
                        test_options_that_differ_for_a_host_count);
        g_test_add_func("/confine-needs/words-of-a-module", test_words_of_a_module);
        g_test_add_func("/confine-needs/a-module-that-starts-programs",
                        test_a_module_that_starts_programs);
        g_test_add_func("/confine-needs/files-of-secrets-are-read", test_files_of_secrets_are_read);
        g_test_add_func("/confine-needs/words-that-make-no-sense-are-refused",
                        test_words_that_make_no_sense_are_refused);
        g_test_add_func("/confine-needs/families-are-bounded", test_families_are_bounded);
        return g_test_run();
}

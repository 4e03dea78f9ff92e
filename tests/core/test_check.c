/*
 * Tests of check: choosing checks, printing findings for people and programs, exit codes, and what
 * the system allows, read from files of a made-up machine.
 */
#include "core/check.h"

#include <glib/gstdio.h>
#include <motet/error.h>
#include <string.h>

typedef struct {
        char *dir, *config, *root;
        GString *output;
        GError *error;
} Fixture;

static void
put(const Fixture *fixture, const char *path, const char *text)
{
        g_autofree char *full = g_strconcat(fixture->dir, path, NULL);
        g_autofree char *folder = g_path_get_dirname(full);

        g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
        g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void
set_up(Fixture *fixture, gconstpointer data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-check-XXXXXX", NULL);
        fixture->config = g_build_filename(fixture->dir, "motet.yaml", NULL);
        fixture->root = g_build_filename(fixture->dir, "root", NULL);
        fixture->output = g_string_new(NULL);
        /* A machine on which all is well. */
        put(fixture, "/root/usr/lib/systemd/system/motet.service",
            "[Service]\nLimitNOFILE=1048576\nMemoryMax=80%\n");
        put(fixture, "/root/proc/meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n");
        put(fixture, "/root/proc/sys/net/core/somaxconn", "4096\n");
        put(fixture, "/root/proc/sys/net/ipv4/tcp_mem", "92000\t123000\t185000\n");
        put(fixture, "/root/proc/sys/fs/nr_open", "1048576\n");
        put(fixture, "/root/proc/sys/fs/file-max", "9223372036854775807\n");
        put(fixture, "/motet.yaml", "hosts:\n  example.org:\n");
}

static void
remove_tree(const char *path)
{
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *child = g_build_filename(path, name, NULL);
                remove_tree(child);
        }
        g_remove(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        remove_tree(fixture->dir);
        g_string_free(fixture->output, TRUE);
        g_clear_error(&fixture->error);
        g_free(fixture->root);
        g_free(fixture->config);
        g_free(fixture->dir);
}

static void
take_line(void *data, const char *line)
{
        Fixture *fixture = data;

        g_string_append_printf(fixture->output, "%s\n", line);
}

/* Runs what the words say. Returns: the exit code */
static int
run(Fixture *fixture, const char *words)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        CheckParams params = {.config_file = fixture->config, .root = fixture->root};
        const char *const *given = *words ? (const char *const *)split : MOTET_LIST(NULL);

        g_clear_error(&fixture->error);
        g_string_truncate(fixture->output, 0);
        if (!check_words(given, &params, names, &fixture->error))
                return motet_error_exit_code(fixture->error);
        return check_run(&params, take_line, fixture, &fixture->error);
}

/* The output with "DIR" for the folder. */
static void
assert_output(Fixture *fixture, const char *expected)
{
        g_auto(GStrv) parts = g_strsplit(fixture->output->str, fixture->dir, -1);
        g_autofree char *text = g_strjoinv("DIR", parts);

        g_assert_cmpstr(text, ==, expected);
}

static void
assert_found(const Fixture *fixture, const char *part)
{
        if (!strstr(fixture->output->str, part))
                g_error("\"%s\" is not in: %s", part, fixture->output->str);
}

/* Printing */

static void
test_text_shows_the_line_and_a_caret(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts:\n  \"日本.example.\":\n\"log\": {levle: info}\n");

        g_assert_cmpint(run(fixture, "config domains"), ==, CHECK_ERRORS);
        assert_output(fixture,
                      "DIR/motet.yaml:2:3: error: \"日本.example.\" ends with a dot "
                      "[domains.trailing-dot]\n"
                      "    \"日本.example.\":\n"
                      "    ^\n"
                      "  write \"日本.example\"\n"
                      "DIR/motet.yaml:3:9: error: unknown key \"levle\" [config.unknown-key]\n"
                      "  \"log\": {levle: info}\n"
                      "          ^\n"
                      "  did you mean \"level\"?\n"
                      "2 errors\n");
}

/* A terminal shows some characters in two places. */
static void
test_the_caret_counts_wide_characters_twice(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts: {日本.example: {x: }}\n");

        g_assert_cmpint(run(fixture, "config"), ==, CHECK_ERRORS);
        assert_found(fixture, "\n  hosts: {日本.example: {x: }}\n"
                              "                         ^\n");
}

static void
test_a_long_line_is_cut_around_its_column(Fixture *fixture, gconstpointer data)
{
        g_autofree char *filler = g_strnfill(4000, 'f');
        g_autofree char *text =
                g_strdup_printf("hosts: {example.org: {certificate: %s, keyy: b}}\n", filler);

        (void)data;
        put(fixture, "/motet.yaml", text);

        g_assert_cmpint(run(fixture, "config"), ==, CHECK_ERRORS);
        g_auto(GStrv) lines = g_strsplit(fixture->output->str, "\n", -1);
        unsigned n_carets = 0;
        for (char **line = lines + 1; *line; line++) {
                if (!g_str_has_suffix(*line, "^"))
                        continue;
                const char *shown = line[-1];
                n_carets++;
                g_assert_cmpuint(strlen(shown), <=, 102);
                g_assert_cmpuint(strlen(*line), <=, strlen(shown));
                g_assert_true(g_str_has_prefix(shown + strlen(*line) - 1, "keyy") ||
                              g_str_has_prefix(shown + strlen(*line) - 1, "fff"));
        }
        g_assert_cmpuint(n_carets, ==, 2);
}

static void
test_json_is_an_array_of_findings(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts:\n  \"a\\\\b.example\":\nlogs: 1\n");

        g_assert_cmpint(run(fixture, "config domains --json"), ==, CHECK_ERRORS);
        assert_output(fixture,
                      "[\n"
                      "  {\"id\": \"domains.forbidden-character\", \"severity\": \"error\", "
                      "\"file\": \"DIR/motet.yaml\", \"line\": 2, \"column\": 3, \"message\": "
                      "\"\\\"a\\\\b.example\\\" contains \\\\ (U+005C), which no domain has\", "
                      "\"hint\": null},\n"
                      "  {\"id\": \"config.unknown-key\", \"severity\": \"error\", \"file\": "
                      "\"DIR/motet.yaml\", \"line\": 3, \"column\": 1, \"message\": \"unknown key "
                      "\\\"logs\\\"\", \"hint\": \"did you mean \\\"log\\\"?\"}\n"
                      "]\n");
}

static void
test_json_of_nothing_is_an_empty_array(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_cmpint(run(fixture, "--json config domains limits"), ==, CHECK_CLEAN);
        assert_output(fixture, "[\n]\n");
}

/* Choosing */

static void
test_warnings_count_when_strict(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts:\n  Example.org:\n");

        g_assert_cmpint(run(fixture, "domains"), ==, CHECK_CLEAN);
        assert_found(fixture, "\nno errors, 1 warning (0 modules on 1 host)\n");
        g_assert_cmpint(run(fixture, "domains --strict"), ==, CHECK_WARNINGS);
        g_assert_cmpint(run(fixture, "config --strict"), ==, CHECK_CLEAN);
        assert_output(fixture, "no errors (0 modules on 1 host)\n");
}

static void
test_all_checks_run_when_none_is_named(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts:\n  Example.org:\nnonsense: 1\n");
        put(fixture, "/root/proc/sys/net/core/somaxconn", "64\n");

        g_assert_cmpint(run(fixture, ""), ==, CHECK_ERRORS);
        assert_found(fixture, "[domains.not-canonical]");
        assert_found(fixture, "[config.unknown-key]");
        assert_found(fixture, "[limits.backlog]");
        assert_found(fixture, "[certs.");
}

/* Nothing else can be trusted then. */
static void
test_what_hides_the_rest_is_always_told(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts: [\n");
        g_assert_cmpint(run(fixture, "domains"), ==, CHECK_ERRORS);
        assert_found(fixture, "[config.syntax]");

        g_assert_cmpint(g_remove(fixture->config), ==, 0);
        g_assert_cmpint(run(fixture, "limits"), ==, CHECK_ERRORS);
        assert_output(fixture, "DIR/motet.yaml: error: cannot be read: No such file or directory "
                               "[config.unreadable]\n1 error\n");
}

static void
assert_refused(Fixture *fixture, const char *words, const char *message)
{
        g_assert_cmpint(run(fixture, words), ==, 64);
        g_assert_error(fixture->error, MOTET_ERROR, MOTET_ERROR_USAGE);
        g_assert_cmpstr(fixture->error->message, ==, message);
        g_assert_cmpstr(fixture->output->str, ==, "");
}

static void
test_unknown_words_are_refused(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_refused(fixture, "confg", "there is no check \"confg\"; did you mean \"config\"?");
        assert_refused(fixture, "config --jsno",
                       "check has the options --json, --strict and --resolver ADDRESS[:PORT], "
                       "not \"--jsno\"");
        g_assert_cmpint(run(fixture, "everything"), ==, 64);
        g_assert_true(g_str_has_prefix(fixture->error->message,
                                       "there is no check \"everything\"; there are: config, "));
}

/* A resolver that says nothing would stop everybody's streams. */
static void
test_a_server_waits_for_nobody(Fixture *fixture, gconstpointer data)
{
        const CheckParams params = {.config_file = fixture->config,
                                    .root = fixture->root,
                                    .names = (const char *const[]){"dns", NULL},
                                    .serving = true};

        (void)data;
        g_assert_cmpint(check_run(&params, take_line, fixture, &fixture->error), ==, 64);
        g_assert_error(fixture->error, MOTET_ERROR, MOTET_ERROR_USAGE);
}

static void
test_explain(Fixture *fixture, gconstpointer data)
{
        (void)data;
        g_assert_true(check_explain("domains.jid", take_line, fixture, &fixture->error));
        assert_found(fixture, "domains.jid (error): an address where a domain belongs\n\n");
        g_auto(GStrv) lines = g_strsplit(fixture->output->str, "\n", -1);
        for (char **line = lines + 2; *line; line++)
                g_assert_cmpuint(strlen(*line), <=, 78);

        g_assert_false(check_explain("domains.jdi", take_line, fixture, &fixture->error));
        g_assert_error(fixture->error, MOTET_ERROR, MOTET_ERROR_USAGE);
        g_assert_cmpstr(fixture->error->message, ==,
                        "there is no finding \"domains.jdi\"; did you mean \"domains.jid\"?");

        g_string_truncate(fixture->output, 0);
        g_assert_true(check_explain(NULL, take_line, fixture, NULL));
        g_auto(GStrv) all = g_strsplit(fixture->output->str, "\n", -1);
        g_assert_cmpuint(g_strv_length(all) - 1, ==, N_FINDINGS);
}

/* Limits */

static void
assert_limits(Fixture *fixture, const char *expected)
{
        g_assert_cmpint(run(fixture, "limits --strict"), ==,
                        *expected ? CHECK_WARNINGS : CHECK_CLEAN);
        g_auto(GStrv) lines = g_strsplit(fixture->output->str, "\n", -1);
        g_autoptr(GString) found = g_string_new(NULL);
        for (char **line = lines; *line; line++) {
                if (strstr(*line, "connections: ") || g_str_has_prefix(*line, "  "))
                        g_string_append_printf(found, "%s\n", *line);
        }
        g_auto(GStrv) parts = g_strsplit(found->str, fixture->dir, -1);
        g_autofree char *text = g_strjoinv("DIR", parts);
        g_assert_cmpstr(text, ==, expected);
}

static void
test_a_usual_machine_is_enough(Fixture *fixture, gconstpointer data)
{
        (void)data;
        assert_limits(fixture, "");
}

/* 11182 descriptors for 10000 connections: one in ten in reserve, 64 for other files. */
static void
test_descriptors_of_the_unit(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/root/usr/lib/systemd/system/motet.service",
            "[Service]\nLimitNOFILE=1024:11183\n");
        assert_limits(fixture, "");

        put(fixture, "/root/usr/lib/systemd/system/motet.service",
            "[Service]\nLimitNOFILE=1024:11182\n");
        assert_limits(fixture,
                      "DIR/motet.yaml: warning: 10000 connections: 11183 file descriptors are "
                      "needed, LimitNOFILE of DIR/root/usr/lib/systemd/system/motet.service allows "
                      "11182 [limits.descriptors]\n"
                      "  set LimitNOFILE=16384 in DIR/root/usr/lib/systemd/system/motet.service\n");
}

/* systemd.unit(5): drop-ins come after the unit, in order of their names, wherever they are. */
static void
test_drop_ins_of_the_unit_count(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/root/etc/systemd/system/motet.service.d/10-more.conf",
            "[Service]\nLimitNOFILE=2048\n");
        put(fixture, "/root/run/systemd/system/motet.service.d/20-less.conf",
            "[Service]\nLimitNOFILE=512\n");
        g_assert_cmpint(run(fixture, "limits --strict"), ==, CHECK_WARNINGS);
        assert_found(fixture, "20-less.conf allows 512 [");

        /* One of the same name in /etc replaces it. */
        put(fixture, "/root/etc/systemd/system/motet.service.d/20-less.conf",
            "[Service]\nLimitNOFILE=infinity\n");
        assert_limits(fixture, "");
}

static void
test_a_unit_in_etc_replaces_the_installed_one(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/root/etc/systemd/system/motet.service", "[Service]\nLimitNOFILE=4096\n");

        g_assert_cmpint(run(fixture, "limits --strict"), ==, CHECK_WARNINGS);
        assert_found(fixture, "/etc/systemd/system/motet.service allows 4096 [");
}

static void
test_the_kernel_bounds_what_a_unit_can_ask_for(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/root/proc/sys/fs/nr_open", "4096\n");
        put(fixture, "/root/proc/sys/fs/file-max", "8192\n");

        assert_limits(fixture,
                      "DIR/motet.yaml: warning: 10000 connections: fs.file-max is 8192, the most "
                      "that all processes together may have open [limits.open-files]\n"
                      "  sysctl -w fs.file-max=16384\n"
                      "DIR/motet.yaml: warning: 10000 connections: fs.nr_open is 4096, the most "
                      "that LimitNOFILE= can ask for [limits.open-files]\n"
                      "  sysctl -w fs.nr_open=16384\n");
}

static void
test_the_network_is_looked_at(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/root/proc/sys/net/core/somaxconn", "999\n");
        put(fixture, "/root/proc/sys/net/netfilter/nf_conntrack_max", "12499\n");
        put(fixture, "/root/proc/sys/net/ipv4/tcp_mem", "5000\t7000\t9999\n");
        assert_limits(
                fixture,
                "DIR/motet.yaml: warning: 10000 connections: net.core.somaxconn is 999, so few may "
                "wait when all come back after a restart [limits.backlog]\n"
                "  sysctl -w net.core.somaxconn=1024\n"
                "DIR/motet.yaml: warning: 10000 connections: net.netfilter.nf_conntrack_max is "
                "12499, the packet filter drops the rest [limits.conntrack]\n"
                "  sysctl -w net.netfilter.nf_conntrack_max=16384\n"
                "DIR/motet.yaml: warning: 10000 connections: net.ipv4.tcp_mem ends at 9999 pages, "
                "less than one a connection [limits.tcp-memory]\n"
                "  sysctl -w net.ipv4.tcp_mem=\"5000 7500 10000\"\n");

        put(fixture, "/root/proc/sys/net/core/somaxconn", "1000\n");
        put(fixture, "/root/proc/sys/net/netfilter/nf_conntrack_max", "12500\n");
        put(fixture, "/root/proc/sys/net/ipv4/tcp_mem", "5000\t7000\t10000\n");
        assert_limits(fixture, "");
}

/* 23 KiB a connection, 230000 KiB for 10000; the unit may have 80 % of what there is. */
static void
test_memory_of_machine_and_unit(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/root/proc/meminfo", "MemTotal:         290000 kB\n");
        assert_limits(fixture, "");

        put(fixture, "/root/proc/meminfo", "MemTotal:         280000 kB\n");
        assert_limits(fixture, "DIR/motet.yaml: warning: 10000 connections: about 225 MiB are "
                               "needed, 218 MiB is what MemoryMax of the unit allows "
                               "[limits.memory]\n"
                               "  9739 connections fit; set limits.connections\n");

        put(fixture, "/root/usr/lib/systemd/system/motet.service",
            "[Service]\nLimitNOFILE=infinity\nMemoryMax=infinity\n");
        put(fixture, "/root/proc/meminfo", "MemTotal:         229999 kB\n");
        g_assert_cmpint(run(fixture, "limits --strict"), ==, CHECK_WARNINGS);
        assert_found(fixture, "is what the machine has [limits.memory]");
        put(fixture, "/root/proc/meminfo", "MemTotal:         230000 kB\n");
        assert_limits(fixture, "");
}

/* What is meant to be held is set; findings stand there. */
static void
test_the_configured_number_is_what_counts(Fixture *fixture, gconstpointer data)
{
        (void)data;
        put(fixture, "/motet.yaml", "hosts: {example.org: }\nlimits:\n  connections: 1000000\n");

        g_assert_cmpint(run(fixture, "limits --strict"), ==, CHECK_WARNINGS);
        assert_found(fixture, "motet.yaml:3:16: warning: 1000000 connections: 1111183 file "
                              "descriptors are needed");
        assert_found(fixture, "LimitNOFILE=2097152");
        assert_found(fixture, "[limits.open-files]");
        assert_found(fixture, "[limits.memory]");
        assert_found(fixture, "[limits.tcp-memory]");
}

/* What this kernel does not have cannot be too small. */
static void
test_what_is_not_there_is_no_finding(Fixture *fixture, gconstpointer data)
{
        g_autofree char *proc = g_build_filename(fixture->root, "proc", NULL);

        (void)data;
        remove_tree(proc);
        assert_limits(fixture, "");
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/check/text-shows-the-line-and-a-caret", test_text_shows_the_line_and_a_caret);
        ADD("/check/the-caret-counts-wide-characters-twice",
            test_the_caret_counts_wide_characters_twice);
        ADD("/check/a-long-line-is-cut-around-its-column",
            test_a_long_line_is_cut_around_its_column);
        ADD("/check/json-is-an-array-of-findings", test_json_is_an_array_of_findings);
        ADD("/check/json-of-nothing-is-an-empty-array", test_json_of_nothing_is_an_empty_array);
        ADD("/check/warnings-count-when-strict", test_warnings_count_when_strict);
        ADD("/check/all-checks-run-when-none-is-named", test_all_checks_run_when_none_is_named);
        ADD("/check/what-hides-the-rest-is-always-told", test_what_hides_the_rest_is_always_told);
        ADD("/check/unknown-words-are-refused", test_unknown_words_are_refused);
        ADD("/check/a-server-waits-for-nobody", test_a_server_waits_for_nobody);
        ADD("/check/explain", test_explain);
        ADD("/check/limits/a-usual-machine-is-enough", test_a_usual_machine_is_enough);
        ADD("/check/limits/descriptors-of-the-unit", test_descriptors_of_the_unit);
        ADD("/check/limits/drop-ins-of-the-unit-count", test_drop_ins_of_the_unit_count);
        ADD("/check/limits/a-unit-in-etc-replaces-the-installed-one",
            test_a_unit_in_etc_replaces_the_installed_one);
        ADD("/check/limits/the-kernel-bounds-what-a-unit-can-ask-for",
            test_the_kernel_bounds_what_a_unit_can_ask_for);
        ADD("/check/limits/the-network-is-looked-at", test_the_network_is_looked_at);
        ADD("/check/limits/memory-of-machine-and-unit", test_memory_of_machine_and_unit);
        ADD("/check/limits/the-configured-number-is-what-counts",
            test_the_configured_number_is_what_counts);
        ADD("/check/limits/what-is-not-there-is-no-finding", test_what_is_not_there_is_no_finding);
        return g_test_run();
}

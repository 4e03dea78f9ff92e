/*
 * Tests of config: every mistake is found in one run, at its line and column; what is good is read
 * as written.
 *
 * The files tests/fuzz/corpus/config/good-*.yaml have no findings; bad-*.yaml list theirs in
 * comments "# expect ...".
 */
#include "core/config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/config_limits.h"
#include "core/config_value.h"
#include "core/config_yaml.h"
#include "core/suggest.h"

static const char home[] = "/etc/motet";

typedef struct {
        char *dir;
} Fixture;

static char *
corpus_dir(void)
{
        const char *source = g_getenv("MOTET_TEST_SOURCE");

        return g_build_filename(source ? source : ".", "tests/fuzz/corpus/config", NULL);
}

/* Returns: (own) findings a line each, without the name of the file */
static char *
findings_text(const ConfigFindings *findings, const char *file)
{
        GString *text = g_string_new(NULL);
        g_autofree char *prefix = g_strconcat(file, ":", NULL);

        for (unsigned i = 0; i < findings->list->len; i++) {
                g_autofree char *line = config_finding_string(findings->list->pdata[i]);
                const char *rest = g_str_has_prefix(line, prefix) ? line + strlen(prefix) : line;
                g_string_append_printf(text, "%s\n", g_strchug((char *)rest));
        }
        return g_string_free(text, FALSE);
}

static void
assert_findings(const char *yaml, const char *expected)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_parse(yaml, -1, home, &findings);
        g_assert_nonnull(config);
        g_autofree char *text = findings_text(&findings, "/etc/motet/motet.yaml");
        g_assert_cmpstr(text, ==, expected);
        config_findings_clear(&findings);
}

static Config *
parse_good(const char *yaml)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        Config *config = config_parse(yaml, -1, home, &findings);
        g_autofree char *text = findings_text(&findings, "/etc/motet/motet.yaml");
        g_assert_cmpstr(text, ==, "");
        config_findings_clear(&findings);
        return config;
}

/* Returns: (own) what the comments "# expect" of a corpus file say */
static char *
expectations(const char *text, gsize len)
{
        static const char mark[] = "# expect ";
        GString *expected = g_string_new(NULL);
        const char *line = text, *end = text + len;

        while (line < end) {
                const char *stop = memchr(line, '\n', (size_t)(end - line));
                size_t n = (size_t)((stop ? stop : end) - line);
                if (n > strlen(mark) && memcmp(line, mark, strlen(mark)) == 0) {
                        g_string_append_len(expected, line + strlen(mark),
                                            (gssize)(n - strlen(mark)));
                        g_string_append_c(expected, '\n');
                }
                line += n + 1;
        }
        return g_string_free(expected, FALSE);
}

static void
test_corpus_file(const void *data)
{
        const char *path = data;
        g_autofree char *text = NULL;
        gsize len;
        ConfigFindings findings;

        g_assert_true(g_file_get_contents(path, &text, &len, NULL));
        config_findings_init(&findings);
        g_autoptr(Config) config = config_parse(text, (gssize)len, home, &findings);
        g_assert_nonnull(config);

        g_autofree char *expected = expectations(text, len);
        g_autofree char *actual = findings_text(&findings, "/etc/motet/motet.yaml");
        g_assert_cmpstr(actual, ==, expected);
        g_assert_true((findings.n_errors > 0) == (strstr(path, "/bad-") != NULL));
        config_findings_clear(&findings);
}

static void
add_corpus(void)
{
        g_autofree char *folder = corpus_dir();
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        unsigned n = 0;
        const char *name;

        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                if (!g_str_has_prefix(name, "good-") && !g_str_has_prefix(name, "bad-"))
                        continue;
                g_autofree char *path = g_strconcat("/config/file/", name, NULL);
                g_test_add_data_func_full(path, g_build_filename(folder, name, NULL),
                                          test_corpus_file, g_free);
                n++;
        }
        g_assert_cmpuint(n, >=, 20);
}

static void
add_limit(const ConfigLimit *limit, void *data)
{
        g_string_append_printf(data, "%s %s %" G_GINT64_FORMAT "\n", limit->of ? limit->of : "all",
                               limit->key, limit->value);
}

/* Returns: (own) each limit with its value, without the padding between them */
static char *
limits_text(const CoreLimits *limits)
{
        GString *text = g_string_new(NULL);

        config_limits_foreach(limits, add_limit, text);
        return g_string_free(text, FALSE);
}

/* The defaults of a file that names only its host. */
static void
test_defaults(void)
{
        g_autoptr(Config) config = parse_good("hosts: {example.org: }");
        CoreLimits limits;

        limits_default(&limits);

        g_assert_cmpstr(config->file, ==, "/etc/motet/motet.yaml");
        g_assert_cmpstr(config->plugins_dir, ==, "/etc/motet/plugins.d");
        g_assert_cmpstr(config->data_dir, ==, "/etc/motet/data");
        g_assert_cmpstr(config->control_socket, ==, "/etc/motet/motet.sock");
        g_assert_true(g_path_is_absolute(config->modules_dir));
        g_assert_null(config->user);
        g_assert_cmpint(config->log_levels.level, ==, MOTET_LOG_INFO);
        g_assert_cmpstr(config->log_target, ==, "stderr");
        g_assert_cmpstr(config->storage_default, ==, "sqlite");
        g_assert_cmpuint(config->modules->len, ==, 0);
        g_assert_cmpuint(config->hosts->len, ==, 1);
        const ConfigHost *host = config->hosts->pdata[0];
        g_assert_cmpstr(host->name, ==, "example.org");
        g_assert_null(host->certificate);
        g_assert_null(host->key);
        g_assert_cmpstr(config->certificates_dir, ==, "/etc/motet/certs");
        g_assert_cmpint(config->certificates_period, ==, 5 * G_TIME_SPAN_SECOND);
        g_autofree char *found = limits_text(&config->limits);
        g_autofree char *expected = limits_text(&limits);
        g_assert_cmpstr(found, ==, expected);
}

/* Hosts keep the order of the file. */
static void
test_hosts(void)
{
        g_autoptr(Config) config =
                parse_good("hosts:\n"
                           "  z.example:\n"
                           "  bücher.example: {certificate: b.crt, key: /k/b.key}\n");

        const ConfigHost *first = config->hosts->pdata[0], *second = config->hosts->pdata[1];
        g_assert_cmpstr(first->name, ==, "z.example");
        g_assert_cmpstr(second->name, ==, "bücher.example");
        g_assert_cmpstr(second->certificate, ==, "/etc/motet/b.crt");
        g_assert_cmpstr(second->key, ==, "/k/b.key");
}

/* RFC 7622 3.2: what is written in another form is the same host, and told. */
static void
test_host_names_are_prepared(void)
{
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_parse("hosts: {BÜCHER.Example: }", -1, home, &findings);
        g_autofree char *text = findings_text(&findings, "/etc/motet/motet.yaml");

        g_assert_cmpstr(text, ==,
                        "1:9: warning: \"BÜCHER.Example\" is not in the form in which it is "
                        "compared; write \"bücher.example\" [domains.not-canonical]\n");
        g_assert_cmpstr(((const ConfigHost *)config->hosts->pdata[0])->name, ==, "bücher.example");
        config_findings_clear(&findings);
}

static void
test_paths(void)
{
        g_autoptr(Config) config = parse_good("hosts: {example.org: }\n"
                                              "plugins_dir: ../p\n"
                                              "modules_dir: ./m//n\n"
                                              "data_dir: /var/lib/motet\n"
                                              "control_socket: run/s\n"
                                              "log: {target: log/motet.log}\n");

        g_assert_cmpstr(config->plugins_dir, ==, "/etc/p");
        g_assert_cmpstr(config->modules_dir, ==, "/etc/motet/m/n");
        g_assert_cmpstr(config->data_dir, ==, "/var/lib/motet");
        g_assert_cmpstr(config->control_socket, ==, "/etc/motet/run/s");
        g_assert_cmpstr(config->log_target, ==, "/etc/motet/log/motet.log");
}

static void
test_certificates(void)
{
        g_autoptr(Config) slow = parse_good("hosts: {a: }\n"
                                            "certificates: {folder: live, look_every: 1h}\n");
        g_autoptr(Config) quick = parse_good("hosts: {a: }\ncertificates: {look_every: 1s}\n");

        g_assert_cmpstr(slow->certificates_dir, ==, "/etc/motet/live");
        g_assert_cmpint(slow->certificates_period, ==, G_TIME_SPAN_HOUR);
        g_assert_cmpint(quick->certificates_period, ==, G_TIME_SPAN_SECOND);
        assert_findings(
                "hosts: {a: }\ncertificates: {look_every: 999ms}",
                "2:28: error: 999ms is out of range, from 1s to 1h [config.out-of-range]\n");
        assert_findings("hosts: {a: }\ncertificates: {look_every: 61m}",
                        "2:28: error: 61m is out of range, from 1s to 1h [config.out-of-range]\n");
}

static void
test_log(void)
{
        static const char *const levels[] = {"error", "warn", "info", "debug"};

        for (unsigned i = 0; i < G_N_ELEMENTS(levels); i++) {
                g_autofree char *yaml = g_strdup_printf(
                        "hosts: {a: }\nlog: {level: %s, target: journal}", levels[i]);
                g_autoptr(Config) config = parse_good(yaml);
                g_assert_cmpint(config->log_levels.level, ==, (int)i);
                g_assert_cmpstr(config->log_target, ==, "journal");
        }
}

static void
test_storage(void)
{
        g_autoptr(Config) config =
                parse_good("hosts: {a: }\nstorage: {default: memory, stores: {roster: disk}}");

        g_assert_cmpstr(config->storage_default, ==, "memory");
        g_assert_cmpuint(g_hash_table_size(config->storage), ==, 1);
        g_assert_cmpstr(g_hash_table_lookup(config->storage, "roster"), ==, "disk");
}

/* Every limit reaches its own member, of each of the three kinds of peer. */
static void
test_limits(void)
{
        static const char *const peers[] = {"stranger", "user", "server"};
        static const char members[] =
                "{stanza_bytes: 10001, depth: 12, elements: 33, attributes: 14, namespaces: 15, "
                "name_bytes: 257, send_queue: 1 MiB, bytes_per_s: 1 MB, bytes_burst: 20001, "
                "stanzas_per_s: 19}";

        for (unsigned i = 0; i < G_N_ELEMENTS(peers); i++) {
                g_autofree char *yaml =
                        g_strdup_printf("hosts: {a: }\nlimits: {%s: %s}", peers[i], members);
                g_autoptr(Config) config = parse_good(yaml);
                MotetSessionLimits expected = {10001, 12,      33,      14,    15,
                                               257,   1048576, 1000000, 20001, 19};
                CoreLimits all;
                limits_default(&all);
                MotetSessionLimits *const changed[] = {&all.stranger, &all.user, &all.server};
                *changed[i] = expected;
                g_autofree char *found = limits_text(&config->limits);
                g_autofree char *wanted = limits_text(&all);
                g_assert_cmpstr(found, ==, wanted);
        }
}

static void
test_limits_of_the_core(void)
{
        g_autoptr(Config) config =
                parse_good("hosts: {a: }\n"
                           "limits: {handshake_timeout: 1s, login_timeout: 2s, bind_timeout: 3s, "
                           "write_timeout: 4m, close_timeout: 500ms, offload_queue: 6000, "
                           "resource_bytes: 70}");
        const CoreLimits *limits = &config->limits;

        g_assert_cmpint(limits->handshake_timeout, ==, 1000000);
        g_assert_cmpint(limits->login_timeout, ==, 2000000);
        g_assert_cmpint(limits->bind_timeout, ==, 3000000);
        g_assert_cmpint(limits->write_timeout, ==, 240000000);
        g_assert_cmpint(limits->close_timeout, ==, 500000);
        g_assert_cmpuint(limits->offload_queue, ==, 6000);
        g_assert_cmpuint(limits->resource_bytes, ==, 70);
}

static void
test_modules(void)
{
        g_autoptr(Config) config =
                parse_good("hosts: {a: , b: }\n"
                           "modules:\n"
                           "  ping:\n"
                           "  off: {enabled: false}\n"
                           "  some: {hosts: [b], options: {x: 1}, host_options: {b: {x: 2}}}\n");

        const ConfigModule *ping = config_module(config, "ping");
        g_assert_true(ping->enabled);
        g_assert_null(ping->hosts);
        g_assert_null(ping->options);
        g_assert_false(config_module(config, "off")->enabled);
        const ConfigModule *some = config_module(config, "some");
        g_assert_true(g_strv_equal((const char *const *)some->hosts, MOTET_LIST("b")));
        g_assert_cmpstr(config_node_entry(some->options, "x")->text, ==, "1");
        g_assert_cmpuint(some->host_options->len, ==, 1);
        const ConfigEntry *entry = some->host_options->pdata[0];
        g_assert_cmpstr(entry->key, ==, "b");
        g_assert_cmpstr(config_node_entry(entry->value, "x")->text, ==, "2");
        g_assert_null(config_module(config, "none"));
}

/* sockaddr_un.sun_path has 108 bytes, one of them for the end. */
static void
test_socket_path(void)
{
        g_autofree char *longest = g_strnfill(106, 's');
        g_autofree char *good = g_strdup_printf("hosts: {a: }\ncontrol_socket: /%s\n", longest);
        g_autofree char *bad = g_strdup_printf("hosts: {a: }\ncontrol_socket: /%ss\n", longest);
        g_autofree char *expected = g_strdup_printf("2:17: error: control_socket: the path of a "
                                                    "unix socket has at most 107 bytes: /%ss "
                                                    "[config.socket-path]\n",
                                                    longest);

        g_autoptr(Config) config = parse_good(good);
        g_assert_nonnull(config);
        assert_findings(bad, expected);
}

static void
test_root_is_no_user(void)
{
        g_autoptr(Config) config = parse_good("hosts: {a: }\nuser: _motet-1");

        g_assert_cmpstr(config->user, ==, "_motet-1");
        assert_findings("hosts: {a: }\nuser: root",
                        "2:7: error: the server does not run as root [config.root]\n");
        assert_findings("hosts: {a: }\nuser: 1000",
                        "2:7: error: expected a user name, found \"1000\" [config.wrong-type]\n");
}

/* A file that is nothing but nested lists. */
static char *
nested(unsigned depth)
{
        GString *text = g_string_new("hosts: {a: }\nmodules: {x: {options: {o: ");

        /* The lists begin on level 5. */
        for (unsigned i = 4; i < depth; i++)
                g_string_append_c(text, '[');
        for (unsigned i = 4; i < depth; i++)
                g_string_append_c(text, ']');
        g_string_append(text, "}}}\n");
        return g_string_free(text, FALSE);
}

static void
test_depth(void)
{
        g_autofree char *deepest = nested(CONFIG_DEPTH_MAX);
        g_autofree char *deeper = nested(CONFIG_DEPTH_MAX + 1);
        g_autofree char *deep = nested(100000);

        g_autoptr(Config) config = parse_good(deepest);
        g_assert_nonnull(config);
        assert_findings(deeper, "2:56: error: nested deeper than 32 levels [config.syntax]\n");
        assert_findings(deep, "2:56: error: nested deeper than 32 levels [config.syntax]\n");
}

static char *
filled(size_t bytes)
{
        GString *text = g_string_new("hosts: {a: }\n");

        while (text->len < bytes)
                g_string_append_c(text, text->len % 80 == 0 ? '\n' : '#');
        text->str[bytes - 1] = '\n';
        return g_string_free(text, FALSE);
}

static void
test_file_size(void)
{
        g_autofree char *largest = filled(CONFIG_FILE_MAX);
        g_autofree char *larger = filled(CONFIG_FILE_MAX + 1);

        g_autoptr(Config) config = parse_good(largest);
        g_assert_nonnull(config);
        assert_findings(larger, "error: larger than 1048576 bytes [config.syntax]\n");
}

/* What a file says is repeated in one printable line of bounded length. */
static void
test_findings_are_one_line(void)
{
        g_autofree char *name = g_strnfill(5000, 'k');
        g_autofree char *yaml =
                g_strdup_printf("hosts: {a: }\n\"x\\ny\\e[1m\": 1\nuser: %s\n", name);
        ConfigFindings findings;

        config_findings_init(&findings);
        g_autoptr(Config) config = config_parse(yaml, -1, home, &findings);
        g_assert_nonnull(config);

        const ConfigFinding *escaped = findings.list->pdata[0], *cut = findings.list->pdata[1];
        g_assert_true(g_str_has_prefix(escaped->text, "unknown key \"x\\x0ay\\x1b[1m\""));
        g_assert_cmpuint(strlen(cut->text), <, 520);
        g_assert_true(g_str_has_suffix(cut->text, "…"));
        config_findings_clear(&findings);
}

static void
test_findings_sort(void)
{
        static const char *const sorted[] = {
                "a: error: whole [config.root]",         "a:1:2: error: x; try z [config.root]",
                "a:1:10: warning: y [config.no-effect]", "a:2:1: error: z [config.root]",
                "b:1:1: error: w [config.root]",
        };
        ConfigFindings findings;

        config_findings_init(&findings);
        config_findings_add(&findings, FINDING_CONFIG_ROOT, "b", 1, 1, "w");
        config_findings_add(&findings, FINDING_CONFIG_ROOT, "a", 2, 1, "z");
        config_findings_add(&findings, FINDING_CONFIG_ROOT, "a", 1, 2, "x");
        config_findings_hint(&findings, "try %s", "z");
        config_findings_add(&findings, FINDING_CONFIG_NO_EFFECT, "a", 1, 10, "y");
        config_findings_add(&findings, FINDING_CONFIG_ROOT, "a", 1, 2, "x");
        config_findings_hint(&findings, "try %s", "z");
        config_findings_add(&findings, FINDING_CONFIG_ROOT, "a", 0, 0, "whole");
        config_findings_sort(&findings);

        g_assert_cmpuint(findings.n_errors, ==, 4);
        for (unsigned i = 0; i < G_N_ELEMENTS(sorted); i++) {
                g_autofree char *line = config_finding_string(findings.list->pdata[i]);
                g_assert_cmpstr(line, ==, sorted[i]);
        }
        config_findings_clear(&findings);
}

static void
test_parse_int(void)
{
        static const char *const wrong[] = {
                "",    "-",   "+1",  "1 ",  " 1", "01",  "-0",
                "1.0", "1e3", "0x1", "1_0", "a",  "--1", "9223372036854775808"};
        int64_t value = 77;

        for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_false(config_parse_int(wrong[i], &value));
        g_assert_cmpint(value, ==, 77);
        g_assert_true(config_parse_int("0", &value) && value == 0);
        g_assert_true(config_parse_int("-12", &value) && value == -12);
        g_assert_true(config_parse_int("9223372036854775807", &value) && value == INT64_MAX);
}

static void
test_parse_duration(void)
{
        static const char *const wrong[] = {
                "",     "30",  "s",   "30 S", "30  s",          "1h30m",     "-1s",
                "1.5s", "01s", "1s ", "30 ",  "9223372036855s", "106751992d"};
        static const struct {
                const char *text;
                int64_t us;
        } right[] = {{"0s", 0},
                     {"250ms", 250000},
                     {"30s", 30000000},
                     {"30 s", 30000000},
                     {"5m", 300000000},
                     {"12h", 43200000000},
                     {"2d", 172800000000},
                     {"106751991d", 9223372022400000000}};
        int64_t us = 77;

        for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_false(config_parse_duration(wrong[i], &us));
        g_assert_cmpint(us, ==, 77);
        for (unsigned i = 0; i < G_N_ELEMENTS(right); i++) {
                g_assert_true(config_parse_duration(right[i].text, &us));
                g_assert_cmpint(us, ==, right[i].us);
        }
}

static void
test_parse_size(void)
{
        static const char *const wrong[] = {"",   "KiB",    "1 kiB", "1  KiB",        "1K",
                                            "-1", "1.5 MB", "1 ",    "8589934592 GiB"};
        static const struct {
                const char *text;
                int64_t bytes;
        } right[] = {{"0", 0},
                     {"65536", 65536},
                     {"7 B", 7},
                     {"64 KiB", 65536},
                     {"64KiB", 65536},
                     {"10 kB", 10000},
                     {"10 KB", 10000},
                     {"1 MB", 1000000},
                     {"1 MiB", 1048576},
                     {"2 GB", 2000000000},
                     {"8589934591 GiB", INT64_MAX - 1073741823}};
        int64_t bytes = 77;

        for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_false(config_parse_size(wrong[i], &bytes));
        g_assert_cmpint(bytes, ==, 77);
        for (unsigned i = 0; i < G_N_ELEMENTS(right); i++) {
                g_assert_true(config_parse_size(right[i].text, &bytes));
                g_assert_cmpint(bytes, ==, right[i].bytes);
        }
}

static void
test_suggest(void)
{
        static const char *const words[] = {"plugins_dir", "modules_dir", "log", "limits", NULL};
        g_autofree char *endless = g_strnfill(5000, 'l');

        g_assert_cmpstr(suggest_nearest("plugin_dir", words), ==, "plugins_dir");
        g_assert_cmpstr(suggest_nearest("lgo", words), ==, "log");
        g_assert_cmpstr(suggest_nearest("limit", words), ==, "limits");
        g_assert_cmpstr(suggest_nearest("Logs", words), ==, NULL);
        g_assert_null(suggest_nearest("", words));
        g_assert_null(suggest_nearest(endless, words));
        g_assert_null(suggest_nearest("certificates", words));
}

/* A folder for files, gone after the test. */
static void
fixture_set_up(Fixture *fixture, const void *data)
{
        (void)data;
        fixture->dir = g_dir_make_tmp("motet-config-XXXXXX", NULL);
        g_assert_nonnull(fixture->dir);
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
fixture_tear_down(Fixture *fixture, const void *data)
{
        (void)data;
        remove_tree(fixture->dir);
        g_free(fixture->dir);
}

static void
write_file(const Fixture *fixture, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
        g_autofree char *dir = g_path_get_dirname(path);

        g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Loads motet.yaml of the fixture; findings have DIR instead of its folder. */
static Config *
load(const Fixture *fixture, const char *expected)
{
        g_autofree char *path = g_build_filename(fixture->dir, "motet.yaml", NULL);
        ConfigFindings findings;

        config_findings_init(&findings);
        Config *config = config_load(path, &findings);
        g_autofree char *whole = findings_text(&findings, "");
        g_auto(GStrv) parts = g_strsplit(whole, fixture->dir, -1);
        g_autofree char *text = g_strjoinv("DIR", parts);
        g_assert_cmpstr(text, ==, expected);
        config_findings_clear(&findings);
        return config;
}

static void
test_drop_ins(Fixture *fixture, const void *data)
{
        (void)data;
        write_file(fixture, "motet.yaml", "hosts: {a: }\nmodules: {iq: }\n");
        write_file(fixture, "plugins.d/ping.yaml", "# all defaults\n");
        write_file(fixture, "plugins.d/bind.yaml", "enabled: false\noptions: {x: y}\n");
        write_file(fixture, "plugins.d/bind.yaml.bak", "][");
        write_file(fixture, "plugins.d/bind.yaml~", "][");
        write_file(fixture, "plugins.d/.hidden.yaml", "][");
        write_file(fixture, "plugins.d/README", "][");

        g_autoptr(Config) config = load(fixture, "");

        g_assert_cmpuint(config->modules->len, ==, 3);
        g_assert_true(config_module(config, "ping")->enabled);
        g_assert_false(config_module(config, "bind")->enabled);
        g_assert_nonnull(config_module(config, "iq"));
        g_assert_cmpuint(config->files->len, ==, 3);
}

/* One run lists the mistakes of all files. */
static void
test_all_files_in_one_run(Fixture *fixture, const void *data)
{
        (void)data;
        write_file(fixture, "motet.yaml", "hosts: {a: }\nmodules: {iq: }\nzz: 1\n");
        write_file(fixture, "plugins.d/iq.yaml", "enabled: true\n");
        write_file(fixture, "plugins.d/My-Mod.yaml", "enabled: true\n");
        write_file(fixture, "plugins.d/ping.yaml", "hosts: [b]\nenabled: 1\n");
        write_file(fixture, "plugins.d/bind.yaml", "a: [\n");
        write_file(fixture, "plugins.d/sasl.yaml/x", "a folder");

        g_autoptr(Config) config = load(
                fixture,
                "DIR/motet.yaml:3:1: error: unknown key \"zz\"; known here: hosts, certificates, "
                "plugins_dir, "
                "modules_dir, data_dir, control_socket, user, confine, log, storage, limits, "
                "modules "
                "[config.unknown-key]\n"
                "DIR/plugins.d/My-Mod.yaml: warning: ignored: a drop-in is named <module>.yaml, in "
                "lower-case letters, digits and _ [config.ignored-file]\n"
                "DIR/plugins.d/bind.yaml:2:1: error: did not find expected node content, while "
                "parsing a flow node from line 2 on [config.syntax]\n"
                "DIR/plugins.d/iq.yaml: error: iq is configured already in DIR/motet.yaml, line 2 "
                "[config.duplicate-module]\n"
                "DIR/plugins.d/ping.yaml:1:9: error: \"b\" is not one of the hosts of "
                "DIR/motet.yaml [config.unknown-host]\n"
                "DIR/plugins.d/ping.yaml:2:10: error: expected true or false, found \"1\"; write "
                "true "
                "[config.wrong-type]\n"
                "DIR/plugins.d/sasl.yaml: error: cannot be read: Is a directory "
                "[config.unreadable]\n");

        g_assert_nonnull(config);
}

/* A main file that is not YAML does not hide the drop-ins' mistakes, and invents none. */
static void
test_broken_main_file(Fixture *fixture, const void *data)
{
        (void)data;
        write_file(fixture, "motet.yaml", "hosts: [\n");
        write_file(fixture, "plugins.d/ping.yaml", "hosts: [a]\nenabled: 1\n");

        g_autoptr(Config) config =
                load(fixture,
                     "DIR/motet.yaml:2:1: error: did not find expected node content, while parsing "
                     "a flow node from line 2 on [config.syntax]\n"
                     "DIR/plugins.d/ping.yaml:2:10: error: expected true or false, found \"1\"; "
                     "write true "
                     "[config.wrong-type]\n");

        g_assert_nonnull(config);
}

static void
test_missing_file(Fixture *fixture, const void *data)
{
        (void)data;
        g_autoptr(Config) config =
                load(fixture, "DIR/motet.yaml: error: cannot be read: No such file or directory "
                              "[config.unreadable]\n");

        g_assert_null(config);
}

/* Opening a pipe would wait for its other end. */
static void
test_pipe(Fixture *fixture, const void *data)
{
        g_autofree char *path = g_build_filename(fixture->dir, "motet.yaml", NULL);

        (void)data;
        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
        g_autoptr(Config) config = load(
                fixture,
                "DIR/motet.yaml: error: cannot be read: Invalid argument [config.unreadable]\n");

        g_assert_null(config);
}

static void
test_large_file(Fixture *fixture, const void *data)
{
        g_autofree char *text = filled(CONFIG_FILE_MAX + 20000);

        (void)data;
        write_file(fixture, "motet.yaml", text);
        g_autoptr(Config) config =
                load(fixture, "DIR/motet.yaml: error: larger than 1048576 bytes [config.syntax]\n");

        g_assert_nonnull(config);
}

/* The default folder need not be there; a named one must. */
static void
test_missing_plugins_dir(Fixture *fixture, const void *data)
{
        (void)data;
        write_file(fixture, "motet.yaml", "hosts: {a: }\n");
        g_autoptr(Config) without = load(fixture, "");
        g_assert_nonnull(without);

        write_file(fixture, "motet.yaml", "hosts: {a: }\nplugins_dir: p\n");
        g_autoptr(Config) named =
                load(fixture, "DIR/motet.yaml:2:14: error: plugins_dir: Error opening directory "
                              "“DIR/p”: No such file or directory [config.plugins-dir]\n");
        g_assert_nonnull(named);
}

#define ADD_WITH_FOLDER(path_, func_)                                                              \
        g_test_add("/config/" path_, Fixture, NULL, fixture_set_up, func_, fixture_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add_corpus();
        g_test_add_func("/config/defaults", test_defaults);
        g_test_add_func("/config/hosts-in-order-and-prepared", test_hosts);
        g_test_add_func("/config/host-names-are-prepared", test_host_names_are_prepared);
        g_test_add_func("/config/relative-paths-from-the-file's-folder", test_paths);
        g_test_add_func("/config/certificates", test_certificates);
        g_test_add_func("/config/log", test_log);
        g_test_add_func("/config/storage", test_storage);
        g_test_add_func("/config/limits-of-each-peer", test_limits);
        g_test_add_func("/config/limits-of-the-core", test_limits_of_the_core);
        g_test_add_func("/config/modules", test_modules);
        g_test_add_func("/config/socket-path-at-the-limit-and-one-past", test_socket_path);
        g_test_add_func("/config/root-is-no-user", test_root_is_no_user);
        g_test_add_func("/config/depth-at-the-limit-and-one-past", test_depth);
        g_test_add_func("/config/file-size-at-the-limit-and-one-past", test_file_size);
        g_test_add_func("/config/findings-are-one-printable-line", test_findings_are_one_line);
        g_test_add_func("/config/findings-sorted", test_findings_sort);
        g_test_add_func("/config/parse-int", test_parse_int);
        g_test_add_func("/config/parse-duration", test_parse_duration);
        g_test_add_func("/config/parse-size", test_parse_size);
        g_test_add_func("/config/suggest", test_suggest);
        ADD_WITH_FOLDER("drop-ins", test_drop_ins);
        ADD_WITH_FOLDER("mistakes-of-all-files-in-one-run", test_all_files_in_one_run);
        ADD_WITH_FOLDER("broken-main-file", test_broken_main_file);
        ADD_WITH_FOLDER("missing-file", test_missing_file);
        ADD_WITH_FOLDER("pipe-is-no-file", test_pipe);
        ADD_WITH_FOLDER("large-file", test_large_file);
        ADD_WITH_FOLDER("missing-plugins-dir", test_missing_plugins_dir);
        return g_test_run();
}

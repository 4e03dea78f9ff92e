/*
 * test_log: what a line looks like, where it goes, and how many of them are written.
 */
#include <glib/gstdio.h>
#include <motet/error.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"

typedef struct {
        GString *lines;
        int64_t now;
        unsigned n_lines;
} Fixture;

static void
collect(MotetLogLevel level, const char *source, const char *text, void *data)
{
        Fixture *f = data;

        g_string_append_printf(f->lines, "%d %s: %s\n", (int)level, source, text);
        f->n_lines++;
}

static int64_t
driven_now(void *data)
{
        return ((const Fixture *)data)->now;
}

static void
set_up(Fixture *f, const void *data)
{
        (void)data;
        f->lines = g_string_new(NULL);
        f->now = INT64_C(1767268800) * G_USEC_PER_SEC; /* 2026-01-01T12:00:00.000Z */
        log_set_func(collect, f);
        log_set_clock(driven_now, f);
        log_set_level(MOTET_LOG_DEBUG);
        log_set_rate(LOG_LINES_PER_S);
}

static void
tear_down(Fixture *f, const void *data)
{
        (void)data;
        log_set_func(NULL, NULL);
        log_set_clock(NULL, NULL);
        g_assert_true(log_set_target("stderr", NULL));
        g_string_free(f->lines, TRUE);
}

static void
assert_lines(Fixture *f, const char *expected)
{
        g_assert_cmpstr(f->lines->str, ==, expected);
        g_string_truncate(f->lines, 0);
}

static void
test_level_decides(Fixture *f, const void *data)
{
        (void)data;
        log_set_level(MOTET_LOG_WARN);
        motet_error("e%d", 1);
        motet_warn("w");
        motet_info("i");
        motet_debug("d");
        assert_lines(f, "0 test: e1\n1 test: w\n");
        g_assert_true(motet_log_enabled(MOTET_LOG_WARN));
        g_assert_false(motet_log_enabled(MOTET_LOG_INFO));

        log_set_level(MOTET_LOG_DEBUG);
        motet_debug("d");
        assert_lines(f, "3 test: d\n");
}

/* GLib has more levels than we do; what has no text has an empty line. */
static void
test_what_glib_says_is_logged(Fixture *f, const void *data)
{
        static const struct {
                GLogLevelFlags flags;
                char level;
        } rows[] = {
                {G_LOG_LEVEL_CRITICAL, '0'}, {G_LOG_LEVEL_WARNING, '1'}, {G_LOG_LEVEL_MESSAGE, '2'},
                {G_LOG_LEVEL_INFO, '3'},     {G_LOG_LEVEL_DEBUG, '3'},
        };
        const GLogField fields[] = {{"PRIORITY", "5", -1}, {"MESSAGE", "from afar", -1}};

        (void)data;
        log_set_level(MOTET_LOG_DEBUG);
        log_catch_glib();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *line = g_strdup_printf("%c glib: from afar\n", rows[i].level);
                g_log_structured_array(rows[i].flags, fields, G_N_ELEMENTS(fields));
                assert_lines(f, line);
        }
        g_log_structured_array(G_LOG_LEVEL_MESSAGE, fields, 1);
        assert_lines(f, "2 glib: \n");
}

/* What is commanded goes before what is configured, and one's own level before everybody's. */
static void
test_levels_by_source(Fixture *f, const void *data)
{
        LogLevels levels = {.level = MOTET_LOG_WARN};

        (void)data;
        g_assert_true(log_levels_set(&levels, "sasl", MOTET_LOG_DEBUG));
        g_assert_true(log_levels_set(&levels, "tls", MOTET_LOG_ERROR));
        log_set_levels(&levels);
        motet_log(MOTET_LOG_DEBUG, "sasl", "1");
        motet_log(MOTET_LOG_INFO, "test", "no");
        motet_log(MOTET_LOG_WARN, "tls", "no");
        motet_debug("no");
        g_assert_false(motet_log_enabled(MOTET_LOG_INFO));
        g_assert_true(motet_log_accepts(MOTET_LOG_DEBUG, "sasl"));
        g_assert_cmpint(log_level_of("sasl"), ==, MOTET_LOG_DEBUG);
        g_assert_cmpint(log_level_of(NULL), ==, MOTET_LOG_WARN);

        g_assert_true(log_command_level(NULL, MOTET_LOG_INFO));
        g_assert_true(log_command_level("test", MOTET_LOG_DEBUG));
        motet_log(MOTET_LOG_INFO, "tls", "2");
        motet_log(MOTET_LOG_DEBUG, "sasl", "no");
        motet_debug("3");
        assert_lines(f, "3 sasl: 1\n2 tls: 2\n3 test: 3\n");

        g_assert_true(log_command_level(NULL, LOG_LEVEL_UNSET));
        g_assert_true(log_command_level("test", LOG_LEVEL_UNSET));
        g_assert_true(log_command_level("test", LOG_LEVEL_UNSET));
        motet_log(MOTET_LOG_DEBUG, "sasl", "4");
        motet_log(MOTET_LOG_WARN, "tls", "no");
        motet_info("no");
        assert_lines(f, "3 sasl: 4\n");
}

/* The most sources with a level of their own, and one more. */
static void
test_levels_are_bounded(Fixture *f, const void *data)
{
        LogLevels levels = {.level = MOTET_LOG_WARN};
        g_autofree char *longest = g_strnfill(LOG_SOURCE_MAX - 1, 'x');
        g_autofree char *too_long = g_strnfill(LOG_SOURCE_MAX, 'x');

        (void)f;
        (void)data;
        g_assert_false(log_levels_set(&levels, too_long, MOTET_LOG_INFO));
        g_assert_true(log_levels_set(&levels, longest, MOTET_LOG_INFO));
        for (unsigned i = 1; i < LOG_LEVELS_MAX; i++) {
                g_autofree char *source = g_strdup_printf("source%u", i);
                g_assert_true(log_levels_set(&levels, source, MOTET_LOG_DEBUG));
        }
        g_assert_false(log_levels_set(&levels, "one_more", MOTET_LOG_INFO));
        g_assert_true(log_levels_set(&levels, longest, MOTET_LOG_ERROR));
        g_assert_true(log_levels_set(&levels, longest, LOG_LEVEL_UNSET));
        g_assert_true(log_levels_set(&levels, "one_more", MOTET_LOG_INFO));
        g_assert_cmpint(log_levels_of(&levels, "source1"), ==, MOTET_LOG_DEBUG);
        g_assert_cmpint(log_levels_of(&levels, longest), ==, LOG_LEVEL_UNSET);
        g_assert_cmpint(log_levels_highest(&levels), ==, MOTET_LOG_DEBUG);
}

/* A level that is off costs one compare: not even its arguments are looked at. */
static void
test_what_is_off_is_not_evaluated(Fixture *f, const void *data)
{
        unsigned n = 0;

        (void)data;
        log_set_level(MOTET_LOG_WARN);
        motet_info("%u", n++);
        motet_debug("%u", n++);
        motet_session_debug(NULL, "%u", n++);
        g_assert_cmpuint(n, ==, 0);
        motet_warn("%u", n++);
        assert_lines(f, "1 test: 0\n");
}

static void
test_level_names(Fixture *f, const void *data)
{
        MotetLogLevel level = MOTET_LOG_ERROR;
        (void)f;
        (void)data;

        g_assert_true(log_level_parse("debug", &level));
        g_assert_cmpint(level, ==, MOTET_LOG_DEBUG);
        g_assert_true(log_level_parse("error", &level));
        g_assert_cmpint(level, ==, MOTET_LOG_ERROR);
        g_assert_true(log_level_parse("warn", &level) && log_level_parse("info", &level));
        g_assert_false(log_level_parse("loud", &level));
        g_assert_false(log_level_parse(NULL, &level));
        g_assert_cmpint(level, ==, MOTET_LOG_INFO);
}

/* SECURITY-DEFAULTS R32: one line an event, whatever a peer puts into it. */
static void
test_peers_text_is_escaped(Fixture *f, const void *data)
{
        static const char *const escaped[][2] = {
                {"a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
                {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
                {"\xc2\x85\xc2\x9b", "\\x85\\x9b"},
                {"\xff\xc3", "\\xff\\xc3"},
                {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
                {"\u00e9\u20ac\U0001f600", "\u00e9\u20ac\U0001f600"},
                {"\u202eabc\u2066\u2028", "\\u202eabc\\u2066\\u2028"},
                {"\u200e\u061c\ufeff", "\\u200e\\u061c\\ufeff"},
                {"\U000e0041", "\\U000e0041"},
                {"", ""},
        };
        (void)data;

        for (size_t i = 0; i < G_N_ELEMENTS(escaped); i++) {
                g_autofree char *expected = g_strdup_printf("2 test: %s\n", escaped[i][1]);
                motet_info("%s", escaped[i][0]);
                assert_lines(f, expected);
        }
}

/* SECURITY-DEFAULTS R32: a line is cut at 1 KB, never within a character, and says so. */
static void
test_long_lines_are_cut(Fixture *f, const void *data)
{
        const char *const pieces[] = {"x", "\u20ac", "\n", "\U0001f600", "x\xff"};
        (void)data;

        for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
                g_autoptr(GString) text = g_string_new("start");
                while (text->len < 5000)
                        g_string_append(text, pieces[i]);
                motet_info("%s", text->str);
                g_assert_cmpuint(f->lines->len, <, LOG_LINE_MAX);
                g_assert_cmpuint(f->lines->len, >, LOG_LINE_MAX - 100);
                g_assert_true(g_str_has_suffix(f->lines->str, "...\n"));
                g_assert_true(g_utf8_validate(f->lines->str, -1, NULL));
                g_string_truncate(f->lines, 0);
        }
}

/* The longest text that is not cut, and one byte more. */
static void
test_a_line_that_fits_is_whole(Fixture *f, const void *data)
{
        size_t longest = 0;
        (void)data;

        log_set_rate(0);
        for (size_t len = 900; len < 1024; len++) {
                g_autofree char *text = g_strnfill(len, 'x');
                g_autofree char *whole = g_strdup_printf("2 test: %s\n", text);
                motet_info("%s", text);
                if (strcmp(f->lines->str, whole) == 0)
                        longest = len;
                else
                        g_assert_true(g_str_has_suffix(f->lines->str, "x...\n"));
                g_assert_cmpuint(f->lines->len, <=, longest + strlen("2 test: \n"));
                g_string_truncate(f->lines, 0);
        }
        g_assert_cmpuint(longest, >, 900);
        g_assert_cmpuint(longest, <, 1023);
}

/* SECURITY-DEFAULTS R32: one source cannot fill the disk, nor silence another. */
static void
test_rate_is_limited_by_source(Fixture *f, const void *data)
{
        (void)data;
        log_set_rate(3);
        for (unsigned i = 0; i < 3; i++)
                motet_log(MOTET_LOG_INFO, "noisy", "%u", i);
        assert_lines(f, "2 noisy: 0\n2 noisy: 1\n2 noisy: 2\n");
        motet_log(MOTET_LOG_INFO, "noisy", "3");
        motet_log(MOTET_LOG_ERROR, "noisy", "4");
        motet_log(MOTET_LOG_INFO, "quiet", "heard");
        assert_lines(f, "2 quiet: heard\n");

        f->now += G_USEC_PER_SEC;
        motet_log(MOTET_LOG_INFO, "quiet", "again");
        motet_log(MOTET_LOG_INFO, "noisy", "5");
        assert_lines(f, "1 noisy: 2 more lines dropped\n2 quiet: again\n2 noisy: 5\n");
}

/* A peer that makes us say the same again and again fills nothing: it is said how often. */
static void
test_repeats_are_counted(Fixture *f, const void *data)
{
        (void)data;
        for (unsigned i = 0; i < 5; i++)
                motet_log(MOTET_LOG_INFO, "noisy", "again");
        motet_log(MOTET_LOG_WARN, "noisy", "again");
        motet_log(MOTET_LOG_INFO, "other", "again");
        motet_log(MOTET_LOG_INFO, "noisy", "else");
        assert_lines(f, "2 noisy: again\n2 noisy: again\n2 noisy: again\n"
                        "2 noisy: 2 times more: again\n1 noisy: again\n"
                        "2 other: again\n2 noisy: else\n");

        /* Whoever logs after a while tells; then the same line is news. */
        for (unsigned i = 0; i < 200; i++)
                motet_log(MOTET_LOG_INFO, "noisy", "else");
        f->now += LOG_REPEAT_WINDOW - 1;
        motet_log(MOTET_LOG_INFO, "quiet", "1");
        assert_lines(f, "2 noisy: else\n2 noisy: else\n2 quiet: 1\n");
        f->now += 1;
        motet_log(MOTET_LOG_INFO, "quiet", "2");
        motet_log(MOTET_LOG_INFO, "noisy", "else");
        assert_lines(f, "2 noisy: 198 times more: else\n2 quiet: 2\n2 noisy: else\n");

        /* A clock that was set back does not silence anybody. */
        f->now -= INT64_C(3600) * G_USEC_PER_SEC;
        motet_log(MOTET_LOG_INFO, "noisy", "else");
        assert_lines(f, "2 noisy: else\n");
}

static void
fill_session(LogFields *about, void *data)
{
        about->session = data;
}

/* The same said of another session is another event. */
static void
test_repeats_are_of_one_session(Fixture *f, const void *data)
{
        char session[] = "a";

        (void)data;
        log_set_context(fill_session, session);
        for (unsigned i = 0; i < LOG_REPEATS + 1; i++)
                motet_info("x");
        session[0] = 'b';
        for (unsigned i = 0; i < LOG_REPEATS + 1; i++)
                motet_info("x");
        g_assert_true(log_stop(0)); /* the end tells what is left */
        log_clear_context(session);
        assert_lines(f, "2 test: x\n2 test: x\n2 test: x\n2 test: 1 times more: x\n"
                        "2 test: x\n2 test: x\n2 test: x\n"
                        "2 test: 1 times more: x\n");
}

static void
test_long_repeats_are_cut(Fixture *f, const void *data)
{
        g_autoptr(GString) text = g_string_new(NULL);

        (void)data;
        while (text->len < 2000)
                g_string_append(text, "\u20ac");
        for (unsigned i = 0; i < LOG_REPEATS + 1; i++)
                motet_info("%s", text->str);
        g_string_truncate(f->lines, 0);
        motet_info("else");
        g_assert_true(g_utf8_validate(f->lines->str, -1, NULL));
        g_assert_true(g_str_has_prefix(f->lines->str, "2 test: 1 times more: \u20ac"));
        g_assert_cmpuint(strcspn(f->lines->str, "\n"), <, LOG_LINE_MAX + 16);
}

static void
test_no_rate_no_limit(Fixture *f, const void *data)
{
        (void)data;
        log_set_rate(0);
        for (unsigned i = 0; i < 1000; i++)
                motet_info("%u", i);
        g_assert_cmpuint(f->n_lines, ==, 1000);
}

/* The table of sources is bounded; those that do not fit are counted together. */
static void
test_many_sources_share_a_count(Fixture *f, const void *data)
{
        (void)data;
        log_set_rate(1);
        f->now += 10 * G_USEC_PER_SEC;
        for (unsigned i = 0; i < 200; i++) {
                g_autofree char *source = g_strdup_printf("source-%u", i);
                motet_log(MOTET_LOG_INFO, source, "x");
        }
        g_assert_cmpuint(f->n_lines, >, 40);
        g_assert_cmpuint(f->n_lines, <=, 64);

        g_string_truncate(f->lines, 0);
        f->now += G_USEC_PER_SEC;
        motet_info("next");
        g_assert_nonnull(strstr(f->lines->str, "1 other sources: 1"));
}

static char *
read_lines(const char *path)
{
        char *text = NULL;
        g_autoptr(GError) error = NULL;

        g_file_get_contents(path, &text, NULL, &error);
        g_assert_no_error(error);
        return text;
}

static void
test_file_lines_are_stamped(Fixture *f, const void *data)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *folder = g_dir_make_tmp("motet-log-XXXXXX", &error);
        g_autofree char *path = g_build_filename(folder, "motet.log", NULL);
        g_autofree char *moved = g_build_filename(folder, "motet.log.1", NULL);
        struct stat st;
        (void)data;

        log_set_func(NULL, NULL);
        g_assert_true(log_set_target(path, &error));
        g_assert_no_error(error);
        motet_warn("first %s", "line");
        f->now += 61 * G_USEC_PER_SEC;
        motet_error("second");

        g_autofree char *text = read_lines(path);
        g_assert_cmpstr(text, ==,
                        "2026-01-01T12:00:00.000Z warn test: first line\n"
                        "2026-01-01T12:01:01.000Z error test: second\n");
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 0007, ==, 0);

        /* set again, as after a rotation */
        g_assert_cmpint(g_rename(path, moved), ==, 0);
        g_assert_true(log_set_target(path, NULL));
        motet_info("third");
        g_autofree char *after = read_lines(path);
        g_assert_cmpstr(after, ==, "2026-01-01T12:01:01.000Z info test: third\n");

        g_assert_true(log_set_target("stderr", NULL));
        g_unlink(path);
        g_unlink(moved);
        g_rmdir(folder);
}

/* SECURITY-DEFAULTS R32: also with its head a line is no longer than 1 KB. */
static void
test_file_lines_are_cut(Fixture *f, const void *data)
{
        g_autofree char *folder = g_dir_make_tmp("motet-log-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(folder, "motet.log", NULL);
        g_autofree char *fill = g_strnfill(3000, 'x');
        (void)f;
        (void)data;

        log_set_func(NULL, NULL);
        g_assert_true(log_set_target(path, NULL));
        motet_warn("%s", fill);
        g_autofree char *text = read_lines(path);
        g_assert_cmpuint(strlen(text), <=, LOG_LINE_MAX + 1);
        g_assert_true(g_str_has_suffix(text, "x...\n"));

        g_assert_true(log_set_target("stderr", NULL));
        g_unlink(path);
        g_rmdir(folder);
}

static void
test_bad_targets_change_nothing(Fixture *f, const void *data)
{
        g_autoptr(GError) config = NULL;
        g_autoptr(GError) io = NULL;
        (void)data;

        g_assert_false(log_set_target("relative/path", &config));
        g_assert_error(config, MOTET_ERROR, MOTET_ERROR_CONFIG);
        g_assert_nonnull(strstr(config->message, "relative/path"));
        g_assert_false(log_set_target("/nonexistent-folder/motet.log", &io));
        g_assert_error(io, MOTET_ERROR, MOTET_ERROR_IO);
        g_assert_nonnull(strstr(io->message, "/nonexistent-folder/motet.log"));
        motet_info("still heard");
        assert_lines(f, "2 test: still heard\n");
}

static void *
log_often(void *data)
{
        (void)data;
        for (unsigned i = 0; i < 1000; i++)
                motet_info("%u", i);
        return NULL;
}

static void
test_threads_do_not_mix_lines(Fixture *f, const void *data)
{
        GThread *threads[4];
        (void)data;

        log_set_rate(0);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                threads[i] = g_thread_new("log", log_often, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);

        g_assert_cmpuint(f->n_lines, ==, 4000);
        g_auto(GStrv) lines = g_strsplit(f->lines->str, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, 4001);
        for (unsigned i = 0; i < 4000; i++)
                g_assert_true(g_str_has_prefix(lines[i], "2 test: "));
}

#define ADD(path, func) g_test_add("/log/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        ADD("level-decides", test_level_decides);
        ADD("what-glib-says-is-logged", test_what_glib_says_is_logged);
        ADD("levels-by-source", test_levels_by_source);
        ADD("levels-are-bounded", test_levels_are_bounded);
        ADD("what-is-off-is-not-evaluated", test_what_is_off_is_not_evaluated);
        ADD("level-names", test_level_names);
        ADD("peers-text-is-escaped", test_peers_text_is_escaped);
        ADD("long-lines-are-cut", test_long_lines_are_cut);
        ADD("a-line-that-fits-is-whole", test_a_line_that_fits_is_whole);
        ADD("rate-is-limited-by-source", test_rate_is_limited_by_source);
        ADD("repeats-are-counted", test_repeats_are_counted);
        ADD("repeats-are-of-one-session", test_repeats_are_of_one_session);
        ADD("long-repeats-are-cut", test_long_repeats_are_cut);
        ADD("no-rate-no-limit", test_no_rate_no_limit);
        ADD("many-sources-share-a-count", test_many_sources_share_a_count);
        ADD("file-lines-are-stamped", test_file_lines_are_stamped);
        ADD("file-lines-are-cut", test_file_lines_are_cut);
        ADD("bad-targets-change-nothing", test_bad_targets_change_nothing);
        ADD("threads-do-not-mix-lines", test_threads_do_not_mix_lines);
        return g_test_run();
}

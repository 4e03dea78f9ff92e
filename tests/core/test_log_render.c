/*
 * test_log_render: what a line looks like.
 */
#include "core/log_render.h"

#include <string.h>

#define NOON (INT64_C(1767268800) * G_USEC_PER_SEC) /* 2026-01-01T12:00:00Z */

static void
assert_rendered(const LogRecord *record, LogStyle style, const char *expected)
{
        LogLine line;

        log_render(record, style, &line);
        g_autofree char *text = g_strndup(line.bytes, line.n);
        g_assert_cmpstr(text, ==, expected);
}

static void
test_plain(void)
{
        const LogRecord record = {
                .time = NOON + 7008, .level = MOTET_LOG_WARN, .source = "tls", .text = "hello"};

        assert_rendered(&record, LOG_STYLE_PLAIN, "2026-01-01T12:00:00.007Z warn tls: hello\n");
        assert_rendered(&record, LOG_STYLE_PRIORITY, "<4>tls: hello\n");
}

/* Who it is about stands where no peer can write, and without the resource a peer chose. */
static void
test_about(void)
{
        LogRecord record = {.time = NOON, .level = MOTET_LOG_INFO, .source = "sasl", .text = "x"};

        record.about.host = "example.org";
        assert_rendered(&record, LOG_STYLE_PRIORITY, "<6>sasl [example.org]: x\n");
        record.about.session = "0123456789abcdef";
        assert_rendered(&record, LOG_STYLE_PRIORITY, "<6>sasl [example.org 01234567]: x\n");
        record.about.jid = "romeo@example.org/a]: forged";
        assert_rendered(&record, LOG_STYLE_PRIORITY, "<6>sasl [romeo@example.org 01234567]: x\n");
        record.about = (LogFields){.session = "abc"};
        assert_rendered(&record, LOG_STYLE_PRIORITY, "<6>sasl [abc]: x\n");
}

static void
test_colour(void)
{
        const LogRecord record = {.time = NOON,
                                  .level = MOTET_LOG_ERROR,
                                  .source = "tls",
                                  .about.host = "a.example",
                                  .text = "x"};

        assert_rendered(&record, LOG_STYLE_COLOUR,
                        "\033[2m2026-01-01T12:00:00.000Z\033[0m \033[1;31merror\033[0m "
                        "tls\033[2m [a.example]\033[0m: x\n");
}

/* RFC 8259 7, RFC 3339 5.6 with microseconds. */
static void
test_json(void)
{
        LogRecord record = {.time = NOON + 42,
                            .level = MOTET_LOG_DEBUG,
                            .source = "stream",
                            .text = "\"a\\x0a\" \u20ac"};

        assert_rendered(&record, LOG_STYLE_JSON,
                        "{\"time\":\"2026-01-01T12:00:00.000042Z\",\"level\":\"debug\","
                        "\"module\":\"stream\",\"message\":\"\\\"a\\\\x0a\\\" \u20ac\"}\n");
        record.about = (LogFields){"a.example", "b@a.example/\"c\"", "1f"};
        record.text = "";
        assert_rendered(&record, LOG_STYLE_PRIORITY_JSON,
                        "<7>{\"time\":\"2026-01-01T12:00:00.000042Z\",\"level\":\"debug\","
                        "\"module\":\"stream\",\"host\":\"a.example\","
                        "\"jid\":\"b@a.example/\\\"c\\\"\",\"session\":\"1f\",\"message\":\"\"}\n");
}

/* The calendar is our own: it must be everybody's. */
static void
test_dates(void)
{
        int64_t seconds = 0;

        /* A step of a prime number of seconds, so that days and times of day mix. */
        for (unsigned i = 0; i < 20000; i++, seconds += 499979) {
                g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
                g_autofree char *text =
                        g_date_time_format(date, "%Y-%m-%dT%H:%M:%S.000Z info a: b\n");
                const LogRecord record = {.time = seconds * G_USEC_PER_SEC,
                                          .level = MOTET_LOG_INFO,
                                          .source = "a",
                                          .text = "b"};
                assert_rendered(&record, LOG_STYLE_PLAIN, text);
        }
        g_assert_cmpint(seconds, >, INT64_C(9900000000)); /* beyond 2283: 2100 is no leap year */
}

static char *
fill(size_t size)
{
        return g_strnfill(size - 1, '"');
}

/* The longest record there can be, each byte of which is escaped. */
static void
test_the_longest_fits(void)
{
        g_autofree char *text = fill(LOG_LINE_MAX), *source = fill(LOG_SOURCE_MAX);
        g_autofree char *host = fill(LOG_HOST_MAX), *jid = fill(LOG_JID_MAX);
        g_autofree char *session = fill(LOG_SESSION_MAX);
        const LogRecord record = {.time = NOON,
                                  .level = MOTET_LOG_ERROR,
                                  .source = source,
                                  .about = {host, jid, session},
                                  .text = text};
        LogLine line;

        log_render(&record, LOG_STYLE_PRIORITY_JSON, &line);

        g_assert_cmpuint(line.n, <=, sizeof line.bytes);
        g_assert_cmpuint(line.n, >,
                         2 * (LOG_LINE_MAX + LOG_SOURCE_MAX + LOG_HOST_MAX + LOG_JID_MAX +
                              LOG_SESSION_MAX - 5));
        g_assert_cmpint(memcmp(line.bytes + line.n - 3, "\"}\n", 3), ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/log_render/plain", test_plain);
        g_test_add_func("/log_render/about", test_about);
        g_test_add_func("/log_render/colour", test_colour);
        g_test_add_func("/log_render/json", test_json);
        g_test_add_func("/log_render/dates", test_dates);
        g_test_add_func("/log_render/the-longest-fits", test_the_longest_fits);
        return g_test_run();
}

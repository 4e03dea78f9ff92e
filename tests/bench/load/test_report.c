/* What is counted and how it is told: sequence numbers, message texts, latency, the kernel's
 * figures, the report. */
#include "report.h"

#include <string.h>

#include "message.h"
#include "sequence.h"

static void
test_in_order_is_nothing_special(void)
{
        Sequence sequence = {0};

        for (uint32_t i = 0; i < 200; i++)
                g_assert_true(sequence_see(&sequence, i));

        g_assert_cmpuint(sequence.n_seen, ==, 200);
        g_assert_cmpuint(sequence.n_reordered, ==, 0);
        g_assert_cmpuint(sequence.n_duplicated, ==, 0);
}

static void
test_a_late_one_is_reordered(void)
{
        Sequence sequence = {0};

        g_assert_true(sequence_see(&sequence, 0));
        g_assert_true(sequence_see(&sequence, 2));
        g_assert_true(sequence_see(&sequence, 1));
        g_assert_true(sequence_see(&sequence, 3));

        g_assert_cmpuint(sequence.n_seen, ==, 4);
        g_assert_cmpuint(sequence.n_reordered, ==, 1);
        g_assert_cmpuint(sequence.n_duplicated, ==, 0);
}

static void
test_the_same_again_is_duplicated(void)
{
        Sequence sequence = {0};

        for (uint32_t i = 0; i < 100; i++)
                g_assert_true(sequence_see(&sequence, i));
        g_assert_false(sequence_see(&sequence, 99));
        g_assert_false(sequence_see(&sequence, 36));
        g_assert_false(sequence_see(&sequence, 35));
        g_assert_false(sequence_see(&sequence, 0));

        g_assert_cmpuint(sequence.n_seen, ==, 100);
        g_assert_cmpuint(sequence.n_duplicated, ==, 4);
        g_assert_cmpuint(sequence.n_reordered, ==, 0);
}

static void
test_a_gap_is_not_seen(void)
{
        Sequence sequence = {0};

        g_assert_true(sequence_see(&sequence, 0));
        g_assert_true(sequence_see(&sequence, 1000));
        g_assert_true(sequence_see(&sequence, 937));

        g_assert_cmpuint(sequence.n_seen, ==, 3);
        g_assert_cmpuint(sequence.n_reordered, ==, 1);
}

static void
test_messages_have_their_length_and_differ(void)
{
        MessageWords words;
        Message message;
        message_words_init(&words);
        message_init(&message, "user12@localhost/r0");

        message_stamp(&message, &words, (MessageStamp){3, 0, 1});
        g_autofree char *one = g_strdup(message.text);
        message_stamp(&message, &words, (MessageStamp){3, 1, 1});

        g_assert_cmpuint(strlen(one), ==, MESSAGE_LEN);
        g_assert_cmpuint(message.len, ==, MESSAGE_LEN);
        g_assert_nonnull(strstr(one, " id='00000003-00000000-000000000001'>"));
        g_assert_true(memcmp(one + message.body, message.text + message.body, message.body_len));
        message_clear(&message);
        message_words_clear(&words);
}

/* Where the address is long, the body stays, and the message is longer. */
static void
test_a_long_address_leaves_a_body(void)
{
        Message message;
        g_autofree char *to = g_strnfill(200, 'a');

        message_init(&message, to);

        g_assert_cmpuint(message.body_len, ==, MESSAGE_BODY_MIN);
        g_assert_cmpuint(message.len, >, MESSAGE_LEN);
        message_clear(&message);
}

static void
test_a_stamp_is_read_back(void)
{
        MessageWords words;
        Message message;
        MessageStamp stamp;
        message_words_init(&words);
        message_init(&message, "a@b/c");

        message_stamp(&message, &words,
                      (MessageStamp){0xfedcba98, UINT32_MAX, INT64_C(0x123456789abc)});
        const char *id = message.text + message.id;

        g_assert_true(message_parse_id(id, 30, &stamp));
        g_assert_cmpuint(stamp.flow, ==, 0xfedcba98);
        g_assert_cmpuint(stamp.number, ==, UINT32_MAX);
        g_assert_cmpint(stamp.time_us, ==, INT64_C(0x123456789abc));
        g_assert_false(message_parse_id(id, 29, &stamp));
        g_assert_false(message_parse_id("0000000g-00000000-000000000000", 30, &stamp));
        g_assert_false(message_parse_id("00000000+00000000-000000000000", 30, &stamp));
        message_clear(&message);
        message_words_clear(&words);
}

/* A percentile is never less than what it is of, and at most one part in 64 more. */
static void
test_percentiles_are_close(void)
{
        static const int64_t times[] = {0, 1, 63, 64, 65, 127, 128, 1000, 123456, 87654321};

        for (unsigned i = 0; i < G_N_ELEMENTS(times); i++) {
                Latency latency = {0};
                latency_add(&latency, times[i]);
                latency_add(&latency, INT64_C(1) << 37);
                g_assert_cmpint(latency_percentile(&latency, 50), >=, times[i]);
                g_assert_cmpint(latency_percentile(&latency, 50), <=, times[i] + times[i] / 64);
                g_assert_cmpint(latency_percentile(&latency, 100), ==, INT64_C(1) << 37);
        }
}

static void
test_percentiles_of_a_hundred(void)
{
        Latency latency = {0}, none = {0};
        for (int64_t i = 100; i >= 1; i--)
                latency_add(&latency, i < 64 ? i : 64);

        g_assert_cmpint(latency_percentile(&latency, 1), ==, 1);
        g_assert_cmpint(latency_percentile(&latency, 50), ==, 50);
        g_assert_cmpint(latency_percentile(&latency, 99), ==, 64);
        g_assert_cmpint(latency_percentile(&none, 50), ==, 0);
}

static void
test_latencies_are_bounded(void)
{
        Latency latency = {0};

        latency_add(&latency, -5);
        latency_add(&latency, INT64_MAX);

        g_assert_cmpint(latency_percentile(&latency, 50), ==, 0);
        g_assert_cmpint(latency.max, ==, (INT64_C(1) << 38) - 1);
}

/* proc(5): the name of a process may hold anything, also ")" and spaces. */
static void
test_cpu_time_is_read(void)
{
        MeterCpu cpu;

        g_assert_true(
                meter_parse_cpu("12 (a) b 7) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20\n", 100, &cpu));
        g_assert_cmpint(cpu.user, ==, 2500000);
        g_assert_cmpint(cpu.system, ==, 500000);
        g_assert_false(meter_parse_cpu("12 (a) S 1 2 3", 100, &cpu));
        g_assert_false(meter_parse_cpu("", 100, &cpu));
}

static void
test_memory_is_read(void)
{
        MeterMemory memory;

        g_assert_true(meter_parse_memory("0-1 ---p 0 [rollup]\nRss:    100 kB\nPss: 7 kB\n"
                                         "Private_Clean:   4 kB\nPrivate_Dirty:   30 kB\n",
                                         &memory));
        g_assert_cmpint(memory.rss, ==, 100);
        g_assert_cmpint(memory.private_kib, ==, 30);
        g_assert_false(meter_parse_memory("0-1 ---p 0 [rollup]\nRss: 1 kB\n", &memory));
}

static void
test_a_process_that_is_gone_is_told(void)
{
        MeterSpan span;
        g_autoptr(GError) error = NULL;

        g_assert_false(meter_span_open(&span, G_MAXINT, &error));
        g_assert_nonnull(error);
}

static void
test_the_report_is_one_line(void)
{
        Options options = {.work = (char *)"message",
                           .mechanism = (char *)"PLAIN",
                           .security_word = (char *)"plain",
                           .sessions = 10};
        g_autofree Report *report = g_new0(Report, 1);
        report->operations = 100;
        report->span = (MeterSpan){.pid = 1, .seconds = 2, .own_us = 500000, .cpu = {300, 700}};
        report->has_messages = true;
        report->sent = 120;
        report->received = 119;
        report->before = (MeterMemory){.rss = 100, .private_kib = 50};
        report->after = (MeterMemory){.rss = 140, .private_kib = 80};
        report->login = (ReportLogin){.n = 10, .seconds = 0.5, .cpu_us = 5000};
        latency_add(&report->latency, 40);

        g_autofree char *json = report_json(report, &options);

        g_assert_cmpstr(
                json, ==,
                "{\"work\":\"message\",\"security\":\"plain\",\"mechanism\":\"PLAIN\","
                "\"sessions\":10,\"operations\":100,\"seconds\":2.000,\"per_s\":50.0,"
                "\"cpu_us\":{\"total\":10.000,\"user\":3.000,\"system\":7.000},"
                "\"latency_us\":{\"n\":1,\"p50\":40,\"p95\":40,\"p99\":40,\"max\":40},"
                "\"sent\":120,\"received\":119,\"lost\":1,\"reordered\":0,\"duplicated\":0,"
                "\"memory_kib\":{\"rss_before\":100,\"rss_after\":140,\"private_before\":50,"
                "\"private_after\":80,\"per_session\":3.000,\"rss_per_session\":4.000},"
                "\"login\":{\"n\":10,\"seconds\":0.500,\"per_login_cpu_us\":500.0},"
                "\"generator_cpu\":0.250}");
}

static void
test_newcomers_are_counted_by_their_fate(void)
{
        Options options = {.work = (char *)"arrive",
                           .mechanism = (char *)"PLAIN",
                           .security_word = (char *)"direct",
                           .sessions = 10};
        g_autofree Report *report = g_new0(Report, 1);
        report->has_arrivals = true;
        report->arrivals = (ReportArrivals){.n = 21,
                                            .n_in = 6,
                                            .n_told = 5,
                                            .n_limited = 4,
                                            .n_closed = 3,
                                            .n_late = 2,
                                            .n_crowded = 1};

        g_autofree char *json = report_json(report, &options);

        g_assert_nonnull(strstr(json, ",\"arrivals\":{\"n\":21,\"in\":6,\"told\":5,\"limited\":4,"
                                      "\"closed\":3,\"late\":2,\"crowded\":1},"));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/sequence/in-order-is-nothing-special", test_in_order_is_nothing_special);
        g_test_add_func("/sequence/a-late-one-is-reordered", test_a_late_one_is_reordered);
        g_test_add_func("/sequence/the-same-again-is-duplicated",
                        test_the_same_again_is_duplicated);
        g_test_add_func("/sequence/a-gap-is-not-seen", test_a_gap_is_not_seen);
        g_test_add_func("/message/have-their-length-and-differ",
                        test_messages_have_their_length_and_differ);
        g_test_add_func("/message/a-long-address-leaves-a-body", test_a_long_address_leaves_a_body);
        g_test_add_func("/message/a-stamp-is-read-back", test_a_stamp_is_read_back);
        g_test_add_func("/latency/percentiles-are-close", test_percentiles_are_close);
        g_test_add_func("/latency/percentiles-of-a-hundred", test_percentiles_of_a_hundred);
        g_test_add_func("/latency/latencies-are-bounded", test_latencies_are_bounded);
        g_test_add_func("/meter/cpu-time-is-read", test_cpu_time_is_read);
        g_test_add_func("/meter/memory-is-read", test_memory_is_read);
        g_test_add_func("/meter/a-process-that-is-gone-is-told",
                        test_a_process_that_is_gone_is_told);
        g_test_add_func("/report/is-one-line", test_the_report_is_one_line);
        g_test_add_func("/report/newcomers-are-counted-by-their-fate",
                        test_newcomers_are_counted_by_their_fate);
        return g_test_run();
}

/*
 * test_log_queue: lines wait in order, as they were said, in no more room than there is.
 */
#include "core/log_queue.h"

#include <string.h>

static void
assert_record(const LogRecord *got, const LogRecord *expected)
{
        g_assert_cmpint(got->time, ==, expected->time);
        g_assert_cmpint(got->level, ==, expected->level);
        g_assert_cmpstr(got->source, ==, expected->source);
        g_assert_cmpstr(got->about.host, ==, expected->about.host);
        g_assert_cmpstr(got->about.jid, ==, expected->about.jid);
        g_assert_cmpstr(got->about.session, ==, expected->about.session);
        g_assert_cmpstr(got->text, ==, expected->text);
}

static void
test_nothing_is_changed(void)
{
        const LogRecord records[] = {
                {.time = 1, .level = MOTET_LOG_ERROR, .source = "a", .text = ""},
                {.time = INT64_MAX,
                 .level = MOTET_LOG_DEBUG,
                 .source = "b",
                 .about = {"host", "", NULL},
                 .text = "text"},
                {.time = 3,
                 .level = MOTET_LOG_INFO,
                 .source = "c",
                 .about = {NULL, "jid", "session"},
                 .text = "t"},
        };
        LogQueue queue;
        LogRecord got;

        log_queue_init(&queue, 1024);
        for (size_t i = 0; i < G_N_ELEMENTS(records); i++)
                g_assert_true(log_queue_push(&queue, &records[i], false));
        for (size_t i = 0; i < G_N_ELEMENTS(records); i++) {
                g_assert_true(log_queue_peek(&queue, &got));
                assert_record(&got, &records[i]);
                log_queue_drop(&queue);
        }
        g_assert_false(log_queue_peek(&queue, &got));
        log_queue_clear(&queue);
}

static unsigned
fill(LogQueue *queue, bool is_urgent)
{
        const LogRecord record = {.source = "source", .text = "text of some length"};
        unsigned n = 0;

        while (log_queue_push(queue, &record, is_urgent))
                n++;
        return n;
}

/* What is full is refused, and the last eighth is for what is urgent. */
static void
test_full_is_full(void)
{
        LogQueue queue;

        log_queue_init(&queue, 8192);
        unsigned n_plain = fill(&queue, false);
        g_assert_cmpuint(fill(&queue, false), ==, 0);
        unsigned n_urgent = fill(&queue, true);
        g_assert_cmpuint(fill(&queue, true), ==, 0);
        g_assert_cmpuint(n_plain, >, 6 * n_urgent);
        g_assert_cmpuint(n_plain, <=, 8 * n_urgent);

        log_queue_drop(&queue);
        g_assert_cmpuint(fill(&queue, true), ==, 1);
        g_assert_cmpuint(fill(&queue, false), ==, 0);
        log_queue_clear(&queue);
}

/* Whatever the sizes, it does what a list does, and only room decides. */
static void
test_it_is_a_list(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(42);
        g_autoptr(GQueue) model = g_queue_new();
        LogQueue queue;
        LogRecord got;
        unsigned n_refused = 0;

        log_queue_init(&queue, 2048);
        for (unsigned i = 0; i < 50000; i++) {
                if (g_rand_int_range(rand, 0, 100) < 55) {
                        size_t len = (size_t)g_rand_int_range(rand, 0, 400);
                        g_autofree char *text = g_strnfill(len, (char)('a' + i % 26));
                        const LogRecord record = {
                                .time = i, .level = MOTET_LOG_WARN, .source = "s", .text = text};
                        if (log_queue_push(&queue, &record, true))
                                g_queue_push_tail(model, g_steal_pointer(&text));
                        else
                                n_refused++;
                } else if (!g_queue_is_empty(model)) {
                        g_autofree char *expected = g_queue_pop_head(model);
                        g_assert_true(log_queue_peek(&queue, &got));
                        g_assert_cmpstr(got.text, ==, expected);
                        log_queue_drop(&queue);
                }
                g_assert_cmpuint(queue.n, ==, g_queue_get_length(model));
        }
        g_assert_cmpuint(n_refused, >, 100);
        g_queue_clear_full(model, g_free);
        log_queue_clear(&queue);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);

        g_test_add_func("/log_queue/nothing-is-changed", test_nothing_is_changed);
        g_test_add_func("/log_queue/full-is-full", test_full_is_full);
        g_test_add_func("/log_queue/it-is-a-list", test_it_is_a_list);
        return g_test_run();
}

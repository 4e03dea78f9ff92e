/*
 * Tests of core/meter.h and "module top": what is counted while somebody measures, and that nothing
 * is afterwards.
 */
#include "core/meter.h"

#include <motet/router.h>
#include <motet/service-store.h>
#include <motet/task.h>
#include <string.h>

#include "core/command.h"
#include "core/event.h"
#include "core/log.h"
#include "support/test_server.h"

#define DELTA                                                                                      \
        "modules_dir: %s/test_modules\nhosts: {example.org: , example.net: }\nmodules:\n  "        \
        "delta:\n"

static TestServer *
start(void)
{
        g_autofree char *yaml = g_strdup_printf(DELTA, g_getenv("MOTET_TEST_BUILD"));

        return test_server_new_config(yaml);
}

/* All of @module, however often it was called for what. */
static MeterRow
sum_of(const GPtrArray *rows, const char *module, const char *host)
{
        g_autoptr(GPtrArray) sums = meter_rows_new();

        meter_sum(sums, rows);
        const MeterRow *row = meter_find(sums, module, host, NULL);
        if (!row)
                return (MeterRow){0};
        MeterRow copy = *row;
        copy.module = copy.host = copy.what = NULL;
        return copy;
}

/* delta hooks session-created of the server, and stream-opened of each host. */
static void
test_hooks_are_counted(void)
{
        g_autoptr(TestServer) server = start();
        MotetServer *base = server_base(test_server_core(server));

        test_server_open(server, "example.org");
        meter_start(base);
        test_server_open(server, "example.org");
        test_server_open(server, "example.net");
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);
        test_server_open(server, "example.org");

        const MeterRow delta = sum_of(rows, "delta", NULL);
        g_assert_cmpuint(delta.n_calls, ==, 4);
        g_assert_cmpint(delta.self_ns, >, 0);
        g_assert_cmpint(delta.longest_ns, >, 0);
        g_assert_cmpuint(delta.heap.allocated, ==, 0);
        g_assert_cmpuint(sum_of(rows, "test", "example.org").n_calls, ==, 0);
}

/* Each event of a module is a row of its own. */
static void
test_each_hook_is_told_apart(void)
{
        g_autoptr(TestServer) server = start();
        MotetServer *base = server_base(test_server_core(server));

        meter_start(base);
        test_server_open(server, "example.org");
        MotetSession *session = test_server_connect(server);
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);

        g_assert_nonnull(session);
        g_assert_cmpuint(rows->len, ==, 2);
        g_assert_cmpuint(meter_find(rows, "delta", NULL, "session-created")->n_calls, ==, 2);
        g_assert_cmpuint(meter_find(rows, "delta", NULL, "stream-opened")->n_calls, ==, 1);
}

static MotetResult
take_over(MotetModule *self, MotetSessionEvent *ev)
{
        (void)self;
        (void)ev;
        return MOTET_CONTINUE;
}

static void
on_time(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        (void)data;
}

static void
test_late_hooks_and_timers_are_counted(void)
{
        g_autoptr(TestServer) server = start();
        MotetServer *base = server_base(test_server_core(server));

        meter_start(base);
        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("stream-opened", take_over,
                                                              MOTET_PRIO_NORMAL));
        test_server_open(server, "example.org");
        motet_timer_add(test_server_owner(server), NULL, G_TIME_SPAN_SECOND, on_time, NULL);
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);
        test_server_open(server, "example.org");

        g_assert_cmpuint(meter_find(rows, "test", "example.org", "stream-opened")->n_calls, ==, 1);
        g_assert_cmpuint(meter_find(rows, "test", "example.org", "timer")->n_calls, ==, 1);
        g_assert_cmpuint(sum_of(rows, "test", "example.org").n_calls, ==, 2);
}

static void
note_time(MotetModule *self, void *data)
{
        (void)self;
        *(int64_t *)data = g_get_monotonic_time();
}

static void
work(void *data)
{
        *(int64_t *)data = g_get_monotonic_time();
}

static void
note_answer(MotetModule *self, const GError *error, GBytes *value, void *data)
{
        (void)value;
        g_assert_no_error(error);
        note_time(self, data);
}

static void
note_reply(MotetModule *self, const MotetXml *reply, void *data)
{
        (void)reply;
        note_time(self, data);
}

/* Not hooks alone take time. */
static void
test_all_that_calls_a_module_is_told_apart(void)
{
        static const char *const all[] = {"deferred call", "result of a job",
                                          "answer of the storage", "reply to a request"};
        g_autoptr(TestServer) server =
                test_server_new((const char *const[]){"storage_memory", NULL});
        MotetServer *base = server_base(test_server_core(server));
        MotetModule *owner = test_server_owner(server);
        g_autoptr(GError) error = NULL;
        MotetStore *store = motet_store_open(owner, "things", MOTET_STORE_KEYVAL, &error);
        g_autoptr(MotetXml) iq = motet_iq_new("get", "example.org", "nobody@example.org/none");
        int64_t at = 0;
        int64_t worked_at = 0; /* for the worker, which runs meanwhile */

        g_assert_no_error(error);
        meter_start(base);
        motet_defer(owner, note_time, &at, NULL);
        motet_offload(owner, work, note_time, &worked_at, NULL);
        motet_store_read(store, "romeo", "", note_answer, &at);
        motet_iq_send(owner, test_server_host(server), iq, G_TIME_SPAN_SECOND, note_reply, &at,
                      NULL);
        test_server_settle(server);
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
                const MeterRow *row = meter_find(rows, "test", "example.org", all[i]);
                g_assert_nonnull(row);
                g_assert_cmpuint(row->n_calls, ==, 1);
        }
}

/* GLib's clock tells whole µs: a little less may have passed. */
#define WORK_US 2000
#define WORK_NS ((WORK_US - 1) * 1000)

static MotetResult
work_then_fire(MotetModule *self, MotetSessionEvent *ev)
{
        const int64_t end = g_get_monotonic_time() + WORK_US;

        (void)self;
        while (g_get_monotonic_time() < end)
                ;
        MotetSessionEvent inner = {.event = {.kind = MOTET_EVENT_SESSION, .host = ev->event.host},
                                   .session = ev->session};
        event_fire_now(ev->event.host->events, "stream-opened", &inner.event);
        return MOTET_CONTINUE;
}

/* Time belongs to who works, not to who called it; the longest call includes both. */
static void
test_nested_work_is_not_counted_twice(void)
{
        g_autoptr(TestServer) server = start();
        MotetServer *base = server_base(test_server_core(server));
        MotetSession *session = test_server_login(server, "romeo@example.org");
        MotetSessionEvent ev = {
                .event = {.kind = MOTET_EVENT_SESSION, .host = test_server_host(server)},
                .session = session};

        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("session-resumed", work_then_fire,
                                                              MOTET_PRIO_NORMAL));
        meter_start(base);
        event_fire_now(test_server_host(server)->events, "session-resumed", &ev.event);
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);

        const MeterRow own = sum_of(rows, "test", "example.org"),
                       delta = sum_of(rows, "delta", NULL);
        g_assert_cmpuint(own.n_calls, ==, 1);
        g_assert_cmpuint(delta.n_calls, ==, 1);
        g_assert_cmpint(own.self_ns, >=, WORK_NS);
        g_assert_cmpint(own.self_ns + delta.self_ns, <=, own.longest_ns);
        g_assert_cmpint(delta.longest_ns, <=, own.longest_ns - WORK_NS);
}

/* Memory */

#define MIB ((uint64_t)1024 * 1024)

static TestServer *
start_hoarder(void)
{
        g_autofree char *yaml =
                g_strdup_printf("modules_dir: %s/test_modules\nhosts: {example.org: }\n"
                                "modules:\n  hoarder:\n",
                                g_getenv("MOTET_TEST_BUILD"));

        return test_server_new_config(yaml);
}

static void
start_with_memory(MotetServer *base)
{
        g_autoptr(GError) error = NULL;

        meter_start(base);
        meter_count_memory(base, &error);
        g_assert_no_error(error);
}

static int64_t
kept(const MeterRow *row)
{
        g_assert_nonnull(row);
        return (int64_t)(row->heap.allocated - row->heap.freed);
}

static void
assert_about(int64_t bytes, int64_t expected)
{
        g_assert_cmpint(bytes, >=, expected - (int64_t)MIB / 4);
        g_assert_cmpint(bytes, <=, expected + (int64_t)MIB / 4);
}

/* hoarder takes and gives back 1 MiB for each session, and keeps 1 MiB for each stream. */
static void
test_memory_is_told_of_who_keeps_it(void)
{
        g_autoptr(TestServer) server = start_hoarder();
        MotetServer *base = server_base(test_server_core(server));
        MotetSession *sessions[4];
        HeapCount rest;

        start_with_memory(base);
        for (size_t i = 0; i < G_N_ELEMENTS(sessions); i++)
                sessions[i] = test_server_open(server, "example.org");
        motet_session_close(sessions[0], MOTET_CONDITION_NONE, NULL);
        test_server_advance(server, 10 * G_TIME_SPAN_SECOND);
        g_autoptr(GPtrArray) rows = meter_stop(base, &rest);

        const MeterRow *borrowing = meter_find(rows, "hoarder", NULL, "session-created");
        g_assert_cmpuint(borrowing->heap.allocated, >=, 4 * MIB);
        assert_about(kept(borrowing), 0);
        assert_about(kept(meter_find(rows, "hoarder", NULL, "stream-opened")), 4 * MIB);
        g_assert_cmpint(kept(meter_find(rows, "hoarder", NULL, "session-destroyed")), <, 0);
        g_assert_cmpuint(rest.allocated, >, 0);
        g_assert_cmpuint(rest.allocated, <, MIB);
}

static MotetResult
keep_then_fire(MotetModule *self, MotetSessionEvent *ev)
{
        MotetSessionEvent inner = {.event = {.kind = MOTET_EVENT_SESSION, .host = ev->event.host},
                                   .session = ev->session};

        motet_module_set_data(self, g_malloc(2 * MIB), g_free);
        event_fire_now(ev->event.host->events, "stream-opened", &inner.event);
        return MOTET_CONTINUE;
}

/* As of time: what another module allocates meanwhile is the other's. */
static void
test_nested_memory_is_not_counted_twice(void)
{
        g_autoptr(TestServer) server = start_hoarder();
        MotetServer *base = server_base(test_server_core(server));
        MotetSessionEvent ev = {
                .event = {.kind = MOTET_EVENT_SESSION, .host = test_server_host(server)},
                .session = test_server_login(server, "romeo@example.org")};

        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("session-resumed", keep_then_fire,
                                                              MOTET_PRIO_NORMAL));
        start_with_memory(base);
        event_fire_now(test_server_host(server)->events, "session-resumed", &ev.event);
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);

        assert_about(kept(meter_find(rows, "test", "example.org", "session-resumed")), 2 * MIB);
        assert_about(kept(meter_find(rows, "hoarder", NULL, "stream-opened")), MIB);
        motet_module_set_data(test_server_owner(server), NULL, NULL);
}

/* What a timer or job needs itself goes with it. */
static void
test_timers_keep_nothing(void)
{
        g_autoptr(TestServer) server = start();
        MotetServer *base = server_base(test_server_core(server));
        MotetModule *owner = test_server_owner(server);
        int64_t at = 0;

        test_server_hook(server, &(MotetHook)MOTET_ON_SESSION("stream-opened", take_over,
                                                              MOTET_PRIO_NORMAL));
        start_with_memory(base);
        for (unsigned i = 0; i < 100; i++) {
                motet_timer_add(owner, NULL, 1, on_time, NULL);
                motet_defer(owner, note_time, &at, NULL);
        }
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_autoptr(GPtrArray) rows = meter_stop(base, NULL);

        g_assert_cmpint(kept(meter_find(rows, "test", "example.org", "timer")), <, 0);
        g_assert_cmpint(kept(meter_find(rows, "test", "example.org", "deferred call")), <, 0);
}

/* The command */

typedef struct {
        GString *output;
        bool has_ended;
        int code;
} Answer;

static void
take_line(void *data, const char *text)
{
        g_string_append_printf(((Answer *)data)->output, "%s\n", text);
}

static void
take_end(void *data, int exit_code, const char *error_text)
{
        Answer *answer = data;

        if (error_text)
                take_line(answer, error_text);
        answer->has_ended = true;
        answer->code = exit_code;
}

static const CommandOwner command_owner = {.line = take_line, .ended = take_end};

static void
run(TestServer *server, const char *words, Answer *answer)
{
        g_auto(GStrv) split = g_strsplit(words, " ", -1);

        *answer = (Answer){.output = g_string_new(NULL)};
        command_run(test_server_core(server), (const char *const *)split, &command_owner, answer);
}

static void
test_top_measures_for_a_while(void)
{
        g_autoptr(TestServer) server = start();
        MotetServer *base = server_base(test_server_core(server));
        Answer answer, second;

        run(server, "module top --for 2s", &answer);
        run(server, "module top", &second);
        test_server_open(server, "example.org");
        test_server_advance(server, G_TIME_SPAN_SECOND);
        g_assert_false(answer.has_ended);
        test_server_advance(server, G_TIME_SPAN_SECOND);

        g_assert_cmpint(second.code, ==, 75);
        g_assert_true(answer.has_ended);
        g_assert_cmpint(answer.code, ==, 0);
        g_assert_true(g_str_has_prefix(answer.output->str, "module           host "));
        g_assert_nonnull(strstr(answer.output->str,
                                "\ndelta            all hosts                         2 "));
        g_assert_null(base->meter);
        g_string_free(answer.output, TRUE);
        g_string_free(second.output, TRUE);
}

static void
test_top_tells_hooks_and_memory(void)
{
        g_autoptr(TestServer) server = start_hoarder();
        Answer answer;

        run(server, "module top --for 1s --hooks --memory", &answer);
        test_server_open(server, "example.org");
        test_server_advance(server, G_TIME_SPAN_SECOND);

        g_assert_cmpint(answer.code, ==, 0);
        g_auto(GStrv) lines = g_strsplit(answer.output->str, "\n", -1);
        g_assert_cmpuint(g_strv_length(lines), ==, 5);
        g_assert_true(g_regex_match_simple("^module +host +calls +spent +share +longest +allocated "
                                           "+kept +called for$",
                                           lines[0], 0, 0));
        g_assert_true(
                g_regex_match_simple("\nhoarder +all hosts +1 +[0-9.]+ ms +[0-9.]+ % +[0-9.]+ "
                                     "ms +10[0-9]{5} B +10[0-9]{5} B +stream-opened\n",
                                     answer.output->str, 0, 0));
        g_assert_true(g_regex_match_simple("\nhoarder .* 10[0-9]{5} B +0 B +session-created\n",
                                           answer.output->str, 0, 0));
        g_assert_true(g_regex_match_simple("^outside of modules: [0-9]+ B allocated, -?[0-9]+ B "
                                           "kept$",
                                           lines[3], 0, 0));
        g_string_free(answer.output, TRUE);
}

static void
test_top_tells_programs(void)
{
        g_autoptr(TestServer) server = start_hoarder();
        Answer answer, with_memory;

        run(server, "module top --for 1s --json", &answer);
        test_server_open(server, "example.org");
        test_server_advance(server, G_TIME_SPAN_SECOND);
        run(server, "module top --for 1s --json --hooks --memory", &with_memory);
        test_server_open(server, "example.org");
        test_server_advance(server, G_TIME_SPAN_SECOND);

        g_assert_true(g_regex_match_simple(
                "^{\"measured_us\": 1000000, \"rows\": \\[{\"module\": \"hoarder\", \"host\": "
                "null, "
                "\"calls\": 2, \"spent_ns\": [0-9]+, \"longest_ns\": [0-9]+, \"mapped\": [0-9]+, "
                "\"holds\": [1-9]}\\]}\n$",
                answer.output->str, 0, 0));
        g_assert_true(g_regex_match_simple("^{\"measured_us\": 1000000, \"rows\": \\[{.*}\\], "
                                           "\"outside\": {\"allocated\": [0-9]+, "
                                           "\"kept\": -?[0-9]+}}\n$",
                                           with_memory.output->str, 0, 0));
        g_assert_true(g_regex_match_simple("\"allocated\": 10[0-9]{5}, \"kept\": 10[0-9]{5}, "
                                           "\"called_for\": \"stream-opened\"}",
                                           with_memory.output->str, 0, 0));
        g_string_free(answer.output, TRUE);
        g_string_free(with_memory.output, TRUE);
}

static MotetModule *
instance_of(TestServer *server, const char *name)
{
        return modules_find(server_modules(test_server_core(server)), name, NULL);
}

/* One second of each minute is measured, and added up. */
static void
test_samples_are_taken_each_minute(void)
{
        g_autoptr(TestServer) server = start();
        const Modules *modules = server_modules(test_server_core(server));
        const MotetModule *delta = instance_of(server, "delta");
        MeterRow row;

        test_server_open(server, "example.org");
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        g_assert_cmpint(modules_sampled(modules), ==, 0);
        g_assert_false(modules_sample_of(modules, delta, &row));
        for (unsigned minute = 1; minute <= 2; minute++) {
                test_server_open(server, "example.org");
                test_server_advance(server, 30 * G_TIME_SPAN_SECOND);
                g_assert_cmpint(modules_sampled(modules), ==, minute * G_TIME_SPAN_SECOND);
                g_assert_true(modules_sample_of(modules, delta, &row));
                g_assert_cmpuint(row.n_calls, ==, 2 * minute);
                test_server_open(server, "example.org");
                test_server_advance(server, 30 * G_TIME_SPAN_SECOND);
        }
}

/* Who measures on purpose does not wait for a sample, and no sample is taken meanwhile. */
static void
test_samples_give_way(void)
{
        g_autoptr(TestServer) server = start();
        const Modules *modules = server_modules(test_server_core(server));
        Answer answer;

        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);
        run(server, "module top --for 60s", &answer);
        test_server_advance(server, 60 * G_TIME_SPAN_SECOND);

        g_assert_true(answer.has_ended);
        g_assert_cmpint(answer.code, ==, 0);
        g_assert_cmpint(modules_sampled(modules), ==, 0);
        g_string_free(answer.output, TRUE);
}

static void
test_top_refuses_odd_times(void)
{
        g_autoptr(TestServer) server = start();
        static const char *const words[] = {"module top --for 5", "module top --for 99ms",
                                            "module top --for 61s", "module top --for",
                                            "module top --host nowhere.example"};
        static const char *const good[] = {"module top --for 100ms", "module top --for 60s"};

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                Answer answer;
                run(server, words[i], &answer);
                g_assert_true(answer.has_ended);
                g_assert_cmpint(answer.code, ==, 64);
                g_string_free(answer.output, TRUE);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                Answer answer;
                run(server, good[i], &answer);
                test_server_advance(server, G_TIME_SPAN_MINUTE);
                g_assert_cmpint(answer.code, ==, 0);
                g_string_free(answer.output, TRUE);
        }
}

static void
test_top_ends_with_the_server(void)
{
        g_autoptr(TestServer) server = start();
        Answer answer;

        run(server, "module top", &answer);
        modules_stop(server_modules(test_server_core(server)));

        g_assert_true(answer.has_ended);
        g_assert_cmpint(answer.code, ==, 75);
        g_string_free(answer.output, TRUE);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/meter/hooks-are-counted", test_hooks_are_counted);
        g_test_add_func("/meter/late-hooks-and-timers-are-counted",
                        test_late_hooks_and_timers_are_counted);
        g_test_add_func("/meter/nested-work-is-not-counted-twice",
                        test_nested_work_is_not_counted_twice);
        g_test_add_func("/meter/each-hook-is-told-apart", test_each_hook_is_told_apart);
        g_test_add_func("/meter/all-that-calls-a-module-is-told-apart",
                        test_all_that_calls_a_module_is_told_apart);
        g_test_add_func("/meter/memory-is-told-of-who-keeps-it",
                        test_memory_is_told_of_who_keeps_it);
        g_test_add_func("/meter/nested-memory-is-not-counted-twice",
                        test_nested_memory_is_not_counted_twice);
        g_test_add_func("/meter/timers-keep-nothing", test_timers_keep_nothing);
        g_test_add_func("/meter/top-tells-hooks-and-memory", test_top_tells_hooks_and_memory);
        g_test_add_func("/meter/top-tells-programs", test_top_tells_programs);
        g_test_add_func("/meter/top-measures-for-a-while", test_top_measures_for_a_while);
        g_test_add_func("/meter/top-refuses-odd-times", test_top_refuses_odd_times);
        g_test_add_func("/meter/top-ends-with-the-server", test_top_ends_with_the_server);
        g_test_add_func("/meter/samples-are-taken-each-minute", test_samples_are_taken_each_minute);
        g_test_add_func("/meter/samples-give-way", test_samples_give_way);
        return g_test_run();
}

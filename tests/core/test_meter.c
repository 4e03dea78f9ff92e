/*
 * Tests of core/meter.h and "module top": what is counted while somebody measures, and that nothing
 * is afterwards.
 */
#include "core/meter.h"

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

static const MeterRow *
find(const GPtrArray *rows, const char *module)
{
        for (guint i = 0; i < rows->len; i++) {
                const MeterRow *row = g_ptr_array_index(rows, i);
                if (strcmp(row->module, module) == 0)
                        return row;
        }
        return NULL;
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
        g_autoptr(GPtrArray) rows = meter_stop(base);
        test_server_open(server, "example.org");

        const MeterRow *delta = find(rows, "delta");
        g_assert_nonnull(delta);
        g_assert_null(delta->host);
        g_assert_cmpuint(delta->n_calls, ==, 4);
        g_assert_cmpint(delta->self_ns, >, 0);
        g_assert_cmpint(delta->longest_ns, >, 0);
        g_assert_null(find(rows, "test"));
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
        g_autoptr(GPtrArray) rows = meter_stop(base);
        test_server_open(server, "example.org");

        const MeterRow *own = find(rows, "test");
        g_assert_nonnull(own);
        g_assert_cmpstr(own->host, ==, "example.org");
        g_assert_cmpuint(own->n_calls, ==, 2);
}

static MotetResult
work_then_fire(MotetModule *self, MotetSessionEvent *ev)
{
        const int64_t end = g_get_monotonic_time() + 2000;

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
        g_autoptr(GPtrArray) rows = meter_stop(base);

        const MeterRow *own = find(rows, "test"), *delta = find(rows, "delta");
        g_assert_cmpuint(own->n_calls, ==, 1);
        g_assert_cmpuint(delta->n_calls, ==, 1);
        g_assert_cmpint(own->self_ns, >=, 2000000);
        g_assert_cmpint(own->self_ns + delta->self_ns, <=, own->longest_ns);
        g_assert_cmpint(delta->longest_ns, <=, own->longest_ns - 2000000);
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
        g_test_add_func("/meter/top-measures-for-a-while", test_top_measures_for_a_while);
        g_test_add_func("/meter/top-refuses-odd-times", test_top_refuses_odd_times);
        g_test_add_func("/meter/top-ends-with-the-server", test_top_ends_with_the_server);
        g_test_add_func("/meter/samples-are-taken-each-minute", test_samples_are_taken_each_minute);
        g_test_add_func("/meter/samples-give-way", test_samples_give_way);
        return g_test_run();
}

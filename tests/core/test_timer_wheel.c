/*
 * timer_wheel: random arming and cancelling against the plain list of all timers.
 */
#include "core/timer_wheel.h"

enum { N_MODEL = 400 };

typedef struct {
        TimerWheel wheel;
        LoopTimer timers[N_MODEL];
        int64_t now;
        int64_t before; /* the time of the last taking */
        unsigned n_fired;
} Model;

static int64_t
model_earliest(const Model *model)
{
        int64_t earliest = INT64_MAX;

        for (unsigned i = 0; i < N_MODEL; i++) {
                if (loop_timer_is_armed(&model->timers[i]))
                        earliest = MIN(earliest, model->timers[i].deadline);
        }
        return earliest;
}

static size_t
model_count(const Model *model)
{
        size_t n = 0;

        for (unsigned i = 0; i < N_MODEL; i++)
                n += loop_timer_is_armed(&model->timers[i]);
        return n;
}

static void
model_arm(Model *model, GRand *rand)
{
        LoopTimer *timer = &model->timers[g_rand_int_range(rand, 0, N_MODEL)];
        /* From µs to years, evenly by magnitude. */
        int64_t range = INT64_C(1) << g_rand_int_range(rand, 1, 45);

        timer_wheel_remove(&model->wheel, timer);
        timer->deadline = model->now + (int64_t)(g_rand_double(rand) * (double)range);
        timer_wheel_add(&model->wheel, timer);
}

/* Everything armed that is due was taken, nothing else was; each tick after those before it. */
static void
model_take(Model *model, bool exact)
{
        List due;
        int64_t limit = exact ? model->now : model->now / TIMER_WHEEL_TICK * TIMER_WHEEL_TICK - 1;
        int64_t last_tick = INT64_MIN;

        list_init(&due);
        timer_wheel_take_due(&model->wheel, model->now, exact, &due);
        while (!list_is_empty(&due)) {
                LoopTimer *timer = CONTAINER_OF(due.next, LoopTimer, link);

                list_unlink(&timer->link);
                g_assert_cmpint(timer->deadline, <=, model->now);
                g_assert_cmpint(timer->deadline / TIMER_WHEEL_TICK, >=, last_tick);
                last_tick = timer->deadline / TIMER_WHEEL_TICK;
                model->n_fired++;
        }
        g_assert_cmpint(model_earliest(model), >, limit);
        g_assert_cmpuint(timer_wheel_count(&model->wheel), ==, model_count(model));
}

static void
model_run(Model *model, GRand *rand, bool exact)
{
        for (unsigned step = 0; step < 20000; step++) {
                switch (g_rand_int_range(rand, 0, 8)) {
                case 0 ... 3:
                        model_arm(model, rand);
                        break;
                case 4:
                        timer_wheel_remove(&model->wheel,
                                           &model->timers[g_rand_int_range(rand, 0, N_MODEL)]);
                        break;
                case 5:
                        model->now += g_rand_int_range(rand, 0, 3000);
                        break;
                case 6:
                        model->now += INT64_C(1) << g_rand_int_range(rand, 0, 38);
                        break;
                case 7:
                        model_take(model, exact);
                        break;
                default:
                        g_assert_not_reached();
                }
                g_assert_cmpint(timer_wheel_earliest(&model->wheel), ==, model_earliest(model));
                int64_t next = timer_wheel_next(&model->wheel);
                g_assert_cmpint(next == INT64_MAX, ==, model_earliest(model) == INT64_MAX);
        }
        g_assert_cmpuint(model->n_fired, >, 1000);
}

static void
test_behaves_like_a_sorted_list(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(20240229);

        for (unsigned exact = 0; exact <= 1; exact++) {
                g_autofree Model *model = g_new0(Model, 1);
                model->now = 123456789;
                timer_wheel_init(&model->wheel, model->now);

                model_run(model, rand, exact != 0);
        }
}

/* Taking at the time that timer_wheel_next() names always reaches every timer, and within one tick
 * of its deadline. */
static void
test_names_the_time_of_its_next_work(void)
{
        g_autoptr(GRand) rand = g_rand_new_with_seed(42);
        g_autofree Model *model = g_new0(Model, 1);
        model->now = 99;
        timer_wheel_init(&model->wheel, model->now);
        for (unsigned i = 0; i < 2000; i++)
                model_arm(model, rand);

        for (;;) {
                int64_t next = timer_wheel_next(&model->wheel);
                int64_t earliest = model_earliest(model);

                if (next == INT64_MAX)
                        break;
                g_assert_cmpint(next, >, model->now);
                g_assert_cmpint(next, <=, earliest + TIMER_WHEEL_TICK);
                model->now = next;
                model_take(model, false);
        }

        g_assert_cmpint(model_earliest(model), ==, INT64_MAX);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/timer_wheel/behaves-like-a-sorted-list", test_behaves_like_a_sorted_list);
        g_test_add_func("/timer_wheel/names-the-time-of-its-next-work",
                        test_names_the_time_of_its_next_work);
        return g_test_run();
}

/*
 * loop: calls from other threads, and work on workers.
 */
#include <motet/error.h>

#include "core/loop.h"

/* Other threads */

typedef struct {
        Loop *loop;
        unsigned next; /* expected number of the next call */
        unsigned n_calls;
} Posts;

typedef struct {
        Posts *posts;
        unsigned number;
} Post;

static void
count_post(void *data)
{
        g_autofree Post *post = data;

        g_assert_cmpuint(post->number, ==, post->posts->next);
        post->posts->next++;
}

static gpointer
post_many(gpointer data)
{
        Posts *posts = data;

        for (unsigned i = 0; i < posts->n_calls; i++) {
                Post *post = g_new(Post, 1);
                *post = (Post){.posts = posts, .number = i};
                loop_post(posts->loop, count_post, post);
        }
        return NULL;
}

static void
test_posted_calls_run_on_the_loop_in_order(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        Posts posts[3];
        GThread *threads[3];
        for (unsigned i = 0; i < 3; i++) {
                posts[i] = (Posts){.loop = loop, .n_calls = 5000};
                threads[i] = g_thread_new("poster", post_many, &posts[i]);
        }

        while (posts[0].next + posts[1].next + posts[2].next < 15000)
                loop_turn(loop, true);

        for (unsigned i = 0; i < 3; i++)
                g_thread_join(threads[i]);
        g_assert_false(loop_turn(loop, false));
}

static void
test_free_runs_what_was_posted(void)
{
        Loop *loop = loop_new(true);
        Posts posts = {.loop = loop, .n_calls = 10};
        post_many(&posts);

        loop_free(loop);

        g_assert_cmpuint(posts.next, ==, 10);
}

/* Workers */

typedef struct {
        GMutex lock;
        GCond changed;
        bool open;
        unsigned n_started;
} Gate;

typedef struct {
        Gate *gate;
        GThread *core;
        bool worked;
        unsigned done;
} Work;

static void
work_behind_gate(void *data)
{
        Work *work = data;

        g_assert_true(g_thread_self() != work->core);
        g_mutex_lock(&work->gate->lock);
        work->gate->n_started++;
        g_cond_broadcast(&work->gate->changed);
        while (!work->gate->open)
                g_cond_wait(&work->gate->changed, &work->gate->lock);
        g_mutex_unlock(&work->gate->lock);
        work->worked = true;
}

static void
work_is_done(void *data)
{
        Work *work = data;

        g_assert_true(g_thread_self() == work->core);
        g_assert_true(work->worked);
        work->done++;
}

static void
open_gate(Gate *gate)
{
        g_mutex_lock(&gate->lock);
        gate->open = true;
        g_cond_broadcast(&gate->changed);
        g_mutex_unlock(&gate->lock);
}

/* Settling waits for work that is under way, and for its done. */
static void
test_settle_waits_for_offloaded_work(void)
{
        g_autoptr(Loop) loop = loop_new(true);
        Gate gate = {.open = true};
        Work work[20];
        for (unsigned i = 0; i < 20; i++) {
                work[i] = (Work){.gate = &gate, .core = g_thread_self()};
                g_assert_true(loop_offload(loop, work_behind_gate, work_is_done, &work[i]));
        }

        loop_settle(loop);

        for (unsigned i = 0; i < 20; i++)
                g_assert_cmpuint(work[i].done, ==, 1);
}

/* R9: the queue of waiting jobs is bounded: at the limit and one past it. */
static void
check_offload_limit(bool driven)
{
        enum { LIMIT = 3, MOST = 8 };
        g_autoptr(Loop) loop = loop_new(driven);
        unsigned n_workers = loop_n_workers(loop);
        Gate gate = {0};
        Work work[MOST + LIMIT + 1];
        loop_set_offload_limit(loop, LIMIT);
        g_assert_cmpuint(n_workers, <=, MOST);
        for (unsigned i = 0; i < G_N_ELEMENTS(work); i++)
                work[i] = (Work){.gate = &gate, .core = g_thread_self()};
        for (unsigned i = 0; i < n_workers; i++) {
                g_assert_true(loop_offload(loop, work_behind_gate, work_is_done, &work[i]));
                g_mutex_lock(&gate.lock);
                while (gate.n_started <= i)
                        g_cond_wait(&gate.changed, &gate.lock);
                g_mutex_unlock(&gate.lock);
        }

        for (unsigned i = 0; i < LIMIT; i++)
                g_assert_true(
                        loop_offload(loop, work_behind_gate, work_is_done, &work[n_workers + i]));
        g_assert_false(
                loop_offload(loop, work_behind_gate, work_is_done, &work[n_workers + LIMIT]));

        open_gate(&gate);
        loop_settle(loop);
        for (unsigned i = 0; i < n_workers + LIMIT; i++)
                g_assert_cmpuint(work[i].done, ==, 1);
        g_assert_cmpuint(work[n_workers + LIMIT].done, ==, 0);
}

static void
test_offload_queue_is_bounded(void)
{
        check_offload_limit(true);
        check_offload_limit(false);
}

/* Accepted work is never lost: loop_free() runs it and tells. */
static void
test_free_finishes_offloaded_work(void)
{
        Loop *loop = loop_new(true);
        Gate gate = {.open = true};
        Work work[50];
        for (unsigned i = 0; i < 50; i++) {
                work[i] = (Work){.gate = &gate, .core = g_thread_self()};
                g_assert_true(loop_offload(loop, work_behind_gate, work_is_done, &work[i]));
        }

        loop_free(loop);

        for (unsigned i = 0; i < 50; i++)
                g_assert_cmpuint(work[i].done, ==, 1);
}

int
main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func("/loop_calls/" path, func)
        ADD("posted-calls-run-on-the-loop-in-order", test_posted_calls_run_on_the_loop_in_order);
        ADD("free-runs-what-was-posted", test_free_runs_what_was_posted);
        ADD("settle-waits-for-offloaded-work", test_settle_waits_for_offloaded_work);
        ADD("offload-queue-is-bounded", test_offload_queue_is_bounded);
        ADD("free-finishes-offloaded-work", test_free_finishes_offloaded_work);
#undef ADD
        return g_test_run();
}

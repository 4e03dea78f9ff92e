/*
 * Tests of activity: what a thread is at, as others see it.
 */
#include "core/activity.h"

static void
test_an_owner_is_the_same_for_the_same_build(void)
{
        g_autoptr(GPtrArray) owners = activity_owners_new();

        ActivityOwner *owner = activity_owner(owners, "ping", "example.org", "1");

        g_assert_true(activity_owner(owners, "ping", "example.org", "1") == owner);
        g_assert_true(activity_owner(owners, "ping", "example.org", "2") != owner);
        g_assert_true(activity_owner(owners, "ping", "example.net", "1") != owner);
        g_assert_true(activity_owner(owners, "ping", NULL, "1") != owner);
        g_assert_true(activity_owner(owners, "pong", "example.org", "1") != owner);
        g_assert_cmpuint(owners->len, ==, 5);
}

/* A metric must not fall when the code of a module is replaced. */
static void
test_slow_calls_of_all_builds_are_counted_together(void)
{
        g_autoptr(GPtrArray) owners = activity_owners_new();

        activity_owner(owners, "ping", "example.org", "1")->n_slow = 2;
        activity_owner(owners, "ping", "example.org", "2")->n_slow = 3;
        activity_owner(owners, "ping", "example.net", "1")->n_slow = 7;

        g_assert_cmpuint(activity_n_slow(owners, "ping", "example.org"), ==, 5);
        g_assert_cmpuint(activity_n_slow(owners, "ping", NULL), ==, 0);
}

static void
test_what_is_set_is_read(void)
{
        g_autoptr(GPtrArray) owners = activity_owners_new();
        ActivityOwner *owner = activity_owner(owners, "ping", NULL, NULL);
        Activity before, at;

        g_assert_true(activity_read(&activity_here, &before));
        activity_set(owner, "timer");

        g_assert_true(activity_read(&activity_here, &at));
        g_assert_true(at.owner == owner);
        g_assert_cmpstr(at.what, ==, "timer");
        g_assert_cmpuint(at.serial, !=, before.serial);
        activity_set(NULL, NULL);
}

/* The same call of the same function is another one all the same. */
static void
test_each_change_has_its_own_serial(void)
{
        g_autoptr(GPtrArray) owners = activity_owners_new();
        ActivityOwner *owner = activity_owner(owners, "ping", NULL, NULL);
        Activity first, second;

        activity_set(owner, "timer");
        activity_read(&activity_here, &first);
        activity_set(owner, "timer");
        activity_read(&activity_here, &second);

        g_assert_cmpuint(first.serial, !=, second.serial);
        activity_set(NULL, NULL);
}

static void *
look_elsewhere(void *data)
{
        return activity_here.owner == NULL && activity_here.what == NULL ? data : NULL;
}

static void
test_each_thread_has_its_own(void)
{
        g_autoptr(GPtrArray) owners = activity_owners_new();

        activity_set(activity_owner(owners, "ping", NULL, NULL), "timer");

        g_assert_true(g_thread_join(g_thread_new("other", look_elsewhere, owners)) == owners);
        activity_set(NULL, NULL);
}

/* In the middle of a change nothing is taken for what it was. */
static void
test_a_change_under_way_is_noticed(void)
{
        const Activity changing = {.serial = 7, .what = "timer"};
        Activity at;

        g_assert_false(activity_read(&changing, &at));
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/activity/an-owner-is-the-same-for-the-same-build",
                        test_an_owner_is_the_same_for_the_same_build);
        g_test_add_func("/activity/slow-calls-of-all-builds-are-counted-together",
                        test_slow_calls_of_all_builds_are_counted_together);
        g_test_add_func("/activity/what-is-set-is-read", test_what_is_set_is_read);
        g_test_add_func("/activity/each-change-has-its-own-serial",
                        test_each_change_has_its_own_serial);
        g_test_add_func("/activity/each-thread-has-its-own", test_each_thread_has_its_own);
        g_test_add_func("/activity/a-change-under-way-is-noticed",
                        test_a_change_under_way_is_noticed);
        return g_test_run();
}
